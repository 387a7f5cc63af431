# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``backup_timers``: the timers of backup jobs, from ``plugin_utils/_backup.py``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display

from ..module_utils._timers.schedule import UTC
from ..plugin_utils import _backup


def backup_timers(
    jobs: Sequence[Mapping[str, Any]],
    defaults: Mapping[str, Any] | None = None,
    schedules: Mapping[str, Any] | None = None,
    timezone: str = "UTC",
    prefix: str = "backup-",
    state: str = "present",
    spread: int = 0,
    now: str | datetime | None = None,
) -> list[dict[str, Any]]:
    """The definitions of the jobs' timers, for the module ``timers``. Raises AnsibleFilterError."""
    variables = {
        "backup_jobs": jobs,
        "backup_defaults": defaults,
        "backup_schedules": schedules,
        "backup_timezone": timezone,
        "backup_prefix": prefix,
        "backup_state": state,
        "backup_spread": spread,
        "backup_clock": now or None,
    }
    plan = _backup.plan_backup(variables, datetime.now(UTC))
    if plan["error"] is not None:
        raise AnsibleFilterError(f"backup_timers: {plan['error']}")
    for warning in plan["warnings"]:
        Display().warning(warning)
    timers: list[dict[str, Any]] = plan["timers"]
    return timers


class FilterModule:
    """The filters of this file, as Ansible finds them."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"backup_timers": backup_timers}
