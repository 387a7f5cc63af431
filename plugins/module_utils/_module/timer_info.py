# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The module ``timer_info``: reads timers, their runs and their health."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from .. import _arguments
from .._apply.reading import Found, judge, parse_selection, read_timers
from .._errors import GlobusError, InputError
from .._timers.document import Timer, timer_as_result
from .._timers.health import Health, history_of
from .._timers.options import parse_definition
from .._validation import validate
from .common import GlobusModule, connect, disable_garbage_collection, fail, reports_unexpected_errors, require_sdk

_OPTIONS = _arguments.timer_arguments()


@reports_unexpected_errors
def run_timer_info() -> None:
    """The module ``timer_info``."""
    module = GlobusModule("timer_info")
    require_sdk(module)
    parameters = module.params
    try:
        wanted = parse_selection(parameters)
    except InputError as error:
        fail(module, GlobusError(str(error), code="invalid_input"))
    disable_garbage_collection()
    try:
        globus = connect(module)
        found = read_timers(wanted, globus)
    except GlobusError as error:
        fail(module, error.about("Could not read timers"))
    if found.failure is not None:
        module.warn(
            f"The transfer tasks could not be read: {found.failure.message}. The health is determined from the "
            "timers alone, so it does not show whether data arrived. To disable this warning, set transfers: false"
        )
    entries = [
        _entry(timer, health, globus.web_app, found, wanted.runs) for timer, health in judge(wanted, found, globus)
    ]
    module.exit_json(changed=False, timers=entries)


def _entry(timer: Timer, health: Health, web_app: str, found: Found, runs: int) -> dict[str, Any]:
    entry = {**timer_as_result(timer, web_app), "health": health.as_result()}
    why_not = _not_manageable(timer, entry["definition"])
    if why_not is not None:
        entry.update(definition=None, not_manageable=why_not)
    elif timer.is_unfinished and timer.name in found.ambiguous:
        entry["definition"]["timer_id"] = timer.id  # because the name is ambiguous
        del entry["definition"]["name"]
    history = history_of(timer, found.tasks)
    entry.update(history.as_result())
    if runs:
        entry["recent_runs"] = [run.as_result(web_app) for run in history.runs[:runs]]
    return entry


def _not_manageable(timer: Timer, definition: Mapping[str, Any] | None) -> str | None:
    """Why the modules cannot manage a timer, or None: the message with which they would refuse its definition."""
    if timer.type == "generic":
        return "The timer neither transfers data nor runs a flow"
    if timer.unreadable or definition is None:
        return f"The document of the timer cannot be parsed: {timer.unreadable}"
    if timer.unknown:
        return f"The modules have no option for {', '.join(timer.unknown)}, which this timer uses"
    try:
        parse_definition(validate(_OPTIONS, definition), datetime.now(timezone.utc))
    except InputError as error:
        return f"A definition cannot describe this timer: {error}"
    return None
