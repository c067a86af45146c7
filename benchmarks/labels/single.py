"""The value of one batch, for a reader who wants to follow one number by hand."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import numpy as np

from benchmarks.conversion import Basis, FactorTable
from benchmarks.errors import InputError
from benchmarks.labels.columns import StepColumns, metric_energy
from benchmarks.labels.outside import outside_energy
from benchmarks.labels.validity import ExclusionReason
from benchmarks.measurements import Batch
from benchmarks.phrases import Phrase
from benchmarks.routes import MetricRule, Step


class IncompleteError(InputError):
    """The batch has no value for this metric; `code` is the exclusion reason, `missing` names the
    carriers that lack or are beyond.
    """

    def __init__(
        self, reason: ExclusionReason, batch_id: str, missing: tuple[str, ...] = ()
    ) -> None:
        batch, carriers = repr(batch_id), ", ".join(missing)
        super().__init__(
            reason,
            Phrase(
                "Batch %(batch)s has no value for this metric (%(reason)s: %(carriers)s).",
                batch=batch,
                reason=reason,
                carriers=carriers,
            )
            if missing
            else Phrase(
                "Batch %(batch)s has no value for this metric (%(reason)s).",
                batch=batch,
                reason=reason,
            ),
            Phrase(
                "Report what is missing, or declare in site.toml what the step does not use, or "
                "uses outside its boundary."
            ),
        )
        self.missing = missing


def value_per_tonne(
    batch: Batch,
    metric: MetricRule,
    step: Step,
    factors: FactorTable,
    basis: Basis = Basis.CALORIFIC,
    not_used: AbstractSet[str] = frozenset(),
    outside: Mapping[str, str] | None = None,
) -> float:
    """Energy of the batch per tonne of output, as measured, in the metric's unit.

    Raises:
        IncompleteError: output is not positive, the energy is unknown or lacks a carrier of the
            boundary, or the batch used energy that the boundary does not hold and `outside` does
            not declare, or more of it than may be.
    """
    columns = StepColumns.of([batch], step)
    energy = metric_energy(columns, metric, factors, basis, not_used)
    if not batch.output > 0:
        raise IncompleteError(ExclusionReason.OUTPUT_NOT_POSITIVE, batch.batch_id)
    if not energy.known[0]:
        raise IncompleteError(ExclusionReason.ENERGY_UNKNOWN, batch.batch_id)
    if not energy.convertible[0]:
        raise IncompleteError(ExclusionReason.LHV_REQUIRED, batch.batch_id)
    if not energy.complete[0]:
        raise IncompleteError(
            ExclusionReason.ENERGY_INCOMPLETE,
            batch.batch_id,
            tuple(energy.carriers[c] for c in energy.required if not energy.reported[0, c]),
        )
    beyond = outside_energy(columns, metric, factors, basis, outside)
    if beyond.too_much[0]:
        raise IncompleteError(
            ExclusionReason.ENERGY_OUTSIDE,
            batch.batch_id,
            tuple(np.array(beyond.carriers)[beyond.used[0]].tolist()),
        )
    return float(energy.total[0]) / batch.output
