# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``backup_timers``: what ``module_utils/_backup.py`` makes of backup jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display

from ..module_utils._errors import InputError
from ..module_utils._timers import schedule as _schedule
from ..module_utils._timers.options import parse_moment
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
    """The definitions of the jobs' timers, for the module ``timers``."""
    try:
        expansion = _backup.expand(
            jobs,
            now=moment(now),
            schedules=schedules,
            defaults=defaults,
            zone=timezone,
            prefix=prefix,
            state=state,
            spread=spread,
        )
    except InputError as error:
        raise AnsibleFilterError(f"backup_timers: {error}") from error
    for warning in expansion.warnings:
        Display().warning(warning)
    return expansion.timers


def moment(now: str | datetime | None) -> datetime:
    """The moment that ``now`` names in ISO 8601 (without an offset: UTC), or the host's clock. Raises InputError."""
    return parse_moment("backup_now", str(now), "UTC")[0] if now else datetime.now(_schedule.UTC)


class FilterModule:
    """What Ansible looks for in a filter file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"backup_timers": backup_timers}
