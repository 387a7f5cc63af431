# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module process that is killed at any point: the next run repairs the result (rules W2 to W4)."""

from __future__ import annotations

import signal
from datetime import datetime
from typing import Any

import pytest

from emulator.control import LocalGlobus
from faults.harness import Modules, definition, part_of, seed, shown, unfinished
from faults.matrix import OPERATIONS, check_end, counted, prepare, wait_until_quiet
from patience import until

HOLD = 600  # the longest delay of a request in seconds; it ends when the faults are cleared


def boundaries() -> list[Any]:
    """(operation, number of a request, whether it is carried out before or after the kill)"""
    return [
        pytest.param(name, number, carried_out, id=f"{name}: request {number}, {'' if carried_out else 'not '}done")
        for name, operation in OPERATIONS.items()
        for number in range(1, counted(operation.requests).total() + 1)
        for carried_out in (True, False)
    ]


@pytest.mark.parametrize(("name", "number", "carried_out"), part_of(boundaries(), 13))
def test_kill_at_a_request(name: str, number: int, carried_out: bool, globus: LocalGlobus, modules: Modules) -> None:
    """Kill the module during a request: after the service carried it out, or before that (the service carries it out
    later)."""
    operation = OPERATIONS[name]
    options = prepare(operation, globus)
    began = datetime.fromisoformat(globus.now())
    globus.clear_log()
    globus.fault("stall", seconds=HOLD, after_commit=carried_out, attempts=[number])
    module = modules.start(operation.module, options)
    until("the request", lambda: globus.faults()[0]["hits"])
    module.signal(signal.SIGKILL)
    assert module.wait().status == -signal.SIGKILL
    globus.clear_faults()
    wait_until_quiet(globus)

    run = modules.run(operation.module, options)
    assert not run.failed, run.result
    check_end(operation, began, globus)


def test_W2_creation_carried_out_after_the_rerun(globus: LocalGlobus, modules: Modules) -> None:
    """No client can prevent this: the service carries out a request of a dead writer after the next run has read the
    timers. The run after that reports it or, with on_drift: replace, repairs it.
    """
    globus.fault("stall", seconds=HOLD, method="POST", path="^/v2/timer$", attempts=[1])
    module = modules.start("timer", definition("a"))
    until("the request", lambda: globus.faults()[0]["hits"])
    module.signal(signal.SIGKILL)
    module.wait()
    assert not modules.run("timer", definition("a")).failed
    assert len(unfinished(globus.timers(), "a")) == 1
    globus.clear_faults()
    wait_until_quiet(globus)
    both = {timer["job_id"] for timer in unfinished(globus.timers(), "a")}
    assert len(both) == 2

    ambiguous = modules.run("timer", definition("a"))
    assert ambiguous.result["error"]["code"] == "ambiguous_name"
    assert all(timer_id in ambiguous.result["msg"] for timer_id in both)
    mended = modules.run("timer", definition("a", on_drift="replace"))
    assert [one["operation"] for one in mended.result["operations"]] == ["delete"]
    (left,) = unfinished(globus.timers(), "a")
    assert left["job_id"] == mended.result["timer_id"]


FLEET = [f"fleet-{number:02d}" for number in range(40)]


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
@pytest.mark.parametrize("replacing", [False, True], ids=["creating", "replacing"])
def test_signal_in_the_middle_of_a_batch(
    ended_by: signal.Signals, replacing: bool, globus: LocalGlobus, modules: Modules
) -> None:
    """Ctrl-C, and the signal of a time-out: the module ends soon, and a rerun does the rest."""
    if replacing:
        for name in FLEET:
            seed(globus, name, options={"sync_level": 3})
    options = {"timers": [definition(name) for name in FLEET], "on_drift": "replace", "concurrency": 3}
    first = 4  # creations; the next ones are held until the signal is sent
    globus.fault("stall", seconds=HOLD, method="POST", path="^/v2/timer$", attempts=list(range(first, len(FLEET) + 1)))
    module = modules.start("timers", options)
    until("a held creation", lambda: globus.faults()[0]["hits"])
    module.signal(ended_by)
    globus.clear_faults()
    module.wait()
    wait_until_quiet(globus)
    created = sum(entry["path"] == "/v2/timer" for entry in globus.log())
    assert first <= created < len(FLEET), "it continued after the signal"

    run = modules.run("timers", options)
    assert not run.failed, run.result
    for name in FLEET:
        (timer,) = unfinished(globus.timers(), name)
        assert timer["callback_body"]["body"].get("sync_level") is None
    assert not modules.run("timers", options).result["changed"], shown(globus.timers())


def test_W4_killed_before_the_new_timer_is_paused(globus: LocalGlobus, modules: Modules) -> None:
    """The replacement of a paused timer is paused, even if another run completes the replacement."""
    (old,) = seed(globus, "a", status="inactive", options={"sync_level": 3})
    globus.fault("refuse", path="/pause$")
    patient = definition("a", on_drift="replace", retries=100)  # it has not given up when it is killed
    module = modules.start("timer", patient, settings={"_globus.http.RETRY_AFTER_MAXIMUM": 5.0})
    until("the pause", lambda: globus.faults()[0]["hits"])
    module.signal(signal.SIGKILL)
    module.wait()
    globus.clear_faults()
    assert sorted(one["status"] for one in unfinished(globus.timers(), "a")) == ["active", "inactive"]

    run = modules.run("timer", definition("a", on_drift="replace"))
    assert [one["operation"] for one in run.result["operations"]] == ["pause", "delete"]
    assert "it was paused because the timers that it replaces are" in str(run.result["warnings"])
    (timer,) = unfinished(globus.timers(), "a")
    assert timer["status"] == "inactive"
    assert timer["job_id"] != old
    assert timer["n_runs"] == 0
