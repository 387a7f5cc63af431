# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report on backups says: runs and their places, health, zone, share of the rate limit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._timers import health as _health
from ansible_collections.research_ops.globus.plugins.plugin_utils import _report

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # Monday, 06:00 in Chicago
CHICAGO = "America/Chicago"


def timer(name: str = "backup-lab", /, state: str = "ok", **options: Any) -> dict[str, Any]:
    """A timer as timer_info returns it: every day at 08:00 UTC."""
    interval, end = options.pop("interval", "1d"), options.pop("end", None)
    schedule = {"start": "2026-02-01T08:00:00+00:00", **({"interval": interval} if interval else {})}
    return {
        "id": f"id-of-{name}",
        "name": name,
        "url": f"https://app.globus.org/activity/timers/{name}",
        "definition": {"schedule": {**schedule, **({"end": end} if end else {})}},
        "next_run": "2026-03-03T08:00:00+00:00",
        "last_run": "2026-03-02T08:00:00+00:00",
        "runs": 30,
        "errors": 1,
        "health": {"state": state, "reason": None, "remedy": None},
        **options,
    }


def page(*timers: dict[str, Any], names: list[str] | None = None, zone: str = CHICAGO) -> dict[str, Any]:
    wanted = [one["name"] for one in timers] if names is None else names
    return _report.model(timers, names=wanted, prefix="backup-", zone=zone, now=NOW)


def row(*timers: dict[str, Any], **options: Any) -> dict[str, Any]:
    (only,) = page(*timers, **options)["rows"]
    assert isinstance(only, dict)
    return only


def test_runs_are_to_scale() -> None:
    marks = row(timer())["marks"]
    assert len(marks) == 14
    assert marks[0] == {"x": 58.33, "at": "2026-03-03T02:00:00-06:00", "title": "Tue 3 Mar 02:00"}
    for mark in marks:
        share = (datetime.fromisoformat(mark["at"]) - NOW).total_seconds() / (14 * 86400)
        assert mark["x"] == pytest.approx(share * 980, abs=0.01)


def test_days_are_to_scale_and_one_of_a_clock_change_is_shorter() -> None:
    days = page(timer())["days"]
    assert [day["date"] for day in days] == [f"{n} Mar" for n in range(2, 17)]
    assert days[0]["width"] == pytest.approx(18 / 24 * 70, abs=0.01)
    assert days[6]["width"] == pytest.approx(23 / 24 * 70, abs=0.01)
    assert sum(day["width"] for day in days) == pytest.approx(980, abs=0.1)
    assert [day["date"] for day in days if day["weekend"]] == ["7 Mar", "8 Mar", "14 Mar", "15 Mar"]


def test_many_runs_are_a_comb() -> None:
    one = row(timer(interval="1h"))
    assert one["marks"] == []
    assert one["runs"] == 317
    assert one["band"] == {"x": 58.33, "width": pytest.approx(921.67), "step": pytest.approx(980 / 336, abs=0.001)}
    assert one["told"] == "317, every 1h from Tue 3 Mar 02:00 to Mon 16 Mar 07:00"


def test_last_and_next_run_are_told_in_the_zone() -> None:
    one = row(timer())
    assert one["last"] == {"text": "Mon 2 Mar 2026 02:00", "at": "2026-03-02T02:00:00-06:00"}
    assert one["next"] == {"text": "Tue 3 Mar 2026 02:00", "at": "2026-03-03T02:00:00-06:00"}
    assert row(timer(), zone="Asia/Kolkata")["next"]["text"] == "Tue 3 Mar 2026 13:30"


@pytest.mark.parametrize(
    ("options", "runs", "note"),
    [
        ({"end": {"count": 33}}, 3, ""),
        ({"end": {"count": 30}}, 0, "next: Tue 3 Mar 2026 02:00"),
        ({"end": {"datetime": "2026-03-05T08:00:00+00:00"}}, 3, ""),
        ({"interval": None}, 1, ""),
        ({"interval": "8w", "next_run": "2026-04-01T08:00:00+00:00"}, 0, "next: Wed 1 Apr 2026 03:00"),
        ({"next_run": None}, 0, "no next run"),
        ({"next_run": "2026-03-02T08:00:00+00:00"}, 14, ""),  # overdue: the ticks go on
        ({"definition": None}, 1, ""),  # a flow: at least the run that the service tells
    ],
)
def test_how_many_runs_come(options: dict[str, Any], runs: int, note: str) -> None:
    one = row(timer(**options))
    assert (one["runs"], len(one["marks"]), one["note"]) == (runs, runs, note)


@pytest.mark.parametrize("state", _health.STATES)
def test_every_health_has_a_word_and_a_sign(state: str) -> None:
    one = row(timer(state=state, health={"state": state, "reason": "why", "remedy": "what"}))
    health = one["health"]
    assert health["label"]
    assert len(health["sign"]) == 1
    assert (health["kind"] == "bad") == (state in _health.UNHEALTHY)
    assert (health["reason"], health["remedy"]) == ("why", "what")
    idle = ("needs_consent", "needs_session", "inactive", "paused", "ended")
    assert bool(one["runs"]) == (state not in idle)
    assert bool(page(timer(state=state))["attention"]) == (state != "ok")


def test_moments_in_reasons_are_told_in_the_zone() -> None:
    reason = "Its last run, at 2026-03-02T08:00:00+00:00, failed: no"
    one = row(timer(health={"state": "failing", "reason": reason, "remedy": None}))
    assert one["health"]["reason"] == "Its last run, at Mon 2 Mar 2026 02:00, failed: no"


def test_w7_a_timer_that_has_ended_is_none_that_purge_would_remove() -> None:
    (one,) = page(timer("backup-old", state="ended"), names=[])["rows"]
    assert (one["surplus"], one["health"]["state"]) == (False, "ended")


def test_missing_and_surplus_timers_are_shown_others_are_not() -> None:
    timers = [timer("other"), timer("backup-b"), timer("backup-old"), timer("backup-a")]
    rows = page(*timers, names=["backup-b", "backup-lost", "backup-a"])["rows"]
    shown = [(one["name"], one["surplus"], one["health"]["state"]) for one in rows]
    assert shown == [
        ("backup-b", False, "ok"),
        ("backup-lost", False, "missing"),
        ("backup-a", False, "ok"),
        ("backup-old", True, "ok"),
    ]


def test_counts_and_attention_have_the_worst_first() -> None:
    shown = page(timer("backup-a", "paused"), timer("backup-b"), timer("backup-c", "failing"), timer("backup-d"))
    assert [(count["number"], count["state"]) for count in shown["counts"]] == [
        (1, "failing"),
        (1, "paused"),
        (2, "ok"),
    ]
    assert [one["name"] for one in shown["attention"]] == ["backup-c", "backup-a"]


def test_l2_share_of_the_rate_limit_counts_all_that_run() -> None:
    rate = page(
        timer(interval="1h"),
        timer("backup-paused", "paused", interval="60s"),
        timer("other", interval="6h"),
        timer("once", interval=None),
        names=[],
    )["rate"]
    assert (rate["these"], rate["others"], rate["all"], rate["per_day"]) == ("1.7 %", "0.3 %", "1.9 %", "28")
    assert page(timer())["rate"]["all"] == "less than 0.1 %"
    assert page(timer(interval="60s"))["rate"]["all_width"] == 100
    assert page()["rate"]["all"] == "0.0 %"


def test_failures_of_timers_that_were_replaced_are_shown_W4e() -> None:
    """The new timer is well, because it has not run yet."""
    bad = {"state": "failing", "reason": "Its last run, at 2026-03-02T08:00:00+00:00, failed: X", "remedy": "Look"}
    results: list[dict[str, Any]] = [
        {"name": "backup-lab", "replaced": [{"timer_id": "old", "health": bad}]},
        {"name": "backup-other", "replaced": [{"timer_id": "fine", "health": {"state": "ok"}}]},
        {"name": "backup-unread", "replaced": [{"timer_id": "unread", "health": None}]},
        {"name": "backup-new", "replaced": []},
        {"name": "backup-refused"},
    ]
    shown = _report.model([], names=[], prefix="backup-", zone=CHICAGO, now=NOW, results=results)["replaced"]
    assert [(one["name"], one["id"], one["health"]["label"]) for one in shown] == [("backup-lab", "old", "Failing")]
    assert "Mon 2 Mar 2026 02:00" in shown[0]["health"]["reason"]
    assert page()["replaced"] == []
