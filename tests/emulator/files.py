# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies real files between the folders of two collections.

An error stops only one file or item: all others are transferred, and what failed can be retried.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import shutil
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from emulator.places import Place, TransferError

_CHUNK = 1 << 20

#: The errors that skip_source_errors skips, only at the source.
SKIPPABLE = frozenset(["FILE_NOT_FOUND", "PERMISSION_DENIED", "AMBIGUOUS_PATH"])
#: Errors that a retry cannot fix. Whether they end a task at once is not known.
HOPELESS = frozenset(["IS_A_DIRECTORY", "NOT_A_DIRECTORY", "FILE_EXISTS", "BAD_PATH", "UNSUPPORTED_CHECKSUM"])


class Moved(NamedTuple):
    """A file that was transferred. The size is in bytes."""

    source_path: str
    destination_path: str
    size: int


class Skipped(NamedTuple):
    """A path that was skipped because of an error at the source."""

    source_path: str
    destination_path: str
    code: str
    message: str
    is_directory: bool


@dataclass
class Outcome:
    """The results of a transfer so far. Sizes are in bytes."""

    done: int = 0  # files, folders and paths of the document
    files: int = 0
    directories: int = 0
    transferred: int = 0
    skipped: int = 0
    deleted: int = 0
    bytes_transferred: int = 0
    bytes_checksummed: int = 0
    source_errors: int = 0
    deletion_skipped: bool = False
    moved: list[Moved] = field(default_factory=list)
    left_out: list[Skipped] = field(default_factory=list)
    failure: TransferError | None = None

    @property
    def copied(self) -> list[str]:
        """The names of the files that were copied."""
        return [one.destination_path.rpartition("/")[2] for one in self.moved]


@dataclass
class _Item:
    """A path of the transfer document."""

    source_path: str
    destination_path: str
    options: dict[str, Any]


@dataclass
class _Folder:
    """A folder whose entries are to be transferred."""

    source_path: str
    destination_path: str


@dataclass
class _File:
    """A file to be copied."""

    source_path: str
    destination_path: str
    options: dict[str, Any]
    counted: bool = False


_Unit = _Item | _Folder | _File


def transfer(source: Path, destination: Path, document: dict[str, Any], *, delete_excluded: bool = False) -> Outcome:
    """Carry out a transfer document between two folders, once. The outcome contains the first failure."""
    places = Place.of(source, "source"), Place.of(destination, "destination")
    work = Work(*places, document, delete_excluded=delete_excluded)
    for _size in work.proceed():
        pass
    work.outcome.failure = work.failures[0] if work.failures else None
    return work.outcome


class Work:
    """A transfer document that is being carried out, with the remaining units."""

    def __init__(
        self, source: Place, destination: Place, document: dict[str, Any], *, delete_excluded: bool = False
    ) -> None:
        self._source = source
        self._destination = destination
        self._options = document
        self._rules = document.get("filter_rules") or []
        self._delete_excluded = delete_excluded
        self._mirrors: list[tuple[Path, set[str]]] = []
        self.outcome = Outcome()
        self.failures: list[TransferError] = []  # of the last pass
        self._failed: list[_Unit] = []
        self._pending: deque[_Unit] = deque(
            _Item(item["source_path"], item["destination_path"], item) for item in document["DATA"]
        )

    @property
    def left(self) -> int:
        """How many units are left, as far as is known: files, and folders whose entries have not been listed."""
        return len(self._pending) + len(self._failed)

    def proceed(self) -> Generator[int]:
        """Make one pass over the remaining units.

        Yields the size of every file before it is copied, so that the caller can let time pass. If the generator is
        closed, the next pass does the rest.
        """
        self._pending.extend(self._failed)
        self._failed, self.failures = [], []
        try:
            self._source.connect()
            self._destination.connect()
        except TransferError as error:
            self.failures = [error]
            return
        while self._pending:
            found: list[_Unit] = []
            try:
                found = yield from self._carry_out(self._pending[0])
                self.outcome.done += 1
            except TransferError as error:
                self._fail(self._pending[0], error)
            self._pending.popleft()
            self._pending.extendleft(reversed(found))
        if not self._failed:
            self._delete_extra()

    def _fail(self, unit: _Unit, error: TransferError) -> None:
        if self._options.get("skip_source_errors") and error.side == "source" and error.code in SKIPPABLE:
            place = unit.source_path, unit.destination_path
            skipped = Skipped(*place, error.code, error.message, not isinstance(unit, _File))
            self.outcome.source_errors += 1
            self.outcome.left_out.append(skipped)
            return
        self.failures.append(error)
        self._failed.append(unit)

    def _carry_out(self, unit: _Unit) -> Generator[int, None, list[_Unit]]:
        """Carry out one unit. Returns the units that follow from it. Raises TransferError."""
        origin = self._source.resolve(unit.source_path)
        target = self._destination.allow_writing(unit.destination_path)
        if origin is None or target is None:
            yield from self._imagine(origin, unit.source_path)
            return []
        if isinstance(unit, _Item):
            return self._item(unit, origin, target)
        if isinstance(unit, _Folder):
            return self._folder(unit, origin, target)
        yield from self._file(unit, origin, target)
        return []

    def _imagine(self, origin: Path | None, path: str) -> Generator[int]:
        """If a collection has no folder, nothing is copied. The imagined files of the source are counted."""
        if origin is not None:
            if not origin.exists():
                raise self._source.error("FILE_NOT_FOUND", "No such file or directory", path)
            return
        collection = self._source.collection
        if self._destination.collection.full and collection.bytes:
            raise self._destination.error("QUOTA_EXCEEDED", "The quota is used up", path)
        yield collection.bytes
        self.outcome.files += collection.files
        self.outcome.transferred += collection.files
        self.outcome.bytes_transferred += collection.bytes

    def _item(self, unit: _Item, origin: Path, target: Path) -> list[_Unit]:
        recursive = unit.options.get("recursive")
        if not origin.exists():
            raise self._source.error("FILE_NOT_FOUND", "No such file or directory", unit.source_path)
        if origin.is_dir():
            if recursive is False:
                message = "The path is a directory, but recursive is false"
                raise self._source.error("IS_A_DIRECTORY", message, unit.source_path)
            if target.exists() and not target.is_dir():
                raise self._destination.error("NOT_A_DIRECTORY", "The path is a file", unit.destination_path)
            if target.resolve().is_relative_to(origin.resolve()):
                message = "The path is inside its own source directory"
                raise self._destination.error("BAD_PATH", message, unit.destination_path)
            return [_Folder(_as_folder(unit.source_path), _as_folder(unit.destination_path))]
        if recursive:
            raise self._source.error("NOT_A_DIRECTORY", "The path is a file, but recursive is true", unit.source_path)
        if target.is_dir() or unit.destination_path.endswith("/"):
            message = "The path is a directory, but the source is a file"
            raise self._destination.error("IS_A_DIRECTORY", message, unit.destination_path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._destination.from_system(error, unit.destination_path) from error
        return [_File(unit.source_path, unit.destination_path, unit.options)]

    def _folder(self, unit: _Folder, origin: Path, target: Path) -> list[_Unit]:
        try:
            entries = sorted(origin.iterdir())
        except OSError as error:
            raise self._source.from_system(error, unit.source_path) from error
        # Symbolic links are ignored, as Globus does by default.
        entries = [one for one in entries if not one.is_symlink() and not self._excluded(one)]
        found: list[_Unit] = []
        try:
            target.mkdir(parents=True, exist_ok=True)
            for entry in entries:
                source_path, destination_path = (
                    f"{one}{entry.name}" for one in (unit.source_path, unit.destination_path)
                )
                entry_target = target / entry.name
                if entry.is_dir():
                    if entry_target.is_symlink() or (entry_target.exists() and not entry_target.is_dir()):
                        self._remove_other_type(entry_target, destination_path)
                    found.append(_Folder(f"{source_path}/", f"{destination_path}/"))
                elif entry.is_file():
                    if entry_target.is_symlink() or entry_target.is_dir():
                        self._remove_other_type(entry_target, destination_path)
                    found.append(_File(source_path, destination_path, {}))
        except OSError as error:
            raise self._destination.from_system(error, unit.destination_path) from error
        self.outcome.directories += 1
        if self._options.get("delete_destination_extra"):
            self._mirrors.append((target, {one.name for one in entries}))
        return found

    def _remove_other_type(self, entry_target: Path, path: str) -> None:
        if not self._options.get("delete_destination_extra"):
            raise self._destination.error("FILE_EXISTS", "The path has another type on the destination", path)
        self._remove(entry_target)

    def _delete_extra(self) -> None:
        """The last step of a mirror. If an error at the source was skipped, nothing is deleted."""
        if self.outcome.source_errors and self._options.get("delete_destination_extra"):
            self.outcome.deletion_skipped = True
            return
        for target, wanted in self._mirrors:
            for extra in sorted(target.iterdir()) if target.is_dir() else ():
                if extra.name not in wanted and (self._delete_excluded or not self._excluded(extra)):
                    self._remove(extra)

    def _remove(self, place: Path) -> None:
        self.outcome.deleted += 1
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink()

    def _excluded(self, entry: Path) -> bool:
        kind = "dir" if entry.is_dir() else "file"
        for rule in self._rules:
            if rule.get("type") in (None, kind) and fnmatch.fnmatchcase(entry.name, rule["name"]):
                return (rule.get("method") or "exclude") == "exclude"
        return False

    def _file(self, unit: _File, origin: Path, target: Path) -> Generator[int]:
        if not unit.counted:
            self.outcome.files += 1
            unit.counted = True
        try:
            if not os.access(origin, os.R_OK) and origin.exists():
                raise self._source.error("PERMISSION_DENIED", "Permission denied", unit.source_path)
            needed, size = self._needed(origin, target), origin.stat().st_size
        except OSError as error:
            raise self._source.from_system(error, unit.source_path) from error
        if not needed:
            self.outcome.skipped += 1
            return
        if size and self._destination.collection.full:
            raise self._destination.error("QUOTA_EXCEEDED", "The quota is used up", unit.destination_path)
        yield size
        try:
            self._copy(unit, origin, target)
        except OSError as error:
            place, path = (
                (self._destination, unit.destination_path) if origin.exists() else (self._source, unit.source_path)
            )
            raise place.from_system(error, path) from error
        self.outcome.transferred += 1
        self.outcome.bytes_transferred += size
        self.outcome.moved.append(Moved(unit.source_path, unit.destination_path, size))

    def _copy(self, unit: _File, origin: Path, target: Path) -> None:
        temporary = target.with_name(f".{target.name}.globus-part")
        try:
            shutil.copyfile(origin, temporary, follow_symlinks=True)
            if self._options.get("preserve_timestamp"):
                shutil.copystat(origin, temporary)
            self._verify(unit, origin, temporary)
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)

    def _needed(self, origin: Path, target: Path) -> bool:
        """Whether to copy a file. Level 0: if it is missing; 1: or has another size; 2: or is older; 3: or has other
        content. Without a level: always."""
        level = self._options.get("sync_level")
        if level is None or not target.exists():
            return True
        source, copy = origin.stat(), target.stat()
        if level == 0:
            return False
        if source.st_size != copy.st_size:
            return True
        if level == 2:
            return source.st_mtime > copy.st_mtime
        if level == 3:
            return self._digest(origin, "md5") != self._digest(target, "md5")
        return False

    def _verify(self, unit: _File, origin: Path, copy: Path) -> None:
        expected = unit.options.get("external_checksum")
        if expected:
            algorithm = (unit.options.get("checksum_algorithm") or "md5").lower().replace("-", "")
            if algorithm not in hashlib.algorithms_guaranteed or algorithm.startswith("shake"):
                message = f"checksum_algorithm {algorithm} is not supported"
                raise self._source.error("UNSUPPORTED_CHECKSUM", message, unit.source_path)
            if self._digest(origin, algorithm) != expected.lower():
                message = "The file does not have its external_checksum"
                raise self._source.error("VERIFY_CHECKSUM", message, unit.source_path)
        if self._options.get("verify_checksum") and self._digest(origin, "md5") != self._digest(copy, "md5"):
            raise self._source.error("VERIFY_CHECKSUM", "The file changed while it was transferred", unit.source_path)

    def _digest(self, place: Path, algorithm: str) -> str:
        digest = hashlib.new(algorithm, usedforsecurity=False)
        with place.open("rb") as handle:
            while chunk := handle.read(_CHUNK):
                digest.update(chunk)
                self.outcome.bytes_checksummed += len(chunk)
        return digest.hexdigest()


def _as_folder(path: str) -> str:
    return path if path.endswith("/") else f"{path}/"
