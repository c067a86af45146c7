"""What a plant measured: periods, batches with their energy, and what was found wrong with them.

A batch is the unit of everything: a heat, a coil, a shift or a day of a continuous line (a *run* is
a batch). Times are zone-aware and intervals half-open, [start, end). Missing is None or a finding,
never a sentinel.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import MAXYEAR, UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase


class Metric(StrEnum):
    """What is divided by the output. Units are the pack's."""

    TOTAL = "total"  # comprehensive energy consumption, GB/T 2589
    ELECTRICITY = "electricity"
    THERMAL = "thermal"


class ProductStatus(StrEnum):
    """What became of the product of a batch."""

    GOOD = "good"
    SCRAP = "scrap"
    TEST = "test"


class OperatingState(StrEnum):
    """What the equipment was doing during the batch."""

    NORMAL = "normal"
    START_UP = "start-up"
    SHUT_DOWN = "shut-down"
    IDLE = "idle"
    HOLDING = "holding"
    TRIAL = "trial"
    FAULT = "fault"


class Direction(StrEnum):
    """Which way the energy crossed the step's boundary; recovered and exported energy is
    credited.
    """

    IMPORT = "import"
    EXPORT = "export"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Period:
    """A reporting period, half-open [start, end), zone-aware."""

    start: datetime
    end: datetime
    name: str

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    @property
    def in_utc(self) -> Period:
        """The same period for many moments to be held against: most are in UTC, and two zones are
        slow to compare.
        """
        return Period(self.start.astimezone(UTC), self.end.astimezone(UTC), self.name)

    @property
    def first_and_last(self) -> tuple[date, date]:
        """Its first day and its last, by its own time zone."""
        return self.start.date(), (self.end - timedelta(microseconds=1)).date()

    @property
    def months(self) -> int:
        """Calendar months that it touches, by its own time zone."""
        last = self.end - timedelta(microseconds=1)
        return 12 * (last.year - self.start.year) + last.month - self.start.month + 1

    @classmethod
    def parse(cls, text: str, zone: tzinfo) -> Period:
        """Read `2016`, `2016-Q1`, `2016-05` or `2016-01-01/2016-07-01` (half-open) in the site's
        time zone.
        """
        first, last = _dates_of(text)
        midnight = datetime.min.time()
        return cls(
            datetime.combine(first, midnight, zone), datetime.combine(last, midnight, zone), text
        )


def _dates_of(text: str) -> tuple[date, date]:
    try:
        if match := re.fullmatch(r"(\d{4})", text):
            year = int(match[1])
            return date(year, 1, 1), date(year + 1, 1, 1)
        if match := re.fullmatch(r"(\d{4})-Q([1-4])", text):
            year, first_month = int(match[1]), 3 * int(match[2]) - 2
            return date(year, first_month, 1), _month_after(year, first_month + 2)
        if match := re.fullmatch(r"(\d{4})-(\d{2})", text):
            year, month = int(match[1]), int(match[2])
            return date(year, month, 1), _month_after(year, month)
        if match := re.fullmatch(r"(\d{4}-\d{2}-\d{2})/(\d{4}-\d{2}-\d{2})", text):
            first, last = date.fromisoformat(match[1]), date.fromisoformat(match[2])
            if (
                first < last and last.year < MAXYEAR
            ):  # what follows a period, as the day its reports are due, needs a date too
                return first, last
    except ValueError:
        pass  # an impossible date such as 2016-13: refused below, with the rest
    raise InputError(
        "period-unreadable",
        "The period cannot be read.",
        "Give a year, a quarter, a month, or two dates. The second date is the first day that is "
        "not included.",
        found=repr(text),
        wanted=Phrase("2016, 2016-Q1, 2016-05 or 2016-01-01/2016-07-01"),
    )


def _month_after(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class CarrierEnergy:
    """Energy of one carrier into (import) or out of (export, recovered) one batch, in the carrier's
    own unit.

    `lhv_mj_per_unit` is the measured lower heating value where the plant has one, of an amount of
    energy the MJ of its unit where the plant says that it was measured; `completeness` the share of
    the batch's seconds that the readings cover (1.0 where the plant gives energy per batch);
    `estimated` is the plant's own flag. `relative_uncertainty` is the expanded uncertainty (k = 2,
    JCGM 100) as a share of the quantity; None where nothing states it. `relative_systematic` is the
    part of it that every batch of the same meter has in common: it does not average out.
    `allocated` says that a declared rule, and no meter of its own, gave this batch its part of a
    shared meter or of a joint run, `of_joint_run` that it was the latter: the run as a whole had a
    meter of its own.
    """

    carrier: str
    quantity: float
    unit: str
    direction: Direction = Direction.IMPORT
    lhv_mj_per_unit: float | None = None
    completeness: float = 1.0
    estimated: bool = False
    relative_uncertainty: float | None = None
    relative_systematic: float | None = None
    allocated: bool = False
    of_joint_run: bool = False

    @property
    def of_shared_meter(self) -> bool:
        """Whether it is a part of what a shared meter counted."""
        return self.allocated and not self.of_joint_run


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch record of one production step, with its energy.

    `energy` is empty where nothing was measured. `excluded` names why the batch may not enter a
    label; the first reason found stands, and the batch stays in the record: nothing is dropped
    silently. `output` and `reject` are in the step's output unit (`routes.Step.output_unit`).
    """

    batch_id: str
    step: str
    product: str
    variant: str
    start: datetime
    end: datetime | None
    output: float
    equipment: str = ""
    status: ProductStatus = ProductStatus.GOOD
    state: OperatingState = OperatingState.NORMAL
    reject: float = 0.0
    variables: Mapping[str, float] = field(default_factory=dict)
    energy: tuple[CarrierEnergy, ...] = ()
    parents: tuple[
        str, ...
    ] = ()  # batches of earlier steps whose product this one took in (B2MML: material flow)
    excluded: str | None = None
    place: Place | None = None

    @property
    def duration(self) -> timedelta | None:
        return None if self.end is None else self.end - self.start

    def with_energy(self, more: Iterable[CarrierEnergy]) -> Batch:
        """The same batch with energy added."""
        return replace(self, energy=(*self.energy, *more))


class Severity(StrEnum):
    NOTICE = "notice"  # worth knowing, changes nothing
    WARNING = "warning"  # repaired by a stated rule, or makes the result less certain
    EXCLUSION = "exclusion"  # these rows do not enter a label
    REJECTION = "rejection"  # these rows could not be read; they are in rejected.csv


@dataclass(frozen=True, slots=True)
class DataFinding:
    """Something found in the data: a stable code, a sentence, how many, and the rows that prove it.

    The sentence is a `Phrase`: who shows it says it in the reader's language.
    """

    code: str
    severity: Severity
    sentence: Phrase
    count: int
    places: tuple[Place, ...] = ()  # the first few; rejected.csv and the report hold them all
