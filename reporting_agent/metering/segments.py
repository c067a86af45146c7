"""Energy between any two moments, from segments over which the energy is known: one kernel for every kind of meter.

A *segment* [start, end) carries its whole energy. Inside it, energy grows linearly for a register and an interval
meter, and as a parabola for a rate meter, whose power runs in a straight line from reading to reading (trapezoid).
With f the share of the segment that has passed,

    E(f) = energy * f + bend * f * (f - 1),        bend = (P_end - P_start) * duration / 2   (0 unless a rate)

Nothing is known between segments: there E stands still and the seconds count as missing. Energy of [a, b) is E(b) - E(a)
over prefix sums, found by bisection: O(readings + batches log readings), no loop.

Times are int64 microseconds; the prefix sums start anew with every block of readings, so that they keep their digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

MICROSECONDS = 1_000_000
HOUR_US = 3600 * MICROSECONDS


@dataclass(frozen=True, slots=True)
class Segments:
    """Disjoint stretches of time in order, each with its energy (unit of the meter's register or of its rate times hours)."""

    start_us: Integers
    end_us: Integers
    energy: Floats
    bend: Floats

    def __len__(self) -> int:
        return len(self.start_us)

    def where(self, keep: NDArray[np.bool_]) -> Segments:
        return self if keep.all() else Segments(self.start_us[keep], self.end_us[keep], self.energy[keep], self.bend[keep])


def register_segments(time_us: Integers, value: Floats) -> Segments:
    """A counter: the difference of two readings is the energy between them."""
    return Segments(time_us[:-1], time_us[1:], np.diff(value), np.zeros(max(len(value) - 1, 0)))


def rate_segments(time_us: Integers, value: Floats) -> Segments:
    """Power or flow at the stamps, in a straight line between them; energy in rate x hours."""
    hours = np.diff(time_us) / HOUR_US
    before, after = value[:-1], value[1:]
    return Segments(time_us[:-1], time_us[1:], (before + after) / 2 * hours, (after - before) / 2 * hours)


def interval_segments(time_us: Integers, value: Floats, *, stamp: str, length_us: int | None) -> Segments:
    """Energy of the interval that ends (or starts) at the stamp: since the stamp before, at most the declared length."""
    start, end = time_us[:-1], time_us[1:]
    if stamp == "end":
        energy = value[1:]
        if length_us is not None:
            start = np.maximum(start, end - length_us)
    else:
        energy = value[:-1]
        if length_us is not None:
            end = np.minimum(end, start + length_us)
    return Segments(start, end, energy, np.zeros(len(energy)))


def energy_between(segments: Segments, start_us: Integers, end_us: Integers) -> tuple[Floats, Floats]:
    """Energy and known seconds of each half-open window [start, end)."""
    if not len(segments):
        return np.zeros(len(start_us)), np.zeros(len(start_us))
    before = np.concatenate(([0.0], np.cumsum(segments.energy)))
    known_before = np.concatenate(([0], np.cumsum(segments.end_us - segments.start_us)))
    energy_a, known_a = _until(segments, before, known_before, start_us)
    energy_b, known_b = _until(segments, before, known_before, end_us)
    return energy_b - energy_a, (known_b - known_a) / MICROSECONDS


def _until(segments: Segments, before: Floats, known_before: Integers, moment_us: Integers) -> tuple[Floats, Integers]:
    """Energy and known microseconds from the first segment's start until each moment."""
    at = np.maximum(np.searchsorted(segments.start_us, moment_us, side="right") - 1, 0)
    length = segments.end_us[at] - segments.start_us[at]
    passed = np.clip(moment_us - segments.start_us[at], 0, length)
    share = passed / length
    inside = segments.energy[at] * share + segments.bend[at] * share * (share - 1)
    return before[at] + inside, known_before[at] + passed
