"""What running a step at the cheapest hours of its days would save.

Each equipment keeps, on each local day, its energy and its running hours; only when it runs is
free, at the power it had that day on average, and never more than one hour in an hour. The saving
is what the day cost less what its cheapest hours would have cost.

Assumptions, and so an upper bound: batches may be started at any time and cut where the price
changes; material and product can wait within the day; the month's highest demand does not rise by
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from benchmarks.labels.columns import Floats, Integers
from reporting_agent.analysis.energy_costs.load_shapes import LoadShape
from reporting_agent.analysis.energy_costs.prices import PriceCurve, Prices, integrals, to_us

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
