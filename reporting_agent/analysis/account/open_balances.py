"""What of the site's balance does not close, or cannot be told, in sentences."""

from __future__ import annotations

from benchmarks.carriers import CARRIERS
from benchmarks.measurements import DataFinding, Severity
from benchmarks.phrases import Phrase, joined
from reporting_agent.analysis.figures import shown, to_one_decimal
from reporting_agent.pipeline.site_balance import CarrierBalance, SiteBalance


def findings(site_balance: SiteBalance | None) -> list[DataFinding]:
    """What does not close, and amounts that could not be used."""
    if site_balance is None:
        return []
    return [
        *site_balance.notes,
        *(
            (_untold if balance.closes is None else _open)(balance)
            for balance in site_balance.carriers
            if not balance.closes
        ),
    ]


def _open(balance: CarrierBalance) -> DataFinding:
    share = "" if balance.share is None else f" ({to_one_decimal(balance.share)})"
    difference = Phrase(
        "%(carrier)s: %(supplied)s were available, %(used)s accounted for. The difference of "
        "%(residual)s is larger than the meters' "
        "possible error (±%(allowance)s).",
        carrier=CARRIERS[balance.carrier].words.each(str.capitalize),
        supplied=f"{shown(balance.supplied, 4)} {balance.unit}",
        used=f"{shown(balance.used, 4)} {balance.unit}",
        residual=f"{shown(balance.residual)} {balance.unit}{share}",
        allowance=f"{shown(balance.allowance)} {balance.unit}",
    )
    cause = (
        Phrase("A user is not metered, or a loss is not declared.")
        if balance.residual > 0
        else Phrase("Something is counted twice, or a supply is not declared.")
    )
    return DataFinding("site-balance-open", Severity.WARNING, joined(difference, cause), 1)


def _untold(balance: CarrierBalance) -> DataFinding:
    sentence = Phrase(
        "%(carrier)s: the meters cannot show whether the balance closes. Of %(supplied)s "
        "supplied, their error may be ±%(allowance)s."
        " State their classes, fill the gaps in their readings, or meter what is only stated.",
        carrier=CARRIERS[balance.carrier].words.each(str.capitalize),
        supplied=f"{shown(balance.supplied, 4)} {balance.unit}",
        allowance=f"{shown(balance.allowance)} {balance.unit}",
    )
    return DataFinding("site-balance-untold", Severity.WARNING, sentence, 1)
