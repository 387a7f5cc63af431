# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of the role backup, as headless Chromium shows it. Run by `make browser-test`, which says what it needs.

The page itself has no script. A copy of it gets axe-core and a few lines that measure, and Chromium prints what became
of that copy: no driver and no protocol in between.
"""

from __future__ import annotations

import html
import json
import re
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from browser.headless import DARK, LIGHT, OWN_TRAFFIC, open_page
from emulator.control import LocalGlobus
from emulator.plain import GUEST, MAPPED, MAPPED_TOO
from integration.harness import START, Playbooks, control

ROOT = Path(__file__).resolve().parents[2]
DAYS = 14
MEASURE = """
<script>
window.addEventListener("load", async () => {
  const found = { rows: [], errors: [] };
  try {
    for (const axis of document.querySelectorAll("svg.axis")) {
      const box = axis.getBoundingClientRect();
      const marks = [...axis.querySelectorAll("[data-at]")].map((mark) => {
        const seen = mark.getBoundingClientRect();
        return { at: mark.dataset.at, x: seen.x + seen.width / 2, used: mark.tagName };
      });
      found.rows.push({ left: box.left, width: box.width, marks });
    }
    const body = document.body;
    found.overflow = Math.max(document.documentElement.scrollWidth - document.documentElement.clientWidth,
      body.scrollWidth - body.clientWidth);
    found.width = body.clientWidth;
    found.signs = [...document.querySelectorAll(".health")].map((health) => health.textContent.trim());
    found.outcomes = [...new Set([...document.querySelectorAll("use.mark")].map((use) => use.getAttribute("href")))];
    found.drawn = found.outcomes.every((href) => document.querySelector(href) !== null);
    found.background = getComputedStyle(document.body).backgroundColor;
    const axe_result = await axe.run({ resultTypes: ["violations", "incomplete"] });
    const short = (list) => list.map((one) => ({ id: one.id, nodes: one.nodes.map((node) => node.html) }));
    found.violations = short(axe_result.violations);
    found.incomplete = short(axe_result.incomplete);
    found.passes = axe_result.passes.map((one) => one.id);
  } catch (error) {
    found.errors.push(String(error));
  }
  const place = document.createElement("pre");
  place.id = "measured";
  place.textContent = JSON.stringify(found);
  document.body.append(place);
});
</script>
"""
PHONE = 375  # CSS pixels; Chromium's own windows are at least 500 wide, so the page is made as narrow as this


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of a hundred jobs: ok, failing, stalled, paused, missing, without a job, and hourly."""
    folder = tmp_path_factory.mktemp("report")
    page = folder / "report.html"
    source, destination = folder / "source", folder / "destination"
    for place in (source / "data", source / "moved", destination):
        place.mkdir(parents=True)
    (source / "data" / "spectrum.dat").write_bytes(b"x" * 4096)
    with LocalGlobus() as globus:
        roots = {MAPPED: source, MAPPED_TOO: destination}
        world = {
            "collections": [
                *({"id": key, "display_name": root.name, "root": str(root)} for key, root in roots.items()),
                {"id": GUEST, "display_name": "guest", "entity_type": "GCSv5_guest_collection", "root": str(source)},
            ],
            "clients": [{"id": globus.client_id, "secret": globus.client_secret}],
        }
        globus.reset(world=world, clock=START)
        jobs = [
            {"name": "microscope", "schedule": "nightly"},
            {"name": "sequencer", "schedule": "grandfather_father_son", "at": "03:30"},
            {"name": "hourly", "schedule": "hourly"},
            {"name": "six-hours", "schedule": "every_6_hours", "source_collection": GUEST},  # which is deleted
            {"name": "paused", "schedule": "weekly", "state": "paused"},
            {"name": "moved", "schedule": "daily", "source_path": "/moved/"},  # its source is moved away
            {"name": "a-job-with-a-name-that-is-too-long-for-the-timeline", "schedule": "weekdays"},
        ]
        for job in jobs:
            job.setdefault("source_path", "/data/")
            slot = "{slot}/" if job["name"] == "sequencer" else ""
            job["destination_path"] = f"/backup/{job['name']}/{slot}"
        lost = {**jobs[0], "name": "lost", "source_collection": "99999999-aaaa-4aaa-8aaa-000000000001"}
        later = "2026-03-07T12:00:00+00:00"
        variables = {
            "backup_timezone": "America/Chicago",
            "backup_defaults": {"source_collection": MAPPED, "destination_collection": MAPPED_TOO},
            "backup_report": str(page),
        }
        role = {"ansible.builtin.include_role": {"name": "research_ops.globus.backup"}}
        playbooks = Playbooks(globus, ROOT / ".ansible" / "collections", folder)
        jobs += [{**jobs[0], "name": f"instrument-{n}", "destination_path": f"/backup/{n}/"} for n in range(100)]
        surplus = [*jobs, {**jobs[0], "name": "old-camera", "destination_path": "/backup/old/"}]
        run = playbooks.run(
            [
                {"name": "make", **role, "vars": {**variables, "backup_jobs": surplus, "backup_clock": START}},
                control("POST", "clock", {"set": "2026-03-04T12:00:00+00:00"}),
                control("POST", f"collections/{GUEST}", {"deleted": True}),
            ]
        )
        globus.set_clock("2026-03-06T12:00:00+00:00")
        (source / "moved").rename(source / "elsewhere")
        globus.set_clock(later)
        assert run.status == 0, run.output
        run = playbooks.run(
            [{"name": "look", **role, "vars": {**variables, "backup_jobs": [*jobs, lost], "backup_clock": later}}]
        )
        assert "1 of" in run.output
    return page


def open_file(chromium: str, page: Path, proxy: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Open a file; requests to this machine are watched too."""
    watched_too = "--proxy-bypass-list=<-loopback>"
    return open_page(chromium, page.as_uri(), page.parent / "user", proxy, watched_too, *arguments)


def measured(
    chromium: str, report: Path, axe: str, proxy: str, *arguments: str, width: int | None = None, unfold: bool = False
) -> dict[str, Any]:
    """What a copy of the page with axe-core and MEASURE in it says of itself.

    width makes it as narrow as that; unfold opens what is folded.
    """
    text = report.read_text(encoding="utf-8")
    if width is not None:
        text = text.replace("<body>", f'<body style="width: {width}px">')
    if unfold:
        text = text.replace("<details", "<details open")
    copy = report.with_name("measured.html")
    copy.write_text(text.replace("</body>", f"<script>{axe}</script>{MEASURE}</body>"), encoding="utf-8")
    shown = open_file(chromium, copy, proxy, "--virtual-time-budget=30000", "--dump-dom", *arguments).stdout
    found = re.search(r'<pre id="measured">(.*?)</pre>', shown, re.S)
    assert found, shown[-2000:]
    result: dict[str, Any] = json.loads(html.unescape(found[1]))
    assert result["errors"] == []
    return result


LOOKS = {
    "light": [LIGHT, "--window-size=1300,1000"],
    "dark": [DARK, "--window-size=1300,1000"],
    "phone": [LIGHT, "--window-size=500,900"],
    "phone in the dark": [DARK, "--window-size=500,900"],
}


def test_no_console_error_and_no_request_to_anywhere(
    chromium: str, report: Path, watched: tuple[str, list[bytes]]
) -> None:
    proxy, asked = watched
    shown = open_file(chromium, report, proxy, "--dump-dom", LIGHT)
    assert "Backups on Globus" in shown.stdout
    assert [line for line in shown.stderr.splitlines() if "CONSOLE" in line] == []
    assert "google" not in report.read_text(encoding="utf-8")
    assert [request for request in asked if not OWN_TRAFFIC.match(request)] == []


def test_the_watching_notices(chromium: str, report: Path, watched: tuple[str, list[bytes]]) -> None:
    """A page that does ask and complain is noticed, or the test above would be worth nothing."""
    proxy, asked = watched
    page = report.with_name("bad.html")
    page.write_text("<script>console.error('bad')</script><img src='http://192.0.2.1/x.png'>", encoding="utf-8")
    shown = open_file(chromium, page, proxy, "--dump-dom")
    assert "CONSOLE" in shown.stderr
    assert any(b"192.0.2.1" in request for request in asked)


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing(chromium: str, report: Path, axe: str, watched: tuple[str, list[bytes]], look: str) -> None:
    """Contrast, landmarks, headings, names of links and tables, and what else axe-core knows, in every look."""
    found = measured(chromium, report, axe, watched[0], *LOOKS[look])
    assert found["violations"] == []
    checked = {"color-contrast", "landmark-one-main", "region", "page-has-heading-one", "link-name", "svg-img-alt"}
    assert checked <= set(found["passes"])
    assert found["incomplete"] == [] or {one["id"] for one in found["incomplete"]} <= {"color-contrast"}
    dark = "dark" in look
    (red, *_others) = (int(number) for number in re.findall(r"\d+", found["background"]))
    assert (red < 64) == dark
    assert found["overflow"] <= 0, "nothing scrolls sideways"


def test_nothing_is_wider_than_a_phone(chromium: str, report: Path, axe: str, watched: tuple[str, list[bytes]]) -> None:
    for unfold in (False, True):
        found = measured(chromium, report, axe, watched[0], *LOOKS["phone"], width=PHONE, unfold=unfold)
        assert found["width"] == PHONE
        assert found["overflow"] <= 0
        assert found["violations"] == []


def test_axe_notices(chromium: str, report: Path, axe: str, watched: tuple[str, list[bytes]]) -> None:
    """With grey on grey, axe-core has something to say."""
    page = report.with_name("grey.html")
    page.write_text(report.read_text(encoding="utf-8").replace("--text: #1c2024", "--text: #d0d0d0"), encoding="utf-8")
    found = measured(chromium, page, axe, watched[0], *LOOKS["light"])
    assert "color-contrast" in {one["id"] for one in found["violations"]}


def test_the_timeline_is_drawn_to_scale(
    chromium: str, report: Path, axe: str, watched: tuple[str, list[bytes]]
) -> None:
    """On the screen, every mark is where its time is, to half a pixel, on the same axis in every row."""
    now = datetime.fromisoformat("2026-03-07T12:00:00+00:00").timestamp()
    for look in ("light", "phone"):
        rows = measured(chromium, report, axe, watched[0], *LOOKS[look])["rows"]
        assert len({(row["left"], row["width"]) for row in rows}) == 1
        marks = [(row, mark) for row in rows for mark in row["marks"]]
        assert {mark["used"] for _row, mark in marks} == {"rect", "use"}
        assert len(marks) > 1500
        for row, mark in marks:
            days = (datetime.fromisoformat(mark["at"]).timestamp() - now) / 86400
            assert mark["x"] == pytest.approx(row["left"] + (0.5 + days / DAYS / 2) * row["width"], abs=0.5)


def test_health_and_runs_are_said_in_words_and_shapes(
    chromium: str, report: Path, axe: str, watched: tuple[str, list[bytes]]
) -> None:
    """Not by colour alone."""
    found = measured(chromium, report, axe, watched[0], *LOOKS["light"])
    assert {"? Missing", "\u2715 Failing", "! Stalled", "\u2016 Paused", "\u2713 OK", "? No job"} <= set(found["signs"])
    assert {"#m-arrived", "#m-stalled"} <= set(found["outcomes"])
    assert found["drawn"]


def test_a_hundred_jobs_are_as_many_rows(report: Path) -> None:
    """Grandfather-father-son is one of them, with its 23 timers folded."""
    text = report.read_text(encoding="utf-8")
    assert text.count('<li class="job ') == 109  # one of them is not asked for
    assert "23 timers and their runs" in text
    (title,) = re.findall(r"<h1>(.*?)</h1>", text)
    assert re.match(r"Last 24 hours: \d+ of 10\d arrived, [\d,]+\sfiles, [\d.]+\s\w+\. <span", title)
    assert len(report.read_bytes()) < 1_500_000


def test_it_prints(chromium: str, report: Path, watched: tuple[str, list[bytes]], tmp_path: Path) -> None:
    """On landscape sheets; Chromium itself makes the file."""
    document = tmp_path / "report.pdf"
    open_file(chromium, report, watched[0], f"--print-to-pdf={document}", "--no-pdf-header-footer")
    text = document.read_bytes()
    assert text.startswith(b"%PDF")
    sizes = {tuple(float(n) for n in box.split()) for box in re.findall(rb"/MediaBox\s*\[([^\]]+)\]", text)}
    assert sizes
    assert all(width > height for _left, _bottom, width, height in sizes)
