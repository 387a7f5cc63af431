# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a timer needs on a collection, by its type (S2), and which collections it cannot use (S5)."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._globus.collections import (
    GlobusCollection,
    data_access_needed,
    read_collection,
    refusal_of,
    warning_of,
)
from unit.timer_documents import recorded

ID = "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"
TYPES = (
    "GCP_mapped_collection",
    "GCP_guest_collection",
    "GCSv5_endpoint",
    "GCSv5_mapped_collection",
    "GCSv5_guest_collection",
    "GCSv4_host",
    "GCSv4_share",
)


def collection(entity_type: str = "GCSv5_mapped_collection", **members: Any) -> GlobusCollection:
    return read_collection({"id": ID, "display_name": "Lab", "entity_type": entity_type, **members})


@pytest.mark.parametrize("high_assurance", [False, True])
@pytest.mark.parametrize("entity_type", TYPES)
def test_s2_data_access_is_for_mapped_collections_that_are_not_high_assurance(
    entity_type: str, high_assurance: bool
) -> None:
    found = collection(entity_type, high_assurance=high_assurance)
    needed = entity_type == "GCSv5_mapped_collection" and not high_assurance
    assert found.requires_data_access is needed
    assert data_access_needed([found]) == ((ID,) if needed else ())
    assert found.as_result() == {
        "id": ID,
        "display_name": "Lab",
        "requires_data_access": needed,
        "high_assurance": high_assurance,
    }


def test_s2_the_consents_of_several_collections_are_sorted_and_each_there_once() -> None:
    other = collection(id="00000000-bde5-45c1-bdea-f4bd71dba2cc")
    assert data_access_needed([collection(), other, collection()]) == (other.id, ID)


@pytest.mark.parametrize("entity_type", [one for one in TYPES if one != "GCSv5_endpoint"])
def test_s5_a_collection_is_fine(entity_type: str) -> None:
    found = collection(entity_type, high_assurance=False)
    assert (refusal_of(found), warning_of(found)) == (None, None)


def test_s5_an_endpoint_is_refused_by_name_and_id() -> None:
    refusal = refusal_of(collection("GCSv5_endpoint"))
    assert refusal is not None
    assert "is an endpoint, not a collection" in refusal.message
    assert ID in refusal.message
    assert "Lab" in refusal.message
    assert refusal.code == "not_a_collection"


@pytest.mark.parametrize(("name", "called"), [("Lab", f"'Lab' ({ID})"), (None, ID)])
def test_s5_high_assurance_is_a_warning_by_id_and_by_name_where_known(name: str | None, called: str) -> None:
    found = collection(display_name=name, high_assurance=True)
    assert refusal_of(found) is None
    warning = warning_of(found)
    assert warning is not None
    assert called in warning
    assert "high assurance" in warning


def test_ids_are_lower_case_and_nulls_are_nothing() -> None:
    found = read_collection({"id": ID.upper(), "display_name": None, "entity_type": None, "high_assurance": None})
    assert found == GlobusCollection(ID, "", "", high_assurance=False)


def test_the_recorded_answer_of_transfer_reads() -> None:
    found = read_collection(recorded("transfer.get_endpoint"))
    assert (found.display_name, found.entity_type) == ("myserver", "GCSv4_host")
    assert not found.requires_data_access


@pytest.mark.parametrize("document", [{}, {"id": None}, {"id": ""}, [], None, "text"])
def test_what_is_no_endpoint_document_is_refused(document: Any) -> None:
    with pytest.raises(ValueError, match="id is missing"):
        read_collection(document)
