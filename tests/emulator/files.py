# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moving real files between the folders behind two collections."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import posixpath
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_CHUNK = 1 << 20


class TransferError(Exception):
    """A transfer that cannot go on; ``code`` in the words of Globus, ``message`` for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass
class Outcome:
    """What a transfer did. Sizes in bytes."""

    files: int = 0
    directories: int = 0
    transferred: int = 0
    skipped: int = 0
    deleted: int = 0
    bytes_transferred: int = 0
    bytes_checksummed: int = 0
    source_errors: int = 0
    copied: list[str] = field(default_factory=list)
    failure: TransferError | None = None


def resolve(root: Path, path: str) -> Path:
    """The place of a collection's path below its root; ``/~/`` is the root. Nothing leads out of it.

    Raises TransferError.
    """
    plain = path.removeprefix("/")
    if plain == "~" or plain.startswith("~/"):
        plain = plain[1:]
    place = root / posixpath.normpath("/" + plain).lstrip("/")
    if not place.resolve().is_relative_to(root.resolve()):
        raise TransferError("PERMISSION_DENIED", f"{path} leads out of the collection")
    return place


def transfer(source: Path, destination: Path, document: dict[str, Any], *, delete_excluded: bool = False) -> Outcome:
    """Carry out a transfer document between two roots; a failure is part of the outcome, with what was done before."""
    job = _Job(source, destination, document, delete_excluded)
    try:
        for item in document["DATA"]:
            job.item(item)
    except TransferError as failure:
        job.outcome.failure = failure
    except OSError as error:
        job.outcome.failure = TransferError("ENDPOINT_ERROR", f"{error.strerror}: {error.filename}")
    return job.outcome


class _Job:
    def __init__(self, source: Path, destination: Path, document: dict[str, Any], delete_excluded: bool) -> None:
        self.source = source
        self.destination = destination
        self.options = document
        self.rules = document.get("filter_rules") or []
        self.delete_excluded = delete_excluded
        self.outcome = Outcome()

    def item(self, item: dict[str, Any]) -> None:
        """One source path to one destination path."""
        origin = resolve(self.source, item["source_path"])
        target = resolve(self.destination, item["destination_path"])
        recursive = item.get("recursive")
        if not origin.exists():
            self._source_error(TransferError("FILE_NOT_FOUND", f"{item['source_path']} does not exist on the source"))
            return
        if origin.is_dir():
            if recursive is False:
                raise TransferError("IS_A_DIRECTORY", f"{item['source_path']} is a directory and recursive is false")
            if target.exists() and not target.is_dir():
                raise TransferError("NOT_A_DIRECTORY", f"{item['destination_path']} is a file on the destination")
            if target.resolve().is_relative_to(origin.resolve()):
                raise TransferError(
                    "BAD_PATH", f"{item['destination_path']} lies inside the directory it is filled from"
                )
            self._directory(origin, target)
            return
        if recursive:
            raise TransferError("NOT_A_DIRECTORY", f"{item['source_path']} is a file and recursive is true")
        if target.is_dir() or item["destination_path"].endswith("/"):
            raise TransferError("IS_A_DIRECTORY", f"{item['destination_path']} is a directory and the source a file")
        target.parent.mkdir(parents=True, exist_ok=True)
        self._file(origin, target, item)

    def _source_error(self, failure: TransferError) -> None:
        if not self.options.get("skip_source_errors"):
            raise failure
        self.outcome.source_errors += 1

    def _directory(self, origin: Path, target: Path) -> None:
        self.outcome.directories += 1
        target.mkdir(parents=True, exist_ok=True)
        wanted = set()
        for entry in sorted(origin.iterdir()):
            if entry.is_symlink() or self._excluded(entry):  # symbolic links are ignored, as Globus does by default
                continue
            wanted.add(entry.name)
            aim = target / entry.name
            if entry.is_dir():
                if aim.is_symlink() or (aim.exists() and not aim.is_dir()):
                    self._make_way(aim)
                self._directory(entry, aim)
            elif entry.is_file():
                if aim.is_symlink() or aim.is_dir():
                    self._make_way(aim)
                self._file(entry, aim, {})
        if self.options.get("delete_destination_extra"):
            for extra in sorted(target.iterdir()):
                if extra.name not in wanted and (self.delete_excluded or not self._excluded(extra)):
                    self._remove(extra)

    def _make_way(self, aim: Path) -> None:
        if not self.options.get("delete_destination_extra"):
            raise TransferError("FILE_EXISTS", f"{aim.name} is of another type on the destination")
        self._remove(aim)

    def _remove(self, place: Path) -> None:
        self.outcome.deleted += 1
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink()

    def _excluded(self, entry: Path) -> bool:
        kind = "dir" if entry.is_dir() else "file"
        for rule in self.rules:
            if rule.get("type") in (None, kind) and fnmatch.fnmatchcase(entry.name, rule["name"]):
                return (rule.get("method") or "exclude") == "exclude"
        return False

    def _file(self, origin: Path, target: Path, item: dict[str, Any]) -> None:
        self.outcome.files += 1
        if not os.access(origin, os.R_OK):
            self._source_error(TransferError("PERMISSION_DENIED", f"{origin.name} cannot be read on the source"))
            return
        if not self._needed(origin, target):
            self.outcome.skipped += 1
            return
        size = origin.stat().st_size
        temporary = target.with_name(f".{target.name}.globus-part")
        try:
            shutil.copyfile(origin, temporary, follow_symlinks=True)
            if self.options.get("preserve_timestamp"):
                shutil.copystat(origin, temporary)
            self._verify(origin, temporary, item)
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
        self.outcome.transferred += 1
        self.outcome.bytes_transferred += size
        self.outcome.copied.append(target.name)

    def _needed(self, origin: Path, target: Path) -> bool:
        """Whether a file is to be copied: level 0 missing, 1 other size, 2 older too, 3 other content; none always."""
        level = self.options.get("sync_level")
        if level is None or not target.exists():
            return True
        here, there = origin.stat(), target.stat()
        if level == 0:
            return False
        if here.st_size != there.st_size:
            return True
        if level == 2:
            return here.st_mtime > there.st_mtime
        if level == 3:
            return self._digest(origin, "md5") != self._digest(target, "md5")
        return False

    def _verify(self, origin: Path, copy: Path, item: dict[str, Any]) -> None:
        expected = item.get("external_checksum")
        if expected:
            algorithm = (item.get("checksum_algorithm") or "md5").lower().replace("-", "")
            if algorithm not in hashlib.algorithms_guaranteed or algorithm.startswith("shake"):
                raise TransferError("UNSUPPORTED_CHECKSUM", f"checksum_algorithm {algorithm} is not supported")
            if self._digest(origin, algorithm) != expected.lower():
                raise TransferError("VERIFY_CHECKSUM", f"{origin.name} does not have its external_checksum")
        if self.options.get("verify_checksum") and self._digest(origin, "md5") != self._digest(copy, "md5"):
            raise TransferError("VERIFY_CHECKSUM", f"{origin.name} changed while it was transferred")

    def _digest(self, place: Path, algorithm: str) -> str:
        digest = hashlib.new(algorithm, usedforsecurity=False)
        with place.open("rb") as handle:
            while chunk := handle.read(_CHUNK):
                digest.update(chunk)
                self.outcome.bytes_checksummed += len(chunk)
        return digest.hexdigest()
