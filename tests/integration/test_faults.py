# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that are lost, late, cut or refused: there is one timer, and it is right after at most one rerun (W2, W5,
W6)."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._globus import http as _http
from emulator.control import LocalGlobus
from emulator.plain import MAPPED, MAPPED_TOO, Api
from integration.harness import Task, calls, control, definition, kinds, timer
from integration.in_process import Modules, run
from patience import LIMIT

Document = dict[str, Any]

LOST: Document = {"kind": "lose_answer"}
REFUSED: Document = {"kind": "refuse"}
BAD_GATEWAY: Document = {"kind": "status", "status": 502}
CUT: Document = {"kind": "cut_json"}
SHORT: Document = {"kind": "cut_json", "mode": "short"}
PAGE: Document = {"kind": "html"}
BUSY: Document = {"kind": "status", "status": 429, "retry_after": 1}
AWAY: Document = {"kind": "status", "status": 503, "retry_after": 1}
SLOW: Document = {"kind": "stall", "seconds": 1.5}
TIMEOUT = 1.0  # seconds that the module waits for an answer if the fault is silence
ONCE: Document = {"attempts": [1]}
AFTER: Document = {"after_commit": True}

# The faults of the first request of a creation, each with whether the timer exists after it.
CREATION: dict[str, tuple[Document, bool]] = {
    "lost answer": (LOST, True),
    "connection refused": (REFUSED, False),
    "502 before the commit": (BAD_GATEWAY, False),
    "502 after the commit": ({**BAD_GATEWAY, **AFTER}, True),
    "cut body": (CUT, True),
    "short body": (SHORT, True),
    "stall, then the commit": (SLOW, True),
    "commit, then a stall": ({**SLOW, **AFTER}, True),
    "web page instead": (PAGE, False),
    "web page after the commit": ({**PAGE, **AFTER}, True),
    "502 page after the commit": ({**PAGE, "status": 502, **AFTER}, True),
    "429 with Retry-After": (BUSY, False),
    "503 with Retry-After": (AWAY, False),
    "503 after the commit": ({**AWAY, **AFTER}, True),
}


def named(globus: LocalGlobus, name: str) -> list[Document]:
    """The unfinished timers of this name."""
    return [one for one in globus.timers() if one["name"] == name and one["status"] in ("active", "inactive")]


@pytest.mark.parametrize("silent", [False, True], ids=["answered", "silent"])
def test_a_faulty_creation_makes_one_timer_and_says_changed_W2(
    silent: bool, globus: LocalGlobus, modules: Modules, subtests: pytest.Subtests
) -> None:
    cases = {name: case for name, case in CREATION.items() if (case[0]["kind"] == "stall") is silent}
    # If the request is carried out late, the module looks for the timer even later.
    later = {"_apply.execute.LOOK_AGAIN_AFTER": 3.0, "_apply.execute.LOOK_AGAIN_MAXIMUM": 3.0}
    tasks: list[Task] = []
    for name, (fault, _committed) in cases.items():
        tasks += [
            control("DELETE", "faults"),
            control("DELETE", "log"),
            control("POST", "faults", {"method": "POST", "path": "^/v2/timer$", **fault, **ONCE}),
            timer(name, **definition(name), retries=2, request_timeout=TIMEOUT if silent else LIMIT),
            control("GET", "log", title=f"{name} (log)"),
        ]
    rerun = [timer(f"{name}, rerun", **definition(name), on_drift="fail") for name in cases]

    run = modules.run([*tasks, control("DELETE", "faults"), *rerun], settings=later if silent else {})

    for name, (_fault, committed) in cases.items():
        with subtests.test(fault=name):
            assert not run[name]["failed"], run[name]["msg"]
            assert run[name]["changed"]
            assert kinds(run[name]) == ["create"]
            (found,) = named(globus, name)
            assert run[name]["timer_id"] == found["job_id"]
            assert not run[f"{name}, rerun"]["changed"]
            requests = calls(run.log(name))
            assert requests.count("POST timer") == (1 if committed else 2)
            if "429" not in name:  # only this answer means that nothing was created
                after = requests[requests.index("POST timer") :]
                assert after[1] == "GET jobs", "looked up before it is tried again"


def test_a_creation_that_keeps_failing_is_tried_a_bounded_number_of_times_W2(
    globus: LocalGlobus, modules: Modules
) -> None:
    """The service does not accept creations: there is an error message and no new timer, and the old timer still exists
    (W4)."""
    api = Api(globus).login(MAPPED, MAPPED_TOO)
    old = api.create(name="old", source=MAPPED, destination=MAPPED_TOO)
    globus.clear_log()
    globus.fault("status", status=502, method="POST", path="^/v2/timer$")

    run = modules.run(
        [
            timer("create", **definition("new"), retries=1),
            timer("replace", **definition("old"), on_drift="replace", retries=1),
        ]
    )

    for task, name in (("create", "new"), ("replace", "old")):
        result = run[task]
        assert (result["failed"], result["changed"], result["operations"]) == (True, False, [])
        assert f"Could not create timer '{name}'" in result["msg"]
        assert "502" in result["msg"]
        assert result["error"]["http_status"] == 502
    assert calls(globus.log()).count("POST timer") == 4
    assert named(globus, "new") == []
    assert [one["job_id"] for one in named(globus, "old")] == [old]


def one_of(sync_level: int) -> Callable[[list[Document]], bool]:
    """There is one timer, with this sync level."""
    return lambda timers: [one["callback_body"]["body"].get("sync_level") for one in timers] == [sync_level]


def one_with(status: str) -> Callable[[list[Document]], bool]:
    """There is one timer, with this status."""
    return lambda timers: [one["status"] for one in timers] == [status]


SCHEDULE = {"interval": "30d", "start": "2026-03-03T02:00:00+00:00"}
# Operation: the timers before it, the options in addition to the definition, and the check of the result.
OPERATIONS: dict[str, tuple[str | None, Document, Callable[[list[Document]], bool]]] = {
    "create": (None, {}, one_with("active")),
    "replace": ("drifted", {"on_drift": "replace"}, one_of(3)),
    "delete": ("equal", {"state": "absent"}, lambda timers: timers == []),
    "pause": ("equal", {"state": "paused"}, one_with("inactive")),
    "resume": ("paused", {"state": "active"}, one_with("active")),
    "rename": ("to be renamed", {"timer_id": "?"}, one_with("active")),
}
# The request of an operation that fails: method and path.
REQUESTS: dict[str, tuple[str, str, str]] = {
    "replace: creation": ("replace", "POST", "^/v2/timer$"),
    "replace: look at the successor": ("replace", "GET", "^/jobs/.+"),
    "replace: deletion": ("replace", "DELETE", "^/jobs/"),
    "delete": ("delete", "DELETE", "^/jobs/"),
    "pause": ("pause", "POST", "/pause$"),
    "resume": ("resume", "POST", "/resume$"),
    "rename": ("rename", "PATCH", "^/jobs/"),
    "list": ("create", "GET", "^/jobs/$"),
    "token": ("create", "POST", "/token$"),
    "look-up": ("create", "GET", "^/v0.10/endpoint/"),
}
# Faults that pass, after which the task must have succeeded, and one that lasts longer than all retries of the first
# run.
PASSING: dict[str, Document] = {
    "lost answer": {**LOST, **ONCE},
    "502": {**BAD_GATEWAY, **ONCE},
    "web page": {**PAGE, **ONCE},
    "short body": {**SHORT, **ONCE},
}
LASTING = "502 that lasts"


@pytest.mark.parametrize("operation", list(REQUESTS))
def test_after_a_fault_the_end_state_is_right_W5_W6(
    operation: str, globus: LocalGlobus, modules: Modules, subtests: pytest.Subtests
) -> None:
    kind, method, path = REQUESTS[operation]
    before, options, is_right = OPERATIONS[kind]
    cases = {**PASSING, LASTING: BAD_GATEWAY}
    tasks: list[Task] = []
    wanted: Document = {}
    for name, fault in cases.items():
        wanted = {**definition(name, SCHEDULE, sync_level="checksum"), **options}
        if before is not None:
            timer_id = prepare(globus, name, before)
            wanted = {**wanted, "timer_id": timer_id} if "timer_id" in options else wanted
        tasks += [
            control("POST", "faults", {"method": method, "path": path, **fault}),
            timer(name, **wanted, retries=1),
            control("DELETE", "faults"),
        ]
    rerun = timer("rerun", **wanted)

    run = modules.run([*tasks, rerun])

    for name in PASSING:
        with subtests.test(fault=name):
            assert not run[name]["failed"], run[name]["msg"]
            assert run[name]["changed"]
            assert is_right(named(globus, name))
    with subtests.test(fault=LASTING):
        # The request may have been carried out in spite of the fault.
        first = run[LASTING]
        assert "502" in first["msg"] if first["failed"] else first["changed"]
        assert not run["rerun"]["failed"]
        assert is_right(named(globus, LASTING))


def prepare(globus: LocalGlobus, name: str, before: str) -> str:
    """Create the timer before the operation. Returns its ID."""
    api = Api(globus).login(MAPPED, MAPPED_TOO)
    items = [{"DATA_TYPE": "transfer_item", "source_path": "/data/", "destination_path": "/backup/", "recursive": True}]
    body = {"DATA": items, "verify_checksum": True, "sync_level": 1 if before == "drifted" else 3}
    schedule = {"type": "recurring", "interval_seconds": 30 * 86400, "start": SCHEDULE["start"]}
    title = f"{name}, {before}" if before == "to be renamed" else name
    timer_id = api.create(name=title, schedule=schedule, source=MAPPED, destination=MAPPED_TOO, body=body)
    if before == "paused":
        assert api.call("POST", f"/jobs/{timer_id}/pause").status == 200
    return timer_id


def test_no_pause_between_two_tries_is_longer_than_a_minute_W6(
    globus: LocalGlobus, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused: list[float] = []
    monkeypatch.setattr(_http, "time", SimpleNamespace(sleep=paused.append, time=time.time, monotonic=time.monotonic))
    globus.fault("html", method="GET", path="^/jobs/")
    account = {"client_id": globus.client_id, "client_secret": globus.client_secret}
    result = run("timer_info", {**account, "retries": 9}, globus.environment)
    assert result["error"]["code"] == "unreadable_answer"
    assert paused == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]
