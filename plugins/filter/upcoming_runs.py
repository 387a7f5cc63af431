# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``upcoming_runs``: when a schedule runs between two moments. Documented in ``upcoming_runs.yml``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import islice, takewhile
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils import _arguments
from ..module_utils._errors import InputError
from ..module_utils._timers.options import parse_moment, parse_schedule
from ..module_utils._timers.schedule import format_instant, format_local, ticks
from ..module_utils._validation import validate

PARAMETERS = ("from", "until", "count")  # the order of positional parameters
DEFAULT_COUNT = 10  # if neither until nor count is set
MOST = 100_000  # nobody reads a longer list, and it would fill the memory


def upcoming_runs(schedule: Any, *values: Any, **named: Any) -> list[dict[str, str]]:
    """The runs of a schedule as ``{"utc": ..., "local": ...}``. Raises AnsibleFilterError.

    ``from`` is a keyword of Python, so the parameters arrive as a mapping.
    """
    try:
        return _runs(schedule, _parameters(values, named), datetime.now(timezone.utc).replace(microsecond=0))
    except InputError as error:
        raise AnsibleFilterError(f"upcoming_runs: {error}") from error


def _parameters(values: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, Any]:
    given = dict(zip(PARAMETERS, values))
    unknown = [name for name in named if name not in PARAMETERS]
    if unknown or len(values) > len(PARAMETERS) or given.keys() & named.keys():
        raise InputError(f"the parameters are {', '.join(PARAMETERS)}, each at most once")
    return {name: value for name, value in {**given, **named}.items() if value is not None}


def _runs(options: Any, parameters: Mapping[str, Any], now: datetime) -> list[dict[str, str]]:
    options = _validated_schedule(options)
    zone = str(options["timezone"])
    parse_schedule({"timezone": zone}, now)  # checks the zone before it is used for from and until
    begin = _parameter_moment("from", parameters, zone) or now
    until = _parameter_moment("until", parameters, zone)
    if until is not None and until < begin:
        raise InputError(f"until ({format_instant(until)}) must not be before from ({format_instant(begin)})")
    schedule = parse_schedule(options, max(begin, now))
    if schedule.start is None and schedule.at is None:
        schedule = replace(schedule, start=begin)  # it begins when the timer is created
    count = _parse_count(parameters.get("count", DEFAULT_COUNT if until is None else None))
    coming = ticks(schedule, begin - timedelta(seconds=1))
    found = list(islice(takewhile(lambda tick: until is None or tick <= until, coming), count or MOST + 1))
    if len(found) > MOST:
        raise InputError(f"there are more than {MOST} runs until {parameters['until']}. Set count")
    return [{"utc": format_instant(tick), "local": format_local(tick, zone)} for tick in found]


def _validated_schedule(options: Any) -> dict[str, Any]:
    """The schedule with types converted and defaults filled in, as AnsibleModule does it. Raises InputError."""
    if not isinstance(options, Mapping):
        raise InputError(
            f"the input must be the schedule of a timer definition (a dictionary), not {type(options).__name__}"
        )
    return validate(_arguments.definition_arguments()["schedule"]["options"], options, "schedule.")


def _parameter_moment(name: str, parameters: Mapping[str, Any], zone: str) -> datetime | None:
    return parse_moment(name, str(parameters[name]), zone)[0] if name in parameters else None


def _parse_count(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not str(value).isdecimal() or not 1 <= int(value) <= MOST:
        raise InputError(f"count must be a number from 1 to {MOST}, not {value!r}")
    return int(value)


class FilterModule:
    """The filters of this file, as Ansible finds them."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"upcoming_runs": upcoming_runs}
