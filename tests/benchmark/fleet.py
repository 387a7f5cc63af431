# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an account with 10,000 timers costs: the local Globus itself, and the module timer_info.

Part of ``make benchmark``. Each timer has two runs, which is what the health of a timer is judged by.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmark.plays import Task, run_tasks, scales, weights
from emulator.control import LocalGlobus
from emulator.plain import Api

NEEDLE = "needle"
# Options of timer_info.
CHOICES: dict[str, dict[str, Any]] = {
    "name_prefix": {"name_prefix": "need"},
    "health: unhealthy": {"health": "unhealthy"},
    "no option": {},
}
# What the project asks of itself, bytes.
MEMORY = 300 * 10**6


def table(globus: LocalGlobus, folder: Path, count: int, uri: float) -> Iterator[str]:
    """The lines of the report. ``uri`` is the time of a uri task, in seconds."""
    yield f"\nAn account with {count:,} timers:\n"
    yield "| what | time | to `uri` | peak memory |"
    yield "|---|--:|--:|--:|"
    for title, seconds in serve(globus, count).items():
        yield f"| local Globus: {title} | {seconds * 1000:.0f} ms | {seconds / uri:.2f} | |"
    most = 0
    for title, seconds, peak in read(globus, folder):
        most = max(most, peak)
        yield f"| `timer_info`, {title} | {seconds * 1000:.0f} ms | {seconds / uri:.2f} | {peak / 10**6:.0f} MB |"
    met = "met" if most < MEMORY else "NOT MET"
    yield f"\n- {met}: timer_info needs less than {MEMORY // 10**6} MB: {most / 10**6:.0f} MB"


def serve(globus: LocalGlobus, count: int) -> dict[str, float]:
    """Seconds that the local Globus takes to make and to list timers."""
    api = Api(globus).login()
    steps: dict[str, Callable[[], Any]] = {
        "make them": lambda: globus.seed(count - 1, runs=2, options={"label": "Nightly", "sync_level": 3}),
        "make one more": lambda: globus.seed(1, name=NEEDLE, runs=2),
        "list them": lambda: api.call("GET", "/jobs/?result_count=0"),
        "list them again": lambda: api.call("GET", "/jobs/?result_count=0"),
        "find one by its name": lambda: api.call("GET", f"/jobs/?filter_name={NEEDLE}"),
    }
    taken = {}
    for title, step in steps.items():
        began = time.monotonic()
        step()
        taken[title] = time.monotonic() - began
    return taken


def read(globus: LocalGlobus, folder: Path) -> Iterator[tuple[str, float, int]]:
    """Options of a timer_info task, seconds that it takes, and the peak memory of its module's process in bytes."""
    interpreter, environment = scales(folder)
    tasks: list[Task] = [
        {"name": title, "research_ops.globus.timer_info": options} for title, options in CHOICES.items()
    ]
    noted = run_tasks(globus, folder, tasks, environment, interpreter)
    for note, peak in zip(noted, weights(folder), strict=True):
        yield note["task"], note["ended"] - note["began"], peak
