# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make rehearse``: one's own playbook in one's own world, and what would have happened."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from emulator.plain import GUEST, LAPTOP
from integration.harness import Playbooks
from patience import LIMIT

ROOT = Path(__file__).resolve().parents[2]


def rehearse(playbooks: Playbooks, *arguments: Any) -> subprocess.CompletedProcess[str]:
    environment = {**playbooks.environment, "RECORD": str(playbooks.home / "rehearse.jsonl")}
    command = [sys.executable, "-m", "emulator.rehearse", *map(str, arguments)]
    return subprocess.run(
        command, env=environment, cwd=playbooks.home, capture_output=True, text=True, timeout=LIMIT, check=False
    )


def test_a_playbook_is_rehearsed_in_a_world_of_its_own(playbooks: Playbooks) -> None:
    """The world of the demo: real files in real folders."""
    for folder in ("microscope/data", "archive"):
        (playbooks.home / folder).mkdir(parents=True)
    (playbooks.home / "microscope/data/image").write_text("image", encoding="utf-8")
    for name in ("world.yml", "backup.yml"):
        text = (ROOT / "demo" / name).read_text(encoding="utf-8")
        (playbooks.home / name).write_text(text, encoding="utf-8")

    done = rehearse(playbooks, "--world", "world.yml", "--days", 3, "backup.yml")

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^After 3 days, at 2026-03-05T23:\d\d:\d\d\+00:00: 1 timer$", done.stdout, re.M)
    assert "ran 3 times" in done.stdout
    assert "WARNING" not in done.stdout + done.stderr
    assert (playbooks.home / "archive/backup/microscope/image").read_text(encoding="utf-8") == "image"


def test_runs_that_do_not_arrive_end_the_rehearsal_with_an_error(playbooks: Playbooks) -> None:
    """A source path with a typing error: the transfer stalls for a day, so every second night is skipped."""
    for folder in ("microscope/data", "archive"):
        (playbooks.home / folder).mkdir(parents=True)
    for name in ("world.yml", "backup.yml"):
        text = (ROOT / "demo" / name).read_text(encoding="utf-8")
        (playbooks.home / name).write_text(text.replace("source_path: /data/", "source_path: /dat/"), encoding="utf-8")

    done = rehearse(playbooks, "--world", "world.yml", "--days", 3, "backup.yml")

    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(
        r"^  failed at 2026-03-03T04:00:00\+00:00: EXPIRED: .*FILE_NOT_FOUND: .*File: /dat/", done.stdout, re.M
    )
    assert re.search(
        r"^  stalled since 2026-03-05T04:00:00\+00:00: FILE_NOT_FOUND, \d+ failed attempts", done.stdout, re.M
    )
    assert "Some runs had problems: 1 failed, 1 stalled." in done.stdout


def test_a_play_that_follows_the_clock_runs_again_when_it_changes(playbooks: Playbooks) -> None:
    """The playbook runs again, so that the runs after the change are at the wanted local time."""
    for folder in ("microscope/data", "archive"):
        (playbooks.home / folder).mkdir(parents=True)
    world = (ROOT / "demo" / "world.yml").read_text(encoding="utf-8").replace("2026-03-02", "2026-03-06")
    play = (ROOT / "demo" / "backup.yml").read_text(encoding="utf-8")
    zone = "timezone: America/Chicago\n"
    assert play.count(zone) == 1
    play = play.replace(zone, f"{zone}          daylight_saving: follow\n")
    (playbooks.home / "world.yml").write_text(world, encoding="utf-8")
    (playbooks.home / "backup.yml").write_text(play, encoding="utf-8")

    done = rehearse(playbooks, "--world", "world.yml", "--days", 4, "backup.yml")

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PLAY RECAP") == 2
    assert "2026-03-08T08:00+00:00: the clocks in America/Chicago have changed. The playbook runs again:" in done.stdout
    assert ": 1 timer\n" in done.stdout
    # 22:00 in Chicago on the 8th and 9th; before that, the replaced timer ran on the 6th and 7th.
    assert re.search(r": active\n  ran 2 times\n  next run: 2026-03-11T03:00:00\+00:00\n", done.stdout)
    assert re.search(r": deleted at 2026-03-08T\S+\n  ran 2 times\n", done.stdout)


FOLLOWING = """\
- hosts: localhost
  gather_facts: false
  vars:
    collections:
      source_collection: 11111111-aaaa-4aaa-8aaa-000000000001
      destination_collection: 11111111-aaaa-4aaa-8aaa-000000000002
    nightly: {interval: 1d, at: "12:00", timezone: America/Havana, daylight_saving: follow}
    paths: {paths: [{source_path: /data/, destination_path: /backup/list/}]}
    listed: [{name: listed, transfer: "{{ collections | combine(paths) }}", schedule: "{{ nightly }}"}]
  tasks:
    - research_ops.globus.timers:
        timers: "{{ item }}"
        on_drift: replace
      loop: ["{{ listed }}"]
    - ansible.builtin.include_role:
        name: research_ops.globus.backup
      vars:
        backup_check_paths: false
        backup_timezone: America/Chicago
        backup_defaults: "{{ collections }}"
        backup_jobs:
          - name: job
            source_path: /data/
            destination_path: /backup/job/
            schedule: nightly
            daylight_saving: follow
"""


def test_a_list_and_the_role_run_again_when_the_clocks_change_too(playbooks: Playbooks) -> None:
    """The module timers does not return its list, so the zones are those of the task."""
    for folder in ("microscope/data", "archive"):
        (playbooks.home / folder).mkdir(parents=True)
    world = (ROOT / "demo" / "world.yml").read_text(encoding="utf-8").replace("2026-03-02", "2026-03-06")
    (playbooks.home / "world.yml").write_text(world, encoding="utf-8")
    (playbooks.home / "following.yml").write_text(FOLLOWING, encoding="utf-8")

    done = rehearse(playbooks, "--world", "world.yml", "--days", 4, "following.yml")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "2026-03-08T05:00+00:00: the clocks in America/Havana have changed. The playbook runs again:" in done.stdout
    assert "2026-03-08T08:00+00:00: the clocks in America/Chicago have changed. The playbook runs again:" in done.stdout
    active = dict(re.findall(r"^(\S+) \(\S+\): active\n  ran .*\n  next run: (\S+)$", done.stdout, re.M))
    assert active == {"listed": "2026-03-11T16:00:00+00:00", "backup-job": "2026-03-11T07:00:00+00:00"}


REPORTING = """\
- hosts: localhost
  gather_facts: false
  roles:
    - role: research_ops.globus.backup
      vars:
        backup_report: "{{ playbook_dir }}/report.html"
        backup_jobs:
          - name: job
            source_collection: 11111111-aaaa-4aaa-8aaa-000000000001
            source_path: /data/
            destination_collection: 11111111-aaaa-4aaa-8aaa-000000000002
            destination_path: /backup/job/
            schedule: nightly
"""


def test_the_report_of_the_role_shows_the_simulated_runs(playbooks: Playbooks) -> None:
    """It was the one of the first play: nothing had run, at the time of this machine."""
    for folder in ("microscope/data", "archive"):
        (playbooks.home / folder).mkdir(parents=True)
    (playbooks.home / "microscope/data/image").write_text("image", encoding="utf-8")
    world = (ROOT / "demo" / "world.yml").read_text(encoding="utf-8")
    (playbooks.home / "world.yml").write_text(world, encoding="utf-8")
    (playbooks.home / "reporting.yml").write_text(REPORTING, encoding="utf-8")

    done = rehearse(playbooks, "--world", "world.yml", "--days", 2, "reporting.yml")

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PLAY RECAP") == 2
    assert f"the playbook runs again, so that its report shows these days: {playbooks.home}/report.html" in done.stdout
    assert "ran 2 times" in done.stdout
    page = (playbooks.home / "report.html").read_text(encoding="utf-8")
    assert "1 of 1 arrived" in page
    assert "Wed 4 Mar 2026" in page


def test_a_playbook_that_fails_ends_the_rehearsal_with_its_status(playbooks: Playbooks) -> None:
    (playbooks.home / "bad.yml").write_text("- hosts: localhost\n  tasks:\n    - fail:\n", encoding="utf-8")
    done = rehearse(playbooks, "bad.yml")
    assert done.returncode == 2
    assert "After" not in done.stdout
    assert "The playbook ran in the default world, tests/emulator/world.yml" in done.stderr
    assert rehearse(playbooks, "--world", "missing.yml", "bad.yml").returncode == 1


def test_in_the_default_world_no_file_is_copied_and_it_is_said(playbooks: Playbooks) -> None:
    task = {
        "research_ops.globus.timer": {
            "name": "m",
            "transfer": {
                "source_collection": GUEST,
                "destination_collection": LAPTOP,
                "paths": [{"source_path": "/nothing/", "destination_path": "/copy/"}],
            },
            "schedule": {"interval": "1d"},
        }
    }
    play = [{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]
    (playbooks.home / "own.yml").write_text(yaml.safe_dump(play), encoding="utf-8")
    done = rehearse(playbooks, "--days", 1, "own.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "so every path exists and no file was copied" in done.stdout


def test_what_is_missing_is_named_before_anything_runs(playbooks: Playbooks) -> None:
    (playbooks.home / "own.yml").write_text("- hosts: localhost\n", encoding="utf-8")
    (playbooks.home / "world.yml").write_text("collections: []\n", encoding="utf-8")
    nobody = rehearse(playbooks, "--world", "world.yml", "own.yml")
    assert (nobody.returncode, nobody.stdout) == (1, "")
    lines = yaml.safe_load(nobody.stderr.partition("\n\n")[2])
    (playbooks.home / "world.yml").write_text(yaml.safe_dump({"collections": [], **lines}), encoding="utf-8")
    assert rehearse(playbooks, "--world", "world.yml", "own.yml").returncode == 0
    in_folder = f"in {playbooks.home}. Use its full path"
    for playbook, words in (("elsewhere.yml", in_folder), ("", "PLAYBOOK=")):
        done = rehearse(playbooks, playbook)
        assert (done.returncode, done.stdout) == (2, "")
        assert words in done.stderr
