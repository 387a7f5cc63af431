# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module's own ``main`` inside the process of the test: for many cases that differ in their settings alone."""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common import warnings

from ansible_collections.research_ops.globus.plugins.module_utils import _secrets
from patience import LIMIT

try:
    from ansible.module_utils.testing import patch_module_args
except ImportError:  # before ansible-core 2.19

    @contextlib.contextmanager
    def patch_module_args(module_args: Mapping[str, Any]) -> Iterator[None]:
        """Where modules of those versions find their arguments."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": module_args}).encode())
            yield


MODULES = "ansible_collections.research_ops.globus.plugins.modules"


@contextlib.contextmanager
def only(environment: Mapping[str, str]) -> Iterator[None]:
    """These variables, and of the test's own nothing that the modules read; and no part of Ansible but its modules."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [one for one in os.environ if one.startswith("GLOBUS_")]:
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        # Where other tests of this process have imported Ansible's controller, warnings would go to its display.
        internal = sys.modules.get("ansible.module_utils._internal")  # since ansible-core 2.19
        if internal is not None:
            patch.setattr(internal, "is_controller", False)
        try:
            yield
        finally:
            gc.enable()  # a module that turns collections off is usually at its process's end


def run(
    module: str,
    options: Mapping[str, Any],
    environment: Mapping[str, str],
    *,
    check: bool = False,
    fault: bool = False,
) -> Any:
    """What the module returns, ``failed`` always among it. A fault of the collection ends the test, unless a ``fault``
    is expected.
    """
    main = importlib.import_module(f"{MODULES}.{module}").main
    arguments = {"retries": 0, "request_timeout": LIMIT, **options, "_ansible_check_mode": check}
    printed = io.StringIO()
    # of a process, which a module usually has to itself
    warnings._global_warnings.clear()
    _secrets.forget()
    with (
        only(environment),
        patch_module_args(arguments),
        contextlib.redirect_stdout(printed),
        pytest.raises(SystemExit),
    ):
        main()
    result = json.loads(printed.getvalue().splitlines()[-1])
    assert ("unexpected_error" in printed.getvalue()) <= fault, printed.getvalue()
    # as the controller hands them on; before ansible-core 2.19 they are texts already
    told = [one if isinstance(one, str) else one["event"]["msg"] for one in result.pop("warnings", ())]
    return {"failed": False, **result, "warnings": told}
