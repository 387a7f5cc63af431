# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The module ``timer``: one timer, handled like a list of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import _arguments
from .._errors import GlobusError, InputError
from .._globus.service import Globus
from .._timers.document import Timer
from .._timers.options import parse_wanted
from .._timers.plan import Wanted, plan_timer
from .common import (
    GlobusModule,
    carry_out,
    check_timer,
    connect,
    diff_after,
    diff_before,
    entry_result,
    fail,
    login_options,
    reports_unexpected_errors,
    require_sdk,
    warn,
)


@reports_unexpected_errors
def run_timer() -> None:
    """The module ``timer``: a list of one timer."""
    module = GlobusModule("timer", check=_check_timer_options)
    require_sdk(module)
    try:
        wanted = parse_wanted(module.params)
    except InputError as error:
        fail(module, GlobusError(_about(module.params, error), code="invalid_input"))
    try:
        globus = connect(module)
        plan = plan_timer(wanted, _read_timers(wanted, globus), globus.now())
    except GlobusError as error:
        fail(module, error.about(f"Could not look up {wanted.label}"))
    outcomes, collections = carry_out(module, globus, [plan], concurrency=2)
    result = entry_result(outcomes[0], globus.web_app)
    if collections:
        result["collections"] = [collections[key].as_result() for key in plan.collections if key in collections]
    if module._diff:
        result["diff"] = {"before": diff_before(plan), "after": diff_after(outcomes[0])}
    warn(module, outcomes)
    failure = outcomes[0].failure
    if failure:
        module.fail_json(**{**result, **failure.as_result()})
    module.exit_json(**result)


def _check_timer_options(given: Mapping[str, Any]) -> None:
    try:
        check_timer(given, {**login_options(), **_arguments.timer_arguments()})
    except InputError as error:
        raise InputError(_about(given, error)) from None


def _about(parameters: Mapping[str, Any], error: InputError) -> str:
    """The message with the timer in front, because a task in a loop does not show it."""
    for what in ("name", "timer_id"):
        value = parameters.get(what)
        if isinstance(value, (str, int)) and str(value).strip():
            return f"timer {str(value)!r}: {error}"
    return str(error)


def _read_timers(wanted: Wanted, globus: Globus) -> list[Timer]:
    """The timers that a plan needs: those of the name, or the timer of the ID and those with its new name."""
    if wanted.timer_id is None:
        return globus.list_timers(wanted.name)
    timer = globus.get_timer(wanted.timer_id)
    if timer is None:
        return []
    if wanted.name and wanted.name != timer.name and wanted.state != "absent":
        return [timer, *globus.list_timers(wanted.name)]
    return [timer]
