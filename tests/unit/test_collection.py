# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as a whole: nothing is forgotten when a module comes in."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = "research_ops.globus"
GROUP = "research_ops.globus.globus"
MODULES = sorted(file.stem for file in (ROOT / "plugins" / "modules").glob("*.py") if file.stem != "__init__")
PYTHON_FILES = sorted(
    file.relative_to(ROOT)
    for file in ROOT.rglob("*.py")
    if not any(part.startswith(".") or part == "build" for part in file.relative_to(ROOT).parts)
)
# As this file has it. That every file names a licence at all is what reuse looks after.
HEADER = Path(__file__).read_text(encoding="utf-8").splitlines()[:3]

Document = dict[str, Any]


def read_yaml(path: str) -> Document:
    """A YAML file of the checkout."""
    document = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def test_modules_are_found() -> None:
    """The tests below go through the modules one by one; without any they would all pass."""
    assert "timer" in MODULES


def test_action_group_has_every_module() -> None:
    assert read_yaml("meta/runtime.yml")["action_groups"]["globus"] == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_module_has_an_integration_target(module: str) -> None:
    target = ROOT / "tests" / "integration" / "targets" / module
    assert list(target.rglob("*.yml")), f"{target.relative_to(ROOT)} has no playbook"
    # ansible-test integration runs it, and needs nothing but this
    aliases = (target / "aliases").read_text(encoding="utf-8").splitlines()
    assert [alias for alias in aliases if alias and not alias.startswith("#")] == []
    assert read_yaml(str(target.relative_to(ROOT) / "meta/main.yml")) == {"dependencies": ["setup_local_globus"]}


@pytest.mark.parametrize("file", PYTHON_FILES, ids=str)
def test_python_file_has_the_licence_header(file: Path) -> None:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    if not lines and file.name == "__init__.py":
        return  # ansible-test wants those of plugins to be empty
    if lines[0].startswith("#!"):
        del lines[0]
    assert lines[:3] == HEADER
    assert "from __future__ import annotations" in lines


def test_the_two_copies_of_the_licence_are_one() -> None:
    """Galaxy reads LICENSE, reuse reads LICENSES."""
    assert (ROOT / "LICENSE").read_bytes() == (ROOT / "LICENSES" / "GPL-3.0-or-later.txt").read_bytes()


# Documentation


@pytest.fixture(scope="session")
def documentation() -> Document:
    """What ansible-doc makes of every module, fragments merged in: name -> doc, examples, return."""
    names = [f"{COLLECTION}.{module}" for module in MODULES]
    asked = subprocess.run(
        [sys.executable, "-m", "ansible.cli.doc", "--type", "module", "--json", *names],
        check=False,
        capture_output=True,
        text=True,
    )
    assert asked.returncode == 0, asked.stderr
    documents: Document = json.loads(asked.stdout)
    assert sorted(documents) == names, f"make setup links the checkout to where Ansible finds it. {asked.stderr}"
    return documents


def release(version: object) -> tuple[int, ...]:
    """A version as numbers that can be compared; an unquoted one that YAML reads as a number is no version."""
    assert isinstance(version, str)
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    return tuple(int(number) for number in version.split("."))


def versions_added(options: Mapping[str, Document]) -> Iterator[object]:
    """What options, and options below them, say of when they came."""
    for option in options.values():
        if "version_added" in option:
            yield option["version_added"]
        yield from versions_added(option.get("suboptions") or option.get("contains") or {})


@pytest.mark.parametrize("module", MODULES)
def test_module_says_since_when(module: str, documentation: Document) -> None:
    """A module came with a release up to this one, its options with the module or later."""
    document = documentation[f"{COLLECTION}.{module}"]
    this = release(read_yaml("galaxy.yml")["version"])
    module_came = release(document["doc"]["version_added"])
    assert module_came <= this
    later = [*versions_added(document["doc"]["options"]), *versions_added(document["return"] or {})]
    for version in later:
        assert module_came < release(version) <= this


def test_what_is_new_comes_with_the_next_release() -> None:
    """Of all plugins, the role and their options: the version in galaxy.yml, or one that is in the changelog."""
    files = [file for folder in ("plugins", "roles") for file in (ROOT / folder).rglob("*.*") if file.suffix != ".pyc"]
    added = re.compile(r"""^\s*version_added: *["']?([^"'\s]+)""", re.M)
    found = {version for file in files for version in added.findall(file.read_text(encoding="utf-8"))}
    assert found
    assert found <= {read_yaml("galaxy.yml")["version"], *read_yaml("changelogs/changelog.yaml")["releases"]}


@pytest.mark.parametrize("module", MODULES)
def test_module_documents_its_action_group(module: str, documentation: Document) -> None:
    attributes = documentation[f"{COLLECTION}.{module}"]["doc"]["attributes"]
    assert attributes["action_group"]["membership"] in (GROUP, [GROUP])
    assert attributes["action_group"]["support"] == "full"
    assert attributes["check_mode"]["support"] in ("full", "partial", "none", "N/A")


# What AnsibleModule is told


class CapturedError(BaseException):  # modules turn every Exception into words
    """Ends a module's main() where it has told AnsibleModule about its arguments."""

    def __init__(self, declared: Document) -> None:
        super().__init__("captured")
        self.declared = declared


def declared_arguments(module: str) -> Document:
    """The keyword arguments with which a module makes its AnsibleModule: argument_spec and constraints."""

    def capture(_self: AnsibleModule, argument_spec: Document, **keywords: Any) -> None:
        raise CapturedError({"argument_spec": argument_spec, **keywords})

    main = import_module(f"ansible_collections.{COLLECTION}.plugins.modules.{module}").main
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AnsibleModule, "__init__", capture)
        with pytest.raises(CapturedError) as captured:
            main()
    return captured.value.declared


def described(options: Mapping[str, Document], inner: str) -> Document:
    """Options as far as they are both documented and declared: type, default, choices, and so on, and those below."""
    return {
        name: {
            "type": option.get("type", "str"),
            "elements": option.get("elements"),
            "required": option.get("required", False),
            "default": option.get("default"),
            "choices": sorted(option.get("choices") or ()),
            "aliases": option.get("aliases") or [],
            "options": described(option.get(inner) or {}, inner),
        }
        for name, option in options.items()
    }


@pytest.mark.parametrize("module", MODULES)
def test_options_are_documented_as_they_are_declared(module: str, documentation: Document) -> None:
    documented = documentation[f"{COLLECTION}.{module}"]["doc"]["options"]
    declared = declared_arguments(module)
    assert described(documented, "suboptions") == described(declared["argument_spec"], "options")


@pytest.mark.parametrize("module", MODULES)
def test_variables_of_options_are_documented_in_their_order(module: str, documentation: Document) -> None:
    documented = documentation[f"{COLLECTION}.{module}"]["doc"]["options"]
    declared = declared_arguments(module)["argument_spec"]
    for name, option in declared.items():
        _read, variables = option.get("fallback", (None, []))
        texts = documented[name]["description"]
        told = [one for one in texts if one.startswith("If not set, ")] if isinstance(texts, list) else []
        assert re.findall(r"E\((\w+)\)", " ".join(told)) == variables, name


@pytest.mark.parametrize("module", MODULES)
def test_attributes_are_what_the_module_supports(module: str, documentation: Document) -> None:
    attributes = documentation[f"{COLLECTION}.{module}"]["doc"]["attributes"]
    assert set(attributes) == {"check_mode", "diff_mode", "idempotent", "action_group"}
    assert (attributes["check_mode"]["support"] == "full") is declared_arguments(module)["supports_check_mode"]
    assert all("details" in one for one in attributes.values() if one["support"] != "full")


@pytest.mark.parametrize("module", MODULES)
def test_module_says_where_to_read_on(module: str, documentation: Document) -> None:
    """Each line of it tells why one would, and the guides are those that there are."""
    seealso = documentation[f"{COLLECTION}.{module}"]["doc"]["seealso"]
    assert all(one.get("description") for one in seealso)
    places = [one.get("module") or one.get("plugin") or one["link"] for one in seealso]
    assert len(set(places)) == len(places)
    assert any(GUIDE.fullmatch(place) for place in places)


GUIDE = re.compile(r"https://github\.com/research-ops/globus/blob/main/(docs/docsite/rst/(guide_\w+)\.rst)")


@pytest.mark.parametrize("kind", ["module", "filter", "lookup", "role"])
def test_ansible_doc_prints_links_that_lead_to_guides(kind: str) -> None:
    """A ``ref`` would be printed as a search on docs.ansible.com, which does not have the guides."""
    folders = {"module": "plugins/modules/*.py", "role": "roles/*", "filter": "plugins/filter/*.yml"}
    names = [f"{COLLECTION}.{file.stem}" for file in ROOT.glob(folders.get(kind, f"plugins/{kind}/*.py"))]
    command = [sys.executable, "-m", "ansible.cli.doc", "--type", kind]
    printed = subprocess.run([*command, *names], check=True, capture_output=True, text=True).stdout
    assert "docs.ansible.com" not in printed
    documented = subprocess.run([*command, "--json", *names], check=True, capture_output=True, text=True).stdout
    links = re.findall(r'"(?:link|ref)": "([^"]+)"', documented)
    guides = [GUIDE.fullmatch(link) for link in links if "guide_" in link]
    assert kind == "lookup" or guides
    for guide in guides:
        assert guide
        assert (ROOT / guide[1]).is_file()
        # ansible-doc prints no seealso of roles, and ansible-core 2.16 wraps long links
        assert kind == "role" or guide[0] in "".join(printed.split())


def test_a_guide_is_named_as_its_title() -> None:
    named = set()
    for file in [*ROOT.glob("plugins/**/*.py"), *ROOT.glob("plugins/filter/*.yml"), *ROOT.glob("roles/*/meta/*.yml")]:
        text = file.read_text(encoding="utf-8")
        named |= set(re.findall(rf"- name: (.+)\n +description: .+\n +link: {GUIDE.pattern}\n", text))
    assert len(named) > 5
    for name, path, _guide in named:
        assert re.search(rf"^{name}\n=+\n", (ROOT / path).read_text(encoding="utf-8"), re.M)


# Examples


def tasks_in(entries: list[Document], defaults: Document) -> Iterator[tuple[str, Document]]:
    """The (module, arguments) of every task of this collection, in plays and blocks too, group defaults merged in."""
    for entry in entries:
        group = (entry.get("module_defaults") or {}).get(f"group/{GROUP}", {})
        inherited = defaults | group
        for inner in ("pre_tasks", "tasks", "post_tasks", "handlers", "block", "rescue", "always"):
            yield from tasks_in(entry.get(inner) or [], inherited)
        for key, arguments in entry.items():
            if key.startswith(f"{COLLECTION}."):
                yield key.removeprefix(f"{COLLECTION}."), inherited | (arguments or {})


SAMPLES: dict[str, Any] = {"bool": True, "int": 1, "float": 1.0, "list": [], "dict": {}}


def filled(arguments: Document, spec: Mapping[str, Document]) -> Document:
    """The arguments with a fitting value in place of every template: what it would give is known in a play only."""
    declared = dict(spec) | {alias: option for option in spec.values() for alias in option.get("aliases") or ()}
    return {name: _filled(value, declared.get(name, {})) for name, value in arguments.items()}


def _filled(value: Any, option: Document) -> Any:
    if isinstance(value, str) and "{{" in value:
        return option["choices"][0] if option.get("choices") else SAMPLES.get(str(option.get("type")), value)
    if isinstance(value, list):
        return [_filled(item, option | {"type": option.get("elements")}) for item in value]
    if isinstance(value, dict) and option.get("options"):
        return filled(value, option["options"])
    return value


def complaints(module: str, arguments: Document) -> list[str]:
    """What Ansible finds wrong with the arguments of a task before the module does anything."""
    declared = declared_arguments(module)
    constraints = ("mutually_exclusive", "required_together", "required_one_of", "required_if", "required_by")
    validator = ArgumentSpecValidator(declared["argument_spec"], **{name: declared.get(name) for name in constraints})
    return list(validator.validate(filled(arguments, declared["argument_spec"])).error_messages)


@pytest.fixture
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Options fall back to variables: those of whoever runs the tests have no say here."""
    for variable in [name for name in os.environ if name.startswith("GLOBUS_")]:
        monkeypatch.delenv(variable)


@pytest.mark.usefixtures("_no_settings")
@pytest.mark.parametrize("module", MODULES)
def test_examples_are_tasks_that_the_module_takes(module: str, documentation: Document) -> None:
    tasks = list(tasks_in(yaml.safe_load(documentation[f"{COLLECTION}.{module}"]["examples"]), {}))
    assert module in dict(tasks)
    wrong = [(name, arguments, found) for name, arguments in tasks if (found := complaints(name, arguments))]
    assert not wrong


def used_options(arguments: Document, spec: Mapping[str, Document]) -> Iterator[str]:
    """The options, also those below others, that the arguments of a task give."""
    for name, value in arguments.items():
        yield name
        below = spec.get(name, {}).get("options")
        for item in value if isinstance(value, list) else [value]:
            if below and isinstance(item, dict):
                yield from (f"{name}.{one}" for one in used_options(item, below))


def declared_options(spec: Mapping[str, Document]) -> Iterator[str]:
    for name, option in spec.items():
        yield name
        yield from (f"{name}.{one}" for one in declared_options(option.get("options") or {}))


def test_examples_show_every_option(documentation: Document) -> None:
    """Those that several modules share at one of them at least; those of a timer at the module timer."""
    shown: set[str] = set()
    declared: set[str] = set()
    for module in MODULES:
        examples = yaml.safe_load(documentation[f"{COLLECTION}.{module}"]["examples"])
        declared |= set(declared_options(declared_arguments(module)["argument_spec"]))
        for name, arguments in tasks_in(examples, {}):
            shown |= set(used_options(arguments, declared_arguments(name)["argument_spec"]))
    of_a_timer = {f"timers.{one}" for one in declared_options(declared_arguments("timer")["argument_spec"])}
    assert declared - of_a_timer <= shown


@pytest.mark.usefixtures("_no_settings")
@pytest.mark.parametrize("module", MODULES)
def test_a_wrong_example_would_be_noticed(module: str) -> None:
    assert complaints(module, {"no_such_option": 1})
