"""A changed agent keeps its worst step back under a reason that is not true, and shows its auditor
the same.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.audit import checks, withheld
from benchmarks.audit.evidence import CheckState
from tests.attacks.conftest import State
from tests.attacks.table import Row
from tests.functional.audit.plants import audited, failures, material_of, plan_of, write_works
from tests.functional.audit.test_tampering import opened, withholding

STEP = "clinker-burning"


@pytest.mark.timeout(300)
def test_a_step_withheld_for_a_reason_that_is_not_true_is_found_by_name(
    tmp_path: Path, stated: State
) -> None:
    write_works(tmp_path, "cement", seed=1, days=60, rate=0)
    site, material = material_of(tmp_path)
    audit = opened(withholding(site, plan_of(site, material), STEP, "metric-incomplete"))
    findings = audited(audit.plant, audit.draw, audit.promise, audit.opening)
    failed = failures(findings)
    assert list(failed) == ["withheld-justified"]
    assert (
        f"withheld: {STEP}, total, metric-incomplete, 60 used batches"
        in failed["withheld-justified"].records[0]
    )

    off = audited(
        audit.plant,
        audit.draw,
        audit.promise,
        audit.opening,
        [check for check in checks.CHECKS if check is not withheld.withheld_justified],
    )
    assert {finding.state for finding in off if finding.asked} == {CheckState.HELD}
    stated(
        Row(
            "withheld-step",
            f"an agent that withholds a whole step (`{STEP}`) as `metric-incomplete`, and shows "
            "its auditor that report",
            "the table of contents says how many used batches a step has; opened batches have "
            "their energy, or have not",
            "found by name",
            "`withheld-justified` fails, no other check does; step, reason and 60 used batches "
            "are told first",
            "check left out: every other check holds",
        )
    )
