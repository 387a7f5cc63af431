# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""What a timer should be, in a normal form, and how two definitions differ. Pure: no input or output."""

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
CHECKSUM_ALGORITHM = "MD5"  # of external_checksum, if none is given


@dataclass(frozen=True)
class Path:
    """One item of a transfer. If ``recursive`` is None, the service finds out whether it is a directory."""

    source_path: str
    destination_path: str
    recursive: bool | None = None
    external_checksum: str | None = None
    checksum_algorithm: str | None = None

    @property
    def is_folder(self) -> bool:
        """Whether the path is a folder that the service detects as one, because ``recursive`` is not set."""
        return self.recursive is None and self.source_path.endswith("/")

    def normal(self) -> Path:
        """With the values that the service uses for options that are not set: the checksum algorithm MD5, and for a
        path that ends with ``/``, ``recursive``. Other paths without ``recursive`` may be files, so they stay as they
        are.
        """
        path = replace(self, recursive=True) if self.is_folder else self
        if path.external_checksum is None or path.checksum_algorithm is not None:
            return path
        return replace(path, checksum_algorithm=CHECKSUM_ALGORITHM)


@dataclass(frozen=True)
class FilterRule:
    """Whether a recursive transfer includes or excludes files; the first rule that matches a file decides."""

    name: str
    method: str = "exclude"
    type: str | None = None


@dataclass(frozen=True)
class Transfer:
    """What a timer transfers. The defaults are those of the service, except ``verify_checksum``: it is true here, and
    false in the service (rule D1).
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
        """The IDs of its collections, each once."""
        return tuple(dict.fromkeys((self.source_collection, self.destination_collection)))

    def normal(self) -> Transfer:
        """The normal form: transfers with the same meaning have equal normal forms (rule D1).

        The items of a transfer are independent of each other, so their order does not matter. The first filter rule
        that matches decides, so only the order between including and excluding rules matters.
        """
        fills_in_options = any(path.external_checksum or path.is_folder for path in self.paths)
        if len(self.paths) < 2 and len(self.filter_rules) < 2 and not fills_in_options:
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
        """No collections are known: a flow asks for its own consents."""
        return ()

    def normal(self) -> Flow:
        """The normal form: the order of managers, monitors and tags does not matter."""
        return replace(
            self,
            run_managers=tuple(sorted(set(self.run_managers))),
            run_monitors=tuple(sorted(set(self.run_monitors))),
            tags=tuple(sorted(set(self.tags))),
        )


Action = Union[Transfer, Flow]


@dataclass(frozen=True)
class Definition:
    """A timer as the user describes it.

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
    """A value for a message, written as in a playbook."""
    return "not set" if value is None else json.dumps(value, ensure_ascii=False)


# --- definition -> parameters --------------------------------------------------------------------------------------


def action_as_options(action: Action) -> dict[str, dict[str, Any]]:
    """The option ``transfer`` or ``flow`` that describes an action, without options that are not set."""
    options = {name: _as_option(value) for name, value in vars(action).items()}
    return {_kind(action): {name: value for name, value in options.items() if value is not None and value != []}}


def _kind(action: Action) -> str:
    return "transfer" if isinstance(action, Transfer) else "flow"


def schedule_as_options(schedule: Schedule) -> dict[str, Any]:
    """The option ``schedule`` that describes a timer's interval, start and end, without options that are not set."""

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
    """The options in which two transfers, or two flows, differ in meaning, in the order of the options."""
    if _kind(wanted) != _kind(actual):
        return [Difference("type", _kind(wanted), _kind(actual))]
    wanted, actual = wanted.normal(), actual.normal()
    return [
        Difference(f"{_kind(wanted)}.{name}", _as_option(value), _as_option(getattr(actual, name)))
        for name, value in vars(wanted).items()
        if not _equal_as_json(value, getattr(actual, name))
    ]


def _equal_as_json(one: Any, other: Any) -> bool:
    """Whether two values are equal as JSON, such as the input of a flow. In Python, true also equals 1."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_equal_as_json(value, other[key]) for key, value in one.items())
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_equal_as_json, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
