# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the ``main`` of a module in the process of the test, for many cases that differ only in their options."""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common import warnings

from ansible_collections.research_ops.globus.plugins.module_utils import _secrets
from emulator.control import LocalGlobus
from faults.harness import QUICK
from integration.harness import Run, Task
from patience import LIMIT

try:
    from ansible.module_utils.testing import patch_module_args
except ImportError:  # before ansible-core 2.19

    @contextlib.contextmanager
    def patch_module_args(module_args: Mapping[str, Any]) -> Iterator[None]:
        """Set the arguments of a module as these versions expect them."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": module_args}).encode())
            yield


MODULES = "ansible_collections.research_ops.globus.plugins.modules"
MODULE_UTILS = "ansible_collections.research_ops.globus.plugins.module_utils"


@contextlib.contextmanager
def only(environment: Mapping[str, str]) -> Iterator[None]:
    """Set these variables instead of the test's own ones for Globus, and make Ansible behave as in a module process."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [one for one in os.environ if one.startswith("GLOBUS_")]:
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        # If other tests of this process have imported the controller of Ansible, warnings would go to its display.
        internal = sys.modules.get("ansible.module_utils._internal")  # since ansible-core 2.19
        if internal is not None:
            patch.setattr(internal, "is_controller", False)
        try:
            yield
        finally:
            gc.enable()  # modules disable the garbage collection, because their process usually ends with them


def run(
    module: str,
    options: Mapping[str, Any],
    environment: Mapping[str, str],
    *,
    check: bool = False,
    fault: bool = False,
) -> Any:
    """Run a module, and return its result, always with ``failed``. A bug in the collection ends the test, unless
    ``fault`` is true.
    """
    arguments = {"retries": 0, "request_timeout": LIMIT, **options, "_ansible_check_mode": check}
    return _run(module, arguments, environment, fault)


def _run(
    module: str, arguments: Mapping[str, Any], environment: Mapping[str, str], fault: bool = False
) -> dict[str, Any]:
    main = importlib.import_module(f"{MODULES}.{module}").main
    printed = io.StringIO()
    # Reset the state that a module usually has in its own process.
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
    # Warnings in the form that the controller returns. Before ansible-core 2.19, modules return this form.
    messages = [one if isinstance(one, str) else one["event"]["msg"] for one in result.pop("warnings", ())]
    return {"failed": False, **result, "warnings": messages}


class Modules:
    """Runs tasks as ``Playbooks`` does, without ansible-playbook: fifty times faster.

    For tests of what the modules do. Tests of Ansible itself (templates, loops, roles, its own output) need
    ``Playbooks``. The waits of the modules are a hundred times shorter.

    :ivar environment: the variables of the modules.
    """

    def __init__(self, globus: LocalGlobus, home: Path) -> None:
        self._globus = globus
        self.environment = {
            "HOME": str(home),
            "GLOBUS_CLIENT_ID": globus.client_id,
            "GLOBUS_CLIENT_SECRET": globus.client_secret,
            **globus.environment,
        }

    def run(
        self,
        tasks: Iterable[Task],
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        settings: Mapping[str, float] | None = None,
    ) -> Run:
        """Run the tasks to the end, or to the first that fails and has no ``ignore_errors``.

        :param arguments: of ansible-playbook: ``--check``, ``--diff``.
        :param settings: constants of the collection, in addition to QUICK.
        """
        assert set(arguments) <= {"--check", "--diff"}, f"{arguments} need Playbooks"
        results: dict[str, dict[str, Any]] = {}
        variables = {**self.environment, **(environment or {})}
        with pytest.MonkeyPatch.context() as patch:
            for constant, value in {**QUICK, **(settings or {})}.items():
                patch.setattr(f"{MODULE_UTILS}.{constant}", value)
            for task in tasks:
                title, ignored, result = self._one(dict(task), set(arguments), variables)
                results[title] = result
                if result["failed"] and not ignored:
                    return Run(2, json.dumps(result), results)
        return Run(0, "", results)

    def _one(
        self, task: dict[str, Any], arguments: set[str], environment: Mapping[str, str]
    ) -> tuple[str, bool, dict[str, Any]]:
        """Run a task. Returns its title, whether its failure is ignored, and its result."""
        title, ignored = task.pop("name"), task.pop("ignore_errors", False)
        environment = {**environment, **task.pop("environment", {})}
        check, diff = task.pop("check_mode", "--check" in arguments), task.pop("diff", "--diff" in arguments)
        assert len(task) == 1, f"the keywords of {title!r} need Playbooks: {list(task)}"
        ((action, options),) = task.items()
        assert "{{" not in json.dumps(options), f"the templates of {title!r} need Playbooks"
        if action == "control":
            answer = self._globus.call(options["method"], options["path"], options["body"])
            return title, ignored, {"failed": False, "answer": answer}
        module = action.removeprefix("research_ops.globus.")
        modes = {"_ansible_check_mode": check, "_ansible_diff": diff}
        return title, ignored, _run(module, {**options, **modes}, environment)
