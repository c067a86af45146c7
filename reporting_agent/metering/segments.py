"""Energy between any two moments, from segments over which the energy is known: one kernel for
every kind of meter.

A *segment* [start, end) carries its whole energy. Inside it, energy grows linearly for a register
and an interval meter, and as a parabola for a rate meter, whose power runs in a straight line from
reading to reading (trapezoid). With f the share of the segment that has passed,

    E(f) = energy * f + bend * f * (f - 1),        bend = (P_end - P_start) * duration / 2   (0
    unless a rate)

Nothing is known between segments: there E stands still and the seconds count as missing. Energy of
[a, b) is E(b) - E(a), read off the meter's `curve`. Times are int64 microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from reporting_agent.metering.readings import Columns

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

MICROSECONDS = 1_000_000
HOUR_US = 3600 * MICROSECONDS


@dataclass(frozen=True, slots=True)
class Segments(Columns):
    """Disjoint stretches of time in order, each with its energy (unit of the meter's register or of
    its rate times hours).
    """

    start_us: Integers
    end_us: Integers
    energy: Floats
    bend: Floats

    @classmethod
    def even(cls, start_us: Integers, end_us: Integers, energy: Floats) -> Segments:
        """Of a register or an interval meter, of which energy grows evenly."""
        return cls(start_us, end_us, energy, np.zeros(len(energy)))

    @classmethod
    def of_rate(
        cls, start_us: Integers, end_us: Integers, before: Floats, after: Floats
    ) -> Segments:
        """Straight lines from `before` to `after`; energy in rate x hours."""
        hours = (end_us - start_us) / HOUR_US
        return cls(start_us, end_us, under_line(before, after, hours), (after - before) / 2 * hours)


Amounts = TypeVar("Amounts", float, Floats)


def under_line(before: Amounts, after: Amounts, hours: Amounts) -> Amounts:
    """What a power or flow gives that goes in a straight line from one value to another: rate x
    hours.
    """
    return (before + after) / 2 * hours


def load_of(energy: Floats, length_us: Integers) -> Floats:
    """Mean energy an hour of stretches of time."""
    load: Floats = energy * (HOUR_US / np.maximum(length_us, 1))
    return load


def register_segments(time_us: Integers, value: Floats) -> Segments:
    """A counter: the difference of two readings is the energy between them."""
    return Segments.even(time_us[:-1], time_us[1:], np.diff(value))


def rate_segments(time_us: Integers, value: Floats) -> Segments:
    """Power or flow at the stamps, in a straight line between them; energy in rate x hours."""
    return Segments.of_rate(time_us[:-1], time_us[1:], value[:-1], value[1:])


def interval_segments(
    time_us: Integers, value: Floats, *, stamp: str, length_us: int | None
) -> Segments:
    """Energy of the interval that ends (or starts) at the stamp: since the stamp before, at most
    the declared length.
    """
    start, end = time_us[:-1], time_us[1:]
    if stamp == "end":
        energy = value[1:]
        if length_us is not None:
            start = np.maximum(start, end - length_us)
    else:
        energy = value[:-1]
        if length_us is not None:
            end = np.minimum(end, start + length_us)
    return Segments.even(start, end, energy)


def hold(
    start_us: Integers, end_us: Integers, moments_us: Integers, *, at_end: bool
) -> NDArray[np.bool_]:
    """Which stretches hold one of these moments, given in order, after their start and before their
    end, or `at_end` as well.
    """
    passed = np.searchsorted(moments_us, end_us, side="right" if at_end else "left")
    holding: NDArray[np.bool_] = passed > np.searchsorted(moments_us, start_us, side="right")
    return holding
