"""Energy of meters and steps, and steps' output, over intervals of local time, from quarter hours
to months; how much is measured.

A meter's record is read off at quarter hours; hours, days and months are sums of these, so that
they add up to the last digit before they are rounded. What a register counted across a gap too long
to say when is in no quarter hour and no day, only in the month in which it was read again: that is
what makes the sum of the days differ from the month.

A step has the meters that count for it, each from its `from` until its `until`: one that took
another's place goes on where that ended. While one of them is silent, nothing is known of the step.
The output of a step is that of the batches that ended in the interval. A meter shared among the
equipment of a step is the step's; one shared among steps by a rule counts for none of them here:
the rule shares batches out, not quarter hours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks import packs
from benchmarks.conversion import FactorTable
from benchmarks.errors import InputError
from benchmarks.measurements import Batch, Direction, Period, ProductStatus
from benchmarks.phrases import in_number
from benchmarks.quantities import mj_in, ratio
from extras.exports.monitoring_schema import Every
from reporting_agent import pipeline
from reporting_agent.analysis.baselines.production import each_once
from reporting_agent.config import Meter, SiteSettings
from reporting_agent.config.materials import HeatingValues
from reporting_agent.metering import MeterRecord
from reporting_agent.metering.moments import EVER, hours_of, intervals_of, to_us
from reporting_agent.metering.record import in_its_time
from reporting_agent.pipeline import PlantData
from reporting_agent.pipeline.following import sinks_of

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
QUARTER_S = 900
_MINUTES = {"15min": 15, "30min": 30, "60min": 60}


@dataclass(frozen=True, slots=True)
class QuarterHours:
    """The quarter hours of a period, and the longer intervals of local time made of them."""

    period: Period
    zone: tzinfo
    quarters_us: Integers

    @classmethod
    def of(cls, period: Period, zone: tzinfo) -> QuarterHours:
        return cls(period, zone, intervals_of(hours_of(period, zone), 15))

    def edges_us(self, every: Every) -> Integers:
        """Edges of the intervals of that length that lie wholly in the period."""
        if every in _MINUTES:
            return (
                self.quarters_us
                if every == "15min"
                else intervals_of(hours_of(self.period, self.zone), _MINUTES[every])
            )
        first, last = self.period.first_and_last
        days = [first + timedelta(days=n) for n in range((last - first).days + 2)]
        starts = days if every == "day" else [day for day in days if day.day == 1]
        return np.array(
            [to_us(datetime(day.year, day.month, day.day, tzinfo=self.zone)) for day in starts],
            dtype=np.int64,
        )

    def sums(self, of_quarters: Floats, every: Every) -> Floats:
        """Sums over the intervals of what stands by quarter hour."""
        edges = self.edges_us(every)
        if len(edges) < 2:
            return np.zeros(0)
        summed = np.concatenate(([0.0], np.cumsum(of_quarters)))
        at = np.searchsorted(self.quarters_us, edges)
        differences: Floats = summed[at[1:]] - summed[at[:-1]]
        return differences

    def moment(self, moment_us: int) -> datetime:
        return (_EPOCH + timedelta(microseconds=moment_us)).astimezone(self.zone)

    @property
    def months_cut(self) -> bool:
        """Whether the period begins or ends within a month."""
        return self.period.start.day != 1 or self.period.end.day != 1


@dataclass(frozen=True, slots=True)
class IntervalSeries:
    """One meter, or one step's energy of one carrier and direction, by quarter hour; amounts are in
    `unit`.

    `unplaced` stands at the quarter hour in which a register was read again; `output` is None of
    meters.
    """

    object: str
    step: str
    equipment: str
    carrier: str
    direction: Direction
    unit: str
    lhv_mj_per_unit: float | None
    energy: Floats
    known_s: Floats
    unplaced: Floats
    output: Floats | None = None
    output_unit: str = ""

    def told_in(self, unit: str) -> IntervalSeries:
        """The same amounts in another unit; as it is where that does not measure the same, as a
        volume and a heat.
        """
        if unit == self.unit:
            return self
        try:
            times = ratio(self.unit, unit)
        except InputError:
            return self
        lhv = None if self.lhv_mj_per_unit is None else round(self.lhv_mj_per_unit / times, 9)
        return replace(
            self,
            unit=unit,
            lhv_mj_per_unit=lhv,
            energy=self.energy * times,
            unplaced=self.unplaced * times,
        )


@dataclass(frozen=True, slots=True)
class SiteIntervals:
    """All series of a site and period. `shared` are meters that count for several steps, `silent`
    those without one reading, `sparse` those whose readings lie further apart than a quarter hour,
    `unmetered` step and carrier of energy that is written down per batch."""

    clock: QuarterHours
    meters: tuple[IntervalSeries, ...]
    steps: tuple[IntervalSeries, ...]
    factors: FactorTable
    heating_values: HeatingValues
    shared: tuple[str, ...]
    silent: tuple[str, ...]
    sparse: tuple[str, ...]
    unmetered: tuple[tuple[str, str], ...]


def measure(site: SiteSettings, period: Period) -> SiteIntervals:
    """Read the site's meters at quarter hours.

    Raises:
        InputError: `export-no-meters` where no meter has readings; what reading the site raises.
    """
    clock = QuarterHours.of(period, site.zone)
    data = pipeline.read(
        site, period, closely=lambda windows: dict.fromkeys(windows, clock.quarters_us)
    )
    records = [record for record in data.meters if record.closely is not None]
    if not records:
        raise InputError(
            "export-no-meters",
            "No meter of this site has readings, so no values for quarter hours, days or months "
            "can be given.",
            "Give the meters' readings under [inputs] in site.toml; energy that is recorded per "
            "batch does not show when it was used.",
            found=in_number(
                len(site.meters),
                "%(count)s meter, without readings",
                "%(count)s meters, none with readings",
                count=len(site.meters),
            ),
        )
    meters = tuple(_of_meter(record, site) for record in records)
    silent = sorted(
        {meter.id for meter in site.meters if meter.role != "state"}
        - {series.object for series in meters}
    )
    shared = tuple(
        record.meter.id
        for record in records
        if record.counted and len(_steps_of(record.meter, site)) > 1
    )
    sparse = tuple(
        record.meter.id for record in records if (record.facts.usual_step_s or 0) > QUARTER_S
    )
    steps = tuple(_of_steps(records, data, clock, site))
    table = packs.factors(data.pack), site.heating_values
    return SiteIntervals(
        clock,
        meters,
        steps,
        *table,
        shared,
        tuple(silent),
        sparse,
        _unmetered(data, {record.meter.id for record in records}, site, period),
    )


def _steps_of(meter: Meter, site: SiteSettings) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sink.step for sink in sinks_of(meter, site)))


def _of_meter(record: MeterRecord, site: SiteSettings) -> IntervalSeries:
    intervals, meter = record.closely, record.meter
    assert intervals is not None  # noqa: S101 - `measure` chose those that were looked at
    assert intervals.unplaced is not None  # noqa: S101 - as above
    steps, lhv = _steps_of(meter, site), meter.own_lhv(mj_in(record.unit))
    step = steps[0] if len(steps) == 1 else ""
    of_meter = (meter.id, step, meter.equipment, meter.carrier, meter.direction, record.unit, lhv)
    return IntervalSeries(*of_meter, intervals.energy, intervals.known_s, intervals.unplaced)


def _unmetered(
    data: PlantData, heard: Collection[str], site: SiteSettings, period: Period
) -> tuple[tuple[str, str], ...]:
    """Step and carrier of energy that no meter counted: of the batches of the period that have more
    amounts of it than meters that were heard."""
    serving: dict[tuple[str, str], list[Meter]] = {}
    energies: set[tuple[str, str]] = set()
    for batch in data.batches:
        if batch.start not in period:
            continue
        machine = (batch.step, batch.equipment)
        if machine not in serving:
            serving[machine] = [
                meter
                for meter in site.tree.counted
                if meter.id in heard and _serves(meter, batch, site)
            ]
        metered = Counter(
            (meter.carrier, meter.direction)
            for meter in serving[machine]
            if meter.counts_for(batch.start, site.zone)
        )
        amounts = Counter(
            (energy.carrier, energy.direction) for energy in batch.energy if energy.quantity
        )
        energies |= {(batch.step, carrier) for carrier, _direction in amounts - metered}
    return tuple(sorted(energies))


def _serves(meter: Meter, batch: Batch, site: SiteSettings) -> bool:
    return any(
        sink.step == batch.step and sink.equipment in {"", batch.equipment}
        for sink in sinks_of(meter, site)
    )


def _of_steps(
    records: Sequence[MeterRecord], data: PlantData, clock: QuarterHours, site: SiteSettings
) -> Iterator[IntervalSeries]:
    """Of each step, carrier, direction and heating value the sum of its counted meters, each in its
    own time, in the unit of the first.

    Meters whose unit does not measure what the first's does, or whose heating value is another, are
    a sum of their own.
    """
    units: dict[_Use, str] = {}
    groups: dict[tuple[_Use, str, float | None], list[tuple[IntervalSeries, Flags]]] = {}
    for record in records:
        series = _of_meter(record, site)
        if record.counted and series.step:
            within = record.in_service(clock.quarters_us[:-1], clock.zone)
            use = _Use(series.step, series.carrier, series.direction)
            series = series.told_in(units.setdefault(use, series.unit))
            groups.setdefault((use, series.unit, series.lhv_mj_per_unit), []).append(
                (series, within)
            )
    unheard = _unheard(records, clock, site)
    for (use, unit, lhv), parts in groups.items():
        heard = (
            ~unheard[use] if use in unheard else np.ones(len(clock.quarters_us) - 1, dtype=bool)
        )  # while one is silent, nothing is known
        yield IntervalSeries(
            use.step,
            use.step,
            "",
            use.carrier,
            use.direction,
            unit,
            lhv,
            energy=np.sum(
                [np.where(within & heard, part.energy, 0.0) for part, within in parts], axis=0
            ),
            known_s=np.where(heard, seconds_known_by_all(parts), 0.0),
            unplaced=np.sum(
                [np.where(within & heard, part.unplaced, 0.0) for part, within in parts], axis=0
            ),
            output=output_by_quarter_hour(use.step, data, clock),
            output_unit=data.pack.step(use.step).output_unit,
        )


class _Use(NamedTuple):
    step: str
    carrier: str
    direction: Direction


def _unheard(
    records: Sequence[MeterRecord], clock: QuarterHours, site: SiteSettings
) -> Mapping[_Use, Flags]:
    """In which quarter hours a meter without one reading was in its place, of what it counts."""
    heard = {record.meter.id for record in records}
    unheard: dict[_Use, Flags] = {}
    for meter in site.tree.counted:
        steps = _steps_of(meter, site)
        if meter.id not in heard and len(steps) == 1:
            begins_us, ends_us = in_its_time(meter, EVER, clock.zone).tolist()
            within = (clock.quarters_us[:-1] >= begins_us) & (clock.quarters_us[:-1] < ends_us)
            use = _Use(steps[0], meter.carrier, meter.direction)
            unheard[use] = unheard.get(use, np.zeros(len(within), dtype=bool)) | within
    return unheard


def seconds_known_by_all(parts: Sequence[tuple[IntervalSeries, Flags]]) -> Floats:
    """The seconds that every meter knew which was in its place then; none where no meter was."""
    of_all = np.min([np.where(within, part.known_s, np.inf) for part, within in parts], axis=0)
    known_s: Floats = np.where(np.isfinite(of_all), of_all, 0.0)
    return known_s


def output_by_quarter_hour(step: str, data: PlantData, clock: QuarterHours) -> Floats:
    """Good output of the batches of the step that ended in each quarter hour, in the step's unit; a
    batch twice on record counts once.
    """
    once = each_once([batch for batch in data.batches if batch.step == step])
    own = [
        batch
        for batch in once
        if batch.status is ProductStatus.GOOD and batch.output > 0 and batch.end is not None
    ]
    ended = np.array([to_us(batch.end) for batch in own if batch.end is not None], dtype=np.int64)
    at = (
        np.searchsorted(clock.quarters_us, ended, side="left") - 1
    )  # a batch that ends on the edge ended before it
    inside = (at >= 0) & (ended <= clock.quarters_us[-1])
    amounts = np.array([batch.output for batch in own], dtype=float)
    return np.bincount(
        at[inside], weights=amounts[inside], minlength=len(clock.quarters_us) - 1
    ).astype(float)
