# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A home folder below .ansible for the tools that write to one, so that nobody's real home is touched."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

# ansible-test clears the environment of the pips that it starts: what the variables say has to be in a file.
# Those of pip itself are all kept; these come from elsewhere.
PIP_OPTION_OF_VARIABLE = {"HTTPS_PROXY": "proxy", "https_proxy": "proxy", "REQUESTS_CA_BUNDLE": "cert"}
NOT_FOR_A_FILE = {"PIP_CONFIG_FILE"}

BOOTSTRAP = '''\
"""Stands in for get-pip.py, which ansible-test would download from a host that is not a package registry."""
import subprocess
import sys

# In a process of its own: ensurepip switches pip's configuration off for the one that it runs in.
subprocess.check_call([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL)
wanted = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *wanted]))
'''


def environment(root: Path) -> dict[str, str]:
    """The variables for a tool that is to live in the home below C(root)/.ansible.

    Version managers' shims are taken off PATH: ansible-test asks every Python on it for its version and gives up
    on the first that is a shim without a Python.
    """
    home = root / ".ansible" / "home"
    home.mkdir(parents=True, exist_ok=True)
    _configure_pip(home)
    _provide_bootstrap(home)
    path = [str(Path(sys.executable).parent)]
    path += [folder for folder in os.get_exec_path() if "shims" not in Path(folder).parts]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "XDG_", "PYTHON"))}
    return kept | {"HOME": str(home), "PATH": os.pathsep.join(path)}


def _configure_pip(home: Path) -> None:
    """Write down how pip is set up here: the user's files, then the variables; the cache is shared."""
    config = configparser.RawConfigParser()
    user = Path.home()
    files = [user / ".pip" / "pip.conf", _folder("XDG_CONFIG_HOME", user / ".config") / "pip" / "pip.conf"]
    if "PIP_CONFIG_FILE" in os.environ:
        # As pip does it: this file instead of the user's.
        files = [Path(os.environ["PIP_CONFIG_FILE"])]
    config.read(files, encoding="utf-8")
    if not config.has_section("global"):
        config.add_section("global")
    for variable, option in PIP_OPTION_OF_VARIABLE.items():
        if os.environ.get(variable) and not config.has_option("global", option):
            config.set("global", option, os.environ[variable])
    for variable, value in os.environ.items():
        if variable.startswith("PIP_") and value and variable not in NOT_FOR_A_FILE:
            config.set("global", variable[len("PIP_") :].lower().replace("_", "-"), value)
    # Errors only: what ansible-test installs is not what one reads its output for.
    config.set("global", "quiet", "2")
    asked = subprocess.run([sys.executable, "-m", "pip", "cache", "dir"], capture_output=True, text=True, check=False)
    if asked.returncode == 0:
        config.set("global", "cache-dir", asked.stdout.strip())
    target = home / ".config" / "pip" / "pip.conf"
    target.parent.mkdir(parents=True, exist_ok=True)
    # An index address may hold a password.
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        config.write(file)


def _folder(variable: str, default: Path) -> Path:
    """A folder that a variable may move."""
    return Path(os.environ[variable]) if os.environ.get(variable) else default


def _provide_bootstrap(home: Path) -> None:
    """Put the bootstrap script where ansible-test looks for it, under every name that this ansible-test may ask for."""
    package = find_spec("ansible_test")
    if package is None or not package.submodule_search_locations:
        raise RuntimeError("ansible-test is not installed; make setup installs it")
    source = Path(package.submodule_search_locations[0]) / "_internal" / "python_requirements.py"
    versions = re.findall(r"\bpip='([0-9.]+)'", source.read_text(encoding="utf-8"))
    if not versions:
        raise RuntimeError(f"{source} no longer says which pip ansible-test asks for: adapt {__file__}")
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in versions:
        (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(BOOTSTRAP, encoding="utf-8")
