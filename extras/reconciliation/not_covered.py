"""What enters a label and no document is about: meters without a bill, survey or certificate, steps
without sales, and on which days.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from benchmarks.audit.evidence import CheckOutcome, not_checkable, same
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from extras.reconciliation.counting import first_and_last_hour, us_of
from extras.reconciliation.days_covered import (
    days_from,
    days_in_service,
    stretches_told,
    stretches_without,
)
from extras.reconciliation.papers import Bill, Calibration, Sale, StockSurvey
from extras.reconciliation.sentences import said_of
from reporting_agent.config import SiteSettings
from reporting_agent.metering import MeterRecord
from reporting_agent.pipeline import PlantData


def without_document(
    site: SiteSettings, data: PlantData, compared: Sequence[Bill | StockSurvey], period: Period
) -> Iterator[CheckOutcome]:
    """Counted meters by the days, from their first to their last reading, on which no document that
    was compared is about them or a meter above them."""
    for record in data.meters:
        if not record.counted:
            continue
        above = {record.meter.id, *(meter.id for meter in site.tree.above(record.meter))}
        days = _days_read(record, site, period)
        stretches = stretches_without(
            days, _days_of(paper for paper in compared if above.intersection(paper.meters))
        )
        if days and stretches == [(days[0], days[-1])]:
            none = Phrase("no bill or stock survey covers it or a meter above it.")
        elif stretches:
            none = Phrase(
                "no bill or stock survey covers it or a meter above it on these days: %(days)s.",
                days=stretches_told(stretches),
            )
        else:
            continue
        yield not_checkable("bill-and-meters", said_of(same(record.meter.id), none))


def without_certificate(
    data: PlantData, certificates: Sequence[Calibration]
) -> Iterator[CheckOutcome]:
    """Counted meters of which there is no certificate."""
    certified = {paper.meter for paper in certificates}
    for record in data.meters:
        if record.counted and record.meter.id not in certified and not record.meter.computed:
            yield not_checkable(
                "calibration", said_of(same(record.meter.id), Phrase("no calibration record."))
            )


def without_sales(
    site: SiteSettings, data: PlantData, compared: Sequence[Sale], period: Period
) -> Iterator[CheckOutcome]:
    """Steps by the days on which they made something and no sale that was compared is about it."""
    days_of: dict[str, set[date]] = {}
    for batch in data.batches:
        if batch.start in period:
            days_of.setdefault(batch.step, set()).add(batch.start.astimezone(site.zone).date())
    for step, days in days_of.items():
        stretches = stretches_without(
            days, _days_of(paper for paper in compared if paper.step == step)
        )
        if stretches == [(min(days), max(days))]:
            yield not_checkable(
                "sales-and-output",
                said_of(same(step), Phrase("no sales record covers its output.")),
            )
        elif stretches:
            none = Phrase(
                "no sales record covers its output on these days: %(days)s.",
                days=stretches_told(stretches),
            )
            yield not_checkable("sales-and-output", said_of(same(step), none))


def _days_read(record: MeterRecord, site: SiteSettings, period: Period) -> list[date]:
    """The days of its own time from the first to the last that it tells something of; all of them
    where it tells nothing.
    """
    days, hours_us = days_in_service(record.meter, period), first_and_last_hour(record, site)
    if hours_us is None:
        return days
    return [
        day
        for day in days
        if hours_us[0] < us_of(day + timedelta(days=1), site) and us_of(day, site) <= hours_us[1]
    ]


def _days_of(papers: Iterable[Bill | StockSurvey | Sale]) -> set[date]:
    return {day for paper in papers for day in days_from(paper.from_day, paper.to_day)}
