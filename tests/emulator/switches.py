# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The behaviour of the services that no public evidence shows, in one place: each is a switch with a default.

A test suite that runs under every value of every switch does not depend on a guess.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

YesNo = Literal["yes", "no"]


class Switches(BaseModel):
    """The switches. Values are strings or whole numbers, so that a command line can set them."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True, validate_default=True)

    read_shape: Literal["as_sent", "filled", "filled_with_nulls"] = Field(
        "as_sent",
        description="The transfer document of a timer, or the document of a flow timer, when it is read: as "
        "submitted, with the defaults filled in, or with the defaults and null for every other option",
    )
    end_condition: Literal["absent", "present"] = Field(
        "absent", description="Whether the `end` of a schedule has its `condition` when it is read"
    )
    status_words: Literal["loaded", "active", "always_loaded"] = Field(
        "loaded",
        description="The status of a waiting timer: `loaded` until its first run and then `active` (one of the old "
        "form stays `loaded`, as recorded), always `active`, or always `loaded`",
    )
    filter_status_loaded: YesNo = Field("yes", description="Whether `filter_status=active` matches `loaded` timers")
    default_order: Literal["submitted_at asc", "submitted_at desc"] = Field(
        "submitted_at asc", description="Order of a list whose query does not set one"
    )
    default_result_count: int = Field(
        10, ge=0, le=1000, examples=[0], description="Runs per timer in a list whose query does not set the number"
    )
    inactive_next_run: Literal["next_tick", "null"] = Field(
        "next_tick", description="`next_run` of an inactive timer: its next tick (if it were resumed), or null"
    )
    double_delete: Literal["ok", "not_found", "conflict"] = Field(
        "ok", description="Deleting a timer that is being deleted: 200 again, 404 or 409"
    )
    deleted_lingers_seconds: int = Field(
        60, ge=0, examples=[0], description="How long a deleted timer shows `delete_in_progress` before it is `deleted`"
    )
    deleted_in_lists: YesNo = Field("no", description="Whether lists show timers while their deletion is in progress")
    deleted_read: Literal["deleted", "not_found"] = Field(
        "deleted", description="Reading a timer whose deletion is complete: status `deleted`, or 404"
    )
    flow_creation_names: Literal["created", "read"] = Field(
        "created",
        description="Names in the answer to the creation of a flow timer: those of a created transfer timer (`body`, "
        "`number_of_runs`), as the schema says, or those of a timer that is read (`callback_body`, `n_runs`), as in "
        "the SDK's sample",
    )
    hidden_flow: Literal["not_found", "forbidden"] = Field(
        "not_found",
        description="The answer of Flows for a flow that is not visible: 404, as for an unknown one, or 403",
    )
    error_bodies: Literal["error", "detail"] = Field(
        "error",
        description="Errors of Timers other than 422: `{error: {code, detail, status}}` or FastAPI's `{detail}`",
    )
    validation_style: Literal["pydantic_v1", "pydantic_v2"] = Field(
        "pydantic_v1",
        description="Error types in 422 answers: `value_error.missing` or `missing` (recorded answers have the first "
        "form)",
    )
    update_credentials_in: Literal["query", "body", "both"] = Field(
        "query", description="Where resume reads `update_credentials`; elsewhere it is ignored"
    )
    resume_without_update: Literal["decided", "refused"] = Field(
        "decided",
        description="Resuming after a consent failure without `update_credentials`: the service renews the "
        "credentials, or answers 400",
    )
    resume_ended: Literal["ok", "conflict"] = Field(
        "conflict", description="Pausing or resuming a timer that has ended: 200 without effect, or 409"
    )
    consent_failure_counts: YesNo = Field(
        "no",
        description="Whether a run that fails because of a missing consent counts in `n_errors` (it never does in "
        "`n_runs`)",
    )
    past_start_tolerance_seconds: int = Field(60, ge=0, examples=[0], description="How far in the past a start may be")
    start_limit_days: int = Field(366, ge=1, examples=[365], description="How far in the future a start may be")
    naive_datetimes: Literal["refused", "utc"] = Field(
        "refused", description="Datetimes without an offset in `/v2/timer`: 422, or read as UTC"
    )
    rate_limit_error: Literal["400", "403", "409", "422", "429"] = Field(
        "400", description="Status of the refusal if all timers of a user together would run more than once a minute"
    )
    longest_name: int = Field(
        0, ge=0, examples=[128], description="Maximum length of the name of a timer, or else 422; 0 for no limit"
    )
    most_timers: int = Field(
        0,
        ge=0,
        examples=[100],
        description="Maximum number of unfinished timers of a user, or else 400; 0 for no limit",
    )
    create_without_transfer_dependency: Literal["accepted", "refused"] = Field(
        "accepted",
        description="Creating a transfer timer without the consent timers -> transfer, or a flow timer without timers "
        "-> flow: accepted (and inactive at its first tick), or 403 ConsentRequired",
    )
    unknown_scope_error: Literal["400", "401", "403"] = Field(
        "400", description="Status of the token endpoint's refusal of an unknown scope"
    )
    unknown_scope_body: Literal["errors", "oauth"] = Field(
        "errors",
        description="Body of the refusal of an unknown scope: the `errors` list of Globus Auth, or only `error` and "
        "`error_description` of OAuth",
    )
    run_status_words: Literal["upper", "lower", "success_error"] = Field(
        "upper",
        description="`run_status` of runs: SUCCEEDED/FAILED/ACTIVE, the same in lower case, or success/error/running",
    )
    ran_at_form: Literal["seconds", "recorded"] = Field(
        "seconds",
        description="`ran_at` of runs: like other moments, or with microseconds and without an offset, as recorded "
        "for a timer of the old form (which always has this form)",
    )
    results_refreshed: Literal["yes", "at_end", "status_only", "no"] = Field(
        "yes",
        description="State of the transfer task in the result of a run: the current one; the one at submission until "
        "the task is over; always the one at submission, with a current `run_status`; or the same with the "
        "`run_status` at submission",
    )
    result_ids: Literal["task", "short", "none"] = Field(
        "task",
        description="`resource_id` and `action_id` of a run: the ID of its transfer task, an ID that is not a UUID "
        "(the task's is in `details.task_id`), or none, and no `data`",
    )
    result_errors: Literal["list", "object"] = Field(
        "list", description="`errors` of a run: a list, as recorded, or an object, as in the schema"
    )
    stop_after_absent: Literal["object", "null"] = Field(
        "object", description="`stop_after` of a timer without an end: an object with null values, or null"
    )
    failed_task_counts: YesNo = Field(
        "yes", description="Whether a run whose transfer task failed counts in `n_errors`"
    )
    ended_while_running: YesNo = Field(
        "no",
        description="Whether a timer shows `ended` when its last run begins, or only when this run is over",
    )
    failed_nice_status: Literal["null", "kept"] = Field(
        "null",
        description="`is_ok` and `nice_status` of a task that failed: null, as after a success, or the error that it "
        "was retrying",
    )
    task_labels: Literal["given", "numbered"] = Field(
        "given",
        description="Label of the task of a timer with a label: that label, or the label followed by the number of "
        "the run. Without a label it is `NAME, run 1`",
    )
    nice_status_case: Literal["mixed", "upper", "lower"] = Field(
        "mixed", description="`nice_status` of tasks: `OK`, `Queued`, `FILE_NOT_FOUND`, or all in upper or lower case"
    )
    task_days: int = Field(90, ge=1, examples=[30], description="How long Transfer keeps tasks that are over, in days")
    hopeless_errors: Literal["retried", "fatal"] = Field(
        "retried",
        description="Effect of an error that a retry cannot fix (`IS_A_DIRECTORY`, `NOT_A_DIRECTORY`, `FILE_EXISTS`, "
        "`BAD_PATH`, `UNSUPPORTED_CHECKSUM`): retried until the deadline like others, or the task fails at once",
    )
    task_retry_seconds: int = Field(
        900,
        ge=60,
        examples=[3600],
        description="Longest time between two attempts of a task after an error; it begins at a minute and doubles",
    )
    bytes_per_second: int = Field(
        0, ge=0, examples=[1_000_000], description="Speed of transfers; 0: files arrive at once"
    )
    unreachable_status: Literal["502", "500", "503", "504"] = Field(
        "502", description="Status of a request for a path on a collection that cannot be reached"
    )
    run_duration_seconds: int = Field(
        0, ge=0, examples=[30], description="Shortest time of a run; ticks during a run are skipped"
    )
    start_retry_seconds: int = Field(60, ge=1, examples=[1], description="Time between two attempts to start a run")
    delete_extra_excluded: Literal["kept", "deleted"] = Field(
        "kept", description="Effect of delete_destination_extra on destination items that a filter rule excludes"
    )

    def changed(self, values: dict[str, Any]) -> Switches:
        """A copy with some switches set. Raises pydantic.ValidationError on unknown names and values."""
        plain = {name: _plain(name, value) for name, value in values.items()}
        return Switches.model_validate({**self.model_dump(), **plain})


def _plain(name: str, value: Any) -> Any:
    """The value of YAML or JSON as a word of the switch: booleans as yes and no, null as "null", 400 as "400"."""
    if name not in Switches.model_fields or Switches.model_fields[name].annotation is int:
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "null" if value is None else str(value)


def parse_assignments(texts: list[str]) -> dict[str, Any]:
    """``["name=value", ...]`` of the command line as a dict. Raises ValueError."""
    values: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or name not in Switches.model_fields:
            raise ValueError(
                f"--switch must be name=value, with one of the names {', '.join(sorted(Switches.model_fields))}"
            )
        values[name] = value
    return values


def other_values(name: str) -> list[Any]:
    """The values, except the default, to test a switch with: all other words, or the ``examples`` of its field."""
    field = Switches.model_fields[name]
    return [word for word in allowed_values(name) if word != field.default] or list(field.examples or ())


def allowed_values(name: str) -> list[str]:
    """The words that a switch accepts; empty for whole numbers."""
    return [str(word) for word in get_args(Switches.model_fields[name].annotation)]
