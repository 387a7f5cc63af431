# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain HTTP requests to the local Globus, for tests that must not use a client library."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from emulator.control import PATIENCE, LocalGlobus
from emulator.scopes import TIMERS_SCOPE, TIMERS_SERVER, TRANSFER_SCOPE, TRANSFER_SERVER, data_access, flow_user

# The default world.
MAPPED = "11111111-aaaa-4aaa-8aaa-000000000001"
MAPPED_TOO = "11111111-aaaa-4aaa-8aaa-000000000002"
GUEST = "22222222-aaaa-4aaa-8aaa-000000000001"
LAPTOP = "33333333-aaaa-4aaa-8aaa-000000000001"
HIGH_ASSURANCE = "44444444-aaaa-4aaa-8aaa-000000000001"
ENDPOINT = "55555555-aaaa-4aaa-8aaa-000000000001"
INVISIBLE = "66666666-aaaa-4aaa-8aaa-000000000001"
DELETED = "77777777-aaaa-4aaa-8aaa-000000000001"
FLOW = "88888888-aaaa-4aaa-8aaa-000000000001"
FAILING_FLOW = "88888888-aaaa-4aaa-8aaa-000000000002"
HIDDEN_FLOW = "88888888-aaaa-4aaa-8aaa-000000000003"
PERSON = "dddddddd-0000-4000-8000-000000000001"
COLLEAGUE = "dddddddd-0000-4000-8000-000000000002"
NATIVE_APP = "eeeeeeee-0000-4000-8000-000000000001"
OTHER_CLIENT = "cccccccc-0000-4000-8000-000000000002"
UNKNOWN = "99999999-aaaa-4aaa-8aaa-000000000001"


def timer_scope(*collections: str) -> str:
    """The scope that a timer needs to transfer on these mapped collections."""
    below = " ".join(f"*{data_access(one)}" for one in collections)
    return f"{TIMERS_SCOPE}[{TRANSFER_SCOPE}{f'[{below}]' if below else ''}]"


def flow_timer_scope(flow_id: str) -> str:
    """The scope that a timer needs to run a flow."""
    return f"{TIMERS_SCOPE}[{flow_user(flow_id)}]"


@dataclass
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The decoded body."""
        return json.loads(self.text)


@dataclass
class Api:
    """Plain requests to the services, without a library that retries or hides anything."""

    globus: LocalGlobus
    tokens: dict[str, str] = field(default_factory=dict)

    def login(self, *collections: str, consent: bool = True) -> Api:
        """Get a timers token (with consents for these collections) and a transfer token."""
        timers = timer_scope(*collections) if consent else TIMERS_SCOPE
        minted = self.globus.mint([timers, TRANSFER_SCOPE])
        self.tokens = {server: one["access_token"] for server, one in minted.items()}
        return self

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        form: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        timeout: float = PATIENCE,
    ) -> Answer:
        """Send a request on a new connection."""
        sent = dict(headers or {})
        if token is None and form is None:
            token = self.tokens.get(TRANSFER_SERVER if path.startswith("/v0.10") else TIMERS_SERVER)
        if token:
            sent["Authorization"] = f"Bearer {token}"
        data: str | None = None
        if form is not None:
            data, sent["Content-Type"] = urlencode(form), "application/x-www-form-urlencoded"
        elif body is not None:
            data = body if isinstance(body, str) else json.dumps(body)
            sent["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection(urlsplit(self.globus.url).netloc, timeout=timeout)
        try:
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read().decode())
        finally:
            connection.close()

    def token(self, scope: str, **form: str) -> Answer:
        """A token request of the world's client."""
        wanted = {"grant_type": "client_credentials", "scope": scope, **form}
        credentials = {"client_id": self.globus.client_id, "client_secret": self.globus.client_secret}
        return self.call("POST", "/v2/oauth2/token", form={**credentials, **wanted})

    def document(self, **changes: Any) -> dict[str, Any]:
        """A creation document: daily, between guest collections, so that only the consent to transfer is needed."""
        body: dict[str, Any] = {
            "DATA_TYPE": "transfer",
            "source_endpoint": changes.pop("source", GUEST),
            "destination_endpoint": changes.pop("destination", GUEST),
            "DATA": [{"DATA_TYPE": "transfer_item", "source_path": "/a/", "destination_path": "/b/"}],
            **changes.pop("body", {}),
        }
        schedule = changes.pop("schedule", {"type": "recurring", "interval_seconds": 86400})
        timer = {"timer_type": "transfer", "name": "backup", "schedule": schedule, "body": body, **changes}
        return {"timer": timer}

    def flow_document(self, **changes: Any) -> dict[str, Any]:
        """A creation document: daily, a flow."""
        schedule = changes.pop("schedule", {"type": "recurring", "interval_seconds": 86400})
        body = {"body": {"x": 1}, **changes.pop("body", {})}
        timer = {"timer_type": "flow", "flow_id": FLOW, "name": "flow", "schedule": schedule, "body": body, **changes}
        return {"timer": timer}

    def create(self, **changes: Any) -> str:
        """Create a timer that transfers. Returns its ID."""
        return self.make(self.document(**changes))

    def create_flow_timer(self, **changes: Any) -> str:
        """Create a timer that runs a flow. Returns its ID."""
        return self.make(self.flow_document(**changes))

    def make(self, document: dict[str, Any]) -> str:
        """Create a timer from a creation document. Returns its ID."""
        answer = self.call("POST", "/v2/timer", document)
        assert answer.status == 201, answer.text
        return str(answer.json["timer"]["job_id"])

    def job(self, job_id: str) -> dict[str, Any]:
        """A timer as the service shows it."""
        answer = self.call("GET", f"/jobs/{job_id}")
        assert answer.status == 200, answer.text
        found: dict[str, Any] = answer.json
        return found

    def jobs(self, **query: Any) -> list[dict[str, Any]]:
        """A list of timers."""
        answer = self.call("GET", f"/jobs/?{urlencode(query)}")
        assert answer.status == 200, answer.text
        found: list[dict[str, Any]] = answer.json["jobs"]
        return found

    def tasks(self, clauses: str = "", **query: Any) -> list[dict[str, Any]]:
        """A list of transfer tasks, at most a thousand."""
        answer = self.call("GET", f"/v0.10/task_list?{urlencode({'filter': clauses, 'limit': 1000, **query})}")
        assert answer.status == 200, answer.text
        found: list[dict[str, Any]] = answer.json["DATA"]
        return found

    def task(self, task_id: str) -> dict[str, Any]:
        """A transfer task."""
        answer = self.call("GET", f"/v0.10/task/{task_id}")
        assert answer.status == 200, answer.text
        found: dict[str, Any] = answer.json
        return found

    def last_task(self, job_id: str) -> dict[str, Any]:
        """The transfer task of a timer's last run."""
        return self.task(self.job(job_id)["results"]["data"][0]["data"]["details"]["task_id"])

    def events(self, task_id: str) -> list[str]:
        """The events of a task, in order."""
        answer = self.call("GET", f"/v0.10/task/{task_id}/event_list?limit=1000")
        return [one["code"] for one in reversed(answer.json["DATA"])]

    def history(self, job_id: str) -> list[tuple[str, str]]:
        """What happened at the ticks of a timer: (event, time), in order."""
        timer = next(one for one in self.globus.timers() if one["job_id"] == job_id)
        return [(one["event"], one["at"]) for one in timer["history"]]
