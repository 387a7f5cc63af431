# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide to troubleshooting quotes what the code says, and the code says nothing that the guide does not quote.

Messages are read from the sources: every text, three dots for each value in it. The guide quotes a part of such a text,
at the beginning of a definition or of a row.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.basic import missing_required_lib

from ansible_collections.research_ops.globus.plugins.module_utils._timers.health import UNHEALTHY

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "docsite" / "rst" / "guide_troubleshooting.rst").read_text(encoding="utf-8")
SOURCES = [
    file
    for room in ("module_utils", "plugin_utils", "filter", "lookup")
    for file in (ROOT / "plugins" / room).rglob("*.py")
]
# What makes an error of a message: the classes, and what the sources call them by.
ERRORS = ("GlobusError", "UncertainError", "InputError", "kind", "_sign_in_again")
FEWEST_WORDS = 3  # of a message; with fewer it hands on what another said, with a place in front


@dataclass(frozen=True)
class Message:
    """What can be said, and from where.

    :ivar code: ``error.code`` where the source names one.
    """

    text: str
    place: str
    code: str | None = None

    def is_quoted_by(self, quote: str) -> bool:
        """A quote of few words would be a part of too much."""
        return quote in self.text if says_something(quote) else quote == self.text


def says_something(text: str) -> bool:
    return len(re.findall(r"[A-Za-z_]{2,}", text)) >= FEWEST_WORDS


def text_of(node: ast.AST) -> str:
    """A text of the sources, with three dots for each value."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return re.sub(r"(\.\.\.)+", "...", "".join(text_of(part) for part in node.values))
    if isinstance(node, ast.BinOp):
        return text_of(node.left) + text_of(node.right)
    return "..."


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def spoken(node: ast.AST) -> Iterator[tuple[ast.AST, str | None]]:
    """The texts in a node that reach a user, and the codes that go with them."""
    if isinstance(node, ast.Call):
        name, target = called(node), ast.unparse(node.func)
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        if name in ERRORS and node.args:
            code = keywords.get("code")
            yield node.args[0], code.value if isinstance(code, ast.Constant) and isinstance(code.value, str) else None
        elif name in ("warn", "about") or target.endswith("warnings.append"):
            chosen = node.args[0]
            for branch in (chosen.body, chosen.orelse) if isinstance(chosen, ast.IfExp) else (chosen,):
                yield branch, None
        elif name == "fail_json" and "msg" in keywords:
            yield keywords["msg"], None
    elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("warning", "why"):
        yield node.value, None
    elif isinstance(node, ast.FunctionDef) and re.match(r"check_|_\w+_warnings$|\w+_refusals?$|\w+_doubts$", node.name):
        kinds = (ast.Return, ast.Yield)
        for returned in (one.value for one in ast.walk(node) if isinstance(one, kinds) and one.value):
            for part in returned.elts if isinstance(returned, ast.Tuple) else (returned,):
                yield part, None


def messages() -> list[Message]:
    found = []
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for part, code in spoken(node):
                # An expression, which has a line.
                found.append(Message(text_of(part), f"{file.name}:{part.lineno}", code))  # type: ignore[attr-defined]
    for name, variable in (("report_place", "backup_obstacle"), ("hold", "backup_hold_obstacle")):
        tasks = yaml.safe_load((ROOT / f"roles/backup/tasks/{name}.yml").read_text(encoding="utf-8"))
        (refused,) = [task for task in tasks if variable in task.get("vars", {})]
        shown = re.sub(r"' ~ .*? ~ '", "...", refused["vars"][variable])
        found += [Message(text, "roles/backup") for text in re.findall(r"'(backup_[^']*)", shown)]
    for file in (ROOT / "roles/backup/tasks").glob("*.yml"):
        failing = failures(yaml.safe_load(file.read_text(encoding="utf-8")))
        texts = [re.sub(r"\{\{.*?\}\}", "...", text) for text in failing if "_obstacle" not in text]
        found += [Message(text, "roles/backup") for text in texts if says_something(text)]
    return found


def failures(tasks: list[dict[str, Any]]) -> Iterator[str]:
    """The messages of the tasks that fail, whatever blocks they are in."""
    for task in tasks:
        if "ansible.builtin.fail" in task:
            yield task["ansible.builtin.fail"]["msg"]
        for part in ("block", "rescue", "always"):
            yield from failures(task.get(part, []))


def all_texts() -> str:
    """Every text of the sources but docstrings: what a quote may be a part of."""
    texts = [missing_required_lib("globus-sdk", url="")]
    for file in SOURCES:
        nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        docstrings = [node.value for node in nodes if isinstance(node, ast.Expr)]
        kinds = (ast.Constant, ast.JoinedStr, ast.BinOp)
        texts += [text_of(node) for node in nodes if isinstance(node, kinds) and node not in docstrings]
    return "\n".join([*texts, *(message.text for message in MESSAGES)])


def entries() -> dict[str, set[str]]:
    """Quote -> the codes beside it."""
    found: dict[str, set[str]] = {}
    lines = [*GUIDE.splitlines(), ""]
    for line, following in pairwise(lines):
        if line.startswith("``") and following.startswith("  "):
            quotes, *codes = re.split(r" : (?=``)", line)
        elif line.startswith("   * - ``"):
            quotes, codes = line, ["``invalid_input``"]
        else:
            continue
        for quote in re.findall(r"``(.+?)``", quotes):
            assert quote not in found, f"{quote} is there twice"
            found[quote] = {code.strip("`") for code in codes}
    return found


MESSAGES = messages()
SAYING = [one for one in MESSAGES if says_something(one.text)]
ENTRIES = entries()


def test_messages_and_entries_are_found() -> None:
    """The tests below go through them one by one; without any they would all pass."""
    assert len(SAYING) > 120
    assert len(ENTRIES) > 120
    assert sum(one.place == "roles/backup" for one in MESSAGES) == 8


@pytest.mark.parametrize("message", SAYING, ids=[f"{one.place} {one.text[:40]}" for one in SAYING])
def test_every_message_is_in_the_guide(message: Message) -> None:
    quoting = [quote for quote in ENTRIES if message.is_quoted_by(quote)]
    assert quoting, f"no entry quotes: {message.text}"
    if message.code is not None:
        codes = set().union(*(ENTRIES[quote] for quote in quoting))
        assert message.code in codes, f"the entry of {quoting} has another code"


def test_every_quote_is_in_the_code() -> None:
    texts = all_texts()
    assert not [quote for quote in ENTRIES if quote not in texts]


def test_every_code_is_one_of_the_code_or_of_the_service() -> None:
    """Those of the service are what its documentation and the local Globus have."""
    of_the_service = {"invalid_client", "FORBIDDEN", "EndpointNotFound", "EndpointDeleted", "PermissionDenied"}
    of_the_service |= {"http_429", "http_503"}
    own = {message.code for message in MESSAGES if message.code}
    named = set().union(*ENTRIES.values())
    assert named - {"invalid_input"} <= own | of_the_service | set(UNHEALTHY)
    assert own <= named
