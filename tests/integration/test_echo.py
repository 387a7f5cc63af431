# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that repeats every header, parameter and body of a request in every field of its answer, with each status:
for each login method, no module returns a secret (X1; issue 11, 39, 40, 42).
"""

from __future__ import annotations

import base64
import json
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from emulator.plain import MAPPED, NATIVE_APP, UNKNOWN
from emulator.scopes import TIMERS_SERVER, TRANSFER_SERVER
from integration import in_process
from integration.harness import Playbooks, definition
from unit.small_server import Reply, Request, SmallServer, serving

STATUSES = (200, 201, 302, 400, 401, 403, 404, 409, 422, 429, 500, 503)
CLIENT = "cccccccc-0000-4000-8000-000000000001"
# Each secret has characters that encodings change, and blanks as they occur in files.
SECRET = "the/client+secret=of&the=account"
TIMERS_TOKEN, TRANSFER_TOKEN = "given-timers-token-0001", "given-transfer-token-0001"
CODE = "the-code+of/the-page"
VERIFIER = re.compile(r"[A-Za-z0-9_-]{43,}")
ESCAPE, TURN = "\x1b[31m", "\u202e"


class Echo:
    """Answers with tokens to the first step of a login if it ``signs_in``, otherwise with the request and a status."""

    def __init__(self) -> None:
        self.status = 200
        self.signs_in = True
        self.issued: list[str] = []

    def __call__(self, request: Request) -> Reply:
        text = f"{ESCAPE}{TURN}{request.method} {request.path} {json.dumps(dict(request.headers))} {request.body}"
        headers = {"Retry-After": "0", "Location": f"https://example.org/{quote(text)}"}
        if request.path == "/v2/oauth2/token" and self.signs_in:
            return Reply(200, self._tokens(text), headers)
        return Reply(self.status, self._document(text), headers, reason=text[11:60].encode("ascii", "replace").decode())

    def _tokens(self, text: str) -> dict[str, Any]:
        return {
            **self._token("auth.globus.org", text),
            "other_tokens": [
                self._token(server, text) for server in (TIMERS_SERVER, TRANSFER_SERVER, "flows.globus.org")
            ],
        }

    def _token(self, server: str, text: str) -> dict[str, Any]:
        number = len(self.issued)
        secrets = {name: f"{name}-issued-{number:06d}" for name in ("access_token", "refresh_token", "id_token")}
        self.issued += secrets.values()
        return {**secrets, "resource_server": server, "scope": text, "expires_in": 1000, "token_type": text}

    def _document(self, text: str) -> dict[str, Any]:
        """The answers of all services, in one document."""
        words = (
            "code message request_id error_description title id job_id name status display_name entity_type sub type"
        )
        words += (
            " owner_string preferred_username timer_type callback_url scope start next_run last_ran_at submitted_at"
        )
        lines: dict[str, Any] = dict.fromkeys([*words.split(), "flow_id"], text)
        timer = {
            **lines,
            "callback_body": {"body": {"label": text, "DATA": [{"source_path": text, "destination_path": text}]}},
            "inactive_reason": {"cause": text, "detail": {"code": text, "authorization_parameters": {"x": text}}},
            "schedule": {"type": text, "interval_seconds": text},
            "results": {"data": [{"errors": [text], "run_status": text, "data": {"details": {"task_id": text}}}]},
            "activity": {"code": text},
        }
        real = {**timer, "job_id": UNKNOWN, "status": "inactive", "timer_type": "flow", "flow_id": UNKNOWN}
        real |= {"schedule": {"type": "once"}, "start": None, "next_run": None, "submitted_at": None}
        real |= {"last_ran_at": None, "callback_body": {"body": {"x": text, text: 1}}}
        errors = {
            "error": {"code": text, "detail": [{"loc": [text], "msg": text}]},
            "errors": [{"code": text, "detail": text, "id": text}],
            "detail": [{"loc": [text, 0], "msg": text}],
        }
        return {
            **timer,
            **errors,
            "jobs": [timer, text, [text], real] if self.status == 201 else [real],
            "timer": timer,
            "DATA": [{**lines, "id": text}],
            "consents": text,
            "access_token": "",
            "has_next_page": False,
        }


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def echoing(echo: Echo) -> Iterator[SmallServer]:
    with serving(echo) as server:
        yield server


def store_person(home: Path, expires_at: float) -> list[str]:
    """Store the login of a person. Returns its secrets."""
    tokens = {
        server: {
            "access_token": f"stored-access-{number}-of-person",
            "refresh_token": f"stored-refresh-{number}/of+person",
            "expires_at": expires_at,
            "scope": "x",
        }
        for number, server in enumerate((TIMERS_SERVER, TRANSFER_SERVER, "auth.globus.org", "flows.globus.org"))
    }
    file = home / ".globus" / "ansible" / NATIVE_APP / "tokens.json"
    file.parent.mkdir(parents=True, mode=0o700)
    document = {"environment": "production", "client_id": NATIVE_APP, "identity": UNKNOWN, "username": "me"}
    file.write_text(json.dumps({**document, "tokens": tokens}), encoding="utf-8")
    file.chmod(0o600)
    return [str(value) for token in tokens.values() for name, value in token.items() if name.endswith("_token")]


def store_cli(home: Path) -> list[str]:
    """Store a login of the Globus CLI with expired tokens. Returns its secrets."""
    folder = home / ".globus" / "cli"
    folder.mkdir(parents=True, mode=0o700)
    place = "userprofile/production"
    client = {"client_id": CLIENT, "client_secret": "secret-of-the-cli+app"}
    secrets = ["secret-of-the-cli+app"]
    database = sqlite3.connect(folder / "storage.db")
    database.executescript(
        "CREATE TABLE config_storage (namespace, config_name, config_data_json);"
        "CREATE TABLE token_storage (namespace, resource_server, token_data_json);"
    )
    for name, value in (("auth_client_data", client), ("auth_user_data", {"sub": UNKNOWN})):
        database.execute("INSERT INTO config_storage VALUES (?, ?, ?)", (place, name, json.dumps(value)))
    for number, server in enumerate((TIMERS_SERVER, TRANSFER_SERVER, "auth.globus.org")):
        token = {"access_token": f"cli-access-{number}-token", "refresh_token": f"cli-refresh-{number}-token"}
        secrets += token.values()
        row = (place, server, json.dumps({**token, "expires_at_seconds": 1}))
        database.execute("INSERT INTO token_storage VALUES (?, ?, ?)", row)
    database.commit()
    database.close()
    return secrets


def methods(home: Path) -> dict[str, tuple[dict[str, Any], dict[str, str], list[str]]]:
    """Login method -> options, variables and secrets."""
    person = store_person(home, time.time() + 1000)
    account = {"client_id": CLIENT, "client_secret": f" {SECRET}\n"}
    tokens = {"timers_token": f"{TIMERS_TOKEN}\n", "transfer_token": f"\t{TRANSFER_TOKEN}"}
    variables = {f"GLOBUS_{name.upper()}": value for name, value in account.items()}
    return {
        "service account": (account, {}, [SECRET]),
        "service account, variables": ({"client_id": "", "client_secret": None}, variables, [SECRET]),
        "service account, file": ({**account, "token_storage": str(home / "account.json")}, {}, [SECRET]),
        "tokens": (tokens, {}, [TIMERS_TOKEN, TRANSFER_TOKEN]),
        "person": ({"auth_method": "user", "client_id": NATIVE_APP}, {}, person),
        "cli": ({"auth_method": "cli"}, {}, store_cli(home)),
    }


MODULES: dict[str, dict[str, Any]] = {
    "timer": {**definition(), "on_drift": "replace", "_ansible_diff": True},
    "timers": {"timers": [definition("a"), {"name": "b", "state": "paused"}], "_ansible_diff": True},
    "timer_info": {"runs": 3},
    "collection_info": {"collection_ids": [MAPPED]},
}


def leaks(shown: str, secrets: list[str]) -> list[str]:
    """The secrets that a text shows, in any encoding."""
    spelled = [one for secret in secrets for one in (secret, quote(secret, safe=""), quote(secret))]
    spelled += [base64.b64encode(f"{CLIENT}:{secret}".encode()).decode() for secret in secrets]
    return [one for one in spelled if one.lower() in shown.lower()]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("signs_in", [True, False])
def test_X1_no_secret_that_a_service_echoes_is_returned(
    status: int, signs_in: bool, echo: Echo, echoing: SmallServer, tmp_path: Path
) -> None:
    echo.status, echo.signs_in = status, signs_in
    for method, (options, variables, secrets) in methods(tmp_path).items():
        for module, task in MODULES.items():
            given = {**task, **options, "retries": 1, "_ansible_verbosity": 4}
            environment = {"HOME": str(tmp_path), **echoing.environment, **variables}
            result = in_process.run(module, given, environment)
            shown = json.dumps(result, ensure_ascii=False)
            assert leaks(shown, [*secrets, *echo.issued]) == [], f"{method}, {module}: {shown}"
            for text in (result.get("msg", ""), *result["warnings"], str(result.get("error"))):
                assert ESCAPE not in text
                assert TURN not in text


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("signs_in", [True, False])
def test_X1_no_secret_of_signing_in_is_returned(
    status: int, signs_in: bool, echo: Echo, echoing: SmallServer, tmp_path: Path
) -> None:
    """Step one, step two, again, and signing out."""
    echo.status, echo.signs_in = status, signs_in
    environment = {"HOME": str(tmp_path), **echoing.environment}
    secrets = [CODE, *store_person(tmp_path, 1)]

    def login(**options: Any) -> None:
        given = {"client_id": NATIVE_APP, "retries": 0, "_ansible_verbosity": 4, **options}
        shown = json.dumps(in_process.run("login", given, environment), ensure_ascii=False)
        assert leaks(shown, [*secrets, *echo.issued]) == [], shown

    login(collections=[MAPPED])
    login(force=True)
    pending = tmp_path / ".globus" / "ansible" / NATIVE_APP / ".tokens.json.pending"
    secrets.append(json.loads(pending.read_text(encoding="utf-8"))["verifier"])
    login(code=f" {CODE}\n")
    login(collections=[MAPPED])
    login(state="absent")


def test_X1_a_proxy_s_password_that_comes_back(tmp_path: Path) -> None:
    """A proxy that refuses requests, and repeats what it received."""

    def refuse(request: Request) -> Reply:
        return Reply(407, reason=f"No {request.headers.get('Proxy-Authorization')}")

    with serving(refuse) as proxy:
        address = f"http://me:hush-of%2Fproxy@127.0.0.1:{proxy.port}"
        options = {"timers_token": TIMERS_TOKEN, "environment": "preview"}
        result = in_process.run("timer_info", options, {"HTTPS_PROXY": address, "HOME": str(tmp_path)})
    shown = json.dumps(result)
    encoded = base64.b64encode(b"me:hush-of/proxy").decode()
    assert [request.headers["Proxy-Authorization"] for request in proxy.requests] == [f"Basic {encoded}"]
    assert leaks(shown, ["hush-of/proxy", encoded]) == []


@pytest.mark.parametrize("short", ["x", "e", "  ", "123"])
def test_X1_a_short_secret_does_not_destroy_the_output(
    short: str, echo: Echo, echoing: SmallServer, tmp_path: Path
) -> None:
    """Ansible masks every letter that is equal to a secret of one letter."""
    echo.status, echo.signs_in = 403, False
    options = {"client_id": CLIENT, "client_secret": short, "auth_method": "client_credentials"}
    environment = {"HOME": str(tmp_path), **echoing.environment}
    result = in_process.run("timer_info", {**options, "_ansible_verbosity": 4}, environment)
    if short.strip():
        assert "Globus Auth refused to issue a token to the client" in result["msg"]
    assert result["invocation"]["module_args"]["client_id"] == CLIENT
    assert result["invocation"]["module_args"]["client_secret"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def test_X1_a_misspelt_option_may_be_a_secret(tmp_path: Path) -> None:
    options = {"client_secert": SECRET, "client_id": CLIENT, "_ansible_verbosity": 4}
    result = in_process.run("timer_info", options, {"HOME": str(tmp_path)})
    assert "client_secert" in result["msg"]
    assert leaks(json.dumps(result), [SECRET]) == []


def test_X1_a_fault_of_the_collection_shows_no_secret(
    echo: Echo, echoing: SmallServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ansible_collections.research_ops.globus.plugins.module_utils._globus import service

    def broken(document: Mapping[str, Any]) -> None:
        raise RuntimeError(f"broken: {document}")

    monkeypatch.setattr(service, "read_timer", broken)
    environment = {"HOME": str(tmp_path), **echoing.environment}
    result = in_process.run("timer_info", {"timers_token": TIMERS_TOKEN}, environment, fault=True)
    assert result["error"]["code"] == "unexpected_error"
    assert "RuntimeError: broken" in result["msg"]
    assert leaks(json.dumps(result), [TIMERS_TOKEN]) == []


@pytest.mark.parametrize("status", STATUSES)
def test_X1_nothing_is_printed_by_ansible_playbook(
    status: int, echo: Echo, echoing: SmallServer, playbooks: Playbooks, tmp_path: Path
) -> None:
    """The same in real processes, at -vvvv --diff, for each way to sign in."""
    secrets: list[str] = []
    tasks: list[dict[str, Any]] = []
    environment = {**playbooks.environment, **echoing.environment}
    for name in ("GLOBUS_CLIENT_ID", "GLOBUS_CLIENT_SECRET"):
        del environment[name]
    playbooks.environment = environment
    for number, (options, variables, known) in enumerate(methods(tmp_path).values()):
        secrets += known
        module, task = list(MODULES.items())[(number + STATUSES.index(status)) % 4]
        hidden = {}
        for option, value in options.items():  # the playbook itself holds no secret
            if isinstance(value, str) and any(one in value for one in known):
                playbooks.environment[f"HIDDEN_{number}_{option}"] = value
                value = f"{{{{ lookup('ansible.builtin.env', 'HIDDEN_{number}_{option}') }}}}"
            hidden[option] = value
        arguments = {name: value for name, value in task.items() if not name.startswith("_")}
        arguments |= {name: value for name, value in hidden.items() if value is not None}
        tasks.append(
            {
                "name": f"{number} {module}",
                f"research_ops.globus.{module}": {**arguments, "retries": 0},
                "environment": {name: f"{{{{ lookup('ansible.builtin.env', '{name}') }}}}" for name in variables},
                "ignore_errors": True,
            }
        )
        playbooks.environment |= variables
        if variables:
            tasks[-1]["environment"] = {}
    echo.status = status
    run = playbooks.run(tasks, "-vvvv", "--diff")
    assert len(run.results) == len(tasks)
    assert "given-" not in run.output
    assert leaks(run.output, [*secrets, *echo.issued]) == []
    assert ESCAPE not in run.output
    if status >= 300:  # names are data: Ansible prints them as JSON, and returns them byte for byte
        assert TURN not in run.output
