# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepare a release, or check that a checkout is the release that its tag names.

This file does what antsibull-changelog and the workflow Release do not do: it refuses a version that does not follow
from the fragments, writes the version into galaxy.yml, and restores the files if antsibull-changelog fails. The
workflow Release builds, checks, signs and publishes the tagged commit.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tools.outcome import run

ROOT = Path(__file__).resolve().parents[2]
BRANCH = "main"
CHANGED = ("galaxy.yml", "CHANGELOG.rst", "changelogs")

Version = tuple[int, ...]
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
# What the sections of a fragment mean in semantic versions.
BREAKING = {"major_changes", "breaking_changes", "removed_features"}
ADDING = {"minor_changes", "deprecated_features"}


class RefusedError(Exception):
    """The reason why there is no release. The checkout is unchanged."""


def check(root: Path, version: str) -> None:
    """Raise RefusedError if the checkout is not the release that its tag names."""
    parse(version)
    named = read(root / "galaxy.yml")["version"]
    if named != version:
        raise RefusedError(f"the tag says {version}, but galaxy.yml says {named}.")
    if version not in read(root / "changelogs" / "changelog.yaml")["releases"]:
        raise RefusedError(f"the changelog has no {version}. make release VERSION={version} writes it.")
    if left := fragments(root):
        raise RefusedError(f"the changelog does not contain these yet: {', '.join(file.name for file in left)}.")


def prepare(root: Path, version: str) -> None:
    """Stage the release, or raise RefusedError."""
    refuse(root, version)
    metadata = root / "galaxy.yml"
    text, count = re.subn(r"(?m)^version:.*$", f"version: {version}", metadata.read_text(encoding="utf-8"))
    changelog = [sys.executable, "-m", "antsibull_changelog"]
    try:
        metadata.write_text(text, encoding="utf-8")
        tool = ["--ansible-doc-bin", str(Path(sys.executable).with_name("ansible-doc"))]
        written = run([*changelog, "release", "--verbose", "--reload-plugins", *tool], root)
        linted = run([*changelog, "lint"], root)
        if count != 1 or not (written.passed and linted.passed) or "WARNING" in written.output:
            raise RefusedError(f"antsibull-changelog failed or warned.\n{written.output}\n{linted.output}")
    except BaseException:
        git(root, "checkout", "--", *CHANGED)
        raise
    git(root, "add", *CHANGED)
    print(git(root, "diff", "--cached", "--stat"))
    print(f"""
research_ops.globus {version} is prepared: the changes above are staged. Nothing is committed, tagged or published.
The next steps:

  git diff --cached                       # read it; git reset --hard takes it back
  make test                               # builds the artifact and checks it with the importer of Galaxy
  git commit -m "Release {version}"
  git tag -a {version} -m "research_ops.globus {version}"
  git push origin {BRANCH} {version}      # the workflow Release signs the artifact and publishes it on Galaxy""")


def refuse(root: Path, version: str) -> None:
    """Raise RefusedError if nothing can be released, or not this version, or not from this branch."""
    wanted = parse(version)
    if dirty := git(root, "status", "--porcelain"):
        raise RefusedError(f"these files are not committed:\n{dirty}")
    branch = git(root, "branch", "--show-current")
    if branch != BRANCH:
        raise RefusedError(f"releases are made on {BRANCH}, and this is {branch or 'no branch'}.")
    if not (waiting := fragments(root)):
        raise RefusedError("changelogs/fragments is empty, so there is nothing to release.")
    known = [*read(root / "changelogs" / "changelog.yaml")["releases"], *git(root, "tag", "--list").split()]
    released = [parse(name) for name in known if VERSION.fullmatch(name)]
    if not released:
        return
    lowest = least(max(released), {section for file in waiting for section in read(file)})
    if wanted < lowest:
        latest, lowest_name = (".".join(map(str, one)) for one in (max(released), lowest))
        raise RefusedError(f"{latest} is released. After it, the fragments require {lowest_name} or later.")


def parse(version: str) -> Version:
    """The numbers of a version that can be released. A pre-release, such as 1.0.0-rc1, cannot."""
    match = VERSION.fullmatch(version)
    if not match:
        raise RefusedError(f"'{version}' is not a version such as 1.2.3: make release VERSION=1.2.3")
    return tuple(map(int, match.groups()))


def fragments(root: Path) -> list[Path]:
    """The fragments that are not in the changelog yet."""
    return sorted(file for file in (root / "changelogs" / "fragments").glob("*.y*ml") if file.name[0] != ".")


def least(latest: Version, sections: set[str]) -> Version:
    """The lowest version that may follow ``latest``, given the sections of the fragments."""
    major, minor, patch = latest
    if BREAKING & sections and major:
        return major + 1, 0, 0
    # Before 1.0.0 a minor release may break something.
    if (BREAKING | ADDING) & sections or any(section.startswith("add ") for section in sections):
        return major, minor + 1, 0
    return major, minor, patch + 1


def read(file: Path) -> dict[str, Any]:
    """A YAML file that contains a mapping."""
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    if not isinstance(document, dict):
        raise RefusedError(f"{file.name} is not a mapping.")
    return document


def git(folder: Path, *arguments: str) -> str:
    """The output of git, without the newline at its end."""
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RefusedError(f"git {arguments[0]} failed.\n{done.stderr.strip()}")
    return done.stdout.rstrip("\n")


def main() -> int:
    """The exit status is 1 if there is no release. A message says why."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", help="of the release, for example 1.2.3")
    parser.add_argument("--check", action="store_true", help="check that the checkout is this release already")
    arguments = parser.parse_args()
    try:
        (check if arguments.check else prepare)(ROOT, arguments.version)
    except RefusedError as error:
        print(f"No release: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
