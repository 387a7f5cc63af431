# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scope strings as trees: ``parent[child *optional[grandchild]]``, several separated by blanks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

TIMERS_SERVER = "524230d7-ea86-4a52-8312-86065a9e0417"
TRANSFER_SERVER = "transfer.api.globus.org"
AUTH_SERVER = "auth.globus.org"
FLOWS_SERVER = "flows.globus.org"
FLOWS_CLIENT = "eec9b274-0c81-4334-bdc2-54e90e689b9a"
TIMERS_SCOPE = f"https://auth.globus.org/scopes/{TIMERS_SERVER}/timer"
TRANSFER_SCOPE = "urn:globus:auth:scope:transfer.api.globus.org:all"

Path = tuple[str, ...]


class ScopeSyntaxError(ValueError):
    """A scope string that cannot be parsed."""


@dataclass(frozen=True)
class Scope:
    """A scope with the scopes that it depends on."""

    name: str
    optional: bool = False
    children: tuple[Scope, ...] = ()

    def paths(self, above: Path = ()) -> Iterator[tuple[Path, bool]]:
        """Every path from the root to a scope of the tree, parents first, and whether its end is optional."""
        here = (*above, self.name)
        yield here, self.optional
        for child in self.children:
            yield from child.paths(here)

    def __str__(self) -> str:
        inner = f"[{' '.join(map(str, self.children))}]" if self.children else ""
        return f"{'*' if self.optional else ''}{self.name}{inner}"


def data_access(collection_id: str) -> str:
    """The scope that lets Transfer read and write a mapped collection."""
    return f"https://auth.globus.org/scopes/{collection_id}/data_access"


def flow_user(flow_id: str) -> str:
    """The scope that lets a service run a flow."""
    return f"https://auth.globus.org/scopes/{flow_id}/flow_{flow_id.replace('-', '_')}_user"


def parse(text: str) -> list[Scope]:
    """Parse a scope string. Raises ScopeSyntaxError."""
    scopes, rest = _parse_list(text.strip(), depth=0)
    if rest:
        raise ScopeSyntaxError(f"unexpected {rest[0]!r} in the scope string")
    return scopes


def _parse_list(text: str, depth: int) -> tuple[list[Scope], str]:
    if depth > 20:
        raise ScopeSyntaxError("the scope string is nested too deeply")
    scopes: list[Scope] = []
    while text and text[0] != "]":
        optional = text.startswith("*")
        text = text[1:] if optional else text
        end = next((index for index, letter in enumerate(text) if letter in "[] *"), len(text))
        name, text = text[:end], text[end:]
        if not name:
            raise ScopeSyntaxError("a scope without a name")
        children: list[Scope] = []
        if text.startswith("["):
            children, text = _parse_list(text[1:].lstrip(), depth + 1)
            if not text.startswith("]") or not children:
                raise ScopeSyntaxError("brackets of the scope string do not match")
            text = text[1:]
        if text and text[0] not in " ]":
            raise ScopeSyntaxError(f"unexpected {text[0]!r} in the scope string")
        scopes.append(Scope(name, optional, tuple(children)))
        text = text.lstrip()
    return scopes, text


#: Scopes that exist in every world, by resource server. The Globus CLI requests scopes of all these services.
STATIC_SCOPES: dict[str, frozenset[str]] = {
    AUTH_SERVER: frozenset(
        ["openid", "email", "profile"]
        + [
            f"urn:globus:auth:scope:auth.globus.org:{word}"
            for word in (
                "manage_projects",
                "view_authentications",
                "view_clients",
                "view_clients_and_scopes",
                "view_consents",
                "view_identities",
                "view_identity_set",
            )
        ]
    ),
    TRANSFER_SERVER: frozenset([TRANSFER_SCOPE, "urn:globus:auth:scope:transfer.api.globus.org:gcp_install"]),
    TIMERS_SERVER: frozenset([TIMERS_SCOPE]),
    FLOWS_SERVER: frozenset(
        f"https://auth.globus.org/scopes/{FLOWS_CLIENT}/{word}"
        for word in ("all", "manage_flows", "view_flows", "run", "run_status", "run_manage")
    ),
    "groups.api.globus.org": frozenset(
        f"urn:globus:auth:scope:groups.api.globus.org:{word}" for word in ("all", "view_my_groups_and_memberships")
    ),
    "search.api.globus.org": frozenset(
        f"urn:globus:auth:scope:search.api.globus.org:{word}" for word in ("all", "search", "ingest")
    ),
}
