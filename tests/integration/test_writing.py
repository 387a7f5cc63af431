# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creating at the same time as other writers, replacing, and creating paused timers (W3, W4, W4a)."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.control import LocalGlobus
from emulator.plain import MAPPED, MAPPED_TOO, Api
from integration.harness import Playbooks, Run, Task, calls, control, definition, kinds, timer
from integration.in_process import Modules
from patience import until

UNFINISHED = ("active", "inactive")
ITEMS = [{"DATA_TYPE": "transfer_item", "source_path": "/data/", "destination_path": "/backup/", "recursive": True}]


def named(globus: LocalGlobus, name: str) -> list[dict[str, Any]]:
    """The unfinished timers of this name."""
    return [one for one in globus.timers() if one["name"] == name and one["status"] in UNFINISHED]


def together(playbooks: Playbooks, globus: LocalGlobus, tasks: list[Task]) -> list[Run]:
    """Run a playbook for each task, all at the same time: no one gets the answer to its first list before all have
    requested it."""
    held = {"method": "GET", "path": "^/jobs/$", "attempts": list(range(1, len(tasks) + 1)), "after_commit": True}
    globus.fault("stall", seconds=600, **held)
    started = [playbooks.start([task]) for task in tasks]
    until("the first list of each", lambda: globus.faults()[0]["hits"] == len(tasks))
    globus.clear_faults()
    return [process.wait() for process in started]


@pytest.mark.parametrize("writers", [2, 4])
def test_of_timers_that_several_writers_create_one_stays_W3(
    writers: int, globus: LocalGlobus, playbooks: Playbooks
) -> None:
    task = timer("create", **definition("shared", {"interval": "1d"}))

    runs = together(playbooks, globus, [task] * writers)

    created = calls(globus.log()).count("POST timer")
    assert created == writers, "none saw another's timer before it created its own"
    assert [run["create"]["failed"] for run in runs] == [False] * writers
    assert [run["create"]["changed"] for run in runs].count(True) == created
    (kept,) = named(globus, "shared")
    rerun = playbooks.run([task])
    assert (rerun["create"]["changed"], rerun["create"]["timer_id"]) == (False, kept["job_id"])


def test_another_writer_with_another_definition_keeps_its_timer_W3(globus: LocalGlobus, playbooks: Playbooks) -> None:
    """A writer deletes only its own timers, if they differ. The next run reports both."""
    levels = ("size", "checksum")

    runs = together(playbooks, globus, [timer("create", **definition("shared", sync_level=level)) for level in levels])

    made = {run["create"]["timer_id"] for run in runs}
    assert all(kinds(run["create"]) == ["create"] for run in runs)
    assert {one["job_id"] for one in named(globus, "shared")} == made
    again = playbooks.run([timer("again", **definition("shared", sync_level="size"))])
    assert again["again"]["error"]["code"] == "ambiguous_name"
    assert all(one in again["again"]["msg"] for one in made)


def test_a_replacement_leaves_no_gap_and_keeps_the_phase_W4(globus: LocalGlobus, modules: Modules) -> None:
    """The old or the new timer always exists. A changed label starts no run, and a paused timer stays paused."""
    api = Api(globus).login(MAPPED, MAPPED_TOO)
    schedule = {"type": "recurring", "interval_seconds": 86400, "start": "2026-03-02T12:30:00+00:00"}
    for name in ("runs", "rests"):
        body = {"DATA": ITEMS, "verify_checksum": True}
        old = api.create(name=name, schedule=schedule, source=MAPPED, destination=MAPPED_TOO, body=body)
        if name == "rests":
            assert api.call("POST", f"/jobs/{old}/pause").status == 200
    globus.set_clock("2026-03-05T15:00:00+00:00")
    globus.clear_log()
    changes: dict[str, Any] = {"schedule": {"interval": "1d"}, "label": "renamed"}
    tasks = [
        timer("runs", **definition("runs", **changes), on_drift="replace"),
        timer("rests", **definition("rests", **changes), on_drift="replace"),
        timer("wakes", **definition("rests", **{**changes, "label": "again"}), on_drift="replace", state="active"),
        timer("in place", **definition("runs", **changes), on_drift="replace"),
    ]

    run = modules.run(tasks)

    log = globus.log()
    assert kinds(run["runs"]) == ["create", "delete"]
    assert kinds(run["rests"]) == ["create", "pause", "delete"]
    assert kinds(run["wakes"]) == ["create", "delete"]
    assert not run["in place"]["changed"]
    for name in ("runs", "rests"):
        (new,) = named(globus, name)
        assert new["start"] == new["next_tick"] == "2026-03-06T12:30:00+00:00", "the old one's next tick"
        assert new["history"] == []
    assert named(globus, "rests")[0]["status"] == "active"
    for name in ("runs", "rests", "wakes"):
        created = run[name]["operations"][0]["timer_id"]
        gone = run[name]["operations"][-1]["timer_id"]
        numbers = {
            (entry["method"], entry["path"]): index for index, entry in enumerate(log) if entry["status"] in (200, 201)
        }
        deleted = numbers["DELETE", f"/jobs/{gone}"]
        looked_at = [index for index, entry in enumerate(log) if entry["path"] == f"/jobs/{created}"]
        assert min(looked_at, default=deleted) < deleted, "the new timer was seen before the old one went"
        assert calls(log[:deleted]).count("POST timer") == 1 + calls(log[:deleted]).count("DELETE job")


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_failure_is_told_before_its_timer_is_replaced_W4e(
    check_mode: bool, globus: LocalGlobus, modules: Modules
) -> None:
    """The new timer is ok, because it has not run yet."""
    schedule = {"interval": "1d", "start": "2026-03-02T13:00:00+00:00"}
    created = modules.run([timer("nightly", **definition("nightly", schedule))])
    old = created["nightly"]["timer_id"]
    globus.collection(MAPPED, deleted=True)
    globus.set_clock("2026-03-02T15:00:00+00:00")
    globus.collection(MAPPED, deleted=False)
    new = definition("nightly", schedule, label="another label")

    result = modules.run([timer("replace", task={"check_mode": check_mode}, **new, on_drift="replace")])["replace"]

    assert kinds(result) == ["create", "delete"], result
    (replaced,) = result["replaced"]
    assert (replaced["timer_id"], replaced["runs"], replaced["health"]["state"]) == (old, 1, "failing")
    (warning,) = [one for one in result["warnings"] if "which had a problem" in one]
    assert old in warning
    assert "has no history yet" in warning


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_transfer_that_stands_still_is_told_before_its_timer_is_replaced_W4d_W4e(
    check_mode: bool, globus: LocalGlobus, modules: Modules
) -> None:
    """The timer itself counts no error: only the transfer task shows it, which takes one more request."""
    schedule = {"interval": "1d", "start": "2026-03-02T13:00:00+00:00"}
    paths = [{"source_path": "/missing/", "destination_path": "/backup/"}]
    globus.collection(MAPPED, missing=["/missing/"])
    modules.run([timer("nightly", **definition("nightly", schedule, paths=paths))])
    globus.set_clock("2026-03-02T15:00:00+00:00")
    globus.clear_log()
    new = definition("nightly", schedule)

    result = modules.run([timer("replace", task={"check_mode": check_mode}, **new, on_drift="replace")])["replace"]

    assert kinds(result) == ["create", "delete"], result
    log = globus.log()
    assert [entry["path"] for entry in log].count("/v0.10/task_list") == 1
    (replaced,) = result["replaced"]
    health = replaced["health"]
    assert (replaced["errors"], health["state"], health["source"]) == (0, "stalled", "transfer")
    assert sum("is stalled: " in one for one in result["warnings"]) == 1
    assert sum("is running now and is replaced" in one for one in result["warnings"]) == 1


def test_a_timer_created_paused_does_not_run_before_the_pause_W4a(globus: LocalGlobus, modules: Modules) -> None:
    soon = "2026-03-02T12:01:00+00:00"
    later = {"start": "2026-03-02T18:00:00+00:00"}
    tasks = [
        timer("recurring", **definition("recurring", {"interval": "1h"}), state="paused"),
        timer("soon", **definition("soon", {"interval": "1h", "start": soon}), state="paused"),
        timer("once", **definition("once", {}), state="paused"),
        timer("once, soon", **definition("once", {"start": soon}), state="paused"),
        timer("once, later", **definition("once", later), state="paused"),
        timer("recurring, again", **definition("recurring", {"interval": "1h"}), state="paused"),
        timer("soon, again", **definition("soon", {"interval": "1h", "start": soon}), state="paused"),
        timer("once, again", **definition("once", later), state="paused"),
        control("GET", "timers", title="timers"),
        control("POST", "clock", {"advance_seconds": 86400}),
    ]

    run = modules.run(tasks)

    first = {one["name"]: one["next_tick"] for one in run["timers"]["answer"]["timers"]}
    assert "2026-03-02T13:00" <= first["recurring"] <= "2026-03-02T13:05", "one interval ahead"
    assert first["soon"] == "2026-03-02T13:01:00+00:00", "one interval later"
    for name in ("recurring", "soon", "once, later"):
        assert kinds(run[name]) == ["create", "pause"]
    for name in ("once", "once, soon"):
        assert run[name]["error"]["code"] == "would_run_before_pause"
        assert "schedule.start" in run[name]["msg"]
    for name in ("recurring, again", "soon, again", "once, again"):
        assert (run[name]["changed"], run[name]["drift"]) == (False, [])
    for one in globus.timers():
        assert (one["status"], one["n_runs"]) == ("inactive", 0)
        assert {event["event"] for event in one["history"]} == {"missed"}
