# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated faults: which requests fail, and how."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Fault(BaseModel):
    """A rule. ``attempts`` are the numbers of the matching requests that fail, counted from 1 since the rule was set.

    ``refuse``: the connection drops before the request is carried out. ``lose_answer``: the request is carried out,
    then the connection drops. ``late``: the connection drops, and the request is carried out after some seconds, or
    when the faults are cleared. ``status``: this status instead of an answer. ``cut_json``: the request is carried out,
    and the JSON of a 2xx answer ends in the middle (mode ``exact``: Content-Length fits the cut; ``short``: it promises
    more, then the connection drops). ``html``: a web page instead of an answer. ``stall``: silence for some seconds, or
    until the faults are cleared, then the answer. ``after_commit``: whether ``status``, ``html`` and ``stall`` take
    effect after the request was carried out.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Literal["refuse", "lose_answer", "late", "status", "cut_json", "html", "stall"]
    method: str | None = None
    path: str = ""
    attempts: Literal["all"] | list[Annotated[int, Field(ge=1)]] = "all"
    status: int | None = Field(None, ge=100, le=599)
    retry_after: int | str | None = None
    after_commit: bool = False
    mode: Literal["exact", "short"] = "exact"
    seconds: float = Field(1.0, ge=0, le=600)

    id: int = 0
    seen: int = 0
    hits: int = 0

    @field_validator("path")
    @classmethod
    def _pattern(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"path is not a regular expression: {error}") from error
        return value

    def matches(self, method: str, path: str) -> bool:
        """Whether the rule applies to requests with this method and path."""
        return (self.method is None or self.method.upper() == method) and re.search(self.path, path) is not None


class Faults:
    """The rules that are set."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []
        self._last_id = 0
        self._cleared = asyncio.Event()

    def add(self, fault: Fault) -> int:
        """Set a rule. Returns its number."""
        self._last_id += 1
        fault.id, fault.seen, fault.hits = self._last_id, 0, 0
        self.rules.append(fault)
        return fault.id

    def clear(self) -> None:
        """Delete all rules, and end every silence."""
        self.rules.clear()
        self._cleared.set()
        self._cleared = asyncio.Event()

    async def silence(self, fault: Fault) -> None:
        """Wait for the seconds of a rule, or until the rules are cleared."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._cleared.wait(), fault.seconds)

    def strike(self, method: str, path: str) -> Fault | None:
        """Count a request against every rule and return the first one that applies to it."""
        struck: Fault | None = None
        for fault in self.rules:
            if fault.matches(method, path):
                fault.seen += 1
                if struck is None and (fault.attempts == "all" or fault.seen in fault.attempts):
                    struck = fault
        if struck is not None:
            struck.hits += 1
        return struck
