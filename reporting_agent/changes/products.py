"""One product against the others of its line: a scale or a recipe weight that is wrong for one
product only.

Each run of a product is held against the runs of other products next to it on the same line, so
that what all share (the meter, the season, wear) is in neither. Runs between the same two others
are one comparison, however many days they fill: fifty heats that follow six of wet scrap all look
better by what the scrap took. Of two products that move against each other the one is told that
moved against its own past.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import exp

import numpy as np
from numpy.typing import NDArray

from reporting_agent.changes import causes, freed
from reporting_agent.changes.change import Change, ChangeCause, ChangeKind
from reporting_agent.changes.jumps import LEAST, LEAST_OF_RATE, Daily, daily, jumps
from reporting_agent.changes.levels import NEAR_DAYS, LevelDifference, closed, moved
from reporting_agent.changes.lines import FEWEST_RUNS, MeterLine

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

BESIDE = 3  # runs of other products on either side
REACH_DAYS = 14


@dataclass(frozen=True, slots=True)
class ProductAgainstOthers:
    """A product's runs, each less the median of the runs of other products next to it; `between`
    tells which it lies between.
    """

    day: Integers
    value: Floats
    between: Integers

    def by_day(self) -> Daily:
        """Where a level begins: every day of the product."""
        return daily(self.day, self.value)

    def moved(self, before: int | None, day: int, after: int | None) -> LevelDifference:
        """By how much, and how surely: runs between the same others are one value, and a day that
        is within them begins another.
        """
        finite = np.isfinite(self.value)
        own_day, value = self.day[finite], self.value[finite]
        _, own = np.unique(2 * self.between[finite] + (own_day >= day), return_inverse=True)
        each = [own == group for group in range(int(own.max(initial=-1)) + 1)]
        middles = np.array([int(np.median(own_day[runs])) for runs in each], dtype=np.int64)
        return moved(
            daily(middles, np.array([float(np.median(value[runs])) for runs in each])),
            before,
            day,
            after,
        )


def of_lines(lines: Sequence[MeterLine]) -> list[Change]:
    """Every product that changed against the others; what several meters or lines show at once is
    one change.
    """
    changes: list[Change] = []
    for candidate in (change for line in lines for change in _of_line(line)):
        same = next((index for index, other in enumerate(changes) if _same(candidate, other)), None)
        if same is None:
            changes.append(candidate)
        else:
            other = changes[same]
            changes[same] = replace(
                max(
                    candidate,
                    other,
                    key=lambda change: (change.kind is ChangeKind.OUTPUT, -change.size_error),
                ),
                equipment=tuple(sorted({*candidate.equipment, *other.equipment})),
                meters=tuple(sorted({*candidate.meters, *other.meters})),
            )
    return changes


def explained(change: Change, of_products: Sequence[Change]) -> bool:
    """Whether a change of a whole line is what a product of it shows, or another product that a
    changed one is held against.
    """
    return change.kind in {ChangeKind.OUTPUT, ChangeKind.PROCESS} and any(
        set(change.equipment) <= set(other.equipment)
        and _near(change.first, other.first)
        and abs(np.log(other.size)) >= abs(np.log(change.size))
        for other in of_products
    )


def _of_line(line: MeterLine) -> Iterator[Change]:
    product = np.array([batch.variant or batch.product for batch in line.batches])
    names, count = np.unique(product, return_counts=True)
    many = [
        name
        for name in names[count >= FEWEST_RUNS].tolist()
        if (product != name).sum() >= FEWEST_RUNS
    ]
    for days_of in (
        _of_weeks,
        _of_the_whole,
    ):  # the two ends of one fault fill two months: what weeks do not tell, the whole may
        changes = [
            change
            for name in many
            for change in closed(list(_of_product(line, product == name, name, days_of)))
        ]
        if changes:
            yield from changes
            return


def _of_weeks(series: Daily, least: float) -> set[int]:
    return {int(series.day[at]) for at in jumps(series, least)}


def _of_the_whole(series: Daily, least: float) -> set[int]:
    return {step.day for step in freed.steps(series, least, 0, whole=True)}


def _of_product(
    line: MeterLine, own: Flags, name: str, days_of: Callable[[Daily, float], set[int]]
) -> Iterator[Change]:
    against = {
        kind: _against_others(line.day, value, own)
        for kind, value in (("per_output", line.per_output), ("rate", line.rate))
    }
    days = sorted(
        {
            *days_of(against["per_output"].by_day(), LEAST),
            *days_of(against["rate"].by_day(), LEAST_OF_RATE),
        }
    )
    days = [day for index, day in enumerate(days) if not index or day - days[index - 1] > NEAR_DAYS]
    for index, day in enumerate(days):
        before, after = (
            days[index - 1] if index else None,
            days[index + 1] if index + 1 < len(days) else None,
        )
        energy, rate = (against[kind].moved(before, day, after) for kind in ("per_output", "rate"))
        alone, others = (
            moved(daily(line.day[runs], line.per_output[runs]), before, day, after)
            for runs in (own, ~own)
        )
        if not energy.sure or abs(alone.by) <= abs(others.by):
            continue
        by_scale = rate.sure and abs(rate.by + energy.by) <= 0.5 * abs(rate.by)
        size = rate if by_scale else energy
        yield _change(line, name, date.fromordinal(day), size, by_scale=by_scale)


def _against_others(day: Integers, value: Floats, own: Flags) -> ProductAgainstOthers:
    other, mine = np.flatnonzero(~own & np.isfinite(value)), np.flatnonzero(own)
    between = np.searchsorted(other, mine)
    index = between[:, None] + np.arange(-BESIDE, BESIDE)
    beside = np.pad(other, BESIDE)[index + BESIDE]
    near = (
        (index >= 0)
        & (index < len(other))
        & (np.abs(day[beside] - day[mine][:, None]) <= REACH_DAYS)
    )
    values, count = np.sort(np.where(near, value[beside], np.nan), axis=1), near.sum(axis=1)
    middle = [
        np.take_along_axis(values, at[:, None], axis=1)[:, 0] for at in (count - 1 >> 1, count >> 1)
    ]  # of no run: NaN
    return ProductAgainstOthers(day[mine], value[mine] - (middle[0] + middle[1]) / 2, between)


def _change(
    line: MeterLine, product: str, day: date, size: LevelDifference, *, by_scale: bool
) -> Change:
    factor = exp(size.by)
    equipment = tuple(sorted({batch.equipment for batch in line.batches if batch.equipment}))
    likely = (
        (*causes.of_output(factor, size.error), ChangeCause.PROCESS)
        if by_scale
        else (ChangeCause.PROCESS, ChangeCause.SCALE, ChangeCause.BOOKING)
    )
    kind, meters = (ChangeKind.OUTPUT, ()) if by_scale else (ChangeKind.PROCESS, (line.meter,))
    return Change(
        kind,
        line.step,
        meters,
        equipment,
        day,
        None,
        factor,
        1.96 * size.error * factor,
        likely,
        product=product,
    )


def _same(change: Change, other: Change) -> bool:
    return (
        change.step == other.step
        and change.product == other.product
        and _near(change.first, other.first)
    )


def _near(day: date | None, other: date | None) -> bool:
    return day is not None and other is not None and abs((day - other).days) <= 2 * NEAR_DAYS
