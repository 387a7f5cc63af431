# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Globus Flows: the flows, and their runs that timers started. A run only succeeds or fails."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from emulator.auth import bearer
from emulator.errors import ServiceError
from emulator.scopes import FLOWS_CLIENT, FLOWS_SERVER, flow_user
from emulator.state import Emulator
from emulator.world import Flow

if TYPE_CHECKING:
    from emulator.ticks import Run
    from emulator.timers import Timer

_PAGE = 20
_CREATED = "2024-01-01T00:00:00+00:00"


def find_flow(emulator: Emulator, flow_id: str, permission: str = "VIEW") -> Flow:
    """The flow with an ID, if it is visible. Raises ServiceError as Flows does."""
    flow = emulator.flows.get(flow_id.lower())
    hidden = flow is not None and not flow.visible and not flow.deleted
    if hidden and emulator.switches.hidden_flow == "forbidden":
        message = "You do not have the necessary permissions to perform this action on the flow with id value"
        raise ServiceError(403, "FORBIDDEN", f"{message} {flow_id}. Missing permissions: {permission}.")
    if flow is None or flow.deleted or hidden:
        raise ServiceError(404, "NOT_FOUND", f"No flow exists with id value {flow_id}.")
    return flow


def flow_document(flow: Flow) -> dict[str, Any]:
    """A flow as Flows shows it to a user who may start it."""
    owner = f"urn:globus:auth:identity:{uuid.uuid5(uuid.NAMESPACE_URL, flow.owner)}"
    address = f"https://flows.automate.globus.org/flows/{flow.id}"
    return {
        "id": flow.id,
        "definition": {"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": True}}},
        "input_schema": {"type": "object"},
        "globus_auth_scope": flow_user(flow.id),
        "synchronous": False,
        "log_supported": True,
        "types": ["Action"],
        "api_version": "1.0",
        "title": flow.title,
        "subtitle": "",
        "description": "",
        "keywords": [],
        "principal_urn": f"urn:globus:auth:identity:{flow.id}",
        "globus_auth_username": f"{flow.id}@clients.auth.globus.org",
        "created_at": _CREATED,
        "updated_at": _CREATED,
        "user_role": "flow_starter",
        "created_by": owner,
        "visible_to": [],
        "runnable_by": [],
        "administered_by": [],
        "action_url": address,
        "flow_url": address,
        "flow_owner": owner,
        "flow_viewers": ["public"],
        "flow_starters": ["all_authenticated_users"],
        "flow_administrators": [],
        "run_managers": [],
        "run_monitors": [],
    }


def run_document(emulator: Emulator, timer: Timer, run: Run) -> dict[str, Any]:
    """A run of a flow that a timer started. Its output is its input."""
    flow = emulator.flows[timer.flow_id or ""]
    failure = run.outcome.failure if run.outcome else None
    status = "ACTIVE" if run.end_at is None else ("FAILED" if failure else "SUCCEEDED")
    sent = timer.callback_body
    details_by_status: dict[str, dict[str, Any]] = {
        "ACTIVE": {"code": "FlowStarting", "description": "The Flow is starting execution"},
        "FAILED": {"code": "FlowFailed", "description": failure.message if failure else ""},
        "SUCCEEDED": {
            "code": "FlowSucceeded",
            "description": "The Flow run reached a successful completion state",
            "output": {"input": sent.get("body") or {}},
        },
    }
    owner = f"urn:globus:auth:identity:{timer.owner}"
    managers, monitors = list(sent.get("run_managers") or ()), list(sent.get("run_monitors") or ())
    return {
        "run_id": run.id,
        "action_id": run.id,
        "completion_time": None if run.end_at is None else run.end_at.isoformat(),
        "created_by": owner,
        "details": details_by_status[status],
        "display_status": status,
        "flow_id": flow.id,
        "flow_last_updated": _CREATED,
        "flow_title": flow.title,
        "label": timer.name,
        "manage_by": managers,
        "monitor_by": monitors,
        "run_managers": managers,
        "run_monitors": monitors,
        "run_owner": owner,
        "start_time": run.ran_at.isoformat(),
        "status": status,
        "tags": list(sent.get("tags") or ()),
        "user_role": "run_owner",
    }


def router(emulator: Emulator) -> APIRouter:
    """The routes of Globus Flows."""
    routes = APIRouter()

    def check(request: Request, *words: str) -> str:
        """The identity of the token, which must have one of these scopes of Flows."""
        scopes = [f"https://auth.globus.org/scopes/{FLOWS_CLIENT}/{word}" for word in ("all", *words)]
        return bearer(emulator, request, FLOWS_SERVER, scopes).identity

    @routes.get("/flows")
    async def flows(request: Request) -> JSONResponse:
        check(request, "view_flows", "manage_flows")
        text = request.query_params.get("filter_fulltext", "").lower()
        found = [one for one in emulator.flows.values() if one.visible and not one.deleted]
        found = [one for one in found if text in f"{one.id} {one.title} {one.owner}".lower()]
        return JSONResponse(_page(request, "flows", [flow_document(one) for one in found]))

    @routes.get("/flows/{flow_id}")
    async def flow(request: Request, flow_id: str) -> JSONResponse:
        check(request, "view_flows", "manage_flows")
        return JSONResponse(flow_document(find_flow(emulator, flow_id)))

    @routes.get("/runs")
    async def runs(request: Request) -> JSONResponse:
        identity = check(request, "run_status", "run_manage")
        wanted = [one for one in request.query_params.get("filter_flow_id", "").lower().split(",") if one]
        mine = [one.document for one in reversed(emulator.flow_runs.values()) if one.owner == identity]
        mine = [one for one in mine if not wanted or one["flow_id"] in wanted]
        return JSONResponse(_page(request, "runs", mine))

    @routes.get("/runs/{run_id}")
    async def run(request: Request, run_id: str) -> JSONResponse:
        identity = check(request, "run_status", "run_manage")
        run = emulator.flow_runs.get(run_id.lower())
        if run is None or run.owner != identity:
            raise ServiceError(404, "NOT_FOUND", f"No run exists with id value {run_id}.")
        return JSONResponse(run.document)

    return routes


def _page(request: Request, key: str, documents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A page of documents. The marker is the position of the next page."""
    marker = request.query_params.get("marker", "0")
    if not marker.isdecimal():
        raise ServiceError(400, "BAD_REQUEST", "The marker is not valid")
    end = int(marker) + _PAGE
    more = end < len(documents)
    return {
        key: documents[int(marker) : end],
        "limit": _PAGE,
        "has_next_page": more,
        "marker": str(end) if more else None,
    }
