# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The ways to sign in. Each gives the token for a service, and knows how its consents come about (rule S4).

No globus_sdk here: a login is an authorizer to the SDK by its two methods, and asks Globus Auth through ``_service``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from ansible_collections.research_ops.globus.plugins.module_utils import _auth
from ansible_collections.research_ops.globus.plugins.module_utils._collection import Needs
from ansible_collections.research_ops.globus.plugins.module_utils._errors import GlobusError
from ansible_collections.research_ops.globus.plugins.module_utils._token_storage import (
    StoredLogin,
    Token,
    TokenFile,
    find_user_token_file,
    read_cli_login,
)

OTHERS = ("auth", "flows")  # services that only some tasks ask; their tokens are requested when they are needed
EXPIRY_MARGIN = 60.0  # seconds; a token that expires this soon is renewed first
SERVERS = {  # resource server of each service
    "auth": "auth.globus.org",
    "transfer": "transfer.api.globus.org",
    "timer": "524230d7-ea86-4a52-8312-86065a9e0417",
    "flows": "flows.globus.org",
}


class AuthService(Protocol):
    """What of ``_service.Globus`` is used here."""

    def request_tokens(self, form: Mapping[str, str], client: tuple[str, str | None]) -> dict[str, Token]: ...
    def missing_consents(self, identity: str, needs: Needs) -> Needs | None: ...


class Login(Protocol):
    """A way to sign in."""

    @property
    def identity(self) -> str | None:
        """The ID of who is signed in, where known: whose consents count."""

    def token(self, service: str) -> str | None:
        """The access token for a service, renewed where it is about to expire; None where the login has none."""

    def renew(self, service: str) -> bool:
        """Get a new token after the service refused the one it was sent; whether there is one."""

    def check_consents(self, needs: Needs) -> str | None:
        """Reads only. A warning where nobody can tell; raises GlobusError, with the remedy, for a missing consent."""

    def grant(self, needs: Needs) -> None:
        """Write: give the consents that timers need, and have the coming requests carry them."""


class Authorizer:
    """A login as the SDK's clients ask it, for one service."""

    def __init__(self, login: Login, service: str) -> None:
        self._login = login
        self._service = service

    def get_authorization_header(self) -> str | None:
        token = self._login.token(self._service)
        return f"Bearer {token}" if token else None

    def handle_missing_authorization(self) -> bool:
        return self._login.renew(self._service)


class TokenLogin:
    """Access tokens that the user brings."""

    def __init__(self, credentials: _auth.Credentials) -> None:
        self._tokens = {"timer": credentials.timers_token, "transfer": credentials.transfer_token}

    @property
    def identity(self) -> str | None:
        return None

    def token(self, service: str) -> str | None:
        return self._tokens.get(service)

    def renew(self, service: str) -> bool:
        return False

    def check_consents(self, needs: Needs) -> str | None:
        if not needs.each():
            return None
        used = ", ".join(
            [f"data_access for collection {one}" for one in needs.data_access] + [f"flow {one}" for one in needs.flows]
        )
        return (
            f"With access tokens the consents behind them cannot be seen. Without that for {used} a timer stops at its "
            f"first run; make sure that timers_token was requested with the scope {_auth.writing_scope(needs)}"
        )

    def grant(self, needs: Needs) -> None:
        """Nothing can be granted with an access token."""


class ClientLogin:
    """A service account. Its token request grants the consents that it names.

    With a token file the tasks of a play share the tokens that read. Before a timer is created or resumed a token is
    requested anew all the same: only the request shows that the consents are there.
    """

    def __init__(self, credentials: _auth.Credentials, environment: str, auth: AuthService) -> None:
        self._client = (credentials.client_id or "", credentials.client_secret)
        self._environment = environment
        self._auth = auth
        self._file = TokenFile(credentials.token_storage) if credentials.token_storage else None
        self._tokens: dict[str, Token] = {}
        self._scopes: list[Any] = []
        self._lock = threading.Lock()

    @property
    def identity(self) -> str | None:
        return self._client[0]

    def token(self, service: str) -> str | None:
        with self._lock:
            if service in OTHERS and not _is_fresh(self._tokens.get(SERVERS[service])):
                form = {"grant_type": "client_credentials", "scope": str(_auth.other_scope(service))}
                self._tokens.update(self._auth.request_tokens(form, self._client))
            elif not _is_fresh(self._tokens.get(SERVERS[service])):
                self._sign_in()
            return self._tokens[SERVERS[service]].access_token

    def renew(self, service: str) -> bool:
        with self._lock:
            self._request(self._scopes or _auth.reading_scopes())
        return True

    def check_consents(self, needs: Needs) -> str | None:
        return None

    def grant(self, needs: Needs) -> None:
        with self._lock:
            self._request([_auth.writing_scope(needs), *_auth.reading_scopes()[1:]])

    def _sign_in(self) -> None:
        stored = self._file.read() if self._file else None
        if stored is not None:
            _check_stored(stored, self._client[0], self._environment, self._file)
            if all(_is_fresh(stored.tokens.get(SERVERS[service])) for service in ("timer", "transfer")):
                self._tokens = dict(stored.tokens)
                return
        self._request(_auth.reading_scopes())

    def _request(self, scopes: Sequence[Any]) -> None:
        self._scopes = list(scopes)
        form = {"grant_type": "client_credentials", "scope": " ".join(str(scope) for scope in scopes)}
        self._tokens.update(self._auth.request_tokens(form, self._client))
        if self._file is not None:
            with self._file.locked():
                self._file.write(StoredLogin(self._environment, self._client[0], dict(self._tokens)))


class PersonLogin:
    """The login of a person, kept on disk, whose access tokens a refresh token renews.

    :param file: where renewed tokens are kept; None for the Globus CLI's login, which is never written to.
    :param remedy: the command that grants consents.
    """

    def __init__(
        self,
        login: StoredLogin,
        file: TokenFile | None,
        auth: AuthService,
        remedy: Callable[[Needs], str],
    ) -> None:
        self._login = login
        self._file = file
        self._auth = auth
        self._remedy = remedy
        self._lock = threading.Lock()

    @property
    def identity(self) -> str | None:
        return self._login.identity

    def token(self, service: str) -> str | None:
        with self._lock:
            token = self._login.tokens.get(SERVERS[service])
            if token is None:
                raise GlobusError(
                    f"The stored login has no token for {SERVERS[service]}: sign in again",
                    code="login_required",
                    remedy=self._remedy(Needs()),
                )
            return (token if _is_fresh(token) else self._refresh(service, token)).access_token

    def renew(self, service: str) -> bool:
        with self._lock:
            self._refresh(service, self._login.tokens[SERVERS[service]])
        return True

    def check_consents(self, needs: Needs) -> str | None:
        if self._login.identity is None:
            return "The stored login does not say whose it is, so its consents cannot be seen"
        missing = self._auth.missing_consents(self._login.identity, needs)
        if missing is None:
            return None
        parts = [f"data_access for collection {one}" for one in missing.data_access]
        parts += [f"flow {one}" for one in missing.flows]
        what = ", ".join(parts) or "transfers by timers"
        raise GlobusError(
            f"The consent for {what} is missing: the timer would be created, and stopped at its first run. "
            f"Grant it with: {self._remedy(missing)}",
            code="consent_required",
            remedy=self._remedy(missing),
        )

    def grant(self, needs: Needs) -> None:
        """A person's consents are given in a login, not here."""

    def _refresh(self, service: str, used: Token) -> Token:
        """A new access token, from another task that was quicker, or from Globus Auth."""
        if self._file is None:
            return self._refreshed(service, used)
        with self._file.locked():
            stored = self._file.read()
            if stored is not None:
                self._login = replace(stored, client_secret=self._login.client_secret)
            token = self._login.tokens.get(SERVERS[service])
            if token is not None and token.access_token != used.access_token and _is_fresh(token):
                return token
            token = self._refreshed(service, token or used)
            self._file.write(self._login)
            return token

    def _refreshed(self, service: str, token: Token) -> Token:
        if not token.refresh_token:
            raise GlobusError(
                "The stored login has expired, and has nothing to renew it with: sign in again",
                code="login_required",
                remedy=self._remedy(Needs()),
            )
        form = {"grant_type": "refresh_token", "refresh_token": token.refresh_token}
        try:
            fresh = self._auth.request_tokens(form, (self._login.client_id, self._login.client_secret))
        except GlobusError as error:
            if error.http_status not in (400, 401, 403):
                raise
            raise GlobusError(
                f"The stored login is not accepted any more ({error.message}): sign in again",
                code="login_required",
                http_status=error.http_status,
                remedy=self._remedy(Needs()),
            ) from None
        renewed = replace(token, **{key: value for key, value in vars(fresh[SERVERS[service]]).items() if value})
        self._login = replace(self._login, tokens={**self._login.tokens, SERVERS[service]: renewed})
        return renewed


def _is_fresh(token: Token | None) -> bool:
    return token is not None and token.expires_at > time.time() + EXPIRY_MARGIN


def _check_stored(login: StoredLogin, client_id: str | None, environment: str, file: TokenFile | None) -> None:
    """Tokens of another client or environment are never sent."""
    where = file.path if file else "the token storage"
    for what, stored, wanted in (
        ("client", login.client_id, client_id),
        ("environment", login.environment, environment),
    ):
        if wanted and stored != wanted:
            raise GlobusError(
                f"{where} holds a login of {what} {stored}, not {wanted}: name another token_storage, or remove it",
                code="wrong_login",
            )


# --- choosing (auth_method) ----------------------------------------------------------------------------------------


def choose_login(credentials: _auth.Credentials, environment: str, auth: AuthService) -> Login:
    """The login that ``auth_method`` names; ``auto`` takes the first that is there.

    :raises GlobusError: where there is none, naming all ways.
    """
    method = credentials.method
    if method == "access_token":
        return TokenLogin(credentials)
    if method == "client_credentials":
        return ClientLogin(credentials, environment, auth)
    login = None
    if method in ("auto", "user"):
        login = _user_login(credentials, environment, auth)
        if login is None and method == "user":
            command = _user_remedy(credentials.client_id)(Needs())
            raise GlobusError(
                f"There is no stored login of a person. Sign in with: {command}", code="login_required", remedy=command
            )
    if login is None:
        login = _cli_login(environment, auth)
        if login is None and method == "cli":
            raise GlobusError(
                "The Globus CLI has no login here. Sign in with: globus login",
                code="login_required",
                remedy="globus login",
            )
    if login is None:
        raise GlobusError(
            "No Globus credentials were found. Give one of: access tokens (timers_token, transfer_token), a service "
            "account (client_id, client_secret), a login of your own (ansible-playbook research_ops.globus.login), or "
            "that of the Globus CLI (globus login). Environment variables and files are read on the host where the "
            "module runs",
            code="no_credentials",
            remedy="set GLOBUS_CLIENT_ID and GLOBUS_CLIENT_SECRET",
        )
    return login


def _user_login(credentials: _auth.Credentials, environment: str, auth: AuthService) -> Login | None:
    file = find_user_token_file(credentials.token_storage, credentials.client_id)
    stored = file.read() if file else None
    if stored is None:
        return None
    _check_stored(stored, credentials.client_id, environment, file)
    return PersonLogin(stored, file, auth, _user_remedy(stored.client_id))


def _user_remedy(client_id: str | None) -> Callable[[Needs], str]:
    def remedy(needs: Needs) -> str:
        command = f"ansible-playbook research_ops.globus.login -e globus_client_id={client_id or 'ID'}"
        command += f" -e globus_collections={','.join(needs.data_access)}" if needs.data_access else ""
        return command + (f" -e globus_flows={','.join(needs.flows)}" if needs.flows else "")

    return remedy


def _cli_login(environment: str, auth: AuthService) -> Login | None:
    stored = read_cli_login(environment)
    return PersonLogin(stored, None, auth, _cli_remedy) if stored else None


def _cli_remedy(needs: Needs) -> str:
    if needs.flows:
        return "globus login " + " ".join(f"--timer flow:{flow}" for flow in needs.flows)
    if not needs.data_access:
        return "globus login --force"
    return "globus session consent " + " ".join(f"--timer-data-access {one}" for one in needs.data_access)
