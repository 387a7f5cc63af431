# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Reads timers and judges their health, for the module ``timer_info`` and the event source ``timer_health``."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._errors import GlobusError, InputError
from .._globus.service import Globus
from .._parallel import CONCURRENCY, in_parallel
from .._timers.document import Timer
from .._timers.health import RESULTS_NEEDED, UNHEALTHY, Health, health_of, purpose_of
from .._timers.options import parse_max_age, parse_uuid
from .._timers.tasks import Task
from .observe import Observed, observe

STATUSES = ("active", "inactive", "ended")


@dataclass(frozen=True)
class Selection:
    """Which timers the options select, and what to read of them.

    :ivar name: the whole name, or None; likewise ``kind`` and ``timer_id``.
    :ivar prefix: the beginning of the names; ``part`` is a part of them. Either may be empty.
    :ivar max_age: seconds, or None.
    """

    timer_id: str | None
    name: str | None
    prefix: str
    part: str
    statuses: Sequence[str]
    kind: str | None
    unhealthy: bool
    runs: int
    transfers: bool
    max_age: int | None

    @property
    def longest_part(self) -> str | None:
        """The longest text that all wanted names contain, for the service's filter (rule I2)."""
        return max(self.name or "", self.prefix, self.part, key=len) or None

    def chooses(self, timer: Timer) -> bool:
        """Whether the options select the timer. The service's filter matches any part of a name, in any case, so names
        are compared here (rule I2).
        """
        status = "ended" if timer.is_ended else "inactive" if timer.is_inactive else "active"
        return (
            not timer.is_gone
            and status in self.statuses
            and self.kind in (None, timer.type)
            and self.name in (None, timer.name)
            and timer.name.startswith(self.prefix)
            and self.part.lower() in timer.name.lower()
        )


def parse_selection(parameters: Mapping[str, Any]) -> Selection:
    """Parse the options. Raises InputError."""
    for option in ("name", "name_prefix", "name_contains"):
        if parameters[option] is not None and not parameters[option].strip():
            raise InputError(f"{option} is empty: leave it out to read all timers")
    if parameters["runs"] < 0:
        raise InputError(f"runs must be 0 or more, not {parameters['runs']}")
    max_age = parse_max_age("max_age", parameters["max_age"])
    if max_age is not None and not parameters["transfers"]:
        raise InputError("max_age requires transfers: true, because only Globus Transfer knows what arrived")
    unhealthy = parameters["health"] == "unhealthy"
    # An ended timer whose last run failed is unhealthy too (rule O3a).
    statuses = parameters["status"] if parameters["status"] is not None else STATUSES[: 3 if unhealthy else 2]
    return Selection(
        timer_id=None if parameters["timer_id"] is None else parse_uuid("timer_id", parameters["timer_id"]),
        name=parameters["name"],
        prefix=parameters["name_prefix"] or "",
        part=parameters["name_contains"] or "",
        statuses=statuses,
        kind=parameters["type"],
        unhealthy=unhealthy,
        runs=parameters["runs"],
        transfers=parameters["transfers"],
        max_age=max_age,
    )


@dataclass(frozen=True)
class Found:
    """The timers that were read.

    :ivar timers: the timers that the options select, with their runs.
    :ivar ambiguous: the empty name, and those that several unfinished timers have.
    :ivar possible_successors: by purpose (``purpose_of``), the timers that may have done later what an ended one should
        have done.
    :ivar tasks: the Transfer tasks by ID, or None.
    :ivar failure: why the tasks could not be read, or None.
    """

    timers: Sequence[Timer]
    ambiguous: frozenset[str]
    possible_successors: Mapping[str, Sequence[Timer]]
    tasks: Mapping[str, Task] | None = None
    failure: GlobusError | None = None


def read_timers(wanted: Selection, globus: Globus) -> Found:
    """List the timers, read again those for which the list had too few runs, and read the tasks."""
    runs = max(wanted.runs, RESULTS_NEEDED)
    if wanted.timer_id is not None:
        timer = globus.get_timer(wanted.timer_id, results=runs)
        listed = timers = [] if timer is None or timer.is_gone else [timer]
        ambiguous = frozenset([""])
    else:
        listed = globus.list_timers(wanted.longest_part, results=runs)
        names = Counter(timer.name for timer in listed if timer.is_unfinished)
        ambiguous = frozenset(["", *(name for name, number in names.items() if number > 1)])
        timers = sorted(filter(wanted.chooses, listed), key=lambda timer: (timer.name, timer.order))
        if wanted.runs:
            short = [timer.id for timer in timers if len(timer.results) < min(runs, timer.runs)]
            whole = _by_id(in_parallel(lambda timer_id: globus.get_timer(timer_id, results=runs), short, CONCURRENCY))
            timers = [whole.get(timer.id, timer) for timer in timers]
    possible_successors = _possible_successors(timers, listed)
    if not wanted.transfers:
        return Found(timers, ambiguous, possible_successors)
    observed = _observe(wanted, globus, [*timers, *(one for some in possible_successors.values() for one in some)])
    by_id = _by_id(observed.timers)
    return Found(
        [by_id[timer.id] for timer in timers],
        ambiguous,
        {purpose: [by_id[one.id] for one in some] for purpose, some in possible_successors.items()},
        observed.tasks,
        observed.failure,
    )


def _observe(wanted: Selection, globus: Globus, timers: Sequence[Timer]) -> Observed:
    def list_again(results: int) -> Sequence[Timer]:
        if wanted.timer_id is not None:
            return [one for one in (globus.get_timer(wanted.timer_id, results=results),) if one is not None]
        return globus.list_timers(wanted.longest_part, results=results)

    return observe(globus, list(_by_id(timers).values()), list_again, wanted.runs)


def _possible_successors(timers: Sequence[Timer], listed: Sequence[Timer]) -> dict[str, list[Timer]]:
    """By purpose, the listed timers that may later have repeated the run of an ended one (rule O3a)."""
    purposes = {purpose_of(timer.name) for timer in timers if timer.is_ended}
    found: dict[str, list[Timer]] = defaultdict(list)
    for timer in listed:
        if not timer.is_gone and (purpose := purpose_of(timer.name)) in purposes:
            found[purpose].append(timer)
    return found


def _by_id(timers: Iterable[Timer | None]) -> dict[str, Timer]:
    return {timer.id: timer for timer in timers if timer is not None}


def judge(wanted: Selection, found: Found, globus: Globus) -> Iterator[tuple[Timer, Health]]:
    """The wanted timers, each with its health now."""
    now = globus.now()
    for timer in found.timers:
        health = health_of(
            timer,
            now,
            found.tasks,
            max_age=wanted.max_age,
            others=found.possible_successors.get(purpose_of(timer.name), ()),
            web_app=globus.web_app,
        )
        if not wanted.unhealthy or health.state in UNHEALTHY:
            yield timer, health
