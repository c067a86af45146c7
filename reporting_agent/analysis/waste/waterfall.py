"""The worst batches, rung by rung: from the label up to what the batch took, each rung with its
evidence in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import numpy as np

from benchmarks.declared import Words, worded
from benchmarks.guidance.causes import WasteCause
from benchmarks.labels import MeasuredBatches
from benchmarks.labels.columns import Floats
from reporting_agent.analysis.drivers.result import unit_of
from reporting_agent.analysis.energy_costs.amounts import Amount, amount_of
from reporting_agent.analysis.figures import between, plain
from reporting_agent.analysis.waste.causes import Attribution
from reporting_agent.analysis.waste.evidence import BatchEvidence


class CausePart(NamedTuple):
    """What one cause, named or not, takes of one batch's energy beyond slopes and uncertainty."""

    cause: WasteCause
    amount: Amount
    per_output: float  # in the label's unit, such as kgce/t
    evidence: Words | None  # "41 min longer"; None where there is nothing to add


class VariablePart(NamedTuple):
    """What one relevant variable of the pack explains of one batch's gap."""

    variable: str
    amount: Amount
    per_output: float
    evidence: Words  # "12 instead of 10"


class BatchLoss(NamedTuple):
    """One batch against its label: named causes add up to `avoidable`, the others to `unexplained`,
    variables to `explained`; the four parts to `gap`, exactly."""

    batch_id: str
    start: datetime
    equipment: str
    output: float
    value: float  # as measured, in the label's unit
    at_reference: float
    gap: Amount
    explained: Amount
    within_uncertainty: Amount
    avoidable: Amount
    unexplained: Amount
    causes: tuple[CausePart, ...]  # named ones first, largest first; "no cause in the data" last
    variables: tuple[VariablePart, ...]


def worst_batches(
    measured: MeasuredBatches,
    evidence: BatchEvidence,
    attribution: Attribution,
    causes: Mapping[WasteCause, Floats],
    variables: Mapping[str, Floats],
    uncertain: Floats,
    number: int,
) -> tuple[BatchLoss, ...]:
    """The batches with most energy per output beyond slopes and uncertainty; parts are batches x 5
    (`amounts.parts_of`).
    """
    beyond = sum(attribution.energy.values(), np.zeros(len(measured.rows)))
    order = np.argsort(-beyond / measured.output, kind="stable")[:number]
    return tuple(
        _loss(index, measured, evidence, attribution, causes, variables, uncertain)
        for index in order.tolist()
        if beyond[index] > 0
    )


def _loss(
    index: int,
    measured: MeasuredBatches,
    evidence: BatchEvidence,
    attribution: Attribution,
    causes: Mapping[WasteCause, Floats],
    variables: Mapping[str, Floats],
    uncertain: Floats,
) -> BatchLoss:
    batch = measured.columns.batches[int(measured.rows[index])]
    output = float(measured.output[index])

    def amount(part: Floats) -> Amount:
        return amount_of(part[index : index + 1])

    lost = [
        CausePart(
            cause,
            amount(part),
            float(part[index, 0]) / output,
            _evidence(cause, index, measured, evidence, attribution),
        )
        for cause, part in causes.items()
        if part[index, 0] > 0
    ]
    lost.sort(
        key=lambda part: (not part.cause.named, part.cause is WasteCause.NONE, -part.amount.energy)
    )
    explained = tuple(
        VariablePart(
            name, amount(part), float(part[index, 0]) / output, _recorded(name, index, measured)
        )
        for name, part in variables.items()
        if part[index, 0] > 0
    )
    nothing = np.zeros((1, 5))
    of_variables = sum((part[index : index + 1] for part in variables.values()), nothing)
    avoidable = sum(
        (part[index : index + 1] for cause, part in causes.items() if cause.named), nothing
    )
    unexplained = sum(
        (part[index : index + 1] for cause, part in causes.items() if not cause.named), nothing
    )
    not_sure = uncertain[index : index + 1]
    return BatchLoss(
        batch.batch_id,
        batch.start,
        batch.equipment,
        output,
        float(measured.value[index]),
        float(measured.at_reference[index]),
        amount_of(of_variables + not_sure + avoidable + unexplained),
        amount_of(of_variables),
        amount_of(not_sure),
        amount_of(avoidable),
        amount_of(unexplained),
        tuple(lost),
        explained,
    )


def _recorded(variable: str, index: int, measured: MeasuredBatches) -> Words:
    row = int(measured.rows[index])
    value = measured.columns.batches[row].variables.get(variable, 0.0)
    conditions = measured.columns.step.reference_conditions
    condition = next(declared for declared in conditions if declared.variable == variable)
    reference = between(condition.reference, unit_of(variable, conditions))
    return worded("%(value)s instead of %(reference)s", value=plain(value), reference=reference)


def _evidence(
    cause: WasteCause,
    index: int,
    measured: MeasuredBatches,
    evidence: BatchEvidence,
    attribution: Attribution,
) -> Words | None:
    row = int(measured.rows[index])
    if cause in attribution.groups:
        groups, _ = attribution.groups[cause]
        name = groups.names[int(groups.code[index])]
        return Words.of(name)
    if cause is WasteCause.REJECT:
        batch = measured.columns.batches[row]
        return worded(
            "%(reject)s rejected, %(output)s good",
            reject=plain(batch.reject, 3),
            output=plain(batch.output),
        )
    if cause is WasteCause.COLD_START:
        hours = float(evidence.pause_s[row]) / 3600
        return worded("after a stop of %(hours)s h", hours=f"{hours:,.1f}")
    if cause in attribution.doses:
        dose = attribution.doses[cause]
        amount = float(dose.amount[index])
        if dose.per == "min":
            return worded("%(amount)s min longer", amount=f"{amount:,.0f}")
        if dose.per == "time":
            return worded("%(amount)s times", amount=f"{amount:g}")
        if cause is WasteCause.LOW_LOAD:
            return worded("%(amount)s %% less output", amount=f"{amount * 100:,.0f}")
    return None
