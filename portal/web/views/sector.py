"""A sector over its years: trend, what moved, what it could save, and the same elsewhere; as a page
and as open data.
"""

from __future__ import annotations

import json

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.own_address import absolute
from portal.publication import codebook, open_data, over_years, sectors
from portal.publication.in_force import in_force_of
from portal.publication.rows import VersionColumns
from portal.read_replica import from_replica
from portal.web.addresses import benchmark_url
from portal.web.answers import attachment
from portal.web.page_cache import RenderedPage, cached, rendered
from portal.web.presenters.moved import over_years_page
from portal.web.presenters.sectors import sector_page
from portal.web.viewmodels.shared import Crumb
from portal.web.views.public import publisher_name
from portal.web.words.terms import Names, shown_name


@require_safe
@from_replica
def sector(request: HttpRequest, pack: str, jurisdiction: str, route: str) -> HttpResponse:
    rows = _rows(pack, jurisdiction, route)
    others = [
        other
        for other in sectors.groups_in_force()
        if (other.pack, other.route) == (pack, route) and other.jurisdiction != jurisdiction
    ]
    newest = in_force_of([other.periods[-1] for other in others])
    beside_it = [
        (other, newest[other.periods[-1]]) for other in others if other.periods[-1] in newest
    ]

    def render_page() -> RenderedPage:
        views = in_force_of([row.period_id for row in rows[-sectors.MOST_YEARS :]])
        of_years = [views[row.period_id] for row in rows if row.period_id in views]
        regions = [
            (other, view, _address(other.pack, other.jurisdiction, other.route))
            for other, view in beside_it
        ]
        page = sector_page(of_years, rows[-1].scope)
        history = over_years_page(
            over_years.years(rows), of_years[-1], regions, _address(pack, jurisdiction, route)
        )
        return rendered(
            "web/cached/sector.html",
            _("%(title)s over the years") % {"title": page.title},
            {"sector": page, "over": history},
        )

    beside = tuple(
        (shown_name(other.scope), view.period_id, view.version) for other, view in beside_it
    )
    page = cached("sector", (*_content(rows), shown_name(rows[-1].scope), *beside), render_page)
    name = Names.of(pack, rows[-1].pack_version).sector
    crumbs = (
        Crumb(_("Benchmarks"), reverse("web:benchmarks")),
        Crumb(name, f"{reverse('web:benchmarks')}?sector={pack}"),
    )
    return render(request, "web/cached_page.html", {"page": page, "crumbs": crumbs, "yearly": True})


@require_safe
@from_replica
def sector_csv(_request: HttpRequest, pack: str, jurisdiction: str, route: str) -> HttpResponse:
    return _file(
        _table(_rows(pack, jurisdiction, route)),
        "text/csv; charset=utf-8",
        (pack, jurisdiction, route),
        "csv",
    )


@require_safe
@from_replica
def sector_parquet(_request: HttpRequest, pack: str, jurisdiction: str, route: str) -> HttpResponse:
    rows = _rows(pack, jurisdiction, route)
    about = {
        "source": absolute(_address(pack, jurisdiction, route)),
        "licence": open_data.LICENCE_URL,
    }
    parquet = cached(
        "sector-parquet",
        _content(rows),
        lambda: open_data.parquet(_table(rows), codebook.OVER_YEARS, about),
    )
    return _file(parquet, open_data.FORMATS["parquet"], (pack, jurisdiction, route), "parquet")


@require_safe
@from_replica
def sector_json_ld(_request: HttpRequest, pack: str, jurisdiction: str, route: str) -> HttpResponse:
    rows = _rows(pack, jurisdiction, route)
    title = Names.of(pack, rows[-1].pack_version).title(route)
    versions = [absolute(benchmark_url(row, row.version)) for row in rows]
    document = open_data.sector_json_ld(
        rows,
        title,
        absolute(_address(pack, jurisdiction, route)),
        versions,
        publisher_name(jurisdiction),
    )
    return _file(
        json.dumps(document, ensure_ascii=False),
        "application/ld+json",
        (pack, jurisdiction, route),
        "jsonld",
    )


def _rows(pack: str, jurisdiction: str, route: str) -> tuple[VersionColumns, ...]:
    rows = over_years.versions(pack, jurisdiction, route)
    if not rows:
        raise Http404
    return rows


def _content(rows: tuple[VersionColumns, ...]) -> tuple[tuple[int, str, str], ...]:
    return tuple(row.content for row in rows)


def _table(rows: tuple[VersionColumns, ...]) -> str:
    return cached("sector-csv", _content(rows), lambda: over_years.table(over_years.years(rows)))


def _address(pack: str, jurisdiction: str, route: str) -> str:
    return reverse("web:sector", args=[pack, jurisdiction, route])


def _file(
    content: str | bytes, content_type: str, of: tuple[str, str, str], ending: str
) -> HttpResponse:
    name = "-".join(part.replace("/", ".") for part in of)
    return attachment(content, content_type, f"steplabel-{name}-over-the-years.{ending}")
