# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of the README can be taken anew, and shows what its alternative text says."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from browser.pictures import HEIGHT, PICTURE, SCALE, WIDTH, report, take

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report(tmp_path_factory.mktemp("page"))


def size(picture: Path) -> tuple[int, int]:
    """Width and height, in pixels, from the head of a PNG."""
    head = picture.read_bytes()[:24]
    assert head.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", head[16:])
    return int(width), int(height)


def test_the_picture_can_be_taken_anew(chromium: str, page: Path, tmp_path: Path) -> None:
    take(chromium, page, tmp_path / "picture.png")
    assert size(tmp_path / "picture.png") == size(PICTURE) == (WIDTH * SCALE, round(HEIGHT * SCALE))


def test_it_shows_what_the_readme_says_of_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    counts = re.findall(r"<li><strong>(\d+)</strong> .*?</span> ([\w ]+)</span>", text)
    assert counts == [("1", "Stalled"), ("4", "OK")]
    assert "<strong>What to do:</strong>" in text
    (said,) = re.findall(r"!\[([^\]]+)\]\[report\]", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert re.search(r"<h1>Last night: 4 of 5 arrived, .*>1 is stalled\.</span></h1>", text)
    assert "last night four of five backups arrived, and one is stalled" in " ".join(said.split())
