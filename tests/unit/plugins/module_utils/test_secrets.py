# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in each spelling are found and replaced (X1), and nothing else is changed that is data (issue 11, 41)."""

from __future__ import annotations

import base64
import html
import json
import random
import string
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils import _secrets
from ansible_collections.research_ops.globus.plugins.module_utils._secrets import (
    MASK,
    fit_to_print,
    fit_to_return,
    redact,
    register,
)

SECRETS = [
    "access-AbC_0123456789-token",
    "dGhpcyBpcyBhIHNlY3JldCB+L2U9",
    "a+b/c=d&e<f>\"g'h\\i%j",
    "pass word: ünïcödé ☃ 😀",
    "zzzz",
    "%%%%",
]


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    _secrets.forget()
    yield
    _secrets.forget()


def spellings(secret: str) -> dict[str, str]:
    """A secret as services, proxies and libraries may write it."""
    data = secret.encode()
    spelled = {
        "plain": secret,
        "upper case": secret.upper(),
        "lower case": secret.lower(),
        "quote": quote(secret),
        "quote all": quote(secret, safe=""),
        "quote_plus": quote_plus(secret),
        "JSON": json.dumps(secret),
        "JSON, not ASCII": json.dumps(secret, ensure_ascii=False),
        "JSON in JSON": json.dumps(json.dumps(secret, ensure_ascii=False), ensure_ascii=False),
        "HTML": html.escape(secret),
        "repr": repr(secret),
        "ascii": ascii(secret),
    }
    for before in ("", "i", "id", "id:", "client:"):
        for after in ("", "\n", "xy"):
            text = before.encode() + data + after.encode()
            spelled[f"base64 {before} {after!r}"] = base64.b64encode(text).decode()
            spelled[f"base64 for URLs {before} {after!r}"] = base64.urlsafe_b64encode(text).decode().rstrip("=")
            spelled[f"base64, quoted {before} {after!r}"] = quote(base64.b64encode(text).decode(), safe="")
    return spelled


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("given", ["{}", "{}\n", "  {}", "\t{} \r\n"])
def test_X1_a_secret_is_found_in_each_spelling(secret: str, given: str) -> None:
    register(given.format(secret))
    for name, spelled in spellings(secret).items():
        for around in ("{}", "Bearer {}!", "Authorization: Basic {}, and more", '{{"x": "{}"}}'):
            shown = redact(around.format(spelled))
            assert MASK in shown, name
            rest = shown.replace(MASK, "")
            assert not [part for part in ("bearer-", secret[:6].lower()) if part and part in rest.lower()], name
            assert spelled not in shown, name


def test_X1_random_secrets_in_random_places() -> None:
    chance = random.Random(39)
    letters = string.ascii_letters + string.digits + "-._~+/=" * 3
    for _number in range(200):
        _secrets.forget()
        secret = "".join(chance.choices(letters, k=chance.randint(8, 60)))
        register(secret)
        for spelled in spellings(secret).values():
            before = "".join(chance.choices("{}[]:, \"'", k=5))
            shown = redact(f"{before}{spelled}{before}")
            assert MASK in shown, (secret, spelled)
            assert secret.lower() not in shown.lower()


@pytest.mark.parametrize("short", ["", " ", "a", "ab", "abc", " a \n", None, 5, ["x" * 9]])
def test_X1_a_short_secret_does_not_destroy_the_output(short: Any) -> None:
    register(short)
    text = "a abc 5 abacus, ['xxxxxxxxx'] "
    assert redact(text) == text
    assert fit_to_return({"msg": text}) == {"msg": text}


def test_X1_one_secret_in_another_and_beside_another() -> None:
    register("secret-one", "secret-one-and-more", "other-secret")
    assert redact("secret-one-and-more, secret-one,other-secretsecret-one") == f"{MASK}, {MASK},{MASK}{MASK}"


def test_X1_everything_that_is_returned() -> None:
    register("hush-hush", "12345678")
    result = {
        "msg": "hush-hush",
        "list": [{"a": ["x hush-hush y"]}, ("hush-hush",)],
        "definition": {"name": "hush-hush", "hush-hush": 12345678},
        "number": 12345678,
        "other": 1234567,
        "yes": True,
        "none": None,
    }
    shown = fit_to_return(result)
    assert "hush" not in str(shown)
    assert "12345678" not in str(shown)
    assert (shown["other"], shown["yes"], shown["none"]) == (1234567, True, None)


ODD = ["\x1b[31mred", "a\rb", "a\nb", "\x00", "\x7f", "\x9b31m", "\u202egnp.exe", "\u2066x\u2069", "\u2028", "\u200f"]


@pytest.mark.parametrize("odd", ODD)
def test_42_what_a_terminal_obeys_is_spelled_out_for_people_and_kept_in_data(odd: str) -> None:
    result = {
        "msg": odd,
        "health": {"reason": odd, "remedy": odd, odd: 1},
        "error": {"code": odd},
        "diff": {"before": {"name": odd, "definition": {"name": odd}}},
        "name": odd,
        "operations": [{"name": odd}],
        "timer": {"name": odd, "definition": {"name": odd, "transfer": {"paths": [{"source_path": odd}]}}},
        "drift": [{"field": odd, "desired": odd, "actual": [odd]}],
    }
    shown = fit_to_return(result)
    for text in (shown["msg"], *shown["health"].values(), *shown["health"], shown["error"]["code"], str(shown["diff"])):
        assert str(text).isprintable()
    assert odd not in json.dumps([shown["health"], shown["diff"], shown["drift"][0]["field"]], ensure_ascii=False)
    assert (shown["name"], shown["operations"], shown["timer"]) == (odd, result["operations"], result["timer"])
    assert (shown["drift"][0]["desired"], shown["drift"][0]["actual"]) == (odd, [odd])
    assert fit_to_print(odd).isprintable()


def test_41_names_and_paths_come_back_to_the_byte() -> None:
    """All of Unicode but halves of characters, and 200 random ones."""
    register("hush-hush")
    everything = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    names = ["".join(everything[at : at + 1000]) for at in range(0, len(everything), 1000)]
    chance = random.Random(41)
    names += ["".join(chance.choices(everything, k=chance.randint(1, 40))) for _number in range(200)]
    timers = [{"name": name, "definition": {"name": name, "paths": [name]}} for name in names]
    assert fit_to_return({"timers": timers})["timers"] == timers


def test_43_what_no_output_can_hold_becomes_text() -> None:
    deep: Any = "end"
    for _level in range(5000):
        deep = {"x": [deep]}
    result = {
        "name": "half \ud83d",
        "definition": {"name": "\udcff", "\udfff": 1},
        "deep": deep,
        "infinite": [float("inf"), float("-inf"), float("nan")],
        "huge": 10**5000,
    }
    shown = fit_to_return(result)
    assert shown["name"] == "half \\ud83d"
    assert shown["definition"] == {"name": "\\udcff", "\\udfff": 1}
    assert shown["infinite"] == ["inf", "-inf", "nan"]
    assert "too long" in shown["huge"]
    assert "nested too deeply" in json.dumps(shown)


def test_what_is_clean_is_returned_as_it_is() -> None:
    register("hush-hush", "a+b/c")
    result = {"timers": [{"name": "é ☃ 😀", "runs": 5, "x": [None, True, 1.5]}]}
    assert fit_to_return(result) == result
