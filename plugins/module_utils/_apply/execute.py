# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Carries plans out: in which order, how many at once, with which checks and partial results (rules W2 to W5)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from .._errors import GlobusError, UncertainError
from .._parallel import in_parallel
from .._timers.definition import Definition
from .._timers.document import (
    Timer,
    describe_inactive,
    write_timer,
)
from .._timers.plan import (
    PAUSE_MARGIN,
    Operation,
    Plan,
    drift_of,
    first_run_again,
)

if TYPE_CHECKING:
    from .history import Replaced

# Seconds between a failed creation and the check whether it took place after all; doubled each time
LOOK_AGAIN_AFTER = 1.0
LOOK_AGAIN_MAXIMUM = 10.0
TOO_MANY_REQUESTS = 429


class TimerService(Protocol):
    """The methods of ``_globus.service.Globus`` that are used here."""

    retries: int

    def now(self) -> datetime:
        """The service's time, UTC."""

    def wait(self) -> None:
        """Wait until the service accepts requests (again)."""

    def list_timers(self, name: str | None = None) -> list[Timer]:
        """All timers, or those whose name contains this."""

    def get_timer(self, timer_id: str) -> Timer | None:
        """One timer, or None if it does not exist."""

    def create_timer(self, document: Mapping[str, Any]) -> Timer:
        """Create a timer."""

    def delete_timer(self, timer_id: str) -> None:
        """Delete a timer."""

    def pause_timer(self, timer_id: str) -> None:
        """Pause a timer."""

    def resume_timer(self, timer_id: str) -> None:
        """Resume a timer, with fresh credentials (rule S6)."""

    def rename_timer(self, timer_id: str, name: str) -> None:
        """Rename a timer."""


@dataclass
class Outcome:
    """What was done for one plan.

    :ivar timer: the timer as it is now; None after ``absent``.
    :ivar operations: the operations that were done, in their order.
    :ivar created: the ID of the timer that this run created, or found after an unanswered creation. If another run
        deleted it in favour of an equal one, the ID of that one.
    :ivar repeated: whether its creation was sent more than once: an unanswered request may still be processed.
    :ivar replaced: the timers that this one replaced, as they were before (rule W4e).
    """

    plan: Plan
    timer: Timer | None
    operations: list[Operation] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    failure: GlobusError | None = None
    created: str | None = None
    repeated: bool = False
    replaced: list[Replaced] = field(default_factory=list)

    def take(self, timer: Timer) -> None:
        """Make this timer the outcome's timer. If the created timer was deleted because this one is equal, this one
        counts as created.
        """
        if self.timer is not None and timer.id != self.timer.id:
            self.created = self.created and timer.id
        self.timer = timer


def execute(plans: Sequence[Plan], service: TimerService, concurrency: int = 1) -> list[Outcome]:
    """Carry the plans out. A failure stops only its own plan. The outcomes have the order of the plans."""
    done = {number: _execute_one(plan, service) for number, plan in enumerate(plans) if not plan.operations}
    # Plans without a creation come first: they make room below the service's limit of runs (rule L2).
    for creating in (False, True):
        batch = [
            number for number, plan in enumerate(plans) if plan.operations and (plan.creation is not None) == creating
        ]
        done.update(zip(batch, in_parallel(lambda number: _execute_one(plans[number], service), batch, concurrency)))
    outcomes = [done[number] for number in range(len(plans))]
    _verify([outcome for outcome in outcomes if outcome.created], service, concurrency)
    return outcomes


def _execute_one(plan: Plan, service: TimerService) -> Outcome:
    outcome = Outcome(plan, plan.timer, warnings=list(plan.warnings), failure=plan.failure)
    for operation in plan.operations:
        try:
            _execute_operation(operation, outcome, service)
        except GlobusError as error:
            outcome.failure = error.about(_failure_context(operation, outcome))
            break
        outcome.operations.append(replace(operation, timer_id=operation.timer_id or outcome.created))
    if outcome.operations and not outcome.created:
        _read_again(outcome, service)
    return outcome


def _failure_context(operation: Operation, outcome: Outcome) -> str:
    """The failed operation and its timer, and what the operations before it leave behind."""
    timer_id = operation.timer_id or outcome.created
    what = f"Could not {operation.operation} {outcome.plan.wanted.label}" + (f" ({timer_id})" if timer_id else "")
    if operation.operation == "pause" and outcome.created:
        return f"The new timer may run, so run the task again. {what}"
    kept_id = outcome.timer.id if outcome.timer and outcome.plan.wanted.state != "absent" else timer_id
    # The IDs are equal if the new timer was deleted again. That error has its own message.
    if operation.operation == "delete" and kept_id != timer_id:
        return f"{what}, which timer {kept_id} replaces"
    return what


def _execute_operation(operation: Operation, outcome: Outcome, service: TimerService) -> None:
    """Execute one operation. ``create`` sets the outcome's timer. An operation without an ID acts on that timer."""
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
        _verify_successor(outcome, service)
        _delete(timer_id, outcome, service)


def _delete(timer_id: str, outcome: Outcome, service: TimerService) -> None:
    try:
        service.delete_timer(timer_id)
    except GlobusError as error:
        if outcome.timer is None or outcome.plan.wanted.state == "absent":
            raise
        raise error.followed_by("Both timers may exist now. Run the task again") from None


def _check_name(timer: Timer, name: str, service: TimerService) -> None:
    """If the service changed the name of the new timer, delete the timer and fail.

    It is not known which names the service shortens or trims. No later run would find the timer, so each would create
    another one.
    """
    if timer.name in (name, ""):  # an answer may lack the name
        return
    deleted = "The new timer was deleted"
    try:
        service.delete_timer(timer.id)
    except GlobusError as error:
        deleted = f"The module could not delete the new timer ({error.message}), so delete it yourself"
    raise GlobusError(
        f"Globus changed the name to {timer.name!r}, so the next run of the playbook would not find the timer "
        f"and would create another one. Use a name that Globus does not change. {deleted} ({timer.id})",
        code="name_changed",
    )


def _pause(timer_id: str, outcome: Outcome, service: TimerService) -> None:
    try:
        service.pause_timer(timer_id)
    except GlobusError:
        found = _find_outcome_timer(outcome, service) if outcome.created else None
        if found is None or found.id == timer_id:
            raise
        outcome.take(found)
        service.pause_timer(found.id)


def _read_again(outcome: Outcome, service: TimerService) -> None:
    """Read the timer after its operations. If that fails, the operations still count as done."""
    if outcome.plan.wanted.state == "absent" or outcome.timer is None:
        deleted = {operation.timer_id for operation in outcome.operations}
        if outcome.failure is None or (outcome.timer and outcome.timer.id in deleted):
            outcome.timer = None
        return
    only_deletes = all(operation.operation == "delete" for operation in outcome.plan.operations)
    vanished = _vanished_failure(outcome.timer.id, outcome)
    try:
        found = _find_outcome_timer(outcome, service, accept_equal=only_deletes)
    except GlobusError as error:
        outcome.warnings.append(f"it was changed, but could not be read afterwards: {error}")
        return
    if found is None:
        outcome.failure = outcome.failure or vanished
    else:
        outcome.take(found)
        outcome.failure = outcome.failure or _stopped_again(found, outcome, service)


def _stopped_again(timer: Timer, outcome: Outcome, service: TimerService) -> GlobusError | None:
    """The failure if the service stopped a resumed timer at once, whatever it answered (rule S6), or None."""
    resumed = any(operation.operation == "resume" for operation in outcome.operations)
    if not resumed or not timer.is_inactive or timer.is_paused_by_user:
        return None
    from .._timers.health import health_of  # rarely needed, and importing it takes time

    health = health_of(timer, service.now())
    return GlobusError(
        f"{outcome.plan.wanted.label} was resumed, but Globus stopped it again. {health.reason}. {health.remedy}",
        code=health.state,
        remedy=health.remedy,
    )


def _vanished_failure(timer_id: str, outcome: Outcome) -> GlobusError:
    return GlobusError(
        f"{outcome.plan.wanted.label} ({timer_id}) no longer exists: a person or another playbook run deleted it "
        "in the meantime. Run the task again",
        code="timer_vanished",
    )


# --- before a deletion (rule W4b) ----------------------------------------------------------------------------------


def _verify_successor(outcome: Outcome, service: TimerService) -> None:
    """Check the timer that is kept before another one is deleted.

    If a new timer differs from what was requested, it is deleted and the old one is kept. Otherwise every run would
    replace it again.

    :raises GlobusError: if the timer that is kept cannot be used; then no other timer is deleted.
    """
    plan = outcome.plan
    if plan.wanted.state == "absent" or outcome.timer is None:
        return
    found, why = _look_at_successor(outcome.timer, outcome, service, must_run=not _may_be_inactive(plan))
    if why is None:
        return
    if found.id != outcome.created or found.id in plan.known:
        raise _successor_failure(found, why)
    _delete_new_timer(found, why, outcome, service)


def _look_at_successor(
    successor: Timer, outcome: Outcome, service: TimerService, *, must_run: bool, accept_equal: bool = True
) -> tuple[Timer, str | None]:
    """Read again the timer that is kept, before another one is deleted.

    :param must_run: whether it has to run, not only to match the definition.
    :param accept_equal: whether an equal timer is accepted, if another run kept that one and deleted this one.
    :returns: the timer, and why it cannot replace the one to be deleted, or None.
    :raises GlobusError: if it could not be read or does not exist.
    """
    try:
        found = _find_outcome_timer(outcome, service, accept_equal)
    except GlobusError as error:
        what = f"no timer was deleted, because the timer that should remain ({successor.id}) could not be read"
        raise error.about(what).followed_by("Run the task again") from None
    if found is None or not (accept_equal or found.is_unfinished):
        raise GlobusError(
            f"No timer was deleted, because the timer that should remain ({successor.id}) no longer exists. Run the "
            "task again",
            code="successor_missing",
        )
    outcome.take(found)
    definition = outcome.plan.wanted.definition
    unlike = drift_of(definition, found, service.now()) if definition is not None else ()
    if unlike:
        return found, f"differs from its definition ({'; '.join(str(difference) for difference in unlike)})"
    if found.is_inactive and must_run:
        return found, f"does not run ({describe_inactive(found)})"
    return found, None


def _successor_failure(successor: Timer, why: str) -> GlobusError:
    return GlobusError(
        f"No timer was deleted, because the timer that should remain ({successor.id}) {why}. Run the task again",
        code="successor_differs",
    )


def _may_be_inactive(plan: Plan) -> bool:
    """Whether the timer that is kept may be inactive: on request, or because no replaced timer runs (rule I3)."""
    if plan.pauses or plan.wanted.state == "paused":
        return True
    return plan.creation is None and plan.wanted.state == "present"


def _delete_new_timer(new: Timer, why: str, outcome: Outcome, service: TimerService) -> NoReturn:
    """Delete the new timer, so that the old one is kept, and raise GlobusError."""
    old = outcome.plan.timer
    kept_clause = f"the old timer {old.id} was kept" if old else "the old timer was kept"
    try:
        service.delete_timer(new.id)
    except GlobusError as error:
        raise error.about(
            f"the new timer {new.id} {why}, so {kept_clause}. The new timer could not be deleted"
        ) from None
    outcome.operations.append(Operation("delete", new.id, new.name))
    outcome.timer, outcome.created = old, None
    raise GlobusError(
        f"The new timer {new.id} cannot replace the old one: it {why}. The new timer was deleted, and "
        f"{kept_clause}. If an option differs, set it to the value that Globus stored",
        code="stored_differently",
    )


def _find_outcome_timer(outcome: Outcome, service: TimerService, accept_equal: bool = True) -> Timer | None:
    """The outcome's timer or, if another run deleted it because of an equal one, that one (rule W3); None if gone.

    A timer counts as gone only if it is not in the list of timers either.
    """
    if outcome.timer is None:
        return None
    own = outcome.timer.id
    found = service.get_timer(own)
    if found is not None and not found.is_gone:
        return found
    timers = service.list_timers(outcome.plan.wanted.name or outcome.timer.name)
    remaining = [timer for timer in timers if timer.id == own and not timer.is_gone]
    if accept_equal:
        remaining += _equal_ones(outcome.plan, timers, service.now())
    return remaining[0] if remaining else None


# --- creating (rule W2) --------------------------------------------------------------------------------------------


def _create(outcome: Outcome, creation: Definition, service: TimerService) -> Timer:
    """Create the planned timer exactly once, even if an answer is lost.

    If an answer leaves open whether the timer was created: wait, then look for it. If it exists, adopt it; otherwise
    send the creation again. A 429 means for sure that nothing was created, so the creation is sent again, too. If the
    timer exists in the end, no failure is reported.
    """
    doubt: UncertainError | None = None
    attempt = 0
    while True:
        outcome.repeated = doubt is not None
        try:
            return _send_creation(outcome.plan, creation, service)
        except UncertainError as error:
            failure: GlobusError = error
            doubt = error
        except GlobusError as error:
            # An earlier, unanswered request may be the cause: it was processed late, and its timer reached a limit.
            failure = error
        again = attempt < service.retries and (failure is doubt or failure.http_status == TOO_MANY_REQUESTS)
        if doubt is None and not again:
            raise failure
        time.sleep(min(LOOK_AGAIN_AFTER * 2**attempt, LOOK_AGAIN_MAXIMUM))
        attempt += 1
        if doubt is not None:
            found = _look_for_lost(outcome, doubt, service)
            if found is not None:
                return found
            if not again:
                raise failure if failure is doubt else _still_in_doubt(failure, doubt)


def _send_creation(plan: Plan, creation: Definition, service: TimerService) -> Timer:
    """Send one request to create the timer, with a first run in the future."""
    service.wait()  # before the first run is chosen, because it may pass meanwhile
    return service.create_timer(write_timer(creation, _start_in_time(plan, creation, service.now())))


def _look_for_lost(outcome: Outcome, doubt: UncertainError, service: TimerService) -> Timer | None:
    """The timer that a request without an answer created after all, or None (rule W2).

    :raises GlobusError: if that cannot be found out.
    """
    try:
        timers = service.list_timers(outcome.plan.wanted.name)
    except GlobusError as error:
        why = f"the module could not find out whether the timer was created ({error.message})"
        raise _unknown_outcome(doubt, f"{why}. Run the task again: it uses the timer if it exists") from None
    equal = _equal_ones(outcome.plan, timers, service.now())
    if equal:
        return equal[0]
    others = _differing_ids(outcome, timers, equal)
    if others:
        why = f"a new timer with this name exists, but differs from the definition ({', '.join(others)})"
        raise _unknown_outcome(
            doubt, f"{why}. Either this request or another playbook run created it. Run the task again"
        )
    return None


def _still_in_doubt(failure: GlobusError, doubt: UncertainError) -> GlobusError:
    """The failure of a repeated creation: the earlier request may still create the timer (rule W2)."""
    return failure.followed_by(
        f"Globus did not answer an earlier request to create it ({doubt.message}), and may still process it. Run "
        "the task again: it uses the timer if it exists"
    )


def _start_in_time(plan: Plan, creation: Definition, now: datetime) -> datetime | None:
    """The first run to send. If the timer is to be paused, the run must leave time for that (rule W4a): in a long list,
    or because the service delayed requests, much of the planned time may have passed.
    """
    if not plan.pauses:
        return first_run_again(creation, now)
    pause = now + PAUSE_MARGIN / 2
    start = first_run_again(creation, pause)
    if start is not None and start <= pause:
        raise GlobusError(
            "its only run is now too soon: the timer could run before the module pauses it. Set a later schedule.start",
            code="would_run_before_pause",
        )
    return start


def _unknown_outcome(doubt: GlobusError, why: str) -> GlobusError:
    return GlobusError(
        f"{doubt.message}. {why[0].upper()}{why[1:]}",
        code="unknown_outcome",
        http_status=doubt.http_status,
        request_id=doubt.request_id,
    )


def _equal_ones(plan: Plan, timers: Sequence[Timer], now: datetime) -> list[Timer]:
    """The timers that match the definition and are new; the first of them is kept (rules I3, W3).

    If the plan creates none, also those that existed before, except the ones that the plan changes or deletes. The
    first run of such a timer may differ from the planned one: if the definition has no start, each run of the playbook
    plans its own first run.
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
            and not drift_of(definition, timer, now)
        ),
        key=lambda timer: timer.precedence_to_pause if plan.pauses else timer.precedence,
    )


# --- verifying (rule W3) -------------------------------------------------------------------------------------------


def _verify(created: Sequence[Outcome], service: TimerService, concurrency: int) -> None:
    """List the created names again: of equal timers the first is kept, whoever created it."""
    if not created:
        return
    if any(outcome.repeated for outcome in created):
        time.sleep(LOOK_AGAIN_MAXIMUM)  # an unanswered creation may be processed late, and has to be in the list
    try:
        timers = service.list_timers(created[0].plan.wanted.name if len(created) == 1 else None)
    except GlobusError as error:
        for outcome in created:
            outcome.warnings.append(
                "it was created, but the module could not check whether another playbook run created it as well: "
                f"{error}"
            )
        return
    now = service.now()
    in_parallel(lambda outcome: _verify_one(outcome, timers, now, service), created, concurrency)


def _verify_one(outcome: Outcome, timers: Sequence[Timer], now: datetime, service: TimerService) -> None:
    definition = outcome.plan.wanted.definition
    own = next((timer for timer in timers if timer.id == outcome.created), None)
    if own is not None and definition is not None:
        outcome.timer = own
        unlike = drift_of(definition, own, now)
        if unlike:
            outcome.warnings.append(
                "it was created, but Globus stored it with different options: "
                f"{'; '.join(str(difference) for difference in unlike)}"
            )
    equal = [timer for timer in _equal_ones(outcome.plan, timers, now) if timer.is_unfinished]
    others = _differing_ids(outcome, timers, equal)
    if others:
        outcome.warnings.append(
            "another playbook run created a timer with this name and a different definition at the same time "
            f"({', '.join(others)}), so several exist now"
        )
    try:
        if equal:
            _keep_first(equal, outcome, service)
        elif own is None:
            _look_for_own(outcome, service)
    except GlobusError as error:
        outcome.failure = error.about(
            f"{outcome.plan.wanted.label} was created more than once ({', '.join(timer.id for timer in equal)}), "
            "and the duplicates could not be deleted"
            if equal
            else f"Could not check whether {outcome.plan.wanted.label} still exists"
        )


def _look_for_own(outcome: Outcome, service: TimerService) -> None:
    """Read the timer that this run created, because it is not in the list. It may have been deleted."""
    found = _find_outcome_timer(outcome, service)
    if found is None:
        outcome.failure = outcome.failure or _vanished_failure(outcome.created or "", outcome)
    else:
        outcome.take(found)


def _differing_ids(outcome: Outcome, timers: Sequence[Timer], equal: Sequence[Timer]) -> list[str]:
    """The IDs of new timers with the name but a different definition, which this run must not delete (rule W3)."""
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
    """Keep the first of equal timers, whoever created it, in the wanted state, and delete the others (rules I3, W3).

    Another run may know of an older timer, and have deleted this first one because of it. Then the older one is kept.
    """
    while True:
        kept = outcome.timer = equal[0]
        if outcome.plan.pauses and not kept.is_inactive and kept.id != outcome.created:
            service.pause_timer(kept.id)
            outcome.operations.append(Operation("pause", kept.id, kept.name))
            _read_again(outcome, service)
        try:
            for surplus in equal[1:]:
                _delete_surplus(surplus, kept, outcome, service)
        except GlobusError as error:
            left = _list_equal_ones(outcome, service) if error.code == "successor_missing" else []
            if not left or left[0].id == kept.id:
                raise
            equal = left
        else:
            return


def _delete_surplus(surplus: Timer, kept: Timer, outcome: Outcome, service: TimerService) -> None:
    """Delete a timer because an equal one is kept. Raises GlobusError if that one cannot replace it (rule W4b)."""
    must_run = surplus.runs_now and not outcome.plan.pauses
    found, why = _look_at_successor(kept, outcome, service, must_run=must_run, accept_equal=False)
    if why is not None:
        raise _successor_failure(found, why)
    service.delete_timer(surplus.id)
    outcome.operations.append(Operation("delete", surplus.id, surplus.name))


def _list_equal_ones(outcome: Outcome, service: TimerService) -> list[Timer]:
    timers = service.list_timers(outcome.plan.wanted.name)
    return [timer for timer in _equal_ones(outcome.plan, timers, service.now()) if timer.is_unfinished]
