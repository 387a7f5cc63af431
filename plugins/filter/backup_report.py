# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``backup_report``: the content of the role's report, see ``plugin_utils/_report.py``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._errors import InputError
from ..module_utils._timers.options import check_zone, parse_moment
from ..module_utils._timers.schedule import UTC
from ..plugin_utils import _report


def backup_report(
    timers: Sequence[Mapping[str, Any]],
    jobs: Sequence[Mapping[str, Any]] | None = None,
    prefix: str = "backup-",
    timezone: str = "UTC",
    now: str | None = None,
    results: Sequence[Mapping[str, Any]] = (),
    account: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """The content that the template ``report.html.j2`` of the role converts into HTML."""
    try:
        present = parse_moment("backup_clock", str(now), "UTC")[0] if now else datetime.now(UTC)
        check_zone("timezone", timezone)
    except InputError as error:
        raise AnsibleFilterError(f"backup_report: {error}") from error
    return _report.model(
        timers,
        jobs=jobs,
        prefix=prefix,
        zone=timezone,
        now=present.replace(microsecond=0),
        results=results,
        account=account,
    )


class FilterModule:
    """The filters of this file, as Ansible finds them."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"backup_report": backup_report}
