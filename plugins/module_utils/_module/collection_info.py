# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The module ``collection_info``: reads collections, and which consents timers need for them."""

from __future__ import annotations

from typing import Any

from .._errors import GlobusError, InputError
from .._globus.auth_api import writing_scope
from .._globus.collections import SEARCH_MAXIMUM, GlobusCollection, Needs, refusal_of
from .._globus.service import Globus
from .._parallel import CONCURRENCY, in_parallel
from .._timers.options import parse_ids
from .common import GlobusModule, connect, fail, reports_unexpected_errors, require_sdk


@reports_unexpected_errors
def run_collection_info() -> None:
    """The module ``collection_info``."""
    module = GlobusModule("collection_info")
    require_sdk(module)
    try:
        ids = parse_ids("collection_ids", module.params["collection_ids"])
        if not ids and not (module.params["search"] or "").strip():
            raise InputError("collection_ids and search are empty. Set one of them")
    except InputError as error:
        fail(module, GlobusError(str(error), code="invalid_input"))
    try:
        globus = connect(module)
        if ids:
            entries = in_parallel(lambda one: _collection_by_id(one, globus), ids, CONCURRENCY)
        else:
            found = globus.search_collections(module.params["search"])
            if len(found) >= SEARCH_MAXIMUM:
                module.warn(f"Globus returns at most {SEARCH_MAXIMUM} collections, so there may be more")
            entries = [_collection_entry(one, globus) for one in found]
    except GlobusError as error:
        fail(module, error.about("Could not read collections"))
    module.exit_json(changed=False, collections=entries)


def _collection_by_id(collection_id: str, globus: Globus) -> dict[str, Any]:
    """The collection or, if it is deleted or hidden, its ID and the service's refusal."""
    try:
        return _collection_entry(globus.get_collection(collection_id), globus)
    except GlobusError as error:
        if error.http_status not in (403, 404):
            raise
        unread = dict.fromkeys(
            ("display_name", "requires_data_access", "high_assurance", "entity_type", "owner", "scope", "url")
        )
        return {**unread, "id": collection_id, "consent": "unknown", **error.as_result()}


def _collection_entry(collection: GlobusCollection, globus: Globus) -> dict[str, Any]:
    needed = collection.requires_data_access
    refusal = refusal_of(collection)
    unusable: dict[str, Any] = {} if refusal is None else refusal.as_result()
    return {
        **collection.as_result(),
        **unusable,
        "entity_type": collection.entity_type,
        "owner": collection.owner,
        "scope": str(writing_scope(Needs(data_access=(collection.id,)))) if needed else None,
        "consent": globus.consent_of(collection.id) if needed else "not_needed",
        "url": f"{globus.web_app}file-manager/collections/{collection.id}/overview",
    }
