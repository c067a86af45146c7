"""Relevant variables that differ from run to run and that energy does not follow: the label is held against that of their mean.

A correction takes from a run's energy what the variable made of it, so it narrows the runs where it is true. Where it betters the label and
does not narrow them, the values scatter without the energy, and the low quantile would only find the runs that were told the hardest
conditions; the mean of the year would be right all the while.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import fsum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import PolicyRefusal
from benchmarks.labels import SiteLabel, StepLabel
from benchmarks.measurements import Batch, Finding, Severity
from benchmarks.phrases import Phrase
from benchmarks.released import rank
from benchmarks.routes import Pack, ReferenceCondition, Step

CODE = "variable-scattered"
NEARLY = 0.01
"""By what share of the best a correction by runs may better it beside one by the mean: as of heating values (`lots`)."""

Floats = NDArray[np.float64]
Key = tuple[str, str, str]  # step, product, variant of a batch


@dataclass(frozen=True, slots=True)
class Scattered:
    """A label's variable, and what the label is by its mean over the runs."""

    label: StepLabel
    variable: str
    mean: float
    best: float


def of(label: SiteLabel, pack: Pack) -> tuple[Scattered, ...]:
    """Every such variable of every label."""
    return tuple(one for made in label.steps for one in _of_label(made, pack.step(made.step)))


def _of_label(label: StepLabel, step: Step) -> Iterator[Scattered]:
    made = label.made_from
    if made is None or label.best.value is None:
        return
    at = rank(step.label_rule.quantile, len(made.rows)) - 1
    for condition in step.reference_conditions:
        values = made.columns.variable(condition.variable)[made.rows]
        known = ~np.isnan(values)
        if label.metric not in condition.slope or not known.any() or values[known].min() == values[known].max():
            continue
        mean = _mean(values[known], made.output_t[known])
        by_mean = made.at_reference + np.where(
            known, condition.slope[label.metric] * (_off(values, condition) - _off(mean, condition)), 0.0
        )
        best = float(np.sort(by_mean)[at])
        if best - label.best.value > NEARLY * abs(best) and np.std(made.at_reference) >= np.std(by_mean):
            yield Scattered(label, condition.variable, mean, best)


def _mean(values: Floats, output_t: Floats) -> float:
    return fsum(values * output_t) / fsum(output_t)


def _off(value: Floats | float, condition: ReferenceCondition) -> Floats:
    off = np.nan_to_num(np.asarray(value) - condition.reference)
    return off if condition.cap is None else np.clip(off, -condition.cap, condition.cap)


def at_mean(batches: Sequence[Batch], found: Sequence[Scattered]) -> list[Batch]:
    """The batches with the mean in place of each such variable."""
    means: dict[Key, dict[str, float]] = {}
    for one in found:
        if (made := one.label.made_from) is not None:
            for row in made.rows.tolist():
                means.setdefault(_key(made.columns.batches[row]), {})[one.variable] = one.mean
    return [_with(batch, means.get(_key(batch))) for batch in batches]


def _key(batch: Batch) -> Key:
    return batch.step, batch.product, batch.variant


def _with(batch: Batch, means: dict[str, float] | None) -> Batch:
    if batch.excluded is not None or not means or not means.keys() & batch.variables.keys():
        return batch
    own = {name: means.get(name, value) for name, value in batch.variables.items()}
    return replace(batch, variables=MappingProxyType(own))


def held(by_run: SiteLabel, by_mean: SiteLabel, found: Sequence[Scattered]) -> SiteLabel:
    """The labels by runs, but of those found by the mean of what scatters."""
    means = {(one.step, one.product, one.variant, one.metric): one for one in by_mean.steps}
    struck = {(one.label.step, one.label.product, one.label.variant, one.label.metric) for one in found}
    keys = [((one.step, one.product, one.variant, one.metric), one) for one in by_run.steps]
    steps = tuple(means.get(key, one) if key in struck else one for key, one in keys)
    told = tuple(_told(one) for one in found)
    return replace(by_run, steps=steps, findings=(*by_run.findings, *told))


def _told(one: Scattered) -> Finding:
    label, by_run = one.label, one.label.best.value
    said = Phrase(
        "Step %(step)s, %(metric)s: %(variable)s as it differs from run to run makes the best %(run)s, its mean %(mean)s %(unit)s, and"
        " energy does not follow it: corrected by it the runs scatter more, not less. The second counts, and nothing leaves the site."
        " Correct the values; where runs cannot tell them apart, give the mean as a constant of [mapping.batches].",
        step=label.step,
        metric=str(label.metric),
        variable=one.variable,
        run=f"{by_run:.4g}",
        mean=f"{one.best:.4g}",
        unit=label.unit,
    )
    return Finding("variable-scattered", Severity.WARNING, said, label.used)


def require_none(local: SiteLabel) -> None:
    """PolicyRefusal `variable-scattered`: a record leaves with its own correction, so nothing leaves where those better a label falsely."""
    for one in local.findings:
        if one.code == CODE:
            raise PolicyRefusal(
                CODE,
                one.sentence,
                Phrase("Correct the variable's column, or give its mean as a constant of [mapping.batches] (or [mapping.log])."),
            )
