"""Weeks that lie low against the rest: energy booked low for weeks and high later leaves the mean
right and makes the label better.

Each day is held against the days around it, three and fifteen together. Of honest records these
means stay near the mean of all: of 24 simulated lines and of an arc furnace in 108 windows of 45
days to a year the label with every day at the level of all was higher by 1.7 % at most, and the
means scattered 1.6 times (three days) and 0.9 times (fifteen) what neighbouring days differ by. A
season of 3 % either way makes 1.7 %. Coal booked 15 % low for 25 days of 90 made 16 %, and 9 times.
A process that changed shows alike, wherefore it is told beside the label and nothing is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.labels.columns import Flags, Floats, Integers
from benchmarks.phrases import Phrase, significant
from benchmarks.released import rank
from benchmarks.routes import LabelRule
from reporting_agent.pipeline.provisos.neighbours import by_day

HIGHER = 0.03
"""Of the label, by how much it is higher with every day at the level of all before that is told (a
convention of ours).
"""
APART = {3: 2.5, 15: 1.5}
"""By days taken together, how many times what neighbouring days differ by their means scatter at
least (a convention of ours).
"""
FEWEST_DAYS = 40


def sentences(label: StepLabel, rule: LabelRule) -> Iterator[Words]:
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
