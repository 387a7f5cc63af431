# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Reads the runs of timers before they are deleted in favour of others: they are gone afterwards (rule W4e)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from .._errors import GlobusError
from .._parallel import in_parallel
from .._timers.document import Timer
from .._timers.health import RESULTS_NEEDED, health_of
from .._timers.plan import Plan
from .._timers.schedule import format_instant

TROUBLES = ("failing", "stalled")


class HistoryService(Protocol):
    """What of ``_globus.service.Globus`` is used here."""

    def now(self) -> datetime:
        """The service's time, UTC."""

    def get_timer(self, timer_id: str, results: int = 1) -> Timer | None:
        """One timer with its last runs, or None if there is none."""


@dataclass(frozen=True)
class Replaced:
    """A timer that is deleted in favour of another.

    :ivar timer: None where it could not be read.
    :ivar trouble: what was wrong with its last run, or None. A timer that was paused or stopped since then has it too.
    :ivar unread: why it could not be read, or None.
    """

    timer_id: str
    timer: Timer | None
    health: Mapping[str, Any] | None = None
    trouble: str | None = None
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

    def warning(self, plan: Plan) -> str | None:
        """What to say once the timer is deleted."""
        new = "The new timer begins without history" if plan.creation is not None else "The timer that stays lacks it"
        if self.unread:
            return f"the runs of timer {self.timer_id}, which it replaces, could not be read ({self.unread}). {new}"
        if self.trouble:
            return f"timer {self.timer_id}, which it replaces, did not work. {self.trouble}. {new}"
        return None


def read_replaced(plans: Sequence[Plan], service: HistoryService, concurrency: int) -> dict[str, Replaced]:
    """By their IDs, the timers that the plans delete in favour of others: one request for each."""
    ids = sorted({one for plan in plans if plan.wanted.state != "absent" for one in plan.deletes})
    return dict(zip(ids, in_parallel(lambda timer_id: _read(timer_id, service), ids, concurrency)))


def replaced_by(plan: Plan, deleted: Sequence[str | None], history: Mapping[str, Replaced]) -> list[Replaced]:
    """Those of the timers that this plan has deleted in favour of another."""
    return [history[one] for one in deleted if one in history and one in plan.deletes]


def _read(timer_id: str, service: HistoryService) -> Replaced:
    """That its runs cannot be read must not keep a wrong timer alive."""
    try:
        timer = service.get_timer(timer_id, results=RESULTS_NEEDED)
    except GlobusError as error:
        return Replaced(timer_id, None, unread=error.message)
    if timer is None:
        return Replaced(timer_id, None)  # somebody deleted it meanwhile
    now = service.now()
    runs = health_of(replace(timer, status="active", inactive_reason=None), now)  # paused or not: how was its last run?
    trouble = runs.reason if runs.state in TROUBLES else None
    return Replaced(timer_id, timer, health_of(timer, now).as_result(), trouble)
