# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Wanted + existing -> what to do: operations, drift, before and after (pure).

One plan serves the real run, check mode and diff mode alike, so they cannot disagree (rule W1). Carrying a plan out is
the business of ``_apply.execute``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from .._errors import GlobusError
from . import schedule as _schedule
from .definition import (
    Action,
    Definition,
    Difference,
    Flow,
    Transfer,
    action_as_options,
    schedule_as_options,
)
from .document import (
    Timer,
    definition_of,
    timer_differences,
)
from .health import describe_inactive
from .overlap import rings_between, writes_of
from .refusals import refusals_of, ring_refusal
from .schedule import Schedule

# Time between creating a timer and pausing it, generously, within which it must not run (rule W4a)
PAUSE_MARGIN = timedelta(minutes=5)
# A first run is planned at least this far ahead: the service refuses a start that is past when the request arrives
START_MARGIN = timedelta(seconds=2)


@dataclass(frozen=True)
class Wanted:
    """One timer as a task asks for it.

    :ivar state: ``present``, ``active``, ``paused`` or ``absent``.
    :ivar on_drift: ``warn``, ``ignore``, ``fail`` or ``replace``.
    :ivar check_paths: whether to look at the paths before the timer is created.
    """

    name: str
    timer_id: str | None = None
    state: str = "present"
    on_drift: str = "warn"
    check_paths: bool = False
    definition: Definition | None = None

    @property
    def label(self) -> str:
        """What to call the timer in a message."""
        return f"timer {self.name!r}" if self.name else f"timer {self.timer_id}"


@dataclass(frozen=True)
class Operation:
    """One write.

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
    """What is to be done for one wanted timer.

    :ivar timer: the timer that is there already and stays, or is replaced.
    :ivar operations: in the order in which they are done. Nothing is deleted before its successor is created (W4).
    :ivar creation: what ``create`` makes; its schedule's start is the first run (None: when it is created).
    :ivar known: IDs of all timers of the name, ended ones too, that were there before (rules W2, W3).
    :ivar warnings: without the name of the timer, so that those of many timers can be told together.
    :ivar failure: why nothing can be done; the operations are empty then.
    """

    wanted: Wanted
    timer: Timer | None = None
    operations: tuple[Operation, ...] = ()
    creation: Definition | None = None
    drift: tuple[Difference, ...] = ()
    known: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()
    failure: GlobusError | None = None
    before: Mapping[str, Any] = field(default_factory=dict, hash=False)
    after: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def deletes(self) -> frozenset[str]:
        """IDs of the timers that are deleted."""
        return frozenset(op.timer_id for op in self.operations if op.operation == "delete" and op.timer_id)

    @property
    def concerns(self) -> frozenset[str]:
        """IDs of the timers that the plan is about: the one that stays or is replaced, and those that are deleted."""
        return self.deletes | ({self.timer.id} if self.timer else set())

    @property
    def pauses(self) -> bool:
        return any(operation.operation == "pause" for operation in self.operations)

    @property
    def replaces(self) -> bool:
        return self.creation is not None and bool(self.deletes)

    @property
    def collections(self) -> tuple[str, ...]:
        """IDs of the collections to look up: only where a timer is created or resumed (rule S1)."""
        return self.starts.collections if self.starts else ()

    @property
    def flows(self) -> tuple[str, ...]:
        """IDs of the flows to look up, likewise."""
        return (self.starts.flow_id,) if isinstance(self.starts, Flow) else ()

    @property
    def starts(self) -> Action | None:
        """What a timer that is created or resumed does: it needs consents first."""
        if self.creation is not None:
            return self.creation.action
        resumes = any(operation.operation == "resume" for operation in self.operations)
        return self.timer.action if resumes and self.timer else None

    @property
    def will_do(self) -> Action | None:
        """What the timer does that is there in the end; None where there is none, or it is not known."""
        if self.creation is not None:
            return self.creation.action
        return self.timer.action if self.timer and self.timer.id not in self.deletes else None

    def failed(self, failure: GlobusError) -> Plan:
        """The plan that does nothing but fail; its diff shows no change."""
        return replace(self, failure=failure, operations=(), creation=None, after=self.before)


def plan_timer(wanted: Wanted, timers: Collection[Timer], now: datetime) -> Plan:
    """The plan for one wanted timer.

    :param timers: what the service has: the timer of the wanted ID, and all those of the wanted name (others are
        passed over).
    :param now: the service's clock.
    """
    if wanted.timer_id is not None:
        return _plan_by_id(wanted, timers, now)
    known = frozenset(timer.id for timer in timers if timer.name == wanted.name)
    matched = sorted((t for t in timers if t.name == wanted.name and t.is_unfinished), key=lambda timer: timer.order)
    plan = Plan(wanted, known=known, timer=matched[0] if matched else None, before=shown(matched))
    plan = replace(plan, after=plan.before)
    if wanted.state == "absent":
        return _delete(plan, matched)
    if not matched:
        return _plan_missing(plan, [t for t in timers if t.name == wanted.name and t.is_ended], now)
    if len(matched) > 1:
        return _plan_several(plan, matched, now)
    return _plan_existing(plan, matched[0], now)


def plan_timers(wanted: Sequence[Wanted], timers: Collection[Timer], now: datetime) -> list[Plan]:
    """The plans for a list of wanted timers, in its order, from one list of all timers of the account (rule I2)."""
    by_name: dict[str, list[Timer]] = {}
    by_id: dict[str, Timer] = {}
    for timer in timers:
        by_name.setdefault(timer.name, []).append(timer)
        by_id[timer.id] = timer
    plans = []
    for entry in wanted:
        candidates = list(by_name.get(entry.name, ())) if entry.name else []
        if entry.timer_id in by_id and by_id[entry.timer_id] not in candidates:
            candidates.append(by_id[entry.timer_id])
        plans.append(plan_timer(entry, candidates, now))
    return _refuse_rings(_fail_contested(plans))


def _fail_contested(plans: Sequence[Plan]) -> list[Plan]:
    """The plans; of two that concern one timer the second fails, and the first too if it deletes what the second is to
    have: then nobody knows what is meant, and a deletion cannot be taken back.
    """
    firsts: dict[str, int] = {}
    contested: dict[int, tuple[int, str]] = {}  # plan -> the other plan, the timer
    for number, plan in enumerate(plans):
        for timer_id in sorted(plan.concerns):
            first = firsts.setdefault(timer_id, number)
            if first != number:
                contested.setdefault(number, (first, timer_id))
                if timer_id in plans[first].deletes and timer_id not in plan.deletes:
                    contested.setdefault(first, (number, timer_id))
    return [
        _contested(plan, plans[contested[number][0]], contested[number][1]) if number in contested else plan
        for number, plan in enumerate(plans)
    ]


def _contested(plan: Plan, other: Plan, timer_id: str) -> Plan:
    return plan.failed(
        GlobusError(
            f"{plan.wanted.label} is the same timer as {other.wanted.label} in this list ({timer_id})",
            code="listed_twice",
        )
    )


def _refuse_rings(plans: Sequence[Plan]) -> list[Plan]:
    """The plans; those fail that would create a mirror which, with others of the list, destroys data (rule N4). Where
    all of the mirrors are there already, a warning says so.
    """
    found = list(plans)
    mirrors = [
        write
        for number, plan in enumerate(plans)
        if isinstance(action := plan.will_do, Transfer) and action.delete_destination_extra
        for write in writes_of(action, number)
    ]
    for ring in rings_between(mirrors):
        plan = found[ring[0].owner]
        why = ring_refusal([plans[write.owner].wanted.label for write in ring], ring)
        if plan.creation is not None:
            found[ring[0].owner] = plan.failed(_refused(plan.wanted, why))
        elif plan.failure is None and why not in plan.warnings:
            found[ring[0].owner] = replace(plan, warnings=(*plan.warnings, why))
    return found


def _refused(wanted: Wanted, why: str) -> GlobusError:
    return GlobusError(f"{wanted.label} cannot be created: {why}", code="invalid_input")


def plan_purge(
    wanted: Sequence[Wanted], timers: Collection[Timer], now: datetime, *, prefix: str, limit: int
) -> list[Plan]:
    """The plans that delete the unfinished timers of the scope which the list does not name (rule W7).

    :param prefix: the scope: names that start with it.
    :raises GlobusError: where more than ``limit`` timers would be deleted.
    """
    names = {entry.name for entry in wanted if entry.name}
    ids = {entry.timer_id for entry in wanted}
    surplus = [
        timer
        for timer in timers
        if timer.is_unfinished and timer.name.startswith(prefix) and timer.name not in names and timer.id not in ids
    ]
    if len(surplus) > limit:
        first = ", ".join(sorted(repr(timer.name) for timer in surplus)[:10])
        raise GlobusError(
            f"purge would delete {len(surplus)} timers whose names start with {prefix!r}, more than purge_limit "
            f"{limit}: {first}{', ...' if len(surplus) > 10 else ''}. Nothing was done; raise purge_limit if that is "
            "meant",
            code="purge_limit",
        )
    return [
        plan_timer(Wanted(name=timer.name, timer_id=timer.id, state="absent"), [timer], now)
        for timer in sorted(surplus, key=lambda timer: timer.order)
    ]


def check_rates(plans: Sequence[Plan], timers: Collection[Timer], concurrency: int) -> None:
    """Rule L2: all timers of one user together may not run more than once a minute.

    Adds up what is there and runs, what is to be created or resumed, and the old timers that replacements hold for a
    moment beside the new ones. What is paused or deleted makes room: ``execute`` does that first.

    :raises GlobusError: with the sum and the worst contributors, before anything is written.
    """
    resumed = {op.timer_id for plan in plans for op in plan.operations if op.operation == "resume"}
    deleted = {timer_id for plan in plans for timer_id in plan.deletes}
    creations = [plan.creation for plan in plans if plan.creation is not None]
    if not creations and not resumed:
        return
    paused = {op.timer_id for plan in plans for op in plan.operations if op.operation == "pause"}
    stopped = paused | {t.id for t in timers if t.is_inactive and t.id not in resumed}
    running = {t.id: t for t in timers if t.is_unfinished and t.id not in stopped}
    rates = [(_rate(timer.schedule), timer.name) for timer in running.values() if timer.id not in deleted]
    rates += [(_rate(creation.schedule), creation.name) for creation in creations]
    held = sorted(
        (
            sum(_rate(running[op.timer_id].schedule) for op in plan.operations if op.timer_id in running)
            for plan in plans
            if plan.replaces
        ),
        reverse=True,
    )
    total = sum(rate for rate, _name in rates) + sum(held[:concurrency])
    if total > 1 + 1e-9:
        worst = ", ".join(f"{name!r} {rate:.3g}" for rate, name in sorted(rates, reverse=True)[:5])
        often = "more than 1" if f"{total:.3g}" == "1" else f"{total:.3g}"
        raise GlobusError(
            f"All timers of this account together would run {often} times a minute; the service allows once a "
            f"minute. Nothing was done. The most frequent are (runs a minute): {worst}. Give them longer intervals",
            code="rate_limit",
        )


def _rate(schedule: Schedule) -> float:
    return _schedule.runs_per_minute([schedule])


# --- by ID (rule I5) -----------------------------------------------------------------------------------------------


def _plan_by_id(wanted: Wanted, timers: Collection[Timer], now: datetime) -> Plan:
    timer = next((t for t in timers if t.id == wanted.timer_id), None)
    plan = Plan(wanted, timer=timer)
    if timer is None or not timer.is_unfinished:
        if wanted.state == "absent":
            return replace(plan, timer=None)
        why = "does not exist or is not yours" if timer is None else f"has status {timer.status}"
        return plan.failed(
            GlobusError(
                f"Timer {wanted.timer_id} {why}. A timer chosen by timer_id is never created anew: remove timer_id to "
                "look it up, and create it, by name",
                code="timer_not_found",
            )
        )
    plan = replace(plan, before=shown([timer]), after=shown([timer]))
    if wanted.state == "absent":
        return _delete(plan, [timer])
    namesakes = [t.id for t in timers if t.name == wanted.name and t.is_unfinished and t.id != timer.id]
    renamed = bool(wanted.name) and wanted.name != timer.name
    if renamed and namesakes:
        return plan.failed(
            GlobusError(
                f"Timer {timer.id} cannot be renamed to {wanted.name!r}: timer {namesakes[0]} has that name already",
                code="name_taken",
            )
        )
    plan = _plan_existing(plan, timer, now)
    if renamed and not plan.failure:
        rename = Operation("rename", timer.id, wanted.name)
        plan = replace(plan, operations=(rename, *plan.operations), after={**plan.after, "name": wanted.name})
    return plan


# --- by name (rules I1, I3) ----------------------------------------------------------------------------------------


def _plan_missing(plan: Plan, ended: Sequence[Timer], now: datetime) -> Plan:
    """No unfinished timer of the name is there."""
    wanted, definition = plan.wanted, plan.wanted.definition
    if definition is None:
        return plan.failed(
            GlobusError(
                f"There is no timer named {wanted.name!r} to be {wanted.state}. Give transfer (or flow) and schedule "
                "to have it created, or check the spelling (names are case-sensitive)",
                code="timer_not_found",
            )
        )
    for timer in sorted(ended, key=lambda t: t.order):
        if _completed(definition, timer, now):
            return replace(plan, timer=timer, before=shown([timer]), after=shown([timer]))
    over = _schedule.is_over(definition.schedule, now)
    if over is not None and now - over > _schedule.HISTORY:
        warning = (
            f"it was to run for the last time at {_schedule.format_instant(over)}, more than 90 days ago; the service "
            "no longer knows whether it did. Nothing was done: remove it from the play"
        )
        return replace(plan, warnings=(*plan.warnings, warning))
    return _create(plan, definition, [], now)


def _completed(definition: Definition, timer: Timer, now: datetime) -> bool:
    """Whether an ended timer did all that the definition asks for (rule I1)."""
    schedule = definition.schedule
    begins_later = schedule.interval is not None and schedule.start is not None and schedule.start > now
    return schedule.ends and not begins_later and not timer_differences(definition, timer, now)


def _drift(definition: Definition, timer: Timer, now: datetime) -> tuple[Difference, ...]:
    """Where an unfinished timer differs from the definition.

    For a paused one a start within the margin counts as past: a timer that could not have been paused before it was
    created with its next run as the first (rule W4a).
    """
    start = definition.schedule.start
    if timer.is_paused_by_user and start is not None and now < start <= now + PAUSE_MARGIN:
        now = start
    return tuple(timer_differences(definition, timer, now))


def _plan_several(plan: Plan, matched: Sequence[Timer], now: datetime) -> Plan:
    """Rule I3: names are not unique on the service."""
    wanted, definition = plan.wanted, plan.wanted.definition
    if wanted.on_drift != "replace" or definition is None:
        return plan.failed(
            GlobusError(
                f"{len(matched)} unfinished timers are named {wanted.name!r}: {', '.join(t.id for t in matched)}. "
                "Choose one with timer_id, or let on_drift: replace keep one that equals the definition and delete "
                "the others",
                code="ambiguous_name",
            )
        )
    equal = [timer for timer in matched if not _drift(definition, timer, now)]
    if not equal:
        plan = replace(plan, drift=_drift(definition, matched[0], now))
        return _create(plan, definition, matched, now)
    kept = equal[0]
    plan = replace(plan, timer=kept, after=shown([kept]))
    plan = _plan_existing(plan, kept, now)
    if wanted.state == "present" and not kept.is_inactive and _cut_short(kept, [t for t in matched if t not in equal]):
        warning = "it was paused, because the timers that it replaces are"
        pause = Operation("pause", kept.id, kept.name)
        plan = replace(
            plan, operations=(pause,), after={**plan.after, "state": "paused"}, warnings=(*plan.warnings, warning)
        )
    elif wanted.state == "present" and kept.is_paused_by_user and not all(t.is_inactive for t in matched):
        warning = f"it is paused ({kept.id}), and those of its name that ran are deleted; state: active resumes it"
        plan = replace(plan, warnings=(*plan.warnings, warning))
    others = tuple(Operation("delete", t.id, t.name) for t in matched if t is not kept)
    return replace(plan, operations=(*plan.operations, *others))


def _cut_short(kept: Timer, replaced: Sequence[Timer]) -> bool:
    """Whether a run that replaced paused timers seems to have ended before it paused the new one (rule W4)."""
    return bool(replaced) and all(
        timer.is_paused_by_user and timer.order[0] <= kept.order[0]  # to the second
        for timer in replaced
    )


def _plan_existing(plan: Plan, timer: Timer, now: datetime) -> Plan:
    """Exactly one timer is meant: look at its drift, then at its state."""
    wanted, definition = plan.wanted, plan.wanted.definition
    warnings = (*_inactive_warnings(wanted, timer), *_wrong_warnings(timer))
    plan = replace(plan, warnings=(*plan.warnings, *warnings))
    if definition is not None:
        drift = _drift(definition, timer, now)
        plan = replace(plan, drift=drift)
        if drift and wanted.on_drift == "replace":
            return _create(plan, definition, [timer], now)
        cure = "on_drift: replace replaces it"
        if wanted.timer_id is not None:
            cure += ", but not by its timer_id: choose it by a name that no other timer has"
        if drift and wanted.on_drift == "fail":
            return plan.failed(
                GlobusError(
                    f"timer {wanted.name or timer.name!r} ({timer.id}) differs from its definition: {_listed(drift)}. "
                    f"The service can change nothing but its name; {cure}",
                    code="drift",
                )
            )
        if drift and wanted.on_drift == "warn":
            warning = f"it differs from its definition and was left as it is: {_listed(drift)}. {cure}"
            plan = replace(plan, warnings=(*plan.warnings, warning))
        if definition.schedule.follow and wanted.on_drift != "replace":
            warning = (
                "daylight_saving: follow can only tell of a clock change here; with on_drift: replace it re-anchors "
                "the timer"
            )
            plan = replace(plan, warnings=(*plan.warnings, warning))
    return _plan_state(plan, timer)


def _plan_state(plan: Plan, timer: Timer) -> Plan:
    if plan.wanted.state == "active" and timer.is_inactive:
        resume = Operation("resume", timer.id, timer.name)
        return replace(plan, operations=(*plan.operations, resume), after={**plan.after, "state": "active"})
    if plan.wanted.state == "paused" and not timer.is_inactive:
        pause = Operation("pause", timer.id, timer.name)
        return replace(plan, operations=(*plan.operations, pause), after={**plan.after, "state": "paused"})
    return plan


# --- creating and deleting -----------------------------------------------------------------------------------------


def _delete(plan: Plan, timers: Sequence[Timer]) -> Plan:
    operations = tuple(Operation("delete", timer.id, timer.name) for timer in timers)
    return replace(plan, operations=operations, after={})


def _create(plan: Plan, definition: Definition, replaced: Sequence[Timer], now: datetime) -> Plan:
    """Create the timer, and then delete those it replaces (rule W4)."""
    wanted = plan.wanted
    over = _schedule.is_over(definition.schedule, now)
    if over is not None:
        return plan.failed(
            GlobusError(
                f"{wanted.label} cannot be created: the time of its last run, {_schedule.format_instant(over)}, has "
                "passed, and no timer of this name completed the definition. Give it a later time, or state: absent",
                code="schedule_over",
            )
        )
    for why in refusals_of(definition.action):
        return plan.failed(_refused(wanted, why))
    paused = wanted.state == "paused" or (
        wanted.state == "present" and bool(replaced) and all(timer.is_paused_by_user for timer in replaced)
    )
    old = replaced[0] if replaced else None
    if not paused:
        start = _first_run(definition.schedule, old, now + START_MARGIN)
    else:
        start = _first_run_after_pause(definition.schedule, old, now)
        if start is None:
            return plan.failed(
                GlobusError(
                    f"{wanted.label} cannot be created paused: it is to run once, at once or within "
                    f"{PAUSE_MARGIN // timedelta(minutes=1)} minutes, and could run before the pause. Give "
                    "schedule.start a later time",
                    code="would_run_before_pause",
                )
            )
    creation = replace(definition, schedule=replace(definition.schedule, start=start))
    operations = [Operation("create", None, wanted.name)]
    if paused:
        operations.append(Operation("pause", None, wanted.name))
    operations += [Operation("delete", timer.id, timer.name) for timer in replaced]
    warnings = [*_skipped_warnings(definition.schedule, start, now), *_count_warnings(definition.schedule, replaced)]
    return replace(
        plan,
        operations=tuple(operations),
        creation=creation,
        warnings=(*plan.warnings, *warnings),
        after=_shown_definition(creation, "paused" if paused else "active"),
    )


def first_run_again(creation: Definition, now: datetime) -> datetime | None:
    """The first run to ask for when a creation is tried (again): the planned one, or the next where it has passed."""
    schedule = creation.schedule
    if schedule.interval is None or schedule.start is None or schedule.start > now:
        return schedule.start
    return _schedule.first_run(schedule, now, keep=schedule.start)


def _first_run(schedule: Schedule, replaced: Timer | None, after: datetime) -> datetime | None:
    """The start to ask for: what the schedule sets, else the next tick of the timer it replaces (rule W4).

    Of another interval the first tick of that phase: who has a weekly timer run daily does not wait for a week.
    """
    coming = None if replaced is None else _next_tick(replaced, after)
    start = _schedule.first_run(schedule, after, keep=coming)
    if start is not None or replaced is None or coming is None:
        return start
    if schedule.interval is None or schedule.interval == replaced.schedule.interval:
        return coming
    interval = timedelta(seconds=schedule.interval)
    return coming - (coming - after - timedelta(seconds=1)) // interval * interval


def _first_run_after_pause(schedule: Schedule, replaced: Timer | None, now: datetime) -> datetime | None:
    """A first run that leaves time for the pause (rule W4a), or None where there is none."""
    pause = now + PAUSE_MARGIN
    start = _first_run(schedule, replaced, pause)
    if start is None and schedule.interval is not None:
        start = _schedule.next_tick(now + timedelta(seconds=schedule.interval), schedule.interval, pause)
    return start if start is not None and start > pause else None


def _next_tick(timer: Timer, after: datetime) -> datetime | None:
    """When a timer runs next, later than ``after``; None where it does not."""
    if timer.next_run is not None and timer.next_run > after:
        return timer.next_run
    if timer.schedule.start is not None and timer.schedule.interval is not None:
        return _schedule.next_tick(timer.schedule.start, timer.schedule.interval, after)
    return None


# --- what is shown and said ----------------------------------------------------------------------------------------


def _listed(drift: Sequence[Difference]) -> str:
    return "; ".join(str(difference) for difference in drift)


def shown(timers: Sequence[Timer]) -> dict[str, Any]:
    """A timer in a diff. Of several timers of one name the first, and how many there are."""
    if not timers:
        return {}
    timer = timers[0]
    found: dict[str, Any] = {**(definition_of(timer) or {"name": timer.name, "type": timer.type})}
    if timer.is_ended:
        found["state"] = "ended"
    elif timer.is_inactive:
        found["state"] = "paused" if timer.is_paused_by_user else "inactive"
    else:
        found["state"] = "active"
    if len(timers) > 1:
        found["timers_of_this_name"] = len(timers)
    return found


def _shown_definition(definition: Definition, state: str) -> dict[str, Any]:
    return {
        "name": definition.name,
        **action_as_options(definition.action),
        "schedule": schedule_as_options(definition.schedule),
        "state": state,
    }


def _inactive_warnings(wanted: Wanted, timer: Timer) -> tuple[str, ...]:
    """Rule S7: a backup that died silently must not stay silent."""
    if not timer.is_inactive or timer.is_paused_by_user:
        return ()
    reason = describe_inactive(timer)
    cure = "it is resumed now" if wanted.state == "active" else "state: active resumes it"
    return (f"the service stopped it, and it does not run ({reason}); {cure} with fresh credentials",)


def _wrong_warnings(timer: Timer) -> tuple[str, ...]:
    """What is wrong with a timer that would not be created today (rules N3, N4)."""
    if timer.action is None:
        return ()
    return tuple(f"it is left as it is, but would not be created like this: {why}" for why in refusals_of(timer.action))


def _count_warnings(schedule: Schedule, replaced: Sequence[Timer]) -> tuple[str, ...]:
    """A count of runs cannot be handed on: a timer with what is left of it would differ from its definition."""
    done = max((timer.runs for timer in replaced), default=0)
    if schedule.end_count is None or not done:
        return ()
    return (f"it counts its {schedule.end_count} runs anew (end.count), after {done} of the timer that it replaces",)


def _skipped_warnings(schedule: Schedule, start: datetime | None, now: datetime) -> tuple[str, ...]:
    """A local time that a clock change skips: say what will happen (rule D4)."""
    skipped = _schedule.skipped_runs(schedule, start, now)
    if not skipped:
        return ()
    runs = ", ".join(
        f"of {wall:%Y-%m-%d %H:%M} comes at {shown:%H:%M}"
        + (f" on {shown:%Y-%m-%d}" if shown.date() != wall.date() else "")
        for wall, shown in skipped
    )
    return (f"a clock change in {schedule.zone} skips the local time of a run; none is lost: the run {runs}",)
