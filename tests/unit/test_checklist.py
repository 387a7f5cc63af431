# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checklist of reviewers names proofs that are there: files, tests by their names, targets of make."""

from __future__ import annotations

import ast
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from docutils import nodes  # type: ignore[import-untyped]  # has no types
from docutils.core import publish_doctree  # type: ignore[import-untyped]  # has no types

from tools.tree import known_files

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "checklist.rst"
STATES = ("Yes", "Not yet", "No", "Does not apply")
RUN = ("tests/unit/", "tests/integration/", "tests/faults/")  # by `make test`
TARGETS = set(
    re.findall(
        r"^(make [\w-]+)",
        subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout,
        re.M,
    )
)
FILES = {str(file) for file in known_files(ROOT)}


@dataclass(frozen=True)
class Item:
    """A row: what is asked, one of STATES, what the last column says, and what it has in ``literals``."""

    rule: str
    state: str
    proof: str
    literals: tuple[str, ...]


def read(text: str) -> list[Item]:
    """The rows of every table of a page, less the headings."""
    # Roles and directives of Sphinx mean nothing to docutils; tables are docutils' own.
    page = publish_doctree(text, settings_overrides={"report_level": 5, "halt_level": 5})
    items = []
    for body in page.findall(nodes.tbody):
        for row in body.findall(nodes.row):
            rule, state, proof = row.findall(nodes.entry)
            literals = tuple(literal.astext() for literal in proof.findall(nodes.literal))
            items.append(Item(rule.astext(), state.astext(), proof.astext(), literals))
    return items


ITEMS = read(PAGE.read_text(encoding="utf-8"))


def is_there(proof: str) -> bool:
    """Whether a literal of the last column is a target of make, a test function, or a file that git knows."""
    if proof.startswith("make "):
        return proof in TARGETS
    file, _colons, test = proof.partition("::")
    if file not in FILES:
        return False
    if not test:
        return True
    if not file.startswith(RUN):
        return False
    body = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    return test in {node.name for node in body if isinstance(node, ast.FunctionDef)}


def test_the_whole_page_is_read() -> None:
    """Each row of a list-table begins with the same sign."""
    headings = PAGE.read_text(encoding="utf-8").count("   * - Item\n")
    assert len(ITEMS) == PAGE.read_text(encoding="utf-8").count("\n   * - ") - headings
    assert len(ITEMS) > 60


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: re.sub(r"\W+", "-", item.rule)[:60])
def test_what_is_named_is_there(item: Item) -> None:
    assert [proof for proof in item.literals if not is_there(proof)] == []
    assert item.state in STATES
    if item.state == "Yes":
        assert item.literals, "a file, a test or a command proves it"
    else:
        assert re.sub(r"\W", "", "".join(item.proof.split())) != re.sub(r"\W", "", "".join(item.literals)), "a reason"


@pytest.mark.parametrize(
    "proof",
    [
        "make coffee",
        "tests/unit/test_none.py",
        "tests/unit/test_checklist.py::test_none",
        "build",
        "::read",
        "tests/browser/pictures.py::main",
    ],
)
def test_what_is_not_there_is_noticed(proof: str) -> None:
    assert not is_there(proof)


def test_a_test_is_found_by_its_name() -> None:
    assert is_there("tests/unit/test_checklist.py::test_a_test_is_found_by_its_name")
