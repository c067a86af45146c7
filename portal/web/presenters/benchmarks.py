"""The public pages: the list of benchmarks and one version of one benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from django.template.defaultfilters import date as date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from benchmarks.conversion import Basis, FactorTable
from benchmarks.explanation import Explanation
from portal.publication.shapes import BenchmarkView, LabelView, TotalView, VersionView
from portal.web.addresses import benchmark_url
from portal.web.figures import EnergyUnit, Estimate, between, energy_units, number, per_cent
from portal.web.presenters.ladders import HEADLINE_UNIT, Shown, headline, ladder_of, total_estimate
from portal.web.viewmodels.benchmarks import BenchmarkList, BenchmarkPage, BenchmarkRow, Download, Lead, Withdrawal
from portal.web.viewmodels.shared import Choice, Figure, Item, UnitLink, VersionRow
from portal.web.words import VERSION_STATES, Names, period_name, said, state, within

NONE = "–"


def units_on(day: date) -> Mapping[str, EnergyUnit]:
    """The units of the switch by the factor of electricity in force on that day."""
    factor = FactorTable.load().factor("electricity", Basis.CALORIFIC, day)
    return energy_units(float(factor.kgce_per_unit))


def unit_links(units: Mapping[str, EnergyUnit], chosen: EnergyUnit, label: LabelView, query: str = "") -> tuple[UnitLink, ...]:
    """The switch; nothing where the label's totals are not in kgce."""
    if label.composite.unit != HEADLINE_UNIT:
        return ()
    return tuple(UnitLink(unit.id, f"?{query}unit={unit.id}", unit.id == chosen.id) for unit in units.values())


def benchmark_list(views: Sequence[BenchmarkView], query: str, sector: str) -> BenchmarkList:
    rows = [(view, _list_row(view)) for view in views]
    sectors = sorted({view.pack: row.sector for view, row in rows}.items(), key=lambda pair: pair[1])
    words = query.lower().split()
    found = tuple(
        row
        for view, row in rows
        if sector in ("", view.pack)
        and all(word in f"{row.title} {row.sector} {row.period} {view.pack} {view.route}".lower() for word in words)
    )
    choices = (Choice("", _("All sectors"), not sector), *(Choice(pack, name, pack == sector) for pack, name in sectors))
    return BenchmarkList(found, choices, query, any_published=bool(views))


def _list_row(view: BenchmarkView) -> BenchmarkRow:
    names = Names.of(view.pack, view.pack_version)
    shown = Shown(names, view.route, energy_units(1.0)["kgce"])
    places = shown.total_places(view.label)
    total = total_estimate(view.label.composite, 1.0)
    return BenchmarkRow(
        title=_("%(title)s, %(period)s") % {"title": names.title(view.route), "period": period_name(view.period)},
        sector=names.sector,
        period=view.period,
        url=_address(view),
        version=view.version,
        label=number(total.value, places) if total else "",
        interval=between(total.lo, total.hi, places) if total else "",
        unit=view.label.composite.unit,
        firms=str(view.label.firms),
        published=view.published_on,
    )


def benchmark_page(
    view: BenchmarkView, versions: Sequence[VersionView], unit: EnergyUnit, units: Mapping[str, EnergyUnit], site: str
) -> BenchmarkPage:
    """One version. `site` is scheme and host, for the address that is cited."""
    names = Names.of(view.pack, view.pack_version)
    shown = Shown(names, view.route, unit)
    explained = Explanation.from_json(view.explanation)
    address = _address(view)
    in_force = None if view.latest_version is None else _address(view, view.latest_version)
    reached = total_estimate(view.label.best_reached, shown.factor(view.label.best_reached.unit))
    places = shown.total_places(view.label)
    title = names.title(view.route)
    return BenchmarkPage(
        title=title,
        period=period_name(view.period),
        sector=names.sector,
        version=view.version,
        published=view.published_on,
        lead=lead_of(view.label, shown),
        figures=_figures(view.label, shown),
        ladder=ladder_of(view.label, shown, explained.limits),
        units=unit_links(units, unit, view.label),
        unit_note=unit.note,
        no_limits="" if explained.limits else said(explained.limits_note),
        rule=said(explained.rule),
        reached=number(reached.value, places) if reached else "",
        explanation=_items(explained),
        noise=said(explained.noise),
        versions=tuple(_version_row(row, view, shown) for row in versions),
        downloads=_downloads(view),
        citation=_("Steplabel (%(year)s). Industry label, %(title)s, %(period)s, version %(version)s.")
        % {"year": view.published_on.year, "title": title, "period": period_name(view.period), "version": view.version},
        address=f"{site}{address}",
        withdrawal=Withdrawal(view.withdrawn_on, view.withdrawal_reason, in_force or "") if view.withdrawn_on else None,
        superseded_by=in_force if in_force and view.latest_version != view.version else "",
    )


def lead_of(label: LabelView, shown: Shown) -> Lead:
    """The numbers of the first sentence; empty text where the gate holds one back."""
    factor, places = shown.factor(label.composite.unit), shown.total_places(label)
    texts = {}
    for name, total in (("reached", label.best_reached), ("composite", label.composite), ("typical", label.typical)):
        estimate = total_estimate(total, factor)
        texts[name] = number(estimate.value, places) if estimate else ""
    rungs = [
        (step.ratio * (step.typical - step.best), step.step)
        for step in headline(label)
        if step.best is not None and step.typical is not None
    ]
    total_gap = sum(gap for gap, _step in rungs)
    widest_gap, widest = max(rungs, default=(0.0, ""))
    lies_there = label.composite.shown and 0 < widest_gap <= total_gap and len(rungs) > 1
    return Lead(
        product=shown.names.product(shown.route),
        unit=shown.spelled(label.composite.unit).removesuffix("/t"),
        widest_step=within(shown.names.step_name(widest)) if lies_there else "",
        widest_share=per_cent(widest_gap / total_gap) if lies_there else "",
        shown=label.cells_shown,
        hidden=len(label.steps) - label.cells_shown,
        **texts,
    )


def _figures(label: LabelView, shown: Shown) -> tuple[Figure, ...]:
    composite = _figure(_("Industry label: the step bests put together"), label.composite, label, shown)
    reached = _figure(_("Best whole route really reached"), label.best_reached, label, shown)
    typical = _figure(_("Typical plant"), label.typical, label, shown)
    return replace(composite, tone="best"), replace(reached, tone="best"), typical


def _figure(title: str, total: TotalView, label: LabelView, shown: Shown) -> Figure:
    estimate = total_estimate(total, shown.factor(total.unit))
    if estimate is None:
        return Figure(title, NONE, "", shown.names.total_reason(total.reason_en, total.reason_zh))
    places = shown.total_places(label)
    return Figure(title, number(estimate.value, places), shown.spelled(total.unit), interval_words(estimate, places))


def interval_words(estimate: Estimate, places: int | None) -> str:
    return _("95 %% interval %(interval)s") % {"interval": between(estimate.lo, estimate.hi, places)} if estimate.lo is not None else ""


def _items(explained: Explanation) -> tuple[Item, ...]:
    """The items of EN 16231, clause 4.1, then what else a reader needs."""
    more = (
        (_("Intervals"), explained.intervals),
        (_("Method"), explained.method),
        (_("Sources"), explained.sources),
        (_("Left out"), explained.exclusions),
        (_("Held back by the gate"), explained.refused),
        (_("Drafted and approved"), explained.approval),
        (_("Changes"), explained.changes),
    )
    named = tuple(Item(said(heading), said(text)) for heading, text in explained.clause_4_1())
    return named + tuple(Item(title, capfirst(said(text))) for title, text in more)


def _version_row(row: VersionView, view: BenchmarkView, shown: Shown) -> VersionRow:
    return version_row(row, _address(view, row.version), shown, view.label, here=row.version == view.version)


def version_row(row: VersionView, url: str, shown: Shown, label: LabelView | None, *, here: bool = False) -> VersionRow:
    """One row of a table of versions, in the unit of the page."""
    total = total_estimate(row.composite, shown.factor(row.composite.unit))
    places = shown.total_places(label) if label else None
    text = f"{number(total.value, places)} {shown.spelled(row.composite.unit)}" if total else ""
    span = between(total.lo, total.hi, places) if total else ""
    change = row.what_changed or (_("First version.") if row.version == 1 else "")
    if row.withdrawn_on:
        change = _("Withdrawn on %(day)s: %(reason)s") % {
            "day": date_format(row.withdrawn_on, _("j F Y")),
            "reason": row.withdrawal_reason,
        }
    return VersionRow(
        number=row.version,
        url=url,
        here=here,
        state=state(VERSION_STATES, row.status),
        published=row.published_on,
        label=_("%(value)s (%(interval)s)") % {"value": text, "interval": span} if span else text,
        firms=str(row.firms),
        change=change,
        approved_by=_("Two persons") if row.approved_by else NONE,
    )


def _downloads(view: BenchmarkView) -> tuple[Download, ...]:
    address = _address(view)
    return Download(_("Table, CSV"), f"{address}benchmark.csv"), Download(_("Signed benchmark, JSON"), f"{address}benchmark.json")


def _address(view: BenchmarkView, version: int | None = None) -> str:
    return benchmark_url(view.pack, view.pack_version, view.route, view.period, version or view.version)
