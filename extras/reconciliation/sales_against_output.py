"""Sales against output: what left of a step's product, and what its batches made in the same days.

Sales of one step and the same days, such as those to several customers, are parts of one output and
are added up. The stock is that of the product: where several of them state the same one, it is
there once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import fsum, hypot

from benchmarks.audit.evidence import CheckOutcome, check_held, failed, not_checkable
from benchmarks.audit.records import microseconds
from benchmarks.errors import InputError
from benchmarks.labels import RELATIVE_UNCERTAINTY
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from benchmarks.quantities import ratio
from extras.reconciliation.counting import us_of
from extras.reconciliation.papers import Sale
from extras.reconciliation.sentences import (
    FIND_OUT,
    about,
    difference,
    inside,
    less_than_nothing,
    of_units,
    outside,
)
from reporting_agent.analysis.baselines.production import each_once
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import PlantData

_CODE = "sales-and-output"


@dataclass(frozen=True, slots=True)
class SalesAgainstOutput:
    """Sales of one step and the same days beside the output of its batches, in the pack's unit;
    `stated` is what they say of it.
    """

    sales: tuple[Sale, ...]
    stated: float
    output: float
    tolerance: float
    unit: str


def sales_compared(
    site: SiteSettings, data: PlantData, sales: Iterable[Sale], period: Period
) -> list[CheckOutcome | SalesAgainstOutput]:
    """The sales of each step and the same days beside its output, or why they cannot be compared
    with it.
    """
    groups: dict[tuple[str, date, date], list[Sale]] = {}
    for sale in sales:
        groups.setdefault((sale.step, sale.from_day, sale.to_day), []).append(sale)
    return [_compared(site, data, tuple(group), period) for group in groups.values()]


def of_sales(result: CheckOutcome | SalesAgainstOutput) -> CheckOutcome:
    """What is said of the sales of one step and the same days."""
    if isinstance(result, CheckOutcome):
        return result
    sentence = about(
        _sold(result.sales), difference(result.stated, result.output, result.tolerance, result.unit)
    )
    if abs(result.output - result.stated) <= result.tolerance:
        return check_held(_CODE, sentence)
    return failed(_CODE, sentence, FIND_OUT)


def _compared(
    site: SiteSettings, data: PlantData, sales: tuple[Sale, ...], period: Period
) -> CheckOutcome | SalesAgainstOutput:
    first, name = sales[0], _sold(sales)
    if not inside(first.from_day, first.to_day, period, site):
        return outside(_CODE, name, first.from_day, first.to_day, period, site)
    if first.step not in {step.id for step in data.pack.steps}:
        return not_checkable(
            _CODE,
            about(name, Phrase("the pack has no such step.")),
            Phrase("Name a step of the pack."),
        )
    unit = data.pack.step(first.step).output_unit
    try:
        parts = [(sale, ratio(sale.unit, unit)) for sale in sales]
    except InputError as refusal:
        return of_units(_CODE, name, refusal)
    stocks = {
        (_same_in_any_unit(sale.opening * factor), _same_in_any_unit(sale.closing * factor))
        for sale, factor in parts
    }
    stated = fsum(sale.sold * factor for sale, factor in parts) + fsum(
        closing - opening for opening, closing in stocks
    )
    if stated < 0:
        return less_than_nothing(
            _CODE, name, Phrase("sold + closing stock - opening stock is below 0.")
        )
    output = _output(data, first, site)
    of_documents = max(sale.uncertainty_pct for sale in sales) / 100 * stated
    return SalesAgainstOutput(
        sales, stated, output, hypot(of_documents, _uncertainty(site, first.step) * output), unit
    )


def _same_in_any_unit(amount: float) -> float:
    """To nine digits: 10,000.3 t and 10,000,300 kg are one stock, though not one float."""
    return float(f"{amount:.9g}")


def _output(data: PlantData, sale: Sale, site: SiteSettings) -> float:
    """The output of the batches that began in the days of the sale."""
    start, end = us_of(sale.from_day, site), us_of(sale.to_day, site)
    once = each_once(
        [batch for batch in data.batches if batch.step == sale.step]
    )  # of a row in two exports the first, as in a label
    return fsum(batch.output for batch in once if start <= microseconds(batch.start) < end)


def _uncertainty(site: SiteSettings, step: str) -> float:
    """Of the output: that of the step's scales, which may all err alike; without one the site's
    declared one.
    """
    of_scales = [scale.uncertainty_pct / 100 for scale in site.scales if scale.step == step]
    declared = (
        RELATIVE_UNCERTAINTY
        if site.site.uncertainty_pct is None
        else site.site.uncertainty_pct / 100
    )
    return max(of_scales, default=declared)


def _sold(sales: Sequence[Sale]) -> Phrase:
    first = sales[0]
    start, end = first.from_day.isoformat(), first.to_day.isoformat()
    documents = ", ".join(dict.fromkeys(sale.document for sale in sales))
    if len(sales) > 1:
        return Phrase(
            "%(step)s, %(start)s to %(end)s (%(document)s, %(count)s rows together)",
            step=first.step,
            start=start,
            end=end,
            document=documents,
            count=len(sales),
        )
    return Phrase(
        "%(step)s, %(start)s to %(end)s (%(document)s)",
        step=first.step,
        start=start,
        end=end,
        document=documents,
    )
