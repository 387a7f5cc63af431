# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Checks options against their declarations, with messages that have the full name of the option (rules L3, N1, N6).

Ansible checks the options of a task, too, but its messages contain neither the entry of a list nor the timer, and it
refuses null inside a list. For filters it checks nothing. Pure: no input or output.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from ansible.module_utils.common.validation import (
    check_type_bool,
    check_type_dict,
    check_type_float,
    check_type_int,
    check_type_list,
)

from ._errors import InputError

Declaration = Mapping[str, Any]
SHOWN = 60  # the most characters of a value in a message
FEW = 3  # the most options that the message about a wrong dictionary lists
CLOSE = 0.8  # the least similarity (0 to 1) of an unknown option and an option of a lower level


def for_ansible(options: Mapping[str, Declaration], given: Mapping[str, Any]) -> dict[str, Any]:
    """The options in a form that AnsibleModule can check. AnsibleModule raises TypeError for a number in place of a
    dictionary of options. So the number becomes text, which AnsibleModule refuses with a message.
    """
    declared = _declarations(options)
    return {
        name: _for_ansible(declared[name], value) if "options" in declared.get(name, {}) else value
        for name, value in given.items()
    }


def _for_ansible(declaration: Declaration, value: Any) -> Any:
    if isinstance(value, list):
        return [_for_ansible(declaration, item) for item in value]
    return for_ansible(declaration["options"], value) if isinstance(value, Mapping) else str(value)


def without_nulls(options: Mapping[str, Declaration], given: Mapping[str, Any]) -> dict[str, Any]:
    """The given options without those that are null, at every level: null means "not given" (rule N1).

    Free-form dictionaries, such as the input of a flow, do not change. Null entries of lists are kept, because they are
    mistakes.
    """
    declared = _declarations(options)
    return {
        name: _without_nulls(declared[name], value) if name in declared else value
        for name, value in given.items()
        if value is not None or name not in declared
    }


def _without_nulls(declaration: Declaration, value: Any) -> Any:
    if "options" not in declaration:
        return value
    if isinstance(value, list):
        return [_without_nulls(declaration, item) for item in value]
    return without_nulls(declaration["options"], value) if isinstance(value, Mapping) else value


def validate(
    options: Mapping[str, Declaration],
    given: Any,
    path: str = "",
    constraints: Mapping[str, Sequence[Any]] | None = None,
) -> dict[str, Any]:
    """The options as AnsibleModule would return them: converted, and with defaults for those that are not given.

    :param path: the beginning of the options' full names, for example ``schedule.``.
    :param constraints: ``required_one_of`` and ``mutually_exclusive``, as for AnsibleModule.
    :raises InputError: about the first wrong option.
    """
    if not isinstance(given, Mapping):
        raise InputError(f"{path.rstrip('.')} must be a dictionary of options, not {quoted(given)}")
    return _validated_options(options, without_nulls(options, given), path, constraints or {})


def _validated_options(
    options: Mapping[str, Declaration], given: Mapping[str, Any], path: str, constraints: Mapping[str, Any]
) -> dict[str, Any]:
    named = _by_name(options, given, path)
    checked: dict[str, Any] = {}
    for name, declaration in options.items():
        if name in named:
            checked[name] = _checked_value(declaration, named[name], path + name)
        elif declaration.get("required"):
            raise InputError(f"{path}{name} is missing")
        else:
            checked[name] = deepcopy(declaration.get("default"))
    for names in constraints.get("required_one_of", ()):
        if not named.keys() & set(names):
            raise InputError(f"{path}{' or '.join(names)} is missing")
    for names in constraints.get("mutually_exclusive", ()):
        both = [name for name in names if name in named]
        if len(both) > 1:
            raise InputError(f"{path}{' and '.join(both)} are mutually exclusive")
    return checked


def _declarations(options: Mapping[str, Declaration]) -> dict[str, Declaration]:
    """The options by their names, aliases included."""
    aliases = {alias: one for one in options.values() for alias in one.get("aliases", ())}
    return {**aliases, **options}


def _by_name(options: Mapping[str, Declaration], given: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The values by the names of their options, without aliases. Raises InputError for unknown options."""
    aliases = {alias: name for name, one in options.items() for alias in one.get("aliases", ())}
    named: dict[str, Any] = {}
    for key, value in given.items():
        name = aliases.get(key, key)
        if name not in options:
            raise InputError(f"{path}{key} is not a known option; {_suggestion(str(key), options, path)}")
        if name in named:
            raise InputError(f"{path}{name} is set twice, by its name and by an alias")
        named[name] = value
    return named


def _suggestion(key: str, options: Mapping[str, Declaration], path: str) -> str:
    """What to write instead of an unknown option: one below that has this name, one with a similar name, or any."""
    known = {name: name for name in _declarations(options)}
    names = {**dict(_names_below(options, path)), **known}
    if key in names:
        return f"did you mean {names[key]}?"
    near = difflib.get_close_matches(key, known, 1) or difflib.get_close_matches(key, names, 1, CLOSE)
    return f"did you mean {names[near[0]]}?" if near else f"known options are {', '.join(sorted(known))}"


def _names_below(options: Mapping[str, Declaration], path: str) -> Iterator[tuple[str, str]]:
    """The options below these, each with its full name. Of several with one name, the last is at the highest level."""
    for name, declaration in options.items():
        if "options" in declaration:
            full = f"{path}{name}{'[]' if declaration['type'] == 'list' else ''}."
            yield from _names_below(declaration["options"], full)
            yield from ((below, full + below) for below in _declarations(declaration["options"]))


def _checked_value(declaration: Declaration, value: Any, path: str) -> Any:
    """A value, checked and converted to the type of its option."""
    kind = declaration["type"]
    if kind == "list":
        return [
            _checked_one(declaration["elements"], declaration, item, f"{path}[{number}]")
            for number, item in enumerate(_converted("list", value, path))
        ]
    return _checked_one(kind, declaration, value, path)


def _checked_one(kind: str, declaration: Declaration, value: Any, path: str) -> Any:
    try:
        converted = _converted(kind, value, path)
    except InputError as error:
        below = sorted(declaration.get("options", ()))
        if not 0 < len(below) <= FEW:
            raise
        raise InputError(f"{error}. Its options are {', '.join(below)}") from None
    if "options" in declaration:
        return _validated_options(declaration["options"], converted, f"{path}.", declaration)
    choices = declaration.get("choices")
    if choices is not None and converted not in choices:
        raise InputError(f"{path} must be one of: {', '.join(choices)}, not {quoted(value)}")
    return converted


def _converted(kind: str, value: Any, path: str) -> Any:
    if kind == "raw":
        # before ansible-core 2.19, a text from a vault is not a str; YAML reads a moment as a datetime (rule N5)
        return value if value is None or isinstance(value, (str, int, float, list, tuple, Mapping)) else str(value)
    convert, words = _TYPES[kind]
    try:
        return convert(value)
    except (TypeError, ValueError):
        raise InputError(f"{path} must be {words}, not {quoted(value)}{_hint(kind, value)}") from None


def _hint(kind: str, value: Any) -> str:
    """What to do about a value of a wrong type, if that is likely."""
    if kind == "list" and isinstance(value, Mapping):
        return ". Put a dash (-) in front of each entry"
    if kind == "str" and isinstance(value, (list, tuple)):
        return ". Set one value instead of a list"
    if kind in ("int", "float") and isinstance(value, str):
        return ". Write a number without a unit"
    return ""


def _as_text(value: Any) -> str:
    """A value as text. Numbers are accepted (YAML reads ``name: 600`` as one), lists and dictionaries are not."""
    if value is None or isinstance(value, (list, tuple, set, Mapping, bytes)):
        raise TypeError
    return str(value)


def _whole_number(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return int(check_type_int(value))


_TYPES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "str": (_as_text, "text"),
    "path": (_as_text, "a path"),
    "int": (_whole_number, "a whole number"),
    "float": (check_type_float, "a number"),
    "bool": (check_type_bool, "true or false"),
    "list": (check_type_list, "a list"),
    "dict": (check_type_dict, "a dictionary of options"),
}


def quoted(value: Any) -> str:
    """A value for a message, shortened; None is written as null."""
    text = "null" if value is None else repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
