"""The gap by step, equipment, shift, product, hour, month and cause, in the order of what to look
at first.

Groups by energy *beyond* slopes and uncertainty; causes named ones first. Over all steps only
labels that may be added up (`StepLosses.counted`), in kgce. Whether groups differ by more than
chance is tested at reference conditions less the batches' own causes, freed of the product;
products are not tested.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

import numpy as np

from benchmarks.declared import Words, worded
from benchmarks.guidance.causes import WasteCause
from benchmarks.labels.columns import Floats, Integers
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack, Step
from reporting_agent.analysis.drivers.result import words_of
from reporting_agent.analysis.energy_costs.amounts import ZERO, Amount, added, amount_of
from reporting_agent.analysis.waste.causes import RUNS_OF_FIXED_LENGTH, WHOLE_DAYS
from reporting_agent.analysis.waste.evidence import (
    SIGNIFICANT,
    GroupDifference,
    Groups,
    differences,
    of_product,
    without_drift,
)
from reporting_agent.analysis.waste.gap_parts import StepLosses


class Dimension(StrEnum):
    STEP = "step"
    EQUIPMENT = "equipment"
    SHIFT = "shift"
    PRODUCT = "product"
    HOUR = "hour"
    MONTH = "month"
    CAUSE = "cause"


UNCERTAINTY = "uncertainty"
"""The key of the row that holds what lies within the measuring uncertainty, in the tables by
cause.
"""

_TOLD_BY_GROUP = frozenset(
    {WasteCause.EQUIPMENT, WasteCause.SHIFT, WasteCause.HOUR, WasteCause.AT_POWER, WasteCause.NONE}
)
WITHIN_UNCERTAINTY = worded("Within meter uncertainty")


@dataclass(frozen=True, slots=True)
class ParetoRow:
    """One group. By cause, a row holds one kind of energy: a named cause avoidable, no cause
    unexplained, a variable of the pack explained, and one row what is uncertain."""

    key: str
    words: Words
    avoidable: Amount
    unexplained: Amount
    within_uncertainty: Amount
    explained: Amount
    # share of all energy beyond slopes and uncertainty in this row and those above it, in kgce
    running: float
    batches: int
    excess: (
        float | None
        # mean beyond slopes and uncertainty per output, in the label's unit; None across labels of
        # several units
    )
    p_value: (
        float | None
        # that this group differs from the others by chance alone, corrected for the groups tried;
        # None where not tested
    )
    difference: float | None = (
        None  # of the median day from that of the others, in the unit of the label
    )

    @property
    def more_than_chance(self) -> bool | None:
        return None if self.p_value is None else self.p_value < SIGNIFICANT


@dataclass(frozen=True, slots=True)
class Pareto:
    """One table; `step` is empty where it goes over all steps. The rows add up to the sums
    exactly.
    """

    dimension: Dimension
    step: str
    rows: tuple[ParetoRow, ...]
    avoidable: Amount
    unexplained: Amount
    within_uncertainty: Amount
    explained: Amount


class _Row(NamedTuple):
    key: str
    words: Words
    avoidable: Amount
    unexplained: Amount
    within_uncertainty: Amount
    explained: Amount
    batches: int
    excess: float | None
    tested: GroupDifference | None


def paretos(pack: Pack, losses: Sequence[StepLosses]) -> tuple[Pareto, ...]:
    """Tables over all steps first (by step, by cause), then each step's own; a dimension with one
    group has no table.
    """
    counted = [label for label in losses if label.counted]
    if not counted:
        return ()
    steps = [
        (step, tuple(labels)) for step, labels in groupby(counted, key=lambda label: label.step)
    ]
    tables = _of_causes("", counted)
    if len(steps) > 1:
        tables.insert(
            0, _table(Dimension.STEP, "", [_of_step(pack, step, labels) for step, labels in steps])
        )
    for step, labels in steps:
        if len(steps) > 1:
            tables += _of_causes(step, labels)
        tables += _of_groups(step, labels)
    return tuple(tables)


def _of_causes(step: str, labels: Sequence[StepLosses]) -> list[Pareto]:
    """The table by cause; none where there is no gap."""
    rows = _by_cause(labels)
    return [_table(Dimension.CAUSE, step, rows)] if rows else []


def _table(dimension: Dimension, step: str, rows: Sequence[_Row]) -> Pareto:
    by_cause = dimension is Dimension.CAUSE
    ordered = sorted(
        rows,
        key=lambda row: (
            -row.avoidable.kgce if by_cause else 0.0,
            -_beyond(row),
            -row.explained.kgce,
            row.key,
        ),
    )
    avoidable, unexplained, uncertain, explained = (
        added(part) for part in zip(*(row[2:6] for row in ordered), strict=True)
    )
    whole = avoidable.kgce + unexplained.kgce
    shown = []
    reached = 0.0
    for row in ordered:
        reached += _beyond(row)
        share = reached / whole if whole else 0.0
        p_value, difference = (
            (None, None) if row.tested is None else (row.tested.p_value, row.tested.difference)
        )
        shown.append(ParetoRow(*row[:6], share, row.batches, row.excess, p_value, difference))
    return Pareto(dimension, step, tuple(shown), avoidable, unexplained, uncertain, explained)


def _beyond(row: _Row) -> float:
    return row.avoidable.kgce + row.unexplained.kgce


def _of_step(pack: Pack, step: str, labels: Sequence[StepLosses]) -> _Row:
    excess = _excess(labels)
    return _Row(
        step,
        pack.step(step).words,
        added(label.avoidable for label in labels),
        added(label.unexplained for label in labels),
        added(label.within_uncertainty for label in labels),
        added(label.explained for label in labels),
        sum(len(label.batches.ids) for label in labels),
        excess,
        None,
    )


def _excess(labels: Sequence[StepLosses]) -> float | None:
    if len({label.unit for label in labels}) > 1:
        return None
    return sum(label.beyond.energy for label in labels) / sum(
        float(label.batches.output.sum()) for label in labels
    )


def _by_cause(labels: Sequence[StepLosses]) -> list[_Row]:
    rows = []
    for cause in WasteCause:
        taking = [
            label
            for label in labels
            if cause in label.by_cause and label.by_cause[cause].energy > 0
        ]
        if taking:
            batches = sum(int((label.batches.by_cause[cause] > 0).sum()) for label in taking)
            took = added(label.by_cause[cause] for label in taking)
            avoidable, unexplained = (took, ZERO) if cause.named else (ZERO, took)
            rows.append(
                _Row(cause, cause.words, avoidable, unexplained, ZERO, ZERO, batches, None, None)
            )
    for variable in sorted({name for label in labels for name in label.by_variable}):
        raised = [
            label
            for label in labels
            if variable in label.by_variable and label.by_variable[variable].energy > 0
        ]
        if raised:
            name = words_of(
                variable, conditions=raised[0].made_from.columns.step.reference_conditions
            )
            words = worded(
                "%(variable)s away from its reference",
                variable=name.each(lambda text: text[:1].upper() + text[1:]),
            )
            batches = sum(int((label.batches.by_variable[variable] > 0).sum()) for label in raised)
            took = added(label.by_variable[variable] for label in raised)
            rows.append(_Row(f"var.{variable}", words, ZERO, ZERO, ZERO, took, batches, None, None))
    within = added(label.within_uncertainty for label in labels)
    touched = sum(int((label.batches.within_uncertainty > 0).sum()) for label in labels)
    return (
        [
            *rows,
            _Row(UNCERTAINTY, WITHIN_UNCERTAINTY, ZERO, ZERO, within, ZERO, touched, None, None),
        ]
        if within.energy > 0
        else rows
    )


def _of_groups(step: str, labels: Sequence[StepLosses]) -> Iterator[Pareto]:
    evidence = labels[0].evidence
    of = {
        Dimension.EQUIPMENT: evidence.equipment,
        Dimension.SHIFT: evidence.shift,
        Dimension.PRODUCT: evidence.product,
        Dimension.HOUR: evidence.hour,
        Dimension.MONTH: evidence.month,
    }
    for dimension, groups in of.items():
        run_kind = labels[0].made_from.columns.step.run_kind
        if (dimension is Dimension.HOUR and run_kind in RUNS_OF_FIXED_LENGTH) or (
            dimension is Dimension.SHIFT and run_kind in WHOLE_DAYS
        ):
            continue  # such runs begin with the shift, or the day
        rows = list(_grouped(dimension, groups, labels))
        if len(rows) > 1:
            yield _table(dimension, step, rows)


def _grouped(dimension: Dimension, groups: Groups, labels: Sequence[StepLosses]) -> Iterator[_Row]:
    tested = {difference.code: difference for difference in _tested(dimension, groups, labels)}
    codes = [groups.code[label.made_from.rows] for label in labels]
    for code in sorted({code for own in codes for code in own.tolist()}):
        inside = [own == code for own in codes]
        explained, uncertain, avoidable, unexplained = (
            [
                amount_of(label.split[kind][where])
                for label, where in zip(labels, inside, strict=True)
            ]
            for kind in range(4)
        )
        output = sum(
            float(label.batches.output[where].sum())
            for label, where in zip(labels, inside, strict=True)
        )
        one_unit = len({label.unit for label in labels}) == 1
        words = _words_of(dimension, groups.names[code], labels[0].made_from.columns.step)
        yield _Row(
            groups.names[code],
            words,
            added(avoidable),
            added(unexplained),
            added(uncertain),
            added(explained),
            sum(int(where.sum()) for where in inside),
            sum(amount.energy for amount in (*avoidable, *unexplained)) / output
            if one_unit and output
            else None,
            tested.get(code),
        )


def _words_of(dimension: Dimension, key: str, step: Step) -> Words:
    if dimension is Dimension.SHIFT:
        return worded("Shift from %(key)s", key=key)
    if dimension is Dimension.HOUR:
        return worded("%(begin)s to %(end)s", begin=key, end=f"{key[:2]}:59")
    if dimension is Dimension.PRODUCT:
        product, _, variant = key.rpartition("/")
        variant_words = next(
            (declared.words for declared in step.variants if declared.id == variant), None
        )
        if variant_words is not None and product in {"", step.product}:
            return variant_words
    return Words.of(key or Phrase("(no name)"))


def _left(losses: StepLosses) -> Floats:
    """Above the label at reference conditions, less what causes of the batch's own took: a shift
    that starts cold furnaces is no worse.
    """
    own = [part for cause, part in losses.batches.by_cause.items() if cause not in _TOLD_BY_GROUP]
    return (
        losses.batches.at_reference
        - losses.label
        - sum(own, np.zeros(len(losses.batches.ids))) / losses.batches.output
    )


def _tested(
    dimension: Dimension, groups: Groups, labels: Sequence[StepLosses]
) -> Iterable[GroupDifference]:
    """Differences over the batches of all labels of the step, each against its own label."""
    if dimension is Dimension.PRODUCT or len({label.unit for label in labels}) > 1:
        return []
    rows: Integers = np.concatenate([label.made_from.rows for label in labels])
    value = np.concatenate([_left(label) for label in labels])
    output = np.concatenate([label.batches.output for label in labels])
    evidence = labels[0].evidence
    own = Groups(groups.code[rows], groups.names)
    value = of_product(value, evidence.product.code[rows])
    if dimension is not Dimension.MONTH:
        value = without_drift(value, evidence.month.code[rows])
    return differences(value, own, evidence.day[rows], output)
