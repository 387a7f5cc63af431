# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The past and coming runs of timers, for the report: the outcome of each, and skipped runs.

Pure: no input or output. A timer is an entry in the result of the module ``timer_info``, with ``recent_runs``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile

from ..module_utils._timers.health import STALLED_AFTER
from ..module_utils._timers.schedule import (
    OVERDUE_AFTER,
    YEAR,
    Schedule,
    format_interval,
    next_tick,
    parse_instant,
    parse_interval,
    ticks,
)
from . import _words
from ._plain import Entry

DAYS = 14  # days of the timeline, before and after now
STRIP_RUNS = 14  # most runs in the strip of a job
ARRIVED, INCOMPLETE, FAILED, STALLED = "arrived", "incomplete", "failed", "stalled"
SKIPPED, ONGOING, UNKNOWN = "skipped", "ongoing", "unknown"
# The label of each outcome, the worst first
OUTCOMES: Mapping[str, str] = {
    FAILED: "failed",
    STALLED: "stalled",
    INCOMPLETE: "incomplete",
    SKIPPED: "did not run",
    UNKNOWN: "unknown",
    ONGOING: "in progress",
    ARRIVED: "arrived",
}
UNFINISHED = (STALLED, ONGOING)
# The states of timers that do not run
IDLE = ("missing", "needs_consent", "needs_session", "inactive", "paused", "ended")
TICKS_CHECKED = 350  # check at most this number of ticks: about two weeks of an hourly timer
_EARLY = timedelta(minutes=1)  # largest difference between two clocks


@dataclass(frozen=True)
class ReportedRun:
    """A run of a timer, or a run that was skipped.

    :ivar moment: when it began or, for a skipped run, when it was due.
    :ivar outcome: one of ``OUTCOMES``.
    :ivar files: the number of transferred files, or None if it is unknown.
    :ivar present: the number of files that were at the destination already.
    :ivar ended: when its transfer ended; None if it has not ended, or if this is unknown.
    :ivar why: a reason, or empty.
    """

    moment: datetime
    outcome: str
    timer: str
    files: int | None = None
    present: int | None = None
    bytes: int | None = None
    ended: datetime | None = None
    url: str | None = None
    why: str = ""


def schedule_of_timer(timer: Entry) -> Schedule | None:
    """The schedule of a timer, or None if it cannot be read."""
    options = (timer.get("definition") or {}).get("schedule")
    if options is None:
        return None
    try:
        start = parse_instant(options["start"])[0] if options.get("start") else None
        interval = parse_interval(options["interval"]) if options.get("interval") else None
        end = options.get("end") or {}
        until = parse_instant(end["datetime"])[0] if end.get("datetime") else None
        return Schedule(interval=interval, start=start, end_count=end.get("count"), end_datetime=until)
    except (ValueError, OverflowError):
        return None


# --- past runs -----------------------------------------------------------------------------------------------------


def past_runs(timer: Entry, now: datetime) -> list[ReportedRun]:
    """The known runs and the skipped ticks of a timer, oldest first."""
    entries = timer.get("recent_runs") or ()
    runs = [run for number, entry in enumerate(entries) if (run := _run(timer, entry, number == 0, now)) is not None]
    runs += _skipped(timer, runs, now)
    return sorted(runs, key=lambda run: run.moment)


def known_since(timer: Entry, past: Sequence[ReportedRun], now: datetime) -> datetime | None:
    """The beginning of the period whose runs are known: the oldest known run or, if all are known, the creation.

    :param past: runs of this and possibly other timers.
    """
    moments = [run.moment for run in past if run.timer == timer["name"] and run.outcome != SKIPPED]
    if moments and len(timer.get("recent_runs") or ()) < (timer.get("runs") or 0):
        return min(moments)
    return _words.instant(timer.get("submitted_at")) or min(moments, default=now)


def _run(timer: Entry, entry: Entry, is_last: bool, now: datetime) -> ReportedRun | None:
    task = entry.get("transfer") or {}
    moment = _words.instant(entry.get("ran_at")) or _words.instant(task.get("requested_at"))
    if moment is None:
        return None
    outcome = _outcome_of_entry(timer, entry, task, is_last, now)
    return ReportedRun(
        moment,
        outcome,
        timer["name"],
        files=task.get("files_transferred"),
        present=task.get("files_skipped"),
        bytes=task.get("bytes_transferred"),
        ended=_words.instant(task.get("completed_at")),
        url=task.get("url"),
        why=_why(entry, task, outcome),
    )


def _outcome_of_entry(timer: Entry, entry: Entry, task: Entry, is_last: bool, now: datetime) -> str:
    if entry.get("failed") or task.get("status") == "FAILED":
        return FAILED
    if not task:
        return UNKNOWN
    if task.get("status") == "SUCCEEDED":
        return _outcome_of_success(timer, task)
    if task.get("completed_at") is not None:
        return UNKNOWN
    retries = str(task.get("detail") or "OK").upper() not in ("OK", "QUEUED")
    requested = _words.instant(task.get("requested_at"))
    is_old = requested is None or now - requested > STALLED_AFTER
    if task.get("status") == "INACTIVE" or (retries and is_old) or (is_last and _health_state(timer) == "stalled"):
        return STALLED
    return ONGOING


def _outcome_of_success(timer: Entry, task: Entry) -> str:
    skipped = task.get("skipped_errors")
    if skipped:
        return INCOMPLETE
    whole = (timer.get("last_success") or {}).get("task_id")
    return ARRIVED if skipped == 0 or (whole is not None and whole == task.get("task_id")) else UNKNOWN


def _why(entry: Entry, task: Entry, outcome: str) -> str:
    if outcome == FAILED:
        return str(entry.get("message") or task.get("detail") or "")
    if outcome == STALLED:
        return str(task.get("detail") or "")
    if outcome == INCOMPLETE:
        return f"{_words.count(task['skipped_errors'], 'item')} left out"
    return ""


def _skipped(timer: Entry, runs: Sequence[ReportedRun], now: datetime) -> Iterator[ReportedRun]:
    """The ticks without a run, as far back as the runs are known.

    For a timer that a user paused, only the ticks before its last run: the user did not want the later ones.
    """
    schedule = schedule_of_timer(timer)
    if schedule is None or schedule.start is None or schedule.interval is None:
        return
    start, step = schedule.start, timedelta(seconds=schedule.interval)
    until = now - OVERDUE_AFTER
    if _health_state(timer) in ("paused", "ended"):
        until = max((run.moment for run in runs), default=start - step)
    begin = max(start, _words.instant(timer.get("submitted_at")) or start)
    if runs and len(runs) < (timer.get("runs") or 0):
        begin = min(run.moment for run in runs)
    ran = {(run.moment + _EARLY - start) // step for run in runs}
    first, last = (begin + _EARLY - start) // step, (until - start) // step
    first = max(first, 0, last - min(max(STRIP_RUNS, timedelta(days=DAYS) // step), TICKS_CHECKED))
    for number in range(first, last + 1):
        tick = start + number * step
        if number not in ran:
            is_busy = any(_is_in_progress(run, tick, now) for run in runs)
            why = "the previous transfer was still in progress" if is_busy else ""
            yield ReportedRun(tick, SKIPPED, timer["name"], why=why)


def _is_in_progress(run: ReportedRun, tick: datetime, now: datetime) -> bool:
    """Whether the transfer of a run was in progress at a tick."""
    end = run.ended or (now if run.outcome in UNFINISHED else run.moment)
    return run.moment <= tick < end


# --- coming runs ---------------------------------------------------------------------------------------------------


def coming_runs(timer: Entry, now: datetime) -> list[datetime]:
    """The runs of the coming days, from the next run that Globus shows. Only this run if the schedule is unknown."""
    if _health_state(timer) in IDLE:
        return []
    end = now + timedelta(days=DAYS)
    start = _words.instant(timer.get("next_run"))
    if start is None:
        return []
    schedule = schedule_of_timer(timer)
    if schedule is None or schedule.interval is None:
        return [start] if now < start <= end else []
    left = None if schedule.end_count is None else max(0, schedule.end_count - (timer.get("runs") or 0))
    coming = replace(schedule, start=next_tick(start, schedule.interval, now), end_count=left)
    return [] if left == 0 else list(takewhile(lambda run: run <= end, ticks(coming, now)))


def every(schedule: Schedule | None) -> str:
    """How often a schedule runs, in words."""
    if schedule is None:
        return ""
    if schedule.interval is None:
        return "once"
    return f"every {'365d' if schedule.interval == YEAR else format_interval(schedule.interval)}"


def _health_state(timer: Entry) -> str:
    return str(timer["health"]["state"])
