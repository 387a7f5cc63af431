# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Backup jobs + schedules + defaults -> timer definitions, what the role ``backup`` is about.

Pure: no input or output, and ``now`` is always an argument. A rerun must give definitions that mean the same, next week
and next year too. So a time of day is said as ``at``, which needs no date. Only what has a place in the calendar (weeks
counted from Monday 2001-01-01, months) needs a ``start``, and that is always a past one: by rule D2 it says nothing but
the phase, whichever side of it the service's own clock is on.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..module_utils import _arguments
from ..module_utils._errors import InputError
from ..module_utils._timers import schedule as _schedule
from ..module_utils._timers.definition import Definition
from ..module_utils._timers.options import check_zone, parse_definition, parse_schedule
from ..module_utils._timers.refusals import refusals_of
from ..module_utils._validation import validate
from ._overlap import JobWrite, check_rotation, check_writes, is_true, job_writes

_WEEKDAY_SLOTS = {day[:3]: {"weekday": day} for day in _schedule.WEEKDAYS}
_WEEK_SLOTS = {f"week{number}": {"interval": "4w", "week": number} for number in range(1, 5)}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_SLOTS = {month: {"month": number} for number, month in enumerate(_MONTHS, 1)}

# What comes with the role. Beside the options of a timer's schedule: ``week`` (which of the weeks of the interval, from
# Monday 2001-01-01), ``day`` and ``month`` (a date of every year), ``slots`` (slot -> options of its own timer) and
# ``rotate`` (every slot is a copy of its own, so the destination must tell them apart).
SCHEDULES: Mapping[str, Mapping[str, Any]] = {
    "hourly": {"interval": "1h"},
    "every_6_hours": {"interval": "6h"},
    "daily": {"interval": "1d", "at": "12:00"},
    "nightly": {"interval": "1d"},
    "weekdays": {"interval": "1w", "slots": {day: _WEEKDAY_SLOTS[day] for day in list(_WEEKDAY_SLOTS)[:5]}},
    "weekly": {"interval": "1w"},
    "fortnightly": {"interval": "2w"},
    "every_4_weeks": {"interval": "4w"},
    "monthly": {"slots": _MONTH_SLOTS},
    "rotating_weekdays": {"interval": "1w", "rotate": True, "slots": _WEEKDAY_SLOTS},
    "grandfather_father_son": {
        "interval": "1w",
        "rotate": True,
        "slots": {**_WEEKDAY_SLOTS, **_WEEK_SLOTS, **_MONTH_SLOTS},
    },
}
AT, AT_OF_PARTS_OF_A_DAY = "02:00", "00:00"  # where neither job nor schedule says
WEEKDAY = "sunday"
LAST_DAY = 28  # of a month, that every month has
SLOT = "{slot}"

# Of two states that hold for a job, its own and that of all jobs, the stronger
_STATES = ("present", "active", "paused", "absent")
_INTERVALS_BACK = range(2, 40)
_SURELY_PAST = timedelta(days=1)  # a start, so that no difference between two clocks makes it a future one
_MONDAY = datetime(2001, 1, 1)  # noqa: DTZ001 - a wall time, in whichever zone the schedule has

_WHEN = ("start", "at", "weekday", "week", "day")
_TIMER_OPTIONS = _arguments.definition_arguments()
_SCHEDULE_OPTIONS = (*_TIMER_OPTIONS["schedule"]["options"], "week", "day")
_TRANSFER_OPTIONS = tuple(_TIMER_OPTIONS["transfer"]["options"])
_JOB = (
    *("schedule", "state", "on_inactive", "source_path", "destination_path", "recursive"),
    *_TRANSFER_OPTIONS,
    *_SCHEDULE_OPTIONS,
)
# What makes a schedule, or a job, what it is cannot be the default of all
_DEFAULTS = tuple(option for option in _JOB if option not in ("interval", "start", "paths"))

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Expansion:
    """What the jobs come to.

    :ivar timers: definitions as the module ``timers`` takes them, each with its ``state``, in the order of the jobs.
    :ivar warnings: what is allowed and may yet be a mistake.
    """

    timers: list[dict[str, Any]]
    warnings: list[str]


@dataclass
class _Job:
    """One job with the defaults filled in.

    :ivar where: its position and name, for messages.
    :ivar options: everything but the times, which keep the layer they come from.
    :ivar layers: schedule options of the built-in schedule, the defaults, the user's schedule and the job.
    """

    number: int
    where: str
    name: str
    state: str
    options: dict[str, Any]
    layers: tuple[Options, Options, Options, Options]
    schedule: str
    slots: Mapping[str | None, Options]
    rotates: bool
    writes: list[JobWrite] = field(default_factory=list)


def expand(
    jobs: Sequence[Options],
    *,
    now: datetime,
    schedules: Mapping[str, Options] | None = None,
    defaults: Options | None = None,
    zone: str = "UTC",
    prefix: str = "backup-",
    state: str = "present",
    spread: int = 0,
) -> Expansion:
    """The timers of the jobs.

    :param now: tells only which occurrence of a month's date is the next; no other result depends on it.
    :param spread: seconds over which jobs of one schedule are spread.
    :raises InputError: naming the job and the option, or the variable of the role.
    """
    _check_variables(zone, prefix, state, spread, now)
    own = _own_schedules(schedules or {})
    shared = _given("backup_defaults", defaults or {}, _DEFAULTS)
    parsed: list[_Job] = []
    timers: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    if isinstance(jobs, (str, Mapping)) or not isinstance(jobs, Sequence):
        raise InputError("backup_jobs must be a list of jobs")
    for number, entry in enumerate(jobs):
        job = _parse_job(number, entry, shared, own, state, {"timezone": zone})
        _check_names(job, parsed)
        parsed.append(job)
        for timer in _timers_of(job, prefix, int(spread), now):
            if timer["name"] in names:
                raise InputError(f"{job.where}: its timer {timer['name']!r} is one of {names[timer['name']]} too")
            names[timer["name"]] = job.where
            timers.append(timer)
    return Expansion(timers, check_writes([write for job in parsed for write in job.writes]))


# --- variables, jobs -----------------------------------------------------------------------------------------------


def _check_variables(zone: str, prefix: str, state: str, spread: Any, now: datetime) -> None:
    if not isinstance(zone, str):
        raise InputError(f"backup_timezone must be an IANA name such as America/Chicago, not {zone!r}")
    check_zone("backup_timezone", zone)
    if not isinstance(prefix, str):
        raise InputError(f"backup_prefix must be text, not {prefix!r}")
    if state not in _STATES:
        raise InputError(f"backup_state must be one of {', '.join(_STATES)}, not {state!r}")
    if isinstance(spread, bool) or not str(spread).isdecimal():
        raise InputError(f"backup_spread must be a number of seconds, 0 or more, not {spread!r}")


def _given(where: str, options: Any, known: Sequence[str]) -> dict[str, Any]:
    """The options that are set; unknown ones are refused."""
    if not isinstance(options, Mapping):
        raise InputError(f"{where} must be a dictionary of options, not {options!r}")
    named = {str(option): value for option, value in options.items() if value is not None}
    for option in named:
        if option not in known:
            near = difflib.get_close_matches(option, known, 1)
            raise InputError(f"{where}: {option} is no option here" + (f"; is it {near[0]}?" if near else ""))
    return named


def _own_schedules(schedules: Any) -> dict[str, dict[str, Any]]:
    """``backup_schedules``, checked as far as it can be without a job."""
    if not isinstance(schedules, Mapping):
        raise InputError("backup_schedules must be a dictionary: name of a schedule -> its options")
    known = (*_SCHEDULE_OPTIONS, "month", "slots", "rotate")
    own = {}
    for name, options in schedules.items():
        where = f"backup_schedules.{name}"
        own[str(name)] = _given(where, options, known)
        slots = own[str(name)].get("slots", {})
        if not isinstance(slots, Mapping):
            raise InputError(f"{where}.slots must be a dictionary: slot -> its options")
        checked: dict[str, dict[str, Any]] = {}
        for slot, of_slot in slots.items():
            if not str(slot).strip() or "/" in str(slot):
                raise InputError(f"{where}.slots: {slot!r} cannot name a slot: it is not empty and has no /")
            if str(slot).lower() in {other.lower() for other in checked}:
                raise InputError(f"{where}.slots: {slot!r} is there twice but for upper and lower case")
            checked[str(slot)] = _given(f"{where}.slots.{slot}", of_slot or {}, (*_SCHEDULE_OPTIONS, "month"))
        if "slots" in own[str(name)]:
            own[str(name)]["slots"] = checked
    return own


def _parse_job(
    number: int,
    entry: Any,
    defaults: Options,
    own: Mapping[str, Options],
    state: str,
    zone: Options,
) -> _Job:
    where = f"backup_jobs[{number}]"
    if not isinstance(entry, Mapping):
        raise InputError(f"{where} must be a dictionary of options, not {entry!r}")
    name = entry.get("name")
    if not isinstance(name, str) or not name.strip():
        raise InputError(f"{where}: name is missing: the timers of a job are found by it")
    where = f"{where} ({name})"
    given = _given(where, entry, ("name", *_JOB))
    options = {**defaults, **given}
    if "paths" in given:
        for option in ("source_path", "destination_path"):
            if option in given:
                raise InputError(f"{where}: paths excludes {option}: each of its entries has its own")
            options.pop(option, None)
    schedule = options.get("schedule")
    if schedule is None:
        raise InputError(f"{where}: schedule is missing: give it in the job or in backup_defaults")
    if not isinstance(schedule, str) or (schedule not in SCHEDULES and schedule not in own):
        known = ", ".join(sorted({*SCHEDULES, *own}))
        raise InputError(f"{where}: schedule {schedule!r} is not known; there are {known}")
    built_in, users = SCHEDULES.get(schedule, {}), own.get(schedule, {})
    slots = users.get("slots", built_in.get("slots")) or {None: {}}
    if "month" in users:
        slots = {slot: {"month": users["month"], **of_slot} for slot, of_slot in slots.items()}
    own_state = options.get("state", "present")
    for option, choices in (("state", _STATES), ("on_inactive", _arguments.ON_INACTIVE)):
        if options.get(option, choices[0]) not in choices:
            raise InputError(f"{where}: {option} must be one of {', '.join(choices)}, not {options[option]!r}")
    _check_fits(where, schedule, given, slots)
    return _Job(
        number=number,
        where=where,
        name=name,
        state=max(own_state, state, key=_STATES.index),
        options={option: value for option, value in options.items() if option not in _SCHEDULE_OPTIONS},
        layers=({**zone, **built_in}, _times(defaults), _times(users), _times(given)),
        schedule=schedule,
        slots=slots,
        rotates=is_true(where, "rotate", users.get("rotate", built_in.get("rotate", False))),
    )


def _times(options: Options) -> dict[str, Any]:
    return {option: value for option, value in options.items() if option in _SCHEDULE_OPTIONS}


def _check_fits(where: str, schedule: str, given: Options, slots: Mapping[str | None, Options]) -> None:
    """Refuses what would change the slots of a schedule into something else."""
    for option in ("interval", "start"):
        if option in given and None not in slots:
            raise InputError(
                f"{where}: {option} does not go with the schedule {schedule}, whose {len(slots)} slots have times of "
                "their own; make a schedule of your own in backup_schedules"
            )


def _check_names(job: _Job, others: Iterable[_Job]) -> None:
    for other in others:
        if other.name == job.name:
            raise InputError(f"{job.where} has the same name as backup_jobs[{other.number}]")


# --- one job -> its timers -----------------------------------------------------------------------------------------


def _timers_of(job: _Job, prefix: str, spread: int, now: datetime) -> Iterator[dict[str, Any]]:
    used: set[str] = set()
    for slot, of_slot in job.slots.items():
        name = job.name.replace(SLOT, slot or SLOT)
        if slot is not None and SLOT not in job.name:
            name += f"-{slot}"
        where = f"{job.where}, slot {slot}" if slot is not None else job.where
        if slot is None and SLOT in job.name:
            raise InputError(f"{where}: name has {SLOT}, and the schedule {job.schedule} has no slots")
        timer: dict[str, Any] = {"name": prefix + name, "state": job.state}
        if job.state != "absent":
            timer.update({option: job.options[option] for option in ("on_inactive",) if option in job.options})
            timer["transfer"] = _transfer(job, slot, where)
            timer["schedule"] = _when(job, of_slot, where, spread, now, used)
            definition = _check_definition(where, timer, now)
            job.writes += job_writes(definition.action, job.number, job.where, where)
        yield timer
    if job.state == "absent":
        return
    for option in sorted(set(job.layers[3]) - used):
        raise InputError(f"{job.where}: {option} does not go with the schedule {job.schedule}, which has no use for it")
    if job.rotates:
        check_rotation(job.writes, job.schedule)


def _transfer(job: _Job, slot: str | None, where: str) -> dict[str, Any]:
    """The option ``transfer`` of a timer."""
    options = {option: value for option, value in job.options.items() if option in _TRANSFER_OPTIONS}
    for option in ("source_collection", "destination_collection"):
        if option not in options:
            raise InputError(f"{where}: {option} is missing: give it in the job or in backup_defaults")
    recursive = {"recursive": job.options.get("recursive", True)}
    paths = options.get("paths")
    if paths is None:
        path = {}
        for option in ("source_path", "destination_path"):
            if option not in job.options:
                raise InputError(f"{where}: {option} is missing: give it in the job or in backup_defaults")
            path[option] = job.options[option]
        paths = [path]
    elif not isinstance(paths, Sequence) or not all(isinstance(path, Mapping) for path in paths):
        raise InputError(f"{where}: paths must be a list of dictionaries with source_path and destination_path")
    options["paths"] = [{**recursive, **path} for path in paths]
    filled: dict[str, Any] = _fill(options, slot, where, job.schedule)
    return filled


def _fill(value: Any, slot: str | None, where: str, schedule: str) -> Any:
    """``value`` with the slot put in wherever ``{slot}`` stands: paths and labels."""
    if isinstance(value, Mapping):
        return {key: _fill(item, slot, where, schedule) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_fill(item, slot, where, schedule) for item in value]
    if not isinstance(value, str) or SLOT not in value:
        return value
    if slot is None:
        raise InputError(f"{where}: {value!r} has {SLOT}, and the schedule {schedule} has no slots")
    return value.replace(SLOT, slot)


def _check_definition(where: str, timer: Options, now: datetime) -> Definition:
    """The definition of a timer. Refuses all that the module ``timers`` would refuse, with the job in front (rules L1,
    L1a, L3), and what it would refuse if it had to create the timer (N3, N4).
    """
    definition = {option: timer[option] for option in ("name", "transfer", "schedule")}
    try:
        parsed = parse_definition(validate(_TIMER_OPTIONS, definition), now)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    assert parsed is not None, "a timer of a job has a transfer and a schedule"
    # what is to be paused may be there already; where it is not, the module refuses to create it
    first_run = _schedule.first_run(parsed.schedule, now) or now
    for refusal in refusals_of(parsed, first_run) if timer["state"] != "paused" else ():
        raise InputError(f"{where}: {refusal}")
    return parsed


# --- when ----------------------------------------------------------------------------------------------------------


def _when(job: _Job, of_slot: Options, where: str, spread: int, now: datetime, used: set[str]) -> dict[str, Any]:
    """The option ``schedule`` of a timer. Adds to ``used`` what a job has a say in."""
    options = _merged((*job.layers, of_slot), where)
    try:
        check_zone("timezone", str(options["timezone"]))  # dates are reckoned in it
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    says = {"timezone", "daylight_saving", "end"}
    schedule = {name: options[name] for name in sorted(says & set(options))}
    interval = _interval(options, where, job.schedule)
    schedule["interval"] = "365d" if "month" in options else options["interval"]
    if "month" not in options:
        says.add("interval")
    if "start" in options and "month" not in options:
        says.add("start")
        schedule["start"] = options["start"]
    elif not _schedule.DAY % interval or not interval % _schedule.DAY:
        at = _time_of_day(job, options, interval, where, spread, now)
        says.add("at")
        if "month" in options:
            says.add("day")
            wall = _next_date(options, at, where, now)
        elif interval % _schedule.WEEK:
            wall = None
        else:
            says.add("weekday")
            weekday = _weekday(options, where)
            if interval > _schedule.WEEK:
                says.add("week")
                wall = _next_week(options, weekday, at, interval, where, now)
            else:
                schedule["weekday"] = _schedule.WEEKDAYS[weekday]
                wall = None
        if wall is None:
            schedule["at"] = _schedule.format_time_of_day(at)
        else:
            _check_end(options, where, job.schedule)
            follows = options.get("daylight_saving") == "follow"
            schedule["start"] = _start_before(wall, interval, options["timezone"], now, follows)
    # any other interval has no time of day of its own: it runs from whenever it is created (rule D3)
    used |= says - set(of_slot)
    return schedule


def _merged(layers: Iterable[Options], where: str) -> dict[str, Any]:
    """The options of all layers, a later one before an earlier one. ``start`` and the others that say when the first
    run is exclude each other, so either puts out what an earlier layer says of the other.
    """
    merged: dict[str, Any] = {}
    for layer in layers:
        if "start" in layer:
            clash = [option for option in _WHEN[1:] if option in layer]
            if clash:
                raise InputError(f"{where}: start and {clash[0]} exclude each other")
            merged = {option: value for option, value in merged.items() if option not in _WHEN}
        elif any(option in layer for option in _WHEN):
            merged.pop("start", None)
        merged.update(layer)
    return merged


def _interval(options: Options, where: str, schedule: str) -> int:
    if "month" in options:
        return _schedule.YEAR
    if "interval" not in options:
        raise InputError(f"{where}: the schedule {schedule} has no interval, so that it would run once; give it one")
    try:
        seconds = _schedule.parse_interval(options["interval"])
    except ValueError as error:
        raise InputError(f"{where}: interval: {error}") from None
    if not _schedule.INTERVAL_MINIMUM <= seconds <= _schedule.INTERVAL_MAXIMUM:
        raise InputError(f"{where}: interval must be from 60 seconds to 365 days, not {options['interval']!r}")
    return seconds


def _time_of_day(job: _Job, options: Options, interval: int, where: str, spread: int, now: datetime) -> int:
    """Seconds after midnight. A time that the job does not say itself is spread."""
    value = options.get("at", AT_OF_PARTS_OF_A_DAY if interval < _schedule.DAY else AT)
    try:
        at = parse_schedule({"at": value}, now).at or 0
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    if not spread or "at" in job.layers[3]:
        return at
    # within the day or, for parts of a day, the interval, so that no run comes to lie on another day
    room = interval if interval < _schedule.DAY else _schedule.DAY - at
    digest = int.from_bytes(hashlib.sha256(job.name.encode()).digest()[:8], "big")
    return (at + digest % min(spread, room)) % _schedule.DAY


def _weekday(options: Options, where: str) -> int:
    """0 is Monday."""
    weekday = options.get("weekday", WEEKDAY)
    if weekday not in _schedule.WEEKDAYS:
        raise InputError(f"{where}: weekday must be one of {', '.join(_schedule.WEEKDAYS)}, not {weekday!r}")
    return _schedule.WEEKDAYS.index(weekday)


def _number(options: Options, option: str, default: int, last: int, where: str, why: str) -> int:
    value = options.get(option, default)
    if isinstance(value, bool) or not str(value).isdecimal() or not 1 <= int(value) <= last:
        raise InputError(f"{where}: {option} must be a number from 1 to {last}, not {value!r}: {why}")
    return int(value)


def _next_week(options: Options, weekday: int, at: int, interval: int, where: str, now: datetime) -> datetime:
    """The next wall time of the weekday in the given week, the weeks of the interval counted from 2001-01-01."""
    weeks = interval // _schedule.WEEK
    week = _number(options, "week", 1, weeks, where, f"one of the {weeks} weeks of its interval")
    anchor = _MONDAY + timedelta(days=(week - 1) * 7 + weekday, seconds=at)
    local = _schedule.to_wall(now, options["timezone"])
    return local + timedelta(seconds=interval) - (local - anchor) % timedelta(seconds=interval)


def _next_date(options: Options, at: int, where: str, now: datetime) -> datetime:
    """The next wall time of a date of the year. Where it is more than 365 days ahead (a leap day lies between), 365
    days after the last: the service takes no interval, and no start, that is longer.
    """
    month = _number(options, "month", 1, 12, where, "January is 1")
    day = _number(options, "day", 1, LAST_DAY, where, "not every month has a later day")
    local = _schedule.to_wall(now, options["timezone"])
    date = datetime(local.year, month, day) + timedelta(seconds=at)  # noqa: DTZ001 - a wall time
    last = date if date <= local else date.replace(year=date.year - 1)
    coming, latest = last.replace(year=last.year + 1), last + timedelta(days=365)
    return coming if coming - timedelta(days=365) <= local else latest


def _start_before(wall: datetime, interval: int, zone: str, now: datetime, follows: bool) -> str:
    """A start that is past, from which whole intervals lead to exactly ``wall``, the next run.

    It is a wall time, which must not be in another half of the zone's year, nor at a time that a clock change skips or
    doubles. There may be none, for a year after the zone changed its law (Almaty in 2024): then it is a moment with its
    offset, unless the runs follow the wall clock anyway.
    """
    target = _schedule.from_wall(wall, zone)
    for number in (*_INTERVALS_BACK, 1):
        back = timedelta(seconds=interval * number)
        if _schedule.from_wall(wall - back, zone) == target - back and target - back <= now - _SURELY_PAST:
            return (wall - back).isoformat()
    back = timedelta(seconds=interval * _INTERVALS_BACK[0])
    if follows:
        return (wall - back).isoformat()
    return _schedule.format_local(target - back, zone)


def _check_end(options: Options, where: str, schedule: str) -> None:
    if isinstance(options.get("end"), Mapping) and options["end"].get("count") is not None:
        raise InputError(
            f"{where}: end.count does not go with the schedule {schedule}, whose dates are those of the calendar, "
            "whenever they began; use end.datetime"
        )
