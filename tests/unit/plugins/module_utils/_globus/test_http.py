# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request and its repetitions, against servers of a few lines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._globus.service import (
    RETRY_AFTER_MAXIMUM,
    _retry_after,
)


def in_seconds(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("-nan", None),
        ("Wed, 99 Foo 2026 99:99:99 GMT", None),
        ("Thu, 01 Jan 99999 00:00:00 GMT", None),
        ("0", 0.0),
        ("-5", 0.0),
        ("-inf", 0.0),
        ("2.5", 2.5),
        (" 3 ", 3.0),
        ("1e9", RETRY_AFTER_MAXIMUM),
        ("9" * 400, RETRY_AFTER_MAXIMUM),
        ("inf", RETRY_AFTER_MAXIMUM),
        # Each worker of pytest has a time of its own, and all of them must have the same names of tests.
        pytest.param(in_seconds(-86400), 0.0, id="yesterday"),
        pytest.param(in_seconds(86400), RETRY_AFTER_MAXIMUM, id="tomorrow"),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", RETRY_AFTER_MAXIMUM),
    ],
)
def test_W6_retry_after_is_a_number_of_seconds_within_the_bound_or_nothing(
    header: str | None, seconds: float | None
) -> None:
    assert _retry_after(header) == seconds


def test_W6_a_date_to_come_is_waited_for() -> None:
    seconds = _retry_after(in_seconds(20))
    assert seconds is not None
    assert 0 < seconds <= 20
