# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of Sphinx for the documentation site, which `make docs` builds."""

from __future__ import annotations

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


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("missing-reference", refer_to_ansible)
