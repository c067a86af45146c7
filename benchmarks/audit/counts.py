"""The counts of the table of contents against the values of opened batches: of the headline metric
by rank, of the others by room.

The used batches of a step stand in the order of its headline metric, so each says by its position
at which grid point it was counted. No order of the leaves tells the ranks of a further metric.
Every opened batch that has it must have been counted at the grid point of its value; how much the
other counts could say otherwise stands in docs/audit.md.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

import numpy as np

from benchmarks.audit.arrangement import headline
from benchmarks.audit.contents import GridCounts, UsedLeaves
from benchmarks.audit.evidence import Evidence, named
from benchmarks.declared import Words, worded
from benchmarks.label_keys import LabelKey
from benchmarks.labels.columns import StepColumns
from benchmarks.labels.step import measure
from benchmarks.labels.validity import Reasons, record_reasons
from benchmarks.routes import MetricRule, Step

NEARLY = 1e-9
"""Relative: a record's energies are added in their order, a label's in that of the files
(`audit.records`).
"""


def of_headline(evidence: Evidence, step: Step, cell: UsedLeaves) -> GridCounts | None:
    """What the table counts of the batches of a cell by the step's headline metric."""
    key = (step.id, cell.product, cell.variant, headline(step).metric.value)
    return next((tally for tally in evidence.contents.counted if LabelKey.of(tally) == key), None)


def opened_of(evidence: Evidence, cell: UsedLeaves) -> list[int]:
    """The leaves of a cell that were opened, in order."""
    return [
        index for index in sorted(evidence.batches) if cell.first <= index < cell.first + cell.used
    ]


def values_of_used(evidence: Evidence) -> Iterator[tuple[Step, UsedLeaves, dict[int, float]]]:
    """Of every cell of a step that the pack knows, the values of the opened used batches by leaf,
    at reference conditions.
    """
    steps_by_id = {step.id: step for step in evidence.pack.steps}
    for part in evidence.contents.steps:
        step = steps_by_id.get(part.step)
        for cell in part.cells if step is not None else ():
            opened = opened_of(evidence, cell)
            if opened and step is not None:
                columns = StepColumns.of([evidence.batches[index] for index in opened], step)
                measured = measure(
                    columns,
                    headline(step),
                    record_reasons(columns, evidence.context.period),
                    evidence.context,
                )
                yield step, cell, dict(zip(opened, measured.at_reference.tolist(), strict=True))


def miscounted(
    values: Mapping[int, float], cell: UsedLeaves, counted: GridCounts, rule: MetricRule
) -> list[int]:
    """Leaves whose position among the used batches the table counts at another point of the grid
    than that of their value.
    """
    ends = list(accumulate(number for _, number in counted.by_point))
    wrong = []
    for index, value in values.items():
        position = bisect_right(ends, index - cell.first)
        stated = counted.by_point[position][0] if position < len(ends) else -1
        if stated not in _points_near(value, rule):
            wrong.append(index)
    return wrong


def beyond_counts(evidence: Evidence) -> Iterator[Words]:
    """What the counts of metrics besides the headline have no room for: opened batches that have
    the metric, and their own number.

    A batch without a value of the headline stands among the excluded ones and may be counted all
    the same.
    """
    steps = {step.id: step for step in evidence.pack.steps}
    for tally in evidence.contents.counted:
        step = steps.get(tally.step)
        rule = (
            None
            if step is None
            else next((rule for rule in step.metrics if rule.metric == tally.metric), None)
        )
        if step is None or rule is None or rule == headline(step):
            continue
        parts = [part for part in evidence.contents.steps if part.step == tally.step]
        cells = [
            cell
            for part in parts
            for cell in part.cells
            if (cell.product, cell.variant) == (tally.product, tally.variant)
        ]
        most = sum(cell.used for cell in cells) + sum(part.excluded for part in parts)
        if tally.batches > most:
            figures = {"most": f"{most:,}", "batches": f"{tally.batches:,}"}
            yield worded(
                "%(name)s: at most %(most)s batches, %(batches)s counted",
                name="/".join(LabelKey.of(tally)),
                **figures,
            )
        opened = [index for cell in cells for index in opened_of(evidence, cell)]
        wrong = (
            without_room(_points_of(evidence, opened, step, rule), dict(tally.by_point))
            if opened
            else ()
        )
        yield from (named(index, evidence.batches[index]) for index in wrong)


def without_room(points_of: Mapping[int, Sequence[int]], counts: Mapping[int, int]) -> list[int]:
    """Leaves of batches that the counts by grid point do not hold: at that of each, others stand
    for all that are counted there.

    Args:
        points_of: by leaf, the grid points that its value may lie at.
    """
    room, wrong = dict(counts), []
    for index in sorted(
        points_of, key=lambda leaf: len(points_of[leaf])
    ):  # those with a choice last
        point = next((point for point in points_of[index] if room.get(point)), None)
        if point is None:
            wrong.append(index)
        else:
            room[point] -= 1
    return sorted(wrong)


def _points_of(
    evidence: Evidence, opened: Sequence[int], step: Step, rule: MetricRule
) -> dict[int, list[int]]:
    """By leaf, the grid points of used batches that have a value of the metric."""
    columns = StepColumns.of([evidence.batches[index] for index in opened], step)
    used = Reasons(
        np.zeros(len(opened), dtype=np.int64)
    )  # nothing of the record is against one that the headline uses
    measured = measure(columns, rule, used, evidence.context)
    values = zip(
        opened, measured.at_reference.tolist(), measured.reasons.valid.tolist(), strict=True
    )
    return {index: _points_near(value, rule) for index, value, has_value in values if has_value}


def _points_near(value: float, rule: MetricRule) -> list[int]:
    """The grid point of a value: two where it lies so near the middle between them that the order
    of a sum decides, none of NaN.
    """
    exact = (value - float(rule.grid.lower)) / float(rule.grid.width) + 0.5
    near = [
        np.clip(np.floor(exact * (1 + sign * NEARLY)), 0, rule.grid.points - 1)
        for sign in (-1, 0, 1)
    ]
    return [] if np.isnan(exact) else list(dict.fromkeys(map(int, near)))
