# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Whether a timer does what it is there for, why not, and what cures it. Pure: no input or output.

The reasons are the service's own (``inactive_reason``, the results of runs; facts, "Timers: operations"). The words it
uses for the status of a run are not known, so a run counts as failed by any of the signs a result can carry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.research_ops.globus.plugins.module_utils import _schedule
from ansible_collections.research_ops.globus.plugins.module_utils._document import Timer

STATES = ("ok", "failing", "overdue", "paused", "needs_consent", "needs_session", "inactive", "ended")
UNHEALTHY = ("failing", "overdue", "needs_consent", "needs_session", "inactive")
# A run starts some time after its tick, and the service repeats a start that fails for up to 45 minutes.
OVERDUE_AFTER = timedelta(minutes=50)

_FAILED = re.compile(r"fail|error|denied|expired|cancel", re.IGNORECASE)
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
        return asdict(self)


def health_of(timer: Timer, now: datetime) -> Health:
    """The health of a timer at a moment of the service's clock."""
    if timer.is_ended or timer.is_gone:
        return Health("ended", "It has done all its runs" if timer.is_ended else "It is being deleted")
    if timer.is_paused_by_user:
        return Health("paused", "A user paused it", "state: active resumes it; a run that it missed comes at once")
    if timer.is_inactive:
        return _inactive(timer)
    latest = runs_of(timer)[:1]
    if latest and latest[0]["failed"]:
        return Health(
            "failing",
            f"Its last run, at {latest[0]['ran_at']}, failed: {latest[0]['message']}",
            "Look at the run in the Globus web app (url) and cure its cause; the next run tries again",
        )
    if timer.next_run is not None and timer.next_run < now - OVERDUE_AFTER and not _is_running(timer):
        return Health(
            "overdue",
            f"Its next run was due at {_schedule.format_instant(timer.next_run)} and has not started",
            "Look at its page in the Globus web app (url); state: paused and then active makes it run at once",
        )
    if timer.runs == 0 and timer.next_run is not None:
        return Health("ok", f"It has not run yet; its first run is at {_schedule.format_instant(timer.next_run)}")
    return Health("ok")


def _is_running(timer: Timer) -> bool:
    return (timer.activity or {}).get("code") in ("run_in_progress", "retrying")


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
    if isinstance(parameters, Mapping) and any(key.startswith("session_required") for key in parameters):
        return Health(
            "needs_session",
            reason,
            "Sign in anew as the collection asks for it, then state: active. A service account cannot, so use another "
            "collection for unattended timers",
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
    data = result.get("data")
    data = data if isinstance(data, Mapping) else {}
    details = data.get("details")
    details = details if isinstance(details, Mapping) else {}
    words = [result.get("run_status"), data.get("status"), details.get("status")]
    signs = [_text(result.get("errors")), *(str(word) for word in words if word and _FAILED.search(str(word)))]
    signs += [f"HTTP status {code}" for code in _codes(result) if code >= 400]
    messages = list(dict.fromkeys(sign for sign in signs if sign))
    return {
        "ran_at": result.get("ran_at") or result.get("start_timestamp"),
        "failed": bool(messages),
        "status": next((str(word) for word in words if word), None),
        "message": "; ".join(messages) or None,
        "task_id": details.get("task_id") or result.get("resource_id"),
    }


def _codes(result: Mapping[str, Any]) -> list[int]:
    values: Sequence[Any] = (
        result.get("status"),
        result.get("http_status_submission"),
        result.get("http_status_polling"),
        result.get("http_status_polled"),
    )
    return [value for value in dict.fromkeys(values) if isinstance(value, int)]


def _text(errors: Any) -> str:
    """The errors of a result, whatever their shape, in one line."""
    if not errors:
        return ""
    if isinstance(errors, Mapping):
        return str(errors.get("message") or errors.get("detail") or errors.get("code") or dict(errors))
    if isinstance(errors, (list, tuple)):
        return "; ".join(_text(error) for error in errors)
    return str(errors)
