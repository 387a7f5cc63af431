# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-test in a copy of the checkout, also where only package registries can be reached.

Arguments: a folder that becomes its home, and the arguments of ``ansible-test``, for example ``.ansible/units units
--venv``. It uses the Python that runs this file, and the ansible-test that is installed there.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tools.home import environment
from tools.outcome import Outcome, run
from tools.tree import collections_tree

ROOT = Path(__file__).resolve().parents[2]
# ansible-test only warns about these and exits with status 0. Single tests that pytest skips are not among them.
NOT_TESTED = re.compile(
    r"All targets skipped|Excluding target|Skipping sanity test|Required program .* not found"
    r"|No tests? (?:applicable|to run)|no tests ran",
    re.I,
)


def whole(outcome: Outcome) -> Outcome:
    """The same outcome, but failed if ansible-test left something out."""
    if found := NOT_TESTED.search(outcome.output):
        return Outcome(False, f"{outcome.output}\nNot everything was tested: {found.group()}")
    return outcome


def main(home: str, *arguments: str) -> int:
    """Run ansible-test. The exit status is 0 if everything was tested and passed."""
    env = environment(Path(home).resolve())
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    with collections_tree(ROOT) as tree:
        outcome = whole(run(["ansible-test", *arguments, "--color", "no", "--python", version], tree, env))
    print(outcome.output)
    return not outcome.passed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
