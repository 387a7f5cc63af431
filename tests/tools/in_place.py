# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-test units and integration, as contributors to collections know them, in a copy of the checkout.

The arguments are the folder for the tools' home, and what follows ``ansible-test``, for example
``.ansible/units units --venv``. It runs with the Python, and the ansible-test, that run this.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tools.home import environment
from tools.outcome import Outcome, run
from tools.tree import collections_tree

# ansible-test ends with status 0 after these. A skipped test is told by pytest, and there are some.
NOT_TESTED = re.compile(r"All targets skipped|Excluding target|No tests? (?:applicable|to run)|no tests ran", re.I)


def check(root: Path, state: Path, *arguments: str) -> Outcome:
    """Run ansible-test with these arguments."""
    env = environment(state)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    with collections_tree(root) as tree:
        outcome = run(["ansible-test", *arguments, "--color", "no", "--python", version], tree, env)
    if found := NOT_TESTED.search(outcome.output):
        return Outcome(False, f"{outcome.output}\nNot everything was tested: {found.group()}")
    return outcome


if __name__ == "__main__":
    done = check(Path(__file__).resolve().parents[2], Path(sys.argv[1]).resolve(), *sys.argv[2:])
    print(done.output)
    sys.exit(not done.passed)
