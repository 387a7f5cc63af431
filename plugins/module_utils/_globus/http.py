# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Requests to Globus services: the addresses they may use, how often they are repeated, and errors in words.

This file does not depend on a login: the caller passes an authorizer. Requests are repeated here, except that
``service`` also repeats a change of a timer if a proxy answered it. An operation repeats its requests at most
``retries`` times, for any cause: a connection error, a status such as 503, or an unreadable answer (rules W5, W6). The
SDK's own retries are switched off, because they would multiply these. In addition, a refused token is renewed once.

The creation of a timer is sent only once, because it is not safe to repeat. If the answer leaves open whether the timer
was created, ``UncertainError`` is raised, and ``_apply.execute`` finds out (rule W2).

Importing globus_sdk takes longer than the rest of a task, apart from its requests, so it is imported when it is needed
(rule C4).
"""

from __future__ import annotations

import ipaddress
import json
import math
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import SplitResult, quote, unquote, urlsplit

from .._arguments import ENVIRONMENTS
from .._errors import GlobusError, UncertainError
from .._secrets import register

if TYPE_CHECKING:
    from globus_sdk.transport import RequestsTransport

RETRY_AFTER_MAXIMUM = 60.0  # seconds; the longest time between two tries that a service can ask for
# Seconds to make a connection, or request_timeout if that is shorter. So a firewall that drops packets is noticed soon.
CONNECT_TIMEOUT = 20.0
PAUSE_BETWEEN_TRIES = 0.5  # seconds, doubled with each try
REPEATED = (429, 500, 502, 503, 504)  # the statuses after which a request is repeated
# Variables with the CA bundle of a site, which other programs read, too; the first that is set counts
CA_VARIABLES = ("GLOBUS_SDK_VERIFY_SSL", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
LONGEST_NUMBER = 300  # digits; a float has no more
SECRET_FIELDS = ("client_secret", "code", "code_verifier", "refresh_token", "token")  # of the forms of Globus Auth
SLOW_DOWN = (429, 503)  # the statuses after which all requests wait

# The errors when a document has an unknown shape: other types, infinite numbers, thousands of levels
UNREADABLE = (AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError)

Hook = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True)
class Service:
    """A Globus service.

    :ivar name: its name in messages.
    :ivar resource_server: its name in Globus Auth.
    """

    name: str
    resource_server: str


# By their names in the SDK. The variable ``GLOBUS_SDK_SERVICE_URL_`` with that name overrides the address.
SERVICES = {
    "auth": Service("Globus Auth", "auth.globus.org"),
    "transfer": Service("Globus Transfer", "transfer.api.globus.org"),
    "timer": Service("Globus Timers", "524230d7-ea86-4a52-8312-86065a9e0417"),
    "flows": Service("Globus Flows", "flows.globus.org"),
}


class Authorizer(Protocol):
    """Signs requests to one service. The first two methods are the interface of the SDK's own authorizers."""

    def get_authorization_header(self) -> str | None:
        """The value of the header."""

    def handle_missing_authorization(self) -> bool:
        """Called once for a request that got a 401. Returns whether there is another token now."""

    def refusal(self) -> tuple[str, str | None] | None:
        """Why the service refuses even a renewed token, and the remedy; None if nothing more is known."""


class Pace:
    """Makes all requests wait after a 429 or 503, until the service accepts them again (rule W6)."""

    def __init__(self) -> None:
        self._until = 0.0

    def hold(self, seconds: float) -> None:
        self._until = max(self._until, time.monotonic() + seconds)

    def wait(self) -> None:
        while (remaining := self._until - time.monotonic()) > 0:  # another thread may have extended it
            time.sleep(remaining)


class Tries:
    """Counts the repetitions of the requests of one operation."""

    def __init__(self, retries: int) -> None:
        self._retries = retries
        self._began = time.monotonic()
        self.repeated = 0

    def again(self) -> bool:
        """Count another try, if one is allowed. Returns whether it is."""
        if self.repeated >= self._retries:
            return False
        self.repeated += 1
        return True

    def summary(self) -> str:
        """The number of tries and their duration, for a message; empty if there was only one."""
        seconds = time.monotonic() - self._began
        return f" (tried {self.repeated + 1} times in {seconds:.0f} seconds)" if self.repeated else ""

    def pause(self) -> float:
        """Seconds before the next try, which grow with each try up to a maximum (rule W6)."""
        return pause_before(self.repeated)


@dataclass(frozen=True)
class Answer:
    """The answer of a service."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def document(self, object_hook: Hook | None = None) -> Any:
        """The JSON in the answer, or None if there is none.

        :param object_hook: replaces each object as soon as it is read, as in ``json.loads``.
        """
        try:
            return json.loads(self.content, object_hook=object_hook, parse_constant=str, parse_float=_finite)
        except (ValueError, RecursionError):
            pass
        try:
            # Python refuses numbers of thousands of digits. Such a number must not make the whole answer unreadable.
            return json.loads(
                self.content,
                object_hook=object_hook,
                parse_constant=str,
                parse_float=_finite,
                parse_int=_to_integer,
            )
        except (ValueError, RecursionError):
            return None


def _finite(text: str) -> float | str:
    """A number; an infinite one stays text, which is refused with a message when a number is expected."""
    number = float(text)
    return text if math.isinf(number) else number


def _to_integer(text: str) -> int | str:
    """A number; one with too many digits stays text."""
    return int(text) if len(text) <= LONGEST_NUMBER else text


class Http:
    """The connection to the services. Safe to use from several threads.

    :param environment: one of the SDK's environments.
    :param request_timeout: seconds for one HTTP request.
    :param retries: how often the requests of one operation are repeated.
    :raises GlobusError: if an address or a setting would make it unsafe to send credentials (rule X2).
    """

    def __init__(self, environment: str, *, request_timeout: float, retries: int) -> None:
        from globus_sdk.config import get_webapp_url

        self.environment = environment
        self.retries = retries
        self.web_app = get_webapp_url(environment)
        self.addresses = service_addresses(environment)
        self._request_timeout = request_timeout
        _register_proxies()
        self._certificates = certificate_check()
        self._pace = Pace()
        self._clock_offset = timedelta(0)
        self._local = threading.local()

    def now(self) -> datetime:
        """The time on the service's clock, by the ``Date`` of its last answer. The clock of this host may be wrong."""
        return (datetime.now(timezone.utc) + self._clock_offset).replace(microsecond=0)

    def wait(self) -> None:
        """Wait until the services accept requests (again)."""
        self._pace.wait()

    def tries(self) -> Tries:
        """A new counter of repetitions, for an operation of several requests."""
        return Tries(self.retries)

    def read(
        self, service: str, path: str, key: str, *, object_hook: Hook | None = None, method: str = "GET", **request: Any
    ) -> Mapping[str, Any]:
        """The JSON object of an answer, which must have ``key``. After an unreadable answer the request is repeated.

        :param request: as in ``call``.
        """
        tries = request.pop("tries", None) or self.tries()
        while True:
            document = self.call(service, method, path, tries=tries, **request).document(object_hook)
            if isinstance(document, Mapping) and key in document:
                return document
            if not tries.again():
                raise unreadable(service, key)
            time.sleep(tries.pause())

    def call(
        self,
        service: str,
        method: str,
        path: str,
        *,
        authorizer: Authorizer | None = None,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
        create: bool = False,
        tries: Tries | None = None,
    ) -> Answer:
        """Send one request, and repeat it if that is safe and may help.

        :param path: its variable parts must be quoted with ``in_url``.
        :param body: sent as JSON.
        :param form: sent as a form.
        :param create: whether the request creates something, so that it is not safe to repeat (rule W2).
        :param tries: the counter of an operation of several requests.
        :raises UncertainError: only with ``create``, if it is not known whether the request was processed.
        """
        register(*(value for name, value in (form or {}).items() if name in SECRET_FIELDS))
        tries = tries or self.tries()
        data = {"data": body} if form is None else {"data": form, "encoding": "form"}
        may_renew = authorizer is not None
        while True:
            try:
                response = self._send_once(service, method, path, authorizer, query_params=query, **data)
            except _NoAnswerError as failure:
                if create or failure.is_final or not tries.again():
                    kind = UncertainError if create and not failure.is_final else GlobusError
                    raise kind(f"{failure}{tries.summary()}{failure.hint}", code="no_answer") from None
                time.sleep(tries.pause())
                continue
            if response.status_code == 401 and authorizer is not None and may_renew:
                may_renew = False
                if authorizer.handle_missing_authorization():
                    continue
            if not self._wait_to_repeat(response, create, tries):
                break
        if response.status_code >= 300:
            raise _refusal_of_answer(service, response, create, authorizer, tries.summary())
        if service == "timer":
            self._read_clock(response.headers.get("Date"))
        return Answer(response.status_code, response.headers, response.content)

    def _wait_to_repeat(self, response: Any, create: bool, tries: Tries) -> bool:
        """Whether to send the request again after this answer. If so, wait as long as that requires."""
        status = response.status_code
        if status in SLOW_DOWN:
            self._pace.hold(_seconds_to_wait(response.headers.get("Retry-After"), tries))
        if create or status not in REPEATED or not tries.again():
            return False
        if status not in SLOW_DOWN:  # after those, every request waits for the pace
            time.sleep(tries.pause())
        return True

    def _send_once(self, service: str, method: str, path: str, authorizer: Authorizer | None, **request: Any) -> Any:
        """Send a request once. Raises _NoAnswerError."""
        from globus_sdk import exc
        from globus_sdk.transport import RequestCallerInfo, RetryConfig

        address = self.addresses[service]
        caller: Any = authorizer
        try:
            return self._transport(service).request(
                method,
                f"{address.rstrip('/')}{path}",
                caller_info=RequestCallerInfo(retry_config=RetryConfig(max_retries=0), authorizer=caller),
                allow_redirects=False,
                **request,
            )
        except exc.NetworkError as error:
            cause = error.underlying_exception
            reason, is_final = _network_reason(cause, service, address, self._certificates)
            hint = ""
            if not reason:
                reason, hint = self._temporary_reason(cause, service)
            name = SERVICES[service].name
            raise _NoAnswerError(f"{name} did not answer ({address}): {reason}", is_final, hint) from None
        except (ValueError, TypeError, RecursionError) as error:
            # Such as half a character (a surrogate) in a form. The text of the error may quote a secret (rule X1).
            raise GlobusError(
                f"The request to {SERVICES[service].name} could not be sent ({type(error).__name__}): it contains a "
                "value that cannot be encoded",
                code="not_sent",
            ) from None

    def _temporary_reason(self, cause: Any, service: str) -> tuple[str, str]:
        """Why there was no answer, for reasons that may be temporary, and what to check if a repetition does not
        help."""
        address = self.addresses[service]
        if is_loopback(address):
            variable = f"GLOBUS_SDK_SERVICE_URL_{service.upper()}"
            hint = f". Restart the local Globus, or unset {variable} to use the real Globus"
        else:
            hint = ". Check the network, the firewall and the proxy of this host"
        return _in_words(cause, urlsplit(address).hostname, self._request_timeout), hint

    def _read_clock(self, date: str | None) -> None:
        try:
            moment = parsedate_to_datetime(date or "")
        except (TypeError, ValueError, OverflowError):
            return
        if moment.tzinfo is not None and 2000 < moment.year < 2200:  # a later date could overflow
            self._clock_offset = moment - datetime.now(timezone.utc)

    def _transport(self, service: str) -> RequestsTransport:
        """The SDK's transport to a service, one for each thread, because threads must not share a requests session."""
        transports: dict[str, RequestsTransport] = self._local.__dict__.setdefault("transports", {})
        if service not in transports:
            transports[service] = self._make_transport(service)
        return transports[service]

    def _make_transport(self, service: str) -> RequestsTransport:
        from globus_sdk.transport import RequestsTransport
        from requests.adapters import HTTPAdapter

        pace, timeout = self._pace, self._request_timeout

        class PacedAdapter(HTTPAdapter):
            """Waits before each request, but after its token was fetched."""

            def send(self, request: Any, *arguments: Any, **options: Any) -> Any:
                register(str(request.headers.get("Authorization") or "").partition(" ")[2])
                pace.wait()
                options["timeout"] = (min(CONNECT_TIMEOUT, timeout), timeout)
                return super().send(request, *arguments, **options)

        transport = RequestsTransport(verify_ssl=True, http_timeout=self._request_timeout)
        transport.verify_ssl = self._certificates  # possibly a folder, which the SDK's parameter does not accept
        transport.user_agent = "research_ops.globus"
        for scheme in ("https://", "http://"):
            transport.session.mount(scheme, PacedAdapter())
        if is_loopback(self.addresses[service]):
            transport.session.trust_env = False  # requests to this machine do not use a proxy
        return transport


def _register_proxies() -> None:
    """Register the user and password of a proxy as secrets, because they are sent to it."""
    for name, value in os.environ.items():
        if name.lower() in ("http_proxy", "https_proxy", "all_proxy") and "@" in value:
            user = value.rpartition("@")[0].rpartition("//")[2]
            register(user, user.partition(":")[2], unquote(user), unquote(user.partition(":")[2]))


def in_url(part: str) -> str:
    """A variable part of a path, quoted."""
    return quote(part, safe="")


def pause_before(repetition: int) -> float:
    """Seconds before the n-th repetition (from 1), which grow up to a maximum (rule W6)."""
    return min(PAUSE_BETWEEN_TRIES * 2.0 ** min(repetition - 1, 20), RETRY_AFTER_MAXIMUM)


def _seconds_to_wait(retry_after: str | None, tries: Tries) -> float:
    """Seconds until the next request after a 429 or 503: the service's ``Retry-After``, or growing pauses."""
    seconds = _retry_after(retry_after)
    return pause_before(tries.repeated + 1) if seconds is None else seconds


def _retry_after(value: str | None) -> float | None:
    """The seconds in a ``Retry-After`` header (a number or an HTTP date), up to a maximum, or None."""
    try:
        seconds = float(value or "")
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value or "") - datetime.now(timezone.utc)).total_seconds()
        except (TypeError, ValueError, OverflowError):
            return None
    if math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), RETRY_AFTER_MAXIMUM)


# --- where credentials may go (rule X2) ----------------------------------------------------------------------------


def service_addresses(environment: str) -> dict[str, str]:
    """The root address of each service, including overrides by ``GLOBUS_SDK_SERVICE_URL_*``.

    :raises GlobusError: if an override is neither a host of the SDK's environments (https) nor this machine.
    """
    from globus_sdk.config import get_service_url

    addresses = {service: get_service_url(service, environment) for service in SERVICES}
    for service, address in addresses.items():
        variable = f"GLOBUS_SDK_SERVICE_URL_{service.upper()}"
        if os.environ.get(variable) and not is_loopback(address) and not _is_globus(address, service):
            parts = _plain_parts(address)
            raise GlobusError(
                f"{variable} is set to {(parts and parts.netloc) or 'an invalid address'}. The modules send "
                "credentials only to Globus over https, or to this machine (loopback) for rehearsals. Unset the "
                "variable",
                code="untrusted_address",
                remedy=f"unset {variable}",
            )
    return addresses


def is_loopback(address: str) -> bool:
    """Whether the address is on this machine, where http is allowed."""
    parts = _plain_parts(address)
    if parts is None or parts.scheme not in ("http", "https"):
        return False
    host = parts.hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_globus(address: str, service: str) -> bool:
    from globus_sdk.config import EnvConfig

    configurations = filter(None, map(EnvConfig.get_by_name, ENVIRONMENTS))
    known = {urlsplit(configuration.get_service_url(service)).netloc for configuration in configurations}
    parts = _plain_parts(address)
    return parts is not None and parts.scheme == "https" and parts.netloc in known


def _plain_parts(address: str) -> SplitResult | None:
    """The parts of an address, or None if it is malformed or contains user information (``user@``). In ``http://a\\@b/``
    the HTTP library would take ``a`` as the host, not ``b``.
    """
    try:
        parts = urlsplit(address)
        plain = "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return None
    return parts if plain else None


def certificate_check() -> bool | str:
    """What to verify certificates with: True, or the CA bundle that one of ``CA_VARIABLES`` names.

    :raises GlobusError: if ``GLOBUS_SDK_VERIFY_SSL`` would switch the check off, or the bundle does not exist.
    """
    for variable in CA_VARIABLES:
        value = os.environ.get(variable, "").strip()
        is_switch = variable == "GLOBUS_SDK_VERIFY_SSL"
        if not value or (is_switch and value.lower() in ("y", "yes", "t", "true", "on", "1")):
            continue
        if is_switch and value.lower() in ("n", "no", "f", "false", "off", "0"):
            raise GlobusError(
                f"GLOBUS_SDK_VERIFY_SSL is {value!r}, but the check of certificates cannot be disabled. Unset the "
                "variable, or set it to the file of your site's CA bundle",
                code="certificate_check_off",
                remedy="unset GLOBUS_SDK_VERIFY_SSL",
            )
        if not os.path.exists(value) or not os.access(value, os.R_OK):
            fault = "cannot be read" if os.path.exists(value) else "does not exist"
            raise GlobusError(
                f"{variable} is set to the CA bundle {value}, which {fault}. Set the variable to the file of your "
                "site's CA bundle, or unset it",
                code="ca_bundle",
                remedy=f"unset {variable}",
            )
        return value
    return True


# --- errors in words -----------------------------------------------------------------------------------------------


class _NoAnswerError(Exception):
    """No answer came; the text says why.

    :ivar is_final: whether the request was not sent, and a repetition would not be sent either.
    :ivar hint: what to check, for the end of the message.
    """

    def __init__(self, message: str, is_final: bool, hint: str) -> None:
        super().__init__(message)
        self.is_final = is_final
        self.hint = hint


def unreadable(service: str, key: str | None = None) -> GlobusError:
    """The error for an answer that is not a document of the service."""
    lacking = f" ({key} is missing)" if key else ""
    return GlobusError(
        f"{SERVICES[service].name} returned an invalid answer{lacking}. Check whether a proxy or a sign-in page of "
        "the network answers instead",
        code="unreadable_answer",
    )


def _refusal_of_answer(
    service: str, response: Any, create: bool, authorizer: Authorizer | None, tried: str = ""
) -> GlobusError:
    """The failure for an answer of 300 or above, with the reason in the service's own words."""
    status = response.status_code
    if status < 400:
        return GlobusError(
            f"{SERVICES[service].name} answered with a redirect. The module does not follow it, because it would "
            "send the credentials to another address",
            code="redirect",
            http_status=status,
        )
    body = Answer(status, response.headers, response.content).document()
    explanation = _explanation(body) or response.reason or "no explanation"
    message = f"{SERVICES[service].name} answered {status}: {explanation}{tried}"
    remedy = None
    if status == 401 and authorizer is not None:
        more = authorizer.refusal()
        if more is not None:
            message, remedy = f"{message}: {more[0]}", more[1]
    kind = UncertainError if create and (status >= 500 or status == 408) else GlobusError
    return kind(
        message,
        code=_error_code(body) or f"http_{status}",
        http_status=status,
        request_id=_request_id(body),
        remedy=remedy,
    )


def _sub_errors(body: Any) -> list[Mapping[str, Any]]:
    """The errors in an error body: one in ``error``, a list in ``errors``, or the body itself."""
    if not isinstance(body, Mapping):
        return []
    nested, listed = body.get("error"), body.get("errors")
    if isinstance(nested, Mapping):
        return [nested]
    if isinstance(listed, list) and listed and all(isinstance(one, Mapping) for one in listed):
        return listed
    return [body]


def _error_code(body: Any) -> str | None:
    """The service's own code, where its errors have one, and only one."""
    codes = {one["code"] for one in _sub_errors(body) if isinstance(one.get("code"), str)}
    if isinstance(body, Mapping):
        codes = codes or {body[key] for key in ("code", "error") if isinstance(body.get(key), str)}
    return codes.pop() if len(codes) == 1 and codes != {"Error"} else None


def _request_id(body: Any) -> str | None:
    """The ID of the request, for support; Globus Auth names it ``id``."""
    known = {one[key] for one in _sub_errors(body) for key in ("request_id", "id") if isinstance(one.get(key), str)}
    if isinstance(body, Mapping) and isinstance(body.get("request_id"), str):
        known = {body["request_id"]}
    return known.pop() if len(known) == 1 else None


def _explanation(body: Any) -> str:
    """The messages of an error body, or an empty text."""
    messages = []
    for error in _sub_errors(body):
        for key in ("detail", "message", "error_description", "title", "code", "error"):
            value = error.get(key)
            if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
                messages += [f"{_location(item)}{item.get('msg') or ''}" for item in value]
            elif isinstance(value, str) and value:
                messages.append(value)
            else:
                continue
            break
    return "; ".join(messages)


def _location(item: Mapping[str, Any]) -> str:
    """The place in the document that an item of FastAPI's ``detail`` is about. Its parts may be numbers."""
    parts = item.get("loc")
    return f"{'.'.join(str(part) for part in parts)}: " if isinstance(parts, list) and parts else ""


def _network_reason(cause: Any, service: str, address: str, certificates: bool | str) -> tuple[str, bool]:
    """Why there was no answer, without the internals of the HTTP libraries, and whether a repetition is useless. The
    reason is empty if nothing but the network is to blame.
    """
    if isinstance(cause, ValueError):
        # The text of the error may quote a secret, such as the password in a proxy's address (rule X1).
        return f"the request could not be sent ({type(cause).__name__}). Check HTTPS_PROXY", True
    causes = list(_causes(cause))
    tunnel = re.search(r"Tunnel connection failed: (\d+) ?([^')\"]*)", " ".join(map(str, causes)))
    if tunnel is not None:
        status, reason = tunnel.groups()
        hint = ". Add the user and the password of the proxy to HTTPS_PROXY" if status == "407" else ""
        return f"the proxy refused the connection: {status} {reason}".rstrip() + hint, status.startswith("4")
    untrusted = next((one for one in causes if isinstance(one, ssl.SSLCertVerificationError)), None)
    if untrusted is not None:
        return _untrusted(untrusted, certificates), True
    if isinstance(certificates, str) and any(
        isinstance(one, ssl.SSLError) and re.search("PEM|X509|no certificate or crl", str(one)) for one in causes
    ):
        return f"the CA bundle {certificates} contains no valid certificates", True
    if is_loopback(address) and any(isinstance(one, ConnectionRefusedError) for one in causes):
        variable = f"GLOBUS_SDK_SERVICE_URL_{service.upper()}"
        return (
            f"no server listens on this address. Start the local Globus, or unset {variable} to use the real Globus",
            True,
        )
    if any(isinstance(one, (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)) for one in causes):
        return "the connection was closed before an answer came", False
    return "", False


def _in_words(cause: Any, host: str | None, timeout: float) -> str:
    """A failure of the network, in words."""
    from requests.exceptions import ConnectTimeout
    from urllib3.exceptions import ReadTimeoutError

    causes = list(_causes(cause))
    if any(isinstance(one, ConnectTimeout) for one in causes):
        return f"no connection was made within {min(CONNECT_TIMEOUT, timeout):g} s"
    if any(isinstance(one, ReadTimeoutError) for one in causes):
        return f"it accepted the connection, but sent no answer within request_timeout ({timeout:g} s)"
    if any(isinstance(one, socket.gaierror) for one in causes):
        return f"this host cannot resolve the name {host}"
    of_system = next((one for one in causes if isinstance(one, OSError) and one.strerror), None)
    if of_system is not None:
        return str(of_system.strerror).lower()
    text = str(getattr(cause.args[0], "reason", cause.args[0]) if cause.args else cause)
    return text.rsplit(">: ", 1)[-1] or type(cause).__name__


def _untrusted(error: ssl.SSLCertVerificationError, certificates: bool | str) -> str:
    """What is wrong with a certificate, and what to do about it."""
    message = getattr(error, "verify_message", "") or str(error)
    if "expired" in message or "not yet valid" in message:
        hint = "Check the clock of this host"
    elif "mismatch" in message:
        hint = "Check whether a proxy answers instead"
    else:
        used = certificates if isinstance(certificates, str) else "the certificates of Python's certifi"
        hint = f"If your site has its own CA, set REQUESTS_CA_BUNDLE to the file of its bundle (now used: {used})"
    return f"its certificate is not trusted: {message.rstrip('.')}. {hint}"


def _causes(error: Any) -> Iterator[BaseException]:
    """The error and its causes, outermost first."""
    seen: set[int] = set()
    left = [error]
    while left:
        one = left.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        left += [getattr(one, "reason", None), *one.args, one.__cause__, one.__context__]
