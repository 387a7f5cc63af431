# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole state of the emulator, in memory. There is one thread, so a request is atomic between two awaits."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from emulator.clock import Clock
from emulator.faults import Faults
from emulator.scopes import Path, parse
from emulator.switches import Switches
from emulator.world import App, Client, Collection, Flow, Person, World

if TYPE_CHECKING:
    from emulator.tasks import Task
    from emulator.ticks import Engine
    from emulator.timers import Timer

MOST_LOGGED = 100_000


@dataclass
class Token:
    """An access token or, with ``refresh``, a token that can be exchanged for one."""

    text: str
    client_id: str
    identity: str
    resource_server: str
    scopes: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime
    refresh: bool = False
    signed_in_at: datetime | None = None  # for a person: the time of the login that the token comes from

    @property
    def session_since(self) -> datetime:
        """When its owner last signed in. A service account signs in with every token request."""
        return self.signed_in_at or self.issued_at


@dataclass
class Code:
    """The code that a person gets from the authorize page. It is valid for one token request."""

    client_id: str
    identity: str
    scope: str
    redirect_uri: str
    challenge: str | None
    offline: bool
    signed_in_at: datetime
    expires_at: datetime


@dataclass
class Consent:
    """The consent of an identity for a client, to the scope at the end of a path."""

    id: int
    path: Path
    optional: bool
    created: datetime


@dataclass
class FlowRun:
    """One run of a flow."""

    id: str
    timer_id: str
    owner: str
    document: dict[str, Any] = field(default_factory=dict)


class Emulator:
    """The state of all services."""

    def __init__(
        self,
        world: World,
        switches: dict[str, Any] | None = None,
        engine: Callable[[Emulator], Engine] | None = None,
    ) -> None:
        self._engine = engine
        self._start_world = world
        self._start_switches = dict(switches or {})
        self.generation = 0
        self.request_number = 0
        self.faults = Faults()
        self.reset()

    def reset(
        self,
        world: World | None = None,
        switches: dict[str, Any] | None = None,
        clock: datetime | None = None,
        stopped: bool = False,
    ) -> None:
        """Reset to the start, or to another world or time until the next reset. ``switches`` are set in addition."""
        from emulator.ticks import Engine

        world = (world or self._start_world).model_copy(deep=True)
        # Wrong switches must be refused before the state is discarded.
        wanted = Switches.model_validate({}).changed({**world.switches, **self._start_switches, **(switches or {})})
        self.world = world
        self.switches = wanted
        self.clock = Clock(clock or world.clock, stopped)
        self.collections: dict[str, Collection] = {one.id: one for one in world.collections}
        self.flows: dict[str, Flow] = {one.id: one for one in world.flows}
        self.clients: dict[str, Client] = {one.id: one for one in world.clients}
        self.apps: dict[str, App] = {one.id: one for one in world.apps}
        self.people: dict[str, Person] = {one.id: one for one in world.people}
        self.tokens: dict[str, Token] = {}
        self.codes: dict[str, Code] = {}
        self.timers: dict[str, Timer] = {}
        self.tasks: dict[str, Task] = {}
        self.flow_runs: dict[str, FlowRun] = {}
        self.transfer_is_down = False
        self.consents: dict[tuple[str, str], dict[Path, Consent]] = {}
        self.faults.clear()
        self.delay = 0.0
        self.log: list[dict[str, Any]] = []
        self._consent_ids = itertools.count(1001)
        self.generation += 1
        self.engine = (self._engine or Engine)(self)
        for client in world.clients:
            for text in client.consents:
                self.grant(client.id, client.id, text)
        for person in world.people:
            for client_id, texts in person.consents.items():
                for text in texts:
                    self.grant(person.id, client_id, text)

    def change_switches(self, values: dict[str, Any]) -> None:
        """Set some switches. Raises pydantic.ValidationError."""
        self.switches = self.switches.changed(values)
        self.generation += 1

    def trim_log(self) -> None:
        """Limit the length of the log in a long rehearsal."""
        if len(self.log) > MOST_LOGGED:
            del self.log[: len(self.log) - MOST_LOGGED]

    # --- time -------------------------------------------------------------------------------------------------------

    def run_due_ticks(self) -> None:
        """Run what has become due since the last call."""
        self.engine.run_until(self.clock.now())
        self.trim_log()

    def move_clock(self, moment: datetime) -> None:
        """Set the clock, and run every tick in between, in order. Raises ValueError for a moment in the past."""
        if moment < self.clock.now():
            raise ValueError(f"the clock is at {self.clock.now().isoformat()} and never goes backwards")
        self.engine.run_until(moment)
        # Real time has passed while the ticks ran, and the clock never goes backwards.
        self.clock.move_to(max(moment, self.clock.now()))

    # --- consents ---------------------------------------------------------------------------------------------------

    def grant(self, identity: str, client_id: str, scope_string: str) -> None:
        """Record the consents that a scope string requests. Raises ScopeSyntaxError."""
        granted = self.consents.setdefault((identity, client_id), {})
        for scope in parse(scope_string):
            for path, optional in scope.paths():
                if path not in granted:
                    granted[path] = Consent(next(self._consent_ids), path, optional, self.clock.now())

    def revoke(self, identity: str, client_id: str, scope_string: str | None) -> int:
        """Revoke the consents at the ends of the paths in the scope string, and all below them; with None, all
        consents.

        Timers lose them as well: revoking a consent invalidates the credentials that a timer keeps. If a person revokes
        everything, the tokens of the client are revoked, too. Returns how many consents were revoked.
        """
        granted = self.consents.get((identity, client_id), {})
        ends: list[Path] = []
        if scope_string is not None:
            for scope in parse(scope_string):
                paths = [path for path, _optional in scope.paths()]
                ends += [
                    path for path in paths if not any(path == other[: len(path)] for other in paths if other != path)
                ]
        gone = {path for path in granted if scope_string is None or any(path[: len(end)] == end for end in ends)}
        for path in gone:
            del granted[path]
        for timer in self.timers.values():
            if (timer.owner, timer.client_id) == (identity, client_id):
                timer.consents = timer.consents - gone
        if scope_string is None and identity in self.people:
            for token in list(self.tokens.values()):
                if (token.identity, token.client_id) == (identity, client_id):
                    del self.tokens[token.text]
        return len(gone)

    def consented(self, identity: str, client_id: str) -> frozenset[Path]:
        """All paths that an identity has consented to for a client."""
        return frozenset(self.consents.get((identity, client_id), {}))

    # --- identities -------------------------------------------------------------------------------------------------

    def username(self, identity: str) -> str | None:
        """The username of a person or a client, or None if nobody has this ID."""
        if identity in self.people:
            return self.people[identity].username
        if identity in self.clients:
            return self.clients[identity].username or f"{identity}@clients.auth.globus.org"
        return None
