"""Bills as papers to be compared: rows of one document as one, and those that follow one another in
a row.

Rows of one document for the same days are its parts, such as the hours of a tariff; rows of it that
follow one another are an invoice split at a change of price, which is prorated, so that only its
sum was read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from math import fsum

from benchmarks.errors import InputError
from benchmarks.quantities import ratio
from extras.reconciliation.papers import Bill, StockSurvey

_APART = timedelta(
    days=1
)  # between bills in a row whose last days are written as they are printed, included


@dataclass(frozen=True, slots=True)
class Paper:
    """A document, or several in a row, of what meters should have counted: its quantity, and of how
    many rows and documents it is.
    """

    stated: Bill | StockSurvey
    quantity: float
    rows: int = 1
    documents: int = 1

    def with_added(self, later: Paper) -> Paper:
        """Both as one: sums, and the uncertainty of the two as far as they err together."""
        factor = ratio(later.stated.unit, self.stated.unit)
        parts = self.quantity, later.quantity * factor
        err = self.stated.uncertainty_pct * parts[0] + later.stated.uncertainty_pct * parts[1]
        total = fsum(parts)
        share = (
            err / total if total else max(self.stated.uncertainty_pct, later.stated.uncertainty_pct)
        )
        document = self.stated.model_copy(
            update={"to_day": later.stated.to_day, "uncertainty_pct": share}
        )
        more = 0 if later.stated.document == self.stated.document else later.documents
        return replace(
            self,
            stated=document,
            quantity=total,
            rows=self.rows + later.rows,
            documents=self.documents + more,
        )

    @property
    def counted_by(self) -> tuple[str, tuple[str, ...]]:
        """The carrier and the meters, in whichever order they were written."""
        return self.stated.carrier, tuple(sorted(self.stated.meters))

    def goes_on(self, later: Paper) -> bool:
        """Whether the other begins where this one ends."""
        return self.stated.to_day <= later.stated.from_day <= self.stated.to_day + _APART

    def adds_up(self, other: Paper) -> bool:
        """Whether both are in units of one dimension."""
        try:
            return ratio(self.stated.unit, other.stated.unit) > 0
        except InputError:
            return False

    def is_document_of(self, other: Paper) -> bool:
        """Whether both are rows of one document that can be added."""
        return self.stated.document == other.stated.document and self.adds_up(other)


def in_rows(bills: Sequence[Bill]) -> Iterator[list[Paper]]:
    """The bills of each group of meters in rows without a gap, in order of time; one beside a row,
    such as of the year, parts it not.
    """
    rows: dict[tuple[str, tuple[str, ...]], list[list[Paper]]] = {}
    for paper in sorted(
        _by_days(bills), key=lambda paper: (paper.stated.from_day, paper.stated.to_day)
    ):
        of_meters = rows.setdefault(paper.counted_by, [])
        row = next((row for row in of_meters if row[-1].goes_on(paper)), None)
        if row is None:
            of_meters.append([paper])
        elif row[-1].is_document_of(paper):
            row[-1] = row[-1].with_added(paper)
        else:
            row.append(paper)
    for of_meters in rows.values():
        yield from of_meters


def _by_days(bills: Sequence[Bill]) -> list[Paper]:
    """The bills, rows of one document for the same meters and days as one."""
    papers: dict[tuple[object, ...], list[Paper]] = {}
    for paper in (Paper(bill, bill.quantity) for bill in bills):
        document = paper.stated
        beside = papers.setdefault(
            (*paper.counted_by, document.document, document.from_day, document.to_day), []
        )
        if beside and beside[-1].adds_up(paper):
            beside[-1] = beside[-1].with_added(paper)
        else:
            beside.append(paper)
    return [paper for beside in papers.values() for paper in beside]
