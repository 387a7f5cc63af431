# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Where transfers read and write, and which mirrors would destroy the data that they should keep (rule N4).

Pure: no input or output. Places are compared as they are written. Two different places can be one folder on the server,
through a link or a home directory, which is not visible here.
"""

from __future__ import annotations

import posixpath
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .definition import Transfer


@dataclass(frozen=True)
class Place:
    """A path on a collection, in its normal form: without a slash at the end, double slashes, ``.`` and ``..``."""

    collection: str
    path: str

    def contains(self, other: Place) -> bool:
        """Whether the other place is the same, or below this one."""
        if self.collection != other.collection:
            return False
        return other.path == self.path or other.path.startswith(self.path.rstrip("/") + "/")

    def upwards(self) -> Iterator[Place]:
        """The place and every folder above it."""
        path = self.path
        yield self
        while path != "/":
            path = posixpath.dirname(path)
            yield Place(self.collection, path)


@dataclass(frozen=True)
class Write:
    """One item of a transfer.

    :ivar owner: the position of the timer, or the backup job, of this transfer.
    :ivar item: its position in ``transfer.paths``.
    :ivar mirrors: whether it deletes files at the destination that are not at the source.
    """

    source: Place
    destination: Place
    mirrors: bool
    owner: int = 0
    item: int = 0

    @property
    def copies_into_itself(self) -> bool:
        """Whether the destination is in the source, so that every run copies the copies of the runs before."""
        return self.source.contains(self.destination)

    @property
    def way_down(self) -> tuple[str, ...]:
        """The names of the folders from the source down to a destination inside it."""
        return tuple(posixpath.relpath(self.destination.path, self.source.path).split("/"))

    def includes(self, other: Write) -> bool:
        """Whether this write, to the same folder or one above, also writes the files of the other one, to the same
        places."""
        if not self.source.contains(other.source):
            return False
        return posixpath.relpath(other.source.path, self.source.path) == posixpath.relpath(
            other.destination.path, self.destination.path
        )


def place_of(collection: str, path: str) -> Place:
    """The place that a path names; ``~/data`` and ``/~/data`` are the same."""
    return Place(collection.lower(), posixpath.normpath("/" + path.strip().lstrip("/")))


def writes_of(transfer: Transfer, owner: int = 0) -> list[Write]:
    """The items of a transfer."""
    return [
        Write(
            place_of(transfer.source_collection, path.source_path),
            place_of(transfer.destination_collection, path.destination_path),
            transfer.delete_destination_extra,
            owner,
            item,
        )
        for item, path in enumerate(transfer.paths)
    ]


def overlaps(writes: Iterable[Write]) -> Iterator[tuple[Write, Write]]:
    """Each mirror with another write to its destination, or to a folder below or above it.

    Writes that bring the same files to the same place are left out, such as those of a subfolder of the mirror.
    """
    at: dict[Place, list[Write]] = {}
    for write in writes:
        at.setdefault(write.destination, []).append(write)
    for found in at.values():
        for inner in found:
            for place in inner.destination.upwards():
                for outer in at.get(place, ()):
                    if outer is inner or outer.includes(inner):
                        continue
                    if outer.mirrors:
                        yield outer, inner
                    if inner.mirrors and outer.destination != inner.destination:
                        yield inner, outer


def successors(writes: Iterable[Write]) -> dict[Write, list[Write]]:
    """For each mirror, the mirrors that read from the folder to which it writes, or from one below or above it."""
    mirrors = [write for write in writes if write.mirrors]
    at: dict[Place, list[Write]] = {}
    below: dict[Place, list[Write]] = {}
    for mirror in mirrors:
        first, *above = mirror.source.upwards()
        at.setdefault(first, []).append(mirror)
        for place in above:
            below.setdefault(place, []).append(mirror)
    return {
        mirror: [other for place in mirror.destination.upwards() for other in at.get(place, ())]
        + below.get(mirror.destination, [])
        for mirror in mirrors
    }


def ring_through(mirror: Write, following: Mapping[Write, Sequence[Write]]) -> list[Write]:
    """The shortest ring of mirrors that begins with this one: each writes to the source of the next. Empty if none.

    Such mirrors destroy each other's data: the source of one is the destination of the mirror before it. A file that is
    new there is not yet at the source of that mirror, which therefore deletes it. A mirror whose destination overlaps
    with its own source is a ring by itself.

    :param following: the ``successors`` of all mirrors.
    """
    ways: deque[list[Write]] = deque([[mirror]])
    seen: set[Write] = set()
    while ways:
        way = ways.popleft()
        for other in following.get(way[-1], ()):
            if other == mirror:
                return way
            if other not in seen:
                seen.add(other)
                ways.append([*way, other])
    return []


def rings_between(writes: Iterable[Write]) -> Iterator[list[Write]]:
    """The rings of mirrors of several owners: for each mirror in such a ring, the ring that begins with it.

    Owners whose mirrors overlap with their own sources are left out: their error does not concern the others.
    """
    following = successors(writes)
    own = {mirror: [other for other in found if other.owner == mirror.owner] for mirror, found in following.items()}
    left_out = {mirror.owner for mirror in own if ring_through(mirror, own)}
    between = {
        mirror: [other for other in found if other.owner not in left_out]
        for mirror, found in following.items()
        if mirror.owner not in left_out
    }
    for mirror in between:
        ring = ring_through(mirror, between)
        if ring:
            yield ring
