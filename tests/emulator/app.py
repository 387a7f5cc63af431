# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The application: the services and the control interface, behind ``Wire``."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from emulator import auth, control_api, flows, people, task_api, timers, transfer
from emulator.errors import InvalidInputError, ServiceError, error_body, validation_body
from emulator.state import Emulator
from emulator.wire import CONTROL, Application, Wire, service_of

_TICK_SECONDS = 0.25


def build(emulator: Emulator) -> Application:
    """The ASGI application for a state."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(_keep_ticking(emulator))
        yield
        task.cancel()

    app = FastAPI(title="Local Globus", lifespan=lifespan, openapi_url=None, redirect_slashes=False)
    for part in (control_api, timers, transfer, task_api, flows, auth):
        app.include_router(part.router(emulator))
    app.include_router(people.router(emulator, lambda name: auth.resource_server_of(emulator, name) is not None))

    @app.exception_handler(ServiceError)
    async def refused(request: Request, error: ServiceError) -> JSONResponse:
        path = request.url.path
        body = error_body(service_of(path), error, path, emulator.switches.error_bodies)
        return JSONResponse(body, error.status, headers=error.headers)

    @app.exception_handler(InvalidInputError)
    async def invalid(request: Request, error: InvalidInputError) -> JSONResponse:
        return JSONResponse(validation_body(error.errors, emulator.switches.validation_style), 422)

    @app.exception_handler(RequestValidationError)
    async def control_invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse(validation_body(list(error.errors()), "pydantic_v2"), 422)

    @app.exception_handler(HTTPException)
    async def other(request: Request, error: HTTPException) -> JSONResponse:
        path = request.url.path
        if path.startswith(CONTROL):
            return JSONResponse({"detail": error.detail}, error.status_code)
        code = "ClientError.NotFound" if path.startswith("/v0.10/") and error.status_code == 404 else "ERROR"
        refusal = ServiceError(error.status_code, code, str(error.detail))
        return JSONResponse(
            error_body(service_of(path), refusal, path, emulator.switches.error_bodies), error.status_code
        )

    return Wire(app, emulator)


async def _keep_ticking(emulator: Emulator) -> None:
    """Run timers when they are due, not only when a request arrives."""
    while True:
        await asyncio.sleep(_TICK_SECONDS)
        emulator.run_due_ticks()
