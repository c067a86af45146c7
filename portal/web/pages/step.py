"""One page a step: what it takes and gives, what a typical plant uses and the best, how far plants
are apart, the years, limits of standards, measures; and to a firm its own value.

All but a firm's own value is of versions in force, and rendered without the request.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from benchmarks.carriers import CARRIERS
from benchmarks.comparison.estimates import Estimate
from benchmarks.comparison.gaps import gap
from benchmarks.guidance.practices import Practice
from benchmarks.label_keys import LabelKey
from portal.accounts import second_factor
from portal.accounts.models import Role
from portal.accounts.selectors import own_sites, roles_of
from portal.practices.selectors import library
from portal.publication import over_years
from portal.publication.in_force import InForceView, in_force_of
from portal.publication.over_years import Year
from portal.publication.rows import VersionColumns
from portal.publication.shapes import CellView
from portal.read_replica import from_replica
from portal.register.record import OpenedPage, saw
from portal.standings.reports import reports_at
from portal.standings.selectors import StepStandingView, standing_of
from portal.web.access import person
from portal.web.charts.findings import Bar, BarScale, YearsPicture, YearValues, draw_years
from portal.web.page_cache import RenderedPage, cached, rendered
from portal.web.pages.sector import SectorFinding, address_of, rows_of, spread_at
from portal.web.presenters.curves import spread_of
from portal.web.presenters.ladders import TotalsDisplay
from portal.web.presenters.levels import levels_of
from portal.web.presenters.practices import saving_of
from portal.web.viewmodels.shared import Crumb
from portal.web.words.figures import NONE, between, number, per_cent
from portal.web.words.terms import (
    Names,
    in_language,
    in_page_language,
    metric_name,
    per_output,
    period_name,
    shown_name,
    unit_in_words,
    with_variant,
)
from portal.web.words.verdicts import verdict

MJ_PER_KWH = 3.6


class StepFinding:
    """What one version says of one step, in the unit of the step's own product."""

    def __init__(self, view: InForceView, cell: CellView, names: Names) -> None:
        self.cell, self.names = cell, names
        self.sector = SectorFinding(view.label, names, view.route, {})
        self.shown: TotalsDisplay = self.sector.shown
        self.name = names.step_name(cell.step)
        self.best, self.typical = cell.best_estimate, cell.typical_estimate
        self.decimals = self.shown.step_decimals(cell)
        self.bars = BarScale.over([each.value for each in (self.typical, self.best) if each])
        self.saving = (
            gap(cell.step, self.typical, self.best, 1.0) if self.typical and self.best else None
        )
        self.cells = tuple(
            each
            for each in view.label.cells
            if (each.step, each.product, each.variant) == (cell.step, cell.product, cell.variant)
        )

    @property
    def per_output(self) -> str:
        step = self.names.step(self.cell.step)
        product = in_page_language(step.product_words) if step else self.cell.product
        variant = self.names.variant_name(self.cell.step, self.cell.variant)
        return per_output(self.cell.unit, with_variant(product, variant))

    @property
    def title(self) -> str:
        facts = {"step": self.name}
        if self.saving is None or self.typical is None:
            return _("%(step)s: the values are withheld") % facts
        if self.saving.within_noise:
            return _("%(step)s: no saving can be told from the noise") % facts
        if not self.typical.value:
            return self.name
        facts["share"] = per_cent(self.saving.value / abs(self.typical.value))
        if self.typical.value < 0:
            return _("%(step)s could give back %(share)s more energy") % facts
        return _("%(step)s could use %(share)s less energy") % facts

    @property
    def hidden(self) -> str:
        return in_language(self.cell.reason_en, self.cell.reason_zh) or _("withheld")

    @property
    def share(self) -> str:
        """Of all that the sector could save."""
        return next((row.share for row in self.sector.steps if row.cell.step == self.cell.step), "")

    @property
    def drawn(self) -> list[tuple[str, str, Bar]]:
        """Name, figure and bar of the typical value and the best."""
        named = ((_("Typical plant"), self.typical), (_("Industry best"), self.best))
        return [
            (name, number(each.value, self.decimals), self.bars.bar(each.value))
            for name, each in named
            if each is not None
        ]

    @property
    def figures(self) -> list[tuple[str, str, str, str, int]]:
        """Of each metric: its name, typical value, best, unit and firms."""
        rows = []
        for cell in self.cells:
            decimals = self.shown.step_decimals(cell)
            hidden = in_language(cell.reason_en, cell.reason_zh) or _("withheld")
            rows.append(
                (
                    metric_name(cell.metric),
                    _figure(cell.typical_estimate, decimals) or NONE,
                    _figure(cell.best_estimate, decimals) or hidden,
                    unit_in_words(cell.unit),
                    cell.firms,
                )
            )
        return rows


def _figure(estimate: Estimate | None, decimals: int | None) -> str:
    if estimate is None:
        return ""
    ends, value = between(estimate.lo, estimate.hi, decimals), number(estimate.value, decimals)
    return _("%(value)s (%(interval)s)") % {"value": value, "interval": ends} if ends else value


@dataclass(frozen=True, slots=True)
class ProcessPicture:
    """What crosses the step's boundary: energy in, the product out, energy given back."""

    boundary: str
    takes: tuple[str, ...]
    may_take: tuple[str, ...]
    makes: str
    gives_back: tuple[str, ...]


def process_of(names: Names, step_id: str) -> ProcessPicture | None:
    """None where the pack is not installed."""
    step = names.step(step_id)
    if step is None:
        return None
    boundary = step.boundary
    return ProcessPicture(
        in_page_language(boundary.words),
        _carriers(boundary.carriers),
        _carriers(each for each in boundary.counted if each not in boundary.carriers),
        in_page_language(step.product_words),
        _carriers(boundary.credited),
    )


def _carriers(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(in_page_language(CARRIERS[each].words) for each in ids)


def years_of_cell(
    years: Sequence[Year], cell: CellView, shown: TotalsDisplay
) -> tuple[YearsPicture | None, str]:
    """The years in which the cell is shown in its unit, and what changed since the one before."""
    own = [
        year
        for year in years
        if LabelKey.of(year.cell) == LabelKey.of(cell) and year.cell.unit == cell.unit
    ]
    decimals = shown.step_decimals(cell)
    picture = draw_years(
        [
            YearValues(
                year.view.period,
                year.cell.typical_estimate,
                year.cell.best_estimate,
                bool(year.breaks),
                decimals,
            )
            for year in own
        ]
    )
    moved = own[-1].moved.get("typical") if own else None
    if moved is None:
        return picture, ""
    _value, (low, high) = moved
    if low <= 0 <= high:
        return picture, _("No clear change since the year before")
    return picture, _("Less energy than the year before") if high < 0 else _(
        "More energy than the year before"
    )


def _by_cost(practice: Practice) -> float:
    """Energy saved per money invested, most first; what has no cost on record comes last."""
    if practice.investment is None:
        return 0.0
    megajoules = float(practice.saving) * (MJ_PER_KWH if practice.unit == "kWh" else 1.0)
    return -megajoules / max(float(practice.investment), 1e-6)


def _measure(practice: Practice) -> Mapping[str, str]:
    cost = practice.investment
    return {
        "id": practice.id,
        "name": in_page_language(practice.words),
        "saving": saving_of(practice),
        "investment": NONE if cost is None else f"{cost.normalize():f}",
    }


@require_safe
@from_replica
def step(request: HttpRequest, pack: str, jurisdiction: str, route: str, step: str) -> HttpResponse:
    rows = rows_of(pack, jurisdiction, route)
    newest = rows[-1]
    metric = next((metric for id_, metric, _ratio in newest.summary["headline"] if id_ == step), "")
    if not metric:
        raise Http404
    practices = library().of_step(pack, step)

    def render_page() -> RenderedPage:
        view = in_force_of([newest.period_id])[newest.period_id]
        names = Names.of(pack, newest.pack_version)
        cell = next(each for each in view.label.headline if each.step == step)
        finding = StepFinding(view, cell, names)
        picture, change = years_of_cell(over_years.years(rows), cell, finding.shown)
        context: dict[str, object] = {
            "finding": finding,
            "period": newest.period,
            "version": newest,
            "sector_url": address_of(pack, jurisdiction, route),
            "pack": pack,
            "step": step,
            "process": process_of(names, step),
            "spread": spread_at(cell, finding.shown),
            "curves": spread_of(replace(view.label, cells=finding.cells), finding.shown),
            "years": picture,
            "change": change,
            "limits": levels_of(view, step),
            "measures": [_measure(practice) for practice in sorted(practices, key=_by_cost)],
            "priced": any(practice.investment is not None for practice in practices),
            "steps": [
                (row.name, row.cell.step, row.cell.step == step) for row in finding.sector.steps
            ],
        }
        return rendered("web/cached/step.html", finding.title, context)

    depends_on: tuple[Hashable, ...] = (
        *(row.content for row in rows),
        tuple((practice.id, practice.version) for practice in practices),
    )
    page = cached("step", (pack, jurisdiction, route, step, *depends_on), render_page)
    title = Names.of(pack, newest.pack_version).title(route)
    context = {
        "page": page,
        "crumbs": (
            Crumb(_("Sectors"), reverse("web:sectors")),
            Crumb(title, address_of(pack, jurisdiction, route)),
        ),
        "own": _own(request, newest, step, metric),
    }
    response = render(request, "web/step.html", context)
    if context["own"]:
        add_never_cache_headers(response)
    return response


def _own(
    request: HttpRequest, newest: VersionColumns, step: str, metric: str
) -> Mapping[str, str] | None:
    """What a firm's own newest report says of the step, where it is of this sector; noted as
    seen.
    """
    if not request.user.is_authenticated:
        return None
    user = person(request)
    roles = roles_of(user)
    if Role.ENTERPRISE not in roles or (
        second_factor.asked_of(roles) and not second_factor.was_shown(request, user)
    ):
        return None
    newest_of_each = (reports_at(site)[-1:] for site in own_sites(user).filter(pack=newest.pack))
    reports = [report for of_site in newest_of_each for report in of_site]
    report = next((each for each in reports if each.route == newest.route), None)
    if report is None:
        return None
    row = next(
        (each for each in standing_of(report).steps if (each.step, each.metric) == (step, metric)),
        None,
    )
    if row is None:
        return None
    saw(
        user,
        OpenedPage.PLANT,
        f"site {report.site}, {report.period}",
        timezone.now(),
        firm=report.organisation,
    )
    return _own_value(row, shown_name(report.site_name), period_name(report.period))


def _own_value(row: StepStandingView, site: str, period: str) -> Mapping[str, str]:
    return {
        "site": site,
        "period": period,
        "usual": "" if row.typical is None else number(row.typical),
        "best": number(row.value),
        "interval": between(*row.interval) if row.interval else "",
        "unit": unit_in_words(row.unit),
        "verdict": verdict(row.rank_interval, row.of) if row.rank_interval and row.of else "",
    }
