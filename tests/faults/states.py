# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random states of an account, tasks and faults, and the rules that must always hold.

The seed determines everything. The service is in memory, with a clock that runs the timers, so thousands of cases take
a minute. The plans and their execution are those of the collection.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.research_ops.globus.plugins.module_utils._apply.execute import Outcome, execute
from ansible_collections.research_ops.globus.plugins.module_utils._errors import GlobusError
from ansible_collections.research_ops.globus.plugins.module_utils._timers import schedule as schedules
from ansible_collections.research_ops.globus.plugins.module_utils._timers.definition import Definition
from ansible_collections.research_ops.globus.plugins.module_utils._timers.document import (
    Timer,
    timer_differences,
    write_timer,
)
from ansible_collections.research_ops.globus.plugins.module_utils._timers.plan import Plan, Wanted, plan_timer
from ansible_collections.research_ops.globus.plugins.module_utils._timers.plan_list import plan_purge, plan_timers
from unit.memory_service import MemoryService
from unit.samples import definition, sample

NAME, OTHER = "nightly", "other"
WINTER, SUMMER = datetime(2026, 1, 5, 12, tzinfo=schedules.UTC), datetime(2026, 6, 10, 12, tzinfo=schedules.UTC)
SCHEDULES: tuple[dict[str, Any], ...] = (
    {"interval": "1d", "at": "02:00"},
    {"interval": "1d", "at": "02:00", "timezone": "Europe/Berlin"},
    {"interval": "1d", "at": "02:00", "timezone": "Europe/Berlin", "daylight_saving": "follow"},
    {"interval": "1w", "at": "02:00", "weekday": "sunday", "timezone": "America/Chicago"},
    {"interval": "1w", "at": "02:00", "weekday": "sunday", "timezone": "America/Chicago", "daylight_saving": "follow"},
    {"interval": "4w", "at": "02:00", "timezone": "Europe/Berlin"},
    {"interval": "4w", "at": "02:00", "timezone": "Europe/Berlin", "daylight_saving": "follow"},
    {"interval": "1h"},
    {"interval": "1d", "start": "2025-11-03T04:00:00Z"},
    {"interval": "1d", "at": "02:00", "end": {"count": 400}},
)
CONSENT = {
    "cause": "globus_auth_requirements",
    "detail": {"code": "ConsentRequired", "authorization_parameters": {"required_scopes": []}},
}
BY_USER = {"cause": "user", "detail": None}


class Killed(BaseException):
    """The process of the task was killed."""


class Account(MemoryService):
    """A service whose clock runs its timers: ``n_runs``, ``next_run`` and missed runs depend on the time."""

    def __init__(self, shape: str = "as_sent", ids: Any = None) -> None:
        super().__init__(shape, ids)
        self.alters = False  # whether it stores new timers with other options than requested
        self.runs: dict[str, list[datetime]] = {}  # the moments of the runs of all timers, including deleted ones
        self.missed: set[str] = set()

    def put(self, document: dict[str, Any], **members: Any) -> str:
        """Store a timer that somebody created earlier."""
        submitted = members.pop("submitted", self.clock)
        timer_id = super().add(document, **members)
        self._stored[timer_id].created = submitted
        self._refresh(timer_id)
        return timer_id

    def add(self, document: Any, **members: Any) -> str:
        """Store the timer that a task requested, now or later."""
        if self.alters:
            document = {**document, "body": {**document["body"], "label": "cut"}}
        return super().add(document, **members)

    def create_timer(self, document: Any) -> Timer:
        timer = super().create_timer(document)
        self._refresh(timer.id)
        return timer

    def resume_timer(self, timer_id: str) -> None:
        super().resume_timer(timer_id)
        if timer_id in self.missed:
            self.missed.discard(timer_id)
            self._run(timer_id, self.clock)
        self._refresh(timer_id)

    def pause_timer(self, timer_id: str) -> None:
        super().pause_timer(timer_id)
        self._refresh(timer_id)

    def move_to(self, moment: datetime) -> None:
        """Move the clock: active timers run at their ticks, paused and stopped ones miss them."""
        for timer in self.timers():
            schedule = timer.schedule
            if not timer.is_unfinished or schedule.start is None:
                continue
            interval = schedule.interval
            tick = schedule.start if schedule.start > self.clock else None
            if tick is None and interval is not None:
                tick = schedules.next_tick(schedule.start, interval, self.clock)
            while tick is not None and tick <= moment:
                if timer.is_inactive:
                    self.missed.add(timer.id)
                else:
                    self._run(timer.id, tick)
                tick = tick + timedelta(seconds=interval) if interval else None
        self.clock = moment
        for timer in self.timers():
            self._refresh(timer.id)

    def has_unknown_member(self, timer_id: str) -> bool:
        """Whether a timer has a member that the collection does not know (rule D7)."""
        return "recursive_symlinks" in self._stored[timer_id].document["body"]

    def _run(self, timer_id: str, moment: datetime) -> None:
        stored = self._stored[timer_id]
        self.runs.setdefault(timer_id, []).append(moment)
        stored.members["n_runs"] = stored.members.get("n_runs", 0) + 1
        stored.members["last_ran_at"] = schedules.format_instant(moment)

    def _refresh(self, timer_id: str) -> None:
        """Set ``next_run`` as the service shows it: null if the timer does not run."""
        timer = self._read(timer_id)
        members, schedule = self._stored[timer_id].members, timer.schedule
        members.pop("next_run", None)
        tick = None
        if timer.is_unfinished and not timer.is_inactive and schedule.start is not None:
            tick = schedule.start if schedule.start > self.clock else None
            if tick is None and schedule.interval is not None:
                tick = schedules.next_tick(schedule.start, schedule.interval, self.clock)
        members["next_run"] = tick and schedules.format_instant(tick)


@dataclass
class Case:
    """A random case. ``str`` describes it in words, to investigate a failure.

    :ivar moved: the timers whose times differ from the wanted ones in every season.
    """

    seed: int
    account: Account
    wanted: Wanted
    ids: list[str]
    moved: set[str] = field(default_factory=set)
    story: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"seed {self.seed}:\n  " + "\n  ".join(self.story)


def build(seed: int) -> Case:
    """The case of a seed. The same seed always gives the same case."""
    chance = random.Random(seed)
    account = Account(chance.choice(("as_sent", "as_sent", "filled")))
    season = chance.random() < 0.2  # in summer, shortly before a run, a timer from winter that follows the clock (W4c)
    anchored = WINTER if season else chance.choice((WINTER, SUMMER))
    account.clock = anchored
    schedule = chance.choice([one for one in SCHEDULES if not season or "daylight_saving" in one])
    parameters = sample(schedule, name=NAME)
    target = definition(parameters, now=anchored)
    story = [f"schedule {schedule}, made at {anchored}, shown {account.shape}"]
    made = [_timer(chance, account, schedule, target, story) for _n in range(chance.choice((0, 1, 1, 1, 2, 2, 3)))]
    foreign = write_timer(definition(sample({"interval": "1d"}, name=OTHER), now=anchored), anchored)
    account.put(foreign, status="active")
    now = SUMMER if season else chance.choice((WINTER, SUMMER, SUMMER + timedelta(days=200)))
    account.move_to(max(now, anchored) + timedelta(minutes=chance.randrange(1, 60 * 24 * 28)))
    due = [timer.next_run for timer in account.unfinished(NAME) if timer.next_run]
    if due and (season or chance.random() < 0.3):  # shortly before a run, which a replacement could skip (W4c)
        account.move_to(max(account.clock, min(due) - timedelta(minutes=chance.randrange(1, 59))))
    options: dict[str, Any] = {
        "state": chance.choice(("present", "present", "active", "paused", "absent")),
        "on_drift": chance.choice(("replace", "replace", "replace", "warn", "ignore", "fail")),
    }
    if "on_inactive" in Wanted.__dataclass_fields__:
        options["on_inactive"] = chance.choice(("warn", "fail", "resume"))
    wanted = Wanted(name=NAME, definition=definition(parameters, now=account.clock), **options)
    account.alters = chance.random() < 0.1
    story.append(
        f"now {account.clock}; {options}{'; new timers are stored with other options' if account.alters else ''}"
    )
    moved = {timer_id for timer_id, kind in made if kind in ("phase", "interval")}
    return Case(seed, account, wanted, [timer_id for timer_id, _kind in made], moved, story)


def _timer(
    chance: random.Random, account: Account, schedule: dict[str, Any], target: Definition, story: list[str]
) -> tuple[str, str]:
    """Create a timer with the name, equal to the wanted one or not. Returns its ID, and the kind of its difference."""
    kinds = ("equal", "equal", "equal", "label", "phase", "interval", "unknown")
    kind = chance.choice(kinds[:-1] if account.shape == "filled" else kinds)  # this shape always has the unknown member
    options: dict[str, Any] = {}
    as_wanted = dict(schedule)
    if kind == "label":
        options["label"] = "of old"
    elif kind == "phase" and "at" in schedule:
        as_wanted["at"] = "05:30"
    elif kind == "interval":
        as_wanted = {"interval": "2d", **({"at": "02:00"} if "at" in schedule else {})}
    made = definition(sample(as_wanted, name=NAME, **options), now=account.clock)
    document = write_timer(made, schedules.first_run(made.schedule, account.clock))
    if kind == "unknown":
        document["body"]["recursive_symlinks"] = "copy"
    status = chance.choice(("active", "active", "loaded", "paused", "stopped", "stopped otherwise", "ended"))
    reason = {"paused": BY_USER, "stopped": CONSENT, "stopped otherwise": {"cause": "other", "detail": None}}.get(
        status
    )
    members: dict[str, Any] = {"status": "inactive" if reason else status, "inactive_reason": reason}
    runs = chance.choice((0, 0, 6))
    if runs:
        members["n_runs"] = runs
    if not reason and chance.random() < 0.2:
        members["activity"] = {"code": "run_in_progress", "start_timestamp": None, "duration_seconds": 60}
    submitted = account.clock - timedelta(minutes=chance.randrange(0, 5000))
    timer_id = account.put(document, submitted=submitted, **members)
    does = "in a run" if "activity" in members else "at rest"
    story.append(f"{timer_id[:8]} {kind}, {status}, {does}, {runs} runs, made {submitted}")
    return timer_id, kind


# --- tasks -----------------------------------------------------------------------------------------------------------


def plan(case: Case, as_list: bool) -> Plan:
    """The plan of the module ``timer`` or ``timers``."""
    account, wanted = case.account, case.wanted
    if as_list:
        return plan_timers([wanted], account.list_timers(), account.now())[0]
    return plan_timer(wanted, account.list_timers(wanted.name), account.now())


def task(case: Case, as_list: bool) -> Outcome:
    """Run the task."""
    return execute([plan(case, as_list)], case.account)[0]


# --- what must hold --------------------------------------------------------------------------------------------------


def equal_and_running(case: Case) -> set[str]:
    """IDs of the active timers that equal the definition."""
    wanted, now = case.wanted.definition, case.account.clock
    if wanted is None:  # state: absent
        return set()
    return {
        timer.id
        for timer in case.account.unfinished(case.wanted.name)
        if not timer.is_inactive and not timer_differences(wanted, timer, now)
    }


def equal_ones(case: Case) -> set[str]:
    """IDs of the timers that equal the definition, active or not."""
    wanted, now = case.wanted.definition, case.account.clock
    if wanted is None:
        return set()
    return {
        timer.id for timer in case.account.unfinished(case.wanted.name) if not timer_differences(wanted, timer, now)
    }


def watch(case: Case) -> Callable[[], None]:
    """A check to run before every request: the timers that must exist do exist (W4, I3, D7)."""
    account, wanted = case.account, case.wanted
    before = {timer.id: timer for timer in account.unfinished(wanted.name)}
    running = {key for key, timer in before.items() if not timer.is_inactive}
    equal = equal_and_running(case)
    all_equal = equal_ones(case)
    foreign = [timer for timer in account.timers() if timer.name == OTHER]
    unknown = {key for key in before if account.has_unknown_member(key)}

    # W4a: a run that replaced paused timers may have been killed before it paused the new timer, which has not run
    cut_short = (
        wanted.state == "present"
        and any(timer.is_paused_by_user for timer in before.values())
        and not any(before[key].runs for key in running)
    )

    def check() -> None:
        existing = {timer.id: timer for timer in account.unfinished(wanted.name)}
        assert [timer for timer in account.timers() if timer.name == OTHER] == foreign, (
            "a timer with another name was changed"
        )
        if wanted.state == "absent":
            return
        assert existing or not before, "W4: no timer is left"
        gone = before.keys() - existing.keys()
        assert not gone & unknown, "D7: a timer with an unknown member was deleted"
        if gone:
            assert wanted.on_drift == "replace", "I3: something was deleted without on_drift: replace"
        active = {key for key, timer in existing.items() if not timer.is_inactive}
        if wanted.state != "paused" and not cut_short:
            assert not running or active, "I3: there were active timers, and now there are none"
            assert not equal or any(key in active for key in equal | (existing.keys() - before.keys())), (
                "I3: no equal timer is active"
            )
            paused = {key for key in running & existing.keys() if existing[key].is_inactive and before[key].runs}
            assert not paused, "I3: a timer that has run was paused"
        if equal:
            survivors = equal & existing.keys()
            if wanted.state == "paused":  # all are paused in the end, so any equal timer may remain
                survivors = all_equal & existing.keys()
            assert survivors or existing.keys() - before.keys(), "I3: the running equal timer was deleted"

    return check


def check_no_run_is_skipped(case: Case, before: list[Timer], outcome: Outcome, now: datetime) -> None:
    """W4c: the first run after a replacement is at most half an interval after the next run of the old timer."""
    wanted = case.wanted.definition
    if case.wanted.state == "paused" or wanted is None or not outcome.plan.replaces or outcome.failure is not None:
        return
    interval = wanted.schedule.interval
    running = [timer for timer in before if not timer.is_inactive and timer.next_run]
    if not running or interval is None or case.moved & {timer.id for timer in running}:
        return  # times that the user changed take effect at once
    old = min(timer.next_run for timer in running if timer.next_run)
    new = [
        timer.next_run
        for timer in case.account.unfinished(case.wanted.name)
        if timer.next_run and not timer.is_inactive
    ]
    assert new, "W4c: no timer has a next run"
    assert min(new) <= old + timedelta(seconds=interval / 2), f"W4c: {old} is skipped, the next is {min(new)}"


def settle(case: Case, as_list: bool) -> None:
    """Run the task without faults until nothing is left to do. If it waits for a time, move the clock."""
    account = case.account
    for _attempt in range(6):
        check = watch(case)
        account.before = check
        before, now = account.unfinished(NAME), account.clock
        late = bool(account._late)  # an earlier creation that is carried out now, as if by another run
        planned = plan(case, as_list)
        outcome = execute([planned], account)[0]
        account.before = lambda: None
        check()
        check_no_run_is_skipped(case, before, outcome, now)
        if outcome.failure is not None and outcome.failure.code == "stored_differently":
            assert account.alters, outcome.failure.message
            kept, existing = {timer.id for timer in before}, {timer.id for timer in account.unfinished(NAME)}
            assert kept == existing or (late and kept < existing), "W4b: the old timer was not kept"
            return
        if outcome.failure is None and not late:
            kinds = [(one.operation, one.name) for one in planned.operations]
            assert kinds == [(one.operation, one.name) for one in outcome.operations], (
                "W1: check mode reported other operations"
            )
        if not outcome.operations:
            waits = [timer.next_run for timer in account.unfinished(NAME) if timer.next_run]
            if not any("wait" in warning for warning in outcome.warnings) or not waits:
                return
            account.move_to(min(waits) + timedelta(minutes=1))
    raise AssertionError(
        f"the task does not converge: {[str(one) for one in outcome.plan.drift]}, {outcome.operations}"
    )


FAULTS = ("ok", "ok", "lost", "answer_lost", "refused", "late")


def trouble(case: Case, chance: random.Random, as_list: bool) -> None:
    """Run the task while answers are lost, requests are refused, or the process is killed."""
    account = case.account
    account.faults = {
        operation: [chance.choice(FAULTS if operation == "create" else FAULTS[:5]) for _n in range(4)]
        for operation in chance.sample(("create", "list", "get", "delete", "pause", "resume"), 2)
    }
    deadline = chance.choice((None, chance.randrange(1, 9)))
    check = watch(case)

    def before() -> None:
        check()
        if deadline is not None and len(account.requests) >= start + deadline:
            raise Killed

    start, existing, now = len(account.requests), account.unfinished(NAME), account.clock
    account.before = before
    try:
        outcome = task(case, as_list)
        account.before = lambda: None
        check_no_run_is_skipped(case, existing, outcome, now)
    except (GlobusError, Killed):
        pass
    finally:
        account.before, account.faults = (lambda: None), {}
    check()


def examine(seed: int) -> None:
    """Test a whole case. Raises AssertionError, with the story of the case, if a rule is broken."""
    case = build(seed)
    chance = random.Random(f"faults {seed}")
    as_list = chance.random() < 0.3
    try:
        if chance.random() < 0.5:
            trouble(case, chance, as_list)
        settle(case, as_list)
        if chance.random() < 0.2:
            _purge(case)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{case}") from error


def _purge(case: Case) -> None:
    """A purge by a list without this timer deletes the timers with the prefix, and no others."""
    keep = Wanted(name=f"{NAME}-kept", definition=case.wanted.definition)
    timers = case.account.list_timers()
    plans = plan_purge([keep], timers, case.account.now(), prefix=NAME, limit=10)
    execute(plans, case.account)
    assert not case.account.unfinished(NAME)
    assert case.account.unfinished(OTHER)
