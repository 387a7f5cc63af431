# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""What the modules have in common: options, plans carried out (or predicted, in check mode), results, failures.

All texts that a module returns or prints go through ``GlobusModule``, which removes secrets (rule X1).
"""

from __future__ import annotations

import functools
import gc
import inspect
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from ansible.module_utils.basic import AnsibleModule

from .. import _arguments
from .._apply.consents import prepare
from .._apply.execute import Outcome, execute
from .._errors import GlobusError, InputError
from .._globus import connection
from .._globus.collections import GlobusCollection
from .._globus.http import Http
from .._globus.service import Globus
from .._secrets import SHORTEST, fit_to_print, fit_to_return, register
from .._timers.definition import Definition, action_as_options, schedule_as_options
from .._timers.document import Timer, definition_of, timer_as_result
from .._timers.plan import (
    Plan,
)
from .._validation import for_ansible, validate, without_nulls

if TYPE_CHECKING:
    from .._apply.history import Replaced

WARNED_BY_NAME = 5  # how many timers one warning names
HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"  # Ansible's own text for a hidden value


class GlobusModule(AnsibleModule):  # type: ignore[misc]  # ansible-core is not typed
    """An AnsibleModule whose results, messages and warnings contain no secrets and no control characters.

    A null option counts as not given, at every level (rule N1). Messages about options have the full name of the option
    and of the timer (rule N6).

    :param name: the name of the module.
    :param check: raises InputError if options are wrong.
    :ivar started: the instance that was created last.
    """

    started: GlobusModule | None = None
    no_log_values: set[str]
    params: dict[str, Any]

    def __init__(self, name: str, check: Callable[[Mapping[str, Any]], object] | None = None) -> None:
        self._declared = _arguments.module_arguments(name)
        self._check = check
        self._given: dict[str, Any] = {}
        super().__init__(**self._declared, supports_check_mode=True)
        GlobusModule.started = self
        self._register_options()
        refusal = self._refusal_of_options()  # Ansible accepts a list as text, and true as a number
        if refusal is not None:
            fail(self, refusal)

    @classmethod
    def forget(cls) -> None:
        cls.started = None

    def exit_json(self, **result: Any) -> NoReturn:
        super().exit_json(**self._fit(result))
        raise SystemExit(0)  # not reached

    def _load_params(self) -> None:
        super()._load_params()
        options = self._declared["argument_spec"]
        self._given = without_nulls(options, self.params)
        self.params = for_ansible(options, self._given)

    def fail_json(self, msg: str, **result: Any) -> NoReturn:
        """Fail. AnsibleModule itself calls this, too, when it refuses an option."""
        validation = getattr(self, "validation_result", None)
        if validation is not None and validation.error_messages:
            refusal = self._refusal_of_options() or GlobusError(msg, code="invalid_input")
            result, msg = {**result, **refusal.as_result()}, refusal.message
            del result["msg"]
        if "exception" not in result and sys.exc_info()[1] is not None and _accepts_traceback():
            result["exception"] = traceback.format_exc()
        super().fail_json(**self._fit({"msg": msg, "changed": False, **result}))
        raise SystemExit(1)  # not reached

    def _refusal_of_options(self) -> GlobusError | None:
        """The failure if options are wrong, in the collection's own words, or None."""
        try:
            if self._check is not None:
                self._check({name: value for name, value in self._given.items() if not name.startswith("_ansible_")})
        except InputError as error:
            return GlobusError(str(error), code="invalid_input")
        return None

    def warn(self, warning: str, **options: Any) -> None:
        super().warn(fit_to_print(str(warning)), **options)

    def _register_options(self) -> None:
        """Register the values of secret options. Ansible masks all occurrences of ``no_log_values``, so only long
        values stay in it: a secret of one letter would mask that letter everywhere.
        """
        register(*self.no_log_values)
        self.no_log_values = {value for value in self.no_log_values if len(value.strip()) >= SHORTEST}

    def _fit(self, result: dict[str, Any]) -> dict[str, Any]:
        self._register_options()
        if "invocation" in result:
            result["invocation"] = {"module_args": self._shown(result["invocation"]["module_args"])}
        else:
            # Ansible returns the options at -vvv.
            self.params = fit_to_return({"invocation": self._shown(self.params or {})})["invocation"]
        return fit_to_return(result)

    def _shown(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """The options with secret ones hidden, and unknown ones, too: they may be misspelt secrets."""
        return {
            name: value
            if value is None or self.argument_spec.get(name, {"no_log": True}).get("no_log") is not True
            else HIDDEN
            for name, value in parameters.items()
        }


def _accepts_traceback() -> bool:
    """Whether ``fail_json`` accepts a traceback. Since ansible-core 2.19 it does, and makes its own if it gets none."""
    return "exception" in inspect.signature(AnsibleModule.fail_json).parameters


def reports_unexpected_errors(run: Callable[[], None]) -> Callable[[], None]:
    """A decorator: whatever happens in a module, it ends with a message, which contains no secret (rule X1)."""

    @functools.wraps(run)
    def wrapped() -> None:
        GlobusModule.forget()  # the instance of an earlier run in this process
        try:
            run()
        except Exception as error:
            module = GlobusModule.started
            if module is None:
                raise
            if isinstance(error, GlobusError):
                fail(module, error)
            module.fail_json(
                msg=f"Unexpected error in the collection or in a library: {type(error).__name__}: {error}. Changes "
                "may have been made before the error. Run the task again, and please report the error with the "
                "output of -vvv",
                error={"code": "unexpected_error", "http_status": None, "request_id": None},
                exception=traceback.format_exc(),
            )

    return wrapped


def disable_garbage_collection() -> None:
    """Switch off Python's cyclic garbage collector. Definitions and documents have no reference cycles, and with
    hundreds of them the collector would cost 10 to 20 % of the task's time. The process ends with the task.
    """
    gc.disable()


def check_timer(given: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """Check the options of a timer like Ansible does. Raises InputError.

    :param options: the declarations of all options that are allowed, those of a timer included.
    """
    try:
        validate(options, given, constraints=_arguments.WHICH_TIMER)
    except InputError as error:
        if isinstance(given.get("schedule"), str) and str(error).startswith("schedule must be"):
            raise InputError(
                f'{error}. An example: schedule: {{interval: 1d, at: "02:00"}}. Only the jobs of the role '
                "research_ops.globus.backup accept the name of a schedule, such as nightly"
            ) from None
        raise


def login_options() -> dict[str, Any]:
    """Declarations that accept any value for the options of signing in. Ansible checks these: our messages would quote
    the values, which are secret (rule X1).
    """
    return {name: {"type": "raw"} for name in _arguments.auth_arguments()}


def require_sdk(module: AnsibleModule) -> None:
    """Fail if the Globus SDK is missing, with Ansible's usual message, or if it is too old."""
    try:
        connection.check_sdk()
    except GlobusError as error:
        fail(module, error)


def connect(module: AnsibleModule) -> Globus:
    """The services, with the login that the options name. Raises GlobusError."""
    return connection.connect(module.params)


def open_http(module: AnsibleModule) -> Http:
    """The connection to the services, without a login. Raises GlobusError."""
    return connection.open_http(module.params)


# --- from plan to outcome ------------------------------------------------------------------------------------------


def carry_out(
    module: AnsibleModule, globus: Globus, plans: Sequence[Plan], concurrency: int
) -> tuple[list[Outcome], dict[str, GlobusCollection]]:
    """Prepare the plans and execute them. In check mode, predict their outcomes (rule W1)."""
    prepared = prepare(plans, globus, concurrency=concurrency, check_mode=module.check_mode)
    for warning in prepared.warnings:
        module.warn(warning)
    history = _history_of_replaced(prepared.plans, globus, concurrency)
    if module.check_mode:
        outcomes = [_predicted(plan) for plan in prepared.plans]
    else:
        outcomes = execute(prepared.plans, globus, concurrency)
    for outcome in outcomes:
        _add_replaced(outcome, history)
    return outcomes, prepared.collections


def _history_of_replaced(plans: Sequence[Plan], globus: Globus, concurrency: int) -> Mapping[str, Replaced]:
    """The runs of the timers that the plans replace, by ID. Without such timers, no time is spent on the import."""
    if not any(plan.deletes for plan in plans):
        return {}
    from .._apply.history import read_replaced

    return read_replaced(plans, globus, concurrency)


def _add_replaced(outcome: Outcome, history: Mapping[str, Replaced]) -> None:
    """Add the runs of the replaced timers to the outcome, with warnings (rule W4e)."""
    if not history:
        return
    from .._apply.history import replaced_by

    deleted = [one.timer_id for one in outcome.operations if one.operation == "delete"]
    outcome.replaced = replaced_by(outcome.plan, deleted, history)
    outcome.warnings += [warning for one in outcome.replaced for warning in one.warnings(outcome.plan)]


def _predicted(plan: Plan) -> Outcome:
    """The outcome that check mode predicts for a plan."""
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
    """The return values of the module ``timer``, and of each entry of ``timers``."""
    timer = outcome.timer
    return {
        "changed": bool(outcome.operations),
        "timer_id": timer.id if timer else None,
        "timer": timer_as_result(timer, web_app) if timer else None,
        "operations": [operation.as_result() for operation in outcome.operations],
        "drift": [difference.as_result() for difference in outcome.plan.drift],
        "replaced": [replaced.as_result() for replaced in outcome.replaced],
    }


# --- diffs, made only with --diff -----------------------------------------------------------------------------------


def diff_before(plan: Plan) -> dict[str, Any]:
    """What a diff shows before the task: the timers that the plan is about."""
    return _timers_in_diff(plan.found)


def diff_after(outcome: Outcome) -> dict[str, Any]:
    """What a diff shows after the task: what was planned or, if that failed, what exists."""
    if outcome.failure is None:
        return _plan_in_diff(outcome.plan)
    if not outcome.operations:
        return diff_before(outcome.plan)
    return _timers_in_diff([outcome.timer] if outcome.timer else [])


def _plan_in_diff(plan: Plan) -> dict[str, Any]:
    if not plan.operations:
        return diff_before(plan)
    if plan.creation is not None:
        return _definition_in_diff(plan.creation, "paused" if plan.pauses else "active")
    if plan.timer is None or plan.timer.id in plan.deletes:
        return {}
    shown = _timers_in_diff([plan.timer])
    changes = {
        "pause": {"state": "paused"},
        "resume": {"state": "active"},
        "rename": {"name": plan.wanted.name},
    }
    for operation in plan.operations:
        shown.update(changes.get(operation.operation, {}))
    return shown


def _timers_in_diff(timers: Sequence[Timer]) -> dict[str, Any]:
    """A timer in a diff. If several have the name, the first of them and their number."""
    if not timers:
        return {}
    timer = timers[0]
    shown: dict[str, Any] = {**(definition_of(timer) or {"name": timer.name, "type": timer.type})}
    if timer.is_ended:
        shown["state"] = "ended"
    elif timer.is_inactive:
        shown["state"] = "paused" if timer.is_paused_by_user else "inactive"
    else:
        shown["state"] = "active"
    if len(timers) > 1:
        shown["timers_of_this_name"] = len(timers)
    return shown


def _definition_in_diff(definition: Definition, state: str) -> dict[str, Any]:
    return {
        "name": definition.name,
        **action_as_options(definition.action),
        "schedule": schedule_as_options(definition.schedule),
        "state": state,
    }


def warn(module: AnsibleModule, outcomes: Sequence[Outcome]) -> None:
    """Print each warning once, with the timers that it is about."""
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
