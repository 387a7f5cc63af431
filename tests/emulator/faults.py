# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: which requests go wrong, and how."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Fault(BaseModel):
    """One rule. ``attempts`` counts the requests that match it since it was set, from 1.

    ``refuse``: the connection drops before anything happens. ``lose_answer``: it is done, then the connection drops.
    ``late``: the connection drops, and it is done after some seconds, or when the faults are cleared.
    ``status``: that status instead of an answer. ``cut_json``: it is done and the 2xx answer's JSON ends in the middle
    (mode ``exact``: Content-Length fits the cut; ``short``: it promises more and the connection drops). ``html``: a
    web page instead of an answer. ``stall``: silence for some seconds, or until the faults are cleared; then the
    answer.
    ``after_commit``: whether ``status``, ``html`` and ``stall`` come after the request was carried out.
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
            raise ValueError(f"path is no regular expression: {error}") from error
        return value

    def matches(self, method: str, path: str) -> bool:
        """Whether the rule is about this request at all."""
        return (self.method is None or self.method.upper() == method) and re.search(self.path, path) is not None


class Faults:
    """The rules that are set."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []
        self._last_id = 0
        self._cleared = asyncio.Event()

    def add(self, fault: Fault) -> int:
        """Set a rule; returns its number."""
        self._last_id += 1
        fault.id, fault.seen, fault.hits = self._last_id, 0, 0
        self.rules.append(fault)
        return fault.id

    def clear(self) -> None:
        """Forget every rule, and end every silence."""
        self.rules.clear()
        self._cleared.set()
        self._cleared = asyncio.Event()

    async def silence(self, fault: Fault) -> None:
        """Wait as long as a rule says: its seconds, or until the rules are cleared."""
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
