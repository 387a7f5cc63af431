# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Plans for a list of timers, and what concerns several of them. Pure: no input or output.

These are entries that mean the same timer, mirrors that destroy each other's data, purging, and the limit of runs. What
happens to each timer is decided in ``plan``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from .._errors import GlobusError
from .definition import Transfer
from .document import Timer
from .overlap import Write, overlaps, rings_between, writes_of
from .plan import Plan, Wanted, plan_timer
from .refusals import overlap_refusal, ring_refusal
from .schedule import runs_per_minute

RATE_LIMIT = 1 + 1e-9  # runs a minute of all timers of an account (rule L2); the fraction allows for rounding


def plan_timers(wanted: Sequence[Wanted], timers: Collection[Timer], now: datetime) -> list[Plan]:
    """A plan for each wanted timer, in their order. The service lists the timers of the account once (rule I2)."""
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
    return _refuse_overlaps(_refuse_rings(_fail_contested(plans)))


def _fail_contested(plans: Sequence[Plan]) -> list[Plan]:
    """When two entries match one timer, the later one fails; both fail if the earlier one would delete it.

    A deletion cannot be undone, and nobody knows which of the two entries is meant.
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
    """Fail the plans that would create a mirror which destroys data together with others of the list (rule N4).

    If all of these mirrors exist already, a warning says so.
    """
    found = list(plans)
    mirrors = [
        write
        for number, plan in enumerate(plans)
        if isinstance(action := plan.action_after, Transfer) and action.delete_destination_extra
        for write in writes_of(action, number)
    ]
    for ring in rings_between(mirrors):
        plan = found[ring[0].owner]
        why = ring_refusal([plans[write.owner].wanted.label for write in ring], ring)
        if plan.creation is not None:
            found[ring[0].owner] = plan.refused(why)
        else:
            found[ring[0].owner] = _warned(plan, why)
    return found


def _refuse_overlaps(plans: Sequence[Plan]) -> list[Plan]:
    """Fail the plans that would create a mirror which deletes what another timer of the list writes (rule N4), or a
    timer that writes where an existing mirror would delete it.

    If both exist already, or the mirror is paused, a warning says so.
    """
    found = list(plans)
    actions = [plan.action_after for plan in plans]
    if not any(isinstance(action, Transfer) and action.delete_destination_extra for action in actions):
        return found
    writes: list[Write] = []
    for number, plan in enumerate(plans):
        if isinstance(action := plan.action_after, Transfer) and plan.failure is None:
            writes += writes_of(action, number)
    for mirror, written in overlaps(writes):
        if mirror.owner == written.owner:
            continue
        mirroring, writing = found[mirror.owner], found[written.owner]
        why = overlap_refusal(writing.wanted.label, mirror, written)
        if mirroring.wanted.state == "paused" or (mirroring.creation is None and writing.creation is None):
            found[mirror.owner] = _warned(mirroring, why)
        elif mirroring.creation is not None:
            found[mirror.owner] = mirroring.refused(why)
        elif mirroring.failure is None:
            found[written.owner] = writing.refused(f"{mirroring.wanted.label}: {why}")
    return found


def _warned(plan: Plan, why: str) -> Plan:
    """The plan with one more warning, unless it fails or has the warning already."""
    if plan.failure is not None or why in plan.warnings:
        return plan
    return replace(plan, warnings=(*plan.warnings, why))


# --- purging (rule W7) ---------------------------------------------------------------------------------------------


def plan_purge(
    wanted: Sequence[Wanted], timers: Collection[Timer], now: datetime, *, prefix: str, limit: int
) -> list[Plan]:
    """The plans that delete unfinished timers because the list does not contain them (rule W7).

    :param prefix: only timers whose names start with it are deleted.
    :raises GlobusError: if more than ``limit`` timers would be deleted.
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
            f"{limit}: {first}{', ...' if len(surplus) > 10 else ''}. Nothing was changed. If this is intended, "
            "raise purge_limit",
            code="purge_limit",
        )
    return [
        plan_timer(Wanted(name=timer.name, timer_id=timer.id, state="absent"), [timer], now)
        for timer in sorted(surplus, key=lambda timer: timer.order)
    ]


# --- the limit of runs (rule L2) -----------------------------------------------------------------------------------


def check_rates(plans: Sequence[Plan], timers: Collection[Timer], concurrency: int) -> None:
    """Rule L2: all timers of one user together may not run more than once a minute.

    Adds up the timers that run, those that are created or resumed, and the old timers that exist beside the new ones
    while they are replaced. Timers that are paused or deleted do not count, because ``execute`` does that first.

    :param concurrency: how many timers are replaced at the same time.
    :raises GlobusError: with the sum and the most frequent timers, before anything is changed.
    """
    resumed = {op.timer_id for plan in plans for op in plan.operations if op.operation == "resume"}
    deleted = {timer_id for plan in plans for timer_id in plan.deletes}
    creations = [plan.creation for plan in plans if plan.creation is not None]
    if not creations and not resumed:
        return
    paused = {op.timer_id for plan in plans for op in plan.operations if op.operation == "pause"}
    stopped = paused | {t.id for t in timers if t.is_inactive and t.id not in resumed}
    running = {t.id: t for t in timers if t.is_unfinished and t.id not in stopped}
    rates = [(runs_per_minute(timer.schedule), timer.name) for timer in running.values() if timer.id not in deleted]
    rates += [(runs_per_minute(creation.schedule), creation.name) for creation in creations]
    rates_of_replaced = sorted(
        (
            (sum(runs_per_minute(running[one].schedule) for one in plan.deletes if one in running), number)
            for number, plan in enumerate(plans)
            if plan.replaces
        ),
        reverse=True,
    )
    steady = sum(rate for rate, _name in rates)
    total = steady + sum(rate for rate, _number in rates_of_replaced[:concurrency])
    if total > RATE_LIMIT:
        worst = ", ".join(f"{name!r} {rate:.3g}" for rate, name in sorted(rates, reverse=True)[:5])
        rate_text = "more than 1" if f"{total:.3g}" == "1" else f"{total:.3g}"
        advice = "Give them longer intervals"
        if steady <= RATE_LIMIT:
            highest, number = rates_of_replaced[0]
            advice = _advice_on_replacing(plans[number], fits_alone=steady + highest <= RATE_LIMIT)
        raise GlobusError(
            f"All timers of this account together would start {rate_text} runs a minute; Globus allows 1. "
            f"Nothing was changed. The most frequent timers are (runs a minute): {worst}. {advice}",
            code="rate_limit",
        )


def _advice_on_replacing(plan: Plan, fits_alone: bool) -> str:
    """What to do if the new timers fit into the limit, but not together with the old ones.

    If the module deleted or paused the old timer first, a failure could leave no timer that runs (rule W4). So the
    user has to pause it: a paused timer does not count. ``state: active`` then lets the new timer run.
    """
    if fits_alone:
        return "While a timer is replaced, both timers count: set concurrency: 1 to replace one timer after another"
    return (
        f"While a timer is replaced, both timers count, which would exceed the limit. Pause {plan.wanted.label} "
        "first, in a task with only its name and state: paused; then replace it with state: active"
    )
