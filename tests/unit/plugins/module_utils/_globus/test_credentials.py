# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which credentials are used, where they may go (X2), what is shown of them (X1), and the scopes asked for (S2, S3)."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._arguments import ENVIRONMENTS
from ansible_collections.research_ops.globus.plugins.module_utils._errors import GlobusError
from ansible_collections.research_ops.globus.plugins.module_utils._globus.collections import Needs
from ansible_collections.research_ops.globus.plugins.module_utils._globus.credentials import (
    SERVICES,
    Credentials,
    certificate_check,
    choose_credentials,
    is_loopback,
    reading_scopes,
    service_addresses,
    writing_scope,
)

ID = "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"
OTHER_ID = "31ce9ba0-176d-45a5-add3-f37d233ba47d"
CLIENT = {"client_id": ID, "client_secret": "hush-client"}
TOKENS = {"timers_token": "hush-timers", "transfer_token": "hush-transfer"}
TIMERS = "https://auth.globus.org/scopes/524230d7-ea86-4a52-8312-86065a9e0417/timer"
TRANSFER = "urn:globus:auth:scope:transfer.api.globus.org:all"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for service in SERVICES:
        monkeypatch.delenv(f"GLOBUS_SDK_SERVICE_URL_{service.upper()}", raising=False)
    monkeypatch.delenv("GLOBUS_SDK_VERIFY_SSL", raising=False)
    monkeypatch.delenv("GLOBUS_SDK_ENVIRONMENT", raising=False)


def choose(auth_method: str = "auto", **parameters: str | None) -> Credentials:
    """As AnsibleModule calls it: every option is there, those that are not set are None."""
    options = ("client_id", "client_secret", "timers_token", "transfer_token", "token_storage")
    return choose_credentials({**dict.fromkeys(options), **parameters, "auth_method": auth_method})


# --- which ---


@pytest.mark.parametrize(
    ("given", "method"),
    [
        ({**TOKENS, **CLIENT}, "access_token"),
        (TOKENS, "access_token"),
        ({"timers_token": "hush-timers"}, "access_token"),
        (CLIENT, "client_credentials"),
        ({**CLIENT, "transfer_token": "hush-transfer"}, "client_credentials"),
        # X3: empty is unset
        ({**CLIENT, "timers_token": ""}, "client_credentials"),
        # nothing that signs in by itself: a stored login has to be found
        ({}, "auto"),
        ({"client_id": ID}, "auto"),
        ({"client_secret": "hush-client"}, "auto"),
        ({**CLIENT, "client_secret": ""}, "auto"),
        ({"transfer_token": "hush-transfer"}, "auto"),
    ],
)
def test_auto_takes_the_first_that_is_there(given: dict[str, str], method: str) -> None:
    assert choose(**given) == Credentials(method, **{name: value for name, value in given.items() if value})


@pytest.mark.parametrize("method", ["client_credentials", "access_token", "user", "cli"])
def test_a_named_method_wins_over_what_else_is_there(method: str) -> None:
    assert choose(method, **TOKENS, **CLIENT).method == method


@pytest.mark.parametrize(
    ("method", "given", "missing"),
    [
        ("client_credentials", {}, ["client_id", "client_secret"]),
        ("client_credentials", {"client_id": ID}, ["client_secret"]),
        ("client_credentials", {"client_secret": "hush-client"}, ["client_id"]),
        ("client_credentials", {"client_id": ID, "client_secret": ""}, ["client_secret"]),
        ("client_credentials", TOKENS, ["client_id", "client_secret"]),
        ("access_token", {}, ["timers_token"]),
        ("access_token", CLIENT, ["timers_token"]),
        ("access_token", {"transfer_token": "hush-transfer"}, ["timers_token"]),
    ],
)
def test_what_a_method_lacks_is_named_option_and_variable(
    method: str, given: dict[str, str], missing: list[str]
) -> None:
    with pytest.raises(GlobusError) as caught:
        choose(method, **given)
    assert caught.value.code == "no_credentials"
    assert f"auth_method: {method} needs {' and '.join(missing)}:" in caught.value.message
    for name in missing:
        assert f"GLOBUS_{name.upper()}" in caught.value.message
        assert name in str(caught.value.remedy)
    assert "hush" not in str(caught.value.as_result())


# --- X1 ---


@pytest.mark.parametrize("show", [repr, str, "{0}".format, "{0!r:>1000}".format])
def test_x1_no_secret_and_no_token_is_shown(show: Any) -> None:
    credentials = choose("client_credentials", **CLIENT, **TOKENS)
    assert "hush" not in show(credentials)
    assert "hush" not in show([credentials])
    assert ID in show(credentials)
    assert (credentials.client_secret, credentials.timers_token) == ("hush-client", "hush-timers")


# --- X2: where to ---


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_x2_without_overrides_every_environment_is_globus_over_https(environment: str) -> None:
    addresses = service_addresses(environment)
    assert set(addresses) == set(SERVICES)
    for address in addresses.values():
        assert address.startswith("https://")
        assert address.endswith((".globus.org/", ".globuscs.info/"))
    if environment == "production":
        assert addresses == {
            "auth": "https://auth.globus.org/",
            "transfer": "https://transfer.api.globus.org/",
            "timer": "https://timer.automate.globus.org/",
            "flows": "https://flows.automate.globus.org/",
        }


LOOPBACK = [
    "http://127.0.0.1:8080/",
    "https://127.0.0.1/",
    "http://127.8.9.1:1",
    "http://localhost:8080/",
    "http://LOCALHOST/",
    "http://[::1]:8080/",
]
ELSEWHERE = [
    "http://timer.automate.globus.org/",
    "https://timer.automate.globus.org.example.org/",
    "https://timer.automate.globus.org:8443/",
    "https://globus.example.org/",
    "http://example.org/",
    "https://10.0.0.1/",
    "http://0.0.0.0/",
    "http://192.168.1.1:8080/",
    "http://localhost.example.org/",
    "http://127.0.0.1.example.org/",
    "http://127.0.0.1:8080@example.org/",
    "http://[2001:db8::1]/",
    "ftp://127.0.0.1/",
    "file:///etc/passwd",
    "timer.automate.globus.org",
    "localhost:8080",
    "nonsense",
    "http://",
    "http://[::1",
    "http://127.0.0.1:port/",
    # Python's parser takes what follows the @ for the host, the HTTP library what precedes the backslash
    "http://example.org\\@127.0.0.1/",
    "https://example.org\\@timer.automate.globus.org/",
    # what looks like a login is nothing that this program sends
    "http://user:hush@127.0.0.1/",
    "https://user:hush@timer.automate.globus.org/",
]


@pytest.mark.parametrize("address", LOOPBACK)
@pytest.mark.parametrize("service", SERVICES)
def test_x2_loopback_is_for_rehearsals(service: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"GLOBUS_SDK_SERVICE_URL_{service.upper()}", address)
    assert service_addresses("production")[service] == address
    assert is_loopback(address)


@pytest.mark.parametrize("address", ELSEWHERE)
def test_x2_any_other_address_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_TIMER", address)
    with pytest.raises(GlobusError) as caught:
        service_addresses("production")
    assert not is_loopback(address)
    assert caught.value.code == "untrusted_address"
    assert caught.value.message.startswith("GLOBUS_SDK_SERVICE_URL_TIMER ")
    assert caught.value.remedy == "unset GLOBUS_SDK_SERVICE_URL_TIMER"
    assert "hush" not in caught.value.message


def test_x2_an_override_may_name_the_service_in_another_environment_but_not_another_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    preview = "https://preview.timer.automate.globus.org/"
    monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_TIMER", preview)
    assert service_addresses("production")["timer"] == preview
    monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_TIMER", "https://auth.globus.org/")
    with pytest.raises(GlobusError, match=r"GLOBUS_SDK_SERVICE_URL_TIMER points to auth\.globus\.org:"):
        service_addresses("production")


def test_x3_an_empty_override_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_TIMER", "")
    assert service_addresses("production")["timer"] == "https://timer.automate.globus.org/"


@pytest.mark.parametrize("value", [None, "", "1", "true", "True", "YES", "on", "y", "t"])
def test_x2_certificates_are_checked(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if value is not None:
        monkeypatch.setenv("GLOBUS_SDK_VERIFY_SSL", value)
    assert certificate_check() is True


@pytest.mark.parametrize("value", ["0", "false", "False", "no", "off", "n", " ", "maybe", "no/such/file.pem", "."])
def test_x2_switching_the_check_off_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOBUS_SDK_VERIFY_SSL", value)
    with pytest.raises(GlobusError, match="certificates are always checked") as caught:
        certificate_check()
    assert caught.value.remedy == "unset GLOBUS_SDK_VERIFY_SSL"


def test_x2_a_site_s_own_authority_is_a_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = tmp_path / "site.pem"
    bundle.write_text("", encoding="utf-8")
    monkeypatch.setenv("GLOBUS_SDK_VERIFY_SSL", str(bundle))
    assert certificate_check() == str(bundle)


# --- S2, S3 ---


def test_w1_reading_asks_for_no_data_access() -> None:
    assert [str(scope) for scope in reading_scopes()] == [TIMERS, TRANSFER]


@pytest.mark.parametrize(
    ("needs", "scope"),
    [
        (Needs(transfers=True), f"{TIMERS}[{TRANSFER}]"),
        (
            Needs(transfers=True, data_access=(ID,)),
            f"{TIMERS}[{TRANSFER}[*https://auth.globus.org/scopes/{ID}/data_access]]",
        ),
        (
            Needs(transfers=True, data_access=(ID, OTHER_ID)),
            f"{TIMERS}[{TRANSFER}[*https://auth.globus.org/scopes/{ID}/data_access "
            f"*https://auth.globus.org/scopes/{OTHER_ID}/data_access]]",
        ),
        (
            Needs(transfers=False, flows=(ID,)),
            f"{TIMERS}[https://auth.globus.org/scopes/{ID}/flow_{ID.replace('-', '_')}_user]",
        ),
    ],
)
def test_s3_what_timers_need(needs: Needs, scope: str) -> None:
    assert str(writing_scope(needs)) == scope


@pytest.mark.parametrize(("transfers", "flows"), list(product((True, False), ((), (ID,)))))
def test_s3_timers_that_transfer_always_carry_the_transfer_dependency(transfers: bool, flows: tuple[str, ...]) -> None:
    assert (TRANSFER in str(writing_scope(Needs(transfers=transfers, flows=flows)))) is transfers
