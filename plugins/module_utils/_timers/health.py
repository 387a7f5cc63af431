# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Whether a timer works, why not, and what to do about it. Pure: no input or output.

Each run of a timer submits a Transfer task, which then transfers data, fails or stalls. Only the tasks show whether
data arrived, so they determine the health of a timer (rules O1 to O6). For flows, and if the tasks cannot be read, the
results in the timer's document are used instead: ``_timers.runs``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from .definition import Path, Transfer
from .document import Timer, describe_inactive
from .runs import SUCCEEDED, Run, runs_of
from .schedule import OVERDUE_AFTER, format_instant, format_interval
from .task_words import failure_of, page_of, remedy_of, stall_of
from .tasks import INACTIVE, Task, instant_as_result
from .values import instant_or_none

HEALTH_STATES = (
    *("needs_consent", "needs_session", "inactive", "failing", "stalled", "incomplete", "overrunning", "overdue"),
    *("stale", "ok", "paused", "ended"),
)
UNHEALTHY = HEALTH_STATES[: HEALTH_STATES.index("ok")]
RESULTS_NEEDED = 2  # the last run, which may still be in progress, and the one before
RESULTS_SEARCHED = 10  # the runs that are searched for the last complete transfer (rule O2)
STALLED_AFTER = timedelta(minutes=15)  # many errors disappear within minutes
CLOCK_ERROR = timedelta(minutes=5)  # ignore dates of requests that are further in the future than this
WEB_APP = "https://app.globus.org/"
_MOMENT_AT_END = re.compile(r"((?:restore|now)-.+)-[0-9]{4}-?[0-9]{2}-?[0-9]{2}(?:[T-]?[0-9:.-]*Z?)?", re.IGNORECASE)


@dataclass(frozen=True)
class Health:
    """The health of a timer.

    :ivar state: one of ``HEALTH_STATES``.
    :ivar reason: one sentence; None for a timer that works, unless there is a remark.
    :ivar remedy: what to do about it, or None.
    :ivar since: when this state began, or None if this is unknown.
    :ivar source: ``transfer`` if the timer's tasks were read, otherwise ``timer``.
    """

    state: str
    reason: str | None = None
    remedy: str | None = None
    since: datetime | None = None
    source: str = "timer"

    def as_result(self) -> dict[str, str | None]:
        return {
            "state": self.state,
            "reason": self.reason,
            "remedy": self.remedy,
            "since": instant_as_result(self.since),
            "source": self.source,
        }


@dataclass(frozen=True)
class History:
    """The known runs of a timer, latest first, each with its task if that could be read.

    :ivar searched: how many runs were searched for a complete transfer.
    :ivar success: the last run whose transfer was complete (rule O4), or None.
    """

    runs: tuple[Run, ...]
    searched: int
    success: Run | None

    @property
    def current(self) -> Run | None:
        """The run whose task has not finished. Later runs may exist that could not start because of this task."""
        for run in self.runs:
            if run.task is not None:
                return None if run.task.is_over else run
            if not run.failed:
                return None
        return None

    @property
    def is_read(self) -> bool:
        """Whether the task of the last run that could start was read."""
        started = next((run for run in self.runs if not run.failed or run.task is not None), None)
        return started is not None and started.task is not None

    def as_result(self) -> dict[str, Any]:
        """The return values ``last_success`` and ``last_success_searched`` of the module ``timer_info``."""
        found = None
        if self.success is not None and self.success.task is not None:
            task = self.success.task
            found = {
                "ran_at": self.success.ran_at,
                "completed_at": instant_as_result(task.completed_at),
                "task_id": task.id,
                "files": task.files,
                "files_transferred": task.files_transferred,
                "bytes_transferred": task.bytes_transferred,
            }
        return {"last_success": found, "last_success_searched": self.searched}


def history_of(timer: Timer, tasks: Mapping[str, Task] | None = None) -> History:
    """The runs in a timer's document, and the last of them with a complete transfer.

    :param tasks: the tasks that could be read, by ID.
    """
    runs = runs_of(timer, tasks)
    success = next((run for run in runs if run.task is not None and run.task.is_complete), None)
    looked_at = [run for run in runs if run.task is not None]
    return History(tuple(runs), runs.index(success) + 1 if success else len(looked_at), success)


def tasks_to_read(timer: Timer, tasks: Mapping[str, Task] | None = None, runs: int = 0) -> list[str]:
    """The IDs of the timer's tasks that have to be read (rule O2).

    The first time they are the tasks of its last two runs, or of as many as are to be returned. If none of these
    transfers was complete, the second time they are the tasks of up to eight earlier runs.

    :param tasks: the tasks that were read the first time; None the first time.
    """
    first = max(runs, RESULTS_NEEDED)
    found = runs_of(timer)
    wanted = found[:first] if tasks is None else found[first:RESULTS_SEARCHED]
    if timer.type != "transfer" or (tasks is not None and history_of(timer, tasks).success is not None):
        return []
    return [run.task_id for run in wanted if run.task_id is not None]


def lacks_results(timer: Timer, tasks: Mapping[str, Task]) -> bool:
    """Whether older runs, which the document does not contain, may include a complete transfer."""
    contained = len(timer.results)
    return (
        timer.type == "transfer"
        and contained < min(timer.runs, RESULTS_SEARCHED)
        and history_of(timer, tasks).success is None
    )


def health_of(
    timer: Timer,
    now: datetime,
    tasks: Mapping[str, Task] | None = None,
    *,
    max_age: int | None = None,
    others: Iterable[Timer] = (),
    web_app: str = WEB_APP,
) -> Health:
    """The health of a timer.

    :param timer: with ``RESULTS_NEEDED`` results, or all that it has.
    :param now: the current time, by the service's clock.
    :param tasks: the Transfer tasks that could be read, by ID; None if none were read.
    :param max_age: seconds within which a complete transfer must have arrived.
    :param others: other timers, which may have repeated a failed run of this timer later (rule O3a).
    :param web_app: address of the Globus web app, ending in a slash.
    """
    history = history_of(timer, tasks)
    if timer.is_ended:
        health = _ended(timer, history, now, is_done_again(timer, others, tasks), web_app)
    else:
        health = _judge_unfinished(timer, history, now, max_age, web_app)
    return replace(health, source="transfer" if history.is_read else "timer")


def _judge_unfinished(timer: Timer, history: History, now: datetime, max_age: int | None, web_app: str) -> Health:
    """The health of a timer that has not ended."""
    if timer.is_gone:
        return Health("ended", "It was deleted, or is being deleted")
    problems = list(filter(None, _run_problems(timer, history, now, web_app)))
    if timer.is_paused_by_user:
        worst = next((problem for problem in problems if problem.state in ("failing", "stalled")), None)
        return Health(
            "paused",
            "A user paused it" + _clause(worst),
            "Resume it with state: active. If it missed a run, it then runs at once",
        )
    if timer.is_inactive:
        stopped = _inactive(timer)
        worst = next((problem for problem in problems if problem.state in ("failing", "stalled")), None)
        return replace(stopped, reason=f"{stopped.reason}{_clause(worst)}")
    problems += filter(None, (_overdue(timer, history, now, web_app), _judge_age(timer, history, now, max_age)))
    if problems:
        first, *rest = problems
        return replace(first, reason=f"{first.reason}{''.join(map(_clause, rest))}")
    return Health("ok", _remark(timer, history))


def _clause(problem: Health | None, conjunction: str = "; ") -> str:
    """Another problem, as the end of a sentence."""
    if problem is None or problem.reason is None:
        return ""
    return f"{conjunction}{problem.reason[0].lower()}{problem.reason[1:]}"


# --- runs ----------------------------------------------------------------------------------------------------------


def _run_problems(timer: Timer, history: History, now: datetime, web_app: str) -> Sequence[Health | None]:
    """The problems of the last finished run and of the one in progress, worst first."""
    last, current = _last_finished_run(timer, history), history.current
    failing, stalled = _failing(timer, last, web_app), _stalled(timer, current, now, web_app)
    if failing is not None and stalled is not None and last is not None and last.task is not None:
        # The run in progress has an error, too. Its task contains more details than a finished one.
        failing = replace(failing, remedy=failing.remedy if last.task.last_error else stalled.remedy)
    elif failing is not None and timer.schedule.interval is not None:
        failing = replace(failing, remedy=f"{failing.remedy}; the next run tries again")
    return (
        failing,
        stalled,
        _incomplete(last, web_app),
        _overrunning(timer, history, now, web_app),
    )


def _last_finished_run(timer: Timer, history: History) -> Run | None:
    """The last finished run.

    If the task of a run was not read, the run counts as finished, unless the timer reports a run in progress. The
    status in the result of the run is not used, because it can be ``ACTIVE`` long after the task has finished.
    """
    for number, run in enumerate(history.runs):
        if run.task is not None and not run.task.is_over:
            continue
        if run.task is None and number == 0 and not run.failed and _activity(timer) == "run_in_progress":
            continue
        return run
    return None


def _failing(timer: Timer, last: Run | None, web_app: str) -> Health | None:
    if last is None or not last.failed:
        return None
    at = f", at {last.ran_at}," if last.ran_at else ""
    if last.task is None:
        return Health(
            "failing",
            f"Its last run{at} failed: {last.message}",
            f"Fix the cause. See the page of the timer: {_page_of(timer, web_app)}",
            last.moment,
        )
    return Health(
        "failing",
        f"The transfer of its last run{at} failed: {failure_of(last.task)}",
        remedy_of(last.task, web_app, _transfer_paths(timer)),
        last.task.completed_at or last.moment,
    )


def _stalled(timer: Timer, current: Run | None, now: datetime, web_app: str) -> Health | None:
    task = current.task if current else None
    if task is None or not (_waits_for_somebody(task) or (task.error is not None and _lasts_too_long(task, now))):
        return None
    since = f" (requested at {format_instant(task.requested_at)})" if task.requested_at else ""
    parts = [f"Its transfer{since} is stalled: {stall_of(task)}"]
    if task.deadline is not None:
        parts.append(f"Globus gives up at {format_instant(task.deadline)}")
    skipped = _ticks_between(timer, task.requested_at, now)
    if skipped:
        parts.append(f"{skipped} run{'s were' if skipped > 1 else ' was'} skipped meanwhile")
    return Health("stalled", "; ".join(parts), remedy_of(task, web_app, _transfer_paths(timer)), task.requested_at)


def _waits_for_somebody(task: Task) -> bool:
    """Whether the task waits until somebody acts."""
    return task.status == INACTIVE or task.is_paused is True


def _lasts_too_long(task: Task, now: datetime) -> bool:
    """Whether a task with an error is older than ``STALLED_AFTER``. If its age is unknown, it counts as older."""
    if task.requested_at is None:
        return True
    return not -CLOCK_ERROR <= now - task.requested_at <= STALLED_AFTER


def _incomplete(last: Run | None, web_app: str) -> Health | None:
    task = last.task if last else None
    if task is None or last is None or not task.is_incomplete:
        return None
    number = task.skipped_errors
    what = "Globus does not report it as successful"
    if number:
        items, were = ("item", "was") if number == 1 else ("items", "were")
        what = f"{number} {items} at the source could not be read and {were} left out"
        if task.is_mirror:
            what += ", so the mirror deleted nothing at the destination"
    at = f", at {last.ran_at}," if last.ran_at else ""
    return Health(
        "incomplete",
        f"The transfer of its last run{at} is not complete: {what}",
        f"See the page of the task: {page_of(task, web_app)}. If it lists items that were left out, make them readable "
        "at the source, or exclude them with transfer.filter_rules",
        task.completed_at or last.moment,
    )


def _overrunning(timer: Timer, history: History, now: datetime, web_app: str) -> Health | None:
    """The problem that a run without an error takes longer than the interval, so later runs are skipped."""
    run, interval = history.current, timer.schedule.interval
    task = run.task if run else None
    if task is not None and (task.error is not None or _waits_for_somebody(task)):
        return None
    since = task.requested_at if task is not None else _in_progress_since(timer, history)
    if since is None or interval is None or now - since <= timedelta(seconds=interval):
        return None
    waits, skipped = task is not None and task.is_queued, _ticks_between(timer, since, now)
    if waits:
        remedy = "Spread the timers of this account over the day"
    else:
        remedy = "Use a longer interval, or transfer less"
        if task is None:
            remedy = f"Check whether the run is stalled. If it is not: {remedy[0].lower()}{remedy[1:]}"
    page = f"task: {page_of(task, web_app)}" if task is not None else f"timer: {_page_of(timer, web_app)}"
    return Health(
        "overrunning",
        f"Its {'transfer' if task is not None else 'run'} has been {'queued' if waits else 'in progress'} since "
        f"{format_instant(since)}, longer than its interval of {format_interval(interval)}"
        + (f"; {skipped} run{'s were' if skipped > 1 else ' was'} skipped meanwhile" if skipped else "")
        + (
            "; Globus runs at most three transfers of an account at the same time and queues the others"
            if waits
            else ""
        ),
        f"{remedy}. The page of the {page}",
        since,
    )


def _in_progress_since(timer: Timer, history: History) -> datetime | None:
    """When the current run began according to the timer, if its task could not be read."""
    last = history.runs[0] if history.runs else None
    if _activity(timer) != "run_in_progress" or (last is not None and last.task is not None):
        return None
    return instant_or_none((timer.activity or {}).get("start_timestamp")) or (last.moment if last else None)


def _page_of(timer: Timer, web_app: str) -> str:
    return f"{web_app}activity/timers/{timer.id}"


def _ticks_between(timer: Timer, after: datetime | None, until: datetime) -> int:
    """How many runs of the timer were due later than ``after``, up to ``until``."""
    start, interval = timer.schedule.start, timer.schedule.interval
    if start is None or interval is None or after is None or until <= after:
        return 0
    step = timedelta(seconds=interval)
    return max(0, (until - start) // step + 1) - max(0, (after - start) // step + 1)


def _transfer_paths(timer: Timer) -> Sequence[Path]:
    return timer.action.paths if isinstance(timer.action, Transfer) else ()


# --- runs that did not start, transfers that are too old ------------------------------------------------------------


def _overdue(timer: Timer, history: History, now: datetime, web_app: str) -> Health | None:
    """The problem that a run was due and has not started."""
    latest = now - OVERDUE_AFTER
    if _activity(timer) == "run_in_progress" or history.current is not None:
        return None  # runs that are due in the meantime are skipped
    start, due = timer.schedule.start, None
    if timer.next_run is not None and timer.next_run < latest:
        due, reason = timer.next_run, "Its next run was due at {} and has not started"
    elif start is not None and start < latest and _activity(timer) != "retrying" and not (timer.runs or timer.results):
        due, reason = start, "It has never run, although its first run was due at {}"
    if due is None:
        return None
    return Health(
        "overdue",
        reason.format(format_instant(due)),
        f"See its page: {_page_of(timer, web_app)}. To run it now, set state: paused and then state: active",
        due,
    )


def _judge_age(timer: Timer, history: History, now: datetime, max_age: int | None) -> Health | None:
    """The problem that no complete transfer arrived within ``max_age``, if the known runs reach back that far."""
    if max_age is None or timer.type != "transfer":
        return None
    age = timedelta(seconds=max_age)
    last = history.success.task if history.success else None
    if last is not None:
        arrived = last.completed_at or last.requested_at
        if arrived is None or now - arrived <= age:
            return None
    elif not _runs_reach_back(timer, history, now, age):
        return None
    else:
        arrived = None
    evidence = (
        f"the last one arrived at {format_instant(arrived)}" if arrived else f"none in the last {history.searched} runs"
    )
    return Health(
        "stale",
        f"No complete transfer arrived within the last {format_interval(max_age)}: {evidence}",
        "Check its last runs (timer_info with the option runs) and its schedule",
        arrived or timer.submitted_at,
    )


def _runs_reach_back(timer: Timer, history: History, now: datetime, age: timedelta) -> bool:
    """Whether the known runs reach back to ``age`` ago, and the task of each of them was read."""
    if timer.submitted_at is None or now - timer.submitted_at <= age or not history.runs:
        return False
    within = [run for run in history.runs if run.moment is None or now - run.moment <= age]
    if any(run.task is None and not run.failed for run in within):
        return False
    reaches_back = len(within) < len(history.runs) or len(history.runs) >= timer.runs
    return reaches_back and (bool(within) or history.is_read)


def _remark(timer: Timer, history: History) -> str | None:
    """A remark about a timer that works: what it is doing, or what is unknown. None if there is nothing to remark."""
    if _activity(timer) == "retrying":
        return "Its run could not start yet. Globus tries again"
    current = history.current.task if history.current else None
    if current is not None and current.error is not None:
        return f"Its transfer had an error, and Globus tries again: {stall_of(current)}"
    if current is not None:
        return f"I{_progress_of(current)[1:]}"
    if timer.runs == 0 and timer.next_run is not None:
        return f"It has not run yet; its first run is at {format_instant(timer.next_run)}"
    last = history.runs[0].task if history.runs else None
    if last is not None and not last.is_complete:
        return "It is unknown whether the transfer of its last run was complete"
    return None


def _progress_of(task: Task) -> str:
    doing = "queued" if task.is_queued else "in progress"
    since = task.requested_at
    return f"its transfer has been {doing} since {format_instant(since)}" if since else f"its transfer is {doing}"


def _activity(timer: Timer) -> Any:
    """The current activity of the timer, in Globus's words (facts, ``activity``)."""
    return (timer.activity or {}).get("code")


# --- inactive, ended -----------------------------------------------------------------------------------------------


def _inactive(timer: Timer) -> Health:
    needs = timer.requirements
    reason = f"Globus stopped it: {describe_inactive(timer)}"
    if needs is not None and needs.is_consent:
        return Health(
            "needs_consent",
            reason,
            "With client credentials, state: active grants the consent and resumes it. With a user login, grant the "
            "consent first",
        )
    if needs is not None and needs.is_session:
        return Health(
            "needs_session",
            reason,
            "Sign in again as the collection requires, and then set state: active. The timer stops again when the "
            "session expires, so use another collection for unattended timers",
        )
    return Health("inactive", reason, "Resume it with fresh credentials: set state: active")


def _ended(timer: Timer, history: History, now: datetime, is_done_again: bool, web_app: str) -> Health:
    """The health of an ended timer. A failed last run counts until a later timer has done the same (rule O3a)."""
    if timer.schedule.interval is None:
        again = "To run it again, set a later schedule.start or another name"
    else:
        again = "To create a new timer, set a later end"
    last, how = _last_finished_run(timer, history), _how_ended(timer)
    stalled = _stalled(timer, history.current, now, web_app)
    problem = None
    if not is_done_again:
        problem = _failing(timer, last, web_app) or stalled or _incomplete(last, web_app)
    if problem is not None:
        if problem is stalled:  # Globus still tries
            return replace(problem, reason=f"{how}{_clause(problem, ', and ')}")
        if timer.schedule.interval is None:
            again += f". If you set another name, this timer stays {problem.state}"
        return replace(problem, reason=f"{how}{_clause(problem, ', and ')}", remedy=f"{problem.remedy}. {again}")
    if stalled is not None:
        return Health("ended", f"{how}{_clause(stalled, ', and ')}", stalled.remedy, stalled.since)
    if history.current is not None and history.current.task is not None:
        return Health("ended", f"{how}; {_progress_of(history.current.task)}", None, timer.last_run)
    return Health("ended", how, again, timer.last_run)


def is_done_again(timer: Timer, others: Iterable[Timer], tasks: Mapping[str, Task] | None) -> bool:
    """Whether a later timer repeated the last run of an ended one successfully (rule O3a).

    It is a timer with the same name, or of the same restore or copy: see ``purpose_of``.
    """
    purpose = purpose_of(timer.name)
    return any(
        other.id != timer.id
        and other.order > timer.order
        and purpose_of(other.name) == purpose
        and any(run.outcome == SUCCEEDED for run in runs_of(other, tasks)[:RESULTS_NEEDED])
        for other in others
    )


def purpose_of(name: str) -> str:
    """The name of a timer. For restores and copies made by the role: without the moment at its end."""
    match = _MOMENT_AT_END.fullmatch(name)
    return match[1] if match else name


def _how_ended(timer: Timer) -> str:
    schedule = timer.schedule
    if schedule.interval is None:
        return "It has run once" if timer.runs else "It has ended"
    if schedule.end_datetime is not None:
        return f"Its end, {format_instant(schedule.end_datetime)}, has passed"
    return "It has completed all its runs"
