# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs hundreds of module processes, and checks what must always be true of the timers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from emulator.control import LocalGlobus
from emulator.plain import MAPPED, MAPPED_TOO
from patience import LIMIT

TESTS = Path(__file__).resolve().parent.parent
START = "2026-03-02T12:00:00+00:00"  # the time of the local Globus at the start of a case
# Waits of the modules, a hundred times shorter. The modules still wait in the same places.
QUICK = {
    "_apply.execute.LOOK_AGAIN_AFTER": 0.01,
    "_apply.execute.LOOK_AGAIN_MAXIMUM": 0.05,
    "_globus.http.PAUSE_BETWEEN_TRIES": 0.005,
    "_globus.http.RETRY_AFTER_MAXIMUM": 0.03,
}

FOR_EVER = datetime.fromisoformat("9999-12-31T00:00:00+00:00")

Document = dict[str, Any]


def part_of(cases: Iterable[Any], step: int) -> list[Any]:
    """Every case whose number is a multiple of ``step`` (a prime, for a good mix), or all cases if FAULTS is
    ``whole``."""
    return list(islice(cases, 0, None, 1 if os.environ.get("FAULTS") == "whole" else step))


# --- module processes ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """The outcome of a module process.

    :ivar status: its exit status; if negative, the number of the signal that ended it.
    :ivar result: its result; empty if it was ended before it returned.
    """

    status: int
    result: Document
    errors: str

    @property
    def failed(self) -> bool:
        return bool(self.result.get("failed"))

    def entries(self) -> list[Document]:
        """The result of each timer. The result of the module ``timer`` counts as a list of one."""
        return list(self.result.get("timers", [self.result]))


class Started:
    """A running module process."""

    def __init__(self, path: str, request: Document) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(LIMIT)
        self._socket.connect(path)
        self._stream = self._socket.makefile("rw", encoding="utf-8")
        self._stream.write(json.dumps(request) + "\n")
        self._stream.flush()
        self.process = int(json.loads(self._stream.readline()))

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.process, number)

    def wait(self) -> Run:
        """Wait until it ends, and return its outcome. It must not print a traceback, and must return a result unless a
        signal ended it."""
        ended = json.loads(self._stream.readline())
        self._stream.close()
        self._socket.close()
        assert not ended["errors"], ended["errors"]
        lines = ended["output"].splitlines()
        assert lines or ended["status"] < 0 or ended["status"] == 130, ended
        return Run(ended["status"], json.loads(lines[-1]) if lines else {}, ended["errors"])


class Modules:
    """Starts module processes against a local Globus."""

    def __init__(self, globus: LocalGlobus) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="faults-")
        self._path = str(Path(self._folder.name) / "socket")
        self._environment = {
            **globus.environment,
            "GLOBUS_CLIENT_ID": globus.client_id,
            "GLOBUS_CLIENT_SECRET": globus.client_secret,
        }
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GLOBUS_")}
        environment["PYTHONPATH"] = str(TESTS)
        environment["HOME"] = environment["ANSIBLE_HOME"] = self._folder.name
        self._server = subprocess.Popen(
            [sys.executable, "-m", "faults.warm", self._path],
            cwd=TESTS,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._server.stdout is not None
        assert self._server.stdout.readline() == "ready\n"

    def start(
        self,
        module: str,
        options: Mapping[str, Any],
        *,
        check: bool = False,
        settings: Mapping[str, Any] | None = None,
    ) -> Started:
        """Start a module with these options; ``settings`` are constants of the collection, in addition to QUICK."""
        arguments = {
            "request_timeout": LIMIT,
            "retries": 2,
            **options,
            "_ansible_check_mode": check,
            "_ansible_diff": True,
            "_ansible_remote_tmp": self._folder.name,
        }
        request = {
            "module": module,
            "arguments": arguments,
            "environment": self._environment,
            "settings": {**QUICK, **(settings or {})},
        }
        return Started(self._path, request)

    def run(self, module: str, options: Mapping[str, Any], **keywords: Any) -> Run:
        """Run a module to its end."""
        return self.start(module, options, **keywords).wait()

    def close(self) -> None:
        self._server.kill()
        self._server.wait()
        assert self._server.stdout is not None
        self._server.stdout.close()
        self._folder.cleanup()


# --- timers --------------------------------------------------------------------------------------------------------


def definition(name: str, **changes: Any) -> Document:
    """Options that define a daily timer between two mapped collections."""
    transfer: Document = {
        "source_collection": MAPPED,
        "destination_collection": MAPPED_TOO,
        "paths": [{"source_path": "/other/", "destination_path": "/other/"}],
        **changes.pop("transfer", {}),
    }
    return {"name": name, "transfer": transfer, "schedule": {"interval": "1d"}, **changes}


def seed(globus: LocalGlobus, name: str, count: int = 1, **fields: Any) -> list[str]:
    """Create timers on the service that match ``definition``; with ``options``, timers that differ from it."""
    options = {"verify_checksum": True, **fields.pop("options", {})}
    return globus.seed(count, name=name, interval_seconds=86400, options=options, **fields)


def unfinished(timers: Iterable[Document], name: str) -> list[Document]:
    return [one for one in timers if one["name"] == name and one["status"] in ("active", "inactive")]


def moments_without(timers: Iterable[Document], name: str, since: datetime) -> list[str]:
    """The periods without a timer of the name, after a moment at which one existed. A timer exists from its creation to
    the beginning of its deletion.
    """
    lives = sorted(
        (
            datetime.fromisoformat(one["submitted_at"]),
            datetime.fromisoformat(one["ended_at"]) if one["ended_at"] else FOR_EVER,
        )
        for one in timers
        if one["name"] == name
    )
    gaps, covered = [], since
    for begin, end in lives:
        if begin > covered:
            gaps.append(f"from {covered} to {begin}")
        covered = max(covered, end)
    if covered != FOR_EVER:
        gaps.append(f"from {covered} on")
    return gaps


def writes(log: Iterable[Document]) -> list[Document]:
    """The requests that change timers."""
    return [entry for entry in log if entry["service"] == "timer" and entry["method"] != "GET"]


def first_of(timers: Sequence[Document]) -> Document:
    """The timer that remains of several equal ones (rules I3, W3): the first by the second of its creation, then by
    ID."""
    return min(timers, key=lambda one: (one["submitted_at"][:19], one["job_id"]))


def shown(timers: Iterable[Document]) -> list[str]:
    """Timers in a short form, for messages."""
    return [
        f"{one['job_id'][:8]} {one['name']} {one['status']}, sync_level "
        f"{one['callback_body']['body'].get('sync_level')}, from {one['submitted_at'][11:23]}"
        for one in timers
    ]
