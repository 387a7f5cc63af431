# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Finds the timers whose health changed between two polls. Pure: no input or output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .health import UNHEALTHY, Health

GONE = Health("ended", "It no longer exists with this name: somebody deleted or renamed it")


@dataclass(frozen=True)
class Snapshot:
    """A timer as one poll found it.

    :ivar next_run: as the modules return it, or None; likewise ``last_success``.
    """

    id: str
    name: str
    url: str
    health: Health
    next_run: str | None = None
    last_success: dict[str, Any] | None = None


class Changes:
    """Remembers the timers of the last poll."""

    def __init__(self) -> None:
        self._seen: dict[str, Snapshot] | None = None

    def after(self, timers: Sequence[Snapshot]) -> list[dict[str, Any]]:
        """The events of this poll, the worst first: one for each timer whose state changed. The first poll has one for
        each unhealthy timer.

        If a timer is gone and a new one has its name, the new one is its replacement, and the two are compared.
        Otherwise the timer has ended.
        """
        now = {timer.id: timer for timer in timers}
        before, self._seen = self._seen, now
        if before is None:
            return [_event(timer, None) for timer in _sorted(timers) if timer.health.state in UNHEALTHY]
        gone = {timer.id: timer for timer in before.values() if timer.id not in now}
        events = []
        for timer in _sorted(timers):
            old = before.get(timer.id) or _take_predecessor(timer, gone)
            if old is None and timer.health.state in UNHEALTHY:
                events.append(_event(timer, None))
            elif old is not None and old.health.state != timer.health.state:
                events.append(_event(timer, old))
        for old in gone.values():
            if old.health.state != GONE.state:
                gone_timer = Snapshot(old.id, old.name, old.url, GONE, last_success=old.last_success)
                events.append(_event(gone_timer, old))
        return events


def _take_predecessor(timer: Snapshot, gone: dict[str, Snapshot]) -> Snapshot | None:
    """Find the vanished timer that this one replaces, by its name, and remove it from ``gone``."""
    old = next((one for one in gone.values() if one.name == timer.name), None)
    return None if old is None else gone.pop(old.id)


def _sorted(timers: Sequence[Snapshot]) -> list[Snapshot]:
    order = {state: number for number, state in enumerate(UNHEALTHY)}
    return sorted(timers, key=lambda timer: (order.get(timer.health.state, len(order)), timer.name, timer.id))


def _event(timer: Snapshot, old: Snapshot | None) -> dict[str, Any]:
    health = timer.health.as_result()
    del health["source"]
    return {
        "timer": {"id": timer.id, "name": timer.name, "url": timer.url, "next_run": timer.next_run},
        "health": health,
        "previous": None if old is None else {"state": old.health.state},
        "last_success": timer.last_success,
    }
