# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The ways to sign in. Each has tokens for the services, and knows how consents are granted (rule S4)."""

from __future__ import annotations

import contextlib
import re
import shlex
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from .._errors import GlobusError
from .auth_api import data_scope, other_scope, reading_scopes, writing_scope
from .collections import Needs
from .credentials import Credentials
from .http import SERVICES, Authorizer
from .token_storage import (
    StoredLogin,
    Token,
    TokenFile,
    cli_profile,
    find_user_token_file,
    read_cli_login,
    user_token_file,
)

OTHERS = ("auth", "flows")  # services that only some tasks use: their tokens are requested when they are needed
EXPIRY_MARGIN = 60.0  # seconds; a token that expires within this time is renewed before it is used
TOKEN = re.compile(r"[\x21-\x7e]+")


class AuthService(Protocol):
    """The methods of ``_globus.auth_api.AuthApi`` that are used here."""

    def request_tokens(self, form: Mapping[str, str], client: tuple[str, str | None]) -> dict[str, Token]:
        """Tokens by resource server."""

    def missing_consents(self, identity: str, needs: Needs, authorizer: Authorizer) -> Needs | None:
        """The missing consents of a person, or None."""

    def missing_data_consents(self, identity: str, collections: Sequence[str], authorizer: Authorizer) -> list[str]:
        """The collections to whose data a person's login has no consent."""


class Login(Protocol):
    """A way to sign in."""

    @property
    def identity(self) -> str | None:
        """The ID of the identity that is signed in, if known. Its consents count."""

    def token(self, service: str) -> str | None:
        """The access token for a service, renewed if it expires soon; None if the login has none."""

    def renew(self, service: str, refused: str | None) -> bool:
        """Get another token after the service refused this one. Returns whether there is one."""

    def refusal(self, service: str) -> tuple[str, str | None]:
        """Why the service refuses the token, even after a renewal if the login can renew it, and the remedy."""

    def check_consents(self, needs: Needs) -> str | None:
        """Returns a warning if consents cannot be checked. Raises GlobusError, with the remedy, if one is missing."""

    @property
    def grants_consents(self) -> bool:
        """Whether ``grant`` has an effect."""

    def grant(self, needs: Needs) -> None:
        """Grant the consents that timers need. The tokens of later requests have them."""

    def prepare_data_access(self, collections: Sequence[str], check_mode: bool) -> dict[str, str]:
        """Prepare to look at data of mapped collections (``check_paths``).

        In check mode it grants nothing (rule W1). Returns the collections where looking is impossible, and why.
        """


class LoginAuthorizer:
    """Signs the requests to one service with a login."""

    def __init__(self, login: Login, service: str) -> None:
        self._login = login
        self._service = service
        self._sent: str | None = None

    def get_authorization_header(self) -> str | None:
        self._sent = self._login.token(self._service)
        if self._sent and not TOKEN.fullmatch(self._sent):
            # The HTTP library would quote it in its error message (rule X1).
            raise GlobusError(
                f"The access token for {SERVICES[self._service].name} is not valid: it contains blanks, line breaks "
                "or other characters that no token contains. Check where it comes from",
                code="malformed_token",
            )
        return f"Bearer {self._sent}" if self._sent else None

    def handle_missing_authorization(self) -> bool:
        return self._login.renew(self._service, self._sent)

    def refusal(self) -> tuple[str, str | None]:
        return self._login.refusal(self._service)


class TokenLogin:
    """Access tokens that the user provides."""

    def __init__(self, credentials: Credentials) -> None:
        self._tokens = {"timer": credentials.timers_token, "transfer": credentials.transfer_token}

    @property
    def identity(self) -> str | None:
        return None

    def token(self, service: str) -> str | None:
        return self._tokens.get(service)

    def renew(self, service: str, refused: str | None) -> bool:
        return False

    def refusal(self, service: str) -> tuple[str, str | None]:
        option = {"timer": "timers_token", "transfer": "transfer_token"}.get(service, "the token")
        return (
            f"{option} has expired, was revoked, or was issued for another service or environment. Set a new one",
            f"set {option} to a fresh token",
        )

    def check_consents(self, needs: Needs) -> str | None:
        return (
            "The module cannot check the consents of an access token. Without the consent for "
            f"{_needs_in_words(needs)}, Globus stops a timer at its first run. Make sure that timers_token was "
            f"requested with the scope {writing_scope(needs)}"
        )

    grants_consents = False

    def grant(self, needs: Needs) -> None:
        """Does nothing: an access token cannot grant consents."""

    def prepare_data_access(self, collections: Sequence[str], check_mode: bool) -> dict[str, str]:
        return {}  # only the requests show whether the token gives access


class ClientLogin:
    """A service account. Its request for a token grants the consents in the requested scopes.

    With a token file, the tasks of a play share tokens for reading. Before a timer is created or resumed, a new token
    is requested in any case, because only the request shows that the consents exist.
    """

    def __init__(self, credentials: Credentials, environment: str, auth: AuthService) -> None:
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
            if not _is_fresh(self._tokens.get(SERVICES[service].resource_server)):
                self._sign_in(service, refused=None)
            return _token_for(self._tokens, service).access_token

    def renew(self, service: str, refused: str | None) -> bool:
        with self._lock:
            current = self._tokens.get(SERVICES[service].resource_server)
            if current is None or current.access_token == refused:  # otherwise another thread was quicker
                self._sign_in(service, refused)
        return True

    def refusal(self, service: str) -> tuple[str, str | None]:
        return "the service rejected a token that Globus Auth has just issued", None

    def check_consents(self, needs: Needs) -> str | None:
        return None

    grants_consents = True

    def grant(self, needs: Needs) -> None:
        with self._lock, self._stored():
            scopes = [writing_scope(needs), *reading_scopes()[1:]]
            self._request(scopes)
            self._scopes = scopes  # only now: a refused scope must not be requested again when a token is renewed

    def prepare_data_access(self, collections: Sequence[str], check_mode: bool) -> dict[str, str]:
        if not collections:
            return {}
        if check_mode:
            return dict.fromkeys(collections, "check mode does not request the necessary consent")
        with self._lock:
            self._tokens.update(self._ask([data_scope(collections)]))
        return {}

    def _sign_in(self, service: str, refused: str | None) -> None:
        """A token for a service, other than the refused one: stored by another task, or new."""
        if service in OTHERS:
            self._tokens.update(self._ask([other_scope(service)]))
            return
        with self._stored() as stored:
            token = stored.get(SERVICES[service].resource_server)
            if self._scopes or not _is_fresh(token) or (token and token.access_token == refused):
                self._request(self._scopes or reading_scopes())
            else:
                self._tokens.update(stored)

    @contextlib.contextmanager
    def _stored(self) -> Iterator[Mapping[str, Token]]:
        """The tokens in the file, locked, so that only one of several tasks at once requests new ones."""
        if self._file is None:
            yield {}
            return
        with self._file.locked():
            login = self._file.read()
            if login is not None:
                check_stored(login, self._client[0], self._environment, self._file)
            yield login.tokens if login else {}

    def _request(self, scopes: Sequence[Any]) -> None:
        """Request tokens for timers and collections, and store them."""
        self._tokens.update(self._ask(scopes))
        if self._file is not None:
            self._file.write(StoredLogin(self._environment, self._client[0], dict(self._tokens)))

    def _ask(self, scopes: Sequence[Any]) -> dict[str, Token]:
        form = {"grant_type": "client_credentials", "scope": " ".join(str(scope) for scope in scopes)}
        try:
            return self._auth.request_tokens(form, self._client)
        except GlobusError as error:
            if error.http_status not in (400, 401, 403):
                raise
            raise GlobusError(
                f"Globus Auth refused to issue a token to the client {self._client[0]}: {error.message}. "
                f"Check client_id, client_secret and environment ({self._environment}). Also check that the client "
                "still belongs to a project (https://app.globus.org/settings/developers)",
                code=error.code,
                http_status=error.http_status,
                request_id=error.request_id,
            ) from None


class PersonLogin:
    """The stored login of a person, with a refresh token that renews its access tokens.

    :param file: the file for renewed tokens; None for the login of the Globus CLI, which is never changed.
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
            token = self._login.tokens.get(SERVICES[service].resource_server)
            if token is None:
                raise self._sign_in_again(f"The stored login has no token for {SERVICES[service].name}")
            return (token if _is_fresh(token) else self._refresh(service, token.access_token)).access_token

    def renew(self, service: str, refused: str | None) -> bool:
        with self._lock:
            current = self._login.tokens.get(SERVICES[service].resource_server)
            if current is None or current.access_token == refused:  # otherwise another thread was quicker
                self._refresh(service, refused)
        return True

    def refusal(self, service: str) -> tuple[str, str | None]:
        remedy = self._remedy(Needs())
        return (
            f"the service rejected the stored login, although it was just renewed. Sign in again with: {remedy}",
            remedy,
        )

    def check_consents(self, needs: Needs) -> str | None:
        if self._login.identity is None:
            return (
                "The module cannot check the consents, because the stored login does not contain the identity of "
                "the user"
            )
        missing = self._auth.missing_consents(self._login.identity, needs, LoginAuthorizer(self, "auth"))
        if missing is None:
            return None
        raise GlobusError(
            f"The consent for {_needs_in_words(missing)} is missing, so Globus would stop the timer at its first "
            f"run. Grant the consent with: {self._remedy(missing)}",
            code="consent_required",
            remedy=self._remedy(missing),
        )

    grants_consents = False

    def grant(self, needs: Needs) -> None:
        """Does nothing: a person grants consents in a login."""

    def prepare_data_access(self, collections: Sequence[str], check_mode: bool) -> dict[str, str]:
        if self._login.identity is None:
            return dict.fromkeys(
                collections,
                "the module cannot check the consents, because the stored login does not contain the identity "
                "of the user",
            )
        authorizer = LoginAuthorizer(self, "auth")
        lacking = self._auth.missing_data_consents(self._login.identity, collections, authorizer)
        return dict.fromkeys(lacking, "this login has no consent for the data of the collection")

    def _refresh(self, service: str, used: str | None) -> Token:
        """An access token other than the used one: stored by another task meanwhile, or from Globus Auth."""
        if self._file is None:
            return self._refreshed(service)
        with self._file.locked():
            stored = self._file.read()
            if stored is None:
                raise self._sign_in_again("The stored login was removed while the task ran")
            if (stored.client_id, stored.identity) != (self._login.client_id, self._login.identity):
                raise self._sign_in_again("The stored login was replaced by another login while the task ran")
            self._login = stored
            token = stored.tokens.get(SERVICES[service].resource_server)
            if token is not None and token.access_token != used and _is_fresh(token):
                return token
            token = self._refreshed(service)
            self._file.write(self._login)
            return token

    def _refreshed(self, service: str) -> Token:
        token = self._login.tokens.get(SERVICES[service].resource_server)
        if token is None or not token.refresh_token:
            raise self._sign_in_again("The stored login has expired and has no refresh token")
        form = {"grant_type": "refresh_token", "refresh_token": token.refresh_token}
        try:
            fresh = _token_for(
                self._auth.request_tokens(form, (self._login.client_id, self._login.client_secret)), service
            )
        except GlobusError as error:
            if error.http_status not in (400, 401, 403):
                raise
            why = f"The stored login has expired or was revoked ({error.message})"
            raise self._sign_in_again(why, error) from None
        # what the answer leaves out stays: Globus Auth need not send the refresh token again
        renewed = replace(token, **{key: value for key, value in vars(fresh).items() if value})
        self._login = replace(self._login, tokens={**self._login.tokens, SERVICES[service].resource_server: renewed})
        return renewed

    def _sign_in_again(self, why: str, error: GlobusError | None = None) -> GlobusError:
        remedy = self._remedy(Needs())
        return GlobusError(
            f"{why}. Sign in again with: {remedy}",
            code="login_required",
            http_status=error.http_status if error else None,
            request_id=error.request_id if error else None,
            remedy=remedy,
        )


def _needs_in_words(needs: Needs) -> str:
    parts = [f"data_access for collection {one}" for one in needs.data_access]
    parts += [f"flow {one}" for one in needs.flows]
    return ", ".join(parts) or "transfers by timers"


def _is_fresh(token: Token | None) -> bool:
    return token is not None and token.expires_at > time.time() + EXPIRY_MARGIN


def _token_for(tokens: Mapping[str, Token], service: str) -> Token:
    """The token for a service, among those that Globus Auth returned."""
    token = tokens.get(SERVICES[service].resource_server)
    if token is None:
        raise GlobusError(f"Globus Auth did not return a token for {SERVICES[service].name}", code="unreadable_answer")
    return token


def check_stored(login: StoredLogin, client_id: str | None, environment: str, file: TokenFile) -> None:
    """Refuse tokens of another client or environment: they must be neither sent nor overwritten."""
    for what, stored, wanted in (
        ("client", login.client_id, client_id),
        ("environment", login.environment, environment),
    ):
        if wanted and stored != wanted:
            raise GlobusError(
                f"{file.path} contains a login for {what} {stored}, not {wanted}. Set token_storage to another file, "
                "or remove this file",
                code="wrong_login",
                # not to remove the file: it may be somebody's good login
                remedy="set token_storage (GLOBUS_TOKEN_STORAGE) to another file",
            )


# --- choosing (auth_method) ----------------------------------------------------------------------------------------


def choose_login(credentials: Credentials, environment: str, auth: AuthService) -> Login:
    """The login that ``auth_method`` selects; ``auto`` uses the first that exists.

    :raises GlobusError: if none exists, with all ways to sign in.
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
            command = _user_remedy(credentials.client_id, environment, credentials.token_storage)(Needs())
            raise GlobusError(
                f"No stored user login was found. Sign in with: {command}", code="login_required", remedy=command
            )
    if login is None:
        login = _cli_login(environment, auth)
        if login is None and method == "cli":
            command = f"{_cli_variables(environment)}globus login"
            profile = f", profile {cli_profile()}" if cli_profile() else ""
            raise GlobusError(
                f"The Globus CLI is not signed in on this host (environment {environment}{profile}). Sign in with: "
                f"{command}",
                code="login_required",
                remedy=command,
            )
    if login is None:
        raise GlobusError(
            "No Globus credentials were found. Use one of: access tokens (set timers_token and transfer_token), a "
            "service account (set client_id and client_secret, or GLOBUS_CLIENT_ID and GLOBUS_CLIENT_SECRET), a user "
            "login (run ansible-playbook research_ops.globus.login), or the Globus CLI (run globus login). "
            + _half_given(credentials)
            + "The module reads environment variables and files on the host where it runs",
            code="no_credentials",
            remedy="set GLOBUS_CLIENT_ID and GLOBUS_CLIENT_SECRET",
        )
    return login


def _half_given(credentials: Credentials) -> str:
    """A hint if only one half of the options for a service account, or for tokens, is given."""
    pairs = (("client_id", "client_secret"), ("client_secret", "client_id"), ("transfer_token", "timers_token"))
    return "".join(
        f"{given} is set, but {missing} is not. "
        for given, missing in pairs
        if getattr(credentials, given) and not getattr(credentials, missing)
    )


def _user_login(credentials: Credentials, environment: str, auth: AuthService) -> Login | None:
    file = find_user_token_file(credentials.token_storage, credentials.client_id)
    stored = file.read() if file else None
    if file is None or stored is None:
        return None
    if credentials.method == "auto" and not credentials.token_storage and stored.environment != environment:
        return None  # found without being named in an option, and for another environment
    check_stored(stored, credentials.client_id, environment, file)
    if stored.identity is None:
        raise GlobusError(
            f"{file.path} contains tokens of the service account {stored.client_id}, not a user login. Set the "
            "client_secret of the service account, or set token_storage to another file",
            code="wrong_login",
        )
    return PersonLogin(stored, file, auth, _user_remedy(stored.client_id, environment, str(file.path)))


def _user_remedy(client_id: str | None, environment: str, storage: str | None) -> Callable[[Needs], str]:
    """The command to sign in again, with the options with which this task then finds the login."""
    default = None
    if client_id:
        with contextlib.suppress(GlobusError):  # no home, so no default either
            default = str(user_token_file(None, client_id).path)
    options = {
        "globus_client_id": client_id,
        "globus_environment": environment if environment != "production" else None,
        "globus_token_storage": storage if storage != default else None,
    }

    def remedy(needs: Needs) -> str:
        given = {**options, "globus_collections": ",".join(needs.data_access), "globus_flows": ",".join(needs.flows)}
        words = [f"-e {shlex.quote(f'{name}={value}')}" for name, value in given.items() if value]
        return " ".join(["ansible-playbook research_ops.globus.login", *words])

    return remedy


def _cli_login(environment: str, auth: AuthService) -> Login | None:
    stored = read_cli_login(environment)
    return PersonLogin(stored, None, auth, _cli_remedy(environment)) if stored else None


def _cli_remedy(environment: str) -> Callable[[Needs], str]:
    def remedy(needs: Needs) -> str:
        commands = []
        if needs.data_access:
            options = " ".join(f"--timer-data-access {one}" for one in needs.data_access)
            commands.append(f"globus session consent {options}")
        if needs.flows:
            commands.append("globus login " + " ".join(f"--timer flow:{flow}" for flow in needs.flows))
        variables = _cli_variables(environment)
        return " && ".join(f"{variables}{command}" for command in commands or ["globus login --force"])

    return remedy


def _cli_variables(environment: str) -> str:
    """The variables in front of a command of the CLI, so that it uses the same login as the task."""
    profile = cli_profile()
    words = [f"GLOBUS_SDK_ENVIRONMENT={environment}"] if environment != "production" else []
    words += [f"GLOBUS_PROFILE={shlex.quote(profile)}"] if profile else []
    return "".join(f"{word} " for word in words)
