"""What a record pays where two variants of a metric leave: once if its account names the variant,
as that of a run cut from a log does; for both cells if it can be moved from one to the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from benchmarks.privacy.mechanism import exact_law, scores
from benchmarks.released import rank
from tests.statistical import raw_plants
from tests.statistical.leaving import judge
from tests.statistical.raw_neighbours import account_of
from tests.statistical.raw_plants import Plant
from tests.statistical.stability import compare

LOW = Fraction(1, 20)
EPSILON = Fraction(3, 4)
POINTS = 6


@pytest.mark.parametrize(
    ("make", "paid"),
    [(raw_plants.by_log, 1), (lambda: raw_plants.by_energy(120), 2)],
    ids=["runs of a log", "heats with ids"],
)
def test_what_a_record_pays_for_two_cells(
    tmp_path: Path, make: Callable[[], Plant], paid: int
) -> None:
    judged = judge(make(), tmp_path)
    assert judged is not None
    report = judged.report()
    assert len(report.drawn) == 2
    assert set(report.debits.values()) == {Fraction(paid)}


def test_a_run_of_another_variant_loses_no_more_than_both_its_accounts_pay() -> None:
    """All rows of one shift name the other cement: one run less, another one more."""
    plant = raw_plants.by_log(count=108)
    rows = list(plant.tables["log"])
    of_shift = range(8 * 21, 8 * 22)
    accounts = {account_of(rows[of_shift[0]])}
    for at in of_shift:
        rows[at] = {**rows[at], "variant": "blended"}
    accounts.add(account_of(rows[of_shift[0]]))
    moved = replace(
        plant, tables=plant.tables | {"log": rows}, kind="moved", accounts=frozenset(accounts)
    )
    leaving, _ = compare(plant, moved, 1, 0)
    assert (leaving.tried, leaving.refused, leaving.others) == (1, 0, 0)
    assert 0 < leaving.ratio <= 1


def test_a_record_that_moves_loses_more_than_one_release_and_no_more_than_two() -> None:
    """By the exact law, over all small cells: what one release costs would not pay for the move."""
    worst = 0.0
    for others in product(range(POINTS), repeat=2):
        law = _law(others)
        for value in range(POINTS):
            worst = max(worst, _loss(_law((*others, value)), law))
    moved = 2 * worst  # out of one cell, and the same way round into the other
    assert EPSILON < moved <= 2 * EPSILON


def _law(values: tuple[int, ...]) -> np.ndarray:
    ordered = tuple(sorted(values))
    return exact_law(scores(ordered, POINTS, rank(LOW, len(ordered))), EPSILON)


def _loss(law: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(np.log(law) - np.log(other)).max())
