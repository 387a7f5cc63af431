# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The installed collection and Ansible: ansible-doc reads all documentation without warnings."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from integration.harness import ANSIBLE
from patience import LIMIT

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = "research_ops.globus"
PLUGINS = {
    "module": sorted(file.stem for file in (ROOT / "plugins" / "modules").glob("[!_]*.py")),
    "filter": sorted(file.stem for file in (ROOT / "plugins" / "filter").glob("[!_]*.yml")),
    "role": sorted(folder.name for folder in (ROOT / "roles").iterdir()),
}


def ansible(program: str, *arguments: str, collections: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a program of Ansible with only the installed collection."""
    return subprocess.run(
        [str(ANSIBLE / program), *arguments],
        env={
            "PATH": os.pathsep.join([str(ANSIBLE), os.environ["PATH"]]),
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_NOCOLOR": "true",
        },
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )


@pytest.mark.parametrize("kind", PLUGINS)
def test_every_plugin_has_documentation_that_ansible_reads_without_a_warning(
    kind: str, installed: Path, tmp_path: Path
) -> None:
    names = [f"{COLLECTION}.{name}" for name in PLUGINS[kind]]
    assert names

    for form in ((), ("--json",)):
        done = ansible("ansible-doc", "--type", kind, *form, *names, collections=installed, home=tmp_path)
        # ansible-core 2.21 warns about its own collection when it looks for roles.
        warnings = [line for line in done.stderr.splitlines() if "_protomatter" not in line]
        assert (done.returncode, warnings) == (0, []), done.stdout

    assert sorted(json.loads(done.stdout)) == names


def test_the_collection_takes_this_ansible(installed: Path, tmp_path: Path) -> None:
    """Ansible warns about a collection that does not support this version of Ansible: here, this is an error."""
    book = tmp_path / "playbook.yml"
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "collections": [COLLECTION],
        "tasks": [{"ansible.builtin.debug": {"msg": "{{ {'interval': '1d'} | research_ops.globus.upcoming_runs }}"}}],
    }
    book.write_text(yaml.safe_dump([play]), encoding="utf-8")

    done = ansible("ansible-playbook", "-i", "localhost,", str(book), collections=installed, home=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "does not support Ansible version" not in done.stdout + done.stderr
