"""Batches with their energy as priced entries: what each amount cost at the time it was used.

Energy that a batch gives back (export, recovered) is credited at the same price: it spares buying. A fuel may be priced by its
energy (per GJ): its heat content then comes from the conversion table or its measured heating value.

Assumption. Within a batch, energy ran as the hours of the step's meter of that carrier did; evenly over the batch where there is no
such meter. A batch without a sound end is priced at its start.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import FactorTable
from benchmarks.errors import InputError
from benchmarks.labels.columns import Floats, Integers
from benchmarks.measurements import Batch, CarrierEnergy, Direction
from benchmarks.quantities import ratio
from reporting_agent.analysis.prices import Curve, Load, Prices, integrals, to_us
from reporting_agent.metering.record import MeterRecord


@dataclass(frozen=True, slots=True, eq=False)
class PricedEnergy:
    """All energy of one carrier in some batches, an entry an amount, import positive."""

    carrier: str
    curve: Curve | None  # None: the tariff has no price
    row: Integers  # of the batches
    amount: Floats  # in the curve's unit; in the carrier's own where there is none
    cost: Floats  # currency; NaN where there is no price at that time
    by_period: Floats  # entries x names of the curve: the amount used in each period
    cost_by_period: Floats  # adds up to `cost`
    co2_kg: Floats  # NaN where the table has no factor


def windows(batches: Sequence[Batch]) -> tuple[Integers, Integers]:
    """Start and end of every batch; the start twice where the end is not sound."""
    start = np.array([to_us(batch.start) for batch in batches], dtype=np.int64)
    end = np.array([0 if batch.end is None else to_us(batch.end) for batch in batches], dtype=np.int64)
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
            if carriers is None or energy.carrier in carriers:
                own = entries.get(energy.carrier)
                if own is None:
                    own = entries[energy.carrier] = _Entries()
                own.row.append(row)
                own.quantity.append(energy.quantity)
                kind = (energy.unit, energy.direction, energy.lhv_mj_per_unit, day)
                own.kind.append(own.kinds.setdefault(kind, len(own.kinds)))
    names = {name: code for code, name in enumerate(dict.fromkeys(batch.step for batch in batches))}
    steps = np.array([names[batch.step] for batch in batches], dtype=np.int64)
    return [_priced(prices, carrier, found, list(names), steps, start, end, records, prices.factors) for carrier, found in entries.items()]


@dataclass(slots=True)
class _Entries:
    """Amounts of one carrier: row of the batch, quantity, and which kind (unit, direction, heating value, day) it is of."""

    row: list[int] = field(default_factory=list)
    quantity: list[float] = field(default_factory=list)
    kind: list[int] = field(default_factory=list)
    kinds: dict[tuple[str, Direction, float | None, date], int] = field(default_factory=dict)


def _priced(
    prices: Prices,
    carrier: str,
    found: _Entries,
    names: Sequence[str],
    steps: Integers,
    start: Integers,
    end: Integers,
    records: Sequence[MeterRecord],
    factors: FactorTable,
) -> PricedEnergy:
    curve = prices.curve(carrier)
    row = np.array(found.row, dtype=np.int64)
    unit = CARRIERS[carrier].unit if curve is None else curve.unit
    of_kind = [in_unit(CarrierEnergy(carrier, 1.0, *kind[:3]), unit, kind[3], factors) for kind in found.kinds]
    factor, carbon = np.array(of_kind, dtype=float).reshape(-1, 2)[found.kind].T
    quantity = np.array(found.quantity)
    amount = quantity * factor
    if curve is None:
        nothing = np.full(len(row), np.nan)
        return PricedEnergy(carrier, None, row, amount, nothing, np.zeros((len(row), 0)), np.zeros((len(row), 0)), quantity * carbon)
    shares, paid = np.zeros((len(row), len(curve.names))), np.zeros((len(row), len(curve.names)))
    for code_of_step in np.unique(steps[row]).tolist():
        of_step = steps[row] == code_of_step
        rows = row[of_step]
        load = load_of(records, names[code_of_step], carrier)
        for code in range(len(curve.names)):
            inside = curve.period == code
            shares[of_step, code] = _mean(replace(curve, price=inside.astype(float)), start[rows], end[rows], load)
            paid[of_step, code] = _mean(replace(curve, price=np.where(inside, curve.price, 0.0)), start[rows], end[rows], load)
    paid *= amount[:, None]
    return PricedEnergy(carrier, curve, row, amount, paid.sum(axis=1), shares * amount[:, None], paid, quantity * carbon)


def _mean(curve: Curve, start: Integers, end: Integers, load: Load | None) -> Floats:
    paid, weight = integrals(curve, start, end, load)
    return np.where(weight > 0, paid / np.where(weight > 0, weight, 1.0), curve.at(start))


def load_of(records: Sequence[MeterRecord], step: str, carrier: str) -> Load | None:
    """The hours of the step's counted meters of that carrier together; None where there is none."""
    own = [one for one in records if one.counted and one.meter.step == step and one.meter.carrier == carrier and len(one.hour_us)]
    if not own:
        return None
    first = own[0]
    same = [one for one in own if np.array_equal(one.hour_us, first.hour_us) and one.unit == first.unit]
    edges = np.append(first.hour_us, first.end_us)
    hours = np.maximum(np.diff(edges) / 3.6e9, 1e-9)
    level: Floats = np.sum([one.hour_energy / hours for one in same], axis=0)
    return Load(edges, level)


def in_unit(one: CarrierEnergy, unit: str, day: date, factors: FactorTable) -> tuple[float, float]:
    """One unit of the amount in the price's unit, signed, and its CO2 in kg; NaN where it cannot be turned into it."""
    sign = 1.0 if one.direction is Direction.IMPORT else -1.0
    try:
        co2 = factors.co2_kg(one, day)
    except InputError:  # no factor is in force: told as carbon that is not priced
        co2 = np.nan
    try:
        return sign * ratio(one.unit, unit), co2
    except InputError:
        pass  # a fuel counted by volume or mass and priced by its heat, or the other way round
    try:
        return factors.mj(one, day) * ratio("MJ", unit), co2
    except InputError:
        return np.nan, co2
