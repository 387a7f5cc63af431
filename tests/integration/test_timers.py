# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module ``timers``: a list of timers in one task."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.plugins.callback import CallbackBase

from ansible_collections.research_ops.globus.plugins.module_utils._globus import service as _service
from ansible_collections.research_ops.globus.plugins.module_utils._timers.document import Timer, read_timer
from emulator.control import LocalGlobus
from emulator.plain import ENDPOINT, GUEST, MAPPED, MAPPED_TOO, Api
from integration.harness import Playbooks, calls, control, definition, kinds, logged, writes
from integration.in_process import run

Document = dict[str, Any]
Timers = Callable[..., Document]


@pytest.fixture
def timers(globus: LocalGlobus) -> Timers:
    """Runs ``timers`` with a list; with ``check``, in check mode. The others are options of the task."""
    environment = {
        **globus.environment,
        "GLOBUS_CLIENT_ID": globus.client_id,
        "GLOBUS_CLIENT_SECRET": globus.client_secret,
    }

    def task(entries: list[Document], *, check: bool = False, **options: Any) -> Document:
        result = run("timers", {"timers": entries, **options}, environment, check=check)
        assert isinstance(result, dict)
        return result

    return task


def seed(globus: LocalGlobus, name: str, count: int = 1, interval: int = 86400, **fields: Any) -> list[str]:
    """Create timers that match ``like_seed``."""
    options = {"verify_checksum": True, **fields.pop("options", {})}
    return globus.seed(count, name=name, interval_seconds=interval, options=options, **fields)


def like_seed(name: str, interval: str = "1d", **entry: Any) -> Document:
    paths = [{"source_path": "/other/", "destination_path": "/other/"}]
    transfer = {"source_collection": MAPPED, "destination_collection": MAPPED_TOO, "paths": paths}
    return {"name": name, "transfer": transfer, "schedule": {"interval": interval}, **entry}


def names(globus: LocalGlobus) -> list[str]:
    """Of the unfinished timers, sorted."""
    return sorted(one["name"] for one in globus.timers() if one["status"] in ("active", "inactive"))


# --- a list ---


@pytest.mark.parametrize("state", ["present", "paused"])
def test_arguments_come_back_only_where_they_are_shown(timers: Timers, state: str) -> None:
    """Ansible would copy hundreds of definitions several times over. A failing task is no exception."""
    entries = [definition("new"), {"name": "missing", "state": state} if state == "paused" else definition("other")]
    brief, whole = (timers(entries, _ansible_verbosity=verbosity, concurrency=3) for verbosity in (2, 3))
    assert brief["failed"] is whole["failed"] is (state == "paused")
    arguments = brief["invocation"]["module_args"]
    assert (arguments["timers"], arguments["concurrency"]) == ("2 definitions, shown at -vvv", 3)
    assert [entry["name"] for entry in whole["invocation"]["module_args"]["timers"]] == [
        entry["name"] for entry in entries
    ]


def test_results_are_in_the_order_of_the_list(globus: LocalGlobus, timers: Timers) -> None:
    seed(globus, "old")
    seed(globus, "same")
    entries = [
        definition("z-new"),
        {"name": "old", "state": "absent"},
        like_seed("same"),
        definition("a-new"),
        {"name": "never", "state": "absent"},
    ]
    result = timers(entries, concurrency=3)
    assert [entry["name"] for entry in result["timers"]] == ["z-new", "old", "same", "a-new", "never"]
    assert [kinds(entry) for entry in result["timers"]] == [["create"], ["delete"], [], ["create"], []]
    assert [entry["changed"] for entry in result["timers"]] == [True, True, False, True, False]
    assert [entry["failed"] for entry in result["timers"]] == [False] * 5
    assert [bool(entry["timer"]) for entry in result["timers"]] == [True, False, True, True, False]
    assert result["counts"] == {
        "timers": 5,
        "unchanged": 2,
        "changed": 3,
        "failed": 0,
        "created": 2,
        "deleted": 1,
        "paused": 0,
        "resumed": 0,
        "renamed": 0,
        "purged": 0,
    }
    assert names(globus) == ["a-new", "same", "z-new"]


def test_each_entry_has_its_own_state_and_on_drift(globus: LocalGlobus, timers: Timers) -> None:
    for name in ("replaced", "left", "told", "refused", "halted"):
        seed(globus, name, options={"sync_level": 3})
    (by_id,) = seed(globus, "by-id", status="inactive")
    result = timers(
        [
            like_seed("replaced"),
            like_seed("left", on_drift="ignore"),
            like_seed("told", on_drift="warn"),
            like_seed("refused", on_drift="fail"),
            {"name": "halted", "state": "paused"},
            {"timer_id": by_id, "name": "renamed", "state": "active", "on_drift": "ignore"},
        ],
        on_drift="replace",
    )
    replaced, left, told, refused, halted, renamed = result["timers"]
    assert kinds(replaced) == ["create", "delete"]
    assert (kinds(left), kinds(told), kinds(refused)) == ([], [], [])
    assert [entry["drift"][0]["field"] for entry in (replaced, left, told, refused)] == ["transfer.sync_level"] * 4
    assert refused["failed"]
    assert refused["error"]["code"] == "drift"
    assert kinds(halted) == ["pause"]
    assert kinds(renamed) == ["rename", "resume"]
    assert [one for one in result["warnings"] if "differs" in one] != []
    assert not any("'left'" in one for one in result["warnings"])
    assert result["failed"]


def test_a_list_as_it_is_returned_changes_nothing(globus: LocalGlobus, timers: Timers) -> None:
    entries = [
        definition("a"),
        definition("b", schedule={"interval": "1w", "at": "01:00", "timezone": "America/Chicago", "weekday": "sunday"}),
        definition("c", schedule={"interval": "6h", "end": {"count": 3}}),
    ]
    created = timers(entries)
    globus.clear_log()
    again = timers([entry["timer"]["definition"] for entry in created["timers"]], on_drift="fail")
    assert (again["changed"], again["failed"]) == (False, False)
    assert calls(globus.log()) == ["POST token", "GET jobs"]


def test_the_same_text_of_a_warning_is_told_once(globus: LocalGlobus, timers: Timers) -> None:
    for number in range(8):
        seed(globus, f"t-{number}", options={"sync_level": 3})
    result = timers([like_seed(f"t-{number}") for number in range(8)])
    (warning,) = result["warnings"]
    assert "timer 't-0'" in warning
    assert "and 3 more" in warning


# --- input (L3) ---


def entry_of(**changes: Any) -> Document:
    """An entry with an error. None removes an option, and a dict is merged into the option of its name."""
    entry = copy.deepcopy(definition("wrong"))
    for option, value in changes.items():
        if value is None:
            del entry[option]
        elif isinstance(value, dict) and isinstance(entry.get(option), dict):
            entry[option].update(value)
        else:
            entry[option] = value
    return entry


WRONG: dict[str, tuple[Document, str]] = {
    "choice": (entry_of(state="running"), ": state must be one of: present, active, paused, absent, not 'running'"),
    "choice below": (entry_of(transfer={"sync_level": "newer"}), ": transfer.sync_level must be one of"),
    "type": (entry_of(transfer={"encrypt_data": "perhaps"}), ": transfer.encrypt_data must be true or false"),
    "unknown option": (entry_of(schedules={}), ": schedules is not a known option; did you mean schedule?"),
    "misspelt option": (entry_of(on_drfit="fail"), ": on_drfit is not a known option; did you mean on_drift?"),
    "unknown option below": (
        entry_of(transfer={"path": []}),
        ": transfer.path is not a known option; did you mean paths?",
    ),
    "required below": (
        entry_of(transfer={"paths": [{"source_path": "/a/"}]}),
        ": transfer.paths[0].destination_path is missing",
    ),
    "null required below": (
        entry_of(transfer={"paths": [{"source_path": "/a/", "destination_path": None}]}),
        ": transfer.paths[0].destination_path is missing",
    ),
    "texts as rules": (
        entry_of(transfer={"filter_rules": ["*.tmp"]}),
        ": transfer.filter_rules[0] must be a dictionary of options, not '*.tmp'",
    ),
    "a name as schedule": (
        entry_of(schedule="nightly"),
        ": schedule must be a dictionary of options, not 'nightly'. An example: schedule: {interval: 1d",
    ),
    "no name": (entry_of(name=None), ": name or timer_id is missing"),
    "null name": ({**entry_of(), "name": None}, ": name or timer_id is missing"),
    "blank timer_id": (entry_of(timer_id=" "), ": timer_id is empty"),
    "empty name": (entry_of(name=" "), ": name is empty"),
    "no schedule": (entry_of(schedule=None), "transfer requires schedule"),
    "no definition": ({"name": "wrong"}, "are required with state: present"),
    "uuid": (entry_of(transfer={"source_collection": "lab"}), "transfer.source_collection must be a UUID"),
    "interval": (entry_of(schedule={"interval": "10s"}), "schedule.interval must be from 60 seconds to 365 days"),
    "at as a number": (entry_of(schedule={"at": 1350}), 'in quotes: at: "22:30"'),
    "replace by id": (entry_of(timer_id=MAPPED, on_drift="replace"), "on_drift: replace cannot be used with timer_id"),
}


@pytest.mark.parametrize("case", WRONG)
def test_L3_input_error_names_position_and_timer_and_nothing_is_sent(
    case: str, globus: LocalGlobus, timers: Timers
) -> None:
    entry, says = WRONG[case]
    result = timers([definition("right"), {"name": "fine", "state": "absent"}, entry])
    assert result["failed"]
    assert f"timers[2] ({entry.get('name') or entry.get('timer_id') or 'no name'})" in result["msg"]
    assert says in result["msg"]
    assert globus.log() == []


PATHS = [{"source_path": "/d/run1/", "destination_path": "/d/", "recursive": True}]
MIRROR: Document = {"delete_destination_extra": True, "paths": PATHS}
BACK: Document = {**MIRROR, "source_collection": MAPPED_TOO, "destination_collection": MAPPED}
TO_AND_FRO = [{"source_path": "/d/", "destination_path": "/d/"}]


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        (
            [definition("a"), definition("b", **MIRROR, destination_collection=MAPPED)],
            "timers[1] (b) cannot be created: transfer.delete_destination_extra would delete files of the source",
        ),
        (
            [
                definition("a", **{**MIRROR, "paths": TO_AND_FRO}),
                definition("b"),
                definition("c", **{**BACK, "paths": TO_AND_FRO}),
            ],
            "timers[0] (a) cannot be created: delete_destination_extra: timer 'a' and timer 'c' copy from",
        ),
        (
            [
                definition("a"),
                definition(
                    "b",
                    destination_collection=MAPPED,
                    paths=[{"source_path": "/d/", "destination_path": "/d/backup/"}],
                ),
            ],
            "timers[1] (b) cannot be created: transfer.paths[0].destination_path '/d/backup/' is inside its own source",
        ),
    ],
    ids=["its own source", "each other's source", "a copy into its source"],
)
@pytest.mark.parametrize("check", [False, True], ids=["run", "check"])
def test_L3_what_would_destroy_data_fails_before_anything_is_written_N4(
    entries: list[Document], says: str, check: bool, globus: LocalGlobus, timers: Timers
) -> None:
    result = timers(entries, check=check)
    assert result["failed"]
    assert says in result["msg"]
    assert result["error"]["code"] == "invalid_input"
    assert writes(globus.log()) == []


@pytest.mark.parametrize("entry", [None, "nightly", ["a"], 5])
def test_L3_an_entry_that_is_no_dictionary_is_named(entry: Any, globus: LocalGlobus, timers: Timers) -> None:
    result = timers([definition("right"), entry])
    assert result["msg"].startswith("timers[1] must be a dictionary of options, not ")
    assert result["error"]["code"] == "invalid_input"
    assert globus.log() == []


def nulls(options: Document) -> Document:
    """The options, and null for some more that are not given."""
    transfer = {"sync_level": None, "label": None, "verify_checksum": None, "filter_rules": None, **options["transfer"]}
    schedule = {"start": None, "weekday": None, "timezone": None, "end": None, **options["schedule"]}
    rest = {"state": None, "on_drift": None, "timer_id": None, "flow": None}
    return {**rest, **options, "transfer": transfer, "schedule": schedule}


def test_null_is_not_given_in_a_list_N1(globus: LocalGlobus, timers: Timers) -> None:
    assert timers([definition("a"), definition("b")])["changed"]
    again = timers([nulls(definition("a")), nulls(definition("b"))], on_drift="fail", purge=None, concurrency=None)
    assert (again["failed"], again["changed"]) == (False, False)


def test_the_result_fed_back_with_its_nulls_N1(globus: LocalGlobus, timers: Timers) -> None:
    """In check mode the ID of a timer that would be created is null."""
    (entry,) = timers([definition("a")], check=True)["timers"]
    assert entry["timer_id"] is None
    result = timers([{"timer_id": entry["timer_id"], "state": "absent"}])
    assert "timers[0] (no name): name or timer_id is missing" in result["msg"]


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        (
            [definition("a"), definition("b"), {"name": "a", "state": "absent"}],
            "timers[2] (a) has the same name as timers[0]. Remove one of them, or change its name",
        ),
        (
            [{"timer_id": MAPPED}, {"timer_id": GUEST}, {"timer_id": MAPPED.upper()}],
            "has the same timer_id as timers[0]",
        ),
    ],
    ids=["name", "timer_id"],
)
def test_L3_duplicates_name_both_positions(
    entries: list[Document], says: str, globus: LocalGlobus, timers: Timers
) -> None:
    result = timers(entries)
    assert result["failed"]
    assert "timers[2]" in result["msg"]
    assert says in result["msg"]
    assert globus.log() == []


def test_names_differ_by_case(globus: LocalGlobus, timers: Timers) -> None:
    assert not timers([definition("Nightly"), definition("nightly")])["failed"]
    assert names(globus) == ["Nightly", "nightly"]


def test_one_timer_by_name_and_by_id_is_told(globus: LocalGlobus, timers: Timers) -> None:
    (timer_id,) = seed(globus, "a")
    result = timers([like_seed("a"), {"timer_id": timer_id, "state": "paused"}])
    assert [entry["failed"] for entry in result["timers"]] == [False, True]
    assert result["timers"][1]["error"]["code"] == "listed_twice"
    assert timer_id in result["timers"][1]["msg"]


@pytest.mark.parametrize("concurrency", [0, 17])
def test_concurrency_out_of_bounds(concurrency: int, globus: LocalGlobus, timers: Timers) -> None:
    result = timers([definition("a")], concurrency=concurrency)
    assert "concurrency must be from 1 to 16" in result["msg"]
    assert globus.log() == []


# --- the limit of runs (L2) ---


def test_L2_more_than_once_a_minute_fails_before_anything_is_written(globus: LocalGlobus, timers: Timers) -> None:
    seed(globus, "there", interval=120)
    entries = [like_seed("often", "3m"), like_seed("oftener", "150s"), like_seed("rarely", "1d")]
    result = timers(entries)
    assert result["failed"]
    assert result["error"]["code"] == "rate_limit"
    # 1/2 + 1/3 + 1/2.5 + 1/1440
    assert "1.23 runs a minute" in result["msg"]
    assert (
        result["msg"].index("'there' 0.5") < result["msg"].index("'oftener' 0.4") < result["msg"].index("'often' 0.333")
    )
    assert writes(globus.log()) == []
    assert names(globus) == ["there"]


def test_L2_exactly_once_a_minute_is_allowed(globus: LocalGlobus, timers: Timers) -> None:
    seed(globus, "there", interval=120)
    assert not timers([like_seed("often", "120s")])["failed"]


def test_L2_what_is_deleted_first_makes_room(globus: LocalGlobus, timers: Timers) -> None:
    seed(globus, "there", interval=60)
    assert not timers([like_seed("often", "60s"), {"name": "there", "state": "absent"}])["failed"]
    assert names(globus) == ["often"]


def test_L2_a_replacement_holds_both_for_a_moment(globus: LocalGlobus, timers: Timers) -> None:
    seed(globus, "there", interval=100, options={"sync_level": 3})
    result = timers([like_seed("there", "100s")], on_drift="replace")
    assert result["error"]["code"] == "rate_limit"
    assert "1.2 runs a minute" in result["msg"]
    assert writes(globus.log()) == []
    # a timer with a run every 130 s fits twice
    globus.reset()
    seed(globus, "there", interval=130, options={"sync_level": 3})
    assert not timers([like_seed("there", "130s")], on_drift="replace")["failed"]


def test_L2_nothing_to_create_is_never_refused(globus: LocalGlobus, timers: Timers) -> None:
    seed(globus, "there-{n}", 3, interval=60)
    result = timers([{"name": "there-0", "state": "absent"}, like_seed("there-1", "60s")])
    assert not result["failed"]


# --- purge (W7) ---


def test_W7_purge_removes_what_the_list_does_not_name(globus: LocalGlobus, timers: Timers) -> None:
    for name in ("lab-kept", "lab-old", "lab-older", "Lab-other-case", "other-lab-", "la"):
        seed(globus, name)
    seed(globus, "lab-paused", status="inactive")
    seed(globus, "lab-ended", status="ended")
    globus.clear_log()
    result = timers([like_seed("lab-kept"), definition("lab-new")], purge=True, purge_prefix="lab-")
    assert sorted(one["name"] for one in result["purged"]) == ["lab-old", "lab-older", "lab-paused"]
    assert result["counts"]["purged"] == result["counts"]["deleted"] == 3
    assert names(globus) == ["Lab-other-case", "la", "lab-kept", "lab-new", "other-lab-"]
    log = calls(globus.log())
    assert log.index("POST timer") < log.index("DELETE job")
    assert log[-3:] == ["DELETE job"] * 3


def test_W7_purge_spares_a_timer_that_is_listed_by_id(globus: LocalGlobus, timers: Timers) -> None:
    (timer_id,) = seed(globus, "lab-a")
    assert timers([{"timer_id": timer_id}], purge=True, purge_prefix="lab-")["purged"] == []
    assert timers([{"timer_id": timer_id, "name": "new"}], purge=True, purge_prefix="lab-")["purged"] == []
    assert names(globus) == ["new"]


def test_W7_limit_refuses_everything(globus: LocalGlobus, timers: Timers) -> None:
    seed(globus, "lab-{n}", 11)
    entries = [definition("lab-new")]
    result = timers(entries, purge=True, purge_prefix="lab-")
    assert result["error"]["code"] == "purge_limit"
    assert "11 timers" in result["msg"]
    assert "purge_limit 10" in result["msg"]
    assert writes(globus.log()) == []
    assert not timers(entries, purge=True, purge_prefix="lab-", purge_limit=11)["failed"]
    assert names(globus) == ["lab-new"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "purge_prefix"),
        ({"purge_prefix": ""}, "purge_prefix is empty"),
        ({"purge_prefix": "  "}, "purge_prefix is empty"),
        *(({"purge_prefix": one}, "default prefix of the role backup") for one in ("b", "backup", "backup-")),
        ({"purge_prefix": "lab-", "purge_limit": -1}, "purge_limit must be 0 or more"),
    ],
    ids=str,
)
def test_W7_scope_and_limit_are_needed(options: Document, says: str, globus: LocalGlobus, timers: Timers) -> None:
    result = timers([definition("lab-a")], purge=True, **options)
    assert says in result["msg"]
    assert globus.log() == []


@pytest.mark.parametrize("entries", [[], [{"name": "lab-0", "state": "absent"}]], ids=["empty", "absent only"])
def test_W7_a_list_that_keeps_nothing_purges_nothing(
    entries: list[Document], globus: LocalGlobus, timers: Timers
) -> None:
    seed(globus, "lab-{n}", 2)
    result = timers(entries, purge=True, purge_prefix="lab-")
    assert "purge is refused because the list contains no timer to keep" in result["msg"]
    assert globus.log() == []


def test_W7_nothing_is_purged_after_a_failure(globus: LocalGlobus, timers: Timers) -> None:
    seed(globus, "lab-old")
    bad = definition("lab-bad", source_collection=ENDPOINT)
    result = timers([definition("lab-new"), bad], purge=True, purge_prefix="lab-")
    assert result["failed"]
    assert result["purged"] == []
    assert any("Nothing was purged" in warning for warning in result["warnings"])
    assert names(globus) == ["lab-new", "lab-old"]


def read_with(members: Document, timer_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Add these members to the document of a timer in the answers of the service."""

    def read(document: Document) -> Timer:
        return read_timer({**document, **members} if document["job_id"] == timer_id else document)

    monkeypatch.setattr(_service, "read_timer", read)


def test_W7_a_list_with_a_timer_that_nobody_can_tell_purges_nothing(
    globus: LocalGlobus, timers: Timers, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, _other = seed(globus, "lab-odd")[0], seed(globus, "lab-other")
    read_with({"name": {"en": "lab-odd"}}, odd, monkeypatch)
    result = timers([definition("a")], purge=True, purge_prefix="lab-")
    assert result["error"]["code"] == "unreadable_answer"
    assert (
        f"The list of timers could not be read completely: timer {odd}: {{'en': 'lab-odd'}} is not text"
        in result["msg"]
    )
    assert writes(globus.log()) == []


def test_D8_a_timer_that_cannot_be_understood_leaves_the_others_readable(
    globus: LocalGlobus, timers: Timers, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = seed(globus, "other-odd")[0]
    read_with({"interval": "P1D", "schedule": None}, odd, monkeypatch)
    result = timers([definition("lab-new")])
    assert result["changed"]
    assert names(globus) == ["lab-new", "other-odd"]


def test_W7_purge_in_check_mode(globus: LocalGlobus, timers: Timers) -> None:
    ids = seed(globus, "lab-old-{n}", 2)
    result = timers([definition("lab-new")], purge=True, purge_prefix="lab-", check=True)
    assert sorted(one["timer_id"] for one in result["purged"]) == sorted(ids)
    assert writes(globus.log()) == []
    assert len(names(globus)) == 2


# --- when something fails ---


def test_the_result_is_complete_when_some_fail(globus: LocalGlobus, timers: Timers) -> None:
    seed(globus, "old")
    globus.fault("status", status=403, method="POST", path="^/v2/timer$", attempts=[1])
    result = timers(
        [
            definition("refused"),
            definition("endpoint", destination_collection=ENDPOINT),
            definition("made"),
            {"name": "old", "state": "absent"},
            {"name": "unknown", "state": "paused"},
        ],
        concurrency=1,
    )
    assert result["failed"]
    assert result["msg"].startswith("3 of 5 timers failed")
    for name in ("refused", "endpoint", "unknown"):
        assert f"timer '{name}'" in result["msg"]
    assert [entry["failed"] for entry in result["timers"]] == [True, True, False, False, True]
    assert [entry["error"]["code"] for entry in result["timers"] if entry["failed"]] == [
        "FORBIDDEN",
        "not_a_collection",
        "timer_not_found",
    ]
    assert result["timers"][0]["error"]["http_status"] == 403
    assert result["error"] == result["timers"][0]["error"], "of the first that failed"
    assert all(entry["msg"] for entry in result["timers"] if entry["failed"])
    assert all(entry["msg"] == "" for entry in result["timers"] if not entry["failed"])
    assert result["counts"]["failed"] == 3
    assert (result["counts"]["created"], result["counts"]["deleted"]) == (1, 1)
    assert names(globus) == ["made"]


# --- check and diff mode (W1) ---


def scene(globus: LocalGlobus) -> list[Document]:
    """Something of everything, and the list that changes it."""
    seed(globus, "lab-changed", options={"sync_level": 3})
    seed(globus, "lab-same")
    seed(globus, "lab-halted")
    seed(globus, "lab-woken", status="inactive")
    seed(globus, "lab-gone", 2)
    seed(globus, "lab-surplus")
    return [
        definition("lab-new", schedule={"interval": "1d", "start": "2026-03-10T00:00:00Z"}),
        like_seed("lab-changed"),
        like_seed("lab-same"),
        {"name": "lab-halted", "state": "paused"},
        {"name": "lab-woken", "state": "active"},
        {"name": "lab-gone", "state": "absent"},
        definition("lab-bad", source_collection=ENDPOINT),
        {"name": "lab-none", "state": "paused"},
    ]


@pytest.mark.parametrize("failing", [False, True])
def test_W1_check_mode_equals_the_real_run(failing: bool, globus: LocalGlobus, timers: Timers) -> None:
    entries = scene(globus)[: None if failing else 6]
    options = {"on_drift": "replace", "purge": True, "purge_prefix": "lab-"}
    globus.clear_log()
    foreseen = timers(entries, check=True, **options)
    assert writes(globus.log()) == []
    done = timers(entries, **options)

    def comparable(result: Document) -> Document:
        shown = [[one["operation"], one["name"]] for one in result["operations"]]
        return {
            "changed": result["changed"],
            "failed": result["failed"],
            "msg": result.get("msg"),
            "counts": result["counts"],
            "operations": shown,
            "purged": result["purged"],
            "warnings": result["warnings"],
            "entries": [
                [kinds(entry), entry["changed"], entry["failed"], entry["msg"], entry["drift"]]
                for entry in result["timers"]
            ],
        }

    # the only warning that is specific to check mode
    (not_requested,) = [one for one in foreseen["warnings"] if "Check mode does not request consents" in one]
    foreseen["warnings"].remove(not_requested)
    assert comparable(foreseen) == comparable(done)
    assert done["failed"] is failing


def test_W1_diff_shows_what_changes_by_name(playbooks: Playbooks) -> None:
    """In a real play, twice: in check mode and in reality."""
    tasks = [
        *(
            control(
                "POST", "seed", {"client_id": playbooks.environment["GLOBUS_CLIENT_ID"], "count": 1, "name": "gone"}
            ),
        ),
        *logged(
            {
                "name": "ensure",
                "research_ops.globus.timers": {
                    "timers": [
                        definition("new"),
                        {"name": "gone", "state": "absent"},
                        {"name": "none", "state": "absent"},
                    ]
                },
            }
        ),
    ]
    foreseen = playbooks.run(tasks, "--check", "--diff")
    assert foreseen.status == 0, foreseen.output
    assert writes(foreseen.log("ensure")) == []
    shown = foreseen["ensure"]["diff"]
    assert set(shown["before"]) == {"timer 'gone'"}
    assert set(shown["after"]) == {"timer 'new'"}
    done = playbooks.run(tasks[1:], "--diff")
    assert done.status == 0, done.output
    assert done["ensure"]["diff"] == shown
    assert done["ensure"]["counts"] == foreseen["ensure"]["counts"]


def test_W7_the_diff_tells_the_namesakes_that_purge_deletes_apart(globus: LocalGlobus, timers: Timers) -> None:
    keep, *surplus = [*seed(globus, "lab-kept"), *seed(globus, "lab-old", count=2)]
    result = timers([like_seed("lab-kept")], purge=True, purge_prefix="lab-", _ansible_diff=True, check=True)
    assert sorted(one["timer_id"] for one in result["purged"]) == sorted(surplus)
    assert set(result["diff"]["before"]) == {f"timer 'lab-old' ({timer_id})" for timer_id in surplus}
    assert result["diff"]["after"] == {}
    assert keep not in str(result["diff"])


def test_the_diff_of_many_timers_can_be_read(globus: LocalGlobus, timers: Timers) -> None:
    """One line for each created or deleted timer, and the changed fields. It used to be thirty lines for each timer."""
    wanted = [like_seed(f"t{number}") for number in range(43)]
    created = timers(wanted, _ansible_diff=True)
    line = created["diff"]["after"]["timer 't0'"]
    assert line.startswith(f"{MAPPED}:/other/ -> {MAPPED_TOO}:/other/; interval: 1d; ")
    assert line.endswith("; state: active")
    shown = str(CallbackBase()._get_diff(created["diff"]))
    assert len(shown.splitlines()) < 43 + 10
    changed = copy.deepcopy(wanted)
    changed[0]["transfer"]["label"] = "new"
    again = timers([*changed, {"name": "gone", "state": "absent"}], on_drift="replace", _ansible_diff=True)
    before, after = again["diff"]["before"], again["diff"]["after"]
    assert (list(before), list(after)) == (["timer 't0'"], ["timer 't0'"])
    assert after["timer 't0'"]["transfer.label"] == "new"
    assert set(after["timer 't0'"]) <= {"transfer.label", "schedule.start"}
    paused = timers([{"name": "t1", "state": "paused"}], _ansible_diff=True)["diff"]
    assert paused == {"before": {"timer 't1'": {"state": "active"}}, "after": {"timer 't1'": {"state": "paused"}}}
    gone = timers([{"name": "t1", "state": "absent"}], _ansible_diff=True)["diff"]
    assert gone["after"] == {}
    assert gone["before"]["timer 't1'"].endswith("; state: paused")


def test_W1_the_diff_shows_nothing_that_failed(globus: LocalGlobus, timers: Timers) -> None:
    globus.fault("status", status=403, method="POST", path="^/v2/timer$")
    seed(globus, "old")
    result = timers([like_seed("new"), {"name": "old", "state": "absent"}], _ansible_diff=True)
    assert [entry["failed"] for entry in result["timers"]] == [True, False]
    assert (list(result["diff"]["before"]), result["diff"]["after"]) == (["timer 'old'"], {})


# --- requests (C1 to C3) ---


@pytest.mark.parametrize("count", [1, 3, 30])
def test_C2_creations(count: int, globus: LocalGlobus, timers: Timers) -> None:
    """Two tokens, a look-up per collection, one list before and one after, a creation per timer."""
    entries = [
        definition(f"new-{number:02d}", source_collection=(MAPPED, GUEST)[number % 2]) for number in range(count)
    ]
    assert timers(entries, concurrency=8)["counts"]["created"] == count
    found = calls(globus.log())
    assert sorted(found[:2]) == ["GET jobs", "POST token"]
    assert found.count("GET collection") == (2 if count == 1 else 3)
    assert found.count("POST consent") == 1
    assert found.count("POST timer") == count
    assert found[-1] == "GET jobs"
    assert len(found) == 2 + found.count("GET collection") + 1 + count + 1


def test_C1_in_place(globus: LocalGlobus, timers: Timers) -> None:
    for number in range(50):
        seed(globus, f"t-{number}", runs=5)
    globus.clear_log()
    entries = [like_seed(f"t-{number}") for number in range(50)] + [{"name": "none", "state": "absent"}]
    assert not timers(entries, purge=True, purge_prefix="t-")["changed"]
    assert calls(globus.log()) == ["POST token", "GET jobs"]
    # I2, C3: one list, without run histories
    assert globus.log()[1]["query"] == {"result_count": "0"}


def test_C1_one_of_fifty_changed(globus: LocalGlobus, timers: Timers) -> None:
    for number in range(50):
        seed(globus, f"t-{number}")
    globus.clear_log()
    entries = [like_seed(f"t-{number}") for number in range(50)]
    entries[7]["transfer"] = {**entries[7]["transfer"], "label": "other"}
    assert timers(entries, on_drift="replace")["counts"]["changed"] == 1
    found = calls(globus.log())
    assert sorted(found) == sorted(
        [
            *("POST token", "GET jobs", "GET collection", "GET collection", "POST consent"),
            # the runs of the old timer (W4e), and the new one before the old one is deleted (W4b)
            *("POST timer", "GET job", "GET job", "DELETE job", "GET jobs"),
        ]
    )


def test_C3_one_timer_among_ten_thousand_moves_a_few_kilobytes(globus: LocalGlobus, api: Api) -> None:
    globus.seed(10_000, name="other-{n}", runs=3)
    seed(globus, "mine", runs=3)
    environment = {
        **globus.environment,
        "GLOBUS_CLIENT_ID": globus.client_id,
        "GLOBUS_CLIENT_SECRET": globus.client_secret,
    }
    globus.clear_log()
    for options in (like_seed("mine"), {**like_seed("mine"), "on_drift": "replace", "schedule": {"interval": "2d"}}):
        result = run("timer", options, environment)
        assert not result["failed"]
    moved = 0
    for entry in globus.log():
        if entry["method"] == "GET" and entry["service"] == "timer":
            query = "&".join(f"{name}={value}" for name, value in entry["query"].items())
            moved += len(api.call("GET", f"{entry['path']}?{query}").text)
    assert 0 < moved < 12_000  # among them the last runs of the timer that is replaced (W4e)


# --- the guide ---

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst" / "guide_many_timers.rst"


def test_the_tasks_of_the_guide(globus: LocalGlobus, playbooks: Playbooks) -> None:
    """Every task of the guide to many timers, in one play, with the collections of the local Globus."""
    text = GUIDE.read_text(encoding="utf-8")
    text = text.replace("6c54cade-bde5-45c1-bdea-f4bd71dba2cc", MAPPED)
    text = text.replace("31ce9ba0-176d-45a5-add3-f37d233ba47d", MAPPED_TOO)
    blocks = re.findall(r"^\.\. code-block:: yaml\n\n((?:    .*\n|\n)+)", text, re.M)
    tasks = [task for block in blocks for task in yaml.safe_load(block)]
    assert len(tasks) == 5
    seed(globus, "facility-old-camera")
    seed(globus, "facility-of-nobody")
    seed(globus, "other")
    run = playbooks.run(tasks, variables={"backups": [definition("facility-a"), definition("facility-b")]})
    assert run.status == 0, run.output
    assert run["The backups of the facility"]["counts"]["created"] == 2
    assert run["A timer for every share"]["counts"]["created"] == 2
    purged = {one["name"] for one in run["Keep these timers and no others of the facility"]["purged"]}
    assert purged == {f"facility-{one}" for one in ("microscope", "sequencer", "optics", "imaging", "of-nobody")}
    assert names(globus) == ["facility-a", "facility-b", "other"]
