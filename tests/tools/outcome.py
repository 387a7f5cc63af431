# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a program for a check, with its result."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Seconds. The slowest programs are the tests of a row of the matrix and an ansible-test that installs its requirements:
# minutes on a quiet machine, much longer on a busy one with a slow network. The limit only ends what hangs.
LIMIT = 4 * 3600


@dataclass(frozen=True)
class Outcome:
    """Whether a program passed, and its output."""

    passed: bool
    output: str


def run(arguments: Sequence[str], cwd: Path, env: Mapping[str, str] | None = None) -> Outcome:
    """Run a program to its end. It passed if its exit status is 0."""
    try:
        done = subprocess.run(
            arguments,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        output = error.output or ""
        text = output if isinstance(output, str) else output.decode(errors="replace")
        return Outcome(False, f"{text}\n{arguments[0]} did not end within {LIMIT} s, so it hangs")
    return Outcome(done.returncode == 0, done.stdout)
