# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README names what is there, and nothing else."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_module_is_listed() -> None:
    listed = re.findall(r"^\| `research_ops\.globus\.(\w+)` \|", README, re.M)
    assert (
        sorted(listed)
        == yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]["globus"]
    )


def test_links_to_files_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https://)([^)#]+)\)", README)
    assert "LICENSE" in links
    assert not [link for link in links if not (ROOT / link).exists()]


def test_links_into_the_web_are_safe() -> None:
    assert not re.findall(r"http://\S+", README)


def test_make_targets_exist() -> None:
    """Those that the README names, by what `make` itself lists."""
    listed = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    named = set(re.findall(r"`(make \w+)`", README))
    assert {"make demo", "make test"} <= named
    assert named <= set(re.findall(r"^(make \w+)", listed, re.M))


def test_versions_are_those_of_the_metadata() -> None:
    requires = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
    oldest = requires.removeprefix(">=").removesuffix(".0")
    assert f"ansible-core {oldest} or newer" in README
    python = yaml.safe_load((ROOT / "tests" / "config.yml").read_text(encoding="utf-8"))["modules"]["python_requires"]
    assert f"Python {python.removeprefix('>=')} or newer with" in README
