"""Energy given back that the boundary does not credit, told beside the label; why runs on energy
outside the metric have no label.

Energy that a step is said to give back and that nothing takes: of a carrier that its boundary does
not credit, or does not hold.

What leaves a step usefully lowers its label only where the pack credits it (ISO 50006, 5.3: what
crosses the boundary either way is part of the indicator by its definition alone). A meter whose
direction is turned, or a row with the wrong one, is then in no metric at all: what it counted is
told as what it would be, had the step taken it.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import fsum

from benchmarks.carriers import CARRIERS
from benchmarks.declared import Words
from benchmarks.labels import ExclusionReason, StepLabel
from benchmarks.labels.columns import counts
from benchmarks.phrases import Phrase, enumerated, significant
from benchmarks.routes import Pack, Step
from reporting_agent.pipeline.provisos.beside_the_meters import USUAL, in_unit_of
from reporting_agent.pipeline.sitewide import SiteTotals


def sentences(label: StepLabel, whole: SiteTotals, pack: Pack) -> Iterator[Words]:
    """By how much the label would be higher, had the step taken what it is said to give back."""
    step = pack.step(label.step)
    output = whole.outputs.get(label.step, 0.0)
    if label.best.value is None or output <= 0:
        return
    sizes: dict[str, float] = {}
    for (of, carrier, is_taken, unit, lhv), quantity in whole.amounts.items():
        if (
            of == label.step
            and not is_taken
            and carrier not in step.boundary.credited
            and carrier in CARRIERS
            and counts(carrier, label.metric)
        ):
            sizes[carrier] = (
                sizes.get(carrier, 0.0)
                + in_unit_of(label, carrier, quantity, unit, lhv, whole, pack) / output
            )
    if (together := fsum(sizes.values())) > USUAL * abs(label.best.value):
        ordered = sorted(sizes.items(), key=lambda item: -item[1])
        sentence = Phrase(
            "The step is declared to give back energy that its boundary does not credit, so no "
            "metric counts it: %(carriers)s %(unit)s."
            " If the step had used this energy, the label would be %(size)s %(unit)s higher. "
            "Correct the direction. If the energy only"
            " passes through, assign the meter to no step and name it in [site_boundary].",
            carriers=enumerated(
                Phrase(
                    "%(carrier)s %(size)s",
                    carrier=CARRIERS[carrier].words,
                    size=significant(size, 3),
                )
                for carrier, size in ordered
                if size > 0
            ),
            size=significant(together, 3),
            unit=label.unit,
        )
        yield Words.of(sentence)


def driven_besides(label: StepLabel, step: Step) -> Iterator[Words]:
    """Why runs that took what the boundary holds and the metric does not count have no label in it
    (`alone`): which of the two drove the step cannot be told."""
    besides = [CARRIERS[use.carrier].words for use in label.outside if use.is_inside]
    if label.best.value is None and label.best.reason == ExclusionReason.ENERGY_OUTSIDE and besides:
        sentence = Phrase(
            "This metric compares only runs that use no other energy than it counts, because "
            "other energy may do the same work. "
            "These runs also used %(carriers)s, which is inside the boundary, for example in a "
            "dryer. Their label is that of "
            "%(metrics)s.",
            carriers=enumerated(besides),
            metrics=enumerated(str(rule.metric) for rule in step.metrics if not rule.alone),
        )
        yield Words.of(sentence)
