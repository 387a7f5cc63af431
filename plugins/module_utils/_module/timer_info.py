# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The module ``timer_info``: read timers, their runs and their health."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from .. import _arguments
from .._errors import GlobusError, InputError
from .._globus.service import Globus
from .._parallel import in_parallel
from .._timers.document import Timer, timer_as_result
from .._timers.health import (
    RESULTS_NEEDED,
    UNHEALTHY,
    Health,
    health_of,
    runs_of,
)
from .._timers.options import parse_definition, parse_uuid
from .._validation import validate
from .common import GlobusModule, connect, ends_in_words, fail, require_sdk

CONCURRENCY = 4
_OPTIONS = _arguments.timer_arguments()


@ends_in_words
def run_timer_info() -> None:
    """The module ``timer_info``."""
    module = GlobusModule("timer_info")
    require_sdk(module)
    parameters = module.params
    try:
        if parameters["timer_id"] is not None:
            parameters["timer_id"] = parse_uuid("timer_id", parameters["timer_id"])
        if parameters["name"] is not None and not parameters["name"].strip():
            raise InputError("name is empty: leave it out to read all timers, or give a name")
        if parameters["runs"] < 0:
            raise InputError(f"runs must be 0 or more, not {parameters['runs']}")
    except InputError as error:
        fail(module, GlobusError(str(error), code="invalid_input"))
    # What thousands of documents are made of holds no cycles: looking for some would take a fifth of the time.
    gc.disable()
    try:
        globus = connect(module)
        found = _read(parameters, globus)
    except GlobusError as error:
        fail(module, error.about("Could not read timers"))
    now = globus.now()
    entries = []
    for timer in found.timers:
        health = health_of(timer, now)
        if parameters["health"] == "any" or health.state in UNHEALTHY:
            entries.append(_entry(timer, health, globus.web_app, found, parameters["runs"]))
    module.exit_json(changed=False, timers=entries)


@dataclass(frozen=True)
class _Found:
    """The timers that the options choose, and of all that were listed the names that do not tell one timer."""

    timers: Sequence[Timer]
    ambiguous: frozenset[str]


def _read(parameters: Mapping[str, Any], globus: Globus) -> _Found:
    """One list, and one request more for each timer whose ``runs`` it did not bring."""
    runs = max(parameters["runs"], RESULTS_NEEDED)
    if parameters["timer_id"] is not None:
        timer = globus.get_timer(parameters["timer_id"], results=runs)
        return _Found([] if timer is None or timer.is_gone else [timer], frozenset([""]))
    parts = [parameters[option] or "" for option in ("name", "name_prefix", "name_contains")]
    listed = globus.list_timers(max(parts, key=len) or None, results=runs)
    names = Counter(timer.name for timer in listed if timer.is_unfinished)
    ambiguous = frozenset(["", *(name for name, number in names.items() if number > 1)])
    timers = sorted(
        (timer for timer in listed if _is_chosen(timer, parameters)), key=lambda timer: (timer.name, timer.order)
    )
    if parameters["runs"]:
        short = [timer.id for timer in timers if len(timer.results) < min(runs, timer.runs)]
        whole = _by_id(in_parallel(lambda timer_id: globus.get_timer(timer_id, results=runs), short, CONCURRENCY))
        timers = [whole.get(timer.id, timer) for timer in timers]
    return _Found(timers, ambiguous)


def _by_id(timers: Iterable[Timer | None]) -> dict[str, Timer]:
    return {timer.id: timer for timer in timers if timer is not None}


def _is_chosen(timer: Timer, parameters: Mapping[str, Any]) -> bool:
    """Names are compared on our side: the service's own filter is a case-insensitive substring match (rule I2)."""
    status = "ended" if timer.is_ended else "inactive" if timer.is_inactive else "active"
    return (
        not timer.is_gone
        and status in parameters["status"]
        and parameters["type"] in (None, timer.type)
        and parameters["name"] in (None, timer.name)
        and timer.name.startswith(parameters["name_prefix"] or "")
        and (parameters["name_contains"] or "").lower() in timer.name.lower()
    )


def _entry(timer: Timer, health: Health, web_app: str, found: _Found, runs: int) -> dict[str, Any]:
    entry = {**timer_as_result(timer, web_app), "health": health.as_result()}
    why_not = _not_manageable(timer, entry["definition"])
    if why_not is not None:
        entry.update(definition=None, not_manageable=why_not)
    elif timer.is_unfinished and timer.name in found.ambiguous:
        entry["definition"]["timer_id"] = timer.id  # the name does not tell it
        del entry["definition"]["name"]
    if runs:
        entry["recent_runs"] = runs_of(timer)[:runs]
    return entry


def _not_manageable(timer: Timer, definition: Mapping[str, Any] | None) -> str | None:
    """Why the modules cannot manage a timer, or None where they can: what they would say to its definition."""
    if timer.type == "generic":
        return "By its callback document and address it neither transfers nor runs a flow"
    if timer.unreadable or definition is None:
        return f"Its document cannot be understood: {timer.unreadable}"
    if timer.unknown:
        return f"A definition cannot say what it does: it has no option for {', '.join(timer.unknown)}"
    try:
        parse_definition(validate(_OPTIONS, definition), datetime.now(timezone.utc))
    except InputError as error:
        return f"A definition cannot say what it does: {error}"
    return None
