"""What the site's account gives to auxiliaries, other users, losses, stock and buyers of the energy
that a step counts: a caveat, since whatever is moved there makes a label better.

What serves no step by name counts as if it were this step's; losses on what the step took; what was
stored or resold where it took any, or no step did. What steps gave back may be sold, by a meter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import fsum, isfinite

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import Basis
from benchmarks.declared import Words
from benchmarks.errors import InputError
from benchmarks.labels import StepLabel
from benchmarks.labels.columns import EnergyKind, counts, factor_of, within
from benchmarks.measurements import Direction
from benchmarks.phrases import Phrase, enumerated, significant
from benchmarks.routes import Pack
from reporting_agent.config.site_boundary import Flow, SiteBoundary
from reporting_agent.pipeline.sitewide import SiteTotals

USUAL = 0.01
"""Of a label, what a step's auxiliaries, others, losses, stocks and resales together may be and go
untold (a convention of ours).
"""


def sentences(label: StepLabel, whole: SiteTotals, pack: Pack) -> Iterator[Words]:
    """By how much the label would be higher with all of it, and what each part of that is."""
    fence = whole.site.site_boundary
    output = whole.outputs.get(label.step, 0.0)
    if fence is None or label.best.value is None or not label.output or output <= 0:
        return
    own = {
        carrier
        for carrier in within(pack.step(label.step).boundary)
        if counts(carrier, label.metric)
    }
    reached = own | {
        flow.carrier
        for conversion in fence.conversions
        if own & {input_flow.carrier for input_flow in conversion.takes}
        for flow in conversion.gives
    }
    reached = {
        carrier
        for carrier in reached
        if counts(carrier, label.metric) and label.energy_by_carrier.get(carrier, 0.0) >= 0
    }
    used = {
        carrier
        for carrier in reached
        if _uses(label, carrier, fence) or not whole.of_steps(carrier, Direction.IMPORT)
    }

    def size(flows: Iterator[Flow], of: set[str] = reached) -> float:
        return (
            fsum(size_of(flow, label, whole, pack) for flow in flows if flow.carrier in of) / output
        )

    lost = {loss.carrier: loss.pct / (100 - loss.pct) for loss in fence.losses}
    sold = [_sold(carrier, fence, label, whole, pack) for carrier in used]
    parts = (
        (
            Phrase("auxiliaries"),
            size(auxiliary for auxiliary in fence.auxiliaries if auxiliary.step == label.step),
        ),
        (Phrase("other users"), size(iter(fence.others))),
        (
            Phrase("losses"),
            fsum(
                label.energy_by_carrier.get(carrier, 0.0) * lost[carrier]
                for carrier in lost
                if carrier in reached
            )
            / label.output,
        ),
        (Phrase("growth of stocks"), size(_stored(fence), used)),
        (Phrase("resold purchases"), fsum(resold for resold, _ in sold) / output),
        (
            Phrase("sales that no meter shows"),
            fsum(max(on_paper - resold, 0.0) for resold, on_paper in sold) / output,
        ),
    )
    together = fsum(amount for _, amount in parts if amount > 0)
    if together > USUAL * abs(label.best.value):
        shown = (
            Phrase("%(part)s %(size)s", part=name, size=significant(amount, 3))
            for name, amount in sorted(parts, key=lambda part: -part[1])
            if amount > 0
        )
        sentence = Phrase(
            "Apart from what the step's own meters show, the site's account names energy of kinds "
            "that the step counts, per %(per)s "
            "of its output: %(parts)s %(unit)s. If it belonged to this step, the label would be "
            "%(size)s %(unit)s higher. Give each "
            "use a meter that shows what it serves.",
            per=pack.step(label.step).output_unit,
            parts=enumerated(shown),
            size=significant(together, 3),
            unit=label.unit,
        )
        yield Words.of(sentence)


def size_of(flow: Flow, label: StepLabel, whole: SiteTotals, pack: Pack) -> float:
    """A flow in the label's unit of energy; 0 where the period has none of it or nothing says its
    heat.
    """
    amount = whole.amount(flow)
    return 0.0 if amount is None else in_unit_of(label, flow.carrier, *amount, whole, pack)


def in_unit_of(
    label: StepLabel,
    carrier: str,
    quantity: float,
    unit: str,
    lhv: float | None,
    whole: SiteTotals,
    pack: Pack,
) -> float:
    """An amount of a carrier in the label's unit of energy; 0 where nothing says its heat."""
    if CARRIERS[carrier].thermal:
        quantity, unit, lhv = whole.mj(carrier, quantity, unit, lhv) or 0.0, "MJ", None
    kind = EnergyKind(carrier, unit, Direction.IMPORT, lhv, whole.day)
    try:
        size = quantity * factor_of(
            kind, label.energy_unit, whole.factors, Basis(pack.standard_basis)
        )
    except InputError:
        return 0.0
    return size if isfinite(size) else 0.0


def _sold(
    carrier: str, fence: SiteBoundary, label: StepLabel, whole: SiteTotals, pack: Pack
) -> tuple[float, float]:
    """Of what was sold of a carrier, what no step gave back and no conversion made, and what a
    statement alone shows, in the label's unit of energy."""

    def size(flows: Iterable[Flow]) -> float:
        return fsum(size_of(flow, label, whole, pack) for flow in flows if flow.carrier == carrier)

    made_on_site = size(flow for conversion in fence.conversions for flow in conversion.gives)
    back = (
        energy
        for batch in whole.batches
        for energy in batch.energy
        if energy.carrier == carrier and energy.direction is not Direction.IMPORT
    )
    made_on_site += fsum(
        in_unit_of(
            label, carrier, energy.quantity, energy.unit, energy.lhv_mj_per_unit, whole, pack
        )
        for energy in back
    )
    return max(size(fence.sold) - made_on_site, 0.0), size(
        flow for flow in fence.sold if flow.meter is None
    )


def _uses(label: StepLabel, carrier: str, fence: SiteBoundary) -> bool:
    """Whether the step took any of the carrier, or of what a conversion made of it."""
    products = (
        flow.carrier
        for conversion in fence.conversions
        if any(flow.carrier == carrier for flow in conversion.takes)
        for flow in conversion.gives
    )
    return any(
        label.energy_by_carrier.get(each_carrier, 0.0) > 0 for each_carrier in (carrier, *products)
    )


def _stored(fence: SiteBoundary) -> Iterator[Flow]:
    """What was laid in store, as flows."""
    for stock in fence.stocks:
        if stock.closing > stock.opening:
            yield Flow(
                carrier=stock.carrier,
                quantity=stock.closing - stock.opening,
                unit=stock.unit,
                period=stock.period,
            )
