# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Times, numbers and sizes in words, for the report and the role. Always in English. Pure: no input or output."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from ..module_utils._timers.schedule import format_local, format_time_of_day, parse_instant, to_wall

SHORT_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\+00:00|Z)")
_SIZES = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")
_AGES = (("day", 86400), ("hour", 3600), ("minute", 60))


def short(moment: datetime, zone: str) -> str:
    """``Mon 2 Mar 02:00``."""
    wall = to_wall(moment, zone)
    time = format_time_of_day(wall.hour * 3600 + wall.minute * 60 + wall.second)
    return f"{SHORT_WEEKDAYS[wall.weekday()]} {wall.day} {MONTHS[wall.month - 1]} {time}"


def long(moment: datetime, zone: str) -> str:
    """The same with the year."""
    wall = to_wall(moment, zone)
    day, _blank, time = short(moment, zone).rpartition(" ")
    return f"{day} {wall.year} {time}"


def localised(text: str, zone: str) -> str:
    """A sentence with its times converted to the zone."""
    return _INSTANT.sub(lambda found: long(parse_instant(found[0])[0], zone), text)


def instant(text: Any) -> datetime | None:
    """The moment in a return value of a module; None if it is null or cannot be read."""
    try:
        return parse_instant(str(text))[0] if text else None
    except (ValueError, OverflowError):
        return None


def moment(at: datetime | None, zone: str, now: datetime) -> dict[str, str] | None:
    """A moment for the report: in words, in ISO 8601, and the time between it and now."""
    if at is None:
        return None
    return {
        "text": long(at, zone),
        "short": short(at, zone),
        "at": format_local(at, zone),
        "ago": ago(at, now),
    }


def ago(at: datetime, now: datetime) -> str:
    """``6 hours ago`` or ``in 2 days``, rounded to the largest unit."""
    seconds = abs((now - at) // timedelta(seconds=1))
    for unit, size in _AGES:
        number = round(seconds / size)
        if seconds >= (2 * size if unit == "day" else size):
            age = count(number, unit)
            return f"in {age}" if at > now else f"{age} ago"
    return "just now"


def count(number: int, singular: str, plural: str | None = None) -> str:
    """``1 file``, ``12,331 files``."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def size(number: int) -> str:
    """``1.2 TB``: with decimal units, as Globus shows sizes."""
    if number < 1000:
        return count(number, "byte")
    value, unit = float(number), 0
    while value >= 999.5 and unit < len(_SIZES) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} {_SIZES[unit]}" if value >= 99.95 else f"{value:.1f} {_SIZES[unit]}"


def joined(words: list[str]) -> str:
    """``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
