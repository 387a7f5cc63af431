# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes a while says so while it works: pip in make setup."""

from __future__ import annotations

import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tools import setup

# Says something, goes on when a file is there, and ends with a status.
PIP = """
import pathlib, sys, time
print("Collecting ruff (from -r tests/requirements.txt (line 4))", flush=True)
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.01)
print("ERROR: No matching distribution found for ruff", flush=True)
sys.exit(int(sys.argv[2]))
"""


@pytest.mark.parametrize("status", [0, 1])
def test_what_pip_is_doing_is_said_and_what_it_says_when_it_fails(
    status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def note(text: str, flush: bool = False) -> None:
        said.append(text)
        (tmp_path / "go").touch()

    monkeypatch.setattr(setup, "print", note, raising=False)
    pip = [sys.executable, "-c", PIP, str(tmp_path / "go"), str(status)]

    if status:
        with pytest.raises(subprocess.CalledProcessError):
            setup.install_packages(pip, [], pace=0.01)
    else:
        setup.install_packages(pip, [], pace=0.01)

    assert re.fullmatch(r" +\d+ s: (pip starts|Collecting ruff \(from .*)", said[0])
    assert said[-1].startswith("Collecting ruff") is bool(status), "pip's own words, if it fails"


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What an environment of this interpreter consists of, at its place."""
    folder = tmp_path / ".venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch(0o755)
    (folder / "stamp").write_text("of other requirements", encoding="utf-8")
    settings = f"home = {sys.base_prefix}/bin\nversion = {sys.version.split()[0]}\ncommand = python -m venv {folder}\n"
    (folder / "pyvenv.cfg").write_text(settings, encoding="utf-8")
    for name, path in (("VENV", folder), ("PYTHON", folder / "bin" / "python"), ("STAMP", folder / "stamp")):
        monkeypatch.setattr(setup, name, path)
    return folder


def test_where_only_the_requirements_changed_the_environment_stays(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes seconds rather than minutes. Without its stamp, an environment is made anew."""
    made: list[bool] = []
    monkeypatch.setattr(venv, "create", lambda _folder, **options: made.append(options["clear"]))
    monkeypatch.setattr(setup, "install_packages", lambda _pip, _wanted: None)

    setup.install()
    assert made == []
    assert (environment / "stamp").read_text(encoding="utf-8") == setup.fingerprint()

    (environment / "stamp").unlink()
    setup.install()
    assert made == [True]


@pytest.mark.parametrize("changed", ["home = /usr", "version = 3.0.0", "command = python -m venv /elsewhere/.venv"])
def test_an_environment_of_another_place_or_python_is_made_anew(environment: Path, changed: str) -> None:
    assert setup.made_here()
    settings = environment / "pyvenv.cfg"
    name = changed.split(" = ", maxsplit=1)[0]
    lines = settings.read_text(encoding="utf-8").splitlines()
    settings.write_text("\n".join(changed if line.startswith(name) else line for line in lines), encoding="utf-8")
    assert not setup.made_here()


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("  Downloading mypy-2.4.0-cp311.whl (13.1 MB)\n", "Downloading mypy-2.4.0-cp311.whl (13.1 MB)"),
        ("Installing collected packages: ruff, mypy, pytest\n", "Installing 3 packages"),
        ("x" * 200, "x" * 100),
    ],
)
def test_a_line_of_pip_in_short(line: str, shown: str) -> None:
    assert setup.progress(line) == shown
