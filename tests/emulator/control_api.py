# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control interface under ``/_emulator``: the clock, the log, faults, switches, and internal states."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from emulator.auth import issue
from emulator.clock import parse_moment
from emulator.errors import ServiceError
from emulator.faults import Fault
from emulator.scopes import ScopeSyntaxError, parse
from emulator.state import Emulator
from emulator.tasks import Task, event_document, task_document
from emulator.timers import Seed, Timer, seed, shown_status
from emulator.world import load


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClockMove(_Body):
    """Exactly one of the two: the seconds to advance, or the moment to set."""

    advance_seconds: float | None = Field(None, ge=0)
    set: Annotated[datetime, BeforeValidator(lambda value: parse_moment(str(value)))] | None = None


class Delay(_Body):
    """How long every service request waits before it is processed."""

    seconds: float = Field(ge=0, le=600)


class Reset(_Body):
    """Another world, switches in addition to those of the start, and the time at which the clock starts or is
    stopped."""

    clock: Annotated[datetime, BeforeValidator(lambda value: parse_moment(str(value)))] | None = None
    stopped: bool = False
    world: dict[str, Any] | None = None
    switches: dict[str, Any] | None = None


class ConsentChange(_Body):
    """Consents of an identity for a client; without ``identity``, the client's own. DELETE without ``scope``: all."""

    client_id: str
    identity: str | None = None
    scope: str | None = None


class Mint(_Body):
    """Tokens for tests. ``consent`` also records consents to the scopes, as a token request does."""

    client_id: str
    identity: str | None = None
    scopes: str | list[str]
    expires_in: int = Field(172800, ge=-86400)
    refresh: bool = False
    consent: bool = True


class CollectionChange(_Body):
    """Changes of a collection at run time."""

    visible: bool | None = None
    deleted: bool | None = None
    reachable: bool | None = None
    high_assurance: bool | None = None
    display_name: str | None = None
    trouble: str | None = None
    forbidden: list[str] | None = None
    missing: list[str] | None = None
    read_only: bool | None = None
    full: bool | None = None
    files: int | None = Field(None, ge=0)
    bytes: int | None = Field(None, ge=0)


class TaskChange(_Body):
    """Changes of an unfinished task: the credentials of its owner expire, or somebody stops it."""

    pause: bool | None = None
    inactive: bool | None = None
    by_admin: bool = False
    message: str | None = None
    cancel_by: Literal["SOURCE", "DESTINATION", "BOTH"] | None = None
    fail: str | None = None


class Outage(_Body):
    """Which services are down."""

    transfer: bool


class FlowChange(_Body):
    """Changes of a flow at run time."""

    visible: bool | None = None
    deleted: bool | None = None
    succeeds: bool | None = None
    title: str | None = None


class TimerChange(_Body):
    """Changes of a timer that the service can make: lose its next tick, or stop it for its own cause."""

    lose_tick: bool = False
    stop: dict[str, Any] | None = None


def timer_internals(emulator: Emulator, timer: Timer) -> dict[str, Any]:
    """A timer, including what the service does not show."""
    return {
        "job_id": timer.id,
        "name": timer.name,
        "owner": timer.owner,
        "client_id": timer.client_id,
        "timer_type": timer.timer_type,
        "status": timer.status,
        "shown_status": shown_status(emulator, timer),
        "inactive_reason": timer.inactive_reason,
        "callback_body": timer.callback_body,
        "interval": timer.interval,
        "start": timer.start.isoformat(),
        "next_tick": timer.next_tick.isoformat() if timer.next_tick else None,
        "missed": timer.missed,
        "n_runs": timer.n_runs,
        "n_errors": timer.n_errors,
        "submitted_at": timer.submitted_at.isoformat(),
        "ended_at": timer.ended_at.isoformat() if timer.ended_at else None,
        "consents": sorted(" > ".join(path) for path in timer.consents),
        "history": list(timer.history),
    }


def task_internals(emulator: Emulator, task: Task) -> dict[str, Any]:
    """A task, including what Transfer does not show: its timer, its internal state and its events."""
    return {
        **task_document(emulator, task),
        "events": [event_document(one) for one in task.events],
        "state": task.state,
        "timer_id": task.timer.id,
    }


def _change_task(emulator: Emulator, task: Task, change: TaskChange) -> None:
    worker, now = emulator.engine.worker, emulator.clock.now()
    if change.cancel_by is not None:
        worker.cancel(task, now, by=change.cancel_by, message=change.message)
    elif change.fail is not None:
        worker.fail(task, now, change.fail, change.message or "The task failed")
    elif change.pause:
        worker.pause(task, now, by_admin=change.by_admin, message=change.message)
    elif change.pause is False and task.state == "paused":
        worker.unpause(task, now)
    elif change.inactive:
        worker.deactivate(task, now)
    elif change.inactive is False:
        worker.reactivate(task, now)


def router(emulator: Emulator) -> APIRouter:
    """The control routes."""
    routes = APIRouter(prefix="/_emulator")

    def owner_of(identity: str | None, client_id: str) -> tuple[str, str]:
        client = client_id.lower()
        owner = (identity or client).lower()
        if client not in emulator.clients and client not in emulator.apps:
            raise HTTPException(404, f"the world has no client {client_id}")
        if emulator.username(owner) is None:
            raise HTTPException(404, f"the world has no identity {identity}")
        return owner, client

    @routes.get("/clock")
    async def clock() -> dict[str, Any]:
        return {"now": emulator.clock.now().isoformat()}

    @routes.post("/clock")
    async def move_clock(body: ClockMove) -> dict[str, Any]:
        if (body.advance_seconds is None) == (body.set is None):
            raise HTTPException(422, "exactly one of advance_seconds and set is required")
        try:
            moment = body.set or emulator.clock.now() + timedelta(seconds=body.advance_seconds or 0)
            emulator.move_clock(moment)
        except (ValueError, OverflowError) as error:
            raise HTTPException(409, str(error)) from error
        return {"now": emulator.clock.now().isoformat()}

    @routes.get("/log")
    async def log() -> dict[str, Any]:
        return {"requests": emulator.log}

    @routes.delete("/log")
    async def clear_log() -> dict[str, Any]:
        emulator.log = []
        return {"requests": []}

    @routes.get("/faults")
    async def faults() -> dict[str, Any]:
        return {"faults": [one.model_dump() for one in emulator.faults.rules]}

    @routes.post("/faults")
    async def add_fault(body: Fault) -> dict[str, Any]:
        return {"id": emulator.faults.add(body)}

    @routes.delete("/faults")
    async def clear_faults() -> dict[str, Any]:
        emulator.faults.clear()
        return {"faults": []}

    @routes.get("/switches")
    async def switches() -> dict[str, Any]:
        return emulator.switches.model_dump()

    @routes.post("/switches")
    async def change_switches(body: dict[str, Any]) -> dict[str, Any]:
        try:
            emulator.change_switches(body)
        except ValidationError as error:
            raise HTTPException(422, _error_details(error)) from error
        return emulator.switches.model_dump()

    @routes.post("/delay")
    async def delay(body: Delay) -> dict[str, Any]:
        emulator.delay = body.seconds
        return {"seconds": emulator.delay}

    @routes.post("/reset")
    async def reset(body: Reset | None = None) -> dict[str, Any]:
        body = body or Reset()
        try:
            world = load(body.world) if body.world is not None else None
            emulator.reset(world, body.switches, body.clock, body.stopped)
        except (ValidationError, ValueError) as error:
            raise HTTPException(422, _error_details(error)) from error
        return {"now": emulator.clock.now().isoformat()}

    @routes.get("/timers")
    async def timers() -> dict[str, Any]:
        emulator.run_due_ticks()
        return {"timers": [timer_internals(emulator, one) for one in emulator.timers.values()]}

    @routes.post("/timers/{timer_id}")
    async def change_timer(timer_id: str, body: TimerChange) -> dict[str, Any]:
        emulator.run_due_ticks()
        timer = emulator.timers.get(timer_id.lower())
        if timer is None:
            raise HTTPException(404, f"there is no timer {timer_id}")
        if timer.status != "active" or timer.busy:
            raise HTTPException(
                409, f"{timer_id} is {timer.status}, or a run is in progress: only a waiting timer can be changed"
            )
        if body.lose_tick:
            emulator.engine.lose_tick(timer)
        if body.stop is not None:
            emulator.engine.stop(timer, body.stop)
        return timer_internals(emulator, timer)

    @routes.post("/seed")
    async def seed_timers(body: Seed) -> dict[str, Any]:
        owner, client = owner_of(body.identity, body.client_id)
        try:
            made = seed(emulator, owner, client, body)
        except ValidationError as error:
            raise HTTPException(422, _error_details(error)) from error
        return {"count": len(made), "job_ids": made}

    @routes.get("/consents")
    async def consents() -> dict[str, Any]:
        return {
            "consents": [
                {"identity": identity, "client_id": client, "paths": sorted(" > ".join(path) for path in granted)}
                for (identity, client), granted in emulator.consents.items()
            ]
        }

    @routes.post("/consents")
    async def grant(body: ConsentChange) -> dict[str, Any]:
        owner, client = owner_of(body.identity, body.client_id)
        try:
            emulator.grant(owner, client, body.scope or "")
        except ScopeSyntaxError as error:
            raise HTTPException(422, str(error)) from error
        return {"consents": len(emulator.consented(owner, client))}

    @routes.delete("/consents")
    async def revoke(body: ConsentChange) -> dict[str, Any]:
        owner, client = owner_of(body.identity, body.client_id)
        try:
            return {"revoked": emulator.revoke(owner, client, body.scope)}
        except ScopeSyntaxError as error:
            raise HTTPException(422, str(error)) from error

    @routes.post("/tokens")
    async def mint(body: Mint) -> dict[str, Any]:
        owner, client = owner_of(body.identity, body.client_id)
        text = body.scopes if isinstance(body.scopes, str) else " ".join(body.scopes)
        try:
            scopes = parse(text)
            documents = issue(emulator, client, owner, scopes, expires_in=body.expires_in, refresh=body.refresh)
        except (ScopeSyntaxError, ServiceError) as error:
            raise HTTPException(422, str(error)) from error
        if body.consent:
            emulator.grant(owner, client, text)
        return {"tokens": {one["resource_server"]: one for one in documents}}

    @routes.post("/collections/{collection_id}")
    async def change_collection(collection_id: str, body: CollectionChange) -> dict[str, Any]:
        emulator.run_due_ticks()
        collection = emulator.collections.get(collection_id.lower())
        if collection is None:
            raise HTTPException(404, f"the world has no collection {collection_id}")
        for name, value in body.model_dump(exclude_unset=True).items():
            if value is not None or name == "trouble":
                setattr(collection, name, value)
        emulator.engine.worker.collection_changed(collection, emulator.clock.now())
        return collection.model_dump()

    @routes.post("/outage")
    async def outage(body: Outage) -> dict[str, Any]:
        emulator.run_due_ticks()
        emulator.transfer_is_down = body.transfer
        return body.model_dump()

    @routes.get("/tasks")
    async def tasks() -> dict[str, Any]:
        emulator.run_due_ticks()
        return {"tasks": [task_internals(emulator, one) for one in emulator.tasks.values()]}

    @routes.post("/tasks/{task_id}")
    async def change_task(task_id: str, body: TaskChange) -> dict[str, Any]:
        emulator.run_due_ticks()
        task = emulator.tasks.get(task_id.lower())
        if task is None:
            raise HTTPException(404, f"there is no task {task_id}")
        if task.over:
            raise HTTPException(409, f"the task {task_id} is over: it {task.status}")
        _change_task(emulator, task, body)
        return task_internals(emulator, task)

    @routes.post("/flows/{flow_id}")
    async def change_flow(flow_id: str, body: FlowChange) -> dict[str, Any]:
        flow = emulator.flows.get(flow_id.lower())
        if flow is None:
            raise HTTPException(404, f"the world has no flow {flow_id}")
        for name, value in body.model_dump(exclude_none=True).items():
            setattr(flow, name, value)
        return flow.model_dump()

    @routes.get("/world")
    async def world() -> dict[str, Any]:
        return {
            "collections": [one.model_dump() for one in emulator.collections.values()],
            "flows": [one.model_dump() for one in emulator.flows.values()],
            # The secrets of a world are not real. Tests and rehearsals need them to sign in.
            "clients": [
                {"id": one.id, "secret": one.secret, "username": emulator.username(one.id)}
                for one in emulator.clients.values()
            ],
            "apps": [one.model_dump() for one in emulator.apps.values()],
            "people": [{"id": one.id, "username": one.username} for one in emulator.people.values()],
        }

    return routes


def _error_details(error: Exception) -> Any:
    if isinstance(error, ValidationError):
        return [{"loc": list(one["loc"]), "msg": one["msg"], "type": one["type"]} for one in error.errors()]
    return str(error)
