"""What the spool knows of one meter without reading its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reporting_agent.live.spool.gaps import Gaps
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
    def from_json(cls, stored: Mapping[str, Any]) -> MeterState:
        missing = [(first, last) for first, last in stored["missing"]]
        given_up = [(first, last, at_us) for first, last, at_us in stored["given_up"]]
        gaps = Gaps(stored["number"], missing, given_up, stored["number_before"])
        return cls((stored["time_us"], stored["sequence"]), {}, gaps, stored["reached_us"])

    def to_json(self) -> dict[str, Any]:
        """What outlives the segments that it was learned from."""
        time_us, sequence = self.highest
        return {
            "time_us": time_us,
            "sequence": sequence,
            "reached_us": self.reached_us,
            "number": self.gaps.highest,
            "number_before": self.gaps.before,
            "missing": self.gaps.ranges,
            "given_up": self.gaps.given_up,
        }

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
