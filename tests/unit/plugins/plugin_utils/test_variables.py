# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the role: null, blank and odd values, the guard of purge, and what YAML and vaults make of text."""

from __future__ import annotations

from collections import UserString
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.research_ops.globus.plugins.plugin_utils import _variables
from ansible_collections.research_ops.globus.plugins.plugin_utils._backup import plan_backup
from ansible_collections.research_ops.globus.plugins.plugin_utils._plain import plain
from unit.samples import DESTINATION, SOURCE

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
JOB = {"name": "lab", "source_path": "/d/", "destination_path": "/b/", "schedule": "nightly"}
RIGHT = {
    "backup_jobs": [JOB],
    "backup_defaults": {"source_collection": SOURCE, "destination_collection": DESTINATION},
}
SLOTTED = {**JOB, "destination_path": "/b/{slot}/", "schedule": "rotating_weekdays"}


def planned(**variables: Any) -> dict[str, Any]:
    found = plan_backup({**RIGHT, **variables}, NOW)
    assert found["error"] is None
    return found


def error(**variables: Any) -> str:
    found = plan_backup({**RIGHT, **variables}, NOW)
    assert isinstance(found["error"], str)
    assert not found["timers"]
    return found["error"]


def error_of_job(**options: Any) -> str:
    return error(backup_jobs=[{**JOB, **options}])


# --- null, blank, odd ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in _variables.DECLARATIONS if name != "backup_jobs"])
def test_null_is_the_default_N1(name: str) -> None:
    without = plan_backup({key: value for key, value in RIGHT.items() if key != name}, NOW)
    assert plan_backup({**RIGHT, name: None}, NOW) == without


@pytest.mark.parametrize("name", _variables.DECLARATIONS)
@pytest.mark.parametrize("blank", ["", " "])
def test_a_blank_answer_of_a_survey_is_refused_by_name_or_is_none_N2(name: str, blank: str) -> None:
    if name == "backup_report":
        assert planned(backup_report=blank)["report"] is None
    elif name in ("backup_jobs", "backup_defaults", "backup_schedules"):
        assert name in error(**{name: blank})
    else:
        assert error(**{name: blank}).startswith(f"{name} ")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"backup_jobs": None}, "backup_jobs is missing"),
        (
            {"backup_jobs": {"name": "lab"}},
            "backup_jobs must be a list of jobs, not {'name': 'lab'}. Put a dash (-) in front of each job",
        ),
        ({"backup_jobs": ["lab"]}, "backup_jobs[0] must be a dictionary of options, not 'lab'"),
        ({"backup_defaults": [1]}, "backup_defaults must be a dictionary of options, not [1]"),
        ({"backup_schedules": ["nightly"]}, "backup_schedules must be a dictionary"),
        ({"backup_timezone": "Mars/Base"}, "backup_timezone must be an IANA name such as America/Chicago"),
        ({"backup_state": "off"}, "backup_state must be one of: present, active, paused, absent, not 'off'"),
        ({"backup_on_drift": "mend"}, "backup_on_drift must be one of: warn, ignore, fail, replace, not 'mend'"),
        ({"backup_on_inactive": "mend"}, "backup_on_inactive must be one of: warn, fail, resume, not 'mend'"),
        ({"backup_spread": -1}, "backup_spread must be a number of seconds, 0 or more, not -1"),
        ({"backup_spread": "1h"}, "backup_spread must be a whole number, not '1h'. Write a number without a unit"),
        ({"backup_purge": "maybe"}, "backup_purge must be true or false, not 'maybe'"),
        ({"backup_purge_limit": -1}, "backup_purge_limit must be 0 or more, not -1"),
        ({"backup_concurrency": 17}, "backup_concurrency must be from 1 to 16, not 17"),
        ({"backup_concurrency": True}, "backup_concurrency must be a whole number, not True"),
        ({"backup_check_paths": "maybe"}, "backup_check_paths must be true or false, not 'maybe'"),
        (
            {"backup_max_age": "soon"},
            "backup_max_age must be an interval such as 2d, 36h or 1d12h, or a number of seconds, not 'soon'",
        ),
        ({"backup_max_age": 0}, "backup_max_age must be an interval such as 2d"),
        ({"backup_max_age": "1M"}, "backup_max_age must be an interval such as 2d"),
        ({"backup_prefix": ["lab-"]}, "backup_prefix must be text, not ['lab-']"),
        ({"backup_clock": "soon"}, "backup_clock must be a time in ISO 8601"),
    ],
)
def test_a_wrong_variable_is_named_in_one_sentence_L3(variables: dict[str, Any], expected: str) -> None:
    message = error(**variables)
    assert message.startswith(expected)
    assert "\n" not in message
    assert len(message) < 250


def test_variables_may_be_text_as_extra_variables_are() -> None:
    found = planned(backup_spread="60", backup_purge="true", backup_prefix="x-", backup_concurrency="8")
    assert found["options"] == {
        "on_drift": "replace",
        "on_inactive": "resume",
        "purge": True,
        "purge_prefix": "x-",
        "purge_limit": 25,
        "concurrency": 8,
        "check_paths": True,
    }


def test_the_paths_are_checked_unless_the_role_or_a_job_says_otherwise() -> None:
    assert planned()["options"]["check_paths"] is True
    assert planned(backup_check_paths="no")["options"]["check_paths"] is False
    (timer,) = planned(backup_jobs=[{**JOB, "check_paths": False}])["timers"]
    assert timer["check_paths"] is False
    (timer,) = planned()["timers"]
    assert "check_paths" not in timer, "the option of the list holds for it"
    defaults: Any = RIGHT["backup_defaults"]
    (timer,) = planned(backup_defaults={**defaults, "check_paths": False})["timers"]
    assert timer["check_paths"] is False
    (timer,) = planned(backup_jobs=[{"name": "a", "schedule": "nightly", "state": "absent", "check_paths": True}])[
        "timers"
    ]
    assert timer == {"name": "backup-a", "state": "absent"}
    assert error_of_job(check_paths="maybe").startswith("backup_jobs[0] (lab): check_paths must be true or false")


@pytest.mark.parametrize("name", [None, "", " ", "\n"])
def test_a_job_without_a_name_is_refused_by_its_position_N1(name: Any) -> None:
    assert error(backup_jobs=[JOB, {**JOB, "name": name}]).startswith("backup_jobs[1]: name is missing")
    assert error(backup_jobs=[{"name": name, "schedule": "nightly", "state": "absent"}]).startswith(
        "backup_jobs[0]: name"
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"timezone": ""}, "timezone is empty"),
        ({"timezone": " "}, "timezone is empty"),
        ({"source_path": ""}, "source_path is empty"),
        ({"destination_path": " "}, "destination_path is empty"),
        ({"source_collection": ""}, "source_collection must be a UUID"),
        ({"source_local_user": ""}, "source_local_user is empty"),
        ({"schedule": ""}, "schedule '' does not exist"),
        ({"state": ""}, "state must be one of"),
        ({"at": ""}, "at must be a time of day"),
        ({"start": ""}, "start must be a time"),
        ({"interval": ""}, "interval must be an interval such as 30m"),
        ({"sync_level": ""}, "sync_level must be one of"),
        ({"daylight_saving": ""}, "daylight_saving must be one of"),
        ({"end": {"datetime": ""}}, "end.datetime must be a time"),
    ],
)
def test_a_blank_option_of_a_job_never_means_another_value_N2(options: dict[str, Any], expected: str) -> None:
    """A blank time zone used to be UTC, though backup_timezone says something else."""
    for job in (options, {**options, "schedule": options.get("schedule", "fortnightly")}):
        if "interval" not in job and not ("start" in job and job.get("schedule") != "fortnightly"):
            assert error_of_job(**job).startswith(f"backup_jobs[0] (lab): {expected}"), job
    defaults: Any = RIGHT["backup_defaults"]
    assert error(backup_defaults={**defaults, "timezone": ""}).startswith("backup_jobs[0] (lab): timezone is empty")
    blank = {"x": {"interval": "1d", "timezone": ""}}
    assert error(backup_schedules=blank, backup_jobs=[{**JOB, "schedule": "x"}]).startswith(
        "backup_jobs[0] (lab): timezone is empty"
    )


@pytest.mark.parametrize("schedule", ["nightly", "weekly", "fortnightly", "every_4_weeks", "monthly"])
def test_a_misspelt_zone_of_a_job_names_the_job_N6(schedule: str) -> None:
    """Schedules of calendar dates read times in it before anything else."""
    options = {"schedule": schedule, "timezone": "Amerika/Chicago"}
    message = error_of_job(**options)
    assert message.startswith("backup_jobs[0] (lab)")
    assert "timezone must be an IANA name such as America/Chicago, not 'Amerika/Chicago'" in message


# --- purge ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["b", "back", "backup", "backup-", None])
def test_the_guard_of_purge_refuses_the_default_prefix_and_its_beginnings_W7(prefix: str | None) -> None:
    assert "backup_purge requires your own backup_prefix" in error(backup_purge=True, backup_prefix=prefix)
    assert planned(backup_purge=False, backup_prefix=prefix)


@pytest.mark.parametrize("prefix", ["backup-x-", "backups", "Backup-", "lab-", "-"])
def test_any_other_prefix_may_be_purged_W7(prefix: str) -> None:
    assert planned(backup_purge=True, backup_prefix=prefix)["options"]["purge_prefix"] == prefix


# --- what YAML and vaults make of text -----------------------------------------------------------------------------


class Vaulted(UserString):
    """As ansible-core before 2.19 hands vaulted text to filters: a sequence of characters that is no ``str``."""


def test_vaulted_text_is_text_N5() -> None:
    """A vaulted destination used to write to the literal {slot}, and a vaulted name was missing."""
    plainly = {**SLOTTED, "label": "of {slot}", "at": "03:30", "timezone": "Europe/Berlin", "sync_level": "size"}
    vaulted = {Vaulted(key) if key == "label" else key: Vaulted(value) for key, value in plainly.items()}
    assert planned(backup_jobs=[vaulted]) == planned(backup_jobs=[plainly])
    assert planned(backup_jobs=[vaulted])["timers"][0]["transfer"]["paths"][0]["destination_path"] == "/b/mon/"
    whole = {name: Vaulted(value) for name, value in {"backup_prefix": "x-", "backup_timezone": "Asia/Tokyo"}.items()}
    assert planned(**whole) == planned(**{name: str(value) for name, value in whole.items()})


@pytest.mark.parametrize(
    ("options", "meant"),
    [
        ({"start": datetime(2026, 12, 1, 2, 0)}, {"start": "2026-12-01T02:00:00"}),  # noqa: DTZ001 - as YAML reads it
        ({"start": date(2026, 12, 1)}, {"start": "2026-12-01"}),
        (
            {"end": {"datetime": datetime(2027, 1, 1, tzinfo=UTC)}},
            {"end": {"datetime": "2027-01-01T00:00:00+00:00"}},
        ),
        (
            {"deadline": datetime(2027, 1, 1, tzinfo=timezone(timedelta(hours=-6)))},
            {"deadline": "2027-01-01T00:00:00-06:00"},
        ),
        ({"source_path": 2026}, {"source_path": "2026"}),
        ({"label": 12}, {"label": "12"}),
        ({"name": 600}, {"name": "600"}),
        ({"delete_destination_extra": "yes"}, {"delete_destination_extra": True}),
        ({"filter_rules": ({"name": "*.tmp"},)}, {"filter_rules": [{"name": "*.tmp"}]}),
    ],
)
def test_unquoted_times_and_numbers_are_what_they_are_as_text_N5(
    options: dict[str, Any], meant: dict[str, Any]
) -> None:
    assert planned(backup_jobs=[{**JOB, **options}]) == planned(backup_jobs=[{**JOB, **meant}])


def test_a_number_names_a_job_and_a_schedule_N5() -> None:
    jobs = [{**JOB, "name": 600, "schedule": 24}]
    found = planned(backup_jobs=jobs, backup_schedules={24: {"interval": "1d", "slots": {1: {"at": "05:00"}}}})
    assert [timer["name"] for timer in found["timers"]] == ["backup-600-1"]
    timers = [{"slot": "1", "name": "backup-600-1"}]
    assert found["jobs"] == [
        {"name": "600", "schedule": "24", "state": "present", "timers": timers, "max_age": 3 * 86400}
    ]
    assert "'24' does not exist" in error(backup_jobs=jobs)


@pytest.mark.parametrize("value", [True, 1.1])
def test_what_yaml_may_have_destroyed_is_refused_with_the_rule_N5(value: Any) -> None:
    assert (
        error_of_job(name=value)
        == f"backup_jobs[0]: name is {value!r}, because YAML converts text without quotes. Put the text in quotes"
    )
    assert "(lab): schedule is" in error_of_job(schedule=value)
    assert "Put the text in quotes" in error_of_job(schedule=value)


def test_what_is_plain_stays_as_it_is_N5() -> None:
    value: Mapping[str, Any] = {"a": [1, 1.5, True, None, "x", {"b": {}}], "c": ""}
    assert plain(value) == value
    assert plain({1: {"x"}, None: (date(2026, 1, 2),)}) == {"1": ["x"], "None": ["2026-01-02"]}
    assert plain(b"x") == "b'x'"


# --- messages ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"synclevel": "size"}, "synclevel is not a known option; did you mean sync_level?"),
        ({"sync_level": "md5"}, "sync_level must be one of: exists, size, mtime, checksum, not 'md5'"),
        ({"filter_rules": ["*.tmp"]}, "filter_rules[0] must be a dictionary of options, not '*.tmp'"),
        ({"end": {"datetimes": "x"}}, "end.datetimes is not a known option; did you mean datetime?"),
        ({"source_collection": "transfer.lab"}, "source_collection must be a UUID such as"),
        ({"label": "transfer. schedule.\n"}, "label must be one line of at most 128 characters"),
        ({"at": 1350}, "at is the number 1350, because YAML reads an unquoted time as a number"),
    ],
)
def test_messages_name_the_option_as_a_job_has_it_N6(options: dict[str, Any], expected: str) -> None:
    message = error_of_job(**options)
    assert message.startswith(f"backup_jobs[0] (lab): {expected}")
    for value in options.values():
        if isinstance(value, str):
            assert repr(value) in message or "is not a known option" in message, "values are quoted as they are"


def test_messages_about_one_of_several_paths_have_its_position_N6() -> None:
    paths = [{"source_path": "/a/", "destination_path": "/b/"}, {"source_path": "/a/", "destination_path": " "}]
    job = {"name": "lab", "schedule": "nightly", "paths": paths}
    assert error(backup_jobs=[job]).startswith("backup_jobs[0] (lab): paths[1].destination_path is empty")
    job["paths"] = [{"source_path": " ", "destination_path": "/b/"}]
    assert error(backup_jobs=[job]).startswith("backup_jobs[0] (lab): paths[0].source_path is empty")


@pytest.mark.parametrize(
    ("schedule", "days"),
    [
        ("nightly", 1),
        ("weekly", 7),
        ("weekdays", 3),  # from Friday to Monday
        ("rotating_weekdays", 1),
        ("grandfather_father_son", 1),
        ("monthly", 31),
        ("fortnightly", 14),
    ],
)
def test_a_backup_is_too_old_after_two_intervals_and_a_day(schedule: str, days: int) -> None:
    """The interval of a job with several timers is the longest time between two of its runs."""
    for now in (NOW, NOW + timedelta(days=40), NOW + timedelta(days=200)):
        found = plan_backup(
            {**RIGHT, "backup_jobs": [{**SLOTTED, "schedule": schedule, "destination_path": "/b/"}]}, now
        )
        if found["error"] is not None:
            found = plan_backup({**RIGHT, "backup_jobs": [{**SLOTTED, "schedule": schedule}]}, now)
        (job,) = found["jobs"]
        assert job["max_age"] == pytest.approx((2 * days + 1) * 86400, abs=2 * 3600), "a clock change moves a gap"


def test_the_limit_of_age_can_be_given_and_absent_jobs_have_none() -> None:
    assert planned(backup_max_age="36h")["jobs"][0]["max_age"] == 36 * 3600
    assert planned(backup_max_age=7200)["jobs"][0]["max_age"] == 7200
    assert planned(backup_jobs=[{"name": "a", "schedule": "nightly", "state": "absent"}])["jobs"][0]["max_age"] is None
    every = {"x": {"interval": "1d", "slots": {f"m{n}": {"interval": "1m"} for n in range(30)}}}
    (job,) = planned(backup_jobs=[{**JOB, "schedule": "x"}], backup_schedules=every)["jobs"]
    assert job["max_age"] == 86400 + 120


def test_jobs_are_told_with_their_slots_and_timers() -> None:
    (job,) = planned(backup_jobs=[SLOTTED], backup_prefix="x-")["jobs"]
    assert (job["name"], job["schedule"], job["state"]) == ("lab", "rotating_weekdays", "present")
    assert job["timers"][0] == {"slot": "mon", "name": "x-lab-mon"}
    assert len(job["timers"]) == 7
