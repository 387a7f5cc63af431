# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``LocalGlobus``: starts, controls and stops the local Globus. Standard library only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

_TESTS = Path(__file__).resolve().parent.parent
# The time limit of an answer or a start, in seconds. Both take much less: it only ends what hangs.
PATIENCE = 1800.0


class LocalGlobusError(Exception):
    """The emulator could not start, or refused a control request."""


class LocalGlobus:
    """A running local Globus.

    ``with LocalGlobus() as globus:`` starts one on a free port. ``LocalGlobus.connect(url)`` uses a running one.
    ``environment`` contains the variables with which the SDK and the CLI use it.
    """

    def __init__(
        self,
        world: Path | str | dict[str, Any] | None = None,
        switches: dict[str, Any] | None = None,
        *,
        python: str | None = None,
    ) -> None:
        """Start one. ``world`` is a world file, or its content. ``python`` is an interpreter that has FastAPI."""
        self._world_file: str | None = None
        self._process: subprocess.Popen[str] | None = None
        # When this process ends, its end of the pipe closes, so the server (and a wrapper around it) ends, too.
        command = [python or sys.executable, "-m", "emulator", "--port", "0", "--stop-with-stdin"]
        if isinstance(world, dict):
            handle, self._world_file = tempfile.mkstemp(prefix="local-globus-", suffix=".json")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(world, file)  # JSON is YAML
            command += ["--world", self._world_file]
        elif world is not None:
            command += ["--world", str(world)]
        for name, value in (switches or {}).items():
            command += ["--switch", f"{name}={_word(value)}"]
        search = os.pathsep.join(filter(None, [str(_TESTS), os.environ.get("PYTHONPATH")]))
        environment = {**os.environ, "PYTHONPATH": search, "PYTHONDONTWRITEBYTECODE": "1"}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        try:
            self.environment = self._read_variables()
        except BaseException:
            self.close()
            raise
        self.url = self.environment["GLOBUS_SDK_SERVICE_URL_AUTH"]
        self._learn_client()

    @classmethod
    def connect(cls, url: str) -> LocalGlobus:
        """Use a running one. ``close`` does not stop it."""
        self = cls.__new__(cls)
        self._world_file, self._process = None, None
        self.url = url if url.endswith("/") else f"{url}/"
        names = ("AUTH", "TRANSFER", "TIMER", "FLOWS")
        self.environment = {f"GLOBUS_SDK_SERVICE_URL_{name}": self.url for name in names}
        self._learn_client()
        return self

    def _read_variables(self) -> dict[str, str]:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        assert process.stderr is not None
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        variables: dict[str, str] = {}
        try:
            for line in process.stdout:
                if line.strip() == "# ready":
                    threading.Thread(target=_drain, args=(process.stderr,), daemon=True).start()
                    return variables
                name, _equals, value = line.strip().removeprefix("export ").partition("=")
                variables[name] = value
        finally:
            watchdog.cancel()
        raise LocalGlobusError(f"the local Globus did not start: {process.stderr.read().strip()}")

    def _learn_client(self) -> None:
        """Use the first client of the world, if it has any."""
        clients = self.call("GET", "world")["clients"]
        first = clients[0] if clients else {"id": "", "secret": ""}
        self.client_id, self.client_secret = str(first["id"]), str(first["secret"])

    # --- control ----------------------------------------------------------------------------------------------------

    def call(self, method: str, path: str, body: Any = None, timeout: float = PATIENCE) -> Any:
        """Send a control request. Returns the decoded answer. Raises LocalGlobusError with the message of the
        emulator."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}_emulator/{path}", data=data, method=method, headers={"Content-Type": "application/json"}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise LocalGlobusError(
                f"{method} {path}: {error.code} {error.read().decode('utf-8', 'replace')}"
            ) from error

    def log(self) -> list[dict[str, Any]]:
        """Every service request so far, in the order of arrival."""
        requests: list[dict[str, Any]] = self.call("GET", "log")["requests"]
        return requests

    def clear_log(self) -> None:
        """Empty the log."""
        self.call("DELETE", "log")

    def now(self) -> str:
        """The emulator's time, ISO 8601."""
        return str(self.call("GET", "clock")["now"])

    def advance(self, seconds: float) -> str:
        """Move the clock forward, and run every tick in between. Returns the new time."""
        return str(self.call("POST", "clock", {"advance_seconds": seconds})["now"])

    def set_clock(self, moment: str) -> str:
        """Move the clock to a moment, and run every tick in between. Returns the new time."""
        return str(self.call("POST", "clock", {"set": moment})["now"])

    def fault(self, kind: str, **fields: Any) -> int:
        """Set a fault: ``method``, ``path``, ``attempts``, ... (see README.md). Returns its number."""
        return int(self.call("POST", "faults", {"kind": kind, **fields})["id"])

    def faults(self) -> list[dict[str, Any]]:
        """The faults that are set, with ``seen`` and ``hits``."""
        found: list[dict[str, Any]] = self.call("GET", "faults")["faults"]
        return found

    def clear_faults(self) -> None:
        """Forget all faults."""
        self.call("DELETE", "faults")

    def switch(self, **values: Any) -> dict[str, Any]:
        """Set switches. Returns all switches with their new values."""
        switches: dict[str, Any] = self.call("POST", "switches", values)
        return switches

    def switches(self) -> dict[str, Any]:
        """All switches."""
        switches: dict[str, Any] = self.call("GET", "switches")
        return switches

    def delay(self, seconds: float) -> None:
        """Delay every service request."""
        self.call("POST", "delay", {"seconds": seconds})

    def reset(
        self,
        world: dict[str, Any] | None = None,
        switches: dict[str, Any] | None = None,
        clock: str | None = None,
        stopped: bool = False,
    ) -> None:
        """Reset to the start, or to another world or time (which may be earlier). A stopped clock only changes when it
        is moved."""
        self.call("POST", "reset", {"world": world, "switches": switches, "clock": clock, "stopped": stopped})
        self._learn_client()

    def timers(self) -> list[dict[str, Any]]:
        """All timers of all users, with their internal states."""
        found: list[dict[str, Any]] = self.call("GET", "timers")["timers"]
        return found

    def seed(self, count: int, name: str = "other-{n}", **fields: Any) -> list[str]:
        """Create many timers. Returns their IDs."""
        body = {"client_id": self.client_id, "count": count, "name": name, **fields}
        made: list[str] = self.call("POST", "seed", body)["job_ids"]
        return made

    def mint(self, scopes: str | list[str], **fields: Any) -> dict[str, dict[str, Any]]:
        """Create tokens without a token request. Returns the token documents by resource server."""
        body = {"client_id": self.client_id, "scopes": scopes, **fields}
        tokens: dict[str, dict[str, Any]] = self.call("POST", "tokens", body)["tokens"]
        return tokens

    def grant(self, scope: str, **fields: Any) -> None:
        """Record consents of the client itself, or of ``identity``."""
        self.call("POST", "consents", {"client_id": self.client_id, "scope": scope, **fields})

    def revoke(self, scope: str | None = None, **fields: Any) -> int:
        """Revoke consents. Returns how many were revoked."""
        return int(self.call("DELETE", "consents", {"client_id": self.client_id, "scope": scope, **fields})["revoked"])

    def collection(self, collection_id: str, **changes: Any) -> dict[str, Any]:
        """Change a collection: ``visible``, ``deleted``, ``reachable``, ``trouble``, ... (see README.md)."""
        changed: dict[str, Any] = self.call("POST", f"collections/{collection_id}", changes)
        return changed

    def flow(self, flow_id: str, **changes: Any) -> dict[str, Any]:
        """Change a flow: ``visible``, ``deleted``, ``succeeds``, ``title``."""
        changed: dict[str, Any] = self.call("POST", f"flows/{flow_id}", changes)
        return changed

    def timer(self, timer_id: str, **changes: Any) -> dict[str, Any]:
        """Change a timer as the service can: ``lose_tick=True``, or ``stop={"cause": ..., "detail": ...}``."""
        changed: dict[str, Any] = self.call("POST", f"timers/{timer_id}", changes)
        return changed

    def tasks(self) -> list[dict[str, Any]]:
        """All transfer tasks of all users, with their timers, states and events."""
        found: list[dict[str, Any]] = self.call("GET", "tasks")["tasks"]
        return found

    def task(self, task_id: str, **changes: Any) -> dict[str, Any]:
        """Change a task: ``pause``, ``inactive``, ``cancel_by``, ``fail``, with a ``message``."""
        changed: dict[str, Any] = self.call("POST", f"tasks/{task_id}", changes)
        return changed

    def outage(self, *, transfer: bool) -> None:
        """Take Transfer down, or bring it up again."""
        self.call("POST", "outage", {"transfer": transfer})

    # --- stopping ---------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Stop it, if it was started here."""
        process, self._process = self._process, None
        if process is not None:
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
        if self._world_file is not None:
            Path(self._world_file).unlink(missing_ok=True)
            self._world_file = None

    def __enter__(self) -> LocalGlobus:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _drain(stream: Any) -> None:
    """Keep reading the emulator's standard error and print it, so that the emulator never blocks on a full pipe."""
    try:
        for line in stream:
            sys.stderr.write(line)
    except ValueError:
        return
