# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock of the emulator. By default it shows real time. It can be moved forward, or stopped for tests that must not
depend on time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime


def parse_moment(text: str) -> datetime:
    """Read an ISO 8601 moment; one without an offset is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00").replace("z", "+00:00"))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def show(moment: datetime | None) -> str | None:
    """A moment as the Timers service writes it: whole seconds, offset ``+00:00``. None stays None."""
    return None if moment is None else moment.astimezone(UTC).replace(microsecond=0).isoformat()


def cut(moment: datetime) -> datetime:
    """The moment without its fraction of a second."""
    return moment.replace(microsecond=0)


class Clock:
    """Real time plus an offset. A stopped clock changes only when it is moved.

    ``frozen_at`` is set while ticks run, so that everything that a tick records has the time of that tick.
    """

    def __init__(self, start: datetime | None = None, stopped: bool = False) -> None:
        self._offset = timedelta(0) if start is None else start - self.machine_now()
        self._stopped_at = (start or self.machine_now()) if stopped else None
        self.frozen_at: datetime | None = None

    def now(self) -> datetime:
        """The emulator's time, UTC."""
        return self.frozen_at or self._stopped_at or self.machine_now() + self._offset

    @staticmethod
    def machine_now() -> datetime:
        """The time of the machine, UTC: only for values that a client compares with its own clock."""
        return datetime.now(UTC)

    def move_to(self, moment: datetime) -> None:
        """Set the clock. Raises ValueError for an earlier time."""
        if moment < self.now():
            raise ValueError(f"the clock is at {self.now().isoformat()} and never goes backwards")
        self._offset = moment - self.machine_now()
        if self._stopped_at is not None:
            self._stopped_at = moment

    def http_date(self) -> str:
        """The time in the form of a ``Date`` header."""
        return format_datetime(self.now(), usegmt=True)
