"""The demand charge: each month's highest mean power, and which batches ran in it.

A lower bound where readings lie further apart than the charge's intervals or time is unknown. A
month partly in the period bears its days. Without meters each sound batch is even over its time, on
quarter hours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

import numpy as np

from benchmarks.labels.columns import Flags, Floats, Integers
from benchmarks.quantities import ratio
from reporting_agent.analysis.energy_costs.prices import Prices, to_us
from reporting_agent.config.tariff import DemandCharge
from reporting_agent.metering.record import Intervals, MeterRecord

MOST_UNSOUND = 0.01
"""Share of batches with unsound times above which their powers say nothing of the month's
highest.
"""

_HOUR_US = 3_600_000_000
_MINUTE_US = _HOUR_US // 60


@dataclass(frozen=True, slots=True)
class DemandPeak:
    """The highest mean power of one month and what it cost; over which stretch batches share it,
    and all energy of that.

    Batches run evenly over their time as far as is known, so of meters that is the hour around the
    interval: within it a batch may have drawn far more in one quarter than in another.
    """

    month: date  # its first day
    start_us: int
    end_us: int
    kwh: float
    power_kw: float
    cost: float  # of the month's days in the period


@dataclass(frozen=True, slots=True, eq=False)
class BatchPower:
    """Batches with their electricity; the end is the start where it is not sound."""

    start_us: Integers
    end_us: Integers
    machine: Integers
    kwh: Floats


@dataclass(frozen=True, slots=True, eq=False)
class PowerCurve:
    """Mean power in kW from each edge to the next; 0 where it is not known."""

    edges_us: Integers
    power_kw: Floats
    metered: bool
    # minutes over which the means are told: longer than asked for where readings lie further apart
    told_min: float
    unknown: Flags


def site_power(
    records: Sequence[MeterRecord], batches: BatchPower, minutes: int, zone: tzinfo
) -> PowerCurve | None:
    """The site's mean electric power over `minutes`: of the meters on top of the tree, else of the
    batches; None where neither can tell.
    """
    own = [
        record
        for record in records
        if record.meter.carrier == "electricity"
        and _on_top(record, records)
        and len(record.hour_us)
    ]
    if own:
        return _of_meters(own, minutes, zone)
    return _of_batches(batches) if unsound(batches) <= MOST_UNSOUND else None


def _of_meters(own: Sequence[MeterRecord], minutes: int, zone: tzinfo) -> PowerCurve:
    """All of them together, each in its own time, over the intervals that they have in common; none
    while no meter was in its place.
    """
    demands = [record.demand for record in own if record.demand is not None]
    minutes_told = minutes if len(demands) == len(own) else 60
    curves = demands if len(demands) == len(own) else [_hours(record) for record in own]
    edges = curves[0].edges_us
    same = [
        (record, curve)
        for record, curve in zip(own, curves, strict=True)
        if np.array_equal(curve.edges_us, edges)
    ]
    hour = own[0].hour_us[np.searchsorted(own[0].hour_us, edges, side="right") - 1]
    asked = np.flatnonzero(
        ((edges - hour) % (minutes_told * _MINUTE_US) == 0) | (edges == edges[-1])
    )
    hours = np.diff(edges[asked]) / _HOUR_US
    energy, known_share = np.zeros(len(hours)), np.full(len(hours), np.inf)
    for meter_record, curve in same:
        sign = 1.0 if meter_record.meter.direction == "import" else -1.0
        within = meter_record.in_service(edges[asked[:-1]], zone)
        energy += np.where(
            within,
            sign * ratio(meter_record.unit, "kWh") * np.add.reduceat(curve.energy, asked[:-1]),
            0.0,
        )
        known_share = np.where(
            within,
            np.minimum(known_share, np.add.reduceat(curve.known_s, asked[:-1]) / 3600 / hours),
            known_share,
        )
    apart = max((record.facts.usual_step_s or 0.0) / 60 for record, _ in same)
    sound = (known_share > 0.99) & np.isfinite(known_share) & (hours > 0.99 * minutes_told / 60)
    told_min = max(float(minutes_told), apart)
    return PowerCurve(
        edges[asked],
        np.where(sound, energy / hours, 0.0),
        metered=True,
        told_min=told_min,
        unknown=~sound,
    )


def _hours(record: MeterRecord) -> Intervals:
    edges = np.append(record.hour_us, record.end_us)
    return Intervals(edges, record.hour_energy, record.hour_known * np.diff(edges) / 1e6)


def unsound(batches: BatchPower) -> float:
    """Share of the batches that do not last, or that begin before the one before on their equipment
    has ended.
    """
    order = np.lexsort((batches.start_us, batches.machine))
    start, end, machine = batches.start_us[order], batches.end_us[order], batches.machine[order]
    overlaps = (start[1:] < end[:-1]) & (machine[1:] == machine[:-1])
    return float((end <= start).sum() + overlaps.sum()) / max(len(start), 1)


def _on_top(record: MeterRecord, records: Sequence[MeterRecord]) -> bool:
    """Whether no other meter with readings measures what it does: neither one above it nor the one
    that it checks.
    """
    present = {other.meter.id for other in records}
    return (
        record.meter.role in {"main", "check"}
        and not {record.meter.parent, record.meter.checked} & present
    )


def _of_batches(batches: BatchPower) -> PowerCurve | None:
    lasting = batches.end_us > batches.start_us
    start, end, kwh = batches.start_us[lasting], batches.end_us[lasting], batches.kwh[lasting]
    if not len(start):
        return None
    grid = _HOUR_US // 4
    edges = np.arange(start.min() // grid, -(-end.max() // grid) + 1, dtype=np.int64) * grid
    rate = kwh / ((end - start) / _HOUR_US)
    power_kw = np.diff(_ramps(edges, start, rate) - _ramps(edges, end, rate)) * 4
    return PowerCurve(
        edges, power_kw, metered=False, told_min=15.0, unknown=np.zeros(len(power_kw), dtype=bool)
    )


def _ramps(edges: Integers, begin_us: Integers, rate: Floats) -> Floats:
    """Energy until each edge of powers that begin at a moment and never end."""
    order = np.argsort(begin_us, kind="stable")
    begin, rates = begin_us[order], rate[order]
    origin = int(edges[0])
    summed = np.concatenate(([0.0], np.cumsum(rates)))
    moments = np.concatenate(([0.0], np.cumsum(rates * (begin - origin) / _HOUR_US)))
    position = np.searchsorted(begin, edges, side="right")
    energy: Floats = summed[position] * (edges - origin) / _HOUR_US - moments[position]
    return energy


@dataclass(frozen=True, slots=True)
class ChargedMonth:
    """A month of the site's local time in which a charge holds, as far as it lies in the period."""

    first: date
    charge: DemandCharge
    start_us: int
    end_us: int
    share: float  # of the month's days

    def intervals(self, power: PowerCurve) -> Integers:
        """Which intervals of a power lie in it."""
        return np.flatnonzero(
            (power.edges_us[:-1] >= self.start_us) & (power.edges_us[1:] <= self.end_us)
        )


def charged_months(prices: Prices, until: datetime) -> Iterator[ChargedMonth]:
    """From the first day that is priced on; what batches draw that run on after their period is on
    a bill of the next.
    """
    begins, month = _midnight(prices.first, prices), prices.first.replace(day=1)
    while (first := _midnight(month, prices)) < to_us(until):
        following = (month + timedelta(days=32)).replace(day=1)
        last = _midnight(following, prices)
        start, end = max(first, begins), min(last, to_us(until))
        for charge in prices.tariff.demand:
            if charge.holds_on(month) and month.month in charge.months:
                yield ChargedMonth(month, charge, start, end, (end - start) / (last - first))
        month = following


def _midnight(day: date, prices: Prices) -> int:
    return to_us(datetime(day.year, day.month, day.day, tzinfo=prices.zone))


def peaks(powers: Mapping[int, PowerCurve], months: Sequence[ChargedMonth]) -> list[DemandPeak]:
    """One a month in which anything ran; `powers` by the charge's minutes."""
    monthly: list[DemandPeak] = []
    for month in months:
        power = powers.get(month.charge.minutes)
        inside = np.zeros(0, dtype=np.int64) if power is None else month.intervals(power)
        if power is None or not len(inside):
            continue
        at = int(inside[np.argmax(power.power_kw[inside])])
        highest = float(power.power_kw[at])
        if highest > 0:
            monthly.append(
                DemandPeak(
                    month.first,
                    *_shared(power, at),
                    highest,
                    highest * month.charge.price * month.share,
                )
            )
    return monthly


def share_unknown(powers: Mapping[int, PowerCurve], months: Sequence[ChargedMonth]) -> float:
    """Of the time that is charged, the part in which the meters do not show the site's power; a
    higher one may lie there.
    """
    unknown = [
        powers[month.charge.minutes].unknown[month.intervals(powers[month.charge.minutes])]
        for month in months
        if month.charge.minutes in powers
    ]
    return float(np.concatenate(unknown).mean()) if sum(map(len, unknown)) else 0.0


def _shared(power: PowerCurve, at: int) -> tuple[int, int, float]:
    """Start, end and energy of the stretch over which the batches share a peak."""
    start, end = power.edges_us[:-1], power.edges_us[1:]
    own = np.arange(len(start)) == at
    if power.metered:
        hour = (start - power.edges_us[0]) // _HOUR_US
        own = hour == hour[at]
    kwh = float((power.power_kw * (end - start))[own].sum()) / _HOUR_US
    return int(start[own][0]), int(end[own][-1]), kwh


def part_of_peaks(peaks: Sequence[DemandPeak], batches: BatchPower) -> Floats:
    """Each batch's part of the charges: its energy in the months' highest stretches over all energy
    there, evenly over its time.
    """
    parts = np.zeros(len(batches.kwh))
    length = np.maximum(batches.end_us - batches.start_us, 1)
    for peak in peaks:
        overlap = np.clip(
            np.minimum(batches.end_us, peak.end_us) - np.maximum(batches.start_us, peak.start_us),
            0,
            None,
        )
        batch_kwh = batches.kwh * overlap / length
        parts += peak.cost * batch_kwh / max(peak.kwh, float(batch_kwh.sum()), 1e-300)
    return parts
