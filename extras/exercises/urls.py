"""Training exercises for everybody: read, work on the files, and have answers checked. Answers
stand in the address and nowhere else.
"""

from __future__ import annotations

import mimetypes

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from benchmarks.errors import InputError
from extras.exercises import pages
from extras.exercises.reading import Exercise, named
from portal.web.answers import attachment, listing_page


@require_safe
def exercises(request: HttpRequest) -> HttpResponse:
    lead = _(
        "Worked exercises on simulated plants, about an hour each: read the data in, find what "
        "matters, decide. Answers are checked "
        "and explained, and are not stored."
    )
    return listing_page(request, _("Training exercises"), lead, pages.list_of())


@require_safe
def exercise_page(request: HttpRequest, exercise: str) -> HttpResponse:
    return render(
        request, "exercises/exercise.html", {"page": pages.page_of(_named(exercise), request.GET)}
    )


@require_safe
def file(request: HttpRequest, exercise: str, name: str) -> HttpResponse:
    """One of the files to work on."""
    task = _named(exercise)
    if name not in task.files:
        raise Http404
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return attachment(
        task.content(name), f"{kind}; charset=utf-8" if kind.startswith("text/") else kind, name
    )


def _named(wanted: str) -> Exercise:
    try:
        return named(wanted)
    except InputError as unknown:
        raise Http404 from unknown


urlpatterns = [
    path("exercises/", exercises, name="exercises"),
    path("exercises/<slug:exercise>/", exercise_page, name="exercise"),
    path("exercises/<slug:exercise>/files/<str:name>", file, name="exercise-file"),
]
