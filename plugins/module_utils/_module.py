# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""AnsibleModule in, exit_json or fail_json out. Check mode stops before ``_execute``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from importlib.util import find_spec
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.research_ops.globus.plugins.module_utils import _arguments, _auth
from ansible_collections.research_ops.globus.plugins.module_utils._collection import (
    Collection,
    check_collection,
    data_access_needed,
)
from ansible_collections.research_ops.globus.plugins.module_utils._definition import parse_definition, parse_uuid
from ansible_collections.research_ops.globus.plugins.module_utils._document import Timer, timer_as_result
from ansible_collections.research_ops.globus.plugins.module_utils._errors import GlobusError, InputError
from ansible_collections.research_ops.globus.plugins.module_utils._execute import Outcome, execute, in_parallel
from ansible_collections.research_ops.globus.plugins.module_utils._plan import Plan, Wanted, plan_timer
from ansible_collections.research_ops.globus.plugins.module_utils._service import Globus


def run_timer() -> None:
    """The module ``timer``."""
    module = AnsibleModule(
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
        outcomes, collections = carry_out([plan], globus, concurrency=2, check_mode=module.check_mode)
    except GlobusError as error:
        fail(module, error.about(f"Could not look up {wanted_label(module.params)}"))
    outcome = outcomes[0]
    for warning in outcome.warnings:
        module.warn(warning)
    result = entry_result(outcome, globus.web_app)
    if collections:
        result["collections"] = [collections[key].as_result() for key in plan.collections if key in collections]
    if module._diff:
        result["diff"] = {"before": dict(plan.before), "after": dict(outcome.plan.after)}
    if outcome.failure:
        module.fail_json(**{**result, **outcome.failure.as_result()})
    module.exit_json(**result)


# --- parameters ----------------------------------------------------------------------------------------------------


def require_sdk(module: AnsibleModule) -> None:
    """Fail with Ansible's usual message where the Globus SDK is missing."""
    if find_spec("globus_sdk") is None:
        module.fail_json(msg=missing_required_lib("globus-sdk", url="https://pypi.org/project/globus-sdk/"))


def parse_wanted(parameters: Mapping[str, Any]) -> Wanted:
    """What a task, or an entry of its list, asks for. Raises InputError (rules L1, L3, I5)."""
    timer_id = parameters.get("timer_id")
    if timer_id is not None:
        timer_id = parse_uuid("timer_id", timer_id)
    name = parameters.get("name")
    if name is not None and not name.strip():
        raise InputError("name is empty: a timer is found by its name")
    wanted = Wanted(
        name=name or "",
        timer_id=timer_id,
        state=parameters["state"],
        on_drift=parameters["on_drift"],
        definition=parse_definition(parameters, datetime.now(timezone.utc)),
    )
    if timer_id is None and wanted.definition is None and wanted.state == "present":
        raise InputError("transfer and schedule are required for state: present, to create the timer if it is absent")
    if timer_id is not None and wanted.on_drift == "replace":
        raise InputError(
            "on_drift: replace does not go with timer_id: the new timer would have another ID. Choose the timer by "
            "name alone to have it replaced"
        )
    return wanted


def wanted_label(parameters: Mapping[str, Any]) -> str:
    name = parameters.get("name")
    return f"timer {name!r}" if name else f"timer {parameters.get('timer_id')}"


def connect(module: AnsibleModule) -> Globus:
    """The services, signed in for reading. Raises GlobusError."""
    parameters = module.params
    if parameters["request_timeout"] <= 0:
        fail(module, GlobusError("request_timeout must be more than 0 seconds", code="invalid_input"))
    if parameters["retries"] < 0:
        fail(module, GlobusError("retries must be 0 or more", code="invalid_input"))
    globus = Globus(
        _auth.choose_credentials(parameters),
        environment=parameters["environment"],
        request_timeout=parameters["request_timeout"],
        retries=parameters["retries"],
    )
    globus.sign_in()
    return globus


# --- from plan to outcome ------------------------------------------------------------------------------------------


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


def carry_out(
    plans: Sequence[Plan], globus: Globus, *, concurrency: int, check_mode: bool
) -> tuple[list[Outcome], dict[str, Collection]]:
    """Look up the collections that timers to be created or resumed need, get the consents, and execute.

    In check mode the look-ups are done, nothing is granted or written, and the outcomes say what would be (rule W1).
    """
    collections, problems = _look_up({key for plan in plans for key in plan.collections}, globus, concurrency)
    plans = [_checked(plan, collections, problems) for plan in plans]
    if check_mode:
        return [_foreseen(plan) for plan in plans], collections
    needing = [plan for plan in plans if plan.collections]
    if needing:
        used = {key for plan in needing for key in plan.collections}
        try:
            warning = globus.grant(data_access_needed(collections[key] for key in used))
        except GlobusError as error:
            plans = [plan.failed(error.about(_before(plan))) if plan.collections else plan for plan in plans]
        else:
            if warning:
                plans = [_warned(plan, warning) if plan.collections else plan for plan in plans]
    return execute(plans, globus, concurrency), collections


def _before(plan: Plan) -> str:
    return f"{plan.wanted.label} was left as it is, because the consents it needs were not granted"


def _look_up(
    ids: set[str], globus: Globus, concurrency: int
) -> tuple[dict[str, Collection], dict[str, GlobusError | str]]:
    """The collections, each looked up once, and what is wrong with them: an error, or a warning (rules S1, S5)."""
    collections: dict[str, Collection] = {}
    problems: dict[str, GlobusError | str] = {}

    def look_up(collection_id: str) -> None:
        try:
            collection = globus.get_collection(collection_id)
            warning = check_collection(collection)
        except GlobusError as error:
            problems[collection_id] = error
            return
        collections[collection_id] = collection
        if warning:
            problems[collection_id] = warning

    in_parallel(look_up, sorted(ids), concurrency)
    return collections, problems


def _checked(plan: Plan, collections: Mapping[str, Collection], problems: Mapping[str, GlobusError | str]) -> Plan:
    for collection_id in plan.collections:
        problem = problems.get(collection_id)
        if isinstance(problem, GlobusError):
            return plan.failed(problem.about(f"{plan.wanted.label} was left as it is"))
        if problem:
            plan = _warned(plan, problem)
    return plan


def _warned(plan: Plan, warning: str) -> Plan:
    return replace(plan, warnings=(*plan.warnings, warning))


def _foreseen(plan: Plan) -> Outcome:
    """What a plan comes to in check mode."""
    gone = plan.wanted.state == "absent" or plan.creation is not None
    return Outcome(
        plan,
        None if gone else plan.timer,
        operations=list(plan.operations),
        warnings=list(plan.warnings),
        failure=plan.failure,
    )


# --- results -------------------------------------------------------------------------------------------------------


def entry_result(outcome: Outcome, web_app: str) -> dict[str, Any]:
    """The return values of ``timer``, and of each entry of ``timers``."""
    timer = outcome.timer
    return {
        "changed": bool(outcome.operations),
        "timer_id": timer.id if timer else None,
        "timer": timer_as_result(timer, web_app) if timer else None,
        "operations": [operation.as_result() for operation in outcome.operations],
        "drift": [difference.as_result() for difference in outcome.plan.drift],
    }


def fail(module: AnsibleModule, error: GlobusError) -> NoReturn:
    """End the task with the error as its result."""
    module.fail_json(changed=False, **error.as_result())
    raise SystemExit(1)  # not reached: fail_json has ended the module; this tells the type checker
