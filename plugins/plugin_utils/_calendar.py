# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""When the timers of backup jobs run: makes the option ``schedule`` from weekdays, weeks and dates.

Pure: no input or output, and ``now`` is always an argument. The schedules must mean the same whenever the play runs. So
a time of day becomes ``at``, which needs no date. Only weeks (counted from Monday 2001-01-01) and months need a
``start``. If possible, it is in the past: it then only determines the phase (rule D2), and a difference between two
clocks does not matter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from ..module_utils._errors import InputError
from ..module_utils._timers.options import check_zone, parse_schedule
from ..module_utils._timers.schedule import (
    DAY,
    INTERVAL_MAXIMUM,
    MONDAY,
    UTC,
    WEEK,
    WEEKDAYS,
    YEAR,
    Schedule,
    format_interval,
    format_time_of_day,
    from_wall,
    keeps_time_of_day,
    ticks,
    to_wall,
)

AT, AT_OF_PARTS_OF_A_DAY = "02:00", "00:00"  # if neither job nor schedule has a time
WEEKDAY = "sunday"
LAST_DAY = 28  # the last day that every month has

RUNS_COMPARED = 10_000  # if a job has more runs than this in its longest interval, its shortest interval is used
_INTERVALS_BACK = range(2, 40)
_SURELY_PAST = timedelta(days=1)  # a start this long ago is past for every clock
_WHEN = ("start", "at", "weekday", "week", "day")

Options = Mapping[str, Any]


def merged(layers: Iterable[Options], where: str) -> dict[str, Any]:
    """The options of all layers; those of later layers override earlier ones. ``start`` excludes the other options for
    the first run, so a layer with one of them also removes the other from earlier layers.
    """
    found: dict[str, Any] = {}
    for layer in layers:
        if "start" in layer:
            clash = [option for option in _WHEN[1:] if option in layer]
            if clash:
                raise InputError(f"{where}: start and {clash[0]} are mutually exclusive")
            found = {option: value for option, value in found.items() if option not in _WHEN}
        elif any(option in layer for option in _WHEN):
            found.pop("start", None)
        found.update(layer)
    return found


def schedule_of(
    options: Options, *, schedule: str, where: str, spread: int, key: str, now: datetime
) -> tuple[dict[str, Any], set[str]]:
    """The option ``schedule`` of a timer, and which of the options it used. Raises InputError.

    :param options: the options of all layers, with the time zone.
    :param schedule: the name of the schedule, for messages.
    :param spread: seconds over which the time of day is spread; 0 if the job itself sets ``at``.
    :param key: determines the place in the spread.
    :param now: only determines which occurrence of a date is the next one.
    """
    _checked_zone(options["timezone"], where)  # before times are read in it
    used = {"timezone", "daylight_saving", "end"}
    result = {name: options[name] for name in sorted(used & set(options))}
    interval = _interval(options, where, schedule)
    result["interval"] = format_interval(YEAR) if "month" in options else options["interval"]
    if "month" not in options:
        used.add("interval")
    if "start" in options and "month" not in options:
        return {**result, "start": options["start"]}, used | {"start"}
    if not keeps_time_of_day(interval):
        return result, used  # its times of day vary, so it starts when it is created (rule D3)
    at = _time_of_day(options, interval, where, spread, key, now)
    used.add("at")
    if "month" in options:
        wall = _next_date(options, at, where, now)
        return {**result, "start": _start(wall, interval, options, where, schedule, now)}, used | {"day"}
    if interval % WEEK:
        return {**result, "at": format_time_of_day(at)}, used
    used.add("weekday")
    weekday = options.get("weekday", WEEKDAY)
    if interval == WEEK:
        return {**result, "at": format_time_of_day(at), "weekday": weekday}, used
    wall = _next_week(options, WEEKDAYS.index(weekday), at, interval, where, now)
    return {**result, "start": _start(wall, interval, options, where, schedule, now)}, used | {"week"}


def longest_gap(schedules: Sequence[Schedule], now: datetime) -> int | None:
    """The longest time between two runs of several timers, in seconds; None if they run once.

    It compares the runs within one longest interval.
    """
    intervals = [schedule.interval for schedule in schedules if schedule.interval is not None]
    if not intervals:
        return None
    if len(intervals) == 1 or sum(max(intervals) // interval for interval in intervals) > RUNS_COMPARED:
        return min(intervals)
    end = now + timedelta(seconds=max(intervals))
    runs = sorted(
        run
        for schedule in schedules
        if schedule.interval is not None
        for run in takewhile(
            lambda run: run <= end,
            ticks(replace(schedule, end_count=None, end_datetime=None, follow=False), now),
        )
    )
    around = [*runs, runs[0] + timedelta(seconds=max(intervals))]
    return max((later - run) // timedelta(seconds=1) for run, later in zip(around, around[1:]))


def _parsed_schedule(options: Options, where: str, now: datetime) -> Schedule:
    try:
        return parse_schedule(options, now)
    except InputError as error:
        raise InputError(f"{where}: {str(error).replace('schedule.', '', 1)}") from None


def _checked_zone(zone: str, where: str) -> None:
    try:
        check_zone("timezone", zone)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def _interval(options: Options, where: str, schedule: str) -> int:
    """Seconds."""
    if "month" in options:
        return YEAR
    if "interval" not in options:
        raise InputError(
            f"{where}: the schedule {schedule} has no interval, so it would run only once. Add an interval"
        )
    interval = _parsed_schedule({"interval": options["interval"]}, where, MONDAY.replace(tzinfo=UTC)).interval
    if interval is None:
        raise AssertionError("it is given")
    return interval


def _time_of_day(options: Options, interval: int, where: str, spread: int, key: str, now: datetime) -> int:
    """Seconds after midnight."""
    value = options.get("at", AT_OF_PARTS_OF_A_DAY if interval < DAY else AT)
    at = _parsed_schedule({"at": value}, where, now).at or 0
    if not spread:
        return at
    # limited to the rest of the day, or to an interval shorter than a day, so that no run moves to another day
    limit = interval if interval < DAY else DAY - at
    digest = int.from_bytes(hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:8], "big")
    return (at + digest % min(spread, limit)) % DAY


def _number_up_to(options: Options, option: str, last: int, where: str, why: str) -> int:
    value: int = options.get(option, 1)
    if not 1 <= value <= last:
        raise InputError(f"{where}: {option} must be a number from 1 to {last}, not {value!r}: {why}")
    return value


def _next_week(options: Options, weekday: int, at: int, interval: int, where: str, now: datetime) -> datetime:
    """The next wall time of the weekday in the given week of the interval. Weeks are counted from 2001-01-01."""
    weeks = interval // WEEK
    week = _number_up_to(options, "week", weeks, where, f"its interval has {weeks} weeks")
    anchor = MONDAY + timedelta(days=(week - 1) * 7 + weekday, seconds=at)
    local = to_wall(now, options["timezone"])
    return local + timedelta(seconds=interval) - (local - anchor) % timedelta(seconds=interval)


def _next_date(options: Options, at: int, where: str, now: datetime) -> datetime:
    """The next wall time of a date of the year. If it is more than 365 days ahead because of a leap day, 365 days after
    the last one: the service accepts no longer interval, and no later start.
    """
    month = _number_up_to(options, "month", 12, where, "January is 1")
    day = _number_up_to(options, "day", LAST_DAY, where, "not every month has more days")
    local = to_wall(now, options["timezone"])
    date = datetime(local.year, month, day) + timedelta(seconds=at)  # noqa: DTZ001 - a wall time
    last = date if date <= local else date.replace(year=date.year - 1)
    coming, latest = last.replace(year=last.year + 1), last + timedelta(seconds=INTERVAL_MAXIMUM)
    return coming if coming - timedelta(seconds=INTERVAL_MAXIMUM) <= local else latest


def _start(wall: datetime, interval: int, options: Options, where: str, schedule: str, now: datetime) -> str:
    """A start, as a wall time, from which whole intervals lead exactly to the next run, ``wall``.

    Therefore, the zone must have the same offset at both, and the wall time of the start must exist exactly once.
    """
    if (options.get("end") or {}).get("count") is not None:
        raise InputError(
            f"{where}: end.count cannot be used with the schedule {schedule}, which follows the calendar. Use "
            "end.datetime"
        )
    zone: str = options["timezone"]
    target = from_wall(wall, zone)
    # In the hour after a run, if the clocks are turned back before the next one, a past start would lead to an extra
    # run one interval before it. (A year ahead, the service might not accept the run itself as the start.)
    leads_to_extra_run = interval < YEAR and target - timedelta(seconds=interval) > now
    for number in () if leads_to_extra_run else (*_INTERVALS_BACK, 1):
        back = timedelta(seconds=interval) * number
        start: datetime = wall - back
        if from_wall(start, zone) == target - back and target - back <= now - _SURELY_PAST:
            return start.isoformat()
    return wall.isoformat()  # the next run itself, also if the zone's rules changed within the last interval
