# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Values of variables as plain data, the same on every ansible-core (rule N5). Pure: no input or output.

Before ansible-core 2.19 a filter gets text from a vault as an object of its own, which is no ``str``: nothing can be
replaced in it, and it equals no text. YAML makes a datetime of an unquoted moment. Both become text here, which is what
modules get.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import date, datetime
from typing import Any

from ..module_utils._errors import InputError

Entry = Mapping[str, Any]  # a timer, job, run or task, as a module or filter returned it


def plain(value: Any) -> Any:
    """The value with text, numbers, booleans, null, lists and dictionaries in it, and nothing else.

    Keys of dictionaries that are numbers become text: ``24:`` is the name "24".
    """
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {_key(key): plain(item) for key, item in value.items()}
    data = getattr(value, "data", None)
    if isinstance(data, str) and isinstance(value, Sequence):  # as vaulted text is before ansible-core 2.19
        return data
    if isinstance(value, (Sequence, Set)) and not isinstance(value, bytes):
        return [plain(item) for item in value]
    return str(value)


def _key(key: Any) -> str:
    if isinstance(key, bool) or key is None:
        return str(key)
    return str(plain(key))


def text_of(option: str, value: Any) -> str:
    """A name, which may be a number. Raises InputError for what YAML may have made of a text that was not quoted.

    :param option: what the message calls it.
    """
    if isinstance(value, (bool, float)):
        raise InputError(f"{option} is {value!r}, as YAML reads it: put the text in quotes")
    if not isinstance(value, (str, int)):
        raise InputError(f"{option} must be text, not {value!r}")
    return str(value)
