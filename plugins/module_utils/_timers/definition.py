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
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Any, Union

from .schedule import Schedule, end_as_option, format_instant, format_interval

SYNC_LEVELS = ("exists", "size", "mtime", "checksum")  # the service's 0 to 3
LABEL_LENGTH = 128
CHECKSUM_ALGORITHM = "MD5"  # of external_checksum, where none is given


@dataclass(frozen=True)
class Path:
    """One item of a transfer. ``recursive`` None leaves it to the service, which detects directories."""

    source_path: str
    destination_path: str
    recursive: bool | None = None
    external_checksum: str | None = None
    checksum_algorithm: str | None = None

    def normal(self) -> Path:
        """Of a checksum without an algorithm the service takes MD5."""
        if self.external_checksum is None or self.checksum_algorithm is not None:
            return self
        return replace(self, checksum_algorithm=CHECKSUM_ALGORITHM)


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
        checksums = any(path.external_checksum for path in self.paths)
        if len(self.paths) < 2 and len(self.filter_rules) < 2 and not checksums:
            return self  # as most are
        return replace(
            self,
            paths=tuple(sorted((path.normal() for path in self.paths), key=repr)),
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
        return f"{self.field} is {_as_json(self.actual)}, should be {_as_json(self.desired)}"


def _as_json(value: Any) -> str:
    """A value in a message, as a playbook spells it."""
    return "not set" if value is None else json.dumps(value, ensure_ascii=False)


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
        options["interval"] = format_interval(schedule.interval)
    if schedule.start is not None:
        options["start"] = format_instant(schedule.start)
    end = end_as_option(schedule)
    if end is not None:
        options["end"] = end
    return options


def _as_option(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_instant(value)
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
        if not _equal_as_json(value, getattr(actual, name))
    ]


def _equal_as_json(one: Any, other: Any) -> bool:
    """Whether two values are equal as JSON, which the input of a flow is: to Python, true is equal to 1 as well."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_equal_as_json(value, other[key]) for key, value in one.items())
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_equal_as_json, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
