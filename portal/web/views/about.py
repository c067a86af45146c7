"""Pages about the portal itself, its data and API, and whether it works."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from benchmarks import packs
from portal.own_address import own_address
from portal.web.about import about_parts, glossary
from portal.web.api_page import groups
from portal.web.page_cache import RenderedPage, cached, rendered
from portal.web.presenters.benchmarks import codebook_rows
from portal.web.sight import status as checks
from portal.web.sight.readiness import wrong
from portal.web.words.terms import in_page_language


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    context = {
        "parts": about_parts(),
        "terms": glossary(),
        "packs": [
            (
                in_page_language(pack.words),
                reverse("web:method-version", args=[pack.id, pack.version]),
            )
            for pack in map(packs.load, packs.available())
        ],
    }
    return render(request, "web/about.html", context)


@require_safe
def api(request: HttpRequest) -> HttpResponse:
    """What each column of the files means, and the API from its own description, which is English
    in every language.
    """

    def render_page() -> RenderedPage:
        sections = groups()
        context = {
            "groups": sections,
            "columns": codebook_rows(),
            "operations": sum(len(group.operations) for group in sections),
            "portal": own_address(),
            "schema": reverse("api:schema"),
        }
        return rendered("web/cached/api.html", _("Data and API"), context)

    return render(request, "web/cached_page.html", {"page": cached("api", (), render_page)})


@never_cache
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """What works, for anybody; 503 where something asked for is not done. Says no address, version
    or number; of what is wrong its name.
    """
    troubles = wrong(timezone.now())
    return render(
        request,
        "web/status.html",
        {"parts": checks.look(troubles), "wrong": troubles},
        status=checks.http_status(troubles),
    )
