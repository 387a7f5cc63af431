# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the artifact for Ansible Galaxy in build/, and check it with the importer of Galaxy."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

from tools.outcome import Outcome, run
from tools.tree import copy

# The importer exits with status 0 after warnings. Its INFO lines have no level.
COMPLAINT = re.compile(r"^.*\b(?:WARNING|ERROR|CRITICAL)\b.*$", re.MULTILINE)


def pack(tree: Path, target: Path) -> Outcome:
    """Build the artifact from a tree, in the folder ``target``."""
    return run(["ansible-galaxy", "collection", "build", "--output-path", str(target)], tree)


def build(root: Path, target: Path) -> Outcome:
    """Build the artifact from the files of a checkout that git knows, so without empty or ignored folders."""
    with tempfile.TemporaryDirectory(prefix="globus-build-") as folder:
        tree = Path(folder) / "tree"
        copy(root, tree)
        return pack(tree, target)


def check(root: Path) -> Outcome:
    """Build one artifact in build/. Pass if the importer does not complain. A unit test checks the contents."""
    target = root / "build"
    for old in target.glob("*.tar.gz"):
        old.unlink()
    built = build(root, target)
    if not built.passed:
        return built
    (artifact,) = target.glob("*.tar.gz")
    env = os.environ | {"GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "true"}
    # The importer writes its result into its working directory.
    with tempfile.TemporaryDirectory(prefix="globus-importer-") as folder:
        imported = run([sys.executable, "-m", "galaxy_importer.main", str(artifact)], Path(folder), env)
    return Outcome(imported.passed and not COMPLAINT.search(imported.output), imported.output)


if __name__ == "__main__":
    done = check(Path(__file__).resolve().parents[2])
    print(done.output)
    sys.exit(not done.passed)
