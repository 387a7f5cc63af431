# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long tests wait. No test fails because the machine is busy: a limit only stops what hangs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

LIMIT = 1800.0  # seconds, for one program, one request or one event; all of them take seconds at most
# Seconds between two looks.
PAUSE = 0.01

T = TypeVar("T")


def until(what: str, look: Callable[[], T], limit: float = LIMIT) -> T:
    """Look until there is something to see, and return it. Raises AssertionError if it does not come."""
    end = time.monotonic() + limit
    while not (seen := look()):
        assert time.monotonic() < end, f"{what}: not within {limit:.0f} seconds, so something hangs"
        time.sleep(PAUSE)
    return seen
