# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Checks the paths of new timers before the timers are created (``check_paths``), each collection and path once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from .._errors import GlobusError
from .._globus.collections import GlobusCollection
from .._parallel import in_parallel
from .._timers.definition import Transfer
from .._timers.path_findings import MISSING, UNKNOWN, Finding, Look, Seen, findings, looks_of, near_name, parent_of
from .._timers.plan import Plan


class PathService(Protocol):
    """The methods of ``_globus.service.Globus`` that are used here."""

    def prepare_data_access(self, collections: Sequence[str], check_mode: bool) -> dict[str, str]:
        """Prepare to look at data of mapped collections. Returns those where this is impossible, and why."""

    def look(self, look: Look) -> Seen:
        """What exists at a path."""

    def list_folder(self, look: Look) -> list[tuple[str, bool]]:
        """The names in a folder, each with whether it is a folder."""


def check_paths(
    plans: Sequence[Plan],
    collections: Mapping[str, GlobusCollection],
    service: PathService,
    *,
    concurrency: int,
    check_mode: bool,
) -> tuple[list[Plan], list[str]]:
    """The plans, failed if a path cannot be used, and warnings about paths that could not be checked."""
    transfers = {
        number: plan.creation.action
        for number, plan in enumerate(plans)
        if plan.wanted.check_paths
        and plan.failure is None
        and plan.creation is not None
        and isinstance(plan.creation.action, Transfer)
    }
    looks = list(dict.fromkeys(look for transfer in transfers.values() for look in looks_of(transfer)))
    if not looks:
        return list(plans), []
    used = {look.collection for look in looks}
    mapped = sorted(key for key in used if key in collections and collections[key].requires_data_access)
    closed = _closed(mapped, service, check_mode)
    seen = {look: Seen(UNKNOWN, closed[look.collection]) for look in looks if look.collection in closed}
    open_looks = [look for look in looks if look.collection not in closed]
    seen.update(zip(open_looks, in_parallel(lambda look: _look_at_path(look, service), open_looks, concurrency)))
    checked = [
        _failed(plan, findings(transfers[number], seen), collections) if number in transfers else plan
        for number, plan in enumerate(plans)
    ]
    return checked, _unchecked_warnings(seen, collections)


def _closed(mapped: Sequence[str], service: PathService, check_mode: bool) -> dict[str, str]:
    """The mapped collections whose data cannot be looked at, and why."""
    try:
        return service.prepare_data_access(mapped, check_mode)
    except GlobusError as error:
        return dict.fromkeys(mapped, error.message)


def _look_at_path(look: Look, service: PathService) -> Seen:
    """What exists at a path or, if nothing does, also an existing path with a similar name in the same folder."""
    seen = service.look(look)
    folder = parent_of(look.path)
    if seen.state != MISSING or folder is None:
        return seen
    try:
        names = service.list_folder(replace(look, path=folder))
    except GlobusError:
        return seen  # the suggestion is optional: the path is missing in any case
    return replace(seen, near=near_name(look.path, names))


def _failed(plan: Plan, found: Sequence[Finding], collections: Mapping[str, GlobusCollection]) -> Plan:
    if not found:
        return plan
    problems = " ".join(
        _sentence(f"{one.option}: {one.path} on {_label(one.collection, collections)} {one.problem}. {one.advice}")
        for one in found
    )
    return plan.failed(
        GlobusError(
            f"{plan.unchanged_clause}. {problems} To skip this check, set check_paths: false",
            code="path_unusable",
        )
    )


def _sentence(text: str) -> str:
    return text if text.endswith("?") else f"{text}."


def _unchecked_warnings(seen: Mapping[Look, Seen], collections: Mapping[str, GlobusCollection]) -> list[str]:
    """A warning for each reason why paths could not be checked, with the collections."""
    reasons: dict[str, dict[str, None]] = {}
    for look, found in seen.items():
        if found.state == UNKNOWN:
            reasons.setdefault(found.message, {})[_label(look.collection, collections)] = None
    return [
        f"Paths on {', '.join(labels)} were not checked: {reason}. If a path is wrong, the first run will fail"
        for reason, labels in reasons.items()
    ]


def _label(collection_id: str, collections: Mapping[str, GlobusCollection]) -> str:
    collection = collections.get(collection_id)
    return f"collection {collection.label if collection else collection_id}"
