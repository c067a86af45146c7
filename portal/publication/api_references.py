"""`GET /api/v1/benchmarks/.../references/`: what others publish beside one version, each with the
reason where it may not stand there.
"""

from __future__ import annotations

from typing import Any

from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api_views import ProblemSerializer, PublicView
from portal.publication.api import ReasonSerializer, series_and_row
from portal.publication.references import references_of
from portal.publication.rows import benchmark_view
from portal.read_replica import from_replica


class OriginSerializer(serializers.Serializer[Any]):
    name = ReasonSerializer()
    dated = serializers.CharField(
        help_text="The day or year that the source bears, or on which it was read."
    )
    confidence = serializers.ChoiceField(["read", "secondary", "draft", "second-hand"])
    licence = ReasonSerializer()


class RefusalSerializer(serializers.Serializer[Any]):
    by = serializers.ChoiceField(["source", "route", "boundary", "unit", "year", "scope"])
    reason = ReasonSerializer()


class ReferenceSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = ReasonSerializer()
    step = serializers.CharField(
        allow_blank=True, help_text="Empty: of a whole route, or of several steps."
    )
    metric = serializers.CharField(help_text="total, electricity, thermal or co2.")
    value = serializers.FloatField(
        allow_null=True, help_text="As published, in `unit`. None where no original was compared."
    )
    unit = serializers.CharField()
    region = ReasonSerializer()
    first_year = serializers.IntegerField()
    last_year = serializers.IntegerField()
    published_in = OriginSerializer()
    agrees = serializers.BooleanField(
        help_text="Route, boundary, unit, year and scope are those of the label."
    )
    value_beside = serializers.FloatField(
        allow_null=True, help_text="The value in the unit of the label's cell, where it agrees."
    )
    unit_beside = serializers.CharField()
    refused = RefusalSerializer(many=True)


ANSWERS: dict[int, Any] = {200: ReferenceSerializer(many=True), 404: ProblemSerializer}


class BenchmarkReferencesView(PublicView):
    """What others publish beside one version."""

    @extend_schema(operation_id="benchmark_references", responses=ANSWERS)
    @method_decorator(from_replica)
    def get(
        self, _request: Request, pack: str, place: str, route: str, period: str, version: str
    ) -> Response:
        """Every reference that is held for the sector: a figure stands beside the label only where
        it agrees with it.
        """
        _, row = series_and_row(pack, place, route, period, version)
        view = benchmark_view(row, None)
        return Response([reference.to_json() for reference in references_of(view)])
