# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every state of health, created by its causes, with real files, and fixed by following its remedy exactly.

Also with the unknown behaviour of the services: the task in the results of a timer, and the errors that count.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from emulator.control import LocalGlobus
from emulator.plain import GUEST, HIGH_ASSURANCE, LAPTOP, MAPPED, Api, timer_scope
from integration import in_process
from integration.harness import START

HOUR, DAY = 3600, 86400
DAILY = {"type": "recurring", "interval_seconds": DAY, "start": "2026-03-03T02:00:00+00:00"}
HOURLY = {"type": "recurring", "interval_seconds": HOUR, "start": "2026-03-03T02:00:00+00:00"}
ONCE = {"type": "once", "datetime": "2026-03-03T02:00:00+00:00"}
WORLD: dict[str, dict[str, Any]] = {
    "lab": {"id": MAPPED, "display_name": "Lab"},
    "archive": {"id": GUEST, "display_name": "Lab archive", "entity_type": "GCSv5_guest_collection"},
    "laptop": {"id": LAPTOP, "display_name": "Laptop", "entity_type": "GCP_mapped_collection"},
    "vault": {"id": HIGH_ASSURANCE, "display_name": "Vault", "high_assurance": True},
}
NAMES = {one["id"]: f"{one['display_name']} ({one['id']})" for one in WORLD.values()}
SETTINGS: list[dict[str, Any]] = [
    {},
    {"results_refreshed": "at_end", "failed_task_counts": "no", "result_ids": "short", "nice_status_case": "upper"},
    {
        "results_refreshed": "status_only",
        "run_status_words": "lower",
        "result_errors": "object",
        "ended_while_running": "yes",
        "failed_nice_status": "kept",
    },
    {"results_refreshed": "no", "ran_at_form": "recorded", "result_ids": "short", "stop_after_absent": "null"},
]


class Stage:
    """Four collections with real folders, an account, and modules in the process of the test."""

    def __init__(self, globus: LocalGlobus, folder: Path, switches: dict[str, Any]) -> None:
        self.globus, self.folder = globus, folder
        for name in WORLD:
            (folder / name).mkdir()
        for name in ("lab", "laptop"):
            (folder / name / "data").mkdir()
            (folder / name / "data" / "table.csv").write_text("1,2\n", encoding="utf-8")
            (folder / name / "data" / "secret.csv").write_text("3,4\n", encoding="utf-8")
        world = {
            "collections": [{**one, "root": str(folder / name)} for name, one in WORLD.items()],
            "clients": [{"id": globus.client_id, "secret": globus.client_secret}],
        }
        globus.reset(world=world, clock=START, stopped=True, switches=switches)
        self.api = Api(globus).login(MAPPED)
        secret = {"GLOBUS_CLIENT_ID": globus.client_id, "GLOBUS_CLIENT_SECRET": globus.client_secret}
        self.environment = {**globus.environment, **secret}

    def __call__(self, module: str, **options: Any) -> Any:
        result = in_process.run(module, options, self.environment)
        assert not result["failed"], result
        return result

    def create(self, name: str = "t", schedule: Any = None, *, path: str = "/data/", **changes: Any) -> str:
        """A timer from the lab to the archive."""
        item = {"DATA_TYPE": "transfer_item", "source_path": path, "destination_path": f"/{name}/", "recursive": True}
        places = {"source": MAPPED, "destination": GUEST, **changes}
        body = {"DATA": [item], **places.pop("body", {})}
        return self.api.create(name=name, schedule=schedule or DAILY, body=body, **places)

    def read(self, name: str = "t", **options: Any) -> dict[str, Any]:
        """The newest timer with this name."""
        found = self("timer_info", name=name, status=["active", "inactive", "ended"], **options)["timers"]
        timer: dict[str, Any] = max(found, key=lambda one: str(one["submitted_at"]))
        return timer

    def task(self) -> str:
        """The ID of the task that was submitted last."""
        return str(max(self.globus.tasks(), key=lambda task: str(task["request_time"]))["task_id"])

    def replace(self, transfer: dict[str, Any] | None = None, schedule: dict[str, Any] | None = None) -> None:
        """The definition of the timer, corrected."""
        wanted = self.read()["definition"]
        for part, changes in (("transfer", transfer or {}), ("schedule", schedule or {})):
            wanted[part] = {**wanted[part], **changes}
        operations = self("timer", **wanted, on_drift="replace")["operations"]
        assert [one["operation"] for one in operations] == ["create", "delete"]

    def arrived(self, name: str = "t", source: str = "lab") -> bool:
        """Whether the copy equals the source."""
        copies = [self.folder / place / name for place in ("archive", "vault")]
        origin = {file.name: file.read_bytes() for file in (self.folder / source / "data").iterdir()}
        return any({file.name: file.read_bytes() for file in copy.glob("*")} == origin for copy in copies)

    def move_away(self) -> None:
        shutil.move(self.folder / "lab" / "data", self.folder / "lab" / "away")

    def move_back(self) -> None:
        shutil.move(self.folder / "lab" / "away", self.folder / "lab" / "data")

    def resume(self) -> None:
        self("timer", name="t", state="active")


Step = Callable[[Stage], object]


@dataclass(frozen=True)
class Case:
    """The cause of a state, its text, and the actions of its remedy.

    ``cure`` does exactly these actions. After ``seconds``, the state is ok.
    """

    state: str
    cause: Step
    reason: tuple[str, ...]
    remedy: tuple[str, ...]
    cure: Step
    seconds: int = 15 * 60
    options: dict[str, Any] = field(default_factory=dict)  # of timer_info
    source: str = "lab"
    judged_by: str = "transfer"
    settings: list[dict[str, Any]] = field(default_factory=lambda: SETTINGS)
    cured: str = "ok"


def runs(stage: Stage, seconds: int = DAY, **changes: Any) -> None:
    """Create a timer, and move the clock to after its first run."""
    stage.create(**changes)
    stage.globus.advance(seconds)


def missing(stage: Stage) -> None:
    stage.move_away()
    runs(stage)


def expired(stage: Stage) -> None:
    stage.move_away()
    runs(stage, 2 * DAY)


def expired_again(stage: Stage) -> None:
    expired(stage)
    stage.globus.advance(DAY)


def cancelled(stage: Stage) -> None:
    missing(stage)
    stage.move_back()
    assert stage.api.call("POST", f"/v0.10/task/{stage.task()}/cancel").status == 200


def cancelled_by_admin(stage: Stage) -> None:
    missing(stage)
    stage.move_back()
    stage.globus.task(stage.task(), cancel_by="DESTINATION", message="Maintenance")


def not_started(stage: Stage) -> None:
    stage.globus.collection(GUEST, deleted=True)
    runs(stage)


def inactive_task(stage: Stage) -> None:
    """A consent that is revoked while Globus retries."""
    missing(stage)
    stage.globus.revoke(timer_scope(MAPPED))
    stage.move_back()
    stage.globus.advance(20 * 60)


def paused_and_active(stage: Stage) -> None:
    stage("timer", name="t", state="paused")
    stage.resume()


def paused_task(stage: Stage) -> None:
    missing(stage)
    stage.move_back()
    stage.globus.task(stage.task(), pause=True, by_admin=True, message="Maintenance of the archive")


def skipping(stage: Stage, **options: Any) -> None:
    stage.globus.collection(MAPPED, forbidden=["/data/secret.csv"])
    runs(stage, body={"skip_source_errors": True, **options})


def exclude(stage: Stage) -> None:
    stage.replace({"filter_rules": [{"name": "secret.csv"}]})
    (stage.folder / "lab" / "data" / "secret.csv").rename(stage.folder / "lab" / "secret.csv")  # for the comparison


def slow(stage: Stage) -> None:
    """Eight bytes at a byte in a quarter of an hour would be nice: a thousand bytes at one in ten seconds are too."""
    (stage.folder / "lab" / "data" / "table.csv").write_bytes(bytes(16_000))
    stage.globus.switch(bytes_per_second=2)
    stage.globus.set_clock("2026-03-03T01:59:00+00:00")
    stage.create(schedule=HOURLY)
    stage.globus.set_clock("2026-03-03T03:10:00+00:00")


def queued(stage: Stage) -> None:
    """Four timers at the same minute: the fourth waits for the others."""
    (stage.folder / "lab" / "data" / "table.csv").write_bytes(bytes(16_000))
    stage.globus.switch(bytes_per_second=2)
    for name in ("a", "b", "c"):
        stage.create(name)
    stage.create(schedule=HOURLY)
    stage.globus.set_clock("2026-03-03T03:10:00+00:00")


def spread(stage: Stage) -> None:
    stage.replace(schedule={"start": "2026-03-03T12:00:00+00:00", "interval": "1d"})


def overdue(stage: Stage) -> None:
    stage.globus.timer(stage.create(), lose_tick=True)
    stage.globus.advance(DAY)


def stale(stage: Stage) -> None:
    runs(stage, 3 * DAY, schedule={**DAILY, "interval_seconds": 7 * DAY})


def consent_revoked(stage: Stage) -> None:
    stage.create()
    stage.globus.revoke()
    stage.globus.advance(DAY)


def session_over(stage: Stage) -> None:
    stage.globus.grant(timer_scope(MAPPED))
    runs(stage, destination=HIGH_ASSURANCE)


def stopped(stage: Stage) -> None:
    stage.globus.timer(stage.create(), stop={"cause": "other", "detail": "Sorry"})
    stage.globus.advance(DAY)


def paused_after_failure(stage: Stage) -> None:
    stage.move_away()
    runs(stage, DAY)
    stage("timer", name="t", state="paused")
    stage.globus.advance(DAY)
    stage.move_back()


def once_expired(stage: Stage) -> None:
    stage.move_away()
    runs(stage, 2 * DAY, schedule=ONCE)
    stage.move_back()


def once_missing(stage: Stage) -> None:
    """A timer that waits for its run reports this itself; a timer that does not wait has already ended."""
    stage.move_away()
    runs(stage, DAY - 8 * HOUR, schedule=ONCE)


def later_start(stage: Stage) -> None:
    """The same definition with a later start."""
    wanted = stage.read()["definition"]
    wanted["schedule"] = {"start": "2026-03-04T13:00:00+00:00"}
    assert [one["operation"] for one in stage("timer", **wanted)["operations"]] == ["create"]


def advance(seconds: int) -> Step:
    return lambda stage: stage.globus.advance(seconds)


def change(collection: str, **changes: Any) -> Step:
    return lambda stage: stage.globus.collection(collection, **changes)


def a_day_after(step: Step) -> Step:
    return lambda stage: (step(stage), stage.globus.advance(DAY))


def troubled(collection: str, **changes: Any) -> Step:
    """A run with a collection in this condition."""

    def cause(stage: Stage) -> None:
        stage.globus.collection(collection, **changes)
        runs(stage)

    return cause


def from_laptop(stage: Stage) -> None:
    stage.globus.collection(LAPTOP, reachable=False)
    runs(stage, source=LAPTOP)


UNDATED = ("needs_consent", "needs_session", "inactive", "paused")  # the service does not report the beginning
LAST = "The transfer of its last run, at 2026-03-03T02:00:00+00:00, "
STILL = "Its transfer (requested at 2026-03-03T02:00:00+00:00) is stalled: "
CASES = {
    "failing: EXPIRED": Case(
        "failing",
        expired,
        (LAST + "failed: Globus gave up at the deadline after ", " attempts"),
        (
            "See the events on the page of the task for the error: |Put it back, or correct",
            "; the next run tries again",
        ),
        a_day_after(Stage.move_back),
    ),
    "failing: EXPIRED, and the next run is stalled": Case(
        "failing",
        expired_again,
        (
            "failed: Globus gave up at the deadline after ",
            "; its transfer (requested at 2026-03-05T02:00:00+00:00) is stalled",
        ),
        (f"Check /data/ on the source collection {NAMES[MAPPED]}. Put it back", "or correct source_path"),
        Stage.move_back,
    ),
    "failing: cancelled": Case(
        "failing",
        cancelled,
        (LAST + "failed: someone cancelled it",),
        ("Ask who cancelled it", "the next run tries again"),
        advance(DAY),
    ),
    "failing: cancelled by an administrator": Case(
        "failing",
        cancelled_by_admin,
        (LAST + "failed: an administrator of the destination collection cancelled it: Maintenance",),
        (f"Ask the administrator of the destination collection {NAMES[GUEST]}", "the next run tries again"),
        advance(DAY),
    ),
    "failing: could not be started": Case(
        "failing",
        not_started,
        ("Its last run, at 2026-03-03T02:00:00+00:00, failed: ", f"Endpoint '{GUEST}' has been deleted"),
        ("Fix the cause", "activity/timers/", "the next run tries again"),
        a_day_after(change(GUEST, deleted=False)),
        judged_by="timer",
    ),
    "stalled: missing source": Case(
        "stalled",
        missing,
        (STILL + "Globus reports FILE_NOT_FOUND", " failed attempts; Globus gives up at 2026-03-04T02:00:00+00:00"),
        (f"Check /data/ on the source collection {NAMES[MAPPED]}. Put it back (Globus then continues by itself)",),
        Stage.move_back,
    ),
    "stalled: source that may not be read": Case(
        "stalled",
        troubled(MAPPED, forbidden=["/data"]),
        (STILL + "Globus reports PERMISSION_DENIED",),
        (f"Allow the account of the timer to read the source collection {NAMES[MAPPED]}",),
        change(MAPPED, forbidden=[]),
    ),
    "stalled: destination that may not be written": Case(
        "stalled",
        troubled(GUEST, read_only=True),
        (STILL + "Globus reports PERMISSION_DENIED", "read-only"),
        (f"Allow the account of the timer to write to the destination collection {NAMES[GUEST]}",),
        change(GUEST, read_only=False),
    ),
    "stalled: computer that is off": Case(
        "stalled",
        from_laptop,
        (STILL + "Globus reports GC_NOT_CONNECTED", "Laptop"),
        (f"Start Globus Connect Personal on the computer of the source collection {NAMES[LAPTOP]}",),
        change(LAPTOP, reachable=True),
        source="laptop",
    ),
    "stalled: server that is off": Case(
        "stalled",
        troubled(GUEST, reachable=False),
        (STILL + "Globus reports CONNECT_FAILED",),
        (f"Ask the administrator of the destination collection {NAMES[GUEST]} whether the collection is online",),
        change(GUEST, reachable=True),
    ),
    "stalled: destination that is full": Case(
        "stalled",
        troubled(GUEST, full=True),
        (STILL + "Globus reports QUOTA_EXCEEDED",),
        (f"Free some space on the destination collection {NAMES[GUEST]}",),
        change(GUEST, full=False),
    ),
    "stalled: words of tomorrow": Case(
        "stalled",
        troubled(GUEST, trouble="QUUX"),
        (STILL + "Globus reports QUUX",),
        ("See the page of the task: https://app.globus.org/activity/",),
        change(GUEST, trouble=None),
    ),
    "stalled: INACTIVE": Case(
        "stalled",
        inactive_task,
        (STILL + "its credentials have expired",),
        ("Renew its credentials: set state: paused and then state: active",),
        paused_and_active,
    ),
    "stalled: paused": Case(
        "stalled",
        paused_task,
        (STILL + "it is paused", "Maintenance of the archive"),
        ("Ask the administrator of ", "to resume it"),
        lambda stage: stage.globus.task(stage.task(), pause=False),
    ),
    "incomplete": Case(
        "incomplete",
        skipping,
        (LAST + "is not complete: 1 item at the source could not be read and was left out",),
        ("make them readable at the source",),
        a_day_after(change(MAPPED, forbidden=[])),
    ),
    "incomplete: mirror": Case(
        "incomplete",
        lambda stage: skipping(stage, delete_destination_extra=True),
        ("1 item at the source could not be read and was left out, so the mirror deleted nothing at the destination",),
        ("exclude them with transfer.filter_rules",),
        exclude,
        seconds=DAY,
    ),
    "overrunning": Case(
        "overrunning",
        slow,
        (
            "Its transfer has been in progress since 2026-03-03T02:00:00+00:00, longer than its interval of 1h; 1 run "
            "was skipped meanwhile",
        ),
        ("Use a longer interval, or transfer less",),
        lambda stage: stage.replace(schedule={"interval": "6h"}),
        seconds=DAY,
    ),
    "overrunning: Queued": Case(
        "overrunning",
        queued,
        (
            "Its transfer has been queued since 2026-03-03T02:00:00+00:00, longer than its interval of 1h; 1 run "
            "was skipped meanwhile; Globus runs at most three transfers of an account at the same time and queues "
            "the others",
        ),
        ("Spread the timers of this account over the day",),
        spread,
        seconds=DAY,
    ),
    "overdue": Case(
        "overdue",
        overdue,
        ("It has never run, although its first run was due at 2026-03-03T02:00:00+00:00|Its next run was due at",),
        ("To run it now, set state: paused and then state: active",),
        paused_and_active,
        judged_by="timer",
    ),
    "stale": Case(
        "stale",
        stale,
        ("No complete transfer arrived within the last 2d: the last one arrived at 2026-03-03T02:00:00+00:00",),
        ("Check its last runs (timer_info with the option runs) and its schedule",),
        lambda stage: stage.replace(schedule={"interval": "1d"}),
        seconds=DAY,
        options={"max_age": "2d"},
    ),
    "needs_consent": Case(
        "needs_consent",
        consent_revoked,
        ("Globus stopped it: ConsentRequired", MAPPED),
        ("With client credentials, state: active grants the consent and resumes it",),
        Stage.resume,
        judged_by="timer",
    ),
    "needs_session": Case(
        "needs_session",
        session_over,
        ("Globus stopped it: ", "Session expired"),
        ("then set state: active",),
        Stage.resume,
        judged_by="timer",
    ),
    "inactive": Case(
        "inactive",
        stopped,
        ("Globus stopped it: other: Sorry",),
        ("Resume it with fresh credentials: set state: active",),
        Stage.resume,
        judged_by="timer",
    ),
    "paused after a failure": Case(
        "paused",
        paused_after_failure,
        ("A user paused it; the transfer of its last run", "Globus gave up at the deadline"),
        ("Resume it with state: active. If it missed a run, it then runs at once",),
        Stage.resume,
    ),
    "ended: run once, stalled": Case(
        "stalled",
        once_missing,
        ("is stalled: ",),
        ("Put it back (Globus then continues by itself)",),
        Stage.move_back,
        cured="ended",
    ),
    "ended: run once, failed": Case(
        "failing",
        once_expired,
        ("It has run once, and the transfer of its last run", "Globus gave up at the deadline"),
        (
            "To run it again, set a later schedule.start or another name. If you set another name, this timer stays "
            "failing",
        ),
        later_start,
        seconds=2 * HOUR,
        cured="ended",
    ),
}


@pytest.mark.parametrize("switches", SETTINGS, ids=lambda one: ",".join(one.values()) or "defaults")
@pytest.mark.parametrize("name", CASES)
def test_a_state_by_its_cause_and_cured_by_its_remedy_to_the_letter_O3_O6(
    name: str, switches: dict[str, Any], globus: LocalGlobus, tmp_path: Path
) -> None:
    case = CASES[name]
    stage = Stage(globus, tmp_path, switches)
    case.cause(stage)

    timer = stage.read(**case.options)
    health = timer["health"]

    assert (health["state"], health["source"]) == (case.state, case.judged_by), health
    for words in case.reason:
        assert any(one in health["reason"] for one in words.split("|")), (words, health["reason"])
    for words in case.remedy:
        assert any(one in health["remedy"] for one in words.split("|")), (words, health["remedy"])
    assert health["since"] or case.state in UNDATED, health
    unhealthy = [one["id"] for one in stage("timer_info", health="unhealthy", **case.options)["timers"]]
    assert (timer["id"] in unhealthy) == (case.state != "paused")

    case.cure(stage)
    stage.globus.advance(case.seconds)

    cured = stage.read(**case.options)
    assert cured["health"]["state"] == case.cured, cured["health"]
    assert stage.arrived(source=case.source)
    assert cured["last_success"], cured
    assert not [one for one in stage("timer_info", health="unhealthy", **case.options)["timers"] if one["name"] == "t"]


def test_O1_where_results_name_no_task_the_timer_is_believed(globus: LocalGlobus, tmp_path: Path) -> None:
    """The result has less information, but it shows that a run lasts longer than its interval, and that it failed in
    the end."""
    stage = Stage(globus, tmp_path, {"result_ids": "none"})
    stage.move_away()
    stage.create(schedule=HOURLY)
    stage.globus.set_clock("2026-03-03T02:40:00+00:00")
    young = stage.read()["health"]
    assert (young["state"], young["source"]) == ("ok", "timer")
    stage.globus.set_clock("2026-03-03T05:10:00+00:00")
    health = stage.read(max_age="1h")["health"]
    assert (health["state"], health["source"]) == ("overrunning", "timer")
    assert "3 runs were skipped meanwhile" in health["reason"]
    stage.globus.set_clock("2026-03-04T02:30:00+00:00")
    health = stage.read()["health"]
    assert (health["state"], health["source"]) == ("failing", "timer")


def test_replacing_a_timer_that_stands_still_says_so_W4e_O2(globus: LocalGlobus, tmp_path: Path) -> None:
    """Its tasks take one request, and a timer that is kept takes none."""
    stage = Stage(globus, tmp_path, {})
    missing(stage)
    wanted = stage.read()["definition"]
    globus.clear_log()
    assert not stage("timer", **wanted)["changed"]
    assert not [one for one in globus.log() if one["path"].endswith("/task_list")]
    wanted["transfer"]["paths"][0]["source_path"] = "/away/"
    done = stage("timer", **wanted, on_drift="replace")
    assert [one["health"]["state"] for one in done["replaced"]] == ["stalled"]
    assert [one for one in done["warnings"] if "Globus reports FILE_NOT_FOUND" in one]
    assert len([one for one in globus.log() if one["path"].endswith("/task_list")]) == 1
