"""The counts of the table of contents against the values of opened batches, and batches of one
machine at one time.

The used batches of a step stand in the order of its headline metric, so each says by its position
at which grid point it was counted. No order of the leaves tells the ranks of a further metric:
every opened batch that has it must have been counted at the grid point of its value.

Copies of a good batch under further ids stand at one time on one machine, and each comes out by
itself where the plant's own rows give the energy. Honest logs hold such pairs as well, but by rows
of its own no plant can report a best value that is more than `WORTH_TELLING` better than with each
pair as one batch. So a pair alone proves nothing, and the check fails where the label is better by
more than that, by all that the draw shows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from math import sqrt

import numpy as np

from benchmarks.audit.arrangement import headline
from benchmarks.audit.committed_tree import GridCounts, UsedLeaves
from benchmarks.audit.evidence import (
    MOST_NAMED,
    CheckOutcome,
    Evidence,
    check_held,
    failed,
    named,
    not_checkable,
)
from benchmarks.audit.records import of_batch
from benchmarks.declared import Words, worded
from benchmarks.label_keys import LabelKey
from benchmarks.labels.columns import StepColumns
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.labels.one_machine_at_once import at_once
from benchmarks.labels.step import measure
from benchmarks.labels.validity import Reasons, record_reasons
from benchmarks.phrases import Phrase, in_number
from benchmarks.released import rank
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


Pair = tuple[int, int]
"""The leaves of two batches of one machine at one time, in order of start."""


def one_batch_at_a_time(evidence: Evidence) -> CheckOutcome:
    """No two opened batches that a label counts are of one machine at one time."""
    code, compared = "one-batch-at-a-time", 0
    all_pairs: list[Pair] = []
    better: list[Pair] = []
    for step, cell, values in values_of_used(evidence):
        pairs = _pairs(evidence, values)
        compared += sum(bool(evidence.batches[index].equipment) for index in values)
        all_pairs += pairs
        if _is_of_own_rows(evidence, step, pairs) and betters(pairs, values, cell, step):
            better += pairs
    if better:
        return failed(
            code,
            in_number(
                len(better),
                "%(pairs)s opened batch has the time of another one of the same machine. Counted "
                "once, the best "
                "value would be higher by more than %(percent)s %%.",
                "%(pairs)s opened batches have the time of another one of the same machine. "
                "Counted once, the best value would be "
                "higher by more than %(percent)s %%.",
                pairs=f"{len(better):,}",
                percent=f"{100 * WORTH_TELLING:g}",
            ),
            Phrase(
                "Look for each of them in the production system on site. A batch under several "
                "ids lowers the label each time."
            ),
            _places(evidence, better),
        )
    if all_pairs:
        open_to_question = not_checkable(
            code,
            in_number(
                len(all_pairs),
                "%(pairs)s opened batch has the time of another one of the same machine. A sample "
                "cannot show whether both were made.",
                "%(pairs)s opened batches have the time of another one of the same machine. A "
                "sample cannot show whether both were made.",
                pairs=f"{len(all_pairs):,}",
            ),
            Phrase(
                "Look for both in the production system on site. If several lines share a name, "
                "have each named as equipment; if one "
                "batch has several rows, have them made one."
            ),
        )
        return replace(
            open_to_question,
            places=tuple(_places(evidence, all_pairs)[:MOST_NAMED]),
            count=len(all_pairs),
        )
    return check_held(
        code,
        in_number(
            compared,
            "Only one opened batch names its equipment, so no two of them are of one machine at "
            "one time.",
            "No two of the %(compared)s opened batches that name their equipment are of one "
            "machine at one time.",
            compared=f"{compared:,}",
        ),
        compared,
    )


def betters(
    pairs: Sequence[Pair],
    values: Mapping[int, float],
    cell: UsedLeaves,
    step: Step,
) -> bool:
    """Whether the cell's best value would be higher by more than `WORTH_TELLING`, were each pair
    one batch: at least by so much, if what was not opened holds pairs above the best value, which
    would lower it, and as many as such a draw may just have missed.

    Args:
        values: of opened used batches by leaf, rising.
    """
    ranked = rank(step.label_rule.quantile, cell.used)
    label = cell.first + ranked - 1
    if label not in values:
        return False
    below = sum(max(values[leaf] for leaf in pair) <= values[label] for pair in pairs)
    above = len(pairs) - below
    by_chance = sum(index > label for index in values) - 1  # the record at the typical value's rank
    share = max(by_chance, 0) / max(cell.used - ranked, 1)
    missed = min(cell.used - ranked - above, _at_most(above) / share**2 if share else cell.used)
    position = (
        rank(step.label_rule.quantile, max(int(cell.used - below - above - missed), 1)) + below
    )
    highest = max(
        [
            values[label],
            *(value for index, value in values.items() if index < cell.first + position),
        ]
    )
    return highest - values[label] > WORTH_TELLING * abs(highest)


def _at_most(number: int) -> float:
    """The mean of a Poisson number that is no greater than this with a chance of 1 in a million, or
    more.
    """
    return number + 5 * sqrt(number) + 14


def _pairs(evidence: Evidence, leaves: Mapping[int, float]) -> list[Pair]:
    """Of records that come out: what does not is another check's, as are leaves that repeat a
    record.
    """
    own: dict[bytes, int] = {}
    for index in leaves:
        batch = evidence.batches[index]
        record = of_batch(batch, batch.excluded)
        if evidence.recomputed(batch)[record]:
            own.setdefault(record, index)
    indices = list(own.values())
    return [
        (indices[first], indices[other])
        for first, other in at_once(
            [evidence.batches[index] for index in indices], range(len(indices))
        )
    ]


def _is_of_own_rows(evidence: Evidence, step: Step, pairs: Sequence[Pair]) -> bool:
    """Whether the agent refuses a label that they better: not where a meter or a declared power
    tells their energy, nor of pooled years.
    """
    energies = (
        energy for pair in pairs for index in pair for energy in evidence.batches[index].energy
    )
    return step.id not in evidence.unbounded | evidence.contents.windows.keys() and not any(
        energy.allocated for energy in energies
    )


def _places(evidence: Evidence, pairs: Sequence[Pair]) -> list[Words]:
    return [
        worded(
            "%(record)s, at the time of %(other)s",
            record=named(other, evidence.batches[other]),
            other=evidence.batches[first].batch_id,
        )
        for first, other in pairs
    ]
