# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Documents of the Timers service, in every shape it has, read into timers and written from definitions (rule I4).

Shapes and names: the service's JobRead and TimerRead schemas and the recorded answers that the Globus SDK ships
(facts, "Timers: operations"). Pure: no input or output.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from . import schedule as _schedule
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
from .schedule import Schedule

GONE = ("delete_in_progress", "deleted")
ENDED = "ended"
INACTIVE = "inactive"

_FLOW_URL = re.compile(r"/flows/([0-9a-fA-F-]{36})/run/?$")
_BOOLEANS = tuple(f.name for f in fields(Transfer) if f.type == "bool")
_TASK_MEMBERS = ("task_id", "status", "fatal_error")  # of a transfer task, those that health and runs look at
_SERVICE_TRUE = ("notify_on_succeeded", "notify_on_failed", "notify_on_inactive")  # what the service takes as true


@dataclass(frozen=True)
class Timer:
    """A timer as the service has it.

    :ivar status: the service's own word; ``new``, ``loaded`` and ``active`` mean the same.
    :ivar type: ``transfer``, ``flow`` or ``generic``, told by the callback document.
    :ivar action: what it does at each run; None for a generic timer, or one whose document could not be read.
    :ivar schedule: start, interval and end.
    :ivar inactive_reason: ``{"cause": ..., "detail": ...}`` of an inactive timer.
    :ivar activity: ``{"code": ..., ...}``: what it is doing now.
    :ivar results: the documents of those of its runs that were asked for.
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
        """Inactive because someone paused it, and for no other cause: one that is not known is none (rule S7)."""
        cause = (self.inactive_reason or {}).get("cause") or (self.activity or {}).get("reason")
        return self.is_inactive and cause == "user"

    @property
    def order(self) -> tuple[str, str]:
        """By this the first of several equal timers is told (rules I3, W3)."""
        return (_schedule.format_instant(self.submitted_at) if self.submitted_at else "9", self.id)


# --- service -> timer ----------------------------------------------------------------------------------------------


def read_timer(document: Mapping[str, Any]) -> Timer:
    """The timer in a JobRead or TimerRead document, old or new shape.

    :raises ValueError: when it has no ID, or is no mapping: nothing that could be a timer.
    """
    if not isinstance(document, Mapping) or not document.get("job_id"):
        raise ValueError("not a timer document: job_id is missing")
    body = _callback_document(document)
    timer_type = _timer_type(document, body)
    try:
        action = _read_action(timer_type, document, body)
    except (AttributeError, TypeError, ValueError):
        action = None  # not a document we know: the timer is still there, only not manageable
    return Timer(
        id=str(document["job_id"]).lower(),
        name=str(document.get("name") or ""),
        status=str(document.get("status") or "active").lower(),
        type=timer_type,
        action=action,
        schedule=_read_schedule(document),
        next_run=_moment(document.get("next_run")),
        last_run=_moment(document.get("last_ran_at")),
        runs=int(document.get("n_runs") or document.get("number_of_runs") or 0),
        errors=int(document.get("n_errors") or document.get("number_of_errors") or 0),
        submitted_at=_moment(document.get("submitted_at")),
        inactive_reason=_mapping(document.get("inactive_reason"), "cause"),
        activity=_mapping(document.get("activity"), "code"),
        results=_read_results(document.get("results")),
    )


def slim(document: dict[str, Any]) -> dict[str, Any]:
    """For ``json.loads``: of the transfer tasks in a timer's results only what says how they ended.

    They are most of what a list of thousands of timers holds, and need not be in memory all at once.
    """
    if "job_id" in document:
        for result in _read_results(document.get("results")):
            data = result.get("data") if isinstance(result, dict) else None
            if isinstance(data, dict) and isinstance(data.get("details"), dict):
                data["details"] = {name: data["details"].get(name) for name in _TASK_MEMBERS}
    return document


def _mapping(value: Any, key: str) -> Mapping[str, Any] | None:
    """A member that is a mapping or null; a bare word, should there be one, becomes what the mapping has below key."""
    return value if isinstance(value, Mapping) or value is None else {key: value}


def _read_results(results: Any) -> tuple[Any, ...]:
    """A page of results, or the bare list that a recorded answer has."""
    data = results.get("data") if isinstance(results, Mapping) else results
    return tuple(data) if isinstance(data, list) else ()


def _callback_document(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The transfer document or flow input: ``callback_body`` or ``body``, or what lies below ``body`` in there."""
    body = document.get("callback_body") or document.get("body")
    if isinstance(body, Mapping) and isinstance(body.get("body"), Mapping):
        body = body["body"]
    return body if isinstance(body, Mapping) else {}


def _looks_like_transfer(body: Mapping[str, Any]) -> bool:
    return ("DATA" in body and "source_endpoint" in body) or ("transfer_items" in body and "source_endpoint_id" in body)


def _timer_type(document: Mapping[str, Any], body: Mapping[str, Any]) -> str:
    if document.get("flow_id") or _FLOW_URL.search(str(document.get("callback_url") or "")):
        return "flow"
    return "transfer" if _looks_like_transfer(body) else "generic"


def _read_action(timer_type: str, document: Mapping[str, Any], body: Mapping[str, Any]) -> Action | None:
    if timer_type == "transfer":
        return _read_transfer(body)
    return _read_flow(document) if timer_type == "flow" else None


def _read_flow(document: Mapping[str, Any]) -> Flow:
    """The flow's ID and, below ``callback_body`` or ``body``, its run: ``{"body": input, "run_managers", ...}``."""
    run = document.get("callback_body") or document.get("body") or {}
    address = _FLOW_URL.search(str(document.get("callback_url") or ""))
    return Flow(
        flow_id=str(document.get("flow_id") or (address and address[1])).lower(),
        input=run.get("body") or {},
        **{name: tuple(run.get(name) or ()) for name in ("run_managers", "run_monitors", "tags")},
    )


def _read_transfer(body: Mapping[str, Any]) -> Transfer:
    """A transfer document (``DATA``) or an action-provider document (``transfer_items``). What is absent or null has
    the service's default (rules D1, D6); what we have no option for is left aside.
    """
    items = body.get("DATA") or body.get("transfer_items") or []
    options: dict[str, Any] = {
        name: bool(body[name]) if body.get(name) is not None else name in _SERVICE_TRUE for name in _BOOLEANS
    }
    return Transfer(
        source_collection=str(body.get("source_endpoint") or body.get("source_endpoint_id")).lower(),
        destination_collection=str(body.get("destination_endpoint") or body.get("destination_endpoint_id")).lower(),
        paths=tuple(Path(**_known(Path, item)) for item in items),
        label=body.get("label") or None,
        sync_level=_read_sync_level(body.get("sync_level")),
        deadline=_moment(body.get("deadline")),
        filter_rules=tuple(FilterRule(**_known(FilterRule, rule)) for rule in body.get("filter_rules") or ()),
        source_local_user=body.get("source_local_user") or None,
        destination_local_user=body.get("destination_local_user") or None,
        **options,
    )


def _known(shape: type, document: Mapping[str, Any]) -> dict[str, Any]:
    return {f.name: document[f.name] for f in fields(shape) if document.get(f.name) is not None}


def _read_sync_level(value: Any) -> str | None:
    if value is None:
        return None
    return SYNC_LEVELS[int(value)] if str(value) in ("0", "1", "2", "3") else str(value)


def _read_schedule(document: Mapping[str, Any]) -> Schedule:
    """``schedule`` of the new shape, or ``start``, ``interval`` and ``stop_after`` of the old one."""
    schedule = document.get("schedule")
    if not isinstance(schedule, Mapping):
        stop = document.get("stop_after") or {}
        once = document.get("interval") is None
        return Schedule(
            interval=None if once else int(document["interval"]),
            start=_moment(document.get("start")),
            end_count=None if once else stop.get("n_runs"),
            end_datetime=None if once else _moment(stop.get("date")),
        )
    if schedule.get("type") == "once" or schedule.get("interval_seconds") is None:
        return Schedule(start=_moment(schedule.get("datetime")) or _moment(document.get("start")))
    end = schedule.get("end") or {}
    return Schedule(
        interval=int(schedule["interval_seconds"]),
        start=_moment(schedule.get("start")) or _moment(document.get("start")),
        end_count=end.get("count"),
        end_datetime=_moment(end.get("datetime")),
    )


def _moment(text: Any) -> datetime | None:
    """A moment of the service, cut to whole seconds; without an offset it is UTC."""
    try:
        return _schedule.parse_instant(str(text))[0] if text else None
    except (ValueError, OverflowError):
        return None


# --- definition -> service -----------------------------------------------------------------------------------------


def write_timer(definition: Definition, start: datetime | None) -> dict[str, Any]:
    """The body of ``POST /v2/timer`` (below its key ``timer``) that creates the timer.

    :param start: the first run; None lets the service take now.
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
        "DATA": [{"DATA_TYPE": "transfer_item", **_known(Path, vars(path))} for path in transfer.paths],
        **{name: getattr(transfer, name) for name in _BOOLEANS},
    }
    if transfer.sync_level is not None:
        body["sync_level"] = SYNC_LEVELS.index(transfer.sync_level)
    if transfer.deadline is not None:
        body["deadline"] = _schedule.format_instant(transfer.deadline)
    if transfer.filter_rules:
        body["filter_rules"] = [
            {"DATA_TYPE": "filter_rule", **_known(FilterRule, vars(rule))} for rule in transfer.filter_rules
        ]
    for name in ("label", "source_local_user", "destination_local_user"):
        if getattr(transfer, name) is not None:
            body[name] = getattr(transfer, name)
    return body


def _write_schedule(schedule: Schedule, start: datetime | None) -> dict[str, Any]:
    if schedule.interval is None:
        return {"type": "once"} if start is None else {"type": "once", "datetime": _schedule.format_instant(start)}
    document: dict[str, Any] = {"type": "recurring", "interval_seconds": schedule.interval}
    if start is not None:
        document["start"] = _schedule.format_instant(start)
    if schedule.end_count is not None:
        document["end"] = {"condition": "iterations", "count": schedule.end_count}
    elif schedule.end_datetime is not None:
        document["end"] = {"condition": "time", "datetime": _schedule.format_instant(schedule.end_datetime)}
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
        "next_run": timer.next_run and _schedule.format_instant(timer.next_run),
        "last_run": timer.last_run and _schedule.format_instant(timer.last_run),
        "runs": timer.runs,
        "errors": timer.errors,
        "inactive_reason": timer.inactive_reason,
        "submitted_at": timer.submitted_at and _schedule.format_instant(timer.submitted_at),
        "url": f"{web_app}activity/timers/{timer.id}",
    }


def definition_of(timer: Timer) -> dict[str, Any] | None:
    """The definition which, given to the module again, changes nothing; None for what cannot be managed."""
    if timer.action is None:
        return None
    return {
        "name": timer.name,
        **action_as_options(timer.action),
        "schedule": schedule_as_options(timer.schedule),
    }


def timer_differences(wanted: Definition, timer: Timer, now: datetime) -> list[Difference]:
    """Where a timer means something else than its definition, field by field (rules D1 to D6); the name apart."""
    if timer.action is None:
        return [Difference("type", next(iter(action_as_options(wanted.action))), timer.type)]
    schedule = wanted.schedule
    if timer.is_ended:
        # no clock change moves a timer that has no next tick: what it completed stays completed (rule I1)
        schedule = replace(schedule, follow=False)
    return action_differences(wanted.action, timer.action) + [
        Difference(f"schedule.{option}", desired, actual)
        for option, desired, actual in _schedule.differences(schedule, timer.schedule, timer.next_run, now)
    ]
