# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pydantic models of the documents that create timers."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

SHORTEST_INTERVAL = 60
LONGEST_INTERVAL = 365 * 86400
LONGEST_LABEL = 128


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _identifier(value: Any) -> str:
    try:
        return str(uuid.UUID(str(value)))
    except ValueError as error:
        raise ValueError("value is not a valid uuid") from error


def _iso(value: Any) -> Any:
    if not isinstance(value, (str, datetime)):
        raise ValueError("a datetime in ISO 8601 is required")
    return value


def _aware(value: datetime, info: ValidationInfo) -> datetime:
    if value.tzinfo is None:
        if (info.context or {}).get("naive_datetimes") != "utc":
            raise ValueError("the datetime must have a timezone offset")
        value = value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC).replace(microsecond=0)
    except OverflowError as error:
        raise ValueError("the datetime is out of range") from error


def _label(value: str | None) -> str | None:
    if value is None:
        return None
    if len(value) > LONGEST_LABEL:
        raise ValueError(f"ensure this value has at most {LONGEST_LABEL} characters")
    if value != value.strip():
        raise ValueError("the label must not begin or end with blanks")
    if len(value.splitlines()) > 1:
        raise ValueError("the label must not contain line breaks")
    return value


Identifier = Annotated[str, BeforeValidator(_identifier)]
Moment = Annotated[datetime, BeforeValidator(_iso), AfterValidator(_aware)]
Label = Annotated[str | None, AfterValidator(_label)]


class Item(_Document):
    """One path to be transferred."""

    DATA_TYPE: Literal["transfer_item"] = "transfer_item"
    source_path: str = Field(min_length=1)
    destination_path: str = Field(min_length=1)
    recursive: bool | None = None
    external_checksum: str | None = None
    checksum_algorithm: str | None = None


class FilterRule(_Document):
    """Which items of a recursive transfer are excluded or included."""

    DATA_TYPE: Literal["filter_rule"] = "filter_rule"
    name: str = Field(min_length=1)
    method: Literal["include", "exclude"] = "exclude"
    type: Literal["file", "dir"] | None = None


class Transfer(_Document):
    """The transfer document of a timer, with the service's defaults.

    ``submission_id`` and ``skip_activation_check``, which Transfer itself accepts, are not allowed.
    """

    DATA_TYPE: Literal["transfer"] = "transfer"
    source_endpoint: Identifier
    destination_endpoint: Identifier
    DATA: list[Item] = Field(min_length=1)
    label: Label = None
    sync_level: Literal[0, 1, 2, 3] | None = None
    verify_checksum: bool = False
    encrypt_data: bool = False
    preserve_timestamp: bool = False
    skip_source_errors: bool = False
    fail_on_quota_errors: bool = False
    delete_destination_extra: bool = False
    store_base_path_info: bool = False
    notify_on_succeeded: bool = True
    notify_on_failed: bool = True
    notify_on_inactive: bool = True
    deadline: Moment | None = None
    source_local_user: str | None = None
    destination_local_user: str | None = None
    filter_rules: list[FilterRule] | None = None


class Iterations(_Document):
    """End after a number of runs. The key is ``count``; the service refuses ``iterations``."""

    condition: Literal["iterations"]
    count: int = Field(ge=1)


class Until(_Document):
    """End at a moment."""

    condition: Literal["time"]
    datetime: Moment


class Once(_Document):
    """Run once."""

    type: Literal["once"]
    datetime: Moment | None = None


class Recurring(_Document):
    """Run at start + n x interval."""

    type: Literal["recurring"]
    interval_seconds: int = Field(ge=SHORTEST_INTERVAL, le=LONGEST_INTERVAL)
    start: Moment | None = None
    end: Annotated[Iterations | Until, Field(discriminator="condition")] | None = None


class TransferTimer(_Document):
    """A timer that transfers. ``resource_server`` is accepted, but its effect is not known."""

    timer_type: Literal["transfer"]
    name: str | None = None
    resource_server: str | None = None
    schedule: Annotated[Once | Recurring, Field(discriminator="type")]
    body: Transfer


class FlowRun(_Document):
    """The input of a run of a flow."""

    body: dict[str, Any]
    run_managers: list[str] | None = None
    run_monitors: list[str] | None = None
    tags: list[str] | None = None


class FlowTimer(_Document):
    """A timer that runs a flow."""

    timer_type: Literal["flow"]
    flow_id: Identifier
    name: str | None = None
    resource_server: str | None = None
    schedule: Annotated[Once | Recurring, Field(discriminator="type")]
    body: FlowRun


class StopAfter(BaseModel):
    """When a timer of the old form ends."""

    date: Moment | None = None
    n_runs: int | None = Field(None, ge=1)


class Job(BaseModel):
    """The old form, with any callback. Unknown members are ignored."""

    callback_url: str = Field(min_length=1)
    callback_body: dict[str, Any] = {}
    start: Moment
    interval: int | None = Field(None, ge=SHORTEST_INTERVAL, le=LONGEST_INTERVAL)
    name: str | None = None
    stop_after: StopAfter | Moment | None = None
    stop_after_n: int | None = Field(None, ge=1)
    scope: str | None = None

    @property
    def end_at(self) -> datetime | None:
        """The moment after which the timer does not run."""
        return self.stop_after.date if isinstance(self.stop_after, StopAfter) else self.stop_after

    @property
    def end_count(self) -> int | None:
        """The number of runs."""
        within = self.stop_after.n_runs if isinstance(self.stop_after, StopAfter) else None
        return within if self.stop_after_n is None else self.stop_after_n


class Rename(_Document):
    """The only possible change of a timer. Without a name, nothing changes."""

    name: str | None = None


#: The names of members in documents of the old action provider, if they differ.
_OLD_NAMES = {
    "source_endpoint_id": "source_endpoint",
    "destination_endpoint_id": "destination_endpoint",
    "transfer_items": "DATA",
}


def from_action_provider(body: dict[str, Any]) -> Transfer:
    """The transfer of a document of an action provider. Raises pydantic.ValidationError.

    Members that only the action provider knows are dropped.
    """
    renamed = {_OLD_NAMES.get(name, name): value for name, value in body.items() if value is not None}
    return Transfer.model_validate(
        {name: value for name, value in renamed.items() if name in Transfer.model_fields},
        context={"naive_datetimes": "utc"},
    )
