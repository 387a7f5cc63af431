# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""AnsibleModule in, exit_json or fail_json out. Check mode stops before ``_execute``."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from importlib.util import find_spec
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.research_ops.globus.plugins.module_utils import _arguments, _auth
from ansible_collections.research_ops.globus.plugins.module_utils._collection import Collection
from ansible_collections.research_ops.globus.plugins.module_utils._definition import parse_definition, parse_uuid
from ansible_collections.research_ops.globus.plugins.module_utils._document import Timer, timer_as_result
from ansible_collections.research_ops.globus.plugins.module_utils._errors import GlobusError, InputError
from ansible_collections.research_ops.globus.plugins.module_utils._execute import Outcome, execute
from ansible_collections.research_ops.globus.plugins.module_utils._plan import (
    Plan,
    Wanted,
    check_rates,
    plan_purge,
    plan_timer,
    plan_timers,
)
from ansible_collections.research_ops.globus.plugins.module_utils._prepare import prepare
from ansible_collections.research_ops.globus.plugins.module_utils._service import Globus

TIMEOUT_MAXIMUM = 86400.0  # seconds; not every number that Ansible takes is one that a socket takes
WARNED_BY_NAME = 5  # how many timers one warning names
SHOWS_INVOCATION = 3  # the verbosity at which Ansible shows the arguments of a task


def run_timer() -> None:
    """The module ``timer``: one element, taken the same way as a list."""
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
    except GlobusError as error:
        fail(module, error.about(f"Could not look up {wanted.label}"))
    outcomes, collections = _carry_out(module, globus, [plan], concurrency=2)
    result = entry_result(outcomes[0], globus.web_app)
    if collections:
        result["collections"] = [collections[key].as_result() for key in plan.collections if key in collections]
    if module._diff:
        result["diff"] = {"before": dict(plan.before), "after": dict(outcomes[0].after)}
    _warn(module, outcomes)
    failure = outcomes[0].failure
    if failure:
        module.fail_json(**{**result, **failure.as_result()})
    module.exit_json(**result)


def run_timers() -> None:
    """The module ``timers``."""
    # What hundreds of definitions are made of holds no cycles: looking for some would take a tenth of the time.
    gc.disable()
    module = _ListModule(
        argument_spec={**_arguments.auth_arguments(), **_arguments.timers_arguments()},
        required_if=[("purge", True, ["purge_prefix"])],
        supports_check_mode=True,
    )
    require_sdk(module)
    parameters = module.params
    try:
        wanted = parse_wanted_list(parameters)
    except InputError as error:
        fail(module, GlobusError(str(error), code="invalid_input"))
    concurrency = parameters["concurrency"]
    try:
        globus = connect(module)
        timers, now = globus.list_timers(), globus.now()
        plans = plan_timers(wanted, timers, now)
        purge = _plan_purge(parameters, wanted, timers, now)
        check_rates(plans, timers, concurrency)
    except GlobusError as error:
        fail(module, error)
    outcomes, _collections = _carry_out(module, globus, plans, concurrency)
    purged: list[Outcome] = []
    if not any(outcome.failure for outcome in outcomes):
        purged, _collections = _carry_out(module, globus, purge, concurrency)
    elif purge:
        module.warn(f"{len(purge)} timers were not purged, because other entries failed")
    _warn(module, (*outcomes, *purged))
    result = _list_result(outcomes, purged, globus.web_app)
    if module._verbosity < SHOWS_INVOCATION:
        # Ansible would check and copy hundreds of definitions once more, which nobody is shown.
        shown = f"{len(plans)} definitions, shown at -vvv"
        result["invocation"] = {"module_args": {**parameters, "timers": shown}}
    if module._diff:
        result["diff"] = _list_diff((*outcomes, *purged))
    failures = [outcome.failure for outcome in (*outcomes, *purged) if outcome.failure]
    if failures:
        message = f"{len(failures)} of {len(outcomes) + len(purged)} timers failed: {'; '.join(map(str, failures))}"
        module.fail_json(**{**result, **failures[0].as_result(), "msg": message})
    module.exit_json(**result)


# --- parameters ----------------------------------------------------------------------------------------------------


class _ListModule(AnsibleModule):  # type: ignore[misc]  # ansible-core is not typed
    """Says which entry of ``timers`` an invalid argument is in; Ansible's own nested errors do not (rule L3)."""

    def fail_json(self, msg: str, **result: Any) -> NoReturn:
        if self.validation_result.errors:
            msg = _invalid_entry(self.params.get("timers")) or msg
        super().fail_json(msg=msg, **result)
        raise SystemExit(1)  # not reached


def _invalid_entry(entries: Any) -> str | None:
    """The first entry that its options refuse, and why."""
    options = _arguments.timers_arguments()["timers"]
    validator = ArgumentSpecValidator(options["options"], required_one_of=options["required_one_of"])
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, Mapping):
            errors = validator.validate(_given(entry)).error_messages
            if errors:
                return f"{_position(number, entry)}: {errors[0]}"
    return None


def _given(value: Any) -> Any:
    """Without the options that were not given: AnsibleModule has set them to None by now."""
    if isinstance(value, Mapping):
        return {key: _given(item) for key, item in value.items() if item is not None}
    return [_given(item) for item in value] if isinstance(value, list) else value


def require_sdk(module: AnsibleModule) -> None:
    """Fail with Ansible's usual message where the Globus SDK is missing."""
    if find_spec("globus_sdk") is None:
        module.fail_json(msg=missing_required_lib("globus-sdk", url="https://pypi.org/project/globus-sdk/"))


def parse_wanted(parameters: Mapping[str, Any], on_drift: str = "warn") -> Wanted:
    """What a task, or an entry of its list, asks for. Raises InputError (rules L1, L3, I5).

    :param on_drift: what holds where the parameters do not say it.
    """
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
        on_drift=parameters.get("on_drift") or on_drift,
        definition=parse_definition(parameters, datetime.now(timezone.utc)),
    )
    if timer_id is None and wanted.definition is None and wanted.state == "present":
        raise InputError(
            "transfer (or flow) and schedule are required for state: present, to create the timer if it is absent"
        )
    if timer_id is not None and wanted.on_drift == "replace":
        raise InputError(
            "on_drift: replace does not go with timer_id: the new timer would have another ID. Choose the timer by "
            "name alone to have it replaced"
        )
    return wanted


def parse_wanted_list(parameters: Mapping[str, Any]) -> list[Wanted]:
    """What the task ``timers`` asks for. Raises InputError, naming position and timer (rules L3, W7)."""
    wanted: list[Wanted] = []
    positions: dict[tuple[str, str], int] = {}
    for number, entry in enumerate(parameters["timers"]):
        where = _position(number, entry)
        try:
            parsed = parse_wanted(entry, parameters["on_drift"])
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
        for key in (("name", parsed.name), ("timer_id", parsed.timer_id or "")):
            if key[1] and key in positions:
                raise InputError(f"{where} has the same {key[0]} as timers[{positions[key]}]: {key[1]}")
            positions[key] = number
        wanted.append(parsed)
    if not 1 <= parameters["concurrency"] <= _arguments.CONCURRENCY_MAXIMUM:
        raise InputError(
            f"concurrency must be from 1 to {_arguments.CONCURRENCY_MAXIMUM}, not {parameters['concurrency']}"
        )
    if parameters["purge"]:
        if not parameters["purge_prefix"]:
            raise InputError("purge_prefix is empty: it is the scope of purge, names that start with it")
        if parameters["purge_limit"] < 0:
            raise InputError(f"purge_limit must be 0 or more, not {parameters['purge_limit']}")
        if not any(entry.state != "absent" for entry in wanted):
            raise InputError(
                "purge with no timer to keep is refused: a list that came out empty would delete every timer of the "
                "scope. To remove timers, list them with state: absent"
            )
    return wanted


def _position(number: int, entry: Mapping[str, Any]) -> str:
    return f"timers[{number}] ({entry.get('name') or entry.get('timer_id') or 'no name'})"


def connect(module: AnsibleModule, credentials: _auth.Credentials | None = None) -> Globus:
    """The services, with the login that the options name, or that of the credentials. Raises GlobusError."""
    parameters = module.params
    if not 0 < parameters["request_timeout"] <= TIMEOUT_MAXIMUM:
        raise GlobusError("request_timeout must be more than 0 seconds, and at most a day", code="invalid_input")
    if parameters["retries"] < 0:
        raise GlobusError("retries must be 0 or more", code="invalid_input")
    return Globus(
        credentials or _auth.choose_credentials(parameters),
        environment=parameters["environment"],
        request_timeout=parameters["request_timeout"],
        retries=parameters["retries"],
    )


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


def _plan_purge(
    parameters: Mapping[str, Any], wanted: Sequence[Wanted], timers: Sequence[Timer], now: datetime
) -> list[Plan]:
    if not parameters["purge"]:
        return []
    return plan_purge(wanted, timers, now, prefix=parameters["purge_prefix"], limit=parameters["purge_limit"])


def _carry_out(
    module: AnsibleModule, globus: Globus, plans: Sequence[Plan], concurrency: int
) -> tuple[list[Outcome], dict[str, Collection]]:
    """Prepare the plans and execute them, or in check mode say what they come to (rule W1)."""
    prepared = prepare(plans, globus, concurrency=concurrency, check_mode=module.check_mode)
    for warning in prepared.warnings:
        module.warn(warning)
    if module.check_mode:
        return [_foreseen(plan) for plan in prepared.plans], prepared.collections
    return execute(prepared.plans, globus, concurrency), prepared.collections


def _foreseen(plan: Plan) -> Outcome:
    """What a plan comes to in check mode."""
    gone = plan.creation is not None or (plan.wanted.state == "absent" and plan.failure is None)
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


def _list_result(outcomes: Sequence[Outcome], purged: Sequence[Outcome], web_app: str) -> dict[str, Any]:
    """The return values of ``timers``."""
    entries = []
    for outcome in outcomes:
        entry = entry_result(outcome, web_app)
        entry["name"] = outcome.plan.wanted.name or (outcome.timer.name if outcome.timer else "")
        entry["failed"] = outcome.failure is not None
        entry.update(outcome.failure.as_result() if outcome.failure else {"msg": ""})
        entries.append(entry)
    operations = [operation for outcome in (*outcomes, *purged) for operation in outcome.operations]
    counts = {
        f"{word}d": sum(1 for operation in operations if operation.operation == word)
        for word in ("create", "delete", "pause", "resume", "rename")
    }
    return {
        "changed": bool(operations),
        "timers": entries,
        "purged": [operation.as_result() for outcome in purged for operation in outcome.operations],
        "operations": [operation.as_result() for operation in operations],
        "counts": {
            "timers": len(entries),
            "unchanged": sum(1 for entry in entries if not entry["changed"] and not entry["failed"]),
            "changed": sum(1 for entry in entries if entry["changed"]),
            "failed": sum(1 for entry in entries if entry["failed"]),
            **counts,
            "purged": sum(1 for outcome in purged if outcome.operations),
        },
    }


def _list_diff(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Before and after of the timers that change, by name; the others would only bury them."""
    changing = {_diff_key(outcome.plan.wanted): outcome for outcome in outcomes if outcome.plan.before != outcome.after}
    return {
        "before": {key: dict(outcome.plan.before) for key, outcome in changing.items() if outcome.plan.before},
        "after": {key: dict(outcome.after) for key, outcome in changing.items() if outcome.after},
    }


def _diff_key(wanted: Wanted) -> str:
    """The timer's name, with its ID where it is chosen by that: names need not tell what purge deletes."""
    return f"{wanted.label} ({wanted.timer_id})" if wanted.name and wanted.timer_id else wanted.label


def _warn(module: AnsibleModule, outcomes: Sequence[Outcome]) -> None:
    """The warnings, those of the same text once, with the timers they are about."""
    about: dict[str, list[str]] = {}
    for outcome in outcomes:
        for warning in outcome.warnings:
            about.setdefault(warning, []).append(outcome.plan.wanted.label)
    for warning, labels in about.items():
        more = f" and {len(labels) - WARNED_BY_NAME} more" if len(labels) > WARNED_BY_NAME else ""
        module.warn(f"{', '.join(labels[:WARNED_BY_NAME])}{more}: {warning}")


def fail(module: AnsibleModule, error: GlobusError) -> NoReturn:
    """End the task with the error as its result."""
    module.fail_json(changed=False, **error.as_result())
    raise SystemExit(1)  # not reached: fail_json has ended the module; this tells the type checker
