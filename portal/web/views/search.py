"""The search of the masthead: for everybody, each finding what is theirs to see."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.accounts import second_factor
from portal.accounts.selectors import roles_of
from portal.read_replica import from_replica
from portal.web.access import person
from portal.web.search import LONGEST, MOST, search


@require_safe
@never_cache
@from_replica
def page(request: HttpRequest) -> HttpResponse:
    """Whose role asks for a second factor and who has not shown it finds what the public finds."""
    text = request.GET.get("words", "").strip()[:LONGEST]
    user = person(request) if request.user.is_authenticated else None
    if (
        user is not None
        and second_factor.asked_of(roles_of(user))
        and not second_factor.was_shown(request, user)
    ):
        user = None
    parts = search(user, text)
    total = sum(len(part.rows) for part in parts)
    return render(
        request, "web/search.html", {"words": text, "parts": parts, "found": total, "most": MOST}
    )
