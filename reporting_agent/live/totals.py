"""Running energy of each meter that counts, from readings as they come. Pure: clocks are arguments.

Energies are totals in kgce (calorific) of the counted meters that hang at a batch's equipment: without the cleaning, the shares of meters
that serve several, and the carriers of the energy sheet that `label` knows. So a batch is compared with batches of the same meters alone,
and the figure is no label.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.conversion import Basis
from benchmarks.errors import InputError
from benchmarks.measurements import CarrierEnergy, Direction
from reporting_agent.config import Meter, Site
from reporting_agent.live.reading import Reading
from reporting_agent.metering.cleaning import rolled
from reporting_agent.pipeline.units import over_time

Floats = NDArray[np.float64]
SECOND_US = 1_000_000
HOUR_US = 3600 * SECOND_US
LONGEST_GAP_US = HOUR_US  # between readings of a rate, across which it tells nothing
SILENT_TIMES = 5  # the usual time between a meter's readings
SILENT_LEAST_US = 60 * SECOND_US
POWER_OVER_US = 600 * SECOND_US
AHEAD_US = 24 * HOUR_US  # of a source's clock before this machine's; what it stamps beyond that is no time to reckon by
LATEST = 50  # readings that tell the usual time between two
SPARE = 500  # readings of a meter that are dropped together

Line = tuple[str, str]
"""Step and equipment."""


@dataclass(frozen=True, slots=True)
class Power:
    """Mean energy an hour, in the meter's unit of energy, from one of its readings to another."""

    an_hour: float
    from_us: int
    to_us: int


class Fall(NamedTuple):
    """A register that fell between two readings, by no declared rollover: what it counted meanwhile is not known."""

    since_us: int
    until_us: int
    before: float
    after: float


@dataclass(slots=True)
class Total:
    """One meter: energy since the first reading that it holds, at each."""

    meter: Meter
    kgce: float  # of one unit of its energy
    unit: str  # of its energy
    factor: float = 1.0  # energy of one unit of a rate in an hour
    time_us: array[int] = field(default_factory=lambda: array("q"))
    value: array[float] = field(default_factory=lambda: array("d"))
    energy: array[float] = field(default_factory=lambda: array("d"))
    received_us: int = 0
    since_us: int | None = None  # the first reading that it ever held, also where that is forgotten
    _falls: dict[int, int] = field(default_factory=dict)  # source time after each fall of a register, and before it
    _arrays: tuple[Floats, Floats] | None = None

    def fill(self, time_us: NDArray[np.int64], value: Floats) -> None:
        """All at once, in place of what was there."""
        known = np.isfinite(value)
        time_us, first = np.unique(time_us[known], return_index=True)
        value = value[known][first]
        fell = np.zeros(0, int)
        if self.meter.reading == "interval":
            more = value[1:]
        elif self.meter.reading == "register":
            more = np.diff(value)
            over = rolled(value[:-1], more, np.diff(time_us) / HOUR_US, self.meter)
            fell = np.flatnonzero((more < 0) & ~over)
            more = np.maximum(0.0, np.where(over, more + (self.meter.rollover or 0.0), more))
        else:
            passed_us = np.diff(time_us)
            mean = (value[:-1] + value[1:]) / 2
            more = np.where(passed_us <= LONGEST_GAP_US, mean * self.factor * passed_us / HOUR_US, 0.0)
        energy = np.concatenate(([0.0], np.cumsum(more))) if len(value) else value
        self.time_us, self.value, self.energy = array("q", time_us.tolist()), array("d", value.tolist()), array("d", energy.tolist())
        self._falls = {self.time_us[at + 1]: self.time_us[at] for at in fell.tolist()}
        self._arrays, self.since_us = None, self.time_us[0] if self.time_us else None

    def take(self, time_us: int, value: float, received_us: int) -> None:
        """A reading; one that comes late is put where its time says, and what follows is counted again."""
        self.received_us = max(self.received_us, received_us)
        if value != value or self.forgot(time_us):
            return
        self._arrays = None
        place = len(self.time_us) if not self.time_us or time_us > self.time_us[-1] else bisect_right(self.time_us, time_us)
        if place and self.time_us[place - 1] == time_us:  # the first stays, unless `correct` says otherwise
            return
        self.time_us.insert(place, time_us)
        self.value.insert(place, value)
        self.energy.insert(place, 0.0)
        self.since_us = time_us if self.since_us is None else min(self.since_us, time_us)
        self._add_up(place)

    def correct(self, time_us: int, value: float) -> None:
        """Another value of a moment that it holds, NaN where it is not known after all; what follows is counted again."""
        place = bisect_left(self.time_us, time_us)
        if place == len(self.time_us) or self.time_us[place] != time_us:
            return
        self._arrays = None
        self.value[place] = value
        if value != value:
            self._falls.pop(time_us, None)
            del self.time_us[place], self.value[place], self.energy[place]
        self._add_up(place)

    def _add_up(self, place: int) -> None:
        """From a reading on."""
        for at in range(place, len(self.time_us)):
            self.energy[at] = self.energy[at - 1] + self._step(at) if at else 0.0

    def _step(self, at: int) -> float:
        before, after = self.value[at - 1], self.value[at]
        if self.meter.reading == "interval":
            return after
        passed_us = self.time_us[at] - self.time_us[at - 1]
        if self.meter.reading == "register":
            return self._counted(at, before, after, passed_us)
        return (before + after) / 2 * self.factor * passed_us / HOUR_US if passed_us <= LONGEST_GAP_US else 0.0

    def _counted(self, at: int, before: float, after: float, passed_us: int) -> float:
        """Of a register, by the rule of `label`; across a fall that is no rollover it is not known."""
        more = after - before
        if self._falls:
            self._falls.pop(self.time_us[at], None)
        if more >= 0:
            return more
        if rolled(np.array([before]), np.array([more]), np.array([passed_us / HOUR_US]), self.meter)[0]:
            return more + (self.meter.rollover or 0.0)
        self._falls[self.time_us[at]] = self.time_us[at - 1]
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
            self._falls = {until_us: since_us for until_us, since_us in self._falls.items() if since_us >= self.time_us[0]}

    def forgot(self, moment_us: int) -> bool:
        """Whether it held readings of this time that no open batch needed."""
        return self.since_us is not None and bool(self.time_us) and self.since_us < self.time_us[0] and moment_us < self.time_us[0]

    def holds(self, moment_us: float) -> bool:
        """Whether its readings reach back to a moment; of a meter without any nothing is expected."""
        return not self.time_us or self.time_us[0] <= moment_us

    def falls(self, since_us: float) -> Iterator[Fall]:
        """Those that ended after a moment."""
        for until_us, before_us in sorted(self._falls.items()):
            if until_us > since_us:
                at = bisect_left(self.time_us, until_us)
                yield Fall(before_us, until_us, self.value[at - 1], self.value[at])

    def knows(self, moment_us: NDArray[np.int64] | Floats) -> NDArray[np.bool_]:
        """Whether its energy from the first of these moments until each is known."""
        known = np.full(len(moment_us), self.holds(moment_us[0]))
        for until_us, before_us in self._falls.items():
            if until_us > moment_us[0]:
                known &= np.asarray(moment_us) <= before_us
        return known

    @property
    def usual_us(self) -> float:
        """Median time between its latest readings."""
        latest = self.time_us[-LATEST:]
        return float(median(after - before for before, after in pairwise(latest))) if len(latest) > 2 else float("inf")

    def power(self, now_us: int, since_us: int = 0) -> Power | None:
        """Energy an hour over the latest ten minutes, none of it before `since_us`.

        None where it fell meanwhile, or its readings cover less than half of that: of few seconds, one step of a register would be a high
        power or none.
        """
        begin_us = max(now_us - POWER_OVER_US, 0)
        first = max(bisect_right(self.time_us, begin_us) - 1, bisect_left(self.time_us, since_us))
        if first >= len(self.time_us) - 1 or self.time_us[-1] <= begin_us:
            return None
        from_us, to_us = self.time_us[first], self.time_us[-1]
        if any(until_us > from_us for until_us in self._falls):
            return None
        if not POWER_OVER_US / 2 <= to_us - from_us <= 3 * POWER_OVER_US:
            return None
        return Power((self.energy[-1] - self.energy[first]) / (to_us - from_us) * HOUR_US, from_us, to_us)

    def is_silent(self, wall_us: int) -> bool:
        """Whether it told nothing for much longer than it uses to."""
        if not self.received_us:
            return True
        passed_us = wall_us - self.received_us
        return passed_us > SILENT_LEAST_US and passed_us > SILENT_TIMES * min(self.usual_us, HOUR_US * 24)


class Totals:
    """Those of a site's meters that count for a step."""

    def __init__(self, site: Site, on: date) -> None:
        self.by_meter: dict[str, Total] = {}
        self.untold: list[str] = []  # meters whose energy cannot be counted in kgce
        self.ahead: dict[str, int] = {}  # the latest time of each meter that is too far ahead, and was left out
        for meter in site.tree.counted:
            if meter.step and meter.direction is Direction.IMPORT and not meter.computed:
                self._count(site, meter, on)

    def _count(self, site: Site, meter: Meter, on: date) -> None:
        unit, factor = over_time(meter.unit) if meter.reading == "rate" else (meter.unit, 1.0)
        try:
            kgce = site.emissions.factors.kgce(CarrierEnergy(meter.carrier, 1.0, unit, Direction.IMPORT, meter.lhv), Basis.CALORIFIC, on)
        except InputError:
            self.untold.append(meter.id)
            return
        self.by_meter[meter.id] = Total(meter, kgce, unit, factor)

    @property
    def now_us(self) -> int:
        """The plant's own time: the latest source time of any reading."""
        return max((total.time_us[-1] for total in self.by_meter.values() if total.time_us), default=0)

    def take(self, readings: Iterable[Reading]) -> None:
        """Readings in order of arrival."""
        for reading in readings:
            if (total := self.by_meter.get(reading.meter)) is None:
                continue
            if reading.received_us and reading.time_us > reading.received_us + AHEAD_US:
                self.ahead[reading.meter] = reading.time_us
            else:
                total.take(reading.time_us, reading.value, reading.received_us)

    def correct(self, meter: str, time_us: int, value: float) -> None:
        """What counts of a moment of which several values came."""
        if (total := self.by_meter.get(meter)) is not None:
            total.correct(time_us, value)

    def fill(self, readings: Mapping[str, tuple[NDArray[np.int64], Floats]], since_us: int) -> None:
        """Readings by meter, those from a moment on, in place of what was there."""
        for name, (time_us, value) in readings.items():
            if (total := self.by_meter.get(name)) is not None:
                recent = time_us >= since_us
                total.fill(time_us[recent], value[recent])

    def forget(self, before_us: int) -> None:
        """Readings that no open batch needs; what stands now is told by the latest minutes."""
        before_us = min(before_us, self.now_us - POWER_OVER_US)
        for total in self.by_meter.values():
            total.forget(before_us)

    def emptied(self) -> Totals:
        """The same meters, without a reading."""
        empty = copy(self)
        empty.by_meter = {name: Total(total.meter, total.kgce, total.unit, total.factor) for name, total in self.by_meter.items()}
        return empty

    def of_line(self, line: Line) -> list[Total]:
        """The meters of a step's equipment."""
        step, equipment = line
        return [total for total in self.by_meter.values() if total.meter.step == step and total.meter.equipment in ("", equipment)]

    def told_us(self, line: Line) -> int | None:
        """Until when all meters of a line have told; None where none has."""
        last = [total.time_us[-1] for total in self.of_line(line) if total.time_us]
        return min(last) if last else None

    def forgot(self, line: Line, moment_us: int) -> bool:
        """Whether a meter of a line held readings of a time that no open batch needed."""
        return any(total.since_us is not None and total.since_us <= moment_us and total.forgot(moment_us) for total in self.of_line(line))

    def energy(self, line: Line, moment_us: NDArray[np.int64] | Floats) -> Floats:
        """kgce of a line until each moment, from the first of them on; NaN where it is not known: readings begin after that moment,
        or a register fell."""
        meters = self.of_line(line)
        energy = sum((total.at(moment_us) for total in meters), np.zeros(len(moment_us)))
        known = np.all([np.ones(len(moment_us), bool), *(total.knows(moment_us) for total in meters)], axis=0)
        return np.where(known, energy - energy[0], np.nan)

    def silent(self, wall_us: int) -> list[tuple[str, int]]:
        """Meters that told nothing for much longer than they use to, and since when; 0: never heard of."""
        return [(name, total.received_us) for name, total in sorted(self.by_meter.items()) if total.is_silent(wall_us)]
