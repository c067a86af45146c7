"""`GET /api/v1/packs/`: the packs that were approved here, signed, with their proof in the
transparency log. Public, for agents.
"""

from __future__ import annotations

import base64
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal import keys
from portal.api_views import ProblemSerializer, PublicView
from portal.governance.selectors import ApprovedPackView, approved_pack, approved_packs
from portal.translog import selectors as translog


class PackSignatureSerializer(serializers.Serializer[Any]):
    """By a receipt key of the key directory, over the document without `signature`:
    docs/wire-format.md.
    """

    algorithm = serializers.CharField()
    key_id = serializers.CharField()
    value = serializers.CharField()


class PackDocumentSerializer(serializers.Serializer[Any]):
    """What two people approved, as it was signed."""

    schema = serializers.CharField(help_text="steplabel/pack/1")
    pack = serializers.CharField()
    version = serializers.CharField()
    digest = serializers.CharField(help_text="That labels by this pack name.")
    file = serializers.CharField(help_text="SHA-256 of the pack's file.")
    factors = serializers.CharField(
        allow_blank=True,
        help_text="SHA-256 of its own table of conversion factors; empty where it has none.",
    )
    effective_from = serializers.DateField(
        help_text="Of the periods that begin on this day or later."
    )
    corrects = serializers.CharField(
        allow_blank=True,
        help_text="The version that this erratum corrects; empty for a new version.",
    )
    approved_on = serializers.DateField()
    signature = PackSignatureSerializer()


class PackEntrySerializer(serializers.Serializer[Any]):
    """The entry of the transparency log, with its proof in the log of the head that stands beside
    it.
    """

    index = serializers.IntegerField()
    on = serializers.DateField()
    size = serializers.IntegerField()
    proof = serializers.ListField(
        child=serializers.CharField(), help_text="The nearest hash first (RFC 9162, 2.1.3)."
    )
    head = serializers.CharField(help_text="The signed head of that size, in base64.")


class PackSerializer(serializers.Serializer[Any]):
    document = PackDocumentSerializer()
    reason = serializers.CharField()
    sources = serializers.CharField()
    pack_toml = serializers.CharField(help_text="The file, byte for byte in UTF-8.")
    factors_toml = serializers.CharField(allow_blank=True)
    log = PackEntrySerializer()


class PacksView(PublicView):
    @extend_schema(operation_id="packs", responses={200: PackDocumentSerializer(many=True)})
    def get(self, _request: Request) -> Response:
        """The signed document of every pack that was approved here, in the order of approval; none
        of those that come with Steplabel.
        """
        return Response(
            [pack.document for pack in approved_packs()], headers={"Cache-Control": "no-cache"}
        )


class PackView(PublicView):
    @extend_schema(operation_id="pack", responses={200: PackSerializer, 404: ProblemSerializer})
    def get(self, _request: Request, pack: str, version: str) -> Response:
        """One approved version: document, file, and the proof that it was logged."""
        approved = approved_pack(pack, version)
        if approved is None:
            raise Http404
        return Response(_whole(approved), headers={"Cache-Control": "no-cache"})  # the head grows


def _whole(approved: ApprovedPackView) -> dict[str, Any]:
    return {
        "document": approved.document,
        "reason": approved.reason,
        "sources": approved.sources,
        "pack_toml": approved.file,
        "factors_toml": approved.factors,
        "log": proven_entry(approved.log_index),
    }


def proven_entry(log_index: int) -> dict[str, Any]:
    """An entry of the transparency log as `PackEntrySerializer` has it, proven in the log as it is
    now.
    """
    head = translog.head(keys.receipt_key())
    entry, proof = translog.inclusion(log_index, head.size)
    return {
        "index": entry.index,
        "on": entry.on.isoformat(),
        "size": head.size,
        "proof": [digest.hex() for digest in proof],
        "head": base64.b64encode(head.signed).decode("ascii"),
    }
