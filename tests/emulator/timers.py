# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Globus Timers: creating, reading, pausing, resuming, renaming and deleting timers."""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from emulator.auth import bearer
from emulator.clock import cut, parse_moment, show
from emulator.documents import (
    FlowTimer,
    Job,
    Once,
    Recurring,
    Rename,
    Transfer,
    TransferTimer,
    Until,
    from_action_provider,
)
from emulator.errors import InvalidInputError, ServiceError
from emulator.flows import run_document
from emulator.scopes import TIMERS_SCOPE, TIMERS_SERVER, TRANSFER_SCOPE, Path, flow_user
from emulator.state import Emulator, Token
from emulator.tasks import Task, submitted_document, task_document
from emulator.ticks import Run

TRANSFER_CALLBACK = "https://transfer.actions.globus.org/transfer/run"
TRANSFER_CALLBACKS = (TRANSFER_CALLBACK, "https://actions.automate.globus.org/transfer/transfer/run")
FLOW_CALLBACK = re.compile(r"https://flows\.(?:automate\.)?globus\.org/flows/([0-9a-f-]{36})/run/?", re.IGNORECASE)
SHORTEST_AVERAGE = 60.0  # seconds between two runs of all timers of a user
_HISTORY = 10_000
_PAGE = 100
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

Model = TypeVar("Model", bound=BaseModel)


@dataclass
class Timer:
    """A timer with everything that the service knows about it. Times are UTC, intervals are seconds."""

    id: str
    owner: str
    client_id: str
    timer_type: str
    name: str | None
    callback_url: str
    callback_body: dict[str, Any]
    interval: int | None
    start: datetime
    submitted_at: datetime
    consents: frozenset[Path]
    session_since: datetime
    transfer: Transfer | None = None
    once: bool = False
    end_count: int | None = None
    end_at: datetime | None = None
    flow_id: str | None = None
    scope: str | None = None
    status: str = "active"
    next_tick: datetime | None = None
    missed: bool = False
    lost: bool = False  # its next tick does not come
    n_runs: int = 0
    n_errors: int = 0
    last_ran_at: datetime | None = None
    inactive_reason: dict[str, Any] | None = None
    running: Run | None = None  # the current run
    retrying_since: datetime | None = None
    ended_at: datetime | None = None  # or when its deletion began
    runs: list[Run] = field(default_factory=list)
    history: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_HISTORY))
    version: int = 0
    cached: tuple[int, bytes] | None = None

    @property
    def busy(self) -> bool:
        """Whether it has a current run, or retries to start one."""
        return self.running is not None or self.retrying_since is not None

    @property
    def run_waits(self) -> bool:
        """Whether the current run waits for credentials."""
        return self.running is not None and self.running.task is not None and self.running.task.status == "INACTIVE"

    @property
    def unfinished(self) -> bool:
        """Whether it may run again."""
        return self.status in ("active", "inactive")

    @property
    def gone(self) -> bool:
        """Whether its deletion has begun."""
        return self.status in ("delete_in_progress", "deleted")

    def touch(self) -> None:
        """Discard the cached JSON, because something has changed."""
        self.cached = None

    def advance(self, now: datetime) -> None:
        """Set the next tick to the first one after a moment, or to None after the last."""
        if self.next_tick is None or self.interval is None or self.once:
            self.next_tick = None
            return
        step = timedelta(seconds=self.interval)
        self.next_tick += step * max(1, (now - self.next_tick) // step + 1)
        if self.end_at is not None and self.next_tick > self.end_at:
            self.next_tick = None

    def collection_ids(self) -> tuple[str, ...]:
        """The source and the destination of a timer that transfers."""
        return () if self.transfer is None else (self.transfer.source_endpoint, self.transfer.destination_endpoint)


class Seed(BaseModel):
    """Many timers at once. ``{n}`` in the name is a number from 0. Without a start, their first run is one interval
    from now.
    """

    model_config = ConfigDict(extra="forbid")

    client_id: str
    identity: str | None = None
    count: int = Field(ge=0, le=200_000)
    name: str = "other-{n}"
    source: str = "11111111-aaaa-4aaa-8aaa-000000000001"
    destination: str = "11111111-aaaa-4aaa-8aaa-000000000002"
    source_path: str = "/other/"
    destination_path: str = "/other/"
    options: dict[str, Any] = {}
    interval_seconds: int = Field(365 * 86400, ge=60)
    start: Annotated[datetime, BeforeValidator(lambda value: parse_moment(str(value)))] | None = None
    status: Literal["active", "inactive", "ended"] = "active"
    runs: int = Field(0, ge=0, le=100)


# --- documents ---


def shown_status(emulator: Emulator, timer: Timer) -> str:
    """The status in the service's words."""
    if timer.status != "active":
        return timer.status
    words = emulator.switches.status_words
    early = timer.n_runs == 0 or timer.timer_type == "generic"
    return "loaded" if words == "always_loaded" or (words == "loaded" and early) else "active"


def _schedule(emulator: Emulator, timer: Timer) -> dict[str, Any]:
    if timer.once:
        return {"type": "once", "datetime": show(timer.start)}
    schedule: dict[str, Any] = {"type": "recurring", "interval_seconds": timer.interval, "start": show(timer.start)}
    if timer.end_count is not None:
        schedule["end"] = {"condition": "iterations", "count": timer.end_count}
    elif timer.end_at is not None:
        schedule["end"] = {"condition": "time", "datetime": show(timer.end_at)}
    if "end" in schedule and emulator.switches.end_condition == "absent":
        del schedule["end"]["condition"]
    return schedule


def _filled(transfer: Transfer) -> dict[str, Any]:
    """A transfer document with the defaults of the service, and without absent members."""
    return transfer.model_dump(mode="json", exclude_none=True)


def _callback_body(emulator: Emulator, timer: Timer) -> dict[str, Any]:
    if timer.timer_type == "flow" and emulator.switches.read_shape != "as_sent":
        empty: list[str] | None = [] if emulator.switches.read_shape == "filled" else None
        return {**dict.fromkeys(("run_managers", "run_monitors", "tags"), empty), **timer.callback_body}
    if timer.timer_type != "transfer" or timer.transfer is None or emulator.switches.read_shape == "as_sent":
        return timer.callback_body
    if emulator.switches.read_shape == "filled":
        return {"body": _filled(timer.transfer)}
    return {"body": timer.transfer.model_dump(mode="json")}


def _stamp(timer: Timer, moment: datetime | None) -> str | None:
    """A moment of a timer. For timers of the old form, it has microseconds."""
    if timer.timer_type == "generic" and moment is not None:
        return moment.astimezone(UTC).isoformat(timespec="microseconds")
    return show(moment)


def _next_run(emulator: Emulator, timer: Timer) -> str | None:
    if timer.status == "active" or (timer.status == "inactive" and emulator.switches.inactive_next_run == "next_tick"):
        return show(timer.next_tick)
    return None


def _activity(emulator: Emulator, timer: Timer) -> dict[str, Any] | None:
    if timer.status == "inactive":
        cause = (timer.inactive_reason or {}).get("cause", "other")
        return {"code": "paused", "reason": cause if cause in ("user", "globus_auth_requirements") else "other"}
    if timer.status != "active":
        return None
    if timer.retrying_since is not None:
        return {"code": "retrying", "start_timestamp": show(timer.retrying_since)}
    if timer.running is not None:
        seconds = int((emulator.clock.now() - timer.running.ran_at).total_seconds())
        return {
            "code": "run_in_progress",
            "start_timestamp": show(timer.running.ran_at),
            "duration_seconds": seconds,
        }
    return {"code": "awaiting_next_run", "next_run": show(timer.next_tick)}


def job_document(emulator: Emulator, timer: Timer) -> dict[str, Any]:
    """JobRead without ``results``."""
    stop_after: dict[str, Any] | None = None
    bounded = timer.once or timer.end_count is not None or timer.end_at is not None
    if bounded or emulator.switches.stop_after_absent == "object":
        stop_after = {"date": show(timer.end_at), "n_runs": 1 if timer.once else timer.end_count}
    flow = {"flow_id": timer.flow_id} if timer.timer_type == "flow" else {}
    return {
        **flow,
        "name": timer.name,
        "job_id": timer.id,
        "timer_type": timer.timer_type,
        "status": shown_status(emulator, timer),
        "schedule": _schedule(emulator, timer),
        "callback_url": timer.callback_url,
        "callback_body": _callback_body(emulator, timer),
        "interval": None if timer.interval is None else float(timer.interval),
        "start": show(timer.start),
        "stop_after": stop_after,
        "submitted_at": _stamp(timer, timer.submitted_at),
        "last_ran_at": _stamp(timer, timer.last_ran_at),
        "next_run": _next_run(emulator, timer),
        "n_runs": timer.n_runs,
        "n_errors": timer.n_errors,
        "activity": _activity(emulator, timer),
        "inactive_reason": timer.inactive_reason,
        "scope": timer.scope,
    }


def _written(emulator: Emulator, timer: Timer) -> bytes:
    """JobRead without ``results`` and the closing brace, cached until something changes, so that long lists are
    fast."""
    if timer.cached is not None and timer.cached[0] == emulator.generation and timer.running is None:
        return timer.cached[1]
    text = json.dumps(job_document(emulator, timer), separators=(",", ":")).encode()[:-1]
    timer.cached = (emulator.generation, text)
    return text


def written_with_results(emulator: Emulator, timer: Timer, count: int, offset: int = 0) -> bytes:
    """JobRead as JSON with ``count`` results from ``offset`` on, the latest first."""
    page = timer.runs[offset : offset + count]
    following = f"results-{offset + count}" if count and len(timer.runs) > offset + count else None
    results = {"data": [result_document(emulator, timer, run) for run in page], "page_next": following}
    return _written(emulator, timer) + b',"results":' + json.dumps(results, separators=(",", ":")).encode() + b"}"


_RUN_WORDS = {
    "upper": ("SUCCEEDED", "FAILED", "ACTIVE"),
    "lower": ("succeeded", "failed", "active"),
    "success_error": ("success", "error", "running"),
}


def result_document(emulator: Emulator, timer: Timer, run: Run) -> dict[str, Any]:
    """A run as the service shows it."""
    good, bad, ongoing = _RUN_WORDS[emulator.switches.run_status_words]
    refreshed = emulator.switches.results_refreshed if run.task is not None else "yes"
    over = run.end_at is not None and refreshed != "no"
    word = bad if run.error else (ongoing if not over else (bad if run.failed else good))
    result: dict[str, Any] = {
        "data": None,
        "errors": None,
        "status": 202,
        "ran_at": _run_time(emulator, timer, run.ran_at),
        "run_status": word,
        "resource_id": None,
        "start_timestamp": show(run.ran_at),
        "end_timestamp": show(run.end_at) if over or run.error else None,
        "http_status_submission": 202,
        "http_status_polled": 200,
        "next_check_timestamp": None if over or run.error else show(run.ran_at + timedelta(minutes=1)),
        "last_check_timestamp": show(run.end_at if over and run.end_at else run.ran_at),
    }
    if run.error is not None:
        status, code, message = run.error
        result.update(status=status, http_status_submission=status, http_status_polled=None)
        result["errors"] = _run_errors(emulator, code, message, status)
    elif run.task is not None:
        final = refreshed == "yes" or (refreshed == "at_end" and over)
        _add_task(emulator, result, run, run.task, final=final)
    else:
        result["resource_id"] = run.id
        result["data"] = run_document(emulator, timer, run)
    return result


def _add_task(emulator: Emulator, result: dict[str, Any], run: Run, task: Task, *, final: bool) -> None:
    """Add the transfer to a result: its current state, or its state at submission."""
    ids = emulator.switches.result_ids
    if ids == "none":
        return
    details = {**(task_document if final else submitted_document)(emulator, task), "event_list": []}
    # Official samples have actions with short IDs.
    action = task.id if ids == "task" else _short_id(task.id)
    if details["fatal_error"] is not None:
        fatal = details["fatal_error"]
        result["errors"] = _run_errors(emulator, fatal["code"], fatal["description"], 200)
    result["resource_id"] = action
    result["data"] = {
        "action_id": action,
        "completion_time": task.completed_at.isoformat() if final and task.completed_at else None,
        "creator_id": f"urn:globus:auth:identity:{task.owner}",
        "details": details,
        "display_status": details["status"],
        "label": details["label"],
        "manage_by": [],
        "monitor_by": [],
        "release_after": "P30D",
        "start_time": run.ran_at.isoformat(),
        "status": details["status"],
    }


def _short_id(task_id: str) -> str:
    """An ID that is not a UUID, like ``15jfdBESgveZQ``."""
    raw = base64.b64encode(uuid.UUID(task_id).bytes, altchars=b"xx").decode()
    return "1" + raw[:12]


def _run_time(emulator: Emulator, timer: Timer, moment: datetime) -> str | None:
    """When a run began: as recorded for a timer of the old form, or like other moments."""
    if timer.timer_type == "generic" or emulator.switches.ran_at_form == "recorded":
        return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return show(moment)


def _run_errors(emulator: Emulator, code: str, message: str, status: int) -> Any:
    error = {"code": code, "detail": message, "status": status}
    return error if emulator.switches.result_errors == "object" else [error]


def creation_document(emulator: Emulator, timer: Timer) -> dict[str, Any]:
    """TimerRead: the answer to a creation, with the transfer's defaults filled in.

    That of a flow timer is recorded with the names of JobRead, without ``start``, ``activity`` and ``flow_id``.
    """
    if timer.flow_id is not None and emulator.switches.flow_creation_names == "read":
        document = job_document(emulator, timer)
        for name in ("start", "activity", "flow_id"):
            del document[name]
        return {**document, "status": "new", "results": []}
    flow = {} if timer.flow_id is None else {"flow_id": timer.flow_id}
    return {
        **flow,
        "body": timer.callback_body if timer.transfer is None else _filled(timer.transfer),
        "inactive_reason": None,
        "job_id": timer.id,
        "last_ran_at": None,
        "name": timer.name,
        "next_run": show(timer.next_tick),
        "number_of_errors": 0,
        "number_of_runs": 0,
        "schedule": _schedule(emulator, timer),
        "status": "new",
        "submitted_at": show(timer.submitted_at),
        "timer_type": timer.timer_type,
    }


# --- creation ---


def _read(kind: type[Model], document: Any, above: tuple[str | int, ...], emulator: Emulator) -> Model:
    """Validate a document; errors contain its place in the request. Raises InvalidInputError."""
    try:
        return kind.model_validate(document, context={"naive_datetimes": emulator.switches.naive_datetimes})
    except ValidationError as error:
        raise InvalidInputError(
            [{"loc": (*above, *one["loc"]), "msg": one["msg"], "type": one["type"]} for one in error.errors()]
        ) from error


async def _json(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except ValueError as error:
        raise InvalidInputError.one(
            ("body", getattr(error, "pos", 0)), f"Expecting value: {error}", "json_invalid"
        ) from error


def _check_start(
    emulator: Emulator, start: datetime, loc: tuple[str | int, ...], *, earliest: datetime | None = None
) -> None:
    now = emulator.clock.now()
    if start < (earliest or cut(now) - timedelta(seconds=emulator.switches.past_start_tolerance_seconds)):
        raise InvalidInputError.one(loc, "the start must not be in the past")
    if start > now + timedelta(days=emulator.switches.start_limit_days):
        raise InvalidInputError.one(loc, f"the start must be within {emulator.switches.start_limit_days} days")


def _check_name(emulator: Emulator, name: str | None, loc: tuple[str | int, ...]) -> None:
    longest = emulator.switches.longest_name
    if longest and name is not None and len(name) > longest:
        raise InvalidInputError.one(loc, f"ensure this value has at most {longest} characters", "string_too_long")


def _check_number(emulator: Emulator, owner: str) -> None:
    most = emulator.switches.most_timers
    if most and sum(one.owner == owner and one.unfinished for one in emulator.timers.values()) >= most:
        raise ServiceError(400, "ERROR", f"This user has {most} timers, and more are not allowed")


def _check_rate(emulator: Emulator, owner: str, interval: int | None, above: tuple[str | int, ...]) -> None:
    """All unfinished timers of a user together may start at most one run a minute."""
    if interval is None:
        return
    mine = (one for one in emulator.timers.values() if one.owner == owner and one.unfinished and one.interval)
    per_second = 1 / interval + sum(1 / one.interval for one in mine if one.interval)
    if per_second > 1 / SHORTEST_AVERAGE + 1e-9:
        status = int(emulator.switches.rate_limit_error)
        message = "All timers of this user together would run more often than once a minute"
        if status == 422:
            raise InvalidInputError.one((*above, "schedule"), message)
        raise ServiceError(status, "ERROR", message)


def _new_timer(emulator: Emulator, token: Token, **fields: Any) -> Timer:
    timer = Timer(
        id=str(uuid.uuid4()),
        owner=token.identity,
        client_id=token.client_id,
        submitted_at=emulator.clock.now(),
        consents=emulator.consented(token.identity, token.client_id),
        session_since=token.session_since,
        **fields,
    )
    timer.next_tick = timer.start
    emulator.timers[timer.id] = timer
    emulator.engine.plan(timer)
    return timer


def _check_consent(emulator: Emulator, token: Token, what: str, scope: str) -> None:
    if emulator.switches.create_without_transfer_dependency == "accepted":
        return
    if (TIMERS_SCOPE, scope) not in emulator.consented(token.identity, token.client_id):
        extra = {"required_scopes": [f"{TIMERS_SCOPE}[{scope}]"]}
        raise ServiceError(403, "ConsentRequired", f"Missing required {what} consent", extra=extra)


def create_timer(emulator: Emulator, token: Token, document: Any) -> Timer:
    """Create a timer from the body of ``POST /v2/timer``. Raises InvalidInputError and ServiceError."""
    if not isinstance(document, dict):
        raise InvalidInputError.one(("body",), "value is not a valid dict", "dict_type")
    extra = [{"loc": ("body", name), "msg": "extra", "type": "extra_forbidden"} for name in document if name != "timer"]
    if "timer" not in document:
        raise InvalidInputError([{"loc": ("body", "timer"), "msg": "Field required", "type": "missing"}, *extra])
    if extra:
        raise InvalidInputError(extra)
    raw = document["timer"]
    if not isinstance(raw, dict):
        raise InvalidInputError.one(("body", "timer"), "value is not a valid dict", "dict_type")
    found = raw.get("timer_type")
    if found not in ("transfer", "flow"):
        message = "Unable to extract tag using discriminator 'timer_type'"
        if found is not None:
            message = (
                f"Input tag {found!r} found using 'timer_type' does not match any of the expected tags: 'transfer', "
                "'flow'"
            )
        raise InvalidInputError.one(("body", "timer"), message, "union_tag_invalid" if found else "union_tag_not_found")
    above: tuple[str | int, ...] = ("body", "timer", found)
    wanted: TransferTimer | FlowTimer
    if found == "flow":
        wanted = _read(FlowTimer, raw, above, emulator)
        what, scope = "flow user", flow_user(wanted.flow_id)
        url = f"https://flows.automate.globus.org/flows/{wanted.flow_id}/run"
        action = {"callback_url": url, "callback_body": raw["body"], "flow_id": wanted.flow_id, "scope": scope}
    else:
        wanted = _read(TransferTimer, raw, above, emulator)
        what, scope = "transfer", TRANSFER_SCOPE
        action = {"callback_url": TRANSFER_CALLBACK, "callback_body": {"body": raw["body"]}, "transfer": wanted.body}
    times = _times(emulator, wanted.schedule, (*above, "schedule"))
    _check_name(emulator, wanted.name, (*above, "name"))
    _check_consent(emulator, token, what, scope)
    _check_number(emulator, token.identity)
    _check_rate(emulator, token.identity, times["interval"], above)
    return _new_timer(emulator, token, timer_type=found, name=wanted.name, **action, **times)


def _times(emulator: Emulator, schedule: Once | Recurring, above: tuple[str | int, ...]) -> dict[str, Any]:
    """The members of Timer for a schedule. Raises InvalidInputError."""
    now = cut(emulator.clock.now())
    end_count = end_at = None
    if isinstance(schedule, Once):
        start = schedule.datetime or now
        _check_start(emulator, start, (*above, "once", "datetime"))
        interval = None
    else:
        start = schedule.start or now
        _check_start(emulator, start, (*above, "recurring", "start"))
        interval = schedule.interval_seconds
        if isinstance(schedule.end, Until):
            end_at = schedule.end.datetime
            if end_at <= start:
                raise InvalidInputError.one((*above, "recurring", "end"), "the end must be after the start")
        elif schedule.end is not None:
            end_count = schedule.end.count
    return {
        "interval": interval,
        "start": start,
        "once": interval is None,
        "end_count": end_count,
        "end_at": end_at,
    }


def create_job(emulator: Emulator, token: Token, document: Any) -> Timer:
    """Create a timer from the body of ``POST /jobs/``, the old form. Raises InvalidInputError and ServiceError."""
    if not isinstance(document, dict):
        raise InvalidInputError.one(("body",), "value is not a valid dict", "dict_type")
    try:
        wanted = Job.model_validate(document, context={"naive_datetimes": "utc"})
    except ValidationError as error:
        raise InvalidInputError([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from error
    _check_start(emulator, wanted.start, ("body", "start"), earliest=_BEGINNING)
    if wanted.interval is None and wanted.end_count not in (None, 1):
        raise InvalidInputError.one(("body", "interval"), "an interval is required for more than one run")
    if wanted.end_at is not None and wanted.end_at <= wanted.start:
        raise InvalidInputError.one(("body", "stop_after"), "the end must be after the start")
    transfer = None
    if wanted.callback_url in TRANSFER_CALLBACKS:
        inner = wanted.callback_body.get("body")
        if not isinstance(inner, dict):
            raise InvalidInputError.one(("body", "callback_body", "body"), "field required", "missing")
        try:
            transfer = from_action_provider(inner)
        except ValidationError as error:
            raise InvalidInputError(
                [{**one, "loc": ("body", "callback_body", "body", *one["loc"])} for one in error.errors()]
            ) from error
    _check_name(emulator, wanted.name, ("body", "name"))
    _check_number(emulator, token.identity)
    _check_rate(emulator, token.identity, wanted.interval, ("body",))
    flow = FLOW_CALLBACK.fullmatch(wanted.callback_url)
    return _new_timer(
        emulator,
        token,
        timer_type="generic",
        name=wanted.name,
        callback_url=wanted.callback_url,
        callback_body=wanted.callback_body,
        transfer=transfer,
        interval=wanted.interval,
        start=wanted.start,
        once=wanted.interval is None,
        end_count=None if wanted.interval is None else wanted.end_count,
        end_at=wanted.end_at,
        flow_id=flow[1].lower() if flow else None,
        scope=wanted.scope,
    )


def seed(emulator: Emulator, owner: str, client_id: str, wanted: Seed) -> list[str]:
    """Create many timers at once, without the rate limit. Returns their IDs."""
    now = cut(emulator.clock.now())
    body = {
        "DATA_TYPE": "transfer",
        "source_endpoint": wanted.source,
        "destination_endpoint": wanted.destination,
        "DATA": [
            {
                "DATA_TYPE": "transfer_item",
                "source_path": wanted.source_path,
                "destination_path": wanted.destination_path,
            }
        ],
        **wanted.options,
    }
    transfer = Transfer.model_validate(body)
    consents = emulator.consented(owner, client_id)
    start = wanted.start or now + timedelta(seconds=wanted.interval_seconds)
    made = []
    for number in range(wanted.count):
        timer = Timer(
            id=str(uuid.uuid4()),
            owner=owner,
            client_id=client_id,
            timer_type="transfer",
            name=wanted.name.replace("{n}", str(number)),
            callback_url=TRANSFER_CALLBACK,
            callback_body={"body": body},
            transfer=transfer,
            interval=wanted.interval_seconds,
            start=start,
            submitted_at=now,
            consents=consents,
            session_since=now,
            status=wanted.status,
            next_tick=start,
        )
        for back in range(1, wanted.runs + 1):
            at = now - timedelta(seconds=back * 3600)
            run = Run(at, end_at=at)
            run.task = emulator.engine.worker.add_finished(timer, wanted.runs - back + 1, at)
            timer.runs.append(run)
        timer.n_runs = wanted.runs
        timer.last_ran_at = timer.runs[0].ran_at if timer.runs else None
        if wanted.status == "inactive":
            timer.inactive_reason = {"cause": "user", "detail": None}
        if wanted.status == "ended":
            timer.next_tick, timer.ended_at = None, now
        emulator.timers[timer.id] = timer
        emulator.engine.plan(timer)
        made.append(timer.id)
    return made


# --- routes ---

_ORDERS: dict[str, Callable[[Timer], Any]] = {
    "name": lambda timer: timer.name or "",
    "job_id": lambda timer: timer.id,
    "submitted_at": lambda timer: timer.submitted_at,
    "status": lambda timer: timer.status,
    "start": lambda timer: timer.start,
    "interval": lambda timer: timer.interval or 0,
    "n_runs": lambda timer: timer.n_runs,
    "n_errors": lambda timer: timer.n_errors,
    "last_ran_at": lambda timer: timer.last_ran_at or _BEGINNING,
    "next_run": lambda timer: timer.next_tick or _BEGINNING,
}
_STATUS_FILTERS = ("new", "loaded", "active", "inactive", "ended")


def _listed(emulator: Emulator, owner: str, query: Any) -> list[Timer]:
    """The timers that match the query of a list, in its order. Raises InvalidInputError."""
    timers = [one for one in emulator.timers.values() if one.owner == owner]
    text = query.get("filter_name")
    if text:
        timers = [one for one in timers if text.lower() in (one.name or "").lower()]
    words = [word.strip() for word in query.get("filter_status", "").split(",") if word.strip()]
    for word in words:
        if word not in _STATUS_FILTERS:
            raise InvalidInputError.one(
                ("query", "filter_status"), f"value is not one of {', '.join(_STATUS_FILTERS)}", "enum"
            )
    lingering = emulator.switches.deleted_in_lists == "yes" and not words

    def wanted(timer: Timer) -> bool:
        if timer.gone:
            return lingering and timer.status == "delete_in_progress"
        if not words:
            return True
        shown = shown_status(emulator, timer)
        return shown in words or (
            shown == "loaded" and "active" in words and emulator.switches.filter_status_loaded == "yes"
        )

    for name, statuses in (("filter_active", ("active",)), ("filter_stopped", ("inactive", "ended"))):
        if _flag(query.get(name), ("query", name)) is False:
            timers = [one for one in timers if one.status not in statuses]
    timers = [one for one in timers if wanted(one)]
    after, before = _query_moment(query, "submitted_after"), _query_moment(query, "submitted_before")
    if after is not None:
        timers = [one for one in timers if one.submitted_at > after]
    if before is not None:
        timers = [one for one in timers if one.submitted_at < before]
    name, _space, direction = query.get("order", emulator.switches.default_order).partition(" ")
    if name not in _ORDERS or direction.lower() not in ("", "asc", "desc"):
        raise InvalidInputError.one(("query", "order"), "value is not FIELD asc or FIELD desc")
    timers.sort(key=_ORDERS[name], reverse=direction.lower() == "desc")
    return timers


def _query_moment(query: Any, name: str) -> datetime | None:
    text = query.get(name)
    if not text:
        return None
    try:
        # A plus sign that was not escaped has become a blank: restore it.
        return parse_moment(text.replace(" ", "+") if "T" in text else text)
    except ValueError as error:
        raise InvalidInputError.one(("query", name), "invalid datetime format", "datetime_parsing") from error


def _query_number(query: Any, name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    try:
        number = int(text)
    except ValueError as error:
        raise InvalidInputError.one(("query", name), "value is not a valid integer", "int_parsing") from error
    if number < 0:
        raise InvalidInputError.one(
            ("query", name), "ensure this value is greater than or equal to 0", "greater_than_equal"
        )
    return number


def _flag(value: Any, loc: tuple[str | int, ...]) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    word = str(value).lower()
    if word in ("true", "1", "yes", "on"):
        return True
    if word in ("false", "0", "no", "off"):
        return False
    raise InvalidInputError.one(loc, "value could not be parsed to a boolean", "bool_parsing")


def router(emulator: Emulator) -> APIRouter:
    """The routes of Globus Timers."""
    routes = APIRouter()

    def token_of(request: Request) -> Token:
        return bearer(emulator, request, TIMERS_SERVER, [TIMERS_SCOPE])

    def find(token: Token, job_id: str, *, gone: bool = False) -> Timer:
        """The timer of the caller; with ``gone``, also one that is being deleted. Raises the refusals of the
        service."""
        try:
            key = str(uuid.UUID(job_id))
        except ValueError as error:
            raise InvalidInputError.one(("path", "job_id"), "value is not a valid uuid", "uuid_parsing") from error
        timer = emulator.timers.get(key)
        if timer is None or timer.owner != token.identity or (timer.gone and not gone):
            raise ServiceError(404, "ERROR", f"No timer {key}")
        return timer

    def answer(timer: Timer, status: int = 200, count: int | None = None, offset: int = 0) -> Response:
        count = emulator.switches.default_result_count if count is None else count
        return Response(written_with_results(emulator, timer, count, offset), status, media_type="application/json")

    @routes.get("/jobs/")
    async def list_jobs(request: Request) -> Response:
        token = token_of(request)
        query = request.query_params
        count = _query_number(query, "result_count", emulator.switches.default_result_count)
        timers = _listed(emulator, token.identity, query)
        text = b",".join([written_with_results(emulator, one, count) for one in timers])
        return Response(b'{"jobs":[' + text + b"]}", media_type="application/json")

    @routes.get("/jobs/{job_id}")
    async def get_job(request: Request, job_id: str) -> Response:
        timer = find(token_of(request), job_id, gone=True)
        if timer.status == "deleted" and emulator.switches.deleted_read == "not_found":
            raise ServiceError(404, "ERROR", f"No timer {timer.id}")
        size = _query_number(request.query_params, "page_size", _PAGE)
        place = request.query_params.get("results_pt", "results-0")
        if not place.startswith("results-") or not place.removeprefix("results-").isdigit():
            raise InvalidInputError.one(("query", "results_pt"), "value is not a page of these results")
        return answer(timer, count=size, offset=int(place.removeprefix("results-")))

    @routes.post("/v2/timer")
    async def create(request: Request) -> Response:
        token = token_of(request)
        timer = create_timer(emulator, token, await _json(request))
        return JSONResponse({"timer": creation_document(emulator, timer)}, 201)

    @routes.post("/jobs/")
    async def create_old(request: Request) -> Response:
        token = token_of(request)
        timer = create_job(emulator, token, await _json(request))
        return answer(timer, 201)

    @routes.patch("/jobs/{job_id}")
    async def rename(request: Request, job_id: str) -> Response:
        timer = find(token_of(request), job_id)
        name = _read(Rename, await _json(request), ("body",), emulator).name
        if name is not None:
            _check_name(emulator, name, ("body", "name"))
            timer.name = name
            timer.touch()
        return answer(timer)

    @routes.post("/jobs/{job_id}/pause")
    async def pause(request: Request, job_id: str) -> Response:
        timer = find(token_of(request), job_id)
        _check_not_ended(timer)
        if timer.status == "active":
            timer.status = "inactive"
            timer.inactive_reason = {"cause": "user", "detail": None}
            timer.touch()
        return JSONResponse({"message": f"Successfully paused job {timer.id}."})

    @routes.post("/jobs/{job_id}/resume")
    async def resume(request: Request, job_id: str) -> Response:
        token = token_of(request)
        timer = find(token, job_id)
        update = await _update_credentials(request)
        _check_not_ended(timer)
        unauthorised = (timer.inactive_reason or {}).get("cause") == "globus_auth_requirements" or timer.run_waits
        if unauthorised and update is None:
            if emulator.switches.resume_without_update == "refused":
                raise ServiceError(400, "ERROR", "The timer lacks authorization: resume it with update_credentials")
            update = True
        if update:
            timer.client_id = token.client_id
            timer.consents = emulator.consented(token.identity, token.client_id)
            timer.session_since = token.session_since
        if timer.status == "inactive":
            emulator.engine.resume(timer)
        emulator.engine.resume_run(timer)
        return JSONResponse({"message": f"Successfully resumed job {timer.id}."})

    @routes.delete("/jobs/{job_id}")
    async def delete(request: Request, job_id: str) -> Response:
        timer = find(token_of(request), job_id, gone=True)
        if timer.gone:
            if emulator.switches.double_delete == "not_found":
                raise ServiceError(404, "ERROR", f"No timer {timer.id}")
            if emulator.switches.double_delete == "conflict":
                raise ServiceError(409, "ERROR", f"The timer {timer.id} is being deleted")
        else:
            emulator.engine.delete(timer)
        return answer(timer)

    def _check_not_ended(timer: Timer) -> None:
        if timer.status == "ended" and emulator.switches.resume_ended == "conflict":
            raise ServiceError(409, "ERROR", f"The timer {timer.id} has ended")

    async def _update_credentials(request: Request) -> bool | None:
        where = emulator.switches.update_credentials_in
        found = None
        if where in ("query", "both"):
            found = _flag(request.query_params.get("update_credentials"), ("query", "update_credentials"))
        if where in ("body", "both") and found is None and await request.body():
            document = await _json(request)
            if isinstance(document, dict):
                found = _flag(document.get("update_credentials"), ("body", "update_credentials"))
        return found

    return routes
