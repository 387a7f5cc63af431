# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults: what is dropped is really dropped, what is done is really done."""

from __future__ import annotations

import http.client
import json
import threading
import time
from typing import Any

import pytest

from emulator.control import LocalGlobus, LocalGlobusError
from emulator.plain import GUEST, Api
from patience import LIMIT, until

CREATE = {"method": "POST", "path": "^/v2/timer$"}
GONE = (ConnectionError, http.client.RemoteDisconnected)


def outcome(globus: LocalGlobus, path: str = "/v2/timer") -> list[tuple[Any, Any]]:
    """(status, fault) of every request to a path."""
    return [(one["status"], one["fault"]) for one in globus.log() if one["path"] == path]


def test_refuse_drops_the_connection_before_anything_happens(globus: LocalGlobus, api: Api) -> None:
    globus.fault("refuse", **CREATE, attempts=[1])
    with pytest.raises(GONE):
        api.create()
    assert globus.timers() == []
    api.create()
    assert len(globus.timers()) == 1
    assert outcome(globus) == [(None, "refuse"), (201, None)]


def test_lose_answer_does_it_and_drops_the_connection(globus: LocalGlobus, api: Api) -> None:
    globus.fault("lose_answer", **CREATE, attempts=[1])
    with pytest.raises(GONE):
        api.create()
    assert len(globus.timers()) == 1
    assert outcome(globus) == [(None, "lose_answer")]


@pytest.mark.parametrize("status", [401, 403, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("after_commit", [False, True])
def test_status_before_and_after_the_commit(globus: LocalGlobus, api: Api, status: int, after_commit: bool) -> None:
    globus.fault("status", **CREATE, status=status, after_commit=after_commit, retry_after=7)
    answer = api.call("POST", "/v2/timer", api.document())
    assert (answer.status, answer.headers["retry-after"]) == (status, "7")
    assert answer.json["error"]["status"] == status
    assert len(globus.timers()) == (1 if after_commit else 0)
    assert outcome(globus) == [(status, "status")]


def test_status_in_the_words_of_each_service(globus: LocalGlobus, api: Api) -> None:
    globus.fault("status", status=503, retry_after="Mon, 01 Mar 2027 00:01:00 GMT")
    transfer = api.call("GET", f"/v0.10/endpoint/{GUEST}")
    assert set(transfer.json) == {"code", "message", "request_id", "resource"}
    assert transfer.headers["retry-after"] == "Mon, 01 Mar 2027 00:01:00 GMT"
    assert api.token("openid").json["errors"][0]["status"] == "503"


def test_cut_json_with_a_length_that_fits(globus: LocalGlobus, api: Api) -> None:
    globus.fault("cut_json", **CREATE)
    answer = api.call("POST", "/v2/timer", api.document())
    assert answer.status == 201
    assert int(answer.headers["content-length"]) == len(answer.text)
    with pytest.raises(json.JSONDecodeError):
        assert not answer.json
    assert len(globus.timers()) == 1


def test_cut_json_with_a_length_that_promises_more(globus: LocalGlobus, api: Api) -> None:
    globus.fault("cut_json", **CREATE, mode="short")
    with pytest.raises(http.client.IncompleteRead) as caught:
        api.create()
    assert caught.value.partial
    assert len(globus.timers()) == 1
    assert outcome(globus) == [(201, "cut_json")]


def test_errors_are_not_cut(globus: LocalGlobus, api: Api) -> None:
    globus.fault("cut_json")
    assert api.call("POST", "/v2/timer", {}).json["detail"]


@pytest.mark.parametrize(("fields", "status", "made"), [({}, 200, 0), ({"status": 502, "after_commit": True}, 502, 1)])
def test_html(globus: LocalGlobus, api: Api, fields: dict[str, Any], status: int, made: int) -> None:
    globus.fault("html", **CREATE, **fields)
    answer = api.call("POST", "/v2/timer", api.document())
    assert answer.status == status
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")
    assert len(globus.timers()) == made


@pytest.mark.parametrize("after_commit", [False, True])
def test_stall(globus: LocalGlobus, api: Api, after_commit: bool) -> None:
    """It lasts until the faults are cleared; the request is carried out though the client has given it up."""
    globus.fault("stall", **CREATE, attempts=[1], seconds=600, after_commit=after_commit)
    with pytest.raises(TimeoutError):
        api.call("POST", "/v2/timer", api.document(), timeout=0.1)
    until("the request", lambda: globus.faults()[0]["hits"])
    if after_commit:
        until("the timer", globus.timers)
    else:
        assert globus.timers() == []
    assert globus.log()[0]["status"] is None
    globus.clear_faults()
    until("the answer", lambda: globus.log()[0]["status"])
    assert len(globus.timers()) == 1


def test_late(globus: LocalGlobus, api: Api) -> None:
    globus.fault("late", **CREATE, attempts=[1], seconds=600)
    with pytest.raises(GONE):
        api.call("POST", "/v2/timer", api.document())
    assert globus.timers() == []
    assert globus.log()[0]["status"] is None
    globus.clear_faults()
    until("the timer", globus.timers)
    assert until("the status", lambda: globus.log()[0]["status"]) == 201


def test_a_stall_ends_by_itself(globus: LocalGlobus, api: Api) -> None:
    globus.fault("stall", **CREATE, seconds=0.1)
    begun = time.monotonic()
    assert api.call("POST", "/v2/timer", api.document()).status == 201
    assert time.monotonic() - begun >= 0.1
    assert globus.faults()[0]["hits"] == 1


def test_attempts_count_matching_requests_from_when_the_fault_was_set(globus: LocalGlobus, api: Api) -> None:
    api.call("GET", "/jobs/")
    globus.fault("status", method="GET", path="^/jobs/$", attempts=[2, 3], status=500)
    statuses = [api.call(method, "/jobs/").status for method in ("GET", "POST", "GET", "GET", "GET")]
    assert statuses == [200, 422, 500, 500, 200]
    rule = globus.faults()[0]
    assert (rule["seen"], rule["hits"]) == (4, 2)


def test_the_first_fault_that_applies_wins_and_each_counts_for_itself(globus: LocalGlobus, api: Api) -> None:
    globus.fault("status", path="^/jobs/$", attempts=[1], status=500)
    globus.fault("status", path="^/jobs/$", status=503)
    assert [api.call("GET", "/jobs/").status for _number in range(2)] == [500, 503]
    globus.clear_faults()
    assert globus.faults() == []
    assert api.call("GET", "/jobs/").status == 200


@pytest.mark.parametrize(
    "fields", [{"kind": "explode"}, {"kind": "refuse", "path": "("}, {"kind": "stall", "attempts": [0]}]
)
def test_wrong_faults_are_refused(globus: LocalGlobus, fields: dict[str, Any]) -> None:
    with pytest.raises(LocalGlobusError, match="422"):
        globus.fault(**fields)


def test_a_dropped_connection_takes_no_other_with_it(globus: LocalGlobus, api: Api) -> None:
    globus.fault("refuse", method="DELETE")
    kept = http.client.HTTPConnection(globus.url.split("/")[2], timeout=LIMIT)
    bearer = {"Authorization": f"Bearer {next(iter(api.tokens.values()))}"}
    kept.request("GET", "/jobs/", headers=bearer)
    assert kept.getresponse().read()
    with pytest.raises(GONE):
        api.call("DELETE", "/jobs/x")
    kept.request("GET", "/jobs/", headers=bearer)
    assert kept.getresponse().read()
    kept.close()


def test_the_delay_is_concurrent_and_seen_in_the_log(globus: LocalGlobus, api: Api) -> None:
    globus.delay(0.3)
    globus.fault("stall", path="^/jobs/$", seconds=600)
    begun = time.monotonic()
    threads = [threading.Thread(target=api.call, args=("GET", "/jobs/")) for _number in range(8)]
    for thread in threads:
        thread.start()
    until("eight requests at once", lambda: globus.faults()[0]["hits"] == 8)
    assert time.monotonic() - begun >= 0.3
    assert [one["in_flight"] for one in globus.log()] == list(range(1, 9))
    globus.clear_faults()
    for thread in threads:
        thread.join()
    globus.delay(0)
    api.call("GET", "/jobs/")
    assert globus.log()[-1]["in_flight"] == 1
