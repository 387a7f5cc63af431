# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup collection_id: display names to IDs, on the local Globus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleLookupError

from ansible_collections.research_ops.globus.plugins.lookup.collection_id import LookupModule
from ansible_collections.research_ops.globus.plugins.module_utils import _secrets
from emulator.control import LocalGlobus
from integration.documented import ARCHIVE, MICROSCOPE, lookup_documentation
from integration.harness import START
from integration.in_process import only

ENDPOINT = "11111111-bbbb-4bbb-8bbb-000000000001"
TWINS = ("11111111-bbbb-4bbb-8bbb-000000000002", "11111111-bbbb-4bbb-8bbb-000000000003")
WORLD: dict[str, Any] = {
    "collections": [
        {"id": MICROSCOPE, "display_name": "Microscope share"},
        {"id": ARCHIVE, "display_name": "Archive", "entity_type": "GCSv5_guest_collection"},
        {"id": ENDPOINT, "display_name": "Storage", "entity_type": "GCSv5_endpoint"},
        *({"id": one, "display_name": "Twin"} for one in TWINS),
    ],
}
SECRET = "a-secret-that-nobody-should-see"


@pytest.fixture
def found(globus: LocalGlobus, tmp_path: Path) -> Iterator[LocalGlobus]:
    """A world with these collections, and the variables of a service account."""
    _secrets.forget()
    clients = [{"id": globus.client_id, "secret": globus.client_secret}]
    globus.reset(world={**WORLD, "clients": clients}, clock=START, stopped=True)
    variables = {"GLOBUS_CLIENT_ID": globus.client_id, "GLOBUS_CLIENT_SECRET": globus.client_secret}
    with only({**globus.environment, **variables, "HOME": str(tmp_path)}):
        yield globus


def look_up(*names: Any, **options: Any) -> list[str]:
    return LookupModule().run([*names], **{"retries": 0, **options})


def refusal(*names: Any, **options: Any) -> str:
    with pytest.raises(AnsibleLookupError) as raised:
        look_up(*names, **options)
    assert raised.value.message.startswith("collection_id: ")
    assert raised.value.__cause__ is None
    return str(raised.value.message)


@pytest.mark.usefixtures("found")
def test_names_become_ids_in_their_order() -> None:
    assert look_up("Archive", "Microscope share", "Archive") == [ARCHIVE, MICROSCOPE, ARCHIVE]
    assert look_up(["Archive", " Microscope share "]) == [ARCHIVE, MICROSCOPE]
    assert lookup_documentation("collection_id")[1]["_raw"]["sample"] == look_up("Microscope share")


def test_a_name_is_searched_once(found: LocalGlobus) -> None:
    found.clear_log()
    look_up("Archive", "Archive")
    assert [entry["path"] for entry in found.log()].count("/v0.10/endpoint_search") == 1


@pytest.mark.usefixtures("found")
def test_a_name_that_is_only_similar_fails_naming_it() -> None:
    message = refusal("archive")
    assert "No collection named 'archive' is visible to this login" in message
    assert f"'Archive' ({ARCHIVE})" in message


@pytest.mark.usefixtures("found")
def test_an_unknown_name_fails() -> None:
    assert "Check the name" in refusal("Nowhere")


@pytest.mark.usefixtures("found")
def test_a_name_of_several_fails_naming_them() -> None:
    message = refusal("Twin")
    assert "2 collections are named 'Twin'" in message
    assert all(one in message for one in TWINS)
    assert "owner" in message


@pytest.mark.usefixtures("found")
def test_an_endpoint_is_no_collection() -> None:
    assert "is an endpoint, not a collection" in refusal("Storage")


@pytest.mark.usefixtures("found")
@pytest.mark.parametrize("names", [(), ("",), ("Archive", "  "), (None,)])
def test_an_empty_name_is_refused(names: tuple[Any, ...]) -> None:
    message = refusal(*names)
    assert "display name" in message


@pytest.mark.usefixtures("found")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"client": "x"}, "client is not a known option; did you mean client_id?"),
        ({"auth_method": "password"}, "auth_method must be one of"),
        ({"retries": -1}, "retries must be 0 or more"),
        ({"client_secret": SECRET}, "Globus Auth"),
        ({"client_secret": {"a": SECRET}}, "client_secret must be text"),
        ({"timers_token": SECRET, "transfer_token": SECRET}, "transfer_token"),
        ({"timers_token": SECRET}, "transfer_token is missing"),
    ],
)
def test_options_are_those_of_the_modules_and_no_secret_is_said_X1(options: dict[str, Any], message: str) -> None:
    said = refusal("Archive", **options)
    assert message in said
    assert SECRET not in said


@pytest.mark.usefixtures("found")
@pytest.mark.parametrize(
    ("variable", "message"), [("REQUEST_TIMEOUT", "request_timeout must be"), ("RETRIES", "retries must be")]
)
def test_request_timeout_and_retries_come_from_their_variables(
    variable: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"GLOBUS_{variable}", "-1")
    with pytest.raises(AnsibleLookupError, match=message):
        LookupModule().run(["Archive"])


@pytest.mark.usefixtures("found")
def test_a_blank_option_leaves_the_variable_X3() -> None:
    assert look_up("Archive", client_secret="", client_id=None) == [ARCHIVE]
