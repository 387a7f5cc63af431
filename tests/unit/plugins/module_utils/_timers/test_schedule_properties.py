# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every schedule, in every zone, whenever the play runs (D1 to D4).

A timer is played without a service: it starts at the first run that would be sent, and ticks at start + n x interval.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile
from typing import Any

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ansible_collections.research_ops.globus.plugins.module_utils._timers import schedule as _schedule
from ansible_collections.research_ops.globus.plugins.module_utils._timers.definition import Definition
from ansible_collections.research_ops.globus.plugins.module_utils._timers.document import write_timer
from ansible_collections.research_ops.globus.plugins.module_utils._timers.options import parse_schedule
from ansible_collections.research_ops.globus.plugins.module_utils._timers.schedule import DAY, WEEK, YEAR, Schedule
from emulator.plain import MAPPED, MAPPED_TOO, timer_scope
from emulator.state import Emulator, Token
from emulator.timers import create_timer
from emulator.world import load
from unit.samples import definition, sample

ZONES = (
    "UTC",
    "America/Chicago",
    "America/Havana",  # changes at midnight
    "America/Nuuk",  # skips the last hour of a Saturday
    "America/Santiago",  # summer is winter
    "Africa/Casablanca",  # back for Ramadan
    "Asia/Kolkata",  # never changes
    "Australia/Lord_Howe",  # by half an hour
    "Europe/Berlin",
    "Europe/London",
    "Pacific/Chatham",  # UTC+12:45
)
SETTINGS = settings(max_examples=300, deadline=None)

# Years whose clock changes are history or rule, with a leap year among them.
# Hypothesis takes them without a zone.
moments = st.datetimes(datetime(2023, 6, 1), datetime(2029, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
zones = st.sampled_from(ZONES)
later = st.one_of(
    st.sampled_from([timedelta(0), timedelta(days=1), timedelta(days=30), timedelta(days=365)]),
    st.timedeltas(timedelta(0), timedelta(days=1000)).map(
        lambda delta: timedelta(seconds=delta // timedelta(seconds=1))
    ),
)
seconds_of_day = st.one_of(
    st.sampled_from([hour * 3600 + minute * 60 for hour in (0, 1, 2, 23) for minute in (0, 15, 30)]),
    st.integers(0, DAY - 1),
)
intervals = st.one_of(st.sampled_from([60, 3600, DAY, 2 * DAY, WEEK, 28 * DAY, YEAR]), st.integers(60, YEAR))
PARTS_OF_A_DAY = [seconds for seconds in range(60, DAY) if DAY % seconds == 0]
day_intervals = st.one_of(
    st.sampled_from(PARTS_OF_A_DAY),
    st.sampled_from([DAY, 2 * DAY, WEEK]),
    st.integers(1, 365).map(lambda days: days * DAY),
)
week_intervals = st.one_of(st.integers(1, 52).map(lambda weeks: weeks * WEEK), st.just(YEAR))
follow_or_not = st.sampled_from(["ignore", "follow"])


@st.composite
def with_at(draw: st.DrawFn, *, least: int = 60) -> dict[str, Any]:
    """A schedule of a local time of day."""
    options: dict[str, Any] = {
        "at": _schedule.format_time_of_day(draw(seconds_of_day)),
        "timezone": draw(zones),
        "interval": draw(day_intervals.filter(lambda interval: interval >= least)),
    }
    if draw(st.booleans()):
        options.update(weekday=draw(st.sampled_from(_schedule.WEEKDAYS)), interval=draw(week_intervals))
    return options


@st.composite
def with_start(draw: st.DrawFn) -> dict[str, Any]:
    """A schedule with a start: an instant, or a wall time of the zone."""
    start = draw(moments)
    wall = draw(st.booleans())
    return {
        "start": start.replace(tzinfo=None).isoformat() if wall else start.isoformat(),
        "timezone": draw(zones),
        "interval": draw(intervals),
    }


@dataclass(frozen=True)
class Played:
    """A timer as the service would have it."""

    schedule: Schedule

    def next_run(self, now: datetime) -> datetime:
        assert self.schedule.start is not None
        assert self.schedule.interval is not None
        return _schedule.next_tick(self.schedule.start, self.schedule.interval, now)

    def differences(self, options: dict[str, Any], now: datetime) -> list[str]:
        """What a play at ``now`` finds different from its definition."""
        wanted = parse_schedule(options, now)
        found = _schedule.differences(wanted, self.schedule, self.next_run(now), now)
        assert not [one for one in found if one[1] == one[2]], "what is wanted and what is there read the same"
        return [one[0] for one in found]


def play(options: dict[str, Any], now: datetime, replaced: Played | None = None) -> Played:
    """The timer that a play at ``now`` creates."""
    wanted = parse_schedule(options, now)
    keep = None if replaced is None else replaced.next_run(now)
    start = _schedule.first_run(wanted, now, keep=keep)
    return Played(Schedule(interval=wanted.interval, start=start or now))


def within_reach(options: dict[str, Any], now: datetime) -> None:
    """The service takes no start more than a year away."""
    assume(_schedule.parse_instant(options["start"], options["timezone"])[0] <= now + timedelta(days=365))


def offset(zone: str, moment: datetime) -> timedelta:
    return _schedule.to_wall(moment, zone) - moment.replace(tzinfo=None)


# --- D2 to D4: a second run ----------------------------------------------------------------------------------------


@SETTINGS
@given(with_at(), moments, later)
def test_d4_a_second_run_changes_nothing_of_a_local_time(
    options: dict[str, Any], now: datetime, after: timedelta
) -> None:
    assert play(options, now).differences(options, now + after) == []


@SETTINGS
@given(with_start(), moments, later)
def test_d2_a_second_run_changes_nothing_of_a_start(options: dict[str, Any], now: datetime, after: timedelta) -> None:
    within_reach(options, now)
    assert play(options, now).differences(options, now + after) == []


@SETTINGS
@given(intervals, moments, later, follow_or_not)
def test_d3_a_second_run_changes_nothing_of_an_open_start(
    interval: int, now: datetime, after: timedelta, daylight_saving: str
) -> None:
    options = {"interval": interval, "daylight_saving": daylight_saving}
    assert play(options, now).differences(options, now + after) == []


@SETTINGS
@given(with_start(), moments, later)
def test_d2_what_the_service_shows_given_back_is_the_same(
    options: dict[str, Any], now: datetime, after: timedelta
) -> None:
    """A timer that was taken over: its start and interval as the definition."""
    within_reach(options, now)
    timer = play(options, now)
    assert timer.schedule.start is not None
    taken_over = {"interval": options["interval"], "start": _schedule.format_instant(timer.schedule.start)}
    assert timer.differences(taken_over, now + after) == []


@SETTINGS
@given(with_at(least=DAY), seconds_of_day, moments, later)
def test_d4_ignore_sees_every_edit_of_the_time(
    options: dict[str, Any], other: int, now: datetime, after: timedelta
) -> None:
    edited = {**options, "at": _schedule.format_time_of_day(other)}
    assume(edited["at"] != options["at"])
    timer = play(options, now)
    assert timer.schedule.start is not None
    # a start at a skipped time is that time, and the one at which it came
    wall = _schedule.to_wall(timer.schedule.start, options["timezone"])
    assume(_schedule.format_time_of_day(wall.hour * 3600 + wall.minute * 60 + wall.second) == options["at"])
    assume(
        offset(options["timezone"], timer.schedule.start - timedelta(hours=2))
        == wall - timer.schedule.start.replace(tzinfo=None)
    )
    assert "at" in timer.differences(edited, now + after)


@SETTINGS
@given(with_start(), moments, st.integers(1, YEAR), later)
def test_d2_every_edit_of_an_instant_is_seen(
    options: dict[str, Any], now: datetime, shift: int, after: timedelta
) -> None:
    within_reach(options, now)
    start = _schedule.parse_instant(options["start"], options["timezone"])[0]
    as_instant = {**options, "start": start.isoformat()}
    edited = {**options, "start": (start - timedelta(seconds=shift)).isoformat()}
    assume(shift % options["interval"])
    now_later = max(now, start) + after
    assert play(as_instant, now).differences(edited, now_later) == ["start"]


# --- D2: rolling forward -------------------------------------------------------------------------------------------


@SETTINGS
@given(with_start(), moments)
def test_d2_rolling_forward_keeps_the_phase(options: dict[str, Any], now: datetime) -> None:
    within_reach(options, now)
    wanted = parse_schedule(options, now)
    first = _schedule.first_run(wanted, now)
    interval = timedelta(seconds=options["interval"])
    assert wanted.start is not None
    assert first is not None
    assert first > now
    assert (first - wanted.start) % interval == timedelta(0)
    assert first >= wanted.start
    assert first == wanted.start or first - interval <= now


@SETTINGS
@given(with_at(), moments)
def test_d4_the_first_run_is_the_next_such_local_time(options: dict[str, Any], now: datetime) -> None:
    wanted = parse_schedule(options, now)
    first = _schedule.first_run(wanted, now)
    assert first is not None
    assert now < first <= now + timedelta(days=9 if "weekday" in options else 2)
    wall = _schedule.to_wall(first, wanted.zone)
    assert wanted.at is not None
    excess = (wall.hour * 3600 + wall.minute * 60 + wall.second - wanted.at) % min(options["interval"], DAY)
    if excess:  # a clock change has just skipped the time
        before = offset(wanted.zone, first - timedelta(hours=2))
        assert before < offset(wanted.zone, first)
        assert excess == (offset(wanted.zone, first) - before).seconds
    elif "weekday" in options:
        assert _schedule.WEEKDAYS[wall.weekday()] == options["weekday"]


# --- D4: ignore and follow -----------------------------------------------------------------------------------------


@SETTINGS
@given(st.one_of(with_at(), with_start()), moments, later)
def test_d4_follow_and_ignore_differ_only_across_a_clock_change(
    options: dict[str, Any], now: datetime, after: timedelta
) -> None:
    if "start" in options:
        within_reach(options, now)
    timer = play({**options, "daylight_saving": "follow"}, now)
    drift = timer.differences({**options, "daylight_saving": "follow"}, now + after)
    if drift:
        assert timer.schedule.start is not None
        zone = options["timezone"]
        # of a start that a clock change had skipped, the offset before the change is the one it was read with
        offsets = {offset(zone, timer.schedule.start), offset(zone, timer.schedule.start - timedelta(hours=2))}
        assert offsets != {offset(zone, timer.next_run(now + after))}


@SETTINGS
@given(st.one_of(with_at(), with_start()), moments, later)
def test_d4_follow_anchors_anew_once(options: dict[str, Any], now: datetime, after: timedelta) -> None:
    """Replaced after a clock change, a timer has no drift again before the next."""
    if "start" in options:
        within_reach(options, now)
    options = {**options, "daylight_saving": "follow"}
    timer = play(options, now)
    now += after
    if timer.differences(options, now):
        timer = play(options, now, replaced=timer)
    assert timer.differences(options, now) == []
    start = timer.schedule.start
    assert start is not None
    zone = options["timezone"]
    if offset(zone, start) != offset(zone, start - timedelta(hours=2)):
        return  # a start at a skipped time comes later that once; the next run has the time again
    while (run := timer.next_run(now)) < start + timedelta(days=400) and offset(zone, run) == offset(zone, start):
        assert timer.differences(options, now) == []
        now = max(run, now + timedelta(days=7))


@SETTINGS
@given(with_at(least=DAY), moments)
def test_w4_following_moves_the_next_run_by_no_more_than_the_clock(options: dict[str, Any], now: datetime) -> None:
    """Every 30 days a play, until one anchors the timer anew: the days on which it runs stay."""
    assume(options["interval"] > (WEEK if "weekday" in options else DAY))
    options = {**options, "daylight_saving": "follow"}
    timer = play(options, now)
    for _number in range(13):
        now += timedelta(days=30)
        if timer.differences(options, now):
            break
    old, new = timer.next_run(now), play(options, now, replaced=timer).next_run(now)
    if new - old > timedelta(hours=2):  # moved back, the next run would have been past
        assert old - now <= timedelta(hours=2)
        old += timedelta(seconds=options["interval"])
    if "weekday" in options and options["interval"] == YEAR:
        assert abs(new - old) <= timedelta(days=4)  # which moves through the week
    else:
        assert abs(new - old) <= timedelta(hours=2)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(ZONES), st.integers(2024, 2028), st.sampled_from([5, 6, 12, 22]))
def test_d4_a_year_of_daily_plays_follows_each_clock_change_once(zone: str, year: int, hour: int) -> None:
    options = {"interval": "1d", "at": f"{hour:02d}:00", "timezone": zone, "daylight_saving": "follow"}
    now = datetime(year, 1, 1, tzinfo=UTC)
    timer = play(options, now)
    replaced, runs = 0, []
    while now < datetime(year + 1, 1, 1, tzinfo=UTC):
        if timer.differences(options, now):
            timer = play(options, now, replaced=timer)
            replaced += 1
        runs.append(timer.next_run(now))
        now = runs[-1]
    walls = [_schedule.to_wall(run, zone) for run in runs]
    assert {wall.hour for wall in walls} == {hour}
    assert {second.date() - first.date() for first, second in pairwise(walls)} == {timedelta(days=1)}
    changes = sum(offset(zone, first) != offset(zone, second) for first, second in pairwise(runs))
    assert replaced == changes


# --- D1: spelling --------------------------------------------------------------------------------------------------


@given(st.integers(60, YEAR))
def test_d1_an_interval_reads_back(seconds: int) -> None:
    assert _schedule.parse_interval(_schedule.format_interval(seconds)) == seconds
    assert _schedule.parse_interval(str(seconds)) == seconds


@given(st.integers(0, DAY - 1))
def test_d1_a_time_of_day_reads_back(seconds: int) -> None:
    assert _schedule.parse_time_of_day(_schedule.format_time_of_day(seconds)) == seconds


@given(moments, zones)
def test_d1_a_moment_reads_back(moment: datetime, zone: str) -> None:
    assert _schedule.parse_instant(_schedule.format_instant(moment)) == (moment, None)
    assert _schedule.parse_instant(_schedule.format_local(moment, zone)) == (moment, None)


@SETTINGS
@given(moments, zones)
def test_a_wall_time_reads_back_unless_it_exists_twice(moment: datetime, zone: str) -> None:
    wall = _schedule.to_wall(moment, zone)
    again = _schedule.from_wall(wall, zone)
    assert _schedule.to_wall(again, zone) == wall
    assert again == moment or again == moment - (offset(zone, again) - offset(zone, moment))


# --- when it runs --------------------------------------------------------------------------------------------------

ends = st.one_of(
    st.none(),
    st.integers(1, 40).map(lambda count: {"count": count}),
    st.timedeltas(timedelta(seconds=1), timedelta(days=800)),
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(with_at(), with_start()), moments, ends)
def test_ticks_are_those_that_the_local_globus_runs(options: dict[str, Any], now: datetime, end: Any) -> None:
    if "start" in options:
        within_reach(options, now)
    first = _schedule.first_run(parse_schedule(options, now), now)
    assert first is not None
    if isinstance(end, timedelta):
        end = {"datetime": (first + end).isoformat(timespec="seconds")}
    schedule = replace(parse_schedule({**options, "end": end}, now))
    if schedule.start is not None:
        schedule = replace(schedule, start=first)  # created now, with all its runs to come
    foreseen = list(islice(_schedule.ticks(schedule, now), 25))
    until = foreseen[-1] + timedelta(seconds=schedule.interval or 0) - timedelta(seconds=1)

    emulator = Emulator(load())
    emulator.reset(clock=now)
    client = next(iter(emulator.clients))
    scope = timer_scope(MAPPED, MAPPED_TOO)
    emulator.grant(client, client, scope)
    token = Token("", client, client, "", (scope,), now, until)
    wanted = Definition(
        "ticks", definition(sample(source_collection=MAPPED, destination_collection=MAPPED_TOO)).action, schedule
    )
    timer = create_timer(emulator, token, {"timer": write_timer(wanted, first)})
    emulator.move_clock(max(until, emulator.clock.now()))
    assert [entry["event"] for entry in timer.history] == ["ran"] * len(timer.history)
    assert [datetime.fromisoformat(entry["at"]) for entry in timer.history] == foreseen
    assert (timer.status == "ended") == (
        len(foreseen) < 25 or len(list(islice(_schedule.ticks(schedule, now), 26))) == 25
    )


@SETTINGS
@given(
    with_start(), moments, st.lists(st.integers(0, 40 * DAY), min_size=2, max_size=2), st.none() | st.integers(1, 100)
)
def test_ticks_do_not_depend_on_where_one_begins_to_look(
    options: dict[str, Any], begin: datetime, spans: list[int], count: int | None
) -> None:
    """The runs of two spans are those of the first and of the second."""
    within_reach(options, begin)
    assume(options["interval"] >= 3600)
    schedule = parse_schedule({**options, "end": count and {"count": count}}, begin)
    middle = begin + timedelta(seconds=spans[0])
    end = middle + timedelta(seconds=spans[1])

    def between(after: datetime, until: datetime) -> list[datetime]:
        return list(takewhile(lambda tick: tick <= until, _schedule.ticks(schedule, after)))

    assert between(begin, end) == between(begin, middle) + between(middle, end)


@SETTINGS
@given(st.one_of(with_at(), with_start()), moments, follow_or_not)
def test_ticks_are_later_and_later(options: dict[str, Any], now: datetime, daylight_saving: str) -> None:
    if "start" in options:
        within_reach(options, now)
    found = list(islice(_schedule.ticks(parse_schedule({**options, "daylight_saving": daylight_saving}, now), now), 30))
    assert now < found[0]
    assert all(earlier < tick for earlier, tick in pairwise(found))


@SETTINGS
@given(with_at(least=DAY), moments)
def test_d4_follow_runs_at_the_local_time(options: dict[str, Any], now: datetime) -> None:
    wanted = parse_schedule({**options, "daylight_saving": "follow"}, now)
    for tick in islice(_schedule.ticks(wanted, now), 30):
        wall = _schedule.to_wall(tick, wanted.zone)
        nominal = wall.hour * 3600 + wall.minute * 60 + wall.second
        skipped = offset(wanted.zone, tick) != offset(wanted.zone, tick - timedelta(hours=2))
        assert nominal == wanted.at or skipped


# --- skipped local times -------------------------------------------------------------------------------------------


@SETTINGS
@given(with_at(least=DAY), moments)
# On 365 days a Sunday becomes a Monday. The clock change is on a Sunday, so the next play takes that one.
@example(
    {"interval": YEAR, "at": "00:30", "weekday": "sunday", "timezone": "America/Santiago"},
    datetime(2024, 9, 8, tzinfo=UTC),
)
# The change is 365 days after the first run: it skips the second, which may be on another weekday.
@example(
    {"interval": YEAR, "at": "00:30", "weekday": "friday", "timezone": "America/Santiago"},
    datetime(2025, 9, 5, tzinfo=UTC),
)
@example(
    {"interval": YEAR, "at": "02:30", "weekday": "saturday", "timezone": "Europe/Berlin"},
    datetime(2026, 3, 28, tzinfo=UTC),
)
def test_d4_the_warning_of_a_skipped_time_is_true(options: dict[str, Any], now: datetime) -> None:
    """The runs it tells of are runs, at that local time; and no run of the year at a skipped time is left out."""
    wanted = parse_schedule({**options, "daylight_saving": "follow"}, now)
    first = _schedule.first_run(wanted, now)
    warned = _schedule.skipped_runs(wanted, first, now)
    zone = wanted.zone
    year = now + timedelta(days=365)
    walls = [_schedule.to_wall(run, zone) for run in takewhile(lambda tick: tick < year, _schedule.ticks(wanted, now))]
    warned = [(wall, shown) for wall, shown in warned if shown < _schedule.to_wall(year, zone)]
    for wall, shown in warned:
        assert _schedule.to_wall(_schedule.from_wall(wall, zone), zone) != wall
        assert shown in walls
    off = [wall for wall in walls if wall.hour * 3600 + wall.minute * 60 + wall.second != wanted.at]
    assert off == [shown for _wall, shown in warned]


# --- leap days -----------------------------------------------------------------------------------------------------


def made_for(date: datetime) -> set[datetime]:
    """Every start that a 365-day timer for a date of the calendar can have: the date of each year, or one interval
    after it.
    """
    starts = set()
    for year in range(2019, 2036):
        if (date.month, date.day) != (2, 29) or year % 4 == 0:
            this = date.replace(year=year)
            starts |= {this, this + timedelta(days=365)}
    return starts


def test_d4_a_365_day_timer_is_meant_for_the_dates_that_an_enumeration_finds() -> None:
    """For each start and each date within a fortnight of it, in a cycle of leap years."""
    begin = datetime(2023, 1, 1, 2, 30)  # noqa: DTZ001 - a wall time
    of_2024 = [begin + timedelta(days=365 + number) for number in range(366)]
    found = {date: made_for(date) for date in of_2024}
    for start in (begin + timedelta(days=number) for number in range(5 * 365)):
        for days in range(-7, 8):
            near = start + timedelta(days=days)
            date = near.replace(year=2024)
            assert _schedule.is_meant_for(start, near) == (start in found[date]), (start, near)
        assert not _schedule.is_meant_for(start, start + timedelta(minutes=1))
