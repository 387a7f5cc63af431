# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README names what is there, and nothing else."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_module_is_listed() -> None:
    listed = re.findall(r"^\| `research_ops\.globus\.(\w+)` \|", README, re.M)
    assert (
        sorted(listed)
        == yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]["globus"]
    )


# Galaxy and Automation Hub show them where a relative link leads nowhere.
SHOWN_ELSEWHERE = {
    str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in ROOT.glob("roles/*/README.md")
}
SHOWN_ELSEWHERE["README.md"] = README


def links(text: str) -> list[str]:
    """Every address in a text: of links in place, of the references at its end, of pictures."""
    return re.findall(r"\]\(([^)]+)\)", text) + re.findall(r"^\[\w+\]: (\S+)$", text, re.M)


@pytest.mark.parametrize("name", SHOWN_ELSEWHERE)
def test_links_are_whole_addresses(name: str) -> None:
    found = links(SHOWN_ELSEWHERE[name])
    assert found
    assert not [link for link in found if not link.startswith("https://")]


@pytest.mark.parametrize("name", SHOWN_ELSEWHERE)
def test_links_into_the_repository_lead_somewhere(name: str) -> None:
    """A file is a blob of the main branch, a folder a tree, a picture is raw."""
    place = re.compile(
        r"https://(?:github\.com/research-ops/globus/(blob|tree)|raw\.githubusercontent\.com/research-ops/(globus))/main/(.+)"
    )
    found = [
        (match[1] or "raw", ROOT / match[3]) for match in map(place.fullmatch, links(SHOWN_ELSEWHERE[name])) if match
    ]
    assert "blob" in {kind for kind, _path in found}
    assert not [path for kind, path in found if not (path.is_dir() if kind == "tree" else path.is_file())]


@pytest.mark.parametrize("name", SHOWN_ELSEWHERE)
def test_references_are_defined_and_used(name: str) -> None:
    text = SHOWN_ELSEWHERE[name]
    used = set(re.findall(r"\]\[(\w+)\]", text))
    assert used
    assert sorted(used) == sorted(re.findall(r"^\[(\w+)\]: ", text, re.M))


def test_the_picture_says_what_it_shows() -> None:
    (alternative,) = re.findall(r"!\[([^\]]+)\]\[report\]", README)
    assert len(alternative.split()) > 10
    assert (ROOT / "docs/docsite/images/backup-report.png").stat().st_size < 200_000


def section(title: str) -> str:
    """The text below one heading."""
    text: str
    (text,) = re.findall(rf"^## {re.escape(title)}\n(.*?)(?=^## |^\[\w+\]: |\Z)", README, re.M | re.S)
    return text


def test_sections_that_reviewers_ask_for() -> None:
    """Those of the template for certified collections, and those of the template for community collections."""
    for title in (
        *("Requirements", "Installation", "Use cases", "Included content", "Supported versions", "Testing"),
        *("Release notes and policy", "Communication and support", "Contributing", "Related information", "License"),
    ):
        assert section(title).strip()


def test_communication_leads_to_the_forum() -> None:
    talk = section("Communication and support")
    assert "You are welcome" in talk
    assert "https://forum.ansible.com/c/help/6" in talk
    assert "https://forum.ansible.com/tag/" in talk
    assert "https://github.com/research-ops/globus/issues" in talk


def test_policies_are_told() -> None:
    assert "https://semver.org/" in section("Release notes and policy")
    assert "deprecated" in section("Release notes and policy")
    assert "[changelog]" in section("Release notes and policy")
    assert "[code_of_conduct]" in section("Contributing")


def test_installation_is_that_of_a_collection() -> None:
    installation = section("Installation")
    assert "ansible-galaxy collection install research_ops.globus\n" in installation
    (requirements,) = re.findall(r"```yaml\n(.*?)```", installation, re.S)
    assert [one["name"] for one in yaml.safe_load(requirements)["collections"]] == ["research_ops.globus"]
    # ansible-core comes with an execution environment, or is there already
    assert not re.search(r"pip install \W*ansible", README)


def test_links_into_the_web_are_safe() -> None:
    assert not re.findall(r"http://\S+", README)


def test_make_targets_exist() -> None:
    """Those that the README names, by what `make` itself lists."""
    listed = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    named = set(re.findall(r"`(make \w+)`", README)) | set(re.findall(r"^(make \w+)", README, re.M))
    assert {"make demo", "make test", "make rehearse"} <= named
    assert named <= set(re.findall(r"^(make \w+)", listed, re.M))


def test_versions_are_those_of_the_metadata() -> None:
    requires = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
    oldest = requires.removeprefix(">=").removesuffix(".0")
    assert f"ansible-core {oldest} or newer" in README
    python = yaml.safe_load((ROOT / "tests" / "config.yml").read_text(encoding="utf-8"))["modules"]["python_requires"]
    assert f"Python {python.removeprefix('>=')} or newer with" in README
