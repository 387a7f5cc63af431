# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup jobs become timers: schedules, slots, overrides and guard rails by tables, stability by hypothesis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.research_ops.globus.plugins.module_utils._errors import InputError
from ansible_collections.research_ops.globus.plugins.module_utils._timers import schedule as _schedule
from ansible_collections.research_ops.globus.plugins.module_utils._timers.options import parse_schedule
from ansible_collections.research_ops.globus.plugins.module_utils._timers.schedule import Schedule
from ansible_collections.research_ops.globus.plugins.plugin_utils._backup import SCHEDULES, Expansion, expand
from ansible_collections.research_ops.globus.plugins.plugin_utils._variables import JOB_STATES
from unit.samples import DESTINATION, SOURCE

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday
CHICAGO = "America/Chicago"
COLLECTIONS = {"source_collection": SOURCE, "destination_collection": DESTINATION}
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKS = ["week1", "week2", "week3", "week4"]
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
SLOTS: dict[str, list[str]] = {
    **{name: [] for name in ("hourly", "every_6_hours", "daily", "nightly", "weekly", "fortnightly", "every_4_weeks")},
    "weekdays": DAYS[:5],
    "monthly": MONTHS,
    "rotating_weekdays": DAYS,
    "grandfather_father_son": DAYS + WEEKS + MONTHS,
}


def job(schedule: str = "nightly", /, name: str = "lab", **options: Any) -> dict[str, Any]:
    """A job that lacks nothing; its destination has the slot where the schedule has slots."""
    slotted = bool(SLOTS.get(schedule))
    paths = {
        "source_path": "/data/",
        "destination_path": f"/backup/{name}/{{slot}}/" if slotted else f"/backup/{name}/",
    }
    return {"name": name, "schedule": schedule, **({} if "paths" in options else paths), **options}


def expanded(*jobs: Mapping[str, Any], defaults: Mapping[str, Any] | None = None, **options: Any) -> Expansion:
    return expand(jobs, defaults={**COLLECTIONS, **(defaults or {})}, **{"now": NOW, "zone": CHICAGO, **options})


def schedules(*jobs: Mapping[str, Any], **options: Any) -> dict[str, dict[str, Any]]:
    """Name of each timer -> its option ``schedule``, the zone left out."""
    timers = expanded(*jobs, **options).timers
    return {t["name"]: {k: v for k, v in t["schedule"].items() if k != "timezone"} for t in timers}


def first_runs(*jobs: Mapping[str, Any], now: datetime = NOW, zone: str = CHICAGO, **options: Any) -> dict[str, str]:
    """Name of each timer -> the local time of its first run, were it created now."""
    found = {}
    for timer in expanded(*jobs, now=now, zone=zone, **options).timers:
        run = _schedule.first_run(parse_schedule(timer["schedule"], now), now)
        assert run is not None
        found[timer["name"]] = _schedule.to_wall(run, timer["schedule"]["timezone"]).strftime("%a %Y-%m-%d %H:%M")
    return found


def refused(*jobs: Any, **options: Any) -> str:
    with pytest.raises(InputError) as refusal:
        expanded(*jobs, **options)
    return str(refusal.value)


# --- the schedules -------------------------------------------------------------------------------------------------


def test_every_schedule_is_in_the_tables_below() -> None:
    assert set(SCHEDULES) == set(SLOTS)


@pytest.mark.parametrize("name", SCHEDULES)
def test_names_and_numbers_of_timers(name: str) -> None:
    timers = expanded(job(name, name="seq")).timers
    assert [t["name"] for t in timers] == [f"backup-seq-{slot}" for slot in SLOTS[name]] or [
        t["name"] for t in timers
    ] == ["backup-seq"]
    assert len(timers) == (len(SLOTS[name]) or 1)
    for timer, slot in zip(timers, SLOTS[name] or [""], strict=True):
        (path,) = timer["transfer"]["paths"]
        assert path["destination_path"] == (f"/backup/seq/{slot}/" if slot else "/backup/seq/")
        assert path["recursive"] is True
        assert timer["state"] == "present"


@pytest.mark.parametrize(
    ("name", "schedule"),
    [
        ("hourly", {"interval": "1h", "at": "00:00"}),
        ("every_6_hours", {"interval": "6h", "at": "00:00"}),
        ("daily", {"interval": "1d", "at": "12:00"}),
        ("nightly", {"interval": "1d", "at": "02:00"}),
        ("weekly", {"interval": "1w", "at": "02:00", "weekday": "sunday"}),
    ],
)
def test_schedules_by_the_time_of_day(name: str, schedule: dict[str, Any]) -> None:
    assert schedules(job(name)) == {"backup-lab": schedule}


@pytest.mark.parametrize("name", ["weekdays", "rotating_weekdays"])
def test_schedules_by_the_day_of_the_week(name: str) -> None:
    assert schedules(job(name)) == {
        f"backup-lab-{day}": {"interval": "1w", "at": "02:00", "weekday": weekday}
        for day, weekday in zip(SLOTS[name], _schedule.WEEKDAYS, strict=False)
    }


@pytest.mark.parametrize(
    ("options", "runs"),
    [
        # Sunday of the first week from Monday 2001-01-01 on is 2001-01-07; 2026-11-29 is 676 x 14 days - 7 after it
        (job("fortnightly"), "Sun 2026-12-06 02:00"),
        (job("fortnightly", week=2), "Sun 2026-11-29 02:00"),
        (job("fortnightly", weekday="monday", at="06:00"), "Mon 2026-11-30 06:00"),
        (job("fortnightly", weekday="monday", at="06:00", week=2), "Mon 2026-12-07 06:00"),
        (job("every_4_weeks"), "Sun 2026-12-06 02:00"),
        (job("every_4_weeks", week=2), "Sun 2026-12-13 02:00"),
        (job("every_4_weeks", week=4), "Sun 2026-11-29 02:00"),
    ],
)
def test_schedules_of_several_weeks_count_from_monday_2001_01_01(options: dict[str, Any], runs: str) -> None:
    assert first_runs(options) == {"backup-lab": runs}
    first = datetime.strptime(runs, "%a %Y-%m-%d %H:%M")  # noqa: DTZ007 - a wall time
    weeks = (first - datetime(2001, 1, 1)).days // 7  # noqa: DTZ001 - another
    assert weeks % (2 if options["schedule"] == "fortnightly" else 4) == options.get("week", 1) - 1


def test_monthly_is_each_date_of_the_coming_year() -> None:
    assert list(first_runs(job("monthly")).values()) == [
        *[f"{day} 2027-{month:02}-01 02:00" for month, day in enumerate(WEEKDAYS_2027, 1)],
        "Tue 2026-12-01 02:00",
    ]


WEEKDAYS_2027 = ["Fri", "Mon", "Mon", "Thu", "Sat", "Tue", "Thu", "Sun", "Wed", "Fri", "Mon"]  # of the firsts


@pytest.mark.parametrize(
    ("now", "march"),
    [
        ("2027-02-28T12:00:00-06:00", "Mon 2027-03-01 02:00"),
        ("2027-03-01T01:59:59-06:00", "Mon 2027-03-01 02:00"),
        # the next 1 March is 366 days away, more than the service takes: one interval after the last
        ("2027-03-01T02:00:00-06:00", "Tue 2028-02-29 02:00"),
        ("2027-03-02T01:59:59-06:00", "Tue 2028-02-29 02:00"),
        ("2027-03-02T02:00:00-06:00", "Wed 2028-03-01 02:00"),
        ("2028-03-01T01:00:00-06:00", "Wed 2028-03-01 02:00"),
        ("2028-03-01T03:00:00-06:00", "Thu 2029-03-01 02:00"),
    ],
)
def test_d4_a_date_beyond_365_days_starts_one_interval_after_its_last(now: str, march: str) -> None:
    assert first_runs(job("monthly"), now=datetime.fromisoformat(now))["backup-lab-mar"] == march


def test_grandfather_father_son_on_one_page() -> None:
    runs = list(first_runs(job("grandfather_father_son", at="03:30")).values())
    assert runs[:11] == [
        *["Mon 2026-11-30 03:30", "Tue 2026-11-24 03:30", "Wed 2026-11-25 03:30", "Thu 2026-11-26 03:30"],
        *["Fri 2026-11-27 03:30", "Sat 2026-11-28 03:30", "Sun 2026-11-29 03:30"],
        *["Sun 2026-12-06 03:30", "Sun 2026-12-13 03:30", "Sun 2026-12-20 03:30", "Sun 2026-11-29 03:30"],
    ]
    assert runs[11] == "Fri 2027-01-01 03:30"


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("now", ["2026-11-23T12:00:00+00:00", "2026-06-15T12:00:00+00:00", "2028-03-15T12:00:00+00:00"])
def test_first_runs_are_at_the_local_time_on_both_sides_of_a_clock_change(name: str, now: str) -> None:
    at = {"daily": "12:00", "hourly": None, "every_6_hours": None}.get(name, "02:00")
    for run in first_runs(job(name), now=datetime.fromisoformat(now)).values():
        assert run.endswith(at or ":00")


# --- slots, overrides ----------------------------------------------------------------------------------------------


def test_slots_in_paths_labels_and_names() -> None:
    timers = expanded(
        job("rotating_weekdays", name="{slot}-seq", label="seq of {slot}", source_path="/data/{slot}/"), prefix="x-"
    ).timers
    assert [t["name"] for t in timers] == [f"x-{day}-seq" for day in DAYS]
    assert timers[2]["transfer"]["label"] == "seq of wed"
    assert timers[2]["transfer"]["paths"][0]["source_path"] == "/data/wed/"


@pytest.mark.parametrize(
    ("options", "defaults", "own", "schedule"),
    [
        ({"at": "03:30"}, {"at": "04:00"}, {"nightly": {"at": "05:00"}}, {"interval": "1d", "at": "03:30"}),
        ({}, {"at": "04:00"}, {"nightly": {"at": "05:00"}}, {"interval": "1d", "at": "05:00"}),
        ({}, {"at": "04:00"}, {}, {"interval": "1d", "at": "04:00"}),
        ({}, {}, {}, {"interval": "1d", "at": "02:00"}),
        ({"interval": "2d"}, {}, {}, {"interval": "2d", "at": "02:00"}),
        # what a schedule has no use for is passed over where it is a default
        ({}, {"weekday": "friday", "day": 3, "week": 2}, {}, {"interval": "1d", "at": "02:00"}),
        ({"start": "2026-12-01T01:00:00"}, {"at": "04:00"}, {}, {"interval": "1d", "start": "2026-12-01T01:00:00"}),
        ({"at": "01:00"}, {}, {"nightly": {"start": "2026-12-01T03:00:00"}}, {"interval": "1d", "at": "01:00"}),
        (
            {"end": {"count": 3}, "daylight_saving": "follow"},
            {},
            {},
            {"interval": "1d", "at": "02:00", "daylight_saving": "follow", "end": {"count": 3}},
        ),
        ({"at": None}, {}, {}, {"interval": "1d", "at": "02:00"}),
    ],
)
def test_who_has_the_last_word_on_times(
    options: dict[str, Any], defaults: dict[str, Any], own: dict[str, Any], schedule: dict[str, Any]
) -> None:
    assert schedules(job(**options), defaults=defaults, schedules=own) == {"backup-lab": schedule}


def test_time_zone_of_job_schedule_defaults_and_role() -> None:
    own = {"mine": {"interval": "1d", "timezone": "Asia/Kolkata"}}
    jobs = [job(name="a", timezone="Europe/Berlin"), job("mine", name="b"), job(name="c")]
    zones = [t["schedule"]["timezone"] for t in expanded(*jobs, schedules=own, defaults={"timezone": "UTC"}).timers]
    assert zones == ["Europe/Berlin", "Asia/Kolkata", "UTC"]
    assert expanded(job()).timers[0]["schedule"]["timezone"] == CHICAGO


def test_anything_of_a_transfer_may_be_overridden() -> None:
    options: dict[str, Any] = {
        "sync_level": "size",
        "verify_checksum": False,
        "filter_rules": [{"name": "*.tmp"}],
        "label": "L",
    }
    (timer,) = expanded(job(**options), defaults={"sync_level": "checksum", "encrypt_data": True}).timers
    assert timer["transfer"] == {
        **COLLECTIONS,
        **options,
        "encrypt_data": True,
        "paths": [{"source_path": "/data/", "destination_path": "/backup/lab/", "recursive": True}],
    }
    (timer,) = expanded(job(source_collection=DESTINATION, destination_collection=SOURCE, recursive=False)).timers
    assert timer["transfer"]["source_collection"] == DESTINATION
    assert timer["transfer"]["paths"][0]["recursive"] is False


def test_several_paths() -> None:
    paths: list[dict[str, Any]] = [
        {"source_path": "/a/", "destination_path": "/b/{slot}/a/"},
        {"source_path": "/f", "destination_path": "/b/{slot}/f"},
    ]
    paths[1]["recursive"] = False
    timers = expanded(job("rotating_weekdays", paths=paths), defaults={"destination_path": "/elsewhere/"}).timers
    assert timers[0]["transfer"]["paths"] == [
        {"source_path": "/a/", "destination_path": "/b/mon/a/", "recursive": True},
        {"source_path": "/f", "destination_path": "/b/mon/f", "recursive": False},
    ]


def test_own_schedules() -> None:
    own = {
        "twice_a_week": {
            "interval": "1w",
            "at": "22:30",
            "slots": {"a": {"weekday": "tuesday"}, "b": {"weekday": "friday"}},
        },
        "quarterly": {"day": 15, "slots": {f"q{n + 1}": {"month": 1 + 3 * n} for n in range(4)}},
        "new_year": {"month": 1},
        "every_90_minutes": {"interval": "90m"},
        "every_5_hours": {"interval": "5h"},
        "at_times": {"interval": "1d", "slots": {"early": {"at": "05:00"}, "late": {"at": "21:00"}}},
        "weekdays": {"slots": {"mon": {"weekday": "monday"}}},
    }
    jobs = [job(name, name=name) for name in own]
    for one in jobs:
        one["destination_path"] = f"/backup/{one['name']}/"
    assert schedules(*jobs[:2], schedules=own)["backup-twice_a_week-b"] == {
        "interval": "1w",
        "at": "22:30",
        "weekday": "friday",
    }
    assert first_runs(jobs[1], jobs[2], schedules=own) == {
        "backup-quarterly-q1": "Fri 2027-01-15 02:00",
        "backup-quarterly-q2": "Thu 2027-04-15 02:00",
        "backup-quarterly-q3": "Thu 2027-07-15 02:00",
        "backup-quarterly-q4": "Fri 2027-10-15 02:00",
        "backup-new_year": "Fri 2027-01-01 02:00",
    }
    assert schedules(*jobs[3:], schedules=own) == {
        "backup-every_90_minutes": {"interval": "90m", "at": "00:00"},
        "backup-every_5_hours": {"interval": "5h"},  # no time of day stays the same
        "backup-at_times-early": {"interval": "1d", "at": "05:00"},
        "backup-at_times-late": {"interval": "1d", "at": "21:00"},
        "backup-weekdays-mon": {"interval": "1w", "at": "02:00", "weekday": "monday"},
    }


def test_s8_a_job_says_what_to_do_with_a_timer_that_the_service_stopped() -> None:
    """What neither job nor defaults say is left to the list, which has it from the role."""
    jobs = [job(on_inactive="fail"), job(name="b"), job(name="c", state="absent", on_inactive="fail")]
    assert [one.get("on_inactive") for one in expanded(*jobs).timers] == ["fail", None, None]
    timers = expanded(*jobs, defaults={"on_inactive": "warn"}).timers
    assert [one.get("on_inactive") for one in timers] == ["fail", "warn", None]


@pytest.mark.parametrize("own", JOB_STATES)
@pytest.mark.parametrize("of_all", JOB_STATES)
def test_the_stronger_state_holds(own: str, of_all: str) -> None:
    strength = ["present", "active", "paused", "absent"]
    (timer,) = expanded(job(state=own), state=of_all).timers
    assert timer["state"] == max(own, of_all, key=strength.index)
    assert ("transfer" in timer) == (timer["state"] != "absent")


def test_an_absent_job_needs_no_more_than_its_name_and_schedule() -> None:
    timers = expand([{"name": "old", "schedule": "rotating_weekdays", "state": "absent"}], now=NOW).timers
    assert timers == [{"name": f"backup-old-{day}", "state": "absent"} for day in DAYS]


# --- spreading -----------------------------------------------------------------------------------------------------


def test_spread_is_stable_within_bounds_and_different() -> None:
    jobs = [job(name=f"lab{n}") for n in range(60)]
    spread = schedules(*jobs, spread=3600)
    assert spread == schedules(*reversed(jobs), spread=3600, now=NOW + timedelta(days=100)), "only the name decides"
    offsets = {_schedule.parse_time_of_day(s["at"]) - 2 * 3600 for s in spread.values()}
    assert all(0 <= offset < 3600 for offset in offsets)
    assert len({offset // 60 for offset in offsets}) > 30
    assert schedules(job(name="lab7"), spread=3600)["backup-lab7"] == spread["backup-lab7"]


def test_a_time_of_the_jobs_own_is_not_spread() -> None:
    assert schedules(job(at="03:30"), spread=3600) == schedules(job(at="03:30"))
    assert schedules(job(), spread=3600, defaults={"at": "03:30"}) != schedules(job(), defaults={"at": "03:30"})


@given(
    name=st.text(min_size=1, max_size=20).map(str.strip).filter(lambda text: text and "{slot}" not in text),
    schedule=st.sampled_from(sorted(SCHEDULES)),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    spread=st.integers(0, 200_000),
)
def test_spread_moves_no_run_to_another_day(name: str, schedule: str, hour: int, minute: int, spread: int) -> None:
    at = f"{hour:02}:{minute:02}"
    options: dict[str, Any] = {"defaults": {"at": at}, "zone": "UTC"}
    plain, moved = (first_runs(job(schedule, name=name), spread=n, **options) for n in (0, spread))
    if schedule in ("hourly", "every_6_hours"):
        return  # they run on every day
    begin = hour * 60 + minute
    for timer, run in moved.items():
        time = int(run[-5:-3]) * 60 + int(run[-2:])
        assert begin <= time < 24 * 60
        if plain[timer][:14] != run[:14]:  # a run that was over already at `at` still comes today
            assert run[:14] == NOW.strftime("%a %Y-%m-%d")


# --- stability -----------------------------------------------------------------------------------------------------

# one of each form; the others are made of the same slots
FORMS = ("hourly", "every_6_hours", "nightly", "weekly", "fortnightly", "every_4_weeks", "monthly")
ZONES = ["UTC", CHICAGO, "Europe/Berlin", "Australia/Sydney", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago"]


def wanted(now: datetime, zone: str, at: str | None, day: int, names: Sequence[str] = FORMS) -> dict[str, Schedule]:
    jobs = [job(name, name=name) for name in names]
    times = {} if at is None else {"at": at}
    timers = expanded(*jobs, now=now, zone=zone, defaults={**times, "day": day}).timers
    return {timer["name"]: parse_schedule(timer["schedule"], now) for timer in timers}


def created(schedules_: Mapping[str, Schedule], now: datetime) -> dict[str, Schedule]:
    """The timers as the service has them, made now."""
    timers = {}
    for name, schedule in schedules_.items():
        start = _schedule.first_run(schedule, now)
        assert start is not None
        assert now < start <= now + timedelta(days=365, hours=1), "the service takes no later start"
        timers[name] = Schedule(interval=schedule.interval, start=start)
    return timers


@pytest.mark.parametrize("later", [0, 7, 30, 200, 800])
def test_a_rerun_of_every_schedule_finds_no_drift(later: int) -> None:
    moment = NOW + timedelta(days=later)
    timers = created(wanted(NOW, CHICAGO, None, 1, tuple(SCHEDULES)), NOW)
    assert len(timers) == sum(len(slots) or 1 for slots in SLOTS.values())
    assert not drifted(wanted(moment, CHICAGO, None, 1, tuple(SCHEDULES)), timers, moment)


def drifted(schedules_: Mapping[str, Schedule], timers: Mapping[str, Schedule], now: datetime) -> dict[str, Any]:
    found = {}
    for name, timer in timers.items():
        assert timer.start is not None
        assert timer.interval is not None
        coming = _schedule.next_tick(timer.start, timer.interval, now)
        if differences := _schedule.differences(schedules_[name], timer, coming, now):
            found[name] = differences
    return found


BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
moments = st.integers(0, 6 * 365 * 86400).map(lambda seconds: BEGIN + timedelta(seconds=seconds))
times_of_day = st.none() | st.sampled_from(["00:00", "00:30", "02:00", "02:30", "03:00", "23:59:59"])


@settings(max_examples=200)
@given(
    now=moments,
    later=st.lists(st.integers(0, 3 * 365 * 86400), min_size=1, max_size=6),
    behind=st.sampled_from([0, 0, 1, 86400, 7 * 86400]),
    zone=st.sampled_from(ZONES),
    at=times_of_day,
    day=st.sampled_from([1, 28]),
)
def test_d2_d4_a_rerun_at_any_time_finds_no_drift(
    now: datetime, later: list[int], behind: int, zone: str, at: str | None, day: int
) -> None:
    """Also where the controller's clock is behind the service's."""
    timers = created(wanted(now, zone, at, day), now)
    for seconds in [0, *later]:
        moment = now + timedelta(seconds=seconds)
        assert not drifted(wanted(moment - timedelta(seconds=behind), zone, at, day), timers, moment)


@pytest.mark.parametrize("after", [0, 1, 1800, 3599, 3600, 7200])
@pytest.mark.parametrize("behind", [0, 1, 61, 4000, 86400, 7 * 86400])
def test_d2_a_timer_made_just_after_its_time_has_no_extra_run(after: int, behind: int) -> None:
    """In Sydney it was 02:00 on a Sunday up to two hours ago; before the next run the clocks are turned back."""
    now = datetime(2026, 3, 28, 15, 0, tzinfo=UTC) + timedelta(seconds=after)
    timers = created(wanted(now, "Australia/Sydney", None, 1), now)
    for name in ("backup-fortnightly", "backup-every_4_weeks"):
        start = timers[name].start
        assert start is not None
        assert _schedule.format_local(start, "Australia/Sydney").endswith("T02:00:00+10:00")
    assert not drifted(wanted(now - timedelta(seconds=behind), "Australia/Sydney", None, 1), timers, now)


# Zones whose law has changed within the years below: the offset of their winter, of their summer, or of both
CHANGED = ["Asia/Almaty", "America/Nuuk", "America/Asuncion", "Africa/Casablanca", "America/Mexico_City", "Asia/Amman"]
moments_of_change = st.integers(0, 8 * 365 * 86400).map(
    lambda seconds: datetime(2022, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


@settings(max_examples=300)
@given(now=moments_of_change, zone=st.sampled_from(CHANGED), day=st.sampled_from([1, 15, 28]), week=st.integers(1, 2))
@example(now=datetime(2026, 3, 2, 12, tzinfo=UTC), zone="America/Asuncion", day=1, week=1)
def test_first_runs_are_at_the_local_time_though_the_law_of_the_zone_has_changed(
    now: datetime, zone: str, day: int, week: int
) -> None:
    """Such a timer used to run an hour off from its first run on."""
    jobs = [job("monthly", day=day), job("fortnightly", name="b", week=week), job("every_4_weeks", name="c", week=week)]
    for jobs_ in (jobs, [{**one, "daylight_saving": "follow"} for one in jobs]):
        for run in first_runs(*jobs_, now=now, zone=zone).values():
            meant = datetime.strptime(run[4:14] + " 02:00", "%Y-%m-%d %H:%M")  # noqa: DTZ007 - a wall time
            read = _schedule.to_wall(_schedule.from_wall(meant, zone), zone)  # later where a clock change skips it
            assert run[-5:] == read.strftime("%H:%M")


@settings(max_examples=300)
@given(
    now=moments_of_change,
    later=st.lists(st.integers(0, 3 * 365 * 86400), min_size=1, max_size=6),
    zone=st.sampled_from(CHANGED),
)
def test_d4_a_rerun_finds_no_drift_though_the_law_of_the_zone_has_changed(
    now: datetime, later: list[int], zone: str
) -> None:
    timers = created(wanted(now, zone, None, 1), now)
    for seconds in [0, *later]:
        moment = now + timedelta(seconds=seconds)
        assert not drifted(wanted(moment, zone, None, 1), timers, moment)


@settings(max_examples=100)
@given(now=moments, later=st.integers(0, 3 * 365 * 86400), zone=st.sampled_from(ZONES), at=times_of_day)
def test_d4_leap_days_hide_no_change_of_a_date(now: datetime, later: int, zone: str, at: str | None) -> None:
    """A week is more than leap days come to within these years."""
    moment = now + timedelta(seconds=later)
    timers = created(wanted(now, zone, at, 1, ["monthly"]), now)
    assert len(drifted(wanted(moment, zone, at, 8, ["monthly"]), timers, moment)) == 12


@settings(max_examples=100)
@given(now=moments, later=st.integers(0, 3 * 365 * 86400), zone=st.sampled_from(ZONES))
def test_d4_a_change_of_two_hours_is_seen(now: datetime, later: int, zone: str) -> None:
    """But for the hourly ones, to which it is none. One of one hour may be just what a clock change already did."""
    moment = now + timedelta(seconds=later)
    timers = created(wanted(now, zone, "12:00", 1), now)
    found = drifted(wanted(moment, zone, "14:00", 1), timers, moment)
    assert set(timers) - set(found) == {"backup-hourly"}


@settings(max_examples=100)
@given(now=moments, later=st.integers(0, 3 * 365 * 86400), zone=st.sampled_from(ZONES))
def test_d4_follow_is_anchored_anew_once(now: datetime, later: int, zone: str) -> None:
    def following(moment: datetime) -> dict[str, Schedule]:
        jobs = [job(name, name=name, daylight_saving="follow") for name in FORMS]
        timers = expanded(*jobs, now=moment, zone=zone).timers
        return {timer["name"]: parse_schedule(timer["schedule"], moment) for timer in timers}

    moment = now + timedelta(seconds=later)
    timers = created(following(now), now)
    again = following(moment)
    drift = drifted(again, timers, moment)
    timers |= created({name: again[name] for name in drift}, moment)
    assert not drifted(again, timers, moment)
    for name in drift:
        start = timers[name].start
        assert start is not None
        if name.rpartition("-")[2] in MONTHS and start - moment < timedelta(days=364):
            assert _schedule.to_wall(start, zone).day == 1, "on its calendar date again"


# --- guard rails ---------------------------------------------------------------------------------------------------

MIRROR: dict[str, Any] = {"delete_destination_extra": True}

REFUSED: dict[str, tuple[list[Any], dict[str, Any], list[str]]] = {
    # jobs
    "no mapping": (["lab"], {}, ["backup_jobs[0]", "dictionary"]),
    "no name": ([{"schedule": "nightly"}], {}, ["backup_jobs[0]", "name is missing"]),
    "name blank": ([job(name=" ")], {}, ["backup_jobs[0]", "name is missing"]),
    "two of one name": ([job(), job("daily")], {}, ["backup_jobs[1] (lab)", "same name as backup_jobs[0]"]),
    "names that meet": (
        [job("rotating_weekdays"), job(name="lab-mon")],
        {},
        ["backup_jobs[1] (lab-mon)", "'backup-lab-mon'", "backup_jobs[0] (lab)"],
    ),
    "unknown option": ([job(synclevel="size")], {}, ["backup_jobs[0] (lab)", "synclevel", "did you mean sync_level?"]),
    "unknown default": ([job()], {"defaults": {"interval": "1d"}}, ["backup_defaults", "interval"]),
    "unknown schedule": ([job("nightl")], {}, ["backup_jobs[0] (lab)", "schedule 'nightl' does not exist", "nightly"]),
    "schedule that is no name": (
        [{**job(), "schedule": {"at": 1}}],
        {},
        [
            "(lab): schedule must be the name of a schedule, not {'at': 1}",
            "define it in backup_schedules and set its name",
        ],
    ),
    "schedule that is a list": (
        [{**job(), "schedule": None}],
        {"defaults": {"schedule": ["nightly"]}},
        ["(lab): schedule must be the name of a schedule, not ['nightly']"],
    ),
    "no schedule": ([{**job(), "schedule": None}], {}, ["backup_jobs[0] (lab)", "schedule is missing"]),
    "no source": ([job()], {"defaults": {"source_collection": None}}, ["(lab)", "source_collection is missing"]),
    "no path": ([{**job(), "destination_path": None}], {}, ["(lab)", "destination_path is missing"]),
    "path empty": ([job(source_path=" ")], {}, ["(lab)", "source_path is empty"]),
    "no UUID": ([job(source_collection="lab")], {}, ["(lab)", "source_collection must be a UUID"]),
    "paths and path": (
        [job(paths=[], source_path="/a/")],
        {},
        ["(lab)", "paths and source_path are mutually exclusive"],
    ),
    "paths empty": ([job(paths=[])], {}, ["(lab)", "paths is empty"]),
    "paths no list": ([job(paths="/a/")], {}, ["(lab): paths[0] must be a dictionary of options, not '/a/'"]),
    "state": ([job(state="off")], {}, ["(lab)", "state must be one of", "off"]),
    "on_inactive": ([job(on_inactive="off")], {}, ["(lab)", "on_inactive must be one of: warn, fail, resume", "off"]),
    "on_inactive of all": ([job()], {"defaults": {"on_inactive": "off"}}, ["on_inactive must be one of", "off"]),
    "sync_level": ([job(sync_level="md5")], {}, ["(lab)", "sync_level must be one of", "md5"]),
    "mirroring a file": ([job(recursive=False, **MIRROR)], {}, ["(lab)", "delete_destination_extra"]),
    "not true or false": ([job(delete_destination_extra="maybe")], {}, ["(lab)", "delete_destination_extra"]),
    "label": ([job(label="x" * 129)], {}, ["(lab)", "label", "128"]),
    "label by its slot": ([job("monthly", label="x" * 126 + "{slot}")], {}, ["(lab), slot jan", "label"]),
    # times
    "at a number": ([job(at=1350)], {}, ["(lab)", "at is the number 1350", 'at: "22:30"']),
    "at no time": ([job(at="25:00")], {}, ["(lab)", "at must be a time of day"]),
    "weekday": ([job("weekly", weekday="mon")], {}, ["(lab)", "weekday must be one of", "'mon'"]),
    "weekday of no use": ([job(weekday="monday")], {}, ["(lab)", "weekday has no effect with the schedule nightly"]),
    "weekday fixed": ([job("weekdays", weekday="monday")], {}, ["(lab)", "weekday has no effect with"]),
    "week of no use": ([job("grandfather_father_son", week=2)], {}, ["(lab)", "week has no effect with"]),
    "week": ([job("fortnightly", week=3)], {}, ["(lab)", "week must be a number from 1 to 2"]),
    "day of no use": ([job(day=3)], {}, ["(lab)", "day has no effect with the schedule nightly"]),
    "monthly on the 31st": ([job("monthly", day=31)], {}, ["(lab), slot jan", "day", "1 to 28", "not every month"]),
    "monthly on the 29th": ([job("monthly", day=29)], {}, ["(lab)", "day", "1 to 28"]),
    "monthly by start": ([job("monthly", start="2026-12-31T02:00:00")], {}, ["(lab)", "start cannot be used with"]),
    "interval of slots": ([job("weekdays", interval="2w")], {}, ["(lab)", "interval cannot be used with"]),
    "interval no interval": ([job(interval="soon")], {}, ["(lab)", "interval", "'soon'"]),
    "interval too short": ([job(interval="10s")], {}, ["(lab)", "interval must be from 60 seconds"]),
    "at with start": ([job(at="02:00", start="2026-12-01T00:00:00")], {}, ["(lab)", "start and at are mutually"]),
    "start too far": ([job(start="2029-12-01T00:00:00")], {}, ["(lab)", "start", "more than a year"]),
    "start no moment": ([job(start="tomorrow")], {}, ["(lab)", "start", "ISO 8601"]),
    "zone of a job": ([job(timezone="Mars/Base")], {}, ["(lab)", "timezone must be an IANA name"]),
    "end": ([job(end={"count": 0})], {}, ["(lab)", "end.count must be at least 1"]),
    "end by dates": ([job("fortnightly", end={"count": 3})], {}, ["(lab)", "end.count", "end.datetime"]),
    # slots
    "slots collide": (
        [job("rotating_weekdays", destination_path="/backup/")],
        {},
        ["(lab)", "all slots of the schedule rotating_weekdays write to", "/backup/{slot}/"],
    ),
    "slots collide in gfs": (
        [job("grandfather_father_son", destination_path="/b")],
        {},
        ["(lab)", "all slots of the schedule"],
    ),
    "slots of one path collide": (
        [job("rotating_weekdays", paths=[{"source_path": "/a", "destination_path": "/b"}])],
        {},
        ["(lab)", "all slots of the schedule"],
    ),
    "a misspelt slot": ([job(destination_path="/b/{slots}/")], {}, ["(lab)", "contains {slots}. Did you mean {slot}?"]),
    "a slot in capitals": ([job("monthly", label="{slot} {SLOT}")], {}, ["(lab)", "Did you mean {slot}?"]),
    "a slot where there is none": ([job(destination_path="/b/{slot}/")], {}, ["(lab)", "no slots", "{slot}"]),
    "a slot in the name": ([job(name="a{slot}")], {}, ["name contains {slot}", "no slots"]),
    # zones (N2, N6, N7)
    "zone of a job with dates": ([job("monthly", timezone="Mars/Base")], {}, ["(lab), slot jan: timezone must be an"]),
    "blank zone of a job": ([job(timezone="")], {}, ["(lab)", "timezone is empty"]),
    # what can never work (N3)
    "1M": ([job(interval="1M")], {}, ["(lab)", "interval"]),
    "Windows": ([job(source_path="C:\\data\\")], {}, ["(lab)", "source_path", "Write it as '/C/data/'"]),
    "an ID in a path": (
        [job(destination_path=f"{SOURCE}:/b/")],
        {},
        ["(lab)", "destination_path", "starts with the ID of a coll"],
    ),
    "a folded path": ([job(source_path="/data/\n")], {}, ["(lab)", "source_path", "blanks or line breaks"]),
    "a folded name": ([job(name="lab\n")], {}, ["starts or ends with blanks or line breaks"]),
    "deadline": ([job(deadline="2020-01-01")], {}, ["(lab): deadline 2020", "is not later than the run of"]),
    # YAML (N5)
    "at 0200": ([job(at=0o200)], {}, ["(lab)", "at is the number 128", 'write it as "HH:MM"']),
    "end 0": ([job(end=0)], {}, ["(lab): end must be a dictionary of options, not 0"]),
    "end []": ([job(end=[])], {}, ["(lab): end must be a dictionary of options, not []"]),
    # paths
    "inside its source": (
        [job(destination_collection=SOURCE, destination_path="/data/backup/")],
        {},
        ["(lab)", "(lab): destination_path '/data/backup/' is inside its own source, '/data/' on"],
    ),
    "its source": ([job(destination_collection=SOURCE.upper(), destination_path="//data/x/..")], {}, ["own source"]),
    "mirrored over its source": (
        [job(destination_collection=SOURCE, destination_path="/", **MIRROR)],
        {},
        ["(lab)", "would delete files of the source"],
    ),
    "mirrored below its source": (
        [job(destination_collection=SOURCE, destination_path="/data/x/y/", **MIRROR)],
        {},
        ["(lab)", "would delete files of the source"],
    ),
    "two mirrors of each other": (
        [
            job(source_path="/d/", destination_path="/b/", **MIRROR),
            job(
                name="back",
                source_collection=DESTINATION,
                source_path="/b/",
                destination_collection=SOURCE,
                destination_path="/d/",
                **MIRROR,
            ),
        ],
        {},
        ["backup_jobs[0] (lab) and backup_jobs[1] (back) copy from each other", "each would delete"],
    ),
    "mirrored onto another's": (
        [job(**MIRROR), job(name="b", destination_path="/backup/lab")],
        {},
        ["backup_jobs[0] (lab)", "delete_destination_extra would delete what backup_jobs[1] (b) writes"],
    ),
    "mirrored above another's": (
        [job(name="b", destination_path="/backup/lab/b/"), job(destination_path="/backup", **MIRROR)],
        {},
        ["backup_jobs[1] (lab)", "would delete what backup_jobs[0] (b) writes"],
    ),
    "mirrored inside another's": (
        [job(name="b", destination_path="/backup/"), job(**MIRROR)],
        {},
        ["backup_jobs[1] (lab)", "would delete what backup_jobs[0] (b) writes"],
    ),
    "mirrored over a slot": (
        [job("rotating_weekdays"), job(name="b", destination_path="/backup/lab/wed/", **MIRROR)],
        {},
        ["(b)", "would delete what backup_jobs[0] (lab), slot wed writes"],
    ),
    "mirrored from two sources": (
        [job("weekdays", source_path="/data/{slot}/", destination_path="/backup/", **MIRROR)],
        {},
        ["(lab), slot", "delete_destination_extra"],
    ),
    # variables
    "schedules": ([job()], {"schedules": ["nightly"]}, ["backup_schedules"]),
    "schedule no mapping": ([job()], {"schedules": {"x": "1d"}}, ["backup_schedules.x"]),
    "schedule option": (
        [job()],
        {"schedules": {"x": {"intervals": "1d"}}},
        ["backup_schedules.x", "did you mean interval?"],
    ),
    "slots no mapping": ([job()], {"schedules": {"x": {"slots": ["a"]}}}, ["backup_schedules.x.slots"]),
    "slot option": ([job()], {"schedules": {"x": {"slots": {"a": {"days": 1}}}}}, ["backup_schedules.x.slots.a"]),
    "slot name": ([job()], {"schedules": {"x": {"slots": {"a/b": {}}}}}, ["backup_schedules.x.slots", "'a/b'"]),
    "slot twice": ([job()], {"schedules": {"x": {"slots": {"a": {}, "A": {}}}}}, ["backup_schedules.x.slots", "'A'"]),
    "no interval": ([job("x")], {"schedules": {"x": {"at": "02:00"}}}, ["(lab)", "x has no interval"]),
    "month": ([job("x")], {"schedules": {"x": {"month": 13}}}, ["(lab)", "month must be a number from 1 to 12"]),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what: str) -> None:
    jobs, options, parts = REFUSED[what]
    message = refused(*jobs, **options)
    for part in parts:
        assert part in message


def test_jobs_that_are_no_list_are_refused() -> None:
    for jobs in ("lab", {"name": "lab"}, 3):
        with pytest.raises(InputError, match="backup_jobs must be a list"):
            expand(jobs, now=NOW)
    with pytest.raises(InputError, match="backup_jobs is missing"):
        expand(None, now=NOW)


@pytest.mark.parametrize(
    "jobs",
    [
        [job(**MIRROR), job(name="b", **MIRROR)],
        [job("weekdays", destination_path="/backup/", **MIRROR)],  # five timers keep one copy
        [job("rotating_weekdays", **MIRROR), job("monthly", name="b", **MIRROR)],
        [job(name="a", destination_path="/backup/a/"), job(name="b", destination_path="/backup/a/b/")],
        [job(destination_path="/backup/a", **MIRROR), job(name="b", destination_path="/backup/ab", **MIRROR)],
        [job(state="absent", **MIRROR), job(name="b", destination_path="/backup/lab")],
        [job(**MIRROR), job(name="b", destination_collection=SOURCE, destination_path="/backup/lab/")],
        [job(destination_collection=SOURCE, destination_path="/data2/")],
    ],
)
def test_not_refused(jobs: list[dict[str, Any]]) -> None:
    assert not expanded(*jobs).warnings


def mirrors_in_a_ring(*states: str) -> list[dict[str, Any]]:
    """Jobs, each of which mirrors onto the source of the next one."""
    places = [(SOURCE, "/a/"), (DESTINATION, "/b/"), (SOURCE, "/c/"), (DESTINATION, "/d/")][: len(states)]
    return [
        job(
            name=f"job{number}",
            source_collection=places[number][0],
            source_path=places[number][1],
            destination_collection=places[(number + 1) % len(places)][0],
            destination_path=places[(number + 1) % len(places)][1],
            state=state,
            **MIRROR,
        )
        for number, state in enumerate(states)
    ]


@pytest.mark.parametrize("number", [2, 3, 4])
def test_mirrors_that_are_each_others_source_are_refused_N4(number: int) -> None:
    jobs = mirrors_in_a_ring(*["present"] * number)
    message = refused(*jobs)
    assert "copy from each other" in message
    assert all(f"(job{n})" in message for n in range(number))
    # a chain is none
    assert not expanded(*jobs[:-1]).warnings


def test_what_is_paused_can_be_paused_though_it_is_refused_otherwise_N4() -> None:
    """The timers may be there already, and running: a play that refuses the jobs could not stop them."""
    own = job(destination_collection=SOURCE, destination_path="/", **MIRROR)
    inside = job(destination_collection=SOURCE, destination_path="/data/x/")
    collide = job("rotating_weekdays", destination_path="/b/")
    over = [job(**MIRROR), job(name="b", destination_path="/backup/lab/")]
    for jobs in ([own], [inside], [collide], over, mirrors_in_a_ring("present", "present", "present")):
        refused(*jobs)
        found = expanded(*jobs, state="paused")
        assert {timer["state"] for timer in found.timers} == {"paused"}
        assert found.warnings
        refused(*jobs, state="active")


def test_a_paused_mirror_deletes_nothing_but_a_running_one_deletes_what_a_paused_job_wrote_N4() -> None:
    mirror, other = job(**MIRROR), job(name="b", destination_path="/backup/lab/")
    assert expanded({**mirror, "state": "paused"}, other).warnings
    assert "would delete what" in refused(mirror, {**other, "state": "paused"})
    (warning,) = expanded(*mirrors_in_a_ring("present", "paused")).warnings
    assert "copy from each other" in warning
    assert warning.endswith("This is only a warning while backup_jobs[1] (job1) is paused")


def test_jobs_that_write_to_one_path_are_warned_of_once() -> None:
    jobs = [job("weekdays", destination_path="/backup/"), job(name="b", destination_path="/backup/", source_path="/x/")]
    (warning,) = expanded(*jobs).warnings
    assert warning == f"backup_jobs[0] (lab) and backup_jobs[1] (b) both write to /backup on collection {DESTINATION}"


def test_an_empty_list_is_no_timer() -> None:
    assert expanded() == Expansion([], [], [])


def test_what_can_never_work_may_be_there_to_be_paused_N3() -> None:
    assert len(expanded(job(source_path="C:/data/", state="paused")).timers) == 1
    assert len(expanded(job(source_path="C:/data/", state="absent")).timers) == 1


@pytest.mark.parametrize("daylight_saving", ["ignore", "follow"])
@pytest.mark.parametrize("schedule", ["monthly", "fortnightly", "every_4_weeks"])
@pytest.mark.parametrize(
    ("zone", "law"),
    [
        ("Asia/Almaty", "2024-03-01"),  # from +06:00 to +05:00
        ("America/Nuuk", "2023-03-25"),  # from -03:00 to -02:00
        ("America/Asuncion", "2024-10-06"),  # summer time for good
        ("America/Chicago", "2024-03-10"),  # no new law
    ],
)
def test_dates_are_right_where_a_zone_changed_its_law_D4(
    zone: str, law: str, schedule: str, daylight_saving: str
) -> None:
    """The first run is at the local time, and no later play sees drift in it unless it follows a clock change."""
    clock = datetime.fromisoformat(law).replace(tzinfo=UTC)
    for days in (1, 20, 200, 400, 700):
        now = clock + timedelta(days=days)
        one = job(schedule, timezone=zone, daylight_saving=daylight_saving)
        tomorrow = now + timedelta(days=1)
        later = {
            timer["name"]: parse_schedule(timer["schedule"], tomorrow) for timer in expanded(one, now=tomorrow).timers
        }
        for timer in expanded(one, now=now).timers:
            wanted = parse_schedule(timer["schedule"], now)
            first = _schedule.first_run(wanted, now)
            assert first is not None
            wall = _schedule.to_wall(first, zone)
            assert wall.hour == (3 if _is_skipped(wall, zone) else 2), timer
            there = _schedule.Schedule(interval=wanted.interval, start=first)
            assert _schedule.differences(wanted, there, first, now) == []
            if first > tomorrow:
                assert _schedule.differences(later[timer["name"]], there, first, tomorrow) == []


def _is_skipped(wall: datetime, zone: str) -> bool:
    """Whether a clock change has skipped the hour before."""
    before = wall - timedelta(hours=1)
    return _schedule.to_wall(_schedule.from_wall(before, zone), zone) != before
