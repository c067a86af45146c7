"""Relevant variables that the pack brings every run to reference by: which runs lack one, or give
what it cannot be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from benchmarks.errors import Place
from benchmarks.labels import ExclusionReason
from benchmarks.measurements import Batch, DataFinding, Severity
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack, ReferenceCondition, Step

_PLACES_KEPT = 20


class KeptOut(NamedTuple):
    """Runs of one step that the label leaves out for one variable, under a code of
    `ExclusionReason`.
    """

    code: str
    step: Step
    condition: ReferenceCondition
    runs: list[Batch]

    @property
    def sentence(self) -> Phrase:
        """Why, and what to do."""
        condition, names = (
            self.condition,
            {
                "step": self.step.id,
                "variable": self.condition.variable,
                "unit": self.condition.unit,
            },
        )
        if self.code == ExclusionReason.VARIABLE_MISSING:
            return Phrase(
                "Step %(step)s: %(variable)s is not given. The pack corrects every run to "
                "%(reference)s %(unit)s of it, so "
                "a report leaves these runs out. Give it as the column var.%(variable)s. If it "
                "never "
                "differs, give it as a constant "
                "of [mapping.batches] (or [mapping.log]).",
                **names,
                reference=f"{condition.reference:g}",
            )
        return Phrase(
            "Step %(step)s: %(variable)s is %(found)s %(unit)s, but can only be from %(least)s to "
            "%(most)s; a report "
            "leaves these runs out. Correct the column, or its unit.",
            **names,
            found=f"{self.runs[0].variables[condition.variable]:g}",
            least="-∞" if condition.least is None else f"{condition.least:g}",
            most="∞" if condition.most is None else f"{condition.most:g}",
        )


def kept_out(batches: Sequence[Batch], pack: Pack) -> Iterator[KeptOut]:
    """By step and variable the runs that nothing else excludes and that lack it, and those that
    give what it cannot be.
    """
    for step in pack.steps:
        own = [batch for batch in batches if batch.step == step.id and batch.excluded is None]
        for condition in (
            {reference.variable: reference for reference in step.reference_conditions}.values()
            if own
            else ()
        ):
            if lacking := [
                batch
                for batch in own
                if condition.required and condition.variable not in batch.variables
            ]:
                yield KeptOut(ExclusionReason.VARIABLE_MISSING.value, step, condition, lacking)
            if beyond := [
                batch
                for batch in own
                if not _possible(batch.variables.get(condition.variable), condition)
            ]:
                yield KeptOut(ExclusionReason.VARIABLE_IMPOSSIBLE.value, step, condition, beyond)


def examine(batches: Sequence[Batch], pack: Pack) -> Iterator[DataFinding]:
    """A finding a variable and step."""
    for out in kept_out(batches, pack):
        yield DataFinding(
            out.code, Severity.EXCLUSION, out.sentence, len(out.runs), _places(out.runs)
        )


def _possible(value: float | None, condition: ReferenceCondition) -> bool:
    least, most = condition.least, condition.most
    return value is None or ((least is None or value >= least) and (most is None or value <= most))


def _places(batches: Sequence[Batch]) -> tuple[Place, ...]:
    return tuple(batch.place for batch in batches[:_PLACES_KEPT] if batch.place is not None)
