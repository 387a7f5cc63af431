# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``backup_now``: which copies the role makes now, from ``plugin_utils/_now.py``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._timers.schedule import UTC
from ..plugin_utils import _now


def backup_now(variables: Mapping[str, Any], timers: Sequence[Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """Returns errors as a value, because Ansible would add a long text to an exception."""
    if not isinstance(variables, Mapping):
        raise AnsibleFilterError("backup_now: the input must be a dictionary of the role's variables")
    return _now.plan_now(variables, timers, datetime.now(UTC))


class FilterModule:
    """The filters of this file, as Ansible finds them."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"backup_now": backup_now}
