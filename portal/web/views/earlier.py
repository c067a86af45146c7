"""Addresses that were cited before they named the jurisdiction: they lead to the benchmark that was
meant.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal.publication.selectors import jurisdictions, main_route
from portal.web.viewmodels.shared import Crumb
from portal.web.words.terms import period_name, shown_name


@require_safe
def lead_on(
    request: HttpRequest, to: str, pack: str, period: str, route: str | None = None, **numbers: int
) -> HttpResponseBase:
    """To the one benchmark that the address can mean; where there are several, the reader chooses
    (300).
    """
    meant = jurisdictions(pack, period, route, numbers.get("version"))
    if not meant:
        raise Http404
    parts = {"pack": pack, "route": route or main_route(pack), "period": period, **numbers}
    query = f"?{request.META['QUERY_STRING']}" if request.META.get("QUERY_STRING") else ""
    crumbs = [
        Crumb(
            shown_name(jurisdiction.name),
            reverse(f"web:{to}", kwargs={**parts, "jurisdiction": jurisdiction.path}) + query,
        )
        for jurisdiction in meant
    ]
    if len(crumbs) == 1:
        return redirect(crumbs[0].url)
    return render(
        request, "web/several.html", {"found": crumbs, "period": period_name(period)}, status=300
    )
