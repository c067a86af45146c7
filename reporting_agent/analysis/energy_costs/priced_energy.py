"""Batches with their energy as priced entries: what each amount cost at the time it was used.

Energy that a batch gives back (export, recovered) is credited at the price of the hours in which it
was given: it spares buying. A fuel may be priced by its energy (per GJ): its heat content then
comes from the conversion table or its measured heating value.

Assumption. Within a batch, energy ran as the hours of the meters of its carrier and direction did
(`load_shapes`); evenly over the batch where there is none. A batch without a sound end is priced at
its start.
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
from benchmarks.labels.columns import Flags, Floats, Integers
from benchmarks.measurements import Batch, CarrierEnergy, Direction
from benchmarks.quantities import ratio
from reporting_agent.analysis.energy_costs.load_shapes import LoadShape, LoadShapes
from reporting_agent.analysis.energy_costs.prices import PriceCurve, Prices, integrals, to_us
from reporting_agent.metering.record import MeterRecord


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
