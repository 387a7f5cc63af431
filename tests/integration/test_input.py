# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input: each message names the option and says what is allowed; nothing reaches the service (L1, L1a, L3)."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.control import LocalGlobus
from emulator.plain import MAPPED
from integration.harness import Playbooks, definition, timer

PATH = {"source_path": "/data/", "destination_path": "/backup/"}
EXAMPLE_ID = "such as 6c54cade-bde5-45c1-bdea-f4bd71dba2cc"
EXAMPLE_TIME = 'ISO 8601, for example "2026-12-01T02:00:00-06:00"'


def transfer(**options: Any) -> dict[str, Any]:
    return definition(**options)


def schedule(**options: Any) -> dict[str, Any]:
    return definition(schedule=options)


def without(option: str) -> dict[str, Any]:
    options = definition()
    del options["transfer"][option]
    return options


# What is wrong, the task's options, and what the message must say: the option, and what is allowed.
BAD: dict[str, tuple[dict[str, Any], list[str]]] = {
    # which timer
    "neither name nor timer_id": ({"state": "absent"}, ["one of the following is required: name, timer_id"]),
    "name empty": ({**definition(), "name": "  "}, ["name is empty"]),
    "timer_id no UUID": ({"timer_id": "nightly"}, ["timer_id must be a UUID", EXAMPLE_ID]),
    "timer_id with replace": (
        {"timer_id": MAPPED, "name": "x", "on_drift": "replace"},
        ["on_drift: replace does not go with timer_id"],
    ),
    "state unknown": ({**definition(), "state": "running"}, ["state must be one of: present, active, paused, absent"]),
    "on_drift unknown": (
        {**definition(), "on_drift": "repair"},
        ["on_drift must be one of: warn, ignore, fail, replace"],
    ),
    "nothing to create": ({"name": "x"}, ["transfer", "and schedule are required for state: present"]),
    "no schedule": ({"name": "x", "transfer": definition()["transfer"]}, ["without schedule", "schedule: {}"]),
    "no transfer": ({"name": "x", "schedule": {}}, ["without transfer"]),
    "option unknown": (transfer(sync_levels="size"), ["Unsupported parameters", "transfer.sync_levels", "sync_level,"]),
    # transfer
    "source no UUID": (transfer(source_collection="lab"), ["transfer.source_collection must be a UUID", EXAMPLE_ID]),
    "destination no UUID": (
        transfer(destination_collection="lab"),
        ["transfer.destination_collection must be a UUID", EXAMPLE_ID],
    ),
    "source missing": (without("source_collection"), ["missing required arguments: source_collection", "transfer"]),
    "paths missing": (without("paths"), ["missing required arguments: paths", "transfer"]),
    "paths empty": (transfer(paths=[]), ["transfer.paths is empty", "at least one path"]),
    "path empty": (
        transfer(paths=[PATH, {**PATH, "source_path": " "}]),
        ["transfer.paths[1].source_path is empty", "for example /data/"],
    ),
    "path incomplete": (transfer(paths=[{"source_path": "/a"}]), ["destination_path", "transfer -> paths"]),
    "checksum without algorithm": (
        transfer(paths=[{**PATH, "external_checksum": "abc"}]),
        ["required together: external_checksum, checksum_algorithm"],
    ),
    "recursive no boolean": (transfer(paths=[{**PATH, "recursive": "deep"}]), ["recursive", "Valid booleans include"]),
    "sync_level unknown": (
        transfer(sync_level="newest"),
        ["sync_level must be one of: exists, size, mtime, checksum"],
    ),
    "verify_checksum no boolean": (transfer(verify_checksum="perhaps"), ["verify_checksum", "Valid booleans include"]),
    "label too long": (transfer(label="x" * 129), ["transfer.label must be one line of at most 128 characters"]),
    "label of two lines": (transfer(label="a\nb"), ["transfer.label must be one line of at most 128 characters"]),
    "filter without pattern": (
        transfer(filter_rules=[{"name": ""}]),
        ["transfer.filter_rules[0].name is empty", 'for example "*.tmp"'],
    ),
    "filter method unknown": (
        transfer(filter_rules=[{"name": "*.tmp", "method": "drop"}]),
        ["method must be one of: include, exclude"],
    ),
    "filter type unknown": (
        transfer(filter_rules=[{"name": "*.tmp", "type": "link"}]),
        ["type must be one of: file, dir"],
    ),
    "deadline no time": (transfer(deadline="soon"), ["transfer.deadline must be a moment in", EXAMPLE_TIME]),
    "mirror without recursion": (
        transfer(delete_destination_extra=True, paths=[{**PATH, "recursive": False}]),
        ["transfer.delete_destination_extra", "recursive: true"],
    ),
    "local user empty": (transfer(source_local_user=""), ["transfer.source_local_user is empty", "leave it out"]),
    # schedule
    "interval no interval": (schedule(interval="daily"), ["schedule.interval must be like 30m, 12h, 1d, 1w, 1h30m"]),
    "interval too short": (schedule(interval=30), ["schedule.interval must be from 60 seconds to 365 days"]),
    "interval too long": (schedule(interval="366d"), ["schedule.interval must be from 60 seconds to 365 days"]),
    "start no time": (schedule(interval="1d", start="tomorrow"), ["schedule.start must be a moment in", EXAMPLE_TIME]),
    "start too far away": (
        schedule(interval="1d", start="2999-01-01T00:00:00Z"),
        ["schedule.start 2999-01-01T00:00:00+00:00 is more than a year away", "within a year"],
    ),
    "at unquoted": (
        schedule(interval="1d", at=1350),
        ["schedule.at is the number 1350", 'at: "22:30"'],
    ),
    "at no time of day": (schedule(interval="1d", at="25:00"), ['schedule.at must be a time of day from "00:00"']),
    "at with start": (
        schedule(interval="1d", at="02:00", start="2026-03-03T02:00:00Z"),
        ["schedule.at and schedule.start exclude each other"],
    ),
    "at with an odd interval": (
        schedule(interval="7h", at="02:00"),
        ["schedule.at needs an interval that divides a day", "not 7h"],
    ),
    "weekday without at": (schedule(interval="1w", weekday="sunday"), ["schedule.weekday goes with schedule.at"]),
    "weekday daily": (
        schedule(interval="1d", at="02:00", weekday="sunday"),
        ["schedule.weekday needs an interval of whole weeks"],
    ),
    "weekday unknown": (
        schedule(interval="1w", at="02:00", weekday="Caturday"),
        ["weekday must be one of: monday, tuesday"],
    ),
    "timezone unknown": (
        schedule(interval="1d", at="02:00", timezone="Mars/Olympus"),
        ["schedule.timezone must be an IANA name such as America/Chicago"],
    ),
    "daylight_saving unknown": (
        schedule(interval="1d", at="02:00", daylight_saving="maybe"),
        ["daylight_saving must be one of: ignore, follow"],
    ),
    "end empty": (schedule(interval="1d", end={}), ["schedule.end takes exactly one of count", "datetime"]),
    "end twice": (
        schedule(interval="1d", end={"count": 2, "datetime": "2026-04-01T00:00:00Z"}),
        ["schedule.end takes exactly one of count", "datetime"],
    ),
    "end after no run": (schedule(interval="1d", end={"count": 0}), ["schedule.end.count must be at least 1"]),
    "end before start": (
        schedule(interval="1d", start="2026-04-02T00:00:00Z", end={"datetime": "2026-04-01T00:00:00Z"}),
        ["schedule.end.datetime", "must be later than schedule.start"],
    ),
    "end of a single run": (schedule(end={"count": 2}), ["schedule.end goes with schedule.interval"]),
    # signing in
    "environment unknown": (
        {**definition(), "environment": "mars"},
        ["environment must be one of: production, preview, sandbox"],
    ),
    "auth_method unknown": ({**definition(), "auth_method": "guess"}, ["auth_method must be one of: auto,"]),
    "request_timeout too small": ({**definition(), "request_timeout": 0}, ["request_timeout must be more than 0"]),
    "request_timeout that is no time": (
        {**definition(), "request_timeout": "inf"},
        ["request_timeout must be more than 0 seconds, and at most a day"],
    ),
    "retries negative": ({**definition(), "retries": -1}, ["retries must be 0 or more"]),
    "no token": (
        {**definition(), "auth_method": "access_token"},
        ["auth_method: access_token needs timers_token", "GLOBUS_TIMERS_TOKEN"],
    ),
    "no secret": (
        {**definition(), "auth_method": "client_credentials", "client_secret": ""},
        ["auth_method: client_credentials needs client_secret", "GLOBUS_CLIENT_SECRET"],
    ),
}


def test_bad_input_is_refused_in_words_before_any_request_L1(
    globus: LocalGlobus, playbooks: Playbooks, subtests: pytest.Subtests
) -> None:
    """``Playbooks`` itself fails where a module ends in a traceback."""
    assert len(BAD) >= 30

    run = playbooks.run([timer(name, **options) for name, (options, _words) in BAD.items()])

    assert globus.log() == []
    for name, (_options, words) in BAD.items():
        with subtests.test(input=name):
            assert run[name]["failed"]
            for word in words:
                assert word in run[name]["msg"]
