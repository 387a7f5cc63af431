# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What reviewers of collections otherwise look for by eye; docs/checklist.rst says which rule is whose."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.playbook.block import Block
from ansible.playbook.play import Play
from ansible.playbook.task import Task
from packaging.requirements import Requirement

from tools.tree import known_files

ROOT = Path(__file__).resolve().parents[2]
NAME = "research_ops.globus"
MODULES = sorted(file.stem for file in (ROOT / "plugins" / "modules").glob("*.py"))
FILTERS = sorted(file.stem for file in (ROOT / "plugins" / "filter").glob("*.yml"))
LOOKUPS = sorted(file.stem for file in (ROOT / "plugins" / "lookup").glob("*.py"))
# What a task, block or play of an example may say beside the action itself.
KEYWORDS = {*Task.fattributes, *Block.fattributes, *Play.fattributes} - {"action"}

Document = dict[str, Any]


def read_yaml(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    """What ansible-doc makes of every module, filter and lookup, by its name in the collection and its type."""
    found: dict[str, Document] = {}
    for kind, names in (("module", MODULES), ("filter", FILTERS), ("lookup", LOOKUPS)):
        asked = subprocess.run(
            [sys.executable, "-m", "ansible", "doc", "--type", kind, "--json", *(f"{NAME}.{name}" for name in names)],
            check=True,
            capture_output=True,
            text=True,
        )
        found |= {f"{kind} {name}": document for name, document in json.loads(asked.stdout).items()}
    assert len(found) == len(MODULES) + len(FILTERS) + len(LOOKUPS) >= 9
    return found


# Files


def test_nothing_is_large() -> None:
    """Galaxy takes 20 MB; nothing here comes near."""
    sizes = {file: (ROOT / file).stat().st_size for file in known_files(ROOT)}
    assert not [file for file, size in sizes.items() if size > 500_000]
    assert sum(sizes.values()) < 10_000_000


def test_plugins_lie_where_collections_may_have_them() -> None:
    folders = {file.parts[1] for file in known_files(ROOT) if file.parts[0] == "plugins"}
    assert folders == {"doc_fragments", "filter", "lookup", "module_utils", "modules", "plugin_utils"}


def test_shared_code_is_private_and_says_so() -> None:
    shared = (ROOT / "plugins" / "module_utils", ROOT / "plugins" / "plugin_utils")
    files = [file for folder in shared for file in folder.rglob("*.py") if file.name != "__init__.py"]
    assert len(files) > 20
    for file in files:
        assert any(part.startswith("_") for part in file.relative_to(ROOT / "plugins").parts), file
        assert f"# Private to the collection {NAME}:" in file.read_text(encoding="utf-8")


def test_no_finding_of_a_linter_is_waved_through() -> None:
    """Neither ansible-test nor ansible-lint has a list of what to overlook.

    The one module of another collection, which an example uses, is not installed where ansible-lint runs.
    """
    waved = re.compile(r"(^|/)(tests/sanity/ignore.*|\.ansible-lint-ignore)$")
    assert not [file for file in known_files(ROOT) if waved.search(str(file))]
    settings = read_yaml(".ansible-lint")
    assert settings["profile"] == "production"
    assert not {"skip_list", "warn_list", "mock_roles"} & set(settings)
    assert settings["mock_modules"] == ["community.general.mail"]
    assert {"plugins", "roles", "playbooks", "meta", "docs"}.isdisjoint(
        path.strip("/") for path in settings["exclude_paths"]
    )


# Metadata


def test_galaxy_metadata() -> None:
    galaxy = read_yaml("galaxy.yml")
    assert galaxy["tags"]
    assert galaxy["dependencies"] == {}
    assert galaxy["license"] == ["GPL-3.0-or-later"]
    for link in ("repository", "documentation", "homepage", "issues"):
        assert galaxy[link].startswith("https://")


def test_python_dependencies_are_declared_without_ansible() -> None:
    declared = read_yaml("meta/execution-environment.yml")["dependencies"]["python"]
    lines = (ROOT / declared).read_text(encoding="utf-8").splitlines()
    requirements = {Requirement(line).name for line in lines if line and not line.startswith("#")}
    assert "globus-sdk" in requirements
    assert not {"ansible", "ansible-core"} & requirements


# Modules and filters


def test_modules_are_named_after_what_they_do(documents: dict[str, Document]) -> None:
    """A module that only reads is an _info module, has no other state than that, and runs in check mode."""
    for module in MODULES:
        document = documents[f"module {NAME}.{module}"]
        states = (document["doc"]["options"].get("state") or {}).get("choices", [])
        assert not {"get", "list", "query", "info"} & set(states)
        assert not module.endswith("_facts")
        assert "ansible_facts" not in (document["return"] or {})
        reads_only = document["doc"]["attributes"]["diff_mode"]["support"] == "N/A"
        assert reads_only == module.endswith("_info")
        if reads_only:
            assert document["doc"]["attributes"]["check_mode"]["support"] == "full"
            assert not states


def test_everything_is_documented_whole(documents: dict[str, Document]) -> None:
    for name, document in documents.items():
        for part in ("doc", "examples", "return"):
            assert document[part], f"{name} has no {part}"


def test_modules_say_which_python_and_sdk_they_need(documents: dict[str, Document]) -> None:
    """The Pythons that ansible-core supports and the SDK does not are excluded in every module."""
    python = read_yaml("tests/config.yml")["modules"]["python_requires"].removeprefix(">=")
    for module in MODULES:
        requirements = documents[f"module {NAME}.{module}"]["doc"]["requirements"]
        assert f"python >= {python}" in requirements
        assert any(line.startswith("globus-sdk >= ") for line in requirements)


def actions(entries: list[Document]) -> list[str]:
    """The names of what the tasks of an example do, in plays and blocks too."""
    found = []
    for entry in entries:
        for inner in ("pre_tasks", "tasks", "post_tasks", "handlers", "block", "rescue", "always"):
            found += actions(entry.get(inner) or [])
        found += [key for key in entry if key not in KEYWORDS and not key.startswith("with_")]
    return found


def test_examples_name_everything_in_full(documents: dict[str, Document]) -> None:
    """Modules with their collection, those of ansible-core too."""
    used = {name: actions(yaml.safe_load(document["examples"])) for name, document in documents.items()}
    assert used[f"module {NAME}.timer"]
    short = {name: [action for action in found if action.count(".") < 2] for name, found in used.items()}
    assert not {name: found for name, found in short.items() if found}


def test_an_example_with_a_short_name_would_be_noticed() -> None:
    assert actions([{"name": "a", "block": [{"debug": {"msg": "b"}, "when": "c", "register": "d"}]}]) == ["debug"]


def test_fragments_are_named_in_full() -> None:
    named = []
    for module in MODULES:
        text = (ROOT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")
        (block,) = re.findall(r'DOCUMENTATION = r"""(.*?)"""', text, re.S)
        named += yaml.safe_load(block)["extends_documentation_fragment"]
    assert len(named) > len(MODULES)
    assert all(fragment.startswith(f"{NAME}.") for fragment in named)
