"""Days of the period: those on which a meter counts, and those that no document is about."""

from __future__ import annotations

from collections.abc import Iterable, Set
from datetime import date, timedelta

from benchmarks.measurements import Period
from benchmarks.phrases import Phrase, listed
from reporting_agent.config import Meter

_DAY = timedelta(days=1)


def days_from(first: date, end: date) -> list[date]:
    """The days from the first on, without the last."""
    return [date.fromordinal(number) for number in range(first.toordinal(), end.toordinal())]


def days_in_service(meter: Meter, period: Period) -> list[date]:
    """The days of the period in the meter's own time: before its `from` and from its `until` on
    another one may stand for it.
    """
    first, last = period.first_and_last
    begins, ends = max(first, meter.since or first), min(last + _DAY, meter.until or last + _DAY)
    return days_from(begins, ends)


def stretches_without(days: Iterable[date], covered: Set[date]) -> list[tuple[date, date]]:
    """The days that are not covered, from the first to the last of each stretch.

    A single day right after a covered one is none: a document may end with the last day that it
    counts in, as it is printed.
    """
    stretches: list[tuple[date, date]] = []
    for day in sorted(set(days) - covered):
        first, last = stretches[-1] if stretches else (day, day)
        if stretches and covered.isdisjoint(days_from(last, day)):
            stretches[-1] = (first, day)
        else:
            stretches.append((day, day))
    return [
        (first, last) for first, last in stretches if first < last or first - _DAY not in covered
    ]


def stretches_told(stretches: Iterable[tuple[date, date]]) -> str:
    """Both days of each stretch are part of it."""
    return listed(
        f"{first}"
        if first == last
        else Phrase("%(first)s to %(last)s", first=f"{first}", last=f"{last}")
        for first, last in stretches
    )
