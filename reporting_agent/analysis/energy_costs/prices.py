"""The tariff as curves of prices over time, and what each amount of a batch's energy cost when it
was used.

In the hour that comes twice a period begins the first time; in the one that never comes, when the
clock goes forward. Energy given back is credited at its hours' price. A fuel priced by energy takes
its measured heating value, else the table's. Assumption: within a batch energy ran as its carrier's
meters did, else evenly; a batch without a sound end is priced at its start.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import numpy as np

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import FactorTable
from benchmarks.errors import InputError
from benchmarks.labels.columns import Flags, Floats, Integers
from benchmarks.measurements import Batch, CarrierEnergy, Direction
from benchmarks.quantities import ratio
from reporting_agent.config import Meter, SiteSettings
from reporting_agent.config.tariff import MINUTES_A_DAY, CarrierPrice, Price, PriceSeries, Tariff
from reporting_agent.metering.record import MeterRecord
from reporting_agent.sources.price_series import StampedPrices, prices_of


@dataclass(frozen=True, slots=True, eq=False)
class LoadShape:
    """A level of power from each edge to the next, in any unit; only its shape counts."""

    edges_us: Integers  # one more than levels
    level: Floats


class LoadShapes:
    """The shapes of a site, each worked out once; equipment that the same meters count for shares
    one.
    """

    def __init__(self, records: Sequence[MeterRecord], zone: tzinfo) -> None:
        self._counted = [record for record in records if record.counted and len(record.hour_us)]
        self._zone = zone
        self._of_use: dict[tuple[str, str, str, Direction], LoadShape | None] = {}
        self._of_meters: dict[tuple[str, ...], LoadShape | None] = {(): None}

    def of(
        self, step: str, equipment: str, carrier: str, direction: Direction = Direction.IMPORT
    ) -> LoadShape | None:
        """The hours of the counted meters together, each in its own time."""
        use = (step, equipment, carrier, direction)
        if use not in self._of_use:
            own = [record for record in self._counted if _shows(record.meter, *use)]
            meters = tuple(record.meter.id for record in own)
            if meters not in self._of_meters:
                self._of_meters[meters] = _together(own, self._zone)
            self._of_use[use] = self._of_meters[meters]
        return self._of_use[use]


def _shows(meter: Meter, step: str, equipment: str, carrier: str, direction: Direction) -> bool:
    if (meter.carrier, meter.direction) != (carrier, direction) or meter.step not in {"", step}:
        return False
    if meter.allocation is not None:
        return equipment in meter.allocation.sinks or step in meter.allocation.sinks
    return bool(meter.step) and meter.equipment in {"", equipment}


def _together(records: Sequence[MeterRecord], zone: tzinfo) -> LoadShape | None:
    first = records[0]
    same = [record for record in records if np.array_equal(record.hour_us, first.hour_us)]
    edges = np.append(first.hour_us, first.end_us)
    hours = np.maximum(np.diff(edges) / 3.6e9, 1e-9)
    level = np.zeros(len(hours))
    for record in same:
        try:
            in_first_unit = ratio(record.unit, first.unit)
        except InputError:  # the hours of a part of the energy are not those of the whole
            return None
        level += (
            np.where(
                record.in_service(first.hour_us, zone), record.hour_energy * in_first_unit, 0.0
            )
            / hours
        )
    return LoadShape(edges, level)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(moment: datetime) -> int:
    """UTC microseconds."""
    return (moment - _EPOCH) // _MICROSECOND


def from_us(moment_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=moment_us)


@dataclass(frozen=True, slots=True, eq=False)
class PriceCurve:
    """A price from each edge to the next, per `unit`; NaN where the tariff has none. `period` is an
    index of `names`.
    """

    edges_us: Integers  # one more than prices
    price: Floats
    period: Integers
    names: tuple[str, ...]
    unit: str

    def at(self, moment_us: Integers) -> Floats:
        """The price at moments; NaN outside the curve."""
        index = np.searchsorted(self.edges_us, moment_us, side="right") - 1
        inside = (index >= 0) & (index < len(self.price))
        prices: Floats = np.where(
            inside, self.price[np.clip(index, 0, len(self.price) - 1)], np.nan
        )
        return prices


@dataclass(slots=True, eq=False)
class Prices:
    """The site's tariff between two days. Curves are made once a carrier."""

    tariff: Tariff
    zone: tzinfo
    first: date
    last: date  # included
    factors: FactorTable
    series: Mapping[str, tuple[PriceSeries, StampedPrices]] = field(
        default_factory=dict
    )  # by carrier
    _curves: dict[str, PriceCurve | None] = field(default_factory=dict)

    @classmethod
    def of(cls, site: SiteSettings, start: datetime, end: datetime) -> Prices | None:
        """Prices from the local day of `start` to that of `end`; None without [tariff]."""
        if site.tariff is None:
            return None
        series = {
            price_series.carrier: (price_series, prices_of(price_series, site))
            for price_series in site.tariff.series
        }
        first, last = (moment.astimezone(site.zone).date() for moment in (start, end))
        return cls(site.tariff, site.zone, first, last, site.emissions.factors, series)

    @property
    def currency(self) -> str:
        return self.tariff.currency

    def price_of(self, carrier: str, when: datetime) -> Price | None:
        """The price of one unit at a moment in any zone."""
        if carrier in self.series:
            series, stamped = self.series[carrier]
            if (amount := stamped.at(to_us(when), series.minutes)) is not None:
                return Price(amount, self.currency, series.unit, series.name)
        return self.tariff.price_of(carrier, when.astimezone(self.zone))

    def curve(self, carrier: str) -> PriceCurve | None:
        """None where the tariff never prices this carrier."""
        if carrier not in self._curves:
            rows = [row for row in self.tariff.prices if row.carrier == carrier]
            unit = (
                rows[0].unit
                if rows
                else self.series[carrier][0].unit
                if carrier in self.series
                else ""
            )
            base = self._curve(rows, unit) if unit else None
            self._curves[carrier] = (
                _over(base, *self.series[carrier])
                if base is not None and carrier in self.series
                else base
            )
        return self._curves[carrier]

    def mean(self, carrier: str, start_us: Integers, end_us: Integers) -> Floats:
        """The mean price of each stretch [start, end), evenly over its time; NaN where a part of it
        has none.
        """
        curve = self.curve(carrier)
        if curve is None:
            return np.full(len(start_us), np.nan)
        paid, passed = integrals(curve, start_us, end_us, None)
        return np.where(passed > 0, paid / np.where(passed > 0, passed, 1.0), curve.at(start_us))

    def _curve(self, rows: list[CarrierPrice], unit: str) -> PriceCurve:
        edges: list[int] = []
        price: list[float] = []
        period: list[int] = []
        names: dict[str, int] = {}
        days = (self.last - self.first).days + 1
        holidays = frozenset(self.tariff.holidays)
        for day in (self.first + timedelta(days=number) for number in range(days)):
            row = next(
                (carrier_price for carrier_price in rows if carrier_price.holds_on(day)), None
            )
            for minute in _cuts(row):
                name, amount = ("", np.nan) if row is None else row.at(day, minute, day in holidays)
                amount = amount if row is None else amount * ratio(unit, row.unit)
                edges.append(_moment(day, minute, self.zone))
                price.append(amount)
                period.append(names.setdefault(name, len(names)))
        edges.append(_moment(self.last + timedelta(days=1), 0, self.zone))
        increasing = np.maximum.accumulate(np.array(edges, dtype=np.int64))
        return PriceCurve(
            increasing, np.array(price), np.array(period, dtype=np.int64), tuple(names), unit
        )


def _over(curve: PriceCurve, series: PriceSeries, stamped: StampedPrices) -> PriceCurve:
    """The curve, with the prices of the series where it has any."""
    if not len(stamped.start_us):
        return curve
    starts, ends = stamped.start_us, stamped.ends_us(series.minutes)
    edges = np.unique(
        np.clip(
            np.concatenate([curve.edges_us, starts, ends]), curve.edges_us[0], curve.edges_us[-1]
        )
    )
    begins = edges[:-1]
    old = np.clip(
        np.searchsorted(curve.edges_us, begins, side="right") - 1, 0, len(curve.price) - 1
    )
    own = np.clip(np.searchsorted(starts, begins, side="right") - 1, 0, None)
    in_series = (begins >= starts[own]) & (begins < ends[own])
    price = np.where(
        in_series, stamped.price[own] * ratio(curve.unit, series.unit), curve.price[old]
    )
    return PriceCurve(
        edges,
        price,
        np.where(in_series, len(curve.names), curve.period[old]),
        (*curve.names, series.name),
        curve.unit,
    )


def _cuts(row: CarrierPrice | None) -> list[int]:
    if row is None:
        return [0]
    ends = {minute for period in row.periods for piece in period.minute_ranges for minute in piece}
    return sorted({0, *ends} - {MINUTES_A_DAY})


def _moment(day: date, minute: int, zone: tzinfo) -> int:
    """When the clock shows that; of a time that it skips, when it goes forward."""
    wall = datetime.combine(day, time(minute // 60, minute % 60), zone)
    by_the_old_clock, by_the_new = to_us(wall), to_us(wall.replace(fold=1))
    if by_the_new >= by_the_old_clock:  # it comes once, or twice
        return by_the_old_clock
    between = range(by_the_new, by_the_old_clock + 1)
    offset_after = from_us(by_the_old_clock).astimezone(zone).utcoffset()
    return between[
        bisect_left(
            between,
            x=True,
            key=lambda moment_us: from_us(moment_us).astimezone(zone).utcoffset() == offset_after,
        )
    ]


def integrals(
    curve: PriceCurve, start_us: Integers, end_us: Integers, load: LoadShape | None
) -> tuple[Floats, Floats]:
    """Price and weight, integrated over each stretch with the load's shape (evenly where there is
    none): their ratio is the mean price.

    A stretch in which the load is nothing, or that leaves the load's edges, is taken evenly.
    """
    even = _integrals(curve.edges_us, curve.price, np.ones(len(curve.price)), start_us, end_us)
    if load is None:
        return even
    edges = np.union1d(curve.edges_us, load.edges_us)
    index = np.clip(
        np.searchsorted(load.edges_us, edges[:-1], side="right") - 1, 0, len(load.level) - 1
    )
    inside = (edges[:-1] >= load.edges_us[0]) & (edges[:-1] < load.edges_us[-1])
    level = np.where(inside, np.maximum(load.level[index], 0.0), 0.0)
    paid, weight = _integrals(edges, curve.at(edges[:-1]), level, start_us, end_us)
    usable = (weight > 0) & (start_us >= load.edges_us[0]) & (end_us <= load.edges_us[-1])
    return np.where(usable, paid, even[0]), np.where(usable, weight, even[1])


def _integrals(
    edges_us: Integers, price: Floats, weight: Floats, start_us: Integers, end_us: Integers
) -> tuple[Floats, Floats]:
    hours = np.diff(edges_us) / 3.6e9
    priced = np.isfinite(price)
    paid = np.concatenate(([0.0], np.cumsum(np.where(priced, price, 0.0) * weight * hours)))
    weighed = np.concatenate(([0.0], np.cumsum(weight * hours)))
    lacking = np.concatenate(([0.0], np.cumsum(np.where(priced, 0.0, 1.0) * hours)))
    paid_a, paid_b = np.interp(start_us, edges_us, paid), np.interp(end_us, edges_us, paid)
    weight_a, weight_b = (
        np.interp(start_us, edges_us, weighed),
        np.interp(end_us, edges_us, weighed),
    )
    lacks = np.interp(end_us, edges_us, lacking) - np.interp(start_us, edges_us, lacking) > 0
    outside = (start_us < edges_us[0]) | (end_us > edges_us[-1])
    return np.where(lacks | outside, np.nan, paid_b - paid_a), weight_b - weight_a


@dataclass(frozen=True, slots=True, eq=False)
class PricedEnergy:
    """All energy of one carrier in some batches, an entry an amount, import positive."""

    carrier: str
    curve: PriceCurve | None  # None: the tariff has no price
    row: Integers  # of the batches
    amount: Floats  # in the curve's unit; in the carrier's own where there is none
    cost: Floats  # currency; NaN where there is no price at that time
    by_period: Floats  # entries x names of the curve: the amount used in each period
    cost_by_period: Floats  # adds up to `cost`
    co2_kg: Floats  # NaN where the table has no factor
    by_meter: Flags  # whether meters show the hours in which it was used
    completeness: Floats  # the share of the batch's time in which the amount is known

    @property
    def unit(self) -> str:
        """That of the amounts."""
        return CARRIERS[self.carrier].unit if self.curve is None else self.curve.unit


def windows(batches: Sequence[Batch]) -> tuple[Integers, Integers]:
    """Start and end of every batch; the start twice where the end is not sound."""
    start = np.array([to_us(batch.start) for batch in batches], dtype=np.int64)
    end = np.array(
        [0 if batch.end is None else to_us(batch.end) for batch in batches], dtype=np.int64
    )
    return start, np.maximum(start, end)


def priced(
    prices: Prices,
    batches: Sequence[Batch],
    records: Sequence[MeterRecord] = (),
    carriers: AbstractSet[str] | None = None,
) -> list[PricedEnergy]:
    """One entry a carrier that the batches report (of `carriers` only, where given)."""
    start, end = windows(batches)
    entries: dict[str, _Entries] = {}
    for row, batch in enumerate(batches):
        day = batch.start.date()
        for energy in batch.energy:
            if energy.quantity and (
                carriers is None or energy.carrier in carriers
            ):  # what was not used needs no price and no factor
                own = entries.get(energy.carrier)
                if own is None:
                    own = entries[energy.carrier] = _Entries()
                own.row.append(row)
                own.quantity.append(energy.quantity)
                own.completeness.append(energy.completeness)
                kind = (energy.unit, energy.direction, energy.lhv_mj_per_unit, day)
                own.kind.append(own.kinds.setdefault(kind, len(own.kinds)))
    loads = LoadShapes(records, prices.zone)
    return [
        _priced(prices, carrier, group, batches, start, end, loads)
        for carrier, group in entries.items()
    ]


@dataclass(slots=True)
class _Entries:
    """Amounts of one carrier: row of the batch, quantity, and which kind (unit, direction, heating
    value, day) it is of.
    """

    row: list[int] = field(default_factory=list)
    quantity: list[float] = field(default_factory=list)
    completeness: list[float] = field(default_factory=list)
    kind: list[int] = field(default_factory=list)
    kinds: dict[tuple[str, Direction, float | None, date], int] = field(default_factory=dict)


def _priced(
    prices: Prices,
    carrier: str,
    entries: _Entries,
    batches: Sequence[Batch],
    start: Integers,
    end: Integers,
    loads: LoadShapes,
) -> PricedEnergy:
    curve, factors = prices.curve(carrier), prices.factors
    row = np.array(entries.row, dtype=np.int64)
    unit = CARRIERS[carrier].unit if curve is None else curve.unit
    of_kind = [
        in_unit(CarrierEnergy(carrier, 1.0, *kind[:3]), unit, kind[3], factors)
        for kind in entries.kinds
    ]
    factor, carbon = np.array(of_kind, dtype=float).reshape(-1, 2)[entries.kind].T
    quantity = np.array(entries.quantity)
    amount = quantity * factor
    by_meter, completeness = np.zeros(len(row), dtype=bool), np.array(entries.completeness)
    if curve is None:
        nothing = np.full(len(row), np.nan)
        none = np.zeros((len(row), 0))
        return PricedEnergy(
            carrier,
            None,
            row,
            amount,
            nothing,
            none,
            none,
            quantity * carbon,
            by_meter,
            completeness,
        )
    shares, paid = np.zeros((len(row), len(curve.names))), np.zeros((len(row), len(curve.names)))
    for load, alike in _by_load(carrier, entries, batches, loads):
        rows = row[alike]
        by_meter[alike] = load is not None
        for code in range(len(curve.names)):
            inside = curve.period == code
            shares[alike, code] = _mean(
                replace(curve, price=inside.astype(float)), start[rows], end[rows], load
            )
            paid[alike, code] = _mean(
                replace(curve, price=np.where(inside, curve.price, 0.0)),
                start[rows],
                end[rows],
                load,
            )
    paid *= amount[:, None]
    return PricedEnergy(
        carrier,
        curve,
        row,
        amount,
        paid.sum(axis=1),
        shares * amount[:, None],
        paid,
        quantity * carbon,
        by_meter,
        completeness,
    )


def _by_load(
    carrier: str, entries: _Entries, batches: Sequence[Batch], loads: LoadShapes
) -> list[tuple[LoadShape | None, list[int]]]:
    """The entries of each load shape: those of one step, equipment and direction, and others that
    the same meters show.
    """
    directions = [kind[1] for kind in entries.kinds]
    alike: dict[int, tuple[LoadShape | None, list[int]]] = {}
    for position, (row, kind) in enumerate(zip(entries.row, entries.kind, strict=True)):
        load = loads.of(batches[row].step, batches[row].equipment, carrier, directions[kind])
        alike.setdefault(id(load), (load, []))[1].append(position)
    return list(alike.values())


def _mean(curve: PriceCurve, start: Integers, end: Integers, load: LoadShape | None) -> Floats:
    paid, weight = integrals(curve, start, end, load)
    return np.where(weight > 0, paid / np.where(weight > 0, weight, 1.0), curve.at(start))


def in_unit(
    energy: CarrierEnergy, unit: str, day: date, factors: FactorTable
) -> tuple[float, float]:
    """One unit of the amount in the price's unit (`amount_in`), and its CO2 in kg, NaN where no
    factor is in force.
    """
    try:
        co2 = factors.co2_kg(energy, day)
    except InputError:  # told as carbon that is not priced
        co2 = np.nan
    return amount_in(energy, unit, day, factors), co2


def amount_in(energy: CarrierEnergy, unit: str, day: date, factors: FactorTable) -> float:
    """The amount in the price's unit, of one unit of it, signed; NaN where it cannot be turned into
    it.
    """
    sign = 1.0 if energy.direction is Direction.IMPORT else -1.0
    try:
        return sign * ratio(energy.unit, unit)
    except InputError:
        pass  # a fuel counted by volume or mass and priced by its heat
    try:
        return factors.mj(energy, day) * ratio("MJ", unit)
    except InputError:
        return np.nan
