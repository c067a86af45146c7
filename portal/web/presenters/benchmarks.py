"""The public pages of one version of one benchmark and of the codebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date

from django.template.defaultfilters import date as date_format
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from benchmarks.comparison.estimates import Estimate
from benchmarks.conversion import Basis, FactorTable
from benchmarks.declared import Words
from benchmarks.explanation import Explanation
from benchmarks.explanation.shown_limits import not_held
from benchmarks.explanation.wording import amount
from benchmarks.measurements import Period
from portal.names import in_any_language
from portal.publication.codebook import COMPOSED, EVERY_COLUMN, GATE, OWN, PACK, PORTAL
from portal.publication.references import references_of
from portal.publication.shapes import BenchmarkView, LabelView, ListedView, TotalView, VersionView
from portal.sentences import in_words
from portal.web.addresses import benchmark_url, compare_url
from portal.web.areas import StoredSection
from portal.web.presenters.curves import bands_of, spread_of
from portal.web.presenters.errata import erratum_part
from portal.web.presenters.ladders import TotalsDisplay, ladder_of
from portal.web.presenters.references import references_page
from portal.web.viewmodels.benchmarks import (
    BenchmarkPage,
    Download,
    Lead,
    VersionWithdrawal,
)
from portal.web.viewmodels.shared import HeadlineFigure, Item, VersionRow
from portal.web.words.figures import (
    NONE,
    EnergyUnit,
    between,
    energy_units,
    number,
    per_cent,
    raised,
)
from portal.web.words.terms import (
    VERSION_STATES,
    Names,
    dated,
    in_page_language,
    pack_of,
    period_name,
    shown_name,
    state,
    unit_in_words,
    within,
)


def units_on(day: date) -> Mapping[str, EnergyUnit]:
    """Units of energy by the factor of electricity in force on that day."""
    factor = FactorTable.load().factor("electricity", Basis.CALORIFIC, day)
    return energy_units(float(factor.kgce_per_unit))


def fitting(views: Sequence[ListedView], words: Sequence[str]) -> tuple[ListedView, ...]:
    """Those in whose names of sector, jurisdiction, route, product or step, in either language, in
    an id or the period each word stands.
    """
    return tuple(view for view in views if _fits(view, words))


def _fits(view: ListedView, words: Sequence[str]) -> bool:
    text = (
        f"{view.pack} {view.jurisdiction} {view.route} {view.summary.product} {view.period} "
        f"{' '.join(view.summary.steps)} "
    )
    text += f"{in_any_language(view.scope)} "
    pack = pack_of(view.pack, view.pack_version)
    if pack is not None:
        names = [
            pack.words,
            *(
                name
                for route in pack.routes
                if route.id == view.route
                for name in (route.words, route.product_words)
            ),
        ]
        step_ids = set(view.summary.steps)
        names += [
            name
            for step in pack.steps
            if step.id in step_ids
            for name in (step.words, step.product_words)
        ]
        text += " ".join(text for name in names for text in name.by_language.values())
    return all(word in text.lower() for word in words)


def benchmark_page(
    view: BenchmarkView,
    versions: Sequence[VersionView],
    site: str,
    publisher: str,
    added: Sequence[StoredSection] = (),
) -> BenchmarkPage:
    """One version, as `publisher` published it. `site` is scheme and host, for the address that is
    cited; `added` what extras have of it."""
    names = Names.of(view.pack, view.pack_version)
    shown = TotalsDisplay(names, view.route)
    explained = Explanation.from_json(view.explanation)
    address = benchmark_url(view, view.version)
    in_force = None if view.latest_version is None else benchmark_url(view, view.latest_version)
    title = names.title(view.route)
    return BenchmarkPage(
        title=title,
        period=period_name(view.period),
        sector=names.sector,
        sector_url=reverse("web:sector", args=[view.pack, view.jurisdiction, view.route])
        if in_force
        else "",
        scope=shown_name(view.scope),
        version=view.version,
        published=view.published_on,
        lead=lead_of(view.label, shown),
        figures=_figures(view.label, shown),
        ladder=ladder_of(view.label, shown, explained.limits),
        spread=replace(spread_of(view.label, shown), bands=bands_of(view, shown)),
        added=tuple(section for one in added if (section := one.section(view))),
        references=references_page(references_of(view), names),
        no_limits="" if explained.limits else in_page_language(explained.limits_note),
        not_held=_not_held(names, view) if explained.limits else "",
        rule=in_page_language(explained.rule),
        verified=in_page_language(explained.verification_of_data),
        method_url=reverse("web:method-version", args=[view.pack, view.pack_version])
        if names.pack
        else "",
        explanation=_items(explained),
        noise=in_page_language(explained.noise),
        versions=tuple(_version_row(row, view, shown) for row in versions),
        downloads=_downloads(view),
        citation=_("%(publisher)s (%(year)s). %(title)s. Composed with Steplabel.")
        % {"publisher": publisher, "year": view.published_on.year, "title": citation_title(view)},
        citations=_citations(view),
        digest=view.digest,
        address=f"{site}{address}",
        withdrawal=VersionWithdrawal(view.withdrawn_on, view.withdrawal_reason, in_force or "")
        if view.withdrawn_on
        else None,
        erratum=erratum_part(view),
        superseded_by=in_force if in_force and view.latest_version != view.version else "",
    )


def codebook_rows() -> tuple[tuple[str, str, str, str], ...]:
    """Column, unit, meaning and source in the language of the page."""
    sources = {
        PACK: _("method pack"),
        COMPOSED: _("composition"),
        GATE: _("disclosure gate"),
        PORTAL: _("publication"),
    }
    units = {
        OWN: _("unit of the row"),
        "date": _("date (year-month-day)"),
        "firms": _("firms"),
        "sites": _("sites"),
        "": NONE,
    }
    return tuple(
        (column.name, units[column.unit], in_words(column.meaning), sources[column.source])
        for column in EVERY_COLUMN
    )


def lead_of(label: LabelView, shown: TotalsDisplay) -> Lead:
    """The numbers of the first sentence; empty text where the gate holds one back."""
    decimals = shown.total_decimals(label)
    texts = {}
    for name, total in (
        ("reached", label.best_reached),
        ("composite", label.composite),
        ("typical", label.typical),
    ):
        estimate = total.estimate
        texts[name] = number(estimate.value, decimals) if estimate else ""
    rungs = [
        (cell.ratio * (cell.typical - cell.best), cell.step)
        for cell in label.headline
        if cell.best is not None and cell.typical is not None
    ]
    total_gap = sum(gap for gap, _step in rungs)
    widest_gap, widest = max(rungs, default=(0.0, ""))
    lies_there = label.composite.shown and 0 < widest_gap <= total_gap and len(rungs) > 1
    return Lead(
        amount=raised(in_words(amount(label.composite.unit, shown.names.product(shown.route)))),
        unit=unit_in_words(label.composite.unit).partition("/")[0],
        widest_step=within(shown.names.step_name(widest)) if lies_there else "",
        widest_share=per_cent(widest_gap / total_gap) if lies_there else "",
        shown=label.cells_shown,
        hidden=len(label.cells) - label.cells_shown,
        **texts,
    )


def _figures(label: LabelView, shown: TotalsDisplay) -> tuple[HeadlineFigure, ...]:
    composite = _figure(_("Industry label: the step bests combined"), label.composite, label, shown)
    reached = _figure(_("Best whole route really reached"), label.best_reached, label, shown)
    typical = _figure(_("Typical plant"), label.typical, label, shown)
    return replace(composite, tone="best"), replace(reached, tone="best"), typical


def _figure(title: str, total: TotalView, label: LabelView, shown: TotalsDisplay) -> HeadlineFigure:
    estimate = total.estimate
    if estimate is None:
        return HeadlineFigure(
            title, NONE, "", shown.names.total_reason(total.reason_en, total.reason_zh)
        )
    decimals = shown.total_decimals(label)
    return HeadlineFigure(
        title,
        number(estimate.value, decimals),
        unit_in_words(total.unit),
        interval_words(estimate, decimals),
    )


def interval_words(estimate: Estimate, decimals: int | None) -> str:
    return (
        _("95 %% interval %(interval)s") % {"interval": between(estimate.lo, estimate.hi, decimals)}
        if estimate.lo is not None
        else ""
    )


def _not_held(names: Names, view: BenchmarkView) -> str:
    """By the pack, not by the record."""
    route = names.route(view.route)
    reason = (
        not_held(names.pack, route, Period.parse(view.period, UTC))
        if names.pack and route
        else None
    )
    return in_page_language(reason) if reason else ""


def _items(explained: Explanation) -> tuple[Item, ...]:
    """The items of EN 16231, clause 4.1, then what else a reader needs."""
    more = (
        (_("Intervals"), explained.intervals),
        (_("Method"), explained.method),
        (_("Sources"), explained.sources),
        (_("Left out"), explained.exclusions),
        (_("Withheld by the disclosure gate"), explained.refused),
        (_("Drafted and approved"), explained.approval),
        (_("Changes"), explained.changes),
    )
    named = tuple(
        Item(in_page_language(heading), _as_pages_write(text))
        for heading, text in explained.clause_4_1()
    )
    return named + tuple(Item(title, capfirst(_as_pages_write(text))) for title, text in more)


def _as_pages_write(text: Words) -> str:
    """Days and units of a text that goes into files as it is."""
    return raised(dated(in_page_language(text)))


def _version_row(row: VersionView, view: BenchmarkView, shown: TotalsDisplay) -> VersionRow:
    here = row.version == view.version
    older, newer = sorted((row.version, view.version))
    beside = "" if here else compare_url(view, older, newer)
    return replace(
        version_row(row, benchmark_url(view, row.version), shown, view.label, here=here),
        compare_url=beside,
    )


def version_row(
    row: VersionView, url: str, shown: TotalsDisplay, label: LabelView | None, *, here: bool = False
) -> VersionRow:
    """One row of a table of versions, in the unit of the page."""
    total = row.composite.estimate
    decimals = shown.total_decimals(label) if label else None
    text = f"{number(total.value, decimals)} {unit_in_words(row.composite.unit)}" if total else ""
    span = between(total.lo, total.hi, decimals) if total else ""
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
    address = benchmark_url(view, view.version)
    return (
        Download(_("Table, CSV"), f"{address}benchmark.csv"),
        Download(_("Table, XLSX"), f"{address}benchmark.xlsx"),
        Download(_("Table, Parquet"), f"{address}benchmark.parquet"),
        Download(_("For catalogues, JSON-LD"), f"{address}benchmark.jsonld"),
        Download(_("Signed benchmark, JSON"), f"{address}benchmark.json"),
        Download(_("This version for printing, PDF"), f"{address}benchmark.pdf"),
        Download(_("Codebook: what each column means"), f"{reverse('web:api')}#codebook"),
    )


def _citations(view: BenchmarkView) -> tuple[Download, ...]:
    address = benchmark_url(view, view.version)
    return Download("BibTeX", f"{address}benchmark.bib"), Download("RIS", f"{address}benchmark.ris")


def citation_title(view: BenchmarkView) -> str:
    title = Names.of(view.pack, view.pack_version).title(view.route)
    return _("Industry label, %(title)s, %(scope)s, %(period)s, version %(version)s") % {
        "title": title,
        "scope": shown_name(view.scope),
        "period": period_name(view.period),
        "version": view.version,
    }
