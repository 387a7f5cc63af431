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

ARRIVED, INCOMPLETE, FAILED, GOING_ON, PLANNED = "arrived", "incomplete", "failed", "going_on", "planned"
LISTED = 5  # the most transfers in one line
# How the modules begin and end a message about a path. Users of the role know jobs, and no options of timers.
_ABOUT_THE_TIMER = re.compile(r"^timer '[^']*' was not created(?:\.|:) (?:transfer\.paths\[\d+\]\.\w+_path: )?")
_SKIPPED_CHECK = re.compile(r"\bset check_paths: false")


@dataclass(frozen=True)
class State:
    """The progress of one transfer.

    :ivar what: its description: ``job sequencer, slot tue``.
    :ivar state: ``arrived``, ``incomplete``, ``failed``, ``going_on`` or, in check mode, ``planned``.
    :ivar said: its state in words.
    :ivar task: the transfer task as ``timer_info`` returns it, or None.
    :ivar url: the page of the task, or of the timer, in the Globus web app.
    """

    what: str
    timer_id: str | None
    state: str
    said: str
    task: Entry | None = None
    url: str | None = None

    def as_result(self) -> dict[str, Any]:
        task = self.task or {}
        numbers = ("task_id", "files", "files_transferred", "files_skipped", "bytes_transferred", "completed_at")
        return {
            "timer_id": self.timer_id,
            "what": self.what,
            "state": self.state,
            "said": self.said,
            "url": self.url,
            **{name: task.get(name) for name in numbers},
        }


def progress(
    look: Mapping[str, Any], awaited: Sequence[Mapping[str, Any]], made: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The progress of the awaited transfers.

    :param look: the result of ``timer_info``, with one run of each timer, or its failure.
    :param awaited: for each transfer ``what``, and ``timer_id`` and ``url``, which are null if the timer was just
        created, or ``refusal`` if none was created.
    :param made: the result of ``timers``, which created the timers.
    :returns: ``over``: whether all have ended; ``line``: the progress in one line; ``msg``: what to do about those that
        have not arrived; ``entries``: the state of each.
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
            said = refusal or "it would be started"
            states.append(State(one["what"], None, FAILED if refusal else PLANNED, said, url=one.get("url")))
        elif "timers" not in look:
            states.append(_not_looked_at(one, look))
        else:
            states.append(_state_of_awaited(one, by_id.get(one["timer_id"])))
    return {
        "over": all(state.state != GOING_ON for state in states),
        "line": printable(_progress_line(states)),
        "msg": printable(". ".join(_advice(one) for one in states if one.state not in (ARRIVED, PLANNED))),
        "entries": [{**one, **state.as_result()} for one, state in zip(awaited, states)],
    }


def _refusal_in_words(entry: Entry) -> str:
    """Why a timer that runs once could not be created."""
    said = _SKIPPED_CHECK.sub("set backup_check_paths: false", _ABOUT_THE_TIMER.sub("", str(entry["msg"])))
    remedy = entry.get("remedy")
    return said if not remedy or remedy in said else f"{said}. Remedy: {remedy}"


def _not_looked_at(awaited: Mapping[str, Any], look: Mapping[str, Any]) -> State:
    why = look.get("msg") or "not waited for"
    return State(awaited["what"], awaited["timer_id"], GOING_ON, str(why), url=awaited.get("url"))


def _state_of_awaited(awaited: Mapping[str, Any], entry: Entry | None) -> State:
    what, timer_id = awaited["what"], awaited["timer_id"]
    if entry is None:
        said = "its timer was deleted meanwhile; what it had started may be going on"
        return State(what, timer_id, FAILED, said, url=awaited.get("url"))
    run: Entry = next(iter(_once.runs_of_entry(entry)), {})
    task, health = run.get("transfer"), entry["health"]
    state, said = _judge_run(entry, run, health)
    return State(what, timer_id, state, said, task, task["url"] if task else entry["url"])


def _judge_run(entry: Entry, run: Entry, health: Entry) -> tuple[str, str]:
    task = run.get("transfer")
    if task is not None and _once.is_over(task):
        if task["status"] == "FAILED":
            return FAILED, _because(health)
        skipped = task["skipped_errors"]
        return (
            (INCOMPLETE, f"{_amount_in_words(task)}, {skipped} left out")
            if skipped
            else (ARRIVED, _amount_in_words(task))
        )
    if task is not None:
        why = f". {_because(health)}" if health["state"] == "stalled" else ""
        return GOING_ON, f"{_transfer_in_words(task)}{why}"
    if entry["status"] == "inactive":
        return FAILED, _because(health)
    if not run:
        if _once.is_ended(entry):
            return FAILED, "its run could not be started"
        return GOING_ON, str(health["reason"] or "it has not started yet")
    if run["failed"]:
        return (FAILED if _once.is_ended(entry) else GOING_ON), _because(health)
    if means_unfinished(run["status"]):
        return GOING_ON, f"{run['status']}; its transfer task cannot be read"
    return ARRIVED, f"{run['status']}; its transfer task cannot be read, so nobody knows here how much arrived"


def _because(health: Entry) -> str:
    remedy = f". {health['remedy']}" if health["remedy"] else ""
    return f"{health['reason']}{remedy}"


def _transfer_in_words(task: Entry) -> str:
    """A transfer that is going on. Globus counts the files that it has found so far, so the number grows."""
    detail = str(task["detail"] or task["status"])
    if detail.upper() == "QUEUED":
        return "Queued: Globus works on three transfers of an account at a time"
    said = f"{_amount_in_words(task, going_on=True)}; Globus says {detail}"
    if task["faults"]:
        said += f" ({_words.count(task['faults'], 'failed try', 'failed tries')}; it tries again)"
    return said


def _amount_in_words(task: Entry, *, going_on: bool = False) -> str:
    """``3 of 1,204 files transferred, 52.4 GB (1,201 were there already)``."""
    files, moved, skipped = (task[name] for name in ("files", "files_transferred", "files_skipped"))
    said = f"{moved or 0:,}{'' if files is None or going_on else f' of {files:,}'} files transferred"
    found = f" of {files:,} found so far" if files is not None and going_on else ""
    there = f" ({skipped:,} were there already)" if skipped else ""
    return f"{said}{found}, {_words.size(task['bytes_transferred'] or 0)}{there}"


def _progress_line(states: Sequence[State]) -> str:
    """The progress in one line: how many have arrived, and the state of the others."""
    words = {ARRIVED: "arrived: ", INCOMPLETE: "not complete: ", FAILED: "failed: ", GOING_ON: "", PLANNED: ""}
    told = [f"{state.what}: {words[state.state]}{state.said}" for state in states]
    if len(states) == 1:
        return told[0]
    arrived = [state for state in states if state.state == ARRIVED]
    files, size = _sum(arrived, "files_transferred"), _sum(arrived, "bytes_transferred")
    rest = [one for one, state in zip(told, states) if state.state != ARRIVED]
    more = [f"and {len(rest) - LISTED} more"] if len(rest) > LISTED else []
    names = "".join(f"{state.what}; " for state in arrived) if len(arrived) <= LISTED else ""
    first = f"{len(arrived)} of {len(states)} arrived ({names}{files:,} files transferred, {_words.size(size)})"
    return "; ".join([first, *rest[:LISTED], *more])


def _sum(states: Sequence[State], name: str) -> int:
    return sum((state.task or {}).get(name) or 0 for state in states)


def _advice(state: State) -> str:
    page = f" ({state.url})" if state.url else ""
    if state.state != GOING_ON:
        return f"{state.what}: {'not complete' if state.state == INCOMPLETE else 'failed'}{page}: {state.said}"
    task = state.task or {}
    goes_on, cancel = "It continues without this play", ""
    if task.get("faults"):
        until = f" until {task['deadline']}" if task.get("deadline") else ""
        goes_on = f"Globus tries again{until}. Remove the cause, which the page names"
        cancel = ". To give up, cancel it on that page"
    again = f"Run this again to wait for it; that starts no second one{cancel}"
    return f"{state.what}: still going on{page}: {state.said}. {goes_on}. {again}"
