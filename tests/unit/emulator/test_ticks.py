# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When timers run, and what their runs leave behind."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.control import LocalGlobus, LocalGlobusError
from emulator.plain import GUEST, HIGH_ASSURANCE, MAPPED, MAPPED_TOO, Api, timer_scope
from emulator.scopes import TIMERS_SCOPE, TRANSFER_SCOPE, data_access

HOUR = 3600
DAY = 24 * HOUR


def hourly(**more: Any) -> dict[str, Any]:
    """A schedule of one run an hour from one o'clock on."""
    return {"type": "recurring", "interval_seconds": HOUR, "start": "2027-03-01T01:00:00Z", **more}


def test_ticks_fall_at_start_plus_n_intervals(globus: LocalGlobus, api: Api) -> None:
    job = api.create(schedule=hourly())
    assert api.job(job)["n_runs"] == 0
    globus.set_clock("2027-03-01T00:59:58Z")
    assert api.job(job)["n_runs"] == 0
    globus.set_clock("2027-03-01T03:30:00Z")
    assert api.history(job) == [("ran", f"2027-03-01T0{hour}:00:00+00:00") for hour in (1, 2, 3)]
    shown = api.job(job)
    assert (shown["n_runs"], shown["n_errors"], shown["status"]) == (3, 0, "active")
    assert shown["last_ran_at"] == "2027-03-01T03:00:00+00:00"
    assert shown["next_run"] == "2027-03-01T04:00:00+00:00"
    assert shown["activity"] == {"code": "awaiting_next_run", "next_run": "2027-03-01T04:00:00+00:00"}
    assert [one["ran_at"][11:13] for one in shown["results"]["data"]] == ["03", "02", "01"]


def test_ticks_of_several_timers_run_in_order(globus: LocalGlobus, api: Api) -> None:
    first = api.create(name="first", schedule=hourly(interval_seconds=3 * HOUR))
    second = api.create(name="second", schedule=hourly(interval_seconds=2 * HOUR))
    globus.advance(8 * HOUR)
    assert [at[11:13] for _event, at in api.history(first)] == ["01", "04", "07"]
    assert [at[11:13] for _event, at in api.history(second)] == ["01", "03", "05", "07"]


def test_a_timer_runs_without_anybody_asking(globus: LocalGlobus, api: Api) -> None:
    """A start left out means now; the emulator's own clock is enough to run it."""
    job = api.create()
    shown = api.job(job)
    assert shown["start"] == shown["schedule"]["start"] == shown["last_ran_at"]
    assert shown["n_runs"] == 1


def test_iterations_end_a_timer(globus: LocalGlobus, api: Api) -> None:
    job = api.create(schedule=hourly(end={"condition": "iterations", "count": 2}))
    globus.advance(90 * 60)
    assert api.job(job)["status"] == "active"
    globus.advance(DAY)
    shown = api.job(job)
    assert (shown["status"], shown["n_runs"], shown["next_run"], shown["activity"]) == ("ended", 2, None, None)
    assert shown["stop_after"] == {"date": None, "n_runs": 2}


def test_a_date_ends_a_timer(globus: LocalGlobus, api: Api) -> None:
    job = api.create(schedule=hourly(end={"condition": "time", "datetime": "2027-03-01T02:30:00Z"}))
    globus.advance(DAY)
    shown = api.job(job)
    assert (shown["status"], shown["n_runs"]) == ("ended", 2)
    assert shown["stop_after"] == {"date": "2027-03-01T02:30:00+00:00", "n_runs": None}


def test_run_once(globus: LocalGlobus, api: Api) -> None:
    job = api.create(schedule={"type": "once", "datetime": "2027-03-01T05:00:00+01:00"})
    shown = api.job(job)
    assert shown["schedule"] == {"type": "once", "datetime": "2027-03-01T04:00:00+00:00"}
    assert (shown["interval"], shown["stop_after"]) == (None, {"date": None, "n_runs": 1})
    globus.advance(DAY)
    assert (api.job(job)["status"], api.job(job)["n_runs"]) == ("ended", 1)


def test_missed_ticks_are_not_made_up_but_resuming_runs_once(globus: LocalGlobus, api: Api) -> None:
    job = api.create(schedule=hourly())
    globus.advance(90 * 60)
    assert api.call("POST", f"/jobs/{job}/pause").status == 200
    globus.advance(3 * HOUR)
    paused = api.job(job)
    assert (paused["status"], paused["n_runs"]) == ("inactive", 1)
    assert paused["inactive_reason"] == {"cause": "user", "detail": None}
    assert paused["activity"] == {"code": "paused", "reason": "user"}
    assert paused["next_run"] == "2027-03-01T05:00:00+00:00"
    assert api.call("POST", f"/jobs/{job}/resume").json == {"message": f"Successfully resumed job {job}."}
    resumed = api.job(job)
    assert (resumed["status"], resumed["n_runs"], resumed["inactive_reason"]) == ("active", 2, None)
    globus.advance(HOUR)
    events = api.history(job)
    assert [event for event, _at in events] == ["ran", "missed", "missed", "missed", "ran", "ran"]
    assert events[-1] == ("ran", "2027-03-01T05:00:00+00:00")


def test_a_pause_without_a_tick_in_it_costs_nothing(globus: LocalGlobus, api: Api) -> None:
    job = api.create(schedule=hourly())
    api.call("POST", f"/jobs/{job}/pause")
    globus.advance(600)
    api.call("POST", f"/jobs/{job}/resume")
    assert api.job(job)["n_runs"] == 0


def test_missed_ticks_are_no_iterations(globus: LocalGlobus, api: Api) -> None:
    job = api.create(schedule=hourly(end={"condition": "iterations", "count": 3}))
    globus.advance(90 * 60)
    api.call("POST", f"/jobs/{job}/pause")
    globus.advance(10 * HOUR)
    assert api.job(job)["status"] == "inactive"
    api.call("POST", f"/jobs/{job}/resume")
    assert (api.job(job)["n_runs"], api.job(job)["status"]) == (2, "active")
    globus.advance(HOUR)
    assert (api.job(job)["n_runs"], api.job(job)["status"]) == (3, "ended")


def test_a_paused_run_once_timer_runs_when_resumed(globus: LocalGlobus, api: Api) -> None:
    job = api.create(schedule={"type": "once", "datetime": "2027-03-01T04:00:00Z"})
    api.call("POST", f"/jobs/{job}/pause")
    globus.advance(DAY)
    assert (api.job(job)["status"], api.job(job)["n_runs"]) == ("inactive", 0)
    api.call("POST", f"/jobs/{job}/resume")
    assert (api.job(job)["status"], api.job(job)["n_runs"]) == ("ended", 1)


def test_a_timer_whose_end_passed_while_paused_does_not_run(globus: LocalGlobus, api: Api) -> None:
    job = api.create(schedule=hourly(end={"condition": "time", "datetime": "2027-03-01T02:30:00Z"}))
    api.call("POST", f"/jobs/{job}/pause")
    globus.advance(DAY)
    api.call("POST", f"/jobs/{job}/resume")
    assert (api.job(job)["status"], api.job(job)["n_runs"]) == ("ended", 0)


def test_a_tick_is_skipped_while_the_previous_run_goes_on(globus: LocalGlobus, api: Api) -> None:
    globus.switch(run_duration_seconds=5000)
    job = api.create(schedule=hourly(end={"condition": "iterations", "count": 2}))
    globus.set_clock("2027-03-01T01:10:00Z")
    shown = api.job(job)
    assert shown["activity"]["code"] == "run_in_progress"
    assert shown["activity"]["start_timestamp"] == "2027-03-01T01:00:00+00:00"
    assert 600 <= shown["activity"]["duration_seconds"] < 660
    assert shown["results"]["data"][0]["run_status"] == "ACTIVE"
    globus.set_clock("2027-03-01T03:10:00Z")
    assert api.history(job) == [
        ("ran", "2027-03-01T01:00:00+00:00"),
        ("skipped", "2027-03-01T02:00:00+00:00"),
        ("ran", "2027-03-01T03:00:00+00:00"),
    ]
    assert api.job(job)["status"] == "active"
    globus.advance(5000)
    shown = api.job(job)
    assert shown["status"] == "ended"
    assert [one["run_status"] for one in shown["results"]["data"]] == ["SUCCEEDED", "SUCCEEDED"]
    assert shown["results"]["data"][0]["end_timestamp"] == "2027-03-01T04:23:20+00:00"


def test_start_errors_are_retried_for_half_the_interval(globus: LocalGlobus, api: Api) -> None:
    """Transfer cannot be reached: there is no task yet."""
    job = api.create(schedule=hourly())
    globus.outage(transfer=True)
    globus.set_clock("2027-03-01T01:10:00Z")
    shown = api.job(job)
    assert shown["activity"] == {"code": "retrying", "start_timestamp": "2027-03-01T01:00:00+00:00"}
    assert (shown["n_runs"], shown["n_errors"]) == (0, 0)
    globus.outage(transfer=False)
    globus.set_clock("2027-03-01T01:12:00Z")
    assert (api.job(job)["n_runs"], api.job(job)["n_errors"]) == (1, 0)
    globus.outage(transfer=True)
    globus.set_clock("2027-03-01T02:29:00Z")
    assert api.job(job)["n_errors"] == 0
    globus.set_clock("2027-03-01T02:31:00Z")
    shown = api.job(job)
    assert (shown["n_runs"], shown["n_errors"]) == (2, 1)
    assert shown["results"]["data"][0]["run_status"] == "FAILED"
    assert shown["results"]["data"][0]["errors"][0]["code"] == "ExternalError"


def test_start_errors_are_retried_for_45_minutes_at_most(globus: LocalGlobus, api: Api) -> None:
    job = api.create(schedule={"type": "recurring", "interval_seconds": DAY, "start": "2027-03-01T01:00:00Z"})
    globus.outage(transfer=True)
    globus.set_clock("2027-03-01T01:44:00Z")
    assert api.job(job)["n_errors"] == 0
    globus.set_clock("2027-03-01T01:46:00Z")
    assert api.job(job)["n_errors"] == 1


@pytest.mark.parametrize(("gone", "code"), [("deleted", "EndpointDeleted"), ("invisible", "PermissionDenied")])
def test_a_run_on_a_collection_that_is_gone_fails(globus: LocalGlobus, api: Api, gone: str, code: str) -> None:
    job = api.create(schedule=hourly())
    globus.collection(GUEST, **({"deleted": True} if gone == "deleted" else {"visible": False}))
    globus.advance(90 * 60)
    shown = api.job(job)
    assert (shown["n_runs"], shown["n_errors"], shown["status"]) == (1, 1, "active")
    assert shown["results"]["data"][0]["errors"][0]["code"] == code


def test_a_mapped_collection_without_consent_turns_the_timer_inactive(globus: LocalGlobus, api: Api) -> None:
    job = api.create(source=MAPPED, destination=MAPPED_TOO, schedule=hourly())
    assert api.job(job)["status"] == "loaded"
    globus.advance(90 * 60)
    shown = api.job(job)
    assert (shown["status"], shown["n_runs"], shown["n_errors"]) == ("inactive", 0, 0)
    assert shown["inactive_reason"] == {
        "cause": "globus_auth_requirements",
        "detail": {
            "code": "ConsentRequired",
            "authorization_parameters": {
                "session_message": "Missing required data_access consent",
                "required_scopes": [timer_scope(MAPPED, MAPPED_TOO)],
            },
        },
    }
    assert shown["activity"] == {"code": "paused", "reason": "globus_auth_requirements"}


def test_consents_are_kept_as_they_were_at_creation(globus: LocalGlobus, api: Api) -> None:
    """A consent given later helps only once the timer is resumed with new credentials."""
    job = api.create(source=MAPPED, schedule=hourly())
    globus.grant(timer_scope(MAPPED))
    globus.advance(90 * 60)
    assert api.job(job)["status"] == "inactive"
    api.call("POST", f"/jobs/{job}/resume?update_credentials=false")
    assert api.job(job)["status"] == "inactive"
    api.call("POST", f"/jobs/{job}/resume?update_credentials=true")
    shown = api.job(job)
    assert (shown["status"], shown["n_runs"]) == ("active", 1)
    globus.advance(HOUR)
    assert api.job(job)["n_runs"] == 2


def test_with_consent_a_mapped_collection_runs_at_its_first_tick(globus: LocalGlobus, api: Api) -> None:
    api.login(MAPPED, MAPPED_TOO)
    job = api.create(source=MAPPED, destination=MAPPED_TOO, schedule=hourly())
    globus.advance(90 * 60)
    assert (api.job(job)["status"], api.job(job)["n_runs"]) == ("active", 1)


def test_only_what_is_lacking_is_asked_for(globus: LocalGlobus, api: Api) -> None:
    api.login(MAPPED)
    job = api.create(source=MAPPED, destination=MAPPED_TOO, schedule=hourly())
    globus.advance(90 * 60)
    parameters = api.job(job)["inactive_reason"]["detail"]["authorization_parameters"]
    assert parameters["required_scopes"] == [timer_scope(MAPPED_TOO)]


def test_a_consent_on_transfer_alone_is_no_consent_for_the_timer(globus: LocalGlobus, api: Api) -> None:
    globus.grant(f"{TRANSFER_SCOPE}[{data_access(MAPPED)}]")
    globus.grant(f"{TIMERS_SCOPE} {data_access(MAPPED)}")
    job = api.create(source=MAPPED, schedule=hourly())
    globus.advance(90 * 60)
    assert api.job(job)["status"] == "inactive"


def test_a_revoked_consent_stops_the_timer(globus: LocalGlobus, api: Api) -> None:
    api.login(MAPPED)
    job = api.create(source=MAPPED, schedule=hourly())
    globus.advance(90 * 60)
    assert globus.revoke(timer_scope(MAPPED)) == 1
    globus.grant(timer_scope(MAPPED))
    globus.advance(HOUR)
    shown = api.job(job)
    assert (shown["status"], shown["n_runs"]) == ("inactive", 1)


def test_without_the_transfer_scope_below_timers_nothing_runs(globus: LocalGlobus) -> None:
    api = Api(globus).login(consent=False)
    job = api.create(schedule=hourly())
    globus.advance(90 * 60)
    parameters = api.job(job)["inactive_reason"]["detail"]["authorization_parameters"]
    assert parameters["required_scopes"] == [timer_scope()]


def test_a_high_assurance_collection_works_until_the_session_expires(globus: LocalGlobus, api: Api) -> None:
    job = api.create(
        source=HIGH_ASSURANCE, schedule={"type": "recurring", "interval_seconds": 1200, "start": "2027-03-01T00:10:00Z"}
    )
    globus.set_clock("2027-03-01T00:15:00Z")
    assert (api.job(job)["status"], api.job(job)["n_runs"]) == ("active", 1)
    globus.set_clock("2027-03-01T01:00:00Z")
    reason = api.job(job)["inactive_reason"]
    assert reason["cause"] == "globus_auth_requirements"
    assert "session_required_identities" in reason["detail"]["authorization_parameters"]
    assert "required_scopes" not in reason["detail"]["authorization_parameters"]
    api.login()
    api.call("POST", f"/jobs/{job}/resume?update_credentials=true")
    assert api.job(job)["status"] == "active"


def test_a_foreign_callback_fails_honestly(globus: LocalGlobus, api: Api) -> None:
    body = {
        "callback_url": "https://callback.invalid/run",
        "callback_body": {},
        "start": "2027-03-01T01:00:00",
        "interval": HOUR,
    }
    job = api.call("POST", "/jobs/", body).json["job_id"]
    globus.advance(90 * 60)
    assert (api.job(job)["n_runs"], api.job(job)["n_errors"]) == (1, 1)


def test_a_deleted_timer_never_runs(globus: LocalGlobus, api: Api) -> None:
    job = api.create(schedule=hourly())
    api.call("DELETE", f"/jobs/{job}")
    globus.advance(DAY)
    assert api.history(job) == []
    assert api.job(job)["status"] == "deleted"


def test_results_come_in_pages(globus: LocalGlobus, api: Api) -> None:
    job = api.create(schedule=hourly())
    globus.advance(5 * HOUR + 60)
    first = api.call("GET", f"/jobs/{job}?page_size=2").json["results"]
    assert [one["ran_at"][11:13] for one in first["data"]] == ["05", "04"]
    second = api.call("GET", f"/jobs/{job}?page_size=2&results_pt={first['page_next']}").json["results"]
    third = api.call("GET", f"/jobs/{job}?page_size=2&results_pt={second['page_next']}").json["results"]
    assert [one["ran_at"][11:13] for one in third["data"]] == ["01"]
    assert third["page_next"] is None


def test_runs_are_kept_for_90_days(globus: LocalGlobus, api: Api) -> None:
    job = api.create(schedule={"type": "recurring", "interval_seconds": DAY, "start": "2027-03-01T01:00:00Z"})
    globus.advance(200 * DAY)
    api.login()  # tokens live for two days
    shown = api.call("GET", f"/jobs/{job}?page_size=1000").json
    assert shown["n_runs"] == 200
    assert len(shown["results"]["data"]) == 91


def test_a_lost_tick_never_comes_until_the_timer_is_resumed(globus: LocalGlobus, api: Api) -> None:
    job = api.create(schedule=hourly())
    globus.timer(job, lose_tick=True)
    globus.set_clock("2027-03-01T03:30:00Z")
    assert (api.job(job)["n_runs"], api.job(job)["next_run"]) == (0, "2027-03-01T01:00:00+00:00")

    for step in ("pause", "resume"):
        assert api.call("POST", f"/jobs/{job}/{step}").status == 200
    assert api.history(job) == [("ran", "2027-03-01T03:30:00+00:00")]
    globus.set_clock("2027-03-01T04:30:00Z")
    assert api.history(job)[1:] == [("ran", "2027-03-01T04:00:00+00:00")], "the phase stays"


def test_the_service_stops_a_timer_for_a_cause_of_its_own(globus: LocalGlobus, api: Api) -> None:
    job = api.create(schedule=hourly())
    globus.timer(job, stop={"cause": "other", "detail": "Sorry"})
    globus.set_clock("2027-03-01T03:30:00Z")
    stopped = api.job(job)
    assert (stopped["status"], stopped["n_runs"]) == ("inactive", 0)
    assert stopped["inactive_reason"] == {"cause": "other", "detail": "Sorry"}
    assert stopped["activity"] == {"code": "paused", "reason": "other"}
    with pytest.raises(LocalGlobusError, match="409"):
        globus.timer(job, lose_tick=True)
    assert api.call("POST", f"/jobs/{job}/resume").status == 200
    assert api.job(job)["n_runs"] == 1
