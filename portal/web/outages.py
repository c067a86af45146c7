"""What a page says while the database or the store of counts does not answer, or the log was set back, in the reader's language.

Without the counts nobody signs in, registers or asks for a new password, because nobody could be stopped from guessing; pages are read
(`page_rates`). The API says the same as a problem document (`portal.problems`).
"""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string

from portal.problems import RefusedError, is_away
from portal.request_sizes import GetResponse

RETRY_S = 60

log = logging.getLogger(__name__)


class ServerAwayMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, _request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A 503 for what the page's view could not reach; anything else stays an error of ours."""
        refused_for_now = isinstance(error, RefusedError) and error.status == 503
        if not (is_away(error) or refused_for_now):
            return None
        log.error("A page was answered with 503.", exc_info=error)
        answer = HttpResponse(render_to_string("503.html"), status=503)
        answer["Retry-After"] = str(RETRY_S)
        return answer
