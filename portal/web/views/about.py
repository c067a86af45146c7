"""Pages about the portal itself, and whether it works."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.web import status as checks
from portal.web.about import about_page, glossary
from portal.web.readiness import wrong


@require_safe
def about(request: HttpRequest, page: str = "about") -> HttpResponse:
    return render(request, "web/about.html", {"page": about_page(page)})


@require_safe
def words(request: HttpRequest) -> HttpResponse:
    return render(request, "web/glossary.html", {"terms": glossary()})


@never_cache
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """What works, for anybody; 503 where something asked for is not done. Says no address, version or number; of what is wrong its name."""
    found = wrong(timezone.now())
    return render(request, "web/status.html", {"parts": checks.look(found), "wrong": found}, status=checks.http_status(found))
