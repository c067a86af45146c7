"""Bills and stock surveys beside the meters that they name: what both say, or why they cannot be
compared.

Bills tell days; at which hour of the day somebody read the meter they do not tell, so what they say
may be a day's use off at either end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot
from typing import TypeAlias

from benchmarks import carriers
from benchmarks.audit.evidence import CheckOutcome, not_checkable
from benchmarks.errors import InputError
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
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
    return [[_compared(site, data, paper, BILL, period) for paper in row] for row in in_rows(bills)]


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
    )
    return PaperAgainstMeters(whole, metered)


def _compared(
    site: SiteSettings, data: PlantData, paper: Paper, code: str, period: Period
) -> Comparison:
    document, name = paper.stated, _named(paper)
    if not inside(document.from_day, document.to_day, period, site):
        return outside(code, name, document.from_day, document.to_day, period, site)
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
    ) is not None:
        return mismatch
    try:
        metered = counted(named, document.from_day, document.to_day, document.unit, site)
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
