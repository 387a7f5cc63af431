# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is claimed of versions is what make matrix runs."""

from __future__ import annotations

import re
import tomllib
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools import matrix
from tools.matrix import ROWS, Row
from tools.outcome import Outcome
from tools.tree import known_files

ROOT = Path(__file__).resolve().parents[2]
CORES = {row.core for row in ROWS}
PYTHONS = {row.modules or row.python for row in ROWS}
SDKS = {row.sdk for row in ROWS}


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def read(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def read_yaml(file: str) -> Any:
    return yaml.safe_load(read(file))


OLDEST_CORE = min(CORES, key=lambda version: (numbers(version)[:2], -len(numbers(version))))
OLDEST_PYTHON = min(PYTHONS, key=numbers)


def test_the_readme_names_the_rows() -> None:
    table = read("README.md").split("| ansible-core | Python | globus-sdk |\n|---|---|---|\n", 1)[1].split("\n\n", 1)[0]
    assert [tuple(line.strip("| ").split(" | ")) for line in table.splitlines()] == [
        (row.core, row.pythons, row.sdk) for row in ROWS
    ]


def test_the_lowest_of_everything_is_one_row() -> None:
    lowest = (OLDEST_CORE, OLDEST_PYTHON, max(SDKS, key=len))
    assert lowest in [(row.core, row.modules or row.python, row.sdk) for row in ROWS]


def test_ansible_test_runs_in_place_on_the_oldest_and_the_newest_line() -> None:
    in_place = {numbers(row.core)[:2] for row in ROWS if row.in_place}
    lines = sorted({numbers(core)[:2] for core in CORES})
    assert in_place == {lines[0], lines[-1]}
    for row in ROWS:
        assert ("ansible-test integration" in dict(matrix.steps_of(row))) is row.in_place


def test_every_version_in_between_has_a_row() -> None:
    lines = {numbers(core)[1] for core in CORES}
    assert lines == set(range(min(lines), max(lines) + 1))
    minors = {numbers(python)[1] for python in PYTHONS}
    assert minors == set(range(min(minors), max(minors) + 1))


def test_the_metadata_claims_what_is_run() -> None:
    assert read_yaml("meta/runtime.yml")["requires_ansible"] == f">={OLDEST_CORE}"
    role = read_yaml("roles/backup/meta/main.yml")["galaxy_info"]
    assert role["min_ansible_version"] == OLDEST_CORE.removesuffix(".0")
    assert read_yaml("tests/config.yml")["modules"]["python_requires"] == f">={OLDEST_PYTHON}"
    (lowest, newest) = sorted(SDKS, key=len, reverse=True)
    low, below = re.findall(r"^globus-sdk>=([\d.]+),<(\d+)$", read("requirements.txt"), re.M)[0]
    assert numbers(lowest) == (*numbers(low), 0, 0)[:3]
    assert int(newest) == int(below) - 1


def test_the_linters_look_for_the_oldest_python() -> None:
    settings = tomllib.loads(read("pyproject.toml"))["tool"]
    assert settings["ruff"]["target-version"] == f"py{OLDEST_PYTHON.replace('.', '')}"


def test_choices_are_lists() -> None:
    """ansible-test of ansible-core 2.16 takes no dictionaries of them."""
    files = [*(ROOT / "plugins").rglob("*.py"), *(ROOT / "plugins").rglob("*.yml"), *(ROOT / "roles").rglob("*.yml")]
    wrong = re.compile(r"^ *choices:\n +(?!- )\S", re.M)
    assert not [file for file in files if wrong.search(file.read_text(encoding="utf-8"))]


def test_a_function_has_its_body_on_a_line_of_its_own() -> None:
    """pycodestyle of ansible-core 2.16 takes no other (E704), and that of newer ones does not mind."""
    wrong = re.compile(r"^ *(?:async )?def .*: \.\.\.$", re.M)
    files = [file for file in known_files(ROOT) if file.suffix == ".py"]
    assert len(files) > 100
    assert not [file for file in files if wrong.search((ROOT / file).read_text(encoding="utf-8"))]


def test_what_was_run_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A row without an interpreter is named; a step that fails ends no row, and fails the whole."""
    monkeypatch.setattr(matrix, "ROWS", (Row("2.21", "3.13", "4"), Row("2.17", "3.10", "4")))
    monkeypatch.setattr(matrix, "interpreter", lambda version: "python" if version == "3.13" else None)
    done = {"set_up": (True, "the versions"), "unit": (False, "1 failed"), "integration": (True, "2 passed")}
    steps = [(name, partial(Outcome, *result)) for name, result in done.items()]
    monkeypatch.setattr(matrix, "steps_of", lambda _row: steps)
    monkeypatch.setattr("sys.argv", ["matrix"])

    assert matrix.main() == 1

    said = capsys.readouterr().out
    assert "FAILED  the versions" in said
    assert "unit 0 s FAILED, integration 0 s\n" in said
    assert "NOT RUN ansible-core 2.17, Python 3.10, globus-sdk 4: there is no python3.10 on PATH or in pyenv" in said
    assert "0 of 2 rows passed, 1 failed, 1 not run" in said


def test_a_shim_without_a_python_is_no_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = tmp_path / "python3.99"
    shim.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    shim.chmod(0o755)
    real = tmp_path / "root" / "versions" / "3.99.1" / "bin" / "python3.99"
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "root"))
    real.parent.mkdir(parents=True)
    real.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    real.chmod(0o755)
    assert matrix.interpreter("3.99") is None
    real.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    assert matrix.interpreter("3.99") == str(real)
