# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What GitHub is asked to do: the workflows, the commands that they run, what contributors are asked, pre-commit."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from integration.harness import ANSIBLE
from patience import LIMIT
from tools.matrix import ROWS

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
SESSIONS = tomllib.loads((ROOT / "antsibull-nox.toml").read_text(encoding="utf-8"))["sessions"]


def read(path: str | Path) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def jobs(workflow: str) -> dict[str, Any]:
    found: dict[str, Any] = read(f".github/workflows/{workflow}.yml")["jobs"]
    return found


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_may_little_and_runs_what_cannot_be_changed(file: Path) -> None:
    """A token that only reads, unless a job says why; actions by their hash, since a tag can be moved."""
    workflow = read(file)
    assert workflow["permissions"] in ({}, {"contents": "read"})
    assert "pull_request_target" not in workflow["on"]
    writing = {name for name, job in workflow["jobs"].items() if "write" in job.get("permissions", {}).values()}
    assert writing == {"docs": {"publish"}, "release": {"build"}}.get(file.stem, set())
    used = [job["uses"] for job in workflow["jobs"].values() if "uses" in job]
    steps = [step for job in workflow["jobs"].values() for step in job.get("steps", ())]
    used += [step["uses"] for step in steps if "uses" in step]
    assert used
    assert not [action for action in used if not re.search(r"@[0-9a-f]{40}$", action)]
    for step in steps:
        for target in re.findall(r"\bmake ([\w-]+)", step.get("run", "")):
            assert f"make {target} " in TARGETS


def test_every_pull_request_and_every_night_runs_everything() -> None:
    """Every row of make matrix, with the Pythons that it needs."""
    assert {"push", "pull_request", "schedule"} <= set(read(".github/workflows/ci.yml")["on"])
    runs = {step.get("run") for job in jobs("ci").values() for step in job.get("steps", ())}
    assert {"make test", "make browser-test", "make rulebook-test", "make matrix", "actionlint"} <= runs
    assert jobs("ci")["matrix"]["strategy"]["matrix"]["core"] == [row.core for row in ROWS]
    _checkout, setup, _run = jobs("ci")["matrix"]["steps"]
    needed = {python for row in ROWS for python in (row.python, row.modules) if python}
    assert needed <= set(setup["with"]["python-version"].split())


@pytest.mark.parametrize(
    ("there", "installs", "status", "done"),
    [
        (("chromium", "java"), True, 0, ["make test", "make browser-test", "make rulebook-test"]),
        (
            (),
            True,
            0,
            [
                "make test",
                "apt-get update -qq",
                "apt-get install -qq -y chromium",
                "make browser-test",
                "apt-get update -qq",
                "apt-get install -qq -y default-jre-headless",
                "make rulebook-test",
            ],
        ),
        (("chromium",), False, 1, ["make test", "make browser-test", "apt-get update -qq"]),
    ],
)
def test_the_whole_check_installs_what_is_missing(
    there: tuple[str, ...], installs: bool, status: int, done: list[str], tmp_path: Path
) -> None:
    """With programs that only note how they were started. Only what needs Java waits for Java."""
    log = tmp_path / "log"
    for name in (*there, "make", "apt-get"):
        works = name != "apt-get" or installs
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> {log}\nexit {0 if works else 100}\n', encoding="utf-8")
        program.chmod(0o755)
    for name in ("bash", "dirname"):
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))

    command = ["bash", str(ROOT / ".ci" / "run")]
    run = subprocess.run(
        command, env={"PATH": str(tmp_path / "bin")}, check=False, capture_output=True, text=True, timeout=LIMIT
    )

    assert run.returncode == status
    assert log.read_text(encoding="utf-8").splitlines() == done
    if status:
        assert "needs java, and apt-get could not install the package default-jre-headless" in run.stderr


def test_ansible_test_runs_with_every_core_and_devel_may_fail() -> None:
    """antsibull-nox takes every core from meta/runtime.yml on; what is not released runs where nobody waits for it."""
    major, minor = max(tuple(map(int, row.core.split(".")[:2])) for row in ROWS)
    nox = jobs("ci")["ansible-test"]
    assert nox["with"]["max-ansible-core"] == f"{major}.{minor}"
    assert nox["with"]["upload-codecov"] is True
    assert jobs("devel")["ansible-test"]["uses"] == nox["uses"]
    assert jobs("devel")["ansible-test"]["with"] == {"min-ansible-core": f"{major}.{minor + 1}"}
    assert set(read(".github/workflows/devel.yml")["on"]) == {"schedule", "workflow_dispatch"}
    for session in ("sanity", "units", "integration_w_default_container"):
        assert SESSIONS[f"ansible_test_{session}"]["include_devel"]
    pythons = SESSIONS["ansible_test_integration_w_default_container"]["core_python_versions"]
    assert {row.core.removesuffix(".0") for row in ROWS} | {"devel"} <= set(pythons)


def test_the_playbook_of_execution_environments_runs_where_the_sdk_is() -> None:
    environments = SESSIONS["ee_check"]["execution_environments"]
    assert len(environments) > 1
    (playbook,) = {name for one in environments for name in one["test_playbooks"]}
    command = [str(ANSIBLE / "ansible-playbook"), playbook]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "failed=0" in done.stdout
    assert "ignored=1" in done.stdout


def test_guides_need_no_files_that_the_shared_workflow_does_not_copy() -> None:
    """antsibull-docs takes only the pages of docs/docsite/rst; an image that is not there ends the workflow."""
    pages = sorted((ROOT / "docs" / "docsite" / "rst").glob("*.rst"))
    assert len(pages) > 10
    needs = re.compile(r"^ *\.\. (?:\|\w+\| )?(?:image|figure|include|literalinclude|csv-table)::", re.M)
    assert not [page.name for page in pages if needs.search(page.read_text(encoding="utf-8"))]


# Contributors


def test_a_pull_request_is_asked_for_its_fragment(tmp_path: Path) -> None:
    """By the commands that the workflow runs, in a repository with a branch."""
    (script,) = (step["run"] for step in jobs("ci")["fragment"]["steps"] if "run" in step)

    def git(*arguments: str) -> None:
        author = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *author, *arguments], cwd=tmp_path, check=True, capture_output=True)

    def write(name: str) -> None:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("changed\n", encoding="utf-8")
        git("add", "--all")
        git("commit", "--quiet", "--message", name)

    def ask() -> tuple[int, str]:
        variables = {"PATH": "/usr/local/bin:/usr/bin:/bin", "BASE": "main"}
        done = subprocess.run(
            ["bash", "-ec", script], cwd=tmp_path, env=variables, check=False, capture_output=True, text=True
        )
        assert done.stderr == ""
        return done.returncode, done.stdout

    git("init", "--quiet", "--initial-branch", "main")
    write("changelogs/fragments/earlier.yml")
    git("update-ref", "refs/remotes/origin/main", "main")
    for name in ("tests/test_timer.py", "README.md", "docs/docsite/rst/guide_awx.rst"):
        write(name)
    assert ask() == (0, "")
    write("plugins/modules/timer.py")
    write("meta/runtime.yml")
    status, said = ask()
    assert status == 1
    assert "This pull request changes files that users install:\nmeta/runtime.yml\nplugins/modules/timer.py\n" in said
    for name in ("changelogs/fragments/.keep", "changelogs/config.yaml"):
        write(name)
    git("rm", "--quiet", "changelogs/fragments/earlier.yml")
    git("commit", "--quiet", "--message", "a fragment less")
    assert ask()[0] == 1
    write("changelogs/fragments/timer.yml")
    assert ask() == (0, "")


def test_a_bug_report_asks_for_versions_and_output() -> None:
    form = read(".github/ISSUE_TEMPLATE/bug.yml")
    required = {part["id"]: str(part) for part in form["body"] if part.get("validations", {}).get("required")}
    assert "-vvv" in required["output"]
    assert all(word in required["versions"] for word in ("ansible --version", "globus-sdk", "collection list"))
    assert "changelogs/fragments" in (ROOT / ".github" / "pull_request_template.md").read_text(encoding="utf-8")


def test_pre_commit_has_the_linters_of_make() -> None:
    """In the same versions."""
    lines = (ROOT / "tests" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    installed = {line for line in lines if line and not line.startswith(("#", "-"))}
    hooks = [hook for repo in read(".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    wanted = {line for hook in hooks for line in hook["additional_dependencies"]}
    assert {Requirement(line).name for line in wanted} >= {"ruff", "yamllint", "codespell", "reuse", "zizmor"}
    assert wanted <= installed


def test_dependabot_looks_after_actions_and_every_requirements_file() -> None:
    updates = {update["package-ecosystem"]: update for update in read(".github/dependabot.yml")["updates"]}
    assert set(updates) == {"github-actions", "pip"}
    folders = {f"/{file.parent.relative_to(ROOT)}" for file in ROOT.glob("tests/*/requirements.txt")}
    # What ansible-test installs beside another ansible-core each time has no versions to propose.
    folders -= {"/tests/integration", "/tests/unit"}
    assert set(updates["pip"]["directories"]) == folders | {"/", "/tests"}
