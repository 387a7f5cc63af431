# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Active, paused and stopped timers, one or several with a name: the actions and the messages of the modules."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._module import common
from ansible_collections.research_ops.globus.plugins.module_utils._timers.plan import Plan
from emulator.control import LocalGlobus
from emulator.plain import MAPPED, MAPPED_TOO, Api
from integration import in_process
from integration.harness import definition, kinds

ITEM = {"DATA_TYPE": "transfer_item", "source_path": "/data/", "destination_path": "/backup/", "recursive": True}
DAILY = {"type": "recurring", "interval_seconds": 86400, "start": "2026-03-03T02:00:00+00:00"}


@pytest.fixture
def environment(globus: LocalGlobus) -> dict[str, str]:
    """What the modules need to reach the local Globus, as its service account."""
    secrets = {"GLOBUS_CLIENT_ID": globus.client_id, "GLOBUS_CLIENT_SECRET": globus.client_secret}
    return {**globus.environment, **secrets}


def nightly(api: Api, **changes: Any) -> str:
    """Create a timer that matches ``harness.definition`` by hand. Returns its ID."""
    body = {"DATA": [ITEM], "verify_checksum": True, **changes.pop("body", {})}
    made = {"name": "nightly", "source": MAPPED, "destination": MAPPED_TOO, "schedule": DAILY, "body": body, **changes}
    return api.create(**made)


@pytest.mark.parametrize("by", ["name", "name alone", "timer_id", "list"])
def test_a_paused_timer_whose_consents_are_missing_runs_after_it_is_resumed_S6(
    globus: LocalGlobus, environment: dict[str, str], by: str
) -> None:
    """The timer shows only the pause. Resumed with its old credentials, it would stop at its next run."""
    api = Api(globus).login(consent=False)
    timer_id = nightly(api)
    assert api.call("POST", f"/jobs/{timer_id}/pause").status == 200
    globus.set_clock("2026-03-03T02:00:01+00:00")

    options: dict[str, Any] = {
        "name": definition(),
        "name alone": {"name": "nightly"},
        "timer_id": {"timer_id": timer_id},
        "list": {"timers": [{**definition(), "state": "active"}]},
    }[by]
    if by != "list":
        options["state"] = "active"
    result = in_process.run("timers" if by == "list" else "timer", options, environment)

    assert (result["failed"], kinds(result)) == (False, ["resume"])
    (resume,) = [one for one in globus.log() if one["path"].endswith("/resume")]
    assert resume["query"] == {"update_credentials": "true"}
    globus.set_clock("2026-03-05T02:00:01+00:00")
    # the missed run immediately, and then a run every night
    assert [event for event, _at in api.history(timer_id)] == ["missed", "ran", "ran", "ran"]


def stopped(globus: LocalGlobus, api: Api, cause: str, **changes: Any) -> str:
    """A nightly timer that is not active: its user paused it, or the service stopped it."""
    timer_id = nightly(api, **changes)
    if cause == "user":
        assert api.call("POST", f"/jobs/{timer_id}/pause").status == 200
    else:
        globus.timer(timer_id, stop={"cause": "globus_auth_requirements", "detail": {"code": "ConsentRequired"}})
    return timer_id


def unfinished(globus: LocalGlobus) -> dict[str, str]:
    """ID -> status of the timers that have not ended."""
    return {one["job_id"]: one["status"] for one in globus.timers() if one["status"] in ("active", "inactive")}


def both_ways(environment: dict[str, str], **options: Any) -> dict[str, Any]:
    """Run the module ``timer`` in check mode and then in reality: both must report the same (W1)."""
    options = {**definition(), **options}
    foreseen = in_process.run("timer", options, environment, check=True)
    result: dict[str, Any] = in_process.run("timer", options, environment)
    for member in ("failed", "changed", "drift"):
        assert foreseen[member] == result[member], member
    # check mode adds only the consents that a real run would request
    assert [one for one in foreseen["warnings"] if "check mode" not in one.lower()] == result["warnings"]
    assert kinds(foreseen) == kinds(result)
    return result


# --- S8: on_inactive ---


@pytest.mark.parametrize("cause", ["user", "service"])
@pytest.mark.parametrize("on_inactive", ["warn", "fail", "resume"])
def test_on_inactive_is_about_what_the_service_stopped_S8(
    globus: LocalGlobus, api: Api, environment: dict[str, str], cause: str, on_inactive: str
) -> None:
    timer_id = stopped(globus, api, cause)

    result = both_ways(environment, on_inactive=on_inactive)

    resumed = cause == "service" and on_inactive == "resume"
    assert kinds(result) == (["resume"] if resumed else [])
    assert result["failed"] is (cause == "service" and on_inactive == "fail")
    assert unfinished(globus) == {timer_id: "active" if resumed else "inactive"}
    if cause == "service":
        words = result["msg"] if result["failed"] else result["warnings"][0]
        assert "ConsentRequired" in words
    else:
        assert result["warnings"] == []
    if result["failed"]:
        assert result["error"]["code"] == "inactive"
    elif resumed:
        again = in_process.run("timer", {**definition(), "on_inactive": on_inactive}, environment)
        assert (again["changed"], again["warnings"]) == (False, [])


def test_each_entry_of_a_list_may_have_its_own_on_inactive_S8(
    globus: LocalGlobus, api: Api, environment: dict[str, str]
) -> None:
    ids = {name: stopped(globus, api, "service", name=name) for name in ("list", "warned", "failed")}
    entries = [
        definition("list"),
        {**definition("warned"), "on_inactive": "warn"},
        {**definition("failed"), "on_inactive": "fail"},
    ]

    result = in_process.run("timers", {"timers": entries, "on_inactive": "resume"}, environment)

    assert [entry["changed"] for entry in result["timers"]] == [True, False, False]
    assert [entry["failed"] for entry in result["timers"]] == [False, False, True]
    assert unfinished(globus) == {ids["list"]: "active", ids["warned"]: "inactive", ids["failed"]: "inactive"}


# --- I3: several of a name ---


@pytest.mark.parametrize("state", ["present", "active", "paused"])
@pytest.mark.parametrize("cause", ["user", "service"])
@pytest.mark.parametrize("module", ["timer", "timers"])
def test_the_timer_that_runs_is_kept_however_old_the_other_is_I3(
    globus: LocalGlobus, api: Api, environment: dict[str, str], module: str, cause: str, state: str
) -> None:
    """Somebody noticed that the old timer had stopped, and created a new one by hand."""
    old = stopped(globus, api, cause)
    globus.advance(3600)
    made_by_hand = nightly(api)
    entry = {**definition(), "state": state, "on_drift": "replace"}
    options = entry if module == "timer" else {"timers": [entry]}

    foreseen = in_process.run(module, options, environment, check=True)
    result = in_process.run(module, options, environment)

    pauses = state == "paused" and cause == "service"
    assert kinds(foreseen) == kinds(result) == [*(["pause"] if pauses else []), "delete"]
    if state != "paused":
        assert unfinished(globus) == {made_by_hand: "active"}
    else:  # a paused timer is as good as one that must be paused, so the older of the two is kept
        assert unfinished(globus) == {old if cause == "user" else made_by_hand: "inactive"}
    assert not in_process.run(module, options, environment)["changed"]


def test_a_timer_that_has_run_is_not_paused_because_an_older_one_is_I3(
    globus: LocalGlobus, api: Api, environment: dict[str, str]
) -> None:
    stopped(globus, api, "user", body={"sync_level": 3})
    globus.advance(3600)
    made_by_hand = nightly(api)
    globus.advance(6 * 86400)

    result = both_ways(environment, on_drift="replace")

    assert kinds(result) == ["delete"]
    assert unfinished(globus) == {made_by_hand: "active"}
    assert "although the timers that it replaces are paused" in result["warnings"][0]
    assert not in_process.run("timer", {**definition(), "on_drift": "replace"}, environment)["changed"]


@pytest.mark.parametrize("cause", ["user", "service"])
def test_a_timer_that_runs_is_not_deleted_in_favour_of_one_that_does_not_I3(
    globus: LocalGlobus, api: Api, environment: dict[str, str], cause: str
) -> None:
    equal = stopped(globus, api, cause)
    other = nightly(api, body={"sync_level": 3})

    result = both_ways(environment, on_drift="replace")

    assert (result["failed"], result["error"]["code"], kinds(result)) == (True, "ambiguous_name", [])
    assert f"{equal} matches the definition" in result["msg"]
    assert f"different from the definition: {other}" in result["msg"]
    assert unfinished(globus) == {equal: "inactive", other: "active"}
    # the two remedies of the message
    resumed = both_ways(environment, on_drift="replace", state="active")
    assert kinds(resumed) == ["resume", "delete"]
    assert unfinished(globus) == {equal: "active"}


# --- W4c, W4f: no run is lost ---

# Berlin: 02:00 in winter is 01:00 UTC, and the timer then runs at 03:00 in summer.
SUNDAYS = {"interval": "1w", "weekday": "sunday", "at": "02:00", "timezone": "Europe/Berlin"}
ANCHORED = {"type": "recurring", "interval_seconds": 7 * 86400, "start": "2026-03-08T01:00:00+00:00"}


@pytest.mark.parametrize("changed", ["sync_level", "daylight_saving"])
@pytest.mark.parametrize("module", ["timer", "timers"])
def test_a_replacement_waits_for_the_run_that_is_due_W4c(
    globus: LocalGlobus, api: Api, environment: dict[str, str], module: str, changed: str
) -> None:
    old = nightly(api, schedule=ANCHORED)
    globus.set_clock("2026-07-05T00:30:00+00:00")
    runs = len(api.history(old))
    entry = definition(schedule=SUNDAYS, sync_level="size")
    if changed == "daylight_saving":
        entry = definition(schedule={**SUNDAYS, "daylight_saving": "follow"})
    entry["on_drift"] = "replace"
    options = entry if module == "timer" else {"timers": [entry]}

    for check in (True, False):
        waiting = in_process.run(module, options, environment, check=check)
        assert (waiting["changed"], waiting["failed"], kinds(waiting)) == (False, False, [])
        assert "would skip the run of 2026-07-05T01:00:00+00:00" in waiting["warnings"][0]
    globus.set_clock("2026-07-05T01:00:30+00:00")
    assert len(api.history(old)) == runs + 1
    replaced = in_process.run(module, options, environment)
    assert kinds(replaced) == ["create", "delete"]
    assert not in_process.run(module, options, environment)["changed"]
    (new,) = unfinished(globus)
    globus.set_clock("2026-07-12T00:00:30+00:00")
    assert [at for _event, at in api.history(new)] == ["2026-07-12T00:00:00+00:00"]


def test_a_missed_run_comes_before_the_replacement_W4f(
    globus: LocalGlobus, api: Api, environment: dict[str, str]
) -> None:
    """Paused on Friday, a run missed on Saturday night, resumed on Sunday by a play that follows the clock."""
    old = stopped(globus, api, "user", schedule={**DAILY, "start": "2026-03-28T01:00:00+00:00"})
    globus.set_clock("2026-03-29T12:00:00+00:00")  # summer time began in the night
    schedule = {"interval": "1d", "at": "02:00", "timezone": "Europe/Berlin", "daylight_saving": "follow"}
    options = {"schedule": schedule, "on_drift": "replace", "state": "active"}

    resumed = both_ways(environment, **options)

    assert kinds(resumed) == ["resume"]
    assert "it was resumed, so that the missed run takes place" in resumed["warnings"][0]
    assert [event for event, _at in api.history(old)] == ["missed", "missed", "ran"]
    assert kinds(both_ways(environment, **options)) == ["create", "delete"]
    assert not in_process.run("timer", {**definition(), **options}, environment)["changed"]


def test_a_timer_that_was_paused_because_it_was_wrong_does_not_run_once_more_W4f(
    globus: LocalGlobus, api: Api, environment: dict[str, str]
) -> None:
    old = stopped(globus, api, "user", body={"sync_level": 3})
    globus.set_clock("2026-03-03T12:00:00+00:00")

    replaced = both_ways(environment, on_drift="replace", state="active")

    assert kinds(replaced) == ["create", "delete"]
    assert any("the missed run is not made up for" in one for one in replaced["warnings"])
    assert [event for event, _at in api.history(old)] == ["missed"]


# --- I1, I4: nothing is done, or nothing ever worked ---


@pytest.mark.parametrize("module", ["timer", "timers"])
def test_that_a_timer_has_run_already_is_told_I1(globus: LocalGlobus, environment: dict[str, str], module: str) -> None:
    """The second restore with the same name must not silently do nothing, even after ``state: absent``."""
    entry = definition("restore", schedule={})
    options = entry if module == "timer" else {"timers": [entry]}
    assert in_process.run(module, options, environment)["changed"]
    globus.advance(60)

    for _again in range(2):
        again = in_process.run(module, options, environment)
        assert (again["changed"], again["failed"]) == (False, False)
        (warning,) = again["warnings"]
        assert "the last at 2026-03-02T12:00:00+00:00, so nothing was changed" in warning
        assert "another name" in warning
        assert not in_process.run("timer", {"name": "restore", "state": "absent"}, environment)["changed"]


def test_a_timer_that_never_worked_is_told_of_I4(globus: LocalGlobus, api: Api, environment: dict[str, str]) -> None:
    timer_id = nightly(api)
    globus.collection(MAPPED, deleted=True)
    globus.advance(2 * 86400)
    for options in ({}, {"on_drift": "ignore"}, {"timer_id": timer_id}, {"state": "paused"}):
        result = in_process.run("timer", {**definition(), **options}, environment)
        assert any("it has never worked: Globus counts 2 errors in 2 runs" in one for one in result["warnings"])


# --- diffs ---


@pytest.mark.parametrize("module", ["timer", "timers"])
def test_a_diff_is_drawn_only_where_one_is_asked_for(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    drawn: list[Plan] = []
    draw = common.diff_before

    def drawing(plan: Plan) -> dict[str, Any]:
        drawn.append(plan)
        return draw(plan)

    for name in (f"{common.__package__}.{module}", common.__name__):
        monkeypatch.setattr(f"{name}.diff_before", drawing)
    options = definition() if module == "timer" else {"timers": [definition()]}

    for diff in (False, True):
        result = in_process.run(module, {**options, "_ansible_diff": diff}, environment, check=True)
        assert kinds(result) == ["create"]
        assert ("diff" in result) is bool(drawn) is diff
