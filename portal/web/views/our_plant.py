"""Our plant, a firm's first page: how a plant compares with its industry, step by step, what to do
about it, and what waits. A firm with several plants sees a short list first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from benchmarks.label_keys import LabelKey
from benchmarks.phrases import alternatives
from benchmarks.ranking import FEWEST_FOR_A_SCORE
from portal.accounts.models import Role, Site, User
from portal.accounts.selectors import country_of, own_sites
from portal.assurance.engagements import findings_to_answer
from portal.assurance.obliged_sites import obliged_own
from portal.catalogue.deadlines import last_day
from portal.days import scheme_day
from portal.intake.owed import owed
from portal.intake.reminders import asked_for
from portal.practices.selectors import library
from portal.publication.in_force import DefinedVersion, InForceView, defined_beside, in_force_at
from portal.register.record import OpenedPage, saw
from portal.sentences import in_words
from portal.standings.reports import ReportView, history, reports_at
from portal.standings.selectors import newest_of, standing_of
from portal.web import areas
from portal.web.access import for_role, person
from portal.web.addresses import benchmark_url
from portal.web.answers import attachment
from portal.web.lists.tables import csv_file
from portal.web.papers import our_plant as paper
from portal.web.presenters.cbam import border_of
from portal.web.presenters.home import WaitingTask, in_order, of_enterprise, of_findings
from portal.web.presenters.our_plant import Comparison, Place, compared
from portal.web.presenters.plant_actions import Measure, measures_of, worth_of
from portal.web.presenters.site_gaps import co2_note
from portal.web.presenters.trend import TrendStep, drawn, trend_steps
from portal.web.presenters.worth import carriers_of
from portal.web.viewmodels.shared import HeadlineFigure
from portal.web.views.public import units_of
from portal.web.words.figures import (
    NONE,
    number,
)
from portal.web.words.terms import (
    one_of_output,
    output_of_a_year,
    period_name,
    shown_name,
    within,
)

MOST_MEASURES = 3
"""So many of those that fit stand on the card; the others are folded in below."""


def headline_figures(page: Comparison, trend: TrendStep | None) -> tuple[HeadlineFigure, ...]:
    """Of the step to look at first: its gap, its rank, its change."""
    row = page.first
    if row is None:
        return ()
    place = row.place
    at = {"step": within(row.name)}
    typical = number(row.of_typical, page.decimals)
    moved = (
        HeadlineFigure(_("Change at %(step)s") % at, NONE, "", _("One period so far."), "best")
        if trend is None
        else HeadlineFigure(
            _("Change at %(step)s since %(year)s") % {**at, "year": trend.since},
            trend.moved or NONE,
            "",
            _("your best runs") if trend.moved else trend.verdict,
            "best",
        )
    )
    return (
        HeadlineFigure(
            _("Gap at %(step)s") % at,
            number(row.whole, page.decimals),
            page.unit,
            ""
            if row.typical is None
            else _("from your usual run to the best; a typical plant: %(gap)s") % {"gap": typical},
            "you",
        ),
        HeadlineFigure(
            _("Rank at %(step)s") % at,
            place.ranks if place else NONE,
            "",
            place.verdict if place else _("Ranks are computed with the next draft."),
            "you",
        ),
        moved,
    )


def on_card(measures: Sequence[Measure], page: Comparison) -> list[Measure]:
    """The first of those whose saving is seen with the decimals of the page."""
    return [each for each in measures if round(each.saves, page.decimals)][:MOST_MEASURES]


def tasks_of(user: User, now: datetime, slug: str = "") -> tuple[WaitingTask, ...]:
    """What waits for the person at one of their sites, or at all of them, by due date."""
    today = scheme_day(now)

    rows = of_enterprise(
        [view for view in owed(user, now) if slug in ("", view.site)],
        (),
        obliged_own(user, today, *((slug,) if slug else ())),
        today,
        asked_for(own_sites(user)),
    )
    to_answer = [row for row in findings_to_answer(user) if slug in ("", row.assignment.site.slug)]
    return in_order([*rows, *of_findings(to_answer, today), *areas.PLANT_TASKS(user, slug, today)])


@for_role(Role.ENTERPRISE)
def plants(request: HttpRequest) -> HttpResponse:
    """The one plant of a firm, or the list of several."""
    user, now = person(request), timezone.now()
    sites = list(own_sites(user).filter(retired_at=None).order_by("name", "slug"))
    if len(sites) == 1:
        return _page(request, sites[0], now)
    newest = newest_of(sites)
    rows = [
        {
            "name": shown_name(site.name),
            "slug": site.slug,
            "period": period_name(found.period) if (found := newest.get(site.pk)) else "",
            "place": found and Place.of("", found.route),
        }
        for site in sites
    ]
    return render(request, "web/our_plants.html", {"rows": rows, "tasks": tasks_of(user, now)})


@for_role(Role.ENTERPRISE)
def plant(request: HttpRequest, slug: str) -> HttpResponse:
    return _page(request, _own_site(request, slug), timezone.now())


class Chosen(NamedTuple):
    """One report of a plant with the version that it is compared with, among its others."""

    reports: tuple[ReportView, ...]  # oldest first
    versions: Mapping[int, DefinedVersion]
    report: ReportView | None
    view: InForceView | None

    @classmethod
    def of(cls, request: HttpRequest, site: Site) -> Chosen:
        """The period that is asked for (`?period=`), else the newest that can be compared, else the
        newest."""
        reports = reports_at(site)
        versions = defined_beside(reports) if reports else {}
        asked = request.GET.get("period", "")
        report = max(
            reports,
            key=lambda each: (each.period == asked, each.period_id in versions, each.start),
            default=None,
        )
        view = (
            in_force_at(report.pack, report.jurisdiction, report.route, report.period)
            if report is not None and report.period_id in versions
            else None
        )
        return cls(reports, versions, report, view)


def _page(request: HttpRequest, site: Site, now: datetime) -> HttpResponse:
    user = person(request)
    chosen = Chosen.of(request, site)
    context: dict[str, object] = {
        "name": shown_name(site.name),
        "slug": site.slug,
        "address": reverse("web:our-plant", args=[site.slug]),
        "tasks": tasks_of(user, now, site.slug),
        "periods": [
            (report.period, period_name(report.period), report is chosen.report)
            for report in reversed(chosen.reports)
        ],
        "newest": _waits_for_publication(chosen),
    }
    if chosen.report is None or chosen.view is None:
        return render(request, "web/our_plant_empty.html", context)
    subject = f"site {site.slug}, {chosen.report.period}"
    saw(user, OpenedPage.PLANT, subject, now, firm=site.organisation_id)
    units = units_of(chosen.view.period)
    page = compared(standing_of(chosen.report), chosen.view, units)
    trend = _trend(chosen, page)
    first = next(iter(trend), None)
    of_first = page.first is not None and first is not None
    held = library()
    measures = [measures_of(page, row, held, units) for row in page.certain]
    country = country_of(chosen.report.jurisdiction)
    product = page.names.product(chosen.view.route)
    made_in = page.names.made_in(chosen.view.route)
    context |= {
        "page": page,
        "title": page.names.title(chosen.view.route),
        "period": chosen.report.period,
        "version_url": benchmark_url(chosen.view, chosen.view.version),
        "figures": headline_figures(page, first if of_first else None),
        "trend": trend[:1],
        "further_trends": trend[1:],
        "top": on_card(measures[0].practices, page) if measures else (),
        "measures": measures,
        "practice_units": in_words(alternatives(dict.fromkeys(each.unit for each in measures)))
        if measures
        else "",
        "worth": worth_of(page, units),
        "output": output_of_a_year(made_in, product, _("Tonnes of %(product)s made in a year")),
        "product_unit": one_of_output(made_in),
        "carriers": carriers_of((page.names.step(row.step) for row in page.certain), page.factors),
        "border": border_of(
            chosen.view.pack,
            chosen.view.route,
            page.factors.country,
            scheme_day(now),
            shown_name(country.name) if country else "",
        ),
        "unit_note": units["kgce"].note if page.in_kgce == 1.0 else "",
        "notes": (units["MJ"].note, units["kWh"].note, co2_note(page.factors)),
        "no_score": ""
        if any(place.score for place in page.places)
        else _("With fewer than %(n)d sites there is a rank, but no score.")
        % {"n": FEWEST_FOR_A_SCORE},
    }
    return render(request, "web/our_plant.html", context)


def _waits_for_publication(chosen: Chosen) -> dict[str, object] | None:
    """The report of the page, or else the newest, where it cannot be compared yet, and until when
    reports of its period are awaited.
    """
    waits = chosen.report if chosen.view is None else chosen.reports[-1]
    if waits is None or waits.period_id in chosen.versions:
        return None
    due = "" if waits.due is None else last_day(waits.due)
    return {"period": period_name(waits.period), "due": due}


def _trend(chosen: Chosen, page: Comparison) -> tuple[TrendStep, ...]:
    """Of the steps that were reported in several periods, that to look at first on top."""
    if len(chosen.reports) < 2:
        return ()
    cells = {LabelKey.of(cell) for cell in page.view.label.headline}
    reported = history(chosen.reports, cells)
    if not any(len(drawn(reported, cell)) > 1 for cell in cells):
        return ()
    order = [row.step for row in page.rows]
    steps = trend_steps(reported, chosen.versions, page.view)
    return tuple(sorted(steps, key=lambda step: order.index(step.step)))


COLUMNS = (
    *("site", "period", "step", "product", "variant", "metric", "unit"),
    *("protected_best", "protected_typical", "low", "high"),
    *("place_low", "place_high", "of", "quarter", "score_low", "score_high"),
    *("industry_best", "industry_low", "industry_high", "industry_typical"),
    *("gap_unit", "gap", "gap_operation", "gap_equipment", "gap_certain"),
    *("step_name", "variant_name"),
)
"""`low` and `high` bound the true value of the best with 95 %. Gaps are those of the page, for one
of the route's product; names are in the reader's language, beside the codes.
"""


def table_rows(page: Comparison) -> Iterator[tuple[object, ...]]:
    label, stand = page.view.label, page.stand
    industry = {LabelKey.of(cell): (cell.best, cell.interval, cell.typical) for cell in label.cells}
    if stand.route is not None:
        route = label.composite
        industry[LabelKey.of(stand.route)] = (route.value, route.interval, label.typical.value)
    gaps = {LabelKey.of(row.standing): row for row in page.rows if row.standing is not None}

    def figure(value: float | None) -> float | str:
        """Without the digits that a sum in floating point leaves behind."""
        return "" if value is None else round(value, 6)

    for standing in (*stand.steps, *((stand.route,) if stand.route else ())):
        best, interval, typical = industry.get(LabelKey.of(standing), (None, None, None))
        row = gaps.get(LabelKey.of(standing))
        gap_cells: tuple[object, ...] = ("", "", "", "", "")
        if standing is stand.route:
            gap_cells = (label.composite.unit, page.whole, "", "", "yes" if page.certain else "no")
        elif row is not None and row.best is not None:
            sure = "yes" if row.certain else "no"
            gap_cells = (label.composite.unit, row.whole, row.operation, row.equipment, sure)
        yield (
            *(stand.report.site, stand.report.period),
            *(standing.step, standing.product, standing.variant, standing.metric, standing.unit),
            *(figure(standing.value), figure(standing.typical)),
            *map(figure, standing.interval or (None, None)),
            *(standing.rank_interval or ("", "")),
            *(standing.of or "", standing.band or ""),
            *(standing.score or ("", "")),
            *(figure(best), *map(figure, interval or (None, None)), figure(typical)),
            *gap_cells,
            page.names.step_name(standing.step),
            page.names.variant_name(standing.step, standing.variant),
        )


@for_role(Role.ENTERPRISE)
def plant_csv(request: HttpRequest, slug: str) -> HttpResponse:
    page = _to_take_away(request, slug)
    return csv_file(f"{_file_name(page)}.csv", COLUMNS, table_rows(page))


@for_role(Role.ENTERPRISE)
def plant_pdf(request: HttpRequest, slug: str) -> HttpResponse:
    """One page for a meeting."""
    page = _to_take_away(request, slug)
    units = units_of(page.view.period)
    row = page.first
    measures = () if row is None else measures_of(page, row, library(), units).practices
    content = paper.pdf(page, on_card(measures, page))
    return attachment(content, "application/pdf", f"{_file_name(page)}.pdf")


def _to_take_away(request: HttpRequest, slug: str) -> Comparison:
    site = _own_site(request, slug)
    chosen = Chosen.of(request, site)
    if chosen.report is None or chosen.view is None:
        raise Http404
    subject = f"site {slug}, {chosen.report.period}"
    saw(person(request), OpenedPage.PLANT, subject, timezone.now(), firm=site.organisation_id)
    units = units_of(chosen.view.period)
    return compared(standing_of(chosen.report), chosen.view, units)


def _file_name(page: Comparison) -> str:
    report = page.stand.report
    return f"steplabel-our-plant-{report.site}-{report.period.replace('/', '_')}"


def _own_site(request: HttpRequest, slug: str) -> Site:
    site = own_sites(person(request)).filter(slug=slug).first()
    if site is None:
        raise Http404
    return site
