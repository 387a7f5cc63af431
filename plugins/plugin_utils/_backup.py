# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Makes the definitions of timers from the backup jobs, schedules and defaults of the role ``backup``.

Pure: no input or output, and ``now`` is always an argument. ``_calendar`` computes when the timers run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..module_utils import _arguments
from ..module_utils._errors import InputError
from ..module_utils._secrets import printable
from ..module_utils._timers.definition import Definition, Transfer
from ..module_utils._timers.options import parse_definition
from ..module_utils._timers.refusals import refusals_of
from ..module_utils._timers.schedule import DAY, WEEKDAYS, Schedule, first_run
from ..module_utils._validation import validate
from . import _variables
from ._calendar import Options, longest_gap, merged, schedule_of
from ._overlap import JobWrite, check_rotation, check_writes, job_writes
from ._plain import plain, text_of
from ._variables import JOB_STATES

_WEEKDAY_SLOTS = {day[:3]: {"weekday": day} for day in WEEKDAYS}
_WEEK_SLOTS = {f"week{number}": {"interval": "4w", "week": number} for number in range(1, 5)}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_SLOTS = {month: {"month": number} for number, month in enumerate(_MONTHS, 1)}

# The schedules of the role. In addition to the options of a timer's schedule, they have ``week`` (which week of the
# interval, counted from Monday 2001-01-01), ``day`` and ``month`` (a date of every year), ``slots`` (slot -> options of
# its timer) and ``rotate`` (each slot has its own copy, so the slot must be part of the destination).
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
SLOT = "{slot}"
_LIKE_SLOT = re.compile(r"\{\s*slots?\s*\}", re.IGNORECASE)


# --- the options of jobs and schedules -----------------------------------------------------------------------------


def _without_defaults(options: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Declarations of a timer's options without defaults, required options and aliases: a job may take an option from
    another layer, such as the defaults, and the module sets options that no layer has.
    """
    left_out = ("default", "required", "aliases")
    return {name: {key: value for key, value in one.items() if key not in left_out} for name, one in options.items()}


def _without_inner_defaults(options: Mapping[str, Any]) -> dict[str, Any]:
    """Declarations whose suboptions have no defaults either. Required suboptions stay required."""
    return {
        name: {**one, "options": {key: {**inner, "default": None} for key, inner in one["options"].items()}}
        if "options" in one
        else one
        for name, one in options.items()
    }


_DEFINITION = _arguments.definition_arguments()
_TRANSFER_OPTIONS = _without_inner_defaults(_without_defaults(_DEFINITION["transfer"]["options"]))
_SCHEDULE_OPTIONS = {
    **_without_defaults(_DEFINITION["schedule"]["options"]),
    "week": {"type": "int"},
    "day": {"type": "int"},
}
_TIMER_OPTIONS = {  # the options of a timer that are not in its definition
    "state": {"type": "str", "choices": JOB_STATES},
    "on_inactive": {"type": "str", "choices": _arguments.ON_INACTIVE},
    "check_paths": {"type": "bool"},
}
_OWN_OPTIONS = {"schedule": {"type": "raw"}, "source_path": {"type": "str"}, "destination_path": {"type": "str"}}
_JOB_OPTIONS = {
    **_OWN_OPTIONS,
    **_TIMER_OPTIONS,
    "recursive": {"type": "bool"},
    **_TRANSFER_OPTIONS,
    **_SCHEDULE_OPTIONS,
}
# The options that define a single schedule or job cannot be defaults
_DEFAULT_OPTIONS = {name: one for name, one in _JOB_OPTIONS.items() if name not in ("interval", "start", "paths")}
_SLOT_OPTIONS = {**_SCHEDULE_OPTIONS, "month": {"type": "int"}}
_OWN_SCHEDULE_OPTIONS = {**_SLOT_OPTIONS, "slots": {"type": "raw"}, "rotate": {"type": "bool"}}


def _read_options(options: Mapping[str, Any], given: Any, where: str) -> dict[str, Any]:
    """The given options, converted to their types. Raises InputError.

    :param where: the text in front of an option's name in messages.
    """
    if not isinstance(given, Mapping):
        raise InputError(f"{where.rstrip(':. ')} must be a dictionary of options, not {given!r}")
    found: dict[str, Any] = _only_set(validate(options, given, where))
    return found


def _only_set(value: Any) -> Any:
    """The value without options that are not set."""
    if isinstance(value, Mapping):
        return {key: _only_set(item) for key, item in value.items() if item is not None}
    return [_only_set(item) for item in value] if isinstance(value, list) else value


# --- results -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class JobTimers:
    """The timers of a job.

    :ivar timers: the names of the timers by slot; the slot is None if the schedule has no slots.
    :ivar gap: the longest time between two runs of all of its timers, in seconds, or None.
    :ivar max_age: seconds within which a complete transfer must have arrived, or None.
    """

    name: str
    schedule: str
    state: str
    timers: Mapping[str | None, str]
    gap: int | None = None
    max_age: int | None = None

    def as_result(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "schedule": self.schedule,
            "state": self.state,
            "timers": [{"slot": slot, "name": name} for slot, name in self.timers.items()],
            "max_age": self.max_age,
        }


@dataclass(frozen=True)
class Expansion:
    """The timers of all jobs.

    :ivar timers: definitions for the module ``timers``, each with its ``state``, in the order of the jobs.
    :ivar jobs: the jobs, in their order.
    :ivar warnings: about things that are allowed, but may be mistakes.
    """

    timers: list[dict[str, Any]]
    jobs: list[JobTimers]
    warnings: list[str]


@dataclass
class _Job:
    """One job with the defaults filled in.

    :ivar where: its position and name, for messages.
    :ivar schedules: the schedules of its timers.
    :ivar options: all options except those of the schedule, which are in ``layers``.
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
    schedules: list[Schedule] = field(default_factory=list)
    writes: list[JobWrite] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def expand(
    jobs: Any,
    *,
    now: datetime,
    schedules: Any = None,
    defaults: Any = None,
    zone: str = "UTC",
    prefix: str = _variables.DEFAULT_PREFIX,
    state: str = "present",
    spread: int = 0,
    max_age: int | None = None,
) -> Expansion:
    """The timers of the jobs. The other variables must have been checked (``_variables.read``).

    :param now: only determines which date of a ``month`` is the next.
    :param spread: seconds over which jobs of one schedule are spread.
    :param max_age: seconds within which a complete transfer of a job must have arrived; None: it depends on the job.
    :raises InputError: naming the job and the option, or the variable of the role.
    """
    own = _own_schedules(plain(schedules or {}))
    shared = _read_options(_DEFAULT_OPTIONS, plain(defaults or {}), "backup_defaults: ")
    parsed: list[_Job] = []
    found: list[JobTimers] = []
    timers: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    for number, entry in enumerate(_job_list(plain(jobs))):
        job = _parse_job(number, entry, shared, own, state, {"timezone": zone})
        _check_names(job, parsed)
        parsed.append(job)
        slots: dict[str | None, str] = {}
        for slot, timer in _timers_of(job, prefix, spread, now):
            if timer["name"] in names:
                raise InputError(
                    f"{job.where}: its timer would have the name {timer['name']!r}, which a timer of "
                    f"{names[timer['name']]} already has"
                )
            names[timer["name"]] = job.where
            slots[slot] = timer["name"]
            timers.append(timer)
        gap = longest_gap(job.schedules, now)
        age = max_age if max_age is not None or gap is None else 2 * gap + DAY
        found.append(JobTimers(job.name, job.schedule, job.state, slots, gap, age if job.schedules else None))
    warnings = [warning for job in parsed for warning in job.warnings]
    return Expansion(timers, found, warnings + check_writes([write for job in parsed for write in job.writes]))


def _job_list(jobs: Any) -> Sequence[Any]:
    if jobs is None:
        raise InputError("backup_jobs is missing. Set it to the list of backup jobs")
    if not isinstance(jobs, list):
        raise InputError(f"backup_jobs must be a list of jobs, not {jobs!r}. Put a dash (-) in front of each job")
    return jobs


# --- schedules, jobs -----------------------------------------------------------------------------------------------


def _own_schedules(schedules: Any) -> dict[str, dict[str, Any]]:
    """``backup_schedules``, with all checks that need no job."""
    if not isinstance(schedules, Mapping):
        raise InputError("backup_schedules must be a dictionary that maps names of schedules to their options")
    own: dict[str, dict[str, Any]] = {}
    for name, options in schedules.items():
        where = f"backup_schedules.{name}"
        own[name] = _read_options(_OWN_SCHEDULE_OPTIONS, options, f"{where}.")
        slots = own[name].get("slots", {})
        if not isinstance(slots, Mapping):
            raise InputError(f"{where}.slots must be a dictionary that maps names of slots to their options")
        checked: dict[str, dict[str, Any]] = {}
        for slot, of_slot in slots.items():
            if not slot.strip() or "/" in slot:
                raise InputError(
                    f"{where}.slots: {slot!r} is not a valid name of a slot: a name must not be empty or contain /"
                )
            if slot.lower() in {other.lower() for other in checked}:
                raise InputError(f"{where}.slots: {slot!r} is listed twice (upper and lower case count as equal)")
            checked[slot] = _read_options(_SLOT_OPTIONS, {} if of_slot is None else of_slot, f"{where}.slots.{slot}.")
        if "slots" in own[name]:
            own[name]["slots"] = checked
    return own


def _parse_job(
    number: int, entry: Any, defaults: Options, own: Mapping[str, Options], state: str, zone: Options
) -> _Job:
    where = f"backup_jobs[{number}]"
    if not isinstance(entry, Mapping):
        raise InputError(f"{where} must be a dictionary of options, not {entry!r}")
    name = entry.get("name")
    if name is None or (isinstance(name, str) and not name.strip()):
        raise InputError(f"{where}: name is missing. It identifies the timers of the job")
    name = text_of(f"{where}: name", name)
    where = f"{where} ({name})"
    given = _read_options(
        _JOB_OPTIONS, {option: value for option, value in entry.items() if option != "name"}, f"{where}: "
    )
    options = {**defaults, **given}
    if "paths" in given:
        for option in ("source_path", "destination_path"):
            if option in given:
                raise InputError(
                    f"{where}: paths and {option} are mutually exclusive, because each entry of paths has its own "
                    f"{option}"
                )
            options.pop(option, None)
    schedule = _schedule_name(options, own, where)
    built_in, users = SCHEDULES.get(schedule, {}), own.get(schedule, {})
    slots = users.get("slots", built_in.get("slots")) or {None: {}}
    if "month" in users:
        slots = {slot: {"month": users["month"], **of_slot} for slot, of_slot in slots.items()}
    _check_fits(where, schedule, given, slots)
    return _Job(
        number=number,
        where=where,
        name=name,
        state=max(options.get("state", "present"), state, key=JOB_STATES.index),
        options={option: value for option, value in options.items() if option not in _SCHEDULE_OPTIONS},
        layers=({**zone, **built_in}, _schedule_options(defaults), _schedule_options(users), _schedule_options(given)),
        schedule=schedule,
        slots=slots,
        rotates=users.get("rotate", built_in.get("rotate", False)),
    )


def _schedule_name(options: Options, own: Mapping[str, Options], where: str) -> str:
    if "schedule" not in options:
        raise InputError(f"{where}: schedule is missing. Set it in the job or in backup_defaults")
    if isinstance(options["schedule"], (Mapping, list)):
        raise InputError(
            f"{where}: schedule must be the name of a schedule, not {options['schedule']!r}. To use a schedule of your "
            "own, define it in backup_schedules and set its name here"
        )
    schedule = text_of(f"{where}: schedule", options["schedule"])
    if schedule not in SCHEDULES and schedule not in own:
        known = ", ".join(sorted({*SCHEDULES, *own}))
        raise InputError(f"{where}: schedule {schedule!r} does not exist. Available schedules: {known}")
    return schedule


def _schedule_options(options: Options) -> dict[str, Any]:
    return {option: value for option, value in options.items() if option in _SCHEDULE_OPTIONS}


def _check_fits(where: str, schedule: str, given: Options, slots: Mapping[str | None, Options]) -> None:
    """Refuses options of a job that schedules with slots do not support."""
    for option in ("interval", "start"):
        if option in given and None not in slots:
            raise InputError(
                f"{where}: {option} cannot be used with the schedule {schedule}, because its {len(slots)} slots have "
                "their own times. Define your own schedule in backup_schedules"
            )


def _check_names(job: _Job | JobCopies, others: Iterable[_Job | JobCopies]) -> None:
    for other in others:
        if other.name == job.name:
            raise InputError(f"{job.where} has the same name as backup_jobs[{other.number}]")


# --- one job -> its timers -----------------------------------------------------------------------------------------


def _timers_of(job: _Job, prefix: str, spread: int, now: datetime) -> Iterator[tuple[str | None, dict[str, Any]]]:
    used: set[str] = set()
    for slot, of_slot in job.slots.items():
        name = job.name.replace(SLOT, slot or SLOT)
        if slot is not None and SLOT not in job.name:
            name += f"-{slot}"
        where = f"{job.where}, slot {slot}" if slot is not None else job.where
        if slot is None and SLOT in job.name:
            raise InputError(f"{where}: name contains {SLOT}, but the schedule {job.schedule} has no slots")
        timer: dict[str, Any] = {"name": prefix + name, "state": job.state}
        if job.state != "absent":
            timer = {**{name: value for name, value in job.options.items() if name in _TIMER_OPTIONS}, **timer}
            timer["transfer"] = _transfer(job, slot, where)
            timer["schedule"], of_timer = schedule_of(
                merged((*job.layers, of_slot), where),
                schedule=job.schedule,
                where=where,
                spread=0 if "at" in job.layers[3] else spread,
                key=job.name,
                now=now,
            )
            used |= of_timer - set(of_slot)
            definition = _check_definition(job, where, timer, now)
            job.schedules.append(definition.schedule)
            job.writes += job_writes(definition.action, job.number, job.where, where, paused=job.state == "paused")
        yield slot, timer
    if job.state == "absent":
        return
    for option in sorted(set(job.layers[3]) - used):
        raise InputError(f"{job.where}: {option} has no effect with the schedule {job.schedule}. Remove it")
    if job.rotates:
        job.warnings += check_rotation(job.writes, job.schedule)


def _transfer(job: _Job, slot: str | None, where: str) -> dict[str, Any]:
    """The option ``transfer`` of a timer."""
    options = {option: value for option, value in job.options.items() if option in _TRANSFER_OPTIONS}
    for option in ("source_collection", "destination_collection"):
        if option not in options:
            raise InputError(f"{where}: {option} is missing. Set it in the job or in backup_defaults")
    recursive = {"recursive": job.options.get("recursive", True)}
    paths = options.get("paths")
    if paths is None:
        path = {}
        for option in ("source_path", "destination_path"):
            if option not in job.options:
                raise InputError(f"{where}: {option} is missing. Set it in the job or in backup_defaults")
            path[option] = job.options[option]
        paths = [path]
    options["paths"] = [{**recursive, **path} for path in paths]
    filled: dict[str, Any] = _fill_in_slot(options, slot, where, job.schedule)
    return filled


def _fill_in_slot(value: Any, slot: str | None, where: str, schedule: str) -> Any:
    """``value`` with each ``{slot}`` in paths and labels replaced."""
    if isinstance(value, Mapping):
        return {key: _fill_in_slot(item, slot, where, schedule) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill_in_slot(item, slot, where, schedule) for item in value]
    if not isinstance(value, str):
        return value
    for found in _LIKE_SLOT.findall(value):
        if found != SLOT:
            raise InputError(f"{where}: {value!r} contains {found}. Did you mean {SLOT}?")
    if SLOT not in value:
        return value
    if slot is None:
        raise InputError(f"{where}: {value!r} contains {SLOT}, but the schedule {schedule} has no slots")
    return value.replace(SLOT, slot)


def _check_definition(job: _Job, where: str, timer: Options, now: datetime) -> Definition:
    """The definition of a timer. Refuses everything that the module ``timers`` would refuse (rules L1, L1a, L3) if it
    had to create the timer (rules N3, N4), with a message that names the job.
    """
    definition = {option: timer[option] for option in ("name", "transfer", "schedule")}
    try:
        parsed = parse_definition(validate(_DEFINITION, definition), now)
    except InputError as error:
        raise InputError(f"{where}: {_as_job_options(str(error), job)}") from None
    if parsed is None:
        raise AssertionError("a timer of a job has a transfer and a schedule")
    for refusal in refusals_of(parsed, first_run(parsed.schedule, now) or now):
        message = f"{where}: {_as_job_options(refusal, job)}"
        if job.state != "paused":
            raise InputError(message)
        job.warnings.append(message)  # the timer may exist, and must be paused; if not, the module refuses to create it
    return parsed


_QUOTED_OR_OPTION = re.compile(
    r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\b(?:transfer\.paths\[0\]|transfer|schedule)\."""
)


def _as_job_options(message: str, job: _Job) -> str:
    """A message about a definition, with the option names of a job: without ``transfer.`` and ``schedule.``."""
    single = "paths" not in job.options

    def in_job(match: re.Match[str]) -> str:
        found = match[0]
        if found[0] in "'\"":
            return found  # a value
        return "paths[0]." if found.startswith("transfer.paths") and not single else ""

    return _QUOTED_OR_OPTION.sub(in_job, message)


# --- jobs for the other entry points of the role -------------------------------------------------------------------


@dataclass(frozen=True)
class Copy:
    """The copy that one timer of a job writes: one for each slot, or a single one.

    :ivar timer: the name of the timer.
    :ivar options: the option ``transfer`` of the timer.
    :ivar transfer: the same, parsed.
    :ivar schedule: when the timer runs.
    """

    slot: str | None
    timer: str
    options: Mapping[str, Any]
    transfer: Transfer
    schedule: Schedule


@dataclass(frozen=True)
class JobCopies:
    """A job and its copies, in the order of its slots.

    :ivar number: its position in ``backup_jobs``; ``where`` is the same with its name.
    :ivar state: the state of the job itself, without ``backup_state``.
    """

    number: int
    name: str
    where: str
    state: str
    copies: Sequence[Copy]


def copies_of_jobs(variables: _variables.Variables, needed: Iterable[str] | None = None) -> list[JobCopies]:
    """The jobs with their copies, in any state: the copies of an absent job can be restored, too.

    :param needed: the names of the jobs that must be correct; None means all. Other jobs with errors are left out, so
        that they do not prevent a restore.
    :raises InputError: with the job and the option, or the variable of the role.
    """
    own = _own_schedules(plain(variables.schedules))
    shared = _read_options(_DEFAULT_OPTIONS, plain(variables.defaults), "backup_defaults: ")
    must = None if needed is None else set(needed)
    found: list[JobCopies] = []
    for number, entry in enumerate(_job_list(plain(variables.jobs))):
        try:
            found.append(_copies_of(number, entry, shared, own, variables))
        except InputError:
            if must is None or (isinstance(entry, Mapping) and str(entry.get("name")) in must):
                raise
    for job in found:
        if must is None or job.name in must:
            _check_names(job, found[: found.index(job)])
    return found


def names_of_jobs(jobs: Any) -> list[str]:
    """The names in ``backup_jobs``, including jobs with errors. Raises InputError."""
    entries = [entry for entry in _job_list(plain(jobs)) if isinstance(entry, Mapping)]
    return [str(entry["name"]) for entry in entries if entry.get("name") is not None]


def _copies_of(
    number: int, entry: Any, shared: Options, own: Mapping[str, Options], variables: _variables.Variables
) -> JobCopies:
    """The copies of a job. In the state ``paused``, options that an existing timer may have are not refused."""
    job = _parse_job(number, entry, shared, own, "present", {"timezone": variables.timezone})
    state, job.state = job.state, "paused"
    copies = []
    for slot, timer in _timers_of(job, variables.prefix, variables.spread, variables.clock):
        definition = _check_definition(job, job.where, timer, variables.clock)
        if not isinstance(definition.action, Transfer):
            raise AssertionError("jobs transfer")
        copies.append(Copy(slot, timer["name"], timer["transfer"], definition.action, definition.schedule))
    return JobCopies(number, job.name, job.where, state, copies)


# --- the role ------------------------------------------------------------------------------------------------------


def plan_backup(given: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The timers and jobs in the variables of the role, or an error message.

    :param now: the current time of the controller.
    """
    try:
        variables = _variables.read(given, now)
        expansion = expand(
            variables.jobs,
            now=variables.clock,
            schedules=variables.schedules,
            defaults=variables.defaults,
            zone=variables.timezone,
            prefix=variables.prefix,
            state=variables.state,
            spread=variables.spread,
            max_age=variables.max_age,
        )
    except InputError as error:
        nothing: dict[str, Any] = {"timers": [], "jobs": [], "warnings": [], "options": {}}
        return {"error": printable(str(error)), **nothing, "timezone": None, "report": None}
    return {
        "error": None,
        "timers": expansion.timers,
        "jobs": [job.as_result() for job in expansion.jobs],
        "warnings": [printable(warning) for warning in expansion.warnings],
        "options": variables.as_options(),
        "timezone": variables.timezone,
        "report": variables.report,
    }
