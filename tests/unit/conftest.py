# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Property tests do not fail because a machine is busy: no example has a deadline."""

from __future__ import annotations

import datetime

from hypothesis import HealthCheck, settings

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# The tests are written for Python 3.11, and make matrix runs them on the oldest that the modules are for, too. This is
# all that they lack there; the modules do without it, or the integration tests of that row would fail.
if not hasattr(datetime, "UTC"):
    datetime.UTC = datetime.timezone.utc  # noqa: UP017 - where there is no other
