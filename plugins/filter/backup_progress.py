# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``backup_progress``: the progress of awaited transfers, from ``plugin_utils/_progress.py``."""

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
    """The progress of the transfers. With ``until``, it also prints the line, and ``over`` is true from that time on.

    The role calls it after each attempt of a task with ``until``, because Ansible does not print results in between.
    """
    if not isinstance(look, Mapping):
        raise AnsibleFilterError("backup_progress: the input must be the return values of timer_info")
    found = _progress.progress(look, list(awaited), made)
    if until is not None:
        Display().display(f"    {found['line']}")
        found["over"] = found["over"] or time.time() >= float(until)
    return found


class FilterModule:
    """The filters of this file, as Ansible finds them."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"backup_progress": backup_progress}
