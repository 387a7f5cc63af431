# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Timers service in memory, as far as ``_execute`` talks to it, and a way for many writers to talk to it at once.

It keeps documents and shows them in one of the service's shapes; names are not unique, a deleted timer lingers, and an
answer can be lost before or after the request was carried out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from ansible_collections.research_ops.globus.plugins.module_utils._errors import GlobusError, UncertainError
from ansible_collections.research_ops.globus.plugins.module_utils._globus.auth_requirements import with_requirements
from ansible_collections.research_ops.globus.plugins.module_utils._timers.document import Timer, read_timer
from ansible_collections.research_ops.globus.plugins.module_utils._timers.schedule import next_tick
from ansible_collections.research_ops.globus.plugins.module_utils._timers.tasks import Task, read_task
from patience import LIMIT
from unit.samples import NOW
from unit.timer_documents import shown


@dataclass
class _Stored:
    document: dict[str, Any]
    created: datetime
    members: dict[str, Any] = field(default_factory=dict)


class MemoryService:
    """A ``TimerService``.

    :ivar faults: what happens to the next calls of an operation (``create``, ``list``, ...), one word a call: ``lost``
        (never arrives), ``answer_lost`` (carried out, but there is no answer), ``late`` (no answer; carried out before
        the next but one request), ``refused``, or ``ok``.
    :ivar requests: the calls so far, as ``(operation, timer ID or name)``.
    :ivar before: called ahead of every request.
    :ivar step: seconds the clock moves on with every request.
    :ivar shape: in which timers are shown, one of ``SHAPES``.
    :ivar tasks: the documents of the transfer tasks.
    """

    retries = 3
    web_app = "https://app.globus.org/"

    def __init__(self, shape: str = "as_sent", ids: Iterator[int] | None = None) -> None:
        self.clock = NOW
        self.step = 0
        self.faults: dict[str, list[str]] = {}
        self.requests: list[tuple[str, str]] = []
        self.before: Callable[[], None] = lambda: None
        self.shape = shape
        self.tasks: list[dict[str, Any]] = []
        self._ids = count() if ids is None else ids
        self._stored: dict[str, _Stored] = {}
        self._late: list[tuple[int, Mapping[str, Any]]] = []
        self._lock = threading.Lock()

    # --- for tests ---

    def add(self, document: Mapping[str, Any], **members: Any) -> str:
        """Store a timer; its ID."""
        timer_id = f"{next(self._ids):08x}-0000-4000-8000-000000000000"
        self._stored[timer_id] = _Stored(dict(document), self.clock, members)
        return timer_id

    def timers(self) -> list[Timer]:
        """All there are, as they are read."""
        return [self._read(timer_id) for timer_id in list(self._stored)]

    def unfinished(self, name: str) -> list[Timer]:
        """Those that a name identifies."""
        return [timer for timer in self.timers() if timer.is_unfinished and timer.name == name]

    def writes(self) -> list[str]:
        """The operations so far that were not reading."""
        return [operation for operation, _what in self.requests if operation not in ("list", "get", "tasks")]

    # --- TimerService ---

    def now(self) -> datetime:
        return self.clock

    def wait(self) -> None:
        """It always wants requests."""

    def list_timers(self, name: str | None = None) -> list[Timer]:
        with self._request("list", name or ""):
            found = [timer for timer in self.timers() if name is None or name.lower() in timer.name.lower()]
            return found if len(self.requests) % 2 else found[::-1]  # in no order that one could rely on

    def get_timer(self, timer_id: str, results: int = 1) -> Timer | None:
        with self._request("get", timer_id):
            return self._read(timer_id) if timer_id in self._stored else None

    def list_tasks(self, task_ids: Sequence[str]) -> dict[str, Task]:
        with self._request("tasks", ",".join(task_ids)):
            found = [task for task in map(read_task, self.tasks) if task is not None]
            return {task.id: task for task in found if task.id in task_ids}

    def create_timer(self, document: Mapping[str, Any]) -> Timer:
        with self._request("create", document["name"], document):
            timer_id = self.add(document)
            answer = shown(document, "created", timer_id=timer_id, now=self.clock)
            return read_timer(answer)

    def delete_timer(self, timer_id: str) -> None:
        with self._request("delete", timer_id):
            self._stored[timer_id].members["status"] = "delete_in_progress"

    def pause_timer(self, timer_id: str) -> None:
        with self._request("pause", timer_id):
            self._change(timer_id, status="inactive", inactive_reason={"cause": "user", "detail": None})

    def resume_timer(self, timer_id: str) -> None:
        with self._request("resume", timer_id):
            self._change(timer_id, status="active", inactive_reason=None)

    def rename_timer(self, timer_id: str, name: str) -> None:
        with self._request("rename", timer_id):
            self._change(timer_id, name=name)

    # --- inside ---

    def _read(self, timer_id: str) -> Timer:
        stored = self._stored[timer_id]
        members = {"status": "loaded", **stored.members}
        timer = with_requirements(
            read_timer(shown(stored.document, self.shape, timer_id=timer_id, now=stored.created, **members))
        )
        start, interval = timer.schedule.start, timer.schedule.interval
        if start is None or interval is None or "next_run" in members:
            return timer
        return replace(timer, next_run=next_tick(start, interval, self.clock))  # a run starts at its tick

    def _change(self, timer_id: str, **members: Any) -> None:
        timer = self._read(timer_id)
        if not timer.is_unfinished:
            raise GlobusError(f"timer {timer_id} has status {timer.status}", http_status=409)
        self._stored[timer_id].members.update(members)

    def _request(self, operation: str, what: str, document: Mapping[str, Any] | None = None) -> _Request:
        return _Request(self, operation, what, document)


class _Request:
    """One request: takes its turn, then its fault."""

    def __init__(
        self, service: MemoryService, operation: str, what: str, document: Mapping[str, Any] | None = None
    ) -> None:
        self._service = service
        self._operation = operation
        self._what = what
        self._document = document
        self._fault = "ok"

    def __enter__(self) -> None:
        service = self._service
        service.before()
        service._lock.acquire()
        try:
            service.clock += timedelta(seconds=service.step)
            service.requests.append((self._operation, self._what))
            due = [document for number, document in service._late if number <= len(service.requests)]
            service._late = [entry for entry in service._late if entry[0] > len(service.requests)]
            for document in due:
                service.add(document)
            faults = service.faults.get(self._operation)
            self._fault = faults.pop(0) if faults else "ok"
            if self._fault == "refused":
                raise GlobusError(f"{self._operation} was refused", code="refused", http_status=422)
            if self._fault in ("lost", "late"):
                if self._fault == "late" and self._document is not None:
                    service._late.append((len(service.requests) + 2, self._document))
                raise UncertainError("no answer", code="no_answer")
        except BaseException:
            service._lock.release()
            raise

    def __exit__(self, *_error: object) -> None:
        self._service._lock.release()
        if self._fault == "answer_lost":
            raise UncertainError("no answer", code="no_answer", http_status=502)


class Turns:
    """Writers in threads of their own make one request at a time, in a given order.

    :param order: whose turn it is, as indexes into those who wait (modulo their number); 0 once it is used up.
    """

    def __init__(self, writers: Sequence[Callable[[], None]], order: Sequence[int]) -> None:
        self._order = iter(order)
        self._threads = {str(number): writer for number, writer in enumerate(writers)}
        self._alive = set(self._threads)
        self._waiting: set[str] = set()
        self._current: str | None = None
        self._changed = threading.Condition()
        self._errors: list[BaseException] = []

    def run(self) -> None:
        """Run them all to their end. Raises the first exception of any."""
        threads = [threading.Thread(target=self._run, args=(name,), name=name) for name in self._threads]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=LIMIT)
            assert not thread.is_alive(), "a writer hangs"
        for error in self._errors:
            raise error

    def take(self) -> None:
        """Wait for the turn of the thread that calls."""
        me = threading.current_thread().name
        with self._changed:
            self._waiting.add(me)
            self._pass_on(me)
            assert self._changed.wait_for(lambda: self._current == me, timeout=LIMIT), "its turn does not come"
            self._waiting.discard(me)

    def _run(self, name: str) -> None:
        try:
            self._threads[name]()
        except BaseException as error:
            self._errors.append(error)
        finally:
            with self._changed:
                self._alive.discard(name)
                self._waiting.discard(name)
                self._pass_on(name)

    def _pass_on(self, name: str) -> None:
        """When nobody is at it and all others wait, the next in the order goes on."""
        if self._current == name:
            self._current = None
        if self._current is None and self._alive and self._waiting >= self._alive:
            waiting = sorted(self._waiting)
            self._current = waiting[next(self._order, 0) % len(waiting)]
            self._changed.notify_all()
