"""What no request may be: longer than an envelope, told by its declared length before a byte of it is read; or asking for a NUL.

No text of ours holds a NUL character and PostgreSQL takes none: an address with one is refused here, not wherever it meets a query.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string

from benchmarks.wire import MAX_ENVELOPE_BYTES
from portal.problems import problem_response

MAX_FORM_BYTES = MAX_ENVELOPE_BYTES + 65_536
"""A page's form: an envelope brought by hand and what surrounds it."""

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class RequestLimitsMiddleware:
    """Refuses with 413 what is declared too long, with 411 what does not say how long it is, with 400 an address that has a NUL.

    The API in JSON, a page as a page.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        api = request.path.startswith("/api/")
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            if not api:
                return _page("400.html", 400)
            return problem_response(400, "address-invalid", "The address has a NUL character.", "Ask without it.")
        declared = request.META.get("CONTENT_LENGTH") or "0"
        if not (declared.isascii() and declared.isdigit()) or "HTTP_TRANSFER_ENCODING" in request.META:
            if not api:
                return _page("400.html", 411)
            return problem_response(
                411, "length-required", "The request does not say how long its body is.", "Send a Content-Length; chunks are not read."
            )
        most = MAX_ENVELOPE_BYTES if api else MAX_FORM_BYTES
        # compared by digits first: int() of a very long text is itself an attack
        if len(declared) > 20 or int(declared) > most:
            if not api:
                return _page("413.html", 413)
            return problem_response(
                413,
                "too-large",
                f"The body has {declared[:20]} bytes; at most {most} are taken.",
                "Send one sealed envelope as steplabel-agent makes it: it is never larger than that.",
            )
        return self.get_response(request)


def _page(template: str, status: int) -> HttpResponse:
    """Without the request: who asks is not known yet, and finding out could read the body."""
    return HttpResponse(render_to_string(template), status=status)
