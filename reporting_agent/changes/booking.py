"""Output booked a day late or early (in runs of one length only), pauses counted to runs, and one
product against the others of its line: a wrong scale or recipe weight.

Pauses: every end is the next start and the meter sees the load rest; looked for are rests longer
than the product's usual one before a run that begins at work. Products: each run against those of
others next to it on the line; runs between the same two others are one comparison. Of two products
the one that moved against its own past is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import exp

import numpy as np
from numpy.typing import NDArray

from reporting_agent.changes import causes, smallest_change
from reporting_agent.changes.change import Change, ChangeCause, ChangeKind
from reporting_agent.changes.levels import NEAR_DAYS, LevelDifference, closed, moved
from reporting_agent.changes.lines import (
    FEWEST_RUNS,
    LEAST,
    LEAST_OF_RATE,
    Daily,
    MeterLine,
    daily,
    jumps,
)
from reporting_agent.metering.edges import RunEdges
from reporting_agent.metering.moments import SLICES

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

FARTHEST = 2  # runs
ONE_LENGTH = 0.05  # how far lengths of runs may differ, between their 5 % and 95 % quantiles
LEAST_BOOKED = 0.3  # of correlation
SIGMAS = 6.0  # by which the other runs' tonnes must fit better than the runs' own (Fisher's z)


def late_of_lines(lines: Sequence[MeterLine]) -> list[Change]:
    """One question a line, whatever meters tell it."""
    by_line: dict[tuple[str, ...], Change] = {}
    for line in lines:
        if (runs := _late(line)) is None:
            continue
        equipment = tuple(sorted({batch.equipment for batch in line.batches if batch.equipment}))
        length_s = float(np.median((line.runs.end_us - line.runs.start_us)[line.chosen])) / 1e6
        causes = (ChangeCause.BOOKING, ChangeCause.CLOCK, ChangeCause.PROCESS)
        by_line.setdefault(
            (line.step, *equipment),
            Change(
                ChangeKind.BOOKED,
                line.step,
                (),
                equipment,
                None,
                None,
                runs * length_s,
                0.0,
                causes,
            ),
        )
    return list(by_line.values())


def _late(line: MeterLine) -> int | None:
    """By how many runs the tonnes stand late in the log; None where they stand where they were
    made, or nothing tells.
    """
    length = (line.runs.end_us - line.runs.start_us)[line.chosen]
    shortest, longest = np.quantile(length, [0.05, 0.95])
    if longest - shortest > ONE_LENGTH * longest:
        return None
    fits = {late: _fit(line, late) for late in range(-FARTHEST, FARTHEST + 1)}
    best = max(fits, key=lambda late: fits[late])
    better = np.arctanh(fits[best]) - np.arctanh(fits[0])
    return (
        best
        if best and fits[best] >= LEAST_BOOKED and better * np.sqrt(len(length) / 2) >= SIGMAS
        else None
    )


def _fit(line: MeterLine, late: int) -> float:
    """Correlation of power with the tonnes an hour that stand so many runs later, of runs that
    follow each other.
    """
    count = len(line.power)
    own, booked = (
        (slice(0, count - late), slice(late, count))
        if late >= 0
        else (slice(-late, count), slice(0, count + late))
    )
    start, length = (
        line.runs.start_us[line.chosen],
        float(np.median((line.runs.end_us - line.runs.start_us)[line.chosen])),
    )
    apart = (start[booked] - start[own]) / length
    following = (
        np.isfinite(line.power[own]) & np.isfinite(line.rate[booked]) & (np.abs(apart - late) < 0.5)
    )
    power, rate = line.power[own][following], line.rate[booked][following]
    if following.sum() < FEWEST_RUNS or np.std(power) == 0 or np.std(rate) == 0:
        return 0.0
    return float(np.clip(np.corrcoef(power, rate)[0, 1], -0.999, 0.999))


LEAST_PAUSES = 0.002  # of the line's energy that its runs' pauses must hold
LONGER = 1.5  # times the usual rest of the product
MORE = 0.05  # of the usual run by which it must be longer as well
STEPS = 1.5  # of the meter's readings, in which a rest is no clearer
FEWEST = 12  # runs with such a rest
LEAST_OFTEN = 0.02
MOST_AT_REST = 0.2  # of the runs after them that may begin at rest
DAY_S = 82_800  # the shortest, in spring


def pauses_of_lines(lines: Sequence[MeterLine]) -> list[Change]:
    """One question a line, by the meter that shows most of it."""
    by_line: dict[tuple[str, ...], Change] = {}
    for line in lines:
        if (share := _share(line)) is None:
            continue
        equipment = tuple(sorted({batch.equipment for batch in line.batches if batch.equipment}))
        change = Change(
            ChangeKind.PAUSES,
            line.step,
            (),
            equipment,
            None,
            None,
            share,
            0.0,
            (ChangeCause.ENDS, ChangeCause.PROCESS),
        )
        key = (line.step, *equipment)
        by_line[key] = max(by_line.get(key, change), change, key=lambda candidate: candidate.size)
    return list(by_line.values())


def _share(line: MeterLine) -> float | None:
    """Of the runs' energy, what is drawn in pauses that are none of theirs; None where none are
    seen.
    """
    rests = line.runs.rests
    length_s = (line.runs.end_us - line.runs.start_us)[line.chosen] / 1e6
    if rests is None or _by_the_day(length_s):
        return None
    own = line.chosen[rests.joined[line.chosen] & np.isfinite(rests.last_s[line.chosen])]
    long = own[_long(line, rests, own, float(np.median(length_s)))]
    if len(long) < max(FEWEST, LEAST_OFTEN * len(own)):
        return None
    usual_s = float(np.nanmedian(rests.first_s[line.chosen]))
    after = rests.first_s[
        np.intersect1d(long + 1, line.chosen)
    ]  # not where a state of the line follows
    if np.sum(after > usual_s + _clear_s(line, length_s)) > MOST_AT_REST * len(after):
        return None
    drawn = np.abs(line.runs.energy[own])
    share = float((rests.share[own] * drawn).sum() / drawn.sum())
    return share if share >= LEAST_PAUSES else None


def _long(line: MeterLine, rests: RunEdges, own: NDArray[np.int64], usual_run_s: float) -> Flags:
    """Which of these runs rest longer than others of their product."""
    name = dict(
        zip(
            line.chosen.tolist(),
            (f"{batch.product}/{batch.variant}" for batch in line.batches),
            strict=True,
        )
    )
    product = np.array([name[at] for at in own.tolist()])
    last_s = rests.last_s[own]
    usual_s = np.zeros(len(own))
    for code in np.unique(product).tolist():
        usual_s[product == code] = np.median(last_s[product == code])
    more_s = max(MORE * usual_run_s, STEPS * (line.record.facts.usual_step_s or 0.0))
    longer: Flags = (last_s >= LONGER * usual_s) & (last_s - usual_s >= more_s)
    return longer


def _clear_s(line: MeterLine, length_s: Floats) -> float:
    """From which on a rest at a beginning is one, and not the slice or the reading that the start
    falls into.
    """
    return max(
        1.5 * float(np.median(length_s)) / SLICES, STEPS * (line.record.facts.usual_step_s or 0.0)
    )


def _by_the_day(length_s: Floats) -> bool:
    shortest, longest = np.quantile(length_s, [0.05, 0.95])
    return bool(shortest >= DAY_S and longest - shortest <= ONE_LENGTH * longest)


Integers = NDArray[np.int64]

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
    return {step.day for step in smallest_change.steps(series, least, 0, whole=True)}


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
