# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Converts the result of ``timer_info`` into the text format of Prometheus. Pure: no input or output.

Do not change the names of the metrics: alert rules and dashboards of users contain them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..module_utils._errors import InputError
from ..module_utils._timers.health import HEALTH_STATES
from ..module_utils._timers.values import instant_or_none
from ._plain import Entry
from ._report import LIMIT, rate_of

Number = float  # and int: both are numbers to Prometheus

HEALTH = "globus_timer_health"
RATE = "globus_timers_rate_ratio"
# The metrics of each timer, in the order of the text, and their descriptions
OF_TIMERS = {
    HEALTH: "1 for the current state of the timer, 0 for the others.",
    "globus_timer_last_success_timestamp_seconds": "When the last complete transfer was finished.",
    "globus_timer_last_run_bytes": "Bytes that the last run has transferred so far.",
    "globus_timer_last_run_files": "Files that the last run has transferred so far.",
    "globus_timer_next_run_timestamp_seconds": "When the timer runs next.",
    "globus_timer_transfer_faults": "Errors of the transfer of the last run so far.",
}
METRICS = {**OF_TIMERS, RATE: "Share of the rate limit of the account, one run a minute."}
_SURROGATES = re.compile("[\ud800-\udfff]")  # halves of characters, which UTF-8 cannot encode


def metrics_of(timers: Any) -> str:
    """The text. Raises InputError if ``timers`` is not a result of ``timer_info``."""
    entries = _checked_timers(timers)
    samples: dict[str, list[str]] = {name: [] for name in METRICS}
    for entry, label in zip(entries, _labels(entries)):
        for name, labels, value in _samples(entry):
            samples[name].append(_sample_line(name, {"timer": label, **labels}, value))
    samples[RATE].append(_sample_line(RATE, {}, sum(map(rate_of, entries)) / LIMIT))
    lines = (
        line
        for name, meaning in METRICS.items()
        for line in (f"# HELP {name} {meaning}", f"# TYPE {name} gauge", *samples[name])
    )
    return "".join(f"{line}\n" for line in lines)


def _checked_timers(timers: Any) -> Sequence[Entry]:
    if isinstance(timers, (str, bytes, Mapping)) or not isinstance(timers, Sequence):
        raise InputError(
            "the input must be the list of timers that research_ops.globus.timer_info returns, not "
            f"{type(timers).__name__}"
        )
    for number, entry in enumerate(timers):
        health = entry.get("health") if isinstance(entry, Mapping) else None
        state = health.get("state") if isinstance(health, Mapping) else None
        if state not in HEALTH_STATES or not isinstance(entry.get("name"), str):
            raise InputError(
                f"entry {number} is not a timer as research_ops.globus.timer_info returns it: name or health is missing"
            )
    return timers


def _labels(entries: Sequence[Entry]) -> list[str]:
    """The label of each timer: its name or, if several timers share it, name and ID.

    Prometheus refuses the whole file if two lines have the same labels. If exactly one of the timers has not ended, its
    label is the name alone, so its alerts stay the same.
    """
    all_of_name = Counter(entry["name"] for entry in entries)
    unfinished = Counter(entry["name"] for entry in entries if entry["health"]["state"] != "ended")
    labels: list[str] = []
    taken: set[str] = set()
    for entry in entries:
        name = entry["name"]
        keeps = all_of_name[name] == 1 or (unfinished[name] == 1 and entry["health"]["state"] != "ended")
        label = name if keeps else f"{name} ({entry.get('id')})"
        while label in taken or (not keeps and label in all_of_name):
            label += "'"
        taken.add(label)
        labels.append(label)
    return labels


def _samples(entry: Entry) -> Iterator[tuple[str, dict[str, str], Number]]:
    """The metrics of one timer: name, additional labels, value. Unknown values are omitted."""
    for state in HEALTH_STATES:
        yield HEALTH, {"state": state}, int(entry["health"]["state"] == state)
    success = entry.get("last_success") or {}
    runs = entry.get("recent_runs") or ()
    transfer = (runs[0].get("transfer") if runs else None) or {}
    found = {
        "globus_timer_last_success_timestamp_seconds": _seconds(success.get("completed_at") or success.get("ran_at")),
        "globus_timer_last_run_bytes": transfer.get("bytes_transferred"),
        "globus_timer_last_run_files": transfer.get("files_transferred"),
        "globus_timer_next_run_timestamp_seconds": _seconds(entry.get("next_run")),
        "globus_timer_transfer_faults": transfer.get("faults"),
    }
    for name, value in found.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield name, {}, value


def _seconds(moment: Any) -> Number | None:
    instant = instant_or_none(moment)
    return None if instant is None else instant.timestamp()


def _sample_line(name: str, labels: Mapping[str, str], value: Number) -> str:
    pairs = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    number = repr(int(value)) if float(value).is_integer() else repr(value)
    return f"{name}{{{pairs}}} {number}" if pairs else f"{name} {number}"


def _escaped(text: str) -> str:
    """The value of a label, with backslash, quote and line feed escaped."""
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return _SURROGATES.sub(lambda half: f"\\\\u{ord(half[0]):04x}", text)
