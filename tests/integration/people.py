# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""People at a terminal: a program shows an address, they open it in a browser and type the code that the page shows."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from emulator.browser import RESEARCHER, addresses, sign_in

PROMPT = re.compile(r"code( here)?:\s*$", re.IGNORECASE)


def answer_at_terminal(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    *,
    username: str = RESEARCHER,
    timeout: float = 90,
) -> tuple[int, str, list[str]]:
    """Run a program at a terminal of its own and sign in wherever it asks; status, output, and the addresses it showed.

    Raises RefusedError where an address leads to an error page.
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
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # a controlling terminal, which prompts want
    )
    os.close(other_end)
    output, answered, give_up = "", list[str](), time.monotonic() + timeout
    try:
        while True:
            assert time.monotonic() < give_up, f"no end after {timeout} seconds:\n{output}"
            if not select.select([terminal], [], [], 0.5)[0]:
                continue
            try:
                part = os.read(terminal, 65536)
            except OSError:  # the program has closed its end
                break
            if not part:
                break
            output += part.decode("utf-8", "replace").replace("\r\n", "\n")
            shown = addresses(output)
            if len(shown) > len(answered) and PROMPT.search(output):
                answered.append(shown[-1])
                os.write(terminal, f"{sign_in(shown[-1], username)}\n".encode())
        return process.wait(timeout=10), output, answered
    finally:
        os.close(terminal)
        if process.poll() is None:
            process.kill()
            process.wait()
