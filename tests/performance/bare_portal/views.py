"""The least a view can do: insert the body and answer with its key; say one sentence on a page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.intake.api import EnvelopeParser
from tests.performance.apart import peak_rss_mb
from tests.performance.bare_portal.models import Row


class InsertView(APIView):
    """The same parser and renderer as intake; no signature, no look-up, no log, no receipt."""

    authentication_classes = ()
    permission_classes = ()
    parser_classes = (EnvelopeParser,)
    throttle_classes = ()

    def post(self, request: Request) -> Response:
        return Response({"id": Row.objects.create(body=request.data).pk}, status=201)


def page(request: HttpRequest) -> HttpResponse:
    """The portal's own base template around one sentence: masthead, person and language as on every
    page.
    """
    return render(request, "bare_portal/page.html")


def peak(_request: HttpRequest) -> HttpResponse:
    """The server's own peak of memory, in MB."""
    return HttpResponse(str(peak_rss_mb()))
