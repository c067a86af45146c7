"""Certificates of meters: each by its own error, and together by the days on which the meter
counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.audit.evidence import CheckOutcome, check_held, failed, not_checkable
from benchmarks.declared import worded
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from extras.reconciliation.days_covered import days_in_service
from extras.reconciliation.papers import Calibration
from extras.reconciliation.sentences import said_of
from reporting_agent.config import SiteSettings

_CODE = "calibration"


def of_certificate(
    paper: Calibration, every: Sequence[Calibration], site: SiteSettings, period: Period
) -> CheckOutcome:
    """A certificate by its own error; what of the period the meter was there has to be covered by
    all of its own that are within their class, for one may follow another."""
    name = worded("%(meter)s (%(document)s)", meter=paper.meter, document=paper.document)
    meter = next((meter for meter in site.meters if meter.id == paper.meter), None)
    if meter is None:
        return not_checkable(
            _CODE,
            said_of(name, Phrase("site.toml has no such meter.")),
            Phrase("Name a meter of site.toml."),
        )
    figures = {"error_pct": f"{paper.error_pct:g}", "limit_pct": f"{paper.limit_pct:g}"}
    if not paper.within_class:
        beyond = Phrase(
            "an error of %(error_pct)s %% was found, but its class allows %(limit_pct)s %%.",
            **figures,
        )
        return failed(
            _CODE, said_of(name, beyond), Phrase("Repair the meter, and correct its energy.")
        )
    days = days_in_service(meter, period)
    if not days:
        return not_checkable(
            _CODE,
            said_of(
                name,
                Phrase("by site.toml the meter was not there in %(period)s.", period=period.name),
            ),
        )
    sound = [other for other in every if other.meter == paper.meter and other.within_class]
    if not all(any(other.holds_on(day) for other in sound) for day in days):
        lapsed = Phrase(
            "calibrated on %(on)s for %(valid_months)s months, which does not cover %(period)s.",
            on=f"{paper.on}",
            valid_months=paper.valid_months,
            period=period.name,
        )
        return failed(
            _CODE,
            said_of(name, lapsed),
            Phrase(
                "Have the meter calibrated, and state its error before adjustment. Of a meter "
                "that came or went in the period, give its "
                "from or until in site.toml."
            ),
        )
    within = Phrase(
        "calibrated on %(on)s, error at most %(error_pct)s %%, with %(limit_pct)s %% allowed.",
        on=f"{paper.on}",
        **figures,
    )
    return check_held(_CODE, said_of(name, within))
