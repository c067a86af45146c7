"""What one record or day is charged for a release: both draws, and twice where several variants of
a metric leave.
"""

from __future__ import annotations

from fractions import Fraction

from benchmarks.policies import ReleasePolicy
from benchmarks.privacy.units import most_together
from benchmarks.routes import Step


def epsilon_of_a_record(epsilon: Fraction, together: int) -> Fraction:
    """What a draw may spend on one record so that `together` of them spend no more than epsilon;
    dyadic where epsilon is.
    """
    power = 1 << (together - 1).bit_length()
    return epsilon / power


def draw_epsilons(step: Step, policy: ReleasePolicy) -> tuple[Fraction, Fraction]:
    """Epsilon of a record for the low quantile and for the median: what a released label states."""
    together = most_together(step, policy)
    return epsilon_of_a_record(policy.epsilon_best, together), epsilon_of_a_record(
        policy.epsilon_typical, together
    )


def cells_together(cells: int, policy: ReleasePolicy) -> int:
    """How many of a metric's released cells one unit of privacy can change at once: what is debited
    for all of them together.

    A record leaves one cell and enters another; a day holds records of every cell.
    """
    return min(cells, 2) if policy.unit == "record" else cells


def epsilon_of_a_metric(cells: int, policy: ReleasePolicy, bound: int = 1) -> Fraction:
    """What one unit of privacy spends on a metric of which so many cells leave: both draws of each
    that it can change.

    Args:
        bound: of the path to the label (`Path.bound`).
    """
    return (policy.epsilon_best + policy.epsilon_typical) * bound * cells_together(cells, policy)
