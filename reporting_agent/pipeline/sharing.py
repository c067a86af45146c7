"""Which batches a meter counts for: those of its step and equipment, or of the sinks that share it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.errors import InputError, Place
from benchmarks.measurements import Batch
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack
from reporting_agent.config import Meter, Site
from reporting_agent.metering.account import to_us
from reporting_agent.metering.allocation import Served, Sink


def sinks_of(meter: Meter, site: Site) -> tuple[Sink, ...]:
    """The steps or equipments that a meter counts for: its own, or those it is allocated among; none where it counts for none."""
    if meter.allocation is None:
        return (Sink(meter.step, meter.step, meter.equipment),) if meter.step else ()
    equipment = {one.id: one for one in site.equipment}
    sinks = []
    for name in meter.allocation.sinks:
        known = equipment.get(name)
        if known is None:
            sinks.append(Sink(name, name))
        else:
            sinks.append(Sink(name, known.step or meter.step, name, known.rated_power_kw or 1.0))
    return tuple(sinks)


def refuse_unknown_steps(site: Site, pack: Pack) -> None:
    """InputError `step-unknown` where a meter or a scale counts for a step that the pack does not have, or shares output in two units."""
    units = {step.id: step.output_unit for step in pack.steps}
    for scale in site.scales:
        if scale.step not in units:
            raise InputError(
                "step-unknown",
                Phrase("Scale %(scale_id)s names a step that the pack does not have.", scale_id=scale.id),
                "Correct step under [[scales]].",
                place=Place(str(site.path), column=f"scales.{scale.id}.step"),
                found=repr(scale.step),
                wanted=", ".join(sorted(units)),
            )
    for meter in site.meters:
        sinks = sinks_of(meter, site)
        for sink in sinks:
            if sink.step not in units:
                raise InputError(
                    "step-unknown",
                    Phrase("Meter %(meter_id)s names a step that the pack does not have.", meter_id=meter.id),
                    "Correct step under [[meters]]; a meter of the whole site has none.",
                    place=Place(str(site.path), column=f"meters.{meter.id}.{'step' if meter.allocation is None else 'allocation'}"),
                    found=repr(sink.step),
                    wanted=", ".join(sorted(units)),
                )
        measured_in = {units[sink.step] for sink in sinks}
        if meter.allocation is not None and meter.allocation.by == "output" and len(measured_in) > 1:
            raise InputError(
                "meter-tree-invalid",
                Phrase("Meter %(meter_id)s is shared by output, and its steps count their output in different units.", meter_id=meter.id),
                "Share it by hours, by rated power or by declared shares.",
                place=Place(str(site.path), column=f"meters.{meter.id}.allocation.by"),
                found=", ".join(sorted(measured_in)),
                wanted="one unit of output",
            )


def longest_gap_s(meter: Meter, site: Site, pack: Pack) -> float:
    """The gap that no energy is carried across: the strictest of the steps that the meter serves, itself or through other meters.

    A meter that serves none is only balanced: the most patient of the pack's rules.
    """
    tree = site.tree
    serves = [one for one in site.meters if one.id == meter.id or meter.id in tree.needed_by(one)]
    gaps = [pack.step(sink.step).label_rule.longest_gap_s for one in serves for sink in sinks_of(one, site)]
    return float(min(gaps) if gaps else max(step.label_rule.longest_gap_s for step in pack.steps))


def served(batches: Sequence[Batch], indices: Sequence[int], sinks: Sequence[Sink]) -> Served:
    """The batches of these indices as the sharing needs them."""
    by_equipment = {(sink.step, sink.equipment): place for place, sink in enumerate(sinks)}
    chosen = [batches[index] for index in indices]
    return Served(
        np.array([to_us(batch.start) for batch in chosen], dtype=np.int64),
        np.array([to_us(batch.end) for batch in chosen if batch.end is not None], dtype=np.int64),
        np.array([batch.output_t for batch in chosen], dtype=float),
        np.array(
            [by_equipment.get((batch.step, batch.equipment), by_equipment.get((batch.step, ""), 0)) for batch in chosen], dtype=np.int64
        ),
    )
