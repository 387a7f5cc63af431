# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks of the guides, run with the commands of the guides, in a folder that contains only them.

tests/unit/test_guides.py tests that the guides show the files of the repository. test_demo.py runs the commands of the
guide to rehearsing, and test_guide_awx.py those of the guide to AWX.
"""

from __future__ import annotations

import json
import re
import shutil
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

import patience
from emulator.control import LocalGlobus
from emulator.plain import MAPPED, MAPPED_TOO, Api
from integration import in_process
from integration.documented import APP, WORLD
from integration.harness import START, Playbooks
from integration.people import Person

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ROOT / "docs" / "docsite" / "rst"
EXAMPLES = ROOT / "docs" / "examples"
TIMER = "research_ops.globus.timer"
YAML = r"^\.\. code-block:: yaml\n\n((?: .*\n|\n)+)"

# Guide, the files that a reader saves, and the number of changes by each of its commands.
COMMANDS = [
    ("first_timer", [ROOT / "demo" / "backup.yml"], [1, 1]),
    ("backups", [EXAMPLES / "backups.yml"], [1, 1, 1, 1]),
    (
        "taking_over",
        [EXAMPLES / name for name in ("take_over.yml", "managed.yml", "rename.yml", "move.yml")],
        # taken over, managed twice, renamed, paused, managed, deleted in check mode and in reality
        [1, 0, 0, 1, 1, 0, 1, 1],
    ),
    ("health", [EXAMPLES / "alerts" / "alert.yml"], [0]),
]


def run(playbooks: Playbooks, script: str) -> str:
    """The output of a script in its own folder."""
    (playbooks.home / "plays").mkdir(exist_ok=True)
    done = patience.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={**playbooks.environment, "RECORD": str(playbooks.home / "guide.jsonl")},
        cwd=playbooks.home / "plays",
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize(("guide", "files", "changed"), COMMANDS, ids=[case[0] for case in COMMANDS])
def test_the_commands_of_a_guide(
    guide: str, files: list[Path], changed: list[int], api: Api, playbooks: Playbooks
) -> None:
    api.create(name="facility-a")
    api.create(name="other")
    api.create(name="microscope at night")
    (playbooks.home / "plays").mkdir()
    for file in files:
        shutil.copy(file, playbooks.home / "plays")
    text = (GUIDES / f"guide_{guide}.rst").read_text(encoding="utf-8")
    indent = " *" if guide == "taking_over" else ""
    blocks = re.findall(rf"^({indent})\.\. code-block:: bash\n\n((?:\1 +.*\n|\n)+)", text, re.M)
    script = "".join(textwrap.dedent(block) for _indentation, block in blocks)
    assert script.count("ansible-playbook ") == len(changed)

    output = run(playbooks, script)

    assert [int(number) for number in re.findall(r"changed=(\d)", output)] == changed
    for printed in re.findall(r"^\.\. code-block:: text\n\n((?: .*\n|\n)+)", text, re.M):
        assert textwrap.dedent(printed).strip() in output
    if guide == "taking_over":
        written = (playbooks.home / "plays" / "globus_timers.yml").read_text(encoding="utf-8")
        assert re.findall(r"name: (\S+)", written) == ["facility-a"]
        assert sorted(timer["name"] for timer in api.jobs()) == ["backup-microscope", "other"]


def test_the_play_of_a_person(globus: LocalGlobus, playbooks: Playbooks) -> None:
    """The native app of the guide is in the world of the documentation."""
    globus.reset(world=WORLD, clock=START, stopped=True)
    for name in ("GLOBUS_CLIENT_ID", "GLOBUS_CLIENT_SECRET"):
        del playbooks.environment[name]
    Person(globus, playbooks.home).sign_in(client_id=APP)

    output = run(playbooks, f"ansible-playbook {EXAMPLES / 'as_a_person.yml'}")

    assert '"msg": ""' in output


def test_the_timers_that_run_tonight(api: Api, globus: LocalGlobus, playbooks: Playbooks) -> None:
    """The tasks in the guide to health, at the time of this host, because they compare with its clock."""
    globus.reset()
    api.login(MAPPED, MAPPED_TOO)
    now = datetime.now(UTC)
    for name, hours in (("later", 10), ("sooner", 2), ("tomorrow", 20)):
        start = (now + timedelta(hours=hours)).isoformat(timespec="seconds")
        api.create(name=name, schedule={"type": "recurring", "start": start, "interval_seconds": 86400})
    text = (GUIDES / "guide_health.rst").read_text(encoding="utf-8")
    (block,) = [block for block in re.findall(YAML, text, re.M) if "register: tonight" in block]
    read, show = yaml.safe_load(block)
    results = playbooks.run([read, show])[show["name"]]["results"]
    assert [one["msg"].split()[1] for one in results if not one.get("skipped")] == ['"sooner"', '"later"']


def test_a_failure_as_troubleshooting_shows_it(globus: LocalGlobus, tmp_path: Path) -> None:
    text = (GUIDES / "guide_troubleshooting.rst").read_text(encoding="utf-8")
    (block,) = re.findall(r"^\.\. code-block:: text\n\n((?: .*\n|\n)+)", text, re.M)
    shown = json.loads(block)
    result = in_process.run("timer_info", {}, {**globus.environment, "HOME": str(tmp_path)})
    assert result["msg"].startswith(shown.pop("msg").removesuffix("..."))
    assert {name: result[name] for name in shown} == shown


def test_a_failure_that_is_none(playbooks: Playbooks) -> None:
    """The task in the guide to troubleshooting: no timer is ok, but all logins are."""
    text = (GUIDES / "guide_troubleshooting.rst").read_text(encoding="utf-8")
    (block,) = re.findall(r"^\.\. code-block:: yaml\n\n((?: .*\n|\n)+)", text, re.M)
    (task,) = yaml.safe_load(block)
    wrong = {**task, "name": "wrong", TIMER: {**task[TIMER], "client_secret": "wrong"}}
    done = playbooks.run([task, wrong])
    assert done[task["name"]]["error"]["code"] == "timer_not_found"
    assert not done[task["name"]]["failed_when_result"]
    assert done["wrong"]["failed_when_result"]
    assert done.status == 2
