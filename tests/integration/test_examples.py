# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every example of every plugin, run unchanged and in order, against a local Globus with the timers and collections
that it names.

An example that writes is run twice: the first run changes something, the second one does not. The tables below name all
exceptions.
"""

from __future__ import annotations

import copy
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator.control import LocalGlobus
from emulator.plain import timer_scope
from emulator.scopes import TIMERS_SERVER, TRANSFER_SCOPE, TRANSFER_SERVER
from integration.documented import (
    APP,
    FILTERS,
    LOOKUPS,
    MICROSCOPE,
    MODULES,
    TIMER,
    begin,
    documentation,
    filter_documentation,
    lookup_documentation,
    transfer,
)
from integration.harness import Playbooks, Run, Task, control
from integration.people import Person
from patience import LIMIT

PREFIX = "research_ops.globus."
WAITING = "Wait up to an hour for its next complete transfer"
WRITING = ("timer", "timers", "login")
INNER = ("block", "rescue", "always")
AGAIN = " (again)"


@dataclass(frozen=True)
class Document:
    """The preparation and the results of the examples of a plugin.

    :ivar prepare: creates what the examples require; returns the variables that they use.
    :ivar before: tasks before an example: the actions of a person or of Globus.
    :ivar unchanged: writing examples that change nothing in their first run.
    :ivar once: writing examples that cannot be repeated.
    :ivar warns: example -> part of its warning. All others have no warnings.
    """

    prepare: Callable[[LocalGlobus, Person], dict[str, Any]]
    before: dict[str, list[Task]] = field(default_factory=dict)
    unchanged: tuple[str, ...] = ()
    once: tuple[str, ...] = ()
    warns: dict[str, str] = field(default_factory=dict)


# --- what has to be there ------------------------------------------------------------------------------------------


def _for_timer(globus: LocalGlobus, person: Person) -> dict[str, Any]:
    """Somebody who is signed in, and access tokens."""
    begin(globus)
    person.sign_in(MICROSCOPE, client_id=APP)
    tokens = globus.mint([timer_scope(MICROSCOPE), TRANSFER_SCOPE])
    return {
        "timers_token": tokens[TIMERS_SERVER]["access_token"],
        "transfer_token": tokens[TRANSFER_SERVER]["access_token"],
    }


def _for_timers(globus: LocalGlobus, person: Person) -> dict[str, Any]:
    """Timers of the facility that are not in the list, and two that somebody created by hand."""
    api = begin(globus)
    for name in ("facility-old-camera", "facility-forgotten", "by-hand-1", "by-hand-2"):
        api.create(name=name, **transfer())
    person.sign_in(MICROSCOPE, client_id=APP)
    return {}


def _for_timer_info(globus: LocalGlobus, person: Person) -> dict[str, Any]:
    """Timers that have run for some days: one has ended, one is paused, and one belongs to the user of the CLI."""
    api = begin(globus)
    for name in ("facility-sequencer", "microscope-nightly"):
        api.create(name=name, **transfer())
    once = {"type": "once", "datetime": "2026-03-03T02:00:00+00:00"}
    api.create(name="microscope-once", **{**transfer(), "schedule": once})
    person.use_cli("globus login --no-local-server")
    globus.advance(20 * 86400)
    return {}


def _for_collection_info(globus: LocalGlobus, person: Person) -> dict[str, Any]:
    begin(globus)
    person.sign_in(client_id=APP)
    return {}


def _for_login(globus: LocalGlobus, person: Person) -> dict[str, Any]:
    begin(globus)
    return {"code": "{{ shown.stdout }}"}


def _for_filters(globus: LocalGlobus, person: Person) -> dict[str, Any]:
    """Timers of the laboratory."""
    api = begin(globus)
    for name in ("lab-camera", "lab-microscope"):
        api.create(name=name, **transfer())
    api.call("POST", f"/jobs/{api.jobs(filter_name='lab-camera')[0]['job_id']}/pause")
    return {"textfile_collector": str(person.home)}


def _for_lookups(globus: LocalGlobus, person: Person) -> dict[str, Any]:
    begin(globus)
    return {}


def _known_by_id(name: str) -> list[Task]:
    """Give an existing timer the documented ID, because the service chooses the IDs."""
    return [
        {"name": "look it up", f"{PREFIX}timer_info": {"name": name}, "register": "known"},
        {"name": "know it", "ansible.builtin.set_fact": {"known_timer": "{{ known.timers[0].id }}"}},
    ]


SIGN_IN = "import sys; from emulator.browser import sign_in; print(sign_in(sys.argv[1]))"
BROWSER: Task = {
    "name": "open the address, sign in and copy the code",
    "ansible.builtin.command": {"argv": [sys.executable, "-c", SIGN_IN, "{{ begun.authorize_url }}"]},
    "register": "shown",
}
DOCUMENTS = {
    "timer": Document(
        _for_timer,
        before={"Rename a timer in place": _known_by_id("microscope-nightly")},
        unchanged=(
            "Fail if somebody else changed the timer",
            "Make sure that a timer of this name exists, whatever its definition",
            "Resume the timer if Globus stopped it, but not if somebody paused it",
        ),
        warns={"Use your own access tokens": "cannot check the consents of an access token"},
    ),
    "timers": Document(_for_timers, unchanged=("Take them over without changing them",)),
    "timer_info": Document(
        _for_timer_info,
        before={
            WAITING: [control("POST", "clock", {"advance_seconds": 86400}, title="the next night")],
            "Read one timer by its ID, whatever its status": _known_by_id("microscope-nightly"),
        },
    ),
    "collection_info": Document(_for_collection_info),
    "login": Document(
        _for_login,
        before={"Sign in with the code that the page showed": [BROWSER]},
        unchanged=(
            # an address is returned, and nothing new exists yet
            "Start to sign in",
            "Sign in again for a session of a high assurance collection, and store the login in another file",
        ),
        once=("Sign in with the code that the page showed",),
    ),
    "filters": Document(_for_filters),
    "lookups": Document(_for_lookups),
}


# --- from the documentation to a playbook --------------------------------------------------------------------------


def texts_of(document: str) -> list[str]:
    if document == "filters":
        return [filter_documentation(one)[0] for one in FILTERS]
    if document == "lookups":
        return [lookup_documentation(one)[0] for one in LOOKUPS]
    return [documentation(document)[0]]


def examples_of(document: str) -> list[Task]:
    return [example for text in texts_of(document) for example in yaml.safe_load(text)]


def leaves(example: Task) -> Iterator[Task]:
    """The tasks of an example, which may be a block of them."""
    inner = [task for place in INNER for task in example.get(place, ())]
    for task in inner:
        yield from leaves(task)
    if not inner:
        yield example


def module_of(task: Task) -> str:
    """The module of this collection that a task calls, or an empty text."""
    return next((key.removeprefix(PREFIX) for key in task if key.startswith(PREFIX)), "")


def is_repeated(example: Task, document: Document) -> bool:
    """Whether a task changes something, and can be repeated."""
    still = (*document.unchanged, *document.once)
    return any(module_of(task) in WRITING and task["name"] not in still for task in leaves(example))


def repeated(example: Task) -> Task:
    """The same tasks again, with other names."""
    example = copy.deepcopy(example)
    for task in leaves(example):
        task["name"] += AGAIN
    return example


def with_known_ids(value: Any) -> Any:
    """The example, with the template of ``_known_by_id`` instead of the only ID that cannot be prepared."""
    if isinstance(value, dict):
        return {key: with_known_ids(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_known_ids(item) for item in value]
    return "{{ known_timer }}" if value == TIMER else value


def playbook(document: str) -> list[Task]:
    described = DOCUMENTS[document]
    steps: list[Task] = []
    for example in examples_of(document):
        steps += described.before.get(example["name"], [])
        steps.append(example)
        if is_repeated(example, described):
            steps.append(repeated(example))
    return [with_known_ids(step) for step in steps]


# --- tests ---------------------------------------------------------------------------------------------------------


def test_every_document_is_run_and_every_table_is_about_examples_that_are_there() -> None:
    assert sorted(DOCUMENTS) == sorted([*MODULES, "filters", "lookups"])
    for document, described in DOCUMENTS.items():
        names = [task["name"] for example in examples_of(document) for task in leaves(example)]
        assert len(set(names)) == len(names) > 0, f"{document}: names of examples tell them apart"
        assert {*described.before, *described.unchanged, *described.once, *described.warns} <= set(names)


def overridden(node: yaml.Node | None) -> Iterator[str]:
    """Keys that a mapping both merges with ``<<`` and sets itself: Ansible warns about them."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from overridden(item)
    elif isinstance(node, yaml.MappingNode):
        taken = {key.value for merge, value in node.value if merge.value == "<<" for key, _value in value.value}
        for key, value in node.value:
            yield from [key.value] if key.value in taken else ()
            yield from overridden(value)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_examples_are_yaml_that_ansible_takes_without_a_warning(document: str) -> None:
    for text in texts_of(document):
        assert not list(overridden(yaml.compose(text)))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_example_can_be_copied_by_itself(document: str) -> None:
    """No example uses an anchor of another one."""
    alone = [part for text in texts_of(document) for part in re.split(r"^(?=- )", text, flags=re.M)[1:]]
    assert [example for part in alone for example in yaml.safe_load(part)] == examples_of(document)


def test_a_key_that_is_overridden_would_be_noticed() -> None:
    assert list(overridden(yaml.compose("{a: &a {b: 1}, c: [{<<: *a, b: 2}]}"))) == ["b"]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_examples_run_as_they_stand(
    document: str, globus: LocalGlobus, playbooks: Playbooks, subtests: pytest.Subtests, tmp_path: Path
) -> None:
    described = DOCUMENTS[document]
    variables = described.prepare(globus, Person(globus, tmp_path))
    signed_in = {"globus_client_id": globus.client_id, "globus_client_secret": globus.client_secret}

    run = playbooks.start(playbook(document), "--diff", variables={**signed_in, **variables}).wait()

    assert run.status == 0, run.output
    for example in examples_of(document):
        for task in leaves(example):
            with subtests.test(example=task["name"]):
                judge(task, example, described, run)


def judge(task: Task, example: Task, described: Document, run: Run) -> None:
    """The results of both runs of an example."""
    name = task["name"]
    first = run[name]
    assert not first["failed"]
    warning = described.warns.get(name)
    warnings = first.get("warnings", [])
    if task.get("check_mode"):  # check mode reports the consents that it does not request
        warnings = [one for one in warnings if "Check mode does not request consents" not in one]
    assert (warning in warnings[0]) if warning else (warnings == []), warnings
    if module_of(task) not in WRITING:
        assert first["changed"] is ("ansible.builtin.copy" in task)
        return
    assert first["changed"] is (name not in described.unchanged)
    if is_repeated(example, described):
        assert run[f"{name}{AGAIN}"]["changed"] is bool(task.get("check_mode")), "idempotence"


def test_the_example_of_waiting_ends_with_the_next_complete_transfer_and_not_before(
    globus: LocalGlobus, playbooks: Playbooks, tmp_path: Path
) -> None:
    """The example asks again, every second here, while the timer that it waits for has not run."""
    _for_timer_info(globus, Person(globus, tmp_path))
    read, wait = (
        task for task in examples_of("timer_info") if task["name"] in (WAITING, "Read a timer before its next run")
    )
    assert wait["retries"] * wait["delay"] == 3600
    globus.clear_log()
    started = playbooks.start([read, {**wait, "delay": 1}])
    for _try in range(int(LIMIT * 10)):
        if sum(entry["path"] == "/jobs/" for entry in globus.log()) > 2:
            break
        time.sleep(0.1)
    globus.advance(86400)

    run = started.wait()

    assert run.status == 0, run.output
    before, after = (run[task["name"]]["timers"][0]["last_success"] for task in (read, wait))
    assert run[WAITING]["attempts"] > 1
    assert after["ran_at"] > before["ran_at"]
