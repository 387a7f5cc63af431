# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a pull request for a changelog fragment where it changes what users get. Needs the standard library alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable

# What users get. Documentation of modules is in plugins, and a change of words alone gets the label no-changelog.
NOTICED = ("meta/", "playbooks/", "plugins/", "requirements.txt", "roles/")
FRAGMENTS = "changelogs/fragments/"


def lacks_fragment(changed: Iterable[str], added: Iterable[str]) -> list[str]:
    """The changed files that want a fragment, if none was added."""
    if any(file.startswith(FRAGMENTS) and file.endswith((".yml", ".yaml")) for file in added):
        return []
    return [file for file in changed if file.startswith(NOTICED)]


def _differences(base: str, *options: str) -> list[str]:
    command = ["git", "diff", "--name-only", "-z", *options, f"{base}...HEAD"]
    return [
        name for name in subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0") if name
    ]


def main(base: str) -> int:
    """Compare HEAD with where it left the branch C(base); the exit status is 1 without a fragment."""
    files = lacks_fragment(_differences(base), _differences(base, "--diff-filter=AM"))
    if files:
        print(f"These files are what users get: {', '.join(files)}.")
        print(f"Tell them what changes in a new file in {FRAGMENTS} (see CONTRIBUTING.md, Changelog).")
        print("If they cannot notice the change, put the label no-changelog on the pull request.")
    return 1 if files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
