# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m emulator.rehearse``: run a playbook on a local Globus, let days pass, tell what would have happened."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from emulator.control import LocalGlobus, LocalGlobusError

DAY = 86400

# A rehearsal needs no inventory, and differences are easier to read in YAML. Variables of the caller go before.
READABLE = {
    "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
    "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
    "ANSIBLE_LOCALHOST_WARNING": "false",
}
NO_CLIENT = """\
this world has nobody to sign in as. Add these lines to it, as they are:

clients:
  - id: cccccccc-0000-4000-8000-000000000001
    secret: rehearsal-only-not-a-real-secret
"""
DEFAULT_WORLD = """
rehearse: this was the world tests/emulator/world.yml. If yours has other collections, name a file that lists them with
WORLD=, see docs/docsite/rst/guide_rehearsing.rst"""


def main(arguments: list[str] | None = None) -> int:
    """The exit status of the playbook."""
    parser = argparse.ArgumentParser(prog="rehearse", description=__doc__)
    parser.add_argument("--world", type=Path, help="world file; the default has one collection of each kind")
    parser.add_argument("--days", type=float, default=7, help="how long to let the timers run (default 7)")
    parser.add_argument("playbook", type=Path)
    parser.add_argument("options", nargs=argparse.REMAINDER, help="further arguments of ansible-playbook")
    wanted = parser.parse_args(arguments)
    if wanted.days < 0:
        parser.error("--days must be 0 or more")
    if wanted.playbook == Path():
        parser.error("which playbook? (make rehearse PLAYBOOK=...)")
    if wanted.playbook.is_dir() or (wanted.playbook.suffix in (".yml", ".yaml") and not wanted.playbook.is_file()):
        parser.error(f"there is no playbook {str(wanted.playbook)!r} in {Path.cwd()}: give it with its whole path")
    try:
        with LocalGlobus(world=wanted.world) as globus:
            if not globus.client_id:
                raise LocalGlobusError(NO_CLIENT)
            status = _play(globus, wanted.playbook, wanted.options)
            if status == 0:
                globus.advance(wanted.days * DAY)
                _tell(globus, wanted.days)
            elif wanted.world is None:
                print(DEFAULT_WORLD, file=sys.stderr)
            return status
    except LocalGlobusError as error:
        print(f"rehearse: {error}", file=sys.stderr)
        return 1


def _play(globus: LocalGlobus, playbook: Path, options: list[str]) -> int:
    """Run it with no credentials but those of the world, and no way to the real Globus."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GLOBUS_")}
    client = {"GLOBUS_CLIENT_ID": globus.client_id, "GLOBUS_CLIENT_SECRET": globus.client_secret}
    command = [sys.executable, "-m", "ansible", "playbook", str(playbook), "--diff", *options]
    return subprocess.run(
        command, env={**READABLE, **inherited, **globus.environment, **client}, check=False
    ).returncode


def _tell(globus: LocalGlobus, days: float) -> None:
    timers = sorted(globus.timers(), key=lambda timer: str(timer["name"]))
    now = datetime.fromisoformat(globus.now()).isoformat(timespec="seconds")
    print(f"\nAfter {days:g} day{'s' * (days != 1)}, at {now}: {len(timers)} timer{'s' * (len(timers) != 1)}")
    for timer in timers:
        print(f"\n{timer['name']} ({timer['job_id']}): {timer['status']}{_why(timer)}")
        events = Counter(one["event"] for one in timer["history"])
        print("  " + (", ".join(f"{event} {_times(number)}" for event, number in events.items()) or "no run"))
        print(f"  next run: {timer['next_tick'] or 'none'}")


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _why(timer: dict[str, Any]) -> str:
    reason = timer["inactive_reason"]
    if not reason:
        return ""
    detail = reason.get("detail")
    return f", because of {detail['code'] if isinstance(detail, dict) else reason.get('cause')}"


if __name__ == "__main__":
    sys.exit(main())
