# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The performance with many timers: one task of the module timers, a loop over timer, a loop over the Globus CLI.

Run as ``PYTHONPATH=tests .venv/bin/python tests/benchmark/many.py``; ``--docs`` needs requirements.txt beside it. It
takes about 8 minutes, on a local Globus, with 0 and 100 ms of delay per request. A task is timed from its start to its
result; a command of the CLI from its start to its end. The memory of modules is weighed in a round of its own that also
warms up; it is that of the module's process, without ansible-playbook.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from benchmark.plays import ROOT, Task, run_tasks, scales, weights
from benchmark.run import TOKEN, definition
from emulator.control import LocalGlobus

DOCS = ROOT / "docs" / "docsite"
PAGE, PLOT = DOCS / "rst" / "benchmark_many.rst", DOCS / "images" / "benchmark-many.svg"
TIMERS, LOOP, CLI = "one `timers` task", "`timer` in a loop", "Globus CLI in a loop"
CREATED, UNCHANGED, CHANGED = "created", "unchanged", "one changed"
ORDER = (CREATED, UNCHANGED, CHANGED)
ALONE, AMONG = "`timer`, among none", "`timer`, among {:,} others"
COMMAND, ONLY = "ansible-playbook with one `timers` task", "one `timers` task, the only one of its play"
HANDED = "Ansible alone, with the same arguments and result"
SEQUENTIAL, AT_ONCE = "one `timers` task, concurrency 1", "one `timers` task, concurrency 8"
CONCURRENCY = 8
DELAYS = (0.0, 0.1)
# What the project asks of itself: times faster, times slower, share of the time, times slower, bytes.
FASTER, PLACE, SHARE, OTHERS, MEMORY = 10, 2.5, 0.25, 1.3, 200 * 10**6


@dataclass(frozen=True)
class Scale:
    """How much is measured. ``rounds`` holds for what has no delay; with one, that decides, and once is enough."""

    rounds: int = 3
    place: int = 7  # rounds of most unchanged timers beside one
    sizes: tuple[int, ...] = (1, 10, 100, 1000)
    loops: tuple[int, ...] = (1, 10, 100)
    loops_in_place: int = 10  # the longest; a hundred would take minutes and say the same
    delayed_loops: tuple[int, ...] = (1, 10)
    commands: tuple[int, ...] = (1, 10, 100)
    delayed_commands: tuple[int, ...] = (1, 10)
    others: int = 10_000
    among: int = 5
    batch: int = 200


SMALL = Scale(1, 2, (1, 10), (1, 2), 1, (1,), (1, 2), (1,), 100, 2, 16)


@dataclass(frozen=True, order=True)
class Case:
    """A row of the table: seconds of delay, what was done, how, and to how many timers."""

    delay: float
    what: str
    way: str
    count: int


@dataclass
class Result:
    """What was measured of a case: seconds of each round, the last round's requests, the peak memory in bytes."""

    seconds: list[float] = field(default_factory=list)
    requests: Counter[str] = field(default_factory=Counter)
    peak: int = 0

    @property
    def median(self) -> float:
        """Seconds."""
        return median(self.seconds)

    @property
    def requests_in_words(self) -> str:
        """Such as ``2 tokens, 1 list``."""
        return ", ".join(f"{number} {_plural(kind, number)}" for kind, number in sorted(self.requests.items()))


Results = dict[Case, Result]


@dataclass(frozen=True)
class Bench:
    """Where it is measured, and what was."""

    globus: LocalGlobus
    folder: Path
    results: Results = field(default_factory=dict)

    def result(self, case: Case) -> Result:
        """That of a case, empty at first."""
        return self.results.setdefault(case, Result())

    def fresh(self, delay: float) -> None:
        """A local Globus as at its start."""
        self.globus.reset()
        self.globus.delay(delay)

    def tasks(self, cases: Sequence[tuple[Case, Task]], *, weigh: bool = False) -> None:
        """Run a task of each case in one ansible-playbook. They are timed, or weighed."""
        python, environment = scales(self.folder) if weigh else (sys.executable, {})
        noted = run_tasks(self.globus, self.folder, [task for _case, task in cases], environment, python)
        log = _log(self.globus)
        peaks = iter(weights(self.folder) if weigh else ())
        for (case, task), note in zip(cases, noted, strict=True):
            if note["changed"] != (case.what != UNCHANGED):
                sys.exit(f"{case} was not what it is measured as: changed is {note['changed']}")
            result = self.result(case)
            result.requests = Counter(kind for at, kind in log if note["began"] <= at <= note["ended"])
            if weigh:
                result.peak = max([result.peak, *(next(peaks) for _item in task.get("loop", [0]))])
            else:
                result.seconds.append(note["ended"] - note["began"])


def _log(globus: LocalGlobus) -> list[tuple[float, str]]:
    """When each request arrived, in seconds since the epoch, and what kind it is."""
    return [
        (datetime.fromisoformat(one["at"]).timestamp(), _kind(f"{one['method']} {one['path']}")) for one in globus.log()
    ]


def _kind(request: str) -> str:
    """What a request is for."""
    if TOKEN in request:
        return "token"
    if request.startswith("GET /v0.10/endpoint/"):
        return "look-up"
    return {"GET /jobs/": "list", "POST /v2/timer": "creation"}.get(request, "other")


def _plural(kind: str, number: int) -> str:
    return kind if number == 1 or kind == "other" else f"{kind}s"


def definitions(count: int, changed: bool = False) -> list[dict[str, Any]]:
    """So many definitions. The last one may differ from the first time."""
    made = []
    for number in range(count):
        one = definition(f"share-{number:04d}")
        one["transfer"]["paths"][0]["source_path"] = f"/data/{number:04d}/"
        made.append(one)
    if changed:
        made[-1]["transfer"]["sync_level"] = "size"
    return made


def many(count: int, changed: bool = False, concurrency: int = CONCURRENCY) -> Task:
    """A task of the module timers."""
    options = {"timers": definitions(count, changed), "on_drift": "replace", "concurrency": concurrency}
    return {"name": "timers", "research_ops.globus.timers": options}


def looped(count: int) -> Task:
    """A task of the module timer for each of a list."""
    options = {key: f"{{{{ item.{key} }}}}" for key in ("name", "transfer", "schedule")}
    control = {"label": "{{ item.name }}"}
    return {
        "name": "timer",
        "research_ops.globus.timer": options,
        "loop": definitions(count),
        "loop_control": control,
    }


def batches(bench: Bench, delay: float, sizes: Iterable[int], *, weigh: bool = False) -> None:
    """Timers are created, are unchanged, and one changes, in one task each."""
    for count in sizes:
        bench.fresh(delay)
        bench.tasks(
            [
                (Case(delay, CREATED, TIMERS, count), many(count)),
                (Case(delay, UNCHANGED, TIMERS, count), many(count)),
                (Case(delay, CHANGED, TIMERS, count), many(count, changed=True)),
            ],
            weigh=weigh,
        )


def loops(bench: Bench, delay: float, sizes: Iterable[int], longest: int, *, weigh: bool = False) -> None:
    """Timers are created, and up to a number of them are unchanged, by a loop over timer."""
    for count in sizes:
        bench.fresh(delay)
        measured = (CREATED, UNCHANGED) if count <= longest else (CREATED,)
        cases = [(Case(delay, what, LOOP, count), looped(count)) for what in measured]
        bench.tasks(cases, weigh=weigh)


def commands(bench: Bench, delay: float, sizes: Iterable[int]) -> None:
    """Timers are created by a loop over the Globus CLI, which keeps its tokens from one command to the next.

    It has no "unchanged": the same command again makes another timer.
    """
    bench.fresh(0)
    home = bench.folder / "home"
    home.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GLOBUS_")}
    environment = {
        **kept,
        **bench.globus.environment,
        "HOME": str(home),
        "GLOBUS_CLI_CLIENT_ID": bench.globus.client_id,
        "GLOBUS_CLI_CLIENT_SECRET": bench.globus.client_secret,
    }
    _command("first", environment)  # gets the tokens, and Python writes its bytecode
    for count in sizes:
        bench.globus.delay(delay)
        bench.globus.clear_log()
        result = bench.result(Case(delay, CREATED, CLI, count))
        began = time.monotonic()
        peaks = [_command(f"share-{number:04d}", environment) for number in range(count)]
        result.seconds.append(time.monotonic() - began)
        result.peak = max(peaks)
        result.requests = Counter(kind for _at, kind in _log(bench.globus))


def _command(name: str, environment: Mapping[str, str]) -> int:
    """A timer like those of ``definition`` by the Globus CLI; its process's peak memory in bytes."""
    transfer = definition(name)["transfer"]
    path = transfer["paths"][0]
    start = (datetime.now().astimezone() + timedelta(days=1)).isoformat(timespec="seconds")
    process = subprocess.Popen(
        [
            str(Path(sys.executable).with_name("globus")),
            *("timer", "create", "transfer", "--name", name, "--interval", "1d", "--start", start),
            *("--recursive", "--sync-level", transfer["sync_level"]),
            f"{transfer['source_collection']}:{path['source_path']}",
            f"{transfer['destination_collection']}:{path['destination_path']}",
        ],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    _process, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"the Globus CLI ended with {process.returncode}")
    # ru_maxrss is in KiB, except on macOS, where it is in bytes.
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def among_others(bench: Bench, crowded: LocalGlobus, scale: Scale) -> None:
    """One timer among many others and among none, in turns, so that whatever else the machine does hits both alike."""
    bench.fresh(0)
    crowded.seed(scale.others)
    # The client is the same in every local Globus, so that only the addresses differ.
    places = {ALONE: bench.globus, AMONG.format(scale.others): crowded}
    cases = []
    for number in range(scale.among + 1):
        for way, globus in places.items():
            for what in (CREATED, UNCHANGED):
                task = {
                    "name": f"{way}, {what}",
                    "research_ops.globus.timer": definition(f"round-{number:02d}"),
                    "environment": globus.environment,
                }
                cases.append((Case(0, what, way, 1), task))
    crowded.clear_log()
    bench.tasks(cases)
    for way in places:
        for what in (CREATED, UNCHANGED):
            result = bench.results[Case(0, what, way, 1)]
            del result.seconds[0]  # the first round warms up
            # Requests to the second local Globus are not in the log of the first.
            result.requests = Counter(bench.results[Case(0, what, ALONE, 1)].requests)
    seen = Counter(kind for _at, kind in _log(crowded))
    total = sum((bench.results[Case(0, what, ALONE, 1)].requests for what in (CREATED, UNCHANGED)), Counter[str]())
    if seen != Counter({kind: number * (scale.among + 1) for kind, number in total.items()}):
        sys.exit(f"timer among others sends other requests: {dict(seen)}, and alone {dict(total)} in a round")


def in_place(bench: Bench, single: LocalGlobus, scale: Scale) -> None:
    """Most unchanged timers beside one, in turns, so that whatever else the machine does hits both alike.

    And beside what Ansible takes to hand as many definitions in, and what became of them out: a module that does
    nothing in between. Each in an ansible-playbook of its own: every definition in its plays makes it slower.
    """
    most = max(scale.sizes)
    bench.fresh(0)
    single.reset()
    result = bench.folder / "result.json"
    content = {"content": "{{ found | ansible.builtin.to_json }}", "dest": str(result), "mode": "0600"}
    run_tasks(
        bench.globus,
        bench.folder,
        [many(most), {**many(most), "register": "found"}, {"name": "keep", "ansible.builtin.copy": content}],
        {},
        sys.executable,
    )
    run_tasks(single, bench.folder, [many(1)], {}, sys.executable)
    library = {"ANSIBLE_LIBRARY": str(ROOT / "tests" / "benchmark" / "library")}
    task = many(most)
    handed = {"name": "handed", "handed": {**task["research_ops.globus.timers"], "result": str(result)}}
    cases = {
        Case(0, UNCHANGED, ONLY, 1): {**many(1), "environment": single.environment},
        Case(0, UNCHANGED, ONLY, most): task,
        Case(0, UNCHANGED, HANDED, most): handed,
    }
    for _round in range(scale.place):
        for case, one in cases.items():
            began = time.monotonic()
            (note,) = run_tasks(bench.globus, bench.folder, [one], library, sys.executable)
            if note["changed"]:
                sys.exit(f"{case} was not what it is measured as: it changed something")
            if case.way == ONLY:
                bench.result(replace(case, way=COMMAND)).seconds.append(time.monotonic() - began)
            bench.result(case).seconds.append(note["ended"] - note["began"])


def at_once(bench: Bench, count: int) -> None:
    """So many creations with a delay, one after the other and several at once."""
    delay = DELAYS[1]
    for way, concurrency in ((SEQUENTIAL, 1), (AT_ONCE, 8)):
        bench.fresh(delay)
        bench.tasks([(Case(delay, CREATED, way, count), many(count, concurrency=concurrency))])


def measure(globus: LocalGlobus, crowded: LocalGlobus, folder: Path, scale: Scale) -> Results:
    """Everything. What has been done is said on standard error."""
    bench = Bench(globus, folder)
    began = time.monotonic()

    def done(what: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s: {what}", file=sys.stderr, flush=True)

    batches(bench, 0, scale.sizes, weigh=True)
    loops(bench, 0, scale.loops[:1], scale.loops_in_place, weigh=True)
    done("weighed")
    among_others(bench, crowded, scale)
    done("among others")
    for _round in range(scale.rounds):
        batches(bench, 0, scale.sizes)
        done("timers")
    in_place(bench, crowded, scale)
    done("unchanged")
    commands(bench, 0, scale.commands)
    done("CLI")
    batches(bench, DELAYS[1], scale.sizes)
    done("timers, delayed")
    at_once(bench, scale.batch)
    done("concurrency")
    commands(bench, DELAYS[1], scale.delayed_commands)
    done("CLI, delayed")
    loops(bench, DELAYS[1], scale.delayed_loops, scale.loops_in_place)
    done("loop, delayed")
    loops(bench, 0, scale.loops, scale.loops_in_place)
    done("loop")
    return bench.results


def rows(results: Results) -> list[list[str]]:
    """The table, its head first."""
    table = [["delay", "timers", "state", "created or checked by", "time", "per timer", "requests", "peak memory"]]
    for case, result in sorted(results.items(), key=lambda row: (row[0].delay, ORDER.index(row[0].what), row[0])):
        if not result.seconds:
            continue
        table.append(
            [
                f"{case.delay * 1000:.0f} ms",
                f"{case.count:,}",
                case.what,
                case.way,
                f"{result.median:.2f} s" + (f" (of {len(result.seconds)})" if len(result.seconds) > 1 else ""),
                f"{result.median / case.count * 1000:.0f} ms",
                result.requests_in_words,
                f"{result.peak / 10**6:.0f} MB" if result.peak else "",
            ]
        )
    return table


def verdicts(results: Results, scale: Scale) -> list[tuple[bool, str]]:
    """Whether each requirement is met, and with which number."""

    def of(what: str, way: str, count: int, delay: float = 0) -> Result:
        return results[Case(delay, what, way, count)]

    most, hundred, commands = max(scale.sizes), min(100, max(scale.sizes)), max(scale.commands)
    command = of(CREATED, CLI, commands).median / commands
    faster = hundred * command / of(CREATED, TIMERS, hundred).median
    place, task = (of(UNCHANGED, way, most).median / of(UNCHANGED, way, 1).median for way in (COMMAND, ONLY))
    handed = of(UNCHANGED, HANDED, most).median / of(UNCHANGED, ONLY, 1).median
    share = of(CREATED, AT_ONCE, scale.batch, DELAYS[1]).median / of(CREATED, SEQUENTIAL, scale.batch, DELAYS[1]).median
    among = {
        what: of(what, AMONG.format(scale.others), 1).median / of(what, ALONE, 1).median
        for what in (UNCHANGED, CREATED)
    }
    peak = max(of(what, TIMERS, most).peak for what in (CREATED, UNCHANGED, CHANGED))
    exact = all(
        result.requests
        == Counter({"token": 2, "list": 2, "look-up": 2, "creation": case.count, "other": result.requests["other"]})
        for case, result in results.items()
        if (case.what, case.way) == (CREATED, TIMERS)
    ) and all(
        result.requests == Counter({"token": 1, "list": 1})
        for case, result in results.items()
        if (case.what, case.way) == (UNCHANGED, TIMERS)
    )
    return [
        (
            faster >= FASTER,
            f"{hundred} timers are created at least {FASTER} times faster than by a loop over the CLI: {faster:.0f} "
            f"times (a command of the CLI took {command:.2f} s, measured over {commands})",
        ),
        (
            place <= PLACE,
            f"a playbook with {most:,} unchanged timers takes at most {PLACE} times as long as one with a single "
            f"unchanged timer: {place:.2f} times, from the start to the end of ansible-playbook. For information: "
            f"{task:.2f} times for the task alone, and {handed:.2f} times for a module that does nothing, with the "
            "same arguments and result",
        ),
        (
            exact,
            "creating timers takes two tokens, two lists, one look-up for each of the two collections, and one request "
            "for each timer; unchanged timers take one token and one list",
        ),
        (
            share <= SHARE,
            f"{scale.batch} creations at 100 ms with concurrency 8 take at most a quarter of the sequential "
            f"time: {share:.2f}",
        ),
        (
            max(among.values()) <= OTHERS,
            f"`timer` among {scale.others:,} other timers takes at most {OTHERS} times as long as alone: "
            f"{among[UNCHANGED]:.2f} unchanged, {among[CREATED]:.2f} created",
        ),
        (
            peak < MEMORY,
            f"`timers` with {most:,} definitions needs less than {MEMORY // 10**6} MB: {peak / 10**6:.0f} MB",
        ),
    ]


def machine() -> str:
    """The machine, without its name: a public page must not say where it was made."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{datetime.now().astimezone():%Y-%m-%d}, {os.cpu_count()} cores, {memory:.0f} GiB of memory, "
        f"Python {platform.python_version()}, ansible-core {version('ansible-core')}, "
        f"globus-sdk {version('globus-sdk')}, Globus CLI {version('globus-cli')}; "
        f"15-minute load average {os.getloadavg()[2]:.1f} at the end, of which the benchmark itself causes 1 to 2"
    )


NOTES = """\
The time of a task is from its start to its result. The time of ansible-playbook is from its start to its end, and that
of a loop over the CLI is from the start of the first command to the end of the last. Unless stated otherwise,
``timers`` ran with ``concurrency: 8``. Memory is the peak of the largest process of a module or of the CLI. A time
followed by a number of rounds, such as "(of 5)", is the median of these rounds. All other times are from one round. The
local Globus runs on the same cores, and there may have been other load on the machine, so ratios are more meaningful
than seconds."""


def page(results: Results, scale: Scale) -> str:
    """The page of the documentation, reStructuredText."""
    table = "\n".join(
        f"   {'* -' if number == 0 else '  -'} {cell.replace('`', '``')}".rstrip()
        for row in rows(results)
        for number, cell in enumerate(row)
    )
    said = "\n".join(
        f"- {'Met' if met else 'Not met'}: {text.replace('`', '``')}." for met, text in verdicts(results, scale)
    )
    return f"""..
  Copyright: (c) 2026, Research Ops
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

.. _ansible_collections.research_ops.globus.docsite.benchmark_many:

Performance with many timers
============================

This page compares one task of :ansplugin:`research_ops.globus.timers#module`, a loop over
:ansplugin:`research_ops.globus.timer#module`, and a loop over the Globus CLI. All three use the same local Globus,
which runs on the same machine and responds at once or after 100 ms. ``make benchmark-many`` measures the times and
writes this page.

Measured: {machine()}.

The `plot <https://github.com/research-ops/globus/blob/main/docs/docsite/images/{PLOT.name}>`_ shows the
seconds over the number of timers, on two logarithmic axes, for one task, a loop over ``timer`` and a loop over the
CLI.

{NOTES}

Targets
-------

{said}

Results
-------

.. list-table::
   :header-rows: 1

{table}
"""


def plot(results: Results, file: Path) -> None:
    """Seconds over the number of timers, a panel for each delay."""
    # Typed as Any: it is installed for this target alone, so that type checks cannot count on it.
    matplotlib: Any = importlib.import_module("matplotlib")
    matplotlib.use("svg")
    # The same numbers make the same file; and text stays text.
    matplotlib.rcParams.update({"svg.hashsalt": file.stem, "svg.fonttype": "none"})
    pyplot: Any = importlib.import_module("matplotlib.pyplot")
    figure, panels = pyplot.subplots(1, len(DELAYS), figsize=(9, 4), sharey=True, layout="constrained")
    lines = (
        (CREATED, CLI, "s", "#b3420f"),
        (CREATED, LOOP, "D", "#7a5195"),
        (UNCHANGED, LOOP, "d", "#b79bc9"),
        (CREATED, TIMERS, "o", "#00539b"),
        (CHANGED, TIMERS, "^", "#4b8fca"),
        (UNCHANGED, TIMERS, "v", "#2a7f62"),
    )
    for panel, delay in zip(panels, DELAYS, strict=True):
        for what, way, marker, colour in lines:
            points = sorted(
                (case.count, result.median)
                for case, result in results.items()
                if (case.delay, case.what, case.way) == (delay, what, way) and result.seconds
            )
            label = f"{way.replace('`', '')}, {what}"
            panel.plot(*zip(*points, strict=True), marker=marker, color=colour, label=label, linewidth=1.5)
        panel.set(xscale="log", yscale="log", xlabel="timers", title=f"{delay * 1000:.0f} ms of delay per request")
        panel.grid(visible=True, color="#dddddd")
    panels[0].set_ylabel("seconds")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    file.parent.mkdir(exist_ok=True)
    figure.savefig(file, metadata={"Date": None})
    # Its lines end in blanks, which a checkout should not have.
    text = "\n".join(line.rstrip() for line in file.read_text(encoding="utf-8").splitlines())
    file.write_text(f"{text}\n", encoding="utf-8")


def main() -> int:
    """Print the table, and whether the requirements are met: the exit status says only whether it could be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="only a few of everything, to see that it works")
    parser.add_argument("--docs", action="store_true", help="write the page and the plot of the documentation")
    arguments = parser.parse_args()
    scale = SMALL if arguments.small else Scale()

    with (
        tempfile.TemporaryDirectory(prefix="globus-benchmark-") as folder,
        LocalGlobus() as globus,
        LocalGlobus() as crowded,
    ):
        results = measure(globus, crowded, Path(folder), scale)

    print(f"\n{machine()}\n")
    for number, row in enumerate(rows(results)):
        print(f"| {' | '.join(row)} |")
        if number == 0:
            print("|--:|--:|---|---|--:|--:|---|--:|")
    print()
    for met, text in verdicts(results, scale):
        print(f"- {'met' if met else 'NOT MET'}: {text}")
    if arguments.docs:
        PAGE.write_text(page(results, scale), encoding="utf-8")
        plot(results, PLOT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
