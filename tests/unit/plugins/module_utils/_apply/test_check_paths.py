# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""check_paths: which paths are checked, how often, and the messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._apply.check_paths import check_paths
from ansible_collections.research_ops.globus.plugins.module_utils._errors import GlobusError
from ansible_collections.research_ops.globus.plugins.module_utils._globus.collections import GlobusCollection
from ansible_collections.research_ops.globus.plugins.module_utils._timers.path_findings import (
    FOLDER,
    FORBIDDEN,
    MISSING,
    UNKNOWN,
    Look,
    Seen,
)
from ansible_collections.research_ops.globus.plugins.module_utils._timers.plan import Plan, Wanted, plan_timer
from unit.samples import DESTINATION, NOW, SOURCE, definition, sample

COLLECTIONS = {
    SOURCE: GlobusCollection(SOURCE, "Lab", "GCSv5_mapped_collection", False),
    DESTINATION: GlobusCollection(DESTINATION, "Archive", "GCSv5_guest_collection", False),
}


@dataclass
class Data:
    """A ``PathService``: a folder at every path, unless the test sets something else."""

    seen: dict[tuple[str, str], Seen] = field(default_factory=dict)
    names: dict[str, list[tuple[str, bool]]] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)
    refusal: GlobusError | None = None
    requests: list[tuple[Any, ...]] = field(default_factory=list)

    def prepare_data_access(self, collections: Sequence[str], check_mode: bool) -> dict[str, str]:
        self.requests.append(("open", tuple(collections), check_mode))
        if self.refusal:
            raise self.refusal
        return self.closed

    def look(self, look: Look) -> Seen:
        self.requests.append(("stat", look.collection, look.path))
        return self.seen.get((look.collection, look.path), Seen(FOLDER))

    def list_folder(self, look: Look) -> list[tuple[str, bool]]:
        self.requests.append(("ls", look.collection, look.path))
        if look.path not in self.names:
            raise GlobusError("no such folder", http_status=404)
        return self.names[look.path]


def plan(name: str = "nightly", look: bool = True, paths: Sequence[tuple[str, str]] = (("/d/", "/b/"),)) -> Plan:
    """The plan of a timer that is to be created."""
    items = [{"source_path": source, "destination_path": target} for source, target in paths]
    wanted = Wanted(name=name, check_paths=look, definition=definition(sample(name=name, paths=items)))
    return plan_timer(wanted, [], NOW)


def check(data: Data, *plans: Plan, check_mode: bool = False) -> tuple[list[Plan], list[str]]:
    return check_paths(plans, COLLECTIONS, data, concurrency=1, check_mode=check_mode)


def message(one: Plan) -> str:
    assert one.failure is not None
    assert one.operations == ()
    assert one.failure.code == "path_unusable"
    return one.failure.message


def test_each_path_of_a_collection_is_looked_at_once_for_all_timers() -> None:
    data = Data()
    plans, warnings = check(data, plan("a"), plan("b"), plan("c", paths=(("/d/", "/c/"),)))
    assert [one.failure for one in plans] == [None] * 3
    assert warnings == []
    assert data.requests == [
        ("open", (SOURCE,), False),
        ("stat", SOURCE, "/d/"),
        ("stat", DESTINATION, "/b/"),
        ("stat", DESTINATION, "/c/"),
    ]


def test_nothing_is_asked_where_nobody_wants_it_or_nothing_is_created() -> None:
    data = Data()
    absent = plan_timer(Wanted(name="x", state="absent", check_paths=True), [], NOW)
    plans, warnings = check(data, plan(look=False), absent)
    assert (data.requests, warnings, [one.failure for one in plans]) == ([], [], [None, None])


def test_a_missing_source_fails_its_timer_alone_and_names_what_is_near() -> None:
    data = Data({(SOURCE, "/dat/"): Seen(MISSING)}, {"/": [("data", True)]})
    (wrong, right), warnings = check(data, plan("wrong", paths=(("/dat/", "/b/"),)), plan("right"))
    assert right.failure is None
    assert warnings == []
    assert message(wrong) == (
        f"timer 'wrong' was not created. transfer.paths[0].source_path: /dat/ on collection 'Lab' "
        f"({SOURCE}) does not exist. Did you mean /data/? To skip this check, set check_paths: false"
    )
    assert ("ls", SOURCE, "/") in data.requests


def test_a_folder_that_cannot_be_listed_gives_no_suggestion_and_no_trouble() -> None:
    (wrong,), _warnings = check(Data({(SOURCE, "/dat/x/"): Seen(MISSING)}), plan(paths=(("/dat/x/", "/b/"),)))
    assert "does not exist. Correct the path. To skip" in message(wrong)
    assert "There is" not in message(wrong)


def test_a_missing_destination_is_fine_and_a_forbidden_one_is_not() -> None:
    (fine,), _warnings = check(Data({(DESTINATION, "/b/"): Seen(MISSING)}), plan())
    assert fine.failure is None
    (wrong,), _warnings = check(Data({(DESTINATION, "/b/"): Seen(FORBIDDEN, "Path not allowed")}), plan())
    assert "transfer.paths[0].destination_path: /b/ on collection" in message(wrong)


def test_of_several_wrong_paths_all_are_named() -> None:
    data = Data({(SOURCE, "/x/"): Seen(MISSING), (SOURCE, "/y/"): Seen(MISSING)})
    (wrong,), _warnings = check(data, plan(paths=(("/x/", "/1/"), ("/d/", "/2/"), ("/y/", "/3/"))))
    assert "transfer.paths[0].source_path" in message(wrong)
    assert "transfer.paths[2].source_path" in message(wrong)
    assert "transfer.paths[1]" not in message(wrong)


def test_what_cannot_be_looked_at_is_one_warning_and_is_created() -> None:
    data = Data({(DESTINATION, path): Seen(UNKNOWN, "Server is off") for path in ("/b/", "/c/")})
    plans, warnings = check(data, plan("a"), plan("b", paths=(("/d/", "/c/"),)))
    assert [one.failure for one in plans] == [None, None]
    assert warnings == [
        f"Paths on collection 'Archive' ({DESTINATION}) were not checked: Server is off. If a path is wrong, the "
        "first run will fail"
    ]


@pytest.mark.parametrize("refused", [False, True])
def test_collections_that_are_closed_are_not_asked_W1(refused: bool) -> None:
    """In check mode nobody asks for a consent, and a consent that cannot be had is no failure of the timer."""
    why = "check mode does not request the necessary consent"
    data = Data(closed={SOURCE: why}, refusal=GlobusError(why) if refused else None)
    plans, warnings = check(data, plan(), check_mode=True)
    assert plans[0].failure is None
    assert data.requests[0] == ("open", (SOURCE,), True)
    assert [one[:2] for one in data.requests[1:]] == [("stat", DESTINATION)]
    assert len(warnings) == 1
    assert why in warnings[0]
