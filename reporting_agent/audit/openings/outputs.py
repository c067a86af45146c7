"""The output of opened batches against the records of their line's scales.

The scales of a line weigh together all that a batch made, rejects included. One that names no
equipment stands behind all lines of its step: it is asked of a line that has none of its own, and
tells nothing of a batch beside which another line made something.

A row that weighs a batch is stamped after its start and no later than the start of the line's next
batch; what is stamped more than two hours after its end is not its own. A row of a belt holds what
ran since the row before. One that reaches over a batch's edge is shared by the time that the line's
batches ran in it, and half of the smaller part is allowed for; beside a row whose times are wrong,
all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum

import numpy as np

from benchmarks.audit.committed_tree import FiledBatch
from benchmarks.audit.evidence import WeighedBatch, WeighedBatches
from benchmarks.measurements import Batch, OperatingState
from benchmarks.quantities import ratio
from benchmarks.routes import Pack
from reporting_agent.audit.openings.close_look import BESIDE_US, length_us, of_wrong_times, span_us
from reporting_agent.config import SiteSettings
from reporting_agent.config.scales import Scale
from reporting_agent.sources.extract import ExtractReadings

EDGE = 0.5  # of the smaller part of a belt's row at a batch's edge: a belt does not run evenly


def weigh(
    site: SiteSettings,
    pack: Pack,
    records: Mapping[str, ExtractReadings],
    rows: Sequence[FiledBatch],
    opened: Mapping[int, Batch],
) -> WeighedBatches | None:
    """Every opened batch whose times are sound and that scales tell of; None where the site has no
    scale.

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
        if (
            batch.state is not OperatingState.NORMAL
            or not length_us(batch)
            or batch.step not in units
        ):
            continue
        scales = _scales_of(site, batch)
        shared = any(not scale.equipment for scale in scales)
        mine = [
            row
            for row in rows
            if row.batch.step == batch.step
            and (row.batch.equipment == batch.equipment or (shared and _made_something(row)))
        ]
        if (
            not scales
            or any(scale.id not in records for scale in scales)
            or (shared and _ran_beside(batch, mine))
        ):
            without[batch.step] = without.get(batch.step, 0) + 1
            continue
        weight = unsure = 0.0
        for scale in scales:
            tell, factor = (
                _of_belt if scale.weighs == "flow" else _of_batch,
                ratio(scale.unit, units[batch.step]),
            )
            own_weight, own_unsure = tell(batch, records[scale.id], mine)
            weight, unsure = weight + factor * own_weight, unsure + factor * own_unsure
        output, uncertainty = (
            batch.output + batch.reject,
            max(scale.uncertainty_pct for scale in scales) / 100,
        )
        weighed.append(
            WeighedBatch(leaf, output, weight, uncertainty * max(output, weight) + unsure)
        )
    return WeighedBatches(tuple(weighed), without)


def _scales_of(site: SiteSettings, batch: Batch) -> list[Scale]:
    """The line's own; those behind all lines of the step weigh the same once more, and are asked
    where it has none.
    """
    of_step = [scale for scale in site.scales if scale.step == batch.step]
    own = [scale for scale in of_step if scale.equipment and scale.equipment == batch.equipment]
    return own or [scale for scale in of_step if not scale.equipment]


def _made_something(row: FiledBatch) -> bool:
    return row.batch.output + row.batch.reject > 0


def _ran_beside(batch: Batch, rows: Sequence[FiledBatch]) -> bool:
    """Whether another line's batch ran in this one's time, up to where its weight may still be
    written down.
    """
    start_us, until_us = span_us(batch)[0], span_us(batch)[1] + BESIDE_US
    others = (span_us(row.batch) for row in rows if row.batch.equipment != batch.equipment)
    return any(start < until_us and end > start_us - BESIDE_US for start, end in others)


def _of_batch(
    batch: Batch, record: ExtractReadings, rows: Sequence[FiledBatch]
) -> tuple[float, float]:
    """The weight of the records that are this batch's, and how much of it may be another's:
    nothing.
    """
    first, last = np.searchsorted(
        record.time_us, (span_us(batch)[0], _until_us(batch, rows)), side="right"
    ).tolist()
    return fsum(record.value[first:last].tolist()), 0.0


def _of_belt(
    batch: Batch, record: ExtractReadings, rows: Sequence[FiledBatch]
) -> tuple[float, float]:
    """What ran over the belt in this batch's time, and how much of it may be another's."""
    start_us, end_us = span_us(batch)
    wrong = {rows[at].batch.batch_id for at in of_wrong_times(rows)}
    moments = [
        span_us(row.batch)[0]
        for row in rows
        if row.batch.batch_id in wrong or not length_us(row.batch)
    ]
    longest_us = max(
        length_us(batch), *(length_us(row.batch) for row in rows if row.excluded is None), 0
    )
    others = [
        span_us(row.batch)
        for row in rows
        if row.batch.state is OperatingState.NORMAL
        and row.batch.batch_id not in (batch.batch_id, *wrong)
        and length_us(row.batch) <= longest_us
    ]
    stamps, step_us = (
        record.time_us,
        int(np.median(np.diff(record.time_us))) if len(record.time_us) > 1 else 0,
    )
    first = int(np.searchsorted(stamps, start_us, side="right"))
    last = int(np.searchsorted(stamps, max(end_us + step_us, _until_us(batch, rows)), side="right"))
    weight = unsure = 0.0
    for at in range(first, min(last, len(stamps))):
        until_us, value = int(stamps[at]), float(record.value[at])
        since_us = int(stamps[at - 1]) if at else until_us - step_us
        mine = max(min(end_us, until_us) - max(start_us, since_us), 0)
        theirs = sum(
            max(min(other_end, until_us) - max(other, since_us), 0) for other, other_end in others
        )
        share = mine / (mine + theirs) if mine + theirs else 1.0
        weight += share * value
        unsure += EDGE * min(share, 1 - share) * value
        if any(since_us < moment <= until_us for moment in moments):
            unsure += value
    return weight, unsure


def _until_us(batch: Batch, rows: Sequence[FiledBatch]) -> int:
    """The start of the line's next batch, no later than two hours after the end."""
    start_us, end_us = span_us(batch)
    return min(
        [
            end_us + BESIDE_US,
            *(other for row in rows if (other := span_us(row.batch)[0]) > start_us),
        ]
    )
