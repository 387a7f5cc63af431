# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide to schedules says what the module does. (Its year in Chicago is run by test_schedule_year.py.)"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.research_ops.globus.plugins.filter.upcoming_runs import upcoming_runs
from ansible_collections.research_ops.globus.plugins.module_utils._timers.document import write_timer
from ansible_collections.research_ops.globus.plugins.module_utils._timers.plan import Wanted, plan_timer
from unit.samples import definition, sample

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst" / "guide_schedules.rst").read_text(
    encoding="utf-8"
)
TEXT = " ".join(GUIDE.split())  # whatever its lines are
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # "created on Tuesday, 24 November 2026, at 12:00 UTC"
ROWS = re.findall(r"^   \* - (.+)\n     - ``(.*)``\n     - ``(.*)``\n", GUIDE, re.M)


def test_the_table_is_read_whole() -> None:
    table = GUIDE[GUIDE.index("Common schedules\n---") : GUIDE.index("A schedule for Monday to Friday")]
    assert len(ROWS) == table.count("   * - ") - 1 >= 12
    assert f"{NOW:%A, %-d %B %Y, at %H:%M} UTC" in TEXT


@pytest.mark.parametrize(("said", "written", "run"), ROWS, ids=[row[0] for row in ROWS])
def test_common_schedules_are_what_the_service_runs(said: str, written: str, run: str) -> None:
    wanted = definition(sample(yaml.safe_load(written)), NOW)
    plan = plan_timer(Wanted(name=wanted.name, definition=wanted), [], NOW)
    assert plan.creation is not None
    schedule: dict[str, Any] = write_timer(plan.creation, plan.creation.schedule.start)["schedule"]
    kind = schedule.pop("type")
    assert schedule == yaml.safe_load(run)
    assert (kind == "once") == said.startswith("Once, ")


def test_the_tasks_are_tasks() -> None:
    blocks = re.findall(r"^\.\. code-block:: yaml\n\n((?:    .*\n|\n)+)", GUIDE, re.M)
    tasks = [task for block in blocks for task in yaml.safe_load(block)]
    (shown,) = [task for task in tasks if "ansible.builtin.debug" in task]
    assert "schedule | research_ops.globus.upcoming_runs " in shown["ansible.builtin.debug"]["msg"]
    assert len(upcoming_runs(shown["vars"]["schedule"])) == 10
    (backup,) = [task["research_ops.globus.timer"] for task in tasks if "research_ops.globus.timer" in task]
    assert backup.pop("on_drift") == "replace"
    assert definition(backup, NOW).schedule.follow
    assert len(tasks) == 2


def test_the_cases_in_the_text() -> None:
    """What the sections on clock changes and leap years give as examples."""
    chicago = {"interval": "1d", "at": "02:30", "timezone": "America/Chicago", "daylight_saving": "follow"}
    skipped = definition(sample(chicago), NOW)
    (warning,) = plan_timer(Wanted(name="a", definition=skipped), [], NOW).warnings
    assert "of 2027-03-14 02:30 takes place" in warning
    assert "02:30 on 14 March 2027 in Chicago" in TEXT
    yearly = upcoming_runs({"interval": "365d", "start": "2027-03-01T02:00:00Z"}, "2027-01-01", count=2)
    assert [run["local"][:10] for run in yearly] == ["2027-03-01", "2028-02-29"]
    assert "A yearly timer on 1 March 2027 runs again on 29 February 2028" in TEXT
