# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sign in as a person would: open the address, choose an identity, allow access, read the code. Standard library
only."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin

from emulator.control import PATIENCE

RESEARCHER = "researcher@example.org"


class RefusedError(Exception):
    """The page is an error page. The message is its text."""


def addresses(text: str) -> list[str]:
    """The sign-in addresses in a text."""
    return re.findall(r"https?://\S+/v2/oauth2/authorize\?\S+", text)


def sign_in(address: str, username: str = RESEARCHER, *, allow: bool = True) -> str:
    """Open a sign-in address and fill in its pages. Returns the code on the last page.

    Raises RefusedError.
    """
    form = _Page(_open(address))
    fields = {**form.hidden, "identity": form.people[username], "decision": "allow" if allow else "deny"}
    return _Page(_open(urljoin(address, form.action), fields)).code


class _Page(HTMLParser):
    """The only form of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action = self.code = ""
        self.hidden: dict[str, str] = {}
        self.people: dict[str, str] = {}
        self._option: str | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = given["action"]
        elif tag == "input" and given.get("type") == "hidden":
            self.hidden[given["name"]] = given["value"]
        elif tag == "input" and given.get("name") == "code":
            self.code = given["value"]
        elif tag == "option":
            self._option = given["value"]

    def handle_data(self, data: str) -> None:
        if self._option is not None:
            self.people[data] = self._option
            self._option = None


def _open(address: str, form: dict[str, str] | None = None) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    data = urlencode(form).encode() if form is not None else None
    try:
        with opener.open(address, data, timeout=PATIENCE) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        raise RefusedError(error.read().decode("utf-8", "replace")) from None
