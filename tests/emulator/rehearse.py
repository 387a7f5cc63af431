# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m emulator.rehearse``: run a playbook on a local Globus, simulate several days, and report the runs."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from emulator.control import LocalGlobus, LocalGlobusError
from emulator.rehearsal_report import report

FAILED = 1  # exit status: the playbook succeeded, but not all runs did
_CALLBACKS = Path(__file__).with_name("callbacks")
_DEFAULT_CALLBACKS = "~/.ansible/plugins/callback:/usr/share/ansible/plugins/callback"
_DAY = timedelta(days=1)

# A rehearsal needs no inventory, and differences are easier to read in YAML. Variables of the caller take precedence.
READABLE = {
    "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
    "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
    "ANSIBLE_LOCALHOST_WARNING": "false",
}
NO_CLIENT = """\
The world has no client to sign in with. Add these lines to the file:

clients:
  - id: cccccccc-0000-4000-8000-000000000001
    secret: rehearsal-only-not-a-real-secret
"""
DEFAULT_WORLD = """
rehearse: The playbook ran in the default world, tests/emulator/world.yml. If it uses other collections, list them in a
file and set WORLD= to it, see docs/docsite/rst/guide_rehearsing.rst"""
NO_FOLDERS = """
The collections of the default world have no folders, so every path exists and no file was copied. To rehearse with
files, list your collections and folders in a file and set WORLD= to it, see docs/docsite/rst/guide_rehearsing.rst"""


def main(arguments: list[str] | None = None) -> int:
    """Return the exit status of the playbook, or 1 if it succeeded but a run failed, stalled or was stopped."""
    parser = argparse.ArgumentParser(prog="rehearse", description=__doc__)
    parser.add_argument("--world", type=Path, help="world file; the default has one collection of each kind")
    parser.add_argument("--days", type=float, default=7, help="number of days to simulate (default 7)")
    parser.add_argument("playbook", type=Path)
    parser.add_argument("options", nargs=argparse.REMAINDER, help="more arguments for ansible-playbook")
    options = parser.parse_args(arguments)
    if options.days < 0:
        parser.error("--days must be 0 or more")
    if options.playbook == Path():
        parser.error("set the playbook: make rehearse PLAYBOOK=...")
    if options.playbook.is_dir() or (options.playbook.suffix in (".yml", ".yaml") and not options.playbook.is_file()):
        parser.error(f"the playbook {str(options.playbook)!r} does not exist in {Path.cwd()}. Use its full path")
    try:
        with LocalGlobus(world=options.world) as globus:
            if not globus.client_id:
                raise LocalGlobusError(NO_CLIENT)
            status = Rehearsal(globus, options.playbook, options.options).run(options.days)
            if options.world is None and globus.timers():
                print(NO_FOLDERS)
            elif options.world is None and status:
                print(DEFAULT_WORLD, file=sys.stderr)
            return status
    except LocalGlobusError as error:
        print(f"rehearse: {error}", file=sys.stderr)
        return 1


class Rehearsal:
    """A playbook on a local Globus."""

    def __init__(self, globus: LocalGlobus, playbook: Path, options: list[str]) -> None:
        self._globus = globus
        self._playbook = playbook
        self._options = options
        self._zones: set[str] = set()
        self._changed = False
        self._reports: set[str] = set()

    def run(self, days: float) -> int:
        """Run the playbook, simulate the days, and print the report. Returns the exit status."""
        status = self._play()
        if status:
            return status
        start = datetime.fromisoformat(self._globus.now())
        status = self._simulate(start, start + timedelta(days=days))
        # before the playbook runs again: it may resume or replace timers
        text, succeeded = report(self._globus.timers(), self._globus.tasks(), self._globus.now(), days)
        if self._reports and days and not status:
            files = ", ".join(sorted(self._reports))
            print(f"\n{self._globus.now()}: the playbook runs again, so that its report shows these days: {files}\n")
            status = self._play()
        print(text)
        return status or (0 if succeeded else FAILED)

    def _simulate(self, start: datetime, end: datetime) -> int:
        """Simulate the time. After a clock change that timers follow, run the playbook again, as a scheduler would."""
        for moment, zone in clock_changes(self._zones, start, end):
            for again in (moment, moment + _DAY):  # a replacement may wait until a run has ended
                if again > end:
                    break
                self._set_clock(again)
                at = again.isoformat(timespec="minutes")
                print(f"\n{at}: the clocks in {zone} have changed. The playbook runs again:\n")
                status = self._play()
                if status or self._changed:
                    break
            if status:
                return status
        self._set_clock(end)
        return 0

    def _set_clock(self, moment: datetime) -> None:
        """Move the clock to a moment, unless the playbook itself took longer."""
        if moment > datetime.fromisoformat(self._globus.now()):
            self._globus.set_clock(moment.isoformat())

    def _play(self) -> int:
        """Run the playbook with the credentials of the world only, and without access to the real Globus."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GLOBUS_")}
        client = {"GLOBUS_CLIENT_ID": self._globus.client_id, "GLOBUS_CLIENT_SECRET": self._globus.client_secret}
        callbacks = f"{_CALLBACKS}:{os.environ.get('ANSIBLE_CALLBACK_PLUGINS', _DEFAULT_CALLBACKS)}"
        with tempfile.NamedTemporaryFile("r", encoding="utf-8", prefix="rehearsal-") as facts:
            own = {"ANSIBLE_CALLBACK_PLUGINS": callbacks, "EMULATOR_REHEARSAL": facts.name}
            environment = {**READABLE, **inherited, **self._globus.environment, **client, **own}
            clock = ["-e", json.dumps({"backup_clock": self._globus.now()})]
            command = [
                sys.executable,
                "-m",
                "ansible",
                "playbook",
                str(self._playbook),
                "--diff",
                *clock,
                *self._options,
            ]
            sys.stdout.flush()
            status = subprocess.run(command, env=environment, check=False).returncode
            known = [json.loads(line) for line in facts]
        self._zones |= {fact["zone"] for fact in known if "zone" in fact}
        self._reports |= {fact["report"] for fact in known if "report" in fact}
        self._changed = any(fact.get("changed") for fact in known)
        return status


def clock_changes(zones: Iterable[str], start: datetime, end: datetime) -> list[tuple[datetime, str]]:
    """When clocks change between two moments, in order, with the zone. Zones that this machine does not know are left
    out."""
    found: dict[datetime, str] = {}
    for name in sorted(zones):
        try:
            zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            continue
        before = start.replace(second=0, microsecond=0)
        while before < end:
            after = min(before + _DAY, end)
            if _offset(before, zone) != _offset(after, zone):
                found.setdefault(_first_after(before, after, zone), name)
            before = after
    return sorted(found.items())


def _first_after(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first minute with the new offset."""
    old = _offset(before, zone)
    low, high = 0, int((after - before).total_seconds() // 60) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(before + timedelta(minutes=middle), zone) == old:
            low = middle
        else:
            high = middle
    return before + timedelta(minutes=high)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(UTC).astimezone(zone).utcoffset()


if __name__ == "__main__":
    sys.exit(main())
