"""Single readings far above everything the meter ever shows: spikes, and jumps of a register.

`Peaks` keeps the highest loads of the record with their readings; at the end, when the meter's own history is known,
`spikes` says which of them no load explains. A load that rises over one reading and falls over another, that is high for longer than a
few, or that comes back at the same height, is a way of running, however rare; a change of scale is found elsewhere (`against_batches`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from reporting_agent.metering.sample import Sample
from reporting_agent.rows import Rows

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOST_KEPT = 1024
FEWEST_LOADED = 48  # below this number of readings under load nothing can be called unusual
TIMES_HIGH = 1.5  # above the 99th percentile of the load; starting currents stay below in readings of a minute and more
DEVIATIONS = 12.0  # robust standard deviations above the median under load: for loads that swing widely
MAD_TO_SIGMA = 1.4826  # of a normal distribution
LONGEST, NEAR = 3, 12  # high readings among so many on either side; where there are more, it is a load
STEEP = 0.5  # of a peak that a reading next to it shows: then it was a load that rose and fell
BEYOND_ANY_LOAD = 4.0  # times the 99th percentile: no way of running, even if it comes back
FEWEST_ALIKE, ALIKE = 8, 0.1  # so many peaks within this share of their median height are a way of running


@dataclass(frozen=True, slots=True)
class Highest:
    """Readings of the highest loads; the load was drawn over (`before_us`, `time_us`]. `load` is least what the reading proves."""

    number: Integers
    before_us: Integers
    time_us: Integers
    load: Floats
    row: Integers
    file: Integers

    def __len__(self) -> int:
        return len(self.number)

    def at(self, chosen: Flags | Integers) -> Highest:
        return Highest(*(getattr(self, one.name)[chosen] for one in fields(self)))


NONE = Highest(*(np.zeros(0, dtype=kind) for kind in (np.int64, np.int64, np.int64, float, np.int64, np.int64)))


class Peaks:
    """Takes loads in order and keeps the highest."""

    def __init__(self) -> None:
        self._kept = NONE
        self.floor = 0.0  # a load must be above it to be kept

    def see(self, number: int, time_us: Integers, load: Floats, row: Rows, file: int) -> None:
        """The next loads; the first stamp only says since when the first load was drawn (one stamp more than loads)."""
        above = np.flatnonzero(load > self.floor)
        if not len(above):
            return
        found = Highest(number + above, time_us[above], time_us[above + 1], load[above], row[above], np.full(len(above), file))
        whole = Highest(*(np.concatenate((getattr(self._kept, one.name), getattr(found, one.name))) for one in fields(Highest)))
        if len(whole) > MOST_KEPT:
            whole = whole.at(np.sort(np.argsort(-whole.load, kind="stable")[:MOST_KEPT]))
            self.floor = float(whole.load.min())
        self._kept = whole

    def highest(self) -> Highest:
        return self._kept


def plausible_load(sample: Sample) -> float:
    """The most that the meter's own history makes plausible for a single reading; endless where there is too little of it."""
    load = sample.power[np.isfinite(sample.power) & (sample.power > 0)]
    if len(load) < FEWEST_LOADED:
        return float("inf")
    high = float(np.quantile(load, 0.99))
    loaded = load[load > high / 2]
    median = float(np.median(loaded))
    spread = MAD_TO_SIGMA * float(np.median(np.abs(loaded - median)))
    return max(TIMES_HIGH * high, median + DEVIATIONS * spread)


def least_loads(peaks: Highest, step_us: float) -> Highest:
    """The same with the energy spread over the usual step at least: two stamps that a clock set right drew together are no peak."""
    length = np.maximum(peaks.time_us - peaks.before_us, 1)
    return replace(peaks, load=peaks.load * np.minimum(length / max(step_us, 1.0), 1.0))


def spikes(peaks: Highest, limit: float) -> Flags:
    """Which of the highest loads are spikes."""
    above = peaks.load > limit
    if not above.any():
        return above
    high = peaks.number[above]
    around = np.searchsorted(high, peaks.number + NEAR, side="right") - np.searchsorted(high, peaks.number - NEAR)
    above &= (around <= LONGEST) & ~_beside_a_load(peaks)
    if not above.any():
        return above
    median = float(np.median(peaks.load[above]))
    alike = np.abs(peaks.load - median) <= ALIKE * median
    if int((above & alike).sum()) >= FEWEST_ALIKE and median < BEYOND_ANY_LOAD / TIMES_HIGH * limit:
        above &= ~alike
    return above


def _beside_a_load(peaks: Highest) -> Flags:
    """Whether the reading before or the one after shows much of it too; `peaks` hold what is nearly as high as a plausible load."""
    beside = np.zeros(len(peaks), dtype=bool)
    for away in (-1, 1):
        at = np.minimum(np.searchsorted(peaks.number, peaks.number + away), len(peaks) - 1)
        beside |= (peaks.number[at] == peaks.number + away) & (peaks.load[at] >= STEEP * peaks.load)
    return beside
