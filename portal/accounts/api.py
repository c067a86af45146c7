"""`POST /api/v1/enrolments/` and `GET /api/v1/directory/`."""

from __future__ import annotations

import base64
from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.wire.signing import VerifyingKey
from portal import keys
from portal.accounts import services
from portal.accounts.models import HEX_32
from portal.schema import ProblemSerializer, StrictSerializer, StrictText


class EnrolmentSerializer(StrictSerializer):
    """What an agent says of itself."""

    secret = StrictText(max_length=64, help_text="The middle part of the enrolment token.")
    device_public_key = StrictText(validators=[HEX_32], help_text="Ed25519 public key, 64 hexadecimal digits.")
    seed_commitment = StrictText(validators=[HEX_32], help_text="SHA-256 commitment to the seed of the noise.")
    software = StrictText(max_length=100, allow_blank=True, required=False, default="")


class EnrolledSerializer(serializers.Serializer[Any]):
    site = serializers.CharField(help_text="The site the token was issued for.")
    device_id = serializers.CharField()
    directory = serializers.CharField(help_text="The signed key directory, canonical CBOR in base64.")


class DirectorySerializer(serializers.Serializer[Any]):
    directory = serializers.CharField(help_text="The signed key directory, canonical CBOR in base64.")
    fingerprint = serializers.CharField(help_text="Of the key that signed it. Trust the one in your enrolment token, not this one.")


class EnrolmentView(APIView):
    throttle_scope: ClassVar[str] = "enrolments"

    @extend_schema(
        operation_id="enrol",
        request=EnrolmentSerializer,
        responses={
            201: EnrolledSerializer,
            200: OpenApiResponse(EnrolledSerializer, "The same device with the same token again."),
            400: ProblemSerializer,
            403: ProblemSerializer,
            409: ProblemSerializer,
            429: ProblemSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        """Register a device with a one-time token."""
        asked = EnrolmentSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        VerifyingKey.from_hex(given["device_public_key"])
        enrolled = services.enrol(given["secret"], given["device_public_key"], given["seed_commitment"], given["software"], timezone.now())
        answer = {"site": enrolled.device.site.slug, "device_id": str(enrolled.device.pk), "directory": _directory()}
        return Response(answer, status=201 if enrolled.created else 200)


class DirectoryView(APIView):
    throttle_scope: ClassVar[str] = "public"

    @extend_schema(operation_id="directory", responses={200: DirectorySerializer, 429: ProblemSerializer})
    def get(self, _request: Request) -> Response:
        """The portal's keys, signed by a key that is kept off the portal."""
        return Response({"directory": _directory(), "fingerprint": keys.published_directory().fingerprint})


def _directory() -> str:
    return base64.b64encode(keys.published_directory().signed).decode("ascii")
