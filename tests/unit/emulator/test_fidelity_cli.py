# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Globus CLI from PyPI, unmodified, against the local Globus."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.control import LocalGlobus
from emulator.plain import GUEST, LAPTOP, MAPPED, MAPPED_TOO, UNKNOWN, timer_scope

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
            [str(GLOBUS), *arguments], env=self.environment, capture_output=True, text=True, timeout=60, check=False
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
    assert "not connected" in cli.run("ls", f"{MAPPED}:/", status=1)
