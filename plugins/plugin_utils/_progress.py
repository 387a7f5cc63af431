# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""How far transfers are that the role waits for. Pure: no input or output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..module_utils._timers.runs import is_word_of_going_on
from . import _once
from ._once import Entry

ARRIVED, INCOMPLETE, FAILED, GOING_ON = "arrived", "incomplete", "failed", "going_on"
_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True)
class State:
    """How far one transfer is.

    :ivar what: what it is, in words: ``job sequencer, slot tue``.
    :ivar state: ``arrived``, ``incomplete``, ``failed`` or ``going_on``.
    :ivar said: what there is to say of it.
    :ivar task: the transfer task as ``timer_info`` returns it, or None.
    :ivar url: the page of the task, or of the timer, in the Globus web app.
    """

    what: str
    timer_id: str
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


def progress(look: Mapping[str, Any], awaited: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a look at timers says of those that are awaited.

    :param look: what ``timer_info`` returned, with one run each, or how it failed.
    :param awaited: ``timer_id`` and ``what`` of each, and ``url``, the page of the timer.
    :returns: ``over``: whether nothing more is to come; ``line``: it in one line; ``msg``: what there is to do about
        those that have not arrived; ``entries``: each of them.
    """
    if "timers" not in look:
        states = [_unseen(one, look) for one in awaited]
    else:
        by_id = {entry["id"]: entry for entry in look["timers"]}
        states = [_state(one, by_id.get(one["timer_id"])) for one in awaited]
    return {
        "over": all(state.state != GOING_ON for state in states),
        "line": _line(states),
        "msg": ". ".join(_advice(state) for state in states if state.state != ARRIVED),
        "entries": [state.as_result() for state in states],
    }


def _unseen(awaited: Mapping[str, Any], look: Mapping[str, Any]) -> State:
    why = look.get("msg") or "it was not looked at yet"
    return State(awaited["what"], awaited["timer_id"], GOING_ON, str(why), url=awaited.get("url"))


def _state(awaited: Mapping[str, Any], entry: Entry | None) -> State:
    what, timer_id = awaited["what"], awaited["timer_id"]
    if entry is None:
        said = "its timer was deleted meanwhile; what it had started may be going on"
        return State(what, timer_id, FAILED, said, url=awaited.get("url"))
    run: Entry = next(iter(_once.runs_of(entry)), {})
    task, health = run.get("transfer"), entry["health"]
    state, said = _judge(entry, run, health)
    return State(what, timer_id, state, said, task, task["url"] if task else entry["url"])


def _judge(entry: Entry, run: Entry, health: Entry) -> tuple[str, str]:
    task = run.get("transfer")
    if task is not None and _once.is_over(task):
        if task["status"] == "FAILED":
            return FAILED, _because(health)
        skipped = task["skipped_errors"]
        return (INCOMPLETE, f"{_count(task)}, {skipped} left out") if skipped else (ARRIVED, _count(task))
    if task is not None:
        return GOING_ON, _going_on(task)
    if entry["status"] == "inactive":
        return FAILED, _because(health)
    if not run:
        if _once.is_ended(entry):
            return FAILED, "its run could not be started"
        return GOING_ON, str(health["reason"] or "it has not started yet")
    if run["failed"]:
        return (FAILED if _once.is_ended(entry) else GOING_ON), _because(health)
    if is_word_of_going_on(run["status"]):
        return GOING_ON, f"{run['status']}; its transfer task cannot be read"
    return ARRIVED, f"{run['status']}; its transfer task cannot be read, so nobody knows here how much arrived"


def _because(health: Entry) -> str:
    remedy = f". {health['remedy']}" if health["remedy"] else ""
    return f"{health['reason']}{remedy}"


def _going_on(task: Entry) -> str:
    detail = str(task["detail"] or task["status"])
    said = f"{_count(task)}, {detail}"
    if detail.upper() == "QUEUED":
        said = "Queued: Globus works on three transfers of an account at a time"
    if task["faults"]:
        said += f" ({task['faults']} tries failed; Globus tries again)"
    return said


def _count(task: Entry) -> str:
    """``1,204 files transferred, 3 were there already, 52.4 GB``."""
    files, moved, skipped = (task[name] for name in ("files", "files_transferred", "files_skipped"))
    said = f"{moved or 0:,} of {files:,} files" if files is not None else f"{moved or 0:,} files"
    if skipped:
        said += f" ({skipped:,} were there already)"
    return f"{said}, {in_bytes(task['bytes_transferred'] or 0)}"


def in_bytes(number: int) -> str:
    """``999 bytes``, ``52.4 GB``."""
    value, unit = float(number), 0
    while value >= 999.95 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{number:,} bytes" if unit == 0 else f"{value:.1f} {_UNITS[unit]}"


def _line(states: Sequence[State]) -> str:
    """One line, however many are awaited: those that are going on, and how many have arrived."""
    if len(states) == 1:
        (state,) = states
        words = {ARRIVED: "arrived: ", INCOMPLETE: "not complete: ", FAILED: "failed: ", GOING_ON: ""}
        return f"{state.what}: {words[state.state]}{state.said}"
    arrived = sum(state.state == ARRIVED for state in states)
    rest = [f"{state.what}: {state.said}" for state in states if state.state != ARRIVED]
    return "; ".join([f"{arrived} of {len(states)} arrived", *rest])


def _advice(state: State) -> str:
    page = f" ({state.url})" if state.url else ""
    if state.state == GOING_ON:
        return (
            f"{state.what}: still going on{page}: {state.said}. It goes on by itself. Run this again to wait for it; "
            "that starts no second one"
        )
    return f"{state.what}: {'not complete' if state.state == INCOMPLETE else 'failed'}{page}: {state.said}"
