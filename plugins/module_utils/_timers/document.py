# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Reads documents of the Timers service, in all their shapes, into timers, and writes definitions (rule I4).

Shapes and names: the service's JobRead and TimerRead schemas and the recorded answers that the Globus SDK ships
(facts, "Timers: operations"). Pure: no input or output.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from .definition import (
    SYNC_LEVELS,
    Action,
    Definition,
    Difference,
    FilterRule,
    Flow,
    Path,
    Transfer,
    action_as_options,
    action_differences,
    schedule_as_options,
)
from .schedule import YEAR, Schedule, differences, format_instant
from .values import (
    instant_or_none,
    is_absent,
    presentable,
    presentable_text,
    shown,
    to_boolean,
    to_instant,
    to_json_mapping,
    to_mapping,
    to_number,
    to_text,
)

GONE = ("delete_in_progress", "deleted")
ENDED = "ended"
INACTIVE = "inactive"

# Addresses of action providers on the hosts of Globus, of every environment. For transfers, the Globus CLI uses
# actions.automate.globus.org/transfer/transfer and transfer.actions.globus.org/transfer. The documentation uses the
# older actions.globus.org/transfer/transfer. "/run" is how an action provider is asked to start.
_GLOBUS = r"https://(?:[a-z0-9-]+\.)*"
_DOMAIN = r"(?:[a-z0-9-]+\.)*(?:globus\.org|globuscs\.info)(?::443)?"
_TRANSFER_URL = re.compile(_GLOBUS + r"actions\." + _DOMAIN + r"(?:/transfer)?/transfer/run/?", re.IGNORECASE)
_ACTION_URL = re.compile(_GLOBUS + _DOMAIN + r"/(?:[^?#]*/)?run/?", re.IGNORECASE)
_FLOW_URL = re.compile(_GLOBUS + r"flows\." + _DOMAIN + r"/flows/([0-9a-f-]{36})/run/?", re.IGNORECASE)

_BOOLEAN_OPTIONS = tuple(f.name for f in fields(Transfer) if f.type == "bool")
_TASK_MEMBERS = ("task_id", "status", "fatal_error")  # the members of a transfer task that health and runs need
_SERVICE_TRUE = ("notify_on_succeeded", "notify_on_failed", "notify_on_inactive")  # true if a document lacks them
_RUN_LISTS = ("run_managers", "run_monitors", "tags")

# The members of each document that we read, and those that do not affect what the timer does, with the names of both
# shapes. Any other member that is set may mean something that we do not know (rule D7).
_NO_MEANING = {"DATA_TYPE", "id"}
_KNOWN_OF_TRANSFER = {
    *_NO_MEANING,
    *(f.name for f in fields(Transfer)),
    *("source_endpoint", "source_endpoint_id", "destination_endpoint", "destination_endpoint_id"),
    *("DATA", "transfer_items", "submission_id", "skip_activation_check"),
} - {"source_collection", "destination_collection", "paths"}
_KNOWN_OF_PATH = {*_NO_MEANING, *(f.name for f in fields(Path))}
_KNOWN_OF_RULE = {*_NO_MEANING, *(f.name for f in fields(FilterRule))}
_KNOWN_OF_RUN = {*_NO_MEANING, *_RUN_LISTS, "body", "flow_id"}
# An action provider's request around the transfer: who may look at the action, and how long it is kept
_KNOWN_OF_REQUEST = {*_NO_MEANING, "body", "request_id", "manage_by", "monitor_by", "release_after"}
_KNOWN_OF_SCHEDULE = {*_NO_MEANING, "type", "datetime", "interval_seconds", "start", "end"}
_KNOWN_OF_END = {*_NO_MEANING, "condition", "count", "datetime"}
_KNOWN_OF_STOP = {*_NO_MEANING, "date", "n_runs"}
_SERVICE_DEFAULTS = {"recursive_symlinks": "ignore"}  # what Transfer does if a document lacks it

INTERVAL_READ_MAXIMUM = 100 * YEAR  # for timers made elsewhere; a longer interval would exceed Python's calendar

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Requirements:
    """What Globus Auth asks for before an inactive timer may run again, as the SDK reads it.

    :ivar code: Globus's word for it, such as ``ConsentRequired``.
    :ivar is_consent: a consent is missing.
    :ivar is_session: someone must sign in again, in a certain way.
    :ivar collections: IDs of the collections that need a data_access consent.
    :ivar flows: IDs of the flows, likewise.
    """

    code: str
    message: str | None = None
    is_consent: bool = False
    is_session: bool = False
    collections: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Timer:
    """A timer as the service returns it.

    :ivar status: the service's own word; ``new``, ``loaded`` and ``active`` mean the same.
    :ivar type: ``transfer``, ``flow`` or ``generic``; the callback document shows which.
    :ivar action: what it does at each run; None for a generic timer, or if its document could not be read.
    :ivar schedule: start, interval and end.
    :ivar inactive_reason: ``{"cause": ..., "detail": ...}`` of an inactive timer.
    :ivar requirements: if ``inactive_reason`` is about credentials, how the SDK reads it; ``_globus`` sets it.
    :ivar activity: ``{"code": ..., ...}``: what it is doing now.
    :ivar results: the documents of its last runs, as many as the request asked for.
    :ivar unknown: the members of its document that a definition cannot express, such as
        ``transfer.recursive_symlinks`` (rule D7).
    :ivar unreadable: why its document cannot be understood, or None (rule D8). The action is None then.
    """

    id: str
    name: str
    status: str
    type: str
    action: Action | None
    schedule: Schedule
    next_run: datetime | None = None
    last_run: datetime | None = None
    runs: int = 0
    errors: int = 0
    submitted_at: datetime | None = None
    inactive_reason: Mapping[str, Any] | None = field(default=None, hash=False)
    activity: Mapping[str, Any] | None = field(default=None, hash=False)
    results: tuple[Any, ...] = field(default=(), hash=False)
    unknown: tuple[str, ...] = ()
    unreadable: str | None = None
    requirements: Requirements | None = None

    @property
    def is_gone(self) -> bool:
        """Deleted, or being deleted (rule I1)."""
        return self.status in GONE

    @property
    def is_ended(self) -> bool:
        return self.status == ENDED

    @property
    def is_unfinished(self) -> bool:
        """Whether it may still run: what a name identifies (rule I1)."""
        return not self.is_gone and not self.is_ended

    @property
    def is_inactive(self) -> bool:
        return self.status == INACTIVE

    @property
    def is_paused_by_user(self) -> bool:
        """Inactive because a user paused it. An unknown cause does not count as the user's pause (rule S7)."""
        cause = (self.inactive_reason or {}).get("cause") or (self.activity or {}).get("reason")
        return self.is_inactive and cause == "user"

    @property
    def is_stopped_by_service(self) -> bool:
        """Inactive for any cause but the user's own pause (rule S7)."""
        return self.is_inactive and not self.is_paused_by_user

    @property
    def runs_now(self) -> bool:
        """Whether its next tick starts a run: unfinished and not inactive."""
        return self.is_unfinished and not self.is_inactive

    @property
    def has_never_worked(self) -> bool:
        """Whether every run so far counts as an error (rule I4)."""
        return 0 < self.runs == self.errors

    @property
    def precedence(self) -> tuple[int, str, str]:
        """The sort key of timers with the same name: the first is kept (rule I3).

        A timer that runs comes first, then one that its user paused, then one that the service stopped; among equals
        the oldest.
        """
        return (0 if self.runs_now else 1 if self.is_paused_by_user else 2, *self.order)

    @property
    def precedence_to_pause(self) -> tuple[bool, bool, str, str]:
        """The sort key if the timer that is kept is to be paused.

        Timers that the service stopped come last. Among the others a timer that has run comes first, then the oldest.
        Several plays at once must keep the same timer (rule W3). So it must not matter whether a timer is paused: each
        of the plays may be pausing its own.
        """
        return (self.is_stopped_by_service, not self.runs, *self.order)

    @property
    def order(self) -> tuple[str, str]:
        """The sort key of equal timers: the oldest comes first (rules I3, W3)."""
        return (format_instant(self.submitted_at) if self.submitted_at else "9", self.id)


# --- service -> timer ----------------------------------------------------------------------------------------------


def read_timer(document: Mapping[str, Any]) -> Timer:
    """The timer in a JobRead or TimerRead document, old or new shape.

    A document that has an ID, a name and a status is always read. If the rest cannot be understood, ``unreadable`` says
    why, and the other timers of the list are not affected (rule D8).

    :raises ValueError: if the ID is missing, or the name or status is not text: then the timer cannot be identified.
    """
    if not isinstance(document, Mapping) or not document.get("job_id"):
        raise ValueError("not a timer document: job_id is missing")
    problems: list[str] = []
    name = _read_name(document.get("name"), problems)
    status = document.get("status")
    body = _callback_document(document)
    timer_type = _timer_type(document, body)
    action = _attempt(problems, lambda: _read_action(timer_type, document, body), None)
    schedule = _attempt(problems, lambda: _read_schedule(document), Schedule())
    runs = _attempt(problems, lambda: _either(document, ("n_runs", "number_of_runs"), to_number) or 0, 0)
    errors = _attempt(problems, lambda: _either(document, ("n_errors", "number_of_errors"), to_number) or 0, 0)
    return Timer(
        id=to_text(document["job_id"]).lower(),
        name=name,
        status=to_text(status).lower() if status else "active",
        type=timer_type,
        action=None if problems else action,
        schedule=schedule,
        next_run=instant_or_none(document.get("next_run")),
        last_run=instant_or_none(document.get("last_ran_at")),
        runs=runs,
        errors=errors,
        submitted_at=instant_or_none(document.get("submitted_at")),
        inactive_reason=_word_as_mapping(document.get("inactive_reason"), "cause"),
        activity=_word_as_mapping(document.get("activity"), "code"),
        results=_read_results(document.get("results")),
        unknown=(*_unknown_members(timer_type, document, body), *_inexpressible(schedule)),
        unreadable="; ".join(problems) or None,
    )


def without_task_details(document: dict[str, Any]) -> dict[str, Any]:
    """An ``object_hook`` for ``json.loads``: it drops the members of transfer tasks that health and runs do not need.

    The transfer tasks in the results are the largest part of a list of timers. Without this, thousands of them would be
    in memory at once.
    """
    if "job_id" in document:
        for result in _read_results(document.get("results")):
            data = result.get("data") if isinstance(result, dict) else None
            if isinstance(data, dict) and isinstance(data.get("details"), dict):
                data["details"] = {name: data["details"].get(name) for name in _TASK_MEMBERS}
    return document


def _attempt(problems: list[str], read: Callable[[], _Value], otherwise: _Value) -> _Value:
    """What ``read`` returns. If it fails, ``otherwise``, and the reason is added to the problems."""
    try:
        return read()
    except ValueError as error:
        problems.append(str(error))
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError):
        problems.append("its document has an unknown format")
    return otherwise


def _member(
    document: Mapping[str, Any], name: str, convert: Callable[[Any], _Value], option: str = ""
) -> _Value | None:
    """The member of this name, converted; None if it is absent or empty.

    :param option: the name of the member in the message; by default ``name``.
    :raises ValueError: with the name of the member.
    """
    value = document.get(name)
    if value is None or value == "" or value == [] or value == {}:
        return None
    try:
        return convert(value)
    except ValueError as error:
        raise ValueError(f"{option or name}: {error}") from None


def _either(
    document: Mapping[str, Any], names: tuple[str, str], convert: Callable[[Any], _Value], option: str = ""
) -> _Value | None:
    """The same for a member whose name depends on the shape of the document."""
    one, other = (_member(document, name, convert, option) for name in names)
    if one is not None and other is not None and one != other:
        raise ValueError(f"{option or names[0]}: its document has both {' and '.join(names)}")
    return other if one is None else one


def _read_name(name: Any, problems: list[str]) -> str:
    """The name, in a form that every ansible-core can return. Raises ValueError if it is not text."""
    text = "" if name is None else presentable_text(name) if isinstance(name, str) else to_text(name)
    if isinstance(name, str) and text != name:
        problems.append(f"name: {shown(name)} is not valid text: it contains an incomplete character")
    return text


def _word_as_mapping(value: Any, key: str) -> Mapping[str, Any] | None:
    """A member that is a mapping or null. If the service sends a single word instead, it becomes ``{key: word}``."""
    return value if isinstance(value, Mapping) or value is None else {key: value}


def _read_results(results: Any) -> tuple[Any, ...]:
    """The results: a page with ``data``, or a plain list as in a recorded answer."""
    data = results.get("data") if isinstance(results, Mapping) else results
    return tuple(data) if isinstance(data, list) else ()


def _callback_document(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The transfer document or flow input: ``callback_body`` or ``body``, or the ``body`` inside it."""
    body = _callback(document)
    return body["body"] if isinstance(body.get("body"), Mapping) else body


def _callback(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the timer sends at each run."""
    body = document.get("callback_body") or document.get("body")
    return body if isinstance(body, Mapping) else {}


# --- what a timer is (rule I4) -------------------------------------------------------------------------------------


def _timer_type(document: Mapping[str, Any], body: Mapping[str, Any]) -> str:
    """The type of a timer, by its callback document and its callback address.

    A transfer document transfers only if it is sent to a Transfer action provider.
    """
    provider = _provider_at(str(document.get("callback_url") or ""))
    if document.get("flow_id") or provider == "flow":
        return "flow"
    if not _looks_like_transfer(body):
        return "generic"
    # Recognises a future address of the Transfer provider: the service says transfer, and Globus hosts the address.
    moved = document.get("timer_type") == "transfer" and provider == "other provider"
    return "transfer" if moved or provider in (None, "transfer") else "generic"


@lru_cache(maxsize=64)  # thousands of timers share one address
def _provider_at(address: str) -> str | None:
    """What is at an address: transfer, flow, other provider (of Globus) or elsewhere; None without an address."""
    if not address:
        return None
    kinds = {"flow": _FLOW_URL, "transfer": _TRANSFER_URL, "other provider": _ACTION_URL}
    return next((kind for kind, pattern in kinds.items() if pattern.fullmatch(address)), "elsewhere")


def _looks_like_transfer(body: Mapping[str, Any]) -> bool:
    return ("DATA" in body and "source_endpoint" in body) or ("transfer_items" in body and "source_endpoint_id" in body)


def _read_action(timer_type: str, document: Mapping[str, Any], body: Mapping[str, Any]) -> Action | None:
    if timer_type == "transfer":
        return _read_transfer(body)
    return _read_flow(document) if timer_type == "flow" else None


def _read_flow(document: Mapping[str, Any]) -> Flow:
    """The flow's ID and, below ``callback_body`` or ``body``, its run: ``{"body": input, "run_managers", ...}``."""
    run = _callback(document)
    address = _FLOW_URL.fullmatch(str(document.get("callback_url") or ""))
    return Flow(
        flow_id=(_member(document, "flow_id", to_text, "flow.flow_id") or str(address and address[1])).lower(),
        input=_member(run, "body", to_json_mapping, "flow.input") or {},
        **{name: _member(run, name, _to_texts, f"flow.{name}") or () for name in _RUN_LISTS},
    )


def _to_texts(value: Any) -> tuple[str, ...]:
    return tuple(to_text(item) for item in _to_list(value))


def _to_list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{shown(value)} is not a list")
    return value


def _read_transfer(body: Mapping[str, Any]) -> Transfer:
    """The transfer in a transfer document (``DATA``) or an action-provider document (``transfer_items``).

    Members that are absent or null have the service's default (rules D1, D6). Raises ValueError.
    """

    def option(name: str, convert: Callable[[Any], _Value]) -> _Value | None:
        return _member(body, name, convert, f"transfer.{name}")

    booleans: dict[str, Any] = {}
    for name in _BOOLEAN_OPTIONS:
        value = body.get(name)
        if value is not True and value is not False:
            value = option(name, to_boolean)
        booleans[name] = name in _SERVICE_TRUE if value is None else value
    paths = _either(body, ("DATA", "transfer_items"), _read_paths, "transfer.paths")
    source = _either(body, ("source_endpoint", "source_endpoint_id"), to_text, "transfer.source_collection")
    destination = _either(
        body, ("destination_endpoint", "destination_endpoint_id"), to_text, "transfer.destination_collection"
    )
    if not (paths and source and destination):
        raise ValueError("transfer: its document lacks the source, the destination or the paths")
    return Transfer(
        source_collection=source.lower(),
        destination_collection=destination.lower(),
        paths=paths,
        label=option("label", to_text),
        sync_level=option("sync_level", _read_sync_level),
        deadline=option("deadline", to_instant),
        filter_rules=option("filter_rules", _read_rules) or (),
        source_local_user=option("source_local_user", to_text),
        destination_local_user=option("destination_local_user", to_text),
        **booleans,
    )


def _read_paths(items: Any) -> tuple[Path, ...]:
    return tuple(_read_path(item) for item in _to_list(items))


def _read_path(item: Any) -> Path:
    if not isinstance(item, Mapping):
        raise ValueError(f"{shown(item)} is not a mapping")
    source, destination = _member(item, "source_path", to_text), _member(item, "destination_path", to_text)
    if source is None or destination is None:
        raise ValueError(f"{shown(dict(item))} has no source_path or destination_path")
    return Path(
        source,
        destination,
        recursive=_member(item, "recursive", to_boolean),
        external_checksum=_member(item, "external_checksum", to_text),
        checksum_algorithm=_member(item, "checksum_algorithm", to_text),
    )


def _read_rules(rules: Any) -> tuple[FilterRule, ...]:
    return tuple(_read_rule(rule) for rule in _to_list(rules))


def _read_rule(rule: Any) -> FilterRule:
    if not isinstance(rule, Mapping):
        raise ValueError(f"{shown(rule)} is not a mapping")
    name, method, kind = (_member(rule, member, to_text) for member in ("name", "method", "type"))
    if name is None or method not in (None, "include", "exclude") or kind not in (None, "file", "dir"):
        raise ValueError(f"{shown(dict(rule))} is not a known rule")
    return FilterRule(name, method or "exclude", kind)


def _read_sync_level(value: Any) -> str:
    if value in SYNC_LEVELS:
        return str(value)
    number = to_number(value)
    if not 0 <= number < len(SYNC_LEVELS):
        raise ValueError(f"{number} is not a known level")
    return SYNC_LEVELS[number]


def _read_schedule(document: Mapping[str, Any]) -> Schedule:
    """The schedule: ``schedule`` in the new shape, ``start``, ``interval`` and ``stop_after`` in the old one.

    :raises ValueError: with the name of the option.
    """
    old_start = _member(document, "start", to_instant, "schedule.start")
    schedule = _member(document, "schedule", to_mapping)
    if schedule is None:
        interval = _member(document, "interval", _to_interval, "schedule.interval")
        end = _member(document, "stop_after", _to_stop, "schedule.end") or {}
        return _with_end(Schedule(interval, old_start), end, "n_runs", "date")
    kind = schedule.get("type")
    if kind not in (None, "once", "recurring"):
        raise ValueError(f"schedule.type: {shown(kind)} is not a known type")
    interval = _member(schedule, "interval_seconds", _to_interval, "schedule.interval")
    if kind == "once" or (kind is None and interval is None):
        return Schedule(start=_member(schedule, "datetime", to_instant, "schedule.start") or old_start)
    if interval is None:
        raise ValueError("schedule.interval is missing")
    start = _member(schedule, "start", to_instant, "schedule.start") or old_start
    end = _member(schedule, "end", to_mapping, "schedule.end") or {}
    return _with_end(Schedule(interval, start), end, "count", "datetime")


def _with_end(schedule: Schedule, end: Mapping[str, Any], count: str, moment: str) -> Schedule:
    """The schedule with its end. Only a timer of the old shape can have both a number of runs and a moment."""
    if schedule.interval is None:
        return schedule  # it ends after its run
    condition = end.get("condition")
    return replace(
        schedule,
        end_count=None if condition == "time" else _member(end, count, to_number, "schedule.end.count"),
        end_datetime=None if condition == "iterations" else _member(end, moment, to_instant, "schedule.end.datetime"),
    )


def _to_interval(value: Any) -> int:
    interval = to_number(value)
    if not 0 < interval <= INTERVAL_READ_MAXIMUM:
        raise ValueError(f"{interval} seconds is not a valid interval for a timer")
    return interval


def _to_stop(value: Any) -> Mapping[str, Any]:
    """``stop_after`` as a mapping; in a creation it may also be only the moment."""
    return {"date": value} if isinstance(value, str) else to_mapping(value)


# --- members that we do not know (rule D7) -------------------------------------------------------------------------


def _unknown_members(timer_type: str, document: Mapping[str, Any], body: Mapping[str, Any]) -> Iterator[str]:
    """The members of a timer's document that a definition cannot express, each named like the options beside it."""
    callback = _callback(document)
    if timer_type == "transfer":
        if callback is not body:
            yield from _unknown_of(callback, _KNOWN_OF_REQUEST, "callback_body")
        yield from _unknown_of(body, _KNOWN_OF_TRANSFER, "transfer", "transfer")
        items = body.get("DATA") or body.get("transfer_items")
        yield from _unknown_of_each(items, _KNOWN_OF_PATH, "transfer.paths", "transfer_item")
        yield from _unknown_of_each(body.get("filter_rules"), _KNOWN_OF_RULE, "transfer.filter_rules", "filter_rule")
    elif timer_type == "flow":
        yield from _unknown_of(callback, _KNOWN_OF_RUN, "flow")
    schedule, stop = document.get("schedule"), document.get("stop_after")
    if isinstance(schedule, Mapping):
        yield from _unknown_of(schedule, _KNOWN_OF_SCHEDULE, "schedule")
        end, known = schedule.get("end"), _KNOWN_OF_END
    else:
        end, known = stop, _KNOWN_OF_STOP
    if isinstance(end, Mapping):
        yield from _unknown_of(end, known, "schedule.end")


def _inexpressible(schedule: Schedule) -> Iterator[str]:
    """The ends that a definition cannot express: it can have only one of the two."""
    if schedule.end_count is not None and schedule.end_datetime is not None:
        yield "schedule.end (both count and datetime)"


def _unknown_of(document: Mapping[str, Any], known: Set[str], path: str, data_type: str | None = None) -> Iterator[str]:
    """The members of a document that are set and not known.

    :param data_type: the ``DATA_TYPE`` that such a document has.
    """
    for name in document:
        if name not in known and not is_absent(document[name]) and _SERVICE_DEFAULTS.get(name) != document[name]:
            yield presentable_text(f"{path}.{name}")
    found = document.get("DATA_TYPE")
    if data_type is not None and not is_absent(found) and found != data_type:
        yield f"{path}.DATA_TYPE {shown(found)}"


def _unknown_of_each(items: Any, known: Set[str], path: str, data_type: str) -> Iterator[str]:
    """The same for a list of documents. A member that several of them have is named once, with the first of them."""
    seen: set[str] = set()
    for number, item in enumerate(items if isinstance(items, list) else ()):
        if not isinstance(item, Mapping) or (item.keys() <= known and item.get("DATA_TYPE") in (None, data_type)):
            continue  # as most are
        for name in _unknown_of(item, known, "", data_type):
            if name not in seen:
                seen.add(name)
                yield f"{path}[{number}]{name}"


# --- definition -> service -----------------------------------------------------------------------------------------


def write_timer(definition: Definition, start: datetime | None) -> dict[str, Any]:
    """The body of ``POST /v2/timer`` (below its key ``timer``) that creates the timer.

    :param start: the first run; None means now.
    """
    common = {"name": definition.name, "schedule": _write_schedule(definition.schedule, start)}
    action = definition.action
    if isinstance(action, Flow):
        return {**common, "timer_type": "flow", "flow_id": action.flow_id, "body": _write_flow(action)}
    return {**common, "timer_type": "transfer", "body": _write_transfer(action)}


def _write_flow(flow: Flow) -> dict[str, Any]:
    lists = {name: list(getattr(flow, name)) for name in ("run_managers", "run_monitors", "tags")}
    return {"body": dict(flow.input), **{name: value for name, value in lists.items() if value}}


def _write_transfer(transfer: Transfer) -> dict[str, Any]:
    body: dict[str, Any] = {
        "DATA_TYPE": "transfer",
        "source_endpoint": transfer.source_collection,
        "destination_endpoint": transfer.destination_collection,
        "DATA": [{"DATA_TYPE": "transfer_item", **_set_members(vars(path))} for path in transfer.paths],
        **{name: getattr(transfer, name) for name in _BOOLEAN_OPTIONS},
    }
    if transfer.sync_level is not None:
        body["sync_level"] = SYNC_LEVELS.index(transfer.sync_level)
    if transfer.deadline is not None:
        body["deadline"] = format_instant(transfer.deadline)
    if transfer.filter_rules:
        body["filter_rules"] = [
            {"DATA_TYPE": "filter_rule", **_set_members(vars(rule))} for rule in transfer.filter_rules
        ]
    for name in ("label", "source_local_user", "destination_local_user"):
        if getattr(transfer, name) is not None:
            body[name] = getattr(transfer, name)
    return body


def _set_members(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _write_schedule(schedule: Schedule, start: datetime | None) -> dict[str, Any]:
    if schedule.interval is None:
        return {"type": "once"} if start is None else {"type": "once", "datetime": format_instant(start)}
    document: dict[str, Any] = {"type": "recurring", "interval_seconds": schedule.interval}
    if start is not None:
        document["start"] = format_instant(start)
    if schedule.end_count is not None:
        document["end"] = {"condition": "iterations", "count": schedule.end_count}
    elif schedule.end_datetime is not None:
        document["end"] = {"condition": "time", "datetime": format_instant(schedule.end_datetime)}
    return document


# --- timer -> result, comparison -----------------------------------------------------------------------------------


def timer_as_result(timer: Timer, web_app: str) -> dict[str, Any]:
    """A timer as the modules return it.

    :param web_app: address of the Globus web app, ending in a slash.
    """
    return {
        "id": timer.id,
        "name": timer.name,
        "status": timer.status,
        "type": timer.type,
        "definition": definition_of(timer),
        "next_run": timer.next_run and format_instant(timer.next_run),
        "last_run": timer.last_run and format_instant(timer.last_run),
        "runs": timer.runs,
        "errors": timer.errors,
        "inactive_reason": presentable(timer.inactive_reason),
        "submitted_at": timer.submitted_at and format_instant(timer.submitted_at),
        "url": f"{web_app}activity/timers/{timer.id}",
    }


def definition_of(timer: Timer) -> dict[str, Any] | None:
    """The options with which the module would leave the timer unchanged; None if the module cannot manage it.

    If its user paused the timer, ``state`` is ``paused``, so that a copy of the definition does not start it.
    """
    if timer.action is None:
        return None
    return {
        "name": timer.name,
        **({"state": "paused"} if timer.is_paused_by_user else {}),
        **action_as_options(timer.action),
        "schedule": schedule_as_options(timer.schedule),
    }


def timer_differences(wanted: Definition, timer: Timer, now: datetime) -> list[Difference]:
    """The fields, except the name, in which a timer differs in meaning from its definition (rules D1 to D6).

    Members that we do not know do not count: see ``Timer.unknown``.
    """
    if timer.action is None:
        actual = "unreadable" if timer.unreadable else timer.type
        return [Difference("type", next(iter(action_as_options(wanted.action))), actual)]
    schedule = wanted.schedule
    if timer.is_ended:
        # no clock change moves a timer that has no next tick: what it completed stays completed (rule I1)
        schedule = replace(schedule, follow=False)
    return action_differences(wanted.action, timer.action) + [
        Difference(f"schedule.{option}", desired, actual)
        for option, desired, actual in differences(schedule, timer.schedule, timer.next_run, now)
    ]


def describe_inactive(timer: Timer) -> str:
    """Why a timer is inactive, in Globus's words, with the collections or flows concerned."""
    needs = timer.requirements
    if needs is not None:
        return ": ".join(part for part in (needs.code, needs.message, *missing_consents(timer)) if part)
    reason = timer.inactive_reason or {}
    words = (reason.get("cause") or "unknown cause", reason.get("detail"))
    return ": ".join(presentable_text(word) if isinstance(word, str) else shown(word) for word in words if word)


def missing_consents(timer: Timer) -> list[str]:
    """The consents that an inactive timer lacks: ``collection`` or ``flow``, and the IDs."""
    needs = timer.requirements
    found = {"collection": needs.collections, "flow": needs.flows} if needs else {}
    return [f"{what} {', '.join(ids)}" for what, ids in found.items() if ids]
