# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading tasks: the filters and pages of lists, whose they are, and the recorded documents beside ours."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import globus_sdk
import pytest

from emulator.control import LocalGlobus
from emulator.plain import GUEST, LAPTOP, MAPPED, OTHER_CLIENT, UNKNOWN, Api
from emulator.scopes import TRANSFER_SCOPE, TRANSFER_SERVER
from unit.emulator.recordings import keys
from unit.timer_documents import recorded

HOUR = 3600


@pytest.fixture
def many(globus: LocalGlobus, api: Api) -> dict[str, str]:
    """A task of each status, an hour apart from one o'clock on: their IDs by label."""
    globus.collection(GUEST, missing=["/stalled", "/waits", "/canceled"])
    for hour, label in enumerate(("Nightly one", "nightly two", "stalled", "waits", "canceled"), 1):
        globus.set_clock(f"2027-03-01T0{hour}:00:00Z")
        path = f"/{label.replace(' ', '-')}/"
        body = {"label": label, "DATA": [{"source_path": path, "destination_path": path}]}
        api.create(name=label, schedule={"type": "once"}, body=body)
    found = {one["label"]: one["task_id"] for one in globus.tasks()}
    globus.task(found["waits"], inactive=True)
    assert api.call("POST", f"/v0.10/task/{found['canceled']}/cancel").status == 200
    return found


def labels(api: Api, clauses: str, **query: Any) -> list[str]:
    """The labels of a list."""
    return [one["label"] for one in api.tasks(clauses, **query)]


def test_filters(api: Api, many: dict[str, str]) -> None:
    assert labels(api, "") == ["canceled", "waits", "stalled", "nightly two", "Nightly one"]
    ids = f"task_id:{many['stalled'].upper()},{UNKNOWN},{many['waits']}"
    assert labels(api, ids) == ["waits", "stalled"]
    assert labels(api, f"{ids}/status:INACTIVE") == ["waits"]
    assert labels(api, f"task_id:{UNKNOWN}") == []
    assert labels(api, "status:ACTIVE") == ["stalled"]
    assert labels(api, "status:FAILED,INACTIVE") == ["canceled", "waits"]
    assert labels(api, "type:TRANSFER/status:SUCCEEDED") == ["nightly two", "Nightly one"]
    assert labels(api, "type:DELETE") == []
    assert len(labels(api, "type:TRANSFER,DELETE")) == 5


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        ("=nightly two", {"nightly two"}),
        ("nightly two", {"nightly two"}),
        ("=nightly", set()),
        ("~nightly*", {"Nightly one", "nightly two"}),
        ("~NIGHTLY*,=waits", {"Nightly one", "nightly two", "waits"}),
        ("!~nightly*", {"stalled", "waits", "canceled"}),
        ("!stalled,!=waits", {"Nightly one", "nightly two", "canceled"}),
        ("~nightly*,!nightly two", {"Nightly one"}),
    ],
)
def test_label_filters(api: Api, many: dict[str, str], patterns: str, found: set[str]) -> None:
    assert set(labels(api, f"label:{patterns}")) == found


@pytest.mark.parametrize(
    ("span", "found"),
    [
        ("request_time:2027-03-01T02:30:00Z,2027-03-01T04:30:00Z", ["waits", "stalled"]),
        ("request_time:2027-03-01 04:30:00,", ["canceled"]),
        ("request_time:2027-03-01T04:30:00", ["canceled"]),
        ("request_time:,2027-03-01T01:30:00+00:00", ["Nightly one"]),
        ("request_time:2027-03-01,2027-03-02", ["canceled", "waits", "stalled", "nightly two", "Nightly one"]),
        ("completion_time:2027-03-01T01:30:00Z,2027-03-01T02:30:00Z", ["nightly two"]),
        ("completion_time:2027-03-01T01:30:00Z,", ["canceled", "waits", "stalled", "nightly two"]),
    ],
)
def test_time_filters(api: Api, many: dict[str, str], span: str, found: list[str]) -> None:
    assert labels(api, span) == found


def test_a_plus_that_was_not_escaped(api: Api, many: dict[str, str]) -> None:
    path = "/v0.10/task_list?filter=request_time:2027-03-01T05:30:00+01:00,"
    assert [one["label"] for one in api.call("GET", path).json["DATA"]] == ["canceled"]


def test_orders_and_pages(api: Api, many: dict[str, str]) -> None:
    assert labels(api, "", orderby="request_time ASC")[0] == "Nightly one"
    assert labels(api, "", orderby="status DESC,label") == [
        *("Nightly one", "nightly two", "waits", "canceled", "stalled")
    ]
    page = api.call("GET", "/v0.10/task_list?limit=2&offset=1&orderby=request_time").json
    assert [one["label"] for one in page["DATA"]] == ["nightly two", "stalled"]
    assert (page["DATA_TYPE"], page["length"], page["limit"], page["offset"], page["total"]) == (
        *("task_list", 2, 2, 1, 5),
    )


def test_a_list_holds_ten_unless_it_is_asked_for_more(globus: LocalGlobus, api: Api) -> None:
    globus.seed(1, runs=50)
    found = api.call("GET", "/v0.10/task_list").json
    assert (len(found["DATA"]), found["limit"], found["total"]) == (10, 10, 50)
    assert len(api.tasks(limit=1000)) == 50
    fields = api.call("GET", "/v0.10/task_list?fields=task_id,status").json["DATA"]
    assert {tuple(one) for one in fields} == {("task_id", "status")}


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 1001},
        {"limit": 0},
        {"limit": "many"},
        {"offset": -1},
        {"orderby": "colour"},
        {"orderby": "status UP"},
        {"filter": "colour:red"},
        {"filter": "status"},
        {"filter": "status:ASLEEP"},
        {"filter": "status:"},
        {"filter": "request_time:soon,"},
        {"filter": "request_time:,"},
    ],
    ids=str,
)
def test_queries_that_are_refused(api: Api, query: dict[str, Any]) -> None:
    answer = api.call("GET", f"/v0.10/task_list?{urlencode(query)}")
    assert (answer.status, answer.json["code"].startswith(("ClientError", "BadRequest"))) == (400, True)


def test_tasks_are_their_owners_alone(globus: LocalGlobus, api: Api) -> None:
    foreign = globus.seed(1, client_id=OTHER_CLIENT, runs=1)
    task_id = next(one["task_id"] for one in globus.tasks() if one["timer_id"] == foreign[0])
    assert api.tasks(f"task_id:{task_id}") == api.tasks() == []
    for method, path in (
        ("GET", ""),
        ("PUT", ""),
        ("POST", "/cancel"),
        ("GET", "/event_list"),
        ("GET", "/successful_transfers"),
        ("GET", "/skipped_errors"),
        ("GET", "/pause_info"),
    ):
        for one in (task_id, UNKNOWN):
            answer = api.call(method, f"/v0.10/task/{one}{path}")
            assert (answer.status, answer.json["code"]) == (404, "ClientError.NotFound")
        assert api.call(method, f"/v0.10/task/{task_id}{path}", token="made-up").status == 401
    assert api.call("GET", "/v0.10/task_list", token="made-up").status == 401


def test_events_in_pages_and_by_kind(globus: LocalGlobus, api: Api) -> None:
    globus.collection(GUEST, missing=["/a"])
    task_id = api.last_task(api.create())["task_id"]
    globus.advance(10 * HOUR)
    globus.collection(GUEST, missing=[])
    globus.advance(HOUR)
    path = f"/v0.10/task/{task_id}/event_list"
    first = api.call("GET", path).json
    assert (first["DATA_TYPE"], len(first["DATA"]), first["limit"]) == ("event_list", 10, 10)
    assert (first["DATA"][0]["code"], first["DATA"][1]["code"]) == ("SUCCEEDED", "FILE_NOT_FOUND")
    assert first["DATA"][1]["is_error"] is True
    assert "/a/" in first["DATA"][1]["details"]
    errors = api.call("GET", f"{path}?filter=is_error:1&limit=1000").json
    assert errors["total"] == first["total"] - 2 == api.task(task_id)["faults"]
    others = api.call("GET", f"{path}?filter=is_error:0").json["DATA"]
    assert [one["code"] for one in others] == ["SUCCEEDED", "STARTED"]
    assert api.call("GET", f"{path}?filter=colour:red").status == 400


def test_lists_of_files_go_on_at_a_marker(globus: LocalGlobus, api: Api, folders: tuple[Path, Path]) -> None:
    source, _destination = folders
    (source / "a").mkdir()
    for number in range(250):
        (source / "a" / f"{number:03d}").write_text("x")
    api.login(MAPPED)
    task_id = api.last_task(api.create(destination=MAPPED))["task_id"]
    token = globus_sdk.AccessTokenAuthorizer(api.tokens[TRANSFER_SERVER])
    with globus_sdk.TransferClient(authorizer=token, base_url=globus.url) as client:
        found = list(client.paginated.task_successful_transfers(task_id).items())
        assert list(client.paginated.task_skipped_errors(task_id).items()) == []
    assert [one["source_path"] for one in found] == [f"/a/{number:03d}" for number in range(250)]
    assert {one["size"] for one in found} == {1}


def test_the_sdks_documented_examples(globus: LocalGlobus, api: Api, many: dict[str, str]) -> None:
    token = globus_sdk.AccessTokenAuthorizer(api.tokens[TRANSFER_SERVER])
    with globus_sdk.TransferClient(authorizer=token, base_url=globus.url) as client:
        wanted = [many["stalled"], many["canceled"]]
        assert {one["task_id"] for one in client.task_list(filter={"task_id": wanted})} == set(wanted)
        (failed,) = client.task_list(limit=5, orderby="request_time DESC", filter={"status": "FAILED"})
        assert failed["label"] == "canceled"
        assert len(list(client.paginated.task_list().items())) == 5
        assert [one["code"] for one in client.task_event_list(many["canceled"], limit=1)] == ["CANCELED"]
        assert client.task_wait(many["canceled"], timeout=1, polling_interval=1) is True
        assert client.cancel_task(many["stalled"])["code"] == "Canceled"


# --- recorded answers ---


@pytest.mark.parametrize("label", ["Nightly one", "stalled", "waits", "canceled"])
def test_a_task_has_exactly_the_recorded_keys(api: Api, many: dict[str, str], label: str) -> None:
    theirs = recorded("transfer.task_list")
    ours = api.call("GET", f"/v0.10/task_list?filter=task_id:{many[label]}").json
    assert set(ours) == set(theirs)
    # Recorded in the result of a timer, and documented.
    assert set(ours["DATA"][0]) == {*theirs["DATA"][0], "DATA_TYPE"} == set(api.task(many[label]))


def test_a_task_that_succeeded_says_what_was_recorded(
    globus: LocalGlobus, api: Api, folders: tuple[Path, Path]
) -> None:
    """One file of four bytes."""
    (folders[0] / "a").write_text("1234")
    api.login(MAPPED)
    item = {"source_path": "/a", "destination_path": "/b"}
    ours = api.last_task(api.create(destination=MAPPED, body={"DATA": [item], "verify_checksum": True}))
    theirs = recorded("transfer.task_list")["DATA"][0]
    own = {"DATA_TYPE", "request_time", "completion_time", "deadline", "label", "owner_id", "task_id", "username"}
    own |= {name for name in theirs if "endpoint" in name} | {"effective_bytes_per_second", "bytes_checksummed"}
    assert {name: ours[name] for name in set(ours) - own} == {name: theirs[name] for name in set(theirs) - own}


def test_other_answers_have_the_recorded_keys(globus: LocalGlobus, api: Api, folders: tuple[Path, Path]) -> None:
    (folders[0] / "a").write_text("1234")
    api.login(MAPPED)
    globus.switch(run_duration_seconds=60)
    task_id = api.last_task(api.create(destination=MAPPED))["task_id"]
    assert keys(api.call("POST", f"/v0.10/task/{task_id}/cancel").json) == keys(recorded("transfer.cancel_task"))
    path = f"/v0.10/operation/endpoint/{GUEST}/stat?path="
    assert keys(api.call("GET", f"{path}/a").json) == keys(recorded("transfer.operation_stat"))
    missing, theirs = api.call("GET", f"{path}/nothing").json, recorded("transfer.operation_stat", "not_found")
    assert (keys(missing), missing["code"]) == (keys(theirs), theirs["code"])
    globus.collection(GUEST, forbidden=["/a"])
    denied, theirs = api.call("GET", f"{path}/a").json, recorded("transfer.operation_stat", "permission_denied")
    assert (keys(denied), denied["code"]) == (keys(theirs), theirs["code"])


def test_two_thousand_tasks_by_their_ids_are_quick(globus: LocalGlobus, api: Api) -> None:
    """As a reader asks for the last two runs of a thousand timers: a hundred IDs at a time."""
    globus.seed(1000, runs=2, destination=LAPTOP)
    ids = [one["task_id"] for one in globus.tasks()]
    begun = time.monotonic()
    found = [one for start in range(0, 2000, 100) for one in api.tasks(f"task_id:{','.join(ids[start : start + 100])}")]
    print(f"2,000 tasks in 20 requests: {time.monotonic() - begun:.2f} s")
    assert {one["task_id"] for one in found} == set(ids)


def test_a_token_for_transfer_is_enough(globus: LocalGlobus, api: Api) -> None:
    """No data_access, nothing more."""
    globus.seed(1, runs=1)
    api.tokens = {TRANSFER_SERVER: globus.mint([TRANSFER_SCOPE])[TRANSFER_SERVER]["access_token"]}
    assert len(api.tasks()) == 1
