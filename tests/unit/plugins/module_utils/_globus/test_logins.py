# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins against a Globus Auth that is a few lines: when a token is renewed, by whom, and what remains stored."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._errors import GlobusError
from ansible_collections.research_ops.globus.plugins.module_utils._globus.collections import Needs
from ansible_collections.research_ops.globus.plugins.module_utils._globus.credentials import Credentials
from ansible_collections.research_ops.globus.plugins.module_utils._globus.http import SERVICES, Authorizer
from ansible_collections.research_ops.globus.plugins.module_utils._globus.logins import (
    ClientLogin,
    LoginAuthorizer,
    PersonLogin,
    choose_login,
)
from ansible_collections.research_ops.globus.plugins.module_utils._globus.token_storage import (
    StoredLogin,
    Token,
    TokenFile,
    user_token_file,
)

HOUR = 3600.0
SERVERS = {name: service.resource_server for name, service in SERVICES.items()}
COLLECTION = "11111111-aaaa-4aaa-8aaa-000000000001"
FLOW = "22222222-aaaa-4aaa-8aaa-000000000002"


TRANSFER = "urn:globus:auth:scope:transfer.api.globus.org:all"


class Auth:
    """Gives tokens ``a1``, ``a2``, ... with refresh tokens ``r1``, ``r2``, ... where it ``rotates`` them."""

    def __init__(self) -> None:
        self.forms: list[Mapping[str, str]] = []
        self.rotates = False
        self.missing: Needs | None = None
        self.lacks: tuple[str, ...] = ()
        self.closed: tuple[str, ...] = ()
        self._lock = threading.Lock()

    def request_tokens(self, form: Mapping[str, str], client: tuple[str, str | None]) -> dict[str, Token]:
        with self._lock:
            self.forms.append(dict(form))
            number = len(self.forms)
        refresh = f"r{number}" if self.rotates else None
        token = Token(f"a{number}", time.time() + HOUR, refresh, "scope")
        return {server: token for service, server in SERVERS.items() if service not in self.lacks}

    def missing_consents(self, identity: str, needs: Needs, authorizer: Authorizer) -> Needs | None:
        assert authorizer.get_authorization_header(), "signed by the login itself"
        return self.missing

    def missing_data_consents(self, identity: str, collections: Sequence[str], authorizer: Authorizer) -> list[str]:
        assert authorizer.get_authorization_header(), "signed by the login itself"
        return [one for one in collections if one in self.closed]


@pytest.fixture
def auth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Auth:
    """Globus Auth; the home is empty."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("GLOBUS_PROFILE", raising=False)
    return Auth()


def stored(seconds: float = HOUR, **changes: Any) -> StoredLogin:
    """A login whose tokens expire in some seconds."""
    tokens = {server: Token("a0", time.time() + seconds, "r0", "scope") for server in SERVERS.values()}
    return StoredLogin(
        **{"environment": "production", "client_id": "app", "tokens": tokens, "identity": "me", **changes}
    )


def person(auth: Auth, login: StoredLogin) -> tuple[PersonLogin, TokenFile]:
    """The login, and the file in which it is stored."""
    file = user_token_file(None, "app")
    with file.locked():
        file.write(login)
    found = choose_login(Credentials("user", client_id="app"), "production", auth)
    assert isinstance(found, PersonLogin)
    return found, file


def account(auth: Auth, storage: Path | None = None) -> ClientLogin:
    """A service account."""
    kept = str(storage) if storage else None
    login = choose_login(Credentials("client_credentials", "app", "secret", token_storage=kept), "production", auth)
    assert isinstance(login, ClientLogin)
    return login


@pytest.mark.parametrize(("seconds", "asked"), [(HOUR, 0), (61, 0), (59, 1), (-1, 1)])
def test_a_token_is_renewed_before_it_expires(auth: Auth, seconds: float, asked: int) -> None:
    login, file = person(auth, stored(seconds))
    assert login.token("timer") == f"a{asked}"
    assert login.token("timer") == f"a{asked}"
    assert [form["refresh_token"] for form in auth.forms] == ["r0"] * asked
    kept = file.read()
    assert kept is not None
    assert kept.tokens[SERVERS["timer"]].access_token == f"a{asked}"
    assert kept.tokens[SERVERS["timer"]].refresh_token == "r0", "Globus Auth need not send it again"
    assert kept.tokens[SERVERS["transfer"]].access_token == "a0", "each service has a token of its own"


def test_refresh_tokens_that_change_are_kept(auth: Auth) -> None:
    auth.rotates = True
    login, file = person(auth, stored(-1))
    for number in (1, 2):
        assert login.renew("timer", login.token("timer"))
        kept = file.read()
        assert kept is not None
        assert kept.tokens[SERVERS["timer"]].refresh_token == f"r{number + 1}"
    assert [form["refresh_token"] for form in auth.forms] == ["r0", "r1", "r2"]


@pytest.mark.parametrize("kind", ["person", "account"])
def test_threads_that_are_refused_the_same_token_renew_it_once(auth: Auth, kind: str) -> None:
    login = person(auth, stored())[0] if kind == "person" else account(auth)
    authorizers = [LoginAuthorizer(login, "timer") for _number in range(8)]
    headers = {authorizer.get_authorization_header() for authorizer in authorizers}
    assert len(headers) == 1
    before = len(auth.forms)
    threads = [threading.Thread(target=authorizer.handle_missing_authorization) for authorizer in authorizers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(auth.forms) == before + 1
    assert headers != {authorizer.get_authorization_header() for authorizer in authorizers}


def test_a_task_takes_what_another_has_renewed(auth: Auth) -> None:
    login, file = person(auth, stored())
    with file.locked():
        file.write(stored(tokens={SERVERS["timer"]: Token("of another task", time.time() + HOUR, "r9")}))
    assert login.renew("timer", "a0")
    assert login.token("timer") == "of another task"
    assert auth.forms == []


@pytest.mark.parametrize("changes", [{"identity": "somebody else"}, {"client_id": "other"}, None], ids=str)
def test_a_login_that_is_replaced_or_removed_meanwhile_is_not_used(auth: Auth, changes: dict[str, Any] | None) -> None:
    """Timers that were listed for one person are not created by another."""
    login, file = person(auth, stored())
    with file.locked():
        file.remove()
        if changes:
            file.write(stored(**changes))
    with pytest.raises(GlobusError, match=r"The stored login was (replaced|removed).* while the task ran") as refused:
        login.renew("timer", "a0")
    assert refused.value.code == "login_required"
    assert auth.forms == []
    assert (file.read() is None) == (changes is None), "and it does not come back"


@pytest.mark.parametrize("kind", ["person", "account"])
def test_an_answer_without_the_token(auth: Auth, kind: str) -> None:
    auth.lacks = ("timer",)
    login = person(auth, stored(-1))[0] if kind == "person" else account(auth)
    with pytest.raises(GlobusError, match="Globus Auth did not return a token for Globus Timers"):
        login.token("timer")


def test_a_service_account_shares_what_reads_and_asks_anew_to_write_S4(auth: Auth, tmp_path: Path) -> None:
    storage = tmp_path / "kept.json"
    assert account(auth, storage).token("timer") == "a1"
    login = account(auth, storage)
    assert (login.token("timer"), login.token("transfer"), len(auth.forms)) == ("a1", "a1", 1)
    login.grant(Needs(data_access=(COLLECTION,)))
    assert (login.token("timer"), len(auth.forms)) == ("a2", 2)
    assert COLLECTION in auth.forms[1]["scope"]
    # refused while it writes: renewed with the same scopes, also where another task has stored a plain one
    account(auth, storage).renew("timer", "a2")
    assert login.renew("timer", "a2")
    assert COLLECTION in auth.forms[-1]["scope"]


def test_other_services_have_tokens_of_their_own(auth: Auth) -> None:
    login = account(auth)
    assert login.token("timer") == "a1"
    auth.lacks = ("timer", "transfer")
    assert login.token("auth") == "a1", "what came with the others is used"


def test_remedies_for_collections_and_flows(auth: Auth) -> None:
    auth.missing = Needs(data_access=(COLLECTION,), flows=(FLOW,))
    with pytest.raises(GlobusError) as refused:
        person(auth, stored())[0].check_consents(Needs())
    assert refused.value.remedy == (
        "ansible-playbook research_ops.globus.login -e globus_client_id=app "
        f"-e globus_collections={COLLECTION} -e globus_flows={FLOW}"
    )
    assert f"data_access for collection {COLLECTION}, flow {FLOW}" in refused.value.message


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ({}, None),
        ({"client_id": "x"}, "client_id is set, but client_secret is not"),
        ({"client_secret": "x"}, "client_secret is set, but client_id is not"),
        ({"transfer_token": "x"}, "transfer_token is set, but timers_token is not"),
    ],
    ids=str,
)
def test_nothing_to_sign_in_with(auth: Auth, given: dict[str, str], advice: str | None) -> None:
    with pytest.raises(GlobusError) as refused:
        choose_login(Credentials("auto", **given), "production", auth)
    assert refused.value.code == "no_credentials"
    assert ("is set, but" in refused.value.message) == bool(advice)
    assert (advice or "") in refused.value.message


def test_who_may_look_at_data_W1(auth: Auth) -> None:
    """A service account gets the consent with a token, but not in check mode; a person has it or does not."""
    account = choose_login(Credentials("client_credentials", "id", "secret"), "production", auth)
    assert account.prepare_data_access([COLLECTION], check_mode=True).keys() == {COLLECTION}
    assert account.prepare_data_access([], check_mode=False) == {}
    assert auth.forms == []
    assert account.prepare_data_access([COLLECTION], check_mode=False) == {}
    (form,) = auth.forms
    assert form["scope"] == f"{TRANSFER}[*https://auth.globus.org/scopes/{COLLECTION}/data_access]"

    someone, _file = person(auth, stored())
    assert someone.prepare_data_access([COLLECTION], check_mode=True) == {}
    auth.closed = (COLLECTION,)
    assert "no consent" in someone.prepare_data_access([COLLECTION, FLOW], check_mode=False)[COLLECTION]
