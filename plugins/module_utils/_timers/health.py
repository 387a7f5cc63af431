# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Whether a timer does what it is there for, why not, and what cures it. Pure: no input or output.

The reasons are the service's own (``inactive_reason``, ``activity``, results; facts, "Timers: operations"). How a run
ended is said by the action's status, whose words are documented (Transfer's and Flows' ``SUCCEEDED``, ``FAILED``,
``ACTIVE``, ``INACTIVE``). The words of ``run_status`` are not known, so they, errors and HTTP statuses count only where
the action's status leaves it open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from . import schedule as _schedule
from .document import Timer

STATES = ("ok", "failing", "overdue", "paused", "needs_consent", "needs_session", "inactive", "ended")
UNHEALTHY = ("failing", "overdue", "needs_consent", "needs_session", "inactive")
RESULTS_NEEDED = 2  # the last run, and the one before where that is still going on
# A run starts some time after its tick, and the service repeats a start that fails for up to 45 minutes.
OVERDUE_AFTER = timedelta(minutes=50)

SUCCEEDED, FAILED, ONGOING, WAITING, UNKNOWN = "succeeded", "failed", "ongoing", "waiting", "unknown"
_WORDS = (
    (SUCCEEDED, re.compile(r"(.*_)?(success|successful|succeeded|completed|done|finished|ok)")),
    # not "no_error", nor "completed_with_errors"
    (
        FAILED,
        re.compile(
            r"(?!no_|without_)(.*_)?(fail|failed|failure|error|errored|denied|expired|canceled|cancelled|aborted)"
        ),
    ),
    (ONGOING, re.compile(r"(.*_)?(active|running|progress|pending|queued|started|submitted)")),
    (WAITING, re.compile(r"inactive")),
)
_CONSENTS = {
    "collection": re.compile(r"/scopes/([0-9a-f-]{36})/data_access", re.IGNORECASE),
    "flow": re.compile(r"/scopes/([0-9a-f-]{36})/flow_[0-9a-f_]{36}_user", re.IGNORECASE),
}


@dataclass(frozen=True)
class Health:
    """:ivar state: one of ``STATES``.
    :ivar reason: one sentence, or None for a timer that is simply well.
    :ivar remedy: what cures it, or None.
    """

    state: str
    reason: str | None = None
    remedy: str | None = None

    def as_result(self) -> dict[str, str | None]:
        return {"state": self.state, "reason": self.reason, "remedy": self.remedy}


def health_of(timer: Timer, now: datetime) -> Health:
    """The health of a timer at a moment of the service's clock.

    The timer has to bring ``RESULTS_NEEDED`` results.
    """
    if timer.is_gone:
        return Health("ended", "It is being deleted")
    last = _last_run(timer)
    if timer.is_ended:
        failed = f", and its last run failed: {last['message']}" if last and last["failed"] else ""
        return Health("ended", f"{_how_ended(timer)}{failed}", "A definition with a later end makes a new timer")
    if timer.is_paused_by_user:
        return Health("paused", "A user paused it", "state: active resumes it; a run that it missed comes at once")
    if timer.is_inactive:
        return _inactive(timer)
    if last and last["failed"]:
        return Health(
            "failing",
            f"Its last run, at {last['ran_at']}, failed: {last['message']}",
            "Look at the run in the Globus web app and cure its cause; the next run tries again",
        )
    overdue = _overdue(timer, now)
    if overdue is not None:
        return Health(
            "overdue",
            overdue,
            "Look at its page in the Globus web app; state: paused and then active makes it run at once",
        )
    return Health("ok", _well(timer))


def _last_run(timer: Timer) -> dict[str, Any] | None:
    """The last run that is over. One that has begun is over unless the timer says that it is going on: documents of
    runs long past can still say ``ACTIVE``.
    """
    runs = runs_of(timer)
    if runs and not runs[0]["failed"] and _does(timer) == "run_in_progress":
        del runs[0]
    return runs[0] if runs else None


def _how_ended(timer: Timer) -> str:
    schedule = timer.schedule
    if schedule.end_datetime is not None:
        return f"Its end, {_schedule.format_instant(schedule.end_datetime)}, is past"
    return "It has done all its runs"


def _overdue(timer: Timer, now: datetime) -> str | None:
    """What should have begun and has not, or None."""
    latest = now - OVERDUE_AFTER
    if _does(timer) == "run_in_progress":
        return None  # ticks meanwhile are skipped
    if timer.next_run is not None and timer.next_run < latest:
        return f"Its next run was due at {_schedule.format_instant(timer.next_run)} and has not started"
    start = timer.schedule.start
    if start is not None and start < latest and not timer.runs and not timer.results and _does(timer) != "retrying":
        return f"It never ran: its first run was due at {_schedule.format_instant(start)}"
    return None


def _well(timer: Timer) -> str | None:
    """What else to know of a timer that is well."""
    if _does(timer) == "retrying":
        return "Its run could not start yet, and is tried again"
    if timer.runs == 0 and timer.next_run is not None:
        return f"It has not run yet; its first run is at {_schedule.format_instant(timer.next_run)}"
    return None


def _does(timer: Timer) -> Any:
    """What the timer does now, in the service's words (facts, ``activity``)."""
    return (timer.activity or {}).get("code")


def _inactive(timer: Timer) -> Health:
    requirements = _requirements(timer)
    reason = f"The service stopped it: {describe_inactive(timer)}"
    if requirements.get("code") == "ConsentRequired" or missing_consents(timer):
        return Health(
            "needs_consent",
            reason,
            "state: active, with client credentials, grants the consent and resumes it; with a login of your own grant "
            "the consent first",
        )
    parameters = requirements.get("authorization_parameters")
    if isinstance(parameters, Mapping) and any(str(key).startswith("session_required") for key in parameters):
        return Health(
            "needs_session",
            reason,
            "Sign in anew as the collection asks for it, then state: active. It stops again when that session expires, "
            "so use another collection for unattended timers",
        )
    return Health("inactive", reason, "state: active resumes it with fresh credentials")


def _requirements(timer: Timer) -> Mapping[str, Any]:
    """What Globus Auth asks for before the timer may run again."""
    detail = (timer.inactive_reason or {}).get("detail")
    return detail if isinstance(detail, Mapping) else {}


def missing_consents(timer: Timer) -> list[str]:
    """What an inactive timer is missing a consent for: ``collection`` or ``flow``, and the IDs."""
    parameters = _requirements(timer).get("authorization_parameters")
    scopes: Iterable[Any] = (parameters.get("required_scopes") or ()) if isinstance(parameters, Mapping) else ()
    text = " ".join(str(scope).lower() for scope in scopes)
    found = {what: sorted(set(pattern.findall(text))) for what, pattern in _CONSENTS.items()}
    return [f"{what} {', '.join(ids)}" for what, ids in found.items() if ids]


def describe_inactive(timer: Timer) -> str:
    """Why a timer is inactive, in the service's words, and for which collections or flows."""
    requirements = _requirements(timer)
    parameters = requirements.get("authorization_parameters")
    message = parameters.get("session_message") if isinstance(parameters, Mapping) else None
    code = requirements.get("code") or (timer.inactive_reason or {}).get("cause") or "unknown cause"
    parts = [str(code), str(message or requirements.get("detail") or ""), *missing_consents(timer)]
    return ": ".join(part for part in parts if part)


# --- runs ----------------------------------------------------------------------------------------------------------


def runs_of(timer: Timer) -> list[dict[str, Any]]:
    """The runs that came with the timer, latest first: when, how it ended, the transfer task."""
    runs = [_run(result) for result in timer.results if isinstance(result, Mapping)]
    return sorted(runs, key=lambda run: run["ran_at"] or "", reverse=True)


def _run(result: Mapping[str, Any]) -> dict[str, Any]:
    data = _mapping(result.get("data"))
    details = _mapping(data.get("details"))
    action = [_word(data.get("status")), _word(details.get("status"))]
    failed = _outcome(result, action) in (FAILED, WAITING)
    return {
        "ran_at": result.get("ran_at") or result.get("start_timestamp"),
        "failed": failed,
        "status": next((word for word in (_word(result.get("run_status")), *action) if word), None),
        "message": _why_failed(result, details, action) if failed else None,
        "task_id": details.get("task_id") or result.get("resource_id"),
    }


def _outcome(result: Mapping[str, Any], action: Sequence[str | None]) -> str:
    """How a run ended: what the action says, else what the timer says, else whether there are signs of a failure."""
    said = [_meaning(word) for word in action]
    for outcome in (FAILED, WAITING, SUCCEEDED):
        if outcome in said:
            return outcome
    word = _meaning(_word(result.get("run_status")))
    if word in (FAILED, SUCCEEDED) or ONGOING in (word, *said):
        return word if word in (FAILED, SUCCEEDED) else ONGOING
    return FAILED if result.get("errors") or _refusals(result) else UNKNOWN


@lru_cache(maxsize=64)
def _meaning(word: str | None) -> str:
    text = re.sub(r"[^a-z]+", "_", (word or "").lower()).strip("_")
    return next((outcome for outcome, pattern in _WORDS if pattern.fullmatch(text)), UNKNOWN)


def _why_failed(result: Mapping[str, Any], details: Mapping[str, Any], action: Sequence[str | None]) -> str:
    told = _text(result.get("errors")) or _text(details.get("fatal_error"))
    words = [word for word in (*action, _word(result.get("run_status"))) if _meaning(word) in (FAILED, WAITING)]
    if told:  # that it failed goes without saying then
        words = [word for word in words if str(word).lower() != FAILED]
    signs = [told, *filter(None, words[:1]), *(f"HTTP status {code}" for code in _refusals(result))]
    if any(_meaning(word) == WAITING for word in words):
        signs.append("it waits for someone to let it go on, in the Globus web app")
    return "; ".join(dict.fromkeys(sign for sign in signs if sign))


def _refusals(result: Mapping[str, Any]) -> list[int]:
    """HTTP statuses that say that the run could not be started. How looking at it went later says nothing of it."""
    codes = (result.get("status"), result.get("http_status_submission"))
    return [code for code in dict.fromkeys(codes) if isinstance(code, int) and code >= 400]


def _word(value: Any) -> str | None:
    return None if value is None else str(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(errors: Any) -> str:
    """The errors of a result, whatever their shape, in one line."""
    if not errors:
        return ""
    if isinstance(errors, Mapping):
        said = errors.get("message") or errors.get("detail") or errors.get("description") or errors.get("code")
        return str(said or dict(errors))
    if isinstance(errors, (list, tuple)):
        return "; ".join(_text(error) for error in errors)
    return str(errors)
