"""No request to the API may carry more than an envelope: told by its declared length, before a byte of it is read."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from benchmarks.wire import MAX_ENVELOPE_BYTES
from portal.problems import problem_response

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class BodyLimitMiddleware:
    """Refuses with 413 what is declared too long, with 411 what does not say how long it is."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith("/api/") and request.method in ("POST", "PUT", "PATCH"):
            declared = request.META.get("CONTENT_LENGTH") or "0"
            if not declared.isdigit() or "HTTP_TRANSFER_ENCODING" in request.META:
                return problem_response(
                    411, "length-required", "The request does not say how long its body is.", "Send a Content-Length; chunks are not read."
                )
            if int(declared) > MAX_ENVELOPE_BYTES:
                return problem_response(
                    413,
                    "too-large",
                    f"The body has {declared} bytes; at most {MAX_ENVELOPE_BYTES} are taken.",
                    "Send one sealed envelope as steplabel-agent makes it: it is never larger than that.",
                )
        return self.get_response(request)
