# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The entry point ``restore`` of the role: chooses the copy and the target. Pure: no input or output.

A restore is a timer that runs once and transfers a copy back to the source collection. It never deletes files.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..module_utils._errors import InputError
from ..module_utils._secrets import printable
from ..module_utils._timers.overlap import Place, place_of, writes_of
from ..module_utils._timers.schedule import first_run, format_instant
from . import _backup, _once, _variables, _words
from ._backup import Copy, JobCopies
from ._plain import Entry, text_of

LATEST = "latest"
_LISTED = 3  # maximum number of other slots in an error message
_REMEMBERED = timedelta(days=1)  # for how long a finished restore is not repeated
# The transfer options of the job that a restore also uses. It needs no filter rules: they were applied to the copy.
_KEPT = (
    "verify_checksum",
    "preserve_timestamp",
    "encrypt_data",
    "fail_on_quota_errors",
    "notify_on_succeeded",
    "notify_on_failed",
    "notify_on_inactive",
    "store_base_path_info",
)


@dataclass(frozen=True)
class Request:
    """The restore that the user requests.

    :ivar job: the job; ``others`` are the other jobs.
    :ivar copies: the copies to choose from; only one if a slot is given.
    :ivar path: the path to restore, below the source path of the job; None means everything.
    :ivar to: the target folder; None means a new folder next to the original.
    :ivar wait: seconds to wait for the transfer.
    """

    variables: _variables.Variables
    job: JobCopies
    others: Sequence[JobCopies]
    copies: Sequence[Copy]
    path: str | None
    to: str | None
    overwrite: bool
    wait: int

    @property
    def now(self) -> datetime:
        return self.variables.clock


def plan_restore(given: Mapping[str, Any], timers: Sequence[Entry] | None, now: datetime) -> dict[str, Any]:
    """The data for the tasks of the role, or an error message.

    :param timers: the timers that ``timer_info`` returned, with ten runs each; None if it has not run yet.
    :param now: the current time of the controller.
    """
    result: dict[str, Any] = {"error": None, "warnings": [], "name_contains": None, "timer": None, "restore": None}
    try:
        request = _read_request(given, now)
        # all slots, because an error message lists the slots that have a copy
        bases = [_base_name(request, copy) for copy in request.job.copies]
        result["check_paths"] = request.variables.check_paths
        result["name_contains"] = _once.common_part(base[len("restore-") :] for base in bases)
        if timers is not None:
            decision = _plan_transfer(request, timers)
            warnings = [printable(warning) for warning in decision.warnings]
            result.update(warnings=warnings, timer=decision.timer, restore=decision.as_result(request))
    except InputError as error:
        result["error"] = printable(str(error))
    return result


# --- the request ---------------------------------------------------------------------------------------------------


def _read_request(given: Mapping[str, Any], now: datetime) -> Request:
    variables, own = _variables.read_for_entry_point("restore", given, now)
    known = _backup.names_of_jobs(variables.jobs)
    if own["backup_restore_job"] is None:
        raise InputError(
            f"backup_restore_job is missing. Set it to the name of a job. Available jobs: {_names_or_none(known)}"
        )
    name = text_of("backup_restore_job", own["backup_restore_job"])
    if name not in known:
        raise InputError(f"backup_restore_job: job {name!r} does not exist. Available jobs: {_names_or_none(known)}")
    jobs = _backup.copies_of_jobs(variables, [name])
    job = next(job for job in jobs if job.name == name)
    return Request(
        variables=variables,
        job=job,
        others=[other for other in jobs if other is not job],
        copies=_copies(job, text_of("backup_restore_slot", own["backup_restore_slot"])),
        path=own["backup_restore_path"],
        to=own["backup_restore_to"],
        overwrite=own["backup_restore_overwrite"],
        wait=own["backup_wait"],
    )


def _names_or_none(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "none"


def _copies(job: JobCopies, wanted: str) -> Sequence[Copy]:
    slots = [copy.slot for copy in job.copies if copy.slot is not None]
    found = [copy for copy in job.copies if copy.slot is not None and copy.slot.lower() == wanted.lower()]
    if found:
        return found
    if wanted.lower() == LATEST:
        return job.copies
    if not slots:
        raise InputError(
            f"backup_restore_slot is {wanted!r}, but job {job.name} has no slots. Remove backup_restore_slot"
        )
    raise InputError(
        f"backup_restore_slot: job {job.name} has no slot {wanted!r}. Available slots: {', '.join([*slots, LATEST])}"
    )


def _base_name(request: Request, copy: Copy) -> str:
    return _once.base_name("restore", copy, request.variables.prefix)


# --- paths ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _RestoredItem:
    """One path to restore.

    :ivar source: the source path in the job; ``copy`` is the path of the copy.
    :ivar rest: the path to restore, relative to ``source``; empty means all of it.
    """

    source: str
    copy: str
    rest: str
    recursive: bool | None

    def beside(self, ending: str) -> str:
        """The target next to the original, with an ending added to the name of the source."""
        folder = self.source.endswith("/") or self.recursive is True or bool(self.rest)
        return f"{self.source.rstrip('/')}{ending}{'/' if folder else ''}{self.rest}"


def _items(request: Request, copy: Copy) -> list[_RestoredItem]:
    paths = copy.transfer.paths
    if request.path is None:
        return [_RestoredItem(one.source_path, one.destination_path, "", one.recursive) for one in paths]
    text = request.path.strip()
    if ".." in text.split("/"):
        raise InputError(
            f"backup_restore_path {text!r} must not contain '..'. Set it to a path below the source path of the job"
        )
    sources = _names_or_none([one.source_path for one in paths])
    if not text.startswith(("/", "~")):
        if len(paths) > 1:
            raise InputError(
                f"backup_restore_path {text!r} is a relative path, but job {request.job.name} has several source "
                f"paths. Start it with one of these: {sources}"
            )
        text = f"{paths[0].source_path.rstrip('/')}/{text}"
    collection = copy.transfer.source_collection
    place = place_of(collection, text)
    # if several source paths contain the path, use the innermost one
    within = [one for one in paths if place_of(collection, one.source_path).contains(place)]
    if not within:
        raise InputError(
            f"backup_restore_path {text!r} is not below a source path of job {request.job.name}. Source paths: "
            f"{sources}"
        )
    path = max(within, key=lambda one: len(place_of(collection, one.source_path).path))
    rest = posixpath.relpath(place.path, place_of(collection, path.source_path).path)
    if rest == ".":
        return [_RestoredItem(path.source_path, path.destination_path, "", path.recursive)]
    if path.recursive is False:
        raise InputError(
            f"backup_restore_path {text!r} is below {path.source_path}, which is a file. To restore this file, set "
            f"backup_restore_path: {path.source_path}"
        )
    is_folder = text.endswith("/")
    rest += "/" if is_folder else ""
    copied = f"{path.destination_path.rstrip('/')}/{rest}"
    return [_RestoredItem(path.source_path, copied, rest, True if is_folder else None)]


def _transfer_options(request: Request, copy: Copy, moment: str) -> dict[str, Any]:
    """The option ``transfer`` of the restore."""
    forth, slot = copy.options, copy.slot
    ending = f"-restored-{slot + '-' if slot else ''}{moment}"
    paths = []
    for item in _items(request, copy):
        target = item.beside(ending) if request.to is None else _path_below(request.to, item, copy)
        path = {"source_path": item.copy, "destination_path": target, "recursive": item.recursive}
        paths.append({name: value for name, value in path.items() if value is not None})
    options = {
        "source_collection": copy.transfer.destination_collection,
        "destination_collection": copy.transfer.source_collection,
        "paths": paths,
        "label": _once.label(f"Restore of {request.job.name}{f', {slot}' if slot else ''}"),
        "sync_level": "checksum",
        **{option: forth[option] for option in _KEPT if option in forth},
        "source_local_user": forth.get("destination_local_user"),
        "destination_local_user": forth.get("source_local_user"),
    }
    return {name: value for name, value in options.items() if value is not None}


def _path_below(to: str, item: _RestoredItem, copy: Copy) -> str:
    """The target in the folder ``backup_restore_to``. Paths relative to the source path of the job stay the same."""
    collection = copy.transfer.source_collection
    if item.recursive is False and not item.rest and place_of(collection, to) == place_of(collection, item.source):
        return item.source  # restores a file to its original path
    folders = []
    for path in copy.transfer.paths:
        whole = place_of(collection, path.source_path).path
        folders.append(posixpath.dirname(whole) if path.recursive is False else whole)
    inner = posixpath.relpath(place_of(collection, item.source).path, posixpath.commonpath(folders))
    folder = to.rstrip("/") + "/"
    if inner != ".":
        folder += inner + ("/" if item.recursive is not False or item.rest else "")
    return folder + item.rest


# --- guards --------------------------------------------------------------------------------------------------------


def _overlap(one: Place, other: Place) -> bool:
    return one.contains(other) or other.contains(one)


def _check_target(request: Request, copy: Copy, targets: Sequence[str]) -> None:
    """Refuses a target that overlaps with the copies, or, without ``backup_restore_overwrite``, with the original."""
    where = _source_in_words(request, copy)
    collection = copy.transfer.source_collection
    given = [] if request.to is None else [request.to]
    for path in given:
        if not path.startswith(("/", "~")):
            raise InputError(
                f"{where}: backup_restore_to {path!r} is a relative path. Set it to a full path, which starts with / "
                "or ~"
            )
    places = {place_of(collection, path): path for path in (*targets, *given)}
    for place, path in places.items():
        for one in request.job.copies:
            for source in one.transfer.paths:
                original = _original_in_words(place, place_of(collection, source.source_path), source.source_path)
                if original is not None and not request.overwrite:
                    raise InputError(
                        f"{where}: the target {path} {original}. Choose another backup_restore_to, or set "
                        "backup_restore_overwrite: true to overwrite the files that differ from the copy"
                    )
                kept = place_of(one.transfer.destination_collection, source.destination_path)
                if _overlap(place, kept):
                    raise InputError(
                        f"{where}: the target {path} and the copy {source.destination_path} overlap on collection "
                        f"{collection}, so the restore would damage the copy. Choose another backup_restore_to"
                    )


def _original_in_words(target: Place, source: Place, path: str) -> str | None:
    """How the target overlaps with the original, as the predicate of a sentence, or None."""
    if target == source:
        return "is the source path of the job"
    if source.contains(target):
        return f"is inside the source path of the job, {path}"
    return f"contains the source path of the job, {path}" if target.contains(source) else None


def _target_warnings(request: Request, copy: Copy, targets: Sequence[str]) -> Iterator[str]:
    where = _source_in_words(request, copy)
    for path in targets:
        place = place_of(copy.transfer.source_collection, path)
        for other in request.others:
            writes = [write for one in other.copies for write in writes_of(one.transfer)]
            if any(_overlap(write.source, place) for write in writes):
                yield (
                    f"{where}: the target {path} overlaps with a source path of job {other.name}, so job "
                    f"{other.name} will also back up the restored files"
                )
            mirrors = [write.mirrors for write in writes if _overlap(write.destination, place)]
            if mirrors:
                may = "delete" if any(mirrors) else "overwrite"
                yield (
                    f"{where}: the target {path} overlaps with a destination path of job {other.name}, which may {may} "
                    "the restored files"
                )
    if request.overwrite and request.to is None:
        yield (
            f"{where}: backup_restore_overwrite has no effect without backup_restore_to. The files are restored to a "
            f"new folder next to the original. To overwrite the original, set backup_restore_to: {_common_source(copy)}"
        )


def _common_source(copy: Copy) -> str:
    paths = copy.transfer.paths
    if len(paths) == 1:
        return paths[0].source_path
    places = [place_of("", path.source_path).path for path in paths]
    return posixpath.commonpath([posixpath.dirname(one) for one in places])


# --- the choice of a copy ------------------------------------------------------------------------------------------


@dataclass
class _Decision:
    """The planned restore.

    :ivar timer: the definition of the timer; None if the timer of the adopted restore has ended.
    :ivar adopted: the existing timer of an equal restore, or None.
    :ivar success: the transfer that completed the copy, or None if it is unknown.
    """

    copy: Copy
    transfer: dict[str, Any]
    name: str
    timer: dict[str, Any] | None
    adopted: Entry | None = None
    success: Entry | None = None
    warnings: list[str] = field(default_factory=list)

    def as_result(self, request: Request) -> dict[str, Any]:
        return {
            "job": request.job.name,
            "slot": self.copy.slot,
            "name": self.name,
            "adopted": self.adopted is not None,
            "timer_id": self.adopted["id"] if self.adopted else None,
            "url": self.adopted["url"] if self.adopted else None,
            "collection": self.transfer["destination_collection"],
            "paths": [
                {"copy": path["source_path"], "target": path["destination_path"]} for path in self.transfer["paths"]
            ],
            "copied_at": self.success["completed_at"] if self.success else None,
            "copied": _when(request, self.success) if self.success else None,
            "what": _once.in_words(request.job.name, self.copy.slot),
            "wait": request.wait,
        }


def _source_in_words(request: Request, copy: Copy | None) -> str:
    return _once.in_words(request.job.name, copy.slot if copy else None)


def _when(request: Request, success: Entry) -> str:
    """When a copy was complete, in words: ``Tue 3 Mar 2026 03:30, America/Chicago``."""
    moment, zone = _once.moment_of(success["completed_at"]), request.variables.timezone
    return f"{_words.long(moment.replace(second=0), zone)}, {zone}" if moment else str(success["completed_at"])


def _plan_transfer(request: Request, timers: Sequence[Entry]) -> _Decision:
    adopted = _adopt(request, timers)
    if adopted is not None:
        return adopted
    states = [_State.of(copy, timers, request.variables.prefix) for copy in request.job.copies]
    state = _choose(request, states)
    copy = state.copy
    done = _restored_before(request, state, timers)
    if done is not None:
        return done
    base = _base_name(request, copy)
    moment = _once.free_moment([base], timers, request.now)
    transfer = _transfer_options(request, copy, moment)
    _once.parsed_transfer(transfer, request.now, _about_variables)
    targets = [path["destination_path"] for path in transfer["paths"]]
    _check_target(request, copy, targets)
    warnings = [*_target_warnings(request, copy, targets), *_copy_warnings(request, state)]
    name = f"{base}-{moment}"
    timer = {"name": name, "transfer": transfer, "schedule": {}}
    return _Decision(copy, transfer, name, timer, success=state.success, warnings=warnings)


def _about_variables(message: str) -> str:
    """A message about an option of the transfer, with the variable that sets this option."""
    words = {"source_path": "backup_restore_path", "destination_path": "backup_restore_to"}
    for option, variable in words.items():
        if option in message:
            return f"{variable}: {message}"
    return message


def _adopt(request: Request, timers: Sequence[Entry]) -> _Decision | None:
    """An unfinished restore that is equal to the requested one, or None. Only the times in their names may differ."""
    for entry in timers:
        if _once.is_ended(entry) and _once.current_transfer(entry) is None:
            continue
        for copy in request.copies:
            transfer = _equal_restore(request, copy, entry)
            if transfer is None:
                continue
            if _once.is_paused_by_user(entry):
                raise InputError(
                    f"{_source_in_words(request, copy)}: the restore {entry['name']} already exists, but a user paused "
                    f"it. Resume or delete it ({entry['url']}), and run the playbook again"
                )
            name = entry["name"]
            timer = {"name": name, "transfer": transfer, "schedule": {}}
            return _Decision(copy, transfer, name, None if _once.is_ended(entry) else timer, adopted=entry)
    return None


def _equal_restore(request: Request, copy: Copy, entry: Entry) -> dict[str, Any] | None:
    """The option ``transfer`` of a restore if it is equal to the requested one, apart from the times in the names."""
    moment = _once.moment_in(entry["name"], _base_name(request, copy))
    there = _once.transfer_of(entry, request.now) if moment else None
    if moment is None or there is None:
        return None
    transfer = _transfer_options(request, copy, moment)
    equal = _once.parsed_transfer(transfer, request.now, _about_variables).normal() == there.normal()
    return transfer if equal else None


def _restored_before(request: Request, state: _State, timers: Sequence[Entry]) -> _Decision | None:
    """An equal restore next to the original that has arrived, or None. If the user runs the playbook again after it
    stopped waiting, a second folder with the same data would be useless.
    """
    copied = _once.moment_of(state.success["completed_at"]) if state.success else None
    if request.to is not None or copied is None:
        return None
    for entry in timers:
        arrived = entry.get("last_success") or {}
        begun = _once.moment_of(arrived.get("ran_at"))
        if begun is None or begun < copied or abs(request.now - begun) > _REMEMBERED:
            continue
        transfer = _equal_restore(request, state.copy, entry)
        if transfer is not None:
            warning = (
                f"{_source_in_words(request, state.copy)}: this copy was already restored at {arrived['completed_at']} "
                "and has not changed since, so nothing is transferred. To restore it again, set backup_restore_to to "
                "another folder"
            )
            name = entry["name"]
            return _Decision(state.copy, transfer, name, None, entry, state.success, [warning])
    return None


@dataclass(frozen=True)
class _State:
    """What is known about a copy.

    :ivar entry: its timer; None if it does not exist or writes to another destination.
    :ivar success: the newest complete transfer to the copy, or None.
    :ivar refusal: why the copy cannot be restored, or None.
    :ivar doubt: why its age is unknown, or None.
    :ivar failure: the last run that failed after ``success`` and may have written to the copy, or None.
    """

    copy: Copy
    entry: Entry | None = None
    success: Entry | None = None
    refusal: str | None = None
    doubt: str | None = None
    failure: Entry | None = None

    @classmethod
    def of(cls, copy: Copy, timers: Sequence[Entry], prefix: str) -> _State:
        named = [entry for entry in timers if entry["name"] == copy.timer]
        own = [entry for entry in named if not _once.is_ended(entry)] or named
        by_now = [entry for entry in timers if _once.moment_in(entry["name"], _once.base_name("now", copy, prefix))]
        writers = [entry for entry in (*own, *by_now) if not _writes_elsewhere(copy, entry)]
        entry = max(
            (one for one in own if one in writers),
            key=lambda one: (_last_arrival(one), one.get("submitted_at") or ""),
            default=None,
        )
        for one in writers:
            task = _once.current_transfer(one)
            if task is not None:
                return cls(copy, entry, refusal=_writing_in_words(one, task))
        successes = [one["last_success"] for one in writers if one.get("last_success")]
        if successes:
            success = max(successes, key=lambda one: str(one["completed_at"]))
            return cls(copy, entry, success, failure=_failure_since(copy, success, writers))
        refusal, doubt = _unknown_in_words(copy, own, entry)
        return cls(copy, entry, refusal=refusal, doubt=doubt)


def _writing_in_words(entry: Entry, task: Entry) -> str:
    """Why a copy cannot be restored while a transfer is writing to it."""
    health = entry.get("health") or {}
    if health.get("state") == "stalled":
        return (
            f"the transfer that writes to this copy has not finished. {health['reason']}. Cancel that transfer and run "
            f"the playbook again: {task['url']}"
        )
    return (
        "the transfer that writes to this copy is in progress, so some files in the copy may be newer than others. "
        f"Wait until it has finished: {task['url']}"
    )


def _failure_since(copy: Copy, success: Entry, writers: Sequence[Entry]) -> Entry | None:
    """The last run that failed after the copy was complete and may have written to it."""
    failed = [
        run
        for writer in writers
        for run in _once.runs_of_entry(writer)
        if run["failed"] and str(run["ran_at"]) > str(success["ran_at"]) and _may_have_written(copy, run)
    ]
    return max(failed, key=lambda run: str(run["ran_at"]), default=None)


def _may_have_written(copy: Copy, run: Entry) -> bool:
    """A mirror may have deleted files before it failed. A task that cannot be read may have written anything."""
    task = run.get("transfer")
    if task is None or copy.options.get("delete_destination_extra"):
        return True
    return any(task.get(number) != 0 for number in ("files_transferred", "bytes_transferred"))


def _unknown_in_words(copy: Copy, own: Sequence[Entry], entry: Entry | None) -> tuple[str | None, str | None]:
    """For a copy without a known complete transfer: why it cannot be restored, or why its age is unknown."""
    if not own:
        return None, f"its timer {copy.timer} does not exist, so its runs are unknown"
    if entry is None:
        return None, (
            f"its timer {copy.timer} does not write to the destination path of the job, so the runs that wrote the "
            "copy are unknown"
        )
    runs = _once.runs_of_entry(entry)
    if runs and all(run["failed"] for run in runs):
        return (
            f"every known run of its timer {copy.timer} failed, the last one at {runs[0]['ran_at']}: "
            f"{runs[0]['message']}"
        ), None
    if not runs and not entry["runs"]:
        return None, f"its timer {copy.timer} has not run since it was created or replaced"
    return None, f"no complete run of its timer {copy.timer} is known"


def _copy_warnings(request: Request, state: _State) -> Iterator[str]:
    where = _source_in_words(request, state.copy)
    if state.doubt is not None:
        yield f"{where}: {state.doubt}. The age of the copy is unknown, and the copy may be incomplete"
    if state.failure is not None:
        yield (
            f"{where}: the run at {state.failure['ran_at']} failed after the last complete transfer, so some files in "
            "the copy may be newer than others"
        )
    if state.entry is None:
        return
    if _once.may_be_in_progress(state.entry):
        yield (
            f"{where}: the last run of its timer may still be in progress, because its transfer task cannot be read. "
            f"Check it in the web app: {state.entry['url']}"
        )
    run = _once.moment_of(state.entry.get("next_run"))
    near = timedelta(seconds=max(request.wait, _once.NEAR))
    if run is not None and state.entry["status"] != "inactive" and request.now <= run <= request.now + near:
        yield (
            f"{where}: the next run, at {format_instant(run)}, writes to this copy. If the restore has not finished by "
            "then, it may mix files of both runs. Pause the timers of the job until the restore has finished"
        )


def _last_arrival(entry: Entry) -> str:
    return str((entry.get("last_success") or {}).get("completed_at") or "")


def _writes_elsewhere(copy: Copy, entry: Entry) -> bool:
    there = (entry.get("definition") or {}).get("transfer")
    if not there:
        return False
    collection = str(there["destination_collection"])
    written = {place_of(collection, path["destination_path"]) for path in there["paths"]}
    kept = {place_of(copy.transfer.destination_collection, path.destination_path) for path in copy.transfer.paths}
    return not kept & written


def _choose(request: Request, states: Sequence[_State]) -> _State:
    """The copy of the given slot, or the latest one: that with the newest complete transfer or, if none is known, that
    whose run was scheduled most recently.
    """
    wanted = [state for state in states if state.copy in request.copies]
    usable = [state for state in wanted if state.refusal is None]
    if not usable and len(wanted) == 1:
        (state,) = wanted
        raise InputError(
            f"{_source_in_words(request, state.copy)}: not restored, because {state.refusal}"
            f"{_other_copies_in_words(request, states)}"
        )
    if not usable:
        why = "; ".join(f"{state.copy.slot}: {state.refusal}" for state in wanted)
        raise InputError(f"{_source_in_words(request, None)}: no slot can be restored. {why}")
    known = [state for state in usable if state.success is not None]
    if known:
        return max(known, key=_age_key)
    return max(usable, key=lambda state: last_due(state.copy, request.now))


def _age_key(state: _State) -> str:
    return str(state.success["completed_at"]) if state.success else ""


def _other_copies_in_words(request: Request, states: Sequence[_State]) -> str:
    """The newest complete copies in other slots."""
    known = [state for state in states if state.success is not None and state.refusal is None]
    newest = sorted(known, key=_age_key, reverse=True)[:_LISTED]
    listed = [f"{state.copy.slot} ({_when(request, state.success)})" for state in newest if state.success]
    return f". Slots with a complete copy: {'; '.join(listed)}" if listed else ""


def last_due(copy: Copy, now: datetime) -> tuple[datetime, int]:
    """The most recent run in the schedule of a copy. If two are equal, the timer that runs more often wins."""
    interval = copy.schedule.interval or 0
    due = first_run(copy.schedule, now)
    while due is not None and due > now and interval:
        due -= timedelta(seconds=interval)
    return due or now - timedelta(seconds=interval), -interval
