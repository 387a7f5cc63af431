# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options against their declaration: the same as Ansible makes of them (N1 apart), and messages that say where (N6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from hypothesis import given

from ansible_collections.research_ops.globus.plugins.module_utils._arguments import WHICH_TIMER, timer_arguments
from ansible_collections.research_ops.globus.plugins.module_utils._errors import InputError
from ansible_collections.research_ops.globus.plugins.module_utils._validation import (
    for_ansible,
    validate,
    without_nulls,
)
from unit import samples
from unit.samples import SOURCE, sample, transfer_options

OPTIONS = timer_arguments()
PATH = {"source_path": "/a/", "destination_path": "/b/"}


def by_ansible(parameters: Mapping[str, Any]) -> dict[str, Any]:
    result = ArgumentSpecValidator(OPTIONS, **WHICH_TIMER).validate(dict(parameters))
    assert not result.error_messages
    checked: dict[str, Any] = result.validated_parameters
    return checked


def without_aliases(checked: Any) -> Any:
    """Ansible leaves the aliases beside the options that they stand for."""
    if isinstance(checked, Mapping):
        aliases = ("source_endpoint", "destination_endpoint")
        return {name: without_aliases(value) for name, value in checked.items() if name not in aliases}
    return [without_aliases(item) for item in checked] if isinstance(checked, list) else checked


@given(samples.parameters())
def test_what_is_allowed_is_read_as_ansible_reads_it(parameters: dict[str, Any]) -> None:
    assert validate(OPTIONS, parameters, constraints=WHICH_TIMER) == without_aliases(by_ansible(parameters))


@pytest.mark.parametrize(
    "parameters",
    [
        {"name": 600, "schedule": {"interval": 3600, "end": {"count": "10"}}},
        {"name": "a", "transfer": transfer_options(verify_checksum="no", encrypt_data=1, label=7)},
        {"name": "a", "transfer": {"source_endpoint": SOURCE, "destination_endpoint": SOURCE, "paths": [PATH]}},
        {"timer_id": SOURCE, "state": "absent"},
        {"name": "a", "flow": {"flow_id": SOURCE, "input": {"deep": [None, {"er": None}]}, "tags": ["x"]}},
        {"name": "a", "flow": {"flow_id": SOURCE, "tags": "one,two"}},
        {"name": "a", "schedule": '{"interval": "1d"}'},
        {"name": "a", "schedule": "interval=1d"},
    ],
)
def test_values_are_converted_as_ansible_converts_them(parameters: dict[str, Any]) -> None:
    assert validate(OPTIONS, parameters) == without_aliases(by_ansible(parameters))


class VaultText:
    """A text from a vault, as ansible-core before 2.19 has it: no str."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text


def test_texts_from_vaults_and_moments_of_yaml_are_texts_N5() -> None:
    schedule = {
        "interval": VaultText("1d"),
        "at": VaultText("02:00"),
        "timezone": VaultText("America/Chicago"),
        "start": datetime(2026, 12, 1, 2, 0),  # noqa: DTZ001 - as YAML reads it
        "end": {"datetime": datetime(2027, 1, 1, tzinfo=UTC)},
    }
    checked = validate(OPTIONS, {"name": VaultText("nightly"), "schedule": schedule})
    assert checked["name"] == "nightly"
    assert {name: checked["schedule"][name] for name in schedule} == {
        "interval": "1d",
        "at": "02:00",
        "timezone": "America/Chicago",
        "start": "2026-12-01 02:00:00",
        "end": {"count": None, "datetime": "2027-01-01 00:00:00+00:00"},
    }


# --- N1 ---


def all_null(options: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given, and null for every other option, at every level."""
    filled: dict[str, Any] = {}
    for name, declaration in options.items():
        value = given.get(name)
        if "options" in declaration and isinstance(value, Mapping):
            value = all_null(declaration["options"], value)
        elif "options" in declaration and isinstance(value, list):
            value = [all_null(declaration["options"], item) for item in value]
        filled[name] = value
    return filled


@given(samples.parameters())
def test_null_is_not_given_at_every_level_N1(parameters: dict[str, Any]) -> None:
    nulls = all_null(OPTIONS, parameters)
    assert without_nulls(OPTIONS, nulls) == parameters
    assert validate(OPTIONS, nulls) == validate(OPTIONS, parameters)


def test_nulls_that_are_data_stay_N1() -> None:
    flow = {"flow_id": SOURCE, "input": {"a": None, "b": [None]}, "tags": None}
    given = {"name": "a", "flow": flow, "_ansible_tmpdir": None, "timers": [None], "unknown": None}
    assert without_nulls(OPTIONS, given) == {
        **given,
        "flow": {"flow_id": SOURCE, "input": {"a": None, "b": [None]}},
    }


def test_a_null_alias_is_not_given_N1() -> None:
    transfer = {**transfer_options(), "source_endpoint": None}
    assert validate(OPTIONS, {"name": "a", "transfer": transfer}) == validate(OPTIONS, sample_transfer())


def sample_transfer() -> dict[str, Any]:
    return {"name": "a", "transfer": transfer_options()}


# --- N6 ---


def of_transfer(**options: Any) -> dict[str, Any]:
    return sample(**options)


def of_schedule(**options: Any) -> dict[str, Any]:
    return sample(schedule=options)


WRONG: dict[str, tuple[Any, str]] = {
    "no dictionary": ("nightly", " must be a dictionary of options, not 'nightly'"),
    "misspelt": ({"name": "a", "on_drfit": "fail"}, "on_drfit is not a known option; did you mean on_drift?"),
    "misspelt below": (
        of_transfer(sync_levels="size"),
        "transfer.sync_levels is not a known option; did you mean sync_l",
    ),
    "misspelt in a list": (
        of_transfer(paths=[PATH, {**PATH, "recursiv": True}]),
        "transfer.paths[1].recursiv is not a known option; did you mean recursive?",
    ),
    "of a lower level": (
        {"name": "a", "interval": "1d"},
        "interval is not a known option; did you mean schedule.interval?",
    ),
    "of two levels below": (
        {"name": "a", "source_path": "/a/"},
        "source_path is not a known option; did you mean transfer.paths[].source_path?",
    ),
    "of a lower level, and like one of this level": (
        {"name": "a", "start": "2026-12-01"},
        "start is not a known option; did you mean schedule.start?",
    ),
    "of a lower level, misspelt": (
        {"name": "a", "interwal": "1d"},
        "interwal is not a known option; did you mean schedule.interval?",
    ),
    "of a lower level, by its alias": (
        {"name": "a", "source_endpoint": SOURCE},
        "source_endpoint is not a known option; did you mean transfer.source_endpoint?",
    ),
    "end.count in the schedule": (
        of_schedule(count=3),
        "schedule.count is not a known option; did you mean schedule.end.count?",
    ),
    "nothing like it": (
        of_schedule(cron="0 2 * * *"),
        "schedule.cron is not a known option; known options are at, daylight_saving, end, interval, start, timezone, ",
    ),
    "no text as a name": ({"name": "a", 5: 1}, "5 is not a known option; known options are"),
    "no text": ({"name": ["a"]}, "name must be text, not ['a']. Set one value instead of a list"),
    "no text but a dictionary": (of_transfer(label={"a": 1}), "transfer.label must be text, not {'a': 1}"),
    "no list of texts": (
        {"name": "a", "flow": {"flow_id": SOURCE, "tags": ["x", None]}},
        "flow.tags[1] must be text, not null",
    ),
    "a choice": (
        of_transfer(sync_level="newest"),
        "transfer.sync_level must be one of: exists, size, mtime, checksum, not 'newest'",
    ),
    "a choice of a list": (
        of_transfer(filter_rules=[{"name": "*", "method": "drop"}]),
        "transfer.filter_rules[0].method must be one of: include, exclude, not 'drop'",
    ),
    "texts instead of rules": (
        of_transfer(filter_rules=["*.tmp"]),
        "transfer.filter_rules[0] must be a dictionary of options, not '*.tmp'",
    ),
    "null among rules": (
        of_transfer(filter_rules=[{"name": "*"}, None]),
        "transfer.filter_rules[1] must be a dictionary of options, not null",
    ),
    "a boolean": (
        of_transfer(paths=[{**PATH, "recursive": "deep"}]),
        "transfer.paths[0].recursive must be true or false, not 'deep'",
    ),
    "a number": (
        of_schedule(end={"count": "many"}),
        "schedule.end.count must be a whole number, not 'many'. Write a number without a unit",
    ),
    "a fraction": (of_schedule(end={"count": 1.5}), "schedule.end.count must be a whole number, not 1.5"),
    "true is no number": (of_schedule(end={"count": True}), "schedule.end.count must be a whole number, not True"),
    "end 0": (of_schedule(end=0), "schedule.end must be a dictionary of options, not 0. Its options are count, datet"),
    "end []": (of_schedule(end=[]), "schedule.end must be a dictionary of options, not []"),
    "end 10": (of_schedule(end="10"), "schedule.end must be a dictionary of options, not '10'"),
    "end true": (of_schedule(end=True), "schedule.end must be a dictionary of options, not True"),
    "a dictionary": ({"name": "a", "transfer": 5}, "transfer must be a dictionary of options, not 5"),
    "no list": (
        of_transfer(paths={"source_path": "/a"}),
        "transfer.paths must be a list, not {'source_path': '/a'}. Put a dash (-) in front of each entry",
    ),
    "missing": ({"name": "a", "transfer": {}}, "transfer.source_collection is missing"),
    "null where needed": (
        of_transfer(paths=[{"source_path": None, "destination_path": "/b"}]),
        "transfer.paths[0].source_path is missing",
    ),
    "neither": ({"state": "absent"}, "name or timer_id is missing"),
    "neither but null": ({"state": "absent", "timer_id": None, "name": None}, "name or timer_id is missing"),
    "twice": (of_transfer(source_endpoint=SOURCE), "transfer.source_collection is set twice"),
}


@pytest.mark.parametrize("case", WRONG)
def test_messages_name_the_option_in_full_N6(case: str) -> None:
    given, message = WRONG[case]
    with pytest.raises(InputError) as refused:
        validate(OPTIONS, given, constraints=WHICH_TIMER)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize("case", WRONG)
def test_ansible_can_check_it_too(case: str) -> None:
    """Its own check ends in a TypeError where a number stands in place of a dictionary (``schedule: {end: 10}``)."""
    given, _message = WRONG[case]
    if isinstance(given, dict) and not any(isinstance(name, int) for name in given):
        result = ArgumentSpecValidator(OPTIONS, **WHICH_TIMER).validate(
            for_ansible(OPTIONS, without_nulls(OPTIONS, given))
        )
        taken = ("no text", "no text but a dictionary", "no list of texts", "true is no number", "twice")
        assert result.error_messages or case in taken


@given(samples.parameters())
def test_ansible_finds_what_is_right_as_it_is(parameters: dict[str, Any]) -> None:
    assert for_ansible(OPTIONS, parameters) == parameters


def test_a_path_stands_in_front_N6() -> None:
    with pytest.raises(InputError, match=r"^schedule\.weekday must be one of: monday, "):
        validate(OPTIONS["schedule"]["options"], {"weekday": "Sunday"}, "schedule.")


def test_what_excludes_each_other_N6() -> None:
    options = {name: {"type": "str"} for name in ("a", "b", "c")}
    with pytest.raises(InputError, match=r"^a and c are mutually exclusive$"):
        validate(options, {"a": "1", "c": "2", "b": None}, constraints={"mutually_exclusive": [["a", "b", "c"]]})


def test_a_long_value_is_cut_N6() -> None:
    with pytest.raises(InputError) as refused:
        validate(OPTIONS, {"name": "a", "schedule": "x" * 5000})
    assert len(str(refused.value)) < 200


def test_defaults_are_not_shared() -> None:
    given = {"name": "a", "flow": {"flow_id": SOURCE}}
    validate(OPTIONS, given)["flow"]["input"]["changed"] = 1
    assert validate(OPTIONS, given)["flow"]["input"] == {}
