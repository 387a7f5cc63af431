# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several simultaneous runs that manage the same timers (rules W3, W4)."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from datetime import datetime
from itertools import product
from typing import Any

import pytest

from emulator.control import LocalGlobus
from faults.harness import Modules, Run, definition, moments_without, part_of, seed, shown, unfinished
from faults.matrix import OPERATIONS, check_end, prepare, wait_until_quiet

SPREAD = 0.02  # the delay of every request in seconds, so that the writers meet at every request


def run_together(modules: Modules, module: str, options: list[dict[str, Any]]) -> list[Run]:
    """Run one process for each of the options, all at the same time."""
    started = [modules.start(module, one) for one in options]
    return [one.wait() for one in started]


@pytest.mark.parametrize(("name", "writers"), part_of(product(OPERATIONS, [2, 4, 8]), 5))
def test_W3_equal_writers(name: str, writers: int, globus: LocalGlobus, modules: Modules) -> None:
    """Each succeeds, and the result is that of a single writer. Without on_drift: replace, a late writer may see the
    timers of two earlier ones before one of them deletes the surplus. Then it reports this, and changes nothing (rule
    I3).
    """
    operation = OPERATIONS[name]
    options = prepare(operation, globus)
    began = datetime.fromisoformat(globus.now())
    globus.delay(SPREAD)
    runs = run_together(modules, operation.module, [options] * writers)
    globus.delay(0)
    for run in runs:
        failures = [entry["error"]["code"] for entry in run.entries() if entry.get("failed")]
        assert all(code == "ambiguous_name" for code in failures), run.result
        assert not failures or options.get("on_drift") != "replace", run.result
    assert not all(run.failed for run in runs)
    check_end(operation, began, globus)
    assert not modules.run(operation.module, options).result["changed"]


@pytest.mark.parametrize("writers", [4, 8])
def test_W3_equal_writers_of_a_list(writers: int, globus: LocalGlobus, modules: Modules) -> None:
    names = [f"fleet-{number}" for number in range(6)]
    seed(globus, names[0], options={"sync_level": 3})
    seed(globus, names[1])
    options = {"timers": [definition(name) for name in names], "on_drift": "replace", "concurrency": 3}
    globus.delay(SPREAD)
    runs = run_together(modules, "timers", [options] * writers)
    globus.delay(0)
    assert [run.result.get("msg") for run in runs if run.failed] == []
    for name in names:
        assert len(unfinished(globus.timers(), name)) == 1, shown(globus.timers())
    assert not modules.run("timers", options).result["changed"]


@pytest.mark.parametrize("writers", [4, 8])
@pytest.mark.parametrize("replacing", [False, True], ids=["creating", "replacing"])
def test_W3_unequal_writers(replacing: bool, writers: int, globus: LocalGlobus, modules: Modules) -> None:
    """Contradicting definitions: no rule can satisfy all of them. A writer that read before the others wrote does not
    change their timers; a later one may. The timers are never missing while all writers report success, a writer that
    meets another reports it, and the next run converges.
    """
    began = datetime.fromisoformat(globus.now())
    if replacing:
        seed(globus, "a", options={"encrypt_data": True})
    levels = ["exists", "size", "mtime", "checksum"]
    wanted = [
        definition("a", on_drift="replace", transfer={"sync_level": levels[number % 4]}) for number in range(writers)
    ]
    globus.delay(SPREAD)
    runs = run_together(modules, "timer", wanted)
    globus.delay(0)
    failures = [run.result["error"]["code"] for run in runs if run.failed]
    assert set(failures) <= {"timer_vanished", "successor_missing"}
    left = unfinished(globus.timers(), "a")
    assert left or failures
    assert len({timer["callback_body"]["body"]["sync_level"] for timer in left}) == len(left), shown(left)
    if len(left) > 1:
        assert any("a different definition" in str(run.result.get("warnings")) for run in runs)
    if replacing and not failures:
        assert not moments_without(globus.timers(), "a", began)

    settled = modules.run("timer", wanted[0])
    assert not settled.failed, settled.result
    (timer,) = unfinished(globus.timers(), "a")
    assert timer["callback_body"]["body"]["sync_level"] == 0


@pytest.mark.parametrize("attempt", part_of(range(8), 5))
def test_W4_unequal_writers_over_timers_of_both(attempt: int, globus: LocalGlobus, modules: Modules) -> None:
    """Each of two runs keeps the timers that the other deletes: no rule can satisfy both. But the timers must not be
    missing while both runs report success.
    """
    for level in (1, 3):
        seed(globus, "a", options={"sync_level": level})
    globus.delay(0.01 * attempt)
    wanted = [definition("a", on_drift="replace", transfer={"sync_level": level}) for level in ("size", "checksum")]
    runs = run_together(modules, "timer", wanted)
    globus.delay(0)
    left = unfinished(globus.timers(), "a")
    assert left or any(run.failed for run in runs), [run.result for run in runs]
    for run in runs:
        if run.failed:
            assert run.result["error"]["code"] in ("timer_vanished", "successor_missing"), run.result
    assert not modules.run("timer", wanted[0]).failed
    assert len(unfinished(globus.timers(), "a")) == 1


@pytest.mark.parametrize("number", part_of(range(1, 13), 5))
def test_W3_one_of_several_writers_dies(number: int, globus: LocalGlobus, modules: Modules) -> None:
    """One of four is killed at some request of the batch; a rerun leaves exactly one timer of each name."""
    names = ["a", "b"]
    seed(globus, "a", options={"sync_level": 3})
    began = datetime.fromisoformat(globus.now())
    options = {"timers": [definition(name) for name in names], "on_drift": "replace", "concurrency": 2}
    globus.delay(SPREAD)
    started = [modules.start("timers", options) for _writer in range(4)]
    patience = time.monotonic() + 2  # some writers find everything done, and send fewer requests
    while len(globus.log()) < 3 * number and time.monotonic() < patience:
        time.sleep(0.005)
    with suppress(ProcessLookupError):  # it has already ended
        started[0].signal(signal.SIGKILL)
    runs = [one.wait() for one in started]
    globus.delay(0)
    wait_until_quiet(globus)
    assert [run.result.get("msg") for run in runs[1:] if run.failed] == []
    assert not modules.run("timers", options).failed
    for name in names:
        assert len(unfinished(globus.timers(), name)) == 1, shown(globus.timers())
    assert not moments_without(globus.timers(), "a", began)


def test_I1_states_that_contradict_each_other(globus: LocalGlobus, modules: Modules) -> None:
    """Some runs keep a timer, and some delete it. Any of them may be the last, and none leaves more than one timer."""
    seed(globus, "a")
    globus.delay(SPREAD)
    runs = run_together(modules, "timer", [definition("a", state="paused"), {"name": "a", "state": "absent"}] * 2)
    globus.delay(0)
    assert not any(run.failed for run in runs[1::2])
    assert len(unfinished(globus.timers(), "a")) <= 1
    assert not modules.run("timer", definition("a", state="paused")).failed
    (timer,) = unfinished(globus.timers(), "a")
    assert timer["status"] == "inactive"
