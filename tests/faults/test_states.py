# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A random search over states of an account, tasks, faults and kills (I3, W1, W3, W4, W4b, W4c, D7).

A failure prints its seed: ``examine(SEED)`` of ``states.py`` repeats it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._apply import execute as execution
from ansible_collections.research_ops.globus.plugins.module_utils._timers import plan as planning
from faults.states import build, examine

BATCHES = 60 if os.environ.get("FAULTS") == "whole" else 6
SIZE = 100


@pytest.fixture(autouse=True, scope="module")
def _no_waiting() -> Iterator[None]:
    """The service in memory has made up its mind at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execution, "LOOK_AGAIN_AFTER", 0.0)
        patch.setattr(execution, "LOOK_AGAIN_MAXIMUM", 0.0)
        yield


def _search(first: int, end: int) -> None:
    for seed in range(first, end):
        examine(seed)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_whatever_the_state_W4(batch: int) -> None:
    _search(batch * SIZE, (batch + 1) * SIZE)


@pytest.mark.parametrize(
    ("room", "name", "answer"),
    [(execution, "_verify_successor", None), (planning, "_due_run", None), (planning, "_is_not_replaceable", False)],
    ids=["W4b", "W4c", "D7"],
)
def test_a_broken_rule_would_be_noticed(
    room: ModuleType, name: str, answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, name, lambda *_arguments: answer)
    with pytest.raises(AssertionError, match="seed"):
        _search(0, 6 * SIZE)


def test_a_seed_tells_the_whole_case() -> None:
    assert [str(build(seed)) for seed in range(50)] == [str(build(seed)) for seed in range(50)]
    assert len({str(build(seed)) for seed in range(50)}) > 40
