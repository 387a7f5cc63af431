# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The sentences of the report: what arrived, how much, and with which problems. Pure: no input or output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from ..module_utils._timers.schedule import to_wall
from . import _words
from ._plain import Entry
from ._report_health import HEALTH_SIGNS, health
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
COMPARED = 3  # the trend needs more runs than this
_TRANSFERRED = (ARRIVED, INCOMPLETE)
MISSING = "missing"  # the outcome of a job without a timer
_OUTCOMES_IN_WORDS: Mapping[str, tuple[str, str]] = {
    FAILED: ("failed", "failed"),
    STALLED: ("is stalled", "are stalled"),
    INCOMPLETE: ("is incomplete", "are incomplete"),
    SKIPPED: ("did not run", "did not run"),
    MISSING: ("has no timer", "have no timer"),
    UNKNOWN: ("ran, but it is unknown whether it arrived", "ran, but it is unknown whether they arrived"),
    ONGOING: ("is still in progress", "are still in progress"),
}
_BAD_OUTCOMES = (FAILED, STALLED, INCOMPLETE, SKIPPED, MISSING)
PARTLY_PAUSED = "partly_paused"  # some timers of the job
# The states of jobs for which "is" and the label of the state do not make a sentence
_STATES_IN_WORDS: Mapping[str, tuple[str, str]] = {
    "missing": ("lacks timers", "lack timers"),
    "needs_consent": ("needs a consent", "need a consent"),
    "needs_session": ("needs a sign-in", "need a sign-in"),
    "refused": ("could not be changed by the play", "could not be changed by the play"),
    PARTLY_PAUSED: ("has paused timers", "have paused timers"),
    "waiting": ("has not run yet", "have not run yet"),
}


@dataclass(frozen=True)
class ReportedJob:
    """A job for the headline.

    :ivar runs: the runs of each of its timers; empty if it has no timer.
    :ivar state: its health in one word.
    :ivar problem: the state of its worst problem that needs attention, or None.
    """

    runs: Sequence[Sequence[ReportedRun]]
    state: str
    problem: str | None = None

    @property
    def has_run(self) -> bool:
        return any(run.outcome != SKIPPED for runs in self.runs for run in runs)


def headline(
    jobs: Sequence[ReportedJob],
    coming: datetime | None,
    zone: str,
    now: datetime,
    *,
    others: int = 0,
    replaced: int = 0,
    is_renewed: bool = False,
) -> Entry:
    """What arrived, in one sentence (``text``), and everything that needs attention (``rest``).

    The headline must mention every problem: people read no further if it says that all is well.

    :param coming: the next run of all jobs.
    :param others: the number of timers that belong to no job and have a problem.
    :param replaced: the number of timers with a problem that this play replaced.
    :param is_renewed: whether this play replaced timers that had run.
    """
    recent = [[one for runs in job.runs if (one := _recent(runs, now))] for job in jobs]
    outcomes = [_outcome(job, found) for job, found in zip(jobs, recent)]
    due = [outcome for outcome in outcomes if outcome is not None]
    arrived = due.count(ARRIVED)
    rest = [
        *_due_in_words(due),
        *_states_in_words(jobs, outcomes),
        *_others_in_words(others, replaced),
    ]
    if due:
        number = f"all {len(due)}" if not rest and len(due) > 1 else f"{arrived} of {len(due)}"
        amount = _amount_within_window(jobs, now)
        text = f"{_period(recent, zone, now)}: {number} arrived{', ' + amount if amount else ''}."
    else:
        text = _nothing_due(jobs, coming, is_renewed, zone, now)
    return {
        "text": text,
        "rest": " ".join(rest),
        "kind": _kind_of_headline(jobs, due, others + replaced > 0, bool(rest)),
        "due": len(due),
        "arrived": arrived,
    }


def _outcome(job: ReportedJob, recent: Sequence[ReportedRun]) -> str | None:
    """The worst outcome of the runs that were due; None if none was due."""
    if not job.runs:
        return MISSING
    order = [*OUTCOMES]
    return min((run.outcome for run in recent), key=order.index, default=None)


def _recent(runs: Sequence[ReportedRun], now: datetime) -> ReportedRun | None:
    """The run of the last day that counts: the unfinished one, or else the last one."""
    unfinished = [run for run in runs if run.outcome in UNFINISHED]
    within = [run for run in runs if now - WINDOW < run.moment <= now]
    return next(reversed([*within, *unfinished]), None)


def _kind_of_headline(jobs: Sequence[ReportedJob], due: Sequence[str], is_bad: bool, has_rest: bool) -> str:
    """``bad`` if anything is wrong, ``fine`` if everything is well, else ``still``."""
    kinds = {health(job.problem)["kind"] for job in jobs if job.problem not in (None, PARTLY_PAUSED)}
    if is_bad or "bad" in kinds or any(outcome in _BAD_OUTCOMES for outcome in due):
        return "bad"
    return "still" if has_rest or _all_wait(jobs) else "fine"


def _due_in_words(outcomes: Sequence[str]) -> list[str]:
    numbers = {outcome: outcomes.count(outcome) for outcome in _OUTCOMES_IN_WORDS}
    parts = [f"{number} {_OUTCOMES_IN_WORDS[outcome][number > 1]}" for outcome, number in numbers.items() if number]
    return [f"{_words.joined(parts)}."] if parts else []


def _states_in_words(jobs: Sequence[ReportedJob], outcomes: Sequence[str | None]) -> list[str]:
    """The jobs with a problem that their outcome does not show, and the jobs that have not run yet."""
    is_due = any(outcome is not None for outcome in outcomes)
    shown: dict[str, list[str]] = {"backup": [], "other backup": []}
    for job, outcome in zip(jobs, outcomes):
        state = job.problem or ("waiting" if job.state == "waiting" else None)
        if state is None or outcome in _BAD_OUTCOMES or (state == "waiting" and not is_due and _all_wait(jobs)):
            continue
        shown["other backup" if outcome is None and is_due else "backup"].append(state)
    return [sentence for noun, states in shown.items() if (sentence := _numbers_of_states(states, noun))]


def _others_in_words(others: int, replaced: int) -> list[str]:
    sentences = []
    if others:
        sentences.append(f"{_words.count(others, 'timer')} without a job {'has' if others == 1 else 'have'} a problem.")
    if replaced:
        were = "was" if replaced == 1 else "were"
        sentences.append(f"{_words.count(replaced, 'timer')} with a problem {were} replaced.")
    return sentences


def _all_wait(jobs: Sequence[ReportedJob]) -> bool:
    return not any(job.has_run for job in jobs)


def _numbers_of_states(states: Sequence[str], noun: str) -> str:
    """``1 backup is failing and 2 are overdue.``"""
    order = [*HEALTH_SIGNS]
    parts: list[str] = []
    for state in sorted(set(states), key=lambda one: order.index(one) if one in HEALTH_SIGNS else len(order)):
        number = states.count(state)
        label = health(state)["label"].lower()
        verb = _STATES_IN_WORDS.get(state, (f"is {label}", f"are {label}"))[number > 1]
        parts.append(f"{number if parts else _words.count(number, noun)} {verb}")
    return f"{_words.joined(parts)}." if parts else ""


def _nothing_due(
    jobs: Sequence[ReportedJob], coming: datetime | None, is_renewed: bool, zone: str, now: datetime
) -> str:
    """The sentence if no run was due in the last 24 hours."""
    if not jobs:
        return "There are no backup jobs."
    if _all_wait(jobs):
        text = (
            "The timers were replaced, and the new ones have not run yet." if is_renewed else "No backup has run yet."
        )
        return f"{text} The first run starts {_words.long(coming, zone)}." if coming else text
    text = "No backup was due in the last 24 hours."
    arrived = [run.ended or run.moment for job in jobs for runs in job.runs for run in runs if run.outcome == ARRIVED]
    if not arrived:
        return text
    last = max(arrived)
    return f"{text} The last one arrived {_words.long(last, zone)}, {_words.ago(last, now)}."


def nothing_needs_attention(jobs: Sequence[ReportedJob], summary: Entry) -> str:
    """The sentence if no timer has a problem. It must not promise more than the headline.

    :param summary: the headline.
    """
    if not jobs:
        return "There are no jobs."
    if _all_wait(jobs):
        return "No timer has a problem so far, because none has run yet."
    return f"No timer has a problem. {summary['rest']}" if summary["rest"] else "Nothing."


def _period(recent: Sequence[Sequence[ReportedRun]], zone: str, now: datetime) -> str:
    evening, morning = NIGHT
    hours = [to_wall(run.moment, zone).hour for found in recent for run in found]
    at_night = bool(hours) and all(hour >= evening or hour < morning for hour in hours)
    by_day = 4 <= to_wall(now, zone).hour < evening
    return "Last night" if at_night and by_day else "Last 24 hours"


# --- how much --------------------------------------------------------------------------------------------------------


def _amount_within_window(jobs: Sequence[ReportedJob], now: datetime) -> str:
    within = [run for job in jobs for runs in job.runs for run in runs if now - WINDOW < run.moment <= now]
    return amount_of([run for run in within if run.outcome in _TRANSFERRED])


def amount_of(runs: Sequence[ReportedRun]) -> str:
    """``12,331 files, 1.2 TB``; empty if this is unknown."""
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
    if run.files == 0 and run.present:
        return f"nothing new in {_words.count(run.present, 'file')}"
    return amount_of([run])


def trend_of(runs: Sequence[ReportedRun]) -> str:
    """How the bytes of the last run compare with those of earlier runs; empty if there are too few.

    :param runs: oldest first.
    """
    sizes = [run.bytes for run in runs if run.outcome in _TRANSFERRED and run.bytes is not None]
    if len(sizes) <= COMPARED or runs[-1].outcome not in _TRANSFERRED:
        return ""
    *earlier, last = sizes
    usual = median(earlier)
    size = _words.size(round(usual))
    if not usual:
        return "earlier runs transferred nothing" if last else "as usual"
    share = last / usual
    for limit, words in ((0.1, "far less than"), (0.5, "less than"), (2, "about as"), (10, "more than")):
        if share <= limit:
            return f"about as usual ({size})" if words == "about as" else f"{words} usual ({size})"
    return f"far more than usual ({size})"


# --- runs in words ---------------------------------------------------------------------------------------------------


def strip_in_words(runs: Sequence[ReportedRun], zone: str) -> str:
    """The last runs in words, for readers who do not see the strip."""
    if not runs:
        return "No run is known"
    if len(runs) == 1:
        return f"Last run: {_words.short(runs[0].moment, zone)} {OUTCOMES[runs[0].outcome]}"
    numbers = [
        f"{number} {OUTCOMES[outcome]}"
        for outcome in reversed([*OUTCOMES])
        if (number := sum(1 for run in runs if run.outcome == outcome))
    ]
    notable = [f"{_words.short(run.moment, zone)} {OUTCOMES[run.outcome]}" for run in runs if run.outcome != ARRIVED]
    text = f"Last {_words.count(len(runs), 'run')}: {_words.joined(numbers)}"
    return f"{text}: {'; '.join(notable)}" if notable else text
