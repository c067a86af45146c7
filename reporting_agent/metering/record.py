"""What one meter counted in the period: how it divides, and what its readings say of the meter itself.

Energies are in `MeterRecord.unit` and on a binary grid of 2^-20 of it (a millionth), so that sums of them below 8 billion
units are exact in floating point, in any order. They are differences of one curve, `curve.Curve`, and therefore close:

    total = in_batches + outside + unplaced              outside = sum of the stretches
    total - unplaced = sum of hour_energy                (local clock hours tile the period)

to the last bit. What the readings do not tell is in none of them: its seconds are `missing_s`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config import Meter
from reporting_agent.metering.run_record import RunRecord

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A window in which none of the batches ran that the meter counts for: half-open, UTC microseconds.

    `completeness` is the share of its seconds whose energy is known; `before` and `after` are the ids of the batches on
    either side, "" at an edge of the period.
    """

    equipment: str
    start_us: int
    end_us: int
    energy: float
    completeness: float
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class MeterFacts:
    """What the readings show of the meter. None where there were too few to tell.

    `highest` and `lowest` are power or flow in the meter's range unit: of a rate its values, else energy an hour between
    two readings. `quantum` is the smallest step between two values (the resolution as written), `usual_step_s` the most
    frequent time between readings, `at_range_share` the share of the known seconds in which a rate stood at the highest
    value of its declared range.
    """

    readings: int
    first_us: int | None
    last_us: int | None
    highest: float | None
    lowest: float | None
    quantum: float | None
    usual_step_s: float | None
    at_range_share: float


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Energy from each edge to the next, and the seconds of it that are known."""

    edges_us: Integers
    energy: Floats
    known_s: Floats


@dataclass(frozen=True, slots=True)
class MeterRecord:
    """One meter over the period [start_us, end_us); without a period, from its first reading to its last.

    `in_batches` is over the union of the batches that it counts for, cut off at the period's edges: `began_before` of it
    is in batches that began before the period, and `runs_on` (no part of `total`) was counted after the period's end in batches that
    began in it. So the energies of the batches of the period, where none overlap, add up to
    `in_batches - began_before + runs_on`. `unplaced` is what a register counted across gaps too long to place it, in
    the period in which it was read again. `per_reading` is what one unit of the readings (of a rate: times an hour) is in `unit`: 1 for
    kWh, a mean of the period where gas was brought to normal state or steam turned into heat; `state_doubt` its standard
    uncertainty, as a share, from the meters of temperature and pressure.
    """

    meter: Meter
    unit: str
    counted: bool  # enters labels; check meters and sub-meters below a counted one do not
    start_us: int
    end_us: int
    total: float
    in_batches: float
    outside: float
    unplaced: float
    began_before: float
    runs_on: float
    known_s: float
    missing_s: float
    stretches: tuple[Stretch, ...]
    hour_us: Integers  # start of each local clock hour of the period
    hour_energy: Floats
    hour_known: Floats  # share of the hour's seconds, 0 to 1
    facts: MeterFacts
    per_reading: float = 1.0
    state_doubt: float = 0.0
    runs: RunRecord | None = None  # None of a meter that is worked out from others
    demand: Intervals | None = None  # of a meter on top of the tree, where the tariff has a demand charge
    closely: Intervals | None = None  # between the moments that somebody asked for besides
