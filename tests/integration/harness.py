# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the playbooks of tests in real ansible-playbook processes, and returns their results and output."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.control import LocalGlobus
from emulator.plain import MAPPED, MAPPED_TOO
from patience import LIMIT

PLUGINS = Path(__file__).resolve().parent / "plugins"
BIN = Path(sys.executable).parent
# The ansible-playbook and the Python that run the collection: of this environment, or of a row of make matrix.
ANSIBLE = Path(os.environ.get("MATRIX_BIN") or BIN)
PYTHON = os.environ.get("MATRIX_PYTHON") or str(ANSIBLE / "python")
# The time of the local Globus at the start of a test, a Monday. It is in the past, because the module refuses starts
# more than a year after the time of the host: so no test depends on the date.
START = "2026-03-02T12:00:00+00:00"
TOKEN_URL = "/v2/oauth2/token"

Task = dict[str, Any]


def timer(title: str, /, *, task: Mapping[str, Any] | None = None, **options: Any) -> Task:
    """A task ``timer`` with these options. Its failure does not end the play. ``task``: its further keywords."""
    return {"name": title, "research_ops.globus.timer": options, "ignore_errors": True, **(task or {})}


def control(method: str, path: str, body: Any = None, title: str = "control") -> Task:
    """A control request to the local Globus, between two tasks."""
    return {"name": title, "control": {"method": method, "path": path, "body": body}}


def logged(*tasks: Task) -> list[Task]:
    """The tasks, with the control requests that ``Run.log`` needs."""
    return [
        step
        for task in tasks
        for step in (control("DELETE", "log"), task, control("GET", "log", title=f"{task['name']} (log)"))
    ]


def definition(name: str = "nightly", schedule: Mapping[str, Any] | None = None, **transfer: Any) -> dict[str, Any]:
    """Options that define a timer: daily at 02:00 UTC, between two mapped collections."""
    return {
        "name": name,
        "transfer": {
            "source_collection": MAPPED,
            "destination_collection": MAPPED_TOO,
            "paths": [{"source_path": "/data/", "destination_path": "/backup/", "recursive": True}],
            **transfer,
        },
        "schedule": {"interval": "1d", "at": "02:00"} if schedule is None else dict(schedule),
    }


@dataclass(frozen=True)
class Run:
    """The outcome of an ansible-playbook process.

    :ivar output: everything that it printed, to both streams.
    :ivar results: task name -> its result, always with ``failed``, in the order of the tasks. If several tasks or hosts
        have the name, the last.
    """

    status: int
    output: str
    results: dict[str, dict[str, Any]]

    def __getitem__(self, task: str) -> dict[str, Any]:
        assert task in self.results, f"no result of {task!r}; there are {list(self.results)}\n{self.output}"
        return self.results[task]

    def log(self, task: str) -> list[dict[str, Any]]:
        """The requests of a task that was ``logged``."""
        requests: list[dict[str, Any]] = self[f"{task} (log)"]["answer"]["requests"]
        return requests


class Started:
    """A running ansible-playbook process."""

    def __init__(self, process: subprocess.Popen[str], record: Path) -> None:
        self._process = process
        self._record = record

    def kill(self) -> None:
        """Kill it and its children with SIGKILL, so that nothing is cleaned up."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def has_done(self, task: str) -> bool:
        """Whether a task of this name, without the name of its role, has ended so far."""
        lines = self._record.read_text(encoding="utf-8").split("\n")[:-1] if self._record.exists() else []
        return any(json.loads(line)["task"].endswith(task) for line in lines)

    def wait(self, timeout: float = LIMIT) -> Run:
        """Wait until it ends, and return its outcome. No module may end with a traceback, so this is checked here."""
        output, _nothing = self._process.communicate(timeout=timeout)
        lines = self._record.read_text(encoding="utf-8").splitlines() if self._record.exists() else []
        results = {}
        for marker in ("Traceback (most recent call last)", "MODULE FAILURE", "unexpected_error"):
            assert marker not in output, output
        for line in map(json.loads, lines):
            results[line["task"]] = {"failed": line["failed"], **line["result"]}
            # A module that ends by itself returns its invocation; one that crashes cannot.
            # A loop returns the results of its items instead.
            ended = {"invocation", "results"} & set(line["result"])
            crashed = line["action"].startswith("research_ops.") and not ended
            assert not crashed, f"{line['task']} crashed: {line['result']}\n{output}"
        return Run(self._process.returncode, output, results)


class Playbooks:
    """Runs playbooks against a local Globus.

    :ivar home: the folder of HOME, TMPDIR and all of Ansible's own folders.
    :ivar environment: the variables of the processes; of the tests' own variables, only PATH is kept.
    """

    def __init__(self, globus: LocalGlobus, collections: Path, home: Path) -> None:
        self._numbers = itertools.count(1)
        self.home = home
        (home / "tmp").mkdir()
        self.environment = {
            "PATH": os.pathsep.join([str(ANSIBLE), os.environ["PATH"]]),
            "HOME": str(home),
            "TMPDIR": str(home / "tmp"),
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(PLUGINS.parents[1]),  # where the plugins of the tests find the local Globus's control
            "ANSIBLE_HOME": str(home / ".ansible"),
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_ACTION_PLUGINS": str(PLUGINS / "action"),
            "ANSIBLE_CALLBACK_PLUGINS": str(PLUGINS / "callback"),
            "ANSIBLE_CALLBACKS_ENABLED": "record",
            "ANSIBLE_INJECT_INVOCATION": "true",  # as it always was before ansible-core 2.21
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
            "GLOBUS_CLIENT_ID": globus.client_id,
            "GLOBUS_CLIENT_SECRET": globus.client_secret,
            **globus.environment,
        }

    def start(
        self,
        tasks: Iterable[Task],
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        play: Mapping[str, Any] | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> Started:
        """Start a playbook of these tasks on localhost.

        :param arguments: of ansible-playbook.
        :param environment: further variables of the process.
        :param play: further keywords of the play.
        :param variables: further variables of the play.
        """
        number = next(self._numbers)
        book, record = self.home / f"playbook-{number}.json", self.home / f"record-{number}.jsonl"
        plays = [
            {
                "hosts": "localhost",
                "gather_facts": False,
                "vars": {"ansible_python_interpreter": PYTHON, **(variables or {})},
                "tasks": list(tasks),
                **(play or {}),
            }
        ]
        book.write_text(json.dumps(plays, indent=1), encoding="utf-8")  # JSON is YAML
        process = subprocess.Popen(
            [str(ANSIBLE / "ansible-playbook"), str(book), *arguments],
            env={**self.environment, "RECORD": str(record), **(environment or {})},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        return Started(process, record)

    def run(self, tasks: Iterable[Task], *arguments: str, **options: Any) -> Run:
        """Run a playbook of these tasks to its end, with the options of ``start``."""
        return self.start(tasks, *arguments, **options).wait()


# --- the log of requests -------------------------------------------------------------------------------------------


def calls(log: Iterable[Mapping[str, Any]]) -> list[str]:
    """The requests of a log in a short form: ``POST token``, ``POST consent`` (a token request that names data_access,
    or the user scope of a flow), ``GET jobs``, ``GET job``, ``POST timer``, ``POST pause``, ``GET collection``, ...
    """
    return [_call(entry) for entry in log]


def _call(entry: Mapping[str, Any]) -> str:
    method, path = entry["method"], entry["path"]
    if path == TOKEN_URL:
        grants = any(sign in (entry["scope"] or "") for sign in ("data_access", "/flow_"))
        return f"{method} consent" if grants else f"{method} token"
    for folder, what in (("/v0.10/endpoint/", "collection"), ("/flows/", "flow")):
        if path.startswith(folder):
            return f"{method} {what}"
    if path == "/jobs/":
        return f"{method} jobs"
    parts = path.strip("/").split("/")
    return f"{method} {'job' if len(parts) == 2 and parts[0] == 'jobs' else parts[-1]}"


def writes(log: Iterable[Mapping[str, Any]]) -> list[str]:
    """Those requests that change something: in check mode there must be none (W1)."""
    return [call for call in calls(log) if not call.startswith("GET ") and call != "POST token"]


def kinds(result: Mapping[str, Any]) -> list[str]:
    """The kinds of the operations that a task returned, in their order."""
    return [operation["operation"] for operation in result.get("operations", ())]
