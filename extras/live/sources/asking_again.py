"""When missing readings are asked for again: after pauses that grow, and a stated number of times.

The first request waits some seconds, for most of what a number skips is on its way: a broker
delivers several senders, or one after a pause, out of order. Where something of a range arrives,
its count begins anew; a range of which nothing came after the last request is given up, so that a
message that cannot be read, or is lost for good, keeps no report waiting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

WAITS_S = 5.0  # for what is only late
FIRST_S = 10.0
MOST_REQUESTS = 8  # the pauses between them and after the last come to 42 minutes
RANGES_AT_ONCE = 100  # of a meter

Range = tuple[int, int]
"""Numbers of a meter, both ends included."""


@dataclass(slots=True)
class Pauses:
    """Tries of one thing, each pause twice as long as the one before."""

    first_s: float
    longest_s: float = float("inf")
    tried: int = 0
    next_s: float = float("-inf")

    def is_due(self, now_s: float) -> bool:
        return now_s >= self.next_s

    def try_at(self, now_s: float) -> None:
        self.next_s = now_s + min(self.first_s * 2.0**self.tried, self.longest_s)
        self.tried += 1


class DueMeters(NamedTuple):
    """By meter: what to ask for now, and what was asked for often enough."""

    ask: Mapping[str, Sequence[Range]]
    give_up: Mapping[str, Sequence[Range]]


class RepeatedQuestions:
    """What was asked for; by a clock that does not go back."""

    def __init__(
        self, first_s: float = FIRST_S, most: int = MOST_REQUESTS, waits_s: float = WAITS_S
    ) -> None:
        self._first_s, self.most, self._waits_s = first_s, most, waits_s
        self._pauses: dict[str, dict[Range, Pauses]] = {}

    def due(self, missing: Mapping[str, Sequence[Range]], now_s: float) -> DueMeters:
        """Of what is missing now."""
        ask: dict[str, list[Range]] = {}
        give_up: dict[str, list[Range]] = {}
        self._pauses = {
            meter: self._of_meter(meter, ranges[:RANGES_AT_ONCE], now_s)
            for meter, ranges in missing.items()
        }
        for meter, pauses in self._pauses.items():
            for gap, pause in pauses.items():
                if pause.is_due(now_s):
                    (ask if pause.tried < self.most else give_up).setdefault(meter, []).append(gap)
        return DueMeters(ask, give_up)

    def asked(self, ranges: Mapping[str, Sequence[Range]], now_s: float) -> None:
        """These were asked for now."""
        for meter, gaps in ranges.items():
            for gap in gaps:
                self._pauses[meter][gap].try_at(now_s)

    def _of_meter(self, meter: str, ranges: Sequence[Range], now_s: float) -> dict[Range, Pauses]:
        before = self._pauses.get(meter, {})
        return {gap: before.get(gap) or self._rest_of(gap, before, now_s) for gap in ranges}

    def _rest_of(self, gap: Range, before: Mapping[Range, Pauses], now_s: float) -> Pauses:
        """A new range once what is late had its time; what is left of one of which something came
        a first pause later at most.
        """
        for (first, last), pauses in before.items():
            if first <= gap[0] and gap[1] <= last:
                return Pauses(self._first_s, next_s=min(pauses.next_s, now_s + self._first_s))
        return Pauses(self._first_s, next_s=now_s + self._waits_s)


def in_all(given_up: Sequence[Mapping[str, Sequence[Range]]]) -> dict[str, list[Range]]:
    """By meter, the ranges that stand in every one of these."""
    first, *others = given_up
    shared = {
        meter: [gap for gap in gaps if all(gap in other.get(meter, ()) for other in others)]
        for meter, gaps in first.items()
    }
    return {meter: gaps for meter, gaps in shared.items() if gaps}
