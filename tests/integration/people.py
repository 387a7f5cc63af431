# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""People at a terminal: a program shows an address, and they open it in a browser and type the code of the page."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import selectors
import shlex
import sqlite3
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emulator.browser import RESEARCHER, addresses, sign_in
from emulator.control import LocalGlobus
from emulator.plain import NATIVE_APP
from integration import in_process
from integration.harness import BIN
from patience import LIMIT

PROMPT = re.compile(r"code( here)?:\s*$", re.IGNORECASE)


def answer_at_terminal(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    *,
    username: str = RESEARCHER,
    timeout: float = LIMIT,
) -> tuple[int, str, list[str]]:
    """Run a program at its own terminal, and sign in whenever it asks. Returns its status, output and addresses.

    Raises RefusedError if an address shows an error page.
    """
    terminal, other_end = pty.openpty()
    process = subprocess.Popen(
        command,
        env=dict(environment),
        cwd=folder,
        stdin=other_end,
        stdout=other_end,
        stderr=other_end,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # a controlling terminal, which prompts need
    )
    os.close(other_end)
    output, answered, answer, deadline = "", list[str](), b"", time.monotonic() + timeout
    ready = selectors.DefaultSelector()
    ready.register(terminal, selectors.EVENT_READ)
    try:
        while True:
            assert time.monotonic() < deadline, f"no end within {timeout:.0f} seconds, so it hangs:\n{output}"
            if not ready.select(1):
                # The prompt of Ansible discards text that is typed before it reads, and may still be waiting.
                if answer and not termios.tcgetattr(terminal)[3] & termios.ICANON:
                    os.write(terminal, answer)
                continue
            try:
                part = os.read(terminal, 65536)
            except OSError:  # the program has closed its end of the terminal
                break
            if not part:
                break
            output += part.decode("utf-8", "replace").replace("\r\n", "\n")
            shown = addresses(output)
            if len(shown) > len(answered) and PROMPT.search(output):
                answered.append(shown[-1])
                answer = f"{sign_in(shown[-1], username)}\n".encode()
                os.write(terminal, answer)
        return process.wait(timeout=LIMIT), output, answered
    finally:
        ready.close()
        os.close(terminal)
        if process.poll() is None:
            process.kill()
            process.wait()


class Person:
    """A person with a home folder, which contains the logins.

    :ivar environment: the variables of the person's programs; of those for Globus, only the addresses of the local
        Globus.
    """

    def __init__(self, globus: LocalGlobus, home: Path, username: str = RESEARCHER) -> None:
        self.home = home
        self.username = username
        path = os.pathsep.join([str(BIN), os.environ["PATH"]])
        self.environment = {"HOME": str(home), "PATH": path, "LC_ALL": "C.UTF-8", **globus.environment}

    def sign_in(self, *collections: str, client_id: str = NATIVE_APP, **options: Any) -> Any:
        """Run both steps of the module ``login``. Returns the result of the second one."""
        login_options = {"client_id": client_id, "collections": list(collections), "force": True, **options}
        first_step = in_process.run("login", login_options, self.environment)
        assert not first_step["failed"], first_step
        second_step = in_process.run(
            "login", {**login_options, "code": sign_in(first_step["authorize_url"], self.username)}, self.environment
        )
        assert second_step["changed"], second_step
        return second_step

    def use_cli(self, command: str, **variables: str) -> str:
        """Run a command of the CLI at a terminal, and sign in whenever it asks. Returns its output."""
        words = shlex.split(command)
        status, output, _addresses = answer_at_terminal(
            words, {**self.environment, **variables}, self.home, username=self.username
        )
        assert status == 0, output
        return output

    def tokens(self, client_id: str = NATIVE_APP) -> Path:
        """The file with the login of ``sign_in``."""
        return self.home / ".globus" / "ansible" / client_id / "tokens.json"

    def cli_client(self, namespace: str = "userprofile/production") -> str:
        """The client that this person's installation of the CLI has registered."""
        query = "SELECT config_data_json FROM config_storage WHERE config_name = 'auth_client_data' AND namespace = ?"
        with contextlib.closing(sqlite3.connect(self.cli_storage)) as database:
            ((text,),) = database.execute(query, (namespace,)).fetchall()
        return str(json.loads(text)["client_id"])

    @property
    def cli_storage(self) -> Path:
        """The storage of the CLI."""
        return self.home / ".globus" / "cli" / "storage.db"
