# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which timers Automation Platform counts by extensions/audit/event_query.yml, from real results of tasks.

``nodes`` processes them as AWX does (awx/main/tasks/host_indirect.py), and refuses what AWX or its database would
refuse: after an error of jq, the nodes of the event are lost; after a null in ``canonical_facts``, the node; and after
a name that is null, too long or not unique, all nodes of the job.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import jq
import pytest
import yaml

from emulator.plain import UNKNOWN, Api
from integration.harness import Playbooks, Task, definition, timer
from integration.in_process import Modules

ROOT = Path(__file__).resolve().parents[2]
QUERIES = yaml.safe_load((ROOT / "extensions" / "audit" / "event_query.yml").read_text(encoding="utf-8"))
TIMER, TIMERS = "research_ops.globus.timer", "research_ops.globus.timers"


def hashable(facts: Any) -> Any:
    """The queries, read as AWX reads them."""
    if isinstance(facts, Mapping):
        return tuple(sorted((hashable(key), hashable(value)) for key, value in facts.items()))
    if isinstance(facts, list):
        return tuple(hashable(value) for value in facts)
    assert isinstance(facts, (int, float, str, bool)), "AWX drops a node with null"
    return facts


def nodes(events: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
    """The nodes of a job whose tasks had these actions and results."""
    found: dict[Any, dict[str, Any]] = {}
    for action, result in events:
        if action in QUERIES:
            for node in jq.compile(QUERIES[action]["query"]).input_value(result).all():
                assert node["canonical_facts"]
                found.setdefault(hashable(node["canonical_facts"]), node)
    names = [node["name"] for node in found.values()]
    assert all(0 < len(name) <= 255 for name in names)
    assert len(set(names)) == len(names)
    assert "\0" not in json.dumps(list(found.values()), ensure_ascii=False), "PostgreSQL takes none"
    assert "\\u0000" not in json.dumps(list(found.values()))
    return list(found.values())


def identities(found: Iterable[Mapping[str, Any]]) -> set[str]:
    return {node["canonical_facts"]["globus_timer_id"] for node in found}


def test_what_changes_timers_has_a_query() -> None:
    """Modules that only read do not count: otherwise a job that lists all timers would count them all."""
    modules = {f"research_ops.globus.{file.stem}" for file in (ROOT / "plugins" / "modules").glob("*.py")}
    reading = {name for name in modules if name.endswith("_info")} | {"research_ops.globus.login"}
    assert set(QUERIES) == modules - reading == {TIMER, TIMERS}


def test_a_job(api: Api, playbooks: Playbooks) -> None:
    """A real run: loops, a list with an entry that fails, timers that are deleted or read, or have the same name."""
    twins = [api.create(name="twin"), api.create(name="twin")]
    api.create(name="of somebody else's play")
    old = api.create(name="old")
    drifted = api.create(name="drifted")
    entries = [definition("a"), definition("b"), {"timer_id": UNKNOWN, "state": "paused"}]
    looped: Task = {
        "name": "looped",
        TIMER: {"timer_id": "{{ item }}", "state": "paused"},
        "loop": twins,
    }
    run = playbooks.run(
        [
            timer("created", **definition()),
            timer("unchanged", **definition()),
            timer("check mode", task={"check_mode": True}, **definition("never")),
            timer("deleted", timer_id=old, state="absent"),
            timer("failed", on_drift="fail", **definition("drifted")),
            looped,
            {"name": "many", TIMERS: {"timers": entries}, "ignore_errors": True},
            {"name": "read", "research_ops.globus.timer_info": {}},
        ]
    )
    actions = {"many": TIMERS, "read": "research_ops.globus.timer_info"}
    found = nodes((actions.get(title, TIMER), result) for title, result in run.results.items())

    assert run["failed"]["failed"]
    assert run["failed"]["timer"]["id"] == drifted
    assert "results" in run["looped"]
    assert len(run["read"]["timers"]) >= 6
    created = run["created"]["timer"]["id"]
    listed = {entry["timer_id"] for entry in run["many"]["timers"] if not entry["failed"]}
    assert len(listed) == 2
    assert identities(found) == {created, *twins, *listed}
    (node,) = [node for node in found if identities([node]) == {created}]
    assert node == {
        "name": f"nightly ({created})",
        "canonical_facts": {"globus_timer_id": created},
        "facts": {"infra_type": "PublicCloud", "infra_bucket": "Storage", "device_type": "globus_transfer_timer"},
    }


def test_a_timer_that_is_renamed_is_one_node(modules: Modules) -> None:
    created = modules.run([timer("created", **definition())])["created"]
    renamed = modules.run([timer("renamed", timer_id=created["timer_id"], name="other")])["renamed"]
    assert renamed["changed"]
    assert len(nodes([(TIMER, created), (TIMER, renamed)])) == 1


def test_a_timer_that_runs_a_flow(api: Api, modules: Modules) -> None:
    timer_id = api.create_flow_timer()
    (node,) = nodes([(TIMER, modules.run([timer("paused", timer_id=timer_id, state="paused")])["paused"])])
    assert node["facts"]["device_type"] == "globus_flow_timer"


@pytest.mark.parametrize("name", ["x" * 1000, "ä" * 1000, "a\0b\nc\x7f", "", None])
def test_odd_names(name: str | None, api: Api, modules: Modules) -> None:
    timer_id = api.create(name="a")
    result = modules.run([timer("paused", timer_id=timer_id, state="paused")])["paused"]
    result["timer"]["name"] = name
    (node,) = nodes([(TIMER, result)])
    assert node["name"].endswith(f" ({timer_id})")


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"censored": "the output has been hidden", "changed": True},
        {"timer": None, "timer_id": None, "changed": True},
        {"timer": {}},
        {"timer": {"id": None}},
        {"timer": {"id": ""}},
        {"timer": "text"},
        {"timers": None},
        {"timers": [None, "text", {"timer": None}, {"failed": True, "timer": {"id": "a", "name": "a"}}]},
        {"results": []},
        {"results": [None, {"censored": "hidden"}, {"skipped": True}]},
        {"failed": True, "msg": "No", "timer": {"id": "a", "name": "a"}},
    ],
)
def test_results_without_a_timer(result: dict[str, Any]) -> None:
    assert nodes([(TIMER, result), (TIMERS, result)]) == []
