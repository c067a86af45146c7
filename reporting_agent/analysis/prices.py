"""Prices over time as a step function, so that what any stretch of time cost is a difference of two sums.

Local clock times become UTC edges day by day. In the autumn hour that comes twice, a period that begins inside that hour begins the
first time the clock shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import numpy as np

from benchmarks.conversion import FactorTable
from benchmarks.labels.columns import Floats, Integers
from reporting_agent.config import Site
from reporting_agent.config.tariff import MINUTES_A_DAY, CarrierPrice, Price, Tariff

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(moment: datetime) -> int:
    """UTC microseconds."""
    return (moment - _EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A price from each edge to the next, per `unit`; NaN where the tariff has none. `period` is a place in `names`."""

    edges_us: Integers  # one more than prices
    price: Floats
    period: Integers
    names: tuple[str, ...]
    unit: str

    def at(self, moment_us: Integers) -> Floats:
        """The price at moments; NaN outside the curve."""
        place = np.searchsorted(self.edges_us, moment_us, side="right") - 1
        inside = (place >= 0) & (place < len(self.price))
        found: Floats = np.where(inside, self.price[np.clip(place, 0, len(self.price) - 1)], np.nan)
        return found


@dataclass(slots=True, eq=False)
class Prices:
    """The site's tariff between two days. Curves are made once a carrier."""

    tariff: Tariff
    zone: tzinfo
    first: date
    last: date  # included
    factors: FactorTable
    _curves: dict[str, Curve | None] = field(default_factory=dict)

    @classmethod
    def of(cls, site: Site, start: datetime, end: datetime) -> Prices | None:
        """Prices from the local day of `start` to that of `end`; None without [tariff]."""
        if site.tariff is None:
            return None
        return cls(site.tariff, site.zone, start.astimezone(site.zone).date(), end.astimezone(site.zone).date(), site.emissions.factors)

    @property
    def currency(self) -> str:
        return self.tariff.currency

    def price_of(self, carrier: str, when: datetime) -> Price | None:
        """The price of one unit at a moment in any zone."""
        return self.tariff.price_of(carrier, when.astimezone(self.zone))

    def curve(self, carrier: str) -> Curve | None:
        """None where the tariff never prices this carrier."""
        if carrier not in self._curves:
            rows = [row for row in self.tariff.prices if row.carrier == carrier]
            self._curves[carrier] = self._made(rows) if rows else None
        return self._curves[carrier]

    def mean(self, carrier: str, start_us: Integers, end_us: Integers) -> Floats:
        """The mean price of each stretch [start, end), evenly over its time; NaN where a part of it has none."""
        curve = self.curve(carrier)
        if curve is None:
            return np.full(len(start_us), np.nan)
        paid, passed = integrals(curve, start_us, end_us, None)
        return np.where(passed > 0, paid / np.where(passed > 0, passed, 1.0), curve.at(start_us))

    def _made(self, rows: list[CarrierPrice]) -> Curve:
        edges: list[int] = []
        price: list[float] = []
        period: list[int] = []
        names: dict[str, int] = {}
        days = (self.last - self.first).days + 1
        holidays = frozenset(self.tariff.holidays)
        for day in (self.first + timedelta(days=number) for number in range(days)):
            row = next((one for one in rows if one.holds_on(day)), None)
            for minute in _cuts(row):
                name, amount = ("", np.nan) if row is None else row.at(day, minute, day in holidays)
                edges.append(_moment(day, minute, self.zone))
                price.append(amount)
                period.append(names.setdefault(name, len(names)))
        edges.append(_moment(self.last + timedelta(days=1), 0, self.zone))
        increasing = np.maximum.accumulate(np.array(edges, dtype=np.int64))
        return Curve(increasing, np.array(price), np.array(period, dtype=np.int64), tuple(names), rows[0].unit)


def _cuts(row: CarrierPrice | None) -> list[int]:
    if row is None:
        return [0]
    ends = {minute for period in row.periods for piece in period.minute_ranges for minute in piece}
    return sorted({0, *ends} - {MINUTES_A_DAY})


def _moment(day: date, minute: int, zone: tzinfo) -> int:
    return to_us(datetime.combine(day, time(minute // 60, minute % 60), zone))


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """How a step's power ran, from its meters: a level from each edge to the next, in any unit; only its shape counts."""

    edges_us: Integers  # one more than levels
    level: Floats


def integrals(curve: Curve, start_us: Integers, end_us: Integers, load: Load | None) -> tuple[Floats, Floats]:
    """Price and weight, integrated over each stretch with the load's shape (evenly where there is none): their ratio is the mean price.

    A stretch in which the load is nothing, or that leaves the load's edges, is taken evenly.
    """
    even = _integrals(curve.edges_us, curve.price, np.ones(len(curve.price)), start_us, end_us)
    if load is None:
        return even
    edges = np.union1d(curve.edges_us, load.edges_us)
    place = np.clip(np.searchsorted(load.edges_us, edges[:-1], side="right") - 1, 0, len(load.level) - 1)
    inside = (edges[:-1] >= load.edges_us[0]) & (edges[:-1] < load.edges_us[-1])
    level = np.where(inside, np.maximum(load.level[place], 0.0), 0.0)
    paid, weight = _integrals(edges, curve.at(edges[:-1]), level, start_us, end_us)
    usable = (weight > 0) & (start_us >= load.edges_us[0]) & (end_us <= load.edges_us[-1])
    return np.where(usable, paid, even[0]), np.where(usable, weight, even[1])


def _integrals(edges_us: Integers, price: Floats, weight: Floats, start_us: Integers, end_us: Integers) -> tuple[Floats, Floats]:
    hours = np.diff(edges_us) / 3.6e9
    known = np.isfinite(price)
    paid = np.concatenate(([0.0], np.cumsum(np.where(known, price, 0.0) * weight * hours)))
    weighed = np.concatenate(([0.0], np.cumsum(weight * hours)))
    lacking = np.concatenate(([0.0], np.cumsum(np.where(known, 0.0, 1.0) * hours)))
    paid_a, paid_b = np.interp(start_us, edges_us, paid), np.interp(end_us, edges_us, paid)
    weight_a, weight_b = np.interp(start_us, edges_us, weighed), np.interp(end_us, edges_us, weighed)
    lacks = np.interp(end_us, edges_us, lacking) - np.interp(start_us, edges_us, lacking) > 0
    outside = (start_us < edges_us[0]) | (end_us > edges_us[-1])
    return np.where(lacks | outside, np.nan, paid_b - paid_a), weight_b - weight_a
