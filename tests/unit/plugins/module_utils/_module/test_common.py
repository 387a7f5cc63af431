# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module does first and last: look at the SDK, and hand over what it returns."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from emulator.plain import NATIVE_APP, UNKNOWN
from integration import in_process

MODULES: dict[str, dict[str, Any]] = {
    "timer": {"name": "a", "state": "absent"},
    "timers": {"timers": [{"name": "a", "state": "absent"}]},
    "timer_info": {},
    "collection_info": {"collection_ids": [UNKNOWN]},
    "login": {"client_id": NATIVE_APP},
}


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("version", ["3.65.0", "3.0.0", "2.0.1"])
def test_an_sdk_that_is_too_old_is_told_in_words(
    module: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ended in an ImportError (issue 11, 24)."""
    record = tmp_path / f"globus_sdk-{version}.dist-info"
    record.mkdir()
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: globus-sdk\nVersion: {version}\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    result = in_process.run(module, MODULES[module], {"HOME": str(tmp_path)})
    assert result["error"]["code"] == "sdk_too_old"
    assert "require globus-sdk 4 or newer" in result["msg"]
    assert f"({sys.executable}) has globus-sdk {version}" in result["msg"]
    assert result["remedy"] == f"{sys.executable} -m pip install 'globus-sdk>=4,<5'"
