# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make setup`: when it creates the environment, when it updates it, and what it says if pip fails."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tools import setup


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
    monkeypatch.setattr(subprocess, "run", lambda _command, **_options: None)

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


def test_what_pip_says_is_shown_and_the_next_run_tries_again(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without a stamp, the environment counts as not set up."""
    (environment / "bin" / "python").write_text("#!/bin/sh\necho no such package; exit 1\n", encoding="utf-8")
    monkeypatch.setattr(setup, "STATE", tmp_path)
    monkeypatch.setattr(setup, "LINK", tmp_path / "link")

    assert setup.main() == 1

    said = capfd.readouterr().out
    assert said.splitlines()[:2] == ["The requirements changed: updating .venv.", "no such package"]
    assert "To try again, run make setup" in said
    assert not (environment / "stamp").exists()
