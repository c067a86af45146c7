"""Meters that count for no step, or for one that ran nothing: their energy stands in no label, and the site names no use of it.

A main meter whose meters below count most of what it measures is held against them by its balance; what [site_boundary] names has its
line in the site's account.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import fsum

from benchmarks.carriers import CARRIERS
from benchmarks.labels import StepLabel
from benchmarks.labels.columns import counts, within
from benchmarks.measurements import Direction, Status
from benchmarks.phrases import Phrase, enumerated
from benchmarks.routes import Pack, Words
from reporting_agent.config import Meter
from reporting_agent.config.site_boundary import Flow, SiteBoundary
from reporting_agent.metering import MeterRecord
from reporting_agent.pipeline.beside_the_meters import USUAL, size_of
from reporting_agent.pipeline.following import sinks_of
from reporting_agent.pipeline.sitewide import Sitewide

HELD_BELOW = 0.5
"""Of what a meter counts, what counted meters below it must count for it to be their main meter (a convention of ours)."""


def told(label: StepLabel, whole: Sitewide, pack: Pack) -> Iterator[Words]:
    """By how much the label would be higher at most, were all of it this step's own."""
    step = pack.step(label.step)
    output = fsum(batch.output_t for batch in whole.batches if batch.step == label.step and batch.status is Status.GOOD)
    if label.best.value is None or output <= 0:
        return
    own = {one for one in within(step.boundary) if counts(one, label.metric)}
    sizes = {
        name: size_of(Flow(carrier=record.meter.carrier, meter=name), label, whole, pack) / output
        for name, record in whole.records.items()
        if record.meter.carrier in own and _counts_nowhere(record, whole)
    }
    together = fsum(size for size in sizes.values() if size > 0)
    if together <= USUAL * abs(label.best.value):
        return
    shown = [(whole.records[name].meter, size) for name, size in sorted(sizes.items(), key=lambda one: -one[1]) if size > 0]
    said = Phrase(
        "Meters count for no step that ran, and nothing says what they serve, per %(per)s of this step's output: %(meters)s %(unit)s."
        " Were it this step's own, the label would be higher by %(size)s %(unit)s. Give each the step that it serves, the meter it"
        " hangs on, or its line in [site_boundary].",
        per=step.output_unit,
        meters=enumerated(_shown(meter, size) for meter, size in shown),
        size=f"{together:.3g}",
        unit=label.unit,
    )
    yield Words.of(said)


def _shown(meter: Meter, size: float) -> Phrase:
    return Phrase("%(meter)s (%(carrier)s) %(size)s", meter=meter.id, carrier=CARRIERS[meter.carrier].words, size=f"{size:.3g}")


def _counts_nowhere(record: MeterRecord, whole: Sitewide) -> bool:
    meter, tree = record.meter, whole.site.tree
    if meter.direction is not Direction.IMPORT or meter.role in {"check", "state"} or meter.id in _named(whole.site.site_boundary):
        return False
    counted = {one.id for one in tree.counted}
    if meter.id in counted:
        ran = {batch.step for batch in whole.batches}
        return not ran & {sink.step for sink in sinks_of(meter, whole.site)}
    if any(one.id in counted for one in tree.above(meter)) or any(meter.id in tree.parts(one) for one in tree.counted):
        return False
    below = fsum(
        other.total
        for name, other in whole.records.items()
        if name in counted and other.unit == record.unit and meter in tree.above(other.meter)
    )
    return below < HELD_BELOW * record.total


def _named(fence: SiteBoundary | None) -> set[str | None]:
    """The meters that stand in the site's account."""
    if fence is None:
        return set()
    flows = (*fence.purchased, *fence.sold, *fence.auxiliaries, *fence.others)
    return {flow.meter for flow in (*flows, *(one for made in fence.conversions for one in (*made.takes, *made.gives)))}
