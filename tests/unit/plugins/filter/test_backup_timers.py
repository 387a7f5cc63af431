# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter backup_timers, and that role, filter and modules agree on what there is to set."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.utils.display import Display

from ansible_collections.research_ops.globus.plugins.filter.backup_report import backup_report
from ansible_collections.research_ops.globus.plugins.filter.backup_timers import FilterModule, backup_timers
from ansible_collections.research_ops.globus.plugins.module_utils._arguments import definition_arguments
from ansible_collections.research_ops.globus.plugins.plugin_utils import _backup, _variables
from unit.samples import DESTINATION, SOURCE

ROOT = Path(__file__).resolve().parents[4]
DEFAULTS = {"source_collection": SOURCE, "destination_collection": DESTINATION, "source_path": "/data/"}
JOB = {"name": "lab", "destination_path": "/backup/", "schedule": "monthly"}


def read(path: str) -> dict[str, Any]:
    document = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def role_options() -> dict[str, dict[str, Any]]:
    options = read("roles/backup/meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    assert isinstance(options, dict)
    return options


@pytest.mark.parametrize("now", ["2026-11-23T12:00:00Z", "2026-11-23 06:00:00-06:00", "2026-11-23T12:00:00"])
def test_now_in_every_spelling(now: str) -> None:
    timers = backup_timers([JOB], DEFAULTS, now=now)
    assert [timer["schedule"]["start"] for timer in timers[10:]] == ["2025-11-01T02:00:00", "2024-12-01T02:00:00"]


def test_now_is_the_clock_of_the_host_by_default() -> None:
    assert len(backup_timers([JOB], DEFAULTS)) == len(backup_timers([JOB], DEFAULTS, now="")) == 12


def test_errors_are_those_of_filters() -> None:
    with pytest.raises(AnsibleFilterError, match=r"backup_jobs\[0\] \(lab\): schedule 'x' does not exist"):
        backup_timers([{**JOB, "schedule": "x"}], DEFAULTS)
    with pytest.raises(AnsibleFilterError, match="backup_clock must be a time in ISO 8601"):
        backup_timers([JOB], DEFAULTS, now="soon")


def test_warnings_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _self, message, *_args, **_keywords: shown.append(message))
    backup_timers([JOB, {**JOB, "name": "other"}], DEFAULTS)
    assert len(shown) == 1
    assert "both write to /backup" in shown[0]


# --- documentation, defaults, arguments ----------------------------------------------------------------------------


@pytest.mark.parametrize("function", [backup_timers, backup_report])
def test_documentation_of_the_filter_names_its_parameters(function: Callable[..., Any]) -> None:
    documented = read(f"plugins/filter/{function.__name__}.yml")["DOCUMENTATION"]["options"]
    parameters = inspect.signature(function).parameters
    assert list(documented) == ["_input", *list(parameters)[1:]]
    for name, parameter in list(parameters.items())[1:]:
        assert (documented[name].get("default") or None) == (parameter.default or None)
    assert set(FilterModule().filters()) == {"backup_timers"}


def defaults(options: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {name: option.get("default") for name, option in options.items()}


def test_defaults_of_the_role_are_those_it_documents() -> None:
    own: dict[str, Any] = {}
    for declared in _variables.ENTRY_POINTS.values():
        own.update(defaults(declared))
    assert read("roles/backup/defaults/main.yml") == {**defaults(role_options()), **own}
    assert defaults(role_options()) == defaults(_variables.DECLARATIONS)
    assert [name for name, option in role_options().items() if option.get("required")] == ["backup_jobs"]


def test_ansible_itself_refuses_no_variable_of_the_role_and_no_option_of_a_job() -> None:
    """It would print all of the documentation: 20,000 characters, and not the job."""
    odd: list[Any] = [None, "", "off", -1, 1.5, True, ["x"], {"a": 1}, [{"name": None, "synclevel": "x"}]]
    for value in odd:
        found = ArgumentSpecValidator(role_options()).validate(dict.fromkeys(role_options(), value))
        assert found.error_messages == [], value


@pytest.mark.parametrize("entry_point", _variables.ENTRY_POINTS)
def test_each_entry_point_has_its_variables_documented_and_handed_on(entry_point: str) -> None:
    declared = _variables.ENTRY_POINTS[entry_point]
    specification = read("roles/backup/meta/argument_specs.yml")["argument_specs"][entry_point]
    options = specification["options"]
    shared = yaml.safe_load((ROOT / "roles/backup/vars/main.yml").read_text(encoding="utf-8"))["backup_shared"]
    handed = re.findall(r"'(backup_\w+)': (backup_\w+)", shared)
    assert {name: option for name, option in options.items() if name not in declared} == {
        name: role_options()[name] for name, _same in handed
    }
    assert defaults({name: options[name] for name in declared}) == defaults(declared)
    first = yaml.safe_load((ROOT / f"roles/backup/tasks/{entry_point}.yml").read_text(encoding="utf-8"))[0]
    handed += re.findall(r"'(backup_\w+)': (backup_\w+)", str(first["vars"]))
    assert sorted(handed) == [(name, name) for name in sorted(options)]
    readme = (ROOT / "roles/backup/README.md").read_text(encoding="utf-8")
    assert not [name for name in declared if f"`{name}`" not in readme]
    assert f"`backup_{entry_point}_result`" in readme
    odd: list[Any] = [None, "", "off", -1, 1.5, True, ["x"], {"a": 1}]
    for value in odd:  # Ansible itself would print all of the documentation
        assert ArgumentSpecValidator(options).validate(dict.fromkeys(options, value)).error_messages == [], value


def test_what_the_role_has_choices_for_is_in_its_descriptions() -> None:
    for name, one in _variables.DECLARATIONS.items():
        text = str(role_options()[name]["description"])
        assert not [choice for choice in one.get("choices", ()) if f"V({choice})" not in text], name


def test_the_role_hands_every_variable_on() -> None:
    first = yaml.safe_load((ROOT / "roles/backup/tasks/main.yml").read_text(encoding="utf-8"))[0]
    handed = re.findall(r"'(backup_\w+)': (backup_\w+)", first["ansible.builtin.set_fact"]["backup_plan"])
    assert handed == [(name, name) for name in _variables.DECLARATIONS]


def test_the_role_documents_every_option_of_a_job() -> None:
    jobs = role_options()["backup_jobs"]["options"]
    assert set(jobs) == {"name", *_backup._JOB_OPTIONS}
    assert set(role_options()["backup_defaults"]["options"]) == set(_backup._DEFAULT_OPTIONS)


def test_options_of_a_job_are_declared_as_the_modules_declare_them() -> None:
    declared = definition_arguments()
    of_timers = {**declared["schedule"]["options"], **declared["transfer"]["options"]}
    for name, option in role_options()["backup_jobs"]["options"].items():
        for key in ("type", "choices", "elements"):
            if name in of_timers:
                assert option.get(key) == of_timers[name].get(key), f"{key} of {name}"


def test_names_of_the_schedules_are_documented() -> None:
    text = " ".join(role_options()["backup_jobs"]["options"]["schedule"]["description"])
    readme = (ROOT / "roles" / "backup" / "README.md").read_text(encoding="utf-8")
    for schedule in _backup.SCHEDULES:
        assert f"V({schedule})" in text
        assert f"`{schedule}`" in readme


def test_the_example_of_the_role_is_the_first_playbook_of_its_readme_which_a_test_runs() -> None:
    example = read("roles/backup/meta/argument_specs.yml")["argument_specs"]["main"]["examples"]
    readme = (ROOT / "roles" / "backup" / "README.md").read_text(encoding="utf-8")
    assert readme.split("```yaml\n---\n")[1].startswith(f"{example}```")


def test_control_and_bidirectional_characters_of_a_name_are_escaped_in_messages_X1() -> None:
    wrong: dict[str, Any] = {"name": "a\u202e\x1b[31m", "schedule": "nightly", "source_path": ""}
    with pytest.raises(AnsibleFilterError) as refusal:
        backup_timers([wrong])
    assert not re.search("[\u202e\x1b]", str(refusal.value))
    assert "a\\u202e\\x1b[31m" in str(refusal.value) or "a\\u202e\\u001b[31m" in str(refusal.value)
