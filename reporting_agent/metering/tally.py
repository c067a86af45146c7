"""Faults of one meter as they are met, counted, with the first few places; at the end they become findings."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import Place
from benchmarks.measurements import Finding, Severity

PLACES_KEPT = 20

_SENTENCES: dict[str, tuple[Severity, str]] = {
    "sentinel": (Severity.WARNING, "values of all nines, which a logger writes for a fault; left out, the time counts as missing"),
    "out-of-range": (Severity.WARNING, "values that the meter's declared range makes impossible; left out, the time counts as missing"),
    "register-spike": (Severity.WARNING, "single register values that jump away and back; left out, the register runs on over them"),
    "register-reset": (Severity.WARNING, "falls of the register that are no declared rollover; the energy across is not known"),
    "register-rollover": (Severity.NOTICE, "rollovers of the register; added back"),
    "reading-duplicate": (Severity.NOTICE, "readings that stand twice with the same stamp and value; counted once"),
    "reading-conflict": (Severity.WARNING, "readings that share a stamp and differ; the first in the file is taken"),
    "reading-disordered": (Severity.NOTICE, "readings that stand after a later one; put in order of time"),
    "clock-jump": (
        Severity.WARNING,
        "readings stamped by a clock that was wrong (it leapt, or was put back); left out, the time counts as missing",
    ),
    "reading-gap": (Severity.WARNING, "gaps longer than the label rule allows; no energy is carried across, the seconds count as missing"),
    "resolution-change": (Severity.NOTICE, "changes of the usual time between readings; each reading keeps its own length"),
}


@dataclass(slots=True)
class Tally:
    """What was found wrong with one meter's readings."""

    meter: str
    counts: dict[str, int] = field(default_factory=dict)
    places: dict[str, list[Place]] = field(default_factory=dict)

    def add(self, code: str, file: str, rows: NDArray[np.int64]) -> None:
        """Count these rows under the fault's code."""
        if not len(rows):
            return
        self.counts[code] = self.counts.get(code, 0) + len(rows)
        kept = self.places.setdefault(code, [])
        kept.extend(Place(file, int(row)) for row in rows[: PLACES_KEPT - len(kept)])

    def findings(self) -> list[Finding]:
        found = []
        for code, count in self.counts.items():
            severity, sentence = _SENTENCES[code]
            found.append(Finding(code, severity, f"Meter {self.meter}: {count:,} {sentence}.", count, tuple(self.places[code])))
        return found
