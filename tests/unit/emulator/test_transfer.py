# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collections, searching them, and looking at paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.control import LocalGlobus
from emulator.plain import (
    DELETED,
    ENDPOINT,
    GUEST,
    HIGH_ASSURANCE,
    INVISIBLE,
    LAPTOP,
    MAPPED,
    UNKNOWN,
    Api,
)
from emulator.scopes import TIMERS_SERVER, TRANSFER_SCOPE, data_access


@pytest.mark.parametrize(
    ("collection", "kind", "high_assurance"),
    [
        (MAPPED, "GCSv5_mapped_collection", False),
        (HIGH_ASSURANCE, "GCSv5_mapped_collection", True),
        (GUEST, "GCSv5_guest_collection", False),
        (LAPTOP, "GCP_mapped_collection", False),
        (ENDPOINT, "GCSv5_endpoint", False),
    ],
)
def test_collections(api: Api, collection: str, kind: str, high_assurance: bool) -> None:
    answer = api.call("GET", f"/v0.10/endpoint/{collection.upper()}")
    assert answer.status == 200
    assert (answer.json["id"], answer.json["entity_type"]) == (collection, kind)
    assert answer.json["high_assurance"] is high_assurance


@pytest.mark.parametrize(
    ("collection", "status", "code"),
    [
        (UNKNOWN, 404, "EndpointNotFound"),
        (DELETED, 404, "EndpointDeleted"),
        (INVISIBLE, 403, "PermissionDenied"),
        ("no-uuid", 404, "EndpointNotFound"),
    ],
)
def test_collections_that_cannot_be_had(api: Api, collection: str, status: int, code: str) -> None:
    answer = api.call("GET", f"/v0.10/endpoint/{collection}")
    assert (answer.status, answer.json["code"]) == (status, code)
    assert set(answer.json) == {"code", "message", "request_id", "resource"}
    assert answer.json["resource"] == f"/v0.10/endpoint/{collection}"


def test_tokens_are_checked(api: Api) -> None:
    for token in (api.tokens[TIMERS_SERVER], "made-up"):
        answer = api.call("GET", f"/v0.10/endpoint/{MAPPED}", token=token)
        assert (answer.status, answer.json["code"]) == (401, "ClientError.AuthenticationFailed")


def test_search_shows_what_is_visible_in_pages(globus: LocalGlobus, api: Api) -> None:
    found = api.call("GET", "/v0.10/endpoint_search?filter_fulltext=rehearsal").json
    assert found["DATA_TYPE"] == "endpoint_list"
    names = {one["display_name"] for one in found["DATA"]}
    assert "Rehearsal guest" in names
    assert not {"Rehearsal invisible", "Rehearsal deleted"} & names
    only = api.call("GET", "/v0.10/endpoint_search?filter_fulltext=MAPPED%20dest").json["DATA"]
    assert [one["display_name"] for one in only] == ["Rehearsal mapped destination"]
    laptops = api.call(
        "GET", "/v0.10/endpoint_search?filter_fulltext=rehearsal&filter_entity_type=GCP_mapped_collection"
    )
    assert [one["id"] for one in laptops.json["DATA"]] == [LAPTOP]
    assert api.call("GET", "/v0.10/endpoint_search").json["code"] == "BadRequest"
    assert api.call("GET", "/v0.10/endpoint_search?filter_fulltext=x&limit=101").status == 400
    many = [{"id": f"12345678-0000-4000-8000-{number:012d}", "display_name": f"c{number}"} for number in range(120)]
    globus.reset({"collections": many, "clients": [{"id": globus.client_id, "secret": globus.client_secret}]})
    api.login()
    first = api.call("GET", "/v0.10/endpoint_search?filter_fulltext=c").json
    second = api.call("GET", "/v0.10/endpoint_search?filter_fulltext=c&offset=100").json
    assert (len(first["DATA"]), first["has_next_page"]) == (100, True)
    assert (len(second["DATA"]), second["has_next_page"]) == (20, False)


def test_ls_and_stat(api: Api, folders: tuple[Path, Path]) -> None:
    source, _destination = folders
    (source / "data").mkdir()
    (source / "data" / "one.txt").write_text("one")
    (source / "data" / ".hidden").write_text("")
    api.login()
    listing = api.call("GET", f"/v0.10/operation/endpoint/{GUEST}/ls?path=/~/data/").json
    assert [(one["name"], one["type"], one["size"]) for one in listing["DATA"]] == [
        (".hidden", "file", 0),
        ("one.txt", "file", 3),
    ]
    assert (listing["absolute_path"], listing["DATA_TYPE"]) == ("/data/", "file_list")
    assert api.call("GET", f"/v0.10/operation/endpoint/{GUEST}/ls?path=/data&show_hidden=0").json["total"] == 1
    assert api.call("GET", f"/v0.10/operation/endpoint/{GUEST}/ls").json["DATA"][0]["name"] == "data"
    stat = api.call("GET", f"/v0.10/operation/endpoint/{GUEST}/stat?path=/data/one.txt").json
    assert (stat["type"], stat["size"], stat["name"]) == ("file", 3, "one.txt")
    missing = api.call("GET", f"/v0.10/operation/endpoint/{GUEST}/stat?path=/nothing")
    assert (missing.status, missing.json["code"]) == (404, "NotFound")
    inside = api.call("GET", f"/v0.10/operation/endpoint/{GUEST}/stat?path=/../../data")
    assert inside.status == 200
    (source / "way-out").symlink_to("/")
    outside = api.call("GET", f"/v0.10/operation/endpoint/{GUEST}/ls?path=/way-out/")
    assert (outside.status, outside.json["code"]) == (403, "EndpointPermissionDenied")


def test_ls_on_a_mapped_collection_needs_data_access(globus: LocalGlobus, api: Api, folders: tuple[Path, Path]) -> None:
    api.login()
    path = f"/v0.10/operation/endpoint/{MAPPED}/ls"
    refused = api.call("GET", path)
    assert (refused.status, refused.json["code"]) == (403, "ConsentRequired")
    assert refused.json["required_scopes"] == [f"{TRANSFER_SCOPE}[*{data_access(MAPPED)}]"]
    globus.grant(refused.json["required_scopes"][0])
    assert api.call("GET", path).status == 200


def test_without_a_folder_every_path_exists(globus: LocalGlobus, api: Api) -> None:
    """As transfers there succeed; what is missing or forbidden is said."""
    path = f"/v0.10/operation/endpoint/{GUEST}"
    for name, kind in (("/a/", "dir"), ("/a", "dir"), ("/a/b.txt", "file"), ("/v1.2/", "dir"), ("/.hidden", "dir")):
        assert api.call("GET", f"{path}/stat?path={name}").json["type"] == kind, name
    assert api.call("GET", f"{path}/ls?path=/a/").json["DATA"] == []
    globus.collection(GUEST, missing=["/gone/"], forbidden=["/secret"])
    for what in ("stat", "ls"):
        for name, status, code in (
            ("/gone", 404, "NotFound"),
            ("/gone/below", 404, "NotFound"),
            ("/~/secret/", 403, "EndpointPermissionDenied"),
            ("/a/../secret/x", 403, "EndpointPermissionDenied"),
        ):
            answer = api.call("GET", f"{path}/{what}?path={name}")
            assert (answer.status, answer.json["code"]) == (status, code)
    assert api.call("GET", f"{path}/stat?path=/goner").status == 200


def test_looking_at_paths_needs_what_the_endpoint_needs(globus: LocalGlobus, api: Api) -> None:
    for what in ("stat", "ls"):
        path = f"/v0.10/operation/endpoint/{{}}/{what}?path=/a/"
        refused = api.call("GET", path.format(MAPPED))
        assert (refused.status, refused.json["code"]) == (403, "ConsentRequired")
        globus.grant(refused.json["required_scopes"][0])
        assert api.call("GET", path.format(MAPPED)).status == 200
        globus.revoke()
        for one, status, code in (
            (UNKNOWN, 404, "EndpointNotFound"),
            (DELETED, 404, "EndpointDeleted"),
            (INVISIBLE, 403, "PermissionDenied"),
            (ENDPOINT, 409, "Conflict"),
        ):
            answer = api.call("GET", path.format(one))
            assert (answer.status, answer.json["code"]) == (status, code)
        globus.collection(GUEST, reachable=False)
        assert api.call("GET", path.format(GUEST)).status == 502
        globus.collection(GUEST, reachable=True)
        assert api.call("GET", path.format(GUEST), token="made-up").status == 401


def test_transfer_may_be_down(globus: LocalGlobus, api: Api) -> None:
    globus.outage(transfer=True)
    for path in ("/v0.10/task_list", f"/v0.10/endpoint/{GUEST}", f"/v0.10/operation/endpoint/{GUEST}/stat"):
        assert api.call("GET", path).status == 503
    assert api.call("GET", "/jobs/").status == 200
    globus.outage(transfer=False)
    assert api.call("GET", "/v0.10/task_list").status == 200


def test_tasks_of_runs_can_be_read(globus: LocalGlobus, api: Api, folders: tuple[Path, Path]) -> None:
    source, _destination = folders
    (source / "a").mkdir()
    api.login(MAPPED)
    job = api.create(destination=MAPPED, body={"label": "nightly"})
    run = api.job(job)["results"]["data"][0]
    task = api.call("GET", f"/v0.10/task/{run['resource_id']}").json
    assert (task["status"], task["label"], task["task_id"]) == (
        "SUCCEEDED",
        "nightly",
        run["data"]["details"]["task_id"],
    )
    assert api.call("GET", "/v0.10/task_list").json["total"] == 1


def test_unknown_paths_in_the_words_of_transfer(api: Api) -> None:
    assert api.call("GET", "/v0.10/nothing").json["code"] == "ClientError.NotFound"
