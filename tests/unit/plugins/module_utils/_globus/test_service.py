# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Timers, collections and flows with a login, against a server of a few lines: how many requests an operation sends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._errors import GlobusError
from ansible_collections.research_ops.globus.plugins.module_utils._globus import http as _http
from ansible_collections.research_ops.globus.plugins.module_utils._globus.auth_api import AuthApi
from ansible_collections.research_ops.globus.plugins.module_utils._globus.credentials import Credentials
from ansible_collections.research_ops.globus.plugins.module_utils._globus.http import Http
from ansible_collections.research_ops.globus.plugins.module_utils._globus.logins import TokenLogin
from ansible_collections.research_ops.globus.plugins.module_utils._globus.service import Globus
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
            with pytest.raises(GlobusError) as told:
                WRITES[write](globus)
            assert told.value.code in ("unreadable_answer", "no_answer", "http_500"), "what the write met"
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
