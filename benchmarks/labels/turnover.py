"""A label that is a small difference of large amounts: what a percent of each is worth, told beside
it.

An oven's coal and coke hold ten times what coking takes: no bound on their ratio is as narrow as
their scales have to be.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.carriers import CARRIERS
from benchmarks.declared import Words
from benchmarks.labels.result import StepLabel
from benchmarks.phrases import Phrase, enumerated, significant
from benchmarks.routes import Step

LARGE = 2.0
"""Of a label, what a carrier taken or given back holds at least that a percent of it is told: 2 %
of the label (a convention of ours).
"""


def sentences(label: StepLabel, step: Step) -> Iterator[Words]:
    """What each percent moves the label by: of the product, which is output and credit alike, all
    that the step takes beside it.
    """
    best = label.best.value
    if best is None or not label.output:
        return
    per_output = {
        carrier: energy / label.output for carrier, energy in label.energy_by_carrier.items()
    }
    if step.product_carrier is not None and per_output.get(step.product_carrier, 0.0) < 0:
        per_output[step.product_carrier] -= sum(per_output.values())
    sizes = {
        carrier: abs(amount) / 100
        for carrier, amount in per_output.items()
        if abs(amount) > LARGE * abs(best)
    }
    if sizes:
        message = Phrase(
            "The label is a small difference between amounts many times its size. Each percent of "
            "error in these, such as water in"
            " weighed material, changes it: %(sizes)s %(unit)s. Keep the scale records and the "
            "laboratory's moisture values for an"
            " auditor.",
            sizes=enumerated(
                Phrase("%(part)s %(size)s", part=CARRIERS[carrier].words, size=significant(size, 3))
                for carrier, size in sorted(sizes.items(), key=lambda pair: -pair[1])
            ),
            unit=label.unit,
        )
        yield Words.of(message)
