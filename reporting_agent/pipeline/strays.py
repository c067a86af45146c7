"""Energy of a step that names none of its batches: energy of the step all the same, that no label and no mean holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import fsum

from benchmarks.errors import InputError, PolicyRefusal
from benchmarks.labels import Best, Grade, SiteLabel, StepLabel
from benchmarks.labels.columns import counts
from benchmarks.labels.outside import LARGEST_SHARE
from benchmarks.measurements import Batch, CarrierEnergy, Direction
from benchmarks.phrases import Phrase
from benchmarks.quantities import ratio
from benchmarks.routes import Words

CODE = "energy-without-batch"
Strays = Mapping[str, Sequence[CarrierEnergy]]  # by step


def held(label: SiteLabel, strays: Strays) -> SiteLabel:
    """The label without those of steps of whose energy more than `LARGEST_SHARE` names no batch."""
    if not strays:
        return label
    shares = {
        (one.step, one.metric): _share(own, strays[one.step])
        for one in label.steps
        if one.step in strays and (own := [other for other in label.steps if (other.step, other.metric) == (one.step, one.metric)])
    }
    return replace(label, steps=tuple(_held(one, shares.get((one.step, one.metric))) for one in label.steps))


def _held(label: StepLabel, share: float | None) -> StepLabel:
    if share is None or share <= LARGEST_SHARE:
        return label
    why = Phrase(
        "%(share)s of the step's energy names no batch of it: at most %(most)s may. Name the batches that used it, or take out the rows"
        " that are not of this step.",
        share=f"{share:.1%}",
        most=f"{LARGEST_SHARE:.1%}",
    )
    return replace(label, best=Best(None, label.best.rule, CODE), gap=None, grade=Grade(None, CODE, label.grade.limits, Words.of(why)))


def _share(labels: Sequence[StepLabel], strays: Sequence[CarrierEnergy]) -> float:
    """Of what the step took in; 1 where it is not known, which is never small."""
    metric = labels[0].metric
    nameless = [one for one in strays if one.direction is Direction.IMPORT and one.quantity and counts(one.carrier, metric)]
    if not nameless:
        return 0.0
    used = [label.made_from.columns.batches[row] for label in labels if label.made_from for row in label.made_from.rows.tolist()]
    taken = {carrier: fsum(label.energy_by_carrier.get(carrier, 0.0) for label in labels) for carrier in {one.carrier for one in nameless}}
    whole = fsum(max(energy, 0.0) for label in labels for energy in label.energy_by_carrier.values())
    try:
        energy = fsum(taken[one.carrier] * one.quantity / _amount(used, one) for one in nameless)
    except (InputError, ZeroDivisionError):
        return 1.0
    return energy / (energy + whole) if energy > 0 and whole > 0 else 1.0


def _amount(batches: Sequence[Batch], like: CarrierEnergy) -> float:
    """What the batches took in of the carrier, in this unit."""
    taken = (one for batch in batches for one in batch.energy if one.carrier == like.carrier and one.direction is Direction.IMPORT)
    return fsum(one.quantity * ratio(one.unit, like.unit) for one in taken)


def require_none(local: SiteLabel) -> None:
    """PolicyRefusal `energy-without-batch`: what leaves is made of batches, which lack this energy."""
    for one in local.steps:
        if one.best.reason == CODE:
            raise PolicyRefusal(
                CODE,
                Phrase("More than 0.5 %% of the energy of %(step)s names none of its batches.", step=one.step),
                "Name the batches that used it, or take out the rows that are not of this step; `check` names the rows.",
            )
