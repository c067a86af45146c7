"""What the spool knows of one meter without reading its files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from reporting_agent.live.spool.gaps import FURTHEST, Gaps
from reporting_agent.live.spool.reading import NO_SEQUENCE

LATEST_KEPT = 256  # keys of a meter that are remembered

Key = tuple[int, int]
"""Source time in UTC microseconds, source's number."""


@dataclass(slots=True)
class MeterState:
    """What is known of one meter: every key on disk is at or below the highest.

    `reached_us` is the time of the reading that arrived last, by its source's clock or by ours, whichever is earlier: what came after it is
    after that, also where the source's clock was set back.
    """

    highest: Key = (-(1 << 62), NO_SEQUENCE)
    latest: dict[Key, float] = field(default_factory=dict)
    gaps: Gaps = field(default_factory=Gaps)
    reached_us: int = -(1 << 62)

    @classmethod
    def of_state(cls, entry: list[Any]) -> MeterState:
        """As `state` gave it; earlier versions gave less."""
        time_us, sequence, highest, ranges, *more = entry
        gaps = Gaps(highest, [(first, last) for first, last in ranges if last - first <= FURTHEST])
        if len(more) > 1:
            gaps.given_up, gaps.before = [(first, last, at_us) for first, last, at_us in more[1]], more[2]
        return cls((time_us, sequence), {}, gaps, more[0] if more else time_us)

    @property
    def state(self) -> list[Any]:
        """What outlives the segments that it was learned from."""
        return [*self.highest, self.gaps.highest, self.gaps.ranges, self.reached_us, self.gaps.given_up, self.gaps.before]

    def may_hold(self, key: Key) -> bool:
        """Whether its moment may have been there: not where it is the latest, or a later number of the latest that memory has."""
        return key[0] <= self.highest[0] and not (key > self.highest and self.highest in self.latest)

    def take(self, key: Key, value: float, received_us: int, *, consecutive: bool) -> None:
        if consecutive:
            self.gaps.take(key[1], later=key > self.highest)
        self.highest = max(self.highest, key)
        self.reached_us = min(key[0], received_us)
        self.latest[key] = value
        if len(self.latest) > LATEST_KEPT:
            del self.latest[next(iter(self.latest))]
