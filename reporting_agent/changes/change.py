"""One thing that changed, or that is wrong throughout: what, where, since when, by how much, and
what most likely caused it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class ChangeKind(StrEnum):
    LEVEL = "level"  # a meter counts another share of what flows
    OUTPUT = "output"  # tonnes an hour, and energy a tonne against them
    PROCESS = "process"  # energy a tonne, and nothing that speaks for meter or scale
    SWAP = "swap"  # two meters follow each other's lines
    DEAD = "dead"  # a meter counts nothing while its line runs
    PARTS = "dead-in-parts"  # of runs, and their energy is low by that
    CLOCK = "clock"  # one meter's clock against the log's
    ZONE = "zone"  # all meters' clocks against the log's
    ROUNDING = "rounding"  # the log's times are rounded
    REPEATED = "repeated"  # days of readings that repeat others
    BOOKED = "booked-late"  # output, so many runs after it was made
    PAUSES = (
        "pauses-in-runs"  # ends are the next starts, and the meter sees the load rest before them
    )
    BALANCE = "balance"  # a meter against the main meter above it
    LEAP = "leap"  # single runs that no plant can have had
    ROWS = "rows-missing"  # of a meter of intervals, and what they counted
    UNCOUNTED = "uncounted"  # a meter of a step whose energy is in no batch
    CHECK = "check-differs"  # a check meter, from the one it stands beside
    UNDECLARED = "undeclared"  # a meter of the readings that site.toml does not name
    NEGATIVE = "negative"  # readings below nothing, and no range says that they can be


class ChangeCause(StrEnum):
    """What can bring a change about, and what a person then looks at."""

    TRANSFORMER = "transformer-ratio"
    PHASE = "phase-lost"
    UNIT = "unit"
    SCALE = "scale"
    SWAP = "swap"
    PROCESS = "process"
    DEAD = "meter-dead"
    CLOCK = "clock"
    ZONE = "time-zone"
    ROUNDING = "rounded-log"
    COPIED = "copied-data"
    BOOKING = "output-booking"
    ENDS = "next-start-as-end"
    READING = "wrong-readings"
    ROWS = "rows-missing"
    FED_BACK = "energy-fed-back"
    DECLARED = "declared-wrongly"


@dataclass(frozen=True, slots=True)
class Change:
    """A change point or a fault throughout.

    `meters` are those that it concerns (none: the log is), `first` the day from which and `until`
    the day before which it holds; None is an open end, and both None are the whole record. `size`
    is what is shown since over what was shown before (of a clock: seconds ahead; of output that is
    booked late: seconds late; of pauses within runs: their share of the energy; of a swap: 1 where
    one event can put it back, 0 where the two are read in unlike ways; of what counts nowhere: its
    share of what the step's meters counted), with the half-width of its 95 % interval. `causes` are
    in order of likelihood. `days` are single days where it is of days, `batches` those whose energy
    or output it makes doubtful (step and id), where it is of single ones, `product` the variant (or
    product) where it is of one only.
    """

    kind: ChangeKind
    step: str
    meters: tuple[str, ...]
    equipment: tuple[str, ...]
    first: date | None
    until: date | None
    size: float
    size_error: float
    causes: tuple[ChangeCause, ...]
    days: tuple[date, ...] = ()
    batches: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)
    product: str = ""

    def holds_on(self, day: date) -> bool:
        """Whether the day lies in the questioned part."""
        return (self.first is None or day >= self.first) and (
            self.until is None or day < self.until
        )

    def lies_in(self, first: date, end: date) -> bool:
        """Whether it begins, ends or has a day in [first, end), or holds throughout.

        What began before and lasts beyond holds on every day of it, and moves none of them against
        another.
        """
        if self.days:
            return any(first <= day < end for day in self.days)
        if self.first is None and self.until is None:
            return True
        begins = self.first is not None and first <= self.first < end
        return begins or (self.until is not None and first < self.until < end)
