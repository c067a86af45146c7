"""One amount of energy as kWh, kgce, CO2 and money.

It has the mix of carriers that its batch **took in**, at the factors and prices of its day, on a
binary grid of 2^-20 of its unit (`benchmarks.labels.waste`): parts add up to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER_KGCE, Basis, FactorTable
from benchmarks.declared import Words, worded
from benchmarks.errors import InputError
from benchmarks.labels import MeasuredBatches, StepLabel
from benchmarks.labels.columns import Flags, Floats, StepColumns
from benchmarks.labels.waste import on_grid
from benchmarks.measurements import CarrierEnergy, Direction, Metric
from benchmarks.phrases import Phrase, enumerated, in_number
from reporting_agent.analysis.energy_costs.prices import Prices, priced
from reporting_agent.config import SiteSettings
from reporting_agent.metering import MeterRecord

_MJ_PER_KWH = 3.6
_NO_TARIFF = worded("site.toml has no [tariff], so no amount has a price.")


class Amount(NamedTuple):
    """The same energy in every unit. None where a factor or a price is missing; the reason stands
    beside the sums.
    """

    energy: float  # in the label's own energy unit: kgce, kWh or MJ
    kwh: float  # heat content (1 kWh = 3.6 MJ), media as the electricity that made them
    kgce: float  # calorific basis, GB/T 2589
    co2_kg: float | None
    money: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """Of each used batch, what one unit of its energy is in the other units; NaN where that is not
    known.
    """

    kwh: Floats
    kgce: Floats
    co2_kg: Floats
    money: Floats
    co2_reason: Words | None
    money_reason: Words | None

    def amounts(self, energy: Floats) -> Floats:
        """Energies of the used batches in every unit, batches x 5, on the grid; cumulative parts
        stay in order in each.
        """
        return on_grid(
            energy[:, None]
            * np.column_stack([np.ones(len(energy)), self.kwh, self.kgce, self.co2_kg, self.money])
        )


ZERO = Amount(0.0, 0.0, 0.0, 0.0, 0.0)


def parts_of(rates: Rates, parts: Iterable[Floats]) -> list[Floats]:
    """Each part of the batches' energy in every unit (batches x 5), such that the parts add up to
    their whole in all of them.

    A part is the difference of two running sums on the grid: rounding never opens a gap between the
    parts and their sum.
    """
    slices: list[Floats] = []
    reached = None
    before: Floats | None = None
    for part in parts:
        reached = part if reached is None else reached + part
        now = rates.amounts(reached)
        slices.append(now if before is None else now - before)
        before = now
    return slices


def amount_of(rows: Floats) -> Amount:
    """The sum over some batches of a part from `parts_of`; a batch without a factor leaves no sum,
    unless its part is nothing.
    """
    if not len(rows):
        return ZERO
    energy, kwh, kgce, co2_kg, money = np.where(rows[:, :1] == 0, 0.0, rows).sum(axis=0).tolist()
    return Amount(
        energy, kwh, kgce, None if co2_kg != co2_kg else co2_kg, None if money != money else money
    )


def added(amounts: Iterable[Amount]) -> Amount:
    """Sum of amounts of labels of different units: `energy` is then in kgce."""
    total = ZERO
    for amount in amounts:
        total = Amount(
            total.energy + amount.kgce,
            total.kwh + amount.kwh,
            total.kgce + amount.kgce,
            None if total.co2_kg is None or amount.co2_kg is None else total.co2_kg + amount.co2_kg,
            None if total.money is None or amount.money is None else total.money + amount.money,
        )
    return total


def plus(amount: Amount, other: Amount) -> Amount:
    """Sum of two parts of one label's gap, in the same unit."""
    co2_kg = None if amount.co2_kg is None or other.co2_kg is None else amount.co2_kg + other.co2_kg
    money = None if amount.money is None or other.money is None else amount.money + other.money
    return Amount(
        amount.energy + other.energy,
        amount.kwh + other.kwh,
        amount.kgce + other.kgce,
        co2_kg,
        money,
    )


def rates_of(
    label: StepLabel,
    measured: MeasuredBatches,
    paid: Mapping[str, CarrierCost] | None,
    factors: FactorTable,
) -> Rates:
    """What one unit of each used batch's energy is, in every unit; `paid` as from `paid_in`."""
    rows, energy, columns = measured.rows, measured.energy, measured.columns
    intake = energy.taken_in[rows]
    whole = intake.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = intake / whole[:, None]  # NaN where nothing was taken in
        co2_kg, lacking = _co2_kg(columns, frozenset(energy.carriers), factors)
        co2_rate = co2_kg[rows] / whole
    kgce_per_kwh = _kgce_per_kwh(measured, factors)
    if label.metric is Metric.TOTAL:
        thermal = np.array([CARRIERS[carrier].thermal for carrier in energy.carriers], dtype=bool)
        heat = float(MJ_PER_KGCE) / _MJ_PER_KWH
        kwh = np.nan_to_num(
            (share * np.where(thermal[None, :], heat, 1 / kgce_per_kwh[:, None])).sum(axis=1),
            nan=heat,
        )
        kgce = np.ones(len(rows))
    elif label.metric is Metric.ELECTRICITY:
        kwh, kgce = np.ones(len(rows)), kgce_per_kwh
    else:
        kwh, kgce = np.full(len(rows), 1 / _MJ_PER_KWH), np.full(len(rows), 1 / float(MJ_PER_KGCE))
    money, money_reason = _money_rate(measured, whole, paid)
    return Rates(
        kwh,
        kgce,
        co2_rate,
        money,
        _co2_reason(lacking) if np.isnan(co2_rate).any() else None,
        money_reason,
    )


def _kgce_per_kwh(measured: MeasuredBatches, factors: FactorTable) -> Floats:
    """The dated factor of electricity on the calorific basis, by batch."""

    @lru_cache(maxsize=400)
    def on(day: date) -> float:
        return float(factors.factor("electricity", Basis.CALORIFIC, day).kgce_per_unit)

    batches = measured.columns.batches
    return np.array([on(batches[row].start.date()) for row in measured.rows.tolist()], dtype=float)


def _co2_kg(
    columns: StepColumns, counted: frozenset[str], factors: FactorTable
) -> tuple[Floats, dict[str, date]]:
    """CO2 of what every batch of the step took in, NaN where a factor is missing; and the carriers
    that lack one, with a day.
    """
    lacking: dict[str, date] = {}
    factor = np.zeros(len(columns.kinds))
    for index in np.unique(
        columns.entry_kind[columns.entry_quantity != 0]
    ).tolist():  # what was not used needs no factor
        kind = columns.kinds[index]
        if kind.direction is not Direction.IMPORT or kind.carrier not in counted:
            continue
        try:
            factor[index] = factors.co2_kg(
                CarrierEnergy(kind.carrier, 1.0, kind.unit, lhv_mj_per_unit=kind.lhv_mj_per_unit),
                kind.on,
            )
        except InputError as refusal:
            if refusal.code != "carbon-factor-missing":
                raise
            factor[index] = np.nan
            lacking.setdefault(kind.carrier, kind.on)
    weights = np.where(
        columns.entry_quantity == 0,
        0.0,
        columns.entry_quantity * (factor[columns.entry_kind] if len(factor) else np.zeros(0)),
    )
    return np.bincount(columns.entry_row, weights=weights, minlength=len(columns.batches)).astype(
        float
    ), lacking


def _co2_reason(lacking: dict[str, date]) -> Words:
    if not lacking:
        return worded("A batch has no energy input, so its CO2 rate cannot be calculated.")
    without = enumerated(
        Phrase("%(carrier)s (%(day)s)", carrier=CARRIERS[carrier].words, day=day.isoformat())
        for carrier, day in lacking.items()
    )
    reason = worded("No CO2 factor is in force for %(without)s.", without=without)
    if "electricity" not in lacking:
        return reason
    remedy = worded(
        "For electricity the factor depends on the country: name the country, or your supply's "
        "factor, under [emissions] in site.toml."
    )
    return worded("%(reason)s %(remedy)s", reason=reason, remedy=remedy)


@dataclass(frozen=True, slots=True, eq=False)
class CarrierCost:
    """For one carrier that a step took in, by batch: what it cost, NaN where that is unknown, and
    whether an amount cannot be turned into the unit of the price, as heat into tonnes."""

    cost: Floats
    in_other_unit: Flags


def paid_in(
    columns: StepColumns, site: SiteSettings, records: Sequence[MeterRecord]
) -> Mapping[str, CarrierCost] | None:
    """What every batch of the step paid for each carrier it took in; None without [tariff]. Asked
    once a step.
    """
    starts = [batch.start for batch in columns.batches]
    ends = [batch.end for batch in columns.batches if batch.end is not None]
    prices = Prices.of(site, min(starts), max([*starts, *ends])) if starts else None
    if prices is None:
        return None
    paid = {}
    for entry in priced(prices, columns.batches, records):
        not_given_back = ~(
            entry.amount <= 0
        )  # an amount that is unknown makes the money unknown, not less
        cost = np.bincount(
            entry.row[not_given_back], weights=entry.cost[not_given_back], minlength=len(starts)
        ).astype(float)
        other = np.bincount(entry.row[np.isnan(entry.amount)], minlength=len(starts)) > 0
        paid[entry.carrier] = CarrierCost(cost, other)
    return paid


def _money_rate(
    measured: MeasuredBatches, taken_in: Floats, paid: Mapping[str, CarrierCost] | None
) -> tuple[Floats, Words | None]:
    if paid is None:
        return np.full(len(measured.rows), np.nan), _NO_TARIFF
    own = [
        paid[carrier].cost[measured.rows] for carrier in measured.energy.carriers if carrier in paid
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = sum(own, np.zeros(len(measured.rows))) / taken_in
    unpriced = int(np.isnan(rate).sum())
    if not unpriced:
        return rate, None
    batches, carriers = (
        f"{unpriced:,}",
        [carrier for carrier in measured.energy.carriers if carrier in paid],
    )
    if other := [
        carrier for carrier in carriers if paid[carrier].in_other_unit[measured.rows].any()
    ]:
        words = in_number(
            unpriced,
            "%(batches)s batch has no price: its amounts of %(carriers)s cannot be turned into "
            "the unit of the "
            "price. Give them in that unit with lhv, or a price per GJ.",
            "%(batches)s batches have no price: their amounts of %(carriers)s cannot be turned "
            "into the unit of its price. Give them "
            "in that unit with lhv, or a price per GJ.",
            batches=batches,
            carriers=enumerated(CARRIERS[carrier].words for carrier in other),
        )
        return rate, Words.of(words)
    without = [carrier for carrier in carriers if np.isnan(paid[carrier].cost[measured.rows]).any()]
    if not without:
        return rate, Words.of(
            in_number(
                unpriced,
                "%(batches)s batch has no price.",
                "%(batches)s batches have no price.",
                batches=batches,
            )
        )
    words = in_number(
        unpriced,
        "%(batches)s batch has no price: [tariff] has none for %(carriers)s at that time.",
        "%(batches)s batches have no price: [tariff] has none for %(carriers)s at that time.",
        batches=batches,
        carriers=enumerated(CARRIERS[carrier].words for carrier in without),
    )
    return rate, Words.of(words)
