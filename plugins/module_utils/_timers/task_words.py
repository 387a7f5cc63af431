# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Why a Transfer task failed or is stalled, and what to do about it, in words (rule O6). Pure: no input or output."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .definition import Path
from .tasks import INACTIVE, Task, task_url

DETAILS_LENGTH = 300  # messages quote at most this number of characters of a text from Globus
PATHS_NAMED = 3
CANCELLED = ("CANCELED", "CANCELLED")
_ROOM_WORDS = ("quota", "no space", "nospace", "enospc", "disk full")
_OFFLINE_WORDS = (
    *("CONNECT_FAILED", "CONNECTION_BROKEN", "CONNECTION_RESET", "ENDPOINT_ERROR", "ENDPOINT_TOO_BUSY", "TIMEOUT"),
)
_CHANGED_WORDS = ("FILE_SIZE_CHANGED", "VERIFY_CHECKSUM")
_FILE = re.compile(r"\bFile: (/.*?)(?= Message: |$)")  # of ``nice_status_details``, on one line


def failure_of(task: Task) -> str:
    """Why a task failed."""
    admin = task.canceled_by_admin or task.canceled_by_admin_message
    if admin:
        message = f": {_shortened(task.canceled_by_admin_message)}" if task.canceled_by_admin_message else ""
        return f"an administrator of the {_side(task.canceled_by_admin)} cancelled it{message}"
    code = (task.fatal_code or "").upper()
    description = f": {_shortened(task.fatal_description)}" if task.fatal_description else ""
    if code in CANCELLED:
        return f"someone cancelled it{description}"
    if code == "EXPIRED":
        attempts = f" after {task.faults} failed attempts" if task.faults else ""
        return f"Globus gave up at the deadline{attempts}{description}"
    return f"{task.fatal_code}{description}" if code else _shortened(task.fatal_description) or "Globus gives no reason"


def _side(word: str | None) -> str:
    """The collections whose administrator cancelled a task. ``word`` is SOURCE, DESTINATION or BOTH."""
    words = {"SOURCE": "source collection", "DESTINATION": "destination collection", "BOTH": "two collections"}
    return words.get((word or "").upper(), "collection")


def stall_of(task: Task) -> str:
    """Why an unfinished task is stalled, in Globus's words."""
    if task.status == INACTIVE:
        what = "its credentials have expired, and someone must renew them"
    elif task.is_paused:
        what = "it is paused"
    else:
        what = f"Globus reports {task.error}"
    words = [task.description, task.details]
    more = [
        _shortened(word) for word in words if word and word.lower() not in (task.error or "").replace("_", " ").lower()
    ]
    text = f"{what} ({'; '.join(dict.fromkeys(more))})" if more else what
    if not task.faults:
        return text
    return f"{text}, after {task.faults} failed attempt{'s' if task.faults > 1 else ''}"


def page_of(task: Task, web_app: str) -> str:
    return task_url(task.id, web_app)


def remedy_of(task: Task, web_app: str, paths: Sequence[Path] = ()) -> str:
    """What to do about the error of a task, as specific as the task allows.

    :param paths: what the timer transfers.
    """
    code = (task.last_error or task.fatal_code or "").upper()
    page = f"the page of the task: {page_of(task, web_app)}"
    if task.status == INACTIVE:
        return f"Renew its credentials: set state: paused and then state: active, or sign in on {page}"
    if task.canceled_by_admin or task.canceled_by_admin_message:
        by = {"SOURCE": _source(task), "DESTINATION": _destination(task)}.get((task.canceled_by_admin or "").upper())
        return f"Ask the administrator of {by or _collections(task)} why the task was cancelled; see {page}"
    if (task.fatal_code or "").upper() in CANCELLED:  # also where it was retrying an error
        return f"Ask who cancelled it; see {page}"
    if task.is_paused or code.startswith("PAUSED"):
        return f"Ask the administrator of {_collections(task)} to resume it; see {page}"
    if code == "FILE_NOT_FOUND":
        return f"{_put_back(task, paths)}; see {page}"
    if code in ("PERMISSION_DENIED", "ENDPOINT_PERMISSION_DENIED"):
        return f"{_permission(task)}; see {page}"
    if code in ("GC_NOT_CONNECTED", "GC_PAUSED"):
        verb = "Start" if code == "GC_NOT_CONNECTED" else "Unpause"
        return f"{verb} Globus Connect Personal on the computer of {_collections(task)}; see {page}"
    if any(word in " ".join((code, task.details or "", task.fatal_description or "")).lower() for word in _ROOM_WORDS):
        return f"Free some space on {_destination(task)}, or ask for a higher quota; see {page}"
    if code in _OFFLINE_WORDS:
        return f"Ask the administrator of {_collections(task)} whether the collection is online; see {page}"
    if code in _CHANGED_WORDS:
        return f"Run the timer at a time when nothing writes to the files on {_source(task)}; see {page}"
    if code == "ENDPOINT_DELETED":
        return f"Correct source_collection or destination_collection in the definition; see {page}"
    if code == "EXPIRED":
        return f"See the events on the page of the task for the error: {page_of(task, web_app)}"
    return f"See {page}"


def _put_back(task: Task, paths: Sequence[Path]) -> str:
    """What to do about a missing path. It is a path of the source, unless Globus names the destination."""
    side = _side_of_error(task) or "source"
    place = _source(task) if side == "source" else _destination(task)
    again = "" if task.is_over else " (Globus then continues by itself)"
    named, option = _named_paths(task, paths, side), _option(task, paths, side)
    return f"Check {named} on {place}. Put it back{again}, or correct {option} in the definition"


def _permission(task: Task) -> str:
    side = _side_of_error(task)
    if side == "source":
        return f"Allow the account of the timer to read {_source(task)}"
    if side == "destination":
        return f"Allow the account of the timer to write to {_destination(task)}"
    return f"Allow the account of the timer to read {_source(task)} and to write to {_destination(task)}"


def _collections(task: Task) -> str:
    """The collection with the error, or both if the task does not name one."""
    side = _side_of_error(task)
    if side is not None:
        return _source(task) if side == "source" else _destination(task)
    return f"{_source(task)} or {_destination(task)}"


def _side_of_error(task: Task) -> str | None:
    """``source`` or ``destination`` if the text of the error names only one of the two collections, else None.

    IDs are compared first, because the name of one collection can be part of the name of the other.
    """
    text = " ".join(filter(None, (task.details, task.description, task.fatal_description))).lower()
    if task.source_id == task.destination_id:
        return None
    for source, destination in ((task.source_id, task.destination_id), (task.source_name, task.destination_name)):
        found = {"source": bool(source and source.lower() in text)}
        found["destination"] = bool(destination and destination.lower() in text)
        sides = [side for side, is_named in found.items() if is_named]
        if len(sides) == 1:
            return sides[0]
    return None


def _source(task: Task) -> str:
    return _collection("source", task.source_name, task.source_id)


def _destination(task: Task) -> str:
    return _collection("destination", task.destination_name, task.destination_id)


def _collection(side: str, name: str | None, collection_id: str | None) -> str:
    known = f"{_shortened(name)} ({collection_id})" if name and collection_id else name or collection_id
    return f"the {side} collection {known}" if known else f"the {side} collection"


def _named_paths(task: Task, paths: Sequence[Path], side: str = "source") -> str:
    """The path that Globus names, or else the paths of the timer."""
    named = _path_in_details(task)
    if named is not None:
        return named
    found = [_path_of(path, side) for path in paths]
    if not found:
        return f"the {side} path"
    more = f" and {len(found) - PATHS_NAMED} more" if len(found) > PATHS_NAMED else ""
    return ", ".join(found[:PATHS_NAMED]) + more


def _path_in_details(task: Task) -> str | None:
    found = _FILE.search(task.details or "")
    return _shortened(found[1]) if found else None


def _option(task: Task, paths: Sequence[Path], side: str) -> str:
    """The option with the path. It has the number of the item if there are several and Globus names one of them."""
    named = _path_in_details(task) or ""
    inside = [number for number, path in enumerate(paths) if named.startswith(_path_of(path, side))]
    if len(paths) < 2 or not inside:
        return f"{side}_path"
    return f"transfer.paths[{max(inside, key=lambda number: len(_path_of(paths[number], side)))}].{side}_path"


def _path_of(path: Path, side: str) -> str:
    return path.source_path if side == "source" else path.destination_path


def _shortened(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= DETAILS_LENGTH else f"{text[: DETAILS_LENGTH - 3]}..."
