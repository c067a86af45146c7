"""Energy of one step that is booked at another of the same works: the works' sum closes, and the other step takes more than such steps do.

A pack says what its steps usually take of electricity and of heat (`Take`). Where a step takes more than the most that is usual, what lies
above the typical is told beside its label, and beside the labels of the steps that share a carrier with it with what they would be were it
theirs: as much as leaves them within what is usual of them. An old step is told as one that carries energy of others; nothing is held.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import fsum

from benchmarks.conversion import MJ_PER
from benchmarks.labels import StepLabel
from benchmarks.labels.columns import counts
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.measurements import Metric
from benchmarks.phrases import Phrase, Value, enumerated
from benchmarks.routes import Pack, Step, Take, Words
from reporting_agent.pipeline.beside_the_meters import in_unit_of
from reporting_agent.pipeline.sitewide import Sitewide


@dataclass(frozen=True, slots=True)
class Taken:
    """What a step took of a kind of energy in the period, beside what is usual."""

    step: Step
    usual: Take
    output: float
    mj: dict[str, float]  # by carrier

    @classmethod
    def of(cls, step: Step, usual: Take, whole: Sitewide) -> Taken | None:
        mj = {
            carrier: took for (of, carrier), took in whole.taken_mj.items() if of == step.id and took > 0 and counts(carrier, usual.metric)
        }
        return cls(step, usual, whole.outputs[step.id], mj) if mj and whole.outputs.get(step.id, 0.0) > 0 else None

    @property
    def amount(self) -> float:
        """Per unit of output, in the unit of what is usual."""
        return fsum(self.mj.values()) / MJ_PER[self.usual.unit] / self.output

    def mj_between(self, least: float, most: float) -> float:
        return max(most - least, 0.0) * MJ_PER[self.usual.unit] * self.output


def told(label: StepLabel, whole: Sitewide, pack: Pack) -> Iterator[Words]:
    """What another step takes above the usual, as part of this label; and of what this step takes so, whose labels it may be part of."""
    if label.best.value is None:
        return
    for one in _above(whole, pack):
        if not any(counts(carrier, label.metric) for carrier in one.mj):
            continue
        shown: dict[str, Value] = {
            "step": one.step.words,
            "amount": f"{one.amount:.3g} {one.usual.unit}",
            "kind": _KINDS[one.usual.metric],
            "per": one.step.output_unit,
            "typical": f"{one.usual.typical:g}",
            "most": f"{one.usual.most:g} {one.usual.unit}",
        }
        if one.step.id == label.step:
            others = dict.fromkeys(other.step for other in whole.labels if _worth(_size(other, one, whole, pack), other))
            if others:
                said = Phrase(
                    "This step takes %(amount)s of %(kind)s per %(per)s of its output; usual are %(typical)s, at most %(most)s. What is"
                    " above may be of %(others)s, whose labels say so.",
                    others=enumerated(pack.step(other).words for other in others),
                    **shown,
                )
                yield Words.of(said)
        elif _worth(size := _size(label, one, whole, pack), label):
            said = Phrase(
                "%(step)s takes %(amount)s of %(kind)s per %(per)s of its output; usual are %(typical)s, at most %(most)s. Were what is"
                " above the usual this step's own and only booked there, the label would be higher by up to %(size)s %(unit)s.",
                size=f"{size:.3g}",
                unit=label.unit,
                **shown,
            )
            yield Words.of(said)


_KINDS = {Metric.ELECTRICITY: Phrase("electricity"), Metric.THERMAL: Phrase("heat")}


def _above(whole: Sitewide, pack: Pack) -> Iterator[Taken]:
    for step in pack.steps:
        for usual in step.takes:
            if (one := Taken.of(step, usual, whole)) is not None and one.amount > usual.most:
                yield one


def _size(label: StepLabel, above: Taken, whole: Sitewide, pack: Pack) -> float:
    """By how much the label would be higher: no more than of carriers that both take, nor than is usual of its own step."""
    step = pack.step(label.step)
    usual = next((one for one in step.takes if one.metric is above.usual.metric), None)
    own = None if usual is None or step.id == above.step.id else Taken.of(step, usual, whole)
    if own is None or label.best.value is None:
        return 0.0
    shared = {carrier: above.mj[carrier] for carrier in own.mj.keys() & above.mj.keys() if counts(carrier, label.metric)}
    moved = min(
        fsum(shared.values()),
        above.mj_between(above.usual.typical, above.amount),
        own.mj_between(own.amount, own.usual.most),
    )
    carrier = max(shared, key=shared.__getitem__, default="")
    unit, mj_per = ("kWh", MJ_PER["kWh"]) if carrier == "electricity" else ("MJ", 1.0)
    return in_unit_of(label, carrier, moved / mj_per, unit, None, whole, pack) / own.output if shared else 0.0


def _worth(size: float, label: StepLabel) -> bool:
    return label.best.value is not None and size > WORTH_TELLING * abs(label.best.value)
