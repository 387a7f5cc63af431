# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The runs of a timer, and how each ended. Pure: no input or output.

How a run ended is determined by its Transfer task or, if that was not read, by the timer's own result. In a result, the
status of the action is documented (``SUCCEEDED``, ``FAILED``, ``ACTIVE``, ``INACTIVE`` of Transfer and Flows), and the
words of ``run_status`` are not. So ``run_status``, errors and HTTP statuses count only if the status of the action is
unclear.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from .document import Timer
from .schedule import format_instant
from .task_words import failure_of
from .tasks import Task, task_id_of
from .values import instant_or_none, presentable_text, shown

ERRORS_SHOWN = 5  # the most errors of a result that are named
ERRORS_DEPTH = 3  # the deepest nesting of lists of errors
SUCCEEDED, FAILED, ONGOING, WAITING, UNKNOWN = "succeeded", "failed", "ongoing", "waiting", "unknown"
_MEANINGS = (
    (SUCCEEDED, re.compile(r"(.*_)?(success|successful|succeeded|completed|done|finished|ok)")),
    # not "no_error", nor "completed_with_errors"
    (
        FAILED,
        re.compile(
            r"(?!no_|without_)(.*_)?(fail|failed|failure|error|errored|denied|expired|canceled|cancelled|aborted)"
        ),
    ),
    (ONGOING, re.compile(r"(.*_)?(active|running|progress|pending|queued|started|submitted)")),
    (WAITING, re.compile(r"inactive")),
)


@dataclass(frozen=True)
class Run:
    """A run of a timer.

    :ivar moment: when it began, or None if the service does not give it in a known format.
    :ivar ran_at: the same moment, as the modules return it.
    :ivar outcome: ``succeeded``, ``failed``, ``ongoing``, ``waiting`` or ``unknown``.
    :ivar status: the service's word for the outcome.
    :ivar message: why it failed, or None.
    :ivar task: its Transfer task, or None if that could not be read.
    """

    moment: datetime | None
    ran_at: str | None
    outcome: str
    status: str | None
    message: str | None
    task_id: str | None
    task: Task | None = None

    @property
    def failed(self) -> bool:
        return self.outcome in (FAILED, WAITING)

    def as_result(self, web_app: str) -> dict[str, Any]:
        """An entry of ``recent_runs``."""
        return {
            "ran_at": self.ran_at,
            "failed": self.failed,
            "status": self.status,
            "message": self.message,
            "task_id": self.task_id,
            "transfer": None if self.task is None else self.task.as_result(web_app),
        }


def runs_of(timer: Timer, tasks: Mapping[str, Task] | None = None) -> list[Run]:
    """The runs in the timer's document, latest first.

    :param tasks: the Transfer tasks that could be read, by ID.
    """
    runs = [_read_run(result, tasks or {}) for result in timer.results if isinstance(result, Mapping)]
    # Runs without a moment keep their place: the service lists the latest first.
    return sorted(runs, key=lambda run: -run.moment.timestamp() if run.moment else float("inf"))


def _read_run(result: Mapping[str, Any], tasks: Mapping[str, Task]) -> Run:
    data = _mapping_or_empty(result.get("data"))
    details = _mapping_or_empty(data.get("details"))
    raw_moment = result.get("ran_at") or result.get("start_timestamp")
    moment = instant_or_none(raw_moment)
    ran_at = format_instant(moment) if moment else _word(raw_moment)
    task_id = task_id_of(details.get("task_id"))
    task = tasks.get(task_id or "")
    if task is not None:
        outcome = _outcome_of_task(task)
        message = failure_of(task) if outcome == FAILED else None
        return Run(moment, ran_at, outcome, task.status, message, task_id, task)
    action = [_word(data.get("status")), _word(details.get("status"))]
    outcome = _outcome_of_result(result, action)
    status = next((word for word in (_word(result.get("run_status")), *action) if word), None)
    message = _why_failed(result, details, action) if outcome in (FAILED, WAITING) else None
    return Run(moment, ran_at, outcome, status, message, task_id)


def _outcome_of_task(task: Task) -> str:
    if task.has_failed:
        return FAILED
    if not task.is_over:
        return ONGOING
    return SUCCEEDED if task.is_complete else UNKNOWN


def _outcome_of_result(result: Mapping[str, Any], action: Sequence[str | None]) -> str:
    """How a run ended: by the words of the action, else by the word of the timer, else by signs of a failure."""
    meanings = [_meaning(word) for word in action]
    for outcome in (FAILED, WAITING, SUCCEEDED):
        if outcome in meanings:
            return outcome
    meaning = _meaning(_word(result.get("run_status")))
    if meaning in (FAILED, SUCCEEDED):
        return meaning
    if ONGOING in meanings or (meaning == ONGOING and not _refusals(result)):
        return ONGOING
    return FAILED if result.get("errors") or _refusals(result) else UNKNOWN


def means_unfinished(word: str | None) -> bool:
    """Whether the service's word for the status of a run means that it is not over."""
    return _meaning(word) in (ONGOING, WAITING)


@lru_cache(maxsize=64)
def _meaning(word: str | None) -> str:
    text = re.sub(r"[^a-z]+", "_", (word or "").lower()).strip("_")
    return next((outcome for outcome, pattern in _MEANINGS if pattern.fullmatch(text)), UNKNOWN)


def _why_failed(result: Mapping[str, Any], details: Mapping[str, Any], action: Sequence[str | None]) -> str:
    reason = _errors_in_words(result.get("errors")) or _errors_in_words(details.get("fatal_error"))
    words = [word for word in (*action, _word(result.get("run_status"))) if _meaning(word) in (FAILED, WAITING)]
    if reason:  # the reason already shows that it failed, so the bare word "failed" adds nothing
        words = [word for word in words if str(word).lower() != FAILED]
    signs = [reason, *filter(None, words[:1]), *(f"HTTP status {code}" for code in _refusals(result))]
    if any(_meaning(word) == WAITING for word in words):
        signs.append("it waits until someone resumes it in the Globus web app")
    return "; ".join(dict.fromkeys(sign for sign in signs if sign))


def _refusals(result: Mapping[str, Any]) -> list[int]:
    """The HTTP statuses that show that the run could not be started. Those of later requests do not matter."""
    codes = (result.get("status"), result.get("http_status_submission"))
    return [code for code in dict.fromkeys(map(_integer, codes)) if code is not None and code >= 400]


def _integer(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value < 1000 else None


def _word(value: Any) -> str | None:
    """A word of the service; a value that is not text in a short spelling."""
    return None if value is None else presentable_text(value) if isinstance(value, str) else shown(value)


def _mapping_or_empty(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _errors_in_words(errors: Any, depth: int = ERRORS_DEPTH) -> str:
    """The errors of a result, whatever their shape, in one line."""
    if not errors:
        return ""
    if isinstance(errors, Mapping):
        found = next((errors[key] for key in ("message", "detail", "description", "code") if errors.get(key)), errors)
        return str(_word(found))
    if isinstance(errors, (list, tuple)) and depth:
        return "; ".join(filter(None, (_errors_in_words(error, depth - 1) for error in errors[:ERRORS_SHOWN])))
    return str(_word(errors))
