# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell the rehearsal what it needs to know of a play: the zones whose clocks timers follow, and whether it changed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: rehearsal
type: notification
short_description: Tell a rehearsal about a play
description:
  - The environment variable EMULATOR_REHEARSAL names the file that gets a line of JSON for each thing to know.
"""


def followed(options: Any) -> Iterator[str]:
    """The time zones of schedules with ``daylight_saving: follow``, wherever they are in a module's options."""
    if isinstance(options, dict):
        if options.get("daylight_saving") == "follow" and options.get("timezone"):
            yield str(options["timezone"])
        options = list(options.values())
    if isinstance(options, list):
        for one in options:
            yield from followed(one)


class CallbackModule(CallbackBase):
    """Every module's options are looked at: the role's timers are those of a module too."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "rehearsal"

    def _note(self, **facts: Any) -> None:
        path = os.environ.get("EMULATOR_REHEARSAL")
        if path:
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps(facts) + "\n")

    def _look(self, result: Any) -> None:
        options = (result._result.get("invocation") or {}).get("module_args")
        for zone in sorted(set(followed(options))):
            self._note(zone=zone)

    def v2_runner_on_ok(self, result: Any) -> None:
        self._look(result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        self._look(result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._note(changed=sum(stats.changed.values()))
