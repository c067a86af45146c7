"""Rows that could not be read, totals and corrections, told as findings; rejected.csv holds every row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.errors import Place
from benchmarks.measurements import Finding, Severity
from benchmarks.phrases import Phrase
from reporting_agent.sources import Rejected
from reporting_agent.sources.corrections import Corrections
from reporting_agent.sources.totals import Total

PLACES_KEPT = 20


def rejections(rejected: Sequence[Rejected]) -> list[Finding]:
    """One finding a reason, with the first few rows."""
    by_reason: dict[str, list[Rejected]] = {}
    for one in rejected:
        by_reason.setdefault(one.reason, []).append(one)
    return [
        Finding("row-rejected", Severity.REJECTION, _rejected(reason, len(rows)), len(rows), _first([one.place for one in rows]))
        for reason, rows in by_reason.items()
    ]


def _rejected(reason: str, rows: int) -> Phrase:
    """Of a clause or of the sentence of a refusal."""
    if reason.endswith("."):
        return Phrase("%(rows)s rows: %(sentence)s They stand in rejected.csv.", rows=f"{rows:,}", sentence=reason)
    return Phrase("%(rows)s rows: %(reason)s; they stand in rejected.csv.", rows=f"{rows:,}", reason=reason)


def told(totals: Sequence[Total], corrections: Corrections) -> list[Finding]:
    """Totals that were found between the rows, and what became of the corrections."""
    return [*_totals(totals), *_corrected(corrections)]


def _totals(rows: Sequence[Total]) -> Iterator[Finding]:
    if rows:
        yield Finding(
            "row-total",
            Severity.NOTICE,
            Phrase("%(rows)s rows are totals or subtotals; they are no batch and count nowhere.", rows=f"{len(rows):,}"),
            len(rows),
            _first([total.place for total in rows]),
        )
    wrong = [total for total in rows if total.agrees is False]
    if wrong:
        yield Finding(
            "total-differs",
            Severity.WARNING,
            Phrase(
                "%(totals)s totals are not the sum of the rows above them: rows are missing from the file, or could not be read"
                " (the first says %(found)s, the rows add up to %(summed)s).",
                totals=f"{len(wrong):,}",
                found=wrong[0].found,
                summed=wrong[0].summed,
            ),
            len(wrong),
            _first([total.place for total in wrong]),
        )


def _corrected(corrections: Corrections) -> Iterator[Finding]:
    if used := [one.place for one in corrections.used.values()]:
        sentence = Phrase("%(rows)s rows were read as the file of corrections has them.", rows=f"{len(used):,}")
        yield Finding("row-corrected", Severity.NOTICE, sentence, len(used), _first(used))
    if unused := corrections.unused:
        sentence = Phrase(
            "%(corrections)s corrections are of rows that are not in the inputs (any more) as they were; they were not used.",
            corrections=f"{len(unused):,}",
        )
        yield Finding("correction-unused", Severity.WARNING, sentence, len(unused), _first(unused))
    if twice := corrections.twice:
        sentence = Phrase(
            "%(corrections)s corrections of one row contradict one another; none of them was used.", corrections=f"{len(twice):,}"
        )
        yield Finding("correction-twice", Severity.WARNING, sentence, len(twice), _first(twice))


def _first(places: Sequence[Place]) -> tuple[Place, ...]:
    return tuple(places[:PLACES_KEPT])
