# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""What Globus Auth asks for before an inactive timer may run again, read by the SDK (``globus_sdk.gare``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from .._timers.document import Requirements, Timer
from .._timers.values import presentable_text

if TYPE_CHECKING:
    from globus_sdk.gare import GARE
    from globus_sdk.scopes import Scope

CONSENT_REQUIRED = "ConsentRequired"


def with_requirements(timer: Timer) -> Timer:
    """The timer with its ``requirements``, if the service stopped it because Globus Auth asks for something."""
    detail = (timer.inactive_reason or {}).get("detail")
    if not timer.is_inactive or not isinstance(detail, Mapping):
        return timer
    return replace(timer, requirements=read_requirements(detail))


def read_requirements(detail: Mapping[str, Any]) -> Requirements | None:
    """The requirements in the ``detail`` of an ``inactive_reason``, or None if it has none."""
    gare = _read_requirements(detail)
    if gare is None:
        code = detail.get("code")
        message = detail.get("detail") or detail.get("message")
        if not isinstance(code, str):
            return None
        return Requirements(
            code=presentable_text(code),
            message=presentable_text(message) if isinstance(message, str) else None,
            is_consent=code == CONSENT_REQUIRED,
        )
    wanted = gare.authorization_parameters
    needed = sorted(set(_needed_consents(wanted.required_scopes or ())))
    sessions = [name for name in (*vars(wanted), *wanted.extra) if name.startswith("session_required")]
    message = wanted.session_message or gare.extra.get("detail")
    return Requirements(
        code=presentable_text(gare.code),
        message=presentable_text(message) if isinstance(message, str) else None,
        is_consent=gare.code == CONSENT_REQUIRED or bool(needed),
        is_session=any(getattr(wanted, name, None) or wanted.extra.get(name) for name in sessions),
        collections=tuple(resource for kind, resource in needed if kind == "collection"),
        flows=tuple(resource for kind, resource in needed if kind == "flow"),
    )


def _read_requirements(detail: Mapping[str, Any]) -> GARE | None:
    """The SDK's object for the document, or None. For some shapes of a document, the SDK raises errors."""
    from globus_sdk.gare import to_gare

    try:
        return to_gare(dict(detail))
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return None


def _needed_consents(scopes: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The collections and flows of the scopes: ``collection`` or ``flow``, and the ID."""
    from globus_sdk.scopes import ScopeParser

    trees: list[Scope] = []
    for text in scopes:
        try:
            trees += ScopeParser.parse(text)
        except (ValueError, LookupError, RecursionError):
            continue
    while trees:
        scope = trees.pop()
        trees += scope.dependencies
        *_path, resource, name = ("", *scope.scope_string.lower().split("/"))
        kind = "collection" if name == "data_access" else "flow" if _is_flow_scope(name) else None
        if kind is not None and _is_uuid(resource):
            yield kind, resource


def _is_flow_scope(name: str) -> bool:
    return name.startswith("flow_") and name.endswith("_user")


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
