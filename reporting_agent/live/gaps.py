"""Which readings are missing, by the numbers that their source gives them.

A source whose numbers of a meter rise by one tells by a number what did not arrive. A number lower than those before, at a later time, is
a counter that began anew: nothing is missing for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Gaps:
    """Of one meter: the highest number seen, and the ranges below it (both ends included) that did not arrive."""

    highest: int | None = None
    ranges: list[tuple[int, int]] = field(default_factory=list)

    def take(self, sequence: int, *, later: bool) -> None:
        """A reading of this number arrived; `later`: its time is after those of all before it."""
        if self.highest is None or (later and sequence < self.highest):
            self.highest = sequence
        elif sequence > self.highest:
            if sequence > self.highest + 1:
                self.ranges.append((self.highest + 1, sequence - 1))
            self.highest = sequence
        else:
            self.ranges = [part for gap in self.ranges for part in _without(gap, sequence)]

    @property
    def missing(self) -> int:
        """How many readings."""
        return sum(last - first + 1 for first, last in self.ranges)


def _without(gap: tuple[int, int], sequence: int) -> Sequence[tuple[int, int]]:
    first, last = gap
    if not first <= sequence <= last:
        return (gap,)
    return [part for part in ((first, sequence - 1), (sequence + 1, last)) if part[0] <= part[1]]
