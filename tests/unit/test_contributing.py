# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said to contributors holds: rules, files and commands are those that there are."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tools.tree import known_files

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
RULES = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
MAINTAINING = (ROOT / "docs" / "maintaining.md").read_text(encoding="utf-8")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
RULE = r"[A-Z]\d[a-z]?"


def listed_rules() -> set[str]:
    cells = re.findall(rf"^\| ({RULE}(?:, {RULE})*) \|", RULES, re.M)
    return {rule for cell in cells for rule in cell.split(", ")}


def test_rules_that_tests_and_comments_name_are_listed() -> None:
    tests = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    plugins = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "plugins").rglob("*.py"))
    named = set(re.findall(rf"^ *(?:async )?def test_\w+_({RULE})\(", tests, re.M))
    for mention in re.findall(rf"\brules? ({RULE}(?:(?:,| and| to) {RULE})*)", plugins):
        named |= set(re.findall(RULE, mention))
    assert {"W1", "W2", "S4", "X1"} <= named
    assert named <= listed_rules()


def test_the_folders_that_it_names_are_there() -> None:
    utils = ROOT / "plugins" / "module_utils"
    folders = {folder.name for folder in utils.iterdir() if folder.is_dir() and folder.name.startswith("_")}
    named = {name for name in re.findall(r"\b_[a-z]+\b", GUIDE) if name in folders}
    assert named == {folder for folder in folders if folder != "__pycache__"}
    for file in re.findall(r"(?<!\w)(_[a-z]+/[a-z_]+)", GUIDE):
        assert (utils / f"{file}.py").is_file(), file


def test_commands_exist() -> None:
    named = set(re.findall(r"`(make [\w-]+)`|^(make [\w-]+)", GUIDE + MAINTAINING, re.M))
    listed = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    there = set(re.findall(r"^(make [\w-]+)", listed, re.M))
    assert len(named) > 5
    assert {one or other for one, other in named} <= there


WAIVED = re.compile(r"# (?:noqa|type: ignore|yamllint disable|codespell:ignore|pylint: disable)\b(?P<rest>.*)")
RULES_AND_REASON = re.compile(r"(?::| rule:|\[)[\w, -]+?\]? (?:-|  ?#) \w.*")


def unexplained(lines: list[str]) -> list[str]:
    """The lines that wave a finding through, and say neither behind that nor in a comment right above why."""
    found = []
    for above, line in zip(["", *lines], lines, strict=False):
        waived = WAIVED.search(line)
        if waived and not RULES_AND_REASON.fullmatch(waived["rest"]) and not above.lstrip().startswith("# "):
            found.append(line)
    return found


@pytest.mark.parametrize("waiver", ["noqa", "noqa: A001", "type: ignore", "type: ignore[misc]", "noqa: A001 -"])
def test_a_waiver_without_a_reason_would_be_noticed(waiver: str) -> None:
    line = f"first = 1  # {waiver}"
    assert unexplained(["", line]) == [line]


@pytest.mark.parametrize(
    "waiver", ["noqa: A001 - its name", "noqa: A001, A002 - both", "type: ignore[misc]  # untyped"]
)
def test_a_waiver_with_a_reason_is_none_to_notice(waiver: str) -> None:
    line = f"first = 1  # {waiver}"
    assert unexplained(["", line]) == []
    assert unexplained(["# because", line.partition(" - ")[0]]) == []


def test_what_is_waved_through_has_a_reason() -> None:
    """Of one named rule at least, too."""
    looked_at = [file for file in known_files(ROOT) if file.suffix in (".py", ".yml", ".yaml", ".toml")]
    assert len(looked_at) > 100
    found = {str(file): unexplained((ROOT / file).read_text(encoding="utf-8").splitlines()) for file in looked_at}
    assert {file: lines for file, lines in found.items() if lines} == {}


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "SECURITY.md", "docs/maintaining.md"])
def test_links_to_files_lead_somewhere(name: str) -> None:
    file = ROOT / name
    links = re.findall(r"\]\(([^)#]+)\)", file.read_text(encoding="utf-8"))
    assert links
    assert not [link for link in links if not (link.startswith("https://") or (file.parent / link).exists())]


def test_the_first_hour_is_short() -> None:
    """What is for maintainers, and the rules, have pages of their own."""
    assert len(GUIDE.splitlines()) < 110


def test_every_workflow_is_explained() -> None:
    names = re.findall(r"^name: (.*)$", "".join(file.read_text(encoding="utf-8") for file in WORKFLOWS), re.M)
    assert names
    assert sorted(re.findall(r"^\| \*(.*?)\* \|", MAINTAINING, re.M)) == sorted(names)
