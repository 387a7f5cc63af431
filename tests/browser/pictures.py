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
# CSS pixels: from the title to the last of the jobs.
WIDTH, HEIGHT = 1160, 1136
SCALE = 1
NOWHERE = "127.0.0.1:9"  # the proxy of a page that has nothing to load
LATER = "2026-03-17T13:30:00+00:00"  # a Tuesday morning, two weeks after START
MOVED = "2026-03-16T12:00:00+00:00"  # when a source was moved away
NEW_BYTES = (41, 63, 58, 72, 49, 66, 90, 54, 61, 70, 38, 77, 52, 68)  # thousands, of each day
JOBS = [
    {"name": "microscope", "schedule": "nightly"},
    {"name": "sequencer", "schedule": "grandfather_father_son", "at": "03:30"},
    {"name": "beamline", "schedule": "every_6_hours"},
    {"name": "spectrometer", "schedule": "nightly", "at": "04:00", "source_path": "/moved-away/"},
    {"name": "camera", "schedule": "weekdays"},
]


def report(folder: Path) -> Path:
    """The report that the role writes two weeks after it made its timers, while one transfer is stalled."""
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
        slots = {"grandfather_father_son": "{slot}/"}
        jobs = [
            {
                "source_path": "/data/",
                "destination_path": f"/backup/{job['name']}/{slots.get(job['schedule'], '')}",
                **job,
            }
            for job in JOBS
        ]
        role = {"ansible.builtin.include_role": {"name": "research_ops.globus.backup"}}
        variables = {
            "backup_timezone": "America/Chicago",
            "backup_defaults": {
                "source_collection": MAPPED,
                "destination_collection": MAPPED_TOO,
                "sync_level": "checksum",
            },
            "backup_report": str(page),
            "backup_jobs": jobs,
        }
        playbooks = Playbooks(globus, ROOT / ".ansible" / "collections", folder)
        playbooks.run([{"name": "make", **role, "vars": {**variables, "backup_clock": START}}])
        for day, kilobytes in enumerate(NEW_BYTES, 3):
            for folder_of_day in (roots[MAPPED] / "data", moved):
                (folder_of_day / f"{day}.dat").write_bytes(bytes([day]) * kilobytes * 1000)
            globus.set_clock(f"2026-03-{day:02}T18:00:00+00:00" if day < 16 else MOVED)
        shutil.rmtree(moved)
        (roots[MAPPED] / "data" / "17.dat").write_bytes(b"x" * 57_000)
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


def shrink(picture: Path) -> None:
    """Keep 256 colours, which look the same here: it is a third as large, and the artifact contains it."""
    from PIL import Image

    with Image.open(picture) as whole:
        whole.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(picture, optimize=True)


def main() -> None:
    """Write the picture of the README and say how large it is."""
    chromium = next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), None)
    if chromium is None:
        sys.exit("make pictures needs Chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="globus-pictures-") as folder:
        take(chromium, report(Path(folder)), PICTURE)
    shrink(PICTURE)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
