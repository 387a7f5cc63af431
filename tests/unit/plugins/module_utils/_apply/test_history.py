# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered of timers that are deleted in favour of others (rule W4e)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._apply.history import read_replaced, replaced_by
from ansible_collections.research_ops.globus.plugins.module_utils._timers.definition import Definition
from ansible_collections.research_ops.globus.plugins.module_utils._timers.document import write_timer
from ansible_collections.research_ops.globus.plugins.module_utils._timers.plan import Plan, Wanted, plan_timer
from unit.memory_service import MemoryService
from unit.samples import NAME, definition, sample

LAST = "2026-03-02T02:00:00+00:00"
PAUSED = {"status": "inactive", "inactive_reason": {"cause": "user", "detail": None}}
TASK_ID = "00000000-0000-4000-8000-00000000000a"
STOPPED = {"status": "inactive", "inactive_reason": {"cause": "other", "detail": None}}


def ended(status: str) -> dict[str, Any]:
    """The last run, whose transfer ended like this, and one before it."""
    runs = [("2026-03-01T02:00:00", "SUCCEEDED"), (LAST[:19], status)]
    data = [{"ran_at": at, "status": 200, "data": {"status": word, "details": {}}} for at, word in runs]
    return {"n_runs": 2, "n_errors": 0, "last_ran_at": LAST, "results": {"data": data, "page_next": None}}


def with_task(service: MemoryService, **members: Any) -> dict[str, Any]:
    """The last run, which the timer calls a success because it submitted its transfer: this one."""
    service.tasks = [{"task_id": TASK_ID, "request_time": LAST, **members}]
    timer = ended("SUCCEEDED")
    timer["results"]["data"][-1]["data"]["details"] = {"task_id": TASK_ID}
    return timer


def seed(service: MemoryService, parameters: dict[str, Any] | None = None, **members: Any) -> str:
    return service.add(write_timer(definition(parameters), None), **members)


def plan(service: MemoryService, wanted: Definition, **options: Any) -> Plan:
    one = Wanted(**{"name": NAME, "definition": wanted, "on_drift": "replace", **options})
    return plan_timer(one, service.list_timers(NAME), service.now())


def entries_and_warnings(service: MemoryService, made: Plan) -> tuple[list[dict[str, Any]], list[str]]:
    """The return value ``replaced`` and the warnings."""
    found = replaced_by(made, sorted(made.deletes), read_replaced([made], service, 2))
    return [one.as_result() for one in found], [warning for one in found for warning in one.warnings(made)]


@pytest.mark.parametrize("members", [{}, PAUSED, STOPPED], ids=["running", "paused", "stopped"])
def test_a_timer_whose_last_run_failed_is_not_replaced_in_silence_W4e(members: dict[str, Any]) -> None:
    """Also one that was paused, or that the service stopped, after that run."""
    service = MemoryService()
    old = seed(service, **ended("FAILED"), **members)
    made = plan(service, definition(sample(label="new")))
    assert made.creation is not None
    (entry,), (warning,) = entries_and_warnings(service, made)
    assert (entry["timer_id"], entry["runs"], entry["errors"], entry["last_run"]) == (old, 2, 0, LAST)
    assert (
        entry["health"]["state"]
        == {None: "failing", "user": "paused", "other": "inactive"}[members.get("inactive_reason", {}).get("cause")]
    )
    assert warning.startswith(f"it replaces timer {old}, which had a problem. ")
    assert warning.endswith("The new timer has no history yet")
    assert LAST[:16] in warning


def test_a_timer_that_worked_is_replaced_without_a_warning_W4e() -> None:
    service = MemoryService()
    seed(service, **ended("SUCCEEDED"))
    (entry,), warnings = entries_and_warnings(service, plan(service, definition(sample(label="new"))))
    assert (entry["runs"], entry["health"]["state"], warnings) == (2, "ok", [])


ARRIVED = {"status": "SUCCEEDED", "subtasks_skipped_errors": 0, "skip_source_errors": True, "completion_time": LAST}
RETRIES = {"status": "ACTIVE", "nice_status": "FILE_NOT_FOUND", "is_ok": False, "faults": 97}


@pytest.mark.parametrize(
    ("task", "state", "words"),
    [
        ({"status": "FAILED", "fatal_error": {"code": "EXPIRED"}}, "failing", ["had a problem. The transfer"]),
        (RETRIES, "stalled", ["had a problem. Its transfer (requested at", "is running now"]),
        ({**ARRIVED, "subtasks_skipped_errors": 3}, "incomplete", []),
        (ARRIVED, "ok", []),
        ({"status": "ACTIVE", "nice_status": "OK", "is_ok": True}, "overrunning", ["is running now"]),
    ],
    ids=["failed", "stands still", "incomplete", "arrived", "going on"],
)
@pytest.mark.parametrize("members", [{}, PAUSED], ids=["runs", "paused"])
def test_the_transfer_of_the_last_run_is_judged_W4d_W4e(
    members: dict[str, Any], task: dict[str, Any], state: str, words: list[str]
) -> None:
    """The timer itself counts each of these runs as a success."""
    service = MemoryService()
    service.clock += timedelta(days=2)
    old = seed(service, **with_task(service, **task), **members)
    made = plan(service, definition(sample(label="new")))
    service.requests.clear()
    (entry,), warnings = entries_and_warnings(service, made)
    assert service.requests == [("get", old), ("tasks", TASK_ID)]
    assert (entry["health"]["state"], entry["health"]["source"]) == ("paused" if members else state, "transfer")
    assert len(warnings) == len(words)
    for warning, part in zip(warnings, words, strict=True):
        assert part in warning


def test_transfers_that_cannot_be_read_leave_what_the_timer_says_W4e() -> None:
    service = MemoryService()
    seed(service, **with_task(service, status="FAILED"))
    made = plan(service, definition(sample(label="new")))
    service.faults["tasks"] = ["refused"]
    (entry,), warnings = entries_and_warnings(service, made)
    assert (entry["health"]["state"], entry["health"]["source"], warnings) == ("ok", "timer", [])


def test_a_transfer_that_the_timer_shows_is_warned_of_once_W4d() -> None:
    service = MemoryService()
    activity = {"code": "run_in_progress", "start_timestamp": LAST, "duration_seconds": 60}
    seed(service, **with_task(service, status="ACTIVE", nice_status="OK"), activity=activity)
    made = plan(service, definition(sample(label="new")))
    assert ["is running now" in warning for warning in made.warnings] == [True]
    assert entries_and_warnings(service, made)[1] == []


def test_the_transfers_of_several_timers_are_read_with_one_request_W4e() -> None:
    service = MemoryService()
    members = with_task(service, **RETRIES)
    keys = [seed(service, sample(label=label), **members) for label in ("old", "older")]
    made = plan(service, definition(sample(label="new")))
    service.requests.clear()
    _entries, warnings = entries_and_warnings(service, made)
    assert [what for what, _key in service.requests] == ["get", "get", "tasks"]
    assert [key for key in keys for warning in warnings if warning.startswith(f"{key} is running now")] == keys


def test_the_runs_of_every_deleted_timer_are_read_with_one_request_each_W4e() -> None:
    """Several timers of the name, and one that is deleted in favour of an equal one that is there already."""
    service = MemoryService()
    keys = [seed(service, sample(label=label), **ended("FAILED")) for label in ("old", "older")]
    made = plan(service, definition(sample(label="new")))
    service.requests.clear()
    entries, warnings = entries_and_warnings(service, made)
    assert [entry["timer_id"] for entry in entries] == keys
    assert len(warnings) == 2
    assert sorted(service.requests) == [("get", key) for key in keys]
    equal = seed(service, sample(label="new"), **ended("SUCCEEDED"))
    made = plan(service, definition(sample(label="new")))
    assert made.creation is None
    assert made.deletes == set(keys)
    assert all(
        one.endswith("The remaining timer does not have this history") for one in entries_and_warnings(service, made)[1]
    )
    assert equal not in made.deletes


def test_runs_that_cannot_be_read_are_no_reason_to_keep_a_timer_W4e() -> None:
    service = MemoryService()
    old = seed(service, **ended("FAILED"))
    made = plan(service, definition(sample(label="new")))
    service.faults["get"] = ["refused"]
    (entry,), (warning,) = entries_and_warnings(service, made)
    assert entry == {"timer_id": old, "runs": None, "errors": None, "last_run": None, "health": None}
    assert f"it replaces timer {old}, whose runs could not be read (get was refused)" in warning


def test_absent_reads_no_runs() -> None:
    service = MemoryService()
    seed(service, **ended("FAILED"))
    made = plan(service, definition(), state="absent")
    service.requests.clear()
    assert entries_and_warnings(service, made) == ([], [])
    assert service.requests == []


def test_a_timer_that_was_not_deleted_after_all_is_not_told_W4e() -> None:
    service = MemoryService()
    seed(service, **ended("FAILED"))
    made = plan(service, definition(sample(label="new")))
    assert replaced_by(made, [], read_replaced([made], service, 2)) == []
