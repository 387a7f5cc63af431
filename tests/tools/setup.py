# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make `.venv` with the development tools, and the link under which Ansible sees the checkout as a collection.

Run by the machine's own python3, so it uses the standard library alone. When nothing changed it takes a moment.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import threading
import time
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "stamp"
STATE = ROOT / ".ansible"
LINK = STATE / "collections" / "ansible_collections" / "research_ops" / "globus"
# Seconds between two lines about what pip is doing.
PACE = 5.0
# Of what pip said, so many lines are shown if it fails.
LINES = 40


def fingerprint() -> str:
    """What the environment depends on: the requirements, the interpreter, and its place (scripts name it)."""
    digest = hashlib.sha256(f"{VENV}\0{sys.version}\0{sys.base_prefix}".encode())
    for requirements in (ROOT / "requirements.txt", ROOT / "tests" / "requirements.txt"):
        digest.update(requirements.read_bytes())
    return digest.hexdigest()


def made_here() -> bool:
    """Whether there is a whole environment that this interpreter made in this place, which its scripts name."""
    settings = VENV / "pyvenv.cfg"
    if not (STAMP.exists() and os.access(PYTHON, os.X_OK) and settings.exists()):
        return False
    said = dict(line.split(" = ", 1) for line in settings.read_text(encoding="utf-8").splitlines() if " = " in line)
    place = said.get("command", "").endswith(f" {VENV}")
    return place and said.get("version") == sys.version.split()[0] and said.get("home", "").startswith(sys.base_prefix)


def install() -> None:
    """Install the requirements into the virtual environment, which is made anew unless only they changed.

    The stamp is written last, so that an interrupted set-up is started over by the next run.
    """
    began = time.monotonic()
    if made_here():
        print("The requirements changed: bringing .venv up to date.", flush=True)
        STAMP.unlink()
    else:
        print("Setting up .venv, once: Ansible, the Globus SDK, the linters and what they need, about 150 packages.")
        print("That takes a minute or several, depending on the network and on what else the machine does.", flush=True)
        venv.create(VENV, clear=True, with_pip=True, symlinks=True)
    install_packages([str(PYTHON), "-m", "pip"], ["-r", "tests/requirements.txt"])
    STAMP.write_text(fingerprint(), encoding="utf-8")
    print(f".venv is ready ({time.monotonic() - began:.0f} s).", flush=True)


def install_packages(pip: Sequence[str], wanted: Sequence[str], pace: float = PACE) -> None:
    """Run pip install, and say every few seconds what it is doing. Raises CalledProcessError, after pip's own words."""
    options = ["install", "--disable-pip-version-check", "--no-color", "--progress-bar", "off"]
    command = [*pip, *options, *wanted]
    said: list[str] = []
    began = time.monotonic()
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        reader = threading.Thread(target=lambda: said.extend(process.stdout or ()), daemon=True)
        reader.start()
        while reader.is_alive():
            reader.join(pace)
            if reader.is_alive():
                doing = progress(said[-1]) if said else "pip starts"
                print(f"  {time.monotonic() - began:3.0f} s: {doing}", flush=True)
    if process.returncode:
        print("".join(said[-LINES:]), flush=True)
        raise subprocess.CalledProcessError(process.returncode, command)


def progress(line: str) -> str:
    """What a line of pip says, short: ``Collecting ruff``, ``Installing 143 packages``."""
    words = line.split()
    if words[:3] == ["Installing", "collected", "packages:"]:
        return f"Installing {len(words) - 3} packages"
    return " ".join(words)[:100]


def link() -> None:
    """Link the checkout into a collections folder."""
    if not (LINK.is_symlink() and LINK.resolve() == ROOT):
        LINK.parent.mkdir(parents=True, exist_ok=True)
        LINK.unlink(missing_ok=True)
        LINK.symlink_to(ROOT, target_is_directory=True)


def main() -> int:
    """Bring everything up to date; the exit status is 0, or 1 with a sentence on what went wrong."""
    if sys.version_info < (3, 11):  # noqa: UP036 - ruff takes for granted what is made sure of here
        print(f"Python 3.11 or newer is needed, and {sys.executable} is {sys.version.split()[0]}.")
        print("Name another one: make PYTHON3=python3.12 ...")
        return 1
    STATE.mkdir(exist_ok=True)
    # Two makes in one checkout must not set up one environment at the same time.
    with (STATE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = STAMP.exists() and os.access(PYTHON, os.X_OK) and STAMP.read_text(encoding="utf-8") == fingerprint()
        if not ready:
            try:
                install()
            except subprocess.CalledProcessError as error:
                print(f"The set-up of .venv failed ({error}). What went wrong is said above; make setup tries again.")
                return 1
        link()
    return 0


if __name__ == "__main__":
    sys.exit(main())
