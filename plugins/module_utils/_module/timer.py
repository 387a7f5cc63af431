# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The module ``timer``: one timer, handled in the same way as a list."""

from __future__ import annotations

from .. import _arguments
from .._errors import GlobusError, InputError
from .._globus.service import Globus
from .._timers.document import Timer
from .._timers.options import parse_wanted
from .._timers.plan import Wanted, plan_timer
from .common import GlobusModule, carry_out, connect, ends_in_words, entry_result, fail, require_sdk, warn


@ends_in_words
def run_timer() -> None:
    """The module ``timer``: one element, taken the same way as a list."""
    module = GlobusModule(
        argument_spec={**_arguments.auth_arguments(), **_arguments.timer_arguments()},
        required_one_of=[("name", "timer_id")],
        supports_check_mode=True,
    )
    require_sdk(module)
    try:
        wanted = parse_wanted(module.params)
    except InputError as error:
        fail(module, GlobusError(str(error), code="invalid_input"))
    try:
        globus = connect(module)
        plan = plan_timer(wanted, _read(wanted, globus), globus.now())
    except GlobusError as error:
        fail(module, error.about(f"Could not look up {wanted.label}"))
    outcomes, collections = carry_out(module, globus, [plan], concurrency=2)
    result = entry_result(outcomes[0], globus.web_app)
    if collections:
        result["collections"] = [collections[key].as_result() for key in plan.collections if key in collections]
    if module._diff:
        result["diff"] = {"before": dict(plan.before), "after": dict(outcomes[0].after)}
    warn(module, outcomes)
    failure = outcomes[0].failure
    if failure:
        module.fail_json(**{**result, **failure.as_result()})
    module.exit_json(**result)


def _read(wanted: Wanted, globus: Globus) -> list[Timer]:
    """What one plan needs to know: one list by name, or the timer by ID and, for a new name, its namesakes."""
    if wanted.timer_id is None:
        return globus.list_timers(wanted.name)
    timer = globus.get_timer(wanted.timer_id)
    if timer is None:
        return []
    if wanted.name and wanted.name != timer.name and wanted.state != "absent":
        return [timer, *globus.list_timers(wanted.name)]
    return [timer]
