# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix: operations, their requests, and the possible faults of each request."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from emulator.control import LocalGlobus
from faults.harness import (
    Document,
    Modules,
    Run,
    definition,
    first_of,
    moments_without,
    seed,
    shown,
    unfinished,
    writes,
)
from patience import LIMIT, until

# --- what can go wrong ---------------------------------------------------------------------------------------------

TIMEOUT = 1.0  # seconds that the modules wait for an answer if the fault is silence
SILENCE = 1.5  # seconds of silence: the request is answered, or carried out, after the module has given up

FAULTS: dict[str, Document] = {
    "refuse": {"kind": "refuse"},
    "lose_answer": {"kind": "lose_answer"},
    "400": {"kind": "status", "status": 400},
    "401": {"kind": "status", "status": 401},
    "403": {"kind": "status", "status": 403},
    "404": {"kind": "status", "status": 404},
    "408": {"kind": "status", "status": 408},
    "422": {"kind": "status", "status": 422},
    "429": {"kind": "status", "status": 429},
    "429 with Retry-After": {"kind": "status", "status": 429, "retry_after": 1},
    "500": {"kind": "status", "status": 500},
    "500 after commit": {"kind": "status", "status": 500, "after_commit": True},
    "502": {"kind": "status", "status": 502},
    "502 after commit": {"kind": "status", "status": 502, "after_commit": True},
    "503 with Retry-After": {"kind": "status", "status": 503, "retry_after": 1},
    "503 after commit": {"kind": "status", "status": 503, "after_commit": True},
    "504 after commit": {"kind": "status", "status": 504, "after_commit": True},
    "cut JSON": {"kind": "cut_json", "mode": "exact"},
    "cut connection": {"kind": "cut_json", "mode": "short"},
    "page": {"kind": "html"},
    "page after commit": {"kind": "html", "after_commit": True},
    "page with 503": {"kind": "html", "status": 503, "retry_after": 1},
    "silence before commit": {"kind": "stall", "seconds": SILENCE},
    "silence after commit": {"kind": "stall", "seconds": SILENCE, "after_commit": True},
}


# --- operations ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Want:
    """What must be true of the timers with a name in the end.

    :ivar status: the status of the only timer, or None if there must be none.
    :ivar sync_level: the sync level of this timer.
    :ivar always: a timer existed before, so one must exist at every moment.
    """

    status: str | None = "active"
    sync_level: int | None = None
    always: bool = True

    def fits(self, timer: Document) -> bool:
        body = timer["callback_body"]["body"]
        return bool(timer["status"] == self.status and body.get("sync_level") == self.sync_level)


@dataclass(frozen=True)
class Operation:
    """A task, with the timers before it and the timers that must exist after it.

    :ivar before: creates the timers; returns options of the task that depend on them.
    :ivar requests: the requests without a fault (rules C1, C2); "2 list" means two requests of the kind ``list``.
    :ivar wanted: the timers after the task, by name. First the entries of a list, in its order, then the names that it
        purges.
    """

    module: str
    options: Document
    wanted: Mapping[str, Want]
    requests: str
    before: Callable[[LocalGlobus], Document] = field(default=lambda globus: {})


def seeding(*timers: Mapping[str, Any]) -> Callable[[LocalGlobus], Document]:
    def before(globus: LocalGlobus) -> Document:
        for fields in timers:
            seed(globus, **fields)
        return {}

    return before


def without_consent(globus: LocalGlobus) -> Document:
    """A timer that the service stopped at its first run."""
    seed(globus, "a")
    globus.advance(86401)
    (timer,) = globus.timers()
    assert timer["inactive_reason"]["cause"] == "globus_auth_requirements"
    return {}


def by_id(globus: LocalGlobus) -> Document:
    (timer_id,) = seed(globus, "a")
    return {"timer_id": timer_id}


DRIFTED: Document = {"options": {"sync_level": 3}}
PAUSED: Document = {"status": "inactive"}

OPERATIONS: dict[str, Operation] = {
    "in place": Operation("timer", definition("a"), {"a": Want()}, "1 token, 1 list", seeding({"name": "a"})),
    "create": Operation("timer", definition("a"), {"a": Want(always=False)}, "2 token, 2 list, 2 collection, 1 create"),
    "create paused": Operation(
        "timer",
        definition("a", state="paused"),
        {"a": Want("inactive", always=False)},
        "2 token, 2 list, 2 collection, 1 create, 1 pause",
    ),
    "replace": Operation(
        "timer",
        definition("a", on_drift="replace"),
        {"a": Want()},
        "2 token, 2 list, 2 collection, 1 create, 2 read, 1 delete",
        seeding({"name": "a", **DRIFTED}),
    ),
    "replace paused": Operation(
        "timer",
        definition("a", on_drift="replace"),
        {"a": Want("inactive")},
        "2 token, 2 list, 2 collection, 1 create, 1 pause, 2 read, 1 delete",
        seeding({"name": "a", **DRIFTED, **PAUSED}),
    ),
    "keep one of several": Operation(
        "timer",
        definition("a", on_drift="replace"),
        {"a": Want()},
        "1 token, 1 list, 2 delete, 5 read",
        seeding({"name": "a", "count": 2}, {"name": "a", **DRIFTED}),
    ),
    "replace several": Operation(
        "timer",
        definition("a", on_drift="replace"),
        {"a": Want()},
        "2 token, 2 list, 2 collection, 1 create, 4 read, 2 delete",
        seeding({"name": "a", "count": 2, **DRIFTED}),
    ),
    "absent": Operation(
        "timer",
        {"name": "a", "state": "absent"},
        {"a": Want(None)},
        "1 token, 1 list, 1 delete",
        seeding({"name": "a"}),
    ),
    "absent, several": Operation(
        "timer",
        {"name": "a", "state": "absent"},
        {"a": Want(None)},
        "1 token, 1 list, 3 delete",
        seeding({"name": "a", "count": 3}),
    ),
    "pause": Operation(
        "timer",
        {"name": "a", "state": "paused"},
        {"a": Want("inactive")},
        "1 token, 1 list, 1 pause, 1 read",
        seeding({"name": "a"}),
    ),
    "resume": Operation(
        "timer",
        {"name": "a", "state": "active"},
        {"a": Want()},
        "2 token, 1 list, 2 collection, 1 resume, 1 read",
        seeding({"name": "a", **PAUSED}),
    ),
    "resume with consent": Operation(
        "timer",
        {"name": "a", "state": "active"},
        {"a": Want()},
        "2 token, 1 list, 2 collection, 1 resume, 1 read",
        without_consent,
    ),
    "rename": Operation("timer", {"name": "b"}, {"b": Want(always=False)}, "1 token, 2 read, 1 list, 1 rename", by_id),
    "rename and pause": Operation(
        "timer",
        {"name": "b", "state": "paused"},
        {"b": Want("inactive", always=False)},
        "1 token, 2 read, 1 list, 1 rename, 1 pause",
        by_id,
    ),
    "batch": Operation(
        "timers",
        {
            "concurrency": 2,
            "on_drift": "replace",
            "timers": [
                definition("new-1"),
                definition("new-2", state="paused"),
                definition("changed"),
                {"name": "gone", "state": "absent"},
                definition("same"),
                {"name": "halted", "state": "paused"},
            ],
        },
        {
            "new-1": Want(always=False),
            "new-2": Want("inactive", always=False),
            "changed": Want(),
            "gone": Want(None),
            "same": Want(),
            "halted": Want("inactive"),
        },
        "2 token, 2 list, 2 collection, 2 delete, 2 pause, 3 read, 3 create",
        seeding({"name": "changed", **DRIFTED}, {"name": "gone"}, {"name": "same"}, {"name": "halted"}),
    ),
    "purge": Operation(
        "timers",
        {"timers": [definition("x-kept"), definition("x-new")], "purge": True, "purge_prefix": "x-", "concurrency": 2},
        {"x-kept": Want(), "x-new": Want(always=False), "x-old": Want(None), "other": Want()},
        "2 token, 2 list, 2 collection, 1 create, 2 delete",
        seeding({"name": "x-kept"}, {"name": "x-old", "count": 2}, {"name": "other"}),
    ),
}

# --- requests ------------------------------------------------------------------------------------------------------

REQUESTS: dict[str, tuple[str, str]] = {
    "token": ("POST", "^/v2/oauth2/token$"),
    "collection": ("GET", "^/v0.10/endpoint/"),
    "list": ("GET", "^/jobs/$"),
    "read": ("GET", "^/jobs/[^/]+$"),
    "create": ("POST", "^/v2/timer$"),
    "delete": ("DELETE", "^/jobs/[^/]+$"),
    "rename": ("PATCH", "^/jobs/[^/]+$"),
    "pause": ("POST", "^/jobs/[^/]+/pause$"),
    "resume": ("POST", "^/jobs/[^/]+/resume$"),
}


def kind_of(entry: Document) -> str:
    """The kind of a request in the log."""
    (kind,) = (
        kind
        for kind, (method, path) in REQUESTS.items()
        if entry["method"] == method and re.search(path, entry["path"])
    )
    return kind


def counted(requests: str) -> Counter[str]:
    """``2 list, 1 create`` as numbers."""
    return Counter({kind: int(count) for count, kind in (one.split() for one in requests.split(", "))})


# --- a case --------------------------------------------------------------------------------------------------------


ATTEMPTS = ("first", "second", "every")


@dataclass(frozen=True)
class Case:
    """An operation with a fault at one kind of request.

    :ivar count: the number of requests of the kind without a fault.
    :ivar attempts: which of them fail. If there is a single request, the second one is its repetition.
    :ivar blind: after the first list, reading fails, too.
    """

    operation: str
    request: str
    count: int
    attempts: str
    fault: str
    blind: bool = False

    def __str__(self) -> str:
        return f"{self.operation}: {self.attempts} {self.request}: {self.fault}{', blind' if self.blind else ''}"

    @property
    def numbers(self) -> str | list[int]:
        if self.attempts == "every":
            return "all"
        if self.attempts == "first":
            return [1]
        return [2] if self.count > 1 else [1, 2]


def cases() -> Iterator[Case]:
    """The whole matrix."""
    for name, operation in OPERATIONS.items():
        for request, count in counted(operation.requests).items():
            for fault in FAULTS:
                for attempts in ATTEMPTS:
                    yield Case(name, request, count, attempts, fault)


def blind_cases() -> Iterator[Case]:
    """Writes that fail while reading fails, too, so that the module cannot find out what happened."""
    for case in cases():
        if case.request in ("create", "delete", "pause", "resume", "rename"):
            yield replace(case, blind=True)


def prepare(case: Operation, globus: LocalGlobus) -> Document:
    """Create the timers before the task. Returns the options of the task."""
    return {**case.options, **case.before(globus)}


def check_case(case: Case, globus: LocalGlobus, modules: Modules) -> int:
    """Run a case. Returns how many requests the fault applied to. Raises AssertionError at the first violation of a
    rule."""
    operation = OPERATIONS[case.operation]
    options = prepare(operation, globus)
    began = datetime.fromisoformat(globus.now())
    globus.clear_log()
    method, path = REQUESTS[case.request]
    globus.fault(method=method, path=path, attempts=case.numbers, **FAULTS[case.fault])
    if case.blind:
        globus.fault("status", status=500, method="GET", path=REQUESTS["list"][1], attempts=list(range(2, 50)))
        if case.operation not in ("rename", "rename and pause"):  # these operations begin with a read
            globus.fault("status", status=500, method="GET", path=REQUESTS["read"][1])
    silent = FAULTS[case.fault]["kind"] == "stall"
    if silent:
        options["request_timeout"] = TIMEOUT
    settings = {"_apply.execute.LOOK_AGAIN_MAXIMUM": 2 * SILENCE} if silent else {}
    first = modules.run(operation.module, options, settings=settings)
    hits = int(globus.faults()[0]["hits"])
    globus.clear_faults()
    if silent:
        wait_until_quiet(globus)
    _check_report(operation, first, globus, case.blind)
    check_moments(operation, began, globus)

    again = modules.run(operation.module, {**options, "request_timeout": LIMIT})
    assert not again.failed, again.result
    assert first.failed or not again.result["changed"], ("a rerun changes what was reported as done", again.result)
    check_end(operation, began, globus)
    return hits


def check_end(operation: Operation, began: datetime, globus: LocalGlobus) -> None:
    """Check that exactly the wanted timers exist, that none was missing in between, and that none ran that must not."""
    timers = globus.timers()
    for name, want in operation.wanted.items():
        found = unfinished(timers, name)
        assert len(found) == (want.status is not None), (name, shown(found))
        assert all(want.fits(timer) for timer in found), (name, shown(found))
        if (want.always or want.status == "inactive") and operation.before is not without_consent:
            ran = [timer for timer in timers if timer["name"] == name and timer["n_runs"]]
            assert not ran, ("ran before its pause, or because it was replaced", shown(ran))
    check_moments(operation, began, globus)


def wait_until_quiet(globus: LocalGlobus) -> None:
    """Wait until the requests that the module gave up are carried out: control requests do not wait for them."""
    dropped = ("refuse", "lose_answer")  # these requests never get a status
    until(
        "the end of the requests in progress",
        lambda: all(entry["status"] is not None or entry["fault"] in dropped for entry in globus.log()),
    )


def _check_report(operation: Operation, run: Run, globus: LocalGlobus, blind: bool) -> None:
    """Check the report of the task: a missing timer is not reported as done, and an existing one not as failed, unless
    it cannot be read."""
    assert run.result, run
    assert not run.failed or run.result["msg"]
    timers = globus.timers()
    by_id = {timer["job_id"]: timer for timer in timers}
    for done in run.result.get("operations", ()):
        timer = by_id[done["timer_id"]]
        if done["operation"] == "delete":
            assert timer["status"] in ("delete_in_progress", "deleted"), done
        if done["operation"] == "rename":
            assert timer["name"] == done["name"], done
    entries = run.entries()
    executed = writes(globus.log())
    for (name, want), entry in zip(operation.wanted.items(), entries, strict=False):
        found = unfinished(timers, name)
        right = len(found) == (want.status is not None) and all(want.fits(timer) for timer in found)
        failed = bool(entry.get("failed"))
        if not failed and not run.failed:
            assert right, (name, "is reported as done", shown(found), entry.get("operations"))
        elif not failed and "timers" in run.result:
            assert right, (name, "is reported as done in a list that failed", shown(found), entry)
        elif not blind and failed and right and executed and entry["error"]["code"] != "unknown_outcome":
            touched = {one["path"].split("/")[2] for one in executed if one["path"].startswith("/jobs/")}
            mine = [timer["job_id"] for timer in timers if timer["name"] == name]
            assert not touched & set(mine), (name, "is reported as failed and is right", entry)
        if not failed and want.status is not None and entry.get("timer_id"):
            assert entry["timer_id"] == first_of(found)["job_id"], (name, entry["timer_id"], shown(found))


def check_moments(operation: Operation, began: datetime, globus: LocalGlobus) -> None:
    for name, want in operation.wanted.items():
        if want.always and want.status is not None:
            assert not moments_without(globus.timers(), name, began), name
