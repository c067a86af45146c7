"""What anybody may read: the list of benchmarks and each published version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.publication import selectors
from portal.publication.document import csv_of
from portal.publication.shapes import BenchmarkView
from portal.web.addresses import benchmark_url
from portal.web.figures import EnergyUnit
from portal.web.presenters import benchmarks
from portal.web.viewmodels.shared import Crumb


@require_safe
def benchmark_list(request: HttpRequest) -> HttpResponse:
    page = benchmarks.benchmark_list(selectors.latest_published(), request.GET.get("q", "").strip()[:100], request.GET.get("sector", ""))
    return render(request, "web/benchmarks.html", {"page": page})


@require_safe
def benchmark(request: HttpRequest, pack: str, period: str, version: int, route: str | None = None) -> HttpResponse:
    view = _published(pack, period, version, route)
    unit, units = chosen_unit(request, view)
    page = benchmarks.benchmark_page(view, selectors.versions(pack, period, route), unit, units, f"{request.scheme}://{request.get_host()}")
    crumbs = (Crumb(_("Benchmarks"), reverse("web:benchmarks")), Crumb(page.sector, f"{reverse('web:benchmarks')}?sector={pack}"))
    return render(request, "web/benchmark.html", {"page": page, "crumbs": crumbs})


@require_safe
def in_force(_request: HttpRequest, pack: str, period: str, route: str | None = None) -> HttpResponseBase:
    """The address without a version leads to the one in force; it is not the address to cite."""
    view = _published(pack, period, None, route)
    return redirect(benchmark_url(view.pack, view.pack_version, view.route, view.period, view.version))


@require_safe
def benchmark_csv(_request: HttpRequest, pack: str, period: str, version: int, route: str | None = None) -> HttpResponse:
    view = _published(pack, period, version, route)
    return _file(csv_of({**view.document, "status": view.status}, view.label), "text/csv; charset=utf-8", view, "csv")


@require_safe
def benchmark_json(_request: HttpRequest, pack: str, period: str, version: int, route: str | None = None) -> HttpResponse:
    """The signed document, exactly as the API serves it."""
    view = _published(pack, period, version, route)
    return _file(json.dumps(view.document, ensure_ascii=False), "application/json", view, "json")


def chosen_unit(request: HttpRequest, view: BenchmarkView) -> tuple[EnergyUnit, Mapping[str, EnergyUnit]]:
    """`?unit=`; anything else is the published unit. The factor is the one in force when the period began."""
    units = benchmarks.units_on(date(int(view.period[:4]), 1, 1))
    return units.get(request.GET.get("unit", ""), units["kgce"]), units


def _published(pack: str, period: str, version: int | None, route: str | None) -> BenchmarkView:
    view = selectors.benchmark(pack, period, version, route)
    if view is None:
        raise Http404
    return view


def _file(content: str, content_type: str, view: BenchmarkView, ending: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    name = f"steplabel-{view.pack}-{view.period.replace('/', '_')}-v{view.version}.{ending}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Steplabel-Status"] = view.status
    return response
