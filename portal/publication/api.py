"""`/api/v1/benchmarks/`: public, versioned, JSON or CSV (`?format=csv`, or by `Accept`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.publication import selectors, shapes
from portal.publication.document import csv_of
from portal.schema import ProblemSerializer


class IntervalField(serializers.ListField):
    """95 % interval, low and high."""

    child = serializers.FloatField()


class ReasonSerializer(serializers.Serializer[Any]):
    en = serializers.CharField()
    zh = serializers.CharField()


class GateSerializer(serializers.Serializer[Any]):
    shown = serializers.BooleanField()
    code = serializers.CharField()
    reason = ReasonSerializer()


class BenchmarkStepSerializer(serializers.Serializer[Any]):
    step = serializers.CharField()
    product = serializers.CharField()
    variant = serializers.CharField(allow_blank=True)
    boundary = serializers.CharField()
    metric = serializers.CharField()
    unit = serializers.CharField()
    ratio = serializers.FloatField(help_text="Tonnes of the step's product per tonne of the route's product.")
    headline = serializers.BooleanField(help_text="Whether the cell enters the totals.")
    best = serializers.FloatField(allow_null=True)
    interval = IntervalField(allow_null=True)
    typical = serializers.FloatField(allow_null=True)
    typical_interval = IntervalField(allow_null=True)
    rule = serializers.CharField(allow_null=True)
    firms = serializers.IntegerField()
    gate = GateSerializer()


class BenchmarkTotalSerializer(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True)
    interval = IntervalField(allow_null=True)
    unit = serializers.CharField()
    rule = serializers.CharField(allow_null=True)
    firms = serializers.IntegerField()
    gate = GateSerializer()


class SignatureSerializer(serializers.Serializer[Any]):
    """Over the canonical JSON without `signature`: see docs/wire-format.md."""

    algorithm = serializers.CharField()
    key_id = serializers.CharField()
    value = serializers.CharField()


class BenchmarkSerializer(serializers.Serializer[Any]):
    """A published industry label, as it was signed."""

    schema = serializers.CharField(help_text="steplabel/benchmark/1")
    pack = serializers.CharField()
    pack_version = serializers.CharField()
    pack_digest = serializers.CharField()
    route = serializers.CharField()
    product = serializers.CharField()
    period = serializers.CharField()
    version = serializers.IntegerField()
    status = serializers.CharField(
        help_text="As signed: published. Whether it was withdrawn since is in the list and in the header Steplabel-Status."
    )
    published_on = serializers.DateField()
    source = serializers.CharField()  # type: ignore[assignment] # a field of this name, not the setting of the base class
    steps = BenchmarkStepSerializer(many=True)
    route_total = BenchmarkTotalSerializer()
    best_reached_total = BenchmarkTotalSerializer()
    typical_total = BenchmarkTotalSerializer()
    explanation = serializers.DictField()
    signature = SignatureSerializer()


class BenchmarkRowSerializer(serializers.Serializer[Any]):
    pack = serializers.CharField()
    route = serializers.CharField()
    product = serializers.CharField()
    period = serializers.CharField()
    version = serializers.IntegerField()
    status = serializers.CharField()
    published_on = serializers.DateField()
    url = serializers.CharField()


class CsvRenderer(BaseRenderer):
    """The rows of a benchmark; anything else (a problem) stays JSON."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None) -> bytes:
        if isinstance(data, str):
            return data.encode("utf-8")
        rendered: bytes = JSONRenderer().render(data)
        return rendered


ROUTE = OpenApiParameter("route", str, description="Default: the pack's main route.")


class BenchmarksView(APIView):
    throttle_scope: ClassVar[str] = "public"

    @extend_schema(operation_id="benchmarks", responses={200: BenchmarkRowSerializer(many=True), 429: ProblemSerializer})
    def get(self, _request: Request) -> Response:
        """The version in force of every benchmark."""
        return Response([_row(view) for view in selectors.latest_published()])


DESCRIBED: dict[str, Any] = {
    "parameters": [ROUTE, OpenApiParameter("format", str, enum=["json", "csv"])],
    "responses": {
        (200, "application/json"): BenchmarkSerializer,
        (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, "One row a step and metric, then one a total."),
        404: ProblemSerializer,
        429: ProblemSerializer,
    },
}


@extend_schema_view(get=extend_schema(operation_id="benchmark_version", **DESCRIBED))
class BenchmarkVersionView(APIView):
    """One version of a benchmark, whatever became of it."""

    throttle_scope: ClassVar[str] = "public"
    renderer_classes = (JSONRenderer, CsvRenderer)

    def get(self, request: Request, pack: str, period: str, version: str | None = None) -> Response:
        """A published benchmark. The header `Steplabel-Status` says `published` or `withdrawn`, and then why."""
        view = selectors.benchmark(pack, period, None if version is None else int(version), request.query_params.get("route"))
        if view is None:
            raise Http404
        response = Response(_csv(view) if request.accepted_renderer.format == "csv" else view.document)
        response["Steplabel-Status"] = view.status
        if view.status == "withdrawn":
            # header values are Latin-1: a reason in Chinese is percent-encoded as RFC 8187 does
            response["Steplabel-Withdrawn"] = f"{view.withdrawn_on}; reason*=UTF-8''{quote(view.withdrawal_reason)}"
        if request.accepted_renderer.format == "csv":
            response["Content-Disposition"] = f'attachment; filename="steplabel-{pack}-{period.replace("/", "_")}-v{view.version}.csv"'
        return response


@extend_schema_view(get=extend_schema(operation_id="benchmark", **DESCRIBED))
class BenchmarkView(BenchmarkVersionView):
    """The version of a benchmark that is in force; where none is, the last that was withdrawn."""


def _csv(view: shapes.BenchmarkView) -> str:
    return csv_of({**view.document, "status": view.status}, view.label)


def _row(view: shapes.BenchmarkView) -> dict[str, Any]:
    return {
        "pack": view.pack,
        "route": view.route,
        "product": view.product,
        "period": view.period,
        "version": view.version,
        "status": view.status,
        "published_on": view.published_on,
        "url": f"/api/v1/benchmarks/{view.pack}/{quote(view.period, safe='')}/v{view.version}/",
    }
