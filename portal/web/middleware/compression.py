"""Pages go over the line compressed: a ladder with its curves is 180 kB of markup that repeats
itself, and 17 kB compressed.

Pages alone: files and the API keep their bytes, lengths and strong ETags. Compressing what holds a
secret beside what a stranger can put into the address would let lengths tell the secret (BREACH);
so the one secret of a page, its form token, is masked anew at each view, cookies do not come with
requests of other sites (SameSite), and Django lengthens each answer by chance.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

HTML = "text/html"


class PageCompressionMiddleware(GZipMiddleware):
    """Django's own, for HTML only."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        return (
            super().process_response(request, response)
            if response.get("Content-Type", "").startswith(HTML)
            else response
        )
