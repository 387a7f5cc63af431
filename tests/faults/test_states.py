# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A random search over states of an account, tasks, faults and kills (I3, W1, W3, W4, W4b, W4c, D7).

A failure prints its seed: ``examine(SEED)`` of ``states.py`` repeats it; of ``role_states.py`` if it contains "role".
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._apply import execute as execution
from ansible_collections.research_ops.globus.plugins.module_utils._module import timers as timers_module
from ansible_collections.research_ops.globus.plugins.module_utils._timers import plan as planning
from emulator.control import LocalGlobus
from faults import role_states
from faults.harness import QUICK
from faults.states import build, examine
from integration.in_process import MODULE_UTILS

WHOLE = os.environ.get("FAULTS") == "whole"
BATCHES = 60 if WHOLE else 6
SIZE = 100
ROLE_BATCHES = 40 if WHOLE else 2
ROLE_SIZE = 50
HTTP_BATCHES = 25 if WHOLE else 2
HTTP_SIZE = 20


@pytest.fixture(autouse=True, scope="module")
def _no_waiting() -> Iterator[None]:
    """The service in memory carries out requests at once, so no waiting is needed."""
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


@pytest.mark.parametrize("batch", range(ROLE_BATCHES))
def test_whatever_the_state_the_role_puts_it_right_W4(batch: int) -> None:
    """Jobs -> the filter ``backup_timers`` -> the work of ``timers``, on the service in memory."""
    _search_role(batch * ROLE_SIZE, (batch + 1) * ROLE_SIZE)


# The system closes the connections of a killed process. Here they are still open.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.parametrize("batch", range(HTTP_BATCHES))
def test_whatever_the_state_of_the_local_Globus_W4(
    batch: int, server: LocalGlobus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same with the module itself over HTTP: lost answers, refusals and kills."""
    for constant, value in QUICK.items():
        monkeypatch.setattr(f"{MODULE_UTILS}.{constant}", value)
    _search_role(batch * HTTP_SIZE, (batch + 1) * HTTP_SIZE, server)
    gc.collect()


def _search_role(first: int, end: int, globus: LocalGlobus | None = None) -> None:
    for seed in range(first, end):
        role_states.examine(seed, globus)


def test_a_broken_rule_would_be_noticed_in_the_role_D7(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "_is_not_replaceable", lambda *_arguments: False)
    with pytest.raises(AssertionError, match="role, seed"):
        _search_role(0, 100)


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_a_broken_rule_would_be_noticed_over_http_W7(server: LocalGlobus, monkeypatch: pytest.MonkeyPatch) -> None:
    for constant, value in QUICK.items():
        monkeypatch.setattr(f"{MODULE_UTILS}.{constant}", value)
    monkeypatch.setattr(timers_module, "plan_purge", lambda *_arguments, **_options: [])
    with pytest.raises(AssertionError, match="role, seed"):
        _search_role(0, 100, server)
    gc.collect()


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
