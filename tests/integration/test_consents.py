# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The consents that timers need for collections, their runs, and collections that cannot be used."""

from __future__ import annotations

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
    MAPPED_TOO,
    UNKNOWN,
    Api,
)
from emulator.scopes import TIMERS_SCOPE, TRANSFER_SCOPE, data_access
from integration.harness import calls, control, definition, kinds, logged, timer, writes
from integration.in_process import Modules

FIRST_RUN = "2026-03-03T02:00:00+00:00"
SCHEDULE = {"interval": "1d", "start": FIRST_RUN}


def events(globus: LocalGlobus, name: str) -> list[str]:
    """The events at the ticks of the timer with this name."""
    (found,) = [one for one in globus.timers() if one["name"] == name]
    return [event["event"] for event in found["history"]]


def test_a_timer_of_the_module_runs_and_one_without_data_access_stops_until_it_is_cured_S3_S6_S7(
    globus: LocalGlobus, modules: Modules
) -> None:
    """Create a timer twice: by a raw request without data_access, and by the module. Then a day passes."""
    raw = Api(globus).login()
    items = [{"DATA_TYPE": "transfer_item", "source_path": "/data/", "destination_path": "/backup/", "recursive": True}]
    raw.create(
        name="raw",
        schedule={"type": "recurring", "interval_seconds": 86400, "start": FIRST_RUN},
        source=MAPPED,
        destination=MAPPED_TOO,
        body={"DATA": items, "verify_checksum": True},
    )
    stopped = definition("raw", SCHEDULE)
    tasks = [
        timer("create", **definition("by the module", SCHEDULE)),
        control("POST", "clock", {"set": "2026-03-03T02:00:01+00:00"}),
        control("GET", "timers", title="first tick"),
        timer("runs", **definition("by the module", SCHEDULE), on_drift="fail"),
        timer("stopped, present", **stopped, on_drift="fail"),
        timer("stopped, paused", **stopped, state="paused", on_drift="fail"),
        timer("stopped, by name", name="raw", state="paused"),
        timer("stopped, absent", name="raw", state="absent", task={"check_mode": True}),
        timer("cure", **stopped, state="active", on_drift="fail"),
        control("POST", "clock", {"set": "2026-03-04T02:00:01+00:00"}),
        timer("cured", **stopped, state="active", on_drift="fail"),
    ]

    run = modules.run(logged(*tasks))

    ticked = {one["name"]: one for one in run["first tick"]["answer"]["timers"]}
    assert [event["event"] for event in ticked["by the module"]["history"]] == ["ran"]
    assert [event["event"] for event in ticked["raw"]["history"]] == ["unauthorised"]
    assert ticked["raw"]["inactive_reason"]["cause"] == "globus_auth_requirements"
    assert (run["runs"]["changed"], run["runs"]["timer"]["runs"], run["runs"].get("warnings", [])) == (False, 1, [])
    for task in ("stopped, present", "stopped, paused", "stopped, by name"):
        assert not run[task]["changed"]
        assert calls(run.log(task)) == ["POST token", "GET jobs"], "the warning costs no request"
        (warning,) = run[task]["warnings"]
        for word in ("'raw'", "ConsentRequired", MAPPED, MAPPED_TOO, "state: active"):
            assert word in warning
    assert run["stopped, absent"].get("warnings", []) == []
    assert kinds(run["cure"]) == ["resume"]
    (consent,) = [one["scope"] for one in run.log("cure") if "data_access" in (one["scope"] or "")]
    below = f"*{data_access(MAPPED)} *{data_access(MAPPED_TOO)}"
    assert consent.removesuffix(f" {TRANSFER_SCOPE}") == f"{TIMERS_SCOPE}[{TRANSFER_SCOPE}[{below}]]"
    (resume,) = [one for one in run.log("cure") if one["path"].endswith("/resume")]
    assert resume["query"] == {"update_credentials": "true"}
    # Resuming makes up for the run that was missed, and the next tick runs too.
    assert events(globus, "raw") == ["unauthorised", "ran", "ran"]
    assert (run["cured"]["changed"], run["cured"].get("warnings", [])) == (False, [])


USABLE = {
    "two mapped": (MAPPED, MAPPED_TOO, [MAPPED, MAPPED_TOO]),
    "mapped to itself": (MAPPED, MAPPED, [MAPPED]),
    "guest to laptop": (GUEST, LAPTOP, []),
    "mapped to guest": (MAPPED, GUEST, [MAPPED]),
    "high assurance": (HIGH_ASSURANCE, GUEST, []),
}


def test_data_access_is_asked_for_where_it_is_needed_and_nowhere_else_S1_S2_S3(
    modules: Modules, subtests: pytest.Subtests
) -> None:
    tasks = []
    for name, (source, destination, _mapped) in USABLE.items():
        ends: dict[str, Any] = {"source_collection": source, "destination_collection": destination}
        tasks.append(timer(name, **definition(name, **ends)))

    run = modules.run(logged(*tasks))

    for name, (source, destination, mapped) in USABLE.items():
        with subtests.test(collections=name):
            result, log = run[name], run.log(name)
            assert kinds(result) == ["create"], result
            looked_up = [entry["path"].rpartition("/")[2] for entry in log if entry["path"].startswith("/v0.10")]
            assert sorted(looked_up) == sorted({source, destination}), "each once"
            scopes = [entry["scope"] for entry in log if entry["path"] == "/v2/oauth2/token"]
            below = " ".join(f"*{data_access(one)}" for one in mapped)
            needed = f"{TIMERS_SCOPE}[{TRANSFER_SCOPE}{f'[{below}]' if below else ''}]"
            # In addition, the token for the plain transfer scope may be renewed.
            assert scopes[0] == f"{TIMERS_SCOPE} {TRANSFER_SCOPE}"
            assert [scope.removesuffix(f" {TRANSFER_SCOPE}") for scope in scopes[1:]] == [needed]
            order = calls(log)
            assert order.index("POST timer") > len(order) - 3, "the consents are there before the timer"
            returned = {one["id"]: one["requires_data_access"] for one in result["collections"]}
            assert returned == {one: one in mapped for one in (source, destination)}
            warnings = result.get("warnings", [])
            assert len(warnings) == (HIGH_ASSURANCE in (source, destination))
            assert all("Rehearsal high assurance" in warning and HIGH_ASSURANCE in warning for warning in warnings)


UNUSABLE = {
    "unknown": (UNKNOWN, ["does not exist"]),
    "deleted": (DELETED, ["was deleted"]),
    "invisible": (INVISIBLE, ["is not visible to this login"]),
    "endpoint": (ENDPOINT, ["'Rehearsal endpoint'", "is an endpoint, not a collection"]),
}


@pytest.mark.parametrize("place", ["source_collection", "destination_collection"])
def test_a_collection_that_cannot_be_used_is_reported_by_id_before_creation_S5(
    place: str, globus: LocalGlobus, modules: Modules, subtests: pytest.Subtests
) -> None:
    tasks = []
    for name, (collection, _words) in UNUSABLE.items():
        end: dict[str, Any] = {place: collection}
        options = definition(name, **end)
        tasks += [timer(f"{name}, check", **options, task={"check_mode": True}), timer(name, **options)]

    run = modules.run(tasks)

    assert writes(globus.log()) == []
    for name, (collection, words) in UNUSABLE.items():
        for task in (f"{name}, check", name):
            with subtests.test(collection=task):
                result = run[task]
                assert (result["failed"], result["changed"], result["operations"]) == (True, False, [])
                for word in (collection, f"'{name}'", *words):
                    assert word in result["msg"]
                assert result["error"]["code"]
