# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The module ``login``: a person signs in, in two steps, without a terminal.

Step one returns an address to open, and stores its verifier in a private file beside the token file. Step two exchanges
the code that the page shows for tokens. Tokens and the verifier are never returned (rule X1).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

from .. import _arguments
from .._errors import GlobusError, InputError
from .._globus.auth_api import AuthApi, start_native_login
from .._globus.collections import Needs
from .._globus.credentials import Credentials
from .._globus.http import SERVICES
from .._globus.logins import check_stored, choose_login
from .._globus.service import Globus
from .._globus.token_storage import (
    StoredLogin,
    Token,
    TokenFile,
    open_private,
    user_token_file,
)
from .._secrets import redact, register
from .._timers.options import parse_ids, parse_uuid
from .common import GlobusModule, fail, open_http, reports_unexpected_errors, require_sdk

AUTH_SERVER = SERVICES["auth"].resource_server


@reports_unexpected_errors
def run_login() -> None:
    """The module ``login``."""
    module = GlobusModule("login", _check_client_id)
    require_sdk(module)
    parameters = _arguments.with_environment_variables(_arguments.login_arguments(), module.params)
    try:
        client_id = parse_uuid("client_id", parameters["client_id"])
        needs = Needs(data_access=_parse_id_set(parameters, "collections"), flows=_parse_id_set(parameters, "flows"))
        file = user_token_file(parameters["token_storage"], client_id)
        sign_in = SignIn(module, file, client_id, needs)
        if parameters["state"] == "absent":
            sign_in.sign_out()
        if parameters["code"] is None:
            sign_in.begin()
        if not parameters["code"].strip():
            raise InputError(
                "code is empty. Set it to the code that the page shows after you sign in. To get a new URL, remove "
                "the option"
            )
        sign_in.finish(parameters["code"].strip())
    except InputError as error:
        fail(module, GlobusError(str(error), code="invalid_input"))
    except GlobusError as error:
        fail(module, error)


def _check_client_id(given: Mapping[str, Any]) -> None:
    """Raises InputError if there is no client, with a better message than Ansible's."""
    options = _arguments.login_arguments()
    if _arguments.is_blank(
        _arguments.with_environment_variables(options, {**dict.fromkeys(options), **given})["client_id"]
    ):
        raise InputError(
            "client_id is missing. Set it to the ID of a native app that you registered at "
            "https://app.globus.org/settings/developers, or set GLOBUS_CLIENT_ID on the host where the module runs"
        )


def _parse_id_set(parameters: Mapping[str, Any], option: str) -> tuple[str, ...]:
    return tuple(sorted(set(parse_ids(option, parameters[option]))))


class SignIn:
    """The login of a person to a client. Each public method ends the module."""

    def __init__(self, module: GlobusModule, file: TokenFile, client_id: str, needs: Needs) -> None:
        self._module = module
        self._http = open_http(module)
        self._auth = AuthApi(self._http)
        self._file = file
        self._client_id = client_id
        self._needs = needs
        self._pending = file.path.with_name(f".{file.path.name}.pending")

    def begin(self) -> NoReturn:
        """Step one: return the address to open, unless the login exists and has the consents."""
        stored = self._read_stored_login()
        needs = self._needs
        if stored is not None and not self._module.params["force"]:
            lacking = self._lacking()
            if lacking is None:
                self._exit(changed=False, login=stored)
            needs = lacking
        if self._module.check_mode:
            self._exit(changed=False)
        url, pending = start_native_login(self._client_id, self._environment, needs)
        with self._file.locked():
            TokenFile.write_text(self._pending, json.dumps(pending))
        self._exit(changed=False, url=url)

    def finish(self, code: str) -> NoReturn:
        """Step two: get tokens for the code."""
        self._read_stored_login()
        pending = self._read_pending()
        if self._module.check_mode:
            self._exit(changed=True)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": pending["redirect_uri"],
            "code_verifier": pending["verifier"],
        }
        try:
            tokens = self._auth.request_tokens(form, (self._client_id, None))
        except GlobusError as error:
            if error.http_status not in (400, 401, 403):
                raise
            raise GlobusError(
                f"Globus Auth rejected the code ({error.message}). A code works only once, only for a few minutes, "
                "and only for the latest URL. Run the task without code, and open the new URL",
                code="code_refused",
                http_status=error.http_status,
                request_id=error.request_id,
            ) from None
        if AUTH_SERVER not in tokens:
            raise GlobusError(f"Globus Auth did not return a token for {AUTH_SERVER}", code="unreadable_answer")
        who = self._auth.user_information(tokens[AUTH_SERVER].access_token)
        login = StoredLogin(
            environment=self._environment,
            client_id=self._client_id,
            # redacted here, because it is stored, and printed later, when these secrets are no longer registered
            identity=redact(str(who["sub"])),
            username=redact(str(who.get("preferred_username") or "")) or None,
            tokens=tokens,
        )
        with self._file.locked():
            self._file.write(login)
            self._pending.unlink(missing_ok=True)
        self._exit(changed=True, login=login)

    def sign_out(self) -> NoReturn:
        """Revoke the tokens and remove the files."""
        login = self._read_stored_login()
        exists = login is not None or self._pending.exists()
        if exists and not self._module.check_mode:
            with self._file.locked():
                for token in login.tokens.values() if login else ():
                    self._revoke(token)
                self._file.remove()
                self._pending.unlink(missing_ok=True)
        self._exit(changed=exists)

    def _revoke(self, token: Token) -> None:
        """Revoke a token, or warn if Globus Auth refuses that. Without an answer, fail, so that the login is kept."""
        try:
            self._auth.revoke(token, self._client_id)
        except GlobusError as error:
            if error.http_status not in (400, 401, 403):
                raise
            self._module.warn(
                f"A token of the login could not be revoked ({error.message}). To revoke the permissions of the "
                f"application yourself, open {self._http.web_app}settings/consents"
            )

    def _read_stored_login(self) -> StoredLogin | None:
        """The stored login, which must be one of this client."""
        stored = self._file.read()
        if stored is not None:
            check_stored(stored, self._client_id, self._environment, self._file)
        return stored

    def _lacking(self) -> Needs | None:
        """The needs to sign in for, if the stored login does not work or lacks a consent; None if it lacks nothing.

        Only a login that works can find out which of the collections accept a consent (rule S2).
        """
        credentials = Credentials("user", client_id=self._client_id, token_storage=str(self._file.path))
        needs = self._needs
        try:
            globus = Globus(self._http, self._auth, choose_login(credentials, self._environment, self._auth))
            used = tuple(one for one in needs.data_access if globus.get_collection(one).requires_data_access)
            needs = replace(needs, data_access=used)
            return None if globus.missing_consents(needs) is None else needs
        except GlobusError as error:
            if error.code != "login_required" and error.http_status != 401:
                raise
            return needs

    def _read_pending(self) -> Mapping[str, str]:
        try:
            with open_private(self._pending) as file:
                pending = json.load(file)
            begun = {name: str(pending[name]) for name in ("client_id", "environment", "redirect_uri", "verifier")}
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            begun = {}
        register(begun.get("verifier"))
        if (begun.get("client_id"), begun.get("environment")) != (self._client_id, self._environment):
            raise GlobusError(
                f"No login of client {self._client_id} was started on this host. Run the task without code first, "
                "and open the URL that it returns",
                code="no_login_begun",
            )
        return begun

    @property
    def _environment(self) -> str:
        return str(self._module.params["environment"])

    def _exit(self, *, changed: bool, login: StoredLogin | None = None, url: str | None = None) -> NoReturn:
        scopes = sorted({scope for token in login.tokens.values() for scope in token.scope.split()}) if login else []
        self._module.exit_json(
            changed=changed,
            authorize_url=url,
            username=login.username if login else None,
            scopes=scopes,
            token_storage=str(self._file.path),
        )
        raise SystemExit(0)  # not reached
