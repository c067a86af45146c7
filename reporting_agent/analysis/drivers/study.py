"""Which relevant variables move the energy of a step (docs/drivers.md): a variable's curve, what a
setting would save, the label at the plant's own conditions.

Conditions normalise (ISO 50006), settings save; consequences and undeclared variables do neither.
Nothing is computed beyond the range seen (5 % to 95 % of the batches).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from benchmarks.declared import Words, worded
from benchmarks.labels import Best, StepLabel
from benchmarks.labels.columns import Floats
from benchmarks.measurements import Metric
from benchmarks.phrases import Phrase, Value, enumerated, in_number, sentences
from benchmarks.released import rank
from benchmarks.routes import LabelRule
from reporting_agent.analysis.drivers.result import (
    DoubtReason,
    Driver,
    EffectPoint,
    NormalisedLabel,
    Relevance,
    SettingSaving,
    StepDrivers,
    VariableKind,
)
from reporting_agent.analysis.drivers.search import (
    FEWEST,
    JudgedVariable,
    Search,
    SearchOutcome,
    begin,
    finish,
)
from reporting_agent.analysis.drivers.variables import (
    FEWEST_OF_EQUIPMENT,
    StepLog,
    VariableColumn,
    used_batches,
)
from reporting_agent.analysis.figures import between, shown, signed, span
from reporting_agent.analysis.waste.evidence import holm
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult

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


_SHAPES = {1: "linear", 2: "quadratic", 3: "cubic"}
_CURVED = {"quadratic": Phrase(", on a curve (quadratic)"), "cubic": Phrase(", on a curve (cubic)")}
_CANNOT_TELL = Phrase("The data cannot show the effect of %(name)s: %(why)s.")
_DOUBTS: Mapping[DoubtReason, Phrase] = {
    DoubtReason.TOO_FEW: Phrase(
        "%(batches)s batches have all tested variables recorded; %(wanted)s are needed"
    ),
    DoubtReason.MISSING: Phrase("only %(batches)s of %(used)s batches have it recorded"),
    DoubtReason.CONSTANT: Phrase("it hardly ever changed (nearly always %(typical)s)"),
    DoubtReason.RANGE: Phrase(
        "it changed only from %(low)s to %(high)s, and over that range the effect is uncertain "
        "within %(interval)s %(unit)s; "
        "trials outside that range would show it"
    ),
    DoubtReason.COLLINEAR: Phrase(
        "it changes together with %(others)s, and their effects cannot be distinguished; change "
        "one and keep the other constant for a time"
    ),
    DoubtReason.AUTOCORRELATED: Phrase(
        "successive batches are so similar that %(batches)s of them count as only %(effective)s "
        "independent ones; over the range seen "
        "the effect is uncertain within %(interval)s %(unit)s"
    ),
    DoubtReason.SCATTER: Phrase(
        "batches scatter by %(scatter)s %(unit)s for other reasons; over the range seen the "
        "effect is uncertain within %(interval)s "
        "%(unit)s"
    ),
    DoubtReason.MANY: Phrase(
        "by itself its effect would be within %(interval)s %(unit)s, but among so many tested "
        "variables one can look like that by chance; "
        "more batches are needed"
    ),
    DoubtReason.UNSTABLE: Phrase(
        "the effect seen in one part of the period does not appear in the rest, or does not "
        "predict later batches better than without it"
    ),
}


def drivers(site: SiteSettings, result: LabelResult) -> tuple[StepDrivers, ...]:
    """One entry a label with a value whose batches carry variables; empty where none does, and then
    it costs nothing.
    """
    searches: list[Search] = []
    logs: dict[str, StepLog] = {}
    for labels in _looked_at(result.site_label.steps):
        step = result.data.pack.step(labels[0].step)
        if step.id not in logs:
            logs[step.id] = StepLog(result.data.batches, step.id)
        used = used_batches(labels, logs[step.id], step, site.variables)
        if used is not None:
            searches.append(begin(labels[0] if len(labels) == 1 else _together(labels), used))
    corrected = iter(holm([p_value for search in searches for p_value in search.p_values]))
    ended = [
        (search, finish(search, [next(corrected) for _ in search.p_values])) for search in searches
    ]
    return tuple(_summed_up(search, outcome, result) for search, outcome in ended)


def _looked_at(labels: Sequence[StepLabel]) -> list[list[StepLabel]]:
    """Each label by itself; of a step's variants with too few batches each, all together where that
    makes enough.
    """
    alone = [[label] for label in labels if label.best.value is not None and label.used >= FEWEST]
    few: dict[tuple[str, Metric], list[StepLabel]] = {}
    for label in labels:
        if FEWEST_OF_EQUIPMENT <= label.used < FEWEST:
            few.setdefault((label.step, label.metric), []).append(label)
    for group in few.values():
        enough = len(group) > 1 and sum(label.used for label in group) >= FEWEST
        alone += [group] if enough else [[label] for label in group if label.best.value is not None]
    return alone


def _together(labels: Sequence[StepLabel]) -> StepLabel:
    """The heading of variants looked at together: no label of its own."""
    return replace(
        labels[0], product="", variant="", values=(), gap=None, best=Best(None, labels[0].best.rule)
    )


def _summed_up(search: Search, outcome: SearchOutcome | None, result: LabelResult) -> StepDrivers:
    label = search.label
    untold = [
        _untested(search, outcome, column)
        for column in search.used.columns
        if column.name in search.untestable
    ]
    if outcome is None:
        listed, rho, explained = untold, None, None
        constant = all(doubt is DoubtReason.CONSTANT for doubt in search.untestable.values())
        if constant:
            summary = worded(
                "No variable that was recorded changes from batch to batch, so no effect on the "
                "energy can be shown."
            )
        elif len(search.rows) < FEWEST:
            summary = worded(
                "Too few batches have the variables recorded: %(batches)s; %(wanted)s are needed.",
                batches=f"{len(search.rows):,}",
                wanted=FEWEST,
            )
        else:
            summary = worded(
                "No variable both changes and is recorded for enough batches, so no effect on the "
                "energy can be shown; each line says "
                "what is missing."
            )
    else:
        order = {Relevance.DRIVER: 0, Relevance.NO_EFFECT: 2, Relevance.CANNOT_TELL: 1}
        judged = sorted(
            outcome.judged,
            key=lambda judgement: (order[judgement.verdict], -abs(judgement.over_range.value)),
        )
        twins = [
            _untested(search, outcome, column)
            for column in search.used.columns
            if column.name in search.moved_with
        ]
        listed = [*(_tested(outcome, judgement) for judgement in judged), *twins, *untold]
        rho, explained = outcome.fit.rho, _explained(outcome) if outcome.skill is not None else None
        summary = _summary(outcome, explained, len(listed))
    return StepDrivers(
        step=label.step,
        product=label.product,
        variant=label.variant,
        metric=label.metric,
        unit=label.unit,
        batches=len(search.rows),
        effective_batches=float(len(search.rows))
        if outcome is None
        else outcome.fit.effective_rows,
        autocorrelation=rho,
        drivers=tuple(listed),
        explained=explained,
        skill=None if outcome is None else outcome.skill,
        normalised=None
        if outcome is None or label.best.value is None
        else normalised(outcome, result.data.pack.step(label.step).label_rule),
        savings=() if outcome is None else savings(outcome),
        summary=summary,
    )


def _tested(outcome: SearchOutcome, judgement: JudgedVariable) -> Driver:
    search, column = outcome.search, judgement.column
    low, middle, high = column.seen
    names = moves_with(outcome, judgement)
    others = [other for other in search.used.columns if other.name in names]
    shape = _SHAPES[judgement.design.degree[judgement.position]]
    facts: dict[str, Value] = {
        "name": column.words,
        "unit": search.label.unit,
        "var_unit": column.unit or Phrase("unit of it"),
        "low": between(low, column.unit),
        "typical": between(middle, column.unit),
        "high": between(high, column.unit),
        "change": f"{signed(judgement.over_range.value)} {search.label.unit}",
        "interval": span(judgement.over_range),
        "slope": f"{signed(judgement.per_unit.value)} {search.label.unit}",
    }
    if judgement.verdict is Relevance.DRIVER:
        effect = Phrase(
            "From %(low)s to %(high)s of %(name)s, the energy changes by %(change)s (95 %%: "
            "%(interval)s); near %(typical)s, by %(slope)s "
            "per %(var_unit)s%(shape)s.",
            shape=_CURVED.get(shape, ""),
            **facts,
        )
        sentence = Words.of(
            sentences([effect, *_remarks(column, [other.words for other in others])])
        )
    elif judgement.verdict is Relevance.NO_EFFECT:
        most = max(abs(judgement.over_range.low), abs(judgement.over_range.high))
        sentence = worded(
            "%(name)s changes the energy by at most %(most)s over the range seen (%(low)s to "
            "%(high)s).",
            most=f"{shown(most, 2)} {search.label.unit}",
            **facts,
        )
    else:
        sentence = worded(_CANNOT_TELL, name=column.words, why=_why(outcome, judgement, facts))
    return Driver(
        variable=column.name,
        words=column.words,
        unit=column.unit,
        kind=column.kind,
        recorded=int(column.recorded.sum()),
        low=low,
        typical=middle,
        high=high,
        verdict=judgement.verdict,
        doubt=judgement.doubt,
        per_unit=judgement.per_unit,
        over_range=judgement.over_range,
        shape=shape,
        p_value=judgement.p_value,
        vif=judgement.vif,
        cannot_tell_from=tuple(names),
        curve=curve(judgement) if judgement.verdict is Relevance.DRIVER else (),
        sentence=sentence,
    )


def _remarks(column: VariableColumn, others: Sequence[Words]) -> Iterator[Phrase]:
    """What is said beside the effect of a variable: whose it may be, and what it can be used
    for.
    """
    if others:
        yield Phrase(
            "It changes together with %(others)s: the effect may be theirs.",
            others=enumerated(others),
        )
    if column.kind is VariableKind.UNDECLARED:
        yield Phrase(
            "Declare [variables.%(key)s] kind in site.toml (setting, condition, consequence). "
            "Only then is it computed what the variable "
            "would save or what it explains.",
            key=column.name,
        )
    if column.kind is VariableKind.CONSEQUENCE:
        yield Phrase(
            "It is a result of the run: it shows where the energy went, and cannot be set."
        )


def _why(outcome: SearchOutcome, judgement: JudgedVariable, facts: Mapping[str, Value]) -> Phrase:
    doubt = judgement.doubt or DoubtReason.SCATTER
    others = (
        [other.words for other in outcome.search.tested if other is not judgement.column]
        if doubt is DoubtReason.COLLINEAR
        else []
    )
    return Phrase(
        _DOUBTS[doubt],
        others=enumerated(others) if others else "",
        batches=f"{outcome.fit.rows:,}",
        effective=f"{outcome.fit.effective_rows:,.0f}",
        scatter=shown(outcome.fit.scale, 2),
        **facts,
    )


def _untested(search: Search, outcome: SearchOutcome | None, column: VariableColumn) -> Driver:
    """A variable without a test of its own: constant, recorded in too few, or moving with one that
    stands for it.
    """
    twins = search.moved_with.get(column.name, ())
    doubt = (
        DoubtReason.COLLINEAR
        if column.name in search.moved_with
        else search.untestable[column.name]
    )
    recorded = int(column.recorded.sum())
    low, middle, high = column.seen if recorded else (0.0, 0.0, 0.0)
    why = Phrase(
        _DOUBTS[doubt],
        batches=f"{recorded if doubt is DoubtReason.MISSING else len(search.rows):,}",
        used=f"{len(search.used.value):,}",
        wanted=FEWEST,
        typical=between(middle, column.unit),
        others=enumerated(twin.words for twin in twins) if twins else "",
    )
    return Driver(
        variable=column.name,
        words=column.words,
        unit=column.unit,
        kind=column.kind,
        recorded=recorded,
        low=low,
        typical=middle,
        high=high,
        verdict=Relevance.CANNOT_TELL,
        doubt=doubt,
        per_unit=None,
        over_range=None,
        shape=_SHAPES[1],
        p_value=None,
        vif=None,
        cannot_tell_from=tuple(twin.name for twin in twins),
        curve=(),
        sentence=worded(_CANNOT_TELL, name=column.words, why=why),
    )


def _explained(outcome: SearchOutcome) -> float:
    """Share of the robust variance of the batches (equipment apart) that the drivers take off."""
    design, fit = outcome.design, outcome.fit
    causes = [judgement for judgement in outcome.drivers if judgement.design is design]
    effect = sum(
        design.contrast(cause.position, design.z[:, cause.position], np.zeros(fit.rows))
        @ fit.coefficients
        for cause in causes
    )
    apart = design.constants @ fit.coefficients[: design.constants.shape[1]]
    whole = outcome.search.value - apart
    return max(0.0, 1 - (_spread(whole - effect) / _spread(whole)) ** 2)


def _spread(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    low, high = np.quantile(values, (0.16, 0.84)).tolist()
    return float(high - low)


def _summary(outcome: SearchOutcome, explained: float | None, tested: int) -> Words:
    causes = [
        judgement
        for judgement in outcome.drivers
        if judgement.column.kind is not VariableKind.CONSEQUENCE
    ]
    if not causes or explained is None or outcome.skill is None:
        return Words.of(
            in_number(
                tested,
                "The data do not show that the only tested variable affects the energy. This does "
                "not prove that it "
                "does not: its line says what the data cannot show.",
                "The data do not show that any of %(tested)s variables affects the energy. This "
                "does not prove that none does: each line "
                "says what the data cannot show.",
                tested=tested,
            )
        )
    return Words.of(
        in_number(
            len(causes),
            "%(count)s of %(tested)s tested variables affects the energy: %(names)s. It explains "
            "%(explained)s "
            "of the spread between batches, and predicts later batches %(skill)s better than "
            "without it.",
            "%(count)s of %(tested)s tested variables affect the energy: %(names)s. Together they "
            "explain %(explained)s of the spread "
            "between batches, and predict later batches %(skill)s better than without them.",
            count=len(causes),
            tested=tested,
            names=enumerated(cause.column.words for cause in causes),
            explained=f"{100 * explained:.0f} %",
            skill=f"{100 * outcome.skill.value:.0f} %",
        )
    )
