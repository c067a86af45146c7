"""For everybody: method packs, their versions side by side, and each number with its source."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from benchmarks import packs
from benchmarks.errors import InputError
from benchmarks.routes import Pack
from portal.governance.effects import between
from portal.governance.selectors import ApprovedPackView, approved_pack, errata_of
from portal.web.presenters import differences, methods


@require_safe
def every(request: HttpRequest) -> HttpResponse:
    installed = [packs.versions(name) for name in packs.available()]
    return _sheet(
        request, methods.methods_page((versions, _approvals(versions)) for versions in installed)
    )


def _approvals(versions: Sequence[Pack]) -> dict[str, ApprovedPackView]:
    return {
        edition.version: approved
        for edition in versions
        if (approved := approved_pack(edition.id, edition.version)) is not None
    }


@require_safe
def version(request: HttpRequest, pack: str, version: str) -> HttpResponse:
    pack_version = _pack(pack, version)
    return _sheet(
        request,
        methods.version_page(
            pack_version, approved_pack(pack, version), errata_of(pack, version), request.GET
        ),
    )


@require_safe
def number(request: HttpRequest, pack: str, version: str, path: str) -> HttpResponse:
    """`path` is the number's role and its path in the pack, a slash between them."""
    _pack(pack, version)
    role, _slash, where = path.partition("/")
    history = [
        (
            past,
            next(
                (
                    entry
                    for entry in methods.numbers(past)
                    if (entry.role.value, entry.path) == (role, where)
                ),
                None,
            ),
        )
        for past in packs.versions(pack)
    ]
    asked, figure = next(
        (past, number_then) for past, number_then in history if past.version == version
    )
    if figure is None:
        raise Http404
    return _sheet(request, methods.number_page(asked, figure, history))


@require_safe
def compare(request: HttpRequest, pack: str, version: str, before: str) -> HttpResponse:
    return _sheet(
        request, differences.compare_page(between(_pack(pack, before), _pack(pack, version)))
    )


def _pack(pack: str, version: str) -> Pack:
    try:
        return packs.load(pack, version)
    except InputError as unknown:
        raise Http404 from unknown


def _sheet(request: HttpRequest, sheet: object) -> HttpResponse:
    return render(request, "web/sheet.html", {"page": sheet})
