# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a list of timers are documented as those of one timer, and both are the options that there are."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from ansible_collections.research_ops.globus.plugins.doc_fragments.definition import ModuleDocFragment
from ansible_collections.research_ops.globus.plugins.module_utils import _arguments

ONE: dict[str, Any] = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
LIST: dict[str, Any] = yaml.safe_load(ModuleDocFragment.LIST)["options"]
SAME = ("type", "required", "choices", "default", "elements", "aliases")


def declared(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a module, as documentation writes them."""
    return {
        name: {
            **{key: list(one[key]) if key in ("choices", "aliases") else one[key] for key in SAME if key in one},
            **({"suboptions": declared(one["options"])} if "options" in one else {}),
        }
        for name, one in arguments.items()
    }


def documented(options: dict[str, Any]) -> dict[str, Any]:
    """The same of the documentation: without the descriptions."""
    return {
        name: {
            **{key: one[key] for key in SAME if key in one},
            **({"suboptions": documented(one["suboptions"])} if "suboptions" in one else {}),
        }
        for name, one in options.items()
    }


def in_list(node: Any) -> Any:
    """What the documentation of one timer says in a list of timers."""
    if isinstance(node, dict):
        return {key: in_list(value) for key, value in node.items()}
    if isinstance(node, list):
        return [in_list(value) for value in node]
    return re.sub(r"\b(O|RV)\(", r"\1(timers[].", node) if isinstance(node, str) else node


@pytest.mark.parametrize(
    ("options", "arguments"),
    [(ONE, _arguments.timer_arguments()), (LIST, _arguments.timers_arguments())],
    ids=["one", "list"],
)
def test_the_fragments_document_the_arguments(options: dict[str, Any], arguments: dict[str, Any]) -> None:
    found = documented(options)
    assert {name: declared(arguments)[name] for name in found} == found
    assert set(ONE) == set(_arguments.timer_arguments())
    assert set(LIST) == {"timers", *_arguments.policy_arguments()}


def test_an_entry_of_a_list_is_documented_as_one_timer() -> None:
    """Only what the list sets for all of its entries has no default of its own there."""
    of_entry = LIST["timers"]["suboptions"]
    assert list(of_entry) == list(ONE)
    for name, option in in_list(ONE).items():
        if name in _arguments.policy_arguments():
            del option["default"]
        assert of_entry[name] == option
