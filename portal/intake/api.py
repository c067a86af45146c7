"""The API of reports: commitments in, signed challenges out, lost commitments too; sealed envelopes
in, signed receipts out.

No session: a device is known by its signatures.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from typing import IO, Any, ClassVar, TypeVar

from django.db import transaction
from django.http import Http404, UnreadablePostError
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire import MAX_ENVELOPE_BYTES, device_requests
from benchmarks.wire.signing import VerifyingKey
from portal import keys
from portal.accounts.models import Device, Site
from portal.accounts.request_limits import count_for_device
from portal.api_views import ProblemSerializer, StrictView
from portal.celery import nudge_soon
from portal.intake import commitments, receiving, worker_seen
from portal.intake.models import Commitment, Submission
from portal.openness import OPEN
from portal.problems import RefusedError
from portal.statements import rows_of

Row = TypeVar("Row", Commitment, Submission)


class EnvelopeParser(BaseParser):
    """The body as it is: an envelope is signed over its bytes. Its length was bounded before it was
    read.
    """

    media_type = "application/cbor"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None
    ) -> Any:
        try:
            return stream.read(MAX_ENVELOPE_BYTES + 1)
        except UnreadablePostError as error:
            raise RefusedError(
                400,
                "body-cut-short",
                "The connection ended before the whole envelope had come.",
                "Send it again.",
            ) from error


class SubmissionSerializer(serializers.Serializer[Any]):
    """A submission from outside. `receipt` is canonical CBOR in base64; keep it: it proves what the
    portal took, and when.
    """

    submission = serializers.CharField(help_text="SHA-256 of the envelope, hex.")
    site = serializers.CharField()
    period = serializers.CharField()
    revision = serializers.IntegerField()
    state = serializers.ChoiceField(
        ["received", "opening", "accepted", "refused", "superseded", "deleted"]
    )
    reason_code = serializers.CharField(help_text="Why it was refused; empty otherwise.")
    reason = serializers.CharField()
    log_index = serializers.IntegerField()
    receipt = serializers.CharField()


class CommitmentSerializer(serializers.Serializer[Any]):
    """A commitment and its answer. `challenge` is canonical CBOR in base64: the draws of the report
    are keyed by it.
    """

    commitment = serializers.CharField(help_text="SHA-256 of what is committed to, hex.")
    site = serializers.CharField()
    period = serializers.CharField()
    revision = serializers.IntegerField()
    log_index = serializers.IntegerField()
    challenge = serializers.CharField()


DEVICE_SIGNATURE = OpenApiParameter(
    device_requests.HTTP_HEADER,
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="Signed by the device.",
)


class CommitmentsView(StrictView):
    scope: ClassVar[str] = OPEN
    for_devices = True
    throttle_scope: ClassVar[str] = "submissions"
    parser_classes = (EnvelopeParser,)

    @extend_schema(
        operation_id="commit",
        request={"application/cbor": OpenApiTypes.BINARY},
        responses={
            201: CommitmentSerializer,
            200: OpenApiResponse(
                CommitmentSerializer, "The same commitment again: the same challenge."
            ),
            400: OpenApiResponse(ProblemSerializer, "Malformed."),
            401: OpenApiResponse(
                ProblemSerializer, "Unknown or revoked device, or not its signature."
            ),
            409: OpenApiResponse(
                ProblemSerializer,
                "Other data were committed to for the same site, period and revision.",
            ),
            411: ProblemSerializer,
            413: ProblemSerializer,
            415: ProblemSerializer,
            422: OpenApiResponse(
                ProblemSerializer,
                "The period is not open, a revision is missing before this one, or no correction "
                "is left.",
            ),
            429: ProblemSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        """Take a commitment to the data of a report; answer with the challenge that its draws are
        keyed by.
        """
        stored = commitments.take(
            _body(request, Phrase("commitment")),
            keys.receipt_key(),
            timezone.now(),
            secrets.token_bytes,
        )
        count_for_device(request, self.throttle_scope, stored.commitment.device_id)
        return Response(_committed(stored.commitment), status=201 if stored.created else 200)

    @extend_schema(
        operation_id="commitments_of_device",
        parameters=[DEVICE_SIGNATURE],
        responses={
            200: CommitmentSerializer(many=True),
            400: ProblemSerializer,
            401: ProblemSerializer,
            429: ProblemSerializer,
        },
    )
    def get(self, request: Request) -> Response:
        """Every challenge the portal gave the device's site: an agent holds them against those it
        keeps.
        """
        return Response(
            [
                _committed(row)
                for row in _of_site(Commitment, _asking_device(request).site, COMMITMENT_SHOWN)
            ]
        )


class LostCommitmentsView(StrictView):
    scope: ClassVar[str] = OPEN
    for_devices = True
    throttle_scope: ClassVar[str] = "submissions"
    parser_classes = (EnvelopeParser,)

    @extend_schema(
        operation_id="hand_back_commitment",
        request={"application/cbor": OpenApiTypes.BINARY},
        responses={
            201: CommitmentSerializer,
            200: OpenApiResponse(CommitmentSerializer, "The portal has it."),
            400: OpenApiResponse(ProblemSerializer, "Malformed, or no challenge of this portal."),
            401: OpenApiResponse(
                ProblemSerializer, "Unknown or revoked device, or not its signature."
            ),
            409: OpenApiResponse(
                ProblemSerializer,
                "Not lost in a restart of the log, or others were committed to since.",
            ),
            411: ProblemSerializer,
            413: ProblemSerializer,
            415: ProblemSerializer,
            429: ProblemSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        """Take a commitment back that the portal lost with its log, with the challenge that it had
        signed.
        """
        directory = keys.published_directory().content
        stored = commitments.take_back(
            _body(request, Phrase("commitment and its challenge")),
            directory.receipt_keys(),
            timezone.now(),
        )
        return Response(_committed(stored.commitment), status=201 if stored.created else 200)


class SubmissionsView(StrictView):
    scope: ClassVar[str] = OPEN
    for_devices = True
    throttle_scope: ClassVar[str] = "submissions"
    parser_classes = (EnvelopeParser,)

    @extend_schema(
        operation_id="submit",
        request={"application/cbor": OpenApiTypes.BINARY},
        responses={
            201: SubmissionSerializer,
            200: OpenApiResponse(
                SubmissionSerializer, "The same envelope again: the same receipt."
            ),
            400: OpenApiResponse(ProblemSerializer, "Malformed."),
            401: OpenApiResponse(
                ProblemSerializer, "Unknown or revoked device, or not its signature."
            ),
            409: OpenApiResponse(
                ProblemSerializer,
                "Another envelope for the same site, period and revision, or of the same number "
                "in its ledger, was taken.",
            ),
            411: ProblemSerializer,
            413: ProblemSerializer,
            415: ProblemSerializer,
            422: OpenApiResponse(
                ProblemSerializer,
                "The period is not open, a revision is missing before this one, nothing was "
                "committed to for it, or its number in the "
                "site's ledger is not the one that its challenge gave it.",
            ),
            429: ProblemSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        """Take a sealed envelope."""
        stored = receiving.receive(
            _body(request, Phrase("sealed envelope")),
            keys.published_directory(),
            keys.receipt_key(),
            timezone.now(),
        )
        count_for_device(request, self.throttle_scope, stored.submission.device_id)
        if stored.tells:
            transaction.on_commit(lambda: nudge_soon(receiving.OPENING))
        return Response(_shown(stored.submission), status=201 if stored.created else 200)

    @extend_schema(
        operation_id="submissions_of_device",
        parameters=[DEVICE_SIGNATURE],
        responses={
            200: SubmissionSerializer(many=True),
            400: ProblemSerializer,
            401: ProblemSerializer,
            429: ProblemSerializer,
        },
    )
    def get(self, request: Request) -> Response:
        """What the portal holds of the device's site, with receipts: for a site whose state was
        restored from a backup.
        """
        return Response(
            [
                _shown(row)
                for row in _of_site(Submission, _asking_device(request).site, SUBMISSION_SHOWN)
            ]
        )


class SubmissionStatusView(StrictView):
    scope: ClassVar[str] = OPEN
    for_devices = True
    throttle_scope: ClassVar[str] = "public"

    @extend_schema(
        operation_id="submission",
        responses={
            200: SubmissionSerializer,
            400: ProblemSerializer,
            404: ProblemSerializer,
            429: ProblemSerializer,
        },
    )
    def get(self, _request: Request, digest: str) -> Response:
        """One submission's state, for who knows the envelope: its digest cannot be guessed."""
        row = (
            Submission.objects.filter(digest=digest)
            .select_related("site")
            .defer("envelope")
            .first()
        )
        if row is None:
            raise Http404
        return Response(_shown(row))


def _body(request: Request, what: Phrase) -> bytes:
    raw = request.data
    if not isinstance(raw, bytes):
        raise RefusedError(
            400,
            "body-empty",
            "The request has no body.",
            Phrase("Send the %(what)s as its body.", what=what),
        )
    return raw


def _asking_device(request: Request) -> Device:
    signed = device_requests.parse_request(request.headers.get(device_requests.HTTP_HEADER, ""))
    device = receiving.device_named(signed.device_id)
    try:
        device_requests.verify_request(
            signed,
            "GET",
            request.get_full_path(),
            worker_seen.database_now(),
            VerifyingKey.from_hex(device.public_key),
        )
    except VerificationError as refusal:
        raise RefusedError(401, refusal.code, refusal.sentence, refusal.remedy) from refusal
    return device


COMMITMENT_SHOWN = ("digest", "period", "revision", "log_index", "challenge")
SUBMISSION_SHOWN = (
    "digest",
    "period",
    "revision",
    "state",
    "reason_code",
    "reason",
    "log_index",
    "receipt",
)


def _of_site(model: type[Row], site: Site, shown: Sequence[str]) -> list[Row]:
    rows = rows_of(model, ("id", "site_id", *shown), "site_id = %s ORDER BY log_index", [site.pk])
    for row in rows:
        row.site = site
    return rows


def _committed(row: Commitment) -> dict[str, Any]:
    return {
        "commitment": row.digest,
        "site": row.site.slug,
        "period": row.period,
        "revision": row.revision,
        "log_index": row.log_index,
        "challenge": base64.b64encode(row.challenge).decode("ascii"),
    }


def _shown(row: Submission) -> dict[str, Any]:
    return {
        "submission": row.digest,
        "site": row.site.slug,
        "period": row.period,
        "revision": row.revision,
        "state": row.state,
        "reason_code": row.reason_code,
        "reason": row.reason,
        "log_index": row.log_index,
        "receipt": base64.b64encode(row.receipt).decode("ascii"),
    }
