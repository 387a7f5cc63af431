# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Signs in with the options of a module, lookup or event source, and connects to the services."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from ansible.module_utils.basic import missing_required_lib

from .. import _arguments
from .._errors import GlobusError
from .._secrets import register
from .._validation import validate
from .auth_api import AuthApi
from .credentials import choose_credentials
from .http import Http
from .logins import choose_login
from .service import Globus

SDK_OLDEST = 4
TIMEOUT_MAXIMUM = 86400.0  # seconds; Ansible accepts larger numbers than a socket


def check_sdk() -> None:
    """Raises GlobusError if the Globus SDK is missing, with Ansible's usual message, or too old."""
    try:
        version = metadata.version("globus-sdk")  # the SDK imports importlib.metadata, too, so this costs nothing
    except metadata.PackageNotFoundError:
        raise GlobusError(
            missing_required_lib("globus-sdk", url="https://pypi.org/project/globus-sdk/"), code="sdk_missing"
        ) from None
    major = str(version).partition(".")[0]
    if major.isdigit() and int(major) < SDK_OLDEST:
        command = f"{shlex.quote(sys.executable)} -m pip install 'globus-sdk>={SDK_OLDEST},<{SDK_OLDEST + 1}'"
        raise GlobusError(
            f"The modules require globus-sdk {SDK_OLDEST} or newer, but the Python that runs them ({sys.executable}) "
            f"has globus-sdk {version}. Install a newer version with: {command}",
            code="sdk_too_old",
            remedy=command,
        )


def checked_options(options: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Check and convert the options of a plugin without AnsibleModule. Raises InputError.

    Blank options get the values of their environment variables (rules N2, X3).

    :param options: the declarations, including those of ``_arguments.auth_arguments``.
    """
    for name, option in options.items():
        if option.get("no_log"):
            _register(given.get(name))  # because messages may quote wrong values (rule X1)
    # Only values of environment variables are added here: the validation sets the defaults.
    without = {name: {**option, "default": None} for name, option in options.items()}
    filled = {
        name: value
        for name, value in _arguments.with_environment_variables(without, given).items()
        if value is not None
    }
    return validate(options, filled)


def _register(value: Any) -> None:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            _register(item)
    elif value is not None:
        register(str(value))


def connect(parameters: Mapping[str, Any]) -> Globus:
    """The services, with the login that the options name. Raises GlobusError."""
    credentials = choose_credentials(_arguments.with_environment_variables(_arguments.auth_arguments(), parameters))
    http = open_http(parameters)
    auth = AuthApi(http)
    return Globus(http, auth, choose_login(credentials, http.environment, auth))


def open_http(parameters: Mapping[str, Any]) -> Http:
    """The connection to the services, without a login. Raises GlobusError."""
    if not 0 < parameters["request_timeout"] <= TIMEOUT_MAXIMUM:
        raise GlobusError("request_timeout must be more than 0 seconds and at most one day", code="invalid_input")
    if parameters["retries"] < 0:
        raise GlobusError("retries must be 0 or more", code="invalid_input")
    return Http(parameters["environment"], request_timeout=parameters["request_timeout"], retries=parameters["retries"])
