# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue of future events: ticks of timers, retries and deadlines of tasks, ends of deletions."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from emulator.clock import Clock


class Subject(Protocol):
    """The object that an entry is about. A new version of it invalidates the entries of earlier versions."""

    version: int


class Agenda:
    """Actions, each with the moment at which it is due."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: list[tuple[datetime, bool, int, Callable[[Any, datetime], None], Subject, int | None]] = []
        self._numbers = itertools.count()

    def push(
        self, at: datetime, action: Callable[[Any, datetime], None], subject: Subject, *, deadline: bool = False
    ) -> None:
        """Call ``action(subject, at)`` at a moment, unless the subject has a new version by that time.

        A deadline applies to every version, and comes after everything else that is due at the same moment: on the real
        service a task is submitted, and expires, some seconds after the tick.
        """
        version = None if deadline else subject.version
        heapq.heappush(self._entries, (at, deadline, next(self._numbers), action, subject, version))

    def run_until(self, moment: datetime) -> None:
        """Run everything that is due up to a moment, in order. During each action, the clock shows its time."""
        try:
            while self._entries and self._entries[0][0] <= moment:
                at, _deadline, _number, action, subject, version = heapq.heappop(self._entries)
                if version is None or version == subject.version:
                    self._clock.frozen_at = at
                    action(subject, at)
        finally:
            self._clock.frozen_at = None
