# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request and its repetitions (W5, W6), against servers of a few lines; and where it may go (X2). No login."""

from __future__ import annotations

import re
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ConnectTimeout
from urllib3 import HTTPSConnectionPool
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from ansible_collections.research_ops.globus.plugins.module_utils._arguments import ENVIRONMENTS
from ansible_collections.research_ops.globus.plugins.module_utils._errors import GlobusError, UncertainError
from ansible_collections.research_ops.globus.plugins.module_utils._globus import http as _http
from ansible_collections.research_ops.globus.plugins.module_utils._globus.http import (
    CA_VARIABLES,
    REPEATED,
    RETRY_AFTER_MAXIMUM,
    SERVICES,
    Http,
    _retry_after,
    certificate_check,
    is_loopback,
    service_addresses,
)
from unit.certificates import authority
from unit.small_server import DROP, PAGE, Reply, SmallServer, closed_port, in_turn, serving


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for service in SERVICES:
        monkeypatch.delenv(f"GLOBUS_SDK_SERVICE_URL_{service.upper()}", raising=False)
    for name in (*CA_VARIABLES, "GLOBUS_SDK_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(_http, "PAUSE_BETWEEN_TRIES", 0.001)


def way(server: SmallServer, monkeypatch: pytest.MonkeyPatch, retries: int = 2) -> Http:
    """The way to a server, as to every service."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return Http("production", request_timeout=10, retries=retries)


class Signer:
    """An authorizer with some tokens, one after the other."""

    def __init__(self, *tokens: str) -> None:
        self._tokens = list(tokens)

    def get_authorization_header(self) -> str:
        return f"Bearer {self._tokens[0]}"

    def handle_missing_authorization(self) -> bool:
        del self._tokens[:-1]
        return True

    def refusal(self) -> tuple[str, str | None]:
        return "no token helps", "get a better one"


# --- how often (W5, W6) --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("retries", [0, 1, 4])
@pytest.mark.parametrize("reply", [*(Reply(status) for status in REPEATED), DROP], ids=[*map(str, REPEATED), "drop"])
def test_a_request_is_repeated_as_often_as_the_user_says(
    retries: int, reply: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(in_turn(reply)) as server, pytest.raises(GlobusError) as raised:
        way(server, monkeypatch, retries).call("timer", "GET", "/jobs/")
    assert len(server.requests) == retries + 1
    assert not isinstance(raised.value, UncertainError)
    assert raised.value.http_status == (None if reply.drop else reply.status)


@pytest.mark.parametrize("status", [400, 403, 404, 408, 409, 422, 501, 505])
def test_other_refusals_are_final(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(in_turn(Reply(status))) as server, pytest.raises(GlobusError):
        way(server, monkeypatch).call("timer", "GET", "/jobs/")
    assert len(server.requests) == 1


@pytest.mark.parametrize("retries", [0, 1, 5])
def test_different_causes_do_not_multiply(retries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them had a bound of its own: 42 requests of five retries (issue 12, 2)."""
    with serving(in_turn(*(DROP, Reply(502), PAGE) * 20)) as server, pytest.raises(GlobusError):
        way(server, monkeypatch, retries).read("timer", "/jobs/", "jobs")
    assert len(server.requests) == retries + 1


def test_what_passes_is_survived_and_what_is_read_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    good = Reply(body={"jobs": [], "more": 1})
    with serving(in_turn(DROP, Reply(500), PAGE, Reply(body=[]), Reply(body={"x": 1}), good)) as server:
        assert way(server, monkeypatch, 5).read("timer", "/jobs/", "jobs") == {"jobs": [], "more": 1}


def test_a_creation_is_sent_once_and_leaves_a_doubt_W2(monkeypatch: pytest.MonkeyPatch) -> None:
    for reply, is_doubt in (
        (DROP, True),
        (Reply(500), True),
        (Reply(502), True),
        (Reply(503), True),
        (Reply(408), True),
        (Reply(429), False),
        (Reply(422), False),
    ):
        with serving(in_turn(reply)) as server, pytest.raises(GlobusError) as raised:
            way(server, monkeypatch, 5).call("timer", "POST", "/v2/timer", body={}, create=True)
        assert (len(server.requests), isinstance(raised.value, UncertainError)) == (1, is_doubt), reply


def test_a_refused_token_is_renewed_once_whatever_the_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    for create in (False, True):
        with serving(in_turn(Reply(401), Reply(body={"jobs": []}))) as server:
            way(server, monkeypatch, 0).call("timer", "POST", "/x", authorizer=Signer("old", "new"), create=create)
        assert [request.headers["Authorization"] for request in server.requests] == ["Bearer old", "Bearer new"]
    with serving(in_turn(Reply(401, {"code": "UNAUTHORIZED"}))) as server, pytest.raises(GlobusError) as raised:
        way(server, monkeypatch).call("timer", "GET", "/jobs/", authorizer=Signer("old", "new"))
    assert len(server.requests) == 2
    assert raised.value.message == "Globus Timers answered 401: UNAUTHORIZED: no token helps"
    assert (raised.value.code, raised.value.remedy) == ("UNAUTHORIZED", "get a better one")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_X2(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(in_turn(Reply())) as other:
        elsewhere = Reply(status, headers={"Location": f"{other.address}jobs/"})
        with serving(in_turn(elsewhere)) as server, pytest.raises(GlobusError, match="redirect"):
            way(server, monkeypatch).call("timer", "GET", "/jobs/", authorizer=Signer("secret"))
        assert (len(server.requests), len(other.requests)) == (1, 0)


def test_what_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(in_turn(Reply())) as server:
        http = way(server, monkeypatch)
        http.call("timer", "PATCH", f"/jobs/{_http.in_url('a/../b?c d')}", query={"x": "a b"}, body={"name": "é"})
        http.call("auth", "POST", "/v2/oauth2/token", form={"scope": "a b", "x": "é&"})
        http.call("timer", "POST", "/jobs/1/pause")
    patch, form, empty = server.requests
    assert (patch.method, patch.path) == ("PATCH", "/jobs/a%2F..%2Fb%3Fc%20d?x=a+b")
    assert patch.headers["Content-Type"] == "application/json"
    assert form.body == "scope=a+b&x=%C3%A9%26"
    assert form.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert empty.body == ""
    assert {request.headers["User-Agent"].partition("/")[2] for request in server.requests} == {"research_ops.globus"}
    assert not [request for request in server.requests if "Authorization" in request.headers], "it knows no login"


def deep(levels: int) -> dict[str, Any]:
    """A document of so many levels."""
    document: dict[str, Any] = {}
    for _level in range(levels):
        document = {"x": document}
    return document


@pytest.mark.parametrize(
    "request_",
    [
        {"form": {"code": "half a character: \ud800"}},
        {"query": {"filter_name": "\udfff"}},
        {"body": {"x": {1, 2}}},
        {"body": deep(100_000)},
    ],
    ids=["form", "query", "no JSON", "deep"],
)
@pytest.mark.parametrize("create", [False, True])
def test_what_cannot_be_sent_is_told_in_words(
    request_: dict[str, Any], create: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ended in a traceback that quoted it. Nothing was sent, so that even a creation leaves no doubt."""
    with serving(in_turn(Reply())) as server, pytest.raises(GlobusError, match="cannot be encoded") as raised:
        way(server, monkeypatch).call("timer", "POST", "/x", create=create, **request_)
    assert (raised.value.code, type(raised.value), server.requests) == ("not_sent", GlobusError, [])
    assert "character" not in raised.value.message


# --- errors in words -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code", "words", "request_id"),
    [
        ({"code": "NotFound", "message": "No such thing", "request_id": "abc"}, "NotFound", "No such thing", "abc"),
        ({"error": {"code": "ERROR", "detail": "It broke", "status": 400}}, "ERROR", "It broke", None),
        ({"error": "invalid_grant", "error_description": "Too old"}, "invalid_grant", "Too old", None),
        ({"error": "invalid_grant"}, "invalid_grant", "invalid_grant", None),
        ({"errors": [{"code": "A", "detail": "One", "id": "i"}]}, "A", "One", "i"),
        ({"errors": [{"code": "A", "detail": "One"}, {"code": "B", "title": "Two"}]}, "http_400", "One; Two", None),
        (
            {"detail": [{"loc": ["body", 0, "start"], "msg": "wrong"}, {"loc": [], "msg": "bad"}, {"msg": "worse"}]},
            "http_400",
            "body.0.start: wrong; bad; worse",
            None,
        ),
        ({"error": {"code": "E", "detail": [{"loc": ["x"], "msg": "wrong"}]}}, "E", "x: wrong", None),
        ({"detail": "Not allowed"}, "http_400", "Not allowed", None),
        # shapes that nobody has promised
        ({"code": 5, "message": ["x"], "request_id": 7}, "http_400", "Bad Request", None),
        ({"errors": [], "error": None, "detail": {}}, "http_400", "Bad Request", None),
        ({"detail": [{"loc": 5, "msg": None}]}, "http_400", "Bad Request", None),
        ([], "http_400", "Bad Request", None),
        ("text", "http_400", "Bad Request", None),
        (None, "http_400", "Bad Request", None),
        (b"<html>", "http_400", "Bad Request", None),
    ],
)
def test_an_error_in_the_words_of_the_service(
    body: Any, code: str, words: str, request_id: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(in_turn(Reply(400, body))) as server, pytest.raises(GlobusError) as raised:
        way(server, monkeypatch).call("flows", "GET", "/flows/1")
    assert raised.value.message == f"Globus Flows answered 400: {words}"
    assert (raised.value.code, raised.value.http_status, raised.value.request_id) == (code, 400, request_id)


# --- Retry-After ---------------------------------------------------------------------------------------------------


def in_seconds(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("-nan", None),
        ("Wed, 99 Foo 2026 99:99:99 GMT", None),
        ("Thu, 01 Jan 99999 00:00:00 GMT", None),
        ("0", 0.0),
        ("-5", 0.0),
        ("-inf", 0.0),
        ("2.5", 2.5),
        (" 3 ", 3.0),
        ("1e9", RETRY_AFTER_MAXIMUM),
        ("9" * 400, RETRY_AFTER_MAXIMUM),
        ("inf", RETRY_AFTER_MAXIMUM),
        # Each worker of pytest has a time of its own, and all of them must have the same names of tests.
        pytest.param(in_seconds(-86400), 0.0, id="yesterday"),
        pytest.param(in_seconds(86400), RETRY_AFTER_MAXIMUM, id="tomorrow"),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", RETRY_AFTER_MAXIMUM),
    ],
)
def test_W6_retry_after_is_a_number_of_seconds_within_the_bound_or_nothing(
    header: str | None, seconds: float | None
) -> None:
    assert _retry_after(header) == seconds


def test_W6_a_date_to_come_is_waited_for() -> None:
    seconds = _retry_after(in_seconds(20))
    assert seconds is not None
    assert 0 < seconds <= 20


# --- where to (X2) -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_x2_without_overrides_every_environment_is_globus_over_https(environment: str) -> None:
    addresses = service_addresses(environment)
    assert set(addresses) == set(SERVICES)
    for address in addresses.values():
        assert address.startswith("https://")
        assert address.endswith((".globus.org/", ".globuscs.info/"))
    if environment == "production":
        assert addresses == {
            "auth": "https://auth.globus.org/",
            "transfer": "https://transfer.api.globus.org/",
            "timer": "https://timer.automate.globus.org/",
            "flows": "https://flows.automate.globus.org/",
        }


LOOPBACK = [
    "http://127.0.0.1:8080/",
    "https://127.0.0.1/",
    "http://127.8.9.1:1",
    "http://localhost:8080/",
    "http://LOCALHOST/",
    "http://[::1]:8080/",
]
ELSEWHERE = [
    "http://timer.automate.globus.org/",
    "https://timer.automate.globus.org.example.org/",
    "https://timer.automate.globus.org:8443/",
    "https://globus.example.org/",
    "http://example.org/",
    "https://10.0.0.1/",
    "http://0.0.0.0/",
    "http://192.168.1.1:8080/",
    "http://localhost.example.org/",
    "http://127.0.0.1.example.org/",
    "http://127.0.0.1:8080@example.org/",
    "http://[2001:db8::1]/",
    "ftp://127.0.0.1/",
    "file:///etc/passwd",
    "timer.automate.globus.org",
    "localhost:8080",
    "nonsense",
    "http://",
    "http://[::1",
    "http://127.0.0.1:port/",
    # Python's parser takes what follows the @ for the host, the HTTP library what precedes the backslash
    "http://example.org\\@127.0.0.1/",
    "https://example.org\\@timer.automate.globus.org/",
    # what looks like a login is nothing that this program sends
    "http://user:hush@127.0.0.1/",
    "https://user:hush@timer.automate.globus.org/",
]


@pytest.mark.parametrize("address", LOOPBACK)
@pytest.mark.parametrize("service", SERVICES)
def test_x2_loopback_is_for_rehearsals(service: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"GLOBUS_SDK_SERVICE_URL_{service.upper()}", address)
    assert service_addresses("production")[service] == address
    assert is_loopback(address)


@pytest.mark.parametrize("address", ELSEWHERE)
def test_x2_any_other_address_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_TIMER", address)
    with pytest.raises(GlobusError) as caught:
        service_addresses("production")
    assert not is_loopback(address)
    assert caught.value.code == "untrusted_address"
    assert caught.value.message.startswith("GLOBUS_SDK_SERVICE_URL_TIMER ")
    assert caught.value.remedy == "unset GLOBUS_SDK_SERVICE_URL_TIMER"
    assert "hush" not in caught.value.message


def test_x2_an_override_may_name_the_service_in_another_environment_but_not_another_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    preview = "https://preview.timer.automate.globus.org/"
    monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_TIMER", preview)
    assert service_addresses("production")["timer"] == preview
    monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_TIMER", "https://auth.globus.org/")
    with pytest.raises(GlobusError, match=r"GLOBUS_SDK_SERVICE_URL_TIMER is set to auth\.globus\.org\. "):
        service_addresses("production")


def test_x3_an_empty_override_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_TIMER", "")
    assert service_addresses("production")["timer"] == "https://timer.automate.globus.org/"


@pytest.mark.parametrize("value", [None, "", " ", "1", "true", "True", "YES", "on", "y", "t"])
def test_x2_certificates_are_checked(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if value is not None:
        monkeypatch.setenv("GLOBUS_SDK_VERIFY_SSL", value)
    assert certificate_check() is True


@pytest.mark.parametrize("value", ["0", "false", "False", "no", "off", "n", "F"])
def test_x2_switching_the_check_off_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOBUS_SDK_VERIFY_SSL", value)
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file")
    with pytest.raises(GlobusError, match="the check of certificates cannot be disabled") as caught:
        certificate_check()
    assert caught.value.remedy == "unset GLOBUS_SDK_VERIFY_SSL"


@pytest.mark.parametrize("variable", CA_VARIABLES)
def test_23_a_site_s_own_authority_is_a_check(variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As everywhere else; the first variable that is set counts."""
    bundle = tmp_path / "site.pem"
    bundle.write_text("", encoding="utf-8")
    for other in CA_VARIABLES[CA_VARIABLES.index(variable) + 1 :]:
        monkeypatch.setenv(other, "/not/looked/at")
    for other in CA_VARIABLES[: CA_VARIABLES.index(variable)]:
        monkeypatch.setenv(other, " ")
    monkeypatch.setenv(variable, str(bundle))
    assert certificate_check() == str(bundle)


@pytest.mark.parametrize("variable", CA_VARIABLES)
def test_23_a_missing_bundle_is_not_called_a_switched_off_check(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "/no/such/file.pem")
    with pytest.raises(GlobusError) as caught:
        certificate_check()
    assert caught.value.message.startswith(
        f"{variable} is set to the CA bundle /no/such/file.pem, which does not exist"
    )
    assert (caught.value.code, caught.value.remedy) == ("ca_bundle", f"unset {variable}")


# --- certificates, over real TLS (issue 11, 23) --------------------------------------------------------------------


@pytest.mark.parametrize("variable", CA_VARIABLES)
def test_23_a_service_behind_a_site_s_ca_is_reached(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = authority(tmp_path)
    with serving(in_turn(Reply(body={"jobs": []})), site.context) as server:
        monkeypatch.setenv(variable, str(site.bundle))
        assert way(server, monkeypatch).read("timer", "/jobs/", "jobs") == {"jobs": []}


def test_23_a_certificate_error_says_so_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of a creation, which leaves no doubt: nothing was sent."""
    with serving(in_turn(Reply()), authority(tmp_path).context) as server:
        for create in (False, True):
            with pytest.raises(GlobusError) as raised:
                way(server, monkeypatch, 5).call("timer", "POST", "/x", create=create)
            assert "its certificate is not trusted: unable to get local issuer certificate." in raised.value.message
            assert "set REQUESTS_CA_BUNDLE to the file of its bundle" in raised.value.message
            assert "tried" not in raised.value.message
            assert not isinstance(raised.value, UncertainError)
    assert server.requests == []


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ({"days": -1}, "certificate has expired. Check the clock of this host"),
        (
            {"host": "192.0.2.1"},
            "IP address mismatch, certificate is not valid for '127.0.0.1'. Check whether a proxy answers instead",
        ),
    ],
    ids=["expired", "another host"],
)
def test_23_what_is_wrong_with_a_certificate(
    made: dict[str, Any], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = authority(tmp_path, **made)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(site.bundle))
    with serving(in_turn(Reply()), site.context) as server, pytest.raises(GlobusError) as raised:
        way(server, monkeypatch, 5).call("timer", "GET", "/jobs/")
    assert f"its certificate is not trusted: {words}" in raised.value.message


def test_23_a_bundle_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = tmp_path / "empty.pem"
    bundle.write_text("no certificate", encoding="utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    with (
        serving(in_turn(Reply()), authority(tmp_path).context) as server,
        pytest.raises(GlobusError, match=f"the CA bundle {bundle} contains no valid certificates"),
    ):
        way(server, monkeypatch, 5).call("timer", "GET", "/jobs/")


@pytest.mark.parametrize(
    ("status", "reason", "words", "times"),
    [
        (407, "Proxy Authentication Required", "407 Proxy Authentication Required. Add the user and the password", 1),
        (403, "Forbidden", "the proxy refused the connection: 403 Forbidden", 1),
        (503, "Busy", "the proxy refused the connection: 503 Busy (tried 3 times in ", 3),
    ],
)
def test_23_a_proxy_that_refuses_reads_as_a_sentence(
    status: int, reason: str, words: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No connection leaves this machine, so that this test may name the real Globus."""
    with serving(in_turn(Reply(status, b"", reason=reason))) as proxy:
        for name in ("https_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.address)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        with pytest.raises(GlobusError) as raised:
            Http("preview", request_timeout=10, retries=2).call("timer", "GET", "/jobs/")
    assert words in raised.value.message
    assert not re.search(r"OSError|\(['\"]|'\)", raised.value.message)
    assert len(proxy.requests) == times


@pytest.mark.parametrize("create", [False, True])
def test_a_closed_port_is_told_at_once_with_what_to_do(create: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """It took 17 silent seconds (issue 14, 5). Nothing was sent, so a creation leaves no doubt."""
    monkeypatch.setattr(_http, "PAUSE_BETWEEN_TRIES", 60.0)
    address = f"http://127.0.0.1:{closed_port()}/"
    monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_TIMER", address)
    with pytest.raises(GlobusError) as raised:
        Http("production", request_timeout=10, retries=5).call("timer", "POST", "/x", create=create)
    assert raised.value.message == (
        f"Globus Timers did not answer ({address}): no server listens on this address. Start the local Globus, or "
        "unset GLOBUS_SDK_SERVICE_URL_TIMER to use the real Globus"
    )
    assert (raised.value.code, type(raised.value)) == ("no_answer", GlobusError)


POOL = HTTPSConnectionPool("timer.preview.automate.globus.org")


def unmade(cause: OSError) -> NoConnection:
    """What requests raises when a connection cannot be made."""
    failure = NewConnectionError(HTTPSConnection("timer.preview.automate.globus.org"), f"Failed: {cause}")
    failure.__cause__ = cause
    return NoConnection(MaxRetryError(POOL, "/", failure))


RESTART = "Restart the local Globus, or unset GLOBUS_SDK_SERVICE_URL_TIMER to use the real Globus"


@pytest.mark.parametrize("retries", [0, 2])
def test_a_port_that_never_answers_is_told_with_what_to_do(retries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It read "HTTPConnectionPool(host='127.0.0.1', port=37347): Read timed out. (read timeout=1.0)" (issue 14, 5)."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_TIMER", address)
        http = Http("production", request_timeout=0.25, retries=retries)
        with pytest.raises(GlobusError) as raised:
            http.call("timer", "GET", "/jobs/")
        with pytest.raises(UncertainError) as unknown:
            http.call("timer", "POST", "/v2/timer", create=True)
    silence = (
        f"Globus Timers did not answer ({address}): it accepted the connection, but sent no answer within "
        "request_timeout (0.25 s)"
    )
    tried = r" \(tried 3 times in \d+ seconds\)" if retries else ""
    assert re.fullmatch(f"{re.escape(silence)}{tried}{re.escape(f'. {RESTART}')}", raised.value.message)
    assert unknown.value.message == f"{silence}. {RESTART}"


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (ConnectTimeout(MaxRetryError(POOL, "/", ConnectTimeoutError())), "no connection was made within 20 s"),
        (unmade(socket.gaierror(-2, "Name or service not known")), "this host cannot resolve the name "),
        (unmade(OSError(101, "Network is unreachable")), "network is unreachable"),
        (unmade(ConnectionRefusedError(111, "Connection refused")), "connection refused"),
    ],
)
def test_an_outage_of_the_network_is_told_in_words(
    cause: Exception, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No connection leaves this machine, so that this test may name the real Globus."""

    def fail(*_arguments: Any, **options: Any) -> NoReturn:
        assert options["timeout"] == (20, 60)
        raise cause

    monkeypatch.setattr(HTTPAdapter, "send", fail)
    with pytest.raises(GlobusError) as raised:
        Http("preview", request_timeout=60, retries=0).call("timer", "GET", "/jobs/")
    assert f": {words}" in raised.value.message
    assert raised.value.message.endswith(". Check the network, the firewall and the proxy of this host")
    assert "HTTPSConnection" not in raised.value.message


def test_a_connection_that_is_closed_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(in_turn(DROP)) as server, pytest.raises(GlobusError) as raised:
        way(server, monkeypatch, 0).call("timer", "GET", "/jobs/")
    assert raised.value.message.endswith(": the connection was closed before an answer came")


@pytest.mark.parametrize("reply", [DROP, Reply(503)], ids=["drop", "503"])
def test_what_was_tried_several_times_says_so(reply: Reply, monkeypatch: pytest.MonkeyPatch) -> None:
    for retries, tried in ((0, False), (2, True)):
        with serving(in_turn(reply)) as server, pytest.raises(GlobusError) as raised:
            way(server, monkeypatch, retries).call("timer", "GET", "/jobs/")
        assert (" (tried 3 times in 0 seconds)" in raised.value.message) is tried
