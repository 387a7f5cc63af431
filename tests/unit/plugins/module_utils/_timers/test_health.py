# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health: each state by each sign of it, and nothing that is well ever called unwell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._globus.auth_requirements import with_requirements
from ansible_collections.research_ops.globus.plugins.module_utils._timers.document import (
    Timer,
    missing_consents,
    read_timer,
)
from ansible_collections.research_ops.globus.plugins.module_utils._timers.health import (
    HEALTH_STATES,
    UNHEALTHY,
    health_of,
)
from ansible_collections.research_ops.globus.plugins.module_utils._timers.runs import runs_of
from unit.timer_documents import recorded

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
COLLECTION = "543aade1-db97-4a4b-9bdf-0b58e78dfa69"
FLOW = "0a7d6c5e-1111-4222-8333-444455556666"
SUCCEEDED, FAILED, ACTIVE = "SUCCEEDED", "FAILED", "ACTIVE"


def at(hours: float) -> str:
    """So many hours from now."""
    return (NOW + timedelta(hours=hours)).isoformat()


def read(document: dict[str, Any]) -> Timer:
    """As the modules read it: with what the SDK makes of an inactive timer's reason."""
    return with_requirements(read_timer(document))


def timer(*results: dict[str, Any], **members: Any) -> Timer:
    """A daily timer that ran an hour ago and runs in 23 hours, with these results, the latest first."""
    return read(
        {
            "job_id": "226fda72-0000-4000-8000-000000000001",
            "name": "nightly",
            "status": "active",
            "schedule": {"type": "recurring", "interval_seconds": 86400, "start": at(-25)},
            "next_run": at(23),
            "last_ran_at": at(-1),
            "n_runs": 2,
            "n_errors": 0,
            "activity": {"code": "awaiting_next_run", "next_run": at(23)},
            "inactive_reason": None,
            "results": {"data": list(results), "page_next": None},
            **members,
        }
    )


def run(action: str | None = SUCCEEDED, task: str | None = None, hours: float = -1, **members: Any) -> dict[str, Any]:
    """The result of a run: the action's status, and the transfer task's."""
    data = None if action is None else {"status": action, "details": {"status": task or action, "task_id": "task"}}
    return {"data": data, "errors": None, "status": 202, "ran_at": at(hours), **members}


def inactive(reason: Any, **members: Any) -> Timer:
    return timer(status="inactive", inactive_reason=reason, activity={"code": "paused", "reason": "other"}, **members)


def requirements(code: str, **parameters: Any) -> dict[str, Any]:
    detail = {"code": code, "authorization_parameters": {"session_message": "Sorry", **parameters}}
    return {"cause": "globus_auth_requirements", "detail": detail}


# --- runs ----------------------------------------------------------------------------------------------------------

ERROR = [{"code": "ERROR", "detail": "Sorry", "status": 502}]
WELL = {
    "succeeded": run(),
    "succeeded after errors": run(errors=ERROR),
    "succeeded, but the last look at it failed": run(http_status_polled=502, status=401),
    "succeeded, whatever the timer calls it": run(run_status="error"),
    "succeeded by the timer's word": run(None, run_status="success"),
    "completed with errors that were skipped": run(None, run_status="completed_with_errors"),
    "no error": run(None, run_status="NO_ERROR"),
    "a word nobody knows": run(None, run_status="quux"),
    "going on": run(ACTIVE),
    "going on, with faults": run(ACTIVE, errors=ERROR),
    "going on, and a look at it failed": run(ACTIVE, http_status_polled=503),
    "started, never looked at again": run(ACTIVE, run_status="SUCCEEDED"),
    "nothing said": {"ran_at": at(-1)},
    "no words but statuses": run(None, http_status_submission=202, http_status_polled=200),
    "numbers for words": run(None, run_status=0),
    "ended, as a flow's run": run("ENDED"),
}
FAILING = {
    "failed": (run(FAILED), FAILED),
    "the task failed": (run(SUCCEEDED, FAILED), FAILED),
    "failed with a reason": (run(FAILED, errors=ERROR), "Sorry"),
    "cancelled with a reason": (run("CANCELLED", errors=ERROR), "Sorry; CANCELLED"),
    "failed by the timer's word": (run(None, run_status="failed"), "failed"),
    "in camel case": (run(None, run_status="Run-Failed"), "Run-Failed"),
    "given up by the timer": (run(ACTIVE, run_status="error"), "error"),
    "could not be started": (run(None, status=502, errors=ERROR), "Sorry; HTTP status 502"),
    "could not be submitted": (run(None, http_status_submission=403), "HTTP status 403"),
    "errors and a word nobody knows": (run(None, run_status="quux", errors="Sorry"), "Sorry"),
    "errors in a list of words": (run(None, errors=["One", {"message": "Two"}]), "One; Two"),
    "errors of an unknown shape": (run(None, errors={"oops": 1}), "{'oops': 1}"),
    "cancelled": (run(None, run_status="CANCELLED"), "CANCELLED"),
    "waits for someone": (run("INACTIVE"), "INACTIVE; it waits until someone resumes it in the Globus web app"),
    "a task's own reason": (
        {"ran_at": at(-1), "data": {"status": FAILED, "details": {"fatal_error": {"description": "No space"}}}},
        "No space",
    ),
}


@pytest.mark.parametrize("result", WELL.values(), ids=list(WELL))
def test_a_run_that_is_well_is_never_called_failing(result: dict[str, Any]) -> None:
    assert not runs_of(timer(result))[0].failed
    assert runs_of(timer(result))[0].message is None
    assert health_of(timer(result, run(hours=-25)), NOW).state == "ok"


@pytest.mark.parametrize(("result", "why"), FAILING.values(), ids=list(FAILING))
def test_a_run_that_failed_is_told_with_its_reason(result: dict[str, Any], why: str) -> None:
    assert runs_of(timer(result))[0].message == why
    health = health_of(timer(result), NOW)
    assert (health.state, health.reason) == ("failing", f"Its last run, at {at(-1)}, failed: {why}")
    assert health.remedy


def test_only_the_last_run_counts_whatever_the_order_of_the_results() -> None:
    good, bad = run(hours=-1), run(FAILED, hours=-25)
    assert [health_of(timer(*both), NOW).state for both in ((good, bad), (bad, good))] == ["ok", "ok"]


def test_while_a_run_goes_on_the_one_before_it_counts() -> None:
    """Or a backup that fails for hours, every day, would be well whenever someone looks."""
    going_on = {"code": "run_in_progress", "start_timestamp": at(-1), "duration_seconds": 3600}
    results = run(ACTIVE), run(FAILED, hours=-25)
    assert health_of(timer(*results, activity=going_on), NOW).state == "failing"
    assert health_of(timer(*results), NOW).state == "ok", "its document was not looked at again; it is over"
    assert health_of(timer(run(ACTIVE), activity=going_on), NOW).state == "ok"
    assert health_of(timer(run(FAILED), run(), activity=going_on), NOW).state == "failing"


def test_results_of_no_known_shape_are_no_failure() -> None:
    assert health_of(timer("text", None, 7, {"data": "x"}), NOW).state == "ok"  # type: ignore[arg-type]  # indeed
    assert health_of(timer(results=None), NOW).state == "ok"
    assert health_of(timer(results=[run(FAILED)]), NOW).state == "failing", "a bare list, as in one recording"


# --- overdue -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("next_run", "activity", "state"),
    [
        (at(0.1), None, "ok"),
        (at(-0.7), None, "ok"),  # a start is tried again for up to 45 minutes
        (at(-0.9), None, "overdue"),
        (at(-24), {"code": "awaiting_next_run"}, "overdue"),
        (at(-24), {"code": "retrying"}, "overdue"),
        (at(-24), {"code": "run_in_progress"}, "ok"),
        (None, None, "ok"),
    ],
)
def test_overdue_is_a_next_run_that_has_passed(next_run: str | None, activity: Any, state: str) -> None:
    health = health_of(timer(run(), next_run=next_run, activity=activity), NOW)
    assert health.state == state
    assert (f"was due at {next_run} and" in str(health.reason)) is (state == "overdue")


@pytest.mark.parametrize(
    ("start", "members", "state"),
    [
        (at(1), {}, "ok"),
        (at(-0.7), {}, "ok"),
        (at(-25), {}, "overdue"),
        (at(-25), {"n_runs": 1}, "ok"),
        (at(-25), {"activity": {"code": "run_in_progress"}}, "ok"),
        (at(-0.8), {"activity": {"code": "retrying"}}, "ok"),
        (at(-25), {"results": [run()]}, "ok"),
        (at(-25), {"results": [run(None, status=502)]}, "failing"),
    ],
)
def test_a_timer_that_never_ran_though_it_should_is_overdue(start: str, members: dict[str, Any], state: str) -> None:
    schedule = {"type": "recurring", "interval_seconds": 86400, "start": start}
    health = health_of(timer(**{"schedule": schedule, "n_runs": 0, "last_ran_at": None, **members}), NOW)
    assert health.state == state
    assert ("It has never run" in str(health.reason)) is (state == "overdue")


def test_a_timer_that_is_well_says_what_else_to_know() -> None:
    new = timer(n_runs=0, next_run=at(1), schedule={"type": "once", "datetime": at(1)})
    assert health_of(new, NOW).reason == f"It has not run yet; its first run is at {at(1)}"
    assert health_of(timer(run(), activity={"code": "retrying"}), NOW).reason == (
        "Its run could not start yet. Globus tries again"
    )
    assert health_of(timer(run()), NOW).as_result() == {
        "state": "ok",
        "reason": None,
        "remedy": None,
        "since": None,
        "source": "timer",
    }


# --- inactive, paused, ended ---------------------------------------------------------------------------------------

SCOPES = {
    f"https://auth.globus.org/scopes/{COLLECTION}/data_access": [f"collection {COLLECTION}"],
    f"https://auth.globus.org/scopes/{FLOW}/flow_{FLOW.replace('-', '_')}_user": [f"flow {FLOW}"],
    "urn:globus:auth:scope:transfer.api.globus.org:all": [],
}
INACTIVE: dict[str, tuple[Any, str]] = {
    "paused": ({"cause": "user", "detail": None}, "paused"),
    "consent": (requirements("ConsentRequired"), "needs_consent"),
    "consent by its scopes alone": (requirements("Other", required_scopes=list(SCOPES)), "needs_consent"),
    "identity": (requirements("AuthenticationRequired", session_required_identities=["x"]), "needs_session"),
    "domain": (requirements("Other", session_required_single_domain=["x"]), "needs_session"),
    "policy": (requirements("Other", session_required_policies=["x"]), "needs_session"),
    "second factor": (requirements("Other", session_required_mfa=True), "needs_session"),
    "other requirement": (requirements("Other", prompt="login"), "inactive"),
    "other cause": ({"cause": "other", "detail": "Sorry"}, "inactive"),
    "no detail": ({"cause": "globus_auth_requirements", "detail": None}, "inactive"),
    "detail of another shape": (
        {"cause": "globus_auth_requirements", "detail": {"authorization_parameters": ["x"]}},
        "inactive",
    ),
    "no cause": ({}, "inactive"),
    "nothing": (None, "inactive"),
    "a bare word": ("other", "inactive"),
}


@pytest.mark.parametrize(("reason", "state"), INACTIVE.values(), ids=list(INACTIVE))
def test_why_a_timer_is_inactive_S7(reason: Any, state: str) -> None:
    health = health_of(inactive(reason), NOW)
    assert health.state == state
    assert health.reason
    assert "state: active" in str(health.remedy)


@pytest.mark.parametrize(("scope", "missing"), SCOPES.items(), ids=["collection", "flow", "neither"])
def test_what_a_consent_is_missing_for(scope: str, missing: list[str]) -> None:
    stopped = inactive(requirements("ConsentRequired", required_scopes=[f"timers[transfer[*{scope}]]"]))
    assert missing_consents(stopped) == missing
    assert all(one in str(health_of(stopped, NOW).reason) for one in missing)


def test_the_recorded_answers_of_the_service() -> None:
    assert health_of(read(recorded("timer.get_job", "inactive_user")), NOW).state == "paused"
    stopped = health_of(read(recorded("timer.get_job", "inactive_gare")), NOW)
    assert stopped.state == "needs_consent"
    assert COLLECTION in str(stopped.reason)
    soon_after = datetime(2022, 4, 1, 20, tzinfo=UTC)
    assert health_of(read_timer(recorded("timer.get_job")), soon_after).state == "ok", (
        "ACTIVE, and never looked at again"
    )


@pytest.mark.parametrize(
    ("schedule", "reason", "again"),
    [
        (
            {"type": "once", "datetime": at(-1)},
            "It has run once",
            "To run it again, set a later schedule.start or another name",
        ),
        (
            {"type": "recurring", "interval_seconds": 60, "start": at(-9), "end": {"count": 2}},
            "It has completed all its runs",
            "To create a new timer, set a later end",
        ),
        (
            {"type": "recurring", "interval_seconds": 60, "start": at(-9), "end": {"datetime": at(-1)}},
            f"Its end, {at(-1)}, has passed",
            "To create a new timer, set a later end",
        ),
    ],
)
def test_O3a_an_ended_timer_whose_last_run_failed_is_failing(schedule: dict[str, Any], reason: str, again: str) -> None:
    ended = {"status": "ended", "schedule": schedule, "next_run": None, "activity": None}
    well = health_of(timer(run(), **ended), NOW)
    assert (well.state, well.reason, well.remedy) == ("ended", reason, again)
    failed = health_of(timer(run(FAILED), **ended), NOW)
    assert failed.state == "failing"
    assert failed.reason == f"{reason}, and its last run, at {at(-1)}, failed: FAILED"
    assert failed.since == NOW - timedelta(hours=1)
    assert again in str(failed.remedy)
    assert "next run" not in str(failed.remedy)
    assert health_of(timer(status="delete_in_progress"), NOW).state == "ended"


@pytest.mark.parametrize(
    ("name", "other", "stands_for"),
    [
        ("a", "a", True),
        ("a", "A", False),
        ("a", "b", False),
        ("restore-seq-20260302T110000Z", "restore-seq-20260302T113000Z", True),
        ("restore-seq-tue-20260302T110000Z", "restore-seq-tue-20260302T113000Z", True),
        ("restore-seq-20260302T110000Z", "restore-other-20260302T113000Z", False),
        ("restore-seq-20260302T110000Z", "now-seq-20260302T113000Z", False),
        ("now-seq-20260302T110000Z", "now-seq-20260302T113000Z", True),
        ("now-seq-2026-03-02T11:00:00Z", "now-seq-2026-03-02T11:30:00Z", True),
        ("now-seq-20260302-1100", "now-seq-20260302-1130", True),
        ("restore-seq-1-20260302T110000Z", "restore-seq-2-20260302T113000Z", False),
        ("nightly-20260302T110000Z", "nightly-20260302T113000Z", False),
    ],
)
def test_O3a_not_any_more_once_a_later_timer_of_the_same_purpose_arrived(
    name: str, other: str, stands_for: bool
) -> None:
    once = {"status": "ended", "schedule": {"type": "once", "datetime": at(-1)}, "next_run": None, "activity": None}
    failed = timer(run(FAILED), name=name, submitted_at=at(-2), **once)
    later = timer(run(), job_id="b", name=other, submitted_at=at(-1.5), **once)
    earlier = timer(run(), job_id="b", name=other, submitted_at=at(-3), **once)
    failed_too = timer(run(FAILED), job_id="b", name=other, submitted_at=at(-1.5), **once)
    assert health_of(failed, NOW, others=[later]).state == ("ended" if stands_for else "failing")
    for useless in ([], [failed], [earlier], [failed_too]):
        assert health_of(failed, NOW, others=useless).state == "failing"


# --- all of them ---------------------------------------------------------------------------------------------------


def test_every_timer_has_one_of_the_states_and_the_unhealthy_ones_have_reason_and_remedy() -> None:
    found = set()
    results = [*WELL.values(), *(result for result, _why in FAILING.values())]
    for (reason, _state), result, status, next_run in product(
        INACTIVE.values(), results, ("loaded", "inactive", "ended", "quux"), (at(1), at(-2), None)
    ):
        one = timer(result, status=status, inactive_reason=reason, next_run=next_run, activity=None)
        health = health_of(one, NOW)
        found.add(health.state)
        assert health.state in HEALTH_STATES
        assert health.source == "timer"
        if health.state in UNHEALTHY:
            assert health.reason
            assert health.remedy
    assert found == set(HEALTH_STATES) - {"stalled", "incomplete", "overrunning", "stale"}, "which only transfers tell"
