# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module ``community.general.mail``, which an example uses.

Some machines reach PyPI but not Galaxy. The package ``ansible`` on PyPI contains the collection, but has 20,000 files,
so only the few files that the module needs are extracted, once.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "tests" / "alerts" / "requirements.txt"
GENERAL = "ansible_collections/community/general"
NEEDED = tuple(f"{GENERAL}/{name}" for name in ("MANIFEST.json", "meta/runtime.yml", "plugins/modules/mail.py"))


def community_general(cache: Path) -> Path:
    """Return a collections folder with the module, below ``cache``. Several processes may call this at once."""
    (pinned,) = [line for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines() if "==" in line]
    collections = cache / pinned
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not collections.exists():
            _unpack(pinned, collections)
    return collections


def _unpack(pinned: str, collections: Path) -> None:
    """Download the package, and extract the needed files."""
    with tempfile.TemporaryDirectory(dir=collections.parent) as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*command, "--dest", folder, pinned], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(Path(folder) / "new", NEEDED)
        os.rename(Path(folder) / "new", collections)
