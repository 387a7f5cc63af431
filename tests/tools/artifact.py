# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the artifact for Ansible Galaxy, see that it holds what it should, and let Galaxy's own importer judge it."""

from __future__ import annotations

import re
import sys
import tarfile
import tempfile
from pathlib import Path

from tools.home import environment
from tools.outcome import Outcome, run
from tools.tree import copy, known_files

# What goes out: all of the collection, what describes it, and the setting that ansible-test needs of it. The tests, the
# local Globus and the tools stay in the repository: the inclusion rules want no unnecessary files in the artifact.
SHIPPED = (
    "CHANGELOG.rst",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "LICENSES/",
    "README.md",
    "REUSE.toml",
    "SECURITY.md",
    "changelogs/changelog.yaml",
    "changelogs/config.yaml",
    "docs/docsite/config.yml",
    "docs/docsite/extra-docs.yml",
    "docs/docsite/images/",
    "docs/docsite/links.yml",
    "docs/docsite/rst/",
    "docs/examples/",
    "extensions/",
    "meta/",
    "playbooks/",
    "plugins/",
    "requirements.txt",
    "roles/",
    "tests/config.yml",
)

# The importer ends with status 0 after warnings, and says INFO lines without a level.
COMPLAINT = re.compile(r"^.*\b(?:WARNING|ERROR|CRITICAL)\b.*$", re.MULTILINE)


def pack(tree: Path, target: Path) -> Outcome:
    """Build the artifact of a tree into the folder C(target)."""
    return run(["ansible-galaxy", "collection", "build", "--output-path", str(target)], tree)


def build(root: Path, target: Path) -> Outcome:
    """Build the artifact of what git knows of a checkout: no folder that work left behind empty is in it."""
    with tempfile.TemporaryDirectory(prefix="globus-build-") as folder:
        tree = Path(folder) / "tree"
        copy(root, tree)
        return pack(tree, target)


def contents(artifact: Path) -> set[str]:
    """The files in an artifact."""
    with tarfile.open(artifact) as archive:
        return {member.name for member in archive if not member.isdir()}


def expected(root: Path) -> set[str]:
    """The files that belong into a checkout's artifact, galaxy.yml in Galaxy's form."""
    public = {str(file) for file in known_files(root) if not any(part.startswith(".") for part in file.parts)}
    return {file for file in public if file.startswith(SHIPPED)} | {"MANIFEST.json", "FILES.json"}


def complaints(files: set[str], wanted: set[str]) -> list[str]:
    """What is wrong with the files of an artifact, in sentences."""
    added = "The artifact has {0}. Leave it out in galaxy.yml, or add it to SHIPPED in {1}."
    return [
        *(f"The artifact lacks {file}." for file in sorted(wanted - files)),
        *(added.format(file, __name__) for file in sorted(files - wanted)),
    ]


def check(root: Path) -> Outcome:
    """Leave one artifact in build/; pass if it is whole and the importer has nothing to complain about."""
    target = root / "build"
    for old in target.glob("*.tar.gz"):
        old.unlink()
    built = build(root, target)
    if not built.passed:
        return built
    (artifact,) = target.glob("*.tar.gz")
    if wrong := complaints(contents(artifact), expected(root)):
        return Outcome(False, "\n".join(wrong))
    env = environment(root / ".ansible" / "home") | {"GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "true"}
    # The importer writes its result into the folder it is started in.
    with tempfile.TemporaryDirectory(prefix="globus-importer-") as folder:
        imported = run([sys.executable, "-m", "galaxy_importer.main", str(artifact)], Path(folder), env)
    return Outcome(imported.passed and not COMPLAINT.search(imported.output), imported.output)


if __name__ == "__main__":
    done = check(Path(__file__).resolve().parents[2])
    print(done.output)
    sys.exit(not done.passed)
