# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entry point restore of the role, on the local Globus with real files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emulator.control import LocalGlobus
from emulator.plain import MAPPED, MAPPED_TOO
from integration.harness import START, Playbooks, Run, Task

ROLE = "research_ops.globus.backup"
JOBS: dict[str, Any] = {
    "backup_defaults": {"source_collection": MAPPED, "destination_collection": MAPPED_TOO},
    "backup_jobs": [
        {
            "name": "sequencer",
            "source_path": "/data/seq/",
            "destination_path": "/backup/seq/{slot}/",
            "schedule": "rotating_weekdays",
        },
        {
            "name": "microscope",
            "source_path": "/data/microscope/",
            "destination_path": "/backup/microscope/",
            "schedule": "nightly",
        },
    ],
}


@pytest.fixture
def lab(globus: LocalGlobus, tmp_path: Path) -> Path:
    """Two collections with real folders: ``disk``, whose clock stands, and ``archive``."""
    roots = {MAPPED: tmp_path / "disk", MAPPED_TOO: tmp_path / "archive"}
    for root in roots.values():
        root.mkdir()
    for job in JOBS["backup_jobs"]:
        (roots[MAPPED] / job["source_path"].strip("/")).mkdir(parents=True)
    world = {
        "collections": [{"id": key, "display_name": root.name, "root": str(root)} for key, root in roots.items()],
        "clients": [{"id": globus.client_id, "secret": globus.client_secret}],
    }
    globus.reset(world=world, clock=START, stopped=True)
    return tmp_path


def write(lab: Path, path: str, text: str) -> None:
    (lab / path).parent.mkdir(parents=True, exist_ok=True)
    (lab / path).write_text(text, encoding="utf-8")


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder, with its content."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return {str(file.relative_to(folder)): file.read_text(encoding="utf-8") for file in files}


def entry(title: str, entry_point: str, now: str = START, /, **variables: Any) -> list[Task]:
    """Run an entry point of the role; its result variable, or what it failed with, becomes the result ``title``."""
    included = {
        "name": f"role {title}",
        "ansible.builtin.include_role": {"name": ROLE, "tasks_from": entry_point},
        "vars": {"backup_clock": now, **JOBS, **variables},
    }
    shown = {
        "name": title,
        "ansible.builtin.debug": {
            "msg": {
                "result": f"{{{{ backup_{entry_point}_result | default(none) }}}}",
                "failure": "{{ (ansible_failed_result | default({})).msg | default(none) }}",
            }
        },
    }
    return [{"name": f"block {title}", "block": [included], "rescue": [], "always": [shown]}]


def came_of(run: Run, title: str) -> Any:
    return run[title]["msg"]["result"]


def failure(run: Run, title: str) -> str:
    return str(run[title]["msg"]["failure"])


def test_last_weeks_tuesday_comes_back_beside_the_original(
    playbooks: Playbooks, globus: LocalGlobus, lab: Path
) -> None:
    write(lab, "disk/data/seq/run-1/a.txt", "monday")
    run = playbooks.run(
        [{"name": "r", "ansible.builtin.include_role": {"name": ROLE}}], variables={"backup_clock": START, **JOBS}
    )
    assert run.status == 0, run.output
    globus.set_clock("2026-03-03T12:00:00+00:00")
    tuesday = tree(lab / "archive/backup/seq/tue")
    assert tuesday == {"run-1/a.txt": "monday"}
    write(lab, "disk/data/seq/run-1/a.txt", "destroyed")
    now = "2026-03-03T12:00:00+00:00"
    run = playbooks.run(entry("restore", "restore", now, backup_restore_job="sequencer", backup_restore_slot="tue"))
    print(run.output)
    assert tree(lab / "disk/data/seq-restored-tue-20260303T1200Z") == tuesday
    assert came_of(run, "restore")["state"] == "arrived"
