# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The module ``timers``: many timers in one task."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import datetime
from typing import Any

from .. import _arguments
from .._apply.execute import Outcome
from .._errors import GlobusError, InputError
from .._timers.definition import Transfer
from .._timers.document import Timer
from .._timers.options import entry_position, parse_wanted_list
from .._timers.plan import Plan, Wanted
from .._timers.plan_list import check_rates, plan_purge, plan_timers
from .._validation import quoted, validate
from .common import (
    GlobusModule,
    carry_out,
    check_timer,
    connect,
    diff_after,
    diff_before,
    disable_garbage_collection,
    entry_result,
    fail,
    login_options,
    reports_unexpected_errors,
    require_sdk,
    warn,
)

_TRANSFER_DEFAULTS = {f"transfer.{one.name}": one.default for one in fields(Transfer) if one.default is not MISSING}
SHOWS_INVOCATION = 3  # the verbosity at which Ansible shows the arguments of a task


@reports_unexpected_errors
def run_timers() -> None:
    """The module ``timers``."""
    disable_garbage_collection()
    module = GlobusModule("timers", check=_check_timers_options)
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
        _refuse_wrong_input(plans, parameters["timers"])
        purge = _plan_purge(parameters, wanted, timers, now)
        check_rates(plans, timers, concurrency)
    except GlobusError as error:
        fail(module, error)
    outcomes, _collections = carry_out(module, globus, plans, concurrency)
    purged: list[Outcome] = []
    if not any(outcome.failure for outcome in outcomes):
        purged, _collections = carry_out(module, globus, purge, concurrency)
    elif purge:
        module.warn(
            "Nothing was purged, because entries of the list failed. Timers that purge would have deleted: "
            f"{len(purge)}"
        )
    warn(module, (*outcomes, *purged))
    result = _list_result(outcomes, purged, globus.web_app)
    if module._verbosity < SHOWS_INVOCATION:
        # Otherwise Ansible would check and copy hundreds of definitions again, only to hide them.
        shown = f"{len(plans)} definitions, shown at -vvv"
        result["invocation"] = {"module_args": {**parameters, "timers": shown}}
    if module._diff:
        result["diff"] = _list_diff((*outcomes, *purged))
    failures = [outcome.failure for outcome in (*outcomes, *purged) if outcome.failure]
    if failures:
        message = f"{len(failures)} of {len(outcomes) + len(purged)} timers failed: {'; '.join(map(str, failures))}"
        module.fail_json(**{**result, **failures[0].as_result(), "msg": message})
    module.exit_json(**result)


def _check_timers_options(given: Mapping[str, Any]) -> None:
    """Check the options as Ansible does, but with the position of a wrong entry of ``timers`` (rule L3)."""
    options = _arguments.timers_arguments()
    of_entry = options["timers"]["options"]
    entries = given.get("timers")
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        if not isinstance(entry, Mapping):
            raise InputError(f"timers[{number}] must be a dictionary of options, not {quoted(entry)}")
        try:
            check_timer(entry, of_entry)
        except InputError as error:
            raise InputError(f"{entry_position(number, entry)}: {error}") from None
    validate({**login_options(), **options}, given)


def _refuse_wrong_input(plans: Sequence[Plan], entries: Sequence[Mapping[str, Any]]) -> None:
    """Fail the task before anything is changed, if an entry can never be created (rules L3, N3, N4).

    This is checked after planning, because existing timers may break these rules.
    """
    for number, plan in enumerate(plans):
        if plan.failure is not None and plan.failure.code == "invalid_input":
            raise plan.failure.at(entry_position(number, entries[number]), plan.wanted.label)


def _plan_purge(
    parameters: Mapping[str, Any], wanted: Sequence[Wanted], timers: Sequence[Timer], now: datetime
) -> list[Plan]:
    if not parameters["purge"]:
        return []
    return plan_purge(wanted, timers, now, prefix=parameters["purge_prefix"], limit=parameters["purge_limit"])


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
    """The timers that change, by name: a line for each new or deleted timer, and the changed fields of the others.

    Ansible prints a line for each field: nobody could read the whole definitions of many timers.
    """
    diff: dict[str, dict[str, Any]] = {"before": {}, "after": {}}
    for outcome in outcomes:
        before, after = diff_before(outcome.plan), diff_after(outcome)
        key = _diff_key(outcome.plan.wanted)
        if before and after:
            old, new = _fields(before), _fields(after)
            changed = [name for name in {**old, **new} if old.get(name) != new.get(name)]
            if changed:
                diff["before"][key] = {name: old[name] for name in changed if name in old}
                diff["after"][key] = {name: new[name] for name in changed if name in new}
        elif before or after:
            diff["before" if before else "after"][key] = _in_one_line(before or after)
    return diff


def _fields(definition: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """The fields by their full names, such as ``transfer.sync_level``. A list is one field."""
    found: dict[str, Any] = {}
    for name, value in definition.items():
        found.update(_fields(value, f"{above}{name}.") if isinstance(value, Mapping) else {f"{above}{name}": value})
    return found


def _in_one_line(definition: Mapping[str, Any]) -> str:
    """A timer in a diff, in one line, without options that have their default values."""
    parts = []
    transfer = definition.get("transfer")
    if isinstance(transfer, Mapping):
        source, destination = transfer["source_collection"], transfer["destination_collection"]
        for path in transfer["paths"]:
            parts.append(f"{source}:{path['source_path']} -> {destination}:{path['destination_path']}")
    in_parts = ("name", *(f"transfer.{name}" for name in ("source_collection", "destination_collection", "paths")))
    options = {
        name: value
        for name, value in _fields(definition).items()
        if name not in in_parts and _TRANSFER_DEFAULTS.get(name) != value
    }
    options["state"] = options.pop("state", "")  # always at the end
    short_names = [(name.rpartition(".")[2], value) for name, value in options.items()]
    parts += [f"{name}: {value if isinstance(value, str) else json.dumps(value)}" for name, value in short_names]
    return "; ".join(parts)


def _diff_key(wanted: Wanted) -> str:
    """The timer's name, with its ID if it was selected by that: several timers that purge deletes may have one name."""
    return f"{wanted.label} ({wanted.timer_id})" if wanted.name and wanted.timer_id else wanted.label
