# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Transfer carries out tasks: three of each user at a time, with retries after errors until the deadline.

The source is Globus's page "Task Behavior". An error does not end a task. It stays ACTIVE, waits, and retries. It ends
by success, its deadline, a cancellation, or one of a few fatal errors.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from emulator.errors import ServiceError
from emulator.files import HOPELESS, Work
from emulator.places import Place, TransferError
from emulator.tasks import FIRST_DEADLINE, State, Task, explain, new_task

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.agenda import Agenda
    from emulator.state import Emulator
    from emulator.timers import Timer
    from emulator.world import Collection

AT_A_TIME = 3
FIRST_RETRY = timedelta(minutes=1)
AFTER_PROGRESS = timedelta(hours=72)
WHILE_PAUSED = timedelta(days=90)
LONGEST_NAME = 100  # of a timer, in the label of a task
HISTORY_KEPT = timedelta(days=30)


class Worker:
    """Carries out transfer tasks.

    ``lacks_consent(timer)`` returns whether the credentials of a timer are not sufficient, and ``on_end(task, at)`` is
    called when a task is over.
    """

    def __init__(
        self,
        emulator: Emulator,
        agenda: Agenda,
        lacks_consent: Callable[[Timer, datetime], bool],
        on_end: Callable[[Task, datetime], None],
    ) -> None:
        self._emulator = emulator
        self._agenda = agenda
        self._lacks_consent = lacks_consent
        self._on_end = on_end
        self._waiting: dict[str, deque[Task]] = {}
        self._working: dict[str, int] = {}
        self._waking: set[str] = set()
        self._unfinished: dict[tuple[object, ...], Task] = {}
        self._finished: deque[Task] = deque()
        self._with_history: deque[Task] = deque()

    # --- requests ---------------------------------------------------------------------------------------------------

    def submit(self, timer: Timer, number: int, at: datetime) -> Task:
        """Accept the transfer of a timer's run as a task. Nothing happens before ``start``. Raises ServiceError."""
        self._forget_old(at)
        transfer = timer.transfer
        assert transfer is not None
        source, destination = (self._find(one) for one in timer.collection_ids())
        task = new_task(timer, transfer, self._label(timer, number), at)
        if task.paths in self._unfinished:
            raise ServiceError(409, "Conflict", "A transfer with identical paths has not yet completed")
        task.work = Work(
            Place(source, "source"),
            Place(destination, "destination"),
            transfer.model_dump(),
            delete_excluded=self._emulator.switches.delete_extra_excluded == "deleted",
        )
        task.outcome = task.work.outcome
        self._unfinished[task.paths] = task
        self._emulator.tasks[task.id] = task
        return task

    def start(self, task: Task, at: datetime) -> None:
        """Start a submitted task as soon as the user has fewer than three running ones."""
        if task.deadline <= at:
            self.fail(task, at, "EXPIRED", "The deadline passed before the task was submitted")
            return
        self._queue(task, at)
        if not task.over:
            self._set_alarm(task)

    def add_finished(self, timer: Timer, number: int, at: datetime) -> Task:
        """A past task that succeeded, for timers that are created with a history."""
        assert timer.transfer is not None
        task = new_task(timer, timer.transfer, self._label(timer, number), at)
        task.state, task.status, task.left = "over", "SUCCEEDED", 0
        task.began_at = task.completed_at = at
        self._emulator.tasks[task.id] = task
        return task

    def cancel(self, task: Task, at: datetime, *, by: str | None = None, message: str | None = None) -> None:
        """End a task for its owner, or for the administrator of a collection: SOURCE, DESTINATION or BOTH."""
        task.canceled_by_admin, task.canceled_by_admin_message = by, message
        who = "an administrator" if by else "its owner"
        self.fail(task, at, "CANCELED", f"The task was canceled by {who}" + (f": {message}" if message else ""))

    def pause(self, task: Task, at: datetime, *, by_admin: bool = False, message: str | None = None) -> None:
        """Pause a task until it is unpaused, for at most 90 days."""
        self._interrupt(task, "paused")
        task.paused_by_admin, task.pause_message = by_admin, message
        self._move_deadline(task, at + WHILE_PAUSED)
        task.note(at, "PAUSED", "paused", message or "")
        self._wake(task.owner, at)

    def unpause(self, task: Task, at: datetime) -> None:
        """Continue a paused task."""
        task.pause_message = None
        self._move_deadline(task, at + FIRST_DEADLINE)
        task.note(at, "UNPAUSED", "unpaused")
        self._queue(task, at)

    def set_deadline(self, task: Task, deadline: datetime) -> None:
        """Set a deadline of the owner, which does not move."""
        task.has_own_deadline = True
        self._move_deadline(task, deadline)

    def deactivate(self, task: Task, at: datetime) -> None:
        """Let a task wait for credentials."""
        task.status = "INACTIVE"
        self._interrupt(task, "inactive")
        self._wake(task.owner, at)

    def reactivate(self, task: Task, at: datetime) -> None:
        """Continue an inactive task, if its credentials are sufficient now."""
        if task.state == "inactive" and not self._lacks_consent(task.timer, at):
            task.status = "ACTIVE"
            self._queue(task, at)

    def fail(self, task: Task, at: datetime, code: str, description: str) -> None:
        """End a task without success."""
        task.fatal_error = (code, description)
        task.note(at, code, code.replace("_", " ").lower(), description, is_error=code != "CANCELED")
        self._end(task, at, "FAILED")

    def collection_changed(self, collection: Collection, at: datetime) -> None:
        """Apply the change of a collection to its tasks: it may be offline or deleted now."""
        for task in list(self._unfinished.values()):
            if collection.id not in (task.transfer.source_endpoint, task.transfer.destination_endpoint):
                continue
            if collection.deleted:
                self.fail(task, at, "ENDPOINT_DELETED", f"{collection.display_name} has been deleted")
            elif task.state == "working":
                try:
                    is_source = collection.id == task.transfer.source_endpoint
                    Place(collection, "source" if is_source else "destination").connect()
                except TransferError as error:
                    self._back_off(task, at, error)

    # --- progress ---------------------------------------------------------------------------------------------------

    def _find(self, collection_id: str) -> Collection:
        """A collection that a transfer can use. Raises ServiceError."""
        collection = self._emulator.collections.get(collection_id)
        if collection is None:
            raise ServiceError(404, "EndpointNotFound", f"No such endpoint '{collection_id}'")
        if collection.deleted:
            raise ServiceError(404, "EndpointDeleted", f"Endpoint '{collection_id}' has been deleted")
        if not collection.visible:
            raise ServiceError(403, "PermissionDenied", f"No permission on endpoint '{collection_id}'")
        if collection.entity_type == "GCSv5_endpoint":
            raise ServiceError(409, "Conflict", f"{collection.display_name} is an endpoint and not a collection")
        return collection

    def _label(self, timer: Timer, number: int) -> str:
        given = timer.transfer.label if timer.transfer else None
        if given and self._emulator.switches.task_labels == "given":
            return given
        return f"{(given or timer.name or timer.id)[:LONGEST_NAME]}, run {number}"

    def _queue(self, task: Task, at: datetime) -> None:
        task.state = "queued"
        task.version += 1
        self._waiting.setdefault(task.owner, deque()).append(task)
        self._wake(task.owner, at)

    def _wake(self, owner: str, at: datetime) -> None:
        """Start waiting tasks, while the user has fewer than three running ones."""
        if owner in self._waking:  # a caller is already in this loop, and checks again
            return
        self._waking.add(owner)
        waiting = self._waiting.get(owner, deque())
        while waiting and self._working.get(owner, 0) < AT_A_TIME:
            task = waiting.popleft()
            if task.state == "queued":
                self._begin(task, at)
        self._waking.discard(owner)

    def _begin(self, task: Task, at: datetime) -> None:
        """Start a task, or continue an interrupted one."""
        assert task.work is not None
        if at > task.requested_at and self._lacks_consent(task.timer, at):
            self.deactivate(task, at)
            return
        if task.began_at is None:
            task.began_at = at
            task.note(at, "STARTED", "started")
        task.state = "working"
        self._working[task.owner] = self._working.get(task.owner, 0) + 1
        task.current_pass = task.work.proceed()
        self._continue(task, at)

    def _continue(self, task: Task, at: datetime) -> None:
        """Copy files until one takes time, or all were tried."""
        work, current_pass, rate = task.work, task.current_pass, self._emulator.switches.bytes_per_second
        assert work is not None
        assert current_pass is not None
        before = work.outcome.done
        for size in current_pass:
            if rate and size:
                self._note_progress(task, at, before)
                task.version += 1
                self._agenda.push(at + timedelta(seconds=size / rate), self._continue, task)
                return
        task.current_pass = None
        self._note_progress(task, at, before)
        if work.failures:
            self._back_off(task, at, work.failures[0])
            return
        earliest = (task.began_at or at) + timedelta(seconds=self._emulator.switches.run_duration_seconds)
        if earliest > at:
            task.version += 1
            self._agenda.push(earliest, self._succeed, task)
        else:
            self._succeed(task, at)

    def _note_progress(self, task: Task, at: datetime, before: int) -> None:
        """Note progress: the error is over, and the rest has 72 hours."""
        if task.outcome.done > before:
            task.error, task.tries = None, 0
            if not task.has_own_deadline:
                self._move_deadline(task, at + AFTER_PROGRESS)

    def _back_off(self, task: Task, at: datetime, error: TransferError) -> None:
        """Note an error and retry later. In the meantime, other tasks of the user can run."""
        if self._is_fatal(task, error):
            self.fail(task, at, error.code, explain(error))
            return
        task.faults += 1
        task.tries += 1
        task.error, task.error_at = error, at
        details = {"context": [{"operation": "transfer", "path": error.path}], "error": {"body": error.message}}
        task.note(at, error.code, error.code.replace("_", " ").lower(), details, is_error=True)
        self._interrupt(task, "backing_off")
        longest = timedelta(seconds=self._emulator.switches.task_retry_seconds)
        self._agenda.push(at + min(longest, FIRST_RETRY * 2 ** min(task.tries - 1, 10)), self._queue, task)
        self._wake(task.owner, at)

    def _is_fatal(self, task: Task, error: TransferError) -> bool:
        if error.code == "QUOTA_EXCEEDED":
            return task.transfer.fail_on_quota_errors
        return error.code in HOPELESS and self._emulator.switches.hopeless_errors == "fatal"

    def _interrupt(self, task: Task, state: State) -> None:
        """Stop working on a task. A partly transferred file is transferred again later."""
        if task.state == "working":
            self._working[task.owner] -= 1
        task.state = state
        task.version += 1
        if task.current_pass is not None:
            task.current_pass.close()
            task.current_pass = None

    def _succeed(self, task: Task, at: datetime) -> None:
        outcome = task.outcome
        if outcome.source_errors:
            task.note(at, "SKIPPED_ERRORS", "skipped errors", {"skipped_errors": outcome.source_errors})
        if outcome.deletion_skipped:
            why = "Nothing is deleted, because errors at the source were skipped"
            task.note(at, "DELETE_DESTINATION_EXTRA_SKIPPED", "delete destination extra skipped", why)
        task.note(at, "SUCCEEDED", "succeeded", {"files_succeeded": outcome.files})
        self._end(task, at, "SUCCEEDED")

    def _end(self, task: Task, at: datetime, status: str) -> None:
        assert task.work is not None
        del self._unfinished[task.paths]
        self._interrupt(task, "over")
        task.status, task.completed_at = status, at
        task.left, task.work = task.work.left, None
        self._finished.append(task)
        self._with_history.append(task)
        self._on_end(task, at)
        self._wake(task.owner, at)

    # --- deadlines --------------------------------------------------------------------------------------------------

    def _move_deadline(self, task: Task, deadline: datetime) -> None:
        task.deadline = deadline
        if task.alarm is not None and deadline < task.alarm:
            self._set_alarm(task)

    def _set_alarm(self, task: Task) -> None:
        task.alarm = task.deadline
        self._agenda.push(task.deadline, self._check_deadline, task, deadline=True)

    def _check_deadline(self, task: Task, at: datetime) -> None:
        """End a task that did not complete in time. A task that only waited, or is copying a file, gets more time."""
        if task.over or task.alarm != at:
            return
        no_recent_error = task.error_at is None or task.error_at <= at - FIRST_DEADLINE
        if task.deadline <= at and not task.has_own_deadline:
            if task.state == "working":
                task.deadline = at + AFTER_PROGRESS
            elif task.state == "queued" and no_recent_error:
                task.deadline = at + FIRST_DEADLINE
        if task.deadline <= at:
            self.fail(task, at, "EXPIRED", "The task did not complete before its deadline")
        else:
            self._set_alarm(task)

    def _forget_old(self, at: datetime) -> None:
        """Delete the details of tasks after 30 days, and tasks after the number of days in the switch ``task_days``."""
        kept = timedelta(days=self._emulator.switches.task_days)
        while self._with_history and (self._with_history[0].completed_at or at) < at - HISTORY_KEPT:
            self._with_history.popleft().forget_history()
        while self._finished and (self._finished[0].completed_at or at) < at - kept:
            self._emulator.tasks.pop(self._finished.popleft().id, None)
