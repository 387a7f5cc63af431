# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guides show is what there is: whole files are files that tests run, the rest is YAML that modules take."""

from __future__ import annotations

import os
import re
import subprocess
import textwrap
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from patience import LIMIT
from unit.test_collection import COLLECTION, complaints, tasks_in

ROOT = Path(__file__).resolve().parents[2]
GUIDES = sorted((ROOT / "docs" / "docsite" / "rst").glob("guide_*.rst"))
TESTS = ROOT / "tests" / "integration"
BLOCK = re.compile(r"^( *)\.\. code-block:: (yaml|bash)\n\n((?:\1 +.*\n|\n)+)", re.M)

# Every file that a guide may show, and the test that runs it, or gives it to what reads it. What needs ansible-rulebook
# runs in make rulebook-test.
RUN_BY = {
    "demo/backup.yml": "test_guides.py",
    "demo/health.yml": "test_demo.py",
    "demo/world.yml": "test_rehearse.py",
    "docs/examples/alerts/alert.yml": "test_guides.py",
    "docs/examples/alerts/chat.yml": "test_alerts.py",
    "docs/examples/alerts/icinga.yml": "test_alerts.py",
    "docs/examples/alerts/mail.yml": "test_alerts.py",
    "docs/examples/alerts/nagios.yml": "test_alerts.py",
    "docs/examples/as_a_person.yml": "test_guides.py",
    "docs/examples/backups.yml": "test_guides.py",
    "docs/examples/eda/inventory.yml": "../operations/test_rulebook.py",
    "docs/examples/eda/resume.yml": "../operations/test_rulebook.py",
    "docs/examples/eda/rulebooks/consents.yml": "../operations/test_rulebook.py",
    "docs/examples/eda/rulebooks/tickets.yml": "../operations/test_rulebook.py",
    "docs/examples/eda/ticket.yml": "../operations/test_rulebook.py",
    "docs/examples/managed.yml": "test_guides.py",
    "docs/examples/move.yml": "test_guides.py",
    "docs/examples/rename.yml": "test_guides.py",
    "docs/examples/restoring/copy_now.yml": "test_role_restore.py",
    "docs/examples/restoring/jobs.yml": "test_role_restore.py",
    "docs/examples/restoring/maintenance.yml": "test_role_restore.py",
    "docs/examples/restoring/restore.yml": "test_role_restore.py",
    "docs/examples/take_over.yml": "test_guides.py",
    "docs/examples/prometheus/alerts.yml": "test_operations.py",
    "docs/examples/prometheus/metrics.yml": "test_operations.py",
    "docs/examples/awx/ansible-navigator.yml": "test_guide_awx.py",
    "docs/examples/awx/collections/requirements.yml": "test_guide_awx.py",
    "docs/examples/awx/credential_type_injectors.yml": "test_guide_awx.py",
    "docs/examples/awx/credential_type_inputs.yml": "test_guide_awx.py",
    "docs/examples/awx/execution-environment.yml": "test_guide_awx.py",
}


@dataclass(frozen=True)
class Block:
    """Something to copy from a guide."""

    guide: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.guide}:{self.line}"

    @property
    def content(self) -> Any:
        return yaml.load(self.text, Loader)


class Loader(yaml.SafeLoader):
    """Takes Ansible's tags for what they tag."""


def untagged(loader: Loader, suffix: str, node: yaml.Node) -> Any:
    return loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else None


Loader.add_multi_constructor("!", untagged)


def blocks_of(guide: Path) -> list[Block]:
    text = guide.read_text(encoding="utf-8")
    return [
        Block(
            guide.stem, text.count("\n", 0, found.start()) + 1, found[2], textwrap.dedent(found[3]).strip("\n") + "\n"
        )
        for found in BLOCK.finditer(text)
    ]


BLOCKS = [block for guide in GUIDES for block in blocks_of(guide)]
YAML = [block for block in BLOCKS if block.language == "yaml"]
WHOLE = [block for block in YAML if block.text.startswith("---\n")]
PARTS = [block for block in YAML if block not in WHOLE]


@cache
def body(path: str) -> str:
    """A file without the notice of its licence."""
    header, start, text = (ROOT / path).read_text(encoding="utf-8").partition("---\n")
    assert "SPDX-License-Identifier" in header
    return start + text


def test_blocks_are_found() -> None:
    """The tests below go through them one by one; without any they would all pass."""
    for guide in GUIDES:
        shown = guide.read_text(encoding="utf-8").count("code-block:: yaml")
        assert shown == sum(block.guide == guide.stem for block in YAML)
    assert len(WHOLE) > 8
    assert len(PARTS) > 8


@pytest.mark.parametrize("block", WHOLE, ids=str)
def test_what_is_shown_whole_is_a_file_that_a_test_runs(block: Block) -> None:
    assert block.text in [body(path) for path in RUN_BY]


def test_every_example_is_shown_or_named_and_run() -> None:
    examples = {str(file.relative_to(ROOT)) for file in (ROOT / "docs" / "examples").rglob("*") if file.is_file()}
    assert examples == {path for path in RUN_BY if path.startswith("docs/")}
    shown = [block.text for block in WHOLE]
    guides = "".join(guide.read_text(encoding="utf-8") for guide in GUIDES)
    for path, test in RUN_BY.items():
        # A guide names what is too long to show.
        assert body(path) in shown or f"``{path.removeprefix('docs/examples/')}``" in guides, path
        assert Path(path).name in (TESTS / test).read_text(encoding="utf-8"), path


@pytest.mark.parametrize("block", PARTS, ids=str)
def test_parts_are_tasks_or_variables(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task that its module takes, or variables of the role or of an execution environment."""
    for variable in [name for name in os.environ if name.startswith("GLOBUS_")]:
        monkeypatch.delenv(variable)  # options fall back to them
    content = block.content
    if isinstance(content, list):
        assert not any("hosts" in entry for entry in content), "a play begins with ---, and is a file"
        tasks = list(tasks_in(content, {}))
        assert tasks or any("ansible.builtin.debug" in entry for entry in content)
        assert not [found for module, arguments in tasks for found in complaints(module, arguments)]
    elif block.guide == "guide_awx":
        whole = yaml.safe_load(body("docs/examples/awx/execution-environment.yml"))
        assert set(content) <= {*whole, "options"}  # test_guide_awx.py gives it to ansible-builder
    else:
        specification = yaml.safe_load((ROOT / "roles/backup/meta/argument_specs.yml").read_text(encoding="utf-8"))
        options = specification["argument_specs"]["main"]["options"]
        plain = {name: {"type": option.get("type", "str")} for name, option in options.items()}
        assert not ArgumentSpecValidator(plain).validate(content).error_messages


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "bash"], ids=str)
def test_commands_are_commands(block: Block) -> None:
    subprocess.run(["bash", "-n"], input=block.text, text=True, check=True, timeout=LIMIT)


def test_playbooks_of_commands_are_there() -> None:
    for block in BLOCKS:
        for name in re.findall(r"^ansible-playbook (\S+)", block.text, re.M) if block.language == "bash" else ():
            there = {Path(path).name for path in RUN_BY} | {
                f"{COLLECTION}.{file.stem}" for file in ROOT.glob("playbooks/*")
            }
            assert name in there | {"later.yml", "active.yml"}, str(block)  # those two are made by the commands


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_guides_lead_on(guide: Path) -> None:
    """Each refers to others, ends with where to go next, and has lines that fit."""
    text = guide.read_text(encoding="utf-8")
    others = set(re.findall(r"docsite\.(guide_\w+)`", text)) - {guide.stem}
    assert len(others) >= 2
    assert others <= {other.stem for other in GUIDES}
    assert ".. seealso::" in text
    assert not [line for line in text.splitlines() if len(line) > 120 and "``{" not in line]


# --- names that a person reads ---

SHOWN = ("msg", "fail_msg", "success_msg", "prompt", "label", "subject", "body", "text", "alert_lines")
NAME_IN = re.compile(r"\{\{(?:(?!\}\}).)*(?:\.name\b|attribute='name')(?:(?!\}\}).)*\}\}", re.S)


def shown_texts(node: Any) -> list[str]:
    """The texts of tasks that Ansible prints or sends."""
    if isinstance(node, list):
        return [text for one in node for text in shown_texts(one)]
    if not isinstance(node, dict):
        return []
    own = [value for key, value in node.items() if key in SHOWN and isinstance(value, str)]
    return own + [text for value in node.values() for text in shown_texts(value)]


def tasks_that_print() -> list[tuple[str, Any]]:
    """What users run or copy: the examples, the playbooks, the role, and the modules' EXAMPLES."""
    folders = ("docs/examples", "playbooks", "roles/backup/tasks", "demo")
    files = sorted(file for folder in folders for file in (ROOT / folder).rglob("*.yml"))
    found = [(str(file.relative_to(ROOT)), yaml.load(file.read_text(encoding="utf-8"), Loader)) for file in files]
    for file in sorted((ROOT / "plugins" / "modules").glob("*.py")):
        examples = re.search(r'^EXAMPLES = r?"""\n(.*?)^"""', file.read_text(encoding="utf-8"), re.M | re.S)
        if examples:
            found.append((file.name, yaml.load(examples[1], Loader)))
    return found


@pytest.mark.parametrize(("file", "content"), [pytest.param(*one, id=one[0]) for one in tasks_that_print()])
def test_a_name_is_escaped_where_it_is_printed_X1(file: str, content: Any) -> None:
    """Whoever may name a timer could otherwise move the cursor of a terminal, or turn the text around."""
    for text in shown_texts(content):
        for expression in NAME_IN.finditer(text):
            assert "to_json" in expression[0], f"{file}: {expression[0]}"


def test_a_name_that_is_printed_raw_is_found() -> None:
    texts = shown_texts([{"ansible.builtin.debug": {"msg": "{{ item.name }} {{ x | map(attribute='name') }} {{ a }}"}}])
    assert [match[0] for text in texts for match in NAME_IN.finditer(text)] == [
        "{{ item.name }}",
        "{{ x | map(attribute='name') }}",
    ]


def test_the_start_page_of_the_site_names_every_plugin() -> None:
    page = (ROOT / "docs/docsite/sphinx/index.rst").read_text(encoding="utf-8")
    kinds = {"modules/*.py": "module", "filter/*.yml": "filter", "lookup/*.py": "lookup"}
    names = {f"{file.stem}#{kind}" for files, kind in kinds.items() for file in (ROOT / "plugins").glob(files)}
    names |= {f"{folder.name}#role" for folder in (ROOT / "roles").iterdir()}
    named = set(re.findall(r":ansplugin:`research_ops\.globus\.(\w+#\w+)`", page))
    assert named == names
    sources = {file.stem for file in (ROOT / "extensions/eda/plugins/event_source").glob("[!_]*.py")}
    assert sources
    assert sources <= set(re.findall(r"``(\w+)``", page))


@pytest.mark.parametrize("block", YAML, ids=str)
def test_comments_fit_into_the_column_of_the_site(block: Block) -> None:
    """A window of 1280 pixels shows 90 characters of a line. Longer code wraps, and a comment need not be longer."""
    assert [line for line in block.text.splitlines() if "# " in line and len(line) > 90] == []
