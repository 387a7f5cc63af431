# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Timers that run, are paused or were stopped, one or several with one name: what the modules do and say about them."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.control import LocalGlobus
from emulator.plain import MAPPED, MAPPED_TOO, Api
from integration import in_process
from integration.harness import definition, kinds

ITEM = {"DATA_TYPE": "transfer_item", "source_path": "/data/", "destination_path": "/backup/", "recursive": True}
DAILY = {"type": "recurring", "interval_seconds": 86400, "start": "2026-03-03T02:00:00+00:00"}


@pytest.fixture
def environment(globus: LocalGlobus) -> dict[str, str]:
    """What the modules need to reach the local Globus, as its service account."""
    secrets = {"GLOBUS_CLIENT_ID": globus.client_id, "GLOBUS_CLIENT_SECRET": globus.client_secret}
    return {**globus.environment, **secrets}


def nightly(api: Api, **changes: Any) -> str:
    """A timer that ``harness.definition`` describes, made by hand; its ID."""
    body = {"DATA": [ITEM], "verify_checksum": True, **changes.pop("body", {})}
    made = {"name": "nightly", "source": MAPPED, "destination": MAPPED_TOO, "schedule": DAILY, "body": body, **changes}
    return api.create(**made)


@pytest.mark.parametrize("by", ["name", "name alone", "timer_id", "list"])
def test_a_paused_timer_whose_consents_are_missing_runs_after_it_is_resumed_S6(
    globus: LocalGlobus, environment: dict[str, str], by: str
) -> None:
    """It shows only the pause; resumed with its old credentials, it would stop at its next run."""
    api = Api(globus).login(consent=False)
    timer_id = nightly(api)
    assert api.call("POST", f"/jobs/{timer_id}/pause").status == 200
    globus.set_clock("2026-03-03T02:00:01+00:00")

    options: dict[str, Any] = {
        "name": definition(),
        "name alone": {"name": "nightly"},
        "timer_id": {"timer_id": timer_id},
        "list": {"timers": [{**definition(), "state": "active"}]},
    }[by]
    if by != "list":
        options["state"] = "active"
    result = in_process.run("timers" if by == "list" else "timer", options, environment)

    assert (result["failed"], kinds(result)) == (False, ["resume"])
    (resume,) = [one for one in globus.log() if one["path"].endswith("/resume")]
    assert resume["query"] == {"update_credentials": "true"}
    globus.set_clock("2026-03-05T02:00:01+00:00")
    # the missed run at once, and each night's after that
    assert [event for event, _at in api.history(timer_id)] == ["missed", "ran", "ran", "ran"]
