"""Which blocks of readings may take the fast path: the one place where its conditions stand.

A block passes where no rule of `cleaning` could find anything in it. The screen may hold back too
much and never too little: what it holds back goes the careful path, which names, counts and
repairs, and comes to the same energies to the last bit where there was nothing after all. A new
rule of cleaning that looks at single readings or at neighbours needs its condition here.

| held back | because of |
|---|---|
| a value that is not finite, or beyond 2^42 | `clean`, `kernel.MOST` |
| a value that may be five nines or more | sentinels |
| a stamp not later than the one before | duplicates, late entries, clock jumps |
| a step longer than the label rule's longest gap, or than an interval meter's declared interval | gaps |
| a register that falls | spikes, resets, rollovers, changes of unit |
| of a rate, a value below its range, at its end or above | out of range, saturated |
| of a register or an interval, a load below the range, at its end or above | out of range, saturated |
| a moment from which on the meter is declared to have begun anew | no energy is taken across it |
| on a second pass: a time, a stamp or a value that the verdict names | all that only the whole record shows |

Runs of equal values and the highest load do not hold a block back: `watch` is told of them.
"""  # noqa: E501

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reporting_agent.all_nines import POWERS, nines_below
from reporting_agent.config import Meter
from reporting_agent.metering.cleaning import end_of_range
from reporting_agent.metering.kernel import CHUNK, Scan, scratch
from reporting_agent.metering.segments import HOUR_US, MICROSECONDS
from reporting_agent.metering.tally import NO_STAMPS, CleaningResult

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Screen:
    """The conditions of one meter on one pass over its record."""

    meter: Meter
    longest_gap_us: int
    verdict: CleaningResult | None
    resets_us: Integers = field(default_factory=lambda: NO_STAMPS)

    @property
    def _longest_step_us(self) -> int:
        interval_s = self.meter.interval_s if self.meter.reading == "interval" else None
        return (
            self.longest_gap_us
            if interval_s is None
            else min(self.longest_gap_us, round(interval_s * MICROSECONDS))
        )

    def passes(self, time_us: Integers, value: Floats, scan: Scan) -> bool:
        """Whether nothing is to be looked at in these readings, but for their load: see
        `load_passes`.
        """
        if not scan.sound or scan.least_step_us <= 0 or scan.most_step_us > self._longest_step_us:
            return False
        if self.meter.reading == "register" and scan.least_move < 0:
            return False
        if self.meter.reading == "rate" and not self.load_passes(scan.lowest, scan.highest):
            return False
        return (
            not self._begins_anew(time_us)
            and not self._nines(value, scan)
            and not self._judged(time_us, scan)
        )

    def load_passes(self, lowest: float, highest: float) -> bool:
        """Whether power or flow, of a register or an interval energy an hour, lies inside the
        range.
        """
        low = -np.inf if self.meter.range is None else self.meter.range[0]
        return low <= lowest and highest < end_of_range(self.meter)

    def _begins_anew(self, time_us: Integers) -> bool:
        return bool(((self.resets_us >= time_us[0]) & (self.resets_us <= time_us[-1])).any())

    def _nines(self, value: Floats, scan: Scan) -> bool:
        largest = max(-scan.lowest, scan.highest)
        smallest = max(scan.lowest, -scan.highest, 0.0)
        for power in POWERS:
            low, high = nines_below(power)
            if low <= largest and smallest <= high and near_power_of_ten(value, power):
                return True
        return False

    def _judged(self, time_us: Integers, scan: Scan) -> bool:
        verdict = self.verdict
        if verdict is None:
            return False
        first, last = int(time_us[0]), int(time_us[-1])
        return bool(
            (verdict.ceiling is not None and scan.highest >= verdict.ceiling)
            or any(
                ((spans.first_us <= last) & (spans.last_us >= first)).any()
                for spans in (verdict.unknown, verdict.caught_up)
            )
            or ((verdict.stamps_us >= first) & (verdict.stamps_us <= last)).any()
        )


def near_power_of_ten(value: Floats, power: float) -> bool:
    """Whether any size may be so many nines or more next to this power of ten: see
    `nines_below`.
    """
    low, high = nines_below(power)
    for first in range(0, len(value), CHUNK):
        part = value[first : first + CHUNK]
        size = np.abs(part, out=scratch.float_1[: len(part)])
        near = np.greater_equal(size, low, out=scratch.flags[: len(part)])
        near &= size <= high
        if near.any():
            return True
    return False


def load_at_most(reading: str, scan: Scan) -> float:
    """No load in these readings is higher, in the unit of the meter's range."""
    if reading == "rate":
        return scan.highest
    energy = scan.most_move if reading == "register" else max(scan.highest, 0.0)
    return energy * (HOUR_US / scan.least_step_us)
