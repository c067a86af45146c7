"""What `noise-repeated` says where the table of contents counts a label that the report does not
hold.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmarks.audit import proven
from benchmarks.audit.committed_tree import Contents
from benchmarks.audit.evidence import CheckState
from tests.functional.audit.plants import material_of, plan_of
from tests.functional.audit.test_tampering import with_table
from tests.functional.audit.test_withheld import evidence_of


def test_a_label_that_is_counted_and_not_released_is_named(works: Path) -> None:
    def with_another(table: Contents) -> Contents:
        return replace(
            table, counted=(*table.counted, replace(table.counted[0], variant="white-special"))
        )

    site, material = material_of(works)
    outcome = proven.noise_repeated(
        evidence_of(with_table(site, plan_of(site, material), with_another))
    )
    assert outcome.state is CheckState.FAILED
    assert not outcome.sentence.startswith("0 of ")
    assert outcome.records
