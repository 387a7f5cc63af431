# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter upcoming_runs: what it tells, what it takes, and what it says of a mistake."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from jinja2.nativetypes import NativeEnvironment

from ansible_collections.research_ops.globus.plugins.filter.upcoming_runs import (
    DEFAULT_COUNT,
    MOST,
    PARAMETERS,
    FilterModule,
    upcoming_runs,
)
from ansible_collections.research_ops.globus.plugins.module_utils._errors import InputError
from ansible_collections.research_ops.globus.plugins.module_utils._timers import schedule as _schedule
from ansible_collections.research_ops.globus.plugins.module_utils._timers.options import parse_definition
from unit.samples import NOW, sample, validated

ROOT = Path(__file__).resolve().parents[4]
NIGHTLY = {"interval": "1d", "at": "02:00", "timezone": "America/Chicago"}


def runs(schedule: Any, *values: Any, **named: Any) -> list[dict[str, str]]:
    found = FilterModule().filters()["upcoming_runs"](schedule, *values, **named)
    assert isinstance(found, list)
    return found


def utc(schedule: Any, *values: Any, **named: Any) -> list[str]:
    return [run["utc"].removesuffix(":00+00:00") for run in runs(schedule, *values, **named)]


def test_runs_in_utc_and_in_local_time_over_a_clock_change() -> None:
    found = runs(NIGHTLY, **{"from": "2026-10-31T00:00:00Z", "until": "2026-11-01T23:00:00Z"})
    assert found == [
        {"utc": "2026-10-31T07:00:00+00:00", "local": "2026-10-31T02:00:00-05:00"},
        {"utc": "2026-11-01T07:00:00+00:00", "local": "2026-11-01T01:00:00-06:00"},
    ]
    followed = {**NIGHTLY, "daylight_saving": "follow"}
    found = runs(followed, **{"from": "2026-10-31T00:00:00Z", "until": "2026-11-01T23:00:00Z"})
    assert found[1] == {"utc": "2026-11-01T08:00:00+00:00", "local": "2026-11-01T02:00:00-06:00"}


# A schedule, from, until, count, and the runs in UTC to the minute.
CASES: list[tuple[str, dict[str, Any], Any, Any, Any, list[str]]] = [
    (
        "both ends count",
        {"interval": "1h", "at": "00:00"},
        "2026-12-01T00:00Z",
        "2026-12-01T02:00Z",
        None,
        ["2026-12-01T00:00", "2026-12-01T01:00", "2026-12-01T02:00"],
    ),
    ("nothing between", {"interval": "1d", "at": "00:00"}, "2026-12-01T00:01Z", "2026-12-01T23:59Z", None, []),
    (
        "a moment",
        {"interval": "1d", "at": "00:00"},
        "2026-12-01T00:00Z",
        "2026-12-01T00:00Z",
        None,
        ["2026-12-01T00:00"],
    ),
    ("local moments", NIGHTLY, "2026-12-01T02:00:00", "2026-12-01T02:00:00", None, ["2026-12-01T08:00"]),
    ("dates", NIGHTLY, "2026-12-01", "2026-12-03", None, ["2026-12-01T08:00", "2026-12-02T08:00"]),
    ("dates of YAML", NIGHTLY, date(2026, 12, 1), datetime(2026, 12, 2, tzinfo=UTC), None, ["2026-12-01T08:00"]),
    ("count", NIGHTLY, "2026-12-01", None, 1, ["2026-12-01T08:00"]),
    ("count of a template", NIGHTLY, "2026-12-01", None, "1", ["2026-12-01T08:00"]),
    ("until before count", NIGHTLY, "2026-12-01", "2026-12-02", 5, ["2026-12-01T08:00"]),
    ("count before until", NIGHTLY, "2026-12-01", "2027-12-01", 1, ["2026-12-01T08:00"]),
    (
        "an open start is from",
        {"interval": "6h"},
        "2026-12-01T01:00Z",
        None,
        2,
        ["2026-12-01T01:00", "2026-12-01T07:00"],
    ),
    ("once, open", {}, "2026-12-01T01:00Z", None, None, ["2026-12-01T01:00"]),
    ("once, next 02:00", {"at": "02:00"}, "2026-12-01T03:00Z", None, None, ["2026-12-02T02:00"]),
    ("once, at from", {"start": "2026-12-01T03:00Z"}, "2026-12-01T03:00Z", None, None, ["2026-12-01T03:00"]),
    ("once, past", {"start": "2026-12-01T02:59:59Z"}, "2026-12-01T03:00Z", None, None, []),
    ("a start to come", {"interval": "1d", "start": "2026-12-05T00:00Z"}, "2026-12-01", None, 1, ["2026-12-05T00:00"]),
    ("a past start", {"interval": "7h", "start": "2026-12-01T00:00Z"}, "2026-12-02", None, 1, ["2026-12-02T04:00"]),
    (
        "a start of YAML",
        {"interval": "1d", "start": datetime(2026, 12, 5, 1, tzinfo=UTC)},
        "2026-12-01",
        None,
        1,
        ["2026-12-05T01:00"],
    ),
    (
        "what is left of a number",
        {"interval": "1d", "start": "2026-12-01T00:00Z", "end": {"count": 3}},
        "2026-12-02",
        None,
        None,
        ["2026-12-02T00:00", "2026-12-03T00:00"],
    ),
    (
        "nothing is left of a number",
        {"interval": "1d", "start": "2026-12-01T00:00Z", "end": {"count": 3}},
        "2026-12-04",
        None,
        None,
        [],
    ),
    (
        "an open number",
        {"interval": "1d", "end": {"count": 2}},
        "2026-12-01",
        None,
        None,
        ["2026-12-01T00:00", "2026-12-02T00:00"],
    ),
    (
        "an end",
        {"interval": "1d", "at": "00:00", "end": {"datetime": "2026-12-02T00:00Z"}},
        "2026-12-01",
        None,
        None,
        ["2026-12-01T00:00", "2026-12-02T00:00"],
    ),
    (
        "an interval in seconds",
        {"interval": 3600, "at": "00:00"},
        "2026-12-01",
        None,
        2,
        ["2026-12-01T00:00", "2026-12-01T01:00"],
    ),
]


@pytest.mark.parametrize(
    ("schedule", "begin", "until", "count", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_runs(schedule: dict[str, Any], begin: Any, until: Any, count: Any, expected: list[str]) -> None:
    assert utc(schedule, **{"from": begin, "until": until, "count": count}) == expected
    assert utc(schedule, begin, until, count) == expected


def test_without_a_moment_it_is_from_now_and_without_an_end_it_ends() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    found = [datetime.fromisoformat(run["utc"]) for run in runs(NIGHTLY)]
    assert len(found) == DEFAULT_COUNT
    assert before <= found[0] <= before + timedelta(days=1, hours=2)
    assert len(runs({"interval": "1m"}, until=(before + timedelta(days=1)).isoformat())) >= 24 * 60


def test_a_list_that_nobody_reads_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match=f"more than {MOST} runs until 2999-01-01. Set count"):
        runs({"interval": "1m"}, "2026-12-01", "2999-01-01")
    assert len(runs({"interval": "1m"}, "2026-12-01", "2999-01-01", MOST)) == MOST


def test_it_ends_where_the_calendar_does() -> None:
    found = runs({"interval": "365d", "start": "2026-12-01T00:00:00Z"}, "2026-12-01", "9999-12-31")
    assert found[-1]["utc"].startswith("9999-")


def test_a_start_is_far_off_only_as_seen_from_both_now_and_from() -> None:
    there = datetime.now(UTC) + timedelta(days=4000)
    assert runs({"interval": "1d", "start": there.isoformat()}, there.isoformat(), count=1)
    with pytest.raises(AnsibleFilterError, match=r"schedule\.start .* is more than a year ahead"):
        runs({"interval": "1d", "start": there.isoformat()}, count=1)


def test_moments_of_yaml_mean_what_they_say_N5() -> None:
    """Unquoted, ``2026-12-01 02:00:00`` is a datetime by the time a filter gets it."""
    options = {"interval": "1d", "timezone": "America/Chicago"}
    start = datetime(2026, 12, 1, 2, 0)  # noqa: DTZ001 - a wall time
    written = runs({**options, "start": start}, "2026-12-01", count=2)
    assert written == runs({**options, "start": "2026-12-01T02:00:00"}, "2026-12-01", count=2)
    ended = runs(
        {**options, "start": "2026-12-01", "end": {"datetime": datetime(2026, 12, 2, tzinfo=UTC)}}, "2026-12-01"
    )
    assert [run["utc"] for run in ended] == ["2026-12-01T06:00:00+00:00"]


WRONG: list[tuple[str, Any, tuple[Any, ...], dict[str, Any], str]] = [
    ("no schedule", "1d", (), {}, "the input must be the schedule of a timer definition (a dictionary), not str"),
    ("an unknown option", {"intervals": "1d"}, (), {}, "schedule.intervals is not a known option; did you mean"),
    ("a choice", {"at": "02:00", "weekday": "caturday"}, (), {}, "schedule.weekday must be one of: monday"),
    ("a type", {"interval": "1d", "end": {"count": "many"}}, (), {}, "schedule.end.count must be a whole"),
    ("end 0", {"interval": "1d", "end": 0}, (), {}, "schedule.end must be a dictionary of options, not 0"),
    ("end []", {"interval": "1d", "end": []}, (), {}, "schedule.end must be a dictionary of options, not []"),
    ("end 10", {"interval": "1d", "end": "10"}, (), {}, "schedule.end must be a dictionary of options, not '10'"),
    ("blank zone", {**NIGHTLY, "timezone": " "}, (), {}, "schedule.timezone is empty: give a value"),
    ("blank start", {"interval": "1d", "start": ""}, (), {}, "schedule.start must be a time in ISO 8601"),
    ("blank end", {"interval": "1d", "end": {"datetime": ""}}, (), {}, "schedule.end.datetime must be a time in"),
    ("blank weekday", {"at": "02:00", "weekday": ""}, (), {}, "schedule.weekday must be one of: monday"),
    ("moment", NIGHTLY, ("tomorrow",), {}, "from must be a time in ISO 8601"),
    ("moment until", NIGHTLY, (), {"until": "some day"}, "until must be a time in ISO 8601"),
    (
        "backwards",
        NIGHTLY,
        ("2026-12-02", "2026-12-01"),
        {},
        "until (2026-12-01T06:00:00+00:00) must not be before from",
    ),
    ("count 0", NIGHTLY, (), {"count": 0}, "count must be a number from 1 to 100000, not 0"),
    ("count -1", NIGHTLY, (), {"count": -1}, "count must be a number from 1 to"),
    ("count yes", NIGHTLY, (), {"count": True}, "count must be a number from 1 to"),
    ("count far", NIGHTLY, (), {"count": MOST + 1}, "count must be a number from 1 to"),
    ("unknown", NIGHTLY, (), {"to": "2026-12-01"}, "the parameters are from, until, count, each at most once"),
    (
        "twice",
        NIGHTLY,
        ("2026-12-01",),
        {"from": "2026-12-01"},
        "the parameters are from, until, count, each at most once",
    ),
    ("too many", NIGHTLY, (None, None, 1, 2), {}, "the parameters are from, until, count, each at most once"),
    ("zone", {**NIGHTLY, "timezone": "Mars/Olympus"}, ("2026-12-01",), {}, "schedule.timezone must be an IANA name"),
]


@pytest.mark.parametrize(("schedule", "values", "named", "message"), [c[1:] for c in WRONG], ids=[c[0] for c in WRONG])
def test_mistakes(schedule: Any, values: tuple[Any, ...], named: dict[str, Any], message: str) -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        runs(schedule, *values, **named)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    "schedule",
    [
        {"interval": "30s"},
        {"interval": "daily"},
        {"interval": "1d", "at": 1350},
        {"interval": "7h", "at": "02:00"},
        {"interval": "10d", "at": "02:00", "weekday": "monday"},
        {"interval": "1d", "weekday": "monday"},
        {"interval": "1d", "at": "02:00", "start": "2026-12-01"},
        {"interval": "1d", "start": "soon"},
        {"interval": "1d", "end": {}},
        {"end": {"count": 3}},
        {"interval": "1d", "start": "2026-12-02", "end": {"datetime": "2026-12-01"}},
        {"timezone": "../etc"},
    ],
    ids=str,
)
def test_l1_a_wrong_schedule_is_refused_as_by_the_module(schedule: dict[str, Any]) -> None:
    with pytest.raises(InputError) as by_module:
        parse_definition(validated(sample(schedule)), NOW)
    with pytest.raises(AnsibleFilterError) as by_filter:
        runs(schedule, "2026-11-23")
    assert str(by_filter.value) == f"upcoming_runs: {by_module.value}"


def test_in_a_template_from_is_a_parameter_like_any_other() -> None:
    """It is a keyword of Python; Jinja passes it on all the same. (test_schedule_year.py does it in a playbook.)"""
    environment = NativeEnvironment()
    environment.filters.update(FilterModule().filters())
    template = environment.from_string("{{ nightly | upcoming_runs(from='2026-12-01', until='2026-12-15') }}")
    found: Any = template.render(nightly=NIGHTLY)
    assert [run["local"] for run in found] == [f"2026-12-{day:02d}T02:00:00-06:00" for day in range(1, 15)]


def test_documentation_names_the_parameters_in_their_order() -> None:
    document = yaml.safe_load((ROOT / "plugins" / "filter" / "upcoming_runs.yml").read_text(encoding="utf-8"))
    documentation = document["DOCUMENTATION"]
    assert documentation["positional"] == ", ".join(PARAMETERS)
    assert sorted(documentation["options"]) == sorted(["_input", *PARAMETERS])
    text = " ".join([str(documentation["options"]["count"]["description"]), *documentation["description"]])
    assert f"from 1 to {MOST}" in text
    assert f"the next {DEFAULT_COUNT} runs" in text


def test_what_it_tells_reads_back() -> None:
    for run in runs(NIGHTLY, "2026-10-25", count=20):
        assert _schedule.parse_instant(run["local"])[0] == _schedule.parse_instant(run["utc"])[0]


def test_the_filter_is_the_function() -> None:
    assert FilterModule().filters() == {"upcoming_runs": upcoming_runs}
