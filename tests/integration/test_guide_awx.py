# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide to AWX: its files, and jobs as AWX starts them.

Not run here, because there is no container runtime and no AWX: ``ansible-builder build``, which uses the context that
``ansible-builder create`` creates below, and the work of AWX around ``ansible-playbook``. AWX renders the ``env`` of
the injectors with Jinja's ImmutableSandboxedEnvironment, from the inputs that are not empty (its models/credential.py).
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2.sandbox import ImmutableSandboxedEnvironment

import patience
from emulator.control import LocalGlobus
from integration.harness import BIN, Playbooks, calls
from patience import LIMIT

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"
AWX = EXAMPLES / "awx"
# The playbooks of the project.
PROJECT = {"backups.yml": EXAMPLES / "backups.yml", "alert.yml": EXAMPLES / "alerts" / "alert.yml"}


def read(name: str) -> Any:
    return yaml.safe_load((AWX / name).read_text(encoding="utf-8"))


def builder(*arguments: str | Path) -> str:
    command = [str(BIN / "ansible-builder"), *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=LIMIT).stdout


# --- the files -----------------------------------------------------------------------------------------------------


def test_the_execution_environment_is_one_that_ansible_builder_makes(tmp_path: Path) -> None:
    """The build context. ansible-builder validates the definition against its schema before it writes it."""
    builder("create", "--file", AWX / "execution-environment.yml", "--context", tmp_path)
    asked = yaml.safe_load((tmp_path / "_build" / "requirements.yml").read_text(encoding="utf-8"))
    repository = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["repository"]
    assert (
        asked == {"collections": [{"name": f"{repository}.git", "type": "git"}]} == read("collections/requirements.yml")
    )
    (file,) = tmp_path.glob("*file")  # Containerfile with podman, otherwise Dockerfile
    steps = file.read_text(encoding="utf-8")
    assert steps.index("install -y git-core") < steps.index("ansible-galaxy collection install")
    assert "introspect.py introspect" in steps, "the requirements of the collection are looked for in it"


def test_the_fragment_for_automation_platform_makes_one_too(tmp_path: Path) -> None:
    """The definition as in the guide: without Python, Ansible and its runner, which the image contains."""
    guide = (ROOT / "docs" / "docsite" / "rst" / "guide_awx.rst").read_text(encoding="utf-8")
    (fragment,) = re.findall(r"^\.\. code-block:: yaml\n\n((?:    .*\n)*    options:\n(?:    .*\n)+)", guide, re.M)
    definition = {**read("execution-environment.yml"), **yaml.safe_load(fragment)}
    for name in ("python_interpreter", "ansible_core", "ansible_runner"):
        assert f"``{name}``" in guide
        del definition["dependencies"][name]
    (tmp_path / "platform.yml").write_text(yaml.safe_dump(definition), encoding="utf-8")
    builder("create", "--file", tmp_path / "platform.yml", "--context", tmp_path / "context")
    (file,) = (tmp_path / "context").glob("*file")
    assert 'ARG PKGMGR="/usr/bin/microdnf"' in file.read_text(encoding="utf-8")


def test_a_definition_that_is_none_is_refused(tmp_path: Path) -> None:
    """So that the test above can fail."""
    (tmp_path / "wrong.yml").write_text("version: 3\ndependencies:\n  collection: []\n", encoding="utf-8")
    with pytest.raises(subprocess.CalledProcessError):
        builder("create", "--file", tmp_path / "wrong.yml", "--context", tmp_path / "context")


def test_ansible_builder_finds_what_the_collection_needs(installed: Path) -> None:
    """The built and installed collection requires exactly the packages of requirements.txt."""
    found = yaml.safe_load(builder("introspect", installed))
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    needed = [line for line in lines if line and not line.startswith("#")]
    assert needed[0].startswith("globus-sdk")
    assert [one.split("#")[0].strip() for one in found["python"]] == needed
    assert all(one.endswith("from collection research_ops.globus") for one in found["python"])
    assert found["system"] == []


def test_the_credential_type_is_one() -> None:
    inputs, injectors = read("credential_type_inputs.yml"), read("credential_type_injectors.yml")
    fields = {field["id"]: field for field in inputs["fields"]}
    assert set(inputs) == {"fields", "required"}
    assert set(inputs["required"]) == set(fields)
    assert [name for name, field in fields.items() if field.get("secret")] == ["client_secret"]
    properties = {"id", "type", "label", "help_text", "secret"}
    assert all({"id", "label"} <= set(field) <= properties for field in fields.values())
    assert set(injectors) == {"env"}
    assert not [name for name in injectors["env"] if name.startswith("ANSIBLE_")], "AWX refuses those"


# --- jobs ----------------------------------------------------------------------------------------------------------


class Controller:
    """Starts jobs as AWX does: each with its own environment, inventory and home, and variables in a file.

    :param inputs: of the credential.
    """

    def __init__(self, globus: LocalGlobus, playbooks: Playbooks, **inputs: str) -> None:
        render = ImmutableSandboxedEnvironment().from_string
        given = {name: value for name, value in inputs.items() if value}
        injected = read("credential_type_injectors.yml")["env"]
        self.folder = playbooks.home
        self.environment = {
            **{name: value for name, value in playbooks.environment.items() if not name.startswith("GLOBUS_CLIENT_")},
            **{name: render(template).render(given) for name, template in injected.items()},
            "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
            "RECORD": str(self.folder / "jobs.jsonl"),
        }
        self.number = 0

    def job(self, playbook: str, *options: str, **variables: Any) -> str:
        """Run a job. Returns its output. Nothing of earlier jobs exists, except in Globus."""
        self.number += 1
        folder = self.folder / f"job-{self.number}"
        (folder / "home").mkdir(parents=True)
        python = "{{ ansible_playbook_python }}"
        localhost = {"ansible_connection": "local", "ansible_python_interpreter": python}
        other = {"ansible_connection": "local"}
        inventory = {"all": {"hosts": {"localhost": localhost, "web": other}}}
        (folder / "hosts.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
        (folder / "extravars").write_text(yaml.safe_dump(variables), encoding="utf-8")
        given = ["-i", folder / "hosts.yml", "-e", f"@{folder / 'extravars'}", *options, PROJECT[playbook]]
        done = patience.run(
            ["ansible-playbook", *map(str, given)],
            env={**self.environment, "HOME": str(folder / "home"), "ANSIBLE_HOME": str(folder / "home/.ansible")},
            cwd=folder,
        )
        shutil.rmtree(folder)
        return f"{done.stdout}\nstatus={done.returncode}"


@pytest.fixture
def controller(globus: LocalGlobus, playbooks: Playbooks) -> Controller:
    return Controller(globus, playbooks, client_id=globus.client_id, client_secret=globus.client_secret)


def test_the_job_templates(globus: LocalGlobus, controller: Controller) -> None:
    """Preview, creation, the maintenance window of the survey, and health, without a permanent home."""
    preview = controller.job("backups.yml", "--check", "--diff")
    assert "changed=1" in preview
    assert globus.timers() == []
    created = controller.job("backups.yml", "--diff", "-vvvvv", backup_state="present")
    assert "changed=1" in created
    assert globus.client_secret not in created
    assert len(globus.timers()) == 24

    def paused() -> int:
        return sum(timer["inactive_reason"] is not None for timer in globus.timers())

    assert "changed=1" in controller.job("backups.yml", backup_state="paused")
    assert paused() == 24
    assert "changed=0" in controller.job("backups.yml", backup_state="present")
    assert paused() == 24
    assert "changed=1" in controller.job("backups.yml", backup_state="active")
    assert paused() == 0
    healthy = controller.job("alert.yml")
    assert "status=0" in healthy
    globus.revoke()
    globus.advance(86400)
    alert = controller.job("alert.yml")
    assert "status=2" in alert
    assert re.search(r'backup-microscope\\?" is needs_consent', alert), alert


def test_a_limit_leaves_a_green_job_that_did_nothing(globus: LocalGlobus, controller: Controller) -> None:
    output = controller.job("backups.yml", "--limit", "web")
    assert "skipping: no hosts matched" in output
    assert "status=0" in output
    assert globus.log() == []


def test_the_tasks_of_a_job_share_a_token_where_the_injectors_say_so(
    globus: LocalGlobus, controller: Controller, tmp_path: Path
) -> None:
    """Two playbooks with one task each. The folder of the cache does not have to exist."""
    requests = []
    for storage in ({}, {"GLOBUS_TOKEN_STORAGE": str(tmp_path / "cache" / "tokens.json")}):
        controller.environment |= storage
        globus.clear_log()
        assert "status=0" in controller.job("alert.yml", str(PROJECT["alert.yml"]))
        requests.append(calls(globus.log()))
    assert requests == [["POST token", "GET jobs"] * 2, ["POST token", "GET jobs", "GET jobs"]]


@pytest.mark.parametrize(
    ("inputs", "message"), [({}, "No Globus credentials were found"), ({"client_id": "a"}, "is not")]
)
def test_a_job_without_a_credential(
    inputs: dict[str, str], message: str, globus: LocalGlobus, playbooks: Playbooks
) -> None:
    """A template without inputs renders to an empty text, and an empty variable counts as unset."""
    output = Controller(globus, playbooks, **inputs).job("alert.yml")
    assert message in output
    assert "status=2" in output


def test_a_job_in_an_image_without_the_collection(controller: Controller) -> None:
    controller.environment["ANSIBLE_COLLECTIONS_PATH"] = str(controller.folder / "none")
    guide = (ROOT / "docs" / "docsite" / "rst" / "guide_awx.rst").read_text(encoding="utf-8")
    for playbook, message in (
        ("alert.yml", "couldn't resolve module/action 'research_ops.globus.timer_info'"),
        ("backups.yml", "the role 'research_ops.globus.backup' was not found"),
    ):
        assert message in controller.job(playbook)
        assert message in guide


# --- ansible-navigator ---------------------------------------------------------------------------------------------


def navigator(playbooks: Playbooks, settings: str) -> str:
    """The output of the command in the guide, without a container, because there is no container engine here."""
    folder = playbooks.home / "project"
    folder.mkdir()
    (folder / "ansible-navigator.yml").write_text(settings, encoding="utf-8")
    shutil.copy(PROJECT["backups.yml"], folder)
    guide = (ROOT / "docs" / "docsite" / "rst" / "guide_awx.rst").read_text(encoding="utf-8")
    (command,) = re.findall(r"^  ansible-navigator (run .*)$", guide, re.M)
    done = patience.run(
        [str(BIN / "ansible-navigator"), *command.split(), "--execution-environment", "false"],
        env={**playbooks.environment, "RECORD": str(playbooks.home / "navigator.jsonl")},
        cwd=folder,
    )
    written = [file.read_text(encoding="utf-8") for file in folder.rglob("*") if file.is_file()]
    assert playbooks.environment["GLOBUS_CLIENT_SECRET"] not in "".join([done.stdout, *written])
    return f"{done.stdout}\nstatus={done.returncode}"


def test_ansible_navigator_takes_the_settings_and_runs_the_playbook(globus: LocalGlobus, playbooks: Playbooks) -> None:
    output = navigator(playbooks, (AWX / "ansible-navigator.yml").read_text(encoding="utf-8"))
    assert "status=0" in output
    assert "changed=1" in output
    assert "settings file" not in output
    assert globus.timers() == []
    assert not list((playbooks.home / "project").glob("*-artifact-*"))


def test_settings_that_ansible_navigator_does_not_know_are_refused(globus: LocalGlobus, playbooks: Playbooks) -> None:
    """So that the test above can fail."""
    settings = (AWX / "ansible-navigator.yml").read_text(encoding="utf-8")
    output = navigator(playbooks, settings.replace("pass:", "passed:"))
    assert "'passed' was unexpected" in output
    assert globus.log() == []
