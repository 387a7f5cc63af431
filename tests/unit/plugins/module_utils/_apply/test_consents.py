# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Consents of a list: a missing or refused one fails the timers that need it, by name, and no others (L3, S4, S6a)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._apply.consents import Prepared, prepare
from ansible_collections.research_ops.globus.plugins.module_utils._errors import GlobusError
from ansible_collections.research_ops.globus.plugins.module_utils._globus.collections import GlobusCollection, Needs
from ansible_collections.research_ops.globus.plugins.module_utils._timers.definition import Flow
from ansible_collections.research_ops.globus.plugins.module_utils._timers.document import read_timer, write_timer
from ansible_collections.research_ops.globus.plugins.module_utils._timers.path_findings import FOLDER, Look, Seen
from ansible_collections.research_ops.globus.plugins.module_utils._timers.plan import Plan, Wanted, plan_timer
from unit.samples import NOW, definition, sample
from unit.timer_documents import shown

MAPPED, OTHER, GUEST, ENDPOINT = (f"{number}0000000-bde5-45c1-bdea-f4bd71dba2cc" for number in range(1, 5))
FLOW = "88888888-aaaa-4aaa-8aaa-000000000001"
TYPES = {
    MAPPED: "GCSv5_mapped_collection",
    OTHER: "GCSv5_mapped_collection",
    GUEST: "GCSv5_guest_collection",
    ENDPOINT: "GCSv5_endpoint",
}


@dataclass
class Consents:
    """A ``CollectionService``: a login that lacks some consents, or to which some are refused."""

    missing: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    failure: GlobusError | None = None
    grants_consents: bool = True
    checked: list[Needs] = field(default_factory=list)
    granted: list[Needs] = field(default_factory=list)

    def get_collection(self, collection_id: str) -> GlobusCollection:
        return GlobusCollection(collection_id, "", TYPES[collection_id], False)

    def check_flow(self, flow_id: str) -> None:
        """It is there."""

    def check_consents(self, needs: Needs) -> str | None:
        self.checked.append(needs)
        lacking = [one for one in (*needs.data_access, *needs.flows) if one in self.missing]
        if lacking:
            raise GlobusError(f"no consent for {', '.join(lacking)}", code="consent_required")
        return None

    def grant(self, needs: Needs) -> None:
        self.granted.append(needs)
        if self.failure:
            raise self.failure
        if any(one in self.refused for one in (*needs.data_access, *needs.flows)):
            raise GlobusError("unknown scope", code="UNKNOWN_SCOPE_ERROR", http_status=400)

    def prepare_data_access(self, collections: Sequence[str], check_mode: bool) -> dict[str, str]:
        return {}

    def look(self, look: Look) -> Seen:
        return Seen(FOLDER)

    def list_folder(self, look: Look) -> list[tuple[str, bool]]:
        return []


def creating(name: str, source: str, destination: str = GUEST) -> Plan:
    ends: dict[str, Any] = {"source_collection": source, "destination_collection": destination}
    return plan_timer(Wanted(name=name, definition=definition(sample(name=name, **ends))), [], NOW)


def get(service: Consents, *plans: Plan, check_mode: bool = False) -> Prepared:
    return prepare(plans, service, concurrency=1, check_mode=check_mode)


def failures(prepared: Prepared) -> list[str | None]:
    return [plan.failure.message if plan.failure else None for plan in prepared.plans]


def test_a_missing_consent_fails_the_entries_that_need_it_and_no_other_L3() -> None:
    """Fault 11: a guest-only entry was not created, because of the consent of a collection that it does not use."""
    service = Consents(missing=(OTHER,), grants_consents=False)
    prepared = get(service, creating("guests", GUEST), creating("fine", MAPPED), creating("lacks", OTHER))
    assert failures(prepared) == [None, None, f"timer 'lacks' was not created: no consent for {OTHER}"]
    assert service.granted == [Needs(True, (MAPPED,), ())]


def test_where_all_consents_are_there_one_look_tells_so() -> None:
    service = Consents()
    plans = [creating(f"t{number}", (MAPPED, OTHER, GUEST)[number % 3]) for number in range(30)]
    assert failures(get(service, *plans)) == [None] * 30
    assert service.checked == service.granted == [Needs(True, (MAPPED, OTHER), ())]


def test_a_combined_request_that_is_refused_for_one_scope_is_split_L3() -> None:
    service = Consents(refused=(OTHER,))
    prepared = get(service, creating("fine", MAPPED), creating("refused", OTHER), creating("guests", GUEST))
    assert failures(prepared) == [None, "timer 'refused' was not created: unknown scope", None]
    # the tokens of the last request are those that are used
    assert service.granted[-1] == Needs(True, (MAPPED,), ())


@pytest.mark.parametrize(
    "failure",
    [
        GlobusError("wrong secret", code="invalid_client", http_status=401),
        GlobusError("no answer", code="no_answer"),
        GlobusError("down", http_status=503),
    ],
    ids=str,
)
def test_a_login_that_does_not_work_is_asked_once_and_fails_all(failure: GlobusError) -> None:
    service = Consents(failure=failure)
    prepared = get(service, creating("a", MAPPED), creating("b", OTHER))
    assert failures(prepared) == [f"timer {name!r} was not created: {failure.message}" for name in ("a", "b")]
    assert len(service.granted) == 1


def test_a_collection_that_is_none_fails_its_entry_alone_L3_S5() -> None:
    prepared = get(Consents(), creating("a", ENDPOINT), creating("b", MAPPED))
    first, second = failures(prepared)
    assert first is not None
    assert first.startswith("timer 'a' was not created: ")
    assert second is None


def test_a_resumed_timer_needs_the_consents_of_what_it_has_S6a() -> None:
    """Not those of the definition, nor those that the service names."""
    ends: dict[str, Any] = {"source_collection": OTHER, "destination_collection": GUEST}
    document = shown(
        write_timer(definition(sample(**ends)), NOW),
        "as_sent",
        timer_id="a0000000-0000-4000-8000-000000000000",
        now=NOW,
        status="inactive",
        inactive_reason={"cause": "other", "detail": None},
    )
    there = read_timer(document)
    plan = plan_timer(Wanted(name=there.name, state="active"), [there], NOW)
    service = Consents(missing=(OTHER,))
    assert failures(get(service, plan)) == [f"timer {there.name!r} was left unchanged: no consent for {OTHER}"]


def test_check_mode_requests_nothing_and_says_so_W1() -> None:
    service = Consents()
    prepared = get(service, creating("a", MAPPED), creating("b", GUEST), check_mode=True)
    assert service.granted == []
    assert failures(prepared) == [None, None]
    (warning,) = prepared.warnings
    assert f"data_access for collection {MAPPED}" in warning
    assert get(Consents(), creating("b", GUEST), check_mode=True).warnings == []
    assert get(Consents(grants_consents=False), creating("a", MAPPED), check_mode=True).warnings == []


def test_what_a_flow_needs_is_its_own_entry_s_matter_L3() -> None:
    service = Consents(missing=(FLOW,))
    base = definition(sample(name="flow"))
    flow = type(base)(base.name, Flow(FLOW), base.schedule)
    prepared = get(service, plan_timer(Wanted(name="flow", definition=flow), [], NOW), creating("b", MAPPED))
    assert failures(prepared) == [f"timer 'flow' was not created: no consent for {FLOW}", None]
