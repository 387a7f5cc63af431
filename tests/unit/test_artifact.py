# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes out to Ansible Galaxy: all that users need, nothing else, and from one commit always the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tools.artifact import build, pack
from tools.tree import copy, known_files

ROOT = Path(__file__).resolve().parents[2]
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

LEFT_BEHIND = (
    ".aider.conf.yml",
    ".ansible/home/.config/pip/pip.conf",
    ".ci/settings",
    ".git/config",
    ".hypothesis/examples/1",
    ".mypy_cache/3.10/cache.json",
    ".venv/bin/activate",
    ".venv/lib/python3.11/site-packages/requests/__init__.py",
    "build/importer_result.json",
    "changelogs/.plugin-cache.yaml",
    "plugins/module_utils/_timers/__pycache__/plan.cpython-311.pyc",
    "research_ops-globus-0.0.1.tar.gz",
    "tests/.pytest_cache/README.md",
    "tests/integration/inventory",
    "tests/output/junit/report.xml",
)

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a checkout knows what belongs to it")


def contents(artifact: Path) -> set[str]:
    """The files in an artifact."""
    with tarfile.open(artifact) as archive:
        return {member.name for member in archive if not member.isdir()}


def expected(root: Path) -> set[str]:
    """The files that belong into a checkout's artifact, galaxy.yml in Galaxy's form.

    With the settings of ansible-lint, so that the importer of Galaxy finds no more than ``make lint`` does.
    """
    public = {str(file) for file in known_files(root) if not any(part.startswith(".") for part in file.parts)}
    return {file for file in public if file.startswith(SHIPPED)} | {".ansible-lint", "MANIFEST.json", "FILES.json"}


def test_artifact_has_what_it_should_and_nothing_else(tmp_path: Path) -> None:
    """Built right in a checkout full of what work leaves behind, as `ansible-galaxy collection install git+` does."""
    tree = tmp_path / "tree"
    known = copy(ROOT, tree)
    for name in LEFT_BEHIND:
        assert Path(name) not in known
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("left behind", encoding="utf-8")

    built = pack(tree, tmp_path)

    assert built.passed, built.output
    (artifact,) = tmp_path.glob("*.tar.gz")
    files = contents(artifact)
    assert {"README.md", "LICENSE", "meta/runtime.yml", "plugins/modules/timer.py", "requirements.txt"} <= files
    assert files == expected(ROOT), "leave it out in galaxy.yml, or add it to SHIPPED"
    # Of the tests only what ansible-test asks of a collection.
    assert {file for file in files if file.startswith("tests/")} == {"tests/config.yml"}
    assert not {file for file in files if file.startswith(("changelogs/fragments/", "demo/", "docs/docsite/sphinx/"))}
    assert artifact.stat().st_size < 400_000


def git(*arguments: str | Path) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def manifest_of_a_clone(commit: str, folder: Path, umask: int, moment: int) -> list[dict[str, Any]]:
    """FILES.json of a commit, checked out with a umask; all files are from the moment, in seconds since 1970."""
    clone = folder / "clone"
    before = os.umask(umask)
    try:
        git("clone", "--no-checkout", ROOT, clone)
        git("-C", clone, "checkout", commit)
    finally:
        os.umask(before)
    # What git does not know may lie about, and a folder may have lost its last file.
    (clone / "plugins" / "cache").mkdir()
    (clone / "build").mkdir()
    for file in known_files(clone):
        os.utime(clone / file, (moment, moment))
    built = build(clone, folder)
    assert built.passed, built.output
    (artifact,) = folder.glob("*.tar.gz")
    with tarfile.open(artifact) as archive:
        manifest = archive.extractfile("FILES.json")
        assert manifest is not None
        # A folder is listed in the order in which the file system has it.
        return sorted(json.load(manifest)["files"], key=lambda entry: str(entry["name"]))


def test_one_commit_gives_one_manifest(tmp_path: Path) -> None:
    """Cloned into other folders, at other times, for other eyes: the same files with the same checksums."""
    commit = git("rev-parse", "HEAD")
    manifests = []
    for number, umask in enumerate((0o022, 0o077)):
        folder = tmp_path / ("here", "there/and/deeper")[number]
        folder.mkdir(parents=True)
        manifests.append(manifest_of_a_clone(commit, folder, umask, moment=10**9 * (number + 1) // 2))
        shutil.rmtree(folder / "clone")

    assert manifests[0] == manifests[1]
    names = {entry["name"] for entry in manifests[0]}
    assert "plugins/modules/timer.py" in names
    assert "plugins/cache" not in names
