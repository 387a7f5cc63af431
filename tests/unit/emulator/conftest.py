# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One local Globus per worker, back at its start before every test."""

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
    """The local Globus at its start, its clock stopped at START: however long a test takes, it is that time."""
    server.reset(clock=START, stopped=True)
    return server


@pytest.fixture
def api(globus: LocalGlobus) -> Api:
    """Requests to it, logged in without data_access on any collection."""
    return Api(globus).login()


@pytest.fixture
def folders(globus: LocalGlobus, tmp_path: Path) -> tuple[Path, Path]:
    """The folders behind the two guest collections SOURCE and DESTINATION of a world of their own."""
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
