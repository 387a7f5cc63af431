# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When timers run, and what a run is.

Ticks fall at start + n x interval. A tick is skipped while the previous run continues or the timer is inactive, and
skipped ticks do not count as iterations. If a timer missed a tick, resuming it runs it once immediately. A run of a
transfer lasts as long as its task, which an error does not end.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from emulator import files
from emulator.agenda import Agenda
from emulator.clock import cut
from emulator.errors import ServiceError
from emulator.flows import find_flow, run_document
from emulator.places import TransferError
from emulator.scopes import TIMERS_SCOPE, TRANSFER_SCOPE, data_access, flow_user
from emulator.state import FlowRun
from emulator.tasks import Task, explain
from emulator.worker import Worker

if TYPE_CHECKING:
    from emulator.state import Emulator
    from emulator.timers import Timer

LONGEST_RETRY = timedelta(minutes=45)
RESULTS_KEPT = 1000
HISTORY_KEPT = timedelta(days=90)


@dataclass(eq=False, slots=True)
class Run:
    """A run of a timer. A transfer has a ``task``, a flow has an ``outcome``."""

    ran_at: datetime
    task: Task | None = None
    outcome: files.Outcome | None = None
    error: tuple[int, str, str] | None = None  # status, code and message of a run that could not be started
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    end_at: datetime | None = None
    history_entry: dict[str, Any] = field(default_factory=dict)  # in the timer's history

    @property
    def failed(self) -> bool:
        """Whether the run failed."""
        if self.task is not None:
            return self.task.failed
        return self.error is not None or (self.outcome is not None and self.outcome.failure is not None)

    @property
    def reason(self) -> str | None:
        """Why it failed."""
        if self.error is not None:
            return f"{self.error[1]}: {self.error[2]}"
        if self.task is not None and self.task.fatal_error is not None:
            met = self.task.error
            after = f", while it retried {met.code}: {' '.join(explain(met).split())}" if met else ""
            return ": ".join(self.task.fatal_error) + after
        if self.outcome is not None and self.outcome.failure is not None:
            return f"{self.outcome.failure.code}: {self.outcome.failure.message}"
        return None


class Engine:
    """Runs timers when they are due."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._agenda = Agenda(emulator.clock)
        self.worker = Worker(
            emulator,
            self._agenda,
            lambda timer, at: self._missing_authorization(timer, at) is not None,
            self._task_over,
        )

    def run_until(self, moment: datetime) -> None:
        """Run everything that is due up to a moment, in order. During each action, the clock shows its time."""
        self._agenda.run_until(moment)

    # --- requests of the service ------------------------------------------------------------------------------------

    def plan(self, timer: Timer) -> None:
        """Queue the first tick of a new timer."""
        timer.version += 1
        if timer.next_tick is None:
            return
        # A start in the past is due now.
        at = max(timer.next_tick, cut(self._emulator.clock.now()))
        if timer.end_at is not None and at > timer.end_at:
            timer.next_tick = None
            self._finish_if_over(timer)
        else:
            self._agenda.push(at, self._tick, timer)

    def resume(self, timer: Timer) -> None:
        """Make an inactive timer active again. If it missed a tick, it runs once immediately."""
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

    def resume_run(self, timer: Timer) -> None:
        """Continue the current run, if it waits for credentials and they are sufficient now."""
        if timer.run_waits and timer.running is not None and timer.running.task is not None:
            self.worker.reactivate(timer.running.task, self._emulator.clock.now())

    def lose_tick(self, timer: Timer) -> None:
        """Drop the next tick, as if the service had lost it, until the timer is resumed."""
        timer.version += 1
        timer.lost = True

    def _find_tick(self, timer: Timer, now: datetime) -> bool:
        """Plan a lost tick again. Returns whether it was due."""
        lost, timer.lost = timer.lost, False
        due = lost and timer.next_tick is not None and timer.next_tick <= now
        if due:
            timer.advance(now)
        if lost:
            self.plan(timer)
        return due

    def stop(self, timer: Timer, reason: dict[str, Any]) -> None:
        """Make a timer inactive for a cause that only the service knows."""
        timer.status = "inactive"
        timer.inactive_reason = reason
        timer.touch()

    def delete(self, timer: Timer) -> None:
        """Begin the deletion of a timer."""
        timer.version += 1
        timer.status = "delete_in_progress"
        timer.ended_at = self._emulator.clock.now()
        timer.inactive_reason = None
        timer.running = timer.retrying_since = None
        linger = timedelta(seconds=self._emulator.switches.deleted_lingers_seconds)
        self._agenda.push(self._emulator.clock.now() + linger, self._deleted, timer)
        timer.touch()

    # --- due events -------------------------------------------------------------------------------------------------

    def _deleted(self, timer: Timer, at: datetime) -> None:
        timer.status = "deleted"
        timer.touch()

    def _tick(self, timer: Timer, at: datetime) -> None:
        timer.advance(at)
        if timer.next_tick is not None:
            self._agenda.push(timer.next_tick, self._tick, timer)
        if timer.status == "inactive":
            timer.missed = True
            timer.history.append({"at": at.isoformat(), "event": "missed"})
        elif timer.busy:
            timer.history.append({"at": at.isoformat(), "event": "skipped"})
        elif timer.status == "active":
            self._start(timer, at, at)
        self._finish_if_over(timer)
        timer.touch()

    def _retry(self, timer: Timer, at: datetime) -> None:
        since = timer.retrying_since
        if since is not None:
            timer.retrying_since = None
            if timer.status == "active":
                self._start(timer, at, since)
            else:
                timer.missed = True
        self._finish_if_over(timer)
        timer.touch()

    def _task_over(self, task: Task, at: datetime) -> None:
        if task.run is not None:
            self._finish(task.timer, task.run, at)

    def _flow_over(self, timer: Timer, at: datetime) -> None:
        if timer.running is not None:
            self._finish(timer, timer.running, at)

    def _finish(self, timer: Timer, run: Run, at: datetime) -> None:
        """End a run."""
        run.end_at = at
        if timer.running is run:
            timer.running = None
        if run.failed:
            run.history_entry.update(event="failed", reason=run.reason)
            if run.task is None or self._emulator.switches.failed_task_counts == "yes":
                timer.n_errors += 1
        self._record_flow_run(timer, run)
        self._finish_if_over(timer)
        timer.touch()

    def _finish_if_over(self, timer: Timer) -> None:
        """End a timer that has no next tick, no missed tick and no current run.

        A switch decides whether it waits for its current run.
        """
        early = self._emulator.switches.ended_while_running == "yes" and timer.retrying_since is None
        if timer.status == "active" and timer.next_tick is None and (early or not timer.busy):
            timer.status = "ended"
            timer.ended_at = self._emulator.clock.now()

    # --- runs -------------------------------------------------------------------------------------------------------

    def _start(self, timer: Timer, at: datetime, due: datetime) -> None:
        """Run a timer at ``at``; ``due`` is when it should have started."""
        if timer.transfer is not None or timer.flow_id is not None:
            reason = self._missing_authorization(timer, at)
            if reason is not None:
                self._deactivate(timer, at, reason)
                return
        if timer.transfer is not None and self._emulator.transfer_is_down and self._wait(timer, at, due):
            return
        run = self._submit(timer, at)
        run.history_entry = {"at": at.isoformat(), "event": "ran"}
        timer.history.append(run.history_entry)
        timer.running = run
        self._count(timer, run)
        if run.task is not None:
            run.history_entry["task_id"] = run.task.id
            self.worker.start(run.task, at)
        elif run.error is None and self._emulator.switches.run_duration_seconds:
            self._record_flow_run(timer, run)
            duration = timedelta(seconds=self._emulator.switches.run_duration_seconds)
            self._agenda.push(at + duration, self._flow_over, timer)
        else:
            self._finish(timer, run, at)

    def _submit(self, timer: Timer, at: datetime) -> Run:
        """Submit the transfer of a run, or start its flow."""
        try:
            if timer.flow_id is not None:
                return Run(at, outcome=self._run_flow(timer.flow_id))
            if timer.transfer is not None:
                if self._emulator.transfer_is_down:
                    raise ServiceError(502, "ExternalError", "Transfer is not available")
                run = Run(at, task=self.worker.submit(timer, timer.n_runs + 1, at))
                assert run.task is not None
                run.task.run = run
                return run
            raise ServiceError(502, "ExternalError", f"{timer.callback_url} is outside of the local Globus")
        except ServiceError as error:
            return Run(at, error=(error.status, error.code, error.message))

    def _count(self, timer: Timer, run: Run) -> None:
        timer.n_runs += 1
        timer.last_ran_at = run.ran_at
        timer.runs.insert(0, run)
        del timer.runs[RESULTS_KEPT:]
        while timer.runs[-1].ran_at < run.ran_at - HISTORY_KEPT:
            timer.runs.pop()
        if timer.end_count is not None and timer.n_runs >= timer.end_count:
            timer.next_tick = None
            # The tick that is already queued must not run.
            timer.version += 1

    def _missing_authorization(self, timer: Timer, at: datetime) -> dict[str, Any] | None:
        """The detail of an inactive reason: why the credentials of the timer are not sufficient. None if they are."""
        consents = timer.consents
        if timer.flow_id is not None:
            scope = flow_user(timer.flow_id)
            granted = (TIMERS_SCOPE, scope) in consents
            return None if granted else _consent_required("Missing required flow user consent", scope)
        places = [self._emulator.collections.get(one) for one in timer.collection_ids()]
        mapped = [one for one in places if one is not None and one.needs_data_access and not one.deleted]
        lacking = [one for one in mapped if (TIMERS_SCOPE, TRANSFER_SCOPE, data_access(one.id)) not in consents]
        if lacking or (TIMERS_SCOPE, TRANSFER_SCOPE) not in consents:
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

    def _wait(self, timer: Timer, at: datetime, due: datetime) -> bool:
        """Retry a failed start later, for half the interval, at most 45 minutes. False if this time is over."""
        patience = min(timedelta(seconds=timer.interval) / 2, LONGEST_RETRY) if timer.interval else LONGEST_RETRY
        again = at + timedelta(seconds=self._emulator.switches.start_retry_seconds)
        if again > due + patience:
            return False
        timer.retrying_since = due
        self._agenda.push(again, self._retry, timer)
        return True

    def _run_flow(self, flow_id: str) -> files.Outcome:
        """The outcome of a run of a flow. Raises ServiceError if it cannot start."""
        flow = find_flow(self._emulator, flow_id, "RUN")
        if flow.succeeds:
            return files.Outcome()
        return files.Outcome(failure=TransferError("FlowFailed", f"A state of {flow.title} failed"))

    def _record_flow_run(self, timer: Timer, run: Run) -> None:
        """Record a run as Flows shows it."""
        if run.outcome is not None:
            document = run_document(self._emulator, timer, run)
            self._emulator.flow_runs[run.id] = FlowRun(run.id, timer.id, timer.owner, document)


def _consent_required(message: str, below: str) -> dict[str, Any]:
    """The detail of an inactive reason: a missing scope below that of Timers."""
    parameters = {"session_message": message, "required_scopes": [f"{TIMERS_SCOPE}[{below}]"]}
    return {"code": "ConsentRequired", "authorization_parameters": parameters}
