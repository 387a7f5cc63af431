# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``backup_restore``: which copy the role restores, and the target, from ``plugin_utils/_restore.py``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display

from ..module_utils._timers.schedule import UTC
from ..plugin_utils import _restore


def backup_restore(variables: Mapping[str, Any], timers: Sequence[Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """The timer that restores, or an error as a value, because Ansible would add a long text to an exception."""
    if not isinstance(variables, Mapping):
        raise AnsibleFilterError("backup_restore: the input must be a dictionary of the role's variables")
    plan = _restore.plan_restore(variables, timers, datetime.now(UTC))
    for warning in plan["warnings"]:
        Display().warning(warning)
    return plan


class FilterModule:
    """The filters of this file, as Ansible finds them."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"backup_restore": backup_restore}
