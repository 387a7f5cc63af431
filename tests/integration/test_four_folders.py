# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An installed collection works in the same way with only the folders meta, plugins, roles and playbooks."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from emulator.control import LocalGlobus
from emulator.plain import MAPPED, MAPPED_TOO
from integration.harness import START, Playbooks, definition, timer

FOLDERS = ("meta", "playbooks", "plugins", "roles")


def test_works_from_four_folders_alone(globus: LocalGlobus, installed: Path, tmp_path: Path) -> None:
    """Every kind of content runs: modules, an action group, filters, the role with its template, the playbook."""
    whole = installed / "ansible_collections" / "research_ops" / "globus"
    bare = tmp_path / "bare"
    for folder in FOLDERS:
        shutil.copytree(whole / folder, bare / "ansible_collections" / "research_ops" / "globus" / folder)
    (tmp_path / "home").mkdir()
    playbooks = Playbooks(globus, bare, tmp_path / "home")
    page = tmp_path / "report.html"
    role = {
        "name": "role",
        "ansible.builtin.include_role": {"name": "research_ops.globus.backup"},
        "vars": {
            "backup_defaults": {"source_collection": MAPPED, "destination_collection": MAPPED_TOO},
            "backup_jobs": [{"name": "a", "schedule": "nightly", "source_path": "/a/", "destination_path": "/b/"}],
            "backup_clock": START,
            "backup_report": str(page),
        },
    }

    run = playbooks.run(
        [
            timer("timer", **definition("nightly")),
            role,
            {"name": "collections", "research_ops.globus.collection_info": {"collection_ids": [MAPPED]}},
            {"name": "timers", "research_ops.globus.timer_info": {}},
            {
                "name": "runs",
                "ansible.builtin.debug": {
                    "msg": "{{ {'interval': '1d', 'at': '02:00'} | research_ops.globus.upcoming_runs(count=1) }}"
                },
            },
            {"name": "sign in", "ansible.builtin.command": "ansible-playbook research_ops.globus.login --list-tasks"},
        ],
        play={"module_defaults": {"group/research_ops.globus.globus": {"environment": "production"}}},
    )

    assert run.status == 0, run.output
    assert run["timer"]["changed"]
    assert {entry["name"] for entry in run["timers"]["timers"]} == {"nightly", "backup-a"}
    assert re.search(r">\s*a\s*<", page.read_text(encoding="utf-8")), "the report has a row for the job"
    assert "Show who is signed in" in run["sign in"]["stdout"]
