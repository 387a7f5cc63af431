# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Reads the runs and transfers of timers before other timers replace them, because this history is lost then (rules
W4d, W4e)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from .._errors import GlobusError
from .._parallel import in_parallel
from .._timers.document import Timer
from .._timers.health import RESULTS_NEEDED, health_of, history_of, tasks_to_read
from .._timers.plan import Plan, still_running_warning
from .._timers.schedule import format_instant
from .._timers.tasks import Task

TROUBLES = ("failing", "stalled")


class HistoryService(Protocol):
    """The members of ``_globus.service.Globus`` that are used here."""

    web_app: str

    def now(self) -> datetime:
        """The service's time, UTC."""

    def get_timer(self, timer_id: str, results: int = 1) -> Timer | None:
        """One timer with its last runs, or None if there is none."""

    def list_tasks(self, task_ids: Sequence[str]) -> Mapping[str, Task]:
        """The Transfer tasks of these IDs, by ID."""


@dataclass(frozen=True)
class Replaced:
    """A timer that another one replaces.

    :ivar timer: the timer, or None if it could not be read.
    :ivar trouble: the problem of its last run, or None. A pause or stop after that run does not hide it.
    :ivar is_running: whether its last transfer is still in progress.
    :ivar unread: why the timer could not be read, or None.
    """

    timer_id: str
    timer: Timer | None
    health: Mapping[str, Any] | None = None
    trouble: str | None = None
    is_running: bool = False
    unread: str | None = None

    def as_result(self) -> dict[str, Any]:
        timer = self.timer
        return {
            "timer_id": self.timer_id,
            "runs": timer.runs if timer else None,
            "errors": timer.errors if timer else None,
            "last_run": format_instant(timer.last_run) if timer and timer.last_run else None,
            "health": dict(self.health) if self.health is not None else None,
        }

    def warnings(self, plan: Plan) -> list[str]:
        """The warnings to print after the timer was deleted, except those that the plan already has."""
        new = (
            "The new timer has no history yet"
            if plan.creation is not None
            else "The remaining timer does not have this history"
        )
        found = []
        if self.unread:
            found.append(f"it replaces timer {self.timer_id}, whose runs could not be read ({self.unread}). {new}")
        if self.trouble:
            found.append(f"it replaces timer {self.timer_id}, which had a problem. {self.trouble}. {new}")
        if self.is_running and plan.creation is not None:
            found.append(still_running_warning("it" if len(plan.deletes) == 1 else self.timer_id))
        return [warning for warning in found if warning not in plan.warnings]


def read_replaced(plans: Sequence[Plan], service: HistoryService, concurrency: int) -> dict[str, Replaced]:
    """The timers that the plans replace, by ID.

    It sends one request for each timer, and one for all transfers. If the transfers cannot be read, the health of a
    timer depends on its own results (rule O1).
    """
    ids = sorted({one for plan in plans if plan.wanted.state != "absent" for one in plan.deletes})
    found = dict(zip(ids, in_parallel(lambda timer_id: _read_runs(timer_id, service), ids, concurrency)))
    tasks = _read_tasks([one.timer for one in found.values() if one.timer is not None], service)
    now = service.now()
    return {timer_id: _judged(one, now, tasks, service.web_app) for timer_id, one in found.items()}


def replaced_by(plan: Plan, deleted: Sequence[str | None], history: Mapping[str, Replaced]) -> list[Replaced]:
    """The timers that this plan has replaced."""
    return [history[one] for one in deleted if one in history and one in plan.deletes]


def _read_runs(timer_id: str, service: HistoryService) -> Replaced:
    """Read one timer. An error does not prevent its replacement."""
    try:
        timer = service.get_timer(timer_id, results=RESULTS_NEEDED)
    except GlobusError as error:
        return Replaced(timer_id, None, unread=error.message)
    return Replaced(timer_id, timer)  # None if somebody deleted it meanwhile


def _read_tasks(timers: Sequence[Timer], service: HistoryService) -> Mapping[str, Task] | None:
    """The last transfers of the timers, or None if they cannot be read."""
    task_ids = [task_id for timer in timers for task_id in tasks_to_read(timer)]
    try:
        return service.list_tasks(task_ids) if task_ids else None
    except GlobusError:
        return None


def _judged(one: Replaced, now: datetime, tasks: Mapping[str, Task] | None, web_app: str) -> Replaced:
    timer = one.timer
    if timer is None:
        return one
    # How its last run was, even if the timer was paused or stopped after it.
    last = health_of(replace(timer, status="active", inactive_reason=None), now, tasks, web_app=web_app)
    return replace(
        one,
        health=health_of(timer, now, tasks, web_app=web_app).as_result(),
        trouble=last.reason if last.state in TROUBLES else None,
        is_running=history_of(timer, tasks).current is not None,
    )
