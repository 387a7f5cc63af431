# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each line of the threat review in docs/docsite/rst/guide_authentication.rst (X1, X2)."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._globus import http as _http
from ansible_collections.research_ops.globus.plugins.module_utils._globus import logins as _login
from ansible_collections.research_ops.globus.plugins.module_utils._globus import service as _service
from ansible_collections.research_ops.globus.plugins.module_utils._globus.credentials import Credentials
from ansible_collections.research_ops.globus.plugins.module_utils._globus.token_storage import (
    StoredLogin,
    Token,
    TokenFile,
)
from emulator.browser import sign_in
from emulator.control import LocalGlobus
from emulator.plain import MAPPED, NATIVE_APP, PERSON, timer_scope
from emulator.scopes import TIMERS_SERVER, TRANSFER_SCOPE, TRANSFER_SERVER
from integration import in_process
from integration.harness import ANSIBLE, Playbooks, calls, definition, timer
from integration.people import Person, answer_at_terminal
from patience import LIMIT, until

TOKEN = re.compile(r"(?:access|refresh)-[A-Za-z0-9_-]{20,}")
TESTS = Path(__file__).resolve().parents[1]


@pytest.fixture
def person(globus: LocalGlobus, tmp_path: Path) -> Person:
    """Somebody who is not signed in."""
    return Person(globus, tmp_path)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def pending(person: Person) -> Path:
    return person.tokens().with_name(".tokens.json.pending")


# --- what is stored where, and who can read it ---------------------------------------------------------------------


def test_files_are_private_whatever_the_umask_X1(globus: LocalGlobus, person: Person, tmp_path: Path) -> None:
    storage = tmp_path / "a" / "b" / "account.json"
    account = {"client_id": globus.client_id, "client_secret": globus.client_secret, "token_storage": str(storage)}
    before = os.umask(0)
    try:
        begun = in_process.run("login", {"client_id": NATIVE_APP}, person.environment)
        verifier_file = mode(pending(person))
        person.sign_in()
        assert in_process.run("timer", {**definition(), **account}, person.environment)["changed"]
        storage.chmod(0o644)
        globus.advance(3 * 86400)
        assert not in_process.run("timer", {**definition(), **account}, person.environment)["failed"]
    finally:
        os.umask(before)
    assert begun["authorize_url"]
    assert verifier_file == 0o600
    for folder in (*person.tokens().parents[:3], *storage.parents[:2]):
        assert (folder, oct(mode(folder))) == (folder, oct(0o700))
    for file in (person.tokens(), storage):
        there = {path.name: oct(mode(path)) for path in file.parent.iterdir()}
        assert there == dict.fromkeys((file.name, f".{file.name}.lock"), oct(0o600))


def test_what_is_stored_of_a_login_X1(globus: LocalGlobus, person: Person, tmp_path: Path) -> None:
    """The file contains the verifier until the code is used, then the tokens and the identity. It contains no secret of
    a service account."""
    begun = in_process.run("login", {"client_id": NATIVE_APP, "collections": [MAPPED]}, person.environment)
    stored = json.loads(pending(person).read_text(encoding="utf-8"))
    assert set(stored) == {"client_id", "environment", "redirect_uri", "verifier"}
    assert stored["verifier"] not in json.dumps(begun)
    code = sign_in(begun["authorize_url"])
    ended = in_process.run("login", {"client_id": NATIVE_APP, "code": code}, person.environment)
    assert not pending(person).exists()
    document = json.loads(person.tokens().read_text(encoding="utf-8"))
    assert set(document) == {"environment", "client_id", "identity", "username", "tokens"}
    assert (document["identity"], document["username"]) == (PERSON, "researcher@example.org")
    assert TOKEN.search(person.tokens().read_text(encoding="utf-8")), "the pattern finds tokens"
    for secret in (code, stored["verifier"]):
        assert secret not in person.tokens().read_text(encoding="utf-8")
        assert secret not in json.dumps(ended)
    assert not TOKEN.search(json.dumps(ended))
    storage = tmp_path / "account.json"
    account = {"client_id": globus.client_id, "client_secret": globus.client_secret, "token_storage": str(storage)}
    result = in_process.run("timer", {**definition(), **account}, person.environment)
    assert globus.client_secret not in storage.read_text(encoding="utf-8")
    assert not TOKEN.search(json.dumps(result))


KILLED = """
import os, signal, sys
import conftest
from ansible_collections.research_ops.globus.plugins.module_utils._globus import token_storage as storage
os.{call} = lambda *arguments, **options: os.kill(os.getpid(), signal.SIGKILL)
file = storage.TokenFile(sys.argv[1])
with file.locked():
    file.write(storage.StoredLogin("production", "new", {{"x": storage.Token("new")}}))
"""


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_writer_that_is_killed_leaves_the_old_file_X1(call: str, tmp_path: Path) -> None:
    file = TokenFile(str(tmp_path / "folder" / "tokens.json"))
    old, new = (StoredLogin("production", name, {"x": Token(f"{name}-token")}) for name in ("old", "newer"))
    with file.locked():
        file.write(old)
    command = [sys.executable, "-c", KILLED.format(call=call), str(file.path)]
    ended = subprocess.run(command, cwd=TESTS, env={**os.environ, "PYTHONPATH": str(TESTS)}, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert file.read() == old
    with file.locked():  # its lock was deleted, too
        file.write(new)
    assert file.read() == new
    assert sorted(path.name for path in file.path.parent.iterdir()) == [".tokens.json.lock", "tokens.json"]


TOGETHER = """
import json, os, sys
import conftest
from integration import in_process
from integration.harness import definition
from emulator.plain import GUEST, LAPTOP
options, environment = json.loads(sys.argv[1])
in_process.run("timer_info", options, environment)  # all that has to be imported is
children = []
begin, go = os.pipe()
for number in range(10):
    child = os.fork()
    if child == 0:
        os.close(go)
        os.read(begin, 1)
        result = in_process.run("timer_info", options, environment)
        os._exit(int(result["failed"]))
    children.append(child)
json.dump(None, sys.stdout)
print(flush=True)
sys.stdin.readline()
os.close(go)
print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]))
"""


def test_ten_tasks_that_renew_at_once_leave_one_valid_file_X1(
    globus: LocalGlobus, person: Person, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    """The token of ten processes is refused: one of them requests a new one, the others read it from the file."""
    person.sign_in()
    account = {"client_id": globus.client_id, "client_secret": globus.client_secret}
    ways: dict[str, dict[str, Any]] = {
        "user": {"auth_method": "user", "client_id": NATIVE_APP},
        "client_credentials": {**account, "token_storage": str(tmp_path / "account.json")},
    }
    for method, options in ways.items():
        with subtests.test(method=method):
            arguments = json.dumps([options, person.environment])
            process = subprocess.Popen(
                [sys.executable, "-c", TOGETHER, arguments],
                cwd=TESTS,
                env={**os.environ, "PYTHONPATH": str(TESTS)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            assert process.stdout is not None
            assert process.stdout.readline() == "null\n"
            globus.advance(3 * 86400)
            globus.clear_log()
            output, _errors = process.communicate("go\n", timeout=LIMIT)
            assert json.loads(output) == [0] * 10
            counted = calls(globus.log())
            assert counted.count("POST token") == 1
            assert 11 <= counted.count("GET jobs") <= 20
            globus.clear_log()
            assert not in_process.run("timer_info", options, person.environment)["failed"]
            assert calls(globus.log()) == ["GET jobs"], "the file is whole and its token good"


# --- what is sent to whom ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "https://auth.example.org/",
        "http://auth.globus.org/",
        "https://auth.globus.org.example.org/",
        "http://10.0.0.1/",
    ],
)
def test_a_login_goes_to_globus_and_this_machine_alone_X2(person: Person, address: str) -> None:
    """Neither the person, nor a code, nor a refresh token is sent to another host."""
    person.sign_in()
    stored = person.tokens().read_bytes()
    person.environment["GLOBUS_SDK_SERVICE_URL_AUTH"] = address
    for options in ({}, {"force": True}, {"code": "x"}, {"state": "absent"}):
        result = in_process.run("login", {"client_id": NATIVE_APP, **options}, person.environment)
        assert (result["failed"], result["error"]["code"]) == (True, "untrusted_address")
        assert "authorize_url" not in result
    result = in_process.run("timer_info", {"client_id": NATIVE_APP}, person.environment)
    assert result["error"]["code"] == "untrusted_address"
    assert person.tokens().read_bytes() == stored
    assert not pending(person).exists()


def test_each_service_gets_its_own_token_and_auth_alone_the_rest_X2(
    globus: LocalGlobus, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real requests, header by header."""
    from requests import Session

    sent: list[tuple[str, str]] = []
    send = Session.send

    def note(self: Session, request: Any, **options: Any) -> Any:
        sent.append((request.path_url, f"{request.headers.get('Authorization')} {request.body}"))
        return send(self, request, **options)

    monkeypatch.setattr(Session, "send", note)
    person.sign_in(MAPPED)
    tokens = json.loads(person.tokens().read_text(encoding="utf-8"))["tokens"]
    options = {**definition(destination_collection=MAPPED), "client_id": NATIVE_APP, "client_secret": None}
    assert in_process.run("timer", options, person.environment)["changed"]
    assert {path.split("/")[1] for path, _text in sent} == {"v2", "jobs", "v0.10"}
    for path, text in sent:
        server = {"jobs": TIMERS_SERVER, "v0.10": TRANSFER_SERVER}.get(path.split("/")[1], "auth.globus.org")
        server = TIMERS_SERVER if path == "/v2/timer" else server
        for other, token in tokens.items():
            assert (token["access_token"] in text) <= (other == server), f"{path} got the token of {other}"
            assert token["refresh_token"] not in text, "nothing was to be renewed"


# --- where no secret may show --------------------------------------------------------------------------------------


def break_down(*_values: Any, **_options: Any) -> None:
    raise ZeroDivisionError


def test_no_secret_in_a_traceback_X1(
    globus: LocalGlobus, person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug anywhere below the module: neither its traceback nor the values in it contain a secret."""
    person.sign_in()
    minted = globus.mint([timer_scope(), TRANSFER_SCOPE])
    tokens = {"timers_token": minted[TIMERS_SERVER]["access_token"]}
    account = {"client_id": globus.client_id, "client_secret": globus.client_secret}
    for options in (account, {**account, "token_storage": str(tmp_path / "t.json")}, {"client_id": NATIVE_APP}, tokens):
        for owner, name in ((_service.Globus, "list_timers"), (_http, "_refusal_of_answer"), (_login, "_is_fresh")):
            with monkeypatch.context() as patch:
                patch.setattr(owner, name, break_down)
                globus.fault("status", status=403, path="^/jobs")
                result = in_process.run("timer_info", options, person.environment, fault=True)
                shown = str(result)
                globus.clear_faults()
                broken = result["error"]["code"] == "unexpected_error"
                assert broken or (options, name) == (tokens, "_is_fresh"), "it broke down there"
                assert not TOKEN.search(shown)
                assert globus.client_secret not in shown
    values = [
        Credentials("x", client_secret="secret-1", timers_token="secret-2", transfer_token="secret-3"),
        Token("secret-4", refresh_token="secret-5"),
        StoredLogin("production", "x", {"y": Token("secret-6")}, client_secret="secret-7"),
    ]
    assert "secret-" not in repr(values) + str(values) + "".join(f"{value}" for value in values)


class Watch:
    """Reads the command lines and environments of the processes with a HOME, until it is stopped.

    :ivar modules: the number of times that the process of a module was seen.
    """

    def __init__(self, home: Path) -> None:
        self.modules = 0
        self._seen: set[str] = set()
        self._mark = f"HOME={home}\0"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._stop.wait(0.01):
            for folder in Path("/proc").glob("[0-9]*"):
                try:
                    environment, line = ((folder / name).read_text(errors="replace") for name in ("environ", "cmdline"))
                except OSError:  # it has ended, or is somebody else's
                    continue
                if self._mark in environment:
                    self._seen |= {environment, line}
                    self.modules += "AnsiballZ" in line

    def stop(self) -> str:
        self._stop.set()
        self._thread.join()
        return "\n".join(self._seen)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are looked at in /proc")
def test_no_secret_in_ps_in_environments_in_output_or_in_variables_X1(
    globus: LocalGlobus, playbooks: Playbooks, person: Person, tmp_path: Path
) -> None:
    """A login at a terminal, then tasks of every kind, with -vvv and --diff. The secrets are in a file of variables."""
    for name in ("GLOBUS_CLIENT_ID", "GLOBUS_CLIENT_SECRET"):
        del playbooks.environment[name]
    record = tmp_path / "login.jsonl"
    command = ["ansible-playbook", "research_ops.globus.login", "-e", f"globus_client_id={NATIVE_APP}", "-vvv"]
    environment = {**playbooks.environment, "RECORD": str(record)}
    status, printed, (address,) = answer_at_terminal([str(ANSIBLE / command[0]), *command[1:]], environment, tmp_path)
    assert status == 0, printed
    minted = globus.mint([timer_scope(MAPPED), TRANSFER_SCOPE])
    secrets = {
        "secret": globus.client_secret,
        "timers": minted[TIMERS_SERVER]["access_token"],
        "transfer": minted[TRANSFER_SERVER]["access_token"],
    }
    file = tmp_path / "secrets.json"
    file.write_text(json.dumps(secrets), encoding="utf-8")
    account: dict[str, Any] = {"client_id": globus.client_id, "client_secret": "{{ secret }}"}
    tasks = [
        timer("account", **definition("a"), **account, token_storage=str(tmp_path / "kept" / "account.json")),
        timer("user", **definition("b", source_collection=MAPPED), auth_method="user", client_id=NATIVE_APP),
        timer("tokens", **definition("c"), timers_token="{{ timers }}", transfer_token="{{ transfer }}"),
    ]
    globus.delay(0.1)  # modules run long enough to be seen, the first one until it was seen
    globus.fault("stall", seconds=600, attempts=[1])

    started = playbooks.start(
        [{**task, "register": "registered"} for task in tasks], "-vvv", "--diff", "-e", f"@{file}"
    )
    watch = Watch(tmp_path)
    try:
        until("the process of a module", lambda: watch.modules)
        globus.clear_faults()
        run = started.wait()
    finally:
        shown = watch.stop()

    assert [run[name]["failed"] for name in ("account", "user", "tokens")] == [False, True, False]
    assert run["user"]["error"]["code"] == "consent_required"
    stored = person.tokens().read_text(encoding="utf-8") + (tmp_path / "kept" / "account.json").read_text("utf-8")
    hidden = [*secrets.values(), *TOKEN.findall(stored)]
    assert len(hidden) > 8
    places = {"ps and environments": shown, "output": run.output, "login": printed, "address": address}
    places |= {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.jsonl")}
    assert len(places) == 6
    for place, text in places.items():
        assert not [secret for secret in hidden if secret in text], place
        assert not TOKEN.search(text), place
    assert "code_verifier" not in "".join(places.values())
