# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks that make runs: what it says of them, and what two of them do about their tools."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from patience import LIMIT
from tools.ansible_test import whole
from tools.outcome import Outcome

ROOT = Path(__file__).resolve().parents[2]


def make(*arguments: str) -> tuple[int, str]:
    """The exit status, and what make printed."""
    done = subprocess.run(
        ["make", "--silent", "--no-print-directory", *arguments],
        cwd=ROOT,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT,
    )
    return done.returncode, done.stdout


def test_a_check_that_passes_is_a_line_and_one_that_fails_says_why() -> None:
    """All of them run, also after one that fails."""
    checks = {"bad": r"printf '%s\n' 'not \nice'; exit 3", "good": "echo fine; echo fine >&2", "later": "echo fine"}
    variables = [f"check-{name}={command}" for name, command in checks.items()]

    names = "CHECKS=check-bad check-good check-later"
    status, said = make("--keep-going", "--jobs", "1", names, *(f"check-{name}" for name in checks), *variables)

    assert status == 2
    assert re.sub(r"\(\d+ s\)", "(0 s)", said).splitlines()[:3] == [
        "       check-bad begins",
        r"not \nice",
        "FAILED check-bad (0 s)",
    ]
    assert re.search(r"^ok     check-good \(\d+ s\)$", said, re.M)
    assert re.search(r"^ok     check-later \(\d+ s\)$", said, re.M)
    assert "fine" not in said


def test_make_test_runs_every_check_and_the_importer_does_not_repeat_ansible_lint() -> None:
    """It runs it where nothing else does, as for a release."""
    database = make("--print-data-base", "--dry-run", "help")[1]
    checks = set(re.findall(r"^(check-[a-z-]+):", database, re.M))
    assert {"check-sanity", "check-build", "check-ansible-lint", "check-reuse"} <= checks
    everything, lint, build = (make("--dry-run", target)[1] for target in ("test", "lint", "build"))
    assert checks <= set(everything.split())
    assert set(re.findall(r"check-[a-z-]+", lint)) < checks
    assert "check-ansible-lint" in lint
    assert "GALAXY_IMPORTER_RUN_ANSIBLE_LINT=false" in everything
    assert "GALAXY_IMPORTER_RUN_ANSIBLE_LINT" not in build


@pytest.mark.parametrize(("failures", "status"), [(0, 0), (2, 0), (3, 2)])
def test_an_unlucky_folder_name_of_antsibull_docs_is_drawn_again(failures: int, status: int, tmp_path: Path) -> None:
    """As antsibull-docs 2.28 says it. What is wrong in the end is said once."""
    tries = tmp_path / "tries"
    tool = f"{tmp_path}/docs"
    Path(tool).write_text(
        f"#!/bin/sh\necho >> {tries}\n[ $(wc -l < {tries}) -gt {failures} ] || "
        "{ echo 'Unknown target name: \"antsibull-docs-efztr5t\".'; exit 3; }\n",
        encoding="utf-8",
    )
    Path(tool).chmod(0o755)

    ended, said = make("check-docs-lint", f"docs-lint={tool}")

    assert ended == status
    assert len(tries.read_text(encoding="utf-8")) == min(failures + 1, 3)
    assert said.count("Unknown target name") == (1 if status else 0)


@pytest.mark.parametrize(
    ("said", "passes"),
    [
        ('Running sanity test "yamllint"\n== 3 passed, 1 skipped ==', True),
        ("WARNING: All targets skipped.", False),
        ('WARNING: Skipping sanity test "validate-modules" on Python 3.11 because it is unsupported.', False),
        ('WARNING: Required program "pwsh" not found.', False),
        ("WARNING: Excluding targets marked unstable: timer", False),
        ("No tests applicable.", False),
    ],
)
def test_what_ansible_test_leaves_out_fails(said: str, passes: bool) -> None:
    """It only warns of it, and ends with status 0."""
    assert whole(Outcome(True, said)).passed is passes
    assert not whole(Outcome(False, said)).passed
