"""`GET /api/v1/benchmarks/.../leaves/`: what the transparency log has of one version."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api_views import ProblemSerializer, PublicView
from portal.publication.api import ROUTE, refuse_if_several
from portal.publication.entries import logged_acts


class LoggedActSerializer(serializers.Serializer[Any]):
    act = serializers.ChoiceField(["published", "withdrawn"])
    document = serializers.CharField(help_text="SHA-256 of the document as it was signed.")
    leaves = serializers.ListField(
        child=serializers.IntegerField(), help_text="Log indices of the reports it was composed of."
    )
    values = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="Log indices of the values that were found in them.",
    )
    reason = serializers.CharField(allow_blank=True, help_text="Of a withdrawal.")
    log_index = serializers.IntegerField(help_text="Of the entry that binds all this.")


ANSWERS: dict[int, Any] = {
    200: LoggedActSerializer(many=True),
    404: ProblemSerializer,
}


class BenchmarkLeavesView(PublicView):
    """What the transparency log has of one version, where one jurisdiction alone has published
    it.
    """

    query = frozenset({"route"})

    @extend_schema(
        operation_id="benchmark_leaves",
        parameters=[ROUTE],
        responses={**ANSWERS, 409: ProblemSerializer},
    )
    def get(self, request: Request, pack: str, period: str, version: str) -> Response:
        """The version's entries in the log; none for what was published before the portal logged
        publications.
        """
        return _answer(pack, period, version, request.query_params.get("route"), None)


class BenchmarkLeavesOfJurisdictionView(PublicView):
    """What the transparency log has of one version of a jurisdiction's benchmark."""

    @extend_schema(operation_id="benchmark_leaves_of_place", responses=ANSWERS)
    def get(
        self, _request: Request, pack: str, place: str, route: str, period: str, version: str
    ) -> Response:
        """The version's entries in the log; none for what was published before the portal logged
        publications.
        """
        return _answer(pack, period, version, route, place)


def _answer(
    pack: str, period: str, version: str, route: str | None, jurisdiction: str | None
) -> Response:
    acts = logged_acts(
        pack, period, int(version), route, jurisdiction and jurisdiction.replace(".", "/")
    )
    if acts is None:
        refuse_if_several(pack, period, route, jurisdiction)
        raise Http404
    return Response([asdict(act) for act in acts])
