# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Globus Auth for people: the authorize page, codes, and the clients that installations of the Globus CLI register."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import uuid
from collections.abc import Callable, Iterable
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from emulator.errors import ServiceError
from emulator.scopes import Scope, ScopeSyntaxError, parse
from emulator.state import Code, Emulator
from emulator.world import Client

AUTHORIZE = "/v2/oauth2/authorize"
CODE_PAGE = "/v2/web/auth-code"
CODE_SECONDS = 600
#: The native apps whose installations register their own clients: the Globus CLI, one app in each environment.
TEMPLATES = frozenset(
    [
        "95fdeba8-fac2-42bd-a357-e068d82ff78e",
        "33b6a241-bce4-4359-9c6d-09f88b3c9eef",
        "e0c31fd1-663b-44e1-840f-f4304bb9ee7a",
        "0ebfd058-452f-40c3-babf-5a6b16a7b337",
        "3029c3cb-c8d9-4f2b-979c-c53330aa7327",
        "b2867dbb-0846-4579-8486-dc70763d700b",
    ]
)


class PageError(Exception):
    """A refusal that a person sees in the browser, before anything is sent to the application."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def is_public(emulator: Emulator, client_id: str) -> bool:
    """Whether a client is a native app, which has no secret."""
    return client_id in emulator.apps or client_id in TEMPLATES


def redeem(emulator: Emulator, client_id: str, form: dict[str, str]) -> Code:
    """The login that a code belongs to. The code is used up, even if the request is refused. Raises ServiceError."""
    code = emulator.codes.pop(form.get("code", ""), None)
    if (
        code is None
        or code.client_id != client_id
        or code.redirect_uri != form.get("redirect_uri")
        or code.expires_at <= emulator.clock.now()
        or not _proves(code.challenge, form.get("code_verifier"))
    ):
        description = "The code is unknown, used up or expired, or belongs to another login"
        body = {"error": "invalid_grant", "error_description": description}
        raise ServiceError(400, "INVALID_GRANT", description, body=body)
    return code


def _proves(challenge: str | None, verifier: str | None) -> bool:
    """PKCE: whether the challenge was made from this verifier."""
    if challenge is None:
        return verifier is None
    hashed = hashlib.sha256((verifier or "").encode()).digest()
    return base64.urlsafe_b64encode(hashed).decode().rstrip("=") == challenge


def router(emulator: Emulator, scope_exists: Callable[[str], bool]) -> APIRouter:
    """The routes for browsers, and the one for installations. ``scope_exists`` returns whether a scope of this name
    exists."""
    routes = APIRouter()

    @routes.get(AUTHORIZE)
    async def authorize(request: Request) -> Response:
        try:
            parameters = dict(request.query_params)
            scopes = _checked_scopes(emulator, parameters, str(request.base_url), scope_exists)
            return HTMLResponse(_consent_page(emulator, parameters, scopes))
        except PageError as error:
            return _error_page(error)

    @routes.post(AUTHORIZE)
    async def decide(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        try:
            parameters = dict(parse_qsl(form.get("request", ""), keep_blank_values=True))
            _checked_scopes(emulator, parameters, str(request.base_url), scope_exists)
            person = emulator.people.get(form.get("identity", ""))
            if person is None:
                raise PageError(403, "UNKNOWN_IDENTITY", "Nobody in this world signed in")
            if form.get("decision") != "allow":
                return _send_back(parameters, {"error": "access_denied"})
            now = emulator.clock.now()
            emulator.grant(person.id, parameters["client_id"], parameters["scope"])
            text = secrets.token_urlsafe(24)
            emulator.codes[text] = Code(
                client_id=parameters["client_id"],
                identity=person.id,
                scope=parameters["scope"],
                redirect_uri=parameters["redirect_uri"],
                challenge=parameters.get("code_challenge"),
                offline=parameters.get("access_type") == "offline",
                signed_in_at=now,
                expires_at=now + timedelta(seconds=CODE_SECONDS),
            )
            return _send_back(parameters, {"code": text})
        except PageError as error:
            return _error_page(error)

    @routes.post("/v2/api/clients")
    async def install(request: Request) -> JSONResponse:
        try:
            wanted = json.loads(await request.body())["client"]
            template, name = str(wanted["template_id"]), str(wanted["name"])
        except (ValueError, KeyError, TypeError) as error:
            raise ServiceError(400, "INVALID_PARAMETERS", "client.template_id and client.name are required") from error
        if template not in TEMPLATES:
            raise ServiceError(403, "FORBIDDEN", "Only installations of the Globus CLI register without signing in")
        client = Client(id=str(uuid.uuid4()), secret=secrets.token_urlsafe(30), template=template)
        emulator.clients[client.id] = client
        credential = {"id": str(uuid.uuid4()), "client": client.id, "secret": client.secret, "name": name}
        document = {"id": client.id, "name": name, "parent_client": template, "public_client": False}
        return JSONResponse({"client": document, "included": {"client_credential": credential}}, 201)

    return routes


def _checked_scopes(
    emulator: Emulator, parameters: dict[str, str], base: str, scope_exists: Callable[[str], bool]
) -> list[Scope]:
    """The scopes of a sign-in request. Raises PageError for a request that Globus Auth would not show a page for."""
    client_id = parameters.get("client_id", "")
    client = emulator.clients.get(client_id)
    if not is_public(emulator, client_id) and (client is None or client.template is None):
        raise PageError(400, "UNKNOWN_CLIENT", f"No application {client_id} that people sign in to")
    uri = parameters.get("redirect_uri", "")
    own = emulator.apps[client_id].redirect_uris if client_id in emulator.apps else []
    if uri != f"{base.rstrip('/')}{CODE_PAGE}" and urlsplit(uri).hostname != "localhost" and uri not in own:
        raise PageError(400, "INVALID_REDIRECT", f"{uri} is not a redirect address of the application")
    if parameters.get("response_type") != "code":
        raise PageError(400, "INVALID_RESPONSE_TYPE", "response_type must be code")
    if client is None and not (parameters.get("code_challenge") and parameters.get("code_challenge_method") == "S256"):
        raise PageError(400, "INVALID_CHALLENGE", "An application without a secret must send a code_challenge (S256)")
    try:
        scopes = parse(parameters.get("scope", ""))
    except ScopeSyntaxError as error:
        raise PageError(400, "INVALID_SCOPE", str(error)) from error
    unknown = [path[-1] for scope in scopes for path, _optional in scope.paths() if not scope_exists(path[-1])]
    if unknown or not scopes:
        status = int(emulator.switches.unknown_scope_error)
        raise PageError(status, "UNKNOWN_SCOPE_ERROR", f"client_id={client_id} requested unknown scopes: {unknown}")
    return scopes


# --- pages ---------------------------------------------------------------------------------------------------------


def _consent_page(emulator: Emulator, parameters: dict[str, str], scopes: Iterable[Scope]) -> str:
    people = "\n".join(
        f'<option value="{one.id}">{html.escape(one.username)}</option>' for one in emulator.people.values()
    )
    return _page(
        "Sign in",
        f"""<form method="post" action="{AUTHORIZE}">
<input type="hidden" name="request" value="{html.escape(urlencode(parameters))}">
<p><label>Sign in as <select name="identity">{people}</select></label></p>
<p>{html.escape(_name(emulator, parameters["client_id"]))} would like to:</p>
{_list(scopes)}
<p><button name="decision" value="allow">Allow</button> <button name="decision" value="deny">Deny</button></p>
</form>""",
    )


def _name(emulator: Emulator, client_id: str) -> str:
    return emulator.apps[client_id].name if client_id in emulator.apps else "Globus CLI"


def _list(scopes: Iterable[Scope]) -> str:
    entries = "".join(f"<li><code>{html.escape(one.name)}</code>{_list(one.children)}</li>" for one in scopes)
    return f"<ul>{entries}</ul>" if entries else ""


def _send_back(parameters: dict[str, str], answer: dict[str, str]) -> Response:
    """Redirect to the application, or show the page of Globus Auth with the code."""
    uri = parameters["redirect_uri"]
    if not uri.endswith(CODE_PAGE):
        return RedirectResponse(f"{uri}?{urlencode({**answer, 'state': parameters.get('state', '')})}", 303)
    if "error" in answer:
        return _error_page(PageError(403, "ACCESS_DENIED", "You denied the application access"))
    # The real page follows a redirect. Without one, the code is in no address, history or log.
    code = html.escape(answer["code"])
    return HTMLResponse(_page("Your code", f'<p><input id="auth-code" name="code" readonly value="{code}"></p>'))


def _error_page(error: PageError) -> Response:
    text = f"<p><strong>{error.code}</strong></p>\n<p>{html.escape(error.message)}</p>"
    return HTMLResponse(_page("An error occurred", text), error.status)


def _page(title: str, body: str) -> str:
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title} - Local Globus</title></head>
<body><h1>{title}</h1>
{body}
</body></html>
"""
