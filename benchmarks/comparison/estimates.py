"""A published figure with its 95 % interval, and whether two of them differ by more than their
noise.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.composition.result import Known, difference


@dataclass(frozen=True, slots=True)
class Estimate:
    """A published number and its 95 % interval, all in one unit; the ends are None where no
    interval was computed yet.
    """

    value: float
    lo: float | None = None
    hi: float | None = None

    @classmethod
    def of(cls, value: float | None, interval: tuple[float, float] | None) -> Estimate | None:
        """None where nothing is published."""
        return None if value is None else cls(value, *(interval or (None, None)))

    def scaled(self, factor: float) -> Estimate:
        return Estimate(
            self.value * factor,
            None if self.lo is None else self.lo * factor,
            None if self.hi is None else self.hi * factor,
        )

    @property
    def has_interval(self) -> bool:
        return self.reach is not None

    @property
    def reach(self) -> tuple[float, float] | None:
        """How far the interval reaches below the value and above it."""
        return (
            None
            if self.lo is None or self.hi is None
            else (self.value - self.lo, self.hi - self.value)
        )

    def less(self, other: Estimate) -> Known:
        """The difference with its interval; an end that was not computed counts as the value
        itself.
        """
        return difference(self._with_ends(), other._with_ends())

    def _with_ends(self) -> Known:
        return self.value, (
            self.value if self.lo is None else self.lo,
            self.value if self.hi is None else self.hi,
        )


def changed(then: Estimate, now: Estimate) -> bool | None:
    """Whether two values of one site differ by more than their noise: the 95 % interval of the
    difference leaves out 0.

    None where the interval of one was not computed yet.
    """
    if not (then.has_interval and now.has_interval):
        return None
    _rise, (low, high) = now.less(then)
    return low > 0 or high < 0
