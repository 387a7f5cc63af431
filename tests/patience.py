# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long tests wait. No test fails because the machine is busy: a limit only stops what hangs."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

LIMIT = 1800.0  # seconds, for one program, one request or one event; all of them take seconds at most
# Seconds between two looks.
PAUSE = 0.01

T = TypeVar("T")


def until(what: str, look: Callable[[], T], limit: float = LIMIT) -> T:
    """Look until there is something to see, and return it. Raises AssertionError if it does not come."""
    end = time.monotonic() + limit
    while not (seen := look()):
        assert time.monotonic() < end, f"{what}: not within {limit:.0f} seconds, so something hangs"
        time.sleep(PAUSE)
    return seen


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, without input. ``stdout`` has all that it printed, errors too."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT,
        check=False,
    )
