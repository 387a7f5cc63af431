# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plans of the entry points now, hold and release, and the progress of the transfers that the role waits for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.research_ops.globus.plugins.plugin_utils._hold import plan_hold, plan_release
from ansible_collections.research_ops.globus.plugins.plugin_utils._now import plan_now
from ansible_collections.research_ops.globus.plugins.plugin_utils._progress import progress
from unit.plugins.plugin_utils.test_restore import LAB, NOW, PAGE, SEQ, ran, run, timer

FILE = "/srv/backups.hold"
DAILY = {"schedule": {"interval": "1d", "start": "2026-03-02T02:00:00+00:00"}}
PAUSED = {"status": "inactive", "inactive_reason": {"cause": "user", "detail": None}, "definition": DAILY}


# --- now -----------------------------------------------------------------------------------------------------------


def now(*timers: dict[str, Any], jobs: Any = (SEQ, LAB), **variables: Any) -> dict[str, Any]:
    return plan_now({"backup_jobs": list(jobs), **variables}, timers, NOW)


def test_all_jobs_are_copied_that_are_not_absent_or_paused() -> None:
    jobs = [SEQ, LAB, {**LAB, "name": "off", "state": "paused"}, {**LAB, "name": "old", "state": "absent"}]
    blanks: list[Any] = [None, "", " ", []]
    for blank in blanks:
        found = now(jobs=jobs, backup_now_jobs=blank)
        assert [copy["job"] for copy in found["copies"]] == ["seq", "lab"]
        assert found["left_out"] == ["off"]  # who makes a copy before an upgrade must not learn this later
    assert now(jobs=jobs, backup_now_jobs="off")["left_out"] == []
    assert now(jobs=[])["error"] == "backup_jobs contains no jobs, so nothing is copied"
    assert "contains an empty name. On the command line" in now(jobs=jobs, backup_now_jobs="lab,")["error"]
    assert [copy["job"] for copy in now(jobs=jobs, backup_now_jobs="off, lab")["copies"]] == ["lab", "off"]
    assert [copy["job"] for copy in now(jobs=jobs, backup_now_jobs=["lab"])["copies"]] == ["lab"]
    assert now(backup_now_jobs="x")["error"] == "backup_now_jobs: job 'x' does not exist. Available jobs: seq, lab"
    assert (
        "all jobs in backup_jobs are absent or paused, so nothing is copied. To copy a job anyway"
        in now(jobs=[{**LAB, "state": "paused"}])["error"]
    )


@pytest.mark.parametrize(
    ("schedule", "moment", "slot"),
    [
        ("rotating_weekdays", "2026-03-03T12:00:00+00:00", "tue"),
        ("rotating_weekdays", "2026-03-03T01:00:00+00:00", "mon"),
        (
            "grandfather_father_son",
            "2026-03-01T12:00:00+00:00",
            "sun",
        ),  # and week and month: the one that runs more often
        ("monthly", "2026-03-03T12:00:00+00:00", "mar"),
    ],
)
def test_the_slot_whose_run_fell_due_last_is_written(schedule: str, moment: str, slot: str) -> None:
    (copy,) = now(jobs=[{**SEQ, "schedule": schedule}], backup_clock=moment)["copies"]
    assert copy["slot"] == slot


def test_the_copy_is_the_jobs_own_transfer_run_once() -> None:
    (made,) = now(jobs=[{**LAB, "label": "Lab", "sync_level": "size"}])["timers"]
    assert (made["name"], made["schedule"]) == ("now-lab-20260303T1200Z", {})
    assert made["transfer"]["sync_level"] == "size"
    assert made["transfer"]["label"] == "Lab"
    (made,) = now(jobs=[LAB], backup_now_sync_level="checksum")["timers"]
    assert made["transfer"]["sync_level"] == "checksum"
    assert "backup_now_sync_level must be one of" in now(backup_now_sync_level="md5")["error"]


def test_a_job_whose_own_transfer_is_in_progress_is_not_copied_and_the_others_are() -> None:
    found = now(timer("backup-lab", runs=1, recent_runs=[run("ACTIVE")]), ran("backup-seq-tue"))
    assert [made["name"] for made in found["timers"]] == ["now-seq-tue-20260303T1200Z"]
    refusal = found["copies"][1]["refusal"]
    assert refusal.startswith("not copied, because the timer backup-lab is transferring the same paths")
    assert refusal.endswith(f"{PAGE}task")


def test_the_same_copy_is_adopted_until_it_has_finished() -> None:
    (made,) = now(jobs=[LAB])["timers"]
    active = timer(made["name"], status="ended", definition=made, recent_runs=[run("ACTIVE")])
    found = now(active, jobs=[LAB])
    assert found["timers"] == []
    assert found["copies"][0]["timer_id"] == active["id"]
    assert now({**active, "recent_runs": [run("SUCCEEDED")]}, jobs=[LAB])["timers"][0]["name"].endswith("1201Z")


# --- hold, release -------------------------------------------------------------------------------------------------


def hold(*timers: dict[str, Any], record: str | None = None) -> dict[str, Any]:
    return plan_hold({"backup_jobs": [SEQ, LAB], "backup_hold_file": FILE}, timers, record, NOW)


def release(*timers: dict[str, Any], record: str | None, spread: int = 0, moment: str = "") -> dict[str, Any]:
    given = {"backup_jobs": [LAB], "backup_hold_file": FILE, "backup_release_spread": spread, "backup_clock": None}
    return plan_release({**given, "backup_clock": moment or None}, timers, record, NOW)


def test_what_runs_is_paused_and_nothing_else() -> None:
    timers = [
        timer("backup-lab"),
        timer("backup-seq-mon", **PAUSED),
        timer("backup-seq-tue", status="inactive", inactive_reason={"cause": "globus_auth_requirements"}),
        timer("backup-seq-wed", recent_runs=[run("ACTIVE")]),
        timer("backup-other"),
    ]
    found = hold(*timers)
    assert [one["name"] for one in found["held"]] == ["backup-lab", "backup-seq-wed"]
    assert {one["state"] for one in found["timers"]} == {"paused"}
    assert found["transfers"] == [{"name": "backup-seq-wed", "url": f"{PAGE}task"}]
    assert [one["name"] for one in found["timers"]] == ["backup-lab", "backup-seq-wed"]  # for diff and warnings
    assert found["counted"] == "2 timers"
    assert found["details"] == (
        f"; 1 already paused before, which release will not resume. Record: {FILE}. Transfers that are still in "
        f'progress: "backup-seq-wed" {PAGE}task'
    )
    assert found["warnings"] == []
    record = json.loads(found["record"])["timers"]
    assert [(one["id"], one["held_at"]) for one in record] == [
        ("id of backup-lab", "2026-03-03T12:00:00+00:00"),
        ("id of backup-seq-wed", "2026-03-03T12:00:00+00:00"),
    ]


def test_a_second_hold_adds_and_changes_nothing_where_nothing_runs() -> None:
    first = hold(timer("backup-lab"))
    again = hold(timer("backup-lab", **PAUSED), record=first["record"])
    assert again["record"] == first["record"]
    more = hold(timer("backup-lab", **PAUSED), timer("backup-seq-mon"), record=first["record"])
    assert [one["name"] for one in json.loads(more["record"])["timers"]] == ["backup-lab", "backup-seq-mon"]
    assert [one["name"] for one in more["held_before"]] == ["backup-lab"]
    assert (more["counted"], more["details"]) == ("1 timer", f"; 1 already in the record. Record: {FILE}")
    resumed = hold(timer("backup-lab"), record=first["record"])
    assert len(json.loads(resumed["record"])["timers"]) == 1


def test_a_hold_that_pauses_nothing_leaves_no_record_and_says_why() -> None:
    """With a wrong prefix, "0 timers paused" would look like a hold, and the maintenance would begin."""
    found = hold(timer("lab-lab"))
    assert found["record"] is None
    (warning,) = found["warnings"]
    assert warning.startswith(
        "no timer of the jobs exists (for example, backup-lab does not exist), so no timer is paused"
    )
    paused = hold(timer("backup-lab", **PAUSED))
    assert (paused["record"], paused["warnings"]) == (None, [])
    assert paused["counted"] == "0 timers"
    assert paused["details"] == "; 1 already paused before, which release will not resume"
    empty = plan_hold({"backup_jobs": [], "backup_hold_file": FILE}, [], None, NOW)
    assert empty["warnings"] == ["backup_jobs contains no jobs, so no timer is paused"]


def test_of_two_timers_with_one_name_neither_is_named_because_a_list_has_a_name_once() -> None:
    found = hold(timer("backup-lab"), timer("backup-lab") | {"id": "2"})
    assert found["timers"] == [
        {"timer_id": "id of backup-lab", "state": "paused"},
        {"timer_id": "2", "state": "paused"},
    ]


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_record_was_cut_off_and_is_not_released(text: str) -> None:
    """hold writes none without timers. Nothing must remove the trace."""
    message = release(timer("backup-lab", **PAUSED), record=text)["error"]
    assert message.startswith(
        f"the record {FILE} is empty, so it is unknown which timers the entry point hold paused. Nothing was "
    )
    assert "Paused timers of the jobs: backup-lab. To resume a timer, set state: active in its job" in message
    assert hold(timer("backup-lab"), record=text)["error"] is None


def test_release_resumes_what_is_still_paused_and_tells_the_rest() -> None:
    names = ("a", "b", "c", "d", "e", "f", "g")
    held = [{"id": f"id of {name}", "name": name, "held_at": "2026-03-03T01:00:00+00:00"} for name in names]
    record = json.dumps({"version": 1, "timers": held})
    timers = [
        timer("a", **PAUSED),
        timer("b"),
        timer("c", status="ended"),
        timer("renamed", **PAUSED) | {"id": "id of d"},
        timer("e", **PAUSED) | {"id": "new"},
        timer("f") | {"id": "also new"},
    ]
    found = release(*timers, record=record)
    assert [one["timer_id"] for one in found["at_once"]] == ["id of a", "id of d", "new"]
    assert {one["name"]: one["message"] for one in found["notes"]} == {
        "b": "it is already active: somebody resumed it, or it was never paused",
        "c": "it has ended",
        "d": "it was renamed to renamed, and is resumed",
        "e": "it was replaced by a paused timer with the same name, which is resumed",
        "f": "it was replaced by a timer with the same name, which was not paused by a user",
        "g": "it was deleted. The next run of the role creates it again if its job is still in the list",
    }
    assert all(one["missed_run"] for one in found["resumed"])  # that of 02:00
    assert found["counted"] == "3 timers"
    assert found["details"] == ". 3 timers missed a run, which starts immediately"
    assert [one.get("name") for one in found["at_once"]] == ["a", "renamed", "e"]
    found = release(*timers, record=record, spread=60)
    assert found["at_once"] == []
    assert [one["timer_id"] for one in found["spread"]] == ["id of a", "id of d", "new"]
    found = release(timer("a", **PAUSED), record=record, spread=60, moment="2026-03-03T01:30:00+00:00")
    assert (len(found["at_once"]), found["spread"], found["details"]) == (1, [], "")


def test_several_paused_timers_of_the_name_of_one_that_is_gone_are_left_to_a_person() -> None:
    record = hold(timer("backup-lab"))["record"]
    two = [timer("backup-lab", **PAUSED) | {"id": number} for number in ("1", "2")]
    found = release(*two, record=record)
    assert found["at_once"] == []
    assert "2 paused timers have its name" in found["notes"][0]["message"]


def test_release_lists_timers_that_globus_stopped() -> None:
    record = hold(timer("backup-lab"))["record"]
    stopped = timer("backup-lab", status="inactive", inactive_reason={"cause": "globus_auth_requirements"})
    (note,) = release(stopped, record=record)["notes"]
    assert note["message"] == "Globus stopped it (globus_auth_requirements). The next run of the role resumes it"


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"version": 2, "timers": []}', '{"version": 1}', '{"timers": [], "version": 1, ']
)
def test_another_file_is_never_taken_for_a_record(text: str) -> None:
    for found in (hold(timer("backup-lab"), record=text), release(timer("backup-lab"), record=text)):
        assert f"{FILE} is not a record of paused timers" in found["error"]


def test_without_a_record_release_warns_and_lists_the_paused_timers() -> None:
    found = release(timer("backup-lab", **PAUSED), record=None)
    assert found["error"] is None
    assert found["warnings"] == [
        f"the record {FILE} does not exist, so nothing was resumed. Paused timers of the jobs: backup-lab. To resume a "
        "timer, set state: active in its job, or use the web app"
    ]


@pytest.mark.parametrize("file", [None, "", "backups.hold", "/srv/"])
def test_the_record_needs_a_whole_path(file: Any) -> None:
    for planned in (plan_hold, plan_release):
        found = planned({"backup_jobs": [LAB], "backup_hold_file": file}, None, None, NOW)
        assert str(found["error"]).startswith("backup_hold_file ")


# --- progress ------------------------------------------------------------------------------------------------------


def entry(timer_status: str = "ended", state: str = "ended", reason: str = "", **task: Any) -> dict[str, Any]:
    numbers = {"files": 4, "files_transferred": 1, "files_skipped": 0, "bytes_transferred": 2_500_000, "faults": 0}
    whole = {"skipped_errors": 0, "completed_at": None, "detail": "OK", "url": f"{PAGE}task", **numbers, **task}
    runs = [{"transfer": whole, "failed": False, "status": task["status"]}] if task else []
    health = {"state": state, "reason": reason, "remedy": None}
    return {**timer("x"), "status": timer_status, "recent_runs": runs, "health": health}


@pytest.mark.parametrize(
    ("found", "state", "message"),
    [
        (entry("ended", "ended"), "failed", "Globus could not start the transfer"),
        (
            entry("active", "ok", "Its run could not start yet, and Globus tries again"),
            "in_progress",
            "Its run could not",
        ),
    ],
)
def test_states_without_a_task(found: dict[str, Any], state: str, message: str) -> None:
    (one,) = progress({"timers": [found]}, [{"what": "w", "timer_id": "id of x"}])["entries"]
    assert one["state"] == state
    assert one["message"].startswith(message)


@pytest.mark.parametrize(
    ("task", "state", "message"),
    [
        ({"status": "ACTIVE"}, "in_progress", "1 file transferred of 4 found so far, 2.5 MB; Globus reports OK"),
        ({"status": "ACTIVE", "detail": "Queued"}, "in_progress", "queued, because Globus runs only three transfers"),
        (
            {"status": "ACTIVE", "detail": "GC_NOT_CONNECTED", "faults": 3},
            "in_progress",
            "Globus reports GC_NOT_CONNECTED (3 failed attempts so far)",
        ),
        (
            {"status": "SUCCEEDED", "files_skipped": 3},
            "arrived",
            "1 of 4 files transferred, 2.5 MB (3 already at the destination)",
        ),
        ({"status": "SUCCEEDED", "skipped_errors": 2}, "incomplete", "2 skipped because of errors"),
        ({"status": "FAILED"}, "failed", "why"),
        ({"status": "ACTIVE", "files": None}, "in_progress", "1 file transferred, 2.5 MB"),
    ],
)
def test_states_of_tasks(task: dict[str, Any], state: str, message: str) -> None:
    look = {"timers": [entry(reason="why", **task)]}
    found = progress(look, [{"what": "w", "timer_id": "id of x"}])
    assert found["entries"][0]["state"] == state
    assert message in found["entries"][0]["message"]
    assert found["over"] is (state != "in_progress")
    assert (found["msg"] == "") is (state == "arrived")
    assert found["entries"][0]["url"] == f"{PAGE}task"


def test_a_stalled_transfer_is_shown_with_its_cause_its_deadline_and_how_to_stop_it() -> None:
    """A full disk does not free itself: "The transfer continues" would be wrong."""
    deadline = "2026-03-05T12:00:00+00:00"
    full = entry(status="ACTIVE", detail="QUOTA_EXCEEDED", faults=1, deadline=deadline)
    found = progress({"timers": [full]}, [{"what": "w", "timer_id": "id of x"}])
    assert f"(1 failed attempt so far). Globus retries until {deadline}. Fix the cause" in found["msg"]
    assert "To stop the transfer, cancel it on the page" in found["msg"]
    full["health"] = {"state": "stalled", "reason": "No room since noon", "remedy": "Make room"}
    message = progress({"timers": [full]}, [{"what": "w", "timer_id": "id of x"}])["entries"][0]["message"]
    assert message.endswith("failed attempt so far). No room since noon. Make room")
    healthy = progress({"timers": [entry(status="ACTIVE")]}, [{"what": "w", "timer_id": "id of x"}])["msg"]
    assert "The transfer continues. Run the playbook again to wait for this transfer" in healthy


def test_a_transfer_that_the_role_does_not_wait_for_is_shown_as_such() -> None:
    assert progress({}, [{"what": "w", "timer_id": "1"}])["line"] == "w: not waited for"


def test_a_refusal_of_the_module_names_the_variables_of_the_role() -> None:
    """The user of the role knows no timer, no transfer.paths, and no option check_paths."""
    msg = (
        "timer 'now-a' was not created. transfer.paths[0].source_path: /a/ on collection 'C' (1) does not exist. "
        "Correct the path. To skip this check, set check_paths: false"
    )
    made = {"timers": [{"name": "now-a", "failed": True, "msg": msg}]}
    assert progress({}, [{"what": "a", "name": "now-a", "timer_id": None}], made)["msg"] == (
        "a: failed: /a/ on collection 'C' (1) does not exist. Correct the path. To skip this check, set "
        "backup_check_paths: false"
    )


def test_a_refusal_has_the_remedy_of_the_module_because_nothing_else_shows_it() -> None:
    """Without the command, who lacks a consent would not know what to run."""
    made: dict[str, Any] = {"timers": [{"name": "now-a", "failed": True, "msg": "No consent", "remedy": "sign in"}]}
    awaited = [{"what": "a", "name": "now-a", "timer_id": None}]
    assert progress({}, awaited, made)["msg"] == "a: failed: No consent. Remedy: sign in"
    made["timers"][0]["msg"] = "No consent: sign in"
    assert progress({}, awaited, made)["msg"] == "a: failed: No consent: sign in"


def test_a_look_that_failed_is_not_the_end() -> None:
    found = progress({"msg": "Globus did not answer", "failed": True}, [{"what": "w", "timer_id": "1"}])
    assert not found["over"]
    assert found["line"] == "w: Globus did not answer"


def test_a_deleted_timer_and_a_refused_one_are_failures() -> None:
    awaited: list[dict[str, Any]] = [
        {"what": "a", "timer_id": "gone"},
        {"what": "b", "timer_id": None, "refusal": "no"},
    ]
    found = progress({"timers": []}, awaited)
    assert [one["state"] for one in found["entries"]] == ["failed", "failed"]
    assert "its timer was deleted. A transfer that it started may still be in progress" in found["msg"]


def test_many_transfers_are_shown_in_one_line() -> None:
    awaited = [{"what": f"job {number}", "timer_id": "id of x"} for number in range(8)]
    line = progress({"timers": [entry(status="ACTIVE")]}, awaited)["line"]
    assert line.startswith("0 of 8 arrived (0 files transferred, 0 bytes); job 0: ")
    assert line.endswith("; and 3 more")


def test_those_that_have_arrived_are_named_with_their_slots() -> None:
    awaited = [{"what": what, "timer_id": "id of x"} for what in ("job a", "job b, slot tue")]
    line = progress({"timers": [entry(status="SUCCEEDED")]}, awaited)["line"]
    assert line == "2 of 2 arrived (job a; job b, slot tue; 2 files transferred, 5.0 MB)"


def test_made_timers_are_known_by_their_names() -> None:
    made: dict[str, Any] = {
        "timers": [{"name": "now-a", "timer_id": "1", "timer": {"url": "u"}}, {"name": "now-b", "failed": True}]
    }
    made["timers"][1]["msg"] = "refused"
    awaited = [{"what": one, "name": f"now-{one}", "timer_id": None} for one in ("a", "b", "c")]
    found = progress({}, awaited, made)
    assert [(one["state"], one["timer_id"]) for one in found["entries"]] == [
        ("in_progress", "1"),
        ("failed", None),
        ("planned", None),
    ]
