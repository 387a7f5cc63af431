# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role backup on the local Globus: the interface's example, a hundred jobs, a year of grandfather_father_son."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from ansible_collections.research_ops.globus.plugins.plugin_utils._backup import SCHEDULES
from emulator.control import LocalGlobus
from emulator.plain import INVISIBLE, MAPPED, MAPPED_TOO
from integration.harness import ANSIBLE, PYTHON, START, Playbooks, Run, Task, calls, control, writes

ROOT = Path(__file__).resolve().parents[2]
CHICAGO = "America/Chicago"
COLLECTIONS = {"source_collection": MAPPED, "destination_collection": MAPPED_TOO}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NEXT_WEEK = "2026-03-09T12:00:00+00:00"  # a change of the clocks of Chicago lies between
SLOTTED = [name for name, schedule in SCHEDULES.items() if "slots" in schedule]

# The example of the interface
EXAMPLE: dict[str, Any] = {
    "backup_timezone": CHICAGO,
    "backup_defaults": {"destination_collection": MAPPED_TOO, "sync_level": "checksum"},
    "backup_jobs": [
        {
            "name": "microscope",
            "source_collection": MAPPED,
            "source_path": "/data/microscope/",
            "destination_path": "/backup/microscope/",
            "schedule": "nightly",
        },
        {
            "name": "sequencer",
            "source_collection": MAPPED,
            "source_path": "/data/seq/",
            "destination_path": "/backup/seq/{slot}/",
            "schedule": "grandfather_father_son",
            "at": "03:30",
        },
    ],
}


def role(title: str, now: str = START, /, **variables: Any) -> list[Task]:
    """Run the role. Its registered result, or its failure, becomes the result ``title``. A failure does not end the
    play."""
    included = {
        "name": f"role {title}",
        "ansible.builtin.include_role": {"name": "research_ops.globus.backup"},
        "vars": {"backup_clock": now, **variables},
    }
    shown = [
        {"name": title, "ansible.builtin.debug": {"var": name}} for name in ("backup_result", "ansible_failed_result")
    ]
    return [{"name": f"block {title}", "block": [included, shown[0]], "rescue": [shown[1]]}]


def log(title: str) -> list[Task]:
    """Read the log of requests, and clear it."""
    return [control("GET", "log", title=title), control("DELETE", "log", title=f"clear {title}")]


def result(run: Run, title: str) -> dict[str, Any]:
    found = run[title]["backup_result"]
    assert isinstance(found, dict)
    return found


def failure(run: Run, title: str) -> str:
    return str(run[title]["ansible_failed_result"]["msg"])


def counted(run: Run, title: str) -> Counter[str]:
    """The number of requests of each kind in a log."""
    return Counter(calls(run[title]["answer"]["requests"]))


def counted_log(globus: LocalGlobus) -> Counter[str]:
    """The number of requests of each kind in the current log."""
    return Counter(calls(globus.log()))


def local(timer: dict[str, Any], key: str = "start", zone: str = CHICAGO) -> str:
    return datetime.fromisoformat(timer[key]).astimezone(ZoneInfo(zone)).strftime("%a %Y-%m-%d %H:%M")


def job(name: str, schedule: str = "nightly", /, **options: Any) -> dict[str, Any]:
    slot = "{slot}/" if schedule in SLOTTED else ""
    paths = {"source_path": f"/data/{name}/", "destination_path": f"/backup/{name}/{slot}"}
    return {"name": name, "schedule": schedule, **paths, **options}


# --- the interface's example ---------------------------------------------------------------------------------------


def test_the_example_of_the_interface(playbooks: Playbooks, globus: LocalGlobus) -> None:
    """The timers are right. A second run, and one a week later, change nothing."""
    run = playbooks.run(
        [
            *role("check", **EXAMPLE),
            *log("log of check"),
        ],
        "--check",
    )
    assert result(run, "check")["counts"]["created"] == 24
    assert not writes(run["log of check"]["answer"]["requests"])
    run = playbooks.run(
        [
            *role("first", **EXAMPLE),
            *log("log of first"),
            *role("second", **EXAMPLE),
            *log("log of second"),
            control("POST", "clock", {"set": NEXT_WEEK}),
            *role("next week", NEXT_WEEK, **EXAMPLE),
            *role("next week, the controller a week behind", START, **EXAMPLE),
            control("POST", "clock", {"set": "2027-01-05T12:00:00+00:00"}),
            *role("next year", "2027-01-05T12:00:00+00:00", **EXAMPLE),
        ]
    )
    assert result(run, "first")["counts"]["created"] == 24
    for title in ("second", "next week", "next week, the controller a week behind", "next year"):
        assert result(run, title)["counts"]["unchanged"] == 24, title
        assert not result(run, title)["changed"]
    assert counted(run, "log of second") == {"POST token": 1, "GET jobs": 1}
    # C2: a token to look up the collections, one with the consent, a list before and one after; for check_paths,
    # another token and a request for each path: two sources, the destination of the microscope and one for each slot
    requests = counted(run, "log of first")
    assert requests.pop("POST token") <= 2
    assert requests == {"POST consent": 2, "GET collection": 2, "GET stat": 26, "GET jobs": 2, "POST timer": 24}

    timers = {timer["name"]: timer for timer in globus.timers()}
    assert len(timers) == 24
    weekdays = zip(DAYS, (9, 3, 4, 5, 6, 7, 8), strict=True)  # the dates in March 2026
    expected = {
        "backup-microscope": ("Tue 2026-03-03 02:00", 1),
        **{f"backup-sequencer-{d}": (f"{d.title()} 2026-03-{n:02} 03:30", 7) for d, n in weekdays},
        "backup-sequencer-week1": ("Sun 2026-03-29 03:30", 28),
        "backup-sequencer-week2": ("Sun 2026-03-08 03:30", 28),
        "backup-sequencer-week3": ("Sun 2026-03-15 03:30", 28),
        "backup-sequencer-week4": ("Sun 2026-03-22 03:30", 28),
    }
    for name, (start, days) in expected.items():
        assert (local(timers[name]), timers[name]["interval"]) == (start, days * 86400), name
    for number, month in enumerate(MONTHS, 1):
        timer = timers[f"backup-sequencer-{month}"]
        year = 2027 if number <= 3 else 2026
        assert local(timer)[4:] == f"{year}-{number:02}-01 03:30"
        assert timer["interval"] == 365 * 86400
        (item,) = timer["callback_body"]["body"]["DATA"]
        assert (item["source_path"], item["destination_path"]) == ("/data/seq/", f"/backup/seq/{month}/")
        assert timer["callback_body"]["body"]["sync_level"] == 3


# --- a hundred jobs ------------------------------------------------------------------------------------------------


def test_a_hundred_jobs_of_mixed_schedules(playbooks: Playbooks, globus: LocalGlobus) -> None:
    """The timers are right. Reruns change nothing, a changed job replaces only its own timers, and those of a removed
    job are purged."""
    # each schedule at least twice, and those with a single timer more often
    single = [name for name in SCHEDULES if name not in SLOTTED]
    names = [*SLOTTED, *SLOTTED, *(single[n % len(single)] for n in range(100 - 2 * len(SLOTTED)))]
    jobs = [job(f"lab{number}", name) for number, name in enumerate(names)]
    wanted = {
        f"lab-lab{number}{f'-{slot}' if slot else ''}"
        for number, name in enumerate(names)
        for slot in SCHEDULES[name].get("slots", [""])
    }
    others = {"backup_prefix": "lab-", "backup_timezone": "Europe/Berlin", "backup_spread": 3600}
    common = {"backup_defaults": COLLECTIONS, "backup_purge": True, "backup_concurrency": 8, **others}
    changed = [*jobs[:3], {**jobs[3], "sync_level": "size"}, *jobs[4:]]
    assert names[3] == "grandfather_father_son"
    globus.seed(1, name="other")
    run = playbooks.run(
        [
            *role("first", backup_jobs=jobs, **common),
            *log("log of first"),
            *role("second", backup_jobs=jobs, **common),
            *log("log of second"),
            control("POST", "clock", {"set": NEXT_WEEK}),
            *role("next week", NEXT_WEEK, backup_jobs=jobs, **common),
            *log("log"),
            *role("changed", NEXT_WEEK, backup_jobs=changed, **common),
            *log("log of changed"),
            *role("removed", NEXT_WEEK, backup_jobs=changed[1:], **common),
            *role("too many", NEXT_WEEK, backup_jobs=[jobs[-1]], **common),
            *role("nobody left", NEXT_WEEK, backup_jobs=[], **common),
        ]
    )
    assert len(jobs) == 100
    first = result(run, "first")
    assert {timer["name"] for timer in first["timers"]} == wanted
    assert first["counts"]["created"] == len(wanted)
    requests = counted(run, "log of first")
    assert requests.pop("POST token") <= 2
    assert requests.pop("GET stat") == len(names) + len(wanted), "each source, and each destination"
    assert requests == {"POST consent": 2, "GET collection": 2, "GET jobs": 2, "POST timer": len(wanted)}
    assert counted(run, "log of second") == {"POST token": 1, "GET jobs": 1}
    for title in ("second", "next week"):
        assert result(run, title)["counts"]["unchanged"] == len(wanted)

    operations = result(run, "changed")["operations"]
    assert {operation["name"].rpartition("-")[0] for operation in operations} == {"lab-lab3"}
    assert Counter(operation["operation"] for operation in operations) == {"create": 23, "delete": 23}
    assert counted(run, "log of changed")["POST timer"] == 23

    purged = {operation["name"] for operation in result(run, "removed")["purged"]}
    assert purged == {name for name in wanted if re.fullmatch(r"lab-lab0(-\w+)?", name)}
    assert result(run, "removed")["counts"]["unchanged"] == len(wanted) - len(purged)
    assert "more than purge_limit 25" in failure(run, "too many")
    assert "purge is refused because the list contains no timer to keep" in failure(run, "nobody left")
    left = {timer["name"] for timer in globus.timers() if not timer["status"].startswith("delete")}
    assert left == wanted - purged | {"other"}
    # spread: few of the nightly timers start in the same minute
    starts = [
        local(t, zone="Europe/Berlin") for t in globus.timers() if t["interval"] == 86400 and t["name"] != "other"
    ]
    assert len(set(starts)) > len(starts) * 3 // 4
    assert {start[-5:-3] for start in starts} == {"02", "12"}


# --- a year --------------------------------------------------------------------------------------------------------

YEAR = 400  # several days, so that the slots of months are used, too


def latest(slot: str, today: date) -> date | None:
    """The last day until today whose data a slot contains, according to the calendar."""
    for days in range(YEAR):
        day = today - timedelta(days=days)
        if slot in DAYS:
            due = DAYS[day.weekday()] == slot
        elif slot in MONTHS:
            due = (MONTHS[day.month - 1], day.day) == (slot, 1)
        else:
            weeks = (day - date(2001, 1, 1)).days // 7
            due = day.weekday() == 6 and f"week{weeks % 4 + 1}" == slot
        if due:
            return day
    return None


def test_a_year_of_grandfather_father_son_with_real_files(
    playbooks: Playbooks, globus: LocalGlobus, tmp_path: Path
) -> None:
    """On every day, every slot contains the data of the day on which it should have been overwritten last."""
    source, destination = tmp_path / "source", tmp_path / "destination"
    (source / "data").mkdir(parents=True)
    destination.mkdir()
    roots = {MAPPED: source, MAPPED_TOO: destination}
    world = {
        "collections": [{"id": key, "display_name": root.name, "root": str(root)} for key, root in roots.items()],
        "clients": [{"id": globus.client_id, "secret": globus.client_secret}],
    }
    globus.reset(world=world, clock=START, stopped=True)
    options = {"source_path": "/data/", "destination_path": "/{slot}/", "delete_destination_extra": True, **COLLECTIONS}
    variables = {
        "backup_timezone": CHICAGO,
        "backup_jobs": [{"name": "year", "schedule": "grandfather_father_son", **options}],
    }
    assert result(playbooks.run(role("create", **variables)), "create")["counts"]["created"] == 23

    slots = (*DAYS, *(f"week{n}" for n in range(1, 5)), *MONTHS)
    first = datetime.fromisoformat(START).date()
    held: dict[str, str] = {}
    for number in range(1, YEAR + 1):
        today = first + timedelta(days=number)
        globus.set_clock(f"{today}T06:30:00+00:00")  # 00:30 or 01:30 in Chicago; the runs are at 02:00 or 03:00
        for old in (source / "data").iterdir():
            old.unlink()  # mirrors show that no data of an older day is left
        (source / "data" / f"{today}.txt").write_text(str(today), encoding="utf-8")
        globus.set_clock(f"{today}T20:00:00+00:00")
        for slot in slots:
            due = latest(slot, today)
            expected = str(due) if due is not None and due > first else None
            files = sorted((destination / slot).iterdir()) if (destination / slot).exists() else []
            assert [file.stem for file in files] == ([expected] if expected else []), f"{slot} on {today}"
            held[slot] = files[0].read_text(encoding="utf-8") if files else ""
        if number in (90, 280):
            rerun = playbooks.run(role("rerun", f"{today}T20:00:00+00:00", **variables))
            assert result(rerun, "rerun")["counts"]["unchanged"] == 23
    # by hand, for Tuesday 2027-04-06
    assert held == {
        "mon": "2027-04-05",
        "tue": "2027-04-06",
        "wed": "2027-03-31",
        "thu": "2027-04-01",
        "fri": "2027-04-02",
        "sat": "2027-04-03",
        "sun": "2027-04-04",
        "week1": "2027-03-28",
        "week2": "2027-04-04",
        "week3": "2027-03-14",
        "week4": "2027-03-21",
        **{month: f"{2027 if number <= 4 else 2026}-{number:02}-01" for number, month in enumerate(MONTHS, 1)},
    }


# --- states --------------------------------------------------------------------------------------------------------


def test_states_of_one_job_and_of_all(playbooks: Playbooks, globus: LocalGlobus) -> None:
    """A maintenance window: pause all, resume all. A missed run starts immediately, and a permanently paused timer
    stays paused."""
    common: dict[str, Any] = {"backup_defaults": COLLECTIONS, "backup_prefix": "x-", "backup_purge": True}
    jobs = [job("a", "hourly"), job("b", "weekdays"), job("c", "daily", state="paused"), job("d", state="absent")]
    run = playbooks.run(
        [
            *role("create", backup_jobs=[*jobs[:3], job("d")], **common),
            *role("absent", backup_jobs=jobs, **common),
            *role("pause", backup_jobs=jobs, backup_state="paused", **common),
            *role("pause again", backup_jobs=jobs, backup_state="paused", **common),
            control("POST", "clock", {"advance_seconds": 7200}),
            control("GET", "timers", title="before"),
            *role("resume", backup_jobs=jobs, backup_state="active", **common),
            control("GET", "timers", title="after"),
            *role("remove", backup_jobs=jobs, backup_state="absent", **common),
            *role("remove without purge", backup_jobs=jobs, backup_state="absent", **{**common, "backup_purge": False}),
        ]
    )
    assert Counter(o["operation"] for o in result(run, "create")["operations"]) == {"create": 8, "pause": 1}
    assert [o["operation"] for o in result(run, "absent")["operations"]] == ["delete"]
    assert result(run, "pause")["counts"]["paused"] == 6
    assert not result(run, "pause again")["changed"]
    assert result(run, "resume")["counts"]["resumed"] == 6
    runs = {title: {t["name"]: t["n_runs"] for t in run[title]["answer"]["timers"]} for title in ("before", "after")}
    assert runs["before"]["x-a"] == 0
    assert runs["after"]["x-a"] == 1
    assert {t["name"]: t["status"] for t in run["after"]["answer"]["timers"]}["x-c"] == "inactive"
    assert "purge is refused because the list contains no timer to keep" in failure(run, "remove")
    assert result(run, "remove without purge")["counts"]["deleted"] == 7


def test_what_the_service_stopped_is_resumed_unless_role_or_job_say_otherwise_S8(
    playbooks: Playbooks, globus: LocalGlobus
) -> None:
    common: dict[str, Any] = {
        "backup_defaults": COLLECTIONS,
        "backup_jobs": [job("a"), job("b", on_inactive="warn"), job("c", state="paused")],
    }
    statuses = control("GET", "timers", title="statuses")
    run = playbooks.run(
        [
            *role("create", **common),
            control("DELETE", "consents", {"client_id": globus.client_id, "scope": None}),
            control("POST", "clock", {"advance_seconds": 86400}),
            *role("fail", backup_on_inactive="fail", **common),
            *role("warn", backup_on_inactive="warn", **common),
            *role("resume", **common),
            statuses,
            *role("again", **common),
        ]
    )
    assert "1 of 3 timers failed" in failure(run, "fail")
    assert "Globus stopped timer 'backup-a'" in failure(run, "fail")
    assert not result(run, "warn")["changed"]
    assert [(one["operation"], one["name"]) for one in result(run, "resume")["operations"]] == [("resume", "backup-a")]
    assert {one["name"]: one["status"] for one in run["statuses"]["answer"]["timers"]} == {
        "backup-a": "active",
        "backup-b": "inactive",
        "backup-c": "inactive",
    }
    assert not result(run, "again")["changed"]


def test_a_job_with_a_wrong_path_fails_and_the_others_get_their_timers(
    playbooks: Playbooks, globus: LocalGlobus, tmp_path: Path
) -> None:
    """check_paths is the default of the role. The role and the job can turn it off."""
    for folder in ("lab/data/a", "store"):
        (tmp_path / folder).mkdir(parents=True)
    roots = {MAPPED: ("Lab", tmp_path / "lab"), MAPPED_TOO: ("Store", tmp_path / "store")}
    collections = [{"id": key, "display_name": name, "root": str(root)} for key, (name, root) in roots.items()]
    client = {"id": globus.client_id, "secret": globus.client_secret}
    globus.reset(world={"collections": collections, "clients": [client]}, clock=START, stopped=True)
    jobs = [job("a"), job("b", source_path="/dat/")]
    common: dict[str, Any] = {"backup_defaults": COLLECTIONS}
    run = playbooks.run(
        [
            *role("checked", backup_jobs=jobs, **common),
            *role("job", backup_jobs=[jobs[0], {**jobs[1], "check_paths": False}], **common),
            *role("role", backup_jobs=[*jobs, job("c")], backup_check_paths=False, **common),
        ]
    )
    message = failure(run, "checked")
    assert "1 of 2 timers failed" in message
    assert "'backup-b' was not created" in message
    assert "/dat/ on collection 'Lab'" in message
    assert "Did you mean /data/?" in message
    assert "check_paths: false" in message
    assert result(run, "job")["counts"]["created"] == 1
    assert result(run, "role")["counts"]["created"] == 1


# --- nothing wrong gets to the service -----------------------------------------------------------------------------

WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no jobs": ({"backup_jobs": None}, ["backup_jobs"]),
    "jobs no list": ({"backup_jobs": 3}, ["backup_jobs"]),
    "job without name": ({"backup_jobs": [{"schedule": "nightly"}]}, ["name", "backup_jobs"]),
    "unknown option of a job": ({"backup_jobs": [job("a", synclevel="size")]}, ["backup_jobs", "synclevel"]),
    "wrong choice in a job": ({"backup_jobs": [job("a", sync_level="md5")]}, ["sync_level", "backup_jobs", "md5"]),
    "missing schedule": ({"backup_jobs": [{**job("a"), "schedule": None}]}, ["backup_jobs[0] (a)", "schedule"]),
    "missing collection": ({"backup_defaults": {}}, ["backup_jobs[0] (a)", "source_collection is missing"]),
    "wrong default": ({"backup_defaults": {**COLLECTIONS, "encrypt_data": "so"}}, ["backup_defaults", "encrypt_data"]),
    "unknown schedule": ({"backup_jobs": [job("a", "nightl")]}, ["backup_jobs[0] (a)", "'nightl' does not exist"]),
    "unquoted time": ({"backup_jobs": [job("a", at=1350)]}, ["backup_jobs[0] (a)", 'at: "22:30"']),
    "monthly on the 31st": ({"backup_jobs": [job("a", "monthly", day=31)]}, ["backup_jobs[0] (a)", "day", "28"]),
    "two of one name": ({"backup_jobs": [job("a"), job("a")]}, ["backup_jobs[1] (a)", "backup_jobs[0]"]),
    "mirror onto another": (
        {"backup_jobs": [job("a", delete_destination_extra=True), job("b", destination_path="/backup/a/")]},
        ["backup_jobs[0] (a)", "delete_destination_extra"],
    ),
    "own schedule": ({"backup_schedules": {"x": {"every": "1d"}}}, ["backup_schedules.x", "every"]),
    "zone": ({"backup_timezone": "Mars/Base"}, ["backup_timezone", "Mars/Base"]),
    "state": ({"backup_state": "off"}, ["backup_state", "off"]),
    "on_drift": ({"backup_on_drift": "mend"}, ["backup_on_drift", "mend"]),
    "on_inactive": ({"backup_on_inactive": "mend"}, ["backup_on_inactive", "mend"]),
    "on_inactive of a job": ({"backup_jobs": [job("a", on_inactive="mend")]}, ["on_inactive", "mend"]),
    "spread": ({"backup_spread": -5}, ["backup_spread"]),
    "purge without a prefix of one's own": ({"backup_purge": True}, ["backup_purge", "backup_prefix"]),
    "purge with an empty prefix": ({"backup_purge": True, "backup_prefix": ""}, ["backup_prefix is empty"]),
    "purge limit": ({"backup_purge_limit": -1}, ["backup_purge_limit"]),
    "concurrency": ({"backup_concurrency": 17}, ["backup_concurrency"]),
    "check_paths": ({"backup_check_paths": "maybe"}, ["backup_check_paths", "maybe"]),
    "max_age": ({"backup_max_age": "soon"}, ["backup_max_age", "soon"]),
    "now": ({"backup_clock": "soon"}, ["backup_clock", "soon"]),
    "blank prefix": ({"backup_prefix": ""}, ["backup_prefix is empty"]),
    "blank zone": ({"backup_timezone": ""}, ["backup_timezone is empty"]),
    "blank state": ({"backup_state": ""}, ["backup_state must be one of"]),
    "blank zone of a job": ({"backup_jobs": [job("a", timezone="")]}, ["backup_jobs[0] (a): timezone is empty"]),
    "zone of calendar dates": (
        {"backup_jobs": [job("a", "monthly", timezone="Mars/Base")]},
        ["backup_jobs[0] (a), slot jan: timezone must be an IANA name", "Mars/Base"],
    ),
    "beginning of the default prefix": (
        {"backup_purge": True, "backup_prefix": "backup"},
        ["backup_purge requires your own backup_prefix, not 'backup'"],
    ),
    "two mirrors of each other": (
        {
            "backup_jobs": [
                job("a", delete_destination_extra=True),
                job(
                    "b",
                    source_collection=MAPPED_TOO,
                    destination_collection=MAPPED,
                    source_path="/backup/a/",
                    destination_path="/data/a/",
                    delete_destination_extra=True,
                ),
            ]
        },
        ["backup_jobs[0] (a) and backup_jobs[1] (b) copy from each other"],
    ),
    "report in a missing folder": (
        {"backup_report": "/no/such/folder/x.html"},
        ["backup_report: the folder /no/such/folder does not exist", "No timer was changed"],
    ),
    "report that is a folder": ({"backup_report": "/tmp"}, ["backup_report is the folder /tmp", "No timer"]),
}


def test_l3_wrong_variables_fail_before_any_request(playbooks: Playbooks, globus: LocalGlobus, tmp_path: Path) -> None:
    """The message names them. No report is written either, because it would also need the service."""
    report = tmp_path / "report.html"
    right = {"backup_jobs": [job("a")], "backup_defaults": COLLECTIONS, "backup_report": str(report)}
    tasks: list[Task] = []
    for title, (variables, _said) in WRONG.items():
        tasks += role(title, **{**right, **variables})
    run = playbooks.run(tasks)
    messages = {title: failure(run, title) for title in WRONG}
    for title, (_variables, said) in WRONG.items():
        assert not [part for part in said if part not in messages[title]], f"{title}: {messages[title]}"
        # the whole message is one sentence
        assert "backup_" in messages[title][:40], messages[title]
        assert len(messages[title]) < 400, messages[title]
        assert "\n" not in messages[title]
    assert globus.log() == []
    assert not report.exists()
    for noise in ("Finalization of task args", "argument_spec_data", "The filter plugin", "Validation of arguments"):
        assert noise not in run.output
    # also if it was forgotten
    assert failure(playbooks.run(role("forgotten")), "forgotten").startswith("backup_jobs is missing")
    assert globus.log() == []


# before 2.19, ansible-core passes vaulted text, and moments without quotes, to filters as its own objects
AS_YAML_READS_IT = """
backup_prefix: {prefix}
backup_defaults:
  source_collection: {source}
  destination_collection: {destination}
backup_schedules:
  24:
    interval: 1d
    at: "05:00"
backup_jobs:
  - name: {name}
    source_path: /data/
    destination_path: {path}
    schedule: rotating_weekdays
  - name: 600
    source_path: /data/
    destination_path: /backup/600/
    schedule: 24
  - name: moments
    source_path: /data/
    destination_path: /backup/moments/
    schedule: nightly
    start: 2026-12-01 02:00:00
    end: {{datetime: 2027-01-01T00:00:00Z}}
"""


def vaulted(text: str, password: Path, indent: int) -> str:
    """A value of YAML, encrypted."""
    command = [str(ANSIBLE / "ansible-vault"), "encrypt_string", "--vault-password-file", str(password), text]
    environment = {"PATH": os.environ["PATH"], "HOME": str(password.parent), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    lines = [line.strip() for line in done.stdout.splitlines()]
    return "\n".join([lines[0], *(" " * indent + line for line in lines[1:])])


def test_vaults_and_what_yaml_reads_mean_the_same_on_every_ansible_core_N5(
    playbooks: Playbooks, globus: LocalGlobus, tmp_path: Path
) -> None:
    password, variables = tmp_path / "password", tmp_path / "variables.yml"
    password.write_text("rehearsal", encoding="utf-8")
    values = {"prefix": "x-", "source": MAPPED, "destination": MAPPED_TOO, "name": "lab", "path": "/backup/{slot}/"}
    indents = {"prefix": 2, "source": 4, "destination": 4, "name": 6, "path": 6}
    encrypted = {key: vaulted(value, password, indents[key]) for key, value in values.items()}
    variables.write_text(AS_YAML_READS_IT.format(**encrypted), encoding="utf-8")
    play = {"vars_files": [str(variables)]}
    run = playbooks.run(role("first"), "--vault-password-file", str(password), play=play)
    assert result(run, "first")["counts"]["created"] == 9
    timers = {timer["name"]: timer for timer in globus.timers()}
    assert set(timers) == {*(f"x-lab-{day}" for day in DAYS), "x-600", "x-moments"}
    for day in DAYS:
        (item,) = timers[f"x-lab-{day}"]["callback_body"]["body"]["DATA"]
        assert item["destination_path"] == f"/backup/{day}/"
    assert datetime.fromisoformat(timers["x-moments"]["start"]) == datetime(2026, 12, 1, 2, tzinfo=UTC)
    moments = result(run, "first")["timers"][-1]["timer"]["definition"]["schedule"]
    assert moments["end"] == {"datetime": "2027-01-01T00:00:00+00:00"}
    again = playbooks.run(role("again"), "--vault-password-file", str(password), play=play)
    assert result(again, "again")["counts"]["unchanged"] == 9


def test_a_closing_line_says_what_has_changed(playbooks: Playbooks, globus: LocalGlobus) -> None:
    common: dict[str, Any] = {"backup_defaults": COLLECTIONS, "backup_prefix": "x-", "backup_purge": True}
    first = {"backup_jobs": [job("a"), job("b", "weekdays"), job("c", state="paused")], **common}
    check = playbooks.run(role("check", **first), "--check")
    run = playbooks.run(
        [
            *role("first", **first),
            *role("second", backup_jobs=[job("a", at="05:00"), job("c", state="active")], **common),
            control("POST", "seed", {"client_id": globus.client_id, "count": 1, "name": "x-old"}),
            *role(
                "third",
                backup_jobs=[job("a"), job("c", at="05:00"), job("d"), job("old", state="absent")],
                **{**common, "backup_purge": False},
            ),
        ]
    )
    lines = re.findall(r'"msg": "(\d+ timers.*: .*)"', check.output + run.output)
    assert lines == [
        "7 timers (check mode): 7 created, 1 paused",
        "7 timers: 7 created, 1 paused",
        "2 timers: 1 replaced, 5 purged, 1 resumed",
        "4 timers: 1 created, 2 replaced, 1 deleted",
    ]


# --- the report ----------------------------------------------------------------------------------------------------


def test_the_report_is_written_whatever_happens_and_is_no_change(
    playbooks: Playbooks, globus: LocalGlobus, tmp_path: Path
) -> None:
    report = tmp_path / "report.html"
    hebrew = "\u05d2\u05d1"  # from right to left
    good = {"backup_jobs": [job("a<b>&", "hourly"), job(hebrew)], "backup_timezone": CHICAGO}
    common: dict[str, Any] = {"backup_defaults": COLLECTIONS, "backup_report": str(report)}
    run = playbooks.run(role("check", **good, **common), "--check")
    assert result(run, "check")["changed"]
    assert not report.exists()
    run = playbooks.run(role("first", **good, **common))
    assert run["research_ops.globus.backup : Write the report"]["changed"] is False
    page = report.read_text(encoding="utf-8")
    assert "<h3><bdi>a&lt;b&gt;&amp;</bdi></h3>" in page
    assert f"<h3><bdi>{hebrew}</bdi></h3>" in page
    isolated = r"<bdi>.*?</bdi>|&#x2068;.*?&#x2069;"
    assert hebrew not in re.sub(isolated, "", page), "a name does not turn around the text beside it"
    assert "<b>" not in page
    assert 'data-at="2026-03-03T02:00:00-06:00"><title>Tue 3 Mar 02:00' in page
    assert "<h1>No backup has run yet. The first run starts Mon 2 Mar 2026 07:00.</h1>" in page
    assert "<p>No timer has a problem so far, because none has run yet.</p>" in page
    assert "<script" not in page
    assert not re.findall(r"""(?:src|href)=["'](?!https://app\.globus\.org/|#|data:,)""", page)
    # a report must show a job that fails
    bad = {"backup_jobs": [*good["backup_jobs"], job("c", source_collection=INVISIBLE)], "backup_timezone": CHICAGO}
    globus.clear_log()
    run = playbooks.run(role("bad", **bad, **common))
    assert "1 of 3 timers failed" in failure(run, "bad")
    page = report.read_text(encoding="utf-8")
    assert re.search(r'Missing</span> <a class="job-name" href="#job-2"><bdi>c</bdi></a>', page)
    assert "Timer &#39;backup-c&#39; was not created" in page, "what the play said of it"
    requests = Counter(calls(globus.log()))
    assert requests["GET jobs"] == 3, "one for the timers, one for their runs, one for the account"
    assert requests["GET task_list"] == 0, "nothing ran yet"
    # a night later, it shows the transfers
    globus.set_clock("2026-03-03T14:00:00+00:00")
    globus.clear_log()
    night = playbooks.run(role("night", "2026-03-03T14:00:00+00:00", **good, **common))
    assert not result(night, "night")["changed"]
    page = report.read_text(encoding="utf-8")
    (said,) = re.findall(r"<h1>(.*?)</h1>", page)
    assert said.startswith("Last night: all 2 arrived, "), said
    assert counted_log(globus) == {"POST token": 3, "GET jobs": 3, "GET task_list": 1}


# --- documentation -------------------------------------------------------------------------------------------------


def plays(path: str) -> list[dict[str, Any]]:
    """The playbooks in a document, Markdown or reStructuredText, that use the role."""
    text = (ROOT / path).read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.S) or [
        re.sub(r"^    ", "", block, flags=re.M)
        for block in re.findall(r"\.\. code-block:: yaml\n\n((?:    .*\n|\n)+)", text)
    ]
    return [play for block in blocks if block.startswith("---") for play in yaml.safe_load(block)]


def test_playbooks_of_the_readme_run(playbooks: Playbooks, globus: LocalGlobus) -> None:
    """Run each unchanged, and then the role again."""
    found = plays("roles/backup/README.md")
    assert len(found) == 3
    for play in found:
        globus.reset(clock=START, stopped=True)
        (used,) = play["roles"]
        play["vars"] = {"ansible_python_interpreter": PYTHON, "backup_clock": START}
        play["tasks"] = [
            {"name": "first", "ansible.builtin.debug": {"var": "backup_result"}},
            *role("second", **used["vars"]),
        ]
        run = playbooks.run([], play=play)
        assert run.status == 0, run.output
        assert result(run, "first")["counts"]["created"] >= 2
        assert not result(run, "second")["changed"]
    assert (playbooks.home / "backups.html").exists()


def test_the_playbook_of_the_guide_is_that_of_the_readme() -> None:
    assert plays("docs/docsite/rst/guide_backups.rst")[0] == plays("roles/backup/README.md")[0]
