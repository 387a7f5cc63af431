# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets pytest import the checkout as `ansible_collections.research_ops.globus`, in any folder."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
TESTS = str(ROOT / "tests")
COLLECTION = "ansible_collections.research_ops.globus"


def _register_checkout() -> None:
    """Register the three packages. The path of the last one is the checkout, so Python finds its submodules as
    usual."""
    parent: ModuleType | None = None
    name = ""
    for part in COLLECTION.split("."):
        name = f"{name}.{part}" if name else part
        package = ModuleType(name)
        package.__path__ = []
        sys.modules[name] = package
        if parent is not None:
            setattr(parent, part, package)
        parent = package
    assert parent is not None
    parent.__path__ = [str(ROOT)]


# ansible-test imports collections with Ansible's own loader. All other tests get the checkout from here.
if find_spec(COLLECTION.partition(".")[0]) is None:
    _register_checkout()
# pyproject.toml sets the folder that tests import from, but ansible-test has its own settings.
if TESTS not in sys.path:
    sys.path.insert(0, TESTS)

# Programs that tests start find the collection and the emulator in the same way as programs that make starts.
in_place = ROOT.parts[-3:] == tuple(COLLECTION.split("."))
os.environ.setdefault("ANSIBLE_HOME", str(ROOT / ".ansible"))
os.environ.setdefault(
    "ANSIBLE_COLLECTIONS_PATH", str(ROOT.parents[2] if in_place else ROOT / ".ansible" / "collections")
)
os.environ.setdefault("PYTHONPATH", TESTS)
