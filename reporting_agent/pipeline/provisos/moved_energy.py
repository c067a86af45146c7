"""Energy moved between days, weeks, periods or products of one machine: the mean stays right, and
the label becomes better. Honest records may show alike: all are caveats.

Scatter against `MetricRule.spread`: 696 labels of 72 simulated plants lay within 1.35 times, 14,727
real heats 1.1, coal moved by 5 and 10 % between 120 days 2.5 and 4.7 times. Of 2,000 honest records
of 40 runs at 1.25, 1.5, 1.75 times the spread 0.1, 3, 17 % are reported. Neighbouring days: honest
-0.1 to 0.7, moved by 8 % -0.3 to -0.6. Means of 3 and 15 days: the label at the level of all 1.7 %
higher at most (24 lines, 108 windows of an arc furnace; a season of 3 % makes 1.7 %); coal booked
15 % low for 25 of 90 days made 16 %. Period: half a year either side. Products: the mean of all
that the machine made, beyond two variants' limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import sqrt
from statistics import NormalDist

import numpy as np

from benchmarks.declared import Words
from benchmarks.label_keys import LabelKey
from benchmarks.labels import ExclusionReason, SiteLabel, StepLabel
from benchmarks.labels.columns import Flags, Floats, Integers
from benchmarks.labels.limit_test import named
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.labels.result import MeasuredBatches
from benchmarks.labels.step import means_of_variables
from benchmarks.measurements import Batch, Period
from benchmarks.packs.corrections import NotAssessable, corrected_limits
from benchmarks.phrases import Phrase, enumerated, in_number, significant
from benchmarks.released import rank
from benchmarks.routes import LabelRule, Step
from reporting_agent.pipeline.sitewide import SiteTotals

TIMES = 2.0
"""What follows from the pack's spread, times which a label may lie below the mean of its runs and
go untold (a convention of ours).
"""
FEWEST_RUNS = 40


def bound(usual: float, runs: int) -> float:
    """How far a label may lie below the mean of so many runs: more of few, of which a low quantile
    is found less surely.
    """
    return TIMES * (1 + 1 / sqrt(runs)) * usual


def excess_scatter_caveats(label: StepLabel, step: Step) -> Iterator[Words]:
    """By how much the label would be higher, did its runs lie no further apart than the pack takes
    for usual.
    """
    measured, rule = label.made_from, step.metric(label.metric)
    if (
        measured is None
        or label.best.value is None
        or rule is None
        or len(measured.rows) < FEWEST_RUNS
    ):
        return
    usual = -NormalDist().inv_cdf(float(step.label_rule.quantile)) * rule.spread
    below = float(np.average(measured.at_reference, weights=measured.output)) - label.best.value
    most = bound(usual, len(measured.rows))
    if below > most > 0:
        sentence = Phrase(
            "Runs differ widely: the label is %(below)s %(unit)s below their mean. Usual for runs "
            "of one plant, by the pack's assumption,"
            " is %(usual)s; this note appears from %(most)s. Energy may be booked on other days, "
            "one name may cover several products, or"
            " the plant may really run so unevenly. At the usual difference the label would be "
            "%(higher)s %(unit)s higher. Compare each"
            " day's energy with the main meters, and give different products different names.",
            below=significant(below, 3),
            usual=significant(usual, 2),
            most=significant(most, 2),
            higher=significant(below - usual, 3),
            unit=label.unit,
        )
        yield Words.of(sentence)


OPPOSED = -0.3
"""The correlation of neighbouring days from which it is told (a convention of ours), and in short
records `SIGMAS` of chance.
"""
SIGMAS = 3.5
FEWEST_PAIRS = 40
_CLIPPED = (0.05, 0.95)  # of the days: no single one decides


def alternating_days_caveats(label: StepLabel, step: Step) -> Iterator[Words]:
    """By how much the label would be higher, were each day taken together with the next, where
    neighbours are opposed.

    Heats charged by a pattern that fits into no day are opposed by their correction alone, where it
    takes more than energy follows.
    """
    measured = label.made_from
    if measured is None or label.best.value is None or not len(measured.rows):
        return
    days, _, mean, _ = by_day(measured)
    first, second = _neighbours(days, mean)
    if len(first) < FEWEST_PAIRS:
        return
    opposed, quantile = _opposed(first, second), float(step.label_rule.quantile)
    higher = float(np.quantile((first + second) / 2, quantile) - np.quantile(first, quantile))
    least = min(OPPOSED, -SIGMAS / len(first) ** 0.5)
    if opposed >= least or higher <= WORTH_TELLING * abs(label.best.value):
        return
    shown = {"opposed": f"{opposed:.2f}", "size": significant(higher, 2), "unit": label.unit}
    if (cause := _cause(measured, least)) is not None:
        variable, follows = cause
        slopes = (
            condition.slope.get(label.metric, 0.0)
            for condition in step.reference_conditions
            if condition.variable == variable
        )
        if any(min(-slope, 0.0) <= follows <= max(-slope, 0.0) for slope in slopes):
            sentence = Phrase(
                "Days alternate above and below the usual level (correlation of neighbours "
                "%(opposed)s), and so does their "
                "%(variable)s: its correction is larger than its effect on the days' energy. With "
                "each day and the next taken "
                "together, the label would be higher by %(size)s %(unit)s. Keep the records of "
                "that variable for an auditor.",
                variable=variable,
                **shown,
            )
        else:
            sentence = Phrase(
                "Days alternate above and below the usual level (correlation of neighbours "
                "%(opposed)s), and so does their "
                "%(variable)s, as if two products had one name. If so, record them as two. With "
                "each day and the next taken "
                "together, the label would be higher by %(size)s %(unit)s.",
                variable=variable,
                **shown,
            )
    else:
        sentence = Phrase(
            "Days above and days below the usual level alternate more than by chance (correlation "
            "of neighbours %(opposed)s), as if "
            "output or energy were booked a day early or late. With each day and the next taken "
            "together, the label would be higher "
            "by %(size)s %(unit)s. Read output and energy at the same hour.",
            **shown,
        )
    yield Words.of(sentence)


def _opposed(first: Floats, second: Floats) -> float:
    """The correlation of days with the days after them."""
    least, most = np.quantile(first, _CLIPPED)
    days, other = (np.clip(side, least, most) for side in (first, second))
    return float(np.corrcoef(days, other)[0, 1]) if days.std() > 0 and other.std() > 0 else 0.0


def _cause(measured: MeasuredBatches, least: float) -> tuple[str, float] | None:
    """The variable of the log without which days are opposed no more, if there is one, and by how
    much a unit of it moves them.
    """
    days, day_index, mean, output = by_day(measured)
    names = {
        str(name)
        for row in measured.rows.tolist()
        for name in measured.columns.batches[row].variables
    }
    for name in sorted(names):
        of_day: Floats = (
            np.bincount(day_index, measured.columns.variable(name)[measured.rows] * measured.output)
            / output
        )
        off = of_day - of_day.mean()
        if not np.isfinite(off).all() or not off.any():
            continue
        follows = float(off @ mean) / float(off @ off)
        if _opposed(*_neighbours(days, mean - off * follows)) > least:
            return name, follows
    return None


def by_day(measured: MeasuredBatches) -> tuple[Integers, Integers, Floats, Floats]:
    """The days of used runs (ordinals), each run's index among them, each day's mean value by
    output, and its output.
    """
    on = np.array(
        [measured.columns.batches[row].start.toordinal() for row in measured.rows.tolist()]
    )
    days, day_index = np.unique(on, return_inverse=True)
    output: Floats = np.bincount(day_index, measured.output).astype(float)
    mean: Floats = np.bincount(day_index, measured.at_reference * measured.output) / output
    return days, day_index.astype(np.int64), mean, output


def _neighbours(days: Integers, mean: Floats) -> tuple[Floats, Floats]:
    """The mean value of each day of used runs, and that of the day after it, where both have
    any.
    """
    next_to = np.flatnonzero(np.diff(days) == 1)
    return mean[next_to], mean[next_to + 1]


HIGHER = 0.03
"""Of the label, by how much it is higher with every day at the level of all before that is told (a
convention of ours).
"""
APART = {3: 2.5, 15: 1.5}
"""By days taken together, how many times what neighbouring days differ by their means scatter at
least (a convention of ours).
"""
FEWEST_DAYS = 40


def level_shift_caveats(label: StepLabel, rule: LabelRule) -> Iterator[Words]:
    """The days that lie low where the label rests on them, and by how much it would be higher with
    every day at the level of all.
    """
    measured = label.made_from
    if measured is None or label.best.value is None or not len(measured.rows):
        return
    days, day_index, mean, weight = by_day(measured)
    if len(days) < FEWEST_DAYS:
        return
    of_all, chance = float(np.average(mean, weights=weight)), _chance(mean)
    at = rank(rule.quantile, len(measured.rows)) - 1
    for width, apart in APART.items():
        around = _around(mean * weight, width) / _around(weight, width)
        higher = (
            float(np.sort(measured.at_reference - around[day_index] + of_all)[at])
            - label.best.value
        )
        if higher > HIGHER * abs(label.best.value) and np.std(around) > apart * chance:
            yield Words.of(
                _sentence(
                    days, mean, weight, around < (of_all + around.min()) / 2, higher, label.unit
                )
            )
            return


def _chance(mean: Floats) -> float:
    """By what days differ that nothing joins: of neighbours, by their median difference."""
    return float(1.4826 * np.median(np.abs(np.diff(mean))) / 2**0.5)


def _around(value: Floats, width: int) -> Floats:
    return np.convolve(value, np.ones(width), "same")


def _sentence(
    days: Integers, mean: Floats, weight: Floats, low: Flags, higher: float, unit: str
) -> Phrase:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], low.astype(int), [0]))))
    first, after = max(edges.reshape(-1, 2).tolist(), key=lambda stretch: stretch[1] - stretch[0])
    below = np.average(mean[~low], weights=weight[~low]) - np.average(
        mean[low], weights=weight[low]
    )
    return Phrase(
        "The label depends on low days that follow one another: %(count)s of %(all)s, the longest "
        "stretch from %(first)s to %(last)s."
        " They are %(below)s %(unit)s below the other days, far more than neighbouring days "
        "differ. Energy or output may have been booked"
        " in other weeks, or the process may have changed. With every day at the average level, "
        "the label would be %(higher)s %(unit)s"
        " higher. Compare these days with the main meters and the stock.",
        count=int(low.sum()),
        all=len(days),
        first=date.fromordinal(int(days[first])).isoformat(),
        last=date.fromordinal(int(days[after - 1])).isoformat(),
        below=significant(below, 3),
        higher=significant(higher, 3),
        unit=unit,
    )


A_YEAR = timedelta(days=360)
AROUND = timedelta(days=184)


def around(batches: Sequence[Batch], period: Period) -> tuple[list[Batch], Period] | None:
    """The runs of half a year either side with those of the period, and the time that they take;
    None where there are none besides.
    """
    if period.end - period.start > A_YEAR:
        return None
    near = [
        batch for batch in batches if period.start - AROUND <= batch.start < period.end + AROUND
    ]
    beside = [batch.start for batch in near if batch.energy and batch.start not in period]
    if not beside:
        return None
    first, last = min(period.start, *beside), max(period.end, max(beside) + timedelta(days=1))
    outside = ExclusionReason.OUTSIDE_PERIOD.value
    return [
        replace(batch, excluded=None) if batch.excluded == outside else batch for batch in near
    ], Period(first, last, period.name)


def longer_period_caveats(label: StepLabel, longer: SiteLabel) -> Iterator[Words]:
    """What the label would be at the level of all that time, where that is higher by more than its
    own uncertainty and a season.
    """
    key = LabelKey.of(label)
    other = next((candidate for candidate in longer.steps if LabelKey.of(candidate) == key), None)
    best, sure = label.best.value, label.uncertainty.best if label.uncertainty is not None else None
    measured, whole = label.made_from, None if other is None else other.made_from
    if (
        other is None
        or measured is None
        or whole is None
        or best is None
        or sure is None
        or other.used <= label.used
    ):
        return
    higher = _level(whole) - _level(measured)
    if higher > max(sure.value, HIGHER * abs(best)):
        sentence = in_number(
            other.used - label.used,
            "The files contain %(count)s run outside the period, from %(first)s to %(last)s. All "
            "runs together "
            "are higher by more than a season or the label's uncertainty explains. Energy may "
            "have been booked "
            "in another month. At the level of all runs, the label would be %(other)s %(unit)s "
            "instead of "
            "%(best)s. Compare the months with the readings of the main meters.",
            "The files contain %(count)s runs outside the period, from %(first)s to %(last)s. All "
            "runs together are higher by more than a"
            " season or the label's uncertainty explains. Energy may have been booked in another "
            "month. At the level of all runs, the"
            " label would be %(other)s %(unit)s instead of %(best)s. Compare the months with the "
            "readings of the main meters.",
            count=other.used - label.used,
            first=longer.period.start.date().isoformat(),
            last=longer.period.end.date().isoformat(),
            other=significant(best + higher, 4),
            best=significant(best, 4),
            unit=label.unit,
        )
        yield Words.of(sentence)


def _level(measured: MeasuredBatches) -> float:
    return float(np.average(measured.at_reference, weights=measured.output))


HIGHER_BY_PRODUCT = 0.01
"""Of the label, by how much it is higher at the mean of all before that is told (a convention of
ours).
"""
SIGMAS_OF_PRODUCTS = 3.0
"""Of what the mean of a label's runs differs by chance from that of all."""
NAMED = 3
"""Others that are named, before they are counted only."""


@dataclass(frozen=True, slots=True)
class ProductRuns:
    """What runs of some machines took by amounts of their own, at reference conditions per unit of
    output.
    """

    value: Floats
    output: Floats

    @classmethod
    def of(
        cls, label: StepLabel, machines: AbstractSet[str], metered: AbstractSet[str]
    ) -> ProductRuns:
        measured = label.made_from
        if measured is None:
            return cls(np.zeros(0), np.zeros(0))
        by_meter = np.isin(measured.energy.carriers, list(metered))
        value = (
            measured.at_reference
            - measured.energy.by_carrier[measured.rows][:, by_meter].sum(axis=1) / measured.output
        )
        here = np.array(
            [measured.columns.batches[row].equipment in machines for row in measured.rows.tolist()],
            dtype=bool,
        )
        return cls(value[here], measured.output[here])

    @property
    def mean(self) -> float:
        return float(np.average(self.value, weights=self.output))

    def __add__(self, other: ProductRuns) -> ProductRuns:
        return ProductRuns(
            np.concatenate((self.value, other.value)), np.concatenate((self.output, other.output))
        )


def product_transfer_caveats(label: StepLabel, step: Step, whole: SiteTotals) -> Iterator[Words]:
    """By how much the label would be higher, did its runs take what all runs of their machines take
    in the mean.
    """
    measured, uncertainty = label.made_from, label.uncertainty
    beside = [
        neighbour
        for neighbour in whole.labels
        if (neighbour.step, neighbour.metric) == (label.step, label.metric)
        and neighbour is not label
    ]
    if measured is None or label.best.value is None or not beside:
        return
    metered = {
        meter.carrier for meter in whole.site.tree.counted if whole.serves(meter, label.step)
    }
    machines = {measured.columns.batches[row].equipment for row in measured.rows.tolist()}
    own = ProductRuns.of(label, machines, metered)
    together, above = own, dict[str, float]()
    for other in beside:
        runs = ProductRuns.of(other, machines, metered)
        if not len(runs.value) or 0 < (apart := runs.mean - own.mean) <= _between_limits(
            label, other, step, whole
        ):
            continue
        together += runs
        if apart > 0:
            name = other.product if other.product != label.product else other.variant
            above[name] = max(apart, above.get(name, 0.0))
    size = together.mean - own.mean
    chance = (
        SIGMAS_OF_PRODUCTS
        * float(np.std(own.value))
        * (1 / len(own.value) - 1 / len(together.value)) ** 0.5
    )
    of_label = 0.0 if uncertainty is None or uncertainty.best is None else uncertainty.best.value
    if not above or size <= max(chance, of_label, HIGHER_BY_PRODUCT * abs(label.best.value)):
        return
    sentence = Phrase(
        "%(others)s ran on the same equipment and used up to %(apart)s %(unit)s more, by amounts "
        "that the plant writes for each "
        "batch. Products may really differ this much. If this energy belonged to the runs of this "
        "product and was only written "
        "there, this label and the mean that its grade tests would be higher by up to %(size)s "
        "%(unit)s, and the label would be "
        "%(together)s %(unit)s. Meter the runs of each product, or keep the readings behind these "
        "amounts for an auditor.",
        others=enumerated(above)
        if len(above) <= NAMED
        else Phrase("%(count)s other products", count=len(above)),
        apart=significant(max(above.values()), 3),
        size=significant(size, 3),
        together=significant(label.best.value + size, 4),
        unit=label.unit,
    )
    yield Words.of(sentence)


def _between_limits(label: StepLabel, other: StepLabel, step: Step, whole: SiteTotals) -> float:
    """By how much a published limit of the other variant is looser, at most; also before it is in
    force, for steel is the same.
    """
    last_day, looser = whole.period.first_and_last[1], 0.0
    for limit in step.limits:
        if (limit.metric, limit.unit) != (
            label.metric,
            label.unit,
        ) or label.product != other.product:
            continue
        grades = []
        for side in (label, other):
            measured = side.made_from
            means = {} if measured is None else means_of_variables(measured.columns, measured.rows)
            conditions = {**whole.site.static, **means, **named(limit, side.variant, step)}
            grades.append(corrected_limits(limit, conditions, max(last_day, limit.effective_from)))
        strict, loose = grades
        if not isinstance(strict, NotAssessable) and not isinstance(loose, NotAssessable):
            looser = max(
                looser,
                *(
                    lax - here
                    for here, lax in zip(strict, loose, strict=True)
                    if here is not None and lax is not None
                ),
            )
    return looser
