# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the entry point restore decides: copies, targets, guards, and restores that are going on."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._errors import InputError
from ansible_collections.research_ops.globus.plugins.plugin_utils import _variables
from ansible_collections.research_ops.globus.plugins.plugin_utils._restore import plan_restore
from unit.samples import DESTINATION, SOURCE

ROOT = Path(__file__).resolve().parents[4]
NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)  # a Tuesday
PAGE = "https://app.globus.org/activity/"
ENDS = {"source_collection": SOURCE, "destination_collection": DESTINATION}
SEQ = {
    **ENDS,
    "name": "seq",
    "source_path": "/data/seq/",
    "destination_path": "/backup/seq/{slot}/",
    "schedule": "rotating_weekdays",
}
LAB = {**ENDS, "name": "lab", "source_path": "/data/lab/", "destination_path": "/backup/lab/", "schedule": "nightly"}
WAYS = {
    **ENDS,
    "name": "ways",
    "schedule": "nightly",
    "paths": [
        {"source_path": "/data/nmr/", "destination_path": "/backup/nmr/"},
        {"source_path": "/data/ms/x/", "destination_path": "/backup/ms/"},
        {"source_path": "/etc/lab.cfg", "destination_path": "/backup/lab.cfg", "recursive": False},
    ],
}


def timer(name: str, **fields: Any) -> dict[str, Any]:
    """An entry of ``timer_info``."""
    return {
        "id": f"id of {name}",
        "name": name,
        "status": "active",
        "url": f"{PAGE}timers/{name}",
        "runs": 0,
        "definition": None,
        "recent_runs": [],
        "last_success": None,
        "next_run": None,
        "submitted_at": "2026-03-02T12:00:00+00:00",
        "inactive_reason": None,
        **fields,
    }


def ran(name: str, moment: str = "2026-03-03T02:00:00+00:00", **fields: Any) -> dict[str, Any]:
    """One whose last transfer arrived whole."""
    success = {"ran_at": moment, "completed_at": moment}
    return timer(name, runs=1, last_success=success, recent_runs=[run("SUCCEEDED", moment)], **fields)


def run(status: str, moment: str = "2026-03-03T02:00:00+00:00") -> dict[str, Any]:
    over = status in ("SUCCEEDED", "FAILED")
    task = {"status": status, "completed_at": moment if over else None, "url": f"{PAGE}task"}
    return {
        "ran_at": moment,
        "failed": status == "FAILED",
        "status": status,
        "message": "no such path" if status == "FAILED" else None,
        "transfer": task,
    }


def planned(*timers: dict[str, Any], jobs: Any = (SEQ, LAB, WAYS), **variables: Any) -> dict[str, Any]:
    given = {f"backup_restore_{name}" if name != "wait" else "backup_wait": value for name, value in variables.items()}
    return plan_restore({"backup_jobs": list(jobs), **given}, timers, NOW)


def right(*timers: dict[str, Any], **variables: Any) -> dict[str, Any]:
    found = planned(*timers, **variables)
    assert found["error"] is None
    return found


def error(*timers: dict[str, Any], **variables: Any) -> str:
    found = planned(*timers, **variables)
    assert found["timer"] is None
    return str(found["error"])


def targets(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(path["copy"], path["target"]) for path in found["restore"]["paths"]]


# --- where from, where to ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "paths"),
    [
        ({"slot": "tue"}, [("/backup/seq/tue/", "/data/seq-restored-tue-20260303T1200Z/")]),
        (
            {"slot": "tue", "path": "run-1/"},
            [("/backup/seq/tue/run-1/", "/data/seq-restored-tue-20260303T1200Z/run-1/")],
        ),
        (
            {"slot": "tue", "path": "/data/seq/a b"},
            [("/backup/seq/tue/a b", "/data/seq-restored-tue-20260303T1200Z/a b")],
        ),
        ({"slot": "tue", "path": ".", "to": "/x"}, [("/backup/seq/tue/", "/x/")]),
        ({"slot": "tue", "path": "run-1/x.txt", "to": "/x/"}, [("/backup/seq/tue/run-1/x.txt", "/x/run-1/x.txt")]),
        ({"job": "lab"}, [("/backup/lab/", "/data/lab-restored-20260303T1200Z/")]),
        (
            {"job": "ways"},
            [
                ("/backup/nmr/", "/data/nmr-restored-20260303T1200Z/"),
                ("/backup/ms/", "/data/ms/x-restored-20260303T1200Z/"),
                ("/backup/lab.cfg", "/etc/lab.cfg-restored-20260303T1200Z"),
            ],
        ),
        (
            {"job": "ways", "to": "/x/"},
            [
                ("/backup/nmr/", "/x/data/nmr/"),
                ("/backup/ms/", "/x/data/ms/x/"),
                ("/backup/lab.cfg", "/x/etc/lab.cfg"),
            ],
        ),
        ({"job": "ways", "path": "/data/ms/x/1/", "to": "/x/"}, [("/backup/ms/1/", "/x/data/ms/x/1/")]),
        ({"job": "ways", "path": "/etc/lab.cfg", "to": "/x/"}, [("/backup/lab.cfg", "/x/etc/lab.cfg")]),
    ],
)
def test_what_lies_below_the_source_keeps_its_place(variables: dict[str, Any], paths: list[tuple[str, str]]) -> None:
    found = right(ran("backup-seq-tue"), ran("backup-lab"), ran("backup-ways"), **{"job": "seq", **variables})
    assert targets(found) == paths
    assert not found["warnings"]


def test_the_original_place_of_several_paths_is_the_folder_above_them() -> None:
    found = right(ran("backup-ways"), job="ways", to="/", overwrite=True)
    assert [target for _copy, target in targets(found)] == ["/data/nmr/", "/data/ms/x/", "/etc/lab.cfg"]


def test_the_way_back_exchanges_users_and_leaves_out_what_belongs_to_the_way_there() -> None:
    job = {
        **LAB,
        "source_local_user": "reader",
        "destination_local_user": "writer",
        "deadline": "2027-01-01T00:00:00Z",
        "skip_source_errors": True,
        "delete_destination_extra": True,
        "filter_rules": [{"name": "*.tmp"}],
        "sync_level": "exists",
        "label": "Lab",
        "encrypt_data": True,
        "preserve_timestamp": True,
        "notify_on_succeeded": False,
    }
    transfer = right(ran("backup-lab"), jobs=[job], job="lab")["timer"]["transfer"]
    paths = transfer.pop("paths")
    assert [path["recursive"] for path in paths] == [True]
    assert transfer == {
        "source_collection": DESTINATION,
        "destination_collection": SOURCE,
        "label": "Restore of lab",
        "sync_level": "checksum",
        "encrypt_data": True,
        "preserve_timestamp": True,
        "notify_on_succeeded": False,
        "source_local_user": "writer",
        "destination_local_user": "reader",
    }
    checksums = [{"source_path": "/a", "destination_path": "/b", "recursive": False, "external_checksum": "0" * 32}]
    job = {**ENDS, "name": "lab", "schedule": "nightly", "paths": checksums}
    (path,) = right(ran("backup-lab"), jobs=[job], job="lab")["timer"]["transfer"]["paths"]
    assert path == {"source_path": "/b", "destination_path": "/a-restored-20260303T1200Z", "recursive": False}


@pytest.mark.parametrize("value", [None, "", " "])
def test_blank_and_null_variables_are_their_defaults_N1_N2(value: Any) -> None:
    blank = dict.fromkeys(("slot", "path", "to", "overwrite", "wait"), value)
    assert right(ran("backup-seq-tue"), job="seq", **blank) == right(ran("backup-seq-tue"), job="seq")
    assert error(job=value) == (
        "backup_restore_job is missing. Set it to the name of a job. Available jobs: seq, lab, ways"
    )


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("backup_restore_slots", "backup_restore_slot"),
        ("backup_restore_paht", "backup_restore_path"),
        ("backup_restore_overwite", "backup_restore_overwrite"),
        ("backup_wiat", "backup_wait"),
        ("backup_prefx", "backup_prefix"),
    ],
)
def test_a_misspelt_variable_is_refused(name: str, meant: str) -> None:
    """Ansible refuses none: backup_restore_slots: tue would restore the latest copy."""
    given = {"backup_jobs": [LAB], "backup_restore_job": "lab", "backup_names": ["backup_jobs", name]}
    assert plan_restore(given, None, NOW)["error"] == f"{name} is not a variable of the role. Did you mean {meant}?"


def test_a_variable_of_the_users_own_is_not_taken_for_a_misspelt_one() -> None:
    """Beside the right one it is another: a play may loop over backup_restore_jobs."""
    names = ["backup_restore_jobs", "backup_job", "backup_restore_target", "backup_host", "backup_report_dir"]
    given = {"backup_jobs": [LAB], "backup_restore_job": "lab", "backup_names": names}
    assert plan_restore(given, None, NOW)["error"] is None


def test_the_role_itself_refuses_a_misspelt_variable_too() -> None:
    """backup_sate: paused would leave every timer running."""
    with pytest.raises(InputError, match=r"^backup_sate is not a variable of the role"):
        _variables.read({"backup_jobs": [LAB], "backup_names": ["backup_jobs", "backup_sate"]}, NOW)


@pytest.mark.parametrize("entry_point", _variables.ENTRY_POINTS)
def test_no_name_in_the_tasks_of_the_role_looks_misspelt(entry_point: str) -> None:
    folder = ROOT / "roles" / "backup" / "tasks"
    texts = [file.read_text(encoding="utf-8") for file in folder.glob("*.yml")]
    names = sorted({name for text in texts for name in re.findall(r"\bbackup_\w+", text)})
    assert len(names) > 50
    _variables.read_for_entry_point(entry_point, {"backup_names": names}, NOW)


# --- guards --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["/data/seq", "/data/seq/", "//data/./seq", "/data/", "/", "/data/seq/old/"])
def test_the_original_is_refused_unless_asked_for(to: str) -> None:
    message = error(ran("backup-seq-tue"), job="seq", slot="tue", to=to)
    assert message.startswith("job seq, slot tue: the target ")
    assert "backup_restore_overwrite: true" in message
    assert right(ran("backup-seq-tue"), job="seq", slot="tue", to=to, overwrite="yes")["timer"]


def test_a_target_in_the_copies_is_refused_always() -> None:
    job = {**SEQ, "destination_collection": SOURCE}
    for to in ("/backup/seq/", "/backup/seq/wed/x/", "/backup/"):
        message = error(ran("backup-seq-tue"), jobs=[job], job="seq", slot="tue", to=to, overwrite=True)
        assert "so the restore would damage the copy" in message


def test_targets_that_other_jobs_read_or_write_are_warned_of() -> None:
    other = {**LAB, "name": "home", "source_path": "/home/"}
    back: dict[str, Any] = {**LAB, "name": "back", "source_collection": DESTINATION, "destination_collection": SOURCE}
    back = {**back, "source_path": "/x/", "destination_path": "/srv/", "delete_destination_extra": True}
    jobs = [SEQ, other, back]
    (warning,) = right(ran("backup-seq-tue"), jobs=jobs, job="seq", slot="tue", to="/home/me/")["warnings"]
    assert warning == (
        "job seq, slot tue: the target /home/me/ overlaps with a source path of job home, so job home will also back "
        "up the restored files"
    )
    (warning,) = right(ran("backup-seq-tue"), jobs=jobs, job="seq", slot="tue", to="/srv/me/")["warnings"]
    assert warning.endswith("overlaps with a destination path of job back, which may delete the restored files")


def test_overwrite_without_a_target_has_no_effect_and_is_warned_of() -> None:
    found = right(ran("backup-seq-tue"), job="seq", slot="tue", overwrite=True)
    assert found["warnings"][0].endswith("set backup_restore_to: /data/seq/")
    assert "restored" in targets(found)[0][1]


def test_mistakes_of_other_jobs_do_not_stand_in_the_way() -> None:
    wrong = {"name": "wrong", "schedule": "x"}
    assert right(ran("backup-lab"), jobs=[wrong, LAB], job="lab")["timer"]
    assert "schedule 'x' does not exist" in error(jobs=[wrong, LAB], job="wrong")
    assert right(ran("backup-lab"), jobs=[{**LAB, "state": "absent"}], job="lab")["timer"]


# --- which copy ----------------------------------------------------------------------------------------------------


def test_latest_is_the_newest_complete_copy_that_is_not_written_to() -> None:
    timers = [
        ran("backup-seq-mon", "2026-03-02T02:00:00+00:00"),
        ran("backup-seq-sun", "2026-03-01T02:00:00+00:00"),
        {**ran("backup-seq-tue"), "recent_runs": [run("ACTIVE")]},
        timer("backup-seq-wed", runs=1, recent_runs=[run("FAILED", "2026-03-04T02:00:00+00:00")]),
    ]
    assert right(*timers, job="seq")["restore"]["slot"] == "mon"
    message = error(*timers, job="seq", slot="tue")
    assert message.startswith("job seq, slot tue: not restored, because the transfer that writes to this copy is in ")
    assert f"{PAGE}task" in message
    message = error(*timers, job="seq", slot="wed")
    assert "every known run of its timer backup-seq-wed failed" in message
    assert "no such path" in message


def test_without_history_the_slot_whose_run_fell_due_last_is_taken_with_a_warning() -> None:
    found = right(*(timer(f"backup-seq-{day}") for day in ("mon", "tue", "wed")), job="seq")
    assert found["restore"]["slot"] == "tue"
    assert found["restore"]["copied_at"] is None
    (warning,) = found["warnings"]
    assert "its timer backup-seq-tue has not run since it was created or replaced" in warning
    (warning,) = right(job="seq")["warnings"]
    assert "its timer backup-seq-tue does not exist, so its runs are unknown" in warning
    gone = timer("backup-lab", runs=400)
    (warning,) = right(gone, job="lab")["warnings"]
    assert "no complete run of its timer backup-lab is known" in warning


def test_a_timer_that_writes_elsewhere_says_nothing_of_the_copy() -> None:
    elsewhere = {"transfer": {**ENDS, "paths": [{"source_path": "/data/lab/", "destination_path": "/old/"}]}}
    found = right(ran("backup-lab", definition=elsewhere), job="lab")
    assert "its timer backup-lab does not write to the destination path of the job" in found["warnings"][0]


def test_a_near_run_and_a_failure_after_the_copy_are_warned_of() -> None:
    near = ran("backup-lab", next_run="2026-03-03T12:30:00+00:00")
    (warning,) = right(near, job="lab")["warnings"]
    assert "the next run, at 2026-03-03T12:30:00+00:00, writes to this copy" in warning
    assert not right(near, job="lab", wait=0)["warnings"]
    later = ran("backup-lab")
    later["recent_runs"].insert(0, run("FAILED", "2026-03-03T11:00:00+00:00"))
    (warning,) = right(later, job="lab")["warnings"]
    assert "the run at 2026-03-03T11:00:00+00:00 failed after the last complete transfer" in warning


def test_a_last_run_whose_task_cannot_be_read_is_warned_of() -> None:
    unread = {**run("in progress"), "transfer": None}
    _doubt, warning = right(timer("backup-lab", runs=1, recent_runs=[unread]), job="lab")["warnings"]
    assert warning == (
        "job lab: the last run of its timer may still be in progress, because its transfer task cannot be read. Check "
        f"it in the web app: {PAGE}timers/backup-lab"
    )


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("/data/seq", "the target /data/seq is the source path of the job. "),
        ("/data/seq/old/", "the target /data/seq/old/ is inside the source path of the job, /data/seq/. "),
        ("/data/", "the target /data/ contains the source path of the job, /data/seq/. "),
    ],
)
def test_a_refusal_says_how_the_target_and_the_original_overlap(to: str, message: str) -> None:
    assert message in error(ran("backup-seq-tue"), job="seq", slot="tue", to=to)


def test_a_target_that_is_no_whole_path_is_refused() -> None:
    """The collection would decide where it leads, and no guard could see whether that is the original place."""
    message = error(ran("backup-seq-tue"), job="seq", slot="tue", to="seq")
    assert message.startswith("job seq, slot tue: backup_restore_to 'seq' is a relative path. Set it to a full path")
    assert right(ran("backup-seq-tue"), job="seq", slot="tue", to="~/seq")["timer"]


def written_by_now(slot: str, status: str, moment: str = "2026-03-03T11:00:00+00:00") -> dict[str, Any]:
    """A copy that the entry point now has made, or makes."""
    paths = [{"source_path": "/data/seq/", "destination_path": f"/backup/seq/{slot}/"}]
    fields: dict[str, Any] = {"definition": {"transfer": {**ENDS, "paths": paths}, "schedule": {}}, "status": "ended"}
    name = f"now-seq-{slot}-20260303T1100Z"
    if status == "SUCCEEDED":
        return ran(name, moment, **fields)
    return timer(name, runs=1, recent_runs=[run(status, moment)], **fields)


def test_a_copy_that_now_writes_at_this_moment_is_refused() -> None:
    """It is half old and half new, whichever timer writes it."""
    message = error(ran("backup-seq-tue"), written_by_now("tue", "ACTIVE"), job="seq", slot="tue")
    assert "the transfer that writes to this copy is in progress" in message
    assert f"{PAGE}task" in message
    assert right(ran("backup-seq-mon"), written_by_now("tue", "ACTIVE"), job="seq")["restore"]["slot"] == "mon"
    elsewhere = written_by_now("tue", "ACTIVE")
    elsewhere["definition"]["transfer"]["paths"][0]["destination_path"] = "/old/"
    assert right(ran("backup-seq-tue"), elsewhere, job="seq", slot="tue")["timer"]


def test_a_copy_that_now_has_made_counts_as_complete() -> None:
    failed = timer("backup-seq-wed", runs=1, recent_runs=[run("FAILED")])
    found = right(failed, written_by_now("wed", "SUCCEEDED"), job="seq", slot="wed")
    assert found["restore"]["copied_at"] == "2026-03-03T11:00:00+00:00"
    assert not found["warnings"]
    assert (
        right(ran("backup-seq-mon"), failed, written_by_now("wed", "SUCCEEDED"), job="seq")["restore"]["slot"] == "wed"
    )
    assert right(ran("backup-seq-tue"), written_by_now("tue", "FAILED"), job="seq")["warnings"]


def test_a_stalled_transfer_has_to_be_cancelled_and_other_copies_are_listed() -> None:
    """The disk died: the nightly transfer finds no source and tries for days, so waiting is no advice."""
    health = {"state": "stalled", "reason": "Its transfer is stalled: FILE_NOT_FOUND"}
    stalled = {**ran("backup-seq-tue"), "recent_runs": [run("ACTIVE")], "health": health}
    others = [ran("backup-seq-mon", "2026-03-02T02:00:00+00:00"), ran("backup-seq-sun", "2026-03-01T02:00:00+00:00")]
    message = error(stalled, *others, job="seq", slot="tue")
    assert (
        "has not finished. Its transfer is stalled: FILE_NOT_FOUND. Cancel that transfer and run the playbook again: "
        in message
    )
    assert message.endswith(
        "Slots with a complete copy: mon (Mon 2 Mar 2026 02:00, UTC); sun (Sun 1 Mar 2026 02:00, UTC)"
    )
    assert "Wait" not in message


def test_a_failure_that_wrote_nothing_is_not_warned_of() -> None:
    """Nothing was written to the copy, so nothing in it is newer than the rest. A mirror may have deleted."""
    failed = run("FAILED", "2026-03-03T11:00:00+00:00")
    failed["transfer"] |= {"files_transferred": 0, "bytes_transferred": 0}
    found = ran("backup-lab")
    found["recent_runs"].insert(0, failed)
    assert not right(found, job="lab")["warnings"]
    assert right(found, jobs=[{**LAB, "delete_destination_extra": True}], job="lab")["warnings"]
    failed["transfer"]["bytes_transferred"] = 1
    assert right(found, job="lab")["warnings"]


def test_the_age_of_the_copy_is_in_the_time_zone_of_the_job() -> None:
    found = planned(ran("backup-seq-tue", "2026-03-03T02:00:59+00:00"), job="seq")
    assert found["restore"]["copied"] == "Tue 3 Mar 2026 02:00, UTC"


# --- unfinished restores --------------------------------------------------------------------------------------------


def unfinished(found: dict[str, Any], name: str, **fields: Any) -> dict[str, Any]:
    definition = {"name": name, "transfer": found["timer"]["transfer"], "schedule": {}}
    return timer(name, definition=definition, **fields)


def test_the_same_restore_is_adopted_until_it_has_finished() -> None:
    first = right(ran("backup-seq-tue"), job="seq")
    name = first["timer"]["name"]
    assert name == "restore-seq-tue-20260303T1200Z"
    active = unfinished(first, name, status="ended", recent_runs=[run("ACTIVE")])
    copy = {**ran("backup-seq-tue"), "recent_runs": [run("ACTIVE")]}  # adopted before the copy is looked at
    found = right(copy, active, job="seq")
    assert found["timer"] is None
    assert (found["restore"]["adopted"], found["restore"]["timer_id"]) == (True, active["id"])
    found = right(copy, unfinished(first, name, status="inactive"), job="seq")
    assert found["timer"]["name"] == name  # to be resumed
    assert right(ran("backup-seq-tue"), active, job="seq", path="x/")["timer"] is not None
    assert right(ran("backup-seq-tue"), active, job="seq", to="/x/")["timer"] is not None


def test_a_restore_that_arrived_meanwhile_is_not_begun_again() -> None:
    """A play gave up waiting, the restore arrived at night, and somebody runs the play again, as its message says."""
    copy = ran("backup-seq-tue")
    first = right(copy, job="seq")
    name, begun = first["timer"]["name"], "2026-03-03T11:00:00+00:00"
    arrived = ran(name, begun, status="ended", definition={"transfer": first["timer"]["transfer"], "schedule": {}})
    found = right(copy, arrived, job="seq")
    assert found["timer"] is None
    assert (found["restore"]["adopted"], found["restore"]["timer_id"]) == (True, arrived["id"])
    assert found["restore"]["paths"] == first["restore"]["paths"]
    (warning,) = found["warnings"]
    assert "was already restored at 2026-03-03T11:00:00+00:00 and has not changed since" in warning
    newer = ran("backup-seq-tue", "2026-03-03T11:30:00+00:00")
    assert right(newer, arrived, job="seq")["timer"]["name"] == "restore-seq-tue-20260303T1201Z"
    assert right(copy, arrived, job="seq", to="/x/")["timer"]
    assert right(copy, arrived, job="seq", path="x/")["timer"]
    old = {**arrived, "last_success": {**arrived["last_success"], "ran_at": "2026-03-02T11:00:00+00:00"}}
    assert right(ran("backup-seq-tue", "2026-03-02T02:00:00+00:00"), old, job="seq")["timer"]


def test_a_restore_that_a_user_paused_is_refused() -> None:
    first = right(ran("backup-seq-tue"), job="seq")
    paused = {"status": "inactive", "inactive_reason": {"cause": "user"}}
    message = error(ran("backup-seq-tue"), unfinished(first, first["timer"]["name"], **paused), job="seq")
    assert "already exists, but a user paused it" in message


def test_names_end_in_the_moment_so_that_health_knows_what_they_are_for() -> None:
    assert right(job="lab")["timer"]["name"] == "restore-lab-20260303T1200Z"
    assert right(jobs=[{**SEQ, "name": "{slot}-seq"}], job="{slot}-seq", slot="tue")["timer"]["name"] == (
        "restore-tue-seq-20260303T1200Z"
    )


def test_every_entry_point_has_variables_with_defaults() -> None:
    for entry_point in _variables.ENTRY_POINTS:
        _shared, own = _variables.read_for_entry_point(entry_point, {"backup_jobs": [LAB]}, NOW)
        assert own == {name: one.get("default") for name, one in _variables.ENTRY_POINTS[entry_point].items()}
