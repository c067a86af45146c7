"""What a factor between two levels most likely means, in order.

Current transformers: quotients of primary currents of IEC 61869-2, 5.201 (10, 12.5, 15, 20, 25, 30,
40, 50, 60, 75 and decimal multiples). A lost phase takes a third, two phases two thirds. Units:
powers of ten, 3.6 (kWh, MJ), 1.1023 and 0.9072 (short ton), 1.0160 (long ton).
"""

from __future__ import annotations

from itertools import product
from math import log

from reporting_agent.changes.change import ChangeCause

PRIMARIES = (10, 12.5, 15, 20, 25, 30, 40, 50, 60, 75, 100)
RATIOS = sorted(
    {round(a / b, 6) for a, b in product(PRIMARIES, PRIMARIES) if a != b and 0.2 <= a / b <= 5}
)
PHASES = (2 / 3, 1 / 3, 3 / 2, 3.0)
ENERGY_UNITS = (10.0, 100.0, 1000.0, 1e6, 3.6, 3600.0, 0.1, 0.01, 0.001, 1e-6, 1 / 3.6, 1 / 3600)
MASS_UNITS = (1000.0, 0.001, 1.10231, 0.90718, 1.01605, 0.98421, 2.20462, 0.453592)


def of_meter(factor: float, error_ln: float) -> tuple[ChangeCause, ...]:
    """Causes of a meter that shows `factor` of before, with the standard error of its logarithm."""
    if factor <= 0.05 and _off(factor, ENERGY_UNITS) > max(4 * error_ln, 0.02):
        return (ChangeCause.DEAD, ChangeCause.UNIT, ChangeCause.TRANSFORMER)
    fits = {
        ChangeCause.UNIT: _off(factor, ENERGY_UNITS),
        ChangeCause.PHASE: _off(factor, PHASES),
        ChangeCause.TRANSFORMER: _off(factor, RATIOS),
    }
    near = sorted(
        (cause for cause, off in fits.items() if off <= max(3 * error_ln, NEAR)),
        key=lambda cause: _ORDER[cause],
    )
    rest = [
        cause
        for cause in (ChangeCause.TRANSFORMER, ChangeCause.PHASE, ChangeCause.UNIT)
        if cause not in near
    ]
    return (*near, *rest)


def of_output(factor: float, error_ln: float) -> tuple[ChangeCause, ...]:
    """Causes of a line that books `factor` of the tonnes an hour that it booked before at the same
    power.
    """
    unit = _off(factor, MASS_UNITS) <= max(2 * error_ln, 0.005)
    return (
        (ChangeCause.UNIT, ChangeCause.SCALE, ChangeCause.BOOKING)
        if unit
        else (ChangeCause.SCALE, ChangeCause.BOOKING, ChangeCause.UNIT)
    )


def likely_unit(factor: float, *, of_mass: bool) -> float:
    """The quotient of two units that is nearest."""
    return min(MASS_UNITS if of_mass else ENERGY_UNITS, key=lambda unit: abs(log(factor / unit)))


def likely_ratio(factor: float) -> str | None:
    """What takes back a changed ratio of transformers, as two primary currents: "200/100" for half;
    None where none is near.
    """
    pairs = [(old, new) for old, new in product(PRIMARIES, PRIMARIES) if old != new]
    old, new = min(pairs, key=lambda pair: (round(abs(log(factor * pair[0] / pair[1])), 6), pair))
    return f"{10 * old:g}/{10 * new:g}" if abs(log(factor * old / new)) <= NEAR else None


NEAR = 0.035  # in ln: as near as a level can be told beside what a process does by itself
_ORDER = {ChangeCause.UNIT: 0, ChangeCause.PHASE: 1, ChangeCause.TRANSFORMER: 2}


def _off(factor: float, candidates: tuple[float, ...] | list[float]) -> float:
    return (
        min(abs(log(factor / candidate)) for candidate in candidates)
        if factor > 0
        else float("inf")
    )
