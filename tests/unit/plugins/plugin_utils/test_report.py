# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report on backups says: what arrived, one row a job, what is wrong and what cures it, places and words."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import jinja2
import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._timers import health as _health
from ansible_collections.research_ops.globus.plugins.plugin_utils import _report, _report_health, _words
from ansible_collections.research_ops.globus.plugins.plugin_utils._report_runs import OUTCOMES

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # Monday, 06:00 in Chicago
CHICAGO = "America/Chicago"
DAY = 86400
TEMPLATE = Path(__file__).resolve().parents[4] / "roles" / "backup" / "templates" / "report.html.j2"
TASK = "https://app.globus.org/activity/"


def at(days: float) -> str:
    """A moment so many days from now."""
    return (NOW + timedelta(days=days)).isoformat()


def run(days: float, status: str = "SUCCEEDED", /, **task: Any) -> dict[str, Any]:
    """A run that began so many days from now, with its transfer, which took a minute."""
    ongoing = status in ("ACTIVE", "INACTIVE")
    transfer = {
        "task_id": f"task{days}",
        "status": status,
        "detail": "OK" if ongoing else None,
        "files": 10,
        "files_transferred": 10,
        "files_skipped": 0,
        "bytes_transferred": 1000,
        "skipped_errors": 0,
        "requested_at": at(days),
        "completed_at": None if ongoing else at(days + 1 / 1440),
        "url": f"{TASK}task{days}",
        **task,
    }
    message = "no" if status == "FAILED" else None
    return {"ran_at": at(days), "failed": status == "FAILED", "message": message, "transfer": transfer}


def timer(name: str = "backup-lab", /, state: str = "ok", **options: Any) -> dict[str, Any]:
    """A timer as timer_info returns it: every day at 08:00 UTC since a month ago, its last 14 runs arrived."""
    interval, end = options.pop("interval", "1d"), options.pop("end", None)
    schedule = {"start": "2026-02-01T08:00:00+00:00", **({"interval": interval} if interval else {})}
    runs = options.pop("recent_runs", [run(-n - 1 / 6) for n in range(14)])
    whole = next((one for one in runs if (one.get("transfer") or {}).get("status") == "SUCCEEDED"), None)
    success = None if whole is None else {"completed_at": whole["transfer"]["completed_at"], "task_id": "x"}
    return {
        "id": f"id-of-{name}",
        "name": name,
        "url": f"https://app.globus.org/activity/timers/{name}",
        "definition": {"schedule": {**schedule, **({"end": end} if end else {})}},
        "next_run": "2026-03-03T08:00:00+00:00",
        "last_run": runs[0].get("ran_at") if runs else None,
        "runs": 30,
        "errors": 1,
        "submitted_at": "2026-02-01T07:00:00+00:00",
        "health": {"state": state, "reason": None, "remedy": None, "since": None, "source": "transfer"},
        "recent_runs": runs,
        "last_success": success,
        **options,
    }


def job(name: str = "lab", *slots: str, max_age: int | None = 3 * DAY, **options: Any) -> dict[str, Any]:
    timers = [{"slot": slot, "name": f"backup-{name}-{slot}"} for slot in slots]
    single = [{"slot": None, "name": f"backup-{name}"}]
    return {
        "name": name,
        "schedule": "nightly",
        "state": "present",
        "max_age": max_age,
        "timers": timers or single,
        **options,
    }


def page(*timers: dict[str, Any], jobs: list[dict[str, Any]] | None = None, **options: Any) -> dict[str, Any]:
    if jobs is None:
        jobs = [job(one["name"].removeprefix("backup-")) for one in timers]
    return _report.model(timers, jobs=jobs, **{"zone": CHICAGO, "now": NOW, **options})


def row(*timers: dict[str, Any], **options: Any) -> dict[str, Any]:
    (only,) = page(*timers, **options)["jobs"]
    assert isinstance(only, dict)
    return only


def headline(*timers: dict[str, Any], **options: Any) -> str:
    told = page(*timers, **options)["headline"]
    return f"{told['text']} {told['rest']}".strip()


# --- the first line ------------------------------------------------------------------------------------------------


def test_the_first_line_says_what_arrived_in_words_and_numbers() -> None:
    well = [timer(f"backup-{n}") for n in range(41)]
    still = timer(
        "backup-still",
        "stalled",
        recent_runs=[run(-1.2, "ACTIVE", detail="FILE_NOT_FOUND", bytes_transferred=0, files_transferred=0)],
    )
    assert headline(*well, still) == "Last night: 41 of 42 arrived, 410 files, 41.0 kB. 1 is stalled."
    assert headline(*well) == "Last night: all 41 arrived, 410 files, 41.0 kB."
    assert headline(well[0]) == "Last night: 1 of 1 arrived, 10 files, 1.0 kB."


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ([run(-0.1, "FAILED")], "0 of 1 arrived. 1 failed."),
        ([run(-0.1, skipped_errors=2)], "0 of 1 arrived, 10 files, 1.0 kB. 1 is incomplete."),
        ([run(-0.005, "ACTIVE"), run(-1 / 6)], "0 of 1 arrived, 10 files, 1.0 kB. 1 is still in progress."),
        ([run(-3 - 1 / 6, "ACTIVE", detail="EXPIRED?")], "0 of 1 arrived. 1 is stalled."),
        ([run(-1 / 6, "SUCCEEDED", skipped_errors=None)], "1 ran, but it is unknown whether it arrived."),
        ([{**run(-1 / 6), "transfer": None}], "1 ran, but it is unknown whether it arrived."),
        ([run(-1 - 1 / 6)], "0 of 1 arrived. 1 did not run."),
        ([run(-1 / 6, bytes_transferred=0, files_transferred=0)], "1 of 1 arrived, nothing was new."),
        ([run(-1 / 6, bytes_transferred=None, files_transferred=None)], "1 of 1 arrived."),
        ([run(-1 / 6, files_transferred=12331, bytes_transferred=1_200_000_000_000)], "12,331 files, 1.2 TB."),
    ],
)
def test_the_first_line_says_what_did_not_arrive(runs: list[dict[str, Any]], said: str) -> None:
    assert said in headline(timer(recent_runs=runs))


def test_a_job_arrived_when_all_of_its_timers_that_were_due_did() -> None:
    jobs = [job("lab", "mon", "week1")]
    well, bad = timer("backup-lab-mon"), timer("backup-lab-week1", recent_runs=[run(-0.1, "FAILED")])
    assert "0 of 1 arrived" in headline(well, bad, jobs=jobs)
    assert headline(well, timer("backup-lab-week1", recent_runs=[run(-0.1)]), jobs=jobs).startswith("Last night: 1 of")
    not_due = timer("backup-lab-week1", recent_runs=[run(-20)], interval="4w", runs=1)
    assert "1 of 1 arrived" in headline(well, not_due, jobs=jobs)


def test_where_nothing_was_due_the_first_line_says_when_something_arrived_or_comes() -> None:
    weekly = timer(interval="1w", recent_runs=[run(-1 - 1 / 6)], runs=1)
    weekly["definition"]["schedule"]["start"] = at(-1 - 1 / 6)
    told = "No backup was due in the last 24 hours. The last one arrived Sun 1 Mar 2026 02:01, 28 hours ago."
    assert headline(weekly) == told
    new = timer(recent_runs=[], runs=0, submitted_at=at(0))
    new["definition"]["schedule"]["start"] = at(5 / 6)
    assert headline(new) == "No backup has run yet. The first run starts Tue 3 Mar 2026 02:00."
    assert headline() == "There are no backup jobs."
    assert headline(jobs=[job()]) == "Last 24 hours: 0 of 1 arrived. 1 has no timer."


@pytest.mark.parametrize(("now", "period"), [(0, "Last night"), (1 / 2, "Last 24 hours"), (-1 / 8, "Last 24 hours")])
def test_a_night_is_called_one_only_by_day(now: float, period: str) -> None:
    moment = NOW + timedelta(days=now)
    assert headline(timer(), now=moment).startswith(period)


OLD = [run(-2 - 1 / 6)]  # arrived, two days ago
WELL = "Last night: 1 of 1 arrived, 10 files, 1.0 kB."


def weekly(name: str, state: str, runs: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
    """A timer that was not due in the last 24 hours."""
    one = timer(name, state, interval="1w", recent_runs=runs, runs=len(runs), **options)
    one["definition"]["schedule"]["start"] = at(-2 - 1 / 6) if runs else at(5 / 6)
    one["submitted_at"] = one["submitted_at"] if runs else at(-0.1)
    return one


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("failing", "1 other backup is failing."),
        ("stalled", "1 other backup is stalled."),
        ("incomplete", "1 other backup is incomplete."),
        ("needs_consent", "1 other backup needs a consent."),
        ("needs_session", "1 other backup needs a sign-in."),
        ("inactive", "1 other backup is inactive."),
        ("overrunning", "1 other backup is overrunning."),
        ("overdue", "1 other backup is overdue."),
        ("stale", "1 other backup is too old."),
        ("haunted", "1 other backup is haunted."),
        ("paused", "1 other backup is paused."),
        ("ok", ""),
        ("ended", ""),
    ],
)
def test_the_first_line_names_problems_of_jobs_that_were_not_due(state: str, sentence: str) -> None:
    """``all arrived`` above a failing job would be read as a good night."""
    other = weekly("backup-other", state, OLD)
    assert headline(timer(), other) == f"{WELL} {sentence}".strip()
    alone = "No backup was due in the last 24 hours. The last one arrived Sat 28 Feb 2026 02:01, 2 days ago."
    assert headline(other) == f"{alone} {sentence.replace(' other', '')}".strip()
    never = "No backup has run yet." if state in IDLE else "No backup has run yet. The first run starts "
    assert headline(weekly("backup-other", state, [])).startswith(never)


IDLE = ("needs_consent", "needs_session", "inactive", "paused", "ended")
RUNS = {
    "arrived": [run(-1 / 6)],
    "arrived earlier": OLD,
    "failed": [run(-1 / 6, "FAILED")],
    "failed earlier": [run(-2 - 1 / 6, "FAILED")],
    "incomplete": [run(-1 / 6, skipped_errors=1)],
    "in progress": [run(-0.005, "ACTIVE")],
    "stalled": [run(-1 / 6, "ACTIVE", detail="FILE_NOT_FOUND")],
    "unknown": [{**run(-1 / 6), "transfer": None}],
    "none": [],
}


@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.parametrize("state", [*_health.HEALTH_STATES, "haunted"])
def test_the_first_line_never_contradicts_what_needs_attention(state: str, runs: str) -> None:
    """Under every health, whatever the last run did, alone and beside other jobs."""
    besides: list[list[dict[str, Any]]] = [[], [timer("backup-well")], [weekly("backup-new", "ok", [])]]
    ones = (timer("backup-x", state, recent_runs=RUNS[runs]), weekly("backup-x", state, RUNS[runs]))
    for one, beside in product(ones, besides):
        shown = page(one, *beside)
        first, attention = shown["headline"], {problem["kind"] for problem in shown["attention"]}
        if "bad" in attention:
            assert first["kind"] == "bad"
        if attention:
            assert first["kind"] != "fine"
            assert first["rest"]
        else:
            promise = shown["no_attention"]
            assert (promise == "Nothing.") <= (not first["rest"] and "yet" not in first["text"])
        assert ("all" in first["text"].split()) <= (first["kind"] == "fine")
        assert (first["kind"] == "fine") <= (not first["rest"] and first["arrived"] == first["due"])


def test_the_first_line_names_problems_of_slots_and_of_timers_without_a_job() -> None:
    jobs = [job("lab", "mon", "tue", "wed")]
    well, failing = timer("backup-lab-mon"), weekly("backup-lab-tue", "failing", [run(-2 - 1 / 6, "FAILED")])
    new = weekly("backup-lab-wed", "ok", [])
    assert headline(well, failing, new, jobs=jobs) == f"{WELL} 1 backup is failing."
    assert (
        headline(well, weekly("backup-lab-tue", "paused", OLD), new, jobs=jobs) == f"{WELL} 1 backup has paused timers."
    )
    assert headline(well, new, jobs=jobs) == f"{WELL} 1 backup lacks timers."
    surplus = weekly("backup-old", "failing", OLD)
    assert headline(timer(), surplus, jobs=[job()]) == f"{WELL} 1 timer without a job has a problem."
    assert headline(timer(), weekly("backup-old", "ok", OLD), jobs=[job()]) == WELL
    several = [weekly(f"backup-{n}", state, OLD) for n, state in enumerate(["paused", "failing", "failing", "paused"])]
    assert headline(timer(), *several) == f"{WELL} 2 other backups are failing and 2 are paused."


def test_before_the_first_run_nothing_looks_fine() -> None:
    """The report of the first play and of a rehearsal."""
    new = [weekly("backup-a", "ok", [], next_run="2026-04-05T08:00:00+00:00"), weekly("backup-b", "ok", [])]
    new[1]["next_run"] = "2026-03-20T08:00:00+00:00"  # beyond the timeline
    shown = page(*new)
    assert headline(*new) == "No backup has run yet. The first run starts Fri 20 Mar 2026 03:00."
    assert (shown["headline"]["kind"], [count["kind"] for count in shown["counts"]]) == ("still", ["still"])
    assert shown["no_attention"] == "No timer has a problem so far, because none has run yet."
    mixed = page(timer(), *new)
    assert mixed["headline"]["rest"] == "2 other backups have not run yet."
    assert mixed["no_attention"] == "No timer has a problem. 2 other backups have not run yet."
    assert page(timer())["no_attention"] == "Nothing."
    assert page()["no_attention"] == "There are no jobs."
    lost = page(*new, jobs=[job("a"), job("b"), job("lost")])["headline"]
    assert lost["text"] == "Last 24 hours: 0 of 1 arrived."
    assert lost["rest"] == "1 has no timer. 2 other backups have not run yet."


def test_the_first_line_knows_what_this_play_replaced() -> None:
    new = weekly("backup-lab", "ok", [])
    old = {"timer_id": "old", "runs": 7, "health": {"state": "failing", "reason": "no", "remedy": "Look"}}
    results = [{"name": "backup-lab", "replaced": [old]}]
    text = "The timers were replaced, and the new ones have not run yet. The first run starts Tue 3 Mar 2026 02:00."
    assert headline(new, results=results) == f"{text} 1 timer with a problem was replaced."
    assert page(new, results=results)["headline"]["kind"] == "bad"
    results = [{"name": "backup-lab", "replaced": [{**old, "health": {"state": "ok"}}]}]
    assert headline(new, results=results) == text


# --- one row a job -------------------------------------------------------------------------------------------------


def test_grandfather_father_son_is_one_row_with_its_timers() -> None:
    slots = [f"s{n}" for n in range(23)]
    timers = [timer(f"backup-seq-{slot}", recent_runs=[], runs=0) for slot in slots]
    timers[3] = timer("backup-seq-s3", "failing", recent_runs=[run(-1 / 6, "FAILED")], runs=1)
    timers[4] = timer("backup-seq-s4", recent_runs=[run(-1 - 1 / 6)], runs=1)
    shown = row(*timers, jobs=[job("seq", *slots, schedule="grandfather_father_son")])
    assert (shown["name"], shown["every"], len(shown["timers"])) == ("seq", "23 timers", 23)
    assert shown["schedule"] == "grandfather_father_son", "as one writes it in a job"
    assert shown["health"]["state"] == "failing"
    assert [problem["timers"] for problem in shown["problems"]] == [["backup-seq-s3"]]
    assert shown["success"]["ago"] == "28 hours ago"
    assert [one["health"]["state"] for one in shown["timers"][:5]] == [*["waiting"] * 3, "failing", "ok"]
    assert {one["slot"] for one in shown["runs"]} <= set(slots)


@pytest.mark.parametrize("state", [state for state in _health.HEALTH_STATES if state != "ok"])
def test_every_health_has_a_word_a_sign_and_is_the_jobs(state: str) -> None:
    told = {"state": state, "reason": "why", "remedy": "what", "since": at(-1), "source": "transfer"}
    shown = row(timer(state=state, health=told))
    assert shown["health"]["state"] == state
    assert shown["health"]["label"]
    assert len(shown["health"]["sign"]) == 1
    assert (shown["health"]["kind"] == "bad") == (state in _health.UNHEALTHY)
    (problem,) = shown["problems"]
    assert problem["since"]["text"] == "Sun 1 Mar 2026 06:00"
    if state != "paused":
        assert (problem["reason"], problem["remedy"]) == ("Why", "what")
    idle = ("needs_consent", "needs_session", "inactive", "paused", "ended")
    assert bool(shown["coming"]) == (state not in idle)
    assert bool(page(timer(state=state, health=told))["attention"]) == (state != "ended")


def test_a_state_that_nobody_knows_is_bad_O5() -> None:
    shown = row(timer(state="haunted"))
    assert (shown["health"]["label"], shown["health"]["kind"]) == ("Haunted", "bad")


def test_a_timer_that_has_never_run_is_shown_apart_O3a() -> None:
    new = timer(recent_runs=[], runs=0, submitted_at=at(-0.1))
    new["definition"]["schedule"]["start"] = at(5 / 6)
    new["health"]["reason"] = "It has not run yet; its first run is at 2026-03-03T08:00:00+00:00"
    shown = page(new, timer("backup-b"))
    assert [(one["number"], one["label"]) for one in shown["counts"]] == [(1, "No run yet"), (1, "OK")]
    assert shown["attention"] == []
    assert shown["jobs"][0]["remark"] == "It has not run yet; its first run is at Tue 3 Mar 2026 02:00"


def test_counts_and_attention_have_the_worst_first() -> None:
    states = ["paused", "ok", "failing", "ok"]
    shown = page(*(timer(f"backup-{n}", state) for n, state in enumerate(states)))
    assert [(count["number"], count["state"]) for count in shown["counts"]] == [
        (1, "failing"),
        (1, "paused"),
        (2, "ok"),
    ]
    assert [one["job"] for one in shown["attention"]] == ["2", "0"]


def test_amounts_and_how_they_went() -> None:
    runs = [run(-1 / 6, bytes_transferred=20_000), *(run(-n - 1 / 6) for n in range(1, 6))]
    shown = row(timer(recent_runs=runs))
    assert shown["last"]["amount"] == "10 files, 20.0 kB"
    assert shown["trend"] == "far more than usual (1.0 kB)"
    assert [cell["height"] for cell in shown["strip"]] == [5.0, 5.0, 5.0, 5.0, 5.0, 100.0]
    runs[0] = run(-1 / 6, bytes_transferred=0, files_transferred=0, files_skipped=12)
    shown = row(timer(recent_runs=runs))
    assert shown["last"]["amount"] == "nothing new in 12 files"
    assert shown["trend"] == "far less than usual (1.0 kB)"
    assert shown["strip"][-1]["height"] == 0
    runs[0] = run(-1 / 6, "FAILED", bytes_transferred=0, files_transferred=0)
    assert (row(timer(recent_runs=runs))["trend"], row(timer(recent_runs=runs))["last"]["amount"]) == ("", "")
    assert row(timer(recent_runs=runs[:3]))["trend"] == ""


# --- the last runs -------------------------------------------------------------------------------------------------


def test_the_page_draws_as_many_runs_in_a_row_as_the_filter_says() -> None:
    template = TEMPLATE.read_text(encoding="utf-8")
    shown = page(timer(recent_runs=[run(-number) for number in range(1, 31)]))
    assert len(shown["jobs"][0]["strip"]) == shown["strip_runs"]
    environment = jinja2.Environment(autoescape=False, undefined=jinja2.StrictUndefined)
    environment.filters["regex_replace"] = lambda text, *_patterns: text
    drawn = environment.from_string(template).render(backup_page={**shown, "strip_runs": 20})
    assert "<div>Last 20 runs, and their bytes</div>" in drawn
    assert 'x="97.5%" y="37"' in drawn  # the last of 20 cells
    lost = environment.from_string(template).render(backup_page=page(jobs=[job("lost")]))
    assert ">no timer</span>" in lost
    assert "no run yet" not in lost, "nobody knows"


def test_the_strip_has_every_outcome_and_says_it_in_words() -> None:
    runs = [
        run(-1 / 6, "ACTIVE", detail="PERMISSION_DENIED"),
        run(-3 - 1 / 6, skipped_errors=3),
        run(-4 - 1 / 6, "FAILED"),
        {**run(-5 - 1 / 6), "transfer": None},
        run(-6 - 1 / 6),
    ]
    shown = row(timer(recent_runs=runs))
    kinds = ["arrived", "unknown", "failed", "incomplete", "skipped", "skipped", "stalled"]
    assert [cell["outcome"] for cell in shown["strip"]] == kinds
    told = shown["strip_text"]
    assert told.startswith("Last 7 runs: 1 arrived, 1 unknown, 2 did not run, 1 incomplete, 1 stalled and 1 fail")
    assert "Thu 26 Feb 02:00 failed" in told
    assert row(timer(interval=None, recent_runs=runs[-1:]))["strip_text"] == "Last run: Tue 24 Feb 02:00 arrived"
    assert {cell["outcome"] for cell in shown["strip"]} | {"ongoing"} == set(OUTCOMES)
    assert "3 items left out" in shown["strip"][3]["title"]


def test_ticks_are_skipped_while_a_transfer_goes_on() -> None:
    shown = row(timer(recent_runs=[run(-3 - 1 / 6, "ACTIVE", detail="FILE_NOT_FOUND"), run(-4 - 1 / 6)]))
    assert [cell["outcome"] for cell in shown["strip"]] == ["arrived", "stalled", *["skipped"] * 3]
    assert "the previous transfer was still in progress" in shown["strip"][-1]["title"]


def test_what_a_user_paused_skips_nothing_and_what_the_service_stopped_does() -> None:
    runs = [run(-3 - 1 / 6)]
    assert len(row(timer(state="paused", recent_runs=runs))["strip"]) == 1
    assert len(row(timer(state="inactive", recent_runs=runs))["strip"]) == 4
    assert len(row(timer(state="needs_consent", recent_runs=runs))["strip"]) == 4


def test_a_tick_of_just_now_is_not_skipped_yet() -> None:
    """Globus needs some time to start a run."""
    moment = datetime(2026, 3, 3, 8, 10, tzinfo=UTC)
    assert row(timer(), now=moment)["strip"][-1]["outcome"] == "arrived"
    assert row(timer(), now=moment + timedelta(hours=1))["strip"][-1]["outcome"] == "skipped"


@pytest.mark.parametrize("member", [*run(-1)["transfer"], "transfer", "failed", "message", "ran_at"])
def test_members_of_runs_may_be_missing_O5(member: str) -> None:
    one = run(-1 / 6, "FAILED")
    (one if member in one else one["transfer"]).pop(member)
    shown = row(timer(recent_runs=[one]))
    assert shown["strip"][-1]["outcome"] in ("failed", "unknown")
    for bare in (timer(), timer(recent_runs=[])):
        for key in ("recent_runs", "last_success", "submitted_at", "next_run", "last_run", "runs", "errors", "url"):
            page({name: value for name, value in bare.items() if name != key})


def test_only_runs_that_were_read_are_known() -> None:
    """A timer that runs every hour has more runs in two weeks than the report reads."""
    hourly = timer(interval="1h", runs=600, recent_runs=[run(-n / 24) for n in range(14)])
    shown = row(hourly)
    assert shown["known"]["created"] == 0
    assert shown["known"]["x"] == pytest.approx(50 - 13 / 24 / 14 * 50, abs=0.01)
    assert len(shown["past"]) == 2, "one mark a day"
    assert row(timer(runs=14))["known"]["x"] == row(timer(runs=14))["known"]["created"]


# --- the axis ------------------------------------------------------------------------------------------------------


def test_runs_are_to_scale() -> None:
    shown = row(timer())
    assert len(shown["past"]) == 14
    assert len(shown["coming"]) == 14
    assert shown["coming"][0] == {"x": 52.976, "at": "2026-03-03T02:00:00-06:00", "title": "Tue 3 Mar 02:00"}
    for mark in (*shown["past"], *shown["coming"]):
        days = (datetime.fromisoformat(mark["at"]) - NOW) / timedelta(days=1)
        assert mark["x"] == pytest.approx(50 + days / 14 * 50, abs=0.001)


def test_days_are_to_scale_and_one_of_a_clock_change_is_shorter() -> None:
    days = page(timer())["axis"]["days"]
    one = 50 / 14
    assert [day["date"] for day in days[:3]] == ["16 Feb", "17 Feb", "18 Feb"]
    assert days[0]["width"] == pytest.approx(18 / 24 * one, abs=0.01)
    (change,) = [day for day in days if day["date"] == "8 Mar"]
    assert change["width"] == pytest.approx(23 / 24 * one, abs=0.01)
    assert sum(day["width"] for day in days) == pytest.approx(100, abs=0.1)
    assert [day["date"] for day in days if day["weekend"]][-4:] == ["7 Mar", "8 Mar", "14 Mar", "15 Mar"]
    assert all(day["monday"] == (day["weekday"] == "Mon") for day in days)


def test_many_runs_are_a_band_and_close_ones_one_mark_of_the_worst() -> None:
    shown = row(timer(interval="1h"))
    assert shown["coming"] == []
    assert shown["band"] == {"x": 52.976, "width": pytest.approx(47.024, abs=0.01)}
    assert shown["coming_text"] == "317 runs, every 1h, from Tue 3 Mar 02:00 to Mon 16 Mar 07:00"
    jobs = [job("lab", "a", "b")]
    failed = timer("backup-lab-b", recent_runs=[run(-1 / 6, "FAILED")])
    both = row(timer("backup-lab-a"), failed, jobs=jobs)
    assert [mark["outcome"] for mark in both["past"]][-2:] == ["arrived", "failed"]
    assert both["past"][-1]["title"].count("Mon 2 Mar 02:00") == 2


@pytest.mark.parametrize(
    ("options", "runs", "told"),
    [
        ({"end": {"count": 33}}, 3, "Tue 3 Mar 02:00; Wed 4 Mar 02:00; Thu 5 Mar 02:00"),
        ({"end": {"count": 30}}, 0, "none within 14 days"),
        ({"end": {"datetime": "2026-03-05T08:00:00+00:00"}}, 3, "Tue 3 Mar 02:00; "),
        ({"interval": None}, 1, "Tue 3 Mar 02:00"),
        (
            {"interval": "8w", "next_run": "2026-04-01T08:00:00+00:00"},
            0,
            "none within 14 days; the next one is Wed 1 Apr 2026 03:00",
        ),
        ({"next_run": None}, 0, "none within 14 days"),
        ({"next_run": "2026-03-02T08:00:00+00:00"}, 14, ""),  # overdue: the ticks go on
        ({"definition": None}, 1, ""),  # a flow: at least the run that the service tells
    ],
)
def test_how_many_runs_come(options: dict[str, Any], runs: int, told: str) -> None:
    shown = row(timer(**options))
    assert len(shown["coming"]) == runs
    assert told in shown["coming_text"]


def test_moments_are_told_in_the_zone() -> None:
    reason = "Its last run, at 2026-03-02T08:00:00+00:00, failed: no"
    told = {"state": "failing", "reason": reason, "remedy": None}
    (problem,) = row(timer(health=told))["problems"]
    assert problem["reason"] == "Its last run, at Mon 2 Mar 2026 02:00, failed: no"
    assert row(timer(), zone="Asia/Kolkata")["next"]["text"] == "Tue 3 Mar 2026 13:30"


# --- what needs attention ------------------------------------------------------------------------------------------


def test_timers_that_no_job_asks_for_need_attention() -> None:
    timers = [timer("other"), timer("backup-b"), timer("backup-old"), timer("backup-a")]
    shown = page(*timers, jobs=[job("b"), job("lost"), job("a")])
    assert [(one["name"], one["health"]["state"]) for one in shown["jobs"]] == [
        ("b", "ok"),
        ("lost", "missing"),
        ("a", "ok"),
    ]
    assert [(one["name"], one["health"]["state"]) for one in shown["others"]] == [("backup-old", "surplus")]
    (missing, surplus) = shown["attention"]
    assert missing["state"] == "missing"
    assert surplus["command"] == "ansible localhost -m research_ops.globus.timer -a 'name=backup-old state=absent'"


def test_w7_a_timer_that_has_ended_is_none_that_purge_would_remove() -> None:
    shown = page(timer("backup-old", "ended"), jobs=[])
    assert [one["health"]["state"] for one in shown["others"]] == ["ended"]
    assert shown["attention"] == []


def test_an_absent_job_is_no_row_until_its_timers_are_there() -> None:
    gone = job("lab", state="absent", max_age=None)
    assert page(jobs=[gone])["jobs"] == []
    assert page(timer(), jobs=[gone])["others"][0]["health"]["state"] == "surplus"


def test_why_a_timer_is_missing_is_what_the_play_said() -> None:
    results = [{"name": "backup-lab", "failed": True, "msg": "timer 'backup-lab' was not created. No such path"}]
    (problem,) = row(jobs=[job()], results=results)["problems"]
    assert problem["reason"] == "Timer 'backup-lab' was not created. No such path"
    (refused,) = row(timer(), results=[{"name": "backup-lab", "failed": True, "msg": "it differs"}])["problems"]
    assert (refused["state"], refused["reason"]) == ("refused", "It differs")


def test_since_when_and_by_whom_it_is_paused() -> None:
    paused = timer(state="paused", recent_runs=[run(-3 - 1 / 6)])
    (problem,) = row(paused)["problems"]
    assert problem["reason"] == (
        "A user paused it outside of the play. Globus does not say who. It last ran at Fri 27 Feb 2026 02:00, and has "
        "missed its runs since Sat 28 Feb 2026 02:00"
    )
    assert problem["command"] == "ansible localhost -m research_ops.globus.timer -a 'name=backup-lab state=active'"
    (problem,) = row(timer(state="paused"))["problems"]
    assert problem["reason"].endswith("It last ran at Mon 2 Mar 2026 02:00, and has not missed a run so far")
    (problem,) = row(paused, jobs=[job(state="paused")])["problems"]
    assert problem["reason"].startswith("The job is paused, by its own state or by backup_state. It last ran at")
    assert problem["command"] is None, "the next run of the play would pause it again"
    results = [{"name": "backup-lab", "operations": [{"operation": "pause"}]}]
    (problem,) = row(paused, jobs=[job(state="paused")], results=results)["problems"]
    assert (problem["reason"], problem["since"]["ago"]) == (
        "The job is paused, by its own state or by backup_state. This play paused it",
        "just now",
    )


def test_commands_can_be_pasted_whatever_the_name() -> None:
    odd = 'backup-it\'s a "lab"'
    (problem,) = row(timer(odd, "inactive"))["problems"]
    assert shlex.split(problem["command"])[-1] == '{"name": "backup-it\'s a \\"lab\\"", "state": "active"}'
    several = row(timer("backup-lab-a", "paused"), timer("backup-lab-b", "paused"), jobs=[job("lab", "a", "b")])
    (problem,) = several["problems"]
    assert '"name": "backup-lab-b", "state": "active"' in problem["command"]
    assert problem["reason"].startswith(
        "A user paused them outside of the play. Globus does not say who. backup-lab-a "
    )
    assert problem["remedy"] == "The command below resumes them. If they missed a run, they then run at once"


def test_addresses_in_sentences_are_links() -> None:
    told = {"state": "failing", "reason": "no", "remedy": f"See the page of the task: {TASK}x; the next run tries"}
    (problem,) = row(timer(health=told))["problems"]
    assert [(part["text"], part["url"]) for part in problem["remedy_parts"]] == [
        ("See the page of the task: ", None),
        ("open it in Globus", f"{TASK}x"),
        ("; the next run tries", None),
    ]
    (problem,) = row(timer(state="paused"))["problems"]
    assert problem["remedy_parts"][-1]["url"] == "https://app.globus.org/activity/timers/backup-lab"


# --- too old -------------------------------------------------------------------------------------------------------


def test_stale_is_judged_by_the_newest_slot_of_the_job() -> None:
    old = [run(-n - 1 / 6) for n in range(5, 9)]
    jobs = [job("lab", "mon", "tue")]
    timers = [timer("backup-lab-mon", recent_runs=old, interval="1w"), timer("backup-lab-tue", interval="1w")]
    assert row(*timers, jobs=jobs)["health"]["state"] == "ok"
    timers[1] = timer("backup-lab-tue", recent_runs=[run(-3.5)], interval="1w")
    shown = row(*timers, jobs=jobs)
    assert (shown["health"]["state"], shown["too_old"]) == ("stale", True)
    (problem,) = shown["problems"]
    assert problem["reason"] == (
        "No complete transfer arrived within the last 3d: the last one arrived at Thu 26 Feb 2026 18:01"
    )
    assert problem["since"]["text"] == "Sun 1 Mar 2026 18:01"
    assert row(*timers, jobs=[job("lab", "mon", "tue", max_age=None)])["health"]["state"] == "ok"


@pytest.mark.parametrize(
    ("options", "stale"),
    [
        ({}, True),
        ({"submitted_at": at(-2)}, False),  # younger
        ({"submitted_at": None}, False),
        ({"health": {"state": "ok", "reason": None, "remedy": None, "source": "timer"}}, False),  # tasks were not read
        ({"runs": 0, "recent_runs": []}, True),
        ({"state": "paused"}, False),
        ({"state": "failing"}, False),  # which says more
    ],
)
def test_a_job_is_stale_without_any_success_only_where_that_is_known(options: dict[str, Any], stale: bool) -> None:
    state = options.pop("state", "ok")
    given = {"recent_runs": [run(-n - 1 / 6, "CANCELED?") for n in range(14)], "last_success": None, **options}
    shown = row(timer("backup-lab", state, **given))
    assert (shown["health"]["state"] == "stale") == stale
    assert row(timer(**given), jobs=[job(max_age=91 * DAY)])["health"]["state"] != "stale", "the service forgets"


# --- the rest ------------------------------------------------------------------------------------------------------


def test_l2_share_of_the_rate_limit_counts_all_that_run() -> None:
    timers = [timer(interval="1h"), timer("backup-paused", "paused", interval="60s")]
    account = [*timers, timer("other", interval="6h"), timer("once", interval=None)]
    rate = page(*timers, jobs=[], account=account)["rate"]
    assert (rate["these"], rate["others"], rate["all"], rate["per_day"]) == ("1.7 %", "0.3 %", "1.9 %", "28 runs")
    assert page(timer())["rate"]["all"] == "less than 0.1 %"
    assert page(timer())["rate"]["per_day"] == "1 run"
    assert page(timer(interval="1w"))["rate"]["per_day"] == "less than 1 run"
    assert page()["rate"]["per_day"] == "0 runs"
    assert page(timer(interval="60s"))["rate"]["all_width"] == 100
    assert page()["rate"]["all"] == "0.0 %"


def test_without_jobs_every_timer_of_the_prefix_is_one() -> None:
    shown = _report.model([timer(), timer("other")], zone="UTC", now=NOW)
    assert [one["name"] for one in shown["jobs"]] == ["backup-lab"]
    assert shown["attention"] == []


def test_failures_of_timers_that_were_replaced_are_shown_W4e() -> None:
    """The new timer is well, because it has not run yet."""
    bad = {
        "state": "failing",
        "reason": "Its last run, at 2026-03-02T08:00:00+00:00, failed: X",
        "remedy": f"See {TASK}",
    }
    results: list[dict[str, Any]] = [
        {"name": "backup-lab", "replaced": [{"timer_id": "old", "health": bad}]},
        {"name": "backup-other", "replaced": [{"timer_id": "fine", "health": {"state": "ok"}}]},
        {"name": "backup-unread", "replaced": [{"timer_id": "unread", "health": None}]},
        {"name": "backup-new", "replaced": []},
        {"name": "backup-refused"},
    ]
    shown = page(results=results)["replaced"]
    assert [(one["name"], one["id"], one["label"]) for one in shown] == [("backup-lab", "old", "Failing")]
    assert "Mon 2 Mar 2026 02:00" in shown[0]["reason"]
    assert [part["url"] for part in shown[0]["remedy_parts"]] == [None, TASK]
    assert page()["replaced"] == []


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_600, "1.0 MB"),
        (123_456, "123 kB"),
        (52_428_800_000, "52.4 GB"),
        (10**18, "1.0 EB"),
    ],
)
def test_sizes_in_words(number: int, told: str) -> None:
    assert _words.size(number) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "just now"),
        (90, "2 minutes ago"),
        (3600, "1 hour ago"),
        (47 * 3600, "47 hours ago"),
        (49 * 3600, "2 days ago"),
        (-7200, "in 2 hours"),
    ],
)
def test_ages_in_words(seconds: int, told: str) -> None:
    assert _words.ago(NOW - timedelta(seconds=seconds), NOW) == told


def test_all_states_of_health_are_known_to_the_report() -> None:
    assert set(_health.HEALTH_STATES) <= set(_report_health.HEALTH_SIGNS)
