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

# What lies at the top of the artifact. The tests go out too, with the local Globus; what is hidden stays here.
TOP = {
    "CHANGELOG.rst",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "FILES.json",
    "LICENSE",
    "LICENSES",
    "MANIFEST.json",
    "README.md",
    "REUSE.toml",
    "SECURITY.md",
    "changelogs",
    "demo",
    "docs",
    "meta",
    "playbooks",
    "plugins",
    "requirements.txt",
    "roles",
    "tests",
}
# What is worked with in a clone only: settings of linters, and what makes the site.
IN_A_CLONE_ONLY = ("Makefile", "docs/docsite/sphinx/", "pyproject.toml")

# ansible-galaxy lists a folder in the order in which the file system happens to have it, and so FILES.json.
GALAXY = """\
import os, sys
unsorted = os.listdir
os.listdir = lambda path=".": sorted(unsorted(path))
from ansible.cli.galaxy import main
sys.exit(main())
"""

# The importer ends with status 0 after warnings, and says INFO lines without a level.
COMPLAINT = re.compile(r"^.*\b(?:WARNING|ERROR|CRITICAL)\b.*$", re.MULTILINE)


def pack(tree: Path, target: Path) -> Outcome:
    """Build the artifact of a tree into the folder C(target), with the same FILES.json wherever the tree lies."""
    return run(
        [sys.executable, "-c", GALAXY, "collection", "build", "--output-path", str(target)],
        tree,
    )


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
    """The files that belong into a checkout's artifact: all but these and hidden ones; galaxy.yml in Galaxy's form."""
    public = {str(file) for file in known_files(root) if not any(part.startswith(".") for part in file.parts)}
    public = {file for file in public if not file.startswith(IN_A_CLONE_ONLY)}
    return public - {"galaxy.yml"} | {"MANIFEST.json", "FILES.json"}


def complaints(files: set[str], wanted: set[str]) -> list[str]:
    """What is wrong with the files of an artifact, in sentences."""
    top = {file.split("/")[0] for file in files}
    return [
        *(f"The artifact lacks {file}." for file in sorted(wanted - files)),
        *(f"The artifact has {file}, which does not belong into it." for file in sorted(files - wanted)),
        *(f"The artifact has no {name}." for name in sorted(TOP - top)),
        *(f"Is {name} to go out? Then it belongs into TOP in {__name__}." for name in sorted(top - TOP)),
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
    env = environment(root) | {"GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "true"}
    # The importer writes its result into the folder it is started in.
    with tempfile.TemporaryDirectory(prefix="globus-importer-") as folder:
        imported = run([sys.executable, "-m", "galaxy_importer.main", str(artifact)], Path(folder), env)
    return Outcome(imported.passed and not COMPLAINT.search(imported.output), imported.output)
