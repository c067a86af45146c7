"""Insert the body, answer with its key."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.intake.api import EnvelopeParser
from tests.performance.apart import peak_rss_mb
from tests.performance.bare_portal.models import Row


class InsertView(APIView):
    """The same parser and renderer as intake; no signature, no look-up, no log, no receipt."""

    parser_classes = (EnvelopeParser,)
    throttle_classes = ()

    def post(self, request: Request) -> Response:
        return Response({"id": Row.objects.create(body=request.data).pk}, status=201)


def peak(_request: HttpRequest) -> HttpResponse:
    """The server's own peak of memory, in MB."""
    return HttpResponse(str(peak_rss_mb()))
