"""Relevant variables that the pack brings every run to reference by: which runs lack one, or give what it cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.errors import Place
from benchmarks.measurements import Batch, Finding, Severity
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack, ReferenceCondition

_PLACES_KEPT = 20


def examine(batches: Sequence[Batch], pack: Pack) -> Iterator[Finding]:
    """A finding a variable and step; the label leaves these runs out under the same codes (`ExclusionReason`)."""
    for step in pack.steps:
        own = [batch for batch in batches if batch.step == step.id and batch.excluded is None]
        for condition in {reference.variable: reference for reference in step.reference_conditions}.values() if own else ():
            if lacking := [batch for batch in own if condition.required and condition.variable not in batch.variables]:
                yield Finding(
                    "variable-missing",
                    Severity.EXCLUSION,
                    Phrase(
                        "Step %(step)s: %(variable)s is not given. The pack corrects every run to %(reference)s %(unit)s of it, so "
                        "these runs are left out. Give it as the column var.%(variable)s. If it never differs, give it as a constant "
                        "of [mapping.batches] (or [mapping.log]).",
                        step=step.id,
                        variable=condition.variable,
                        reference=f"{condition.reference:g}",
                        unit=condition.unit,
                    ),
                    len(lacking),
                    _places(lacking),
                )
            if beyond := [batch for batch in own if not _possible(batch.variables.get(condition.variable), condition)]:
                yield Finding(
                    "variable-impossible",
                    Severity.EXCLUSION,
                    Phrase(
                        "Step %(step)s: %(variable)s is %(found)s %(unit)s, but can only be from %(least)s to %(most)s; these runs "
                        "are left out. Correct the column, or its unit.",
                        step=step.id,
                        variable=condition.variable,
                        found=f"{beyond[0].variables[condition.variable]:g}",
                        unit=condition.unit,
                        least="-∞" if condition.least is None else f"{condition.least:g}",
                        most="∞" if condition.most is None else f"{condition.most:g}",
                    ),
                    len(beyond),
                    _places(beyond),
                )


def _possible(value: float | None, condition: ReferenceCondition) -> bool:
    least, most = condition.least, condition.most
    return value is None or ((least is None or value >= least) and (most is None or value <= most))


def _places(batches: Sequence[Batch]) -> tuple[Place, ...]:
    return tuple(batch.place for batch in batches[:_PLACES_KEPT] if batch.place is not None)
