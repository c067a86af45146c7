"""What part of a step's output was bought ready or half made: others took its energy, or some of
it, so the label per tonne is lower.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import fsum

import numpy as np

from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.labels.result import MeasuredBatches
from benchmarks.phrases import Phrase, significant
from benchmarks.routes import Step


def sentences(label: StepLabel, step: Step, static: Mapping[str, float | str]) -> Iterator[Words]:
    """The part that the site states, with the label per unit made here; or that it states none,
    with what each percent is worth.
    """
    value, name, measured = label.best.value, step.bought_share, label.made_from
    if name is None or value is None or measured is None:
        return
    share = percent(measured, name, static)
    if share is None:
        sentence = Phrase(
            "The site does not state how much of the output was bought finished or half finished "
            "(%(variable)s). Each percent of it "
            "lowers the label by up to %(size)s %(unit)s. State it under [static], 0 if there is "
            "none.",
            variable=name,
            size=significant(0.01 * abs(value), 2),
            unit=label.unit,
        )
    elif share > 0:
        sentence = Phrase(
            "The site states that %(share)s %% of the output was bought finished or half finished "
            "(%(variable)s). Per %(per)s made "
            "entirely here, the label would be up to %(made_here)s %(unit)s. Keep the delivery "
            "notes for an auditor.",
            share=significant(share, 3),
            variable=name,
            per=step.output_unit,
            made_here=significant(value / (1 - share / 100), 3),
            unit=label.unit,
        )
    else:
        return
    yield Words.of(sentence)


def percent(
    measured: MeasuredBatches, name: str, static: Mapping[str, float | str]
) -> float | None:
    """In % of the output, by run where the runs say so, else of the site; None where it is not
    stated of every run, or cannot be.
    """
    columns, rows = measured.columns, measured.rows
    by_run, output = columns.variable(name)[rows], columns.output[rows]
    of_site = static.get(name)
    stated = np.where(
        np.isnan(by_run), of_site if isinstance(of_site, int | float) else np.nan, by_run
    )
    share = fsum(stated * output) / fsum(output)
    return share if 0 <= share < 100 else None
