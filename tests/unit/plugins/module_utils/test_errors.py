# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors as values: what a failed task returns."""

from __future__ import annotations

from ansible_collections.research_ops.globus.plugins.module_utils._errors import (
    GlobusError,
    InputError,
    UncertainError,
)


def test_a_failure_returns_message_code_status_request_and_remedy() -> None:
    error = GlobusError("no", code="ConsentRequired", http_status=403, request_id="abc", remedy="consent to it")
    assert error.as_result() == {
        "msg": "no",
        "error": {"code": "ConsentRequired", "http_status": 403, "request_id": "abc"},
        "remedy": "consent to it",
    }


def test_a_failure_without_a_remedy_has_no_such_key() -> None:
    assert GlobusError("no").as_result() == {
        "msg": "no",
        "error": {"code": None, "http_status": None, "request_id": None},
    }


def test_about_puts_in_front_what_was_being_done_and_keeps_the_rest() -> None:
    error = UncertainError("no answer", code="no_answer", http_status=502, request_id="abc", remedy="wait")
    described = error.about("Could not create timer 'a'")
    assert isinstance(described, UncertainError)
    assert str(described) == described.message == "Could not create timer 'a': no answer"
    assert described.as_result() == {**error.as_result(), "msg": described.message}
    assert error.message == "no answer"


def test_an_input_error_is_not_a_failure_of_the_service() -> None:
    assert not issubclass(InputError, GlobusError)
