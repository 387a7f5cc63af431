# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""What no timer is created for, because it can never work (rule N3) or destroys data (rule N4).

These rules bind creation alone, replacement included. A timer that breaks one may exist already: it is matched, paused,
resumed and deleted like any other, with a warning. So options are parsed without them, and a plan that creates asks
here. Pure: no input or output.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .definition import Action, Transfer
from .overlap import Write, ring_through, successors, writes_of


def refusals_of(action: Action) -> list[str]:
    """Why no timer that does this is created; empty where nothing is wrong with it. Each names the option."""
    if not isinstance(action, Transfer):
        return []
    return list(_own_source_refusals(action))


def _own_source_refusals(transfer: Transfer) -> Iterator[str]:
    """A mirror whose destination overlaps with its own source, of the same path or of another one (rule N4)."""
    if not transfer.delete_destination_extra:
        return
    writes = writes_of(transfer)
    following = successors(writes)
    for write in writes:
        ring = ring_through(write, following)
        if ring:
            destination, source = ring[-1], ring[0]
            yield (
                "transfer.delete_destination_extra would delete the source, or a part of it: "
                f"transfer.paths[{destination.item}].destination_path "
                f"{transfer.paths[destination.item].destination_path!r} and transfer.paths[{source.item}].source_path "
                f"{transfer.paths[source.item].source_path!r} overlap on collection {source.source.collection}"
            )
            return


def ring_refusal(labels: Sequence[str], ring: Sequence[Write]) -> str:
    """Why mirrors that are each other's source are not created (rule N4).

    :param labels: what to call each mirror of the ring.
    """
    named = dict.fromkeys(labels)
    places = " -> ".join(f"{write.source.collection}:{write.source.path}" for write in (*ring, ring[0]))
    return (
        f"delete_destination_extra: {' and '.join(named)} mirror each other ({places}): what is new at one of these "
        "places would be deleted there, because it is not at the place that is mirrored onto it"
    )
