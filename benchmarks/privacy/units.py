"""The unit of privacy, a batch record of a step or all its records of a day, and how many released records one input record can change.

Where the day is the unit, a draw must hide up to m records at once, m the most that the pack lets count for a day. Every record moves
a score by at most 1, replaced, added or removed, so a day moves it by at most m, and permute-and-flip is run with epsilon / m a
record: it is then epsilon-differentially private for days (group privacy; Dwork and Roth 2014, theorem 2.2). m is
rounded up to a power of two, so that epsilon / m stays exact in binary arithmetic. What a released label states, and all that the
portal simulates by, is the epsilon of a record; what the ledger debits is the epsilon of the unit.

m is public and no property of the data: of a day that holds more, the first m count, and how many were left out is told on
the site only. Which ones stay is decided by that day's records alone, so another day is not touched.

How many released records one input record can change: stability, declared by every transformation between raw rows and the draw.

The draw hides one record among those it is given. What it is given is made from rows and readings, and a step on that way that holds
records against one another (a unit told by the rest, a clock found by many batches) can let one of them decide whether hundreds count.
So each step is a `Transformation` with a bound: the most records of its output that one input record, replaced, added or removed, can
change. Bounds multiply along a `Path` (a c-stable map followed by a d-stable one is c*d-stable; McSherry, "Privacy Integrated Queries",
2009, section 2.3). `benchmarks.release` refuses a path in which one step has no bound, and debits epsilon times the bound of the rest.

An input record is all that one account of the ledger (step, batch id) holds of the plant's files: its row, the rows of energy that name
it, and the readings inside its window. A row whose id or step is changed is one record less and another one more, each on its own
account. One record is in one cell (product, variant) of every metric: moved to another cell it costs both releases, see `cells_together`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from math import prod
from typing import Protocol, TypeVar

from benchmarks.errors import PolicyRefusal
from benchmarks.phrases import Phrase
from benchmarks.policies import ReleasePolicy
from benchmarks.routes import Step


class Record(Protocol):
    """What counts a record to a day: its start, in the site's time zone, and its id."""

    @property
    def batch_id(self) -> str: ...

    @property
    def start(self) -> datetime: ...


R = TypeVar("R", bound=Record)


def most_together(step: Step, policy: ReleasePolicy) -> int:
    """The most records of a step that one unit of privacy holds: 1, or m for a day.

    Raises:
        PolicyRefusal: `day-without-bound`: the pack protects days and says not how many records of this step make one.
    """
    if policy.unit == "record":
        return 1
    if step.label_rule.most_records_a_day is None:
        raise PolicyRefusal(
            "day-without-bound",
            Phrase("The pack protects whole days, but does not say how many records of %(step_id)s a day may have.", step_id=step.id),
            "The label stays on the site. Tell the pack's editor that `most_records_a_day` is missing for this step.",
        )
    return step.label_rule.most_records_a_day


def epsilon_of_a_record(epsilon: Fraction, together: int) -> Fraction:
    """What a draw may spend on one record so that `together` of them spend no more than epsilon; dyadic where epsilon is."""
    power = 1 << (together - 1).bit_length()
    return epsilon / power


def draw_epsilons(step: Step, policy: ReleasePolicy) -> tuple[Fraction, Fraction]:
    """Epsilon of a record for the low quantile and for the median: what a released label states."""
    together = most_together(step, policy)
    return epsilon_of_a_record(policy.epsilon_best, together), epsilon_of_a_record(policy.epsilon_typical, together)


def day_of(record: Record) -> date:
    """The day a record belongs to: that of its start."""
    return record.start.date()


def within_bound(records: Sequence[R], together: int) -> list[R]:
    """The records that count where at most `together` of a day may: the first of every day, in the order given otherwise."""
    held: Counter[date] = Counter()
    counted = set[tuple[datetime, str]]()
    for candidate in sorted(records, key=_name):
        if held[day_of(candidate)] < together:
            held[day_of(candidate)] += 1
            counted.add(_name(candidate))
    return [record for record in records if _name(record) in counted]


def _name(record: Record) -> tuple[datetime, str]:
    return record.start, record.batch_id


@dataclass(frozen=True, slots=True)
class Transformation:
    """One step on the way: the most records of its output that one input record can change, None where there is no such number.

    `reason` proves the bound, or says what there is to declare where it is missing.
    """

    name: str
    bound: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Path:
    """The transformations from raw rows to the records of a label, in their order."""

    steps: tuple[Transformation, ...] = ()

    @property
    def bound(self) -> int | None:
        """The most released records that one input record can change; None where a step has no bound."""
        bounds = [step.bound for step in self.steps]
        return None if None in bounds else prod(bound for bound in bounds if bound is not None)

    @property
    def unbounded(self) -> tuple[Transformation, ...]:
        """The steps that have none."""
        return tuple(step for step in self.steps if step.bound is None)

    @property
    def reasons(self) -> str:
        """What there is to do about them."""
        return " ".join(dict.fromkeys(step.reason for step in self.unbounded))

    def then(self, *more: Transformation) -> Path:
        return Path((*self.steps, *more))


RECORDS = Path((Transformation("records", 1, "Records are labelled one by one as they were handed over."),))
"""Where a label is made of records that somebody hands over ready: nothing stands before them."""

LOCAL = Path(
    (
        Transformation(
            "judged beside others",
            None,
            "Records were held against one another (units, clocks, overlaps, shared meters, variants): for the plant's own eyes.",
        ),
    )
)
"""The plant's own label, for which everything may be used that was learned across records."""


def cells_together(cells: int, policy: ReleasePolicy) -> int:
    """How many of a metric's released cells one unit of privacy can change at once: what is debited for all of them together.

    A record leaves one cell and enters another; a day holds records of every cell.
    """
    return min(cells, 2) if policy.unit == "record" else cells


def epsilon_of_a_metric(cells: int, policy: ReleasePolicy, bound: int = 1) -> Fraction:
    """What one unit of privacy spends on a metric of which so many cells leave: both draws of each that it can change.

    Args:
        bound: of the path to the label (`Path.bound`).
    """
    return (policy.epsilon_best + policy.epsilon_typical) * bound * cells_together(cells, policy)
