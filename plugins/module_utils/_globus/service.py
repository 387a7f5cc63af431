# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Everything that is asked of Globus: timers, collections, tokens; with retries, time-outs and errors in words.

Reads and the writes that are safe to repeat are repeated by the SDK's own retry policy (rules W5, W6). Creating a timer
is not safe to repeat, so it is sent once: an answer that leaves open what happened raises ``UncertainError``, and
``_apply.execute`` finds out (rule W2).
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from .._errors import GlobusError, UncertainError
from .._timers.document import Timer, read_timer, slim
from .._timers.paths import FILE, FOLDER, FORBIDDEN, MISSING, UNKNOWN, Look, Seen
from . import credentials as _auth
from .collections import Collection, Needs, read_collection
from .logins import NAMES, Authorizer, choose_login
from .token_storage import Token

if TYPE_CHECKING:
    from globus_sdk import BaseClient
    from globus_sdk.response import GlobusHTTPResponse
    from globus_sdk.transport import RequestsTransport, RetryConfig

RETRY_AFTER_MAXIMUM = 60.0  # seconds; what a service may make us wait between two tries
SEARCH_PAGE = 100
SEARCH_MAXIMUM = 1000
LISTED_NAMES = 1000  # of a folder, among which a similar name is looked for
SIGNED_IN = object()  # with the token of the login
PAUSE_BETWEEN_TRIES = 0.5  # seconds, doubled at every try
UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)  # what reading a document of another shape raises


class Pace:
    """Lets requests through; after a 429 or 503 all of them wait until the service wants them again (rule W6)."""

    def __init__(self) -> None:
        self._until = 0.0

    def hold(self, seconds: float) -> None:
        self._until = max(self._until, time.monotonic() + seconds)

    def wait(self) -> None:
        while (remaining := self._until - time.monotonic()) > 0:  # it may be prolonged meanwhile
            time.sleep(remaining)


class Globus:
    """The services, signed in. Safe to use from several threads.

    :param environment: one of the SDK's environments.
    :param request_timeout: seconds for one HTTP request.
    :param retries: how often a request is repeated.
    :raises GlobusError: for an address or a setting that credentials must not be sent with (rule X2).
    """

    def __init__(
        self, credentials: _auth.Credentials, *, environment: str, request_timeout: float, retries: int
    ) -> None:
        from globus_sdk.config import get_webapp_url

        self.retries = retries
        self.web_app = get_webapp_url(environment)
        self._environment = environment
        self._request_timeout = request_timeout
        self._addresses = _auth.service_addresses(environment)
        self._certificates = _auth.certificate_check()
        self._login = choose_login(credentials, environment, self)
        self._consents_read: dict[str, Any] = {}
        self._consents_lock = threading.Lock()
        self._pace = Pace()
        self._clock_offset = timedelta(0)
        self._local = threading.local()

    def now(self) -> datetime:
        """The time on the service's clock, by the ``Date`` of its last answer; a host's own clock may be off."""
        return (datetime.now(timezone.utc) + self._clock_offset).replace(microsecond=0)

    def wait(self) -> None:
        """Until the services want requests (again)."""
        self._pace.wait()

    # --- signing in ------------------------------------------------------------------------------------------------

    def check_consents(self, needs: Needs) -> str | None:
        """Before timers are created or resumed: whether the consents are there that they need (rules S3, S4).

        Reads only. A warning where nobody can tell; raises GlobusError, with the remedy, for a missing consent.
        """
        return self._login.check_consents(needs)

    def grant(self, needs: Needs) -> None:
        """Give the consents that timers need; only a service account can do this by itself (rules S4, W1)."""
        self._login.grant(needs)

    def request_tokens(self, form: Mapping[str, str], client: tuple[str, str | None]) -> dict[str, Token]:
        """Tokens of Globus Auth, by resource server.

        :param client: ID and secret; a native app has no secret, and says its ID in the form.
        """
        client_id, secret = client
        authorizer = _auth.client_authorizer(client_id, secret) if secret else None
        data = dict(form) if secret else {**form, "client_id": client_id}
        answer = self._readable("auth", _post_form("/v2/oauth2/token", **data), "access_token", authorizer=authorizer)
        try:
            return {
                str(token["resource_server"]): Token(
                    access_token=str(token["access_token"]),
                    expires_at=time.time() + float(token["expires_in"]),
                    refresh_token=token.get("refresh_token"),
                    scope=str(token.get("scope") or ""),
                )
                for token in (answer, *(answer.get("other_tokens") or ()))
            }
        except UNREADABLE:
            # Not even the reason is told: it could quote a token (rule X1).
            raise GlobusError(
                "Globus Auth answered with tokens that cannot be read", code="unreadable_answer"
            ) from None

    def missing_consents(self, identity: str, needs: Needs) -> Needs | None:
        """What a person has not consented to; None: all is there. Nothing in it: not even transfers by timers."""
        consents = self._consents(identity)
        if not _auth.lacks_consent(consents, needs):
            return None
        lacking = [one for one in needs.each() if _auth.lacks_consent(consents, one)]
        return Needs(
            transfers=needs.transfers,
            data_access=tuple(collection for one in lacking for collection in one.data_access),
            flows=tuple(flow for one in lacking for flow in one.flows),
        )

    def consent_of(self, collection_id: str) -> str:
        """Whether the login has consented to data_access on a mapped collection: granted, missing or unknown."""
        identity = self._login.identity
        if identity is None:
            return "unknown"
        try:
            consents = self._consents(identity)
        except GlobusError as error:
            if error.http_status != 403:
                raise
            return "unknown"  # not every login may read consents
        return "missing" if _auth.lacks_consent(consents, Needs(data_access=(collection_id,))) else "granted"

    def missing_data_consents(self, identity: str, collections: Sequence[str]) -> list[str]:
        """The mapped collections at whose data a person's login may not look itself."""
        if not collections:
            return []
        consents = self._consents(identity)
        return [one for one in collections if _auth.lacks_data_consent(consents, one)]

    def open_data(self, collections: Sequence[str], check_mode: bool) -> dict[str, str]:
        """Get ready to look at the data of mapped collections; those at which nobody can look, and why."""
        return self._login.open_data(collections, check_mode)

    def _consents(self, identity: str) -> Any:
        """The consent documents that an identity has given to the client of the login; read once."""
        with self._consents_lock:
            if identity not in self._consents_read:
                path = f"/v2/api/identities/{identity}/consents"
                answer = self._readable("auth", lambda auth: auth.get(path), "consents")
                self._consents_read[identity] = answer["consents"]
            return self._consents_read[identity]

    def user_information(self, access_token: str) -> Mapping[str, Any]:
        """Who an access token of Globus Auth belongs to: ``sub`` and ``preferred_username``."""
        authorizer = _auth.token_authorizer(access_token)
        return self._readable("auth", lambda auth: auth.get("/v2/oauth2/userinfo"), "sub", authorizer=authorizer)

    def revoke(self, token: Token, client_id: str) -> None:
        """Revoke a token of a native app, and what renews it."""
        for secret in filter(None, (token.refresh_token, token.access_token)):
            self._call(
                "auth", _post_form("/v2/oauth2/token/revoke", token=secret, client_id=client_id), authorizer=None
            )

    # --- reading ---------------------------------------------------------------------------------------------------

    def list_timers(self, name: str | None = None, results: int = 0) -> list[Timer]:
        """All timers of the account, or those whose name contains ``name``; one request.

        :param results: how many of its last runs to bring with each timer.
        """
        query: dict[str, Any] = {"result_count": results}
        if name is not None:
            query["filter_name"] = name
        try:
            hook = slim if results else None
            answer = self._readable("timer", lambda client: client.list_jobs(query_params=query), "jobs", hook)
        except GlobusError as error:
            if error.http_status != 422 or results:
                raise
            # Whether the service takes a result_count of 0 is not known: one result per timer is the next best.
            query["result_count"] = 1
            answer = self._readable("timer", lambda client: client.list_jobs(query_params=query), "jobs", slim)
        try:
            return [_read_listed(document) for document in answer["jobs"]]
        except (TypeError, ValueError) as error:
            # Half a list would make a timer look absent, and create it again (rule W7 for purge).
            raise GlobusError(f"The list of timers cannot be read whole: {error}", code="unreadable_answer") from None

    def get_timer(self, timer_id: str, results: int = 1) -> Timer | None:
        """The timer with its last runs, deleted ones included as long as the service shows them; None: unknown ID."""
        query = {"page_size": results}
        try:
            return read_timer(
                self._readable("timer", lambda client: client.get_job(timer_id, query_params=query), "job_id")
            )
        except GlobusError as error:
            if error.http_status == 404:
                return None
            raise
        except UNREADABLE as error:
            raise GlobusError(f"Timer {timer_id} cannot be read: {error}", code="unreadable_answer") from None

    def get_collection(self, collection_id: str) -> Collection:
        """The collection. Raises GlobusError, with the ID, for one that is not there or not visible (rule S5)."""
        if self._login.token("transfer") is None:
            raise GlobusError(
                f"Collection {collection_id} cannot be looked up before its timer is created: transfer_token is "
                "missing (GLOBUS_TRANSFER_TOKEN)",
                code="no_credentials",
                remedy="set transfer_token",
            )
        try:
            return read_collection(self._readable("transfer", lambda client: client.get_endpoint(collection_id), "id"))
        except GlobusError as error:
            said = {
                "EndpointNotFound": "does not exist",
                "EndpointDeleted": "was deleted",
                "PermissionDenied": "is not visible to this login",
            }.get(error.code or "")
            if said is None and error.http_status in (403, 404):
                said = "does not exist or is not visible to this login"
            if said is None:
                raise error.about(f"Collection {collection_id} could not be looked up") from error
            raise GlobusError(
                f"Collection {collection_id} {said}: check the ID, and that the login may see it ({error.message})",
                code=error.code,
                http_status=error.http_status,
                request_id=error.request_id,
            ) from error

    def look(self, look: Look) -> Seen:
        """What there is at a path of a collection (``GET /operation/endpoint/ID/stat``). Never fails.

        The service answers 404 for a path that does not exist and 403 for one that may not be read (recorded in the
        test data of the SDK). Everything else, such as a 502 for an endpoint that is off, says nothing about the path
        and is not asked again: nobody waits half a minute for each path on a laptop that sleeps.
        """
        query = {} if look.local_user is None else {"local_user": look.local_user}
        try:
            document = self._readable(
                "transfer",
                lambda client: client.operation_stat(look.collection, look.path, query_params=query),
                "type",
                create=True,  # sent once
            )
        except GlobusError as error:
            if error.http_status == 404:
                return Seen(MISSING)
            if error.http_status == 403 and error.code != "ConsentRequired":
                return Seen(FORBIDDEN, _first_line(error.message))
            return Seen(UNKNOWN, _first_line(error.message))
        kind = document["type"]
        if kind in (FILE, FOLDER):
            return Seen(kind)
        return Seen(UNKNOWN, f"{look.path} is neither a file nor a folder, but {kind!r}")

    def list_folder(self, look: Look) -> list[tuple[str, bool]]:
        """The names in a folder of a collection, and whether each is a folder."""
        query = {"limit": LISTED_NAMES, **({} if look.local_user is None else {"local_user": look.local_user})}
        answer = self._readable(
            "transfer",
            lambda client: client.operation_ls(look.collection, look.path, query_params=query),
            "DATA",
            create=True,  # sent once
        )
        return [(str(one.get("name")), one.get("type") == FOLDER) for one in answer["DATA"] if isinstance(one, Mapping)]

    def check_flow(self, flow_id: str) -> None:
        """Raises GlobusError, with the ID, for a flow that is not there or not visible.

        A login without a token for Globus Flows cannot ask; its consents say enough.
        """
        try:
            if self._login.token("flows") is None:
                return
        except GlobusError as error:
            if error.code == "login_required":
                return
            raise
        try:
            self._readable("flows", lambda client: client.get_flow(flow_id), "id")
        except GlobusError as error:
            if error.http_status not in (403, 404):
                raise error.about(f"Flow {flow_id} could not be looked up") from None
            raise GlobusError(
                f"Flow {flow_id} does not exist or is not visible to this login: check the ID ({error.message})",
                code="flow_not_found",
                http_status=error.http_status,
                request_id=error.request_id,
            ) from None

    def search_collections(self, text: str) -> list[Collection]:
        """The collections that a text finds, page by page; the service shows a thousand at most."""
        found: list[Collection] = []
        while len(found) < SEARCH_MAXIMUM:
            page = {"limit": min(SEARCH_PAGE, SEARCH_MAXIMUM - len(found)), "offset": len(found)}
            answer = self._readable("transfer", partial(_search, text, page), "DATA")
            found += [read_collection(document) for document in answer["DATA"]]
            if not answer["DATA"] or not answer.get("has_next_page"):
                break
        return found

    # --- writing ---------------------------------------------------------------------------------------------------

    def create_timer(self, document: Mapping[str, Any]) -> Timer:
        """Create a timer, sent exactly once.

        :raises UncertainError: where the answer leaves open whether the timer was created (rule W2).
        """
        answer = self._call("timer", lambda client: client.create_timer(dict(document)), create=True).data
        try:
            return read_timer(answer["timer"])
        except UNREADABLE:
            raise UncertainError(
                "Globus Timers accepted the timer, but its answer cannot be read", code="unreadable_answer"
            ) from None

    def delete_timer(self, timer_id: str) -> None:
        """Delete a timer; one that is gone already is deleted (rule W5)."""
        self._settle(timer_id, lambda client: client.delete_job(timer_id), lambda timer: timer is None or timer.is_gone)

    def pause_timer(self, timer_id: str) -> None:
        self._settle(
            timer_id, lambda client: client.pause_job(timer_id), lambda timer: bool(timer and timer.is_inactive)
        )

    def resume_timer(self, timer_id: str) -> None:
        """Resume a timer with the credentials of this request, whatever made it inactive (rule S6): one that was
        stopped for want of a consent and then paused by hand shows only the pause.

        The schema has ``update_credentials`` as a query parameter, SDK 4.9 sends it in the body. It is not known which
        of them the service reads, so both carry it.
        """
        path = f"/jobs/{timer_id}/resume"
        options: dict[str, Any] = {"query_params": {"update_credentials": "true"}, "data": {"update_credentials": True}}
        self._settle(
            timer_id,
            lambda client: client.post(path, **options),
            lambda timer: bool(timer and timer.is_unfinished and not timer.is_inactive),
        )

    def rename_timer(self, timer_id: str, name: str) -> None:
        self._settle(
            timer_id,
            lambda client: client.update_job(timer_id, {"name": name}),
            lambda timer: bool(timer and timer.name == name),
        )

    def _settle(
        self, timer_id: str, call: Callable[[Any], GlobusHTTPResponse], is_done: Callable[[Timer | None], bool]
    ) -> None:
        """A write that is safe to repeat (rule W5). When its repetition is refused, or the answer is not the service's
        (a proxy's page, before or after anything was done), what counts is how the timer is now.
        """
        for attempt in range(self.retries + 1):
            if attempt:
                time.sleep(_pause(attempt - 1))
            try:
                answer = self._call("timer", call).data
            except GlobusError as error:
                if error.http_status in (401, 403, 429) or not is_done(self.get_timer(timer_id)):
                    raise
                return
            if isinstance(answer, Mapping) or is_done(self.get_timer(timer_id)):
                return
        raise GlobusError(
            f"{NAMES['timer']} answered with something that is not its document: is a proxy in between?",
            code="unreadable_answer",
        )

    # --- requests --------------------------------------------------------------------------------------------------

    def _readable(
        self,
        service: str,
        call: Callable[[Any], GlobusHTTPResponse],
        key: str,
        object_hook: Callable[[dict[str, Any]], Any] | None = None,
        **options: Any,
    ) -> Mapping[str, Any]:
        """The JSON object of an answer that must have ``key``; an unreadable answer is asked for again.

        :param object_hook: what each object in it is replaced by as soon as it is read, as in ``json.loads``.
        """
        for attempt in range(self.retries + 1):
            if attempt:
                time.sleep(_pause(attempt - 1))
            response = self._call(service, call, **options)
            data = response.data if object_hook is None else _decoded(response, object_hook)
            if isinstance(data, Mapping) and key in data:
                return data
        raise GlobusError(
            f"{NAMES[service]} answered with something that is not its document (no {key}): is a proxy in between?",
            code="unreadable_answer",
        )

    def _call(
        self,
        service: str,
        call: Callable[[Any], GlobusHTTPResponse],
        *,
        create: bool = False,
        authorizer: Any = SIGNED_IN,
    ) -> GlobusHTTPResponse:
        """One request, with the SDK's errors turned into ours.

        :param authorizer: instead of the login's, or None for a request without.
        """
        from globus_sdk import exc

        client: Any = self._client(service, create)
        client.authorizer = Authorizer(self._login, service) if authorizer is SIGNED_IN else authorizer
        try:
            response = call(client)
        except exc.GlobusAPIError as error:
            refusal = _refusal(service, error, create)
            if error.http_status == 401 and authorizer is SIGNED_IN:
                refusal = _not_signed_in(refusal, *self._login.refusal(service))
            raise refusal from None
        except exc.NetworkError as error:
            kind = UncertainError if create else GlobusError
            address = self._addresses[service]
            raise kind(
                f"{NAMES[service]} did not answer ({address}): {_network_reason(error)}", code="no_answer"
            ) from None
        except exc.GlobusError as error:
            raise GlobusError(f"{NAMES[service]}: {error}", code="sdk_error") from None
        if 300 <= response.http_status < 400:
            raise GlobusError(
                f"{NAMES[service]} answered with a redirect, which is not followed: credentials go nowhere else",
                code="redirect",
                http_status=response.http_status,
            )
        if service == "timer":
            self._read_clock(response.headers.get("Date"))
        return response

    def _read_clock(self, date: str | None) -> None:
        try:
            moment = parsedate_to_datetime(date or "")
        except (TypeError, ValueError):
            return
        if moment.tzinfo is not None:
            self._clock_offset = moment - datetime.now(timezone.utc)

    def _client(self, service: str, create: bool) -> BaseClient:
        """The SDK's client of a service, one for each thread: a requests session is not made to be shared."""
        clients: dict[tuple[str, bool], BaseClient] = self._local.__dict__.setdefault("clients", {})
        if (service, create) not in clients:
            clients[service, create] = self._make_client(service, create)
        return clients[service, create]

    def _make_client(self, service: str, create: bool) -> BaseClient:
        options: dict[str, Any] = {
            "base_url": self._addresses[service],
            "environment": self._environment,
            "transport": self._make_transport(service),
            "retry_config": self._make_retry_config(create),
            "app_name": "research_ops.globus",
        }
        if service == "timer":
            from globus_sdk import TimersClient

            return TimersClient(**options)
        if service == "transfer":
            from globus_sdk import TransferClient

            return TransferClient(**options)
        if service == "flows":
            from globus_sdk import FlowsClient

            return FlowsClient(**options)
        # The SDK's clients of Auth import a JWT library and cryptography, which a token request does not need.
        from globus_sdk import BaseClient

        return BaseClient(**options)

    def _make_transport(self, service: str) -> RequestsTransport:
        from globus_sdk.transport import RequestsTransport
        from requests.adapters import HTTPAdapter

        pace = self._pace

        class Transport(RequestsTransport):
            """Follows no redirect (rule X2)."""

            def request(self, method: str, url: str, **options: Any) -> Any:
                return super().request(method, url, **{**options, "allow_redirects": False})

        class PacedAdapter(HTTPAdapter):
            """Waits its turn. Below the SDK's retries, so that a repetition waits too."""

            def send(self, *arguments: Any, **options: Any) -> Any:
                pace.wait()
                return super().send(*arguments, **options)

        transport = Transport(verify_ssl=self._certificates, http_timeout=self._request_timeout)
        for scheme in ("https://", "http://"):
            transport.session.mount(scheme, PacedAdapter())
        if _auth.is_loopback(self._addresses[service]):
            transport.session.trust_env = False  # what is meant for this machine does not go through a proxy
        return transport

    def _make_retry_config(self, create: bool) -> RetryConfig:
        from globus_sdk.transport import RetryCheckResult, RetryConfig, RetryContext

        def back_off(context: RetryContext) -> RetryCheckResult:
            """A 429 or 503 holds back every request: as long as it says, or longer each time."""
            last = create or context.attempt >= self.retries
            if context.response is not None and context.response.status_code in (429, 503):
                seconds = _retry_after(context.response.headers.get("Retry-After"))
                if seconds is None:
                    seconds = _pause(context.attempt)
                context.backoff = seconds
                self._pace.hold(seconds)
                return RetryCheckResult.do_not_retry if last else RetryCheckResult.do_retry
            if context.response is not None and context.response.status_code == 401:
                return RetryCheckResult.no_decision  # the SDK has the token renewed, once
            return RetryCheckResult.do_not_retry if last else RetryCheckResult.no_decision

        # One more than asked for: a refused token is renewed also where nothing is to be repeated.
        config = RetryConfig(max_retries=self.retries + 1, max_sleep=RETRY_AFTER_MAXIMUM)
        config.checks.register_check(back_off)  # before the SDK's own, which go by the status alone
        return config


def _read_listed(document: Any) -> Timer:
    """A timer of a list. Raises ValueError, with its ID, for one that cannot be read: it holds up all others."""
    try:
        return read_timer(document)
    except UNREADABLE as error:
        timer_id = document.get("job_id") if isinstance(document, Mapping) else None
        raise ValueError(f"timer {timer_id}: {error}" if timer_id else str(error)) from None


def _post_form(path: str, **form: str) -> Callable[[Any], GlobusHTTPResponse]:
    """A request of Globus Auth, which takes forms."""

    def post(client: Any) -> GlobusHTTPResponse:
        response: GlobusHTTPResponse = client.post(path, data=form, encoding="form")
        return response

    return post


def _search(text: str, page: Mapping[str, int], client: Any) -> GlobusHTTPResponse:
    response: GlobusHTTPResponse = client.endpoint_search(text, **page)
    return response


def _pause(tries: int) -> float:
    """Seconds before another try, after so many repetitions; longer each time, within the bound (rule W6)."""
    return min(PAUSE_BETWEEN_TRIES * 2.0 ** min(tries, 20), RETRY_AFTER_MAXIMUM)


def _first_line(message: str) -> str:
    """What a message of an endpoint says first; its details are many lines of its file server."""
    return message.strip().partition("\n")[0]


def _retry_after(value: str | None) -> float | None:
    """Seconds of a ``Retry-After`` header, a number or an HTTP date, within the bound; None for anything else."""
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


# --- errors in words -----------------------------------------------------------------------------------------------


def _refusal(service: str, error: Any, create: bool) -> GlobusError:
    """What a service refused, and why, in its own words."""
    status = error.http_status
    uncertain = create and (status >= 500 or status == 408)
    code = error.code if isinstance(error.code, str) and error.code != "Error" else None
    kind = UncertainError if uncertain else GlobusError
    return kind(
        f"{NAMES[service]} answered {status}: {_explanation(error)}",
        code=code or _flat(error.raw_json, "error") or f"http_{status}",
        http_status=status,
        request_id=error.request_id,
    )


def _not_signed_in(refusal: GlobusError, why: str, remedy: str | None) -> GlobusError:
    return GlobusError(
        f"{refusal.message}: {why}",
        code=refusal.code,
        http_status=refusal.http_status,
        request_id=refusal.request_id,
        remedy=remedy,
    )


def _decoded(response: GlobusHTTPResponse, object_hook: Callable[[dict[str, Any]], Any]) -> Any:
    """The JSON of an answer, or None for what is none."""
    try:
        return json.loads(response.binary_content, object_hook=object_hook)
    except ValueError:
        return None


def _explanation(error: Any) -> str:
    """The message in any of the services' error bodies. Integers in FastAPI's ``loc`` make the SDK drop it."""
    body = error.raw_json
    if isinstance(body, Mapping):
        detail = body.get("detail")
        if isinstance(detail, list) and all(isinstance(item, Mapping) for item in detail):
            return "; ".join(
                f"{'.'.join(str(part) for part in item.get('loc') or ())}: {item.get('msg', '')}" for item in detail
            )
        nested = body.get("error")
        if isinstance(nested, Mapping):
            return str(nested.get("detail") or nested.get("message") or nested.get("code"))
        for key in ("message", "error_description", "detail"):
            if isinstance(body.get(key), str):
                return str(body[key])
    return str(error.message or error.http_reason or "no explanation")


def _flat(body: Any, key: str) -> str | None:
    return body[key] if isinstance(body, Mapping) and isinstance(body.get(key), str) else None


def _network_reason(error: Any) -> str:
    """Why there was no answer, without the object addresses and pools of the libraries below."""
    cause = error.underlying_exception
    if isinstance(cause, ValueError):
        # Its text quotes what was wrong, such as the password in a proxy's address (rule X1).
        return f"the request could not be made ({type(cause).__name__}); is HTTPS_PROXY right?"
    reason = getattr(cause.args[0], "reason", cause.args[0]) if cause.args else cause
    text = str(reason)
    return text.rsplit(">: ", 1)[-1] or type(cause).__name__
