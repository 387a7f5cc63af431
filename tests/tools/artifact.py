# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the artifact for Ansible Galaxy and let Galaxy's own importer judge it."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from tools.home import environment
from tools.outcome import Outcome, run

# The importer ends with status 0 after warnings, and says INFO lines without a level.
COMPLAINT = re.compile(r"^.*\b(?:WARNING|ERROR|CRITICAL)\b.*$", re.MULTILINE)


def check(root: Path) -> Outcome:
    """Leave the artifact in build/, beside no older one; pass if the importer has nothing to complain about."""
    build = root / "build"
    for older in build.glob("*.tar.gz"):
        older.unlink()
    env = environment(root) | {"GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "true"}
    built = run(["ansible-galaxy", "collection", "build", "--output-path", str(build)], root, env)
    if not built.passed:
        return built
    (artifact,) = build.glob("*.tar.gz")
    # The importer writes its result into the folder it is started in.
    with tempfile.TemporaryDirectory(prefix="globus-importer-") as folder:
        imported = run([sys.executable, "-m", "galaxy_importer.main", str(artifact)], Path(folder), env)
    return Outcome(imported.passed and not COMPLAINT.search(imported.output), imported.output)
