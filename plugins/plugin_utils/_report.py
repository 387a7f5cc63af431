# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The content of the report: all sentences, numbers and places on the timeline.

The template ``roles/backup/templates/report.html.j2`` only converts it into HTML. Pure: no input or output, and ``now``
is an argument. Places are in percent of the timeline: 0 is ``DAYS`` days ago, 50 is now and 100 is ``DAYS`` days ahead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ..module_utils._timers.schedule import format_local, from_wall, runs_per_minute, to_wall
from . import _words
from ._plain import Entry
from ._report_health import health, last_success, problems_of, sentences_of, state_of, worst
from ._report_runs import (
    DAYS,
    IDLE,
    OUTCOMES,
    SKIPPED,
    STRIP_RUNS,
    ReportedRun,
    coming_runs,
    every,
    known_since,
    past_runs,
    schedule_of_timer,
)
from ._report_sentences import (
    PARTLY_PAUSED,
    ReportedJob,
    amount_of_run,
    headline,
    nothing_needs_attention,
    strip_in_words,
    trend_of,
)

MARKS = 60  # if more runs are coming, draw a band, because marks would touch
LISTED = 28  # if more runs are coming, write only their number
OFTEN = timedelta(hours=12)  # if the runs of a job are closer than this, the past runs of a day are one mark
TOGETHER = timedelta(hours=1)  # past runs closer than this are one mark
LIMIT = 1.0  # most runs a minute of all timers of an account (facts, "Limits")

FREQUENCIES = {  # frequencies that the names of these schedules already contain
    "hourly": "every 1h",
    "every_6_hours": "every 6h",
    "daily": "every 1d",
    "nightly": "every 1d",
    "weekly": "every 1w",
    "fortnightly": "every 2w",
    "every_4_weeks": "every 4w",
}


def model(
    timers: Sequence[Entry],
    *,
    zone: str,
    now: datetime,
    jobs: Sequence[Entry] | None = None,
    prefix: str = "backup-",
    results: Sequence[Entry] = (),
    account: Sequence[Entry] | None = None,
) -> dict[str, Any]:
    """The content of the page.

    :param timers: the result of ``timer_info`` with ``runs``. The page shows timers of the jobs and of the prefix.
    :param jobs: the result of the filter ``backup_plan``; None makes each timer a job of its own.
    :param results: the result of the module ``timers`` in this play. It contains the reasons why timers are missing,
        and the problems of replaced timers, because the new ones have no history (rule W4e).
    :param account: all timers of the account, which share its limit of runs; None means ``timers``.
    """
    played = {str(result.get("name")): result for result in results}
    shown = _grouped(timers, jobs, prefix)
    rows = [_row(number, job, found, played, zone, now) for number, (job, found) in enumerate(shown)]
    wanted = [(row, found) for row, (_job, found) in zip(rows, shown) if row["wanted"]]
    reported = [_reported_job(row, found, now) for row, found in wanted]
    others = [row for row in rows if not row["wanted"]]
    replaced = _replaced_timers(results, zone)
    attention = _attention(rows)
    first = min((run for _row, found in wanted if (run := _first_coming_run(found, now))), default=None)
    problems = sum(any(problem["kind"] == "bad" for problem in row["problems"]) for row in others)
    renewed = any(old.get("runs") for entry in results for old in entry.get("replaced") or ())
    summary = headline(reported, first, zone, now, others=problems, replaced=len(replaced), is_renewed=renewed)
    shown_ids = {timer["id"] for _job, found in shown for timer in found}
    return {
        "zone": zone,
        "now": _words.moment(now, zone, now),
        "prefix": prefix,
        "days_number": DAYS,
        "strip_runs": STRIP_RUNS,
        "headline": summary,
        "attention": attention,
        "no_attention": "" if attention else nothing_needs_attention(reported, summary),
        "replaced": replaced,
        "counts": _counts(rows),
        "jobs": [row for row in rows if row["wanted"]],
        "others": others,
        "axis": _axis(zone, now),
        "outcomes": [{"outcome": outcome, "label": label} for outcome, label in reversed([*OUTCOMES.items()])],
        "rate": _use_of_limit(timers if account is None else account, shown_ids),
    }


def _grouped(timers: Sequence[Entry], jobs: Sequence[Entry] | None, prefix: str) -> list[tuple[Entry, list[Entry]]]:
    """The jobs with their timers. Timers with the prefix that belong to no job follow, each as a job of its own."""
    by_name: dict[str, list[Entry]] = {}
    for timer in timers:
        by_name.setdefault(timer["name"], []).append(timer)
    found: list[tuple[Entry, list[Entry]]] = []
    taken = set()
    for job in jobs or ():
        names = [timer["name"] for timer in job["timers"]]
        if job.get("state") != "absent":
            taken.update(names)
            found.append(({**job, "wanted": True}, [timer for name in names for timer in by_name.get(name, ())]))
    for name, some in by_name.items():
        if name not in taken and name.startswith(prefix):
            single = {"name": name, "timers": [{"slot": None, "name": name}], "wanted": jobs is None}
            found.append((single, list(some)))
    return found


# --- a job -----------------------------------------------------------------------------------------------------------


def _row(
    number: int, job: Entry, timers: Sequence[Entry], played: Mapping[str, Entry], zone: str, now: datetime
) -> dict[str, Any]:
    past = sorted((run for timer in timers for run in past_runs(timer, now)), key=lambda run: run.moment)
    coming = sorted(run for timer in timers for run in coming_runs(timer, now))
    problems = problems_of(job, timers, played, zone, now)
    state = state_of(job, timers, problems)
    slots = {timer["name"]: timer.get("slot") for timer in job["timers"]}
    several = len(job["timers"]) > 1
    last = next((run for run in reversed(past) if run.outcome != SKIPPED), None)
    success = last_success(timers)
    strip = past[-STRIP_RUNS:]
    remark = next((timer["health"].get("reason") for timer in timers if timer["health"]["state"] == "ok"), None)
    return {
        "number": number,
        "name": job["name"],
        "wanted": job["wanted"],
        "url": None if several or not timers else timers[0].get("url"),
        "schedule": str(job.get("schedule") or ""),
        "every": _frequency(job, timers),
        "health": health(state),
        "problems": problems,
        "remark": _words.localised(remark or "", zone) if not several and not problems else "",
        "success": _words.moment(success, zone, now),
        "too_old": any(problem["state"] == "stale" for problem in problems),
        "last": _last_run(last, zone, now),
        "next": _words.moment(coming[0] if coming else _next_run(timers), zone, now),
        "trend": trend_of(strip),
        "strip": [_cell(run, strip, zone) for run in strip],
        "strip_text": strip_in_words(strip, zone),
        "past": _marks(past, zone, now),
        "coming": [] if len(coming) > MARKS else [_coming_run(run, zone, now) for run in dict.fromkeys(coming)],
        "band": _band(coming, now) if len(coming) > MARKS else None,
        "coming_text": _coming_in_words(coming, timers, zone),
        "known": _known_period(timers, past, now),
        "timers": [_timer(timer, slots.get(timer["name"]), zone, now) for timer in timers] if several else [],
        "runs": [_run_in_words(run, slots.get(run.timer), zone) for run in reversed(strip)],
    }


def _frequency(job: Entry, timers: Sequence[Entry]) -> str:
    if len(job["timers"]) > 1:
        return _words.count(len(job["timers"]), "timer")
    words = every(schedule_of_timer(timers[0])) if timers else ""
    return "" if words == FREQUENCIES.get(str(job.get("schedule"))) else words


def _reported_job(row: Entry, timers: Sequence[Entry], now: datetime) -> ReportedJob:
    """What the headline needs to know about a job."""
    state = row["health"]["state"]
    problems = [problem["state"] for problem in row["problems"] if problem["state"] != "ended"]
    problem = worst(problems) if problems else None
    if problem == "paused" and state != "paused":
        problem = PARTLY_PAUSED
    return ReportedJob([past_runs(timer, now) for timer in timers], state, problem)


def _first_coming_run(timers: Sequence[Entry], now: datetime) -> datetime | None:
    """The first run that is still to come. It may be beyond the timeline."""
    within = [run for timer in timers for run in coming_runs(timer, now)[:1]]
    following = _next_run(timers)
    return min(within, default=following if following is not None and following > now else None)


def _next_run(timers: Sequence[Entry]) -> datetime | None:
    """The next run of these timers, without those that do not run. It may be beyond the timeline."""
    running = [timer for timer in timers if timer["health"]["state"] not in IDLE]
    moments = [_words.instant(timer.get("next_run")) for timer in running]
    return min((moment for moment in moments if moment is not None), default=None)


def _last_run(run: ReportedRun | None, zone: str, now: datetime) -> dict[str, Any] | None:
    if run is None:
        return None
    return {**_run_in_words(run, None, zone), "ago": _words.ago(run.moment, now)}


def _run_in_words(run: ReportedRun, slot: str | None, zone: str) -> dict[str, Any]:
    """A run in words."""
    return {
        "outcome": run.outcome,
        "label": OUTCOMES[run.outcome],
        "slot": slot,
        "text": _words.long(run.moment, zone),
        "short": _words.short(run.moment, zone),
        "at": format_local(run.moment, zone),
        "amount": amount_of_run(run),
        "why": _words.localised(run.why, zone),
        "url": run.url,
    }


def _timer(timer: Entry, slot: str | None, zone: str, now: datetime) -> dict[str, Any]:
    """One of several timers of a job."""
    known = timer["health"]["state"]
    state = "waiting" if known == "ok" and not timer.get("runs") else known
    return {
        "name": timer["name"],
        "slot": slot,
        "url": timer.get("url"),
        "health": health(state),
        "every": every(schedule_of_timer(timer)),
        "success": _words.moment(last_success([timer]), zone, now),
        "last": _words.moment(_words.instant(timer.get("last_run")), zone, now),
        "next": _words.moment(_next_run([timer]), zone, now),
        "runs": timer.get("runs") or 0,
        "errors": timer.get("errors") or 0,
    }


# --- pictures --------------------------------------------------------------------------------------------------------


def place(moment: datetime, now: datetime) -> float:
    """The place of a moment on the timeline, in percent."""
    return round(50 + (moment - now) / timedelta(days=DAYS) * 50, 3)


def _cell(run: ReportedRun, strip: Sequence[ReportedRun], zone: str) -> dict[str, Any]:
    """A run in the strip: its sign, and its bytes in percent of the largest run."""
    most = max((one.bytes or 0 for one in strip), default=0)
    share = (run.bytes or 0) / most * 100 if most else 0
    return {
        "outcome": run.outcome,
        "height": max(round(share, 1), 4.0) if run.bytes else 0,
        "title": _title(run, zone),
    }


def _title(run: ReportedRun, zone: str) -> str:
    amount = amount_of_run(run)
    parts = [f"{_words.short(run.moment, zone)}: {OUTCOMES[run.outcome]}", *filter(None, (amount, run.why))]
    return _words.localised(", ".join(parts), zone)


def _marks(past: Sequence[ReportedRun], zone: str, now: datetime) -> list[dict[str, Any]]:
    """The marks of past runs on the timeline. Runs that would overlap share the mark of the worst of them."""
    seen = [run for run in past if now - timedelta(days=DAYS) <= run.moment <= now]
    gaps = sorted(later.moment - run.moment for run, later in zip(seen, seen[1:]))
    often = bool(gaps) and gaps[len(gaps) // 2] < OFTEN
    groups: list[list[ReportedRun]] = []
    for run in seen:
        if groups and _is_together(groups[-1], run, often, zone):
            groups[-1].append(run)
        else:
            groups.append([run])
    order = [*OUTCOMES]
    marks = []
    for group in groups:
        worst = min(group, key=lambda run: order.index(run.outcome))
        marks.append(
            {
                "x": place(worst.moment, now),
                "at": format_local(worst.moment, zone),
                "outcome": worst.outcome,
                "title": "; ".join(_title(run, zone) for run in group[:STRIP_RUNS]),
            }
        )
    return marks


def _is_together(group: Sequence[ReportedRun], run: ReportedRun, often: bool, zone: str) -> bool:
    if often:
        return to_wall(group[0].moment, zone).date() == to_wall(run.moment, zone).date()
    return run.moment - group[0].moment < TOGETHER


def _coming_run(run: datetime, zone: str, now: datetime) -> dict[str, Any]:
    return {"x": place(run, now), "at": format_local(run, zone), "title": _words.short(run, zone)}


def _band(runs: Sequence[datetime], now: datetime) -> dict[str, float]:
    first, last = place(runs[0], now), place(runs[-1], now)
    return {"x": first, "width": round(last - first, 3)}


def _coming_in_words(runs: Sequence[datetime], timers: Sequence[Entry], zone: str) -> str:
    """The coming runs in words, for readers who do not see the drawing."""
    if not runs:
        following = _next_run(timers)
        later = f"; the next one is {_words.long(following, zone)}" if following else ""
        return f"none within {DAYS} days{later}"
    if len(runs) > LISTED:
        how = f", {every(schedule_of_timer(timers[0]))}" if len(timers) == 1 else ""
        number = _words.count(len(runs), "run")
        return f"{number}{how}, from {_words.short(runs[0], zone)} to {_words.short(runs[-1], zone)}"
    return "; ".join(_words.short(run, zone) for run in runs)


def _known_period(timers: Sequence[Entry], past: Sequence[ReportedRun], now: datetime) -> dict[str, float]:
    """Places on the timeline: ``x`` is where the known runs of a job begin, and ``created`` when its first timer was
    created."""
    begin = now - timedelta(days=DAYS)
    created = [_words.instant(timer.get("submitted_at")) for timer in timers]
    first = min((moment for moment in created if moment is not None), default=now)
    known = max((moment for timer in timers if (moment := known_since(timer, past, now)) is not None), default=now)
    return {"created": place(min(max(first, begin), now), now), "x": place(min(max(known, begin, first), now), now)}


def _axis(zone: str, now: datetime) -> dict[str, Any]:
    """The local days of the timeline. The first and last are cut, and a day with a clock change has 23 or 25 hours."""
    begin, end = now - timedelta(days=DAYS), now + timedelta(days=DAYS)
    local = to_wall(begin, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    days = []
    for number in range(2 * DAYS + 1):
        day = local + timedelta(days=number)
        first = max(from_wall(day, zone), begin)
        last = min(from_wall(day + timedelta(days=1), zone), end)
        if first < last:
            x = place(first, now)
            days.append(
                {
                    "x": x,
                    "width": round(place(last, now) - x, 3),
                    "date": f"{day.day} {_words.MONTHS[day.month - 1]}",
                    "weekday": _words.SHORT_WEEKDAYS[day.weekday()],
                    "weekend": day.weekday() >= 5,
                    "monday": day.weekday() == 0,
                }
            )
    return {"days": days, "begin": _words.moment(begin, zone, now), "end": _words.moment(end, zone, now)}


# --- all jobs together -----------------------------------------------------------------------------------------------


def _attention(rows: Sequence[Entry]) -> list[dict[str, Any]]:
    """The problems of all jobs, the bad ones first. A timer that ended as planned is not a problem."""
    found = [
        {**problem, "job": row["name"], "number": row["number"], "several": bool(row["timers"])}
        for row in rows
        for problem in row["problems"]
        if problem["state"] != "ended"
    ]
    return sorted(found, key=lambda one: (one["kind"] != "bad", one["state"] == "paused"))


def _replaced_timers(results: Sequence[Entry], zone: str) -> list[dict[str, Any]]:
    """The timers that this play replaced although they had a problem, with the problem."""
    found = []
    for entry in results:
        for old in entry.get("replaced") or ():
            found_health = old.get("health") or {}
            state = health(str(found_health.get("state") or ""))
            if state["kind"] == "bad" and state["state"]:
                found.append(
                    {
                        **state,
                        "name": str(entry.get("name") or ""),
                        "id": old.get("timer_id"),
                        **sentences_of(found_health.get("reason"), found_health.get("remedy"), zone),
                    }
                )
    return found


def _counts(rows: Iterable[Entry]) -> list[dict[str, Any]]:
    """The number of rows in each state, bad first and fine last, without ended timers that belong to no job."""
    numbers: dict[str, int] = {}
    for row in rows:
        state = row["health"]["state"]
        if row["wanted"] or state != "ended":
            numbers[state] = numbers.get(state, 0) + 1
    order = sorted(numbers, key=lambda state: (health(state)["kind"] != "bad", health(state)["kind"] == "fine"))
    return [{"number": numbers[state], **health(state)} for state in order]


def _use_of_limit(timers: Sequence[Entry], shown: set[str]) -> dict[str, Any]:
    """The share of the rate limit that the timers of the account use. Only timers that run count."""
    total = these = 0.0
    for timer in timers:
        rate = rate_of(timer)
        total += rate
        these += rate if timer["id"] in shown else 0.0
    others = total - these
    return {
        "these": _percent(these),
        "others": _percent(others),
        "all": _percent(total),
        "per_day": "less than 1 run" if 0 < total * 1440 < 1 else _words.count(round(total * 1440), "run"),
        "these_width": round(min(these / LIMIT, 1) * 100, 2),
        "all_width": round(min(total / LIMIT, 1) * 100, 2),
    }


def rate_of(timer: Entry) -> float:
    """The runs a minute of a timer; 0 if it does not run, or runs only once."""
    schedule = schedule_of_timer(timer)
    if schedule is None or timer["health"]["state"] in IDLE:
        return 0.0
    return runs_per_minute(schedule)


def _percent(rate: float) -> str:
    share = rate / LIMIT * 100
    return "less than 0.1 %" if 0 < share < 0.1 else f"{share:.1f} %"
