"""Running energy of the meters of a line, from readings as they come. Pure: clocks are arguments.

Energies are totals in kgce (calorific) of the counted meters that hang at a batch's equipment: without the cleaning, the shares of meters
that serve several, and the carriers of the energy sheet that `label` knows. So a batch is compared with batches of the same meters alone,
and the figure is no label.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import numpy as np
from numpy.typing import NDArray

from benchmarks.conversion import Basis
from benchmarks.errors import InputError
from benchmarks.measurements import CarrierEnergy, Direction
from benchmarks.routes import Pack
from reporting_agent.config import Meter, Site
from reporting_agent.live.meter_total import HOUR_US, POWER_OVER_US, SECOND_US, Floats, Total
from reporting_agent.live.reading import Reading
from reporting_agent.pipeline import pack_of
from reporting_agent.pipeline.following import longest_gap_s
from reporting_agent.pipeline.units import over_time

AHEAD_US = 24 * HOUR_US  # of a source's clock before this machine's; what it stamps beyond that is no time to reckon by

Line = tuple[str, str]
"""Step and equipment."""


class Totals:
    """Those of a site's meters that count for a step."""

    def __init__(self, site: Site, on: date) -> None:
        self.by_meter: dict[str, Total] = {}
        self.untold: list[str] = []  # meters whose energy cannot be counted in kgce
        self.ahead: dict[str, int] = {}  # the latest time of each meter that is too far ahead, and was left out
        self.pack = accepted_pack(site)
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
        gap_us = HOUR_US if self.pack is None else round(longest_gap_s(meter, site, self.pack) * SECOND_US)
        self.by_meter[meter.id] = Total(meter, kgce, unit, factor, gap_us)

    @property
    def now_us(self) -> int:
        """The plant's own time: the latest source time of any reading."""
        return max((total.time_us[-1] for total in self.by_meter.values() if total.time_us), default=0)

    def take(self, readings: Iterable[Reading]) -> None:
        """Readings in order of arrival."""
        late: dict[str, list[Reading]] = {}
        for reading in readings:
            if (total := self.by_meter.get(reading.meter)) is None:
                continue
            if reading.received_us and reading.time_us > reading.received_us + AHEAD_US:
                self.ahead[reading.meter] = reading.time_us
            elif total.time_us and reading.time_us < total.time_us[-1]:
                late.setdefault(reading.meter, []).append(reading)
            else:
                total.take(reading.time_us, reading.value, reading.received_us)
        for meter, together in late.items():
            self.by_meter[meter].take_late(together)

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
        a register fell, or a rate had a gap."""
        meters = self.of_line(line)
        energy = sum((total.at(moment_us) for total in meters), np.zeros(len(moment_us)))
        known = np.all([np.ones(len(moment_us), bool), *(total.knows(moment_us) for total in meters)], axis=0)
        return np.where(known, energy - energy[0], np.nan)

    def silent(self, wall_us: int) -> list[tuple[str, int]]:
        """Meters that told nothing for much longer than they use to, and since when; 0: never heard of."""
        return [(name, total.received_us) for name, total in sorted(self.by_meter.items()) if total.is_silent(wall_us)]


def accepted_pack(site: Site) -> Pack | None:
    """The pack of a site; None where `label` refuses the site as it stands, while readings come all the same."""
    try:
        return pack_of(site)
    except InputError:
        return None
