"""Which readings are missing, by the numbers that their source gives them.

A source whose numbers of a meter rise by one tells by a number what did not arrive. A number lower
than those before, at a later time, is a counter that began anew: nothing is missing for that. A
number further ahead than any line leaves out is no gap either: the counter began elsewhere, or the
number is wrong once. Where the line goes on at its old numbers, the far one is forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

FURTHEST = 1_000_000
"""Numbers that may be missing in a row: twelve days of a reading a second."""


@dataclass(slots=True)
class Gaps:
    """Of one meter: the highest number seen, and the ranges below it (both ends included) that did
    not arrive.
    """

    highest: int | None = None
    ranges: list[tuple[int, int]] = field(default_factory=list)
    given_up: list[tuple[int, int, int]] = field(
        default_factory=list
    )  # ranges that are asked for no more, and since when (UTC us)
    before: int | None = (
        # the highest number before one that is too far ahead for a gap, until it is clear which
        # goes on
        None
    )
    jump: tuple[int, int] | None = None  # the last such: the number before it, and the number

    def take(self, sequence: int, *, later: bool) -> None:
        """A reading of this number arrived; `later`: its time is after those of all before it."""
        self._go_back(sequence, later=later)
        if self.highest is None or (later and sequence < self.highest):
            self.highest = sequence
        elif sequence > self.highest + 1 + FURTHEST:
            self.before = self.highest if self.before is None else self.before
            self.jump, self.highest = (self.highest, sequence), sequence
        elif sequence > self.highest:
            if sequence > self.highest + 1:
                self.ranges.append((self.highest + 1, sequence - 1))
            self.highest, self.before = sequence, None
        else:
            self.ranges = [
                part for gap in self.ranges for part in _without(gap, sequence, sequence)
            ]
            self.given_up = [
                (*part, at_us)
                for first, last, at_us in self.given_up
                for part in _without((first, last), sequence, sequence)
            ]

    def give_up(self, first: int, last: int, at_us: int) -> None:
        """These, both included, are asked for no more; one that comes all the same counts."""
        self.ranges = [part for gap in self.ranges for part in _without(gap, first, last)]
        self.given_up.append((first, last, at_us))

    @property
    def missing(self) -> int:
        """How many readings."""
        return sum(last - first + 1 for first, last in self.ranges)

    def _go_back(self, sequence: int, *, later: bool) -> None:
        """To the numbers before a far one, where this number goes on from them; the gap up to the
        far one was none.
        """
        if self.before is not None and self.before < sequence <= self.before + 1 + FURTHEST:
            self.highest, self.before = self.before, None
        elif later and self.highest is not None and self.ranges:
            first, last = self.ranges[-1]
            if last == self.highest - 1 and first <= sequence <= last:
                self.ranges.pop()
                self.highest = first - 1


def _without(gap: tuple[int, int], first: int, last: int) -> Sequence[tuple[int, int]]:
    """What is left of a range without those from `first` to `last`."""
    if last < gap[0] or gap[1] < first:
        return (gap,)
    return [part for part in ((gap[0], first - 1), (last + 1, gap[1])) if part[0] <= part[1]]
