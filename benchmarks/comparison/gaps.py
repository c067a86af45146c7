"""The gap between a site's protected value and the industry best at each step, with an interval,
and whether it is more than noise.

Both ends carry noise of their own, drawn independently
(`benchmarks.composition.result.difference`).
Where the site is itself among the best, the two are not quite independent and the interval is a
little too wide: it then says "within noise" sooner, never later. A gap whose interval reaches 0
says nothing and leaves the sum.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.comparison.estimates import Estimate


@dataclass(frozen=True, slots=True)
class RouteGap:
    """A step's gap in the energy that the totals are in, for one of the route's output."""

    step: str
    value: float
    lo: float
    hi: float

    def times(self, factor: float) -> RouteGap:
        """The same in another unit of energy."""
        return RouteGap(self.step, factor * self.value, factor * self.lo, factor * self.hi)

    @property
    def within_noise(self) -> bool:
        return self.lo <= 0

    @property
    def ends(self) -> tuple[float, float]:
        return self.lo, self.hi


def gap(step: str, you: Estimate, best: Estimate, ratio: float) -> RouteGap:
    """`you` less `best`, times what the step makes for one of the route's output."""
    value, (low, high) = you.less(best)
    return RouteGap(step, ratio * value, ratio * low, ratio * high)


def sum_of_ends(gaps: Iterable[RouteGap]) -> tuple[float, float]:
    """The interval of their sum: the sums of the ends, wider than necessary whatever the errors
    have in common.
    """
    parts = list(gaps)
    return sum(shortfall.lo for shortfall in parts), sum(shortfall.hi for shortfall in parts)
