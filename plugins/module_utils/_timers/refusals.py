# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Why the modules refuse to create a timer: it can never work (rule N3), or it destroys data (rule N4).

The refusals apply only when a timer is created, including when it replaces another. An existing timer that breaks these
rules is matched, paused, resumed and deleted like any other, with a warning. So the parser of the options does not
check them; the plan does, when it creates. Pure: no input or output.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from .definition import Definition, FilterRule, Transfer
from .overlap import Write, overlaps, ring_through, successors, writes_of
from .schedule import Schedule, format_instant, next_tick

_DRIVE = re.compile(r"([A-Za-z]):(?:$|[\\/])")
_SHARE = re.compile(r"\\")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_FOLDED = "In YAML, text after > and | ends with a line break; text after >- and |- does not"
_COLLECTION = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}:")


def refusals_of(definition: Definition, first_run: datetime) -> list[str]:
    """The reasons not to create a timer of this definition, each with the name of the option; empty if there are none.

    :param first_run: the first run or, for an existing timer, the next one.
    """
    found = list(name_refusals(definition.name))
    if isinstance(definition.action, Transfer):
        found += _path_refusals(definition.action)
        found += _own_source_refusals(definition.action)
        found += _into_itself_refusals(definition.action)
        found += _own_copy_refusals(definition.action)
        found += _deadline_refusals(definition.action, first_run)
    return found


def name_refusals(name: str) -> Iterator[str]:
    """Refuse a name that begins or ends with space: the next play might not find the timer (rule N3)."""
    if name != name.strip():
        yield f"name {name!r} starts or ends with blanks or line breaks. {_FOLDED}"


def _path_refusals(transfer: Transfer) -> Iterator[str]:
    """Refuse paths that cannot exist on any collection (rule N3)."""
    for number, path in enumerate(transfer.paths):
        for option in ("source_path", "destination_path"):
            text = getattr(path, option)
            what = f"transfer.paths[{number}].{option} {text!r}"
            if text != text.strip():
                yield f"{what} starts or ends with blanks or line breaks. {_FOLDED}"
            elif _DRIVE.match(text):
                globus = f"/{text[0]}/" + text[2:].replace("\\", "/").lstrip("/")
                yield f"{what} is a Windows path. Write it as {globus!r}"
            elif _SHARE.match(text):
                yield f"{what} is a Windows path. Globus uses forward slashes, and paths start with /"
            elif _URL.match(text):
                yield f"{what} is a URL. Give only the path on the collection, for example /data/"
            elif found := _COLLECTION.match(text):
                yield f"{what} starts with the ID of a collection. Give only the path: {text[found.end() :]!r}"


def _deadline_refusals(transfer: Transfer, first_run: datetime) -> Iterator[str]:
    """Refuse a deadline before the first run. It applies to every run, so none could succeed (rule N3)."""
    if transfer.deadline is not None and transfer.deadline <= first_run:
        yield (
            f"transfer.deadline {format_instant(transfer.deadline)} is not later than the run of "
            f"{format_instant(first_run)}, so this run and all later runs would fail. Remove the deadline, or give "
            "a later time"
        )


# --- copies into themselves ------------------------------------------------------------------------------------------


def _into_itself_refusals(transfer: Transfer) -> Iterator[str]:
    """Refuse a destination that is its own source, or inside it, unless a filter rule leaves the destination out.

    What Globus does with such a transfer is not documented. If it copies, every run also copies the copy of the run
    before, or writes to the files that it reads.
    """
    if transfer.delete_destination_extra:
        return  # _own_source_refusals refuses more
    for write in writes_of(transfer):
        if not write.copies_into_itself:
            continue
        path = transfer.paths[write.item]
        what = f"transfer.paths[{write.item}].destination_path {path.destination_path!r}"
        if write.source == write.destination:
            yield f"{what} is its own source on the same collection, so every run would copy the files onto themselves"
        elif not _leaves_out(transfer.filter_rules, write.way_down):
            yield (
                f"{what} is inside its own source, {path.source_path!r} on the same collection, so every run would "
                "copy the previous copy too"
            )


def _leaves_out(rules: Sequence[FilterRule], folders: Sequence[str]) -> bool:
    """Whether the rules exclude one of these folders, each in the one before. The first rule that matches decides."""
    for folder in folders:
        for rule in rules:
            if rule.type != "file" and fnmatchcase(folder, rule.name):
                if rule.method == "exclude":
                    return True
                break
    return False


# --- probable mistakes ---------------------------------------------------------------------------------------------


def doubts_of(definition: Definition, first_run: datetime) -> list[str]:
    """Warnings about a timer to be created that may never work, or stop working later. Each names the option."""
    if not isinstance(definition.action, Transfer):
        return []
    return [*_path_doubts(definition.action), *_deadline_doubts(definition.action, definition.schedule, first_run)]


def _path_doubts(transfer: Transfer) -> Iterator[str]:
    """Warn of relative paths. If a collection accepts them, they begin in a folder that the definition does not name.

    The documentation of the service has the forms ``/~/data`` and ``~/data``, which begin in the home directory.
    """
    for number, path in enumerate(transfer.paths):
        for option in ("source_path", "destination_path"):
            text = getattr(path, option)
            if not text.startswith(("/", "~")):
                yield (
                    f"transfer.paths[{number}].{option} {text!r} does not start with /, so its meaning depends on "
                    f"the collection. Write {'/' + text!r} or, for a path in the home directory, {'/~/' + text!r}"
                )


def _deadline_doubts(transfer: Transfer, schedule: Schedule, first_run: datetime) -> Iterator[str]:
    """Warn of a deadline: it applies to every run, so all runs after it fail."""
    if transfer.deadline is None or schedule.interval is None:
        return
    late = next_tick(first_run, schedule.interval, transfer.deadline - timedelta(seconds=1))
    if schedule.end_datetime is not None and late > schedule.end_datetime:
        return
    number = (late - first_run) // timedelta(seconds=schedule.interval)  # of runs before that one
    if schedule.end_count is not None and number >= schedule.end_count:
        return
    yield (
        f"transfer.deadline {format_instant(transfer.deadline)} applies to every run, so the run of "
        f"{format_instant(late)} and all later runs will fail. Remove the deadline, unless you replace the timer by "
        "then"
    )


# --- mirrors (rule N4) ---------------------------------------------------------------------------------------------


def _own_source_refusals(transfer: Transfer) -> Iterator[str]:
    """Refuse a mirror whose destination overlaps with the source of the same item or of another one (rule N4)."""
    if not transfer.delete_destination_extra:
        return
    writes = writes_of(transfer)
    following = successors(writes)
    for write in writes:
        ring = ring_through(write, following)
        if ring:
            destination, source = ring[-1], ring[0]
            yield (
                "transfer.delete_destination_extra would delete files of the source: "
                f"transfer.paths[{destination.item}].destination_path "
                f"{transfer.paths[destination.item].destination_path!r} and "
                f"transfer.paths[{source.item}].source_path {transfer.paths[source.item].source_path!r} overlap on "
                f"collection {source.source.collection}"
            )
            return


def _own_copy_refusals(transfer: Transfer) -> Iterator[str]:
    """Refuse a mirror that deletes what another item of the same transfer writes (rule N4)."""
    if not transfer.delete_destination_extra:
        return  # most transfers are not mirrors, and a list may have a thousand
    for mirror, written in overlaps(writes_of(transfer)):
        yield f"transfer.{overlap_refusal(f'transfer.paths[{written.item}]', mirror, written)}"
        return


def overlap_refusal(label: str, mirror: Write, written: Write) -> str:
    """The reason not to create a mirror that deletes what something else writes (rule N4).

    :param label: how the message names the timer, job or path that writes.
    """
    return (
        f"delete_destination_extra would delete what {label} writes: {mirror.destination.path} and "
        f"{written.destination.path} overlap on collection {mirror.destination.collection}"
    )


def ring_refusal(labels: Sequence[str], ring: Sequence[Write]) -> str:
    """The reason not to create mirrors that write to each other's sources (rule N4).

    :param labels: the name of each mirror of the ring in the message.
    """
    named = dict.fromkeys(labels)
    places = " -> ".join(f"{write.source.collection}:{write.source.path}" for write in (*ring, ring[0]))
    return (
        f"delete_destination_extra: {' and '.join(named)} copy from each other ({places}), so each "
        "would delete the new files of the other"
    )
