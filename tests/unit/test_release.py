# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release: what `make release` refuses and leaves in a checkout, and what the workflow then puts on Galaxy."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from patience import run
from tools.release import RefusedError, Version, check, least, refuse
from tools.tree import copy

ROOT = Path(__file__).resolve().parents[2]
AUTHOR = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false"]

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="known files are what git knows")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *AUTHOR, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "as it is")


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


# What is refused


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """As little as a release looks at before it begins: 1.2.3 is released, and a bug was fixed since."""
    write(tmp_path / "changelogs" / "changelog.yaml", "releases: {1.0.0: {}, 1.2.3: {}}\n")
    write(tmp_path / "changelogs" / "fragments" / "1.yml", "bugfixes: [timer - fixed.]\n")
    write(tmp_path / "plugins" / "modules" / "timer.py", "")
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    commit(tmp_path)
    return tmp_path


@pytest.mark.parametrize("version", ["1.2.4", "1.3.0", "2.0.0"])
def test_a_later_version_is_taken(small: Path, version: str) -> None:
    refuse(small, version)


@pytest.mark.parametrize("version", ["", "1.3", "v1.3.0", "1.3.0-rc1", "1.03.0", "1.3.0.0", "one"])
def test_no_semantic_version(small: Path, version: str) -> None:
    with pytest.raises(RefusedError, match=r"not a version such as 1\.2\.3"):
        refuse(small, version)


@pytest.mark.parametrize("version", ["1.2.3", "1.2.2", "0.9.0"])
def test_not_later_than_what_is_released(small: Path, version: str) -> None:
    with pytest.raises(RefusedError, match=re.escape("1.2.3 is released")):
        refuse(small, version)


def test_a_tag_is_a_release_too(small: Path) -> None:
    git(small, "tag", "1.4.0")
    with pytest.raises(RefusedError, match=r"1\.4\.0 is released\. .* require 1\.4\.1 or later"):
        refuse(small, "1.3.0")


@pytest.mark.parametrize("name", ["plugins/modules/timer.py", "new"])
def test_uncommitted(small: Path, name: str) -> None:
    write(small / name, "edited")
    with pytest.raises(RefusedError, match=f"not committed:\n.*{name}"):
        refuse(small, "1.2.4")


def test_on_another_branch(small: Path) -> None:
    git(small, "checkout", "--quiet", "-b", "feature")
    with pytest.raises(RefusedError, match="made on main, and this is feature"):
        refuse(small, "1.2.4")
    git(small, "checkout", "--quiet", "--detach")
    with pytest.raises(RefusedError, match="this is no branch"):
        refuse(small, "1.2.4")


def test_nothing_to_tell(small: Path) -> None:
    (small / "changelogs" / "fragments" / "1.yml").unlink()
    write(small / "changelogs" / "fragments" / ".keep", "")
    commit(small)
    with pytest.raises(RefusedError, match="fragments is empty"):
        refuse(small, "1.2.4")


@pytest.mark.parametrize(
    ("latest", "told", "lowest"),
    [
        ((1, 2, 3), {"release_summary", "bugfixes"}, (1, 2, 4)),
        ((1, 2, 3), {"security_fixes", "known_issues"}, (1, 2, 4)),
        ((1, 2, 3), {"minor_changes"}, (1, 3, 0)),
        ((1, 2, 3), {"deprecated_features"}, (1, 3, 0)),
        ((1, 2, 3), {"add object.role"}, (1, 3, 0)),
        ((1, 2, 3), {"bugfixes", "removed_features"}, (2, 0, 0)),
        ((1, 2, 3), {"breaking_changes", "minor_changes"}, (2, 0, 0)),
        ((0, 2, 3), {"breaking_changes"}, (0, 3, 0)),
    ],
)
def test_the_next_version_is_semantic(latest: Version, told: set[str], lowest: Version) -> None:
    assert least(latest, told) == lowest


# A release

FRAGMENT = """---
release_summary: Less is broken.
bugfixes:
  - timer - what was broken works.
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """This tree in a repository of its own, with something to release."""
    tree = tmp_path / "checkout"
    copy(ROOT, tree)
    for fragment in (tree / "changelogs" / "fragments").glob("*.yml"):
        fragment.unlink()
    write(tree / "changelogs" / "fragments" / "test_release.yml", FRAGMENT)
    git(tree, "init", "--quiet", "--initial-branch", "main")
    commit(tree)
    return tree


def next_version() -> str:
    """The version in galaxy.yml or, where that is released, one that may follow."""
    version: str = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    if version not in yaml.safe_load((ROOT / "changelogs" / "changelog.yaml").read_text(encoding="utf-8"))["releases"]:
        return version
    major, minor, _patch = version.split(".")
    return f"{major}.{int(minor) + 1}.0"


def make_release(checkout: Path, version: str) -> tuple[int, str]:
    """The exit status and what was printed."""
    env = os.environ | {"PYTHONPATH": str(checkout / "tests")}
    done = run([sys.executable, "-m", "tools.release", version], cwd=checkout, env=env)
    return done.returncode, done.stdout


def run_workflow(checkout: Path, tag: str, galaxy: Galaxy) -> None:
    """Run the commands of the workflow Release, except those that install: what they take is here."""
    workflow = yaml.safe_load((checkout / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))
    here = {
        "GITHUB_REF_NAME": tag,
        # make takes this Python, and sets up nothing.
        "MAKEFLAGS": f"-- PYTHON3=true PYTHON={sys.executable}",
        # make lint runs ansible-lint, so the importer need not do it here.
        "GALAXY_IMPORTER_RUN_ANSIBLE_LINT": "false",
    }
    for job in ("build", "publish"):
        for step in workflow["jobs"][job]["steps"]:
            if "run" not in step or "pip install" in step["run"]:
                continue
            of_step = {name: galaxy.instead_of(value) for name, value in step.get("env", {}).items()}
            done = run(["bash", "-ec", step["run"]], cwd=checkout, env=os.environ | here | of_step)
            assert done.returncode == 0, f"{step['name']}\n{done.stdout}"


class Galaxy:
    """As much of a Galaxy as it takes to publish a collection: it remembers what it got, and with which token."""

    TOKEN = "for-this-test-only"

    def __init__(self) -> None:
        self.got: list[tuple[str, bytes]] = []
        galaxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if "/imports/" in self.path:
                    self._answer({"state": "completed", "messages": [], "finished_at": "2026-01-01T00:00:00Z"})
                else:
                    self._answer({"available_versions": {"v3": "v3/"}})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                message = BytesParser().parsebytes(
                    b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n" + body
                )
                files = [part for part in message.walk() if part.get_filename()]
                payloads = [part.get_payload(decode=True) for part in files]
                assert len(payloads) == 1
                assert isinstance(payloads[0], bytes)
                galaxy.got.append((self.headers["Authorization"], payloads[0]))
                self._answer({"task": "/api/v3/imports/collections/1/"})

            def _answer(self, document: dict[str, Any]) -> None:
                body = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def instead_of(self, value: str) -> str:
        """What a variable of the workflow says here."""
        return {
            "https://galaxy.ansible.com/": f"http://127.0.0.1:{self.server.server_port}/",
            "${{ secrets.GALAXY_TOKEN }}": self.TOKEN,
        }.get(value, value)


@pytest.fixture
def galaxy() -> Iterator[Galaxy]:
    one = Galaxy()
    yield one
    one.server.shutdown()
    one.server.server_close()


def test_release(checkout: Path, galaxy: Galaxy) -> None:
    """From the version to what is on Galaxy: make release, the commit, and what the workflow does with its tag."""
    version = next_version()
    before = git(checkout, "rev-parse", "HEAD")

    status, said = make_release(checkout, version)

    assert status == 0, said
    assert f'git commit -m "Release {version}"' in said
    assert git(checkout, "rev-parse", "HEAD") == before, "it commits nothing"
    assert git(checkout, "tag", "--list") == "", "it tags nothing"
    assert git(checkout, "diff") == "", "all that changed is staged"
    changed = git(checkout, "diff", "--cached", "--name-only").split()
    assert {"CHANGELOG.rst", "changelogs/changelog.yaml", "changelogs/fragments/test_release.yml"} <= set(changed)
    assert {Path(name).parts[0] for name in changed} <= {"CHANGELOG.rst", "changelogs", "galaxy.yml"}
    assert f"\nversion: {version}\n" in (checkout / "galaxy.yml").read_text(encoding="utf-8")
    assert not list((checkout / "changelogs").glob("fragments/*.yml"))
    section = (checkout / "CHANGELOG.rst").read_text(encoding="utf-8").split(f"\nv{version}\n=", 1)[1]
    assert "- timer - what was broken works." in section
    status, said = make_release(checkout, version)
    assert status == 1
    assert "not committed" in said

    commit(checkout)
    run_workflow(checkout, version, galaxy)

    ((authorization, published),) = galaxy.got
    assert authorization == f"Token {Galaxy.TOKEN}"
    (artifact,) = (checkout / "build").glob("*.tar.gz")
    assert artifact.name == f"research_ops-globus-{version}.tar.gz"
    assert published == artifact.read_bytes()
    with tarfile.open(artifact) as archive:
        manifest, changelog = (archive.extractfile(name) for name in ("MANIFEST.json", "CHANGELOG.rst"))
        assert manifest is not None
        assert json.load(manifest)["collection_info"]["version"] == version
        assert changelog is not None
        assert changelog.read() == (checkout / "CHANGELOG.rst").read_bytes()

    write(checkout / "changelogs" / "fragments" / "later.yml", "bugfixes: [timer - fixed again.]\n")
    commit(checkout)
    status, said = make_release(checkout, version)
    assert status == 1
    assert f"No release: {version} is released" in said


@pytest.mark.parametrize(
    ("fragment", "why"),
    [
        ("no_such_section:\n  - timer - what is this?\n", "no_such_section"),
        ("bugfixes:\n  - timer - what was broken works.\n", "no release_summary"),
    ],
)
def test_a_release_that_fails_leaves_nothing(checkout: Path, fragment: str, why: str) -> None:
    """What antsibull-changelog warns of, too."""
    write(checkout / "changelogs" / "fragments" / "test_release.yml", fragment)
    commit(checkout)

    status, said = make_release(checkout, next_version())

    assert status == 1
    assert "No release: antsibull-changelog failed or warned" in said
    assert why in said
    assert git(checkout, "status", "--porcelain") == ""
    assert not (checkout / "build").exists()


# What is tagged


@pytest.fixture
def tagged(tmp_path: Path) -> Path:
    """As little as is looked at of what a tag names."""
    write(tmp_path / "galaxy.yml", "version: 1.2.3\n")
    write(tmp_path / "changelogs" / "changelog.yaml", "releases: {1.2.3: {}}\n")
    (tmp_path / "changelogs" / "fragments").mkdir()
    return tmp_path


def test_a_tag_of_what_make_release_prepared(tagged: Path) -> None:
    check(tagged, "1.2.3")


@pytest.mark.parametrize(
    ("file", "text", "tag", "why"),
    [
        ("galaxy.yml", "version: 1.2.2\n", "1.2.3", r"the tag says 1\.2\.3, but galaxy\.yml says 1\.2\.2"),
        ("changelogs/changelog.yaml", "releases: {1.2.2: {}}\n", "1.2.3", r"the changelog has no 1\.2\.3"),
        ("changelogs/fragments/1.yml", "bugfixes: [timer - fixed.]\n", "1.2.3", r"not contain these yet: 1\.yml"),
        ("README.md", "", "v1.2.3", "not a version such as 1.2.3"),
    ],
)
def test_a_tag_of_something_else(tagged: Path, file: str, text: str, tag: str, why: str) -> None:
    write(tagged / file, text)
    with pytest.raises(RefusedError, match=why):
        check(tagged, tag)
