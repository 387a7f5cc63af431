# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input: each message names the option and the allowed values, and nothing reaches the service (L1, L1a, L3)."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.control import LocalGlobus
from emulator.plain import MAPPED
from integration.harness import Playbooks, Task, definition, timer
from integration.in_process import Modules

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


# The error, the options of the task, and the parts of the message: the option, and the allowed values.
BAD: dict[str, tuple[dict[str, Any], list[str]]] = {
    # which timer
    "neither name nor timer_id": ({"state": "absent"}, ["name or timer_id is missing"]),
    "name empty": ({**definition(), "name": "  "}, ["name is empty"]),
    "timer_id no UUID": ({"timer_id": "nightly"}, ["timer_id must be a UUID", EXAMPLE_ID]),
    "timer_id with replace": (
        {"timer_id": MAPPED, "name": "x", "on_drift": "replace"},
        ["on_drift: replace cannot be used with timer_id"],
    ),
    "state unknown": ({**definition(), "state": "running"}, ["state must be one of: present, active, paused, absent"]),
    "on_drift unknown": (
        {**definition(), "on_drift": "repair"},
        ["on_drift must be one of: warn, ignore, fail, replace"],
    ),
    "nothing to create": ({"name": "x"}, ["transfer", "and schedule are required with state: present"]),
    "no schedule": (
        {"name": "x", "transfer": definition()["transfer"]},
        ["transfer requires schedule", "or to {} to run the timer once, now"],
    ),
    "no transfer": ({"name": "x", "schedule": {}}, ["schedule requires transfer"]),
    "option unknown": (
        transfer(sync_levels="size"),
        ["transfer.sync_levels is not a known option; did you mean sync_level?"],
    ),
    # transfer
    "source no UUID": (transfer(source_collection="lab"), ["transfer.source_collection must be a UUID", EXAMPLE_ID]),
    "destination no UUID": (
        transfer(destination_collection="lab"),
        ["transfer.destination_collection must be a UUID", EXAMPLE_ID],
    ),
    "source missing": (without("source_collection"), ["transfer.source_collection is missing"]),
    "paths missing": (without("paths"), ["transfer.paths is missing"]),
    "paths empty": (transfer(paths=[]), ["transfer.paths is empty", "at least one path"]),
    "path empty": (
        transfer(paths=[PATH, {**PATH, "source_path": " "}]),
        ["transfer.paths[1].source_path is empty", "for example /data/"],
    ),
    "path incomplete": (transfer(paths=[{"source_path": "/a"}]), ["transfer.paths[0].destination_path is missing"]),
    "checksum empty": (
        transfer(paths=[{**PATH, "external_checksum": "", "checksum_algorithm": "MD5"}]),
        ["transfer.paths[0].external_checksum is empty"],
    ),
    "algorithm empty": (
        transfer(paths=[PATH, {**PATH, "checksum_algorithm": " "}]),
        ["transfer.paths[1].checksum_algorithm is empty"],
    ),
    "zone empty": (
        schedule(interval="1d", at="02:00", timezone=""),
        ["schedule.timezone is empty: give a value, or remove the option"],
    ),
    "deadline empty": (transfer(deadline=""), ["transfer.deadline must be a time in", EXAMPLE_TIME, "not ''"]),
    "start empty": (schedule(interval="1d", start=""), ["schedule.start must be a time in", "not ''"]),
    "interval empty": (schedule(interval=""), ["schedule.interval must be an interval such as 30m", "not ''"]),
    "at empty": (schedule(interval="1d", at=""), ["schedule.at must be a time of day"]),
    "weekday empty": (schedule(interval="1w", at="02:00", weekday=""), ["schedule.weekday must be one of: monday"]),
    "end's moment empty": (schedule(interval="1d", end={"datetime": ""}), ["schedule.end.datetime must be a time"]),
    "name a list": ({**definition(), "name": ["nightly"]}, ["name must be text, not ['nightly']"]),
    "count true": (
        schedule(interval="1d", end={"count": True}),
        ["schedule.end.count must be a whole number, not True"],
    ),
    "flow's tag empty": (
        {"name": "nightly", "schedule": {}, "flow": {"flow_id": MAPPED, "tags": ["a", ""]}},
        ["flow.tags[1] is empty"],
    ),
    "state empty": ({**definition(), "state": ""}, ["state must be one of: present, active, paused, absent"]),
    "recursive no boolean": (
        transfer(paths=[{**PATH, "recursive": "deep"}]),
        ["transfer.paths[0].recursive must be true or false, not 'deep'"],
    ),
    "sync_level unknown": (
        transfer(sync_level="newest"),
        ["transfer.sync_level must be one of: exists, size, mtime, checksum, not 'newest'"],
    ),
    "verify_checksum no boolean": (
        transfer(verify_checksum="perhaps"),
        ["transfer.verify_checksum must be true or false, not 'perhaps'"],
    ),
    "label too long": (transfer(label="x" * 129), ["transfer.label must be one line of at most 128 characters"]),
    "label of two lines": (transfer(label="a\nb"), ["transfer.label must be one line of at most 128 characters"]),
    "filter without pattern": (
        transfer(filter_rules=[{"name": ""}]),
        ["transfer.filter_rules[0].name is empty", 'for example "*.tmp"'],
    ),
    "filter method unknown": (
        transfer(filter_rules=[{"name": "*.tmp", "method": "drop"}]),
        ["transfer.filter_rules[0].method must be one of: include, exclude"],
    ),
    "filter type unknown": (
        transfer(filter_rules=[{"name": "*.tmp", "type": "link"}]),
        ["transfer.filter_rules[0].type must be one of: file, dir"],
    ),
    "deadline no time": (transfer(deadline="soon"), ["transfer.deadline must be a time in", EXAMPLE_TIME]),
    "mirror without recursion": (
        transfer(delete_destination_extra=True, paths=[{**PATH, "recursive": False}]),
        ["transfer.delete_destination_extra", "recursive: true"],
    ),
    "local user empty": (transfer(source_local_user=""), ["transfer.source_local_user is empty", "remove the option"]),
    "filter rules as texts": (
        transfer(filter_rules=["*.tmp"]),
        ["transfer.filter_rules[0] must be a dictionary of options, not '*.tmp'"],
    ),
    # schedule
    "schedule by name": (
        {**definition(), "schedule": "nightly"},
        ["schedule must be a dictionary of options, not 'nightly'", "jobs of the role research_ops.globus.backup"],
    ),
    "end a number": (schedule(interval="1d", end=10), ["schedule.end must be a dictionary of options, not 10"]),
    "interval no interval": (
        schedule(interval="daily"),
        ["schedule.interval must be an interval such as 30m, 12h, 1d, 1w or 1h30m"],
    ),
    "interval too short": (schedule(interval=30), ["schedule.interval must be from 60 seconds to 365 days"]),
    "interval too long": (schedule(interval="366d"), ["schedule.interval must be from 60 seconds to 365 days"]),
    "start no time": (schedule(interval="1d", start="tomorrow"), ["schedule.start must be a time in", EXAMPLE_TIME]),
    "start too far away": (
        schedule(interval="1d", start="2999-01-01T00:00:00Z"),
        ["schedule.start 2999-01-01T00:00:00+00:00 is more than a year ahead", "within a year"],
    ),
    "at unquoted": (
        schedule(interval="1d", at=1350),
        ["schedule.at is the number 1350", 'in quotes: at: "22:30"'],
    ),
    "at that YAML has destroyed": (
        schedule(interval="1d", at=0o200),
        ["schedule.at is the number 128", 'write it as "HH:MM"'],
    ),
    "at no time of day": (schedule(interval="1d", at="25:00"), ['schedule.at must be a time of day from "00:00"']),
    "at with start": (
        schedule(interval="1d", at="02:00", start="2026-03-03T02:00:00Z"),
        ["schedule.at and schedule.start are mutually exclusive"],
    ),
    "at with an odd interval": (
        schedule(interval="7h", at="02:00"),
        ["schedule.at requires an interval that divides a day", "not 7h"],
    ),
    "weekday without at": (schedule(interval="1w", weekday="sunday"), ["schedule.weekday requires schedule.at"]),
    "weekday daily": (
        schedule(interval="1d", at="02:00", weekday="sunday"),
        ["schedule.weekday requires an interval of whole weeks"],
    ),
    "weekday unknown": (
        schedule(interval="1w", at="02:00", weekday="Caturday"),
        ["schedule.weekday must be one of: monday, tuesday"],
    ),
    "timezone unknown": (
        schedule(interval="1d", at="02:00", timezone="Mars/Olympus"),
        ["schedule.timezone must be an IANA name such as America/Chicago"],
    ),
    "daylight_saving unknown": (
        schedule(interval="1d", at="02:00", daylight_saving="maybe"),
        ["schedule.daylight_saving must be one of: ignore, follow"],
    ),
    "end empty": (schedule(interval="1d", end={}), ["schedule.end requires exactly one of count", "datetime"]),
    "end twice": (
        schedule(interval="1d", end={"count": 2, "datetime": "2026-04-01T00:00:00Z"}),
        ["schedule.end requires exactly one of count", "datetime"],
    ),
    "end after no run": (schedule(interval="1d", end={"count": 0}), ["schedule.end.count must be at least 1"]),
    "end before start": (
        schedule(interval="1d", start="2026-04-02T00:00:00Z", end={"datetime": "2026-04-01T00:00:00Z"}),
        ["schedule.end.datetime", "must be later than schedule.start"],
    ),
    "end of a single run": (schedule(end={"count": 2}), ["schedule.end requires schedule.interval"]),
    # signing in
    "environment unknown": (
        {**definition(), "environment": "mars"},
        ["environment must be one of: production, preview, sandbox"],
    ),
    "auth_method unknown": ({**definition(), "auth_method": "guess"}, ["auth_method must be one of: auto,"]),
    "request_timeout too small": ({**definition(), "request_timeout": 0}, ["request_timeout must be more than 0"]),
    "request_timeout that is no time": (
        {**definition(), "request_timeout": "inf"},
        ["request_timeout must be more than 0 seconds and at most one day"],
    ),
    "retries negative": ({**definition(), "retries": -1}, ["retries must be 0 or more"]),
    "no token": (
        {**definition(), "auth_method": "access_token"},
        ["auth_method: access_token requires timers_token", "GLOBUS_TIMERS_TOKEN"],
    ),
}


def test_bad_input_is_refused_in_words_before_any_request_L1(
    globus: LocalGlobus, modules: Modules, subtests: pytest.Subtests
) -> None:
    """A traceback of a module ends the test."""
    assert len(BAD) >= 30

    without = {"no secret": {"environment": {"GLOBUS_CLIENT_SECRET": ""}}}
    run = modules.run([timer(name, **options, task=without.get(name)) for name, (options, _words) in BAD.items()])

    assert globus.log() == []
    for name, (options, words) in BAD.items():
        with subtests.test(input=name):
            assert run[name]["failed"]
            for word in words:
                assert word in run[name]["msg"]
            if not options.keys() & {"environment", "auth_method", "request_timeout", "retries"}:
                # N6: in a loop, only the message identifies the timer
                known = [one for one in (options.get("name"), options.get("timer_id")) if isinstance(one, str)]
                label = next((one for one in known if one.strip()), "")
                assert run[name]["msg"].startswith(f"timer {label!r}: " if label else "name ")
                assert run[name]["error"]["code"] == "invalid_input"


# --- N1 ---

NOTHING = "{{ nothing }}"
REPLACED = {**definition(schedule={"interval": "7d"}), "on_drift": "replace"}


def list_task(title: str, *entries: dict[str, Any], **options: Any) -> Task:
    return {"name": title, "research_ops.globus.timers": {"timers": list(entries), **options}, "ignore_errors": True}


NAMELESS: dict[str, Task] = {
    "null ID": timer("null ID", timer_id=None, state="absent"),
    "null name": timer("null name", **{**REPLACED, "name": None}),
    "ID from a template": timer("ID from a template", timer_id=NOTHING, state="absent"),
    "name from a template": timer("name from a template", **{**REPLACED, "name": NOTHING}),
    "both from templates": timer("both from templates", **{**REPLACED, "name": NOTHING, "timer_id": NOTHING}),
    "blank name": timer("blank name", **{**REPLACED, "name": ""}),
    "blank ID": timer("blank ID", timer_id="", state="absent"),
    "blank name, paused": timer("blank name, paused", name=" ", state="paused"),
    "null ID in a list": list_task("null ID in a list", {"timer_id": None, "state": "absent"}),
    "null name in a list": list_task("null name in a list", {**REPLACED, "name": None}),
    "template in a list": list_task("template in a list", {**REPLACED, "name": NOTHING}),
    "blank name in a list": list_task("blank name in a list", {**REPLACED, "name": ""}),
    "list's own on_drift": list_task(
        "list's own on_drift", {**REPLACED, "name": NOTHING, "on_drift": None}, on_drift="replace"
    ),
}


def test_timers_without_a_name_are_nobodys_N1(
    globus: LocalGlobus, playbooks: Playbooks, subtests: pytest.Subtests
) -> None:
    globus.seed(3, name="")

    run = playbooks.run(list(NAMELESS.values()), variables={"nothing": None})

    assert globus.log() == []
    assert [one["status"] for one in globus.timers()] == ["active"] * 3
    for name in NAMELESS:
        with subtests.test(input=name):
            assert run[name]["failed"]
            assert run[name]["error"]["code"] == "invalid_input"
            assert any(says in run[name]["msg"] for says in ("name or timer_id is missing", "is empty"))


def test_null_options_are_not_given_N1(globus: LocalGlobus, playbooks: Playbooks) -> None:
    """As literals and, since ansible-core 2.19, from templates. Before that, such a template gives an empty text."""
    whole = definition()
    transfer = {**whole["transfer"], "sync_level": None, "verify_checksum": None, "filter_rules": None, "label": None}
    schedule = {**whole["schedule"], "weekday": None, "timezone": None, "daylight_saving": None, "end": None}
    nulls = {**whole, "transfer": transfer, "schedule": schedule, "flow": None, "timer_id": None, "state": None}

    run = playbooks.run(
        [
            timer("as it is", **whole),
            timer("with nulls", **nulls, on_drift="fail", request_timeout=None),
            list_task("in a list", nulls, on_drift="fail", purge=None, purge_prefix=None),
        ]
    )

    assert run["as it is"]["changed"]
    for name in ("with nulls", "in a list"):
        assert (run[name]["failed"], run[name]["changed"]) == (False, False)
