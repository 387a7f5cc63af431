# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens, consents and identities."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from globus_sdk.scopes.consents import ConsentForest

from emulator.control import LocalGlobus
from emulator.plain import (
    DELETED,
    ENDPOINT,
    GUEST,
    HIGH_ASSURANCE,
    INVISIBLE,
    LAPTOP,
    MAPPED,
    MAPPED_TOO,
    OTHER_CLIENT,
    PERSON,
    UNKNOWN,
    Api,
    timer_scope,
)
from emulator.scopes import AUTH_SERVER, TIMERS_SCOPE, TIMERS_SERVER, TRANSFER_SCOPE, TRANSFER_SERVER, data_access


def test_one_request_brings_several_tokens(globus: LocalGlobus, api: Api) -> None:
    answer = api.token(f"{timer_scope(MAPPED)} {TRANSFER_SCOPE}")
    assert answer.status == 200
    first = answer.json
    assert set(first) == {"access_token", "scope", "expires_in", "token_type", "resource_server", "other_tokens"}
    assert (first["resource_server"], first["scope"]) == (TIMERS_SERVER, TIMERS_SCOPE)
    assert (first["expires_in"], first["token_type"]) == (172800, "Bearer")
    assert [one["resource_server"] for one in first["other_tokens"]] == [TRANSFER_SERVER]
    api.tokens = {TIMERS_SERVER: first["access_token"]}
    assert api.jobs() == []


def test_http_basic_and_wrong_credentials(globus: LocalGlobus, api: Api) -> None:
    form = {"grant_type": "client_credentials", "scope": TRANSFER_SCOPE}

    def ask(client: str, secret: str) -> int:
        basic = base64.b64encode(f"{client}:{secret}".encode()).decode()
        return api.call("POST", "/v2/oauth2/token", form=form, headers={"Authorization": f"Basic {basic}"}).status

    assert ask(globus.client_id, globus.client_secret) == 200
    assert ask(globus.client_id, "wrong") == 401
    assert ask(UNKNOWN, globus.client_secret) == 401
    assert api.call("POST", "/v2/oauth2/token", form=form).json == {"error": "invalid_client"}


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": f"{TIMERS_SCOPE}[{TRANSFER_SCOPE}"}, "invalid_scope"),
        ({"grant_type": "refresh_token", "refresh_token": "made-up"}, "invalid_grant"),
    ],
)
def test_bad_token_requests(api: Api, form: dict[str, str], error: str) -> None:
    answer = api.token(**{"scope": TRANSFER_SCOPE, **form})
    assert (answer.status, answer.json["error"]) == (400, error)


@pytest.mark.parametrize("collection", [MAPPED, INVISIBLE])
def test_data_access_exists_on_mapped_collections(api: Api, collection: str) -> None:
    assert api.token(timer_scope(collection)).status == 200


@pytest.mark.parametrize("collection", [GUEST, LAPTOP, HIGH_ASSURANCE, ENDPOINT, DELETED, UNKNOWN])
def test_data_access_exists_nowhere_else(globus: LocalGlobus, api: Api, collection: str) -> None:
    answer = api.token(timer_scope(MAPPED, collection))
    assert answer.status == 400
    assert answer.json["errors"][0]["code"] == "UNKNOWN_SCOPE_ERROR"
    assert data_access(collection) in answer.json["error_description"]
    consents = globus.call("GET", "consents")["consents"]
    assert not any(MAPPED in path for one in consents for path in one["paths"])


def test_tokens_expire_by_the_emulators_clock(globus: LocalGlobus, api: Api) -> None:
    api.tokens = {TIMERS_SERVER: api.token(timer_scope()).json["access_token"]}
    globus.advance(172790)
    assert api.call("GET", "/jobs/").status == 200
    globus.advance(11)
    assert api.call("GET", "/jobs/").status == 401


def test_refresh_tokens(globus: LocalGlobus, api: Api) -> None:
    minted = globus.mint(timer_scope(), identity=PERSON, refresh=True)[TIMERS_SERVER]
    globus.advance(3 * 86400)
    assert api.call("GET", "/jobs/", token=minted["access_token"]).status == 401
    assert api.call("GET", "/jobs/", token=minted["refresh_token"]).status == 401
    fresh = api.token("", grant_type="refresh_token", refresh_token=minted["refresh_token"]).json
    assert (fresh["resource_server"], fresh["refresh_token"]) == (TIMERS_SERVER, minted["refresh_token"])
    assert api.call("GET", "/jobs/", token=fresh["access_token"]).status == 200
    revoke = {"client_id": globus.client_id, "client_secret": globus.client_secret, "token": minted["refresh_token"]}
    assert api.call("POST", "/v2/oauth2/token/revoke", form=revoke).json == {"active": False}
    assert api.token("", grant_type="refresh_token", refresh_token=minted["refresh_token"]).status == 400


def consents(globus: LocalGlobus, api: Api, identity: str, **fields: Any) -> Any:
    """The answer to a question for consents with a fresh Auth token."""
    token = globus.mint("openid", identity=identity, consent=False)[AUTH_SERVER]["access_token"]
    return api.call("GET", f"/v2/api/identities/{identity}/consents", token=token)


def test_a_token_request_records_consents_the_sdk_understands(globus: LocalGlobus, api: Api) -> None:
    globus.reset()
    assert api.token(timer_scope(MAPPED)).status == 200
    forest = ConsentForest(consents(globus, api, globus.client_id).json["consents"])
    assert forest.meets_scope_requirements(timer_scope(MAPPED))
    assert forest.meets_scope_requirements(TIMERS_SCOPE)
    assert not forest.meets_scope_requirements(timer_scope(MAPPED_TOO))
    assert not forest.meets_scope_requirements(TRANSFER_SCOPE)
    leaf = next(one for one in forest.nodes if one.scope_name == data_access(MAPPED))
    assert (leaf.atomically_revocable, len(leaf.dependency_path)) == (True, 3)
    api.token(timer_scope(MAPPED_TOO))
    forest = ConsentForest(consents(globus, api, globus.client_id).json["consents"])
    assert forest.meets_scope_requirements(timer_scope(MAPPED, MAPPED_TOO))


def test_consents_are_read_by_their_identity_and_for_the_asking_client(globus: LocalGlobus, api: Api) -> None:
    globus.grant(timer_scope(MAPPED), identity=PERSON)
    globus.grant(TRANSFER_SCOPE, identity=PERSON, client_id=OTHER_CLIENT)
    assert len(consents(globus, api, PERSON).json["consents"]) == 3
    token = globus.mint("openid", consent=False)[AUTH_SERVER]["access_token"]
    assert api.call("GET", f"/v2/api/identities/{PERSON}/consents", token=token).status == 403
    assert api.call("GET", f"/v2/api/identities/{PERSON}/consents", token="none").status == 401
    mine = globus.mint("openid", identity=PERSON, consent=False)[AUTH_SERVER]["access_token"]
    everything = api.call("GET", f"/v2/api/identities/{PERSON}/consents?all=true", token=mine).json["consents"]
    assert len(everything) == 4


def test_identities(globus: LocalGlobus, api: Api) -> None:
    token = globus.mint("openid profile email")[AUTH_SERVER]["access_token"]
    found = api.call("GET", f"/v2/api/identities?ids={PERSON},{globus.client_id}", token=token).json["identities"]
    assert [one["username"] for one in found] == [
        "researcher@example.org",
        f"{globus.client_id}@clients.auth.globus.org",
    ]
    by_name = api.call("GET", "/v2/api/identities?usernames=researcher@example.org", token=token).json["identities"]
    assert [one["id"] for one in by_name] == [PERSON]
    assert api.call("GET", "/v2/api/identities", token=token).json["errors"][0]["status"] == "400"
    assert api.call("GET", f"/v2/api/identities/{PERSON}", token=token).json["identity"]["id"] == PERSON
    assert api.call("GET", f"/v2/api/identities/{UNKNOWN}", token=token).status == 404
    me = api.call("GET", "/v2/oauth2/userinfo", token=token).json
    assert (me["sub"], me["preferred_username"]) == (globus.client_id, f"{globus.client_id}@clients.auth.globus.org")


def test_introspect_and_validate(globus: LocalGlobus, api: Api) -> None:
    token = globus.mint(timer_scope())[TIMERS_SERVER]["access_token"]
    credentials = {"client_id": globus.client_id, "client_secret": globus.client_secret, "token": token}
    seen = api.call("POST", "/v2/oauth2/token/introspect", form=credentials).json
    assert (seen["active"], seen["sub"], seen["scope"]) == (True, globus.client_id, TIMERS_SCOPE)
    assert seen["exp"] - seen["iat"] == 172800
    assert api.call("POST", "/v2/oauth2/token/validate", form=credentials).json == {"active": True}
    globus.advance(172801)
    assert api.call("POST", "/v2/oauth2/token/introspect", form=credentials).json == {"active": False}
    assert api.call("POST", "/v2/oauth2/token/validate", form=credentials).json == {"active": False}


def test_the_log_never_holds_secrets(globus: LocalGlobus, api: Api) -> None:
    token = api.token(timer_scope()).json["access_token"]
    api.call("GET", "/jobs/", token=token)
    entry = globus.log()[0]
    assert (entry["client_id"], entry["scope"], entry["body"]) == (globus.client_id, timer_scope(), None)
    assert (entry["service"], entry["status"], entry["method"]) == ("auth", 200, "POST")
    assert globus.log()[1]["client_id"] == globus.client_id
    assert globus.client_secret not in str(globus.log())
    assert token not in str(globus.log())
