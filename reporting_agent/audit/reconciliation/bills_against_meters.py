"""Bills and stock surveys against meters: one by one, and bills that follow one another as one sum.

Rows of one document that follow one another are that document: an invoice split at a change of price is prorated, and only its sum was
read. Bills tell days; at which hour of the day somebody read the meter they do not tell. A bill that differs by less than a day's use at
its ends can be neither confirmed nor refuted alone. Those that follow one another share these moments, so their sum moves by one day
at most: where it agrees, each of them does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from math import fsum, hypot

from benchmarks.audit.evidence import CheckOutcome, check_held, failed, not_checkable
from benchmarks.errors import InputError
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from benchmarks.quantities import ratio
from reporting_agent.audit.reconciliation.counting import MeteredQuantity, counted, takes_over
from reporting_agent.audit.reconciliation.papers import Bill, StockSurvey
from reporting_agent.audit.reconciliation.sentences import about, difference, inside, of_units, outside
from reporting_agent.config import SiteSettings
from reporting_agent.metering import MeterRecord
from reporting_agent.pipeline import PlantData

BILL, STOCK = "bill-and-meters", "stock-and-meters"
FIND_OUT = Phrase("Find out which of the two is wrong, and for how long. Check the original, and the meter's own register.")
_TOLD = 0.9  # of the seconds; a meter that tells less of the time is held against nothing
_APART = timedelta(days=1)  # between bills in a row whose last days are written as they are printed, included


@dataclass(frozen=True, slots=True)
class Paper:
    """A document, or several in a row, of what meters should have counted: its quantity, and of how many rows and documents it is."""

    stated: Bill | StockSurvey
    quantity: float
    rows: int = 1
    documents: int = 1

    def then(self, later: Paper) -> Paper:
        """Both as one: sums, and the uncertainty of the two as far as they err together."""
        factor = ratio(later.stated.unit, self.stated.unit)
        parts = self.quantity, later.quantity * factor
        err = self.stated.uncertainty_pct * parts[0] + later.stated.uncertainty_pct * parts[1]
        total = fsum(parts)
        share = err / total if total else max(self.stated.uncertainty_pct, later.stated.uncertainty_pct)
        document = self.stated.model_copy(update={"to_day": later.stated.to_day, "uncertainty_pct": share})
        more = 0 if later.stated.document == self.stated.document else later.documents
        return replace(self, stated=document, quantity=total, rows=self.rows + later.rows, documents=self.documents + more)

    def goes_on(self, later: Paper) -> bool:
        """Whether the other is of the same meters and begins where this one ends."""
        here, following = self.stated, later.stated
        return (here.carrier, here.meters) == (
            following.carrier,
            following.meters,
        ) and here.to_day <= following.from_day <= here.to_day + _APART


@dataclass(frozen=True, slots=True)
class PaperAgainstMeters:
    """A paper beside what was counted; `sign` says which way it differs by more than any hour of reading explains."""

    paper: Paper
    site: MeteredQuantity

    @property
    def tolerance(self) -> float:
        """Of both together, in the document's unit."""
        of_site = (self.site.uncertainty + 1 - self.site.known) * self.site.quantity
        return hypot(self.paper.stated.uncertainty_pct / 100 * self.paper.quantity, of_site)

    @property
    def sentence(self) -> Phrase:
        return about(_named(self.paper), difference(self.paper.quantity, self.site.quantity, self.tolerance, self.paper.stated.unit))

    @property
    def difference(self) -> float:
        return self.site.quantity - self.paper.quantity

    @property
    def agrees(self) -> bool:
        return abs(self.difference) <= self.tolerance

    @property
    def sign(self) -> int:
        if -self.site.more - self.tolerance <= self.difference <= self.site.less + self.tolerance:
            return 0
        return 1 if self.difference > 0 else -1


def of_bills(site: SiteSettings, data: PlantData, bills: Sequence[Bill], period: Period) -> Iterator[CheckOutcome]:
    """What is said of each document, and of those that follow one another."""
    for row in _rows(bills):
        compared = [_compared(site, data, paper, BILL, period) for paper in row]
        yield from (outcome for outcome in compared if isinstance(outcome, CheckOutcome))
        of_row = [comparison for comparison in compared if isinstance(comparison, PaperAgainstMeters)]
        for sign, group in groupby(of_row, key=lambda comparison: comparison.sign):
            together = list(group)
            sums = _summed(site, data, together) if len(together) > 1 else None
            proven = sums is not None and sums.agrees
            yield from (_outcome(comparison, BILL, by_sum=proven) for comparison in together)
            if sums is not None:
                yield _in_a_row(sums, sign)


def of_survey(site: SiteSettings, data: PlantData, survey: StockSurvey, period: Period) -> CheckOutcome:
    """A survey is of what lies there at midnight: no hour of reading."""
    result = _compared(site, data, Paper(survey, survey.used), STOCK, period)
    return result if isinstance(result, CheckOutcome) else _outcome(replace(result, site=replace(result.site, less=0.0, more=0.0)), STOCK)


def _rows(bills: Sequence[Bill]) -> Iterator[list[Paper]]:
    """The bills of each group of meters in rows without a gap, in order of time; rows of one document as one."""
    groups: dict[tuple[str, tuple[str, ...]], list[Bill]] = {}
    for bill in bills:
        groups.setdefault((bill.carrier, bill.meters), []).append(bill)
    for group in groups.values():
        row: list[Paper] = []
        for bill in sorted(group, key=lambda document: document.from_day):
            paper = Paper(bill, bill.quantity)
            if row and not row[-1].goes_on(paper):
                yield row
                row = []
            if row and row[-1].stated.document == bill.document and _alike(row[-1].stated, bill):
                row[-1] = row[-1].then(paper)
            else:
                row.append(paper)
        yield row


def _alike(first: Bill | StockSurvey, other: Bill | StockSurvey) -> bool:
    try:
        return ratio(first.unit, other.unit) > 0
    except InputError:
        return False


def _compared(site: SiteSettings, data: PlantData, paper: Paper, code: str, period: Period) -> CheckOutcome | PaperAgainstMeters:
    document, name = paper.stated, _named(paper)
    if not inside(document.from_day, document.to_day, period, site):
        return outside(code, name, period)
    records = {record.meter.id: record for record in data.meters}
    if missing := [meter for meter in document.meters if meter not in records]:
        return not_checkable(
            code,
            about(name, Phrase("no readings of %(meters)s.", meters=", ".join(missing))),
            Phrase("Name meters of site.toml that have readings."),
        )
    named = [records[meter] for meter in document.meters]
    try:
        metered = counted(named, document.from_day, document.to_day, document.unit, site)
    except InputError as refusal:
        return of_units(code, name, refusal)
    if metered.known < _TOLD:
        return _too_little(code, name, metered, named, data.meters)
    return PaperAgainstMeters(paper, metered)


def _too_little(
    code: str, name: Phrase, counted: MeteredQuantity, named: Sequence[MeterRecord], all_records: Sequence[MeterRecord]
) -> CheckOutcome:
    sentence = about(name, Phrase("readings cover only %(share)s %% of the time.", share=f"{100 * counted.known:.0f}"))
    beside = [
        record for record in all_records if record not in named and any(takes_over(record, own) or takes_over(own, record) for own in named)
    ]
    if not beside:
        return not_checkable(code, sentence, Phrase("Read the meters' own memory."))
    both = ", ".join([*(record.meter.id for record in named), *(record.meter.id for record in beside)])
    return not_checkable(
        code,
        sentence,
        Phrase("One meter begins where another ends. If it replaced the other one, name both under meters (%(meters)s).", meters=both),
    )


def _summed(site: SiteSettings, data: PlantData, papers: Sequence[PaperAgainstMeters]) -> PaperAgainstMeters | None:
    """Several papers in a row as one; None where their units cannot be added."""
    whole = papers[0].paper
    for comparison in papers[1:]:
        if not _alike(whole.stated, comparison.paper.stated):
            return None
        whole = whole.then(comparison.paper)
    records = {record.meter.id: record for record in data.meters}
    metered = counted(
        [records[meter] for meter in whole.stated.meters], whole.stated.from_day, whole.stated.to_day, whole.stated.unit, site
    )
    return PaperAgainstMeters(whole, metered)


def _outcome(comparison: PaperAgainstMeters, code: str, *, by_sum: bool = False) -> CheckOutcome:
    """What is said of one document; `by_sum`: of those before and after it, all together agree."""
    if comparison.agrees:
        return check_held(code, comparison.sentence)
    if comparison.sign:
        return failed(code, comparison.sentence, FIND_OUT)
    reason = Phrase("%(said)s The difference is at most a day's use, so the hour of reading can explain it.", said=comparison.sentence)
    if by_sum:
        return check_held(code, Phrase("%(said)s The sum with its neighbours agrees.", said=reason))
    return not_checkable(code, reason, Phrase("Give the bills before and after it, or the hour at which the meters were read."))


def _in_a_row(comparison: PaperAgainstMeters, sign: int) -> CheckOutcome:
    """The sum of documents that follow one another."""
    if comparison.agrees:
        return check_held(BILL, comparison.sentence)
    day = comparison.paper.stated.from_day.isoformat()
    if sign > 0:
        return failed(
            BILL,
            Phrase("%(said)s From %(day)s on, each document states less than the meters counted.", said=comparison.sentence, day=day),
            FIND_OUT,
        )
    if sign < 0:
        return failed(
            BILL,
            Phrase("%(said)s From %(day)s on, each document states more than the meters counted.", said=comparison.sentence, day=day),
            FIND_OUT,
        )
    return failed(BILL, comparison.sentence, FIND_OUT)


def _named(paper: Paper) -> Phrase:
    """The document by carrier, meters and days, and where it is kept."""
    document = paper.stated
    values = {
        "carrier": document.carrier,
        "meters": ", ".join(document.meters),
        "start": document.from_day.isoformat(),
        "end": document.to_day.isoformat(),
    }
    if paper.documents > 1:
        return Phrase("%(carrier)s, %(meters)s, %(start)s to %(end)s (%(count)s documents in a row)", count=paper.documents, **values)
    if paper.rows > 1:
        return Phrase(
            "%(carrier)s, %(meters)s, %(start)s to %(end)s (%(document)s, %(count)s rows together)",
            document=document.document,
            count=paper.rows,
            **values,
        )
    return Phrase("%(carrier)s, %(meters)s, %(start)s to %(end)s (%(document)s)", document=document.document, **values)
