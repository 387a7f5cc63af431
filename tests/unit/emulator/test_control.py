# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting and stopping, the control interface, and how fast thousands of timers are."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from emulator.control import LocalGlobus, LocalGlobusError
from emulator.plain import GUEST, MAPPED, MAPPED_TOO, OTHER_CLIENT, PERSON, Api, timer_scope
from emulator.scopes import TIMERS_SERVER, TRANSFER_SCOPE
from emulator.world import load
from patience import LIMIT, until

TESTS = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "emulator"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(TESTS)}


def start(*arguments: str, **more: Any) -> subprocess.Popen[str]:
    """The emulator as a user starts it."""
    return subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, **more
    )


def read_ready(process: subprocess.Popen[str]) -> list[str]:
    """What it prints until it is ready."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if line.startswith("# ready"):
            return lines
    raise AssertionError(process.communicate())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_the_variables_listens_and_ends_cleanly(how: signal.Signals) -> None:
    with start() as process:
        lines = read_ready(process)
        names = [f"export GLOBUS_SDK_SERVICE_URL_{name}" for name in ("AUTH", "TRANSFER", "TIMER", "FLOWS")]
        assert [line.partition("=")[0] for line in lines] == [*names, "# ready"]
        url = lines[0].partition("=")[2]
        assert url.startswith("http://127.0.0.1:")
        connected = LocalGlobus.connect(url)
        assert connected.now()
        connected.close()
        process.send_signal(how)
        out, err = process.communicate(timeout=LIMIT)
        assert (process.returncode, out, err) == (0, "", "")


def test_it_ends_when_its_standard_input_closes() -> None:
    with start("--stop-with-stdin", stdin=subprocess.PIPE) as process:
        read_ready(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=LIMIT) == 0


def test_it_ends_with_a_parent_that_is_killed() -> None:
    code = "from emulator.control import LocalGlobus; print(LocalGlobus().url, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        parent.kill()

    def gone() -> bool:
        try:
            LocalGlobus.connect(url)
        except OSError:
            return True
        return False

    until("the end of an emulator whose parent is killed", gone)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--switch", "colour=red"], "--switch must be name=value"),
        (["--switch", "read_shape=oval"], "read_shape: Input should be 'as_sent', 'filled'"),
        (["--world", "/nowhere/world.yml"], "No such file"),
    ],
)
def test_what_cannot_start_says_why(arguments: list[str], complaint: str) -> None:
    done = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, env=ENVIRONMENT, timeout=LIMIT, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_a_failed_start_is_an_error_with_its_reason() -> None:
    with pytest.raises(LocalGlobusError, match="read_shape"):
        LocalGlobus(switches={"read_shape": "oval"})


def test_it_listens_on_loopback_only() -> None:
    done = subprocess.run(
        [*COMMAND, "--host", "0.0.0.0"], capture_output=True, text=True, env=ENVIRONMENT, timeout=LIMIT, check=False
    )
    assert done.returncode == 2
    assert "invalid choice" in done.stderr


def test_a_world_file_with_roots_clock_and_consents(tmp_path: Path) -> None:
    world = {
        "clock": "2027-05-01T10:00:00+02:00",
        "switches": {"read_shape": "filled"},
        "collections": [{"id": MAPPED, "display_name": "here", "root": "data"}],
        "clients": [
            {"id": OTHER_CLIENT, "secret": "s", "consents": [timer_scope(MAPPED)], "username": "robot@example.org"}
        ],
        "people": [{"id": PERSON, "username": "p@example.org", "consents": {OTHER_CLIENT: [TRANSFER_SCOPE]}}],
    }
    (tmp_path / "data").mkdir()
    (tmp_path / "world.yml").write_text(yaml.safe_dump(world))
    with LocalGlobus(tmp_path / "world.yml", switches={"double_delete": "conflict"}) as globus:
        assert (globus.client_id, globus.client_secret) == (OTHER_CLIENT, "s")
        assert globus.now().startswith("2027-05-01T08:00:0")
        switches = globus.switches()
        assert (switches["read_shape"], switches["double_delete"]) == ("filled", "conflict")
        seen = globus.call("GET", "world")
        assert seen["collections"][0]["root"] == str(tmp_path / "data")
        assert seen["clients"][0]["username"] == "robot@example.org"
        paths = {one["identity"]: len(one["paths"]) for one in globus.call("GET", "consents")["consents"]}
        assert paths == {OTHER_CLIENT: 3, PERSON: 1}


@pytest.mark.parametrize(
    "world",
    [
        {"collections": [{"id": "x", "display_name": "no uuid"}]},
        {"collections": [{"id": MAPPED, "display_name": "a"}, {"id": MAPPED, "display_name": "b"}]},
        {"collections": [{"id": MAPPED, "display_name": "a", "entity_type": "floppy"}]},
        {"clients": [{"id": OTHER_CLIENT}]},
        {"clients": [{"id": OTHER_CLIENT, "secret": "s", "consents": ["a["]}]},
        {"planets": []},
    ],
)
def test_worlds_that_are_refused(world: dict[str, Any]) -> None:
    with pytest.raises((ValidationError, ValueError)):
        load(world)


def test_the_clock_never_goes_backwards(globus: LocalGlobus) -> None:
    now = globus.advance(1000)
    assert now >= "2027-03-01T00:16:40"
    with pytest.raises(LocalGlobusError, match="409"):
        globus.set_clock("2027-03-01T00:00:00Z")
    for body in ({}, {"advance_seconds": 1, "set": "2030-01-01T00:00:00Z"}, {"advance_seconds": -1}, {"set": "soon"}):
        with pytest.raises(LocalGlobusError, match="422"):
            globus.call("POST", "clock", body)
    assert globus.now() >= now


def test_the_clock_runs_by_itself(globus: LocalGlobus) -> None:
    globus.reset()
    before = globus.now()
    until("a later time", lambda: globus.now() > before)


def test_a_stopped_clock_goes_on_only_when_it_is_moved(globus: LocalGlobus) -> None:
    globus.reset(clock="2027-03-01T00:00:00Z", stopped=True)
    assert globus.now() == globus.now() == "2027-03-01T00:00:00+00:00"
    assert globus.advance(90) == globus.now() == "2027-03-01T00:01:30+00:00"
    assert globus.set_clock("2027-03-02T00:00:00Z") == globus.now() == "2027-03-02T00:00:00+00:00"


def test_the_log(globus: LocalGlobus, api: Api) -> None:
    api.create(name="logged")
    api.call("GET", "/jobs/?filter_name=a%20b&filter_status=active")
    api.call("GET", f"/v0.10/endpoint/{GUEST}")
    globus.now()
    created, listed, looked = globus.log()
    assert (created["number"], listed["number"], looked["number"]) == tuple(
        range(created["number"], created["number"] + 3)
    )
    assert (created["method"], created["path"], created["status"], created["fault"]) == ("POST", "/v2/timer", 201, None)
    assert created["body"]["timer"]["name"] == "logged"
    assert created["client_id"] == globus.client_id
    assert listed["query"] == {"filter_name": "a b", "filter_status": "active"}
    assert [one["service"] for one in (created, listed, looked)] == ["timer", "timer", "transfer"]
    assert created["at"].startswith("2027-03-01T00:00")
    globus.clear_log()
    assert globus.log() == []


def test_reset_forgets_everything(globus: LocalGlobus, api: Api) -> None:
    api.create()
    globus.switch(read_shape="filled")
    globus.fault("refuse")
    globus.delay(5)
    globus.advance(86400)
    globus.reset()
    assert (globus.timers(), globus.log(), globus.faults()) == ([], [], [])
    assert globus.switches()["read_shape"] == "as_sent"
    assert api.call("GET", "/jobs/").status == 401
    with pytest.raises(LocalGlobusError, match="422"):
        globus.reset(switches={"read_shape": "oval"})
    assert api.login().jobs() == []


def test_timers_are_seen_from_inside(globus: LocalGlobus, api: Api) -> None:
    api.login(MAPPED)
    api.create(name="seen", source=MAPPED)
    seen = globus.timers()[0]
    assert (seen["name"], seen["owner"], seen["client_id"]) == ("seen", globus.client_id, globus.client_id)
    assert any(path.endswith(f"{MAPPED}/data_access") for path in seen["consents"])
    assert [one["event"] for one in seen["history"]] == ["ran"]


def test_seeding(globus: LocalGlobus, api: Api) -> None:
    api.login(MAPPED, MAPPED_TOO)
    globus.seed(2, name="mine-{n}", runs=3, interval_seconds=3600)
    globus.seed(1, name="paused", status="inactive")
    globus.seed(1, name="over", status="ended", options={"sync_level": 3})
    jobs = {one["name"]: one for one in api.jobs(order="name asc")}
    assert list(jobs) == ["mine-0", "mine-1", "over", "paused"]
    assert (jobs["mine-0"]["n_runs"], len(jobs["mine-0"]["results"]["data"])) == (3, 3)
    assert [jobs[name]["status"] for name in ("mine-0", "paused", "over")] == ["active", "inactive", "ended"]
    globus.advance(3700)
    assert api.job(jobs["mine-0"]["job_id"])["n_runs"] == 4
    with pytest.raises(LocalGlobusError, match="404"):
        globus.seed(1, client_id=GUEST)
    with pytest.raises(LocalGlobusError, match="422"):
        globus.seed(1, options={"colour": "red"})


def test_ten_thousand_timers(globus: LocalGlobus, api: Api) -> None:
    """They are listed whole, again and by name. How long that takes is what `make benchmark` measures."""
    assert len(globus.seed(10_000)) == 10_000
    first = api.call("GET", "/jobs/?result_count=0")
    again = api.call("GET", "/jobs/?result_count=0")
    one = api.call("GET", "/jobs/?filter_name=other-9999")
    assert first.text == again.text
    assert len(json.loads(first.text)["jobs"]) == 10_000
    assert len(one.text) < 5000


def test_minted_tokens_bring_their_consents_if_wanted(globus: LocalGlobus, api: Api) -> None:
    globus.reset()
    globus.mint(timer_scope(MAPPED), consent=False)
    assert globus.call("GET", "consents")["consents"] == []
    expired = globus.mint(timer_scope(MAPPED), expires_in=-1)[TIMERS_SERVER]["access_token"]
    assert len(globus.call("GET", "consents")["consents"][0]["paths"]) == 3
    assert api.call("GET", "/jobs/", token=expired).status == 401
    with pytest.raises(LocalGlobusError, match="unknown scopes"):
        globus.mint(timer_scope(GUEST))
