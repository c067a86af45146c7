"""The tariff as curves of prices over time, and what any stretch of time cost by one of them and a
load.

Local clock times become UTC edges day by day. In the autumn hour that comes twice, a period that
begins inside that hour begins the first time the clock shows it; in the spring hour that never
comes, when the clock goes forward.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import numpy as np

from benchmarks.conversion import FactorTable
from benchmarks.labels.columns import Floats, Integers
from benchmarks.quantities import ratio
from reporting_agent.analysis.energy_costs.load_shapes import LoadShape
from reporting_agent.config import SiteSettings
from reporting_agent.config.tariff import MINUTES_A_DAY, CarrierPrice, Price, PriceSeries, Tariff
from reporting_agent.sources.price_series import StampedPrices, prices_of

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
