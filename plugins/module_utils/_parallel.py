# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Calls a function for several items at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

CONCURRENCY = 4  # requests at once, if the user does not choose

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def in_parallel(function: Callable[[_Item], _Result], items: Sequence[_Item], concurrency: int) -> list[_Result]:
    """The results of ``function`` for all items, in their order, with at most ``concurrency`` calls at once."""
    if len(items) < 2 or concurrency < 2:
        return [function(item) for item in items]
    with ThreadPoolExecutor(max_workers=min(concurrency, len(items))) as pool:
        return list(pool.map(function, items))
