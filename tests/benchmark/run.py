# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task of the module timer costs, beside a ping task and a uri task. Run by ``make benchmark``.

One ansible-playbook process runs all of them in rounds, each round in another order, so that the start of Ansible does
not count and whatever else the machine does hits all alike. A task is timed from its start to its result, as a user
waits for it: with the transfer of the module, its process, and the answers of a local Globus on the same machine.
Memory is weighed in a second ansible-playbook process, through an interpreter that would cost time.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmark import fleet
from benchmark.plays import Task, run_tasks, scales, weights
from emulator.control import LocalGlobus

TOKEN = "/v2/oauth2/token"
SCOPE = "https://auth.globus.org/scopes/524230d7-ea86-4a52-8312-86065a9e0417/timer"
PING, URI, IN_PLACE, CREATE = "ping", "uri", "timer, in place", "timer, creates"
KINDS = (PING, URI, IN_PLACE, CREATE)
# What the project asks of itself.
RATIO, MEMORY = 1.5, 100 * 10**6


@dataclass(frozen=True)
class Sample:
    """One task: seconds, and the requests it sent (``METHOD path``)."""

    seconds: float
    requests: tuple[str, ...]


def tasks(globus: LocalGlobus, rounds: int) -> Iterator[Task]:
    """The tasks of all rounds. Every round creates a timer of its own, the first one that is in place as well."""
    shuffle = random.Random(1).shuffle
    token = globus.mint(SCOPE)["524230d7-ea86-4a52-8312-86065a9e0417"]["access_token"]
    url = f"{globus.url}jobs/?filter_name=in-place&result_count=0"
    yield {"name": "set up", "research_ops.globus.timer": definition("in-place")}
    for number in range(rounds):
        kinds = list(KINDS)
        shuffle(kinds)
        for kind in kinds:
            task: Task = {"name": f"{number} {kind}"}
            if kind == PING:
                task["ansible.builtin.ping"] = {}
            elif kind == URI:
                task["ansible.builtin.uri"] = {"url": url, "headers": {"Authorization": f"Bearer {token}"}}
            else:
                name = "in-place" if kind == IN_PLACE else f"created-{number:04d}"
                task["research_ops.globus.timer"] = definition(name)
            yield task


def definition(name: str) -> dict[str, Any]:
    """A nightly transfer between the two mapped collections of the local Globus."""
    return {
        "name": name,
        "transfer": {
            "source_collection": "11111111-aaaa-4aaa-8aaa-000000000001",
            "destination_collection": "11111111-aaaa-4aaa-8aaa-000000000002",
            "paths": [{"source_path": "/data/", "destination_path": "/backup/", "recursive": True}],
            "sync_level": "checksum",
        },
        "schedule": {"interval": "1d", "at": "22:00", "timezone": "America/Chicago"},
    }


def play(globus: LocalGlobus, folder: Path, rounds: int, environment: Mapping[str, str], python: str) -> list[Any]:
    """Run the tasks of so many rounds in one ansible-playbook; what the callback noted of each."""
    noted = run_tasks(globus, folder, list(tasks(globus, rounds)), environment, python)
    for note in noted:
        if note["changed"] != (note["task"] == "set up" or note["task"].endswith(CREATE)):
            sys.exit(f"task {note['task']!r} was not what it is measured as: changed is {note['changed']}")
    return noted


def measure(globus: LocalGlobus, folder: Path, rounds: int) -> dict[str, list[Sample]]:
    """The samples of each kind of task. A round ahead of them warms up: caches of bytecode, plugins and modules."""
    noted = play(globus, folder, rounds + 1, {}, sys.executable)
    log = [(datetime.fromisoformat(one["at"]).timestamp(), f"{one['method']} {one['path']}") for one in globus.log()]
    samples: dict[str, list[Sample]] = {kind: [] for kind in KINDS}
    for note in noted:
        number, _blank, kind = note["task"].partition(" ")
        if number not in ("set", "0"):
            during = tuple(request for at, request in log if note["began"] <= at <= note["ended"])
            samples[kind].append(Sample(note["ended"] - note["began"], during))
    return samples


def weigh(globus: LocalGlobus, folder: Path) -> dict[str, int]:
    """The peak memory of each kind of task's module process, in bytes: the most of two rounds."""
    interpreter, environment = scales(folder)
    noted = play(globus, folder, 2, environment, interpreter)
    modules = weights(folder)
    if len(modules) != len(noted):
        sys.exit(f"{len(noted)} tasks, but {len(modules)} module processes")
    peaks = dict.fromkeys(KINDS, 0)
    for note, weight in zip(noted, modules, strict=True):
        kind = note["task"].partition(" ")[2]
        if kind in peaks:
            peaks[kind] = max(peaks[kind], weight)
    return peaks


def requests_in_words(samples: list[Sample]) -> str:
    """How many requests a task sends beside those for tokens, and how many of those."""
    counts = {(len(one.requests), sum(TOKEN in request for request in one.requests)) for one in samples}
    if len(counts) != 1:
        sys.exit(f"the number of requests (all, for tokens) is not always the same: {sorted(counts)}")
    all_of_them, tokens = counts.pop()
    return f"{all_of_them - tokens}" + (f" + {tokens} token" if tokens else "")


def main() -> int:
    """Print what was measured, and whether the requirements are met: the exit status says only whether it could be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="how often each task is timed (20)")
    parser.add_argument("--timers", type=int, default=10_000, help="size of the large account (10,000)")
    arguments = parser.parse_args()
    rounds = max(2, arguments.rounds)

    with tempfile.TemporaryDirectory(prefix="globus-benchmark-") as folder, LocalGlobus() as globus:
        samples = measure(globus, Path(folder), rounds)
        globus.reset()  # timers that exist already are not created again
        show(rounds, samples, weigh(globus, Path(folder)))
        globus.reset()
        uri = median(sample.seconds for sample in samples[URI])
        for line in fleet.table(globus, Path(folder), arguments.timers, uri):
            print(line)
    return 0


def show(rounds: int, samples: Mapping[str, list[Sample]], peaks: Mapping[str, int]) -> None:
    """Print the table of the tasks, and whether the requirements are met."""
    uri = median(sample.seconds for sample in samples[URI])
    print(
        f"\n{rounds} rounds; ansible-core {version('ansible-core')}, globus-sdk {version('globus-sdk')}, "
        f"Python {platform.python_version()}, {os.cpu_count()} cores, local Globus on the same machine\n"
    )
    print("| task | median | 10 % to 90 % | to `uri` | requests | peak memory |")
    print("|---|--:|--:|--:|--:|--:|")
    for kind in KINDS:
        seconds = [sample.seconds for sample in samples[kind]]
        deciles = quantiles(seconds, n=10, method="inclusive")
        print(
            f"| {kind} | {median(seconds) * 1000:.0f} ms | {deciles[0] * 1000:.0f} to {deciles[-1] * 1000:.0f} ms "
            f"| {median(seconds) / uri:.2f} | {requests_in_words(samples[kind])} | {peaks[kind] / 10**6:.0f} MB |"
        )

    ratio = median(sample.seconds for sample in samples[IN_PLACE]) / uri
    beside = requests_in_words(samples[IN_PLACE])
    print("\nWith the timer in place, a timer task:\n")
    for met, text in (
        (ratio <= RATIO, f"takes at most {RATIO} times a uri task: {ratio:.2f}"),
        (beside == "1 + 1 token", f"sends one request beside the token: {beside}"),
        (peaks[IN_PLACE] < MEMORY, f"needs less than {MEMORY // 10**6} MB: {peaks[IN_PLACE] / 10**6:.0f} MB"),
    ):
        print(f"- {'met' if met else 'NOT MET'}: {text}")


if __name__ == "__main__":
    sys.exit(main())
