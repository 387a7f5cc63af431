# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The declared options: environment variables behind them (X3), what is kept from the log (X1), their places."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleFallbackNotFound
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.research_ops.globus.plugins.module_utils._arguments import (
    auth_arguments,
    definition_arguments,
    environment_variable,
    policy_arguments,
    timer_arguments,
    timers_arguments,
    with_environment_variables,
)
from ansible_collections.research_ops.globus.plugins.module_utils._timers.definition import (
    FilterRule,
    Flow,
    Path,
    Transfer,
)

VARIABLES = {
    "auth_method": ["GLOBUS_AUTH_METHOD"],
    "client_id": ["GLOBUS_CLIENT_ID", "GLOBUS_CLI_CLIENT_ID"],
    "client_secret": ["GLOBUS_CLIENT_SECRET", "GLOBUS_CLI_CLIENT_SECRET"],
    "timers_token": ["GLOBUS_TIMERS_TOKEN"],
    "transfer_token": ["GLOBUS_TRANSFER_TOKEN"],
    "token_storage": ["GLOBUS_TOKEN_STORAGE"],
    "environment": ["GLOBUS_SDK_ENVIRONMENT"],
    "request_timeout": ["GLOBUS_REQUEST_TIMEOUT"],
    "retries": ["GLOBUS_RETRIES"],
}
ALLOWED = {"auth_method": "cli", "environment": "preview", "request_timeout": 7.0, "retries": 7}
BLANK = ("", " ", "\n", "\t \u00a0")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for names in VARIABLES.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)


def validated(specification: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    result = ArgumentSpecValidator(specification).validate(parameters)
    assert not result.error_messages, result.error_messages
    checked: dict[str, Any] = result.validated_parameters
    return checked


def test_every_variable_of_the_contract_is_declared() -> None:
    declared = {name: option["fallback"][1] for name, option in auth_arguments().items() if "fallback" in option}
    assert declared == VARIABLES


@pytest.mark.parametrize("option", VARIABLES)
def test_x3_the_first_variable_that_is_set_and_not_empty_is_used(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    default = auth_arguments()[option].get("default")
    values: list[Any] = [ALLOWED.get(option, "/value"), "/value1"][: len(VARIABLES[option])]
    for blank in BLANK:
        for name in VARIABLES[option]:
            monkeypatch.setenv(name, blank)
        assert validated(auth_arguments(), {})[option] == default
    for name, value in reversed(list(zip(VARIABLES[option], values, strict=True))):
        monkeypatch.setenv(name, str(value))
        assert validated(auth_arguments(), {})[option] == value
    monkeypatch.setenv(VARIABLES[option][0], "")
    assert validated(auth_arguments(), {})[option] == (values[1] if len(values) > 1 else default)


@pytest.mark.parametrize("option", sorted({*VARIABLES} - {*ALLOWED}))
def test_N2_a_blank_option_leaves_its_variable_in_force(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, blank in enumerate((*BLANK, None)):
        given = validated(auth_arguments(), {option: blank})
        filled = with_environment_variables(auth_arguments(), given)
        assert filled == {**given, option: None}, "no variable is set"
        for name in reversed(VARIABLES[option]):
            monkeypatch.setenv(name, f"from {name} {number}")
            assert with_environment_variables(auth_arguments(), given)[option] == f"from {name} {number}"
        assert with_environment_variables(auth_arguments(), {**given, option: "given"})[option] == "given"
        for name in VARIABLES[option]:
            monkeypatch.delenv(name)


def test_N2_a_path_from_a_variable_is_expanded_as_ansible_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOLDER", "/somewhere")
    monkeypatch.setenv("GLOBUS_TOKEN_STORAGE", "$FOLDER/tokens.json")
    given = validated(auth_arguments(), {"token_storage": ""})
    assert with_environment_variables(auth_arguments(), given)["token_storage"] == "/somewhere/tokens.json"
    assert validated(auth_arguments(), {})["token_storage"] == "/somewhere/tokens.json"


def test_an_option_wins_over_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOBUS_CLIENT_ID", "from the environment")
    assert validated(auth_arguments(), {"client_id": "given"})["client_id"] == "given"


def test_x3_no_variable_is_ansible_s_own_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPTY_ONE", "")
    with pytest.raises(AnsibleFallbackNotFound):
        environment_variable("EMPTY_ONE", "UNSET_ONE")
    with pytest.raises(AnsibleFallbackNotFound):
        environment_variable()


def test_x1_secrets_are_kept_from_the_log_and_nothing_else_is() -> None:
    secret = {name for name, option in auth_arguments().items() if option.get("no_log")}
    assert secret == {"client_secret", "timers_token", "transfer_token"}
    assert auth_arguments()["token_storage"]["no_log"] is False


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        (definition_arguments()["transfer"]["options"], Transfer),
        (definition_arguments()["transfer"]["options"]["paths"]["options"], Path),
        (definition_arguments()["transfer"]["options"]["filter_rules"]["options"], FilterRule),
        (definition_arguments()["flow"]["options"], Flow),
    ],
    ids=["transfer", "paths", "filter_rules", "flow"],
)
def test_every_declared_option_has_its_place_in_the_definition(options: dict[str, Any], shape: type) -> None:
    assert set(options) == {field.name for field in fields(shape)}


@pytest.mark.parametrize(("options", "shape"), [("transfer", Transfer), ("filter_rules", FilterRule)])
def test_d1_defaults_are_the_same_where_they_are_declared_and_where_they_are_used(options: str, shape: type) -> None:
    declared = definition_arguments()["transfer"]["options"]
    declared = declared if options == "transfer" else declared[options]["options"]
    defaults = {field.name: field.default for field in fields(shape)}
    for name, option in declared.items():
        if "default" in option:
            assert option["default"] == defaults[name]
        else:
            assert option.get("required") or not defaults[name]


def test_timer_and_an_entry_of_timers_take_the_same_options() -> None:
    entry = timers_arguments()["timers"]["options"]
    policies = policy_arguments()
    assert entry == {**timer_arguments(), **{policy: entry[policy] for policy in policies}}
    for name, option in policies.items():
        assert entry[name] == {key: value for key, value in option.items() if key != "default"}
        assert timers_arguments()[name] == timer_arguments()[name] == option


def test_arguments_are_made_anew_for_every_module() -> None:
    first = timer_arguments()
    first["transfer"]["options"].clear()
    assert timer_arguments()["transfer"]["options"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"state": "stopped"}, "value of state must be one of: present, active, paused, absent, got: stopped"),
        ({"on_drift": "repair"}, "value of on_drift must be one of: warn, ignore, fail, replace, got: repair"),
        ({"schedule": {"weekday": "Sunday"}}, "value of weekday must be one of: monday, "),
        ({"schedule": {"daylight_saving": "x"}}, "value of daylight_saving must be one of: ignore, follow, got: x"),
        ({"schedule": {"cron": "0 2 * * *"}}, "schedule.cron. Supported parameters include: at, "),
        ({"schedule": {"end": {"count": "many"}}}, "unable to convert to int"),
        (
            {"transfer": {"paths": []}},
            "missing required arguments: destination_collection, source_collection found in transfer",
        ),
    ],
)
def test_wrong_words_are_refused_with_the_right_ones(parameters: dict[str, Any], message: str) -> None:
    (shown,) = ArgumentSpecValidator(timer_arguments()).validate({"name": "a", **parameters}).error_messages
    assert message in shown
