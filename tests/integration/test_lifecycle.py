# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a timer with the installed collection: each operation is idempotent and has the documented requests
(C1)."""

from __future__ import annotations

import sys
import venv
from pathlib import Path
from typing import Any

from emulator.control import LocalGlobus
from integration.harness import Playbooks, calls, definition, kinds, logged, timer
from integration.in_process import Modules

IN_PLACE = ["POST token", "GET jobs"]
CONSENTS = ["GET collection", "GET collection", "POST consent"]
CHECK: dict[str, Any] = {"task": {"check_mode": True}}


def test_life_of_a_timer_each_step_idempotent_and_at_its_cost_C1(modules: Modules) -> None:
    """Task, its operations, and its requests; if nothing changes, one token and one list."""
    weekly = {"interval": "1w", "at": "02:00", "weekday": "sunday"}
    by_id: dict[str, Any] = {"timer_id": "?"}  # the timer of the second step
    steps = [
        (timer("would create", **definition(), **CHECK), ["create"], [*IN_PLACE, *CONSENTS[:2]]),
        (
            timer("create", **definition()),
            ["create"],
            [*IN_PLACE, *CONSENTS, "POST timer", "GET jobs"],
        ),
        (timer("created", **definition()), [], IN_PLACE),
        (timer("active", **definition(), state="active"), [], IN_PLACE),
        (timer("would pause", name="nightly", state="paused", **CHECK), ["pause"], IN_PLACE),
        (timer("pause", name="nightly", state="paused"), ["pause"], [*IN_PLACE, "POST pause", "GET job"]),
        (timer("paused", **definition(), state="paused"), [], IN_PLACE),
        (timer("would resume", name="nightly", state="active", **CHECK), ["resume"], [*IN_PLACE, *CONSENTS[:2]]),
        (
            timer("resume", name="nightly", state="active"),
            ["resume"],
            [*IN_PLACE, *CONSENTS, "POST resume", "GET job"],
        ),
        (timer("resumed", name="nightly", state="active"), [], IN_PLACE),
        (
            timer("would rename", **by_id, name="weekly", **CHECK),
            ["rename"],
            ["POST token", "GET job", "GET jobs"],
        ),
        (
            timer("rename", **by_id, name="weekly"),
            ["rename"],
            ["POST token", "GET job", "GET jobs", "PATCH job", "GET job"],
        ),
        (timer("renamed", **by_id, name="weekly"), [], ["POST token", "GET job"]),
        (timer("drifted", **definition("weekly", weekly)), [], IN_PLACE),
        (
            timer("would replace", **definition("weekly", weekly), on_drift="replace", **CHECK),
            ["create", "delete"],
            [*IN_PLACE, *CONSENTS[:2], "GET job"],  # W4e: the runs of the old timer
        ),
        (
            timer("replace", **definition("weekly", weekly), on_drift="replace"),
            ["create", "delete"],
            # W4: the new timer is created, and looked at, before the old one is deleted
            [*IN_PLACE, *CONSENTS, "GET job", "POST timer", "GET job", "DELETE job", "GET jobs"],
        ),
        (timer("replaced", **definition("weekly", weekly), on_drift="replace"), [], IN_PLACE),
        (timer("would remove", name="weekly", state="absent", **CHECK), ["delete"], IN_PLACE),
        (timer("remove", name="weekly", state="absent"), ["delete"], [*IN_PLACE, "DELETE job"]),
        (timer("removed", name="weekly", state="absent"), [], IN_PLACE),
    ]

    tasks = [task for task, _operations, _requests in steps]
    first = modules.run(logged(*tasks[:2]), "--diff")
    for task in tasks:
        options = task["research_ops.globus.timer"]
        if "timer_id" in options:
            options["timer_id"] = first["create"]["timer_id"]
    run = modules.run(logged(*tasks[2:]), "--diff")
    run.results.update(first.results)

    for task, operations, requests in steps:
        result = run[task["name"]]
        assert not result["failed"], result
        assert kinds(result) == operations, task["name"]
        assert result["changed"] is bool(operations), task["name"]
        assert calls(run.log(task["name"])) == requests, task["name"]
        diff = result["diff"]
        assert (diff["before"] != diff["after"]) is bool(operations), task["name"]
    assert run["created"]["timer_id"] == run["create"]["timer_id"] == run["renamed"]["timer_id"]
    assert run["replaced"]["timer_id"] == run["replace"]["timer_id"] != run["create"]["timer_id"]
    assert run["create"]["diff"]["before"] == {}
    assert run["remove"]["diff"]["after"] == {}
    assert [drift["field"] for drift in run["drifted"]["drift"]] == ["schedule.interval"]


def test_module_defaults_of_the_action_group(globus: LocalGlobus, playbooks: Playbooks) -> None:
    """Credentials are set once for all modules, and a default of the group applies to the module."""
    defaults = {"client_id": globus.client_id, "client_secret": globus.client_secret, "on_drift": "ignore"}
    for variable in ("GLOBUS_CLIENT_ID", "GLOBUS_CLIENT_SECRET"):
        del playbooks.environment[variable]

    run = playbooks.run(
        [timer("create", **definition())],
        play={"module_defaults": {"group/research_ops.globus.globus": defaults}},
    )

    assert run["create"]["changed"], run["create"]
    assert run["create"]["invocation"]["module_args"]["on_drift"] == "ignore"


def test_a_missing_sdk_gives_the_usual_message(tmp_path: Path, playbooks: Playbooks) -> None:
    """The module runs with a Python that has no packages."""
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    python = str(tmp_path / "bare" / "bin" / "python")

    run = playbooks.run([timer("create", **definition())], variables={"ansible_python_interpreter": python})

    assert run["create"]["failed"]
    assert run["create"]["msg"].startswith("Failed to import the required Python library (globus-sdk) on ")
    assert python in run["create"]["msg"]
    assert python != sys.executable
