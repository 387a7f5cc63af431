# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Parses the options of a task, and checks all rules that need no service (L1, L1a, L3). Pure: no input or output.

Messages name the option and say what is allowed.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta, timezone
from typing import Any

from .. import _arguments
from .._errors import InputError
from .definition import LABEL_LENGTH, Action, Definition, FilterRule, Flow, Path, Transfer
from .plan import Wanted
from .schedule import (
    INTERVAL_MAXIMUM,
    INTERVAL_MINIMUM,
    WEEK,
    WEEKDAYS,
    YEAR,
    Schedule,
    find_zone,
    format_instant,
    format_interval,
    has_zone_data,
    keeps_time_of_day,
    parse_instant,
    parse_interval,
    parse_time_of_day,
    to_wall,
)

START_WITHIN = timedelta(days=366)
ROLE_PREFIX = "backup-"  # the default prefix of the role backup
_FIND_COLLECTION = (
    ". The web app shows it on the page of the collection. The lookup research_ops.globus.collection_id finds it by "
    "the display name"
)

# --- entries of a list ---------------------------------------------------------------------------------------------


def parse_wanted(parameters: Mapping[str, Any], task: Mapping[str, Any] | None = None) -> Wanted:
    """The timer that a task, or an entry of its list, describes. Raises InputError (rules L1, L3, I5).

    :param task: the parameters of the task: an entry takes from them the policies that it leaves out.
    """
    defaults = parameters if task is None else task
    policies = {
        option: defaults[option] if parameters.get(option) is None else parameters[option]
        for option in _arguments.policy_arguments()
    }
    name, timer_id = (parameters.get(option) for option in ("name", "timer_id"))
    if name is None and timer_id is None:
        raise InputError(
            "name or timer_id is missing: one of them is required. A template that results in null counts as missing"
        )
    if name is not None and not name.strip():
        raise InputError("name is empty: give the name of the timer")
    if timer_id is not None and not timer_id.strip():
        raise InputError("timer_id is empty: remove it to find the timer by its name, or give its UUID")
    wanted = Wanted(
        name=name or "",
        timer_id=timer_id if timer_id is None else parse_uuid("timer_id", timer_id),
        state=parameters["state"],
        **policies,
        definition=parse_definition(parameters, datetime.now(timezone.utc)),
    )
    if timer_id is None and wanted.definition is None and wanted.state == "present":
        raise InputError(
            "transfer (or flow) and schedule are required with state: present, to create the timer if it does not exist"
        )
    if timer_id is not None and wanted.on_drift == "replace":
        raise InputError(
            "on_drift: replace cannot be used with timer_id: the new timer would have another ID. To replace the "
            "timer, use only its name"
        )
    return wanted


def parse_wanted_list(parameters: Mapping[str, Any]) -> list[Wanted]:
    """The timers that the task ``timers`` describes. Raises InputError with position and timer (rules L3, W7)."""
    wanted: list[Wanted] = []
    positions: dict[tuple[str, str], int] = {}
    for number, entry in enumerate(parameters["timers"]):
        where = entry_position(number, entry)
        try:
            parsed = parse_wanted(entry, parameters)
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
        for key in (("name", parsed.name), ("timer_id", parsed.timer_id or "")):
            if key[1] and key in positions:
                raise InputError(
                    f"{where} has the same {key[0]} as timers[{positions[key]}]. Remove one of them, or change its "
                    f"{key[0]}"
                )
            positions[key] = number
        wanted.append(parsed)
    if not 1 <= parameters["concurrency"] <= _arguments.CONCURRENCY_MAXIMUM:
        raise InputError(
            f"concurrency must be from 1 to {_arguments.CONCURRENCY_MAXIMUM}, not {parameters['concurrency']}"
        )
    if parameters["purge"]:
        _check_purge_prefix(parameters["purge_prefix"])
        if parameters["purge_limit"] < 0:
            raise InputError(f"purge_limit must be 0 or more, not {parameters['purge_limit']}")
        if not any(entry.state != "absent" for entry in wanted):
            raise InputError(
                "purge is refused because the list contains no timer to keep, so purge would delete every timer "
                "with the prefix. To delete timers, list them with state: absent"
            )
    return wanted


def _check_purge_prefix(prefix: str) -> None:
    """Refuses a prefix with which two teams of one account could purge each other's timers (rule W7)."""
    if not prefix.strip():
        raise InputError("purge_prefix is empty: purge only deletes timers whose names start with it")
    if ROLE_PREFIX.startswith(prefix):
        raise InputError(
            f"purge_prefix {prefix!r} is the default prefix of the role backup, or the beginning of that prefix, so "
            "purge could delete the backups of other people. Use your own prefix"
        )


def entry_position(number: int, entry: Mapping[str, Any]) -> str:
    return f"timers[{number}] ({entry.get('name') or entry.get('timer_id') or 'no name'})"


# --- parameters -> definition --------------------------------------------------------------------------------------


def parse_definition(parameters: Mapping[str, Any], now: datetime) -> Definition | None:
    """The definition in module parameters, or None if they have only a name or an ID.

    :param parameters: ``name``, ``transfer`` and so on as AnsibleModule gives them; unset options are None.
    :param now: the clock of the host; used only to refuse a start that is too far in the future.
    :raises InputError: with the name of the option and what is allowed.
    """
    transfer, flow, schedule = (parameters.get(option) for option in ("transfer", "flow", "schedule"))
    if transfer is None and flow is None and schedule is None:
        return None
    if transfer is not None and flow is not None:
        raise InputError("transfer and flow are mutually exclusive: a timer runs one of them")
    if schedule is None:
        given = "flow" if transfer is None else "transfer"
        raise InputError(
            f"{given} requires schedule. Set it to the times of the runs, or to {{}} to run the timer once, now"
        )
    action: Action
    if transfer is not None:
        action = _parse_transfer(transfer)
    elif flow is not None:
        action = _parse_flow(flow)
    else:
        raise InputError("schedule requires transfer or flow, which define what the timer does")
    return Definition(parameters.get("name") or "", action, parse_schedule(schedule, now))


def parse_uuid(option: str, value: str) -> str:
    """The canonical, lower-case spelling of a UUID. Raises InputError."""
    try:
        return str(uuid.UUID(value.strip()))
    except ValueError:
        hint = _FIND_COLLECTION if "collection" in option else ""
        raise InputError(
            f"{option} must be a UUID such as 6c54cade-bde5-45c1-bdea-f4bd71dba2cc, not {value!r}{hint}"
        ) from None


def parse_ids(option: str, values: Sequence[Any] | None) -> list[str]:
    """The UUIDs of a list option. Raises InputError with the position of a null, blank or wrong one (rule N1)."""
    ids = []
    for number, value in enumerate(values or ()):
        where = f"{option}[{number}]"
        if _arguments.is_blank(value):
            raise InputError(f"{where} is null or blank: give a UUID, or remove the entry")
        ids.append(parse_uuid(where, value))
    return ids


def _parse_transfer(options: Mapping[str, Any]) -> Transfer:
    given = {option: value for option, value in options.items() if value is not None}
    for option in ("source_collection", "destination_collection"):
        given[option] = parse_uuid(f"transfer.{option}", given[option])
    given["paths"] = _parse_paths(given["paths"])
    given["filter_rules"] = _parse_filter_rules(given.get("filter_rules", ()))
    if "label" in given:
        given["label"] = _parse_label(given["label"])
    if "deadline" in given:
        given["deadline"] = parse_moment("transfer.deadline", given["deadline"], "UTC")[0]
    for option in ("source_local_user", "destination_local_user"):
        _refuse_blank(f"transfer.{option}", given.get(option))
    known = {field.name for field in fields(Transfer)}  # an alias stays beside the option that it stands for
    transfer = Transfer(**{option: value for option, value in given.items() if option in known})
    if transfer.delete_destination_extra and any(path.recursive is False for path in transfer.paths):
        raise InputError(
            "transfer.delete_destination_extra only works with folders: set recursive: true, or remove recursive, "
            "in every entry of transfer.paths"
        )
    return transfer


def _parse_flow(options: Mapping[str, Any]) -> Flow:
    given = {option: value for option, value in options.items() if value is not None}
    given["flow_id"] = parse_uuid("flow.flow_id", given["flow_id"])
    for option in ("run_managers", "run_monitors", "tags"):
        given[option] = tuple(given.get(option, ()))
        for number, value in enumerate(given[option]):
            _refuse_blank(f"flow.{option}[{number}]", value)
    return Flow(**given)


def _parse_paths(paths: Sequence[Mapping[str, Any]]) -> tuple[Path, ...]:
    if not paths:
        raise InputError("transfer.paths is empty: give at least one path")
    for number, path in enumerate(paths):
        for option in ("source_path", "destination_path"):
            if not path[option].strip():
                raise InputError(f"transfer.paths[{number}].{option} is empty: give a path, for example /data/")
        for option in ("external_checksum", "checksum_algorithm"):
            _refuse_blank(f"transfer.paths[{number}].{option}", path.get(option))
    return tuple(Path(**path) for path in paths)


def _parse_filter_rules(rules: Sequence[Mapping[str, Any]]) -> tuple[FilterRule, ...]:
    for number, rule in enumerate(rules):
        if not rule["name"].strip():
            raise InputError(f'transfer.filter_rules[{number}].name is empty: give a pattern, for example "*.tmp"')
    return tuple(FilterRule(**rule) for rule in rules)


def _parse_label(label: str) -> str | None:
    """The label. The service treats an empty one as none."""
    if len(label) > LABEL_LENGTH or "\n" in label or "\r" in label or label != label.strip():
        raise InputError(
            f"transfer.label must be one line of at most {LABEL_LENGTH} characters without leading or trailing blanks; "
            f"this one has {len(label)} characters: {label!r}"
        )
    return label or None


def _refuse_blank(option: str, value: str | None) -> None:
    """Refuses an empty text (rule N2). It does not count as "not given", because a survey or template may have been
    empty by mistake."""
    if value is not None and not value.strip():
        raise InputError(f"{option} is empty: give a value, or remove the option")


def parse_moment(option: str, value: str, zone: str) -> tuple[datetime, datetime | None]:
    """The moment, and the wall time, in an option: see ``schedule.parse_instant``. Raises InputError."""
    try:
        return parse_instant(value, zone)
    except (ValueError, OverflowError):
        raise InputError(
            f'{option} must be a time in ISO 8601, for example "2026-12-01T02:00:00-06:00", not {value!r}'
        ) from None


def parse_schedule(options: Mapping[str, Any], now: datetime) -> Schedule:
    """The schedule in the option ``schedule``; unset options are None or left out. Raises InputError."""
    zone = options.get("timezone")
    zone = "UTC" if zone is None else zone
    needed = any(options.get(option) is not None for option in ("start", "at", "end"))
    check_zone("schedule.timezone", zone, needed=needed)
    interval = _parse_interval(options.get("interval"))
    follow = options.get("daylight_saving") == "follow"
    start, wall_start = None, None
    if options.get("start") is not None:
        start, wall_start = parse_moment("schedule.start", options["start"], zone)
        if start > now + START_WITHIN:
            raise InputError(
                f"schedule.start {format_instant(start)} is more than a year ahead: Globus accepts starts within a year"
            )
        if follow and wall_start is None:
            wall_start = to_wall(start, zone)  # the runs keep their local time, even if start has an offset
    count, end = _parse_end(options.get("end"), zone)
    schedule = Schedule(
        interval=interval,
        start=start,
        wall_start=wall_start,
        at=_parse_at(options.get("at")),
        weekday=None if options.get("weekday") is None else WEEKDAYS.index(options["weekday"]),
        zone=zone,
        follow=follow,
        end_count=count,
        end_datetime=end,
    )
    _check_schedule(schedule)
    return schedule


def check_zone(option: str, zone: str, *, needed: bool = True) -> None:
    """Refuses a name that is not a time zone. The message contains the name of the option (rules N2, N7).

    :param needed: false if the zone is not used yet: then a host without time zone data accepts any name.
    """
    _refuse_blank(option, zone)
    try:
        find_zone(zone)
    except (KeyError, ValueError, OSError):
        if has_zone_data():
            raise InputError(f"{option} must be an IANA name such as America/Chicago, not {zone!r}") from None
        if needed:
            raise InputError(
                f"{option} {zone!r} cannot be used: the host where the module runs has no time zone data. Install "
                "it for the Python of the module with python -m pip install tzdata, or install the system package "
                "tzdata. UTC needs no data"
            ) from None


def _parse_interval(value: object) -> int | None:
    if value is None:
        return None
    try:
        interval = parse_interval(value)
    except ValueError:
        raise InputError(
            "schedule.interval must be an interval such as 30m, 12h, 1d, 1w or 1h30m (in lower case, without "
            f"months), or a number of seconds, not {value!r}"
        ) from None
    if not INTERVAL_MINIMUM <= interval <= INTERVAL_MAXIMUM:
        raise InputError(f"schedule.interval must be from 60 seconds to 365 days, not {value!r} ({interval} seconds)")
    return interval


def parse_max_age(option: str, value: object) -> int | None:
    """Seconds within which a complete transfer must have arrived, or None. Raises InputError."""
    if value is None:
        return None
    try:
        seconds = parse_interval(value)
    except ValueError:
        seconds = 0
    if not seconds:
        raise InputError(
            f"{option} must be an interval such as 2d, 36h or 1d12h, or a number of seconds, not {value!r}"
        )
    return seconds


def _parse_at(value: object) -> int | None:
    if value is None:
        return None
    text = str(value).strip()
    if text.isdecimal():
        # YAML reads an unquoted 22:30 as 1350 (minutes) and 0200 as 128 (octal): the original is lost (rule N5)
        raise InputError(
            f"schedule.at is the number {text}, because YAML reads an unquoted time as a number; write it as "
            '"HH:MM", in quotes: at: "22:30"'
        )
    try:
        return parse_time_of_day(text)
    except ValueError:
        raise InputError(
            f'schedule.at must be a time of day from "00:00" to "23:59", not {value!r}; write it as "HH:MM" or '
            '"HH:MM:SS"'
        ) from None


def _parse_end(end: Mapping[str, Any] | None, zone: str) -> tuple[int | None, datetime | None]:
    if end is None:
        return None, None
    count, moment = end.get("count"), end.get("datetime")
    if (count is None) == (moment is None):
        raise InputError("schedule.end requires exactly one of count (number of runs) and datetime (ISO 8601)")
    if count is not None:
        if count < 1:
            raise InputError(f"schedule.end.count must be at least 1, not {count}")
        return count, None
    return None, parse_moment("schedule.end.datetime", str(moment), zone)[0]


def _check_schedule(schedule: Schedule) -> None:
    """Checks the parts of rules L1 and L1a that concern more than one option."""
    interval = schedule.interval
    if interval is None and (schedule.end_count is not None or schedule.end_datetime is not None):
        raise InputError("schedule.end requires schedule.interval: without an interval the timer runs once")
    if schedule.start is not None and schedule.end_datetime is not None and schedule.end_datetime <= schedule.start:
        raise InputError(
            f"schedule.end.datetime ({format_instant(schedule.end_datetime)}) must be later than "
            f"schedule.start ({format_instant(schedule.start)})"
        )
    if schedule.at is not None and schedule.start is not None:
        raise InputError("schedule.at and schedule.start are mutually exclusive: at already determines the first run")
    if schedule.weekday is not None and schedule.at is None:
        raise InputError('schedule.weekday requires schedule.at, for example at: "02:00"')
    if schedule.at is not None and interval is not None and not keeps_time_of_day(interval):
        raise InputError(
            "schedule.at requires an interval that divides a day (such as 30m, 6h or 12h), an interval of whole "
            f"days, or no interval; not {format_interval(interval)}"
        )
    if schedule.weekday is not None and interval and interval % WEEK and interval != YEAR:
        raise InputError(
            "schedule.weekday requires an interval of whole weeks (1w, 2w, ...), 365d, or no interval; not "
            f"{format_interval(interval)}"
        )
