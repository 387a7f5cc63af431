# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers with odd JSON, in real module processes, because Ansible's handling of results depends on its version (issue
11).

The harness fails at any traceback. After a creation, such an answer leaves the outcome unknown, and nothing is created
twice (W2).
"""

from __future__ import annotations

import http.client
import re
from urllib.parse import urlsplit

import pytest

from emulator.control import LocalGlobus
from emulator.plain import Api
from integration.harness import Playbooks, definition, timer
from unit.small_server import Reply, Request, serving

# member -> JSON for it
ODD = {
    "half a character": ("name", '"\\ud83d"'),
    "infinite": ("(?:n_runs|number_of_runs)", "Infinity"),
    "not a number": ("(?:interval|interval_seconds)", "NaN"),
    "deep": ("(?:activity|start|submitted_at)", "[" * 900 + "]" * 900),
}
VALUE = r"(?:\"[^\"]*\"|[-\d.]+|null|\{[^{}]*\})"


class Between:
    """Forwards requests to the local Globus, and returns its answers, with odd JSON in those that ``where`` matches."""

    def __init__(self, globus: LocalGlobus) -> None:
        self._host = urlsplit(globus.url).netloc
        self.where = ""
        self.member, self.odd = "name", "null"
        self.changed = 0

    def __call__(self, request: Request) -> Reply:
        connection = http.client.HTTPConnection(self._host, timeout=600)
        wanted = ("authorization", "content-type")
        headers = {name: value for name, value in request.headers.items() if name.lower() in wanted}
        connection.request(request.method, request.path, request.body or None, headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        if self.where and re.match(self.where, f"{request.method} {request.path}"):
            body, found = re.subn(rf'("{self.member}": ?){VALUE}', lambda match: match[1] + self.odd, body)
            self.changed += found
        return Reply(answer.status, body.encode())


@pytest.mark.parametrize("odd", ODD)
def test_43_odd_json_ends_in_words_in_a_playbook_W2(
    odd: str, globus: LocalGlobus, api: Api, playbooks: Playbooks
) -> None:
    between = Between(globus)
    between.member, between.odd = ODD[odd]
    api.create(name="there")
    with serving(between) as server:
        between.where = "GET /jobs/"
        run = playbooks.run(
            [
                {"name": "read", "research_ops.globus.timer_info": {"transfers": False}, "ignore_errors": True},
                timer("absent", name="gone", state="absent", task={"diff": True}),
            ],
            "-vvv",
            environment=server.environment,
        )
        read = run["read"]
        assert read["failed"] or len(read["timers"]) == 1
        assert not read["failed"] or read["msg"]

        between.where = "POST /v2/timer"
        created = playbooks.run([timer("created", **definition("new"))], environment=server.environment)["created"]
        assert created["changed"], created
        before = between.changed
        between.where = "(POST /v2/timer|GET /jobs/.*newer)"
        newer = timer("doubted", **definition("newer"), retries=0)
        doubted = playbooks.run([newer], environment=server.environment)["doubted"]
        assert 0 < before < between.changed
    names = [one["name"] for one in globus.timers() if one["status"] == "active"]
    assert sorted(names) == ["new", "newer", "there"], "a creation was repeated, or none was made"
    assert not doubted["failed"] or "accepted the timer, but the module could not read the answer" in doubted["msg"], (
        doubted
    )
