# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a recorded answer that are compared with ours."""

from __future__ import annotations

from typing import Any


def keys(value: Any) -> set[str]:
    """The keys of a document. Those of inner documents have a dot: ``outer.inner``."""
    found = set()
    for name, inner in value.items():
        found.add(name)
        if isinstance(inner, dict):
            found |= {f"{name}.{one}" for one in keys(inner)}
    return found
