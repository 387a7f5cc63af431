# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Timers that run flows: each operation, drift, consents, and timers of others (I4, D1, S1 to S7, W1, W4)."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import globus_sdk
import pytest
from globus_sdk.globus_app import GlobusAppConfig
from globus_sdk.token_storage import MemoryTokenStorage

from emulator.control import LocalGlobus
from emulator.plain import (
    FAILING_FLOW,
    FLOW,
    HIDDEN_FLOW,
    MAPPED,
    MAPPED_TOO,
    NATIVE_APP,
    UNKNOWN,
    Api,
    flow_timer_scope,
)
from emulator.scopes import TIMERS_SCOPE, TIMERS_SERVER, TRANSFER_SCOPE, TRANSFER_SERVER, data_access, flow_user, parse
from integration import in_process
from integration.harness import BIN, Playbooks, Task, calls, definition, kinds, logged, writes
from integration.people import Person
from patience import LIMIT

IN_PLACE = ["POST token", "GET jobs"]
FIRST_RUN = "2026-03-03T02:00:00+00:00"
DAILY = {"interval": "1d", "start": FIRST_RUN}
MANAGERS = [f"urn:globus:auth:identity:dddddddd-0000-4000-8000-00000000000{number}" for number in (1, 2)]
INPUT: dict[str, Any] = {"steps": [{"path": "/data/", "depth": 2}], "dry": True, "note": None, "share": 0.5}


def flow_definition(name: str = "flow", schedule: Mapping[str, Any] | None = None, **flow: Any) -> dict[str, Any]:
    """Options that define a timer: daily at 02:00 UTC, the flow that succeeds."""
    when = DAILY if schedule is None else schedule
    return {"name": name, "flow": {"flow_id": FLOW, "input": INPUT, **flow}, "schedule": dict(when)}


class Modules:
    """Modules in this process, with the client of the world."""

    def __init__(self, globus: LocalGlobus) -> None:
        self.globus = globus
        credentials = {"GLOBUS_CLIENT_ID": globus.client_id, "GLOBUS_CLIENT_SECRET": globus.client_secret}
        self.environment = {**globus.environment, **credentials}

    def __call__(self, module: str, *, check: bool = False, **options: Any) -> Any:
        """The result of the module."""
        return in_process.run(module, options, self.environment, check=check)

    def create(self, *timers: Mapping[str, Any]) -> None:
        """Create timers in one task."""
        made = self("timers", timers=list(timers))
        assert made["counts"]["created"] == len(timers), made

    def in_place(self, *timers: Mapping[str, Any]) -> None:
        """Check that the timers exist and match, without a write."""
        self.globus.clear_log()
        result = self("timers", timers=list(timers), on_drift="fail")
        assert (result["failed"], result["operations"]) == (False, []), result
        assert [entry["drift"] for entry in result["timers"]] == [[]] * len(timers)
        assert writes(self.globus.log()) == []


@pytest.fixture
def modules(globus: LocalGlobus) -> Modules:
    """Modules in this process."""
    return Modules(globus)


def consented(globus: LocalGlobus) -> set[str]:
    """All consents below the scope of Timers."""
    paths = {path for one in globus.call("GET", "consents")["consents"] for path in one["paths"]}
    return {path for path in paths if path.startswith(f"{TIMERS_SCOPE} > ")}


def events(globus: LocalGlobus, name: str) -> list[str]:
    """The events at the ticks of the timer with this name."""
    (found,) = [one for one in globus.timers() if one["name"] == name and one["status"] != "delete_in_progress"]
    return [event["event"] for event in found["history"]]


# --- one timer -----------------------------------------------------------------------------------------------------


def test_life_of_a_flow_timer_each_step_idempotent_and_at_its_cost_C1_S1_W1_W4(
    globus: LocalGlobus, modules: Modules
) -> None:
    """Each operation and its requests: the flow is looked up only when a timer is created or resumed."""
    wanted, other = flow_definition(run_managers=MANAGERS), flow_definition(run_managers=MANAGERS[:1])
    look_up = [*IN_PLACE, "POST token", "GET flow"]  # with a separate token for Globus Flows
    create = [*look_up, "POST consent", "POST timer", "POST pause"]
    check: dict[str, Any] = {"check": True}
    steps: dict[str, tuple[dict[str, Any], list[str], list[str]]] = {
        "would create": ({**wanted, **check}, ["create"], look_up),
        "create": ({**wanted, "state": "paused"}, ["create", "pause"], [*create, "GET jobs"]),
        "created": ({**wanted, "state": "paused", "on_drift": "fail"}, [], IN_PLACE),
        # W4e: the runs of the old timer are read
        "would replace": (
            {**other, "on_drift": "replace", **check},
            ["create", "pause", "delete"],
            [*look_up, "GET job"],
        ),
        # W4: it stays paused
        "replace": (
            {**other, "on_drift": "replace"},
            ["create", "pause", "delete"],
            [*look_up, "POST consent", "GET job", "POST timer", "POST pause", "GET job", "DELETE job", "GET jobs"],
        ),
        "replaced": ({**other, "state": "paused", "on_drift": "fail"}, [], IN_PLACE),
        "would resume": ({"name": "flow", "state": "active", **check}, ["resume"], look_up),
        "resume": (
            {"name": "flow", "state": "active"},
            ["resume"],
            [*look_up, "POST consent", "POST resume", "GET job"],
        ),
        "resumed": ({**other, "state": "active", "on_drift": "fail"}, [], IN_PLACE),
        "drifted": (wanted, [], IN_PLACE),
        "pause": ({"name": "flow", "state": "paused"}, ["pause"], [*IN_PLACE, "POST pause", "GET job"]),
        "would remove": ({"name": "flow", "state": "absent", **check}, ["delete"], IN_PLACE),
        "remove": ({"name": "flow", "state": "absent"}, ["delete"], [*IN_PLACE, "DELETE job"]),
        "removed": ({"name": "flow", "state": "absent"}, [], IN_PLACE),
    }
    results: dict[str, Any] = {}
    for name, (options, operations, requests) in steps.items():
        globus.clear_log()
        result = results[name] = modules("timer", **options, _ansible_diff=True)
        assert not result["failed"], result
        assert kinds(result) == operations, name
        assert result["changed"] is bool(operations)
        assert calls(globus.log()) == requests, name
        assert (result["diff"]["before"] != result["diff"]["after"]) is bool(operations)
    created = results["create"]["timer"]
    assert (created["type"], created["next_run"]) == ("flow", FIRST_RUN)
    assert created["definition"]["flow"] == wanted["flow"]
    assert results["create"]["diff"]["after"]["flow"] == wanted["flow"]
    assert results["replace"]["timer"]["next_run"] == FIRST_RUN
    assert results["replaced"]["timer_id"] == results["replace"]["timer_id"] != created["id"]
    assert [one["field"] for one in results["drifted"]["drift"]] == ["flow.run_managers"]


@contextlib.contextmanager
def sdk(
    globus: LocalGlobus, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[globus_sdk.ClientApp, globus_sdk.TimersClient]]:
    """An app of the SDK as in its documentation, and its Timers client."""
    for name, value in globus.environment.items():
        monkeypatch.setenv(name, value)
    config = GlobusAppConfig(token_storage=MemoryTokenStorage())
    credentials = globus_sdk.ConfidentialAppAuthClient(globus.client_id, globus.client_secret)
    with (
        globus_sdk.ClientApp("documented", login_client=credentials, config=config) as app,
        globus_sdk.TimersClient(app=app) as timers,
    ):
        yield app, timers


def test_the_scope_is_what_the_sdk_documents_S3(
    globus: LocalGlobus, modules: Modules, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``add_app_flow_user_scope`` of the SDK adds it to an app; the module's token request names the same."""
    with sdk(globus, monkeypatch) as (app, timers):
        timers.add_app_flow_user_scope([FLOW, FAILING_FLOW])
        documented = app.scope_requirements[TIMERS_SERVER][-1]
    modules.create(flow_definition("one"), flow_definition("two", flow_id=FAILING_FLOW))
    (asked,) = [one["scope"] for one in globus.log() if "/flow_" in str(one["scope"])]
    (ours,) = [scope for scope in globus_sdk.scopes.ScopeParser.parse(asked) if scope.scope_string == TIMERS_SCOPE]
    assert {str(one) for one in ours.dependencies} == {str(one) for one in documented.dependencies}
    assert {str(one) for one in ours.dependencies} == {flow_user(FLOW), flow_user(FAILING_FLOW)}
    assert not any(one.optional for one in ours.dependencies)


SAME: dict[str, dict[str, Any]] = {
    "order and repetition of managers": {"run_managers": [*MANAGERS[::-1], MANAGERS[0]]},
    "order of monitors": {"run_monitors": MANAGERS[::-1]},
    "order of tags": {"tags": ["b", "a"]},
    "another spelling of the ID": {"flow_id": FLOW.upper()},
    "order of the input's keys": {"input": dict(reversed(INPUT.items()))},
}
DIFFERS: dict[str, tuple[dict[str, Any], str]] = {
    "another flow": ({"flow_id": FAILING_FLOW}, "flow.flow_id"),
    "no input": ({"input": {}}, "flow.input"),
    "a key more": ({"input": {**INPUT, "x": 1}}, "flow.input"),
    "a nested value": ({"input": {**INPUT, "steps": [{"path": "/data/", "depth": 3}]}}, "flow.input"),
    "order of a list of the input": ({"input": {**INPUT, "steps": [*INPUT["steps"], 1]}}, "flow.input"),
    "null is not left out": ({"input": {key: value for key, value in INPUT.items() if key != "note"}}, "flow.input"),
    "true is not 1": ({"input": {**INPUT, "dry": 1}}, "flow.input"),
    "a manager less": ({"run_managers": MANAGERS[:1]}, "flow.run_managers"),
    "no monitors": ({"run_monitors": []}, "flow.run_monitors"),
    "a tag more": ({"tags": ["a", "b", "c"]}, "flow.tags"),
}
LISTS: dict[str, Any] = {"run_managers": MANAGERS, "run_monitors": MANAGERS, "tags": ["a", "b"]}


@pytest.mark.parametrize("shape", ["as_sent", "filled", "filled_with_nulls"])
def test_drift_field_by_field_D1_D6(
    shape: str, globus: LocalGlobus, modules: Modules, subtests: pytest.Subtests
) -> None:
    globus.switch(read_shape=shape)
    modules.create(flow_definition(**LISTS), flow_definition("plain"))
    modules.in_place(flow_definition("plain", run_managers=[], tags=[]))
    for name, changes in SAME.items():
        with subtests.test(same=name):
            modules.in_place(flow_definition(**{**LISTS, **changes}))
    for name, (changes, field) in DIFFERS.items():
        with subtests.test(differs=name):
            result = modules("timer", **flow_definition(**{**LISTS, **changes}))
            assert [one["field"] for one in result["drift"]] == [field]
            assert (result["changed"], len(result["warnings"])) == (False, 1)
            assert field in result["warnings"][0]
    with subtests.test(differs="schedule"):
        result = modules("timer", **flow_definition(schedule={**DAILY, "interval": "1w"}, **LISTS))
        assert [one["field"] for one in result["drift"]] == ["schedule.interval"]
    with subtests.test(differs="it is to transfer"):
        result = modules("timer", **definition("flow", DAILY))
        assert result["drift"] == [{"field": "type", "desired": "transfer", "actual": "flow"}]


def test_a_flow_timer_becomes_a_transfer_and_a_flow_again(modules: Modules) -> None:
    modules.create(flow_definition("both"))
    for wanted in (definition("both", DAILY), flow_definition("both")):
        replaced = modules("timer", **wanted, on_drift="replace")
        assert kinds(replaced) == ["create", "delete"], replaced
        modules.in_place(wanted)


@pytest.mark.parametrize("names", ["read", "created"])
def test_a_lost_answer_makes_no_second_timer_W2(names: str, globus: LocalGlobus, modules: Modules) -> None:
    """The answer to a creation may use either set of names."""
    globus.switch(flow_creation_names=names)
    globus.fault("lose_answer", method="POST", path="^/v2/timer$", attempts=[1])
    result = modules("timer", **flow_definition(), retries=1)
    assert kinds(result) == ["create"], result
    assert [one["job_id"] for one in globus.timers()] == [result["timer_id"]]
    assert kinds(modules("timer", **flow_definition("other"))) == ["create"]


# --- many timers ---------------------------------------------------------------------------------------------------


def test_flows_and_transfers_in_one_list_one_token_request_for_both_S3_C2(
    globus: LocalGlobus, playbooks: Playbooks
) -> None:
    """In a real playbook, templates keep the types of the input."""
    wanted = [
        definition("transfer", DAILY),
        flow_definition("first"),
        flow_definition("templated", input="{{ input }}"),
        flow_definition("failing", flow_id=FAILING_FLOW),
        definition("transfer too", DAILY, sync_level="size"),
    ]
    tasks: list[Task] = [
        {"name": name, "research_ops.globus.timers": {"timers": wanted, "on_drift": "fail"}, "ignore_errors": True}
        for name in ("would create", "create", "in place")
    ]
    tasks[0]["check_mode"] = True

    run = playbooks.run(logged(*tasks), variables={"input": INPUT})

    for name in ("would create", "create"):
        assert not run[name]["failed"], run[name]
        assert [kinds(entry) for entry in run[name]["timers"]] == [["create"]] * 5
    assert writes(run.log("would create")) == []
    log = calls(run.log("create"))
    assert [log.count(call) for call in ("GET collection", "GET flow", "POST consent", "POST timer")] == [2, 2, 1, 5]
    (consent,) = [one["scope"] for one in run.log("create") if "/flow_" in str(one["scope"])]
    expected: dict[tuple[str, ...], bool] = {
        (TRANSFER_SCOPE,): False,  # collections are read with this token
        (TIMERS_SCOPE,): False,
        (TIMERS_SCOPE, TRANSFER_SCOPE): False,
        **{(TIMERS_SCOPE, TRANSFER_SCOPE, data_access(one)): True for one in (MAPPED, MAPPED_TOO)},
        **{(TIMERS_SCOPE, flow_user(one)): False for one in (FLOW, FAILING_FLOW)},
    }
    assert {path: optional for scope in parse(consent) for path, optional in scope.paths()} == expected
    assert calls(run.log("in place")) == IN_PLACE
    assert run["in place"]["timers"][2]["timer"]["definition"]["flow"]["input"] == INPUT
    globus.set_clock("2026-03-04T02:00:01+00:00")
    ran = {one["name"]: events(globus, one["name"]) for one in globus.timers()}
    assert ran == {one["name"]: ["failed" if one["name"] == "failing" else "ran"] * 2 for one in wanted}


@pytest.mark.parametrize("hidden", ["not_found", "forbidden"])
def test_a_flow_that_cannot_be_used_is_reported_by_id_before_creation_S5(
    hidden: str, globus: LocalGlobus, modules: Modules
) -> None:
    globus.switch(hidden_flow=hidden)
    for flow in (UNKNOWN, HIDDEN_FLOW):
        for check in (True, False):
            result = modules("timer", **flow_definition("unusable", flow_id=flow), check=check)
            assert (result["failed"], result["changed"], result["operations"]) == (True, False, [])
            assert all(word in result["msg"] for word in (flow, "'unusable'", "does not exist or is not visible"))
            assert result["error"]["code"] == "flow_not_found"
    assert writes(globus.log()) == []
    assert consented(globus) == set()
    entries = [flow_definition("unusable", flow_id=HIDDEN_FLOW), flow_definition("usable"), definition("transfer")]
    listed = modules("timers", timers=entries)
    assert [entry["failed"] for entry in listed["timers"]] == [True, False, False]
    assert HIDDEN_FLOW in listed["msg"]
    assert sorted(one["name"] for one in globus.timers()) == ["transfer", "usable"]
    assert not any(HIDDEN_FLOW in path for path in consented(globus))


def test_a_look_up_that_breaks_is_no_missing_flow(globus: LocalGlobus, modules: Modules) -> None:
    globus.fault("status", method="GET", path="^/flows/", status=500, attempts="all")
    result = modules("timer", **flow_definition())
    assert f"Flow {FLOW} could not be looked up" in result["msg"]
    assert result["error"]["http_status"] == 500
    assert globus.timers() == []


# --- consents ------------------------------------------------------------------------------------------------------


def test_check_mode_grants_nothing_W1(globus: LocalGlobus, modules: Modules) -> None:
    Api(globus).login().create_flow_timer(name="stopped", schedule={"type": "once"})  # so it stops immediately
    wanted = flow_definition("stopped", {})
    for options in (
        {**flow_definition("new")},
        {**flow_definition("new"), "state": "paused"},
        {**wanted, "state": "active", "on_drift": "ignore"},
        {**wanted, "on_drift": "replace"},
    ):
        before = consented(globus)
        globus.clear_log()
        foreseen = modules("timer", **options, check=True)
        assert (foreseen["failed"], foreseen["changed"]) == (False, True), foreseen
        assert (writes(globus.log()), consented(globus)) == ([], before)
        assert not any(flow_user(FLOW) in path for path in before)


def test_without_its_consent_a_flow_timer_stops_warns_and_is_cured_S6_S7(globus: LocalGlobus, modules: Modules) -> None:
    wanted = flow_definition()
    modules.create(wanted)
    globus.revoke(flow_timer_scope(FLOW))
    globus.set_clock("2026-03-03T02:00:01+00:00")
    for options in ({**wanted, "on_drift": "fail"}, {"name": "flow", "state": "paused"}):
        globus.clear_log()
        result = modules("timer", **options)
        assert (result["failed"], result["changed"]) == (False, False)
        assert calls(globus.log()) == IN_PLACE, "the warning costs no request"
        (warning,) = result["warnings"]
        assert all(word in warning for word in ("'flow'", "ConsentRequired", f"flow {FLOW}", "state: active"))
    (stopped,) = modules("timer_info", name="flow")["timers"]
    assert stopped["health"]["state"] == "needs_consent"
    assert f"flow {FLOW}" in stopped["health"]["reason"]

    globus.clear_log()
    assert kinds(modules("timer", name="flow", state="active")) == ["resume"]

    (resume,) = [one for one in globus.log() if one["path"].endswith("/resume")]
    assert resume["query"] == {"update_credentials": "true"}
    globus.set_clock("2026-03-04T02:00:01+00:00")
    cured = modules("timer", **wanted, state="active", on_drift="fail")
    assert (cured["changed"], cured["warnings"]) == (False, [])
    # Resuming makes up for the run that was missed, and the next tick runs too.
    assert events(globus, "flow") == ["unauthorised", "ran", "ran"]
    (healthy,) = modules("timer_info", name="flow", runs=3)["timers"]
    assert (healthy["health"]["state"], [one["failed"] for one in healthy["recent_runs"]]) == ("ok", [False, False])


def test_runs_of_a_flow_that_fail_are_told(globus: LocalGlobus, modules: Modules) -> None:
    modules.create(flow_definition(flow_id=FAILING_FLOW), flow_definition("hidden meanwhile"))
    globus.flow(FLOW, visible=False)
    globus.set_clock("2026-03-03T02:00:01+00:00")
    found = {one["name"]: one["health"] for one in modules("timer_info", health="unhealthy")["timers"]}
    assert {name: health["state"] for name, health in found.items()} == {
        "flow": "failing",
        "hidden meanwhile": "failing",
    }
    assert FLOW in found["hidden meanwhile"]["reason"]


def test_a_person_is_told_the_command_that_grants_the_consent_S4(globus: LocalGlobus, tmp_path: Path) -> None:
    """The task fails before anything is created, and the command in the message requests the missing consents."""
    person = Person(globus, tmp_path)

    def create(name: str, **options: Any) -> Any:
        asked = {**flow_definition(name), "auth_method": "user", "client_id": NATIVE_APP, **options}
        return in_process.run("timer", asked, person.environment)

    person.sign_in()
    refused = create("nightly")
    assert refused["error"]["code"] == "consent_required", refused
    assert refused["remedy"] == (
        f"ansible-playbook research_ops.globus.login -e globus_client_id={NATIVE_APP} -e globus_flows={FLOW}"
    )
    assert f"flow {FLOW}" in refused["msg"]
    person.sign_in(flows=[FLOW])
    assert kinds(create("nightly")) == ["create"]
    hidden = create("hidden", flow={"flow_id": HIDDEN_FLOW})
    assert (hidden["failed"], HIDDEN_FLOW in hidden["msg"]) == (True, True)
    globus.set_clock("2026-03-03T02:00:01+00:00")
    assert {one["name"] for one in globus.timers()} == {"nightly"}
    assert events(globus, "nightly") == ["ran"]


def test_the_login_of_the_cli_and_its_remedy_S4(globus: LocalGlobus, tmp_path: Path) -> None:
    """The CLI requires the command of the message, ``globus login --timer flow:ID``, also for its own flow timers."""
    person = Person(globus, tmp_path)
    person.use_cli("globus login --no-local-server")
    asked = {**flow_definition(), "auth_method": "cli"}
    refused = in_process.run("timer", asked, person.environment)
    assert refused["remedy"] == f"globus login --timer flow:{FLOW}", refused
    person.use_cli(f"{refused['remedy']} --no-local-server")
    assert kinds(in_process.run("timer", asked, person.environment)) == ["create"]


def test_with_access_tokens_the_warning_names_the_scope_S4(globus: LocalGlobus) -> None:
    minted = globus.mint([TIMERS_SCOPE, TRANSFER_SCOPE])
    tokens = {
        "timers_token": minted[TIMERS_SERVER]["access_token"],
        "transfer_token": minted[TRANSFER_SERVER]["access_token"],
    }
    result = in_process.run("timer", {**flow_definition(), **tokens}, globus.environment)
    assert kinds(result) == ["create"], result
    (warning,) = result["warnings"]
    assert flow_timer_scope(FLOW) in warning


# --- timers of others ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["as_sent", "filled_with_nulls"])
def test_flow_timers_of_anyone_are_taken_over_and_made_anew_I4(
    shape: str, globus: LocalGlobus, modules: Modules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Timers of the CLI, of the SDK, of the old form and of the module: timer_info -> definition -> timers changes
    nothing, and creates equal timers in an empty account.
    """
    globus.switch(read_shape=shape)
    made_by_cli(globus, tmp_path)
    made_by_sdk(globus, monkeypatch)
    api = Api(globus).login()
    old = {
        "name": "old",
        "start": FIRST_RUN,
        "interval": 86400,
        "stop_after_n": 7,
        "callback_url": f"https://flows.automate.globus.org/flows/{FLOW}/run",
        "callback_body": {"body": INPUT, "run_monitors": MANAGERS},
        "scope": flow_user(FLOW),
    }
    assert api.call("POST", "/jobs/", old).status == 201
    modules.create(flow_definition("ours", **LISTS), flow_definition("empty", {"start": FIRST_RUN}, input={}))

    listed = modules("timer_info", type="flow")["timers"]

    definitions = [one["definition"] for one in listed]
    assert [one["name"] for one in definitions] == ["cli", "empty", "old", "ours", "sdk"]
    by_name = {one["name"]: one for one in definitions}
    assert by_name["cli"]["flow"] == {"flow_id": FLOW, "input": INPUT}
    assert by_name["sdk"]["flow"] == {"flow_id": FAILING_FLOW, "input": {"a": 1}, "run_managers": MANAGERS}
    assert by_name["old"]["flow"] == {"flow_id": FLOW, "input": INPUT, "run_monitors": MANAGERS}
    assert by_name["ours"]["flow"] == flow_definition(**LISTS)["flow"]
    assert by_name["empty"]["flow"] == {"flow_id": FLOW, "input": {}}
    modules.in_place(*definitions)
    removed = modules("timers", timers=[{"name": name, "state": "absent"} for name in by_name])
    assert removed["counts"]["deleted"] == 5
    modules.create(*definitions)
    modules.in_place(*definitions)
    assert [one["definition"] for one in modules("timer_info", type="flow")["timers"]] == definitions


def made_by_cli(globus: LocalGlobus, home: Path) -> None:
    """The unmodified CLI creates the timer ``cli``."""
    credentials = {"GLOBUS_CLI_CLIENT_ID": globus.client_id, "GLOBUS_CLI_CLIENT_SECRET": globus.client_secret}
    environment = {"PATH": str(BIN), "HOME": str(home), "LC_ALL": "C.UTF-8", **credentials, **globus.environment}
    words = ["timer", "create", "flow", FLOW, "--name", "cli", "--interval", "1d", "--start", FIRST_RUN]
    command = [str(BIN / "globus"), *words, "--stop-after-runs", "10", "--input", json.dumps(INPUT)]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=LIMIT)


def made_by_sdk(globus: LocalGlobus, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK creates the timer ``sdk``, as in its documentation."""
    with sdk(globus, monkeypatch) as (_app, timers):
        timers.add_app_flow_user_scope(FAILING_FLOW)
        body = {"body": {"a": 1}, "run_managers": MANAGERS}
        schedule = globus_sdk.RecurringTimerSchedule(86400, start=FIRST_RUN)
        timers.create_timer(globus_sdk.FlowTimer(flow_id=FAILING_FLOW, name="sdk", schedule=schedule, body=body))
