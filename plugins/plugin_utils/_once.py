# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Timers as ``timer_info`` returns them, and run-once timers that the role makes. Pure: no input or output."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from ..module_utils import _arguments
from ..module_utils._errors import InputError
from ..module_utils._timers.definition import LABEL_LENGTH, Transfer
from ..module_utils._timers.options import parse_definition
from ..module_utils._timers.refusals import refusals_of
from ..module_utils._timers.runs import means_unfinished
from ..module_utils._timers.schedule import UTC, parse_instant
from ..module_utils._validation import validate
from ._backup import Copy
from ._plain import Entry

NEAR = 900  # seconds; if the next run of a timer is nearer, its copy may be overwritten during a restore
SHORTEST_PART = 3  # characters; a shorter part of a name would match too many timers
_MOMENT = "%Y%m%dT%H%MZ"
_MOMENT_PATTERN = re.compile(r"[0-9]{8}T[0-9]{4}Z")
_STEP = timedelta(minutes=1)
_DEFINITION = _arguments.definition_arguments()


# --- timers --------------------------------------------------------------------------------------------------------


def is_ended(entry: Entry) -> bool:
    return str(entry["status"]) == "ended"


def is_paused_by_user(entry: Entry) -> bool:
    return entry["status"] == "inactive" and (entry.get("inactive_reason") or {}).get("cause") == "user"


def runs_of_entry(entry: Entry) -> Sequence[Entry]:
    return entry.get("recent_runs") or ()


def current_transfer(entry: Entry) -> Entry | None:
    """The unfinished transfer task of the timer; None if there is none, or if tasks could not be read."""
    tasks = [run.get("transfer") for run in runs_of_entry(entry)]
    return next((task for task in tasks if task and not is_over(task)), None)


def is_over(task: Entry) -> bool:
    if task["status"] in ("SUCCEEDED", "FAILED"):
        return True
    return task["status"] not in ("ACTIVE", "INACTIVE") and task["completed_at"] is not None


def may_be_in_progress(entry: Entry) -> bool:
    """Whether the last run may be in progress: its transfer task could not be read, and its status does not say it is
    over."""
    last = next(iter(runs_of_entry(entry)), None)
    return last is not None and last.get("transfer") is None and means_unfinished(last.get("status"))


def moment_of(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        return parse_instant(text)[0]
    except ValueError:
        return None


def transfer_of(entry: Entry, now: datetime) -> Transfer | None:
    """The transfer of a timer that runs once; None for other timers."""
    definition = entry.get("definition") or {}
    if "transfer" not in definition or "interval" in definition.get("schedule", {}):
        return None
    try:
        return parsed_transfer(definition["transfer"], now)
    except InputError:
        return None


def parsed_transfer(options: Entry, now: datetime, blame: Callable[[str], str] = str) -> Transfer:
    """The transfer of a timer that runs once, now. Raises InputError if the module ``timer`` would refuse to create it.

    :param blame: changes a message about the definition into one about the variables of the role.
    """
    parameters = validate(_DEFINITION, {"name": "once", "transfer": dict(options), "schedule": {}})
    try:
        definition = parse_definition(parameters, now)
    except InputError as error:
        raise InputError(blame(str(error))) from None
    if definition is None or not isinstance(definition.action, Transfer):
        raise AssertionError("the definition has a transfer")
    for refusal in refusals_of(definition, now):
        raise InputError(blame(refusal))
    return definition.action


# --- names of timers that run once ---------------------------------------------------------------------------------


def base_name(kind: str, copy: Copy, prefix: str) -> str:
    """``restore-<job>[-<slot>]`` or ``now-<job>[-<slot>]``. It does not start with the prefix of the role, so purging
    never deletes the timer.
    """
    return f"{kind}-{copy.timer[len(prefix) :]}"


def in_words(job: str, slot: str | None) -> str:
    return f"job {job}" if slot is None else f"job {job}, slot {slot}"


def label(text: str) -> str:
    """The text as a label that Globus accepts: one line of limited length."""
    return " ".join(text.split())[:LABEL_LENGTH].strip()


def moment_in(name: str, base: str) -> str | None:
    """The time at the end of a name that starts with ``base``, or None."""
    if not name.startswith(f"{base}-"):
        return None
    found = _MOMENT_PATTERN.fullmatch(name[len(base) + 1 :])
    return found[0] if found else None


def free_moment(bases: Sequence[str], entries: Iterable[Entry], now: datetime) -> str:
    """The current minute, or the first later one whose names no other timer uses. Two plays that start in the same
    minute choose the same name, so they share one timer.
    """
    taken = {entry["name"] for entry in entries}
    moment = now.astimezone(UTC)
    while any(f"{base}-{moment.strftime(_MOMENT)}" in taken for base in bases):
        moment += _STEP
    return moment.strftime(_MOMENT)


def common_part(names: Iterable[str]) -> str | None:
    """The longest text that all names contain, for the filter of the service (rule I2), or None."""
    found = list(dict.fromkeys(names))
    shortest = min(found, key=len, default="")
    for length in range(len(shortest), SHORTEST_PART - 1, -1):
        for begin in range(len(shortest) - length + 1):
            part = shortest[begin : begin + length].strip()
            if len(part) == length and all(part in name for name in found):
                return part
    return None
