# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way to sign in, from beginning to end: a person at a terminal, the real CLI, and tasks of ansible-playbook."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from emulator.browser import sign_in
from emulator.control import LocalGlobus
from emulator.plain import (
    COLLEAGUE,
    GUEST,
    HIGH_ASSURANCE,
    LAPTOP,
    MAPPED,
    MAPPED_TOO,
    NATIVE_APP,
    PERSON,
    timer_scope,
)
from emulator.scopes import TIMERS_SERVER, TRANSFER_SCOPE, TRANSFER_SERVER
from integration import in_process
from integration.harness import ANSIBLE, Playbooks, Task, calls, control, definition, kinds, logged, timer
from integration.people import Person, answer_at_terminal

DAY = 86400
FIRST_RUN = "2026-03-03T02:00:00+00:00"
SCHEDULE = {"interval": "1d", "start": FIRST_RUN}
LOGIN = [str(ANSIBLE / "ansible-playbook"), "research_ops.globus.login"]
AS_USER = {"auth_method": "user", "client_id": NATIVE_APP}


@pytest.fixture
def person(globus: LocalGlobus, playbooks: Playbooks, tmp_path: Path) -> Person:
    """A person without a login, whose playbooks find the collection."""
    person = Person(globus, tmp_path)
    for name in ("GLOBUS_CLIENT_ID", "GLOBUS_CLIENT_SECRET"):
        del playbooks.environment[name]
    person.environment |= {**playbooks.environment, "RECORD": str(tmp_path / "login.jsonl")}
    return person


def play(**defaults: Any) -> dict[str, Any]:
    """Defaults for every module of the collection."""
    return {"play": {"module_defaults": {"group/research_ops.globus.globus": defaults}}}


def test_the_login_playbook_for_a_list_of_timers_and_then_the_timers(
    globus: LocalGlobus, playbooks: Playbooks, person: Person
) -> None:
    """Two addresses: one to sign in and, after the lookup of the collections that need a consent, one for these."""
    wanted = [
        definition("a", SCHEDULE, destination_collection=GUEST),
        definition("b", SCHEDULE, source_collection=LAPTOP, destination_collection=HIGH_ASSURANCE),
    ]
    wanted[1]["transfer"]["source_endpoint"] = wanted[1]["transfer"].pop("source_collection")
    given = json.dumps({"globus_client_id": NATIVE_APP, "globus_timers": wanted})

    status, output, shown = answer_at_terminal([*LOGIN, "-e", given], person.environment, person.home)

    assert status == 0, output
    assert "Signed in as researcher@example.org" in output
    assert [(MAPPED in address, GUEST in address, LAPTOP in address) for address in shown] == [
        (False, False, False),
        (True, False, False),
    ]
    again = in_process.run("login", {"client_id": NATIVE_APP, "collections": [MAPPED, GUEST]}, person.environment)
    assert (again["authorize_url"], again["username"]) == (None, "researcher@example.org"), "all is there already"
    tasks = [
        timer("create", **wanted[0]),
        timer("in place", **wanted[0], on_drift="fail"),
        control("POST", "clock", {"advance_seconds": 3 * DAY}),
        timer("later", **wanted[0], on_drift="fail"),
        timer("after that", **wanted[0], on_drift="fail"),
    ]

    run = playbooks.run(logged(*tasks), **play(**AS_USER))

    assert run.status == 0, run.output
    assert (kinds(run["create"]), run["create"].get("warnings", [])) == (["create"], [])
    looked_up = ["GET collection", "GET collection", "GET consents"]
    assert calls(run.log("create"))[:4] == ["GET jobs", *looked_up]
    assert "POST token" not in calls(run.log("create"))
    assert calls(run.log("in place")) == ["GET jobs"]
    assert calls(run.log("later")) == ["GET jobs", "POST token", "GET jobs"]
    assert calls(run.log("after that")) == ["GET jobs"]
    (made,) = globus.timers()
    assert (made["owner"], made["client_id"]) == (PERSON, NATIVE_APP)
    assert [event["event"] for event in made["history"]] == ["ran", "ran", "ran"]


@pytest.fixture
def login_book(person: Person) -> str:
    """The login playbook, as a file."""
    book: Task = {"ansible.builtin.import_playbook": "research_ops.globus.login"}
    path = person.home / "login.json"
    path.write_text(json.dumps([book]), encoding="utf-8")
    return str(path)


def test_without_a_terminal_no_task_waits(playbooks: Playbooks, person: Person, login_book: str) -> None:
    """The playbook first explains how to sign in with two commands, and the second one signs in (issue 14, 6)."""
    client = ("-e", f"globus_client_id={NATIVE_APP}", "-e", f"globus_collections={MAPPED}")

    run = playbooks.run((), login_book, *client)

    assert run.status == 2
    message = run["Fail if no code was entered"]["msg"]
    assert f"-e globus_client_id={NATIVE_APP} -e globus_code=CODE" in message
    assert not person.tokens().exists()
    (address,) = re.findall(r"http://127[^ ]+", message)
    again = playbooks.run((), login_book, *client, "-e", "globus_force=true", "-e", f"globus_code={sign_in(address)}")
    assert again.status == 0, again.output
    assert "Signed in as researcher@example.org" in again.output
    assert person.tokens().exists()


def test_without_the_id_of_an_app_the_playbook_says_how_to_give_it(
    playbooks: Playbooks, person: Person, login_book: str
) -> None:
    """The message was that it must be a UUID, not 'None' (issue 14, 6)."""
    for given in ((), ("-e", "globus_client_id="), ("-e", '{"globus_client_id": null}')):
        run = playbooks.run((), login_book, *given)
        assert run.status == 2
        message = run["Check that the ID of the native app is set"]["msg"]
        assert "globus_client_id is missing" in message
        assert "-e globus_client_id=ID" in message
    run = playbooks.run((), login_book, environment={"GLOBUS_CLIENT_ID": NATIVE_APP})
    assert "globus_code=CODE" in run["Fail if no code was entered"]["msg"]


def test_the_login_of_the_real_cli_with_its_profiles_and_environments(
    globus: LocalGlobus, playbooks: Playbooks, person: Person
) -> None:
    """``globus login`` creates the storage. Tasks only read it, each its own part."""
    person.use_cli("globus login --no-local-server")
    person.use_cli("globus login --no-local-server", GLOBUS_SDK_ENVIRONMENT="preview")
    colleague = Person(globus, person.home, "colleague@example.org")
    colleague.use_cli("globus login --no-local-server", GLOBUS_PROFILE="work")
    storage = person.cli_storage.read_bytes()
    work = {"environment": {"GLOBUS_PROFILE": "work"}}
    ends = {"source_collection": LAPTOP, "destination_collection": GUEST}
    tasks = [
        timer("auto", **definition("auto", SCHEDULE, **ends), auth_method="auto"),
        timer("profile", **definition("profile", SCHEDULE, **ends), task=work),
        timer("preview", **definition("preview", SCHEDULE, **ends), environment="preview"),
        timer("no such profile", **definition("x", SCHEDULE, **ends), task={"environment": {"GLOBUS_PROFILE": "none"}}),
        timer("mapped", **definition("mapped", SCHEDULE), task=work),
        control("POST", "clock", {"advance_seconds": 3 * DAY}),
        timer("later", **definition("profile", SCHEDULE, **ends), on_drift="fail", task=work),
    ]

    run = playbooks.run(logged(*tasks), **play(auth_method="cli"))

    owners = {one["name"]: (one["owner"], one["client_id"]) for one in globus.timers()}
    assert owners == {
        "auto": (PERSON, person.cli_client()),
        "profile": (COLLEAGUE, person.cli_client("userprofile/production/work")),
        "preview": (PERSON, person.cli_client("userprofile/preview")),
    }
    assert len(set(owners.values())) == 3
    assert run["no such profile"]["remedy"] == "GLOBUS_PROFILE=none globus login"
    options = " ".join(f"--timer-data-access {one}" for one in (MAPPED, MAPPED_TOO))
    assert run["mapped"]["remedy"] == f"GLOBUS_PROFILE=work globus session consent {options}"
    assert (run["later"]["changed"], calls(run.log("later"))) == (False, ["GET jobs", "POST token", "GET jobs"])
    assert person.cli_storage.read_bytes() == storage, "the CLI's storage is only read"


def test_auto_takes_the_first_that_is_there(globus: LocalGlobus, person: Person) -> None:
    """Tokens, then a service account, a stored login, the login of the CLI, and the error that names all of them."""
    person.sign_in()
    person.use_cli("globus login --no-local-server")
    minted = globus.mint([timer_scope(), TRANSFER_SCOPE], client_id=NATIVE_APP, identity=COLLEAGUE)
    person.environment |= {
        "GLOBUS_TIMERS_TOKEN": minted[TIMERS_SERVER]["access_token"],
        "GLOBUS_TRANSFER_TOKEN": minted[TRANSFER_SERVER]["access_token"],
        "GLOBUS_CLI_CLIENT_ID": globus.client_id,
        "GLOBUS_CLI_CLIENT_SECRET": globus.client_secret,
    }
    ends = {"source_collection": LAPTOP, "destination_collection": GUEST}

    def owner(**options: Any) -> tuple[str, str]:
        name = f"timer {len(globus.timers())}"
        result = in_process.run("timer", {**definition(name, SCHEDULE, **ends), **options}, person.environment)
        assert result["changed"], result
        (made,) = [one for one in globus.timers() if one["name"] == name]
        return made["owner"], made["client_id"]

    assert owner() == (COLLEAGUE, NATIVE_APP)
    assert owner(auth_method="client_credentials") == (globus.client_id, globus.client_id)
    del person.environment["GLOBUS_TIMERS_TOKEN"]
    assert owner() == (globus.client_id, globus.client_id)
    assert owner(**AS_USER) == (PERSON, NATIVE_APP)
    assert owner(auth_method="cli") == (PERSON, person.cli_client())
    del person.environment["GLOBUS_CLI_CLIENT_ID"], person.environment["GLOBUS_CLI_CLIENT_SECRET"]
    assert owner() == (PERSON, NATIVE_APP)
    person.environment["GLOBUS_AUTH_METHOD"] = "cli"
    assert owner() == (PERSON, person.cli_client())
    assert owner(auth_method="user") == (PERSON, NATIVE_APP), "an option wins over its variable"
    del person.environment["GLOBUS_AUTH_METHOD"]
    person.tokens().unlink()
    assert owner() == (PERSON, person.cli_client())
    person.cli_storage.unlink()
    nothing = in_process.run("timer_info", {}, person.environment)
    assert nothing["error"]["code"] == "no_credentials"
    for way in ("timers_token", "client_secret", "ansible-playbook research_ops.globus.login", "globus login"):
        assert way in nothing["msg"]


def test_state_active_cures_want_of_consent_S6_S7(
    globus: LocalGlobus, person: Person, subtests: pytest.Subtests
) -> None:
    """A service account in one task; a person after following the remedy exactly."""
    person.sign_in(MAPPED)
    person.use_cli("globus login --no-local-server")
    client = person.cli_client()
    globus.grant(timer_scope(MAPPED), identity=PERSON, client_id=client)
    ways: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
        "client_credentials": ({"client_id": globus.client_id, "client_secret": globus.client_secret}, {}),
        "user": (AS_USER, {"identity": PERSON, "client_id": NATIVE_APP}),
        "cli": ({}, {"identity": PERSON, "client_id": client}),
    }

    def ensure(method: str, state: str) -> Any:
        asked = definition(method, SCHEDULE, destination_collection=GUEST)
        options = {**asked, **ways[method][0], "auth_method": method, "state": state}
        return in_process.run("timer", options, person.environment)

    for method, (_options, whose) in ways.items():
        assert ensure(method, "present")["changed"]
        globus.revoke(timer_scope(MAPPED), **whose)
    globus.set_clock("2026-03-03T02:00:01+00:00")
    for method in ways:
        with subtests.test(method=method):
            stopped = ensure(method, "present")
            (warning,) = stopped["warnings"]
            assert (stopped["changed"], "ConsentRequired" in warning, MAPPED in warning) == (False, True, True)
            if method != "client_credentials":
                refused = ensure(method, "active")
                assert (refused["failed"], refused["error"]["code"]) == (True, "consent_required")
                remedy = refused["remedy"] + (" --no-local-server" if method == "cli" else "")
                person.use_cli(shlex.join(["bash", "-c", remedy]))
            cured = ensure(method, "active")
            assert (cured["failed"], kinds(cured), cured["timer"]["status"]) == (False, ["resume"], "active"), cured
            assert ensure(method, "active")["warnings"] == []
            (made,) = [one for one in globus.timers() if one["name"] == method]
            assert [event["event"] for event in made["history"]] == ["unauthorised", "ran"]


def test_a_session_is_told_apart_from_a_consent_S5_S6(globus: LocalGlobus, person: Person) -> None:
    """High assurance: only a new login helps, and before it, resuming fails."""
    person.sign_in()
    asked = {
        **definition("careful", SCHEDULE, source_collection=HIGH_ASSURANCE, destination_collection=GUEST),
        **AS_USER,
    }
    assert (
        "After the session of the login has expired"
        in in_process.run("timer", asked, person.environment)["warnings"][0]
    )
    globus.set_clock("2026-03-03T02:00:01+00:00")
    (found,) = in_process.run("timer_info", AS_USER, person.environment)["timers"]
    assert found["health"]["state"] == "needs_session"
    assert "Sign in again as the collection requires" in found["health"]["remedy"]
    stale = in_process.run("timer", {**asked, "state": "active"}, person.environment)
    assert (stale["failed"], stale["changed"], stale["error"]["code"]) == (True, True, "needs_session")
    assert "Session expired for the high assurance collection" in stale["msg"]
    assert "consent" not in stale["msg"]
    assert in_process.run("login", {"client_id": NATIVE_APP}, person.environment)["authorize_url"] is None
    person.use_cli(f"{shlex.join(LOGIN)} -e globus_client_id={NATIVE_APP} -e globus_force=true")
    cured = in_process.run("timer", {**asked, "state": "active"}, person.environment)
    assert (cured["failed"], kinds(cured), cured["timer"]["status"]) == (False, ["resume"], "active")


def test_a_token_is_shared_by_the_tasks_of_a_play_but_not_trusted_for_a_new_collection(
    globus: LocalGlobus, playbooks: Playbooks, tmp_path: Path
) -> None:
    storage = {"token_storage": str(tmp_path / "kept" / "tokens.json")}
    ends = {"source_collection": LAPTOP, "destination_collection": GUEST}
    tasks = [
        timer("first", **definition("a", SCHEDULE, **ends)),
        timer("in place", **definition("a", SCHEDULE, **ends)),
        timer("new collection, check", **definition("b", SCHEDULE), task={"check_mode": True}),
        timer("new collection", **definition("b", SCHEDULE)),
    ]

    run = playbooks.run(logged(*tasks), **play(**storage))

    assert run.status == 0, run.output
    assert "POST token" in calls(run.log("first"))
    assert calls(run.log("in place")) == ["GET jobs"]
    assert calls(run.log("new collection, check")) == ["GET jobs", "GET collection", "GET collection"]
    asked = calls(run.log("new collection"))
    assert (asked.count("POST token"), asked.count("POST consent")) == (0, 1)
    globus.set_clock("2026-03-03T02:00:01+00:00")
    assert {one["name"]: len(one["history"]) for one in globus.timers()} == {"a": 1, "b": 1}
    assert all(one["history"][0]["event"] == "ran" for one in globus.timers())
