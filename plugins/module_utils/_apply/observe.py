# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Reads the Transfer tasks that show the health of timers, with few requests (rules O1, O2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from .._errors import GlobusError
from .._parallel import CONCURRENCY, in_parallel
from .._timers.document import Timer
from .._timers.health import RESULTS_SEARCHED, lacks_results, tasks_to_read
from .._timers.tasks import Task

READ_ONE_BY_ONE = 4  # up to this many timers are read again one by one; for more, a list is cheaper


class TaskService(Protocol):
    """The methods of ``_globus.service.Globus`` that are used here."""

    def list_tasks(self, task_ids: Sequence[str]) -> dict[str, Task]:
        """Return the tasks that could be read, by ID."""

    def get_timer(self, timer_id: str, results: int = 1) -> Timer | None:
        """Return a timer with this many of its last results, or None if it does not exist."""


@dataclass(frozen=True)
class Observed:
    """Timers with their runs and tasks.

    :ivar timers: in the given order; those without a complete transfer have older results, too.
    :ivar tasks: the tasks that could be read, by ID; None if none could.
    :ivar failure: why not all tasks could be read, or None.
    """

    timers: Sequence[Timer]
    tasks: Mapping[str, Task] | None = field(default=None, hash=False)
    failure: GlobusError | None = None


def observe(
    service: TaskService, timers: Sequence[Timer], list_again: Callable[[int], Sequence[Timer]], runs: int = 0
) -> Observed:
    """Read the tasks of the last two runs of each timer and, if neither was complete, of up to eight more runs.

    :param timers: with their last two results, or with as many as are to be returned.
    :param list_again: lists the same timers with a given number of results.
    :param runs: how many runs of each timer are returned with their tasks.
    """
    try:
        tasks = dict(service.list_tasks([one for timer in timers for one in tasks_to_read(timer, runs=runs)]))
    except GlobusError as error:
        return Observed(timers, None, error)
    try:
        timers = _with_older_results(service, timers, tasks, list_again)
        tasks.update(service.list_tasks([one for timer in timers for one in tasks_to_read(timer, tasks, runs)]))
    except GlobusError as error:
        return Observed(timers, tasks, error)
    return Observed(timers, tasks)


def _with_older_results(
    service: TaskService,
    timers: Sequence[Timer],
    tasks: Mapping[str, Task],
    list_again: Callable[[int], Sequence[Timer]],
) -> Sequence[Timer]:
    """The timers; those whose last complete transfer may be older than their results get more results."""
    wanted = {timer.id: timer for timer in timers if lacks_results(timer, tasks)}
    if not wanted:
        return timers
    if len(wanted) <= READ_ONE_BY_ONE:
        found = in_parallel(lambda one: service.get_timer(one, results=RESULTS_SEARCHED), list(wanted), CONCURRENCY)
    else:
        found = list(list_again(RESULTS_SEARCHED))
    # Only the results are replaced, because earlier decisions were based on the rest of the document.
    older = {timer.id: timer.results for timer in found if timer is not None}
    return [
        replace(timer, results=older[timer.id]) if timer.id in wanted and timer.id in older else timer
        for timer in timers
    ]
