# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no public evidence decides about the services, in one place, each with its default.

A test suite that runs under every value of every switch knows that it does not lean on a guess.
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
        description="The transfer document of a timer, or a flow's, when it is read: as submitted, with the defaults "
        "filled in, or with those and null for every other option",
    )
    end_condition: Literal["absent", "present"] = Field(
        "absent", description="Whether a schedule's `end` comes back with its `condition`"
    )
    status_words: Literal["loaded", "active", "always_loaded"] = Field(
        "loaded",
        description="What a waiting timer shows: `loaded` until its first run and then `active` (one of the old form "
        "stays `loaded`, as recorded), always `active`, or always `loaded`",
    )
    filter_status_loaded: YesNo = Field("yes", description="Whether `filter_status=active` matches `loaded` timers")
    default_order: Literal["submitted_at asc", "submitted_at desc"] = Field(
        "submitted_at asc", description="Order of a list that asks for none"
    )
    default_result_count: int = Field(
        10, ge=0, le=1000, examples=[0], description="Runs per timer in a list that does not say"
    )
    inactive_next_run: Literal["next_tick", "null"] = Field(
        "next_tick", description="`next_run` of an inactive timer: its next tick (were it resumed), or null"
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
        "not_found", description="What Flows says of a flow that is not visible: 404 like of an unknown one, or 403"
    )
    error_bodies: Literal["error", "detail"] = Field(
        "error",
        description="Errors of Timers other than 422: `{error: {code, detail, status}}` or FastAPI's `{detail}`",
    )
    validation_style: Literal["pydantic_v1", "pydantic_v2"] = Field(
        "pydantic_v1", description="Words of 422 answers: `value_error.missing` or `missing` (the recorded ones are v1)"
    )
    update_credentials_in: Literal["query", "body", "both"] = Field(
        "query", description="Where resume reads `update_credentials`; elsewhere it is ignored"
    )
    resume_without_update: Literal["decided", "refused"] = Field(
        "decided",
        description="Resuming after a consent failure without `update_credentials`: the service takes the "
        "credentials anew, or answers 400",
    )
    resume_ended: Literal["ok", "conflict"] = Field(
        "conflict", description="Pausing or resuming a timer that has ended: 200 without effect, or 409"
    )
    consent_failure_counts: YesNo = Field(
        "no",
        description="Whether a run that fails for want of consent counts in `n_errors` (it never does in `n_runs`)",
    )
    past_start_tolerance_seconds: int = Field(60, ge=0, examples=[0], description="How far in the past a start may lie")
    start_limit_days: int = Field(366, ge=1, examples=[365], description="How far in the future a start may lie")
    naive_datetimes: Literal["refused", "utc"] = Field(
        "refused", description="Datetimes without an offset in `/v2/timer`: 422, or read as UTC"
    )
    rate_limit_error: Literal["400", "403", "409", "422", "429"] = Field(
        "400", description="Status of the refusal when a user's timers would run more than once a minute together"
    )
    longest_name: int = Field(
        0, ge=0, examples=[128], description="Most characters of a timer's name, beyond them 422; 0 for no limit"
    )
    most_timers: int = Field(
        0, ge=0, examples=[100], description="Most unfinished timers of a user, beyond them 400; 0 for no limit"
    )
    create_without_transfer_dependency: Literal["accepted", "refused"] = Field(
        "accepted",
        description="Creating a transfer timer without the consent timers -> transfer, or a flow timer without "
        "timers -> flow: accepted (and inactive at its first tick), or 403 ConsentRequired",
    )
    unknown_scope_error: Literal["400", "401", "403"] = Field(
        "400", description="Status of the token endpoint's refusal of an unknown scope"
    )
    unknown_scope_body: Literal["errors", "oauth"] = Field(
        "errors", description="Its body: Globus Auth's `errors` list, or only OAuth's `error` and `error_description`"
    )
    run_status_words: Literal["upper", "lower", "success_error"] = Field(
        "upper",
        description="`run_status` of runs: SUCCEEDED/FAILED/ACTIVE, the same in lower case, or success/error/running",
    )
    ran_at_form: Literal["seconds", "recorded"] = Field(
        "seconds",
        description="`ran_at` of runs: like other moments, or with microseconds and without an offset, as recorded of "
        "a timer of the old form (which always has it so)",
    )
    results_refreshed: Literal["yes", "at_end", "status_only", "no"] = Field(
        "yes",
        description="What the result of a run says of its transfer task: how it is now, how it was when it was "
        "submitted until it is over, that for ever beside a `run_status` that follows, or nothing but that",
    )
    result_ids: Literal["task", "short", "none"] = Field(
        "task",
        description="`resource_id` and `action_id` of a run: the ID of its transfer task, an ID that is no UUID (the "
        "task's is in `details.task_id`), or none, and no `data`",
    )
    result_errors: Literal["list", "object"] = Field(
        "list", description="`errors` of a run: a list, as recorded, or an object, as in the schema"
    )
    stop_after_absent: Literal["object", "null"] = Field(
        "object", description="`stop_after` of a timer without an end: an object of nulls, or null"
    )
    failed_task_counts: YesNo = Field(
        "yes", description="Whether a run whose transfer task failed counts in `n_errors`"
    )
    ended_while_running: YesNo = Field(
        "no",
        description="Whether a timer shows `ended` as soon as its last run has begun, or only when that run is over",
    )
    failed_nice_status: Literal["null", "kept"] = Field(
        "null",
        description="`is_ok` and `nice_status` of a task that failed: null, as after a success, or the error that it "
        "was retrying",
    )
    task_labels: Literal["given", "numbered"] = Field(
        "given",
        description="Label of the task of a timer with a label: that label, or with the number of the run behind it. "
        "Without a label it is `NAME, run 1`",
    )
    nice_status_case: Literal["mixed", "upper", "lower"] = Field(
        "mixed", description="`nice_status` of tasks: `OK`, `Queued`, `FILE_NOT_FOUND`, or all in upper or lower case"
    )
    task_days: int = Field(90, ge=1, examples=[30], description="How long Transfer keeps tasks that are over, in days")
    hopeless_errors: Literal["retried", "fatal"] = Field(
        "retried",
        description="What an error does that no second try cures (`IS_A_DIRECTORY`, `NOT_A_DIRECTORY`, `FILE_EXISTS`, "
        "`BAD_PATH`, `UNSUPPORTED_CHECKSUM`): retried until the deadline like others, or the task fails at once",
    )
    task_retry_seconds: int = Field(
        900,
        ge=60,
        examples=[3600],
        description="Longest time between two tries of a task that met an error; it begins at a minute and doubles",
    )
    bytes_per_second: int = Field(
        0, ge=0, examples=[1_000_000], description="How fast transfers move bytes; 0: files arrive at once"
    )
    unreachable_status: Literal["502", "500", "503", "504"] = Field(
        "502", description="Status of looking at a path on a collection that cannot be reached"
    )
    run_duration_seconds: int = Field(
        0, ge=0, examples=[30], description="How long every run takes at least; ticks meanwhile are skipped"
    )
    start_retry_seconds: int = Field(
        60, ge=1, examples=[1], description="Time between two tries of a run that could not be started"
    )
    delete_extra_excluded: Literal["kept", "deleted"] = Field(
        "kept", description="What delete_destination_extra does to destination items that a filter rule excludes"
    )

    def changed(self, values: dict[str, Any]) -> Switches:
        """A copy with some switches set. Raises pydantic.ValidationError on unknown names and values."""
        plain = {name: _plain(name, value) for name, value in values.items()}
        return Switches.model_validate({**self.model_dump(), **plain})


def _plain(name: str, value: Any) -> Any:
    """YAML and JSON have booleans, null and numbers where a switch has the words yes, no, null and "400"."""
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
            raise ValueError(f"--switch wants name=value with a name among {', '.join(sorted(Switches.model_fields))}")
        values[name] = value
    return values


def other_values(name: str) -> list[Any]:
    """What else than its default a switch is tested with: every other word, or the number that its field names."""
    field = Switches.model_fields[name]
    return [word for word in allowed_values(name) if word != field.default] or list(field.examples or ())


def allowed_values(name: str) -> list[str]:
    """The words a switch takes; empty for whole numbers."""
    return [str(word) for word in get_args(Switches.model_fields[name].annotation)]
