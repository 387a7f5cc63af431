# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mirrors over their own source, and mirrors that are each other's source (rule N4). Copies into their own source."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.research_ops.globus.plugins.module_utils._timers.definition import (
    Definition,
    FilterRule,
    Path,
    Transfer,
)
from ansible_collections.research_ops.globus.plugins.module_utils._timers.overlap import (
    Place,
    Write,
    place_of,
    ring_through,
    rings_between,
    successors,
    writes_of,
)
from ansible_collections.research_ops.globus.plugins.module_utils._timers.refusals import refusals_of as refusals
from ansible_collections.research_ops.globus.plugins.module_utils._timers.schedule import Schedule
from unit.samples import DESTINATION, NAME, NOW, SOURCE


def mirror(*paths: tuple[str, str], source: str = SOURCE, destination: str = SOURCE, **options: Any) -> Transfer:
    """By default on one collection."""
    options = {"delete_destination_extra": True, **options}
    return Transfer(source, destination, tuple(Path(*path) for path in paths), **options)


def refusals_of(transfer: Transfer) -> list[str]:
    return refusals(Definition(NAME, transfer, Schedule()), NOW)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("/d/", "/d", True),
        ("/d/", "/d/run1/", True),
        ("/d/run1", "/d/", False),
        ("/d", "/data", False),
        ("/", "/anything", True),
        ("//d/x/..", "/d/./y", True),
        ("~/d", "/~/d/", True),
        ("d/", "/d/x", True),
    ],
)
def test_a_place_contains_what_lies_below_it_N4(one: str, other: str, expected: bool) -> None:
    assert place_of(SOURCE, one).contains(place_of(SOURCE.upper(), other)) is expected
    assert not place_of(SOURCE, one).contains(place_of(DESTINATION, other))


@pytest.mark.parametrize(
    "paths",
    [
        [("/d/run1/", "/d/")],  # above its source
        [("/d/", "/d/backup/")],  # below it
        [("/d/", "/d")],  # at it
        [("/d/run1/", "/")],
        [("/e/", "/b/"), ("/d/run1", "//d/./")],  # the second item
        [("/a/", "/b/"), ("/b/", "/a/")],  # the one mirrors what the other deletes
        [("/a/", "/b/"), ("/c/", "/a/"), ("/b/", "/c/")],
        [("~/d/", "/~/")],
    ],
)
def test_a_mirror_over_its_own_source_is_refused_N4(paths: list[tuple[str, str]]) -> None:
    (refusal,) = refusals_of(mirror(*paths))
    assert refusal.startswith("transfer.delete_destination_extra would delete files of the source: ")
    assert f"overlap on collection {SOURCE}" in refusal
    assert not any("delete" in one for one in refusals_of(mirror(*paths, delete_destination_extra=False)))
    assert refusals_of(mirror(*paths, destination=DESTINATION)) == []


@pytest.mark.parametrize(
    "paths",
    [
        [("/d/", "/b/")],
        [("/data/", "/data-backup/")],
        [("/a/", "/b/"), ("/b/", "/c/")],  # a copy of a copy
        [("/a/", "/b/"), ("/a/", "/c/")],
    ],
)
def test_other_mirrors_are_not_refused_N4(paths: list[tuple[str, str]]) -> None:
    assert refusals_of(mirror(*paths)) == []


def test_the_refusal_names_both_paths_as_they_are_written_N4() -> None:
    (refusal,) = refusals_of(mirror(("/e/", "/b/"), ("/d/run1/", "//d/")))
    assert "transfer.paths[1].destination_path '//d/'" in refusal
    assert "transfer.paths[1].source_path '/d/run1/'" in refusal


# --- copies into themselves, which are no mirrors ---


def copy(*paths: tuple[str, str], **options: Any) -> Transfer:
    return mirror(*paths, **{"delete_destination_extra": False, **options})


@pytest.mark.parametrize(
    ("paths", "item", "says"),
    [
        ([("/d/", "/d")], 0, "is its own source on the same collection"),
        ([("/d/", "//d/x/../")], 0, "is its own source on the same collection"),
        ([("/e/", "/b/"), ("/d/", "/d/backup/")], 1, "is inside its own source, '/d/' on the same collection"),
        ([("~/d/", "/~/d/x/")], 0, "is inside its own source, '~/d/' on the same collection"),
        ([("/", "/backup/")], 0, "is inside its own source, '/' on the same collection"),
    ],
)
def test_a_copy_into_its_own_source_is_refused_N3(paths: list[tuple[str, str]], item: int, says: str) -> None:
    (refusal,) = refusals_of(copy(*paths))
    assert refusal.startswith(f"transfer.paths[{item}].destination_path {paths[item][1]!r} {says}")
    assert refusals_of(copy(*paths, source=SOURCE.upper())) == [refusal]
    assert refusals_of(copy(*paths, destination=DESTINATION)) == []


@pytest.mark.parametrize("paths", [[("/d/run1/", "/d/")], [("/d/", "/d-backup/")], [("/a/", "/b/"), ("/b/", "/c/")]])
def test_other_copies_on_one_collection_are_not_refused_N3(paths: list[tuple[str, str]]) -> None:
    assert refusals_of(copy(*paths)) == []


@pytest.mark.parametrize(
    ("rules", "refused"),
    [
        ([FilterRule("backup")], False),
        ([FilterRule("back*", type="dir")], False),
        ([FilterRule("2026")], False),  # the folder below
        ([FilterRule("backup", type="file")], True),
        ([FilterRule("backup", method="include"), FilterRule("*")], False),  # 2026 is left out
        ([FilterRule("*", method="include"), FilterRule("backup")], True),
        ([FilterRule("*.tmp")], True),
    ],
)
def test_a_filter_rule_can_leave_the_destination_out_N3(rules: list[FilterRule], refused: bool) -> None:
    assert bool(refusals_of(copy(("/d/", "/d/backup/2026/"), filter_rules=tuple(rules)))) is refused
    assert refusals_of(copy(("/d/", "/d/"), filter_rules=tuple(rules)))  # at the source, no rule helps


# --- rings ---


def write(source: str, destination: str, owner: int = 0, *, mirrors: bool = True, item: int = 0) -> Write:
    """Places are written as ``collection:path``."""
    return Write(Place(*source.split(":")), Place(*destination.split(":")), mirrors, owner, item)


def owners(*writes: Write) -> list[list[int]]:
    return [[one.owner for one in ring] for ring in rings_between(writes)]


def test_mirrors_that_are_each_others_source_N4() -> None:
    assert owners(write("a:/d", "b:/b", 0), write("b:/b", "a:/d", 1)) == [[0, 1], [1, 0]]
    assert owners(write("a:/d", "b:/b", 0), write("b:/b/x", "a:/d/x", 1)) == [[0, 1], [1, 0]]
    assert owners(write("a:/d/x", "b:/b/x", 0), write("b:/b", "a:/d", 1)) == [[0, 1], [1, 0]]
    assert owners(write("a:/1", "b:/2", 0), write("b:/2", "c:/3", 1), write("c:/3", "a:/1", 2)) == [
        [0, 1, 2],
        [1, 2, 0],
        [2, 0, 1],
    ]


def test_what_is_no_ring_of_mirrors_N4() -> None:
    assert owners(write("a:/d", "b:/b", 0), write("b:/b", "a:/d", 1, mirrors=False)) == []  # a restore, for example
    assert owners(write("a:/out", "b:/in", 0), write("b:/out", "a:/in", 1)) == []
    assert owners(write("a:/d", "b:/b", 0), write("b:/b", "c:/d", 1)) == []
    # one timer's two items at both ends of another's make a chain
    assert owners(write("a:/x", "a:/y", 0), write("a:/y", "b:/z", 1), write("b:/z", "b:/w", 0, item=1)) == []


def test_a_ring_through_two_items_of_one_timer_N4() -> None:
    assert owners(write("a:/x", "b:/y", 0), write("b:/y", "c:/z", 0, item=1), write("c:/z", "a:/x", 1)) != []


def test_a_mirror_over_its_own_source_does_not_hide_a_ring_of_others_N4() -> None:
    own = write("a:/d/x", "a:/d", 0)
    assert owners(own) == []
    assert owners(own, write("a:/q", "b:/q", 1), write("b:/q", "a:/q", 2)) == [[1, 2], [2, 1]]


_PATHS = st.sampled_from(["/", "/a", "/a/b", "/a/b/c", "/b", "/ab"])
_PLACES = st.builds(Place, st.sampled_from(["x", "y"]), _PATHS)


@given(st.lists(st.tuples(_PLACES, _PLACES), max_size=6))
def test_rings_are_what_comparing_every_pair_finds_N4(places: list[tuple[Place, Place]]) -> None:
    writes = [Write(source, destination, True, number) for number, (source, destination) in enumerate(places)]
    following = successors(writes)
    for one in writes:
        expected = {
            other
            for other in writes
            if one.destination.contains(other.source) or other.source.contains(one.destination)
        }
        assert set(following[one]) == expected
        reached = {one}
        for _step in writes:
            reached |= {other for each in reached for other in following[each]}
        comes_back = any(one in following[each] for each in reached)
        ring = ring_through(one, following)
        assert bool(ring) is comes_back
        for earlier, later in zip(ring, [*ring[1:], *ring[:1]], strict=True):
            assert later in following[earlier]


def test_writes_of_a_transfer_say_which_item_they_are() -> None:
    transfer = mirror(("/a/", "/b/"), ("/c/", "/d/"), destination=DESTINATION.upper())
    assert writes_of(transfer, 3) == [
        Write(Place(SOURCE, "/a"), Place(DESTINATION, "/b"), True, 3, 0),
        Write(Place(SOURCE, "/c"), Place(DESTINATION, "/d"), True, 3, 1),
    ]
