"""Runs that lie further apart than runs of one plant do: energy moved between days at random leaves the mean right and betters the label.

A label is a low quantile, which lies below the mean of its runs by what they scatter. A pack holds by how much runs of one plant scatter
(`MetricRule.spread`, an assumption). Of the labels of 24 simulated plants and lines the distance was at most 1.3 times what follows from
that, of 14,727 real heats 1.1 times, with coal moved by 5 and 10 % 2.6 and 4.9 times. Products that differ under one name lie apart as
well, wherefore it is told beside the label and nothing is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import NormalDist

import numpy as np

from benchmarks.labels import StepLabel
from benchmarks.phrases import Phrase
from benchmarks.routes import Step, Words

TIMES = 2.0
"""What follows from the pack's spread, times which a label may lie below the mean of its runs and go untold (a convention of ours)."""
FEWEST_RUNS = 40


def told(label: StepLabel, step: Step) -> Iterator[Words]:
    """By how much the label would be higher, did its runs lie no further apart than the pack takes for usual."""
    made, rule = label.made_from, step.metric(label.metric)
    if made is None or label.best.value is None or rule is None or len(made.rows) < FEWEST_RUNS:
        return
    usual = -NormalDist().inv_cdf(float(step.label_rule.quantile)) * rule.spread
    below = float(np.average(made.at_reference, weights=made.output_t)) - label.best.value
    if below > TIMES * usual > 0:
        said = Phrase(
            "Runs lie far apart: the label is %(below)s %(unit)s below their mean, where %(usual)s follows from what the pack takes for"
            " usual between runs of one plant (an assumption), as where energy is booked on other days or one name holds several"
            " products. With that, the label would be higher by %(higher)s %(unit)s.",
            below=f"{below:.3g}",
            usual=f"{usual:.2g}",
            higher=f"{below - usual:.3g}",
            unit=label.unit,
        )
        yield Words.of(said)
