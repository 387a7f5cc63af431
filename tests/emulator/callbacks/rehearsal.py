# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes facts of a play for the rehearsal: the zones whose clocks timers follow, reports of the role, and changes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.callback import CallbackBase
from ansible.template import Templar

DOCUMENTATION = """
name: rehearsal
type: notification
short_description: Write facts of a play for a rehearsal
description:
  - The environment variable EMULATOR_REHEARSAL is the path of the file that gets a line of JSON for each fact.
"""

TIMERS = "research_ops.globus.timers"
ROLE = "research_ops.globus.backup"


def followed_zones(options: Any) -> Iterator[str]:
    """The time zones of schedules with ``daylight_saving: follow``, anywhere in the options of a module."""
    if isinstance(options, dict):
        if options.get("daylight_saving") == "follow" and options.get("timezone"):
            yield str(options["timezone"])
        options = list(options.values())
    if isinstance(options, list):
        for one in options:
            yield from followed_zones(one)


class CallbackModule(CallbackBase):
    """Reads the options of every module, because the role also uses a module for its timers."""

    _play: Any = None

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "rehearsal"

    def _note(self, **facts: Any) -> None:
        path = os.environ.get("EMULATOR_REHEARSAL")
        if path:
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps(facts) + "\n")

    def _note_zones(self, result: Any) -> None:
        options = (result._result.get("invocation") or {}).get("module_args")
        if result._task.action == TIMERS:
            options = self._templated(result)
        for zone in sorted(set(followed_zones(options))):
            self._note(zone=zone)

    def _templated(self, result: Any) -> Any:
        """The options of a task, templated: the module timers does not return a long list."""
        manager = self._play.get_variable_manager()
        variables = manager.get_vars(play=self._play, host=result._host, task=result._task)
        variables[result._result.get("ansible_loop_var", "item")] = result._result.get("item")
        try:
            return Templar(loader=manager._loader, variables=variables).template(result._task.args)
        except AnsibleError as error:
            self._display.warning(f"rehearse: could not find out which clocks the timers of a task follow: {error}")
            return None

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._play = play

    def v2_runner_on_ok(self, result: Any) -> None:
        self._note_zones(result)
        task = result._task
        if task.action.endswith("template") and task._role is not None and task._role.get_name() == ROLE:
            self._note(report=str(task.args.get("dest") or result._result.get("dest") or result._result.get("path")))

    def v2_runner_item_on_ok(self, result: Any) -> None:
        self._note_zones(result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._note(changed=sum(stats.changed.values()))
