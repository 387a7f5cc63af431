# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Which paths backup jobs write to, and where one would destroy what another keeps. Pure: no input or output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from ..module_utils._errors import InputError
from ..module_utils._timers.definition import Action, Transfer
from ..module_utils._timers.overlap import Place, Write, rings_between, writes_of
from ..module_utils._timers.refusals import ring_refusal


@dataclass(frozen=True)
class JobWrite:
    """A path that a timer of a job writes to.

    :ivar job: position and name of the job, for messages.
    :ivar where: the same, and the slot.
    """

    write: Write
    job: str
    where: str


def is_true(where: str, option: str, value: Any) -> bool:
    """A boolean option however YAML or Jinja spells it. Raises InputError."""
    try:
        return bool(boolean(value))
    except TypeError:
        raise InputError(f"{where}: {option} must be true or false, not {value!r}") from None


def job_writes(action: Action, number: int, job: str, where: str) -> list[JobWrite]:
    """The paths that a timer writes to. Refuses a destination that lies in its own source.

    :param number: position of the job.
    """
    if not isinstance(action, Transfer):
        return []
    writes = writes_of(action, number)
    for write in writes:
        if write.copies_into_itself:
            path = action.paths[write.item]
            raise InputError(
                f"{where}: destination_path {path.destination_path} lies in its own source, "
                f"{path.source_path} on the same collection: every run would copy the last one's copy"
            )
    return [JobWrite(write, job, where) for write in writes]


def check_rotation(writes: Sequence[JobWrite], schedule: str) -> None:
    """Refuses slots that write to one place: each would overwrite what the others keep."""
    seen: dict[Place, str] = {}
    for one in writes:
        place = one.write.destination
        if seen.setdefault(place, one.where) != one.where:
            raise InputError(
                f"{one.job}: the slots of the schedule {schedule} collide: they all write to {place.path}. "
                f"Put {{slot}} into destination_path, as in {place.path.rstrip('/')}/{{slot}}/"
            )


def check_writes(writes: Sequence[JobWrite]) -> list[str]:
    """Refuses a mirrored path that overlaps with what something else writes, and mirrors that are each other's source;
    warns of other paths that jobs share.
    """
    by_place: dict[Place, list[JobWrite]] = {}
    for one in writes:
        by_place.setdefault(one.write.destination, []).append(one)
    warnings: dict[str, None] = {}
    for one in writes:
        for place in one.write.destination.upwards():
            for other in by_place.get(place, ()):
                warnings.update(dict.fromkeys(_check_pair(one, other)))
    _check_rings(writes)
    return list(warnings)


def _check_pair(inner: JobWrite, outer: JobWrite) -> list[str]:
    """What is to be said of two writes, the first at or below the place of the second."""
    one, other = inner.write, outer.write
    same_place, same_job = one.destination == other.destination, one.owner == other.owner
    if same_place and same_job and other.source == one.source:
        return []  # itself, or slots that take turns in keeping one copy
    if one.mirrors or other.mirrors:
        mirror, written = (inner, outer) if one.mirrors else (outer, inner)
        raise InputError(
            f"{mirror.where}: delete_destination_extra would delete what {written.where} writes: "
            f"{mirror.write.destination.path} and {written.write.destination.path} overlap on collection "
            f"{one.destination.collection}"
        )
    if same_place and other.owner < one.owner:
        both = f"{outer.job} and {inner.job}"
        return [f"{both} both write to {one.destination.path} on collection {one.destination.collection}"]
    return []


def _check_rings(writes: Sequence[JobWrite]) -> None:
    where: Mapping[Write, str] = {one.write: one.where for one in writes}
    for ring in rings_between(one.write for one in writes):
        raise InputError(ring_refusal([where[write] for write in ring], ring))
