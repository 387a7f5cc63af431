# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Timers service makes of the document that creates a timer: each shape in which it may be read.

Follows the facts on JobRead and TimerRead. Which shape the service has for which timer is partly unknown, so the tests
go through all of them.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Mapping
from datetime import datetime
from types import ModuleType
from typing import Any

import pytest

SHAPES = ("as_sent", "filled", "created", "action_provider")
DEFAULTS: dict[str, Any] = {
    "verify_checksum": False,
    "encrypt_data": False,
    "preserve_timestamp": False,
    "skip_source_errors": False,
    "fail_on_quota_errors": False,
    "delete_destination_extra": False,
    "store_base_path_info": False,
    "notify_on_succeeded": True,
    "notify_on_failed": True,
    "notify_on_inactive": True,
}
_ABSENT = ("label", "sync_level", "deadline", "filter_rules", "source_local_user", "destination_local_user")
_ITEM_ABSENT = ("recursive", "external_checksum", "checksum_algorithm")


def recorded(method: str, case: str = "default") -> Any:
    """A recorded answer that the SDK ships.

    The recordings are plain data, but lie beside helpers that fake HTTP with the library ``responses``. Nothing of that
    is wanted here, so an empty module stands in for it.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "responses", ModuleType("responses"))
        document = importlib.import_module("globus_sdk.testing").get_response_set(method).lookup(case).json
    return json.loads(json.dumps(document))


def shown(
    document: Mapping[str, Any], shape: str, *, timer_id: str, now: datetime, status: str = "loaded", **members: Any
) -> dict[str, Any]:
    """The timer that ``document`` (``POST /v2/timer``, below ``timer``) created at ``now``, as the service shows it.

    :param shape: ``as_sent`` (JobRead, the body as submitted), ``filled`` (JobRead with defaults, nulls and members of
        its own), ``created`` (TimerRead, the answer to the creation), ``action_provider`` (JobRead of the old form).
    :param members: members of JobRead that are to differ.
    """
    sent = json.loads(json.dumps(document))
    schedule = _schedule(sent["schedule"], now, with_condition=shape == "filled")
    common = {
        "job_id": timer_id,
        "name": sent["name"],
        "status": status,
        "submitted_at": f"{now:%Y-%m-%dT%H:%M:%S}+00:00",
        "inactive_reason": None,
        "last_ran_at": None,
        "next_run": schedule.get("start") or schedule.get("datetime"),
    }
    if shape == "created":
        common["status"] = "new" if status == "loaded" else status
        new = {"timer_type": "transfer", "schedule": schedule, "number_of_runs": 0, "number_of_errors": 0}
        return {**common, **new, "body": _filled(sent["body"]), **members}
    end = schedule.get("end") or {}
    once = schedule["type"] == "once"
    read = {
        **common,
        "interval": None if once else float(schedule["interval_seconds"]),
        "start": schedule["datetime"] if once else schedule["start"],
        "stop_after": {"date": end.get("datetime"), "n_runs": 1 if once else end.get("count")},
        "n_runs": 0,
        "n_errors": 0,
        "scope": None,
        "activity": None,
        "results": {"data": [], "page_next": None},
        "callback_url": "https://actions.automate.globus.org/transfer/transfer/run",
    }
    if shape == "action_provider":
        return {**read, "timer_type": None, "callback_body": {"body": _action_provider(sent["body"])}, **members}
    body = sent["body"] if shape == "as_sent" else _filled_with_nulls(sent["body"])
    return {**read, "timer_type": "transfer", "schedule": schedule, "callback_body": {"body": body}, **members}


def _schedule(sent: Mapping[str, Any], now: datetime, *, with_condition: bool) -> dict[str, Any]:
    """The schedule as it was requested, its start filled in, its end with or without its condition."""
    start = "datetime" if sent["type"] == "once" else "start"
    schedule = {start: f"{now:%Y-%m-%dT%H:%M:%S}+00:00", **sent}
    if "end" in sent and not with_condition:
        schedule["end"] = {name: value for name, value in sent["end"].items() if name != "condition"}
    return schedule


def _filled(body: Mapping[str, Any]) -> dict[str, Any]:
    return {**DEFAULTS, **body}


def _filled_with_nulls(body: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults, nulls, and what only the service knows (rule D6)."""
    items = [{**dict.fromkeys(_ITEM_ABSENT), "id": 7, **item} for item in body["DATA"]]
    rules = [{"type": None, **rule} for rule in body.get("filter_rules", ())] or None
    return {
        **dict.fromkeys(_ABSENT),
        **_filled(body),
        "DATA": items,
        "filter_rules": rules,
        "submission_id": "0a000000-0000-4000-8000-000000000000",
        "recursive_symlinks": "ignore",
        "notes_of_the_service": {},
    }


def _action_provider(body: Mapping[str, Any]) -> dict[str, Any]:
    renamed = {"source_endpoint": "source_endpoint_id", "destination_endpoint": "destination_endpoint_id"}
    old = {renamed.get(name, name): value for name, value in body.items() if name not in ("DATA", "DATA_TYPE")}
    items = [{name: value for name, value in item.items() if name != "DATA_TYPE"} for item in body["DATA"]]
    return {**old, "transfer_items": items}
