# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation site in headless Chromium, served on the loopback address. `make browser-test` builds it first.

A page beside the site holds it in a frame and does there what a reader does: it clicks, types and looks. What it found
is printed by Chromium.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from browser.headless import DARK, LIGHT, OWN_TRAFFIC, open_page

SITE = Path(__file__).resolve().parents[2] / "build" / "site"
# The frame's width decides on the layout, not the window's. CSS pixels.
DESK, PHONE = 1300, 375
READER = """
<!doctype html><html lang="en"><head><title>reader</title><link rel="icon" href="data:,"></head><body>
<iframe title="site" width="%(width)d" height="900"></iframe>
<script type="module">
const frame = document.querySelector("iframe");
const page = () => frame.contentDocument;
const all = (selector) => [...page().querySelectorAll(selector)];
async function until(what, look) {
  for (let tries = 0; tries < 20000; tries++) {
    const seen = look();
    if (seen) return seen;
    await new Promise((resume) => setTimeout(resume, 25));
  }
  throw new Error("waited in vain for " + what);
}
async function leads(act) {
  const loaded = new Promise((resume) => frame.addEventListener("load", resume, { once: true }));
  act();
  await loaded;
  return page().title.split(" - ")[0];
}
const open = (path) => leads(() => { frame.src = path; });
const click = (selector, text) =>
  leads(() => all(selector).find((link) => !text || link.textContent.trim() === text).click());
const back = () => leads(() => history.back());
const found = {};
try {
%(script)s
} catch (error) {
  found.error = String(error);
}
const place = document.createElement("pre");
place.id = "found";
place.textContent = JSON.stringify(found);
document.body.append(place);
</script></body></html>
"""
NAVIGATE = """
found.titles = [
  await open("/index.html"),
  await click(".sidebar-tree a", "Your first timer"),
  await click("article a[href*='/timer_module.html']"),
  await back(),
  await back(),
  await click(".sidebar-tree a", "backup (role)"),
  await click(".sidebar-brand"),
  await click(".next-page"),
];
"""
SEARCH = """
await open("/index.html");
const box = page().querySelector("input[name=q]");
box.value = "%(words)s";
await leads(() => box.form.requestSubmit());
const summary = () => page().querySelector(".search-summary")?.textContent;
await until("the end of the search", () => /found \\d+ pages/.test(summary()));
found.results = all("#search-results li a").map((link) => link.textContent);
found.title = await click("#search-results li a");
found.text = page().querySelector("article").textContent;
"""
SHAPES = """
const lines = (range) => new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size;
function* words(selector) {
  for (const one of all(selector)) {
    const texts = page().createTreeWalker(one, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      for (const word of texts.currentNode.data.matchAll(/[^\\s.-]+/g)) {
        const range = page().createRange();
        range.setStart(texts.currentNode, word.index);
        range.setEnd(texts.currentNode, word.index + word[0].length);
        yield [word[0], lines(range)];
      }
    }
  }
}
const wider = (selector) => all(selector).filter((one) => one.scrollWidth > one.clientWidth);
for (const path of %(pages)s) {
  await open(path);
  const icons = all(".mobile-header button, .mobile-header label").filter((one) => one.offsetWidth);
  const boxes = icons.map((one) => one.getBoundingClientRect()).sort((one, other) => one.left - other.left);
  found[path] = {
    code: wider("div.highlight pre").map((one) => one.textContent.split("\\n")[0]),
    tables: wider(".table-wrapper").map((one) => one.textContent.trim().slice(0, 80)),
    broken: [...words("h1, h2, h3, table.stacked")].filter((one) => one[1] > 1).map((one) => one[0]),
    words: [...words("h1, h2, h3, table.stacked")].length,
    blocks: all("div.highlight pre").length,
    gaps: boxes.slice(1).map((box, before) => box.left - boxes[before].right),
  };
}
"""
LOOK = """
const axe = await (await fetch("/--axe.js")).text();
for (const path of %(pages)s) {
  await open(path);
  page().head.append(Object.assign(page().createElement("script"), { textContent: axe }));
  const result = await frame.contentWindow.axe.run(page(), { resultTypes: ["violations"] });
  const blocks = all("div.highlight pre");
  const style = (one) => frame.contentWindow.getComputedStyle(one);
  found[path] = {
    violations: result.violations.map((one) => [one.id, one.nodes.map((node) => node.html)]),
    passes: result.passes.map((one) => one.id),
    background: style(page().body).backgroundColor,
    colours: blocks.map((block) => new Set([...block.querySelectorAll("span")].map((one) => style(one).color)).size),
    uncopyable: blocks.filter((block) => !block.parentElement.querySelector("button.copybtn")).length,
    // The theme's column of text scrolls by itself. Wide tables and code do too, in their own boxes.
    overflow: Math.max(...all("html, .content").map((one) => one.scrollWidth - one.clientWidth)),
  };
}
"""
SWITCH = """
await open("/timer_module.html");
const background = () => frame.contentWindow.getComputedStyle(page().body).backgroundColor;
found.backgrounds = [background()];
for (const theme of ["light", "dark", "auto"]) {
  await until(theme, () => {
    page().querySelector(".content-icon-container .theme-toggle").click();
    return page().body.dataset.theme === theme;
  });
  await open("/index.html");
  found.backgrounds.push(background());
}
"""
# The theme tells the console of every choice.
THEME = re.compile(r'"Changed to \w+ mode\.", source: \S+/furo\.js')
# What axe-core says of the HTML of others, none of which hides anything from anybody.
UPSTREAM = {
    "aria-required-attr": "Sphinx's captions in the sidebar are headings without a level",
    "aria-valid-attr": "antsibull-docs gives its links an aria-role",
    "landmark-unique": "the theme has two sidebars without names",
    "page-has-heading-one": "the theme's page of search results begins with a heading of the second level",
    "scrollable-region-focusable": "browsers let the keyboard into code that scrolls, which axe-core does not know",
}


class Server(ThreadingHTTPServer):
    """Serves the site, what else is put into pages (by path), and notes what was not there."""

    def __init__(self, site: Path) -> None:
        super().__init__(("127.0.0.1", 0), partial(Handler, directory=str(site)))
        self.site = site
        self.pages: dict[str, str] = {}
        self.missing: list[str] = []


class Handler(SimpleHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        text = self.server.pages.get(self.path)
        if text is None:
            return super().do_GET()
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if self.path.endswith(".js") else "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if int(code) >= 400:
            self.server.missing.append(self.path)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its caller's name
        """Say nothing."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Of a copy, so that a site may be built meanwhile."""
    if not (SITE / "index.html").is_file():
        pytest.fail("make docs builds the site that this opens", pytrace=False)
    with Server(shutil.copytree(SITE, tmp_path_factory.mktemp("site") / "site")) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


Read = Callable[..., dict[str, Any]]


@pytest.fixture
def read(chromium: str, server: Server, watched: tuple[str, list[bytes]], tmp_path: Path) -> Read:
    """Carry a script out in the frame and return what it found. Fails after errors, complaints and stray requests."""

    def carry_out(script: str, look: str = LIGHT, width: int = DESK) -> dict[str, Any]:
        proxy, asked = watched
        server.pages["/--reader.html"] = READER % {"width": width, "script": script}
        server.missing.clear()
        shown = open_page(
            *(chromium, f"http://127.0.0.1:{server.server_port}/--reader.html", tmp_path / "user", proxy),
            *(look, "--window-size=1400,1000", "--virtual-time-budget=600000", "--dump-dom"),
        )
        found = re.search(r'<pre id="found">(.*?)</pre>', shown.stdout, re.S)
        assert found, shown.stdout[-2000:] + shown.stderr[-2000:]
        result: dict[str, Any] = json.loads(html.unescape(found[1]))
        assert "error" not in result, result
        assert [line for line in shown.stderr.splitlines() if "CONSOLE" in line and not THEME.search(line)] == []
        assert server.missing == []
        assert [request for request in asked if not OWN_TRAFFIC.match(request)] == []
        return result

    return carry_out


def pages(site: Path) -> list[str]:
    """The addresses of all pages."""
    return sorted(f"/{page.relative_to(site)}" for page in site.rglob("*.html"))


def violations(found: dict[str, Any]) -> dict[str, list[Any]]:
    """What axe-core found by page, for pages that have something of our own."""
    ours = {page: [one for one in seen["violations"] if one[0] not in UPSTREAM] for page, seen in found.items()}
    return {page: those for page, those in ours.items() if those}


def is_dark(background: str) -> bool:
    return int(re.findall(r"\d+", background)[0]) < 64


def test_from_the_start_page_to_a_guide_to_a_module_and_back(read: Read) -> None:
    start, guide, module = "research_ops.globus 0.1.0", "Your first timer", "research_ops.globus.timer module"
    *titles, role, home, first = read(NAVIGATE)["titles"]
    assert [title.split(" \u2013 ")[0] for title in titles] == [start, guide, module, guide, start]
    assert role.startswith("research_ops.globus.backup role")
    assert (home, first) == (start, guide)


def test_search_finds_pages(read: Read) -> None:
    found = read(SEARCH % {"words": "data_access"})
    assert len(found["results"]) >= 3
    assert any("timer module" in title for title in found["results"])
    assert found["title"] in found["results"]
    assert "data_access" in found["text"]


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("daylight", "Schedules"),
        ("daylight saving", "Schedules"),
        ("mirror", "Backups"),
        ("purge", "Many timers in one task"),
        ("stalled", "Health and alerts"),
        ("Prometheus", "Alerts, metrics and events"),
    ],
)
def test_search_finds_the_guide(read: Read, words: str, title: str) -> None:
    """Not only the pages of modules."""
    assert title in read(SEARCH % {"words": words})["results"][:8]


def test_the_page_of_the_role_begins_with_main(server: Server) -> None:
    page = (server.site / "backup_role.html").read_text(encoding="utf-8")
    points = re.findall(r'role="doc-backlink">Entry point <code[^>]*><span class="pre">(\w+)</span>', page)
    assert points[0] == "main"
    assert sorted(points) == ["hold", "main", "now", "release", "restore"]


def test_code_and_tables_fit_on_a_desk(read: Read, server: Server) -> None:
    found = read(SHAPES % {"pages": pages(server.site)}, width=1280)
    assert sum(seen["blocks"] for seen in found.values()) > 80
    assert {page: seen["code"] for page, seen in found.items() if seen["code"]} == {}
    assert {page: seen["broken"] for page, seen in found.items() if seen["broken"]} == {}
    assert {page: seen["tables"] for page, seen in found.items() if seen["tables"]} == {}


def test_tables_headings_and_icons_fit_on_a_phone(read: Read, server: Server) -> None:
    """No word is broken in two, no table scrolls, and a finger meets one icon at a time."""
    found = read(SHAPES % {"pages": pages(server.site)}, width=PHONE)
    assert sum(seen["words"] for seen in found.values()) > 5000
    long = 38  # characters of code, more than fit into one line
    broken = {page: [word for word in seen["broken"] if len(word) < long] for page, seen in found.items()}
    assert {page: words for page, words in broken.items() if words} == {}
    assert {page: seen["tables"] for page, seen in found.items() if seen["tables"]} == {}
    close = {page: seen["gaps"] for page, seen in found.items() if not seen["gaps"] or min(seen["gaps"]) < 8}
    assert close == {}


@pytest.mark.parametrize(("look", "dark"), [(LIGHT, False), (DARK, True)], ids=["light", "dark"])
def test_every_page_is_readable(read: Read, server: Server, axe: str, look: str, dark: bool) -> None:
    """Contrast, names of links and what else axe-core knows; code in colours, with a button that copies it."""
    server.pages["/--axe.js"] = axe
    found = read(LOOK % {"pages": pages(server.site)}, look)
    assert len(found) > 20
    assert violations(found) == {}
    assert all("color-contrast" in seen["passes"] for seen in found.values())
    assert {is_dark(seen["background"]) for seen in found.values()} == {dark}
    assert sum(colours >= 3 for seen in found.values() for colours in seen["colours"]) > 30
    assert [page for page, seen in found.items() if seen["uncopyable"]] == []


def test_no_page_scrolls_sideways_on_a_phone(read: Read, server: Server, axe: str) -> None:
    server.pages["/--axe.js"] = axe
    found = read(LOOK % {"pages": pages(server.site)}, width=PHONE)
    assert {page: seen["overflow"] for page, seen in found.items() if seen["overflow"] > 0} == {}
    assert violations(found) == {}


@pytest.mark.parametrize(("look", "dark"), [(LIGHT, False), (DARK, True)], ids=["light", "dark"])
def test_light_and_dark_can_be_chosen(read: Read, look: str, dark: bool) -> None:
    """Without a choice it is what the reader's system says; a choice holds on the next page."""
    assert [is_dark(seen) for seen in read(SWITCH, look)["backgrounds"]] == [dark, False, True, dark]
