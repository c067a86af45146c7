"""Unreadable rows, totals and corrections as findings; unreadable batches by step told with the
label, no grade where too many.

Rows of the batches file that could not be read: batches of their step that no label holds, and that
no mean speaks for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from benchmarks.declared import Words
from benchmarks.errors import Place
from benchmarks.labels import ExclusionReason, SiteLabel, StepGrade, StepLabel
from benchmarks.measurements import DataFinding, Period, Severity
from benchmarks.phrases import Phrase, in_number
from reporting_agent.sources import RejectedRow, Table
from reporting_agent.sources.rejected_rows import Corrections, TotalRow

PLACES_KEPT = 20


def rejections(rejected: Sequence[RejectedRow]) -> list[DataFinding]:
    """One finding a reason, with the first few rows."""
    by_reason: dict[str, list[RejectedRow]] = {}
    for rejection in rejected:
        by_reason.setdefault(rejection.reason, []).append(rejection)
    return [
        DataFinding(
            "row-rejected",
            Severity.REJECTION,
            _rejected(reason, len(rows)),
            len(rows),
            _first([row.place for row in rows]),
        )
        for reason, rows in by_reason.items()
    ]


def _rejected(reason: str, rows: int) -> Phrase:
    """Of a clause or of the sentence of a refusal."""
    if reason.endswith("."):
        return in_number(
            rows,
            "%(rows)s row: %(sentence)s It is in rejected.csv.",
            "%(rows)s rows: %(sentence)s They are in rejected.csv.",
            rows=f"{rows:,}",
            sentence=reason,
        )
    return in_number(
        rows,
        "%(rows)s row: %(reason)s; it is in rejected.csv.",
        "%(rows)s rows: %(reason)s; they are in rejected.csv.",
        rows=f"{rows:,}",
        reason=reason,
    )


def findings(totals: Sequence[TotalRow], corrections: Corrections) -> list[DataFinding]:
    """Totals that were found between the rows, and what became of the corrections."""
    return [*summed(totals), *_corrected(corrections)]


def summed(rows: Sequence[TotalRow]) -> Iterator[DataFinding]:
    """Totals between the rows, and those that are not the sum of the rows."""
    if rows:
        yield DataFinding(
            "row-total",
            Severity.NOTICE,
            in_number(
                len(rows),
                "%(rows)s row is a total or subtotal; it is no batch and is not counted.",
                "%(rows)s rows are totals or subtotals; they are not batches and are not counted.",
                rows=f"{len(rows):,}",
            ),
            len(rows),
            _first([total.place for total in rows]),
        )
    wrong = [total for total in rows if total.agrees is False]
    if wrong:
        yield DataFinding(
            "total-differs",
            Severity.WARNING,
            in_number(
                len(wrong),
                "%(totals)s total is not the sum of the rows above it: rows are missing from the "
                "file, or could not be read"
                " (it says %(found)s, the rows add up to %(summed)s).",
                "%(totals)s totals are not the sum of the rows above them: rows are missing from "
                "the file, or could not be read"
                " (the first says %(found)s, the rows add up to %(summed)s).",
                totals=f"{len(wrong):,}",
                found=wrong[0].found,
                summed=wrong[0].summed,
            ),
            len(wrong),
            _first([total.place for total in wrong]),
        )


def _corrected(corrections: Corrections) -> Iterator[DataFinding]:
    if used := [rejection.place for rejection in corrections.used.values()]:
        sentence = in_number(
            len(used),
            "%(rows)s row was read as the file of corrections gives it.",
            "%(rows)s rows were read as the file of corrections gives them.",
            rows=f"{len(used):,}",
        )
        yield DataFinding("row-corrected", Severity.NOTICE, sentence, len(used), _first(used))
    if unused := corrections.unused:
        sentence = in_number(
            len(unused),
            "%(corrections)s correction is of a row that is not in the inputs, or has changed "
            "there; it was not used.",
            "%(corrections)s corrections are of rows that are not in the inputs, or have changed "
            "there; they were not used.",
            corrections=f"{len(unused):,}",
        )
        yield DataFinding(
            "correction-unused", Severity.WARNING, sentence, len(unused), _first(unused)
        )
    if twice := corrections.twice:
        sentence = Phrase(
            "%(corrections)s corrections of one row contradict one another; none of them was used.",
            corrections=f"{len(twice):,}",
        )
        yield DataFinding("correction-twice", Severity.WARNING, sentence, len(twice), _first(twice))


def _first(places: Sequence[Place]) -> tuple[Place, ...]:
    return tuple(places[:PLACES_KEPT])


MOST_LOST = 0.01
"""Of a step's batches; beyond, a mean is not told as that of the year (a convention of ours)."""


def by_step(tables: Iterable[Table], period: Period | None) -> Counter[str]:
    """How many rows of each step could not be read; one whose start cannot be read either counts in
    every period.
    """
    rows = (row for table in tables for row in table.unread)
    return Counter(
        str(row["step"]) for row in rows if row.get("step") and _may_be_in(row.get("start"), period)
    )


def _may_be_in(start: object, period: Period | None) -> bool:
    return (
        period is None
        or not isinstance(start, datetime)
        or period.start.date() <= start.date() < period.end.date()
    )


def told_unreadable(label: SiteLabel, lost: Mapping[str, int]) -> SiteLabel:
    """The label with these rows among what was read and left out, and no grade where they are too
    many.
    """
    return replace(
        label,
        steps=tuple(
            _with_unreadable(step_label, lost[step_label.step])
            if lost.get(step_label.step)
            else step_label
            for step_label in label.steps
        ),
    )


def _with_unreadable(label: StepLabel, rows: int) -> StepLabel:
    read = label.read + rows
    counted = replace(
        label, read=read, excluded={**label.excluded, ExclusionReason.UNREADABLE.value: rows}
    )
    if rows <= MOST_LOST * read or label.grade.reason not in (
        None,
        "no-grade-met",
        "production-left-out",
    ):
        return counted
    why = in_number(
        rows,
        "%(rows)s of %(read)s batches (%(share)s) cannot be read and is not in the mean. Correct "
        "the row of rejected.csv.",
        "%(rows)s of %(read)s batches (%(share)s) cannot be read and are not in the mean. Correct "
        "the rows of rejected.csv.",
        rows=f"{rows:,}",
        read=f"{read:,}",
        share=f"{rows / read:.0%}",
    )
    return replace(
        counted, grade=StepGrade(None, "rows-unreadable", label.grade.limits, Words.of(why))
    )
