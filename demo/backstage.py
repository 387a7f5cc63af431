# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helpers of the demo: a temporary folder, running ansible-playbook, output, and comparisons of files."""

from __future__ import annotations

import difflib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import yaml

ROOT = Path(__file__).resolve().parents[1]
WIDTH = 100
# Seconds, far more than needed on any machine. They only end a process that hangs.
LIMIT = 1800.0  # for one ansible-playbook, which takes two seconds
GRACE = 60.0  # for a process to end after SIGTERM
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoError(Exception):
    """A check of the demo failed."""


class Stopped(Exception):  # noqa: N818 - a request of the user, not an error
    """The demo was stopped by a signal."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


# --- stopping ------------------------------------------------------------------------------------------------------


class Stopper:
    """Handles signals. The first one ends the running program; the demo stops at its next call of raise_if_stopped.

    The handler raises nothing: an exception between the start of a program and the assignment to _running would leave
    the program behind.
    """

    def __init__(self) -> None:
        self._number: int | None = None
        self._running: subprocess.Popen[str] | None = None
        for number in SIGNALS:
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._number is None:
            self._number = number
            self._terminate()

    def _terminate(self) -> None:
        # ansible-playbook forwards SIGTERM to its workers, which have sessions of their own.
        if self._running is not None and self._running.returncode is None:
            self._running.send_signal(signal.SIGTERM)

    def raise_if_stopped(self) -> None:
        """Raise Stopped if a signal has arrived."""
        if self._number is not None:
            raise Stopped(self._number)

    def run(self, command: list[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
        """Run a program and return its exit status and output. Raises Stopped, or DemoError on time-out."""
        self.raise_if_stopped()
        self._running = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C reaches it only through _on_signal
        )
        if self._number is not None:
            self._terminate()  # the signal arrived during Popen
        began, terminated_at = time.monotonic(), 0.0
        while True:
            try:
                output, _errors = self._running.communicate(timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                now = time.monotonic()
                if not terminated_at and (self._number is not None or now - began > LIMIT):
                    terminated_at = now
                    self._terminate()
                if terminated_at and now - terminated_at > GRACE:
                    os.killpg(self._running.pid, signal.SIGKILL)
        self.raise_if_stopped()
        if terminated_at:
            name = Path(command[-1]).name
            raise DemoError(f"{name} did not end within {LIMIT:.0f} s. Its output:\n{output}")
        return self._running.returncode, output


@contextmanager
def demo_folder(*files: str) -> Iterator[Path]:
    """A temporary folder with copies of these files of the demo. It is always removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="globus-demo-")).resolve()
    try:
        for file in files:
            shutil.copy(Path(__file__).with_name(file), folder)
        yield folder
    finally:
        remove(folder)


def remove(folder: Path) -> None:
    """Remove a folder, even if a program that is about to end still writes to it."""
    end = time.monotonic() + GRACE
    while time.monotonic() < end:
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)
    shutil.rmtree(folder)


# --- ansible-playbook ----------------------------------------------------------------------------------------------


def ansible_environment(folder: Path, globus: Mapping[str, str]) -> dict[str, str]:
    """The environment of ansible-playbook, without the user's own variables and folders for Ansible and Globus."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "GLOBUS_"))}
    return {
        **kept,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible" / "collections"),
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_HOME": str(folder / ".ansible"),
        "ANSIBLE_REMOTE_TEMP": str(folder / ".ansible" / "tmp"),
        "ANSIBLE_NOCOLOR": "1",
        "TMPDIR": str(folder),  # a module that is stopped leaves its unpacked files here
        **globus,
    }


def recap(output: str) -> dict[str, int]:
    """The counts in the last line of ansible-playbook: ``{"ok": 1, "changed": 0, ...}``; empty without such a line."""
    line = re.search(r"^localhost +:((?: +\w+=\d+)+)", output, re.MULTILINE)
    return {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", line[1])} if line else {}


def variable(output: str) -> object:
    """The value that a task with ``ansible.builtin.debug`` shows; None without such a task."""
    shown = re.search(r"^ok: \[localhost\] => *\n((?: +.*\n)+)", output, re.MULTILINE)
    return next(iter(yaml.safe_load(shown[1]).values())) if shown else None


def essential(output: str) -> list[str]:
    """The relevant lines of ansible-playbook's output: tasks, results, diffs, warnings, counts."""
    lines = []
    for line in output.splitlines():
        if not line.strip() or line.startswith(("PLAY ", "@@")):
            continue
        if counts := recap(line):
            line = "localhost: " + " ".join(f"{name}={counts[name]}" for name in ("ok", "changed", "failed"))
        lines.append(re.sub(r" \*{3,}$", "", line))
    return lines


# --- output --------------------------------------------------------------------------------------------------------

_PAINT = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_LINE_PAINT = (("+", "green"), ("-", "red"), ("changed:", "yellow"), ("ok:", "green"), ("fatal:", "red"))


def paint(text: str, name: str) -> str:
    """The text in colour, if the terminal has colours and the user wants them (https://no-color.org)."""
    plain = not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb"
    return text if plain else f"\033[{_PAINT[name]}m{text}\033[0m"


def say(text: str = "") -> None:
    """Print a paragraph, rewrapped."""
    print(textwrap.fill(" ".join(text.split()), WIDTH), flush=True)


def heading(text: str) -> None:
    """Print a heading."""
    print(f"\n{paint(text, 'bold')}\n", flush=True)


def show(lines: list[str], edge: str = "|") -> None:
    """Print lines of a program or a file, with a mark before each."""
    for line in lines:
        name = next((name for start, name in _LINE_PAINT if line.startswith(start)), None)
        mark = paint(edge, "dim") if edge.strip() else edge
        print(f"  {mark} {paint(line, name) if name else line}".rstrip(), flush=True)


def check(holds: bool, text: str, otherwise: object = "") -> None:
    """Print the result of a check. Raises DemoError if it failed."""
    if not holds:
        raise DemoError(f"This check failed: {text}" + (f"\n{otherwise}" if otherwise else ""))
    first, *rest = textwrap.wrap(text, WIDTH - 6)
    print("\n".join([f"  {paint('ok', 'green')}  {first}", *(f"      {line}" for line in rest)]), flush=True)


# --- files ---------------------------------------------------------------------------------------------------------


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder with their bytes, by path; empty if the folder does not exist."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()
    }


def content_differences(wanted: Mapping[str, bytes], found: Mapping[str, bytes]) -> list[str]:
    """The differences between the contents of two folders, one line for each file; empty if they are identical."""
    lines = [f"{name} is missing" for name in wanted.keys() - found.keys()]
    lines += [f"{name} should not be there" for name in found.keys() - wanted.keys()]
    lines += [f"{name} has different content" for name in wanted.keys() & found.keys() if wanted[name] != found[name]]
    return sorted(lines)


def edit(file: Path, old: str, new: str) -> list[str]:
    """Replace a text that occurs exactly once, and return the change as lines of a diff. Raises DemoError."""
    before = file.read_text(encoding="utf-8")
    if before.count(old) != 1:
        raise DemoError(f"{file.name} contains {old!r} {before.count(old)} times, not once")
    after = before.replace(old, new)
    file.write_text(after, encoding="utf-8")
    diff = difflib.unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm="")
    return [line for line in diff if not line.startswith(("---", "+++", "@@"))]
