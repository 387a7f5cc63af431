# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""People sign in: the SDK's native-app login against the authorize page, and every way in which it can be refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import globus_sdk
import pytest
from globus_sdk.scopes import AuthScopes, TransferScopes

from emulator.browser import RefusedError, addresses, sign_in
from emulator.control import LocalGlobus
from emulator.people import TEMPLATES
from emulator.plain import GUEST, HIGH_ASSURANCE, MAPPED, NATIVE_APP, PERSON, UNKNOWN, Answer, Api, timer_scope
from emulator.scopes import AUTH_SERVER, TIMERS_SERVER, TRANSFER_SCOPE, TRANSFER_SERVER


class Login:
    """A login of the SDK to the native app."""

    def __init__(self, globus: LocalGlobus, scope: str = "") -> None:
        scopes: list[Any] = [AuthScopes.openid, AuthScopes.profile, TransferScopes.all, scope or timer_scope(MAPPED)]
        self.client = globus_sdk.NativeAppAuthClient(NATIVE_APP)
        self.flow = self.client.oauth2_start_flow(scopes, refresh_tokens=True)
        self.address = self.client.oauth2_get_authorize_url()
        self.code = ""

    def exchange(self, api: Api, **changes: str) -> Answer:
        """The code against tokens, by a plain request."""
        form = {
            "grant_type": "authorization_code",
            "client_id": NATIVE_APP,
            "code": self.code,
            "redirect_uri": str(self.flow.redirect_uri),
            "code_verifier": self.flow.verifier,
        }
        return api.call("POST", "/v2/oauth2/token", form={**form, **changes})


@pytest.fixture
def login(globus: LocalGlobus, monkeypatch: pytest.MonkeyPatch) -> Login:
    """A login that asks for data_access on a mapped collection."""
    for name, value in globus.environment.items():
        monkeypatch.setenv(name, value)
    return Login(globus)


def test_the_login_of_the_sdk(globus: LocalGlobus, login: Login, api: Api) -> None:
    """Tokens and refresh tokens for each resource server, an ID token that verifies, and the consents."""
    answer = login.client.oauth2_exchange_code_for_tokens(sign_in(login.address))
    assert sorted(answer.by_resource_server) == sorted([AUTH_SERVER, TIMERS_SERVER, TRANSFER_SERVER])
    assert answer.decode_id_token()["preferred_username"] == "researcher@example.org"
    timers = answer.by_resource_server[TIMERS_SERVER]
    assert api.call("GET", "/jobs/", token=timers["access_token"]).status == 200
    consents = globus.call("GET", "consents")["consents"]
    (given,) = [one for one in consents if one["identity"] == PERSON]
    assert given["client_id"] == NATIVE_APP
    assert any(MAPPED in path for path in given["paths"])
    globus.advance(3 * 86400)
    assert api.call("GET", "/jobs/", token=timers["access_token"]).status == 401
    fresh = login.client.oauth2_refresh_token(timers["refresh_token"]).by_resource_server[TIMERS_SERVER]
    assert api.call("GET", "/jobs/", token=fresh["access_token"]).status == 200
    login.client.oauth2_revoke_token(timers["refresh_token"])
    with pytest.raises(globus_sdk.AuthAPIError, match="invalid_grant"):
        login.client.oauth2_refresh_token(timers["refresh_token"])


def test_another_person_and_no_offline_access(globus: LocalGlobus, login: Login, api: Api) -> None:
    login.client.oauth2_start_flow([AuthScopes.openid, AuthScopes.profile])
    address = login.client.oauth2_get_authorize_url()
    answer = login.client.oauth2_exchange_code_for_tokens(sign_in(address, "colleague@example.org"))
    assert answer.decode_id_token()["preferred_username"] == "colleague@example.org"
    assert not answer.by_resource_server[AUTH_SERVER]["refresh_token"]


def test_a_code_works_once_for_its_verifier_and_ten_minutes(globus: LocalGlobus, login: Login, api: Api) -> None:
    for changes in ({"code_verifier": "x" * 43}, {"redirect_uri": "http://localhost"}, {"code": "made-up"}):
        login.code = sign_in(login.address)
        refused = login.exchange(api, **changes)
        assert (refused.status, refused.json["error"]) == (400, "invalid_grant")
        if "code" not in changes:
            assert login.exchange(api).status == 400, "a refused code is used up"
    login.code = sign_in(login.address)
    assert login.exchange(api, client_id=UNKNOWN).status == 401
    login.code = sign_in(login.address)
    assert login.exchange(api).status == 200
    assert login.exchange(api).status == 400
    login.code = sign_in(login.address)
    globus.advance(601)
    assert login.exchange(api).status == 400
    assert login.exchange(api, grant_type="client_credentials", scope=TRANSFER_SCOPE).status == 401


@pytest.mark.parametrize("collection", [GUEST, HIGH_ASSURANCE, UNKNOWN])
def test_data_access_where_it_does_not_exist(globus: LocalGlobus, login: Login, collection: str) -> None:
    with pytest.raises(RefusedError, match=f"UNKNOWN_SCOPE_ERROR(?s:.)*{collection}"):
        sign_in(Login(globus, timer_scope(MAPPED, collection)).address)
    assert PERSON not in str(globus.call("GET", "consents"))


def test_a_denied_login_grants_nothing(globus: LocalGlobus, login: Login) -> None:
    with pytest.raises(RefusedError, match="ACCESS_DENIED"):
        sign_in(login.address, allow=False)
    assert PERSON not in str(globus.call("GET", "consents"))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": UNKNOWN}, "UNKNOWN_CLIENT"),
        ({"client_id": "cccccccc-0000-4000-8000-000000000001"}, "UNKNOWN_CLIENT"),
        ({"redirect_uri": "https://example.org/take"}, "INVALID_REDIRECT"),
        ({"response_type": "token"}, "INVALID_RESPONSE_TYPE"),
        ({"code_challenge": ""}, "INVALID_CHALLENGE"),
        ({"code_challenge_method": "plain"}, "INVALID_CHALLENGE"),
        ({"scope": "broken["}, "INVALID_SCOPE"),
        ({"scope": ""}, "UNKNOWN_SCOPE_ERROR"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_addresses_that_lead_to_an_error_page(globus: LocalGlobus, changes: dict[str, str], error: str) -> None:
    asked = {
        "client_id": NATIVE_APP,
        "redirect_uri": f"{globus.url}v2/web/auth-code",
        "response_type": "code",
        "scope": TRANSFER_SCOPE,
        "code_challenge": "x",
        "code_challenge_method": "S256",
    }

    def address(**wanted: Any) -> str:
        return f"{globus.url}v2/oauth2/authorize?{urlencode({**asked, **wanted})}"

    assert sign_in(address())
    with pytest.raises(RefusedError, match=error):
        sign_in(address(**changes))


def test_taking_everything_back_ends_the_login(globus: LocalGlobus, login: Login) -> None:
    tokens = login.client.oauth2_exchange_code_for_tokens(sign_in(login.address)).by_resource_server
    assert globus.revoke(identity=PERSON, client_id=NATIVE_APP) > 3
    with pytest.raises(globus_sdk.AuthAPIError, match="invalid_grant"):
        login.client.oauth2_refresh_token(tokens[TIMERS_SERVER]["refresh_token"])


def test_a_client_whose_project_is_gone(globus: LocalGlobus, api: Api) -> None:
    globus.reset({"clients": [{"id": globus.client_id, "secret": globus.client_secret, "project": False}]})
    refused = api.token(TRANSFER_SCOPE)
    assert (refused.status, refused.json["error"]) == (403, "forbidden")


def test_installations_register_and_are_signed_out_by_their_template(globus: LocalGlobus, api: Api) -> None:
    template = sorted(TEMPLATES)[0]
    wanted = {"client": {"template_id": template, "name": "Globus CLI"}}
    made = api.call("POST", "/v2/api/clients", wanted, token="")
    assert made.status == 201
    credential = made.json["included"]["client_credential"]
    (token,) = globus.mint("openid", identity=PERSON, client_id=credential["client"], refresh=True).values()
    form = {"client_id": template, "token": token["refresh_token"]}
    assert api.call("POST", "/v2/oauth2/token/revoke", form={**form, "client_id": NATIVE_APP}).status == 200
    refresh = {
        "grant_type": "refresh_token",
        "refresh_token": token["refresh_token"],
        "client_id": credential["client"],
        "client_secret": credential["secret"],
    }
    assert api.call("POST", "/v2/oauth2/token", form=refresh).status == 200, "revoked by a stranger"
    assert api.call("POST", "/v2/oauth2/token/revoke", form=form).status == 200
    assert api.call("POST", "/v2/oauth2/token", form=refresh).status == 400
    assert api.call("POST", "/v2/api/clients", {"client": {"template_id": UNKNOWN, "name": "x"}}).status == 403
    assert api.call("POST", "/v2/api/clients", {"client": []}).status == 400


def test_addresses_are_found_in_a_text(globus: LocalGlobus) -> None:
    address = f"{globus.url}v2/oauth2/authorize?client_id=x&scope=y"
    assert addresses(f"Open this:\n---\n{address}\n---\nThe code") == [address]
