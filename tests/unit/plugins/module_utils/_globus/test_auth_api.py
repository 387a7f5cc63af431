# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Globus Auth, against a server of a few lines: tokens, consents (S4); and the scopes that are asked for (S2, S3)."""

from __future__ import annotations

import base64
import time
from itertools import product
from typing import Any
from urllib.parse import parse_qs

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._errors import GlobusError
from ansible_collections.research_ops.globus.plugins.module_utils._globus import http as _http
from ansible_collections.research_ops.globus.plugins.module_utils._globus.auth_api import (
    AuthApi,
    reading_scopes,
    writing_scope,
)
from ansible_collections.research_ops.globus.plugins.module_utils._globus.collections import Needs
from ansible_collections.research_ops.globus.plugins.module_utils._globus.http import SERVICES, Http
from ansible_collections.research_ops.globus.plugins.module_utils._globus.token_storage import Token
from unit.small_server import PAGE, Reply, SmallServer, in_turn, serving

ID = "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"
OTHER_ID = "31ce9ba0-176d-45a5-add3-f37d233ba47d"
TIMERS = "https://auth.globus.org/scopes/524230d7-ea86-4a52-8312-86065a9e0417/timer"
TRANSFER = "urn:globus:auth:scope:transfer.api.globus.org:all"
TIMERS_TOKEN = {
    "access_token": "a-timers",
    "refresh_token": "r-timers",
    "resource_server": SERVICES["timer"].resource_server,
    "scope": TIMERS,
    "expires_in": 100,
}
AUTH_TOKEN = {"access_token": "a-auth", "resource_server": "auth.globus.org", "expires_in": "100", "scope": None}


def api(server: SmallServer, monkeypatch: pytest.MonkeyPatch) -> AuthApi:
    """Globus Auth at a server."""
    monkeypatch.setattr(_http, "PAUSE_BETWEEN_TRIES", 0.001)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return AuthApi(Http("production", request_timeout=10, retries=1))


class Signer:
    """Somebody who is signed in."""

    def get_authorization_header(self) -> str:
        return "Bearer a-auth"

    def handle_missing_authorization(self) -> bool:
        return False

    def refusal(self) -> None:
        return None


# --- tokens ---


@pytest.mark.parametrize("secret", ["hush:é", None])
def test_tokens_come_by_resource_server(secret: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(in_turn(Reply(body={**TIMERS_TOKEN, "other_tokens": [AUTH_TOKEN]}))) as server:
        tokens = api(server, monkeypatch).request_tokens({"grant_type": "x"}, (ID, secret))
    (request,) = server.requests
    form = {name: value for name, (value,) in parse_qs(request.body).items()}
    if secret is None:
        assert form == {"grant_type": "x", "client_id": ID}
        assert "Authorization" not in request.headers
    else:
        assert form == {"grant_type": "x"}
        encoded = base64.b64encode(f"{ID}:{secret}".encode()).decode()
        assert request.headers["Authorization"] == f"Basic {encoded}"
    timers, auth = tokens[SERVICES["timer"].resource_server], tokens["auth.globus.org"]
    assert (timers.access_token, timers.refresh_token, timers.scope) == ("a-timers", "r-timers", TIMERS)
    assert (auth.access_token, auth.refresh_token, auth.scope) == ("a-auth", None, "")
    assert 0 < timers.expires_at - time.time() <= 100


@pytest.mark.parametrize(
    "answer",
    [
        {"access_token": "secret"},
        {**TIMERS_TOKEN, "expires_in": "soon"},
        {**TIMERS_TOKEN, "expires_in": None},
        {**TIMERS_TOKEN, "expires_in": []},
        {**TIMERS_TOKEN, "other_tokens": 5},
        {**TIMERS_TOKEN, "other_tokens": ["secret"]},
        {**TIMERS_TOKEN, "other_tokens": [{"access_token": "secret"}]},
    ],
)
def test_tokens_that_cannot_be_read_are_not_quoted_X1(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        serving(in_turn(Reply(body=answer))) as server,
        pytest.raises(GlobusError, match="could not read the tokens") as raised,
    ):
        api(server, monkeypatch).request_tokens({}, (ID, "hush"))
    assert "secret" not in str(raised.value.as_result())


def test_revoking_ends_what_renews_the_token_first(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(in_turn(Reply())) as server:
        api(server, monkeypatch).revoke(Token("a", 0.0, "r"), ID)
        api(server, monkeypatch).revoke(Token("a2"), ID)
    assert [request.body for request in server.requests] == [
        f"token=r&client_id={ID}",
        f"token=a&client_id={ID}",
        f"token=a2&client_id={ID}",
    ]


def test_who_a_token_belongs_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(in_turn(PAGE, Reply(body={"sub": "me"}))) as server:
        assert api(server, monkeypatch).user_information("a-auth")["sub"] == "me"
    assert server.requests[1].headers["Authorization"] == "Bearer a-auth"


# --- consents ---


def consents(*scopes: str) -> dict[str, Any]:
    """Consents to scopes, each below the one before it."""
    path: list[int] = []
    found = []
    for number, scope in enumerate(scopes, start=1):
        path = [*path, number]
        found.append(
            {
                "created": "2026-01-01T00:00:00+00:00",
                "id": number,
                "status": "approved",
                "updated": "2026-01-01T00:00:00+00:00",
                "allows_refresh": True,
                "dependency_path": path,
                "scope_name": scope,
                "atomically_revocable": False,
                "effective_identity": ID,
                "auto_approved": False,
                "client": ID,
                "scope": ID,
                "last_used": "2026-01-01T00:00:00+00:00",
            }
        )
    return {"consents": found}


def test_what_is_missing_is_named_and_asked_once_S4(monkeypatch: pytest.MonkeyPatch) -> None:
    data = f"https://auth.globus.org/scopes/{ID}/data_access"
    with serving(in_turn(Reply(body=consents(TIMERS, TRANSFER, data)))) as server:
        auth = api(server, monkeypatch)
        assert auth.missing_consents("me", Needs(data_access=(ID,)), Signer()) is None
        missing = auth.missing_consents("me", Needs(data_access=(ID, OTHER_ID), flows=(ID,)), Signer())
        assert missing == Needs(data_access=(OTHER_ID,), flows=(ID,))
        assert auth.missing_consents("somebody/else", Needs(), Signer()) is None
    assert [request.path for request in server.requests] == [
        "/v2/api/identities/me/consents",
        "/v2/api/identities/somebody%2Felse/consents",
    ]
    assert {request.headers["Authorization"] for request in server.requests} == {"Bearer a-auth"}


# --- S2, S3 ---


def test_w1_reading_asks_for_no_data_access() -> None:
    assert [str(scope) for scope in reading_scopes()] == [TIMERS, TRANSFER]


@pytest.mark.parametrize(
    ("needs", "scope"),
    [
        (Needs(transfers=True), f"{TIMERS}[{TRANSFER}]"),
        (
            Needs(transfers=True, data_access=(ID,)),
            f"{TIMERS}[{TRANSFER}[*https://auth.globus.org/scopes/{ID}/data_access]]",
        ),
        (
            Needs(transfers=True, data_access=(ID, OTHER_ID)),
            f"{TIMERS}[{TRANSFER}[*https://auth.globus.org/scopes/{ID}/data_access "
            f"*https://auth.globus.org/scopes/{OTHER_ID}/data_access]]",
        ),
        (
            Needs(transfers=False, flows=(ID,)),
            f"{TIMERS}[https://auth.globus.org/scopes/{ID}/flow_{ID.replace('-', '_')}_user]",
        ),
    ],
)
def test_s3_what_timers_need(needs: Needs, scope: str) -> None:
    assert str(writing_scope(needs)) == scope


@pytest.mark.parametrize(("transfers", "flows"), list(product((True, False), ((), (ID,)))))
def test_s3_timers_that_transfer_always_carry_the_transfer_dependency(transfers: bool, flows: tuple[str, ...]) -> None:
    assert (TRANSFER in str(writing_scope(Needs(transfers=transfers, flows=flows)))) is transfers
