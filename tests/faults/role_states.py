# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The random search with the role: jobs -> ``backup_timers`` -> ``timers``.

A play of the role created timers. Then time passed, people changed the timers, and the jobs were changed. Now the play
runs again, with faults and kills, until nothing is left to do: on the service in memory or, with the module itself over
HTTP, on the local Globus. The seed determines everything.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import pytest
import requests
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.research_ops.globus.plugins.filter.backup_timers import backup_timers
from ansible_collections.research_ops.globus.plugins.module_utils._apply.execute import execute
from ansible_collections.research_ops.globus.plugins.module_utils._arguments import timers_arguments
from ansible_collections.research_ops.globus.plugins.module_utils._errors import GlobusError
from ansible_collections.research_ops.globus.plugins.module_utils._globus.auth_requirements import with_requirements
from ansible_collections.research_ops.globus.plugins.module_utils._timers import schedule as schedules
from ansible_collections.research_ops.globus.plugins.module_utils._timers.document import (
    Timer,
    read_timer,
    write_timer,
)
from ansible_collections.research_ops.globus.plugins.module_utils._timers.options import parse_wanted_list
from ansible_collections.research_ops.globus.plugins.module_utils._timers.plan import Wanted
from ansible_collections.research_ops.globus.plugins.module_utils._timers.plan_list import (
    check_rates,
    plan_purge,
    plan_timers,
)
from emulator.control import LocalGlobus
from emulator.plain import MAPPED, MAPPED_TOO, Api
from faults.states import BY_USER, CONSENT, FAULTS, OTHER, SUMMER, WINTER, Account, Case, Killed, watch
from integration import in_process
from unit.samples import definition, sample

PREFIX = "lab-"
ZONES = ("UTC", "Europe/Berlin", "America/Chicago")
SCHEDULES = ("nightly", "daily", "every_6_hours", "weekly", "fortnightly", "weekdays", "rotating_weekdays", "own")
LONG = ("monthly", "grandfather_father_son")  # a dozen timers or more
OWN = {"own": {"interval": "3d", "at": "04:00"}}
FATES = ("kept",) * 9 + ("missing", "twice", "paused", "stopped", "label", "phase", "unknown")
OPERATION_OF = {"POST": "create", "DELETE": "delete", "PATCH": "rename", "GET": "list"}

Job = dict[str, Any]


class Service(Protocol):
    """The members of an account that the search uses. ``Account`` is an account in memory."""

    clock: datetime

    def put(self, document: dict[str, Any], **members: Any) -> str:
        """Create a timer, and return its ID."""

    def timers(self) -> list[Timer]:
        """All timers."""

    def unfinished(self, name: str) -> list[Timer]:
        """The timers of this name that have not ended."""

    def move_to(self, moment: datetime) -> None:
        """Set the clock."""

    def has_unknown_member(self, timer_id: str) -> bool:
        """Whether a timer still has the member that the collection does not know."""


@dataclass
class Play:
    """A play of the role.

    :ivar jobs: the current jobs.
    :ivar options: of the module ``timers``.
    :ivar moved: IDs of the timers whose jobs now have other times.
    """

    seed: int
    account: Any  # a Service
    jobs: list[Job]
    zone: str
    options: dict[str, Any]
    moved: set[str] = field(default_factory=set)
    story: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"role, seed {self.seed}:\n  " + "\n  ".join(self.story)

    def parameters(self) -> dict[str, Any]:
        """The options of the module, with the current timers of the jobs."""
        return {"timers": expand(self.jobs, self.zone, self.account.clock), **self.options}

    def wanted(self) -> list[Wanted]:
        """The options as the module reads them."""
        checked = ArgumentSpecValidator(timers_arguments()).validate(self.parameters())
        assert not checked.error_messages, checked.error_messages
        return parse_wanted_list(checked.validated_parameters)


def expand(jobs: Sequence[Job], zone: str, now: datetime) -> list[dict[str, Any]]:
    """The timers of the jobs."""
    return backup_timers(list(jobs), schedules=OWN, timezone=zone, prefix=PREFIX, now=now)


def build(seed: int, account: Service, names: Sequence[str] = (*SCHEDULES * 3, *LONG)) -> Play:
    """The play of a seed, on an empty account. It starts at the time of the account."""
    chance = random.Random(f"role {seed}")
    zone = chance.choice(ZONES)
    began = account.clock
    jobs = [_job(chance, f"job{number}", names) for number in range(chance.choice((1, 1, 2)))]
    story = [f"zone {zone}, jobs {jobs}, made at {began}"]
    made: dict[str, str] = {}
    for entry in expand(jobs, zone, began):
        made.update(_make(chance, account, entry, story))
    foreign = write_timer(_between(sample({"interval": "1d"}, name=OTHER), began), began + timedelta(days=1))
    account.put(foreign, status="active")
    account.move_to(began + timedelta(minutes=chance.randrange(1, 60 * 24 * chance.choice((2, 40)))))
    due = [timer.next_run for timer in account.timers() if timer.next_run]
    if due and chance.random() < 0.4:  # shortly before a run, which a replacement could skip (W4c)
        account.move_to(max(account.clock, min(due) - timedelta(minutes=chance.randrange(1, 59))))
    changed, of_times = _change(chance, jobs, names)
    zone_now = chance.choice((zone, zone, zone, *ZONES))
    options: dict[str, Any] = {
        "on_drift": chance.choice(("replace", "replace", "replace", "replace", "warn", "ignore", "fail")),
        "on_inactive": chance.choice(("resume", "resume", "warn", "fail")),
        "concurrency": 1,
    }
    if chance.random() < 0.4 and any(job.get("state") != "absent" for job in changed):
        options |= {"purge": True, "purge_prefix": PREFIX, "purge_limit": 100}
    story.append(f"now {account.clock}, zone {zone_now}, jobs {changed}, {options}")
    play = Play(seed, account, changed, zone_now, options, story=story)
    play.moved = {
        timer_id
        for name, timer_id in made.items()
        if zone_now != zone or any(f"{PREFIX}{job}" in name for job in of_times) or name.startswith("!")
    }
    return play


def _job(chance: random.Random, name: str, names: Sequence[str]) -> Job:
    schedule = chance.choice(names)
    job: Job = {
        "name": name,
        "source_collection": MAPPED,
        "destination_collection": MAPPED_TOO,
        "source_path": f"/data/{name}/",
        "destination_path": f"/backup/{name}/{{slot}}/",
        "schedule": schedule,
    }
    if schedule not in ("every_6_hours", "own") and chance.random() < 0.3:
        job["at"] = "02:30"
    if chance.random() < 0.3:
        job["daylight_saving"] = "follow"
    if "slot" in job["destination_path"] and schedule not in ("weekdays", "rotating_weekdays", *LONG):
        job["destination_path"] = f"/backup/{name}/"
    return job


def _between(parameters: dict[str, Any], now: datetime) -> Any:
    """A definition between the two mapped collections."""
    ends = {"source_collection": MAPPED, "destination_collection": MAPPED_TOO}
    return definition({**parameters, "transfer": {**parameters["transfer"], **ends}}, now)


def _make(
    chance: random.Random, account: Service, entry: Mapping[str, Any], story: list[str]
) -> Iterator[tuple[str, str]]:
    """Create what is left of a timer that the role created: none, one or two timers. Yields names and IDs; a name
    begins with ``!`` if the times differ."""
    fate = chance.choice(FATES)
    # The shape "filled" always has this member, and the local Globus creates no timer with it.
    if fate == "unknown" and getattr(account, "shape", "filled") == "filled":
        fate = "kept"
    given = {name: entry[name] for name in ("name", "transfer", "schedule")}
    if fate == "label":
        given["transfer"] = {**given["transfer"], "label": "of old"}
    if fate == "phase" and "at" in given["schedule"]:
        given["schedule"] = {**given["schedule"], "at": "05:30"}
    made = definition(given, now=account.clock)
    document = write_timer(made, schedules.first_run(made.schedule, account.clock))
    if fate == "unknown":
        document["body"]["recursive_symlinks"] = "copy"
    reason = {"paused": BY_USER, "stopped": CONSENT}.get(fate)
    if fate != "kept":
        story.append(f"{entry['name']}: {fate}")
    for number in range({"missing": 0, "twice": 2}.get(fate, 1)):
        stopped = reason or (BY_USER if number and chance.random() < 0.5 else None)
        members = {"status": "inactive" if stopped else "active", "inactive_reason": stopped}
        yield f"{'!' * (fate == 'phase')}{entry['name']}{'#' * number}", account.put(dict(document), **members)


def _change(chance: random.Random, jobs: Sequence[Job], names: Sequence[str]) -> tuple[list[Job], list[str]]:
    """Change the jobs. Returns them, and the names of those whose times have changed."""
    changed, of_times = [], []
    for job in map(dict, jobs):
        how = chance.choice(("no", "no", "label", "sync_level", "at", "schedule", "follow", "state", "gone"))
        if how == "label":
            job["label"] = "new"
        elif how == "sync_level":
            job["sync_level"] = "checksum"
        elif how == "at" and job["schedule"] not in ("every_6_hours", "own"):
            job["at"] = "06:15"
            of_times.append(job["name"])
        elif how == "schedule":
            fresh = _job(chance, job["name"], names)
            job.update(schedule=fresh["schedule"], destination_path=fresh["destination_path"])
            job.pop("at", None)
            of_times.append(job["name"])
        elif how == "follow":
            job["daylight_saving"] = "follow"
        elif how == "state":
            job["state"] = chance.choice(("paused", "active", "absent"))
        if how != "gone" or len(jobs) == 1:
            changed.append(job)
    return changed, of_times


# --- one run of the play -----------------------------------------------------------------------------------------


@dataclass
class RunResult:
    """The outcome of a run.

    :ivar operations: the operations that were done, as (operation, name).
    :ivar failed: whether the task failed.
    :ivar warnings: all of them.
    :ivar waits: whether a replacement waits for the next run of the old timer (W4c).
    :ivar predicted: the operations of check mode, or None.
    """

    operations: list[tuple[str, str]]
    failed: bool
    warnings: list[str]
    replaced: set[str] = field(default_factory=set)
    predicted: list[tuple[str, str]] | None = None

    @property
    def waits(self) -> bool:
        return any("wait" in warning for warning in self.warnings)


def run_in_memory(play: Play) -> RunResult:
    """Do what the module does, without the module."""
    account, wanted = play.account, play.wanted()
    try:
        timers = account.list_timers()
        plans = plan_timers(wanted, timers, account.now())
        assert not [plan for plan in plans if plan.failure is not None and plan.failure.code == "invalid_input"]
        purge = []
        if play.options.get("purge"):
            purge = plan_purge(wanted, timers, account.now(), prefix=PREFIX, limit=100)
        check_rates(plans, timers, 1)
    except GlobusError as error:
        return RunResult([], True, [str(error)])
    outcomes = execute(plans, account)
    predicted = [(one.operation, one.name) for plan in (*plans, *purge) for one in plan.operations]
    if not any(outcome.failure for outcome in outcomes):
        outcomes += execute(purge, account)
    done = [(one.operation, one.name) for outcome in outcomes for one in outcome.operations]
    replaced = {outcome.plan.wanted.name for outcome in outcomes if outcome.plan.replaces and not outcome.failure}
    warnings = [warning for outcome in outcomes for warning in outcome.warnings]
    return RunResult(done, any(outcome.failure for outcome in outcomes), warnings, replaced, predicted)


# --- the same on the local Globus ----------------------------------------------------------------------------------


class Remote:
    """The account on the local Globus."""

    def __init__(self, globus: LocalGlobus, began: datetime) -> None:
        self.globus = globus
        globus.reset(clock=schedules.format_instant(began), stopped=True)
        self._api = Api(globus).login(MAPPED, MAPPED_TOO)
        self.requests: list[str] = []
        self.faults: dict[str, list[str]] = {}
        self.before: Callable[[], None] = lambda: None
        self._quiet = threading.local()
        self.environment = {
            **globus.environment,
            "GLOBUS_CLIENT_ID": globus.client_id,
            "GLOBUS_CLIENT_SECRET": globus.client_secret,
        }

    @property
    def clock(self) -> datetime:
        return datetime.fromisoformat(self.globus.now())

    def put(self, document: dict[str, Any], **members: Any) -> str:
        timer_id = self._api.make({"timer": document})
        reason = members.get("inactive_reason")
        if reason == BY_USER:
            self._api.call("POST", f"/jobs/{timer_id}/pause")
        elif reason:
            self.globus.timer(timer_id, stop=reason)
        return timer_id

    def timers(self) -> list[Timer]:
        return [with_requirements(read_timer(one)) for one in self._api.jobs()]

    def unfinished(self, name: str) -> list[Timer]:
        return [timer for timer in self.timers() if timer.is_unfinished and timer.name == name]

    def move_to(self, moment: datetime) -> None:
        if moment > self.clock:
            self.globus.set_clock(schedules.format_instant(moment))
            self._api.login(consent=False)  # a token lasts for two days

    def has_unknown_member(self, timer_id: str) -> bool:
        return "recursive_symlinks" in self._api.job(timer_id)["callback_body"]["body"]

    @contextmanager
    def wire(self) -> Iterator[None]:
        """Apply the faults to the requests of the module to the local Globus."""
        send = requests.adapters.HTTPAdapter.send

        def send_or_not(adapter: Any, request: Any, **options: Any) -> Any:
            operation = "token" if "oauth2" in request.url else OPERATION_OF.get(request.method, "list")
            for word in ("pause", "resume"):
                operation = word if request.url.partition("?")[0].endswith(word) else operation
            self.before()
            self.requests.append(operation)
            some = self.faults.get(operation)
            fault = some.pop(0) if some else "ok"
            if fault in ("lost", "late"):
                raise requests.ConnectionError("the request was lost")
            if fault == "refused":
                answer = requests.Response()
                answer.status_code, answer._content, answer.request = 422, b'{"detail": []}', request
                answer.url = request.url
                return answer
            answer = send(adapter, request, **options)
            if fault == "answer_lost":
                raise requests.ConnectionError("the answer was lost")
            return answer

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(requests.adapters.HTTPAdapter, "send", send_or_not)
            yield


def run_remote(play: Play, *, check: bool = False) -> RunResult:
    """Run the module itself, over HTTP."""
    with play.account.wire():
        result = in_process.run("timers", play.parameters(), play.account.environment, check=check)
    done = [(one["operation"], one["name"]) for one in result.get("operations", ())]
    replaced = {entry["name"] for entry in result.get("timers", ()) if entry.get("replaced") and not entry["failed"]}
    return RunResult(done, result["failed"], [*result["warnings"], result.get("msg", "")], replaced)


# --- what must hold --------------------------------------------------------------------------------------------------


class Snapshot:
    """All timers of an account at a moment, read once for all checks."""

    def __init__(self, account: Any) -> None:
        self._account = account
        self.take()

    def take(self) -> None:
        self._timers = self._account.timers()
        self._by_name: dict[str, list[Timer]] = {}
        for timer in self._timers:
            if timer.is_unfinished:
                self._by_name.setdefault(timer.name, []).append(timer)
        self.clock = self._account.clock

    def timers(self) -> list[Timer]:
        return list(self._timers)

    def unfinished(self, name: str) -> list[Timer]:
        return self._by_name.get(name, [])

    def has_unknown_member(self, timer_id: str) -> bool:
        return bool(self._account.has_unknown_member(timer_id))

    def others(self, names: set[str]) -> set[str]:
        """The IDs of unfinished timers that have none of these names."""
        return {timer.id for name, some in self._by_name.items() if name not in names for timer in some}


def watch_all(play: Play, wanted: Sequence[Wanted]) -> Callable[[], None]:
    """A check to run before every request: for each timer of the list, and for all others."""
    account = play.account
    existing: Any = Snapshot(account)  # has the members of an account that ``watch`` uses
    checks = [watch(Case(play.seed, existing, one, [], play.moved)) for one in wanted]
    names = {one.name for one in wanted}
    purging = bool(play.options.get("purge"))
    others, seen = existing.others(names), len(account.requests)

    def check() -> None:
        nonlocal seen
        since = {one if isinstance(one, str) else one[0] for one in account.requests[seen:]}
        seen = len(account.requests)
        if not since - {"list", "get", "token"} and not getattr(account, "_late", ()):
            return  # nothing was written
        existing.take()
        for one in checks:
            one()
        assert purging or others == existing.others(names), "a timer that is not in the list was changed"

    return check


def check_no_run_is_skipped(
    play: Play, before: Mapping[str, list[Timer]], wanted: Sequence[Wanted], ran: RunResult
) -> None:
    """W4c: the first run after a replacement is at most half an interval after the next run of the old timer."""
    for one in wanted:
        if one.name not in ran.replaced or one.state == "paused" or one.definition is None:
            continue
        interval = one.definition.schedule.interval
        running = [timer for timer in before[one.name] if not timer.is_inactive and timer.next_run]
        if not running or interval is None or play.moved & {timer.id for timer in running}:
            continue
        # W4a: a run that replaced a paused timer was killed before it paused the new timer, which is paused now
        if any(timer.is_paused_by_user for timer in before[one.name]) and not any(timer.runs for timer in running):
            continue
        old = min(timer.next_run for timer in running if timer.next_run)
        existing = [timer for timer in play.account.unfinished(one.name) if not timer.is_inactive and timer.next_run]
        assert existing, f"W4c: {one.name} has no next run"
        new = min(timer.next_run for timer in existing if timer.next_run)
        assert new <= old + timedelta(seconds=interval / 2), f"W4c: {one.name}: {old} is skipped, the next is {new}"


def settle(play: Play, run: Callable[[Play], RunResult]) -> None:
    """Run the play without faults until nothing is left to do."""
    account = play.account
    for _attempt in range(8):
        wanted = play.wanted()
        before = {one.name: account.unfinished(one.name) for one in wanted}
        check = watch_all(play, wanted)
        account.before = check
        late = bool(getattr(account, "_late", ()))
        ran = run(play)
        account.before = lambda: None
        check()
        check_no_run_is_skipped(play, before, wanted, ran)
        if ran.predicted is not None and not ran.failed and not late:
            assert ran.predicted == ran.operations, "W1: check mode reported other operations"
        if not ran.operations:
            waits = [timer.next_run for one in wanted for timer in account.unfinished(one.name) if timer.next_run]
            if not ran.waits or not waits:
                _check_end(play, wanted, ran)
                return
            account.move_to(min(waits) + timedelta(minutes=1))
    raise AssertionError(f"the play does not converge: {ran.operations}, {ran.warnings}")


def _check_end(play: Play, wanted: Sequence[Wanted], ran: RunResult) -> None:
    """Check that in the end the timers of the jobs exist, or that the task failed."""
    account = play.account
    for one in wanted:
        existing = account.unfinished(one.name)
        if one.state == "absent":
            assert ran.failed or not existing, f"{one.name} still exists"
        else:
            assert ran.failed or len(existing) == 1, f"{one.name}: {len(existing)} timers, but the task did not fail"
    foreign = [timer for timer in account.timers() if timer.name == OTHER and timer.is_unfinished]
    assert len(foreign) == 1, "a timer with another name was changed"
    if play.options.get("purge") and not ran.failed:
        names = {timer.name for timer in account.timers() if timer.is_unfinished and timer.name.startswith(PREFIX)}
        assert names <= {one.name for one in wanted}, "W7: not purged"


def trouble(play: Play, run: Callable[[Play], RunResult], chance: random.Random) -> None:
    """Run the play while answers are lost, requests are refused, or the process is killed."""
    account = play.account
    account.faults = {
        operation: [chance.choice(FAULTS if operation == "create" else FAULTS[:5]) for _n in range(6)]
        for operation in chance.sample(("create", "list", "get", "delete", "pause", "resume"), 2)
    }
    deadline = chance.choice((None, chance.randrange(1, 20)))
    check, start = watch_all(play, play.wanted()), len(account.requests)

    def before() -> None:
        check()
        if deadline is not None and len(account.requests) >= start + deadline:
            raise Killed

    account.before = before
    try:
        run(play)
    except (GlobusError, Killed):
        pass
    finally:
        account.before, account.faults = (lambda: None), {}
    check()


def examine(seed: int, globus: LocalGlobus | None = None) -> None:
    """Test a whole play; with ``globus``, over HTTP. Raises AssertionError, with the story of the play."""
    chance = random.Random(f"role faults {seed}")
    began = chance.choice((WINTER, SUMMER, datetime(2026, 3, 20, 12, tzinfo=schedules.UTC)))
    run: Callable[[Play], RunResult]
    if globus is None:
        account: Any = Account(chance.choice(("as_sent", "filled")))
        account.clock = began
        play, run = build(seed, account), run_in_memory
    else:
        account = Remote(globus, began)
        play, run = build(seed, account, SCHEDULES), run_remote
    try:
        if chance.random() < 0.5:
            trouble(play, run, chance)
        settle(play, run)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{play}") from error
