# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Timers accepts, refuses and shows."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.control import LocalGlobus
from emulator.plain import FLOW, GUEST, MAPPED, OTHER_CLIENT, UNKNOWN, Api
from emulator.scopes import TIMERS_SCOPE, TIMERS_SERVER, TRANSFER_SCOPE, TRANSFER_SERVER
from unit.timer_documents import recorded

DAY = 86400
TIMER = ["body", "timer", "transfer"]
ITEM = {"DATA_TYPE": "transfer_item", "source_path": "/a/", "destination_path": "/b/"}


def recurring(**more: Any) -> dict[str, Any]:
    """A daily schedule with changes."""
    return {"type": "recurring", "interval_seconds": DAY, **more}


# --- reading ---


def test_the_document_comes_back_as_it_was_sent(api: Api) -> None:
    body = {"label": "nightly", "sync_level": 3, "filter_rules": [{"name": "*.tmp", "type": "file"}]}
    sent = api.document(body=body, schedule=recurring(start="2027-03-02T02:00:00-06:00"))
    created = api.call("POST", "/v2/timer", sent).json["timer"]
    shown = api.job(created["job_id"])
    assert shown["callback_body"] == {"body": sent["timer"]["body"]}
    assert shown["schedule"] == recurring(start="2027-03-02T08:00:00+00:00")
    assert (shown["timer_type"], shown["status"], shown["name"]) == ("transfer", "loaded", "backup")
    assert (shown["interval"], shown["next_run"], shown["last_ran_at"]) == (86400.0, "2027-03-02T08:00:00+00:00", None)
    assert (created["status"], created["number_of_runs"], created["number_of_errors"]) == ("new", 0, 0)
    assert created["body"]["verify_checksum"] is False
    assert created["body"]["notify_on_failed"] is True
    assert created["body"]["filter_rules"][0]["method"] == "exclude"
    assert "deadline" not in created["body"]


def test_moments_are_cut_to_the_second(api: Api) -> None:
    job = api.job(api.create(schedule=recurring(start="2027-03-02T02:00:00.987654Z")))
    assert job["schedule"]["start"] == "2027-03-02T02:00:00+00:00"
    assert len(job["submitted_at"]) == len("2027-03-02T02:00:00+00:00")


def test_names_need_not_be_unique_nor_be_there(api: Api) -> None:
    first, second = api.create(), api.create()
    assert {first, second} == {one["job_id"] for one in api.jobs()}
    document = api.document()
    del document["timer"]["name"]
    assert api.call("POST", "/v2/timer", document).json["timer"]["name"] is None


def test_lists_filter_and_order(globus: LocalGlobus, api: Api) -> None:
    one = api.create(name="Alpha backup", schedule=recurring(start="2027-03-03T00:00:00Z"))
    globus.advance(10)
    two = api.create(name="beta BACKUP", schedule=recurring(start="2027-03-02T00:00:00Z"))
    globus.advance(10)
    three = api.create(name="gamma", schedule={"type": "once"})
    api.call("POST", f"/jobs/{one}/pause")

    def ids(**query: Any) -> list[str]:
        return [job["job_id"] for job in api.jobs(**query)]

    assert ids() == [one, two, three]
    assert ids(order="submitted_at desc") == [three, two, one]
    assert ids(order="name desc") == [three, two, one]
    assert ids(filter_name="backUP") == [one, two]
    assert ids(filter_name="nothing") == []
    assert ids(filter_status="inactive") == [one]
    assert ids(filter_status="active") == [two]
    assert ids(filter_status="ended,inactive") == [one, three]
    assert ids(filter_active="false") == [one, three]
    assert ids(filter_stopped="false") == [two]
    assert ids(filter_active="true", filter_stopped="true") == [one, two, three]
    assert ids(submitted_after="2027-03-01T00:00:05Z") == [two, three]
    assert ids(submitted_before="2027-03-01T00:00:05+00:00") == [one]


def test_lists_hold_as_many_results_as_asked_for(globus: LocalGlobus, api: Api) -> None:
    api.create(schedule=recurring(interval_seconds=3600))
    globus.advance(5 * 3600)
    assert len(api.jobs(result_count=2)[0]["results"]["data"]) == 2
    assert api.jobs(result_count=0)[0]["results"] == {"data": [], "page_next": None}
    assert api.jobs(result_count=0)[0]["n_runs"] == 6


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("filter_status=sleeping", "filter_status"),
        ("filter_active=perhaps", "filter_active"),
        ("order=colour asc", "order"),
        ("order=name up", "order"),
        ("result_count=-1", "result_count"),
        ("result_count=some", "result_count"),
        ("submitted_after=yesterday", "submitted_after"),
    ],
)
def test_queries_that_are_refused(api: Api, query: str, where: str) -> None:
    answer = api.call("GET", f"/jobs/?{query.replace(' ', '%20')}")
    assert answer.status == 422
    assert answer.json["detail"][0]["loc"] == ["query", where]


# --- changing ---


def test_only_the_name_changes(api: Api) -> None:
    job = api.create()
    answer = api.call("PATCH", f"/jobs/{job}", {"name": "renamed"})
    assert (answer.status, answer.json["name"], api.job(job)["name"]) == (200, "renamed", "renamed")
    refused = api.call("PATCH", f"/jobs/{job}", {"name": "again", "schedule": {}})
    assert refused.status == 422
    assert refused.json["detail"][0]["loc"] == ["body", "schedule"]
    assert api.job(job)["name"] == "renamed"
    for nothing in ({}, {"name": None}):
        assert api.call("PATCH", f"/jobs/{job}", nothing).json["name"] == "renamed"


def test_a_resource_server_is_accepted(api: Api) -> None:
    for document in (api.document(resource_server="transfer.api.globus.org"), api.flow_document(resource_server=FLOW)):
        assert api.call("POST", "/v2/timer", document).status == 201


def test_pausing_twice_and_resuming_twice_is_fine(api: Api) -> None:
    job = api.create()
    for _number in range(2):
        assert api.call("POST", f"/jobs/{job}/pause").json == {"message": f"Successfully paused job {job}."}
    for _number in range(2):
        assert api.call("POST", f"/jobs/{job}/resume").status == 200
    assert api.job(job)["status"] == "active"


def test_deletion(globus: LocalGlobus, api: Api) -> None:
    job = api.create()
    answer = api.call("DELETE", f"/jobs/{job}")
    assert (answer.status, answer.json["status"], answer.json["job_id"]) == (200, "delete_in_progress", job)
    assert api.job(job)["status"] == "delete_in_progress"
    assert api.jobs() == []
    for method, path in [("PATCH", ""), ("POST", "/pause"), ("POST", "/resume")]:
        assert api.call(method, f"/jobs/{job}{path}", {"name": "x"}).status == 404
    globus.advance(61)
    assert api.job(job)["status"] == "deleted"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("DELETE", ""), ("PATCH", ""), ("POST", "/pause"), ("POST", "/resume")]
)
def test_unknown_and_foreign_timers(globus: LocalGlobus, api: Api, method: str, path: str) -> None:
    foreign = globus.seed(1, client_id=OTHER_CLIENT)[0]
    for job in (UNKNOWN, foreign):
        answer = api.call(method, f"/jobs/{job}{path}", {"name": "x"})
        assert answer.status == 404
        assert answer.json["error"]["status"] == 404
    answer = api.call(method, f"/jobs/no-uuid{path}", {"name": "x"})
    assert answer.status == 422
    assert answer.json["detail"][0]["loc"] == ["path", "job_id"]
    assert api.jobs() == []


# --- refusals of creation ---

REFUSED: list[tuple[str, dict[str, Any], list[Any]]] = [
    (
        "interval below a minute",
        {"schedule": recurring(interval_seconds=59)},
        ["schedule", "recurring", "interval_seconds"],
    ),
    (
        "interval over 365 days",
        {"schedule": recurring(interval_seconds=365 * DAY + 1)},
        ["schedule", "recurring", "interval_seconds"],
    ),
    (
        "interval that is no number",
        {"schedule": recurring(interval_seconds="1d")},
        ["schedule", "recurring", "interval_seconds"],
    ),
    (
        "interval under another name",
        {"schedule": {"type": "recurring", "interval": 3600}},
        ["schedule", "recurring", "interval_seconds"],
    ),
    ("start in the past", {"schedule": recurring(start="2027-02-28T23:58:00Z")}, ["schedule", "recurring", "start"]),
    ("start beyond a year", {"schedule": recurring(start="2028-03-05T00:00:00Z")}, ["schedule", "recurring", "start"]),
    (
        "start without an offset",
        {"schedule": recurring(start="2027-03-02T00:00:00")},
        ["schedule", "recurring", "start"],
    ),
    ("start that is no moment", {"schedule": recurring(start="tomorrow")}, ["schedule", "recurring", "start"]),
    ("start as a number", {"schedule": recurring(start=1803859200)}, ["schedule", "recurring", "start"]),
    (
        "once in the past",
        {"schedule": {"type": "once", "datetime": "2027-02-01T00:00:00Z"}},
        ["schedule", "once", "datetime"],
    ),
    (
        "once with an interval",
        {"schedule": {"type": "once", "interval_seconds": 3600}},
        ["schedule", "once", "interval_seconds"],
    ),
    ("schedule of no type", {"schedule": {"interval_seconds": 3600}}, ["schedule"]),
    ("schedule of an unknown type", {"schedule": {"type": "cron"}}, ["schedule"]),
    (
        "the iterations key of the SDK's docstrings",
        {"schedule": recurring(end={"condition": "iterations", "iterations": 10})},
        ["schedule", "recurring", "end", "iterations", "count"],
    ),
    (
        "no iterations",
        {"schedule": recurring(end={"condition": "iterations", "count": 0})},
        ["schedule", "recurring", "end", "iterations", "count"],
    ),
    ("end without a condition", {"schedule": recurring(end={"count": 2})}, ["schedule", "recurring", "end"]),
    (
        "end before the start",
        {
            "schedule": recurring(
                start="2027-03-03T00:00:00Z", end={"condition": "time", "datetime": "2027-03-02T00:00:00Z"}
            )
        },
        ["schedule", "recurring", "end"],
    ),
    ("a time zone field", {"schedule": recurring(timezone="Europe/Berlin")}, ["schedule", "recurring", "timezone"]),
    ("submission_id", {"body": {"submission_id": UNKNOWN}}, ["body", "submission_id"]),
    ("skip_activation_check", {"body": {"skip_activation_check": True}}, ["body", "skip_activation_check"]),
    ("collection that is no UUID", {"source": "my-laptop"}, ["body", "source_endpoint"]),
    ("no paths", {"body": {"DATA": []}}, ["body", "DATA"]),
    (
        "path without a destination",
        {"body": {"DATA": [{"source_path": "/a"}]}},
        ["body", "DATA", 0, "destination_path"],
    ),
    ("unknown member of a path", {"body": {"DATA": [{**ITEM, "mode": 7}]}}, ["body", "DATA", 0, "mode"]),
    ("sync_level as a word", {"body": {"sync_level": "checksum"}}, ["body", "sync_level"]),
    ("sync_level out of range", {"body": {"sync_level": 4}}, ["body", "sync_level"]),
    ("label too long", {"body": {"label": "x" * 129}}, ["body", "label"]),
    ("label of two lines", {"body": {"label": "a\nb"}}, ["body", "label"]),
    ("label with a blank at its edge", {"body": {"label": " a"}}, ["body", "label"]),
    (
        "filter method",
        {"body": {"filter_rules": [{"name": "*", "method": "keep"}]}},
        ["body", "filter_rules", 0, "method"],
    ),
    ("filter type", {"body": {"filter_rules": [{"name": "*", "type": "link"}]}}, ["body", "filter_rules", 0, "type"]),
    ("filter without a name", {"body": {"filter_rules": [{"method": "exclude"}]}}, ["body", "filter_rules", 0, "name"]),
    ("a boolean that is none", {"body": {"verify_checksum": "perhaps"}}, ["body", "verify_checksum"]),
    ("deadline that is no moment", {"body": {"deadline": "soon"}}, ["body", "deadline"]),
    ("unknown member of the timer", {"callback_url": "https://a.invalid"}, ["callback_url"]),
    ("name that is no text", {"name": 5}, ["name"]),
]


@pytest.mark.parametrize(("changes", "where"), [one[1:] for one in REFUSED], ids=[one[0] for one in REFUSED])
def test_what_a_creation_refuses(api: Api, changes: dict[str, Any], where: list[Any]) -> None:
    answer = api.call("POST", "/v2/timer", api.document(**changes))
    assert answer.status == 422, answer.text
    detail = answer.json["detail"]
    assert [*TIMER, *where] in [one["loc"] for one in detail]
    assert all(set(one) == {"loc", "msg", "type"} for one in detail)
    assert api.jobs() == []


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, ["body", "timer"]),
        ([], ["body"]),
        ("{", ["body", 1]),
        ({"timer": []}, ["body", "timer"]),
        ({"timer": {"name": "x"}}, ["body", "timer"]),
        ({"timer": {"timer_type": "teleport"}}, ["body", "timer"]),
        ({"timer": {"timer_type": "transfer"}, "extra": 1}, ["body", "extra"]),
        ({"timer": {"timer_type": "transfer", "schedule": {"type": "once"}}}, [*TIMER, "body"]),
    ],
)
def test_bodies_that_are_no_timer(api: Api, body: Any, where: list[Any]) -> None:
    answer = api.call("POST", "/v2/timer", body)
    assert answer.status == 422
    assert where in [one["loc"] for one in answer.json["detail"]]


def test_the_recorded_words_of_a_missing_field(api: Api) -> None:
    answer = api.call("POST", "/jobs/", {})
    assert answer.json == {
        "detail": [
            {"loc": ["body", "callback_url"], "msg": "field required", "type": "value_error.missing"},
            {"loc": ["body", "start"], "msg": "field required", "type": "value_error.missing"},
        ]
    }


def test_limits_are_allowed(api: Api) -> None:
    api.create(schedule=recurring(interval_seconds=365 * DAY, start="2028-02-29T00:00:00Z"))
    api.create(schedule=recurring(start="2027-02-28T23:59:30Z"))
    api.create(body={"label": "x" * 128, "deadline": "2027-04-01T00:00:00Z"})
    assert len(api.jobs()) == 3


def test_all_timers_of_a_user_run_once_a_minute_at_most(globus: LocalGlobus, api: Api) -> None:
    first = api.create(schedule=recurring(interval_seconds=120))
    api.create(schedule=recurring(interval_seconds=120))
    refused = api.call("POST", "/v2/timer", api.document(schedule=recurring(interval_seconds=365 * DAY)))
    assert refused.status == 400
    assert "once a minute" in refused.json["error"]["detail"]
    api.create(schedule={"type": "once"})
    other = Api(globus)
    minted = globus.mint([TIMERS_SCOPE], client_id=OTHER_CLIENT)
    other.tokens = {TIMERS_SERVER: minted[TIMERS_SERVER]["access_token"]}
    other.create(schedule=recurring(interval_seconds=60))
    api.call("DELETE", f"/jobs/{first}")
    api.create(schedule=recurring(interval_seconds=120))


# --- the old form ---


def old_form(**more: Any) -> dict[str, Any]:
    """A transfer as it was made before /v2/timer."""
    return {
        "name": "old",
        "callback_url": "https://actions.automate.globus.org/transfer/transfer/run",
        "callback_body": {
            "body": {
                "source_endpoint_id": GUEST,
                "destination_endpoint_id": GUEST,
                "transfer_items": [{"source_path": "/a", "destination_path": "/b", "recursive": False}],
                "label": "old",
                "sync_level": 3,
            }
        },
        "start": "2027-03-02T00:00:00",
        "interval": 864000,
        **more,
    }


def test_the_old_form(globus: LocalGlobus, api: Api) -> None:
    answer = api.call("POST", "/jobs/", old_form(stop_after_n=2))
    assert answer.status == 201
    shown = answer.json
    assert shown["callback_body"] == old_form()["callback_body"]
    assert (shown["timer_type"], shown["interval"], shown["start"]) == (
        "generic",
        864000.0,
        "2027-03-02T00:00:00+00:00",
    )
    assert (shown["stop_after"], shown["results"]) == ({"date": None, "n_runs": 2}, {"data": [], "page_next": None})
    globus.advance(DAY + 60)
    run = api.job(shown["job_id"])["results"]["data"][0]
    assert run["run_status"] == "SUCCEEDED"
    assert run["data"]["details"]["sync_level"] == 3
    theirs = recorded("timer.get_job")
    assert (theirs["status"], theirs["n_runs"]) == ("loaded", 1)
    assert (api.job(shown["job_id"])["status"], api.job(shown["job_id"])["n_runs"]) == ("loaded", 1)
    globus.advance(20 * DAY)
    api.login()  # tokens live for two days
    assert (api.job(shown["job_id"])["status"], api.job(shown["job_id"])["n_runs"]) == ("ended", 2)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"interval": 10}, ["body", "interval"]),
        ({"interval": None, "stop_after_n": 2}, ["body", "interval"]),
        ({"start": "1969-12-31T00:00:00"}, ["body", "start"]),
        ({"stop_after": "2027-03-01T00:00:00"}, ["body", "stop_after"]),
        ({"callback_body": {}}, ["body", "callback_body", "body"]),
        ({"callback_body": {"body": {"transfer_items": []}}}, ["body", "callback_body", "body", "source_endpoint"]),
    ],
)
def test_what_the_old_form_refuses(api: Api, changes: dict[str, Any], where: list[str]) -> None:
    answer = api.call("POST", "/jobs/", old_form(**changes))
    assert answer.status == 422
    assert where in [one["loc"] for one in answer.json["detail"]]


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        ({"stop_after": "2027-03-13T00:00:00"}, {"date": "2027-03-13T00:00:00+00:00", "n_runs": None}),
        (
            {"stop_after": {"date": "2027-03-13T00:00:00", "n_runs": None}},
            {"date": "2027-03-13T00:00:00+00:00", "n_runs": None},
        ),
        ({"stop_after": {"n_runs": 2}}, {"date": None, "n_runs": 2}),
        ({"stop_after": {"n_runs": 5}, "stop_after_n": 2}, {"date": None, "n_runs": 2}),
    ],
)
def test_ends_of_the_old_form(globus: LocalGlobus, api: Api, changes: dict[str, Any], end: dict[str, Any]) -> None:
    job = api.call("POST", "/jobs/", old_form(**changes)).json
    assert job["stop_after"] == end
    globus.advance(60 * DAY)
    api.login()
    assert (api.job(job["job_id"])["status"], api.job(job["job_id"])["n_runs"]) == ("ended", 2)


def test_the_old_form_takes_any_start_after_1970(globus: LocalGlobus, api: Api) -> None:
    """It is due at once, and goes on at start + n x interval."""
    job = api.call("POST", "/jobs/", old_form(start="1970-01-02T06:00:00", interval=DAY)).json["job_id"]
    shown = api.job(job)
    assert (shown["n_runs"], shown["next_run"]) == (1, "2027-03-01T06:00:00+00:00")
    over = old_form(start="2020-01-01T00:00:00", stop_after="2020-02-01T00:00:00")
    assert api.call("POST", "/jobs/", over).json["status"] == "ended"


def test_times_of_the_old_form_have_microseconds(globus: LocalGlobus, api: Api) -> None:
    theirs = recorded("timer.get_job")
    job = api.call("POST", "/jobs/", old_form(start="2027-03-01T01:00:00")).json["job_id"]
    globus.advance(2 * 3600)
    old, new = api.job(job), api.job(api.create(schedule={"type": "once"}))
    for name in ("submitted_at", "last_ran_at"):
        assert len(old[name]) == len(theirs[name]) == len("2022-04-01T19:30:07.103090+00:00")
        assert len(new[name]) == len("2022-04-01T19:30:07+00:00")
    ran_at = theirs["results"]["data"][0]["ran_at"]
    assert len(old["results"]["data"][0]["ran_at"]) == len(ran_at) == len("2022-04-01T19:30:07.103090")


# --- who may ---


def test_tokens_of_other_services_and_expired_ones_are_refused(globus: LocalGlobus, api: Api) -> None:
    transfer = api.tokens[TRANSFER_SERVER]
    for token in (transfer, "made-up"):
        answer = api.call("GET", "/jobs/", token=token)
        assert (answer.status, answer.json["error"]["status"]) == (401, 401)
        assert answer.headers["www-authenticate"] == "Bearer"
    api.tokens = {}
    assert api.call("POST", "/v2/timer", {}).status == 401
    short = globus.mint(TIMERS_SCOPE, expires_in=100)[TIMERS_SERVER]["access_token"]
    assert api.call("GET", "/jobs/", token=short).status == 200
    globus.advance(101)
    assert api.call("GET", "/jobs/", token=short).status == 401


def test_each_client_has_its_own_timers(globus: LocalGlobus, api: Api) -> None:
    globus.seed(3, client_id=OTHER_CLIENT)
    mine = api.create()
    assert [one["job_id"] for one in api.jobs()] == [mine]


def test_the_date_header_is_the_emulators_clock(globus: LocalGlobus, api: Api) -> None:
    assert api.call("GET", "/jobs/").headers["date"].startswith("Mon, 01 Mar 2027 00:00:0")
    globus.advance(DAY)
    assert api.call("GET", f"/v0.10/endpoint/{MAPPED}").headers["date"].startswith("Tue, 02 Mar 2027 00:00:0")
    assert api.token(TRANSFER_SCOPE).headers["date"].startswith("Tue, 02 Mar 2027 00:00:0")


def test_unknown_paths(api: Api) -> None:
    assert api.call("GET", "/jobs/a/b/c").json["error"]["status"] == 404
    assert api.call("PUT", f"/jobs/{UNKNOWN}").status == 405
