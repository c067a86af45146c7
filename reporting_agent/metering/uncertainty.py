"""The uncertainty of each batch's energy (JCGM 100:2008, the GUM): standard uncertainties combined
as squares (5.1.2), k = 2.

- *class*: percent of the reading, or of the range times the hours: limit / sqrt(3) (4.3.7), the
  same in every batch (5.2.2): systematic.
- *resolution* q: q / sqrt(12) (F.2.2.1), of a register in a difference; q sqrt(n) / sqrt(12) of n
  readings, of a rate times its seconds.
- *edges*: of a segment E_s cut at share f, sqrt(f (1 - f) / 3) E_s, at the batch's mean power; none
  upon a reading.
- *missing seconds*: the mean power over them (F.2.4.5).
- *state*: classes of temperature and pressure (`at_state`), systematic.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10, sqrt

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config.meters import Meter
from reporting_agent.metering.moments import Windows
from reporting_agent.metering.record import MeterFacts
from reporting_agent.metering.segments import HOUR_US, MICROSECONDS

Floats = NDArray[np.float64]

COVERAGE = 2.0
_ROUND = 1e-3  # of a digit
STEADY = 0.9  # of the usual difference of two readings: a smallest step above this is a steady load
_RECTANGULAR = sqrt(3.0)  # half-width over standard uncertainty
_STEP = sqrt(12.0)  # full width over standard uncertainty


@dataclass(frozen=True, slots=True, eq=False)
class WindowUncertainty:
    """Standard uncertainty (k = 1) of the energy of each window, in its unit: the meter's common
    part, and each window's own.
    """

    systematic: Floats
    own: Floats

    @property
    def expanded(self) -> Floats:
        """k = 2."""
        uncertainty: Floats = COVERAGE * np.hypot(self.systematic, self.own)
        return uncertainty

    def relative(self, energy: Floats) -> tuple[Floats, Floats]:
        """Expanded uncertainty and its systematic part, as shares of the size of each energy; 0
        where there is none.
        """
        size = np.abs(energy)
        whole, common = np.zeros(len(size)), np.zeros(len(size))
        np.divide(self.expanded, size, out=whole, where=size > 0)
        np.divide(COVERAGE * self.systematic, size, out=common, where=size > 0)
        return whole, common


def limit_of_error(
    meter: Meter, energy: Floats, hours: Floats, per_reading: float = 1.0
) -> Floats | None:
    """The class's limit of error for these energies, in their unit; None where no class is
    declared.

    Args:
        per_reading: what one unit of the readings is, in the unit of the energies.
    """
    if meter.accuracy_class is None:
        return None
    share = meter.accuracy_class / 100
    if meter.accuracy_of == "reading" or meter.range is None:
        return share * np.abs(energy)
    return share * meter.range[1] * per_reading * hours


def resolution(meter: Meter, facts: MeterFacts, usual_difference: float) -> float | None:
    """The smallest step of a reading, in the unit of the readings: declared, else as seen where it
    looks like a display's.

    A steady load makes every difference alike, and the smallest one seen is then the load and no
    resolution. So what is seen counts only where it has two digits at most (steps of 1, 2, 5, or
    times the ratio of a transformer) and is not the usual difference itself.
    """
    if meter.resolution is not None or facts.quantum is None or facts.quantum <= 0:
        return meter.resolution
    digits = facts.quantum / 10.0 ** (floor(log10(facts.quantum)) - 1)
    steady = (
        meter.reading == "register"
        and STEADY * usual_difference < facts.quantum <= usual_difference * (1 + 1e-3)
    )
    return None if abs(digits - round(digits)) > _ROUND or steady else facts.quantum


def doubt(
    meter: Meter,
    facts: MeterFacts,
    windows: Windows,
    energy: Floats,
    completeness: Floats,
    per_reading: float = 1.0,
    state_doubt: float = 0.0,
) -> WindowUncertainty | None:
    """The uncertainty of a meter's energies over these windows; None where it declares no class.

    Args:
        energy: of each window, in the unit it is counted in; `per_reading` of it make one unit of
            the readings.
        state_doubt: standard uncertainty of `per_reading`, as a share, from temperature and
            pressure (`at_state`).
    """
    length_h = (windows.end_us - windows.start_us) / HOUR_US
    known_h = completeness * length_h
    limit = limit_of_error(meter, energy, known_h, per_reading)
    if limit is None:
        return None
    step_s = facts.usual_step_s or 0.0
    power = np.divide(np.abs(energy), known_h, out=np.zeros(len(energy)), where=known_h > 0)
    usual = (
        float(np.median(power)) * step_s / 3600 / abs(per_reading)
        if len(power) and per_reading
        else 0.0
    )
    quantum = (resolution(meter, facts, usual) or 0.0) * abs(per_reading)
    missing = (1.0 - completeness) * length_h * power
    own = _resolution(meter, quantum, known_h, step_s) ** 2 + missing**2
    if meter.reading != "rate" and step_s and facts.first_us is not None:
        segment = power * step_s / 3600
        for edge_us in (windows.start_us, windows.end_us):
            share = ((edge_us - facts.first_us) / MICROSECONDS % step_s) / step_s
            own += segment**2 * share * (1 - share) / 3
    return WindowUncertainty(
        np.hypot(limit / _RECTANGULAR, state_doubt * np.abs(energy)), np.sqrt(own)
    )


def _resolution(meter: Meter, quantum: float, hours: Floats, step_s: float) -> Floats:
    if meter.reading == "register":
        return np.full(len(hours), sqrt(2.0) * quantum / _STEP)
    readings = np.maximum(hours * 3600 / step_s, 1.0) if step_s else np.ones(len(hours))
    each_h = step_s / 3600 if meter.reading == "rate" else 1.0
    return quantum * each_h * np.sqrt(readings) / _STEP


def together(parts: list[WindowUncertainty]) -> WindowUncertainty:
    """The uncertainty of a sum or difference of different meters: their errors are independent."""
    return WindowUncertainty(
        np.sqrt(np.sum([part.systematic**2 for part in parts], axis=0)),
        np.sqrt(np.sum([part.own**2 for part in parts], axis=0)),
    )
