"""An outsider's audit: draws from the real mechanism on the worst pair bound its epsilon from below.

With 95 % confidence the mechanism spends at least log(p_low / p_high), by Clopper-Pearson bounds on the frequency of the
output that tells the pair apart best. The audit passes while that is at most the epsilon stated, and it must fail when the
mechanism runs with half its noise: a check that cannot fail proves nothing.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from scipy import stats

from benchmarks.privacy.mechanism import draw_cell, exact_law, scores
from benchmarks.privacy.randomness import KeyedStream
from tests.statistical.outcome import Outcome

PAIR = ((0, 0, 1), (0, 1, 9))
RANK, GRID_CELLS = 2, 10
STATED = Fraction(1)
_TELLING_AT_LEAST = 0.85  # of the stated epsilon: an audit that bounds less has no force


def run(long: bool) -> Outcome:
    draws = 100_000 if long else 20_000
    full = lower_bound(draws)
    half = lower_bound(draws, noise=Fraction(1, 2))
    passes, fails = full <= STATED, half > STATED
    return Outcome(
        "audit",
        passes and fails and full >= _TELLING_AT_LEAST,
        "lower bound on epsilon from the worst pair; the mechanism with half its noise is found out",
        ("noise", "draws", "stated epsilon", "epsilon at least", "audit"),
        (
            ("full", f"{draws:,}", str(STATED), f"{full:.3f}", "passes" if passes else "fails"),
            ("half", f"{draws:,}", str(STATED), f"{half:.3f}", "fails" if fails else "passes"),
        ),
    )


def lower_bound(draws: int, *, noise: Fraction = Fraction(1)) -> float:
    """What the draws prove about epsilon with 95 % confidence."""
    one, other = (scores(cells, GRID_CELLS, RANK) for cells in PAIR)
    # the telling output is chosen from the exact law beforehand, not from the draws
    telling = int(np.argmax(exact_law(one, STATED) / exact_law(other, STATED)))
    often = _hits(one, telling, draws, STATED / noise, "one")
    seldom = _hits(other, telling, draws, STATED / noise, "other")
    low = stats.binomtest(often, draws).proportion_ci(0.95, "exact").low
    high = stats.binomtest(seldom, draws).proportion_ci(0.95, "exact").high
    return math.log(low / high)


def _hits(cell_scores: list[int], wanted: int, draws: int, epsilon: Fraction, name: str) -> int:
    stream = KeyedStream(bytes(32), challenge=b"audit", data_root=b"", name=f"{name} {epsilon}")
    return sum(draw_cell(cell_scores, epsilon, stream) == wanted for _ in range(draws))
