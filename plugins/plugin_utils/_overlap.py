# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Which paths backup jobs write to, and where one would destroy what another keeps. Pure: no input or output.

Places are compared as they are written: that two of them lead to one folder on the server cannot be seen from here.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from ..module_utils._errors import InputError


@dataclass(frozen=True)
class Write:
    """A path that a timer writes to.

    :ivar path: in its normal form.
    :ivar source: collection and path that it is written from.
    :ivar mirrors: whether what is not at the source is deleted there.
    :ivar number: the position of the job.
    :ivar job: its position and name, for messages.
    :ivar where: the same, and the slot.
    """

    collection: str
    path: str
    source: tuple[str, str]
    mirrors: bool
    number: int
    job: str
    where: str


def is_true(where: str, option: str, value: Any) -> bool:
    """A boolean option however YAML or Jinja spells it. Raises InputError."""
    try:
        return bool(boolean(value))
    except TypeError:
        raise InputError(f"{where}: {option} must be true or false, not {value!r}") from None


def writes_of(transfer: Mapping[str, Any], number: int, job: str, where: str) -> list[Write]:
    """The paths that a timer writes to. Refuses a destination that lies in its own source."""
    source, destination = (str(transfer[f"{end}_collection"]).lower() for end in ("source", "destination"))
    mirrors = is_true(where, "delete_destination_extra", transfer.get("delete_destination_extra", False))
    writes = []
    for path in transfer["paths"]:
        origin, target = _normal(path["source_path"]), _normal(path["destination_path"])
        if source == destination and _contains(origin, target):
            raise InputError(
                f"{where}: destination_path {path['destination_path']} lies in its own source, "
                f"{path['source_path']} on the same collection: every run would copy the last one's copy"
            )
        if source == destination and mirrors and _contains(target, origin):
            raise InputError(
                f"{where}: delete_destination_extra would delete the source: source_path {path['source_path']} lies in "
                f"destination_path {path['destination_path']} on the same collection"
            )
        writes.append(Write(destination, target, (source, origin), mirrors, number, job, where))
    return writes


def _normal(path: str) -> str:
    """The path without trailing slash, double slashes, . and .., so that two spellings of one place are equal."""
    return posixpath.normpath("/" + str(path).strip().lstrip("/"))


def _contains(outer: str, inner: str) -> bool:
    return inner == outer or inner.startswith(outer.rstrip("/") + "/")


def check_rotation(writes: Sequence[Write], schedule: str) -> None:
    """Refuses slots that write to one place: each would overwrite what the others keep."""
    seen: dict[tuple[str, str], str] = {}
    for write in writes:
        if seen.setdefault((write.collection, write.path), write.where) != write.where:
            raise InputError(
                f"{write.job}: the slots of the schedule {schedule} collide: they all write to {write.path}. "
                f"Put {{slot}} into destination_path, as in {write.path.rstrip('/')}/{{slot}}/"
            )


def check_writes(writes: Sequence[Write]) -> list[str]:
    """Refuses a mirrored path that overlaps with what something else writes; warns of other paths that jobs share."""
    by_place: dict[tuple[str, str], list[Write]] = {}
    for write in writes:
        by_place.setdefault((write.collection, write.path), []).append(write)
    warnings: dict[str, None] = {}
    for write in writes:
        for path in _upwards(write.path):
            for other in by_place.get((write.collection, path), ()):
                same_place, same_job = path == write.path, other.number == write.number
                if same_place and same_job and other.source == write.source:
                    continue  # itself, or slots that take turns in keeping one copy
                if write.mirrors or other.mirrors:
                    mirror, written = (write, other) if write.mirrors else (other, write)
                    raise InputError(
                        f"{mirror.where}: delete_destination_extra would delete what {written.where} writes: "
                        f"{mirror.path} and {written.path} overlap on collection {write.collection}"
                    )
                if same_place and other.number < write.number:
                    both = f"{other.job} and {write.job}"
                    warnings[f"{both} both write to {path} on collection {write.collection}"] = None
    return list(warnings)


def _upwards(path: str) -> Iterator[str]:
    """The path and every folder above it."""
    yield path
    while path not in ("/", ""):
        path = posixpath.dirname(path)
        yield path
