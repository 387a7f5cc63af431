# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium, axe-core and a watch over requests for the tests of pages."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.fail("make browser-test needs Chromium: apt-get install chromium", pytrace=False)


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core, from the package that carries it."""
    folder = tmp_path_factory.mktemp("axe")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    subprocess.run([*command, "-r", str(Path(__file__).with_name("requirements.txt"))], check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (member,) = [name for name in archive.namelist() if name.endswith("/axe.min.js")]
        return archive.read(member).decode()


@pytest.fixture
def watched() -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that lets nothing through and notes what it was asked for."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def note() -> None:
            while True:
                try:
                    connection, _address = server.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(4096))

        threading.Thread(target=note, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}", asked
