# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The variables of the role ``backup``: their defaults, and all checks that need no job. Pure: no input or output.

This replaces Ansible's validation of role arguments, which prints the documentation of all variables if one is invalid.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..module_utils import _arguments
from ..module_utils._errors import InputError
from ..module_utils._timers.definition import SYNC_LEVELS
from ..module_utils._timers.options import check_zone, parse_max_age, parse_moment
from ..module_utils._validation import validate
from ._plain import plain

JOB_STATES = _arguments.STATES  # from the weakest to the strongest: if two apply to a job, the stronger one wins
DEFAULT_PREFIX = "backup-"

DECLARATIONS: Mapping[str, Mapping[str, Any]] = {
    "backup_jobs": {"type": "raw"},
    "backup_defaults": {"type": "raw", "default": {}},
    "backup_schedules": {"type": "raw", "default": {}},
    "backup_timezone": {"type": "str", "default": "UTC"},
    "backup_prefix": {"type": "str", "default": DEFAULT_PREFIX},
    "backup_state": {"type": "str", "default": "present", "choices": JOB_STATES},
    "backup_on_drift": {"type": "str", "default": "replace", "choices": _arguments.ON_DRIFT},
    "backup_on_inactive": {"type": "str", "default": "resume", "choices": _arguments.ON_INACTIVE},
    "backup_spread": {"type": "int", "default": 0},
    "backup_purge": {"type": "bool", "default": False},
    "backup_purge_limit": {"type": "int", "default": 25},
    "backup_concurrency": {"type": "int", "default": 4},
    "backup_check_paths": {"type": "bool", "default": True},
    "backup_max_age": {"type": "str"},
    "backup_report": {"type": "path"},
    "backup_clock": {"type": "str"},
}
_BLANK_IS_NONE = ("backup_report",)  # in all other variables, a blank value is a mistake in a survey or template


@dataclass(frozen=True)
class Variables:
    """The checked variables, named as the variables without ``backup_``.

    :ivar jobs: not checked here, like ``defaults`` and ``schedules``.
    :ivar spread: seconds over which jobs of one schedule are spread.
    :ivar max_age: seconds within which a complete transfer of a job must have arrived; None: it depends on the job.
    :ivar report: the path of the report, or None.
    :ivar clock: the moment that is used as the current time.
    """

    jobs: Any
    defaults: Any
    schedules: Any
    timezone: str
    prefix: str
    state: str
    on_drift: str
    on_inactive: str
    spread: int
    purge: bool
    purge_limit: int
    concurrency: int
    check_paths: bool
    max_age: int | None
    report: str | None
    clock: datetime

    def as_options(self) -> dict[str, Any]:
        """The options of the module ``timers``, without the list."""
        return {
            "on_drift": self.on_drift,
            "on_inactive": self.on_inactive,
            "purge": self.purge,
            "purge_prefix": self.prefix,
            "purge_limit": self.purge_limit,
            "concurrency": self.concurrency,
            "check_paths": self.check_paths,
        }


def read(given: Mapping[str, Any], now: datetime) -> Variables:
    """Read the variables; null means the default (rule N1). Raises InputError with the name of the variable.

    :param now: the current time of the controller.
    """
    named = plain(given)
    _check_spelling(named.pop(NAMES, ()), named, DECLARATIONS)
    values = validate(DECLARATIONS, named)
    for name, value in values.items():
        if isinstance(value, str) and not value.strip():
            if name not in _BLANK_IS_NONE:
                raise InputError(f"{name} is empty. Set a value, or remove the variable")
            values[name] = None
    clock = now if values["backup_clock"] is None else parse_moment("backup_clock", values["backup_clock"], "UTC")[0]
    own = {name[len("backup_") :]: value for name, value in values.items()}
    max_age = parse_max_age("backup_max_age", values["backup_max_age"])
    variables = Variables(**{**own, "max_age": max_age, "clock": clock})
    _check_variables(variables)
    return variables


def _check_variables(variables: Variables) -> None:
    check_zone("backup_timezone", variables.timezone)
    if variables.spread < 0:
        raise InputError(f"backup_spread must be a number of seconds, 0 or more, not {variables.spread}")
    if variables.purge_limit < 0:
        raise InputError(f"backup_purge_limit must be 0 or more, not {variables.purge_limit}")
    if not 1 <= variables.concurrency <= _arguments.CONCURRENCY_MAXIMUM:
        raise InputError(
            f"backup_concurrency must be from 1 to {_arguments.CONCURRENCY_MAXIMUM}, not {variables.concurrency}"
        )
    if variables.purge and DEFAULT_PREFIX.startswith(variables.prefix):
        raise InputError(
            f"backup_purge requires your own backup_prefix, not {variables.prefix!r}. Two teams with the default "
            f"prefix {DEFAULT_PREFIX!r} would purge each other's timers"
        )


# --- misspelt variables --------------------------------------------------------------------------------------------

# The names of all variables of the play that start with backup_. Ansible itself does not refuse unknown variables.
NAMES = "backup_names"
_CLOSE = 0.75  # if two names are at least this similar, from 0 to 1, one counts as a misspelling of the other


def _check_spelling(names: Iterable[str], values: Mapping[str, Any], declared: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuses a name that is similar to that of a variable that is not set: ``backup_restore_slots: tue`` would restore
    the latest copy, and ``backup_now_job: lab`` would copy all jobs. If the variable is set, a similar name belongs to
    the user.
    """
    known = {*DECLARATIONS, *(name for one in ENTRY_POINTS.values() for name in one)}
    unset = [name for name in declared if values.get(name) in (None, "", declared[name].get("default"))]
    for name in sorted(set(names) - known):
        meant = max(unset, key=lambda one: _likeness(name, one), default=None)
        if meant is not None and _likeness(name, meant) >= _CLOSE:
            raise InputError(f"{name} is not a variable of the role. Did you mean {meant}?")


def _likeness(name: str, known: str) -> float:
    """How similar two names are, from 0 to 1, without their common prefix, such as ``backup_restore_``."""
    begin = next((one for one in (f"backup_{point}_" for point in ENTRY_POINTS) if known.startswith(one)), "backup_")
    if not name.startswith(begin) or name.startswith(f"{known}_"):
        return 0.0
    return difflib.SequenceMatcher(None, name[len(begin) :], known[len(begin) :]).ratio()


# --- the other entry points ----------------------------------------------------------------------------------------

_WAIT = {"type": "int", "default": 3600}
_HOLD_FILE = {"type": "path"}
# The additional variables of each entry point. A blank value means the default, as AWX surveys return empty answers
# (rule N2).
ENTRY_POINTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "restore": {
        "backup_restore_job": {"type": "raw"},
        "backup_restore_slot": {"type": "raw", "default": "latest"},
        "backup_restore_path": {"type": "str"},
        "backup_restore_to": {"type": "str"},
        "backup_restore_overwrite": {"type": "bool", "default": False},
        "backup_wait": _WAIT,
    },
    "now": {
        "backup_now_jobs": {"type": "raw"},
        "backup_now_sync_level": {"type": "str", "choices": SYNC_LEVELS},
        "backup_wait": _WAIT,
    },
    "hold": {"backup_hold_file": _HOLD_FILE},
    "release": {"backup_hold_file": _HOLD_FILE, "backup_release_spread": {"type": "int", "default": 0}},
}


def read_for_entry_point(entry_point: str, given: Mapping[str, Any], now: datetime) -> tuple[Variables, dict[str, Any]]:
    """The variables of the role, and those of one of its other entry points. Raises InputError.

    :param now: the current time of the controller.
    """
    declared = ENTRY_POINTS[entry_point]
    values = plain(given)
    _check_spelling(values.pop(NAMES, ()), values, {**DECLARATIONS, **declared})
    variables = read({name: value for name, value in values.items() if name not in declared}, now)
    own = {name: value for name, value in values.items() if name in declared and not _arguments.is_blank(value)}
    checked: dict[str, Any] = validate(declared, own)
    if checked.get("backup_wait", 0) < 0:
        raise InputError(f"backup_wait must be a number of seconds, 0 or more, not {checked['backup_wait']}")
    if checked.get("backup_release_spread", 0) < 0:
        seconds = checked["backup_release_spread"]
        raise InputError(f"backup_release_spread must be a number of seconds, 0 or more, not {seconds}")
    return variables, checked
