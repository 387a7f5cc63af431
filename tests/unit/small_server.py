# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server of a few lines, on loopback, whose answers a test writes itself."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Request:
    """What arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class Reply:
    """What to answer: JSON, unless the body is bytes.

    :ivar drop: answer nothing, and close the connection.
    """

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None
    drop: bool = False


DROP = Reply(drop=True)
PAGE = Reply(body=b"<html>Welcome</html>")

Answer = Callable[[Request], Reply]


class SmallServer:
    """The server: ``address``, and the ``requests`` that came, in their order."""

    def __init__(self, answer: Answer, context: ssl.SSLContext | None) -> None:
        self.requests: list[Request] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length).decode()
                request = Request(self.command, self.path, dict(self.headers.items()), body)
                outer.requests.append(request)
                reply = answer(request)
                if reply.drop:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
                self.send_response(reply.status, reply.reason)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_DELETE = do_CONNECT = answer  # noqa: N815 - as the library names them

            def log_message(self, *_arguments: Any) -> None:
                """Not on the terminal."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_arguments: Any) -> None:
                """A client that hangs up, as one does that does not trust the certificate."""

        self._server = Server(("127.0.0.1", 0), Handler)
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if context is None else "https"
        self.port = self._server.server_address[1]
        self.address = f"{scheme}://127.0.0.1:{self.port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make the modules take it for every service."""
        return {f"GLOBUS_SDK_SERVICE_URL_{name}": self.address for name in ("AUTH", "TRANSFER", "TIMER", "FLOWS")}

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def serving(answer: Answer, context: ssl.SSLContext | None = None) -> Iterator[SmallServer]:
    """A server for the time of a test. With a context it speaks TLS."""
    server = SmallServer(answer, context)
    try:
        yield server
    finally:
        server.stop()


def in_turn(*replies: Reply) -> Answer:
    """One reply after the other, and the last one for ever."""
    left = list(replies)
    lock = threading.Lock()

    def answer(_request: Request) -> Reply:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return answer


def closed_port() -> int:
    """A port of this machine on which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
