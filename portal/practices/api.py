"""`GET /api/v1/practices/`: the newest edition of the library of practices, signed, with its proof
in the log. Public, for agents.
"""

from __future__ import annotations

from typing import Any

from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api_views import PublicView
from portal.governance.api import PackEntrySerializer, PackSignatureSerializer, proven_entry
from portal.practices.selectors import newest_edition
from portal.read_replica import from_replica


class EditionDocumentSerializer(serializers.Serializer[Any]):
    """What was signed."""

    schema = serializers.CharField(help_text="steplabel/practices/1")
    edition = serializers.CharField(help_text="1, 2, 3 …: an agent never goes back.")
    practices = serializers.CharField(help_text="How many stand in it.")
    file = serializers.CharField(help_text="SHA-256 of `library`.")
    published_on = serializers.DateField()
    signature = PackSignatureSerializer()


class PracticesSerializer(serializers.Serializer[Any]):
    document = EditionDocumentSerializer(
        allow_null=True, help_text="null where nothing was published yet."
    )
    library = serializers.CharField(
        allow_blank=True, help_text="The file, byte for byte in UTF-8: JSON."
    )
    log = PackEntrySerializer(allow_null=True)


class PracticesView(PublicView):
    @extend_schema(operation_id="practices", responses={200: PracticesSerializer})
    @method_decorator(from_replica)
    def get(self, _request: Request) -> Response:
        """The whole library at once: who asks tells nothing of what fits."""
        edition = newest_edition()
        if edition is None:
            return Response(
                {"document": None, "library": "", "log": None},
                headers={"Cache-Control": "no-cache"},
            )
        answer = {
            "document": edition.document,
            "library": edition.library,
            "log": proven_entry(edition.log_index),
        }
        return Response(answer, headers={"Cache-Control": "no-cache"})  # the head grows
