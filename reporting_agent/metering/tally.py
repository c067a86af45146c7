"""Faults of one meter counted, with the first places; what its whole record showed, and what is
left out when it is read again.

All times are the meter's own, before its clock is put right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import Place
from benchmarks.measurements import DataFinding, Severity
from benchmarks.phrases import Phrase
from reporting_agent.metering.outliers import EMPTY, NO_RUNS, EqualValueRuns, SampledReadings
from reporting_agent.metering.segments import Columns
from reporting_agent.row_numbers import Rows

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

PLACES_KEPT = 20
PLATEAU = "load-plateau"

SENTENCES: dict[str, tuple[Severity, Phrase]] = {
    "sentinel": (
        Severity.WARNING,
        Phrase(
            "values of all nines, which a logger writes for a fault; left out, the time counts as "
            "missing"
        ),
    ),
    "out-of-range": (
        Severity.WARNING,
        Phrase(
            "values that the meter's declared range makes impossible; left out, the time counts "
            "as missing"
        ),
    ),
    "register-spike": (
        Severity.WARNING,
        Phrase(
            "single register values that jump away and back; left out, the register counts as "
            "continuous"
        ),
    ),
    "register-reset": (
        Severity.WARNING,
        Phrase(
            "falls of the register that are not a declared rollover; the energy across the fall "
            "is not known"
        ),
    ),
    "register-rescaled": (
        Severity.WARNING,
        Phrase(
            "changes of the register's unit: its value continued, multiplied by a factor between "
            "units of energy; the energy "
            "across the change is not known"
        ),
    ),
    "register-jump": (
        Severity.WARNING,
        Phrase(
            "rises of the register faster than anything in its own history; the energy across the "
            "rise is not known"
        ),
    ),
    "rate-spike": (
        Severity.WARNING,
        Phrase(
            "single values far above anything in the meter's own history; left out, the load "
            "counts as continuous"
        ),
    ),
    "interval-spike": (
        Severity.WARNING,
        Phrase(
            "single intervals far above anything in the meter's own history; left out, the time "
            "counts as missing"
        ),
    ),
    "zero-dropout": (
        Severity.WARNING,
        Phrase(
            "single zeros of a meter that is never at zero: an outage, or a logger that writes "
            "zero when no value arrived; left out"
        ),
    ),
    "value-stuck": (
        Severity.WARNING,
        Phrase(
            "times the value stood still to the last digit for far longer than the meter's own "
            "history "
            "makes plausible; that time is missing"
        ),
    ),
    "saturated": (
        Severity.WARNING,
        Phrase(
            "values at the end of the meter's declared range: the load was that or more; the time "
            "counts as missing. If the meter can show more, give range as far as it can"
        ),
    ),
    PLATEAU: (
        Severity.NOTICE,
        Phrase(
            "is its highest load and comes again and again: a full load, or the end of what the "
            "meter can show; it counts as read. If the meter can show no more, declare range up to "
            "it, and that time counts as missing"
        ),
    ),
    "register-rollover": (Severity.NOTICE, Phrase("rollovers of the register; added back")),
    "reading-duplicate": (
        Severity.NOTICE,
        Phrase("readings that appear twice with the same time stamp and value; counted once"),
    ),
    "reading-conflict": (
        Severity.WARNING,
        Phrase(
            "readings with the same time stamp and different values; the first in the file is used"
        ),
    ),
    "reading-corrected": (
        Severity.NOTICE,
        Phrase("readings that their source corrected; the value with the highest number is used"),
    ),
    "reading-disordered": (
        Severity.NOTICE,
        Phrase("readings that come after a later one; sorted by time"),
    ),
    "clock-jump": (
        Severity.WARNING,
        Phrase(
            "readings stamped by a clock that was wrong (it jumped, or was set back); left out, "
            "the time counts as missing"
        ),
    ),
    "reading-blank": (
        Severity.NOTICE,
        Phrase(
            "readings without a readable value; the time around them counts by the readings next "
            "to them"
        ),
    ),
    "reading-gap": (
        Severity.WARNING,
        Phrase(
            "gaps longer than longest_gap_s of the pack's label rule; no energy is assigned to "
            "them, and the time counts as missing"
        ),
    ),
    "interval-missing": (
        Severity.WARNING,
        Phrase(
            "intervals missing between stamps that are evenly spaced; their energy is not known, "
            "and the time counts as missing"
        ),
    ),
    "resolution-change": (
        Severity.NOTICE,
        Phrase("changes of the usual time between readings; each reading keeps its own length"),
    ),
    "quantum-change": (
        Severity.NOTICE,
        Phrase("changes of the smallest step of the values; each reading counts as written"),
    ),
    "first-interval-unknown": (
        Severity.NOTICE,
        Phrase(
            "interval reading at the edge of the record whose length is not known; left out, the "
            "time counts as missing (declare"
            " interval_s)"
        ),
    ),
}


def places_of(
    files: Sequence[str], rows: NDArray[np.int64], file: NDArray[np.int64]
) -> tuple[Place, ...]:
    """The first few places, where `file` says in which of the files each row stands."""
    return tuple(
        Place(files[at], row)
        for row, at in zip(rows[:PLACES_KEPT].tolist(), file[:PLACES_KEPT].tolist(), strict=True)
    )


@dataclass(slots=True)
class Tally:
    """What was found wrong with one meter's readings."""

    meter: str
    counts: dict[str, int] = field(default_factory=dict)
    places: dict[str, list[Place]] = field(default_factory=dict)
    turned_back: list[NDArray[np.int64]] = field(
        default_factory=list
    )  # stamps before and after each step back in time
    holes: list[NDArray[np.int64]] = field(default_factory=list)  # stamps before and after each gap
    loads_outside: list[tuple[int, float]] = field(
        default_factory=list
    )  # of each block: how many, and their median
    plateau: str = ""  # load of a highest value that comes again

    def note_outside(self, load: NDArray[np.float64]) -> None:
        """Loads of one block that the range makes impossible."""
        if len(load):
            self.loads_outside.append((len(load), float(np.median(np.abs(load)))))

    def outside(self) -> tuple[int, float]:
        """How many loads the range made impossible, and about what they were."""
        if not self.loads_outside:
            return 0, 0.0
        count, median = zip(*self.loads_outside, strict=True)
        return sum(count), float(np.average(median, weights=count))

    def add(self, code: str, file: str, rows: Rows, flags: NDArray[np.bool_] | None = None) -> None:
        """Count these rows under the fault's code, or those of them that flags tell."""
        if flags is not None:
            if not flags.any():
                return
            rows = rows[flags]
        if not len(rows):
            return
        self.counts[code] = self.counts.get(code, 0) + len(rows)
        places = self.places.setdefault(code, [])
        places.extend(Place(file, int(row)) for row in rows[: PLACES_KEPT - len(places)])

    def take_in(self, other: Tally) -> None:
        """Add what another tally of the same meter counted."""
        for code, count in other.counts.items():
            self.counts[code] = self.counts.get(code, 0) + count
            places = self.places.setdefault(code, [])
            places.extend(other.places.get(code, [])[: PLACES_KEPT - len(places)])
        self.plateau = other.plateau or self.plateau

    def findings(self) -> list[DataFinding]:
        tallied = []
        for code, count in self.counts.items():
            severity, fault = SENTENCES[code]
            places = tuple(self.places.get(code, ()))
            sentence = Phrase(
                "Meter %(meter)s: %(count)s %(fault)s.",
                meter=self.meter,
                count=self.plateau if code == PLATEAU else f"{count:,}",
                fault=fault,
            )
            tallied.append(DataFinding(code, severity, sentence, count, places))
        return tallied


NO_STAMPS = np.zeros(0, dtype=np.int64)
NO_PAIRS = np.zeros((0, 2), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Spans(Columns):
    """Stretches of time [first, last] in order, none overlapping another."""

    first_us: Integers = field(default_factory=lambda: NO_STAMPS)
    last_us: Integers = field(default_factory=lambda: NO_STAMPS)

    def hold(self, time_us: Integers) -> Flags:
        """Which moments lie in a span, its ends included."""
        if not len(self):
            return np.zeros(len(time_us), dtype=bool)
        at = np.searchsorted(self.first_us, time_us, side="right") - 1
        inside: Flags = (at >= 0) & (time_us <= self.last_us[np.maximum(at, 0)])
        return inside

    def between(self, time_us: Integers) -> Flags:
        """Which of the segments between these moments lie in a span."""
        if not len(self):
            return np.zeros(len(time_us) - 1, dtype=bool)
        at = np.searchsorted(self.first_us, time_us[:-1], side="right") - 1
        within: Flags = (at >= 0) & (time_us[1:] <= self.last_us[np.maximum(at, 0)])
        return within


@dataclass(frozen=True, slots=True)
class CleaningResult:
    """What was found, counted in `tally`, and what it means for the energy.

    Over `unknown` the meter told nothing. Over `caught_up` a register hung and then caught up: what
    it counted is known, not when. Readings at `stamps_us` are left out. `runs` are the meter's
    standstills and `sample` some of its readings, for the batches to judge, each in one of `files`;
    `outside` how many loads the range made impossible, and their median; `turned_back` and `holes`
    the stamps before and after every step back in time and every gap.
    """

    tally: Tally
    unknown: Spans = Spans()
    caught_up: Spans = Spans()
    stamps_us: Integers = field(default_factory=lambda: NO_STAMPS)
    runs: EqualValueRuns = NO_RUNS
    sample: SampledReadings = EMPTY
    files: tuple[str, ...] = ()
    outside: tuple[int, float] = (0, 0.0)
    turned_back: Integers = field(default_factory=lambda: NO_PAIRS)
    holes: Integers = field(default_factory=lambda: NO_PAIRS)

    @property
    def leaves_out(self) -> bool:
        """Whether the meter must be read again."""
        return bool(len(self.unknown) or len(self.caught_up) or len(self.stamps_us))
