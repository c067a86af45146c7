"""The unit in which a step's output is counted, and that of energy for one of it, as people read them."""

from __future__ import annotations

from benchmarks.phrases import Phrase

_WORDS = {"1000 items": Phrase("1000 items"), "weight case": Phrase("weight case")}  # others are written alike in every language


def worded(output_unit: str) -> str:
    """The unit itself."""
    return _WORDS.get(output_unit, output_unit)


def per(output_unit: str) -> Phrase:
    """Energy for one of it."""
    return Phrase("kgce/%(unit)s", unit=worded(output_unit))
