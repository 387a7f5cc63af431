# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests run wherever the checkout lies, also where Ansible wants it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import patience
from tools.tree import copy

ROOT = Path(__file__).resolve().parents[2]
# One that imports the collection, one that asks Ansible for it, one that starts the local Globus.
TESTS = (
    "tests/unit/plugins/module_utils/test_errors.py",
    "tests/unit/test_collection.py",
    "tests/unit/emulator/test_people.py",
)


def test_the_unit_tests_run_where_ansible_wants_the_checkout(tmp_path: Path) -> None:
    checkout = tmp_path / "ansible_collections" / "research_ops" / "globus"
    copy(ROOT, checkout)
    link = checkout / ".ansible" / "collections" / "ansible_collections" / "research_ops" / "globus"  # of make setup
    link.parent.mkdir(parents=True)
    link.symlink_to(checkout)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTEST_", "PYTHON"))}
    done = patience.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS],
        cwd=checkout,
        env=kept,
    )
    assert done.returncode == 0, done.stdout
