"""Zeros of a meter that is never at zero: what a logger writes where no value came, or an outage.

A plant with a base load (lamps, fans, transformers) draws something at any hour. Where its meter shows 0 for a reading or
two, among hundreds of thousands that are well above, nothing was measured, or the supply failed. That other meters show zeros then
tells neither: a gateway fails for all of its meters at once. A standstill that lasts is no drop-out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reporting_agent.metering.sample import Sample
from reporting_agent.rows import Rows

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOST_KEPT = 256  # zeros; a meter with more is at rest from time to time
FEWEST_READINGS = 500  # below this number nobody can say "never"
MOST_SHARE = 1e-3  # of the readings
BASE, LOW = 0.1, 0.01  # of the median: what the lowest hundredth of the readings must reach for a base load
LONGEST = 2  # readings in a row


class Zeros:
    """Takes readings in order and keeps the zeros, until there are too many to be drop-outs."""

    def __init__(self) -> None:
        self.kept: list[Integers] = []
        self.count = 0

    def see(self, number: int, time_us: Integers, value: Floats, row: Rows, file: int) -> None:
        """The next readings, of which the first has this number in the record."""
        if self.count > MOST_KEPT:
            return
        at = np.flatnonzero(value == 0)
        if len(at):
            self.count += len(at)
            self.kept.append(np.column_stack((number + at, time_us[at], row[at], np.full(len(at), file)))[: MOST_KEPT + 1])

    def dropped(self, sample: Sample, readings: int) -> Integers:
        """Stamp, row and file of each zero that is a drop-out."""
        none = np.zeros((0, 3), dtype=np.int64)
        value = sample.value[np.isfinite(sample.value) & (sample.value != 0)]
        if not 0 < self.count <= min(MOST_KEPT, MOST_SHARE * readings) or readings < FEWEST_READINGS or not len(value):
            return none
        if value.min() < 0 or np.quantile(value, LOW) < BASE * np.median(value):
            return none
        zeros = np.concatenate(self.kept)
        group = np.cumsum(np.concatenate(([1], np.diff(zeros[:, 0]) != 1)))
        short: Flags = np.bincount(group)[group] <= LONGEST
        return zeros[short, 1:]
