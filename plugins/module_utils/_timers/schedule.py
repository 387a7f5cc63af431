# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Schedules: what users write, what the service runs, and whether the two mean the same. Pure: no input or output.

The Timers service knows a start and an interval in seconds, and no time zone: a timer ticks at start + n x interval
(facts, "When it runs"). So a time of day in a zone becomes the next moment with this local time. Later the timer's
start and interval are compared with what the user meant (rules D1 to D5).

All moments are aware datetimes in UTC, in whole seconds. A "wall time" is a naive datetime, as a clock on the wall
shows it in the schedule's zone. A wall time that a clock change skips is read with the offset before the change (02:30
becomes 03:30). A wall time that exists twice means the first of the two.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

UTC = timezone.utc
MINUTE, HOUR, DAY, WEEK = 60, 3600, 86400, 7 * 86400
YEAR = 365 * DAY
INTERVAL_MINIMUM = MINUTE
INTERVAL_MAXIMUM = YEAR
# If a first run is so near that it could not be requested, or would come before the pause, the timer gets the next run
# as its first. So a start that is this near counts as past.
START_DELAY = timedelta(minutes=10)
HISTORY = timedelta(days=90)  # how long the service remembers a timer that has ended
# A run starts some time after its tick. If the start fails, Globus repeats it for up to 45 minutes.
OVERDUE_AFTER = timedelta(minutes=50)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_UNITS = {"w": WEEK, "d": DAY, "h": HOUR, "m": MINUTE, "s": 1}
_INTERVAL = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
MONDAY = datetime(2001, 1, 1)  # noqa: DTZ001 - a wall time, in whichever zone the schedule has
_LEAP_YEAR = 2000  # it has every date of the calendar


@dataclass(frozen=True)
class Schedule:
    """When a timer runs.

    The service's own schedules have only an interval, a start and an end. The other values come from users.

    :ivar interval: seconds between two runs; None for a timer that runs once.
    :ivar start: the first run; None means when the timer is created (rule D3).
    :ivar wall_start: the wall time in ``zone`` that ``start`` means, if it was written without an offset; or None.
    :ivar at: the local time of day of the runs, in seconds after midnight, or None.
    :ivar weekday: 0 (Monday) to 6, or None.
    :ivar zone: IANA name of the time zone.
    :ivar follow: whether the runs follow the zone's clock changes (``daylight_saving: follow``).
    :ivar end_count: the number of runs, or None.
    :ivar end_datetime: the moment after which the timer no longer runs, or None.
    """

    interval: int | None = None
    start: datetime | None = None
    wall_start: datetime | None = None
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
    text = str(value).strip()
    if re.fullmatch(r"\d+(\.0+)?", text):
        return int(text.partition(".")[0])
    match = _INTERVAL.fullmatch(text)
    if not text or not match:
        raise ValueError(f"not an interval: {value!r}")
    return sum(int(number) * unit for number, unit in zip(match.groups(), _UNITS.values()) if number)


def format_interval(seconds: int) -> str:
    """A spelling that people use and ``parse_interval`` reads back: ``2w``, ``10d``, ``1h30m``."""
    if seconds and seconds % WEEK == 0:
        return f"{seconds // WEEK}w"
    text, rest = "", seconds
    for name in ("d", "h", "m", "s"):
        number, rest = divmod(rest, _UNITS[name])
        text += f"{number}{name}" if number else ""
    return text or "0s"


def keeps_time_of_day(interval: int) -> bool:
    """Whether the timer runs at the same times of day on every day on which it runs (rule L1a)."""
    return DAY % interval == 0 or interval % DAY == 0


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


def parse_instant(text: str, zone: str = "UTC") -> tuple[datetime, datetime | None]:
    """The moment in an ISO 8601 text and, if the text has no offset, the wall time in ``zone`` that it means.

    Raises ValueError or OverflowError for any other text.
    """
    text = text.strip()
    if text[-1:] in ("Z", "z"):
        text = text[:-1] + "+00:00"
    # datetime.fromisoformat of Python 3.10 and older wants 3 or 6 digits of fraction and a colon in the offset
    text = re.sub(r"\.\d+", "", text)
    text = re.sub(r"(?<=:\d\d)([+-]\d\d)(\d\d)?$", lambda match: f"{match[1]}:{match[2] or '00'}", text)
    moment = datetime.fromisoformat(text).replace(microsecond=0)
    if moment.tzinfo is None:
        return from_wall(moment, zone), moment
    return moment.astimezone(UTC), None


def format_instant(moment: datetime) -> str:
    """ISO 8601 in UTC as the service writes it: ``2026-12-01T08:00:00+00:00``."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def format_local(moment: datetime, zone: str) -> str:
    """ISO 8601 as a clock in the zone shows it, with its offset: ``2026-12-01T02:00:00-06:00``."""
    return moment.astimezone(find_zone(zone)).isoformat(timespec="seconds")


# --- zones ---------------------------------------------------------------------------------------------------------


_UTC_NAMES = ("UTC", "Etc/UTC")


def find_zone(name: str) -> tzinfo:
    """The time zone of an IANA name. UTC needs no time-zone data (rule N7).

    Raises KeyError, ValueError or OSError if no zone has this name, or the host has no data.
    """
    return UTC if name in _UTC_NAMES else ZoneInfo(name)


def has_zone_data() -> bool:
    """Whether this host knows any time zones."""
    return bool(available_timezones())


def to_wall(moment: datetime, zone: str) -> datetime:
    """The wall time in the zone at that moment."""
    return moment.astimezone(find_zone(zone)).replace(tzinfo=None)


def from_wall(wall: datetime, zone: str) -> datetime:
    """The moment at which a clock in the zone shows ``wall``: the first of two, or later if a change skips it."""
    return wall.replace(tzinfo=find_zone(zone), fold=0).astimezone(UTC)


def _offset(moment: datetime, zone: str) -> timedelta:
    return moment.astimezone(find_zone(zone)).utcoffset() or timedelta(0)


def _offsets_of(moment: datetime, zone: str) -> Iterator[timedelta]:
    """The zone's offset at the moment. If the moment can also mean a wall time that a clock change skipped (03:30 for
    02:30), then also the offset before that change.
    """
    offset = _offset(moment, zone)
    yield offset
    earlier = _offset(moment - timedelta(days=1), zone)  # no change skips more than the day that Apia lost in 2011
    if earlier < offset and from_wall(moment.replace(tzinfo=None) + earlier, zone) == moment:
        yield earlier


@lru_cache(maxsize=64)  # hundreds of timers share a few zones, and one moment
def _gaps(zone: str, begin: datetime, end: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """The wall times that clock changes skip between two moments, as pairs: the first skipped one, and the first one
    after them."""
    found = []
    day = timedelta(days=1)
    while begin < end:
        before, after = _offset(begin, zone), _offset(begin + day, zone)
        if before < after:
            low, high = 0, DAY  # seconds: the change comes later than low, and at high at the latest
            while high - low > 1:
                middle = (low + high) // 2
                if _offset(begin + timedelta(seconds=middle), zone) == before:
                    low = middle
                else:
                    high = middle
            change = (begin + timedelta(seconds=high)).replace(tzinfo=None)
            found.append((change + before, change + after))
        begin += day
    return tuple(found)


@dataclass(frozen=True)
class _Grid:
    """The wall times that ``at``, ``weekday`` or a ``start`` without offset ask for, in equal steps.

    :ivar anchor: one of these wall times.
    :ivar step: seconds by the clock on the wall from one to the next.
    """

    anchor: datetime
    step: int
    zone: str

    def excess(self, wall: datetime) -> timedelta:
        """The time from the last wall time of the grid to ``wall``."""
        return (wall - self.anchor) % timedelta(seconds=self.step)

    def every_day(self) -> _Grid:
        """The same times of day, on every day."""
        return replace(self, step=math.gcd(self.step, DAY))

    def wall(self, moment: datetime) -> datetime | None:
        """The wall time of the grid that the moment means, or None if it means none."""
        for offset in _offsets_of(moment, self.zone):
            wall = moment.replace(tzinfo=None) + offset
            if not self.excess(wall):
                return wall
        return None

    def after(self, moment: datetime) -> datetime:
        """The next moment of the grid after ``moment``; around a clock change it may be the next but one."""
        step = timedelta(seconds=self.step)
        wall = to_wall(moment, self.zone)
        wall -= self.excess(wall)
        while from_wall(wall, self.zone) <= moment:
            wall += step
        return from_wall(wall, self.zone)

    def nearest(self, moment: datetime) -> datetime:
        """The moment of the grid nearest to ``moment``, by the clock on the wall."""
        wall = to_wall(moment, self.zone)
        excess = self.excess(wall)
        step = timedelta(seconds=self.step)
        return from_wall(wall - excess + (step if 2 * excess > step else timedelta(0)), self.zone)


def _grid(schedule: Schedule) -> _Grid | None:
    """The wall times at which the schedule runs.

    None if it does not depend on the clock on the wall: its start has an offset, or its interval is neither whole days
    nor a whole fraction of a day.
    """
    interval = schedule.interval or DAY
    if not keeps_time_of_day(interval):
        return None
    if schedule.at is not None:
        anchor = MONDAY + timedelta(days=schedule.weekday or 0, seconds=schedule.at)
        return _Grid(anchor, WEEK if schedule.weekday is not None else min(interval, DAY), schedule.zone)
    if schedule.wall_start is not None:
        return _Grid(schedule.wall_start, interval, schedule.zone)
    return None


# --- ticks ---------------------------------------------------------------------------------------------------------


def next_tick(start: datetime, interval: int, after: datetime) -> datetime:
    """The first tick later than ``after`` among start + n x interval, n >= 0."""
    if start > after:
        return start
    passed = (after - start) // timedelta(seconds=interval)
    return start + timedelta(seconds=interval) * (passed + 1)


def last_tick(schedule: Schedule, until: datetime) -> datetime | None:
    """The last tick up to ``until`` of a schedule of the service; None if its start is later or not known."""

    if schedule.start is None or schedule.start > until:
        return None
    if schedule.end_datetime is not None:
        until = max(schedule.start, min(until, schedule.end_datetime))
    if schedule.interval is None:
        return schedule.start
    interval = timedelta(seconds=schedule.interval)
    return schedule.start + (until - schedule.start) // interval * interval


def first_run(schedule: Schedule, after: datetime, keep: datetime | None = None) -> datetime | None:
    """The start to send to the service: the schedule's next run after ``after``.

    None if the schedule leaves the start open. The start of a schedule that runs once is returned even if it is past:
    see ``over_since``. The past start of a recurring schedule is moved forward by whole intervals (rule D2) or, with
    ``follow``, to the next such wall time.

    :param keep: the next tick of the timer that is replaced. If the interval is two days or more, ``at`` does not say
        on which days the timer runs: then the new timer keeps the days of the old one (rule W4).
    """
    grid = _grid(schedule)
    if schedule.at is not None and grid is not None:
        if keep is None or schedule.interval is None or schedule.interval <= grid.step:
            return grid.after(after)
        interval = timedelta(seconds=schedule.interval)
        keep -= (keep - after) // interval * interval
        while grid.nearest(keep) <= after:
            keep += interval
        return grid.nearest(keep)
    if schedule.start is None or schedule.interval is None or schedule.start > after:
        return schedule.start
    if schedule.follow and grid is not None:
        return grid.after(after)
    return next_tick(schedule.start, schedule.interval, after)


def ticks(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """The runs of a timer that is created just after ``after``; endless unless the schedule ends.

    With ``start`` and ``end_count``, the runs before ``after`` count. With ``daylight_saving: follow``, the runs are
    those that result if the play runs between any two ticks.
    """
    if schedule.interval is None:
        run = first_run(schedule, after)
        if run is None or run > after:
            yield run or after
        return
    interval = timedelta(seconds=schedule.interval)
    grid = _grid(schedule) if schedule.follow else None
    tick = first_run(schedule, after) or after
    count = 0
    if schedule.start is not None and schedule.start <= after:
        if grid is None:
            count = (after - schedule.start) // interval + 1
        else:
            count = (to_wall(after, schedule.zone) - to_wall(schedule.start, schedule.zone)) // interval + 1
    while schedule.end_count is None or count < schedule.end_count:
        if schedule.end_datetime is not None and tick > schedule.end_datetime:
            return
        yield tick
        count += 1
        try:
            tick = tick + interval if grid is None else _following(schedule, grid, tick)
        except OverflowError:
            return  # the end of the calendar


def _following(schedule: Schedule, grid: _Grid, tick: datetime) -> datetime:
    """The run after ``tick`` if the schedule follows clock changes: one interval later, or moved by a play."""
    following = tick + timedelta(seconds=schedule.interval or 0)
    if _later_runs(schedule, grid).wall(following) is None:
        return first_run(schedule, tick, keep=following) or following
    return following


def _later_runs(schedule: Schedule, grid: _Grid) -> _Grid:
    """The wall times of the runs after the first. A 365-day timer moves through the week, so only its first run is on
    the weekday, and the later ones keep the time of day.
    """
    return grid.every_day() if schedule.interval == YEAR and schedule.weekday is not None else grid


def over_since(schedule: Schedule, now: datetime) -> datetime | None:
    """The last run of a definition whose runs are all past (rule D5), or None."""
    if schedule.interval is None:
        return schedule.start if schedule.start is not None and schedule.start < now else None
    interval = timedelta(seconds=schedule.interval)
    if schedule.end_datetime is not None:
        if schedule.end_datetime < now:
            return schedule.end_datetime
        coming = first_run(schedule, now)
        if coming is None or coming <= schedule.end_datetime:
            return None
        grid = _grid(schedule)
        if schedule.at is not None and grid is not None:
            return from_wall(to_wall(coming, schedule.zone) - timedelta(seconds=grid.step), schedule.zone)
        return coming - interval
    if schedule.end_count is not None and schedule.start is not None and schedule.start < now:
        # min(): a large count times the interval would exceed Python's calendar
        passed = (now - schedule.start) // interval
        last = schedule.start + interval * min(schedule.end_count - 1, passed)
        return last if passed >= schedule.end_count - 1 and last < now else None
    return None


def skipped_runs(schedule: Schedule, start: datetime | None, now: datetime) -> list[tuple[datetime, datetime]]:
    """The runs of the next year whose wall time a clock change skips: that wall time, and the one of the run.

    Runs that move to another wall time of the schedule are left out, such as hourly ones: nobody notices that. Without
    ``daylight_saving: follow`` all runs of half of the year are an hour off, so a single one is not worth a warning.

    :param start: the first run of the timer.
    """
    grid = _grid(schedule)
    if grid is None or start is None:
        return []
    first = grid.wall(start) or to_wall(start, schedule.zone)
    if schedule.interval is None:
        shown = to_wall(start, schedule.zone)
        return [(first, shown)] if shown != first else []
    if not schedule.follow:
        return []
    end = now + timedelta(days=366)
    if schedule.interval == YEAR:
        walls = _first_two_walls(schedule, grid, start)
    else:
        walls = _walls_in_gaps(first, schedule.interval, _gaps(schedule.zone, now, end))
    later = _later_runs(schedule, grid)
    found = []
    for number, wall in walls:
        run = from_wall(wall, schedule.zone)
        shown = to_wall(run, schedule.zone)
        is_over = schedule.end_datetime is not None and run > schedule.end_datetime
        is_over = is_over or (schedule.end_count is not None and number >= schedule.end_count)
        if later.excess(shown) and run < end and not is_over:
            found.append((wall, shown))
    return found


def _walls_in_gaps(
    first: datetime, interval: int, gaps: Iterable[tuple[datetime, datetime]]
) -> Iterator[tuple[int, datetime]]:
    """The wall times first + n x interval that lie in the gaps, each with its n."""
    step = timedelta(seconds=interval)
    for begin, end in gaps:
        number = max(0, -((first - begin) // step))
        while first + number * step < end:
            yield number, first + number * step
            number += 1


def _first_two_walls(schedule: Schedule, grid: _Grid, start: datetime) -> Iterator[tuple[int, datetime]]:
    """The wall times that the first two runs of a 365-day schedule mean. The next year has no further run."""
    later = _later_runs(schedule, grid)
    for number, run in enumerate((start, _following(schedule, grid, start))):
        yield number, later.wall(run) or to_wall(run, schedule.zone)


def runs_per_minute(schedule: Schedule) -> float:
    """How often a schedule runs in a minute; 0 for one that runs once (rule L2)."""
    return MINUTE / schedule.interval if schedule.interval else 0.0


# --- comparison ----------------------------------------------------------------------------------------------------


def differences(
    wanted: Schedule, actual: Schedule, next_run: datetime | None, now: datetime
) -> list[tuple[str, object, object]]:
    """The options in which the service's schedule differs in meaning from the wanted one: (option, wanted, actual).

    :param actual: the service's schedule: start, interval and end.
    :param next_run: the timer's next run according to the service. It is used if the service gives no start.
    """
    found: list[tuple[str, object, object]] = []
    if wanted.interval != actual.interval:
        found.append(("interval", _interval_or_none(wanted), _interval_or_none(actual)))
    elif start := actual.start or next_run:
        found += _phase_differences(wanted, start, now)
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


def _phase_differences(wanted: Schedule, start: datetime, now: datetime) -> list[tuple[str, object, object]]:
    """The differences of two schedules with the same interval: whether they run at the same times.

    :param start: the start of the timer, which determines its ticks.
    """
    grid = _grid(wanted)
    if wanted.at is not None and grid is not None:
        return _wall_differences(wanted, wanted.at, grid, start, now)
    if wanted.start is None or _is_same_start(wanted, wanted.start, start, now):
        return []
    coming = _next_tick_from(start, wanted.interval, now)
    if wanted.follow and grid is not None and grid.wall(coming) is None:
        # The two starts may be the same moment. The local times of the next runs differ.
        return [("start", format_local(grid.nearest(coming), wanted.zone), format_local(coming, wanted.zone))]
    shown = coming if wanted.start > now else start
    return [("start", format_instant(wanted.start), format_instant(shown))]


def _next_tick_from(start: datetime, interval: int | None, now: datetime) -> datetime:
    """The timer's next tick, computed from its start. The service's own ``next_run`` is late or missing while the timer
    is inactive or makes up for a missed run.
    """
    return start if interval is None else next_tick(start, interval, now)


def _is_same_start(wanted: Schedule, first: datetime, start: datetime, now: datetime) -> bool:
    """Whether a timer runs at the times that the wanted start gives (rule D2; D4 for a wall time).

    :param first: the wanted start.
    :param start: the start of the timer.
    """
    if wanted.interval is None:
        return first == start
    grid = _grid(wanted)
    if wanted.follow and grid is not None and grid.wall(_next_tick_from(start, wanted.interval, now)) is None:
        return False
    if first > now and same_future_start(wanted, first, start, now):
        return True
    return first <= now + START_DELAY and same_phase(wanted, first, start, now)


def same_future_start(wanted: Schedule, first: datetime, start: datetime, now: datetime) -> bool:
    """Whether a recurring timer starts, or runs next, at a wanted start in the future (rule D2).

    Starts that depend on the clock on the wall are compared by their wall times (rule D4), and starts of a 365-day
    schedule by their dates. So the last tick may count, too: because of a leap day it came a day early.
    """
    coming = _next_tick_from(start, wanted.interval, now)
    if first == coming:
        return True
    is_wall = _grid(wanted) is not None
    zone = wanted.zone if is_wall else "UTC"
    wall = wanted.wall_start or to_wall(first, zone)
    if is_wall and wall in (*_anchored_walls(coming, start, zone), *_anchored_walls(start, start, zone)):
        return True
    if wanted.interval != YEAR or wanted.follow:
        return False
    half_a_year = timedelta(seconds=YEAR) / 2
    if first - coming > half_a_year or (start > now and coming - first > half_a_year):
        return False
    dates = [wall]
    if first + timedelta(days=1) > now + timedelta(seconds=YEAR):  # its own date may have been too far away
        dates.append(wall - timedelta(seconds=YEAR))
    return any(is_meant_for(run, date) for run in _anchored_walls(start, start, zone) for date in dates)


def same_phase(wanted: Schedule, first: datetime, start: datetime, now: datetime) -> bool:
    """Whether a recurring timer runs at the wanted start, which is past, plus whole intervals (rule D2).

    Starts that depend on the clock on the wall are compared by their wall times (rule D4), and starts of a 365-day
    schedule by the dates of their next runs.
    """
    interval = timedelta(seconds=wanted.interval or 0)
    grid = _grid(wanted)
    latest = now + interval if grid is None else max(now + interval, grid.after(now))
    if start > latest + START_DELAY:
        return False  # it runs, but later than the wanted schedule
    if (start - first) % interval == timedelta(0):
        return True
    if grid is None:
        return False
    if grid.wall(start) is not None:
        return True
    if wanted.interval != YEAR or wanted.follow:
        return False
    coming = grid.after(now)
    wall = grid.wall(coming) or to_wall(coming, wanted.zone)
    dates = (wall, wall - timedelta(seconds=YEAR))  # the definition's next run too may be one interval after its date
    anchored = _anchored_walls(start, start, wanted.zone)
    return any(is_meant_for(run, date) for run in anchored for date in dates)


def is_meant_for(run: datetime, date: datetime) -> bool:
    """Whether a run of a 365-day timer can mean a date of the calendar, such as 1 December (rule D4).

    365 days after 1 December it is 1 December again, or 30 November if a leap day lies between. So a run means its own
    date or the date 365 days earlier. In the second case the timer was created just after that date, and its start is
    one interval later, because the service accepts no start that is further away.

    :param run: the first run of the timer, as a wall time.
    :param date: the date and the time of day, in any year.
    """
    dates = (run, run - timedelta(seconds=YEAR))
    return any(one.replace(year=_LEAP_YEAR) == date.replace(year=_LEAP_YEAR) for one in dates)


def _anchored_walls(moment: datetime, start: datetime, zone: str) -> list[datetime]:
    """The wall time of a tick, by the zone's offset at the timer's start.

    An interval in seconds cannot follow a clock change: a timer that started at 02:00 in winter runs at 03:00 in summer
    and still means 02:00 (rule D4, ``ignore``). If a clock change skipped the wall time of the start, there are two.
    """
    return [moment.replace(tzinfo=None) + offset for offset in _offsets_of(start, zone)]


def _wall_differences(
    wanted: Schedule, at: int, grid: _Grid, start: datetime, now: datetime
) -> list[tuple[str, object, object]]:
    """Rule D4 for ``at`` and ``weekday``: ``ignore`` compares the timer's start, ``follow`` its next tick.

    The offset of the start alone counts. If all offsets of the zone did, a change of ``at`` by an hour would not show.
    """
    moment = _next_tick_from(start, wanted.interval, now) if wanted.follow else start
    found: list[tuple[str, object, object]] = []
    if grid.every_day().wall(moment) is None:
        wall = to_wall(moment, wanted.zone)
        shown = wall.hour * HOUR + wall.minute * MINUTE + wall.second
        found.append(("at", format_time_of_day(at), format_time_of_day(shown)))
    day = start if wanted.interval == YEAR else moment  # see _later_runs
    weekday = (grid.wall(day) or to_wall(day, wanted.zone)).weekday()
    if wanted.weekday is not None and weekday != wanted.weekday:
        found.append(("weekday", WEEKDAYS[wanted.weekday], WEEKDAYS[weekday]))
    return found
