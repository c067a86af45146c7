"""How often the 95 % interval holds the plant's exact value, on plants that are not the normal ones it assumes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from scipy import stats

from benchmarks.privacy.eligibility import expected_error
from benchmarks.privacy.intervals import interval
from tests.statistical.outcome import Outcome
from tests.statistical.plants import EPSILON_BEST, RULE, SHAPES, TYPICAL, exact_quantile, released_label

CASES = ((Fraction(1, 20), 100), (Fraction(1, 20), 340), (Fraction(1, 20), 670), (Fraction(1, 20), 5000), (Fraction(1, 5), 340))
_CLAIMED, _CLAIMED_WHERE_NOT_ELIGIBLE = 0.95, 0.88
_DRAWS = 400


def run(long: bool) -> Outcome:
    trials = 1000 if long else 60
    rows = []
    held = True
    for quantile, count in CASES:
        eligible = expected_error(RULE, quantile, EPSILON_BEST, count) <= 0.01
        claimed = _CLAIMED if eligible else _CLAIMED_WHERE_NOT_ELIGIBLE
        covered, widths = zip(*(coverage(name, quantile, count, trials) for name in SHAPES), strict=True)
        # refused when the claim is outside what so many trials can tell
        held &= all(stats.binomtest(hits, trials).proportion_ci(0.99, "exact").high >= claimed for hits in covered)
        if long:
            held &= all(hits >= claimed * trials for hits in covered)
        percents = (f"{100 * hits / trials:.1f}" for hits in covered)
        rows.append(
            (f"p{float(100 * quantile):g}", f"{count:,}", *percents, f"{100 * float(np.median(widths)):.1f}", "yes" if eligible else "no")
        )
    return Outcome(
        "coverage",
        held,
        f"% of 95 % intervals that hold the exact best ({trials} plants each), and their width in % of the typical value",
        ("rule", "batches", *SHAPES, "width", "eligible"),
        tuple(rows),
    )


def coverage(shape: str, quantile: Fraction, count: int, trials: int) -> tuple[int, float]:
    """Hits, and the median width as a share of the typical value."""
    rng = np.random.default_rng(count)
    hits, widths = 0, []
    for _ in range(trials):
        values = SHAPES[shape](rng, count)
        low, high = interval(released_label(values, quantile, rng), "best", rng, _DRAWS, rule=RULE)
        hits += low <= exact_quantile(values, quantile) <= high
        widths.append(high - low)
    return hits, float(np.median(widths)) / TYPICAL
