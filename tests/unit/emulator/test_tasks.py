# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the transfer task of a run: errors, deadlines, queues, and who stops it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from emulator.control import LocalGlobus, LocalGlobusError
from emulator.plain import GUEST, LAPTOP, MAPPED, Api, timer_scope

HOUR = 3600
DAY = 24 * HOUR
NIGHTLY = {"type": "recurring", "interval_seconds": DAY, "start": "2027-03-01T01:00:00Z"}
HOURLY = {**NIGHTLY, "interval_seconds": HOUR}


def items(*names: str) -> dict[str, Any]:
    """A transfer document of some paths."""
    return {"DATA": [{"source_path": f"/{name}", "destination_path": f"/copy/{name}"} for name in names]}


@pytest.fixture
def account(globus: LocalGlobus, api: Api, folders: tuple[Path, Path]) -> Api:
    """Requests in a world of two folders."""
    return api.login(MAPPED)


def start(account: Api, *names: str, schedule: Any = None, **body: Any) -> str:
    """A timer between the two folders."""
    return account.create(destination=MAPPED, schedule=schedule or HOURLY, body={**items(*names), **body})


def test_a_missing_source_keeps_the_task_active_until_it_expires(
    globus: LocalGlobus, account: Api, folders: tuple[Path, Path]
) -> None:
    job = start(account, "data/")
    globus.set_clock("2027-03-01T01:05:00Z")
    task = account.last_task(job)
    assert (task["status"], task["is_ok"], task["nice_status"]) == ("ACTIVE", False, "FILE_NOT_FOUND")
    assert task["nice_status_short_description"] == "file not found"
    assert "/data/" in task["nice_status_details"]
    assert (task["faults"], task["deadline"]) == (3, "2027-03-02T01:00:00+00:00")
    assert (task["subtasks_pending"], task["subtasks_total"], task["files"]) == (1, 1, 0)
    assert task["fatal_error"] is task["completion_time"] is None

    globus.set_clock("2027-03-02T00:00:00Z")
    task = account.last_task(job)
    assert (task["status"], task["is_ok"], task["faults"]) == ("ACTIVE", False, 96)
    timer = account.job(job)
    assert (timer["status"], timer["n_runs"], timer["n_errors"]) == ("active", 1, 0)
    assert timer["activity"]["code"] == "run_in_progress"
    assert timer["results"]["data"][0]["run_status"] == "ACTIVE"
    assert [event for event, _at in account.history(job)] == ["ran", *["skipped"] * 23]

    globus.set_clock("2027-03-02T01:00:01Z")
    task = account.task(task["task_id"])
    assert (task["status"], task["completion_time"]) == ("FAILED", "2027-03-02T01:00:00+00:00")
    assert task["fatal_error"]["code"] == "EXPIRED"
    assert task["is_ok"] is task["nice_status"] is None
    assert (task["subtasks_expired"], task["subtasks_pending"]) == (1, 0)
    events = account.events(task["task_id"])
    assert (events[0], events[-1], set(events[1:-1])) == ("STARTED", "EXPIRED", {"FILE_NOT_FOUND"})
    assert account.job(job)["n_errors"] == 1
    events = [event for event, _at in account.history(job)]
    assert events == ["failed", *["skipped"] * 24], "the task expires some seconds after the tick of that moment"


def test_a_cure_lets_the_task_go_on_and_succeed(globus: LocalGlobus, account: Api, folders: tuple[Path, Path]) -> None:
    source, destination = folders
    job = start(account, "data/")
    globus.set_clock("2027-03-01T05:30:00Z")
    (source / "data").mkdir()
    (source / "data" / "one").write_text("1")
    globus.advance(900)
    task = account.task(account.tasks()[-1]["task_id"])
    assert (task["status"], task["files_transferred"], task["fatal_error"]) == ("SUCCEEDED", 1, None)
    assert task["faults"] > 15
    assert (destination / "copy" / "data" / "one").read_text() == "1"
    timer = account.job(job)
    assert (timer["n_runs"], timer["n_errors"], timer["activity"]["code"]) == (1, 0, "awaiting_next_run")
    globus.set_clock("2027-03-01T06:30:00Z")
    assert account.job(job)["n_runs"] == 2


def test_one_path_that_fails_stops_no_other_and_moves_the_deadline(
    globus: LocalGlobus, account: Api, folders: tuple[Path, Path]
) -> None:
    source, destination = folders
    (source / "there").write_text("1")
    start(account, "missing", "there")
    globus.set_clock("2027-03-01T02:00:00Z")
    (task,) = account.tasks()
    assert (task["status"], task["files_transferred"], task["subtasks_pending"]) == ("ACTIVE", 1, 1)
    assert task["deadline"] == "2027-03-04T01:00:00+00:00", "72 hours after the batch that got through"
    assert (destination / "copy" / "there").exists()
    globus.set_clock("2027-03-04T00:59:00Z")
    account.login(MAPPED)
    assert account.task(task["task_id"])["status"] == "ACTIVE"
    globus.set_clock("2027-03-04T01:00:01Z")
    assert account.task(task["task_id"])["fatal_error"]["code"] == "EXPIRED"


@pytest.mark.parametrize(
    ("collection", "change", "code"),
    [
        (GUEST, {"reachable": False}, "CONNECT_FAILED"),
        (LAPTOP, {"reachable": False}, "GC_NOT_CONNECTED"),
        (GUEST, {"trouble": "ENDPOINT_TOO_BUSY"}, "ENDPOINT_TOO_BUSY"),
        (GUEST, {"trouble": "A_WORD_OF_TOMORROW"}, "A_WORD_OF_TOMORROW"),
        (GUEST, {"forbidden": ["/a"]}, "PERMISSION_DENIED"),
        (LAPTOP, {"forbidden": ["/"]}, "PERMISSION_DENIED"),
        (GUEST, {"missing": ["/a/"]}, "FILE_NOT_FOUND"),
        (LAPTOP, {"read_only": True}, "PERMISSION_DENIED"),
        (LAPTOP, {"full": True}, "QUOTA_EXCEEDED"),
    ],
)
def test_errors_of_collections(
    globus: LocalGlobus, api: Api, collection: str, change: dict[str, Any], code: str
) -> None:
    """From GUEST to LAPTOP, without folders: what fails is told, and cured when its cause is gone."""
    globus.collection(GUEST, files=3, bytes=3000)
    before = globus.collection(collection)
    job = api.create(destination=LAPTOP, schedule=NIGHTLY)
    globus.collection(collection, **change)
    globus.set_clock("2027-03-01T02:00:00Z")
    task = api.last_task(job)
    assert (task["status"], task["is_ok"], task["nice_status"]) == ("ACTIVE", False, code)
    globus.collection(collection, **{name: before[name] for name in change})
    globus.advance(900)
    task = api.last_task(job)
    assert (task["status"], task["files_transferred"], task["bytes_transferred"]) == ("SUCCEEDED", 3, 3000)


def test_a_full_destination_is_fatal_if_the_task_says_so(globus: LocalGlobus, api: Api) -> None:
    globus.collection(GUEST, bytes=1)
    globus.collection(LAPTOP, full=True)
    job = api.create(destination=LAPTOP, body={"fail_on_quota_errors": True})
    task = api.last_task(job)
    assert (task["status"], task["fatal_error"]["code"], task["faults"]) == ("FAILED", "QUOTA_EXCEEDED", 0)


@pytest.mark.parametrize("mirror", [False, True])
def test_skipped_source_errors(globus: LocalGlobus, account: Api, folders: tuple[Path, Path], mirror: bool) -> None:
    """It succeeds and says what it left out; a mirror deletes nothing then."""
    source, destination = folders
    (source / "data").mkdir()
    (source / "data" / "one").write_text("1")
    (source / "data" / "secret").write_text("2")
    (destination / "copy" / "data").mkdir(parents=True)
    (destination / "copy" / "data" / "extra").touch()
    globus.collection(GUEST, forbidden=["/data/secret"])
    body = {"skip_source_errors": True, "delete_destination_extra": mirror}
    job = start(account, "data/", "missing", **body)
    globus.set_clock("2027-03-01T01:30:00Z")
    task = account.last_task(job)
    assert (task["status"], task["subtasks_skipped_errors"], task["faults"]) == ("SUCCEEDED", 2, 0)
    assert sorted(one.name for one in (destination / "copy" / "data").iterdir()) == ["extra", "one"]
    skipped = ["DELETE_DESTINATION_EXTRA_SKIPPED"] if mirror else []
    assert account.events(task["task_id"]) == ["STARTED", "SKIPPED_ERRORS", *skipped, "SUCCEEDED"]
    listed = account.call("GET", f"/v0.10/task/{task['task_id']}/skipped_errors").json["DATA"]
    assert {one["source_path"]: one["error_code"] for one in listed} == {
        "/data/secret": "PERMISSION_DENIED",
        "/missing": "FILE_NOT_FOUND",
    }
    globus.collection(GUEST, forbidden=[])
    (source / "missing").touch()
    globus.set_clock("2027-03-01T02:30:00Z")
    assert account.last_task(job)["subtasks_skipped_errors"] == 0
    assert (destination / "copy" / "data" / "extra").exists() is not mirror


def test_errors_at_the_destination_are_not_skipped(globus: LocalGlobus, api: Api) -> None:
    globus.collection(LAPTOP, forbidden=["/b"])
    task = api.last_task(api.create(destination=LAPTOP, body={"skip_source_errors": True}))
    assert (task["status"], task["nice_status"]) == ("ACTIVE", "PERMISSION_DENIED")


def test_three_tasks_of_a_user_at_a_time(globus: LocalGlobus, api: Api) -> None:
    globus.switch(bytes_per_second=1000)
    globus.collection(GUEST, files=1, bytes=600_000)
    jobs = [
        api.create(
            name=f"timer {number}",
            destination=LAPTOP,
            schedule=NIGHTLY,
            body={"DATA": [{"source_path": f"/{number}/", "destination_path": f"/{number}/"}]},
        )
        for number in range(7)
    ]
    globus.set_clock("2027-03-01T01:01:00Z")
    tasks = [api.last_task(job) for job in jobs]
    assert [one["nice_status"] for one in tasks] == ["OK"] * 3 + ["Queued"] * 4
    assert {one["status"] for one in tasks} == {"ACTIVE"}
    assert {one["is_ok"] for one in tasks} == {True}
    globus.set_clock("2027-03-01T01:11:00Z")
    assert [api.last_task(job)["nice_status"] for job in jobs] == [None] * 3 + ["OK"] * 3 + ["Queued"]
    globus.set_clock("2027-03-01T01:30:01Z")
    tasks = [api.last_task(job) for job in jobs]
    assert [one["completion_time"][11:16] for one in tasks] == ["01:10"] * 3 + ["01:20"] * 3 + ["01:30"]
    assert tasks[0]["effective_bytes_per_second"] == 1000


def test_tasks_that_back_off_leave_their_place_to_others(globus: LocalGlobus, api: Api) -> None:
    globus.collection(GUEST, missing=[f"/{number}" for number in range(5)])
    for number in range(6):
        api.create(body={"DATA": [{"source_path": f"/{number}/", "destination_path": f"/{number}/"}]})
    states = sorted(one["status"] for one in api.tasks())
    assert states == ["ACTIVE"] * 5 + ["SUCCEEDED"]


def test_a_task_that_waits_after_an_error_shows_it_for_a_quarter_of_an_hour(globus: LocalGlobus, api: Api) -> None:
    """It backs off, and meanwhile others have taken all three places."""
    globus.collection(GUEST, missing=["/stalled"])
    paths = [{"source_path": "/stalled", "destination_path": "/stalled"}]
    stalled = api.create(name="stalled", schedule=HOURLY, body={"DATA": paths})
    globus.switch(run_duration_seconds=DAY)
    for number in range(3):
        paths = [{"source_path": f"/{number}", "destination_path": f"/{number}"}]
        schedule = {**NIGHTLY, "start": "2027-03-01T01:00:30Z"}
        api.create(name=str(number), schedule=schedule, body={"DATA": paths})
    globus.set_clock("2027-03-01T01:08:00Z")
    task = api.last_task(stalled)
    assert (task["nice_status"], task["is_ok"], task["faults"]) == ("FILE_NOT_FOUND", False, 1)
    assert {one["state"] for one in globus.tasks()} == {"working", "queued"}
    globus.set_clock("2027-03-01T01:30:00Z")
    task = api.last_task(stalled)
    assert (task["nice_status"], task["is_ok"], task["faults"]) == ("Queued", True, 1)


def test_a_task_that_only_waits_does_not_expire(globus: LocalGlobus, api: Api) -> None:
    globus.switch(bytes_per_second=1)
    globus.collection(GUEST, bytes=4 * DAY)
    once = {"type": "once"}
    for number in range(4):
        body = {"DATA": [{"source_path": f"/{number}/", "destination_path": f"/{number}/"}]}
        api.create(schedule=once, body=body)
    globus.advance(47 * HOUR)
    api.login()
    last = api.tasks(orderby="request_time ASC")[-1]
    assert sorted(one["nice_status"] for one in api.tasks()) == ["OK", "OK", "OK", "Queued"]
    assert len(api.tasks("status:ACTIVE")) == 4, "a file that moves is progress too"
    assert last["deadline"] > "2027-03-03T00:00"
    globus.advance(7 * DAY)
    api.login()
    assert {one["status"] for one in api.tasks()} == {"SUCCEEDED"}


def test_identical_paths_of_an_unfinished_task_are_refused(globus: LocalGlobus, api: Api) -> None:
    globus.collection(GUEST, missing=["/a"])
    first, second = api.create(name="first", schedule=HOURLY), api.create(name="second", schedule=HOURLY)
    other = api.create(name="other", schedule=HOURLY, destination=LAPTOP)
    globus.set_clock("2027-03-01T02:30:00Z")
    assert [event for event, _at in api.history(first)] == ["ran", "skipped"]
    assert [event for event, _at in api.history(other)] == ["ran", "skipped"]
    refused = api.job(second)
    assert (refused["n_runs"], refused["n_errors"]) == (2, 2)
    run = refused["results"]["data"][0]
    assert (run["status"], run["run_status"], run["data"], run["resource_id"]) == (409, "FAILED", None, None)
    assert run["errors"][0]["code"] == "Conflict"
    assert "identical paths" in run["errors"][0]["detail"]
    globus.collection(GUEST, missing=[])
    globus.set_clock("2027-03-01T03:30:00Z")
    assert api.job(first)["results"]["data"][0]["run_status"] == "SUCCEEDED"
    assert api.job(second)["results"]["data"][0]["run_status"] == "SUCCEEDED", "one is over when the other begins"


def test_tasks_take_as_long_as_their_bytes(globus: LocalGlobus, account: Api, folders: tuple[Path, Path]) -> None:
    source, destination = folders
    (source / "data").mkdir()
    for number in range(3):
        (source / "data" / str(number)).write_bytes(bytes(1200))
    globus.switch(bytes_per_second=1)
    job = start(account, "data/")
    globus.set_clock("2027-03-01T01:30:00Z")
    task = account.last_task(job)
    assert (task["status"], task["nice_status"], task["files_transferred"]) == ("ACTIVE", "OK", 1)
    assert task["deadline"] == "2027-03-04T01:20:00+00:00"
    assert len(list((destination / "copy" / "data").iterdir())) == 1
    globus.set_clock("2027-03-01T02:30:00Z")
    task = account.last_task(job)
    assert (task["status"], task["completion_time"]) == ("SUCCEEDED", "2027-03-01T02:00:00+00:00")
    assert (task["bytes_transferred"], task["effective_bytes_per_second"]) == (3600, 1)


def test_a_collection_that_is_switched_off_in_the_middle(
    globus: LocalGlobus, account: Api, folders: tuple[Path, Path]
) -> None:
    source, _destination = folders
    (source / "data").mkdir()
    for number in range(3):
        (source / "data" / str(number)).write_bytes(bytes(600))
    globus.switch(bytes_per_second=1)
    job = start(account, "data/", schedule=NIGHTLY)
    globus.set_clock("2027-03-01T01:15:00Z")
    globus.collection(MAPPED, reachable=False)
    task = account.last_task(job)
    assert (task["is_ok"], task["nice_status"], task["files_transferred"]) == (False, "CONNECT_FAILED", 1)
    globus.set_clock("2027-03-01T10:00:00Z")
    globus.collection(MAPPED, reachable=True)
    globus.set_clock("2027-03-01T10:50:00Z")
    task = account.last_task(job)
    assert (task["status"], task["files_transferred"], task["files"]) == ("SUCCEEDED", 3, 3)
    assert task["faults"] > 30
    moved = account.call("GET", f"/v0.10/task/{task['task_id']}/successful_transfers").json
    assert [one["source_path"] for one in moved["DATA"]] == ["/data/0", "/data/1", "/data/2"]
    assert moved["next_marker"] is None


def test_a_collection_that_is_deleted_in_the_middle_ends_the_task(globus: LocalGlobus, api: Api) -> None:
    globus.switch(run_duration_seconds=HOUR)
    job = api.create(destination=LAPTOP)
    globus.collection(LAPTOP, deleted=True)
    task = api.last_task(job)
    assert (task["status"], task["fatal_error"]["code"]) == ("FAILED", "ENDPOINT_DELETED")


def test_canceling(globus: LocalGlobus, api: Api) -> None:
    globus.collection(GUEST, missing=["/a"])
    job = api.create(schedule=HOURLY)
    globus.set_clock("2027-03-01T01:30:00Z")
    task_id = api.last_task(job)["task_id"]
    answer = api.call("POST", f"/v0.10/task/{task_id}/cancel")
    assert (answer.status, answer.json["code"], answer.json["DATA_TYPE"]) == (200, "Canceled", "result")
    task = api.task(task_id)
    assert (task["status"], task["fatal_error"]["code"]) == ("FAILED", "CANCELED")
    assert (task["canceled_by_admin"], task["subtasks_canceled"]) == (None, 1)
    assert api.events(task_id)[-1] == "CANCELED"
    assert api.call("POST", f"/v0.10/task/{task_id}/cancel").json["code"] == "TaskComplete"
    globus.collection(GUEST, missing=[])
    globus.set_clock("2027-03-01T02:30:00Z")
    assert api.job(job)["n_runs"] == 2


def test_canceled_by_an_administrator(globus: LocalGlobus, api: Api) -> None:
    globus.switch(run_duration_seconds=HOUR)
    job = api.create()
    globus.task(api.last_task(job)["task_id"], cancel_by="SOURCE", message="Maintenance on Monday")
    task = api.last_task(job)
    assert (task["status"], task["canceled_by_admin"]) == ("FAILED", "SOURCE")
    assert task["canceled_by_admin_message"] == "Maintenance on Monday"
    with pytest.raises(LocalGlobusError, match="409"):
        globus.task(task["task_id"], pause=True)


@pytest.mark.parametrize(("by_admin", "code"), [(False, "PAUSED"), (True, "PAUSED_BY_ADMIN")])
def test_a_paused_task_waits_for_90_days(globus: LocalGlobus, api: Api, by_admin: bool, code: str) -> None:
    globus.switch(run_duration_seconds=HOUR)
    job = api.create(schedule=NIGHTLY)
    globus.set_clock("2027-03-01T01:30:00Z")
    task_id = api.last_task(job)["task_id"]
    globus.task(task_id, pause=True, by_admin=by_admin, message="Please wait")
    task = api.task(task_id)
    assert (task["status"], task["is_paused"], task["nice_status"]) == ("ACTIVE", True, code)
    assert task["deadline"] == "2027-05-30T01:30:00+00:00"
    info = api.call("GET", f"/v0.10/task/{task_id}/pause_info").json
    assert (info["source_pause_message"], info["pause_rules"]) == ("Please wait", [])
    globus.set_clock("2027-03-11T01:30:00Z")
    api.login()
    assert api.task(task_id)["status"] == "ACTIVE"
    globus.task(task_id, pause=False)
    task = api.task(task_id)
    assert task["is_paused"] is False
    assert api.events(task_id)[1:3] == ["PAUSED", "UNPAUSED"]
    globus.advance(HOUR + 1)
    assert api.task(task_id)["status"] == "SUCCEEDED"


def test_an_unpaused_task_has_a_day_left(globus: LocalGlobus, api: Api) -> None:
    globus.collection(GUEST, missing=["/a"])
    task_id = api.last_task(api.create())["task_id"]
    globus.task(task_id, pause=True)
    globus.advance(10 * DAY)
    globus.task(task_id, pause=False)
    globus.advance(DAY - HOUR)
    api.login()
    assert api.task(task_id)["status"] == "ACTIVE"
    globus.advance(2 * HOUR)
    assert api.task(task_id)["fatal_error"]["code"] == "EXPIRED"


@pytest.mark.parametrize("update", ["", "?update_credentials=true"])
def test_resuming_the_timer_resumes_its_inactive_run(globus: LocalGlobus, api: Api, update: str) -> None:
    """A consent that is taken back in the middle: the task waits, and the timer's resume lets it go on."""
    api.login(MAPPED)
    globus.collection(MAPPED, reachable=False)
    job = api.create(source=MAPPED, schedule=HOURLY)
    globus.set_clock("2027-03-01T01:30:00Z")
    task_id = api.last_task(job)["task_id"]
    globus.revoke(timer_scope(MAPPED))
    globus.collection(MAPPED, reachable=True)
    globus.set_clock("2027-03-01T01:50:00Z")
    task = api.task(task_id)
    assert (task["status"], task["is_ok"], task["nice_status"]) == ("INACTIVE", False, "AUTH")
    assert api.call("POST", f"/jobs/{job}/resume{update}").status == 200
    assert api.task(task_id)["status"] == "INACTIVE", "the credentials still do not suffice"
    globus.grant(timer_scope(MAPPED))
    assert api.call("POST", f"/jobs/{job}/resume{update}").status == 200
    assert api.task(task_id)["status"] == "SUCCEEDED"
    assert api.job(job)["activity"]["code"] == "awaiting_next_run"


def test_an_inactive_task_on_demand(globus: LocalGlobus, api: Api) -> None:
    globus.switch(run_duration_seconds=HOUR)
    job = api.create()
    task_id = api.last_task(job)["task_id"]
    globus.task(task_id, inactive=True)
    assert api.task(task_id)["status"] == "INACTIVE"
    assert [one["task_id"] for one in api.tasks("status:INACTIVE")] == [task_id]
    globus.task(task_id, inactive=False)
    assert api.task(task_id)["status"] == "ACTIVE"


def test_a_task_that_fails_on_demand(globus: LocalGlobus, api: Api) -> None:
    globus.switch(run_duration_seconds=HOUR)
    job = api.create()
    globus.task(api.last_task(job)["task_id"], fail="SOMETHING_NEW", message="Words nobody has seen")
    assert api.last_task(job)["fatal_error"] == {"code": "SOMETHING_NEW", "description": "Words nobody has seen"}


def test_a_tasks_own_deadline_does_not_move(globus: LocalGlobus, account: Api, folders: tuple[Path, Path]) -> None:
    source, _destination = folders
    (source / "there").touch()
    start(account, "there", "missing", schedule=NIGHTLY, deadline="2027-03-01T03:00:00Z")
    globus.set_clock("2027-03-01T03:00:01Z")
    (task,) = account.tasks()
    assert (task["status"], task["fatal_error"]["code"]) == ("FAILED", "EXPIRED")


def test_label_and_deadline_can_be_changed_while_it_goes_on(globus: LocalGlobus, api: Api) -> None:
    globus.collection(GUEST, missing=["/a"])
    task_id = api.last_task(api.create())["task_id"]
    change = {"DATA_TYPE": "task", "label": "renamed", "deadline": "2027-03-01T06:00:00Z"}
    assert api.call("PUT", f"/v0.10/task/{task_id}", change).json["code"] == "Updated"
    assert (api.task(task_id)["label"], api.task(task_id)["deadline"]) == ("renamed", "2027-03-01T06:00:00+00:00")
    assert api.call("PUT", f"/v0.10/task/{task_id}", {"deadline": "soon"}).status == 400
    globus.set_clock("2027-03-01T06:00:01Z")
    assert api.task(task_id)["status"] == "FAILED"
    assert api.call("PUT", f"/v0.10/task/{task_id}", change).status == 409


def test_a_deleted_timers_task_goes_on(globus: LocalGlobus, api: Api) -> None:
    globus.switch(run_duration_seconds=HOUR)
    job = api.create()
    task_id = api.last_task(job)["task_id"]
    assert api.call("DELETE", f"/jobs/{job}").status == 200
    globus.advance(2 * HOUR)
    assert api.task(task_id)["status"] == "SUCCEEDED"
    assert api.job(job)["status"] == "deleted"


def test_the_last_run_of_a_timer_keeps_it_from_ending(globus: LocalGlobus, api: Api) -> None:
    globus.collection(GUEST, missing=["/a"])
    job = api.create(schedule={"type": "once"})
    globus.advance(HOUR)
    assert (api.job(job)["status"], api.job(job)["activity"]["code"]) == ("active", "run_in_progress")
    globus.advance(DAY)
    timer = api.job(job)
    assert (timer["status"], timer["n_errors"]) == ("ended", 1)
    assert timer["results"]["data"][0]["errors"][0]["code"] == "EXPIRED"


def test_tasks_are_forgotten(globus: LocalGlobus, account: Api, folders: tuple[Path, Path]) -> None:
    """What happened in detail after 30 days, the task itself after 90."""
    (folders[0] / "there").write_text("1")
    start(account, "there", schedule=NIGHTLY)
    globus.advance(60 * DAY)
    account.login(MAPPED)
    oldest = account.tasks(orderby="request_time ASC")[0]
    assert oldest["history_deleted"] is True
    assert account.events(oldest["task_id"]) == []
    globus.advance(60 * DAY)
    account.login(MAPPED)
    assert len(account.tasks()) == 91
    gone = account.call("GET", f"/v0.10/task/{oldest['task_id']}")
    assert (gone.status, gone.json["code"]) == (404, "ClientError.NotFound")


def test_a_year_of_runs_that_stand_still_stays_small(globus: LocalGlobus, api: Api) -> None:
    """Three timers whose source is missing, tried a hundred times a day, and three that work every hour."""
    globus.collection(GUEST, missing=["/a"])
    for number in range(6):
        name = "a" if number % 2 else "b"
        body = {"DATA": [{"source_path": f"/{name}/{number}", "destination_path": f"/{number}"}]}
        api.create(name=f"timer {number}", schedule=HOURLY, body=body)
    begun = time.monotonic()
    globus.advance(365 * DAY)
    print(f"a year: {time.monotonic() - begun:.1f} s")
    tasks = globus.tasks()
    assert len(tasks) <= 3 * 91 * 24 + 3 * 92
    assert sum(len(one["events"]) for one in tasks) < 3 * 31 * 24 * 2 + 3 * 31 * 100
