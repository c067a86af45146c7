"""Of which relevant variables nothing was recorded: such a batch counts as at reference, and
leaving the column out may pay.

No datum is false then, so no check fails; what an auditor can be told is how many batches it
concerns, and what a unit of it moves.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.audit.evidence import Evidence
from benchmarks.measurements import Metric


@dataclass(frozen=True, slots=True)
class AtReference:
    """One variable of a step; `share` of the opened batches that count, `slope` in the metric's
    unit per unit of the variable.
    """

    step: str
    variable: str
    unit: str
    reference: float
    metric: Metric
    metric_unit: str
    slope: float
    share: float


def at_reference(evidence: Evidence) -> tuple[AtReference, ...]:
    """By step in the pack's order, those that at least one batch lacks; a batch without a required
    one counts in no label.
    """
    counting = [batch for batch in evidence.batches.values() if batch.excluded is None]
    assumptions = []
    for step in evidence.pack.steps:
        batches = [batch for batch in counting if batch.step == step.id]
        for condition in step.reference_conditions:
            lacking = sum(condition.variable not in batch.variables for batch in batches)
            if condition.required or not lacking:
                continue
            assumptions += [
                AtReference(
                    step.id,
                    condition.variable,
                    condition.unit,
                    condition.reference,
                    rule.metric,
                    rule.unit,
                    condition.slope[rule.metric],
                    lacking / len(batches),
                )
                for rule in step.metrics
                if rule.metric in condition.slope
            ]
    return tuple(assumptions)
