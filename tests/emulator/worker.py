# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Transfer does with tasks: three of each user at a time, and an error is tried again until the deadline.

After Globus's page "Task Behavior". An error does not end a task. It stays ACTIVE, backs off, and tries again; what
ends it is success, its deadline, somebody who cancels it, or one of a few errors that are fatal.
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

    ``lacks_consent(timer)`` says whether the credentials of a timer do not suffice, and ``on_end(task, at)`` is called
    when a task is over.
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

    # --- what others ask for ----------------------------------------------------------------------------------------

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
        """Let a task that was submitted begin as soon as there is a place for it."""
        if task.deadline <= at:
            self.fail(task, at, "EXPIRED", "The deadline had passed before the task was submitted")
            return
        self._queue(task, at)
        if not task.over:
            self._set_alarm(task)

    def add_finished(self, timer: Timer, number: int, at: datetime) -> Task:
        """A task of the past that succeeded, for timers that are made with a history."""
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
        """Let a task wait until it is unpaused, for 90 days at most."""
        self._put_down(task, "paused")
        task.paused_by_admin, task.pause_message = by_admin, message
        self._move_deadline(task, at + WHILE_PAUSED)
        task.note(at, "PAUSED", "paused", message or "")
        self._wake(task.owner, at)

    def unpause(self, task: Task, at: datetime) -> None:
        """Let a paused task go on."""
        task.pause_message = None
        self._move_deadline(task, at + FIRST_DEADLINE)
        task.note(at, "UNPAUSED", "unpaused")
        self._queue(task, at)

    def set_deadline(self, task: Task, deadline: datetime) -> None:
        """Give a task a deadline of its owner's, which does not move."""
        task.has_own_deadline = True
        self._move_deadline(task, deadline)

    def deactivate(self, task: Task, at: datetime) -> None:
        """Let a task wait for credentials."""
        task.status = "INACTIVE"
        self._put_down(task, "inactive")
        self._wake(task.owner, at)

    def reactivate(self, task: Task, at: datetime) -> None:
        """Let an inactive task go on, if its credentials suffice now."""
        if task.state == "inactive" and not self._lacks_consent(task.timer, at):
            task.status = "ACTIVE"
            self._queue(task, at)

    def fail(self, task: Task, at: datetime, code: str, description: str) -> None:
        """End a task without success."""
        task.fatal_error = (code, description)
        task.note(at, code, code.replace("_", " ").lower(), description, is_error=code != "CANCELED")
        self._end(task, at, "FAILED")

    def collection_changed(self, collection: Collection, at: datetime) -> None:
        """What happens to tasks on a collection that is off now, or gone."""
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

    # --- what happens -----------------------------------------------------------------------------------------------

    def _find(self, collection_id: str) -> Collection:
        """A collection that a transfer may be submitted for. Raises ServiceError."""
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
        """Begin with tasks that wait, while there is a place."""
        if owner in self._waking:  # further up the stack, where it is looked again
            return
        self._waking.add(owner)
        waiting = self._waiting.get(owner, deque())
        while waiting and self._working.get(owner, 0) < AT_A_TIME:
            task = waiting.popleft()
            if task.state == "queued":
                self._begin(task, at)
        self._waking.discard(owner)

    def _begin(self, task: Task, at: datetime) -> None:
        """Begin with a task, or go on with one that was put down."""
        assert task.work is not None
        if at > task.requested_at and self._lacks_consent(task.timer, at):
            self.deactivate(task, at)
            return
        if task.began_at is None:
            task.began_at = at
            task.note(at, "STARTED", "started")
        task.state = "working"
        self._working[task.owner] = self._working.get(task.owner, 0) + 1
        task.passing = task.work.proceed()
        self._go_on(task, at)

    def _go_on(self, task: Task, at: datetime) -> None:
        """Move files until one takes time, or everything was tried."""
        work, passing, rate = task.work, task.passing, self._emulator.switches.bytes_per_second
        assert work is not None
        assert passing is not None
        before = work.outcome.done
        for size in passing:
            if rate and size:
                self._note_progress(task, at, before)
                task.version += 1
                self._agenda.push(at + timedelta(seconds=size / rate), self._go_on, task)
                return
        task.passing = None
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
        """Something got through: the error is past, and there are 72 hours for the rest."""
        if task.outcome.done > before:
            task.error, task.tries = None, 0
            if not task.has_own_deadline:
                self._move_deadline(task, at + AFTER_PROGRESS)

    def _back_off(self, task: Task, at: datetime, error: TransferError) -> None:
        """Note an error and try again later; others of the user's tasks may work meanwhile."""
        if self._is_fatal(task, error):
            self.fail(task, at, error.code, explain(error))
            return
        task.faults += 1
        task.tries += 1
        task.error, task.error_at = error, at
        details = {"context": [{"operation": "transfer", "path": error.path}], "error": {"body": error.message}}
        task.note(at, error.code, error.code.replace("_", " ").lower(), details, is_error=True)
        self._put_down(task, "backing_off")
        longest = timedelta(seconds=self._emulator.switches.task_retry_seconds)
        self._agenda.push(at + min(longest, FIRST_RETRY * 2 ** min(task.tries - 1, 10)), self._queue, task)
        self._wake(task.owner, at)

    def _is_fatal(self, task: Task, error: TransferError) -> bool:
        if error.code == "QUOTA_EXCEEDED":
            return task.transfer.fail_on_quota_errors
        return error.code in HOPELESS and self._emulator.switches.hopeless_errors == "fatal"

    def _put_down(self, task: Task, state: State) -> None:
        """Stop working on a task. A file that was half there is moved anew later."""
        if task.state == "working":
            self._working[task.owner] -= 1
        task.state = state
        task.version += 1
        if task.passing is not None:
            task.passing.close()
            task.passing = None

    def _succeed(self, task: Task, at: datetime) -> None:
        outcome = task.outcome
        if outcome.source_errors:
            task.note(at, "SKIPPED_ERRORS", "skipped errors", {"skipped_errors": outcome.source_errors})
        if outcome.deletion_skipped:
            why = "Nothing is deleted, since errors at the source were skipped"
            task.note(at, "DELETE_DESTINATION_EXTRA_SKIPPED", "delete destination extra skipped", why)
        task.note(at, "SUCCEEDED", "succeeded", {"files_succeeded": outcome.files})
        self._end(task, at, "SUCCEEDED")

    def _end(self, task: Task, at: datetime, status: str) -> None:
        assert task.work is not None
        del self._unfinished[task.paths]
        self._put_down(task, "over")
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
        self._agenda.push(task.deadline, self._look_at_deadline, task, deadline=True)

    def _look_at_deadline(self, task: Task, at: datetime) -> None:
        """End a task that did not get through in time; one that only waited, or is moving a file, gets more time."""
        if task.over or task.alarm != at:
            return
        calm = task.error_at is None or task.error_at <= at - FIRST_DEADLINE
        if task.deadline <= at and not task.has_own_deadline:
            if task.state == "working":
                task.deadline = at + AFTER_PROGRESS
            elif task.state == "queued" and calm:
                task.deadline = at + FIRST_DEADLINE
        if task.deadline <= at:
            self.fail(task, at, "EXPIRED", "The task did not complete before its deadline")
        else:
            self._set_alarm(task)

    def _forget_old(self, at: datetime) -> None:
        """What happened in detail goes after 30 days, tasks after 90 or as many as the switch says."""
        kept = timedelta(days=self._emulator.switches.task_days)
        while self._with_history and (self._with_history[0].completed_at or at) < at - HISTORY_KEPT:
            self._with_history.popleft().forget_history()
        while self._finished and (self._finished[0].completed_at or at) < at - kept:
            self._emulator.tasks.pop(self._finished.popleft().id, None)
