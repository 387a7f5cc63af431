# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks that make runs: what one of them does about a fault of its tool."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools import check
from tools.check import lint_documentation
from tools.outcome import Outcome

FINE = Outcome(True, "")
WRONG = Outcome(False, 'plugins/module/timer.rst:9:0: (ERROR/3) Unknown target name: "globus".')
# as antsibull-docs 2.28 said it
UNLUCKY = Outcome(False, 'plugins/module/timer.rst:4:0: (ERROR/3) Unknown target name: "antsibull-docs-efztr5t".')


@pytest.mark.parametrize(
    ("said", "result", "runs"),
    [
        ([FINE], FINE, 1),
        ([WRONG, FINE], WRONG, 1),
        ([UNLUCKY, FINE], FINE, 2),
        ([UNLUCKY, WRONG], WRONG, 2),
        ([UNLUCKY, UNLUCKY, UNLUCKY, FINE], UNLUCKY, 3),
    ],
)
def test_an_unlucky_folder_name_is_drawn_again(said: list[Outcome], result: Outcome, runs: int) -> None:
    asked: list[list[str]] = []

    def run(arguments: list[str], _folder: Path) -> Outcome:
        asked.append(arguments)
        return said[len(asked) - 1]

    assert lint_documentation(run) == result
    assert len(asked) == runs


@pytest.mark.parametrize(("groups", "lint"), [(["build"], None), (["lint"], None), (["lint", "build"], "false")])
def test_the_importer_does_not_repeat_ansible_lint(
    groups: list[str], lint: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs it where nothing else does, as for a release."""
    name = "GALAXY_IMPORTER_RUN_ANSIBLE_LINT"
    found: list[str | None] = []

    def note() -> Outcome:
        found.append(os.environ.get(name))
        return FINE

    # Whatever main sets is taken back after the test.
    monkeypatch.setattr(os, "environ", {key: value for key, value in os.environ.items() if key != name})
    monkeypatch.setattr(check, "CHECKS", (check.Check("build", "a", note), check.Check("lint", "b", note)))
    monkeypatch.setattr("sys.argv", ["check", *groups])
    assert check.main() == 0
    assert found == [lint] * len(groups)
