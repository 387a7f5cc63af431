# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-test, in a copy of the checkout, on machines that reach package registries and nothing else.

The arguments are the folder for its home, and what follows ``ansible-test``, for example ``.ansible/units units
--venv``. It runs with the Python, and the ansible-test, that run this.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tools.home import environment
from tools.outcome import Outcome, run
from tools.tree import collections_tree

ROOT = Path(__file__).resolve().parents[2]
# ansible-test only warns of these, and ends with status 0. A skipped test is told by pytest, and there are some.
NOT_TESTED = re.compile(
    r"All targets skipped|Excluding target|Skipping sanity test|Required program .* not found"
    r"|No tests? (?:applicable|to run)|no tests ran",
    re.I,
)


def whole(outcome: Outcome) -> Outcome:
    """An outcome that did not pass if something was left out."""
    if found := NOT_TESTED.search(outcome.output):
        return Outcome(False, f"{outcome.output}\nNot everything was tested: {found.group()}")
    return outcome


def main(home: str, *arguments: str) -> int:
    """Run it; the exit status is 0 if everything was tested and passed."""
    env = environment(Path(home).resolve())
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    with collections_tree(ROOT) as tree:
        outcome = whole(run(["ansible-test", *arguments, "--color", "no", "--python", version], tree, env))
    print(outcome.output)
    return not outcome.passed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
