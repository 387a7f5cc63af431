# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every value of every switch has its effect, and README.md lists all switches."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import emulator
from emulator.control import LocalGlobus, LocalGlobusError
from emulator.plain import GUEST, MAPPED, MAPPED_TOO, UNKNOWN, Api, timer_scope
from emulator.switches import Switches, allowed_values

HOUR = 3600
README = Path(emulator.__file__).with_name("README.md")


def recurring(**more: Any) -> dict[str, Any]:
    """A schedule of one run an hour from one o'clock on."""
    return {"type": "recurring", "interval_seconds": HOUR, "start": "2027-03-01T01:00:00Z", **more}


def test_the_readme_lists_every_switch_with_its_values_default_and_description() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+) \|$", README.read_text(encoding="utf-8"), re.MULTILINE)
    table = {name: row for name, *row in rows if name in Switches.model_fields}
    assert set(table) == set(Switches.model_fields)
    for name, field in Switches.model_fields.items():
        values, default, description = table[name]
        assert default == f"`{field.default}`"
        assert re.findall(r"`([^`]+)`", values) == (allowed_values(name) if field.annotation is not int else [])
        assert description == field.description


@pytest.mark.parametrize("values", [{"colour": "red"}, {"read_shape": "oval"}, {"past_start_tolerance_seconds": -1}])
def test_wrong_switches_are_refused(globus: LocalGlobus, values: dict[str, Any]) -> None:
    before = globus.switches()
    with pytest.raises(LocalGlobusError, match="422"):
        globus.switch(**values)
    assert globus.switches() == before


def test_read_shape(globus: LocalGlobus, api: Api) -> None:
    sent = {"label": "x"}
    job = api.create(body=sent)
    document = api.job(job)["callback_body"]["body"]
    assert set(document) == {"DATA_TYPE", "source_endpoint", "destination_endpoint", "DATA", "label"}
    globus.switch(read_shape="filled")
    filled = api.job(job)["callback_body"]["body"]
    assert (filled["verify_checksum"], filled["notify_on_inactive"]) == (False, True)
    assert "sync_level" not in filled
    assert "recursive" not in filled["DATA"][0]
    globus.switch(read_shape="filled_with_nulls")
    nulls = api.job(job)["callback_body"]["body"]
    assert {"sync_level", "deadline", "filter_rules"} <= set(nulls)
    assert (nulls["sync_level"], nulls["DATA"][0]["recursive"], nulls["label"]) == (None, None, "x")
    assert api.jobs()[0]["callback_body"]["body"] == nulls


@pytest.mark.parametrize(("value", "keys"), [("absent", {"count"}), ("present", {"count", "condition"})])
def test_end_condition(globus: LocalGlobus, api: Api, value: str, keys: set[str]) -> None:
    globus.switch(end_condition=value)
    job = api.create(schedule=recurring(end={"condition": "iterations", "count": 3}))
    assert set(api.job(job)["schedule"]["end"]) == keys


@pytest.mark.parametrize(
    ("value", "words"),
    [("loaded", ("loaded", "active")), ("active", ("active", "active")), ("always_loaded", ("loaded", "loaded"))],
)
def test_status_words(globus: LocalGlobus, api: Api, value: str, words: tuple[str, str]) -> None:
    globus.switch(status_words=value)
    job = api.create(schedule=recurring())
    before = api.job(job)["status"]
    globus.advance(2 * HOUR)
    assert (before, api.job(job)["status"]) == words


@pytest.mark.parametrize(("value", "found"), [("yes", 1), ("no", 0)])
def test_filter_status_loaded(globus: LocalGlobus, api: Api, value: str, found: int) -> None:
    globus.switch(filter_status_loaded=value)
    api.create(schedule=recurring())
    assert len(api.jobs(filter_status="active")) == len(api.jobs(filter_status="active,inactive,ended")) == found
    assert len(api.jobs()) == len(api.jobs(filter_status="loaded")) == 1
    globus.advance(2 * HOUR)
    assert len(api.jobs(filter_status="active")) == 1


def test_default_order_and_result_count(globus: LocalGlobus, api: Api) -> None:
    first = api.create(schedule=recurring(interval_seconds=60 * 10))
    globus.advance(3 * HOUR)
    second = api.create(schedule=recurring(start="2027-03-02T00:00:00Z"))
    assert [one["job_id"] for one in api.jobs()] == [first, second]
    assert len(api.jobs()[0]["results"]["data"]) == 10
    globus.switch(default_order="submitted_at desc", default_result_count=0)
    assert [one["job_id"] for one in api.jobs()] == [second, first]
    assert api.jobs()[1]["results"]["data"] == []


@pytest.mark.parametrize(("value", "expected"), [("next_tick", "2027-03-01T01:00:00+00:00"), ("null", None)])
def test_inactive_next_run(globus: LocalGlobus, api: Api, value: str, expected: str | None) -> None:
    globus.switch(inactive_next_run=value)
    job = api.create(schedule=recurring())
    api.call("POST", f"/jobs/{job}/pause")
    assert api.job(job)["next_run"] == expected


@pytest.mark.parametrize(("value", "status"), [("ok", 200), ("not_found", 404), ("conflict", 409)])
def test_double_delete(globus: LocalGlobus, api: Api, value: str, status: int) -> None:
    globus.switch(double_delete=value)
    job = api.create()
    assert [api.call("DELETE", f"/jobs/{job}").status for _number in range(2)] == [200, status]


def test_deleted_timers(globus: LocalGlobus, api: Api) -> None:
    globus.switch(deleted_lingers_seconds=600, deleted_in_lists=True)
    job = api.create()
    api.call("DELETE", f"/jobs/{job}")
    globus.advance(590)
    assert [one["status"] for one in api.jobs()] == ["delete_in_progress"]
    assert api.jobs(filter_status="active,inactive,ended") == []
    globus.advance(11)
    assert api.jobs() == []
    assert api.job(job)["status"] == "deleted"
    globus.switch(deleted_read="not_found")
    assert api.call("GET", f"/jobs/{job}").status == 404
    globus.switch(deleted_lingers_seconds=0)
    other = api.create()
    api.call("DELETE", f"/jobs/{other}")
    assert api.call("GET", f"/jobs/{other}").status == 404


@pytest.mark.parametrize(("value", "keys"), [("error", {"error"}), ("detail", {"detail"})])
def test_error_bodies(globus: LocalGlobus, api: Api, value: str, keys: set[str]) -> None:
    globus.switch(error_bodies=value)
    assert set(api.call("GET", f"/jobs/{UNKNOWN}").json) == keys
    assert set(api.call("GET", "/jobs/", token="x").json) == keys


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [("pydantic_v1", "value_error.missing", "field required"), ("pydantic_v2", "missing", "Field required")],
)
def test_validation_style(globus: LocalGlobus, api: Api, value: str, kind: str, message: str) -> None:
    globus.switch(validation_style=value)
    detail = api.call("POST", "/v2/timer", {"timer": {"timer_type": "transfer", "body": {}}}).json["detail"]
    assert {"loc": ["body", "timer", "transfer", "schedule"], "msg": message, "type": kind} in detail


@pytest.mark.parametrize(
    ("value", "query_counts", "body_counts"), [("query", True, False), ("body", False, True), ("both", True, True)]
)
def test_update_credentials_in(
    globus: LocalGlobus, api: Api, value: str, query_counts: bool, body_counts: bool
) -> None:
    """Told with `false`, the only word that makes a difference while the service decides for itself."""
    globus.switch(update_credentials_in=value)
    for path, body, counts in [
        ("?update_credentials=false", None, query_counts),
        ("", {"update_credentials": False}, body_counts),
    ]:
        globus.revoke()
        globus.grant(timer_scope())
        job = api.create(source=MAPPED)
        assert api.job(job)["status"] == "inactive"
        globus.grant(timer_scope(MAPPED))
        assert api.call("POST", f"/jobs/{job}/resume{path}", body).status == 200
        assert api.job(job)["status"] == ("inactive" if counts else "active")


@pytest.mark.parametrize(("value", "status", "after"), [("decided", 200, "active"), ("refused", 400, "inactive")])
def test_resume_without_update(globus: LocalGlobus, api: Api, value: str, status: int, after: str) -> None:
    globus.switch(resume_without_update=value)
    job = api.create(source=MAPPED)
    assert api.job(job)["status"] == "inactive"
    globus.grant(timer_scope(MAPPED))
    assert api.call("POST", f"/jobs/{job}/resume").status == status
    assert api.job(job)["status"] == after
    assert api.call("POST", f"/jobs/{job}/resume?update_credentials=true").status == 200
    assert api.job(job)["status"] == "active"


@pytest.mark.parametrize(("value", "status"), [("ok", 200), ("conflict", 409)])
def test_resume_ended(globus: LocalGlobus, api: Api, value: str, status: int) -> None:
    globus.switch(resume_ended=value)
    job = api.create(schedule={"type": "once"})
    for what in ("pause", "resume"):
        assert api.call("POST", f"/jobs/{job}/{what}").status == status
    assert api.job(job)["status"] == "ended"


@pytest.mark.parametrize(("value", "errors"), [("no", 0), ("yes", 1)])
def test_consent_failure_counts(globus: LocalGlobus, api: Api, value: str, errors: int) -> None:
    globus.switch(consent_failure_counts=value)
    job = api.create(source=MAPPED)
    assert (api.job(job)["n_runs"], api.job(job)["n_errors"]) == (0, errors)


def test_past_start_tolerance_and_start_limit(globus: LocalGlobus, api: Api) -> None:
    globus.advance(4 * HOUR)
    assert api.call("POST", "/v2/timer", api.document(schedule=recurring())).status == 422
    globus.switch(past_start_tolerance_seconds=4 * HOUR, start_limit_days=10)
    job = api.create(schedule=recurring())
    shown = api.job(job)
    assert shown["start"] == "2027-03-01T01:00:00+00:00"
    assert shown["last_ran_at"] == "2027-03-01T04:00:00+00:00"
    late = api.document(schedule=recurring(start="2027-03-12T00:00:00Z"))
    assert api.call("POST", "/v2/timer", late).status == 422


@pytest.mark.parametrize(("value", "status"), [("refused", 422), ("utc", 201)])
def test_naive_datetimes(globus: LocalGlobus, api: Api, value: str, status: int) -> None:
    globus.switch(naive_datetimes=value)
    answer = api.call("POST", "/v2/timer", api.document(schedule=recurring(start="2027-03-02T00:00:00")))
    assert answer.status == status
    if status == 201:
        assert answer.json["timer"]["schedule"]["start"] == "2027-03-02T00:00:00+00:00"


@pytest.mark.parametrize("value", allowed_values("rate_limit_error"))
def test_rate_limit_error(globus: LocalGlobus, api: Api, value: str) -> None:
    globus.switch(rate_limit_error=int(value))
    api.create(schedule=recurring(interval_seconds=60))
    answer = api.call("POST", "/v2/timer", api.document())
    assert answer.status == int(value)
    assert "once a minute" in answer.text


def test_longest_name_and_most_timers(globus: LocalGlobus, api: Api) -> None:
    globus.switch(longest_name=5, most_timers=2)
    refused = api.call("POST", "/v2/timer", api.document(name="123456"))
    assert (refused.status, refused.json["detail"][0]["loc"][-1]) == (422, "name")
    job = api.create(name="12345")
    assert api.call("PATCH", f"/jobs/{job}", {"name": "123456"}).status == 422
    assert api.job(job)["name"] == "12345"
    api.create(name="two")
    assert api.call("POST", "/v2/timer", api.document(name="three")).status == 400
    api.call("DELETE", f"/jobs/{job}")
    api.create(name="three")


@pytest.mark.parametrize(("value", "status"), [("accepted", 201), ("refused", 403)])
def test_create_without_transfer_dependency(globus: LocalGlobus, value: str, status: int) -> None:
    globus.switch(create_without_transfer_dependency=value)
    api = Api(globus).login(consent=False)
    answer = api.call("POST", "/v2/timer", api.document())
    assert answer.status == status
    if status == 403:
        assert answer.json["error"]["required_scopes"] == [timer_scope()]
    api.login()
    assert api.call("POST", "/v2/timer", api.document()).status == 201


@pytest.mark.parametrize("value", allowed_values("unknown_scope_error"))
@pytest.mark.parametrize("body", allowed_values("unknown_scope_body"))
def test_unknown_scopes(globus: LocalGlobus, api: Api, value: str, body: str) -> None:
    globus.switch(unknown_scope_error=value, unknown_scope_body=body)
    answer = api.token(timer_scope(GUEST))
    assert answer.status == int(value)
    assert "UNKNOWN_SCOPE_ERROR" in answer.text
    assert ("errors" in answer.json) == (body == "errors")


@pytest.mark.parametrize(
    ("value", "words"),
    [("upper", ("SUCCEEDED", "FAILED")), ("lower", ("succeeded", "failed")), ("success_error", ("success", "error"))],
)
def test_run_status_words(globus: LocalGlobus, api: Api, value: str, words: tuple[str, str]) -> None:
    globus.switch(run_status_words=value)
    job = api.create(schedule=recurring())
    globus.advance(90 * 60)
    globus.collection(GUEST, deleted=True)
    globus.advance(HOUR)
    bad, good = (one["run_status"] for one in api.job(job)["results"]["data"])
    assert (good, bad) == words


def test_start_retry_seconds(globus: LocalGlobus, api: Api) -> None:
    globus.switch(start_retry_seconds=1000)
    job = api.create(schedule=recurring())
    globus.outage(transfer=True)
    globus.set_clock("2027-03-01T01:01:00Z")
    globus.outage(transfer=False)
    globus.set_clock("2027-03-01T01:16:00Z")
    assert api.job(job)["n_runs"] == 0
    globus.set_clock("2027-03-01T01:17:00Z")
    assert api.job(job)["last_ran_at"] == "2027-03-01T01:16:40+00:00"


@pytest.mark.parametrize(("value", "left"), [("kept", ["log", "x"]), ("deleted", ["x"])])
def test_delete_extra_excluded(
    globus: LocalGlobus, api: Api, folders: tuple[Path, Path], value: str, left: list[str]
) -> None:
    source, destination = folders
    (source / "a").mkdir()
    (source / "a" / "x").touch()
    (destination / "b").mkdir()
    (destination / "b" / "log").touch()
    globus.switch(delete_extra_excluded=value)
    api.login(MAPPED)
    rules = [{"name": "log", "method": "exclude"}]
    job = api.create(destination=MAPPED, body={"delete_destination_extra": True, "filter_rules": rules})
    assert api.job(job)["n_errors"] == 0
    assert sorted(one.name for one in (destination / "b").iterdir()) == left


@pytest.mark.parametrize(("value", "shown"), [("object", {"date": None, "n_runs": None}), ("null", None)])
def test_stop_after_absent(globus: LocalGlobus, api: Api, value: str, shown: Any) -> None:
    globus.switch(stop_after_absent=value)
    assert api.job(api.create())["stop_after"] == shown
    assert api.job(api.create(schedule={"type": "once"}))["stop_after"] == {"date": None, "n_runs": 1}


@pytest.mark.parametrize(
    ("value", "shown"), [("recorded", "2027-03-01T01:00:00.000000"), ("seconds", "2027-03-01T01:00:00+00:00")]
)
def test_ran_at_form(globus: LocalGlobus, api: Api, value: str, shown: str) -> None:
    globus.switch(ran_at_form=value)
    job = api.create(schedule=recurring())
    globus.advance(90 * 60)
    assert api.job(job)["results"]["data"][0]["ran_at"] == shown


@pytest.mark.parametrize(
    ("value", "meanwhile", "after"),
    [
        ("yes", ("ACTIVE", "FILE_NOT_FOUND", 3), ("FAILED", None, "FAILED")),
        ("at_end", ("ACTIVE", "Queued", 0), ("FAILED", None, "FAILED")),
        ("status_only", ("ACTIVE", "Queued", 0), ("ACTIVE", "Queued", "FAILED")),
        ("no", ("ACTIVE", "Queued", 0), ("ACTIVE", "Queued", "ACTIVE")),
    ],
)
def test_results_refreshed(
    globus: LocalGlobus, api: Api, value: str, meanwhile: tuple[Any, ...], after: tuple[Any, ...]
) -> None:
    """Whatever the result says, Transfer says the truth, and ticks are skipped."""
    globus.switch(results_refreshed=value)
    globus.collection(GUEST, missing=["/a"])
    job = api.create(schedule=recurring())
    globus.set_clock("2027-03-01T01:05:00Z")
    run = api.job(job)["results"]["data"][0]
    details = run["data"]["details"]
    assert (run["run_status"], details["nice_status"], details["faults"]) == meanwhile
    assert (api.last_task(job)["nice_status"], api.last_task(job)["faults"]) == ("FILE_NOT_FOUND", 3)
    globus.set_clock("2027-03-02T01:00:01Z")
    run = api.job(job)["results"]["data"][-1]
    details = run["data"]["details"]
    assert (details["status"], details["nice_status"], run["run_status"]) == after
    assert (run["errors"] is None) == (value in ("status_only", "no"))
    assert (run["end_timestamp"] is None) == (value == "no")
    assert api.task(details["task_id"])["status"] == "FAILED"


@pytest.mark.parametrize("value", ["task", "short", "none"])
def test_result_ids(globus: LocalGlobus, api: Api, value: str) -> None:
    globus.switch(result_ids=value)
    job = api.create()
    task_id = globus.tasks()[0]["task_id"]
    run = api.job(job)["results"]["data"][0]
    if value == "none":
        assert (run["data"], run["resource_id"], run["run_status"]) == (None, None, "SUCCEEDED")
        return
    assert run["data"]["details"]["task_id"] == task_id
    assert run["resource_id"] == run["data"]["action_id"]
    assert (run["resource_id"] == task_id) == (value == "task")
    assert value == "task" or re.fullmatch(r"1[0-9A-Za-z]{12}", run["resource_id"])


@pytest.mark.parametrize(("value", "kind"), [("list", list), ("object", dict)])
def test_result_errors(globus: LocalGlobus, api: Api, value: str, kind: type) -> None:
    globus.switch(result_errors=value)
    job = api.create(schedule=recurring())
    globus.collection(GUEST, deleted=True)
    globus.advance(90 * 60)
    errors = api.job(job)["results"]["data"][0]["errors"]
    first: dict[str, Any] = errors[0] if value == "list" else errors
    assert isinstance(errors, kind)
    assert first["code"] == "EndpointDeleted"


@pytest.mark.parametrize(("value", "errors"), [("yes", 2), ("no", 1)])
def test_failed_task_counts(globus: LocalGlobus, api: Api, value: str, errors: int) -> None:
    """A run that could not be started always does."""
    globus.switch(failed_task_counts=value)
    globus.collection(GUEST, missing=["/a"])
    job = api.create(schedule=recurring(interval_seconds=48 * HOUR))
    globus.advance(26 * HOUR)
    globus.collection(GUEST, deleted=True)
    globus.advance(48 * HOUR)
    api.login()
    assert (api.job(job)["n_runs"], api.job(job)["n_errors"]) == (2, errors)


@pytest.mark.parametrize(("value", "status"), [("no", "active"), ("yes", "ended")])
def test_ended_while_running(globus: LocalGlobus, api: Api, value: str, status: str) -> None:
    globus.switch(ended_while_running=value)
    globus.collection(GUEST, missing=["/a"])
    job = api.create(schedule={"type": "once", "datetime": "2027-03-01T01:00:00+00:00"})
    globus.advance(2 * HOUR)
    assert (api.job(job)["status"], api.job(job)["n_runs"]) == (status, 1)
    globus.collection(GUEST, missing=[])
    globus.advance(2 * HOUR)
    assert api.job(job)["status"] == "ended"
    assert api.job(job)["results"]["data"][0]["run_status"] == "SUCCEEDED"


@pytest.mark.parametrize(("value", "shown"), [("null", (None, None)), ("kept", (False, "FILE_NOT_FOUND"))])
def test_failed_nice_status(globus: LocalGlobus, api: Api, value: str, shown: object) -> None:
    globus.switch(failed_nice_status=value)
    globus.collection(GUEST, missing=["/a"])
    job = api.create(schedule=recurring(interval_seconds=48 * HOUR))
    globus.advance(26 * HOUR)
    details = api.job(job)["results"]["data"][0]["data"]["details"]
    assert details["status"] == "FAILED"
    assert (details["is_ok"], details["nice_status"]) == shown


@pytest.mark.parametrize(("value", "label"), [("given", "nightly"), ("numbered", "nightly, run 2")])
def test_task_labels(globus: LocalGlobus, api: Api, value: str, label: str) -> None:
    globus.switch(task_labels=value)
    labelled = api.create(body={"label": "nightly"}, schedule=recurring())
    bare = api.create(name="backup", destination=MAPPED_TOO, schedule=recurring())
    globus.grant(timer_scope(MAPPED_TOO))
    api.call("POST", f"/jobs/{bare}/resume?update_credentials=true")
    globus.advance(2 * HOUR)
    assert api.last_task(labelled)["label"] == label
    assert api.last_task(bare)["label"] == "backup, run 2"


@pytest.mark.parametrize(("value", "status"), [("retried", "ACTIVE"), ("fatal", "FAILED")])
def test_hopeless_errors(globus: LocalGlobus, api: Api, folders: tuple[Path, Path], value: str, status: str) -> None:
    globus.switch(hopeless_errors=value)
    (folders[0] / "a").mkdir()
    api.login(MAPPED)
    item = {"source_path": "/a", "destination_path": "/b", "recursive": False}
    task = api.last_task(api.create(destination=MAPPED, body={"DATA": [item]}))
    assert (task["status"], task["faults"]) == (status, int(value == "retried"))
    code = task["nice_status"] if value == "retried" else task["fatal_error"]["code"]
    assert code == "IS_A_DIRECTORY"


@pytest.mark.parametrize(("value", "faults"), [(60, 61), (900, 8)])
def test_task_retry_seconds(globus: LocalGlobus, api: Api, value: int, faults: int) -> None:
    globus.switch(task_retry_seconds=value)
    globus.collection(GUEST, missing=["/a"])
    job = api.create(schedule=recurring())
    globus.set_clock("2027-03-01T02:00:30Z")
    (task,) = api.tasks()
    assert (task["task_id"], task["faults"]) == (api.last_task(job)["task_id"], faults)


@pytest.mark.parametrize(("value", "minutes"), [(0, 0), (1000, 10)])
def test_bytes_per_second(globus: LocalGlobus, api: Api, value: int, minutes: int) -> None:
    globus.switch(bytes_per_second=value)
    globus.collection(GUEST, files=1, bytes=600_000)
    job = api.create(schedule=recurring())
    globus.advance(119 * 60)
    task = api.last_task(job)
    assert (task["status"], task["completion_time"][11:16]) == ("SUCCEEDED", f"01:{minutes:02d}")


@pytest.mark.parametrize("value", allowed_values("unreachable_status"))
def test_unreachable_status(globus: LocalGlobus, api: Api, value: str) -> None:
    globus.switch(unreachable_status=value)
    globus.collection(GUEST, reachable=False)
    for what in ("ls", "stat"):
        assert api.call("GET", f"/v0.10/operation/endpoint/{GUEST}/{what}?path=/a/").status == int(value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("mixed", {"OK", "Queued", "FILE_NOT_FOUND"}),
        ("upper", {"OK", "QUEUED", "FILE_NOT_FOUND"}),
        ("lower", {"ok", "queued", "file_not_found"}),
    ],
)
def test_nice_status_case(globus: LocalGlobus, api: Api, value: str, words: set[str]) -> None:
    globus.switch(nice_status_case=value, run_duration_seconds=HOUR)
    globus.collection(GUEST, missing=["/0"])
    for number in range(5):
        api.create(body={"DATA": [{"source_path": f"/{number}", "destination_path": f"/{number}"}]})
    assert {one["nice_status"] for one in api.tasks()} == words


@pytest.mark.parametrize(("value", "number"), [(90, 50), (30, 31)])
def test_task_days(globus: LocalGlobus, api: Api, value: int, number: int) -> None:
    """Results of timers are kept for 90 days whatever becomes of their tasks."""
    globus.switch(task_days=value)
    job = api.create(schedule=recurring(interval_seconds=24 * HOUR))
    globus.advance(50 * 24 * HOUR)
    api.login()
    assert len(api.tasks()) == number
    oldest = api.call("GET", f"/jobs/{job}?page_size=100").json["results"]["data"][-1]
    assert (api.call("GET", f"/v0.10/task/{oldest['resource_id']}").status == 404) == (value == 30)
