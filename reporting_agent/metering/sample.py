"""A meter's own history: a few thousand of its readings, evenly spread, whatever the length of the record.

Every `stride`-th reading by its number in the record is kept; once more than `MOST` stand there, every second is dropped
and the stride doubles. So the sample depends on the readings alone, not on the blocks they came in, and costs next to
nothing: rules that ask what is usual for this meter (`spikes`, `standing`, `ceiling`, `grain`) ask it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST = 4096  # quantiles to a percent, the finest digit to a few weeks of a year; 200 kB a meter


@dataclass(frozen=True, slots=True)
class Sample:
    """Sampled readings in order of time.

    `number` counts readings from 0, `step_us` is the time since the reading before (0 of the first), `power` the load that the
    reading tells: its value for a rate, else energy an hour since the reading before (NaN where that has no meaning).
    `file` is an index into the files the meter was read from.
    """

    number: Integers
    time_us: Integers
    value: Floats
    step_us: Integers
    power: Floats
    row: Integers
    file: Integers

    def __len__(self) -> int:
        return len(self.number)

    def at(self, chosen: NDArray[np.bool_] | slice) -> Sample:
        return Sample(*(getattr(self, one.name)[chosen] for one in fields(self)))


def joined(parts: Sequence[Sample]) -> Sample:
    return Sample(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Sample)))


EMPTY = Sample(*(np.zeros(0, dtype=kind) for kind in (np.int64, np.int64, float, np.int64, float, np.int64, np.int64)))


class Sampler:
    """Takes readings in order and keeps the sample."""

    def __init__(self) -> None:
        self.stride = 1
        self.seen = 0
        self._parts: list[Sample] = []

    def chosen(self, count: int) -> slice:
        """Which of the next `count` readings belong to the sample: at the stride that they will leave it at."""
        before = self.stride
        while -(-(self.seen + count) // self.stride) > MOST:
            self.stride *= 2
        if self.stride > before and self._parts:
            whole = joined(self._parts)
            self._parts = [whole.at(whole.number % self.stride == 0)]
        return slice(-self.seen % self.stride, count, self.stride)

    def add(self, part: Sample, count: int) -> None:
        """Keep these of the next `count` readings, which `chosen` chose."""
        self.seen += count
        if len(part):
            self._parts.append(part)

    def sample(self) -> Sample:
        return joined(self._parts) if self._parts else EMPTY
