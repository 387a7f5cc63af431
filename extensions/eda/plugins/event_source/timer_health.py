# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An event when the health of a Globus timer changes, for Event-Driven Ansible."""

from __future__ import annotations

DOCUMENTATION = r"""
---
short_description: Events when the health of Globus timers changes
version_added: 0.1.0
author:
  - Research Ops (@research-ops)
description:
  - Polls Globus timers, and sends an event when the health of a timer changes. At the start, it sends one event for
    each unhealthy timer. The states are those of M(research_ops.globus.timer_info).
  - An event contains C(timer) (C(id), C(name), C(url), C(next_run)), C(health) (C(state), C(reason), C(remedy),
    C(since)), C(previous) (the previous C(state), or null) and C(last_success) (as M(research_ops.globus.timer_info)
    returns it, or null).
  - Because Ansible evaluates templates in events, C({{) and other beginnings of templates contain an additional space
    in events, for example C({ {). Identify a timer by its C(id).
  - If somebody deletes or renames a timer, its C(health.state) is C(ended), unless a new timer with the same name
    replaces it.
  - If Globus does not answer, or refuses the login, the source sends one event that contains C(source) with
    C(state=unreachable) and the C(reason). It then waits longer before each poll, up to 15 minutes or C(interval),
    whichever is longer. When Globus answers again, it sends one event that contains C(source) with C(state=reachable).
  - Each poll sends one request for the timers, and one request for each hundred transfer tasks. It sends a few more if
    the last two runs of a timer contain no complete transfer.
requirements:
  - ansible-core >= 2.16 and globus-sdk >= 4, < 5 in the Python of ansible-rulebook
options:
  interval:
    description: Seconds between two polls, 1 or more.
    type: float
    default: 300
  name_prefix:
    description: Only watch timers whose names start with this text. Case-sensitive.
    type: str
  name_contains:
    description: Only watch timers whose names contain this text. Not case-sensitive.
    type: str
  max_age:
    description:
      - A timer is C(stale) if it has completed no transfer within this time, for example C(2d) or C(36h). If not set,
        no timer is stale.
    type: str
  auth_method:
    description: How to sign in. This option and all following ones are the same as in the modules, with the same
      environment variables.
    type: str
    default: auto
  client_id:
    description: ID of the service account.
    type: str
  client_secret:
    description: Secret of the service account. Never in an event or a log.
    type: str
  timers_token:
    description: An access token for Globus Timers. Never in an event or a log.
    type: str
  transfer_token:
    description: An access token for Globus Transfer. Never in an event or a log.
    type: str
  token_storage:
    description: File that stores tokens.
    type: path
  environment:
    description: The Globus environment.
    type: str
    default: production
  request_timeout:
    description: Timeout of an HTTP request in seconds.
    type: float
    default: 60
  retries:
    description: How often to retry a request before Globus counts as unreachable.
    type: int
    default: 5
"""

EXAMPLES = r"""
- name: Health of the timers of the facility
  hosts: localhost
  sources:
    - research_ops.globus.timer_health:
        interval: 300
        name_prefix: facility-
        max_age: 3d
        client_id: "{{ globus_client_id }}"
        client_secret: "{{ globus_client_secret }}"
  rules:
    - name: A timer is unhealthy
      condition: event.health.state not in ["ok", "paused", "ended"]
      action:
        print_event:
          pretty: true
"""

import asyncio
import contextlib
import importlib
import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

COLLECTION = ("ansible_collections", "research_ops", "globus")
_Result = TypeVar("_Result")
logger = logging.getLogger(__name__)


def _find_collection() -> None:
    """Let Python find the collection that this file belongs to.

    ansible-rulebook loads event sources as plain files, without the import hook of ansible-core. So the packages are
    registered relative to the path of this file. For a copy outside of a collection, Python has to find the collection
    by itself.
    """
    root = Path(__file__).resolve().parents[4]
    if not (root / "plugins" / "module_utils").is_dir():
        return
    parent = None
    for number, part in enumerate(COLLECTION, 1):
        name = ".".join(COLLECTION[:number])
        package = _package(name, root if number == len(COLLECTION) else None)
        if parent is not None:
            setattr(parent, part, package)
        parent = package


def _package(name: str, place: Path | None) -> ModuleType:
    """An existing package, or a new empty one. With a place, the package whose code is in that folder."""
    if place is None:
        with contextlib.suppress(ModuleNotFoundError):
            return importlib.import_module(name)
    loaded = sys.modules.get(name)
    if loaded is not None and (place is None or str(place) in loaded.__path__):
        return loaded
    package = sys.modules[name] = ModuleType(name)
    package.__path__ = [] if place is None else [str(place)]
    return package


_find_collection()

from ansible_collections.research_ops.globus.plugins.module_utils._apply.watch import Watch
from ansible_collections.research_ops.globus.plugins.module_utils._errors import InputError


async def main(queue: asyncio.Queue[dict[str, Any]], args: dict[str, Any]) -> None:
    """Poll until ansible-rulebook ends this task.

    :raises ValueError: for arguments that are wrong, or a login that is missing.
    """
    given = {name: value for name, value in args.items() if name != "eda_feedback_queue"}
    try:
        watch = Watch(given)
        while True:
            poll = await _in_thread(watch.poll)
            if poll.warning is not None:
                logger.warning("research_ops.globus.timer_health: %s", poll.warning)
            for event in poll.events:
                await queue.put(event)
            await asyncio.sleep(poll.wait)
    except InputError as error:
        raise ValueError(f"research_ops.globus.timer_health: {error}") from None


async def _in_thread(function: Callable[[], _Result]) -> _Result:
    """The result of a function that blocks. Its thread never keeps ansible-rulebook from ending: those of asyncio do,
    and a request to a service that is down takes minutes.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_Result] = loop.create_future()

    def deliver(deliver_to: Callable[[Any], None], value: Any) -> None:
        if not future.done():
            deliver_to(value)

    def work() -> None:
        try:
            outcome: tuple[Callable[[Any], None], Any] = (future.set_result, function())
        except BaseException as error:
            outcome = (future.set_exception, error)
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(deliver, *outcome)

    threading.Thread(target=work, name="timer_health", daemon=True).start()
    return await future
