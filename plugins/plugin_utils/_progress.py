# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The progress of the transfers that the role waits for. Pure: no input or output."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..module_utils._secrets import printable
from ..module_utils._timers.runs import means_unfinished
from . import _once, _words
from ._plain import Entry

ARRIVED, INCOMPLETE, FAILED, IN_PROGRESS, PLANNED = "arrived", "incomplete", "failed", "in_progress", "planned"
LISTED = 5  # maximum number of transfers in one line
# The parts of a message of the modules that name timers and their options. Users of the role know jobs and variables.
_ABOUT_THE_TIMER = re.compile(r"^timer '[^']*' was not created(?:\.|:) (?:transfer\.paths\[\d+\]\.\w+_path: )?")
_SKIPPED_CHECK = re.compile(r"\bset check_paths: false")


@dataclass(frozen=True)
class State:
    """The progress of one transfer.

    :ivar what: the job and the slot: ``job sequencer, slot tue``.
    :ivar state: ``arrived``, ``incomplete``, ``failed``, ``in_progress`` or, in check mode, ``planned``.
    :ivar message: the state in words.
    :ivar task: the transfer task as ``timer_info`` returns it, or None.
    :ivar url: the page of the task, or of the timer, in the Globus web app.
    """

    what: str
    timer_id: str | None
    state: str
    message: str
    task: Entry | None = None
    url: str | None = None

    def as_result(self) -> dict[str, Any]:
        task = self.task or {}
        numbers = ("task_id", "files", "files_transferred", "files_skipped", "bytes_transferred", "completed_at")
        return {
            "timer_id": self.timer_id,
            "what": self.what,
            "state": self.state,
            "message": self.message,
            "url": self.url,
            **{name: task.get(name) for name in numbers},
        }


def progress(
    look: Mapping[str, Any], awaited: Sequence[Mapping[str, Any]], made: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The progress of the awaited transfers.

    :param look: the result of ``timer_info``, with one run of each timer, or its failure.
    :param awaited: for each transfer ``what``, ``timer_id`` and ``url``, which are null if ``made`` created the timer,
        and ``refusal`` if no timer was created.
    :param made: the result of the module ``timers``, which created the timers.
    :returns: ``over``: whether all transfers have finished; ``line``: the progress in one line; ``msg``: how to fix the
        transfers that have not arrived; ``entries``: the state of each transfer.
    """
    by_id = {entry["id"]: entry for entry in look.get("timers", ())}
    by_name = {entry["name"]: entry for entry in (made or {}).get("timers", ())}
    states = []
    for one in awaited:
        entry = by_name.get(one.get("name"))
        refusal = one.get("refusal") or (_refusal_in_words(entry) if entry and entry.get("failed") else None)
        if entry is not None and not refusal:
            one = {**one, "timer_id": entry["timer_id"], "url": (entry.get("timer") or {}).get("url")}
        if refusal or one["timer_id"] is None:
            state, message = (FAILED, refusal) if refusal else (PLANNED, "not started in check mode")
            states.append(State(one["what"], None, state, message, url=one.get("url")))
        elif "timers" not in look:
            states.append(_unknown_state(one, look))
        else:
            states.append(_state_of_awaited(one, by_id.get(one["timer_id"])))
    return {
        "over": all(state.state != IN_PROGRESS for state in states),
        "line": printable(_progress_line(states)),
        "msg": printable(". ".join(_advice(one) for one in states if one.state not in (ARRIVED, PLANNED))),
        "entries": [{**one, **state.as_result()} for one, state in zip(awaited, states)],
    }


def _refusal_in_words(entry: Entry) -> str:
    """Why a timer that runs once could not be created."""
    message = _SKIPPED_CHECK.sub("set backup_check_paths: false", _ABOUT_THE_TIMER.sub("", str(entry["msg"])))
    remedy = entry.get("remedy")
    return message if not remedy or remedy in message else f"{message}. Remedy: {remedy}"


def _unknown_state(awaited: Mapping[str, Any], look: Mapping[str, Any]) -> State:
    """The state if the timers could not be read, or if the role does not wait."""
    message = look.get("msg") or "not waited for"
    return State(awaited["what"], awaited["timer_id"], IN_PROGRESS, str(message), url=awaited.get("url"))


def _state_of_awaited(awaited: Mapping[str, Any], entry: Entry | None) -> State:
    what, timer_id = awaited["what"], awaited["timer_id"]
    if entry is None:
        message = "its timer was deleted. A transfer that it started may still be in progress"
        return State(what, timer_id, FAILED, message, url=awaited.get("url"))
    run: Entry = next(iter(_once.runs_of_entry(entry)), {})
    task, health = run.get("transfer"), entry["health"]
    state, message = _judge_run(entry, run, health)
    return State(what, timer_id, state, message, task, task["url"] if task else entry["url"])


def _judge_run(entry: Entry, run: Entry, health: Entry) -> tuple[str, str]:
    task = run.get("transfer")
    if task is not None and _once.is_over(task):
        if task["status"] == "FAILED":
            return FAILED, _because(health)
        skipped = task["skipped_errors"]
        return (
            (INCOMPLETE, f"{_amount_in_words(task)}, {skipped} skipped because of errors")
            if skipped
            else (ARRIVED, _amount_in_words(task))
        )
    if task is not None:
        why = f". {_because(health)}" if health["state"] == "stalled" else ""
        return IN_PROGRESS, f"{_transfer_in_words(task)}{why}"
    if entry["status"] == "inactive":
        return FAILED, _because(health)
    if not run:
        if _once.is_ended(entry):
            return FAILED, "Globus could not start the transfer"
        return IN_PROGRESS, str(health["reason"] or "it has not started yet")
    if run["failed"]:
        return (FAILED if _once.is_ended(entry) else IN_PROGRESS), _because(health)
    if means_unfinished(run["status"]):
        return IN_PROGRESS, f"{run['status']}; its transfer task cannot be read"
    return ARRIVED, f"{run['status']}; its transfer task cannot be read, so it is unknown how much arrived"


def _because(health: Entry) -> str:
    remedy = f". {health['remedy']}" if health["remedy"] else ""
    return f"{health['reason']}{remedy}"


def _transfer_in_words(task: Entry) -> str:
    """An unfinished transfer. The number of files grows, because Globus counts the files that it has found so far."""
    detail = str(task["detail"] or task["status"])
    if detail.upper() == "QUEUED":
        return "queued, because Globus runs only three transfers of an account at a time"
    amount = f"{_amount_in_words(task, in_progress=True)}; Globus reports {detail}"
    if task["faults"]:
        amount += f" ({_words.count(task['faults'], 'failed attempt')} so far)"
    return amount


def _amount_in_words(task: Entry, *, in_progress: bool = False) -> str:
    """``3 of 1,204 files transferred, 52.4 GB (1,201 already at the destination)``."""
    files, moved, skipped = task["files"], task["files_transferred"] or 0, task["files_skipped"]
    if files is None:
        amount = f"{_words.count(moved, 'file')} transferred"
    elif in_progress:
        amount = f"{_words.count(moved, 'file')} transferred of {files:,} found so far"
    else:
        amount = f"{moved:,} of {_words.count(files, 'file')} transferred"
    there = f" ({skipped:,} already at the destination)" if skipped else ""
    return f"{amount}, {_words.size(task['bytes_transferred'] or 0)}{there}"


def _progress_line(states: Sequence[State]) -> str:
    """The progress in one line: how many have arrived, and the state of the others."""
    words = {ARRIVED: "arrived: ", INCOMPLETE: "incomplete: ", FAILED: "failed: ", IN_PROGRESS: "", PLANNED: ""}
    lines = [f"{state.what}: {words[state.state]}{state.message}" for state in states]
    if len(states) == 1:
        return lines[0]
    arrived = [state for state in states if state.state == ARRIVED]
    files, size = _sum(arrived, "files_transferred"), _sum(arrived, "bytes_transferred")
    rest = [line for line, state in zip(lines, states) if state.state != ARRIVED]
    more = [f"and {len(rest) - LISTED} more"] if len(rest) > LISTED else []
    names = "".join(f"{state.what}; " for state in arrived) if len(arrived) <= LISTED else ""
    amount = f"{_words.count(files, 'file')} transferred, {_words.size(size)}"
    first = f"{len(arrived)} of {len(states)} arrived ({names}{amount})"
    return "; ".join([first, *rest[:LISTED], *more])


def _sum(states: Sequence[State], name: str) -> int:
    return sum((state.task or {}).get(name) or 0 for state in states)


def _advice(state: State) -> str:
    page = f" ({state.url})" if state.url else ""
    if state.state != IN_PROGRESS:
        return f"{state.what}: {state.state}{page}: {state.message}"
    task = state.task or {}
    outlook, cancel = "The transfer continues", ""
    if task.get("faults"):
        until = f" until {task['deadline']}" if task.get("deadline") else ""
        outlook = f"Globus retries{until}. Fix the cause, which the page shows"
        cancel = ". To stop the transfer, cancel it on the page"
    again = f"Run the playbook again to wait for this transfer. It does not start a second one{cancel}"
    return f"{state.what}: still in progress{page}: {state.message}. {outlook}. {again}"
