# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks that the example rulebooks start, without ansible-rulebook (``make rulebook-test`` uses it).

The events are those of the event source.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import patience
from ansible_collections.research_ops.globus.plugins.module_utils._apply.watch import Watch
from emulator.control import LocalGlobus
from emulator.plain import MAPPED, MAPPED_TOO, Api
from integration.harness import ANSIBLE, Playbooks
from integration.in_process import only
from unit.small_server import DROP, Reply, SmallServer, in_turn, serving

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples" / "eda"
SECRET = "secret-of-the-webhook"
NAME = "facility-\"a\" 'b' \x1b[31m {{ lookup('pipe', 'touch ~/RAN') }}"
SENT_NAME = NAME.replace("{{", "{ {")
RETRIES = 5


def stalled(api: Api, globus: LocalGlobus) -> dict[str, Any]:
    """An event of a timer with an odd name, as the source sends it."""
    api.create(name=NAME, source=MAPPED, destination=MAPPED_TOO)
    globus.collection(MAPPED, trouble="FILE_NOT_FOUND")
    globus.advance(90000)
    variables = {"GLOBUS_CLIENT_ID": globus.client_id, "GLOBUS_CLIENT_SECRET": globus.client_secret}
    with only({**globus.environment, **variables}):
        (event,) = Watch({}).poll().events
    return event


def send(playbooks: Playbooks, event: dict[str, Any], address: str) -> subprocess.CompletedProcess[str]:
    """Run ticket.yml as ansible-rulebook does: with the event as an extra variable, here without waits."""
    text = (EXAMPLES / "ticket.yml").read_text(encoding="utf-8")
    assert text.count("delay: 30\n") == 1
    (playbooks.home / "ticket.yml").write_text(text.replace("delay: 30\n", "delay: 0\n"), encoding="utf-8")
    variables = json.dumps({"ansible_eda": {"event": event}})
    done = patience.run(
        [str(ANSIBLE / "ansible-playbook"), "ticket.yml", "-e", variables],
        env={**playbooks.environment, "RECORD": str(playbooks.home / "r"), "TICKET_URL": f"{address}hooks/{SECRET}"},
        cwd=playbooks.home,
    )
    assert SECRET not in done.stdout
    assert not (playbooks.home / "RAN").exists()
    return done


def bodies(webhook: SmallServer) -> list[Any]:
    return [json.loads(request.body) for request in webhook.requests]


def test_a_ticket_is_sent_until_it_arrives(api: Api, globus: LocalGlobus, playbooks: Playbooks) -> None:
    event = stalled(api, globus)
    with serving(in_turn(Reply(status=503), DROP, Reply(status=201))) as webhook:
        done = send(playbooks, event, webhook.address)
        sent = bodies(webhook)

    assert done.returncode == 0, done.stdout
    assert len(sent) == 3
    assert sent[0] == sent[2]
    assert sent[2]["key"] == SENT_NAME
    assert sent[2]["title"] == f"Globus timer {json.dumps(SENT_NAME)} is stalled"
    assert sent[2]["text"].splitlines()[0] == event["health"]["reason"] + "."
    assert sent[2]["text"].splitlines()[-1] == event["timer"]["url"]


def test_a_ticket_that_cannot_be_sent_fails_without_the_address_X1(playbooks: Playbooks) -> None:
    event = {"source": {"state": "unreachable", "reason": "Globus Timers answered 503"}}
    with serving(in_turn(DROP, Reply(status=403))) as webhook:
        done = send(playbooks, event, webhook.address)
        sent = bodies(webhook)

    assert done.returncode != 0
    assert "The ticket was not sent. HTTP status (-1: no answer): 403" in done.stdout
    assert sent == [{"key": "globus", "title": "Globus is unreachable", "text": "Globus Timers answered 503"}] * (
        RETRIES + 1
    )
