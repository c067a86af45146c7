"""What each batch and step cost by the plant's tariff, and what shifting could save
(docs/tariffs.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import numpy as np

from benchmarks.carriers import CARRIERS
from benchmarks.declared import Words, worded
from benchmarks.labels.columns import Flags, Floats, Integers
from benchmarks.measurements import Batch
from benchmarks.phrases import in_number
from benchmarks.quantities import ratio
from benchmarks.routes import Step
from reporting_agent.analysis.energy_costs.cost_notes import (
    ShiftedCosts,
    carbon_notes,
    carrier_notes,
    demand_notes,
    hours_note,
    in_part_note,
    left_out_notes,
    series_notes,
    shifted,
)
from reporting_agent.analysis.energy_costs.demand_charge import (
    BatchPower,
    PowerCurve,
    charged_months,
    part_of_peaks,
    peaks,
    site_power,
)
from reporting_agent.analysis.energy_costs.prices import (
    LoadShapes,
    PricedEnergy,
    Prices,
    priced,
    windows,
)
from reporting_agent.analysis.figures import shown
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult

_ASSUMPTION = worded(
    "Upper bound, assuming that batches can start at any hour of their day and be interrupted "
    "where the price changes, each equipment "
    "keeps its hours and mean power, product can wait within the day, and the highest demand does "
    "not rise."
)
LEAST_SAVING = 0.001
"""Share of a step's electricity below which shifting is told to save nothing."""
_RUNS_ON = timedelta(days=31)  # a batch of the period may end after it: a campaign, a pot-month


class PeriodCost(NamedTuple):
    """Energy of one carrier used in one tariff period (`flat` where none holds), and what it
    cost.
    """

    carrier: str
    period: str
    energy: float
    unit: str
    cost: float


class BatchCost(NamedTuple):
    """One batch's cost in the tariff's currency: energy at the time it was used, its part of the
    demand charge, carbon.
    """

    batch_id: str
    energy: float
    demand: float
    carbon: float

    @property
    def total(self) -> float:
        return self.energy + self.demand + self.carbon


@dataclass(frozen=True, slots=True)
class LoadShift:
    """What running a shiftable step at its days' cheapest hours would save; `assumption` says under
    what.
    """

    saving: float  # currency, over the period
    share: float  # of what the step's electricity cost, or brought in
    days: int
    assumption: Words
    sentence: Words


@dataclass(frozen=True, slots=True)
class StepCost:
    """Cost of one step's batches over the period: of every amount that is known as far as the label
    asks. `batches`, `output` and `per_output` are of those batches alone of which no priced amount
    is known only in part.
    """

    step: str
    currency: str
    output: float
    output_unit: str
    energy: float
    demand: float
    carbon: float
    by_period: tuple[PeriodCost, ...]
    batches: tuple[BatchCost, ...]  # in the order of the log
    per_output: float | None
    per_kwh: float | None  # of electricity that was taken in; what is given back is no part of it
    shift: LoadShift | None
    unpriced: tuple[str, ...]  # carriers without a price: not in the sum
    notes: tuple[Words, ...]  # assumptions and what is left out

    @property
    def total(self) -> float:
        return self.energy + self.demand + self.carbon


def costs(site: SiteSettings, result: LabelResult) -> tuple[StepCost, ...]:
    """One entry a step with priced energy; empty without [tariff]."""
    period, in_utc = result.site_label.period, result.site_label.period.in_utc
    begun = [batch for batch in result.data.batches if batch.start in in_utc]
    batches = [batch for batch in begun if batch.energy and batch.excluded is None]
    latest = max((batch.end for batch in batches if batch.end is not None), default=period.end)
    prices = Prices.of(site, period.start, max(period.end, min(latest, period.end + _RUNS_ON)))
    if prices is None or not batches:
        return ()
    records = result.data.meters
    table = priced(prices, batches, records)
    run = _powers(batches, table)
    powers: dict[int, PowerCurve] = {}
    for minutes in {charge.minutes for charge in prices.tariff.demand}:
        power = site_power(records, run, minutes, site.zone)
        if power is not None:
            powers[minutes] = power
    months = tuple(charged_months(prices, period.end))
    highest = peaks(powers, months)
    demand = part_of_peaks(highest, run)
    charged, shared = sum(peak.cost for peak in highest), float(demand.sum())
    of_demand = (
        demand_notes(powers, months, prices.currency, charged, shared)
        if prices.tariff.demand
        else []
    )
    of_carbon = carbon_notes(prices, supplies_own_factor=bool(site.emissions.electricity))
    of_site = _OfSite(prices, LoadShapes(records, site.zone), tuple(of_demand), tuple(of_carbon))
    left_out = Counter(batch.step for batch in begun if batch.excluded is not None)
    steps = np.array([batch.step for batch in batches])
    step_costs = [
        _step_cost(
            of_site,
            result.data.pack.step(step),
            batches,
            table,
            steps == step,
            demand,
            left_out[step],
        )
        for step in dict.fromkeys(steps.tolist())
    ]
    return tuple(cost for cost in step_costs if cost is not None)


def _powers(batches: Sequence[Batch], table: Sequence[PricedEnergy]) -> BatchPower:
    kwh = np.zeros(len(batches))
    for entry in table:
        if entry.carrier == "electricity":
            np.add.at(kwh, entry.row, np.nan_to_num(entry.amount) * ratio(entry.unit, "kWh"))
    codes: dict[tuple[str, str], int] = {}
    machine = np.array(
        [codes.setdefault((batch.step, batch.equipment), len(codes)) for batch in batches],
        dtype=np.int64,
    )
    return BatchPower(*windows(batches), machine, kwh)


class _OfSite(NamedTuple):
    """What the costs of all steps have in common."""

    prices: Prices
    loads: LoadShapes
    demand_notes: tuple[Words, ...]
    carbon_notes: tuple[Words, ...]


def _step_cost(
    of_site: _OfSite,
    step: Step,
    batches: Sequence[Batch],
    table: Sequence[PricedEnergy],
    mine: Flags,
    demand: Floats,
    left_out: int,
) -> StepCost | None:
    prices, whole = of_site.prices, mine.copy()
    energy, carbon = np.zeros(len(batches)), np.zeros(len(batches))
    by_period: list[PeriodCost] = []
    unpriced: list[str] = []
    without_factor: list[str] = []
    notes: list[Words] = []
    for entry in table:
        own = mine[entry.row]
        if not own.any():
            continue
        in_part = own & (entry.completeness < step.label_rule.least_completeness)
        if entry.curve is not None and in_part.any():
            whole[entry.row[in_part]] = False
            notes.append(in_part_note(entry, int(in_part.sum())))
        own &= ~in_part
        if _carbon_counts(prices, entry.carrier):
            carbon_cost = entry.co2_kg[own] / 1000 * _carbon_prices(prices, batches, entry.row[own])
            if np.isnan(carbon_cost).any():
                without_factor.append(entry.carrier)
            np.add.at(carbon, entry.row[own], np.nan_to_num(carbon_cost))
        if entry.curve is None:
            unpriced.append(entry.carrier)
            continue
        notes += carrier_notes(entry, own)
        np.add.at(energy, entry.row[own], np.nan_to_num(entry.cost[own]))
        by_period += _periods(entry, own)
    if not by_period and not carbon.any() and not notes:
        return None
    rows = np.flatnonzero(whole)
    output = sum(
        batch.output for batch in (batches[row] for row in rows.tolist()) if batch.output > 0
    )
    parts = (float(energy[mine].sum()), float(demand[mine].sum()), float(carbon[mine].sum()))
    electricity = next((entry for entry in table if entry.carrier == "electricity"), None)
    by_meter = (
        np.zeros(0, dtype=bool)
        if electricity is None
        else electricity.by_meter[mine[electricity.row]]
    )
    return StepCost(
        step=step.id,
        currency=prices.currency,
        output=float(output),
        output_unit=step.output_unit,
        energy=parts[0],
        demand=parts[1],
        carbon=parts[2],
        by_period=tuple(by_period),
        batches=tuple(
            map(
                BatchCost,
                [batches[row].batch_id for row in rows.tolist()],
                energy[rows].tolist(),
                demand[rows].tolist(),
                carbon[rows].tolist(),
            )
        ),
        per_output=float((energy + demand + carbon)[rows].sum()) / output if output > 0 else None,
        per_kwh=None if electricity is None else _price_taken_in(electricity, mine),
        shift=None
        if electricity is None or step.id not in prices.tariff.shiftable
        else _shift(of_site, batches, electricity, whole),
        unpriced=tuple(unpriced),
        notes=(
            hours_note(by_meter),
            *of_site.demand_notes,
            *of_site.carbon_notes,
            *left_out_notes(unpriced, without_factor, left_out),
            *series_notes(prices, {(part.carrier, part.period) for part in by_period}),
            *notes,
        ),
    )


def _price_taken_in(electricity: PricedEnergy, mine: Flags) -> float | None:
    """The mean price of a kWh that the step took in, of what has a price."""
    own = mine[electricity.row] & (electricity.amount > 0) & np.isfinite(electricity.cost)
    kwh = float(electricity.amount[own].sum()) * ratio(electricity.unit, "kWh")
    return float(electricity.cost[own].sum()) / kwh if kwh else None


def _periods(entry: PricedEnergy, own: Flags) -> list[PeriodCost]:
    """Amount and cost of each tariff period, dearest first."""
    if entry.curve is None:
        return []
    amounts, paid = (
        np.nansum(entry.by_period[own], axis=0).tolist(),
        np.nansum(entry.cost_by_period[own], axis=0).tolist(),
    )
    rows = zip(entry.curve.names, amounts, paid, strict=True)
    periods = [
        PeriodCost(entry.carrier, name, amount, entry.curve.unit, cost)
        for name, amount, cost in rows
        if name and amount
    ]
    return sorted(periods, key=lambda period: -period.cost)


def _carbon_counts(prices: Prices, carrier: str) -> bool:
    rule = prices.tariff.carbon
    return (
        rule is not None
        and CARRIERS[carrier].form != "medium"
        and (rule.electricity or carrier != "electricity")
    )


def _carbon_prices(prices: Prices, batches: Sequence[Batch], rows: Integers) -> Floats:
    rule = prices.tariff.carbon
    if rule is None:
        return np.zeros(len(rows))
    days = (batches[row].start.astimezone(prices.zone).date() for row in rows.tolist())
    return np.array([rule.price if rule.holds_on(day) else 0.0 for day in days])


def _shift(
    of_site: _OfSite, batches: Sequence[Batch], electricity: PricedEnergy, whole: Flags
) -> LoadShift | None:
    if electricity.curve is None:
        return None
    own = whole[electricity.row] & (electricity.amount > 0)
    rows, run = np.unique(
        electricity.row[own], return_inverse=True
    )  # a run with two meters is still one run
    amount = np.bincount(run, weights=electricity.amount[own])
    start, end = windows([batches[row] for row in rows.tolist()])
    equipment = np.array([batches[row].equipment for row in rows.tolist()])
    moved = ShiftedCosts()
    for name in dict.fromkeys(equipment.tolist()):
        of_machine = equipment == name
        load = of_site.loads.of(batches[rows[0]].step, name, "electricity")
        moved += shifted(
            of_site.prices,
            electricity.curve,
            load,
            start[of_machine],
            end[of_machine],
            amount[of_machine],
        )
    saving = moved.before - moved.after
    turnover = max(abs(moved.before), abs(moved.after))
    share = saving / turnover if turnover else 0.0
    return LoadShift(
        saving,
        share,
        len(moved.days),
        _ASSUMPTION,
        _of_shift(moved, saving, share, of_site.prices.currency),
    )


def _of_shift(moved: ShiftedCosts, saving: float, share: float, currency: str) -> Words:
    if share <= LEAST_SAVING:
        return worded(
            "Shifting within the day saves nothing: prices do not differ over the day, or the "
            "equipment runs all day."
        )
    days = len(moved.days)
    figures = {"saving": shown(saving), "currency": currency, "days": f"{days:,}"}
    if (
        moved.before < saving
    ):  # the plant was paid for some of its use: a share of the rest tells nothing
        return Words.of(
            in_number(
                days,
                "If they had run at the cheapest hours of their own days, these batches would "
                "have cost %(saving)s %(currency)s less, over "
                "%(days)s day.",
                "If they had run at the cheapest hours of their own days, these batches would "
                "have cost %(saving)s %(currency)s less, over "
                "%(days)s days.",
                **figures,
            )
        )
    return Words.of(
        in_number(
            days,
            "If they had run at the cheapest hours of their own days, these batches would have "
            "cost %(saving)s %(currency)s less "
            "(%(share)s of their electricity), over %(days)s day.",
            "If they had run at the cheapest hours of their own days, these batches would have "
            "cost %(saving)s %(currency)s less "
            "(%(share)s of their electricity), over %(days)s days.",
            share=f"{100 * share:.1f} %",
            **figures,
        )
    )
