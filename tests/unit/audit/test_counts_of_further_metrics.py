"""What opened batches show of false counts of a metric that no leaf stands in the order of: what
docs/audit.md states.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import ceil

import numpy as np
import pytest

from benchmarks import packs
from benchmarks.audit.counts import without_room
from benchmarks.audit.sampling_plan import STANDARD, Stratum, StratumKind, draw
from benchmarks.measurements import Metric
from benchmarks.privacy.bounds import clamp_to_grid
from benchmarks.routes import MetricRule
from tests.functional.audit.plants import chance_of

DRAWS = 40
STEP = packs.load("cement").step("clinker-burning")
Values = np.ndarray[tuple[int], np.dtype[np.float64]]
Counts = dict[int, int]


def rule() -> MetricRule:
    thermal = STEP.metric(Metric.THERMAL)
    assert thermal is not None
    return thermal


def points_of(values: Values) -> list[int]:
    return clamp_to_grid(values.tolist(), rule().grid)[0]


def lowered(share: float) -> Callable[[Values], Counts]:
    return lambda values: Counter(points_of((1 - share) * values))


def as_many_as_set_the_best_moved_down(values: Values) -> Counts:
    """From the fullest grid points to the lowest, which leaves room for most of what a draw
    opens.
    """
    counts = Counter(points_of(values))
    for _ in range(ceil(STEP.label_rule.quantile * len(values))):
        fullest = max((point for point in counts if point), key=lambda point: counts[point])
        counts[fullest] -= 1
        counts[0] += 1
    return counts


def share_found(used: int, counted: Callable[[Values], Counts]) -> float:
    """In how many draws some opened batch finds no room; what is opened has nothing to do with the
    metric's values.
    """
    rank, chance = ceil(STEP.label_rule.quantile * used), np.random.default_rng(used)
    strata = (
        Stratum("edge", StratumKind.EDGE, 1, used, (rank, used // 2)),
        Stratum("below", StratumKind.BELOW, 1, rank),
        Stratum("used", StratumKind.USED, 1, used),
    )
    shown = 0
    for number in range(DRAWS):
        values = rule().typical + rule().spread * chance.standard_normal(used)
        points, counts = points_of(values), counted(values)
        opened = [leaf.position for leaf in draw(strata, STANDARD, chance_of(f"counts {number}"))]
        shown += bool(without_room({leaf: [points[leaf - 1]] for leaf in opened}, counts))
    return shown / DRAWS


@pytest.mark.parametrize(
    ("used", "share", "about"),
    [(60, 0.05, 1), (2_000, 0.05, 1), (10_000, 0.05, 1), (2_000, 0.01, 0.93), (10_000, 0.01, 0.43)],
)
def test_values_that_are_counted_lower_leave_opened_ones_without_room(
    used: int, share: float, about: float
) -> None:
    assert share_found(used, lowered(share)) == pytest.approx(about, abs=0.15)


@pytest.mark.parametrize(("used", "about"), [(60, 1), (200, 1), (500, 0.88), (2_000, 0)])
def test_counts_that_leave_room_are_found_where_most_batches_are_opened(
    used: int, about: float
) -> None:
    assert share_found(used, as_many_as_set_the_best_moved_down) == pytest.approx(about, abs=0.15)


def test_true_counts_have_room_for_every_batch() -> None:
    assert share_found(2_000, lowered(0)) == 0


def test_a_value_between_two_points_may_be_counted_in_either_and_only_once() -> None:
    assert without_room({1: [4, 5], 2: [4], 3: [5, 6]}, {4: 1, 5: 1, 6: 1}) == []
    assert without_room({1: [4, 5], 2: [4]}, {4: 1, 6: 1}) == [1]
    assert without_room({1: []}, {4: 1}) == [1]
