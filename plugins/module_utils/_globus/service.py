# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The Globus services, used with a login: timers, collections, flows and transfer tasks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .._errors import GlobusError, UncertainError
from .._parallel import in_parallel
from .._timers.document import Timer, read_timer, without_task_details
from .._timers.path_findings import FILE, FOLDER, FORBIDDEN, MISSING, UNKNOWN, Look, Seen
from .auth_api import AuthApi
from .auth_requirements import with_requirements
from .collections import SEARCH_MAXIMUM, GlobusCollection, Needs, read_collection
from .http import UNREADABLE, Answer, Http, Tries, in_url, unreadable
from .logins import Login, LoginAuthorizer

if TYPE_CHECKING:
    from .._timers.tasks import Task

SEARCH_PAGE = 100
TASKS_PAGE = 100  # IDs in one request for tasks
TASKS_CONCURRENCY = 4
LISTED_NAMES = 1000  # the most names of a folder that are searched for a similar name


class Globus:
    """The services, signed in. Safe to use from several threads."""

    def __init__(self, http: Http, auth: AuthApi, login: Login) -> None:
        self._http = http
        self._auth = auth
        self._login = login
        self.retries = http.retries
        self.web_app = http.web_app

    def now(self) -> datetime:
        """The time on the service's clock, UTC."""
        return self._http.now()

    def wait(self) -> None:
        """Wait until the services accept requests (again)."""
        self._http.wait()

    # --- consents --------------------------------------------------------------------------------------------------

    def check_consents(self, needs: Needs) -> str | None:
        """Check the consents that timers need before they are created or resumed (rules S3, S4). It changes nothing.

        Returns a warning if that cannot be found out. Raises GlobusError, with the remedy, if a consent is missing.
        """
        return self._login.check_consents(needs)

    @property
    def grants_consents(self) -> bool:
        """Whether this login grants consents by itself."""
        return self._login.grants_consents

    def grant(self, needs: Needs) -> None:
        """Grant the consents that timers need. Only a service account can do this by itself (rules S4, W1)."""
        self._login.grant(needs)

    def missing_consents(self, needs: Needs) -> Needs | None:
        """The missing consents of the login, or None. Raises GlobusError if that cannot be found out."""
        return self._auth.missing_consents(self._login.identity or "", needs, LoginAuthorizer(self._login, "auth"))

    def consent_of(self, collection_id: str) -> str:
        """Whether the login has consented to data_access on a mapped collection: granted, missing or unknown."""
        if self._login.identity is None:
            return "unknown"
        try:
            missing = self.missing_consents(Needs(data_access=(collection_id,)))
        except GlobusError as error:
            if error.http_status != 403:
                raise
            return "unknown"  # not every login may read consents
        return "missing" if missing else "granted"

    def prepare_data_access(self, collections: Sequence[str], check_mode: bool) -> dict[str, str]:
        """Prepare to look at data of mapped collections. Returns those where this is impossible, and why."""
        return self._login.prepare_data_access(collections, check_mode)

    # --- reading ---------------------------------------------------------------------------------------------------

    def list_timers(self, name: str | None = None, results: int = 0) -> list[Timer]:
        """All timers of the account, or those whose name contains ``name``; one request.

        :param results: how many of the last runs to read for each timer.
        """
        query: dict[str, Any] = {"result_count": results}
        if name is not None:
            query["filter_name"] = name
        try:
            hook = without_task_details if results else None
            answer = self._fetch("timer", "/jobs/", "jobs", query=query, object_hook=hook)
        except GlobusError as error:
            if error.http_status != 422 or results:
                raise
            # It is not known whether the service accepts a result_count of 0, so one result per timer is requested.
            query["result_count"] = 1
            answer = self._fetch("timer", "/jobs/", "jobs", query=query, object_hook=without_task_details)
        try:
            return [_read_listed(document) for document in answer["jobs"]]
        except UNREADABLE as error:
            # With an incomplete list, an existing timer would look absent and be created again (for purge: rule W7).
            raise GlobusError(
                f"The list of timers could not be read completely: {error}", code="unreadable_answer"
            ) from None

    def get_timer(self, timer_id: str, results: int = 1, *, tries: Tries | None = None) -> Timer | None:
        """The timer with its last runs, or None. A deleted timer is returned as long as the service shows it."""
        query = {"page_size": results}
        try:
            return _read_timer(self._fetch("timer", f"/jobs/{in_url(timer_id)}", "job_id", query=query, tries=tries))
        except GlobusError as error:
            if error.http_status == 404:
                return None
            raise
        except UNREADABLE as error:
            raise GlobusError(f"Timer {timer_id} cannot be read: {error}", code="unreadable_answer") from None

    def list_tasks(self, task_ids: Sequence[str]) -> dict[str, Task]:
        """The Transfer tasks of these IDs, by ID, without those that Transfer no longer knows (rule O2).

        :raises GlobusError: if tasks cannot be read; its code is ``no_credentials`` without a transfer token.
        """
        if not task_ids:
            return {}
        if self._login.token("transfer") is None:
            raise GlobusError(
                "transfer_token is missing (GLOBUS_TRANSFER_TOKEN)",
                code="no_credentials",
                remedy="set transfer_token",
            )
        pages = [task_ids[start : start + TASKS_PAGE] for start in range(0, len(task_ids), TASKS_PAGE)]
        documents = [one for page in in_parallel(self._list_tasks, pages, TASKS_CONCURRENCY) for one in page]
        from .._timers.tasks import read_task  # only some modules read tasks, and importing it takes time

        return {task.id: task for task in map(read_task, documents) if task is not None}

    def _list_tasks(self, task_ids: Sequence[str]) -> Sequence[Any]:
        query = {"filter": f"task_id:{','.join(task_ids)}", "limit": len(task_ids)}
        documents = self._fetch("transfer", "/v0.10/task_list", "DATA", query=query)["DATA"]
        return documents if isinstance(documents, list) else []

    def get_collection(self, collection_id: str) -> GlobusCollection:
        """The collection. Raises GlobusError, with the ID, if it does not exist or is not visible (rule S5)."""
        if self._login.token("transfer") is None:
            raise GlobusError(
                f"Collection {collection_id} cannot be looked up: transfer_token is missing (GLOBUS_TRANSFER_TOKEN)",
                code="no_credentials",
                remedy="set transfer_token",
            )
        try:
            return read_collection(self._fetch("transfer", f"/v0.10/endpoint/{in_url(collection_id)}", "id"))
        except GlobusError as error:
            problem = {
                "EndpointNotFound": "does not exist",
                "EndpointDeleted": "was deleted",
                "PermissionDenied": "is not visible to this login",
            }.get(error.code or "")
            if problem is None and error.http_status in (403, 404):
                problem = "does not exist or is not visible to this login"
            if problem is None:
                raise error.about(f"Collection {collection_id} could not be looked up") from error
            raise GlobusError(
                f"Collection {collection_id} {problem}. Check the ID and the permissions of the login "
                f"({error.message})",
                code=error.code,
                http_status=error.http_status,
                request_id=error.request_id,
            ) from error

    def look(self, look: Look) -> Seen:
        """What exists at a path of a collection (``GET /operation/endpoint/ID/stat``). Never fails.

        The service answers 404 if the path does not exist and 403 if it may not be read (recorded in the test data of
        the SDK). Other errors, such as 502 if the endpoint is off, say nothing about the path. The request is not
        repeated, so that nobody waits half a minute for each path on a laptop that sleeps.
        """
        try:
            document = self._operation(look, "stat", "type")
        except GlobusError as error:
            if error.http_status == 404:
                return Seen(MISSING)
            if error.http_status == 403 and error.code != "ConsentRequired":
                return Seen(FORBIDDEN, _message_line(error.message))
            return Seen(UNKNOWN, _message_line(error.message))
        kind = document["type"]
        if kind in (FILE, FOLDER):
            return Seen(kind)
        return Seen(UNKNOWN, f"{look.path} is neither a file nor a folder, but {kind!r}")

    def list_folder(self, look: Look) -> list[tuple[str, bool]]:
        """The names in a folder of a collection, each with whether it is a folder."""
        listed = self._operation(look, "ls", "DATA", limit=LISTED_NAMES)["DATA"]
        if not isinstance(listed, list):
            raise unreadable("transfer")
        return [(str(one.get("name")), one.get("type") == FOLDER) for one in listed if isinstance(one, Mapping)]

    def _operation(self, look: Look, operation: str, key: str, **query: Any) -> Mapping[str, Any]:
        """Send one request about a path, without repetitions."""
        query["path"] = look.path
        if look.local_user is not None:
            query["local_user"] = look.local_user
        path = f"/v0.10/operation/endpoint/{in_url(look.collection)}/{operation}"
        return self._fetch("transfer", path, key, query=query, tries=Tries(0))

    def check_flow(self, flow_id: str) -> None:
        """Raises GlobusError, with the ID, if the flow does not exist or is not visible.

        A login without a token for Globus Flows skips this: its consents are checked anyway.
        """
        try:
            if self._login.token("flows") is None:
                return
        except GlobusError as error:
            if error.code == "login_required":
                return
            raise
        try:
            self._fetch("flows", f"/flows/{in_url(flow_id)}", "id")
        except GlobusError as error:
            if error.http_status not in (403, 404):
                raise error.about(f"Flow {flow_id} could not be looked up") from None
            raise GlobusError(
                f"Flow {flow_id} does not exist or is not visible to this login. Check the ID ({error.message})",
                code="flow_not_found",
                http_status=error.http_status,
                request_id=error.request_id,
            ) from None

    def search_collections(self, text: str) -> list[GlobusCollection]:
        """The collections that match a text, page by page; the service returns a thousand at most."""
        if self._login.token("transfer") is None:
            raise GlobusError(
                "Collections cannot be searched: transfer_token is missing (GLOBUS_TRANSFER_TOKEN)",
                code="no_credentials",
                remedy="set transfer_token",
            )
        found: list[GlobusCollection] = []
        while len(found) < SEARCH_MAXIMUM:
            page = {"limit": min(SEARCH_PAGE, SEARCH_MAXIMUM - len(found)), "offset": len(found)}
            query = {"filter_fulltext": text, **page}
            answer = self._fetch("transfer", "/v0.10/endpoint_search", "DATA", query=query)
            try:
                found += [read_collection(document) for document in answer["DATA"]]
            except UNREADABLE:
                raise unreadable("transfer") from None
            if not answer["DATA"] or not answer.get("has_next_page"):
                break
        return found

    # --- writing ---------------------------------------------------------------------------------------------------

    def create_timer(self, document: Mapping[str, Any]) -> Timer:
        """Create a timer. The request is sent exactly once.

        :raises UncertainError: if the answer leaves open whether the timer was created (rule W2).
        """
        answer = self._call("POST", "/v2/timer", body={"timer": dict(document)}, create=True)
        try:
            timer = read_timer(answer.document()["timer"])
        except UNREADABLE:
            timer = None
        if timer is None or timer.unreadable is not None:
            raise UncertainError(
                "Globus Timers accepted the timer, but the module could not read the answer", code="unreadable_answer"
            )
        return timer

    def delete_timer(self, timer_id: str) -> None:
        """Delete a timer. If it no longer exists, that is not an error (rule W5)."""
        self._change_timer("DELETE", timer_id, lambda timer: timer is None or timer.is_gone)

    def pause_timer(self, timer_id: str) -> None:
        self._change_timer("POST", timer_id, lambda timer: bool(timer and timer.is_inactive), "/pause")

    def resume_timer(self, timer_id: str) -> None:
        """Resume a timer with the credentials of this request (rule S6).

        The credentials are updated whatever made the timer inactive: if it was stopped because a consent was missing,
        and a user then paused it, it shows only the pause.

        The schema has ``update_credentials`` as a query parameter, and SDK 4.9 sends it in the body. It is not known
        which one the service reads, so both are sent.
        """
        self._change_timer(
            "POST",
            timer_id,
            lambda timer: bool(timer and timer.is_unfinished and not timer.is_inactive),
            "/resume",
            query={"update_credentials": "true"},
            body={"update_credentials": True},
        )

    def rename_timer(self, timer_id: str, name: str) -> None:
        self._change_timer("PATCH", timer_id, lambda timer: bool(timer and timer.name == name), body={"name": name})

    # --- requests --------------------------------------------------------------------------------------------------

    def _fetch(self, service: str, path: str, key: str, **request: Any) -> Mapping[str, Any]:
        return self._http.read(service, path, key, authorizer=LoginAuthorizer(self._login, service), **request)

    def _call(self, method: str, path: str, **request: Any) -> Answer:
        """Send a request to Globus Timers."""
        return self._http.call("timer", method, path, authorizer=LoginAuthorizer(self._login, "timer"), **request)

    def _change_timer(
        self,
        method: str,
        timer_id: str,
        is_done: Callable[[Timer | None], bool],
        action: str = "",
        **request: Any,
    ) -> None:
        """Change a timer with a request that is safe to repeat (rule W5).

        If a repetition is refused, or a proxy answers instead of the service, the state of the timer shows whether the
        change took place.

        The change and the reading after it share ``retries``: the repetitions of both together are at most that many.
        If a proxy answers every change, a reading follows each of these changes, so at most 2 * (retries + 1) requests
        are sent.
        """
        tries = self._http.tries()
        while True:
            try:
                answer = self._call(method, f"/jobs/{in_url(timer_id)}{action}", tries=tries, **request)
            except GlobusError as error:
                if error.http_status in (401, 403, 429) or not self._is_confirmed(timer_id, is_done, tries):
                    raise
                return
            if isinstance(answer.document(), Mapping) or self._is_confirmed(timer_id, is_done, tries):
                return
            if not tries.again():
                raise unreadable("timer")
            time.sleep(tries.pause())

    def _is_confirmed(self, timer_id: str, is_done: Callable[[Timer | None], bool], tries: Tries) -> bool:
        """Whether the change of a timer took place; false if the timer cannot be read."""
        try:
            return is_done(self.get_timer(timer_id, tries=tries))
        except GlobusError:
            return False


def _message_line(message: str) -> str:
    """The important line of an endpoint's error: ``Message:``, or else the first. The rest are server details."""
    lines = [line.strip() for line in message.strip().splitlines()]
    line_of_message = next((line.partition(":")[2].strip() for line in lines if line.startswith("Message:")), "")
    return line_of_message or (lines[0] if lines else "")


def _read_timer(document: Any) -> Timer:
    """A timer; an inactive one with its ``requirements``."""
    timer = read_timer(document)
    return with_requirements(timer) if timer.is_inactive else timer


def _read_listed(document: Any) -> Timer:
    """A timer of a list. Raises ValueError, with the ID, if it cannot be read: then the whole list is unusable."""
    try:
        return _read_timer(document)
    except UNREADABLE as error:
        timer_id = document.get("job_id") if isinstance(document, Mapping) else None
        raise ValueError(f"timer {timer_id}: {error}" if timer_id else str(error)) from None
