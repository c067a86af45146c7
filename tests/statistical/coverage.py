"""How often the 95 % interval holds the plant's exact value, on plants that are not the normal ones
it assumes.

Every plant has a level of its own around the pack's public typical value, so that the public
figures help no more than in life.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from scipy import stats

from benchmarks.privacy import intervals
from benchmarks.privacy.eligibility import expected_error
from tests.statistical.outcome import Outcome
from tests.statistical.plants import (
    AWKWARD,
    EPSILON_BEST,
    RULE,
    SHAPES,
    TYPICAL,
    exact_quantile,
    in_steps,
    released_label,
)

CASES = (
    *((Fraction(1, 20), count) for count in (100, 500, 670, 5000)),
    (Fraction(1, 10), 100),
    *((Fraction(1, 5), count) for count in (100, 340)),
)
_CLAIMED, _CLAIMED_FROM_500 = 0.946, 0.99
_TRIALS_LONG = 1000
_TRIALS = {_CLAIMED: 40, _CLAIMED_FROM_500: 100}
"""Over the six kinds of plants 98 % where 99 % is claimed are told 95 times in 100. Of small
plants, whose intervals take twice as long, all hold some 99 % where 94.6 % is claimed."""
_LEVEL_SD = 0.04  # between plants, as a share
_DRAWS = 400
_PLANTS = {**SHAPES, **AWKWARD}


def run(long: bool) -> Outcome:
    rows = []
    sound = True
    for quantile, count in CASES:
        eligible = expected_error(RULE, quantile, EPSILON_BEST, count) <= 0.01
        claimed = _CLAIMED if count < 500 else _CLAIMED_FROM_500
        trials = _TRIALS_LONG if long else _TRIALS[claimed]
        covered, widths = zip(
            *(coverage(name, quantile, count, trials) for name in _PLANTS), strict=True
        )
        # all shapes together as measured; one shape only where so few trials refute the claim
        sound &= sum(covered) >= claimed * trials * len(covered)
        sound &= all(
            stats.binomtest(hits, trials).proportion_ci(0.98, "exact").high >= claimed
            for hits in covered
        )
        percents = (
            f"{100 * hits / trials:.1f}" for hits in (*covered, sum(covered) / len(covered))
        )
        rows.append(
            (
                f"p{float(100 * quantile):g}",
                f"{count:,}",
                *percents,
                f"{100 * float(np.median(widths)):.1f}",
                "yes" if eligible else "no",
            )
        )
    return Outcome(
        "coverage",
        sound,
        f"% of 95 % intervals that hold the exact best ({_plants_each(long)}), and their width in "
        "% of the typical value",
        ("rule", "batches", *_PLANTS, "all", "width", "eligible"),
        tuple(rows),
    )


def _plants_each(long: bool) -> str:
    return (
        f"{_TRIALS_LONG} plants each"
        if long
        else f"{_TRIALS[_CLAIMED_FROM_500]} plants each, {_TRIALS[_CLAIMED]} of fewer than 500 "
        "batches"
    )


def coverage(shape: str, quantile: Fraction, count: int, trials: int) -> tuple[int, float]:
    """Hits, and the median width as a share of the typical value."""
    rng = np.random.default_rng(count)
    hits, widths = 0, []
    for _ in range(trials):
        values = _PLANTS[shape](rng, count) * rng.normal(1, _LEVEL_SD)
        if shape == "steps":
            values = in_steps(values)  # a meter's step does not grow with the plant's level
        low, high = intervals.interval(
            released_label(values, quantile, rng), "best", rng, _DRAWS, rule=RULE
        )
        hits += low <= exact_quantile(values, quantile) <= high
        widths.append(high - low)
    return hits, float(np.median(widths)) / TYPICAL
