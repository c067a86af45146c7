"""Bills as papers to be compared: rows of one document as one, and those that follow one another in
a row.

Rows of one document for the same days are its parts, such as the hours of a tariff; rows of it that
follow one another are an invoice split at a change of price, which is prorated, so that only its
sum was read. An invoice, the credit note of the same days that takes it back and the one that
replaces it are one, and so is a bill by an estimated reading with the one after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from math import fsum

from benchmarks.quantities import converts, ratio
from extras.reconciliation.papers import Bill, StockSurvey

_APART = timedelta(
    days=1
)  # between bills in a row whose last days are written as they are printed, included
_AND = " + "  # between the names of documents of the same days


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
            update={
                "to_day": later.stated.to_day,
                "uncertainty_pct": share,
                **_of_bills(self, later, parts),
            }
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
        """Whether both are in units of one dimension, and both by a heating value or neither."""
        return converts(self.stated.unit, other.stated.unit) and self._by_heat == other._by_heat

    @property
    def _by_heat(self) -> bool:
        return isinstance(self.stated, Bill) and self.stated.heating_value is not None

    @property
    def is_estimated(self) -> bool:
        return isinstance(self.stated, Bill) and self.stated.estimated

    def is_read_with(self, later: Paper) -> bool:
        """Whether no reading parts them: rows of one document, or a bill by an estimate."""
        same = self.stated.document == later.stated.document
        return (same or self.is_estimated) and self.adds_up(later)


def _of_bills(earlier: Paper, later: Paper, parts: tuple[float, float]) -> dict[str, object]:
    """Whether the last reading of both together was estimated, and the heating value by which their
    volumes make their energy."""
    if not (isinstance(earlier.stated, Bill) and isinstance(later.stated, Bill)):
        return {}
    values = earlier.stated.heating_value, later.stated.heating_value
    heating_value = values[0]
    if values[0] and values[1]:
        volume = parts[0] / values[0] + parts[1] / values[1]
        heating_value = fsum(parts) / volume if volume else values[1]
    return {"estimated": later.stated.estimated, "heating_value": heating_value}


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
        elif row[-1].is_read_with(paper):
            row[-1] = row[-1].with_added(paper)
        else:
            row.append(paper)
    for of_meters in rows.values():
        yield from of_meters


def _by_days(bills: Sequence[Bill]) -> list[Paper]:
    """The bills, rows of one document for the same meters and days as one; where one of them is a
    credit note, all documents of these meters and days.
    """
    papers: dict[tuple[object, ...], list[Paper]] = {}
    every = [Paper(bill, bill.quantity) for bill in bills]
    taken_back = {_meters_and_days(paper) for paper in every if paper.quantity < 0}
    for paper in every:
        own = _meters_and_days(paper)
        document = "" if own in taken_back else paper.stated.document
        beside = papers.setdefault((own, document), [])
        if beside and beside[-1].adds_up(paper):
            beside[-1] = _joined(beside[-1], paper)
        else:
            beside.append(paper)
    return [paper for beside in papers.values() for paper in beside]


def _meters_and_days(paper: Paper) -> tuple[object, ...]:
    return *paper.counted_by, paper.stated.from_day, paper.stated.to_day


def _joined(one: Paper, other: Paper) -> Paper:
    """Two papers of the same days as one, under both names."""
    whole = one.with_added(other)
    names = dict.fromkeys((*one.stated.document.split(_AND), other.stated.document))
    document = whole.stated.model_copy(update={"document": _AND.join(names)})
    return replace(whole, stated=document, documents=1)
