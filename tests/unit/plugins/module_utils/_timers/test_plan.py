# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wanted + existing -> plan: tables for each rule, and what holds of every plan whatever is wanted and there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.research_ops.globus.plugins.module_utils._apply.execute import Outcome
from ansible_collections.research_ops.globus.plugins.module_utils._errors import GlobusError
from ansible_collections.research_ops.globus.plugins.module_utils._globus.auth_requirements import with_requirements
from ansible_collections.research_ops.globus.plugins.module_utils._module.common import diff_after, diff_before
from ansible_collections.research_ops.globus.plugins.module_utils._timers.definition import Definition
from ansible_collections.research_ops.globus.plugins.module_utils._timers.document import (
    Timer,
    read_timer,
    timer_differences,
    write_timer,
)
from ansible_collections.research_ops.globus.plugins.module_utils._timers.plan import (
    PAUSE_MARGIN,
    START_MARGIN,
    Operation,
    Plan,
    Wanted,
    first_run_again,
    plan_timer,
)
from ansible_collections.research_ops.globus.plugins.module_utils._timers.plan_list import (
    check_rates,
    plan_purge,
    plan_timers,
)
from ansible_collections.research_ops.globus.plugins.module_utils._timers.schedule import first_run, next_tick
from unit import samples
from unit.samples import DESTINATION, NAME, NOW, SOURCE, definition, sample
from unit.timer_documents import SHAPES, recorded, shown

STATES = ("present", "active", "paused", "absent")
ON_DRIFT = ("warn", "ignore", "fail", "replace")
IDS = [f"226fda72-0000-4000-8000-00000000000{number}" for number in range(6)]
NEW = "99999999-0000-4000-8000-000000000000"
BY_USER: dict[str, Any] = {"status": "inactive", "inactive_reason": {"cause": "user", "detail": None}}
BY_SERVICE: dict[str, Any] = {
    "status": "inactive",
    "inactive_reason": recorded("timer.get_job", "inactive_gare")["inactive_reason"],
}
ENDED: dict[str, Any] = {"status": "ended", "next_run": None}
DELETED: dict[str, Any] = {"status": "delete_in_progress"}


def timer(
    parameters: dict[str, Any] | None = None,
    *,
    timer_id: str = IDS[0],
    shape: str = "as_sent",
    born: datetime = NOW - timedelta(days=1),
    **members: Any,
) -> Timer:
    """A timer as it is listed that was created with these parameters, by default the sample's, a day ago."""
    wanted = definition(parameters)
    document = write_timer(wanted, first_run(wanted.schedule, born))
    return with_requirements(read_timer(shown(document, shape, timer_id=timer_id, now=born, **members)))


def plan(timers: Sequence[Timer], parameters: dict[str, Any] | None = None, now: datetime = NOW, **wanted: Any) -> Plan:
    """The plan for the sample's name, and its definition unless there is another."""
    wanted = {"name": NAME, "definition": definition(parameters, now), **wanted}
    return plan_timer(Wanted(**wanted), timers, now)


def operations(made: Plan) -> list[tuple[str, str | None]]:
    return [(operation.operation, operation.timer_id) for operation in made.operations]


def before(made: Plan) -> dict[str, Any]:
    """What a diff shows before the task."""
    return diff_before(made)


def after(made: Plan) -> dict[str, Any]:
    """What a diff shows after it, if everything is done as planned."""
    return diff_after(Outcome(made, made.timer, list(made.operations), failure=made.failure))


def failure(made: Plan) -> GlobusError:
    assert made.failure is not None
    assert made.operations == ()
    assert made.creation is None
    return made.failure


# --- every state, nothing special ---


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("present", [("create", None)]),
        ("active", [("create", None)]),
        ("paused", [("create", None), ("pause", None)]),
        ("absent", []),
    ],
)
def test_a_timer_that_is_not_there(state: str, expected: list[tuple[str, str | None]]) -> None:
    made = plan([], state=state)
    assert operations(made) == expected
    assert (made.timer, made.failure, before(made)) == (None, None, {})


@pytest.mark.parametrize("status", ["new", "loaded", "active"])
@pytest.mark.parametrize(
    ("state", "expected"),
    [("present", []), ("active", []), ("paused", [("pause", IDS[0])]), ("absent", [("delete", IDS[0])])],
)
def test_a_timer_that_runs(state: str, status: str, expected: list[tuple[str, str]]) -> None:
    assert operations(plan([timer(status=status)], state=state)) == expected
    assert operations(plan([timer(status=status)], state=state, definition=None)) == expected


@pytest.mark.parametrize("stopped", [BY_USER, BY_SERVICE], ids=["user", "service"])
@pytest.mark.parametrize(
    ("state", "expected"),
    [("present", []), ("active", [("resume", IDS[0])]), ("paused", []), ("absent", [("delete", IDS[0])])],
)
def test_a_timer_that_is_inactive(state: str, expected: list[tuple[str, str]], stopped: dict[str, Any]) -> None:
    made = plan([timer(**stopped)], state=state)
    assert operations(made) == expected


@pytest.mark.parametrize("state", ["active", "paused"])
def test_a_name_alone_creates_nothing(state: str) -> None:
    failed = failure(plan([timer(name=NAME.upper())], state=state, definition=None))
    assert failed.code == "timer_not_found"
    assert f"timer {NAME!r} does not exist, so it cannot be {state}" in failed.message


# --- I1 ---


@pytest.mark.parametrize(
    "other",
    [timer(name=NAME.upper()), timer(name=NAME + "-2"), timer(**DELETED), timer(status="deleted"), timer(**ENDED)],
    ids=["case", "longer", "being deleted", "deleted", "ended, but its definition never ends"],
)
def test_i1_what_does_not_count_as_the_timer(other: Timer) -> None:
    assert operations(plan([other])) == [("create", None)]
    assert operations(plan([other], state="absent")) == []


@pytest.mark.parametrize(
    "schedule",
    [
        {},
        {"start": "2026-11-22T20:00:00Z"},
        {"interval": "1h", "end": {"count": 10}},
        {"interval": "1h", "start": "2026-11-22T20:00:00Z", "end": {"count": 2}},
        {"interval": "1h", "end": {"datetime": "2026-11-23T02:00:00Z"}},
    ],
    ids=str,
)
@pytest.mark.parametrize("state", ["present", "active", "paused"])
def test_i1_a_timer_that_completed_the_definition_counts(schedule: dict[str, Any], state: str) -> None:
    made = plan([timer(sample(schedule), **ENDED)], sample(schedule), state=state, on_drift="replace")
    assert (operations(made), made.failure) == ([], None)
    assert made.timer is not None
    assert made.timer.status == before(made)["state"] == "ended"
    assert before(made) == after(made)


@pytest.mark.parametrize(
    ("schedule", "warned"),
    [
        ({}, True),
        ({"at": "22:30"}, True),
        ({"interval": "1h", "end": {"count": 10}}, True),
        ({"start": "2026-11-22T20:00:00Z"}, False),
        ({"interval": "1h", "start": "2026-11-22T20:00:00Z", "end": {"count": 2}}, False),
        # another name would not run it again: its end is past
        ({"interval": "1h", "end": {"datetime": "2026-11-23T02:00:00Z"}}, False),
    ],
    ids=str,
)
def test_i1_that_a_completed_timer_makes_the_task_do_nothing_is_told(schedule: dict[str, Any], warned: bool) -> None:
    parameters = sample(schedule)
    older = timer(parameters, born=NOW - timedelta(days=3), last_ran_at="2026-11-20T12:00:00+00:00", **ENDED)
    newer = timer(parameters, timer_id=IDS[1], last_ran_at="2026-11-22T12:00:00+00:00", n_runs=1, **ENDED)
    for there in ([older, newer], [newer, older]):
        made = plan(there, parameters)
        assert (operations(made), made.failure) == ([], None)
        assert [one for one in made.warnings if "another name" in one] == list(made.warnings)
        assert bool(made.warnings) is warned
        for warning in made.warnings:
            assert "the last at 2026-11-22T12:00:00+00:00" in warning


def test_i1_a_completed_timer_that_never_worked_is_told_of_too() -> None:
    there = timer(sample({}), n_runs=1, n_errors=1, **ENDED)
    assert any("it has never worked" in one for one in plan([there], sample({})).warnings)


def test_i1_a_timer_that_completed_another_definition_does_not_block() -> None:
    counted: dict[str, Any] = {"interval": "1h", "end": {"count": 10}}
    other = timer(sample({**counted, "end": {"count": 9}}), **ENDED)
    made = plan([other], sample(counted))
    assert operations(made) == [("create", None)]
    # and it is not adopted as the timer that an unanswered request made (W2)
    assert made.known == {IDS[0]}
    assert operations(plan([timer(sample(counted, label="old"), **ENDED)], sample(counted))) == [("create", None)]


def test_i1_a_run_that_is_still_to_come_was_not_completed_before() -> None:
    counted: dict[str, Any] = {"interval": "1d", "end": {"count": 3}}
    ended = timer(sample({**counted, "start": "2026-11-01T00:00:00Z"}), born=NOW - timedelta(days=30), **ENDED)
    # the first of these would have been its next tick, had it gone on
    for start in ("2026-11-24T00:00:00Z", "2026-12-01T00:00:00Z"):
        assert operations(plan([ended], sample({**counted, "start": start}))) == [("create", None)]


# --- I3 ---

FIRST = timer(timer_id=IDS[1], born=NOW - timedelta(days=3))
SECOND = timer(timer_id=IDS[0], born=NOW - timedelta(days=2))
UNLIKE = timer(sample(label="other"), timer_id=IDS[2], born=NOW - timedelta(days=4))


def test_i3_absent_deletes_all_of_a_name() -> None:
    made = plan([SECOND, UNLIKE, FIRST, timer(timer_id=IDS[3], **ENDED)], state="absent")
    assert operations(made) == [("delete", IDS[2]), ("delete", IDS[1]), ("delete", IDS[0])]
    assert (before(made)["timers_of_this_name"], after(made)) == (3, {})


@pytest.mark.parametrize("on_drift", ["warn", "ignore", "fail"])
@pytest.mark.parametrize("state", ["present", "active", "paused"])
def test_i3_several_of_a_name_fail_with_their_ids(on_drift: str, state: str) -> None:
    failed = failure(plan([SECOND, FIRST], on_drift=on_drift, state=state))
    assert failed.code == "ambiguous_name"
    assert f"{IDS[1]} (active), {IDS[0]} (active)" in failed.message
    assert "timer_id" in failed.message


def test_i3_without_a_definition_replace_cannot_choose() -> None:
    failed = failure(plan([SECOND, FIRST], on_drift="replace", state="active", definition=None))
    assert failed.code == "ambiguous_name"
    assert "timer_id, or give the whole definition and use on_drift: replace" in failed.message


def test_i3_replace_keeps_the_first_of_the_equal_ones() -> None:
    made = plan([SECOND, UNLIKE, FIRST], on_drift="replace")
    assert made.timer == FIRST
    assert operations(made) == [("delete", IDS[2]), ("delete", IDS[0])]
    assert made.drift == ()


STATE_OF: dict[str, dict[str, Any]] = {"runs": {}, "paused": BY_USER, "stopped": BY_SERVICE}
RAN: dict[str, Any] = {"n_runs": 6, "last_ran_at": "2026-11-23T11:00:00+00:00"}


def namesakes(*kinds: str) -> list[Timer]:
    """Timers of one name, an older one first: ``equal runs``, ``other paused``, ``equal stopped ran``, ..."""
    made = []
    for number, kind in enumerate(kinds):
        likeness, state, *ran = kind.split()
        parameters = sample() if likeness == "equal" else sample(label="other")
        born = NOW - timedelta(days=9 - number)
        members = {**STATE_OF[state], **(RAN if ran else {})}
        made.append(timer(parameters, timer_id=IDS[number], born=born, **members))
    return made


def short(made: Plan) -> str:
    """``pause 0, delete 1``, by the place of each timer in the list; or the code of the failure."""
    if made.failure:
        return made.failure.code or ""
    return ", ".join(f"{name} {IDS.index(key)}" if key else name for name, key in operations(made)) or "nothing"


@pytest.mark.parametrize(
    ("there", "options", "expected"),
    [
        # the running one of two equal ones stays, however old the other is
        ("equal stopped, equal runs", {}, "delete 0"),
        ("equal paused, equal runs", {}, "delete 0"),
        ("equal stopped, equal runs ran", {"on_inactive": "resume"}, "delete 0"),
        ("equal stopped, equal runs ran", {"on_inactive": "fail"}, "delete 0"),
        ("equal stopped, equal paused, equal runs", {}, "delete 1, delete 0"),
        ("equal stopped, equal runs", {"state": "active"}, "delete 0"),
        ("equal stopped, equal runs", {"state": "paused"}, "pause 1, delete 0"),
        # where all is to be paused, parallel runs have to keep the same one: one that has run, then the oldest
        ("equal paused, equal runs", {"state": "paused"}, "delete 1"),
        ("equal paused, equal runs ran", {"state": "paused"}, "pause 1, delete 0"),
        # none runs: the user's pause comes before the service's stop, then age
        ("equal stopped, equal paused", {}, "delete 0"),
        ("equal stopped, equal paused", {"on_inactive": "resume"}, "delete 0"),
        ("equal stopped, equal stopped", {}, "delete 1"),
        ("equal stopped, equal stopped", {"on_inactive": "resume"}, "resume 0, delete 1"),
        ("equal stopped, equal stopped", {"on_inactive": "fail"}, "inactive"),
        ("equal stopped, equal paused", {"state": "active"}, "resume 1, delete 0"),
        # a running timer is deleted in favour of an equal one only if that one runs in the end, or none is to run
        ("equal paused, other runs", {}, "ambiguous_name"),
        ("equal paused, other runs", {"on_inactive": "resume"}, "ambiguous_name"),
        ("equal stopped, other runs", {}, "ambiguous_name"),
        ("equal stopped, other runs", {"on_inactive": "resume"}, "resume 0, delete 1"),
        ("equal stopped, other runs", {"on_inactive": "fail"}, "inactive"),
        ("equal paused, other runs", {"state": "active"}, "resume 0, delete 1"),
        ("equal paused, other runs", {"state": "paused"}, "delete 1"),
        ("other runs, equal runs", {}, "delete 0"),
        ("other runs, equal stopped", {"state": "active"}, "resume 1, delete 0"),
        # a timer that has run is never paused because another is
        ("other paused, equal runs ran", {}, "delete 0"),
        ("other paused, other paused, equal runs ran", {}, "delete 0, delete 1"),
        # W4a: one that has not run replaces paused ones, and its run died before it paused it
        ("other paused, equal runs", {}, "pause 1, delete 0"),
        ("other paused, other stopped, equal runs", {}, "pause 2, delete 0, delete 1"),
        ("other paused, equal runs", {"on_inactive": "resume"}, "pause 1, delete 0"),
        ("other paused, equal stopped", {"on_inactive": "resume"}, "delete 0"),
        ("other paused, equal paused", {}, "delete 0"),
        ("other paused, equal runs", {"state": "active"}, "delete 0"),
        ("other stopped, equal runs", {}, "delete 0"),
        ("equal runs, other paused", {}, "delete 1"),  # the paused one is younger: it was not replaced
        ("other paused, equal paused, equal runs", {}, "delete 0, delete 1"),
        # none is equal
        ("other stopped, other runs", {}, "create, delete 1, delete 0"),
        ("other paused, other stopped", {}, "create, pause, delete 0, delete 1"),
        ("other stopped, other paused", {}, "create, pause, delete 1, delete 0"),
        ("other stopped, other stopped", {}, "create, delete 0, delete 1"),
        ("other stopped, other stopped", {"on_inactive": "fail"}, "inactive"),
        ("other stopped, other runs", {"on_inactive": "fail"}, "create, delete 1, delete 0"),
        ("other stopped, other runs", {"state": "paused"}, "create, pause, delete 1, delete 0"),
        ("other paused, other stopped", {"state": "active"}, "create, delete 0, delete 1"),
    ],
)
def test_i3_of_several_of_a_name_a_running_one_is_never_lost(
    there: str, options: dict[str, Any], expected: str
) -> None:
    timers = namesakes(*there.split(", "))
    for order in (timers, timers[::-1]):
        made = plan(order, on_drift="replace", **options)
        assert short(made) == expected
        wanted = [Wanted(NAME, on_drift="replace", definition=definition(), **options)]
        assert [short(one) for one in plan_timers(wanted, order, NOW)] == [expected]


def test_i3_that_a_running_timer_is_in_the_way_is_told_with_the_ways_out() -> None:
    failed = failure(plan(namesakes("equal paused", "other runs"), on_drift="replace"))
    assert (
        f"{IDS[0]} matches the definition but is paused. Active, but different from the definition: {IDS[1]}"
        in failed.message
    )
    assert "To resume the first and delete the others, set state: active" in failed.message
    assert "timer_id" in failed.message


def test_i3_what_becomes_of_the_others_is_told() -> None:
    (pausing,) = plan(namesakes("other paused", "equal runs"), on_drift="replace").warnings
    assert pausing == "it was paused because the timers that it replaces are paused; state: active resumes it"
    (running,) = plan(namesakes("other paused", "equal runs ran"), on_drift="replace").warnings
    assert running == f"it runs ({IDS[1]}), although the timers that it replaces are paused ({IDS[0]})"
    (stopped,) = plan(namesakes("equal stopped", "equal runs"), on_drift="replace").warnings
    assert stopped.startswith(f"Globus had stopped {IDS[0]} (ConsentRequired")
    assert stopped.endswith(f"it is deleted, because {IDS[1]} is kept")
    assert plan(namesakes("equal runs", "other runs"), on_drift="replace").warnings == ()
    assert plan(namesakes("equal paused", "other paused"), on_drift="replace").warnings == ()


def test_i3_with_none_equal_replace_creates_one_and_deletes_the_others() -> None:
    made = plan([FIRST, UNLIKE], sample(label="wanted"), on_drift="replace")
    assert operations(made) == [("create", None), ("delete", IDS[2]), ("delete", IDS[1])]
    assert [difference.field for difference in made.drift] == ["transfer.label"]


# --- I4 ---


@pytest.mark.parametrize(("runs", "errors", "warned"), [(0, 0, False), (7, 0, False), (7, 6, False), (7, 7, True)])
@pytest.mark.parametrize("on_drift", ON_DRIFT)
@pytest.mark.parametrize("parameters", [None, sample(label="x")], ids=["equal", "drifted"])
def test_i4_a_timer_that_has_never_worked_is_told_of(
    runs: int, errors: int, warned: bool, on_drift: str, parameters: dict[str, Any] | None
) -> None:
    there = timer(n_runs=runs, n_errors=errors)
    made = plan([there], parameters, on_drift=on_drift)
    expected = ["it has never worked: Globus counts 7 errors in 7 runs"] if warned else []
    assert [one.partition(". ")[0] for one in made.warnings if "never worked" in one] == expected
    by_id = plan([there], timer_id=IDS[0], name="", definition=None)
    assert any("never worked" in one for one in by_id.warnings) is warned
    assert plan([there], state="absent").warnings == ()


# --- I5 ---


@pytest.mark.parametrize(
    "timers", [[], [timer(**ENDED)], [timer(**DELETED)], [timer(status="deleted")], [timer(timer_id=IDS[1])]]
)
def test_i5_an_unknown_ended_or_deleted_id_fails_but_for_absent(timers: list[Timer]) -> None:
    for state in ("present", "active", "paused"):
        failed = failure(plan(timers, timer_id=IDS[0], state=state))
        assert failed.code == "timer_not_found"
        assert IDS[0] in failed.message
    made = plan(timers, timer_id=IDS[0], state="absent")
    assert (operations(made), made.failure, made.timer) == ([], None, None)


def test_i5_a_name_beside_the_id_renames() -> None:
    made = plan([timer(name="old")], timer_id=IDS[0], state="paused")
    assert made.operations == (Operation("rename", IDS[0], NAME), Operation("pause", IDS[0], "old"))
    assert (before(made)["name"], after(made)["name"]) == ("old", NAME)
    assert (before(made)["state"], after(made)["state"]) == ("active", "paused")
    assert plan([timer()], timer_id=IDS[0]).operations == ()
    assert plan([timer()], timer_id=IDS[0], name="").operations == ()


@pytest.mark.parametrize(
    ("namesake", "taken"),
    [({}, True), (BY_USER, True), (BY_SERVICE, True), (ENDED, False), (DELETED, False)],
)
def test_i5_renaming_to_a_name_that_another_unfinished_timer_has_is_refused(
    namesake: dict[str, Any], taken: bool
) -> None:
    made = plan([timer(name="old"), timer(timer_id=IDS[1], **namesake)], timer_id=IDS[0], state="paused")
    if taken:
        failed = failure(made)
        assert failed.code == "name_taken"
        assert IDS[1] in failed.message
    else:
        assert [name for name, _id in operations(made)] == ["rename", "pause"]


def test_i5_absent_by_id_deletes_it_whatever_its_name_and_nothing_else() -> None:
    timers = [timer(name="old"), timer(timer_id=IDS[1])]
    assert operations(plan(timers, timer_id=IDS[0], state="absent")) == [("delete", IDS[0])]


def test_i5_a_failure_keeps_the_name_too() -> None:
    made = plan([timer(name="old")], sample(label="x"), timer_id=IDS[0], on_drift="fail")
    assert failure(made).code == "drift"
    assert before(made) == after(made)


def test_i5_drift_of_a_timer_chosen_by_its_id_is_told_with_its_name_and_the_way_to_replace_it() -> None:
    """Which is not on_drift: replace alone, as that is refused beside timer_id."""
    by_id: dict[str, Any] = {"timer_id": IDS[0], "name": ""}
    message = failure(plan([timer(sample(name="twin"))], sample(label="x"), on_drift="fail", **by_id)).message
    assert message.startswith(f"timer 'twin' ({IDS[0]}) differs")
    (warning,) = plan([timer()], sample(label="x"), on_drift="warn", **by_id).warnings
    for text in (message, warning):
        assert text.endswith("and, instead of timer_id, set a name that no other timer has")
    assert failure(plan([timer()], sample(label="x"), on_drift="fail")).message.endswith(
        "To replace it, set on_drift: replace"
    )


# --- drift ---


@pytest.mark.parametrize(
    ("on_drift", "expected", "warnings", "code"),
    [
        ("ignore", [], 0, None),
        ("warn", [], 1, None),
        ("fail", [], 0, "drift"),
        ("replace", [("create", None), ("delete", IDS[0])], 0, None),
    ],
)
def test_what_drift_leads_to(on_drift: str, expected: list[Any], warnings: int, code: str | None) -> None:
    made = plan([timer()], sample(label="new", sync_level="mtime"), on_drift=on_drift)
    assert operations(made) == expected
    assert [difference.field for difference in made.drift] == ["transfer.label", "transfer.sync_level"]
    assert len(made.warnings) == warnings
    assert (made.failure and made.failure.code) == code
    for text in [*made.warnings, *([made.failure.message] if made.failure else [])]:
        assert 'transfer.label is not set, should be "new"' in text
        assert "on_drift: replace" in text


@pytest.mark.parametrize("on_drift", ["warn", "ignore"])
def test_drift_that_is_left_does_not_keep_the_state_from_being_set(on_drift: str) -> None:
    assert operations(plan([timer()], sample(label="new"), on_drift=on_drift, state="paused")) == [("pause", IDS[0])]


def test_a_timer_of_another_kind_is_drift() -> None:
    flow = read_timer({**recorded("timer.create_timer", "flow_timer_success")["timer"], "name": NAME})
    made = plan([flow], on_drift="replace")
    assert operations(made) == [("create", None), ("delete", flow.id)]
    assert "transfer" not in before(made)
    assert after(made)["transfer"]["source_collection"] == SOURCE


@pytest.mark.parametrize("on_drift", ON_DRIFT)
def test_d4_follow_says_that_it_can_only_tell(on_drift: str) -> None:
    followed = sample({"interval": "1d", "at": "02:00", "timezone": "Europe/Berlin", "daylight_saving": "follow"})
    warnings = plan([timer(followed)], followed, on_drift=on_drift).warnings
    assert [text for text in warnings if "daylight_saving: follow" in text] == list(warnings)
    assert bool(warnings) is (on_drift != "replace")


# --- D7, D8: what a definition cannot say is not dropped ---


def odd(kind: str = "equal runs", **members: Any) -> Timer:
    """A timer with a member that we do not know, or that cannot be understood."""
    (found,) = namesakes(kind)
    return replace(found, **({"unknown": ("transfer.recursive_symlinks",)} | members))


UNREADABLE: dict[str, Any] = {"unknown": (), "unreadable": "transfer.DATA is no list", "action": None}


@pytest.mark.parametrize("on_drift", ON_DRIFT)
@pytest.mark.parametrize("state", ["present", "active", "paused"])
def test_d7_without_other_drift_the_timer_is_left_with_a_warning(on_drift: str, state: str) -> None:
    made = plan([odd()], on_drift=on_drift, state=state)
    assert short(made) == ("pause 0" if state == "paused" else "nothing")
    (warning,) = made.warnings
    assert "has transfer.recursive_symlinks, which the modules do not support" in warning


@pytest.mark.parametrize(
    ("there", "word"),
    [
        ([odd("other runs")], "transfer.recursive_symlinks"),
        ([odd("other paused")], "transfer.recursive_symlinks"),
        ([odd("other stopped", last_run=NOW - timedelta(days=3))], "transfer.recursive_symlinks"),
        ([odd(**UNREADABLE)], "transfer.DATA is no list"),
        ([odd("equal stopped"), timer(timer_id=IDS[1])], "transfer.recursive_symlinks"),
        ([odd("other runs"), timer(sample(label="z"), timer_id=IDS[1])], "transfer.recursive_symlinks"),
        ([odd(**UNREADABLE), timer(timer_id=IDS[1])], "transfer.DATA is no list"),
    ],
)
@pytest.mark.parametrize("state", ["present", "active", "paused"])
def test_d7_it_is_not_deleted_in_favour_of_another(there: list[Timer], word: str, state: str) -> None:
    failed = failure(plan(there, on_drift="replace", state=state))
    assert failed.code == "not_replaceable"
    assert word in failed.message
    assert f"({IDS[0]})" in failed.message
    assert "state: absent" in failed.message


@pytest.mark.parametrize("members", [{}, UNREADABLE])
def test_d7_everything_else_stays_allowed(members: dict[str, Any]) -> None:
    runs, paused = odd("other runs", **members), odd("other paused", **members)
    assert short(plan([runs], state="absent")) == "delete 0"
    assert short(plan([runs], state="paused", definition=None)) == "pause 0"
    assert short(plan([paused], state="active", definition=None)) == "resume 0"
    assert short(plan([paused], state="active", on_drift="ignore")) == "resume 0"
    assert short(plan([replace(runs, name="old")], timer_id=IDS[0])) == "rename 0"
    (purged,) = plan_purge([], [runs], NOW, prefix=NAME, limit=1)
    assert short(purged) == "delete 0"
    assert short(plan([runs], on_drift="fail")) == "drift"
    # kept, because it is the first: then only the others go
    assert short(plan([odd("equal runs"), timer(timer_id=IDS[1])], on_drift="replace")) == "delete 1"


# --- S1, S7 ---


@pytest.mark.parametrize("state", STATES)
def test_s7_a_timer_that_the_service_stopped_is_told_of_in_every_state_but_absent(state: str) -> None:
    made = plan([timer(**BY_SERVICE)], state=state)
    assert len(made.warnings) == (0 if state == "absent" else 1)
    for text in made.warnings:
        assert "ConsentRequired" in text
        assert "543aade1-db97-4a4b-9bdf-0b58e78dfa69" in text
        assert ("it is resumed now with fresh credentials" in text) is (state == "active")
        assert ("state: active resumes it with fresh credentials" in text) is (state != "active")
    assert plan([timer(**BY_USER)], state=state).warnings == ()
    assert plan([timer()], state=state).warnings == ()


@pytest.mark.parametrize("options", [{}, {"timer_id": IDS[0]}, {"definition": None, "timer_id": IDS[0], "name": ""}])
@pytest.mark.parametrize("state", ["present", "active", "paused"])
def test_s7_also_of_a_timer_chosen_by_its_id_or_without_a_definition(state: str, options: dict[str, Any]) -> None:
    (warning,) = plan([timer(**BY_SERVICE)], state=state, **options).warnings
    assert warning.startswith("Globus stopped it, and it does not run (ConsentRequired")


@pytest.mark.parametrize("state", ["present", "active", "paused"])
def test_s7_a_stopped_timer_that_is_replaced_is_not_to_be_resumed(state: str) -> None:
    made = plan([timer(**BY_SERVICE)], sample(label="x"), on_drift="replace", state=state)
    (warning,) = (one for one in made.warnings if "Globus stopped it" in one)
    assert warning.endswith("; a new timer replaces it with fresh credentials")
    several = plan(namesakes("other stopped", "other runs"), sample(label="x"), on_drift="replace", state=state)
    (warning,) = several.warnings
    assert warning.startswith(f"Globus stopped {IDS[0]}, and it does not run")
    assert "resumes it" not in warning


# --- S8 ---


@pytest.mark.parametrize(
    ("kind", "on_inactive", "expected"),
    [
        ("equal stopped", "warn", "nothing"),
        ("equal stopped", "fail", "inactive"),
        ("equal stopped", "resume", "resume 0"),
        ("other stopped", "warn", "nothing"),
        ("other stopped", "fail", "inactive"),
        ("other stopped", "resume", "resume 0"),
        ("equal paused", "warn", "nothing"),
        ("equal paused", "fail", "nothing"),
        ("equal paused", "resume", "nothing"),
        ("equal runs", "fail", "nothing"),
        ("equal runs", "resume", "nothing"),
    ],
)
@pytest.mark.parametrize("by", [{}, {"timer_id": IDS[0]}])
def test_s8_what_to_do_with_a_timer_that_the_service_stopped(
    kind: str, on_inactive: str, expected: str, by: dict[str, Any]
) -> None:
    made = plan(namesakes(kind), on_inactive=on_inactive, on_drift="ignore", **by)
    assert short(made) == expected
    if expected == "inactive":
        assert "ConsentRequired" in failure(made).message
        assert "To resume it with fresh credentials, set state: active or on_inactive: resume" in failure(made).message
    elif "stopped" in kind:
        assert ("it is resumed now" in made.warnings[0]) is (on_inactive == "resume")
        assert made.started_action == (made.timer and made.timer.action if on_inactive == "resume" else None)


@pytest.mark.parametrize("on_inactive", ["warn", "fail", "resume"])
def test_s8_is_about_present_alone(on_inactive: str) -> None:
    stopped = namesakes("equal stopped")
    for state, expected in (("active", "resume 0"), ("paused", "nothing"), ("absent", "delete 0")):
        assert short(plan(stopped, state=state, on_inactive=on_inactive)) == expected


@pytest.mark.parametrize(
    ("on_inactive", "expected"),
    [("warn", "create, delete 0"), ("fail", "inactive"), ("resume", "create, delete 0")],
)
def test_s8_a_drifted_one_is_replaced_unless_the_task_is_to_fail(on_inactive: str, expected: str) -> None:
    made = plan(namesakes("other stopped"), on_drift="replace", on_inactive=on_inactive)
    assert short(made) == expected


def test_s8_drift_that_fails_the_task_comes_before_resuming() -> None:
    assert short(plan(namesakes("other stopped"), on_drift="fail", on_inactive="resume")) == "drift"


def test_s1_collections_are_looked_up_only_to_create_or_resume() -> None:
    both = (SOURCE, DESTINATION)
    assert plan([]).collections == both
    assert plan([timer()], sample(label="x"), on_drift="replace").collections == both
    assert plan([timer(**BY_USER)], state="active", definition=None).collections == both
    assert plan([timer(**BY_USER)], timer_id=IDS[0], name="new name").collections == ()
    for state in ("present", "active", "paused", "absent"):
        assert plan([timer()], state=state).collections == ()
    assert failure(plan([timer()], sample(label="x"), on_drift="fail"))
    assert plan([timer()], sample(label="x"), on_drift="fail").collections == ()
    assert plan([]).failed(GlobusError("no")).collections == ()


# --- D5 ---


@pytest.mark.parametrize(
    "schedule",
    [
        {"start": "2026-11-23T11:00:00Z"},
        {"interval": "1d", "end": {"datetime": "2026-11-23T11:00:00Z"}},
        {"interval": "1d", "start": "2026-11-01T00:00:00Z", "end": {"count": 3}},
    ],
    ids=str,
)
def test_d5_what_is_over_is_never_made_up_for(schedule: dict[str, Any]) -> None:
    for timers in ([], [timer(sample(label="another one"), **ENDED)]):
        failed = failure(plan(timers, sample(schedule)))
        assert failed.code == "schedule_over"
        assert "its last run was due" in failed.message
    made = plan([timer()], sample(schedule), on_drift="replace")
    assert failure(made).code == "schedule_over"
    assert before(made) == after(made)


@pytest.mark.parametrize(
    "schedule",
    [
        {"start": "2026-08-25T11:59:59Z"},
        {"interval": "1d", "end": {"datetime": "2026-08-25T11:59:59Z"}},
        {"interval": "1d", "start": "2026-08-01T00:00:00Z", "end": {"count": 3}},
    ],
    ids=str,
)
def test_d5_what_was_over_more_than_90_days_ago_is_ok_with_a_warning(schedule: dict[str, Any]) -> None:
    made = plan([], sample(schedule), state="paused")
    assert (operations(made), made.failure, made.timer) == ([], None, None)
    assert "more than 90 days ago" in made.warnings[0]


# --- W4: replacing ---


@pytest.mark.parametrize("members", [{}, {"next_run": None}, BY_USER, {**BY_USER, "next_run": None}])
def test_w4_a_new_label_does_not_move_the_runs(members: dict[str, Any]) -> None:
    made = plan(
        [timer(sample({"interval": "7h"}), **members)], sample({"interval": "7h"}, label="x"), on_drift="replace"
    )
    assert made.creation is not None
    # born at noon yesterday, so it ran at 19:00, 02:00 and 09:00
    assert made.creation.schedule.start == datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert after(made)["schedule"] == {"interval": "7h", "start": "2026-11-23T16:00:00+00:00"}


def test_w4_a_late_run_of_the_old_timer_does_not_become_a_start_in_the_past() -> None:
    late = timer(next_run="2026-11-23T12:00:01+00:00", **BY_USER)
    made = plan([late], sample(label="x"), on_drift="replace", state="active")
    assert made.creation is not None
    assert made.creation.schedule.start == datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("old", "new", "start"),
    [
        ("7d", "1d", "2026-11-24T11:00:00"),
        ("365d", "90m", "2026-11-23T12:30:00"),
        ("7d", "1h", "2026-11-23T13:00:00"),
        ("1d", "7d", "2026-11-24T11:00:00"),
    ],
)
def test_w4_another_interval_keeps_the_phase_and_does_not_wait_for_the_old_one(old: str, new: str, start: str) -> None:
    there = timer(sample({"interval": old}), born=NOW - timedelta(hours=1))
    made = plan([there], sample({"interval": new}), on_drift="replace")
    assert made.creation is not None
    assert made.creation.schedule.start == datetime.fromisoformat(f"{start}+00:00")


def test_w4_the_definition_s_own_phase_wins() -> None:
    wanted = sample({"interval": "1d", "start": "2026-01-01T05:00:00Z"})
    made = plan([timer()], wanted, on_drift="replace")
    assert made.creation is not None
    assert made.creation.schedule.start == datetime(2026, 11, 24, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("members", "state", "paused"),
    [
        ({}, "present", False),
        ({}, "paused", True),
        (BY_USER, "present", True),
        (BY_USER, "active", False),
        (BY_USER, "paused", True),
        (BY_SERVICE, "present", False),
        (BY_SERVICE, "paused", True),
    ],
)
def test_w4_a_replacement_stays_paused_unless_the_state_says_otherwise(
    members: dict[str, Any], state: str, paused: bool
) -> None:
    made = plan([timer(**members)], sample(label="x"), on_drift="replace", state=state)
    middle = [("pause", None)] if paused else []
    assert operations(made) == [("create", None), *middle, ("delete", IDS[0])]
    assert after(made)["state"] == ("paused" if paused else "active")


@pytest.mark.parametrize(
    ("end", "runs", "warned"), [({"count": 10}, 7, True), ({"count": 10}, 0, False), (None, 7, False)]
)
def test_w4_a_count_of_runs_that_begins_anew_is_told(end: dict[str, int] | None, runs: int, warned: bool) -> None:
    schedule = {"interval": "1d", **({"end": end} if end else {})}
    made = plan([timer(sample(schedule), n_runs=runs)], sample(schedule, label="x"), on_drift="replace")
    assert [("create", None), ("delete", IDS[0])] == operations(made)
    assert (
        any(
            "the new timer runs 10 times (end.count), in addition to the 7 runs of the old timer" in one
            for one in made.warnings
        )
        is warned
    )


IN_PROGRESS: dict[str, Any] = {"activity": {"code": "run_in_progress", "start_timestamp": "2026-11-23T11:00:00+00:00"}}
RETRYING: dict[str, Any] = {"activity": {"code": "retrying", "start_timestamp": "2026-11-23T12:00:00+00:00"}}


def test_w4d_that_a_run_is_going_on_is_told() -> None:
    made = plan([timer(**IN_PROGRESS)], sample(label="x"), on_drift="replace")
    assert short(made) == "create, delete 0"
    (warning,) = made.warnings
    assert "it is running now and is replaced" in warning
    assert "refuse to transfer the same paths twice" in warning
    assert plan([timer(**IN_PROGRESS)], sample(label="x"), on_drift="ignore").warnings == ()


# --- W4c: a replacement skips no run ---

BERLIN = {"at": "02:00", "timezone": "Europe/Berlin"}
SUNDAYS = {**BERLIN, "weekday": "sunday"}


@pytest.mark.parametrize(
    ("schedule", "born", "now", "due"),
    [
        # anchored at 02:00 in winter, so that it runs at 03:00 in summer, which is 01:00 UTC
        ({"interval": "4w", **SUNDAYS}, "2026-02-15T01:00:00", "2026-07-05T00:30:00", "2026-07-05T01:00:00"),
        ({"interval": "1w", **SUNDAYS}, "2026-02-15T01:00:00", "2026-07-05T00:30:00", "2026-07-05T01:00:00"),
        ({"interval": "1d", **BERLIN}, "2026-02-15T01:00:00", "2026-07-05T00:30:00", "2026-07-05T01:00:00"),
        ({"interval": "1w", **SUNDAYS}, "2026-02-15T01:00:00", "2026-07-05T01:30:00", None),
        ({"interval": "1w", **SUNDAYS}, "2026-02-15T01:00:00", "2026-07-04T12:00:00", None),
        # anchored in summer: in winter it runs at 01:00, an hour before what is wanted
        ({"interval": "1w", **SUNDAYS}, "2026-07-05T00:00:00", "2026-11-28T23:30:00", None),
        ({"interval": "4w", **SUNDAYS}, "2026-07-05T00:00:00", "2026-11-21T23:30:00", None),
    ],
    ids=str,
)
@pytest.mark.parametrize("cause", ["label", "follow"])
def test_w4c_a_replacement_waits_for_the_run_that_it_would_skip(
    schedule: dict[str, Any], born: str, now: str, due: str | None, cause: str
) -> None:
    moment = datetime.fromisoformat(f"{now}+00:00")
    there = aged(schedule, born, moment)
    wanted = sample({**schedule, "daylight_saving": "follow"}) if cause == "follow" else sample(schedule, label="x")
    made = plan([there], wanted, moment, on_drift="replace")
    if due is None:
        assert short(made) == ("create, delete 0" if made.drift else "nothing")
        return
    assert (operations(made), made.creation, made.failure) == ([], None, None)
    assert made.drift
    assert before(made) == after(made)
    (warning,) = made.warnings
    assert f"Replacing it now would skip the run of {due}+00:00" in warning
    # it converges: after that run the next play replaces it, near the time of the old one's next run
    later = datetime.fromisoformat(f"{due}+00:00") + timedelta(minutes=1)
    made = plan([aged(schedule, born, later)], wanted, later, on_drift="replace")
    assert short(made) == "create, delete 0"
    assert made.creation is not None
    assert made.creation.schedule.start is not None
    interval = timedelta(seconds=made.creation.schedule.interval or 0)
    assert abs(made.creation.schedule.start - later - interval) < timedelta(hours=2)


def aged(schedule: dict[str, Any], born: str, now: datetime, **members: Any) -> Timer:
    """A timer of this schedule that was made with its first run at ``born``, as it is listed now."""
    there = timer(sample(schedule), born=datetime.fromisoformat(f"{born}+00:00") - timedelta(seconds=1), **members)
    assert there.schedule.start is not None
    assert there.schedule.interval is not None
    return replace(there, next_run=next_tick(there.schedule.start, there.schedule.interval, now))


WAITING = {"interval": "1w", **SUNDAYS}
BORN, BEFORE = "2026-02-15T01:00:00", datetime(2026, 7, 5, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "options"),
    [
        # what the user changed takes effect at once
        ({**WAITING, "at": "04:00"}, {}),
        ({**WAITING, "weekday": "saturday"}, {}),
        ({**WAITING, "interval": "2w"}, {}),
        ({**WAITING, "timezone": "America/Chicago"}, {}),
        ({"interval": "1w", "start": "2026-02-14T01:00:00Z"}, {}),
        # no run is wanted any more
        (WAITING, {"state": "paused"}),
    ],
    ids=str,
)
def test_w4c_what_the_user_changed_takes_effect_at_once(schedule: dict[str, Any], options: dict[str, Any]) -> None:
    there = aged(WAITING, BORN, BEFORE)
    made = plan([there], sample(schedule, label="x"), BEFORE, on_drift="replace", **options)
    assert short(made).startswith("create")


@pytest.mark.parametrize("members", [BY_USER, BY_SERVICE])
@pytest.mark.parametrize("state", ["present", "active", "paused"])
def test_w4c_a_timer_that_does_not_run_never_waits(members: dict[str, Any], state: str) -> None:
    there = aged(WAITING, BORN, BEFORE, last_ran_at="2026-07-01T00:00:00+00:00", **members)
    made = plan([there], sample(WAITING, label="x"), BEFORE, on_drift="replace", state=state)
    assert short(made).startswith("create")


@pytest.mark.parametrize(
    ("members", "waits"),
    [
        # due, and not started yet: the service takes some time, and repeats a start that fails
        ({"next_run": "2026-11-23T11:59:58+00:00"}, True),
        ({"next_run": "2026-11-23T11:20:00+00:00"}, True),
        (RETRYING, True),
        # it runs, or nobody knows what it waits for
        ({"next_run": "2026-11-23T11:59:58+00:00", **IN_PROGRESS}, False),
        ({"next_run": "2026-11-23T11:00:00+00:00"}, False),
        ({"next_run": None}, False),
        ({"next_run": "2026-11-23T12:00:01+00:00"}, True),  # too near to be the first run of the new timer
    ],
    ids=str,
)
def test_w4c_a_run_that_is_due_and_has_not_started_is_waited_for(members: dict[str, Any], waits: bool) -> None:
    made = plan([timer(**members)], sample(label="x"), on_drift="replace")
    assert (short(made) == "nothing") is waits
    assert any("would skip the run of" in one for one in made.warnings) is waits


def test_w4c_of_several_that_run_none_loses_a_run() -> None:
    """The new timer begins with the run that is due first, so that a play at any time of day converges."""
    early, late = (
        timer(timer_id=key, born=NOW - timedelta(days=2, hours=-hours)) for key, hours in zip(IDS, (1, 3), strict=False)
    )
    made = plan([late, early], sample(label="x"), on_drift="replace")
    assert short(made) == "create, delete 0, delete 1"
    assert made.creation is not None
    assert made.creation.schedule.start == NOW + timedelta(hours=1)


# --- W4f: a missed run ---

MISSED: dict[str, Any] = {"last_ran_at": "2026-11-21T12:00:00+00:00", "n_runs": 1}
NOT_MISSED: dict[str, Any] = {"last_ran_at": "2026-11-23T12:00:00+00:00", "n_runs": 2}
OTHER_TIMES = sample({"interval": "1d", "at": "20:00"})
OTHER_BOTH = sample({"interval": "1d", "at": "20:00"}, label="x")


@pytest.mark.parametrize(
    ("members", "parameters", "options", "expected"),
    [
        ({**BY_USER, **MISSED}, OTHER_TIMES, {"state": "active"}, "resume 0"),
        ({**BY_USER, **NOT_MISSED}, OTHER_TIMES, {"state": "active"}, "create, delete 0"),
        ({**BY_SERVICE, **MISSED}, OTHER_TIMES, {"state": "active"}, "resume 0"),
        ({**BY_SERVICE, **MISSED}, OTHER_TIMES, {"on_inactive": "resume"}, "resume 0"),
        ({**BY_SERVICE, **MISSED}, OTHER_TIMES, {}, "create, delete 0"),
        ({**BY_USER, **MISSED}, OTHER_TIMES, {"on_inactive": "resume"}, "create, pause, delete 0"),
        # someone paused a wrong mirror and corrected it: the wrong one must not run once more
        ({**BY_USER, **MISSED}, sample(label="x"), {"state": "active"}, "create, delete 0"),
        ({**BY_USER, **MISSED}, OTHER_BOTH, {"state": "active"}, "create, delete 0"),
        ({**BY_SERVICE, **MISSED}, OTHER_BOTH, {"on_inactive": "resume"}, "create, delete 0"),
        (MISSED, OTHER_TIMES, {"state": "active"}, "create, delete 0"),  # it runs: nothing is to be made up for
        # one that never ran
        ({**BY_USER, "next_run": None}, OTHER_TIMES, {"state": "active"}, "resume 0"),
    ],
    ids=str,
)
def test_w4f_a_missed_run_comes_before_other_times_but_not_before_another_transfer(
    members: dict[str, Any], parameters: dict[str, Any], options: dict[str, Any], expected: str
) -> None:
    made = plan([timer(born=NOW - timedelta(days=2), **members)], parameters, on_drift="replace", **options)
    assert short(made) == expected
    resumed = [one for one in made.warnings if "it was resumed, so that the missed run takes place" in one]
    lost = [one for one in made.warnings if "the missed run is not made up for" in one]
    if expected == "resume 0":
        (warning,) = resumed
        assert 'schedule.at is "12:00", should be "20:00"' in warning
        assert "the next run of the playbook replaces it" in warning
        assert (after(made)["state"], made.creation) == ("active", None)
        # and so it does
        again = timer(born=NOW - timedelta(days=2), last_ran_at="2026-11-23T12:00:00+00:00", n_runs=2)
        assert short(plan([again], parameters, on_drift="replace", **options)) == "create, delete 0"
    else:
        assert resumed == []
        assert bool(lost) is ("transfer.label" in [one.field for one in made.drift])


def test_w4f_a_run_that_was_to_be_the_only_one_and_was_missed() -> None:
    once = timer(sample({"start": "2026-11-23T11:00:00Z"}), born=NOW - timedelta(hours=2), **BY_USER)
    made = plan([once], sample({"start": "2026-11-24T11:00:00Z"}), on_drift="replace", state="active")
    assert short(made) == "resume 0"
    # and nothing fires late where the definition itself is over (D5)
    made = plan([once], sample({"start": "2026-11-23T10:00:00Z"}), on_drift="replace", state="active")
    assert failure(made).code == "schedule_over"


@pytest.mark.parametrize(("last_run", "missed"), [(timedelta(hours=2), True), (timedelta(minutes=30), False)])
def test_w4f_a_missed_run_that_only_the_service_knows_of(last_run: timedelta, missed: bool) -> None:
    """It may show the next run of an inactive timer as the one that is past."""
    there = replace(
        timer(sample({"interval": "1d", "start": "2026-11-24T11:00:00Z"}), **BY_USER),
        next_run=NOW - timedelta(hours=1),
        last_run=NOW - last_run,
    )
    made = plan([there], OTHER_TIMES, on_drift="replace", state="active")
    assert short(made) == ("resume 0" if missed else "create, delete 0")


def test_w4f_of_several_that_do_not_run_the_first_is_resumed_and_the_others_stay() -> None:
    there = [
        timer(timer_id=key, born=NOW - timedelta(days=days), **BY_USER, **MISSED)
        for key, days in zip(IDS, (3, 4), strict=False)
    ]
    made = plan(there, OTHER_TIMES, on_drift="replace", state="active")
    assert short(made) == "resume 1"
    resumed = [there[0], replace(there[1], status="active", inactive_reason=None)]
    assert short(plan(resumed, OTHER_TIMES, on_drift="replace", state="active")) == "create, delete 1, delete 0"


def test_first_run_again_moves_only_a_start_that_has_passed() -> None:
    creation = definition(sample({"interval": "1d", "start": "2026-11-23T12:00:10Z"}))
    start = NOW + timedelta(seconds=10)
    assert first_run_again(creation, NOW) == start
    assert first_run_again(creation, start) == start + timedelta(days=1)
    assert first_run_again(definition(), NOW) is None
    once = definition(sample({"start": "2026-11-23T12:00:10Z"}))
    assert first_run_again(once, start + timedelta(minutes=1)) == start


# --- W4a: created paused ---


@pytest.mark.parametrize(
    ("schedule", "start"),
    [
        ({"interval": "1d"}, "2026-11-24T12:00:00"),
        ({"interval": "365d"}, "2027-11-23T12:00:00"),
        # within the margin, the next that is not
        ({"interval": 60}, "2026-11-23T12:06:00"),
        ({"interval": "1d", "start": "2026-11-23T12:04:00Z"}, "2026-11-24T12:04:00"),
        ({"interval": "1d", "start": "2026-11-22T12:04:00Z"}, "2026-11-24T12:04:00"),
        ({"interval": "1d", "start": "2026-11-23T12:06:00Z"}, "2026-11-23T12:06:00"),
        ({"interval": "1d", "at": "12:04"}, "2026-11-24T12:04:00"),
        ({"interval": "1d", "at": "12:06"}, "2026-11-23T12:06:00"),
        ({"start": "2026-11-23T12:06:00Z"}, "2026-11-23T12:06:00"),
        ({"at": "12:06"}, "2026-11-23T12:06:00"),
        # run once, at the next such time that leaves room for the pause
        ({"at": "12:04"}, "2026-11-24T12:04:00"),
    ],
    ids=str,
)
def test_w4a_a_timer_created_paused_does_not_run_before_the_pause(schedule: dict[str, Any], start: str) -> None:
    made = plan([], sample(schedule), state="paused")
    assert operations(made) == [("create", None), ("pause", None)]
    assert made.creation is not None
    assert made.creation.schedule.start == datetime.fromisoformat(start).replace(tzinfo=UTC)


@pytest.mark.parametrize("schedule", [{}, {"start": "2026-11-23T12:05:00Z"}, {"start": "2026-11-23T12:00:00Z"}])
def test_w4a_run_once_at_once_cannot_be_created_paused(schedule: dict[str, Any]) -> None:
    failed = failure(plan([], sample(schedule), state="paused"))
    assert failed.code == "would_run_before_pause"
    assert "schedule.start" in failed.message
    # neither can it take the place of a paused one, but for one whose next tick says when
    made = plan([timer(**BY_USER)], sample(schedule), on_drift="replace")
    assert (made.failure is None) is (schedule == {})


# --- what holds of every plan ---


@st.composite
def situations(draw: st.DrawFn) -> tuple[Wanted, list[Timer]]:
    """What is wanted, and up to four timers: equal to it, different, of other kinds, in every status."""
    parameters = draw(samples.parameters())
    timers = []
    for timer_id in IDS[: draw(st.integers(0, 4))]:
        kind = draw(st.sampled_from(("equal", "equal", "label", "other", "flow", "generic")))
        if kind == "label":
            one = {**parameters, "transfer": {**parameters["transfer"], "label": "was another"}}
        else:
            one = draw(samples.parameters()) if kind == "other" else parameters
        members = draw(st.sampled_from(({}, {}, BY_USER, BY_SERVICE, ENDED, DELETED, {"status": "deleted"})))
        found = timer(
            {**one, "name": draw(st.sampled_from((NAME, NAME, NAME, NAME.upper(), "old name")))},
            timer_id=timer_id,
            shape=draw(st.sampled_from(SHAPES)),
            born=NOW - timedelta(seconds=draw(st.sampled_from((0, 1, 3600, 200 * 86400)))),
            **members,
        )
        if kind in ("flow", "generic"):
            found = replace(found, type=kind, action=None)
        if draw(st.integers(0, 4)) == 0:
            found = replace(found, next_run=None, submitted_at=None)
        timers.append(found)
    by_id = draw(st.integers(0, 3)) == 0
    wanted = Wanted(
        name=draw(st.sampled_from((NAME, ""))) if by_id else NAME,
        timer_id=draw(st.sampled_from(IDS[:5])) if by_id else None,
        state=draw(st.sampled_from(STATES)),
        on_drift=draw(st.sampled_from(ON_DRIFT[:3] if by_id else ON_DRIFT)),
        definition=draw(st.sampled_from((definition(parameters), definition(parameters), None))),
    )
    return wanted, timers


def carry_out(made: Plan, timers: Sequence[Timer], now: datetime, shape: str = "as_sent") -> list[list[Timer]]:
    """All timers after each operation of a plan, as the service would list them."""
    states = []
    there = {one.id: one for one in timers}
    for operation in made.operations:
        key = operation.timer_id or NEW
        if operation.operation == "create":
            assert made.creation is not None
            document = write_timer(made.creation, made.creation.schedule.start)
            there[NEW] = read_timer(shown(document, shape, timer_id=NEW, now=now))
        elif operation.operation == "delete":
            there[key] = replace(there[key], status="delete_in_progress")
        elif operation.operation == "pause":
            there[key] = replace(there[key], status="inactive", inactive_reason={"cause": "user", "detail": None})
        elif operation.operation == "resume":
            there[key] = replace(there[key], status="active", inactive_reason=None)
        else:
            there[key] = replace(there[key], name=operation.name)
        states.append(list(there.values()))
    return states


@given(situations(), st.sampled_from(SHAPES), st.integers(0, 100))
def test_planning_after_carrying_out_finds_nothing_to_do(
    situation: tuple[Wanted, list[Timer]], shape: str, seconds: int
) -> None:
    wanted, timers = situation
    made = plan_timer(wanted, timers, NOW)
    for after in carry_out(made, timers, NOW, shape)[-1:]:
        again = plan_timer(wanted, after, NOW + timedelta(seconds=seconds))
        assert (again.operations, again.failure) == ((), None)
        assert wanted.on_drift != "replace" or again.drift == ()


@given(situations())
def test_a_plan_does_or_fails_and_shows_what_it_does(situation: tuple[Wanted, list[Timer]]) -> None:
    wanted, timers = situation
    made = plan_timer(wanted, timers, NOW)
    assert made.failure is None or (made.operations, made.creation) == ((), None)
    assert (before(made) == after(made)) is (made.operations == ())
    assert (made.creation is not None) is any(one.operation == "create" for one in made.operations)
    # only what is there, what is meant, and nothing twice
    meant = {one.id for one in timers if one.is_unfinished and (one.name == NAME or one.id == wanted.timer_id)}
    touched = [one.timer_id for one in made.operations if one.operation == "delete"]
    assert set(touched) <= meant
    assert len(set(touched)) == len(touched)
    assert made.known <= {one.id for one in timers if one.name == wanted.name}


@given(situations())
def test_w4_at_every_moment_a_timer_of_the_name_exists(situation: tuple[Wanted, list[Timer]]) -> None:
    wanted, timers = situation
    made = plan_timer(wanted, timers, NOW)
    if wanted.state == "absent" or wanted.timer_id is not None:
        return
    had_one = any(one.name == NAME and one.is_unfinished for one in timers)
    for there in carry_out(made, timers, NOW):
        assert had_one or made.creation
        assert any(one.name == NAME and one.is_unfinished for one in there)


@given(situations())
def test_i3_in_the_end_at_most_one_timer_of_the_name_is_left(situation: tuple[Wanted, list[Timer]]) -> None:
    wanted, timers = situation
    made = plan_timer(wanted, timers, NOW)
    if wanted.timer_id is not None or made.failure:
        return
    if not made.operations and any("so it has not been replaced yet" in warning for warning in made.warnings):
        return  # a run is due now, and the next play replaces them (rule W4c)
    after = (carry_out(made, timers, NOW) or [timers])[-1]
    left = [one for one in after if one.name == NAME and one.is_unfinished]
    assert len(left) == 0 if wanted.state == "absent" else len(left) <= 1
    if wanted.state == "paused":
        assert all(one.is_inactive for one in left)
    if wanted.state == "active":
        assert not any(one.is_inactive for one in left)


@given(situations())
def test_w4a_what_is_created_has_its_first_run_to_come(situation: tuple[Wanted, list[Timer]]) -> None:
    wanted, timers = situation
    made = plan_timer(wanted, timers, NOW)
    if made.creation is None:
        return
    schedule = made.creation.schedule
    paused = any(one.operation == "pause" for one in made.operations)
    if paused:
        assert schedule.start is not None
        assert schedule.start > NOW + PAUSE_MARGIN
    elif schedule.start is not None:
        assert schedule.start > NOW + START_MARGIN if schedule.interval else schedule.start >= NOW
    # and it is what the definition asks for
    (created,) = (one for one in carry_out(made, timers, NOW)[0] if one.id == NEW)
    assert wanted.definition is not None
    assert timer_differences(wanted.definition, created, NOW) == []


# --- many timers ---


def wanted_names(*names: str, **options: Any) -> list[Wanted]:
    return [Wanted(name=name, definition=named(name), **options) for name in names]


def named(name: str, schedule: dict[str, Any] | None = None) -> Definition:
    return definition(sample(schedule, name=name))


def test_a_list_is_planned_in_its_order_entry_by_entry() -> None:
    timers = [timer(sample(name=name), timer_id=key) for name, key in (("b", IDS[0]), ("c", IDS[1]), ("d", IDS[2]))]
    entries = [*wanted_names("a", "b"), Wanted("c", state="absent"), Wanted("new d", timer_id=IDS[2])]
    assert [operations(made) for made in plan_timers(entries, timers, NOW)] == [
        [("create", None)],
        [],
        [("delete", IDS[1])],
        [("rename", IDS[2])],
    ]


def test_one_timer_chosen_by_two_entries_fails_the_second() -> None:
    entries = [Wanted("a", state="paused"), Wanted("b", timer_id=IDS[0])]
    first, second = plan_timers(entries, [timer(sample(name="a"))], NOW)
    assert operations(first) == [("pause", IDS[0])]
    assert failure(second).code == "listed_twice"


@pytest.mark.parametrize("by_id", [Wanted("", timer_id=IDS[0]), Wanted("new", timer_id=IDS[0], state="paused")])
@pytest.mark.parametrize("by_name", [Wanted("a", state="absent"), *wanted_names("a", on_drift="replace")])
def test_i3_no_entry_deletes_the_namesake_that_another_entry_has_by_its_id(by_name: Wanted, by_id: Wanted) -> None:
    """Of two equal timers the entry by name keeps, if any, the other one."""
    there = [
        timer(sample(name="a"), timer_id=IDS[0]),
        timer(sample(name="a"), timer_id=IDS[1], born=NOW - timedelta(days=2)),
    ]
    for entries in ([by_name, by_id], [by_id, by_name]):
        made = dict(zip(entries, plan_timers(entries, there, NOW), strict=True))
        assert failure(made[by_name]).code == "listed_twice"
        assert IDS[0] in failure(made[by_name]).message
        assert ("delete", IDS[0]) not in operations(made[by_id])
    # both say that it is to go
    entries = [Wanted("a", state="absent"), Wanted("", timer_id=IDS[0], state="absent")]
    first, second = plan_timers(entries, there, NOW)
    assert operations(first) == [("delete", IDS[1]), ("delete", IDS[0])]
    assert failure(second).code == "listed_twice"


@given(st.lists(situations(), max_size=3))
def test_a_list_plans_each_entry_as_if_it_were_alone(entries: list[tuple[Wanted, list[Timer]]]) -> None:
    wanted, timers = [], []
    for number, (one, there) in enumerate(entries):
        key = str(number)
        own_id = one.timer_id and one.timer_id[:-2] + key + one.timer_id[-1]
        wanted.append(replace(one, name=one.name + key, timer_id=own_id))
        timers += [replace(a, name=a.name + key, id=a.id[:-2] + key + a.id[-1]) for a in there]
    for one, made in zip(wanted, plan_timers(wanted, timers, NOW), strict=True):
        if "would delete what timer" in f"{made.failure} {made.warnings}":
            continue  # mirrors that concern each other (rule N4), which have tests of their own
        alone = plan_timer(one, timers, NOW)
        assert str(made.failure) == str(alone.failure)
        assert replace(made, failure=None) == replace(alone, failure=None)


def test_w7_purge_takes_the_unfinished_of_the_scope_that_the_list_does_not_name() -> None:
    there = {
        IDS[0]: ("lab-kept", {}),
        IDS[1]: ("lab-surplus", {}),
        IDS[2]: ("lab-paused", BY_USER),
        IDS[3]: ("lab-ended", ENDED),
        IDS[4]: ("other", {}),
        IDS[5]: ("lab-by-id", {}),
    }
    timers = [timer(sample(name=name), timer_id=key, **members) for key, (name, members) in there.items()]
    entries = [*wanted_names("lab-kept"), Wanted("", timer_id=IDS[5])]
    made = plan_purge(entries, timers, NOW, prefix="lab-", limit=2)
    assert [operations(one) for one in made] == [[("delete", IDS[1])], [("delete", IDS[2])]]
    with pytest.raises(GlobusError, match=r"delete 2 timers .* more than purge_limit 1: 'lab-paused', 'lab-surplus'"):
        plan_purge(entries, timers, NOW, prefix="lab-", limit=1)
    assert plan_purge(entries, timers, NOW, prefix="LAB-", limit=0) == []


EVERY_2_MINUTES = {"interval": "2m"}


@pytest.mark.parametrize(
    ("there", "wanted", "options", "over"),
    [
        # (name, members) of timers that run every two minutes; names wanted every two minutes
        ([], ["a", "b"], {}, False),
        ([], ["a", "b", "c"], {}, True),
        ([("x", {})], ["a"], {}, False),
        ([("x", {}), ("y", {})], ["a"], {}, True),
        ([("x", BY_USER), ("y", ENDED), ("z", DELETED)], ["a", "b"], {}, False),
        ([("x", {}), ("a", BY_USER)], ["a"], {"state": "active"}, False),
        ([("x", {}), ("y", {}), ("a", BY_USER)], ["a"], {"state": "active"}, True),
        # what is too much already is not the fault of a task that adds nothing
        ([("x", {}), ("y", {}), ("a", {})], ["a"], {"state": "paused"}, False),
    ],
)
def test_l2_all_timers_together_run_once_a_minute_at_most(
    there: list[tuple[str, dict[str, Any]]], wanted: list[str], options: dict[str, Any], over: bool
) -> None:
    timers = [
        timer(sample(EVERY_2_MINUTES, name=name), timer_id=key, **members)
        for key, (name, members) in zip(IDS, there, strict=False)
    ]
    entries = [Wanted(name=name, definition=named(name, EVERY_2_MINUTES), **options) for name in wanted]
    plans = plan_timers(entries, timers, NOW)
    if over:
        with pytest.raises(GlobusError, match=r"would start 1\.5 runs a minute"):
            check_rates(plans, timers, 4)
    else:
        check_rates(plans, timers, 4)


def test_l2_what_is_paused_makes_room() -> None:
    timers = [timer(sample({"interval": 60}, name="old"))]
    paused, new = Wanted("old", state="paused"), Wanted("new", definition=named("new", {"interval": 60}))
    check_rates(plan_timers([paused, new], timers, NOW), timers, 4)
    with pytest.raises(GlobusError, match="would start 2 runs a minute"):
        check_rates(plan_timers([new], timers, NOW), timers, 4)
    rare = Wanted("rare", definition=named("rare", {"interval": "365d"}))
    with pytest.raises(GlobusError, match="would start more than 1 runs a minute"):
        check_rates(plan_timers([rare], timers, NOW), timers, 4)


@pytest.mark.parametrize(("concurrency", "over"), [(1, False), (2, True)])
def test_l2_a_replacement_holds_both_for_a_moment(concurrency: int, over: bool) -> None:
    every_3_minutes = {"interval": "3m"}
    timers = [
        timer(sample(every_3_minutes, name=name, label="old"), timer_id=key)
        for name, key in (("a", IDS[0]), ("b", IDS[1]))
    ]
    entries = [Wanted(name, on_drift="replace", definition=named(name, every_3_minutes)) for name in ("a", "b")]
    plans = plan_timers(entries, timers, NOW)
    assert all(made.replaces for made in plans)
    if over:
        with pytest.raises(GlobusError, match=r"1\.33 runs a minute.*set concurrency: 1"):
            check_rates(plans, timers, concurrency)
    else:
        check_rates(plans, timers, concurrency)


@pytest.mark.parametrize("interval", ["1m", "90s"])
def test_l2_a_timer_that_uses_more_than_half_of_the_limit_is_paused_first_and_then_replaced(interval: str) -> None:
    """The way out that the message names works."""
    (there,) = [timer(sample({"interval": interval}, label="old"))]
    entry = Wanted(NAME, on_drift="replace", definition=definition(sample({"interval": interval})))
    for state in ("present", "active", "paused"):
        plans = plan_timers([replace(entry, state=state)], [there], NOW)
        with pytest.raises(GlobusError, match=r"Pause timer 'microscope-nightly' first, .* state: active"):
            check_rates(plans, [there], 1)
    paused = replace(there, status="inactive", inactive_reason={"cause": "user", "detail": None})
    plans = plan_timers([replace(entry, state="active")], [paused], NOW)
    check_rates(plans, [paused], 4)
    assert short(plans[0]) == "create, delete 0"


def test_l2_what_is_too_much_for_good_is_told_without_that_advice() -> None:
    timers = [timer(sample({"interval": "1m"}, label="old"))]
    entries = [
        Wanted(NAME, on_drift="replace", definition=definition(sample({"interval": "1m"}))),
        Wanted("new", definition=named("new", {"interval": "1m"})),
    ]
    with pytest.raises(GlobusError, match="Give them longer intervals"):
        check_rates(plan_timers(entries, timers, NOW), timers, 1)


# --- N4 ---

OVER_ITSELF: dict[str, Any] = {
    "destination_collection": SOURCE,
    "delete_destination_extra": True,
    "paths": [{"source_path": "/d/run1/", "destination_path": "/d/", "recursive": True}],
}


@pytest.mark.parametrize("state", ["present", "active", "paused"])
def test_a_mirror_over_its_own_source_is_not_created_N4(state: str) -> None:
    failed = failure(plan([], sample(**OVER_ITSELF), state=state))
    assert failed.code == "invalid_input"
    assert (
        f"timer {NAME!r} cannot be created: transfer.delete_destination_extra would delete files of the source"
    ) in str(failed)


def test_nor_is_a_timer_replaced_by_one_N4() -> None:
    failed = failure(plan([timer()], sample(**OVER_ITSELF), on_drift="replace"))
    assert "transfer.delete_destination_extra would delete files of the source" in failed.message


@pytest.mark.parametrize(
    ("state", "members", "expected"),
    [
        ("present", {}, []),
        ("active", BY_USER, [("resume", IDS[0])]),
        ("paused", {}, [("pause", IDS[0])]),
        ("absent", {}, [("delete", IDS[0])]),
    ],
)
@pytest.mark.parametrize("on_drift", ON_DRIFT)
def test_one_that_is_there_is_matched_paused_resumed_and_deleted_N4(
    state: str, members: dict[str, Any], expected: list[tuple[str, str]], on_drift: str
) -> None:
    there = timer(sample(**OVER_ITSELF), **members)
    nothing: tuple[dict[str, Any], ...] = ({}, {"definition": None})
    for definition_or_name in nothing:
        made = plan([there], sample(**OVER_ITSELF), state=state, on_drift=on_drift, **definition_or_name)
        assert operations(made) == expected
        assert made.failure is None
        warned = [
            one
            for one in made.warnings
            if ("transfer.delete_destination_extra would delete files of the source") in one
        ]
        assert len(warned) == (0 if state == "absent" else 1)


def mirror_wanted(name: str, source: str, destination: str, **options: Any) -> Wanted:
    path = {"source_path": "/d/", "destination_path": "/d/"}
    options = {"delete_destination_extra": True, **options}
    parameters = sample(
        name=name, source_collection=source, destination_collection=destination, paths=[path], **options
    )
    return Wanted(name=name, definition=definition(parameters))


def test_mirrors_of_each_other_are_not_created_N4() -> None:
    wanted = [
        mirror_wanted("a", SOURCE, DESTINATION),
        Wanted("c", state="absent"),
        mirror_wanted("b", DESTINATION, SOURCE),
    ]
    first, other, second = plan_timers(wanted, [], NOW)
    assert other.failure is None
    for made in (first, second):
        assert failure(made).code == "invalid_input"
        assert "copy from each other" in failure(made).message
        assert "timer 'a'" in failure(made).message
        assert "timer 'b'" in failure(made).message
    assert not [made for made in plan_timers([wanted[0], replace(wanted[2], state="absent")], [], NOW) if made.failure]
    copy = mirror_wanted("b", DESTINATION, SOURCE, delete_destination_extra=False)
    assert not [made for made in plan_timers([wanted[0], copy], [], NOW) if made.failure]


def test_of_mirrors_of_each_other_the_one_that_is_there_stays_N4() -> None:
    """Only what would be created is refused; where both are there, both are warned of."""
    one, two = mirror_wanted("a", SOURCE, DESTINATION), mirror_wanted("b", DESTINATION, SOURCE)
    path = {"source_path": "/d/", "destination_path": "/d/"}
    ends: dict[str, Any] = {"source_collection": DESTINATION, "destination_collection": SOURCE}
    options: dict[str, Any] = {"paths": [path], "delete_destination_extra": True}
    there = timer(sample(name="a", **options))
    first, second = plan_timers([one, two], [there], NOW)
    assert first.failure is None
    assert [warning for warning in first.warnings if "copy from each other" in warning]
    assert "copy from each other" in failure(second).message

    both = [there, timer(sample(name="b", **options, **ends), timer_id=IDS[1])]
    for made in plan_timers([one, two], both, NOW):
        assert made.failure is None
        assert len([warning for warning in made.warnings if "copy from each other" in warning]) == 1


def copy_wanted(name: str, source_path: str, destination_path: str, state: str = "present", **options: Any) -> Wanted:
    paths = [{"source_path": source_path, "destination_path": destination_path}]
    return Wanted(name=name, state=state, definition=definition(sample(name=name, paths=paths, **options)))


OVERLAPPING = pytest.mark.parametrize(
    ("mirrored", "written"), [("/copy/", "/copy/b/"), ("/copy/b/", "/copy/"), ("/copy/", "/copy")]
)


@OVERLAPPING
@pytest.mark.parametrize("other_mirrors", [False, True])
@pytest.mark.parametrize("turned", [False, True])
def test_a_mirror_that_deletes_what_another_timer_writes_is_not_created_N4(
    mirrored: str, written: str, other_mirrors: bool, turned: bool
) -> None:
    mirror = copy_wanted("m", "/a/", mirrored, delete_destination_extra=True)
    other = copy_wanted("w", "/other/", written, delete_destination_extra=other_mirrors)
    elsewhere = copy_wanted("e", "/a/", "/else/", delete_destination_extra=True)
    wanted = [other, mirror, elsewhere] if turned else [mirror, other, elsewhere]
    made = {one.wanted.name: one for one in plan_timers(wanted, [], NOW)}
    assert "would delete what timer 'w' writes" in failure(made["m"]).message
    assert made["e"].failure is None
    assert (made["w"].failure is not None) == other_mirrors

    apart = [mirror, copy_wanted("w", "/other/", "/copy-b/", delete_destination_extra=other_mirrors)]
    assert not [one for one in plan_timers(apart, [], NOW) if one.failure or one.warnings]
    plain = [replace(mirror, state="absent", definition=None), other]
    assert not [one for one in plan_timers(plain, [], NOW) if one.failure]


def test_mirrors_that_bring_the_same_files_to_the_same_place_are_created_N4() -> None:
    """Two schedules of one copy, and a subfolder that is copied more often."""
    wanted = [
        copy_wanted("all", "/a/", "/copy/", delete_destination_extra=True),
        copy_wanted("again", "/a/", "/copy/", delete_destination_extra=True, schedule={"interval": "7d"}),
        copy_wanted("often", "/a/new/", "/copy/new/", schedule={"interval": "2h"}),
    ]
    assert not [one for one in plan_timers(wanted, [], NOW) if one.failure or one.warnings]


def test_of_a_mirror_and_what_it_deletes_the_one_that_is_there_stays_N4() -> None:
    mirror = copy_wanted("m", "/a/", "/copy/", delete_destination_extra=True)
    other = copy_wanted("w", "/other/", "/copy/b/")
    paths = [[{"source_path": "/a/", "destination_path": "/copy/"}]]
    paths += [[{"source_path": "/other/", "destination_path": "/copy/b/"}]]
    mirror_there = timer(sample(name="m", paths=paths[0], delete_destination_extra=True))
    other_there = timer(sample(name="w", paths=paths[1]), timer_id=IDS[1])

    first, second = plan_timers([mirror, other], [mirror_there], NOW)
    assert first.failure is None
    assert "timer 'm': delete_destination_extra would delete what timer 'w' writes" in failure(second).message
    first, second = plan_timers([mirror, other], [other_there], NOW)
    assert "would delete what timer 'w' writes" in failure(first).message
    assert second.failure is None

    first, second = plan_timers([mirror, other], [mirror_there, other_there], NOW)
    assert (first.failure, second.failure, second.warnings) == (None, None, ())
    assert len([one for one in first.warnings if "would delete what timer 'w' writes" in one]) == 1
    first, second = plan_timers([replace(mirror, state="paused"), other], [], NOW)
    assert (first.failure, second.failure) == (None, None)
    assert len([one for one in first.warnings if "would delete what timer 'w' writes" in one]) == 1


def test_a_mirror_whose_items_delete_each_others_files_is_not_created_N4() -> None:
    paths = [
        {"source_path": "/a/", "destination_path": "/copy/"},
        {"source_path": "/b/", "destination_path": "/copy/b/"},
    ]
    made = plan([], sample(paths=paths, delete_destination_extra=True))
    assert "transfer.delete_destination_extra would delete what transfer.paths[1] writes" in failure(made).message
    assert plan([], sample(paths=paths)).failure is None
    paths[1]["source_path"] = "/a/b/"
    assert plan([], sample(paths=paths, delete_destination_extra=True)).failure is None


# --- N1 ---


@pytest.mark.parametrize("name", ["", "  "])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("on_drift", ON_DRIFT)
def test_timers_without_a_name_are_nobodys_N1(name: str, state: str, on_drift: str) -> None:
    there = [timer(sample(name=NAME), name=name, timer_id=timer_id) for timer_id in IDS[:3]]
    wanted = Wanted(name, state=state, on_drift=on_drift, definition=definition(sample(schedule={"interval": "7d"})))
    assert failure(plan_timer(wanted, there, NOW)).code == "invalid_input"
    (made,) = plan_timers([wanted], there, NOW)
    assert failure(made).code == "invalid_input"


def test_purge_leaves_timers_without_a_name_alone_N1() -> None:
    there = [timer(name="", timer_id=IDS[0]), timer(name="a-1", timer_id=IDS[1])]
    assert [made.deletes for made in plan_purge([], there, NOW, prefix="a-", limit=5)] == [{IDS[1]}]
