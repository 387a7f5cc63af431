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
  const found = { marks: [], days: [], errors: [] };
  try {
    for (const mark of document.querySelectorAll("rect.run")) {
      const box = mark.getBoundingClientRect();
      found.marks.push({ at: mark.dataset.at, x: box.x + box.width / 2 });
    }
    const svg = document.querySelector(".timeline svg").getBoundingClientRect();
    const view = document.querySelector(".timeline svg").viewBox.baseVal;
    found.unit = svg.width / view.width;
    found.teeth = [...document.querySelectorAll("line.teeth")].map((line) => line.getAttribute("stroke-dasharray"));
    found.overflow = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    found.signs = [...document.querySelectorAll(".health")].map((health) => health.textContent.trim());
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


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with timers that are well, failing, paused, missing or not asked for, and one that runs often."""
    folder = tmp_path_factory.mktemp("report")
    page = folder / "report.html"
    source, destination = folder / "source", folder / "destination"
    for place in (source / "data", destination):
        place.mkdir(parents=True)
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
            {"name": "a-job-with-a-name-that-is-too-long-for-the-timeline", "schedule": "weekdays"},
        ]
        for job in jobs:
            job.setdefault("source_path", "/data/")
            slot = "{slot}/" if job["name"] == "sequencer" else ""
            job["destination_path"] = f"/backup/{job['name']}/{slot}"
        lost = {**jobs[0], "name": "lost", "source_collection": "99999999-aaaa-4aaa-8aaa-000000000001"}
        later = "2026-03-03T12:00:00+00:00"
        variables = {
            "backup_timezone": "America/Chicago",
            "backup_defaults": {"source_collection": MAPPED, "destination_collection": MAPPED_TOO},
            "backup_report": str(page),
        }
        role = {"ansible.builtin.include_role": {"name": "research_ops.globus.backup"}}
        playbooks = Playbooks(globus, ROOT / ".ansible" / "collections", folder)
        surplus = [*jobs, {**jobs[0], "name": "old-camera", "destination_path": "/backup/old/"}]
        run = playbooks.run(
            [
                {"name": "make", **role, "vars": {**variables, "backup_jobs": surplus, "backup_clock": START}},
                control("POST", f"collections/{GUEST}", {"deleted": True}),
                control("POST", "clock", {"set": later}),
            ]
        )
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


def measured(chromium: str, report: Path, axe: str, proxy: str, *arguments: str) -> dict[str, Any]:
    """What a copy of the page with axe-core and MEASURE in it says of itself."""
    text = report.read_text(encoding="utf-8")
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
    assert found["overflow"] <= 0, "only the timeline scrolls sideways"


def test_axe_notices(chromium: str, report: Path, axe: str, watched: tuple[str, list[bytes]]) -> None:
    """With grey on grey, axe-core has something to say."""
    page = report.with_name("grey.html")
    page.write_text(report.read_text(encoding="utf-8").replace("--text: #1b1f27", "--text: #d0d0d0"), encoding="utf-8")
    found = measured(chromium, page, axe, watched[0], *LOOKS["light"])
    assert "color-contrast" in {one["id"] for one in found["violations"]}


def test_the_timeline_is_drawn_to_scale(
    chromium: str, report: Path, axe: str, watched: tuple[str, list[bytes]]
) -> None:
    """On the screen, every mark is where its time is, to half a pixel."""
    for look in ("light", "phone"):
        found = measured(chromium, report, axe, watched[0], *LOOKS[look])
        marks = [(datetime.fromisoformat(mark["at"]).timestamp(), mark["x"]) for mark in found["marks"]]
        assert len(marks) > 80
        (first, left), (last, right) = min(marks), max(marks)
        assert last - first > 12 * 86400
        per_second = (right - left) / (last - first)
        assert per_second * DAYS * 86400 == pytest.approx(980 * found["unit"], rel=0.002)
        for at, x in marks:
            assert x == pytest.approx(left + (at - first) * per_second, abs=0.5)
        (teeth,) = found["teeth"]
        assert sum(float(part) for part in teeth.split()) == pytest.approx(980 / (DAYS * 24), rel=0.001)


def test_health_is_said_in_words_and_signs(
    chromium: str, report: Path, axe: str, watched: tuple[str, list[bytes]]
) -> None:
    """Not by colour alone."""
    signs = set(measured(chromium, report, axe, watched[0], *LOOKS["light"])["signs"])
    assert signs == {"? Missing", "\u2715 Failing", "\u2016 Paused", "\u2713 OK"}


def test_it_prints(chromium: str, report: Path, watched: tuple[str, list[bytes]], tmp_path: Path) -> None:
    """On landscape sheets; Chromium itself makes the file."""
    document = tmp_path / "report.pdf"
    open_file(chromium, report, watched[0], f"--print-to-pdf={document}", "--no-pdf-header-footer")
    text = document.read_bytes()
    assert text.startswith(b"%PDF")
    sizes = {tuple(float(n) for n in box.split()) for box in re.findall(rb"/MediaBox\s*\[([^\]]+)\]", text)}
    assert sizes
    assert all(width > height for _left, _bottom, width, height in sizes)
