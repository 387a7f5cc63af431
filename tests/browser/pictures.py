# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make docs/docsite/images/backup-report.png: a report of the role backup, of timers on the local Globus.

Run by `make pictures`. Needs Chromium (apt-get install chromium). test_pictures.py holds its size and what it
shows, but not every pixel: fonts differ between machines.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from browser.headless import LIGHT, open_page
from emulator.control import LocalGlobus
from emulator.plain import MAPPED, MAPPED_TOO
from integration.harness import START, Playbooks

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "docsite" / "images" / "backup-report.png"
# CSS pixels: what fits between the title and the end of the timeline.
WIDTH, HEIGHT = 1040, 575
SCALE = 1.25
NOWHERE = "127.0.0.1:9"  # the proxy of a page that has nothing to load
LATER = "2026-03-06T15:00:00+00:00"  # a Friday, four nights after START
JOBS = [
    {"name": "microscope", "schedule": "nightly"},
    {"name": "sequencer", "schedule": "every_6_hours"},
    {"name": "beamline", "schedule": "weekly", "at": "20:00"},
    {"name": "archive", "schedule": "fortnightly", "at": "03:00"},
    {"name": "spectrometer", "schedule": "daily", "source_path": "/moved-away/"},
]


def report(folder: Path) -> Path:
    """The report that the role writes four days after it made its timers."""
    page = folder / "report.html"
    roots = {MAPPED: folder / "instruments", MAPPED_TOO: folder / "storage"}
    for root in roots.values():
        (root / "data").mkdir(parents=True)
    moved = roots[MAPPED] / "moved-away"
    moved.mkdir()
    with LocalGlobus() as globus:
        world = {
            "collections": [{"id": key, "display_name": root.name, "root": str(root)} for key, root in roots.items()],
            "clients": [{"id": globus.client_id, "secret": globus.client_secret}],
        }
        globus.reset(world=world, clock=START)
        jobs = [{"source_path": "/data/", "destination_path": f"/backup/{job['name']}/", **job} for job in JOBS]
        role = {"ansible.builtin.include_role": {"name": "research_ops.globus.backup"}}
        variables = {
            "backup_timezone": "America/Chicago",
            "backup_defaults": {"source_collection": MAPPED, "destination_collection": MAPPED_TOO},
            "backup_report": str(page),
            "backup_jobs": jobs,
        }
        playbooks = Playbooks(globus, ROOT / ".ansible" / "collections", folder)
        playbooks.run([{"name": "make", **role, "vars": {**variables, "backup_clock": START}}])
        moved.rmdir()
        globus.set_clock(LATER)
        run = playbooks.run([{"name": "look", **role, "vars": {**variables, "backup_clock": LATER}}])
        if not page.exists():
            sys.exit(run.output)
    return page


def take(chromium: str, page: Path, picture: Path) -> None:
    """Write what Chromium shows of a page as a PNG. Its profile lies beside the page."""
    open_page(
        chromium,
        page.as_uri(),
        page.with_name("user"),
        NOWHERE,
        LIGHT,  # Galaxy shows one picture on light and dark pages, and this one has its own background
        f"--force-device-scale-factor={SCALE}",
        f"--window-size={WIDTH},{HEIGHT}",
        f"--screenshot={picture}",
    )


def main() -> None:
    """Write the picture of the README and say how large it is."""
    chromium = next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), None)
    if chromium is None:
        sys.exit("make pictures needs Chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="globus-pictures-") as folder:
        take(chromium, report(Path(folder)), PICTURE)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
