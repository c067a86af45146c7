"""What may be a step's own and stands elsewhere: beyond what conversions, auxiliaries and other
steps usually take (`TypicalTake`), behind its own product, or in no file and no account.

Reported as if it were this step's own, where beyond the scatter of such works or a single step
above the most usual; no more than leaves the step within the usual. A step that took far less heat
than such plants says so (hot charging and heat from electricity are reasons).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import fsum, hypot

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER
from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.labels.columns import counts
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.materials import TypicalTake
from benchmarks.measurements import Batch, Metric
from benchmarks.phrases import Phrase, Value, enumerated, significant
from benchmarks.routes import Pack, Step
from reporting_agent.pipeline.materials_in_the_log import ChargedMaterials, own_output, own_runs
from reporting_agent.pipeline.provisos.beside_the_meters import in_unit_of
from reporting_agent.pipeline.provisos.stated import percent
from reporting_agent.pipeline.sitewide import SiteTotals


def behind_step_caveats(
    label: StepLabel, batches: Sequence[Batch], static: Mapping[str, float | str], pack: Pack
) -> Iterator[Words]:
    """By what states it, the materials that the log charges and the label of what went through the
    step and stayed.
    """
    step, own, value = pack.step(label.step), own_runs(batches, label.step), label.best.value
    if value is None or label.made_from is None or own_output(own) <= 0:
        return
    charged, charges = (
        ChargedMaterials.by(batches, pack),
        dict[tuple[str, bool], list[tuple[Value, float]]](),
    )
    for at, material, columns in charged.at(step):
        named = at.unless or at.returns
        if named and (amount := charged.amount(own, columns) / own_output(own)) > 0:
            charges.setdefault((named, at.returns is not None), []).append((material.words, amount))
    for (name, back), added in charges.items():
        stated = percent(label.made_from, name, static)
        share = fsum(amount for _, amount in added) if stated is None else stated / 100
        if not WORTH_TELLING < share < 1:
            continue
        shown: dict[str, Value] = {
            "per": step.output_unit,
            "through_it": significant(value / (1 - share), 3),
            "unit": label.unit,
            "variable": name,
        }
        materials = enumerated(
            Phrase("%(column)s %(amount)s t", column=what, amount=significant(amount, 3))
            for what, amount in added
        )
        if back and stated is not None:
            sentence = Phrase(
                "The site states that %(share)s %% of the weighed output returns as charge "
                "(%(variable)s). Per %(per)s that remains "
                "the label would be %(through_it)s %(unit)s. Keep the scale records for an "
                "auditor.",
                share=significant(stated, 3),
                **shown,
            )
        elif back:
            sentence = Phrase(
                "The log shows, per %(per)s of output, a charge of %(materials)s, which can be "
                "output that is screened off after the "
                "scale and returns. Per %(per)s that remains the label would then be up to "
                "%(through_it)s %(unit)s. State under "
                "[static] how much of the output returns in this way, in %% (%(variable)s), 0 if "
                "it is weighed after the screen.",
                materials=materials,
                **shown,
            )
        elif stated is not None:
            sentence = Phrase(
                "The site states that %(share)s %% of the output was added after the step "
                "(%(variable)s). Per %(per)s that went "
                "through the step the label would be %(through_it)s %(unit)s. Keep the scale "
                "records for an auditor.",
                share=significant(stated, 3),
                **shown,
            )
        else:
            sentence = Phrase(
                "The log shows, per %(per)s of output, a charge of %(materials)s, which can also "
                "be added after the step. Per "
                "%(per)s that went through the step the label would then be up to %(through_it)s "
                "%(unit)s. State under [static] how "
                "much of the output was added in this way, in %% (%(variable)s), 0 if none was.",
                materials=materials,
                **shown,
            )
        yield Words.of(sentence)


NAMED = 0.05
"""Of all that others take above the typical, what one of them takes to be named (a convention of
ours).
"""


@dataclass(frozen=True, slots=True)
class StepEnergyUse:
    """What a step and its auxiliaries took of a kind of energy in the period, beside what is
    usual.
    """

    step: Step
    usual: TypicalTake
    output: float
    mj: dict[
        str, float
        # by carrier; a working medium, beyond what the process needs of it, as the electricity that
        # made it
    ]

    @classmethod
    def of(cls, step: Step, usual: TypicalTake, whole: SiteTotals) -> StepEnergyUse | None:
        fence = whole.site.site_boundary
        took = [(carrier, mj) for (of, carrier), mj in whole.taken_mj.items() if of == step.id]
        took += [
            (auxiliary.carrier, whole.flow_mj(auxiliary) or 0.0)
            for auxiliary in (fence.auxiliaries if fence else ())
            if auxiliary.step == step.id
        ]
        output, by_carrier = whole.outputs.get(step.id, 0.0), dict[str, float]()
        for carrier, amount in took:
            of_power = CARRIERS[carrier].form == "medium"
            mj = amount - _needed(step, carrier, output, whole) if of_power else amount
            if mj > 0 and counts(made_by := "electricity" if of_power else carrier, usual.metric):
                by_carrier[made_by] = by_carrier.get(made_by, 0.0) + mj
        return cls(step, usual, output, by_carrier) if by_carrier and output > 0 else None

    @property
    def amount(self) -> float:
        """Per unit of output, in the unit of what is usual."""
        return fsum(self.mj.values()) / MJ_PER[self.usual.unit] / self.output

    @property
    def above_typical(self) -> float:
        return self.mj_between(self.usual.typical, self.amount)

    @property
    def scatter(self) -> float:
        """MJ by which such steps differ: the most that is usual is taken as two standard deviations
        (a convention of ours).
        """
        return self.mj_between(self.usual.typical, self.usual.most) / 2

    def mj_between(self, least: float, most: float) -> float:
        return max(most - least, 0.0) * MJ_PER[self.usual.unit] * self.output

    def sentence(self) -> Phrase:
        return Phrase(
            "%(step)s %(amount)s per %(per)s (%(typical)s typical, %(most)s usual at most)",
            step=self.step.words,
            amount=f"{significant(self.amount, 3)} {self.usual.unit}",
            per=self.step.output_unit,
            typical=f"{self.usual.typical:g}",
            most=f"{self.usual.most:g}",
        )


def between_steps_caveats(label: StepLabel, whole: SiteTotals, pack: Pack) -> Iterator[Words]:
    """What others take above the typical, as part of this label; and of what this step takes so,
    whose labels it may be part of.
    """
    step = pack.step(label.step)
    for usual in step.takes:
        others, size = _of_others(label, usual, whole, pack)
        if _worth(size, label):
            sentence = Phrase(
                "Other users of the site take more %(kind)s than is typical: %(others)s. If the "
                "part above the typical value "
                "belonged to this step and was only booked there, the label would be higher by up "
                "to %(size)s %(unit)s. Show by the "
                "circuits of their meters what each serves.",
                kind=_KINDS[usual.metric],
                others=enumerated(others.values()),
                size=significant(size, 3),
                unit=label.unit,
            )
            yield Words.of(sentence)
        own = StepEnergyUse.of(step, usual, whole)
        if (
            own is None
            or own.amount <= usual.most
            or not any(counts(carrier, label.metric) for carrier in own.mj)
        ):
            continue
        sharing = dict.fromkeys(
            other.step for other in whole.labels if _says(other, own, whole, pack)
        )
        if sharing:
            sentence = Phrase(
                "%(taken)s: the %(kind)s above the typical value may belong to one of %(others)s, "
                "whose labels say so. Show by the "
                "circuits of its meters what each one serves.",
                taken=own.sentence(),
                kind=_KINDS[usual.metric],
                others=enumerated(pack.step(other).words for other in sharing),
            )
            yield Words.of(sentence)


_KINDS = {Metric.ELECTRICITY: Phrase("electricity"), Metric.THERMAL: Phrase("heat")}


def _of_others(
    label: StepLabel, usual: TypicalTake, whole: SiteTotals, pack: Pack
) -> tuple[dict[str, Phrase], float]:
    """By id, the other steps that take above the typical of what the label counts and the
    conversions that turn power into other energy, and by how much the label would be higher with
    that.

    Of steps none, where they take together no more than such works scatter by (twice that, where
    this step takes the typical or more itself), and none of them more than is usual at most.
    """
    own = StepEnergyUse.of(pack.step(label.step), usual, whole)
    counted = {
        carrier: mj
        for carrier, mj in (own.mj if own else {}).items()
        if counts(carrier, label.metric)
    }
    if own is None or not counted or label.best.value is None:
        return {}, 0.0
    beside = [
        use
        for step in pack.steps
        if step.id != label.step and (use := _use_of(step, usual.metric, whole)) is not None
    ]
    above = {
        other.step.id: min(
            other.above_typical, fsum(other.mj.get(carrier, 0.0) for carrier in counted)
        )
        for other in beside
    }
    bound = hypot(*(other.scatter for other in beside)) * (1 if own.amount < usual.typical else 2)
    if fsum(above.values()) <= bound and not any(
        other.amount > other.usual.most for other in beside if above[other.step.id] > 0
    ):
        above = {}
    others = {other.step.id: other.sentence() for other in beside}
    if "electricity" in counted:
        for id_, mj in _converted(whole):
            above[id_] = mj
            others[id_] = Phrase(
                "%(id)s of [site_boundary] %(amount)s MWh",
                id=id_,
                amount=f"{mj / MJ_PER['kWh'] / 1000:,.0f}",
            )
    carrier = max(counted, key=counted.__getitem__)
    moved = min(fsum(above.values()), own.mj_between(own.amount, usual.most))
    unit, mj_per = ("kWh", MJ_PER["kWh"]) if carrier == "electricity" else ("MJ", 1.0)
    size = in_unit_of(label, carrier, moved / mj_per, unit, None, whole, pack) / own.output
    return {
        id_: others[id_]
        for id_, mj in sorted(above.items(), key=lambda pair: -pair[1])
        if mj > NAMED * fsum(above.values())
    }, size


def _converted(whole: SiteTotals) -> Iterator[tuple[str, float]]:
    """MJ of power that a conversion makes heat, steam or gas of: that heat is little of a step that
    burns fuel.
    """
    fence = whole.site.site_boundary
    for conversion in fence.conversions if fence else ():
        if not any(
            CARRIERS[flow.carrier].form in {"electricity", "medium"} for flow in conversion.gives
        ):
            yield (
                conversion.id,
                fsum(
                    whole.flow_mj(flow) or 0.0
                    for flow in conversion.takes
                    if flow.carrier == "electricity"
                ),
            )


def _needed(step: Step, medium: str, output: float, whole: SiteTotals) -> float:
    """MJ of electricity in what the process usually needs of a medium, such as oxygen of a
    converter: no typical value counts it.
    """
    needs = (need for need in step.boundary.needs if need.carrier == medium)
    return fsum(
        whole.mj(medium, (need.usual or need.least) * output, need.unit, None) or 0.0
        for need in needs
    )


def _use_of(step: Step, kind: Metric, whole: SiteTotals) -> StepEnergyUse | None:
    usual = next((take for take in step.takes if take.metric is kind), None)
    return None if usual is None else StepEnergyUse.of(step, usual, whole)


def _says(label: StepLabel, of: StepEnergyUse, whole: SiteTotals, pack: Pack) -> bool:
    """Whether the label tells what the step takes above the typical."""
    for usual in pack.step(label.step).takes:
        others, size = _of_others(label, usual, whole, pack)
        if usual.metric is of.usual.metric and of.step.id in others and _worth(size, label):
            return True
    return False


def _worth(size: float, label: StepLabel) -> bool:
    return label.best.value is not None and size > WORTH_TELLING * abs(label.best.value)


FAR = 0.75
"""Of the typical, from which on down heat is far below it, where that is beyond what such plants
scatter by (a convention of ours).
"""
HARDLY_ANY = 0.25
"""Of the typical, what is hardly any heat, however much such plants scatter (a convention of
ours).
"""


def little_heat_caveats(label: StepLabel, whole: SiteTotals, pack: Pack) -> Iterator[Words]:
    """What the step takes of heat, what is typical, and by how much the label would be higher with
    that.
    """
    step, output = pack.step(label.step), whole.outputs.get(label.step, 0.0)
    usual = next(
        (take for take in step.takes if take.metric is Metric.THERMAL and take.typical > 0), None
    )
    heats = [
        carrier
        for carrier in (*step.boundary.carriers, *step.boundary.counted)
        if CARRIERS[carrier].thermal and counts(carrier, label.metric)
    ]
    if usual is None or label.best.value is None or not heats or not output > 0:
        return
    use = StepEnergyUse.of(step, usual, whole)
    amount = 0.0 if use is None else use.amount
    far = min(usual.typical - (usual.most - usual.typical) / 2, FAR * usual.typical)
    if amount >= max(far, HARDLY_ANY * usual.typical):
        return
    heat = max(use.mj, key=use.mj.__getitem__) if use is not None else heats[0]
    missing_mj = (usual.typical - amount) * MJ_PER[usual.unit]
    size = in_unit_of(label, heat, missing_mj, "MJ", None, whole, pack)
    if size <= WORTH_TELLING * abs(label.best.value):
        return
    sentence = Phrase(
        "The step uses %(amount)s of heat per %(per)s; typical is %(typical)s. Some plants need "
        "less, for example with hot charging "
        "or electric heat. If fuel is missing from the files and the account, the label would be "
        "higher by up to %(size)s %(unit)s. "
        "Keep the bills of all fuels for an auditor.",
        amount=f"{significant(amount, 3)} {usual.unit}",
        per=step.output_unit,
        typical=f"{usual.typical:g} {usual.unit}",
        size=significant(size, 3),
        unit=label.unit,
    )
    yield Words.of(sentence)
