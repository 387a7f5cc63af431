# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Polls timers for the event source ``timer_health``. The events and warnings contain no secrets (rule X1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import _arguments
from .._errors import GlobusError, InputError
from .._globus.connection import check_sdk, checked_options, connect
from .._globus.service import Globus
from .._secrets import fit_to_print, fit_to_return
from .._timers.changes import Changes, Snapshot
from .._timers.document import timer_as_result
from .._timers.health import history_of
from .reading import STATUSES, judge, parse_selection, read_timers

BACKOFF_MAXIMUM = 900  # seconds between two polls of a service that does not answer, unless the interval is longer
# Errors of the configuration: if the first poll fails with one of them, it must be corrected before a restart
CONFIGURATION_ERRORS = ("invalid_input", "no_credentials", "sdk_missing", "sdk_too_old")
# Where a template begins, for Ansible. A name, a path or an error that comes from Globus may look like one.
_TEMPLATE = re.compile(r"(?<=\{)(?=[{%#])|(?<=^#)(?=jinja2:)")


@dataclass(frozen=True)
class Poll:
    """The result of one poll.

    :ivar events: the events to send, in this order.
    :ivar wait: seconds until the next poll.
    :ivar warning: a warning for the log, or None.
    """

    events: list[dict[str, Any]]
    wait: float
    warning: str | None = None


class Watch:
    """Polls timers, and remembers their health.

    :param given: the arguments of the event source.
    :param open_globus: signs in and returns the services.
    """

    def __init__(
        self, given: Mapping[str, Any], open_globus: Callable[[Mapping[str, Any]], Globus] | None = None
    ) -> None:
        """Raises InputError, whose text is fit to print."""
        try:
            parameters = checked_options(_arguments.timer_health_arguments(), given)
            self.interval: float = parameters["interval"]
            if not 1 <= self.interval < float("inf"):
                raise InputError(f"interval must be 1 second or more, not {given['interval']!r}")
            defaults = {name: one.get("default") for name, one in _arguments.timer_info_arguments().items()}
            self._wanted = parse_selection({**defaults, **parameters, "status": STATUSES})
        except InputError as error:
            raise InputError(fit_to_print(str(error))) from None
        self._parameters = parameters
        self._open = open_globus or connect
        self._globus: Globus | None = None
        self._changes = Changes()
        self._failures = 0
        self._has_read = False
        self._warned = False

    def poll(self) -> Poll:
        """Poll once. Raises InputError if the first poll has an error that needs another configuration."""
        try:
            timers, warning = self._read_health()
        except GlobusError as error:
            if error.code in CONFIGURATION_ERRORS and not self._has_read:
                raise InputError(fit_to_print(error.message)) from None
            return self._unreachable(error.message)
        except Exception as error:  # a bug in this collection must not end the alerts
            return self._unreachable(f"Unexpected error: {type(error).__name__}: {error}")
        events: list[dict[str, Any]] = [{"source": {"state": "reachable"}}] if self._failures else []
        self._failures = 0
        self._has_read = True
        events += self._changes.after(timers)
        return Poll([_fit_to_send(event) for event in events], self.interval, warning)

    def _read_health(self) -> tuple[list[Snapshot], str | None]:
        if self._globus is None:
            check_sdk()
            self._globus = self._open(self._parameters)
        globus = self._globus
        found = read_timers(self._wanted, globus)
        warning = None
        if found.failure is not None:
            if found.failure.code != "no_credentials":
                # Without tasks, a stalled timer would seem to have recovered.
                raise found.failure.about("The transfer tasks could not be read")
            if not self._warned:
                warning = fit_to_print(
                    "The health is determined from the timers alone, because the transfer tasks could not be read: "
                    f"{found.failure.message}"
                )
            self._warned = True
        seen = []
        for timer, health in judge(self._wanted, found, globus):
            shown, history = timer_as_result(timer, globus.web_app), history_of(timer, found.tasks).as_result()
            seen.append(
                Snapshot(timer.id, timer.name, shown["url"], health, shown["next_run"], history["last_success"])
            )
        return seen, warning

    def _unreachable(self, reason: str) -> Poll:
        """The result of a failed poll: one event for each outage, and a wait that grows with each failure."""
        self._globus = None  # a login may have been renewed meanwhile
        self._failures += 1
        event = {"source": {"state": "unreachable", "reason": reason}}
        events = [_fit_to_send(event)] if self._failures == 1 else []
        longest = max(self.interval, BACKOFF_MAXIMUM)
        wait = min(self.interval * 2 ** min(self._failures - 1, 32), longest)
        return Poll(events, wait, f"{fit_to_print(reason)}. Next try in {wait:g} seconds")


def _fit_to_send(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event without secrets and templates.

    ansible-rulebook hands events to playbooks as extra variables, which Ansible evaluates. The name of a file could
    otherwise run commands on the host of ansible-rulebook.
    """
    sent: dict[str, Any] = _without_templates(fit_to_return(event))
    return sent


def _without_templates(value: Any) -> Any:
    if isinstance(value, str):
        return _TEMPLATE.sub(" ", value)
    if isinstance(value, Mapping):
        return {key: _without_templates(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_templates(item) for item in value]
    return value
