"""What the spool knows of one meter without reading its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from extras.live.spool.gaps import Gaps
from extras.live.spool.reading import AHEAD_US, NO_SEQUENCE

LATEST_KEPT = 256  # keys of a meter that are remembered

Key = tuple[int, int]
"""Source time in UTC microseconds, source's number."""
NEVER: Key = (-(1 << 62), NO_SEQUENCE)


@dataclass(slots=True)
class MeterState:
    """What is known of one meter: every key on disk is at or below the highest, or was stamped more
    than a day ahead of its receipt.

    Such a stamp says nothing of the meter's time, and would make all that comes after it late:
    these keys lie between `ahead_from_us` and `ahead`. `reached_us` is the time of the reading that
    arrived last, by its source's clock or by ours, whichever is earlier: what came after it is
    after that, also where the source's clock was set back.
    """

    highest: Key = NEVER
    latest: dict[Key, float] = field(default_factory=dict)
    gaps: Gaps = field(default_factory=Gaps)
    reached_us: int = NEVER[0]
    ahead: Key = NEVER
    ahead_from_us: int = NEVER[0]

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> MeterState:
        missing = [(first, last) for first, last in stored["missing"]]
        given_up = [(first, last, at_us) for first, last, at_us in stored["given_up"]]
        gaps = Gaps(stored["number"], missing, given_up, stored["number_before"])
        from_us, *ahead = stored.get("ahead", (NEVER[0], *NEVER))
        return cls(
            (stored["time_us"], stored["sequence"]),
            {},
            gaps,
            stored["reached_us"],
            (ahead[0], ahead[1]),
            from_us,
        )

    def to_json(self) -> dict[str, Any]:
        """What outlives the segments that it was learned from."""
        time_us, sequence = self.highest
        return {
            "time_us": time_us,
            "sequence": sequence,
            "reached_us": self.reached_us,
            "ahead": (self.ahead_from_us, *self.ahead),
            "number": self.gaps.highest,
            "number_before": self.gaps.before,
            "missing": self.gaps.ranges,
            "given_up": self.gaps.given_up,
        }

    def may_hold(self, key: Key) -> bool:
        """Whether its moment may have been there: not where it is the latest, or a later number of
        the latest that memory has.
        """
        return self._is_up_to(key, self.highest) or (
            key[0] >= self.ahead_from_us and self._is_up_to(key, self.ahead)
        )

    def counting(self, time_us: int) -> tuple[int, float] | None:
        """Number and value of its latest reading, or of the one furthest ahead, where that is of
        this moment.
        """
        return next(
            (
                (key[1], self.latest[key])
                for key in (self.highest, self.ahead)
                if key[0] == time_us and key in self.latest
            ),
            None,
        )

    def take(self, key: Key, value: float, received_us: int, *, consecutive: bool) -> None:
        is_ahead = received_us > 0 and key[0] > received_us + AHEAD_US
        if consecutive:
            self.gaps.take(key[1], later=key > (self.ahead if is_ahead else self.highest))
        if is_ahead:
            self.ahead_from_us = (
                min(self.ahead_from_us, key[0]) if self.ahead > self.highest else key[0]
            )
            self.ahead = max(self.ahead, key)
        else:
            self.highest = max(self.highest, key)
        self.reached_us = min(key[0], received_us)
        self.latest[key] = value
        if len(self.latest) > LATEST_KEPT:
            del self.latest[next(iter(self.latest))]

    def _is_up_to(self, key: Key, last: Key) -> bool:
        return key[0] <= last[0] and not (key > last and last in self.latest)
