"""Days that take turns above and below the usual: what is booked a day off lowers a label, which is
made of the best days.

Of honest records neighbouring days are alike or have nothing to do with each other: 22 simulated
lines and two years of an arc furnace lay between -0.1 and 0.7. Output or energy moved between
neighbours by 8 % made -0.3 to -0.6 of them. A stock read at another hour each day does so, too,
wherefore it is told beside the label and nothing is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.labels.columns import Floats, Integers
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.labels.result import MeasuredBatches
from benchmarks.phrases import Phrase, significant
from benchmarks.routes import Step

OPPOSED = -0.3
"""The correlation of neighbouring days from which it is told (a convention of ours), and in short
records `SIGMAS` of chance.
"""
SIGMAS = 3.5
FEWEST_PAIRS = 40
_CLIPPED = (0.05, 0.95)  # of the days: no single one decides


def sentences(label: StepLabel, step: Step) -> Iterator[Words]:
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
