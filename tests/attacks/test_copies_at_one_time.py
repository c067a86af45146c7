"""A changed agent commits to its best batch under further ids, with rows that give each of them its
energy, and shows its auditor these.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.audit import checks, counts
from tests.attacks.conftest import State
from tests.attacks.table import Row
from tests.functional.audit.plants import failures
from tests.functional.audit.test_tampering import best_batch_under_further_ids, evidence_of


def test_a_batch_under_further_ids_at_the_same_time_is_found_by_name(
    tmp_path: Path, stated: State
) -> None:
    evidence = evidence_of(best_batch_under_further_ids(tmp_path, tmp_path))
    assert list(failures(checks.run(evidence))) == ["one-batch-at-a-time"]
    off = checks.run(
        evidence,
        [check for check in checks.CHECKS if check is not counts.one_batch_at_a_time],
    )
    assert failures(off) == {}
    stated(
        Row(
            "at-one-time",
            "an agent that commits to its kiln's best day under 80 further ids, in a log that "
            "gives the energy, and shows its auditor "
            "these rows",
            "no two opened batches of one machine at one time may better a label by more than 0.5 "
            "%",
            "found by name",
            "`one-batch-at-a-time` fails, no other check does",
            "check left out: nothing fails",
        )
    )
