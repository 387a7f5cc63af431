# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The entry point ``now`` of the role: runs the transfers of jobs once, now. Pure: no input or output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ..module_utils._errors import InputError
from ..module_utils._secrets import printable
from ..module_utils._timers.definition import Transfer
from . import _backup, _once, _variables
from ._backup import Copy, JobCopies
from ._plain import Entry, text_of
from ._restore import last_due


def plan_now(given: Mapping[str, Any], timers: Sequence[Entry] | None, now: datetime) -> dict[str, Any]:
    """The data for the tasks of the role, or an error message.

    :param timers: the timers that ``timer_info`` returned, with a few runs each; None if it has not run yet.
    :param now: the current time of the controller.
    """
    result: dict[str, Any] = {"error": None, "name_contains": None, "timers": [], "copies": [], "look_for": None}
    result["left_out"] = []
    try:
        variables, own = _variables.read_for_entry_point("now", given, now)
        jobs = _jobs(variables, own["backup_now_jobs"])
        if _is_all(own["backup_now_jobs"]):
            result["left_out"] = [job.name for job in _backup.copies_of_jobs(variables) if job.state == "paused"]
        turns = [(job, max(job.copies, key=lambda copy: last_due(copy, variables.clock))) for job in jobs]
        bases = [_once.base_name("now", copy, variables.prefix) for _job, copy in turns]
        result["name_contains"] = _once.common_part(base[len("now-") :] for base in bases)
        result.update(wait=own["backup_wait"], check_paths=variables.check_paths)
        result["concurrency"] = variables.concurrency
        if timers is not None:
            result.update(_plan_copies(turns, bases, own["backup_now_sync_level"], timers, variables.clock))
    except InputError as error:
        result["error"] = printable(str(error))
    return result


def _is_all(wanted: Any) -> bool:
    return wanted is None or wanted == []


def _jobs(variables: _variables.Variables, wanted: Any) -> list[JobCopies]:
    """The wanted jobs. By default, all that are neither absent nor paused."""
    known = _backup.names_of_jobs(variables.jobs)
    if _is_all(wanted):
        jobs = _backup.copies_of_jobs(variables)
        running = [job for job in jobs if job.state not in ("absent", "paused")]
        if not known:
            raise InputError("backup_jobs contains no jobs, so nothing is copied")
        if not running:
            raise InputError(
                "all jobs in backup_jobs are absent or paused, so nothing is copied. To copy a job anyway, set "
                "backup_now_jobs to its name"
            )
        return running
    names = wanted.split(",") if isinstance(wanted, str) else wanted if isinstance(wanted, list) else [wanted]
    found = [text_of("backup_now_jobs", name).strip() for name in names]
    if "" in found:
        raise InputError(
            "backup_now_jobs contains an empty name. On the command line, do not write blanks after commas: "
            "-e backup_now_jobs=one,two"
        )
    for name in found:
        if name not in known:
            raise InputError(
                f"backup_now_jobs: job {name!r} does not exist. Available jobs: {', '.join(known) or 'none'}"
            )
    return [job for job in _backup.copies_of_jobs(variables, found) if job.name in found]


def _plan_copies(
    turns: Sequence[tuple[JobCopies, Copy]],
    bases: Sequence[str],
    sync_level: str | None,
    timers: Sequence[Entry],
    now: datetime,
) -> dict[str, Any]:
    moment = _once.free_moment(bases, timers, now)
    made: list[dict[str, Any]] = []
    copies: list[dict[str, Any]] = []
    for (job, copy), base in zip(turns, bases):
        what = _once.in_words(job.name, copy.slot)
        options = {**copy.options, **({"sync_level": sync_level} if sync_level else {})}

        def blame(message: str, what: str = what) -> str:
            return f"{what}: {message}"

        transfer = _once.parsed_transfer(options, now, blame)
        adopted = _adopted(base, transfer, timers, now)
        running = None if adopted else _running_transfer(copy, timers)
        name = adopted["name"] if adopted else f"{base}-{moment}"
        refusal = None
        if running is not None:
            refusal = (
                f"not copied, because {running[0]} is transferring the same paths, and Globus refuses a second "
                f"transfer of the same paths. Wait until the first has finished: {running[1]}"
            )
        elif adopted is None:
            made.append({"name": name, "transfer": options, "schedule": {}})
        copies.append(
            {
                "job": job.name,
                "slot": copy.slot,
                "name": name,
                "what": what,
                "adopted": adopted is not None,
                "timer_id": adopted["id"] if adopted else None,
                "url": adopted["url"] if adopted else None,
                "refusal": refusal,
            }
        )
    look_for = moment if all(copy["name"].endswith(moment) for copy in copies) else None
    return {"timers": made, "copies": copies, "look_for": look_for}


def _adopted(base: str, transfer: Transfer, timers: Sequence[Entry], now: datetime) -> Entry | None:
    """The timer of an equal copy that has not finished, or None."""
    for entry in timers:
        if _once.moment_in(entry["name"], base) is None:
            continue
        if _once.is_ended(entry) and _once.current_transfer(entry) is None:
            continue
        there = _once.transfer_of(entry, now)
        if there is not None and there.normal() == transfer.normal() and not _once.is_paused_by_user(entry):
            return entry
    return None


def _running_transfer(copy: Copy, timers: Sequence[Entry]) -> tuple[str, str] | None:
    """The name of a timer that is transferring the same paths, and the URL of its transfer; or None."""
    wanted = _collections_and_paths(copy.options)
    for entry in timers:
        task = _once.current_transfer(entry)
        there = (entry.get("definition") or {}).get("transfer")
        if task is not None and (entry["name"] == copy.timer or (there and _collections_and_paths(there) == wanted)):
            return f"the timer {entry['name']}", str(task["url"])
    return None


def _collections_and_paths(transfer: Mapping[str, Any]) -> tuple[Any, ...]:
    ends = (transfer["source_collection"], transfer["destination_collection"])
    return (*ends, sorted((path["source_path"], path["destination_path"]) for path in transfer["paths"]))
