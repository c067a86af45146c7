"""How many pages a minute are answered to one asker who is not signed in: a browser known from an
earlier sign-in, else a network.

Counted before a session or a row is looked at, so that a flood costs little more than its counting.
Forms that are sent count apart from pages that are read. The API has rates of its own
(`request_limits`), `/healthz` none.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string

from portal import rate_counts
from portal.accounts.client_address import client_network
from portal.accounts.devices import known_device
from portal.request_sizes import GetResponse

NO_PAGES = ("/api/", "/healthz", "/livez", "/readyz", "/metrics")


class PageRatesMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(NO_PAGES):
            return self.get_response(request)
        what = "send" if request.method == "POST" else "read"
        rate = settings.PAGE_RATES[what]
        if rate is None:
            return self.get_response(request)
        most, seconds = rate
        asker = known_device(request) or client_network(request)
        if (
            rate_counts.count(seconds, "pages", what, asker) <= most
            or get_user(request).is_authenticated
        ):
            return self.get_response(request)
        refusal = HttpResponse(render_to_string("429.html", {"seconds": seconds}), status=429)
        refusal["Retry-After"] = str(seconds)  # a whole window: when this one ends is not kept
        return refusal
