# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A collection in a transfer: its folder, and what it refuses."""

from __future__ import annotations

import errno
import posixpath
import uuid
from pathlib import Path
from typing import Literal

from emulator.world import Collection

Side = Literal["source", "destination"]

_BY_ERRNO = {
    errno.ENOENT: "FILE_NOT_FOUND",
    errno.EACCES: "PERMISSION_DENIED",
    errno.EPERM: "PERMISSION_DENIED",
    errno.EROFS: "PERMISSION_DENIED",
    errno.ENOSPC: "QUOTA_EXCEEDED",
    errno.EDQUOT: "QUOTA_EXCEEDED",
    errno.ENOTDIR: "NOT_A_DIRECTORY",
    errno.EISDIR: "IS_A_DIRECTORY",
}


class TransferError(Exception):
    """An error of a transfer: the ``code`` of Globus, a ``message`` for people, and where it happened."""

    def __init__(
        self, code: str, message: str, *, side: Side | None = None, path: str | None = None, place: Place | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.side = side
        self.path = path
        self.place = place


def normal(path: str) -> str:
    """The normal form of a path on a collection: ``/~/a//b/`` is ``/a/b``. It cannot lead above the root."""
    plain = path.removeprefix("/")
    if plain == "~" or plain.startswith("~/"):
        plain = plain[1:]
    return "/" + posixpath.normpath("/" + plain).lstrip("/")


class Place:
    """One end of a transfer. Changes of its collection take effect at once."""

    def __init__(self, collection: Collection, side: Side) -> None:
        self.collection = collection
        self.side: Side = side

    @classmethod
    def of(cls, folder: Path, side: Side) -> Place:
        """A plain folder that is not part of a world."""
        return cls(Collection(id=str(uuid.uuid4()), display_name=folder.name, root=str(folder)), side)

    @property
    def root(self) -> Path | None:
        """Its folder, or None if its files are only imagined."""
        return None if self.collection.root is None else Path(self.collection.root)

    def error(self, code: str, message: str, path: str | None = None) -> TransferError:
        """An error that happened here."""
        return TransferError(code, message, side=self.side, path=path, place=self)

    def from_system(self, error: OSError, path: str) -> TransferError:
        """An error of the operating system, with the code of Globus."""
        return self.error(_BY_ERRNO.get(error.errno or 0, "ENDPOINT_ERROR"), error.strerror or str(error), path)

    def connect(self) -> None:
        """Check that the collection can be used. Raises TransferError."""
        one = self.collection
        if not one.reachable:
            personal = one.entity_type.startswith("GCP_")
            raise self.error("GC_NOT_CONNECTED" if personal else "CONNECT_FAILED", f"{one.display_name} is not online")
        if not one.visible:
            raise self.error("PERMISSION_DENIED", f"No permission on {one.display_name}")
        if one.trouble is not None:
            raise self.error(one.trouble, f"{one.display_name} answers {one.trouble}")

    def resolve(self, path: str) -> Path | None:
        """The local path of a path on the collection, even if nothing exists there. None without a root.

        Raises TransferError if the path is refused, or leads out of the root.
        """
        wanted = normal(path)
        if _below(wanted, self.collection.forbidden):
            raise self.error("PERMISSION_DENIED", "Permission denied", path)
        if self.root is None:
            if _below(wanted, self.collection.missing):
                raise self.error("FILE_NOT_FOUND", "No such file or directory", path)
            return None
        place = self.root / wanted.lstrip("/")
        if not place.resolve().is_relative_to(self.root.resolve()):
            raise self.error("PERMISSION_DENIED", "The path leads out of the collection", path)
        return place

    def allow_writing(self, path: str) -> Path | None:
        """The same as ``resolve``, for a path to write to."""
        place = self.resolve(path)
        if self.collection.read_only:
            raise self.error("PERMISSION_DENIED", "The collection is read-only", path)
        return place


def _below(path: str, listed: list[str]) -> bool:
    """Whether a path is one of a list, or below one."""
    return any(path == one or path.startswith(f"{one.rstrip('/')}/") for one in map(normal, listed))
