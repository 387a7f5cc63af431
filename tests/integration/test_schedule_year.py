# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A year of two nightly backups at 02:00 in Chicago, over both clock changes, as in the guide to schedules.

It begins at 2026-03-02 12:00 UTC. The clocks go forward on 2026-03-08 at 02:00, so this night has no 02:00, and back on
2026-11-01 at 02:00.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ansible_collections.research_ops.globus.plugins.filter.upcoming_runs import upcoming_runs
from emulator.control import LocalGlobus
from integration.harness import START, Task, control, definition, kinds, timer
from integration.in_process import Modules

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst" / "guide_schedules.rst"
CHICAGO = ZoneInfo("America/Chicago")
END = "2027-03-02T12:00:00+00:00"
NIGHTLY = {"interval": "1d", "at": "02:00", "timezone": "America/Chicago"}
FOLLOWING = {**NIGHTLY, "daylight_saving": "follow"}

# The times of the plays, and whether they replace the timer that follows the clock.
PLAYS = [
    ("2026-03-03T12:00:00Z", False),  # a day later
    ("2026-03-07T12:00:00Z", False),  # the next run is at the right time: 03:00 for the skipped 02:00
    ("2026-03-08T12:00:00Z", True),  # the run after that would also be at 03:00
    ("2026-03-08T12:01:00Z", False),
    ("2026-04-08T12:00:00Z", False),  # a month later
    ("2026-10-30T12:00:00Z", False),
    ("2026-10-31T12:00:00Z", True),  # the next run would be at 01:00
    ("2026-11-01T12:00:00Z", False),
    (END, False),  # a year later
]


def play(nightly: str, following: str) -> list[Task]:
    """Run the same two tasks."""
    return [
        timer(nightly, **definition("nightly", NIGHTLY), on_drift="fail"),
        timer(following, **definition("following", FOLLOWING), on_drift="replace"),
    ]


def foreseen(schedule: dict[str, Any]) -> list[str]:
    """The runs of the year according to the filter, in local time."""
    return [run["local"] for run in upcoming_runs(schedule, START, END)]


def local_runs(globus: LocalGlobus, name: str) -> list[str]:
    """The runs of all timers with a name, including deleted ones, in local time."""
    history = [entry for one in globus.timers() if one["name"] == name for entry in one["history"]]
    assert {entry["event"] for entry in history} == {"ran"}
    return [
        datetime.fromisoformat(at).astimezone(CHICAGO).isoformat() for at in sorted(entry["at"] for entry in history)
    ]


def times(runs: Iterable[str]) -> Counter[str]:
    """The number of runs at each local time of day."""
    return Counter(run[11:16] for run in runs)


def days(first: str, last: str) -> list[str]:
    """The dates from one to the other."""
    begin, end = datetime.fromisoformat(first), datetime.fromisoformat(last)
    return [(begin + timedelta(days=number)).date().isoformat() for number in range((end - begin).days + 1)]


def test_d4_a_year_of_nights_over_both_clock_changes(modules: Modules, globus: LocalGlobus) -> None:
    assert datetime.fromisoformat(START) == datetime(2026, 3, 2, 12, tzinfo=UTC)
    tasks = play("create nightly", "create following")
    for moment, _replaced in PLAYS:
        tasks.append(control("POST", "clock", {"set": moment}, title=f"on to {moment}"))
        tasks += play(f"nightly at {moment}", f"following at {moment}")
    done = modules.run(tasks)
    assert done.status == 0, done.output

    assert kinds(done["create nightly"]) == kinds(done["create following"]) == ["create"]
    for moment, replaced in PLAYS:
        assert (kinds(done[f"nightly at {moment}"]), done[f"nightly at {moment}"]["drift"]) == ([], [])
        assert kinds(done[f"following at {moment}"]) == (["create", "delete"] if replaced else []), moment

    # ignore: 02:00 in winter, 03:00 in summer, always 08:00 UTC
    nightly = local_runs(globus, "nightly")
    assert [run[:10] for run in nightly] == days("2026-03-03", "2027-03-02")
    assert len(nightly) == 365
    assert [run[:16] for run in nightly if run[11:16] == "03:00"] == [
        f"{day}T03:00" for day in days("2026-03-08", "2026-10-31")
    ]
    assert times(nightly) == {"02:00": 127, "03:00": 238}
    assert nightly == foreseen(NIGHTLY)

    # follow: 02:00 every night except the one without it
    following = local_runs(globus, "following")
    assert [run[:10] for run in following] == days("2026-03-03", "2027-03-02")
    assert times(following) == {"02:00": 364, "03:00": 1}
    assert [run for run in following if run[11:16] == "03:00"] == ["2026-03-08T03:00:00-05:00"]
    assert following == foreseen(FOLLOWING)
    assert sum(one["name"] == "following" and one["status"] == "active" for one in globus.timers()) == 1

    # the clock change that skips 02:00 was announced for the timer that follows it
    for task, announced in (("create nightly", False), ("create following", True)):
        warned = any("the run of 2026-03-08 02:00 takes place at 03:00" in one for one in done[task]["warnings"])
        assert warned is announced

    # the guide says the same
    columns = re.findall(
        r"^   \* - ``(\w+)``\n     - (\d+)\n     - (\d+)\n     - (\d+)\n", GUIDE.read_text("utf-8"), re.M
    )
    found = [("ignore", nightly), ("follow", following)]
    assert columns == [
        (mode, str(len(runs)), str(times(runs)["02:00"]), str(times(runs)["03:00"])) for mode, runs in found
    ]
