"""`GET /api/v1/benchmarks/.../best-group/`: how the firms behind the best of one version are
composed, where that was published.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from django.urls import re_path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from extras.best_groups.publishing import best_group_of
from portal.api_views import ProblemSerializer, StrictView
from portal.openness import OPEN
from portal.publication.api import ReasonSerializer, series_and_row
from portal.publication.urls import VERSION


class BenchmarkNamedSerializer(serializers.Serializer[Any]):
    pack = serializers.CharField()
    place = serializers.CharField(help_text="The path of the jurisdiction, such as cn/he.")
    route = serializers.CharField()
    period = serializers.CharField()
    version = serializers.IntegerField()
    digest = serializers.CharField(help_text="SHA-256 of the version's signed document.")


class ClassShareSerializer(serializers.Serializer[Any]):
    classes = serializers.ListField(
        child=serializers.CharField(), help_text="Told together where they are several."
    )
    firms = serializers.IntegerField()


class ComposedCellSerializer(serializers.Serializer[Any]):
    step = serializers.CharField()
    product = serializers.CharField()
    variant = serializers.CharField(allow_blank=True)
    boundary = serializers.CharField()
    metric = serializers.CharField()
    firms = serializers.IntegerField()
    best_firms = serializers.IntegerField(help_text="Firms whose values the best is the mean of.")
    traits = serializers.DictField(
        child=ClassShareSerializer(many=True),
        help_text="region, scale, age: those that may be told.",
    )
    code = serializers.CharField(help_text="`shown`, or why nothing is told.")
    reason = serializers.DictField(
        child=serializers.CharField(),
        help_text="The same in each language; empty where it is shown.",
    )


class BestGroupSignatureSerializer(serializers.Serializer[Any]):
    algorithm = serializers.CharField()
    key_id = serializers.CharField()
    value = serializers.CharField()


class BestGroupSerializer(serializers.Serializer[Any]):
    """The signed document; its digest stands in the transparency log as `best-group`."""

    schema = serializers.CharField(help_text="steplabel/best-group/1")
    on = serializers.DateField()
    benchmark = BenchmarkNamedSerializer()
    regions = serializers.DictField(
        child=ReasonSerializer(), help_text="Names of the regions by their paths."
    )
    steps = ComposedCellSerializer(many=True)
    signature = BestGroupSignatureSerializer()


ANSWERS: dict[int, Any] = {
    200: BestGroupSerializer,
    400: ProblemSerializer,
    404: ProblemSerializer,
    429: ProblemSerializer,
}


class BenchmarkBestGroupView(StrictView):
    """How the best firms of one version are composed."""

    scope: ClassVar[str] = OPEN
    throttle_scope: ClassVar[str] = "public"

    @extend_schema(operation_id="benchmark_best_group", responses=ANSWERS)
    def get(
        self, _request: Request, pack: str, place: str, route: str, period: str, version: str
    ) -> Response:
        """404 as long as nothing of it is published."""
        _, row = series_and_row(pack, place, route, period, version)
        group = best_group_of(row.id)
        if group is None:
            raise Http404
        return Response(group.document)


urlpatterns = [
    re_path(
        f"{VERSION}best-group/$", BenchmarkBestGroupView.as_view(), name="benchmark-best-group"
    ),
]
