"""Was this batch in the data, where it decides whether 200 others count?

The attacker knows all other batches and lets the plant's own filter do the rest: it leaves rows in another unit out as long as no more than
half as many lie just beside them, and one batch more there makes it leave none out. The loss is that of the exact laws of all that leaves.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.attacks.conftest import State
from tests.attacks.table import Row
from tests.statistical.leaving import Report, changed, joint_loss, judge, swiftly
from tests.statistical.raw_neighbours import tipped
from tests.statistical.raw_plants import THOUSANDTHS, tipping


def told(one: Report, other: Report) -> tuple[int, float]:
    """How many other batches the neighbour changes, and the loss of what leaves."""
    return len(changed(one, other)) - 1, joint_loss(one, other)


def test_one_record_that_decides_about_many(stated: State) -> None:
    plant = tipping()
    neighbour = tipped(plant)
    (account,) = neighbour.accounts
    with swiftly(), tempfile.TemporaryDirectory() as name:
        base, beside = judge(plant, Path(name)), judge(neighbour, Path(name))
        assert base is not None
        assert beside is not None
        others, loss = told(base.report(), beside.report())
        off, lost = told(base.own(), beside.own())
        debit = float(base.report().debits[account])

    assert others == 0
    assert loss <= debit
    assert off == THOUSANDTHS
    assert lost > 70  # an epsilon of 0.75 was once debited for 71.6
    stated(
        Row(
            "one-for-many",
            f"was this batch in the data, where it decides whether {THOUSANDTHS} others count (a unit told by the rest)",
            "what leaves is judged record by record",
            f"the debit: epsilon {debit:g}",
            f"{others} others, epsilon {loss:.2f}",
            f"{off} others, epsilon {lost:.1f}",
        )
    )
