# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every state of health, created by its real cause: recognised, alerted, and fixed by its remedy."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator.control import LocalGlobus
from emulator.plain import FAILING_FLOW, FLOW, HIGH_ASSURANCE, MAPPED, MAPPED_TOO, Api, flow_timer_scope
from integration import in_process
from integration.harness import ANSIBLE, START, Playbooks
from patience import LIMIT

ALERT = Path(__file__).resolve().parents[2] / "docs" / "examples" / "alerts" / "alert.yml"
DAY = 86400
DAILY = {"type": "recurring", "interval_seconds": DAY, "start": "2026-03-03T02:00:00+00:00"}
STATES = ("ok", "failing", "overdue", "paused", "needs_consent", "needs_session", "inactive", "ended")
UNHEALTHY = ("failing", "overdue", "needs_consent", "needs_session", "inactive")
SETTINGS = [
    {},
    {"run_status_words": "lower", "read_shape": "filled", "consent_failure_counts": "yes"},
    {"run_status_words": "success_error", "read_shape": "filled_with_nulls", "inactive_next_run": "null"},
    {"run_status_words": "success_error", "status_words": "always_loaded", "resume_without_update": "refused"},
]


class Account:
    """Raw requests and modules, with the same client."""

    def __init__(self, globus: LocalGlobus) -> None:
        self.globus = globus
        self.api = Api(globus).login(MAPPED, MAPPED_TOO)
        credentials = {"GLOBUS_CLIENT_ID": globus.client_id, "GLOBUS_CLIENT_SECRET": globus.client_secret}
        self.environment = {**globus.environment, **credentials}

    def __call__(self, module: str, **options: Any) -> Any:
        result = in_process.run(module, options, self.environment)
        assert not result["failed"], result
        return result

    def create(self, name: str, schedule: Any = None, **options: Any) -> str:
        places = {"source": MAPPED, "destination": MAPPED_TOO, **options}
        return self.api.create(name=name, schedule=schedule or DAILY, **places)

    def health(self, name: str) -> dict[str, Any]:
        (timer,) = self("timer_info", name=name, status=["active", "inactive", "ended"])["timers"]
        assert isinstance(timer["health"], dict)
        return timer["health"]


def activate(account: Account, name: str) -> None:
    """The remedy that most states have."""
    account("timer", name=name, state="active")


def well(account: Account) -> None:
    account.create("ok")
    account.globus.advance(DAY)


def failing(account: Account) -> None:
    """A transfer that fails, because its collection was deleted."""
    account.create("failing")
    account.globus.collection(MAPPED, deleted=True)
    account.globus.advance(DAY)


def cure_failing(account: Account) -> None:
    account.globus.collection(MAPPED, deleted=False)
    account.globus.advance(DAY)


def overdue(account: Account) -> None:
    """A tick that never starts."""
    account.globus.timer(account.create("overdue"), lose_tick=True)
    account.globus.advance(DAY)


def cure_overdue(account: Account) -> None:
    account("timer", name="overdue", state="paused")
    activate(account, "overdue")


def paused(account: Account) -> None:
    assert account.api.call("POST", f"/jobs/{account.create('paused')}/pause").status == 200
    account.globus.advance(DAY)


def needs_consent(account: Account) -> None:
    account.create("needs_consent")
    account.globus.revoke()
    account.globus.advance(DAY)


def needs_session(account: Account) -> None:
    account.create("needs_session", destination=HIGH_ASSURANCE)
    account.globus.advance(DAY)


def inactive(account: Account) -> None:
    account.globus.timer(account.create("inactive"), stop={"cause": "other", "detail": "Sorry"})
    account.globus.advance(DAY)


def ended(account: Account) -> None:
    account.create("ended", {**DAILY, "end": {"condition": "time", "datetime": "2026-03-03T12:00:00+00:00"}})
    account.globus.advance(2 * DAY)


def cure_ended(account: Account) -> None:
    """A definition with a later end."""
    (timer,) = account("timer_info", name="ended", status=["ended"])["timers"]
    later = {"datetime": "2026-04-01T00:00:00+00:00"}
    wanted = {**timer["definition"], "schedule": {**timer["definition"]["schedule"], "end": later}}
    (made,) = account("timer", **wanted)["operations"]
    assert made["operation"] == "create"


CAUSES: dict[str, Callable[[Account], None]] = {
    "ok": well,
    "failing": failing,
    "overdue": overdue,
    "paused": paused,
    "needs_consent": needs_consent,
    "needs_session": needs_session,
    "inactive": inactive,
    "ended": ended,
}
CURES: dict[str, Callable[[Account], None]] = {
    "failing": cure_failing,
    "overdue": cure_overdue,
    "ended": cure_ended,
    **{
        name: lambda account, name=name: activate(account, name)  # type: ignore[misc]  # mypy infers no such lambda
        for name in ("paused", "needs_consent", "needs_session", "inactive")
    },
}
WORDS = {
    "failing": "EndpointDeleted|deleted",
    "overdue": "due at 2026-03-03T02:00:00",
    "paused": "A user paused it",
    "needs_consent": MAPPED,
    "needs_session": "Session expired",
    "inactive": "other: Sorry|other",
    "ended": "Its end, 2026-03-03T12:00:00",
}


def test_every_state_has_a_cause_here() -> None:
    assert tuple(CAUSES) == STATES
    assert set(CURES) == set(STATES) - {"ok"} == set(WORDS)


@pytest.mark.parametrize("switches", SETTINGS, ids=lambda one: ",".join(one.values()) or "defaults")
@pytest.mark.parametrize("state", STATES)
def test_a_state_is_recognised_by_its_cause_and_cured_by_its_remedy(
    state: str, switches: dict[str, Any], globus: LocalGlobus
) -> None:
    globus.reset(clock=START, stopped=True, switches=switches)
    account = Account(globus)
    CAUSES[state](account)

    health = account.health(state)
    unhealthy = account("timer_info", health="unhealthy")["timers"]

    assert health["state"] == state, health
    assert [one["name"] for one in unhealthy] == ([state] if state in UNHEALTHY else [])
    if state == "ok":
        return
    assert any(word in health["reason"] for word in WORDS[state].split("|")), health
    assert health["remedy"]
    CURES[state](account)
    (cured,) = account("timer_info", name=state)["timers"]
    assert cured["health"]["state"] == "ok", cured["health"]


@pytest.mark.parametrize("words", ["upper", "lower", "success_error"])
def test_a_timer_that_is_well_is_never_unhealthy_whatever_it_does(words: str, globus: LocalGlobus) -> None:
    """Before, during and after runs, while a start is retried, and after the missed run."""
    globus.reset(clock=START, stopped=True, switches={"run_status_words": words, "run_duration_seconds": 7200})
    account = Account(globus)
    account.create("well")
    for _hours in range(0, 60, 3):
        assert account("timer_info", health="unhealthy")["timers"] == []
        globus.advance(3 * 3600)
    globus.outage(transfer=True)
    globus.set_clock("2026-03-05T02:20:00+00:00")
    health = account.health("well")
    assert health["state"] == "ok"
    assert "tries again" in health["reason"]
    globus.outage(transfer=False)
    globus.set_clock("2026-03-05T06:00:00+00:00")
    assert account.health("well")["state"] == "ok"


def test_a_flow_that_fails_is_failing_until_a_run_succeeds(globus: LocalGlobus) -> None:
    account = Account(globus)
    for flow in (FLOW, FAILING_FLOW):
        globus.grant(flow_timer_scope(flow))
    account.api.create_flow_timer(name="good", flow_id=FLOW, schedule=DAILY)
    account.api.create_flow_timer(name="bad", flow_id=FAILING_FLOW, schedule=DAILY)
    globus.advance(DAY)
    assert [account.health(name)["state"] for name in ("good", "bad")] == ["ok", "failing"]
    globus.flow(FAILING_FLOW, succeeds=True)
    globus.advance(DAY)
    assert account.health("bad")["state"] == "ok"


def alert(playbooks: Playbooks, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ANSIBLE / "ansible-playbook"), str(ALERT), *arguments],
        env={**playbooks.environment, "RECORD": str(playbooks.home / "alert.jsonl")},
        cwd=playbooks.home,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )


@pytest.mark.parametrize("state", STATES)
def test_the_alert_play_fails_exactly_when_a_timer_is_unhealthy(
    state: str, globus: LocalGlobus, playbooks: Playbooks
) -> None:
    CAUSES[state](Account(globus))

    done = alert(playbooks)

    if state not in UNHEALTHY:
        assert done.returncode == 0, done.stdout
        return
    assert done.returncode == 2, done.stdout
    assert "Unhealthy timers: 1" in done.stdout
    assert re.search(rf'{state}\\?" is {state}: ', done.stdout), done.stdout


def test_the_alert_play_looks_at_the_timers_of_its_prefix_alone(globus: LocalGlobus, playbooks: Playbooks) -> None:
    failing(Account(globus))
    assert alert(playbooks, "-e", "alert_prefix=other-").returncode == 0
    assert alert(playbooks, "-e", "alert_prefix=fail").returncode == 2
    # the answers of an empty survey
    assert alert(playbooks, "-e", "alert_prefix=", "-e", "alert_max_age=").returncode == 2


def test_the_alert_play_prints_no_control_character_of_a_name(globus: LocalGlobus, playbooks: Playbooks) -> None:
    """A name is data, and is returned byte for byte. In texts for people, it is escaped (issue 11, 42)."""
    account = Account(globus)
    account.create("a\x1b[31m\u202e\x9bb")
    globus.collection(MAPPED, deleted=True)
    globus.advance(DAY)

    done = alert(playbooks)

    assert done.returncode == 2, done.stdout
    assert not re.search("[\x1b\u202e\x9b]", done.stdout + done.stderr)
    assert re.search(r'u001b\[31m\\+u202e\\+u009bb\\*" is failing: ', done.stdout), done.stdout
