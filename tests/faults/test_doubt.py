# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creations without an answer, together with other faults or events (rule W2)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from emulator.control import LocalGlobus
from faults.harness import Modules, definition, seed, shown, unfinished
from faults.matrix import kind_of, wait_until_quiet
from patience import until

CREATE = {"method": "POST", "path": "^/v2/timer$"}


LISTS = {"method": "GET", "path": "^/jobs/$"}
HOLD = 600  # the longest delay of a request in seconds; it ends when the faults are cleared


def hits(globus: LocalGlobus, fault: int) -> int:
    """The number of requests that a fault applied to."""
    return next(int(one["hits"]) for one in globus.faults() if one["id"] == fault)


def creations(globus: LocalGlobus) -> int:
    return sum(kind_of(entry) == "create" for entry in globus.log())


def test_W2_carried_out_late_and_the_repetition_refused(globus: LocalGlobus, modules: Modules) -> None:
    """The second request is refused (the timer of the first one may have reached a limit), and the timer of the first
    one exists: the task succeeds."""
    globus.fault("late", seconds=HOLD, attempts=[1], **CREATE)
    globus.fault("status", status=422, attempts=[2], **CREATE)
    held = globus.fault("stall", seconds=HOLD, attempts=[3], **LISTS)  # before, after the first, after the second
    module = modules.start("timer", definition("a"))
    until("the look after the refusal", lambda: hits(globus, held))
    globus.clear_faults()
    run = module.wait()
    assert not run.failed, run.result
    (timer,) = unfinished(globus.timers(), "a")
    assert run.result["timer_id"] == timer["job_id"]
    assert creations(globus) == 2


def test_W2_carried_out_late_and_sent_again(globus: LocalGlobus, modules: Modules) -> None:
    """Both are carried out. The verification waits for the late one, and keeps one of them."""
    globus.fault("late", seconds=HOLD, attempts=[1], **CREATE)
    held = globus.fault("stall", seconds=HOLD, attempts=[3], **LISTS)
    module = modules.start("timer", definition("a"))
    until("the verification", lambda: hits(globus, held))
    globus.clear_faults()
    run = module.wait()
    assert not run.failed, run.result
    assert creations(globus) == 2
    assert [one["operation"] for one in run.result["operations"]] == ["create", "delete"]
    (timer,) = unfinished(globus.timers(), "a")
    assert run.result["timer_id"] == timer["job_id"]


def test_W2_a_new_timer_that_is_not_quite_equal_stops_the_creation(globus: LocalGlobus, modules: Modules) -> None:
    """The service may have changed the definition: then each retry would create another timer."""
    globus.fault("refuse", attempts=[1], **CREATE)
    held = globus.fault("stall", seconds=HOLD, attempts=[2], **LISTS)
    module = modules.start("timer", definition("a"))
    until("the look whether it was created", lambda: hits(globus, held))
    (other,) = seed(globus, "a", options={"sync_level": 3})
    globus.clear_faults()
    run = module.wait()
    assert run.failed
    assert run.result["error"]["code"] == "unknown_outcome"
    assert other in run.result["msg"]
    assert creations(globus) == 1
    assert not modules.run("timer", definition("a", on_drift="replace")).failed
    assert len(unfinished(globus.timers(), "a")) == 1


@pytest.mark.parametrize("lost", [1, 3, 6])
def test_W2_unanswered_creations_of_a_batch(lost: int, globus: LocalGlobus, modules: Modules) -> None:
    """Some are carried out, and some are not. In the end, each timer exists once, and the report is right."""
    names = [f"fleet-{number:02d}" for number in range(10)]
    globus.fault("lose_answer", attempts=list(range(1, 2 * lost, 2)), **CREATE)
    globus.fault("refuse", attempts=list(range(2, 2 * lost + 1, 2)), **CREATE)
    run = modules.run("timers", {"timers": [definition(name) for name in names], "concurrency": 4, "retries": 6})
    assert not run.failed, run.result
    assert run.result["counts"]["created"] == len(names)
    for name, entry in zip(names, run.entries(), strict=True):
        (timer,) = unfinished(globus.timers(), name)
        assert entry["timer_id"] == timer["job_id"], shown(globus.timers())


def test_W2_the_request_of_a_run_that_was_given_up_meets_the_next_run(globus: LocalGlobus, modules: Modules) -> None:
    """After a task time-out, the module continues while the play is started again. So there are two equal writers."""
    held = globus.fault("stall", seconds=HOLD, attempts=[1], **CREATE)
    first = modules.start("timer", definition("a"))
    until("the first creation", lambda: hits(globus, held))
    second = modules.run("timer", definition("a"))
    globus.clear_faults()
    assert not first.wait().failed
    assert not second.failed
    wait_until_quiet(globus)
    assert len(unfinished(globus.timers(), "a")) == 1


def test_W4a_a_late_second_try_leaves_time_for_the_pause(globus: LocalGlobus, modules: Modules) -> None:
    """The first run was planned in ten minutes. The retry is five seconds before it, so the run after it becomes the
    first one."""
    before = datetime.fromisoformat(globus.now())
    globus.fault("refuse", attempts=[1], **CREATE)
    held = globus.fault("stall", seconds=HOLD, attempts=[2], **LISTS)
    options = definition("a", state="paused", schedule={"interval": "10m"})
    module = modules.start("timer", options)
    until("the look whether it was created", lambda: hits(globus, held))
    planned = datetime.fromisoformat(globus.now())  # or a moment earlier
    globus.advance(595)
    globus.clear_faults()
    run = module.wait()
    assert not run.failed, run.result
    (timer,) = unfinished(globus.timers(), "a")
    assert timer["status"] == "inactive"
    second = timedelta(seconds=1)  # starts are whole seconds
    first_run = datetime.fromisoformat(timer["start"]) - timedelta(minutes=20)
    assert before - second < first_run < planned + second
