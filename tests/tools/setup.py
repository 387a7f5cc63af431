# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create `.venv` with the development tools, and the link through which Ansible finds the checkout as a collection.

The python3 of the machine runs this file, so it uses only the standard library. It is fast if nothing changed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "stamp"
STATE = ROOT / ".ansible"
LINK = STATE / "collections" / "ansible_collections" / "research_ops" / "globus"
REQUIREMENTS = (ROOT / "requirements.txt", ROOT / "tests" / "requirements.txt")


def fingerprint() -> str:
    """A hash of what the environment depends on: the requirements, the interpreter, and its own path."""
    digest = hashlib.sha256(f"{VENV}\0{sys.version}\0{sys.base_prefix}".encode())
    for requirements in REQUIREMENTS:
        digest.update(requirements.read_bytes())
    return digest.hexdigest()


def made_here() -> bool:
    """Whether this interpreter created a complete environment at this path. (Its scripts contain the path.)"""
    settings = VENV / "pyvenv.cfg"
    if not (STAMP.exists() and os.access(PYTHON, os.X_OK) and settings.exists()):
        return False
    made = dict(line.split(" = ", 1) for line in settings.read_text(encoding="utf-8").splitlines() if " = " in line)
    place = made.get("command", "").endswith(f" {VENV}")
    return place and made.get("version") == sys.version.split()[0] and made.get("home", "").startswith(sys.base_prefix)


def install() -> None:
    """Install the requirements into the virtual environment. Create it again if more than the requirements changed.

    The stamp is written last, so the next run repeats a set-up that was interrupted.
    """
    began = time.monotonic()
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    if made_here():
        print("The requirements changed: updating .venv.", flush=True)
        STAMP.unlink()
        pip.append("--quiet")
    else:
        print("Setting up .venv, once. pip installs about 150 packages, which takes a minute or several.", flush=True)
        venv.create(VENV, clear=True, with_pip=True, symlinks=True)
    subprocess.run([*pip, "-r", str(REQUIREMENTS[-1])], check=True)
    STAMP.write_text(fingerprint(), encoding="utf-8")
    print(f".venv is ready ({time.monotonic() - began:.0f} s).", flush=True)


def link() -> None:
    """Link the checkout into a collections folder."""
    if not (LINK.is_symlink() and LINK.resolve() == ROOT):
        LINK.parent.mkdir(parents=True, exist_ok=True)
        LINK.unlink(missing_ok=True)
        LINK.symlink_to(ROOT, target_is_directory=True)


def main() -> int:
    """Create or update everything. The exit status is 1 if that failed. A message says why."""
    if sys.version_info < (3, 11):  # noqa: UP036 - ruff assumes what is checked here
        print(f"Python 3.11 or newer is required. {sys.executable} is {sys.version.split()[0]}.")
        print("Name another Python: make PYTHON3=python3.12 ...")
        return 1
    STATE.mkdir(exist_ok=True)
    # Two runs of make must not set up the environment at the same time.
    with (STATE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = STAMP.exists() and os.access(PYTHON, os.X_OK) and STAMP.read_text(encoding="utf-8") == fingerprint()
        try:
            if not ready:
                install()
        except subprocess.CalledProcessError as error:
            print(f"pip failed ({error}). See its messages above. To try again, run make setup.")
            return 1
        link()
    return 0


if __name__ == "__main__":
    sys.exit(main())
