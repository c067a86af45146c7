"""Pages for refusals. What is answered without a view (400, 403, 404, 413, 500) has its page in
`templates/<status>.html`.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from benchmarks.errors import SteplabelError
from portal.sentences import in_words


def refused(request: HttpRequest, error: SteplabelError) -> HttpResponse:
    """A refusal that no form shows beside a field; `RefusedError` brings its status."""
    status: int = getattr(error, "status", 400)
    context = {
        "title": _("This was refused"),
        "sentence": in_words(error.sentence),
        "remedy": in_words(error.remedy),
        "code": error.code,
    }
    return render(request, "web/error.html", context, status=status)
