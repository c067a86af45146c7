"""The unit of privacy, a batch record of a step or all its records of a day: how many records a day
holds, and which of them count.

Where the day is the unit, a draw must hide up to m records at once, m the most that the pack lets
count for a day. Every record moves a score by at most 1, replaced, added or removed, so a day moves
it by at most m, and permute-and-flip is run with epsilon / m a record: it is then
epsilon-differentially private for days (group privacy; Dwork and Roth 2014, theorem 2.2). m is
rounded up to a power of two, so that epsilon / m stays exact in binary arithmetic. What a released
label states, and all that the portal simulates by, is the epsilon of a record; what the ledger
debits is the epsilon of the unit.

m is public and no property of the data: of a day that holds more, the first m count, and how many
were left out is told on the site only. Which ones stay is decided by that day's records alone, so
another day is not touched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol, TypeVar

from benchmarks.errors import PolicyRefusal
from benchmarks.phrases import Phrase
from benchmarks.policies import ReleasePolicy
from benchmarks.routes import Step


class DatedRecord(Protocol):
    """What counts a record to a day: its start, in the site's time zone, and its id."""

    @property
    def batch_id(self) -> str: ...

    @property
    def start(self) -> datetime: ...


R = TypeVar("R", bound=DatedRecord)


def most_together(step: Step, policy: ReleasePolicy) -> int:
    """The most records of a step that one unit of privacy holds: 1, or m for a day.

    Raises:
        PolicyRefusal: `day-without-bound`: the pack protects days and says not how many records of
            this step make one.
    """
    if policy.unit == "record":
        return 1
    if step.label_rule.most_records_a_day is None:
        raise PolicyRefusal(
            "day-without-bound",
            Phrase(
                "The pack protects whole days, but does not say how many records of %(step_id)s a "
                "day may have.",
                step_id=step.id,
            ),
            "The label stays on the site. Tell the pack's editor that `most_records_a_day` is "
            "missing for this step.",
        )
    return step.label_rule.most_records_a_day


def day_of(record: DatedRecord) -> date:
    """The day a record belongs to: that of its start."""
    return record.start.date()


def within_bound(records: Sequence[R], together: int) -> list[R]:
    """The records that count where at most `together` of a day may: the first of every day, in the
    order given otherwise.
    """
    per_day: Counter[date] = Counter()
    counted = set[tuple[datetime, str]]()
    for candidate in sorted(records, key=_name):
        if per_day[day_of(candidate)] < together:
            per_day[day_of(candidate)] += 1
            counted.add(_name(candidate))
    return [record for record in records if _name(record) in counted]


def _name(record: DatedRecord) -> tuple[datetime, str]:
    return record.start, record.batch_id
