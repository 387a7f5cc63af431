# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which changes of health become events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._timers.changes import Changes, Snapshot
from ansible_collections.research_ops.globus.plugins.module_utils._timers.health import HEALTH_STATES, UNHEALTHY, Health

SINCE = datetime(2026, 3, 2, 12, tzinfo=UTC)


def seen(name: str, state: str = "ok", timer_id: str | None = None) -> Snapshot:
    health = Health(state, f"It is {state}", "Cure it", SINCE, "transfer")
    return Snapshot(
        timer_id or f"id-of-{name}", name, f"https://app/{name}", health, "2026-03-03T02:00:00+00:00", {"files": 1}
    )


def short(events: list[dict[str, Any]]) -> list[tuple[str, str, str | None]]:
    """Name, state, and state before."""
    return [
        (event["timer"]["name"], event["health"]["state"], event["previous"] and event["previous"]["state"])
        for event in events
    ]


def test_an_event_says_what_was_promised() -> None:
    changes = Changes()
    assert changes.after([seen("a")]) == []
    assert changes.after([seen("a", "stalled")]) == [
        {
            "timer": {"id": "id-of-a", "name": "a", "url": "https://app/a", "next_run": "2026-03-03T02:00:00+00:00"},
            "health": {
                "state": "stalled",
                "reason": "It is stalled",
                "remedy": "Cure it",
                "since": "2026-03-02T12:00:00+00:00",
            },
            "previous": {"state": "ok"},
            "last_success": {"files": 1},
        }
    ]


@pytest.mark.parametrize("state", HEALTH_STATES)
def test_the_first_look_tells_what_is_unhealthy(state: str) -> None:
    expected = [("a", state, None)] if state in UNHEALTHY else []
    assert short(Changes().after([seen("a", state)])) == expected


def test_the_worst_comes_first() -> None:
    events = Changes().after([seen("c", "stale"), seen("b", "needs_consent"), seen("a", "stale")])
    assert [event["timer"]["name"] for event in events] == ["b", "a", "c"]


def test_a_state_that_stays_is_told_once() -> None:
    changes = Changes()
    looks = ["ok", "stalled", "stalled", "stalled", "failing", "failing", "ok", "ok", "paused", "ok"]
    states = [state for look in looks for _name, state, _old in short(changes.after([seen("a", look)]))]
    assert states == ["stalled", "failing", "ok", "paused", "ok"]


def test_a_new_timer_is_told_only_if_it_is_unhealthy() -> None:
    changes = Changes()
    changes.after([])
    assert short(changes.after([seen("a"), seen("b", "failing")])) == [("b", "failing", None)]


def test_the_successor_of_a_replaced_timer_recovers_what_it_was() -> None:
    changes = Changes()
    changes.after([seen("a", "stalled", "old")])
    (event,) = changes.after([seen("a", "ok", "new")])
    assert short([event]) == [("a", "ok", "stalled")]
    assert event["timer"]["id"] == "new"


def test_one_of_several_timers_of_a_name_that_goes_has_one_successor() -> None:
    changes = Changes()
    changes.after([seen("a", "stalled", "1"), seen("a", "ok", "2")])
    assert short(changes.after([seen("a", "ok", "2"), seen("a", "ok", "3")])) == [("a", "ok", "stalled")]


@pytest.mark.parametrize("state", HEALTH_STATES)
def test_a_timer_that_is_gone_has_ended(state: str) -> None:
    """Also one that was well: a backup that somebody deleted runs no more."""
    changes = Changes()
    changes.after([seen("a", state), seen("b")])
    assert short(changes.after([seen("b")])) == ([] if state == "ended" else [("a", "ended", state)])
    assert changes.after([seen("b")]) == []
