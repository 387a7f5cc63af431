# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Timers, collections and flows with a login, against a server of a few lines: how many requests an operation sends."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._errors import GlobusError, UncertainError
from ansible_collections.research_ops.globus.plugins.module_utils._globus import http as _http
from ansible_collections.research_ops.globus.plugins.module_utils._globus.auth_api import AuthApi
from ansible_collections.research_ops.globus.plugins.module_utils._globus.collections import Needs
from ansible_collections.research_ops.globus.plugins.module_utils._globus.credentials import Credentials
from ansible_collections.research_ops.globus.plugins.module_utils._globus.http import Http
from ansible_collections.research_ops.globus.plugins.module_utils._globus.logins import LoginAuthorizer, TokenLogin
from ansible_collections.research_ops.globus.plugins.module_utils._globus.service import Globus
from ansible_collections.research_ops.globus.plugins.module_utils._timers.path_findings import Look
from unit.small_server import DROP, PAGE, Reply, Request, SmallServer, serving

TIMER = "11111111-aaaa-4aaa-8aaa-000000000001"
WRITES: dict[str, Callable[[Globus], None]] = {
    "delete": lambda globus: globus.delete_timer(TIMER),
    "pause": lambda globus: globus.pause_timer(TIMER),
    "resume": lambda globus: globus.resume_timer(TIMER),
    "rename": lambda globus: globus.rename_timer(TIMER, "new"),
}


def signed_in(server: SmallServer, monkeypatch: pytest.MonkeyPatch, retries: int) -> Globus:
    """The services at a server, with access tokens."""
    monkeypatch.setattr(_http, "PAUSE_BETWEEN_TRIES", 0.001)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    http = Http("production", request_timeout=10, retries=retries)
    login = TokenLogin(Credentials("access_token", timers_token="a-timers", transfer_token="a-transfer"))
    return Globus(http, AuthApi(http), login)


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("retries", [0, 1, 3])
@pytest.mark.parametrize("written", [PAGE, DROP, Reply(500)], ids=["page", "drop", "500"])
@pytest.mark.parametrize("read", [PAGE, DROP, Reply(500), Reply(404)], ids=["page", "drop", "500", "404"])
def test_a_write_and_its_reading_share_the_retries_W5(
    write: str, retries: int, written: Reply, read: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that answers everything with a page was sent 258 requests of five retries (issue 12, 2)."""

    def answer(request: Request) -> Reply:
        return read if request.method == "GET" else written

    with serving(answer) as server:
        globus = signed_in(server, monkeypatch, retries)
        if write == "delete" and read.status == 404:
            WRITES[write](globus)
        else:
            with pytest.raises(GlobusError) as raised:
                WRITES[write](globus)
            assert raised.value.code in ("unreadable_answer", "no_answer", "http_500"), "what the write met"
    writes = [request for request in server.requests if request.method != "GET"]
    assert 1 <= len(writes) <= retries + 1
    assert len(server.requests) <= 2 * (retries + 1)


def test_a_write_whose_answer_is_lost_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    document: dict[str, Any] = {"job_id": TIMER, "name": "a", "status": "inactive", "timer_type": "transfer"}
    document |= {"schedule": {"type": "once"}, "inactive_reason": {"cause": "user", "detail": None}}

    def answer(request: Request) -> Reply:
        return Reply(body=document) if request.method == "GET" else DROP

    with serving(answer) as server:
        signed_in(server, monkeypatch, 2).pause_timer(TIMER)
    assert [request.method for request in server.requests] == ["POST", "POST", "POST", "GET"]


def test_what_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(_request: Request) -> Reply:
        return Reply(body={"id": "x", "jobs": [], "DATA": [], "message": "ok"})

    with serving(answer) as server:
        globus = signed_in(server, monkeypatch, 0)
        for write in WRITES.values():
            write(globus)
        globus.list_timers("n i", results=2)
        globus.get_collection("a/b")
        globus.search_collections("micro scope")
    assert [f"{request.method} {request.path} {request.body}".strip() for request in server.requests] == [
        f"DELETE /jobs/{TIMER}",
        f"POST /jobs/{TIMER}/pause",
        f'POST /jobs/{TIMER}/resume?update_credentials=true {{"update_credentials": true}}',
        f'PATCH /jobs/{TIMER} {{"name": "new"}}',
        "GET /jobs/?result_count=2&filter_name=n+i",
        "GET /v0.10/endpoint/a%2Fb",
        "GET /v0.10/endpoint_search?filter_fulltext=micro+scope&limit=100&offset=0",
    ]
    tokens = {request.headers["Authorization"] for request in server.requests[:5]}
    assert tokens == {"Bearer a-timers"}
    assert {request.headers["Authorization"] for request in server.requests[5:]} == {"Bearer a-transfer"}


# --- odd JSON (issue 11, 43) ---

DEEP = "[" * 100_000 + "]" * 100_000
LONG = "1" + "0" * 5000
# What a document may have where a text or a number is expected.
ODD = {
    "deep": DEEP,
    "900 deep": "[" * 900 + "]" * 900,
    "infinite": "Infinity",
    "infinite by its exponent": "1e999",
    "not a number": "NaN",
    "a long number": LONG,
    "a longer number": "1" + "0" * 400,
    "half a character": '"\\ud83d"',
    "a list": "[1, {}]",
    "true": "true",
}


def with_odd(document: dict[str, Any], member: str, odd: str) -> bytes:
    """The document, with this JSON for a member."""
    return json.dumps({**document, member: "ODD"}).replace('"ODD"', odd).encode()


TIMER_DOCUMENT: dict[str, Any] = {
    "job_id": TIMER,
    "name": "a",
    "status": "active",
    "timer_type": "flow",
    "flow_id": TIMER,
}
TIMER_DOCUMENT |= {"schedule": {"type": "once"}, "body": {"body": {}}, "n_runs": 0, "n_errors": 0, "results": None}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("member", [*TIMER_DOCUMENT, "interval", "start", "next_run", "last_ran_at", "activity"])
def test_43_odd_json_in_a_timer_is_told_in_words(member: str, odd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read alone, in a list, and after a creation, where what cannot be read is a doubt (W2)."""
    document = with_odd(TIMER_DOCUMENT, member, odd)

    def answer(request: Request) -> Reply:
        if request.path.startswith("/jobs/?"):
            return Reply(body=b'{"jobs": [' + document + b"]}")
        return Reply(body=document if request.method == "GET" else b'{"timer": ' + document + b"}")

    with serving(answer) as server:
        globus = signed_in(server, monkeypatch, 0)
        for read in (lambda: globus.list_timers("a"), lambda: globus.get_timer(TIMER)):
            with contextlib.suppress(GlobusError):
                read()
        created = None
        with contextlib.suppress(UncertainError):
            created = globus.create_timer({})
    assert created is None or created.unreadable is None


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_43_odd_json_in_other_answers_is_told_in_words(odd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everywhere in them at once, at each member, and at statuses that refuse."""
    answered = "id display_name high_assurance DATA consents jobs type access_token expires_in other_tokens scope sub"
    refused = "code error detail errors message request_id"
    base: dict[str, Any] = {"id": TIMER, "DATA": [], "consents": [], "jobs": [], "access_token": "a", "type": "file"}
    base |= {"resource_server": "auth.globus.org", "expires_in": 5, "sub": "me"}
    current = Reply()
    with serving(lambda _request: current) as server:
        globus = signed_in(server, monkeypatch, 0)
        auth = globus._auth
        calls: list[Callable[[], Any]] = [
            lambda: globus.get_collection(TIMER),
            lambda: globus.search_collections("x"),
            lambda: globus.look(Look(TIMER, "/x", None)),
            lambda: globus.list_folder(Look(TIMER, "/x", None)),
            globus.list_timers,
            lambda: globus.delete_timer(TIMER),
            lambda: globus.rename_timer(TIMER, "x"),
            lambda: auth.request_tokens({}, ("x", "hush")),
            lambda: auth.user_information("x"),
            lambda: AuthApi(globus._http).missing_consents("me", Needs(), LoginAuthorizer(globus._login, "timer")),
        ]
        for member in answered.split():
            current = Reply(body=with_odd(base, member, odd))
            for call in calls:
                with contextlib.suppress(GlobusError):
                    call()
        for member in refused.split():
            current = Reply(400, with_odd(base, member, odd))
            with pytest.raises(GlobusError):
                calls[0]()


@pytest.mark.parametrize(
    "date", ["Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "nan", "", "x" * 9000]
)
def test_43_an_odd_clock_is_not_believed(date: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _request: Reply(body={"jobs": []}, headers={"Date": date})) as server:
        globus = signed_in(server, monkeypatch, 0)
        globus.list_timers()
        assert globus.now() + timedelta(days=36500) > globus.now()
