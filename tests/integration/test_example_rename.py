# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``docs/examples/rename.yml`` reports a misspelt name. test_guides.py tests that it renames timers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from emulator.plain import MAPPED, MAPPED_TOO, Api
from integration.harness import Playbooks
from patience import LIMIT

RENAME = Path(__file__).resolve().parents[2] / "docs" / "examples" / "rename.yml"


def test_renaming_stops_at_a_name_that_no_timer_has(api: Api, playbooks: Playbooks) -> None:
    """Nothing is renamed. An already renamed timer is not reported as missing."""
    api.login(MAPPED, MAPPED_TOO)
    for name in ("one", "backup-two"):
        api.create(name=name)
    names = {"one": "backup-one", "two": "backup-two"}

    status, output = _rename(playbooks, {**names, "On": "backup-on"})

    assert status == 2
    words = " ".join(output.split()).replace("\\", "")  # as JSON, quotes are escaped
    assert 'No timer has the name or ID "On". Nothing was renamed. Names are case-sensitive.' in words
    assert sorted(timer["name"] for timer in api.jobs()) == ["backup-two", "one"]
    assert _rename(playbooks, names)[0] == 0
    assert sorted(timer["name"] for timer in api.jobs()) == ["backup-one", "backup-two"]


def _rename(playbooks: Playbooks, names: dict[str, str]) -> tuple[int, str]:
    command = ["ansible-playbook", str(RENAME), "-e", json.dumps({"rename_timers": names})]
    environment = {**playbooks.environment, "RECORD": str(playbooks.home / "rename.jsonl")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)
    return done.returncode, done.stdout + done.stderr
