"""What is told beside a step's cost: how its hours and the highest demand were known, what is
assumed, and what is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

import numpy as np

from benchmarks.carriers import CARRIERS
from benchmarks.declared import Words, worded
from benchmarks.labels.columns import Flags
from benchmarks.phrases import Phrase, Value, enumerated, in_number
from reporting_agent.analysis.energy_costs.demand_charge import (
    ChargedMonth,
    PowerCurve,
    share_unknown,
)
from reporting_agent.analysis.energy_costs.priced_energy import PricedEnergy
from reporting_agent.analysis.energy_costs.prices import Prices, from_us
from reporting_agent.analysis.figures import shown

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
