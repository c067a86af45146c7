"""Running energy of the meters of a line, from readings as they come; and the pack of a site, where
`label` accepts it.

Pure: clocks are arguments.

Energies are totals in kgce (calorific) of the counted meters of a batch's equipment, as site.toml
declares them, without the cleaning: a figure so far. What cannot be followed while a batch runs
(`LineMeters`) makes its energy unknown until it ended. A gas is taken at the temperature and
pressure that were read last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from benchmarks.conversion import Basis
from benchmarks.errors import InputError
from benchmarks.gas_and_steam import ZERO_CELSIUS_K
from benchmarks.measurements import CarrierEnergy
from benchmarks.phrases import Phrase
from benchmarks.quantities import mj_in
from benchmarks.routes import Pack
from extras.live.running.meter_total import (
    HOUR_US,
    POWER_OVER_US,
    SECOND_US,
    Floats,
    MeterTotal,
)
from extras.live.spool.reading import AHEAD_US, Reading
from reporting_agent.config import Meter, SiteSettings
from reporting_agent.metering.steam_gas_and_virtual import factor as state_factor
from reporting_agent.metering.steam_gas_and_virtual import final_unit, has_state, state_of
from reporting_agent.pipeline import pack_of
from reporting_agent.pipeline.following import longest_gaps_s, sinks_of
from reporting_agent.pipeline.heating_values import with_heating_value
from reporting_agent.pipeline.units import over_time

Line = tuple[str, str]
"""Step and equipment."""
_OF_READINGS = {"ratio", "unit", "clock", "swap"}


class LineMeters:
    """Of one site."""

    def __init__(self, site: SiteSettings, on: date) -> None:
        self._tree, self._zone = site.tree, site.zone
        inside = {
            (step, carrier)
            for step, setting in site.steps.items()
            for carrier in setting.made_inside
        }
        self._counted = [
            (meter, sinks)
            for meter in site.tree.counted
            if (sinks := sinks_of(meter, site)) and (meter.step, meter.carrier) not in inside
        ]
        self._of_line: dict[
            Line, list[Meter]
        ] = {}  # asked many times a second, for each batch that runs
        self._made_from: dict[tuple[str, ...], list[Meter]] = {}
        self.later = {
            meter.id: why
            for meter, _ in self._counted
            if (why := self._why_later(meter, site, on)) is not None
        }

    def counted(self, lines: Iterable[Line], at: datetime | None = None) -> list[Meter]:
        """Meters whose energy counts for some of these lines, of batches that begin at that moment
        where one is given.
        """
        of_lines = [self._counted_for(line) for line in dict.fromkeys(lines)]
        if len(of_lines) != 1:
            names = {meter.id for of_line in of_lines for meter in of_line}
            of_lines = [[meter for meter, _ in self._counted if meter.id in names]]
        return [meter for meter in of_lines[0] if at is None or meter.counts_for(at, self._zone)]

    def _counted_for(self, line: Line) -> list[Meter]:
        """Those of one line, at any time."""
        if line not in self._of_line:
            step, equipment = line
            self._of_line[line] = [
                meter
                for meter, sinks in self._counted
                if any(sink.step == step and sink.equipment in ("", equipment) for sink in sinks)
            ]
        return self._of_line[line]

    def with_readings(
        self, lines: Iterable[Line] | None = None, at: datetime | None = None
    ) -> list[Meter]:
        """Those that these are made from, with the temperature and the pressure of a gas; of all
        lines where none are given.
        """
        counted = (
            [meter for meter, _ in self._counted] if lines is None else self.counted(lines, at)
        )
        key = tuple(meter.id for meter in counted)
        if key not in self._made_from:
            names = {name for meter in counted for name in self._tree.needed_by(meter)}
            self._made_from[key] = [meter for meter in self._tree.meters if meter.id in names]
        return self._made_from[key]

    def tells(self, meter: str, line: Line) -> bool:
        """Whether the energy of a line needs this meter's readings."""
        return any(meter in self._tree.needed_by(counted) for counted in self.counted([line]))

    def _why_later(self, meter: Meter, site: SiteSettings, on: date) -> Phrase | None:
        """Why a meter cannot be followed while a batch runs; None where it can."""
        if meter.allocation is not None:
            return Phrase("%(meter)s is shared with other equipment", meter=meter.id)
        if meter.computed:
            return Phrase("%(meter)s is worked out from other meters", meter=meter.id)
        if any(self._declared(site, on, meter)):
            return Phrase(
                "an event or a drift of the clock is declared for %(meter)s", meter=meter.id
            )
        if meter.reading == "interval" and meter.stamp == "start" and meter.interval_s is None:
            return Phrase(
                "%(meter)s is stamped at the start, and interval_s is not given", meter=meter.id
            )
        return None

    def _declared(self, site: SiteSettings, on: date, meter: Meter) -> Iterator[bool]:
        yield bool(meter.clock_drift_s_per_day)
        for event in site.events:
            if meter.id in (event.meter, event.other) and event.kind in _OF_READINGS:
                end = event.ends(site.zone)
                yield end is None or end.date() >= on


class RunningTotals:
    """Those of a site's meters that the energy of its lines is made from."""

    def __init__(self, site: SiteSettings, on: date) -> None:
        self._zone, self._tree = site.zone, site.tree
        self.lines = LineMeters(site, on)
        self.by_meter: dict[str, MeterTotal] = {}
        self.untold: list[str] = []  # meters whose energy cannot be counted in kgce
        self.ahead: dict[
            str, int
        ] = {}  # the latest time of each meter that is too far ahead, and was left out
        self.behind_us = 0  # our clock, where meters and rows show it (`own_clock`)
        self.pack = accepted_pack(site)
        self._of_state: dict[
            str, list[str]
        ] = {}  # meters that are taken at the state which each of these meters reads
        self._kgce: dict[
            str, float
        ] = {}  # of one of its final unit, of a meter that is taken at its state
        gaps_s = {} if self.pack is None else longest_gaps_s(site, self.pack)
        for meter in self.lines.with_readings():
            self._hold(meter, round(gaps_s[meter.id] * SECOND_US) if gaps_s else HOUR_US)
        for meter in site.tree.counted:
            if meter.id in self.by_meter and meter.id not in self.lines.later:
                self._count(site, meter, on)

    def _hold(self, meter: Meter, gap_us: int) -> None:
        unit, factor = (
            over_time(meter.unit)
            if meter.reading == "rate" and meter.role != "state"
            else (meter.unit, 1.0)
        )
        begins_s = (
            meter.interval_s or 0.0
            if meter.reading == "interval" and meter.stamp == "start"
            else 0.0
        )
        late_us = round((begins_s - meter.clock_offset_s) * SECOND_US)
        self.by_meter[meter.id] = MeterTotal(
            meter, float("nan"), unit, factor, gap_us, late_us=late_us
        )

    def _count(self, site: SiteSettings, meter: Meter, on: date) -> None:
        """Give the total of a meter that can be followed its kgce."""
        total = self.by_meter[meter.id]
        unit = final_unit(meter) if has_state(meter) else total.unit
        energy = CarrierEnergy(
            meter.carrier, 1.0, unit, meter.direction, meter.own_lhv(mj_in(unit))
        )
        counted = with_heating_value(energy, site.heating_values, meter.step, on)
        try:
            kgce = site.emissions.factors.kgce(counted, Basis.CALORIFIC, on)
        except InputError:
            self.untold.append(meter.id)
            return
        total.kgce, total.counted = kgce, counted
        if not has_state(meter):
            return
        self._kgce[meter.id] = kgce
        for name in site.tree.state_meters(meter):
            self._of_state.setdefault(name, []).append(meter.id)
        self._take_at_state(meter)

    def _take_at_state(self, meter: Meter) -> None:
        """At the state that was read last; unknown before."""
        total = self.by_meter[meter.id]
        temperature_k, pressure_kpa = (np.array([value]) for value in self._state(meter))
        total.of_counted = float(state_factor(meter, total.unit, temperature_k, pressure_kpa)[0])
        total.kgce = self._kgce[meter.id] * total.of_counted

    def _state(self, meter: Meter) -> tuple[float, float]:
        """Temperature in K and absolute pressure in kPa, NaN of what is not known."""
        temperature_k = (
            float("nan") if meter.temperature_c is None else meter.temperature_c + ZERO_CELSIUS_K
        )
        pressure_kpa = float("nan") if meter.pressure_kpa is None else meter.pressure_kpa
        if (
            meter.temperature_meter is not None
            and (companion := self.by_meter[meter.temperature_meter]).value
        ):
            temperature_k = state_of(companion.meter, companion.value[-1])
        if (
            meter.pressure_meter is not None
            and (companion := self.by_meter[meter.pressure_meter]).value
        ):
            pressure_kpa = state_of(companion.meter, companion.value[-1])
        return temperature_k, pressure_kpa

    @property
    def now_us(self) -> int:
        """The plant's own time: the latest source time of any reading, or when that came where its
        source's clock is ahead of ours.
        """
        return max(
            (self._until_us(total) for total in self.by_meter.values() if total.time_us), default=0
        )

    def take(self, readings: Iterable[Reading]) -> None:
        """Readings in order of arrival."""
        late: dict[str, list[Reading]] = {}
        states: set[str] = set()
        for reading in readings:
            if (total := self.by_meter.get(reading.meter)) is None:
                continue
            if reading.meter in self._of_state:
                states.add(reading.meter)
            moment_us = reading.time_us + total.late_us
            if reading.received_us and moment_us > reading.received_us + AHEAD_US:
                self.ahead[reading.meter] = moment_us
            elif total.time_us and moment_us < total.time_us[-1]:
                late.setdefault(reading.meter, []).append(reading)
            else:
                total.take(moment_us, reading.value, reading.received_us)
        for meter, together in late.items():
            self.by_meter[meter].take_late(together)
        for name in {meter for state in states for meter in self._of_state[state]}:
            self._take_at_state(self._tree.by_id[name])

    def correct(self, meter: str, time_us: int, value: float) -> None:
        """What counts of a moment of which several values came."""
        if (total := self.by_meter.get(meter)) is not None:
            total.correct(time_us + total.late_us, value)

    def fill(self, readings: Mapping[str, tuple[NDArray[np.int64], Floats]], since_us: int) -> None:
        """Readings by meter, those from a moment on, in place of what was there."""
        for name, (time_us, value) in readings.items():
            if (total := self.by_meter.get(name)) is not None:
                recent = time_us >= since_us
                total.fill(time_us[recent] + total.late_us, value[recent])
        for name in self._kgce:
            self._take_at_state(self._tree.by_id[name])

    def forget(self, before_us: int) -> None:
        """Readings that no open batch needs; what stands now is told by the latest minutes."""
        before_us = min(before_us, self.now_us - POWER_OVER_US)
        for total in self.by_meter.values():
            total.forget(before_us)

    def of_line(self, line: Line, at_us: float) -> list[MeterTotal]:
        """The meters that tell the energy of a line's batches that begin at a moment, with those
        that others are made from.
        """
        return [
            self.by_meter[meter.id] for meter in self.lines.with_readings([line], _moment(at_us))
        ]

    def followed(self, line: Line, at_us: float) -> list[MeterTotal]:
        """Those that count, by running totals."""
        return [
            self.by_meter[meter.id]
            for meter in self.lines.counted([line], _moment(at_us))
            if meter.id not in self.lines.later and meter.id not in self.untold
        ]

    def later(self, line: Line, at_us: float) -> Phrase | None:
        """Why the energy of a batch is known only once it ended; None where it is known while it
        runs.
        """
        return next(
            (
                why
                for meter in self.lines.counted([line], _moment(at_us))
                if (why := self.lines.later.get(meter.id))
            ),
            None,
        )

    def told_us(self, line: Line, at_us: float) -> int | None:
        """Until when all meters of a line have told, none beyond our clock; None where none has."""
        last = [self._until_us(total) for total in self.of_line(line, at_us) if total.time_us]
        return min(last) if last else None

    def forgot(self, line: Line, moment_us: int) -> bool:
        """Whether a meter of a line held readings of a time that no open batch needed."""
        meters = self.of_line(line, moment_us)
        return any(
            total.since_us is not None and total.since_us <= moment_us and total.forgot(moment_us)
            for total in meters
        )

    def energy(self, line: Line, moment_us: NDArray[np.int64] | Floats) -> Floats:
        """kgce of a line until each moment, from the first of them on; NaN where it is not known:
        readings begin after that moment, a register fell, a rate had a gap, a gas's state was not
        read, or it is known only once the batch ended."""
        first_us = float(moment_us[0])
        if self.later(line, first_us) is not None:
            return np.full(len(moment_us), np.nan)
        meters = self.followed(line, first_us)
        energy = sum((total.at(moment_us) for total in meters), np.zeros(len(moment_us)))
        is_known = np.all(
            [np.ones(len(moment_us), bool), *(total.knows(moment_us) for total in meters)], axis=0
        )
        return np.where(is_known, energy - energy[0], np.nan)

    def _until_us(self, total: MeterTotal) -> int:
        """The last time of a meter that has readings; what is stamped later than it came tells
        nothing of the time after that.
        """
        return min(
            total.time_us[-1],
            total.received_us + self.behind_us if total.received_us else total.time_us[-1],
        )

    def silent(self, wall_us: int) -> list[tuple[str, int]]:
        """Meters that told nothing for much longer than they use to, and since when; 0: never heard
        of. Those that are in their place.
        """
        silent = (
            (name, total)
            for name, total in sorted(self.by_meter.items())
            if total.is_silent(wall_us)
        )
        return [
            (name, total.received_us)
            for name, total in silent
            if total.meter.counts_for(_moment(wall_us), self._zone)
        ]


def accepted_pack(site: SiteSettings) -> Pack | None:
    """The pack of a site; None where `label` refuses the site as it stands, while readings come all
    the same.
    """
    try:
        return pack_of(site)
    except InputError:
        return None


def _moment(moment_us: float) -> datetime:
    return datetime.fromtimestamp(moment_us / 1e6, UTC)
