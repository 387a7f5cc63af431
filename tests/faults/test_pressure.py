# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Back-pressure and the limit of concurrent requests (rule W6); a truncated list before a purge (rule W7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from emulator.control import LocalGlobus
from faults.harness import Modules, definition, seed, unfinished, writes
from patience import until

FLEET = [f"fleet-{number:02d}" for number in range(16)]


def seconds(entry: dict[str, Any]) -> float:
    """The time at which a request arrived."""
    return datetime.fromisoformat(entry["at"]).timestamp()


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("retry_after", [1, None], ids=["Retry-After", "no Retry-After"])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_W6_holds_the_whole_batch(
    status: int, retry_after: int | None, method: str, globus: LocalGlobus, modules: Modules
) -> None:
    """After one temporary refusal, no request is sent until its time is over."""
    if method == "DELETE":
        for name in FLEET:
            seed(globus, name)
    path = "^/v2/timer$" if method == "POST" else "^/jobs/"
    globus.fault("status", status=status, retry_after=retry_after, method=method, path=path, attempts=[5])
    timers = [definition(name) if method == "POST" else {"name": name, "state": "absent"} for name in FLEET]
    globus.clear_log()
    globus.delay(0.03)
    pause, concurrency = 1.0, 3
    settings = {"_globus.http.RETRY_AFTER_MAXIMUM": 5.0, "_globus.http.PAUSE_BETWEEN_TRIES": pause}
    run = modules.run("timers", {"timers": timers, "concurrency": concurrency}, settings=settings)
    globus.delay(0)
    assert not run.failed, run.result
    log = globus.log()
    (refused,) = (entry for entry in log if entry["fault"])
    after = [seconds(entry) - seconds(refused) for entry in log]
    # The requests in progress when the refusal arrives, and perhaps one more of each thread, but not all remaining
    # ones.
    assert sum(0 < late < pause for late in after) <= 2 * concurrency, "sent while it should wait"
    assert max(after) >= pause
    for name in FLEET:
        assert len(unfinished(globus.timers(), name)) == (method == "POST")


@pytest.mark.parametrize("status", [429, 503])
def test_W6_a_first_run_that_passes_during_the_wait_is_moved_on(
    status: int, globus: LocalGlobus, modules: Modules
) -> None:
    """It is moved to the next tick: no start in the past is requested."""
    start = datetime.fromisoformat(globus.now()).replace(microsecond=0) + timedelta(seconds=2)
    globus.fault("status", status=status, retry_after=3, method="POST", path="^/v2/timer$", attempts=[1])
    schedule = {"interval": "1d", "start": start.isoformat()}
    settings = {"_globus.http.RETRY_AFTER_MAXIMUM": 5.0}
    run = modules.run("timer", {**definition("near"), "schedule": schedule}, settings=settings)
    assert not run.failed, run.result
    (timer,) = unfinished(globus.timers(), "near")
    assert datetime.fromisoformat(timer["start"]) == start + timedelta(days=1)


@pytest.mark.parametrize("concurrency", [1, 3, 8])
def test_W6_concurrency_is_a_bound_and_is_used(concurrency: int, globus: LocalGlobus, modules: Modules) -> None:
    """Creations, replacements with their verification, and deletions together."""
    for name in FLEET[:4]:
        seed(globus, name, options={"sync_level": 3})
    for name in FLEET[4:8]:
        seed(globus, name)
    globus.clear_log()
    globus.fault("stall", seconds=600, method="POST", path="^/v2/timer$")
    timers = [
        {"name": name, "state": "absent"} if 4 <= number < 8 else definition(name) for number, name in enumerate(FLEET)
    ]
    module = modules.start("timers", {"timers": timers, "on_drift": "replace", "concurrency": concurrency})
    until("as many creations at once", lambda: globus.faults()[0]["hits"] == concurrency)
    globus.clear_faults()
    run = module.wait()
    assert not run.failed, run.result
    assert max(entry["in_flight"] for entry in globus.log()) == concurrency


def test_W6_bound_kept_when_answers_are_lost(globus: LocalGlobus, modules: Modules) -> None:
    globus.fault("lose_answer", method="POST", path="^/v2/timer$", attempts=[1, 3, 4, 8])
    globus.fault("status", status=503, method="POST", path="^/v2/timer$", attempts=[2, 5, 6])
    globus.delay(0.03)
    run = modules.run("timers", {"timers": [definition(name) for name in FLEET], "concurrency": 4})
    assert not run.failed, run.result
    assert max(entry["in_flight"] for entry in globus.log()) <= 4
    for name in FLEET:
        assert len(unfinished(globus.timers(), name)) == 1


@pytest.mark.parametrize("mode", ["exact", "short"])
def test_W7_a_list_cut_short_deletes_nothing(mode: str, globus: LocalGlobus, modules: Modules) -> None:
    for number in range(5):
        seed(globus, f"x-{number}")
    globus.clear_log()
    globus.fault("cut_json", mode=mode, method="GET", path="^/jobs/$")
    options = {"timers": [definition("x-0")], "purge": True, "purge_prefix": "x-"}
    run = modules.run("timers", options)
    assert run.failed
    assert not run.result.get("operations")
    assert writes(globus.log()) == []
    globus.clear_faults()
    assert len(modules.run("timers", options).result["purged"]) == 4
