# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""What the page that ``backup_report`` asks for says: every text, number and place on the timeline.

The template ``roles/backup/templates/report.html.j2`` only puts it into HTML. Pure: no input or output, and ``now`` is
an argument. Places are in units of the drawing, ``PLOT`` of which stand for ``DAYS`` days from now.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from ..module_utils._timers import schedule as _schedule
from ..module_utils._timers.schedule import Schedule

DAYS = 14
PLOT = 980.0
MARKS = 60  # more runs than this are drawn as a band: the marks would touch
LISTED = 28  # more runs than this are told by their interval
LIMIT = 1.0  # runs a minute that the service allows to all timers of an account together (facts, "Limits")

# state -> what to call it, a sign that needs no colour, whether it is bad, still (by intent) or fine
STATES: Mapping[str, tuple[str, str, str]] = {
    "missing": ("Missing", "?", "bad"),
    "failing": ("Failing", "\u2715", "bad"),
    "stalled": ("Stands still", "!", "bad"),
    "incomplete": ("Incomplete", "!", "bad"),
    "overrunning": ("Overrunning", "!", "bad"),
    "overdue": ("Overdue", "!", "bad"),
    "stale": ("Too old", "!", "bad"),
    "needs_consent": ("Needs consent", "!", "bad"),
    "needs_session": ("Needs sign-in", "!", "bad"),
    "inactive": ("Inactive", "!", "bad"),
    "paused": ("Paused", "\u2016", "still"),
    "ended": ("Ended", "\u25a0", "still"),
    "ok": ("OK", "\u2713", "fine"),
}
IDLE = ("missing", "needs_consent", "needs_session", "inactive", "paused", "ended")  # these do not run

Entry = Mapping[str, Any]


def model(
    timers: Sequence[Entry],
    *,
    names: Sequence[str],
    prefix: str,
    zone: str,
    now: datetime,
    results: Sequence[Entry] = (),
) -> dict[str, Any]:
    """The page.

    :param results: what the module ``timers`` returned for the jobs; the failures of timers that it replaced are shown,
        since the new ones begin without history (rule W4e).

    :param timers: all timers of the account, as ``timer_info`` returns them.
    :param names: of the timers that the jobs ask for; those of the prefix are shown too.
    """
    wanted = set(names)
    shown = [_row(timer, zone, now) for timer in timers if timer["name"] in wanted or timer["name"].startswith(prefix)]
    for row in shown:
        row["surplus"] = row["name"] not in wanted and row["health"]["state"] != "ended"  # as purge sees it
    there = {row["name"] for row in shown}
    shown += [_missing_row(name) for name in dict.fromkeys(names) if name not in there]
    order = {name: number for number, name in enumerate(names)}
    shown.sort(key=lambda row: (order.get(row["name"], len(order)), row["name"], row["id"] or ""))
    end = now + timedelta(days=DAYS)
    return {
        "zone": zone,
        "now": _long(now, zone),
        "end": _long(end, zone),
        "generated": _schedule.format_local(now, zone),
        "days_number": DAYS,
        "plot": PLOT,
        "days": _days(zone, now, end),
        "rows": shown,
        "attention": sorted((row for row in shown if row["health"]["kind"] != "fine"), key=_urgency),
        "replaced": _replaced(results, zone),
        "counts": _counts(shown),
        "rate": _rate(timers, {row["id"] for row in shown}),
    }


def _replaced(results: Sequence[Entry], zone: str) -> list[dict[str, Any]]:
    """The timers that were replaced in this play and were not well, with what was wrong with them."""
    found = []
    for entry in results:
        for old in entry.get("replaced") or ():
            told = old.get("health") or {}
            health = _health(
                str(told.get("state") or ""), _localised(told.get("reason") or "", zone), told.get("remedy")
            )
            if health["kind"] == "bad" and health["state"]:
                found.append({"name": str(entry.get("name") or ""), "id": old.get("timer_id"), "health": health})
    return found


# --- rows ----------------------------------------------------------------------------------------------------------


def _row(timer: Entry, zone: str, now: datetime) -> dict[str, Any]:
    health = timer["health"]
    schedule = _schedule_of(timer)
    runs = _runs(timer, schedule, now) if health["state"] not in IDLE else []
    band = len(runs) > MARKS
    return {
        "id": timer["id"],
        "name": timer["name"],
        "url": timer["url"],
        "health": _health(health["state"], _localised(health.get("reason") or "", zone), health.get("remedy")),
        "every": _every(schedule),
        "last": _in_zone(timer.get("last_run"), zone),
        "next": _in_zone(timer.get("next_run"), zone) if health["state"] not in IDLE else None,
        "runs": len(runs),
        "number": timer.get("runs") or 0,
        "errors": timer.get("errors") or 0,
        "marks": [] if band else [_mark(run, zone, now) for run in runs],
        "band": _band(runs, now) if band else None,
        "note": "" if runs else _note(timer, zone),
        "told": _runs_in_words(runs, schedule, zone),
        "surplus": False,
    }


def _missing_row(name: str) -> dict[str, Any]:
    """A timer that a job asks for and that is not there, because its creation failed."""
    remedy = "Run the play again; its output says why the timer could not be created"
    return {
        "id": None,
        "name": name,
        "url": None,
        "health": _health("missing", "The service has no such timer", remedy),
        "every": "",
        "last": None,
        "next": None,
        "runs": 0,
        "number": 0,
        "errors": 0,
        "marks": [],
        "band": None,
        "note": "missing",
        "told": "none",
        "surplus": False,
    }


def _health(state: str, reason: str | None, remedy: str | None) -> dict[str, Any]:
    label, sign, kind = STATES.get(state, (state, "!", "bad"))
    return {
        "state": state,
        "label": label,
        "sign": sign,
        "kind": kind,
        "reason": reason or "",
        "remedy": remedy or "",
    }


def _urgency(row: Entry) -> tuple[bool, str]:
    return (row["health"]["kind"] != "bad", row["name"])


def _counts(rows: Iterable[Entry]) -> list[dict[str, Any]]:
    numbers: dict[str, int] = {}
    for row in rows:
        numbers[row["health"]["state"]] = numbers.get(row["health"]["state"], 0) + 1
    order = [*STATES, *(state for state in numbers if state not in STATES)]
    return [{"number": numbers[state], **_health(state, None, None)} for state in order if state in numbers]


# --- runs ----------------------------------------------------------------------------------------------------------


def _schedule_of(timer: Entry) -> Schedule | None:
    """The schedule of a timer as the service has it, or None where it cannot be read."""
    options = (timer.get("definition") or {}).get("schedule")
    if options is None:
        return None
    try:
        start = _schedule.parse_instant(options["start"])[0] if options.get("start") else None
        interval = _schedule.parse_interval(options["interval"]) if options.get("interval") else None
        end = options.get("end") or {}
        until = _schedule.parse_instant(end["datetime"])[0] if end.get("datetime") else None
        return Schedule(interval=interval, start=start, end_count=end.get("count"), end_datetime=until)
    except (ValueError, OverflowError):
        return None


def _runs(timer: Entry, schedule: Schedule | None, now: datetime) -> list[datetime]:
    """The coming runs, from the service's own next run on; only that one where the schedule cannot be read."""
    end = now + timedelta(days=DAYS)
    if not timer.get("next_run"):
        return []
    start = _schedule.parse_instant(str(timer["next_run"]))[0]
    if schedule is None or schedule.interval is None:
        return [start] if now < start <= end else []
    left = None if schedule.end_count is None else max(0, schedule.end_count - (timer.get("runs") or 0))
    coming = replace(schedule, start=_schedule.next_tick(start, schedule.interval, now), end_count=left)
    return [] if left == 0 else list(takewhile(lambda run: run <= end, _schedule.ticks(coming, now)))


def _runs_in_words(runs: Sequence[datetime], schedule: Schedule | None, zone: str) -> str:
    """The coming runs in words, for those who do not see the drawing."""
    if not runs:
        return "none"
    if len(runs) > LISTED:
        return f"{len(runs)}, {_every(schedule)} from {_short(runs[0], zone)} to {_short(runs[-1], zone)}"
    return "; ".join(_short(run, zone) for run in runs)


def _every(schedule: Schedule | None) -> str:
    if schedule is None:
        return ""
    if schedule.interval is None:
        return "once"
    return (
        f"every {_schedule.format_interval(schedule.interval)}" if schedule.interval != _schedule.YEAR else "every 365d"
    )


def _note(timer: Entry, zone: str) -> str:
    """What stands in place of the marks."""
    state = timer["health"]["state"]
    if state in IDLE:
        return f"does not run: {STATES[state][0].lower()}"
    coming = timer.get("next_run")
    return f"next: {_long(_schedule.parse_instant(str(coming))[0], zone)}" if coming else "no next run"


# --- the drawing ---------------------------------------------------------------------------------------------------


def place(moment: datetime, now: datetime) -> float:
    """Where a moment is on the timeline."""
    return round((moment - now) / timedelta(days=DAYS) * PLOT, 2)


def _mark(run: datetime, zone: str, now: datetime) -> dict[str, Any]:
    return {"x": place(run, now), "at": _schedule.format_local(run, zone), "title": _short(run, zone)}


def _band(runs: Sequence[datetime], now: datetime) -> dict[str, float]:
    """A comb with a tooth for each run, ``step`` apart."""
    first, last = place(runs[0], now), place(runs[-1], now)
    return {"x": first, "width": round(last - first, 2), "step": round((last - first) / (len(runs) - 1), 4)}


def _days(zone: str, now: datetime, end: datetime) -> list[dict[str, Any]]:
    """The local days of the timeline; the first and the last are cut, and one of a clock change is 23 or 25 hours."""
    days = []
    local = _schedule.to_wall(now, zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    for number in range(DAYS + 1):
        day = midnight + timedelta(days=number)
        begin = max(_schedule.from_wall(day, zone), now)
        until = min(_schedule.from_wall(day + timedelta(days=1), zone), end)
        if begin < until:
            x = place(begin, now)
            days.append(
                {
                    "x": x,
                    "width": round(place(until, now) - x, 2),
                    "weekday": _WEEKDAYS[day.weekday()],
                    "date": f"{day.day} {_MONTHS[day.month - 1]}",
                    "weekend": day.weekday() >= 5,
                }
            )
    return days


# --- the share of the rate limit -----------------------------------------------------------------------------------


def _rate(timers: Sequence[Entry], shown: set[str]) -> dict[str, Any]:
    """What of the service's limit of runs the timers of the account use; timers that do not run use none of it."""
    all_of_them = these = 0.0
    for timer in timers:
        rate = rate_of(timer)
        all_of_them += rate
        these += rate if timer["id"] in shown else 0.0
    others = all_of_them - these
    return {
        "these": _percent(these),
        "others": _percent(others),
        "all": _percent(all_of_them),
        "per_day": f"{round(all_of_them * 1440)}",
        "these_width": round(min(these / LIMIT, 1) * 100, 2),
        "all_width": round(min(all_of_them / LIMIT, 1) * 100, 2),
    }


def rate_of(timer: Entry) -> float:
    """The runs a minute of a timer, 0 if it does not run or runs once."""
    schedule = _schedule_of(timer)
    if schedule is None or timer["health"]["state"] in IDLE:
        return 0.0
    return _schedule.runs_per_minute([schedule])


def _percent(rate: float) -> str:
    share = rate / LIMIT * 100
    return "less than 0.1 %" if 0 < share < 0.1 else f"{share:.1f} %"


# --- times in words ------------------------------------------------------------------------------------------------

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\+00:00|Z)")


def _localised(text: str, zone: str) -> str:
    """A sentence with the moments in it told in the zone."""
    return _INSTANT.sub(lambda found: _long(_schedule.parse_instant(found[0])[0], zone), text)


def _in_zone(text: Any, zone: str) -> dict[str, str] | None:
    if not text:
        return None
    moment = _schedule.parse_instant(str(text))[0]
    return {"text": _long(moment, zone), "at": _schedule.format_local(moment, zone)}


def _short(moment: datetime, zone: str) -> str:
    """``Mon 2 Mar 02:00``, whatever the host's language is."""
    wall = _schedule.to_wall(moment, zone)
    time = _schedule.format_time_of_day(wall.hour * 3600 + wall.minute * 60 + wall.second)
    return f"{_WEEKDAYS[wall.weekday()]} {wall.day} {_MONTHS[wall.month - 1]} {time}"


def _long(moment: datetime, zone: str) -> str:
    """The same with the year."""
    wall = _schedule.to_wall(moment, zone)
    day, _blank, time = _short(moment, zone).rpartition(" ")
    return f"{day} {wall.year} {time}"
