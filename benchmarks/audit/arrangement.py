"""In what order the leaves of the data's tree stand, by which headline metric, and what a release
reads of a label's data.

It never leaves the site.

For every step its used batches, cell by cell (product and variant as they were labelled), each cell
rising by the value of the step's headline metric at reference conditions, ties by id; then its
excluded batches by (reason, start, id). The headline metric is the one that the pack names first.
In this order a batch that was opened shows whether it stands where it belongs, and "the batches
that set the label" are a position in the tree.

Nothing turns on the order in which a plant's files were read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import numpy as np

from benchmarks.audit.committed_tree import FiledBatch, GridCounts, MeterPart, StepPart, UsedLeaves
from benchmarks.audit.records import MeterDay, of_batch
from benchmarks.labels import MeasuredBatches, SiteLabel, StepLabel
from benchmarks.measurements import Batch
from benchmarks.policies import ReleasePolicy
from benchmarks.privacy.bounds import clamp_to_grid
from benchmarks.release import counted as counted_by_release
from benchmarks.routes import MetricRule, Pack, Step

STEP_OUTSIDE_PACK = "step-outside-pack"


@dataclass(frozen=True, slots=True)
class LeafOrder:
    """Batches and days in the order of the leaves, from leaf 1 on, and where each part begins."""

    batches: tuple[FiledBatch, ...]
    days: tuple[MeterDay, ...]
    steps: tuple[StepPart, ...]
    meters: tuple[MeterPart, ...]

    @property
    def leaves(self) -> int:
        """With the table of contents, without padding."""
        return 1 + len(self.batches) + len(self.days)


def arrange(
    site_label: SiteLabel,
    batches: Iterable[Batch],
    pack: Pack,
    covered: Callable[[Batch], bool],
    days: Iterable[MeterDay],
) -> LeafOrder:
    """The order of the leaves.

    Args:
        batches: all that were read; of the pack's steps, those of the label.
        covered: whether a batch belongs to the report (its period, or the years of a pooled step).
        days: of whatever meters.
    """
    filed: list[FiledBatch] = []
    parts: list[StepPart] = []
    by_step: dict[str, list[StepLabel]] = {}
    for label in site_label.steps:
        by_step.setdefault(label.step, []).append(label)
    for step in pack.steps:
        labels = by_step.get(step.id, ())
        rule = headline(step)
        mine = sorted(
            (step_label for step_label in labels if step_label.metric == rule.metric),
            key=lambda step_label: (step_label.product, step_label.variant),
        )
        if mine:
            parts.append(_step_part(step, rule, mine, covered, filed))
    pack_steps = {step.id for step in pack.steps}
    strays: dict[str, list[FiledBatch]] = {}
    for batch in batches:
        if batch.step not in pack_steps and covered(batch):
            strays.setdefault(batch.step, []).append(
                FiledBatch(batch, batch.excluded or STEP_OUTSIDE_PACK)
            )
    for name, ours in sorted(strays.items()):
        parts.append(StepPart(name, "", "", (), 1 + len(filed), len(ours)))
        filed += _excluded(ours)
    in_order = tuple(sorted(days, key=lambda day: (day.meter, day.start_us)))
    return LeafOrder(tuple(filed), in_order, tuple(parts), _meter_parts(in_order, 1 + len(filed)))


def headline(step: Step) -> MetricRule:
    """The metric by which the used batches of a step are ordered: the pack names it first."""
    return step.metrics[0]


def counted(
    label: StepLabel, step: Step, rule: MetricRule, policy: ReleasePolicy, years: int
) -> GridCounts:
    """What a release reads of the data behind this label."""
    values = [
        value.at_reference
        for value in counted_by_release(label, step, policy)
        if value.at_reference is not None
    ]
    points, _ = clamp_to_grid(values, rule.grid)
    return GridCounts(
        label.step,
        label.product,
        label.variant,
        label.metric.value,
        years,
        tuple(sorted(Counter(points).items())),
    )


def _step_part(
    step: Step,
    rule: MetricRule,
    labels: Sequence[StepLabel],
    covered: Callable[[Batch], bool],
    filed: list[FiledBatch],
) -> StepPart:
    """Put the batches of one step behind those that are filed already."""
    cells: list[UsedLeaves] = []
    used: set[int] = set()
    measured = [_made_from(label) for label in labels]
    for label, measurement in zip(labels, measured, strict=True):
        rows = measurement.rows.tolist()
        used.update(rows)
        all_of_step = measurement.columns.batches
        ranked = sorted(
            zip(measurement.at_reference.tolist(), (all_of_step[row] for row in rows), strict=True),
            key=lambda pair: (pair[0], pair[1].batch_id, pair[1].start),
        )
        if ranked:
            cells.append(UsedLeaves(label.product, label.variant, 1 + len(filed), len(ranked)))
            filed += [FiledBatch(batch, None) for _, batch in ranked]
    whole = measured[0]
    left = [
        row for row, batch in enumerate(whole.columns.batches) if row not in used and covered(batch)
    ]
    reasons = whole.reasons.listed(np.array(left, dtype=np.int64))
    excluded = _excluded(
        FiledBatch(whole.columns.batches[row], reason)
        for row, reason in zip(left, reasons, strict=True)
    )
    part = StepPart(
        step.id, str(rule.metric), rule.unit, tuple(cells), 1 + len(filed), len(excluded)
    )
    filed += excluded
    return part


def _made_from(label: StepLabel) -> MeasuredBatches:
    if label.made_from is None:
        raise ValueError(f"the label of {label.step} does not say what it was made from")
    return label.made_from


def _excluded(ours: Iterable[FiledBatch]) -> list[FiledBatch]:
    """By reason, start and id; what is equal in all three by the whole record."""
    ordered: list[FiledBatch] = []
    for _, alike in groupby(sorted(ours, key=_order), key=_order):
        same = list(alike)
        ordered += same if len(same) == 1 else sorted(same, key=lambda record: of_batch(*record))
    return ordered


def _order(record: FiledBatch) -> tuple[str, datetime, str]:
    return record.excluded or "", record.batch.start, record.batch.batch_id


def _meter_parts(days: Sequence[MeterDay], first: int) -> tuple[MeterPart, ...]:
    parts: list[MeterPart] = []
    for meter, ours in groupby(days, key=lambda day: day.meter):
        number = sum(1 for _ in ours)
        parts.append(MeterPart(meter, first, number))
        first += number
    return tuple(parts)
