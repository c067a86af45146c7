"""Pages for refusals. What Django itself cannot answer (400, 403, 404, 500) has its page in `templates/<status>.html`."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from benchmarks.errors import SteplabelError


def refused(request: HttpRequest, error: SteplabelError) -> HttpResponse:
    """A refusal that no form shows beside a field, in its own words; `RefusedError` brings its status."""
    status: int = getattr(error, "status", 400)
    return _page(request, status, _("This was refused"), error.sentence, error.remedy, error.code)


def too_large(request: HttpRequest) -> HttpResponse:
    """A body that cannot be a sealed report, told by its declared length before it is read."""
    return _page(
        request,
        413,
        _("The file is too large"),
        _("A sealed report has at most 256 KiB."),
        _("Choose the file that “steplabel-agent submit --offline” wrote."),
    )


def _page(request: HttpRequest, status: int, title: str, sentence: str, remedy: str, code: str = "") -> HttpResponse:
    return render(request, "web/error.html", {"title": title, "sentence": sentence, "remedy": remedy, "code": code}, status=status)
