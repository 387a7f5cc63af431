# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Timers that the module did not create: those of the unmodified Globus CLI, and of the old form of the service
(I4)."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from emulator.control import LocalGlobus
from emulator.plain import MAPPED, MAPPED_TOO, Api
from emulator.timers import TRANSFER_CALLBACK
from integration.harness import BIN, definition, kinds, timer
from integration.in_process import Modules
from patience import LIMIT

FIRST_RUN = "2026-03-03T02:00:00+00:00"


def test_the_cli_and_the_module_share_timers_I4(globus: LocalGlobus, modules: Modules, tmp_path: Path) -> None:
    """The CLI creates, lists, shows, pauses, resumes and deletes timers. For the module, its timer equals the
    definition."""
    account = {"GLOBUS_CLI_CLIENT_ID": globus.client_id, "GLOBUS_CLI_CLIENT_SECRET": globus.client_secret}
    environment = {**os.environ, "HOME": str(tmp_path), **globus.environment, **account}

    def cli(*arguments: str) -> str:
        command = [str(BIN / "globus"), "timer", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ensure(**options: Any) -> dict[str, Any]:
        return modules.run([timer("ensure", **options)])["ensure"]

    def in_place(**options: Any) -> dict[str, Any]:
        result = ensure(**options)
        assert (result["changed"], result["drift"], result.get("warnings", [])) == (False, [], []), result
        return result

    schedule = {"interval": "1d", "start": FIRST_RUN, "end": {"count": 10}}
    options = {"sync_level": "checksum", "preserve_timestamp": True, "notify_on_succeeded": False, "label": "nightly"}
    rules = [{"name": "*.tmp", "type": "file"}]
    same: dict[str, Any] = {**definition("shared", schedule, filter_rules=rules, **options), "on_drift": "fail"}
    ends = (f"{MAPPED}:/data/", f"{MAPPED_TOO}:/backup/")
    create = [
        *("create", "transfer", "--name", "shared", "--interval", "1d", "--start", FIRST_RUN),
        *("--stop-after-runs", "10", "--sync-level", "checksum", "--recursive", "--exclude", "*.tmp"),
        *("--label", "nightly", "--preserve-timestamp", "--notify", "failed,inactive", *ends),
    ]

    job = json.loads(cli(*create, "-F", "json"))["job_id"]
    assert in_place(**same)["timer_id"] == job
    cli("pause", job)
    in_place(**same, state="paused")
    in_place(**same)
    cli("resume", job)
    in_place(**same, state="active")
    cli("delete", job)
    in_place(name="shared", state="absent")
    created = ensure(**same)
    assert kinds(created) == ["create"]
    (listed,) = json.loads(cli("list", "-F", "json"))
    assert listed["job_id"] == created["timer_id"]
    assert "shared" in cli("show", created["timer_id"])


def test_timers_in_the_old_form_are_read_as_the_same_definition_I4(api: Api, modules: Modules) -> None:
    """``POST /jobs/`` with an action-provider document: recurring, with an end, and once. One differs."""

    def old(name: str, **changes: Any) -> None:
        items = [{"source_path": "/data/", "destination_path": "/backup/", "recursive": True}]
        body = {
            "source_endpoint_id": MAPPED,
            "destination_endpoint_id": MAPPED_TOO,
            "transfer_items": items,
            "verify_checksum": True,
            "sync_level": 3,
        }
        callback = {"callback_url": TRANSFER_CALLBACK, "callback_body": {"body": body}}
        answer = api.call("POST", "/jobs/", {"name": name, "start": FIRST_RUN, **callback, **changes})
        assert answer.status == 201, answer.text
        assert answer.json["timer_type"] == "generic"

    old("recurring", interval=86400)
    old("ending", interval=86400, stop_after_n=5)
    old("once")
    schedules: dict[str, dict[str, Any]] = {
        "recurring": {"interval": "1d", "start": FIRST_RUN},
        "ending": {"interval": "1d", "start": FIRST_RUN, "end": {"count": 5}},
        "once": {"start": FIRST_RUN},
    }
    tasks = [
        timer(name, **definition(name, schedule, sync_level="checksum"), on_drift="fail")
        for name, schedule in schedules.items()
    ]
    other = definition("recurring", schedules["recurring"], sync_level="size")

    run = modules.run([*tasks, timer("another", **other), timer("replace", **other, on_drift="replace")])

    for name in schedules:
        assert (run[name]["failed"], run[name]["changed"], run[name]["timer"]["type"]) == (False, False, "transfer")
    assert [one["field"] for one in run["another"]["drift"]] == ["transfer.sync_level"]
    assert kinds(run["replace"]) == ["create", "delete"]
