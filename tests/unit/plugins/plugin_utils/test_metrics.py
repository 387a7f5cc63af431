# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The metrics of timers, read back by the parser of Prometheus's own library."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from prometheus_client.parser import text_string_to_metric_families

from ansible_collections.research_ops.globus.plugins.filter.backup_metrics import backup_metrics
from ansible_collections.research_ops.globus.plugins.module_utils._timers.health import HEALTH_STATES
from ansible_collections.research_ops.globus.plugins.plugin_utils import _metrics

ROOT = Path(__file__).resolve().parents[4]
RULES = ROOT / "docs" / "examples" / "prometheus" / "alerts.yml"
NAMES = {  # an interface: alert rules and dashboards of others have them
    "globus_timer_health",
    "globus_timer_last_success_timestamp_seconds",
    "globus_timer_last_run_bytes",
    "globus_timer_last_run_files",
    "globus_timer_next_run_timestamp_seconds",
    "globus_timer_transfer_faults",
    "globus_timers_rate_ratio",
}
ODD = ('"', "\\", "\n", '\\"', "\\n", "\r", "\t", "\u2028", "\x00", "ä", "日本", "🔭", "{}", ",", "=", "#", " ", "")
Samples = dict[str, dict[tuple[str, ...], float]]


def timer(name: str = "nightly", /, state: str = "ok", **options: Any) -> dict[str, Any]:
    """A timer as timer_info returns it with runs: 1."""
    return {
        "id": f"id-of-{name}",
        "name": name,
        "definition": {"name": name, "schedule": {"start": "2026-02-01T08:00:00+00:00", "interval": "1d"}},
        "next_run": "2026-03-03T08:00:00+00:00",
        "health": {"state": state, "reason": None, "remedy": None, "since": None, "source": "transfer"},
        "last_success": {
            "ran_at": "2026-03-02T08:00:00+00:00",
            "completed_at": "2026-03-02T08:10:00+00:00",
            "files_transferred": 1,
            "bytes_transferred": 1,
        },
        "recent_runs": [{"transfer": {"bytes_transferred": 2**53 + 1, "files_transferred": 12, "faults": 97}}],
        **options,
    }


def read(text: str) -> Samples:
    """The samples by metric and labels; the parser takes equal lines, which Prometheus refuses."""
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge"
        assert family.documentation
        samples = [(tuple(sample.labels.values()), sample.value) for sample in family.samples]
        found[family.name] = dict(samples)
        assert len(found[family.name]) == len(samples), "two lines have equal labels"
        assert all(sample.name == family.name for sample in family.samples)
    return found


def test_names_are_those_that_were_promised() -> None:
    assert set(_metrics.METRICS) == set(read(backup_metrics([]))) == NAMES


def test_no_timer() -> None:
    found = read(backup_metrics([]))
    assert found.pop("globus_timers_rate_ratio") == {(): 0}
    assert all(samples == {} for samples in found.values())


def test_one_timer() -> None:
    text = backup_metrics([timer(state="stalled")])
    found = read(text)
    assert found.pop("globus_timer_health") == {
        ("nightly", state): float(state == "stalled") for state in HEALTH_STATES
    }
    assert found == {
        "globus_timer_last_success_timestamp_seconds": {("nightly",): 1772439000},
        "globus_timer_last_run_bytes": {("nightly",): 2**53 + 1},
        "globus_timer_last_run_files": {("nightly",): 12},
        "globus_timer_next_run_timestamp_seconds": {("nightly",): 1772524800},
        "globus_timer_transfer_faults": {("nightly",): 97},
        "globus_timers_rate_ratio": {(): pytest.approx(1 / 1440)},
    }
    assert f'globus_timer_last_run_bytes{{timer="nightly"}} {2**53 + 1}\n' in text
    assert text.endswith("\n")


def test_a_thousand_timers_with_odd_names() -> None:
    names = [f"{number}{ODD[number % len(ODD)]}{ODD[number // 7 % len(ODD)]}" for number in range(1000)]
    found = read(backup_metrics([timer(name) for name in names]))
    for name, samples in found.items():
        if name != "globus_timers_rate_ratio":
            assert {labels[0] for labels in samples} == set(names)
    assert len(found["globus_timer_health"]) == 1000 * len(HEALTH_STATES)
    assert found["globus_timers_rate_ratio"][()] == pytest.approx(1000 / 1440)


@pytest.mark.parametrize("odd", ODD)
def test_a_name_arrives_as_it_is(odd: str) -> None:
    assert {labels[0] for labels in read(backup_metrics([timer(odd)]))["globus_timer_health"]} == {odd}


def test_half_a_character_is_spelled_out() -> None:
    text = backup_metrics([timer("a\ud83d")])
    text.encode()
    assert {labels[0] for labels in read(text)["globus_timer_health"]} == {"a\\ud83d"}


def test_what_is_not_known_has_no_line() -> None:
    unknown = timer(next_run=None, last_success=None, recent_runs=[{"transfer": None}], definition=None)
    for entry in (unknown, {name: unknown[name] for name in ("id", "name", "health")}):
        found = read(backup_metrics([entry]))
        assert len(found.pop("globus_timer_health")) == len(HEALTH_STATES)
        assert found.pop("globus_timers_rate_ratio") == {(): 0}
        assert all(samples == {} for samples in found.values())


def test_timers_that_share_a_name_are_told_apart() -> None:
    same = [timer(id="1"), timer(id="2"), timer("nightly (1)", id="3"), timer(id="1")]
    text = backup_metrics(same)
    labels = {label for label, _state in read(text)["globus_timer_health"]}
    assert labels == {"nightly (1)'", "nightly (2)", "nightly (1)", "nightly (1)''"}


def test_the_only_one_that_has_not_ended_keeps_its_name() -> None:
    same = [timer(state="ended", id="1"), timer(state="stalled", id="2")]
    found = read(backup_metrics(same))["globus_timer_health"]
    assert found["nightly", "stalled"] == 1
    assert found["nightly (1)", "ended"] == 1


@pytest.mark.parametrize("state", ["paused", "ended", "inactive", "needs_consent", "needs_session"])
def test_what_does_not_run_uses_nothing_of_the_limit_L2(state: str) -> None:
    found = read(backup_metrics([timer("stopped", state=state), timer("runs")]))
    assert found["globus_timers_rate_ratio"] == {(): pytest.approx(1 / 1440)}


@pytest.mark.parametrize(
    "wrong", [None, "text", {"timers": []}, [None], [{}], [timer() | {"name": 1}], [timer(state="well")]]
)
def test_what_timer_info_does_not_return_is_refused(wrong: Any) -> None:
    with pytest.raises(AnsibleFilterError, match=r"^backup_metrics: .* research_ops\.globus\.timer_info returns"):
        backup_metrics(wrong)


def test_the_alert_rules_use_metrics_that_exist() -> None:
    """Beside them one that node_exporter itself has: the time of the file."""
    rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"][0]["rules"]
    used = {name for rule in rules for name in re.findall(r"\b(?:globus|node)_\w+(?=[{ )]|$)", rule["expr"])}
    used -= {"globus_timers"}  # of the file's name
    assert used <= NAMES | {"node_textfile_mtime_seconds"}
    assert len(used & NAMES) >= 3
    states = {
        state
        for rule in rules
        for word in re.findall(r'state[!=~]+"([^"]+)"', rule["expr"])
        for state in word.split("|")
    }
    assert states
    assert states <= set(HEALTH_STATES)
