# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the example rulebooks with the real ansible-rulebook against the local Globus: ``make rulebook-test``.

The rulebooks are unchanged, except that they poll every second. tests/integration/test_timer_health.py tests the event
source without ansible-rulebook, including an outage of ten minutes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.control import LocalGlobus
from emulator.plain import MAPPED, MAPPED_TOO, Api
from integration.harness import START
from patience import LIMIT, until
from unit.small_server import Reply, SmallServer, serving

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".ansible" / "rulebook" / "bin" / "ansible-rulebook"
# The target of make installs it, so it cannot pass without it.
pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="ansible-rulebook is not installed")
EXAMPLES = ROOT / "docs" / "examples" / "eda"
DAY = 86400
HOUR = 3600
EVENT = "[received event]"
HOLD = 600  # seconds, the longest delay of a request by the local Globus
WEBHOOK_SECRET = "secret-of-the-webhook"
# Quotes, another script, a control character, and what Ansible would run if it evaluated events.
NAME = "facility-\"a\" 'b' ä\x1b[31m {{ lookup('pipe', 'touch ~/RAN') }}"
SENT_NAME = NAME.replace("{{", "{ {")


class Rulebook:
    """A running ansible-rulebook."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, globus: LocalGlobus) -> None:
        self._process = process
        self._log = log
        self._globus = globus

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def polls(self) -> int:
        return sum(entry["path"] == "/jobs/" and entry["status"] == 200 for entry in self._globus.log())

    def wait(self, what: str, condition: Any) -> Any:
        """Wait until a condition is true. Raises AssertionError if the program ends before that."""

        def check() -> Any:
            assert self._process.poll() is None, f"ansible-rulebook has ended:\n{self.log}"
            return condition()

        return until(what, check)

    def polls_again(self, number: int = 2) -> None:
        """Wait for polls that begin after this call."""
        self._globus.clear_log()
        self.wait("polls", lambda: self.polls() >= number)

    def one_poll_sees(self, change: Any) -> None:
        """Make a change that exactly one poll sees: the poll before it has ended, and the poll after it gets no
        answer."""
        self.hold()
        change()
        self._globus.clear_faults()
        self._globus.fault("stall", path="^/jobs/$", seconds=HOLD)

    def hold(self) -> None:
        """Delay the next poll until the faults are cleared. It then sees everything that has happened until that
        time."""
        self._globus.fault("stall", path="^/jobs/$", seconds=HOLD)
        self.wait("a poll that waits", lambda: any(fault["seen"] for fault in self._globus.faults()))

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(LIMIT)


@pytest.fixture(scope="module")
def server() -> Iterator[LocalGlobus]:
    with LocalGlobus() as globus:
        yield globus


@pytest.fixture
def globus(server: LocalGlobus, tmp_path: Path) -> LocalGlobus:
    """A local Globus with two collections that have real folders. A timer copies disk/a to archive/b every day."""
    for folder in ("disk/a", "archive"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "disk" / "a" / "file").write_text("content", encoding="utf-8")
    roots = {MAPPED: "disk", MAPPED_TOO: "archive"}
    world = {
        "collections": [{"id": key, "display_name": root, "root": str(tmp_path / root)} for key, root in roots.items()],
        "clients": [{"id": server.client_id, "secret": server.client_secret}],
    }
    server.reset(world=world, clock=START, stopped=True)
    return server


@pytest.fixture
def api(globus: LocalGlobus) -> Api:
    return Api(globus).login(MAPPED, MAPPED_TOO)


@pytest.fixture
def webhook() -> Iterator[SmallServer]:
    """A web server that receives the requests for a ticket system."""
    with serving(lambda request: Reply(status=201)) as server:
        yield server


@pytest.fixture
def start(globus: LocalGlobus, webhook: SmallServer, tmp_path: Path) -> Iterator[Any]:
    """Starts an example rulebook, with ticket.yml, resume.yml and inventory.yml in its folder. At the end of the test,
    its log must contain no secret and no traceback.
    """
    running = []

    def start(name: str) -> Rulebook:
        folder = tmp_path / "eda"
        shutil.copytree(EXAMPLES, folder)
        rulebook = folder / "rulebooks" / name
        text = rulebook.read_text(encoding="utf-8")
        assert text.count("interval: 300\n") == 1
        rulebook.write_text(text.replace("interval: 300\n", "interval: 1\n"), encoding="utf-8")
        environment = {
            "PATH": os.pathsep.join([str(PROGRAM.parent), os.environ["PATH"]]),
            "HOME": str(tmp_path),
            "LC_ALL": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",  # so that the log has an event as soon as it is printed
            "ANSIBLE_COLLECTIONS_PATH": os.environ["ANSIBLE_COLLECTIONS_PATH"],
            "GLOBUS_CLIENT_ID": globus.client_id,
            "GLOBUS_CLIENT_SECRET": globus.client_secret,
            "GLOBUS_REQUEST_TIMEOUT": str(LIMIT),
            "GLOBUS_RETRIES": "0",
            "TICKET_URL": f"{webhook.address}hooks/{WEBHOOK_SECRET}",
            **globus.environment,
        }
        log = tmp_path / "log"
        command = [str(PROGRAM), "--rulebook", f"rulebooks/{name}", "--inventory", "inventory.yml"]
        command += ["--print-events", "--verbose"]
        with log.open("wb") as stream:
            process = subprocess.Popen(command, cwd=folder, env=environment, stdout=stream, stderr=subprocess.STDOUT)
        running.append(Rulebook(process, log, globus))
        return running[0]

    yield start
    for one in running:
        globus.clear_faults()
        one.stop()
        assert "Traceback" not in one.log
        assert globus.client_secret not in one.log
        assert WEBHOOK_SECRET not in one.log
        assert not list(tmp_path.rglob("RAN"))


def test_tickets(start: Any, api: Api, globus: LocalGlobus, webhook: SmallServer, tmp_path: Path) -> None:
    """A folder is moved away and back, then Globus does not answer for a while. This creates four tickets."""
    timer = api.create(name=NAME, source=MAPPED, destination=MAPPED_TOO)
    api.create(name="other", source=MAPPED, destination=MAPPED_TOO)
    globus.advance(DAY)
    assert (tmp_path / "archive" / "b" / "file").exists()

    def tickets(number: int) -> list[dict[str, Any]]:
        rulebook.wait(f"{number} tickets", lambda: len(webhook.requests) >= number)
        assert [request.method for request in webhook.requests] == ["POST"] * number
        return [json.loads(request.body) for request in webhook.requests]

    def move_away() -> None:
        (tmp_path / "disk" / "a").rename(tmp_path / "a")
        globus.advance(DAY + HOUR)

    def move_back() -> None:
        (tmp_path / "a").rename(tmp_path / "disk" / "a")
        globus.advance(HOUR)

    rulebook = start("tickets.yml")
    rulebook.wait("polls", lambda: rulebook.polls() >= 2)
    assert not webhook.requests, "all timers are well"

    rulebook.one_poll_sees(move_away)
    stalled = tickets(1)[-1]
    assert stalled["key"] == SENT_NAME
    assert stalled["title"] == f"Globus timer {json.dumps(SENT_NAME)} is stalled"
    assert "FILE_NOT_FOUND" in stalled["text"]
    assert stalled["text"].endswith(f"/{timer}")
    globus.clear_faults()
    rulebook.polls_again()

    rulebook.one_poll_sees(move_back)
    recovered = tickets(2)[-1]
    assert (recovered["key"], recovered["title"]) == (SENT_NAME, f"Globus timer {json.dumps(SENT_NAME)} is ok")
    globus.clear_faults()
    rulebook.polls_again()

    globus.fault("refuse", path="^/jobs/$")
    down = tickets(3)[-1]
    assert (down["key"], down["title"]) == ("globus", "Globus is unreachable")
    rulebook.wait("more polls", lambda: globus.faults()[0]["hits"] >= 3)
    globus.clear_faults()
    assert tickets(4)[-1] == {"key": "globus", "title": "Globus is reachable", "text": "It answers again."}
    rulebook.polls_again()
    tickets(4)


def test_consents(start: Any, api: Api, globus: LocalGlobus) -> None:
    """resume.yml resumes a timer whose consents somebody revoked. A timer that somebody paused stays paused."""
    timer = api.create(name=NAME, source=MAPPED, destination=MAPPED_TOO)
    paused = api.create(name="facility-paused", source=MAPPED, destination=MAPPED)
    assert api.call("POST", f"/jobs/{paused}/pause").status == 200
    globus.advance(DAY)

    def of(timer_id: str) -> dict[str, Any]:
        (found,) = [one for one in globus.timers() if one["job_id"] == timer_id]
        return found

    rulebook = start("consents.yml")
    rulebook.wait("polls", lambda: rulebook.polls() >= 2)
    assert EVENT not in rulebook.log, "all timers are well"

    globus.revoke()
    globus.advance(DAY)
    rulebook.wait("two events", lambda: rulebook.log.count(EVENT) >= 2)
    rulebook.polls_again()

    happened = [one["event"] for one in of(timer)["history"]]
    assert happened == ["ran", "ran", "unauthorised", "ran"], "the run that was missed, too"
    missing, recovered = rulebook.log.split(EVENT)[1:]
    assert "'state': 'needs_consent'" in missing
    assert "'previous': {'state': 'ok'}" in missing
    assert "'state': 'ok'" in recovered
    assert "'previous': {'state': 'needs_consent'}" in recovered
    globus.advance(DAY)
    assert [one["event"] for one in of(timer)["history"]][4:] == ["ran"]
    assert [one["event"] for one in of(paused)["history"]].count("ran") == 1, "when it was created"
