"""How far one false report can move a mean of ranks, in a sector spread as this one is.

If one report gives way to any other, however false, every other firm moves by one rank at most. So
a mean of ranks that takes in neither the first nor the last firm lies, whatever one firm sends,
between the same mean one rank lower and one rank higher. Intervals of published figures reach that
far beyond what is not known of the noise: they hold the true value though any one report is false.

How far a rank is from the next is told by the spread of all firms and not by the firms at these
ranks: the ends of an interval are published, and an end that was another mean of the same firms,
one rank on, would give the firm away that it takes in and the figure does not. What a normal law
has them apart is drawn, once a draw. Where the firms at these ranks lie farther apart than that,
the gate finds it (`benchmarks.disclosure.one_firm`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Array = NDArray[np.float64]

_ENOUGH_FOR_QUANTILES = 1000  # draws; of fewer, an end is told better by their standard deviation
_OUTER = 1.959964  # normal deviate of 97.5 %


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure in each posterior draw, and how low and how high it would lie there if one report
    were false: one row a view of the noise (`noise.VIEWS`), one column a draw.
    """

    values: Array
    lowest: Array
    highest: Array

    @classmethod
    def total(cls, parts: Sequence[tuple[float, Self]]) -> Self:
        """The sum of ratio x figure, in each draw: one firm may send falsehoods of all of them."""
        return cls(
            np.sum([ratio * drawn.values for ratio, drawn in parts], axis=0),
            np.sum([ratio * drawn.lowest for ratio, drawn in parts], axis=0),
            np.sum([ratio * drawn.highest for ratio, drawn in parts], axis=0),
        )

    def summary(self) -> tuple[float, tuple[float, float]]:
        """Mean of all draws, and the union of the 95 % intervals of each view."""
        low, high = outer(self.lowest)[0], outer(self.highest)[1]
        return float(self.values.mean()), (low, high)


def with_one_false(
    values: Array, spreads: Array, ranks: Sequence[int], firms: int, rng: np.random.Generator
) -> Drawn:
    """Args:
    values: the mean of the values at `ranks`, 0 the least, in each draw.
    spreads: standard deviation of the firms in each draw.
    """
    down, up = _steps(ranks, firms, values.shape, rng)
    return Drawn(values, values - spreads * down, values + spreads * up)


def outer(draws: Array) -> tuple[float, float]:
    """The ends of the union of the 95 % intervals of each view.

    Few draws are drawn of many plants only: a mean or a middle rank of many is normal, and its
    interval is told by the mean and the standard deviation, three times closer than by the outer
    draws.
    """
    if draws.shape[-1] < _ENOUGH_FOR_QUANTILES:
        reach = _OUTER * draws.std(axis=-1)
        lows, highs = draws.mean(axis=-1) - reach, draws.mean(axis=-1) + reach
    else:
        lows, highs = np.quantile(draws, (0.025, 0.975), axis=-1)
    return float(lows.min()), float(highs.max())


def _steps(
    ranks: Sequence[int], firms: int, shape: tuple[int, ...], rng: np.random.Generator
) -> tuple[Array, Array]:
    """By how much the mean at these ranks of so many standard normal values lies above that one
    rank lower, and below that one rank higher, in random sectors.

    The mean of a run of ranks and that of the next differ by its two ends alone. Uniform order
    statistics are sums of exponential spacings (Rényi 1953, *Acta Mathematica Hungarica* 4,
    191-231), and sums of these are drawn at once as gamma variables.
    """
    signs = {move: _ends(ranks, move) for move in (-1, 1)}
    needed = sorted(signs[-1].keys() | signs[1].keys())
    gaps = np.diff([-1, *needed, firms])
    sums = np.cumsum([rng.standard_gamma(gap, shape) for gap in gaps], axis=0)
    at = dict(zip(needed, ndtri(sums[:-1] / sums[-1]), strict=True))
    down, up = (
        np.sum([times * at[rank] for rank, times in ends.items()], axis=0) / len(ranks)
        for ends in signs.values()
    )
    return -down, up


def _ends(ranks: Sequence[int], move: int) -> dict[int, int]:
    """How often each rank counts more among the ranks moved by one than among the ranks."""
    moved = Counter(rank + move for rank in ranks)
    moved.subtract(ranks)
    return {rank: times for rank, times in moved.items() if times}
