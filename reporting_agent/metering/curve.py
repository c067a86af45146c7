"""Known energy of one meter until each moment asked about, of any window as a difference, on a grid
of 2^-20 of the unit to which it is rounded where it is read off: what is split or put together adds
up to the last digit.

Where energy is unknown the curve stands still and the seconds do not count; what a register counted
across a long gap is kept at the gap's end (`unplaced`). Of a run of readings without fault only the
segments are made that a moment falls into.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmarks.measurements import DataFinding
from reporting_agent.metering import segments
from reporting_agent.metering.moments import Windows, distinct
from reporting_agent.metering.segments import (
    HOUR_US,
    MICROSECONDS,
    PARTS_OF_A_STEP,
    STEPS_PER_UNIT,
    Scan,
    Segments,
)

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

if TYPE_CHECKING:
    from reporting_agent.metering.own_window import OwnEnergy
    from reporting_agent.metering.record import MeterFacts
    from reporting_agent.metering.tally import CleaningResult


def split(energy: Floats) -> tuple[Integers, Integers]:
    """Whole steps (rounded down) and the rest in 2^-32 of a step; |energy| < `MOST`."""
    steps = energy * STEPS_PER_UNIT
    whole = np.floor(steps)
    return whole.astype(np.int64), np.rint((steps - whole) * PARTS_OF_A_STEP).astype(np.int64)


def rounded(whole: Integers, rest: Integers) -> Integers:
    """The nearest whole number of steps, halves upwards."""
    return whole + ((rest + (1 << 31)) >> 32)


def units(steps: Integers) -> Floats:
    """Whole steps in the meter's unit: exact below 2^53 steps, 8 billion units."""
    in_units: Floats = steps / STEPS_PER_UNIT
    return in_units


def until(segments: Segments, moment_us: Integers) -> tuple[Integers, Floats]:
    """Of each segment, the microseconds and the energy that have passed at its own moment (see
    `segments`); all of it after its end.
    """
    length = segments.end_us - segments.start_us
    passed = np.clip(moment_us - segments.start_us, 0, length)
    share = passed / length
    return passed, segments.energy * share + segments.bend * share * (share - 1)


@dataclass(frozen=True, slots=True)
class ReadingRun:
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
    scan: Scan

    def index_at(self, moment_us: Integers) -> Integers:
        """The reading at or before each moment, the first one for moments before it; moments before
        the last reading.
        """
        step_us = self.scan.least_step_us
        at: Integers
        if step_us == self.scan.most_step_us:
            at = (moment_us - self.time_us[0]) // step_us
        else:
            at = np.searchsorted(self.time_us, moment_us, side="right") - 1
        return np.maximum(at, 0)

    def loads(self) -> tuple[float, float]:
        """Lowest and highest power or flow in the meter's range unit: of a rate its values, else
        energy an hour.
        """
        scanned = self.scan
        if self.reading == "rate":
            return scanned.lowest, scanned.highest
        if (
            scanned.least_step_us == scanned.most_step_us
        ):  # the same step for all: rounding keeps their order
            least, most = self._least_and_most()
            per_hour = HOUR_US / scanned.least_step_us
            return least * per_hour, most * per_hour
        return segments.loads(
            self.time_us, np.diff(self.value) if self.reading == "register" else self.value
        )

    def _least_and_most(self) -> tuple[float, float]:
        if self.reading == "register":
            return self.scan.least_move, self.scan.most_move
        return float(self.value.min()), float(self.value.max())

    def segments(self, at: Integers) -> Segments:
        """Some of the segments: those that begin with the readings `at`."""
        start, end = self.time_us[at], self.time_us[at + 1]
        if self.reading == "rate":
            return Segments.of_rate(
                start, end, self.value[at] * self.factor, self.value[at + 1] * self.factor
            )
        return Segments.even(
            start,
            end,
            self.value[at] if self.reading == "interval" else self.value[at + 1] - self.value[at],
        )

    def sums(self, at: Integers) -> tuple[Integers, Integers]:
        """Exact sums of the energy before each of the readings `at`, which rise, and of all: one
        more than `at`.
        """
        if self.reading == "rate":
            return segments.rate_sums(self.time_us, self.value, self.factor, at)
        if self.reading == "interval":
            return segments.sums(self.value, at)
        if not self._telescopes():
            return segments.sums(np.diff(self.value), at)
        asked = self.value[np.append(at, len(self.value) - 1)]
        whole, rest = split(asked)
        first_whole, first_rest = split(self.value[:1])
        return whole - first_whole, rest - first_rest

    def _telescopes(self) -> bool:
        """Whether differences of this register are exact, so that their sum is the last value less
        the first.

        Values from 1 up are whole multiples of 2^-52, the last digit that `split` holds, and the
        difference of two of which one is at most twice the other is exact (Sterbenz 1974).
        """
        return self.scan.lowest >= 1 and self.scan.most_move <= self.scan.lowest


Edges = tuple[Integers, Integers, Integers, Integers]
"""From when, the edge, until when, and the curve's steps at the edge, of edges whose times do not
touch.
"""


class Curve:
    """Takes one meter's segments in order of time; holds nothing but the curve at its moments and
    at its present end.
    """

    def __init__(self, moments_us: Integers) -> None:
        self.moments_us = distinct(moments_us)
        self.steps = np.zeros(len(self.moments_us), dtype=np.int64)
        self.known_us = np.zeros(len(self.moments_us), dtype=np.int64)
        self.unplaced_steps = np.zeros(len(self.moments_us), dtype=np.int64)
        self._whole = self._rest = self._known_us = 0
        self._gaps: list[tuple[Integers, Integers]] = []
        self._reached = 0  # moments before this index are settled

    def add(self, segments: Segments) -> None:
        """Go on along these segments, which begin where those before ended or later."""
        if not len(segments):
            return
        moment = self._next_until(int(segments.end_us[-1]))
        at = np.maximum(np.searchsorted(segments.start_us, moment, side="right") - 1, 0)
        whole, rest = (_prefix(part) for part in split(segments.energy))
        known_us = _prefix(segments.end_us - segments.start_us)
        self._read_off(moment, whole[at], rest[at], known_us[at], segments.at(at))
        self._go_on(whole[-1], rest[-1], known_us[-1])

    def add_run(self, run: ReadingRun) -> None:
        """The same along a run of sound readings, whose segments are only made where a moment
        falls.
        """
        moment = self._next_until(int(run.time_us[-1]))
        at = run.index_at(moment)
        whole, rest = run.sums(at)
        self._read_off(
            moment, whole[:-1], rest[:-1], run.time_us[at] - run.time_us[0], run.segments(at)
        )
        self._go_on(whole[-1], rest[-1], run.time_us[-1] - run.time_us[0])

    def add_unplaced(self, end_us: Integers, energy: Floats) -> None:
        """What a register counted across gaps that end at these moments."""
        if len(end_us):
            self._gaps.append((end_us, rounded(*split(energy))))

    def finish(self) -> None:
        """Settle the moments after the last reading, and the gaps."""
        asked = slice(self._reached, None)
        self.steps[asked] = rounded(np.array([self._whole]), np.array([self._rest]))
        self.known_us[asked] = self._known_us
        self._reached = len(self.moments_us)
        if self._gaps:
            end_us, steps = (np.concatenate(parts) for parts in zip(*self._gaps, strict=True))
            order = np.argsort(end_us, kind="stable")
            self.unplaced_steps[:] = _prefix(steps[order])[
                np.searchsorted(end_us[order], self.moments_us, side="right")
            ]

    def unplaced(self, start_us: Integers, end_us: Integers) -> Floats:
        """Energy across gaps that ended in the window."""
        return units(
            self.unplaced_steps[self._at(end_us)] - self.unplaced_steps[self._at(start_us)]
        )

    def over(self, start_us: Integers, end_us: Integers) -> tuple[Floats, Floats]:
        """Known energy of windows between moments of this curve, exact on the grid, and the seconds
        of it.
        """
        start, end = self._at(start_us), self._at(end_us)
        known_s: Floats = (self.known_us[end] - self.known_us[start]) / MICROSECONDS
        return units(self.steps[end] - self.steps[start]), known_s

    def steps_at(self, moment_us: Integers) -> Integers:
        """The curve itself at its moments, in steps."""
        return self.steps[self._at(moment_us)]

    def is_known(self, start_us: Integers, end_us: Integers) -> NDArray[np.bool_]:
        """Whether every second of a window is known."""
        return np.asarray(
            self.known_us[self._at(end_us)] - self.known_us[self._at(start_us)] == end_us - start_us
        )

    def bent(self, edges: Iterable[Edges]) -> Curve:
        """The same but at these edges, and kept at the moments on either side of each between the
        edge and the ends of its reach.
        """
        other = copy.copy(self)
        other.steps = self.steps.copy()
        for low_us, at_us, high_us, steps in edges:
            low, at, high = (
                np.searchsorted(self.moments_us, moment_us)
                for moment_us in (low_us, at_us, high_us)
            )
            high = np.minimum(high, len(other.steps) - 1)
            first, last = other.steps[low], other.steps[high]
            put = np.clip(steps, np.minimum(first, last), np.maximum(first, last))
            _keep(other.steps, low + 1, at, first, put)
            _keep(other.steps, at + 1, high, put, last)
            other.steps[at] = put
        return other

    def _at(self, moment_us: Integers) -> Integers:
        at = np.searchsorted(self.moments_us, moment_us)
        if len(at) and not np.array_equal(
            self.moments_us[np.minimum(at, len(self.moments_us) - 1)], moment_us
        ):
            raise KeyError("a window does not begin and end at moments of the curve")
        return at

    def _next_until(self, end_us: int) -> Integers:
        """The moments before this one that are not settled yet."""
        return self.moments_us[
            self._reached : max(int(np.searchsorted(self.moments_us, end_us)), self._reached)
        ]

    def _read_off(
        self,
        moment: Integers,
        whole: Integers,
        rest: Integers,
        known_us: Integers,
        segments: Segments,
    ) -> None:
        """The curve at the next moments, from the sums before the segments they fall into."""
        if not len(moment):
            return
        asked = slice(self._reached, self._reached + len(moment))
        passed, inside = until(segments, moment)
        more_whole, more_rest = split(inside)
        self.steps[asked] = rounded(self._whole + whole + more_whole, self._rest + rest + more_rest)
        self.known_us[asked] = self._known_us + known_us + passed
        self._reached += len(moment)

    def _go_on(self, whole: np.int64, rest: np.int64, known_us: np.int64) -> None:
        rest_sum = self._rest + int(rest)
        self._whole += int(whole) + (rest_sum >> 32)
        self._rest = rest_sum & 0xFFFFFFFF
        self._known_us += int(known_us)


def _keep(
    steps: Integers, begin: Integers, end: Integers, first: Integers, other: Integers
) -> None:
    """Keep the steps from each of these indices until its end between two values."""
    count = np.maximum(end - begin, 0)
    index = np.repeat(begin - np.cumsum(count) + count, count) + np.arange(count.sum())
    least, most = (
        np.repeat(np.minimum(first, other), count),
        np.repeat(np.maximum(first, other), count),
    )
    steps[index] = np.clip(steps[index], least, most)


def _prefix(more: Integers) -> Integers:
    """Sums before each, and of all."""
    sums = np.zeros(len(more) + 1, dtype=np.int64)
    np.cumsum(more, out=sums[1:])
    return sums


@dataclass(frozen=True, slots=True)
class MeteredEnergy:
    """Energy of each window in the meter's unit (of a rate: times hours) and the share of its
    seconds that is known.
    """

    energy: NDArray[np.float64]
    completeness: NDArray[np.float64]
    findings: tuple[DataFinding, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """One meter's readings, all seen: its curve, what was found wrong with them, and what they show
    of the meter.
    """

    curve: Curve
    findings: tuple[DataFinding, ...]
    facts: MeterFacts
    verdict: CleaningResult | None = None  # what the whole record showed, in the meter's own time
    own: OwnEnergy | None = (
        None  # of the query's own windows; None where it has none, or no reading came
    )

    def over(self, windows: Windows) -> MeteredEnergy:
        """Energy and completeness of windows between moments of the curve."""
        length_s = (windows.end_us - windows.start_us) / 1e6
        energy, known_s = self.curve.over(windows.start_us, windows.end_us)
        return MeteredEnergy(energy, np.minimum(known_s / length_s, 1.0), self.findings)
