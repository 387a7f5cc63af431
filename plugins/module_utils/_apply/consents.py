# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Before anything is written: the collections and flows of timers to be created or resumed, and the consents needed.

Reading only, except for the last step, which check mode leaves out (rules S1 to S5, W1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from .._errors import GlobusError
from .._globus.collections import (
    Collection,
    Needs,
    check_collection,
    data_access_needed,
)
from .._parallel import in_parallel
from .._timers.plan import Plan
from .paths import PathService, check_paths


class CollectionService(PathService, Protocol):
    """What of ``_globus.service.Globus`` is used here."""

    def get_collection(self, collection_id: str) -> Collection:
        """Look a collection up."""

    def check_flow(self, flow_id: str) -> None:
        """Fail unless the flow is there."""

    def check_consents(self, needs: Needs) -> str | None:
        """Fail where a consent is missing; return a warning if that cannot be seen."""

    def grant(self, needs: Needs) -> None:
        """Grant consents."""


@dataclass(frozen=True)
class Prepared:
    """Plans that can be carried out, those that cannot being failed now, and what was found on the way."""

    plans: list[Plan]
    collections: dict[str, Collection]
    warnings: list[str]


def prepare(plans: Sequence[Plan], service: CollectionService, *, concurrency: int, check_mode: bool) -> Prepared:
    """Look the collections and flows up, each once, and get the consents that the timers need."""
    looked_up = {
        **_look_up({key for plan in plans for key in plan.collections}, _usable(service.get_collection), concurrency),
        **_look_up({key for plan in plans for key in plan.flows}, service.check_flow, concurrency),
    }
    collections = {found.id: found for found in looked_up.values() if isinstance(found, Collection)}
    warnings = [warning for found in collections.values() if (warning := check_collection(found))]
    errors = {key: found for key, found in looked_up.items() if isinstance(found, GlobusError)}
    plans = [_failed_by_look_up(plan, errors) for plan in plans]
    plans, unseen = check_paths(plans, collections, service, concurrency=concurrency, check_mode=check_mode)
    warnings += unseen

    needing = [plan for plan in plans if plan.starts]
    needs = Needs(
        transfers=any(plan.collections for plan in needing),
        data_access=data_access_needed(collections[key] for plan in needing for key in plan.collections),
        flows=tuple(sorted({key for plan in needing for key in plan.flows})),
    )
    if needing:
        try:
            warning = service.check_consents(needs)
            warnings += [warning] if warning else []
            if not check_mode:
                service.grant(needs)
        except GlobusError as error:
            plans = [_failed_by_consent(plan, error) if plan.starts else plan for plan in plans]
    return Prepared(list(plans), collections, warnings)


def _usable(get_collection: Callable[[str], Collection]) -> Callable[[str], Collection]:
    """Get a collection and refuse one that a timer cannot use (rule S5)."""

    def get(collection_id: str) -> Collection:
        collection = get_collection(collection_id)
        check_collection(collection)
        # under the ID that was asked for, however the service spells it
        return replace(collection, id=collection_id)

    return get


def _look_up(
    ids: Iterable[str], look: Callable[[str], Collection | None], concurrency: int
) -> dict[str, Collection | GlobusError | None]:
    """Each of the IDs looked up, or why a timer cannot use it."""

    def look_up(one: str) -> Collection | GlobusError | None:
        try:
            return look(one)
        except GlobusError as error:
            return error

    ordered = sorted(ids)
    return dict(zip(ordered, in_parallel(look_up, ordered, concurrency)))


def _failed_by_look_up(plan: Plan, errors: Mapping[str, GlobusError]) -> Plan:
    for key in (*plan.collections, *plan.flows):
        if key in errors:
            return plan.failed(errors[key].about(f"{plan.wanted.label} was left as it is"))
    return plan


def _failed_by_consent(plan: Plan, error: GlobusError) -> Plan:
    return plan.failed(error.about(f"{plan.wanted.label} was left as it is"))
