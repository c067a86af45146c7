"""The further roles over the API: what sites granted, deliveries and conformance results declared,
the archive of all that is published.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.http import Http404
from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks.phrases import Phrase
from extras.partners import conformance, deliveries, terms
from extras.partners.archive import archive, permanent
from extras.partners.grants import GrantedView, granted_sites, granted_values
from extras.partners.models import Grant, PartnersScope
from portal.accounts.api_keys import Holder
from portal.accounts.models import Role
from portal.accounts.scopes import Scope
from portal.api_views import ProblemSerializer, StrictSerializer, StrictText, StrictView
from portal.intake.models import SubmissionState
from portal.listing import (
    PERIOD,
    PERIOD_FILTER,
    REFUSED,
    SITE,
    SITE_FILTER,
    Filter,
    ListView,
    Row,
    listed,
    row_of,
)
from portal.own_address import own_address


class GrantedReportSerializer(serializers.Serializer[Any]):
    """A submission's state. Digest and receipt are null where the site did not grant receipts: who
    knows the one may ask for the other.
    """

    period = serializers.CharField()
    revision = serializers.IntegerField()
    state = serializers.ChoiceField(SubmissionState.values)
    received_at = serializers.DateTimeField()
    submission = serializers.CharField(allow_null=True)
    receipt = serializers.CharField(allow_null=True, help_text="Signed canonical CBOR in base64.")


class GrantedSerializer(serializers.Serializer[Any]):
    site = serializers.CharField()
    name = serializers.CharField()
    pack = serializers.CharField()
    receipts = serializers.BooleanField()
    values = serializers.BooleanField()
    granted_at = serializers.DateTimeField()
    reports = GrantedReportSerializer(
        many=True, help_text="Newest first; none for an energy supplier."
    )


class GrantedValueSerializer(serializers.Serializer[Any]):
    """A protected value, as its site released it."""

    step = serializers.CharField()
    product = serializers.CharField()
    variant = serializers.CharField(allow_blank=True)
    metric = serializers.CharField()
    unit = serializers.CharField()
    best = serializers.FloatField()
    typical = serializers.FloatField()
    count_class = serializers.IntegerField(help_text="At least so many batches.")
    years = serializers.IntegerField()
    months = serializers.IntegerField(
        allow_null=True,
        help_text="In which at least five valid batches began; null: in all of its time.",
    )


class DeliverySerializer(serializers.Serializer[Any]):
    """What the supplier declared. Of a site, period and carrier the last figure stands."""

    site = serializers.CharField()
    period = serializers.CharField()
    carrier = serializers.CharField()
    quantity = serializers.DecimalField(18, 3)
    unit = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    declared_by = serializers.CharField()
    declared_at = serializers.DateTimeField()
    taken_back_at = serializers.DateTimeField(allow_null=True)


class NewDeliverySerializer(StrictSerializer):
    site = StrictText(validators=[RegexValidator(rf"^({SITE})\Z")])
    period = StrictText(validators=[RegexValidator(rf"^({PERIOD})\Z")])
    carrier = serializers.ChoiceField(list(deliveries.UNITS))
    quantity = StrictText(
        validators=[RegexValidator(r"^[0-9]{1,14}(\.[0-9]{1,3})?\Z")],
        help_text="A decimal number as text, above 0.",
    )
    unit = StrictText(
        max_length=12,
        help_text="; ".join(
            f"{name}: {' or '.join(units)}" for name, units in deliveries.UNITS.items()
        ),
    )
    note = StrictText(max_length=300, allow_blank=True, required=False, default="")


class ConformanceSerializer(serializers.Serializer[Any]):
    """A result that the provider declares; `confirmed_at` is null until a regulator confirms it."""

    product = serializers.CharField()
    version = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment] # a field of this name, not the setting of the base class
    kit = serializers.CharField()
    ran_on = serializers.DateField()
    failed = serializers.ListField(
        child=serializers.CharField(), help_text="Checks that failed; empty where all passed."
    )
    file_sha256 = serializers.CharField()
    declared_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField(allow_null=True)


class NewConformanceSerializer(StrictSerializer):
    product = StrictText(max_length=120)
    version = StrictText(max_length=60)
    result = StrictText(
        max_length=conformance.MOST_BYTES,
        trim_whitespace=False,
        help_text="The kit's result file, as it stands.",
    )


@listed("granted", GrantedSerializer)
class GrantedSitesView(ListView):
    """Sites that granted a provider or supplier access, with the states of their submissions for a
    provider.
    """

    scope: ClassVar[str] = PartnersScope.GRANTED
    filters = (SITE_FILTER,)

    def get(self, request: Request) -> Response:
        site = self.asked(request, "site")
        views = granted_sites(self.who(request), Role(_holder(request).role))
        return self.page(
            request,
            [_granted(view) for view in views if site in ("", view.site)],
            lambda row: (row["site"],),
        )


@listed("granted_values", GrantedValueSerializer, always_exists=False)
class GrantedValuesView(ListView):
    """The protected values of one submission, where its site granted a provider its values."""

    scope: ClassVar[str] = PartnersScope.GRANTED
    filters = (
        Filter("submission", r"[0-9a-f]{64}", Phrase("SHA-256 of the envelope."), needed=True),
    )

    def get(self, request: Request) -> Response:
        views = granted_values(self.who(request), self.asked(request, "submission"))
        if views is None:
            raise Http404
        rows = [row_of(view, GrantedValueSerializer) for view in views]
        return self.page(
            request, rows, lambda row: (row["step"], row["product"], row["variant"], row["metric"])
        )


@listed("deliveries", DeliverySerializer)
class DeliveriesView(ListView):
    """What the supplier declared, and what it took back; oldest first."""

    scope: ClassVar[str] = PartnersScope.DELIVERIES
    scope_to_write: ClassVar[str] = PartnersScope.WRITE_DELIVERIES
    filters = (SITE_FILTER, PERIOD_FILTER)

    def get(self, request: Request) -> Response:
        site, period = self.asked(request, "site"), self.asked(request, "period")
        views = [
            delivery
            for delivery in deliveries.deliveries_of(self.who(request))
            if site in ("", delivery.site) and period in ("", delivery.period)
        ]
        rows = [_delivery(delivery, delivery.site) for delivery in views]
        return self.page(
            request,
            rows,
            lambda row: (
                row["declared_at"].isoformat(),
                row["site"],
                row["period"],
                row["carrier"],
            ),
        )

    @extend_schema(
        operation_id="declare_delivery",
        parameters=[],
        request=NewDeliverySerializer,
        responses={
            201: DeliverySerializer,
            400: ProblemSerializer,
            404: ProblemSerializer,
            **REFUSED,
        },
    )
    def post(self, request: Request) -> Response:
        """Declare what was delivered to a site that let the supplier in. Only the certification
        body assigned to it reads the figure.
        """
        asked = NewDeliverySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        fields = asked.validated_data
        figures = (fields["carrier"], Decimal(fields["quantity"]), fields["unit"], fields["note"])
        try:
            row = deliveries.declare(
                self.who(request), fields["site"], fields["period"], *figures, timezone.now()
            )
        except Grant.DoesNotExist as error:
            raise Http404 from error
        return Response(_delivery(row, row.site.slug), status=201)


@listed("conformance", ConformanceSerializer)
class ConformanceListView(ListView):
    """What the provider declared, oldest first."""

    scope: ClassVar[str] = PartnersScope.CONFORMANCE
    scope_to_write: ClassVar[str] = PartnersScope.WRITE_CONFORMANCE

    def get(self, request: Request) -> Response:
        views = conformance.results_of(self.who(request))
        rows = [row_of(view, ConformanceSerializer) for view in views]
        return self.page(
            request,
            rows,
            lambda row: (
                row["declared_at"].isoformat(),
                row["product"],
                row["version"],
                row["file_sha256"],
            ),
        )

    @extend_schema(
        operation_id="declare_conformance",
        parameters=[],
        request=NewConformanceSerializer,
        responses={
            201: ConformanceSerializer,
            400: ProblemSerializer,
            **REFUSED,
        },
    )
    def post(self, request: Request) -> Response:
        """Declare a result of the conformance kit; the same again changes nothing."""
        asked = NewConformanceSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        fields = asked.validated_data
        raw, house = fields["result"].encode(), _holder(request).organisation
        row = conformance.declare(
            self.who(request), house, fields["product"], fields["version"], raw, timezone.now()
        )
        return Response(
            {**row_of(row, ConformanceSerializer), "failed": row.failed.split()}, status=201
        )


class ZipRenderer(BaseRenderer):
    """An archive as it is; anything else (a problem) stays JSON."""

    media_type = "application/zip"
    format = "zip"
    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if isinstance(data, bytes):
            return data
        rendered: bytes = JSONRenderer().render(data)
        return rendered


class ArchiveView(StrictView):
    scope: ClassVar[str] = Scope.PUBLISHED
    throttle_scope: ClassVar[str] = "keys"
    renderer_classes = (ZipRenderer,)

    @extend_schema(
        operation_id="archive",
        responses={
            (200, "application/zip"): OpenApiResponse(
                OpenApiTypes.BINARY, "Every published version, codebook, licence, citations."
            ),
            **REFUSED,
            406: ProblemSerializer,
        },
    )
    def get(self, request: Request) -> Response:
        """All published versions as one archive, for an organisation that accepted the terms."""
        terms.require_accepted(_holder(request).user)
        response = Response(archive(permanent(own_address())))
        response["Content-Disposition"] = 'attachment; filename="steplabel.zip"'
        return response


def _holder(request: Request) -> Holder:
    holder: Any = request.auth
    typed: Holder = holder
    return typed


def _delivery(row: object, site: str) -> Row:
    fields = row_of(row, DeliverySerializer)
    return {
        **fields,
        "site": site,
        "quantity": f"{fields['quantity']:.3f}",
    }  # as text: a number of JSON has no decimals of its own


def _granted(view: GrantedView) -> Row:
    names = ("period", "revision", "state", "received_at")
    reports = [
        {
            **{name: getattr(submission, name) for name in names},
            "submission": submission.digest if view.receipts else None,
            "receipt": base64.b64encode(submission.receipt).decode("ascii")
            if view.receipts
            else None,
        }
        for submission in view.submissions
    ]
    own = {name: getattr(view, name) for name in ("pack", "receipts", "values", "granted_at")}
    return {"site": view.site, "name": view.site_name, **own, "reports": reports}


urlpatterns = [
    path("granted/", GrantedSitesView.as_view(), name="granted"),
    path("granted/values/", GrantedValuesView.as_view(), name="granted-values"),
    path("deliveries/", DeliveriesView.as_view(), name="deliveries"),
    path("conformance/", ConformanceListView.as_view(), name="conformance"),
    path("archive/", ArchiveView.as_view(), name="archive"),
]
