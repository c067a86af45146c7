"""Energy written to another product, or variant, of the same machine: the machine's sum closes, and
one label is better than its runs.

Only amounts that the plant writes by batch can be moved so; what a meter reads falls to the product
that ran. Told is, beside the better label, what it would be at the mean of all that the machine
made. Products may truly differ, wherefore nothing is held, and a difference no greater than that of
two variants' limits is taken as true.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np

from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.labels.columns import Floats
from benchmarks.labels.limit_test import named
from benchmarks.labels.step import means_of_variables
from benchmarks.packs.corrections import NotAssessable, corrected_limits
from benchmarks.phrases import Phrase, enumerated, significant
from benchmarks.routes import Step
from reporting_agent.pipeline.sitewide import SiteTotals

HIGHER = 0.01
"""Of the label, by how much it is higher at the mean of all before that is told (a convention of
ours).
"""
SIGMAS = 3.0
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


def sentences(label: StepLabel, step: Step, whole: SiteTotals) -> Iterator[Words]:
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
        SIGMAS * float(np.std(own.value)) * (1 / len(own.value) - 1 / len(together.value)) ** 0.5
    )
    of_label = 0.0 if uncertainty is None or uncertainty.best is None else uncertainty.best.value
    if not above or size <= max(chance, of_label, HIGHER * abs(label.best.value)):
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
