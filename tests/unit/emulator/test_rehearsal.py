# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rehearsal reports, and when it plays again."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from emulator.control import LocalGlobus
from emulator.plain import GUEST, LAPTOP, MAPPED, Api, timer_scope
from emulator.rehearsal_report import report
from emulator.rehearse import clock_changes

HOUR = 3600
DAY = 24 * HOUR
NIGHTLY = {"type": "recurring", "interval_seconds": DAY, "start": "2027-03-01T01:00:00Z"}


def told(globus: LocalGlobus) -> tuple[str, bool]:
    return report(globus.timers(), globus.tasks(), globus.now(), 3)


def test_timers_that_are_well(globus: LocalGlobus, api: Api) -> None:
    api.create(name="b", schedule=NIGHTLY)
    job = api.create(name="a", schedule={**NIGHTLY, "start": "2027-03-03T02:00:00Z"}, destination=LAPTOP)
    globus.advance(2 * DAY)
    text, well = told(globus)
    assert well
    assert re.fullmatch(
        r"\nAfter 3 days, at 2027-03-03T00:\d\d:\d\d\+00:00: 2 timers\n\n"
        rf"a \({job}\): active\n  no run\n  next run: 2027-03-03T02:00:00\+00:00\n\n"
        r"b \(.{36}\): active\n  ran 2 times\n  next run: 2027-03-03T01:00:00\+00:00",
        text,
    )


def test_a_run_that_stands_still_and_one_that_expired(globus: LocalGlobus, api: Api) -> None:
    globus.collection(GUEST, missing=["/a"])
    api.create(schedule=NIGHTLY)
    globus.set_clock("2027-03-01T12:00:00Z")
    text, well = told(globus)
    assert not well
    assert (
        "\n  stalled once\n  stalled since 2027-03-01T01:00:00+00:00: FILE_NOT_FOUND, 48 failed attempts; Globus "
        in text
    )
    assert "gives up at 2027-03-02T01:00:00+00:00" in text
    assert "File: /a/" in text
    assert text.endswith("\n\nSome runs had problems: 1 stalled.")
    globus.set_clock("2027-03-05T12:00:00Z")
    text, well = told(globus)
    assert not well
    assert "\n  failed 2 times, was skipped 2 times, stalled once\n" in text
    assert re.search(
        r"failed 2 times, 2027-03-01T01:00:00\+00:00 to 2027-03-03T01:00:00\+00:00: EXPIRED: .* FILE_NOT_FOUND: .*/a/",
        text,
    )
    globus.collection(GUEST, missing=[])
    globus.advance(HOUR)
    text, well = told(globus)
    assert not well, "what failed has failed"
    assert "\n  failed 2 times, was skipped 2 times, ran once\n" in text


def test_runs_that_could_not_be_started(globus: LocalGlobus, api: Api) -> None:
    api.create(schedule=NIGHTLY)
    globus.collection(GUEST, deleted=True)
    globus.advance(3 * DAY)
    text, well = told(globus)
    assert not well
    assert re.search(r"\n  failed 3 times, \S+ to \S+: EndpointDeleted: .*deleted\n", text)


@pytest.mark.parametrize("paused", [False, True])
def test_timers_that_were_stopped(globus: LocalGlobus, api: Api, paused: bool) -> None:
    """By their user that is as wanted; by the service it is not."""
    job = api.create(source=MAPPED, schedule=NIGHTLY)
    if paused:
        api.call("POST", f"/jobs/{job}/pause")
    globus.advance(2 * DAY)
    text, well = told(globus)
    assert well is paused
    if paused:
        assert "paused by its user\n  was missed 2 times" in text
    else:
        assert "\n  was stopped once, was missed once\n" in text
        assert (
            f"stopped by Globus (ConsentRequired: Missing required data_access consent: {timer_scope(MAPPED)})" in text
        )
        assert "1 timer stopped" in text


def test_what_goes_on_without_an_error_is_well(globus: LocalGlobus, api: Api) -> None:
    globus.switch(run_duration_seconds=2 * DAY)
    api.create(schedule=NIGHTLY)
    globus.advance(2 * DAY)
    text, well = told(globus)
    assert well
    assert "\n  is in progress once, was skipped once\n" in text


def test_skipped_errors_are_told_and_were_asked_for(globus: LocalGlobus, api: Api) -> None:
    globus.collection(GUEST, missing=["/a"])
    api.create(schedule=NIGHTLY, body={"skip_source_errors": True})
    globus.advance(2 * DAY)
    text, well = told(globus)
    assert well
    assert "\n  ran 2 times\n  skipped items at the source 2 times (skip_source_errors): 1 in the last run\n" in text


def test_a_deleted_timer_comes_after_its_successor(globus: LocalGlobus, api: Api) -> None:
    old = api.create(name="x", schedule=NIGHTLY)
    globus.advance(DAY)
    new = api.create(name="x", schedule={**NIGHTLY, "start": "2027-03-02T02:00:00Z"})
    api.call("DELETE", f"/jobs/{old}")
    text, well = told(globus)
    assert well
    assert ": 1 timer\n" in text
    assert text.index(new) < text.index(old)
    assert re.search(rf"x \({old}\): deleted at 2027-03-02T\S+\n  ran once$", text)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zones", "begun", "end", "changes"),
    [
        (["America/Chicago"], "2026-03-02T23:00:07", "2026-03-20", [("2026-03-08T08:00", "America/Chicago")]),
        (["America/Chicago"], "2026-03-08T08:00:00", "2026-03-20", []),
        (["America/Chicago"], "2026-03-02", "2026-03-08T07:59", []),
        (["Europe/Berlin"], "2026-10-24T13:37", "2026-10-26", [("2026-10-25T01:00", "Europe/Berlin")]),
        (["UTC", "America/Phoenix", "Mars/Olympus", "../etc/passwd"], "2026-01-01", "2027-01-01", []),
        (
            ["Europe/Berlin", "Europe/Paris", "Australia/Lord_Howe"],
            "2026-03-01",
            "2026-05-01",
            [("2026-03-29T01:00", "Europe/Berlin"), ("2026-04-04T15:00", "Australia/Lord_Howe")],
        ),
    ],
)
def test_clock_changes(zones: list[str], begun: str, end: str, changes: list[tuple[str, str]]) -> None:
    found = clock_changes(zones, moment(begun), moment(end))
    assert found == [(moment(at), zone) for at, zone in changes]


def test_what_a_play_follows() -> None:
    pytest.importorskip("ansible")
    from emulator.callbacks.rehearsal import followed_zones

    schedule: dict[str, Any] = {"daylight_saving": "follow", "timezone": "Europe/Berlin"}
    assert list(followed_zones({"name": "x", "schedule": schedule})) == ["Europe/Berlin"]
    listed = {"timers": [{"schedule": schedule}, {"schedule": {**schedule, "daylight_saving": "ignore"}}, {}]}
    assert list(followed_zones(listed)) == ["Europe/Berlin"]
    assert list(followed_zones({"schedule": {**schedule, "timezone": None}})) == list(followed_zones(None)) == []
