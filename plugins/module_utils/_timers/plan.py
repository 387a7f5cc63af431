# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Compares a timer that a task wants with those that exist, and plans the operations. Pure: no input or output.

The real run, check mode and diff mode use the same plan, so they cannot disagree (rule W1). ``_apply.execute`` carries
it out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from .._errors import GlobusError
from .definition import (
    Action,
    Definition,
    Difference,
    Flow,
)
from .document import (
    Timer,
    describe_inactive,
    timer_differences,
)
from .refusals import doubts_of, name_refusals, refusals_of
from .schedule import (
    HISTORY,
    OVERDUE_AFTER,
    Schedule,
    differences,
    first_run,
    format_instant,
    last_tick,
    next_tick,
    over_since,
    skipped_runs,
)

# A timer must not run between its creation and its pause (rule W4a): this is much more time than the pause needs
PAUSE_MARGIN = timedelta(minutes=5)
# The least time until a first run: the service refuses a start that has passed when the request arrives
START_MARGIN = timedelta(seconds=2)
_NEVER = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Wanted:
    """One timer, as a task describes it.

    :ivar state: ``present``, ``active``, ``paused`` or ``absent``.
    :ivar on_drift: ``warn``, ``ignore``, ``fail`` or ``replace``.
    :ivar on_inactive: ``warn``, ``fail`` or ``resume``: what ``state: present`` does with a timer that the service
        stopped (rule S8).
    :ivar check_paths: whether to check the paths before the timer is created.
    """

    name: str
    timer_id: str | None = None
    state: str = "present"
    on_drift: str = "warn"
    on_inactive: str = "warn"
    check_paths: bool = False
    definition: Definition | None = None

    @property
    def label(self) -> str:
        """What to call the timer in a message."""
        return f"timer {self.name!r}" if self.name else f"timer {self.timer_id}"


@dataclass(frozen=True)
class Operation:
    """One change of a timer.

    :ivar operation: ``create``, ``delete``, ``pause``, ``resume`` or ``rename``.
    :ivar timer_id: None for the timer that this plan creates.
    :ivar name: the timer's name; for ``rename`` the new one.
    """

    operation: str
    timer_id: str | None
    name: str

    def as_result(self) -> dict[str, Any]:
        return {"operation": self.operation, "timer_id": self.timer_id, "name": self.name}


@dataclass(frozen=True)
class Plan:
    """The operations for one wanted timer.

    :ivar found: the existing timers that the plan is about, in order of precedence.
    :ivar timer: the existing timer that is kept or replaced.
    :ivar operations: in the order of execution. A timer is deleted only after its successor was created (rule W4).
    :ivar creation: the definition that ``create`` sends. The start of its schedule is the first run; None means now.
    :ivar known: IDs of all existing timers with the name, including ended ones (rules W2, W3).
    :ivar warnings: without the name of the timer, so that one warning can be about many timers.
    :ivar failure: why the plan cannot be carried out; it has no operations then.
    """

    wanted: Wanted
    found: tuple[Timer, ...] = ()
    timer: Timer | None = None
    operations: tuple[Operation, ...] = ()
    creation: Definition | None = None
    drift: tuple[Difference, ...] = ()
    known: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()
    failure: GlobusError | None = None

    @property
    def deletes(self) -> frozenset[str]:
        """IDs of the timers that the plan deletes."""
        return frozenset(op.timer_id for op in self.operations if op.operation == "delete" and op.timer_id)

    @property
    def concerns(self) -> frozenset[str]:
        """IDs of the timers that the plan is about: the one that is kept or replaced, and those that are deleted."""
        return self.deletes | ({self.timer.id} if self.timer else set())

    @property
    def pauses(self) -> bool:
        return any(operation.operation == "pause" for operation in self.operations)

    @property
    def replaces(self) -> bool:
        return self.creation is not None and bool(self.deletes)

    @property
    def collections(self) -> tuple[str, ...]:
        """IDs of the collections to look up, if a timer is created or resumed (rule S1)."""
        return self.started_action.collections if self.started_action else ()

    @property
    def flows(self) -> tuple[str, ...]:
        """IDs of the flows to look up, if a timer is created or resumed."""
        return (self.started_action.flow_id,) if isinstance(self.started_action, Flow) else ()

    @property
    def started_action(self) -> Action | None:
        """The action of the timer that is created or resumed. It needs consents first."""
        if self.creation is not None:
            return self.creation.action
        return self.timer.action if self.resumes and self.timer else None

    @property
    def resumes(self) -> bool:
        return any(operation.operation == "resume" for operation in self.operations)

    def warn(self, *warnings: str) -> Plan:
        """The plan with these warnings added."""
        return replace(self, warnings=(*self.warnings, *warnings))

    @property
    def action_after(self) -> Action | None:
        """The action of the timer that exists after the plan; None if none exists or its action is not known."""
        if self.creation is not None:
            return self.creation.action
        return self.timer.action if self.timer and self.timer.id not in self.deletes else None

    @property
    def unchanged_clause(self) -> str:
        """The words of a message for: the plan changed nothing."""
        return f"{self.wanted.label} was {'not created' if self.timer is None else 'left unchanged'}"

    def failed(self, failure: GlobusError) -> Plan:
        """The plan that does nothing but fail."""
        return replace(self, failure=failure, operations=(), creation=None)

    def refused(self, why: str) -> Plan:
        """The same plan, but failed: the modules refuse to create such a timer (rules N3, N4)."""
        return self.failed(GlobusError(f"{self.wanted.label} cannot be created: {why}", code="invalid_input"))


def plan_timer(wanted: Wanted, timers: Collection[Timer], now: datetime) -> Plan:
    """The plan for one wanted timer.

    :param timers: the existing timers. Among them are those of the wanted ID and name; the others are ignored.
    :param now: the current time, by the service's clock.
    """
    if wanted.timer_id is not None:
        return _plan_by_id(wanted, timers, now)
    if not wanted.name.strip():
        return Plan(wanted).failed(_nameless())
    namesakes = [timer for timer in timers if timer.name == wanted.name]
    unfinished = (timer for timer in namesakes if timer.is_unfinished)
    to_pause = wanted.state == "paused"
    matched = sorted(unfinished, key=lambda one: one.precedence_to_pause if to_pause else one.precedence)
    known = frozenset(timer.id for timer in namesakes)
    plan = Plan(wanted, tuple(matched), matched[0] if matched else None, known=known)
    if wanted.state == "absent":
        return _plan_deletion(plan, matched)
    if not matched:
        return _plan_missing(plan, [timer for timer in namesakes if timer.is_ended], now)
    if len(matched) > 1:
        return _plan_several(plan, matched, now)
    return _plan_existing(plan, matched[0], (), now)


def _nameless() -> GlobusError:
    """Timers without a name cannot be told apart, so no definition can mean one of them (rule N1)."""
    return GlobusError(
        "name or timer_id is required. A timer without a name can only be selected with timer_id",
        code="invalid_input",
    )


# --- by ID (rule I5) -----------------------------------------------------------------------------------------------


def _plan_by_id(wanted: Wanted, timers: Collection[Timer], now: datetime) -> Plan:
    timer = next((t for t in timers if t.id == wanted.timer_id), None)
    plan = Plan(wanted, timer=timer)
    if timer is None or not timer.is_unfinished:
        if wanted.state == "absent":
            return replace(plan, timer=None)
        why = "does not exist or belongs to another account" if timer is None else f"has status {timer.status}"
        return plan.failed(
            GlobusError(
                f"Timer {wanted.timer_id} {why}. The module does not create timers by timer_id. Remove timer_id to "
                "find or create the timer by its name",
                code="timer_not_found",
            )
        )
    plan = replace(plan, found=(timer,))
    if wanted.state == "absent":
        return _plan_deletion(plan, [timer])
    namesakes = [t.id for t in timers if t.name == wanted.name and t.is_unfinished and t.id != timer.id]
    renamed = bool(wanted.name) and wanted.name != timer.name
    if renamed and namesakes:
        return plan.failed(
            GlobusError(
                f"Timer {timer.id} cannot be renamed to {wanted.name!r}: timer {namesakes[0]} already has that name",
                code="name_taken",
            )
        )
    for why in name_refusals(wanted.name) if renamed else ():
        return plan.failed(GlobusError(f"Timer {timer.id} cannot be renamed: {why}", code="invalid_input"))
    plan = _plan_existing(plan, timer, (), now)
    if renamed and not plan.failure:
        rename = Operation("rename", timer.id, wanted.name)
        plan = replace(plan, operations=(rename, *plan.operations))
    return plan


# --- by name (rules I1, I3) ----------------------------------------------------------------------------------------


def _plan_missing(plan: Plan, ended: Sequence[Timer], now: datetime) -> Plan:
    """The plan if no unfinished timer has the name."""
    wanted, definition = plan.wanted, plan.wanted.definition
    if definition is None:
        return plan.failed(
            GlobusError(
                f"timer {wanted.name!r} does not exist, so it cannot be {wanted.state}. Check the spelling (names "
                "are case-sensitive), or give transfer (or flow) and schedule to create it",
                code="timer_not_found",
            )
        )
    over = over_since(definition.schedule, now)
    for timer in sorted(ended, key=lambda timer: timer.order, reverse=True):
        if _has_completed(definition, timer, now):
            plan = replace(plan, found=(timer,), timer=timer).warn(*_never_worked_warnings(timer))
            return plan if over is not None else plan.warn(*_completed_warnings(definition.schedule, timer))
    if over is not None and now - over > HISTORY:
        warning = (
            f"its last run was due at {format_instant(over)}, more than 90 days ago, and Globus no longer knows "
            "whether it ran. Nothing was changed. Remove the timer from the playbook or, to run it, set a later time"
        )
        return plan.warn(warning)
    return _plan_creation(plan, definition, (), now)


def _has_completed(definition: Definition, timer: Timer, now: datetime) -> bool:
    """Whether an ended timer did everything in the definition (rule I1)."""
    schedule = definition.schedule
    begins_later = schedule.interval is not None and schedule.start is not None and schedule.start > now
    return schedule.ends and not begins_later and not timer_differences(definition, timer, now)


def drift_of(definition: Definition, timer: Timer, now: datetime) -> tuple[Difference, ...]:
    """How an unfinished timer differs from the definition.

    If the timer is paused, a start within the next minutes counts as past. That start was too near to pause the timer
    before it, so the timer was created with the next run as its first (rule W4a).
    """
    start = definition.schedule.start
    if timer.is_paused_by_user and start is not None and now < start <= now + PAUSE_MARGIN:
        now = start
    return tuple(timer_differences(definition, timer, now))


def _plan_several(plan: Plan, matched: Sequence[Timer], now: datetime) -> Plan:
    """The plan if several timers have the name: the first that matches the definition is kept (rule I3).

    :param matched: the unfinished timers, in order of precedence.
    """
    wanted, definition = plan.wanted, plan.wanted.definition
    if wanted.on_drift != "replace" or definition is None:
        whole = "" if definition else "give the whole definition and "
        return plan.failed(
            GlobusError(
                f"{len(matched)} unfinished timers are named {wanted.name!r}: {_with_states(matched)}. Select one "
                f"with timer_id, or {whole}use on_drift: replace to keep one that matches the definition and delete "
                "the others",
                code="ambiguous_name",
            )
        )
    equal = [timer for timer in matched if not drift_of(definition, timer, now)]
    timer = equal[0] if equal else matched[0]
    others = [other for other in matched if other is not timer]
    return _plan_existing(plan, timer, others, now, to_be_paused=len(equal) == 1 and _cut_short(wanted, timer, others))


def _cut_short(wanted: Wanted, kept: Timer, replaced: Sequence[Timer]) -> bool:
    """Whether an earlier run seems to have been killed after it created a timer and before it paused it.

    That run replaced paused timers, so the new timer is to be paused too (rules W4, W4a). If the new timer has run
    already, somebody else created it or the pause would be too late (rule I3).
    """
    return (
        wanted.state == "present"
        and _stays_paused(wanted, replaced)
        and not (kept.runs or kept.last_run)
        # in whole seconds, so both may have been created in the same second
        and all(timer.order[0] <= kept.order[0] for timer in replaced)
    )


def _stays_paused(wanted: Wanted, replaced: Sequence[Timer]) -> bool:
    """Whether the new timer is paused: on request, or because the timers that it replaces are paused (rule W4).

    :param replaced: the old timers, in order of precedence: if the first is paused, none of them runs.
    """
    return wanted.state == "paused" or (wanted.state == "present" and bool(replaced) and replaced[0].is_paused_by_user)


def _plan_existing(
    plan: Plan, timer: Timer, others: Sequence[Timer], now: datetime, to_be_paused: bool = False
) -> Plan:
    """The plan if the timer exists: it depends on its drift, then on its state.

    :param others: further timers of the name, to be deleted.
    :param to_be_paused: whether an earlier run was killed before it paused the timer.
    """
    wanted, definition = plan.wanted, plan.wanted.definition
    plan = replace(plan, timer=timer).warn(*_never_worked_warnings(timer))
    if wanted.state == "present" and wanted.on_inactive == "fail" and timer.is_stopped_by_service:
        return plan.failed(_stopped_failure(plan, timer))
    if definition is not None:
        plan = replace(plan, drift=drift_of(definition, timer, now))
        if plan.drift and wanted.on_drift == "replace":
            return _replace(plan, definition, [timer, *others], now)
        if plan.drift and wanted.on_drift == "fail":
            return plan.failed(_drift_failure(plan, timer))
        plan = plan.warn(*_drift_warnings(plan, definition.schedule))
    return _keep(plan, timer, others, to_be_paused)


def _keep(plan: Plan, timer: Timer, others: Sequence[Timer], to_be_paused: bool) -> Plan:
    """The plan if the timer is kept: it gets its state, and then the others are deleted."""
    wanted = plan.wanted
    change = _change_of_state(wanted, timer, to_be_paused)
    will_run = change == "resume" or (timer.runs_now and change is None)
    running = [other.id for other in others if other.runs_now]
    if running and not will_run and wanted.state != "paused":
        return plan.failed(_would_stop_failure(plan, timer, running))
    for other in others:
        if _is_not_replaceable(other):
            return plan.failed(_not_replaceable_failure(plan, other))
    state = [Operation(change, timer.id, timer.name)] if change else []
    deletions = [Operation("delete", other.id, other.name) for other in others]
    plan = plan.warn(
        *_stopped_warnings(timer, "it is resumed now" if change == "resume" else "state: active resumes it"),
        *_refusal_warnings(timer),
        *(_unknown_warnings(timer) if wanted.definition is not None else ()),
        *_others_warnings(timer, others, will_run),
    )
    if to_be_paused and change == "pause":
        plan = plan.warn("it was paused because the timers that it replaces are paused; state: active resumes it")
    return replace(plan, operations=(*state, *deletions))


def _change_of_state(wanted: Wanted, timer: Timer, to_be_paused: bool = False) -> str | None:
    """``pause``, ``resume`` or None."""
    if timer.runs_now:
        return "pause" if wanted.state == "paused" or to_be_paused else None
    resumes = wanted.state == "present" and wanted.on_inactive == "resume" and timer.is_stopped_by_service
    return "resume" if wanted.state == "active" or (resumes and not to_be_paused) else None


def _replace(plan: Plan, definition: Definition, replaced: Sequence[Timer], now: datetime) -> Plan:
    """The plan to create a new timer and then delete the old ones, unless that would lose a run (rules W4c, W4f).

    :param replaced: the old timers, in order of precedence.
    """
    wanted, first = plan.wanted, replaced[0]
    for timer in replaced:
        if _is_not_replaceable(timer):
            return plan.failed(_not_replaceable_failure(plan, timer))
    planned = _plan_creation(plan, definition, replaced, now)
    creation = planned.creation
    if creation is None:
        return planned
    if _change_of_state(wanted, first) == "resume" and _missed_a_run(first, now):
        if all(difference.field.startswith("schedule.") for difference in plan.drift):
            return _resume_first(plan, first)
        planned = planned.warn("the missed run is not made up for, because the new timer has a different definition")
    due = None if planned.pauses else _due_run(creation.schedule, definition.schedule, replaced, now)
    if due is not None:
        return plan.warn(
            f"it differs from its definition ({_drift_in_words(plan.drift)}). Replacing it now would skip the run of "
            f"{format_instant(due)}, so it has not been replaced yet. Run the playbook again after that run has started"
        )
    for timer in replaced:
        planned = planned.warn(*_replaced_warnings(timer, "it" if len(replaced) == 1 else timer.id))
    return planned


def _is_not_replaceable(timer: Timer) -> bool:
    """Whether the timer has something that a definition cannot express, and a new timer would lack (rules D7, D8)."""
    return bool(timer.unknown or timer.unreadable)


def _resume_first(plan: Plan, timer: Timer) -> Plan:
    """The plan to make up for a missed run before the timer is replaced by the next play (rule W4f)."""
    resumed = replace(plan, operations=(Operation("resume", timer.id, timer.name),))
    return resumed.warn(
        *_stopped_warnings(timer, "it is resumed now"),
        "it was resumed, so that the missed run takes place. It differs from its definition "
        f"({_drift_in_words(plan.drift)}): the next run of the playbook replaces it",
    )


def _missed_a_run(timer: Timer, now: datetime) -> bool:
    """Whether an inactive timer missed a run. The timer makes up for that run as soon as it is resumed."""
    past = [tick for tick in (timer.next_run, last_tick(timer.schedule, now)) if tick is not None and tick <= now]
    return bool(past) and (timer.last_run is None or timer.last_run < max(past))


def _due_run(planned: Schedule, wanted: Schedule, replaced: Sequence[Timer], now: datetime) -> datetime | None:
    """The run that would be skipped if the timer were replaced now (rule W4c), or None.

    If the user changed the schedule, it takes effect at once. Otherwise only a clock change can move the first run of
    the new timer by more than half an interval: to the next matching local time with ``follow``, to another day with
    ``at``.

    :param planned: the schedule of the new timer; its start is the first run.
    """
    if planned.interval is None or planned.start is None:
        return None
    half = timedelta(seconds=planned.interval) / 2
    unchanged = [timer for timer in replaced if timer.runs_now and not _changed_times(wanted, timer, now)]
    ticks = [tick for timer in unchanged if (tick := _awaited_tick(timer, now)) is not None]
    return max((tick for tick in ticks if planned.start - tick > half), default=None)


def _awaited_tick(timer: Timer, now: datetime) -> datetime | None:
    """The next tick, or the last one if its run has not started yet: it may start late, or be retried."""
    code = (timer.activity or {}).get("code")
    late = last_tick(timer.schedule, now) if code == "retrying" else timer.next_run
    if late is not None and code != "run_in_progress" and now - OVERDUE_AFTER < late <= now:
        return late
    return _next_tick(timer, now)


def _changed_times(wanted: Schedule, timer: Timer, now: datetime) -> bool:
    """Whether the times in the definition differ from those of the timer, apart from the effect of a clock change."""
    anchored = replace(wanted, follow=False, end_count=None, end_datetime=None)
    actual = replace(timer.schedule, end_count=None, end_datetime=None)
    return bool(differences(anchored, actual, timer.next_run, now))


# --- creating and deleting -----------------------------------------------------------------------------------------


def _plan_deletion(plan: Plan, timers: Sequence[Timer]) -> Plan:
    operations = tuple(Operation("delete", timer.id, timer.name) for timer in timers)
    return replace(plan, operations=operations)


def _plan_creation(plan: Plan, definition: Definition, replaced: Sequence[Timer], now: datetime) -> Plan:
    """The plan to create the timer, and then to delete those that it replaces (rule W4)."""
    wanted = plan.wanted
    over = over_since(definition.schedule, now)
    if over is not None:
        return plan.failed(
            GlobusError(
                f"{wanted.label} cannot be created: its last run was due at {format_instant(over)}, and no timer "
                "with this name has completed all runs of the definition. Set a later time, or state: absent",
                code="schedule_over",
            )
        )
    paused = _stays_paused(wanted, replaced)
    old = _timer_to_continue(replaced, now)
    if not paused:
        start = _first_run(definition.schedule, old, now + START_MARGIN)
    else:
        start = _first_run_after_pause(definition.schedule, old, now)
        if start is None:
            return plan.failed(
                GlobusError(
                    f"{wanted.label} cannot be created paused: it would run once, immediately or within "
                    f"{PAUSE_MARGIN // timedelta(minutes=1)} minutes, possibly before it is paused. Set a later "
                    "schedule.start",
                    code="would_run_before_pause",
                )
            )
    for why in refusals_of(definition, start or now):
        return plan.refused(why)
    creation = replace(definition, schedule=replace(definition.schedule, start=start))
    operations = [Operation("create", None, wanted.name)]
    if paused:
        operations.append(Operation("pause", None, wanted.name))
    operations += [Operation("delete", timer.id, timer.name) for timer in replaced]
    planned = replace(plan, operations=tuple(operations), creation=creation)
    return planned.warn(
        *_skipped_warnings(definition.schedule, start, now),
        *_count_warnings(definition.schedule, replaced),
        *doubts_of(definition, start or now),
    )


def _timer_to_continue(replaced: Sequence[Timer], now: datetime) -> Timer | None:
    """The old timer whose next run becomes the first run of the new one: the one that runs first (rule W4)."""
    running = [timer for timer in replaced if timer.runs_now and _next_tick(timer, now) is not None]
    if running:
        return min(running, key=lambda timer: _next_tick(timer, now) or now)
    return replaced[0] if replaced else None


def first_run_again(creation: Definition, now: datetime) -> datetime | None:
    """The first run to send when a creation is sent (again): the planned one or, if it has passed, the next."""
    schedule = creation.schedule
    if schedule.interval is None or schedule.start is None or schedule.start > now:
        return schedule.start
    return first_run(schedule, now, keep=schedule.start)


def _first_run(schedule: Schedule, replaced: Timer | None, after: datetime) -> datetime | None:
    """The start to send: the schedule's own or, if it has none, the next tick of the replaced timer (rule W4).

    If the interval changed, start at the next tick of the old phase: a weekly timer that becomes daily starts tomorrow,
    not next week.
    """
    coming = None if replaced is None else _next_tick(replaced, after)
    start = first_run(schedule, after, keep=coming)
    if start is not None or replaced is None or coming is None:
        return start
    if schedule.interval is None or schedule.interval == replaced.schedule.interval:
        return coming
    interval = timedelta(seconds=schedule.interval)
    return coming - (coming - after - timedelta(seconds=1)) // interval * interval


def _first_run_after_pause(schedule: Schedule, replaced: Timer | None, now: datetime) -> datetime | None:
    """A first run that leaves time for the pause (rule W4a), or None if the schedule has none."""
    pause = now + PAUSE_MARGIN
    start = _first_run(schedule, replaced, pause)
    if start is None and schedule.interval is not None:
        start = next_tick(now + timedelta(seconds=schedule.interval), schedule.interval, pause)
    return start if start is not None and start > pause else None


def _next_tick(timer: Timer, after: datetime) -> datetime | None:
    """The next run of a timer later than ``after``, or None."""
    if timer.next_run is not None and timer.next_run > after:
        return timer.next_run
    if timer.schedule.start is not None and timer.schedule.interval is not None:
        return next_tick(timer.schedule.start, timer.schedule.interval, after)
    return None


# --- messages ------------------------------------------------------------------------------------------------------


def _drift_in_words(drift: Sequence[Difference]) -> str:
    return "; ".join(str(difference) for difference in drift)


def _with_states(timers: Sequence[Timer]) -> str:
    """The IDs, each with the state of its timer."""
    return ", ".join(f"{timer.id} ({_state_in_words(timer)})" for timer in timers)


def _state_in_words(timer: Timer) -> str:
    if timer.runs_now:
        return "active"
    return "paused" if timer.is_paused_by_user else "stopped by Globus"


def _stopped_failure(plan: Plan, timer: Timer) -> GlobusError:
    return GlobusError(
        f"Globus stopped {plan.wanted.label} ({timer.id}), and it does not run ({describe_inactive(timer)}). To "
        "resume it with fresh credentials, set state: active or on_inactive: resume",
        code="inactive",
    )


def _stopped_warnings(timer: Timer, cure: str, name: str = "it") -> tuple[str, ...]:
    """Rule S7: a backup that died silently must not stay silent."""
    if not timer.is_stopped_by_service:
        return ()
    reason = describe_inactive(timer)
    return (f"Globus stopped {name}, and it does not run ({reason}); {cure} with fresh credentials",)


def _replaced_warnings(timer: Timer, name: str) -> tuple[str, ...]:
    """Warnings about a timer that is replaced by a new one (rules S7, W4d)."""
    if (timer.activity or {}).get("code") != "run_in_progress":
        return _stopped_warnings(timer, "a new timer replaces it", name)
    return (still_running_warning(name),)


def still_running_warning(name: str) -> str:
    """Rule W4d. The activity of some timers shows that they run; for others only the transfer task does."""
    return (
        f"{name} is running now and is replaced. If that run is not finished when the new timer first runs, Globus "
        "may refuse to transfer the same paths twice at the same time"
    )


def _never_worked_warnings(timer: Timer) -> tuple[str, ...]:
    """Rule I4."""
    if not timer.has_never_worked:
        return ()
    return (
        f"it has never worked: Globus counts {timer.errors} errors in {timer.runs} runs. To see why, use "
        "research_ops.globus.timer_info with runs",
    )


def _unknown_warnings(timer: Timer) -> tuple[str, ...]:
    """Rule D7."""
    if not timer.unknown:
        return ()
    return (f"this timer has {', '.join(timer.unknown)}, which the modules do not support and did not compare",)


def _not_replaceable_failure(plan: Plan, timer: Timer) -> GlobusError:
    """A new timer would lack something that the modules do not know (rules D7, D8)."""
    why = (
        f"its document cannot be parsed ({timer.unreadable})"
        if timer.unreadable
        else f"it has {', '.join(timer.unknown)}, which the modules do not support and a new timer would not have"
    )
    return GlobusError(
        f"timer {plan.wanted.name!r} ({timer.id}) was not replaced: {why}. To replace it anyway, "
        "delete the timer by its timer_id with state: absent and run the task again. To keep it, set on_drift to "
        "another value",
        code="not_replaceable",
    )


def _completed_warnings(schedule: Schedule, timer: Timer) -> tuple[str, ...]:
    """Rule I1: a second restore with the same name must not silently do nothing."""
    if schedule.start is not None:
        return ()
    last = f", the last at {format_instant(timer.last_run)}" if timer.last_run else ""
    return (f"it has completed all its runs{last}, so nothing was changed. To run it again, use another name",)


def _others_warnings(kept: Timer, others: Sequence[Timer], will_run: bool) -> tuple[str, ...]:
    """Warnings about timers that are deleted because an equal one is kept."""
    warnings = [
        f"Globus had stopped {other.id} ({describe_inactive(other)}); it is deleted, because {kept.id} is kept"
        for other in others
        if other.is_stopped_by_service
    ]
    paused = [other.id for other in others if other.is_paused_by_user]
    if will_run and kept.runs_now and len(paused) == len(others) > 0:
        warnings.append(f"it runs ({kept.id}), although the timers that it replaces are paused ({', '.join(paused)})")
    return tuple(warnings)


def _would_stop_failure(plan: Plan, timer: Timer, running: Sequence[str]) -> GlobusError:
    """Rule I3: a timer that runs is not deleted to keep one that does not."""
    return GlobusError(
        f"several timers are named {plan.wanted.name!r}: {timer.id} matches the definition but is "
        f"{_state_in_words(timer)}. Active, but different from the definition: {', '.join(running)}. The module "
        "does not delete a running timer to keep one that does not run. To resume the first and delete the "
        "others, set state: active. Or delete the timers that you do not need by their timer_id",
        code="ambiguous_name",
    )


def _drift_failure(plan: Plan, timer: Timer) -> GlobusError:
    return GlobusError(
        f"timer {plan.wanted.name or timer.name!r} ({timer.id}) differs from its definition: "
        f"{_drift_in_words(plan.drift)}. Globus can change nothing but the name of a timer. {_cure(plan.wanted)}",
        code="drift",
    )


def _drift_warnings(plan: Plan, schedule: Schedule) -> tuple[str, ...]:
    wanted, warnings = plan.wanted, []
    if plan.drift and wanted.on_drift == "warn":
        warnings.append(
            f"it differs from its definition and was left unchanged: {_drift_in_words(plan.drift)}. {_cure(wanted)}"
        )
    if schedule.follow and wanted.on_drift != "replace":
        warnings.append(
            "daylight_saving: follow only reports clock changes here; set on_drift: replace to replace the timer "
            "after a clock change"
        )
    return tuple(warnings)


def _cure(wanted: Wanted) -> str:
    cure = "To replace it, set on_drift: replace"
    if wanted.timer_id is not None:
        cure += " and, instead of timer_id, set a name that no other timer has"
    return cure


def _refusal_warnings(timer: Timer) -> tuple[str, ...]:
    """Warnings about an existing timer that the module would refuse to create (rules N3, N4)."""
    if timer.action is None:
        return ()
    definition = Definition(timer.name, timer.action, timer.schedule)
    coming = timer.next_run or timer.last_run or timer.submitted_at or _NEVER
    return tuple(
        f"it was left unchanged, but the module would refuse to create it: {why}"
        for why in refusals_of(definition, coming)
    )


def _count_warnings(schedule: Schedule, replaced: Sequence[Timer]) -> tuple[str, ...]:
    """A new timer counts its runs from zero. With only the remaining runs it would differ from its definition."""
    done = max((timer.runs for timer in replaced), default=0)
    if schedule.end_count is None or not done:
        return ()
    return (
        f"the new timer runs {schedule.end_count} times (end.count), in addition to the {done} runs of the old timer",
    )


def _skipped_warnings(schedule: Schedule, start: datetime | None, now: datetime) -> tuple[str, ...]:
    """Warnings about runs whose local time is skipped by a clock change: when they take place (rule D4)."""
    skipped = skipped_runs(schedule, start, now)
    if not skipped:
        return ()
    runs = ", ".join(
        f"the run of {wall:%Y-%m-%d %H:%M} takes place at {shown:%H:%M}"
        + (f" on {shown:%Y-%m-%d}" if shown.date() != wall.date() else "")
        for wall, shown in skipped
    )
    return (f"a clock change in {schedule.zone} skips the local time of a run, but no run is lost: {runs}",)
