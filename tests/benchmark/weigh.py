# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An interpreter for Ansible that runs the real one (variable WEIGH_PYTHON) and adds its peak memory to WEIGH_FILE.

The peak is the resident set of the process that Ansible runs the module in. It counts this small process too, as
long as it is the larger of the two, which it never is.
"""

from __future__ import annotations

import os
import sys

process = os.posix_spawn(os.environ["WEIGH_PYTHON"], [os.environ["WEIGH_PYTHON"], *sys.argv[1:]], os.environ)
_process, status, usage = os.wait4(process, 0)
with open(os.environ["WEIGH_FILE"], "a", encoding="utf-8") as file:
    # ru_maxrss is in KiB, except on macOS, where it is in bytes.
    file.write(f"{usage.ru_maxrss * (1 if sys.platform == 'darwin' else 1024)} {' '.join(sys.argv[1:])}\n")
sys.exit(os.waitstatus_to_exitcode(status))
