# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a rehearsal: how often each timer ran, which runs failed or stalled, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

#: The outcomes of a tick, in words.
WORDS = {
    "ran": "ran",
    "failed": "failed",
    "stalled": "stalled",
    "running": "is in progress",
    "skipped": "was skipped",
    "missed": "was missed",
    "unauthorised": "was stopped",
}
_GONE = ("delete_in_progress", "deleted")


def report(timers: list[dict[str, Any]], tasks: list[dict[str, Any]], now: str, days: float) -> tuple[str, bool]:
    """The report, and whether all runs succeeded.

    ``timers`` and ``tasks`` are those of the control interface.
    """
    by_id = {task["task_id"]: task for task in tasks}
    existing = [timer for timer in timers if timer["status"] not in _GONE]
    at = datetime.fromisoformat(now).isoformat(timespec="seconds")
    lines = [f"\nAfter {days:g} day{'s' * (days != 1)}, at {at}: {len(existing)} timer{'s' * (len(existing) != 1)}"]
    total: Counter[str] = Counter()
    for timer in sorted(timers, key=lambda one: (str(one["name"]), one["status"] in _GONE, one["submitted_at"])):
        happened = [(_outcome(entry, by_id), entry) for entry in timer["history"]]
        counts = Counter(outcome for outcome, _entry in happened)
        total.update(counts)
        total["stopped"] += _is_stopped(timer)
        lines += ["", f"{timer['name']} ({timer['job_id']}): {_status(timer)}"]
        lines.append(
            "  " + (", ".join(f"{WORDS[outcome]} {_times(counts[outcome])}" for outcome in counts) or "no run")
        )
        lines += [f"  {line}" for line in _failures(entry for outcome, entry in happened if outcome == "failed")]
        lines += [f"  {_stall_line(by_id[entry['task_id']])}" for outcome, entry in happened if outcome == "stalled"]
        lines += [f"  {line}" for line in _skipped_items(task for task in tasks if task["timer_id"] == timer["job_id"])]
        if timer["status"] not in _GONE:
            lines.append(f"  next run: {timer['next_tick'] or 'none'}")
    problems = [f"{total[outcome]} {WORDS[outcome]}" for outcome in ("failed", "stalled") if total[outcome]]
    if total["stopped"]:
        problems.append(f"{total['stopped']} timer{'s' * (total['stopped'] != 1)} stopped")
    if problems:
        lines += ["", f"Some runs had problems: {', '.join(problems)}."]
    return "\n".join(lines), not problems


def _outcome(entry: dict[str, Any], tasks: dict[str, dict[str, Any]]) -> str:
    """The outcome of a tick."""
    task = tasks.get(entry.get("task_id", ""))
    if entry["event"] == "ran" and task is not None and task["completion_time"] is None:
        return "running" if task["is_ok"] else "stalled"
    return str(entry["event"])


def _is_stopped(timer: dict[str, Any]) -> bool:
    """Whether the service, not the user, stopped a timer."""
    return timer["status"] == "inactive" and (timer["inactive_reason"] or {}).get("cause") != "user"


def _status(timer: dict[str, Any]) -> str:
    if timer["status"] in _GONE:
        return f"deleted at {timer['ended_at']}"
    reason = timer["inactive_reason"]
    if not reason:
        return str(timer["status"])
    if not _is_stopped(timer):
        return "paused by its user"
    detail = reason.get("detail")
    if not isinstance(detail, dict):
        return f"stopped by Globus ({reason.get('cause')})"
    parameters = detail.get("authorization_parameters") or {}
    words = [detail.get("code"), parameters.get("session_message"), *parameters.get("required_scopes", ())]
    return f"stopped by Globus ({': '.join(str(word) for word in words if word)})"


def _failures(entries: Iterable[dict[str, Any]]) -> list[str]:
    """Each reason once, with the number of failures and their times."""
    by_reason: dict[str, list[str]] = {}
    for entry in entries:
        by_reason.setdefault(entry.get("reason") or "the reason is unknown", []).append(entry["at"])
    return [
        f"failed {f'at {when[0]}' if len(when) == 1 else f'{len(when)} times, {when[0]} to {when[-1]}'}: {reason}"
        for reason, when in by_reason.items()
    ]


def _stall_line(task: dict[str, Any]) -> str:
    details = " ".join(str(task["nice_status_details"] or "").split())
    return (
        f"stalled since {task['request_time']}: {task['nice_status']}, {task['faults']} failed "
        f"attempt{'s' * (task['faults'] != 1)}; Globus gives up at {task['deadline']}. {details}"
    )


def _skipped_items(tasks: Iterable[dict[str, Any]]) -> list[str]:
    """The number of items that were skipped because of skip_source_errors."""
    numbers = [task["subtasks_skipped_errors"] for task in tasks if task["subtasks_skipped_errors"]]
    if not numbers:
        return []
    return [f"skipped items at the source {_times(len(numbers))} (skip_source_errors): {numbers[-1]} in the last run"]


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
