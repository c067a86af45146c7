"""Rows of the batches file that could not be read: batches of their step that no label holds, and that no mean speaks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from benchmarks.labels import ExclusionReason, Grade, SiteLabel, StepLabel
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from benchmarks.routes import Words
from reporting_agent.sources import Table

MOST_LOST = 0.01
"""Of a step's batches; beyond, a mean is not told as that of the year (a convention of ours)."""


def by_step(tables: Iterable[Table], period: Period | None) -> Counter[str]:
    """How many rows of each step could not be read; one whose start cannot be read either counts in every period."""
    rows = (row for table in tables for row in table.unread)
    return Counter(str(row["step"]) for row in rows if row.get("step") and _may_be_in(row.get("start"), period))


def _may_be_in(start: object, period: Period | None) -> bool:
    return period is None or not isinstance(start, datetime) or period.start.date() <= start.date() < period.end.date()


def told(label: SiteLabel, lost: Mapping[str, int]) -> SiteLabel:
    """The label with these rows among what was read and left out, and no grade where they are too many."""
    return replace(label, steps=tuple(_told(one, lost[one.step]) if lost.get(one.step) else one for one in label.steps))


def _told(label: StepLabel, rows: int) -> StepLabel:
    read = label.read + rows
    counted = replace(label, read=read, excluded={**label.excluded, ExclusionReason.UNREADABLE.value: rows})
    if rows <= MOST_LOST * read or label.grade.reason not in (None, "no-grade-met", "production-left-out"):
        return counted
    why = Phrase(
        "%(rows)s of %(read)s batches (%(share)s) cannot be read and are not in the mean. Correct the rows of rejected.csv.",
        rows=f"{rows:,}",
        read=f"{read:,}",
        share=f"{rows / read:.0%}",
    )
    return replace(counted, grade=Grade(None, "rows-unreadable", label.grade.limits, Words.of(why)))
