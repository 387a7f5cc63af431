# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Which paths ``check_paths`` looks at, and which of them cannot work (design: "Before the first run").

Pure: no input or output. ``_apply.check_paths`` sends the requests.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .definition import Path, Transfer

FILE, FOLDER, MISSING, FORBIDDEN, UNKNOWN = "file", "dir", "missing", "forbidden", "unknown"


@dataclass(frozen=True)
class Look:
    """One path to look at.

    :ivar local_user: the account on the collection, if the transfer names one.
    """

    collection: str
    path: str
    local_user: str | None = None


@dataclass(frozen=True)
class Seen:
    """What exists at a path.

    :ivar state: ``file``, ``dir``, ``missing``, ``forbidden``, or ``unknown`` if the request failed.
    :ivar message: the words of the service, for ``forbidden`` and ``unknown``.
    :ivar near: for ``missing``: an existing path with a similar name, or None.
    """

    state: str
    message: str = ""
    near: str | None = None


@dataclass(frozen=True)
class Finding:
    """A path with which a timer cannot work.

    :ivar option: the option that has the path, for example ``transfer.paths[0].source_path``.
    :ivar problem: what is wrong with the path: the end of a sentence that begins with the path.
    :ivar advice: what to do about it.
    """

    option: str
    collection: str
    path: str
    problem: str
    advice: str


def looks_of(transfer: Transfer) -> list[Look]:
    """The paths of a transfer, sources and destinations, each once."""
    looks = []
    for path in transfer.paths:
        looks.append(Look(transfer.source_collection, path.source_path, transfer.source_local_user))
        looks.append(Look(transfer.destination_collection, path.destination_path, transfer.destination_local_user))
    return list(dict.fromkeys(looks))


def findings(transfer: Transfer, seen: Mapping[Look, Seen]) -> list[Finding]:
    """The paths with which the transfer would fail. A missing destination is fine: the transfer creates it."""
    found = []
    for number, path in enumerate(transfer.paths):
        source_look = Look(transfer.source_collection, path.source_path, transfer.source_local_user)
        target_look = Look(transfer.destination_collection, path.destination_path, transfer.destination_local_user)
        source = seen.get(source_look, Seen(UNKNOWN))
        target = seen.get(target_look, Seen(UNKNOWN))
        problem = _source_problem(path, source)
        if problem:
            option = f"transfer.paths[{number}].source_path"
            found.append(Finding(option, transfer.source_collection, path.source_path, *problem))
        problem = _destination_problem(path, source, target)
        if problem:
            option = f"transfer.paths[{number}].destination_path"
            found.append(Finding(option, transfer.destination_collection, path.destination_path, *problem))
    return found


def _source_problem(path: Path, seen: Seen) -> tuple[str, str] | None:
    """The problem of a source and the advice, or None."""
    if seen.state == MISSING:
        return "does not exist", f"Did you mean {seen.near}?" if seen.near else "Correct the path"
    if seen.state == FORBIDDEN:
        return _forbidden(seen)
    if seen.state == FOLDER and path.recursive is False:
        return "is a folder, and recursive is false", "Set recursive: true, or name a file"
    if seen.state == FILE and path.recursive:
        return "is a file, and recursive is true", "Set recursive: false, or name a folder"
    return None


def _destination_problem(path: Path, source: Seen, target: Seen) -> tuple[str, str] | None:
    if target.state == FORBIDDEN:
        return _forbidden(target)
    is_folder = {FOLDER: True, FILE: False}.get(source.state)
    if path.recursive is not None and is_folder is not None and path.recursive != is_folder:
        return None  # the source is wrong already, so it is not known what the destination must be
    copies_folder = is_folder if path.recursive is None else path.recursive
    if copies_folder is None:
        return None
    if target.state == FILE and copies_folder:
        return "is a file, and the source is a folder", "Name a folder"
    if target.state == FOLDER and not copies_folder:
        name = path.source_path.rstrip("/").rpartition("/")[2] or "data"
        copy = f"{path.destination_path.rstrip('/')}/{name}"
        return "is a folder, and the source is a file", f"Give the name of the file to create, for example {copy}"
    return None


def _forbidden(seen: Seen) -> tuple[str, str]:
    reason = f" ({seen.message})" if seen.message else ""
    return f"is not accessible to this login{reason}", "Ask the owner of the collection for access"


def parent_of(path: str) -> str | None:
    """The folder above a path; None for a root."""
    folder, slash, name = path.rstrip("/").rpartition("/")
    if not slash or not name or name == "~":
        return None
    return f"{folder}/"


def near_name(path: str, names: Sequence[tuple[str, bool]]) -> str | None:
    """The path in the same folder whose name is most similar to the missing one; None if none is similar.

    :param names: the names in the folder, each with whether it is a folder.
    """
    folder = parent_of(path)
    wanted = path.rstrip("/").rpartition("/")[2]
    by_folded = {name.casefold(): (name, is_folder) for name, is_folder in names}
    near = difflib.get_close_matches(wanted.casefold(), list(by_folded), 1, 0.6)
    if folder is None or not near:
        return None
    name, is_folder = by_folded[near[0]]
    return f"{folder}{name}{'/' if is_folder else ''}"
