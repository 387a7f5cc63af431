# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A web page cannot use the local Globus: not from another site, and not under a name that was made to point to it."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

from emulator.control import LocalGlobus
from emulator.plain import Api
from emulator.visitors import refusal

PORT = "{port}"
FOREIGN_HOSTS = (
    "rebound.example.org:{port}",
    "rebound.example.org",
    "127.0.0.1",  # of another port
    "127.0.0.1:1",
    "localhost:{port}0",
    "localhost.example.org:{port}",
    "127.0.0.1.example.org:{port}",
    "127.0.0.1:{port}@example.org",
    "0.0.0.0:{port}",
    "example.org:{port},127.0.0.1:{port}",
    "",
)
FOREIGN_ORIGINS = (
    "https://example.org",
    "http://example.org:{port}",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "https://127.0.0.1:{port}",
    "http://localhost:{port}.example.org",
    "127.0.0.1:{port}",
    "null",
    "",
)
PATHS = ("/_emulator/reset", "/_emulator/clock", "/v2/oauth2/token", "/jobs/", "/v0.10/task_list", "/flows", "/nothing")


def ask(globus: LocalGlobus, method: str, path: str, *headers: tuple[str, str]) -> tuple[int, str]:
    """Status and body of a request with exactly these headers."""
    connection = http.client.HTTPConnection(urlsplit(globus.url).netloc, timeout=20)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value.replace(PORT, str(urlsplit(globus.url).port)))
        connection.putheader("Content-Length", "0")
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_foreign_host_is_refused(globus: LocalGlobus, api: Api, host: str) -> None:
    api.create()
    globus.clear_log()
    for path in PATHS:
        status, body = ask(globus, "POST", path, ("Host", host))
        assert (status, "answers to 127.0.0.1" in body) == (421, True), path
        assert ask(globus, "GET", path, ("Host", host))[0] == 421
    assert len(globus.timers()) == 1, "nothing was reset"
    assert globus.log() == [], "it is no request to any service"


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_a_foreign_origin_is_refused(globus: LocalGlobus, api: Api, origin: str) -> None:
    api.create()
    for path in PATHS:
        status, body = ask(globus, "POST", path, ("Host", "127.0.0.1:{port}"), ("Origin", origin))
        assert (status, "may not use" in json.loads(body)["detail"]) == (403, True), path
    assert len(globus.timers()) == 1


def test_the_control_interface_answers_to_no_page_at_all(globus: LocalGlobus, api: Api) -> None:
    own = ("Host", "127.0.0.1:{port}"), ("Origin", "http://127.0.0.1:{port}")
    for method, path in (("POST", "reset"), ("GET", "log"), ("GET", "world"), ("DELETE", "faults")):
        assert ask(globus, method, f"/_emulator/{path}", *own)[0] == 403


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])
def test_loopback_names_with_its_port_are_answered(globus: LocalGlobus, name: str) -> None:
    host = ("Host", f"{name}:{{port}}")
    assert ask(globus, "GET", "/_emulator/clock", host)[0] == 200
    assert ask(globus, "GET", "/jobs/", host)[0] == 401
    # The page to sign in at sends its form to where it came from.
    own = ("Origin", f"http://{name}:{{port}}")
    status, body = ask(globus, "POST", "/v2/oauth2/authorize", host, own)
    assert (status, "UNKNOWN_CLIENT" in body) == (400, True)


def test_two_hosts_are_refused() -> None:
    """Uvicorn refuses them before; whoever serves the application otherwise may not."""
    own = (b"host", b"127.0.0.1:8000")
    assert refusal([own], 8000, control=True) is None
    assert refusal([own, (b"host", b"example.org")], 8000, control=False) == (
        421,
        "The local Globus answers to 127.0.0.1:8000 and localhost:8000, not to 127.0.0.1:8000, example.org",
    )


@pytest.mark.parametrize(("port", "status"), [(80, None), (8080, 421)])
def test_a_name_without_a_port_is_port_80(port: int, status: int | None) -> None:
    refused = refusal([(b"host", b"localhost")], port, control=True)
    assert (refused[0] if refused else None) == status


def test_every_origin_counts() -> None:
    own, foreign = (b"origin", b"http://localhost:8000"), (b"origin", b"https://example.org")
    headers = [(b"host", b"localhost:8000"), own, foreign]
    assert (refusal(headers, 8000, control=False) or (0,))[0] == 403
