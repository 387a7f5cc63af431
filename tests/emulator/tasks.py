# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transfer tasks, and how Transfer shows them."""

from __future__ import annotations

import base64
import json
import uuid
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from emulator.clock import show
from emulator.files import Moved, Outcome, Skipped, Work
from emulator.places import TransferError

if TYPE_CHECKING:
    from emulator.documents import Transfer
    from emulator.state import Emulator
    from emulator.ticks import Run
    from emulator.timers import Timer

FIRST_DEADLINE = timedelta(hours=24)
EVENTS_KEPT = 1000
#: How long a queued task still shows its previous error.
ERROR_SHOWN = timedelta(minutes=15)

State = Literal["queued", "working", "backing_off", "paused", "inactive", "over"]

_SHORT = {
    "AUTH": "authentication failed",
    "CONNECT_FAILED": "connect failed",
    "FILE_NOT_FOUND": "file not found",
    "GC_NOT_CONNECTED": "gcp not connected",
    "PERMISSION_DENIED": "permission denied",
    "QUOTA_EXCEEDED": "quota exceeded",
}


class Event(NamedTuple):
    """Something that happened to a task."""

    at: datetime
    code: str
    description: str
    details: str
    is_error: bool = False


@dataclass(eq=False, slots=True)
class Task:
    """A task with everything that Transfer knows about it. Times are UTC.

    ``status`` is ACTIVE, INACTIVE, SUCCEEDED or FAILED. ``state`` is what the task is doing.
    """

    id: str
    timer: Timer
    transfer: Transfer
    label: str
    requested_at: datetime
    deadline: datetime
    has_own_deadline: bool  # set by its owner, so it does not move
    alarm: datetime | None = None  # when the deadline is checked next
    run: Run | None = None
    status: str = "ACTIVE"
    state: State = "queued"
    work: Work | None = None  # until it is over
    left: int = 1
    outcome: Outcome = field(default_factory=Outcome)
    current_pass: Generator[int] | None = None  # a pass that waits for bytes to arrive
    began_at: datetime | None = None
    completed_at: datetime | None = None
    faults: int = 0
    tries: int = 0  # since the last progress
    error: TransferError | None = None  # that is being retried
    error_at: datetime | None = None
    pause_message: str | None = None
    paused_by_admin: bool = False
    fatal_error: tuple[str, str] | None = None
    canceled_by_admin: str | None = None
    canceled_by_admin_message: str | None = None
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=EVENTS_KEPT))
    history_deleted: bool = False
    version: int = 0

    @property
    def owner(self) -> str:
        """The identity that owns the task."""
        return self.timer.owner

    @property
    def over(self) -> bool:
        """Whether it succeeded or failed."""
        return self.state == "over"

    @property
    def failed(self) -> bool:
        """Whether it failed, was canceled or expired."""
        return self.status == "FAILED"

    @property
    def paths(self) -> tuple[Any, ...]:
        """The owner, the collections and the paths. They differ between all unfinished tasks."""
        items = sorted((one.source_path, one.destination_path) for one in self.transfer.DATA)
        return (self.owner, self.transfer.source_endpoint, self.transfer.destination_endpoint, *items)

    def note(self, at: datetime, code: str, description: str, details: Any = "", *, is_error: bool = False) -> None:
        """Record an event."""
        text = details if isinstance(details, str) else json.dumps(details)
        self.events.append(Event(at, code, description, text, is_error))

    def forget_history(self) -> None:
        """Forget the events and files of the task, which Transfer keeps for 30 days."""
        self.events.clear()
        self.outcome.moved.clear()
        self.outcome.left_out.clear()
        self.history_deleted = True


def new_task(timer: Timer, transfer: Transfer, label: str, at: datetime) -> Task:
    """A task that has just been submitted."""
    own = transfer.deadline
    return Task(str(uuid.uuid4()), timer, transfer, label, at, own or at + FIRST_DEADLINE, own is not None)


def explain(error: TransferError) -> str:
    """The text of an error for people."""
    place = error.place
    where = f"Endpoint: {place.collection.display_name} ({place.collection.id})\n" if place else ""
    path = f"File: {error.path}\n" if error.path else ""
    return f"Error (transfer)\n{where}{path}Message: {error.message}\n"


_CASES: dict[str, Callable[[str], str]] = {"mixed": str, "upper": str.upper, "lower": str.lower}


def _nice_status_members(task: Task, now: datetime, case: str) -> dict[str, Any]:
    """``is_ok`` and the ``nice_status`` members: what an unfinished task is doing, or which error it is retrying."""
    code, details, ok = "OK", None, True
    recent = task.error_at is not None and now - task.error_at <= ERROR_SHOWN
    if task.state == "paused":
        code, details, ok = "PAUSED_BY_ADMIN" if task.paused_by_admin else "PAUSED", task.pause_message, False
    elif task.state == "inactive":
        code, details, ok = "AUTH", "The credentials of the task are no longer sufficient", False
    elif task.error is not None and (task.state != "queued" or recent):
        code, details, ok = task.error.code, explain(task.error), False
    elif task.state == "queued":
        code = "Queued"
    return {
        "is_ok": ok,
        "nice_status": _CASES[case](code),
        "nice_status_details": details,
        "nice_status_expires_in": -1,
        "nice_status_short_description": _SHORT.get(code, code if ok else code.replace("_", " ").lower()),
    }


_NULL_NICE_STATUS = dict.fromkeys(
    ("is_ok", "nice_status", "nice_status_details", "nice_status_expires_in", "nice_status_short_description")
)


def _shows_nice_status(emulator: Emulator, task: Task) -> bool:
    """Whether a task shows ``nice_status``. For a task that failed after an error, a switch decides."""
    kept = task.failed and task.error is not None and emulator.switches.failed_nice_status == "kept"
    return kept or not task.over


def _subtasks(task: Task) -> dict[str, int]:
    """How many parts the task has, and their states."""
    left = task.left if task.work is None else task.work.left
    skipped = task.outcome.source_errors
    end = task.fatal_error[0] if task.fatal_error else None
    return {
        "subtasks_canceled": left if end == "CANCELED" else 0,
        "subtasks_expired": left if end == "EXPIRED" else 0,
        "subtasks_failed": left if task.failed and end not in ("CANCELED", "EXPIRED") else 0,
        "subtasks_pending": 0 if task.over else left,
        "subtasks_retrying": 0,  # also 0 in recorded documents of a task that was retrying an error
        "subtasks_skipped_errors": skipped,
        "subtasks_succeeded": task.outcome.done,
        "subtasks_total": task.outcome.done + left + skipped,
    }


def task_document(emulator: Emulator, task: Task) -> dict[str, Any]:
    """A task as Transfer shows it."""
    outcome, now = task.outcome, emulator.clock.now()
    elapsed = ((task.completed_at or now) - (task.began_at or now)).total_seconds()
    fatal = task.fatal_error
    return {
        **_constant_members(emulator, task),
        "bytes_checksummed": outcome.bytes_checksummed,
        "bytes_transferred": outcome.bytes_transferred,
        "canceled_by_admin": task.canceled_by_admin,
        "canceled_by_admin_message": task.canceled_by_admin_message,
        "completion_time": show(task.completed_at),
        "deadline": show(task.deadline),
        "directories": outcome.directories,
        "effective_bytes_per_second": int(outcome.bytes_transferred / max(1.0, elapsed)),
        "fatal_error": {"code": fatal[0], "description": fatal[1]} if fatal else None,
        "faults": task.faults,
        "files": outcome.files,
        "files_skipped": outcome.skipped,
        "files_transferred": outcome.transferred,
        "history_deleted": task.history_deleted,
        "is_paused": task.state == "paused",
        "status": task.status,
        **(
            _nice_status_members(task, now, emulator.switches.nice_status_case)
            if _shows_nice_status(emulator, task)
            else _NULL_NICE_STATUS
        ),
        **_subtasks(task),
    }


_COUNTS = (
    "bytes_checksummed",
    "bytes_transferred",
    "directories",
    "effective_bytes_per_second",
    "faults",
    "files",
    "files_skipped",
    "files_transferred",
    "subtasks_canceled",
    "subtasks_expired",
    "subtasks_failed",
    "subtasks_retrying",
    "subtasks_skipped_errors",
    "subtasks_succeeded",
)


def submitted_document(emulator: Emulator, task: Task) -> dict[str, Any]:
    """A task as Transfer showed it when it was submitted."""
    number = len(task.transfer.DATA)
    none = dict.fromkeys(("canceled_by_admin", "canceled_by_admin_message", "completion_time", "fatal_error"))
    return {
        **_constant_members(emulator, task),
        **dict.fromkeys(_COUNTS, 0),
        **none,
        "deadline": show(task.transfer.deadline or task.requested_at + FIRST_DEADLINE),
        "history_deleted": False,
        "is_ok": True,
        "is_paused": False,
        "nice_status": _CASES[emulator.switches.nice_status_case]("Queued"),
        "nice_status_details": None,
        "nice_status_expires_in": -1,
        "nice_status_short_description": "Queued",
        "status": "ACTIVE",
        "subtasks_pending": number,
        "subtasks_total": number,
    }


def _constant_members(emulator: Emulator, task: Task) -> dict[str, Any]:
    """The members that do not change."""
    transfer = task.transfer
    source = emulator.collections.get(transfer.source_endpoint)
    destination = emulator.collections.get(transfer.destination_endpoint)
    return {
        "DATA_TYPE": "task",
        "command": "API 0.10",
        "delete_destination_extra": transfer.delete_destination_extra,
        "destination_endpoint": f"u_local#{transfer.destination_endpoint}",
        "destination_endpoint_display_name": destination.display_name if destination else None,
        "destination_endpoint_id": transfer.destination_endpoint,
        "encrypt_data": transfer.encrypt_data,
        "fail_on_quota_errors": transfer.fail_on_quota_errors,
        "filter_rules": [rule.model_dump() for rule in transfer.filter_rules] if transfer.filter_rules else None,
        "label": task.label,
        "owner_id": task.owner,
        "preserve_timestamp": transfer.preserve_timestamp,
        "recursive_symlinks": "ignore",
        "request_time": show(task.requested_at),
        "skip_source_errors": transfer.skip_source_errors,
        "source_endpoint": f"u_local#{transfer.source_endpoint}",
        "source_endpoint_display_name": source.display_name if source else None,
        "source_endpoint_id": transfer.source_endpoint,
        "symlinks": 0,
        "sync_level": transfer.sync_level,
        "task_id": task.id,
        "type": "TRANSFER",
        "username": "u_" + base64.b32encode(uuid.UUID(task.owner).bytes).decode().rstrip("=").lower(),
        "verify_checksum": transfer.verify_checksum,
    }


def event_document(event: Event) -> dict[str, Any]:
    """An event as Transfer shows it."""
    return {
        "DATA_TYPE": "event",
        "code": event.code,
        "description": event.description,
        "details": event.details,
        "is_error": event.is_error,
        "time": show(event.at),
    }


def moved_document(moved: Moved) -> dict[str, Any]:
    """A file that was transferred, as Transfer shows it."""
    return {
        "DATA_TYPE": "successful_transfer",
        "checksum": None,
        "checksum_algorithm": None,
        "destination_path": moved.destination_path,
        "size": moved.size,
        "source_path": moved.source_path,
    }


def skipped_document(skipped: Skipped, at: datetime | None) -> dict[str, Any]:
    """A path that was skipped, as Transfer shows it."""
    return {
        "DATA_TYPE": "skipped_error",
        "checksum_algorithm": None,
        "destination_path": skipped.destination_path,
        "error_code": skipped.code,
        "error_details": skipped.message,
        "error_time": show(at),
        "external_checksum": None,
        "is_delete_destination_extra": False,
        "is_directory": skipped.is_directory,
        "is_symlink": False,
        "source_path": skipped.source_path,
    }
