"""For everybody: one version of a method pack, each number with its source, and what another
version says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from benchmarks import packs
from benchmarks.errors import InputError
from benchmarks.routes import Pack
from portal.governance.effects import between
from portal.governance.selectors import approved_pack, errata_of
from portal.web.presenters import differences, methods
from portal.web.viewmodels.methods import MethodSection


@require_safe
def version(request: HttpRequest, pack: str, version: str) -> HttpResponse:
    """With one of its numbers (`?number=ROLE/PATH`), or what it says otherwise than another version
    (`?against=VERSION`).
    """
    shown = _pack(pack, version)
    editions = packs.versions(pack)
    approvals = {
        edition.version: approved
        for edition in editions
        if (approved := approved_pack(pack, edition.version)) is not None
    }
    asked: tuple[MethodSection, ...] = ()
    if number := request.GET.get("number"):
        asked = (_number(shown, editions, *number.partition("/")[::2]),)
    elif before := request.GET.get("against"):
        asked = differences.differences(between(_pack(pack, before), shown))
    sheet = methods.version_page(
        shown, editions, approvals, errata_of(pack, version), request.GET, asked
    )
    return render(request, "web/sheet.html", {"page": sheet})


def _number(shown: Pack, editions: Sequence[Pack], role: str, path: str) -> MethodSection:
    history = [
        (
            edition,
            next(
                (
                    entry
                    for entry in methods.numbers(edition)
                    if (entry.role.value, entry.path) == (role, path)
                ),
                None,
            ),
        )
        for edition in editions
    ]
    figure = next(figure for edition, figure in history if edition.version == shown.version)
    if figure is None:
        raise Http404
    return methods.number_section(shown, figure, history)


def _pack(pack: str, version: str) -> Pack:
    try:
        return packs.load(pack, version)
    except InputError as unknown:
        raise Http404 from unknown
