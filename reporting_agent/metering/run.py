"""A run of readings in which nothing is wrong: its segments are not laid out, only those are made that a moment falls into.

The same formulas as in `segments`, and the same sums to the last bit (see `fixed`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporting_agent.metering import fixed, kernel
from reporting_agent.metering.kernel import Scan
from reporting_agent.metering.segments import HOUR_US, Segments

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Run:
    """At least two readings in order of time; energy is known from the first to the last of them.

    Args:
        value: of an interval meter one less than stamps: the energy between stamps i and i + 1.
        factor: of a rate, energy of one unit in an hour.
        found: what the scan of these readings saw.
    """

    reading: str
    time_us: Integers
    value: Floats
    factor: float
    found: Scan

    def places(self, moment_us: Integers) -> Integers:
        """The reading at or before each moment, the first one for moments before it; moments before the last reading."""
        step_us = self.found.least_step_us
        at: Integers
        if step_us == self.found.most_step_us:
            at = (moment_us - self.time_us[0]) // step_us
        else:
            at = np.searchsorted(self.time_us, moment_us, side="right") - 1
        return np.maximum(at, 0)

    def loads(self) -> tuple[float, float]:
        """Lowest and highest power or flow in the meter's range unit: of a rate its values, else energy an hour."""
        found = self.found
        if self.reading == "rate":
            return found.lowest, found.highest
        if found.least_step_us == found.most_step_us:  # the same step for all: rounding keeps their order
            least, most = self._least_and_most()
            per_hour = HOUR_US / found.least_step_us
            return least * per_hour, most * per_hour
        return kernel.loads(self.time_us, np.diff(self.value) if self.reading == "register" else self.value)

    def _least_and_most(self) -> tuple[float, float]:
        if self.reading == "register":
            return self.found.least_move, self.found.most_move
        return float(self.value.min()), float(self.value.max())

    def segments(self, at: Integers) -> Segments:
        """Some of the segments: those that begin with the readings `at`."""
        start, end = self.time_us[at], self.time_us[at + 1]
        if self.reading == "interval":
            energy = self.value[at]
            return Segments(start, end, energy, np.zeros(len(energy)))
        before, after = self.value[at], self.value[at + 1]
        if self.reading == "register":
            return Segments(start, end, after - before, np.zeros(len(before)))
        return Segments.of_rate(start, end, before * self.factor, after * self.factor)

    def sums(self, at: Integers) -> tuple[Integers, Integers]:
        """Exact sums of the energy before each of the readings `at`, which rise, and of all: one more than `at`."""
        if self.reading == "rate":
            return kernel.rate_sums(self.time_us, self.value, self.factor, at)
        if self.reading == "interval":
            return kernel.sums(self.value, at)
        if not self._telescopes():
            return kernel.sums(np.diff(self.value), at)
        asked = self.value[np.append(at, len(self.value) - 1)]
        whole, rest = fixed.split(asked)
        first_whole, first_rest = fixed.split(self.value[:1])
        return whole - first_whole, rest - first_rest

    def _telescopes(self) -> bool:
        """Whether differences of this register are exact, so that their sum is the last value less the first.

        Values from 1 up are whole multiples of 2^-52, the last place that `fixed` holds, and the difference of two of which
        one is at most twice the other is exact (Sterbenz 1974).
        """
        return self.found.lowest >= 1 and self.found.most_move <= self.found.lowest
