# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The arguments and the result of the module timers, and nothing in between: the part of a task that is Ansible's."""

from __future__ import annotations

import json

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.research_ops.globus.plugins.module_utils import _arguments


def main() -> None:
    """``result`` is a file that holds what to return."""
    module = AnsibleModule(
        argument_spec={
            **_arguments.auth_arguments(),
            **_arguments.timers_arguments(),
            "result": {"type": "path", "required": True},
        },
        required_if=[("purge", True, ["purge_prefix"])],
    )
    with open(module.params["result"], encoding="utf-8") as file:
        result = json.load(file)
    module.exit_json(**result, invocation={"module_args": {**module.params, "timers": "as many"}})


if __name__ == "__main__":
    main()
