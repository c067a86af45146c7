"""`GET /api/v1/benchmarks/.../leaves/`: what the transparency log has of one version."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api_views import ProblemSerializer, PublicView
from portal.publication.api import series_and_row
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
    """What the transparency log has of one version."""

    @extend_schema(operation_id="benchmark_leaves", responses=ANSWERS)
    def get(
        self, _request: Request, pack: str, place: str, route: str, period: str, version: str
    ) -> Response:
        """The version's entries in the log."""
        _, row = series_and_row(pack, place, route, period, version)
        return Response([asdict(act) for act in logged_acts(row)])
