"""What one record or day is charged for a release: both draws, and twice where several variants of
a metric leave and it may move from one to another.

Cells hold different records, so by parallel composition (McSherry 2009, theorem 4) all cells of a
metric together cost a record what its own cell costs, if it can be in no other. A record that can
move is taken out of one cell and put into another: both change, and both are charged. Nothing less
would do: taken out low and put in low, it moves the rank of both quantiles by one, and the draws
are independent.
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


def cells_together(cells: int, policy: ReleasePolicy, *, fixed: bool = False) -> int:
    """How many of a metric's released cells one unit of privacy can change at once: what is debited
    for all of them together.

    A record leaves one cell and enters another, unless its account names the cell (`fixed`:
    `Path.cell_in_account`); a day holds records of every cell.
    """
    if policy.unit == "day":
        return cells
    return min(cells, 1 if fixed else 2)


def epsilon_of_a_metric(
    cells: int, policy: ReleasePolicy, bound: int = 1, *, fixed: bool = False
) -> Fraction:
    """What one unit of privacy spends on a metric of which so many cells leave: both draws of each
    that it can change.

    Args:
        bound: of the path to the label (`Path.bound`).
        fixed: as `cells_together` takes it.
    """
    together = cells_together(cells, policy, fixed=fixed)
    return (policy.epsilon_best + policy.epsilon_typical) * bound * together
