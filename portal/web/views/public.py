"""What anybody may read: the list of benchmarks and each published version."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.publication import citation, codebook, selectors
from portal.publication.rows import Row, Series, benchmark_view
from portal.publication.shapes import BenchmarkView, ListedView
from portal.web import paper
from portal.web.addresses import benchmark_url
from portal.web.figures import EnergyUnit
from portal.web.kept import Rendered, kept, rendered
from portal.web.presenters import benchmarks, comparison
from portal.web.tables import PAGE_ROWS, paged, pages_of
from portal.web.viewmodels.benchmarks import BenchmarkList
from portal.web.viewmodels.shared import Crumb
from portal.web.words import Names

UNIT_COOKIE = "unit"
UNIT_KEPT_S = 365 * 24 * 3600


@require_safe
def benchmark_list(request: HttpRequest) -> HttpResponse:
    query, sector = request.GET.get("q", "").strip()[:100], request.GET.get("sector", "")[:40]
    content = (*selectors.state_of_the_list(), sector, request.GET.get("page", "")[:9])

    def made() -> Rendered:
        return rendered("web/kept/benchmarks.html", _("Benchmarks"), {"page": _list(request.GET, query, sector)})

    page = made() if query else kept("list", content, made)  # what people type is endless, and nobody types it twice
    return render(request, "web/kept.html", {"page": page})


def _list(asked: QueryDict, query: str, sector: str) -> BenchmarkList:
    if words := query.lower().split():
        views: Sequence[ListedView] = benchmarks.fitting(selectors.latest_published(sector), words)
        found = len(views)
        views, pages = paged(views, asked)
    else:
        found = selectors.count_published(sector)
        pages = pages_of(found, asked)
        views = selectors.latest_published(sector, pages.first - 1 if pages else 0, PAGE_ROWS)
    return benchmarks.benchmark_list(views, found, pages, selectors.packs_published(), query, sector)


@require_safe
def benchmark(request: HttpRequest, pack: str, place: str, route: str, period: str, version: int) -> HttpResponse:
    found, row = _found(pack, place, route, period, version)
    unit, units = chosen_unit(request, period)

    def made() -> Rendered:
        page = benchmarks.benchmark_page(benchmark_view(row, found.in_force), found.views, unit, units, _site(request))
        return rendered(
            "web/kept/benchmark.html", _("%(title)s, %(period)s") % {"title": page.title, "period": page.period}, {"page": page}
        )

    page = kept("page", (*found.content, row.id, row.scope, row.scope_zh, unit.id, _site(request)), made)
    sector = Names.of(pack, row.pack_version).sector
    crumbs = (Crumb(_("Benchmarks"), reverse("web:benchmarks")), Crumb(sector, f"{reverse('web:benchmarks')}?sector={pack}"))
    return remember_unit(request, unit, render(request, "web/kept.html", {"page": page, "crumbs": crumbs}))


@require_safe
def compare(request: HttpRequest, pack: str, place: str, route: str, period: str, a: int, b: int) -> HttpResponse:
    """Two versions side by side, in the order they are asked for."""
    views = selectors.two_versions(pack, period, a, b, route, place)
    if views is None:
        raise Http404
    unit, units = chosen_unit(request, period)
    page = comparison.compare_page(*views, unit, units)
    crumbs = (Crumb(_("Benchmarks"), reverse("web:benchmarks")), Crumb(page.title, page.after.url))
    return remember_unit(request, unit, render(request, "web/compare.html", {"page": page, "crumbs": crumbs}))


@require_safe
def in_force(_request: HttpRequest, pack: str, place: str, route: str, period: str) -> HttpResponseBase:
    """The address without a version leads to the one in force; it is not the address to cite."""
    _series, row = _found(pack, place, route, period)
    return redirect(benchmark_url(row, row.version))


@require_safe
def benchmark_csv(_request: HttpRequest, pack: str, place: str, route: str, period: str, version: int) -> HttpResponse:
    _series, row = _found(pack, place, route, period, version)
    before = selectors.preceding(row)
    content = (row.content, before.content if before else None)
    return _file(kept("csv", content, lambda: selectors.table_of(benchmark_view(row, None), before)), "text/csv; charset=utf-8", row, "csv")


@require_safe
def benchmark_json(_request: HttpRequest, pack: str, place: str, route: str, period: str, version: int) -> HttpResponse:
    """The signed document, exactly as the API serves it."""
    _series, row = _found(pack, place, route, period, version)
    text = kept("json", row.content, lambda: json.dumps(benchmark_view(row, None).document, ensure_ascii=False))
    return _file(text, "application/json", row, "json")


@require_safe
def benchmark_pdf(request: HttpRequest, pack: str, place: str, route: str, period: str, version: int) -> HttpResponse:
    """The page on paper, always in the published unit."""
    found, row = _found(pack, place, route, period, version)

    def made() -> bytes:
        units = benchmarks.units_on(_began(period))
        page = benchmarks.benchmark_page(benchmark_view(row, found.in_force), (), units["kgce"], units, _site(request))
        return paper.pdf(page, page.citation)

    content = (*found.content, row.id, row.scope, row.scope_zh, _site(request))
    return _file(kept("pdf", content, made), "application/pdf", row, "pdf")


@require_safe
def benchmark_bib(request: HttpRequest, pack: str, place: str, route: str, period: str, version: int) -> HttpResponse:
    _series, row = _found(pack, place, route, period, version)
    return _file(citation.bibtex(*_cited(request, row)), "application/x-bibtex; charset=utf-8", row, "bib")


@require_safe
def benchmark_ris(request: HttpRequest, pack: str, place: str, route: str, period: str, version: int) -> HttpResponse:
    _series, row = _found(pack, place, route, period, version)
    return _file(citation.ris(*_cited(request, row)), "application/x-research-info-systems; charset=utf-8", row, "ris")


@require_safe
def codebook_csv(_request: HttpRequest) -> HttpResponse:
    response = HttpResponse(codebook.codebook_csv(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="steplabel-codebook.csv"'
    return response


@require_safe
def codebook_page(request: HttpRequest) -> HttpResponse:
    return render(request, "web/codebook.html", {"rows": benchmarks.codebook_rows()})


def chosen_unit(request: HttpRequest, period: str) -> tuple[EnergyUnit, Mapping[str, EnergyUnit]]:
    """`?unit=`, else the unit chosen on a page before, else the published one. The factor is the one in force when the period began."""
    units = benchmarks.units_on(_began(period))
    asked = request.GET.get("unit", request.COOKIES.get(UNIT_COOKIE, ""))
    return units.get(asked, units["kgce"]), units


def remember_unit(request: HttpRequest, unit: EnergyUnit, response: HttpResponse) -> HttpResponse:
    """A unit that was asked for stays for the pages after: its name in a cookie, nothing of the reader."""
    if request.GET.get("unit") == unit.id:
        response.set_cookie(UNIT_COOKIE, unit.id, max_age=UNIT_KEPT_S, samesite="Lax", httponly=True, secure=request.is_secure())
    patch_vary_headers(response, ("Cookie",))
    return response


def _found(pack: str, place: str, route: str, period: str, version: int | None = None) -> tuple[Series, Row]:
    found = selectors.series(pack, period, route, place)
    row = found.row(version)
    if row is None:
        raise Http404
    return found, row


def _began(period: str) -> date:
    return date(int(period[:4]), 1, 1)


def _cited(request: HttpRequest, row: Row) -> tuple[BenchmarkView, str, str, str]:
    view = benchmark_view(row, None)
    return view, benchmarks.citation_title(view), f"{_site(request)}{benchmark_url(row, row.version)}", row.digest


def _site(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"


def _file(content: str | bytes, content_type: str, row: Row, ending: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{citation.file_name(row)}.{ending}"'
    response["Steplabel-Status"] = row.status
    return response
