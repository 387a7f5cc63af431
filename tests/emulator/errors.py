# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals, in the form of each service."""

from __future__ import annotations

import uuid
from typing import Any


class ServiceError(Exception):
    """A refusal. The application converts it to the form of the service that received the request.

    ``code`` and ``message`` are part of that form. ``extra`` adds members to the body (such as ``required_scopes``),
    and ``body`` replaces it.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        extra: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.extra = extra or {}
        self.body = body
        self.headers = headers or {}


class InvalidInputError(Exception):
    """Input that a FastAPI service answers with 422. ``errors`` are those of pydantic, with complete ``loc``."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("invalid input")
        self.errors = errors

    @classmethod
    def one(cls, loc: tuple[str | int, ...], message: str, kind: str = "value_error") -> InvalidInputError:
        """An error with a single entry."""
        return cls([{"loc": loc, "msg": message, "type": kind}])


#: The types of pydantic 2, each with the type and message of pydantic 1, which the recorded answers come from.
_VERSION_1 = {
    "missing": ("value_error.missing", "field required"),
    "extra_forbidden": ("value_error.extra", "extra fields not permitted"),
    "string_type": ("type_error.str", "str type expected"),
    "int_type": ("type_error.integer", "value is not a valid integer"),
    "int_parsing": ("type_error.integer", "value is not a valid integer"),
    "int_from_float": ("type_error.integer", "value is not a valid integer"),
    "bool_type": ("type_error.bool", "value could not be parsed to a boolean"),
    "bool_parsing": ("type_error.bool", "value could not be parsed to a boolean"),
    "list_type": ("type_error.list", "value is not a valid list"),
    "dict_type": ("type_error.dict", "value is not a valid dict"),
    "model_type": ("type_error.dict", "value is not a valid dict"),
    "model_attributes_type": ("type_error.dict", "value is not a valid dict"),
    "uuid_type": ("type_error.uuid", "value is not a valid uuid"),
    "uuid_parsing": ("type_error.uuid", "value is not a valid uuid"),
    "json_invalid": ("value_error.jsondecode", ""),
    "datetime_type": ("type_error.datetime", "invalid datetime format"),
    "datetime_parsing": ("value_error.datetime", "invalid datetime format"),
    "datetime_from_date_parsing": ("value_error.datetime", "invalid datetime format"),
    "greater_than_equal": ("value_error.number.not_ge", ""),
    "less_than_equal": ("value_error.number.not_le", ""),
    "string_too_long": ("value_error.any_str.max_length", ""),
    "too_short": ("value_error.list.min_items", ""),
    "literal_error": ("value_error.const", ""),
    "enum": ("type_error.enum", ""),
}


def validation_body(errors: list[dict[str, Any]], style: str) -> dict[str, Any]:
    """The 422 body, ``{"detail": [{"loc", "msg", "type"}]}``, in the words of a pydantic version."""
    detail = []
    for error in errors:
        kind, message = error["type"], error["msg"]
        if style == "pydantic_v1":
            message = message.removeprefix("Value error, ")
            new_kind, new_message = _VERSION_1.get(kind, (kind, message))
            kind, message = new_kind, new_message or message
        detail.append({"loc": list(error["loc"]), "msg": message, "type": kind})
    return {"detail": detail}


def error_body(service: str, error: ServiceError, path: str, timers_shape: str = "error") -> dict[str, Any]:
    """The body of a refusal, in the form of its service."""
    if error.body is not None:
        return error.body
    if service == "transfer":
        return {
            "code": error.code,
            "message": error.message,
            "request_id": uuid.uuid4().hex[:9],
            "resource": path,
            **error.extra,
        }
    if service == "timer":
        if timers_shape == "detail":
            return {"detail": error.message, **error.extra}
        return {"error": {"code": error.code, "detail": error.message, "status": error.status, **error.extra}}
    if service == "flows":
        return {"error": {"code": error.code, "detail": error.message}, "debug_id": str(uuid.uuid4())}
    return {
        "errors": [
            {
                "status": str(error.status),
                "id": str(uuid.uuid4()),
                "code": error.code,
                "detail": error.message,
                "title": error.code.replace("_", " ").capitalize(),
            }
        ],
        "error_description": error.message,
        "error": error.code.lower(),
        **error.extra,
    }
