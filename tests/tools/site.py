# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the documentation site with antsibull-docs and Sphinx, and check its links and those of Markdown."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import yaml

from tools.outcome import Outcome, run
from tools.tree import known_files

# Absolute URLs of files in this repository. README.md needs them, because Galaxy shows it on another site.
HERE = (
    "https://github.com/research-ops/globus/(?:blob|tree|edit)/main/(.*)",
    "https://raw.githubusercontent.com/research-ops/globus/main/(.*)",
)


def check(root: Path, external: bool) -> Outcome:
    """Build the site in build/site. Pass if there are no warnings and no broken links.

    With ``external``, links to other hosts are checked too.
    """
    site = root / "build" / "site"
    with tempfile.TemporaryDirectory(prefix="globus-site-") as folder:
        source, doctrees = Path(folder, "source"), Path(folder, "doctrees")
        written = _write_sources(root, source)
        if not written.passed:
            return written
        shutil.rmtree(site, ignore_errors=True)
        sphinx = ["sphinx-build", "-q", "-W", "--keep-going", "-b", "html", "-c", str(root / "docs/docsite/sphinx")]
        built = run([*sphinx, "-d", str(doctrees), str(source), str(site)], root)
    if not built.passed:
        return built
    markdown = [str(file) for file in known_files(root) if file.suffix == ".md"]
    return check_links([f"{site}/**/*.html", *markdown], root, external)


def _write_sources(root: Path, source: Path) -> Outcome:
    """Write what Sphinx reads: the pages from antsibull-docs and our own start page."""
    # antsibull-docs requires a folder that only its owner can write to.
    source.mkdir(mode=0o700)
    sphinx = root / "docs" / "docsite" / "sphinx"
    antsibull = ["antsibull-docs", "--config-file", str(sphinx / "antsibull-docs.cfg"), "collection", "--use-current"]
    written = run(
        [*antsibull, "--fail-on-error", "--squash-hierarchy", "--dest-dir", str(source), "research_ops.globus"],
        root,
    )
    if written.passed:
        start = (sphinx / "index.rst").read_text(encoding="utf-8")
        (source / "index.rst").write_text(start.replace(".. guides\n", _guides(root)), encoding="utf-8")
        # A list of environment variables that configure the collection. There are none.
        (source / "environment_variables.rst").unlink()
        # Before the first release, antsibull-docs writes a changelog page without a title.
        shutil.copy(root / "CHANGELOG.rst", source / "changelog.rst")
    return written


def _guides(root: Path) -> str:
    """A table of contents for each section of extra-docs.yml."""
    text = (root / "docs" / "docsite" / "extra-docs.yml").read_text(encoding="utf-8")
    lines = []
    for section in yaml.safe_load(text)["sections"]:
        lines += [".. toctree::", "   :maxdepth: 1", f"   :caption: {section['title']}", ""]
        lines += [f"   docsite/{guide}" for guide in section["toctree"]] + [""]
    return "\n".join(lines)


def check_links(pages: Sequence[str], root: Path, external: bool = False) -> Outcome:
    """Pass if all links in ``pages`` (file patterns, relative to ``root``) lead to existing files and anchors."""
    if shutil.which("lychee") is None:
        return Outcome(False, f"The links were not checked: PyPI has no lychee for {platform.machine()}.")
    options = [f"--remap={address} file://{root}/$1" for address in HERE]
    if not external:
        options.append("--offline")
    return run(["lychee", "--no-progress", "--include-fragments", *options, *pages], root)


if __name__ == "__main__":
    # make EXTERNAL=1 docs: links to other hosts are followed too.
    done = check(Path(__file__).resolve().parents[2], bool(os.environ.get("EXTERNAL")))
    print(done.output)
    sys.exit(not done.passed)
