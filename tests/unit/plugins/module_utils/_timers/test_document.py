# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents of the service, in every shape, and definitions: the same timer reads the same (I4, D1 to D6)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.research_ops.globus.plugins.module_utils._timers.definition import (
    Definition,
    FilterRule,
    Flow,
    Path,
    Transfer,
)
from ansible_collections.research_ops.globus.plugins.module_utils._timers.document import (
    Timer,
    definition_of,
    read_timer,
    timer_as_result,
    timer_differences,
    write_timer,
)
from ansible_collections.research_ops.globus.plugins.module_utils._timers.schedule import Schedule, first_run, next_tick
from unit import samples
from unit.samples import DESTINATION, NOW, SOURCE, definition, sample
from unit.timer_documents import DEFAULTS, SHAPES, recorded, shown

ID = "226fda72-0000-4000-8000-000000000001"
FLOW = "0a7d6c5e-1111-4222-8333-444455556666"
BODY: dict[str, Any] = {
    "DATA_TYPE": "transfer",
    "source_endpoint": SOURCE,
    "destination_endpoint": DESTINATION,
    "DATA": [{"DATA_TYPE": "transfer_item", "source_path": "/data/", "destination_path": "/backup/"}],
}
OLD_BODY = {
    "source_endpoint_id": SOURCE,
    "destination_endpoint_id": DESTINATION,
    "transfer_items": [{"source_path": "/data/", "destination_path": "/backup/"}],
}
START = "2026-12-01T08:00:00+00:00"
MOMENT = datetime(2026, 12, 1, 8, tzinfo=UTC)
# What the service takes a document for that says nothing but where from and where to
PLAIN = Transfer(SOURCE, DESTINATION, (Path("/data/", "/backup/"),), verify_checksum=False)


def job(**members: Any) -> dict[str, Any]:
    """A JobRead, all that is absent being null."""
    names = [
        "timer_type",
        "callback_url",
        "callback_body",
        "interval",
        "start",
        "stop_after",
        "submitted_at",
        "last_ran_at",
        "next_run",
        "activity",
        "inactive_reason",
        "scope",
        "schedule",
    ]
    known = {"job_id": ID, "name": "a", "status": "active", "n_runs": 0, "n_errors": 0}
    return {**dict.fromkeys(names), **known, "results": {"data": [], "page_next": None}, **members}


def created(wanted: Definition, shape: str, start: datetime | None = None, **members: Any) -> Timer:
    """The definition's timer as the service shows it after its creation now."""
    document = write_timer(wanted, start or first_run(wanted.schedule, NOW))
    return read_timer(json.loads(json.dumps(shown(document, shape, timer_id=ID, now=NOW, **members))))


# --- recorded answers (I4) ---


def test_i4_the_recorded_answer_to_a_creation_is_read() -> None:
    document = recorded("timer.create_timer")["timer"]
    timer = read_timer(document)
    assert timer == Timer(
        id=document["job_id"],
        name="Very Cool Timer",
        status="new",
        type="transfer",
        action=Transfer(
            document["body"]["source_endpoint"],
            document["body"]["destination_endpoint"],
            (Path("/share/godata/file1.txt", "/~/dst.txt"),),
        ),
        schedule=Schedule(interval=604800, start=datetime(2023, 10, 27, 5, tzinfo=UTC), end_count=2),
        next_run=datetime(2023, 10, 27, 5, tzinfo=UTC),
        submitted_at=datetime(2023, 10, 26, 20, 31, 9, tzinfo=UTC),
    )


def test_i4_the_recorded_timer_of_the_old_form_is_read() -> None:
    timer = read_timer(recorded("timer.get_job"))
    assert (timer.type, timer.status, timer.runs, timer.errors) == ("transfer", "loaded", 1, 0)
    assert timer.action == Transfer(
        "aa752cea-8222-5bc8-acd9-555b090c0ccb",
        "313ce13e-b597-5858-ae13-29e46fea26e6",
        (Path("/share/godata/file1.txt", "/~/file1.txt", recursive=False),),
        label="example timer",
        sync_level="checksum",
        skip_source_errors=True,
    )
    assert timer.schedule == Schedule(interval=864000, start=datetime(2022, 4, 1, 19, 30, tzinfo=UTC))
    assert timer.last_run == datetime(2022, 4, 1, 19, 30, 7, tzinfo=UTC)
    assert len(timer.results) == 1
    assert [read_timer(document) for document in recorded("timer.list_jobs")["jobs"]] == [timer]
    assert read_timer(recorded("timer.create_job")) == timer
    assert read_timer(recorded("timer.update_job")) == replace(timer, name="updated name")


def test_i4_the_recorded_flow_timer_reads_as_a_flow() -> None:
    document = recorded("timer.create_timer", "flow_timer_success")["timer"]
    timer = read_timer(document)
    body = document["callback_body"]
    flow_id = document["callback_url"].split("/")[-2]
    assert timer.action == Flow(flow_id, body["body"], run_managers=tuple(body["run_managers"]))
    assert (timer.type, timer.name) == ("flow", "Very Cool Timer")
    assert timer_differences(definition(definition_of(timer)), timer, NOW) == []
    assert timer.schedule == Schedule(start=datetime(2025, 10, 27, 5, tzinfo=UTC))


@pytest.mark.parametrize(("case", "by_user"), [("inactive_user", True), ("inactive_gare", False)])
def test_s7_the_recorded_inactive_timers_tell_who_stopped_them(case: str, by_user: bool) -> None:
    timer = read_timer(recorded("timer.get_job", case))
    assert timer.is_inactive
    assert timer.is_unfinished
    assert timer.is_paused_by_user is by_user


def test_a_recorded_timer_is_its_own_definition() -> None:
    for timer in (read_timer(recorded("timer.get_job")), read_timer(recorded("timer.create_timer")["timer"])):
        fed_back = definition(definition_of(timer))
        assert timer_differences(fed_back, timer, NOW) == []


# --- what a timer is (I4) ---


@pytest.mark.parametrize(
    "members",
    [
        {"callback_body": {"body": BODY}},
        {"callback_body": BODY},
        {"body": BODY},
        {"body": {"body": BODY}},
        {"callback_body": {"body": OLD_BODY}},
        {"callback_body": OLD_BODY},
        {"callback_body": {"body": BODY}, "timer_type": "generic"},
        {"callback_body": {"body": OLD_BODY}, "timer_type": "generic"},
        {"callback_body": {"body": BODY}, "callback_url": "https://actions.automate.globus.org/transfer/transfer/run"},
        {"callback_body": {"body": {**BODY, "source_endpoint": SOURCE.upper()}}},
    ],
    ids=lambda members: "-".join(f"{name}{'-body' if 'body' in body else ''}" for name, body in members.items()),
)
def test_i4_d1_a_transfer_is_told_by_its_callback_document(members: dict[str, Any]) -> None:
    timer = read_timer(job(**members))
    assert (timer.type, timer.action) == ("transfer", PLAIN)


@pytest.mark.parametrize(
    ("members", "flow_input"),
    [
        ({"flow_id": FLOW, "callback_body": {"body": {"x": 1}}}, {"x": 1}),
        ({"flow_id": FLOW.upper(), "timer_type": "flow", "body": {"body": {"x": 1}}}, {"x": 1}),
        ({"callback_url": f"https://flows.automate.globus.org/flows/{FLOW}/run"}, {}),
        ({"callback_url": f"https://flows.automate.globus.org/flows/{FLOW}/run/"}, {}),
        # a flow that takes a transfer document as its input
        ({"flow_id": FLOW, "callback_body": {"body": BODY}}, BODY),
        (
            {
                "callback_url": f"https://preview.flows.automate.globus.org/flows/{FLOW}/run",
                "callback_body": {"body": BODY},
            },
            BODY,
        ),
    ],
)
def test_i4_a_flow_is_told_by_its_id_or_address(members: dict[str, Any], flow_input: dict[str, Any]) -> None:
    timer = read_timer(job(**members))
    assert (timer.type, timer.action) == ("flow", Flow(FLOW, flow_input))
    difference = timer_differences(definition(), timer, NOW)[0]
    assert difference.as_result() == {"field": "type", "desired": "transfer", "actual": "flow"}


@pytest.mark.parametrize(
    ("members", "timer_type"),
    [
        ({"callback_url": "https://example.org/run", "callback_body": {"x": 1}}, "generic"),
        ({"callback_url": f"https://example.org/flows/{FLOW}/stop", "callback_body": {"x": 1}}, "generic"),
        ({"timer_type": "transfer"}, "generic"),
        ({"timer_type": "transfer", "callback_body": {"body": {}}}, "generic"),
        ({"callback_body": "text"}, "generic"),
        ({"callback_body": {"body": "text"}}, "generic"),
        ({"body": []}, "generic"),
        ({}, "generic"),
    ],
)
def test_i4_generic_timers_are_not_taken_for_transfers(members: dict[str, Any], timer_type: str) -> None:
    timer = read_timer(job(**members))
    assert (timer.type, timer.action) == (timer_type, None)
    assert definition_of(timer) is None
    (difference,) = timer_differences(definition(), timer, NOW)
    assert difference.as_result() == {"field": "type", "desired": "transfer", "actual": timer_type}


@pytest.mark.parametrize(
    ("address", "timer_type"),
    [
        # recorded, in the Globus CLI, in the documentation; the SDK's addresses of other environments
        ("https://actions.automate.globus.org/transfer/transfer/run", "transfer"),
        ("https://transfer.actions.globus.org/transfer/run", "transfer"),
        ("https://actions.globus.org/transfer/transfer/run", "transfer"),
        ("https://preview.actions.automate.globus.org/transfer/transfer/run", "transfer"),
        ("https://transfer.actions.preview.globus.org/transfer/run/", "transfer"),
        ("https://transfer.actions.integration.globuscs.info/transfer/run", "transfer"),
        # the other collection's examples, and everything else that never transferred anything
        ("https://transfer.api.globus.org/v0.10/transfer", "generic"),
        ("https://transfer.api.globus.org/transfer/run", "generic"),
        ("https://actions.globus.org/transfer/delete/run", "generic"),
        ("https://transfer.actions.globus.org/delete/run", "generic"),
        ("https://transfer.actions.globus.org.example.org/transfer/run", "generic"),
        ("https://example.org/?https://transfer.actions.globus.org/transfer/run", "generic"),
        ("http://transfer.actions.globus.org/transfer/run", "generic"),
        ("https://example.org/transfer/run", "generic"),
    ],
)
@pytest.mark.parametrize("document", [BODY, OLD_BODY], ids=["new", "old"])
def test_I4_only_a_transfer_action_provider_s_address_transfers(
    document: dict[str, Any], address: str, timer_type: str
) -> None:
    timer = read_timer(job(callback_url=address, callback_body={"body": document}))
    assert timer.type == timer_type
    assert (timer.action == PLAIN) is (timer_type == "transfer")


def test_I4_a_transfer_action_provider_that_moves_within_globus_is_told_by_the_service_s_own_word() -> None:
    moved = {"callback_url": "https://providers.globus.org/v2/copy/run", "callback_body": {"body": BODY}}
    assert read_timer(job(**moved, timer_type="transfer")).type == "transfer"
    assert read_timer(job(**moved, timer_type="generic")).type == "generic"
    assert (
        read_timer(job(**{**moved, "callback_url": "https://example.org/run"}, timer_type="transfer")).type == "generic"
    )


@pytest.mark.parametrize("host", ["x.org", "flows.automate.globus.org.x.org", "automate.globus.org"])
def test_I4_a_flow_s_address_is_one_of_globus_flows(host: str) -> None:
    assert read_timer(job(callback_url=f"https://{host}/flows/{FLOW}/run")).type == "generic"


# --- members that we do not know (D7) ---

SET = ["copy", 7, 0, True, ["x"], {"x": None}, float("nan")]
UNSET: list[Any] = [None, False, "", [], {}]


def unknown(**members: Any) -> tuple[str, ...]:
    return read_timer(job(**members)).unknown


@pytest.mark.parametrize("value", SET, ids=repr)
def test_D7_every_member_that_we_do_not_know_is_named(value: Any) -> None:
    more = {"recursive_symlinks": value}
    items = [{**BODY["DATA"][0]}, {**BODY["DATA"][0], **more}, {**BODY["DATA"][0], **more}]
    rules = [{"name": "x", **more}]
    named = "transfer.recursive_symlinks"
    assert unknown(callback_body={"body": {**BODY, **more}}) == (named,)
    assert unknown(callback_body={"body": {**OLD_BODY, **more}}) == (named,)
    assert unknown(body={**BODY, **more}) == (named,)
    assert unknown(callback_body={"body": BODY, **more}) == ("callback_body.recursive_symlinks",)
    assert unknown(callback_body={"body": {**BODY, "DATA": items}}) == ("transfer.paths[1].recursive_symlinks",)
    assert unknown(callback_body={"body": {**OLD_BODY, "transfer_items": items}}) == (
        "transfer.paths[1].recursive_symlinks",
    )
    assert unknown(callback_body={"body": {**BODY, "filter_rules": rules}}) == (
        "transfer.filter_rules[0].recursive_symlinks",
    )
    assert unknown(flow_id=FLOW, callback_body={"body": {"x": 1}, "label": value}) == ("flow.label",)
    new = {"type": "recurring", "interval_seconds": 60}
    assert unknown(schedule={**new, "jitter": value}) == ("schedule.jitter",)
    assert unknown(schedule={**new, "end": {"count": 2, "jitter": value}}) == ("schedule.end.jitter",)
    assert unknown(interval=60, stop_after={"n_runs": 2, "jitter": value}) == ("schedule.end.jitter",)


@pytest.mark.parametrize("value", UNSET, ids=repr)
def test_D7_a_member_that_says_nothing_is_absent(value: Any) -> None:
    more = {"recursive_symlinks": value}
    item = {**BODY["DATA"][0], **more}
    body = {**BODY, **more, "DATA": [item], "filter_rules": [{"name": "x", **more}]}
    end = {"condition": "iterations", "count": 2, **more}
    schedule = {"type": "recurring", "interval_seconds": 60, "end": end, **more}
    assert unknown(callback_body={"body": body, **more}, schedule=schedule) == ()
    assert unknown(flow_id=FLOW, callback_body={"body": {}, **more}, interval=60, stop_after=more) == ()


def test_D6_D7_what_the_service_adds_means_nothing() -> None:
    items = [{**BODY["DATA"][0], "id": 7}]
    added = {"submission_id": SOURCE, "skip_activation_check": True, "id": 3, "recursive_symlinks": "ignore"}
    request = {"request_id": "x", "manage_by": ["x"], "monitor_by": ["x"], "release_after": "P30D"}
    rules = [{"DATA_TYPE": "filter_rule", "name": "x", "id": 1}]
    body = {**BODY, **added, "DATA": items, "filter_rules": rules}
    assert unknown(callback_body={"body": body, **request}, resource_server="transfer", scope="x", anything=["x"]) == ()
    for document in (recorded("timer.get_job"), recorded("timer.create_timer")["timer"]):
        assert read_timer(document).unknown == ()
    assert read_timer(recorded("timer.create_timer", "flow_timer_success")["timer"]).unknown == ()


def test_D7_items_and_rules_of_another_kind_are_named() -> None:
    link = {**BODY["DATA"][0], "DATA_TYPE": "transfer_symlink_item"}
    assert unknown(callback_body={"body": {**BODY, "DATA": [BODY["DATA"][0], link, link]}}) == (
        "transfer.paths[1].DATA_TYPE 'transfer_symlink_item'",
    )
    assert unknown(callback_body={"body": {**BODY, "DATA_TYPE": "delete"}}) == ("transfer.DATA_TYPE 'delete'",)


@given(samples.parameters(), st.sampled_from(SHAPES))
def test_D7_nothing_that_a_definition_can_say_is_unknown(parameters: dict[str, Any], shape: str) -> None:
    timer = created(definition(parameters), shape)
    assert (timer.unknown, timer.unreadable) == ((), None)


# --- our types first (D8) ---


def test_D8_what_is_read_is_turned_into_our_types_first() -> None:
    spelt = {
        "verify_checksum": "true",
        "encrypt_data": 1,
        "notify_on_failed": "False",
        "sync_level": "3",
        "label": 7,
        "filter_rules": [{"name": 5}],
    }
    item = {"source_path": "/data/", "destination_path": "/backup/", "recursive": "True"}
    schedule = {"type": "recurring", "interval_seconds": "86400.0", "start": START, "end": {"count": "10"}}
    timer = read_timer(
        job(callback_body={"body": {**BODY, **spelt, "DATA": [item]}}, schedule=schedule, n_runs="3", n_errors=2.0)
    )
    assert timer.unreadable is None
    assert timer.action == Transfer(
        SOURCE,
        DESTINATION,
        (Path("/data/", "/backup/", recursive=True),),
        verify_checksum=True,
        encrypt_data=True,
        notify_on_failed=False,
        sync_level="checksum",
        label="7",
        filter_rules=(FilterRule("5"),),
    )
    assert timer.schedule == Schedule(86400, MOMENT, end_count=10)
    assert (timer.runs, timer.errors) == (3, 2)
    old = job(interval="60.0", start=START, stop_after={"n_runs": "4"}, n_runs=None, number_of_runs=" 5 ")
    assert read_timer(old).schedule == Schedule(60, MOMENT, end_count=4)
    assert read_timer(old).runs == 5


NAN, INFINITY = float("nan"), float("inf")
NESTED: Any = {}
for _level in range(900):
    NESTED = {"x": NESTED}
NEW = {"type": "recurring", "interval_seconds": 60}
OTHER = {"source_path": "/data/", "destination_path": "/other/"}


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"n_runs": INFINITY}, "n_runs: 'inf' is not a whole number"),
        ({"n_errors": NAN}, "n_errors: 'nan' is not a whole number"),
        ({"n_runs": 1, "number_of_runs": 2}, "n_runs: its document has both n_runs and number_of_runs"),
        ({"interval": INFINITY}, "schedule.interval: 'inf' is not a whole number"),
        ({"interval": "often"}, "schedule.interval: 'often' is not a whole number"),
        ({"interval": 0}, "schedule.interval: 0 seconds is not a valid interval"),
        ({"interval": 10**12}, "is not a valid interval for a timer"),
        ({"schedule": {**NEW, "interval_seconds": NAN}}, "schedule.interval: 'nan' is not a whole number"),
        ({"schedule": {"type": "recurring"}}, "schedule.interval is missing"),
        ({"schedule": {"type": "cron"}}, "schedule.type: 'cron' is not a known type"),
        ({"schedule": "daily"}, "schedule: 'daily' is not a mapping"),
        ({"schedule": {**NEW, "start": "soon"}}, "schedule.start: 'soon' is not a time in ISO 8601"),
        ({"start": "9999-12-31T00:00:00Z"}, "is not a valid time for a timer"),
        ({"schedule": {**NEW, "end": {"datetime": "never"}}}, "schedule.end.datetime: 'never' is not a time"),
        ({"schedule": {**NEW, "end": {"count": "few"}}}, "schedule.end.count: 'few' is not a whole number"),
        ({"schedule": {**NEW, "end": 7}}, "schedule.end: 7 is not a mapping"),
        ({"interval": 60, "stop_after": {"date": 7}}, "schedule.end.datetime: 7 is not a time"),
        ({"callback_body": {"body": {**BODY, "verify_checksum": "maybe"}}}, "transfer.verify_checksum: 'maybe'"),
        ({"callback_body": {"body": {**BODY, "sync_level": 4}}}, "transfer.sync_level: 4 is not a known level"),
        ({"callback_body": {"body": {**BODY, "deadline": "late"}}}, "transfer.deadline: 'late' is not a time"),
        ({"callback_body": {"body": {**BODY, "label": ["x"]}}}, "transfer.label: ['x'] is not text"),
        ({"callback_body": {"body": {**BODY, "label": "a\ud800"}}}, "transfer.label: 'a\\\\ud800' is not valid text"),
        ({"callback_body": {"body": {**BODY, "filter_rules": ["*.tmp"]}}}, "transfer.filter_rules: '*.tmp'"),
        ({"callback_body": {"body": {**BODY, "filter_rules": [{"name": "x", "method": "y"}]}}}, "is not a known rule"),
        ({"callback_body": {"body": {**BODY, "source_endpoint": None}}}, "transfer: its document lacks"),
        ({"callback_body": {"body": {**BODY, "DATA": []}}}, "transfer: its document lacks"),
        ({"callback_body": {"body": {**BODY, "DATA": "text"}}}, "transfer.paths: 'text' is not a list"),
        ({"callback_body": {"body": {**BODY, "DATA": ["text"]}}}, "transfer.paths: 'text' is not a mapping"),
        ({"callback_body": {"body": {**BODY, "DATA": [{"source_path": "/d/"}]}}}, "has no source_path or destination"),
        (
            {"callback_body": {"body": {**BODY, **OLD_BODY, "transfer_items": [OTHER]}}},
            "has both DATA and transfer_items",
        ),
        ({"flow_id": FLOW, "callback_body": {"body": NESTED}}, "flow.input: it is nested more than 50 levels deep"),
        ({"flow_id": FLOW, "callback_body": {"body": {"x": NAN}}}, "flow.input: 'nan' is not a number"),
        ({"flow_id": FLOW, "callback_body": {"body": "x"}}, "flow.input: 'x' is not a mapping"),
        ({"flow_id": FLOW, "callback_body": {"tags": "x"}}, "flow.tags: 'x' is not a list"),
        ({"name": "a\ud800"}, "name: 'a\\\\ud800' is not valid text: it contains an incomplete character"),
    ],
)
def test_D8_a_document_that_cannot_be_understood_makes_its_own_timer_unmanageable(
    members: dict[str, Any], says: str
) -> None:
    body = {"callback_body": {"body": BODY}}
    timer = read_timer(job(**{**body, **members}))
    assert says in str(timer.unreadable)
    assert (timer.id, timer.action, definition_of(timer)) == (ID, None, None)
    (difference,) = timer_differences(definition(), timer, NOW)
    assert difference.as_result() == {"field": "type", "desired": "transfer", "actual": "unreadable"}
    json.dumps(timer_as_result(timer, "https://app.globus.org/"), allow_nan=False).encode()


@pytest.mark.parametrize("members", [{"name": ["a"]}, {"name": {}}, {"status": ["x"]}, {"job_id": ["x"]}])
def test_D8_without_an_id_a_name_and_a_status_nobody_knows_which_timer_it_is(members: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is not text"):
        read_timer(job(**members))


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=5)
    | st.sampled_from(["10", "true", "nan", "-1", "9" * 400, START, "9999-12-31T23:59:59-14:00", "\ud800", 10**400]),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=6,
)
MEMBERS = [
    *(("body", name) for name in (*BODY, *DEFAULTS, "label", "sync_level", "deadline", "filter_rules", "quux")),
    *(("item", name) for name in ("source_path", "recursive", "external_checksum", "DATA_TYPE", "quux")),
    *(("rule", name) for name in ("name", "method", "type", "quux")),
    *(("schedule", name) for name in ("type", "interval_seconds", "start", "end", "quux")),
    *(("end", name) for name in ("condition", "count", "datetime", "quux")),
    *(("run", name) for name in ("body", "run_managers", "tags", "label")),
    *(("stop", name) for name in ("date", "n_runs")),
    *(("job", name) for name in job() if name not in ("job_id", "name", "status")),
]


@pytest.mark.parametrize("shape", ["new", "old", "flow"])
@given(place=st.sampled_from(MEMBERS), value=_json)
def test_D8_any_json_in_any_member_is_read_or_makes_its_own_timer_unmanageable(
    shape: str, place: tuple[str, str], value: Any
) -> None:
    where, name = place

    def with_value(document: dict[str, Any], here: str) -> dict[str, Any]:
        return {**document, name: value} if where == here else document

    items = [with_value(dict(BODY["DATA"][0]), "item")]
    rules = [with_value({"name": "x"}, "rule")]
    body = with_value({**(OLD_BODY if shape == "old" else BODY), "filter_rules": rules}, "body")
    body.setdefault("transfer_items" if shape == "old" else "DATA", items)
    end = with_value({"condition": "iterations", "count": 3}, "end")
    schedule = with_value({**NEW, "end": end}, "schedule")
    run = with_value({"body": {"x": 1}}, "run")
    document = {
        "new": job(callback_body={"body": body}, schedule=schedule),
        "old": job(callback_body={"body": body}, interval=60, stop_after=with_value({"n_runs": 3}, "stop")),
        "flow": job(flow_id=FLOW, callback_body=run, schedule=schedule),
    }[shape]
    timer = read_timer(with_value(document, "job"))
    assert (timer.id, timer.name, timer.status) == (ID, "a", "active")
    assert timer.unreadable is None or timer.action is None
    json.dumps(timer_as_result(timer, "https://app.globus.org/"), allow_nan=False).encode()
    timer_differences(definition(), timer, NOW)
    json.dumps(timer.unknown).encode()


# --- both ends (25) ---


def test_a_schedule_with_both_ends_cannot_be_said_by_a_definition() -> None:
    """Or its definition would drift, and lose an end where the timer is replaced."""
    both = {"interval": 60, "start": START, "stop_after": {"date": "2027-01-01T00:00:00Z", "n_runs": 2}}
    timer = read_timer(job(callback_body={"body": BODY}, **both))
    assert timer.schedule == Schedule(60, MOMENT, end_count=2, end_datetime=datetime(2027, 1, 1, tzinfo=UTC))
    assert timer.unknown == ("schedule.end (both count and datetime)",)
    condition = {"count": 2, "datetime": "2027-01-01T00:00:00Z"}
    for word, expected in (("iterations", (2, None)), ("time", (None, datetime(2027, 1, 1, tzinfo=UTC)))):
        timer = read_timer(job(schedule={**NEW, "end": {**condition, "condition": word}}))
        assert (timer.schedule.end_count, timer.schedule.end_datetime) == expected
        assert timer.unknown == ()


@pytest.mark.parametrize("document", [{}, {"job_id": None}, {"job_id": ""}, [], None, "text", {"message": "paused"}])
def test_what_is_no_timer_document_is_refused(document: Any) -> None:
    with pytest.raises(ValueError, match="job_id is missing"):
        read_timer(document)


# --- defaults, nulls and what the service adds (D1, D6) ---


def test_d6_nulls_defaults_ids_and_unknown_members_read_as_nothing() -> None:
    nulls = dict.fromkeys((*DEFAULTS, "label", "sync_level", "deadline", "filter_rules", "source_local_user"))
    item = {**BODY["DATA"][0], "recursive": None, "external_checksum": None, "id": 4, "more": {"a": []}}
    for body in (
        {**BODY, **nulls},
        {**BODY, **DEFAULTS},
        {**BODY, **nulls, **DEFAULTS, "DATA": [item], "submission_id": "x", "unknown": {"sub": ["document"]}},
        {**BODY, "label": "", "filter_rules": [], "source_local_user": ""},
    ):
        assert read_timer(job(callback_body={"body": body})).action == PLAIN


def test_d1_verify_checksum_left_out_is_true_in_a_definition_and_false_in_the_service() -> None:
    path = {"source_path": "/data/", "destination_path": "/backup/"}
    timer = read_timer(job(callback_body={"body": BODY}, interval=86400))
    (difference,) = timer_differences(definition(sample(paths=[path])), timer, NOW)
    assert difference.as_result() == {"field": "transfer.verify_checksum", "desired": True, "actual": False}
    assert timer_differences(definition(sample(paths=[path], verify_checksum=False)), timer, NOW) == []


@pytest.mark.parametrize(("number", "word"), [(0, "exists"), (1, "size"), (2, "mtime"), (3, "checksum"), (None, None)])
def test_sync_level_is_a_word_here_and_a_number_there(number: int | None, word: str | None) -> None:
    timer = read_timer(job(callback_body={"body": {**BODY, "sync_level": number}}))
    assert isinstance(timer.action, Transfer)
    assert timer.action.sync_level == word
    options: dict[str, Any] = {} if word is None else {"sync_level": word}
    assert write_timer(definition(sample(**options)), None)["body"].get("sync_level") == number


def test_d6_filter_rules_have_the_service_s_default_method() -> None:
    rules = [{"DATA_TYPE": "filter_rule", "name": "*.tmp", "method": None, "type": None, "id": 1}, {"name": "b"}]
    timer = read_timer(job(callback_body={"body": {**BODY, "filter_rules": rules}}))
    assert isinstance(timer.action, Transfer)
    assert timer.action.filter_rules == (FilterRule("*.tmp", "exclude"), FilterRule("b", "exclude"))


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"schedule": {"type": "once", "datetime": START}}, Schedule(start=MOMENT)),
        ({"schedule": {"type": "once"}, "start": START}, Schedule(start=MOMENT)),
        ({"schedule": {"type": "once", "datetime": None}}, Schedule()),
        ({"schedule": {"type": "recurring", "interval_seconds": 60}, "start": START}, Schedule(60, MOMENT)),
        ({"schedule": {"type": "recurring", "interval_seconds": 60, "start": START}}, Schedule(60, MOMENT)),
        (
            {"schedule": {"type": "recurring", "interval_seconds": 60.0, "start": START, "end": None}},
            Schedule(60, MOMENT),
        ),
        (
            {"schedule": {"type": "recurring", "interval_seconds": 60, "start": START, "end": {"count": 2}}},
            Schedule(60, MOMENT, end_count=2),
        ),
        (
            {
                "schedule": {
                    "type": "recurring",
                    "interval_seconds": 60,
                    "start": START,
                    "end": {"condition": "iterations", "count": 2, "datetime": None},
                }
            },
            Schedule(60, MOMENT, end_count=2),
        ),
        (
            {"schedule": {"type": "recurring", "interval_seconds": 60, "start": START, "end": {"datetime": START}}},
            Schedule(60, MOMENT, end_datetime=MOMENT),
        ),
        ({"start": START, "interval": 60.0}, Schedule(60, MOMENT)),
        ({"start": START, "interval": 60.0, "stop_after": {"date": None, "n_runs": None}}, Schedule(60, MOMENT)),
        (
            {"start": START, "interval": 60, "stop_after": {"date": None, "n_runs": 2}},
            Schedule(60, MOMENT, end_count=2),
        ),
        (
            {"start": START, "interval": 60, "stop_after": {"date": START, "n_runs": None}},
            Schedule(60, MOMENT, end_datetime=MOMENT),
        ),
        ({"start": START, "interval": None, "stop_after": {"date": None, "n_runs": 1}}, Schedule(start=MOMENT)),
        ({"start": "2026-12-01T08:00:00.75", "interval": 60}, Schedule(60, MOMENT)),
    ],
)
def test_i4_d6_schedules_of_both_shapes(members: dict[str, Any], expected: Schedule) -> None:
    assert read_timer(job(**members)).schedule == expected


def test_a_moment_that_cannot_be_read_is_unknown() -> None:
    timer = read_timer(job(next_run="soon", submitted_at=7, last_ran_at="0001-01-01T00:00:00+14:00"))
    assert (timer.next_run, timer.submitted_at, timer.last_run) == (None, None, None)


# --- status (I1) ---


@pytest.mark.parametrize(
    ("status", "gone", "ended", "unfinished", "inactive"),
    [
        ("new", False, False, True, False),
        ("loaded", False, False, True, False),
        ("active", False, False, True, False),
        ("ACTIVE", False, False, True, False),
        (None, False, False, True, False),
        ("a word of tomorrow", False, False, True, False),
        ("inactive", False, False, True, True),
        ("ended", False, True, False, False),
        ("delete_in_progress", True, False, False, False),
        ("deleted", True, False, False, False),
    ],
)
def test_i1_which_timers_a_name_identifies(
    status: str | None, gone: bool, ended: bool, unfinished: bool, inactive: bool
) -> None:
    timer = read_timer(job(status=status))
    assert (timer.is_gone, timer.is_ended, timer.is_unfinished, timer.is_inactive) == (
        gone,
        ended,
        unfinished,
        inactive,
    )


@pytest.mark.parametrize(
    ("status", "reason", "by_user"),
    [
        ("inactive", {"cause": "user", "detail": None}, True),
        ("inactive", "user", True),  # should it be a bare word
        ("inactive", None, False),
        ("inactive", {"cause": "globus_auth_requirements", "detail": {}}, False),
        ("inactive", {"cause": "other"}, False),
        ("inactive", {"cause": None}, False),
        ("active", {"cause": "user"}, False),
        ("active", None, False),
    ],
)
def test_s7_only_a_user_s_own_pause_is_a_pause(status: str, reason: Any, by_user: bool) -> None:
    assert read_timer(job(status=status, inactive_reason=reason)).is_paused_by_user is by_user


@pytest.mark.parametrize(
    ("reason", "by_user"), [("user", True), ("globus_auth_requirements", False), ("other", False), (None, False)]
)
def test_s7_the_activity_tells_a_pause_where_the_reason_is_missing(reason: str | None, by_user: bool) -> None:
    document = job(status="inactive", activity={"code": "paused", "reason": reason})
    assert read_timer(document).is_paused_by_user is by_user


def test_i3_the_first_of_several_is_told_by_submission_then_id() -> None:
    timers = [
        read_timer(job(job_id=key, submitted_at=at))
        for key, at in (
            ("b", "2026-11-01T00:00:01Z"),
            ("c", "2026-11-01T00:00:00.9Z"),
            ("d", None),
            ("a", "2026-11-01T00:00:01Z"),
        )
    ]
    assert [timer.id for timer in sorted(timers, key=lambda timer: timer.order)] == ["c", "a", "b", "d"]


# --- definition -> service ---


def test_the_document_that_creates_a_timer() -> None:
    wanted = definition(
        sample(
            {"interval": "1d", "end": {"count": 10}},
            label="Backup",
            sync_level="checksum",
            deadline="2026-12-24T00:00:00Z",
            filter_rules=[{"name": "*.tmp", "type": "file"}],
            source_local_user="ada",
        )
    )
    assert write_timer(wanted, MOMENT) == {
        "timer_type": "transfer",
        "name": "microscope-nightly",
        "schedule": {
            "type": "recurring",
            "interval_seconds": 86400,
            "start": START,
            "end": {"condition": "iterations", "count": 10},
        },
        "body": {
            "DATA_TYPE": "transfer",
            "source_endpoint": SOURCE,
            "destination_endpoint": DESTINATION,
            "DATA": [
                {
                    "DATA_TYPE": "transfer_item",
                    "source_path": "/data/",
                    "destination_path": "/backup/",
                    "recursive": True,
                }
            ],
            **DEFAULTS,
            "verify_checksum": True,
            "label": "Backup",
            "sync_level": 3,
            "deadline": "2026-12-24T00:00:00+00:00",
            "filter_rules": [
                {"DATA_TYPE": "filter_rule", "name": "*.tmp", "method": "exclude", "type": "file"},
            ],
            "source_local_user": "ada",
        },
    }


@pytest.mark.parametrize(
    ("schedule", "start", "document"),
    [
        ({}, None, {"type": "once"}),
        ({}, MOMENT, {"type": "once", "datetime": START}),
        ({"interval": 60}, None, {"type": "recurring", "interval_seconds": 60}),
        (
            {"interval": 60, "end": {"datetime": "2026-12-01T02:00:00-06:00"}},
            None,
            {"type": "recurring", "interval_seconds": 60, "end": {"condition": "time", "datetime": START}},
        ),
    ],
)
def test_schedules_as_they_are_sent(schedule: dict[str, Any], start: datetime | None, document: dict[str, Any]) -> None:
    assert write_timer(definition(sample(schedule)), start)["schedule"] == document


# --- there and back (I4, D1 to D6) ---


@pytest.mark.parametrize("shape", SHAPES)
@given(samples.parameters())
def test_i4_d6_what_was_created_equals_its_definition_in_every_shape(shape: str, parameters: dict[str, Any]) -> None:
    wanted = definition(parameters)
    timer = created(wanted, shape)
    assert timer.type == "transfer"
    assert timer_differences(wanted, timer, NOW) == []


@given(samples.parameters(), st.sampled_from(SHAPES), st.integers(0, 400 * 86400), st.booleans())
def test_d2_d3_d4_it_still_does_after_any_time(
    parameters: dict[str, Any], shape: str, seconds: int, paused: bool
) -> None:
    parameters["schedule"].pop("daylight_saving", None)  # follow tells of clock changes: see test_schedule
    wanted = definition(parameters)
    timer = created(wanted, shape)
    later = NOW + timedelta(seconds=seconds)
    if timer.schedule.interval is not None and timer.schedule.start is not None:
        tick = next_tick(timer.schedule.start, timer.schedule.interval, later)
        timer = replace(timer, next_run=None if paused else tick, status="inactive" if paused else "active")
    assert timer_differences(wanted, timer, later) == []


@given(samples.parameters(), st.sampled_from(SHAPES))
def test_a_definition_fed_back_changes_nothing_and_is_a_fixed_point(parameters: dict[str, Any], shape: str) -> None:
    timer = created(definition(parameters), shape)
    options = definition_of(timer)
    assert options is not None
    assert None not in [*options["transfer"].values(), *options["schedule"].values()]
    fed_back = definition(options)
    assert timer_differences(fed_back, timer, NOW) == []
    again = created(fed_back, shape, start=fed_back.schedule.start)
    assert definition_of(again) == options


@given(samples.parameters(), samples.parameters(), st.sampled_from(SHAPES))
def test_drift_of_a_transfer_is_seen_in_every_shape(one: dict[str, Any], other: dict[str, Any], shape: str) -> None:
    wanted, actual = definition(one), definition(other)
    timer = created(actual, shape)
    assert timer.action is not None
    fields = {difference.field for difference in timer_differences(wanted, timer, NOW)}
    assert any(field.startswith("transfer.") for field in fields) is (wanted.action.normal() != actual.action.normal())


@pytest.mark.parametrize(
    ("schedule", "wanted", "fields"),
    [
        ({"interval": "1d"}, {"interval": "24h"}, []),
        ({"interval": "1d"}, {"interval": 86400}, []),
        ({"interval": "1d"}, {"interval": "2d"}, ["schedule.interval"]),
        ({"interval": "1d"}, {}, ["schedule.interval"]),
        ({}, {"interval": "1d"}, ["schedule.interval"]),
        ({"interval": "1d", "end": {"count": 2}}, {"interval": "1d"}, ["schedule.end"]),
        ({"interval": "1d"}, {"interval": "1d", "end": {"count": 2}}, ["schedule.end"]),
        ({"interval": "1d", "end": {"count": 2}}, {"interval": "1d", "end": {"count": 3}}, ["schedule.end"]),
        (
            {"interval": "1d", "end": {"datetime": "2027-01-01T00:00:00Z"}},
            {"interval": "1d", "end": {"datetime": "2026-12-31T18:00:00-06:00"}},
            [],
        ),
        # D2: the phase, once the start is past
        (
            {"interval": "1d", "start": "2026-11-20T02:00:00Z"},
            {"interval": "1d", "start": "2026-11-01T02:00:00Z"},
            [],
        ),
        (
            {"interval": "1d", "start": "2026-11-20T02:00:00Z"},
            {"interval": "1d", "start": "2026-11-20T03:00:00Z"},
            ["schedule.start"],
        ),
        # D2: a start to come is meant
        (
            {"interval": "1d", "start": "2026-12-01T02:00:00Z"},
            {"interval": "1d", "start": "2027-03-01T02:00:00Z"},
            ["schedule.start"],
        ),
        (
            {"interval": "1d", "start": "2026-12-01T02:00:00Z"},
            {"interval": "1d", "start": "2026-11-30T20:00:00-06:00"},
            [],
        ),
        # D3
        ({"interval": "1d", "start": "2026-12-01T02:00:00Z"}, {"interval": "1d"}, []),
        ({"start": "2026-12-01T02:00:00Z"}, {}, []),
        # D5: run once
        ({"start": "2026-12-01T02:00:00Z"}, {"start": "2026-12-02T02:00:00Z"}, ["schedule.start"]),
    ],
)
@pytest.mark.parametrize("shape", SHAPES)
def test_d1_d2_d3_drift_of_schedules(
    shape: str, schedule: dict[str, Any], wanted: dict[str, Any], fields: list[str]
) -> None:
    timer = created(definition(sample(schedule)), shape)
    assert [found.field for found in timer_differences(definition(sample(wanted)), timer, NOW)] == fields


# --- timer -> result ---


def test_a_timer_as_the_modules_return_it() -> None:
    timer = created(
        definition(sample({"interval": "1d", "start": START})),
        "as_sent",
        status="inactive",
        inactive_reason={"cause": "user", "detail": None},
        last_ran_at="2026-11-23T11:00:00.5+00:00",
        n_runs=3,
        n_errors=1,
    )
    result = timer_as_result(timer, "https://app.globus.org/")
    assert result.pop("definition") == {
        **sample({"interval": "1d", "start": START}),
        "state": "paused",
        "transfer": definition_of(timer)["transfer"],  # type: ignore[index]  # not None here
    }
    assert result == {
        "id": ID,
        "name": "microscope-nightly",
        "status": "inactive",
        "type": "transfer",
        "next_run": START,
        "last_run": "2026-11-23T11:00:00+00:00",
        "runs": 3,
        "errors": 1,
        "inactive_reason": {"cause": "user", "detail": None},
        "submitted_at": "2026-11-23T12:00:00+00:00",
        "url": f"https://app.globus.org/activity/timers/{ID}",
    }
