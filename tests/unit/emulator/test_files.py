# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moving files: through a timer, and rule by rule."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from emulator import files
from emulator.control import LocalGlobus
from emulator.plain import MAPPED, Api


@pytest.fixture
def roots(tmp_path: Path) -> tuple[Path, Path]:
    """Two empty folders."""
    (tmp_path / "from").mkdir()
    (tmp_path / "to").mkdir()
    return tmp_path / "from", tmp_path / "to"


def fill(root: Path, **contents: str) -> None:
    """Write files; ``__`` in a name stands for a slash."""
    for name, text in contents.items():
        place = root / name.replace("__", "/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


def tree(root: Path) -> dict[str, str]:
    """Every file below a folder with its content."""
    return {one.relative_to(root).as_posix(): one.read_text() for one in sorted(root.rglob("*")) if one.is_file()}


def move(roots: tuple[Path, Path], source: str = "/a", destination: str = "/b", **options: Any) -> files.Outcome:
    """Transfer one item."""
    item: dict[str, Any] = {"source_path": source, "destination_path": destination}
    for name in ("recursive", "external_checksum", "checksum_algorithm"):
        if name in options:
            item[name] = options.pop(name)
    return files.transfer(*roots, {"DATA": [item], **options})


def failure(outcome: files.Outcome) -> str | None:
    """Why it failed."""
    return outcome.failure.code if outcome.failure else None


def test_a_timer_moves_files_at_its_ticks(globus: LocalGlobus, api: Api, folders: tuple[Path, Path]) -> None:
    source, destination = folders
    fill(source, data__one="1", data__deep__two="2")
    api.login(MAPPED)
    items = [{"source_path": "/data/", "destination_path": "/backup/"}]
    job = api.create(
        destination=MAPPED,
        body={"DATA": items, "sync_level": 3, "delete_destination_extra": True},
        schedule={"type": "recurring", "interval_seconds": 3600, "start": "2027-03-01T01:00:00Z"},
    )
    assert tree(destination) == {}
    globus.advance(3700)
    assert tree(destination) == {"backup/one": "1", "backup/deep/two": "2"}
    (source / "data" / "one").unlink()
    fill(source, data__three="3")
    globus.advance(3600)
    assert tree(destination) == {"backup/deep/two": "2", "backup/three": "3"}
    details = api.job(job)["results"]["data"][0]["data"]["details"]
    assert (details["files_transferred"], details["files_skipped"], details["bytes_transferred"]) == (1, 1, 1)


def test_a_missing_source_does_not_end_the_run(globus: LocalGlobus, api: Api, folders: tuple[Path, Path]) -> None:
    api.login(MAPPED)
    job = api.create(destination=MAPPED)
    shown = api.job(job)
    assert (shown["status"], shown["n_runs"], shown["n_errors"]) == ("active", 1, 0)
    run = shown["results"]["data"][0]
    assert (run["run_status"], run["errors"], run["end_timestamp"]) == ("ACTIVE", None, None)
    details = run["data"]["details"]
    assert (details["status"], details["nice_status"], details["is_ok"]) == ("ACTIVE", "FILE_NOT_FOUND", False)
    fill(folders[0], a__one="1")
    globus.advance(60)
    assert api.job(job)["results"]["data"][0]["run_status"] == "SUCCEEDED"
    assert tree(folders[1]) == {"b/one": "1"}


def test_a_deadline_that_has_passed_fails_the_run(globus: LocalGlobus, api: Api, folders: tuple[Path, Path]) -> None:
    source, destination = folders
    fill(source, a__one="1")
    api.login(MAPPED)
    schedule = {"type": "recurring", "interval_seconds": 3600}
    job = api.create(destination=MAPPED, body={"deadline": "2027-03-01T00:30:00Z"}, schedule=schedule)
    assert api.job(job)["n_errors"] == 0
    globus.advance(3700)
    assert api.job(job)["results"]["data"][0]["errors"][0]["code"] == "EXPIRED"
    assert tree(destination) == {"b/one": "1"}


def test_files_and_folders(roots: tuple[Path, Path]) -> None:
    fill(roots[0], file="f", folder__x="x", folder__sub__y="y")
    assert failure(move(roots, "/file", "/copy")) is None
    assert failure(move(roots, "/~/folder/", "/new/place/")) is None
    assert tree(roots[1]) == {"copy": "f", "new/place/x": "x", "new/place/sub/y": "y"}


@pytest.mark.parametrize(
    ("source", "destination", "options", "code"),
    [
        ("/nothing", "/b", {}, "FILE_NOT_FOUND"),
        ("/folder", "/b", {"recursive": False}, "IS_A_DIRECTORY"),
        ("/file", "/b", {"recursive": True}, "NOT_A_DIRECTORY"),
        ("/file", "/b/", {}, "IS_A_DIRECTORY"),
        ("/out", "/b", {}, "PERMISSION_DENIED"),
        ("/file", "/b", {"external_checksum": "0" * 32}, "VERIFY_CHECKSUM"),
        ("/file", "/b", {"external_checksum": "0", "checksum_algorithm": "crc9"}, "UNSUPPORTED_CHECKSUM"),
    ],
)
def test_failures(roots: tuple[Path, Path], source: str, destination: str, options: dict[str, Any], code: str) -> None:
    fill(roots[0], file="f", folder__x="x")
    (roots[0] / "out").symlink_to("/etc")
    assert failure(move(roots, source, destination, **options)) == code
    assert tree(roots[1]) == {}


def test_a_folder_is_never_copied_into_itself(roots: tuple[Path, Path]) -> None:
    fill(roots[0], a__x="x")
    document = {"DATA": [{"source_path": "/a", "destination_path": "/a/copy"}]}
    assert failure(files.transfer(roots[0], roots[0], document)) == "BAD_PATH"


def test_external_checksums(roots: tuple[Path, Path]) -> None:
    fill(roots[0], file="f")
    assert failure(move(roots, "/file", "/md5", external_checksum=hashlib.md5(b"f").hexdigest())) is None
    digest = hashlib.sha256(b"f").hexdigest().upper()
    assert failure(move(roots, "/file", "/sha", external_checksum=digest, checksum_algorithm="SHA-256")) is None
    assert tree(roots[1]) == {"md5": "f", "sha": "f"}


def test_skip_source_errors(roots: tuple[Path, Path]) -> None:
    fill(roots[0], file="f")
    items = [{"source_path": f"/{name}", "destination_path": f"/{name}"} for name in ("nothing", "file")]
    outcome = files.transfer(*roots, {"DATA": items, "skip_source_errors": True})
    assert (failure(outcome), outcome.source_errors, tree(roots[1])) == (None, 1, {"file": "f"})
    assert failure(files.transfer(*roots, {"DATA": items})) == "FILE_NOT_FOUND"


@pytest.mark.parametrize(
    ("level", "copied"),
    [
        (None, {"missing", "size", "older", "newer", "content", "same"}),
        (0, {"missing"}),
        (1, {"missing", "size"}),
        (2, {"missing", "size", "older"}),
        (3, {"missing", "size", "older", "newer", "content"}),
    ],
)
def test_sync_levels(roots: tuple[Path, Path], level: int | None, copied: set[str]) -> None:
    """The names say how the destination's file differs from the source's."""
    source, destination = roots
    for name in ("missing", "size", "older", "newer", "content", "same"):
        fill(source, **{f"a__{name}": "new"})
        os.utime(source / "a" / name, (2000, 2000))
    stale = {"size": "longer", "older": "old", "newer": "old", "content": "old", "same": "new"}
    for name, text in stale.items():
        fill(destination, **{f"b__{name}": text})
        when = {"older": 1000, "newer": 3000}.get(name, 2000)
        os.utime(destination / "b" / name, (when, when))
    outcome = move(roots, sync_level=level)
    assert set(outcome.copied) == copied
    assert (outcome.transferred, outcome.skipped) == (len(copied), 6 - len(copied))


def test_timestamps(roots: tuple[Path, Path]) -> None:
    fill(roots[0], file="f")
    os.utime(roots[0] / "file", (1000, 1000))
    move(roots, "/file", "/plain")
    move(roots, "/file", "/kept", preserve_timestamp=True)
    assert (roots[1] / "plain").stat().st_mtime > 1_000_000
    assert (roots[1] / "kept").stat().st_mtime == 1000


def test_mirroring(roots: tuple[Path, Path]) -> None:
    fill(roots[0], a__keep="1", a__sub__keep="2", a__was_folder="file")
    fill(roots[1], b__extra="x", b__sub__extra="x", b__gone__deep="x", b__was_folder__x="x", other="stays")
    assert failure(move(roots)) == "FILE_EXISTS"
    outcome = move(roots, delete_destination_extra=True)
    assert failure(outcome) is None
    assert tree(roots[1]) == {"b/keep": "1", "b/sub/keep": "2", "b/was_folder": "file", "other": "stays"}


def test_symbolic_links_are_ignored(roots: tuple[Path, Path]) -> None:
    fill(roots[0], a__x="x")
    (roots[0] / "a" / "link").symlink_to("x")
    move(roots)
    assert tree(roots[1]) == {"b/x": "x"}


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        ([{"name": "*.tmp"}], {"b/x.txt", "b/cache/y.txt", "b/tmp/z.txt"}),
        ([{"name": "*.tmp", "type": "dir"}], {"b/x.txt", "b/x.tmp", "b/cache/y.txt", "b/tmp/z.txt"}),
        ([{"name": "cache", "type": "file"}], {"b/x.txt", "b/x.tmp", "b/cache/y.txt", "b/tmp/z.txt"}),
        ([{"name": "cache", "method": "exclude", "type": "dir"}], {"b/x.txt", "b/x.tmp", "b/tmp/z.txt"}),
        (
            [{"name": "*.txt", "method": "include"}, {"name": "*", "type": "file"}],
            {"b/x.txt", "b/cache/y.txt", "b/tmp/z.txt"},
        ),
        ([{"name": "*", "type": "file"}, {"name": "*.txt", "method": "include"}], set()),
        ([{"name": "[!x]*"}], {"b/x.txt", "b/x.tmp"}),
    ],
)
def test_filter_rules(roots: tuple[Path, Path], rules: list[dict[str, str]], left: set[str]) -> None:
    fill(roots[0])
    for name in ("x.txt", "x.tmp", "cache/y.txt", "tmp/z.txt"):
        fill(roots[0], **{f"a/{name}": "1"})
    move(roots, filter_rules=rules)
    assert set(tree(roots[1])) == left


@pytest.mark.parametrize("delete_excluded", [False, True])
def test_mirroring_and_excluded_items(roots: tuple[Path, Path], delete_excluded: bool) -> None:
    fill(roots[0], a__x="x")
    fill(roots[1], b__log="old")
    items = [{"source_path": "/a", "destination_path": "/b"}]
    document = {"DATA": items, "delete_destination_extra": True, "filter_rules": [{"name": "log"}]}
    files.transfer(*roots, document, delete_excluded=delete_excluded)
    assert tree(roots[1]) == ({"b/x": "x"} if delete_excluded else {"b/x": "x", "b/log": "old"})
