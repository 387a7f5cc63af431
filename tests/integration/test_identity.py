# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which timer an entry identifies, and whether it matches: by name, by ID, after its end (I1, I3, I5, D1 to D5)."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.control import LocalGlobus
from emulator.plain import MAPPED, MAPPED_TOO, UNKNOWN, Api
from integration.harness import Task, control, definition, kinds, timer
from integration.in_process import Modules

Outcome = tuple[list[str], list[str]]


def described(result: dict[str, Any]) -> Outcome:
    """The kinds of the operations, and the fields that drifted. For a failure, only its code."""
    if result["failed"]:
        return [result["error"]["code"]], []
    return kinds(result), [one["field"] for one in result["drift"]]


def test_a_timer_that_has_ended_I1_D5(globus: LocalGlobus, modules: Modules, subtests: pytest.Subtests) -> None:
    """It is not started again if it completed this definition. Otherwise it has no effect."""
    ten = {"interval": "1h", "end": {"count": 10}}
    until = {"interval": "1h", "end": {"datetime": "2026-03-02T20:00:00Z"}}
    once = {"start": "2026-03-02T13:00:00Z"}
    at_once: dict[str, Any] = {}
    forever = {"interval": "1h"}
    steps: list[tuple[Task, Outcome]] = [
        (timer("ten runs", **definition("ten", ten)), (["create"], [])),
        (timer("until", **definition("until", until)), (["create"], [])),
        (timer("once", **definition("once", once)), (["create"], [])),
        (timer("at once", **definition("at once", at_once)), (["create"], [])),
        # now they end
        (timer("ten runs are done", **definition("ten", ten), state="active"), ([], [])),
        (timer("until is over", **definition("until", until), on_drift="replace"), ([], [])),
        (timer("once is done", **definition("once", once), state="paused"), ([], [])),
        (timer("at once is done", **definition("at once", at_once), on_drift="fail"), ([], [])),
        # an ended timer is not paused, deleted or chosen
        (timer("nothing to remove", name="ten", state="absent"), ([], [])),
        (timer("nothing to pause", name="ten", state="paused"), (["timer_not_found"], [])),
        (timer("an ended ID", timer_id="?", state="paused"), (["timer_not_found"], [])),
        (timer("an ended ID, absent", timer_id="?", state="absent"), ([], [])),
        # with a different definition
        (timer("ten of another size", **definition("ten", ten, sync_level="size")), (["create"], [])),
        (timer("now for ever", **definition("at once", forever)), (["create"], [])),
        (timer("not completed", **definition("once", once, sync_level="size")), (["schedule_over"], [])),
        (timer("too late", **definition("late", {"start": "2026-03-01T00:00:00Z"})), (["schedule_over"], [])),
        (timer("long past", **definition("past", {"start": "2025-11-01T00:00:00Z"})), ([], [])),
    ]
    tasks = [task for task, _outcome in steps]

    first = modules.run(tasks[:4])
    globus.set_clock("2026-03-03T13:00:00+00:00")
    for task in tasks[4:]:
        if "ended ID" in task["name"]:
            task["research_ops.globus.timer"]["timer_id"] = first["ten runs"]["timer_id"]
    run = modules.run(tasks[4:])
    run.results.update(first.results)

    for task, outcome in steps:
        with subtests.test(case=task["name"]):
            assert described(run[task["name"]]) == outcome, run[task["name"]].get("msg")
    for name in ("ten runs are done", "until is over", "once is done", "at once is done"):
        assert run[name]["timer"]["status"] == "ended"
    assert "2026-03-01T00:00:00+00:00" in run["too late"]["msg"]
    (warning,) = run["long past"]["warnings"]
    assert "90 days" in warning
    assert run["ten runs are done"]["timer"]["runs"] == 10
    assert [one["status"] for one in globus.timers() if one["name"] == "ten"] == ["ended", "active"]


def test_several_timers_of_one_name_I3(globus: LocalGlobus, modules: Modules) -> None:
    """By default, the task fails and lists the timers. ``replace`` keeps the oldest equal one, ``absent`` none."""
    api = Api(globus).login(MAPPED, MAPPED_TOO)
    items = [{"DATA_TYPE": "transfer_item", "source_path": "/data/", "destination_path": "/backup/", "recursive": True}]
    start = "2026-03-03T02:00:00+00:00"

    def create(name: str, sync_level: int) -> str:
        globus.advance(1)  # so that the order of submission shows
        schedule = {"type": "recurring", "interval_seconds": 86400, "start": start}
        body = {"DATA": items, "verify_checksum": True, "sync_level": sync_level}
        return api.create(name=name, schedule=schedule, source=MAPPED, destination=MAPPED_TOO, body=body)

    three = [create("three", level) for level in (1, 3, 3)]
    unlike = [create("unlike", level) for level in (1, 2)]
    for name in ("Three", "three too"):  # I2: a substring, and another case, are other names
        create(name, 3)
    wanted = definition("three", {"interval": "1d", "start": start}, sync_level="checksum")
    other = definition("unlike", {"interval": "1d", "start": start}, sync_level="checksum")
    ambiguous = [
        timer(f"{state} {on_drift}", **wanted, state=state, on_drift=on_drift)
        for state in ("present", "active", "paused")
        for on_drift in ("warn", "ignore", "fail")
    ]
    tasks = [
        *ambiguous,
        timer("by name", name="three", state="paused"),
        timer("by ID", timer_id=three[2], state="paused"),
        timer("keep one", **wanted, on_drift="replace"),
        timer("kept", **wanted, on_drift="replace"),
        timer("replace all", **other, on_drift="replace"),
        timer("remove", name="three", state="absent"),
    ]

    run = modules.run(tasks)

    for name in [*(task["name"] for task in ambiguous), "by name"]:
        assert described(run[name]) == (["ambiguous_name"], []), name
        assert all(one in run[name]["msg"] for one in [*three, "timer_id"])
    assert kinds(run["by ID"]) == ["pause"]
    assert [one["timer_id"] for one in run["keep one"]["operations"]] == [three[0], three[2]]
    assert run["kept"]["timer_id"] == three[1]
    assert not run["kept"]["changed"]
    assert kinds(run["replace all"]) == ["create", "delete", "delete"]
    assert [one["timer_id"] for one in run["replace all"]["operations"][1:]] == unlike
    assert [one["timer_id"] for one in run["remove"]["operations"]] == [three[1]]
    left = sorted(one["name"] for one in globus.timers() if one["status"] == "active")
    assert left == ["Three", "three too", "unlike"]


def test_a_timer_chosen_by_its_id_I5(api: Api, modules: Modules) -> None:
    ends = {"source": MAPPED, "destination": MAPPED_TOO}
    first, second, deleted = (api.create(name=name, **ends) for name in ("first", "second", "deleted"))
    assert api.call("DELETE", f"/jobs/{deleted}").status == 200
    tasks = [
        timer("unknown", timer_id=UNKNOWN, state="paused"),
        timer("unknown, to be created", timer_id=UNKNOWN, **definition("third")),
        timer("unknown, absent", timer_id=UNKNOWN, state="absent"),
        timer("deleted", timer_id=deleted, state="active"),
        timer("deleted, absent", timer_id=deleted, state="absent"),
        timer("name taken", timer_id=first, name="second"),
        timer("rename", timer_id=first.upper(), name="renamed", state="paused"),
        timer("renamed", timer_id=first, name="renamed", state="paused"),
        timer("drifted", timer_id=first, **definition("renamed"), on_drift="fail"),
        timer("remove", timer_id=first, name="another name", state="absent"),
        timer("removed", timer_id=first, state="absent"),
        timer("the other", name="second", state="active"),
    ]

    run = modules.run(tasks)

    assert {name: described(result)[0] for name, result in run.results.items()} == {
        "unknown": ["timer_not_found"],
        "unknown, to be created": ["timer_not_found"],
        "unknown, absent": [],
        "deleted": ["timer_not_found"],
        "deleted, absent": [],
        "name taken": ["name_taken"],
        "rename": ["rename", "pause"],
        "renamed": [],
        "drifted": ["drift"],
        "remove": ["delete"],
        "removed": [],
        "the other": [],
    }
    assert second in run["name taken"]["msg"]
    assert (run["rename"]["timer_id"], run["rename"]["timer"]["name"]) == (first, "renamed")


def test_comparison_is_on_meaning_D1_D2_D3(globus: LocalGlobus, modules: Modules, subtests: pytest.Subtests) -> None:
    """Other forms of the same definition, and different ones. The time is noon on 2 March, and later on 5 March."""
    start = "2026-03-03T02:00:00+00:00"
    paths = [{"source_path": f"/{letter}/", "destination_path": f"/backup/{letter}/"} for letter in "ab"]
    rules = [{"name": "*.tmp"}, {"name": "*.bak"}]

    def daily(name: str = "daily", *, changes: Any = None, **schedule: Any) -> dict[str, Any]:
        transfer = {"paths": paths, "filter_rules": rules, **(changes or {})}
        return definition(name, {"interval": "1d", "start": start, **schedule}, **transfer)

    upper = {"source_collection": MAPPED.upper(), "destination_collection": MAPPED_TOO.upper()}
    spelled = daily(interval="86400", start="2026-03-02 20:00:00-06:00")
    spelled["transfer"] |= upper
    same: list[Task] = [
        timer("hours", **daily(interval="24h")),
        timer("seconds, another offset, upper case", **spelled),
        timer("wall time", **daily(start="2026-03-02T20:00:00", timezone="America/Chicago")),
        timer("other order", **daily(changes={"paths": paths[::-1], "filter_rules": rules[::-1]})),
        timer("folders named as such", **daily(changes={"paths": [{**path, "recursive": True} for path in paths]})),
        timer("start omitted (D3)", **definition("daily", {"interval": "1d"}, paths=paths, filter_rules=rules)),
        timer("two intervals earlier (D2)", **daily(start="2026-03-01T02:00:00Z")),
        timer(
            "defaults spelled out", **daily(changes={"filter_rules": [{**rule, "method": "exclude"} for rule in rules]})
        ),
    ]
    differs: dict[str, tuple[dict[str, Any], list[str]]] = {
        "another hour": (daily(start="2026-03-01T03:00:00Z"), ["schedule.start"]),
        "twice as often": (daily(interval="12h"), ["schedule.interval"]),
        "an end": (daily(end={"count": 3000}), ["schedule.end"]),
        "a start moved away": (daily(start="2026-06-03T02:00:00Z"), ["schedule.start"]),
        "one path less": (daily(changes={"paths": paths[:1]}), ["transfer.paths"]),
        "a file is not a folder": (
            daily(changes={"paths": [{**paths[0], "recursive": False}, paths[1]]}),
            ["transfer.paths"],
        ),
        "including rules come first": (
            daily(changes={"filter_rules": [{"name": "*.tmp", "method": "include"}, *rules]}),
            ["transfer.filter_rules"],
        ),
    }
    later = "2026-03-05T12:00:00+00:00"
    tasks = [
        timer("create", **daily()),
        *same,
        *(timer(name, **options) for name, (options, _fields) in differs.items()),
        # D2: a past start is moved on by whole intervals; a count that is used up is over (D5)
        timer("started in January", **daily("past", start="2026-01-01T05:30:00Z", interval="1w")),
        timer("started in January, again", **daily("past", start="2026-01-01T05:30:00Z", interval="1w")),
        timer("runs are over", **daily("over", start="2026-02-01T02:00:00Z", end={"count": 5})),
        control("POST", "clock", {"set": later}),
        timer("the same on another day", **daily()),
        timer("its next run", **daily(start="2026-03-06T02:00:00Z")),
        timer("a later run", **daily(start="2026-03-07T02:00:00Z")),
    ]

    run = modules.run(tasks)

    for task in same:
        with subtests.test(same=task["name"]):
            assert described(run[task["name"]]) == ([], []), run[task["name"]].get("msg")
    for name, (_options, fields) in differs.items():
        with subtests.test(differs=name):
            assert described(run[name]) == ([], fields)
            (warning,) = run[name]["warnings"]
            assert all(field in warning for field in fields)
    assert run["started in January"]["timer"]["definition"]["schedule"]["start"] == "2026-03-05T05:30:00+00:00"
    assert described(run["started in January, again"]) == ([], [])
    assert described(run["runs are over"]) == (["schedule_over"], [])
    assert described(run["the same on another day"]) == ([], [])
    assert described(run["its next run"]) == ([], [])
    assert described(run["a later run"]) == ([], ["schedule.start"])
