"""What stands beside a step's cost: what the cheapest hours of its days would save, how its hours
and the highest demand were known, what is assumed or left out.

An upper bound: on each local day each equipment keeps energy and running hours at its mean power,
starts when it likes and is cut where the price changes; the month's highest demand does not rise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from benchmarks.carriers import CARRIERS
from benchmarks.declared import Words, worded
from benchmarks.labels.columns import Flags, Floats, Integers
from benchmarks.phrases import Phrase, Value, enumerated, in_number
from reporting_agent.analysis.energy_costs.demand_charge import (
    ChargedMonth,
    PowerCurve,
    share_unknown,
)
from reporting_agent.analysis.energy_costs.prices import (
    LoadShape,
    PriceCurve,
    PricedEnergy,
    Prices,
    from_us,
    integrals,
    to_us,
)
from reporting_agent.analysis.figures import shown

_HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class ShiftedCosts:
    """Cost of the days as they ran and at their cheapest hours, in currency, over the days that had
    a choice.
    """

    before: float = 0.0
    after: float = 0.0
    days: frozenset[date] = frozenset()

    def __add__(self, other: ShiftedCosts) -> ShiftedCosts:
        """Of two machines together."""
        return ShiftedCosts(
            self.before + other.before, self.after + other.after, self.days | other.days
        )


def shifted(
    prices: Prices,
    curve: PriceCurve,
    load: LoadShape | None,
    start_us: Integers,
    end_us: Integers,
    amount: Floats,
) -> ShiftedCosts:
    """Over the batches of one machine, each once; `amount` in the curve's unit. Only days priced
    throughout count.
    """
    days = [
        prices.first + timedelta(days=number)
        for number in range((prices.last - prices.first).days + 2)
    ]
    day_edges = np.array(
        [to_us(datetime(day.year, day.month, day.day, tzinfo=prices.zone)) for day in days],
        dtype=np.int64,
    )
    lasting = (
        (end_us > start_us) & (start_us >= day_edges[0]) & (end_us <= day_edges[-1]) & (amount > 0)
    )
    start_us, end_us, amount = start_us[lasting], end_us[lasting], amount[lasting]
    if not len(start_us):
        return ShiftedCosts()
    batch, day = _days_of(day_edges, start_us, end_us)
    begin, end = (
        np.maximum(start_us[batch], day_edges[day]),
        np.minimum(end_us[batch], day_edges[day + 1]),
    )
    share = _part(load, begin, end, start_us[batch], end_us[batch])
    energy = amount[batch] * share
    paid, weight = integrals(curve, begin, end, load)
    cost = energy * np.where(weight > 0, paid / np.where(weight > 0, weight, 1.0), curve.at(begin))
    ran_on, of_day = np.unique(day, return_inverse=True)
    hours = np.minimum(
        np.bincount(of_day, weights=(end - begin) / _HOUR_US), np.diff(day_edges)[ran_on] / _HOUR_US
    )
    day_energy, day_cost = np.bincount(of_day, weights=energy), np.bincount(of_day, weights=cost)
    cheapest = np.array(
        [
            _cheapest(curve, int(day_edges[index]), int(day_edges[index + 1]), need)
            for index, need in zip(ran_on.tolist(), hours.tolist(), strict=True)
        ]
    )
    after = day_energy * cheapest
    good = np.isfinite(after) & np.isfinite(day_cost) & (hours > 0)
    after = np.minimum(
        after, day_cost
    )  # a day whose dear hours drew less than its mean was cheaper than the mean at its best hours
    return ShiftedCosts(
        float(day_cost[good].sum()),
        float(after[good].sum()),
        frozenset(days[index] for index in ran_on[good].tolist()),
    )


def _days_of(
    day_edges: Integers, start_us: Integers, end_us: Integers
) -> tuple[Integers, Integers]:
    first = np.searchsorted(day_edges, start_us, side="right") - 1
    last = np.searchsorted(day_edges, end_us, side="left") - 1
    count = last - first + 1
    batch = np.repeat(np.arange(len(start_us)), count)
    offset = np.arange(len(batch)) - np.repeat(np.cumsum(count) - count, count)
    return batch, first[batch] + offset


def _part(
    load: LoadShape | None, begin: Integers, end: Integers, start: Integers, stop: Integers
) -> Floats:
    even: Floats = (end - begin) / (stop - start)
    if load is None:
        return even
    summed = np.concatenate(
        ([0.0], np.cumsum(np.maximum(load.level, 0.0) * np.diff(load.edges_us)))
    )

    def until(moment: Integers) -> Floats:
        energy: Floats = np.interp(moment, load.edges_us, summed)
        return energy

    whole = until(stop) - until(start)
    usable = (whole > 0) & (start >= load.edges_us[0]) & (stop <= load.edges_us[-1])
    return np.where(usable, (until(end) - until(begin)) / np.where(usable, whole, 1.0), even)


def _cheapest(curve: PriceCurve, start_us: int, end_us: int, hours: float) -> float:
    """The mean price of the cheapest `hours` of a day; NaN where a part of the day has no price."""
    first, last = np.searchsorted(curve.edges_us, (start_us, end_us)).tolist()
    price, length = curve.price[first:last], np.diff(curve.edges_us[first : last + 1]) / _HOUR_US
    if hours <= 0 or not len(price) or np.isnan(price).any():
        return float("nan")
    order = np.argsort(price, kind="stable")
    room = np.concatenate(([0.0], np.cumsum(length[order])))
    used = np.clip(hours - room[:-1], 0.0, length[order])
    return float(price[order] @ used / used.sum())


LEAST_REST = 0.005
"""Share of the demand charge below which it is not told that no batch took it."""
LEAST_UNKNOWN = 0.01
"""Share of the charged time from which on it is told that the power in it is not known."""


def carrier_notes(entry: PricedEnergy, own: Flags) -> Iterator[Words]:
    """How many of a carrier's amounts have no cost, and why."""
    other_unit = np.isnan(entry.amount[own])
    outside = np.isnan(entry.cost[own]) & ~other_unit
    carrier = CARRIERS[entry.carrier].words
    if unlike := int(other_unit.sum()):
        yield Words.of(
            in_number(
                unlike,
                "%(count)s amount of %(carrier)s cannot be turned into the unit of its price: not "
                "in the cost. Give it in that "
                "unit with lhv, or a price per GJ.",
                "%(count)s amounts of %(carrier)s cannot be turned into the unit of its price: "
                "not in the cost. Give them in that "
                "unit with lhv, or a price per GJ.",
                count=f"{unlike:,}",
                carrier=carrier,
            )
        )
    if beyond := int(outside.sum()):
        yield Words.of(
            in_number(
                beyond,
                "%(count)s amount of %(carrier)s is outside the tariff's dates: not in the cost.",
                "%(count)s amounts of %(carrier)s are outside the tariff's dates: not in the cost.",
                count=f"{beyond:,}",
                carrier=carrier,
            )
        )


def in_part_note(entry: PricedEnergy, count: int) -> Words:
    """Amounts of a carrier of which the readings tell less than the label asks: a part of the
    energy on all of the output is too low a cost."""
    return Words.of(
        in_number(
            count,
            "%(count)s amount of %(carrier)s is known only in part: not in the cost, and its "
            "batch not in the cost per output.",
            "%(count)s amounts of %(carrier)s are known only in part: not in the cost, and their "
            "batches not in the cost per output.",
            count=f"{count:,}",
            carrier=CARRIERS[entry.carrier].words,
        )
    )


def hours_note(by_meter: Flags) -> Words:
    """How it is known when the electricity of a step was used; `by_meter` of each amount of it."""
    if not by_meter.any():
        return worded(
            "Energy of a batch is priced evenly over its time: no meter shows when it was used."
        )
    if by_meter.all():
        return worded("Energy of a batch is priced hour by hour, as the step's meters show it.")
    return worded(
        "Energy of a batch is priced hour by hour where meters of its equipment and direction "
        "show it, and evenly over the batch's time "
        "where none does."
    )


def demand_notes(
    powers: Mapping[int, PowerCurve],
    months: Sequence[ChargedMonth],
    currency: str,
    charged: float,
    shared: float,
) -> list[Words]:
    """How the demand charge was known, of which part of a month it is, and what of it fell on no
    batch, so that the steps and it add up.
    """
    notes = [_demand_note(powers)]
    if (unknown := share_unknown(powers, months)) >= LEAST_UNKNOWN:
        notes.append(
            worded(
                "For %(share)s of the charged time the site's power is not known, so the demand "
                "charge is a lower bound.",
                share=f"{100 * unknown:.0f} %",
            )
        )
    if powers and any(month.share < 1 for month in months):
        notes.append(
            worded(
                "A month that is only partly in the period bears the demand charge of its days "
                "there, not of the whole month."
            )
        )
    if charged - shared > LEAST_REST * charged:
        notes.append(
            worded(
                "Of the site's demand charge of %(whole)s %(currency)s, %(rest)s %(currency)s is "
                "for energy that none of these batches "
                "used, and is not in any step.",
                rest=shown(charged - shared),
                whole=shown(charged),
                currency=currency,
            )
        )
    return notes


def _demand_note(powers: Mapping[int, PowerCurve]) -> Words:
    """Of the charge where the demand was known worst."""
    if not powers:
        return worded(
            "The demand charge is left out: no meter shows the power, and in the log batches end "
            "before they begin or overlap on the same "
            "equipment."
        )
    minutes, power = max(powers.items(), key=lambda item: item[1].told_min / item[0])
    if not power.metered:
        return worded(
            "The demand charge is calculated from the batches alone, spread evenly over their "
            "time. It is a lower bound: use outside "
            "batches, and power above a batch's mean, are not included."
        )
    if power.told_min <= minutes:
        return worded(
            "The demand charge is calculated from the meters' highest mean over %(minutes)s "
            "minutes of each month.",
            minutes=minutes,
        )
    return worded(
        "The meters record means over %(told)s minutes. The bill's %(minutes)s-minute maximum is "
        "higher, so the demand charge is a lower "
        "bound.",
        minutes=minutes,
        told=shown(power.told_min, 2),
    )


def carbon_notes(prices: Prices, *, supplies_own_factor: bool) -> Iterator[Words]:
    """By which factors carbon is priced, where it is."""
    if (rule := prices.tariff.carbon) is None:
        return
    if not rule.electricity:
        scope = Phrase(", bought electricity left out")
    elif supplies_own_factor:
        scope = Phrase(
            ", bought electricity at the supply's own factor where one is declared, else at the "
            "grid's mean factor"
        )
    else:
        scope = Phrase(", bought electricity at the grid's mean factor")
    yield worded("Carbon is priced by the conversion table's factors%(scope)s.", scope=scope)


def left_out_notes(
    unpriced: Sequence[str], without_factor: Sequence[str], batches: int
) -> Iterator[Words]:
    """Carriers without a price or a factor, and how many batches are in no cost."""
    if unpriced:
        yield worded(
            "No price is given for %(carriers)s: not in the cost.", carriers=_named(unpriced)
        )
    if without_factor:
        yield worded(
            "No CO2 factor is in force for %(carriers)s: their carbon is not priced.",
            carriers=_named(without_factor),
        )
    if batches:
        yield Words.of(
            in_number(
                batches,
                "%(count)s batch with unreliable time or energy is not included.",
                "%(count)s batches with unreliable time or energy are not included.",
                count=f"{batches:,}",
            )
        )
    yield worded(
        "Not included: power factor, taxes on the whole bill, demand carried over from earlier "
        "months."
    )


def _named(carriers: Sequence[str]) -> Value:
    return enumerated(CARRIERS[carrier].words for carrier in carriers)


def series_notes(prices: Prices, priced: AbstractSet[tuple[str, str]]) -> Iterator[Words]:
    """Of each series that priced energy of the step (by carrier and period), how much it holds and
    when it was fetched; and of each that holds nothing yet."""
    for carrier, (series, stamped) in prices.series.items():
        if not len(stamped.start_us):
            yield worded(
                "Of the price series %(series)s nothing was fetched yet: run `steplabel-agent "
                "prices fetch`.",
                series=series.name,
            )
        elif (carrier, series.name) in priced:
            first, last = (
                f"{from_us(int(stamped.start_us[end])).astimezone(prices.zone):%Y-%m-%d %H:%M}"
                for end in (0, -1)
            )
            newest = stamped.newest
            fetched = newest and Phrase(
                ", fetched on %(day)s (SHA-256 %(digest)s…)",
                day=f"{newest.fetched_at:%Y-%m-%d}",
                digest=newest.digest[:12],
            )
            yield worded(
                "%(carrier)s is priced by the series %(series)s where it has a price: %(prices)s "
                "prices from %(first)s to "
                "%(last)s%(fetched)s.",
                carrier=CARRIERS[carrier].words,
                series=series.name,
                prices=f"{len(stamped.start_us):,}",
                first=first,
                last=last,
                fetched=fetched or "",
            )
