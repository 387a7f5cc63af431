# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the helpers of the demo, and of the copies of its playbooks in the documentation."""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "demo"))
try:
    import backstage
finally:
    sys.path.remove(str(ROOT / "demo"))

OUTPUT = """
PLAY [Back up the microscope] **************************************************

TASK [Copy the microscope's data every night] **********************************
--- before
+++ after
@@ -7,3 +7,3 @@
         skip_source_errors: false
-        sync_level: mtime
+        sync_level: checksum

[WARNING]: timer 'microscope-nightly' was stopped by Globus
changed: [localhost]

PLAY RECAP *********************************************************************
localhost                  : ok=1    changed=1    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0   
"""  # noqa: W291 - as Ansible prints it


def test_counts_are_read_from_the_recap() -> None:
    counts = backstage.recap(OUTPUT)
    assert (counts["ok"], counts["changed"], counts["failed"], counts["ignored"]) == (1, 1, 0, 0)


@pytest.mark.parametrize("output", ["", "ERROR! the playbook could not be found", "remotehost : ok=1 changed=1"])
def test_no_recap_is_no_counts(output: str) -> None:
    assert backstage.recap(output) == {}


def test_essential_lines_have_everything_but_decoration() -> None:
    assert backstage.essential(OUTPUT) == [
        "TASK [Copy the microscope's data every night]",
        "--- before",
        "+++ after",
        "         skip_source_errors: false",
        "-        sync_level: mtime",
        "+        sync_level: checksum",
        "[WARNING]: timer 'microscope-nightly' was stopped by Globus",
        "changed: [localhost]",
        "localhost: ok=1 changed=1 failed=0",
    ]


def test_a_variable_is_read_from_the_task_that_shows_it() -> None:
    shown = (
        "ok: [localhost] => \n    found.timers[0].health:\n        reason: 'a: b,\n            c'\n        state: ok\n"
    )
    assert backstage.variable(OUTPUT + shown + OUTPUT) == {"reason": "a: b, c", "state": "ok"}
    assert backstage.variable(OUTPUT) is None


def test_a_check_that_fails_ends_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    backstage.check(True, "It is so.")
    assert capsys.readouterr().out == "  ok  It is so.\n"
    with pytest.raises(backstage.DemoError, match=r"This check failed: It is so\.\nfound"):
        backstage.check(False, "It is so.", "found")
    assert capsys.readouterr().out == ""


def test_folders_are_compared_byte_for_byte(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder / "inner").mkdir(parents=True)
        (tmp_path / folder / "inner" / "same").write_bytes(b"\0\xff")
        (tmp_path / folder / "other").write_bytes(folder.encode())
    (tmp_path / "one" / "missing").touch()
    (tmp_path / "two" / "inner" / "surplus").touch()
    one, two = backstage.contents(tmp_path / "one"), backstage.contents(tmp_path / "two")
    assert backstage.content_differences(one, one) == []
    assert backstage.content_differences(one, two) == [
        "inner/surplus should not be there",
        "missing is missing",
        "other has different content",
    ]
    assert backstage.contents(tmp_path / "no such folder") == {}


def test_an_edit_is_shown_as_it_was_made(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("a: 1\nb: 2\nc: 3\nd: 4\n", encoding="utf-8")
    assert backstage.edit(file, "b: 2\n", "b: 0\n") == [" a: 1", "-b: 2", "+b: 0", " c: 3"]
    assert file.read_text(encoding="utf-8") == "a: 1\nb: 0\nc: 3\nd: 4\n"
    with pytest.raises(backstage.DemoError, match=r"file contains .* 0 times, not once"):
        backstage.edit(file, "b: 2\n", "b: 0\n")


def below_the_header(file: str) -> str:
    """The part of a YAML file of the demo that the documentation copies: everything after its licence."""
    header, start, document = (ROOT / "demo" / file).read_text(encoding="utf-8").partition("---\n")
    assert "SPDX-License-Identifier" in header
    return start + document


@pytest.mark.parametrize("file", ["README.md", "docs/docsite/rst/guide_first_timer.rst"])
def test_the_first_playbook_is_the_one_that_the_demo_runs(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    playbook = below_the_header("backup.yml")
    assert playbook in text or textwrap.indent(playbook, "    ") in text


def test_the_world_to_copy_is_the_one_that_the_demo_has() -> None:
    guide = (ROOT / "docs/docsite/rst/guide_rehearsing.rst").read_text(encoding="utf-8")
    assert textwrap.indent(below_the_header("world.yml"), "    ") in guide


@pytest.mark.parametrize("file", ["README.md", "docs/docsite/rst/guide_first_timer.rst"])
def test_no_other_playbook_is_printed(file: str) -> None:
    """A playbook that no test runs would become wrong over time."""
    assert len(re.findall(r"^ +hosts: localhost$", (ROOT / file).read_text(encoding="utf-8"), re.M)) == 1


@pytest.mark.parametrize(
    "file",
    [
        *("README.md", "demo/backup.yml", "docs/docsite/sphinx/index.rst", "docs/docsite/rst/guide_first_timer.rst"),
        *("docs/docsite/rst/guide_backups.rst", "roles/backup/README.md", "docs/examples/backups.yml"),
    ],
)
def test_the_playbooks_shown_first_are_no_mirrors(file: str) -> None:
    """A mirror empties the copy when the source is emptied, so a first playbook must not be one."""
    shown = re.findall(r"^ +delete_destination_extra: .*", (ROOT / file).read_text(encoding="utf-8"), re.M)
    assert not shown


def test_where_a_mirror_is_shown_a_warning_says_what_it_does() -> None:
    files = [*ROOT.glob("docs/**/*.rst"), *ROOT.glob("docs/**/*.yml"), *ROOT.glob("roles/**/*.md")]
    files += [ROOT / "README.md", *ROOT.glob("plugins/modules/*.py")]
    shown = {file: file.read_text(encoding="utf-8") for file in files}
    mirrors = {file: text for file, text in shown.items() if "delete_destination_extra: true" in text}
    assert ROOT / "docs/docsite/rst/guide_backups.rst" in mirrors
    assert not [
        file for file, text in mirrors.items() if not re.search(r"mirror\W.*\bnot\s+a\s+backup", text, re.I | re.S)
    ]
