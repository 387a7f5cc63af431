# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""check_paths on real folders: what fails before a timer is created, what is only said, and what it costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emulator.control import LocalGlobus
from emulator.plain import GUEST, MAPPED, Api
from integration import in_process
from integration.harness import START, TOKEN_URL

DAILY = {"interval": "1d", "at": "02:00"}


@pytest.fixture
def environment(globus: LocalGlobus, tmp_path: Path) -> dict[str, str]:
    """Two collections with folders: a mapped one to read from, a guest collection to write to."""
    for name in ("lab/data/run1", "archive/backup"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "lab" / "data" / "table.csv").write_text("1,2", encoding="utf-8")
    (tmp_path / "lab" / "data" / "out").symlink_to("/etc")  # out of what the collection shows
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
    """A timer; ``recursive`` goes to its path, the rest to the timer."""
    path = {"source_path": source, "destination_path": target}
    if "recursive" in more:
        path["recursive"] = more.pop("recursive")
    transfer = {"source_collection": MAPPED, "destination_collection": GUEST, "paths": [path]}
    return {"name": name, "transfer": transfer, "schedule": DAILY, "check_paths": True, **more}


def asked(globus: LocalGlobus) -> list[str]:
    """The requests so far, shortened to what they are about."""
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
            f"transfer.paths[0].source_path: /dat/ does not exist on collection 'Lab' ({MAPPED}). There is /data/. ",
        ),
        ("/data/run2/", "/backup/", None, "/data/run2/ does not exist on collection 'Lab'"),
        ("/data/Table.csv", "/backup/table.csv", None, "There is /data/table.csv"),
        ("/nothing/like/it/", "/backup/", None, "/nothing/like/it/ does not exist"),
        ("/data/", "/backup/", False, "/data/ is a folder, and recursive is false"),
        ("/data/table.csv", "/backup/x.csv", True, "/data/table.csv is a file, and recursive is true"),
        ("/data/", "/note.txt", None, "transfer.paths[0].destination_path: /note.txt is a file, and the source is a"),
        ("/data/table.csv", "/backup", None, "for example /backup/table.csv"),
        ("/data/out/", "/backup/", None, "/data/out/ cannot be read with this login"),
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
    assert warning.endswith("The timers are created without this check")
    assert asked(globus).count("stat") == 2


def test_check_mode_looks_only_where_no_consent_is_needed_W1(globus: LocalGlobus, environment: dict[str, str]) -> None:
    result = in_process.run("timer", options("/dat/", "/note.txt", recursive=True), environment, check=True)
    assert result["failed"]
    assert "/note.txt is a file" in result["msg"]
    assert not [one for one in globus.log() if "data_access" in str(one.get("form", ""))]
    result = in_process.run("timer", options(), environment, check=True)
    assert (result["failed"], result["changed"]) == (False, True)
    assert [one for one in result["warnings"] if "check mode does not request the consent" in one]
    stats = [one["path"] for one in globus.log() if one["path"].endswith("/stat")]
    assert stats
    assert not [path for path in stats if MAPPED in path]
