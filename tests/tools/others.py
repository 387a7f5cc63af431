# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module ``community.general.mail``, which an example uses.

Galaxy is not within reach of every machine. The package ``ansible`` has the collection too: installing it writes 20,000
files, so the few that the module needs are taken from its wheel, once.
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
    """A collections folder with the module, in a folder for downloads. Several processes may ask at once."""
    (pinned,) = [line for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines() if "==" in line]
    collections = cache / pinned
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not collections.exists():
            _unpack(pinned, collections)
    return collections


def _unpack(pinned: str, collections: Path) -> None:
    """Download the package, and keep what is needed of it."""
    with tempfile.TemporaryDirectory(dir=collections.parent) as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*command, "--dest", folder, pinned], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(Path(folder) / "new", NEEDED)
        os.rename(Path(folder) / "new", collections)
