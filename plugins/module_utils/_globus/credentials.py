# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Which credentials a task uses, where they may be sent, and the tokens and scopes they bring.

This file and ``service`` alone import globus_sdk, and only when it is needed: its import is most of what a task costs
beyond its requests (rule C4).
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from .._arguments import ENVIRONMENTS
from .._errors import GlobusError
from .collections import Needs

if TYPE_CHECKING:
    from globus_sdk.authorizers import GlobusAuthorizer
    from globus_sdk.scopes import Scope

SERVICES = ("auth", "transfer", "timer", "flows")


@dataclass(frozen=True)
class Credentials:
    """What a task signs in with. ``repr`` shows no secret and no token (rule X1).

    :ivar method: ``client_credentials``, ``access_token``, ``user``, ``cli``, or ``auto`` where neither tokens nor a
        client's ID and secret are given, so that a stored login has to be found.
    """

    method: str
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    timers_token: str | None = field(default=None, repr=False)
    transfer_token: str | None = field(default=None, repr=False)
    token_storage: str | None = None


def choose_credentials(parameters: Mapping[str, Any]) -> Credentials:
    """The credentials that the options name; ``auto`` takes the first that is there: tokens, then ID and secret.

    :raises GlobusError: where the named method lacks something, naming it.
    """
    names = ("client_id", "client_secret", "timers_token", "transfer_token", "token_storage")
    # What is read from a file often ends with a line break. An option given as an empty string is unset, like an
    # environment variable (rule X3).
    given = {name: (parameters.get(name) or "").strip() or None for name in names}
    method = parameters["auth_method"]
    if method == "auto" and given["timers_token"]:
        method = "access_token"
    elif method == "auto" and given["client_id"] and given["client_secret"]:
        method = "client_credentials"
    needed = {"access_token": ("timers_token",), "client_credentials": ("client_id", "client_secret")}
    missing = [name for name in needed.get(method, ()) if not given[name]]
    if missing:
        variables = ", ".join(f"GLOBUS_{name.upper()}" for name in missing)
        raise GlobusError(
            f"auth_method: {method} needs {' and '.join(missing)}: set the option, or {variables} on the host where "
            "the module runs",
            code="no_credentials",
            remedy=f"set {' and '.join(missing)}",
        )
    return Credentials(method, **given)


# --- where credentials may go (rule X2) ----------------------------------------------------------------------------


def service_addresses(environment: str) -> dict[str, str]:
    """The root address of each service, overrides by ``GLOBUS_SDK_SERVICE_URL_*`` included.

    :raises GlobusError: for an override that is neither a host of one of the SDK's environments (https) nor loopback.
    """
    from globus_sdk.config import get_service_url

    addresses = {service: get_service_url(service, environment) for service in SERVICES}
    for service, address in addresses.items():
        variable = f"GLOBUS_SDK_SERVICE_URL_{service.upper()}"
        if os.environ.get(variable) and not is_loopback(address) and not _is_globus(address, service):
            parts = _plain_parts(address)
            raise GlobusError(
                f"{variable} points to {(parts and parts.netloc) or 'what is no plain address'}: credentials are sent "
                "only to hosts of Globus over https, and to this machine (loopback) for rehearsals. Unset it",
                code="untrusted_address",
                remedy=f"unset {variable}",
            )
    return addresses


def is_loopback(address: str) -> bool:
    """Whether the address is on this machine, where http is allowed."""
    parts = _plain_parts(address)
    if parts is None or parts.scheme not in ("http", "https"):
        return False
    host = parts.hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_globus(address: str, service: str) -> bool:
    from globus_sdk.config import EnvConfig

    configurations = filter(None, map(EnvConfig.get_by_name, ENVIRONMENTS))
    known = {urlsplit(configuration.get_service_url(service)).netloc for configuration in configurations}
    parts = _plain_parts(address)
    return parts is not None and parts.scheme == "https" and parts.netloc in known


def _plain_parts(address: str) -> SplitResult | None:
    """The parts of an address, or None where it is none or names a user: of ``http://a\\@b/`` the HTTP library below
    takes ``a`` for the host, and not ``b``.
    """
    try:
        parts = urlsplit(address)
        plain = "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return None
    return parts if plain else None


def certificate_check() -> bool | str:
    """What to verify certificates with: True, or the CA bundle that ``GLOBUS_SDK_VERIFY_SSL`` names.

    :raises GlobusError: where the variable would switch the check off.
    """
    value = os.environ.get("GLOBUS_SDK_VERIFY_SSL", "")
    if not value or value.lower() in ("y", "yes", "t", "true", "on", "1"):
        return True
    if os.path.isfile(value):
        return value
    raise GlobusError(
        f"GLOBUS_SDK_VERIFY_SSL is {value!r}: certificates are always checked. Unset it, or name the file of your "
        "site's CA bundle",
        code="certificate_check_off",
        remedy="unset GLOBUS_SDK_VERIFY_SSL",
    )


# --- scopes (rules S2, S3) -----------------------------------------------------------------------------------------


def reading_scopes() -> list[Scope]:
    """What a task needs to read timers and collections. Names no data_access, so it grants no consent (rule W1)."""
    from globus_sdk.scopes import TimersScopes, TransferScopes

    return [TimersScopes.timer, TransferScopes.all]


def other_scope(service: str) -> Scope:
    """What a login needs to ask Globus Auth about itself, or Globus Flows which flows there are."""
    from globus_sdk.scopes import AuthScopes, FlowsScopes

    return AuthScopes.openid if service == "auth" else FlowsScopes.view_flows


def writing_scope(needs: Needs) -> Scope:
    """What timers need: timers -> transfer -> optional data_access of each collection (rule S3), and timers -> the
    user scope of each flow.
    """
    from globus_sdk.scopes import GCSCollectionScopes, SpecificFlowScopes, TimersScopes, TransferScopes

    scope: Scope = TimersScopes.timer
    if needs.transfers:
        below = [GCSCollectionScopes(collection).data_access.with_optional(True) for collection in needs.data_access]
        scope = scope.with_dependency(TransferScopes.all.with_dependencies(below))
    return scope.with_dependencies(SpecificFlowScopes(flow).user for flow in needs.flows)


def data_scope(collections: Iterable[str]) -> Scope:
    """What a token for Globus Transfer needs to look at the data of mapped collections: their ``data_access``."""
    from globus_sdk.scopes import GCSCollectionScopes, TransferScopes

    below = [GCSCollectionScopes(collection).data_access.with_optional(True) for collection in collections]
    return TransferScopes.all.with_dependencies(below)


def client_authorizer(client_id: str, client_secret: str) -> GlobusAuthorizer:
    """Sends a client's ID and secret, for token requests alone."""
    from globus_sdk.authorizers import BasicAuthorizer

    return BasicAuthorizer(client_id, client_secret)


def token_authorizer(access_token: str) -> GlobusAuthorizer:
    """Sends an access token."""
    from globus_sdk.authorizers import AccessTokenAuthorizer

    return AccessTokenAuthorizer(access_token)


def start_native_login(client_id: str, environment: str, needs: Needs) -> tuple[str, dict[str, str]]:
    """The address at which a person signs in to a native app, and what step two needs to know of it.

    The second holds the login's verifier: a secret until the code is used.
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
    pending = {
        "client_id": client_id,
        "environment": environment,
        "redirect_uri": str(flow.redirect_uri),
        "verifier": flow.verifier,
    }
    # Signing in anew, whoever the browser remembers: the session that high assurance collections ask for begins now.
    return flow.get_authorize_url({"prompt": "login"}), pending


def lacks_consent(consents: Iterable[Mapping[str, Any]], needs: Needs) -> bool:
    """Whether consent documents of Globus Auth do not cover what timers need."""
    from globus_sdk.scopes.consents import ConsentForest

    return not ConsentForest(consents).meets_scope_requirements([writing_scope(needs)])


def lacks_data_consent(consents: Iterable[Mapping[str, Any]], collection: str) -> bool:
    """Whether a login may not look at the data of a mapped collection itself."""
    from globus_sdk.scopes.consents import ConsentForest

    return not ConsentForest(consents).meets_scope_requirements([data_scope([collection])])
