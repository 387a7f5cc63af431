# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A nightly backup on a local Globus, from the first run of its playbook to the copied files. Run by ``make demo``.

The demo checks everything that it prints, and ends with status 1 if a check fails.
"""

from __future__ import annotations

import random
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from backstage import (
    ROOT,
    DemoError,
    Stopped,
    Stopper,
    ansible_environment,
    check,
    content_differences,
    contents,
    demo_folder,
    edit,
    essential,
    heading,
    paint,
    recap,
    say,
    show,
    variable,
)

sys.path.insert(0, str(ROOT / "tests"))
from emulator.control import LocalGlobus, LocalGlobusError

DAY = 86400
QUARTER = 900  # seconds: a quarter of an hour, within which Transfer tries again
UNFINISHED = ("new", "loaded", "active", "inactive")
REPOSITORY = "https://github.com/research-ops/globus"


def fill(folder: Path) -> None:
    """Write what a microscope saves in a day: nested folders, images, an empty file, names that are not ASCII."""
    chance = random.Random(1)
    for name, content in {
        "2026-03-02/run-1/image-0001.tif": b"II*\0" + chance.randbytes(300_000),
        "2026-03-02/run-1/image-0002.tif": b"II*\0" + chance.randbytes(300_000),
        "2026-03-02/run-2/overview 20 µm.png": b"\x89PNG\r\n\x1a\n\0" + chance.randbytes(40_000),
        "2026-03-02/run-2/writing.tmp": chance.randbytes(1_000),
        "2026-03-02/notes.txt": "Sample 12, 20 °C\r\nno newline at the end".encode(),
        "2026-03-02/done": b"",
        "calibration.json": b'{"pixel_nm": 108.3}\n',
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


class Demo:
    """The steps of the demo."""

    def __init__(self, folder: Path, globus: LocalGlobus, stopper: Stopper) -> None:
        self.folder = folder
        self.globus = globus
        self.stopper = stopper
        self.playbook = folder / "backup.yml"
        self.source = folder / "microscope" / "data"
        self.away = folder / "microscope" / "data-away"
        self.task: dict[str, Any] = {}  # of the third night
        self.copy = folder / "archive" / "backup" / "microscope"
        account = {"GLOBUS_CLIENT_ID": globus.client_id, "GLOBUS_CLIENT_SECRET": globus.client_secret}
        self.environment = ansible_environment(folder, {**globus.environment, **account})
        options = yaml.safe_load(self.playbook.read_text(encoding="utf-8"))[0]["tasks"][0]["research_ops.globus.timer"]
        self.name, self.at = options["name"], options["schedule"]["at"]
        self.zone = ZoneInfo(options["schedule"]["timezone"])

    # --- running and reading ---------------------------------------------------------------------------------------

    def play(self, *options: str, changed: int) -> list[dict[str, Any]]:
        """Run the playbook, show its output, and return the requests that Globus received."""
        self._run_playbook(self.playbook, *options, changed=changed)
        return self.globus.log()

    def health(self) -> dict[str, Any]:
        """Run the playbook that reads the health of the timer, show its output, and return the health."""
        output = self._run_playbook(self.folder / "health.yml", changed=0)
        health = variable(output)
        if not isinstance(health, dict):
            raise DemoError(f"health.yml did not show the health of the timer. Its output:\n{output}")
        return health

    def _run_playbook(self, playbook: Path, *options: str, changed: int) -> str:
        """Run a playbook, show its output and return it. Raises DemoError."""
        self.globus.clear_log()
        line = " ".join(["ansible-playbook", playbook.name, *options])
        print(f"  {paint('$', 'dim')} {paint(line, 'cyan')}", flush=True)
        command = [sys.executable, "-m", "ansible", "playbook", *options, str(playbook)]
        status, output = self.stopper.run(command, self.folder, self.environment)
        show(essential(output))
        print()
        counts = recap(output)
        if status or counts.get("changed") != changed:
            raise DemoError(
                f"ansible-playbook should end with status 0 and changed={changed}, but it ended with status {status} "
                f"and changed={counts.get('changed')}. Its output:\n{output}"
            )
        return output

    def timer(self) -> dict[str, Any]:
        """The only unfinished timer of the service. Raises DemoError if there is none or more than one."""
        timers = [timer for timer in self.globus.timers() if timer["status"] in UNFINISHED]
        if len(timers) != 1 or timers[0]["name"] != self.name:
            names = [timer["name"] for timer in timers]
            raise DemoError(f"Only the timer {self.name!r} should exist, but these exist: {names}")
        return timers[0]

    def local(self, moment: str) -> datetime:
        """A time of the service as local time."""
        return datetime.fromisoformat(moment).astimezone(self.zone)

    def next_run(self) -> str:
        """The next run of the timer according to the service, in local time."""
        return f"{self.local(self.timer()['next_tick']):%A at %H:%M}, {self.zone.key}"

    def later(self, seconds: int = DAY) -> None:
        """Move the clock of the local Globus."""
        before = self.local(self.globus.now())
        after = self.local(self.globus.advance(seconds))
        self.stopper.raise_if_stopped()
        print(f"  {paint('>', 'dim')} The clock moves from {before:%A %H:%M} to {after:%A %H:%M}.\n", flush=True)

    def wanted(self) -> dict[str, bytes]:
        """The files that a run copies: the source without those that the filter rule excludes."""
        return {name: data for name, data in contents(self.source).items() if not name.endswith(".tmp")}

    # --- the steps -------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Run all steps."""
        heading("A nightly backup with a playbook, on a local Globus")
        say("""This takes about 15 seconds, longer on a busy machine. Each line with "ok" is the result of a check of
            the files or of the local Globus. If a check fails, the demo ends with an error.""")
        self.prepare()
        self.create()
        self.run_again()
        self.check_mode()
        self.replace()
        self.first_night()
        self.second_night()
        self.third_night()
        self.put_back()

    def prepare(self) -> None:
        heading("1. Two collections and a playbook")
        fill(self.source)
        (self.folder / "archive").mkdir()
        world = {one["display_name"]: one["root"] for one in self.globus.call("GET", "world")["collections"]}
        say("The local Globus has two collections, which are two folders. Nothing leaves this machine.")
        print()
        for name, root in world.items():
            number = len(contents(Path(root))) if root else 0
            show([f"{name:<11} {root or 'without a folder'}, {f'{number} files' if number else 'empty'}"], " ")
        print()
        say("The playbook demo/backup.yml describes what to copy, where to, and when. It has one task:")
        print()
        lines = self.playbook.read_text(encoding="utf-8").splitlines()
        start = next(number for number, line in enumerate(lines) if "- name: Copy" in line)
        show([line[4:] for line in lines[start:]], " ")

    def create(self) -> None:
        heading("2. The first run creates the timer")
        log = self.play(changed=1)
        timer = self.timer()
        at = f"{self.local(timer['next_tick']):%H:%M}"
        check(at == self.at, f"Globus has one timer, {self.name}. It runs next on {self.next_run()}.", timer)
        granted = [scope for scope in timer["consents"] if scope.endswith("/data_access")]
        check(
            len(granted) == 2,
            "It has the data_access consent for both collections. The module found out that they need it, and obtained "
            "it. Without this consent, Globus accepts the timer but stops it silently at its first run.",
            timer["consents"],
        )
        check(not contents(self.folder / "archive"), "No file has been copied yet.")
        text = f"The module sent {len(log)} requests. One of them writes: POST /v2/timer."
        check(writes(log) == ["POST /v2/timer"], text, log)

    def run_again(self) -> None:
        heading("3. The second run changes nothing")
        timer = self.timer()
        log = self.play(changed=0)
        check(self.timer() == timer, "It is the same timer, unchanged.", self.timer())
        requests = [f"{request['method']} {request['path']}" for request in log]
        text = "The module sent two requests: for a token, and for the list of timers."
        check(requests == ["POST /v2/oauth2/token", "GET /jobs/"], text, log)

    def check_mode(self) -> None:
        heading("4. Check mode shows a change")
        say("Exclude the temporary files of the microscope, and compare files by checksum. The change in the playbook:")
        print()
        old = "          sync_level: mtime\n"
        new = '          sync_level: checksum\n          filter_rules:\n            - name: "*.tmp"\n'
        show(edit(self.playbook, old, new), " ")
        print()
        timer = self.timer()
        log = self.play("--check", "--diff", changed=1)
        check(self.timer() == timer, "Check mode shows what would change. The timer is unchanged.", self.timer())
        check(
            not writes(log) and not any("data_access" in (request["scope"] or "") for request in log),
            "The module wrote nothing and requested no consent.",
            log,
        )

    def replace(self) -> None:
        heading("5. The next run replaces the timer")
        say("""Globus can change only the name of a timer. With on_drift: replace, the module therefore creates a new
            timer, verifies it, and deletes the old one.""")
        print()
        old = self.timer()
        log = self.play(changed=1)
        new = self.timer()
        sent = writes(log)
        deletion = f"DELETE /jobs/{old['job_id']}"
        check(sent == ["POST /v2/timer", deletion], "The new timer existed before the old one was deleted.", sent)
        check(
            (new["next_tick"], new["name"]) == (old["next_tick"], old["name"]) and new["job_id"] != old["job_id"],
            f"It runs when the old one would have run: {self.next_run()}.",
            new,
        )

    def first_night(self) -> None:
        heading("6. The first night: the files arrive")
        self.later()
        timer = self.timer()
        check(timer["n_runs"] == 1 and not timer["n_errors"], f"The timer ran once, on {self.ran()}.", timer)
        wanted, found = self.wanted(), contents(self.copy)
        size = sum(map(len, wanted.values()))
        text = f"The copy contains the same {len(wanted)} files, {size:,} bytes, identical byte for byte."
        check(
            bool(wanted) and not content_differences(wanted, found), text, "\n".join(content_differences(wanted, found))
        )
        check(not list(self.copy.rglob("*.tmp")), "The temporary file was not copied.")
        print()
        arrived = contents(self.folder / "archive")
        show([f"{len(data):>9,} bytes  archive/{name}" for name, data in arrived.items()], " ")

    def second_night(self) -> None:
        heading("7. The second night: changed, new and deleted files")
        before = contents(self.copy)
        day = self.source / "2026-03-02"
        (day / "run-1" / "image-0002.tif").unlink()
        changed = day / "run-1" / "image-0001.tif"
        data = bytearray(changed.read_bytes())
        data[100_000] ^= 1
        changed.write_bytes(data)
        (self.source / "2026-03-03").mkdir()
        (self.source / "2026-03-03" / "image-0001.tif").write_bytes(random.Random(2).randbytes(200_000))
        say("""During the day, image-0002.tif is deleted on the microscope, one bit of image-0001.tif changes, and a new
            folder with a new image is created.""")
        print()
        check(
            len(content_differences(self.wanted(), contents(self.copy))) == 3,
            "The copy now differs in these three files.",
        )
        self.later()
        timer = self.timer()
        check(timer["n_runs"] == 2 and not timer["n_errors"], f"The timer ran again, on {self.ran()}.", timer)
        found = contents(self.copy)
        deleted = sorted(before.keys() - self.wanted().keys())
        wrong = content_differences({**before, **self.wanted()}, found)
        text = "The changed image and the new image have arrived, identical byte for byte."
        check(not wrong, text, "\n".join(wrong))
        check(
            deleted == ["2026-03-02/run-1/image-0002.tif"] and found[deleted[0]] == before[deleted[0]],
            "The image that was deleted on the microscope is still in the copy.",
            deleted,
        )
        print()
        say("Two days later, the playbook still changes nothing:")
        print()
        self.play(changed=0)
        check(self.timer() == timer, "It is still the same timer.", self.timer())

    def third_night(self) -> None:
        heading("8. The third night: the source folder is missing")
        new = self.source / "2026-03-04" / "image-0001.tif"
        new.parent.mkdir()
        new.write_bytes(random.Random(3).randbytes(250_000))
        self.source.rename(self.away)
        say("The microscope saves a new image. Then somebody moves the folder away before the backup runs.")
        print()
        self.later()
        timer = self.timer()
        text = f"The timer ran on {self.ran()}. Globus Timers counts {timer['n_errors']} errors and shows it as active."
        check((timer["n_runs"], timer["n_errors"], timer["status"]) == (3, 0, "active"), text, timer)
        self.task = self.last_task()
        text = "But no file has arrived. Globus Transfer retries for a day and does not notify anybody."
        check(self.task["status"] == "ACTIVE" and self.task["faults"] > 1, text, self.task)
        print()
        say("demo/health.yml reads the health of the timer with the module timer_info:")
        print()
        health = self.health()
        check(health["state"] == "stalled", "The module reports that the backup is stalled.", health)
        details = ("FILE_NOT_FOUND", f"{self.task['faults']} failed attempts", self.second(self.task["request_time"]))
        text = "The reason contains the error, its start, the number of attempts, and when Globus gives up."
        check(all(one in health["reason"] for one in (*details, self.second(self.task["deadline"]))), text, health)
        check("/data/" in health["remedy"], "The remedy names the path: put /data/ back.", health)

    def put_back(self) -> None:
        heading("9. The folder is back, and the transfer succeeds")
        say("Somebody moves the folder back. Nothing else has to be done.")
        print()
        self.away.rename(self.source)
        self.later(QUARTER)
        task = self.last_task()
        text = "The same transfer continued and succeeded. No second transfer was started."
        check((task["task_id"], task["status"]) == (self.task["task_id"], "SUCCEEDED"), text, task)
        wrong = content_differences({**contents(self.copy), **self.wanted()}, contents(self.copy))
        check(not wrong, "The new image has arrived, identical byte for byte.", "\n".join(wrong))
        print()
        health = self.health()
        check(health["state"] == "ok", "The timer is ok again, according to the transfer.", health)

    def last_task(self) -> dict[str, Any]:
        """The transfer task of the timer's last run."""
        return max(self.globus.tasks(), key=lambda task: str(task["request_time"]))

    @staticmethod
    def second(moment: str) -> str:
        """A time as the modules return it."""
        return datetime.fromisoformat(moment).isoformat(timespec="seconds")

    def ran(self) -> str:
        """The last run of the timer, in local time."""
        return f"{self.local(self.timer()['history'][-1]['at']):%A at %H:%M}"


def writes(log: list[dict[str, Any]]) -> list[str]:
    """The requests that change something at Globus Timers, in order."""
    return [
        f"{request['method']} {request['path']}"
        for request in log
        if request["method"] != "GET" and request["service"] == "timer"
    ]


def what_next() -> None:
    """Print how to do the same with a real account."""
    heading("With a real account")
    show(
        [
            "1. Register a service account: https://app.globus.org/settings/developers, then",
            '   "Register a service account or application credential for automation".',
            "2. Give the account access to both collections. Its identity is CLIENT_ID@clients.auth.globus.org.",
            "   Share a guest collection with it, or ask the administrator of a mapped collection to map it to a",
            "   local user.",
            "3. Set its ID and secret as environment variables:",
            "     export GLOBUS_CLIENT_ID=...",
            "     export GLOBUS_CLIENT_SECRET=...",
            "4. Install the collection and the Globus SDK:",
            f"     ansible-galaxy collection install git+{REPOSITORY}.git",
            "     python3 -m pip install 'globus-sdk>=4,<5'    # in the Python that Ansible uses",
            "5. Copy demo/backup.yml, put in the IDs of your two collections and your paths, and run it:",
            "     ansible-playbook backup.yml --check --diff   # shows what would change",
            "     ansible-playbook backup.yml                  # creates the timer",
        ],
        " ",
    )
    print()
    say("""The guides in docs/docsite/rst explain more: guide_first_timer.rst explains these steps, and
        guide_rehearsing.rst explains how to run your own playbooks on the local Globus.""")


def main() -> int:
    """Run the demo and return the exit status: 0, 1 if a check failed, 128 + n after signal n."""
    stopper = Stopper()
    try:
        with demo_folder("backup.yml", "health.yml", "ansible.cfg", "world.yml") as folder:
            stopper.raise_if_stopped()
            try:
                with LocalGlobus(folder / "world.yml") as globus:
                    stopper.raise_if_stopped()
                    Demo(folder, globus, stopper).run()
            except (LocalGlobusError, OSError):
                stopper.raise_if_stopped()  # Ctrl-C ends the local Globus too
                raise
    except Stopped as stopped:
        print(f"\nStopped by {stopped}. The demo has removed its files.", file=sys.stderr)
        return 128 + stopped.number
    except (DemoError, LocalGlobusError, OSError) as error:
        print(f"\n{paint('FAILED', 'red')}  {error}", file=sys.stderr)
        return 1
    what_next()
    print(f"\n{paint('All checks passed.', 'green')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
