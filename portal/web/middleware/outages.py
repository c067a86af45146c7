"""What a page says while the database does not answer, or the log was set back, in the reader's
language. The API says the same as a problem document (`portal.problems`). Without
Redis each process counts by itself (`portal.redis_store`), and nothing stops.
"""

from __future__ import annotations

import logging
import sys

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string

from portal.problems import RefusedError, busy, is_away
from portal.request_sizes import GetResponse

RETRY_S = 60

log = logging.getLogger(__name__)


class ServerAwayMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A 503 for what the page's view could not reach; anything else stays an error of ours."""
        refused_for_now = isinstance(error, RefusedError) and error.status == 503
        if not (is_away(error) or refused_for_now):
            return None
        return try_again(request, error)


def broken(request: HttpRequest) -> HttpResponse:
    """What Django's `handler500` asks for, also where a middleware and no view failed: one that
    keeps a session, or looks up who asks.
    """
    error = sys.exc_info()[1]
    if error is not None and is_away(error):
        return try_again(request, error)
    return HttpResponse(render_to_string("500.html"), status=500)


def try_again(request: HttpRequest, error: BaseException) -> HttpResponse:
    log.error("A request was answered with 503: %r", error)
    if request.path.startswith("/api/"):
        return busy()
    answer = HttpResponse(render_to_string("503.html"), status=503)
    answer["Retry-After"] = str(RETRY_S)
    return answer
