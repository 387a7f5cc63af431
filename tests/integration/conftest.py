# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test runs the collection as users get it: built, and installed into an empty folder.

Each worker has a local Globus, which is reset before every test.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.control import LocalGlobus
from emulator.plain import MAPPED, MAPPED_TOO, Api
from integration.harness import ANSIBLE, START, Playbooks
from integration.in_process import Modules

ROOT = Path(__file__).resolve().parents[2]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a row of make matrix, keep only the tests that run playbooks: all others are the same in every row."""
    if "MATRIX_BIN" in os.environ:
        wanted = {"installed", "modules"}
        without = [item for item in items if not wanted & set(getattr(item, "fixturenames", ()))]
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if item not in without]


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collections folder that contains only this collection, built and installed."""
    folder = tmp_path_factory.mktemp("installed")
    galaxy = str(ANSIBLE / "ansible-galaxy")
    build = [galaxy, "collection", "build", "--output-path", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (artifact,) = folder.glob("research_ops-globus-*.tar.gz")
    collections = folder / "collections"
    # If the path contained the link of the checkout, ansible-galaxy would find the collection already installed.
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(collections)}
    install = [galaxy, "collection", "install", "--offline", str(artifact), "-p", str(collections)]
    subprocess.run(install, cwd=folder, env=environment, check=True, capture_output=True)
    assert (collections / "ansible_collections" / "research_ops" / "globus" / "MANIFEST.json").is_file()
    return collections


@pytest.fixture(scope="session")
def server() -> Iterator[LocalGlobus]:
    """The local Globus of this worker."""
    with LocalGlobus() as globus:
        yield globus


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the test. Its name is short, because ansible-core 2.21 has a socket below TMPDIR, and the path of a
    socket has at most 107 bytes.
    """
    return tmp_path_factory.mktemp("t")


@pytest.fixture
def globus(server: LocalGlobus) -> LocalGlobus:
    """The local Globus after a reset. Its clock is stopped at START, so the time does not depend on the duration of the
    test."""
    server.reset(clock=START, stopped=True)
    return server


@pytest.fixture
def api(globus: LocalGlobus) -> Api:
    """Plain requests to the local Globus, with the consents for timers between the two mapped collections."""
    return Api(globus).login(MAPPED, MAPPED_TOO)


@pytest.fixture
def playbooks(globus: LocalGlobus, installed: Path, tmp_path: Path) -> Playbooks:
    """Runs playbooks against the local Globus."""
    return Playbooks(globus, installed, tmp_path)


@pytest.fixture
def modules(globus: LocalGlobus, tmp_path: Path, request: pytest.FixtureRequest) -> Modules | Playbooks:
    """Runs tasks against the local Globus in this process; in a row of make matrix, with the Ansible of the row."""
    if "MATRIX_BIN" in os.environ:
        playbooks: Playbooks = request.getfixturevalue("playbooks")
        return playbooks
    return Modules(globus, tmp_path)
