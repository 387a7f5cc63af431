# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Globus Transfer: collections, and requests for their paths."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path as FilePath
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from emulator.auth import bearer
from emulator.errors import ServiceError
from emulator.places import Place, TransferError, normal
from emulator.scopes import TRANSFER_SCOPE, TRANSFER_SERVER, data_access
from emulator.state import Emulator, Token
from emulator.world import Collection

_PAGE = 100
_MOST_FOUND = 1000
_MOST_LISTED = 100_000


def collection_document(collection: Collection) -> dict[str, Any]:
    """A collection as Transfer shows it."""
    personal = collection.entity_type.startswith("GCP_")
    guest = "guest" in collection.entity_type
    host_id = str(uuid.uuid5(uuid.UUID(collection.id), "host"))
    document: dict[str, Any] = {
        "DATA_TYPE": "endpoint",
        "id": collection.id,
        "display_name": collection.display_name,
        "canonical_name": f"u_local#{collection.id}",
        "entity_type": collection.entity_type,
        "organization": "Local Globus",
        "owner_string": collection.owner,
        "owner_id": host_id
        if collection.entity_type == "GCSv5_mapped_collection"
        else str(uuid.uuid5(uuid.NAMESPACE_URL, collection.owner)),
        "username": None,
        "description": None,
        "department": None,
        "contact_email": None,
        "contact_info": None,
        "info_link": None,
        "user_message": None,
        "user_message_link": None,
        "keywords": None,
        "public": True,
        "subscription_id": None,
        "french_english_bilingual": False,
        "is_globus_connect": personal,
        "globus_connect_setup_key": None,
        "gcp_connected": True if personal else None,
        "gcp_paused": False if personal else None,
        "gcs_manager_url": None if personal else f"https://{collection.id[:8]}.local.invalid",
        "gcs_version": None if personal else "5.4.80",
        "s3_url": None,
        "s3_owner_activated": False,
        "host_endpoint_id": host_id if guest else None,
        "host_path": None,
        "mapped_collection_id": host_id if guest else None,
        "disable_verify": False,
        "disable_anonymous_writes": False,
        "force_verify": False,
        "force_encryption": False,
        "mfa_required": False,
        "high_assurance": collection.high_assurance,
        "authentication_timeout_mins": collection.session_seconds // 60 if collection.high_assurance else None,
        "non_functional": collection.entity_type == "GCSv5_endpoint",
        "non_functional_endpoint_display_name": None,
        "non_functional_endpoint_id": None,
        "myproxy_server": None,
        "myproxy_dn": None,
        "oauth_server": None,
        "default_directory": "/",
        "activated": False,
        "expires_in": -1,
        "expire_time": None,
        "shareable": not guest,
        "acl_available": guest,
        "acl_editable": False,
        "in_use": False,
        "my_effective_roles": [],
        "DATA": [],
    }
    return document


def transfer_token(emulator: Emulator, request: Request) -> Token:
    """The token of a request to Transfer. Raises ServiceError."""
    if emulator.transfer_is_down:
        raise ServiceError(503, "ServiceUnavailable", "Transfer is down for maintenance")
    return bearer(emulator, request, TRANSFER_SERVER, [TRANSFER_SCOPE])


def find_collection(emulator: Emulator, collection_id: str) -> Collection:
    """The collection with an ID, if it is visible. Raises ServiceError as Transfer does."""
    collection = emulator.collections.get(collection_id.lower())
    if collection is None:
        raise ServiceError(404, "EndpointNotFound", f"No such endpoint '{collection_id}'")
    if collection.deleted:
        raise ServiceError(404, "EndpointDeleted", f"Endpoint '{collection_id}' has been deleted")
    if not collection.visible:
        raise ServiceError(403, "PermissionDenied", f"You do not have permission to view endpoint '{collection_id}'")
    return collection


def router(emulator: Emulator) -> APIRouter:
    """The routes of Globus Transfer."""
    routes = APIRouter(prefix="/v0.10")

    def token_of(request: Request) -> Token:
        return transfer_token(emulator, request)

    @routes.get("/endpoint/{collection_id}")
    async def endpoint(request: Request, collection_id: str) -> JSONResponse:
        token_of(request)
        return JSONResponse(collection_document(find_collection(emulator, collection_id)))

    @routes.get("/endpoint_search")
    async def search(request: Request) -> JSONResponse:
        token_of(request)
        query = request.query_params
        text = query.get("filter_fulltext", "").lower()
        scope = query.get("filter_scope", "all")
        if not text and scope == "all":
            raise ServiceError(400, "BadRequest", "filter_fulltext is required with filter_scope 'all'")
        limit, offset = number_of(query.get("limit"), _PAGE, "limit"), number_of(query.get("offset"), 0, "offset")
        if not 1 <= limit <= _PAGE or offset + limit > _MOST_FOUND:
            raise ServiceError(400, "BadRequest", "limit is 1 to 100 and no more than 1000 results are served")
        found = [
            one
            for one in emulator.collections.values()
            if one.visible
            and not one.deleted
            and all(word in f"{one.display_name} {one.id} {one.owner}".lower() for word in text.split())
            and query.get("filter_entity_type", one.entity_type) == one.entity_type
        ]
        page = found[offset : offset + limit]
        return JSONResponse(
            {
                "DATA_TYPE": "endpoint_list",
                "DATA": [collection_document(one) for one in page],
                "has_next_page": offset + limit < len(found),
                "limit": limit,
                "offset": offset,
            }
        )

    @routes.get("/operation/endpoint/{collection_id}/ls")
    async def ls(request: Request, collection_id: str) -> JSONResponse:
        query = request.query_params
        path = query.get("path") or "/"
        place = _reach(emulator, token_of(request), collection_id)
        entries = _listing(place, path)
        if query.get("show_hidden", "1") == "0":
            entries = [one for one in entries if not one["name"].startswith(".")]
        limit, offset = (
            number_of(query.get("limit"), _MOST_LISTED, "limit"),
            number_of(query.get("offset"), 0, "offset"),
        )
        page = entries[offset : offset + limit]
        inside = normal(path)
        return JSONResponse(
            {
                "DATA_TYPE": "file_list",
                "DATA": page,
                "absolute_path": "/" if inside == "/" else f"{inside}/",
                "endpoint": place.collection.id,
                "length": len(page),
                "path": path,
                "rename_supported": True,
                "symlink_supported": False,
                "total": len(entries),
            }
        )

    @routes.get("/operation/endpoint/{collection_id}/stat")
    async def stat(request: Request, collection_id: str) -> JSONResponse:
        path = request.query_params.get("path") or "/"
        place = _reach(emulator, token_of(request), collection_id)
        found = _found(place, path)
        return JSONResponse(_imagined(path) if found is None else _entry(found))

    return routes


def number_of(text: str | None, default: int, name: str) -> int:
    """A whole number from a query. Raises ServiceError."""
    try:
        number = default if text is None else int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise ServiceError(400, "BadRequest", f"{name} is not a whole number")
    return number


def _reach(emulator: Emulator, token: Token, collection_id: str) -> Place:
    """A collection whose paths can be read. Raises ServiceError."""
    collection = find_collection(emulator, collection_id)
    if collection.entity_type == "GCSv5_endpoint":
        raise ServiceError(409, "Conflict", f"{collection.display_name} is an endpoint and not a collection")
    wanted = data_access(collection.id)
    consents = emulator.consented(token.identity, token.client_id)
    if collection.needs_data_access and (TRANSFER_SCOPE, wanted) not in consents:
        extra = {"required_scopes": [f"{TRANSFER_SCOPE}[*{wanted}]"]}
        message = f"Missing required data_access consent on {collection.id}"
        raise ServiceError(403, "ConsentRequired", message, extra=extra)
    place = Place(collection, "source")
    try:
        place.connect()
    except TransferError as failure:
        status = int(emulator.switches.unreachable_status)
        raise ServiceError(status, "ExternalError.DirListingFailed.ConnectFailed", failure.message) from failure
    return place


def _found(place: Place, path: str) -> FilePath | None:
    """The local path of a path, or None if files are only imagined. Raises ServiceError."""
    where = f"Endpoint: {place.collection.display_name} ({place.collection.id})\n"
    try:
        found = place.resolve(path)
        if found is not None and not found.exists():
            raise place.error("FILE_NOT_FOUND", "No such file or directory", path)
    except TransferError as failure:
        text = f"Error (list)\n{where}Message: {failure.message}\n---\nDetails: Error: '{path}'\n"
        if failure.code == "FILE_NOT_FOUND":
            raise ServiceError(404, "NotFound", f"Path not found, {text}") from failure
        raise ServiceError(403, "EndpointPermissionDenied", f"Denied by endpoint, {text}") from failure
    return found


def _listing(place: Place, path: str) -> list[dict[str, Any]]:
    """The entries of a folder. Raises ServiceError."""
    folder = _found(place, path)
    if folder is None:
        return []
    if not folder.is_dir():
        raise ServiceError(502, "ExternalError.DirListingFailed.NotDirectory", f"{path} is not a directory")
    return [_entry(one) for one in sorted(folder.iterdir()) if not one.is_symlink()]


_NO_LINK = dict.fromkeys(("link_group", "link_last_modified", "link_size", "link_target", "link_user"))


def _imagined(path: str) -> dict[str, Any]:
    """The entry of a path on a collection without a folder, where every path exists. It is a file if its name has an
    extension."""
    name = normal(path).rpartition("/")[2]
    is_file = not path.endswith("/") and "." in name.strip(".")
    return {
        **_NO_LINK,
        "DATA_TYPE": "file",
        "group": "local",
        "last_modified": "2027-01-01 00:00:00+00:00",
        "name": name,
        "permissions": "0644" if is_file else "0755",
        "size": 0 if is_file else 4096,
        "type": "file" if is_file else "dir",
        "user": "local",
    }


def _entry(place: FilePath) -> dict[str, Any]:
    status = place.stat()
    changed = datetime.fromtimestamp(int(status.st_mtime), UTC)
    return {
        **_NO_LINK,
        "DATA_TYPE": "file",
        "group": "local",
        "last_modified": changed.strftime("%Y-%m-%d %H:%M:%S+00:00"),
        "name": place.name,
        "permissions": f"{status.st_mode & 0o7777:04o}",
        "size": status.st_size,
        "type": "dir" if place.is_dir() else "file",
        "user": "local",
    }
