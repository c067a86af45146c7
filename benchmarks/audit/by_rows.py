"""What of a label's energy no meter tells: what the plant's own rows give, of carriers with a meter
and without.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from benchmarks.audit.evidence import Evidence
from benchmarks.conversion import Basis
from benchmarks.errors import InputError
from benchmarks.measurements import Batch, CarrierEnergy, Direction


@dataclass(frozen=True, slots=True)
class ByRows:
    """One carrier of a step as rows give it; `share` is its part of the energy of the step's opened
    batches, in coal equivalent.

    Energy that leaves a step has rows of its own: what is credited lowers a label as much as what
    is left out.
    """

    step: str
    carrier: str
    direction: Direction
    share: float


def by_rows(evidence: Evidence) -> tuple[ByRows, ...]:
    """By step, carrier and direction, the largest first; none of a site without any reading, of
    which all energy is so.
    """
    if evidence.by_batch:
        return ()
    all_of, kgce_by_rows = (
        defaultdict[str, float](float),
        defaultdict[tuple[str, str, Direction], float](float),
    )
    for batch in evidence.batches.values():
        if batch.excluded is not None:
            continue
        all_of[batch.step] += sum(_kgce(energy, batch, evidence) for energy in batch.energy)
        for row in evidence.given.get((batch.step, batch.batch_id), ()):
            kgce_by_rows[batch.step, row.carrier, row.direction] += _kgce(row, batch, evidence)
    parts = [
        ByRows(*key, kgce / all_of[key[0]])
        for key, kgce in kgce_by_rows.items()
        if kgce and all_of[key[0]]
    ]
    return tuple(
        sorted(parts, key=lambda part: (-part.share, part.step, part.carrier, part.direction))
    )


def _kgce(energy: CarrierEnergy, batch: Batch, evidence: Evidence) -> float:
    """Coal equivalent; 0 of what has no heating value, which is in no label (a gas that is given
    back).
    """
    try:
        return abs(evidence.context.factors.kgce(energy, Basis.CALORIFIC, batch.start.date()))
    except InputError as refusal:
        if refusal.code != "lhv-required":
            raise
        return 0.0
