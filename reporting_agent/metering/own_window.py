"""A batch's energy from the readings inside its own window, and from nothing else: how energy is
metered for release (`benchmarks.privacy.stability`).

A reading belongs to the window of its stamp: [start, end), of an interval stamped at its end
(start, end]. Left out: blank, all nines, outside the range, a stamp twice, a register value off the
line of its two neighbours. Unknown: a fall that is no declared rollover, a declared reset, more
than the longest gap, outside the range. From an edge the nearest known stretch goes on, for at most
that gap. Sums are exact on the grid of 2^-20, whatever blocks the readings come in.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reporting_agent.all_nines import all_nines
from reporting_agent.config import Meter
from reporting_agent.metering import cleaning
from reporting_agent.metering.cleaning import (
    enclosed,
    loads_beyond,
    out_of_range,
    saturated,
    spikes,
    stamped_again,
)
from reporting_agent.metering.declared import put_right
from reporting_agent.metering.moments import Windows
from reporting_agent.metering.segments import (
    HOUR_US,
    MOST,
    STEPS_PER_UNIT,
    Columns,
    Readings,
    hold,
    rate_segments,
    register_segments,
)
from reporting_agent.metering.tally import NO_STAMPS, Tally

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class OwnEnergy:
    """Of each window, the energy in the meter's unit over time, and the share of its seconds that
    is known.
    """

    energy: Floats
    completeness: Floats


@dataclass(frozen=True, slots=True)
class _Own(Columns):
    """Readings with the window each belongs to, ordered by window and stamp."""

    window: Integers
    time_us: Integers
    value: Floats


@dataclass(slots=True)
class OwnWindows:
    """Takes one meter's readings in the order of the file and meters windows that do not overlap,
    each by itself.

    Args:
        windows: in order of start; where two overlap a reading belongs to the one that began last.
        longest_gap_s: the pack's.
        factor: of a rate, what one unit of it gives in an hour.
        resets_us: when the meter is declared to have begun anew, in order and by its own clock.
    """

    meter: Meter
    windows: Windows
    longest_gap_s: float
    factor: float = 1.0
    resets_us: Integers = field(default_factory=lambda: NO_STAMPS)
    late: set[int] = field(
        default_factory=set
    )  # windows of which readings came after they were metered: to be taken again
    _steps: Integers = field(init=False)
    _known_us: Integers = field(init=False)
    _resets_us: Integers = field(init=False)
    _gap_us: int = field(init=False)
    _waiting: list[_Own] = field(default_factory=list)
    _done: int = 0  # windows before this one have been metered

    def __post_init__(self) -> None:
        self._steps = np.zeros(len(self.windows.start_us), dtype=np.int64)
        self._known_us = np.zeros(len(self.windows.start_us), dtype=np.int64)
        self._resets_us = put_right(self.resets_us, self.meter)
        self._gap_us = round(self.longest_gap_s * 1e6)

    def take(self, readings: Readings) -> None:
        """The next readings. Windows are metered once a later one is reached, so that little is
        held.
        """
        own = self._inside(readings)
        if not len(own.window):
            return
        past = own.window < self._done
        if past.any():
            self.late.update(np.unique(own.window[past]).tolist())
            own = own.at(~past)
        if len(own.window):
            self._waiting.append(own)
            reached = int(own.window.max())
            if reached > self._done:
                self._settle(reached)

    def take_again(self, readings: Readings) -> None:
        """On a second pass: the readings of windows that are late."""
        own = self._inside(readings)
        self._waiting.append(own.at(np.isin(own.window, list(self.late))))

    def close(self) -> None:
        """After the last reading of the first pass; `late` are to be taken again, and closed once
        more.
        """
        if self._waiting:
            self._settle(len(self.windows.start_us))
        self._done = len(self.windows.start_us)

    def energies(self) -> OwnEnergy:
        """After everything was taken."""
        length_us = np.maximum(self.windows.end_us - self.windows.start_us, 1)
        return OwnEnergy(self._steps / STEPS_PER_UNIT, np.minimum(self._known_us / length_us, 1.0))

    def _inside(self, readings: Readings) -> _Own:
        time_us = put_right(readings.time_us, self.meter)
        at_us = (
            time_us - 1
            if self.meter.reading == "interval" and self.meter.stamp == "end"
            else time_us
        )
        start_us, end_us = self.windows.start_us, self.windows.end_us
        window = np.searchsorted(start_us, at_us, side="right") - 1
        inside = (
            (window >= 0) & (at_us < end_us[np.maximum(window, 0)])
            if len(start_us)
            else np.zeros(len(at_us), dtype=bool)
        )
        return _Own(window[inside], time_us[inside], readings.value[inside])

    def _settle(self, until: int) -> None:
        """Meter the windows before `until`, and hold the others' readings."""
        own = self._waiting[0].then(*self._waiting[1:])
        now = own.window < until
        rest = own.at(~now)
        self._waiting = [rest] if len(rest.window) else []
        self._done = max(self._done, until)
        own = own.at(now)
        if not len(own.window):
            return
        key_rises = (np.diff(own.window) > 0) | (
            (np.diff(own.window) == 0) & (np.diff(own.time_us) >= 0)
        )
        if not key_rises.all():
            own = own.at(
                np.lexsort((own.time_us, own.window))
            )  # stable: of one stamp the first in the file stays first
        chosen = np.unique(own.window)
        self._steps[chosen], self._known_us[chosen] = 0, 0
        for every, energies, lengths_us in self._pieces(own):
            sound = np.abs(energies) < MOST  # more is nonsense, and no integer would hold it
            window, energy, known_us = every[sound], energies[sound], lengths_us[sound]
            np.add.at(self._steps, window, np.rint(energy * STEPS_PER_UNIT).astype(np.int64))
            np.add.at(self._known_us, window, known_us)

    def _pieces(self, own: _Own) -> list[tuple[Integers, Floats, Integers]]:
        """Window, energy and known microseconds of every stretch that is known."""
        interval = self.meter.reading == "interval"
        blank = ~np.isfinite(own.value)
        nines = all_nines(np.where(blank, 0.0, own.value))
        if self.meter.reading == "register":
            nines &= ~enclosed(own.value, nines | blank, own.window)
        bad = blank | nines
        own = (
            _Own(own.window, own.time_us, np.where(bad, np.nan, own.value))
            if interval
            else own.at(~bad)
        )
        if self.meter.reading == "rate" and self.meter.range is not None:
            own = own.at(~out_of_range(own.value, self.meter))
        own = own.at(~stamped_again(own.time_us))  # what has one stamp lies in one window
        spike = spikes(own.time_us, own.value, self.meter)
        spike[1:-1] &= own.window[:-2] == own.window[2:]
        own = own.at(~spike)
        if not len(own.window):
            return []
        return self._of_intervals(own) if interval else self._of_points(own)

    def _of_points(self, own: _Own) -> list[tuple[Integers, Floats, Integers]]:
        """Of a register or a rate: from reading to reading, and on to the edges."""
        register = self.meter.reading == "register"
        pieces = (
            register_segments(own.time_us, own.value)
            if register
            else rate_segments(own.time_us, own.value * self.factor, holds=self.meter.holds)
        )
        points = Readings(own.time_us, own.value, np.zeros(len(own), np.int64))
        pieces, keep = cleaning.known_segments(
            pieces,
            points,
            self.meter,
            self._gap_us,
            "",
            Tally(self.meter.id),
            resets_us=self._resets_us,
        )
        same = own.window[:-1] == own.window[1:]
        keep &= same
        length_us, energy = pieces.end_us - pieces.start_us, pieces.energy
        first, last = np.append(True, ~same), np.append(~same, True)
        if register:
            slope = np.where(keep, energy / (length_us / HOUR_US), np.nan)
            head, tail = (
                np.append(slope, np.nan)[first],
                np.append(np.nan, slope)[last],
            )  # a lone reading tells no energy
        else:
            # the factor after the mean: what a plant committed to is compared to the last bit
            # (`benchmarks.audit.records`)
            energy = (own.value[:-1] + own.value[1:]) / 2 * self.factor * (length_us / HOUR_US)
            level = np.where(saturated(own.value, self.meter), np.nan, own.value) * self.factor
            head, tail = level[first], level[last]
        return [
            (own.window[:-1][keep], energy[keep], length_us[keep]),
            self._edge(
                own.window[first],
                head,
                self.windows.start_us[own.window[first]],
                own.time_us[first],
                at_end=True,
            ),
            self._edge(
                own.window[last], tail, own.time_us[last], self.windows.end_us[own.window[last]]
            ),
        ]

    def _of_intervals(self, own: _Own) -> list[tuple[Integers, Floats, Integers]]:
        """Of energies an interval: each over its own length, cut at the window's edges.

        As by `segments.interval_segments` and `cleaning.known_segments` (a test holds them
        together), but that at the window's edge a reading is as long as its neighbour, and that its
        load is taken over all of a declared interval, also where the next stamp comes sooner.
        """
        ends = self.meter.stamp == "end"
        spacing_us = np.diff(own.time_us)
        same = own.window[:-1] == own.window[1:]
        beside = np.where(same, spacing_us, 0)
        earlier, later = np.concatenate(([0], beside)), np.concatenate((beside, [0]))
        near, far = (earlier, later) if ends else (later, earlier)
        declared = self.meter.interval_s
        full_us = whole_us = np.where(near > 0, near, far)  # at the edge: as long as its neighbour
        if declared is not None:
            full_us = np.full(len(near), round(declared * 1e6))
            whole_us = np.where(near > 0, np.minimum(near, full_us), full_us)
        start, end = (
            (own.time_us - whole_us, own.time_us) if ends else (own.time_us, own.time_us + whole_us)
        )
        inside_us = np.minimum(end, self.windows.end_us[own.window]) - np.maximum(
            start, self.windows.start_us[own.window]
        )
        usable = (
            (whole_us > 0) & (whole_us <= self._gap_us) & np.isfinite(own.value) & (inside_us > 0)
        )
        usable &= ~hold(start, end, self._resets_us, at_end=False)
        outside, at_end = loads_beyond(np.where(usable, own.value, 0.0), full_us, self.meter)
        usable &= ~(outside | at_end)
        share = np.divide(inside_us, whole_us, out=np.zeros(len(whole_us)), where=usable)
        pieces = [(own.window[usable], (own.value * share)[usable], inside_us[usable])]
        slope = np.full(len(own.window), np.nan)
        slope[usable] = own.value[usable] / (whole_us[usable] / HOUR_US)
        edge = np.append(~same, True) if ends else np.append(True, ~same)
        window, time_us = own.window[edge], own.time_us[edge]
        start_us, end_us = (
            (time_us, self.windows.end_us[window])
            if ends
            else (self.windows.start_us[window], time_us)
        )
        return [*pieces, self._edge(window, slope[edge], start_us, end_us)]

    def _edge(
        self,
        window: Integers,
        slope: Floats,
        start_us: Integers,
        end_us: Integers,
        *,
        at_end: bool = False,
    ) -> tuple[Integers, Floats, Integers]:
        length_us = end_us - start_us
        usable = np.isfinite(slope) & (length_us > 0) & (length_us <= self._gap_us)
        usable &= ~hold(start_us, end_us, self._resets_us, at_end=at_end)
        return window[usable], slope[usable] * (length_us[usable] / HOUR_US), length_us[usable]
