# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters and orders of Transfer's lists: ``task_id:A,B/status:ACTIVE/label:~nightly*/request_time:FROM,TO``."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from emulator.clock import parse_moment
from emulator.errors import ServiceError
from emulator.tasks import Event, Task

_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)
_STATUSES = ("ACTIVE", "INACTIVE", "FAILED", "SUCCEEDED")
_TYPES = ("TRANSFER", "DELETE")

_ORDERS: dict[str, Callable[[Task], Any]] = {
    "task_id": lambda task: task.id,
    "status": lambda task: task.status,
    "type": lambda task: "TRANSFER",
    "label": lambda task: task.label,
    "request_time": lambda task: task.requested_at,
    "completion_time": lambda task: task.completed_at or _END,
    "deadline": lambda task: task.deadline,
    "bytes_transferred": lambda task: task.outcome.bytes_transferred,
    "faults": lambda task: task.faults,
}


def clauses(text: str) -> dict[str, list[str]]:
    """The clauses of a filter, which are separated by slashes. Raises ServiceError."""
    found: dict[str, list[str]] = {}
    for clause in filter(None, text.split("/")):
        name, colon, values = clause.partition(":")
        if not colon:
            raise refusal(f"filter clause {clause!r} is not NAME:VALUES")
        found[name.strip()] = values.split(",")
    return found


def filtered(tasks: dict[str, Task], owner: str, text: str) -> list[Task]:
    """The tasks of a user that match a filter. Raises ServiceError."""
    filters = clauses(text)
    ids = filters.pop("task_id", None)
    if ids is not None:
        wanted = dict.fromkeys(one.strip().lower() for one in ids)
        chosen: Iterable[Task] = (tasks[one] for one in wanted if one in tasks)
    else:
        chosen = tasks.values()
    tests = [_test(name, values) for name, values in filters.items()]
    return [task for task in chosen if task.owner == owner and all(test(task) for test in tests)]


def _test(name: str, values: list[str]) -> Callable[[Task], bool]:
    if name == "status":
        words = _words(name, values, _STATUSES)
        return lambda task: task.status in words
    if name == "type":
        words = _words(name, values, _TYPES)
        return lambda task: "TRANSFER" in words
    if name == "label":
        return lambda task: _label_fits(task.label, values)
    if name == "request_time":
        earliest, latest = _span(name, values)
        return lambda task: earliest <= task.requested_at <= latest
    if name == "completion_time":
        earliest, latest = _span(name, values)
        # A span without an end includes unfinished tasks, which will end later.
        return lambda task: earliest <= (task.completed_at or _END) <= latest
    raise refusal(f"unknown filter {name!r}")


def _words(name: str, values: list[str], allowed: tuple[str, ...]) -> set[str]:
    words = {one.strip().upper() for one in values if one.strip()}
    if not words or not words <= set(allowed):
        raise refusal(f"{name} must be one of {', '.join(allowed)}")
    return words


def _label_fits(label: str, patterns: list[str]) -> bool:
    """``=`` (or no prefix) compares the whole text, ``~`` a pattern without regard to case. ``!`` in front negates.

    At least one pattern without ``!`` must match, if there are any, and none of those with ``!``.
    """
    wanting, fits = False, False
    for pattern in patterns:
        without, rest = pattern.startswith("!"), pattern.removeprefix("!")
        if rest.startswith("~"):
            same = fnmatch.fnmatchcase(label.lower(), rest[1:].lower())
        else:
            same = label == rest.removeprefix("=")
        if without and same:
            return False
        wanting, fits = wanting or not without, fits or (same and not without)
    return fits or not wanting


def _span(name: str, values: list[str]) -> tuple[datetime, datetime]:
    if len(values) > 2 or not any(one.strip() for one in values):
        raise refusal(f"{name} must be FROM,TO; one of the two may be empty")
    try:
        moments = [parse_moment(_with_plus(one)) if one.strip() else None for one in values]
    except ValueError as error:
        raise refusal(f"{name} has an invalid time") from error
    return moments[0] or _BEGINNING, (moments[1] if len(moments) == 2 else None) or _END


def _with_plus(text: str) -> str:
    """The text with its plus sign, which has become a blank if it was not escaped."""
    day, _middle, rest = text.strip().partition("T")
    return f"{day}T{rest.replace(' ', '+')}" if rest else day


def ordered(tasks: list[Task], text: str | None) -> list[Task]:
    """Tasks in an order such as ``status ASC,request_time DESC``; by default the latest first. Raises ServiceError."""
    for one in reversed((text or "request_time DESC").split(",")):
        name, _blank, direction = one.strip().partition(" ")
        if name not in _ORDERS or direction.upper() not in ("", "ASC", "DESC"):
            raise refusal(f"orderby {one.strip()!r} is not FIELD ASC or FIELD DESC")
        tasks = sorted(tasks, key=_ORDERS[name], reverse=direction.upper() == "DESC")
    return tasks


def filtered_events(events: Iterable[Event], text: str) -> list[Event]:
    """The events that match a filter, the latest first. Raises ServiceError."""
    filters = clauses(text)
    values = filters.pop("is_error", ["0", "1"])
    if filters or not set(values) <= {"0", "1"}:
        raise refusal("events can be filtered by is_error:0 or is_error:1")
    return [one for one in reversed(list(events)) if str(int(one.is_error)) in values]


def refusal(message: str) -> ServiceError:
    """The refusal of a query."""
    return ServiceError(400, "ClientError.BadRequest", message)
