# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the plugins, and the world of its examples and samples."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from emulator.control import LocalGlobus
from emulator.plain import PERSON, Api
from integration.harness import START

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(file.stem for file in (ROOT / "plugins" / "modules").glob("*.py") if file.stem != "__init__")
FILTERS = sorted(file.stem for file in (ROOT / "plugins" / "filter").glob("*.yml"))
LOOKUPS = sorted(file.stem for file in (ROOT / "plugins" / "lookup").glob("*.py"))

# The IDs in the documentation
MICROSCOPE = "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"
ARCHIVE = "31ce9ba0-176d-45a5-add3-f37d233ba47d"
FLOW = "24bc4997-b483-4c25-a19c-64b0afc00743"
APP = "8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2"
TIMER = "226fda72-8b6e-4f0e-9d49-b6e5b4a3cf3f"
USERNAME = "researcher@example.org"

WORLD: dict[str, Any] = {
    "collections": [
        {"id": MICROSCOPE, "display_name": "Microscope share"},
        {"id": ARCHIVE, "display_name": "Archive", "entity_type": "GCSv5_guest_collection"},
    ],
    "flows": [{"id": FLOW, "title": "Publish"}],
    "apps": [{"id": APP, "name": "Timers of the laboratory"}],
    "people": [{"id": PERSON, "username": USERNAME}],
}


def documentation(module: str) -> tuple[str, dict[str, Any]]:
    """EXAMPLES, as text, and RETURN of a module."""
    found = import_module(f"ansible_collections.research_ops.globus.plugins.modules.{module}")
    return found.EXAMPLES, yaml.safe_load(found.RETURN)


def filter_documentation(name: str) -> tuple[str, dict[str, Any]]:
    """EXAMPLES, as text, and RETURN of a filter."""
    found = yaml.safe_load((ROOT / "plugins" / "filter" / f"{name}.yml").read_text(encoding="utf-8"))
    return found["EXAMPLES"], found["RETURN"]


def lookup_documentation(name: str) -> tuple[str, dict[str, Any]]:
    """EXAMPLES, as text, and RETURN of a lookup."""
    found = import_module(f"ansible_collections.research_ops.globus.plugins.lookup.{name}")
    return found.EXAMPLES, yaml.safe_load(found.RETURN)


def begin(globus: LocalGlobus) -> Api:
    """Reset the local Globus to the world of the documentation. Returns an interface for plain requests of its service
    account."""
    clients = [{"id": globus.client_id, "secret": globus.client_secret}]
    globus.reset(world={**WORLD, "clients": clients}, clock=START, stopped=True)
    return Api(globus).login(MICROSCOPE)


def transfer(*, source: str = MICROSCOPE) -> dict[str, Any]:
    """The parts of a creation document for a timer from the microscope to the archive, nightly at 02:00 UTC."""
    item = {"DATA_TYPE": "transfer_item", "source_path": "/data/", "destination_path": "/backup/", "recursive": True}
    schedule = {"type": "recurring", "interval_seconds": 86400, "start": "2026-03-03T02:00:00+00:00"}
    return {"source": source, "destination": ARCHIVE, "body": {"DATA": [item]}, "schedule": schedule}
