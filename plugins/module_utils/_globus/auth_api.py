# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Globus Auth: tokens, consents and identities, and the scopes that are requested (rules S2, S3).

This file does not depend on a login: the caller passes an authorizer and the ID of the client or identity.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._errors import GlobusError
from .._secrets import redact, register
from .collections import Needs
from .http import UNREADABLE, Authorizer, Http, in_url, unreadable
from .token_storage import Token

if TYPE_CHECKING:
    from globus_sdk.scopes import Scope


class AuthApi:
    """Globus Auth. Safe to use from several threads."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._consents: dict[str, Any] = {}
        self._lock = threading.Lock()

    def request_tokens(self, form: Mapping[str, str], client: tuple[str, str | None]) -> dict[str, Token]:
        """Tokens by resource server.

        :param client: ID and secret. A native app has no secret, and sends its ID in the form.
        """
        client_id, secret = client
        authorizer = _Header.of_client(client_id, secret) if secret else None
        form = dict(form) if secret else {**form, "client_id": client_id}
        answer = self._http.read(
            "auth", "/v2/oauth2/token", "access_token", method="POST", form=form, authorizer=authorizer
        )
        try:
            received = (answer, *(answer.get("other_tokens") or ()))
            for one in received:
                register(one.get("access_token"), one.get("refresh_token"), one.get("id_token"))
            return {
                str(token["resource_server"]): Token(
                    access_token=str(token["access_token"]),
                    expires_at=time.time() + float(token["expires_in"]),
                    refresh_token=token.get("refresh_token"),
                    # it is stored, and later shown by a process that no longer knows the secrets
                    scope=redact(str(token.get("scope") or "")),
                )
                for token in received
            }
        except UNREADABLE:
            # The reason is left out, because it could quote a token (rule X1).
            raise GlobusError(
                "The module could not read the tokens in the answer of Globus Auth", code="unreadable_answer"
            ) from None

    def missing_consents(self, identity: str, needs: Needs, authorizer: Authorizer) -> Needs | None:
        """The consents that an identity lacks, for the client of the authorizer; None if it lacks none.

        Empty needs mean that even the consent for transfers by timers is missing.
        """
        consents = self._read_consents(identity, authorizer)
        if not lacks_consent(consents, needs):
            return None
        lacking = [one for one in needs.each() if lacks_consent(consents, one)]
        return Needs(
            transfers=needs.transfers,
            data_access=tuple(collection for one in lacking for collection in one.data_access),
            flows=tuple(flow for one in lacking for flow in one.flows),
        )

    def missing_data_consents(self, identity: str, collections: Sequence[str], authorizer: Authorizer) -> list[str]:
        """The mapped collections for whose data the identity itself has no consent."""
        if not collections:
            return []
        consents = self._read_consents(identity, authorizer)
        return [one for one in collections if _lacks_scope(consents, data_scope([one]))]

    def _read_consents(self, identity: str, authorizer: Authorizer) -> Any:
        """The consent documents of an identity. They are read once."""
        with self._lock:
            if identity not in self._consents:
                path = f"/v2/api/identities/{in_url(identity)}/consents"
                self._consents[identity] = self._http.read("auth", path, "consents", authorizer=authorizer)["consents"]
            return self._consents[identity]

    def user_information(self, access_token: str) -> Mapping[str, Any]:
        """The owner of an access token of Globus Auth: ``sub`` and ``preferred_username``."""
        return self._http.read("auth", "/v2/oauth2/userinfo", "sub", authorizer=_Header(f"Bearer {access_token}"))

    def revoke(self, token: Token, client_id: str) -> None:
        """Revoke a token of a native app, and its refresh token."""
        for secret in filter(None, (token.refresh_token, token.access_token)):
            self._http.call("auth", "POST", "/v2/oauth2/token/revoke", form={"token": secret, "client_id": client_id})


class _Header:
    """An authorizer with a fixed header, which cannot be renewed."""

    def __init__(self, value: str) -> None:
        self._value = value

    @classmethod
    def of_client(cls, client_id: str, secret: str) -> _Header:
        """A client's ID and secret."""
        return cls(f"Basic {base64.b64encode(f'{client_id}:{secret}'.encode()).decode()}")

    def get_authorization_header(self) -> str:
        return self._value

    def handle_missing_authorization(self) -> bool:
        return False

    def refusal(self) -> None:
        return None


# --- scopes (rules S2, S3) -----------------------------------------------------------------------------------------


def reading_scopes() -> list[Scope]:
    """The scopes for reading timers and collections. Without data_access, so they grant no consent (rule W1)."""
    from globus_sdk.scopes import TimersScopes, TransferScopes

    return [TimersScopes.timer, TransferScopes.all]


def other_scope(service: str) -> Scope:
    """The scope with which a login reads its own consents from Globus Auth, or flows from Globus Flows."""
    from globus_sdk.scopes import AuthScopes, FlowsScopes

    return AuthScopes.openid if service == "auth" else FlowsScopes.view_flows


def writing_scope(needs: Needs) -> Scope:
    """The scope that timers need: timers -> transfer -> optional data_access of each collection (rule S3), and
    timers -> the user scope of each flow.
    """
    from globus_sdk.scopes import GCSCollectionScopes, SpecificFlowScopes, TimersScopes, TransferScopes

    scope: Scope = TimersScopes.timer
    if needs.transfers:
        below = [GCSCollectionScopes(collection).data_access.with_optional(True) for collection in needs.data_access]
        scope = scope.with_dependency(TransferScopes.all.with_dependencies(below))
    return scope.with_dependencies(SpecificFlowScopes(flow).user for flow in needs.flows)


def data_scope(collections: Iterable[str]) -> Scope:
    """The scope with which a token can look at data of mapped collections: transfer -> ``data_access`` of each."""
    from globus_sdk.scopes import GCSCollectionScopes, TransferScopes

    below = [GCSCollectionScopes(collection).data_access.with_optional(True) for collection in collections]
    return TransferScopes.all.with_dependencies(below)


def start_native_login(client_id: str, environment: str, needs: Needs) -> tuple[str, dict[str, str]]:
    """The address where a person signs in to a native app, and the data that step two needs.

    The data contain the verifier of the login, which is a secret until the code is used.
    """
    from globus_sdk import NativeAppAuthClient
    from globus_sdk.scopes import AuthScopes

    scopes = [
        AuthScopes.openid,
        AuthScopes.profile,
        *reading_scopes()[1:],
        *([other_scope("flows")] if needs.flows else ()),
        writing_scope(needs),
    ]
    client = NativeAppAuthClient(client_id, environment=environment)
    flow = client.oauth2_start_flow(scopes, refresh_tokens=True)
    register(flow.verifier)
    pending = {
        "client_id": client_id,
        "environment": environment,
        "redirect_uri": str(flow.redirect_uri),
        "verifier": flow.verifier,
    }
    # prompt=login: sign in again even if the browser has a session, because high assurance needs a new one.
    return flow.get_authorize_url({"prompt": "login"}), pending


def lacks_consent(consents: Iterable[Mapping[str, Any]], needs: Needs) -> bool:
    """Whether the consent documents of Globus Auth lack a consent that timers need."""
    return _lacks_scope(consents, writing_scope(needs))


def _lacks_scope(consents: Iterable[Mapping[str, Any]], scope: Scope) -> bool:
    from globus_sdk.scopes.consents import ConsentForest

    try:
        return not ConsentForest(consents).meets_scope_requirements([scope])
    except UNREADABLE:
        raise unreadable("auth") from None
