# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each worker has a local Globus and a process with all imports done (``warm``)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulator.control import LocalGlobus
from faults.harness import START, Modules


@pytest.fixture(scope="session")
def server() -> Iterator[LocalGlobus]:
    """The local Globus of this worker."""
    with LocalGlobus() as globus:
        yield globus


@pytest.fixture(scope="session")
def modules(server: LocalGlobus) -> Iterator[Modules]:
    """Starts modules against the local Globus."""
    started = Modules(server)
    yield started
    started.close()


@pytest.fixture
def globus(server: LocalGlobus) -> LocalGlobus:
    """The local Globus after a reset."""
    server.reset(clock=START)
    return server
