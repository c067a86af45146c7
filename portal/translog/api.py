"""The transparency log for anybody: signed heads, entries, proofs, checkpoints with cosignatures of
witnesses, and restarts.

What only a restart of the log can change may be kept for minutes: a restart takes people longer.
"""

from __future__ import annotations

import base64
import re
from typing import Any, ClassVar

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks.phrases import Phrase, enumerated
from benchmarks.wire import checkpoints
from benchmarks.wire import restarts as statements
from portal import keys
from portal.api_views import ProblemSerializer, PublicView, StrictSerializer, StrictText, StrictView
from portal.openness import OPEN
from portal.problems import RefusedError
from portal.translog import restarts, selectors, witnesses
from portal.translog.witnesses import CheckpointChoice

LARGEST = 2**53 - 1
"""Sizes and indices are integers that every JSON reader keeps exact."""

_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FOR_MINUTES = "public, max-age=300"
_REFUSALS: dict[int, Any] = {404: ProblemSerializer}


class HashField(serializers.CharField):
    """32 bytes as 64 hex digits."""


class LogHeadSerializer(serializers.Serializer[Any]):
    size = serializers.IntegerField()
    root_hash = HashField()
    at = serializers.IntegerField(
        help_text="When the last entry was added, in seconds since 1970-01-01T00:00Z."
    )
    key_id = HashField(help_text="Of the receipt key, which the key directory lists.")
    head = serializers.CharField(
        help_text="The signed head (docs/wire-format.md, section 13), in base64."
    )


class LogEntrySerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField()
    kind = serializers.CharField()
    object = HashField(
        help_text="A hash of the logged thing's digest: whoever has the thing can compute it."
    )
    on = serializers.DateField()
    leaf_hash = HashField()


class InclusionSerializer(LogEntrySerializer):
    size = serializers.IntegerField()
    proof = serializers.ListField(
        child=HashField(), help_text="The nearest hash first (RFC 9162, 2.1.3)."
    )


class ConsistencySerializer(serializers.Serializer[Any]):
    first = serializers.IntegerField()
    second = serializers.IntegerField()
    proof = serializers.ListField(child=HashField(), help_text="RFC 9162, 2.1.4.")


class CosignerSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    at = serializers.IntegerField(
        help_text="When it cosigned, in seconds since 1970-01-01T00:00Z, by its own clock."
    )


class CheckpointSerializer(serializers.Serializer[Any]):
    size = serializers.IntegerField()
    root_hash = HashField()
    cosigned = CosignerSerializer(many=True)
    checkpoint = serializers.CharField(
        help_text="The signed note: C2SP tlog-checkpoint with the cosignatures of C2SP "
        "tlog-cosignature."
    )


class CosignedCheckpointSerializer(StrictSerializer):
    checkpoint = StrictText(
        max_length=32_768,
        trim_whitespace=False,
        help_text="The checkpoint with the witness's cosignature under it.",
    )


class TakenCosignaturesSerializer(serializers.Serializer[Any]):
    size = serializers.IntegerField()
    new = serializers.IntegerField(help_text="How many cosignatures were not known before.")


def _whole(name: str, *, required: bool, about: str) -> OpenApiParameter:
    return OpenApiParameter(
        name,
        {"type": "integer", "minimum": 0, "maximum": LARGEST},
        required=required,
        description=about,
    )


class LogHeadView(PublicView):
    query = frozenset({"size"})

    @extend_schema(
        operation_id="log_head",
        parameters=[
            _whole("size", required=False, about="Of an earlier log; without it the present one.")
        ],
        responses={200: LogHeadSerializer, **_REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """The signed head of the log: its size and the root over all its entries."""
        asked = _number(request, "size") if "size" in request.query_params else None
        view = selectors.head(keys.receipt_key(), asked)
        content = {
            "size": view.size,
            "root_hash": view.root.hex(),
            "at": view.at,
            "key_id": view.key_id,
            "head": base64.b64encode(view.signed).decode("ascii"),
        }
        return _lasting(content, "no-cache")  # another key may sign it tomorrow


class EntriesView(PublicView):
    query = frozenset({"from", "to"})

    @extend_schema(
        operation_id="log_entries",
        parameters=[
            _whole("from", required=True, about="The first index."),
            _whole(
                "to",
                required=True,
                about=f"The index after the last; at most {selectors.MOST_ENTRIES} are given.",
            ),
        ],
        responses={200: LogEntrySerializer(many=True), **_REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """Entries [from, to) as far as they are there."""
        begin, end = _number(request, "from"), _number(request, "to")
        entries = selectors.entries(begin, end)
        whole = len(entries) == min(max(end - begin, 0), selectors.MOST_ENTRIES)
        return _lasting([_shown(entry) for entry in entries], _FOR_MINUTES if whole else "no-cache")


class LogEntryView(PublicView):
    query = frozenset({"digest"})

    @extend_schema(
        operation_id="log_entry",
        parameters=[
            OpenApiParameter(
                "digest", {"type": "string", "pattern": "^[0-9a-f]{64}$"}, required=True
            )
        ],
        responses={200: LogEntrySerializer, **_REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """The entry of a commitment, a sealed report or another logged thing, for who knows its
        digest.
        """
        digest = _single_value(request, "digest")
        if not _DIGEST.fullmatch(digest):
            raise _malformed("digest", Phrase("64 hex digits in lower case"))
        view = selectors.entry_of(digest)
        if view is None:
            raise Http404
        return _lasting(_shown(view), _FOR_MINUTES)


class InclusionView(PublicView):
    query = frozenset({"index", "size"})

    @extend_schema(
        operation_id="log_inclusion",
        parameters=[
            _whole("index", required=True, about="As receipts and challenges name it."),
            _whole("size", required=True, about="Of the head that the proof is for."),
        ],
        responses={200: InclusionSerializer, **_REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """What proves that an entry is in the log of that size."""
        index, size = _number(request, "index"), _number(request, "size")
        view, proof = selectors.inclusion(index, size)
        return _lasting(
            {**_shown(view), "size": size, "proof": [digest.hex() for digest in proof]},
            _FOR_MINUTES,
        )


class ConsistencyView(PublicView):
    query = frozenset({"from", "to"})

    @extend_schema(
        operation_id="log_consistency",
        parameters=[
            _whole("from", required=True, about="Size of the earlier head."),
            _whole("to", required=True, about="Size of the later head."),
        ],
        responses={200: ConsistencySerializer, **_REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """What proves that the log of one size begins with that of another."""
        first, second = _number(request, "from"), _number(request, "to")
        proof = [digest.hex() for digest in selectors.consistency(first, second)]
        return _lasting({"first": first, "second": second, "proof": proof}, _FOR_MINUTES)


class RestartSerializer(serializers.Serializer[Any]):
    lost_from = serializers.IntegerField(help_text="Index of the first entry that is lost.")
    lost_to = serializers.IntegerField(help_text="The index after the last one.")
    at = serializers.IntegerField(help_text="In seconds since 1970-01-01T00:00Z.")
    reason = serializers.CharField()
    statement = serializers.CharField(
        help_text="What the coordinator signed (docs/wire-format.md, section 13), in base64."
    )


class RestartsView(PublicView):
    @extend_schema(operation_id="log_restarts", responses={200: RestartSerializer(many=True)})
    def get(self, _request: Request) -> Response:
        """Every time that the log lost its end and went on from a backup, as the coordinator signed
        it; oldest first.
        """
        return _lasting([_restarted(signed) for signed in restarts.served()], "no-cache")


class CheckpointView(PublicView):
    query = frozenset({"show"})

    @extend_schema(
        operation_id="log_checkpoint",
        parameters=[
            OpenApiParameter(
                "show",
                {"type": "string", "enum": [choice.value for choice in CheckpointChoice]},
                required=False,
                description="The newest; the one offered to witnesses; the largest that enough "
                "witnesses have cosigned.",
            )
        ],
        responses={200: CheckpointSerializer, **_REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """A head of the log as a checkpoint, with the cosignatures of the witnesses that the key
        directory names.
        """
        asked = (
            _single_value(request, "show")
            if "show" in request.query_params
            else CheckpointChoice.NEWEST
        )
        if asked not in tuple(CheckpointChoice):
            raise _malformed("show", Phrase("one of %(names)s", names=enumerated(CheckpointChoice)))
        directory = keys.published_directory()
        raw = witnesses.checkpoint(CheckpointChoice(asked), directory, keys.receipt_key())
        read = checkpoints.parse(raw)
        cosigned = checkpoints.cosigned_by(read, directory.content)
        content = {
            "size": read.size,
            "root_hash": read.root.hex(),
            "cosigned": [
                {"name": cosignature.name, "at": int(cosignature.moment.timestamp())}
                for cosignature in cosigned
            ],
            "checkpoint": raw.decode(),
        }
        return _lasting(content, "no-cache")


class CosignaturesView(StrictView):
    scope: ClassVar[str] = OPEN
    throttle_scope: ClassVar[str] = "submissions"

    @extend_schema(
        operation_id="cosign_log",
        request=CosignedCheckpointSerializer,
        responses={
            200: TakenCosignaturesSerializer,
            400: OpenApiResponse(
                ProblemSerializer, "Malformed, of another log, or a signature that does not hold."
            ),
            403: OpenApiResponse(
                ProblemSerializer, "Cosigned by nobody whom the key directory names."
            ),
            404: OpenApiResponse(ProblemSerializer, "The log never had this size."),
            409: OpenApiResponse(ProblemSerializer, "The log of this size has another root."),
            413: OpenApiResponse(ProblemSerializer, "Longer than any request of ours."),
        },
    )
    def post(self, request: Request) -> Response:
        """Hand in a witness's cosignature, under the checkpoint that it is over."""
        cosigned = CosignedCheckpointSerializer(data=request.data)
        cosigned.is_valid(raise_exception=True)
        raw = cosigned.validated_data["checkpoint"].encode()
        new = witnesses.take(raw, keys.published_directory(), timezone.now())
        return Response({"size": checkpoints.parse(raw).size, "new": new})


def _lasting(content: Any, how: str) -> Response:
    """The answer, with how long it may be kept; `StrictView` gives it its tag."""
    return Response(content, headers={"Cache-Control": how})


def _restarted(signed: bytes) -> dict[str, Any]:
    restart = statements.parse(signed)
    return {
        "lost_from": restart.lost_from,
        "lost_to": restart.lost_to,
        "at": restart.at,
        "reason": restart.reason,
        "statement": base64.b64encode(signed).decode("ascii"),
    }


def _shown(view: selectors.EntryView) -> dict[str, Any]:
    return {
        "index": view.index,
        "kind": view.kind,
        "object": view.logged.hex(),
        "on": view.on.isoformat(),
        "leaf_hash": view.leaf_hash.hex(),
    }


def _single_value(request: Request, name: str) -> str:
    values = request.query_params.getlist(name)
    if len(values) != 1:
        raise _malformed(name, Phrase("given once"))
    return values[0]


def _number(request: Request, name: str) -> int:
    text = _single_value(request, name)
    if not _NUMBER.fullmatch(text) or int(text) > LARGEST:
        raise _malformed(name, Phrase("a whole number from 0 to %(largest)s", largest=LARGEST))
    return int(text)


def _malformed(name: str, wanted: Phrase) -> RefusedError:
    return RefusedError(
        400,
        "query-malformed",
        Phrase("The query parameter %(name)s is not %(wanted)s.", name=name, wanted=wanted),
        "Correct it and ask again.",
    )
