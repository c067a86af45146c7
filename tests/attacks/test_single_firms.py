"""A firm's released value read off the page by who knows its rank: the first quartile that was
published of 8 to 19 firms.
"""

from __future__ import annotations

import numpy as np

from benchmarks.composition import compose_cell
from benchmarks.disclosure.rounding import to_grid
from tests.attacks.conftest import State
from tests.attacks.table import Row
from tests.statistical.sectors import PACK, RULE, STEP, Sector, sector
from tests.statistical.single_firms import first_quartile

FIRMS, RANK = 12, 3  # whose first quartile is the third
ABOVE_CHANCE = 0.1


def read_off(sector: Sector, seed: int) -> float:
    best = compose_cell(
        sector.labels, PACK, STEP, RULE, np.random.default_rng(seed), variant="any"
    ).best
    assert best is not None
    return to_grid(best, RULE.grid.width, RULE.grid.lower)


def test_the_value_of_the_firm_at_a_known_rank(stated: State, long: bool) -> None:
    sectors = [
        sector(np.random.default_rng(seed), "normal", FIRMS) for seed in range(400 if long else 60)
    ]
    released = [sorted(float(row.label.best_value) for row in cohort.labels) for cohort in sectors]
    rng = np.random.default_rng(0)
    chance = float(
        np.mean(
            [
                to_grid(rng.uniform(of[0], of[4]), RULE.grid.width, RULE.grid.lower) == of[RANK - 1]
                for of in released * 40
            ]
        )
    )

    def told() -> float:
        return float(
            np.mean(
                [
                    read_off(cohort, seed) == of[RANK - 1]
                    for seed, (cohort, of) in enumerate(zip(sectors, released, strict=True))
                ]
            )
        )

    on = told()
    with first_quartile():
        off = told()
    assert on <= chance + ABOVE_CHANCE
    assert off > on + 4 * ABOVE_CHANCE
    stated(
        Row(
            "one-firm",
            f"the released value of the firm that is known to be the third best of {FIRMS}, read "
            "off the published best",
            "every figure is a mean over at least five firms",
            f"a random value among the best five, {chance:.0%}, and {100 * ABOVE_CHANCE:.0f} "
            "points",
            f"{on:.0%}",
            f"the first quartile of the firms: {off:.0%}",
        )
    )
