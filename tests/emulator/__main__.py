# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start the local Globus: ``python -m emulator [--world FILE] [--port 0] [--switch name=value ...]``."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import uvicorn
import yaml
from pydantic import ValidationError

from emulator.app import build
from emulator.state import Emulator
from emulator.switches import parse_assignments
from emulator.wire import Protocol
from emulator.world import load

SERVICES = ("AUTH", "TRANSFER", "TIMER", "FLOWS")


class _Server(uvicorn.Server):
    """uvicorn that prints the environment variables once it accepts connections, and ends without an error on a
    signal."""

    def __init__(self, config: uvicorn.Config, url: str) -> None:
        super().__init__(config)
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            lines = [f"export GLOBUS_SDK_SERVICE_URL_{service}={self._url}" for service in SERVICES]
            print("\n".join([*lines, "# ready"]), flush=True)

    def handle_exit(self, sig: int, frame: object) -> None:
        # Does not record the signal, because uvicorn would raise it again after its shutdown.
        self.should_exit = True


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m emulator", description=__doc__)
    parser.add_argument("--world", type=Path, help="YAML file with collections, clients and people")
    parser.add_argument("--host", default="127.0.0.1", choices=["127.0.0.1", "localhost"], help="loopback only")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) selects a free port")
    parser.add_argument("--switch", action="append", default=[], metavar="NAME=VALUE", help="see README.md")
    parser.add_argument("--stop-with-stdin", action="store_true", help="end when standard input is closed")
    return parser.parse_args(arguments)


def _stop_with_stdin(server: uvicorn.Server) -> None:
    def wait() -> None:
        while os.read(0, 4096):
            pass
        server.should_exit = True

    threading.Thread(target=wait, daemon=True).start()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal. Returns the exit status: 2 if the server cannot start."""
    options = _arguments(arguments)
    try:
        emulator = Emulator(load(options.world), parse_assignments(options.switch))
    except ValidationError as error:
        for one in error.errors():
            place = ".".join(map(str, one["loc"]))
            print(f"emulator: {place}: {one['msg']}", file=sys.stderr)
        return 2
    except (OSError, ValueError, yaml.YAMLError) as error:
        print(f"emulator: {error}", file=sys.stderr)
        return 2
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((options.host, options.port))
    except OSError as error:
        print(f"emulator: port {options.port}: {error.strerror}", file=sys.stderr)
        return 2
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    config = uvicorn.Config(
        build(emulator),
        http=Protocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        date_header=False,  # the wire sends the emulator's own time
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config, url)
    if options.stop_with_stdin:
        _stop_with_stdin(server)
    asyncio.run(server.serve(sockets=[listener]))
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.exit(main())
