# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets stay secret, and are sent only to Globus and this machine (X1, X2, X3)."""

from __future__ import annotations

import base64
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from emulator.control import LocalGlobus
from emulator.plain import MAPPED, MAPPED_TOO, Api
from emulator.scopes import TIMERS_SERVER, TRANSFER_SERVER
from integration.harness import Playbooks, Task, definition, kinds, timer
from integration.in_process import Modules

Options = dict[str, Any]

TOKEN = re.compile(r"access-[A-Za-z0-9_-]{20,}")
WRONG_SECRET = "not-the-secret-but-a-secret-all-the-same"
WRONG_TOKEN = "not-a-token-but-a-secret-all-the-same"
SERVICES = ("AUTH", "TRANSFER", "TIMER", "FLOWS")


def variable(name: str) -> str:
    """An environment variable of the controller, so that the playbook itself holds no secret."""
    return f"{{{{ lookup('ansible.builtin.env', '{name}') }}}}"


def closed_port() -> int:
    """A port of this machine without a server."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_no_secret_is_printed_returned_or_left_behind_X1(
    globus: LocalGlobus, playbooks: Playbooks, tmp_path: Path
) -> None:
    """With -vvvv and --diff: a successful login, and every failure to sign in."""
    minted = Api(globus).login(MAPPED, MAPPED_TOO).tokens
    assert TOKEN.fullmatch(minted[TIMERS_SERVER]), "the pattern finds the tokens that the module gets for itself"
    playbooks.environment |= {
        "WRONG_SECRET": WRONG_SECRET,
        "WRONG_TOKEN": WRONG_TOKEN,
        "TIMERS": minted[TIMERS_SERVER],
        "TRANSFER": minted[TRANSFER_SERVER],
    }
    down = {f"GLOBUS_SDK_SERVICE_URL_{name}": f"http://127.0.0.1:{closed_port()}/" for name in SERVICES}
    timers_down = {"GLOBUS_SDK_SERVICE_URL_TIMER": down["GLOBUS_SDK_SERVICE_URL_TIMER"]}
    tokens: Options = {"timers_token": variable("TIMERS"), "transfer_token": variable("TRANSFER")}
    wrong_tokens: Options = {"timers_token": variable("WRONG_TOKEN"), "transfer_token": variable("WRONG_TOKEN")}
    given: Options = {"client_id": globus.client_id, "client_secret": variable("GLOBUS_CLIENT_SECRET")}
    works = [
        timer("create", **definition("a")),
        timer("secret as an option", **definition("a", sync_level="size"), **given, on_drift="replace"),
        timer("pause", **definition("a", sync_level="size"), **given, state="paused"),
        timer("tokens", **definition("b"), **tokens),
        timer("tokens again", **definition("b"), **tokens, on_drift="fail"),
    ]
    fails = [
        timer("wrong secret", **definition("a"), client_secret=variable("WRONG_SECRET")),
        timer("wrong token", **definition("a"), **wrong_tokens),
        timer("Auth down", **definition("a"), **given, retries=0, task={"environment": down}),
        timer("Timers down", **definition("a"), **given, retries=0, task={"environment": timers_down}),
        timer("Timers down, with tokens", **definition("a"), **tokens, retries=0, task={"environment": timers_down}),
        timer("bad option", **definition("a", schedule={"interval": "daily"}), **given, **tokens),
        timer("drift", **definition("a"), **given, on_drift="fail"),
    ]

    run = playbooks.run([*works, *fails], "-vvvv", "--diff")

    assert [run[task["name"]]["failed"] for task in works] == [False] * len(works)
    assert [run[task["name"]]["failed"] for task in fails] == [True] * len(fails)
    assert "client_secret" in run.output, "the tasks are shown, at that verbosity"
    login = f"{globus.client_id}:{globus.client_secret}"
    secrets = [globus.client_secret, WRONG_SECRET, WRONG_TOKEN, *minted.values()]
    secrets += [base64.b64encode(text.encode()).decode() for text in (login, f"{globus.client_id}:{WRONG_SECRET}")]
    places = {"the output": run.output}
    places |= {str(file): file.read_text(errors="replace") for file in tmp_path.rglob("*") if file.is_file()}
    assert any("record" in place for place in places), "what the tasks returned"
    for place, text in places.items():
        leaked = [secret for secret in secrets if secret in text] + TOKEN.findall(text)
        assert not leaked, f"{place}: {leaked}"
    assert list((tmp_path / "tmp").iterdir()) == []
    messages = {task["name"]: run[task["name"]]["msg"] for task in fails}
    assert "Globus Auth refused to issue a token to the client" in messages["wrong secret"]
    assert "client_secret" in messages["wrong secret"]
    assert "401" in messages["wrong token"]
    assert "Globus Auth did not answer" in messages["Auth down"]
    assert "Globus Timers did not answer" in messages["Timers down"]
    (warning,) = run["tokens"]["warnings"]
    assert "cannot check the consents of an access token" in warning
    assert run["tokens again"].get("warnings", []) == []


UNTRUSTED = {
    "another host": "https://globus.example.org/",
    "another host over http": "http://globus.example.org/",
    "Globus over http": "http://timer.automate.globus.org/",
    "a host that begins like Globus": "https://timer.automate.globus.org.example.org/",
    "a host that begins like this machine": "http://127.0.0.1.example.org/",
    "this machine as a user name": "http://127.0.0.1@globus.example.org/",
    "not loopback": "http://192.0.2.1/",
    "another protocol": "ftp://127.0.0.1/",
    "no address": "globus.example.org",
}


def test_credentials_go_to_globus_and_this_machine_alone_X2(
    globus: LocalGlobus, modules: Modules, subtests: pytest.Subtests
) -> None:
    """Each service in turn. The others point to the local Globus, which must get no request."""
    cases = {
        f"{service}: {what}": {f"GLOBUS_SDK_SERVICE_URL_{service}": address}
        for number, (what, address) in enumerate(UNTRUSTED.items())
        for service in (SERVICES[number % 3], "TIMER")
    }
    unchecked = {f"unchecked: {word}": {"GLOBUS_SDK_VERIFY_SSL": word} for word in ("false", "0", "no", "OFF")}
    tasks: list[Task] = [
        timer(name, **definition(), task={"environment": environment})
        for name, environment in {**cases, **unchecked}.items()
    ]

    run = modules.run(tasks)

    assert globus.log() == []
    for name, environment in cases.items():
        with subtests.test(case=name):
            ((changed, _address),) = environment.items()
            assert run[name]["error"]["code"] == "untrusted_address"
            assert changed in run[name]["msg"]
            assert run[name]["remedy"] == f"unset {changed}"
    for name in unchecked:
        with subtests.test(case=name):
            assert run[name]["error"]["code"] == "certificate_check_off"
            assert "GLOBUS_SDK_VERIFY_SSL" in run[name]["msg"]


def test_a_redirect_takes_no_credentials_along_X2(globus: LocalGlobus, modules: Modules) -> None:
    """The redirect of a service is not followed: the task fails with a message."""
    globus.fault("status", status=307, method="GET", path="^/jobs/$")

    run = modules.run([timer("redirected", **definition())])

    assert run["redirected"]["error"]["code"] == "redirect"
    assert "redirect" in run["redirected"]["msg"]


def test_an_empty_variable_is_unset_X3(globus: LocalGlobus, modules: Modules) -> None:
    """All of them; and loopback is not reached through a proxy."""
    empty = [
        *("GLOBUS_CLIENT_ID", "GLOBUS_CLIENT_SECRET", "GLOBUS_AUTH_METHOD", "GLOBUS_SDK_ENVIRONMENT"),
        *("GLOBUS_TIMERS_TOKEN", "GLOBUS_TRANSFER_TOKEN", "GLOBUS_TOKEN_STORAGE", "GLOBUS_SDK_VERIFY_SSL"),
        *("GLOBUS_SDK_HTTP_TIMEOUT", "GLOBUS_SDK_SERVICE_URL_FLOWS", "GLOBUS_CLI_CLIENT_ID"),
    ]
    nothing = dict.fromkeys(empty, "")
    proxy = {name: f"http://127.0.0.1:{closed_port()}" for name in ("http_proxy", "https_proxy", "all_proxy")}
    fallback = {"GLOBUS_CLI_CLIENT_ID": globus.client_id, "GLOBUS_CLI_CLIENT_SECRET": globus.client_secret}
    tasks = [
        timer("fallback", **definition(), task={"environment": {**nothing, **proxy, **fallback}}),
        timer("nothing", **definition(), task={"environment": nothing}),
    ]

    run = modules.run(tasks)

    assert kinds(run["fallback"]) == ["create"], run["fallback"]
    assert run["nothing"]["error"]["code"] == "no_credentials"
    for name in ("timers_token", "client_id", "client_secret", "globus login"):
        assert name in run["nothing"]["msg"]
