# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The modules that read and change nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.research_ops.globus.plugins.module_utils import _arguments
from ansible_collections.research_ops.globus.plugins.module_utils._auth import writing_scope
from ansible_collections.research_ops.globus.plugins.module_utils._collection import Collection, Needs
from ansible_collections.research_ops.globus.plugins.module_utils._definition import parse_uuid
from ansible_collections.research_ops.globus.plugins.module_utils._document import Timer, timer_as_result
from ansible_collections.research_ops.globus.plugins.module_utils._errors import GlobusError, InputError
from ansible_collections.research_ops.globus.plugins.module_utils._execute import in_parallel
from ansible_collections.research_ops.globus.plugins.module_utils._health import UNHEALTHY, health_of, runs_of
from ansible_collections.research_ops.globus.plugins.module_utils._module import connect, fail, require_sdk
from ansible_collections.research_ops.globus.plugins.module_utils._service import Globus

CONCURRENCY = 4


def run_timer_info() -> None:
    """The module ``timer_info``."""
    module = AnsibleModule(
        argument_spec={**_arguments.auth_arguments(), **_arguments.timer_info_arguments()},
        mutually_exclusive=[("timer_id", "name", "name_prefix", "name_contains")],
        supports_check_mode=True,
    )
    require_sdk(module)
    parameters = module.params
    try:
        if parameters["timer_id"] is not None:
            parameters["timer_id"] = parse_uuid("timer_id", parameters["timer_id"])
        if parameters["runs"] < 0:
            raise InputError(f"runs must be 0 or more, not {parameters['runs']}")
    except InputError as error:
        fail(module, GlobusError(str(error), code="invalid_input"))
    try:
        globus = connect(module)
        timers = _read(parameters, globus)
    except GlobusError as error:
        fail(module, error.about("Could not read timers"))
    now = globus.now()
    entries = [_entry(timer, now, globus.web_app, parameters["runs"]) for timer in timers]
    if parameters["health"] == "unhealthy":
        entries = [entry for entry in entries if entry["health"]["state"] in UNHEALTHY]
    module.exit_json(changed=False, timers=entries)


def _read(parameters: Mapping[str, Any], globus: Globus) -> list[Timer]:
    """The timers that the options choose: one list, and one request more for each timer whose runs it did not bring."""
    runs = max(parameters["runs"], 1)  # one tells whether the last run failed
    if parameters["timer_id"] is not None:
        timer = globus.get_timer(parameters["timer_id"], results=runs)
        return [timer] if timer is not None and not timer.is_gone else []
    part = parameters["name"] or parameters["name_prefix"] or parameters["name_contains"]
    timers = sorted(
        (timer for timer in globus.list_timers(part, results=runs) if _is_chosen(timer, parameters)),
        key=lambda timer: (timer.name, timer.order),
    )
    if not parameters["runs"]:
        return timers
    short = [timer.id for timer in timers if len(timer.results) < min(runs, timer.runs)]
    whole = _by_id(in_parallel(lambda timer_id: globus.get_timer(timer_id, results=runs), short, CONCURRENCY))
    return [whole.get(timer.id, timer) for timer in timers]


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


def _entry(timer: Timer, now: datetime, web_app: str, runs: int) -> dict[str, Any]:
    entry = {**timer_as_result(timer, web_app), "health": health_of(timer, now).as_result()}
    if entry["definition"] is None:
        entry["not_manageable"] = "By its callback document it neither transfers nor runs a flow that could be read"
    if runs:
        entry["recent_runs"] = runs_of(timer)[:runs]
    return entry


# --- collections ---------------------------------------------------------------------------------------------------


def run_collection_info() -> None:
    """The module ``collection_info``."""
    module = AnsibleModule(
        argument_spec={**_arguments.auth_arguments(), **_arguments.collection_info_arguments()},
        required_one_of=[("collection_ids", "search")],
        mutually_exclusive=[("collection_ids", "search")],
        supports_check_mode=True,
    )
    require_sdk(module)
    try:
        ids = [parse_uuid("collection_ids", one) for one in module.params["collection_ids"] or ()]
        if not ids and not (module.params["search"] or "").strip():
            raise InputError("collection_ids or search is empty: say which collections to read")
    except InputError as error:
        fail(module, GlobusError(str(error), code="invalid_input"))
    try:
        globus = connect(module)
        if ids:
            entries = in_parallel(lambda one: _collection_by_id(one, globus), ids, CONCURRENCY)
        else:
            entries = [_collection_entry(one, globus) for one in globus.search_collections(module.params["search"])]
    except GlobusError as error:
        fail(module, error.about("Could not read collections"))
    module.exit_json(changed=False, collections=entries)


def _collection_by_id(collection_id: str, globus: Globus) -> dict[str, Any]:
    """The collection, or for one that is deleted or hidden the ID and the service's refusal."""
    try:
        return _collection_entry(globus.get_collection(collection_id), globus)
    except GlobusError as error:
        if error.http_status not in (403, 404):
            raise
        unread = dict.fromkeys(
            ("display_name", "requires_data_access", "high_assurance", "entity_type", "owner", "scope", "url")
        )
        return {**unread, "id": collection_id, "consent": "unknown", **error.as_result()}


def _collection_entry(collection: Collection, globus: Globus) -> dict[str, Any]:
    needed = collection.requires_data_access
    return {
        **collection.as_result(),
        "entity_type": collection.entity_type,
        "owner": collection.owner,
        "scope": str(writing_scope(Needs(data_access=(collection.id,)))) if needed else None,
        "consent": globus.consent_of(collection.id) if needed else "not_needed",
        "url": f"{globus.web_app}file-manager/collections/{collection.id}/overview",
    }
