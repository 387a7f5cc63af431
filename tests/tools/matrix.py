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
    """The versions that are tested together. ``4.0.0`` is exact, ``4`` means the newest version 4.

    :ivar modules: the Python that runs the modules, if it is not the one that runs Ansible.
    :ivar in_place: whether ``ansible-test units`` and ``integration`` run, as contributors run them. The targets start
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
        """Its Pythons as the output names them."""
        return f"{self.python}, modules on {self.modules}" if self.modules else self.python

    @property
    def folder(self) -> Path:
        """The folder for its virtual environment and the files of its tools."""
        return ROOT / ".ansible" / "matrix" / f"core-{self.core}-python-{self.python}-sdk-{self.sdk}"


# Every ansible-core since 2.16, which Automation Platform 2.5 contains and certified collections have to support.
# (Upstream maintains 2.19 and newer.) Every core, every Python and both ends of globus-sdk are tested, and the lowest
# of all three together, but not every combination. The newest core for Python 3.10 is 2.17, for Python 3.11 it is 2.19.
ROWS = (
    Row("2.16.0", "3.10", "4.0.0", modules="3.9"),  # these cores need a newer Python than the modules
    Row("2.16", "3.12", "4", in_place=True),
    Row("2.17", "3.10", "4"),
    Row("2.18", "3.11", "4.0.0"),
    Row("2.19", "3.11", "4"),
    Row("2.20", "3.12", "4.0.0"),
    Row("2.21", "3.13", "4", in_place=True),
)

# The tests of what is installed on hosts; those of the local Globus are for its own environment.
UNIT = ("tests/unit/plugins", "tests/unit/test_collection.py")
# Besides the targets, the tests that depend most on Ansible: the role and its templates, diffs, messages, prompts,
# secrets. Only tests that run playbooks, and of the targets only those with the defaults of the local Globus.
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
# ansible-test installs the same requirements for the tests. Their versions depend on the Python of the row.
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
    """A Python of this version that can create virtual environments, from PATH or pyenv, or None."""
    folders = [Path(folder) for folder in os.get_exec_path()]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders += sorted(pyenv.glob(f"versions/{version}.*/bin"), reverse=True)
    for candidate in (folder / f"python{version}" for folder in folders):
        # A version manager may have a shim on PATH for a Python that is not installed.
        if os.access(candidate, os.X_OK) and outcome.run([str(candidate), "-c", "import ensurepip"], ROOT).passed:
            return str(candidate)
    return None


def set_up(row: Row) -> Outcome:
    """Create or update the environments of a row. The output contains the versions."""
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
    """The steps of a row, in order."""
    python = str(row.folder / "bin" / "python")
    # Rows may run in parallel, so they do not write pytest's cache in the checkout.
    pytest = ["-m", "pytest", "--quiet", "-p", "no:cacheprovider"]
    ansible_test = [python, "-m", "tools.ansible_test", str(row.folder / "home")]

    yield "set_up", partial(set_up, row)
    path = os.pathsep.join([str(row.folder / "bin"), os.environ["PATH"]])
    # Hide the time-zone data of the host, so that the package tzdata is tested.
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
        # The last line has the versions, or pytest's numbers. ansible-test's last line is only a warning.
        output = done.output.strip()
        last = output.rpartition("\n")[2] if name in ("set_up", "unit", "integration") else ""
        if done.passed:
            print(f"ok     {row}: {seconds} {last}".rstrip(), flush=True)
        else:
            state = "FAILED"
            print(f"{output}\nFAILED {row}: {seconds}", flush=True)
        steps.append(seconds + ("" if done.passed else " FAILED"))
        if name == "set_up":
            if not done.passed:
                break
            versions = last + (f", modules on Python {row.modules}" if row.modules else "")
    return state, f"{versions}\n        {', '.join(steps)}"


def main() -> int:
    """Run the rows. The exit status is 1 if a row failed. A row without its Python is reported as not run."""
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
