# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode writes nothing, and reports what the real run then does: each state, on_drift and situation (W1)."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.control import LocalGlobus
from emulator.plain import MAPPED, MAPPED_TOO, Api
from integration.harness import Task, definition, kinds, timer, writes
from integration.in_process import Modules

STATES = ("present", "active", "paused", "absent")
ON_DRIFT = ("warn", "ignore", "fail", "replace")
SITUATIONS = ("absent", "equal", "drifted", "paused", "inactive", "ended", "two")
COMBINATIONS = [(on_drift, situation) for on_drift in ON_DRIFT for situation in SITUATIONS]
FIRST_RUN = "2026-03-03T02:00:00+00:00"
# The results that must be equal in check mode and in the real run; in operations, except the ID of a created timer.
NOT_REQUESTED = "Check mode does not request consents"  # the only warning that is specific to check mode
COMPARED = ("failed", "changed", "diff", "drift", "msg", "error", "warnings")


def wanted(state: str, on_drift: str, situation: str) -> dict[str, Any]:
    """The options of a combination. Each combination has its own name of timers."""
    schedule: dict[str, Any] = {"interval": "30d", "start": FIRST_RUN}
    if situation == "ended":
        schedule["end"] = {"count": 1}
    name = f"{state} {on_drift} {situation}"
    return {**definition(name, schedule, sync_level="checksum"), "state": state, "on_drift": on_drift}


def expected(state: str, on_drift: str, situation: str) -> list[str] | None:
    """The kinds of the operations according to the rules, or None for a failure."""
    pause = ["pause"] if state == "paused" else []
    if state == "absent":  # I1, I3
        return {"absent": [], "ended": [], "two": ["delete", "delete"]}.get(situation, ["delete"])
    if situation == "absent":
        return ["create", *pause]
    if situation == "ended":  # I1: it completed exactly this definition
        return []
    if situation in ("paused", "inactive"):  # S7: an inactive one is reported, and only `active` resumes it
        return ["resume"] if state == "active" else []
    if situation == "two":  # I3: one equal to the definition, one not
        return [*pause, "delete"] if on_drift == "replace" else None
    if situation == "drifted" and on_drift == "replace":
        return ["create", *pause, "delete"]
    if situation == "drifted" and on_drift == "fail":
        return None
    return pause


def prepare(globus: LocalGlobus, state: str) -> None:
    """Create every situation for every on_drift, with raw requests. Then move the clock to half a day after the first
    run."""
    api = Api(globus)

    def create(on_drift: str, situation: str, sync_level: int = 3) -> str:
        end = {"end": {"condition": "iterations", "count": 1}} if situation == "ended" else {}
        schedule = {"type": "recurring", "interval_seconds": 30 * 86400, "start": FIRST_RUN, **end}
        items = [
            {"DATA_TYPE": "transfer_item", "source_path": "/data/", "destination_path": "/backup/", "recursive": True}
        ]
        body = {"DATA": items, "verify_checksum": True, "sync_level": sync_level}
        name = f"{state} {on_drift} {situation}"
        return api.create(name=name, schedule=schedule, source=MAPPED, destination=MAPPED_TOO, body=body)

    api.login()  # no consent to data_access yet
    for on_drift in ON_DRIFT:
        create(on_drift, "inactive")
    api.login(MAPPED, MAPPED_TOO)
    for on_drift in ON_DRIFT:
        for situation in ("equal", "ended", "two"):
            create(on_drift, situation)
        for situation in ("drifted", "two"):
            create(on_drift, situation, sync_level=2)
        assert api.call("POST", f"/jobs/{create(on_drift, 'paused')}/pause").status == 200
    globus.set_clock("2026-03-03T14:00:00+00:00")
    globus.clear_log()


@pytest.mark.parametrize("state", STATES)
def test_check_mode_writes_nothing_and_foretells_the_run_W1(
    state: str, globus: LocalGlobus, modules: Modules, subtests: pytest.Subtests
) -> None:
    prepare(globus, state)
    before = globus.timers()
    tasks: list[Task] = [
        timer(f"{on_drift} {situation}", **wanted(state, on_drift, situation)) for on_drift, situation in COMBINATIONS
    ]

    check = modules.run(tasks, "--check", "--diff")

    assert writes(globus.log()) == []
    assert globus.timers() == before
    real = modules.run(tasks, "--diff")
    assert writes(globus.log()) != []
    for on_drift, situation in COMBINATIONS:
        name = f"{on_drift} {situation}"
        with subtests.test(on_drift=on_drift, situation=situation):
            foretold, done = check[name], real[name]
            kinds_expected = expected(state, on_drift, situation)
            assert done["failed"] is (kinds_expected is None)
            assert kinds(done) == (kinds_expected or [])
            assert done["changed"] is bool(kinds_expected)
            told_apart = [one for one in foretold.get("warnings", ()) if NOT_REQUESTED in one]
            assert bool(told_apart) is bool({"create", "resume"} & {*kinds(done)})
            foretold["warnings"] = [one for one in foretold.get("warnings", ()) if one not in told_apart]
            done.setdefault("warnings", [])
            assert {key: foretold.get(key) for key in COMPARED} == {key: done.get(key) for key in COMPARED}
            for told, was in zip(foretold["operations"], done["operations"], strict=True):
                assert (told["operation"], told["name"]) == (was["operation"], was["name"])
                # Only the ID of a future timer is unknown in check mode.
                assert told["timer_id"] == (None if was["timer_id"] in made(done) else was["timer_id"])
            warned = any("Globus stopped it" in warning for warning in done.get("warnings", ()))
            assert warned is (situation == "inactive" and state != "absent"), "S7"


def made(result: dict[str, Any]) -> list[str]:
    """The IDs of the timers that a task created."""
    return [one["timer_id"] for one in result["operations"] if one["operation"] == "create"]
