"""Meters against bills and stock surveys, output against sales, meters against their certificates: held, failed, or not checkable.

Two quantities agree where they differ by no more than their uncertainties together, sqrt(u1^2 + u2^2), expanded (k = 2; JCGM 100, 5.1.2). A
document states its own, a meter has that of its class (`counting`). The share of seconds that no reading tells is added to it as it is.

What agrees here can be wrong together; what differs has to be explained. What no document covers is named as not checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from math import fsum

from benchmarks.audit.evidence import CheckOutcome, check_held, failed, not_checkable, same
from benchmarks.audit.records import microseconds
from benchmarks.declared import Words, worded
from benchmarks.errors import InputError
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from benchmarks.quantities import ratio
from reporting_agent.analysis.baselines.production import each_once
from reporting_agent.audit.reconciliation.bills_against_meters import bills_compared, survey_compared
from reporting_agent.audit.reconciliation.counting import us_of
from reporting_agent.audit.reconciliation.papers import Calibration, Papers, Sale
from reporting_agent.audit.reconciliation.sentences import FIND_OUT, about, difference, inside, of_units, outside
from reporting_agent.audit.reconciliation.said_of_bills import of_bills, of_survey
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import PlantData


def reconcile(site: SiteSettings, data: PlantData, papers: Papers, period: Period) -> tuple[CheckOutcome, ...]:
    """One finding a document, and one for every counted meter and step that no document covers."""
    outcomes = [outcome for row in bills_compared(site, data, papers.bill, period) for outcome in of_bills(site, data, row)]
    outcomes += [of_survey(survey_compared(site, data, survey, period)) for survey in papers.stock]
    outcomes += [_output(data, sale, site, period) for sale in papers.sale]
    outcomes += [_calibration(calibration, papers.calibration, site, period) for calibration in papers.calibration]
    return (*outcomes, *_not_covered(site, data, papers, period))


def _output(data: PlantData, paper: Sale, site: SiteSettings, period: Period) -> CheckOutcome:
    code, name = "sales-and-output", _sold(paper)
    if not inside(paper.from_day, paper.to_day, period, site):
        return outside(code, name, paper.from_day, paper.to_day, period, site)
    if paper.step not in {step.id for step in data.pack.steps}:
        return not_checkable(code, about(name, Phrase("the pack has no such step.")), Phrase("Name a step of the pack."))
    unit = data.pack.step(paper.step).output_unit
    start, end = us_of(paper.from_day, site), us_of(paper.to_day, site)
    once = each_once([batch for batch in data.batches if batch.step == paper.step])  # of a row in two exports the first, as in a label
    output = fsum(batch.output for batch in once if start <= microseconds(batch.start) < end)
    try:
        sold = (paper.sold + paper.closing - paper.opening) * ratio(paper.unit, unit)
    except InputError as refusal:
        return of_units(code, name, refusal)
    tolerance = paper.uncertainty_pct / 100 * sold
    sentence = about(name, difference(sold, output, tolerance, unit))
    return check_held(code, sentence) if abs(output - sold) <= tolerance else failed(code, sentence, FIND_OUT)


def _sold(paper: Sale) -> Phrase:
    start, end = paper.from_day.isoformat(), paper.to_day.isoformat()
    return Phrase("%(step)s, %(start)s to %(end)s (%(document)s)", step=paper.step, start=start, end=end, document=paper.document)


def _calibration(paper: Calibration, every: Sequence[Calibration], site: SiteSettings, period: Period) -> CheckOutcome:
    """A certificate by its own error; the period has to be covered by all of the meter's together, for one may follow another in it."""
    code = "calibration"
    name = worded("%(meter)s (%(document)s)", meter=paper.meter, document=paper.document)
    if paper.meter not in {meter.id for meter in site.meters}:
        return not_checkable(code, _about(name, Phrase("site.toml has no such meter.")), Phrase("Name a meter of site.toml."))
    if paper.error_pct > paper.limit_pct:
        return failed(
            code,
            _about(
                name,
                Phrase(
                    "an error of %(error_pct)s %% was found, but its class allows %(limit_pct)s %%.",
                    error_pct=f"{paper.error_pct:g}",
                    limit_pct=f"{paper.limit_pct:g}",
                ),
            ),
            Phrase("Repair the meter, and correct its energy."),
        )
    first, last = period.first_and_last
    days = map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
    if not all(any(other.holds_on(day) for other in every if other.meter == paper.meter) for day in days):
        return failed(
            code,
            _about(
                name,
                Phrase(
                    "calibrated on %(on)s for %(valid_months)s months, which does not cover %(period)s.",
                    on=f"{paper.on}",
                    valid_months=paper.valid_months,
                    period=period.name,
                ),
            ),
            Phrase("Have the meter calibrated, and state its error before adjustment."),
        )
    return check_held(
        code,
        _about(
            name,
            Phrase(
                "calibrated on %(on)s, error at most %(error_pct)s %%, with %(limit_pct)s %% allowed.",
                on=f"{paper.on}",
                error_pct=f"{paper.error_pct:g}",
                limit_pct=f"{paper.limit_pct:g}",
            ),
        ),
    )


def _not_covered(site: SiteSettings, data: PlantData, papers: Papers, period: Period) -> Iterator[CheckOutcome]:
    """What enters a label and is in no document."""
    tree = site.tree
    named = {meter for bill in papers.bill for meter in bill.meters} | {meter for stock in papers.stock for meter in stock.meters}
    certified = {paper.meter for paper in papers.calibration}
    for record in data.meters:
        meter = record.meter
        if record.counted and meter.id not in named and not any(above.id in named for above in tree.above(meter)):
            none = Phrase("no bill or stock survey covers it or a meter above it.")
            yield not_checkable("bill-and-meters", _about(same(meter.id), none))
        if record.counted and meter.id not in certified and not meter.computed:
            yield not_checkable("calibration", _about(same(meter.id), Phrase("no calibration record.")))
    sold = {paper.step for paper in papers.sale}
    for step in dict.fromkeys(batch.step for batch in data.batches if batch.start in period):
        if step not in sold:
            yield not_checkable("sales-and-output", _about(same(step), Phrase("no sales record covers its output.")))


def _about(name: Words, what: Phrase) -> Words:
    return worded("%(name)s: %(what)s", name=name, what=what)
