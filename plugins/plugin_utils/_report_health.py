# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The problems of a backup job, for the report: the health of its timers, why, and what to do about it.

Pure: no input or output. Jobs are entries of the result of the filter ``backup_plan``, timers are entries of the result
of the module ``timer_info``, and results are entries of the result of the module ``timers``.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ..module_utils._timers.schedule import format_instant, format_interval, next_tick
from . import _words
from ._plain import Entry
from ._report_runs import STALLED, ReportedRun, past_runs, schedule_of_timer

# state -> label, sign (understood without colour), and kind: bad, fine, or still (it does not run, or not yet). Worst
# first
HEALTH_SIGNS: Mapping[str, tuple[str, str, str]] = {
    "missing": ("Missing", "?", "bad"),
    "failing": ("Failing", "\u2715", "bad"),
    "stalled": ("Stalled", "!", "bad"),
    "incomplete": ("Incomplete", "!", "bad"),
    "needs_consent": ("Needs consent", "!", "bad"),
    "needs_session": ("Needs sign-in", "!", "bad"),
    "inactive": ("Inactive", "!", "bad"),
    "overrunning": ("Overrunning", "!", "bad"),
    "overdue": ("Overdue", "!", "bad"),
    "stale": ("Too old", "!", "bad"),
    "refused": ("Play failed", "!", "bad"),
    "surplus": ("No job", "?", "still"),
    "paused": ("Paused", "\u2016", "still"),
    "ended": ("Ended", "\u25a0", "still"),
    "waiting": ("No run yet", "\u25cb", "still"),
    "ok": ("OK", "\u2713", "fine"),
}
KEPT = timedelta(days=90)  # Globus deletes older runs (facts)
_LINK = re.compile(r"(https://[^\s;,]*[^\s;,.)])")
_IN_TEXT, _PAGE = "open it in Globus", "Page in Globus"
_PAUSED = "A user paused it"
_SIMPLE = re.compile(r"[\w.@%+:,/-]+")


def health(state: str) -> dict[str, str]:
    label, sign, kind = HEALTH_SIGNS.get(state, (state.replace("_", " ").capitalize(), "!", "bad"))
    return {"state": state, "label": label, "sign": sign, "kind": kind}


def worst(states: Sequence[str]) -> str:
    """The worst of the states. An unknown state is worse than all that are not bad."""
    order = [*HEALTH_SIGNS]
    bad = order.index("surplus")
    return min(states, key=lambda state: order.index(state) if state in HEALTH_SIGNS else bad - 0.5)


def state_of(job: Entry, timers: Sequence[Entry], problems: Sequence[Entry]) -> str:
    """The health of a job in one word."""
    running = [timer for timer in timers if timer["health"]["state"] not in ("paused", "ended")]
    found = [problem["state"] for problem in problems if problem["state"] not in ("paused", "ended")]
    if found:
        return worst(found)
    if problems and not running:
        return worst([problem["state"] for problem in problems])
    return "ok" if any(timer.get("runs") for timer in running) else "waiting"


def problems_of(
    job: Entry, timers: Sequence[Entry], results: Mapping[str, Entry], zone: str, now: datetime
) -> list[dict[str, Any]]:
    """The problems, the worst first: one for each state, with the timers in this state."""
    found = list(_missing(job, timers, results))
    by_state: dict[str, list[Entry]] = {}
    for timer in timers:
        by_state.setdefault(timer["health"]["state"], []).append(timer)
    for state, of_state in by_state.items():
        if state == "paused":
            found.append(_paused(job, of_state, results, now))
        elif state != "ok":
            found.append(_of_state(state, of_state, now))
    if not any(health(problem["state"])["kind"] == "bad" for problem in found):
        found += _stale_job(job, timers, now)
        found += _refused_timers(timers, results)
    if not job["wanted"]:
        found += _surplus([timer for timer in timers if timer["health"]["state"] != "ended"])
    order = [*HEALTH_SIGNS]
    found.sort(key=lambda problem: order.index(problem["state"]) if problem["state"] in HEALTH_SIGNS else -1)
    for problem in found:
        problem["since"] = _words.moment(problem["since"], zone, now)
        problem.update(sentences_of(problem["reason"], problem["remedy"], zone, problem["url"]))
    return found


def _problem(state: str, names: Sequence[str], reason: str, remedy: str, **more: Any) -> dict[str, Any]:
    return {
        **health(state),
        "timers": list(names),
        "reason": reason,
        "remedy": remedy,
        "since": None,
        "command": None,
        "url": None,
        **more,
    }


def sentences_of(reason: Any, remedy: Any, zone: str, page: str | None = None) -> dict[str, Any]:
    """The reason and the remedy with times in the zone, and both split into texts and links.

    :param page: an address to add if the remedy has none.
    """
    reason, remedy = (_words.localised(str(sentence or ""), zone) for sentence in (reason, remedy))
    reason = reason[:1].upper() + reason[1:]
    return {
        "reason": reason,
        "remedy": remedy,
        "reason_parts": _parts(reason, None),
        "remedy_parts": _parts(remedy, page),
    }


def _parts(sentence: str, page: str | None) -> list[dict[str, str | None]]:
    """The parts of a sentence, in which each address is a link.

    :param page: an address to add if the sentence has none.
    """
    parts: list[dict[str, str | None]] = []
    for number, text in enumerate(_LINK.split(sentence)):
        if text:
            parts.append({"text": _IN_TEXT if number % 2 else text, "url": text if number % 2 else None})
    if page and sentence and len(parts) == 1:
        parts += [{"text": ". ", "url": None}, {"text": _PAGE, "url": page}]
    return parts


def _of_state(state: str, timers: Sequence[Entry], now: datetime) -> dict[str, Any]:
    """The problem of timers in one state. The reason is that of the first timer."""
    first = timers[0]
    found = first["health"]
    names = [timer["name"] for timer in timers]
    also = f" ({first['name']}; the other timers may have other reasons)" if len(timers) > 1 else ""
    return _problem(
        state,
        names,
        f"{found.get('reason') or ''}{also}",
        found.get("remedy") or "",
        since=_words.instant(found.get("since")),
        command=_command(state, names),
        url=_page(first, now),
    )


def _page(timer: Entry, now: datetime) -> str | None:
    """The page of the failed transfer, or else of the timer."""
    last: ReportedRun | None = next((run for run in reversed(past_runs(timer, now)) if run.url), None)
    bad = last is not None and last.outcome in ("failed", STALLED, "incomplete")
    return last.url if last is not None and bad else timer.get("url")


# --- missing, refused, surplus ---------------------------------------------------------------------------------------


def _missing(job: Entry, timers: Sequence[Entry], results: Mapping[str, Entry]) -> Iterator[dict[str, Any]]:
    """Timers of the job that do not exist, because the play could not create them."""
    existing = {timer["name"] for timer in timers}
    reasons: dict[str, list[str]] = {}
    for timer in job["timers"] if job["wanted"] else ():
        if timer["name"] not in existing:
            reason = str((results.get(timer["name"]) or {}).get("msg") or "The timer does not exist")
            reasons.setdefault(reason.replace(timer["name"], "..."), [reason]).append(timer["name"])
    for reason, *names in reasons.values():
        yield _problem("missing", names, reason, "Fix the cause, and run the play again")


def _refused_timers(timers: Sequence[Entry], results: Mapping[str, Entry]) -> Iterator[dict[str, Any]]:
    """Existing timers that the play could not change as the job requires."""
    for timer in timers:
        result = results.get(timer["name"]) or {}
        if result.get("failed"):
            reason = str(result.get("msg") or "The play could not change the timer as the job requires")
            yield _problem("refused", [timer["name"]], reason, "Fix the cause, and run the play again")
            return


def _surplus(timers: Sequence[Entry]) -> Iterator[dict[str, Any]]:
    if timers:
        names = [timer["name"] for timer in timers]
        several = len(timers) > 1
        it, name = ("They belong", "their names start with") if several else ("It belongs", "its name starts with")
        them = "them" if several else "it"
        yield _problem(
            "surplus",
            names,
            f"{it} to no job, but {name} the prefix of the jobs",
            f"Add a job for {them}, or delete {them}. To delete all such timers, set backup_purge: true",
            command=_command("surplus", names),
            url=timers[0].get("url"),
        )


# --- paused ----------------------------------------------------------------------------------------------------------


def _paused(job: Entry, timers: Sequence[Entry], results: Mapping[str, Entry], now: datetime) -> dict[str, Any]:
    """Paused timers: who paused them, and since when. Globus says only that it was a user."""
    names = [timer["name"] for timer in timers]
    first, it, at_once = timers[0], "it", "If it missed a run, it then runs at once"
    if len(timers) > 1:
        it, at_once = "them", "If they missed a run, they then run at once"
    operations = (results.get(first["name"]) or {}).get("operations") or ()
    if job.get("state") == "paused":
        who = "The job is paused, by its own state or by backup_state"
    else:
        who = f"A user paused {it} outside of the play. Globus does not say who"
    since = _words.instant(first["health"].get("since"))
    if any(operation.get("operation") == "pause" for operation in operations):
        who, since = f"{who}. This play paused {it}", since or now
    rest = str(first["health"].get("reason") or "").removeprefix(_PAUSED)
    return _problem(
        "paused",
        names,
        f"{who}{'' if since else _last_run_before_pause(first, now, len(timers) > 1)}{rest}",
        f"To resume {it}, remove state: paused from the job if it is set there, and run the play with "
        "-e backup_state=active"
        if job.get("state") == "paused"
        else f"The command below resumes {it}. {at_once}",
        since=since,
        command=_command("paused", names) if job.get("state") != "paused" else None,
        url=first.get("url"),
    )


def _last_run_before_pause(timer: Entry, now: datetime, has_others: bool) -> str:
    """A sentence about when the timer was paused, as far as its runs show this. Globus does not say when."""
    schedule = schedule_of_timer(timer)
    last = _words.instant(timer.get("last_run"))
    if schedule is None or schedule.start is None or schedule.interval is None:
        return ""
    it = timer["name"] if has_others else "It"
    ran = f"{it} last ran at {format_instant(last)}" if last else f"{it} has never run"
    missed = next_tick(schedule.start, schedule.interval, last) if last else schedule.start
    if missed >= now:
        return f". {ran}, and has not missed a run so far"
    return f". {ran}, and has missed its runs since {format_instant(missed)}"


# --- too old ---------------------------------------------------------------------------------------------------------


def _stale_job(job: Entry, timers: Sequence[Entry], now: datetime) -> Iterator[dict[str, Any]]:
    """The problem that no complete transfer of the job arrived within its ``max_age``. The newest slot counts.

    There is no problem if this cannot be known: the job is younger, or its known runs do not reach back that far.
    """
    running = [timer for timer in timers if timer["health"]["state"] not in ("paused", "ended")]
    seconds = job.get("max_age")
    if not seconds or not running:
        return
    age = timedelta(seconds=seconds)
    newest = last_success(timers)
    if newest is None and not _rules_out_success(timers, now, age):
        return
    if newest is not None and now - newest <= age:
        return
    last = f"the last one arrived at {format_instant(newest)}" if newest else "none is known"
    allowed = format_interval(seconds)
    yield _problem(
        "stale",
        [timer["name"] for timer in running],
        f"No complete transfer arrived within the last {allowed}: {last}",
        "Check its last runs and its schedule. To change the limit, set backup_max_age",
        since=newest + age if newest else None,
        command=_command("stale", [running[0]["name"]]),
        url=running[0].get("url"),
    )


def last_success(timers: Sequence[Entry]) -> datetime | None:
    """The moment when the newest complete transfer of the timers arrived, or None."""
    found = [timer.get("last_success") or {} for timer in timers]
    moments = [_words.instant(one.get("completed_at") or one.get("ran_at")) for one in found]
    return max((moment for moment in moments if moment is not None), default=None)


def _rules_out_success(timers: Sequence[Entry], now: datetime, age: timedelta) -> bool:
    """Whether the known runs show that nothing arrived within ``age``."""
    created = [_words.instant(timer.get("submitted_at")) for timer in timers]
    if age > KEPT or not any(moment is not None and now - moment > age for moment in created):
        return False
    return all(timer["health"].get("source") == "transfer" or not timer.get("runs") for timer in timers)


# --- commands --------------------------------------------------------------------------------------------------------


def _command(state: str, names: Sequence[str]) -> str | None:
    """A command for the user to paste: it fixes the problem or shows its details, and signs in with environment
    variables."""
    if state in ("paused", "inactive", "needs_consent"):
        return _ensure(names, "active")
    if state == "overdue":
        return f"{_ensure(names, 'paused')} && {_ensure(names, 'active')}"
    if state == "surplus":
        return _ensure(names, "absent")
    if state in ("failing", "stalled", "incomplete", "overrunning", "stale"):
        return _ad_hoc("timer_info", {"name": names[0], "runs": 5})
    return None


def _ensure(names: Sequence[str], state: str) -> str:
    if len(names) == 1:
        return _ad_hoc("timer", {"name": names[0], "state": state})
    return _ad_hoc("timers", {"timers": [{"name": name, "state": state} for name in names]})


def _ad_hoc(module: str, options: Mapping[str, Any]) -> str:
    if all(_SIMPLE.fullmatch(str(value)) for value in options.values()):
        given = " ".join(f"{name}={value}" for name, value in options.items())
    else:
        given = json.dumps(options)
    return f"ansible localhost -m research_ops.globus.{module} -a {shlex.quote(given)}"
