# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Chooses the credentials by the options of a task. Pure: no input or output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .._errors import GlobusError
from .._secrets import register


@dataclass(frozen=True)
class Credentials:
    """The credentials of a task. ``repr`` shows no secret and no token (rule X1).

    :ivar method: ``client_credentials``, ``access_token``, ``user``, ``cli`` or ``auto``. It is ``auto`` if there are
        neither tokens nor ID and secret of a client: then a stored login has to be found.
    """

    method: str
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    timers_token: str | None = field(default=None, repr=False)
    transfer_token: str | None = field(default=None, repr=False)
    token_storage: str | None = None

    def __post_init__(self) -> None:
        register(self.client_secret, self.timers_token, self.transfer_token)


def choose_credentials(parameters: Mapping[str, Any]) -> Credentials:
    """The credentials in the options. ``auto`` uses the first that exist: tokens, then ID and secret.

    :raises GlobusError: if the chosen method lacks an option, with its name.
    """
    names = ("client_id", "client_secret", "timers_token", "transfer_token", "token_storage")
    # Values that are read from files often end with a line break. An empty option is unset, like an empty environment
    # variable (rule X3).
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
            f"auth_method: {method} requires {' and '.join(missing)}. Set the option, or set {variables} on the host "
            "where the module runs",
            code="no_credentials",
            remedy=f"set {' and '.join(missing)}",
        )
    return Credentials(method, **given)
