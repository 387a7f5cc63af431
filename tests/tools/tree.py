# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the checkout."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def known_files(root: Path) -> list[Path]:
    """The files that git tracks or would add, relative to the checkout. Caches and .venv are not among them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    # git also lists a deleted file whose deletion is not committed yet.
    return [Path(name) for name in sorted(set(listed.split("\0"))) if name and (root / name).is_file()]


def copy(root: Path, target: Path) -> list[Path]:
    """Copy the known files with their modes to another folder. Return their relative paths."""
    files = known_files(root)
    for file in files:
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / file, target / file, follow_symlinks=False)
    return files


@contextmanager
def collections_tree(root: Path) -> Iterator[Path]:
    """Provide a temporary copy of the checkout in ``ansible_collections/research_ops/globus``.

    It is outside the checkout, because ansible-test does not start in a link and finds no tests in an ignored folder.
    """
    with tempfile.TemporaryDirectory(prefix="globus-") as folder:
        tree = Path(folder).resolve() / "ansible_collections" / "research_ops" / "globus"
        copy(root, tree)
        yield tree
