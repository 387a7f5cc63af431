# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that has done all imports, and forks a module process for every request on its socket.

The forked process runs the real ``main`` of the module: it can be killed, it prints its result, and it shares nothing
with the next one. Only the imports, which take most of the time of a module, are done once.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import sys
import tempfile
import traceback
from typing import Any

from ansible.module_utils.testing import patch_module_args

import conftest  # registers the checkout as the collection

PLUGINS = f"{conftest.COLLECTION}.plugins"
MODULES = {name: importlib.import_module(f"{PLUGINS}.modules.{name}") for name in ("timer", "timers")}
for needed in ("globus_sdk.scopes", "globus_sdk.transport", "globus_sdk.authorizers", "requests.adapters"):
    importlib.import_module(needed)
getattr(importlib.import_module("globus_sdk"), "TimersClient")  # noqa: B009 - the SDK imports lazily
getattr(importlib.import_module("globus_sdk"), "TransferClient")  # noqa: B009 - likewise


def serve(path: str) -> None:
    """Accept connections until the process is ended. Each has one request, and gets one module process."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        listener.listen(64)
        gc.freeze()  # garbage collection in a forked process would copy every page
        print("ready", flush=True)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no process waits for the processes that serve a connection
        while True:
            connection, _address = listener.accept()
            if os.fork() == 0:
                listener.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _attend(connection)
            connection.close()


def _attend(connection: socket.socket) -> None:
    """Run a module. Writes a line with its process ID, then a line with its outcome."""
    stream = connection.makefile("rw", encoding="utf-8")
    request = json.loads(stream.readline())
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = os.fork()
        if process == 0:
            os.dup2(output.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            _run(request)
        stream.write(json.dumps(process) + "\n")
        stream.flush()
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        texts = []
        for file in (output, errors):
            file.seek(0)
            texts.append(file.read())
        stream.write(json.dumps({"status": status, "output": texts[0], "errors": texts[1]}) + "\n")
        stream.flush()
    os._exit(0)


def _run(request: dict[str, Any]) -> None:
    """Run the module in its own process. Does not return."""
    status = 1
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell makes background processes ignore it
    try:
        os.environ.update(request["environment"])
        for name, value in request["settings"].items():
            module, _dot, constant = name.rpartition(".")
            target = importlib.import_module(f"{PLUGINS}.module_utils.{module}")
            assert hasattr(target, constant), f"{name} is not a constant of the collection"
            setattr(target, constant, value)
        with patch_module_args(request["arguments"]):
            MODULES[request["module"]].main()
    except SystemExit as end:
        status = int(end.code or 0)
    except KeyboardInterrupt:
        status = 130
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    serve(sys.argv[1])
