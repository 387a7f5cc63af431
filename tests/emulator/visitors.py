# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests the local Globus accepts: those of programs on this machine, and of its own pages.

Every web page can send requests to loopback addresses. ``Origin`` reveals a page of another site. ``Host`` reveals a
page whose name was pointed to loopback (DNS rebinding).
"""

from __future__ import annotations

from collections.abc import Iterable

NAMES = ("127.0.0.1", "localhost", "[::1]")
_HTTP_PORT = 80


def refusal(headers: Iterable[tuple[bytes, bytes]], port: int, *, control: bool) -> tuple[int, str] | None:
    """The status and the text to refuse a request with, or None if it is accepted.

    ``headers`` have names in lower case, as in ASGI. The control interface has no pages, so it refuses requests of all
    pages.
    """
    found: dict[bytes, list[str]] = {}
    for name, value in headers:
        if name in (b"host", b"origin"):
            found.setdefault(name, []).append(value.decode("latin-1").strip().lower())
    hosts = {f"{name}:{port}" for name in NAMES} | ({*NAMES} if port == _HTTP_PORT else set())
    requested = found.get(b"host", [])
    if len(requested) != 1 or requested[0] not in hosts:
        own = f"{NAMES[0]}:{port} and localhost:{port}"
        return 421, f"The local Globus answers to {own}, not to {', '.join(requested) or 'no name'}"
    for origin in found.get(b"origin", []):
        if control or origin.removeprefix("http://") not in hosts or not origin.startswith("http://"):
            return 403, f"Web pages of {origin} may not use the local Globus"
    return None
