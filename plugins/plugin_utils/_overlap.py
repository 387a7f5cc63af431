# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Finds backup jobs that would destroy each other's copies. Pure: no input or output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..module_utils._errors import InputError
from ..module_utils._timers.definition import Action, Transfer
from ..module_utils._timers.overlap import Place, Write, rings_between, writes_of
from ..module_utils._timers.refusals import overlap_refusal, ring_refusal


@dataclass(frozen=True)
class JobWrite:
    """A path that a timer of a job writes to.

    :ivar job: the position and name of the job, for messages.
    :ivar where: the same, with the slot.
    :ivar paused: whether the job is paused, so that it does not write now.
    """

    write: Write
    job: str
    where: str
    paused: bool


def job_writes(action: Action, number: int, job: str, where: str, *, paused: bool) -> list[JobWrite]:
    """The paths that a timer writes to.

    :param number: position of the job.
    """
    if not isinstance(action, Transfer):
        return []
    return [JobWrite(write, job, where, paused) for write in writes_of(action, number)]


def _refuse_unless_paused(message: str, writes: Sequence[JobWrite]) -> list[str]:
    """Raises InputError, or returns a warning if one of the jobs is paused: its timers may exist already, and the play
    must be able to pause them.
    """
    paused = list(dict.fromkeys(one.job for one in writes if one.paused))
    if not paused:
        raise InputError(message)
    return [
        f"{message}. This is only a warning while {' and '.join(paused)} {'is' if len(paused) == 1 else 'are'} paused"
    ]


def check_rotation(writes: Sequence[JobWrite], schedule: str) -> list[str]:
    """Refuses slots that write to the same place: each would overwrite the copies of the others."""
    seen: dict[Place, str] = {}
    for one in writes:
        place = one.write.destination
        if seen.setdefault(place, one.where) != one.where:
            message = (
                f"{one.job}: all slots of the schedule {schedule} write to {place.path}. Add {{slot}} to "
                f"destination_path, for example {place.path.rstrip('/')}/{{slot}}/"
            )
            return _refuse_unless_paused(message, [one])
    return []


def check_writes(writes: Sequence[JobWrite]) -> list[str]:
    """Refuses mirrors that overlap with other destinations, and mirrors that write to each other's sources. Returns
    warnings about other paths that jobs share.
    """
    by_place: dict[Place, list[JobWrite]] = {}
    for one in writes:
        by_place.setdefault(one.write.destination, []).append(one)
    warnings: dict[str, None] = {}
    for one in writes:
        for place in one.write.destination.upwards():
            for other in by_place.get(place, ()):
                warnings.update(dict.fromkeys(_check_pair(one, other)))
    warnings.update(dict.fromkeys(_check_rings(writes)))
    return list(warnings)


def _check_pair(inner: JobWrite, outer: JobWrite) -> list[str]:
    """The warnings about two writes, the first of which is at or below the place of the second. Raises InputError."""
    one, other = inner.write, outer.write
    same_place, same_job = one.destination == other.destination, one.owner == other.owner
    if same_place and same_job and other.source == one.source:
        return []  # the same write, or slots that share one copy on purpose
    mirrors = [(mirror, written) for mirror, written in ((inner, outer), (outer, inner)) if mirror.write.mirrors]
    if mirrors:
        # a mirror can also delete the copies of a paused job, so only a paused mirror is harmless
        mirror, written = min(mirrors, key=lambda pair: pair[0].paused)
        message = f"{mirror.where}: {overlap_refusal(written.where, mirror.write, written.write)}"
        return _refuse_unless_paused(message, [mirror])
    if same_place and other.owner < one.owner:
        both = f"{outer.job} and {inner.job}"
        return [f"{both} both write to {one.destination.path} on collection {one.destination.collection}"]
    return []


def _check_rings(writes: Sequence[JobWrite]) -> list[str]:
    """Refuses rings of mirrors that are not paused. Returns warnings about rings with a paused job."""
    warnings: dict[frozenset[Write], list[str]] = {}
    for some in (writes, [one for one in writes if not one.paused]):
        of_write: Mapping[Write, JobWrite] = {one.write: one for one in some}
        for ring in rings_between(one.write for one in some):
            found = [of_write[write] for write in ring]
            if frozenset(ring) not in warnings:  # each ring is found once for each of its mirrors
                warnings[frozenset(ring)] = _refuse_unless_paused(
                    ring_refusal([one.where for one in found], ring), found
                )
    return [warning for of_ring in warnings.values() for warning in of_ring]
