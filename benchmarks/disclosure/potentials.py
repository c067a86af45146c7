"""Which potentials of a cell may be shown: with the cell's best and never without it, each by
itself, rounded.

A potential is a sum over firms, and sums subtract better than ranks. So at least five firms must
lie above its reference, and if one firm's distance to it is known, no other may make up more than
the pack's largest share of the rest. Beside another metric, and beside other years, where a firm's
value hardly moves, either no firm or enough firms that matter may stand in one of the two alone. A
firm that stands in both years has two values, each with its own noise; that is no change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from benchmarks.composition.posterior import Potential, Reference
from benchmarks.composition.result import IndustryCell
from benchmarks.composition.rules import FEWEST_AVERAGED, apply_rule, median_of_ordered
from benchmarks.disclosure.influence import (
    Exhibit,
    RankAverage,
    alone_give_away,
    gives_away,
    mostly_one,
)
from benchmarks.disclosure.rounding import outward, to_grid
from benchmarks.policies import DisclosurePolicy


def withheld(
    cell: IndustryCell,
    ours: Exhibit,
    shown: Sequence[Exhibit],
    apart: Iterable[Exhibit],
    policy: DisclosurePolicy,
) -> tuple[Reference, ...]:
    """The potentials that may not be shown.

    Args:
        shown: what any publication shows of this cell in overlapping periods.
        apart: what is shown of the step in another metric, or of the cell in other years.
    """
    others = list(apart)

    def gives_firms_away(to: Reference) -> bool:
        figures = _called(ours, to)
        return (
            _few(cell, ours, to, policy)
            or any(gives_away(figures, ours, _called(other, to), other, policy) for other in shown)
            or any(
                alone_give_away(figures, ours, theirs, other, policy)
                for other in others
                if (theirs := _called(other, to))
            )
        )

    return tuple(potential.to for potential in cell.potential if gives_firms_away(potential.to))


def let_through(
    cell: IndustryCell, withheld_references: Sequence[Reference]
) -> tuple[Potential, ...]:
    """The others, in steps of the release grid."""
    width = cell.grid.width
    return tuple(
        Potential(potential.to, to_grid(potential.value, width), outward(potential.interval, width))
        for potential in cell.potential
        if potential.to not in withheld_references
    )


def _called(exhibit: Exhibit, to: Reference) -> tuple[RankAverage, ...]:
    return tuple(figure for figure in exhibit.potentials if figure.name == to)


def _few(cell: IndustryCell, ours: Exhibit, to: Reference, policy: DisclosurePolicy) -> bool:
    """Whether too few firms lie above the reference, or one of them makes up most of the potential;
    by released values, as grid points.
    """
    typicals = np.sort([float(member.typicals[0]) for member in ours.who.members])
    bests = np.array([float(member.bests[0]) for member in ours.who.members])
    if cell.rule is None:
        return True
    reference = median_of_ordered(typicals) if to == "typical" else apply_rule(cell.rule, bests)
    above = np.maximum(typicals - reference, 0.0)
    return int((above > 0).sum()) < FEWEST_AVERAGED or mostly_one(
        above.tolist(), float(policy.largest_share_of_change)
    )
