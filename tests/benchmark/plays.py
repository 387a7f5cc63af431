# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks that are timed or weighed, in one ansible-playbook."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emulator.control import LocalGlobus

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

Task = dict[str, Any]


def run_tasks(
    globus: LocalGlobus, folder: Path, wanted: list[Task], environment: Mapping[str, str], python: str
) -> list[Any]:
    """Run tasks in one ansible-playbook; what the callback noted of each. The log of the local Globus starts anew."""
    book, stamps = folder / "playbook.json", folder / "stamps"
    stamps.unlink(missing_ok=True)
    variables = {"ansible_python_interpreter": python}
    plays = [{"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": wanted}]
    book.write_text(json.dumps(plays), encoding="utf-8")  # JSON is YAML
    globus.clear_log()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "GLOBUS_"))}
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", str(book)],
        env={
            **kept,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible" / "collections"),
            "ANSIBLE_HOME": str(folder / ".ansible"),
            "ANSIBLE_REMOTE_TEMP": str(folder / ".ansible" / "tmp"),
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "stamp",
            "STAMPS": str(stamps),
            "GLOBUS_CLIENT_ID": globus.client_id,
            "GLOBUS_CLIENT_SECRET": globus.client_secret,
            **globus.environment,
            **environment,
        },
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"ansible-playbook ended with {done.returncode}:\n{done.stdout}")
    return [json.loads(line) for line in stamps.read_text(encoding="utf-8").splitlines()]


def scales(folder: Path) -> tuple[str, dict[str, str]]:
    """An interpreter that weighs each process of a module, and the environment it needs."""
    # Ansible wants one word for an interpreter.
    interpreter = folder / "python"
    interpreter.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, "-I", "-S", str(HERE / "weigh.py")])} "$@"\n')
    interpreter.chmod(0o700)
    return str(interpreter), {"WEIGH_FILE": str(folder / "weights"), "WEIGH_PYTHON": sys.executable}


def weights(folder: Path) -> list[int]:
    """The peak memory of each module process that was weighed, in bytes and in their order. Forgets them."""
    file = folder / "weights"
    lines = file.read_text(encoding="utf-8").splitlines()
    file.unlink()
    return [int(line.split()[0]) for line in lines if "AnsiballZ_" in line]
