# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Carries plans out: order, concurrency, verification, partial results (rules W2 to W5)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from .._errors import GlobusError, UncertainError
from .._parallel import in_parallel
from .._timers.definition import Definition
from .._timers.document import (
    Timer,
    timer_differences,
    write_timer,
)
from .._timers.health import health_of
from .._timers.plan import (
    PAUSE_MARGIN,
    Operation,
    Plan,
    first_run_again,
    shown,
)

LOOK_AGAIN_AFTER = 1.0  # seconds from a creation that failed to a look whether it took place; doubled each time
LOOK_AGAIN_MAXIMUM = 10.0
TOO_MANY_REQUESTS = 429


class TimerService(Protocol):
    """What of ``_globus.service.Globus`` is used here."""

    retries: int

    def now(self) -> datetime:
        """The service's time, UTC."""

    def wait(self) -> None:
        """Until the service wants requests (again)."""

    def list_timers(self, name: str | None = None) -> list[Timer]:
        """All timers, or those whose name contains this."""

    def get_timer(self, timer_id: str) -> Timer | None:
        """One timer, or None if there is none."""

    def create_timer(self, document: Mapping[str, Any]) -> Timer:
        """Create one."""

    def delete_timer(self, timer_id: str) -> None:
        """Delete one."""

    def pause_timer(self, timer_id: str) -> None:
        """Pause one."""

    def resume_timer(self, timer_id: str) -> None:
        """Resume one, with fresh credentials (rule S6)."""

    def rename_timer(self, timer_id: str, name: str) -> None:
        """Rename one."""


@dataclass
class Outcome:
    """What was done for one plan.

    :ivar timer: as the service now has it; None after ``absent``.
    :ivar operations: those that were done, in their order.
    :ivar created: the ID of the timer that this run created, found after an unanswered creation, or takes for its own
        after another run removed it in favour of an equal one.
    :ivar repeated: its creation was sent more than once, so that an unanswered one may still be carried out.
    """

    plan: Plan
    timer: Timer | None
    operations: list[Operation] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    failure: GlobusError | None = None
    created: str | None = None
    repeated: bool = False

    @property
    def after(self) -> Mapping[str, Any]:
        """What a diff shows: what was planned or, where that came to nothing or not to its end, what is there."""
        if self.failure is None:
            return self.plan.after
        if not self.operations:
            return self.plan.before
        return shown([self.timer] if self.timer else [])


def execute(plans: Sequence[Plan], service: TimerService, concurrency: int = 1) -> list[Outcome]:
    """Carry the plans out; a failure stops its own plan only. The outcomes are in the order of the plans."""
    done = {number: _carry_out(plan, service) for number, plan in enumerate(plans) if not plan.operations}
    # What only deletes or changes goes first: it makes room under the service's limit of runs (rule L2).
    for creating in (False, True):
        batch = [
            number for number, plan in enumerate(plans) if plan.operations and (plan.creation is not None) == creating
        ]
        done.update(zip(batch, in_parallel(lambda number: _carry_out(plans[number], service), batch, concurrency)))
    outcomes = [done[number] for number in range(len(plans))]
    _verify([outcome for outcome in outcomes if outcome.created], service, concurrency)
    return outcomes


def _carry_out(plan: Plan, service: TimerService) -> Outcome:
    outcome = Outcome(plan, plan.timer, warnings=list(plan.warnings), failure=plan.failure)
    for operation in plan.operations:
        try:
            _do(operation, outcome, service)
        except GlobusError as error:
            outcome.failure = error.about(_could_not(operation, outcome))
            break
        outcome.operations.append(replace(operation, timer_id=operation.timer_id or outcome.created))
    if outcome.operations and not outcome.created:
        _read_again(outcome, service)
    return outcome


def _could_not(operation: Operation, outcome: Outcome) -> str:
    """What was not done, to which timer, and what that leaves behind where other operations came before it."""
    timer_id = operation.timer_id or outcome.created
    what = f"Could not {operation.operation} {outcome.plan.wanted.label}" + (f" ({timer_id})" if timer_id else "")
    if operation.operation == "pause" and outcome.created:
        return f"{what}, which was just created, so that it may run; run the task again"
    if operation.operation == "delete" and outcome.timer and outcome.plan.wanted.state != "absent":
        return f"{what} in favour of {outcome.timer.id}, so that both may be there; run the task again"
    return what


def _do(operation: Operation, outcome: Outcome, service: TimerService) -> None:
    """One operation of a plan. ``create`` sets the outcome's timer; the others act on the ID they name, or on it."""
    timer_id = operation.timer_id or outcome.created or ""
    if operation.operation == "create" and outcome.plan.creation is not None:
        created = _create(outcome, outcome.plan.creation, service)
        _check_name(created, outcome.plan.wanted.name, service)
        outcome.timer, outcome.created = created, created.id
    elif operation.operation == "pause":
        _pause(timer_id, outcome, service)
    elif operation.operation == "resume":
        service.resume_timer(timer_id)
    elif operation.operation == "rename":
        service.rename_timer(timer_id, operation.name)
    else:
        _check_successor(outcome, service)
        service.delete_timer(timer_id)


def _check_name(timer: Timer, name: str, service: TimerService) -> None:
    """Whether the new timer has the name that it was given: which names the service shortens or trims is not known, and
    under another one every run would miss the timer and create one more.
    """
    if timer.name in (name, ""):  # an answer need not tell it
        return
    deleted = "It was deleted again"
    try:
        service.delete_timer(timer.id)
    except GlobusError as error:
        deleted = f"Delete it: that failed ({error.message})"
    raise GlobusError(
        f"Globus stores the name as {timer.name!r}, so that the next run would not find the timer and create one more. "
        f"Choose a name that Globus leaves as it is. {deleted} ({timer.id})",
        code="name_changed",
    )


def _pause(timer_id: str, outcome: Outcome, service: TimerService) -> None:
    try:
        service.pause_timer(timer_id)
    except GlobusError:
        if not outcome.created or not _is_there(outcome, service) or outcome.created == timer_id:
            raise
        service.pause_timer(outcome.created)


def _read_again(outcome: Outcome, service: TimerService) -> None:
    """The timer as it is after the operations on it. That this fails does not make what was done undone."""
    if outcome.plan.wanted.state == "absent" or outcome.timer is None:
        deleted = {operation.timer_id for operation in outcome.operations}
        if outcome.failure is None or (outcome.timer and outcome.timer.id in deleted):
            outcome.timer = None
        return
    only_deletes = all(operation.operation == "delete" for operation in outcome.plan.operations)
    vanished = _vanished(outcome.timer.id, outcome)
    try:
        there = _is_there(outcome, service, or_an_equal_one=only_deletes)
    except GlobusError as error:
        outcome.warnings.append(f"it was changed, but could not be read after that: {error}")
        return
    if not there:
        outcome.failure = outcome.failure or vanished
    else:
        outcome.failure = outcome.failure or _stopped_again(outcome.timer, outcome, service)


def _stopped_again(timer: Timer, outcome: Outcome, service: TimerService) -> GlobusError | None:
    """A resumed timer that the service has stopped at once is not active, whatever was answered (rule S6)."""
    resumed = any(operation.operation == "resume" for operation in outcome.operations)
    if not resumed or not timer.is_inactive or timer.is_paused_by_user:
        return None
    health = health_of(timer, service.now())
    return GlobusError(
        f"{outcome.plan.wanted.label} was resumed, and the service stopped it again. {health.reason}. {health.remedy}",
        code=health.state,
        remedy=health.remedy,
    )


def _vanished(timer_id: str, outcome: Outcome) -> GlobusError:
    return GlobusError(
        f"{outcome.plan.wanted.label} ({timer_id}) is not there any more: another run, or someone, removed it "
        "meanwhile. Run the task again",
        code="timer_vanished",
    )


def _check_successor(outcome: Outcome, service: TimerService) -> None:
    """Before a timer is deleted in favour of another: that one is really there (rule W4)."""
    successor = outcome.timer
    if outcome.plan.wanted.state == "absent" or successor is None or _is_there(outcome, service):
        return
    raise GlobusError(
        f"the timer that is to stay, {successor.id}, is not there any more, so this one stays. Another writer may "
        "have removed the other: run the task again",
        code="successor_missing",
    )


def _is_there(outcome: Outcome, service: TimerService, or_an_equal_one: bool = True) -> bool:
    """Whether the outcome's timer is there, or an equal one in favour of which another run removed it (rule W3).

    That it is gone is believed only if the list says so too.
    """
    if outcome.timer is None:
        return False
    own = outcome.timer.id
    found = service.get_timer(own)
    if found is None or found.is_gone:
        timers = service.list_timers(outcome.plan.wanted.name or outcome.timer.name)
        stay = [timer for timer in timers if timer.id == own and not timer.is_gone]
        if or_an_equal_one:
            stay += _equal(outcome.plan, timers, service.now())
        if not stay:
            return False
        found = stay[0]
    if found.id != own:
        outcome.created = outcome.created and found.id
    outcome.timer = found
    return True


# --- creating (rule W2) --------------------------------------------------------------------------------------------


def _create(outcome: Outcome, creation: Definition, service: TimerService) -> Timer:
    """Create the planned timer exactly once, also when an answer is lost.

    After an ambiguous answer: wait, look the timer up by name and definition; found, it is adopted; not found, its
    creation is tried again. So it is after a 429, which alone says for sure that nothing was created. A timer that is
    there after all is never reported as failed.
    """
    doubt: UncertainError | None = None
    attempt = 0
    while True:
        outcome.repeated = doubt is not None
        service.wait()  # first: a first run that is near passes meanwhile
        start = _start_in_time(outcome.plan, creation, service.now())
        try:
            return service.create_timer(write_timer(creation, start))
        except UncertainError as error:
            failure: GlobusError = error
            doubt = error
        except GlobusError as error:
            # The cause may be an unanswered request before it: carried out late, its timer fills a limit.
            failure = error
        again = attempt < service.retries and (failure is doubt or failure.http_status == TOO_MANY_REQUESTS)
        if doubt is None and not again:
            raise failure
        time.sleep(min(LOOK_AGAIN_AFTER * 2**attempt, LOOK_AGAIN_MAXIMUM))
        attempt += 1
        if doubt is None:
            continue
        try:
            timers = service.list_timers(outcome.plan.wanted.name)
        except GlobusError as error:
            why = f"whether it was created could not be found out ({error.message})"
            raise _unknown(doubt, f"{why}. Run the task again: it adopts the timer if it is there") from None
        equal = _equal(outcome.plan, timers, service.now())
        if equal:
            return equal[0]
        others = _others(outcome, timers, equal)
        if others:
            why = f"there is a new timer of this name that is not quite the definition ({', '.join(others)})"
            raise _unknown(doubt, f"{why}: from this request or from another run. Run the task again")
        if not again:
            raise failure


def _start_in_time(plan: Plan, creation: Definition, now: datetime) -> datetime | None:
    """The first run to ask for. One that is to be paused needs time for that (rule W4a); much of the margin that was
    planned may have gone by, in a long list or where the service made us wait.
    """
    if not plan.pauses:
        return first_run_again(creation, now)
    pause = now + PAUSE_MARGIN / 2
    start = first_run_again(creation, pause)
    if start is not None and start <= pause:
        raise GlobusError(
            "its only run is too near by now: it could come before the pause. Give schedule.start a later time",
            code="would_run_before_pause",
        )
    return start


def _unknown(doubt: GlobusError, why: str) -> GlobusError:
    return GlobusError(
        f"{doubt.message}, and {why}",
        code="unknown_outcome",
        http_status=doubt.http_status,
        request_id=doubt.request_id,
    )


def _equal(plan: Plan, timers: Sequence[Timer], now: datetime) -> list[Timer]:
    """Those of the timers that equal the definition and were not there before, first one first.

    Of a plan that creates none, those that it does not delete. They need not have the first run that was planned: where
    the definition leaves it open, others plan another one.
    """
    definition = plan.wanted.definition
    passed_over = plan.known if plan.creation else {operation.timer_id for operation in plan.operations}
    return sorted(
        (
            timer
            for timer in timers
            if timer.name == plan.wanted.name
            and timer.id not in passed_over
            and not timer.is_gone
            and definition is not None
            and not timer_differences(definition, timer, now)
        ),
        key=lambda timer: timer.order,
    )


# --- verifying (rule W3) -------------------------------------------------------------------------------------------


def _verify(created: Sequence[Outcome], service: TimerService, concurrency: int) -> None:
    """Look the created names up once more: of equal timers the first stays, whoever created it."""
    if not created:
        return
    if any(outcome.repeated for outcome in created):
        time.sleep(LOOK_AGAIN_MAXIMUM)  # an unanswered creation may be carried out late: it is to be in the list
    try:
        timers = service.list_timers(created[0].plan.wanted.name if len(created) == 1 else None)
    except GlobusError as error:
        for outcome in created:
            outcome.warnings.append(
                f"it was created, but whether another run created it too could not be looked up: {error}"
            )
        return
    now = service.now()
    in_parallel(lambda outcome: _verify_one(outcome, timers, now, service), created, concurrency)


def _verify_one(outcome: Outcome, timers: Sequence[Timer], now: datetime, service: TimerService) -> None:
    definition = outcome.plan.wanted.definition
    own = next((timer for timer in timers if timer.id == outcome.created), None)
    if own is not None and definition is not None:
        outcome.timer = own
        unlike = timer_differences(definition, own, now)
        if unlike:
            outcome.warnings.append(
                "it was created, but the service stores it differently from what was asked for: "
                f"{'; '.join(str(difference) for difference in unlike)}"
            )
    equal = [timer for timer in _equal(outcome.plan, timers, now) if timer.is_unfinished]
    others = _others(outcome, timers, equal)
    if others:
        outcome.warnings.append(
            f"another run created a timer of this name with another definition meanwhile ({', '.join(others)}), so "
            "that there are several now"
        )
    try:
        if equal:
            _keep_first(equal, outcome, service)
        elif own is None and not _is_there(outcome, service):
            outcome.failure = outcome.failure or _vanished(outcome.created or "", outcome)
    except GlobusError as error:
        outcome.failure = error.about(
            f"{outcome.plan.wanted.label} was created more than once ({', '.join(timer.id for timer in equal)}), and "
            "that could not be put right"
            if equal
            else f"Whether {outcome.plan.wanted.label} is still there could not be found out"
        )


def _others(outcome: Outcome, timers: Sequence[Timer], equal: Sequence[Timer]) -> list[str]:
    """IDs of new timers of the name with another definition: not ours to delete (rule W3)."""
    return [
        timer.id
        for timer in timers
        if timer.name == outcome.plan.wanted.name
        and timer.is_unfinished
        and timer.id not in outcome.plan.known
        and timer.id != outcome.created
        and timer not in equal
    ]


def _keep_first(equal: Sequence[Timer], outcome: Outcome, service: TimerService) -> None:
    """Of equal timers the first stays. Where that is another one than this run created, it gets its state."""
    kept = outcome.timer = equal[0]
    if outcome.plan.pauses and not kept.is_inactive and kept.id != outcome.created:
        service.pause_timer(kept.id)
        outcome.operations.append(Operation("pause", kept.id, kept.name))
        _read_again(outcome, service)
    for surplus in equal[1:]:
        service.delete_timer(surplus.id)
        outcome.operations.append(Operation("delete", surplus.id, surplus.name))
