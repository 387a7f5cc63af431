# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""What a timer should be: task parameters -> definition, its normal form, and how two definitions differ.

Pure: no input or output. Every rule that can be checked without the service is checked here (L1, L1a), with a message
that names the option and says what is allowed.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Union
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ansible_collections.research_ops.globus.plugins.module_utils import _schedule
from ansible_collections.research_ops.globus.plugins.module_utils._errors import InputError
from ansible_collections.research_ops.globus.plugins.module_utils._schedule import Schedule

SYNC_LEVELS = ("exists", "size", "mtime", "checksum")  # the service's 0 to 3
LABEL_LENGTH = 128
START_WITHIN = timedelta(days=366)


@dataclass(frozen=True)
class Path:
    """One item of a transfer. ``recursive`` None leaves it to the service, which detects directories."""

    source_path: str
    destination_path: str
    recursive: bool | None = None
    external_checksum: str | None = None
    checksum_algorithm: str | None = None


@dataclass(frozen=True)
class FilterRule:
    """Which files of a recursive transfer are left out or taken; the first rule that matches decides."""

    name: str
    method: str = "exclude"
    type: str | None = None


@dataclass(frozen=True)
class Transfer:
    """What a timer transfers. The defaults are the module's own: ``verify_checksum`` is true here and false in the
    service (rule D1), everything else is the same in both.
    """

    source_collection: str
    destination_collection: str
    paths: tuple[Path, ...]
    label: str | None = None
    sync_level: str | None = None
    verify_checksum: bool = True
    preserve_timestamp: bool = False
    encrypt_data: bool = False
    delete_destination_extra: bool = False
    skip_source_errors: bool = False
    fail_on_quota_errors: bool = False
    notify_on_succeeded: bool = True
    notify_on_failed: bool = True
    notify_on_inactive: bool = True
    store_base_path_info: bool = False
    deadline: datetime | None = None
    filter_rules: tuple[FilterRule, ...] = ()
    source_local_user: str | None = None
    destination_local_user: str | None = None

    @property
    def collections(self) -> tuple[str, ...]:
        """The IDs of the collections it needs, each once."""
        return tuple(dict.fromkeys((self.source_collection, self.destination_collection)))

    def normal(self) -> Transfer:
        """The form in which two transfers that mean the same are equal (rule D1).

        The items of a transfer are independent of each other, so their order means nothing. Of filter rules the first
        match decides, so only the order between including and excluding rules means something.
        """
        if len(self.paths) < 2 and len(self.filter_rules) < 2:
            return self  # as most are
        return replace(
            self,
            paths=tuple(sorted(self.paths, key=repr)),
            filter_rules=tuple(
                rule
                for _method, rules in groupby(self.filter_rules, key=lambda rule: rule.method)
                for rule in sorted(rules, key=repr)
            ),
        )


@dataclass(frozen=True)
class Flow:
    """Which flow a timer runs, and with what."""

    flow_id: str
    input: Mapping[str, Any] = field(default_factory=dict, hash=False)
    run_managers: tuple[str, ...] = ()
    run_monitors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def collections(self) -> tuple[str, ...]:
        """None that we know of: a flow asks for what it needs by itself."""
        return ()

    def normal(self) -> Flow:
        """The form in which two that mean the same are equal: who may see a run, and its tags, are sets."""
        return replace(
            self,
            run_managers=tuple(sorted(set(self.run_managers))),
            run_monitors=tuple(sorted(set(self.run_monitors))),
            tags=tuple(sorted(set(self.tags))),
        )


Action = Union[Transfer, Flow]


@dataclass(frozen=True)
class Definition:
    """A timer as a user asks for it.

    :ivar action: what it does at each run.
    """

    name: str
    action: Action
    schedule: Schedule


@dataclass(frozen=True)
class Difference:
    """One field in which a timer differs from its definition; both values as the options spell them."""

    field: str
    desired: Any
    actual: Any

    def as_result(self) -> dict[str, Any]:
        return {"field": self.field, "desired": self.desired, "actual": self.actual}

    def __str__(self) -> str:
        return f"{self.field} is {_said(self.actual)}, should be {_said(self.desired)}"


def _said(value: Any) -> str:
    """A value in a message, as a playbook spells it."""
    return "not set" if value is None else json.dumps(value, ensure_ascii=False)


# --- parameters -> definition --------------------------------------------------------------------------------------


def parse_definition(parameters: Mapping[str, Any], now: datetime) -> Definition | None:
    """The definition that module parameters describe, or None where they describe none (only a name or an ID).

    :param parameters: ``name``, ``transfer``, ``schedule`` as AnsibleModule gives them, unset options being None.
    :param now: the clock of the host; used only to refuse a start that is too far off.
    :raises InputError: with the option's name and what is allowed.
    """
    transfer, flow, schedule = (parameters.get(option) for option in ("transfer", "flow", "schedule"))
    if transfer is None and flow is None and schedule is None:
        return None
    if transfer is not None and flow is not None:
        raise InputError("transfer and flow exclude each other: a timer does one of the two")
    if schedule is None:
        given = "flow" if transfer is None else "transfer"
        raise InputError(f"{given} is given without schedule: say when it runs, or schedule: {{}} to run it once, now")
    action: Action
    if transfer is not None:
        action = _parse_transfer(transfer)
    elif flow is not None:
        action = _parse_flow(flow)
    else:
        raise InputError("schedule is given without transfer or flow: say what the timer is to do")
    return Definition(parameters.get("name") or "", action, parse_schedule(schedule, now))


def parse_uuid(option: str, value: str) -> str:
    """The canonical, lower-case spelling of a UUID. Raises InputError."""
    try:
        return str(uuid.UUID(value.strip()))
    except ValueError:
        raise InputError(
            f"{option} must be a UUID such as 6c54cade-bde5-45c1-bdea-f4bd71dba2cc, not {value!r}"
        ) from None


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
        if given.get(option) == "":
            raise InputError(f"transfer.{option} is empty: leave it out, or name the user")
    known = {field.name for field in fields(Transfer)}  # an alias stays beside the option that it stands for
    transfer = Transfer(**{option: value for option, value in given.items() if option in known})
    if transfer.delete_destination_extra and any(path.recursive is False for path in transfer.paths):
        raise InputError(
            "transfer.delete_destination_extra mirrors folders: it needs recursive: true (or recursive left out) in "
            "every entry of transfer.paths"
        )
    return transfer


def _parse_flow(options: Mapping[str, Any]) -> Flow:
    given = {option: value for option, value in options.items() if value is not None}
    given["flow_id"] = parse_uuid("flow.flow_id", given["flow_id"])
    for option in ("run_managers", "run_monitors", "tags"):
        given[option] = tuple(given.get(option, ()))
    return Flow(**given)


def _parse_paths(paths: Sequence[Mapping[str, Any]]) -> tuple[Path, ...]:
    if not paths:
        raise InputError("transfer.paths is empty: a timer transfers at least one path")
    for number, path in enumerate(paths):
        for option in ("source_path", "destination_path"):
            if not path[option].strip():
                raise InputError(f"transfer.paths[{number}].{option} is empty: give a path, for example /data/")
    return tuple(Path(**path) for path in paths)


def _parse_filter_rules(rules: Sequence[Mapping[str, Any]]) -> tuple[FilterRule, ...]:
    for number, rule in enumerate(rules):
        if not rule["name"]:
            raise InputError(f'transfer.filter_rules[{number}].name is empty: give a pattern, for example "*.tmp"')
    return tuple(FilterRule(**rule) for rule in rules)


def _parse_label(label: str) -> str | None:
    if len(label) > LABEL_LENGTH or "\n" in label or "\r" in label or label != label.strip():
        raise InputError(
            f"transfer.label must be one line of at most {LABEL_LENGTH} characters without blanks at its ends; "
            f"this one has {len(label)} characters: {label!r}"
        )
    return label or None


def parse_moment(option: str, value: str, zone: str) -> tuple[datetime, datetime | None]:
    """``_schedule.parse_instant`` of an option. Raises InputError."""
    try:
        return _schedule.parse_instant(value, zone)
    except (ValueError, OverflowError):
        raise InputError(
            f'{option} must be a moment in ISO 8601, for example "2026-12-01T02:00:00-06:00", not {value!r}'
        ) from None


def parse_schedule(options: Mapping[str, Any], now: datetime) -> Schedule:
    """The schedule that the option ``schedule`` describes, unset options being None or left out. Raises InputError."""
    zone = options.get("timezone") or "UTC"
    _check_zone(zone)
    interval = _parse_interval(options.get("interval"))
    follow = options.get("daylight_saving") == "follow"
    start, wall_start = None, None
    if options.get("start") is not None:
        start, wall_start = parse_moment("schedule.start", options["start"], zone)
        if start > now + START_WITHIN:
            raise InputError(
                f"schedule.start {_schedule.format_instant(start)} is more than a year away: "
                "the service takes starts within a year"
            )
        if follow and wall_start is None:
            wall_start = _schedule.to_wall(start, zone)  # what is to be followed is the local time, however written
    count, end = _parse_end(options.get("end"), zone)
    schedule = Schedule(
        interval=interval,
        start=start,
        wall_start=wall_start,
        at=_parse_at(options.get("at")),
        weekday=None if options.get("weekday") is None else _schedule.WEEKDAYS.index(options["weekday"]),
        zone=zone,
        follow=follow,
        end_count=count,
        end_datetime=end,
    )
    _check_schedule(schedule)
    return schedule


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(
            f"schedule.timezone must be an IANA name such as America/Chicago, not {zone!r} (a host without time-zone "
            "data of its own needs the Python package tzdata)"
        ) from None


def _parse_interval(value: object) -> int | None:
    if value is None:
        return None
    try:
        interval = _schedule.parse_interval(value)
    except ValueError:
        raise InputError(
            f"schedule.interval must be like 30m, 12h, 1d, 1w, 1h30m, or a number of seconds, not {value!r}"
        ) from None
    if not _schedule.INTERVAL_MINIMUM <= interval <= _schedule.INTERVAL_MAXIMUM:
        raise InputError(f"schedule.interval must be from 60 seconds to 365 days, not {value!r} ({interval} seconds)")
    return interval


def _parse_at(value: object) -> int | None:
    if value is None:
        return None
    text = str(value).strip()
    if text.isdecimal():
        # YAML reads an unquoted 22:30 as so many minutes, and 22:30:15 as so many seconds
        seconds = int(text) * (_schedule.MINUTE if int(text) < _schedule.DAY // _schedule.MINUTE else 1)
        meant = _schedule.format_time_of_day(seconds) if seconds < _schedule.DAY else "22:30"
        raise InputError(
            f"schedule.at is the number {text}, which is how YAML reads an unquoted time of day; "
            f'quote the time: at: "{meant}"'
        )
    try:
        return _schedule.parse_time_of_day(text)
    except ValueError:
        raise InputError(f'schedule.at must be a time of day from "00:00" to "23:59", not {value!r}') from None


def _parse_end(end: Mapping[str, Any] | None, zone: str) -> tuple[int | None, datetime | None]:
    if end is None:
        return None, None
    count, moment = end.get("count"), end.get("datetime")
    if (count is None) == (moment is None):
        raise InputError("schedule.end takes exactly one of count (number of runs) and datetime (ISO 8601)")
    if count is not None:
        if count < 1:
            raise InputError(f"schedule.end.count must be at least 1, not {count}")
        return count, None
    return None, parse_moment("schedule.end.datetime", str(moment), zone)[0]


def _check_schedule(schedule: Schedule) -> None:
    """Rules L1 and L1a, as far as they concern more than one option."""
    interval = schedule.interval
    if interval is None and (schedule.end_count is not None or schedule.end_datetime is not None):
        raise InputError("schedule.end goes with schedule.interval: without an interval the timer runs once")
    if schedule.start is not None and schedule.end_datetime is not None and schedule.end_datetime <= schedule.start:
        raise InputError(
            f"schedule.end.datetime ({_schedule.format_instant(schedule.end_datetime)}) must be later than "
            f"schedule.start ({_schedule.format_instant(schedule.start)})"
        )
    if schedule.at is not None and schedule.start is not None:
        raise InputError("schedule.at and schedule.start exclude each other: at already says when the first run is")
    if schedule.weekday is not None and schedule.at is None:
        raise InputError('schedule.weekday goes with schedule.at, for example at: "02:00"')
    if schedule.at is not None and interval is not None and _schedule.DAY % interval and interval % _schedule.DAY:
        raise InputError(
            "schedule.at needs an interval that divides a day (such as 30m, 6h, 12h) or is whole days, or none; "
            f"not {_schedule.format_interval(interval)}"
        )
    if schedule.weekday is not None and interval and interval % _schedule.WEEK and interval != _schedule.YEAR:
        raise InputError(
            "schedule.weekday needs an interval of whole weeks (1w, 2w, ...), 365d, or none; "
            f"not {_schedule.format_interval(interval)}"
        )


# --- definition -> parameters --------------------------------------------------------------------------------------


def action_as_options(action: Action) -> dict[str, dict[str, Any]]:
    """What a timer does, below ``transfer`` or ``flow``, as those options spell it; unset ones are left out."""
    options = {name: _as_option(value) for name, value in vars(action).items()}
    return {_kind(action): {name: value for name, value in options.items() if value is not None and value != []}}


def _kind(action: Action) -> str:
    return "transfer" if isinstance(action, Transfer) else "flow"


def schedule_as_options(schedule: Schedule) -> dict[str, Any]:
    """What a timer has of its schedule, as the option ``schedule`` spells it: interval, start, end; unset ones are left
    out.
    """
    options: dict[str, Any] = {}
    if schedule.interval is not None:
        options["interval"] = _schedule.format_interval(schedule.interval)
    if schedule.start is not None:
        options["start"] = _schedule.format_instant(schedule.start)
    end = _schedule.end_as_option(schedule)
    if end is not None:
        options["end"] = end
    return options


def _as_option(value: Any) -> Any:
    if isinstance(value, datetime):
        return _schedule.format_instant(value)
    if isinstance(value, tuple):
        return [_as_option(item) for item in value]
    if isinstance(value, (Path, FilterRule)):
        return {name: option for name, option in vars(value).items() if option is not None}
    return value


# --- comparison ----------------------------------------------------------------------------------------------------


def action_differences(wanted: Action, actual: Action) -> list[Difference]:
    """In which options two transfers, or two flows, differ in meaning, in the order of the options."""
    if _kind(wanted) != _kind(actual):
        return [Difference("type", _kind(wanted), _kind(actual))]
    wanted, actual = wanted.normal(), actual.normal()
    return [
        Difference(f"{_kind(wanted)}.{name}", _as_option(value), _as_option(getattr(actual, name)))
        for name, value in vars(wanted).items()
        if not _equal(value, getattr(actual, name))
    ]


def _equal(one: Any, other: Any) -> bool:
    """Whether two values are equal as JSON, which the input of a flow is: to Python, true is equal to 1 as well."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_equal(value, other[key]) for key, value in one.items())
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_equal, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
