# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying plans out on a service in memory: lost answers, other writers, partial failures (W2 to W5)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.research_ops.globus.plugins.module_utils._apply import execute as _execute
from ansible_collections.research_ops.globus.plugins.module_utils._apply.execute import Outcome, execute
from ansible_collections.research_ops.globus.plugins.module_utils._errors import GlobusError
from ansible_collections.research_ops.globus.plugins.module_utils._module.common import diff_after, diff_before
from ansible_collections.research_ops.globus.plugins.module_utils._parallel import in_parallel
from ansible_collections.research_ops.globus.plugins.module_utils._timers.document import (
    Timer,
    timer_differences,
    write_timer,
)
from ansible_collections.research_ops.globus.plugins.module_utils._timers.plan import Wanted, plan_timer
from ansible_collections.research_ops.globus.plugins.module_utils._timers.plan_list import plan_timers
from patience import LIMIT
from unit.memory_service import MemoryService, Turns
from unit.samples import NAME, NOW, definition, sample
from unit.timer_documents import SHAPES


@pytest.fixture(autouse=True, scope="module")
def _no_waiting() -> Iterator[None]:
    """The service in memory has made up its mind at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_execute, "LOOK_AGAIN_AFTER", 0.0)
        patch.setattr(_execute, "LOOK_AGAIN_MAXIMUM", 0.0)
        yield


def wanted(parameters: dict[str, Any] | None = None, **options: Any) -> Wanted:
    return Wanted(**{"name": NAME, "definition": definition(parameters), **options})


def run(service: MemoryService, one: Wanted) -> Outcome:
    """What a task does: list, plan, execute."""
    plan = plan_timer(one, service.list_timers(one.name), service.now())
    (outcome,) = execute([plan], service)
    return outcome


def seed(service: MemoryService, parameters: dict[str, Any] | None = None, **members: Any) -> str:
    return service.add(write_timer(definition(parameters), None), **members)


def done(outcome: Outcome) -> list[tuple[str, str | None]]:
    return [(operation.operation, operation.timer_id) for operation in outcome.operations]


# --- in order, and no more than needed (C1, C2) ---


@pytest.mark.parametrize("shape", SHAPES)
def test_creating_takes_one_creation_and_one_list(shape: str) -> None:
    service = MemoryService(shape)
    outcome = run(service, wanted())
    (timer,) = service.unfinished(NAME)
    assert done(outcome) == [("create", timer.id)]
    assert (outcome.timer, outcome.failure, outcome.warnings) == (timer, None, [])
    assert service.requests == [("list", NAME), ("create", NAME), ("list", NAME)]
    # and again: nothing
    service.requests.clear()
    assert done(run(service, wanted())) == []
    assert service.requests == [("list", NAME)]


def test_creating_paused_pauses_before_it_is_looked_at() -> None:
    service = MemoryService()
    outcome = run(service, wanted(state="paused"))
    assert [operation for operation, _id in done(outcome)] == ["create", "pause"]
    assert outcome.timer is not None
    assert outcome.timer.is_paused_by_user
    assert service.requests[1:] == [("create", NAME), ("pause", outcome.timer.id), ("list", NAME)]


@pytest.mark.parametrize(
    ("members", "options", "operation", "request_name"),
    [
        ({}, {"state": "paused"}, "pause", "pause"),
        (
            {"status": "inactive", "inactive_reason": {"cause": "user"}},
            {"state": "active"},
            "resume",
            "resume",
        ),
        (
            {"status": "inactive", "inactive_reason": {"cause": "other"}},
            {"state": "active"},
            "resume",
            "resume",
        ),
    ],
)
def test_a_change_is_read_again(
    members: dict[str, Any], options: dict[str, Any], operation: str, request_name: str
) -> None:
    service = MemoryService()
    key = seed(service, **members)
    outcome = run(service, wanted(**options))
    assert done(outcome) == [(operation, key)]
    assert service.requests[1:] == [(request_name, key), ("get", key)]
    (timer,) = service.unfinished(NAME)
    assert outcome.timer == timer
    assert timer.is_inactive is (operation == "pause")


def test_absent_leaves_no_timer() -> None:
    service = MemoryService()
    keys = [seed(service), seed(service)]
    outcome = run(service, wanted(state="absent"))
    assert done(outcome) == [("delete", key) for key in keys]
    assert (outcome.timer, outcome.failure) == (None, None)
    assert service.unfinished(NAME) == []
    assert done(run(service, wanted(state="absent"))) == []


def test_renaming_by_id() -> None:
    service = MemoryService()
    key = seed(service, {**sample(), "name": "old"})
    plan = plan_timer(wanted(timer_id=key, state="paused"), service.list_timers(), NOW)
    (outcome,) = execute([plan], service)
    assert done(outcome) == [("rename", key), ("pause", key)]
    assert outcome.timer is not None
    assert (outcome.timer.name, outcome.timer.is_paused_by_user) == (NAME, True)


def test_a_plan_that_failed_is_not_begun() -> None:
    service = MemoryService()
    seed(service)
    seed(service)
    outcome = run(service, wanted())
    assert outcome.failure is not None
    assert outcome.failure.code == "ambiguous_name"
    assert (done(outcome), service.writes()) == ([], [])


# --- W4: replacing ---


def test_w4_a_replacement_is_created_verified_and_then_the_old_one_deleted() -> None:
    service = MemoryService()
    old = seed(service, sample(label="old"))
    outcome = run(service, wanted(on_drift="replace"))
    (new,) = service.unfinished(NAME)
    assert done(outcome) == [("create", new.id), ("delete", old)]
    assert outcome.timer == new
    assert service.requests[1:] == [("create", NAME), ("get", new.id), ("delete", old), ("list", NAME)]


def test_w4_the_old_one_stays_where_the_new_one_has_vanished() -> None:
    service = MemoryService()
    old = seed(service, sample(label="old"))
    plan = plan_timer(wanted(on_drift="replace"), service.list_timers(NAME), service.now())

    def vanish() -> None:
        """Somebody deletes the new timer as soon as it is there."""
        for timer in service.unfinished(NAME):
            if timer.id != old:
                service._stored[timer.id].members["status"] = "deleted"

    service.before = vanish
    (outcome,) = execute([plan], service)
    assert outcome.failure is not None
    assert outcome.failure.code == "successor_missing"
    assert [timer.id for timer in service.unfinished(NAME)] == [old]


@pytest.mark.parametrize("broken", ["create", "pause", "get", "delete"])
def test_w4_whatever_fails_one_timer_exists_and_the_next_run_puts_it_right(broken: str) -> None:
    service = MemoryService()
    old = seed(service, sample(label="old"), status="inactive", inactive_reason={"cause": "user"})
    service.faults[broken] = ["refused"]
    outcome = run(service, wanted(on_drift="replace"))
    assert outcome.failure is not None
    assert broken == "get" or f"{broken} was refused" in outcome.failure.message
    assert f"timer {NAME!r}" in outcome.failure.message
    there = [timer.id for timer in service.unfinished(NAME)]
    assert old in there
    # the result includes what was done, in spite of the failure
    assert [key for operation, key in done(outcome) if operation == "create"] == [key for key in there if key != old]
    again = run(service, wanted(on_drift="replace"))
    assert again.failure is None
    (left,) = service.unfinished(NAME)
    assert timer_differences(definition(), left, NOW) == []


# --- W2: lost answers ---


@pytest.mark.parametrize(
    ("faults", "creations"),
    [
        (["answer_lost"], 1),
        (["lost"], 2),
        (["lost", "answer_lost"], 2),
        (["lost", "lost", "lost"], 4),
        (["lost", "lost", "lost", "answer_lost"], 4),
        (["late"], 2),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"state": "paused"},
        {"parameters": sample({})},
        {"parameters": sample({"interval": "1h", "start": "2026-11-01T00:00:00Z"})},
        {"parameters": sample({"start": "2026-11-23T12:30:00Z"})},
    ],
    ids=str,
)
def test_w2_a_lost_answer_leaves_one_timer_and_the_task_says_changed(
    options: dict[str, Any], faults: list[str], creations: int
) -> None:
    service = MemoryService()
    service.step = 7  # seconds that pass with every request
    service.faults["create"] = list(faults)
    outcome = run(service, wanted(**options))
    (timer,) = service.unfinished(NAME)
    assert service.writes().count("create") == creations
    assert (outcome.failure, outcome.warnings) == (None, [])
    assert ("create", timer.id) in done(outcome) or faults == ["late"]
    assert outcome.timer is not None
    assert outcome.timer.id == timer.id
    assert timer.is_paused_by_user is (options.get("state") == "paused")


def test_w2_a_timer_that_was_there_before_is_not_taken_for_the_new_one() -> None:
    service = MemoryService()
    # equal, but what never ends was not completed, so there is something to create
    seed(service, status="ended", next_run=None)
    seed(service, status="delete_in_progress")
    service.faults["create"] = ["lost"]
    outcome = run(service, wanted())
    assert len(service.unfinished(NAME)) == 1
    assert service.writes() == ["create", "create"]
    assert outcome.failure is None


def test_w2_a_run_that_is_over_before_the_look_up_is_still_found() -> None:
    service = MemoryService()
    service.faults["create"] = ["answer_lost"]

    def end_at_once() -> None:
        for stored in service._stored.values():
            stored.members["status"] = "ended"

    plan = plan_timer(wanted(sample({})), [], NOW)
    service.before = end_at_once
    (outcome,) = execute([plan], service)
    assert service.writes() == ["create"]
    assert (outcome.failure, outcome.timer and outcome.timer.status) == (None, "ended")


def test_w2_when_no_answer_ever_comes_the_task_fails_and_nothing_is_there() -> None:
    service = MemoryService()
    service.faults["create"] = ["lost"] * 10
    outcome = run(service, wanted())
    assert outcome.failure is not None
    assert outcome.failure.message == f"Could not create timer {NAME!r}: no answer"
    assert service.writes() == ["create"] * (service.retries + 1)
    assert (done(outcome), outcome.timer) == ([], None)


def test_w2_where_the_look_up_fails_the_outcome_is_unknown_and_said_to_be() -> None:
    service = MemoryService()
    service.faults.update(create=["answer_lost"], list=["ok", "refused"])
    outcome = run(service, wanted())
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.http_status) == ("unknown_outcome", 502)
    assert "Run the task again" in outcome.failure.message
    # which then adopts it
    assert done(run(service, wanted())) == []
    assert len(service.unfinished(NAME)) == 1


def test_a_refusal_is_final() -> None:
    service = MemoryService()
    service.faults["create"] = ["refused"]
    outcome = run(service, wanted())
    assert outcome.failure is not None
    assert outcome.failure.message == f"Could not create timer {NAME!r}: create was refused"
    assert service.writes() == ["create"]


def test_a_name_that_the_service_changes_does_not_make_a_timer_at_every_run() -> None:
    class Shortening(MemoryService):
        def create_timer(self, document: Mapping[str, Any]) -> Timer:
            return super().create_timer({**document, "name": document["name"][:5]})

    service = Shortening()
    for _run in range(2):
        outcome = run(service, wanted())
        assert outcome.failure is not None
        assert outcome.failure.code == "name_changed"
        assert f"Could not create timer {NAME!r}: Globus changed the name to {NAME[:5]!r}" in outcome.failure.message
        assert (done(outcome), outcome.timer, diff_after(outcome)) == ([], None, {})
    assert [timer for timer in service.timers() if timer.is_unfinished] == []
    service.faults["delete"] = ["refused"]
    outcome = run(service, wanted())
    (left,) = (timer.id for timer in service.timers() if timer.is_unfinished)
    assert outcome.failure is not None
    assert outcome.failure.message.endswith(
        f"The module could not delete the new timer (delete was refused), so delete it yourself ({left})"
    )


def test_w4a_a_single_run_that_has_come_near_meanwhile_is_not_created_to_be_paused() -> None:
    service = MemoryService()
    start = NOW + timedelta(minutes=6)
    plan = plan_timer(wanted(sample({"start": start.isoformat()}), state="paused"), [], NOW)
    assert plan.failure is None
    service.clock = NOW + timedelta(minutes=4)  # a long list, or a service that made us wait
    (outcome,) = execute([plan], service)
    assert outcome.failure is not None
    assert outcome.failure.code == "would_run_before_pause"
    assert service.writes() == []


# --- messages about a plan that was not completed ---


def test_w4_an_old_timer_that_cannot_be_deleted_is_told_with_both_ids() -> None:
    service = MemoryService()
    old = seed(service)
    service.faults["delete"] = ["refused"]
    outcome = run(service, wanted(sample(label="new"), on_drift="replace"))
    assert outcome.failure is not None
    assert outcome.failure.message == (
        f"Could not delete timer {NAME!r} ({old}), which timer {outcome.created} replaces: delete was refused. Both "
        "timers may exist now. Run the task again"
    )
    assert diff_after(outcome)["transfer"]["label"] == "new"


def test_w4a_a_new_timer_that_cannot_be_paused_is_told_and_shown_as_it_is() -> None:
    service = MemoryService()
    service.faults["pause"] = ["refused"]
    outcome = run(service, wanted(state="paused"))
    assert outcome.failure is not None
    assert outcome.failure.message == (
        f"The new timer may run, so run the task again. Could not pause timer {NAME!r} ({outcome.created}): "
        "pause was refused"
    )
    assert (outcome.plan.pauses, diff_after(outcome)["state"]) == (True, "active")


def test_a_diff_shows_nothing_that_was_not_done() -> None:
    service = MemoryService()
    service.faults["create"] = ["refused"] * 2
    outcome = run(service, wanted())
    assert (diff_before(outcome.plan), diff_after(outcome)) == ({}, {})
    seed(service)
    outcome = run(service, wanted(sample(label="new"), on_drift="replace"))
    assert diff_after(outcome) == diff_before(outcome.plan)
    assert "label" not in diff_after(outcome)["transfer"]


def test_i3_of_several_that_are_not_all_deleted_none_that_is_gone_is_returned() -> None:
    service = MemoryService()
    seed(service)
    left = seed(service)
    service.faults["delete"] = ["ok", "refused"]
    outcome = run(service, wanted(state="absent"))
    assert outcome.failure is not None
    assert outcome.failure.message == f"Could not delete timer {NAME!r} ({left}): delete was refused"
    assert (outcome.timer, diff_after(outcome)) == (None, {})


# --- W3: others write too ---


def test_w3_a_second_look_that_fails_is_a_warning() -> None:
    service = MemoryService()
    service.faults["list"] = ["ok", "refused"]
    outcome = run(service, wanted())
    assert outcome.failure is None
    assert len(outcome.warnings) == 1
    assert "could not check whether another playbook run created it as well" in outcome.warnings[0]


def test_w3_a_duplicate_that_cannot_be_deleted_is_a_failure_with_both_ids() -> None:
    service = MemoryService()
    plan = plan_timer(wanted(), [], NOW)
    first = seed(service)
    service.faults["delete"] = ["refused"]
    (outcome,) = execute([plan], service)
    second = outcome.created
    assert outcome.failure is not None
    assert f"was created more than once ({first}, {second})" in outcome.failure.message


def test_w3_only_equal_timers_that_were_not_there_before_are_deleted() -> None:
    service = MemoryService()
    before = seed(service, sample(label="unlike"))
    plan = plan_timer(wanted(on_drift="replace"), service.list_timers(), NOW)
    unlike, other_name = seed(service, sample(label="unlike")), seed(service, {**sample(), "name": NAME.upper()})
    duplicate = seed(service)
    (outcome,) = execute([plan], service)
    # the first by (submitted_at, id) is the other writer's; ours goes, and so does what we replaced
    assert {timer.id for timer in service.timers() if timer.is_unfinished} == {unlike, other_name, duplicate}
    assert done(outcome) == [("create", outcome.created), ("delete", before), ("delete", outcome.created)]
    assert outcome.timer is not None
    assert outcome.timer.id == duplicate


def test_w3_a_writer_whose_timer_another_one_removed_reports_the_one_that_stays() -> None:
    service = MemoryService()
    plan = plan_timer(wanted(), [], NOW)
    first = seed(service)

    def remove() -> None:
        for timer in service.unfinished(NAME)[1:]:
            service._stored[timer.id].members["status"] = "delete_in_progress"

    service.before = remove
    (outcome,) = execute([plan], service)
    assert (outcome.failure, service.writes()) == (None, ["create"])
    assert outcome.timer is not None
    assert outcome.timer.id == first


def test_w3_w4a_the_one_that_stays_is_paused_where_the_paused_one_goes() -> None:
    service = MemoryService()
    plan = plan_timer(wanted(state="paused"), [], NOW)
    first = seed(service)
    (outcome,) = execute([plan], service)
    (left,) = service.unfinished(NAME)
    second = outcome.created
    assert left.id == first
    assert left.is_paused_by_user
    assert outcome.timer == left
    assert done(outcome) == [("create", second), ("pause", second), ("pause", first), ("delete", second)]


def test_w3_runs_that_begin_a_second_apart_and_leave_the_first_run_open_leave_one_timer() -> None:
    service = MemoryService()
    one = plan_timer(wanted(state="paused"), [], NOW)
    other = plan_timer(wanted(state="paused"), [], NOW + timedelta(seconds=1))
    assert one.creation != other.creation
    execute([one], service)
    execute([other], service)
    assert len(service.unfinished(NAME)) == 1


def test_a_service_that_stores_something_else_is_told_of() -> None:
    class Forgetful(MemoryService):
        def add(self, document: Any, **members: Any) -> str:
            return super().add({**document, "body": {**document["body"], "verify_checksum": False}}, **members)

    outcome = run(Forgetful(), wanted())
    assert outcome.failure is None
    assert len(outcome.warnings) == 1
    assert "transfer.verify_checksum is false, should be true" in outcome.warnings[0]


def test_w3_writers_at_the_same_moment_leave_one_timer() -> None:
    """Real threads: all of them have looked before the first one writes, and created before the first looks again."""
    writers = 6
    service = MemoryService()
    met = threading.Barrier(writers)
    outcomes: list[Outcome] = []

    def write() -> None:
        plan = plan_timer(wanted(), service.list_timers(NAME), service.now())
        met.wait(LIMIT)
        (outcome,) = execute([plan], Met())
        outcomes.append(outcome)

    class Met(MemoryService):
        """The same service, at which all wait for each other before they look again."""

        def __init__(self) -> None:
            self.__dict__ = service.__dict__

        def list_timers(self, name: str | None = None) -> Any:
            met.wait(LIMIT)
            return super().list_timers(name)

    threads = [threading.Thread(target=write) for _number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    (left,) = service.unfinished(NAME)
    assert len(outcomes) == writers
    assert service.writes().count("create") == writers
    for outcome in outcomes:
        assert outcome.failure is None
        assert outcome.timer is not None
        assert outcome.timer.id == left.id


SCHEDULES: list[dict[str, Any]] = [
    {"interval": "1d"},
    {"interval": "1d", "start": "2026-11-01T02:00:00Z"},
    {"interval": "7d", "at": "02:00", "weekday": "sunday", "timezone": "America/Chicago"},
    {"interval": "1h", "end": {"count": 30}},
    {"start": "2026-11-24T02:00:00Z"},
]


@pytest.mark.parametrize("replacing", [False, True], ids=["creating", "replacing"])
@given(st.data())
def test_w2_w3_w4_writers_in_any_order_with_any_answer_lost_leave_one_timer(
    replacing: bool, data: st.DataObject
) -> None:
    """Up to four runs of one play, their requests in any order, some answers lost; one timer is there at the end, and
    when it replaces another one at every moment before.
    """
    writers = data.draw(st.integers(2, 4), "writers")
    order = data.draw(st.lists(st.integers(0, 3), max_size=40), "order")
    ids = data.draw(st.permutations(range(1, 17)), "ids")
    service = MemoryService(data.draw(st.sampled_from(SHAPES), "shape"), ids=iter([*ids, *range(20, 1000)]))
    parameters = sample(data.draw(st.sampled_from(SCHEDULES), "schedule"))
    state = data.draw(st.sampled_from(("present", "active", "paused")), "state")
    one = wanted(parameters, state=state, on_drift="replace")
    if replacing:
        seed(service, sample(label="old"))
    service.step = data.draw(st.sampled_from((0, 1)), "seconds between requests")
    service.faults["create"] = data.draw(
        st.lists(st.sampled_from(("ok", "lost", "answer_lost")), max_size=service.retries), "faults"
    )
    outcomes: list[Outcome] = []
    turns = Turns([lambda: outcomes.append(run(service, one))] * writers, order)

    def before() -> None:
        turns.take()
        assert not replacing or service.unfinished(NAME)

    service.before = before
    turns.run()
    (left,) = service.unfinished(NAME)
    assert timer_differences(definition(parameters), left, service.now()) == []
    assert left.is_paused_by_user is (state == "paused")
    for outcome in outcomes:
        # a writer in whose timer's favour others were to go, and which has gone meanwhile itself, deletes none of them
        if outcome.failure is not None and state != "paused":
            assert outcome.failure.code == "successor_missing"
    service.before = lambda: None
    again = run(service, one)
    assert (done(again), again.failure) == ([], None)


# --- many plans ---


def test_a_failure_stops_its_own_plan_only_and_outcomes_keep_their_order() -> None:
    service = MemoryService()
    doomed, paused = seed(service, {**sample(), "name": "doomed"}), seed(service, {**sample(), "name": "paused"})
    entries = [
        Wanted("new", definition=definition({**sample(), "name": "new"})),
        Wanted("doomed", state="absent"),
        Wanted("paused", state="paused"),
        Wanted("newer", definition=definition({**sample(), "name": "newer"})),
    ]
    service.faults["delete"] = ["refused"]
    service.requests.clear()
    outcomes = execute(plan_timers(entries, service.timers(), NOW), service, concurrency=4)
    assert [outcome.plan.wanted.name for outcome in outcomes] == ["new", "doomed", "paused", "newer"]
    assert [bool(outcome.failure) for outcome in outcomes] == [False, True, False, False]
    assert outcomes[1].timer is not None
    assert outcomes[1].timer.id == doomed
    assert done(outcomes[2]) == [("pause", paused)]
    # C2: one list after all creations; and what makes room goes before what takes it (L2)
    names = [operation for operation, _what in service.requests]
    assert names.count("list") == 1
    assert names[-1] == "list"
    assert names.index("create") > max(names.index("delete"), names.index("pause"))


@pytest.mark.parametrize("concurrency", [1, 2, 4])
def test_in_parallel_keeps_the_order_and_the_limit(concurrency: int) -> None:
    at_once, most = 0, 0
    lock = threading.Lock()
    full = threading.Event()

    def work(number: int) -> int:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
            if at_once == concurrency:
                full.set()
        assert full.wait(LIMIT)
        with lock:
            at_once -= 1
        return number * 2

    assert in_parallel(work, range(12), concurrency) == [number * 2 for number in range(12)]
    assert most == concurrency


def test_in_parallel_passes_an_exception_on() -> None:
    def work(number: int) -> int:
        if number == 2:
            raise GlobusError("no")
        return number

    for concurrency in (1, 4):
        with pytest.raises(GlobusError, match=r"^no$"):
            in_parallel(work, range(4), concurrency)


def test_nothing_to_do_is_no_request() -> None:
    service = MemoryService()
    assert execute([], service) == []
    key = seed(service)
    (outcome,) = execute([plan_timer(wanted(), service.timers(), NOW)], service)
    assert outcome.timer is not None
    assert (outcome.timer.id, done(outcome), service.requests) == (key, [], [])


# --- before a deletion (W4b) ---


def stored_otherwise(service: MemoryService, monkeypatch: pytest.MonkeyPatch, **members: Any) -> None:
    """The service keeps new timers otherwise than they were asked for."""
    create = service.create_timer

    def create_otherwise(document: Mapping[str, Any]) -> Timer:
        changed = {**document, "body": {**document["body"], **members}}
        return create(changed)

    monkeypatch.setattr(service, "create_timer", create_otherwise)


@pytest.mark.parametrize("state", ["present", "active", "paused"])
@pytest.mark.parametrize("old", [{}, {"status": "inactive", "inactive_reason": {"cause": "user", "detail": None}}])
def test_a_new_timer_that_is_stored_otherwise_is_deleted_and_the_old_one_stays_W4b(
    monkeypatch: pytest.MonkeyPatch, state: str, old: dict[str, Any]
) -> None:
    """Otherwise every run would replace it again."""
    service = MemoryService()
    kept = seed(service, **old)
    stored_otherwise(service, monkeypatch, label="cut")
    for _run in range(2):
        outcome = run(service, wanted(sample(label="a label"), on_drift="replace", state=state))
        assert [timer.id for timer in service.unfinished(NAME)] == [kept]
        assert outcome.failure is not None
        assert outcome.failure.code == "stored_differently"
        assert 'transfer.label is "cut", should be "a label"' in outcome.failure.message
        assert f"the old timer {kept} was kept" in outcome.failure.message
        assert outcome.failure.message.count(kept) == 2  # not "could not be deleted in favour of itself"
        assert outcome.timer is not None
        assert outcome.timer.id == kept
        assert [operation for operation, _id in done(outcome) if operation != "pause"] == ["create", "delete"]


def test_members_that_the_service_adds_are_no_reason_to_keep_the_old_timer_W4b_D6() -> None:
    service = MemoryService("filled")
    old = seed(service)
    outcome = run(service, wanted(sample(label="new"), on_drift="replace"))
    assert outcome.failure is None
    assert [timer.id for timer in service.unfinished(NAME)] == [outcome.created]
    assert outcome.created != old


def test_where_the_new_timer_cannot_be_read_nothing_is_deleted_and_both_are_named_W4b() -> None:
    service = MemoryService()
    old = seed(service)
    service.faults["get"] = ["refused"] * 9
    outcome = run(service, wanted(sample(label="new"), on_drift="replace"))
    assert {timer.id for timer in service.unfinished(NAME)} == {old, outcome.created}
    assert outcome.failure is not None
    assert old in outcome.failure.message
    assert str(outcome.created) in outcome.failure.message
    service.faults.clear()
    again = run(service, wanted(sample(label="new"), on_drift="replace"))
    assert again.failure is None
    assert [timer.id for timer in service.unfinished(NAME)] == [outcome.created]


def test_a_new_timer_that_the_service_stops_at_once_does_not_replace_one_that_runs_W4b(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = MemoryService()
    old = seed(service)
    create = service.create_timer

    def create_stopped(document: Mapping[str, Any]) -> Timer:
        timer = create(document)
        service._stored[timer.id].members.update(status="inactive", inactive_reason={"cause": "other", "detail": None})
        return timer

    monkeypatch.setattr(service, "create_timer", create_stopped)
    outcome = run(service, wanted(sample(label="new"), on_drift="replace"))
    assert [timer.id for timer in service.unfinished(NAME)] == [old]
    assert outcome.failure is not None
    assert "does not run (other)" in outcome.failure.message


def test_of_several_equal_timers_none_is_deleted_where_the_one_that_stays_has_changed_W4b() -> None:
    service = MemoryService()
    first, second = seed(service), seed(service)
    plan = plan_timer(wanted(on_drift="replace"), service.list_timers(NAME), service.now())
    assert plan.deletes == {second}
    service._stored[first].document["body"]["label"] = "changed meanwhile"
    (outcome,) = execute([plan], service)
    assert {timer.id for timer in service.unfinished(NAME)} == {first, second}
    assert outcome.failure is not None
    assert outcome.failure.code == "successor_differs"
    assert first in outcome.failure.message


def test_of_equal_timers_of_several_writers_the_running_one_stays_W3() -> None:
    """One that the service stopped meanwhile is older; the running one is kept all the same."""
    service = MemoryService()
    plan = plan_timer(wanted(), [], service.now())
    stopped = seed(service, status="inactive", inactive_reason={"cause": "other", "detail": None})
    (outcome,) = execute([plan], service)
    assert [timer.id for timer in service.unfinished(NAME)] == [outcome.created]
    assert outcome.created != stopped


def test_a_refusal_after_a_lost_answer_does_not_hide_the_doubt_W2() -> None:
    """Fault 32: the timer may have been created, also where the request cannot be sent again."""
    service = MemoryService()
    service.faults["create"] = ["lost"]
    start = NOW + timedelta(minutes=6)
    one = wanted(sample({"start": start.isoformat()}), state="paused")
    plan = plan_timer(one, [], service.now())
    clock = iter([NOW, NOW, *[start] * 50])
    service.now = lambda: next(clock)  # type: ignore[method-assign]  # time passes while it waits
    (outcome,) = execute([plan], service)
    assert outcome.failure is not None
    assert outcome.failure.code == "would_run_before_pause"
    assert "Globus did not answer an earlier request to create it" in outcome.failure.message
    assert "Run the task again" in outcome.failure.message
