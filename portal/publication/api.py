"""`/api/v1/benchmarks/`: public, versioned, JSON or CSV (`?format=csv`, or by `Accept`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from django.http import Http404
from django.utils.decorators import method_decorator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api_views import ProblemSerializer, PublicView
from portal.names import in_chinese
from portal.publication import selectors
from portal.publication.citation import api_url, file_name
from portal.publication.rows import VersionColumns, VersionSeries, benchmark_view
from portal.publication.shapes import ListedView
from portal.read_replica import from_replica


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


class CurvePointSerializer(serializers.Serializer[Any]):
    percent = serializers.IntegerField(
        help_text="Share of the firms that stay at or below the value."
    )
    value = serializers.FloatField()
    interval = IntervalField()


class PotentialSerializer(serializers.Serializer[Any]):
    to = serializers.CharField(
        help_text="typical or best: what the firms above it would come down to."
    )
    value = serializers.FloatField(
        help_text="What the firms would save on average, in the step's unit."
    )
    interval = IntervalField()


class PooledSerializer(serializers.Serializer[Any]):
    years = serializers.IntegerField(
        help_text="How many years the value covers, the last of them the period."
    )
    firms = serializers.IntegerField()


class NamedSerializer(serializers.Serializer[Any]):
    quarter = serializers.IntegerField(help_text="1 is the least energy.")
    firm = serializers.CharField()
    firm_zh = serializers.CharField(allow_blank=True)


class BandsSerializer(serializers.Serializer[Any]):
    quarters = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="Sites sure to lie in each quarter, least energy first.",
    )
    untold = serializers.IntegerField(help_text="Sites whose quarter cannot be told.")
    named = NamedSerializer(
        many=True,
        help_text="Firms that chose to be named, each in its own quarter.",
    )


class BenchmarkStepSerializer(serializers.Serializer[Any]):
    step = serializers.CharField()
    product = serializers.CharField()
    variant = serializers.CharField(allow_blank=True)
    boundary = serializers.CharField()
    metric = serializers.CharField()
    unit = serializers.CharField()
    ratio = serializers.FloatField(
        help_text="Tonnes of the step's product per tonne of the route's product."
    )
    headline = serializers.BooleanField(help_text="Whether the cell enters the totals.")
    best = serializers.FloatField(allow_null=True)
    interval = IntervalField(allow_null=True)
    typical = serializers.FloatField(allow_null=True)
    typical_interval = IntervalField(allow_null=True)
    curve = CurvePointSerializer(
        many=True,
        help_text="How the firms are spread; empty where too few.",
    )
    curve_withheld = serializers.BooleanField(
        help_text="Whether the gate left the curve out: beside another publication's it would "
        "tell where a firm lies.",
    )
    potential = PotentialSerializer(
        many=True,
        help_text="What the firms would save; empty where held back.",
    )
    potential_withheld = serializers.ListField(
        child=serializers.CharField(),
        help_text="Potentials that the gate left out.",
    )
    bands = BandsSerializer(allow_null=True)
    rule = serializers.CharField(allow_null=True)
    firms = serializers.IntegerField()
    pooled = PooledSerializer(
        many=True,
        help_text="Of how many of the firms the value covers several years, for want of runs.",
    )
    in_part = serializers.IntegerField(
        help_text="Of how many of the firms the value tells of part of its time: in some months "
        "fewer than five valid batches began.",
    )
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


class JurisdictionSerializer(serializers.Serializer[Any]):
    """Whose firms."""

    path = serializers.CharField(help_text="From the nation down: cn/he/tangshan.")
    en = serializers.CharField()
    zh = serializers.CharField()


class CorrectedVersionSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    digest = serializers.CharField(help_text="SHA-256 of its signed document.")


class MovedFigureSerializer(serializers.Serializer[Any]):
    """One figure that an erratum moved."""

    step = serializers.CharField(allow_blank=True, help_text="Empty for a total of the route.")
    variant = serializers.CharField(allow_blank=True)
    metric = serializers.CharField(allow_blank=True)
    figure = serializers.CharField(
        help_text="best, typical, a point of the curve (p50), saved-typical, saved-best; of a "
        "total composite, best_reached, typical."
    )
    unit = serializers.CharField()
    before = serializers.FloatField(allow_null=True)
    after = serializers.FloatField(allow_null=True, help_text="Null where it is withheld.")


class ErratumSerializer(serializers.Serializer[Any]):
    """What an erratum corrects: calculated from that version and the corrected reports alone."""

    corrects = CorrectedVersionSerializer()
    firms = serializers.IntegerField(help_text="Whose reports were corrected or taken out.")
    at_fault = serializers.IntegerField(help_text="How many of them were at fault.")
    moved = MovedFigureSerializer(many=True)


class BenchmarkSerializer(serializers.Serializer[Any]):
    """A published industry label, as it was signed."""

    schema = serializers.CharField(help_text="steplabel/benchmark/1")
    pack = serializers.CharField()
    pack_version = serializers.CharField()
    pack_digest = serializers.CharField()
    jurisdiction = JurisdictionSerializer()
    route = serializers.CharField()
    product = serializers.CharField()
    period = serializers.CharField()
    version = serializers.IntegerField()
    status = serializers.CharField(
        help_text="As signed: published. Whether it was withdrawn since is in the header "
        "Steplabel-Status; the list has what is in force."
    )
    published_on = serializers.DateField()
    source = serializers.CharField()  # type: ignore[assignment] # a field of this name, not the setting of the base class
    steps = BenchmarkStepSerializer(many=True)
    route_total = BenchmarkTotalSerializer()
    best_reached_total = BenchmarkTotalSerializer()
    typical_total = BenchmarkTotalSerializer()
    explanation = serializers.DictField()
    erratum = ErratumSerializer(required=False, help_text="Of an erratum only.")
    signature = SignatureSerializer()


class BenchmarkRowSerializer(serializers.Serializer[Any]):
    pack = serializers.CharField()
    jurisdiction = JurisdictionSerializer()
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

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if isinstance(data, str):
            return data.encode("utf-8")
        rendered: bytes = JSONRenderer().render(data)
        return rendered


class BenchmarksView(PublicView):
    @extend_schema(operation_id="benchmarks", responses={200: BenchmarkRowSerializer(many=True)})
    @method_decorator(from_replica)
    def get(self, _request: Request) -> Response:
        """The version in force of every benchmark."""
        return Response([_row(view) for view in selectors.latest_published()])


DESCRIBED: dict[str, Any] = {
    "parameters": [OpenApiParameter("format", str, enum=["json", "csv"])],
    "responses": {
        (200, "application/json"): BenchmarkSerializer,
        (200, "text/csv"): OpenApiResponse(
            OpenApiTypes.STR, "One row a step and metric, then one a total."
        ),
        404: ProblemSerializer,
    },
}


@extend_schema_view(get=extend_schema(operation_id="benchmark_version", **DESCRIBED))
class BenchmarkVersionView(PublicView):
    """One version of a benchmark, whatever became of it."""

    query = frozenset({"format"})
    renderer_classes = (JSONRenderer, CsvRenderer)

    @method_decorator(from_replica)
    def get(
        self,
        request: Request,
        pack: str,
        place: str,
        route: str,
        period: str,
        version: str | None = None,
    ) -> Response:
        """A published benchmark. The header `Steplabel-Status` says `published` or `withdrawn`, and
        then why.
        """
        series, row = series_and_row(pack, place, route, period, version)
        view = benchmark_view(row, series.in_force)
        as_csv = request.accepted_renderer.format == "csv"
        response = Response(
            selectors.table_of(view, selectors.preceding(row)) if as_csv else view.document
        )
        response["Steplabel-Status"] = view.status
        if view.status == "withdrawn":
            # header values are Latin-1: a reason in Chinese is percent-encoded as RFC 8187 does
            response["Steplabel-Withdrawn"] = (
                f"{view.withdrawn_on}; reason*=UTF-8''{quote(view.withdrawal_reason)}"
            )
        if as_csv:
            response["Content-Disposition"] = f'attachment; filename="{file_name(view)}.csv"'
        return response


@extend_schema_view(get=extend_schema(operation_id="benchmark", **DESCRIBED))
class BenchmarkInForceView(BenchmarkVersionView):
    """The version of a benchmark that is in force; where none is, the last that was withdrawn."""


def series_and_row(
    pack: str, place: str, route: str, period: str, version: str | None
) -> tuple[VersionSeries, VersionColumns]:
    """What an address names, `place` a jurisdiction's path with dots. Raises: Http404."""
    series = selectors.series(pack, period, route, place.replace(".", "/"))
    row = series.row(None if version is None else int(version))
    if row is None:
        raise Http404
    return series, row


def _row(view: ListedView) -> dict[str, Any]:
    return {
        "pack": view.pack,
        "jurisdiction": {
            "path": view.jurisdiction,
            "en": view.scope,
            "zh": in_chinese(view.scope) or view.scope,
        },
        "route": view.route,
        "product": view.summary.product,
        "period": view.period,
        "version": view.version,
        "status": view.status,
        "published_on": view.published_on,
        "url": api_url(view),
    }
