# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What a module supports, as ``attributes`` of its documentation."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Can run in check mode and return the result of a real run, without changing anything.
    support: full
  diff_mode:
    description: Returns details on what has changed, or would change in check mode, when in diff mode.
    support: full
  idempotent:
    description: When run twice in a row with the same arguments, the second run does not change anything.
    support: full
"""

    ACTION_GROUP = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/research_ops.globus.globus) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - research_ops.globus.globus
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode. The module never changes anything.
    support: full
  diff_mode:
    description: Returns details on what has changed, or would change in check mode, when in diff mode.
    support: N/A
    details: The module never changes anything.
  idempotent:
    description: When run twice in a row with the same arguments, the second run does not change anything.
    support: full
"""
