"""Meters whose energy stands in no label: of no step, of one that ran nothing, taken off a step and
counted nowhere, or said to hang on a counted meter whose balance does not show it.

A meter with meters below it is told by what these leave of it. What [site_boundary] names has its
line in the site's account. A carrier that a step may take and need not is told beside those that
took it, where any did.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import fsum

from benchmarks.carriers import CARRIERS
from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.labels.columns import counts, within
from benchmarks.measurements import Direction
from benchmarks.phrases import Phrase, Value, enumerated, significant
from benchmarks.quantities import converts, ratio
from benchmarks.routes import Pack
from reporting_agent.config import Meter
from reporting_agent.config.site_boundary import Flow, SiteBoundary
from reporting_agent.metering import MeterRecord
from reporting_agent.pipeline.following import sinks_of
from reporting_agent.pipeline.provisos.beside_the_meters import USUAL, size_of
from reporting_agent.pipeline.sitewide import SiteTotals

CLOSES = 0.03
"""Of what a meter counts, what the sum of the meters below it may differ by and show that they hang
on it: two meters of class 2 (a convention of ours)."""


def sentences(label: StepLabel, whole: SiteTotals, pack: Pack) -> Iterator[Words]:
    """By how much the label would be higher at most, were all of it this step's own."""
    step = pack.step(label.step)
    output = whole.outputs.get(label.step, 0.0)
    if label.best.value is None or output <= 0:
        return
    takes = {(by, carrier) for by, carrier, is_taken, *_ in whole.amounts if is_taken}
    by_any = {carrier for _, carrier in takes}
    own = {
        carrier
        for carrier in within(step.boundary)
        if counts(carrier, label.metric)
        and (carrier in step.boundary.asked or (step.id, carrier) in takes or carrier not in by_any)
    }
    named = _named(whole.site.site_boundary)
    of_no_step, in_the_file_alone = dict[str, float](), dict[str, float]()
    for name, record in whole.records.items():
        if (
            record.meter.carrier not in own
            or record.meter.computed
            or record.meter.role in {"check", "state"}
            or name in named
        ):
            continue
        size = size_of(Flow(carrier=record.meter.carrier, meter=name), label, whole, pack) / output
        size *= _untold(record, whole) / record.total if record.total else 0.0
        if size > 0 and _counts_nowhere(record.meter, whole):
            of_no_step[name] = size
        elif size > 0 and _hangs_on_one_of(record.meter, label.step, whole):
            in_the_file_alone[name] = size
    if (together := fsum(of_no_step.values())) > USUAL * abs(label.best.value):
        sentence = Phrase(
            "Some meters count for no step that ran, and nothing states what they serve, per "
            "%(per)s of this step's output: "
            "%(meters)s %(unit)s. If their energy belonged to this step, the label would be "
            "higher by %(size)s %(unit)s. Give each "
            "the step that it serves, the meter above it, or its line in [site_boundary].",
            per=step.output_unit,
            meters=_shown(of_no_step, whole),
            size=significant(together, 3),
            unit=label.unit,
        )
        yield Words.of(sentence)
    if (together := fsum(in_the_file_alone.values())) > USUAL * abs(label.best.value):
        sentence = Phrase(
            "Some meters are declared to be below a meter of this step, but its balance does not "
            "show that it measures them, per %(per)s"
            " of this step's output: %(meters)s %(unit)s. If they are not part of it, the label "
            "would be %(size)s %(unit)s higher. Meter"
            " the rest below it too, so that the balance can show it.",
            per=step.output_unit,
            meters=_shown(in_the_file_alone, whole),
            size=significant(together, 3),
            unit=label.unit,
        )
        yield Words.of(sentence)


def _shown(sizes: dict[str, float], whole: SiteTotals) -> Value:
    ordered = sorted(sizes.items(), key=lambda item: -item[1])
    return enumerated(_of(whole.records[name].meter, size, whole) for name, size in ordered)


def _of(meter: Meter, size: float, whole: SiteTotals) -> Phrase:
    shown: dict[str, Value] = {
        "meter": meter.id,
        "carrier": CARRIERS[meter.carrier].words,
        "size": significant(size, 3),
    }
    if meter.direction is not Direction.IMPORT:
        return Phrase("%(meter)s (%(carrier)s, declared as given back) %(size)s", **shown)
    if any(sub_meter.id in whole.records for sub_meter in whole.site.tree.below(meter)):
        return Phrase("%(meter)s (%(carrier)s, beyond the meters below it) %(size)s", **shown)
    return Phrase("%(meter)s (%(carrier)s) %(size)s", **shown)


def _counts_nowhere(meter: Meter, whole: SiteTotals) -> bool:
    """Whether no label of the site holds its energy, itself or through the meters above it; of one
    that hangs on a meter which is balanced below and whose energy goes the other way (a generator),
    what it feeds in is in the balance."""
    tree = whole.site.tree
    if meter in tree.counted:
        return not whole.outputs.keys() & {sink.step for sink in sinks_of(meter, whole.site)}
    if meter.direction is not Direction.IMPORT and any(
        _closes(above, whole) for above in tree.above(meter)
    ):
        return False
    return not tree.times_counted(meter)


def _untold(record: MeterRecord, whole: SiteTotals) -> float:
    """What is left of a meter's energy once the meters below it are taken off; nothing where they
    make it up.
    """
    below = [whole.records.get(sub_meter.id) for sub_meter in whole.site.tree.below(record.meter)]
    if not any(below):
        return record.total
    left = _left(record, whole)
    return left if left > CLOSES * record.total else 0.0


def _left(record: MeterRecord, whole: SiteTotals) -> float:
    below = [
        sub_record
        for sub_meter in whole.site.tree.below(record.meter)
        if (sub_record := whole.records.get(sub_meter.id)) is not None
    ]
    turned = {True: 1.0, False: -1.0}
    own = record.meter.direction is Direction.IMPORT
    sums = fsum(
        turned[(part.meter.direction is Direction.IMPORT) is own] * _as_of(record, part, whole)
        for part in below
    )
    return record.total * (1 - record.meter.loss_pct / 100) - sums


def _as_of(record: MeterRecord, part: MeterRecord, whole: SiteTotals) -> float:
    """What a meter below another counted, in the unit of that one: by its heat, where one counts
    volume and the other heat.
    """
    if converts(part.unit, record.unit):
        return part.total * ratio(part.unit, record.unit)
    heat, of_whole = (
        whole.flow_mj(Flow(carrier=each.meter.carrier, meter=each.meter.id))
        for each in (part, record)
    )
    return record.total * heat / of_whole if heat and of_whole else 0.0


def _closes(meter: Meter, whole: SiteTotals) -> bool:
    record = whole.records.get(meter.id)
    return record is not None and abs(_left(record, whole)) <= CLOSES * record.total


def _hangs_on_one_of(meter: Meter, step: str, whole: SiteTotals) -> bool:
    """Whether labels of the step hold it only as a part of a meter above it, and the balances
    between the two do not show that it is.
    """
    tree, between = whole.site.tree, list[Meter]()
    if meter in tree.counted or meter.direction is not Direction.IMPORT:
        return False
    for above in tree.above(meter):
        between.append(above)
        if any(
            above.id in tree.parts(counted) and whole.serves(counted, step)
            for counted in tree.counted
        ):
            return not all(_closes(link, whole) for link in between)
    return False


def _named(fence: SiteBoundary | None) -> set[str | None]:
    """The meters that stand in the site's account."""
    if fence is None:
        return set()
    flows = (*fence.purchased, *fence.sold, *fence.auxiliaries, *fence.others)
    return {
        flow.meter
        for flow in (
            *flows,
            *(
                stream
                for conversion in fence.conversions
                for stream in (*conversion.takes, *conversion.gives)
            ),
        )
    }
