# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no timer is created for, because it can never work (N3), and what is warned of. Mirrors: ``test_overlap``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given

from ansible_collections.research_ops.globus.plugins.module_utils._timers.definition import Transfer
from ansible_collections.research_ops.globus.plugins.module_utils._timers.document import read_timer, write_timer
from ansible_collections.research_ops.globus.plugins.module_utils._timers.overlap import writes_of
from ansible_collections.research_ops.globus.plugins.module_utils._timers.plan import Wanted, plan_timer
from ansible_collections.research_ops.globus.plugins.module_utils._timers.refusals import doubts_of, refusals_of
from unit import samples
from unit.samples import NAME, NOW, SOURCE, definition, sample
from unit.timer_documents import shown

DAY = timedelta(days=1)


def of_path(path: str, option: str = "source_path") -> dict[str, Any]:
    paths = [{"source_path": "/a", "destination_path": "/b"}, {"source_path": "/c", "destination_path": "/d"}]
    paths[1][option] = path
    return sample(paths=paths)


@given(samples.parameters())
def test_what_is_allowed_is_not_refused_N3(parameters: dict[str, Any]) -> None:
    wanted = definition(parameters)
    action = wanted.action
    if isinstance(action, Transfer):
        # what test_overlap is about
        assume(not action.delete_destination_extra)
        assume(not any(write.copies_into_itself for write in writes_of(action)))
    assert refusals_of(wanted, NOW) == []


@pytest.mark.parametrize("option", ["source_path", "destination_path"])
@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("C:\\Users\\lab\\data\\", "is a Windows path. Write it as '/C/Users/lab/data/'"),
        ("C:/x/", "is a Windows path. Write it as '/C/x/'"),
        ("d:", "is a Windows path. Write it as '/d/'"),
        ("\\\\server\\share\\", "is a Windows path. Globus uses forward slashes"),
        (f"{SOURCE}:/data/", "starts with the ID of a collection. Give only the path: '/data/'"),
        (f"{SOURCE.upper()}:~/data/", "starts with the ID of a collection. Give only the path: '~/data/'"),
        (f"globus://{SOURCE}/data/", "is a URL"),
        ("file:///data/", "is a URL"),
        ("s3://bucket/data", "is a URL"),
        ("/data/\n", "starts or ends with blanks or line breaks. In YAML, text after > and |"),
        (" /data/", "starts or ends with blanks or line breaks"),
        ("/data/ ", "starts or ends with blanks or line breaks"),
        ("\t/data/", "starts or ends with blanks or line breaks"),
    ],
)
def test_paths_that_name_no_place_N3(path: str, says: str, option: str) -> None:
    (refusal,) = refusals_of(definition(of_path(path, option)), NOW)
    assert refusal.startswith(f"transfer.paths[1].{option} {path!r} ")
    assert says in refusal


@pytest.mark.parametrize(
    "path",
    ["/C/Users/lab/", "~/data/", "/~/data/", "~", "/", "/a: b/", "/a b/", "/data/C:/x", "/ends.with:/", "/x/a\\b"],
)
def test_paths_that_globus_takes_N3(path: str) -> None:
    wanted = definition(of_path(path))
    assert refusals_of(wanted, NOW) == doubts_of(wanted, NOW) == []


@pytest.mark.parametrize("path", ["data/", "data", "./data/", "../data/", "c:data"])
def test_a_relative_path_is_explained_and_not_refused(path: str) -> None:
    """Whether a collection takes it is not known."""
    wanted = definition(of_path(path))
    assert refusals_of(wanted, NOW) == []
    (doubt,) = doubts_of(wanted, NOW)
    assert f"transfer.paths[1].source_path {path!r} does not start with /" in doubt
    assert f"{'/~/' + path!r}" in doubt


@pytest.mark.parametrize("name", ["nightly\n", " nightly", "nightly ", "\nnightly"])
def test_a_name_with_blanks_at_its_ends_N3(name: str) -> None:
    (refusal,) = refusals_of(definition(sample(name=name)), NOW)
    assert refusal.startswith(f"name {name!r} starts or ends with blanks or line breaks")


# --- the deadline ---


def of_deadline(moment: datetime, **schedule: Any) -> dict[str, Any]:
    return sample({"interval": "1d", **schedule}, deadline=moment.isoformat())


@pytest.mark.parametrize("before", [timedelta(0), timedelta(seconds=1), timedelta(days=3000)])
def test_a_deadline_before_the_first_run_N3(before: timedelta) -> None:
    (refusal,) = refusals_of(definition(of_deadline(NOW + DAY - before)), NOW + DAY)
    assert refusal.startswith("transfer.deadline ")
    assert f"is not later than the run of {(NOW + DAY).isoformat()}" in refusal
    assert refusals_of(definition(of_deadline(NOW + DAY + timedelta(seconds=1))), NOW + DAY) == []


def test_a_deadline_before_a_later_run_is_warned_of_N3() -> None:
    (doubt,) = doubts_of(definition(of_deadline(NOW + 10 * DAY)), NOW)
    assert f"the run of {(NOW + 10 * DAY).isoformat()} and all later runs will fail" in doubt
    (doubt,) = doubts_of(definition(of_deadline(NOW + 10 * DAY, end={"count": 11})), NOW)
    assert doubts_of(definition(of_deadline(NOW + 10 * DAY, end={"count": 10})), NOW) == []
    end = {"datetime": (NOW + 9 * DAY).isoformat()}
    assert doubts_of(definition(of_deadline(NOW + 10 * DAY, end=end)), NOW) == []
    assert doubts_of(definition(sample({}, deadline=(NOW + DAY).isoformat())), NOW) == []  # runs once


# --- in plans: they bind creation alone ---

BROKEN = [
    sample(paths=[{"source_path": "C:\\data\\", "destination_path": "/b/"}]),
    sample(paths=[{"source_path": "/a/\n", "destination_path": "/b/"}]),
    sample(deadline="2020-01-01"),
    sample(
        source_collection=SOURCE,
        destination_collection=SOURCE,
        paths=[{"source_path": "/d/", "destination_path": "/d/backup/"}],
    ),
]


@pytest.mark.parametrize("parameters", BROKEN)
@pytest.mark.parametrize("state", ["present", "active", "paused"])
def test_a_timer_that_can_never_work_is_not_created_N3(parameters: dict[str, Any], state: str) -> None:
    wanted = definition(parameters)
    made = plan_timer(Wanted(NAME, definition=wanted, state=state), [], NOW)
    assert made.operations == ()
    assert made.failure is not None
    assert made.failure.code == "invalid_input"
    assert f"timer {NAME!r} cannot be created: transfer." in made.failure.message


@pytest.mark.parametrize("parameters", BROKEN)
@pytest.mark.parametrize("on_drift", ["warn", "ignore", "fail", "replace"])
@pytest.mark.parametrize(
    ("state", "operations"), [("present", []), ("active", []), ("paused", ["pause"]), ("absent", ["delete"])]
)
def test_one_that_is_there_is_managed_with_a_warning_N3(
    parameters: dict[str, Any], on_drift: str, state: str, operations: list[str]
) -> None:
    wanted = definition(parameters)
    there = read_timer(shown(write_timer(wanted, None), "as_sent", timer_id=SOURCE, now=NOW - 2 * DAY))
    made = plan_timer(Wanted(NAME, definition=wanted, state=state, on_drift=on_drift), [there], NOW)
    assert made.failure is None
    assert [operation.operation for operation in made.operations] == operations
    warnings = [
        warning for warning in made.warnings if "but the module would refuse to create it: transfer." in warning
    ]
    assert len(warnings) == (0 if state == "absent" else 1)


def test_a_timer_is_not_renamed_to_such_a_name_N3() -> None:
    there = read_timer(shown(write_timer(definition(), None), "as_sent", timer_id=SOURCE, now=NOW - 2 * DAY))
    made = plan_timer(Wanted("other\n", timer_id=SOURCE), [there], NOW)
    assert made.failure is not None
    assert made.failure.message.startswith(
        f"Timer {SOURCE} cannot be renamed: name 'other\\n' starts or ends with blanks or line breaks"
    )


def test_creation_warns_of_what_may_fail_N3() -> None:
    parameters = of_deadline(NOW + 10 * DAY)
    parameters["transfer"]["paths"] = [{"source_path": "data/", "destination_path": "/b/"}]
    made = plan_timer(Wanted(NAME, definition=definition(parameters)), [], NOW)
    assert [operation.operation for operation in made.operations] == ["create"]
    assert [warning.partition(" ")[0] for warning in made.warnings] == [
        "transfer.paths[0].source_path",
        "transfer.deadline",
    ]
