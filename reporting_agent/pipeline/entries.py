"""What one counted meter adds to each batch: energy with its uncertainty, and whether a declared
rule shared it out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo

import numpy as np

from benchmarks.measurements import Batch, CarrierEnergy, DataFinding, Severity
from benchmarks.phrases import Phrase
from benchmarks.quantities import mj_in, ratio
from reporting_agent.config import Meter
from reporting_agent.config.meters import Allocation
from reporting_agent.config.tree import MeterTree
from reporting_agent.metering.moments import EVER, Windows
from reporting_agent.metering.record import in_its_time
from reporting_agent.metering.shared_meters import Sink, share_out
from reporting_agent.metering.steam_gas_and_virtual import CountedCourse
from reporting_agent.metering.uncertainty import WindowUncertainty, doubt, together
from reporting_agent.pipeline.following import FollowedMeters, served

_RULES = {
    "output": Phrase("output"),
    "hours": Phrase("hours in operation"),
    "rated-power": Phrase("rated power"),
    "shares": Phrase("declared shares"),
    "power": Phrase("declared power"),
}


def of_period(
    followed: FollowedMeters, name: str, batches: Sequence[Batch]
) -> tuple[list[int], Windows]:
    """The batches of this period that a meter counts for, and their windows."""
    indices = followed.chosen[name]
    own = np.fromiter(
        (batches[index].excluded is None for index in indices), np.bool_, len(indices)
    )
    windows = followed.occupied[name].windows
    mine = [index for index, counts in zip(indices, own.tolist(), strict=True) if counts]
    return mine, Windows(windows.start_us[own], windows.end_us[own])


def entries(
    meter: Meter,
    tree: MeterTree,
    worked: Mapping[str, CountedCourse],
    batches: Sequence[Batch],
    own: Sequence[int],
    windows: Windows,
    sinks: Sequence[Sink],
    zone: tzinfo,
) -> Iterator[tuple[int, CarrierEnergy]]:
    """The meter's energy in each of its own batches, by their indices; `windows` are theirs.

    Also with nothing known: one of two meters that failed must show as missing, not as little
    energy.
    """
    counted = worked[meter.id]
    uncertainty = doubts(meter, tree, worked, windows, zone)
    measured = counted.course.over(windows)
    energy, completeness = measured.energy, measured.completeness
    whole, common = (
        (np.full(len(own), np.nan), np.full(len(own), np.nan))
        if uncertainty is None
        else uncertainty.relative(energy)
    )
    if meter.allocation is not None:
        shared = share_out(
            meter.allocation, sinks, served(batches, own, sinks), counted.course.curve
        )
        energy, completeness = shared.energy, shared.completeness
    lhv_mj_per_unit = meter.own_lhv(mj_in(counted.unit))
    columns = (own, energy.tolist(), completeness.tolist(), whole.tolist(), common.tolist())
    for index, amount, share, relative, systematic in zip(*columns, strict=True):
        stated = relative == relative
        yield (
            index,
            CarrierEnergy(
                carrier=meter.carrier,
                quantity=amount,
                unit=counted.unit,
                direction=meter.direction,
                lhv_mj_per_unit=lhv_mj_per_unit,
                completeness=share,
                relative_uncertainty=relative if stated else None,
                relative_systematic=systematic if stated else None,
                allocated=meter.allocation is not None,
            ),
        )


def doubts(
    meter: Meter,
    tree: MeterTree,
    worked: Mapping[str, CountedCourse],
    windows: Windows,
    zone: tzinfo,
) -> WindowUncertainty | None:
    """The uncertainty of a meter's energy over these windows; of a virtual meter that of its parts,
    each in its time; None where a class is not declared."""
    scaled = []
    for name, times in tree.parts(meter).items():
        part = worked[name]
        measured = part.course.over(windows)
        uncertainty = doubt(
            tree.by_id[name],
            part.course.facts,
            windows,
            measured.energy,
            measured.completeness,
            part.per_reading,
            part.state_doubt,
        )
        if uncertainty is None:
            return None
        begins_us, ends_us = in_its_time(tree.by_id[name], EVER, zone) if meter.computed else EVER
        serves = (windows.start_us >= begins_us) & (windows.start_us < ends_us)
        scale = np.where(serves, abs(times) * ratio(part.unit, worked[meter.id].unit), 0.0)
        scaled.append(WindowUncertainty(uncertainty.systematic * scale, uncertainty.own * scale))
    return scaled[0] if len(scaled) == 1 else together(scaled)


def allocated(meter: Meter, rule: Allocation, sinks: Sequence[Sink], batches: int) -> DataFinding:
    """Told once for every shared meter: its part of a batch is a rule's, not a meter's."""
    sentence = Phrase(
        "Meter %(meter)s (%(carrier)s) serves %(sinks)s together; its energy is divided by "
        "%(rule)s. Each batch gets a share by this "
        "rule, not a measured amount.",
        meter=meter.id,
        carrier=meter.carrier,
        sinks=", ".join(sink.id for sink in sinks),
        rule=_RULES[rule.by],
    )
    return DataFinding("carrier-allocated", Severity.NOTICE, sentence, batches)
