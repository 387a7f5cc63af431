# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A local Globus: Auth, Transfer and Timers on one loopback port, for rehearsals and tests.

Importing the package costs nothing and needs nothing beyond the standard library; see ``emulator.control`` for the
class that starts it and README.md for everything else.
"""

from __future__ import annotations
