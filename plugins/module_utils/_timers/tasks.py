# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Transfer tasks, which the runs of timers submit. Pure: no input or output.

An error does not end a task: Globus tries again until the task's deadline, and the timer skips its runs meanwhile
(facts, "Transfer tasks"). The documents may lack members, have new words, or numbers as text (rule O5). What a
document does not say is unknown, and never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from .schedule import format_instant
from .values import instant_or_none, presentable_text, shown, to_boolean, to_number, to_text

ACTIVE, INACTIVE, SUCCEEDED, FAILED = "ACTIVE", "INACTIVE", "SUCCEEDED", "FAILED"
OVER = (SUCCEEDED, FAILED)
QUEUED = "QUEUED"
FINE = ("OK", QUEUED)  # words of nice_status; any other word is an error that is being retried

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Task:
    """A Transfer task. A value is None if the document lacks it, or has it in an unknown format.

    :ivar status: in capitals: ``ACTIVE``, ``INACTIVE``, ``SUCCEEDED``, ``FAILED``, or a word that we do not know.
    :ivar nice_status: Globus's word for what an unfinished task is doing, or for the error that it is retrying.
    :ivar description: ``nice_status`` in a few words (``nice_status_short_description``).
    :ivar details: ``nice_status`` in detail, often with the path and the collection.
    :ivar faults: the number of failed tries.
    :ivar skipped_errors: the number of items that were left out because they could not be read at the source.
    :ivar fatal_code: why it failed, as a code; ``fatal_description`` is a sentence.
    """

    id: str
    status: str | None = None
    nice_status: str | None = None
    description: str | None = None
    details: str | None = None
    is_ok: bool | None = None
    is_paused: bool | None = None
    faults: int | None = None
    files: int | None = None
    files_transferred: int | None = None
    files_skipped: int | None = None
    bytes_transferred: int | None = None
    skipped_errors: int | None = None
    fatal_code: str | None = None
    fatal_description: str | None = None
    canceled_by_admin: str | None = None
    canceled_by_admin_message: str | None = None
    requested_at: datetime | None = None
    completed_at: datetime | None = None
    deadline: datetime | None = None
    is_mirror: bool | None = None
    skips_source_errors: bool | None = None
    source_id: str | None = None
    source_name: str | None = None
    destination_id: str | None = None
    destination_name: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether it has ended. A task with an unknown status has ended if it has a completion time."""
        return self.status in OVER or (self.status not in (ACTIVE, INACTIVE) and self.completed_at is not None)

    @property
    def has_failed(self) -> bool:
        return self.status == FAILED or (self.is_over and (self.fatal_code or self.fatal_description) is not None)

    @property
    def is_queued(self) -> bool:
        """Whether it waits for its turn: Globus works on three transfers of an account at a time."""
        return not self.is_over and str(self.nice_status).upper() == QUEUED

    @property
    def error(self) -> str | None:
        """Globus's word for the error that an unfinished task is retrying, or None (rule O5)."""
        if self.is_over:
            return None
        if self.nice_status is not None and self.nice_status.upper() not in FINE:
            return self.nice_status
        return "an unnamed error" if self.is_ok is False else None

    @property
    def last_error(self) -> str | None:
        """Globus's word for the error that the task is retrying, or had before it failed; None if not known."""
        if not self.is_over:
            return self.error
        is_error = self.nice_status is not None and self.nice_status.upper() not in FINE
        return self.nice_status if self.has_failed and is_error else None

    @property
    def is_complete(self) -> bool:
        """Whether everything arrived. If the document does not say, the answer is no (rule O4)."""
        if self.status != SUCCEEDED or self.has_failed or self.is_ok is False:
            return False
        return self.skipped_errors == 0 or (self.skipped_errors is None and self.skips_source_errors is False)

    @property
    def is_incomplete(self) -> bool:
        """Whether it succeeded but not completely: items were left out, or Globus does not report it as OK."""
        skipped = self.skipped_errors is not None and self.skipped_errors != 0
        return self.is_over and not self.has_failed and (skipped or self.is_ok is False)

    def as_result(self, web_app: str) -> dict[str, Any]:
        """The task as the module ``timer_info`` returns it with a run.

        :param web_app: address of the Globus web app, ending in a slash.
        """
        return {
            "task_id": self.id,
            "status": self.status,
            "detail": self.nice_status or self.fatal_code,
            "files": self.files,
            "files_transferred": self.files_transferred,
            "files_skipped": self.files_skipped,
            "bytes_transferred": self.bytes_transferred,
            "skipped_errors": self.skipped_errors,
            "faults": self.faults,
            "requested_at": instant_as_result(self.requested_at),
            "completed_at": instant_as_result(self.completed_at),
            "deadline": instant_as_result(self.deadline),
            "url": task_url(self.id, web_app),
        }


def task_url(task_id: str, web_app: str) -> str:
    """The page of a task in the Globus web app."""
    return f"{web_app}activity/{task_id}"


def instant_as_result(moment: datetime | None) -> str | None:
    return None if moment is None else format_instant(moment)


def task_id_of(value: Any) -> str | None:
    """The ID of a task, or None. Some IDs in a timer's results are not IDs of tasks; only UUIDs are."""
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def read_task(document: Any) -> Task | None:
    """The task in a document of Transfer, or None if the document has no task ID. Never raises."""
    if not isinstance(document, Mapping):
        return None
    task_id = task_id_of(document.get("task_id"))
    if task_id is None:
        return None

    def member(name: str, convert: Callable[[Any], _Value]) -> _Value | None:
        return _or_none(document.get(name), convert)

    fatal = document.get("fatal_error")
    code, description = (fatal.get("code"), fatal.get("description")) if isinstance(fatal, Mapping) else (fatal, None)
    status = member("status", to_text)
    return Task(
        id=task_id,
        status=status and status.strip().upper(),
        nice_status=_words(document.get("nice_status")),
        description=_words(document.get("nice_status_short_description")),
        details=_words(document.get("nice_status_details")),
        is_ok=member("is_ok", to_boolean),
        is_paused=member("is_paused", to_boolean),
        faults=member("faults", to_number),
        files=member("files", to_number),
        files_transferred=member("files_transferred", to_number),
        files_skipped=member("files_skipped", to_number),
        bytes_transferred=member("bytes_transferred", to_number),
        skipped_errors=member("subtasks_skipped_errors", to_number),
        fatal_code=_words(code),
        fatal_description=_words(description),
        canceled_by_admin=_words(document.get("canceled_by_admin")),
        canceled_by_admin_message=_words(document.get("canceled_by_admin_message")),
        requested_at=instant_or_none(document.get("request_time")),
        completed_at=instant_or_none(document.get("completion_time")),
        deadline=instant_or_none(document.get("deadline")),
        is_mirror=member("delete_destination_extra", to_boolean),
        skips_source_errors=member("skip_source_errors", to_boolean),
        source_id=_words(document.get("source_endpoint_id")),
        source_name=_words(document.get("source_endpoint_display_name")),
        destination_id=_words(document.get("destination_endpoint_id")),
        destination_name=_words(document.get("destination_endpoint_display_name")),
    )


def _or_none(value: Any, convert: Callable[[Any], _Value]) -> _Value | None:
    if value is None:
        return None
    try:
        return convert(value)
    except ValueError:
        return None


def _words(value: Any) -> str | None:
    """The words of Globus, on one line; a value that is not text is shortened for display (``shown``)."""
    if value is None or value == "" or value == [] or value == {}:
        return None
    return " ".join(presentable_text(value).split()) or None if isinstance(value, str) else shown(value)
