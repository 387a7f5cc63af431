# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The secrets of this process, and their removal from texts that leave it (rule X1).

Credentials and tokens are registered when they are created, headers when they are sent. ``_module.common`` then
replaces them in everything that a module returns, in each spelling: plain, stripped, URL-encoded, in JSON or HTML, and
inside base64.
"""

from __future__ import annotations

import base64
import html
import json
import math
import re
import threading
from collections.abc import Mapping, Sequence
from typing import Any

MASK = "********"
SHORTEST = 4  # characters; replacing a shorter text would destroy the output. No secret of Globus is that short.
DEEPEST = 100  # the deepest nesting of a result, because Ansible processes it recursively
TOO_DEEP = "(nested too deeply to be shown)"
TOO_LONG = "(a number that is too long to be shown)"
# Values of these keys are data that must not change by a byte: they identify something, or are used as input again.
DATA = frozenset({"name", "definition", "display_name", "desired", "actual", "token_storage", "invocation"})

_SURROGATES = "\ud800-\udfff"  # lone surrogates (halves of characters), which cannot be encoded in any output
# Characters that move the cursor, change colours, or change the direction of the text.
_CONTROLS = "\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_ODD = re.compile(f"[\x00-\x1f{_CONTROLS}{_SURROGATES}]")
_ODD_IN_LINES = re.compile(f"[\x00-\x08\x0b-\x1f{_CONTROLS}{_SURROGATES}]")
_HALVES = re.compile(f"[{_SURROGATES}]")
# The same in JSON that leaves other characters as they are.
_ODD_IN_JSON = re.compile(f"\\\\[nrtbfu]|[{_CONTROLS}{_SURROGATES}]")
_BASE64 = re.compile(r"[A-Za-z0-9+/_=-]")


class _Secret:
    """One secret, with the patterns that find it.

    :ivar anchors: texts in lower case. A text with any spelling of the secret contains one of them.
    """

    def __init__(self, value: str) -> None:
        self.length = len(value)
        self._plain = re.compile("".join(map(_spellings, value)), re.IGNORECASE)
        plain_anchor = max(re.findall(r"[a-z0-9]*", value.lower()), key=len)
        self._cores = [
            (re.compile("".join(map(_spellings_in_base64, core)), re.IGNORECASE), _base64_anchor(core))
            for core in _cores(value.encode("utf-8", "surrogatepass"))
        ]
        self.anchors = {plain_anchor, *(anchor for _core, anchor in self._cores)}

    def replaced(self, text: str) -> str:
        text = self._plain.sub(MASK, text)
        for core, _anchor in self._cores:
            text = _replace_words(core, text)
        return text


_known: dict[str, _Secret] = {}
_lock = threading.Lock()


def register(*values: Any) -> None:
    """Remember secrets. Values that are not text, or too short, are ignored."""
    for value in values:
        if not isinstance(value, str):
            continue
        with _lock:
            for spelling in (value, value.strip()):
                if len(spelling.strip()) >= SHORTEST and spelling not in _known:
                    _known[spelling] = _Secret(spelling)


def forget() -> None:
    """Forget all secrets. For tests, which run many modules in a process."""
    with _lock:
        _known.clear()


def redact(text: str) -> str:
    """The text without the secrets."""
    return _redacted(text, _secrets())


def _redacted(text: str, secrets: Sequence[_Secret]) -> str:
    if not secrets:
        return text
    lowered = text.lower()
    for secret in secrets:
        if any(anchor in lowered for anchor in secret.anchors):
            text = secret.replaced(text)
    return text


def printable(text: str, *, lines: bool = False) -> str:
    """The text with control characters, including those for the direction of the text, written as escapes.

    :param lines: keep line breaks and tabs.
    """
    return (_ODD_IN_LINES if lines else _ODD).sub(_escape_sequence, text)


def fit_to_print(text: str, *, lines: bool = False) -> str:
    """A text for people, without secrets and control characters."""
    return printable(redact(text), lines=lines)


def fit_to_return(result: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a module, without secrets in any text or key, and without control characters in texts for people.
    Names, definitions and paths (``DATA``) keep all characters except lone surrogates.
    """
    try:
        text = json.dumps(result, ensure_ascii=False, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        text = None
    secrets = _secrets()
    if text is not None:
        lowered = text.lower()
        secrets = [secret for secret in secrets if any(anchor in lowered for anchor in secret.anchors)]
        if not secrets and not _ODD_IN_JSON.search(text):
            return dict(result)
    cleaned: dict[str, Any] = _cleaned(result, secrets, is_data=False, may_be_data=True, depth=0)
    return cleaned


def _secrets() -> list[_Secret]:
    """The secrets, the longest first, because one may be a part of another."""
    with _lock:
        return sorted(_known.values(), key=lambda secret: -secret.length)


def _cleaned(
    value: Any, secrets: Sequence[_Secret], *, is_data: bool, may_be_data: bool, depth: int, lines: bool = False
) -> Any:
    if isinstance(value, str):
        if not secrets and value.isprintable():
            return value
        text = _redacted(value, secrets)
        return _HALVES.sub(_escape_sequence, text) if is_data else printable(text, lines=lines)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        return _cleaned_number(value, secrets)
    if depth > DEEPEST:
        return TOO_DEEP
    if isinstance(value, Mapping):
        return {
            _cleaned(key, secrets, is_data=is_data, may_be_data=False, depth=depth): _cleaned(
                item,
                secrets,
                is_data=is_data or (may_be_data and key in DATA),
                may_be_data=may_be_data and key != "diff",  # all of a diff is for people
                depth=depth + 1,
                lines=key == "exception",
            )
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_cleaned(item, secrets, is_data=is_data, may_be_data=may_be_data, depth=depth + 1) for item in value]
    return value


def _cleaned_number(value: float, secrets: Sequence[_Secret]) -> Any:
    """A number, or text if JSON has no such number."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    try:
        text = str(value)
    except ValueError:  # more digits than Python prints
        return TOO_LONG
    return value if _redacted(text, secrets) == text else MASK


def _escape_sequence(match: re.Match[str]) -> str:
    """The escape of a character, as in Python: ``\\n``, ``\\x1b``, ``\\u202e``."""
    code = ord(match[0])
    named = {9: "\\t", 10: "\\n", 13: "\\r"}
    return named.get(code) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


# --- spellings -----------------------------------------------------------------------------------------------------


def _spellings(character: str) -> str:
    """A pattern for a character in all spellings of services and libraries."""
    if character.isascii() and (character.isalnum() or character in "-._~"):
        return re.escape(character)
    as_bytes = character.encode("utf-8", "surrogatepass")
    spelled = {
        character,
        html.escape(character),
        "".join(f"%{byte:02x}" for byte in as_bytes),
        json.dumps(character)[1:-1],
        f"&#{ord(character)};",
        f"&#x{ord(character):x};",
        ascii(character)[1:-1],
    }
    if character == " ":
        spelled.add("+")
    alternatives = "|".join(re.escape(one) for one in sorted(spelled, key=len, reverse=True))
    return rf"(?:\\*(?:{alternatives}))" if character in "\"'\\/" else f"(?:{alternatives})"


def _spellings_in_base64(character: str) -> str:
    """A pattern for a character of base64, in its two alphabets and as URLs and JSON write it."""
    return {"+": r"(?:\+|-|%2b)", "/": r"(?:\\?/|_|%2f)"}.get(character, re.escape(character))


def _base64_anchor(core: str) -> str:
    return max(re.split(r"[+/]", core), key=len).lower()


def _cores(secret: bytes) -> list[str]:
    """The base64 of any text with the secret contains one of these: there is one for each of the three alignments.

    ``Basic`` credentials, for example, are the base64 of ID, colon and secret.
    """
    cores = []
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + secret).decode().rstrip("=")
        first = (before * 8 + 5) // 6  # characters with bits of the text before
        last = len(encoded) - (1 if (before + len(secret)) % 3 else 0)  # one has bits of the text after
        if last - first >= SHORTEST:
            cores.append(encoded[first:last])
    return cores


def _replace_words(core: re.Pattern[str], text: str) -> str:
    """The text with each match replaced, together with the base64 around it."""
    parts, end = [], 0
    for match in core.finditer(text):
        if match.start() < end:
            continue
        start, stop = match.span()
        while start > end and _BASE64.match(text[start - 1]):
            start -= 1
        while stop < len(text) and _BASE64.match(text[stop]):
            stop += 1
        parts += [text[end:start], MASK]
        end = stop
    return "".join([*parts, text[end:]])
