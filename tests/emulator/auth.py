# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Globus Auth: tokens, consents, identities."""

from __future__ import annotations

import base64
import functools
import secrets
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from emulator import people
from emulator.errors import ServiceError
from emulator.scopes import AUTH_SERVER, STATIC_SCOPES, Path, Scope, ScopeSyntaxError, data_access, flow_user, parse
from emulator.state import Consent, Emulator, Token

TOKEN_SECONDS = 172800
REFRESH_SECONDS = 180 * 86400  # after its last use
IDENTITY_PROVIDER = "99999999-0000-4000-8000-000000000001"


def resource_server_of(emulator: Emulator, name: str) -> str | None:
    """The resource server that a scope belongs to, or None if the scope does not exist."""
    for server, names in STATIC_SCOPES.items():
        if name in names:
            return server
    for collection in emulator.collections.values():
        if collection.needs_data_access and not collection.deleted and name == data_access(collection.id):
            return collection.id
        manage = f"urn:globus:auth:scope:{collection.id}:manage_collections"
        if collection.entity_type == "GCSv5_endpoint" and name == manage:
            return collection.id
    for flow in emulator.flows.values():
        if not flow.deleted and name == flow_user(flow.id):
            return flow.id
    return None


def bearer(emulator: Emulator, request: Request, resource_server: str, any_scope: Iterable[str] = ()) -> Token:
    """The token of a request, if it is valid for the resource server and has one of these scopes.

    Raises ServiceError: 401 for a missing, unknown, expired or foreign token, 403 for a missing scope.
    """
    scheme, _blank, text = request.headers.get("authorization", "").partition(" ")
    token = emulator.tokens.get(text.strip()) if scheme.lower() == "bearer" else None
    good = (
        token is not None
        and not token.refresh
        and token.resource_server == resource_server
        and token.expires_at > emulator.clock.now()
    )
    if token is None or not good:
        code = "ClientError.AuthenticationFailed" if request.url.path.startswith("/v0.10/") else "UNAUTHORIZED"
        raise ServiceError(401, code, "Call must be authenticated", headers={"WWW-Authenticate": "Bearer"})
    wanted = set(any_scope)
    if wanted and not wanted.intersection(token.scopes):
        code = "PermissionDenied" if request.url.path.startswith("/v0.10/") else "FORBIDDEN"
        raise ServiceError(403, code, f"The token lacks the scope {' or '.join(sorted(wanted))}")
    return token


def issue(
    emulator: Emulator,
    client_id: str,
    identity: str,
    scopes: list[Scope],
    *,
    expires_in: int = TOKEN_SECONDS,
    refresh: bool = False,
    signed_in_at: datetime | None = None,
) -> list[dict[str, Any]]:
    """Create an access token for each resource server. Returns the token documents, in the order of the scopes.

    ``refresh``: each with a refresh token. ``signed_in_at``: when their owner signed in. Raises ServiceError for scopes
    that do not exist.
    """
    unknown = [name for scope in scopes for name in _names(scope) if resource_server_of(emulator, name) is None]
    if unknown:
        raise _unknown_scopes(emulator, client_id, unknown)
    by_server: dict[str, list[str]] = {}
    for scope in scopes:
        names = by_server.setdefault(resource_server_of(emulator, scope.name) or "", [])
        if scope.name not in names:
            names.append(scope.name)
    documents = []
    for server, names in by_server.items():
        token = _store(emulator, client_id, identity, server, names, expires_in, signed_in_at=signed_in_at)
        document = {
            "access_token": token.text,
            "scope": " ".join(names),
            "expires_in": expires_in,
            "token_type": "Bearer",
            "resource_server": server,
        }
        if refresh:
            document["refresh_token"] = _store(
                emulator, client_id, identity, server, names, REFRESH_SECONDS, refresh=True, signed_in_at=signed_in_at
            ).text
        documents.append(document)
    return documents


def _names(scope: Scope) -> list[str]:
    return [path[-1] for path, _optional in scope.paths()]


def _store(
    emulator: Emulator,
    client_id: str,
    identity: str,
    server: str,
    names: Iterable[str],
    seconds: int,
    *,
    refresh: bool = False,
    signed_in_at: datetime | None = None,
) -> Token:
    now = emulator.clock.now()
    text = f"{'refresh' if refresh else 'access'}-{secrets.token_urlsafe(36)}"
    end = now + timedelta(seconds=seconds)
    token = Token(text, client_id, identity, server, tuple(names), now, end, refresh, signed_in_at)
    emulator.tokens[text] = token
    return token


def _unknown_scopes(emulator: Emulator, client_id: str, unknown: list[str]) -> ServiceError:
    message = f"client_id={client_id} requested unknown scopes: {unknown}"
    status = int(emulator.switches.unknown_scope_error)
    if emulator.switches.unknown_scope_body == "oauth":
        body = {"error": "invalid_scope", "error_description": f"UNKNOWN_SCOPE_ERROR: {message}"}
        return ServiceError(status, "UNKNOWN_SCOPE_ERROR", message, body=body)
    return ServiceError(status, "UNKNOWN_SCOPE_ERROR", message)


@functools.cache
def _signing_key() -> Any:
    """The key that signs ID tokens; created at its first use, because that takes a moment."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _id_token(emulator: Emulator, request: Request, client_id: str, identity: str) -> str:
    """A signed ID token. Clients check its times against the machine's clock, so they are from that clock."""
    import jwt

    now = int(emulator.clock.machine_now().timestamp())
    claims = {
        "sub": identity,
        "preferred_username": emulator.username(identity),
        "iss": "https://auth.globus.org",
        "aud": client_id,
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "identity_set": [_identity_claims(emulator, identity)],
    }
    return jwt.encode(claims, _signing_key(), algorithm="RS512")


def _identity_claims(emulator: Emulator, identity: str) -> dict[str, Any]:
    return {
        "sub": identity,
        "username": emulator.username(identity),
        "name": None,
        "email": None,
        "organization": None,
        "identity_provider": IDENTITY_PROVIDER,
        "identity_provider_display_name": "Local Globus",
        "last_authentication": None,
    }


def _authenticate_client(emulator: Emulator, request: Request, form: dict[str, str], *, public: bool = False) -> str:
    """The ID of the client of a request, by HTTP Basic or body credentials. Raises ServiceError.

    With ``public``, a native app is accepted, too: it has no secret, and sends only its ID.
    """
    scheme, _blank, value = request.headers.get("authorization", "").partition(" ")
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if scheme.lower() == "basic":
        try:
            client_id, _colon, secret = base64.b64decode(value).decode().partition(":")
        except ValueError:
            client_id = ""
        client_id, secret = unquote_plus(client_id), unquote_plus(secret)
    client = emulator.clients.get(client_id.lower())
    if public and not secret and people.is_public(emulator, client_id.lower()):
        return client_id.lower()
    if client is None or not secrets.compare_digest(client.secret.encode(), secret.encode()):
        raise ServiceError(
            401,
            "INVALID_CLIENT",
            "The client is unknown or its secret is wrong",
            body={"error": "invalid_client"},
            headers={"WWW-Authenticate": 'Basic realm="Globus Auth"'},
        )
    if not client.project:
        raise ServiceError(403, "FORBIDDEN", f"Client {client.id} does not belong to a project")
    return client.id


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))


def _oauth_error(error: str, description: str) -> ServiceError:
    return ServiceError(400, error.upper(), description, body={"error": error, "error_description": description})


def _consent_document(
    emulator: Emulator, identity: str, client_id: str, consent: Consent, all_of: dict[Path, Consent]
) -> dict[str, Any]:
    path = consent.path
    parent_server = resource_server_of(emulator, path[-2]) if len(path) > 1 else None
    created = consent.created.isoformat()
    return {
        "created": created,
        "id": consent.id,
        "status": "approved",
        "updated": created,
        "allows_refresh": True,
        "dependency_path": [all_of[path[: depth + 1]].id for depth in range(len(path))],
        "scope_name": path[-1],
        "atomically_revocable": consent.optional,
        "effective_identity": identity,
        "auto_approved": False,
        "last_used": created,
        "scope": str(uuid.uuid5(uuid.NAMESPACE_URL, path[-1])),
        "client": client_id if parent_server is None else str(uuid.uuid5(uuid.NAMESPACE_URL, parent_server)),
    }


def router(emulator: Emulator) -> APIRouter:
    """The routes of Globus Auth."""
    routes = APIRouter()

    @routes.post("/v2/oauth2/token")
    async def token(request: Request) -> JSONResponse:
        form = await _form(request)
        grant = form.get("grant_type")
        client_id = _authenticate_client(emulator, request, form, public=grant != "client_credentials")
        if grant == "client_credentials":
            documents = _client_credentials(client_id, form)
            identity = client_id
        elif grant == "authorization_code":
            code = people.redeem(emulator, client_id, form)
            identity = code.identity
            scopes = parse(code.scope)
            documents = issue(
                emulator, client_id, identity, scopes, refresh=code.offline, signed_in_at=code.signed_in_at
            )
            documents.sort(key=lambda one: one["resource_server"] != AUTH_SERVER)
        elif grant == "refresh_token":
            token = emulator.tokens.get(form.get("refresh_token", ""))
            if (
                token is None
                or not token.refresh
                or token.client_id != client_id
                or token.expires_at <= emulator.clock.now()
            ):
                raise _oauth_error("invalid_grant", "The refresh token is unknown or expired")
            identity = token.identity
            token.expires_at = emulator.clock.now() + timedelta(seconds=REFRESH_SECONDS)
            fresh = _store(
                emulator,
                client_id,
                identity,
                token.resource_server,
                token.scopes,
                TOKEN_SECONDS,
                signed_in_at=token.signed_in_at,
            )
            documents = [
                {
                    "access_token": fresh.text,
                    "scope": " ".join(token.scopes),
                    "expires_in": TOKEN_SECONDS,
                    "token_type": "Bearer",
                    "resource_server": token.resource_server,
                    "refresh_token": token.text,
                }
            ]
        else:
            raise _oauth_error("unsupported_grant_type", f"grant_type {grant!r} is not supported")
        answer = {**documents[0], "other_tokens": documents[1:]}
        if grant != "refresh_token" and any("openid" in one["scope"].split() for one in documents):
            answer["id_token"] = _id_token(emulator, request, client_id, identity)
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    def _client_credentials(client_id: str, form: dict[str, str]) -> list[dict[str, Any]]:
        try:
            scopes = parse(form.get("scope", ""))
        except ScopeSyntaxError as error:
            raise _oauth_error("invalid_scope", str(error)) from error
        if not scopes:
            raise _oauth_error("invalid_scope", "No scope was requested")
        documents = issue(emulator, client_id, client_id, scopes)
        # A service account has nobody to ask: its request grants the consents.
        emulator.grant(client_id, client_id, form["scope"])
        documents.sort(key=lambda one: one["resource_server"] != AUTH_SERVER)
        return documents

    @routes.post("/v2/oauth2/token/introspect")
    async def introspect(request: Request) -> JSONResponse:
        form = await _form(request)
        _authenticate_client(emulator, request, form)
        token = emulator.tokens.get(form.get("token", ""))
        if token is None or token.expires_at <= emulator.clock.now():
            return JSONResponse({"active": False})
        return JSONResponse(
            {
                "active": True,
                "token_type": "Bearer",
                "scope": " ".join(token.scopes),
                "client_id": token.client_id,
                "username": emulator.username(token.identity),
                "name": None,
                "email": None,
                "exp": int(token.expires_at.timestamp()),
                "iat": int(token.issued_at.timestamp()),
                "nbf": int(token.issued_at.timestamp()),
                "sub": token.identity,
                "aud": [token.resource_server, token.client_id],
                "iss": "https://auth.globus.org",
            }
        )

    @routes.post("/v2/oauth2/token/validate")
    async def validate(request: Request) -> JSONResponse:
        form = await _form(request)
        client_id = _authenticate_client(emulator, request, form, public=True)
        token = emulator.tokens.get(form.get("token", ""))
        active = token is not None and token.client_id == client_id and token.expires_at > emulator.clock.now()
        return JSONResponse({"active": active})

    @routes.post("/v2/oauth2/token/revoke")
    async def revoke(request: Request) -> JSONResponse:
        form = await _form(request)
        client_id = _authenticate_client(emulator, request, form, public=True)
        token = emulator.tokens.get(form.get("token", ""))
        # The Globus CLI revokes tokens as its native app, although they belong to the client of its installation.
        owner = emulator.clients.get(token.client_id) if token is not None else None
        if token is not None and (token.client_id == client_id or (owner is not None and owner.template == client_id)):
            del emulator.tokens[token.text]
        return JSONResponse({"active": False})

    @routes.get("/v2/oauth2/userinfo")
    async def userinfo(request: Request) -> JSONResponse:
        token = bearer(emulator, request, AUTH_SERVER, ["openid"])
        claims = _identity_claims(emulator, token.identity)
        return JSONResponse(
            {
                **claims,
                "preferred_username": claims.pop("username"),
                "identity_set": [_identity_claims(emulator, token.identity)],
            }
        )

    @routes.get("/v2/api/identities")
    async def identities(request: Request) -> JSONResponse:
        bearer(emulator, request, AUTH_SERVER)
        ids = [one.strip().lower() for one in request.query_params.get("ids", "").split(",") if one.strip()]
        names = [one.strip().lower() for one in request.query_params.get("usernames", "").split(",") if one.strip()]
        if bool(ids) == bool(names):
            raise ServiceError(400, "INVALID_PARAMETERS", "Exactly one of ids and usernames is required")
        everyone = [*emulator.people, *emulator.clients]
        found = [one for one in everyone if one in ids or (emulator.username(one) or "").lower() in names]
        return JSONResponse({"identities": [_identity_document(one) for one in found]})

    @routes.get("/v2/api/identities/{identity}")
    async def identity(request: Request, identity: str) -> JSONResponse:
        bearer(emulator, request, AUTH_SERVER)
        if emulator.username(identity) is None:
            raise ServiceError(404, "NOT_FOUND", f"No identity {identity}")
        return JSONResponse({"identity": _identity_document(identity)})

    def _identity_document(identity: str) -> dict[str, Any]:
        return {
            "id": identity,
            "username": emulator.username(identity),
            "identity_provider": IDENTITY_PROVIDER,
            "identity_type": "login",
            "status": "used",
            "name": None,
            "email": None,
            "organization": None,
        }

    @routes.get("/v2/api/identities/{identity}/consents")
    async def consents(request: Request, identity: str) -> JSONResponse:
        token = bearer(emulator, request, AUTH_SERVER)
        if token.identity != identity.lower():
            raise ServiceError(403, "FORBIDDEN", "You can read only your own consents")
        everything = request.query_params.get("all", "false").lower() == "true"
        documents = []
        for (owner, client_id), granted in emulator.consents.items():
            if owner == token.identity and (everything or client_id == token.client_id):
                documents += [_consent_document(emulator, owner, client_id, one, granted) for one in granted.values()]
        return JSONResponse({"consents": documents})

    @routes.get("/.well-known/openid-configuration")
    async def openid_configuration(request: Request) -> JSONResponse:
        base = str(request.base_url).rstrip("/")
        return JSONResponse(
            {
                "issuer": "https://auth.globus.org",
                "authorization_endpoint": f"{base}/v2/oauth2/authorize",
                "userinfo_endpoint": f"{base}/v2/oauth2/userinfo",
                "token_endpoint": f"{base}/v2/oauth2/token",
                "revocation_endpoint": f"{base}/v2/oauth2/token/revoke",
                "jwks_uri": f"{base}/jwk.json",
                "response_types_supported": ["code", "token", "token id_token", "id_token"],
                "id_token_signing_alg_values_supported": ["RS512"],
                "scopes_supported": ["openid", "email", "profile"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "claims_supported": [
                    "at_hash",
                    "aud",
                    "email",
                    "exp",
                    "name",
                    "nonce",
                    "preferred_username",
                    "iat",
                    "iss",
                    "sub",
                ],
                "subject_types_supported": ["public"],
            }
        )

    @routes.get("/jwk.json")
    async def keys() -> JSONResponse:
        numbers = _signing_key().public_key().public_numbers()
        return JSONResponse(
            {
                "keys": [
                    {
                        "alg": "RS512",
                        "kty": "RSA",
                        "use": "sig",
                        "e": _base64_number(numbers.e),
                        "n": _base64_number(numbers.n),
                    }
                ]
            }
        )

    return routes


def _base64_number(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
