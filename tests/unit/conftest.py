# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Property tests do not fail because a machine is busy: no example has a deadline. And what ansible-test runs."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# In CI the examples are the same each time: what a random one finds is for those who look for it, and must not fail a
# change that has nothing to do with it. Everywhere else they are random.
settings.register_profile(
    "patient",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("CI") == "true",
)
settings.load_profile("patient")

# The tests are written for Python 3.11, and make matrix runs them on the oldest that the modules are for, too. This is
# all that they lack there; the modules do without it, or the integration tests of that row would fail.
if not hasattr(datetime, "UTC"):
    datetime.UTC = datetime.timezone.utc  # noqa: UP017 - where there is no other

# ansible-test tests a collection, which is what lies in plugins; it has none of the tools with which make works on a
# checkout, and runs every test in a process of its own, which would have a local Globus each.
UNIT = Path(__file__).parent
OF_THE_COLLECTION = (UNIT / "plugins", UNIT / "test_collection.py")


class OfTheCheckout(pytest.Module):
    """A file of tests that only make runs."""

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        pytest.skip("about the checkout: make unit runs it", allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Under ansible-test, leave out what it cannot run."""
    under_ansible_test = "ANSIBLE_CONTROLLER_MIN_PYTHON_VERSION" in os.environ
    if under_ansible_test and not any(module_path.is_relative_to(wanted) for wanted in OF_THE_COLLECTION):
        return OfTheCheckout.from_parent(parent, path=module_path)
    return None
