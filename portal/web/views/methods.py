"""For everybody: method packs, their versions side by side, and each number with its source."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from benchmarks import packs
from benchmarks.errors import InputError
from benchmarks.routes import Pack
from portal.governance.effects import between
from portal.governance.selectors import approved_pack, errata_of
from portal.web.presenters import differences, methods


@require_safe
def every(request: HttpRequest) -> HttpResponse:
    return _sheet(request, methods.methods_page())


@require_safe
def method(request: HttpRequest, pack: str) -> HttpResponse:
    versions = packs.versions(pack)
    if not versions:
        raise Http404
    approvals = {edition.version: approved for edition in versions if (approved := approved_pack(pack, edition.version)) is not None}
    return _sheet(request, methods.method_page(versions, approvals))


@require_safe
def version(request: HttpRequest, pack: str, version: str) -> HttpResponse:
    held = _pack(pack, version)
    return _sheet(request, methods.version_page(held, approved_pack(pack, version), errata_of(pack, version), request.GET))


@require_safe
def number(request: HttpRequest, pack: str, version: str, path: str) -> HttpResponse:
    """`path` is the number's role and its path in the pack, a slash between them."""
    _pack(pack, version)
    role, _slash, where = path.partition("/")
    history = [
        (held, next((entry for entry in methods.numbers(held) if (entry.role.value, entry.path) == (role, where)), None))
        for held in packs.versions(pack)
    ]
    held, figure = next((held, past) for held, past in history if held.version == version)
    if figure is None:
        raise Http404
    return _sheet(request, methods.number_page(held, figure, history))


@require_safe
def compare(request: HttpRequest, pack: str, version: str, before: str) -> HttpResponse:
    return _sheet(request, differences.compare_page(between(_pack(pack, before), _pack(pack, version))))


def _pack(pack: str, version: str) -> Pack:
    try:
        return packs.load(pack, version)
    except InputError as unknown:
        raise Http404 from unknown


def _sheet(request: HttpRequest, sheet: object) -> HttpResponse:
    return render(request, "web/sheet.html", {"page": sheet})
