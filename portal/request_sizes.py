"""What no request may be: longer than its address takes, told by the declared length before a byte
of it is read; or asking for a NUL.

No text of ours holds a NUL character and PostgreSQL takes none: an address with one is refused
here, not wherever it meets a query.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve

from benchmarks.phrases import Phrase
from benchmarks.wire import MAX_ENVELOPE_BYTES
from portal.problems import problem_response

MAX_FORM_BYTES = MAX_ENVELOPE_BYTES + 65_536
"""A page's form: an envelope brought by hand and what surrounds it."""

GetResponse = Callable[[HttpRequest], HttpResponseBase]
Page = TypeVar("Page", bound=Callable[..., HttpResponseBase])


def takes(most_bytes: int) -> Callable[[Page], Page]:
    """For a page whose form may be longer than others'."""

    def mark(page: Page) -> Page:
        page.most_bytes = most_bytes  # type: ignore[attr-defined] # read by `_most`
        return page

    return mark


class RequestLimitsMiddleware:
    """Refuses with 413 what is declared too long, with 411 what does not say how long it is, with
    400 an address that has a NUL.

    The API in JSON, a page as a page.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        api = request.path.startswith("/api/")
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            if not api:
                return _page("400.html", 400)
            return problem_response(
                400,
                "address-invalid",
                "The address has a NUL character.",
                "Ask without it.",
                request,
            )
        declared = request.META.get("CONTENT_LENGTH") or "0"
        if (
            not (declared.isascii() and declared.isdigit())
            or "HTTP_TRANSFER_ENCODING" in request.META
        ):
            if not api:
                return _page("400.html", 411)
            return problem_response(
                411,
                "length-required",
                "The request does not say how long its body is.",
                "Send a Content-Length; chunks are not read.",
                request,
            )
        most = MAX_ENVELOPE_BYTES if api else MAX_FORM_BYTES
        # compared by digits first: int() of a very long text is itself an attack
        if len(declared) > 20 or (int(declared) > most and int(declared) > _most(request, most)):
            if not api:
                return _page("413.html", 413)
            return problem_response(
                413,
                "too-large",
                Phrase(
                    "The body has %(declared)s bytes; at most %(most)s are taken.",
                    declared=declared[:20],
                    most=most,
                ),
                "Send one sealed envelope as steplabel-agent makes it: it is never larger than "
                "that.",
                request,
            )
        return self.get_response(request)


def _most(request: HttpRequest, most: int) -> int:
    """What the page at this address takes; asked only of a body that is longer than most pages' may
    be.
    """
    try:
        resolved = resolve(request.path_info)
    except Resolver404:
        return most
    return int(getattr(resolved.func, "most_bytes", most))


def _page(template: str, status: int) -> HttpResponse:
    """Without the request: who asks is not known yet, and finding out could read the body."""
    return HttpResponse(render_to_string(template), status=status)
