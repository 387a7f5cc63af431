# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Globus CLI from PyPI, unmodified, against the local Globus."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.control import LocalGlobus
from emulator.plain import GUEST, LAPTOP, MAPPED, MAPPED_TOO, UNKNOWN, timer_scope
from patience import LIMIT

GLOBUS = Path(sys.executable).with_name("globus")


class Cli:
    """The CLI with a client's credentials and a home of its own."""

    def __init__(self, globus: LocalGlobus, home: Path) -> None:
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "GLOBUS_CLI_CLIENT_ID": globus.client_id,
            "GLOBUS_CLI_CLIENT_SECRET": globus.client_secret,
            **globus.environment,
        }

    def run(self, *arguments: str, status: int = 0) -> str:
        """What a command prints. It must end with ``status``."""
        done = subprocess.run(
            [str(GLOBUS), *arguments], env=self.environment, capture_output=True, text=True, timeout=LIMIT, check=False
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def cli(globus: LocalGlobus, tmp_path: Path) -> Cli:
    """The CLI."""
    return Cli(globus, tmp_path)


def test_the_life_of_a_timer(globus: LocalGlobus, cli: Cli) -> None:
    """Between two mapped collections: the CLI asks for data_access itself, and the first run succeeds."""
    options = (
        "--name=by-hand --interval=1d --start=2027-03-01T01:00:00+00:00 --stop-after-runs=10 --sync-level=checksum "
        "--recursive --exclude=*.tmp --label=nightly --preserve-timestamp --delete-destination-extra --notify=failed"
    )
    out = cli.run(
        "timer", "create", "transfer", *options.split(), f"{MAPPED}:/data/", f"{MAPPED_TOO}:/backup/", "-F", "json"
    )
    created = json.loads(out)
    job = created["job_id"]
    assert (created["status"], created["schedule"]["end"]) == ("new", {"count": 10})
    assert created["body"]["sync_level"] == 3
    assert created["body"]["notify_on_succeeded"] is False
    globus.advance(3700)

    shown = cli.run("timer", "show", job)
    assert "by-hand" in shown
    assert "Awaiting the next run, scheduled to occur at" in shown
    document = json.loads(cli.run("timer", "show", job, "-F", "json"))
    assert (document["status"], document["n_runs"], document["n_errors"]) == ("active", 1, 0)
    body = document["callback_body"]["body"]
    assert body["filter_rules"] == [{"DATA_TYPE": "filter_rule", "method": "exclude", "name": "*.tmp", "type": "file"}]
    assert body["DATA"][0]["recursive"] is True

    assert f"Successfully paused job {job}." in cli.run("timer", "pause", job)
    listed = cli.run("timer", "list")
    assert job in listed
    assert "Paused, awaiting user action" in listed
    assert f"Successfully resumed job {job}." in cli.run("timer", "resume", job)
    assert json.loads(cli.run("timer", "list", "-F", "json"))[0]["status"] == "active"
    assert "delete_in_progress" in cli.run("timer", "delete", job)
    assert json.loads(cli.run("timer", "list", "-F", "json")) == []


def test_run_once_and_batches(cli: Cli, tmp_path: Path) -> None:
    batch = tmp_path / "batch.txt"
    batch.write_text("a b\n--recursive c d\n")
    out = cli.run(
        *("timer", "create", "transfer", "--stop-after-runs", "1", "--batch", str(batch), "-F", "json"),
        f"{GUEST}:/from/",
        f"{LAPTOP}:/to/",
    )
    created = json.loads(out)
    assert created["schedule"]["type"] == "once"
    assert [one["source_path"] for one in created["body"]["DATA"]] == ["/from/a", "/from/c"]
    assert json.loads(cli.run("timer", "show", created["job_id"], "-F", "json"))["status"] == "ended"


def test_resuming_after_a_missing_consent(globus: LocalGlobus, cli: Cli) -> None:
    """A timer that went inactive: the CLI reads why, wants the consent, and resumes once it is there."""
    out = cli.run(
        *("timer", "create", "transfer", "--interval", "1h", "--name", "x", "-F", "json"),
        f"{MAPPED}:/a/",
        f"{GUEST}:/b/",
    )
    job = json.loads(out)["job_id"]
    globus.revoke(timer_scope(MAPPED))
    globus.advance(3700)
    assert json.loads(cli.run("timer", "show", job, "-F", "json"))["status"] == "inactive"
    refused = cli.run("timer", "resume", job, status=4)
    assert "missing a necessary consent" in refused
    globus.grant(timer_scope(MAPPED))
    assert "Successfully resumed" in cli.run("timer", "resume", job)
    assert json.loads(cli.run("timer", "show", job, "-F", "json"))["status"] == "active"


def test_errors_reach_the_user(cli: Cli) -> None:
    assert "No timer" in cli.run("timer", "show", UNKNOWN, status=1)
    refused = cli.run("timer", "create", "transfer", "--interval", "30s", f"{GUEST}:/a", f"{GUEST}:/b", status=1)
    assert "interval_seconds" in refused
    assert "EndpointNotFound" in cli.run(
        "timer", "create", "transfer", "--interval", "1d", f"{UNKNOWN}:/a", f"{GUEST}:/b", status=1
    )


def test_other_commands_that_help_a_rehearsal(globus: LocalGlobus, cli: Cli) -> None:
    assert globus.client_id in cli.run("whoami")
    assert "Rehearsal mapped source" in cli.run("endpoint", "search", "rehearsal")
    assert "Rehearsal laptop" in cli.run("endpoint", "show", LAPTOP)
    assert cli.run("ls", f"{MAPPED}:/") == "\n", "a collection without a folder has every path, and nothing in it"
    globus.collection(LAPTOP, reachable=False)
    assert "not online" in cli.run("ls", f"{LAPTOP}:/", status=1)


# --- tasks ---


def stalled(globus: LocalGlobus, cli: Cli) -> str:
    """The task of a timer whose source is missing, an hour after it began."""
    globus.collection(GUEST, missing=["/gone"])
    cli.run("timer", "create", "transfer", "--name", "stalled", "--interval", "1d", f"{GUEST}:/gone/", f"{LAPTOP}:/b/")
    globus.advance(3600)
    (task,) = json.loads(cli.run("task", "list", "-F", "json"))["DATA"]
    return str(task["task_id"])


def test_tasks_are_listed_and_shown(globus: LocalGlobus, cli: Cli) -> None:
    task_id = stalled(globus, cli)
    cli.run("timer", "create", "transfer", "--name", "well", "--interval", "1d", f"{GUEST}:/a/", f"{LAPTOP}:/a/")
    listed = cli.run("task", "list")
    assert "stalled, run 1" in listed
    assert "Rehearsal laptop" in listed
    for options, labels in (
        ("--filter-status SUCCEEDED --filter-label WELL* --filter-type TRANSFER", ["well, run 1"]),
        (f"--filter-status ACTIVE --filter-status FAILED --filter-task-id {task_id}", ["stalled, run 1"]),
        ("--filter-not-label well* --filter-requested-before 2027-03-01T00:30:00", ["stalled, run 1"]),
        ("--filter-label well --exact", []),
        ("--filter-requested-after 2027-03-01T00:30:00 --filter-completed-before 2027-03-02", ["well, run 1"]),
        ("--limit 1", ["well, run 1"]),
    ):
        found = json.loads(cli.run("task", "list", *options.split(), "-F", "json"))["DATA"]
        assert [one["label"] for one in found] == labels, options

    shown = cli.run("task", "show", task_id)
    for line in (
        r"Status: +ACTIVE",
        r"Details: +FILE_NOT_FOUND",
        r"Faults: +[789]",
        r"Subtasks Pending: +1",
        r"Deadline: +2027-03-02T00:\d\d:\d\d\+00:00",
        r"Destination Endpoint: +Rehearsal laptop",
    ):
        assert re.search(line, shown), shown


def test_events_and_files_of_a_task(globus: LocalGlobus, cli: Cli) -> None:
    task_id = stalled(globus, cli)
    events = cli.run("task", "event-list", task_id)
    assert re.search(r"FILE_NOT_FOUND +\| +True", events), events
    assert re.search(r"STARTED +\| +False", events), events
    errors = json.loads(cli.run("task", "event-list", task_id, "--filter-errors", "--limit", "3", "-F", "json"))
    assert [one["code"] for one in errors["DATA"]] == ["FILE_NOT_FOUND"] * 3
    others = json.loads(cli.run("task", "event-list", task_id, "--filter-non-errors", "-F", "json"))
    assert [one["code"] for one in others["DATA"]] == ["STARTED"]

    options = ("--name", "skips", "--interval", "1d", "--skip-source-errors")
    cli.run("timer", "create", "transfer", *options, f"{GUEST}:/gone/x", f"{LAPTOP}:/x")
    (skipping,) = json.loads(cli.run("task", "list", "--filter-label", "skips*", "-F", "json"))["DATA"]
    assert "/gone/x" in cli.run("task", "show", "--skipped-errors", skipping["task_id"])
    assert json.loads(cli.run("task", "show", "-t", skipping["task_id"], "-F", "json"))["DATA"] == []


def test_waiting_for_a_task_and_canceling_it(globus: LocalGlobus, cli: Cli) -> None:
    task_id = stalled(globus, cli)
    waiting = cli.run("task", "wait", task_id, "--timeout", "1", "--polling-interval", "1", status=1)
    assert "Task has yet to complete after 1 seconds" in waiting
    assert "is not paused" in cli.run("task", "pause-info", task_id)
    assert "Success" in cli.run("task", "update", task_id, "--label", "renamed")
    assert json.loads(cli.run("task", "show", task_id, "-F", "json"))["label"] == "renamed"
    assert "cancelled successfully" in cli.run("task", "cancel", task_id)
    assert "completed before" in cli.run("task", "cancel", task_id)
    cli.run("task", "wait", task_id, status=1)
    assert "You have no in-progress tasks" in cli.run("task", "cancel", "--all", status=1)
    globus.collection(GUEST, missing=[])
    out = cli.run("timer", "create", "transfer", "--interval", "1d", f"{GUEST}:/gone/", f"{LAPTOP}:/b/", "-F", "json")
    assert json.loads(out)["status"] == "new"
    (good,) = json.loads(cli.run("task", "list", "--filter-status", "SUCCEEDED", "-F", "json"))["DATA"]
    cli.run("task", "wait", good["task_id"])
    globus.switch(run_duration_seconds=3600)
    for number in range(2):
        paths = f"{GUEST}:/{number}/", f"{LAPTOP}:/{number}/"
        cli.run("timer", "create", "transfer", "--interval", "1d", *paths)
    assert "(2 of 2): The task has been cancelled" in cli.run("task", "cancel", "--all")


def test_looking_at_paths(globus: LocalGlobus, cli: Cli) -> None:
    """The CLI gets the data_access consent that it needs by itself."""
    shown = cli.run("stat", f"{MAPPED}:/data/")
    assert re.search(r"Type: +dir", shown), shown
    globus.collection(MAPPED, missing=["/data"])
    assert "Nothing found at /data/" in cli.run("stat", f"{MAPPED}:/data/")
