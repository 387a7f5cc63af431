# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make demo` as a user starts it: its output, its failures, and that it leaves nothing behind.

Also the excerpt of its output in the README, and the commands of the guide to rehearsing.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from patience import LIMIT, until

ROOT = Path(__file__).resolve().parents[2]


def start(demo: Path, temporary: Path, **variables: str) -> subprocess.Popen[str]:
    """Start run.py of a demo folder, with its own folder for temporary files."""
    temporary.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, str(demo / "run.py")],
        env={"PATH": os.environ["PATH"], "TMPDIR": str(temporary), "LC_ALL": "C.UTF-8", **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def left_behind(temporary: Path) -> list[str]:
    """Files in the folder, and processes whose TMPDIR it is."""
    found = [str(path) for path in temporary.iterdir()]
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                if f"TMPDIR={temporary}\0".encode() in (process / "environ").read_bytes():
                    found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue  # it has ended, or is somebody else's
    return found


def test_demo_prints_what_happened(tmp_path: Path) -> None:
    # The user's own settings are ignored: these would make every playbook fail, or make it use a real account.
    own = {"ANSIBLE_STDOUT_CALLBACK": "no.such.callback", "GLOBUS_TIMERS_TOKEN": "a-real-one"}
    process = start(ROOT / "demo", tmp_path / "tmp", **own)
    output, errors = process.communicate(timeout=LIMIT)

    assert (process.returncode, errors) == (0, ""), output + errors
    assert "\x1b" not in output
    for line in (
        "  $ ansible-playbook backup.yml",
        "  | changed: [localhost]",
        "  ok  Globus has one timer, microscope-nightly. It runs next on Monday at 22:00, America/Chicago.",
        "  | ok: [localhost]",
        "  ok  The module sent two requests: for a token, and for the list of timers.",
        "  $ ansible-playbook backup.yml --check --diff",
        "  | -        sync_level: mtime",
        "  | +        sync_level: checksum",
        "  ok  The module wrote nothing and requested no consent.",
        "  ok  The new timer existed before the old one was deleted.",
        "  > The clock moves from Monday 17:00 to Tuesday 17:00.",
        "  ok  The copy contains the same 6 files, 640,077 bytes, identical byte for byte.",
        "  ok  The image that was deleted on the microscope is still in the copy.",
        "  ok  The timer ran on Wednesday at 22:00. Globus Timers counts 0 errors and shows it as active.",
        "  $ ansible-playbook health.yml",
        "  |         state: stalled",
        "  ok  The reason contains the error, its start, the number of attempts, and when Globus gives up.",
        "  ok  The same transfer continued and succeeded. No second transfer was started.",
        "  ok  The new image has arrived, identical byte for byte.",
        "  |         state: ok",
        "With a real account",
        "All checks passed.",
    ):
        assert line in output.splitlines()
    # The excerpt in the README consists of lines of the output.
    (excerpt,) = re.findall(r"^```text\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    assert set(excerpt.splitlines()) <= set(output.splitlines())
    assert not left_behind(tmp_path / "tmp")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the demo that a test can break, beside links to the folders that the demo uses."""
    shutil.copytree(ROOT / "demo", tmp_path / "copy" / "demo", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("tests", ".ansible"):
        (tmp_path / "copy" / name).symlink_to(ROOT / name)
    return tmp_path / "copy" / "demo"


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("world.yml", "    root: archive\n", "", "This check failed: The copy contains the same"),
        ("world.yml", "    root: microscope\n", "    root: microscope\n    deleted: true\n", "was deleted"),
        ("backup.yml", "on_drift: replace", "state: absent", "ended with status 0 and changed=0"),
        (
            "backup.yml",
            "        schedule:\n",
            "          delete_destination_extra: true\n        schedule:\n",
            "image-0002.tif is missing",
        ),
    ],
    ids=["no folder", "no collection", "nothing created", "a mirror"],
)
def test_demo_fails_if_a_check_fails(copied: Path, tmp_path: Path, file: str, old: str, new: str, message: str) -> None:
    text = (copied / file).read_text(encoding="utf-8")
    assert old in text
    (copied / file).write_text(text.replace(old, new), encoding="utf-8")

    process = start(copied, tmp_path / "tmp")
    output, errors = process.communicate(timeout=LIMIT)

    assert process.returncode == 1, output
    assert errors.startswith("\nFAILED  ")
    assert message in errors
    assert "Traceback" not in errors
    assert "All checks passed" not in output
    assert not left_behind(tmp_path / "tmp")


@pytest.mark.parametrize(
    ("number", "when"),
    [
        (signal.SIGINT, "A nightly backup with a playbook"),
        (signal.SIGINT, "  $ ansible-playbook"),
        (signal.SIGTERM, "  $ ansible-playbook"),
    ],
    ids=["SIGINT between programs", "SIGINT in a playbook", "SIGTERM in a playbook"],
)
def test_demo_that_is_stopped_leaves_nothing(tmp_path: Path, number: signal.Signals, when: str) -> None:
    temporary = tmp_path / "tmp"
    process = start(ROOT / "demo", temporary)
    assert process.stdout is not None
    assert any(line.startswith(when) for line in process.stdout)
    if when.startswith("  $"):
        time.sleep(0.7)  # roughly until the module runs; the test must pass at every moment
    assert len(left_behind(temporary)) > 2  # its folder, itself and the local Globus, so the check below can fail
    process.send_signal(number)
    _output, errors = process.communicate(timeout=LIMIT)

    assert process.returncode == 128 + number, errors
    assert errors == f"\nStopped by {number.name}. The demo has removed its files.\n"
    # A worker of Ansible may end a moment later than ansible-playbook itself.
    until("an empty folder", lambda: not left_behind(temporary))


def test_the_commands_of_the_guide_to_rehearsing_work(tmp_path: Path) -> None:
    """All commands of the guide, one after the other, in one shell."""
    guide = (ROOT / "docs" / "docsite" / "rst" / "guide_rehearsing.rst").read_text(encoding="utf-8")
    blocks = re.findall(r"^\.\. code-block:: bash\n\n((?: .*\n|\n)+)", guide, re.M)
    script = "\n".join(textwrap.dedent(block) for block in blocks)
    assert script.count("~/globus") == 1
    kept = {name: os.environ[name] for name in ("PATH", "PYTHON3") if name in os.environ}
    shell = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", script.replace("~/globus", str(ROOT))],
        cwd=tmp_path,
        env={**kept, "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _errors = shell.communicate(timeout=LIMIT)
    finally:
        if shell.poll() is None or shell.returncode:
            os.killpg(shell.pid, signal.SIGKILL)  # the local Globus, because the script ended before it stopped it

    assert shell.returncode == 0, output
    # Check mode, created, unchanged, replaced although an answer was lost, stopped by the service, resumed, read twice.
    assert re.findall(r"changed=(\d)", output) == ["1", "1", "0", "1", "0", "1", "0", "0"]
    assert "+        start: '2026-03-04T05:00:00+00:00'" in output
    assert "Globus stopped it" in output
    # The source was missing for a night, and everything is copied after it is back.
    assert re.findall(r"^ {8}state: (\w+)$", output, re.M) == ["stalled", "ok"]
    assert "FILE_NOT_FOUND" in output
    assert set(re.findall(r'"status": "(\w+)"', output.rpartition("state: ok")[2])) == {"SUCCEEDED"}
