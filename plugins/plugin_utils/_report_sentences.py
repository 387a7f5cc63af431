# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The sentences of the report: what arrived, how much, and with which problems. Pure: no input or output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median

from ..module_utils._timers.schedule import to_wall
from . import _words
from ._plain import Entry
from ._report_runs import (
    ARRIVED,
    FAILED,
    INCOMPLETE,
    ONGOING,
    OUTCOMES,
    SKIPPED,
    STALLED,
    UNFINISHED,
    UNKNOWN,
    ReportedRun,
)

WINDOW = timedelta(hours=24)
NIGHT = (18, 9)  # from this hour of the evening to this hour of the morning
COMPARED = 3  # earlier runs that say what is usual
_CAME = (ARRIVED, INCOMPLETE)
MISSING = "missing"  # the outcome of a job without a timer
_VERBS: Mapping[str, tuple[str, str]] = {
    FAILED: ("failed", "failed"),
    STALLED: ("stands still", "stand still"),
    INCOMPLETE: ("is incomplete", "are incomplete"),
    SKIPPED: ("did not run", "did not run"),
    MISSING: ("has no timer", "have no timer"),
    UNKNOWN: ("ran, and whether it arrived is not known", "ran, and whether they arrived is not known"),
    ONGOING: ("is still going on", "are still going on"),
}


def headline(
    jobs: Sequence[Sequence[Sequence[ReportedRun]]], missing: int, coming: datetime | None, zone: str, now: datetime
) -> Entry:
    """What arrived, in one sentence (``text``), and what did not (``rest``).

    :param jobs: for each job, the runs of each of its timers.
    :param missing: the number of further jobs without a timer.
    :param coming: the next run of all jobs.
    """
    recent = [found for job in jobs if (found := [one for runs in job if (one := _recent(runs, now))])]
    outcomes = [_worst(found) for found in recent] + [MISSING] * missing
    arrived = outcomes.count(ARRIVED)
    rest = _rest(outcomes)
    if not recent and not missing:
        return {"text": _nothing(jobs, coming, zone, now), "rest": "", "due": 0, "arrived": 0}
    took_place = [run for job in jobs for runs in job for run in runs if now - WINDOW < run.moment <= now]
    number = f"{arrived} of {len(outcomes)}" if rest or len(outcomes) == 1 else f"all {len(outcomes)}"
    amount = amount_of([run for run in took_place if run.outcome in _CAME])
    return {
        "text": f"{_period(recent, zone, now)}: {number} arrived{', ' + amount if amount else ''}.",
        "rest": rest,
        "due": len(outcomes),
        "arrived": arrived,
    }


def _recent(runs: Sequence[ReportedRun], now: datetime) -> ReportedRun | None:
    """The run of the last day that counts: the one that is still going on, or else the last."""
    unfinished = [run for run in runs if run.outcome in UNFINISHED]
    within = [run for run in runs if now - WINDOW < run.moment <= now]
    return next(reversed([*within, *unfinished]), None)


def _worst(runs: Sequence[ReportedRun]) -> str:
    order = [*OUTCOMES]
    return min((run.outcome for run in runs), key=order.index)


def _rest(outcomes: Sequence[str]) -> str:
    numbers = {outcome: outcomes.count(outcome) for outcome in _VERBS}
    told = [f"{number} {_VERBS[outcome][number > 1]}" for outcome, number in numbers.items() if number]
    return f"{_words.joined(told)}." if told else ""


def _nothing(jobs: Sequence[Sequence[Sequence[ReportedRun]]], coming: datetime | None, zone: str, now: datetime) -> str:
    """The sentence if no run was due within a day."""
    if not jobs:
        return "There are no backup jobs."
    arrived = [run.ended or run.moment for job in jobs for runs in job for run in runs if run.outcome == ARRIVED]
    ran = any(run.outcome != SKIPPED for job in jobs for runs in job for run in runs)
    told = "No backup was due in the last 24 hours." if ran else "No backup has run yet."
    if arrived:
        last = max(arrived)
        return f"{told} The last arrived {_words.long(last, zone)}, {_words.ago(last, now)}."
    return f"{told} The first is due {_words.long(coming, zone)}." if coming and not ran else told


def _period(recent: Sequence[Sequence[ReportedRun]], zone: str, now: datetime) -> str:
    evening, morning = NIGHT
    hours = [to_wall(run.moment, zone).hour for found in recent for run in found]
    at_night = bool(hours) and all(hour >= evening or hour < morning for hour in hours)
    by_day = 4 <= to_wall(now, zone).hour < evening
    return "Last night" if at_night and by_day else "Last 24 hours"


# --- how much --------------------------------------------------------------------------------------------------------


def amount_of(runs: Sequence[ReportedRun]) -> str:
    """``12,331 files, 1.2 TB``; empty if that is not known."""
    files = [run.files for run in runs if run.files is not None]
    sizes = [run.bytes for run in runs if run.bytes is not None]
    if files and sizes and not sum(files) and not sum(sizes):
        return "nothing was new"
    parts = [_words.count(sum(files), "file")] if files else []
    return ", ".join([*parts, *([_words.size(sum(sizes))] if sizes else [])])


def amount_of_run(run: ReportedRun) -> str:
    """The same for one run."""
    if run.outcome in (FAILED, STALLED, ONGOING) and not run.files and not run.bytes:
        return ""
    told = amount_of([run])
    if run.files == 0 and run.present:
        return f"nothing new, {_words.count(run.present, 'file')} there"
    return told


def trend_of(runs: Sequence[ReportedRun]) -> str:
    """How the bytes of the last run compare with those of earlier ones; empty if these are too few.

    :param runs: oldest first.
    """
    sizes = [run.bytes for run in runs if run.outcome in _CAME and run.bytes is not None]
    if len(sizes) <= COMPARED or runs[-1].outcome not in _CAME:
        return ""
    *earlier, last = sizes
    usual = median(earlier)
    told = _words.size(round(usual))
    if not usual:
        return "earlier runs moved nothing" if last else "as usual"
    share = last / usual
    for limit, words in ((0.1, "far less than"), (0.5, "less than"), (2, "about as"), (10, "more than")):
        if share <= limit:
            return f"about as usual ({told})" if words == "about as" else f"{words} usual ({told})"
    return f"far more than usual ({told})"


# --- runs in words ---------------------------------------------------------------------------------------------------


def strip_told(runs: Sequence[ReportedRun], zone: str) -> str:
    """The last runs in words, for readers who do not see the strip."""
    if not runs:
        return "No run is known"
    numbers = [
        f"{number} {OUTCOMES[outcome]}"
        for outcome in reversed([*OUTCOMES])
        if (number := _number_of_runs(runs, outcome))
    ]
    notable = [f"{_words.short(run.moment, zone)} {OUTCOMES[run.outcome]}" for run in runs if run.outcome != ARRIVED]
    told = f"Last {_words.count(len(runs), 'run')}: {_words.joined(numbers)}"
    return f"{told}: {'; '.join(notable)}" if notable else told


def _number_of_runs(runs: Sequence[ReportedRun], outcome: str) -> int:
    return sum(1 for run in runs if run.outcome == outcome)
