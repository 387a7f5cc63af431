# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entry points restore, now, hold and release of the role, on the local Globus with real files."""

from __future__ import annotations

import re
import shutil
import textwrap
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

import patience
from emulator.control import LocalGlobus
from emulator.plain import MAPPED, MAPPED_TOO, Api
from integration.harness import START, Playbooks, Run, Task
from integration.test_role_backup import ROOT, latest

ROLE = "research_ops.globus.backup"
JOBS: dict[str, Any] = {
    "backup_defaults": {"source_collection": MAPPED, "destination_collection": MAPPED_TOO},
    "backup_jobs": [
        {
            "name": "sequencer",
            "source_path": "/data/seq/",
            "destination_path": "/backup/seq/{slot}/",
            "schedule": "rotating_weekdays",
        },
        {
            "name": "microscope",
            "source_path": "/data/microscope/",
            "destination_path": "/backup/microscope/",
            "schedule": "nightly",
        },
    ],
}


@pytest.fixture
def lab(globus: LocalGlobus, tmp_path: Path) -> Path:
    """Two collections with real folders: ``disk`` and ``archive``. The clock is stopped."""
    roots = {MAPPED: tmp_path / "disk", MAPPED_TOO: tmp_path / "archive"}
    for root in roots.values():
        root.mkdir()
    for job in JOBS["backup_jobs"]:
        (roots[MAPPED] / job["source_path"].strip("/")).mkdir(parents=True)
    world = {
        "collections": [{"id": key, "display_name": root.name, "root": str(root)} for key, root in roots.items()],
        "clients": [{"id": globus.client_id, "secret": globus.client_secret}],
    }
    globus.reset(world=world, clock=START, stopped=True)
    return tmp_path


def write(lab: Path, path: str, text: str) -> None:
    (lab / path).parent.mkdir(parents=True, exist_ok=True)
    (lab / path).write_text(text, encoding="utf-8")


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder, with its content."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return {str(file.relative_to(folder)): file.read_text(encoding="utf-8") for file in files}


def entry(title: str, entry_point: str, now: str = START, /, **variables: Any) -> list[Task]:
    """Run an entry point of the role. Its result variable, or its failure, becomes the result ``title``."""
    included = {
        "name": f"role {title}",
        "ansible.builtin.include_role": {"name": ROLE, "tasks_from": entry_point},
        "vars": {"backup_clock": now, **JOBS, **variables},
    }
    shown = {
        "name": title,
        "ansible.builtin.debug": {
            "msg": {
                "result": f"{{{{ backup_{entry_point}_result | default(none) }}}}",
                "failure": "{{ (ansible_failed_result | default({})).msg | default(none) }}",
            }
        },
    }
    return [{"name": f"block {title}", "block": [included], "rescue": [], "always": [shown]}]


def came_of(run: Run, title: str) -> Any:
    return run[title]["msg"]["result"]


def failure(run: Run, title: str) -> str:
    return str(run[title]["msg"]["failure"])


def backed_up(playbooks: Playbooks, globus: LocalGlobus, until: str) -> None:
    """Create the timers with the role, and let them run until a moment."""
    run = playbooks.run(
        [{"name": "role", "ansible.builtin.include_role": {"name": ROLE}}], variables={"backup_clock": START, **JOBS}
    )
    assert run.status == 0, run.output
    globus.set_clock(until)


TUESDAY = "2026-03-03T12:00:00+00:00"
WAITING = "Set the time to stop waiting"  # the task before a play waits
MOMENT = "20260303T1200Z"  # the same in names


# --- restore -------------------------------------------------------------------------------------------------------


def test_a_slot_comes_back_beside_the_original(playbooks: Playbooks, globus: LocalGlobus, lab: Path) -> None:
    """Check mode changes nothing. The same restore again does not start a second one, because the first one is
    complete."""
    write(lab, "disk/data/seq/run-1/a.txt", "of tuesday")
    write(lab, "disk/data/seq/run 2/\u00fc\u4e2d.txt", "odd")
    write(lab, "disk/data/microscope/m.txt", "m")
    backed_up(playbooks, globus, TUESDAY)
    tuesday = tree(lab / "archive/backup/seq/tue")
    assert len(tuesday) == 2
    write(lab, "disk/data/seq/run-1/a.txt", "destroyed")
    wanted = {"backup_restore_job": "sequencer", "backup_restore_slot": "Tue"}
    run = playbooks.run(entry("check", "restore", TUESDAY, **wanted), "--check", "--diff")
    assert run.status == 0, run.output
    assert came_of(run, "check")["state"] == "planned"
    assert came_of(run, "check")["changed"]
    assert sorted(path.name for path in (lab / "disk/data").iterdir()) == ["microscope", "seq"]

    run = playbooks.run(
        [
            *entry("restore", "restore", TUESDAY, **wanted),
            *entry("again", "restore", TUESDAY, **wanted),
            *entry("nightly", "restore", TUESDAY, backup_restore_job="microscope", backup_restore_slot=""),
            *entry("part", "restore", TUESDAY, **wanted, backup_restore_path="run 2/", backup_restore_to="/tmp/x"),
            *entry("file", "restore", TUESDAY, **wanted, backup_restore_path="run 2/\u00fc\u4e2d.txt"),
        ]
    )
    assert run.status == 0, run.output
    found = came_of(run, "restore")
    assert (found["state"], found["changed"], found["adopted"]) == ("arrived", True, False)
    assert (found["job"], found["slot"], found["files_transferred"]) == ("sequencer", "tue", 2)
    assert found["copied_at"] == "2026-03-03T02:00:00+00:00"
    assert found["name"] == "restore-sequencer-tue-20260303T1200Z"
    assert found["url"].endswith(found["task_id"])
    assert tree(lab / "disk/data/seq-restored-tue-20260303T1200Z") == tuesday
    assert found["copied"] == "Tue 3 Mar 2026 02:00, UTC"
    assert "2 files transferred, 13 bytes. The copy is from Tue 3 Mar 2026 02:00, UTC. Target: /data/seq" in run.output
    again = came_of(run, "again")
    assert (again["name"], again["state"], again["changed"], again["adopted"]) == (
        found["name"],
        "arrived",
        False,
        True,
    )
    assert "this copy was already restored at 2026-03-03T12:00" in " ".join(run.output.split())
    assert tree(lab / "disk/data/microscope-restored-20260303T1200Z") == {"m.txt": "m"}
    assert tree(lab / "disk/tmp/x") == {"run 2/\u00fc\u4e2d.txt": "odd"}
    assert came_of(run, "part")["paths"][0]["target"] == "/tmp/x/run 2/"
    assert tree(lab / "disk/data/seq-restored-tue-20260303T1202Z") == {"run 2/\u00fc\u4e2d.txt": "odd"}
    assert "Restore of job sequencer, slot tue: arrived: 2 of 2 files transferred, 13 bytes" in run.output
    assert tree(lab / "disk/data/seq")["run-1/a.txt"] == "destroyed"


def test_what_cannot_be_restored_is_refused_with_job_and_slot(
    playbooks: Playbooks, globus: LocalGlobus, lab: Path
) -> None:
    write(lab, "disk/data/seq/a.txt", "a")
    backed_up(playbooks, globus, TUESDAY)
    job = {"backup_restore_job": "sequencer"}
    to = "backup_restore_to"
    cases: dict[str, tuple[dict[str, Any], str]] = {
        "no job": ({}, "backup_restore_job is missing. Set it to the name of a job. Available jobs: sequencer"),
        "other job": (
            {"backup_restore_job": "seq"},
            "job 'seq' does not exist. Available jobs: sequencer, microscope",
        ),
        "other slot": (
            {**job, "backup_restore_slot": "week1"},
            "job sequencer has no slot 'week1'. Available slots: mon, tue",
        ),
        "never ran": ({**job, "backup_restore_slot": "sat"}, "/backup/seq/sat/ on collection"),
        "missing": (
            {**job, "backup_restore_path": "b.txt"},
            "Restore of job sequencer, slot tue: failed: /backup/seq/tue/b.txt on collection",
        ),
        "original": (
            {**job, to: "/data/seq"},
            "job sequencer, slot tue: the target /data/seq is the source path of the job",
        ),
        "above": ({**job, to: "/data/"}, "the target /data/ contains the source path of the job, /data/seq/"),
        "below": ({**job, to: "/data/seq/x/"}, "is inside the source path of the job, /data/seq/"),
        "relative": ({**job, to: "seq"}, "backup_restore_to 'seq' is a relative path"),
        "up": ({**job, "backup_restore_path": "../x/"}, "must not contain '..'"),
        "elsewhere": (
            {**job, "backup_restore_path": "/data/x/"},
            "is not below a source path of job sequencer. Source paths: /data/seq/",
        ),
        "wait": ({**job, "backup_wait": -1}, "backup_wait must be a number of seconds, 0 or more, not -1"),
    }
    tasks: list[Task] = []
    for title, (variables, _message) in cases.items():
        tasks += [{"name": title, "block": entry(title, "restore", TUESDAY, **variables), "rescue": [{"meta": "noop"}]}]
    run = playbooks.run(tasks)
    for title, (_variables, message) in cases.items():
        assert message in failure(run, title), title
        assert len(failure(run, title)) < 500
    assert not [timer for timer in globus.timers() if timer["name"].startswith("restore-")]


def test_ten_thousand_files_come_back(playbooks: Playbooks, globus: LocalGlobus, lab: Path) -> None:
    for number in range(10_000):
        write(lab, f"disk/data/seq/{number // 100}/{number}.txt", str(number))
    backed_up(playbooks, globus, TUESDAY)
    shutil.rmtree(lab / "disk/data/seq")
    wanted = {"backup_restore_job": "sequencer", "backup_restore_overwrite": True, "backup_restore_to": "/data/seq/"}
    run = playbooks.run(entry("all", "restore", TUESDAY, **wanted))
    assert run.status == 0, run.output
    assert came_of(run, "all")["files_transferred"] == 10_000
    assert tree(lab / "disk/data/seq") == {f"{number // 100}/{number}.txt": str(number) for number in range(10_000)}


def test_the_original_is_overwritten_only_if_asked_for(playbooks: Playbooks, globus: LocalGlobus, lab: Path) -> None:
    """Files that are not in the copy are kept."""
    write(lab, "disk/data/seq/a.txt", "right")
    write(lab, "disk/data/seq/b.txt", "right")
    backed_up(playbooks, globus, TUESDAY)
    write(lab, "disk/data/seq/a.txt", "wrong")
    write(lab, "disk/data/seq/new.txt", "new")
    overwrite = {"backup_restore_to": "/data/seq/", "backup_restore_overwrite": True}
    run = playbooks.run(entry("restore", "restore", TUESDAY, backup_restore_job="sequencer", **overwrite))
    assert run.status == 0, run.output
    assert tree(lab / "disk/data/seq") == {"a.txt": "right", "b.txt": "right", "new.txt": "new"}
    assert came_of(run, "restore")["files_transferred"] == 1


# --- now -----------------------------------------------------------------------------------------------------------


def test_now_copies_the_slot_whose_turn_it_is_and_says_what_differs(
    playbooks: Playbooks, globus: LocalGlobus, lab: Path
) -> None:
    for number in range(3):
        write(lab, f"disk/data/seq/{number}.txt", "old")
    backed_up(playbooks, globus, TUESDAY)
    write(lab, "disk/data/seq/1.txt", "new")
    before = {timer["name"]: timer["job_id"] for timer in globus.timers()}
    drill = {"backup_now_sync_level": "checksum", "backup_now_jobs": "sequencer, microscope"}
    run = playbooks.run(entry("check", "now", TUESDAY, **drill), "--check", "--diff")
    assert run.status == 0, run.output
    assert {one["state"] for one in came_of(run, "check")["jobs"]} == {"planned"}
    assert came_of(run, "check")["changed"]
    assert len(globus.timers()) == len(before)
    run = playbooks.run(
        [
            {"name": "r", "block": entry("wrong", "now", TUESDAY, backup_now_jobs="x"), "rescue": [{"meta": "noop"}]},
            *entry("now", "now", TUESDAY, **drill),
        ]
    )
    assert run.status == 0, run.output
    assert "job 'x' does not exist. Available jobs: sequencer, microscope" in failure(run, "wrong")
    jobs = {one["job"]: one for one in came_of(run, "now")["jobs"]}
    assert jobs["sequencer"]["slot"] == "tue"
    assert jobs["sequencer"]["name"] == "now-sequencer-tue-20260303T1200Z"
    assert jobs["sequencer"]["message"] == "1 of 3 files transferred, 3 bytes (2 already at the destination)"
    assert {one["state"] for one in jobs.values()} == {"arrived"}
    assert tree(lab / "archive/backup/seq/tue")["1.txt"] == "new"
    after = {timer["name"]: timer["job_id"] for timer in globus.timers()}
    assert before.items() <= after.items()
    assert len(after) == len(before) + 2


def test_now_beside_the_nightly_run_is_refused_with_the_reason(
    playbooks: Playbooks, globus: LocalGlobus, lab: Path
) -> None:
    """The other job is copied, and no files of either job are lost."""
    write(lab, "disk/data/seq/a.txt", "a")
    write(lab, "disk/data/microscope/m.txt", "m" * 1000)
    backed_up(playbooks, globus, "2026-03-03T01:59:59+00:00")
    globus.switch(bytes_per_second=1)
    globus.set_clock("2026-03-03T02:00:10+00:00")
    run = playbooks.run(entry("now", "now", "2026-03-03T02:00:10+00:00", backup_wait=0))
    assert run.status == 2
    states = {one["job"]: one["state"] for one in came_of(run, "now")["jobs"]}
    assert states == {"sequencer": "in_progress", "microscope": "failed"}
    refusal = "job microscope: failed: not copied, because the timer backup-microscope is transferring the same paths"
    assert refusal in run.output
    assert "Wait until the first has finished: https://app.globus.org/activity/" in run.output
    globus.advance(3600)
    assert tree(lab / "archive/backup/microscope") == {"m.txt": "m" * 1000}
    assert tree(lab / "archive/backup/seq/tue") == {"a.txt": "a"}


# --- hold and release ----------------------------------------------------------------------------------------------


def test_hold_three_changes_by_hand_and_release(playbooks: Playbooks, globus: LocalGlobus, lab: Path) -> None:
    backed_up(playbooks, globus, TUESDAY)
    api = Api(globus).login(MAPPED, MAPPED_TOO)

    def by_name() -> dict[str, dict[str, Any]]:
        return {job["name"]: job for job in api.jobs(filter_status="active,inactive")}

    at_first = by_name()
    api.call("POST", f"/jobs/{at_first['backup-sequencer-sun']['job_id']}/pause")
    file = {"backup_hold_file": str(lab / "hold.json")}
    run = playbooks.run(entry("check", "hold", TUESDAY, **file), "--check", "--diff")
    assert run.status == 0, run.output
    assert len(came_of(run, "check")["held"]) == 7
    assert not (lab / "hold.json").exists()
    assert "7 timers would be paused; 1 already paused before, which release will not resume. Record: " in run.output
    assert "backup-sequencer-mon" in run.output[run.output.index("Pause the timers") :], "in the diff"
    run = playbooks.run([*entry("hold", "hold", TUESDAY, **file), *entry("again", "hold", TUESDAY, **file)])
    assert run.status == 0, run.output
    assert len(came_of(run, "hold")["held"]) == 7
    assert came_of(run, "hold")["changed"]
    assert not came_of(run, "again")["changed"]
    assert len(came_of(run, "again")["held_before"]) == 7
    assert (lab / "hold.json").stat().st_mode & 0o777 == 0o600
    assert {job["status"] for job in by_name().values()} == {"inactive"}

    # by hand: one resumed, one deleted, one deleted, created again and paused
    api.call("POST", f"/jobs/{at_first['backup-sequencer-mon']['job_id']}/resume")
    api.call("DELETE", f"/jobs/{at_first['backup-sequencer-wed']['job_id']}")
    api.call("DELETE", f"/jobs/{at_first['backup-sequencer-thu']['job_id']}")
    new = api.create(name="backup-sequencer-thu", source=MAPPED, destination=MAPPED_TOO)
    api.call("POST", f"/jobs/{new}/pause")
    globus.set_clock("2026-03-04T12:00:00+00:00")
    now = "2026-03-04T12:00:00+00:00"
    run = playbooks.run(entry("check", "release", now, **file), "--check", "--diff")
    assert run.status == 0, run.output
    assert (lab / "hold.json").exists()
    run = playbooks.run(
        [
            *entry("release", "release", now, **file, backup_release_spread=1),
            *entry("again", "release", now, **file),
        ]
    )
    assert run.status == 0, run.output
    found = came_of(run, "release")
    resumed = {one["name"]: one["missed_run"] for one in found["resumed"]}
    assert resumed == {
        "backup-microscope": True,
        "backup-sequencer-tue": False,
        "backup-sequencer-thu": resumed["backup-sequencer-thu"],
        "backup-sequencer-fri": False,
        "backup-sequencer-sat": False,
    }
    assert {one["name"]: one["message"] for one in found["notes"]} == {
        "backup-sequencer-mon": "it is already active: somebody resumed it, or it was never paused",
        "backup-sequencer-wed": (
            "it was deleted. The next run of the role creates it again if its job is still in the list"
        ),
        "backup-sequencer-thu": "it was replaced by a paused timer with the same name, which is resumed",
    }
    assert not (lab / "hold.json").exists()
    states = {name: job["status"] for name, job in by_name().items()}
    assert states.pop("backup-sequencer-sun") == "inactive", "it was paused before"
    assert "inactive" not in states.values()
    assert not came_of(run, "again")["changed"]
    assert "so nothing was resumed. Paused timers of the jobs: backup-sequencer-sun" in run.output
    before = {task["task_id"] for task in globus.tasks()}
    globus.set_clock("2026-03-12T12:00:00+00:00")
    ids = {task["timer_id"] for task in globus.tasks() if task["task_id"] not in before}
    again = {timer["name"] for timer in globus.timers() if timer["job_id"] in ids}
    assert again == {*resumed, "backup-sequencer-mon"}, "in eight days exactly these have run"


# --- hard cases ----------------------------------------------------------------------------------------------------


def test_sixty_days_later_each_state_comes_back_byte_for_byte(
    playbooks: Playbooks, globus: LocalGlobus, lab: Path
) -> None:
    """Grandfather, father, son: each copy mirrors its day, but no restore is a mirror. The original is lost."""
    job = {
        "name": "seq",
        "source_path": "/data/seq/",
        "destination_path": "/backup/seq/{slot}/",
        "schedule": "grandfather_father_son",
        "delete_destination_extra": True,
    }
    variables = {**JOBS, "backup_jobs": [job]}
    made = {"name": "role", "ansible.builtin.include_role": {"name": ROLE}}
    assert playbooks.run([made], variables={"backup_clock": START, **variables}).status == 0
    source, states = lab / "disk/data/seq", {}
    for number in range(1, 61):
        day = f"{date(2026, 3, 2) + timedelta(days=number)}"
        globus.set_clock(f"{day}T00:30:00+00:00")
        shutil.rmtree(source, ignore_errors=True)
        write(lab, "disk/data/seq/day.txt", day)
        write(lab, f"disk/data/seq/run {number}/\u00fc.dat", day * number)
        states[day] = tree(source)
        globus.set_clock(f"{day}T20:00:00+00:00")
    shutil.rmtree(source)
    write(lab, "disk/restored/mine.txt", "mine")
    slots = {
        "thu": "2026-04-30",
        "tue": "2026-04-28",
        "week2": str(latest("week2", date(2026, 5, 1))),
        "": "2026-05-01",
    }
    tasks: list[Task] = []
    for slot in slots:
        to = {"backup_restore_to": "/restored/"} if slot == "tue" else {}
        tasks += entry(
            f"slot {slot}",
            "restore",
            "2026-05-01T20:00:00+00:00",
            **{**variables, "backup_restore_job": "seq", "backup_restore_slot": slot, **to},
        )
    run = playbooks.run(tasks)
    assert run.status == 0, run.output
    for slot, day in slots.items():
        found = came_of(run, f"slot {slot}")
        restored = tree(lab / "disk" / found["paths"][0]["target"].strip("/"))
        if slot == "tue":
            assert restored.pop("mine.txt") == "mine"
        assert restored == states[day], slot
        assert found["slot"] == (slot or "fri")
        assert found["copied_at"].startswith(day)


def test_killed_twice_at_once_and_asleep_it_stays_one_restore(
    playbooks: Playbooks, globus: LocalGlobus, lab: Path
) -> None:
    """Two plays wait for a restore, one of them is killed, the disk is offline for a time, and a third play starts."""
    write(lab, "disk/data/seq/a.dat", "a" * 5000)
    backed_up(playbooks, globus, TUESDAY)
    globus.switch(bytes_per_second=5)
    wanted = {"backup_restore_job": "sequencer", "backup_wait": 300}
    tasks = entry("restore", "restore", TUESDAY, **wanted)
    globus.clear_log()
    first, second = playbooks.start(tasks), playbooks.start(tasks)
    patience.until("both plays wait", lambda: first.has_done(WAITING) and second.has_done(WAITING))
    first.kill()
    globus.collection(MAPPED, reachable=False)
    globus.advance(120)

    third = playbooks.run(entry("third", "restore", TUESDAY, **{**wanted, "backup_wait": 3}))

    assert third.status == 2
    found = came_of(third, "third")
    assert (found["state"], found["adopted"], found["changed"]) == ("in_progress", True, False)
    state = "0 files transferred of 1 found so far, 0 bytes; Globus reports CONNECT_FAILED"
    assert f"still in progress ({found['url']}): {state}" in third.output
    assert "Run the playbook again to wait for this transfer. It does not start a second one" in third.output
    globus.collection(MAPPED, reachable=True)
    globus.advance(3600)
    run = second.wait()
    assert run.status == 0, run.output
    assert came_of(run, "restore")["state"] == "arrived"
    assert came_of(run, "restore")["timer_id"] == found["timer_id"]
    # If both were created at the same moment, Globus refused the run of the later timer (409), so it has ended.
    restores = [timer for timer in globus.timers() if timer["name"].startswith("restore-")]
    assert {timer["status"] for timer in restores} == {"ended"}
    ids = [timer["job_id"] for timer in restores]
    (task,) = [task for task in globus.tasks() if task["timer_id"] in ids]
    assert (task["status"], task["timer_id"]) == ("SUCCEEDED", found["timer_id"])
    assert tree(lab / "disk/data" / f"seq-restored-tue-{MOMENT}") == {"a.dat": "a" * 5000}


def test_the_disk_died_and_the_nightly_transfer_is_stalled(
    playbooks: Playbooks, globus: LocalGlobus, lab: Path
) -> None:
    """It never ends by itself. The message says to cancel it. Then the copy, to which it wrote nothing, is restored.
    While ``now`` writes the copy, it is refused as well.
    """
    write(lab, "disk/data/microscope/m.txt", "m" * 100)
    write(lab, "disk/data/seq/a.txt", "a")
    backed_up(playbooks, globus, "2026-03-03T12:00:00+00:00")
    (lab / "disk/data/microscope").rename(lab / "away")
    night = "2026-03-04T12:00:00+00:00"
    globus.set_clock(night)
    job = {"backup_restore_job": "microscope"}
    run = playbooks.run([{"block": entry("refused", "restore", night, **job), "rescue": [{"meta": "noop"}]}])
    message = failure(run, "refused")
    assert "job microscope: not restored, because the transfer that writes to this copy has not finished" in message
    assert "FILE_NOT_FOUND" in message
    (task,) = [one for one in globus.tasks() if one["status"] == "ACTIVE" and "microscope" in one["label"]]
    page = f"https://app.globus.org/activity/{task['task_id']}"
    assert message.endswith(f"Cancel that transfer and run the playbook again: {page}")
    globus.task(task["task_id"], fail="CANCELED")
    run = playbooks.run(entry("restored", "restore", night, **job))
    assert run.status == 0, run.output
    assert "failed after the last complete transfer" not in run.output, "it wrote nothing"
    beside = came_of(run, "restored")["paths"][0]["target"]
    assert tree(lab / "disk" / beside.strip("/")) == {"m.txt": "m" * 100}

    (lab / "away").rename(lab / "disk/data/microscope")
    write(lab, "disk/data/microscope/m.txt", "new" * 100)
    globus.switch(bytes_per_second=1)
    later = "2026-03-04T13:00:00+00:00"
    globus.set_clock(later)
    run = playbooks.run(
        [
            *entry("now", "now", later, backup_now_jobs="microscope", backup_wait=0),
            {"block": entry("half", "restore", later, **job), "rescue": [{"meta": "noop"}]},
        ]
    )
    assert came_of(run, "now")["jobs"][0]["state"] == "in_progress"
    assert "the transfer that writes to this copy is in progress" in failure(run, "half")


def test_a_slot_that_is_being_written_or_never_succeeded_is_refused(
    playbooks: Playbooks, globus: LocalGlobus, lab: Path
) -> None:
    """``latest`` skips both."""
    write(lab, "disk/data/seq/a.dat", "a" * 100)
    backed_up(playbooks, globus, TUESDAY)
    globus.switch(hopeless_errors="fatal", bytes_per_second=1)
    (lab / "disk/data/seq/a.dat").write_text("b" * 100, encoding="utf-8")
    shutil.rmtree(lab / "disk/data/seq")
    write(lab, "disk/data/seq", "a file where a folder was")
    globus.set_clock("2026-03-04T12:00:00+00:00")
    (lab / "disk/data/seq").unlink()
    write(lab, "disk/data/seq/a.dat", "b" * 100)
    now = "2026-03-05T02:00:10+00:00"
    globus.set_clock(now)
    job = {"backup_restore_job": "sequencer"}
    tasks: list[Task] = []
    for slot in ("wed", "thu"):
        refused = entry(slot, "restore", now, **job, backup_restore_slot=slot)
        tasks += [{"name": f"refused {slot}", "block": refused, "rescue": [{"meta": "noop"}]}]
    run = playbooks.run([*tasks, *entry("latest", "restore", now, **job, backup_wait=0)])
    assert "job sequencer, slot wed: not restored, because every known run of its timer" in failure(run, "wed")
    assert "job sequencer, slot thu: not restored, because the transfer that writes to this copy" in failure(run, "thu")
    assert came_of(run, "latest")["slot"] == "tue"


def test_the_guides_commands_bring_the_data_back(playbooks: Playbooks, globus: LocalGlobus, lab: Path) -> None:
    """The files and commands of the guide to restoring, and the maintenance window of the guide to backups."""
    write(lab, "disk/data/seq/a.txt", "a")
    write(lab, "disk/data/seq/b.txt", "b")
    write(lab, "disk/data/microscope/run-2211/m.txt", "m")
    write(lab, "disk/data/microscope/run 5/notes.txt", "n")
    plays = lab / "plays"
    shutil.copytree(ROOT / "docs/examples/restoring", plays)
    for name in ("jobs.yml", "restore.yml", "copy_now.yml", "maintenance.yml"):
        assert (plays / name).is_file()
    jobs = yaml.safe_load((plays / "jobs.yml").read_text(encoding="utf-8"))
    run = playbooks.run(
        [{"name": "role", "ansible.builtin.include_role": {"name": ROLE}}], variables={"backup_clock": START, **jobs}
    )
    assert run.status == 0, run.output
    globus.set_clock("2026-03-03T12:00:00+00:00")
    shutil.rmtree(lab / "disk/data/seq")
    guide = (ROOT / "docs/docsite/rst/guide_restoring.rst").read_text(encoding="utf-8")
    commands = re.findall(r"^\.\. code-block:: bash\n\n((?: .*\n|\n)+)", guide, re.M)
    assert len(commands) == 6
    commands = [textwrap.dedent(block) for block in commands]
    hold = [f"ansible-playbook maintenance.yml -e maintenance={word}" for word in ("begins", "ends")]
    hold.append("! ansible-playbook maintenance.yml -e maintenance=starts")
    done = patience.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join([*commands, *hold])],
        env={**playbooks.environment, "RECORD": str(lab / "guide.jsonl")},
        cwd=plays,
    )
    assert done.returncode == 0, done.stdout
    (beside,) = (lab / "disk/data").glob("seq-restored-tue-*")
    assert tree(beside) == tree(lab / "disk/data/seq") == {"a.txt": "a", "b.txt": "b"}
    assert tree(lab / "disk/data/restored") == {"run-2211/m.txt": "m"}
    for printed in re.findall(r"^\.\. code-block:: text\n\n((?: .*\n|\n)+)", guide, re.M):
        assert printed.strip() in done.stdout
    assert "24 timers paused" in done.stdout
    assert "24 timers resumed" in done.stdout
    assert "Add -e maintenance=begins or -e maintenance=ends" in done.stdout
    (part,) = (lab / "disk/data").glob("microscope-restored-*")
    assert tree(part) == {"run 5/notes.txt": "n"}
    assert not list(playbooks.home.glob("*.hold"))
