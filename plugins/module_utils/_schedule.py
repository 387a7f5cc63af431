# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Schedules: what people write, what the service runs, and whether the two mean the same.

The Timers service knows only a start and an interval in seconds: ticks fall at start + n x interval, and no field
holds a time zone (facts, "When it runs"). A time of day in a zone is therefore turned into the next such moment,
and compared by meaning later (rules D1 to D5). Pure: no input or output, and ``now`` is always an argument.

All moments are aware datetimes in UTC, cut to whole seconds. "Wall" times are naive datetimes as a clock in the
schedule's zone shows them.
"""

from __future__ import annotations

import math
import re
from calendar import isleap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

UTC = timezone.utc
MINUTE, HOUR, DAY, WEEK = 60, 3600, 86400, 7 * 86400
YEAR = 365 * DAY
INTERVAL_MINIMUM = MINUTE
INTERVAL_MAXIMUM = YEAR
HISTORY = timedelta(days=90)  # how long the service remembers a timer that has ended
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_UNITS = {"w": WEEK, "d": DAY, "h": HOUR, "m": MINUTE, "s": 1}
_INTERVAL = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
_MONDAY = datetime(2001, 1, 1)  # noqa: DTZ001 - a wall time, in whichever zone the schedule has


@dataclass(frozen=True)
class Schedule:
    """When a timer runs.

    A schedule as the service has it uses only ``interval``, ``start`` and the end; the others are what people say.

    :ivar interval: seconds between two runs, or None: run once.
    :ivar start: the first run, or None: when the timer is created (rule D3).
    :ivar wall_start: ``start`` was written without an offset, so it means a wall time in ``zone``.
    :ivar at: the local time of day of the runs, in seconds after midnight, or None.
    :ivar weekday: 0 (Monday) to 6, or None.
    :ivar zone: IANA name of the time zone.
    :ivar follow: the runs are to follow the zone's clock changes (``daylight_saving: follow``).
    :ivar end_count: number of runs, or None.
    :ivar end_datetime: no run after this moment, or None.
    """

    interval: int | None = None
    start: datetime | None = None
    wall_start: bool = False
    at: int | None = None
    weekday: int | None = None
    zone: str = "UTC"
    follow: bool = False
    end_count: int | None = None
    end_datetime: datetime | None = None

    @property
    def ends(self) -> bool:
        """Whether a timer of this schedule comes to an end by itself (rule I1)."""
        return self.interval is None or self.end_count is not None or self.end_datetime is not None


# --- reading and writing -------------------------------------------------------------------------------------------


def parse_interval(value: object) -> int:
    """Seconds of ``1d``, ``12h``, ``1h30m``, ``2w`` or a number of seconds. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(f"not an interval: {value!r}")
    text = str(value).strip().lower()
    if re.fullmatch(r"\d+(\.0+)?", text):
        return int(float(text))
    match = _INTERVAL.fullmatch(text)
    if not text or not match:
        raise ValueError(f"not an interval: {value!r}")
    return sum(int(number) * unit for number, unit in zip(match.groups(), _UNITS.values()) if number)


def format_interval(seconds: int) -> str:
    """The shortest spelling that ``parse_interval`` reads back: ``1w``, ``1d``, ``1h30m``."""
    if seconds and seconds % WEEK == 0 and seconds != INTERVAL_MAXIMUM:
        return f"{seconds // WEEK}w"
    text, rest = "", seconds
    for name in ("d", "h", "m", "s"):
        number, rest = divmod(rest, _UNITS[name])
        text += f"{number}{name}" if number else ""
    return text or "0s"


def parse_time_of_day(text: str) -> int:
    """Seconds after midnight of ``22:30`` or ``22:30:15``. Raises ValueError."""
    match = _TIME_OF_DAY.fullmatch(text.strip())
    if not match:
        raise ValueError(f"not a time of day: {text!r}")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * HOUR + minutes * MINUTE + seconds


def format_time_of_day(seconds: int) -> str:
    """``22:30``, with seconds only where there are any."""
    hours, rest = divmod(seconds, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    return f"{hours:02d}:{minutes:02d}" + (f":{rest:02d}" if rest else "")


def parse_instant(text: str, zone: str = "UTC") -> tuple[datetime, bool]:
    """The moment an ISO 8601 text names, and whether it is a wall time of ``zone`` (it had no offset).

    A wall time that a clock change skips is read with the offset before the change, one that exists twice means the
    first. Raises ValueError for anything else than ISO 8601.
    """
    text = text.strip()
    if text[-1:] in ("Z", "z"):
        text = text[:-1] + "+00:00"
    # datetime.fromisoformat of Python 3.10 and older wants 3 or 6 digits of fraction and a colon in the offset
    text = re.sub(r"\.\d+", "", text)
    text = re.sub(r"(?<=:\d\d)([+-]\d\d)(\d\d)?$", lambda match: f"{match[1]}:{match[2] or '00'}", text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        return from_wall(moment.replace(microsecond=0), zone), True
    return moment.astimezone(UTC).replace(microsecond=0), False


def format_instant(moment: datetime) -> str:
    """ISO 8601 in UTC as the service writes it: ``2026-12-01T08:00:00+00:00``."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


# --- zones ---------------------------------------------------------------------------------------------------------


def to_wall(moment: datetime, zone: str) -> datetime:
    """What a clock in the zone shows at that moment (naive)."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def from_wall(wall: datetime, zone: str) -> datetime:
    """The moment at which a clock in the zone shows ``wall``; see ``parse_instant`` for clock changes."""
    return wall.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def is_skipped(wall: datetime, zone: str) -> bool:
    """Whether a clock change skips this wall time (02:30 in the spring of a zone with daylight saving)."""
    return to_wall(from_wall(wall, zone), zone) != wall


def skipped_times(schedule: Schedule, now: datetime) -> list[datetime]:
    """The wall times of the coming year that ``at`` or a wall ``start`` names and that a clock change skips."""
    reference = _wall_reference(schedule)
    if reference is None:
        return []
    anchor = reference[0]
    days = (to_wall(now, schedule.zone).date() + timedelta(days=n) for n in range(366))
    walls = (datetime.combine(day, anchor.time()) for day in days)
    return [wall for wall in walls if is_skipped(wall, schedule.zone)]


# --- ticks ---------------------------------------------------------------------------------------------------------


def next_tick(start: datetime, interval: int, after: datetime) -> datetime:
    """The first tick later than ``after`` among start + n x interval, n >= 0."""
    if start > after:
        return start
    passed = (after - start) // timedelta(seconds=interval)
    return start + timedelta(seconds=interval) * (passed + 1)


def first_run(schedule: Schedule, after: datetime) -> datetime | None:
    """The start to send to the service so that the schedule's next run is its first: later than ``after``.

    None where the schedule leaves the start open. A start of a run-once schedule is returned as it is, past or not:
    see ``is_over``. A past start of a recurring one is moved forward by whole intervals (rule D2), or for ``follow`` to
    the next such wall time.
    """
    if schedule.at is not None:
        return _next_wall_tick(schedule, after)
    if schedule.start is None or schedule.interval is None or schedule.start > after:
        return schedule.start
    if schedule.follow and _wall_reference(schedule) is not None:
        return _next_wall_tick(schedule, after)
    return next_tick(schedule.start, schedule.interval, after)


def ticks(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """The moments at which a timer of this schedule, made just after ``after``, runs; endless unless it has an end.

    ``daylight_saving: follow`` yields the wall times, as a play that runs after each clock change keeps them.
    """
    tick = first_run(schedule, after) or after
    count = 0
    while True:
        if schedule.end_datetime is not None and tick > schedule.end_datetime:
            return
        if schedule.interval is None and tick <= after and schedule.start is not None:
            return
        yield tick
        count += 1
        if schedule.interval is None or count == schedule.end_count:
            return
        following = tick + timedelta(seconds=schedule.interval)
        if schedule.follow and (reference := _wall_reference(schedule)) is not None:
            wall = to_wall(tick, schedule.zone)
            wall -= _excess(wall, *reference)
            following = from_wall(wall + timedelta(seconds=schedule.interval), schedule.zone)
        tick = following


def is_over(schedule: Schedule, now: datetime) -> datetime | None:
    """When the last run of a definition was, where all its runs lie in the past (rule D5); else None."""
    last = None
    if schedule.interval is None:
        last = schedule.start
    elif schedule.end_datetime is not None:
        last = schedule.end_datetime
    elif schedule.end_count is not None and schedule.start is not None:
        last = schedule.start + timedelta(seconds=schedule.interval) * (schedule.end_count - 1)
    return last if last is not None and last < now else None


def runs_per_minute(schedules: Iterable[Schedule]) -> float:
    """How often all of these recurring schedules together run (rule L2: at most once a minute)."""
    return sum(MINUTE / schedule.interval for schedule in schedules if schedule.interval)


# --- comparison ----------------------------------------------------------------------------------------------------


def differences(
    wanted: Schedule, actual: Schedule, next_run: datetime | None, now: datetime
) -> list[tuple[str, object, object]]:
    """In which options the service's schedule means something else than the wanted one: (option, wanted, actual).

    :param actual: as the service has it: start, interval and end.
    :param next_run: the service's next run of the timer, where it says one.
    """
    found: list[tuple[str, object, object]] = []
    if wanted.interval != actual.interval:
        found.append(("interval", _interval_or_none(wanted), _interval_or_none(actual)))
    elif actual.start is not None or next_run is not None:
        found += _phase_differences(wanted, replace(actual, start=actual.start or next_run), next_run, now)
    if wanted.interval is not None and (wanted.end_count, wanted.end_datetime) != (
        actual.end_count,
        actual.end_datetime,
    ):
        found.append(("end", end_as_option(wanted), end_as_option(actual)))
    return found


def _interval_or_none(schedule: Schedule) -> str | None:
    return None if schedule.interval is None else format_interval(schedule.interval)


def end_as_option(schedule: Schedule) -> dict[str, object] | None:
    """The end as the option ``end`` spells it, or None."""
    if schedule.end_count is not None:
        return {"count": schedule.end_count}
    if schedule.end_datetime is not None:
        return {"datetime": format_instant(schedule.end_datetime)}
    return None


def _phase_differences(
    wanted: Schedule, actual: Schedule, next_run: datetime | None, now: datetime
) -> list[tuple[str, object, object]]:
    if wanted.at is not None:
        return _wall_differences(wanted, actual, next_run, now)
    if wanted.start is None or _same_start(wanted, actual, next_run, now):
        return []
    assert actual.start is not None
    shown = actual.start
    if actual.interval is not None and wanted.start > now:
        shown = next_run or next_tick(actual.start, actual.interval, now)
    return [("start", format_instant(wanted.start), format_instant(shown))]


def _same_start(wanted: Schedule, actual: Schedule, next_run: datetime | None, now: datetime) -> bool:
    """Rule D2, and D4 for a start that is a wall time."""
    assert wanted.start is not None
    assert actual.start is not None
    if wanted.interval is None:
        return wanted.start == actual.start
    interval = timedelta(seconds=wanted.interval)
    coming = next_run or next_tick(actual.start, wanted.interval, now)
    reference = _wall_reference(wanted)
    if wanted.follow and reference is not None and _excess_at(coming, wanted, reference):
        return False
    if wanted.start > now:
        if wanted.start in (actual.start, coming):
            return True
        allowed = _anchored_wall(coming, actual, wanted), _anchored_wall(actual.start, actual, wanted)
        wall = to_wall(wanted.start, wanted.zone)
        if reference is not None and wall in allowed:
            return True
        return _is_leap_shift(wanted, actual, wall - allowed[0])
    if actual.start > now + interval:
        return False
    if (actual.start - wanted.start) % interval == timedelta(0):
        return True
    return reference is not None and not _excess_at(actual.start, wanted, reference)


def _anchored_wall(moment: datetime, actual: Schedule, wanted: Schedule) -> datetime:
    """The wall time of a tick as the zone's clock ran when the timer was anchored (at its start).

    An interval in seconds cannot follow a clock change, so a timer anchored at 02:00 in winter runs at 03:00 in
    summer and still means 02:00 (rule D4, ``ignore``).
    """
    assert actual.start is not None
    offset = actual.start.astimezone(ZoneInfo(wanted.zone)).utcoffset() or timedelta(0)
    return moment.replace(tzinfo=None) + offset


def _is_leap_shift(wanted: Schedule, actual: Schedule, shift: timedelta) -> bool:
    """Whether a 365-day schedule only moved away from its calendar date by leap days (rule D4)."""
    assert wanted.start is not None
    assert actual.start is not None
    if wanted.interval != YEAR or wanted.follow:
        return False
    days, rest = divmod(shift, timedelta(days=1))
    return rest == timedelta(0) and 0 < days <= max(1, _leap_days(actual.start.date(), wanted.start.date()))


def _leap_days(first: date, last: date) -> int:
    """How many 29 February lie after ``first`` and not after ``last``."""
    return sum(1 for year in range(first.year, last.year + 1) if isleap(year) and first < date(year, 2, 29) <= last)


def _wall_differences(
    wanted: Schedule, actual: Schedule, next_run: datetime | None, now: datetime
) -> list[tuple[str, object, object]]:
    """Rule D4 for ``at`` and ``weekday``: ``ignore`` looks at the start, where the timer was anchored; ``follow`` at
    the next tick. Looking at the start, and not at every offset the zone has, keeps a change of ``at`` by one hour
    visible.
    """
    assert wanted.at is not None
    assert actual.start is not None
    moment = actual.start
    if wanted.follow and actual.interval is not None:
        moment = next_run if next_run is not None and next_run > now else next_tick(moment, actual.interval, now)
    reference = _wall_reference(wanted)
    assert reference is not None
    found: list[tuple[str, object, object]] = []
    anchor, modulo = reference
    if _excess_at(moment, wanted, (anchor, math.gcd(modulo, DAY))):
        wall = to_wall(moment, wanted.zone)
        shown = wall.hour * HOUR + wall.minute * MINUTE + wall.second
        found.append(("at", format_time_of_day(wanted.at), format_time_of_day(shown)))
    # a 365-day timer moves through the week, so only its first run can be on the weekday
    day = actual.start if actual.interval == YEAR else moment
    wall_day = to_wall(day, wanted.zone)
    if wanted.weekday is not None and wall_day.weekday() != wanted.weekday:
        found.append(("weekday", WEEKDAYS[wanted.weekday], WEEKDAYS[wall_day.weekday()]))
    return found


def _wall_reference(schedule: Schedule) -> tuple[datetime, int] | None:
    """A wall time at which the schedule runs, and the wall seconds after which it runs again.

    None where the schedule is not tied to the wall clock: a start with an offset, or an interval that neither divides
    a day nor is whole days.
    """
    interval = schedule.interval or DAY
    if DAY % interval and interval % DAY:
        return None
    if schedule.at is not None:
        anchor = _MONDAY + timedelta(days=schedule.weekday or 0, seconds=schedule.at)
        return anchor, WEEK if schedule.weekday is not None else min(interval, DAY)
    if schedule.wall_start and schedule.start is not None:
        return to_wall(schedule.start, schedule.zone), interval
    return None


def _excess(wall: datetime, anchor: datetime, modulo: int) -> timedelta:
    return (wall - anchor) % timedelta(seconds=modulo)


def _excess_at(moment: datetime, schedule: Schedule, reference: tuple[datetime, int]) -> timedelta:
    """By how much the moment is off the wall grid; zero also for a wall time that a clock change moved there."""
    wall = to_wall(moment, schedule.zone)
    excess = _excess(wall, *reference)
    return timedelta(0) if from_wall(wall - excess, schedule.zone) == moment else excess


def _next_wall_tick(schedule: Schedule, after: datetime) -> datetime:
    """The first moment later than ``after`` on the schedule's wall grid, not before its start."""
    reference = _wall_reference(schedule)
    assert reference is not None
    step = timedelta(seconds=reference[1])
    wall = to_wall(after, schedule.zone)
    # from one day back: around a clock change the wall clock does not run evenly
    wall -= _excess(wall, *reference) + max(step, timedelta(days=1))
    while from_wall(wall, schedule.zone) <= after:
        wall += step
    return from_wall(wall, schedule.zone)
