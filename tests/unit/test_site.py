# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make docs` says of links. The site itself is built by the check of that name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.site import check_links

REPOSITORY = "https://github.com/research-ops/globus"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "page.html").write_text('<h1 id="there">A page</h1>', encoding="utf-8")
    return tmp_path


def said(root: Path, link: str) -> tuple[bool, str]:
    (root / "index.html").write_text(f'<a href="{link}">a link</a>', encoding="utf-8")
    (root / "README.md").write_text(f"# Title\n\n[a link]({link})\n", encoding="utf-8")
    outcome = check_links([f"{root}/**/*.html", "README.md"], root)
    return outcome.passed, outcome.output


@pytest.mark.parametrize(
    "link",
    ["page.html", "page.html#there", f"{REPOSITORY}/blob/main/page.html", f"{REPOSITORY}/issues", "mailto:a@b.example"],
)
def test_links_that_lead_somewhere(root: Path, link: str) -> None:
    passed, output = said(root, link)
    assert passed, output


@pytest.mark.parametrize(
    "link", ["nopage.html", "page.html#nowhere", "#nowhere", f"{REPOSITORY}/blob/main/nopage.html"]
)
def test_links_that_lead_nowhere(root: Path, link: str) -> None:
    """In HTML and in Markdown."""
    passed, output = said(root, link)
    assert not passed
    assert output.count("[ERROR]") == 2
