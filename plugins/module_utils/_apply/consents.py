# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Before timers are created or resumed: looks up their collections and flows, and gets the consents that they need.

Only the last step, granting consents, changes anything, and check mode omits it (rules S1 to S5, W1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from .._errors import GlobusError
from .._globus.collections import (
    GlobusCollection,
    Needs,
    data_access_needed,
    refusal_of,
    warning_of,
)
from .._parallel import in_parallel
from .._timers.plan import Plan
from .check_paths import PathService, check_paths

REFUSED = (400, 401, 403)  # HTTP statuses with which Globus Auth refuses a scope or an identity
NOT_SIGNED_IN = ("invalid_client", "unauthorized_client", "FORBIDDEN")


class CollectionService(PathService, Protocol):
    """The members of ``_globus.service.Globus`` that are used here."""

    def get_collection(self, collection_id: str) -> GlobusCollection:
        """Look a collection up."""

    def check_flow(self, flow_id: str) -> None:
        """Fail if the flow does not exist."""

    def check_consents(self, needs: Needs) -> str | None:
        """Fail if a consent is missing; return a warning if that cannot be found out."""

    @property
    def grants_consents(self) -> bool:
        """Whether ``grant`` has an effect: only a service account can grant consents by itself."""

    def grant(self, needs: Needs) -> None:
        """Grant consents."""


@dataclass(frozen=True)
class Prepared:
    """The plans, failed if they cannot be carried out, with the collections and warnings found meanwhile."""

    plans: list[Plan]
    collections: dict[str, GlobusCollection]
    warnings: list[str]


def prepare(plans: Sequence[Plan], service: CollectionService, *, concurrency: int, check_mode: bool) -> Prepared:
    """Look up each collection and flow once, and get the consents that the timers need."""
    looked_up = {
        **_look_up(
            {key for plan in plans for key in plan.collections}, _only_usable(service.get_collection), concurrency
        ),
        **_look_up({key for plan in plans for key in plan.flows}, service.check_flow, concurrency),
    }
    collections = {found.id: found for found in looked_up.values() if isinstance(found, GlobusCollection)}
    warnings = [warning for found in collections.values() if (warning := warning_of(found))]
    errors = {key: found for key, found in looked_up.items() if isinstance(found, GlobusError)}
    plans = [_failed_by_look_up(plan, errors) for plan in plans]
    plans, path_warnings = check_paths(plans, collections, service, concurrency=concurrency, check_mode=check_mode)
    plans, consent_warnings = _get_consents(plans, collections, service, check_mode)
    return Prepared(plans, collections, [*warnings, *path_warnings, *consent_warnings])


def _only_usable(get_collection: Callable[[str], GlobusCollection]) -> Callable[[str], GlobusCollection]:
    """Get a collection and refuse one that a timer cannot use (rule S5)."""

    def get(collection_id: str) -> GlobusCollection:
        collection = get_collection(collection_id)
        refusal = refusal_of(collection)
        if refusal is not None:
            raise refusal
        # with the ID of the request, because the service may spell it differently
        return replace(collection, id=collection_id)

    return get


def _look_up(
    ids: Iterable[str], look: Callable[[str], GlobusCollection | None], concurrency: int
) -> dict[str, GlobusCollection | GlobusError | None]:
    """For each ID, what ``look`` returns, or the error that it raises."""

    def look_up(one: str) -> GlobusCollection | GlobusError | None:
        try:
            return look(one)
        except GlobusError as error:
            return error

    ordered = sorted(ids)
    return dict(zip(ordered, in_parallel(look_up, ordered, concurrency)))


def _failed_by_look_up(plan: Plan, errors: Mapping[str, GlobusError]) -> Plan:
    for key in (*plan.collections, *plan.flows):
        if key in errors:
            return plan.failed(errors[key].about(plan.unchanged_clause))
    return plan


# --- consents (rules S3, S4, S6a, L3) ------------------------------------------------------------------------------


def _get_consents(
    plans: Sequence[Plan], collections: Mapping[str, GlobusCollection], service: CollectionService, check_mode: bool
) -> tuple[list[Plan], list[str]]:
    """Check and, outside check mode, grant the consents of timers to be created or resumed.

    A consent that is missing, or that Globus Auth refuses, fails the plans that need it and no others (rule L3).
    """
    needs = {number: _needs_of(plan, collections) for number, plan in enumerate(plans) if plan.started_action}
    if not needs:
        return list(plans), []
    every = list(dict.fromkeys(needs.values()))
    errors, warnings = _check_needs(every, service)
    left = [one for one in every if one not in errors]
    if left and check_mode:
        warnings += _not_requested(_sum_of_needs(left), service)
    elif left:
        errors.update(_grant(left, service))
    failed = {number: errors[one] for number, one in needs.items() if one in errors}
    checked = [
        plan.failed(failed[number].about(plan.unchanged_clause)) if number in failed else plan
        for number, plan in enumerate(plans)
    ]
    return checked, warnings


def _needs_of(plan: Plan, collections: Mapping[str, GlobusCollection]) -> Needs:
    """The consents that the timer of a plan needs to run."""
    return Needs(
        transfers=bool(plan.collections),
        data_access=data_access_needed(collections[key] for key in plan.collections),
        flows=plan.flows,
    )


def _sum_of_needs(needs: Sequence[Needs]) -> Needs:
    return Needs(
        transfers=any(one.transfers for one in needs),
        data_access=tuple(sorted({key for one in needs for key in one.data_access})),
        flows=tuple(sorted({key for one in needs for key in one.flows})),
    )


def _check_needs(every: Sequence[Needs], service: CollectionService) -> tuple[dict[Needs, GlobusError], list[str]]:
    """The needs that are not met, and a warning if that cannot be found out. One request if nothing is missing."""
    try:
        warning = service.check_consents(_sum_of_needs(every))
    except GlobusError as error:
        if error.code != "consent_required":
            return dict.fromkeys(every, error), []
    else:
        return {}, [warning] if warning else []
    errors = {}
    for one in every:
        try:
            service.check_consents(one)
        except GlobusError as error:
            errors[one] = error
    return errors, []


def _grant(every: Sequence[Needs], service: CollectionService) -> dict[Needs, GlobusError]:
    """Grant the consents, and return the refused ones. If a combined request is refused, each is requested alone."""
    together = _sum_of_needs(every)
    try:
        service.grant(together)
    except GlobusError as error:
        parts = together.each()
        if len(parts) < 2 or error.http_status not in REFUSED or error.code in NOT_SIGNED_IN:
            return dict.fromkeys(every, error)
    else:
        return {}
    refused: dict[str, GlobusError] = {}
    for part in parts:
        try:
            service.grant(part)
        except GlobusError as error:
            refused.update(dict.fromkeys((*part.data_access, *part.flows), error))
    errors = {one: refused[key] for one in every for key in (*one.data_access, *one.flows) if key in refused}
    left = [one for one in every if one not in errors]
    if left:
        try:
            service.grant(_sum_of_needs(left))  # all at once: the tokens of the last request are used
        except GlobusError as error:
            errors.update(dict.fromkeys(left, error))
    return errors


def _not_requested(needs: Needs, service: CollectionService) -> list[str]:
    """Rule W1: a token request for a consent also grants it, so check mode does not send it, and warns."""
    if not service.grants_consents or not (needs.data_access or needs.flows):
        return []
    what = [f"data_access for collection {one}" for one in needs.data_access] + [f"flow {one}" for one in needs.flows]
    return [
        f"Check mode does not request consents ({', '.join(what)}). Only a real run shows whether Globus Auth "
        "grants them"
    ]
