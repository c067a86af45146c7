"""`GET /api/v1/samples/` and the evidence file of one: for the certification body that drew it, and
for the plant that opens it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks.audit.signed_draws import read
from portal.accounts.scopes import Scope
from portal.api_views import ProblemSerializer, StrictView
from portal.assurance.evidence_file import drawn_sample, drawn_samples, evidence_of
from portal.keys import receipt_key
from portal.listing import PERIOD_FILTER, REFUSED, SITE_FILTER, ListView, listed, number
from portal.translog.api import HashField, InclusionSerializer


class SampleSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    site = serializers.CharField()
    period = serializers.CharField()
    revision = serializers.IntegerField()
    submission = HashField(help_text="SHA-256 of the sealed report that was drawn from.")
    draw = HashField(help_text="Digest of the draw.")
    drawn_at = serializers.DateTimeField()
    verified_at = serializers.DateTimeField(
        allow_null=True, help_text="When the body handed in what came of the opening."
    )


class EvidenceFilesSerializer(serializers.Serializer[Any]):
    """The portal's signed files as they were exchanged, each in base64."""

    directory = serializers.CharField()
    commitment = serializers.CharField()
    challenge = serializers.CharField()
    receipt = serializers.CharField()
    head = serializers.CharField()
    promise = serializers.CharField()
    draw = serializers.CharField()


class EvidenceSerializer(serializers.Serializer[Any]):
    """The evidence file, as the page of the sample gives it and `steplabel-agent verify` takes
    it.
    """

    schema = serializers.CharField()
    site = serializers.CharField()
    period = serializers.CharField()
    revision = serializers.IntegerField()
    files = EvidenceFilesSerializer()
    entries = InclusionSerializer(many=True)
    restarts = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Of a commitment that was handed in again after a restart of the log: the "
        "signed statements of it, in base64.",
    )


@listed("samples", SampleSerializer)
class SamplesView(ListView):
    """The samples that were drawn: by the certification body that asks, or at the sites of the
    enterprise that asks.
    """

    scope: ClassVar[str] = Scope.AUDITS
    filters = (SITE_FILTER, PERIOD_FILTER)

    def get(self, request: Request) -> Response:
        site, period = (self.asked(request, name) for name in ("site", "period"))
        rows = [
            {
                "id": sample.pk,
                "site": sample.submission.site.slug,
                "period": sample.submission.period,
                "revision": sample.submission.revision,
                "submission": sample.submission.digest,
                "draw": read(bytes(sample.draw or b"")).digest,
                "drawn_at": sample.drawn_at,
                "verified_at": sample.verified_at,
            }
            for sample in drawn_samples(self.who(request))
            if site in ("", sample.submission.site.slug)
            and period in ("", sample.submission.period)
        ]
        return self.page(request, rows, lambda row: (row["period"], row["site"], number(row["id"])))


class EvidenceView(StrictView):
    """The evidence file of one sample, as its page gives it."""

    scope: ClassVar[str] = Scope.AUDITS
    throttle_scope: ClassVar[str] = "keys"

    @extend_schema(
        operation_id="sample_evidence",
        responses={200: EvidenceSerializer, **REFUSED, 404: ProblemSerializer},
    )
    def get(self, request: Request, sample: int) -> Response:
        """All that is needed from the portal to verify the opening, in one file."""
        user: Any = request.user  # a person of no row, who sees what the key's organisation sees
        drawn = drawn_sample(user, sample)
        if drawn is None:
            raise Http404
        return Response(evidence_of(drawn, receipt_key()))
