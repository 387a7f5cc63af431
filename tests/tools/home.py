# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepare a home folder for ansible-test.

Without this file, ansible-test fails on machines that reach only package registries: it ignores the environment
variables that configure pip, and downloads get-pip.py from another host. It also writes to HOME.
"""

from __future__ import annotations

import ast
import configparser
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

# Variables of other programs that pip reads, and the same option in its configuration file.
PIP_OPTION_OF_VARIABLE = {"HTTPS_PROXY": "proxy", "https_proxy": "proxy", "REQUESTS_CA_BUNDLE": "cert"}

BOOTSTRAP = '''\
"""A replacement for get-pip.py, which ansible-test would download from a host that is not a package registry."""
import subprocess
import sys

# In a separate process, because ensurepip disables the configuration of pip in its own.
subprocess.check_call([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL)
wanted = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *wanted]))
'''


def environment(home: Path) -> dict[str, str]:
    """Return the environment variables for a tool with this home.

    PATH contains no shims of version managers: ansible-test runs every Python on PATH to get its version, and fails at
    the first shim whose Python is not installed.
    """
    home.mkdir(parents=True, exist_ok=True)
    _configure_pip(home)
    _provide_bootstrap(home)
    path = [str(Path(sys.executable).parent)]
    path += [folder for folder in os.get_exec_path() if "shims" not in Path(folder).parts]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "XDG_", "PYTHON"))}
    return kept | {"HOME": str(home), "PATH": os.pathsep.join(path)}


def _configure_pip(home: Path) -> None:
    """Write the current configuration of pip to a file. As in pip, variables override files."""
    sections: dict[str, dict[str, str]] = {"global": {}}
    for section, option, value in re.findall(r"(?m)^(\w+|:env:)\.([\w-]+)=(.*)$", _pip("config", "list")):
        sections.setdefault(section, {})[option] = ast.literal_eval(value)
    foreign = {option: os.environ[name] for name, option in PIP_OPTION_OF_VARIABLE.items() if os.environ.get(name)}
    # The cache is shared. Only errors are shown: pip is not what is tested.
    own = {"cache-dir": _pip("cache", "dir").strip(), "quiet": "2"}
    sections["global"] = foreign | sections["global"] | sections.pop(":env:", {}) | own
    config = configparser.RawConfigParser()
    config.read_dict(sections)
    target = home / ".config" / "pip" / "pip.conf"
    target.parent.mkdir(parents=True, exist_ok=True)
    # The address of an index may contain a password.
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        config.write(file)


def _pip(*arguments: str) -> str:
    return subprocess.run([sys.executable, "-m", "pip", *arguments], capture_output=True, text=True, check=True).stdout


def _provide_bootstrap(home: Path) -> None:
    """Write the replacement to the cache of ansible-test, under every name that this version may look for."""
    package = find_spec("ansible_test")
    if package is None or not package.submodule_search_locations:
        raise RuntimeError("ansible-test is not installed; make setup installs it")
    source = Path(package.submodule_search_locations[0]) / "_internal" / "python_requirements.py"
    versions = re.findall(r"\bpip='([0-9.]+)'", source.read_text(encoding="utf-8"))
    if not versions:
        raise RuntimeError(f"{source} no longer contains the version of pip that ansible-test uses: adapt {__file__}")
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in versions:
        (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(BOOTSTRAP, encoding="utf-8")
