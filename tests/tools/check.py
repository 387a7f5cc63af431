# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the checks of named groups, several at once: a line for each that passes, everything it said for each that fails.

Run by make, which sets the variables under which Ansible finds the collection.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from tools import artifact, in_place, sanity, site
from tools.outcome import Outcome, run
from tools.tree import known_files

ROOT = Path(__file__).resolve().parents[2]
PACE = 30.0  # seconds after which the checks that are still running are named
LINK = ROOT / ".ansible" / "collections" / "ansible_collections" / "research_ops" / "globus"


@dataclass(frozen=True)
class Check:
    """One check: the group that make asks for, a name to show, and what carries it out."""

    group: str
    name: str
    carry_out: Callable[[], Outcome]


def command(group: str, name: str, *arguments: str) -> Check:
    """A check that passes when one program, run in the checkout, ends with status 0."""
    return Check(group, name, lambda: run([*arguments], cwd=ROOT))


# The files below .github that have a schema.
SCHEMAS = {
    "dependabot": "dependabot.yml",
    "github-issue-config": "ISSUE_TEMPLATE/config.yml",
    "github-issue-forms": "ISSUE_TEMPLATE/[!c]*.yml",
    "github-workflows": "workflows/*.yml",
}


def schema(name: str, files: str) -> Check:
    """A check that files below .github are what GitHub takes, by the schema that comes with check-jsonschema."""
    found = [str(file) for file in sorted((ROOT / ".github").glob(files))]
    return command("lint", f"schema of {files}", "check-jsonschema", "--builtin-schema", f"vendor.{name}", *found)


def lint_documentation(run: Callable[[list[str], Path], Outcome]) -> Outcome:
    """What antsibull-docs says, by a name of its folder that it can bear.

    It copies the collection into a folder with a random name, and writes its path into what it then checks: a name that
    ends in an underscore, as one in 37 does, is a link to nowhere there.
    """
    arguments = ["lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "all", "."]
    for _time in range(3):
        outcome = run(["antsibull-docs", *arguments], ROOT)
        if 'Unknown target name: "antsibull-docs-' not in outcome.output:
            break
    return outcome


# The longest first: it then runs beside all the others.
CHECKS = (
    Check("sanity", "ansible-test sanity", lambda: sanity.check(ROOT)),
    # One target, as contributors run them. tests/integration runs the tasks of all, and make matrix all of them so.
    Check(
        "in-place",
        "ansible-test integration",
        lambda: in_place.check(ROOT, ROOT / ".ansible" / "in-place", "integration", "--local", "login"),
    ),
    Check("build", "ansible-galaxy build, galaxy-importer", lambda: artifact.check(ROOT)),
    # make EXTERNAL=1 docs: links to other hosts are followed too.
    Check("docs", "documentation site, in build/site", lambda: site.check(ROOT, bool(os.environ.get("EXTERNAL")))),
    Check("docs-lint", "antsibull-docs lint-collection-docs", lambda: lint_documentation(run)),
    command("lint", "ansible-lint", "ansible-lint", "--nocolor", "--profile", "production", "--offline"),
    # By its place in the link, so that a module goes by one name however it is imported.
    command("lint", "mypy", "mypy", *(os.path.relpath(LINK / one, ROOT) for one in ("plugins", "extensions"))),
    command("lint", "mypy of tests and demo", "mypy", "--python-version", "3.11", "tests", "demo"),
    command("lint", "ruff check", "ruff", "check", "."),
    command("lint", "ruff format", "ruff", "format", "--check", "."),
    command("lint", "yamllint", "yamllint", "--strict", "."),
    command("lint", "antsibull-changelog", "antsibull-changelog", "lint"),
    # CI runs actionlint too.
    command("lint", "zizmor", "zizmor", "--offline", "--quiet", ".github"),
    *(schema(name, files) for name, files in SCHEMAS.items()),
    # Hidden files too, but nothing that git does not know.
    Check("lint", "codespell", lambda: run(["codespell", "--check-hidden", *map(str, known_files(ROOT))], cwd=ROOT)),
    # Every file says whose it is and under which licence.
    command("lint", "reuse", "reuse", "lint", "--lines"),
)


def finished(
    running: Mapping[Future[tuple[Outcome, float]], Check], pace: float = PACE
) -> Iterator[tuple[Check, Outcome, float]]:
    """The checks with their outcomes and seconds as they end; while none ends, what is still running is said."""
    began, left = time.monotonic(), set(running)
    while left:
        ended, left = wait(left, pace, FIRST_COMPLETED)
        for one in ended:
            yield running[one], *one.result()
        if not ended:
            names = ", ".join(running[one].name for one in running if one.running())
            print(f"       after {time.monotonic() - began:.0f} s still running: {names}", flush=True)


def main() -> int:
    """Run what is asked for; the exit status is the number of checks that failed, at most 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("groups", nargs="+", choices=sorted({check.group for check in CHECKS}))
    parser.add_argument("--jobs", type=int, default=2, help="how many run at once")
    arguments = parser.parse_args()

    def timed(check: Check) -> tuple[Outcome, float]:
        began = time.monotonic()
        return check.carry_out(), time.monotonic() - began

    if {"build", "lint"} <= set(arguments.groups):
        # Galaxy's importer would run ansible-lint once more over the same files.
        os.environ["GALAXY_IMPORTER_RUN_ANSIBLE_LINT"] = "false"
    failed = []
    with ThreadPoolExecutor(arguments.jobs) as pool:
        running = {pool.submit(timed, check): check for check in CHECKS if check.group in arguments.groups}
        for check, outcome, seconds in finished(running):
            if not outcome.passed:
                failed.append(check.name)
                print(outcome.output.rstrip())
            print(f"{'ok    ' if outcome.passed else 'FAILED'} {check.name} ({seconds:.1f} s)", flush=True)
    if failed:
        print(f"{len(failed)} of {len(running)} checks failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
