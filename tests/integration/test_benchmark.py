# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make benchmark` works, and its counts are right. Speeds depend on the machine, and are not tested."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from patience import LIMIT

ROOT = Path(__file__).resolve().parents[2]


def test_benchmark_prints_its_table(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "benchmark" / "run.py"), "--rounds", "2", "--timers", "20"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "tests"), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
    )
    assert (done.returncode, done.stderr) == (0, "")
    tasks, fleet = (
        [re.split(r" *\| *", line.strip("| ")) for line in part.splitlines() if line.startswith("| ")]
        for part in done.stdout.split("An account with 20 timers:")
    )
    assert [len(row) for row in tasks] == [6] * 5
    # C1 and C2: the number of requests of a task.
    assert {row[0]: row[4] for row in tasks[1:]} == {
        "ping": "0",
        "uri": "1",
        "timer, in place": "1 + 1 token",
        "timer, creates": "5 + 2 token",
    }
    assert all(int(row[5].removesuffix(" MB")) > 0 for row in tasks[1:])
    assert len(fleet) == 1 + 5 + 3  # the head, the local Globus, timer_info
    assert len(re.findall(r"^- (?:met|NOT MET): ", done.stdout, re.M)) == 4
    assert not list(tmp_path.iterdir())
