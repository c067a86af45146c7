"""What drivers are good for: a variable's curve, what a setting would save, and the label at the
plant's own conditions.

ISO 50006 normalises by variables that the plant meets with; one that it sets is what it can save
by, and normalising by it would hide the waste. So conditions normalise, settings save; a
consequence of the run (its duration, its tapping temperature) and a variable that nobody declared
do neither. Nothing is computed beyond the range seen (5 % to 95 % of the batches).
"""

from __future__ import annotations

import numpy as np

from benchmarks.declared import worded
from benchmarks.labels.columns import Floats
from benchmarks.phrases import Phrase, enumerated
from benchmarks.released import rank
from benchmarks.routes import LabelRule
from reporting_agent.analysis.drivers.result import (
    EffectPoint,
    NormalisedLabel,
    SettingSaving,
    VariableKind,
)
from reporting_agent.analysis.drivers.search import JudgedVariable, SearchOutcome
from reporting_agent.analysis.figures import between, shown, signed, span

_STEPS = 21


def curve(judgement: JudgedVariable) -> tuple[EffectPoint, ...]:
    """The change of the value against that at the median, over the range seen."""
    low, middle, high = judgement.column.seen
    points = np.linspace(low, high, _STEPS)
    rows = judgement.change(points, np.full(_STEPS, middle))
    return tuple(
        EffectPoint(x, judgement.fit.contrast(row))
        for x, row in zip(points.tolist(), rows, strict=True)
    )


def savings(outcome: SearchOutcome) -> tuple[SettingSaving, ...]:
    """For every driver that may be set and can be told from the others: the best setting seen,
    where it surely saves.
    """
    estimates = [
        _saving(outcome, judgement)
        for judgement in outcome.drivers
        if judgement.column.kind is VariableKind.SETTING and not moves_with(outcome, judgement)
    ]
    return tuple(
        sorted(
            (saving for saving in estimates if saving is not None),
            key=lambda saving: saving.energy.value,
        )
    )


def moves_with(outcome: SearchOutcome, judgement: JudgedVariable) -> list[str]:
    """Variables left out of the model because they move with this one."""
    return [
        name
        for name, group in outcome.search.moved_with.items()
        if any(other is judgement.column for other in group)
    ]


def _saving(outcome: SearchOutcome, judgement: JudgedVariable) -> SettingSaving | None:
    points = curve(judgement)
    best = min(points, key=lambda point: point.change.value)
    if best.change.high >= 0:
        return None
    label, column = outcome.search.label, judgement.column
    low, middle, high = column.seen
    rows, output = outcome.search.rows, outcome.search.used.output[outcome.search.rows]
    moved = judgement.change(np.full(len(rows), best.x), np.clip(column.values[rows], low, high))
    energy = judgement.fit.contrast(output @ moved)
    sentence = worded(
        "At %(then)s (%(name)s) instead of %(now)s: %(change)s %(unit)s (95 %%: %(interval)s), if "
        "all else is equal. If all batches of the "
        "period had run this way: %(energy)s %(energy_unit)s (%(energy_interval)s). Within the "
        "range seen.",
        name=column.words,
        now=between(middle, column.unit),
        then=between(best.x, column.unit),
        change=signed(best.change.value),
        unit=label.unit,
        interval=span(best.change),
        energy=signed(energy.value),
        energy_unit=label.energy_unit,
        energy_interval=span(energy),
    )
    return SettingSaving(
        column.name, middle, best.x, column.unit, best.change, energy, label.energy_unit, sentence
    )


def normalised(outcome: SearchOutcome, rule: LabelRule) -> NormalisedLabel | None:
    """The label's rule over the batches at the plant's reference conditions; None where no driver
    is a condition.
    """
    by = [
        judgement
        for judgement in outcome.drivers
        if judgement.column.kind is VariableKind.CONDITION
    ]
    if not by:
        return None
    label = outcome.search.label
    value: Floats = outcome.search.value.copy()
    conditions: dict[str, float] = {}
    names: list[Phrase] = []
    for condition in by:
        column = condition.column
        low, middle, high = column.seen
        declared = column.reference
        reference = middle if declared is None or not low <= declared <= high else declared
        value += (
            condition.change(np.full(len(value), reference), column.values[outcome.search.rows])
            @ condition.fit.coefficients
        )
        conditions[column.name] = reference
        at = between(reference, column.unit)
        names.append(Phrase("%(column)s %(at)s", column=column.words, at=at))
    ordered = np.sort(value)
    best, typical = float(ordered[rank(rule.quantile, len(ordered)) - 1]), float(np.median(ordered))
    pack_best = label.best.value
    sentence = worded(
        "Brought to %(conditions)s, the same rule gives %(best)s %(unit)s and the typical batch "
        "%(typical)s %(unit)s. The pack's label "
        "stays %(pack_best)s. The value given here is for comparisons within the plant.",
        conditions=enumerated(names),
        best=shown(best, 4),
        typical=shown(typical, 4),
        unit=label.unit,
        pack_best="–" if pack_best is None else f"{shown(pack_best, 4)} {label.unit}",
    )
    return NormalisedLabel(best, typical, pack_best, conditions, tuple(value.tolist()), sentence)
