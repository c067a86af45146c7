"""What the readings of one meter show of the meter itself, gathered block by block: see `record.MeterFacts`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config import Meter
from reporting_agent.metering.cleaning import AT_RANGE
from reporting_agent.metering.record import MeterFacts
from reporting_agent.metering.run import Run
from reporting_agent.metering.segments import HOUR_US, MICROSECONDS, Segments

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_COUNTED_STEP_S = 7200  # steps up to here are counted in a table, longer ones one by one


class Seen:
    """Takes settled readings in order of time; each block begins with the reading that ended the one before."""

    def __init__(self, meter: Meter) -> None:
        self._rate = meter.reading == "rate"
        low, high = meter.range or (-np.inf, np.inf)
        self._end = np.inf if meter.range is None else high - AT_RANGE * (high - low)
        self.readings = 0
        self.first_us: int | None = None
        self.last_us: int | None = None
        self.highest = -np.inf
        self.lowest = np.inf
        self.quantum = np.inf
        self.steps_s: dict[int, int] = {}
        self.at_range_us = 0

    def add(self, time_us: Integers, value: Floats, made: Segments) -> None:
        """The readings as cleaned, and what lies between them; the first stood in the call before, but for the very first call."""
        self._count(time_us)
        self._count_steps(time_us)
        moved = np.abs(np.diff(value))
        moved = moved[moved > 0]  # NaN, an interval that is not known, is no step either
        self.quantum = min(self.quantum, float(moved.min(initial=np.inf)))
        if self._rate:
            self._loads(float(value.min()), float(value.max()))
            top = value >= self._end
            at_end = top[:-1] & top[1:]
        else:
            at_end = made.energy * (HOUR_US / np.maximum(made.end_us - made.start_us, 1)) >= self._end
        self.at_range_us += int((made.end_us - made.start_us)[at_end].sum())

    def add_segments(self, kept: Segments) -> None:
        """Those of them over which energy is known."""
        if not self._rate and len(kept):
            load = kept.energy * (HOUR_US / (kept.end_us - kept.start_us))
            self._loads(float(load.min()), float(load.max()))

    def add_run(self, run: Run, lowest_load: float, highest_load: float) -> None:
        """Sound readings; none of them at the end of the range."""
        self._count(run.time_us)
        self.quantum = min(self.quantum, run.found.quantum)
        self._loads(lowest_load, highest_load)
        if run.found.least_step_us // MICROSECONDS == run.found.most_step_us // MICROSECONDS:
            self._add_steps(run.found.least_step_us // MICROSECONDS, len(run.time_us) - 1)
        else:
            self._count_steps(run.time_us)

    def _count(self, time_us: Integers) -> None:
        if self.first_us is None:
            self.first_us, self.readings = int(time_us[0]), 1
        self.readings += len(time_us) - 1
        self.last_us = int(time_us[-1])

    def _loads(self, lowest: float, highest: float) -> None:
        self.lowest, self.highest = min(self.lowest, lowest), max(self.highest, highest)

    def _add_steps(self, step_s: int, count: int) -> None:
        self.steps_s[step_s] = self.steps_s.get(step_s, 0) + count

    def _count_steps(self, time_us: Integers) -> None:
        steps_s = np.diff(time_us) // MICROSECONDS
        short = steps_s[steps_s < _COUNTED_STEP_S]
        table = np.bincount(short)
        for step_s in np.flatnonzero(table).tolist():
            self._add_steps(step_s, int(table[step_s]))
        if len(short) < len(steps_s):
            for step_s in steps_s[steps_s >= _COUNTED_STEP_S].tolist():
                self._add_steps(step_s, 1)

    def facts(self) -> MeterFacts:
        """All that was seen."""
        usual = max(self.steps_s, key=lambda step: (self.steps_s[step], -step), default=None)
        whole_us = 0 if self.first_us is None or self.last_us is None else self.last_us - self.first_us
        return MeterFacts(
            readings=self.readings,
            first_us=self.first_us,
            last_us=self.last_us,
            highest=_finite(self.highest),
            lowest=_finite(self.lowest),
            quantum=None if not np.isfinite(self.quantum) else float(f"{self.quantum:.6g}"),  # 0.30000000000001 is 0.3
            usual_step_s=None if usual is None else float(usual),
            at_range_share=self.at_range_us / whole_us if whole_us else 0.0,
        )


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
