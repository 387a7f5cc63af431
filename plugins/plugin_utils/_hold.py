# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The entry points ``hold`` and ``release`` of the role: they pause timers, and resume exactly these. Pure.

The record, a JSON file on the controller, lists the paused timers. It is written before the first timer is paused, so
it is complete even if the play is interrupted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..module_utils import _arguments
from ..module_utils._errors import InputError
from ..module_utils._secrets import printable
from ..module_utils._timers.options import parse_schedule
from ..module_utils._timers.schedule import format_instant, next_tick
from ..module_utils._validation import validate
from . import _backup, _once, _variables, _words
from ._plain import Entry

VERSION = 1
_SCHEDULE = _arguments.definition_arguments()["schedule"]["options"]


@dataclass(frozen=True)
class Held:
    """A timer in the record.

    :ivar since: when it was paused.
    """

    id: str
    name: str
    since: datetime

    def as_record(self) -> dict[str, str]:
        return {"id": self.id, "name": self.name, "held_at": format_instant(self.since)}


def _read_file(own: Mapping[str, Any]) -> str:
    file = own["backup_hold_file"]
    if file is None:
        raise InputError("backup_hold_file is missing. Set it to the file that records the paused timers")
    file = str(file).strip()
    if not file.startswith(("/", "~")) or file.endswith("/"):
        raise InputError(f"backup_hold_file must be the full path of a file, such as /srv/backups.hold, not {file!r}")
    return file


def _read_record(text: str | None, file: str) -> list[Held]:
    if text is None or not text.strip():
        return []
    try:
        record = json.loads(text)
        if record["version"] != VERSION:
            raise ValueError
        return [_read_held(entry) for entry in record["timers"]]
    except (ValueError, TypeError, KeyError):
        raise InputError(
            f"{file} is not a record of paused timers. Set backup_hold_file to another file, or move this file"
        ) from None


def _read_held(entry: Mapping[str, Any]) -> Held:
    since = _once.moment_of(entry["held_at"])
    if since is None:
        raise ValueError
    return Held(str(entry["id"]), str(entry["name"]), since)


def _write_record(held: Sequence[Held]) -> str:
    return json.dumps({"version": VERSION, "timers": [one.as_record() for one in held]}, indent=2) + "\n"


# --- hold ----------------------------------------------------------------------------------------------------------


def plan_hold(
    given: Mapping[str, Any], timers: Sequence[Entry] | None, record: str | None, now: datetime
) -> dict[str, Any]:
    """The data for the tasks of the role, or an error message.

    :param timers: the timers that ``timer_info`` returned; None if it has not run yet.
    :param record: the content of the file; None if it does not exist.
    :param now: the current time of the controller.
    """
    result: dict[str, Any] = {"error": None, "warnings": [], "name_contains": None, "file": None, "record": None}
    result["timers"] = []
    try:
        variables, own = _variables.read_for_entry_point("hold", given, now)
        result["file"] = _read_file(own)
        names = _names(variables)
        result.update(name_contains=_once.common_part(names), concurrency=variables.concurrency)
        if timers is not None:
            before = _read_record(record, result["file"])
            result.update(_hold(timers, set(names), before, result["file"], variables.clock))
            result["warnings"] = [printable(warning) for warning in _nothing_warnings(timers, set(names), variables)]
    except InputError as error:
        result["error"] = printable(str(error))
    return result


def _names(variables: _variables.Variables) -> list[str]:
    """The names of the timers of all jobs, whatever their states."""
    expansion = _backup.expand(
        variables.jobs,
        now=variables.clock,
        schedules=variables.schedules,
        defaults=variables.defaults,
        zone=variables.timezone,
        prefix=variables.prefix,
        state="absent",
    )
    return [name for job in expansion.jobs for name in job.timers.values()]


def _nothing_warnings(timers: Sequence[Entry], names: set[str], variables: _variables.Variables) -> list[str]:
    """A warning if no timer of the jobs exists: otherwise, it would look as if all timers had been paused."""
    if any(entry["name"] in names for entry in timers):
        return []
    if not names:
        return ["backup_jobs contains no jobs, so no timer is paused"]
    return [
        f"no timer of the jobs exists (for example, {min(names)} does not exist), so no timer is paused. Check "
        f"backup_prefix ({variables.prefix!r}), the names of the jobs, and whether the login is the one that created "
        "the timers"
    ]


def _hold(timers: Sequence[Entry], names: set[str], before: Sequence[Held], file: str, now: datetime) -> dict[str, Any]:
    of_jobs = [entry for entry in timers if entry["name"] in names]
    running = [entry for entry in of_jobs if not _once.is_ended(entry) and entry["status"] != "inactive"]
    new = [Held(entry["id"], entry["name"], now) for entry in running]
    again = {one.id for one in new}
    kept = [one for one in before if one.id not in again]
    unfinished = [(entry, task) for entry in of_jobs if (task := _once.current_transfer(entry))]
    in_record = {one.id for one in kept}
    others = [entry for entry in of_jobs if _once.is_paused_by_user(entry) and entry["id"] not in in_record]
    details = [f"; {len(kept)} already in the record"] if kept else []
    details += [f"; {len(others)} already paused before, which release will not resume"] if others else []
    details += [f". Record: {file}"] if kept or new else []
    if unfinished:
        pages = ", ".join(f"{json.dumps(entry['name'])} {task['url']}" for entry, task in unfinished)
        details.append(f". Transfers that are still in progress: {pages}")
    return {
        # no file for an empty record
        "record": _write_record([*kept, *new]) if kept or new else None,
        "timers": _entries([(one.id, one.name) for one in new], "paused"),
        "counted": _words.count(len(new), "timer"),
        "details": printable("".join(details)),
        "held": [{"timer_id": one.id, "name": one.name} for one in new],
        "held_before": [{"timer_id": one.id, "name": one.name} for one in kept],
        "transfers": [{"name": entry["name"], "url": task["url"]} for entry, task in unfinished],
    }


def _entries(timers: Sequence[tuple[str, str]], state: str) -> list[dict[str, str]]:
    """Entries for the module ``timers``, with names for its output. A list must not contain the same name twice."""
    names = Counter(name for _id, name in timers)
    return [
        {"timer_id": timer_id, "state": state, **({"name": name} if names[name] == 1 else {})}
        for timer_id, name in timers
    ]


# --- release -------------------------------------------------------------------------------------------------------


def plan_release(
    given: Mapping[str, Any], timers: Sequence[Entry] | None, record: str | None, now: datetime
) -> dict[str, Any]:
    """The data for the tasks of the role, or an error message; parameters as for ``plan_hold``."""
    result: dict[str, Any] = {"error": None, "warnings": [], "file": None, "at_once": [], "spread": [], "notes": []}
    try:
        variables, own = _variables.read_for_entry_point("release", given, now)
        result["file"] = _read_file(own)
        result.update(concurrency=variables.concurrency, seconds=own["backup_release_spread"])
        if timers is not None:
            still_paused = _paused_in_words(timers, _names(variables))
            if record is not None and not record.strip():
                raise InputError(
                    f"the record {result['file']} is empty, so it is unknown which timers the entry point hold "
                    f"paused. Nothing was resumed. {still_paused}"
                )
            held = _read_record(record, result["file"])
            result.update(_release(timers, held, own["backup_release_spread"], variables.clock))
            if record is None:
                result["warnings"] = [
                    printable(f"the record {result['file']} does not exist, so nothing was resumed. {still_paused}")
                ]
    except InputError as error:
        result["error"] = printable(str(error))
    return result


def _paused_in_words(timers: Sequence[Entry], names: Sequence[str]) -> str:
    wanted = set(names)
    paused = [entry["name"] for entry in timers if entry["name"] in wanted and _once.is_paused_by_user(entry)]
    if not paused:
        return "No timer of the jobs is paused"
    return (
        f"Paused timers of the jobs: {', '.join(sorted(paused))}. To resume a timer, set state: active in its job, or "
        "use the web app"
    )


def _release(timers: Sequence[Entry], held: Sequence[Held], spread: int, now: datetime) -> dict[str, Any]:
    by_id = {entry["id"]: entry for entry in timers}
    resumed, notes = [], []
    for one in held:
        entry, note = _timer_to_resume(one, by_id, timers, held)
        if note is not None:
            timer_id = entry["id"] if entry else one.id
            notes.append({"timer_id": timer_id, "name": one.name, "message": printable(note)})
        if entry is not None and _once.is_paused_by_user(entry):
            has_missed = _has_missed_a_run(entry, one.since, now)
            resumed.append({"timer_id": entry["id"], "name": entry["name"], "missed_run": has_missed})
    late = [one for one in resumed if one["missed_run"] and spread]
    ids = {one["timer_id"] for one in late}
    at_once = [(one["timer_id"], one["name"]) for one in resumed if one["timer_id"] not in ids]
    number = sum(1 for one in resumed if one["missed_run"])
    missed = f". {_words.count(number, 'timer')} missed a run, which starts immediately" if number else ""
    return {
        "resumed": resumed,
        "notes": notes,
        "counted": _words.count(len(resumed), "timer"),
        "details": missed,
        "at_once": _entries(at_once, "active"),
        "spread": [{"timer_id": one["timer_id"], "name": one["name"]} for one in late],
    }


def _timer_to_resume(
    held: Held, by_id: Mapping[str, Entry], timers: Sequence[Entry], record: Sequence[Held]
) -> tuple[Entry | None, str | None]:
    """The timer to resume, or None, and a note for the user, or None."""
    entry = by_id.get(held.id)
    if entry is None:
        return _replacement(held, timers, record)
    if _once.is_ended(entry):
        return None, "it has ended"
    if _once.is_paused_by_user(entry):
        renamed = entry["name"] != held.name
        return entry, f"it was renamed to {entry['name']}, and is resumed" if renamed else None
    if entry["status"] == "inactive":
        reason = (entry.get("inactive_reason") or {}).get("cause") or "unknown cause"
        return None, f"Globus stopped it ({reason}). The next run of the role resumes it"
    return None, "it is already active: somebody resumed it, or it was never paused"


def _replacement(held: Held, timers: Sequence[Entry], record: Sequence[Held]) -> tuple[Entry | None, str | None]:
    known = {one.id for one in record}
    named = [one for one in timers if one["name"] == held.name and not _once.is_ended(one) and one["id"] not in known]
    paused = [one for one in named if _once.is_paused_by_user(one)]
    if len(named) == len(paused) == 1:
        return paused[0], "it was replaced by a paused timer with the same name, which is resumed"
    if len(paused) > 1:
        return None, f"it was deleted, and {len(paused)} paused timers have its name. Resume the right one yourself"
    if named:
        return None, "it was replaced by a timer with the same name, which was not paused by a user"
    return None, "it was deleted. The next run of the role creates it again if its job is still in the list"


def _has_missed_a_run(entry: Entry, since: datetime, now: datetime) -> bool:
    """Whether the timer missed a run while it was paused. If so, it runs as soon as it is resumed."""
    try:
        schedule = parse_schedule(validate(_SCHEDULE, (entry.get("definition") or {}).get("schedule") or {}), now)
    except InputError:
        return True  # unknown
    if schedule.start is None:
        return True
    if schedule.interval is None:
        return since < schedule.start <= now
    return next_tick(schedule.start, schedule.interval, since) <= now
