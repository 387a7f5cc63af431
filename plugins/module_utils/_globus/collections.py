# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Globus collections and what a timer needs on them (rules S2, S5). Pure: no input or output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._errors import GlobusError

MAPPED = "GCSv5_mapped_collection"
ENDPOINT = "GCSv5_endpoint"
SEARCH_MAXIMUM = 1000  # the most collections that the service returns for a search
NAMED = 5  # the most collections that a message names


@dataclass(frozen=True)
class GlobusCollection:
    """A collection as the Transfer service describes it (``GET /v0.10/endpoint/{id}``)."""

    id: str
    display_name: str
    entity_type: str
    high_assurance: bool
    owner: str = ""

    @property
    def requires_data_access(self) -> bool:
        """Only mapped collections that are not high assurance accept, and need, a data_access consent (rule S2)."""
        return self.entity_type == MAPPED and not self.high_assurance

    @property
    def label(self) -> str:
        """Its name, if known, and its ID, for a message."""
        return f"{self.display_name!r} ({self.id})" if self.display_name else self.id

    def as_result(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "display_name": self.display_name,
            "requires_data_access": self.requires_data_access,
            "high_assurance": self.high_assurance,
        }


@dataclass(frozen=True)
class Needs:
    """The consents that the timers of a task need when they are created or resumed (rule S3).

    :ivar transfers: whether any of them transfers: then Globus Timers needs a consent for Globus Transfer.
    :ivar data_access: the IDs of the mapped collections whose data they use.
    :ivar flows: the IDs of the flows that they run.
    """

    transfers: bool = True
    data_access: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()

    def each(self) -> list[Needs]:
        """The needs for each collection and flow alone, to find out which consent is missing."""
        single = [Needs(True, (collection,), ()) for collection in self.data_access]
        return single + [Needs(False, (), (flow,)) for flow in self.flows]


def read_collection(document: Mapping[str, Any]) -> GlobusCollection:
    """The collection in an endpoint document. Raises ValueError if it has no ID."""
    if not isinstance(document, Mapping) or not document.get("id"):
        raise ValueError("not an endpoint document: id is missing")
    return GlobusCollection(
        id=str(document["id"]).lower(),
        display_name=str(document.get("display_name") or ""),
        entity_type=str(document.get("entity_type") or ""),
        high_assurance=bool(document.get("high_assurance")),
        owner=str(document.get("owner_string") or document.get("owner_id") or ""),
    )


def refusal_of(collection: GlobusCollection) -> GlobusError | None:
    """Why a timer cannot use the collection, or None (rule S5)."""
    return _endpoint_error(collection) if collection.entity_type == ENDPOINT else None


def _endpoint_error(endpoint: GlobusCollection) -> GlobusError:
    return GlobusError(
        f"{endpoint.label} is an endpoint, not a collection. Use the ID of one of its collections",
        code="not_a_collection",
    )


def warning_of(collection: GlobusCollection) -> str | None:
    """A warning about a collection that a timer can use, or None (rule S5)."""
    if not collection.high_assurance:
        return None
    return (
        f"Collection {collection.label} is a high assurance collection. After the session of the login has expired, "
        "Globus stops the timer at its next run (status inactive). Then someone has to sign in again and resume the "
        "timer"
    )


def collection_named(name: str, found: Sequence[GlobusCollection]) -> GlobusCollection:
    """The collection with a display name, among the results of a search for it.

    :raises GlobusError: if none has the name (the message lists similar names), or several (IDs and owners).
    """
    matches = list({one.id: one for one in found if one.display_name == name and refusal_of(one) is None}.values())
    if len(matches) == 1 and len(found) < SEARCH_MAXIMUM:
        return matches[0]
    if matches:
        listed = ", ".join(f"{one.id} (owner {one.owner or 'unknown'})" for one in matches[:NAMED])
        more = f" and {len(matches) - NAMED} more" if len(matches) > NAMED else ""
        several = f"{len(matches)} collections are" if len(matches) > 1 else "Several collections may be"
        raise GlobusError(
            f"{several} named {name!r}: {listed}{more}. Use the ID instead of the name",
            code="ambiguous_collection",
        )
    endpoint = next((one for one in found if one.display_name == name), None)
    if endpoint is not None:
        raise _endpoint_error(endpoint)
    similar = ", ".join(one.label for one in found[:NAMED])
    raise GlobusError(
        f"No collection named {name!r} is visible to this login. "
        + (f"Similar names: {similar}" if similar else "Check the name and the permissions of the login"),
        code="collection_not_found",
    )


def data_access_needed(collections: Iterable[GlobusCollection]) -> tuple[str, ...]:
    """The IDs of the collections that need a data_access consent, sorted, each once."""
    return tuple(sorted({collection.id for collection in collections if collection.requires_data_access}))
