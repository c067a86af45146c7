"""The unit of energy for one of a step's output."""

from __future__ import annotations

from benchmarks.phrases import Phrase


def per(output_unit: str) -> Phrase:
    """Energy for one of it, as people read it: the unit itself has its word in each language
    (`benchmarks.catalogue`).
    """
    return Phrase("kgce/%(unit)s", unit=output_unit)
