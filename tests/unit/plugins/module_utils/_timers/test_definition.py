# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters -> definition, its normal form (D1), and the limits known before the service says so (L1, L1a)."""

from __future__ import annotations

import sys
import zoneinfo
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.research_ops.globus.plugins.module_utils._errors import InputError
from ansible_collections.research_ops.globus.plugins.module_utils._timers.definition import (
    Definition,
    Difference,
    FilterRule,
    Path,
    Transfer,
    action_as_options,
    action_differences,
    schedule_as_options,
)
from ansible_collections.research_ops.globus.plugins.module_utils._timers.options import parse_definition, parse_uuid
from ansible_collections.research_ops.globus.plugins.module_utils._timers.schedule import (
    DAY,
    HOUR,
    WEEK,
    YEAR,
    first_run,
)
from unit import samples
from unit.samples import DESTINATION, NOW, SOURCE, definition, sample, validated

PATH = {"source_path": "/data/", "destination_path": "/backup/"}
SHA = {"checksum_algorithm": "SHA256"}


def transfer(**options: Any) -> Transfer:
    action = definition(sample(**options)).action
    assert isinstance(action, Transfer)
    return action


def refusal(parameters: dict[str, Any]) -> str:
    with pytest.raises(InputError) as caught:
        definition(parameters)
    return str(caught.value)


# --- what is given ---


def test_defaults_are_ours_and_an_omitted_option_is_the_default_written_out() -> None:
    assert transfer() == Transfer(SOURCE, DESTINATION, (Path("/data/", "/backup/", recursive=True),))
    assert transfer().verify_checksum is True
    assert transfer() == transfer(
        verify_checksum=True, preserve_timestamp=False, notify_on_failed=True, filter_rules=[], label=""
    )


def test_every_option_of_transfer_arrives() -> None:
    path = {**PATH, "recursive": False, "external_checksum": "d41d", "checksum_algorithm": "MD5"}
    options: dict[str, Any] = {
        "paths": [path],
        "label": "Microscope backup",
        "sync_level": "checksum",
        "verify_checksum": False,
        "preserve_timestamp": True,
        "encrypt_data": True,
        "skip_source_errors": True,
        "fail_on_quota_errors": True,
        "notify_on_succeeded": False,
        "notify_on_failed": False,
        "notify_on_inactive": False,
        "store_base_path_info": True,
        "deadline": "2026-12-01T02:00:00-06:00",
        "filter_rules": [{"name": "*.tmp", "type": "file"}, {"name": "keep", "method": "include"}],
        "source_local_user": "ada",
        "destination_local_user": "grace",
    }
    found = transfer(**options)
    assert found.paths == (Path("/data/", "/backup/", False, "d41d", "MD5"),)
    assert found.deadline == datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert found.filter_rules == (FilterRule("*.tmp", "exclude", "file"), FilterRule("keep", "include", None))
    plain = {name: value for name, value in options.items() if name not in ("paths", "deadline", "filter_rules")}
    assert {name: getattr(found, name) for name in plain} == plain
    assert transfer(delete_destination_extra=True).delete_destination_extra is True


def test_the_old_names_of_the_collections_are_aliases() -> None:
    parameters = sample()
    for end in ("source", "destination"):
        parameters["transfer"][f"{end}_endpoint"] = parameters["transfer"].pop(f"{end}_collection")
    assert definition(parameters) == definition(sample())


def test_collections_are_each_named_once() -> None:
    assert transfer().collections == (SOURCE, DESTINATION)
    assert transfer(destination_collection=SOURCE.upper()).collections == (SOURCE,)
    assert definition().action.collections == (SOURCE, DESTINATION)


def test_a_name_alone_defines_nothing() -> None:
    assert parse_definition({"name": "a", "transfer": None, "schedule": None}, NOW) is None
    assert parse_definition({"name": "a"}, NOW) is None


def test_without_a_schedule_or_without_a_transfer_the_message_says_what_is_missing() -> None:
    parameters = sample()
    assert "transfer requires schedule" in refusal({**parameters, "schedule": None})
    assert "schedule requires transfer" in refusal({**parameters, "transfer": None})


def test_an_empty_schedule_runs_once_now() -> None:
    schedule = definition(sample({})).schedule
    assert (schedule.interval, schedule.start, schedule.ends) == (None, None, True)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ({"interval": "1d"}, {"interval": DAY}),
        ({"interval": 86400}, {"interval": DAY}),
        ({"interval": "24h"}, {"interval": DAY}),
        ({"interval": "1h30m"}, {"interval": 5400}),
        ({"interval": 60}, {"interval": 60}),
        ({"interval": "365d"}, {"interval": YEAR}),
        ({"start": "2026-12-01T02:00:00-06:00"}, {"start": datetime(2026, 12, 1, 8, tzinfo=UTC)}),
        ({"start": "2026-12-01T08:00:00.999Z"}, {"start": datetime(2026, 12, 1, 8, tzinfo=UTC)}),
        (
            {"start": "2026-12-01T02:00:00", "timezone": "America/Chicago"},
            {"start": datetime(2026, 12, 1, 8, tzinfo=UTC), "zone": "America/Chicago"},
        ),
        ({"start": "2027-11-23T12:00:00Z"}, {"start": NOW + timedelta(days=365)}),
        ({"start": "2001-01-01T00:00:00Z", "interval": "1w"}, {"start": datetime(2001, 1, 1, tzinfo=UTC)}),
        ({"at": "02:00"}, {"at": 2 * HOUR, "interval": None}),
        ({"at": "22:30", "interval": "30m"}, {"at": 22 * HOUR + 1800, "interval": 1800}),
        ({"at": "02:00", "interval": "3d"}, {"at": 2 * HOUR, "interval": 3 * DAY}),
        ({"at": "02:00", "weekday": "sunday"}, {"weekday": 6}),
        ({"at": "02:00", "weekday": "monday", "interval": "2w"}, {"weekday": 0, "interval": 2 * WEEK}),
        ({"at": "02:00", "weekday": "monday", "interval": "365d"}, {"weekday": 0, "interval": YEAR}),
        ({"at": "02:00", "interval": "1d", "daylight_saving": "follow"}, {"follow": True}),
        ({"interval": "1d", "end": {"count": 1}}, {"end_count": 1, "end_datetime": None}),
        (
            {"interval": "1d", "end": {"datetime": "2027-01-01T00:00:00Z"}},
            {"end_count": None, "end_datetime": datetime(2027, 1, 1, tzinfo=UTC)},
        ),
        (
            {"interval": "1d", "end": {"datetime": "2027-01-01T00:00:00"}, "timezone": "America/Chicago"},
            {"end_datetime": datetime(2027, 1, 1, 6, tzinfo=UTC)},
        ),
    ],
    ids=str,
)
def test_schedules(schedule: dict[str, Any], expected: dict[str, Any]) -> None:
    found = definition(sample(schedule)).schedule
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    "spelling",
    [SOURCE, SOURCE.upper(), f" {SOURCE} ", "{" + SOURCE + "}", SOURCE.replace("-", ""), f"urn:uuid:{SOURCE}"],
)
def test_d1_a_uuid_has_one_spelling(spelling: str) -> None:
    assert parse_uuid("timer_id", spelling) == SOURCE
    assert transfer(source_collection=spelling) == transfer()


# --- normal form (D1) ---

_paths = st.builds(Path, st.sampled_from("ab"), st.sampled_from("ab"), st.sampled_from((None, True, False)))
_rules = st.builds(
    FilterRule, st.sampled_from("abc"), st.sampled_from(("include", "exclude")), st.sampled_from((None, "file", "dir"))
)


def with_rules(*rules: FilterRule) -> Transfer:
    return replace(transfer(), filter_rules=rules)


@given(st.lists(_paths, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_d1_the_order_of_paths_means_nothing(paths: list[Path], random: Any) -> None:
    shuffled = random.sample(paths, len(paths))
    one, other = replace(transfer(), paths=tuple(paths)), replace(transfer(), paths=tuple(shuffled))
    assert one.normal() == other.normal()
    assert action_differences(one, other) == []


def test_d1_a_checksum_without_an_algorithm_is_md5() -> None:
    bare, md5, sha = ({**PATH, "external_checksum": "d41d"} | more for more in ({}, {"checksum_algorithm": "MD5"}, SHA))
    assert not action_differences(transfer(paths=[bare]), transfer(paths=[md5]))
    assert not action_differences(transfer(paths=[PATH, bare]), transfer(paths=[md5, PATH]))
    assert action_differences(transfer(paths=[bare]), transfer(paths=[sha]))
    # alone the algorithm is that of verify_checksum, whose default is not known
    assert action_differences(transfer(paths=[PATH]), transfer(paths=[{**PATH, "checksum_algorithm": "MD5"}]))


def test_d1_a_path_that_is_there_twice_is_not_there_once() -> None:
    path = Path("a", "b")
    once, twice = replace(transfer(), paths=(path,)), replace(transfer(), paths=(path, path))
    assert [difference.field for difference in action_differences(once, twice)] == ["transfer.paths"]


def decision(rules: tuple[FilterRule, ...], name: str, kind: str) -> str:
    """What the service makes of an item: the first rule that matches decides."""
    for rule in rules:
        if rule.name == name and rule.type in (None, kind):
            return rule.method
    return "include"


@given(st.lists(_rules, max_size=4))
def test_d1_filter_rules_are_equal_only_if_they_decide_alike(rules: list[FilterRule]) -> None:
    for other in permutations(rules):
        if with_rules(*other).normal() == with_rules(*rules).normal():
            for name in "abcd":
                for kind in ("file", "dir"):
                    assert decision(other, name, kind) == decision(tuple(rules), name, kind)


A, B, C = (FilterRule(name) for name in "abc")
TAKE_A, TAKE_B = FilterRule("a", "include"), FilterRule("b", "include")


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ((A, B), (B, A), True),
        ((TAKE_A, TAKE_B), (TAKE_B, TAKE_A), True),
        ((A, TAKE_B), (TAKE_B, A), False),
        ((A, B, TAKE_A), (B, A, TAKE_A), True),
        ((A, TAKE_B, C), (C, TAKE_B, A), False),
        ((A, TAKE_B, TAKE_A, C), (A, TAKE_A, TAKE_B, C), True),
        ((A,), (A, B), False),
        ((A,), (), False),
        ((A,), (FilterRule("a", "exclude", "file"),), False),
    ],
)
def test_d1_only_the_order_between_including_and_excluding_rules_counts(
    one: tuple[FilterRule, ...], other: tuple[FilterRule, ...], equal: bool
) -> None:
    assert (action_differences(with_rules(*one), with_rules(*other)) == []) is equal
    assert (with_rules(*one).normal() == with_rules(*other).normal()) is equal


@given(samples.parameters())
def test_d1_the_normal_form_is_its_own_normal_form(parameters: dict[str, Any]) -> None:
    normal = definition(parameters).action.normal()
    assert normal.normal() == normal
    assert action_differences(definition(parameters).action, normal) == []


@given(samples.transfers(), samples.transfers())
def test_d1_differences_are_symmetric_and_none_exactly_when_the_normal_forms_are_equal(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    first, second = (definition({**sample(), "transfer": options}).action for options in (one, other))
    found = action_differences(first, second)
    assert (found == []) is (first.normal() == second.normal())
    assert [(d.field, d.actual, d.desired) for d in found] == [
        (d.field, d.desired, d.actual) for d in action_differences(second, first)
    ]


def test_differences_name_the_options_and_show_values_as_options_spell_them() -> None:
    found = action_differences(
        transfer(label="a", sync_level="mtime", deadline="2026-12-01T00:00:00Z", paths=[PATH]), transfer(paths=[PATH])
    )
    assert [difference.as_result() for difference in found] == [
        {"field": "transfer.label", "desired": "a", "actual": None},
        {"field": "transfer.sync_level", "desired": "mtime", "actual": None},
        {"field": "transfer.deadline", "desired": "2026-12-01T00:00:00+00:00", "actual": None},
    ]
    assert str(found[0]) == 'transfer.label is not set, should be "a"'
    other = {**PATH, "source_path": "/other/", "recursive": True}
    (paths,) = action_differences(transfer(), transfer(paths=[other]))
    assert paths == Difference("transfer.paths", [{**PATH, "recursive": True}], [other])


@pytest.mark.parametrize("mirror", [{}, {"delete_destination_extra": True}], ids=["copy", "mirror"])
def test_a_path_that_ends_with_a_slash_is_a_folder_without_recursive_too_D1(mirror: dict[str, Any]) -> None:
    """The service detects folders. Timers of the web app and of the CLI without -r leave it to do so."""
    named = transfer(paths=[{**PATH, "recursive": True}, {**PATH, "source_path": "/more/"}], **mirror)
    detected = transfer(paths=[{**PATH, "source_path": "/more/", "recursive": True}, PATH], **mirror)
    assert action_differences(named, detected) == action_differences(detected, named) == []
    assert action_differences(transfer(paths=[PATH], **mirror), transfer(**mirror)) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"source_path": "/data", "recursive": True}, {"source_path": "/data"}),  # may be a file
        ({"source_path": "/data", "recursive": False}, {"source_path": "/data"}),  # may be a folder
        ({"recursive": False}, {}),
        ({"recursive": False}, {"recursive": True}),
    ],
)
def test_recursive_differs_where_the_path_may_be_a_file_D1(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = (transfer(paths=[{**PATH, **options}]) for options in (one, other))
    (difference,) = action_differences(first, second)
    assert difference.field == "transfer.paths"
    assert difference.desired[0].get("recursive") == one["recursive"]


# --- definition -> parameters ---


def test_as_options_leaves_out_what_is_unset() -> None:
    assert action_as_options(transfer(paths=[PATH]))["transfer"] == {
        "source_collection": SOURCE,
        "destination_collection": DESTINATION,
        "paths": [PATH],
        "verify_checksum": True,
        "preserve_timestamp": False,
        "encrypt_data": False,
        "delete_destination_extra": False,
        "skip_source_errors": False,
        "fail_on_quota_errors": False,
        "notify_on_succeeded": True,
        "notify_on_failed": True,
        "notify_on_inactive": True,
        "store_base_path_info": False,
    }
    assert schedule_as_options(definition(sample({})).schedule) == {}
    assert schedule_as_options(definition().schedule) == {"interval": "1d"}


@given(samples.parameters())
def test_a_definition_written_as_options_is_read_as_the_same_definition(parameters: dict[str, Any]) -> None:
    first = definition(parameters)
    options = {"name": first.name, **action_as_options(first.action), "schedule": {}}
    again = definition(options)
    assert again == Definition(first.name, first.action, again.schedule)
    assert action_as_options(again.action)["transfer"] == options["transfer"]


# --- limits (L1, L1a) ---

LIMITS: list[tuple[str, dict[str, Any], str, str]] = [
    # what is wrong, the options, the option that the message names, what it says is allowed
    ("L1 no path", sample(paths=[]), "transfer.paths", "at least one path"),
    ("L1 empty path", sample(paths=[PATH, {**PATH, "source_path": " "}]), "transfer.paths[1].source_path", "/data/"),
    ("L1 empty target", sample(paths=[{**PATH, "destination_path": ""}]), "transfer.paths[0].destination_path", "path"),
    ("L1 no UUID", sample(source_collection="my-laptop"), "transfer.source_collection", "must be a UUID such as"),
    ("L1 empty UUID", sample(destination_collection=""), "transfer.destination_collection", "must be a UUID"),
    ("L1 short UUID", sample(source_collection=SOURCE[:-1]), "transfer.source_collection", SOURCE[:-1]),
    ("L1 long label", sample(label="x" * 129), "transfer.label", "at most 128 characters"),
    ("L1 label of two lines", sample(label="a\nb"), "transfer.label", "one line"),
    ("L1 label with a return", sample(label="a\rb"), "transfer.label", "one line"),
    ("L1 blank before label", sample(label=" a"), "transfer.label", "without leading or trailing blanks"),
    ("L1 blank after label", sample(label="a "), "transfer.label", "without leading or trailing blanks"),
    ("L1 empty rule", sample(filter_rules=[{"name": "a"}, {"name": ""}]), "transfer.filter_rules[1].name", "*.tmp"),
    ("L1 deadline", sample(deadline="tomorrow"), "transfer.deadline", "ISO 8601"),
    ("L1 no user", sample(source_local_user=""), "transfer.source_local_user", "remove the option"),
    ("L1 no user there", sample(destination_local_user=""), "transfer.destination_local_user", "remove the option"),
    (
        "L1 mirrored file",
        sample(delete_destination_extra=True, paths=[PATH, {**PATH, "recursive": False}]),
        "transfer.delete_destination_extra",
        "recursive: true",
    ),
    ("L1 59 seconds", sample({"interval": 59}), "schedule.interval", "from 60 seconds to 365 days"),
    ("L1 366 days", sample({"interval": "366d"}), "schedule.interval", "from 60 seconds to 365 days"),
    ("L1 nothing", sample({"interval": 0}), "schedule.interval", "from 60 seconds to 365 days"),
    ("L1 no interval", sample({"interval": "daily"}), "schedule.interval", "30m, 12h, 1d, 1w or 1h30m"),
    ("L1 empty interval", sample({"interval": ""}), "schedule.interval", "30m, 12h"),
    ("L1 minus", sample({"interval": -60}), "schedule.interval", "number of seconds"),
    ("L1 half a second", sample({"interval": 60.5}), "schedule.interval", "number of seconds"),
    ("L1 yes", sample({"interval": True}), "schedule.interval", "number of seconds"),
    ("L1 list", sample({"interval": ["1d"]}), "schedule.interval", "number of seconds"),
    ("L1 far start", sample({"start": "2027-11-25T12:00:01Z"}), "schedule.start", "within a year"),
    ("L1 no start", sample({"start": "soon"}), "schedule.start", "ISO 8601"),
    ("L1 empty start", sample({"start": ""}), "schedule.start", "ISO 8601"),
    ("L1 impossible day", sample({"start": "2026-02-30T00:00:00Z"}), "schedule.start", "ISO 8601"),
    ("L1 zone", sample({"timezone": "Mars/Olympus"}), "schedule.timezone", "America/Chicago"),
    ("L1 path as zone", sample({"timezone": "../etc/passwd"}), "schedule.timezone", "IANA name"),
    ("L1 folder as zone", sample({"timezone": "America"}), "schedule.timezone", "IANA name"),
    ("L1 no runs", sample({"interval": "1d", "end": {"count": 0}}), "schedule.end.count", "at least 1"),
    ("L1 no end", sample({"interval": "1d", "end": {}}), "schedule.end", "exactly one of count"),
    (
        "L1 two ends",
        sample({"interval": "1d", "end": {"count": 1, "datetime": "2027-01-01T00:00:00Z"}}),
        "schedule.end",
        "exactly one of count",
    ),
    ("L1 end", sample({"interval": "1d", "end": {"datetime": "never"}}), "schedule.end.datetime", "ISO 8601"),
    (
        "L1 end at start",
        sample({"interval": "1d", "start": "2026-12-01T00:00:00Z", "end": {"datetime": "2026-12-01T00:00:00Z"}}),
        "schedule.end.datetime",
        "later than schedule.start",
    ),
    ("L1 once with end", sample({"end": {"count": 3}}), "schedule.end", "schedule.interval"),
    ("L1a number", sample({"interval": "1d", "at": 1350}), "schedule.at", 'in quotes: at: "22:30"'),
    ("L1a number as text", sample({"interval": "1d", "at": "1350"}), "schedule.at", 'at: "22:30"'),
    ("N5 0200", sample({"interval": "1d", "at": 0o200}), "schedule.at is the number 128", 'write it as "HH:MM"'),
    ("N5 '0200'", sample({"interval": "1d", "at": "0200"}), "schedule.at is the number 0200", 'write it as "HH:MM"'),
    ("N5 2200", sample({"interval": "1d", "at": 2200}), "schedule.at is the number 2200", 'write it as "HH:MM"'),
    ("N5 2.30", sample({"interval": "1d", "at": 2.30}), "schedule.at must be a time of day", 'write it as "HH:MM"'),
    ("N5 2:30", sample({"interval": "1d", "at": "2:30"}), "schedule.at must be a time of day", 'write it as "HH:MM"'),
    (
        "N3 1M",
        sample({"interval": "1M"}),
        "schedule.interval must be an interval such as",
        "in lower case, without months",
    ),
    ("N3 1D", sample({"interval": "1D"}), "schedule.interval must be an interval such as", "lower case"),
    ("N3 1H30m", sample({"interval": "1H30m"}), "schedule.interval must be an interval such as", "lower case"),
    ("N3 1 month", sample({"interval": "1 month"}), "schedule.interval must be an interval such as", "without months"),
    ("N2 zone", sample({"timezone": ""}), "schedule.timezone is empty", "remove the option"),
    ("N2 zone of blanks", sample({"timezone": " "}), "schedule.timezone is empty", "remove the option"),
    ("N2 deadline", sample(deadline=""), "transfer.deadline", "ISO 8601"),
    ("N2 rule", sample(filter_rules=[{"name": " "}]), "transfer.filter_rules[0].name", "*.tmp"),
    ("N2 user", sample(source_local_user=" "), "transfer.source_local_user is empty", "remove the option"),
    (
        "N2 checksum",
        sample(paths=[{**PATH, "external_checksum": ""}]),
        "transfer.paths[0].external_checksum is empty",
        "remove the option",
    ),
    (
        "N2 algorithm",
        sample(paths=[{**PATH, "external_checksum": "d41d", "checksum_algorithm": ""}]),
        "transfer.paths[0].checksum_algorithm is empty",
        "remove the option",
    ),
    ("L1a no time", sample({"interval": "1d", "at": "noon"}), "schedule.at", '"00:00" to "23:59"'),
    ("L1a late", sample({"interval": "1d", "at": "24:00"}), "schedule.at", '"00:00" to "23:59"'),
    (
        "L1a at and start",
        sample({"interval": "1d", "at": "02:00", "start": "2026-12-01T00:00:00Z"}),
        "schedule.at and schedule.start",
        "are mutually exclusive",
    ),
    ("L1a 7 hours", sample({"interval": "7h", "at": "02:00"}), "schedule.at", "divides a day"),
    ("L1a 36 hours", sample({"interval": "36h", "at": "02:00"}), "schedule.at", "whole days"),
    ("L1a weekday alone", sample({"interval": "1w", "weekday": "monday"}), "schedule.weekday", "schedule.at"),
    (
        "L1a weekday in days",
        sample({"interval": "1d", "at": "02:00", "weekday": "monday"}),
        "schedule.weekday",
        "whole weeks",
    ),
    (
        "L1a weekday in 10 days",
        sample({"interval": "10d", "at": "02:00", "weekday": "monday"}),
        "schedule.weekday",
        "whole weeks (1w, 2w, ...), 365d, or no interval",
    ),
]


@pytest.mark.parametrize(
    ("parameters", "option", "allowed"), [case[1:] for case in LIMITS], ids=[case[0] for case in LIMITS]
)
def test_limits_are_told_with_the_option_and_what_is_allowed(
    parameters: dict[str, Any], option: str, allowed: str
) -> None:
    message = refusal(parameters)
    assert message.startswith(option)
    assert allowed.lower() in message.lower()


@pytest.mark.parametrize(
    "missing", [("transfer", "source_collection"), ("transfer", "destination_collection"), ("transfer", "paths")]
)
def test_l1_what_a_transfer_must_have_is_declared(missing: tuple[str, str]) -> None:
    parameters = sample()
    del parameters[missing[0]][missing[1]]
    with pytest.raises(AssertionError, match=f"missing required arguments: {missing[1]} found in transfer"):
        validated(parameters)


@given(samples.parameters())
def test_l1_everything_that_is_allowed_is_taken(parameters: dict[str, Any]) -> None:
    found = definition(parameters)
    assert found.name == parameters["name"]
    assert found.schedule.ends is ("interval" not in parameters["schedule"] or "end" in parameters["schedule"])


# --- N7 ---


@pytest.fixture
def no_zone_data(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A host without time zones, neither its own nor those of tzdata."""
    for module in ["tzdata", *(name for name in sys.modules if name.startswith("tzdata."))]:
        monkeypatch.setitem(sys.modules, module, None)  # that is how an import is made to fail
    zoneinfo.reset_tzpath(to=[])
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


ZONELESS = [
    {"interval": "1d"},
    {},
    {"interval": "1d", "at": "02:00"},
    {"interval": "1d", "start": "2026-12-01T02:00:00", "end": {"datetime": "2027-01-01T00:00:00"}},
    {"interval": "1w", "at": "02:00", "weekday": "sunday", "timezone": "UTC", "daylight_saving": "follow"},
]


@pytest.mark.parametrize("schedule", ZONELESS)
@pytest.mark.usefixtures("no_zone_data")
def test_utc_needs_no_time_zone_data_N7(schedule: dict[str, Any]) -> None:
    parsed = definition(sample(schedule)).schedule
    first = first_run(parsed, NOW)
    assert first is None or first > NOW
    assert parsed.zone == "UTC"


@pytest.mark.usefixtures("no_zone_data")
def test_a_zone_that_means_nothing_is_not_looked_up_N7() -> None:
    assert definition(sample({"interval": "1d", "timezone": "America/Chicago"})).schedule.interval == DAY


@pytest.mark.parametrize(
    "schedule",
    [{"at": "02:00"}, {"start": "2026-12-01T02:00:00"}, {"interval": "1d", "end": {"datetime": "2027-01-01"}}],
)
@pytest.mark.usefixtures("no_zone_data")
def test_a_host_without_time_zones_says_so_and_how_to_get_them_N7(schedule: dict[str, Any]) -> None:
    message = refusal(sample({**schedule, "timezone": "America/Chicago"}))
    assert message.startswith(
        "schedule.timezone 'America/Chicago' cannot be used: the host where the module runs has no"
    )
    assert "python -m pip install tzdata" in message
