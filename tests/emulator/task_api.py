# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Globus Transfer: reading, changing and canceling tasks. Timers submit them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from emulator.clock import parse_moment
from emulator.errors import ServiceError
from emulator.state import Emulator
from emulator.task_filters import filtered, filtered_events, ordered, refusal
from emulator.tasks import Task, event_document, moved_document, skipped_document, task_document
from emulator.transfer import number_of, transfer_token

_PAGE = 10
_LONGEST_PAGE = 1000
_MARKED_PAGE = 100
_LONGEST_LABEL = 128


def router(emulator: Emulator) -> APIRouter:
    """The routes of tasks."""
    routes = APIRouter(prefix="/v0.10")

    def find(request: Request, task_id: str) -> Task:
        """The task of the caller with an ID. Raises ServiceError."""
        owner = transfer_token(emulator, request).identity
        task = emulator.tasks.get(task_id.lower())
        if task is None or task.owner != owner:
            raise ServiceError(404, "ClientError.NotFound", f"No task found with id '{task_id}'")
        return task

    @routes.get("/task_list")
    async def task_list(request: Request) -> JSONResponse:
        owner = transfer_token(emulator, request).identity
        query = request.query_params
        found = ordered(filtered(emulator.tasks, owner, query.get("filter", "")), query.get("orderby"))
        fields = [one for one in query.get("fields", "").split(",") if one]

        def document(task: Task) -> dict[str, Any]:
            whole = task_document(emulator, task)
            return {name: whole[name] for name in fields if name in whole} if fields else whole

        return _page(request, "task_list", found, document)

    @routes.get("/task/{task_id}")
    async def task(request: Request, task_id: str) -> JSONResponse:
        return JSONResponse(task_document(emulator, find(request, task_id)))

    @routes.put("/task/{task_id}")
    async def update(request: Request, task_id: str) -> JSONResponse:
        task = find(request, task_id)
        try:
            wanted = json.loads(await request.body())
            label, deadline = wanted.get("label"), wanted.get("deadline")
            moment = None if deadline is None else parse_moment(str(deadline))
        except (ValueError, AttributeError) as error:
            raise refusal("a task document with label and deadline is required") from error
        if task.over:
            raise ServiceError(409, "Conflict", "The task has completed")
        if label is not None and len(str(label)) > _LONGEST_LABEL:
            raise refusal(f"a label has at most {_LONGEST_LABEL} characters")
        task.label = task.label if label is None else str(label)
        if moment is not None:
            emulator.engine.worker.set_deadline(task, moment)
        return _result(request, "Updated", "Updated task successfully")

    @routes.post("/task/{task_id}/cancel")
    async def cancel(request: Request, task_id: str) -> JSONResponse:
        task = find(request, task_id)
        if task.over:
            return _result(request, "TaskComplete", "The task completed before the cancel request was processed.")
        emulator.engine.worker.cancel(task, emulator.clock.now())
        return _result(request, "Canceled", "The task has been cancelled successfully.")

    @routes.get("/task/{task_id}/event_list")
    async def event_list(request: Request, task_id: str) -> JSONResponse:
        events = filtered_events(find(request, task_id).events, request.query_params.get("filter", ""))
        return _page(request, "event_list", events, event_document)

    @routes.get("/task/{task_id}/successful_transfers")
    async def successful_transfers(request: Request, task_id: str) -> JSONResponse:
        documents = [moved_document(one) for one in find(request, task_id).outcome.moved]
        return _marked(request, "successful_transfers", documents)

    @routes.get("/task/{task_id}/skipped_errors")
    async def skipped_errors(request: Request, task_id: str) -> JSONResponse:
        task = find(request, task_id)
        documents = [skipped_document(one, task.completed_at) for one in task.outcome.left_out]
        return _marked(request, "skipped_errors", documents)

    @routes.get("/task/{task_id}/pause_info")
    async def pause_info(request: Request, task_id: str) -> JSONResponse:
        task = find(request, task_id)
        names = ("destination_pause_message", "destination_pause_message_share", "source_pause_message_share")
        return JSONResponse(
            {
                "DATA_TYPE": "pause_info_limited",
                **dict.fromkeys(names),
                "source_pause_message": task.pause_message if task.state == "paused" else None,
                "pause_rules": [],
            }
        )

    return routes


def _page(request: Request, kind: str, found: list[Any], document: Callable[[Any], dict[str, Any]]) -> JSONResponse:
    """A page of a list with limit, offset and total. Only the documents of the page are created."""
    query = request.query_params
    limit, offset = number_of(query.get("limit"), _PAGE, "limit"), number_of(query.get("offset"), 0, "offset")
    if not 1 <= limit <= _LONGEST_PAGE:
        raise refusal(f"limit must be 1 to {_LONGEST_PAGE}")
    page = [document(one) for one in found[offset : offset + limit]]
    return JSONResponse(
        {
            "DATA_TYPE": kind,
            "DATA": page,
            "length": len(page),
            "limit": limit,
            "offset": offset,
            "total": len(found),
        }
    )


def _marked(request: Request, kind: str, documents: list[dict[str, Any]]) -> JSONResponse:
    """A page of a list with markers."""
    marker = number_of(request.query_params.get("marker"), 0, "marker")
    end = marker + _MARKED_PAGE
    following = end if end < len(documents) else None
    page = documents[marker:end]
    return JSONResponse({"DATA_TYPE": kind, "DATA": page, "marker": marker, "next_marker": following})


def _result(request: Request, code: str, message: str) -> JSONResponse:
    return JSONResponse(
        {
            "DATA_TYPE": "result",
            "code": code,
            "message": message,
            "request_id": uuid.uuid4().hex[:9],
            "resource": request.url.path.removeprefix("/v0.10"),
        }
    )
