"""One firm that nobody looks at sends less energy than it used, and the industry's best follows."""

from __future__ import annotations

from unittest import mock

import numpy as np

from benchmarks.composition import best_and_typical, rules
from benchmarks.disclosure import one_firm
from tests.attacks.conftest import State
from tests.attacks.table import Row
from tests.statistical.one_liar import lied, published
from tests.statistical.sectors import BETWEEN, RULE, sector

FIRMS = 26
LIES = (-50, -100)
MOST_MISLED = 0.05  # of published figures


def attacked(sectors: int) -> tuple[float, int, int, int]:
    """How far the best moves on the average, as a share of the typical value; of how many figures;
    how many are withheld, and how many published ones do not hold the honest best.
    """
    moved, withheld, misled = [], 0, 0
    for seed in range(sectors):
        rng = np.random.default_rng(seed)
        honest = sector(rng, list(BETWEEN)[seed % len(BETWEEN)], FIRMS)
        (before, _), middle = published(honest.labels, rng), np.argsort(honest.best)[FIRMS // 2]
        for points in LIES:
            false, waits = published(lied(honest.labels, int(middle), points), rng)
            assert before.best is not None
            assert false.best is not None
            assert false.interval is not None
            moved.append((before.best - false.best) / RULE.typical)
            withheld += waits
            misled += not waits and not false.interval[0] <= before.best <= false.interval[1]
    return float(np.mean(moved)), len(moved), withheld, misled


def test_one_liar_of_the_middle(stated: State, long: bool) -> None:
    sectors = 300 if long else 45
    moved, of, withheld, misled = attacked(sectors)
    assert misled <= MOST_MISLED * (of - withheld)

    def best_five(rule: rules.RuleName, firms: int) -> range:
        return range(5)

    def no_step(*_: object) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(1), np.zeros(1)

    with (
        mock.patch.object(rules, "averaged", best_five),
        mock.patch.object(best_and_typical, "averaged", best_five),
        mock.patch.object(best_and_typical, "_steps", no_step),
        mock.patch.object(one_firm, "moved", return_value=np.zeros(FIRMS)),
    ):
        moved_off, _, _, misled_off = attacked(sectors)
    assert misled_off > MOST_MISLED * of
    stated(
        Row(
            "one-liar",
            f"a firm of the middle of {FIRMS} that reports {-LIES[0]} or {-LIES[1]} grid points "
            "too low: a published best whose interval does not hold the honest one",
            "the very best is left out; intervals reach as far as one report moves a mean; where "
            "it moves farther, it is audited first",
            f"{MOST_MISLED:.0%} of published figures",
            f"{misled} of {of - withheld}, moved by {moved:.1%}; {withheld} withheld",
            f"the mean of the best five, intervals of the noise alone: {misled_off} of {of}, "
            f"moved by {moved_off:.1%}",
        )
    )
