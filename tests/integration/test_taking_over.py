# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of timer_info is a valid input of timers that changes nothing: two hundred random timers, created in all
possible ways.

Also the documented plays, which write the timers to a file and manage them from it.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import textwrap
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import globus_sdk
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ansible_collections.research_ops.globus.plugins.plugin_utils import _backup
from emulator.control import LocalGlobus
from emulator.plain import FLOW, GUEST, LAPTOP, MAPPED, MAPPED_TOO, OTHER_CLIENT, Api, flow_timer_scope
from emulator.scopes import TIMERS_SERVER
from integration import in_process
from integration.harness import ANSIBLE, BIN, START, Playbooks, calls, writes
from patience import LIMIT

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
NOW = datetime.fromisoformat(START)
NUMBER = 200
OLD_URL = "https://actions.automate.globus.org/transfer/transfer/run"
OLD_NAMES = {
    "source_endpoint": "source_endpoint_id",
    "destination_endpoint": "destination_endpoint_id",
    "DATA": "transfer_items",
}
CLI = (
    "--name cli-1 --interval 2d --recursive",
    "--name cli-2 --interval 30d --sync-level mtime --stop-after-runs 9",
    "--name cli-3 --start 2026-05-01T00:00:00+00:00 --stop-after-runs 1 --label once",
)
SHAPES = ("as_sent", "filled", "filled_with_nulls")

text = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)
paths = st.one_of(
    text.map(lambda one: f"/{one}/"), st.sampled_from(["/~/", "/a b/", "/{{ x }}/", "/'q' \"d\"/", "/#: -/"])
)
items = st.fixed_dictionaries(
    {"DATA_TYPE": st.just("transfer_item"), "source_path": paths, "destination_path": paths},
    optional={"recursive": st.just(True)},
)
rules = st.fixed_dictionaries(
    {"DATA_TYPE": st.just("filter_rule"), "name": text},
    optional={"method": st.sampled_from(["include", "exclude"]), "type": st.sampled_from(["file", "dir"])},
)
flags = dict.fromkeys(
    (
        "verify_checksum",
        "encrypt_data",
        "preserve_timestamp",
        "skip_source_errors",
        "fail_on_quota_errors",
        "delete_destination_extra",
        "store_base_path_info",
        "notify_on_succeeded",
        "notify_on_failed",
        "notify_on_inactive",
    ),
    st.booleans(),
)
moments = st.integers(3600, 300 * 86400).map(lambda seconds: (NOW + timedelta(seconds=seconds)).isoformat())
transfers = st.fixed_dictionaries(
    {
        "DATA_TYPE": st.just("transfer"),
        "source_endpoint": st.sampled_from([MAPPED, GUEST, LAPTOP, MAPPED.upper()]),
        "destination_endpoint": st.sampled_from([MAPPED_TOO, GUEST]),
        "DATA": st.lists(items, min_size=1, max_size=3),
    },
    optional={
        **flags,
        "label": text,
        "sync_level": st.integers(0, 3),
        # later than any first run: an earlier one would be refused when the file creates the timers again (N3)
        "deadline": st.sampled_from(["2028-01-01T00:00:00+00:00", "2029-06-01T12:00:00Z"]),
        "source_local_user": text,
        "destination_local_user": text,
        "filter_rules": st.lists(rules, max_size=3),
    },
)
ends = st.one_of(
    st.integers(2, 500).map(lambda count: {"condition": "iterations", "count": count}),
    st.integers(310, 700).map(lambda days: {"condition": "time", "datetime": (NOW + timedelta(days=days)).isoformat()}),
)
recurring = st.fixed_dictionaries(
    {"type": st.just("recurring"), "interval_seconds": st.integers(6 * 3600, 365 * 86400)},
    optional={"start": moments, "end": ends},
)
once = st.fixed_dictionaries({"type": st.just("once"), "datetime": moments})
documents = st.fixed_dictionaries(
    {
        "name": text,
        "schedule": st.one_of(recurring, recurring, once),
        "body": transfers,
        "maker": st.sampled_from("RSO"),
    }
)


def draw(number: int) -> list[dict[str, Any]]:
    """This number of different random timers, the same in every run."""
    drawn: dict[str, dict[str, Any]] = {}

    @settings(
        max_examples=2 * number,  # some come twice
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(documents)
    def collect(document: dict[str, Any]) -> None:
        drawn[repr((document["body"], document["schedule"]))] = document

    collect()
    return [{**one, "name": f"{one['name']} {place:03}"} for place, one in enumerate(list(drawn.values())[:number])]


class Account:
    """Raw requests, the SDK and modules of one client."""

    def __init__(self, globus: LocalGlobus, client: dict[str, str] | None = None) -> None:
        self.globus = globus
        client = client or {"id": globus.client_id, "secret": globus.client_secret}
        self.api = Api(globus).login(MAPPED, MAPPED_TOO)
        self.environment = {
            **globus.environment,
            "GLOBUS_CLIENT_ID": client["id"],
            "GLOBUS_CLIENT_SECRET": client["secret"],
        }

    def __call__(self, module: str, **options: Any) -> Any:
        result = in_process.run(module, options, self.environment)
        assert not result["failed"], result["msg"]
        return result

    def sdk(self, one: dict[str, Any]) -> None:
        authorizer = globus_sdk.AccessTokenAuthorizer(self.api.tokens[TIMERS_SERVER])
        with globus_sdk.TimersClient(authorizer=authorizer, base_url=self.globus.url) as client:
            client.create_timer(globus_sdk.TransferTimer(name=one["name"], schedule=one["schedule"], body=one["body"]))

    def raw(self, one: dict[str, Any]) -> None:
        document = {"timer_type": "transfer", "name": one["name"], "schedule": one["schedule"], "body": one["body"]}
        self.api.make({"timer": document})

    def old(self, one: dict[str, Any]) -> None:
        """The form before ``/v2/timer``, with a document of the action provider."""
        schedule = one["schedule"]
        end = schedule.get("end", {})
        body = {OLD_NAMES.get(name, name): value for name, value in one["body"].items() if name != "DATA_TYPE"}
        job = {
            "name": one["name"],
            "callback_url": OLD_URL,
            "callback_body": {"body": body},
            "start": schedule.get("start") or schedule.get("datetime") or START,
            "interval": schedule.get("interval_seconds"),
            "stop_after": end.get("datetime"),
            "stop_after_n": end.get("count"),
        }
        answer = self.api.call("POST", "/jobs/", job)
        assert answer.status == 201, answer.text

    def make(self, one: dict[str, Any]) -> None:
        {"R": self.raw, "S": self.sdk, "O": self.old}[one["maker"]](one)


def cli(globus: LocalGlobus, home: Path, *arguments: str) -> None:
    environment = {
        **globus.environment,
        "GLOBUS_CLI_CLIENT_ID": globus.client_id,
        "GLOBUS_CLI_CLIENT_SECRET": globus.client_secret,
        "PATH": str(BIN),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
    }
    command = [str(BIN / "globus"), "timer", "create", "transfer", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def drawn() -> list[dict[str, Any]]:
    return draw(NUMBER)


def copies_into_itself(transfer: dict[str, Any]) -> bool:
    same = transfer["source_collection"].lower() == transfer["destination_collection"].lower()
    return same and any(one["destination_path"].startswith(one["source_path"]) for one in transfer["paths"])


def test_the_two_hundred_are_random_and_by_all_makers(drawn: list[dict[str, Any]]) -> None:
    assert len(drawn) == NUMBER
    assert len({one["name"] for one in drawn}) == NUMBER
    assert len({repr((one["body"], one["schedule"])) for one in drawn}) == NUMBER
    assert all(sum(one["maker"] == maker for one in drawn) > NUMBER / 10 for maker in "RSO")
    assert {one["schedule"].get("end", {}).get("condition") for one in drawn} == {None, "iterations", "time"}
    assert {one["schedule"]["type"] for one in drawn} == {"once", "recurring"}


@pytest.mark.parametrize("shape", SHAPES)
def test_two_hundred_timers_of_anyone_are_taken_over_without_a_write(
    shape: str, drawn: list[dict[str, Any]], globus: LocalGlobus, tmp_path: Path
) -> None:
    """Unchanged, and after their first runs; then created again in an empty account, with the same definitions."""
    globus.reset(clock=START, stopped=True, switches={"read_shape": shape, "end_condition": "present"})
    account = Account(globus)
    for one in drawn:
        account.make(one)
    if shape == "as_sent":  # the CLI is slow
        for options in CLI:
            cli(globus, tmp_path, f"{MAPPED}:/cli/", f"{MAPPED_TOO}:/cli/", *options.split())
    expected = NUMBER + (len(CLI) if shape == "as_sent" else 0)

    def take_over() -> list[dict[str, Any]]:
        found = account("timer_info")["timers"]
        assert not [one for one in found if "not_manageable" in one]
        definitions = [one["definition"] for one in found]
        globus.clear_log()
        taken = account("timers", timers=definitions, on_drift="fail")
        assert calls(globus.log()) == ["POST token", "GET jobs"]
        assert not taken["changed"]
        assert taken["counts"]["unchanged"] == len(definitions)
        assert all(one["drift"] == [] for one in taken["timers"])
        return definitions

    definitions = take_over()
    assert len(definitions) == expected
    clients = globus.call("GET", "world")["clients"]
    other = Account(globus, next(one for one in clients if one["id"] == OTHER_CLIENT))
    assert other("timer_info")["timers"] == []
    coming = [
        one
        for one in definitions
        if one["schedule"]["start"] > "2026-03-02T12:30"  # others start a tick later
        # Mirrors that would delete what others write, and copies into themselves, are not created (rule N4).
        and not one["transfer"].get("delete_destination_extra")
        and not copies_into_itself(one["transfer"])
    ]
    made = other("timers", timers=coming, concurrency=16)
    assert made["counts"]["created"] == len(coming) > NUMBER / 2
    assert [one["definition"] for one in other("timer_info")["timers"]] == coming

    globus.advance(40 * 86400)
    assert 0 < len(take_over()) <= expected


def test_what_is_paused_stopped_or_has_missed_its_only_run_is_taken_over_too(globus: LocalGlobus) -> None:
    account = Account(globus)
    soon = "2026-03-03T02:00:00+00:00"
    daily = {"type": "recurring", "interval_seconds": 86400, "start": soon}
    schedules = {
        "forever": daily,
        "counted": {**daily, "end": {"condition": "iterations", "count": 3}},
        "until": {**daily, "end": {"condition": "time", "datetime": "2026-03-04T00:00:00+00:00"}},
        "once": {"type": "once", "datetime": soon},
    }
    for name, schedule in schedules.items():
        for state in ("paused", "stopped"):
            job = account.api.create(name=f"{name} {state}", schedule=schedule, source=MAPPED, destination=MAPPED_TOO)
            if state == "paused":
                account.api.call("POST", f"/jobs/{job}/pause")
    globus.revoke()
    globus.advance(30 * 86400)
    found = account("timer_info")["timers"]
    assert len(found) == 8
    globus.clear_log()

    taken = account("timers", timers=[one["definition"] for one in found], on_drift="fail")

    assert not taken["changed"]
    assert writes(globus.log()) == []


def test_names_that_tell_no_timer_are_taken_over_by_id(globus: LocalGlobus) -> None:
    account = Account(globus)
    twins = [account.api.create(name="twin", body={"label": label}) for label in ("a", "b")]
    nameless = account.api.create(name=None)
    account.api.create(name="only")
    found = {one["id"]: one["definition"] for one in account("timer_info")["timers"]}

    for one in (*twins, nameless):
        assert found[one]["timer_id"] == one
        assert "name" not in found[one]
    assert [one["name"] for one in found.values() if "name" in one] == ["only"]
    # also if the other twin is not requested
    account.api.call("POST", f"/jobs/{twins[0]}/pause")
    (active,) = account("timer_info", name="twin", status=["active"])["timers"]
    assert active["definition"]["timer_id"] == twins[1]
    assert not account("timers", timers=list(found.values()), on_drift="fail")["changed"]


@pytest.mark.parametrize("recursive", [{}, {"recursive": None}, {"recursive": True}], ids=["absent", "null", "true"])
def test_a_job_of_the_role_matches_a_timer_that_leaves_it_to_the_service_to_detect_folders_D1(
    globus: LocalGlobus, recursive: dict[str, Any]
) -> None:
    account = Account(globus)
    item = {"DATA_TYPE": "transfer_item", "source_path": "/data/", "destination_path": "/backup/", **recursive}
    daily = {"type": "recurring", "interval_seconds": 86400, "start": "2026-03-03T02:00:00+00:00"}
    body = {"DATA": [item], "verify_checksum": True}
    account.api.create(name="backup-lab", schedule=daily, source=MAPPED, destination=MAPPED_TOO, body=body)
    job = {
        "name": "lab",
        "source_collection": MAPPED,
        "source_path": "/data/",
        "destination_collection": MAPPED_TOO,
        "destination_path": "/backup/",
        "schedule": "nightly",
    }
    timers = _backup.expand([job], now=NOW).timers
    globus.clear_log()

    assert not account("timers", timers=timers, on_drift="fail")["changed"]
    assert writes(globus.log()) == []


def test_what_cannot_be_managed_is_listed_with_the_reason_I4(globus: LocalGlobus) -> None:
    account = Account(globus)
    job = {"name": "hook", "callback_url": "https://example.org/hook", "callback_body": {"x": 1}, "start": START}
    assert account.api.call("POST", "/jobs/", {**job, "interval": 86400}).status == 201
    file = {"DATA_TYPE": "transfer_item", "source_path": "/a", "destination_path": "/b", "recursive": False}
    account.api.create(name="mirror", body={"DATA": [file], "delete_destination_extra": True})
    checksum = {**file, "external_checksum": "abc"}
    account.api.create(name="checksum", body={"DATA": [checksum]})  # the algorithm may be left out

    found = {one["name"]: one for one in account("timer_info")["timers"]}

    assert found["hook"]["type"] == "generic"
    assert [name for name, one in found.items() if one["definition"]] == ["checksum"]
    assert found["hook"]["not_manageable"] == "The timer neither transfers data nor runs a flow"
    assert "delete_destination_extra" in found["mirror"]["not_manageable"]
    assert "not_manageable" not in found["checksum"]


def play(playbooks: Playbooks, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**playbooks.environment, "RECORD": str(playbooks.home / f"{name}.jsonl")}
    command = [str(ANSIBLE / "ansible-playbook"), str(EXAMPLES / name), *arguments]
    return subprocess.run(
        command, env=environment, cwd=playbooks.home, capture_output=True, text=True, timeout=LIMIT, check=False
    )


def test_the_documented_plays_write_a_file_that_manages_everything_as_it_is(
    drawn: list[dict[str, Any]], globus: LocalGlobus, playbooks: Playbooks
) -> None:
    account = Account(globus)
    globus.grant(flow_timer_scope(FLOW))
    for one in drawn:
        account.make(one)
    account.api.create_flow_timer(
        name="flow {{ nothing }}", body={"body": {"text": "{% if %}", "nested": [{"a": None}]}}
    )
    job = {"name": "hook", "callback_url": "https://example.org/hook", "callback_body": {}, "start": START}
    assert account.api.call("POST", "/jobs/", {**job, "interval": 86400}).status == 201
    file = playbooks.home / "globus_timers.yml"
    globus.clear_log()

    taken = play(playbooks, "take_over.yml", "-e", f"take_over_file={file}")
    assert taken.returncode == 0, taken.stdout + taken.stderr
    assert "neither transfers data nor runs a flow" in taken.stdout
    assert writes(globus.log()) == []

    managed = play(playbooks, "managed.yml", "-e", f"managed_file={file}")
    assert managed.returncode == 0, managed.stdout + managed.stderr
    assert "changed=0" in managed.stdout
    assert writes(globus.log()) == []

    class Loader(yaml.SafeLoader):
        """Loads the tag as a plain value."""

    def text(loader: Loader, node: yaml.ScalarNode) -> str:
        return str(loader.construct_scalar(node))

    Loader.add_constructor("!unsafe", text)
    loaded = yaml.load(file.read_text(encoding="utf-8"), Loader)
    assert loaded["globus_timers"] == "{{ globus_timers_text | from_json }}", "names have braces"
    written = json.loads(loaded["globus_timers_text"])
    expected = [one["definition"] for one in account("timer_info")["timers"] if one["definition"]]
    assert written == expected


RARE = "\x85\u2028\u2029\ufeff\u200b\u202e\U0001f52c\x7f'\"#:\\ -\t"


@pytest.mark.parametrize("braces", [False, True])
def test_names_and_paths_of_all_of_unicode_come_back_byte_for_byte(
    globus: LocalGlobus, playbooks: Playbooks, braces: bool
) -> None:
    """Fault 41: names with U+2028 came back with a blank, and managed.yml made second timers."""
    account, chance = Account(globus), random.Random(41)
    characters = [chr(code) for code in range(0x20, 0x110000) if not 0xD800 <= code <= 0xDFFF]
    names = [f"timer {character}.{number}" for number, character in enumerate(RARE)]
    while len(names) < 200:
        drawn = "".join(chance.choice(RARE if chance.random() < 0.3 else characters) for _n in range(8))
        names.append(f"n{len(names)}{drawn}{'{{ x }}' if braces else ''}.")
    for name in names:
        item = {"DATA_TYPE": "transfer_item", "source_path": f"/{name}/", "destination_path": f"/b/{name}/"}
        account.api.create(name=name, body={"DATA": [item]})
    before = [one["definition"] for one in account("timer_info")["timers"]]
    assert {one["name"] for one in before} == set(names)
    file = playbooks.home / "globus_timers.yml"
    assert play(playbooks, "take_over.yml", "-e", f"take_over_file={file}").returncode == 0
    globus.clear_log()
    managed = play(playbooks, "managed.yml", "-e", f"managed_file={file}")
    assert managed.returncode == 0, managed.stdout + managed.stderr
    assert "changed=0" in managed.stdout
    assert writes(globus.log()) == []
    assert [one["definition"] for one in account("timer_info")["timers"]] == before


def test_the_documented_plays_on_a_prefix_and_on_one_that_no_timer_has(
    globus: LocalGlobus, playbooks: Playbooks
) -> None:
    file = playbooks.home / "globus_timers.yml"
    options = ("-e", f"take_over_file={file}", "-e")
    account = Account(globus)
    account.api.create(name="theirs")
    account.api.create(name="mine-nightly")
    assert play(playbooks, "take_over.yml", *options, "take_over_prefix=mine-").returncode == 0
    managed = play(playbooks, "managed.yml", "-e", f"managed_file={file}")
    assert managed.returncode == 0, managed.stdout + managed.stderr
    written = file.read_text(encoding="utf-8")
    assert "theirs" not in written
    misspelt = play(playbooks, "take_over.yml", *options, "take_over_prefix=mien-")
    assert misspelt.returncode == 2
    assert 'This account has no timer whose name starts with \\"mien-\\".' in misspelt.stdout
    assert file.read_text(encoding="utf-8") == written


def test_without_braces_the_written_file_is_a_plain_list(globus: LocalGlobus, playbooks: Playbooks) -> None:
    account = Account(globus)
    account.api.create(name="nightly")
    file = playbooks.home / "globus_timers.yml"
    assert play(playbooks, "take_over.yml", "-e", f"take_over_file={file}").returncode == 0
    managed = play(playbooks, "managed.yml", "-e", f"managed_file={file}")
    assert managed.returncode == 0, managed.stdout + managed.stderr
    (timer,) = account("timer_info")["timers"]
    assert yaml.safe_load(file.read_text(encoding="utf-8")) == {
        "globus_timer_ids": [timer["id"]],
        "globus_timers": [timer["definition"]],
    }


def test_the_written_file_says_the_names_of_those_that_it_has_by_their_ids(
    globus: LocalGlobus, playbooks: Playbooks
) -> None:
    account = Account(globus)
    for name in ("twin\n- {{ 1 }}", "twin\n- {{ 1 }}", "single"):
        account.api.create(name=name)
    file = playbooks.home / "globus_timers.yml"
    assert play(playbooks, "take_over.yml", "-e", f"take_over_file={file}").returncode == 0
    twins = [one["id"] for one in account("timer_info")["timers"] if one["name"] != "single"]
    said = re.findall(r"^# The name of (\S+) is (.+)\.$", file.read_text(encoding="utf-8"), re.M)
    assert said == [(twin, json.dumps("twin\n- {{ 1 }}")) for twin in twins]


def test_move_changes_nothing_with_the_credentials_of_another_account(
    globus: LocalGlobus, playbooks: Playbooks
) -> None:
    """The play finds timers by their names: in the new account, it would delete the replacements of the old ones."""
    old = Account(globus)
    new_client = next(one for one in globus.call("GET", "world")["clients"] if one["id"] == OTHER_CLIENT)
    new = Account(globus, new_client)
    for name in ("nightly", "{{ weekly }}"):
        old.api.create(name=name)
    definitions = [one["definition"] for one in old("timer_info")["timers"]]
    assert new("timers", timers=definitions)["counts"]["created"] == 2
    file = playbooks.home / "globus_timers.yml"
    assert play(playbooks, "take_over.yml", "-e", f"take_over_file={file}").returncode == 0
    move = ("move.yml", "-e", f"move_file={file}", "-e", "move_state=absent")

    mine = dict(playbooks.environment)
    playbooks.environment.update(GLOBUS_CLIENT_ID=OTHER_CLIENT, GLOBUS_CLIENT_SECRET=new_client["secret"])
    globus.clear_log()
    moved = play(playbooks, *move)
    assert moved.returncode == 2, moved.stdout
    assert "Nothing was changed. Use the credentials of the account in which" in " ".join(moved.stdout.split())
    assert writes(globus.log()) == []

    playbooks.environment.update(mine)
    for changed in (1, 0):
        moved = play(playbooks, *move)
        assert moved.returncode == 0, moved.stdout + moved.stderr
        assert f"changed={changed}" in moved.stdout
    assert len(new("timer_info")["timers"]) == 2
    assert old("timer_info")["timers"] == []


@pytest.mark.parametrize("timer", [{"name": "twin"}, {"name": ""}], ids=["two of a name", "nameless"])
def test_move_leaves_no_timer_running_whose_entry_was_given_a_name_only_in_the_file(
    globus: LocalGlobus, playbooks: Playbooks, timer: dict[str, str]
) -> None:
    """Else both accounts would transfer the same data: absent finds no timer of the new name, and succeeds."""
    account = Account(globus)
    for name in (timer["name"], "twin", "single"):
        account.api.create(name=name)
    file = playbooks.home / "globus_timers.yml"
    assert play(playbooks, "take_over.yml", "-e", f"take_over_file={file}").returncode == 0
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    by_id = [one["timer_id"] for one in written["globus_timers"] if "timer_id" in one]
    assert by_id
    named = [{"name": f"new {one.pop('timer_id', '')}", **one} for one in written["globus_timers"]]
    file.write_text(yaml.safe_dump({**written, "globus_timers": named}), encoding="utf-8")
    globus.clear_log()

    for state in ("paused", "absent"):
        moved = play(playbooks, "move.yml", "-e", f"move_file={file}", "-e", f"move_state={state}")
        assert moved.returncode == 2, moved.stdout
        assert all(one in moved.stdout for one in by_id)
        assert "Nothing was changed" in " ".join(moved.stdout.split())
    assert writes(globus.log()) == []

    variables = playbooks.home / "names.json"
    variables.write_text(json.dumps({"rename_timers": {one: f"new {one}" for one in by_id}}), encoding="utf-8")
    for changed in (1, 0):
        done = play(playbooks, "rename.yml", "-e", f"@{variables}")
        assert done.returncode == 0, done.stdout
        assert f"changed={changed}" in done.stdout
    moved = play(playbooks, "move.yml", "-e", f"move_file={file}")
    assert moved.returncode == 0, moved.stdout
    assert {one["status"] for one in account("timer_info")["timers"]} == {"inactive"}


@pytest.mark.parametrize(
    ("guide", "example"), [("taking_over", "take_over"), ("taking_over", "managed"), ("health", "alerts/alert")]
)
def test_the_guides_show_the_plays_that_are_tested(guide: str, example: str) -> None:
    shown = (EXAMPLES.parent / "docsite" / "rst" / f"guide_{guide}.rst").read_text(encoding="utf-8")
    play = (EXAMPLES / f"{example}.yml").read_text(encoding="utf-8").split("\n---\n", 1)[1]
    assert textwrap.indent(play, "    ") in shown
