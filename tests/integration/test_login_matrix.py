# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Method x collection x consent: created, refused with the remedy, or warned; and a created timer really runs (S4)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from emulator.control import LocalGlobus
from emulator.plain import (
    DELETED,
    ENDPOINT,
    GUEST,
    HIGH_ASSURANCE,
    INVISIBLE,
    LAPTOP,
    MAPPED,
    NATIVE_APP,
    PERSON,
    UNKNOWN,
    timer_scope,
)
from emulator.scopes import TIMERS_SCOPE, TIMERS_SERVER, TRANSFER_SCOPE, TRANSFER_SERVER, data_access
from integration import in_process
from integration.harness import definition
from integration.people import Person

METHODS = ("client_credentials", "client_credentials, stored", "user", "cli", "access_token")
USABLE = {"mapped": MAPPED, "guest": GUEST, "personal": LAPTOP, "high assurance": HIGH_ASSURANCE}
UNUSABLE = {"not visible": INVISIBLE, "unknown": UNKNOWN, "deleted": DELETED, "endpoint": ENDPOINT}
CONSENTS = ("consent", "no consent")
UNTIL_FIRST_RUN = timedelta(minutes=40)  # longer than a session on a high assurance collection

CASES = list(itertools.product(METHODS, {**USABLE, **UNUSABLE}, CONSENTS))


def expected(method: str, collection: str, consent: str) -> str:
    """``created``, ``warned`` (created, with a warning), ``refused``, or ``no consent`` (refused, with the remedy)."""
    if collection in UNUSABLE:
        return "refused"
    if method in ("user", "cli") and consent == "no consent":
        return "no consent"
    if collection == "high assurance" or method == "access_token":
        return "warned"
    return "created"


def test_method_by_collection_by_consent_S2_S3_S4_S5(
    globus: LocalGlobus, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    person = Person(globus, tmp_path)
    person.sign_in()
    person.use_cli("globus login --no-local-server")
    minted = globus.mint([timer_scope(), TRANSFER_SCOPE], identity=PERSON, client_id=NATIVE_APP)
    service_account: dict[str, Any] = {"client_id": globus.client_id, "client_secret": globus.client_secret}
    # method -> its options, and the identity and the client of its consents
    ways: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
        "client_credentials": (service_account, {}),
        "client_credentials, stored": ({**service_account, "token_storage": str(tmp_path / "shared" / "t.json")}, {}),
        "user": ({"client_id": NATIVE_APP}, {"identity": PERSON, "client_id": NATIVE_APP}),
        "cli": ({}, {"identity": PERSON, "client_id": person.cli_client()}),
        "access_token": (
            {
                "timers_token": minted[TIMERS_SERVER]["access_token"],
                "transfer_token": minted[TRANSFER_SERVER]["access_token"],
            },
            {"identity": PERSON, "client_id": NATIVE_APP},
        ),
    }
    for method, collection, consent in CASES:
        name = f"{method} / {collection} / {consent}"
        options, whose = ways[method]
        identity = {**USABLE, **UNUSABLE}[collection]
        with subtests.test(case=name):
            set_consents(globus, identity if collection == "mapped" else None, consent == "consent", whose)
            globus.clear_log()
            start = datetime.fromisoformat(globus.now()).replace(microsecond=0) + UNTIL_FIRST_RUN
            schedule = {"interval": "1d", "start": start.isoformat()}
            asked = definition(name, schedule, source_collection=identity, destination_collection=GUEST)
            options = {**asked, **options, "auth_method": method.split(",")[0]}
            result = in_process.run("timer", options, person.environment)
            wanted = expected(method, collection, consent)
            CHECKS[wanted](result, method, identity)
            made = [one for one in globus.timers() if one["name"] == name]
            assert len(made) == (wanted in ("created", "warned"))
            if made:
                globus.set_clock((start + timedelta(seconds=1)).isoformat())
                (timer,) = [one for one in globus.timers() if one["name"] == name]
                stops = collection == "high assurance" or (method == "access_token" and consent == "no consent")
                assert [event["event"] for event in timer["history"]] == (["unauthorised"] if stops else ["ran"])


def set_consents(globus: LocalGlobus, mapped: str | None, there: bool, whose: dict[str, str]) -> None:
    """All consents that a timer on a collection needs, or all except the last: data_access or, without it, transfers by
    timers."""
    needed = timer_scope(mapped) if mapped else timer_scope()
    globus.grant(needed, **whose)
    if not there:
        globus.revoke(needed, **whose)


def check_created(result: dict[str, Any], method: str, collection: str) -> None:
    assert (result["failed"], result["changed"], result.get("warnings", [])) == (False, True, []), result


def check_warned(result: dict[str, Any], method: str, collection: str) -> None:
    assert (result["failed"], result["changed"]) == (False, True), result
    sessions = [
        one for one in result["warnings"] if "After the session of the login has expired" in one and collection in one
    ]
    consents = [one for one in result["warnings"] if "cannot check the consents of an access token" in one]
    assert len(sessions) == (collection == HIGH_ASSURANCE)
    assert len(consents) == (method == "access_token")
    assert len(result["warnings"]) == len(sessions) + len(consents)
    below = f"[*{data_access(collection)}]" if collection == MAPPED else ""
    assert all(one.endswith(f"{TIMERS_SCOPE}[{TRANSFER_SCOPE}{below}]") for one in consents)


def check_refused(result: dict[str, Any], method: str, collection: str) -> None:
    assert (result["failed"], result["changed"]) == (True, False), result
    assert collection in result["msg"]
    assert "remedy" not in result


def check_no_consent(result: dict[str, Any], method: str, collection: str) -> None:
    assert (result["failed"], result["changed"]) == (True, False), result
    assert result["error"]["code"] == "consent_required"
    assert result["msg"].endswith(result["remedy"])
    mapped = collection == MAPPED
    assert ("data_access for collection" in result["msg"]) == mapped
    assert (
        result["remedy"]
        == {
            ("user", True): f"{LOGIN} -e globus_collections={MAPPED}",
            ("user", False): LOGIN,
            ("cli", True): f"globus session consent --timer-data-access {MAPPED}",
            ("cli", False): "globus login --force",
        }[method, mapped]
    )


LOGIN = f"ansible-playbook research_ops.globus.login -e globus_client_id={NATIVE_APP}"
CHECKS: dict[str, Callable[[dict[str, Any], str, str], None]] = {
    "created": check_created,
    "warned": check_warned,
    "refused": check_refused,
    "no consent": check_no_consent,
}
