"""A register that shows less than before: it rolled over at its highest digit and went on, was rescaled, or began again at nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config import Meter
from reporting_agent.metering.segments import HOUR_US, Segments
from reporting_agent.metering.tally import Tally
from reporting_agent.metering.unit_factors import rescaled_by
from reporting_agent.row_numbers import Rows

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FROM_ZERO = 5.0  # times what the register counts next: a value below that began again at 0


def over_falls(segments: Segments, value: Floats, meter: Meter, rows: Rows, file: str, tally: Tally) -> tuple[Floats, Flags]:
    """Energy of the segments between register readings with rollovers added back, and over which of them it is known.

    Args:
        value: the readings, one more than there are segments; `rows` are those at the segments' ends.
    """
    energy, before, after = segments.energy, value[:-1], value[1:]
    fell = energy < 0
    if not fell.any():
        return energy, ~fell
    over = rolled(before, energy, np.maximum(segments.end_us - segments.start_us, 1) / HOUR_US, meter)
    tally.add("register-rollover", file, rows, over)
    usual = float(np.median(energy[energy > 0])) if (energy > 0).any() else 0.0
    rescaled = fell & ~over & rescaled_by(before, after, usual)
    rescaled &= ~(after <= FROM_ZERO * np.abs(np.append(energy[1:], np.nan)))
    tally.add("register-rescaled", file, rows, rescaled)
    tally.add("register-reset", file, rows, fell & ~over & ~rescaled)
    return np.where(over, energy + (meter.rollover or 0.0), energy), ~fell | over


def rolled(before: Floats, energy: Floats, hours: Floats, meter: Meter) -> Flags:
    """Which steps of a register are its declared rollover; one that was reset near its end would have counted the impossible.

    Args:
        energy: the reading after each step less that before; hours: how long each took, more than 0.
    """
    over = (energy < 0) & rolls(before, before + energy, meter)
    if meter.range is not None and over.any():
        over &= energy + (meter.rollover or 0.0) <= meter.range[1] * hours
    return over


def rolls(before: Floats, after: Floats, meter: Meter) -> Flags:
    """Whether the register fell as a rollover would make it fall: from its last tenth to its first."""
    if meter.rollover is None:
        return np.zeros(len(before), dtype=bool)
    return (before >= 0.9 * meter.rollover) & (before < meter.rollover) & (after <= 0.1 * meter.rollover) & (after >= 0)
