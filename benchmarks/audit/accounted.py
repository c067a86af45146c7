"""What meters counted on drawn days and where it went (batches, standing, unexplained), and opened
batches against scale records.

Energies are in the meter's unit, hours are hours of known readings. The parts of a balance add up
to its total.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class StretchQuestion(StrEnum):
    """What is questioned."""

    NO_BATCH = "no-batch"  # power as in production, and no batch was committed to
    NO_RECORD = "no-record"  # a row of the plant's own table of which no record was committed to
    EDGE = "edge"  # power as in production before a batch begins or after it ends
    STANDING_STATE = "standing-state"  # a row says that the line waited, its power that it produced
    # rows without output beside a batch say something else, their power that it produced
    FILLER = "filler"
    # the same beside rows with wrong times, of which the line has too many to be believed
    WRONG_TIMES = "wrong-times"
    # a filler that is a start-up after a standstill: readings cannot tell it from a batch's
    # beginning
    START_UP = "start-up"


@dataclass(frozen=True, slots=True)
class QuestionedStretch:
    """A stretch of time whose energy needs an explanation; `batch` is the one beside it, or of
    which it is, where there is one.
    """

    why: StretchQuestion
    meter: str
    start_us: int
    end_us: int
    energy: float
    unit: str
    batch: str = ""


@dataclass(frozen=True, slots=True)
class AccountedMeter:
    """One meter over its drawn days.

    Args:
        used, excluded: in batches that a label counts, and in those that none counts. standing:
        outside every batch, at no more than the standing level or too short to be judged.
        explained: outside every batch, beside a committed batch whose times the log has wrong.
        unusable: in no batch that a label counts, in time that the plant declared unusable or in
        batches left out for it; not judged. unexplained: outside every batch, above the standing
        level; what is questioned is part of it. standing_level, production_level: unit an hour, as
        these readings show them; None where too few batches ran. unknown_h: hours of which no
        reading tells.
    """

    meter: str
    step: str
    unit: str
    days: int
    used: float
    excluded: float
    standing: float
    explained: float
    unusable: float
    unexplained: float
    unknown_h: float
    standing_level: float | None
    production_level: float | None

    @property
    def total(self) -> float:
        return (
            self.used
            + self.excluded
            + self.standing
            + self.explained
            + self.unusable
            + self.unexplained
        )


@dataclass(frozen=True, slots=True)
class Accounted:
    """Everything that was judged: a balance for each meter of a drawn day, what is questioned, and
    how many edges of batches were seen.
    """

    balances: tuple[AccountedMeter, ...]
    questioned: tuple[QuestionedStretch, ...]
    edges: int

    def of(self, *reasons: StretchQuestion) -> tuple[QuestionedStretch, ...]:
        return tuple(stretch for stretch in self.questioned if stretch.why in reasons)


@dataclass(frozen=True, slots=True)
class WeighedBatch:
    """One opened batch against the records of its scale, both in the step's unit of output."""

    leaf: int
    output: float
    weighed: float
    tolerance: float

    @property
    def agrees(self) -> bool:
        return abs(self.output - self.weighed) <= self.tolerance


@dataclass(frozen=True, slots=True)
class WeighedBatches:
    """Opened batches against scale records, and by step how many opened batches no scale record
    tells of.
    """

    batches: tuple[WeighedBatch, ...]
    without: Mapping[str, int]

    @property
    def resolution(self) -> float:
        """The largest tolerance, as a share of what was made or weighed."""
        return max(
            (
                batch.tolerance / most
                for batch in self.batches
                if (most := max(batch.output, batch.weighed)) > 0
            ),
            default=0.0,
        )
