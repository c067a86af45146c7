"""What each batch and step cost by the plant's tariff, and what shifting could save (docs/tariffs.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple

import numpy as np

from benchmarks.carriers import CARRIERS
from benchmarks.declared import Words, worded
from benchmarks.labels.columns import Flags, Floats, Integers
from benchmarks.measurements import Batch
from benchmarks.phrases import Phrase, enumerated, in_number
from benchmarks.quantities import ratio
from reporting_agent.analysis.energy_costs.cheapest_hours import shifted
from reporting_agent.analysis.energy_costs.demand_charge import BatchPower, PowerCurve, part_of_peaks, peaks, site_power
from reporting_agent.analysis.energy_costs.prices import PricedEnergy, Prices, from_us, load_of, priced, windows
from reporting_agent.analysis.figures import shown
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult

LEAST_REST = 0.005
"""Share of the demand charge below which it is not told that no batch took it."""
_OTHER_UNIT = Phrase(
    "%(count)s amounts of %(carrier)s cannot be turned into the unit of its price: not in the cost. Give them in that unit with lhv, or a "
    "price per GJ."
)
_PARTLY = Phrase("%(count)s amounts of %(carrier)s are outside the tariff's dates: not in the cost.")
_UNPRICED = Phrase("No price is given for %(carriers)s: not in the cost.")
_NO_FACTOR = Phrase("No CO2 factor is in force for %(carriers)s: their carbon is not priced.")
_NOT_FETCHED = Phrase("Of the price series %(series)s nothing was fetched yet: run `steplabel-agent prices fetch`.")
_SERIES = Phrase(
    "%(carrier)s is priced by the series %(series)s where it has a price: %(prices)s prices from %(first)s to %(last)s%(fetched)s."
)
_ASSUMPTION = Phrase(
    "Upper bound, assuming that batches can start at any hour of their day and be interrupted where the price changes, each equipment "
    "keeps its hours and mean power, product can wait within the day, and the highest demand does not rise."
)
_RUNS_ON = timedelta(days=31)  # a batch of the period may end after it: a campaign, a pot-month


class PeriodCost(NamedTuple):
    """Energy of one carrier used in one tariff period (`flat` where none holds), and what it cost."""

    carrier: str
    period: str
    energy: float
    unit: str
    cost: float


class BatchCost(NamedTuple):
    """One batch's cost in the tariff's currency: energy at the time it was used, its part of the demand charge, carbon."""

    batch_id: str
    energy: float
    demand: float
    carbon: float

    @property
    def total(self) -> float:
        return self.energy + self.demand + self.carbon


@dataclass(frozen=True, slots=True)
class LoadShift:
    """What running a shiftable step at its days' cheapest hours would save; `assumption` says under what."""

    saving: float  # currency, over the period
    share: float  # of the energy cost of the step's electricity
    days: int
    assumption: Words
    sentence: Words


@dataclass(frozen=True, slots=True)
class StepCost:
    """Cost of one step's batches over the period. `per_output` is total / output of the used batches' output unit."""

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
    shift: LoadShift | None
    unpriced: tuple[str, ...]  # carriers without a price: not in the sum
    notes: tuple[Words, ...]  # assumptions and what is left out

    @property
    def total(self) -> float:
        return self.energy + self.demand + self.carbon


def costs(site: SiteSettings, result: LabelResult) -> tuple[StepCost, ...]:
    """One entry a step with priced energy; empty without [tariff]."""
    period, in_utc = result.site_label.period, result.site_label.period.in_utc
    batches = [batch for batch in result.data.batches if batch.energy and batch.start in in_utc and batch.excluded is None]
    latest = max((batch.end for batch in batches if batch.end is not None), default=period.end)
    prices = Prices.of(site, period.start, max(period.end, min(latest, period.end + _RUNS_ON)))
    if prices is None or not batches:
        return ()
    records = result.data.meters
    table = priced(prices, batches, records)
    start, end = windows(batches)
    kwh = np.zeros(len(batches))
    for entry in table:
        if entry.carrier == "electricity":
            unit = entry.curve.unit if entry.curve is not None else CARRIERS[entry.carrier].unit
            np.add.at(kwh, entry.row, np.nan_to_num(entry.amount) * ratio(unit, "kWh"))
    codes: dict[tuple[str, str], int] = {}
    machine = np.array([codes.setdefault((batch.step, batch.equipment), len(codes)) for batch in batches], dtype=np.int64)
    run = BatchPower(start, end, machine, kwh)
    powers: dict[int, PowerCurve] = {}
    for minutes in {charge.minutes for charge in prices.tariff.demand}:
        power = site_power(records, run, minutes, site.zone)
        if power is not None:
            powers[minutes] = power
    highest = peaks(powers, prices, prices.tariff.demand, period.end)
    demand = part_of_peaks(highest, run)
    rest = _rest_of_demand(sum(peak.cost for peak in highest), float(demand.sum()), prices.currency)
    steps = np.array([batch.step for batch in batches])
    step_costs = [
        _step_cost(prices, result, batches, table, np.flatnonzero(steps == step), demand, powers) for step in dict.fromkeys(steps.tolist())
    ]
    return tuple(replace(cost, notes=(*cost.notes, *rest)) for cost in step_costs if cost is not None)


def _rest_of_demand(whole: float, shared: float, currency: str) -> tuple[Words, ...]:
    """What of the demand charge fell on no batch, so that the steps and it add up to the bill's; nothing where hardly any did."""
    if whole - shared <= LEAST_REST * whole:
        return ()
    return (
        worded(
            "Of the site's demand charge of %(whole)s %(currency)s, %(rest)s %(currency)s is for energy that no batch used, and is not in "
            "any step.",
            rest=shown(whole - shared),
            whole=shown(whole),
            currency=currency,
        ),
    )


def _step_cost(
    prices: Prices,
    result: LabelResult,
    batches: Sequence[Batch],
    table: Sequence[PricedEnergy],
    rows: Integers,
    demand: Floats,
    powers: Mapping[int, PowerCurve],
) -> StepCost | None:
    step = result.data.pack.step(batches[rows[0]].step)
    mine = np.zeros(len(batches), dtype=bool)
    mine[rows] = True
    energy, carbon = np.zeros(len(batches)), np.zeros(len(batches))
    by_period: list[PeriodCost] = []
    unpriced: list[str] = []
    without_factor: list[str] = []
    notes: list[Words] = []
    for entry in table:
        own = mine[entry.row]
        if not own.any():
            continue
        if _carbon_counts(prices, entry.carrier):
            carbon_cost = entry.co2_kg[own] / 1000 * _carbon_prices(prices, batches, entry.row[own])
            if np.isnan(carbon_cost).any():
                without_factor.append(entry.carrier)
            np.add.at(carbon, entry.row[own], np.nan_to_num(carbon_cost))
        if entry.curve is None:
            unpriced.append(entry.carrier)
            continue
        other_unit = np.isnan(entry.amount[own])
        for note, lacking in ((_OTHER_UNIT, other_unit), (_PARTLY, np.isnan(entry.cost[own]) & ~other_unit)):
            if lacking.any():
                notes.append(worded(note, count=f"{lacking.sum():,}", carrier=CARRIERS[entry.carrier].words))
        np.add.at(energy, entry.row[own], np.nan_to_num(entry.cost[own]))
        by_period += _periods(entry, own)
    if not by_period and not carbon.any():
        return None
    output = sum(batch.output for batch in (batches[row] for row in rows.tolist()) if batch.output > 0)
    parts = (float(energy[rows].sum()), float(demand[rows].sum()), float(carbon[rows].sum()))
    total = sum(parts)
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
        per_output=total / output if output > 0 else None,
        shift=_shift(prices, result, batches, table, mine, step.id),
        unpriced=tuple(unpriced),
        notes=(*_notes(prices, result, step.id, powers, unpriced, without_factor), *_series_notes(prices, by_period), *notes),
    )


def _periods(entry: PricedEnergy, own: Flags) -> list[PeriodCost]:
    """Amount and cost of each tariff period, dearest first."""
    if entry.curve is None:
        return []
    amounts, paid = np.nansum(entry.by_period[own], axis=0).tolist(), np.nansum(entry.cost_by_period[own], axis=0).tolist()
    rows = zip(entry.curve.names, amounts, paid, strict=True)
    periods = [PeriodCost(entry.carrier, name, amount, entry.curve.unit, cost) for name, amount, cost in rows if name and amount]
    return sorted(periods, key=lambda period: -period.cost)


def _carbon_counts(prices: Prices, carrier: str) -> bool:
    rule = prices.tariff.carbon
    return rule is not None and CARRIERS[carrier].form != "medium" and (rule.electricity or carrier != "electricity")


def _carbon_prices(prices: Prices, batches: Sequence[Batch], rows: Integers) -> Floats:
    rule = prices.tariff.carbon
    if rule is None:
        return np.zeros(len(rows))
    days = (batches[row].start.astimezone(prices.zone).date() for row in rows.tolist())
    return np.array([rule.price if rule.holds_on(day) else 0.0 for day in days])


def _shift(
    prices: Prices, result: LabelResult, batches: Sequence[Batch], table: Sequence[PricedEnergy], mine: Flags, step: str
) -> LoadShift | None:
    electricity = next((entry for entry in table if entry.carrier == "electricity" and entry.curve is not None), None)
    if step not in prices.tariff.shiftable or electricity is None or electricity.curve is None:
        return None
    own = mine[electricity.row]
    rows = electricity.row[own]
    start, end = windows([batches[row] for row in rows.tolist()])
    names: dict[str, int] = {}
    machine = np.array([names.setdefault(batches[row].equipment, len(names)) for row in rows.tolist()], dtype=np.int64)
    load = load_of(result.data.meters, step, "electricity", prices.zone)
    moved = shifted(prices, electricity.curve, load, start, end, machine, electricity.amount[own])
    saving = moved.before - moved.after
    share = saving / moved.before if moved.before > 0 else 0.0
    sentence = worded("Shifting within the day saves nothing: prices do not differ over the day, or the equipment runs all day.")
    if share > 0.001:
        sentence = Words.of(
            in_number(
                moved.days,
                "If they had run at the cheapest hours of their own days, these batches would have cost %(saving)s "
                "%(currency)s less (%(share)s of their electricity), over %(days)s day.",
                "If they had run at the cheapest hours of their own days, these batches would have cost %(saving)s %(currency)s less "
                "(%(share)s of their electricity), over %(days)s days.",
                saving=shown(saving),
                currency=prices.currency,
                share=f"{100 * share:.1f} %",
                days=f"{moved.days:,}",
            )
        )
    return LoadShift(saving, share, moved.days, Words.of(_ASSUMPTION), sentence)


def _notes(
    prices: Prices, result: LabelResult, step: str, powers: Mapping[int, PowerCurve], unpriced: Sequence[str], without_factor: Sequence[str]
) -> list[Words]:
    metered = load_of(result.data.meters, step, "electricity", prices.zone) is not None
    notes = [
        worded("Energy of a batch is priced hour by hour, as the step's meters show it.")
        if metered
        else worded("Energy of a batch is priced evenly over its time: no meter shows when it was used.")
    ]
    if prices.tariff.demand:
        notes.append(_demand_note(prices, powers))
    if (rule := prices.tariff.carbon) is not None:
        bought = Phrase(", bought electricity at the grid's mean factor") if rule.electricity else Phrase(", bought electricity left out")
        notes.append(worded("Carbon is priced by the conversion table's factors%(scope)s.", scope=bought))
    for note, names in ((_UNPRICED, unpriced), (_NO_FACTOR, without_factor)):
        if names:
            notes.append(worded(note, carriers=enumerated(CARRIERS[name].words for name in names)))
    left = sum(
        batch.step == step and batch.excluded is not None and batch.start in result.site_label.period for batch in result.data.batches
    )
    if left:
        notes.append(
            Words.of(
                in_number(
                    left,
                    "%(count)s batch with unreliable time or energy is not included.",
                    "%(count)s batches with unreliable time or energy are not included.",
                    count=f"{left:,}",
                )
            )
        )
    return [*notes, worded("Not included: power factor, taxes on the whole bill, demand carried over from earlier months.")]


def _series_notes(prices: Prices, by_period: Sequence[PeriodCost]) -> list[Words]:
    """Of each series that priced energy of the step, how much it holds and when it was fetched; and of each that holds nothing yet."""
    notes = []
    for carrier, (series, stamped) in prices.series.items():
        if not len(stamped.start_us):
            notes.append(worded(_NOT_FETCHED, series=series.name))
        elif any((part.carrier, part.period) == (carrier, series.name) for part in by_period):
            first, last = (f"{from_us(int(stamped.start_us[end])).astimezone(prices.zone):%Y-%m-%d %H:%M}" for end in (0, -1))
            newest = stamped.newest
            fetched = newest and Phrase(
                ", fetched on %(day)s (SHA-256 %(digest)s…)", day=f"{newest.fetched_at:%Y-%m-%d}", digest=newest.digest[:12]
            )
            count = f"{len(stamped.start_us):,}"
            name = CARRIERS[carrier].words
            notes.append(worded(_SERIES, carrier=name, series=series.name, prices=count, first=first, last=last, fetched=fetched or ""))
    return notes


def _demand_note(prices: Prices, powers: Mapping[int, PowerCurve]) -> Words:
    """How the demand was known, of the charge where it was known worst."""
    if not powers:
        return worded(
            "The demand charge is left out: no meter shows the power, and in the log batches end before they begin or overlap on the same "
            "equipment."
        )
    minutes, power = max(powers.items(), key=lambda item: item[1].told_min / item[0])
    if not power.metered:
        return worded(
            "The demand charge is calculated from the batches alone, spread evenly over their time. It is a lower bound: use outside "
            "batches, and power above a batch's mean, are not included."
        )
    if power.told_min <= minutes:
        return worded(
            "The demand charge is calculated from the meters' highest mean over %(minutes)s minutes of each month.", minutes=minutes
        )
    return worded(
        "The meters record means over %(told)s minutes. The bill's %(minutes)s-minute maximum is higher, so the demand charge is a lower "
        "bound.",
        minutes=minutes,
        told=shown(power.told_min, 2),
    )
