"""Rules of a sector beside its steps, as a pack declares them: what a release may spend, how plants
are composed, what may be shown.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from benchmarks.declared import Declared, Exact, Words


class ReleasePolicy(Declared):
    """What a release may spend and when it may enter a composition; dyadic epsilons only (exact in
    binary floats).

    `unit` is what one epsilon hides: a batch record of a step, or all its records of one day
    (`benchmarks.privacy.units`). `most_years` is how many years one label may cover, 1 where the
    pack lets nobody pool (`benchmarks.privacy.pooling`).
    """

    unit: Literal["record", "day"] = "record"
    epsilon_best: Exact
    epsilon_typical: Exact
    cap_per_year: Exact
    corrections_per_year: int
    fewest_batches: int
    count_classes: tuple[int, ...]
    largest_expected_error: Exact  # relative, for a plant to be eligible
    most_years: int = 1
    # of what a line's own meters can give at most: a shared meter that is smaller is stated
    largest_stated_share: Exact = Fraction(1, 50)


class CompositionRule(Declared):
    """The rule that holds from `firms_from` controlling firms on."""

    firms_from: int
    rule: Literal["trimmed-best-five", "trimmed-best-decile"]
    words: Words


class DisclosurePolicy(Declared):
    """The gate's thresholds, each with the reason that the page gives."""

    fewest_firms: int
    largest_weight: Exact  # of one firm in a mean, and dominance on declared size classes
    p_percent: Exact
    least_changed_participants: (
        int  # between two publications: in all, and of those that matter to a figure
    )
    largest_share_of_change: (
        Exact  # of one firm in what separates two published figures, once any one other is known
    )
    lag_days: int
    reason: Words
