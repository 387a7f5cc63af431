# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The entry points ``hold`` and ``release`` of the role: they pause timers, and resume exactly these. Pure.

The paused timers are in a record, a JSON file on the controller. It is written before the first pause, so that it is
complete even if the play is interrupted.
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
        raise InputError("backup_hold_file is missing: name the file that keeps which timers were paused")
    file = str(file).strip()
    if not file.startswith(("/", "~")) or file.endswith("/"):
        raise InputError(f"backup_hold_file must be the whole path of a file, such as /srv/backups.hold, not {file!r}")
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
            f"{file} is not a record of timers that hold has paused. Name another backup_hold_file, or move this away"
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
    """The data for the tasks of the role, or an error in one sentence.

    :param timers: the timers that ``timer_info`` returned; None before it ran.
    :param record: the content of the file; None if it does not exist.
    :param now: the clock of the controller.
    """
    result: dict[str, Any] = {"error": None, "warnings": [], "name_contains": None, "file": None, "record": None}
    result["timers"] = []
    try:
        variables, own = _variables.read_of("hold", given, now)
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
    """The names of the timers of all jobs, including jobs with errors."""
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
    """A hold that finds none of the timers looks like one that has paused them all."""
    if any(entry["name"] in names for entry in timers):
        return []
    if not names:
        return ["backup_jobs has no job, so no timer is paused"]
    return [
        f"there is no timer of the jobs, such as {min(names)}, so no timer is paused. Check backup_prefix "
        f"({variables.prefix!r}), the names of the jobs, and that the login is that of the timers"
    ]


def _hold(timers: Sequence[Entry], names: set[str], before: Sequence[Held], file: str, now: datetime) -> dict[str, Any]:
    of_jobs = [entry for entry in timers if entry["name"] in names]
    running = [entry for entry in of_jobs if not _once.is_ended(entry) and entry["status"] != "inactive"]
    new = [Held(entry["id"], entry["name"], now) for entry in running]
    again = {one.id for one in new}
    kept = [one for one in before if one.id not in again]
    going_on = [(entry, task) for entry in of_jobs if (task := _once.current_transfer(entry))]
    in_record = {one.id for one in kept}
    others = [entry for entry in of_jobs if _once.is_paused_by_user(entry) and entry["id"] not in in_record]
    said = [f"; {len(kept)} in the record already"] if kept else []
    said += [f"; {len(others)} paused before, which stay paused"] if others else []
    said += [f". Record: {file}"] if kept or new else []
    if going_on:
        pages = ", ".join(f"{json.dumps(entry['name'])} {task['url']}" for entry, task in going_on)
        said.append(f". These transfers are still going on: {pages}")
    return {
        # without a timer in it, nothing is to be kept
        "record": _write_record([*kept, *new]) if kept or new else None,
        "timers": _entries([(one.id, one.name) for one in new], "paused"),
        "counted": _words.count(len(new), "timer"),
        "said": printable("".join(said)),
        "held": [{"timer_id": one.id, "name": one.name} for one in new],
        "held_before": [{"timer_id": one.id, "name": one.name} for one in kept],
        "going_on": [{"name": entry["name"], "url": task["url"]} for entry, task in going_on],
    }


def _entries(timers: Sequence[tuple[str, str]], state: str) -> list[dict[str, str]]:
    """Entries of the module ``timers``, with the names for what it shows. A list must not have a name twice."""
    names = Counter(name for _id, name in timers)
    return [
        {"timer_id": timer_id, "state": state, **({"name": name} if names[name] == 1 else {})}
        for timer_id, name in timers
    ]


# --- release -------------------------------------------------------------------------------------------------------


def plan_release(
    given: Mapping[str, Any], timers: Sequence[Entry] | None, record: str | None, now: datetime
) -> dict[str, Any]:
    """The data for the tasks of the role, or an error in one sentence; parameters as for ``plan_hold``."""
    result: dict[str, Any] = {"error": None, "warnings": [], "file": None, "at_once": [], "spread": [], "told": []}
    try:
        variables, own = _variables.read_of("release", given, now)
        result["file"] = _read_file(own)
        result.update(concurrency=variables.concurrency, seconds=own["backup_release_spread"])
        if timers is not None:
            about = _paused_in_words(timers, _names(variables))
            if record is not None and not record.strip():
                raise InputError(
                    f"{result['file']} is empty, so it does not say which timers hold has paused. Nothing was resumed. "
                    f"{about}"
                )
            held = _read_record(record, result["file"])
            result.update(_release(timers, held, own["backup_release_spread"], variables.clock))
            if record is None:
                result["warnings"] = [
                    printable(f"there is no record {result['file']}, so nothing was resumed. {about}")
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
        f"These timers of the jobs are paused: {', '.join(sorted(paused))}. Resume those that ran before, with state: "
        "active in their jobs or in the web app"
    )


def _release(timers: Sequence[Entry], held: Sequence[Held], spread: int, now: datetime) -> dict[str, Any]:
    by_id = {entry["id"]: entry for entry in timers}
    resumed, told = [], []
    for one in held:
        entry, words = _timer_to_resume(one, by_id, timers, held)
        if words is not None:
            told.append({"timer_id": entry["id"] if entry else one.id, "name": one.name, "said": printable(words)})
        if entry is not None and _once.is_paused_by_user(entry):
            missed = _has_missed_a_run(entry, one.since, now)
            resumed.append({"timer_id": entry["id"], "name": entry["name"], "missed_run": missed})
    late = [one for one in resumed if one["missed_run"] and spread]
    ids = {one["timer_id"] for one in late}
    at_once = [(one["timer_id"], one["name"]) for one in resumed if one["timer_id"] not in ids]
    number = sum(1 for one in resumed if one["missed_run"])
    said = f". {_words.count(number, 'timer')} missed a run, which starts at the resumption" if number else ""
    return {
        "resumed": resumed,
        "told": told,
        "counted": _words.count(len(resumed), "timer"),
        "said": said,
        "at_once": _entries(at_once, "active"),
        "spread": [{"timer_id": one["timer_id"], "name": one["name"]} for one in late],
    }


def _timer_to_resume(
    held: Held, by_id: Mapping[str, Entry], timers: Sequence[Entry], record: Sequence[Held]
) -> tuple[Entry | None, str | None]:
    """The timer to resume, or None, and a remark, or None."""
    entry = by_id.get(held.id)
    if entry is None:
        return _replacement(held, timers, record)
    if _once.is_ended(entry):
        return None, "it has ended meanwhile"
    if _once.is_paused_by_user(entry):
        renamed = entry["name"] != held.name
        return entry, f"it was renamed to {entry['name']} meanwhile, and is resumed" if renamed else None
    if entry["status"] == "inactive":
        reason = (entry.get("inactive_reason") or {}).get("cause") or "unknown cause"
        return None, f"Globus stopped it meanwhile ({reason}). The role resumes it when it runs"
    return None, "it runs already: somebody resumed it, or it was never paused"


def _replacement(held: Held, timers: Sequence[Entry], record: Sequence[Held]) -> tuple[Entry | None, str | None]:
    known = {one.id for one in record}
    named = [one for one in timers if one["name"] == held.name and not _once.is_ended(one) and one["id"] not in known]
    paused = [one for one in named if _once.is_paused_by_user(one)]
    if len(named) == len(paused) == 1:
        return paused[0], "it was replaced meanwhile by a paused timer of the same name, which is resumed"
    if len(paused) > 1:
        return None, f"it was deleted, and {len(paused)} paused timers have its name. Resume the right one by hand"
    if named:
        return None, "it was replaced meanwhile by a timer of the same name that is not paused by a user"
    return None, "it was deleted meanwhile. The role creates it again if its job is in the list"


def _has_missed_a_run(entry: Entry, since: datetime, now: datetime) -> bool:
    """Whether the timer missed a run while it was paused: then it runs as soon as it is resumed."""
    try:
        schedule = parse_schedule(validate(_SCHEDULE, (entry.get("definition") or {}).get("schedule") or {}), now)
    except InputError:
        return True  # nobody knows
    if schedule.start is None:
        return True
    if schedule.interval is None:
        return since < schedule.start <= now
    return next_tick(schedule.start, schedule.interval, since) <= now
