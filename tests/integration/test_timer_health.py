# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source timer_health against the local Globus, loaded as ansible-rulebook loads it: as a plain file.

ansible-rulebook runs it without the import hook of Ansible. ``make rulebook-test`` runs it with ansible-rulebook
itself.
"""

from __future__ import annotations

import asyncio
import logging
import runpy
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.research_ops.globus.plugins.module_utils import _arguments, _secrets
from ansible_collections.research_ops.globus.plugins.module_utils._apply import watch as _watch
from ansible_collections.research_ops.globus.plugins.module_utils._errors import GlobusError
from emulator.control import LocalGlobus
from emulator.plain import MAPPED, MAPPED_TOO, Api
from integration import in_process
from integration.in_process import only
from patience import LIMIT

SOURCE = Path(__file__).resolve().parents[2] / "extensions" / "eda" / "plugins" / "event_source" / "timer_health.py"
DAY = 86400
HOUR = 3600

Event = dict[str, Any]


def create(api: Api, name: str) -> str:
    return api.create(name=name, source=MAPPED, destination=MAPPED_TOO)


class Queue(asyncio.Queue[Event]):
    """The queue of ansible-rulebook. A test can wait for the next event."""

    async def next(self) -> Event:
        return await asyncio.wait_for(self.get(), LIMIT)


def play(
    globus: LocalGlobus,
    act: Callable[[Queue], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
    *,
    environment: dict[str, str] | None = None,
    **arguments: Any,
) -> None:
    """Run the source, with a hundredth of its waits, while something happens."""
    monkeypatch.setattr(_watch, "BACKOFF_MAXIMUM", 4)
    _secrets.forget()
    module = runpy.run_path(str(SOURCE))
    credentials = {"GLOBUS_CLIENT_ID": globus.client_id, "GLOBUS_CLIENT_SECRET": globus.client_secret}
    sleep = asyncio.sleep

    async def quickly(seconds: float) -> None:
        await sleep(seconds / 100)

    async def run() -> None:
        queue = Queue()
        task = asyncio.ensure_future(module["main"](queue, {"interval": 1, "retries": 0, **arguments}))
        acting = asyncio.ensure_future(act(queue))
        await asyncio.wait({task, acting}, timeout=LIMIT, return_when=asyncio.FIRST_COMPLETED)
        for one in (acting, task):
            if one.done():
                one.result()
        task.cancel()
        assert acting.done()

    with only({**globus.environment, **(credentials if environment is None else environment)}):
        monkeypatch.setattr(module["asyncio"], "sleep", quickly)
        asyncio.run(run())


async def polls(globus: LocalGlobus, number: int) -> None:
    """Wait until the source has read the timers this many times."""
    globus.clear_log()
    while sum(entry["path"] == "/jobs/" for entry in globus.log()) < number:
        await asyncio.sleep(0.1)


def test_what_changes_is_told_once(api: Api, globus: LocalGlobus, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder moved away, and back."""
    create(api, "facility-a")
    create(api, "other")
    globus.advance(DAY)

    async def act(queue: Queue) -> None:
        await polls(globus, 2)
        assert queue.empty(), "all timers are well"
        globus.collection(MAPPED, trouble="FILE_NOT_FOUND")
        globus.advance(DAY + HOUR)
        stalled = await queue.next()
        assert stalled["timer"]["name"] == "facility-a"
        assert stalled["timer"]["url"].endswith(stalled["timer"]["id"])
        assert stalled["health"]["state"] == "stalled"
        assert "FILE_NOT_FOUND" in stalled["health"]["reason"]
        assert stalled["health"]["remedy"]
        assert stalled["previous"] == {"state": "ok"}
        assert stalled["last_success"]["files"] is not None
        await polls(globus, 3)
        assert queue.empty(), "a state that stays is told once"
        globus.collection(MAPPED, trouble=None)
        globus.advance(HOUR)
        recovered = await queue.next()
        assert (recovered["timer"]["name"], recovered["health"]["state"]) == ("facility-a", "ok")
        assert recovered["previous"] == {"state": "stalled"}
        await polls(globus, 2)
        assert queue.empty()

    play(globus, act, monkeypatch, name_prefix="facility-")


def test_the_start_tells_what_is_unhealthy_as_timer_info_judges_it(
    api: Api, globus: LocalGlobus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Health has one implementation: the event contains what timer_info returns at that moment."""
    for name in ("a", "b"):
        create(api, name)
    globus.revoke()
    globus.advance(DAY)
    environment = {
        **globus.environment,
        "GLOBUS_CLIENT_ID": globus.client_id,
        "GLOBUS_CLIENT_SECRET": globus.client_secret,
    }
    timers = in_process.run("timer_info", {}, environment)["timers"]
    assert [timer["health"]["state"] for timer in timers] == ["needs_consent", "needs_consent"]

    async def act(queue: Queue) -> None:
        for timer in timers:
            event = await queue.next()
            assert event["timer"] == {name: timer[name] for name in ("id", "name", "url", "next_run")}
            assert event["health"] == {name: timer["health"][name] for name in event["health"]}
            assert event["last_success"] == timer["last_success"]
            assert event["previous"] is None

    play(globus, act, monkeypatch)


def test_max_age(api: Api, globus: LocalGlobus, monkeypatch: pytest.MonkeyPatch) -> None:
    create(api, "a")
    globus.advance(DAY)
    globus.collection(MAPPED, reachable=False)
    globus.advance(3 * DAY)

    async def act(queue: Queue) -> None:
        event = await queue.next()
        assert "no complete transfer arrived" in event["health"]["reason"].lower()

    play(globus, act, monkeypatch, max_age="2d")


@pytest.mark.parametrize("service", ["timers", "transfer"])
def test_an_outage_is_two_events_and_no_storm(
    service: str, api: Api, globus: LocalGlobus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also an outage of Transfer only: without their tasks, stalled timers would seem to have recovered."""
    create(api, "a")
    globus.advance(DAY)
    globus.collection(MAPPED, trouble="FILE_NOT_FOUND")
    globus.advance(DAY + HOUR)
    path = {"timers": "^/jobs/$", "transfer": "^/v0.10/task_list"}[service]

    async def act(queue: Queue) -> None:
        assert (await queue.next())["health"]["state"] == "stalled"
        globus.fault("status", path=path, status=503)
        down = await queue.next()
        assert set(down) == {"source"}
        assert down["source"]["state"] == "unreachable"
        assert "503" in down["source"]["reason"] or "not" in down["source"]["reason"]
        await polls(globus, 8)
        assert queue.empty(), "one event for the whole outage"
        globus.clear_faults()
        assert await queue.next() == {"source": {"state": "reachable"}}
        await polls(globus, 2)
        assert queue.empty(), "what was told before the outage is not told again"

    play(globus, act, monkeypatch)


def test_an_outage_at_the_start(api: Api, globus: LocalGlobus, monkeypatch: pytest.MonkeyPatch) -> None:
    create(api, "a")
    globus.revoke()
    globus.advance(DAY)
    globus.fault("status", path="^/jobs/$", status=503)

    async def act(queue: Queue) -> None:
        assert (await queue.next())["source"]["state"] == "unreachable"
        await polls(globus, 2)
        globus.clear_faults()
        assert (await queue.next())["source"]["state"] == "reachable"
        assert (await queue.next())["health"]["state"] == "needs_consent"

    play(globus, act, monkeypatch)


@pytest.mark.parametrize(("interval", "most"), [(1, 10), (30, 5), (300, 2)])
def test_an_outage_of_ten_minutes_is_two_events(interval: int, most: int, api: Api, globus: LocalGlobus) -> None:
    """With the clock of the local Globus, which moves by the waits of the source. Few requests are sent in this
    time."""
    create(api, "a")
    globus.advance(DAY)
    variables = {"GLOBUS_CLIENT_ID": globus.client_id, "GLOBUS_CLIENT_SECRET": globus.client_secret}
    with only({**globus.environment, **variables}):
        watch = _watch.Watch({"interval": interval, "retries": 0})
        assert watch.poll().events == []
        globus.fault("refuse", path="^/jobs/$")
        waited, polls = 0.0, []
        while waited < 600:
            polls.append(watch.poll())
            globus.advance(int(polls[-1].wait))
            waited += polls[-1].wait
        globus.clear_faults()
        after = [watch.poll() for _poll in range(3)]

    told = [event for poll in (*polls, *after) for event in poll.events]
    assert [event["source"]["state"] for event in told] == ["unreachable", "reachable"]
    assert polls[0].events
    assert after[0].events
    assert len(polls) <= most
    assert [poll.wait for poll in after] == [interval] * 3
    assert all(poll.warning for poll in polls)


def test_waits_grow_up_to_a_bound_and_shrink_again() -> None:
    def refuse(_parameters: Any) -> Any:
        raise GlobusError("Down", code="unreachable")

    for interval, expected in ((300, [300, 600, 900, 900]), (1, [1, 2, 4, 8]), (86400, [86400, 86400])):
        watch = _watch.Watch({"interval": interval}, refuse)
        assert [watch.poll().wait for _poll in expected] == expected
    for _poll in range(2000):
        watch.poll()
    assert watch.poll().wait == 86400


def test_a_fault_of_the_collection_ends_nothing() -> None:
    def fail(_parameters: Any) -> Any:
        raise ZeroDivisionError("a fault")

    watch = _watch.Watch({}, fail)
    (event,) = watch.poll().events
    assert event["source"]["reason"] == "Unexpected error: ZeroDivisionError: a fault"
    assert watch.poll().events == []


def test_without_a_transfer_token_health_is_judged_by_the_timers(
    api: Api, globus: LocalGlobus, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    create(api, "a")
    globus.advance(DAY)
    token = next(token for server, token in api.tokens.items() if server != "transfer.api.globus.org")

    async def act(queue: Queue) -> None:
        await polls(globus, 3)
        assert queue.empty()

    play(globus, act, monkeypatch, environment={}, timers_token=token)
    assert [one.message.count("transfer_token is missing") for one in caplog.records] == [1]
    assert token not in caplog.text


def test_the_loop_is_not_blocked(api: Api, globus: LocalGlobus, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a request waits for its answer, other sources continue, and the process can end."""
    create(api, "a")
    globus.fault("stall", path="^/jobs/$", seconds=600)

    async def act(queue: Queue) -> None:
        while not any(fault["seen"] for fault in globus.faults()):
            await asyncio.sleep(0.05)
        assert [one.daemon for one in threading.enumerate() if one.name == "timer_health"] == [True]

    play(globus, act, monkeypatch, request_timeout=LIMIT)
    globus.clear_faults()


SECRET = "a-secret-that-nobody-should-see"


@pytest.mark.parametrize(
    "arguments",
    [
        {"client_id": "8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2", "client_secret": SECRET},
        {"timers_token": SECRET, "transfer_token": SECRET},
    ],
)
def test_no_secret_is_in_an_event_or_a_log_X1(
    arguments: dict[str, str],
    api: Api,
    globus: LocalGlobus,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Refused logins, with a service that repeats the request, and a name that contains the secret."""
    caplog.set_level(logging.DEBUG)
    create(api, "a")

    async def act(queue: Queue) -> None:
        event = await queue.next()
        assert event["source"]["state"] == "unreachable"
        assert SECRET not in str(event)

    play(globus, act, monkeypatch, environment={}, **arguments)
    assert caplog.records
    assert SECRET not in caplog.text


def test_what_a_service_says_is_redacted_and_escaped_X1(globus: LocalGlobus, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_parameters: Any) -> Any:
        _secrets.register(SECRET)
        raise GlobusError(f"No: {SECRET} \x1b[31m")

    (event,) = _watch.Watch({}, refuse).poll().events
    assert event["source"]["reason"] == "No: ******** \\x1b[31m"


TEMPLATE = "{{ lookup('pipe', 'id') }}"


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        (TEMPLATE, "{ { lookup('pipe', 'id') }}"),
        ("{{{ 1 }}}", "{ { { 1 }}}"),
        ("{% if 1 %}{# no #}", "{ % if 1 %}{ # no #}"),
        ("#jinja2:variable_start_string:'<<'\n<< 1 >>", "# jinja2:variable_start_string:'<<'\n<< 1 >>"),
        ("a {b} #jinja2: c", "a {b} #jinja2: c"),
    ],
)
def test_no_event_has_a_template_X1(
    name: str, sent: str, api: Api, globus: LocalGlobus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule passes an event to a playbook, which evaluates it, including texts of Globus about a file."""
    create(api, name)
    globus.advance(DAY)
    globus.collection(MAPPED, trouble=TEMPLATE)
    globus.advance(DAY + HOUR)

    async def act(queue: Queue) -> None:
        event = await queue.next()
        assert event["timer"]["name"] == sent
        assert "{ { lookup" in event["health"]["reason"]
        globus.fault("status", path="^/jobs/$", status=503)
        assert (await queue.next())["source"]["state"] == "unreachable"
        globus.clear_faults()

    play(globus, act, monkeypatch)


def test_what_a_service_says_has_no_template_X1() -> None:
    def refuse(_parameters: Any) -> Any:
        raise GlobusError(f"No: {TEMPLATE}")

    (event,) = _watch.Watch({}, refuse).poll().events
    assert event["source"]["reason"] == "No: { { lookup('pipe', 'id') }}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"interval": 0}, "interval must be 1 second or more, not 0"),
        ({"interval": 0.5}, "interval must be 1 second or more"),
        ({"interval": "soon"}, "interval must be a number, not 'soon'"),
        ({"interval": float("nan")}, "interval must be 1 second or more"),
        ({"interval": float("inf")}, "interval must be 1 second or more"),
        ({"prefix": "a"}, "prefix is not a known option; did you mean name_prefix?"),
        ({"max_age": "2 days and more"}, "max_age must be an interval such as 2d"),
        ({"max_age": "0"}, "max_age must be an interval such as 2d"),
        ({"auth_method": "password"}, "auth_method must be one of"),
        ({"client_secret": {"a": SECRET}}, "client_secret must be text"),
        ({"retries": "many"}, "retries must be a whole number"),
        ({"retries": -1}, "retries must be 0 or more"),
        ({"request_timeout": 0}, "request_timeout must be more than 0"),
        ({}, "No Globus credentials were found"),
        ({"auth_method": "client_credentials", "client_id": "x"}, "requires client_secret"),
    ],
)
def test_wrong_arguments_end_the_source_with_a_message(
    arguments: dict[str, Any], message: str, globus: LocalGlobus, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def act(_queue: Queue) -> None:
        await asyncio.sleep(LIMIT)

    given = {name: value for name, value in arguments.items() if name != "retries"}
    if "retries" in arguments:
        given["retries"] = arguments["retries"]
    with pytest.raises(ValueError, match=r"^research_ops\.globus\.timer_health: ") as raised:
        play(globus, act, monkeypatch, environment={"HOME": str(tmp_path)}, **given)
    assert message in str(raised.value)
    assert SECRET not in str(raised.value)
    assert raised.value.__suppress_context__


def test_variables_stand_for_options_that_are_blank_X3(
    api: Api, globus: LocalGlobus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those of the connection, and the argument that newer versions of ansible-rulebook add."""
    create(api, "a")
    globus.revoke()
    globus.advance(DAY)

    async def act(queue: Queue) -> None:
        assert (await queue.next())["health"]["state"] == "needs_consent"

    environment = {
        "GLOBUS_CLIENT_ID": globus.client_id,
        "GLOBUS_CLIENT_SECRET": globus.client_secret,
        "GLOBUS_RETRIES": "0",
        "GLOBUS_REQUEST_TIMEOUT": str(LIMIT),
    }
    play(
        globus,
        act,
        monkeypatch,
        environment=environment,
        client_secret="",
        client_id=None,
        eda_feedback_queue=object(),
    )


def test_it_documents_the_options_that_it_takes() -> None:
    documented = yaml.safe_load(runpy.run_path(str(SOURCE))["DOCUMENTATION"])["options"]
    declared = _arguments.timer_health_arguments()
    assert list(documented) == list(declared)
    for name, option in documented.items():
        assert option["type"] == declared[name]["type"], name
        assert option.get("default") == declared[name].get("default"), name
