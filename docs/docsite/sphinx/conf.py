# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of Sphinx for the documentation site, which `make docs` builds."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

galaxy = yaml.safe_load((Path(__file__).parents[3] / "galaxy.yml").read_text(encoding="utf-8"))

project = f"{galaxy['namespace']}.{galaxy['name']}"
project_copyright = "2026, Research Ops"
version = release = galaxy["version"]
html_title = f"{project} {version}"

extensions = ["sphinx_antsibull_ext", "sphinx_copybutton"]
# A reference to nothing is an error, and every warning is one (-W).
nitpicky = True
default_role = "any"
highlight_language = "YAML+Jinja"
# Dashes; quotes stay as they are typed.
smartquotes_action = "D"

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_use_index = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
# static/site.css has the colours, which follow the theme's switch; the scheme of the extension does not.
antsibull_ext_color_scheme = "none"
# Prompts and output of a session in a shell are not copied.
copybutton_prompt_text = "$ "

# Pages of Ansible's own documentation that ours refer to. intersphinx would fetch a list of all of them.
ANSIBLE = "https://docs.ansible.com/projects/ansible/latest/"
ANSIBLE_PAGES = {
    "common_return_values": "reference_appendices/common_return_values.html#common-return-values",
}


def refer_to_ansible(
    _app: Sphinx, _environment: BuildEnvironment, reference: nodes.Element, content: nodes.TextElement
) -> nodes.reference | None:
    """A link for a reference to one of ANSIBLE_PAGES; None leaves it unresolved, which is an error."""
    page = ANSIBLE_PAGES.get(reference["reftarget"])
    return nodes.reference("", "", content, internal=False, refuri=ANSIBLE + page) if page else None


# ansible-doc prints the addresses of guides in the repository. On the site they are pages.
GUIDE = re.compile(r"https://github\.com/research-ops/globus/blob/main/docs/docsite/rst/(guide_\w+)\.rst")


def stay_on_the_site(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Let links to guides in the repository lead to the pages of this site."""
    for link in doctree.findall(nodes.reference):
        if guide := GUIDE.fullmatch(link.get("refuri", "")):
            link["refuri"] = app.builder.get_relative_uri(page, f"docsite/{guide[1]}")
            link["internal"] = True


def label_cells(_app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Prepare the tables of guides for phones, where site.css shows each cell on its own line.

    Each cell of a table with three columns or more begins with the heading of its column, which site.css hides on
    wider screens. In a table with two columns, the first cell is the heading of the second.
    """
    if not page.startswith("docsite/"):
        return
    for table in doctree.findall(nodes.table):
        heads = [entry.astext() for head in table.findall(nodes.thead) for entry in head.findall(nodes.entry)]
        table["classes"].append("stacked")
        for body in table.findall(nodes.tbody) if len(heads) > 2 else ():
            for row in body.findall(nodes.row):
                for heading, entry in list(zip(heads, row.findall(nodes.entry), strict=True))[1:]:
                    if paragraph := next(entry.findall(nodes.paragraph), None):
                        paragraph.insert(0, nodes.inline("", f"{heading}: ", classes=["column-heading"]))


def main_first(_app: Sphinx, doctree: nodes.document) -> None:
    """Move the entry point ``main`` of a role before the others, which antsibull-docs sorts by name."""
    for page in list(doctree.findall(nodes.section)):
        points = [
            part for part in page if isinstance(part, nodes.section) and part[0].astext().startswith("Entry point")
        ]
        for point in points[1:]:
            if point[0].astext().startswith("Entry point main "):
                page.remove(point)
                page.insert(page.index(points[0]), point)


def break_names(_app: Sphinx, doctree: nodes.document, _page: str) -> None:
    """Let the full name of a plugin in a heading break after a dot, where it is too long for a phone."""
    for title in doctree.findall(nodes.title):
        for text in list(title.findall(nodes.Text)):
            parts = re.split(r"(?<=\w\.)(?=[a-z])", text.astext())
            if len(parts) > 1:
                breaks = [[nodes.raw("", "<wbr>", format="html"), nodes.Text(part)] for part in parts]
                text.parent.replace(text, [node for pair in breaks for node in pair][1:])


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("missing-reference", refer_to_ansible)
    app.connect("doctree-read", main_first, priority=400)  # before Sphinx collects the table of contents
    app.connect("doctree-resolved", stay_on_the_site)
    app.connect("doctree-resolved", label_cells)
    app.connect("doctree-resolved", break_names)
