"""Runs that lie further apart than runs of one plant do: energy moved between days at random leaves
the mean right and betters the label.

A label is a low quantile, which lies below the mean of its runs by what they scatter. A pack holds
by how much runs of one plant scatter (`MetricRule.spread`, an assumption). Of 696 labels of 72
simulated plants the distance was at most 1.35 times what follows from that, of 14,727 real heats
1.1 times, with coal moved by 5 and 10 % between 120 days 2.5 and 4.7 times.

A plant may really scatter more. Of 2,000 honest records each (quantile 0.2, the simulator's bad
runs) that scatter by 1.25 times the pack's spread, 0.1 % of those of 40 runs are told; by 1.5 times
3 % of 40 and 0.4 % of 120 runs, by 1.75 times 17 and 9 %. Without what `bound` allows for chance it
was 15 and 2 % by 1.5 times. Products under one name lie apart as well. So it is told as what may
be, and nothing is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from statistics import NormalDist

import numpy as np

from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.phrases import Phrase, significant
from benchmarks.routes import Step

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


def sentences(label: StepLabel, step: Step) -> Iterator[Words]:
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
