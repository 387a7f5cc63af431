# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SDK's documented examples, unchanged, and its recorded answers beside ours."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import globus_sdk
import pytest
from globus_sdk.globus_app import GlobusAppConfig
from globus_sdk.token_storage import MemoryTokenStorage

from emulator.control import LocalGlobus
from emulator.plain import GUEST, INVISIBLE, LAPTOP, MAPPED, MAPPED_TOO, UNKNOWN, Api, timer_scope
from emulator.scopes import TIMERS_SERVER, TRANSFER_SCOPE, TRANSFER_SERVER
from unit.emulator.recordings import keys
from unit.timer_documents import recorded

NO_RETRIES = globus_sdk.transport.RetryConfig(max_retries=0)


@pytest.fixture
def sdk(globus: LocalGlobus, monkeypatch: pytest.MonkeyPatch) -> LocalGlobus:
    """The SDK led to the local Globus by its own variables."""
    for name, value in globus.environment.items():
        monkeypatch.setenv(name, value)
    return globus


@pytest.fixture
def app(sdk: LocalGlobus) -> Iterator[globus_sdk.ClientApp]:
    """A ClientApp of the world's client."""
    config = GlobusAppConfig(token_storage=MemoryTokenStorage())
    with globus_sdk.ClientApp(
        "rehearsal", client_id=sdk.client_id, client_secret=sdk.client_secret, config=config
    ) as app:
        yield app


@pytest.fixture
def timers(sdk: LocalGlobus, api: Api) -> Iterator[globus_sdk.TimersClient]:
    """A TimersClient with a plain token."""
    authorizer = globus_sdk.AccessTokenAuthorizer(api.tokens[TIMERS_SERVER])
    with globus_sdk.TimersClient(authorizer=authorizer, retry_config=NO_RETRIES) as client:
        yield client


def transfer_data(source: str = GUEST, destination: str = GUEST) -> globus_sdk.TransferData:
    """What the SDK's examples make."""
    data = globus_sdk.TransferData(source, destination)
    data.add_item("/staging/", "/active/")
    return data


def test_the_documented_app_example(app: globus_sdk.ClientApp, sdk: LocalGlobus) -> None:
    with globus_sdk.TimersClient(app=app) as client:
        client.add_app_transfer_data_access_scope([MAPPED, MAPPED_TOO])
        schedule = globus_sdk.RecurringTimerSchedule(24 * 60 * 60)
        timer = globus_sdk.TransferTimer(name="test_timer", schedule=schedule, body=transfer_data(MAPPED, MAPPED_TOO))
        created = client.create_timer(timer)
        assert created.http_status == 201
        job = client.get_job(created["timer"]["job_id"])
    assert (job["status"], job["n_runs"]) == ("active", 1)
    assert [one["path"] for one in sdk.log()] == ["/v2/oauth2/token", "/v2/timer", f"/jobs/{job['job_id']}"]


def test_an_app_login_asks_for_openid_too(app: globus_sdk.ClientApp, sdk: LocalGlobus) -> None:
    app.add_scope_requirements({TRANSFER_SERVER: TRANSFER_SCOPE})
    app.login()
    assert "openid" in sdk.log()[0]["scope"]
    assert app.token_storage.get_token_data(TRANSFER_SERVER).scope == TRANSFER_SCOPE


def test_id_tokens_are_signed_with_the_published_key(sdk: LocalGlobus) -> None:
    with globus_sdk.ConfidentialAppAuthClient(sdk.client_id, sdk.client_secret) as client:
        answer = client.oauth2_client_credentials_tokens(f"{TRANSFER_SCOPE} openid")
        assert answer["resource_server"] == "auth.globus.org"
        claims = answer.decode_id_token()
    assert (claims["sub"], claims["aud"]) == (sdk.client_id, sdk.client_id)


def test_every_documented_schedule(timers: globus_sdk.TimersClient) -> None:
    soon = datetime.datetime(2027, 3, 2, tzinfo=datetime.UTC)
    schedules: list[Any] = [
        globus_sdk.OnceTimerSchedule(),
        globus_sdk.OnceTimerSchedule(datetime="2027-09-22T00:00:00Z"),
        globus_sdk.OnceTimerSchedule(datetime=soon),
        globus_sdk.RecurringTimerSchedule(
            interval_seconds=3600, end={"condition": "time", "datetime": "2027-10-01T00:00:00Z"}
        ),
        globus_sdk.RecurringTimerSchedule(
            interval_seconds=3600, start=soon, end={"condition": "iterations", "count": 10}
        ),
        globus_sdk.RecurringTimerSchedule(interval_seconds=600),
    ]
    for schedule in schedules:
        document = globus_sdk.TransferTimer(name="my timer", schedule=schedule, body=transfer_data())
        assert timers.create_timer(document)["timer"]["status"] == "new"


def test_the_docstrings_iterations_key_is_refused_as_by_the_live_service(timers: globus_sdk.TimersClient) -> None:
    schedule = globus_sdk.RecurringTimerSchedule(1800, end={"condition": "iterations", "iterations": 10})
    with pytest.raises(globus_sdk.TimersAPIError) as caught:
        timers.create_timer(globus_sdk.TransferTimer(name="x", schedule=schedule, body=transfer_data()))
    assert caught.value.http_status == 422
    assert "value_error.extra" in caught.value.text


def test_what_the_helper_removes_is_refused_from_others(timers: globus_sdk.TimersClient) -> None:
    body = transfer_data()
    body["submission_id"] = UNKNOWN
    schedule = globus_sdk.OnceTimerSchedule()
    assert timers.create_timer(globus_sdk.TransferTimer(name="x", schedule=schedule, body=body)).http_status == 201
    raw = {"timer_type": "transfer", "name": "x", "schedule": schedule, "body": body}
    with pytest.raises(globus_sdk.TimersAPIError, match="422"):
        timers.create_timer(raw)


def test_the_old_job_example(timers: globus_sdk.TimersClient) -> None:
    data = {
        "body": {
            "source_endpoint_id": GUEST,
            "destination_endpoint_id": GUEST,
            "transfer_items": [{"source_path": "/a", "destination_path": "/b"}],
        }
    }
    url = "https://actions.automate.globus.org/transfer/transfer/run"
    start = "2027-03-01T12:00:00"  # without an offset, as the SDK's own example sends it
    job = globus_sdk.TimerJob(url, data, start, datetime.timedelta(days=14), name="my-timer-job", stop_after_n=3)
    created = timers.create_job(job)
    assert created.http_status == 201
    assert timers.get_job(created["job_id"])["callback_body"] == data


def test_the_life_of_a_timer(timers: globus_sdk.TimersClient) -> None:
    document = globus_sdk.TransferTimer(
        name="my timer", schedule=globus_sdk.RecurringTimerSchedule(3600), body=transfer_data()
    )
    job_id = timers.create_timer(document)["timer"]["job_id"]
    assert [one["job_id"] for one in timers.list_jobs()["jobs"]] == [job_id]
    assert timers.list_jobs(query_params={"filter_name": "other"})["jobs"] == []
    assert timers.update_job(job_id, {"name": "new name"})["name"] == "new name"
    assert timers.pause_job(job_id)["message"] == f"Successfully paused job {job_id}."
    assert timers.get_job(job_id)["inactive_reason"]["cause"] == "user"
    assert timers.resume_job(job_id, update_credentials=True)["message"] == f"Successfully resumed job {job_id}."
    assert timers.delete_job(job_id)["status"] == "delete_in_progress"
    with pytest.raises(globus_sdk.TimersAPIError) as caught:
        timers.get_job(UNKNOWN)
    assert (caught.value.http_status, caught.value.code) == (404, "ERROR")
    assert "No timer" in str(caught.value)


def test_the_sdk_reads_a_consent_requirement(timers: globus_sdk.TimersClient, sdk: LocalGlobus) -> None:
    document = globus_sdk.TransferTimer(name="x", schedule=globus_sdk.OnceTimerSchedule(), body=transfer_data(MAPPED))
    job = timers.get_job(timers.create_timer(document)["timer"]["job_id"])
    gare = globus_sdk.gare.to_gare(job["inactive_reason"]["detail"])
    assert gare is not None
    assert gare.authorization_parameters.required_scopes == [timer_scope(MAPPED)]


def test_the_sdk_repeats_a_post_after_a_lost_answer(sdk: LocalGlobus, api: Api) -> None:
    """The trap that the modules must not fall into: two timers."""
    sdk.fault("lose_answer", method="POST", path="^/v2/timer$", attempts=[1])
    authorizer = globus_sdk.AccessTokenAuthorizer(api.tokens[TIMERS_SERVER])
    document = globus_sdk.TransferTimer(name="x", schedule=globus_sdk.OnceTimerSchedule(), body=transfer_data())
    with globus_sdk.TimersClient(authorizer=authorizer) as client:
        client.create_timer(document)
    assert len(sdk.timers()) == 2


def test_client_credentials_authorizer_and_refresh(sdk: LocalGlobus, api: Api) -> None:
    auth = globus_sdk.ConfidentialAppAuthClient(sdk.client_id, sdk.client_secret)
    authorizer = globus_sdk.ClientCredentialsAuthorizer(auth, timer_scope())
    with globus_sdk.TimersClient(authorizer=authorizer) as client:
        assert client.list_jobs()["jobs"] == []
        sdk.advance(200_000)
        assert client.list_jobs()["jobs"] == []
    minted = sdk.mint(TRANSFER_SCOPE, refresh=True)[TRANSFER_SERVER]
    refreshing = globus_sdk.RefreshTokenAuthorizer(minted["refresh_token"], auth)
    with globus_sdk.TransferClient(authorizer=refreshing) as transfer:
        assert transfer.get_endpoint(GUEST)["id"] == GUEST
    auth.close()


def test_transfer_client(sdk: LocalGlobus, api: Api) -> None:
    authorizer = globus_sdk.AccessTokenAuthorizer(api.tokens[TRANSFER_SERVER])
    with globus_sdk.TransferClient(authorizer=authorizer, retry_config=NO_RETRIES) as client:
        assert client.get_endpoint(MAPPED)["entity_type"] == "GCSv5_mapped_collection"
        found = list(client.paginated.endpoint_search("rehearsal").items())
        assert LAPTOP in [one["id"] for one in found]
        with pytest.raises(globus_sdk.TransferAPIError) as caught:
            client.get_endpoint(INVISIBLE)
        assert (caught.value.http_status, caught.value.code) == (403, "PermissionDenied")
        with pytest.raises(globus_sdk.TransferAPIError) as caught:
            client.operation_ls(MAPPED)
        assert caught.value.info.consent_required.required_scopes


def test_auth_clients(sdk: LocalGlobus, app: globus_sdk.ClientApp) -> None:
    with globus_sdk.AuthClient(app=app) as auth:
        auth.add_app_scope(globus_sdk.AuthClient.scopes.view_identity_set)
        assert auth.userinfo()["sub"] == sdk.client_id
        assert auth.get_identities(ids=sdk.client_id)["identities"][0]["id"] == sdk.client_id
        forest = auth.get_consents(sdk.client_id).to_forest()
        assert forest.meets_scope_requirements("openid")
    with globus_sdk.ConfidentialAppAuthClient(sdk.client_id, sdk.client_secret) as confidential:
        token = sdk.mint(TRANSFER_SCOPE)[TRANSFER_SERVER]["access_token"]
        assert confidential.oauth2_token_introspect(token)["active"] is True
        assert confidential.oauth2_revoke_token(token)["active"] is False
        assert confidential.oauth2_token_introspect(token)["active"] is False
        with pytest.raises(globus_sdk.AuthAPIError) as caught:
            confidential.oauth2_client_credentials_tokens(timer_scope(GUEST))
        assert caught.value.code == "UNKNOWN_SCOPE_ERROR"


# --- recorded answers ---


def test_a_creation_has_exactly_the_recorded_keys(api: Api) -> None:
    theirs = recorded("timer.create_timer")["timer"]
    schedule = {
        "type": "recurring",
        "interval_seconds": 604800,
        "start": "2027-03-02T05:00:00Z",
        "end": {"condition": "iterations", "count": 2},
    }
    ours = api.call("POST", "/v2/timer", api.document(schedule=schedule)).json["timer"]
    assert keys(ours) == keys(theirs)
    assert keys(ours["body"]["DATA"][0]) == keys(theirs["body"]["DATA"][0])


def test_a_read_has_the_recorded_keys_and_those_of_the_schema(api: Api) -> None:
    theirs = recorded("timer.get_job")
    ours = api.job(api.create(body={"sync_level": 3}))
    schema = {"timer_type", "schedule", "activity"}
    assert set(ours) == set(theirs) | schema
    run, their_run = ours["results"]["data"][0], theirs["results"]["data"][0]
    assert keys(run["data"]) == keys(their_run["data"])
    assert set(their_run) < set(run)
    assert set(ours["results"]) == set(theirs["results"])


@pytest.mark.parametrize("case", ["inactive_user", "inactive_gare"])
def test_an_inactive_reason_has_the_recorded_keys(api: Api, case: str) -> None:
    theirs = recorded("timer.get_job", case)["inactive_reason"]
    job = api.create(source=MAPPED if case == "inactive_gare" else GUEST)
    api.call("POST", f"/jobs/{job}/pause")
    ours = api.job(job)["inactive_reason"]
    assert keys(ours) == keys(theirs)
    assert ours["cause"] == theirs["cause"]


def test_errors_have_the_recorded_keys(api: Api) -> None:
    assert keys(api.call("GET", f"/jobs/{UNKNOWN}").json) == keys(recorded("timer.get_job", "simple_500_error"))
    theirs = recorded("timer.create_job", "validation_error")["detail"]
    ours = api.call("POST", "/jobs/", {}).json["detail"]
    assert sorted(map(str, ours)) == sorted(map(str, theirs))
    unauthorized = recorded("auth.get_identities", "unauthorized")
    answer = api.call("GET", "/v2/api/identities?ids=x", token="x").json
    assert keys(answer) == keys(unauthorized)
    assert set(answer["errors"][0]) == set(unauthorized["errors"][0])


def test_tokens_and_consents_have_the_recorded_keys(sdk: LocalGlobus, api: Api) -> None:
    assert set(api.token(TRANSFER_SCOPE).json) == set(recorded("auth.oauth2_client_credentials_tokens"))
    assert set(api.token("openid").json) == set(recorded("auth.oauth2_client_credentials_tokens", "openid"))
    token = sdk.mint("openid")["auth.globus.org"]["access_token"]
    ours = api.call("GET", f"/v2/api/identities/{sdk.client_id}/consents", token=token).json
    assert set(ours["consents"][0]) == set(recorded("auth.get_consents")["consents"][0])
    introspected = api.call(
        "POST",
        "/v2/oauth2/token/introspect",
        form={"client_id": sdk.client_id, "client_secret": sdk.client_secret, "token": token},
    ).json
    assert set(introspected) == set(recorded("auth.oauth2_token_introspect"))


def test_a_collection_has_the_recorded_keys(api: Api) -> None:
    theirs = set(recorded("transfer.get_endpoint"))
    assert theirs - set(api.call("GET", f"/v0.10/endpoint/{MAPPED}").json) == set()
