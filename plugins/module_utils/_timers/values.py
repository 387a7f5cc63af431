# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Converts values of the services' JSON documents to our types before they are compared (rule D8). Pure.

``"10"`` is 10, ``"86400.0"`` is 86400 and ``"true"`` is true. Any other value raises ValueError with the value in its
message. Python's JSON decoder also returns NaN, Infinity and lone surrogates (halves of a character that takes two):
these are refused, too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from .schedule import parse_instant

NUMBER_MAXIMUM = 10**15  # a larger number cannot be a number of runs, seconds or files
INTEGER_MAXIMUM = 10**300  # for numbers that we only return; Python refuses to write thousands of digits
FIRST_YEAR, LAST_YEAR = 1970, 9000  # of a moment; Python's calendar ends in 9999, and schedules add years
DEPTH_MAXIMUM = 50  # the deepest nesting of a document that we return
SHOWN_MAXIMUM = 100  # characters of a value in a message
_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "on", "1", "1.0"), True),
    **dict.fromkeys(("false", "no", "off", "0", "0.0"), False),
}


def is_absent(value: Any) -> bool:
    """Whether a member has no meaning: null, false, "", [] or {} (rule D7)."""
    return value is None or value is False or (isinstance(value, (str, list, dict)) and not value)


def to_number(value: Any) -> int:
    """A whole number. Raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= NUMBER_MAXIMUM:
        return value
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            number = float(value)
        except (OverflowError, ValueError):
            number = math.nan
        if abs(number) <= NUMBER_MAXIMUM and number == int(number):
            return int(number)
    raise ValueError(f"{shown(value)} is not a whole number")


def to_boolean(value: Any) -> bool:
    """True or false. Raises ValueError."""
    if value is True or value is False:
        return value
    if isinstance(value, (int, float, str)):
        found = _BOOLEANS.get(str(value).strip().lower())
        if found is not None:
            return found
    raise ValueError(f"{shown(value)} is neither true nor false")


def to_text(value: Any) -> str:
    """A text; a number becomes its digits. Raises ValueError."""
    if isinstance(value, str):
        if value.isascii() or not _has_surrogates(value):
            return value
        raise ValueError(f"{shown(value)} is not valid text: it contains an incomplete character")
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= NUMBER_MAXIMUM:
        return str(value)
    raise ValueError(f"{shown(value)} is not text")


def to_instant(value: Any) -> datetime:
    """A moment in UTC, cut to whole seconds; without an offset it is UTC. Raises ValueError."""
    try:
        moment = _parsed_instant(to_text(value))
    except (ValueError, OverflowError):
        raise ValueError(f"{shown(value)} is not a time in ISO 8601") from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"{shown(value)} is not a valid time for a timer")
    return moment


@lru_cache(maxsize=256)  # a document contains its start up to three times
def _parsed_instant(text: str) -> datetime:
    return parse_instant(text)[0]


def instant_or_none(value: Any) -> datetime | None:
    """A moment, or None if the value is not a moment that we understand."""
    try:
        return to_instant(value) if value else None
    except ValueError:
        return None


def to_mapping(value: Any) -> Mapping[str, Any]:
    """A JSON object, whatever is in it. Raises ValueError."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{shown(value)} is not a mapping")
    return value


def to_json_mapping(value: Any) -> Mapping[str, Any]:
    """A JSON object that we can return: not nested too deep, and without NaN, Infinity or half a character.

    Raises ValueError.
    """
    mapping = to_mapping(value)
    _check_json(mapping, DEPTH_MAXIMUM)
    return mapping


def _check_json(value: Any, depth: int) -> None:
    if depth == 0:
        raise ValueError(f"it is nested more than {DEPTH_MAXIMUM} levels deep")
    if isinstance(value, Mapping):
        for name, member in value.items():
            to_text(name)
            _check_json(member, depth - 1)
    elif isinstance(value, (list, tuple)):
        for member in value:
            _check_json(member, depth - 1)
    elif isinstance(value, str):
        to_text(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{shown(value)} is not a number")
    elif isinstance(value, int) and abs(value) > INTEGER_MAXIMUM:
        raise ValueError("it contains a number that is too large")


def _has_surrogates(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


# --- showing -------------------------------------------------------------------------------------------------------


def presentable_text(text: str) -> str:
    """A text that every ansible-core can return: half a character becomes its escape, such as ``\\ud800``."""
    if text.isascii() or not _has_surrogates(text):
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def presentable(value: Any, depth: int = DEPTH_MAXIMUM) -> Any:
    """A JSON value that every ansible-core can return.

    Half a character, a number that JSON does not have, and values that are nested too deep become text.
    """
    if isinstance(value, str):
        return presentable_text(value)
    if isinstance(value, (Mapping, list, tuple)) and depth == 0:
        return "..."
    if isinstance(value, Mapping):
        return {presentable_text(str(name)): presentable(member, depth - 1) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [presentable(member, depth - 1) for member in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and abs(value) > INTEGER_MAXIMUM:
        return "a number that is too large"
    return value


def shown(value: Any) -> str:
    """A value for a message: short, on one line."""
    text = repr(presentable(value, depth=3))
    return text if len(text) <= SHOWN_MAXIMUM else f"{text[: SHOWN_MAXIMUM - 3]}..."
