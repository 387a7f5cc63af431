# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headless Chromium as a program that is started, shows one page and ends: no driver and no protocol in between."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from patience import LIMIT

# What Chromium asks by itself, whatever page it shows; the report names none of these hosts.
OWN_TRAFFIC = re.compile(rb"\w+ (http://)?[\w.-]+\.(google|googleapis|gvt1)\.com[:/]")
LIGHT, DARK = "--blink-settings=preferredColorScheme=1", "--blink-settings=preferredColorScheme=0"


def open_page(chromium: str, address: str, user: Path, proxy: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Let headless Chromium open an address, with as little traffic of its own as it can be talked into.

    user is a folder for its profile; proxy (host:port) is where every request goes that it makes.
    """
    command = [
        *(chromium, "--headless", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr", "--v=0"),
        *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *("--disable-features=NetworkTimeServiceQuerying,OptimizationHints", f"--user-data-dir={user}"),
        f"--proxy-server=http://{proxy}",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
        *arguments,
        address,
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=LIMIT)
