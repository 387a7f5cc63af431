# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that make up the checkout."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def known_files(root: Path) -> list[Path]:
    """The files that git has or would take, relative to the checkout: no caches, no virtual environment."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    # A file may be deleted and the deletion not yet be committed.
    return [Path(name) for name in sorted(set(listed.split("\0"))) if name and (root / name).is_file()]


def copy(root: Path, target: Path) -> list[Path]:
    """Copy them, modes included, to another folder; return them, relative to either."""
    files = known_files(root)
    for file in files:
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / file, target / file, follow_symlinks=False)
    return files


@contextmanager
def collections_tree(root: Path) -> Iterator[Path]:
    """A copy where Ansible wants a collection to be; for a while, and outside the checkout.

    ansible-test refuses to start in a link, and finds nothing to test below a folder that git ignores.
    """
    with tempfile.TemporaryDirectory(prefix="globus-") as folder:
        tree = Path(folder).resolve() / "ansible_collections" / "research_ops" / "globus"
        copy(root, tree)
        yield tree
