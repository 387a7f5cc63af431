# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``backup_progress``: how far awaited transfers are, from ``plugin_utils/_progress.py``."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display

from ..plugin_utils import _progress


def backup_progress(
    look: Mapping[str, Any],
    awaited: Sequence[Mapping[str, Any]] = (),
    made: Mapping[str, Any] | None = None,
    until: float | None = None,
) -> dict[str, Any]:
    """How far they are. With ``until``, the line is printed too, and ``over`` is true when that moment has come.

    The tasks of the role ask this after every look, because Ansible prints nothing of a result in between.
    """
    if not isinstance(look, Mapping):
        raise AnsibleFilterError("backup_progress: takes what timer_info returned")
    found = _progress.progress(look, list(awaited), made)
    if until is not None:
        Display().display(f"    {found['line']}")
        found["over"] = found["over"] or time.time() >= float(until)
    return found


class FilterModule:
    """What Ansible looks for in a filter file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"backup_progress": backup_progress}
