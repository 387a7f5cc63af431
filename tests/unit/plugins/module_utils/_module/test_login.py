# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Step one of the module ``login``, which asks nobody: its address, its file, check mode, and wrong input."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from emulator.plain import MAPPED, MAPPED_TOO, NATIVE_APP, UNKNOWN
from emulator.scopes import data_access, parse
from integration import in_process


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An empty home, and services that are not there."""
    nowhere = {f"GLOBUS_SDK_SERVICE_URL_{name}": "http://127.0.0.1:9/" for name in ("AUTH", "TRANSFER", "TIMER")}
    return {"HOME": str(tmp_path), **nowhere}


def pending(home: Path) -> Path:
    return home / ".globus" / "ansible" / NATIVE_APP / ".tokens.json.pending"


def login(environment: dict[str, str], *, check: bool = False, **options: Any) -> Any:
    return in_process.run("login", {"client_id": NATIVE_APP, **options}, environment, check=check)


def test_the_address_asks_for_what_timers_need_S3(environment: dict[str, str], tmp_path: Path) -> None:
    result = login(environment, collections=[MAPPED_TOO, MAPPED, MAPPED.upper()], flows=[UNKNOWN])
    assert (result["changed"], result["username"], result["scopes"]) == (False, None, [])
    parts = urlsplit(result["authorize_url"])
    query = {name: value for name, (value,) in parse_qs(parts.query).items()}
    begun = json.loads(pending(tmp_path).read_text(encoding="utf-8"))
    assert (parts.netloc, parts.path) == ("127.0.0.1:9", "/v2/oauth2/authorize")
    hashed = hashlib.sha256(begun["verifier"].encode()).digest()
    assert query["code_challenge"] == base64.urlsafe_b64encode(hashed).decode().rstrip("=")
    assert (query["code_challenge_method"], query["access_type"], query["prompt"]) == ("S256", "offline", "login")
    assert (query["client_id"], query["redirect_uri"]) == (NATIVE_APP, begun["redirect_uri"])
    scopes = {scope.name.rpartition(":")[2].rpartition("/")[2]: scope for scope in parse(query["scope"])}
    assert sorted(scopes) == ["all", "openid", "profile", "timer", "view_flows"]
    transfer, flow = scopes["timer"].children
    assert [(one.name, one.optional) for one in transfer.children] == [
        (data_access(MAPPED), True),
        (data_access(MAPPED_TOO), True),
    ]
    assert UNKNOWN in flow.name


def test_check_mode_begins_nothing_W1(environment: dict[str, str], tmp_path: Path) -> None:
    result = login(environment, check=True)
    assert (result["failed"], result["changed"], result["authorize_url"]) == (False, False, None)
    assert not (tmp_path / ".globus").exists()
    login(environment)
    finished = login(environment, check=True, code="x")
    assert (finished["failed"], finished["changed"]) == (False, True), "asks nobody either"
    ended = login(environment, check=True, state="absent")
    assert (ended["changed"], pending(tmp_path).exists()) == (True, True)


def test_every_step_one_has_a_verifier_of_its_own(environment: dict[str, str], tmp_path: Path) -> None:
    found = set()
    for _time in range(2):
        login(environment)
        found.add(json.loads(pending(tmp_path).read_text(encoding="utf-8"))["verifier"])
    assert len(found) == 2


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"client_id": 1}', '"x"', "null"])
def test_what_was_begun_cannot_be_read(environment: dict[str, str], tmp_path: Path, text: str) -> None:
    login(environment)
    pending(tmp_path).write_text(text, encoding="utf-8")
    assert login(environment, code="x")["error"]["code"] == "no_login_begun"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"client_id": "app"}, ("client_id", "UUID")),
        ({"collections": ["a"]}, ("collections", "UUID")),
        ({"flows": ["b"]}, ("flows", "UUID")),
        ({"code": ""}, ("code is empty",)),
        ({"retries": -1}, ("retries",)),
        ({"request_timeout": 0}, ("request_timeout",)),
    ],
    ids=str,
)
def test_wrong_input(environment: dict[str, str], options: dict[str, Any], words: tuple[str, ...]) -> None:
    result = login(environment, **options)
    assert (result["failed"], result["error"]["code"]) == (True, "invalid_input")
    for word in words:
        assert word in result["msg"]
