# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every target with the defaults of the local Globus, and with every other value of each switch: the modules depend on
none.

The switches are read from the local Globus, so a new one is covered automatically. A run of a target takes seconds, so
many unrelated switches are changed at the same time, but not every combination runs. With the defaults, Ansible has its
default settings. Otherwise it pipelines its modules, which is common and faster.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.control import LocalGlobus
from emulator.switches import Switches, other_values
from integration.harness import START, Playbooks

TOGETHER = 17
TARGETS = Path(__file__).resolve().parent / "targets"
# The other targets only set up requirements of these.
NAMES = sorted(folder.name for folder in TARGETS.iterdir() if folder.is_dir() and not folder.name.startswith("setup_"))


def settings() -> Iterator[tuple[str, Any]]:
    """Every value of every switch, except its default."""
    for name in Switches.model_fields:
        others = other_values(name)
        assert others, f"the switch {name} does not say which other value to test with"
        for value in others:
            yield name, value


def together() -> list[dict[str, Any]]:
    """The defaults, then all settings, ``TOGETHER`` at once.

    Related switches are declared next to each other, so each group consists of distant ones.
    """
    every = list(settings())
    runs = math.ceil(len(every) / TOGETHER)
    found = [dict(every[number::runs]) for number in range(runs)]
    assert sum(map(len, found)) == len(every), "two values of one switch came together"
    return [{}, *found]


def title(switches: dict[str, Any]) -> str:
    return ",".join(f"{name}={value}" for name, value in switches.items()) or "defaults"


@pytest.mark.parametrize("switches", together(), ids=title)
@pytest.mark.parametrize("target", NAMES)
def test_target(target: str, switches: dict[str, Any], globus: LocalGlobus, playbooks: Playbooks) -> None:
    globus.reset(clock=START, stopped=True, switches=switches)
    variables = {"ANSIBLE_ROLES_PATH": str(TARGETS), "ANSIBLE_PIPELINING": str(bool(switches))}
    run = playbooks.run((), play={"roles": [target]}, environment=variables)
    assert run.status == 0, run.output
