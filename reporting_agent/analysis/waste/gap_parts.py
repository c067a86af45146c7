"""Every batch against its label: what of its energy above it is explained, uncertain
(`benchmarks.labels.waste.split_gap`), avoidable or unexplained, adding up to the last bit in every
unit.

`moved_by_variables` is taken off nothing: what goes with the plant's own variables by its own
regression (`drivers`), which is no reason to be content with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np

from benchmarks.declared import Words
from benchmarks.guidance.causes import WasteCause
from benchmarks.label_keys import LabelKey
from benchmarks.labels import MeasuredBatches, StepLabel
from benchmarks.labels.columns import Floats
from benchmarks.labels.waste import GapColumns, on_grid, split_gap
from benchmarks.measurements import Metric
from benchmarks.routes import Step
from reporting_agent.analysis.drivers.result import StepDrivers
from reporting_agent.analysis.energy_costs.amounts import (
    Amount,
    CarrierCost,
    Rates,
    amount_of,
    paid_in,
    parts_of,
    plus,
    rates_of,
)
from reporting_agent.analysis.waste.causes import Attribution, CauseRule, attribute
from reporting_agent.analysis.waste.evidence import BatchEvidence, evidence_of
from reporting_agent.analysis.waste.waterfall import BatchLoss, worst_batches
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult

WORST = 10


@dataclass(frozen=True, slots=True, eq=False)
class UsedBatchColumns:
    """The used batches of one label as columns, in the order of the log: for plots, tables and
    Parquet. Energies on the grid.
    """

    ids: Sequence[str]
    start: Sequence[datetime]
    equipment: Sequence[str]
    output: Floats
    value: Floats
    at_reference: Floats
    explained: Floats
    within_uncertainty: Floats
    avoidable: Floats  # what named causes took
    unexplained: Floats
    by_cause: Mapping[
        WasteCause, Floats
    ]  # the named ones add up to `avoidable`, the others to `unexplained`
    by_variable: Mapping[
        str, Floats
    ]  # what the pack's slopes explain, by variable; adds up to `explained`
    moved_by_variables: Floats | None  # see the head of this module
    kgce_per_unit: Floats  # of one unit of the label's energy in this batch

    @property
    def beyond(self) -> Floats:
        """Above the label beyond what slopes and uncertainty account for, with a named cause or
        without.
        """
        return self.avoidable + self.unexplained


class Split(NamedTuple):
    """The gap of the used batches in every unit, batches x 5 (`amounts.Amount`)."""

    explained: Floats
    within_uncertainty: Floats
    avoidable: Floats
    unexplained: Floats


@dataclass(frozen=True, slots=True)
class StepLosses:
    """The gap of one label. `counted` is true for the labels that may be added up across steps: no
    energy stands in two of them.
    """

    step: str
    product: str
    variant: str
    metric: Metric
    unit: str
    energy_unit: str
    label: float
    counted: bool
    currency: str | None
    gap: Amount
    explained: Amount
    within_uncertainty: Amount
    avoidable: Amount  # what named causes took
    unexplained: Amount
    by_cause: Mapping[
        WasteCause, Amount
    ]  # the named ones add up to `avoidable`, the others to `unexplained`
    by_variable: Mapping[str, Amount]  # adds up to `explained`
    moved_by_variables: (
        Amount | None
        # of what is beyond slopes and uncertainty; None where the plant's own regression does not
        # predict
    )
    rules: tuple[
        CauseRule, ...
    ]  # how each cause was told from the others, and what it costs, with its interval
    batches: UsedBatchColumns
    worst: tuple[
        BatchLoss, ...
    ]  # most avoidable and unexplained energy per output first, ten at most
    co2_reason: Words | None  # why CO2 is None
    money_reason: Words | None
    split: Split
    evidence: BatchEvidence  # of all batches of the step
    made_from: MeasuredBatches

    @property
    def beyond(self) -> Amount:
        """Above the label beyond what slopes and uncertainty account for, with a named cause or
        without.
        """
        return plus(self.avoidable, self.unexplained)


def losses(
    site: SiteSettings, result: LabelResult, drivers: Sequence[StepDrivers]
) -> tuple[StepLosses, ...]:
    """One entry a label that has a value, in the labels' order."""
    factors = site.emissions.factors
    currency = None if site.tariff is None else site.tariff.currency
    evidence: dict[int, BatchEvidence] = {}
    paid: dict[int, Mapping[str, CarrierCost] | None] = {}
    lost = []
    labels = [
        label
        for label in result.site_label.steps
        if label.best.value is not None and label.made_from is not None
    ]
    totals = {
        (label.step, label.product, label.variant)
        for label in labels
        if label.metric is Metric.TOTAL
    }
    normalised = {
        LabelKey.of(driver): driver.normalised
        for driver in drivers
        if driver.normalised is not None
    }
    for label in labels:
        measured = label.made_from
        if measured is None or label.best.value is None:
            continue
        key = id(measured.columns)
        if key not in evidence:
            evidence[key] = evidence_of(measured.columns, site)
            paid[key] = paid_in(measured.columns, site, result.data.meters)
        counted = (
            label.metric is Metric.TOTAL or (label.step, label.product, label.variant) not in totals
        )
        own = normalised.get(LabelKey.of(label))
        at_own = (
            None if own is None or len(own.values) != len(measured.rows) else np.array(own.values)
        )
        lost.append(
            _of_label(
                label,
                label.best.value,
                measured,
                evidence[key],
                rates_of(label, measured, paid[key], factors),
                currency,
                counted,
                at_own,
                len(labels),
            )
        )
    return tuple(lost)


def _of_label(
    label: StepLabel,
    best: float,
    measured: MeasuredBatches,
    evidence: BatchEvidence,
    rates: Rates,
    currency: str | None,
    counted: bool,
    at_own_reference: Floats | None,
    labels: int,
) -> StepLosses:
    gap = split_gap(
        best, measured.value, measured.at_reference, measured.output, measured.uncertainty
    )
    step = measured.columns.step
    attribution = attribute(measured, evidence, step, gap.unexplained, labels)
    variables = _by_variable(measured, step, label.metric, gap.explained)
    parts = parts_of(
        rates, [*variables.values(), gap.within_uncertainty, *attribution.energy.values()]
    )
    of_variables = dict(zip(variables, parts, strict=False))
    of_causes = dict(zip(attribution.energy, parts[len(variables) + 1 :], strict=True))
    nothing = np.zeros((len(measured.rows), 5))
    split = Split(
        sum(of_variables.values(), nothing),
        parts[len(variables)],
        sum((part for cause, part in of_causes.items() if cause.named), nothing),
        sum((part for cause, part in of_causes.items() if not cause.named), nothing),
    )
    moved = (
        None
        if at_own_reference is None
        else _moved(measured, at_own_reference, gap.explained, gap.unexplained)
    )
    columns = _columns(measured, gap, split, attribution, variables, moved, rates)
    return StepLosses(
        step=label.step,
        product=label.product,
        variant=label.variant,
        metric=label.metric,
        unit=label.unit,
        energy_unit=label.energy_unit,
        label=best,
        counted=counted,
        currency=currency,
        gap=amount_of(
            split.explained + split.within_uncertainty + split.avoidable + split.unexplained
        ),
        explained=amount_of(split.explained),
        within_uncertainty=amount_of(split.within_uncertainty),
        avoidable=amount_of(split.avoidable),
        unexplained=amount_of(split.unexplained),
        by_cause={cause: amount_of(part) for cause, part in of_causes.items()},
        by_variable={variable: amount_of(part) for variable, part in of_variables.items()},
        moved_by_variables=None if moved is None else amount_of(rates.amounts(moved)),
        rules=attribution.rules,
        batches=columns,
        worst=worst_batches(
            measured,
            evidence,
            attribution,
            of_causes,
            of_variables,
            split.within_uncertainty,
            WORST,
        ),
        co2_reason=rates.co2_reason,
        money_reason=rates.money_reason,
        split=split,
        evidence=evidence,
        made_from=measured,
    )


def _by_variable(
    measured: MeasuredBatches, step: Step, metric: Metric, explained: Floats
) -> dict[str, Floats]:
    """What the pack's slopes explain, given to the variables that raised the batch, in
    proportion.
    """
    raised: dict[str, Floats] = {}
    for condition in step.reference_conditions:
        slope = condition.slope.get(metric)
        if slope is not None:
            variable = measured.columns.variable(condition.variable)[measured.rows]
            raised[condition.variable] = np.maximum(
                np.nan_to_num(slope * (variable - condition.reference)), 0.0
            )
    together = sum(raised.values(), np.zeros(len(explained)))
    parts: dict[str, Floats] = {}
    left = explained
    for index, (name, own) in enumerate(raised.items()):
        share = np.divide(own, together, out=np.zeros_like(own), where=together > 0)
        part = left if index == len(raised) - 1 else np.minimum(on_grid(explained * share), left)
        parts[name] = part
        left = left - part
    return parts


def _moved(
    measured: MeasuredBatches, at_own_reference: Floats, explained: Floats, beyond: Floats
) -> Floats:
    own = np.maximum((measured.value - at_own_reference) * measured.output - explained, 0.0)
    return np.minimum(on_grid(own), beyond)


def _columns(
    measured: MeasuredBatches,
    gap: GapColumns,
    split: Split,
    attribution: Attribution,
    variables: Mapping[str, Floats],
    moved: Floats | None,
    rates: Rates,
) -> UsedBatchColumns:
    batches = [measured.columns.batches[row] for row in measured.rows.tolist()]
    return UsedBatchColumns(
        ids=[batch.batch_id for batch in batches],
        start=[batch.start for batch in batches],
        equipment=[batch.equipment for batch in batches],
        output=measured.output,
        value=measured.value,
        at_reference=measured.at_reference,
        explained=gap.explained,
        within_uncertainty=gap.within_uncertainty,
        avoidable=split.avoidable[:, 0],
        unexplained=split.unexplained[:, 0],
        by_cause=attribution.energy,
        by_variable=variables,
        moved_by_variables=moved,
        kgce_per_unit=rates.kgce,
    )
