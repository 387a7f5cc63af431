# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters of timers for the unit tests: one plain sample, and hypothesis strategies for all that is allowed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from hypothesis import strategies as st

from ansible_collections.research_ops.globus.plugins.module_utils._arguments import definition_arguments
from ansible_collections.research_ops.globus.plugins.module_utils._timers.definition import SYNC_LEVELS, Definition
from ansible_collections.research_ops.globus.plugins.module_utils._timers.options import parse_definition

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SOURCE = "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"
DESTINATION = "31ce9ba0-176d-45a5-add3-f37d233ba47d"
NAME = "microscope-nightly"
_VALIDATOR = ArgumentSpecValidator(definition_arguments())


def transfer_options(**options: Any) -> dict[str, Any]:
    """The option ``transfer`` with everything it must have, and what is given."""
    path = {"source_path": "/data/", "destination_path": "/backup/", "recursive": True}
    return {"source_collection": SOURCE, "destination_collection": DESTINATION, "paths": [path], **options}


def sample(schedule: Mapping[str, Any] | None = None, name: str = NAME, **transfer: Any) -> dict[str, Any]:
    """A timer as a task writes it: every day, from whenever it is created, unless ``schedule`` says otherwise."""
    return {
        "name": name,
        "transfer": transfer_options(**transfer),
        "schedule": {"interval": "1d"} if schedule is None else dict(schedule),
    }


def validated(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as AnsibleModule hands them on: defaults and nulls filled in, aliases resolved.

    :raises AssertionError: with Ansible's message, where they do not fit the declared options.
    """
    result = _VALIDATOR.validate(json.loads(json.dumps(parameters)))
    assert not result.error_messages, result.error_messages
    checked: dict[str, Any] = result.validated_parameters
    return checked


def definition(parameters: Mapping[str, Any] | None = None, now: datetime = NOW) -> Definition:
    """The definition of such parameters. Raises InputError."""
    parsed = parse_definition(validated(sample() if parameters is None else parameters), now)
    assert parsed is not None
    return parsed


# --- everything that is allowed ---

_ZONES = ("UTC", "America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia")
_DAY, _WEEK, _YEAR = 86400, 7 * 86400, 365 * 86400
_texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(str.strip)
# What a timer is created with (rule N3): without blanks at the ends, and nothing that Windows or a browser would write
_path_texts = _texts.map(lambda text: "/" + text.strip())
_uuids = st.sampled_from((SOURCE, SOURCE.upper(), DESTINATION, "{" + DESTINATION + "}", DESTINATION.replace("-", "")))
_labels = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=128).filter(
    lambda text: text == text.strip()
)
_BOOLEANS = (
    "verify_checksum",
    "preserve_timestamp",
    "encrypt_data",
    "skip_source_errors",
    "fail_on_quota_errors",
    "notify_on_succeeded",
    "notify_on_failed",
    "notify_on_inactive",
    "store_base_path_info",
)


def _moments(first: int, last: int) -> st.SearchStrategy[datetime]:
    """Moments from ``first`` to ``last`` seconds after now."""
    return st.integers(first, last).map(lambda seconds: NOW + timedelta(seconds=seconds))


def _instant(draw: st.DrawFn, moment: datetime) -> str:
    """One of the ways to write a moment."""
    offset = draw(st.sampled_from((0, -6, 5.5, 13)))
    local = moment + timedelta(hours=offset)
    if offset == 0:
        return f"{local:%Y-%m-%dT%H:%M:%S}{draw(st.sampled_from(('Z', '+00:00', '.25Z')))}"
    minutes = int(abs(offset) * 60)
    return f"{local:%Y-%m-%dT%H:%M:%S}{'-' if offset < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


@st.composite
def _paths(draw: st.DrawFn, mirror: bool) -> dict[str, Any]:
    path: dict[str, Any] = {"source_path": draw(_path_texts), "destination_path": draw(_path_texts)}
    recursive = draw(st.sampled_from((None, True) if mirror else (None, True, False)))
    if recursive is not None:
        path["recursive"] = recursive
    checksum = draw(st.integers(0, 11))  # most files have none
    if checksum in (0, 1):
        path["external_checksum"] = "d41d8cd98f00b204e9800998ecf8427e"
    if checksum in (1, 2):  # it also serves verify_checksum
        path["checksum_algorithm"] = draw(st.sampled_from(("MD5", "SHA256")))
    return path


_filter_rules = st.fixed_dictionaries(
    {"name": _texts},
    optional={"method": st.sampled_from(("include", "exclude")), "type": st.sampled_from(("file", "dir"))},
)


@st.composite
def transfers(draw: st.DrawFn) -> dict[str, Any]:
    """The option ``transfer``."""
    mirror = draw(st.booleans())
    required: dict[str, Any] = {
        "source_collection": draw(_uuids),
        "destination_collection": draw(_uuids),
        "paths": draw(st.lists(_paths(mirror), min_size=1, max_size=3)),
    }
    if mirror:
        required["delete_destination_extra"] = True
    if draw(st.integers(0, 3)) == 0:
        required["deadline"] = _instant(draw, draw(_moments(2 * _YEAR, 4 * _YEAR)))
    optional = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "label": _labels,
                "sync_level": st.sampled_from(SYNC_LEVELS),
                "filter_rules": st.lists(_filter_rules, max_size=4),
                "source_local_user": _texts,
                "destination_local_user": _texts,
                **{option: st.booleans() for option in _BOOLEANS},
            },
        )
    )
    return {**required, **optional}


def _interval(draw: st.DrawFn, seconds: int) -> Any:
    """One of the ways to write an interval."""
    hours, rest = divmod(seconds, 3600)
    return draw(st.sampled_from((seconds, str(seconds), f"{seconds}s", f"{hours}h{rest}s" if hours else seconds)))


@st.composite
def schedules(draw: st.DrawFn) -> dict[str, Any]:
    """The option ``schedule``."""
    schedule: dict[str, Any] = {}
    if draw(st.booleans()):
        schedule["timezone"] = draw(st.sampled_from(_ZONES))
        schedule["daylight_saving"] = draw(st.sampled_from(("ignore", "follow")))
    start: datetime | None = None
    kind = draw(st.sampled_from(("open", "instant", "wall", "at")))
    if kind == "at":
        schedule["at"] = draw(st.sampled_from(("00:00", "02:00", "02:30", "13:05:07", "23:59")))
        intervals: tuple[int | None, ...] = (None, 1800, 6 * 3600, _DAY, 3 * _DAY, _WEEK, _YEAR)
        if draw(st.booleans()):
            schedule["weekday"] = draw(st.sampled_from(("monday", "wednesday", "sunday")))
            intervals = (None, _WEEK, 4 * _WEEK, _YEAR)
        interval = draw(st.sampled_from(intervals))
    else:
        usual = st.sampled_from((None, 60, 3600, 5400, _DAY, _WEEK, 28 * _DAY, _YEAR))
        interval = draw(st.one_of(usual, st.integers(60, _YEAR)))
        if kind != "open":
            start = draw(st.one_of(_moments(-600, 600), _moments(-2 * _YEAR, _YEAR)))
            schedule["start"] = f"{start:%Y-%m-%dT%H:%M:%S}" if kind == "wall" else _instant(draw, start)
    if interval is not None:
        schedule["interval"] = _interval(draw, interval)
        end = draw(st.sampled_from((None, None, "count", "datetime")))
        if end == "count":
            schedule["end"] = {"count": draw(st.integers(1, 1000))}
        elif end == "datetime":
            # late enough for a first run, wherever the start is
            after = timedelta(days=draw(st.integers(2, 3000))) + timedelta(seconds=interval)
            schedule["end"] = {"datetime": _instant(draw, max(start or NOW, NOW) + after)}
    return schedule


@st.composite
def parameters(draw: st.DrawFn, name: str = NAME) -> dict[str, Any]:
    """A whole timer as a task may write it."""
    return {"name": name, "transfer": draw(transfers()), "schedule": draw(schedules())}
