# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepare a release: what antsibull-changelog and the workflow Release do not do.

That is to refuse a version that does not fit, to write it into galaxy.yml, and to let antsibull-changelog write the
changelog in a clone where it finds the collection, so that a release that fails leaves the checkout as it was. The
workflow Release builds, checks, signs and publishes what is tagged.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from tools.home import environment
from tools.outcome import Outcome, run
from tools.tree import known_files

ROOT = Path(__file__).resolve().parents[2]
BRANCH = "main"

Version = tuple[int, int, int]
NUMBER = r"(?:0|[1-9]\d*)"
VERSION = re.compile(rf"({NUMBER})\.({NUMBER})\.({NUMBER})")
# What semantic versions, and changelogs/config.yaml, make of the sections of a fragment.
BREAKING = {"major_changes", "breaking_changes", "removed_features"}
ADDING = {"minor_changes", "deprecated_features"}
ADDED = re.compile(r"""^\s*version_added: *["']?([^"'\s]+)""", re.MULTILINE)


class RefusedError(Exception):
    """Why there is no release; nothing in the checkout was changed."""


def main() -> int:
    """Release what the command line names; the exit status is 0, or 1 with a sentence on why not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", help="of the release, as in 1.2.3")
    parser.add_argument("--check", action="store_true", help="whether the checkout is this release already")
    arguments = parser.parse_args()
    try:
        (check if arguments.check else prepare)(ROOT, arguments.version)
    except RefusedError as error:
        print(f"No release: {error}")
        return 1
    return 0


def check(root: Path, version: str) -> None:
    """Raise RefusedError where the checkout is not the release whose number its tag is."""
    parse(version)
    named = read(root / "galaxy.yml")["version"]
    if named != version:
        raise RefusedError(f"the tag says {version}, and galaxy.yml says {named}.")
    if version not in read(root / "changelogs" / "changelog.yaml")["releases"]:
        raise RefusedError(f"the changelog has no {version}. make release VERSION={version} writes it.")
    if left := fragments(root):
        raise RefusedError(f"the changelog does not have these yet: {', '.join(file.name for file in left)}.")


def prepare(root: Path, version: str) -> None:
    """Leave the checkout with the release staged, or raise RefusedError."""
    refuse(root, version)
    with tempfile.TemporaryDirectory(prefix="globus-release-") as folder:
        # Where antsibull-changelog can ask ansible-doc what is new.
        tree = Path(folder).resolve() / "ansible_collections" / "research_ops" / "globus"
        git(root, "clone", "--quiet", str(root), str(tree))
        name_version(tree / "galaxy.yml", version)
        env = environment(root / ".ansible" / "home") | {"ANSIBLE_COLLECTIONS_PATH": folder}
        write_changelog = [sys.executable, "-m", "antsibull_changelog", "release", "--verbose", "--version", version]
        written = passed(run(write_changelog, tree, env))
        if "WARNING" in written:
            raise RefusedError(f"antsibull-changelog warns.\n{written}")
        passed(run([sys.executable, "-m", "antsibull_changelog", "lint"], tree, env))
        git(tree, "add", "--all")
        changes = Path(folder) / "changes"
        changes.write_text(git(tree, "diff", "--cached", "--binary", "HEAD") + "\n", encoding="utf-8")
        # All of it or, where somebody edited a file meanwhile, nothing.
        git(root, "apply", "--index", str(changes))
    print(git(root, "diff", "--cached", "--stat"))
    print(f"""
research_ops.globus {version} is prepared: the changes above are staged. Nothing is committed, tagged or published.
What remains:

  git diff --cached                       # read it; git reset --hard takes it back
  make test                               # builds the artifact and lets Galaxy's importer judge it
  git commit -m "Release {version}"
  git tag -a {version} -m "research_ops.globus {version}"
  git push origin {BRANCH} {version}      # the workflow Release signs the artifact and publishes it on Galaxy""")


# What is refused


def refuse(root: Path, version: str) -> None:
    """Raise RefusedError where there is nothing to release, or not as this version, or not from here."""
    wanted = parse(version)
    if dirty := git(root, "status", "--porcelain"):
        raise RefusedError(f"these are not committed:\n{dirty}")
    branch = git(root, "branch", "--show-current")
    if branch != BRANCH:
        raise RefusedError(f"releases are made on {BRANCH}, and this is {branch or 'no branch'}.")
    if not (waiting := fragments(root)):
        raise RefusedError("changelogs/fragments is empty, so there is nothing to tell about it.")
    there = released(root)
    unknown = {
        added: files
        for added, files in versions_added(root).items()
        if added not in {".".join(map(str, one)) for one in [*there, wanted]}
    }
    if unknown:
        said = "; ".join(f"version_added {added} in {', '.join(files)}" for added, files in sorted(unknown.items()))
        raise RefusedError(f"these are neither {version} nor released: {said}.")
    if there:
        lowest = least(max(there), sections(waiting), new=version in versions_added(root))
        if wanted < lowest:
            raise RefusedError(
                f"{'.'.join(map(str, max(there)))} is released, "
                f"and with what the fragments say the next is {'.'.join(map(str, lowest))} or later."
            )


def parse(version: str) -> Version:
    """The numbers of a version that can be released; one before a release, such as 1.0.0-rc1, cannot."""
    match = VERSION.fullmatch(version)
    if not match:
        raise RefusedError(f"'{version}' is no semantic version of three numbers: make release VERSION=1.2.3")
    return int(match[1]), int(match[2]), int(match[3])


def released(root: Path) -> list[Version]:
    """The versions that the changelog or a tag names."""
    known = [*read(root / "changelogs" / "changelog.yaml")["releases"], *git(root, "tag", "--list").split()]
    return [parse(name.removeprefix("v")) for name in known if VERSION.fullmatch(name.removeprefix("v"))]


def versions_added(root: Path) -> dict[str, list[str]]:
    """Since when plugins, roles and their options are there, by version: the files that say so."""
    found: dict[str, list[str]] = {}
    for file in known_files(root):
        if file.parts[0] in ("plugins", "roles"):
            for version in sorted(set(ADDED.findall((root / file).read_text(encoding="utf-8")))):
                found.setdefault(version, []).append(str(file))
    return found


def fragments(root: Path) -> list[Path]:
    """The fragments that are not in the changelog yet."""
    return sorted(file for file in (root / "changelogs" / "fragments").glob("*.y*ml") if file.name[0] != ".")


def sections(files: Iterable[Path]) -> set[str]:
    """The sections that fragments have entries in."""
    return {section for file in files for section in read(file)}


def least(latest: Version, told: set[str], *, new: bool) -> Version:
    """The lowest version that may follow, by the sections of the fragments and whether something was added."""
    major, minor, patch = latest
    if BREAKING & told and major:
        return major + 1, 0, 0
    # Before 1.0.0 a minor release may break something.
    if new or (BREAKING | ADDING) & told or any(section.startswith("add ") for section in told):
        return major, minor + 1, 0
    return major, minor, patch + 1


# Steps


def name_version(metadata: Path, version: str) -> None:
    """Set the version in galaxy.yml and leave all else in it as it is, comments too."""
    text, count = re.subn(r"(?m)^version:.*$", f"version: {version}", metadata.read_text(encoding="utf-8"))
    if count != 1:
        raise RefusedError(f"galaxy.yml has {count} lines that begin with version:")
    metadata.write_text(text, encoding="utf-8")


def read(file: Path) -> dict[str, Any]:
    """A YAML file that is a mapping."""
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    if not isinstance(document, dict):
        raise RefusedError(f"{file.name} is no mapping.")
    return document


def passed(outcome: Outcome) -> str:
    """What a step said; the end of the release if it failed."""
    if not outcome.passed:
        raise RefusedError(f"a step failed.\n{outcome.output}")
    return outcome.output


def git(folder: Path, *arguments: str) -> str:
    """What git answers, without the newline at its end."""
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RefusedError(f"git {arguments[0]} failed.\n{done.stderr.strip()}")
    return done.stdout.rstrip("\n")


if __name__ == "__main__":
    sys.exit(main())
