"""What is looked at: each meter's runs of one step by day, as logarithms of power, energy a tonne
and output an hour, freed of the product; and sudden changes of level in a series that also drifts.

Excluded runs are left out, unless a twenty-fifth has an impossible power: then that is the meter's
level. Means over W days after and before are compared, W from one to six weeks (moving sums:
Eichinger and Kirch 2018, Bernoulli 24(1), 526-564); noise is the median deviation of the record's
own differences, also of those away from the two largest. A difference counts from `SIGMAS` or
`SIGMAS_AWAY` and from `LEAST` on, where the week on either side shows half of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from benchmarks.measurements import Batch, OperatingState, ProductStatus
from reporting_agent.metering import MeterRecord
from reporting_agent.metering.edges import RunRecord
from reporting_agent.metering.moments import to_us
from reporting_agent.pipeline import PlantData

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

LEAST = 0.025  # in ln: smaller steps are everyday where balls are changed and screens torn
LEAST_OF_RATE = 0.012  # of tonnes an hour, which nothing but the feed and the scale moves
SIGMAS = 6.0
SIGMAS_AWAY = (
    15.0  # of the noise away from the two largest differences, which pure noise makes too small
)
WIDTHS = (7, 14, 28, 42)  # days of production on either side
TIMES_WIDTH = 6  # the record must be so much longer than a width, or its own noise is not known
SHARP = 0.5  # of the step must show between the weeks next to it
MOST = 12  # changes of one series
ROBUST = 1.4826  # standard deviations of a normal law in a median deviation


@dataclass(frozen=True, slots=True)
class Daily:
    """One value a day of production, in order: ordinal of the day, mean of ln, and how many runs it
    is of.
    """

    day: Integers
    value: Floats

    def __len__(self) -> int:
        return len(self.day)


def daily(day: Integers, value: Floats) -> Daily:
    """The median run of each day."""
    finite = np.isfinite(value)
    day, value = day[finite], value[finite]
    order = np.lexsort((value, day))
    day, value = day[order], value[order]
    own, first, count = np.unique(day, return_index=True, return_counts=True)
    low, high = first + (count - 1) // 2, first + count // 2
    return Daily(own, (value[low] + value[high]) / 2 if len(value) else value)


def jumps(series: Daily, least: float = LEAST) -> list[int]:
    """Indices of the series where a new level begins, in order; `least` is the smallest step asked
    about, in ln.
    """
    sure = _strengths(series.value, least)
    indices: list[int] = []
    left = sure.copy()
    while len(indices) < MOST and left.size and left.max() >= 1.0:
        at = int(np.argmax(left))
        indices.append(at)
        left[max(at - WIDTHS[0], 0) : at + WIDTHS[0]] = 0.0
    return _settled(series.value, sorted(indices), least)


def told_from(series: Daily, least: float = LEAST) -> float | None:
    """The smallest step that this series would show, in ln, at the width that shows it best; None
    where it is too short for any.
    """
    return min(
        (_told_from(difference, width, least) for width, difference in _differences(series.value)),
        default=None,
    )


def _strengths(value: Floats, least: float) -> Floats:
    """Of each index, the largest difference over what it must exceed, over all widths."""
    strongest = np.zeros(len(value))
    for width, difference in _differences(value):
        strength = np.abs(difference) / _told_from(difference, width, least)
        peak = _peaks(strength, width // 2)
        indices = width + np.flatnonzero(peak)
        strongest[indices] = np.maximum(strongest[indices], strength[peak])
    return strongest


def _differences(value: Floats) -> Iterator[tuple[int, Floats]]:
    """Of each width that the record is long enough for."""
    for width in WIDTHS:
        if len(value) >= TIMES_WIDTH * width:
            yield width, differences(value, width)


def differences(value: Floats, width: int) -> Floats:
    """The mean over so many days after less the mean before each index from `width` on."""
    sums = np.concatenate(([0.0], np.cumsum(value)))
    index = np.arange(width, len(value) - width + 1)
    difference: Floats = (sums[index + width] - 2 * sums[index] + sums[index - width]) / width
    return difference


def _told_from(difference: Floats, width: int, least: float) -> float:
    """The smallest of these differences that is no chance."""
    away = np.abs(difference)
    for _ in range(2):
        at = int(np.argmax(away))
        away[max(at - width, 0) : at + width + 1] = -1.0
    left = difference[away >= 0]
    threshold = SIGMAS * scatter(difference)
    if len(left) >= 2 * width:
        threshold = min(threshold, SIGMAS_AWAY * scatter(left))
    return max(threshold, least)


def scatter(value: Floats) -> float:
    """Standard deviation by the median deviation."""
    return ROBUST * float(np.median(np.abs(value - np.median(value))))


def _peaks(strength: Floats, around: int) -> NDArray[np.bool_]:
    """Indices with nothing stronger within so many on either side."""
    padded = np.pad(strength, around)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * around + 1)
    peaks: NDArray[np.bool_] = strength >= windows.max(axis=1)
    return peaks


def _settled(value: Floats, indices: list[int], smallest: float) -> list[int]:
    """Each index moved to where it splits best, those dropped that the levels on either side do not
    bear out.
    """
    while True:
        moved = sorted(
            {
                _best_split(value, before, at, after)
                for before, at, after in _neighbours(indices, len(value))
            }
        )
        weakest, least = None, 1.0
        for before, at, after in _neighbours(moved, len(value)):
            whole = abs(np.median(value[at:after]) - np.median(value[before:at]))
            near = abs(
                np.median(value[at : min(at + 7, after)])
                - np.median(value[max(at - 7, before) : at])
            )
            strength = min(whole / smallest, near / (SHARP * max(whole, smallest)))
            if strength < least:
                weakest, least = at, strength
        if weakest is None:
            return moved
        indices = [at for at in moved if at != weakest]


def _neighbours(indices: list[int], count: int) -> list[tuple[int, int, int]]:
    edges = [0, *indices, count]
    return [
        (edges[i - 1], edges[i], edges[i + 1])
        for i in range(1, len(edges) - 1)
        if edges[i - 1] < edges[i] < edges[i + 1]
    ]


def _best_split(value: Floats, before: int, at: int, after: int) -> int:
    """The index within a week of `at` that leaves the least sum of absolute deviations on its two
    sides.
    """
    first, last = max(before + 1, at - 7), min(after - 1, at + 7)
    near = slice(max(before, at - 21), min(after, at + 21))
    base, own = near.start, value[near]

    def left_over(index: int) -> float:
        low, high = own[: index - base], own[index - base :]
        return float(np.abs(low - np.median(low)).sum() + np.abs(high - np.median(high)).sum())

    indices = range(first, last + 1)
    return min(indices, key=left_over) if len(indices) else at


Flags = NDArray[np.bool_]

DAY_US = 86_400_000_000
WELL_KNOWN = 0.9
SHORTEST_REST_S = 900.0
NOTHING = 0.002  # of the usual power: what a meter that counts nothing is taken to show
FEWEST_RUNS = 30
LEAST_RECORDED = 0.8  # of the runs, for a declared condition to be a term
# a run left out for it: where so many are, what is left may not stand for the period
BEYOND = "impossible-power"
MOST_LEFT_OUT = 0.04  # of the runs
FEWEST_TURNS = 3  # from one product to another
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class MeterLine:
    """One meter and its runs that enter labels (or are left out for their power, where those are
    many); all arrays go by run.

    `power`, `per_output` and `rate` are ln of energy an hour, energy per output and output an hour,
    each less its product's median. `idle` is ln of the power between runs, by day; `conditions` are
    declared ones that enough of the runs carry, each less its mean.
    """

    record: MeterRecord
    step: str
    chosen: Integers  # indices into record.runs
    day: Integers
    power: Floats
    per_output: Floats
    rate: Floats
    batches: tuple[Batch, ...]
    idle: Daily
    conditions: tuple[Floats, ...] = ()

    @property
    def meter(self) -> str:
        return self.record.meter.id

    @property
    def runs(self) -> RunRecord:
        if self.record.runs is None:
            raise ValueError("a line has runs")
        return self.record.runs


def lines_of(data: PlantData, zone: tzinfo, conditions: Sequence[str] = ()) -> list[MeterLine]:
    """Every meter whose energy enters the labels of one step; `conditions` are names of what
    site.toml declares to move energy.
    """
    by_key = {
        (batch.step, batch.batch_id, to_us(batch.start)): batch
        for batch in data.batches
        if batch.end is not None
    }
    return [line for record in data.meters for line in _line(record, by_key, zone, conditions)]


def _line(
    record: MeterRecord,
    by_key: dict[tuple[str, str, int], Batch],
    zone: tzinfo,
    conditions: Sequence[str],
) -> Iterator[MeterLine]:
    runs = record.runs
    if runs is None or not record.counted or record.meter.allocation is not None:
        return
    keyed = [
        by_key.get((record.meter.step, name, start))
        for name, start in zip(runs.ids, runs.start_us.tolist(), strict=True)
    ]
    beyond = np.array(
        [batch is not None and batch.excluded == BEYOND for batch in keyed], dtype=bool
    )
    looked_at: set[str | None] = (
        {None, BEYOND} if beyond.sum() > MOST_LEFT_OUT * len(beyond) else {None}
    )
    sound = np.array([_counts(batch, looked_at) for batch in keyed], dtype=bool) & (
        runs.known >= WELL_KNOWN
    )
    chosen = np.flatnonzero(sound)
    batches = tuple(batch for index in chosen.tolist() if (batch := keyed[index]) is not None)
    steps = {batch.step for batch in batches}
    if len(steps) != 1 or len(batches) < FEWEST_RUNS:
        return
    hours = (runs.end_us - runs.start_us)[chosen] / 3.6e9
    energy = np.abs(runs.energy[chosen]) / runs.known[chosen]
    usual = float(np.median(energy / hours))
    if usual <= 0:
        return
    tonnes = np.array([batch.output for batch in batches])
    product = np.array([f"{batch.product}/{batch.variant}" for batch in batches])
    power = np.log(np.maximum(energy / hours, NOTHING * usual))
    yield MeterLine(
        record,
        steps.pop(),
        chosen,
        days_of(((runs.start_us + runs.end_us) // 2)[chosen], zone),
        of_product(power, product),
        of_product(power + np.log(hours) - np.log(tonnes), product),
        of_product(np.log(tonnes) - np.log(hours), product),
        batches,
        _idle(record, usual, zone),
        tuple(_conditions(batches, conditions)),
    )


def _counts(batch: Batch | None, looked_at: set[str | None]) -> bool:
    if batch is None or batch.excluded not in looked_at or batch.output <= 0:
        return False
    return batch.status is ProductStatus.GOOD and batch.state is OperatingState.NORMAL


def _conditions(batches: Sequence[Batch], names: Sequence[str]) -> Iterator[Floats]:
    for name in names:
        value = np.array([batch.variables.get(name, np.nan) for batch in batches])
        finite = np.isfinite(value)
        if finite.mean() >= LEAST_RECORDED:
            yield np.where(finite, value - value[finite].mean(), 0.0)


def of_product(value: Floats, product: NDArray[np.str_]) -> Floats:
    """Less what its product and variant adds; NaN of a product that too few changes of product
    tell.

    What a product adds is told by runs next to each other that made different ones: a level that
    changed half way through the record would move medians of products against each other, but not
    differences between neighbours.
    """
    names, own = np.unique(product, return_inverse=True)
    count = len(names)
    if count == 1:
        return value - np.median(value)
    turn = np.flatnonzero(own[1:] != own[:-1])
    step = value[turn + 1] - value[turn]
    low, high = np.minimum(own[turn], own[turn + 1]), np.maximum(own[turn], own[turn + 1])
    step = np.where(own[turn] < own[turn + 1], step, -step)
    weights, total, answers = np.zeros((count, count)), np.zeros(count), np.zeros(count)
    for pair in np.unique(low * count + high).tolist():
        first, second = divmod(pair, count)
        mine = step[(low == first) & (high == second)]
        if len(mine) < FEWEST_TURNS:
            continue
        weights[[first, second], [second, first]] -= len(mine)
        weights[[first, second], [first, second]] += len(mine)
        answers[[first, second]] += np.array([-1.0, 1.0]) * len(mine) * float(np.median(mine))
        total[[first, second]] += len(mine)
    added = np.linalg.pinv(weights) @ answers
    usual = int(np.argmax(np.bincount(own)))
    comparable = (total > 0) & _joined(weights, usual)
    comparable[usual] = True
    added = np.where(comparable, added - added[usual], np.nan)
    freed: Floats = value - added[own]
    return freed - np.nanmedian(freed)


def _joined(weights: Floats, start: int) -> Flags:
    """Which products are compared with this one, directly or through others."""
    reached = np.zeros(len(weights), dtype=bool)
    reached[start] = True
    while True:
        more = reached | ((weights < 0) & reached[None, :]).any(axis=1)
        if (more == reached).all():
            return reached
        reached = more


def _idle(record: MeterRecord, usual: float, zone: tzinfo) -> Daily:
    """Power between runs by day, of pauses that are long enough to show it."""
    rests = [
        (
            (stretch.start_us + stretch.end_us) // 2,
            abs(stretch.energy),
            (stretch.end_us - stretch.start_us) / 3.6e9,
        )
        for stretch in record.stretches
        if stretch.completeness > WELL_KNOWN
        and stretch.end_us - stretch.start_us >= SHORTEST_REST_S * 1e6
    ]
    if not rests:
        return Daily(np.zeros(0, np.int64), np.zeros(0))
    middle, energy, hours = (np.array(column) for column in zip(*rests, strict=True))
    return daily(days_of(middle, zone), np.log(np.maximum(energy / hours, NOTHING * usual)))


def days_of(moment_us: Integers, zone: tzinfo) -> Integers:
    """The ordinal of the local day of each moment (the zone's offset is taken day by day)."""
    days, index = np.unique(moment_us // DAY_US, return_inverse=True)
    offset = [
        round(
            (datetime.fromtimestamp(0, UTC) + timedelta(days=day, hours=12))  # type: ignore[union-attr]
            .astimezone(zone)
            .utcoffset()
            .total_seconds()
            * 1e6
        )
        for day in days.tolist()
    ]
    return (moment_us + np.array(offset, dtype=np.int64)[index]) // DAY_US + _EPOCH.toordinal()
