"""The verdicts on a meter for one step, with what is looked at and the figures that decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from benchmarks.declared import Words, worded
from reporting_agent.config import Meter
from reporting_agent.metering import MeterRecord

LOW_LOAD = {"electricity": 0.05}  # of the range
LOW_LOAD_OF_FLOW = 0.10


class AdequacyVerdict(StrEnum):
    ADEQUATE = "adequate"
    UNDECLARED = "undeclared"
    YEAR_ONLY = "year-only"
    INADEQUATE = "not-adequate"

    @property
    def words(self) -> Words:
        return _VERDICTS[self]


_VERDICTS = {
    AdequacyVerdict.ADEQUATE: worded("adequate"),
    AdequacyVerdict.UNDECLARED: worded("cannot be judged"),
    AdequacyVerdict.YEAR_ONLY: worded("adequate for the year only"),
    AdequacyVerdict.INADEQUATE: worded("not adequate"),
}
GRAVITY = (
    AdequacyVerdict.ADEQUATE,
    AdequacyVerdict.UNDECLARED,
    AdequacyVerdict.YEAR_ONLY,
    AdequacyVerdict.INADEQUATE,
)


class Aspect(StrEnum):
    RANGE = "range"
    SATURATION = "saturation"
    RESOLUTION = "resolution"
    CLASS = "class"
    COVERAGE = "coverage"
    SAMPLING = "sampling"
    STATE = "state"
    CALIBRATION = "calibration"
    UNDECLARED = "undeclared"


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that a meter lacks: how far it brings the verdict down, what was found, and what to
    change.
    """

    aspect: Aspect
    verdict: AdequacyVerdict
    found: Words
    change: Words


@dataclass(frozen=True, slots=True)
class MeterLoad:
    """How a meter is loaded, in the unit of its range: mean in batches, the lowest hour in twenty,
    the highest seen.
    """

    mean: float
    lowest: float | None
    highest: float | None


@dataclass(frozen=True, slots=True)
class Measuring:
    """One meter as one step's label uses it. Uncertainties are expanded, as shares; None where no
    class is declared.

    `share` is the part of the label's energy that the carrier is; `spread` the way from the label
    to the typical batch, as a share.
    """

    meter: Meter
    record: MeterRecord
    load: MeterLoad | None
    share: float
    of_batch: float | None
    own: float | None
    of_period: float | None
    spread: float | None
    batch_energy: float  # typical, in the record's unit
    batch_s: float
    longest_gap_s: float  # of the step's label rule
    ends: date

    @property
    def low_load(self) -> float:
        return LOW_LOAD.get(self.meter.carrier, LOW_LOAD_OF_FLOW)

    @property
    def unit(self) -> str:
        """Of range and load."""
        return (
            self.meter.unit
            if self.meter.reading == "rate"
            else {"kWh": "kW", "MWh": "MW"}.get(self.meter.unit, f"{self.meter.unit}/h")
        )
