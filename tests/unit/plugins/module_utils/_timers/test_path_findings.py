# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What check_paths concludes from what there is at a path."""

from __future__ import annotations

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._timers.definition import Path, Transfer
from ansible_collections.research_ops.globus.plugins.module_utils._timers.path_findings import (
    FILE,
    FOLDER,
    FORBIDDEN,
    MISSING,
    UNKNOWN,
    Finding,
    Look,
    Seen,
    findings,
    looks_of,
    near_name,
    parent_of,
)

LAB, ARCHIVE = "6c54cade-bde5-45c1-bdea-f4bd71dba2cc", "31ce9ba0-176d-45a5-add3-f37d233ba47d"


def transfer(*paths: Path, **options: str) -> Transfer:
    return Transfer(LAB, ARCHIVE, paths, **options)  # type: ignore[arg-type]  # users only, which are text


def found(source: str, target: str, recursive: bool | None = None) -> list[Finding]:
    one = transfer(Path("/data", "/backup", recursive))
    return findings(one, {Look(LAB, "/data"): Seen(source), Look(ARCHIVE, "/backup"): Seen(target)})


def test_every_path_is_looked_at_once_with_the_local_user() -> None:
    one = transfer(
        Path("/a/", "/x/"), Path("/b/", "/x/"), Path("/a/", "/y/"), source_local_user="ada", destination_local_user="bo"
    )
    assert looks_of(one) == [
        Look(LAB, "/a/", "ada"),
        Look(ARCHIVE, "/x/", "bo"),
        Look(LAB, "/b/", "ada"),
        Look(ARCHIVE, "/y/", "bo"),
    ]


@pytest.mark.parametrize(
    ("source", "target", "recursive"),
    [
        (FOLDER, FOLDER, None),
        (FOLDER, MISSING, True),
        (FILE, FILE, False),
        (FILE, MISSING, None),
        (UNKNOWN, FILE, None),
        (UNKNOWN, FOLDER, None),
        (UNKNOWN, UNKNOWN, True),
        (FOLDER, UNKNOWN, True),
    ],
)
def test_what_works_or_cannot_be_told_is_no_finding(source: str, target: str, recursive: bool | None) -> None:
    assert found(source, target, recursive) == []


@pytest.mark.parametrize(
    ("source", "target", "recursive", "option", "words"),
    [
        (MISSING, FOLDER, None, "source_path", "does not exist"),
        (MISSING, UNKNOWN, True, "source_path", "does not exist"),
        (FORBIDDEN, FOLDER, None, "source_path", "is not accessible to this login"),
        (FOLDER, MISSING, False, "source_path", "is a folder, and recursive is false"),
        (FILE, MISSING, True, "source_path", "is a file, and recursive is true"),
        (FOLDER, FILE, None, "destination_path", "is a file, and the source is a folder"),
        (UNKNOWN, FILE, True, "destination_path", "is a file, and the source is a folder"),
        (FILE, FOLDER, None, "destination_path", "is a folder, and the source is a file"),
        (UNKNOWN, FOLDER, False, "destination_path", "is a folder, and the source is a file"),
        (FOLDER, FORBIDDEN, True, "destination_path", "is not accessible to this login"),
    ],
)
def test_what_cannot_work_names_the_option_and_the_path(
    source: str, target: str, recursive: bool | None, option: str, words: str
) -> None:
    (finding, *_others) = [one for one in found(source, target, recursive) if one.option.endswith(option)]
    assert finding.option == f"transfer.paths[0].{option}"
    assert (finding.path, finding.problem) == ("/data" if option == "source_path" else "/backup", words)
    assert finding.collection == (LAB if option == "source_path" else ARCHIVE)
    assert finding.advice


def test_the_words_of_the_service_and_the_near_name_are_told() -> None:
    one = transfer(Path("/dat/", "/backup/"))
    seen = {
        Look(LAB, "/dat/"): Seen(MISSING, near="/data/"),
        Look(ARCHIVE, "/backup/"): Seen(FORBIDDEN, "Path not allowed"),
    }
    source, target = findings(one, seen)
    assert source.advice == "Did you mean /data/?"
    assert target.problem == "is not accessible to this login (Path not allowed)"


def test_the_name_of_the_copy_of_a_file_is_proposed() -> None:
    one = transfer(Path("/data/run.csv", "/backup/"))
    (finding,) = findings(one, {Look(LAB, "/data/run.csv"): Seen(FILE), Look(ARCHIVE, "/backup/"): Seen(FOLDER)})
    assert "/backup/run.csv" in finding.advice


@pytest.mark.parametrize(
    ("path", "parent"),
    [("/data/run/", "/data/"), ("/data/run", "/data/"), ("/data/", "/"), ("/", None), ("~/", None), ("~/a", "~/")],
)
def test_the_folder_above(path: str, parent: str | None) -> None:
    assert parent_of(path) == parent


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/dat/", "/data/"),
        ("/Data", "/data/"),
        ("/DATA.CSV", "/data.csv"),
        ("/microscopy/", None),
        ("/", None),
    ],
)
def test_a_near_name_is_found_among_those_beside_it(path: str, near: str | None) -> None:
    assert near_name(path, [("data", True), ("data.csv", False), ("home", True)]) == near
