# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples for operations: the output of prometheus/metrics.yml, on the local Globus.

tests/unit/plugins/plugin_utils/test_metrics.py tests the rules of prometheus/alerts.yml, and ``make promtool-test``
checks them with promtool.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

import patience
from emulator.plain import Api
from integration.harness import ANSIBLE, Playbooks

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"


def play(playbooks: Playbooks, name: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run an unchanged example."""
    given = [argument for item in variables.items() for argument in ("-e", "=".join(item))]
    return patience.run(
        [str(ANSIBLE / "ansible-playbook"), str(EXAMPLES / name), *given],
        env={**playbooks.environment, "RECORD": str(playbooks.home / "operations.jsonl")},
        cwd=playbooks.home,
    )


def test_the_metrics_are_written_and_say_when(api: Api, playbooks: Playbooks) -> None:
    api.create(name='the "odd" \\ one')
    written = playbooks.home / "globus_timers.prom"
    options = {"metrics_file": str(written), "metrics_max_age": "2d"}

    first = play(playbooks, "prometheus/metrics.yml", **options)

    assert first.returncode == 0, first.stdout
    families = {family.name: family for family in text_string_to_metric_families(written.read_text(encoding="utf-8"))}
    health = {sample.labels["timer"]: sample for sample in families["globus_timer_health"].samples if sample.value == 1}
    assert {name: sample.labels["state"] for name, sample in health.items()} == {'the "odd" \\ one': "ok"}
    assert families["globus_timers_rate_ratio"].samples[0].value > 0

    os.utime(written, (0, 0))
    again = play(playbooks, "prometheus/metrics.yml", **options)
    assert "changed=0" in again.stdout
    assert written.stat().st_mtime > 0, "the time says when the play last succeeded"
