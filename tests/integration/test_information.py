# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""timer_info: the choice of timers, requests, work and memory. collection_info: the collections that exist."""

from __future__ import annotations

import sys
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from emulator.control import LocalGlobus
from emulator.plain import (
    DELETED,
    ENDPOINT,
    FLOW,
    GUEST,
    HIGH_ASSURANCE,
    INVISIBLE,
    LAPTOP,
    MAPPED,
    MAPPED_TOO,
    NATIVE_APP,
    PERSON,
    UNKNOWN,
    Api,
    flow_timer_scope,
    timer_scope,
)
from emulator.scopes import TIMERS_SERVER, TRANSFER_SCOPE, TRANSFER_SERVER
from integration import in_process
from integration.harness import START, calls
from integration.people import Person

DAY = 86400
LATER = {"type": "recurring", "interval_seconds": 86400, "start": "2026-03-03T02:00:00+00:00"}
LIST = ["POST token", "GET jobs"]
LIST_AND_TASKS = [*LIST, "GET task_list"]


def credentials(globus: LocalGlobus) -> dict[str, str]:
    client = {"GLOBUS_CLIENT_ID": globus.client_id, "GLOBUS_CLIENT_SECRET": globus.client_secret}
    return {**globus.environment, **client}


def read(globus: LocalGlobus, **options: Any) -> list[dict[str, Any]]:
    result = in_process.run("timer_info", options, credentials(globus))
    assert not result["failed"], result
    assert not result["changed"]
    timers: list[dict[str, Any]] = result["timers"]
    return timers


def names(globus: LocalGlobus, **options: Any) -> list[str]:
    return [timer["name"] for timer in read(globus, **options)]


# --- filters -------------------------------------------------------------------------------------------------------


@pytest.fixture
def account(globus: LocalGlobus, api: Api) -> dict[str, str]:
    """Name -> ID of timers of every status and type."""
    globus.grant(flow_timer_scope(FLOW))
    once = {"type": "once", "datetime": "2026-03-02T13:00:00+00:00"}
    made = {
        name: api.create(name=name, schedule=LATER) for name in ("Lab-a", "lab-b", "lab-b too", "x lab-", "100%_\\")
    }
    made["lab-ended"] = api.create(name="lab-ended", schedule=once)
    made["lab-paused"] = api.create(name="lab-paused", schedule=LATER)
    made["lab-flow"] = api.create_flow_timer(name="lab-flow", schedule=LATER)
    hook = {"name": "lab-hook", "callback_url": "https://example.org/", "callback_body": {}, "start": LATER["start"]}
    made["lab-hook"] = api.call("POST", "/jobs/", {**hook, "interval": 86400}).json["job_id"]
    gone = api.create(name="lab-gone", schedule=LATER)
    api.call("DELETE", f"/jobs/{gone}")
    globus.advance(2 * 3600)
    api.call("POST", f"/jobs/{made['lab-paused']}/pause")
    globus.clear_log()
    return made


UNFINISHED = ["100%_\\", "Lab-a", "lab-b", "lab-b too", "lab-flow", "lab-hook", "lab-paused", "x lab-"]
FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, UNFINISHED),
    ({"name": "lab-b"}, ["lab-b"]),
    ({"name": "lab-a"}, []),
    ({"name": "lab-ended"}, []),
    ({"name": "lab-gone", "status": ["active", "inactive", "ended"]}, []),
    ({"name": "100%_\\"}, ["100%_\\"]),
    ({"name_prefix": "lab-b"}, ["lab-b", "lab-b too"]),
    ({"name_prefix": "lab-"}, ["lab-b", "lab-b too", "lab-flow", "lab-hook", "lab-paused"]),
    ({"name_contains": "LAB-B"}, ["lab-b", "lab-b too"]),
    ({"name_contains": "b-"}, ["Lab-a", "lab-b", "lab-b too", "lab-flow", "lab-hook", "lab-paused", "x lab-"]),
    ({"name_prefix": "lab-b", "name_contains": "too"}, ["lab-b too"]),
    ({"status": ["ended"]}, ["lab-ended"]),
    ({"status": ["inactive"]}, ["lab-paused"]),
    ({"status": ["active"], "name_prefix": "lab-"}, ["lab-b", "lab-b too", "lab-flow", "lab-hook"]),
    ({"status": ["active", "inactive", "ended"]}, sorted([*UNFINISHED, "lab-ended"])),
    ({"type": "flow"}, ["lab-flow"]),
    ({"type": "generic"}, ["lab-hook"]),
    ({"type": "transfer", "name_prefix": "lab-"}, ["lab-b", "lab-b too", "lab-paused"]),
    ({"health": "unhealthy"}, []),
]


@pytest.mark.parametrize("switches", [{}, {"deleted_in_lists": "yes", "status_words": "always_loaded"}])
def test_what_each_filter_chooses_with_one_list_I2(
    switches: dict[str, Any], globus: LocalGlobus, account: dict[str, str], subtests: pytest.Subtests
) -> None:
    globus.switch(**switches)
    for options, expected in FILTERS:
        globus.clear_log()
        with subtests.test(options=options):
            assert names(globus, **options) == expected
            assert calls(globus.log()) in (LIST, LIST_AND_TASKS), "one list; where something has run, its tasks"


def test_by_id_whatever_the_status_with_one_request(globus: LocalGlobus, account: dict[str, str]) -> None:
    for name in ("lab-b", "lab-ended", "lab-hook"):
        globus.clear_log()
        assert names(globus, timer_id=account[name].upper()) == [name]
        tasks = ["GET task_list"] if name == "lab-ended" else []
        assert calls(globus.log()) == ["POST token", "GET job", *tasks]
    assert read(globus, timer_id=UNKNOWN) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"timer_id": "x"}, "timer_id must be a UUID"),
        # N2: not all timers, silently
        ({"name": " "}, "name is empty: leave it out to read all timers"),
        ({"name_prefix": ""}, "name_prefix is empty: leave it out to read all timers"),
        ({"name_contains": " ", "name_prefix": "a"}, "name_contains is empty: leave it out to read all timers"),
        ({"runs": -1}, "runs must be 0 or more"),
        ({"timer_id": UNKNOWN, "name": "a"}, "mutually exclusive"),
        ({"timer_id": UNKNOWN, "name_prefix": "a"}, "mutually exclusive"),
        ({"status": ["gone"]}, "value of status must be one or more of"),
        ({"max_age": "soon"}, "max_age must be an interval such as 2d"),
        ({"max_age": "0"}, "max_age must be an interval such as 2d"),
        ({"max_age": "2d", "transfers": False}, "max_age requires transfers: true"),
    ],
)
def test_wrong_options_are_refused_before_any_request(options: Any, words: str, globus: LocalGlobus) -> None:
    result = in_process.run("timer_info", options, credentials(globus))
    assert result["failed"]
    assert words in result["msg"]
    assert globus.log() == []


def test_runs_come_with_the_list_and_one_request_more_only_where_it_falls_short(globus: LocalGlobus, api: Api) -> None:
    for name in ("first", "second"):
        api.create(name=name, schedule=LATER)
    globus.advance(3 * DAY)
    for options, number, requests in (
        ({"transfers": False}, None, LIST),
        ({}, None, LIST_AND_TASKS),
        ({"runs": 1}, 1, LIST_AND_TASKS),
        ({"runs": 3}, 3, LIST_AND_TASKS),
        ({"runs": 50}, 3, LIST_AND_TASKS),
    ):
        globus.clear_log()
        found = read(globus, **options)
        assert [len(timer["recent_runs"]) if number else timer.get("recent_runs") for timer in found] == [number] * 2
        assert calls(globus.log()) == requests
    (timer,) = read(globus, name="first", runs=2)
    assert [run["ran_at"] for run in timer["recent_runs"]] == ["2026-03-05T02:00:00+00:00", "2026-03-04T02:00:00+00:00"]
    assert [run["failed"] for run in timer["recent_runs"]] == [False, False]
    assert all(run["task_id"] for run in timer["recent_runs"])


# --- many ----------------------------------------------------------------------------------------------------------


def cost(globus: LocalGlobus, options: dict[str, Any]) -> tuple[int, int]:
    """The number of function calls to read timers, and the maximum memory in bytes. The duration is not measured."""
    number = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal number
        number += event in ("call", "c_call")

    tracemalloc.start()
    threading.setprofile(count)
    sys.setprofile(count)
    try:
        read(globus, **options)
        return number, tracemalloc.get_traced_memory()[1]
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        tracemalloc.stop()


CHOICES: list[tuple[dict[str, Any], int]] = [({"name_prefix": "need"}, 1), ({"health": "unhealthy"}, 0), ({}, 10_000)]


def item(path: str) -> dict[str, Any]:
    return {"DATA_TYPE": "transfer_item", "source_path": path, "destination_path": "/b/", "recursive": True}


def ids_of(request: dict[str, Any]) -> list[str]:
    """The IDs in requests for lists of tasks."""
    return str(request["query"]["filter"]).removeprefix("task_id:").split(",")


def globus_runs(globus: LocalGlobus, name: str) -> int:
    """The real number of runs of a timer."""
    (timer,) = [one for one in globus.timers() if one["name"] == name]
    return len([one for one in timer["history"] if one["event"] in ("ran", "failed")])


def tasks_lists(globus: LocalGlobus) -> int:
    """The number of requests for tasks, in addition to one token and one list."""
    requests = calls(globus.log())
    assert requests[:2] == LIST
    assert set(requests[2:]) == {"GET task_list"}
    return len(requests) - 2


@pytest.mark.parametrize(("number", "most"), [(1, 1), (50, 1), (100, 2), (1000, 20)])
def test_tasks_are_read_a_hundred_at_a_time_O2(number: int, most: int, globus: LocalGlobus) -> None:
    globus.seed(number, runs=2)
    assert {timer["health"]["source"] for timer in read(globus)} == {"transfer"}
    assert tasks_lists(globus) == most
    asked = [one["query"] for one in globus.log() if one["path"].endswith("task_list")]
    assert sum(int(query["limit"]) for query in asked) == 2 * number, "a list gives ten unless limit says otherwise"
    assert max(int(query["limit"]) for query in asked) <= 100


def test_older_runs_are_asked_about_only_where_none_arrived_O2(globus: LocalGlobus, api: Api) -> None:
    """Two runs of each timer; then, for the timer that failed twice, up to eight earlier ones."""
    for name in ("well", "ill"):
        api.create(name=name, schedule=LATER, body={"DATA": [item(f"/{name}/")]})
    globus.advance(4 * DAY)
    globus.collection(GUEST, missing=["/ill"])
    globus.advance(3 * DAY)  # the first of these runs expires after a day
    for one in globus.tasks():
        if not one["completion_time"]:
            api.call("POST", f"/v0.10/task/{one['task_id']}/cancel")
    globus.clear_log()
    found = {timer["name"]: timer for timer in read(globus)}
    assert [found[name]["health"]["state"] for name in ("well", "ill")] == ["ok", "failing"]
    assert (found["well"]["last_success_searched"], found["ill"]["last_success_searched"]) == (1, 3)
    asked = [len(ids_of(one)) for one in globus.log() if one["path"].endswith("task_list")]
    runs = globus_runs(globus, "ill")
    assert asked == [4, runs - 2]
    assert 2 < runs <= 10
    reads = [one["path"].rstrip("/").rpartition("/")[2] for one in globus.log() if one["service"] == "timer"]
    assert reads == ["jobs", found["ill"]["id"]], "older results of that timer alone"


def test_lists_of_tasks_are_read_four_at_a_time_O2(globus: LocalGlobus) -> None:
    globus.seed(500, runs=2)
    globus.delay(0.2)
    read(globus)
    asked = [one for one in globus.log() if one["path"].endswith("task_list")]
    assert len(asked) == 10
    assert max(one["in_flight"] for one in asked) == 4


def test_ten_thousand_timers_are_listed_and_filtered_C3(globus: LocalGlobus) -> None:
    """Each timer has two runs, as health reads two. `make benchmark` measures the duration."""
    globus.seed(9999, runs=2, options={"label": "Nightly", "sync_level": 3})
    globus.seed(1, name="needle", runs=2)
    for options, number in CHOICES:
        globus.clear_log()
        assert len(read(globus, **options)) == number
        assert tasks_lists(globus) == (1 if number == 1 else 200)
    globus.clear_log()
    assert len(read(globus, transfers=False)) == 10_000
    assert calls(globus.log()) == LIST


def test_the_work_and_the_memory_grow_no_faster_than_the_timers_C3(globus: LocalGlobus) -> None:
    few, times = 150, 4
    globus.seed(few, name="few-{n}", runs=2)
    read(globus)  # one-time work is not counted
    first = [cost(globus, options) for options, _number in CHOICES]
    globus.seed((times - 1) * few, name="more-{n}", runs=2)
    then = [cost(globus, options) for options, _number in CHOICES]
    for (calls_of_few, bytes_of_few), (calls_of_many, bytes_of_many) in zip(first, then, strict=True):
        assert calls_of_many < 1.2 * times * calls_of_few
        assert bytes_of_many < 1.2 * times * bytes_of_few


# --- collections ---------------------------------------------------------------------------------------------------


def collections(environment: dict[str, str], **options: Any) -> list[dict[str, Any]]:
    result = in_process.run("collection_info", options, environment)
    assert not result["failed"], result
    assert not result["changed"]
    found: list[dict[str, Any]] = result["collections"]
    return found


def test_collections_by_id_each_kind_and_what_is_not_there_said_so(globus: LocalGlobus) -> None:
    ids = [MAPPED, GUEST, LAPTOP, HIGH_ASSURANCE, ENDPOINT, INVISIBLE, DELETED, UNKNOWN, MAPPED.upper()]

    found = collections(credentials(globus), collection_ids=ids)

    assert [one["id"] for one in found] == [one.lower() for one in ids]
    assert [one["requires_data_access"] for one in found] == [True, *[False] * 4, None, None, None, True]
    assert [one["consent"] for one in found] == ["missing", *["not_needed"] * 4, *["unknown"] * 3, "missing"]
    assert [one["high_assurance"] for one in found[:5]] == [False, False, False, True, False]
    assert found[0]["scope"] == timer_scope(MAPPED)
    assert [one["scope"] for one in found[1:8]] == [None] * 7
    words = {ENDPOINT: "is an endpoint", INVISIBLE: "is not visible", DELETED: "was deleted", UNKNOWN: "does not exist"}
    for one in found:
        assert ("msg" in one) is (one["id"] in words)
        assert words.get(one["id"], "") in one.get("msg", "")


def test_a_search_goes_through_all_pages_and_finds_nothing_hidden(globus: LocalGlobus) -> None:
    def collection(number: int, **members: Any) -> dict[str, Any]:
        return {"id": f"aaaaaaaa-0000-4000-8000-{number:012}", "display_name": f"Needle {number}", **members}

    world = globus.call("GET", "world")
    client = {name: world["clients"][0][name] for name in ("id", "secret")}
    hidden = [collection(900, visible=False), collection(901, deleted=True)]
    globus.reset(
        world={"clients": [client], "collections": [*map(collection, range(250)), *hidden]}, clock=START, stopped=True
    )

    found = collections(credentials(globus), search="needle")

    assert sorted(one["id"] for one in found) == [collection(number)["id"] for number in range(250)]
    searches = [one for one in globus.log() if one["path"].endswith("endpoint_search")]
    assert len(searches) == 3
    assert collections(credentials(globus), search="haystack") == []


def test_consents_by_each_way_to_sign_in(globus: LocalGlobus, tmp_path: Path) -> None:
    def consent(environment: dict[str, str], **options: Any) -> list[str]:
        found = collections({**globus.environment, **environment}, collection_ids=[MAPPED, GUEST], **options)
        return [one["consent"] for one in found]

    client = credentials(globus)
    assert consent(client, auth_method="client_credentials") == ["missing", "not_needed"]
    globus.grant(timer_scope(MAPPED))
    assert consent(client, auth_method="client_credentials") == ["granted", "not_needed"]
    globus.revoke()
    assert consent(client, auth_method="client_credentials") == ["missing", "not_needed"]
    minted = globus.mint([timer_scope(MAPPED), TRANSFER_SCOPE], identity=PERSON)
    tokens = {
        "GLOBUS_TIMERS_TOKEN": minted[TIMERS_SERVER]["access_token"],
        "GLOBUS_TRANSFER_TOKEN": minted[TRANSFER_SERVER]["access_token"],
    }
    assert consent(tokens, auth_method="access_token") == ["unknown", "not_needed"]
    person = Person(globus, tmp_path)
    login = {"auth_method": "user", "client_id": NATIVE_APP}
    person.sign_in(MAPPED_TOO)
    assert consent(person.environment, **login) == ["missing", "not_needed"]
    person.sign_in(MAPPED)
    assert consent(person.environment, **login) == ["granted", "not_needed"]
    person.use_cli("globus login --no-local-server")
    assert consent(person.environment, auth_method="cli") == ["missing", "not_needed"]
    person.use_cli(f"globus session consent --no-local-server --timer-data-access {MAPPED}")
    assert consent(person.environment, auth_method="cli") == ["granted", "not_needed"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "one of the following is required"),
        ({"collection_ids": [MAPPED], "search": "x"}, "mutually exclusive"),
        ({"collection_ids": ["x"]}, "collection_ids[0] must be a UUID"),
        ({"collection_ids": []}, "collection_ids and search are empty"),
        ({"search": "  "}, "collection_ids and search are empty"),
    ],
)
def test_wrong_options_of_collection_info_are_refused(options: Any, words: str, globus: LocalGlobus) -> None:
    result = in_process.run("collection_info", options, credentials(globus))
    assert result["failed"]
    assert words in result["msg"]
    assert globus.log() == []
