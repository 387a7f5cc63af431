# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A local Globus: Auth, Transfer, Timers and Flows on one loopback port, for rehearsals and tests.

Importing the package needs only the standard library. ``emulator.control`` has the class that starts it, and README.md
describes everything else.
"""

from __future__ import annotations
