# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``backup_plan``: the checked and expanded variables of the role ``backup``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display

from ..module_utils._timers.schedule import UTC
from ..plugin_utils import _backup


def backup_plan(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The timers of the jobs and the options of the module ``timers``. Errors are returned as ``error``, not raised.

    Ansible would put several sentences about its own work before the message of an exception.
    """
    if not isinstance(variables, Mapping):
        raise AnsibleFilterError("backup_plan: the input must be a dictionary of the role's variables")
    plan = _backup.plan_backup(variables, datetime.now(UTC))
    for warning in plan["warnings"]:
        Display().warning(warning)
    return plan


class FilterModule:
    """The filters of this file, as Ansible finds them."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"backup_plan": backup_plan}
