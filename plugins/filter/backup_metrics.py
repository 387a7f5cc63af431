# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``backup_metrics``: timers as metrics for Prometheus, see ``plugin_utils/_metrics.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._errors import InputError
from ..plugin_utils._metrics import metrics_of


def backup_metrics(timers: Any) -> str:
    """The text that the textfile collector of Prometheus reads. Raises AnsibleFilterError."""
    try:
        return metrics_of(timers)
    except InputError as error:
        raise AnsibleFilterError(f"backup_metrics: {error}") from error


class FilterModule:
    """The filters of this file, as Ansible finds them."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"backup_metrics": backup_metrics}
