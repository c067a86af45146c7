"""A register that shows less than before: it rolled over at its highest digit and went on, was
rescaled, or began again at nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config import Meter
from reporting_agent.metering.segments import HOUR_US, Segments
from reporting_agent.metering.tally import Tally
from reporting_agent.metering.unit_factors import rescaled_by
from reporting_agent.row_numbers import Rows

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

FROM_ZERO = 5.0  # times what the register counts next: a value below that began again at 0


def over_falls(
    segments: Segments, value: Floats, meter: Meter, rows: Rows, file: str, tally: Tally
) -> tuple[Floats, Flags]:
    """Energy of the segments between register readings with rollovers added back, and over which of
    them it is known.

    Args:
        value: the readings, one more than there are segments; `rows` are those at the segments'
            ends.
    """
    counts, tells = counted(value, segments.end_us - segments.start_us, meter)
    moved, before, after = segments.energy, value[:-1], value[1:]
    fell = moved < 0
    if not fell.any():
        return counts, tells
    tally.add("register-rollover", file, rows, fell & tells)
    usual = float(np.median(moved[moved > 0])) if (moved > 0).any() else 0.0
    rescaled = ~tells & rescaled_by(before, after, usual)
    rescaled &= ~(after <= FROM_ZERO * np.abs(np.append(moved[1:], np.nan)))
    tally.add("register-rescaled", file, rows, rescaled)
    tally.add("register-reset", file, rows, ~tells & ~rescaled)
    return counts, tells


def counted(value: Floats, length_us: Integers, meter: Meter) -> tuple[Floats, Flags]:
    """What a register counted from each reading to the next, and where that is known: not where it
    fell, unless it rolled over.

    A fall to the declared rollover's other end is none where the register would have counted more
    than its range allows.

    Args:
        length_us: the time from each reading to the next.
    """
    energy = np.diff(value)
    fell = energy < 0
    if not fell.any():
        return energy, ~fell
    over = fell & rolls(value[:-1], value[1:], meter)
    energy = np.where(over, energy + (meter.rollover or 0.0), energy)
    if meter.range is not None:
        over &= energy <= meter.range[1] * (np.maximum(length_us, 1) / HOUR_US)
    return energy, ~fell | over


def rolls(before: Floats, after: Floats, meter: Meter) -> Flags:
    """Whether the register fell as a rollover would make it fall: from its last tenth to its
    first.
    """
    if meter.rollover is None:
        return np.zeros(len(before), dtype=bool)
    return (
        (before >= 0.9 * meter.rollover)
        & (before < meter.rollover)
        & (after <= 0.1 * meter.rollover)
        & (after >= 0)
    )
