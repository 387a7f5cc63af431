# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The world file: the collections, flows, clients and people."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from emulator.clock import parse_moment
from emulator.scopes import parse

DEFAULT_WORLD = Path(__file__).with_name("world.yml")


def _uuid(value: Any) -> str:
    return str(uuid.UUID(str(value)))


def _scope(value: Any) -> str:
    parse(str(value))
    return str(value)


def _moment(value: Any) -> Any:
    return parse_moment(value.isoformat() if isinstance(value, datetime) else str(value))


Identifier = Annotated[str, BeforeValidator(_uuid)]
ScopeString = Annotated[str, BeforeValidator(_scope)]
Moment = Annotated[datetime, BeforeValidator(_moment)]

EntityType = Literal[
    "GCP_mapped_collection",
    "GCP_guest_collection",
    "GCSv5_endpoint",
    "GCSv5_mapped_collection",
    "GCSv5_guest_collection",
    "GCSv4_host",
    "GCSv4_share",
]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_assignment=True)


class Collection(_Entry):
    """A collection, or an endpoint that is not a collection (``GCSv5_endpoint``).

    Without a ``root`` every path exists (except those in ``missing``), and each item that is transferred from here
    counts as ``files`` files of ``bytes`` bytes together. ``trouble`` is an error in Globus's words, such as
    ``ENDPOINT_TOO_BUSY``, that every transfer meets here.
    """

    id: Identifier
    display_name: str
    entity_type: EntityType = "GCSv5_mapped_collection"
    high_assurance: bool = False
    session_seconds: int = Field(default=1800, ge=0)
    root: str | None = None
    visible: bool = True
    deleted: bool = False
    reachable: bool = True
    trouble: str | None = None
    forbidden: list[str] = []
    missing: list[str] = []
    read_only: bool = False
    full: bool = False
    files: int = Field(default=0, ge=0)
    bytes: int = Field(default=0, ge=0)
    owner: str = "operations@example.org"

    @property
    def needs_data_access(self) -> bool:
        """Whether Transfer needs a data_access consent on it: mapped, GCS version 5, not high assurance."""
        return self.entity_type == "GCSv5_mapped_collection" and not self.high_assurance


class Flow(_Entry):
    """A flow. If ``succeeds`` is false, all its runs fail."""

    id: Identifier
    title: str
    visible: bool = True
    deleted: bool = False
    succeeds: bool = True
    owner: str = "operations@example.org"


class Client(_Entry):
    """A registered application with a secret, which is also an identity.

    If ``project`` is false, its project no longer exists, and it gets no tokens. ``template`` is the native app that it
    is an installation of, as for the Globus CLI.
    """

    id: Identifier
    secret: str
    username: str | None = None
    consents: list[ScopeString] = []
    project: bool = True
    template: Identifier | None = None


class App(_Entry):
    """A native app: an application without a secret that people sign in to.

    The code is shown on the page of Globus Auth, or sent to this machine or to one of ``redirect_uris``.
    """

    id: Identifier
    name: str = "Native app"
    redirect_uris: list[str] = []


class Person(_Entry):
    """A human identity; ``consents`` by client ID."""

    id: Identifier
    username: str
    consents: dict[Identifier, list[ScopeString]] = {}


class World(_Entry):
    """The initial state."""

    collections: list[Collection] = []
    flows: list[Flow] = []
    clients: list[Client] = []
    apps: list[App] = []
    people: list[Person] = []
    clock: Moment | None = None
    switches: dict[str, Any] = {}


def load(source: Path | dict[str, Any] | None = None) -> World:
    """Read a world from a YAML file, or from a dict of the same form. Roots are relative to the folder of the file.

    Raises OSError, yaml.YAMLError or pydantic.ValidationError.
    """
    base = Path.cwd()
    if isinstance(source, dict):
        data = source
    else:
        path = source or DEFAULT_WORLD
        base = path.resolve().parent
        data = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    world = World.model_validate(data)
    for collection in world.collections:
        if collection.root is not None:
            collection.root = str((base / Path(collection.root).expanduser()).resolve())
    parts = (world.collections, world.flows, world.clients, world.apps, world.people)
    seen = [one.id for entries in parts for one in entries]
    doubled = sorted({one for one in seen if seen.count(one) > 1})
    if doubled:
        raise ValueError(f"these IDs occur twice in the world: {', '.join(doubled)}")
    return world
