"""What a meter's whole record showed, and what is therefore to be left out when it is read again.

All times are the meter's own, before its clock is put right.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reporting_agent.metering.sample import EMPTY, Sample
from reporting_agent.metering.standing import NO_RUNS, Runs
from reporting_agent.metering.tally import Tally

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

NO_STAMPS = np.zeros(0, dtype=np.int64)
NO_PAIRS = np.zeros((0, 2), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Spans:
    """Stretches of time [first, last] in order, none overlapping another."""

    first_us: Integers = field(default_factory=lambda: NO_STAMPS)
    last_us: Integers = field(default_factory=lambda: NO_STAMPS)

    def __len__(self) -> int:
        return len(self.first_us)

    def hold(self, time_us: Integers) -> Flags:
        """Which moments lie in a span, its ends included."""
        if not len(self):
            return np.zeros(len(time_us), dtype=bool)
        at = np.searchsorted(self.first_us, time_us, side="right") - 1
        held: Flags = (at >= 0) & (time_us <= self.last_us[np.maximum(at, 0)])
        return held

    def between(self, time_us: Integers) -> Flags:
        """Which of the segments between these moments lie in a span."""
        if not len(self):
            return np.zeros(len(time_us) - 1, dtype=bool)
        at = np.searchsorted(self.first_us, time_us[:-1], side="right") - 1
        within: Flags = (at >= 0) & (time_us[1:] <= self.last_us[np.maximum(at, 0)])
        return within


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found, counted in `tally`, and what it means for the energy.

    Over `unknown` the meter told nothing. Over `caught_up` a register hung and then caught up: what it counted is known, not when. Readings
    at `stamps_us` are left out. From `ceiling` up values were cut off and say nothing. `runs` are the meter's standstills and
    `sample` some of its readings, for the batches to judge; `outside` how many loads the range made impossible, and their median;
    `turned_back` and `holes` the stamps before and after every step back in time and every gap.
    """

    tally: Tally
    unknown: Spans = Spans()
    caught_up: Spans = Spans()
    stamps_us: Integers = field(default_factory=lambda: NO_STAMPS)
    ceiling: float | None = None
    runs: Runs = NO_RUNS
    sample: Sample = EMPTY
    outside: tuple[int, float] = (0, 0.0)
    turned_back: Integers = field(default_factory=lambda: NO_PAIRS)
    holes: Integers = field(default_factory=lambda: NO_PAIRS)

    @property
    def leaves_out(self) -> bool:
        """Whether the meter must be read again."""
        return bool(len(self.unknown) or len(self.caught_up) or len(self.stamps_us) or self.ceiling is not None)
