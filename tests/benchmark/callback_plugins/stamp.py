# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write when every task began and ended to a file, a line of JSON each."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: stamp
type: notification
short_description: Write when every task began and ended to a file
description:
  - The environment variable STAMPS names the file.
"""


class CallbackModule(CallbackBase):
    """Times are seconds since the epoch, as the local Globus's clock has them; it is on the same machine."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "stamp"

    _began = 0.0

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        self._began = time.time()

    def v2_runner_on_ok(self, result: Any) -> None:
        ended = time.time()
        line = {
            "task": result._task.get_name(),
            "began": self._began,
            "ended": ended,
            "changed": result._result.get("changed", False),
        }
        with open(os.environ["STAMPS"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
