"""Meters against bills and stock surveys, output against sales, meters against their certificates:
held, failed, or not checkable.

Two quantities agree where they differ by no more than their uncertainties together, sqrt(u1^2 +
u2^2), expanded (k = 2; JCGM 100, 5.1.2). A document states its own, a meter has that of its class
(`counting`), output that of its scales. What may have been used in the seconds that no reading
tells is added to it as it is.

What agrees here can be wrong together; what differs has to be explained. What no document covers is
named as not checked.
"""

from __future__ import annotations

from itertools import chain

from benchmarks.audit.evidence import CheckOutcome
from benchmarks.measurements import Period
from extras.reconciliation.bills_against_meters import (
    PaperAgainstMeters,
    bills_compared,
    survey_compared,
)
from extras.reconciliation.certificates import of_certificate
from extras.reconciliation.not_covered import (
    without_certificate,
    without_document,
    without_sales,
)
from extras.reconciliation.papers import Papers
from extras.reconciliation.said_of_bills import of_bills, of_survey
from extras.reconciliation.sales_against_output import (
    SalesAgainstOutput,
    of_sales,
    sales_compared,
)
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import PlantData


def reconcile(
    site: SiteSettings, data: PlantData, papers: Papers, period: Period
) -> tuple[CheckOutcome, ...]:
    """One finding a document, and one for every counted meter and step of which some day is in no
    document that was compared.
    """
    rows = bills_compared(site, data, papers.bill, period)
    surveys = [survey_compared(site, data, survey, period) for survey in papers.stock]
    sales = sales_compared(site, data, papers.sale, period)
    beside_meters = [
        result.paper.stated
        for result in chain(*rows, surveys)
        if isinstance(result, PaperAgainstMeters)
    ]
    beside_output = [
        sale for result in sales if isinstance(result, SalesAgainstOutput) for sale in result.sales
    ]
    return (
        *(outcome for row in rows for outcome in of_bills(site, data, row)),
        *map(of_survey, surveys),
        *map(of_sales, sales),
        *(
            of_certificate(certificate, papers.calibration, site, period)
            for certificate in papers.calibration
        ),
        *without_document(site, data, beside_meters, period),
        *without_certificate(data, papers.calibration),
        *without_sales(site, data, beside_output, period),
    )
