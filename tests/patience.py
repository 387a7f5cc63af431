# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting in tests. No test fails because the machine is busy: a limit only stops what hangs."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

LIMIT = 1800.0  # seconds, for a program, a request or an event; all of them normally take a few seconds at most
# Seconds between two checks.
PAUSE = 0.01

T = TypeVar("T")


def until(what: str, condition: Callable[[], T], limit: float = LIMIT) -> T:
    """Call a function until its result is true, and return the result. Raises AssertionError at the limit."""
    end = time.monotonic() + limit
    while not (result := condition()):
        assert time.monotonic() < end, f"{what}: did not occur within {limit:.0f} seconds, so something hangs"
        time.sleep(PAUSE)
    return result


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, without input. ``stdout`` contains all of its output, including errors."""
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
