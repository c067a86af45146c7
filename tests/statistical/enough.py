"""From how many batches on a plant's value enters a composition, where a record is protected and
where a whole day is.
"""

from __future__ import annotations

from fractions import Fraction

from benchmarks.privacy.charges import epsilon_of_a_record
from benchmarks.privacy.eligibility import expected_error
from benchmarks.released import rank
from tests.statistical.outcome import Outcome
from tests.statistical.plants import COUNT_CLASSES, EPSILON_BEST, RULE

LARGEST = 0.01
QUANTILES = (Fraction(1, 20), Fraction(1, 10), Fraction(1, 5), Fraction(1, 4))
TOGETHER = (1, 2, 4, 29)
_MOST = 100_000
_RULE_OF_THUMB = (
    18.0,
    25.0,
)  # between which rank times epsilon lies at the first number that is enough


def run(long: bool) -> Outcome:
    del long  # a fixed formula
    rows, sound = [], True
    for quantile in QUANTILES:
        for together in TOGETHER:
            epsilon = epsilon_of_a_record(EPSILON_BEST, together)
            fewest = first_enough(quantile, epsilon)
            firm = rank(quantile, fewest) * float(epsilon)
            sound &= _RULE_OF_THUMB[0] <= firm <= _RULE_OF_THUMB[1]
            edge = next((f"{count:,}" for count in COUNT_CLASSES if count >= fewest), "none")
            unit = "a record, or a day of one" if together == 1 else f"a day of up to {together}"
            rows.append((f"p{float(100 * quantile):g}", unit, f"{fewest:,}", edge, f"{firm:.0f}"))
    return Outcome(
        "enough",
        sound,
        f"from how many batches on the expected error is {100 * LARGEST:g} % at most (spread "
        f"{100 * RULE.spread / RULE.typical:.1f} %, "
        f"epsilon {EPSILON_BEST}), the first class that is surely enough, and rank times epsilon "
        "there",
        ("rule", "what is hidden", "batches", "class", "rank x epsilon"),
        tuple(rows),
    )


def first_enough(quantile: Fraction, epsilon: Fraction) -> int:
    """The fewest batches, to about one in fifty, from which the expected error is small enough; it
    falls as they grow in number.
    """
    too_few, enough = 1, _MOST
    while enough - too_few > max(1, enough // 50):
        middle = (too_few + enough) // 2
        too_few, enough = (
            (too_few, middle)
            if expected_error(RULE, quantile, epsilon, middle) <= LARGEST
            else (middle, enough)
        )
    return enough
