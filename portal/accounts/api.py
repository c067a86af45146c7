"""The API of enrolling a device, rotating its key and the key directory (`/api/v1/enrolments/`,
`rotations/`, `directory/`).
"""

from __future__ import annotations

import base64
from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks.errors import VerificationError
from benchmarks.wire.device_requests import KeyRotation
from benchmarks.wire.signing import VerifyingKey
from portal import keys
from portal.accounts import enrolling
from portal.accounts.models import HEX_32
from portal.api_views import ProblemSerializer, PublicView, StrictSerializer, StrictText, StrictView
from portal.openness import OPEN
from portal.problems import RefusedError

SIGNATURE = RegexValidator(r"^[0-9a-f]{128}\Z", "128 hexadecimal digits, lower case.")


class EnrolmentSerializer(StrictSerializer):
    """What an agent says of itself."""

    secret = StrictText(max_length=64, help_text="The middle part of the enrolment token.")
    device_public_key = StrictText(
        validators=[HEX_32], help_text="Ed25519 public key, 64 hexadecimal digits."
    )
    seed_commitment = StrictText(
        validators=[HEX_32], help_text="SHA-256 commitment to the seed of the noise."
    )
    software = StrictText(max_length=100, allow_blank=True, required=False, default="")


class RotationSerializer(StrictSerializer):
    """A device's new key, vouched for by its old one."""

    device_id = StrictText(max_length=36)
    device_public_key = StrictText(
        validators=[HEX_32], help_text="The new Ed25519 public key, 64 hexadecimal digits."
    )
    by_old = StrictText(
        validators=[SIGNATURE],
        help_text="The old key's signature: docs/wire-format.md, Rotation of a device's key.",
    )
    by_new = StrictText(validators=[SIGNATURE], help_text="The new key's signature over the same.")


class EnrolledSerializer(serializers.Serializer[Any]):
    site = serializers.CharField(help_text="The site the token was issued for.")
    device_id = serializers.CharField()
    directory = serializers.CharField(
        help_text="The signed key directory, canonical CBOR in base64."
    )


class DirectorySerializer(serializers.Serializer[Any]):
    directory = serializers.CharField(
        help_text="The signed key directory, canonical CBOR in base64."
    )
    fingerprint = serializers.CharField(
        help_text="Of the key that signed it. Trust the one in your enrolment token, not this one."
    )


class EnrolmentView(StrictView):
    scope: ClassVar[str] = OPEN
    throttle_scope: ClassVar[str] = "enrolments"

    @extend_schema(
        operation_id="enrol",
        request=EnrolmentSerializer,
        responses={
            201: EnrolledSerializer,
            200: OpenApiResponse(EnrolledSerializer, "The same device with the same token again."),
            403: ProblemSerializer,
            409: ProblemSerializer,
            413: OpenApiResponse(ProblemSerializer, "Longer than any request of ours."),
        },
    )
    def post(self, request: Request) -> Response:
        """Register a device with a one-time token."""
        asked = EnrolmentSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        fields = asked.validated_data
        VerifyingKey.from_hex(fields["device_public_key"])
        enrolled = enrolling.enrol(
            fields["secret"],
            fields["device_public_key"],
            fields["seed_commitment"],
            fields["software"],
            timezone.now(),
        )
        answer = {
            "site": enrolled.device.site.slug,
            "device_id": str(enrolled.device.pk),
            "directory": _directory(),
        }
        return Response(answer, status=201 if enrolled.created else 200)


class RotationView(StrictView):
    scope: ClassVar[str] = OPEN
    throttle_scope: ClassVar[str] = "enrolments"

    @extend_schema(
        operation_id="rotate",
        request=RotationSerializer,
        responses={
            201: EnrolledSerializer,
            200: OpenApiResponse(EnrolledSerializer, "The same rotation again."),
            401: OpenApiResponse(
                ProblemSerializer, "Unknown or revoked device, or not signed by both keys."
            ),
            409: ProblemSerializer,
            413: OpenApiResponse(ProblemSerializer, "Longer than any request of ours."),
        },
    )
    def post(self, request: Request) -> Response:
        """Register a device's new key; the old one signs nothing new from now on."""
        asked = RotationSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        fields = asked.validated_data
        new = VerifyingKey.from_hex(fields["device_public_key"])
        by_old, by_new = bytes.fromhex(fields["by_old"]), bytes.fromhex(fields["by_new"])
        try:
            rotated = enrolling.rotate(
                KeyRotation(fields["device_id"], new, by_old, by_new), timezone.now()
            )
        except VerificationError as refusal:
            raise RefusedError(401, refusal.code, refusal.sentence, refusal.remedy) from refusal
        answer = {
            "site": rotated.device.site.slug,
            "device_id": str(rotated.device.pk),
            "directory": _directory(),
        }
        return Response(answer, status=201 if rotated.created else 200)


class DirectoryView(PublicView):
    @extend_schema(operation_id="directory", responses={200: DirectorySerializer})
    def get(self, _request: Request) -> Response:
        """The portal's keys, signed by a key that is kept off the portal."""
        return Response(
            {"directory": _directory(), "fingerprint": keys.published_directory().fingerprint}
        )


def _directory() -> str:
    return base64.b64encode(keys.published_directory().signed).decode("ascii")
