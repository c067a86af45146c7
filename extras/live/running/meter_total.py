"""Running energy of one meter that counts, from readings as they come; its mean power over the
latest minutes (what idle equipment takes), and registers that fell.

Pure: clocks are arguments.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.measurements import CarrierEnergy
from extras.live.spool.reading import Reading
from reporting_agent.config import Meter
from reporting_agent.metering.cleaning import counted, loads_beyond, out_of_range, saturated
from reporting_agent.metering.segments import rate_segments, under_line

Floats = NDArray[np.float64]
SECOND_US = 1_000_000
HOUR_US = 3600 * SECOND_US
SILENT_TIMES = 5  # the usual time between a meter's readings
SILENT_LEAST_US = 60 * SECOND_US
POWER_OVER_US = 600 * SECOND_US
LONGEST_POWER_US = (
    1800 * SECOND_US
)  # of a meter that is read each quarter of an hour, with one reading missed
LATEST = 50  # readings that tell the usual time between two
SPARE = 500  # readings of a meter that are dropped together
FEW = 10  # late readings of a meter, each put in by itself


@dataclass(frozen=True, slots=True)
class MeanPower:
    """Mean energy an hour, in the meter's unit of energy, from one of its readings to another."""

    an_hour: float
    from_us: int
    to_us: int


class RegisterFall(NamedTuple):
    """A register that fell between two readings, by no declared rollover: what it counted meanwhile
    is not known.
    """

    since_us: int
    until_us: int
    before: float
    after: float


@dataclass(slots=True)
class MeterTotal:
    """One meter: energy since the first reading that it holds, at each."""

    meter: Meter
    kgce: float  # of one unit of its energy; NaN where it cannot be followed by itself
    unit: str  # of its energy
    factor: float = 1.0  # energy of one unit of a rate in an hour
    longest_gap_us: int = HOUR_US  # between readings of a rate, across which it tells nothing
    counted: CarrierEnergy | None = (
        None  # one unit of what its energy counts as, a gas at its state; None where it has no kgce
    )
    of_counted: float = (
        1.0  # how many of those one unit of its energy is; NaN where its state is not known
    )
    late_us: int = 0  # from the stamp of a reading to the right time of what it tells
    time_us: array[int] = field(default_factory=lambda: array("q"))
    value: array[float] = field(default_factory=lambda: array("d"))
    energy: array[float] = field(default_factory=lambda: array("d"))
    received_us: int = 0
    since_us: int | None = None  # the first reading that it ever held, also where that is forgotten
    _unknown: dict[int, int] = field(
        default_factory=dict
    )  # end and beginning of each fall of a register, or gap of a rate
    _arrays: tuple[Floats, Floats] | None = None

    def fill(self, time_us: NDArray[np.int64], value: Floats) -> None:
        """All at once, in place of what was there."""
        tells = np.isfinite(value) & ~self._impossible(value)
        time_us, first = np.unique(time_us[tells], return_index=True)
        value = value[tells][first]
        more, is_known = self._between(time_us, value)
        energy = (
            np.concatenate(([0.0], np.cumsum(np.where(is_known, more, 0.0))))
            if len(value)
            else value
        )
        self.time_us, self.value, self.energy = (
            array("q", time_us.tolist()),
            array("d", value.tolist()),
            array("d", energy.tolist()),
        )
        self._unknown = {
            self.time_us[at + 1]: self.time_us[at] for at in np.flatnonzero(~is_known).tolist()
        }
        self._arrays, self.since_us = None, self.time_us[0] if self.time_us else None

    def take(self, time_us: int, value: float, received_us: int) -> None:
        """A reading; one that comes late is put where its time says, and what follows is counted
        again.
        """
        self.received_us = max(self.received_us, received_us)
        if self._tells_nothing(value) or self.forgot(time_us):
            return
        self._arrays = None
        position = (
            len(self.time_us)
            if not self.time_us or time_us > self.time_us[-1]
            else bisect_right(self.time_us, time_us)
        )
        if (
            position and self.time_us[position - 1] == time_us
        ):  # the first stays, unless `correct` says otherwise
            return
        self.time_us.insert(position, time_us)
        self.value.insert(position, value)
        self.energy.insert(position, 0.0)
        self.since_us = time_us if self.since_us is None else min(self.since_us, time_us)
        self._add_up(position)

    def take_late(self, readings: Sequence[Reading]) -> None:
        """Readings that are put where their times say; of many what follows is counted again but
        once.
        """
        if len(readings) < FEW:
            for reading in readings:
                self.take(reading.time_us, reading.value, reading.received_us)
            return
        fresh = [reading for reading in readings if not self.forgot(reading.time_us)]
        since_us = self.since_us
        self.received_us = max(self.received_us, *(reading.received_us for reading in readings))
        times = np.concatenate([self.time_us, [reading.time_us for reading in fresh]]).astype(
            np.int64
        )
        self.fill(times, np.concatenate([self.value, [reading.value for reading in fresh]]))
        self.since_us = (
            since_us if self.since_us is None or since_us is None else min(since_us, self.since_us)
        )

    def correct(self, time_us: int, value: float) -> None:
        """Another value of a moment that it holds, NaN where it is not known after all; what
        follows is counted again.
        """
        position = bisect_left(self.time_us, time_us)
        if position == len(self.time_us) or self.time_us[position] != time_us:
            return
        self._arrays = None
        self.value[position] = value
        if self._tells_nothing(value):
            self._unknown.pop(time_us, None)
            del self.time_us[position], self.value[position], self.energy[position]
        self._add_up(position)

    def _tells_nothing(self, value: float) -> bool:
        return value != value or (
            self.meter.reading == "rate"
            and self.meter.range is not None
            and bool(self._impossible(np.array([value]))[0])
        )

    def _impossible(self, value: Floats) -> NDArray[np.bool_]:
        """Values of a rate that `label` leaves out, since its declared range makes them
        impossible.
        """
        return (
            out_of_range(value, self.meter)
            if self.meter.reading == "rate"
            else np.zeros(len(value), bool)
        )

    def _add_up(self, index: int) -> None:
        """From a reading on."""
        for at in range(index, len(self.time_us)):
            self.energy[at] = self.energy[at - 1] + self._step(at) if at else 0.0

    def _between(
        self, time_us: NDArray[np.int64], value: Floats
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """Energy from each reading to the next, by the rules of `label`, and whether it is
        known.
        """
        passed_us = np.diff(time_us)
        if self.meter.reading == "register":
            return counted(value, passed_us, self.meter)
        if self.meter.reading == "rate":
            pieces = rate_segments(time_us, value * self.factor, holds=self.meter.holds)
            return pieces.energy, passed_us <= self.longest_gap_us
        return value[1:], np.ones(len(passed_us), bool)

    def _step(self, at: int) -> float:
        """The same of one reading; what nearly all are needs no arrays, which take twenty times as
        long.
        """
        before, after = self.value[at - 1], self.value[at]
        if self.meter.reading == "interval":
            return after
        since_us, until_us = self.time_us[at - 1], self.time_us[at]
        if self._unknown:
            self._unknown.pop(until_us, None)
        if self.meter.reading == "register" and after >= before:
            return after - before
        if self.meter.reading == "rate" and until_us - since_us <= self.longest_gap_us:
            until = before if self.meter.holds else after
            return under_line(
                before * self.factor, until * self.factor, (until_us - since_us) / HOUR_US
            )
        (more,), (is_known,) = self._between(
            np.array([since_us, until_us]), np.array([before, after])
        )
        if is_known:
            return float(more)
        self._unknown[until_us] = since_us
        return 0.0

    def at(self, moment_us: int | NDArray[np.int64] | Floats) -> Floats:
        """kgce until a moment; what is not read yet counts nothing."""
        if not self.time_us:
            return np.zeros(np.shape(moment_us))
        if self._arrays is None:
            self._arrays = np.array(self.time_us, float), np.array(self.energy)
        return np.asarray(np.interp(moment_us, *self._arrays) * self.kgce)

    def forget(self, before_us: int) -> None:
        """Readings that no open batch needs."""
        if (keep := bisect_right(self.time_us, before_us) - 2) > SPARE:
            del self.time_us[:keep], self.value[:keep], self.energy[:keep]
            self._arrays = None
            self._unknown = {
                until_us: since_us
                for until_us, since_us in self._unknown.items()
                if since_us >= self.time_us[0]
            }

    def forgot(self, moment_us: int) -> bool:
        """Whether it held readings of this time that no open batch needed."""
        return (
            self.since_us is not None
            and bool(self.time_us)
            and self.since_us < self.time_us[0]
            and moment_us < self.time_us[0]
        )

    def holds(self, moment_us: float) -> bool:
        """Whether its readings reach back to a moment; of a meter without any nothing is
        expected.
        """
        return not self.time_us or self.time_us[0] <= moment_us

    @property
    def has_unknown(self) -> bool:
        """Whether of any time its energy is not known: a register fell, or a rate had a gap."""
        return bool(self._unknown)

    def falls(self, since_us: float) -> Iterator[RegisterFall]:
        """Those that ended after a moment."""
        for before_us, until_us in (
            self._not_known(since_us) if self.meter.reading == "register" else ()
        ):
            at = bisect_left(self.time_us, until_us)
            yield RegisterFall(before_us, until_us, self.value[at - 1], self.value[at])

    def gaps(self, since_us: float) -> Iterator[tuple[int, int]]:
        """Those of a rate that ended after a moment, from when until when: what passed in them is
        not known.
        """
        yield from self._not_known(since_us) if self.meter.reading == "rate" else ()

    def _not_known(self, since_us: float) -> list[tuple[int, int]]:
        return [
            (before_us, until_us)
            for until_us, before_us in sorted(self._unknown.items())
            if until_us > since_us
        ]

    def knows(self, moment_us: NDArray[np.int64] | Floats) -> NDArray[np.bool_]:
        """Whether its energy from the first of these moments until each is known."""
        is_known = np.full(len(moment_us), self.holds(moment_us[0]))
        for before_us, _ in self._not_known(float(moment_us[0])):
            is_known &= np.asarray(moment_us) <= before_us
        return is_known & bool(np.isfinite(self.kgce) or not self.time_us)

    @property
    def usual_us(self) -> float:
        """Median time between its latest readings."""
        latest = self.time_us[-LATEST:]
        return (
            float(median(after - before for before, after in pairwise(latest)))
            if len(latest) > 2
            else float("inf")
        )

    @property
    def comes_too_seldom(self) -> bool:
        """Whether its readings usually lie further apart than a gap may be. Asked of every meter
        twice a second, so the span of the latest is looked at first: of a median above the limit it
        is above half as many limits."""
        latest = self.time_us[-LATEST:]
        if len(latest) < 3 or 2 * (latest[-1] - latest[0]) <= self.longest_gap_us * (
            len(latest) - 1
        ):
            return False
        return self.usual_us > self.longest_gap_us

    def power(self, now_us: int, since_us: int = 0) -> MeanPower | None:
        """Energy an hour over the latest ten minutes, or where readings lie further apart from the
        one before them, half an hour at most; none of it before `since_us`.

        None where some of it is not known or beyond the declared range, or its readings cover less
        than five minutes: of few seconds, one step of a register would be a high power or none.
        """
        begin_us = max(now_us - POWER_OVER_US, 0)
        beyond = (
            bisect_right if self.meter.reading == "rate" else bisect_left
        )  # power upon the end of a batch is the batch's
        first = max(bisect_right(self.time_us, begin_us) - 1, beyond(self.time_us, since_us))
        if first >= len(self.time_us) - 1 or self.time_us[-1] <= begin_us:
            return None
        from_us, to_us = self.time_us[first], self.time_us[-1]
        if self._not_known(from_us) or self._beyond(first):
            return None
        if not POWER_OVER_US / 2 <= to_us - from_us <= LONGEST_POWER_US:
            return None
        return MeanPower(
            (self.energy[-1] - self.energy[first]) / (to_us - from_us) * HOUR_US, from_us, to_us
        )

    def _beyond(self, first: int) -> bool:
        """Whether, since this reading, some load was outside the declared range or at its end, by
        the rules of `label`.
        """
        if self.meter.reading == "rate":
            return bool(saturated(np.array(self.value[first:]), self.meter).any())
        length_us = np.diff(np.array(self.time_us[first:]))
        if self.meter.reading == "interval" and self.meter.interval_s is not None:
            length_us = np.minimum(length_us, round(self.meter.interval_s * SECOND_US))
        outside, at_end = loads_beyond(
            np.diff(np.array(self.energy[first:])), length_us, self.meter
        )
        return bool((outside | at_end).any())

    def is_silent(self, wall_us: int) -> bool:
        """Whether it told nothing for much longer than it uses to."""
        if not self.received_us:
            return True
        passed_us = wall_us - self.received_us
        return passed_us > SILENT_LEAST_US and passed_us > SILENT_TIMES * min(
            self.usual_us, HOUR_US * 24
        )
