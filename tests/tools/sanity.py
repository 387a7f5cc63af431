# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-test sanity, on machines that reach package registries and nothing else, on a copy of what git knows."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tools.home import environment
from tools.outcome import Outcome, run
from tools.tree import collections_tree

# ansible-test warns and ends with status 0 after these.
NOT_TESTED = re.compile(r"All targets skipped|Skipping sanity test|Required program .* not found")


def check(root: Path, state: Path | None = None) -> Outcome:
    """Run the sanity tests on a copy, with the Python that runs this; its home is below ``state``, or the checkout."""
    env = environment(state or root)
    if not (Path(env["HOME"]) / ".ansible" / "test" / "venv").exists():
        print("       ansible-test installs its own tools first, once: that takes a minute, or several", flush=True)
    with collections_tree(root) as tree:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        outcome = run(["ansible-test", "sanity", "--color", "no", "--python", version], tree, env)
    if found := NOT_TESTED.search(outcome.output):
        return Outcome(False, f"{outcome.output}\nNot everything was tested: {found.group()}")
    return outcome


if __name__ == "__main__":
    # For a row of the matrix, in its environment; the argument is its folder.
    done = check(Path(__file__).resolve().parents[2], Path(sys.argv[1]))
    print(done.output)
    sys.exit(not done.passed)
