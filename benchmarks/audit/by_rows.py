"""What of a label's energy no meter tells: carriers that batches used by the plant's own rows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from benchmarks.audit.evidence import Evidence
from benchmarks.conversion import Basis


@dataclass(frozen=True, slots=True)
class ByRows:
    """One carrier of a step that comes from rows; `share` is its part of the energy of the step's opened batches, in coal equivalent."""

    step: str
    carrier: str
    share: float


def by_rows(evidence: Evidence) -> tuple[ByRows, ...]:
    """By step and carrier, the largest first; none of a site without any reading, of which all energy is so."""
    if evidence.by_batch:
        return ()
    all_of, told = defaultdict[str, float](float), defaultdict[tuple[str, str], float](float)
    for batch in evidence.batches.values():
        for one in batch.energy if batch.excluded is None else ():
            kgce = abs(evidence.context.factors.kgce(one, Basis.CALORIFIC, batch.start.date()))
            all_of[batch.step] += kgce
            if (batch.step, batch.equipment, one.carrier) not in evidence.metered and (batch.step, "", one.carrier) not in evidence.metered:
                told[batch.step, one.carrier] += kgce
    found = [ByRows(step, carrier, kgce / all_of[step]) for (step, carrier), kgce in told.items() if kgce]
    return tuple(sorted(found, key=lambda one: (-one.share, one.step, one.carrier)))
