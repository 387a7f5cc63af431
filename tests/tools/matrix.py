# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the collection with every ansible-core, every Python and both ends of globus-sdk that the README names.

Every row has a virtual environment of its own below .ansible/matrix. The unit tests and ansible-test sanity run in it,
and in two of them also ansible-test units and integration. The integration tests run its ansible-playbook and its
Python against a local Globus. That and pytest run in .venv. make runs this, with the variables that Ansible needs to
find the collection.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tools import outcome
from tools.outcome import Outcome

ROOT = Path(__file__).resolve().parents[2]
Step = Callable[[], Outcome]


@dataclass(frozen=True)
class Row:
    """What is combined. A version of three parts is exact, a shorter one means the newest that begins with it.

    :ivar modules: the Python of the modules, if it is another one.
    :ivar in_place: whether ``ansible-test units`` and ``integration`` run as contributors run them. The targets start
        the local Globus, which needs Python 3.11.
    """

    core: str
    python: str
    sdk: str
    modules: str = ""
    in_place: bool = False

    def __str__(self) -> str:
        return f"ansible-core {self.core}, Python {self.pythons}, globus-sdk {self.sdk}"

    @property
    def pythons(self) -> str:
        """Its Pythons in words."""
        return f"{self.python}, modules on {self.modules}" if self.modules else self.python

    @property
    def folder(self) -> Path:
        """The folder of its virtual environment and of the files that its tools leave."""
        return ROOT / ".ansible" / "matrix" / f"core-{self.core}-python-{self.python}-sdk-{self.sdk}"


# Every ansible-core from 2.16 on, which is what Automation Platform 2.5 has and what certified collections have to
# take; upstream the oldest that is maintained is 2.19. Every core, every Python and both ends of globus-sdk come up,
# the lowest of all three together; not every combination. On Python 3.10 the newest core is 2.17, on 3.11 it is 2.19.
ROWS = (
    Row("2.16.0", "3.10", "4.0.0", modules="3.9"),  # no core of these runs on Python 3.9, but modules do
    Row("2.16", "3.12", "4", in_place=True),
    Row("2.17", "3.10", "4"),
    Row("2.18", "3.11", "4.0.0"),
    Row("2.19", "3.11", "4"),
    Row("2.20", "3.12", "4.0.0"),
    Row("2.21", "3.13", "4", in_place=True),
)

# The tests of what is installed on hosts; those of the local Globus are for its own environment.
UNIT = ("tests/unit/plugins", "tests/unit/test_collection.py")
# Beside the targets, what leans most on Ansible: the role and its templates, diffs, messages, prompts, secrets. Only
# tests that run playbooks are taken, and of the targets only those under the local Globus's defaults.
INTEGRATION = (
    "tests/integration/test_installed.py",
    "tests/integration/test_targets.py",
    "tests/integration/test_role_backup.py",
    "tests/integration/test_lifecycle.py",
    "tests/integration/test_odd_answers.py",
    "tests/integration/test_timers.py",
    "tests/integration/test_input.py",
    "tests/integration/test_login.py",
    "tests/integration/test_secrets.py",
    "tests/integration/test_taking_over.py",
)
# What the tests import is what ansible-test installs for them. The versions follow from the row's Python.
TOOLS = ("-r", "tests/unit/requirements.txt", "-r", "tests/integration/requirements.txt", "pytest", "pytest-xdist")

VERSIONS = """
import platform
from importlib.metadata import version

print("ansible-core", version("ansible-core") + ", Python", platform.python_version() + ", globus-sdk", end=" ")
print(version("globus-sdk"))
"""


def _requirement(name: str, version: str) -> str:
    return f"{name}=={version}" if version.count(".") == 2 else f"{name}=={version}.*"


def interpreter(version: str) -> str | None:
    """A Python of this version that can make virtual environments: from PATH, or one of pyenv's; None without one."""
    folders = [Path(folder) for folder in os.get_exec_path()]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders += sorted(pyenv.glob(f"versions/{version}.*/bin"), reverse=True)
    for candidate in (folder / f"python{version}" for folder in folders):
        # A version manager's shim may be on PATH without the Python that it stands for.
        if os.access(candidate, os.X_OK) and outcome.run([str(candidate), "-c", "import ensurepip"], ROOT).passed:
            return str(candidate)
    return None


def set_up(row: Row) -> Outcome:
    """Create the environments of a row, or update them. The output names the versions."""
    sdk = _requirement("globus-sdk", row.sdk)
    wanted = [(row.python, row.folder, [_requirement("ansible-core", row.core), sdk, *TOOLS])]
    if row.modules:
        wanted.append((row.modules, row.folder / "modules", [sdk]))
    for version, folder, requirements in wanted:
        python = str(folder / "bin" / "python")
        if not os.access(python, os.X_OK):
            created = _run([interpreter(version) or version, "-m", "venv", "--clear", str(folder)])
            if not created.passed:
                return created
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
        installed = _run([*pip, "-r", "requirements.txt", *requirements])
        if not installed.passed:
            return installed
    return _run([str(row.folder / "bin" / "python"), "-c", VERSIONS])


def steps_of(row: Row) -> Iterator[tuple[str, Step]]:
    """What runs in a row, in this order."""
    python = str(row.folder / "bin" / "python")
    # Rows may run in parallel, so none writes the cache of pytest in the checkout.
    pytest = ["-m", "pytest", "--quiet", "-p", "no:cacheprovider"]
    ansible_test = [python, "-m", "tools.ansible_test", str(row.folder / "home")]

    yield "set_up", partial(set_up, row)
    path = os.pathsep.join([str(row.folder / "bin"), os.environ["PATH"]])
    # Without time-zone data of the host, that of tzdata is used.
    zones = {"PYTHONTZPATH": ""} if row.sdk.count(".") == 2 else {}
    yield "unit", partial(_run, [python, *pytest, *UNIT], PATH=path, **zones)
    modules = {"MATRIX_PYTHON": str(row.folder / "modules" / "bin" / "python")} if row.modules else {}
    selected = [*INTEGRATION, "-k", "not test_target or defaults"]
    command = [sys.executable, *pytest, *selected]
    yield "integration", partial(_run, command, MATRIX_BIN=str(row.folder / "bin"), **modules)
    yield "sanity", partial(_run, [*ansible_test, "sanity"])
    if row.in_place:
        yield "ansible-test units", partial(_run, [*ansible_test, "units", "--venv"])
        # every target
        yield "ansible-test integration", partial(_run, [*ansible_test, "integration", "--local"])


def _run(command: Sequence[str], **variables: str) -> Outcome:
    return outcome.run(command, ROOT, {**os.environ, **variables})


def run(row: Row) -> tuple[str, str]:
    """Run all steps of a row, even if one fails. Returns its state and what the summary says."""
    for version in filter(None, (row.python, row.modules)):
        if interpreter(version) is None:
            return "NOT RUN", f"{row}: there is no python{version} on PATH or in pyenv"
    versions, state, steps = str(row), "ok", []
    for name, step in steps_of(row):
        print(f"...    {row}: {name}", flush=True)
        began = time.monotonic()
        done = step()
        seconds = f"{name} {time.monotonic() - began:.0f} s"
        # pip names the versions last, pytest the numbers. ansible-test only warns.
        said = done.output.strip()
        last = said.rpartition("\n")[2] if name in ("set_up", "unit", "integration") else ""
        if done.passed:
            print(f"ok     {row}: {seconds} {last}".rstrip(), flush=True)
        else:
            state = "FAILED"
            print(f"{said}\nFAILED {row}: {seconds}", flush=True)
        steps.append(seconds + ("" if done.passed else " FAILED"))
        if name == "set_up":
            if not done.passed:
                break
            versions = last + (f", modules on Python {row.modules}" if row.modules else "")
    return state, f"{versions}\n        {', '.join(steps)}"


def main() -> int:
    """Run the rows. The exit status is 1 if one failed. A row without an interpreter is named, but does not fail."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cores", nargs="*", help="versions of ansible-core as the README names them (default: all)")
    parser.add_argument("--jobs", type=int, default=2, help="number of rows that run in parallel")
    arguments = parser.parse_args()
    rows = [row for row in ROWS if not arguments.cores or row.core in arguments.cores]
    if not rows:
        parser.error(f"no row has one of {', '.join(arguments.cores)}")
    began = time.monotonic()
    with ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(run, rows))
    print()
    for state, summary in results:
        print(f"{state:7} {summary}")
    passed, failed = (sum(state == wanted for state, _summary in results) for wanted in ("ok", "FAILED"))
    minutes = (time.monotonic() - began) / 60
    left = len(ROWS) - passed - failed
    print(f"{passed} of {len(ROWS)} rows passed, {failed} failed, {left} not run ({minutes:.1f} minutes)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
