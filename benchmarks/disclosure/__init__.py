"""The disclosure gate: nothing is published before every cell has passed it, and a refused cell
says why.

Read in this order: `reasons` (the codes and their sentences), `influence` (how far a firm moves a
figure), `frequency_and_dominance` (one value by itself), `differencing` (beside another
publication), `several_publications` (beside several at once), `beside_others` (beside all that is
public), `rounding`, `curve`, `potentials`, `decisions` (what comes out), `totals` (what would give
a hidden step away), `gate` (the whole draft).
"""

from benchmarks.disclosure.decisions import CellDecision, GateResult, PublishedVersion
from benchmarks.disclosure.gate import gate
from benchmarks.disclosure.reasons import GateReason, sentence

__all__ = ["CellDecision", "GateReason", "GateResult", "PublishedVersion", "gate", "sentence"]
