# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When timers run, and what a run is.

Ticks fall at start + n x interval. A tick is skipped while the previous run is still going or the timer is inactive,
and skipped ticks are no iterations. Resuming a timer that missed a tick runs it once at once.
"""

from __future__ import annotations

import heapq
import itertools
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from emulator import files
from emulator.clock import cut
from emulator.errors import ServiceError
from emulator.flows import find_flow, run_document
from emulator.scopes import TIMERS_SCOPE, TRANSFER_SCOPE, data_access, flow_user
from emulator.state import Task
from emulator.world import Collection

if TYPE_CHECKING:
    from emulator.state import Emulator
    from emulator.timers import Timer

LONGEST_RETRY = timedelta(minutes=45)
RESULTS_KEPT = 1000
HISTORY_KEPT = timedelta(days=90)


@dataclass
class Run:
    """One run of a timer."""

    ran_at: datetime
    outcome: files.Outcome | None
    error: tuple[int, str, str] | None = None  # status, code and message of a run that could not be started
    task_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    end_at: datetime | None = None

    @property
    def failed(self) -> bool:
        """Whether the run did not do what it should."""
        return self.error is not None or (self.outcome is not None and self.outcome.failure is not None)


class Engine:
    """The queue of things to come: ticks, ends of runs, retries and ends of deletions."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._queue: list[tuple[datetime, int, str, str, int]] = []
        self._numbers = itertools.count()

    def run_until(self, moment: datetime) -> None:
        """Process everything due up to a moment, in order, each thing at its own time."""
        emulator = self._emulator
        try:
            while self._queue and self._queue[0][0] <= moment:
                at, _number, what, timer_id, version = heapq.heappop(self._queue)
                timer = emulator.timers.get(timer_id)
                if timer is None or timer.version != version:
                    continue
                emulator.clock.frozen_at = at
                getattr(self, f"_{what}")(timer, at)
                timer.touch()
        finally:
            emulator.clock.frozen_at = None

    def _push(self, at: datetime, what: str, timer: Timer) -> None:
        heapq.heappush(self._queue, (at, next(self._numbers), what, timer.id, timer.version))

    # --- what the service asks for ----------------------------------------------------------------------------------

    def plan(self, timer: Timer) -> None:
        """Queue the first tick of a new timer."""
        timer.version += 1
        if timer.next_tick is not None:
            # A start that lies a little in the past is due now.
            self._push(max(timer.next_tick, cut(self._emulator.clock.now())), "tick", timer)

    def resume(self, timer: Timer) -> None:
        """Make an inactive timer active again; one that missed a tick runs once at once."""
        now = self._emulator.clock.now()
        timer.status = "active"
        timer.inactive_reason = None
        missed, timer.missed = timer.missed or self._find_tick(timer, now), False
        if missed and not timer.busy and not (timer.end_at is not None and timer.end_at < now):
            self._emulator.clock.frozen_at = cut(now)
            try:
                self._start(timer, cut(now), cut(now))
            finally:
                self._emulator.clock.frozen_at = None
        self._finish_if_over(timer)
        timer.touch()

    def lose_tick(self, timer: Timer) -> None:
        """The next tick never comes, as if the service had lost it, until the timer is resumed."""
        timer.version += 1
        timer.lost = True

    def _find_tick(self, timer: Timer, now: datetime) -> bool:
        """Plan a lost tick anew; whether it was due."""
        lost, timer.lost = timer.lost, False
        due = lost and timer.next_tick is not None and timer.next_tick <= now
        while lost and timer.next_tick is not None and timer.next_tick <= now:
            timer.advance()
        if lost:
            self.plan(timer)
        return due

    def stop(self, timer: Timer, reason: dict[str, Any]) -> None:
        """Make a timer inactive for a cause that the service alone knows."""
        timer.status = "inactive"
        timer.inactive_reason = reason
        timer.touch()

    def delete(self, timer: Timer) -> None:
        """Begin the deletion of a timer."""
        timer.version += 1
        timer.status = "delete_in_progress"
        timer.ended_at = self._emulator.clock.now()
        timer.inactive_reason = None
        timer.running_since = timer.retrying_since = None
        linger = timedelta(seconds=self._emulator.switches.deleted_lingers_seconds)
        self._push(self._emulator.clock.now() + linger, "deleted", timer)
        timer.touch()

    # --- what happens when it is due --------------------------------------------------------------------------------

    def _deleted(self, timer: Timer, at: datetime) -> None:
        timer.status = "deleted"

    def _tick(self, timer: Timer, at: datetime) -> None:
        timer.advance()
        if timer.next_tick is not None:
            self._push(timer.next_tick, "tick", timer)
        if timer.status == "inactive":
            timer.missed = True
            timer.history.append({"at": at.isoformat(), "event": "missed"})
        elif timer.busy:
            timer.history.append({"at": at.isoformat(), "event": "skipped"})
        elif timer.status == "active":
            self._start(timer, at, at)
        self._finish_if_over(timer)

    def _retry(self, timer: Timer, at: datetime) -> None:
        since = timer.retrying_since
        if since is not None:
            timer.retrying_since = None
            if timer.status == "active":
                self._start(timer, at, since)
            else:
                timer.missed = True
        self._finish_if_over(timer)

    def _finished(self, timer: Timer, at: datetime) -> None:
        timer.running_since = None
        run = timer.runs[0]
        run.end_at = at
        self._count_failure(timer, run)
        self._record_task(timer, run)
        self._finish_if_over(timer)

    def _finish_if_over(self, timer: Timer) -> None:
        """A timer with no tick to come, nothing missed and nothing going on has ended."""
        if timer.status == "active" and not timer.busy and timer.next_tick is None:
            timer.status = "ended"
            timer.ended_at = self._emulator.clock.now()

    # --- a run ------------------------------------------------------------------------------------------------------

    def _start(self, timer: Timer, at: datetime, due: datetime) -> None:
        """Run a timer at ``at``; ``due`` is when it should have started."""
        emulator = self._emulator
        if timer.transfer is not None or timer.flow_id is not None:
            reason = self._unauthorised(timer, at)
            if reason is not None:
                self._deactivate(timer, at, reason)
                return
            blocked = self._unreachable(timer)
            if blocked is not None:
                self._wait_or_give_up(timer, at, due, blocked)
                return
        run = self._execute(timer, at)
        timer.history.append({"at": at.isoformat(), "event": "failed" if run.failed else "ran"})
        self._count(timer, run)
        duration = emulator.switches.run_duration_seconds
        if duration and run.error is None:
            timer.running_since = at
            self._record_task(timer, run)
            self._push(at + timedelta(seconds=duration), "finished", timer)
        else:
            run.end_at = at
            self._count_failure(timer, run)
            self._record_task(timer, run)

    def _count(self, timer: Timer, run: Run) -> None:
        timer.n_runs += 1
        timer.last_ran_at = run.ran_at
        timer.runs.insert(0, run)
        del timer.runs[RESULTS_KEPT:]
        while timer.runs[-1].ran_at < run.ran_at - HISTORY_KEPT:
            timer.runs.pop()
        if timer.end_count is not None and timer.n_runs >= timer.end_count:
            timer.next_tick = None
            # The tick that is queued already must not come.
            timer.version += 1

    def _count_failure(self, timer: Timer, run: Run) -> None:
        if run.failed:
            timer.n_errors += 1

    def _unauthorised(self, timer: Timer, at: datetime) -> dict[str, Any] | None:
        """Why the credentials that the timer keeps do not suffice, as an inactive reason's detail; None if they do."""
        held = timer.consents
        if timer.flow_id is not None:
            scope = flow_user(timer.flow_id)
            granted = (TIMERS_SCOPE, scope) in held
            return None if granted else _consent_required("Missing required flow user consent", scope)
        places = [self._emulator.collections.get(one) for one in timer.collection_ids()]
        mapped = [one for one in places if one is not None and one.needs_data_access and not one.deleted]
        lacking = [one for one in mapped if (TIMERS_SCOPE, TRANSFER_SCOPE, data_access(one.id)) not in held]
        if lacking or (TIMERS_SCOPE, TRANSFER_SCOPE) not in held:
            below = " ".join(f"*{data_access(one.id)}" for one in lacking)
            message = "Missing required data_access consent" if lacking else "Missing required transfer consent"
            return _consent_required(message, f"{TRANSFER_SCOPE}{f'[{below}]' if below else ''}")
        for one in places:
            if (
                one is not None
                and one.high_assurance
                and at > timer.session_since + timedelta(seconds=one.session_seconds)
            ):
                return {
                    "code": "AuthenticationRequired",
                    "authorization_parameters": {
                        "session_message": f"Session expired for the high assurance collection {one.display_name}",
                        "session_required_identities": [timer.owner],
                    },
                }
        return None

    def _deactivate(self, timer: Timer, at: datetime, detail: dict[str, Any]) -> None:
        timer.status = "inactive"
        timer.missed = True
        timer.inactive_reason = {"cause": "globus_auth_requirements", "detail": detail}
        timer.history.append({"at": at.isoformat(), "event": "unauthorised"})
        if self._emulator.switches.consent_failure_counts == "yes":
            timer.n_errors += 1

    def _unreachable(self, timer: Timer) -> Collection | None:
        for one in timer.collection_ids():
            collection = self._emulator.collections.get(one)
            if collection is not None and not collection.deleted and not collection.reachable:
                return collection
        return None

    def _wait_or_give_up(self, timer: Timer, at: datetime, due: datetime, blocked: Collection) -> None:
        """Transient start errors are retried for half the interval, 45 minutes at most."""
        patience = min(timedelta(seconds=timer.interval) / 2, LONGEST_RETRY) if timer.interval else LONGEST_RETRY
        again = at + timedelta(seconds=self._emulator.switches.start_retry_seconds)
        if again <= due + patience:
            timer.retrying_since = due
            self._push(again, "retry", timer)
            return
        run = Run(at, None, (502, "ExternalError", f"{blocked.display_name} is not connected"), end_at=at)
        timer.history.append({"at": at.isoformat(), "event": "failed"})
        self._count(timer, run)
        self._count_failure(timer, run)

    def _execute(self, timer: Timer, at: datetime) -> Run:
        if timer.flow_id is not None:
            return self._run_flow(timer.flow_id, at)
        if timer.transfer is None:
            return Run(at, None, (502, "ExternalError", f"{timer.callback_url} is outside of the local Globus"))
        document = timer.transfer.model_dump()
        ends: list[Collection] = []
        for one in timer.collection_ids():
            collection = self._emulator.collections.get(one)
            if collection is None:
                return Run(at, None, (404, "EndpointNotFound", f"No such endpoint '{one}'"))
            if collection.deleted:
                return Run(at, None, (404, "EndpointDeleted", f"Endpoint '{one}' has been deleted"))
            if not collection.visible:
                return Run(at, None, (403, "PermissionDenied", f"No permission on endpoint '{one}'"))
            if collection.entity_type == "GCSv5_endpoint":
                return Run(
                    at, None, (409, "Conflict", f"{collection.display_name} is an endpoint and not a collection")
                )
            ends.append(collection)
        if timer.transfer.deadline is not None and timer.transfer.deadline < at:
            outcome = files.Outcome(failure=files.TransferError("EXPIRED", "The deadline has passed"))
            return Run(at, outcome)
        source, destination = ends
        if source.root is None or destination.root is None:
            return Run(at, files.Outcome())
        outcome = files.transfer(
            FilePath(source.root),
            FilePath(destination.root),
            document,
            delete_excluded=self._emulator.switches.delete_extra_excluded == "deleted",
        )
        return Run(at, outcome)

    def _run_flow(self, flow_id: str, at: datetime) -> Run:
        try:
            flow = find_flow(self._emulator, flow_id, "RUN")
        except ServiceError as error:
            return Run(at, None, (error.status, error.code, error.message))
        if flow.succeeds:
            return Run(at, files.Outcome())
        return Run(at, files.Outcome(failure=files.TransferError("FlowFailed", f"A state of {flow.title} failed")))

    def _record_task(self, timer: Timer, run: Run) -> None:
        """What Transfer, or Flows, knows of a run."""
        if run.error is None and timer.flow_id is not None:
            document = run_document(self._emulator, timer, run)
            self._emulator.flow_runs[run.task_id] = Task(run.task_id, timer.id, timer.owner, document)
        if run.error is None and timer.transfer is not None:
            document = task_document(self._emulator, timer, run)
            self._emulator.tasks[run.task_id] = Task(run.task_id, timer.id, timer.owner, document)


def _consent_required(message: str, below: str) -> dict[str, Any]:
    """The detail of an inactive reason: a scope that is missing below that of Timers."""
    parameters = {"session_message": message, "required_scopes": [f"{TIMERS_SCOPE}[{below}]"]}
    return {"code": "ConsentRequired", "authorization_parameters": parameters}


def task_document(emulator: Emulator, timer: Timer, run: Run) -> dict[str, Any]:
    """The transfer task of a run."""
    transfer = timer.transfer
    outcome = run.outcome or files.Outcome()
    assert transfer is not None
    ongoing = run.end_at is None
    status = "ACTIVE" if ongoing else ("FAILED" if outcome.failure else "SUCCEEDED")
    source = emulator.collections.get(transfer.source_endpoint)
    destination = emulator.collections.get(transfer.destination_endpoint)
    fatal = None
    if outcome.failure and not ongoing:
        fatal = {"code": outcome.failure.code, "description": outcome.failure.message}
    completed = None if run.end_at is None else run.end_at.isoformat()
    return {
        "DATA_TYPE": "task",
        "bytes_checksummed": outcome.bytes_checksummed,
        "bytes_transferred": outcome.bytes_transferred,
        "canceled_by_admin": None,
        "canceled_by_admin_message": None,
        "command": "API 0.10",
        "completion_time": completed,
        "deadline": (transfer.deadline or run.ran_at + timedelta(days=1)).isoformat(),
        "delete_destination_extra": transfer.delete_destination_extra,
        "destination_endpoint": f"u_local#{transfer.destination_endpoint}",
        "destination_endpoint_display_name": destination.display_name if destination else None,
        "destination_endpoint_id": transfer.destination_endpoint,
        "directories": outcome.directories,
        "effective_bytes_per_second": outcome.bytes_transferred,
        "encrypt_data": transfer.encrypt_data,
        "event_list": [],
        "fail_on_quota_errors": transfer.fail_on_quota_errors,
        "fatal_error": fatal,
        "faults": 1 if fatal else 0,
        "files": outcome.files,
        "files_skipped": outcome.skipped,
        "files_transferred": outcome.transferred,
        "filter_rules": [rule.model_dump() for rule in transfer.filter_rules] if transfer.filter_rules else None,
        "history_deleted": False,
        "is_ok": None if not ongoing else True,
        "is_paused": False,
        "label": transfer.label or timer.name,
        "nice_status": None if not ongoing else "Queued",
        "nice_status_details": None,
        "nice_status_expires_in": None if not ongoing else -1,
        "nice_status_short_description": None if not ongoing else "Queued",
        "owner_id": timer.owner,
        "preserve_timestamp": transfer.preserve_timestamp,
        "recursive_symlinks": "ignore",
        "request_time": run.ran_at.isoformat(),
        "skip_source_errors": transfer.skip_source_errors,
        "source_endpoint": f"u_local#{transfer.source_endpoint}",
        "source_endpoint_display_name": source.display_name if source else None,
        "source_endpoint_id": transfer.source_endpoint,
        "status": status,
        "subtasks_canceled": 0,
        "subtasks_expired": 0,
        "subtasks_failed": 1 if fatal else 0,
        "subtasks_pending": 1 if ongoing else 0,
        "subtasks_retrying": 0,
        "subtasks_skipped_errors": outcome.source_errors,
        "subtasks_succeeded": 0 if ongoing or fatal else outcome.files,
        "subtasks_total": outcome.files,
        "symlinks": 0,
        "sync_level": transfer.sync_level,
        "task_id": run.task_id,
        "type": "TRANSFER",
        "username": timer.owner,
        "verify_checksum": transfer.verify_checksum,
    }
