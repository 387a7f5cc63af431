# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Promtool of Prometheus checks the alert rules and the metrics: ``make promtool-test``."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ansible_collections.research_ops.globus.plugins.filter.backup_metrics import backup_metrics
from unit.plugins.plugin_utils.test_metrics import ODD, timer

# The target of make requires promtool, so it cannot pass without it.
pytestmark = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is missing")
HERE = Path(__file__).resolve().parent
RULES = HERE.parents[1] / "docs" / "examples" / "prometheus" / "alerts.yml"


def promtool(*arguments: str, text: str = "") -> str:
    done = subprocess.run(["promtool", *arguments], input=text.encode(), capture_output=True, check=False)
    output = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, output
    return output


def test_the_rules_are_rules() -> None:
    assert "4 rules found" in promtool("check", "rules", str(RULES))


def test_each_rule_fires_when_it_should() -> None:
    promtool("test", "rules", str(HERE / "alerts_test.yml"))


@pytest.mark.parametrize("number", [0, 1, 1000])
def test_the_metrics_are_metrics(number: int) -> None:
    """Also their style: promtool reports names against its conventions, and metrics without help."""
    text = backup_metrics([timer(f"{one}{ODD[one % len(ODD)]}") for one in range(number)])
    assert promtool("check", "metrics", text=text) == ""


def test_text_that_is_none_would_be_noticed() -> None:
    with pytest.raises(AssertionError):
        promtool("check", "metrics", text='globus_timer_health{timer="a"b"} 1\n')
