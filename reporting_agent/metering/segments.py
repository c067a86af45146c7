"""Readings of one meter, energy between any two moments from segments over which it is known, and
the inner loops over a block, which sum it exactly.

Sums are carried in two integers, whole steps of 2^-20 of the meter's unit and 2^-32 of a step, and
rounded once where they are read off: blocks may be cut anywhere and cores may share the work.

A *segment* [start, end) carries its whole energy. Inside it, energy grows linearly for a register
and an interval meter, and as a parabola for a rate meter, whose power runs in a straight line from
reading to reading (trapezoid), or holds until the next (`holds`). With f the share of the segment
that has passed,

    E(f) = energy * f + bend * f * (f - 1),        bend = (P_end - P_start) * duration / 2   (0
    unless a rate)

Nothing is known between segments: there E stands still and the seconds count as missing. Energy of
[a, b) is E(b) - E(a), read off the meter's `curve`. Times are int64 microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from threading import local
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from reporting_agent.row_numbers import Rows


@dataclass(frozen=True, slots=True)
class Columns:
    """Rows whose fields are arrays of one length: the base of frozen dataclasses that have no other
    fields.
    """

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def at(self, chosen: NDArray[Any] | slice) -> Self:
        """The rows that flags, indices or a slice choose."""
        if isinstance(chosen, np.ndarray) and chosen.dtype == np.bool_ and chosen.all():
            return self
        return replace(
            self, **{column.name: getattr(self, column.name)[chosen] for column in fields(self)}
        )

    def then(self, *later: Self) -> Self:
        """These rows, and others after them."""
        parts = [part for part in (self, *later) if len(part)]
        if len(parts) < 2:
            return parts[0] if parts else self
        return replace(
            self,
            **{
                column.name: np.concatenate([getattr(part, column.name) for part in parts])
                for column in fields(self)
            },
        )


@dataclass(frozen=True, slots=True)
class Readings(Columns):
    """Readings of one meter in one file, with their rows; stamps in UTC microseconds."""

    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    row: Rows


NOTHING = Readings(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64))


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


def rate_segments(time_us: Integers, value: Floats, *, holds: bool = False) -> Segments:
    """Power or flow at the stamps, in a straight line between them, or as it was until the next
    (`holds`); energy in rate x hours."""
    before, after = value[:-1], value[1:]
    return Segments.of_rate(time_us[:-1], time_us[1:], before, before if holds else after)


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


STEPS_PER_UNIT = float(2**20)
PARTS_OF_A_STEP = float(2**32)  # of a step
MOST = float(
    2**42
    # units; a meter that counts 4e12 in one step of time has counted nonsense, and no integer would
    # hold it
)


STANDING = 6  # equal values in a row that `Scan.standing` tells
CHUNK = 1 << 14  # 128 kB a scratch array
_EXACT = float(2**53 // CHUNK)


class Scan(NamedTuple):
    """What a block of at least two readings looks like. Differences are between neighbours; NaN
    makes `sound` False.
    """

    sound: bool  # every value is finite and below 2^42
    least_step_us: int
    most_step_us: int
    lowest: float
    highest: float
    least_move: float
    most_move: float
    # the smallest difference other than 0, without its sign; infinite where there is none
    quantum: float
    still: bool  # two neighbours are equal
    standing: bool  # `STANDING` equal values in a row, or more


class _Scratch(local):
    """Arrays of one thread: memory that is used again costs no page faults."""

    def __init__(self) -> None:
        self.float_1, self.float_2 = np.empty(CHUNK + 1), np.empty(CHUNK + 1)
        self.whole = np.empty(CHUNK, dtype=np.int64)
        self.flags = np.empty(CHUNK, dtype=np.bool_)


scratch = _Scratch()  # for loops over chunks elsewhere too


def scan(time_us: Integers, value: Floats) -> Scan:
    """One look at a block of at least two readings, for the screen."""
    looks = [
        _look(time_us[first : first + CHUNK + 1], value[first : first + CHUNK + 1])
        for first in range(0, len(value) - 1, CHUNK)
    ]
    least_step, most_step, lowest, highest, least_move, most_move, quantum = zip(
        *(look[:-1] for look in looks), strict=True
    )
    sound = all(
        -MOST < low <= high < MOST for low, high in zip(lowest, highest, strict=True)
    )  # no comparison with NaN holds
    still = any(look[-1] for look in looks)
    ends = min(lowest), max(highest), min(least_move), max(most_move)
    return Scan(
        sound,
        min(least_step),
        max(most_step),
        *ends,
        min(quantum),
        still,
        still and _standing(value),
    )


def _look(
    time_us: Integers, value: Floats
) -> tuple[int, int, float, float, float, float, float, bool]:
    """The same of one chunk, but for runs of equal values: only whether two neighbours are
    equal.
    """
    length = len(value) - 1
    step = np.subtract(time_us[1:], time_us[:-1], out=scratch.whole[:length])
    move = np.subtract(value[1:], value[:-1], out=scratch.float_1[:length])
    least, most = float(move.min()), float(move.max())
    if least > 0:  # a register that runs: the values are in order, and no two are equal
        return (
            int(step.min()),
            int(step.max()),
            float(value[0]),
            float(value[-1]),
            least,
            most,
            least,
            False,
        )
    size = np.abs(move, out=move)
    quantum = float(size.min())
    still = quantum == 0
    if still:
        quantum = float(
            size.min(initial=np.inf, where=np.greater(size, 0, out=scratch.flags[:length]))
        )
    return (
        int(step.min()),
        int(step.max()),
        float(value.min()),
        float(value.max()),
        least,
        most,
        quantum,
        still,
    )


def _standing(value: Floats) -> bool:
    """Whether `STANDING` neighbours are equal, somewhere."""
    still = value[1:] == value[:-1]
    runs = max(len(value) - STANDING + 1, 0)
    run = still[:runs].copy()
    for ahead in range(1, STANDING - 1):
        run &= still[ahead : ahead + runs]
    return bool(run.any())


def loads(time_us: Integers, energy: Floats) -> tuple[float, float]:
    """Lowest and highest energy an hour; energy i lies between stamps i and i + 1."""
    load = load_of(energy, np.diff(time_us))
    return float(load.min()), float(load.max())


def rate_sums(
    time_us: Integers, value: Floats, factor: float, at: Integers
) -> tuple[Integers, Integers]:
    """Exact sums (see `curve.split`) of the trapezoids before each reading `at` (in order), and of
    all.
    """
    sums_at = _Sums(at)
    for first in range(0, len(value) - 1, CHUNK):
        part = slice(first, first + CHUNK + 1)
        power = value[part] * factor
        sums_at.take(under_line(power[:-1], power[1:], np.diff(time_us[part]) / HOUR_US), first)
    return sums_at.done()


def sums(energy: Floats, at: Integers) -> tuple[Integers, Integers]:
    """The same of energies that are given."""
    sums_at = _Sums(at)
    for first in range(0, len(energy), CHUNK):
        sums_at.take(energy[first : first + CHUNK], first)
    return sums_at.done()


class _Sums:
    """Running sums, read off before each reading asked for."""

    def __init__(self, at: Integers) -> None:
        self._at = at
        self._whole = np.empty(len(at) + 1, dtype=np.int64)
        self._rest = np.empty(len(at) + 1, dtype=np.int64)
        self._whole_sum = self._rest_sum = 0
        self._reached = 0

    def take(self, energy: Floats, first: int) -> None:
        """The energies from this one on."""
        length = len(energy)
        steps = np.multiply(energy, STEPS_PER_UNIT, out=scratch.float_1[:length])
        floor = np.floor(steps, out=scratch.float_2[:length])
        steps -= floor
        steps *= PARTS_OF_A_STEP
        np.rint(steps, out=steps)
        until = int(np.searchsorted(self._at, first + length))
        if not -_EXACT < floor.min() <= floor.max() < _EXACT:
            self._read_off(first, until, floor.astype(np.int64), steps.astype(np.int64))
            return
        # whole numbers below 2^53, and so are their sums: floating point adds them exactly, in any
        # order
        self._read_off(first, until, floor, steps)

    def _read_off(self, first: int, until: int, whole: NDArray[Any], rest: NDArray[Any]) -> None:
        if until == self._reached:
            self._whole_sum += int(whole.sum())
            self._rest_sum += int(rest.sum())
            return
        asked = slice(self._reached, until)
        edges = np.concatenate(([0], self._at[asked] - first))
        further = edges[1:] > edges[:-1]
        starts, pieces_before = edges[np.concatenate(([True], further))], np.cumsum(further)
        for parts, sums, before in (
            (whole, self._whole, self._whole_sum),
            (rest, self._rest, self._rest_sum),
        ):
            pieces = np.cumsum(np.add.reduceat(parts, starts).astype(np.int64))
            sums[asked] = before + np.where(pieces_before > 0, pieces[pieces_before - 1], 0)
            sums[-1] = before + pieces[-1]  # the last sum is free until all is done
        self._whole_sum, self._rest_sum = int(self._whole[-1]), int(self._rest[-1])
        self._reached = until

    def done(self) -> tuple[Integers, Integers]:
        """The sums before each, and of all."""
        self._whole[self._reached :], self._rest[self._reached :] = self._whole_sum, self._rest_sum
        return self._whole, self._rest
