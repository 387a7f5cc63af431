# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may talk to the local Globus: programs of this machine, and pages of its own.

Every web page can send requests to loopback addresses. A page of another site says so in ``Origin``; one whose name
was made to point to loopback (DNS rebinding) gives itself away by ``Host``.
"""

from __future__ import annotations

from collections.abc import Iterable

NAMES = ("127.0.0.1", "localhost", "[::1]")
_HTTP_PORT = 80


def refusal(headers: Iterable[tuple[bytes, bytes]], port: int, *, control: bool) -> tuple[int, str] | None:
    """Status and words for a request that is not answered; None for one that is.

    ``headers`` have names in lower case, as in ASGI. The control interface has no pages, so that no page talks to it.
    """
    found: dict[bytes, list[str]] = {}
    for name, value in headers:
        if name in (b"host", b"origin"):
            found.setdefault(name, []).append(value.decode("latin-1").strip().lower())
    hosts = {f"{name}:{port}" for name in NAMES} | ({*NAMES} if port == _HTTP_PORT else set())
    asked = found.get(b"host", [])
    if len(asked) != 1 or asked[0] not in hosts:
        own = f"{NAMES[0]}:{port} and localhost:{port}"
        return 421, f"The local Globus answers to {own}, not to {', '.join(asked) or 'no name'}"
    for origin in found.get(b"origin", []):
        if control or origin.removeprefix("http://") not in hosts or not origin.startswith("http://"):
            return 403, f"Web pages of {origin} may not use the local Globus"
    return None
