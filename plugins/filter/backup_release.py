# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``backup_release``: which timers of a record the role resumes, from ``plugin_utils/_hold.py``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display

from ..module_utils._timers.schedule import UTC
from ..plugin_utils import _hold


def backup_release(
    variables: Mapping[str, Any], timers: Sequence[Mapping[str, Any]] | None = None, record: str | None = None
) -> dict[str, Any]:
    """Returns errors as a value, because Ansible would add a long text to an exception."""
    if not isinstance(variables, Mapping):
        raise AnsibleFilterError("backup_release: the input must be a dictionary of the role's variables")
    plan = _hold.plan_release(variables, timers, record, datetime.now(UTC))
    for warning in plan["warnings"]:
        Display().warning(warning)
    return plan


class FilterModule:
    """The filters of this file, as Ansible finds them."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"backup_release": backup_release}
