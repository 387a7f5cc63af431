# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All returned values are documented, all documented values are returned, and every sample is a value that was
returned.

Each module goes through a day of its life on the local Globus: success, failure, check mode, diff mode.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from ansible_collections.research_ops.globus.plugins.filter.backup_hold import backup_hold
from ansible_collections.research_ops.globus.plugins.filter.backup_metrics import backup_metrics
from ansible_collections.research_ops.globus.plugins.filter.backup_now import backup_now
from ansible_collections.research_ops.globus.plugins.filter.backup_plan import backup_plan
from ansible_collections.research_ops.globus.plugins.filter.backup_progress import backup_progress
from ansible_collections.research_ops.globus.plugins.filter.backup_release import backup_release
from ansible_collections.research_ops.globus.plugins.filter.backup_report import backup_report
from ansible_collections.research_ops.globus.plugins.filter.backup_restore import backup_restore
from ansible_collections.research_ops.globus.plugins.filter.backup_timers import backup_timers
from ansible_collections.research_ops.globus.plugins.filter.upcoming_runs import upcoming_runs
from emulator.browser import sign_in
from emulator.control import LocalGlobus
from emulator.plain import UNKNOWN, Api, flow_timer_scope
from integration import in_process
from integration.documented import (
    APP,
    ARCHIVE,
    FILTERS,
    FLOW,
    MICROSCOPE,
    MODULES,
    TIMER,
    begin,
    documentation,
    filter_documentation,
    transfer,
)
from integration.people import Person

Node = dict[str, Any]
DAY = 86400
COMMON = {"changed", "failed", "warnings", "invocation"}  # of every module, documented by Ansible itself
TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "bool": (bool,),
    "float": (float,),
    "dict": (dict,),
    "list": (list,),
    "raw": (object,),
}
SHOWN_ELSEWHERE = {"_value.attention"}  # some of the rows once more
# IDs, moments and addresses of a run -> what stands for them in the samples
OTHER = "5b0c1f5e-6a0e-4d3c-8f43-2f6f1b0f9d11"
TASK = "a5d2f5f8-16cd-11f1-9f0b-0242ac110002"
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass
class Life:
    """The results of a module, in order, with the IDs of the documentation.

    :ivar results: the results.
    """

    module: str
    globus: LocalGlobus
    person: Person
    api: Api
    results: list[Node] = field(default_factory=list)
    _timers: dict[str, str] = field(default_factory=dict)

    def run(self, options: Node | None = None, *, check: bool = False, diff: bool = False, **given: Any) -> Node:
        """Run the module as the service account. Returns its unchanged result."""
        signed_in = {"GLOBUS_CLIENT_ID": self.globus.client_id, "GLOBUS_CLIENT_SECRET": self.globus.client_secret}
        return self._run({**(options or {}), **given}, signed_in, check, diff)

    def run_as_person(self, *, check: bool = False, **options: Any) -> Node:
        """Run it as a person with a stored login, or who signs in."""
        return self._run(options, {}, check, False)

    def _run(self, options: Node, signed_in: dict[str, str], check: bool, diff: bool) -> Node:
        environment = {**self.person.environment, **signed_in}
        result: Node = in_process.run(self.module, {**options, "_ansible_diff": diff}, environment, check=check)
        for found in re.findall(rf'"(?:timer_)?id": "({UUID.pattern})"', json.dumps(result)):
            if found not in (MICROSCOPE, ARCHIVE, UNKNOWN) and found not in self._timers:
                self._timers[found] = TIMER if not self._timers else OTHER
        result.pop("invocation", None)
        self.results.append(self._as_documented(result))
        return result

    def _as_documented(self, result: Node) -> Node:
        """The result with the IDs, moments and places of the documentation."""
        text = json.dumps(result)
        for found, documented in self._timers.items():
            text = text.replace(found, documented)
        for address in (str, lambda url: quote(url, safe="")):
            text = text.replace(address(self.globus.url), address("https://auth.globus.org/"))
        text = text.replace(str(self.person.home), "/home/researcher")
        text = re.sub(r"T12:\d\d:\d\d\+00:00", "T12:00:00+00:00", text)  # the clock moves while the test runs
        text = re.sub(r'("request_id": )"[^"]+"', r'\1"vHnRBcJtX"', text)
        text = re.sub(rf'("task_id": "|/activity/){UUID.pattern}"', rf'\1{TASK}"', text)
        text = re.sub(r"((?:code_challenge|state)=)[^&\"]+", r"\1...", text)
        shown: Node = json.loads(text)
        return shown


def definition(name: str = "microscope-nightly", **transfer: Any) -> Node:
    path = {"source_path": "/data/microscope/", "destination_path": "/backup/microscope/", "recursive": True}
    return {
        "name": name,
        "transfer": {
            "source_collection": MICROSCOPE,
            "destination_collection": ARCHIVE,
            "paths": [path],
            **transfer,
        },
        "schedule": {"interval": "1d", "at": "22:00", "timezone": "America/Chicago"},
    }


# --- a day of their lives ------------------------------------------------------------------------------------------


def _timer(life: Life) -> None:
    life.run(definition(), check=True, diff=True)
    life.run(definition(), diff=True)
    life.run(definition(sync_level="checksum"))
    life.run(definition(sync_level="checksum"), on_drift="fail")
    life.globus.set_clock("2026-03-03T12:00:00+00:00")
    life.run(name="microscope-nightly", state="paused")
    life.run(definition(sync_level="checksum"), on_drift="replace", state="active", diff=True)
    life.run(name="microscope-nightly", state="absent", diff=True)
    life.run(name="publish", flow={"flow_id": FLOW}, schedule={"interval": "1w"})
    life.run(name="publish", state="present")  # refused by the module
    life.run(no_such_option=1)  # refused by Ansible
    life.run(definition("elsewhere", source_collection=UNKNOWN))
    mine = {**definition("mine"), "auth_method": "user", "client_id": APP}
    life.run_as_person(**mine)
    life.person.sign_in(client_id=APP)
    life.run_as_person(**mine)


def _timers(life: Life) -> None:
    for name in ("facility-forgotten", "facility-kept"):
        life.api.create(name=name, **transfer())
    one, kept = definition(), {"name": "facility-kept", "state": "active"}
    three = [one, kept, {"name": "facility-gone", "state": "absent"}]
    purging: Node = {"purge": True, "purge_prefix": "facility-"}
    life.run(timers=three, diff=True)
    life.run(timers=[definition("another")], check=True)
    life.run(timers=[definition(sync_level="checksum")])
    life.globus.set_clock("2026-03-03T12:00:00+00:00")
    life.run(timers=[{"name": "microscope-nightly", "state": "paused"}])
    life.run(timers=[definition(sync_level="checksum")], on_drift="replace")
    life.run(timers=[kept], **purging, check=True, diff=True)
    life.run(timers=[kept], **purging, purge_limit=0)
    life.run(timers=[kept], **purging, diff=True)
    life.run(timers=[one, definition("elsewhere", source_collection=UNKNOWN)])
    life.run(timers=[one, one])
    life.run(timers=[{}])
    life.run_as_person(timers=[one], auth_method="user", client_id=APP)
    life.person.sign_in(client_id=APP)
    life.run_as_person(timers=[one], auth_method="user", client_id=APP)


def _timer_info(life: Life) -> None:
    life.globus.collection(MICROSCOPE, files=1204, bytes=52_428_800_000)
    life.api.create(name="microscope-nightly", **_nightly("/data/microscope/", "/backup/microscope/"))
    life.run()
    life.globus.grant(flow_timer_scope(FLOW))
    life.globus.flow(FLOW, succeeds=False)
    life.api.create_flow_timer(name="publish", flow_id=FLOW)
    hook = {"name": "hook", "callback_url": "https://example.org/hook", "callback_body": {}}
    life.api.call("POST", "/jobs/", {**hook, "start": "2026-03-04T12:00:00+00:00"})
    life.globus.set_clock("2026-03-03T12:00:00+00:00")
    life.run(runs=1)
    life.run(type="generic")
    life.api.call("POST", f"/jobs/{life.api.jobs(filter_name='microscope')[0]['job_id']}/pause")
    life.run(check=True)
    life.run(timer_id="not one")
    life.run(no_such_option=1)
    life.run_as_person(auth_method="user", client_id=APP)
    life.globus.fault("status", path="^/jobs/", status=404)
    life.run()


def _nightly(source: str, destination: str) -> Node:
    document = transfer()
    document["body"]["DATA"][0] |= {"source_path": source, "destination_path": destination}
    document["body"]["verify_checksum"] = True
    document["schedule"]["start"] = "2026-03-03T04:00:00+00:00"
    return document


def _collection_info(life: Life) -> None:
    life.run(search="microscope")
    life.run(collection_ids=[MICROSCOPE, ARCHIVE, UNKNOWN], check=True)
    life.run(collection_ids=["not one"])
    life.run()
    life.run_as_person(search="microscope", auth_method="user", client_id=APP)
    life.globus.fault("status", path="^/v0.10/endpoint_search", status=404)
    life.run(search="microscope")


def _login(life: Life) -> None:
    wanted: Node = {"client_id": APP}
    life.run_as_person(**wanted, check=True)
    life.run_as_person(**wanted, code="none was asked for")
    address = life.run_as_person(**wanted)["authorize_url"]
    life.run_as_person(**wanted, code=sign_in(address))
    life.run_as_person(**wanted)
    life.run_as_person(client_id=APP, environment="sandbox")
    life.run_as_person(client_id=APP, state="absent")
    life.run_as_person(client_id="not one")
    life.run_as_person()
    life.run_as_person(**wanted)
    life.run_as_person(**wanted, code="wrong")
    life.globus.fault("status", path="^/v2/oauth2/token$", status=404)
    life.run_as_person(**wanted, code="wrong")


LIVES: dict[str, Callable[[Life], None]] = {
    "timer": _timer,
    "timers": _timers,
    "timer_info": _timer_info,
    "collection_info": _collection_info,
    "login": _login,
}


# --- documentation and results, side by side -----------------------------------------------------------------------


def nodes(contains: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    """All documented values, with their paths."""
    for name, node in contains.items():
        yield f"{path}{name}", node
        yield from nodes(node.get("contains", {}), f"{path}{name}.")


def values(result: Any, contains: Node, path: str = "") -> Iterator[tuple[str, Any]]:
    """All values of a result, with their paths, as deep as the documentation says what they contain."""
    for name, value in result.items():
        if not path and name in COMMON:
            continue
        yield f"{path}{name}", value
        inner = contains.get(name, {}).get("contains")
        for item in value if isinstance(value, list) else [value]:
            if inner and isinstance(item, dict):
                yield from values(item, inner, f"{path}{name}.")


def compare(contains: Node, results: list[Node]) -> None:
    """Both directions, null, types, and the condition under which a value is returned."""
    documented = dict(nodes(contains))
    returned: dict[str, list[Any]] = {}
    for result in results:
        for path, value in values(result, contains):
            returned.setdefault(path, []).append(value)
    assert sorted(returned) == sorted(documented), "returned is documented, and documented is returned"
    for path, node in documented.items():
        for value in returned[path]:
            if value is None:
                assert "null" in " ".join([*_texts(node["description"])]).lower(), f"{path} can be null"
            else:
                assert isinstance(value, TYPES[node["type"]]), f"{path} is {value!r}"
                assert not (node["type"] == "int" and isinstance(value, bool)), path
    for result in results:
        check_presence(contains, result)


def _texts(description: str | list[str]) -> list[str]:
    return [description] if isinstance(description, str) else description


def check_presence(contains: Node, result: Node, path: str = "") -> None:
    """Values with ``returned: always`` exist and, at the top level, also those returned on success or on failure."""
    outcome = "failure" if not path and result["failed"] else "success"
    for name, node in contains.items():
        said = re.split(r"[ ,]", node.get("returned", "always"))[0]
        if said in ("always", outcome):
            assert name in result, f"{path}{name} is not in {result}"
        if not path and said in ("success", "failure") and said != outcome and "," not in node["returned"]:
            assert name not in result, f"{path}{name} is in {result}"
        value = result.get(name)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                check_presence(node.get("contains", {}), item, f"{path}{name}.")


def check_samples(contains: Node, results: list[Node]) -> None:
    """Each value has a sample, its own or in that of another value, and each sample is a returned value."""
    returned = [pair for result in results for pair in values(result, contains)]
    documented = dict(nodes(contains))
    wrong = {}
    for path, node in documented.items():
        found = [value for where, value in returned if where == path]
        parts = path.split(".")
        above = [documented[".".join(parts[: number + 1])] for number in range(len(parts))]
        if "sample" in node and node["sample"] not in found:
            wrong[path] = f"{node['sample']!r} is none of {found}"
        elif "contains" not in node and path not in SHOWN_ELSEWHERE and not any("sample" in one for one in above):
            wrong[path] = "has no sample"
    assert not wrong, "\n".join(f"{path}: {why}" for path, why in wrong.items())


def check(contains: Node, results: list[Node]) -> None:
    compare(contains, results)
    check_samples(contains, results)


# --- tests ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES)
def test_return_values_of_modules(module: str, globus: LocalGlobus, tmp_path: Path) -> None:
    _examples, contains = documentation(module)
    life = Life(module, globus, Person(globus, tmp_path), begin(globus))
    LIVES[module](life)
    assert {result["failed"] for result in life.results} == {True, False}
    check(contains, life.results)


DOCUMENTED: Node = {
    "found": {"description": "What was found, or null.", "type": "str", "returned": "success", "sample": "a"}
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"found": "a", "other": 1},
        {},
        {"found": 1},
        {"found": "b"},
    ],
    ids=["not documented", "not returned", "another type", "another value than the sample"],
)
def test_a_wrong_documentation_would_be_noticed(wrong: Node) -> None:
    check(DOCUMENTED, [{"failed": False, "changed": True, "found": "a"}])
    with pytest.raises(AssertionError):
        check(DOCUMENTED, [{"failed": False, **wrong}])


def test_a_value_that_is_null_unsaid_or_there_on_failure_unsaid_would_be_noticed() -> None:
    never_null = {"found": {**DOCUMENTED["found"], "description": "What was found."}}
    with pytest.raises(AssertionError, match="found can be null"):
        compare(never_null, [{"failed": False, "found": None}])
    with pytest.raises(AssertionError, match="found is in"):
        compare(DOCUMENTED, [{"failed": False, "found": "a"}, {"failed": True, "found": "a"}])


def test_modules_that_return_the_same_document_the_same() -> None:
    """The documentation of return values cannot use fragments."""
    one, many, info = (documentation(module)[1] for module in ("timer", "timers", "timer_info"))
    entry = many["timers"]["contains"]

    def plain(node: Node) -> Any:
        """The documentation without the parts that depend on the option."""
        return json.loads(re.sub(r'"returned": "[^"]*"(, )?', "", json.dumps(node)).replace("timers[].", ""))

    for name in ("timer_id", "timer", "operations", "drift", "replaced", "remedy"):
        assert plain(entry[name]) == plain(one[name])
    assert plain(entry["error"]) == plain(one["error"])
    of_info = {key: info["timers"]["contains"][key] for key in one["timer"]["contains"]}
    of_info["definition"]["description"] = one["timer"]["contains"]["definition"]["description"]
    assert of_info == one["timer"]["contains"]
    assert plain(many["operations"])["contains"] == one["operations"]["contains"]


def _backup_report(globus: LocalGlobus, home: Path) -> list[Any]:
    life = Life("timer_info", globus, Person(globus, home), begin(globus))
    nightly = _nightly("/data/microscope/", "/backup/microscope/")
    life.api.create(name="lab-microscope", **nightly)
    paused = life.api.create(name="lab-camera", **nightly)
    life.api.call("POST", f"/jobs/{paused}/pause")
    often = {"type": "recurring", "interval_seconds": 3600, "start": "2026-03-04T13:00:00+00:00"}
    life.globus.set_clock("2026-03-04T12:00:00+00:00")
    about: dict[str, Any] = {"prefix": "lab-", "timezone": "America/Chicago", "now": "2026-03-04T12:00:00Z"}
    life.run(name="lab-microscope", runs=14)
    names = [("microscope", "lab-microscope"), ("missing", "lab-missing")]
    jobs = [{"name": name, "timers": [{"slot": None, "name": timer}]} for name, timer in names]
    reports = [backup_report(life.results[-1]["timers"], jobs=jobs, **about)]
    life.api.login(MICROSCOPE)  # the token has expired
    life.api.create(name="lab-hourly", **{**nightly, "schedule": often})
    life.run(runs=14)
    return [*reports, backup_report(life.results[-1]["timers"], **about)]


def _backup_timers(_globus: LocalGlobus, _home: Path) -> list[Any]:
    defaults = {"source_collection": MICROSCOPE, "destination_collection": ARCHIVE, "schedule": "nightly"}
    path = {"source_path": "/data/microscope/", "destination_path": "/backup/microscope/"}
    jobs = [{"name": "microscope", **path}, {"name": "gone", "state": "absent"}]
    return [backup_timers(jobs, defaults, timezone="America/Chicago")]


def _backup_plan(_globus: LocalGlobus, _home: Path) -> list[Any]:
    path = {"source_path": "/data/microscope/", "destination_path": "/backup/microscope/"}
    variables: dict[str, Any] = {
        "backup_defaults": {"source_collection": MICROSCOPE, "destination_collection": ARCHIVE},
        "backup_jobs": [{"name": "microscope", "schedule": "nightly", **path}],
        "backup_report": "/srv/www/backups.html",
    }
    gone = [{"name": "old-camera", "schedule": "nightly", "state": "absent"}]
    refused = [{"name": "microscope", **path}]
    return [backup_plan({**variables, **jobs}) for jobs in ({}, {"backup_jobs": gone}, {"backup_jobs": refused})]


def _upcoming_runs(_globus: LocalGlobus, _home: Path) -> list[Any]:
    nightly = {"interval": "1d", "at": "02:00", "timezone": "America/Chicago"}
    return [upcoming_runs(nightly, "2026-12-01T00:00:00Z", "2026-12-15")]


CAMERA: dict[str, Any] = {
    "backup_jobs": [
        {
            "name": "camera",
            "source_collection": MICROSCOPE,
            "source_path": "/data/camera/",
            "destination_collection": ARCHIVE,
            "destination_path": "/backup/camera/",
            "schedule": "nightly",
        }
    ],
    "backup_clock": "2026-11-24T09:14:00Z",
}


def _camera(globus: LocalGlobus, home: Path, *, paused: bool = False) -> list[Node]:
    """The timer of the job, as ``timer_info`` returns it."""
    life = Life("timer_info", globus, Person(globus, home), begin(globus))
    timer = life.api.create(name="backup-camera", **_nightly("/data/camera/", "/backup/camera/"))
    if paused:
        life.api.call("POST", f"/jobs/{timer}/pause")
    life.run(name="backup-camera")
    timers: list[Node] = life.results[-1]["timers"]
    return timers


def _backup_restore(_globus: LocalGlobus, _home: Path) -> list[Any]:
    wanted = {**CAMERA, "backup_restore_job": "camera"}
    return [backup_restore(wanted), backup_restore(wanted, []), backup_restore({**wanted, "backup_restore_job": "cam"})]


def _backup_now(_globus: LocalGlobus, _home: Path) -> list[Any]:
    return [backup_now(CAMERA), backup_now(CAMERA, []), backup_now({**CAMERA, "backup_now_jobs": ["cam"]})]


def _backup_hold(globus: LocalGlobus, home: Path) -> list[Any]:
    wanted = {**CAMERA, "backup_hold_file": "/srv/backups.hold"}
    wrong = {**wanted, "backup_jobs": None}
    return [backup_hold(wanted), backup_hold(wanted, _camera(globus, home)), backup_hold(wrong)]


def _backup_release(globus: LocalGlobus, home: Path) -> list[Any]:
    wanted = {**CAMERA, "backup_hold_file": "/srv/backups.hold"}
    held = {"version": 1, "timers": [{"id": TIMER, "name": "backup-camera", "held_at": "2026-03-02T00:00:00+00:00"}]}
    timers = [{**timer, "id": TIMER} for timer in _camera(globus, home, paused=True)]
    return [
        backup_release(wanted),
        backup_release(wanted, timers, json.dumps(held)),
        backup_release({**wanted, "backup_release_spread": "x"}),
    ]


def _backup_progress(_globus: LocalGlobus, _home: Path) -> list[Any]:
    copy = {"what": "job camera", "timer_id": None, "url": None}
    return [
        backup_progress({}),
        backup_progress({}, [copy]),
        backup_progress({}, [{**copy, "timer_id": TIMER}]),
        backup_progress({}, [{**copy, "refusal": "its transfer is going on"}]),
    ]


def _backup_metrics(_globus: LocalGlobus, _home: Path) -> list[Any]:
    transfer = {"bytes_transferred": 1_200_000_000, "files_transferred": 312, "faults": 0}
    microscope = {
        "id": TIMER,
        "name": "lab-microscope",
        "health": {"state": "ok"},
        "next_run": "2026-03-03T02:00:00+00:00",
        "last_success": {"completed_at": "2026-03-02T02:10:00+00:00"},
        "recent_runs": [{"transfer": transfer}],
        "definition": {"schedule": {"interval": 86400, "start": "2026-03-01T02:00:00+00:00"}},
    }
    return [backup_metrics([microscope])]


OF_FILTERS: dict[str, Callable[[LocalGlobus, Path], list[Any]]] = {
    "backup_hold": _backup_hold,
    "backup_metrics": _backup_metrics,
    "backup_now": _backup_now,
    "backup_plan": _backup_plan,
    "backup_progress": _backup_progress,
    "backup_release": _backup_release,
    "backup_report": _backup_report,
    "backup_restore": _backup_restore,
    "backup_timers": _backup_timers,
    "upcoming_runs": _upcoming_runs,
}


@pytest.mark.parametrize("name", FILTERS)
def test_what_filters_give(name: str, globus: LocalGlobus, tmp_path: Path) -> None:
    examples, contains = filter_documentation(name)
    results = [{"_value": given, "failed": False} for given in OF_FILTERS[name](globus, tmp_path)]
    check(contains, results)
    for comment in re.findall(r"# The first of the (\d+) runs: (.*)", examples):
        (runs,) = [result["_value"] for result in results]
        assert (len(runs), runs[0]) == (int(comment[0]), json.loads(comment[1]))
