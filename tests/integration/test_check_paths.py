# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""check_paths with real folders: failures before a timer is created, warnings, and the number of requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emulator.control import LocalGlobus
from emulator.plain import GUEST, MAPPED, NATIVE_APP, PERSON, Api, timer_scope
from emulator.scopes import TIMERS_SERVER, TRANSFER_SCOPE, data_access
from integration import in_process
from integration.harness import START, TOKEN_URL
from integration.people import Person

DAILY = {"interval": "1d", "at": "02:00"}


@pytest.fixture
def environment(globus: LocalGlobus, tmp_path: Path) -> dict[str, str]:
    """Two collections with folders: a mapped collection as the source, a guest collection as the destination."""
    for name in ("lab/data/run1", "archive/backup"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "lab" / "data" / "table.csv").write_text("1,2", encoding="utf-8")
    (tmp_path / "lab" / "data" / "out").symlink_to("/etc")  # outside of the collection
    (tmp_path / "archive" / "note.txt").write_text("hello", encoding="utf-8")
    collections = [
        {"id": MAPPED, "display_name": "Lab", "root": str(tmp_path / "lab")},
        {
            "id": GUEST,
            "display_name": "Archive",
            "root": str(tmp_path / "archive"),
            "entity_type": "GCSv5_guest_collection",
        },
    ]
    client = {"id": globus.client_id, "secret": globus.client_secret}
    globus.reset(world={"collections": collections, "clients": [client]}, clock=START)
    return {
        **globus.environment,
        "GLOBUS_CLIENT_ID": globus.client_id,
        "GLOBUS_CLIENT_SECRET": globus.client_secret,
    }


def options(source: str = "/data/", target: str = "/backup/", name: str = "nightly", **more: Any) -> dict[str, Any]:
    """Options of a timer. ``recursive`` is an option of its path, all others are options of the timer."""
    path = {"source_path": source, "destination_path": target}
    if "recursive" in more:
        path["recursive"] = more.pop("recursive")
    transfer = {"source_collection": MAPPED, "destination_collection": GUEST, "paths": [path]}
    return {"name": name, "transfer": transfer, "schedule": DAILY, "check_paths": True, **more}


def asked(globus: LocalGlobus) -> list[str]:
    """The requests so far, in a short form."""
    names = []
    for one in globus.log():
        path = one["path"]
        names.append("token" if path == TOKEN_URL else path.rstrip("/").rpartition("/")[2].replace(MAPPED, "lab"))
    return [name.replace(GUEST, "archive") for name in names]


def test_right_paths_cost_one_token_and_one_look_each_and_in_place_nothing_C2(
    globus: LocalGlobus, environment: dict[str, str]
) -> None:
    made = in_process.run("timer", options(), environment)
    assert (made["failed"], made["changed"], made["warnings"]) == (False, True, [])
    with_check = sorted(asked(globus))
    globus.clear_log()
    again = in_process.run("timer", options(), environment)
    assert again["changed"] is False
    assert asked(globus) == ["token", "jobs"]
    globus.clear_log()
    other = in_process.run("timer", options(name="other", check_paths=False), environment)
    assert other["changed"] is True
    assert sorted([*asked(globus), "token", "stat", "stat"]) == with_check


@pytest.mark.parametrize(
    ("source", "target", "recursive", "words"),
    [
        (
            "/dat/",
            "/backup/",
            True,
            f"paths[0].source_path: /dat/ on collection 'Lab' ({MAPPED}) does not exist. Did you mean /data/? To skip",
        ),
        ("/data/run2/", "/backup/", None, f"/data/run2/ on collection 'Lab' ({MAPPED}) does not exist"),
        ("/data/Table.csv", "/backup/table.csv", None, "Did you mean /data/table.csv? "),
        ("/nothing/like/it/", "/backup/", None, "does not exist. Correct the path. To skip"),
        (
            "/data/",
            "/backup/",
            False,
            "is a folder, and recursive is false. Set recursive: true, or name a file. To skip",
        ),
        (
            "/data/table.csv",
            "/backup/x.csv",
            True,
            f"/data/table.csv on collection 'Lab' ({MAPPED}) is a file, and recursive is true",
        ),
        (
            "/data/",
            "/note.txt",
            None,
            f"paths[0].destination_path: /note.txt on collection 'Archive' ({GUEST}) is a file, and the source is",
        ),
        ("/data/table.csv", "/backup", None, "for example /backup/table.csv"),
        ("/data/out/", "/backup/", None, "is not accessible to this login (The path leads out of the collection). Ask"),
    ],
)
@pytest.mark.parametrize("module", ["timer", "timers"])
def test_what_cannot_work_is_not_created(
    globus: LocalGlobus,
    environment: dict[str, str],
    module: str,
    source: str,
    target: str,
    recursive: bool | None,
    words: str,
) -> None:
    more: dict[str, Any] = {} if recursive is None else {"recursive": recursive}
    task = options(source, target, **more)
    result = in_process.run(module, task if module == "timer" else {"timers": [task]}, environment)
    assert result["failed"]
    assert words in result["msg"]
    assert "set check_paths: false" in result["msg"]
    assert "timer 'nightly' was not created" in result["msg"]
    assert result["error"]["code"] == "path_unusable"
    assert Api(globus).login().call("GET", "/jobs/").json["jobs"] == []


def test_a_missing_destination_and_a_single_file_are_fine(globus: LocalGlobus, environment: dict[str, str]) -> None:
    for number, (source, target) in enumerate([("/data/", "/new/deep/"), ("/data/table.csv", "/new/table.csv")]):
        result = in_process.run("timer", options(source, target, name=f"t{number}"), environment)
        assert (result["failed"], result["changed"], result["warnings"]) == (False, True, [])


def test_an_entry_that_fails_stops_no_other_and_each_may_say_it(
    globus: LocalGlobus, environment: dict[str, str]
) -> None:
    entries = [options("/dat/", name="wrong"), options(name="right"), options("/dat/", name="blind", check_paths=False)]
    for entry in entries[:2]:
        del entry["check_paths"]
    result = in_process.run("timers", {"timers": entries, "check_paths": True}, environment)
    assert [(entry["name"], entry["changed"]) for entry in result["timers"]] == [
        ("wrong", False),
        ("right", True),
        ("blind", True),
    ]
    assert result["timers"][0]["error"]["code"] == "path_unusable"
    assert asked(globus).count("stat") == 3


def test_a_replacement_is_checked_and_the_old_timer_stays(globus: LocalGlobus, environment: dict[str, str]) -> None:
    made = in_process.run("timer", options(), environment)
    changed = options("/dat/", on_drift="replace")
    result = in_process.run("timer", changed, environment)
    assert result["failed"]
    assert "timer 'nightly' was left unchanged" in result["msg"]
    (there,) = Api(globus).login().call("GET", "/jobs/").json["jobs"]
    assert there["job_id"] == made["timer_id"]
    assert in_process.run("timer", {**changed, "check_paths": False}, environment)["changed"]


def test_a_collection_that_is_off_is_a_warning_and_asked_once(globus: LocalGlobus, environment: dict[str, str]) -> None:
    globus.collection(GUEST, reachable=False)
    result = in_process.run("timer", {**options(), "retries": 5}, environment)
    assert (result["failed"], result["changed"]) == (False, True)
    (warning,) = result["warnings"]
    assert warning.startswith(f"Paths on collection 'Archive' ({GUEST}) were not checked: ")
    assert warning.endswith("If a path is wrong, the first run will fail")
    assert asked(globus).count("stat") == 2


def test_check_mode_looks_only_where_no_consent_is_needed_W1(globus: LocalGlobus, environment: dict[str, str]) -> None:
    result = in_process.run("timer", options("/dat/", "/note.txt", recursive=True), environment, check=True)
    assert result["failed"]
    assert "is a file" in result["msg"]
    assert not [one for one in globus.log() if "data_access" in str(one.get("form", ""))]
    result = in_process.run("timer", options(), environment, check=True)
    assert (result["failed"], result["changed"]) == (False, True)
    assert [one for one in result["warnings"] if "check mode does not request the necessary consent" in one]
    stats = [one["path"] for one in globus.log() if one["path"].endswith("/stat")]
    assert stats
    assert not [path for path in stats if MAPPED in path]


def test_a_folder_with_recursive_false_is_one_finding(globus: LocalGlobus, environment: dict[str, str]) -> None:
    """Only one warning: that the destination is a folder, too, adds nothing."""
    result = in_process.run("timer", options(recursive=False), environment)
    assert result["msg"] == (
        f"timer 'nightly' was not created. transfer.paths[0].source_path: /data/ on collection 'Lab' ({MAPPED}) is a "
        "folder, and recursive is false. Set recursive: true, or name a file. To skip this check, set check_paths: "
        "false"
    )


@pytest.mark.parametrize("side", ["source", "destination"])
def test_what_the_endpoint_says_of_a_forbidden_path_is_told_in_its_words(
    globus: LocalGlobus, environment: dict[str, str], side: str
) -> None:
    globus.collection(MAPPED if side == "source" else GUEST, forbidden=["/data", "/backup"])
    result = in_process.run("timer", options(), environment)
    assert result["failed"]
    assert "is not accessible to this login (Permission denied). Ask the owner of the collection" in result["msg"]
    assert f"transfer.paths[0].{side}_path: " in result["msg"]


@pytest.mark.parametrize("status", ["500", "502", "503", "504"])
def test_whatever_a_collection_answers_that_is_off_it_is_asked_once(
    globus: LocalGlobus, environment: dict[str, str], status: str
) -> None:
    globus.switch(unreachable_status=status)
    globus.collection(MAPPED, reachable=False)
    result = in_process.run("timer", {**options(), "retries": 5}, environment)
    assert (result["failed"], result["changed"]) == (False, True)
    (warning,) = result["warnings"]
    assert f"Paths on collection 'Lab' ({MAPPED}) were not checked: Globus Transfer answered {status}: " in warning
    assert asked(globus).count("stat") == 2


def test_people_without_the_consent_to_look_are_told_and_the_timer_is_created(
    globus: LocalGlobus, environment: dict[str, str], tmp_path: Path
) -> None:
    """The consent of the timer is a different one, and exists."""
    world = globus.call("GET", "world")["collections"]
    kept = [{name: one[name] for name in ("id", "display_name", "entity_type", "root")} for one in world]
    person = {"id": PERSON, "username": "researcher@example.org"}
    globus.reset(
        world={"collections": kept, "apps": [{"id": NATIVE_APP, "name": "App"}], "people": [person]}, clock=START
    )
    someone = Person(globus, tmp_path)
    someone.sign_in()
    globus.grant(timer_scope(MAPPED), client_id=NATIVE_APP, identity=PERSON)
    globus.clear_log()
    login = {"auth_method": "user", "client_id": NATIVE_APP}
    result = in_process.run("timer", {**options("/dat/"), **login}, someone.environment)
    assert (result["failed"], result["changed"]) == (False, True), result
    (warning,) = result["warnings"]
    assert warning == (
        f"Paths on collection 'Lab' ({MAPPED}) were not checked: this login has no consent for the data of the "
        "collection. If a path is wrong, the first run will fail"
    )
    assert asked(globus).count("stat") == 1, "the guest collection needs no consent"
    globus.grant(f"{TRANSFER_SCOPE}[*{data_access(MAPPED)}]", client_id=NATIVE_APP, identity=PERSON)
    result = in_process.run("timer", {**options("/dat/", name="other"), **login}, someone.environment)
    assert "/dat/" in result["msg"]
    assert "Did you mean /data/?" in result["msg"]


def test_without_a_transfer_token_nothing_is_created_whether_or_not_paths_are_checked(
    globus: LocalGlobus, environment: dict[str, str]
) -> None:
    """The consents that a timer needs cannot be looked up either (rule S5)."""
    tokens = globus.mint([timer_scope(MAPPED)])
    only = {**globus.environment, "GLOBUS_TIMERS_TOKEN": tokens[TIMERS_SERVER]["access_token"]}
    for check in (True, False):
        result = in_process.run("timer", options(check_paths=check), only)
        assert result["failed"]
        assert "transfer_token is missing (GLOBUS_TRANSFER_TOKEN)" in result["msg"]
