# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each worker has a local Globus, which is reset before every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.control import LocalGlobus
from emulator.plain import GUEST, MAPPED, Api

START = "2027-03-01T00:00:00+00:00"


@pytest.fixture(scope="session")
def server() -> Iterator[LocalGlobus]:
    """The local Globus of this worker."""
    with LocalGlobus() as globus:
        yield globus


@pytest.fixture
def globus(server: LocalGlobus) -> LocalGlobus:
    """The local Globus after a reset. Its clock is stopped at START, so the time does not depend on the duration of the
    test."""
    server.reset(clock=START, stopped=True)
    return server


@pytest.fixture
def api(globus: LocalGlobus) -> Api:
    """Requests to the local Globus, with a login that has no data_access consents."""
    return Api(globus).login()


@pytest.fixture
def folders(globus: LocalGlobus, tmp_path: Path) -> tuple[Path, Path]:
    """The folders of the two guest collections SOURCE and DESTINATION, in their own world."""
    source, destination = tmp_path / "source", tmp_path / "destination"
    source.mkdir()
    destination.mkdir()
    globus.reset(
        {
            "collections": [
                {"id": GUEST, "display_name": "source", "entity_type": "GCSv5_guest_collection", "root": str(source)},
                {"id": MAPPED, "display_name": "destination", "root": str(destination)},
            ],
            "clients": [{"id": globus.client_id, "secret": globus.client_secret}],
        },
        clock=START,
        stopped=True,
    )
    return source, destination
