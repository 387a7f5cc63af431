# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Converts variables to plain data, the same with every ansible-core (rule N5). Pure: no input or output.

Before ansible-core 2.19, filters get text from a vault as an object that is not a ``str`` and equals no text. YAML
reads an unquoted moment as a datetime. Both become text here, as they do for modules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import date, datetime
from typing import Any

from ..module_utils._errors import InputError

Entry = Mapping[str, Any]  # a timer, job, run or task, as a module or filter returned it


def plain(value: Any) -> Any:
    """The value, converted to text, numbers, booleans, null, lists and dictionaries.

    Keys of dictionaries that are numbers become text: ``24:`` is the name "24".
    """
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {_key(key): plain(item) for key, item in value.items()}
    data = getattr(value, "data", None)
    if isinstance(data, str) and isinstance(value, Sequence):  # text from a vault, before ansible-core 2.19
        return data
    if isinstance(value, (Sequence, Set)) and not isinstance(value, bytes):
        return [plain(item) for item in value]
    return str(value)


def _key(key: Any) -> str:
    if isinstance(key, bool) or key is None:
        return str(key)
    return str(plain(key))


def text_of(option: str, value: Any) -> str:
    """A name, which may be a number. Raises InputError for other values, which YAML may have read from unquoted text.

    :param option: its name in the message.
    """
    if isinstance(value, (bool, float)):
        raise InputError(f"{option} is {value!r}, because YAML converts text without quotes. Put the text in quotes")
    if not isinstance(value, (str, int)):
        raise InputError(f"{option} must be text, not {value!r}")
    return str(value)
