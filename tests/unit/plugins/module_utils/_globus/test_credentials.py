# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which credentials are used, and what is shown of them (X1)."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._errors import GlobusError
from ansible_collections.research_ops.globus.plugins.module_utils._globus.credentials import (
    Credentials,
    choose_credentials,
)

ID = "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"
CLIENT = {"client_id": ID, "client_secret": "hush-client"}
TOKENS = {"timers_token": "hush-timers", "transfer_token": "hush-transfer"}


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
    assert f"auth_method: {method} requires {' and '.join(missing)}." in caught.value.message
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
