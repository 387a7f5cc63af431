# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The options of all modules, each declared once, with its constraints. The doc fragments document them.

``module_arguments`` returns the arguments for AnsibleModule. The role and the filters check their options with the same
declarations (``_validation``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleFallbackNotFound

from ._timers.definition import SYNC_LEVELS
from ._timers.schedule import WEEKDAYS

CONCURRENCY_MAXIMUM = 16
ENVIRONMENTS = ("production", "preview", "sandbox", "integration", "test", "staging")  # of the SDK
STATES = ("present", "active", "paused", "absent")
ON_DRIFT = ("warn", "ignore", "fail", "replace")
ON_INACTIVE = ("warn", "fail", "resume")


def environment_variable(*names: str) -> str:
    """A fallback of an option: the first of these environment variables that is set and not blank (rule X3)."""
    for name in names:
        if os.environ.get(name, "").strip():
            return os.environ[name]
    raise AnsibleFallbackNotFound


def is_blank(value: Any) -> bool:
    """Whether a value is null or blank (rules N1, N2).

    Ansible turns a null in a list of texts, and in a required text, into the text ``None``.
    """
    return value is None or (isinstance(value, str) and value.strip() in ("", "None"))


def with_environment_variables(options: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters, with blank ones set from their environment variables (rule N2).

    Ansible uses the variable only if the option is missing. But a survey of AWX sets the option to an empty text.
    """
    filled = dict(parameters)
    for name, option in options.items():
        if "fallback" in option and is_blank(filled.get(name)):
            try:
                value = environment_variable(*option["fallback"][1])
                filled[name] = os.path.expandvars(value) if option["type"] == "path" else value
            except AnsibleFallbackNotFound:
                filled[name] = option.get("default")
    return filled


def _fallback(*names: str) -> tuple[Any, list[str]]:
    return (environment_variable, list(names))


def auth_arguments() -> dict[str, Any]:
    """The options of the doc fragment ``auth``."""
    return {
        "auth_method": {
            "type": "str",
            "default": "auto",
            "choices": ["auto", "client_credentials", "user", "cli", "access_token"],
            "fallback": _fallback("GLOBUS_AUTH_METHOD"),
        },
        "client_id": {"type": "str", "fallback": _fallback("GLOBUS_CLIENT_ID", "GLOBUS_CLI_CLIENT_ID")},
        "client_secret": {
            "type": "str",
            "no_log": True,
            "fallback": _fallback("GLOBUS_CLIENT_SECRET", "GLOBUS_CLI_CLIENT_SECRET"),
        },
        "timers_token": {"type": "str", "no_log": True, "fallback": _fallback("GLOBUS_TIMERS_TOKEN")},
        "transfer_token": {"type": "str", "no_log": True, "fallback": _fallback("GLOBUS_TRANSFER_TOKEN")},
        "token_storage": {"type": "path", "no_log": False, "fallback": _fallback("GLOBUS_TOKEN_STORAGE")},
        "environment": {
            "type": "str",
            "default": "production",
            "choices": list(ENVIRONMENTS),
            "fallback": _fallback("GLOBUS_SDK_ENVIRONMENT"),
        },
        "request_timeout": {"type": "float", "default": 60.0, "fallback": _fallback("GLOBUS_REQUEST_TIMEOUT")},
        "retries": {"type": "int", "default": 5, "fallback": _fallback("GLOBUS_RETRIES")},
    }


def login_arguments() -> dict[str, Any]:
    """The options of the module ``login``, which differ from ``auth_arguments``."""
    auth = auth_arguments()
    return {
        **{name: auth[name] for name in ("token_storage", "environment", "request_timeout", "retries")},
        "client_id": {"type": "str", "required": True, "fallback": _fallback("GLOBUS_CLIENT_ID")},
        "collections": {"type": "list", "elements": "str", "default": []},
        "flows": {"type": "list", "elements": "str", "default": []},
        "code": {"type": "str", "no_log": True},
        "force": {"type": "bool", "default": False},
        "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
    }


def definition_arguments() -> dict[str, Any]:
    """The options of the doc fragment ``definition``."""
    return {
        "name": {"type": "str"},
        "transfer": {
            "type": "dict",
            "options": {
                "source_collection": {"type": "str", "required": True, "aliases": ["source_endpoint"]},
                "destination_collection": {"type": "str", "required": True, "aliases": ["destination_endpoint"]},
                "paths": {
                    "type": "list",
                    "elements": "dict",
                    "required": True,
                    "options": {
                        "source_path": {"type": "str", "required": True},
                        "destination_path": {"type": "str", "required": True},
                        "recursive": {"type": "bool"},
                        "external_checksum": {"type": "str"},
                        "checksum_algorithm": {"type": "str"},
                    },
                },
                "label": {"type": "str"},
                "sync_level": {"type": "str", "choices": list(SYNC_LEVELS)},
                "verify_checksum": {"type": "bool", "default": True},
                "preserve_timestamp": {"type": "bool", "default": False},
                "encrypt_data": {"type": "bool", "default": False},
                "delete_destination_extra": {"type": "bool", "default": False},
                "skip_source_errors": {"type": "bool", "default": False},
                "fail_on_quota_errors": {"type": "bool", "default": False},
                "notify_on_succeeded": {"type": "bool", "default": True},
                "notify_on_failed": {"type": "bool", "default": True},
                "notify_on_inactive": {"type": "bool", "default": True},
                "store_base_path_info": {"type": "bool", "default": False},
                "deadline": {"type": "str"},
                "filter_rules": {
                    "type": "list",
                    "elements": "dict",
                    "options": {
                        "name": {"type": "str", "required": True},
                        "method": {"type": "str", "default": "exclude", "choices": ["include", "exclude"]},
                        "type": {"type": "str", "choices": ["file", "dir"]},
                    },
                },
                "source_local_user": {"type": "str"},
                "destination_local_user": {"type": "str"},
            },
        },
        "flow": {
            "type": "dict",
            "options": {
                "flow_id": {"type": "str", "required": True},
                "input": {"type": "dict", "default": {}},
                "run_managers": {"type": "list", "elements": "str"},
                "run_monitors": {"type": "list", "elements": "str"},
                "tags": {"type": "list", "elements": "str"},
            },
        },
        "schedule": {
            "type": "dict",
            "options": {
                "interval": {"type": "raw"},
                "start": {"type": "str"},
                "at": {"type": "raw"},
                "weekday": {"type": "str", "choices": list(WEEKDAYS)},
                "timezone": {"type": "str", "default": "UTC"},
                "daylight_saving": {"type": "str", "default": "ignore", "choices": ["ignore", "follow"]},
                "end": {"type": "dict", "options": {"count": {"type": "int"}, "datetime": {"type": "str"}}},
            },
        },
    }


def timer_arguments() -> dict[str, Any]:
    """The options of one timer: its definition, state and policies."""
    return {
        **definition_arguments(),
        "state": {"type": "str", "default": "present", "choices": list(STATES)},
        "timer_id": {"type": "str"},
        **policy_arguments(),
    }


def policy_arguments() -> dict[str, Any]:
    """The policies, such as ``on_drift``. In ``timers`` they are options of the task, which entries can override."""
    return {
        "on_drift": {"type": "str", "default": "warn", "choices": list(ON_DRIFT)},
        "on_inactive": {"type": "str", "default": "warn", "choices": list(ON_INACTIVE)},
        "check_paths": {"type": "bool", "default": False},
    }


def collection_info_arguments() -> dict[str, Any]:
    """The options that select collections to read."""
    return {
        "collection_ids": {"type": "list", "elements": "str"},
        "search": {"type": "str"},
    }


def timer_info_arguments() -> dict[str, Any]:
    """The options that select timers to read."""
    return {
        "timer_id": {"type": "str"},
        "name": {"type": "str"},
        "name_prefix": {"type": "str"},
        "name_contains": {"type": "str"},
        "status": {"type": "list", "elements": "str", "choices": ["active", "inactive", "ended"]},
        "type": {"type": "str", "choices": ["transfer", "flow", "generic"]},
        "health": {"type": "str", "choices": ["any", "unhealthy"], "default": "any"},
        "runs": {"type": "int", "default": 0},
        "transfers": {"type": "bool", "default": True},
        "max_age": {"type": "str"},
    }


def timer_health_arguments() -> dict[str, Any]:
    """The options of the event source ``timer_health``."""
    info = timer_info_arguments()
    return {
        "interval": {"type": "float", "default": 300.0},
        **{name: info[name] for name in ("name_prefix", "name_contains", "max_age")},
        **auth_arguments(),
    }


def timers_arguments() -> dict[str, Any]:
    """The options of a list of timers. In an entry, a policy has no default: if it is not set, the one of the task
    applies."""
    of_entry = {
        name: {key: value for key, value in option.items() if key != "default"}
        for name, option in policy_arguments().items()
    }
    return {
        "timers": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {**timer_arguments(), **of_entry},
            **WHICH_TIMER,
        },
        **policy_arguments(),
        "purge": {"type": "bool", "default": False},
        "purge_prefix": {"type": "str"},
        "purge_limit": {"type": "int", "default": 10},
        "concurrency": {"type": "int", "default": 4},
    }


# --- modules -------------------------------------------------------------------------------------------------------

WHICH_TIMER = {"required_one_of": [["name", "timer_id"]]}  # also of each entry of ``timers``


def module_arguments(module: str) -> dict[str, Any]:
    """The arguments of AnsibleModule for a module: its options, and the constraints between them."""
    if module == "login":
        return {"argument_spec": login_arguments()}
    own, constraints = _MODULES[module]
    return {"argument_spec": {**auth_arguments(), **own()}, **constraints}


_MODULES: dict[str, tuple[Callable[[], dict[str, Any]], dict[str, Any]]] = {
    "timer": (timer_arguments, WHICH_TIMER),
    "timers": (timers_arguments, {"required_if": [["purge", True, ["purge_prefix"]]]}),
    "timer_info": (
        timer_info_arguments,
        {"mutually_exclusive": [["timer_id", option] for option in ("name", "name_prefix", "name_contains")]},
    ),
    "collection_info": (
        collection_info_arguments,
        {
            "required_one_of": [["collection_ids", "search"]],
            "mutually_exclusive": [["collection_ids", "search"]],
        },
    ),
}
