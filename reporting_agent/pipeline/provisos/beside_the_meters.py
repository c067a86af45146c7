"""What the account of the site gives to auxiliaries, other users, losses, stock and buyers of the energy that a step counts: told beside
its label.

Such an amount stands in no label, so whatever is moved there makes one better. What serves no step by name is told as if it were this
step's own; losses, a share of what is available, count on what the step took. What was stored or resold is told where the step took any of
it, or no step did. What steps gave back and conversions made may be sold, by a meter.
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
from benchmarks.measurements import Direction, Status
from benchmarks.phrases import Phrase, enumerated
from benchmarks.routes import Pack
from reporting_agent.config.site_boundary import Flow, SiteBoundary
from reporting_agent.pipeline.sitewide import Sitewide

USUAL = 0.01
"""Of a label, what a step's auxiliaries, others, losses, stocks and resales together may be and go untold (a convention of ours)."""


def told(label: StepLabel, whole: Sitewide, pack: Pack) -> Iterator[Words]:
    """By how much the label would be higher with all of it, and what each part of that is."""
    fence = whole.site.site_boundary
    output = fsum(batch.output_t for batch in whole.batches if batch.step == label.step and batch.status is Status.GOOD)
    if fence is None or label.best.value is None or not label.output_t or output <= 0:
        return
    own = {one for one in within(pack.step(label.step).boundary) if counts(one, label.metric)}
    reached = own | {flow.carrier for made in fence.conversions if own & {one.carrier for one in made.takes} for flow in made.gives}
    reached = {one for one in reached if counts(one, label.metric) and label.energy_by_carrier.get(one, 0.0) >= 0}
    used = {one for one in reached if _uses(label, one, fence) or not whole.of_steps(one, Direction.IMPORT)}

    def size(flows: Iterator[Flow], of: set[str] = reached) -> float:
        return fsum(size_of(flow, label, whole, pack) for flow in flows if flow.carrier in of) / output

    lost = {one.carrier: one.pct / (100 - one.pct) for one in fence.losses}
    sold = [_sold(one, fence, label, whole, pack) for one in used]
    parts = (
        (Phrase("auxiliaries"), size(one for one in fence.auxiliaries if one.step == label.step)),
        (Phrase("other users"), size(iter(fence.others))),
        (Phrase("losses"), fsum(label.energy_by_carrier.get(one, 0.0) * lost[one] for one in lost if one in reached) / label.output_t),
        (Phrase("growth of stocks"), size(_stored(fence), used)),
        (Phrase("resold purchases"), fsum(resold for resold, _ in sold) / output),
        (Phrase("sales that no meter shows"), fsum(max(on_paper - resold, 0.0) for resold, on_paper in sold) / output),
    )
    together = fsum(amount for _, amount in parts if amount > 0)
    if together > USUAL * abs(label.best.value):
        shown = (
            Phrase("%(part)s %(size)s", part=name, size=f"{amount:.3g}")
            for name, amount in sorted(parts, key=lambda one: -one[1])
            if amount > 0
        )
        said = Phrase(
            "Apart from what the step's own meters show, the site's account names energy of kinds that the step counts, per %(per)s "
            "of its output: %(parts)s %(unit)s. If it belonged to this step, the label would be %(size)s %(unit)s higher. Give each "
            "use a meter that shows what it serves.",
            per=pack.step(label.step).output_unit,
            parts=enumerated(shown),
            size=f"{together:.3g}",
            unit=label.unit,
        )
        yield Words.of(said)


def size_of(flow: Flow, label: StepLabel, whole: Sitewide, pack: Pack) -> float:
    """A flow in the label's unit of energy; 0 where the period has none of it or nothing says its heat."""
    amount = whole.amount(flow)
    return 0.0 if amount is None else in_unit_of(label, flow.carrier, *amount, whole, pack)


def in_unit_of(label: StepLabel, carrier: str, quantity: float, unit: str, lhv: float | None, whole: Sitewide, pack: Pack) -> float:
    """An amount of a carrier in the label's unit of energy; 0 where nothing says its heat."""
    if CARRIERS[carrier].thermal:
        quantity, unit, lhv = whole.mj(carrier, quantity, unit, lhv) or 0.0, "MJ", None
    kind = EnergyKind(carrier, unit, Direction.IMPORT, lhv, whole.day)
    try:
        size = quantity * factor_of(kind, label.energy_unit, whole.factors, Basis(pack.standard_basis))
    except InputError:
        return 0.0
    return size if isfinite(size) else 0.0


def _sold(carrier: str, fence: SiteBoundary, label: StepLabel, whole: Sitewide, pack: Pack) -> tuple[float, float]:
    """Of what was sold of a carrier, what no step gave back and no conversion made, and what a statement alone shows, in the label's unit
    of energy."""

    def size(flows: Iterable[Flow]) -> float:
        return fsum(size_of(flow, label, whole, pack) for flow in flows if flow.carrier == carrier)

    given = size(flow for conversion in fence.conversions for flow in conversion.gives)
    back = (one for batch in whole.batches for one in batch.energy if one.carrier == carrier and one.direction is not Direction.IMPORT)
    given += fsum(in_unit_of(label, carrier, one.quantity, one.unit, one.lhv_mj_per_unit, whole, pack) for one in back)
    return max(size(fence.sold) - given, 0.0), size(one for one in fence.sold if one.meter is None)


def _uses(label: StepLabel, carrier: str, fence: SiteBoundary) -> bool:
    """Whether the step took any of the carrier, or of what a conversion made of it."""
    made = (flow.carrier for one in fence.conversions if any(flow.carrier == carrier for flow in one.takes) for flow in one.gives)
    return any(label.energy_by_carrier.get(one, 0.0) > 0 for one in (carrier, *made))


def _stored(fence: SiteBoundary) -> Iterator[Flow]:
    """What was laid in store, as flows."""
    for one in fence.stocks:
        if one.closing > one.opening:
            yield Flow(carrier=one.carrier, quantity=one.closing - one.opening, unit=one.unit, period=one.period)
