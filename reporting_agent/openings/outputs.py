"""The output of opened batches against the records of their line's scale.

A scale weighs all that a batch made, rejects included. A row that weighs a batch is stamped after its start and no later than
the start of the line's next batch; what is stamped more than two hours after its end is not its own. Where the rows tell what ran over
a belt, the one at each edge may belong to both sides: its weight is allowed for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum

import numpy as np

from benchmarks.audit.accounted import Weighed, Weighings
from benchmarks.audit.commitment import Filed
from benchmarks.measurements import Batch, State
from benchmarks.quantities import ratio
from benchmarks.routes import Pack
from reporting_agent.config import Site
from reporting_agent.config.scales import Scale
from reporting_agent.openings.close_look import BESIDE_US, length_us, span_us
from reporting_agent.sources.extract import Record


def weigh(site: Site, pack: Pack, records: Mapping[str, Record], rows: Sequence[Filed], opened: Mapping[int, Batch]) -> Weighings | None:
    """Every opened batch whose times are sound and that a scale serves; None where the site has no scale.

    Args:
        records: of the scales, by id, in their declared units.
        rows: all batches of the extract, which tell where the next one of a line begins.
        opened: by leaf.
    """
    if not site.scales:
        return None
    weighed, without = [], dict[str, int]()
    units = {step.id: step.output_unit for step in pack.steps}
    for leaf, batch in sorted(opened.items()):
        if batch.state is not State.NORMAL or not length_us(batch) or batch.step not in units:
            continue
        scale = next((one for one in site.scales if one.step == batch.step and one.equipment in ("", batch.equipment)), None)
        if scale is None or scale.id not in records:
            without[batch.step] = without.get(batch.step, 0) + 1
            continue
        weighed.append(_weighed(leaf, batch, scale, records[scale.id], rows, ratio(scale.unit, units[batch.step])))
    return Weighings(tuple(weighed), without)


def _weighed(leaf: int, batch: Batch, scale: Scale, record: Record, rows: Sequence[Filed], factor: float) -> Weighed:
    start_us, end_us = span_us(batch)
    following = [
        other
        for row in rows
        if row.batch.step == batch.step and row.batch.equipment == batch.equipment and (other := span_us(row.batch)[0]) > start_us
    ]
    until_us = min([end_us + BESIDE_US, *following])
    first, last = np.searchsorted(record.time_us, (start_us, until_us), side="right").tolist()
    output, weight = batch.output_t + batch.reject_t, factor * fsum(record.value[first:last].tolist())
    tolerance = scale.uncertainty_pct / 100 * max(output, weight)
    if scale.weighs == "flow":
        tolerance += factor * fsum(record.value[at] for at in {first, last} if at < len(record.value))
    return Weighed(leaf, output, weight, tolerance)
