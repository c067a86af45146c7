"""The gap between a site's protected value and the industry best at each step, with an interval, and whether it is more than noise.

Both ends carry noise of their own, drawn independently (`benchmarks.composition.trend.difference`). Where
the site is itself among the best, the two are not quite independent and the interval is a little too wide: it then
says "within noise" sooner, never later. A gap whose interval reaches 0 says nothing and leaves the sum.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.composition.trend import Known, difference
from portal.web.words.figures import Estimate, between, decimals, number


@dataclass(frozen=True, slots=True)
class RouteGap:
    """A step's gap in the headline unit per tonne of the route's product."""

    step: str
    value: float
    lo: float
    hi: float

    @property
    def within_noise(self) -> bool:
        return self.lo <= 0


def gap(step: str, you: Estimate, best: Estimate, ratio: float) -> RouteGap:
    """`you` less `best`, times the tonnes of the step's product per tonne of the route's product."""
    value, (low, high) = difference(_with_ends(you), _with_ends(best))
    return RouteGap(step, ratio * value, ratio * low, ratio * high)


def largest_first(gaps: Iterable[RouteGap]) -> list[RouteGap]:
    """What gains most comes first; a tie goes by the step's id, so that the page does not change by itself."""
    return sorted(gaps, key=lambda shortfall: (-shortfall.value, shortfall.step))


def clear_sum(gaps: Iterable[RouteGap]) -> float:
    """The sum of the gaps that are larger than the noise."""
    return sum(shortfall.value for shortfall in gaps if not shortfall.within_noise)


def sum_of_ends(gaps: Iterable[RouteGap]) -> tuple[float, float]:
    """The interval of their sum: the sums of the ends, wider than necessary whatever the errors have in common."""
    parts = list(gaps)
    return sum(shortfall.lo for shortfall in parts), sum(shortfall.hi for shortfall in parts)


def with_interval(value: float, low: float, high: float, places: int | None = None) -> str:
    """A gap or a sum of gaps in words: `7.74 (5.91 to 9.57)`."""
    places = decimals(value) if places is None else places
    return f"{number(value, places)} ({between(low, high, places)})"


def _with_ends(estimate: Estimate) -> Known:
    low, high = (estimate.value if end is None else end for end in (estimate.lo, estimate.hi))
    return estimate.value, (low, high)
