"""Bills and stock surveys beside the meters that they name: what both say, or why they cannot be
compared.

Bills tell days; at which hour of the day somebody read the meter they do not tell, so what they say
may be a day's use off at either end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from math import hypot
from typing import TypeAlias

from benchmarks import carriers
from benchmarks.audit.evidence import CheckOutcome, not_checkable
from benchmarks.errors import InputError
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from benchmarks.quantities import converts
from extras.reconciliation.counting import MeteredQuantity, counted, takes_over
from extras.reconciliation.papers import Bill, StockSurvey
from extras.reconciliation.papers_in_rows import Paper, in_rows
from extras.reconciliation.sentences import (
    about,
    difference,
    inside,
    less_than_nothing,
    of_units,
    outside,
)
from reporting_agent.config import SiteSettings
from reporting_agent.metering import MeterRecord
from reporting_agent.pipeline import PlantData

BILL, STOCK = "bill-and-meters", "stock-and-meters"
_TOLD = 0.9  # of the seconds; a meter that tells less of the time is held against nothing


@dataclass(frozen=True, slots=True)
class PaperAgainstMeters:
    """A paper beside what was counted; `sign` says which way it differs by more than any hour of
    reading explains.
    """

    paper: Paper
    site: MeteredQuantity

    @property
    def tolerance(self) -> float:
        """Of both together, in the document's unit; the time without readings may have taken as
        much as the time with them.
        """
        of_site = (
            self.site.uncertainty + (1 - self.site.known) / self.site.known
        ) * self.site.quantity
        return hypot(self.paper.stated.uncertainty_pct / 100 * self.paper.quantity, of_site)

    @property
    def sentence(self) -> Phrase:
        return about(
            _named(self.paper),
            difference(
                self.paper.quantity, self.site.quantity, self.tolerance, self.paper.stated.unit
            ),
        )

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


Comparison: TypeAlias = CheckOutcome | PaperAgainstMeters
"""A paper beside its meters, or why it cannot be compared with them."""


def bills_compared(
    site: SiteSettings, data: PlantData, bills: Sequence[Bill], period: Period
) -> list[list[Comparison]]:
    """Each document beside its meters, in rows of those that follow one another."""
    return [
        [_by_last_day(site, data, paper, period, printed=_as_printed(row)) for paper in row]
        for row in in_rows(bills)
    ]


def _as_printed(row: Sequence[Paper]) -> bool:
    """Whether the last days of a row seem to be counted in: between its bills lacks a day each
    time, or the only one is of a calendar month but its last day."""
    if len(row) > 1:
        return all(later.stated.from_day == _next(one) for one, later in pairwise(row))
    return row[0].stated.from_day.day == _next(row[0]).day == 1


def _next(paper: Paper) -> date:
    return paper.stated.to_day + timedelta(days=1)


def _by_last_day(
    site: SiteSettings, data: PlantData, paper: Paper, period: Period, *, printed: bool
) -> Comparison:
    """A bill that agrees only with its last day counted in is not compared: its `to` is wrong."""
    result = _compared(site, data, paper, BILL, period)
    if not printed or isinstance(result, CheckOutcome) or result.agrees:
        return result
    longer = replace(paper, stated=paper.stated.model_copy(update={"to_day": _next(paper)}))
    counted_in = _compared(site, data, longer, BILL, period)
    if isinstance(counted_in, CheckOutcome) or not counted_in.agrees:
        return result
    return not_checkable(
        BILL,
        Phrase(
            "%(said)s With its last day counted in, the two agree.",
            said=result.sentence,
        ),
        Phrase(
            "The day under `to` is not included: write to = %(day)s if the bill counts its last "
            "day.",
            day=_next(paper).isoformat(),
        ),
    )


def survey_compared(
    site: SiteSettings, data: PlantData, survey: StockSurvey, period: Period
) -> Comparison:
    """A survey is of what lies there at midnight: no hour of reading."""
    paper = Paper(survey, survey.used)
    if survey.used < 0:
        return less_than_nothing(
            STOCK, _named(paper), Phrase("opening stock + received - closing stock is below 0.")
        )
    result = _compared(site, data, paper, STOCK, period)
    return (
        result
        if isinstance(result, CheckOutcome)
        else replace(result, site=replace(result.site, less=0.0, more=0.0))
    )


def summed(
    site: SiteSettings, data: PlantData, papers: Sequence[PaperAgainstMeters]
) -> PaperAgainstMeters | None:
    """Several papers in a row as one; None of one alone, and where their units cannot be added."""
    if len(papers) < 2:
        return None
    whole = papers[0].paper
    for comparison in papers[1:]:
        if not whole.adds_up(comparison.paper):
            return None
        whole = whole.with_added(comparison.paper)
    records = {record.meter.id: record for record in data.meters}
    metered = counted(
        [records[meter] for meter in whole.stated.meters],
        whole.stated.from_day,
        whole.stated.to_day,
        whole.stated.unit,
        site,
        _heating_value(whole.stated),
    )
    return PaperAgainstMeters(whole, metered)


def _compared(
    site: SiteSettings, data: PlantData, paper: Paper, code: str, period: Period
) -> Comparison:
    document, name = paper.stated, _named(paper)
    if not inside(document.from_day, document.to_day, period, site):
        return outside(code, name, document.from_day, document.to_day, period, site)
    if isinstance(document, Bill) and (open_end := _without_an_end(paper, name, document)):
        return open_end
    records = {record.meter.id: record for record in data.meters}
    if missing := [meter for meter in document.meters if meter not in records]:
        return not_checkable(
            code,
            about(name, Phrase("no readings of %(meters)s.", meters=", ".join(missing))),
            Phrase("Name meters of site.toml that have readings."),
        )
    named = [records[meter] for meter in document.meters]
    if (
        mismatch := _of_another_carrier(code, name, document, named)
        or _counted_twice(code, name, site, named)
        or _without_heating_value(code, name, document, named)
    ) is not None:
        return mismatch
    try:
        metered = counted(
            named,
            document.from_day,
            document.to_day,
            document.unit,
            site,
            _heating_value(document),
        )
    except InputError as refusal:
        return of_units(code, name, refusal)
    if metered.known < _TOLD:
        return _too_little(code, name, metered.known, named, data.meters, site)
    return PaperAgainstMeters(paper, metered)


def _of_another_carrier(
    code: str, name: Phrase, document: Bill | StockSurvey, named: Sequence[MeterRecord]
) -> CheckOutcome | None:
    """Refused where a meter counts something else than the document is of, in whichever language it
    names that.
    """
    naming = carriers.named(document.carrier)
    carrier = document.carrier if naming is None else naming.carrier
    other = next((record.meter for record in named if record.meter.carrier != carrier), None)
    if other is None:
        return None
    return not_checkable(
        code,
        about(
            name,
            Phrase(
                "the meter %(meter)s counts %(carrier)s.", meter=other.id, carrier=other.carrier
            ),
        ),
        Phrase("Name the meters of this carrier, or write the carrier as site.toml has it."),
    )


def _without_an_end(paper: Paper, name: Phrase, bill: Bill) -> CheckOutcome | None:
    """Refused where a bill waits for another one: of what a credit note takes back, or of the
    reading that makes up for an estimate."""
    if paper.quantity < 0:
        return not_checkable(
            BILL,
            about(name, Phrase("takes back more than the bills of these days charge.")),
            Phrase("Give it the days and the meters of the bill that it takes back, beside it."),
        )
    if bill.estimated:
        return not_checkable(
            BILL,
            about(name, Phrase("its last reading was estimated.")),
            Phrase("Give the bill after it, whose last reading makes up for the estimate."),
        )
    return None


def _heating_value(document: Bill | StockSurvey) -> float | None:
    return document.heating_value if isinstance(document, Bill) else None


def _without_heating_value(
    code: str, name: Phrase, document: Bill | StockSurvey, named: Sequence[MeterRecord]
) -> CheckOutcome | None:
    """Refused where a fuel is charged by its energy and metered by its amount, and the bill's
    heating value is not given; one beside units that agree is as wrong."""
    other = next((record for record in named if not converts(record.unit, document.unit)), None)
    given = _heating_value(document)
    if other is not None and given is None and converts(document.unit, "kWh"):
        return not_checkable(
            code,
            about(
                name,
                Phrase(
                    "it is charged in %(unit)s, and %(meter)s counts %(counts)s.",
                    unit=document.unit,
                    meter=other.meter.id,
                    counts=other.unit,
                ),
            ),
            Phrase(
                "Add heating_value = … to the bill: %(unit)s per %(counts)s as it is printed "
                "there. Suppliers mostly charge gas by the gross one, a tenth above the net one.",
                unit=document.unit,
                counts=other.unit,
            ),
        )
    if given is not None and any(converts(record.unit, document.unit) for record in named):
        return not_checkable(
            code,
            about(name, Phrase("a heating value stands beside a meter that counts the same unit.")),
            Phrase("Take heating_value out, or name meters that count the amount of the fuel."),
        )
    return None


def _counted_twice(
    code: str, name: Phrase, site: SiteSettings, named: Sequence[MeterRecord]
) -> CheckOutcome | None:
    """Refused where one of the meters measures what another of them measures too."""
    ids = {record.meter.id for record in named}
    for record in named:
        for above in site.tree.above(record.meter):
            if above.id in ids:
                return not_checkable(
                    code,
                    about(
                        name,
                        Phrase(
                            "what %(below)s counts, %(above)s counts too.",
                            below=record.meter.id,
                            above=above.id,
                        ),
                    ),
                    Phrase("Name the meters that the document is of, without those below them."),
                )
    return None


def _too_little(
    code: str,
    name: Phrase,
    share: float,
    named: Sequence[MeterRecord],
    all_records: Sequence[MeterRecord],
    site: SiteSettings,
) -> CheckOutcome:
    sentence = about(
        name, Phrase("readings cover only %(share)s %% of the time.", share=f"{100 * share:.0f}")
    )
    beside = [
        record
        for record in all_records
        if record not in named
        and any(takes_over(record, own, site) or takes_over(own, record, site) for own in named)
    ]
    if not beside:
        return not_checkable(code, sentence, Phrase("Read the meters' own memory."))
    both = ", ".join(
        [*(record.meter.id for record in named), *(record.meter.id for record in beside)]
    )
    return not_checkable(
        code,
        sentence,
        Phrase(
            "One meter begins where another ends. If it replaced the other one, name both under "
            "meters (%(meters)s).",
            meters=both,
        ),
    )


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
        return Phrase(
            "%(carrier)s, %(meters)s, %(start)s to %(end)s (%(count)s documents in a row)",
            count=paper.documents,
            **values,
        )
    if paper.rows > 1:
        return Phrase(
            "%(carrier)s, %(meters)s, %(start)s to %(end)s (%(document)s, %(count)s rows together)",
            document=document.document,
            count=paper.rows,
            **values,
        )
    return Phrase(
        "%(carrier)s, %(meters)s, %(start)s to %(end)s (%(document)s)",
        document=document.document,
        **values,
    )
