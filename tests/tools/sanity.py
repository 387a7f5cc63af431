# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-test sanity, on machines that reach package registries and nothing else.

ansible-test refuses to start in a link, and finds nothing to test below a folder that git ignores. So it gets a copy of
what git knows, in a temporary collections tree outside the checkout.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import home
from outcome import Outcome, run

# ansible-test ends with status 0 after these.
NOTHING_TESTED = "All targets skipped"


def known_files(root: Path) -> list[Path]:
    """The files of the checkout that are committed or could be, relative to it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    # A file may be deleted and not yet committed.
    return [Path(name) for name in sorted(set(listed.split("\0"))) if name and (root / name).is_file()]


def copy(root: Path, target: Path) -> None:
    """Copy what git knows, modes included."""
    for file in known_files(root):
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / file, target / file, follow_symlinks=False)


def check(root: Path) -> Outcome:
    """Run the sanity tests on a copy, with the Python that runs this."""
    with tempfile.TemporaryDirectory(prefix="globus-sanity-") as folder:
        tree = Path(folder).resolve() / "ansible_collections" / "research_ops" / "globus"
        copy(root, tree)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        outcome = run(["ansible-test", "sanity", "--color", "no", "--python", version], tree, home.environment(root))
    if NOTHING_TESTED in outcome.output:
        return Outcome(False, f"{outcome.output}\nNothing was tested.")
    return outcome
