# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The alerts of docs/examples/alerts, run unchanged. A mail server and a web server on this machine receive them.

alert.yml, which only fails, is run by test_information_health.py. Nagios 4.4.6 with NRDP 2.0.5 and Icinga 2.13.6
accepted these requests in a manual test: states, lines, performance data, and UNKNOWN after alert_ttl.
"""

from __future__ import annotations

import json
import re
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

import patience
from emulator.control import LocalGlobus
from emulator.plain import Api
from integration.harness import ANSIBLE, Playbooks
from tools.others import community_general
from unit.certificates import authority
from unit.small_server import DROP, Reply, Request, SmallServer, closed_port, serving

ROOT = Path(__file__).resolve().parents[2]
ALERTS = ROOT / "docs" / "examples" / "alerts"
SECRET = "a-secret-that-nobody-should-see"
# Attacks by users who can name timers, and by owners of collections who can set the text of an error.
NAME = (
    'O\'Brien "at" night\r\n.\r\nSubject: free | a=1;2;3 <!channel> <img src=x> @all ```'
    "\x1b[31m\u202e\x9b {{ 7 * 7 }} \u00e9"
)
DETAIL = "<!channel> `@all` {{ 7 * 7 }} | b=1\nOK: all is well"
EVIL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")


WEBHOOK = f"hooks/{SECRET}"
POSTED = Reply(body=b"ok", headers={"Content-Type": "text/plain"})
# As NRDP and Icinga answer.
TAKEN_BY_NRDP = Reply(body={"result": {"status": 0, "message": "OK", "meta": {"output": "1 checks processed"}}})
TAKEN_BY_ICINGA = Reply(body={"results": [{"code": 200.0, "status": "Successfully processed check result."}]})


STRANGER = "nobody@example.org"


class Inbox(Message):
    """Stores the received messages with their envelopes."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[EmailMessage] = []

    def prepare_message(self, session: Any, envelope: Any) -> EmailMessage:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        mail["X-Envelope"] = f"{envelope.mail_from} {','.join(envelope.rcpt_tos)}"
        return mail

    def handle_message(self, message: Any) -> None:
        self.mails.append(message)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]) -> str:
        """Refuse one address."""
        if address == STRANGER:
            return "550 Nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"


class Operations:
    """The receivers of the alerts, and the alerts that arrived.

    :ivar answers: the answers of the web server, by the beginning of the path.
    :ivar variables: the variables that make the examples use these receivers.
    :ivar environment: of the processes.
    """

    server: SmallServer

    def __init__(self, playbooks: Playbooks, folder: Path) -> None:
        self.answers = {"/hooks": POSTED, "/nrdp": TAKEN_BY_NRDP, "/v1": TAKEN_BY_ICINGA}
        self.inbox = Inbox()
        self.site = authority(folder)
        self.playbooks = playbooks
        self.variables: dict[str, Any] = {}
        own = playbooks.environment["ANSIBLE_COLLECTIONS_PATH"]
        self.environment = {
            **playbooks.environment,
            "ANSIBLE_COLLECTIONS_PATH": f"{own}:{community_general(ROOT / '.ansible' / 'others')}",
            "NRDP_TOKEN": SECRET,
            "ICINGA_PASSWORD": SECRET,
            "SSL_CERT_FILE": str(self.site.bundle),
            "RECORD": str(playbooks.home / "alerts.jsonl"),
        }

    def answer(self, request: Request) -> Reply:
        return next(reply for start, reply in self.answers.items() if request.path.startswith(start))

    def __call__(self, *names: str, **variables: Any) -> subprocess.CompletedProcess[str]:
        """Run examples with all output that Ansible can print, and check that it contains no secret."""
        given = json.dumps({**self.variables, **variables})
        done = patience.run(
            [str(ANSIBLE / "ansible-playbook"), *(str(ALERTS / name) for name in names), "-vvv", "-e", given],
            env=self.environment,
            cwd=self.playbooks.home,
        )
        printed = done.stdout + Path(self.environment["RECORD"]).read_text(encoding="utf-8")
        assert SECRET not in printed
        assert self.playbooks.environment["GLOBUS_CLIENT_SECRET"] not in printed
        return done

    def request(self, start: str) -> Request:
        """The only request to a path with this beginning. Its body contains no secret except the token of NRDP."""
        (found,) = [one for one in self.server.requests if one.path.startswith(start)]
        assert found.method == "POST"
        return found

    def mail(self) -> EmailMessage:
        (mail,) = self.inbox.mails
        assert SECRET not in mail.as_string()
        return mail

    def mailed(self) -> str:
        (part,) = self.mail().iter_parts()
        assert part.get_content_type() == "text/plain"
        return str(part.get_content())

    def posted(self) -> str:
        """The text of the post."""
        request = self.request("/hooks")
        assert request.path == f"/{WEBHOOK}"
        assert request.headers["Content-Type"] == "application/json"
        content = json.loads(request.body)
        assert set(content) == {"text"}
        assert SECRET not in request.body
        return str(content["text"])

    def of_nagios(self) -> tuple[int, str]:
        """State and output, as NRDP reads its form."""
        request = self.request("/nrdp")
        assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
        form = parse_qs(request.body, strict_parsing=True)
        assert {name: form.pop(name) for name in ("cmd", "token")} == {"cmd": ["submitcheck"], "token": [SECRET]}
        assert list(form) == ["json"]
        (text,) = form["json"]
        assert SECRET not in text
        (result,) = json.loads(text)["checkresults"]
        assert result["checkresult"] == {"type": "service"}
        assert (result["hostname"], result["servicename"]) == ("globus", "Globus timers")
        return int(result["state"]), result["output"]

    def of_icinga(self) -> tuple[int, str, list[str]]:
        """State, output and performance data, as Icinga's API reads them."""
        request = self.request("/v1")
        assert request.path == "/v1/actions/process-check-result"
        assert request.headers["Accept"] == "application/json"
        assert b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode() == f"globus:{SECRET}"
        assert SECRET not in request.body
        result = json.loads(request.body)
        assert result["type"] == "Service"
        assert result["filter"] == "host.name == wanted_host && service.name == wanted_service"
        assert result["filter_vars"] == {"wanted_host": "globus", "wanted_service": "Globus timers"}
        assert int(result["ttl"]) == 7500
        return int(result["exit_status"]), result["plugin_output"], result["performance_data"]


@pytest.fixture
def operations(playbooks: Playbooks, tmp_path: Path) -> Iterator[Operations]:
    """A mail server, and a web server with a certificate of its own CA, as Icinga has."""
    found = Operations(playbooks, tmp_path)
    mail = Controller(found.inbox, hostname="127.0.0.1", port=closed_port())
    mail.start()
    try:
        with serving(found.answer, found.site.context) as server:
            found.environment["ALERT_WEBHOOK"] = server.address + WEBHOOK
            found.variables = {
                "alert_mail_host": "127.0.0.1",
                "alert_mail_port": mail.port,
                "alert_nrdp": f"{server.address}nrdp/",
                "alert_icinga": server.address.rstrip("/"),
                "alert_icinga_ca": str(found.site.bundle),
            }
            found.server = server
            yield found
    finally:
        mail.stop()


ALL = ("nagios.yml", "icinga.yml", "chat.yml", "mail.yml")


def as_nagios_reads(output: str) -> tuple[list[str], str]:
    """Lines of text, and performance data: NRDP makes ``\\n`` of new lines, and Nagios undoes it (its checks.c)."""
    lines = re.sub(r"\\([\\n])", lambda found: "\n" if found[1] == "n" else "\\", output.replace("\n", "\\n"))
    text, _bar, performance = lines.partition("|")
    return text.split("\n"), performance


def test_every_alert_arrives_and_names_and_reasons_are_only_text_in_it_X1(
    globus: LocalGlobus, api: Api, operations: Operations
) -> None:
    """One timer is ok. The name of the other, and the reason why it stopped, contain harmful text."""
    timer = api.create(name=NAME)
    api.create(name="all is well here")
    globus.timer(timer, stop={"cause": "other", "detail": DETAIL})

    done = operations(*ALL)

    assert done.returncode == 0, done.stdout
    name = json.dumps(NAME)
    reason = "is inactive: Globus stopped it: other: <!channel> `@all` {{ 7 * 7 }} | b=1"

    mail = operations.mailed()
    assert operations.mail()["X-Envelope"] == "globus-timers@example.org operations@example.org"
    assert operations.mail()["Subject"] == "Unhealthy Globus timers: 1"
    assert name in mail
    assert reason in mail

    # Slack treats <!channel> as a mention everywhere, Mattermost treats @all as one outside of a block.
    post = operations.posted()
    head, block, rest = post.split("```")
    assert head.startswith("Unhealthy Globus timers: 1\n")
    assert rest.strip() == ""
    for text in (name, reason):
        assert text.replace("`", "'").replace("<", "\\u003c") in block

    state, output = operations.of_nagios()
    assert state == 2
    lines, performance = as_nagios_reads(output)
    assert (lines[0], len(lines)) == ("CRITICAL: 1 unhealthy timers", 3)
    assert performance == "unhealthy=1;;0;0"
    for text in (name, reason):
        assert text.replace("|", "\\u007c").replace("<", "\\u003c") in lines[1]

    state, shown, data = operations.of_icinga()
    assert state == 2
    assert data == ["unhealthy=1;;0;0"]
    assert (shown.splitlines()[0], len(shown.splitlines())) == ("CRITICAL: 1 unhealthy timers", 3)
    for text in (name, reason):
        assert text.replace("<", "\\u003c") in shown

    for text in (mail, post, "\n".join(lines), shown):
        assert timer in text
        assert "Resume it with fresh credentials" in text
        assert "all is well here" not in text
        assert not EVIL.search(text)
    for text in (post, output, shown):
        assert "<" not in text


def test_while_all_are_well_nagios_and_icinga_get_ok_and_people_nothing(api: Api, operations: Operations) -> None:
    api.create(name="well")

    done = operations(*ALL)

    assert done.returncode == 0, done.stdout
    assert operations.of_nagios() == (0, "OK: 0 unhealthy timers|unhealthy=0;;0;0")
    assert operations.of_icinga() == (0, "OK: 0 unhealthy timers", ["unhealthy=0;;0;0"])
    assert len(operations.server.requests) == 2
    assert operations.inbox.mails == []


@pytest.mark.parametrize("last", ["chat.yml", "mail.yml"])
def test_timers_that_cannot_be_read_are_alerts_and_unknown_but_never_well(last: str, operations: Operations) -> None:
    """The alert fails, too; Nagios and Icinga keep the state."""
    operations.environment["GLOBUS_CLIENT_SECRET"] = SECRET

    done = operations("nagios.yml", "icinga.yml", last)

    assert done.returncode == 2
    assert "Fail if the timers could not be read" in done.stdout
    state, output = operations.of_nagios()
    assert state == 3
    assert "|" not in output
    state, shown, data = operations.of_icinga()
    assert (state, data) == (3, [])
    if last == "mail.yml":
        told = operations.mailed()
        assert operations.mail()["Subject"] == "Globus timers cannot be read"
    else:
        told = operations.posted()
        assert told.startswith("Globus timers cannot be read\n```\n")
    assert output == shown
    assert output.startswith("UNKNOWN: ")
    for text in (output, told):
        assert "Globus Auth" in text


def test_of_many_timers_the_first_are_named(globus: LocalGlobus, api: Api, operations: Operations) -> None:
    for number in range(3):
        globus.timer(api.create(name=f"t{number}"), stop={"cause": "other"})

    assert operations("nagios.yml", "icinga.yml", "chat.yml", alert_most=2).returncode == 0

    post, (_state, output), (_state, shown, _data) = operations.posted(), operations.of_nagios(), operations.of_icinga()
    assert "Unhealthy Globus timers: 3" in post
    for text in (output, shown):
        assert text.startswith("CRITICAL: 3 unhealthy timers\n")
    for text in (post, output, shown):
        assert text.count(" is inactive: ") == 2


@pytest.mark.parametrize(
    ("example", "reply", "said"),
    [
        ("chat.yml", Reply(404), "The post did not arrive. The status of the webhook is 404."),
        ("chat.yml", DROP, "The post did not arrive. The webhook did not answer. Check its address and the network."),
        (
            "nagios.yml",
            Reply(body={"result": {"status": -1, "message": "BAD TOKEN"}}),
            'The result did not arrive. HTTP status 200, NRDP returned "BAD TOKEN".',
        ),
        ("nagios.yml", DROP, "The result did not arrive. NRDP did not answer. Check alert_nrdp, its certificate"),
        ("icinga.yml", DROP, "The result did not arrive. Icinga did not answer. Check alert_icinga, alert_icinga_ca"),
        (
            "nagios.yml",
            Reply(403, body=b"<html>"),
            'The result did not arrive. HTTP status 403, NRDP returned "nothing".',
        ),
        ("icinga.yml", Reply(500, body={"results": []}), 'HTTP status 500, Icinga returned {"results": []}.'),
        (
            "icinga.yml",
            Reply(401, body={"error": 401, "status": "Unauthorized. Please check your user credentials."}),
            "HTTP status 401, Icinga returned",
        ),
    ],
)
def test_an_alert_that_is_not_taken_fails_the_play(
    example: str, reply: Reply, said: str, globus: LocalGlobus, api: Api, operations: Operations
) -> None:
    """Without the address of the webhook and without the token, which are secrets."""
    globus.timer(api.create(name="stopped"), stop={"cause": "other"})
    operations.answers = {"/": reply}
    done = operations(example)
    assert done.returncode == 2
    assert said in done.stdout.replace('\\"', '"')


@pytest.mark.parametrize(
    ("example", "variable"),
    [("chat.yml", "ALERT_WEBHOOK"), ("nagios.yml", "NRDP_TOKEN"), ("icinga.yml", "ICINGA_PASSWORD")],
)
def test_a_missing_secret_is_named_also_while_all_are_well(example: str, variable: str, operations: Operations) -> None:
    """chat.yml posts only if a timer is unhealthy: that night is too late to learn that it cannot."""
    del operations.environment[variable]
    done = operations(example)
    assert done.returncode == 2
    assert f"Set the environment variable {variable} to " in done.stdout
    assert operations.server.requests == []


def test_a_mail_that_is_not_taken_fails_the_play(globus: LocalGlobus, api: Api, operations: Operations) -> None:
    globus.timer(api.create(name="stopped"), stop={"cause": "other"})
    assert operations("mail.yml", alert_mail_to=[STRANGER]).returncode == 2
    assert operations.inbox.mails == []
