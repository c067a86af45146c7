"""Meters against bills and stock surveys, output against sales, meters against their certificates: held, failed, or not checkable.

Two quantities agree where they differ by no more than their uncertainties together, sqrt(u1^2 + u2^2), expanded (k = 2; JCGM 100, 5.1.2). A
document states its own. A meter's is that of its accuracy class (rectangular: 2 / sqrt(3) of the limit), else the site's declared
uncertainty; several meters are added as if each erred alone. The share of seconds that no reading tells is added to it as it is.

What agrees here can be wrong together; what differs has to be explained. What no document covers is named as not checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from math import fsum, hypot, sqrt

from benchmarks.audit.evidence import Outcome, failed, held, not_checkable
from benchmarks.audit.records import microseconds
from benchmarks.errors import InputError
from benchmarks.labels import RELATIVE_UNCERTAINTY
from benchmarks.measurements import Period
from benchmarks.quantities import ratio
from reporting_agent.config import Site
from reporting_agent.metering import MeterRecord
from reporting_agent.pipeline import PlantData
from reporting_agent.reconciliation.papers import Bill, Calibration, Papers, Sale, Stock

_TOLD = 0.9  # of the seconds; a meter that tells less of the time is held against nothing
_EXPANDED = 2 / sqrt(3)  # of a class's limit


@dataclass(frozen=True, slots=True)
class Counted:
    """What meters counted in a span, in the unit of the document, with the relative expanded uncertainty; `known` of the seconds."""

    quantity: float
    uncertainty: float
    known: float


def reconcile(site: Site, data: PlantData, papers: Papers, period: Period) -> tuple[Outcome, ...]:
    """One finding a document, and one for every counted meter and step that no document covers."""
    found = [_energy(site, data, one, one.quantity, "bill-and-meters", period) for one in papers.bill]
    found += [_energy(site, data, one, one.used, "stock-and-meters", period) for one in papers.stock]
    found += [_output(data, one, site, period) for one in papers.sale]
    found += [_calibration(one, site, period) for one in papers.calibration]
    return (*found, *_not_covered(site, data, papers, period))


def _energy(site: Site, data: PlantData, paper: Bill | Stock, quantity: float, code: str, period: Period) -> Outcome:
    name = f"{paper.carrier}, {paper.from_day} to {paper.to_day} ({paper.document})"
    if not _inside(paper.from_day, paper.to_day, period, site):
        return not_checkable(code, f"{name}: lies outside the period {period.name}.", "Give the period that holds it.")
    records = {record.meter.id: record for record in data.meters}
    missing = [meter for meter in paper.meters if meter not in records]
    if missing:
        return not_checkable(code, f"{name}: no readings of {', '.join(missing)}.", "Name meters of site.toml that have readings.")
    try:
        counted = _counted([records[meter] for meter in paper.meters], paper, site)
    except InputError as refused:
        return not_checkable(code, f"{name}: {refused.sentence}", refused.remedy)
    if counted.known < _TOLD:
        return not_checkable(code, f"{name}: readings tell {100 * counted.known:.0f} % of the time only.", "Read the meters' own memory.")
    return _agree(code, name, quantity, counted.quantity, paper.unit, paper.uncertainty_pct / 100, counted.uncertainty + 1 - counted.known)


def _counted(records: Sequence[MeterRecord], paper: Bill | Stock, site: Site) -> Counted:
    start_us, end_us = _us(paper.from_day, site), _us(paper.to_day, site)
    total, errors, known = 0.0, [], []
    for record in records:
        inside = (record.hour_us >= start_us) & (record.hour_us < end_us)
        energy = fsum(record.hour_energy[inside].tolist()) * ratio(record.unit, paper.unit)
        total += energy
        errors.append(abs(energy) * _uncertainty(record, site))
        known.append(float(record.hour_known[inside].mean()) if inside.any() else 0.0)
    return Counted(total, hypot(*errors) / abs(total) if total else 1.0, min(known))


def _uncertainty(record: MeterRecord, site: Site) -> float:
    limit = record.meter.accuracy_class
    if limit is not None and record.meter.accuracy_of == "reading":
        return _EXPANDED * limit / 100
    return RELATIVE_UNCERTAINTY if site.site.uncertainty_pct is None else site.site.uncertainty_pct / 100


def _output(data: PlantData, paper: Sale, site: Site, period: Period) -> Outcome:
    code, name = "sales-and-output", f"{paper.step}, {paper.from_day} to {paper.to_day} ({paper.document})"
    if not _inside(paper.from_day, paper.to_day, period, site):
        return not_checkable(code, f"{name}: lies outside the period {period.name}.", "Give the period that holds it.")
    if paper.step not in {step.id for step in data.pack.steps}:
        return not_checkable(code, f"{name}: the pack has no such step.", "Name a step of the pack.")
    unit = data.pack.step(paper.step).output_unit
    start, end = _us(paper.from_day, site), _us(paper.to_day, site)
    made = fsum(one.output_t for one in data.batches if one.step == paper.step and start <= microseconds(one.start) < end)
    try:
        told = paper.made * ratio(paper.unit, unit)
    except InputError as refused:
        return not_checkable(code, f"{name}: {refused.sentence}", refused.remedy)
    return _agree(code, name, told, made, unit, paper.uncertainty_pct / 100, 0.0)


def _agree(code: str, name: str, told: float, counted: float, unit: str, of_paper: float, of_site: float) -> Outcome:
    tolerance = hypot(of_paper * told, of_site * counted)
    difference = counted - told
    said = (
        f"{name}: the document says {told:,.6g} {unit}, the site {counted:,.6g} {unit}, {difference:+,.4g} {unit} "
        f"({100 * difference / told if told else 0:+.2f} %); together they may differ by {tolerance:,.4g} {unit}."
    )
    if abs(difference) <= tolerance:
        return held(code, said)
    return failed(code, said, "Find out which of the two is wrong, and for how long; see the original, and the meter's own register.")


def _calibration(paper: Calibration, site: Site, period: Period) -> Outcome:
    code, name = "calibration", f"{paper.meter} ({paper.document})"
    if paper.meter not in {meter.id for meter in site.meters}:
        return not_checkable(code, f"{name}: site.toml has no such meter.", "Name a meter of site.toml.")
    last = max(period.end.date(), period.start.date())
    if paper.error_pct > paper.limit_pct:
        return failed(
            code,
            f"{name}: an error of {paper.error_pct:g} % was found, its class allows {paper.limit_pct:g} %.",
            "Repair the meter; correct its energy.",
        )
    if not (paper.holds_on(period.start.date()) and paper.holds_on(date.fromordinal(last.toordinal() - 1))):
        return failed(
            code,
            f"{name}: calibrated on {paper.on} for {paper.valid_months} months, which does not cover {period.name}.",
            "Have the meter calibrated, and say what it showed before it was adjusted.",
        )
    return held(code, f"{name}: calibrated on {paper.on}, error at most {paper.error_pct:g} % of {paper.limit_pct:g} % allowed.")


def _not_covered(site: Site, data: PlantData, papers: Papers, period: Period) -> Iterator[Outcome]:
    """What enters a label and is in no document."""
    tree = site.tree
    named = {meter for bill in papers.bill for meter in bill.meters} | {meter for stock in papers.stock for meter in stock.meters}
    certified = {paper.meter for paper in papers.calibration}
    for record in data.meters:
        meter = record.meter
        if record.counted and meter.id not in named and not any(above.id in named for above in tree.above(meter)):
            yield not_checkable("bill-and-meters", f"{meter.id}: no bill or stock survey covers it, nor a meter above it.")
        if record.counted and meter.id not in certified and not meter.computed:
            yield not_checkable("calibration", f"{meter.id}: no calibration record.")
    sold = {paper.step for paper in papers.sale}
    for step in dict.fromkeys(batch.step for batch in data.batches if batch.start in period):
        if step not in sold:
            yield not_checkable("sales-and-output", f"{step}: no sales record covers its output.")


def _inside(first: date, last: date, period: Period, site: Site) -> bool:
    return microseconds(period.start) <= _us(first, site) and _us(last, site) <= microseconds(period.end)


def _us(day: date, site: Site) -> int:
    return microseconds(datetime.combine(day, time.min, site.zone))
