# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the collection under every ansible-core, every Python and both ends of globus-sdk that the README names.

Every row has a virtual environment of its own below .ansible/matrix. In it the unit tests and ansible-test sanity run,
and in two of them ansible-test units and integration. The integration tests run its ansible-playbook and its Python
against a local Globus, which itself, as pytest, runs in .venv. Run by make, which sets the variables under which
Ansible finds the collection.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools import outcome
from tools.outcome import Outcome

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".ansible" / "matrix"


@dataclass(frozen=True)
class Row:
    """What is put together: a version of three parts is that very one, a shorter one the newest that begins with it.

    :ivar modules: the Python of the modules, where it is another one.
    :ivar in_place: whether contributors' ``ansible-test units`` and ``integration`` run, too. The local Globus, which
        the targets start, needs Python 3.11.
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
        """Where its virtual environment and what its tools leave behind are kept."""
        return STATE / f"core-{self.core}-python-{self.python}-sdk-{self.sdk}"

    @property
    def requirements(self) -> list[str]:
        """Its versions in pip's words."""
        return [_requirement("ansible-core", self.core), _requirement("globus-sdk", self.sdk)]


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
# Their versions follow from the row's Python. The tests of schedules hold them against the local Globus's.
TOOLS = ("fastapi", "hypothesis", "pytest", "pytest-xdist", "uvicorn")

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
    """Make the row's environment, or bring it up to date; the output names the versions."""
    installed = _install(row.python, row.folder, [*row.requirements, *TOOLS])
    if installed.passed and row.modules:
        installed = _install(row.modules, row.folder / "modules", row.requirements[1:])
    if not installed.passed:
        return installed
    return outcome.run([str(row.folder / "bin" / "python"), "-c", VERSIONS], ROOT)


def _install(version: str, folder: Path, requirements: Sequence[str]) -> Outcome:
    """Put what the modules need, and this, into a virtual environment; make it if it is not there."""
    made = folder / "bin" / "python"
    if not os.access(made, os.X_OK):
        created = outcome.run([interpreter(version) or version, "-m", "venv", "--clear", str(folder)], ROOT)
        if not created.passed:
            return created
    pip = [str(made), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
    return outcome.run([*pip, "-r", "requirements.txt", *requirements], ROOT)


def unit(row: Row) -> Outcome:
    """The unit tests, in the row's environment."""
    variables = {"PATH": os.pathsep.join([str(row.folder / "bin"), os.environ["PATH"]])}
    if row.sdk.count(".") == 2:
        variables["PYTHONTZPATH"] = ""  # as on a host without time-zone data of its own: those of tzdata are taken
    return _run([row.folder / "bin" / "python", *_PYTEST, *UNIT], variables)


def integration(row: Row) -> Outcome:
    """The integration tests, with the row's Ansible and Python."""
    selected = [*INTEGRATION, "-k", "not test_target or defaults"]
    variables = {"MATRIX_BIN": str(row.folder / "bin")}
    if row.modules:
        variables["MATRIX_PYTHON"] = str(row.folder / "modules" / "bin" / "python")
    return _run([Path(sys.executable), *_PYTEST, *selected], variables)


def sanity(row: Row) -> Outcome:
    """The row's ansible-test sanity."""
    return _ansible_test(row, "sanity")


def ansible_test_units(row: Row) -> Outcome:
    """The row's ansible-test units, from where Ansible wants a collection to be."""
    return _ansible_test(row, "units", "--venv")


def ansible_test_integration(row: Row) -> Outcome:
    """The row's ansible-test integration, likewise: every target."""
    return _ansible_test(row, "integration", "--local")


def _ansible_test(row: Row, *arguments: str) -> Outcome:
    command: list[str | Path] = [row.folder / "bin" / "python", "-m", "tools.ansible_test", row.folder / "home"]
    return _run([*command, *arguments], {})


def steps_of(row: Row) -> list[Callable[[Row], Outcome]]:
    """What runs in a row, in this order."""
    in_place = [ansible_test_units, ansible_test_integration] if row.in_place else []
    return [set_up, unit, integration, sanity, *in_place]


# Rows run at once, so none writes the cache that pytest has in the checkout.
_PYTEST = ("-m", "pytest", "--quiet", "-p", "no:cacheprovider")


def _run(command: Sequence[str | Path], variables: Mapping[str, str]) -> Outcome:
    return outcome.run([str(word) for word in command], ROOT, {**os.environ, **variables})


@dataclass(frozen=True)
class Result:
    """What became of a row.

    :ivar versions: those that were installed, or why nothing was run.
    :ivar steps: name -> (passed, seconds); empty if the row was not run.
    """

    row: Row
    versions: str
    steps: Mapping[str, tuple[bool, float]]

    @property
    def passed(self) -> bool:
        return all(passed for passed, _seconds in self.steps.values())

    def lines(self) -> Iterator[str]:
        """What the summary says of it."""
        state = ("ok     " if self.passed else "FAILED ") if self.steps else "NOT RUN"
        yield f"{state} {self.versions}"
        if self.steps:
            yield "        " + ", ".join(
                f"{name} {seconds:.0f} s{'' if passed else ' FAILED'}" for name, (passed, seconds) in self.steps.items()
            )


def run(row: Row) -> Result:
    """All steps of a row, also when one fails; what a failed one said is printed."""
    for version in filter(None, (row.python, row.modules)):
        if interpreter(version) is None:
            return Result(row, f"{row}: there is no python{version} on PATH or in pyenv", {})
    versions = str(row)
    steps: dict[str, tuple[bool, float]] = {}
    for step in steps_of(row):
        print(f"...    {row}: {step.__name__}", flush=True)
        began = time.monotonic()
        done = step(row)
        steps[step.__name__] = (done.passed, time.monotonic() - began)
        said = done.output.strip()
        last = said.splitlines()[-1] if said else ""
        if done.passed:
            # pip says the versions last, pytest the numbers; ansible-test only warns.
            told = f" {last}" if step in (set_up, unit, integration) else ""
            print(f"ok     {row}: {step.__name__} ({steps[step.__name__][1]:.0f} s){told}", flush=True)
        else:
            print(f"{said}\nFAILED {row}: {step.__name__}", flush=True)
        if step is set_up:
            if not done.passed:
                break
            versions = last + (f", modules on Python {row.modules}" if row.modules else "")
    return Result(row, versions, steps)


def main() -> int:
    """Run the rows; the exit status is 1 if one failed. Rows without an interpreter are named, and fail nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cores", nargs="*", help="ansible-core versions of rows, as they stand in the README; all rows")
    parser.add_argument("--jobs", type=int, default=2, help="how many rows run at once")
    arguments = parser.parse_args()
    rows = [row for row in ROWS if not arguments.cores or row.core in arguments.cores]
    if not rows:
        parser.error(f"no row has one of {', '.join(arguments.cores)}")
    began = time.monotonic()
    with ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(run, rows))
    print()
    for result in results:
        print("\n".join(result.lines()))
    left_out = [result for result in results if not result.steps]
    failed = [result for result in results if not result.passed]
    passed = len(results) - len(left_out) - len(failed)
    print(
        f"{passed} of {len(ROWS)} rows passed, {len(failed)} failed, {len(ROWS) - passed - len(failed)} not run"
        f" ({(time.monotonic() - began) / 60:.1f} minutes)"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
