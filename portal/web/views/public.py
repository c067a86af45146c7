"""What anybody may read: each published version, its files, charts and citations, two compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC

from csp.decorators import csp
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from benchmarks.measurements import Period
from portal.own_address import absolute, own_address
from portal.publication import citation, codebook, open_data, sectors, selectors
from portal.publication.document import CSV_FIELDS
from portal.publication.rows import VersionColumns, VersionSeries, benchmark_view
from portal.publication.shapes import BenchmarkView
from portal.read_replica import from_replica
from portal.web import areas
from portal.web.addresses import benchmark_url
from portal.web.answers import attachment
from portal.web.charts import pictures
from portal.web.page_cache import RenderedPage, cached, rendered
from portal.web.papers import version as paper
from portal.web.presenters import benchmarks, comparison
from portal.web.presenters.comparison import ComparePage
from portal.web.viewmodels.benchmarks import BenchmarkPage
from portal.web.viewmodels.shared import Crumb
from portal.web.words.figures import EnergyUnit
from portal.web.words.terms import Names, enumerated, shown_name


@require_safe
@from_replica
def benchmark(
    request: HttpRequest, pack: str, jurisdiction: str, route: str, period: str, version: int
) -> HttpResponse:
    series, row = _series_and_row(pack, jurisdiction, route, period, version)
    added, publisher = areas.VERSION_SECTIONS(row.id), publisher_name(row.jurisdiction)

    def render_page() -> RenderedPage:
        page = benchmarks.benchmark_page(
            benchmark_view(row, series.in_force),
            series.views,
            own_address(),
            publisher,
            added,
        )
        return rendered(
            "web/cached/benchmark.html",
            _("%(title)s, %(period)s") % {"title": page.title, "period": page.period},
            {"page": page},
        )

    page = cached(
        "page",
        (
            *series.content,
            row.id,
            shown_name(row.scope),
            publisher,
            *(section.digest for section in added),
        ),
        render_page,
    )
    crumbs = [Crumb(_("Sectors"), reverse("web:sectors"))]
    if series.in_force is not None:
        sector = Names.of(pack, row.pack_version).title(route)
        crumbs.append(Crumb(sector, reverse("web:sector", args=[pack, jurisdiction, route])))
    context = {
        "page": page,
        "crumbs": crumbs,
        "pictures": True,
        "compared": _compared(request.GET.get("against"), series, row),
    }
    return render(request, "web/cached_page.html", context)


def _compared(asked: str | None, series: VersionSeries, row: VersionColumns) -> ComparePage | None:
    """This version beside an earlier one (`?against=1`)."""
    if asked is None:
        return None
    number = int(asked) if asked.isdecimal() and len(asked) < 9 else 0
    before = series.row(number)
    if before is None:
        raise Http404
    return comparison.compare_page(
        benchmark_view(before, series.in_force), benchmark_view(row, series.in_force)
    )


@require_safe
@from_replica
def in_force(
    _request: HttpRequest, pack: str, jurisdiction: str, route: str, period: str
) -> HttpResponseBase:
    """The address without a version leads to the one in force; it is not the address to cite."""
    _series, row = _series_and_row(pack, jurisdiction, route, period)
    return redirect(benchmark_url(row, row.version))


@require_safe
@from_replica
def benchmark_csv(
    _request: HttpRequest, pack: str, jurisdiction: str, route: str, period: str, version: int
) -> HttpResponse:
    _series, row = _series_and_row(pack, jurisdiction, route, period, version)
    before = selectors.preceding(row)
    content = (row.content, before.content if before else None)
    return _file(
        cached("csv", content, lambda: selectors.table_of(benchmark_view(row, None), before)),
        "text/csv; charset=utf-8",
        row,
        "csv",
    )


@require_safe
@from_replica
def every_version_csv(_request: HttpRequest) -> HttpResponse:
    """The tables of all that was ever published, withdrawn versions too, as one: the columns of a
    version's own file.
    """
    rows = selectors.every_published()

    def render_csv() -> str:
        tables = [
            selectors.table_of(benchmark_view(row, None), selectors.preceding(row)) for row in rows
        ]
        head = ",".join(CSV_FIELDS) + "\r\n"
        return head + "".join(table.removeprefix(head) for table in tables)

    content = cached("every", tuple(row.content for row in rows), render_csv)
    return attachment(content, "text/csv; charset=utf-8", "steplabel-every-version.csv")


@require_safe
@from_replica
def benchmark_json(
    _request: HttpRequest, pack: str, jurisdiction: str, route: str, period: str, version: int
) -> HttpResponse:
    """The signed document, exactly as the API serves it."""
    _series, row = _series_and_row(pack, jurisdiction, route, period, version)
    text = cached(
        "json",
        row.content,
        lambda: json.dumps(benchmark_view(row, None).document, ensure_ascii=False),
    )
    return _file(text, "application/json", row, "json")


@require_safe
@from_replica
def benchmark_parquet(
    _request: HttpRequest, pack: str, jurisdiction: str, route: str, period: str, version: int
) -> HttpResponse:
    _series, row = _series_and_row(pack, jurisdiction, route, period, version)
    before = selectors.preceding(row)

    def render_parquet() -> bytes:
        view, _title, address, _digest, _publisher = _cited(row)
        return open_data.parquet(
            selectors.table_of(view, before),
            codebook.CODEBOOK,
            open_data.about_version(view, address),
        )

    content = (row.content, before.content if before else None)
    return _file(
        cached("parquet", content, render_parquet), open_data.FORMATS["parquet"], row, "parquet"
    )


@require_safe
@from_replica
def benchmark_json_ld(
    _request: HttpRequest, pack: str, jurisdiction: str, route: str, period: str, version: int
) -> HttpResponse:
    """What catalogues of data sets read, in the reader's language as far as names have one."""
    _series, row = _series_and_row(pack, jurisdiction, route, period, version)
    view, title, address, _digest, publisher = _cited(row)
    return _file(
        json.dumps(open_data.json_ld(view, title, address, publisher), ensure_ascii=False),
        "application/ld+json",
        row,
        "jsonld",
    )


@require_safe
@from_replica
def benchmark_pdf(
    _request: HttpRequest, pack: str, jurisdiction: str, route: str, period: str, version: int
) -> HttpResponse:
    """The page on paper."""
    series, row = _series_and_row(pack, jurisdiction, route, period, version)
    added, publisher = areas.VERSION_SECTIONS(row.id), publisher_name(row.jurisdiction)

    def render_pdf() -> bytes:
        view = benchmark_view(row, series.in_force)
        page = benchmarks.benchmark_page(view, (), own_address(), publisher, added)
        return paper.pdf(page, page.citation)

    content = (
        *series.content,
        row.id,
        shown_name(row.scope),
        publisher,
        *(section.digest for section in added),
    )
    return _file(cached("pdf", content, render_pdf), "application/pdf", row, "pdf")


SHOWN_ANYWHERE = csp(
    {"default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "frame-ancestors": ["*"]}
)
"""For a picture alone: any page may show it in a frame, and nothing runs or is fetched in it."""


@require_safe
@from_replica
def benchmark_ladder(
    request: HttpRequest, pack: str, jurisdiction: str, route: str, period: str, version: int
) -> HttpResponseBase:
    return _picture(
        request, _series_and_row(pack, jurisdiction, route, period, version), pictures.ladder
    )


@require_safe
@from_replica
def benchmark_spread(
    request: HttpRequest, pack: str, jurisdiction: str, route: str, period: str, version: int
) -> HttpResponseBase:
    return _picture(
        request, _series_and_row(pack, jurisdiction, route, period, version), pictures.spread
    )


def _picture(
    request: HttpRequest,
    version: tuple[VersionSeries, VersionColumns],
    draw: Callable[[BenchmarkPage], str],
) -> HttpResponseBase:
    """In the language of the address, so that a page that shows it has the same for every
    reader.
    """
    series, row = version
    asked = request.GET.get("language", "")
    language = asked if asked in dict(settings.LANGUAGES) else get_language()

    def render_picture(publisher: str) -> str:
        view = benchmark_view(row, series.in_force)
        return draw(benchmarks.benchmark_page(view, (), own_address(), publisher))

    @xframe_options_exempt
    @SHOWN_ANYWHERE
    def shown(_request: HttpRequest) -> HttpResponseBase:
        with translation.override(language):
            publisher = publisher_name(row.jurisdiction)
            picture = cached(
                draw.__name__,
                (*series.content, row.id, shown_name(row.scope), publisher),
                lambda: render_picture(publisher),
            )
        return HttpResponse(
            picture,
            content_type="image/svg+xml",
            headers={"Steplabel-Status": row.status, "Content-Language": language},
        )

    return shown(request)


@require_safe
@from_replica
def benchmark_bib(
    _request: HttpRequest, pack: str, jurisdiction: str, route: str, period: str, version: int
) -> HttpResponse:
    _series, row = _series_and_row(pack, jurisdiction, route, period, version)
    return _file(citation.bibtex(*_cited(row)), "application/x-bibtex; charset=utf-8", row, "bib")


@require_safe
@from_replica
def benchmark_ris(
    _request: HttpRequest, pack: str, jurisdiction: str, route: str, period: str, version: int
) -> HttpResponse:
    _series, row = _series_and_row(pack, jurisdiction, route, period, version)
    return _file(
        citation.ris(*_cited(row)), "application/x-research-info-systems; charset=utf-8", row, "ris"
    )


@require_safe
def codebook_csv(_request: HttpRequest) -> HttpResponse:
    return attachment(codebook.codebook_csv(), "text/csv; charset=utf-8", "steplabel-codebook.csv")


def units_of(period: str) -> Mapping[str, EnergyUnit]:
    """By the factor in force when the period began."""
    return benchmarks.units_on(Period.parse(period, UTC).first_and_last[0])


def _series_and_row(
    pack: str, jurisdiction: str, route: str, period: str, version: int | None = None
) -> tuple[VersionSeries, VersionColumns]:
    series = selectors.series(pack, period, route, jurisdiction)
    row = series.row(version)
    if row is None:
        raise Http404
    return series, row


def _cited(row: VersionColumns) -> tuple[BenchmarkView, str, str, str, str]:
    view = benchmark_view(row, None)
    return (
        view,
        benchmarks.citation_title(view),
        absolute(benchmark_url(row, row.version)),
        row.digest,
        publisher_name(row.jurisdiction),
    )


def publisher_name(jurisdiction: str) -> str:
    """Who publishes for the jurisdiction, in the reader's language; the portal itself where it has
    no authority on record.
    """
    return enumerated(map(shown_name, sectors.publisher_of(jurisdiction))) or citation.SOFTWARE


def _file(
    content: str | bytes, content_type: str, row: VersionColumns, ending: str
) -> HttpResponse:
    response = attachment(content, content_type, f"{citation.file_name(row)}.{ending}")
    response["Steplabel-Status"] = row.status
    return response
