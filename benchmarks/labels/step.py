"""The label of one step: from valid batches at reference conditions, the pack's robust rule.

Order of the work, each part a module: energy in the metric's unit (`columns`), who is valid
(`validity`), reference conditions, the rule, then waste (`waste`), how sure it all is
(`uncertainty`) and grades (`limit_test`). Reference conditions come before the quantile: without
them a low quantile only finds the batches that had the easiest conditions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from math import fsum

import numpy as np

from benchmarks.conversion import Basis, FactorTable
from benchmarks.labels import needs, yields
from benchmarks.labels.columns import (
    Flags,
    Floats,
    Integers,
    MetricEnergy,
    StepColumns,
    metric_energy,
)
from benchmarks.labels.coverage import Coverage, Span, coverage, left_out
from benchmarks.labels.limit_test import StaticFactors, doubtful, grade_step
from benchmarks.labels.outside import OutsideEnergy, outside_energy
from benchmarks.labels.result import BatchValue, Best, MeasuredBatches, StepLabel, rule_name
from benchmarks.labels.uncertainty import LabelUncertainty, label_uncertainty
from benchmarks.labels.validity import (
    ExclusionReason,
    Reasons,
    UnusableReference,
    metric_reasons,
    record_reasons,
)
from benchmarks.labels.waste import gap_above, split_gap, value_adding
from benchmarks.measurements import Batch, Period
from benchmarks.privacy.stability import RECORDS, Path
from benchmarks.released import rank
from benchmarks.routes import MetricRule, Step

RELATIVE_UNCERTAINTY = 0.01
"""Declared relative uncertainty of a batch's energy where the site states none: class 1 meters."""

TOO_FEW_BATCHES = "too-few-batches"

_MENDABLE = (
    ExclusionReason.ENERGY_OUTSIDE,  # `outside` says what they used
    ExclusionReason.HEATING_VALUE_TWO_SIDED,
    ExclusionReason.HEATING_VALUE_UNUSUAL,
    ExclusionReason.NOT_BOUGHT,
    ExclusionReason.SHARE_REFUTED,
    ExclusionReason.CREDIT_NOT_PRODUCT,
    ExclusionReason.LHV_REQUIRED,
    ExclusionReason.NEED_UNMET,
    ExclusionReason.YIELD_IMPOSSIBLE,
    ExclusionReason.VARIABLE_MISSING,
    ExclusionReason.VARIABLE_IMPOSSIBLE,
    ExclusionReason.VARIANT_REFUTED,
)
"""Why there is no label, where it is one of these alone that leaves too few batches: the plant can
put it right.
"""


@dataclass(frozen=True, slots=True)
class Context:
    """What a label needs beside the batches: dated factors, the period, and what the site declares
    of itself.

    `not_used` names, per step, carriers of the boundary that the plant does not use at all;
    `outside` those outside it that it does use, each with its reason (`benchmarks.labels.outside`);
    `static_factors` are the site's own (ISO 50006): capacity, altitude, furnace size, as the pack's
    corrections name them; `stopped` is when the site declares that a step stood; `ran` are the
    steps that its log holds in the period; `at_home` takes what only a benchmark would refuse.
    """

    factors: FactorTable
    period: Period
    basis: Basis = Basis.CALORIFIC
    not_used: Mapping[str, AbstractSet[str]] | None = None
    static_factors: StaticFactors | None = None
    relative_uncertainty: float = RELATIVE_UNCERTAINTY
    outside: Mapping[str, Mapping[str, str]] | None = None
    stopped: Mapping[str, Sequence[Span]] | None = None
    ran: AbstractSet[str] = frozenset()
    at_home: bool = False


@dataclass(frozen=True, slots=True)
class MetricColumns:
    """One metric of every batch of a step, before batches are grouped into labels."""

    rule: MetricRule
    energy: MetricEnergy
    outside: OutsideEnergy
    reasons: Reasons
    value: Floats
    at_reference: Floats
    taken_at_reference: Flags  # a variable was missing and not required
    coverage: Coverage
    short: Mapping[str, Flags] = field(
        default_factory=dict
    )  # by carrier that the process needs, batches that report too little of it
    over: Mapping[int, Flags] = field(
        default_factory=dict
    )  # by yield of the pack, batches that give back more


def label_step(
    batches: Sequence[Batch],
    step: Step,
    metric: MetricRule,
    *,
    product: str,
    variant: str,
    factors: FactorTable,
    period: Period,
    basis: Basis = Basis.CALORIFIC,
    not_used: AbstractSet[str] = frozenset(),
    static_factors: StaticFactors | None = None,
    relative_uncertainty: float = RELATIVE_UNCERTAINTY,
    outside: Mapping[str, str] | None = None,
    stopped: Sequence[Span] = (),
) -> StepLabel:
    """Label the given batches as one cell. The caller chose them: they are all of `step`, whatever
    variant they name.

    Args:
        product, variant: the key of the label; not used to select batches. relative_uncertainty: of
        a batch's energy, as a share; energy above the label within it is uncertain, not
        unexplained.
    """
    context = Context(
        factors,
        period,
        basis,
        {step.id: not_used},
        static_factors,
        relative_uncertainty,
        {step.id: outside or {}},
        {step.id: stopped},
    )
    columns = StepColumns.of(batches, step)
    measured = measure(columns, metric, record_reasons(columns, period), context)
    return label_rows(columns, measured, np.arange(len(batches)), product, variant, context)


def measure(
    columns: StepColumns, rule: MetricRule, record_reasons: Reasons, context: Context
) -> MetricColumns:
    """Values of one metric for every batch of the step, with the first reason against each."""
    not_used = (context.not_used or {}).get(columns.step.id, frozenset())
    energy = metric_energy(
        columns,
        rule,
        context.factors,
        context.basis,
        not_used,
        context.relative_uncertainty,
        at_home=context.at_home,
    )
    outside = outside_energy(
        columns, rule, context.factors, context.basis, (context.outside or {}).get(columns.step.id)
    )
    usable = energy.known & energy.convertible & (columns.output > 0)
    value = np.full(len(columns.batches), np.nan)
    np.divide(energy.total, columns.output, out=value, where=usable)
    at_reference, assumed, unusable = _at_reference(columns, rule, value, at_home=context.at_home)
    short = needs.too_little(columns, rule.metric, not_used, context.factors)
    over = yields.too_much(columns, rule.metric, context.factors)
    unmet, beyond = (
        np.any(list(flags.values()), axis=0)
        if flags
        else np.zeros(len(columns.batches), dtype=bool)
        for flags in (short, over)
    )
    reasons = metric_reasons(
        record_reasons,
        columns,
        energy,
        rule,
        (value, at_reference),
        unusable,
        outside.too_much,
        unmet,
        beyond,
    )
    covered = coverage(
        columns, reasons.valid, context.period, (context.stopped or {}).get(columns.step.id, ())
    )
    return MetricColumns(
        rule, energy, outside, reasons, value, at_reference, assumed, covered, short, over
    )


def label_rows(
    columns: StepColumns,
    measured: MetricColumns,
    rows: Integers,
    product: str,
    variant: str,
    context: Context,
    path: Path = RECORDS,
) -> StepLabel:
    """The label of some of a step's batches."""
    step, rule, energy, reasons = columns.step, measured.rule, measured.energy, measured.reasons
    valid = rows[reasons.valid[rows]]
    ordered = np.sort(measured.at_reference[valid])
    output = fsum(columns.output[valid])
    mean = fsum(energy.total[valid]) / output if len(valid) else None
    inside = rows[columns.begun_in(context.period)[rows]]
    own = inside[~reasons.under("duplicate")[inside]]
    missing = (
        energy.missing_in(inside) if len(inside) else ()
    )  # of other periods the readings were not looked at
    excluded = reasons.counts(rows)
    best = _best(ordered, step, missing, excluded, at_home=context.at_home)
    ids = [columns.batches[row].batch_id for row in valid.tolist()]
    made_from = MeasuredBatches(
        columns, energy, valid, measured.value[valid], measured.at_reference[valid], reasons
    )
    return StepLabel(
        step=step.id,
        product=product,
        variant=variant,
        boundary=step.boundary.id,
        metric=rule.metric,
        unit=rule.unit,
        energy_unit=energy.unit,
        read=len(rows),
        used=len(valid),
        excluded=excluded,
        completeness=_completeness(columns, energy, rows, context.period),
        minimum=float(ordered[0]) if len(ordered) else None,
        best=best,
        typical=float(np.median(ordered)) if len(ordered) else None,
        mean=mean,
        grade=grade_step(
            step,
            rule,
            variant,
            mean,
            means_of_variables(columns, valid),
            context.static_factors or {},
            context.period,
            measured.coverage,
            context.ran,
            doubtful(
                step, [columns.batches[row] for row in valid.tolist()], context.static_factors or {}
            ),
            left_out(
                columns,
                energy,
                reasons,
                rows,
                context.period,
                (context.stopped or {}).get(step.id, ()),
            ),
            product,
        ),
        coverage=measured.coverage
        if len(rows) == len(columns.batches)
        else coverage(
            columns,
            _only(reasons.valid, rows),
            context.period,
            (context.stopped or {}).get(step.id, ()),
        ),
        output=output,
        energy_by_carrier={
            carrier: fsum(energy.by_carrier[valid, column])
            for column, (carrier, present) in enumerate(
                zip(energy.carriers, energy.reported_in(valid), strict=True)
            )
            if present
        },
        value_adding=value_adding(columns, energy, reasons, rows),
        gap=None
        if best.value is None
        else gap_above(
            ids,
            split_gap(
                best.value,
                made_from.value,
                made_from.at_reference,
                made_from.output,
                made_from.uncertainty,
            ),
            energy.unit,
            context.relative_uncertainty,
        ),
        uncertainty=None
        if mean is None
        else _uncertainty(columns, made_from, step, best.value, mean, own, rule.unit),
        missing_carriers=missing,
        outside=measured.outside.uses(inside),
        allocated_carriers=tuple(
            carrier for carrier in columns.allocated_in(valid) if carrier in energy.carriers
        ),
        values=_values(columns, measured, rows),
        path=path,
        made_from=made_from,
    )


def _only(flags: Flags, rows: Integers) -> Flags:
    """The flags of these rows; false elsewhere."""
    own = np.zeros(len(flags), dtype=bool)
    own[rows] = flags[rows]
    return own


def _at_reference(
    columns: StepColumns, rule: MetricRule, value: Floats, *, at_home: bool
) -> tuple[Floats, Flags, UnusableReference]:
    """Values at reference conditions; where an optional variable was taken as there; where a
    required one lacks, or one is impossible.
    """
    lacking, impossible, assumed = (np.zeros(len(value), dtype=bool) for _ in range(3))
    corrected = value
    for condition in columns.step.reference_conditions:
        slope = condition.slope.get(rule.metric)
        if slope is None:
            continue
        variable = columns.variable(condition.variable)
        missing = np.isnan(variable)
        with np.errstate(invalid="ignore"):  # what is missing is neither too little nor too much
            beyond = (variable < (-np.inf if condition.least is None else condition.least)) | (
                variable > (np.inf if condition.most is None else condition.most)
            )
        if at_home:  # no batch is left out for it: its value is as measured
            missing = missing | beyond
        if condition.required and not at_home:
            lacking |= missing
        else:
            assumed |= missing
        impossible |= beyond
        off = np.where(missing, 0.0, variable - condition.reference)
        corrected = corrected - slope * (
            off if condition.cap is None else np.clip(off, -condition.cap, condition.cap)
        )
    return corrected, assumed, UnusableReference(lacking, impossible)


def _best(
    ordered: Floats,
    step: Step,
    missing: tuple[str, ...],
    excluded: Mapping[str, int],
    *,
    at_home: bool,
) -> Best:
    """By the rule's quantile; at home of however few batches there are."""
    rule = step.label_rule
    name, fewest = rule_name(rule.quantile), 1 if at_home else max(rule.fewest_batches, 1)
    if len(ordered) < fewest:
        for reason in _MENDABLE:  # the batches are there
            if len(ordered) + excluded.get(reason, 0) >= fewest:
                return Best(None, name, reason)
        incomplete = bool(missing) and not len(
            ordered
        )  # the carriers are named in `missing_carriers`
        return Best(
            None, name, ExclusionReason.ENERGY_INCOMPLETE if incomplete else TOO_FEW_BATCHES
        )
    return Best(float(ordered[rank(rule.quantile, len(ordered)) - 1]), name)


def _uncertainty(
    columns: StepColumns,
    made_from: MeasuredBatches,
    step: Step,
    best: float | None,
    mean: float,
    rows: Integers,
    unit: str,
) -> LabelUncertainty:
    by_start = np.argsort(columns.turn[made_from.rows])
    relative = made_from.energy.relative_systematic(made_from.rows)
    return label_uncertainty(
        made_from.at_reference[by_start],
        step.label_rule.quantile,
        best,
        mean,
        int(columns.good[rows].sum()),
        relative,
        unit,
    )


def _completeness(
    columns: StepColumns, energy: MetricEnergy, rows: Integers, period: Period
) -> float | None:
    good = rows[columns.good[rows] & columns.begun_in(period)[rows]]
    return fsum(energy.coverage[good]) / len(good) if len(good) else None


def means_of_variables(columns: StepColumns, rows: Integers) -> dict[str, float]:
    """Output-weighted means of the relevant variables over the used batches, where every one of
    them recorded it.
    """
    if not len(rows):
        return {}
    names = sorted({name for row in rows[:1].tolist() for name in columns.batches[row].variables})
    means = {}
    for name in names:
        values = columns.variable(name)[rows]
        if not np.isnan(values).any():
            means[name] = fsum(values * columns.output[rows]) / fsum(columns.output[rows])
    return means


def _values(
    columns: StepColumns, measured: MetricColumns, rows: Integers
) -> tuple[BatchValue, ...]:
    picked = rows.tolist()
    batches = columns.batches
    return tuple(
        map(
            BatchValue,
            [batches[row].batch_id for row in picked],
            [batches[row].start for row in picked],
            _numbers(measured.value[rows]),
            _numbers(measured.at_reference[rows]),
            _numbers(
                np.where(
                    measured.energy.known & measured.energy.convertible,
                    measured.energy.total,
                    np.nan,
                )[rows]
            ),
            columns.output[rows].tolist(),
            measured.reasons.listed(rows),
        )
    )


def _numbers(values: Floats) -> list[float | None]:
    """Missing is None outside the arrays; NaN marks it inside only."""
    return [None if value != value else value for value in values.tolist()]
