# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every problem with credentials has its message; and the number of requests to sign in (C1)."""

from __future__ import annotations

import json
import socket
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from ansible_collections.research_ops.globus.plugins.module_utils._globus import http as _http
from emulator.browser import RESEARCHER, sign_in
from emulator.control import LocalGlobus
from emulator.plain import GUEST, LAPTOP, MAPPED, NATIVE_APP, OTHER_CLIENT, PERSON, UNKNOWN, timer_scope
from emulator.scopes import TIMERS_SCOPE, TIMERS_SERVER, TRANSFER_SCOPE, TRANSFER_SERVER
from emulator.wire import service_of
from integration import in_process
from integration.harness import calls, definition
from integration.people import Person

DAY = 86400
OTHER_APP = "eeeeeeee-0000-4000-8000-00000000000f"
LOGIN = f"ansible-playbook research_ops.globus.login -e globus_client_id={NATIVE_APP}"

Result = dict[str, Any]


@pytest.fixture
def person(globus: LocalGlobus, tmp_path: Path) -> Person:
    """Somebody who is not signed in."""
    return Person(globus, tmp_path)


@pytest.fixture
def account(globus: LocalGlobus) -> dict[str, Any]:
    """The options of a service account."""
    return {"client_id": globus.client_id, "client_secret": globus.client_secret}


def ensure(person: Person, **options: Any) -> Result:
    """A task that creates a timer if it is missing, or fails."""
    name = options.pop("name", "nightly")
    ends = {"source_collection": options.pop("source", LAPTOP), "destination_collection": GUEST}
    result: Result = in_process.run(
        "timer", {**definition(name, **ends), "on_drift": "fail", **options}, person.environment
    )
    return result


ANOTHER_FILE = "set token_storage (GLOBUS_TOKEN_STORAGE) to another file"


def refused(result: Result, code: str, *words: str, remedy: str | None = None) -> None:
    """The task failed with this message, and changed nothing."""
    assert (result["failed"], result["changed"]) == (True, False), result
    assert result["error"]["code"] == code, result
    for word in words:
        assert word in result["msg"], result["msg"]
    assert result.get("remedy") == remedy


def rewrite(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the content of a token file."""
    document = json.loads(file.read_text(encoding="utf-8"))
    change(document)
    file.write_text(json.dumps(document), encoding="utf-8")


def expire(document: dict[str, Any]) -> None:
    for token in document["tokens"].values():
        token["expires_at"] = time.time() - 1


def nowhere() -> str:
    """An address on this machine where no server listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/"


# --- what it costs -------------------------------------------------------------------------------------------------


def test_a_task_in_place_costs_one_list_and_at_most_one_token_C1(
    globus: LocalGlobus, person: Person, account: dict[str, Any], tmp_path: Path
) -> None:
    person.sign_in()
    person.use_cli("globus login --no-local-server")
    minted = globus.mint([timer_scope(), TRANSFER_SCOPE], identity=PERSON, client_id=NATIVE_APP)
    tokens = {
        "timers_token": minted[TIMERS_SERVER]["access_token"],
        "transfer_token": minted[TRANSFER_SERVER]["access_token"],
    }
    stored = {**account, "token_storage": str(tmp_path / "account.json")}
    for way, first, again in (
        (account, ["POST token", "GET jobs"], ["POST token", "GET jobs"]),
        (stored, ["POST token", "GET jobs"], ["GET jobs"]),
        ({"auth_method": "user", "client_id": NATIVE_APP}, ["GET jobs"], ["GET jobs"]),
        ({"auth_method": "cli"}, ["GET jobs"], ["GET jobs"]),
        (tokens, ["GET jobs"], ["GET jobs"]),
    ):
        name = str(sorted(way))
        assert ensure(person, name=name, **way)["changed"]
        (tmp_path / "account.json").unlink(missing_ok=True)
        for expected in (first, again):
            globus.clear_log()
            assert (ensure(person, name=name, **way)["changed"]) is False
            assert calls(globus.log()) == expected


def test_a_refused_token_is_renewed_once(
    globus: LocalGlobus, person: Person, account: dict[str, Any], tmp_path: Path, subtests: pytest.Subtests
) -> None:
    """The clock of the services moves, that of this machine does not: a token that looks valid is refused. Not even a
    retry is needed (``retries`` is 0)."""
    ways: dict[str, dict[str, Any]] = {
        "client_credentials": {**account, "token_storage": str(tmp_path / "account.json")},
        "user": {"client_id": NATIVE_APP},
        "cli": {},
    }
    person.sign_in()
    person.use_cli("globus login --no-local-server")
    storage = person.cli_storage.read_bytes()
    for method, options in ways.items():
        assert ensure(person, name=method, auth_method=method, **options)["changed"]
    globus.advance(3 * DAY)
    for method, options in ways.items():
        with subtests.test(method=method):
            globus.clear_log()
            assert ensure(person, name=method, auth_method=method, **options)["changed"] is False
            assert calls(globus.log()) == ["GET jobs", "POST token", "GET jobs"]
            assert [one["status"] for one in globus.log()] == [401, 200, 200]
            globus.clear_log()
            ensure(person, name=method, auth_method=method, **options)
            # The renewed token is kept, but never in the CLI's storage.
            assert calls(globus.log()) == ["GET jobs", *(["POST token", "GET jobs"] if method == "cli" else [])]
    assert person.cli_storage.read_bytes() == storage
    rewrite(person.tokens(), expire)
    globus.clear_log()
    ensure(person, name="user", **ways["user"])
    assert calls(globus.log()) == ["POST token", "GET jobs"], "one that is known to have expired is not even sent"


def test_a_service_that_refuses_every_token_is_asked_twice(
    globus: LocalGlobus, person: Person, account: dict[str, Any]
) -> None:
    person.sign_in()
    globus.fault("status", status=401, path="^/jobs/$")
    issued, renewed = "rejected a token that Globus Auth has just issued", "rejected the stored login, although it was"
    for options, remedy, said in ((account, None, issued), ({"client_id": NATIVE_APP}, LOGIN, renewed)):
        globus.clear_log()
        refused(ensure(person, retries=5, **options), "UNAUTHORIZED", "401", said, remedy=remedy)
        assert calls(globus.log()).count("GET jobs") == 2


# --- what can be wrong ---------------------------------------------------------------------------------------------


def test_a_service_account_that_is_not_signed_in(
    globus: LocalGlobus, person: Person, account: dict[str, Any], tmp_path: Path
) -> None:
    wrong = {**account, "client_secret": "wrong"}
    refused(
        ensure(person, **wrong), "invalid_client", account["client_id"], "client_secret", "environment (production)"
    )
    refused(ensure(person, **{**account, "client_id": UNKNOWN}), "invalid_client", UNKNOWN, "client_id")
    rewritten = {**account, "client_id": OTHER_CLIENT}
    refused(ensure(person, **rewritten), "invalid_client", OTHER_CLIENT)
    storage = str(tmp_path / "account.json")
    assert ensure(person, **account, token_storage=storage)["changed"]
    remedy = ANOTHER_FILE
    other = {"client_id": OTHER_CLIENT, "client_secret": "x", "token_storage": storage}
    refused(ensure(person, **other), "wrong_login", account["client_id"], OTHER_CLIENT, remedy=remedy)
    preview = {**account, "token_storage": storage, "environment": "preview"}
    refused(ensure(person, **preview), "wrong_login", "production", "preview", remedy=remedy)
    # Without its secret, the client does not count as the login of a person.
    half = {"client_id": account["client_id"], "token_storage": storage}
    refused(ensure(person, **half), "wrong_login", "contains tokens of the service account", "client_secret")
    client = {"id": account["client_id"], "secret": account["client_secret"], "project": False}
    globus.reset({"clients": [client]})
    refused(ensure(person, **account), "FORBIDDEN", "does not belong to a project", "settings/developers")


def test_N2_blank_options_leave_the_variables_in_force(
    globus: LocalGlobus, person: Person, account: dict[str, Any]
) -> None:
    """Empty values, as from a survey of AWX. The message said that exactly the values of the environment were missing
    (issue 11, 21)."""
    person.environment |= {f"GLOBUS_{name.upper()}": value for name, value in account.items()}
    blank = {"client_id": "", "client_secret": " ", "timers_token": "", "transfer_token": "", "token_storage": ""}
    for method in ({}, {"auth_method": "client_credentials"}):
        assert not ensure(person, state="absent", **method, **blank)["failed"]
        assert not ensure(person, state="absent", **method, **dict.fromkeys(blank))["failed"]
    collections = in_process.run("collection_info", {**blank, "collection_ids": [MAPPED]}, person.environment)
    assert not collections["failed"]
    person.environment["GLOBUS_CLIENT_ID"] = "\t"
    result = ensure(person, state="absent", auth_method="client_credentials", **blank)
    refused(result, "no_credentials", "requires client_id", "GLOBUS_CLIENT_ID", remedy="set client_id")


@pytest.mark.parametrize("empty", [None, "", " "])
def test_N1_an_id_that_is_null_is_not_given(empty: str | None, globus: LocalGlobus, person: Person) -> None:
    """The message was that it must be a UUID, not 'None'."""
    login = {"client_id": empty}
    named = {**person.environment, "GLOBUS_CLIENT_ID": NATIVE_APP}
    refused(in_process.run("login", login, person.environment), "invalid_input", "client_id is missing", "native app")
    assert in_process.run("login", login, named)["authorize_url"]
    for module, option in (("login", "collections"), ("login", "flows"), ("collection_info", "collection_ids")):
        known = {"client_id": NATIVE_APP, "client_secret": "x"} if module == "collection_info" else {**login}
        ids = {**known, option: [MAPPED, empty]}
        result = in_process.run(module, ids, named)
        refused(result, "invalid_input", f"{option}[1] is null or blank")
        result = in_process.run(
            module, {**known, option: ["x"]}, {**person.environment, "GLOBUS_CLIENT_ID": NATIVE_APP}
        )
        refused(result, "invalid_input", f"{option}[0] must be a UUID")
    assert globus.log() == []


def test_a_login_that_has_ended(globus: LocalGlobus, person: Person) -> None:
    """Revoked in the web app, unused for too long, not renewable, removed, or signed out."""
    user = {"auth_method": "user", "client_id": NATIVE_APP}
    person.sign_in()
    assert ensure(person, **user)["changed"]
    globus.revoke(identity=PERSON, client_id=NATIVE_APP)
    refused(
        ensure(person, **user), "login_required", "expired or was revoked", "unknown or expired", LOGIN, remedy=LOGIN
    )
    person.sign_in()
    assert not ensure(person, **user)["failed"]
    globus.advance(181 * DAY)
    refused(ensure(person, **user), "login_required", "expired or was revoked", remedy=LOGIN)
    person.sign_in()

    def without_refresh(document: dict[str, Any]) -> None:
        expire(document)
        for token in document["tokens"].values():
            token["refresh_token"] = None

    rewrite(person.tokens(), without_refresh)
    refused(ensure(person, **user), "login_required", "has no refresh token", remedy=LOGIN)
    rewrite(person.tokens(), lambda document: document["tokens"].pop(TIMERS_SERVER))
    refused(ensure(person, **user), "login_required", "no token for Globus Timers", remedy=LOGIN)
    ended = in_process.run("login", {"client_id": NATIVE_APP, "state": "absent"}, person.environment)
    assert (ended["failed"], ended["changed"]) == (False, True)
    refused(ensure(person, **user), "login_required", "No stored user login was found", remedy=LOGIN)


def test_signing_out_revokes_what_was_stored(globus: LocalGlobus, person: Person) -> None:
    person.sign_in()
    copied = person.tokens().read_text(encoding="utf-8")
    absent = {"client_id": NATIVE_APP, "state": "absent"}
    assert in_process.run("login", absent, person.environment, check=True)["changed"]
    assert person.tokens().exists()
    assert in_process.run("login", {**absent, "client_id": OTHER_APP}, person.environment)["changed"] is False
    elsewhere = {**absent, "client_id": OTHER_APP, "token_storage": str(person.tokens())}
    assert in_process.run("login", elsewhere, person.environment)["error"]["code"] == "wrong_login"
    globus.fault("status", status=503, path="revoke")
    down = in_process.run("login", absent, person.environment)
    assert (down["failed"], person.tokens().exists()) == (True, True), "what was not revoked is not forgotten"
    globus.clear_faults()
    assert in_process.run("login", absent, person.environment)["changed"]
    assert in_process.run("login", absent, person.environment)["changed"] is False
    person.tokens().write_text(copied, encoding="utf-8")
    refused(ensure(person, client_id=NATIVE_APP), "login_required", "revoked", remedy=LOGIN)
    globus.reset({"clients": []})
    unknown = in_process.run("login", absent, person.environment)
    assert (unknown["changed"], person.tokens().exists()) == (True, False)
    assert all("settings/consents" in warning for warning in unknown["warnings"])


def test_the_wrong_login(globus: LocalGlobus, person: Person) -> None:
    person.sign_in()
    storage = str(person.tokens())
    elsewhere = {"client_id": OTHER_APP, "token_storage": storage, "auth_method": "user"}
    refused(ensure(person, **elsewhere), "wrong_login", NATIVE_APP, OTHER_APP, remedy=ANOTHER_FILE)
    preview = {"client_id": NATIVE_APP, "environment": "preview"}
    wrong = ensure(person, **preview, auth_method="user")
    refused(wrong, "wrong_login", "production", "preview", remedy=ANOTHER_FILE)
    # auto tries the next method, and reports which half of a service account is missing
    refused(
        ensure(person, **preview),
        "no_credentials",
        "timers_token",
        "client_secret is not",
        "globus login",
        remedy="set GLOBUS_CLIENT_ID and GLOBUS_CLIENT_SECRET",
    )
    for options in ({}, {"auth_method": "user"}):
        assert not ensure(person, **options)["failed"], "the only login that there is"
    second = person.tokens(OTHER_APP)
    second.parent.mkdir()
    second.write_text(person.tokens().read_text(encoding="utf-8"), encoding="utf-8")
    refused(ensure(person), "ambiguous_login", NATIVE_APP, OTHER_APP, "client_id")


def test_remedies_lead_to_the_login_that_the_task_uses(globus: LocalGlobus, person: Person, tmp_path: Path) -> None:
    """Profile, environment and file are part of the command."""
    storage = str(tmp_path / "my login.json")
    options = {"auth_method": "user", "client_id": NATIVE_APP, "environment": "preview", "token_storage": storage}
    there = f"{LOGIN} -e globus_environment=preview -e 'globus_token_storage={storage}'"
    refused(ensure(person, **options), "login_required", there, remedy=there)
    person.sign_in(environment="preview", token_storage=storage)
    missing = ensure(person, **options, source=MAPPED)
    refused(missing, "consent_required", MAPPED, remedy=f"{there} -e globus_collections={MAPPED}")
    cli = {"auth_method": "cli", "environment": "preview"}
    person.environment["GLOBUS_PROFILE"] = "my work"
    command = "GLOBUS_SDK_ENVIRONMENT=preview GLOBUS_PROFILE='my work' globus login"
    refused(ensure(person, **cli), "login_required", "environment preview, profile my work", remedy=command)


def test_access_tokens_that_are_refused(globus: LocalGlobus, person: Person) -> None:
    good = {server: one["access_token"] for server, one in globus.mint([timer_scope(), TRANSFER_SCOPE]).items()}
    expired = globus.mint(TIMERS_SCOPE, expires_in=-1)[TIMERS_SERVER]["access_token"]
    for wrong in (expired, good[TRANSFER_SERVER], "made-up"):
        result = ensure(person, timers_token=wrong, transfer_token=good[TRANSFER_SERVER])
        refused(result, "UNAUTHORIZED", "401", "timers_token has expired", remedy="set timers_token to a fresh token")
    result = ensure(person, timers_token=good[TIMERS_SERVER], transfer_token="made-up")
    refused(result, "ClientError.AuthenticationFailed", "transfer_token", remedy="set transfer_token to a fresh token")
    result = ensure(person, timers_token=good[TIMERS_SERVER])
    refused(result, "no_credentials", "transfer_token is missing", remedy="set transfer_token")


@pytest.mark.parametrize("around", ["{}\r\nX-Other: x", "{}\u2026-", "{} {}", "{}\x00", "{}\u00a0-"])
def test_X1_a_token_that_cannot_be_one_is_not_quoted(around: str, globus: LocalGlobus, person: Person) -> None:
    """Ansible hides texts that equal the option, but the HTTP library quotes such a token in another form."""
    token = globus.mint(TIMERS_SCOPE)[TIMERS_SERVER]["access_token"]
    globus.clear_log()
    result = ensure(person, timers_token=around.format(token, token))
    refused(
        result,
        "malformed_token",
        "The access token for Globus Timers is not valid: it contains blanks, line breaks or other characters",
    )
    assert token not in str(result)
    assert globus.log() == []


@pytest.mark.parametrize("proxy", ["http://me:hush@127.0.0.1:port/", "hush@@::", "http://me:hush@/"])
def test_X1_a_proxy_that_cannot_be_one_is_not_quoted(proxy: str) -> None:
    """No connection is attempted, so this test can name the real Globus."""
    options = {"timers_token": "made-up", "environment": "preview"}
    result = in_process.run("timer_info", options, {"HTTPS_PROXY": proxy})
    refused(result, "no_answer", "the request could not be sent", "Check HTTPS_PROXY")
    assert "hush" not in str(result)


def test_the_line_break_at_the_end_of_a_file_is_no_part_of_a_credential(
    globus: LocalGlobus, person: Person, account: dict[str, Any]
) -> None:
    token = globus.mint(TIMERS_SCOPE)[TIMERS_SERVER]["access_token"]
    assert not ensure(person, timers_token=f"{token}\n", transfer_token="x", state="absent")["failed"]
    assert not ensure(person, state="absent", **{name: f"{value}\n" for name, value in account.items()})["failed"]


def test_auth_down_slow_or_replaced_by_a_page(globus: LocalGlobus, person: Person, account: dict[str, Any]) -> None:
    person.sign_in()
    user = {"client_id": NATIVE_APP}
    running = dict(person.environment)
    person.environment["GLOBUS_SDK_SERVICE_URL_AUTH"] = nowhere()
    for options in (account, user):
        refused(ensure(person, **options), "no_answer", "Globus Auth did not answer", "127.0.0.1")
    step_one = in_process.run("login", {"client_id": NATIVE_APP, "force": True}, person.environment)
    assert step_one["authorize_url"], "step one asks nobody"
    step_two = in_process.run("login", {"client_id": NATIVE_APP, "code": "x"}, person.environment)
    refused(step_two, "no_answer", "Globus Auth did not answer")
    assert not in_process.run("timer_info", {"client_id": NATIVE_APP}, person.environment)["failed"], "needs no Auth"
    person.environment = running
    globus.fault("stall", seconds=600, path="^/v2/oauth2/token$")
    refused(ensure(person, **account, request_timeout=0.3), "no_answer", "Globus Auth did not answer")
    assert globus.log()[-1]["status"] is None, "given up before the answer"
    globus.clear_faults()
    for fault in ("html", "cut_json"):
        globus.fault(fault, path="^/v2/oauth2/token$")
        result = ensure(person, **account)
        assert (result["failed"], result["error"]["code"]) == (True, "unreadable_answer"), result
        globus.clear_faults()


def test_request_timeout_is_kept_in_every_request(
    globus: LocalGlobus, person: Person, account: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    send = HTTPAdapter.send
    seen: set[tuple[str, Any]] = set()

    def noted(self: HTTPAdapter, request: PreparedRequest, *arguments: Any, **options: Any) -> Response:
        seen.add((service_of(urlsplit(str(request.url)).path), options["timeout"]))
        return send(self, request, *arguments, **options)

    monkeypatch.setattr(HTTPAdapter, "send", noted)
    assert ensure(person, **account, source=MAPPED, request_timeout=123.5)["changed"]
    assert seen == {(service, (_http.CONNECT_TIMEOUT, 123.5)) for service in ("auth", "transfer", "timer")}


def test_storage_that_cannot_be_read(person: Person, account: dict[str, Any], tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    for text in ("", "{", "[]", "{}", '{"tokens": {"x": 1}}', '{"tokens": {"x": {"no": 1}}}'):
        broken.write_text(text, encoding="utf-8")
        for options in ({**account}, {"client_id": NATIVE_APP}):
            result = ensure(person, **options, token_storage=str(broken))
            refused(result, "token_storage", "is not a token file of this collection", remedy=f"rm {broken}")
    for path in (tmp_path, Path("/dev/null/tokens.json"), tmp_path / "broken.json" / "tokens.json"):
        assert ensure(person, **account, token_storage=str(path))["error"]["code"] == "token_storage"
    person.cli_storage.parent.mkdir(parents=True)
    person.cli_storage.write_text("not a database", encoding="utf-8")
    remedy = f"rm {person.cli_storage} && globus login"
    refused(ensure(person, auth_method="cli"), "cli_storage", "not a database", remedy=remedy)
    person.cli_storage.unlink()
    with sqlite3.connect(person.cli_storage) as database:
        for table, name in (("config", "config_name, config_data_json"), ("token", "resource_server, token_data_json")):
            database.execute(f"CREATE TABLE {table}_storage (namespace, {name})")
        place = "userprofile/production"
        database.execute(
            "INSERT INTO config_storage VALUES (?, 'auth_client_data', '{\"client_id\": \"x\"}')", (place,)
        )
        database.execute("INSERT INTO token_storage VALUES (?, 'x', '{\"expires_at_seconds\": \"soon\"}')", (place,))
    database.close()
    refused(ensure(person, auth_method="cli"), "cli_storage", "has an unknown format", remedy="globus login --force")


def test_step_two_without_step_one_or_with_a_wrong_code(globus: LocalGlobus, person: Person) -> None:
    def login(**options: Any) -> Result:
        result: Result = in_process.run("login", {"client_id": NATIVE_APP, **options}, person.environment)
        return result

    refused(login(code="x"), "no_login_begun", "without code first")
    refused(login(code=""), "invalid_input", "code is empty")
    first = login()["authorize_url"]
    refused(login(client_id=OTHER_APP, code="x"), "no_login_begun", OTHER_APP)
    refused(login(code="made-up"), "code_refused", "A code works only once", "unknown, used up")
    second = login()["authorize_url"]
    refused(login(code=sign_in(first)), "code_refused", "only for the latest URL")
    assert login(code=sign_in(second))["username"] == RESEARCHER
    refused(login(code="x"), "no_login_begun")
    assert login()["authorize_url"] is None
    refused(login(collections=[UNKNOWN]), "EndpointNotFound", UNKNOWN)
    assert login(collections=[GUEST, LAPTOP])["authorize_url"] is None, "they take no consent"
    assert MAPPED in login(collections=[GUEST, MAPPED])["authorize_url"]
    assert GUEST not in login(collections=[GUEST, MAPPED])["authorize_url"]
