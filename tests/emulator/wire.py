# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layer between the socket and the services: the log, the delay, the faults and the ``Date`` header."""

from __future__ import annotations

import asyncio
import base64
import json
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl

from uvicorn.protocols.http.h11_impl import H11Protocol

from emulator.errors import ServiceError, error_body
from emulator.faults import Fault
from emulator.state import Emulator
from emulator.visitors import refusal

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

CONTROL = "/_emulator"
_TRANSPORT = "emulator.transport"


class Protocol(H11Protocol):
    """uvicorn's HTTP protocol, with the transport in the ASGI scope, so that a fault can drop the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        super().connection_made(transport)
        application = self.app

        async def with_transport(scope: Any, receive: Any, send: Any) -> None:
            scope[_TRANSPORT] = transport
            await application(scope, receive, send)

        self.app = with_transport


def service_of(path: str) -> str:
    """The service that a path belongs to. No two services have the same path."""
    if path.startswith("/v0.10/"):
        return "transfer"
    if path.startswith(("/jobs", "/v2/timer")):
        return "timer"
    if path.startswith(("/flows", "/runs")):
        return "flows"
    return "auth"


class Wire:
    """ASGI middleware around the services. Control requests pass unchanged."""

    def __init__(self, application: Application, emulator: Emulator) -> None:
        self._application = application
        self._emulator = emulator
        self._in_flight = 0

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        body = await _read(receive)
        if body is None:
            return
        refused = refusal(scope["headers"], scope["server"][1], control=scope["path"].startswith(CONTROL))
        if refused is not None:
            await _answer(send, *refused)
            return
        if scope["path"].startswith(CONTROL):
            await self._application(scope, _replay(body), send)
            return
        self._in_flight += 1
        entry = self._note(scope, body)
        try:
            if self._emulator.delay:
                await asyncio.sleep(self._emulator.delay)
            fault = self._emulator.faults.strike(scope["method"], scope["path"])
            entry["fault"] = fault.kind if fault else None
            await self._serve(scope, receive, send, body, fault, entry)
        finally:
            self._in_flight -= 1

    def _note(self, scope: MutableMapping[str, Any], body: bytes) -> dict[str, Any]:
        emulator = self._emulator
        method, path = scope["method"], scope["path"]
        query = {
            name: values[0] if len(values) == 1 else values
            for name, values in parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True).items()
        }
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        form = _form(headers, body)
        document = None
        if method in ("POST", "PUT", "PATCH") and "json" in headers.get("content-type", ""):
            try:
                document = json.loads(body)
            except ValueError:
                document = body.decode("utf-8", "replace")
        emulator.request_number += 1
        entry: dict[str, Any] = {
            "number": emulator.request_number,
            "method": method,
            "path": path,
            "query": query,
            "status": None,
            "fault": None,
            "service": service_of(path),
            "client_id": _client(emulator, headers, form),
            "scope": form.get("scope"),
            "grant": form.get("grant_type"),
            "body": document,
            "at": emulator.clock.now().isoformat(),
            "in_flight": self._in_flight,
        }
        emulator.log.append(entry)
        return entry

    async def _serve(
        self,
        scope: MutableMapping[str, Any],
        receive: Receive,
        send: Send,
        body: bytes,
        fault: Fault | None,
        entry: dict[str, Any],
    ) -> None:
        if fault is not None and fault.kind == "refuse":
            await _drop(scope, receive)
            return
        if fault is not None and fault.kind == "late":
            scope[_TRANSPORT].abort()
        if fault is not None and (fault.kind == "late" or (fault.kind == "stall" and not fault.after_commit)):
            await self._emulator.faults.silence(fault)
        replacing_fault = fault if fault is not None and fault.kind in ("status", "html") else None
        status, headers, answer = 500, list[tuple[bytes, bytes]](), b""
        if replacing_fault is None or replacing_fault.after_commit:
            self._emulator.run_due_ticks()
            status, headers, answer = await _collect(self._application, scope, body)
        if fault is not None and fault.kind == "late":
            entry["status"] = status
        if fault is not None and fault.kind in ("lose_answer", "late"):
            await _drop(scope, receive)
            return
        if fault is not None and fault.kind == "stall" and fault.after_commit:
            await self._emulator.faults.silence(fault)
        if replacing_fault is not None:
            status, headers, answer = self._replacement(replacing_fault, scope["path"])
        promised = len(answer)
        if fault is not None and fault.kind == "cut_json" and status < 300:
            answer = answer[: max(1, len(answer) // 2)]
            promised = promised if fault.mode == "short" else len(answer)
        entry["status"] = status
        headers = [(name, value) for name, value in headers if name not in (b"content-length", b"date")]
        headers += [
            (b"content-length", str(promised).encode()),
            (b"date", self._emulator.clock.http_date().encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer, "more_body": promised > len(answer)})
        if promised > len(answer):
            scope[_TRANSPORT].close()  # sends what is written, then hangs up
            await _gone(receive)

    def _replacement(self, fault: Fault, path: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        headers: list[tuple[bytes, bytes]] = []
        if fault.retry_after is not None:
            headers.append((b"retry-after", str(fault.retry_after).encode()))
        if fault.kind == "html":
            page = (
                b"<!DOCTYPE html>\n<html><head><title>Maintenance</title></head><body><h1>Back soon</h1></body></html>"
            )
            return fault.status or 200, [*headers, (b"content-type", b"text/html; charset=utf-8")], page
        status = fault.status or 500
        error = ServiceError(status, _CODES.get(status, "ERROR"), f"This fault was requested: {status}")
        document = error_body(service_of(path), error, path, self._emulator.switches.error_bodies)
        return status, [*headers, (b"content-type", b"application/json")], json.dumps(document).encode()


_CODES = {401: "UNAUTHORIZED", 403: "FORBIDDEN", 429: "TOO_MANY_REQUESTS", 503: "SERVICE_UNAVAILABLE"}


async def _read(receive: Receive) -> bytes | None:
    """The whole request body, or None if the client closed the connection before its end."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _answer(send: Send, status: int, detail: str) -> None:
    """Answer in place of the application."""
    body = json.dumps({"detail": detail}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _replay(body: bytes) -> Receive:
    """A receive function that returns a body that was already read."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


async def _collect(
    application: Application, scope: MutableMapping[str, Any], body: bytes
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Run the application and hold back its answer. An exception is printed on standard error and answered with 500."""
    start: Message = {}
    parts: list[bytes] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    try:
        await application(scope, _replay(body), send)
    except Exception:
        traceback.print_exc()
        return 500, [(b"content-type", b"text/plain; charset=utf-8")], b"Internal Server Error"
    return start["status"], list(start["headers"]), b"".join(parts)


async def _drop(scope: MutableMapping[str, Any], receive: Receive) -> None:
    """Close the connection without an answer."""
    scope[_TRANSPORT].abort()
    await _gone(receive)


async def _gone(receive: Receive) -> None:
    """Wait until uvicorn has noticed that the connection is gone, so that it does not try to answer itself."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _form(headers: dict[str, str], body: bytes) -> dict[str, str]:
    if "x-www-form-urlencoded" not in headers.get("content-type", ""):
        return {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _client(emulator: Emulator, headers: dict[str, str], form: dict[str, str]) -> str | None:
    """The ID of the client that sent a request, if the request contains it: never a secret, never a token."""
    scheme, _space, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        token = emulator.tokens.get(value.strip())
        return token.client_id if token else None
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[0]
        except ValueError:
            return None
    return form.get("client_id")
