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

from benchmarks.audit.evidence import Outcome, failed, held, not_checkable, same
from benchmarks.audit.records import microseconds
from benchmarks.audit.refusals import in_words
from benchmarks.errors import InputError
from benchmarks.labels import RELATIVE_UNCERTAINTY
from benchmarks.measurements import Period
from benchmarks.quantities import ratio
from benchmarks.routes import Words
from reporting_agent.config import Site
from reporting_agent.metering import MeterRecord
from reporting_agent.pipeline import PlantData
from reporting_agent.reconciliation.papers import Bill, Calibration, Papers, Sale, Stock

_TOLD = 0.9  # of the seconds; a meter that tells less of the time is held against nothing
_EXPANDED = 2 / sqrt(3)  # of a class's limit
_GIVE_THE_PERIOD = Words(en="Give the period that holds it.", zh="请指定包含它的报告期。")


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
    name = _named(paper.carrier, paper)
    if not _inside(paper.from_day, paper.to_day, period, site):
        return _outside(code, name, period)
    records = {record.meter.id: record for record in data.meters}
    missing = [meter for meter in paper.meters if meter not in records]
    if missing:
        return not_checkable(
            code,
            _about(name, f"no readings of {', '.join(missing)}.", f"没有 {'、'.join(missing)} 的读数。"),
            Words(en="Name meters of site.toml that have readings.", zh="请写 site.toml 中有读数的表计。"),
        )
    try:
        counted = _counted([records[meter] for meter in paper.meters], paper, site)
    except InputError as refusal:
        return _of_units(code, name, refusal)
    if counted.known < _TOLD:
        share = f"{100 * counted.known:.0f} %"
        return not_checkable(
            code,
            _about(name, f"readings tell {share} of the time only.", f"读数只覆盖 {share} 的时间。"),
            Words(en="Read the meters' own memory.", zh="请读取表计自身的存储。"),
        )
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
    code, name = "sales-and-output", _named(paper.step, paper)
    if not _inside(paper.from_day, paper.to_day, period, site):
        return _outside(code, name, period)
    if paper.step not in {step.id for step in data.pack.steps}:
        return not_checkable(
            code,
            _about(name, "the pack has no such step.", "方法包中没有该工序。"),
            Words(en="Name a step of the pack.", zh="请写方法包中的工序。"),
        )
    unit = data.pack.step(paper.step).output_unit
    start, end = _us(paper.from_day, site), _us(paper.to_day, site)
    made = fsum(one.output_t for one in data.batches if one.step == paper.step and start <= microseconds(one.start) < end)
    try:
        told = paper.made * ratio(paper.unit, unit)
    except InputError as refusal:
        return _of_units(code, name, refusal)
    return _agree(code, name, told, made, unit, paper.uncertainty_pct / 100, 0.0)


def _agree(code: str, name: Words, told: float, counted: float, unit: str, of_paper: float, of_site: float) -> Outcome:
    tolerance = hypot(of_paper * told, of_site * counted)
    difference = counted - told
    share = f"{100 * difference / told:+.2f} %" if told else ""  # of a document of nothing there is none
    en, zh = (f" ({share})", f"（{share}）") if share else ("", "")
    said = _about(
        name,
        f"the document says {told:,.6g} {unit}, the site {counted:,.6g} {unit}, {difference:+,.4g} {unit}"
        f"{en}; together they may differ by {tolerance:,.4g} {unit}.",
        f"单据为 {told:,.6g} {unit}，厂址为 {counted:,.6g} {unit}，相差 {difference:+,.4g} {unit}{zh}；"
        f"二者合计允许相差 {tolerance:,.4g} {unit}。",
    )
    if abs(difference) <= tolerance:
        return held(code, said)
    return failed(
        code,
        said,
        Words(
            en="Find out which of the two is wrong, and for how long; see the original, and the meter's own register.",
            zh="请查明二者哪个有误、持续多久；请查看原件和表计自身的示数。",
        ),
    )


def _calibration(paper: Calibration, site: Site, period: Period) -> Outcome:
    code = "calibration"
    name = Words(en=f"{paper.meter} ({paper.document})", zh=f"{paper.meter}（{paper.document}）")
    if paper.meter not in {meter.id for meter in site.meters}:
        return not_checkable(
            code,
            _about(name, "site.toml has no such meter.", "site.toml 中没有该表计。"),
            Words(en="Name a meter of site.toml.", zh="请写 site.toml 中的表计。"),
        )
    last = max(period.end.date(), period.start.date())
    if paper.error_pct > paper.limit_pct:
        return failed(
            code,
            _about(
                name,
                f"an error of {paper.error_pct:g} % was found, its class allows {paper.limit_pct:g} %.",
                f"检定误差为 {paper.error_pct:g} %，其等级允许 {paper.limit_pct:g} %。",
            ),
            Words(en="Repair the meter; correct its energy.", zh="请修理表计，并修正其能耗。"),
        )
    if not (paper.holds_on(period.start.date()) and paper.holds_on(date.fromordinal(last.toordinal() - 1))):
        return failed(
            code,
            _about(
                name,
                f"calibrated on {paper.on} for {paper.valid_months} months, which does not cover {period.name}.",
                f"检定于 {paper.on}，有效 {paper.valid_months} 个月，未覆盖 {period.name}。",
            ),
            Words(
                en="Have the meter calibrated, and say what it showed before it was adjusted.", zh="请检定表计，并说明调整前的示值误差。"
            ),
        )
    return held(
        code,
        _about(
            name,
            f"calibrated on {paper.on}, error at most {paper.error_pct:g} % of {paper.limit_pct:g} % allowed.",
            f"检定于 {paper.on}，误差不超过 {paper.error_pct:g} %，允许 {paper.limit_pct:g} %。",
        ),
    )


def _not_covered(site: Site, data: PlantData, papers: Papers, period: Period) -> Iterator[Outcome]:
    """What enters a label and is in no document."""
    tree = site.tree
    named = {meter for bill in papers.bill for meter in bill.meters} | {meter for stock in papers.stock for meter in stock.meters}
    certified = {paper.meter for paper in papers.calibration}
    for record in data.meters:
        meter = record.meter
        if record.counted and meter.id not in named and not any(above.id in named for above in tree.above(meter)):
            none = "no bill or stock survey covers it, nor a meter above it.", "没有账单或盘点覆盖它或其上级表计。"
            yield not_checkable("bill-and-meters", _about(same(meter.id), *none))
        if record.counted and meter.id not in certified and not meter.computed:
            yield not_checkable("calibration", _about(same(meter.id), "no calibration record.", "没有检定记录。"))
    sold = {paper.step for paper in papers.sale}
    for step in dict.fromkeys(batch.step for batch in data.batches if batch.start in period):
        if step not in sold:
            yield not_checkable("sales-and-output", _about(same(step), "no sales record covers its output.", "没有销售记录覆盖其产量。"))


def _named(what: str, paper: Bill | Stock | Sale) -> Words:
    """The document by what it is about, its days, and where it is kept."""
    return Words(
        en=f"{what}, {paper.from_day} to {paper.to_day} ({paper.document})",
        zh=f"{what}，{paper.from_day} 至 {paper.to_day}（{paper.document}）",
    )


def _about(name: Words, en: str, zh: str) -> Words:
    return Words(en=f"{name.en}: {en}", zh=f"{name.zh}：{zh}")


def _outside(code: str, name: Words, period: Period) -> Outcome:
    return not_checkable(code, _about(name, f"lies outside the period {period.name}.", f"在报告期 {period.name} 之外。"), _GIVE_THE_PERIOD)


def _of_units(code: str, name: Words, refusal: InputError) -> Outcome:
    said, to_do = in_words(refusal)
    return not_checkable(code, _about(name, said.en, said.zh), to_do)


def _inside(first: date, last: date, period: Period, site: Site) -> bool:
    return microseconds(period.start) <= _us(first, site) and _us(last, site) <= microseconds(period.end)


def _us(day: date, site: Site) -> int:
    return microseconds(datetime.combine(day, time.min, site.zone))
