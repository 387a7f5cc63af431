# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flows, their runs, and timers that run them: what is accepted, what it needs, and the recorded shapes."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import globus_sdk
import pytest
from globus_sdk.globus_app import GlobusAppConfig
from globus_sdk.scopes import FlowsScopes, SpecificFlowScopes
from globus_sdk.token_storage import MemoryTokenStorage

from emulator.control import LocalGlobus
from emulator.plain import FAILING_FLOW, FLOW, HIDDEN_FLOW, UNKNOWN, Api, flow_timer_scope
from emulator.scopes import FLOWS_SERVER, TIMERS_SCOPE, flow_user
from patience import LIMIT
from unit.timer_documents import recorded

HOUR = 3600
FIRST_RUN = "2027-03-01T01:00:00+00:00"
SCHEDULE = {"type": "recurring", "interval_seconds": HOUR, "start": FIRST_RUN}
MANAGER = "urn:globus:auth:identity:dddddddd-0000-4000-8000-000000000001"
CLIENT = {"GLOBUS_CLI_CLIENT_ID": "client_id", "GLOBUS_CLI_CLIENT_SECRET": "client_secret"}


def flows_token(globus: LocalGlobus, *scopes: Any) -> str:
    """A token for Globus Flows."""
    minted = globus.mint([str(scope) for scope in scopes or (FlowsScopes.all,)])
    return str(minted[FLOWS_SERVER]["access_token"])


@pytest.fixture
def consented(globus: LocalGlobus, api: Api) -> Api:
    """Requests of a client that has consented to the flows' user scopes below Timers."""
    for flow in (FLOW, FAILING_FLOW, HIDDEN_FLOW):
        globus.grant(flow_timer_scope(flow))
    return api


# --- flows and runs ---


def test_a_flow_and_a_run_have_the_recorded_keys(globus: LocalGlobus, consented: Api) -> None:
    token = flows_token(globus)
    flow = consented.call("GET", f"/flows/{FLOW.upper()}", token=token).json
    assert set(flow) == set(recorded("flows.get_flow"))
    # The recorded answers with runs lie in a file that needs the library which recorded them; the run itself does not.
    recorded_run = importlib.import_module("globus_sdk.testing.data.flows._common").RUN
    assert flow["globus_auth_scope"] == str(SpecificFlowScopes(FLOW).user)
    listed = consented.call("GET", "/flows", token=token).json
    assert set(listed) == {"flows", "limit", "has_next_page", "marker"}
    assert [one["id"] for one in listed["flows"]] == [FLOW, FAILING_FLOW]
    globus.advance(HOUR)
    job = consented.job(consented.create_flow_timer(body={"run_managers": [MANAGER], "tags": ["nightly"]}))
    (result,) = job["results"]["data"]
    run = consented.call("GET", f"/runs/{result['resource_id']}", token=token).json
    assert set(run) == set(recorded_run)
    assert run == result["data"]
    assert (run["flow_id"], run["status"], run["run_managers"], run["tags"]) == (
        FLOW,
        "SUCCEEDED",
        [MANAGER],
        ["nightly"],
    )
    assert run["details"]["output"] == {"input": {"x": 1}}
    assert consented.call("GET", "/runs", token=token).json["runs"] == [run]


@pytest.mark.parametrize(("value", "hidden"), [("not_found", 404), ("forbidden", 403)])
def test_flows_that_are_not_shown(globus: LocalGlobus, api: Api, value: str, hidden: int) -> None:
    globus.switch(hidden_flow=value)
    token = flows_token(globus, FlowsScopes.view_flows)
    for flow, status in ((UNKNOWN, 404), (HIDDEN_FLOW, hidden), (FLOW, 200)):
        answer = api.call("GET", f"/flows/{flow}", token=token)
        assert answer.status == status
        if status != 200:
            assert set(answer.json) == {"error", "debug_id"}
            assert flow in answer.json["error"]["detail"]
            assert answer.json["error"]["code"] == {404: "NOT_FOUND", 403: "FORBIDDEN"}[status]
    globus.flow(FLOW, deleted=True)
    assert api.call("GET", f"/flows/{FLOW}", token=token).status == 404
    assert FLOW not in api.call("GET", "/flows", token=token).text


def test_what_a_token_of_flows_allows(globus: LocalGlobus, consented: Api) -> None:
    consented.create_flow_timer()
    (run,) = consented.call("GET", "/runs", token=flows_token(globus)).json["runs"]
    viewing, watching = flows_token(globus, FlowsScopes.view_flows), flows_token(globus, FlowsScopes.run_status)
    for path, good, bad in (
        (f"/flows/{FLOW}", viewing, watching),
        ("/flows", viewing, watching),
        (f"/runs/{run['run_id']}", watching, viewing),
        ("/runs", watching, viewing),
    ):
        assert consented.call("GET", path, token=good).status == 200
        assert consented.call("GET", path, token=bad).status == 403
        assert consented.call("GET", path).status == 401, "a token of Timers is none of Flows"


def test_runs_are_their_owners_alone(globus: LocalGlobus, consented: Api) -> None:
    consented.create_flow_timer()
    (run,) = consented.call("GET", "/runs", token=flows_token(globus)).json["runs"]
    other = globus.mint(str(FlowsScopes.all), client_id="cccccccc-0000-4000-8000-000000000002")
    token = other[FLOWS_SERVER]["access_token"]
    assert consented.call("GET", "/runs", token=token).json["runs"] == []
    assert consented.call("GET", f"/runs/{run['run_id']}", token=token).status == 404


def test_lists_go_on_page_by_page(globus: LocalGlobus, consented: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    consented.create_flow_timer(schedule=SCHEDULE)
    consented.create_flow_timer(flow_id=FAILING_FLOW, schedule={**SCHEDULE, "interval_seconds": 24 * HOUR})
    globus.advance(30 * HOUR)
    monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_FLOWS", globus.environment["GLOBUS_SDK_SERVICE_URL_FLOWS"])
    with globus_sdk.FlowsClient(authorizer=globus_sdk.AccessTokenAuthorizer(flows_token(globus))) as client:
        assert len(list(client.paginated.list_runs().items())) == 32
        assert len(list(client.paginated.list_runs(filter_flow_id=FAILING_FLOW).items())) == 2
        assert [one["id"] for one in client.list_flows(filter_fulltext="FAILS")["flows"]] == [FAILING_FLOW]
        assert client.get_flow(FLOW)["title"] == "Rehearsal flow"
        with pytest.raises(globus_sdk.FlowsAPIError) as caught:
            client.get_run(UNKNOWN)
    assert (caught.value.http_status, caught.value.code) == (404, "NOT_FOUND")
    answer = consented.call("GET", "/runs?marker=x", token=flows_token(globus))
    assert (answer.status, answer.json["error"]["code"]) == (400, "BAD_REQUEST")


def test_auth_knows_the_scopes_of_flows_that_exist(globus: LocalGlobus, api: Api) -> None:
    granted = api.token(f"{flow_timer_scope(HIDDEN_FLOW)} {flow_user(FLOW)}").json
    assert granted["scope"] == TIMERS_SCOPE
    (token,) = granted["other_tokens"]
    assert (token["resource_server"], token["scope"]) == (FLOW, flow_user(FLOW))
    globus.flow(FLOW, deleted=True)
    for flow in (UNKNOWN, FLOW):
        refused = api.token(flow_timer_scope(flow))
        assert refused.status == 400
        assert "UNKNOWN_SCOPE_ERROR" in refused.text


# --- creating and reading flow timers ---


def test_flow_creation_names_as_in_the_sample(globus: LocalGlobus, consented: Api) -> None:
    globus.switch(flow_creation_names="read")
    theirs = recorded("timer.create_timer", "flow_timer_success")["timer"]
    schedule = {"type": "once", "datetime": "2027-10-27T05:00:00Z"}
    sent = consented.flow_document(schedule=schedule, body={"run_managers": [MANAGER]})
    answer = consented.call("POST", "/v2/timer", sent)
    ours = answer.json["timer"]
    assert answer.status == 201
    assert set(ours) == set(theirs)
    same = ("inactive_reason", "interval", "last_ran_at", "n_errors", "n_runs", "results", "status", "stop_after")
    assert {name: ours[name] for name in (*same, "timer_type")} == {
        name: theirs[name] for name in (*same, "timer_type")
    }
    assert ours["schedule"] == {"type": "once", "datetime": "2027-10-27T05:00:00+00:00"}
    assert ours["callback_body"] == {"body": {"x": 1}, "run_managers": [MANAGER]}
    assert ours["callback_url"] == f"https://flows.automate.globus.org/flows/{FLOW}/run"
    assert ours["scope"] == str(SpecificFlowScopes(FLOW).user)
    # Read, it has what every timer has, and the ID of its flow.
    read = consented.job(ours["job_id"])
    assert set(read) - set(ours) == {"start", "activity", "flow_id"}
    assert read["flow_id"] == FLOW
    transfers = consented.job(consented.create())
    assert set(read) - set(transfers) == {"flow_id"}


def test_flow_creation_names_as_in_the_schema(consented: Api) -> None:
    ours = consented.call("POST", "/v2/timer", consented.flow_document()).json["timer"]
    theirs = recorded("timer.create_timer")["timer"]
    assert set(ours) == set(theirs) | {"flow_id"}
    assert (ours["body"], ours["flow_id"], ours["status"]) == ({"body": {"x": 1}}, FLOW, "new")


@pytest.mark.parametrize(
    ("value", "rest"),
    [
        ("as_sent", {}),
        ("filled", {"run_managers": [], "run_monitors": []}),
        ("filled_with_nulls", {"run_managers": None, "run_monitors": None}),
    ],
)
def test_read_shape(globus: LocalGlobus, consented: Api, value: str, rest: dict[str, Any]) -> None:
    globus.switch(read_shape=value)
    job = consented.create_flow_timer(body={"tags": ["a"]})
    assert consented.job(job)["callback_body"] == {"body": {"x": 1}, "tags": ["a"], **rest}


@pytest.mark.parametrize(
    ("changes", "place", "kind"),
    [
        ({"flow_id": None}, ["flow_id"], None),
        ({"flow_id": "no-uuid"}, ["flow_id"], None),
        ({"colour": "red"}, ["colour"], "value_error.extra"),
        ({"body": {"body": None}}, ["body", "body"], "type_error.dict"),
        ({"body": {"body": "text"}}, ["body", "body"], "type_error.dict"),
        ({"body": {"run_managers": MANAGER}}, ["body", "run_managers"], "type_error.list"),
        ({"body": {"tags": [1]}}, ["body", "tags", 0], "type_error.str"),
        ({"body": {"colour": "red"}}, ["body", "colour"], "value_error.extra"),
        (
            {"schedule": {"type": "recurring", "interval_seconds": 59}},
            ["schedule", "recurring", "interval_seconds"],
            None,
        ),
        ({"schedule": {**SCHEDULE, "start": "2026-01-01T00:00:00Z"}}, ["schedule", "recurring", "start"], None),
    ],
    ids=str,
)
def test_documents_that_are_refused(api: Api, changes: dict[str, Any], place: list[Any], kind: str | None) -> None:
    answer = api.call("POST", "/v2/timer", api.flow_document(**changes))
    assert answer.status == 422
    (complaint,) = answer.json["detail"]
    assert complaint["loc"] == ["body", "timer", "flow", *place]
    assert kind in (None, complaint["type"])
    assert api.jobs() == []


@pytest.mark.parametrize("missing", ["flow_id", "schedule", "body"])
def test_what_a_flow_timer_must_have(api: Api, missing: str) -> None:
    document = api.flow_document()
    del document["timer"][missing]
    (complaint,) = api.call("POST", "/v2/timer", document).json["detail"]
    assert complaint == {
        "loc": ["body", "timer", "flow", missing],
        "msg": "field required",
        "type": "value_error.missing",
    }


def test_flow_timers_count_for_the_rate(api: Api) -> None:
    api.create(schedule={"type": "recurring", "interval_seconds": 90})
    fast = {"type": "recurring", "interval_seconds": 90}
    answer = api.call("POST", "/v2/timer", api.flow_document(schedule=fast))
    assert (answer.status, "once a minute" in answer.text) == (400, True)


@pytest.mark.parametrize(("value", "status"), [("accepted", 201), ("refused", 403)])
def test_create_without_the_consent(globus: LocalGlobus, api: Api, value: str, status: int) -> None:
    """That to transfers, which the client has, is none to the flow."""
    globus.switch(create_without_transfer_dependency=value)
    answer = api.call("POST", "/v2/timer", api.flow_document())
    assert answer.status == status
    if status == 403:
        assert answer.json["error"]["required_scopes"] == [flow_timer_scope(FLOW)]
        globus.grant(flow_timer_scope(FAILING_FLOW))
        assert api.call("POST", "/v2/timer", api.flow_document()).status == 403
    globus.grant(flow_timer_scope(FLOW))
    assert api.call("POST", "/v2/timer", api.flow_document()).status == 201


# --- runs of timers ---


def test_without_the_flows_consent_the_first_tick_stops_it_and_a_resume_with_it_cures(
    globus: LocalGlobus, api: Api
) -> None:
    globus.grant(flow_timer_scope(FAILING_FLOW))  # that to another flow is none to this one
    job = api.create_flow_timer(schedule=SCHEDULE)
    globus.advance(HOUR + 1)
    read = api.job(job)
    assert (read["status"], read["n_runs"], read["results"]["data"]) == ("inactive", 0, [])
    assert read["activity"] == {"code": "paused", "reason": "globus_auth_requirements"}
    gare = globus_sdk.gare.to_gare(read["inactive_reason"]["detail"])
    assert gare is not None
    assert gare.code == "ConsentRequired"
    assert gare.authorization_parameters.required_scopes == [flow_timer_scope(FLOW)]
    globus.grant(flow_timer_scope(FLOW))
    globus.advance(HOUR)
    assert api.job(job)["status"] == "inactive", "a timer keeps the consents that were there when it was made"
    assert api.call("POST", f"/jobs/{job}/resume?update_credentials=true").status == 200
    assert (api.job(job)["status"], api.job(job)["n_runs"]) == ("active", 1)
    globus.revoke(flow_timer_scope(FLOW))
    globus.advance(HOUR)
    assert api.job(job)["status"] == "inactive"
    assert [event for event, _at in api.history(job)] == ["unauthorised", "missed", "ran", "unauthorised"]


def test_runs_that_fail(globus: LocalGlobus, consented: Api) -> None:
    failing = consented.create_flow_timer(flow_id=FAILING_FLOW, schedule=SCHEDULE)
    vanishing = consented.create_flow_timer(schedule=SCHEDULE)
    unknown = consented.create_flow_timer(flow_id=UNKNOWN, schedule=SCHEDULE)
    globus.advance(HOUR + 1)
    globus.flow(FLOW, visible=False)
    globus.advance(HOUR)
    globus.switch(hidden_flow="forbidden")
    globus.advance(HOUR)
    job = consented.job(failing)
    assert (job["status"], job["n_runs"], job["n_errors"]) == ("active", 3, 3)
    (run, *_others) = job["results"]["data"]
    assert (run["run_status"], run["data"]["status"], run["data"]["details"]["code"]) == (
        "FAILED",
        "FAILED",
        "FlowFailed",
    )
    job = consented.job(vanishing)
    forbidden, missing, good = job["results"]["data"]
    assert (job["n_runs"], job["n_errors"], good["run_status"]) == (3, 2, "SUCCEEDED")
    for run, status, code in ((missing, 404, "NOT_FOUND"), (forbidden, 403, "FORBIDDEN")):
        assert (run["status"], run["errors"][0]["code"], run["run_status"]) == (status, code, "FAILED")
        assert FLOW in run["errors"][0]["detail"]
        assert (run["data"], run["resource_id"]) == (None, None)
    assert consented.job(unknown)["status"] == "inactive", "nobody can consent to a flow that is not there"


def test_a_run_takes_its_time(globus: LocalGlobus, consented: Api) -> None:
    globus.switch(run_duration_seconds=600)
    job = consented.create_flow_timer(schedule=SCHEDULE)
    globus.advance(HOUR + 60)
    (run,) = consented.job(job)["results"]["data"]
    token = flows_token(globus)
    assert (run["run_status"], run["data"]["details"]["code"]) == ("ACTIVE", "FlowStarting")
    assert consented.call("GET", f"/runs/{run['resource_id']}", token=token).json["completion_time"] is None
    globus.advance(600)
    shown = consented.call("GET", f"/runs/{run['resource_id']}", token=token).json
    assert (shown["status"], shown["completion_time"]) == ("SUCCEEDED", "2027-03-01T01:10:00+00:00")


def test_a_flow_in_the_old_form(globus: LocalGlobus, consented: Api) -> None:
    """``POST /jobs/`` with the address of a flow: a generic timer by its type, whose runs are runs of the flow."""
    body = {"body": {"x": 1}, "tags": ["old"]}
    address = f"https://flows.automate.globus.org/flows/{FLOW}/run"
    job = {"name": "old", "start": FIRST_RUN, "interval": HOUR, "callback_url": address, "callback_body": body}
    created = consented.call("POST", "/jobs/", {**job, "scope": flow_user(FLOW)}).json
    assert (created["timer_type"], created["callback_body"], "flow_id" in created) == ("generic", body, False)
    globus.advance(HOUR + 1)
    (run,) = consented.job(created["job_id"])["results"]["data"]
    assert (run["run_status"], run["data"]["flow_id"], run["data"]["tags"]) == ("SUCCEEDED", FLOW, ["old"])


# --- the SDK and the CLI ---


def test_the_sdks_documented_example(globus: LocalGlobus, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in globus.environment.items():
        monkeypatch.setenv(name, value)
    config = GlobusAppConfig(token_storage=MemoryTokenStorage())
    with (
        globus_sdk.ClientApp(
            "rehearsal", client_id=globus.client_id, client_secret=globus.client_secret, config=config
        ) as app,
        globus_sdk.TimersClient(app=app) as client,
    ):
        client.add_app_flow_user_scope(FLOW)
        flow_timer = globus_sdk.FlowTimer(
            name="my flow timer",
            flow_id=FLOW,
            schedule=globus_sdk.RecurringTimerSchedule(24 * 60 * 60),
            body={"body": {"input_key": "input_value"}},
        )
        created = client.create_timer(flow_timer)["timer"]
        job = client.get_job(created["job_id"])
    assert (job["status"], job["n_runs"], job["flow_id"]) == ("active", 1, FLOW)
    assert job["results"]["data"][0]["data"]["details"]["output"]["input"] == {"input_key": "input_value"}
    asked = globus.log()[0]["scope"]
    assert flow_timer_scope(FLOW) in asked


def test_the_cli_unmodified(globus: LocalGlobus, api: Api, tmp_path: Path) -> None:
    credentials = {name: getattr(globus, attribute) for name, attribute in CLIENT.items()}
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **credentials, **globus.environment}

    def cli(*arguments: str, status: int = 0) -> str:
        command = [str(Path(sys.executable).with_name("globus")), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    options = ("--name", "by hand", "--interval", "1h", "--start", FIRST_RUN, "--stop-after-runs", "3")
    out = cli("timer", "create", "flow", FLOW, *options, "--input", '{"x": 1}', "-F", "json")
    job = json.loads(out)["job_id"]
    globus.advance(HOUR + 1)
    shown = cli("timer", "show", job)
    assert "Type:                      Flow" in shown
    assert "Awaiting the next run" in shown
    document = api.job(job)
    assert (document["n_runs"], document["callback_body"]) == (1, {"body": {"x": 1}})
    assert f"No flow discovered with id '{HIDDEN_FLOW}'" in cli(
        "timer", "create", "flow", HIDDEN_FLOW, "--interval", "1h", status=2
    )
