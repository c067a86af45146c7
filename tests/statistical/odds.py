"""What an epsilon means for somebody who guesses about one batch: the table for laymen, from the
packs' policies.
"""

from __future__ import annotations

import math
from fractions import Fraction

from benchmarks import packs
from benchmarks.privacy.accounting import reserve
from tests.statistical.outcome import Outcome

_BEFOREHAND = Fraction(1, 100)


def run(long: bool) -> Outcome:
    del long  # arithmetic: there is nothing to do more of
    policies = [packs.load(name).policy for name in packs.shipped()]
    spent = {
        (
            policy.epsilon_best + policy.epsilon_typical,
            policy.cap_per_year,
            policy.cap_per_year + reserve(policy),
        )
        for policy in policies
    }  # the same for every pack, or the table would need one for each
    once, cap, whole = min(spent)
    words = (
        "one metric, reported once",
        "the cap: all metrics, years and reports together",
        "the cap, and the whole reserve for corrections",
    )
    rows = []
    for what, epsilon in zip(words, (once, cap, whole), strict=True):
        factor = math.exp(epsilon)
        odds = factor * float(_BEFOREHAND / (1 - _BEFOREHAND))
        rows.append((what, str(epsilon), f"{factor:.1f}", f"{100 * odds / (1 + odds):.1f} %"))
    return Outcome(
        "odds",
        len(spent) == 1,
        "by the policy of every pack",
        (
            "what was spent on the batch at a step",
            "epsilon",
            "odds change by at most",
            "1 % becomes at most",
        ),
        tuple(rows),
    )
