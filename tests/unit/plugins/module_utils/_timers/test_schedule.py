# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedules, case by case: first runs, drift (D1 to D5), ends and skipped local times in real zones, by hand.

The clock changes that the cases lie at: Chicago 2026-03-08T08:00Z and 2026-11-01T07:00Z, 2027-03-14T08:00Z; Berlin and
London 2026-03-29T01:00Z and 2026-10-25T01:00Z; Lord Howe 2026-04-04T15:00Z and 2026-10-03T15:30Z, by half an hour;
Casablanca 2024-03-10T02:00Z (back, for Ramadan) and 2024-04-14T02:00Z (forward); Apia 2011-12-30T10:00Z, which leaves
out 30 December; Nuuk 2024-03-31T01:00Z, from Saturday 23:00 to Sunday 00:00; Kolkata none.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._timers import schedule as _schedule
from ansible_collections.research_ops.globus.plugins.module_utils._timers.document import (
    read_timer,
    timer_differences,
    write_timer,
)
from ansible_collections.research_ops.globus.plugins.module_utils._timers.options import (
    parse_definition,
    parse_schedule,
)
from ansible_collections.research_ops.globus.plugins.module_utils._timers.plan import Wanted, plan_timer
from ansible_collections.research_ops.globus.plugins.module_utils._timers.schedule import (
    DAY,
    HOUR,
    WEEK,
    YEAR,
    Schedule,
)
from unit.samples import sample, validated
from unit.timer_documents import shown

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday
CHICAGO = "America/Chicago"


def moment(text: str) -> datetime:
    return _schedule.parse_instant(text)[0]


def schedule(options: dict[str, Any], now: datetime = NOW) -> Schedule:
    return parse_schedule(options, now)


def nightly(at: str = "02:00", zone: str = CHICAGO, **options: Any) -> dict[str, Any]:
    return {"interval": "1d", "at": at, "timezone": zone, **options}


# --- reading and writing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1d", DAY),
        ("24h", DAY),
        (86400, DAY),
        ("86400", DAY),
        (86400.0, DAY),
        (" 1d ", DAY),
        ("2w", 2 * WEEK),
        ("1h30m", 5400),
        ("1w1d1h1m1s", WEEK + DAY + 3661),
        ("365d", YEAR),
        ("90m", 5400),
    ],
)
def test_d1_intervals(value: object, seconds: int) -> None:
    assert _schedule.parse_interval(value) == seconds


@pytest.mark.parametrize(
    "value", ["", "d", "1.5h", "1h 30m", "30m1h", "-1d", "1y", "1e3", 90.5, None, True, [1], "9" * 400]
)
def test_what_is_no_interval(value: object) -> None:
    if value == "9" * 400:  # a number, if far beyond every limit
        assert _schedule.parse_interval(value) > YEAR
        return
    with pytest.raises(ValueError, match="not an interval"):
        _schedule.parse_interval(value)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (60, "1m"),
        (90, "1m30s"),
        (5400, "1h30m"),
        (DAY, "1d"),
        (8 * DAY, "8d"),
        (WEEK, "1w"),
        (28 * DAY, "4w"),
        (YEAR, "365d"),
    ],
)
def test_intervals_as_people_write_them(seconds: int, text: str) -> None:
    assert _schedule.format_interval(seconds) == text


@pytest.mark.parametrize(
    ("text", "zone", "utc", "wall"),
    [
        ("2026-12-01T02:00:00-06:00", "UTC", "2026-12-01T08:00:00+00:00", None),
        ("2026-12-01T02:00:00-0600", "UTC", "2026-12-01T08:00:00+00:00", None),
        ("2026-12-01T02:00:00-06", "UTC", "2026-12-01T08:00:00+00:00", None),
        ("2026-12-01T08:00:00.999z", CHICAGO, "2026-12-01T08:00:00+00:00", None),
        ("2026-12-01 02:00", CHICAGO, "2026-12-01T08:00:00+00:00", "2026-12-01T02:00:00"),
        ("2026-12-01", CHICAGO, "2026-12-01T06:00:00+00:00", "2026-12-01T00:00:00"),
        # skipped: the offset before the change; twice: the first
        ("2026-03-08T02:30:00", CHICAGO, "2026-03-08T08:30:00+00:00", "2026-03-08T02:30:00"),
        ("2026-11-01T01:30:00", CHICAGO, "2026-11-01T06:30:00+00:00", "2026-11-01T01:30:00"),
        ("2011-12-30T02:00:00", "Pacific/Apia", "2011-12-30T12:00:00+00:00", "2011-12-30T02:00:00"),
    ],
)
def test_moments(text: str, zone: str, utc: str, wall: str | None) -> None:
    found, found_wall = _schedule.parse_instant(text, zone)
    assert _schedule.format_instant(found) == utc
    assert (found_wall and found_wall.isoformat()) == wall


def test_a_moment_as_the_zone_shows_it() -> None:
    assert _schedule.format_local(moment("2026-12-01T08:00:00Z"), CHICAGO) == "2026-12-01T02:00:00-06:00"


# --- the first run -------------------------------------------------------------------------------------------------

LORD_HOWE = "Australia/Lord_Howe"
KOLKATA = "Asia/Kolkata"
CASABLANCA = "Africa/Casablanca"
APIA = "Pacific/Apia"
NUUK = "America/Nuuk"

FIRST_RUNS: list[tuple[str, dict[str, Any], str, str | None]] = [
    ("Chicago in winter", nightly(), "2026-11-24T12:00:00Z", "2026-11-25T08:00:00Z"),
    ("Chicago in summer", nightly(), "2026-07-01T12:00:00Z", "2026-07-02T07:00:00Z"),
    ("later today", nightly(), "2026-07-01T06:59:59Z", "2026-07-01T07:00:00Z"),
    ("a run that is now has gone", nightly(), "2026-07-01T07:00:00Z", "2026-07-02T07:00:00Z"),
    ("Chicago, skipped 02:30", nightly("02:30"), "2026-03-08T06:00:00Z", "2026-03-08T08:30:00Z"),
    ("Chicago, the night after", nightly("02:30"), "2026-03-08T08:30:00Z", "2026-03-09T07:30:00Z"),
    ("Chicago, first of two 01:30", nightly("01:30"), "2026-11-01T05:00:00Z", "2026-11-01T06:30:00Z"),
    ("Chicago, between two 01:30", nightly("01:30"), "2026-11-01T06:45:00Z", "2026-11-02T07:30:00Z"),
    ("Berlin, skipped 02:30", nightly("02:30", "Europe/Berlin"), "2026-03-29T00:00:00Z", "2026-03-29T01:30:00Z"),
    ("Berlin, first of two 02:30", nightly("02:30", "Europe/Berlin"), "2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z"),
    ("London, skipped 01:30", nightly("01:30", "Europe/London"), "2026-03-29T00:00:00Z", "2026-03-29T01:30:00Z"),
    ("London, first of two 01:30", nightly("01:30", "Europe/London"), "2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z"),
    ("Lord Howe, skipped 02:15", nightly("02:15", LORD_HOWE), "2026-10-03T14:00:00Z", "2026-10-03T15:45:00Z"),
    ("Lord Howe, first of two 01:45", nightly("01:45", LORD_HOWE), "2026-04-04T12:00:00Z", "2026-04-04T14:45:00Z"),
    ("Lord Howe, a day later", nightly("01:45", LORD_HOWE), "2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"),
    ("Kolkata", nightly("02:00", KOLKATA), "2026-06-01T00:00:00Z", "2026-06-01T20:30:00Z"),
    ("Kolkata, the year's end", nightly("00:00", KOLKATA), "2026-12-31T18:00:00Z", "2026-12-31T18:30:00Z"),
    ("Apia, the day that was not", nightly("02:00", APIA), "2011-12-29T13:00:00Z", "2011-12-30T12:00:00Z"),
    ("Apia, the day after", nightly("02:00", APIA), "2011-12-30T12:00:00Z", "2011-12-31T12:00:00Z"),
    ("Casablanca, first of two 02:30", nightly("02:30", CASABLANCA), "2024-03-10T00:00:00Z", "2024-03-10T01:30:00Z"),
    ("Casablanca, skipped 02:30", nightly("02:30", CASABLANCA), "2024-04-14T00:00:00Z", "2024-04-14T02:30:00Z"),
    ("29 February", nightly("02:00", "UTC"), "2028-02-28T12:00:00Z", "2028-02-29T02:00:00Z"),
    ("31 December", nightly("23:30"), "2026-12-31T12:00:00Z", "2027-01-01T05:30:00Z"),
    ("New Year", nightly("23:30"), "2027-01-01T05:30:00Z", "2027-01-02T05:30:00Z"),
    ("Sunday", nightly(interval="1w", weekday="sunday"), "2026-11-24T12:00:00Z", "2026-11-29T08:00:00Z"),
    ("Sunday is today", nightly(interval="1w", weekday="sunday"), "2026-11-29T07:00:00Z", "2026-11-29T08:00:00Z"),
    ("Sunday was today", nightly(interval="1w", weekday="sunday"), "2026-11-29T08:00:00Z", "2026-12-06T08:00:00Z"),
    ("a fortnight on Monday", nightly(interval="2w", weekday="monday"), "2026-11-24T12:00:00Z", "2026-11-30T08:00:00Z"),
    ("once, on Friday", {"at": "22:30", "weekday": "friday"}, "2026-11-24T12:00:00Z", "2026-11-27T22:30:00Z"),
    ("once, at the next 02:00", {"at": "02:00"}, "2026-11-24T12:00:00Z", "2026-11-25T02:00:00Z"),
    ("every 6 hours", nightly("02:00", "UTC", interval="6h"), "2026-11-24T09:00:00Z", "2026-11-24T14:00:00Z"),
    ("every 30 minutes", nightly("00:10", "UTC", interval="30m"), "2026-11-24T12:11:00Z", "2026-11-24T12:40:00Z"),
    ("every 30 days", nightly("02:00", "UTC", interval="30d"), "2026-11-24T12:00:00Z", "2026-11-25T02:00:00Z"),
    # a start
    ("open", {"interval": "1d"}, "2026-11-24T12:00:00Z", None),
    ("once, now", {}, "2026-11-24T12:00:00Z", None),
    ("once, past", {"start": "2026-11-01T00:00:00Z"}, "2026-11-24T12:00:00Z", "2026-11-01T00:00:00Z"),
    ("to come", {"interval": "1d", "start": "2027-03-01T00:00:00Z"}, "2026-11-24T12:00:00Z", "2027-03-01T00:00:00Z"),
    ("D2 past", {"interval": "7h", "start": "2026-11-24T00:00:00Z"}, "2026-11-24T14:00:00Z", "2026-11-24T21:00:00Z"),
    (
        "D2 past, with an offset, in summer",
        {"interval": "1d", "start": "2026-01-01T02:00:00-06:00", "timezone": CHICAGO},
        "2026-07-01T12:00:00Z",
        "2026-07-02T08:00:00Z",
    ),
    (
        "D2 past, wall time, by whole intervals",
        {"interval": "1d", "start": "2026-01-01T02:00:00", "timezone": CHICAGO},
        "2026-07-01T12:00:00Z",
        "2026-07-02T08:00:00Z",
    ),
    (
        "D4 follow, past wall time",
        {"interval": "1d", "start": "2026-01-01T02:00:00", "timezone": CHICAGO, "daylight_saving": "follow"},
        "2026-07-01T12:00:00Z",
        "2026-07-02T07:00:00Z",
    ),
    (
        "D4 follow, past, with an offset",
        {"interval": "1d", "start": "2026-01-01T02:00:00-06:00", "timezone": CHICAGO, "daylight_saving": "follow"},
        "2026-07-01T12:00:00Z",
        "2026-07-02T07:00:00Z",
    ),
    (
        "D4 follow, every fortnight keeps its week",
        {"interval": "2w", "start": "2026-01-05T02:00:00", "timezone": CHICAGO, "daylight_saving": "follow"},
        "2026-03-09T12:00:00Z",
        "2026-03-16T07:00:00Z",
    ),
    (
        "D4 follow, a skipped start is not what is followed",
        {"interval": "1d", "start": "2026-03-08T02:30:00", "timezone": CHICAGO, "daylight_saving": "follow"},
        "2026-03-08T12:00:00Z",
        "2026-03-09T07:30:00Z",
    ),
    (
        "D2 a year from 29 February",
        {"interval": "365d", "start": "2028-02-29T02:00:00Z"},
        "2028-03-01T00:00:00Z",
        "2029-02-28T02:00:00Z",
    ),
]


@pytest.mark.parametrize(("options", "now", "expected"), [c[1:] for c in FIRST_RUNS], ids=[c[0] for c in FIRST_RUNS])
def test_first_run(options: dict[str, Any], now: str, expected: str | None) -> None:
    found = _schedule.first_run(schedule(options, moment(now)), moment(now))
    assert found == (None if expected is None else moment(expected))


# At 02:00 UTC, without a weekday: the interval, when the replaced timer would have run next, and the new first run.
KEPT = [
    ("the same", "30d", "2026-12-10T02:00:00Z", "2026-12-10T02:00:00Z"),
    ("another time of day", "30d", "2026-12-10T07:00:00Z", "2026-12-10T02:00:00Z"),
    ("another time of day, late", "30d", "2026-12-10T22:00:00Z", "2026-12-11T02:00:00Z"),
    ("a shorter interval", "3d", "2026-12-10T02:00:00Z", "2026-11-25T02:00:00Z"),
    ("about to run, at an earlier time now", "30d", "2026-11-24T12:30:00Z", "2026-12-24T02:00:00Z"),
    ("every day", "1d", "2026-12-10T02:00:00Z", "2026-11-25T02:00:00Z"),
]


@pytest.mark.parametrize(("interval", "keep", "expected"), [c[1:] for c in KEPT], ids=[c[0] for c in KEPT])
def test_w4_a_replacement_keeps_the_days_that_at_does_not_set(interval: str, keep: str, expected: str) -> None:
    wanted = schedule(nightly("02:00", "UTC", interval=interval))
    assert _schedule.first_run(wanted, NOW, keep=moment(keep)) == moment(expected)


def test_w4_a_replacement_goes_to_the_weekday_nearest_to_the_old_one() -> None:
    wanted = schedule(nightly("02:00", "UTC", interval="4w", weekday="friday"))
    assert _schedule.first_run(wanted, NOW) == moment("2026-11-27T02:00:00Z")
    assert _schedule.first_run(wanted, NOW, keep=moment("2026-12-16T02:00:00Z")) == moment("2026-12-18T02:00:00Z")


# --- drift ---------------------------------------------------------------------------------------------------------

WINTER, SUMMER = "2026-12-15T12:00:00Z", "2027-07-15T12:00:00Z"
WALL = {"interval": "1d", "timezone": CHICAGO}
YEARLY = {"interval": "365d"}

# What is wanted, the timer's interval and start, now, and the options that differ.
DRIFT: list[tuple[str, dict[str, Any], int | None, str, str, list[str]]] = [
    ("D1 24h", {"interval": "24h", "start": "2026-12-01T08:00:00Z"}, DAY, "2026-12-01T08:00:00Z", WINTER, []),
    ("D1 zone", {"interval": "1d", "start": "2026-12-01T02:00:00-06:00"}, DAY, "2026-12-01T08:00:00Z", WINTER, []),
    ("D1 interval", {"interval": "12h", "at": "02:00"}, DAY, "2026-12-01T02:00:00Z", WINTER, ["interval"]),
    ("D1 once", {"start": "2027-01-01T00:00:00Z"}, None, "2027-01-01T00:00:00Z", WINTER, []),
    ("D1 once, another", {"start": "2027-01-01T00:00:00Z"}, None, "2027-01-01T00:00:01Z", WINTER, ["start"]),
    ("D1 once is no series", {"start": "2027-01-01T00:00:00Z"}, DAY, "2027-01-01T00:00:00Z", WINTER, ["interval"]),
    (
        "D2 later phase",
        {"interval": "7h", "start": "2026-11-20T00:00:00Z"},
        7 * HOUR,
        "2026-11-20T14:00:00Z",
        WINTER,
        [],
    ),
    (
        "D2 earlier phase",
        {"interval": "7h", "start": "2026-11-20T14:00:00Z"},
        7 * HOUR,
        "2026-11-20T00:00:00Z",
        WINTER,
        [],
    ),
    (
        "D2 off",
        {"interval": "7h", "start": "2026-11-20T00:00:00Z"},
        7 * HOUR,
        "2026-11-20T14:00:01Z",
        WINTER,
        ["start"],
    ),
    ("D2 future, start", {"interval": "1d", "start": "2027-03-01T00:00:00Z"}, DAY, "2027-03-01T00:00:00Z", WINTER, []),
    (
        "D2 future, next run",
        {"interval": "1d", "start": "2026-12-16T00:00:00Z"},
        DAY,
        "2026-12-01T00:00:00Z",
        WINTER,
        [],
    ),
    (
        "D2 to March",
        {"interval": "1d", "start": "2027-03-01T00:00:00Z"},
        DAY,
        "2026-12-01T00:00:00Z",
        WINTER,
        ["start"],
    ),
    (
        "D2 from March",
        {"interval": "1d", "start": "2026-12-01T00:00:00Z"},
        DAY,
        "2027-03-01T00:00:00Z",
        WINTER,
        ["start"],
    ),
    (
        "D2 delayed by a pause",
        {"interval": 60, "start": "2026-12-15T12:00:00Z"},
        60,
        "2026-12-15T12:06:00Z",
        WINTER,
        [],
    ),
    (
        "D2 too near to be sent",
        {"interval": 60, "start": "2026-12-15T12:00:01Z"},
        60,
        "2026-12-15T12:01:01Z",
        WINTER,
        [],
    ),
    (
        "D2 follow, rolled forward over the change to 25 hours ahead",
        {"interval": "1d", "start": "2026-01-01T02:00:00", "timezone": CHICAGO, "daylight_saving": "follow"},
        DAY,
        "2026-11-01T08:00:00Z",
        "2026-10-31T07:00:00Z",
        [],
    ),
    ("D2 by an hour", {"interval": 60, "start": "2026-12-15T12:00:00Z"}, 60, "2026-12-15T13:00:00Z", WINTER, ["start"]),
    ("D3 open", {"interval": "1d"}, DAY, "2026-11-01T01:23:45Z", WINTER, []),
    ("D3 open, once", {}, None, "2026-11-01T01:23:45Z", WINTER, []),
    ("D4 ignore, winter timer in summer", nightly(), DAY, "2026-12-01T08:00:00Z", SUMMER, []),
    ("D4 ignore, summer timer in winter", nightly(), DAY, "2026-07-01T07:00:00Z", WINTER, []),
    ("D4 ignore, edited", nightly("03:00"), DAY, "2026-12-01T08:00:00Z", SUMMER, ["at"]),
    ("D4 ignore, edited in winter", nightly("01:00"), DAY, "2026-07-01T07:00:00Z", WINTER, ["at"]),
    ("D4 ignore, skipped start", nightly("02:30"), DAY, "2026-03-08T08:30:00Z", SUMMER, []),
    ("D4 ignore, Berlin", nightly("02:30", "Europe/Berlin"), DAY, "2026-03-28T01:30:00Z", SUMMER, []),
    ("D4 ignore, London", nightly("01:30", "Europe/London"), DAY, "2026-10-25T00:30:00Z", WINTER, []),
    ("D4 ignore, Lord Howe", nightly("02:15", LORD_HOWE), DAY, "2026-10-03T15:45:00Z", WINTER, []),
    ("D4 ignore, Lord Howe, edited", nightly("02:45", LORD_HOWE), DAY, "2026-09-30T15:45:00Z", WINTER, ["at"]),
    ("D4 ignore, Kolkata", nightly("02:00", KOLKATA), DAY, "2026-06-01T20:30:00Z", WINTER, []),
    ("D4 ignore, Apia", nightly("02:00", APIA), DAY, "2011-12-30T12:00:00Z", "2012-01-15T00:00:00Z", []),
    ("D4 ignore, Casablanca", nightly("02:00", CASABLANCA), DAY, "2024-03-09T01:00:00Z", "2024-03-20T00:00:00Z", []),
    ("D4 follow, in its time", nightly(daylight_saving="follow"), DAY, "2026-12-01T08:00:00Z", WINTER, []),
    ("D4 follow, clock changed", nightly(daylight_saving="follow"), DAY, "2026-12-01T08:00:00Z", SUMMER, ["at"]),
    (
        "D4 follow, the change comes before the next run",
        nightly(daylight_saving="follow"),
        DAY,
        "2026-07-01T07:00:00Z",
        "2026-10-31T07:00:00Z",
        ["at"],
    ),
    (
        "D4 follow, the change comes after the next run",
        nightly(daylight_saving="follow"),
        DAY,
        "2026-07-01T07:00:00Z",
        "2026-10-31T06:59:59Z",
        [],
    ),
    (
        "D4 follow, the next run's time is skipped",
        nightly("02:30", daylight_saving="follow"),
        DAY,
        "2026-01-01T08:30:00Z",
        "2026-03-07T12:00:00Z",
        [],
    ),
    (
        "D4 follow, the run after the skipped one",
        nightly("02:30", daylight_saving="follow"),
        DAY,
        "2026-01-01T08:30:00Z",
        "2026-03-08T12:00:00Z",
        ["at"],
    ),
    (
        "D4 follow, Kolkata",
        nightly("02:00", KOLKATA, daylight_saving="follow"),
        DAY,
        "2026-06-01T20:30:00Z",
        WINTER,
        [],
    ),
    (
        "D4 follow, Lord Howe",
        nightly("02:45", LORD_HOWE, daylight_saving="follow"),
        DAY,
        "2026-09-01T16:15:00Z",
        "2026-10-04T00:00:00Z",
        ["at"],
    ),
    (
        "D4 follow, Casablanca in Ramadan",
        nightly("02:00", CASABLANCA, daylight_saving="follow"),
        DAY,
        "2024-03-01T01:00:00Z",
        "2024-03-11T12:00:00Z",
        ["at"],
    ),
    (
        "D4 follow, every hour means every hour",
        nightly("00:10", daylight_saving="follow", interval="1h"),
        HOUR,
        "2026-12-01T08:10:00Z",
        SUMMER,
        [],
    ),
    ("D4 weekday", nightly(interval="1w", weekday="sunday"), WEEK, "2026-11-29T08:00:00Z", SUMMER, []),
    ("D4 other weekday", nightly(interval="1w", weekday="monday"), WEEK, "2026-11-29T08:00:00Z", SUMMER, ["weekday"]),
    (
        "D4 other weekday and time",
        nightly(interval="2w", weekday="monday"),
        2 * WEEK,
        "2026-11-29T09:00:00Z",
        WINTER,
        ["at", "weekday"],
    ),
    (
        "D4 weekday, skipped over midnight",
        nightly("23:30", NUUK, interval="1w", weekday="saturday"),
        WEEK,
        "2024-03-31T01:30:00Z",
        "2024-05-01T00:00:00Z",
        [],
    ),
    (
        "D4 weekday, once a year",
        nightly("02:00", "UTC", interval="365d", weekday="sunday"),
        YEAR,
        "2026-11-29T02:00:00Z",
        "2027-12-15T12:00:00Z",
        [],
    ),
    (
        "D4 weekday, once a year, follow",
        nightly(interval="365d", weekday="sunday", daylight_saving="follow"),
        YEAR,
        "2026-11-29T08:00:00Z",
        "2027-12-15T12:00:00Z",
        [],
    ),
    ("D4 wall start, ignore", {**WALL, "start": "2026-12-01T02:00:00"}, DAY, "2026-12-01T08:00:00Z", SUMMER, []),
    ("D4 wall start, other anchor", {**WALL, "start": "2026-07-01T02:00:00"}, DAY, "2026-12-01T08:00:00Z", SUMMER, []),
    ("D4 wall start, edited", {**WALL, "start": "2026-12-01T03:00:00"}, DAY, "2026-12-01T08:00:00Z", SUMMER, ["start"]),
    ("D4 wall start to come", {**WALL, "start": "2027-07-16T02:00:00"}, DAY, "2026-12-01T08:00:00Z", SUMMER, []),
    (
        "D4 wall start to come, skipped",
        {**WALL, "start": "2027-03-14T02:30:00"},
        DAY,
        "2026-07-01T07:30:00Z",
        "2027-03-13T12:00:00Z",
        [],
    ),
    (
        "D4 wall start after a skipped one",
        {**WALL, "start": "2026-03-09T02:30:00"},
        DAY,
        "2026-03-08T08:30:00Z",
        "2026-03-08T12:00:00Z",
        [],
    ),
    (
        "D4 wall start to come, edited",
        {**WALL, "start": "2027-07-16T04:00:00"},
        DAY,
        "2026-12-01T08:00:00Z",
        SUMMER,
        ["start"],
    ),
    (
        "D4 wall start, follow",
        {**WALL, "start": "2026-12-01T02:00:00", "daylight_saving": "follow"},
        DAY,
        "2026-12-01T08:00:00Z",
        SUMMER,
        ["start"],
    ),
    (
        "D4 wall start, follow, after the change",
        {**WALL, "start": "2026-12-01T02:00:00", "daylight_saving": "follow"},
        DAY,
        "2027-03-15T07:00:00Z",
        SUMMER,
        [],
    ),
    (
        "D4 start with an offset, follow",
        {**WALL, "start": "2026-12-01T02:00:00-06:00", "daylight_saving": "follow"},
        DAY,
        "2026-12-01T08:00:00Z",
        SUMMER,
        ["start"],
    ),
    # 29 February 2028 lies between
    (
        "D4 leap day",
        {**YEARLY, "start": "2028-12-01T02:00:00Z"},
        YEAR,
        "2027-12-01T02:00:00Z",
        "2028-06-01T00:00:00Z",
        [],
    ),
    (
        "D4 leap day, between the run and the date",
        {**YEARLY, "start": "2028-12-01T02:00:00Z"},
        YEAR,
        "2027-12-01T02:00:00Z",
        "2028-11-30T12:00:00Z",
        [],
    ),
    (
        "D4 leap day, made to start a year after the last",
        {**YEARLY, "start": "2028-12-01T02:00:00Z"},
        YEAR,
        "2028-11-30T02:00:00Z",
        "2028-06-01T00:00:00Z",
        [],
    ),
    (
        "D4 leap day, in a zone",
        {**YEARLY, "start": "2028-07-01T02:00:00", "timezone": CHICAGO},
        YEAR,
        "2027-07-01T07:00:00Z",
        "2028-06-01T00:00:00Z",
        [],
    ),
    (
        "D4 leap day, follow",
        {**YEARLY, "start": "2028-12-01T02:00:00", "daylight_saving": "follow"},
        YEAR,
        "2027-12-01T02:00:00Z",
        "2028-06-01T00:00:00Z",
        ["start"],
    ),
    (
        "D4 leap day, after the date",
        {**YEARLY, "start": "2028-12-01T02:00:00"},
        YEAR,
        "2027-12-01T02:00:00Z",
        "2028-12-05T00:00:00Z",
        [],
    ),
    (
        "D4 leap day, made to start a year after the last, after the date",
        {**YEARLY, "start": "2028-12-01T02:00:00"},
        YEAR,
        "2028-11-30T02:00:00Z",
        "2028-12-05T00:00:00Z",
        [],
    ),
    (
        "D4 leap day, before a longer year",
        {**YEARLY, "start": "2027-12-01T02:00:00"},
        YEAR,
        "2023-12-01T02:00:00Z",
        "2027-12-01T12:00:00Z",
        [],
    ),
    (
        "D4 no leap day, after the date",
        {**YEARLY, "start": "2026-12-02T02:00:00"},
        YEAR,
        "2026-12-01T02:00:00Z",
        "2027-06-01T00:00:00Z",
        ["start"],
    ),
    (
        "D4 no leap day",
        {**YEARLY, "start": "2027-12-02T02:00:00Z"},
        YEAR,
        "2026-12-01T02:00:00Z",
        "2027-06-01T00:00:00Z",
        ["start"],
    ),
    (
        "D4 leap day, after two of them an edit by one day is seen",
        {**YEARLY, "start": "2028-09-01T02:00:00Z"},
        YEAR,
        "2023-09-02T02:00:00Z",
        "2028-04-08T00:00:00Z",
        ["start"],
    ),
    (
        "D4 leap day, the date itself is too far away",
        {**YEARLY, "start": "2028-09-01T02:00:00Z"},
        YEAR,
        "2023-09-02T02:00:00Z",
        "2027-09-02T12:00:00Z",
        [],
    ),
    (
        "D4 leap day, a year later",
        {**YEARLY, "start": "2028-12-01T02:00:00Z"},
        YEAR,
        "2026-12-02T02:00:00Z",
        "2027-12-01T12:00:00Z",
        ["start"],
    ),
    (
        "D4 two days are not one leap day",
        {**YEARLY, "start": "2028-12-02T02:00:00Z"},
        YEAR,
        "2027-12-01T02:00:00Z",
        "2028-06-01T00:00:00Z",
        ["start"],
    ),
    (
        "D4 364 days have no leap shift",
        {"interval": "364d", "start": "2028-11-30T02:00:00Z"},
        364 * DAY,
        "2027-12-01T02:00:00Z",
        "2028-06-01T00:00:00Z",
        ["start"],
    ),
]


@pytest.mark.parametrize(
    ("options", "interval", "start", "now", "differing"), [c[1:] for c in DRIFT], ids=[c[0] for c in DRIFT]
)
def test_drift(options: dict[str, Any], interval: int | None, start: str, now: str, differing: list[str]) -> None:
    found = differences(options, interval, start, now)
    assert [option for option, _wanted, _actual in found] == differing


def differences(
    options: dict[str, Any], interval: int | None, start: str, now: str
) -> list[tuple[str, object, object]]:
    wanted = parse_schedule(options, moment(now))
    actual = Schedule(interval=interval, start=moment(start))
    return _schedule.differences(
        wanted, actual, _schedule.next_tick(moment(start), interval or 1, moment(now)), moment(now)
    )


def test_drift_is_shown_as_the_options_spell_it() -> None:
    assert differences(nightly("03:00"), DAY, "2026-12-01T08:00:00Z", WINTER) == [("at", "03:00", "02:00")]
    assert differences(nightly("22:30:15"), DAY, "2026-12-01T08:00:00Z", WINTER) == [("at", "22:30:15", "02:00")]
    assert differences({"interval": "90m"}, DAY, "2026-12-01T08:00:00Z", WINTER) == [("interval", "1h30m", "1d")]
    assert differences({}, DAY, "2026-12-01T08:00:00Z", WINTER) == [("interval", None, "1d")]
    weekly = nightly(interval="1w", weekday="monday")
    assert differences(weekly, WEEK, "2026-11-29T08:00:00Z", WINTER) == [("weekday", "monday", "sunday")]
    # of a start to come the next run is shown, of a past one the timer's start
    to_come = {"interval": "1d", "start": "2027-03-01T00:00:00Z"}
    assert differences(to_come, DAY, "2026-12-01T01:00:00Z", WINTER) == [
        ("start", "2027-03-01T00:00:00+00:00", "2026-12-16T01:00:00+00:00")
    ]
    past = {"interval": "1d", "start": "2026-12-01T00:00:00Z"}
    assert differences(past, DAY, "2026-12-01T01:00:00Z", WINTER) == [
        ("start", "2026-12-01T00:00:00+00:00", "2026-12-01T01:00:00+00:00")
    ]


def test_d4_follow_reckons_from_the_start_whatever_the_service_calls_the_next_run() -> None:
    """It is late while a run is made up for, and missing while the timer is inactive."""
    wanted = schedule(nightly(daylight_saving="follow"))
    actual = Schedule(interval=DAY, start=moment("2026-11-20T08:00:00Z"))
    for next_run in (None, NOW + timedelta(minutes=1), NOW - timedelta(days=3)):
        assert _schedule.differences(wanted, actual, next_run, NOW) == []


def test_d2_a_start_to_come_is_the_next_tick_of_a_timer_that_shows_no_next_run() -> None:
    wanted = schedule({"interval": "1d", "start": "2026-11-25T08:00:00Z"})
    actual = Schedule(interval=DAY, start=moment("2026-11-20T08:00:00Z"))
    assert _schedule.differences(wanted, actual, None, NOW) == []
    later = schedule({"interval": "1d", "start": "2026-11-26T08:00:00Z"})
    assert [found[0] for found in _schedule.differences(later, actual, None, NOW)] == ["start"]


def test_a_timer_that_shows_no_start_is_told_by_its_next_run() -> None:
    wanted = schedule(nightly())
    actual = Schedule(interval=DAY)
    assert _schedule.differences(wanted, actual, moment("2026-11-25T08:00:00Z"), NOW) == []
    assert _schedule.differences(wanted, actual, moment("2026-11-25T09:00:00Z"), NOW) == [("at", "02:00", "03:00")]
    assert _schedule.differences(wanted, actual, None, NOW) == []


@pytest.mark.parametrize(
    ("end", "actual", "shown"),
    [
        ({"count": 10}, Schedule(end_count=10), None),
        ({"count": 10}, Schedule(end_count=9), ("end", {"count": 10}, {"count": 9})),
        ({"count": 10}, Schedule(), ("end", {"count": 10}, None)),
        (None, Schedule(end_count=9), ("end", None, {"count": 9})),
        (
            {"datetime": "2027-01-01T00:00:00"},  # in Chicago
            Schedule(end_datetime=datetime(2027, 1, 1, 6, tzinfo=UTC)),
            None,
        ),
        (
            {"datetime": "2027-01-01T00:00:00Z"},
            Schedule(end_datetime=datetime(2027, 1, 1, 6, tzinfo=UTC)),
            ("end", {"datetime": "2027-01-01T00:00:00+00:00"}, {"datetime": "2027-01-01T06:00:00+00:00"}),
        ),
    ],
)
def test_d1_ends(end: dict[str, Any] | None, actual: Schedule, shown: tuple[object, ...] | None) -> None:
    wanted = schedule(nightly(end=end))
    actual = replace(actual, interval=DAY, start=moment("2026-11-20T08:00:00Z"))
    assert _schedule.differences(wanted, actual, None, NOW) == ([] if shown is None else [shown])


# --- ends ----------------------------------------------------------------------------------------------------------

DAILY = {"interval": "1d", "start": "2026-11-20T08:00:00Z"}

OVER: list[tuple[str, dict[str, Any], str | None]] = [
    ("once, past", {"start": "2026-11-24T11:59:59Z"}, "2026-11-24T11:59:59Z"),
    ("once, now", {"start": "2026-11-24T12:00:00Z"}, None),
    ("once, to come", {"start": "2026-11-24T12:00:01Z"}, None),
    ("once, open", {}, None),
    ("once, next 02:00", {"at": "02:00"}, None),
    ("for ever", DAILY, None),
    ("5 runs", {**DAILY, "end": {"count": 5}}, "2026-11-24T08:00:00Z"),
    ("6 runs, the last tomorrow", {**DAILY, "end": {"count": 6}}, None),
    ("runs beyond the calendar", {**DAILY, "end": {"count": 10**30}}, None),
    ("5 runs, to come", {"interval": "1d", "start": "2026-12-01T00:00:00Z", "end": {"count": 5}}, None),
    ("5 runs of at", nightly(end={"count": 5}), None),
    ("until yesterday", {**DAILY, "end": {"datetime": "2026-11-23T08:00:00Z"}}, "2026-11-23T08:00:00Z"),
    ("until tonight", {**DAILY, "end": {"datetime": "2026-11-24T22:00:00Z"}}, "2026-11-24T08:00:00Z"),
    ("until tomorrow", {**DAILY, "end": {"datetime": "2026-11-25T08:00:00Z"}}, None),
    ("open, until tonight", {"interval": "1d", "end": {"datetime": "2026-11-24T22:00:00Z"}}, None),
    ("at, until tonight", nightly(end={"datetime": "2026-11-24T22:00:00Z"}), "2026-11-24T08:00:00Z"),
    (
        "at, yearly, until tonight",
        nightly("02:00", "UTC", interval="365d", end={"datetime": "2026-11-24T22:00:00Z"}),
        "2026-11-24T02:00:00Z",
    ),
    ("at, until tomorrow", nightly(end={"datetime": "2026-11-25T08:00:00Z"}), None),
]


@pytest.mark.parametrize(("options", "last"), [c[1:] for c in OVER], ids=[f"D5 {c[0]}" for c in OVER])
def test_over_since(options: dict[str, Any], last: str | None) -> None:
    assert _schedule.over_since(schedule(options), NOW) == (None if last is None else moment(last))


def test_i1_what_follow_completed_stays_completed_after_a_clock_change() -> None:
    """Ten runs in October, a second play in December: nothing is left to do."""
    options = nightly(daylight_saving="follow", end={"count": 10})
    definition = parse_definition(validated(sample(options)), moment(WINTER))
    assert definition is not None
    made = moment("2026-10-01T00:00:00Z")
    document = write_timer(definition, _schedule.first_run(definition.schedule, made))
    ended = read_timer(shown(document, "as_sent", timer_id=str(UUID(int=1)), now=made, status="ended"))
    assert ended.is_ended
    assert timer_differences(definition, ended, moment(WINTER)) == []
    plan = plan_timer(Wanted(name=definition.name, definition=definition), [ended], moment(WINTER))
    assert (plan.operations, plan.failure) == ((), None)
    running = replace(ended, status="active")
    assert [drift.field for drift in timer_differences(definition, running, moment(WINTER))] == ["schedule.at"]


# --- skipped local times -------------------------------------------------------------------------------------------

FOLLOW = {"daylight_saving": "follow"}

# What is wanted, the timer's first run, now, and the skipped runs: the local time, and the one at which they come.
SKIPPED: list[tuple[str, dict[str, Any], str, str, list[tuple[str, str]]]] = [
    ("at another time", nightly("04:00"), "2026-11-25T10:00:00Z", "2026-11-24T12:00:00Z", []),
    (
        "anchored in winter",
        nightly("02:30", **FOLLOW),
        "2026-11-25T08:30:00Z",
        "2026-11-24T12:00:00Z",
        [("2027-03-14T02:30:00", "2027-03-14T03:30:00")],
    ),
    (
        "anchored in summer",
        nightly("02:30", **FOLLOW),
        "2026-07-02T07:30:00Z",
        "2026-07-01T12:00:00Z",
        [("2027-03-14T02:30:00", "2027-03-14T03:30:00")],
    ),
    (
        "on the eve",
        nightly("02:30", **FOLLOW),
        "2027-03-14T08:30:00Z",
        "2027-03-14T06:00:00Z",
        [("2027-03-14T02:30:00", "2027-03-14T03:30:00"), ("2028-03-12T02:30:00", "2028-03-12T03:30:00")],
    ),
    (
        "the day after",
        nightly("02:30", **FOLLOW),
        "2027-03-15T07:30:00Z",
        "2027-03-14T08:30:00Z",
        [("2028-03-12T02:30:00", "2028-03-12T03:30:00")],
    ),
    (
        "by half an hour",
        nightly("02:15", LORD_HOWE, **FOLLOW),
        "2026-09-01T15:45:00Z",
        "2026-09-01T00:00:00Z",
        [("2026-10-04T02:15:00", "2026-10-04T02:45:00")],
    ),
    ("Kolkata", nightly("02:30", KOLKATA), "2026-11-24T21:00:00Z", "2026-11-24T12:00:00Z", []),
    (
        "a clock change on a Sunday",
        nightly("02:30", interval="1w", weekday="sunday", **FOLLOW),
        "2026-11-29T08:30:00Z",
        "2026-11-24T12:00:00Z",
        [("2027-03-14T02:30:00", "2027-03-14T03:30:00")],
    ),
    (
        "not on a Monday",
        nightly("02:30", interval="1w", weekday="monday"),
        "2026-11-30T08:30:00Z",
        "2026-11-24T12:00:00Z",
        [],
    ),
    (
        "the Sundays between",
        nightly("02:30", interval="2w", weekday="sunday", **FOLLOW),
        "2026-11-29T08:30:00Z",
        "2026-11-24T12:00:00Z",
        [],
    ),
    ("every hour", nightly("02:30", interval="1h"), "2026-11-24T12:30:00Z", "2026-11-24T12:00:00Z", []),
    (
        "every 6 hours",
        nightly("02:30", interval="6h", **FOLLOW),
        "2026-11-24T14:30:00Z",
        "2026-11-24T12:00:00Z",
        [("2027-03-14T02:30:00", "2027-03-14T03:30:00")],
    ),
    ("over before", nightly("02:30", end={"count": 100}), "2026-11-25T08:30:00Z", "2026-11-24T12:00:00Z", []),
    (
        "over before, by its date",
        nightly("02:30", end={"datetime": "2027-03-14T08:29:59Z"}),
        "2026-11-25T08:30:00Z",
        "2026-11-24T12:00:00Z",
        [],
    ),
    ("once, before", {"at": "02:30", "timezone": CHICAGO}, "2026-11-25T08:30:00Z", "2026-11-24T12:00:00Z", []),
    (
        "once, just then",
        {"at": "02:30", "timezone": CHICAGO},
        "2027-03-14T08:30:00Z",
        "2027-03-13T12:00:00Z",
        [("2027-03-14T02:30:00", "2027-03-14T03:30:00")],
    ),
    (
        "wall start",
        {**WALL, **FOLLOW, "start": "2026-11-01T02:30:00"},
        "2026-11-25T08:30:00Z",
        "2026-11-24T12:00:00Z",
        [("2027-03-14T02:30:00", "2027-03-14T03:30:00")],
    ),
    ("a start with an offset", {**WALL, "start": "2026-11-01T08:30:00Z"}, "2026-11-25T08:30:00Z", WINTER, []),
    (
        "over midnight",
        nightly("23:30", NUUK, **FOLLOW),
        "2024-03-02T01:30:00Z",
        "2024-03-01T12:00:00Z",
        [("2024-03-30T23:30:00", "2024-03-31T00:30:00")],
    ),
    (
        "a Friday that was not",
        nightly("02:00", APIA, interval="1w", weekday="friday", **FOLLOW),
        "2011-12-16T12:00:00Z",
        "2011-12-16T00:00:00Z",
        [("2011-12-30T02:00:00", "2011-12-31T02:00:00")],
    ),
    ("every day, the day that was not", nightly("02:00", APIA), "2011-12-16T12:00:00Z", "2011-12-16T00:00:00Z", []),
]


@pytest.mark.parametrize(
    ("options", "start", "now", "expected"), [c[1:] for c in SKIPPED], ids=[f"D4 {c[0]}" for c in SKIPPED]
)
def test_skipped_runs(options: dict[str, Any], start: str, now: str, expected: list[tuple[str, str]]) -> None:
    found = _schedule.skipped_runs(parse_schedule(options, moment(now)), moment(start), moment(now))
    assert [(wall.isoformat(), shown.isoformat()) for wall, shown in found] == expected


@pytest.mark.parametrize(("options", "start", "now"), [c[1:4] for c in SKIPPED], ids=[f"D4 {c[0]}" for c in SKIPPED])
def test_none_is_skipped_where_clock_changes_are_ignored_D4(options: dict[str, Any], start: str, now: str) -> None:
    """Every run of the other half of the year is an hour off then: to name the one whose time is skipped misleads."""
    if options.get("interval") is not None:
        ignoring = parse_schedule({**options, "daylight_saving": "ignore"}, moment(now))
        assert _schedule.skipped_runs(ignoring, moment(start), moment(now)) == []


@pytest.mark.parametrize(
    ("options", "warned"),
    [
        (
            nightly("02:30", **FOLLOW),
            "America/Chicago skips the local time of a run, but no run is lost: the run of 2027-03-14 02:30 takes "
            "place at 03:30",
        ),
        (nightly("02:30"), None),
        (nightly("02:15", LORD_HOWE), None),
        (nightly("02:15", LORD_HOWE, **FOLLOW), "the run of 2027-10-03 02:15 takes place at 02:45"),
        (nightly("03:30"), None),
    ],
)
def test_a_skipped_local_time_is_warned_of_at_creation(options: dict[str, Any], warned: str | None) -> None:
    definition = parse_definition(validated(sample(options)), NOW)
    assert definition is not None
    plan = plan_timer(Wanted(name=definition.name, definition=definition), [], NOW)
    assert [operation.operation for operation in plan.operations] == ["create"]
    if warned is None:
        assert plan.warnings == ()
    else:
        (warning,) = plan.warnings
        assert warned in warning


# --- ticks ---------------------------------------------------------------------------------------------------------


def local(options: dict[str, Any], begin: str, number: int) -> list[str]:
    """The local times of the first runs after a moment."""
    wanted = parse_schedule(options, moment(begin))
    return [
        _schedule.to_wall(tick, wanted.zone).isoformat(" ", "minutes")[5:]
        for tick in islice(_schedule.ticks(wanted, moment(begin)), number)
    ]


def test_ticks_around_clock_changes() -> None:
    eve = "2026-10-30T12:00:00Z"
    assert local(nightly(), eve, 3) == ["10-31 02:00", "11-01 01:00", "11-02 01:00"]
    assert local(nightly(**FOLLOW), eve, 3) == ["10-31 02:00", "11-01 02:00", "11-02 02:00"]
    assert local(nightly("01:30", **FOLLOW), eve, 3) == ["10-31 01:30", "11-01 01:30", "11-02 01:30"]
    eve = "2026-03-06T12:00:00Z"
    assert local(nightly(), eve, 3) == ["03-07 02:00", "03-08 03:00", "03-09 03:00"]
    assert local(nightly("02:30"), eve, 3) == ["03-07 02:30", "03-08 03:30", "03-09 03:30"]
    assert local(nightly("02:30", **FOLLOW), eve, 3) == ["03-07 02:30", "03-08 03:30", "03-09 02:30"]
    every_two_days = nightly(interval="2d", **FOLLOW)
    assert local(every_two_days, eve, 4) == ["03-07 02:00", "03-09 02:00", "03-11 02:00", "03-13 02:00"]
    every_6_hours = nightly(interval="6h", **FOLLOW)
    assert local(every_6_hours, "2026-11-01T00:30:00Z", 4) == [
        "10-31 20:00",
        "11-01 02:00",
        "11-01 08:00",
        "11-01 14:00",
    ]
    assert local(nightly("01:45", LORD_HOWE), "2026-04-03T00:00:00Z", 3) == [
        "04-04 01:45",
        "04-05 01:45",
        "04-06 01:15",
    ]
    assert local(nightly("02:00", APIA), "2011-12-28T13:00:00Z", 3) == ["12-29 02:00", "12-31 02:00", "01-01 02:00"]
    in_ramadan = nightly("02:00", CASABLANCA)
    assert local(in_ramadan, "2024-03-08T12:00:00Z", 3) == ["03-09 02:00", "03-10 02:00", "03-11 01:00"]


def test_ticks_around_the_year() -> None:
    assert local(nightly("23:30", "UTC"), "2026-12-31T00:00:00Z", 2) == ["12-31 23:30", "01-01 23:30"]
    assert local(nightly("02:00", "UTC"), "2028-02-27T12:00:00Z", 3) == ["02-28 02:00", "02-29 02:00", "03-01 02:00"]
    yearly = {"interval": "365d", "start": "2027-02-28T02:00:00Z"}
    assert local(yearly, "2027-01-01T00:00:00Z", 3) == ["02-28 02:00", "02-28 02:00", "02-27 02:00"]


def test_ticks_end() -> None:
    assert len(list(_schedule.ticks(schedule(nightly(end={"count": 3})), NOW))) == 3
    until = schedule(nightly(end={"datetime": "2026-11-27T08:00:00Z"}))
    assert list(_schedule.ticks(until, NOW)) == [moment(f"2026-11-{day}T08:00:00Z") for day in (25, 26, 27)]
    assert list(_schedule.ticks(schedule({"start": "2026-11-24T11:00:00Z"}), NOW)) == []
    assert list(_schedule.ticks(schedule({"at": "02:00"}), NOW)) == [moment("2026-11-25T02:00:00Z")]
    assert list(_schedule.ticks(schedule({}), NOW)) == [NOW]
    # of a start in the past the runs up to now count
    counted = {**DAILY, "end": {"count": 6}}
    assert list(_schedule.ticks(schedule(counted), NOW)) == [moment("2026-11-25T08:00:00Z")]
    assert list(_schedule.ticks(schedule({**DAILY, "end": {"count": 5}}), NOW)) == []
    followed = {"interval": "1d", "start": "2026-10-30T02:00:00", "timezone": CHICAGO, "end": {"count": 27}, **FOLLOW}
    assert list(_schedule.ticks(schedule(followed), NOW)) == [moment("2026-11-25T08:00:00Z")]


def test_runs_that_count_are_counted_by_the_clock_on_the_wall() -> None:
    """At 01:30 in winter, half an hour before the 154th night since July; in July's hours it would have been."""
    followed = {"interval": "1d", "start": "2026-07-01T02:00:00", "timezone": CHICAGO, "end": {"count": 154}, **FOLLOW}
    now = moment("2026-12-01T07:30:00Z")
    assert list(_schedule.ticks(parse_schedule(followed, now), now)) == [moment("2026-12-01T08:00:00Z")]


def test_ticks_stop_where_the_calendar_does() -> None:
    last = list(_schedule.ticks(Schedule(interval=YEAR, start=datetime(9990, 1, 1, tzinfo=UTC)), NOW))[-1]
    assert last.year == 9999


# --- rates ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("interval", "rate"), [(60, 1.0), (120, 0.5), (86400, 1 / 1440), (None, 0.0)])
def test_l2_rates(interval: int | None, rate: float) -> None:
    assert _schedule.runs_per_minute(Schedule(interval=interval)) == pytest.approx(rate)


# --- what a difference says ----------------------------------------------------------------------------------------


def test_follow_says_which_local_time_differs_D4() -> None:
    """The two starts are one moment here: "start is X, should be X" was no help."""
    options = {**FOLLOW, "interval": "1d", "timezone": CHICAGO, "start": "2026-07-01T02:00:00"}
    wanted = parse_schedule(options, moment("2026-07-01T00:00:00Z"))
    actual = Schedule(interval=DAY, start=moment("2026-07-01T07:00:00Z"))
    found = _schedule.differences(wanted, actual, None, moment("2026-11-24T12:00:00Z"))
    assert found == [("start", "2026-11-25T02:00:00-06:00", "2026-11-25T01:00:00-06:00")]
