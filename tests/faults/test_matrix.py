# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any fault at any request of any operation: no timer is lost or doubled, no report is wrong, and one rerun repairs the
rest (rules W2 to W7).

The cases come from the real requests of the operations. By default, a fixed part of them runs; ``make faults`` runs
all.
"""

from __future__ import annotations

import pytest

from emulator.control import LocalGlobus
from faults.harness import Modules, part_of
from faults.matrix import OPERATIONS, Case, blind_cases, cases, check_case, counted, kind_of, prepare


@pytest.mark.parametrize("name", OPERATIONS)
def test_C1_C2_requests(name: str, globus: LocalGlobus, modules: Modules) -> None:
    """Without a fault, exactly the requests of the matrix are sent."""
    operation = OPERATIONS[name]
    options = prepare(operation, globus)
    globus.clear_log()
    run = modules.run(operation.module, options)
    assert not run.failed, run.result
    sent = [kind_of(entry) for entry in globus.log()]
    assert {kind: sent.count(kind) for kind in sent} == counted(operation.requests)


@pytest.mark.parametrize("case", part_of(cases(), 97), ids=str)
def test_matrix(case: Case, globus: LocalGlobus, modules: Modules) -> None:
    hits = check_case(case, globus, modules)
    assert hits, "the fault met no request"


@pytest.mark.parametrize("case", part_of(blind_cases(), 83), ids=str)
def test_matrix_blind(case: Case, globus: LocalGlobus, modules: Modules) -> None:
    """The same while reading fails: what is not known is not reported as done."""
    check_case(case, globus, modules)
