"""Conversions of the site (boilers, power house, gas producers) against what such plants give.

One that gives less than its kind does, or more than it can, explains nothing: labels that count
what it takes are withheld, unless the site gives a `reason`; then, and where it is only worse than
typical, its further loss is reported beside the label.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import fsum

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER, Efficiency, kind_of
from benchmarks.declared import Words
from benchmarks.labels import SiteLabel, StepLabel
from benchmarks.labels.columns import counts, within
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.labels.result import Best, StepGrade
from benchmarks.phrases import Phrase, Value, enumerated, significant
from benchmarks.routes import Pack
from reporting_agent.config.site_boundary import Conversion, Flow
from reporting_agent.pipeline.sitewide import SiteTotals

CODE = "conversion-unlikely"
UNTOLD = 0.01
"""Of a label, what is lost in making what its step takes may be and go untold, as losses of the
site may (a convention of ours).
"""


@dataclass(frozen=True, slots=True)
class JudgedConversion:
    """A conversion with what it takes and gives (MJ; None where not all of it is known), and what a
    typical one of its kind would lose.
    """

    conversion: Conversion
    taken: float | None
    given: float | None
    stands: bool
    more_lost: float  # MJ beyond a typical one; all that is taken where that is not known

    def takes_of(self, label: StepLabel, pack: Pack) -> bool:
        """Whether the label's step counts a carrier that it takes."""
        own = within(pack.step(label.step).boundary)
        return any(
            flow.carrier in own and counts(flow.carrier, label.metric)
            for flow in self.conversion.takes
        )


def judged(whole: SiteTotals) -> list[JudgedConversion]:
    """Every conversion of the site that took anything in the period."""
    fence = whole.site.site_boundary
    judgements = (_judged(conversion, whole) for conversion in (fence.conversions if fence else ()))
    return [judgement for judgement in judgements if judgement is not None]


def _judged(conversion: Conversion, whole: SiteTotals) -> JudgedConversion | None:
    amounts = [whole.amount(flow) for flow in conversion.takes]
    if not any(amount is not None and amount[0] > 0 for amount in amounts):
        return None
    mj_taken = _by_carrier(conversion.takes, whole)
    mj_given = dict.fromkeys(flow.carrier for flow in conversion.gives) | _by_carrier(
        conversion.gives, whole
    )
    known_taken, known_given = (
        [mj for mj in mj_taken.values() if mj is not None],
        [mj for mj in mj_given.values() if mj is not None],
    )
    into = fsum(known_taken)
    if len(known_taken) < len(mj_taken) or len(known_given) < len(mj_given) or into <= 0:
        return JudgedConversion(
            conversion, into if len(known_taken) == len(mj_taken) else None, None, False, into
        )
    main = kind_of(max(mj_taken, key=lambda carrier: mj_taken[carrier] or 0.0))
    rows = [
        (mj, whole.factors.efficiencies.get((main, kind_of(carrier))))
        for carrier, mj in mj_given.items()
        if mj
    ]
    bounds = [(mj or 0.0, row) for mj, row in rows if row is not None]
    out = fsum(known_given)
    if len(bounds) < len(rows):
        return JudgedConversion(conversion, into, out, False, into - out)
    stands = _needed(bounds, "most") <= into <= _needed(bounds, "least") and bool(bounds)
    return JudgedConversion(conversion, into, out, stands, into - _needed(bounds, "typical"))


def _by_carrier(flows: Iterable[Flow], whole: SiteTotals) -> dict[str, float | None]:
    """MJ in the period, of a carrier all its flows together (two boilers, two meters); None where
    nothing says the heat of one of them.
    """
    sums: dict[str, float | None] = {}
    for flow in flows:
        if whole.amount(flow) is not None:
            before, mj = sums.get(flow.carrier, 0.0), whole.flow_mj(flow)
            sums[flow.carrier] = None if before is None or mj is None else before + mj
    return sums


def _needed(bounds: list[tuple[float, Efficiency]], name: str) -> float:
    """MJ that a conversion of this efficiency would take to give as much."""
    return fsum(mj / float(getattr(row, name)) for mj, row in bounds)


def withheld(label: SiteLabel, whole: SiteTotals, pack: Pack) -> SiteLabel:
    """The label without those of steps that count what conversions take which explain nothing."""
    doubtful = [
        judgement
        for judgement in judged(whole)
        if not judgement.stands and not judgement.conversion.reason.strip()
    ]
    return (
        replace(
            label, steps=tuple(_held_back(step_label, doubtful, pack) for step_label in label.steps)
        )
        if doubtful
        else label
    )


def _held_back(label: StepLabel, doubtful: list[JudgedConversion], pack: Pack) -> StepLabel:
    own = [judgement for judgement in doubtful if judgement.takes_of(label, pack)]
    if label.best.value is None or not own:
        return label
    known_intake = fsum(judgement.taken for judgement in own if judgement.taken is not None)
    if all(
        judgement.taken is not None for judgement in own
    ) and known_intake < WORTH_TELLING * _all_taken(label):
        return label
    why = Phrase(
        "The site's conversions use energy that this step counts: %(what)s. Their figures for the "
        "period are incomplete, or their "
        "output is too low or too high for a conversion of their kind. Correct the figures, with "
        "heating values, or give the reason "
        "under reason of [[site_boundary.conversions]].",
        what=enumerated(_figures(judgement) for judgement in own),
    )
    return replace(
        label,
        best=Best(None, label.best.rule, CODE),
        gap=None,
        grade=StepGrade(None, CODE, label.grade.limits, Words.of(why)),
    )


def _all_taken(label: StepLabel) -> float:
    return (
        fsum(max(energy, 0.0) for energy in label.energy_by_carrier.values())
        * MJ_PER[label.energy_unit]
    )


def _figures(judgement: JudgedConversion) -> Value:
    names = enumerated(CARRIERS[flow.carrier].words for flow in judgement.conversion.takes)
    if judgement.taken is None or judgement.given is None:
        return Phrase("%(carriers)s (%(id)s)", carriers=names, id=judgement.conversion.id)
    return Phrase(
        "%(carriers)s (%(id)s: %(given)s GJ of %(taken)s GJ, %(share)s)",
        carriers=names,
        id=judgement.conversion.id,
        given=f"{judgement.given / 1000:,.0f}",
        taken=f"{judgement.taken / 1000:,.0f}",
        share=f"{judgement.given / judgement.taken:.0%}",
    )


def sentences(label: StepLabel, whole: SiteTotals, pack: Pack) -> Iterator[Words]:
    """What conversions of the site lose of what the step counts beyond typical ones, as so much a
    unit of its output; and all that is lost in making what the step takes of them."""
    if label.best.value is None or not label.output:
        return
    for judgement in judged(whole):
        yield from _lost_before_it(label, judgement)
        size = judgement.more_lost / MJ_PER[label.energy_unit] / label.output
        if judgement.takes_of(label, pack) and (
            judgement.conversion.reason.strip() or size > WORTH_TELLING * abs(label.best.value)
        ):
            if judgement.stands and size <= WORTH_TELLING * abs(label.best.value):
                continue
            sentence = Phrase(
                "The site's conversions use %(what)s. If the part above the use of a typical "
                "conversion belonged to this step, the "
                "label would be higher by %(size)s %(unit)s. Check the meters and heating values "
                "of their input and output.",
                what=_figures(judgement),
                size=significant(max(size, 0.0), 3),
                unit=label.unit,
            )
            yield Words.of(sentence)
            if reason := judgement.conversion.reason.strip():
                yield Words.of(
                    Phrase(
                        "The site declares for %(id)s: %(reason)s.",
                        id=judgement.conversion.id,
                        reason=reason.rstrip("."),
                    )
                )


def _lost_before_it(label: StepLabel, judgement: JudgedConversion) -> Iterator[Words]:
    """A fuel burnt in a boiler or a gas producer beside the step counts as the heat or the gas
    alone: its loss stands in no label.
    """
    best, carriers = (
        label.best.value or 0.0,
        {
            flow.carrier
            for flow in judgement.conversion.gives
            if CARRIERS[flow.carrier].form != "medium"
        },
    )
    energy_by_carrier = {
        carrier: energy
        for carrier in carriers
        if (energy := label.energy_by_carrier.get(carrier, 0.0)) > 0
    }
    if (
        judgement.taken is None
        or not judgement.given
        or not energy_by_carrier
        or judgement.taken <= judgement.given
    ):
        return
    size = fsum(energy_by_carrier.values()) / label.output * (judgement.taken / judgement.given - 1)
    if size > UNTOLD * abs(best):
        sentence = Phrase(
            "%(id)s of [site_boundary] makes %(carriers)s for this step and loses %(loss)s of its "
            "own input, which no label counts. With"
            " this loss the label would be up to %(size)s %(unit)s higher. Keep the meter records "
            "of its input and output for an audit.",
            id=judgement.conversion.id,
            carriers=enumerated(CARRIERS[carrier].words for carrier in energy_by_carrier),
            loss=f"{1 - judgement.given / judgement.taken:.0%}",
            size=significant(size, 3),
            unit=label.unit,
        )
        yield Words.of(sentence)
